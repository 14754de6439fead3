//! Telling clients that a session has ended (OpenID Connect Back-Channel Logout 1.0), beside everything else: whoever signs
//! out waits for no client. A client that does not listen is called again for an hour.

use std::sync::Arc;
use std::time::Duration;

use hyper::{Request, header};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use twolatch_core::crypto::random_text;
use twolatch_core::store::StoreError;
use twolatch_core::store::logouts::{LIFE, Logout};
use twolatch_core::time::Timestamp;
use url::Url;

use super::params::encode;
use super::sign;
use crate::listen::Stop;
use crate::outgoing::Caller;
use crate::state::App;

/// How often the queue is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Calls at the same time, and those of them to one client: one that is slow keeps no other waiting.
const AT_ONCE: usize = 32;
const AT_ONE: usize = 4;

/// Seconds until the next call, after each; the last one holds from then on.
const PAUSES: [i64; 5] = [5, 10, 30, 60, 300];

/// What a client accepts the token for, in seconds (OpenID Connect Back-Channel Logout 1.0, 2.4).
const TOKEN_LIFE: i64 = 120;

/// The event that the token tells of.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Tells clients until told to stop.
pub async fn run(app: App, caller: Caller, mut stop: Stop) {
    let caller = Arc::new(caller);
    let mut under_way = JoinSet::new();
    let mut calls: Vec<String> = Vec::with_capacity(AT_ONCE);
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // What is under way is somebody's again after its lease.
            _ = stop.changed() => return,
            Some(ended) = under_way.join_next() => {
                match ended {
                    Ok(client) => drop(calls.iter().position(|one| *one == client).map(|index| calls.swap_remove(index))),
                    // Whom it was about to call nobody knows any more.
                    Err(_) => calls.clear(),
                }
                continue;
            }
            _ = ticks.tick() => {}
        }
        while calls.len() < AT_ONCE {
            let mut busy = calls.clone();
            busy.retain(|client| calls.iter().filter(|one| *one == client).count() >= AT_ONE);
            match app.store.claim_logout(&busy, app.now()).await {
                Ok(Some(logout)) => {
                    let (app, caller, client) = (app.clone(), Arc::clone(&caller), logout.client.to_string());
                    calls.push(client.clone());
                    under_way.spawn(async move {
                        tell(&app, &caller, logout).await;
                        client
                    });
                }
                Ok(None) => break,
                Err(error) if error.is_of_a_row() => {
                    tracing::error!(%error, "logout_failed: somebody has changed it in the database; nobody is told");
                }
                Err(error) => {
                    tracing::warn!(%error, "the queue of logouts cannot be read; it is tried again in a second");
                    break;
                }
            }
        }
    }
}

/// Tells one client of one session, and settles that in the queue.
pub async fn tell(app: &App, caller: &Caller, logout: Logout) {
    let called = call(app, caller, &logout).await;
    let now = app.now();
    let (client, tries) = (logout.client.as_str(), logout.tries);
    let settled = match called {
        Ok(()) => {
            tracing::info!(client, tries, "logout_told");
            Logout { next_at: None, told_at: Some(now), trouble: None, ..logout.clone() }
        }
        Err(Missed::Gone) => Logout { next_at: None, trouble: Some(Missed::Gone.to_string()), ..logout.clone() },
        Err(why) => {
            let next_at = next_try(&logout, now);
            if let Some(next) = next_at {
                tracing::warn!(client, tries, next_in = next.since(now), %why, "logout_deferred");
            } else {
                tracing::error!(client, tries, %why, "logout_failed");
            }
            Logout { next_at, trouble: Some(why.to_string()), ..logout.clone() }
        }
    };
    if let Err(error) = app.store.settle_logout(settled).await {
        tracing::warn!(client, %error, "a logout could not be settled in the queue; the client is told again");
    }
}

/// Why a client was not told.
#[derive(Debug, thiserror::Error)]
enum Missed {
    #[error("the client is gone, or wants to be told no more")]
    Gone,
    #[error("the token could not be made: {0}")]
    Token(StoreError),
    #[error(transparent)]
    Call(#[from] crate::outgoing::Trouble),
}

async fn call(app: &App, caller: &Caller, logout: &Logout) -> Result<(), Missed> {
    let client = app.store.client(&logout.client).await.map_err(Missed::Token)?;
    let (client, uri) =
        client.and_then(|client| client.logout_uri.clone().map(|uri| (client, uri))).ok_or(Missed::Gone)?;
    let url = Url::parse(uri.as_str()).map_err(|_| Missed::Gone)?;
    let key = sign::current(app, client.alg).await.map_err(Missed::Token)?;
    let claims = claims(app, logout).map_err(Missed::Token)?;
    let token = key.jwt("logout+jwt", &claims).map_err(Missed::Token)?;
    let head = Request::builder().header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    Ok(caller.post(&url, head, encode([("logout_token", token.as_str())])).await?)
}

/// What a logout token says (OpenID Connect Back-Channel Logout 1.0, 2.4). It never has a nonce.
fn claims(app: &App, logout: &Logout) -> Result<Value, StoreError> {
    let now = app.now();
    let event = json!({ EVENT: {} });
    Ok(json!({
        "iss": app.config.issuer,
        "sub": logout.user,
        "aud": logout.client.as_str(),
        "iat": now.unix(),
        "exp": now.plus(TOKEN_LIFE).unix(),
        "jti": random_text::<16>(app.entropy())?,
        "sid": logout.sid,
        "events": event,
    }))
}

/// When to call again; `None` where no session of the client can still live.
fn next_try(logout: &Logout, now: Timestamp) -> Option<Timestamp> {
    let index = usize::try_from(logout.tries.saturating_sub(1)).unwrap_or_default().min(PAUSES.len() - 1);
    let next = now.plus(PAUSES.get(index).copied()?);
    (next.since(logout.at) < LIFE).then_some(next)
}
