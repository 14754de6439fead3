//! How the server is doing, for Prometheus, on a listener of its own. There are as many series as there are labels in closed
//! lists: what people type, and what they call themselves and their machines, makes none.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::time::timeout;
use twolatch_core::reason::Reason;
use twolatch_core::store::StoreError;
use twolatch_core::store::tally::CLASSES;

use self::text::Text;
use crate::counts::{PATIENCE, Standing};
use crate::state::App;

#[cfg(test)]
mod tests;
mod text;

/// The format that is written here.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The routes of the listener for who watches over the server.
pub fn routes(app: App) -> Router {
    Router::new()
        .route("/metrics", get(show))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .with_state(app)
}

/// Whether the process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// Whether logins can be judged now.
pub async fn ready(State(app): State<App>) -> (StatusCode, String) {
    let answer = timeout(PATIENCE, app.store.ping()).await.unwrap_or(Err(StoreError::Slow));
    match answer {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", error.reason())),
    }
}

async fn show(State(app): State<App>) -> impl IntoResponse {
    let standing = app.counts.standing(&app.store, app.now()).await;
    ([(CONTENT_TYPE, FORMAT)], written(&app, standing))
}

fn written(app: &App, standing: Option<Standing>) -> String {
    let mut text = Text::default();
    text.gauge("twolatch_build_info", "The version that runs.");
    text.line("", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    text.gauge("twolatch_key_info", "The keys that seal and mark rows; the first seals new ones.");
    for (place, id) in app.store.keys().ids().enumerate() {
        text.line("", &[("id", id), ("seals", if place == 0 { "true" } else { "false" })], 1);
    }
    of_logins(&mut text, app);
    of_database(&mut text, app, standing);
    text.counter("twolatch_mails_total", "Tries to deliver mail, by what became of them.");
    for (fate, count) in app.counts.mails() {
        text.line("", &[("result", fate.as_str())], count);
    }
    text.counter("twolatch_clock_back_total", "How often the clock was found set back.");
    text.line("", &[], app.store.tally().clock_back());
    text.finish()
}

fn of_logins(text: &mut Text, app: &App) {
    let tally = app.store.tally();
    text.counter("twolatch_codes_total", "Codes judged, or refused without being judged, as the audit records them.");
    for (door, refused, count) in tally.codes() {
        let (result, reason) = named(refused);
        text.line("", &[("door", door.as_str()), ("result", result), ("reason", &reason)], count);
    }
    text.counter("twolatch_passwords_total", "Passwords of the web, as the audit records them.");
    for (result, count) in ["granted", "refused"].iter().zip(tally.passwords()) {
        text.line("", &[("result", result)], count);
    }
    text.counter("twolatch_host_answers_total", "What hosts were told; a code asked for again counts as a refusal.");
    for (result, reason, count) in app.counts.answers() {
        let reason = reason.map(|reason| reason.to_string()).unwrap_or_default();
        text.line("", &[("result", result), ("reason", &reason)], count);
    }
    text.histogram("twolatch_verdict_seconds", "From the request for a verdict to the end of its commit.");
    let times = tally.times();
    let ends = CLASSES.map(|end| Duration::from_millis(end).as_secs_f64().to_string());
    for (end, count) in ends.iter().map(String::as_str).chain(["+Inf"]).zip(&times.within) {
        text.line("_bucket", &[("le", end)], count);
    }
    text.line("_sum", &[], times.sum.as_secs_f64());
    text.line("_count", &[], times.within.last().copied().unwrap_or_default());
}

fn of_database(text: &mut Text, app: &App, standing: Option<Standing>) {
    text.gauge("twolatch_database_up", "Whether the database answers.");
    text.line("", &[], u8::from(standing.is_some()));
    // Prometheus takes this for a number that is not known.
    let known = |number: fn(Standing) -> i64| standing.map_or("NaN".to_owned(), |known| number(known).to_string());
    text.gauge("twolatch_held_budgets", "Authenticators that are held after a hundred wrong codes in a row.");
    text.line("", &[], known(|standing| standing.held));
    text.gauge("twolatch_mail_queue", "Mail that waits for the mail server.");
    text.line("", &[], known(|standing| standing.mails));
    text.gauge(
        "twolatch_clock_ahead_seconds",
        "The clock, less the latest moment that is believed; below zero is behind.",
    );
    text.line("", &[], known(|standing| standing.ahead));
    let load = app.store.load();
    text.gauge("twolatch_database_connections", "Open connections to the database.");
    text.line("", &[("state", "idle")], load.idle);
    text.line("", &[("state", "used")], load.used);
    text.gauge("twolatch_writes_waiting", "Writes that wait for the database; from 1024 on they are turned away.");
    text.line("", &[], load.writes);
}

/// How an end is labelled.
fn named(refused: Option<Reason>) -> (&'static str, String) {
    refused.map_or(("granted", String::new()), |reason| ("refused", reason.to_string()))
}
