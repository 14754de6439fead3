//! `/admin/audit/export`: the records that are meant, as a file.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;

use super::super::super::Answer;
use super::super::entered;
use super::read;
use crate::exports;
use crate::state::App;
use crate::trail::Format;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::path::console::{ADMIN_AUDIT, with_query};
use crate::web::stream;

/// Sends it.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    // Who has to show a second factor first comes back to the page, not to a file.
    entered(&app, &browser, &with_query(ADMIN_AUDIT, None)).await?;
    let (asked, rest) = read(query.as_deref().unwrap_or_default());
    let format = rest.iter().find(|(name, _)| name == "format").map(|(_, value)| value.parse::<Format>());
    let (Ok(filter), Some(Ok(format))) = (asked.filter(), format) else {
        return Err(Kind::BadForm.because("an export without a format, or a filter that cannot be understood").into());
    };
    let name = match format {
        Format::Csv => "attachment; filename=\"audit.csv\"",
        Format::Json => "attachment; filename=\"audit.jsonl\"",
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(name)),
    ];
    let (out, body) = stream::body();
    let store = app.store.clone();
    tokio::spawn(async move {
        if let Err(error) = exports::records(&store, &filter, format, &out).await {
            out.fail(error).await;
        }
    });
    Ok((headers, body).into_response())
}
