//! What operations are asked with beside a body: a query whose every name is known, and what a change is made from.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};

use crate::api::refusal::Refusal;
use crate::state::App;

/// What stands in the query.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        read.map(|Query(query)| Self(query)).map_err(|error| Refusal::invalid(error.to_string()))
    }
}

/// Whether it is meant.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DryRun {
    /// Change nothing: say what would come of it.
    #[serde(default)]
    pub(super) dry_run: bool,
}

/// What a change is made from: the `ETag` of what was read.
#[derive(Debug)]
pub(super) struct IfMatch(String);

impl IfMatch {
    /// As it was told.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// As a number; one that is none was never told.
    pub(super) fn number(&self) -> Result<i64, Refusal> {
        self.0
            .parse()
            .map_err(|_| Refusal::new(StatusCode::PRECONDITION_FAILED, "changed_meanwhile", "no such version"))
    }
}

impl FromRequestParts<App> for IfMatch {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        let mut sent = parts.headers.get_all(header::IF_MATCH).iter();
        let (first, more) = (sent.next(), sent.next());
        let tag = first.and_then(|value| value.to_str().ok()).filter(|_| more.is_none());
        let tag = tag.and_then(|tag| tag.trim().strip_prefix('"')?.strip_suffix('"'));
        let needed = "name what the change is made from: `If-Match` with the one `ETag` that reading it told";
        let needed = || Refusal::new(StatusCode::PRECONDITION_REQUIRED, "version_needed", needed);
        tag.map(|tag| Self(tag.to_owned())).ok_or_else(needed)
    }
}

/// A value that takes the place of another one, or `null`, which takes that away.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Given<T>(pub(super) Option<T>);

/// Reads a value that is there, be it `null`: absent is something else.
pub(super) fn there<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
