//! The page for what went wrong and cannot be told to anybody but the person at the browser. It must not show more than
//! that person may know; the rest is in the log, under the id that the page shows.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::crypto::random_text;

use super::frame::Frame;
use super::language::Wish;
use super::path::Links;
use crate::state::App;
use crate::text::{Text, t};

/// Characters of a detail that are logged.
const MAX_DETAIL: usize = 400;

/// The page.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    frame: Frame,
    home: String,
    title: Text,
    text: Text,
    id: String,
}

impl ErrorPage {
    /// An example, for tests.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            frame: frame.clone(),
            home: Links::default().home(),
            title: t("no-page"),
            text: t("no-page-text"),
            id: "k3v9q2xa".to_owned(),
        }
    }
}

/// A page that says what happened and what the person can do, with the id under which `detail` is in the log.
#[must_use]
pub fn page(app: &App, wish: &Wish, status: StatusCode, title: Text, text: Text, detail: &str) -> Response {
    let (id, detail, what) = (reference(app), clip(detail), title.plain());
    if status.is_server_error() {
        tracing::error!(%id, status = status.as_u16(), detail, "{what}");
    } else {
        tracing::info!(%id, status = status.as_u16(), detail, "{what}");
    }
    let links = Links::of(&app.config);
    // Who calls us by another name is led to the right one.
    let home =
        if status == StatusCode::MISDIRECTED_REQUEST { links.home_from_elsewhere(&app.config) } else { links.home() };
    let page = ErrorPage { frame: Frame::of(&app.config, wish, None, String::new()), home, title, text, id };
    let body = page.render().unwrap_or_else(|_| format!("{what} ({})", page.id));
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
}

/// What of a detail goes to the log: strangers write parts of it.
#[must_use]
pub fn clip(detail: &str) -> &str {
    detail.char_indices().nth(MAX_DETAIL).map_or(detail, |(end, _)| detail.split_at(end).0)
}

/// A short id that stands both in the log and in an answer.
#[must_use]
pub fn reference(app: &App) -> String {
    random_text::<5>(app.entropy()).unwrap_or_else(|_| "no_entropy".to_owned())
}
