//! Alerts: what has just happened goes by mail, and signed to a webhook. All of it is done beside the verdicts; the
//! records tell where this has come to, so that nothing is lost by a restart and nothing told twice by two servers.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use twolatch_core::store::StoreError;
use twolatch_core::store::alerts::{LIFE, Posting, Told};
use twolatch_core::time::Timestamp;

use self::webhook::Receiver;
use crate::config::alerts::Alerts;
use crate::listen::Stop;
use crate::state::App;

pub mod webhook;

/// How often new records are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// After a letter there is none for so many seconds: a flood of events fills no mailbox.
const QUIET: i64 = 30;

/// Alerts posted between two looks.
const AT_ONCE: usize = 100;

/// Seconds until the next try, after each; the last one holds from then on.
const PAUSES: [i64; 5] = [5, 10, 30, 60, 300];

/// Tells what happens until told to stop.
pub async fn run(app: App, settings: Alerts, receiver: Option<Receiver>, mut stop: Stop) {
    let mut quiet_until = Timestamp::from_unix(0);
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = ticks.tick() => {}
        }
        let work = async {
            // Further ahead than that it was set by a clock that was wrong.
            let quiet = (1..=QUIET).contains(&quiet_until.since(app.now()));
            if !quiet && raise(&app, &settings).await? > 0 {
                quiet_until = app.now().plus(QUIET);
            }
            if let Some(receiver) = &receiver {
                post(&app, receiver).await?;
            }
            app.store.sweep_alerts(app.now()).await
        };
        // What is under way when the server stops is somebody's again after its lease.
        tokio::select! {
            _ = stop.changed() => return,
            done = work => {
                if let Err(error) = done {
                    tracing::warn!(%error, "alerts failed; they are tried again");
                }
            }
        }
    }
}

async fn raise(app: &App, settings: &Alerts) -> Result<usize, StoreError> {
    let told = Told { addresses: settings.mail.clone(), posted: settings.webhook.is_some() };
    let count = app.store.raise_alerts(&settings.chosen, &told, app.now()).await?;
    match count {
        None => tracing::info!("alerts begin now"),
        Some(0) => {}
        Some(count) => tracing::info!(count, "alerts"),
    }
    Ok(count.unwrap_or_default())
}

/// Posts what is due, until something is not taken.
async fn post(app: &App, receiver: &Receiver) -> Result<(), StoreError> {
    for _ in 0..AT_ONCE {
        let posting = match app.store.claim_alert(app.now()).await {
            Ok(Some(posting)) => posting,
            Ok(None) => return Ok(()),
            Err(error) if error.is_of_a_row() => {
                tracing::error!(%error, "alert_failed: somebody has changed it in the database; it is never posted");
                continue;
            }
            Err(error) => return Err(error),
        };
        let done = receiver.post(&posting.alert, app.now()).await;
        let (id, now) = (posting.alert.id.as_str(), app.now());
        let next = done.as_ref().err().and_then(|_| next_try(&posting, now));
        match (&done, next) {
            (Ok(()), _) => tracing::info!(id, "alert_posted"),
            (Err(why), Some(next)) => tracing::warn!(id, next_in = next.since(now), %why, "alert_deferred"),
            (Err(why), None) => tracing::error!(id, %why, "alert_failed"),
        }
        app.store.settle_alert(&posting, next).await?;
        if done.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// When to try again; `None` where it is no news any more.
fn next_try(posting: &Posting, now: Timestamp) -> Option<Timestamp> {
    let index = usize::try_from(posting.tries.saturating_sub(1)).unwrap_or_default().min(PAUSES.len() - 1);
    let next = now.plus(PAUSES.get(index).copied()?);
    (next.unix() < posting.alert.at + LIFE).then_some(next)
}
