//! Whether a form comes from one of our own pages, as this browser was shown it (W-01). Two things must both say so:
//! what the browser tells of the page, and a token in the form that only we can make for this browser.

use axum::http::{HeaderMap, header};

use super::browser::Browser;
use super::path;
use crate::config::Config;
use crate::state::App;

const PURPOSE: &str = "form";

/// The token for the forms of a page. It is bound to who the browser is at that moment: signing in, signing out and
/// another sign-in under way make it worthless.
#[must_use]
pub fn token(app: &App, browser: &Browser, flow: &str) -> String {
    app.store.keys().mark_token(PURPOSE, &bound_to(browser, flow))
}

/// Whether a form has the token that its browser was given.
#[must_use]
pub fn is_right(app: &App, browser: &Browser, token: &str) -> bool {
    let Some(flow) = &browser.flow else { return false };
    app.store.keys().check_token(PURPOSE, &bound_to(browser, flow), token).is_ok()
}

/// Whether the browser says that the request comes from our own page. Programs that are no browsers say nothing, and
/// then the token alone decides.
#[must_use]
pub fn is_from_here(config: &Config, headers: &HeaderMap) -> bool {
    let every = |name: &str, allowed: &[&str]| {
        headers.get_all(name).iter().all(|value| allowed.iter().any(|one| value.as_bytes() == one.as_bytes()))
    };
    every(header::ORIGIN.as_str(), &[path::origin(config)]) && every("sec-fetch-site", &["same-origin", "none"])
}

fn bound_to<'a>(browser: &'a Browser, flow: &'a str) -> [Option<&'a str>; 3] {
    [Some(flow), browser.attempt.as_deref(), browser.session.as_deref()]
}
