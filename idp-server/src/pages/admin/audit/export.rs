//! `/admin/audit/export`: the records that are meant, as a file.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
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
use crate::web::stream::{self, Out};

/// Records read at a time.
const PAGE: i64 = 500;

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
    let (out, body) = stream::body();
    let store = app.store.clone();
    tokio::spawn(async move {
        if let Err(error) = write(&store, &filter, format, &out).await {
            out.fail(error).await;
        }
    });
    Ok((headers, body).into_response())
}

async fn write(store: &Store, filter: &Filter, format: Format, out: &Out) -> Result<(), StoreError> {
    let mut text = format.head();
    let mut from: Option<Position> = None;
    loop {
        let found = store.search_audit(filter, from.as_ref(), PAGE).await?;
        text.extend(found.records.iter().map(|record| format.record(record)));
        from = found.next;
        if !out.send(std::mem::take(&mut text)).await || from.is_none() {
            return Ok(());
        }
    }
}
