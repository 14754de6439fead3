//! `/admin/audit/export`: the records that are meant, as a file. It is written while it is sent: few records are in
//! memory, however many there are.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use hyper::body::Frame;
use tokio::sync::mpsc;
use twolatch_core::store::audit::{Filter, Position};
use twolatch_core::store::{Store, StoreError};

use super::super::super::Answer;
use super::super::entered;
use super::read;
use crate::state::App;
use crate::trail::Format;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::path::console::{ADMIN_AUDIT, with_query};

/// Records read at a time.
const PAGE: i64 = 500;

/// Pieces that wait to be sent.
const AHEAD: usize = 2;

/// Sends it.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    // Who has to show a second factor first comes back to the page, not to a file.
    entered(&app, &browser, &with_query(ADMIN_AUDIT, None)).await?;
    let (asked, rest) = read(query.as_deref().unwrap_or_default());
    let format = rest.iter().find(|(name, _)| name == "format").map(|(_, value)| value.parse::<Format>());
    let (Ok(filter), Some(Ok(format))) = (asked.filter(), format) else {
        return Err(Kind::BadForm.because("an export without a format, or a filter that cannot be understood").into());
    };
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"audit.csv\""),
        Format::Json => ("application/x-ndjson", "attachment; filename=\"audit.jsonl\""),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(name)),
    ];
    let (sender, pieces) = mpsc::channel(AHEAD);
    let store = app.store.clone();
    tokio::spawn(async move {
        if let Err(error) = write(&store, &filter, format, &sender).await {
            tracing::error!(%error, "an export of the audit has ended early");
            // The connection breaks: a file that is cut off must not look whole.
            drop(sender.send(Err(error)).await);
        }
    });
    Ok((headers, Body::new(Pieces(pieces))).into_response())
}

type Piece = Result<Bytes, StoreError>;

async fn write(store: &Store, filter: &Filter, format: Format, out: &mpsc::Sender<Piece>) -> Result<(), StoreError> {
    let mut text = format.head();
    let mut from: Option<Position> = None;
    loop {
        let found = store.search_audit(filter, from.as_ref(), PAGE).await?;
        text.extend(found.records.iter().map(|record| format.record(record)));
        // Whoever took it has gone: nobody needs the rest.
        if !text.is_empty() && out.send(Ok(std::mem::take(&mut text).into())).await.is_err() {
            return Ok(());
        }
        from = found.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

/// A body that comes in pieces.
struct Pieces(mpsc::Receiver<Piece>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
