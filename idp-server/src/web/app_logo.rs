//! `/logo/{id}`: what an application looks like, from our own origin: no browser of ours calls its address. It must not know
//! what a picture is.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;

use super::assets::file;
use super::failure::{Failure, Kind};
use crate::state::App;

/// Longer than fetching and drawing one takes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Another picture counts at once.
const CACHE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// No other site shows it as its own.
const POLICY: (HeaderName, HeaderValue) =
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));

/// The picture.
///
/// # Errors
/// No such page where there is none to show; else why the database did not answer.
pub async fn get(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let none = || Kind::NoPage.because("no such application has a logo that can be shown");
    let id = id.parse().map_err(|_| none())?;
    let client = app.store.client(&id).await?.filter(|client| client.disabled_at.is_none()).ok_or_else(none)?;
    let logo = app.logos.of(&client, app.now(), PATIENCE).await.ok_or_else(none)?;
    let mut response = file(&headers, "image/png", &logo.version, logo.png.clone());
    response.headers_mut().insert(header::CACHE_CONTROL, CACHE);
    response.headers_mut().insert(POLICY.0, POLICY.1);
    Ok(response)
}
