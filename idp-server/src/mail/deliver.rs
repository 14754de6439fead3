//! Taking mail from the queue to the mail server: beside everything else, so that nobody ever waits for a mail server.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use twolatch_core::store::mails::{Dead, Outgoing};
use twolatch_core::store::{StoreError, Written};
use twolatch_core::time::Timestamp;

use super::letters;
use super::relay::{AT_ONCE, Relay, Trouble};
use crate::config::mail::Mail;
use crate::counts::Mailed;
use crate::listen::Stop;
use crate::state::App;

#[cfg(test)]
mod tests;

/// How often the queue is looked at for what other processes put there, and for what is to be tried again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// After as many looks at an empty queue the mail server is taken leave of.
const LOOKS_UNTIL_FAREWELL: u32 = 60;

/// What is under way when the server stops is given as long to end.
const GRACE: Duration = Duration::from_secs(3);

/// Seconds until the next try, after each; the last one holds from then on.
const PAUSES: [i64; 5] = [5, 10, 30, 60, 300];

/// What became of mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The mail server has it.
    Taken,
    /// It is tried again.
    Deferred {
        /// When.
        next: Timestamp,
        /// Why.
        trouble: Trouble,
    },
    /// It is not tried again.
    Failed(Trouble),
}

/// Delivers what is queued until told to stop.
pub async fn run(app: App, settings: Mail, relay: Relay, mut stop: Stop) {
    let deliverer = Arc::new(Deliverer { app, settings, relay });
    let mut under_way = JoinSet::new();
    let mut quiet = 0;
    loop {
        let free = AT_ONCE.saturating_sub(under_way.len());
        if free > 0 {
            for outgoing in deliverer.claim(free).await {
                let deliverer = Arc::clone(&deliverer);
                under_way.spawn(async move { deliverer.deliver(outgoing).await });
            }
        }
        let looking = under_way.len() < AT_ONCE;
        quiet = if under_way.is_empty() { quiet + 1 } else { 0 };
        if quiet == LOOKS_UNTIL_FAREWELL {
            deliverer.relay.hang_up().await;
        }
        tokio::select! {
            _ = stop.changed() => break,
            Some(ended) = under_way.join_next() => {
                if ended.is_err() {
                    tracing::error!("a delivery has died; its mail is tried again");
                }
            }
            () = deliverer.app.store.mail_queued(), if looking => {}
            () = tokio::time::sleep(LOOK_EVERY), if looking => {}
        }
    }
    // What does not end in time stays in the queue, and is somebody's again after its lease.
    drop(tokio::time::timeout(GRACE, async { while under_way.join_next().await.is_some() {} }).await);
    deliverer.relay.hang_up().await;
}

/// Delivers one letter that this process has taken, and settles it in the queue.
///
/// # Errors
/// Where the database fails: the letter is then tried again after its lease.
pub async fn deliver(app: &App, settings: &Mail, relay: &Relay, outgoing: &Outgoing) -> Written<Fate> {
    let sent = match letters::message(outgoing, &app.config, settings, app.now()) {
        Ok((envelope, message)) => relay.send(&envelope, &message).await,
        Err(trouble) => Err(trouble),
    };
    let now = app.now();
    let fate = match sent {
        Ok(()) => Fate::Taken,
        Err(trouble) if trouble.is_final() => Fate::Failed(trouble),
        Err(trouble) => match next_try(outgoing.tries, now, outgoing.dies_at) {
            Some(next) => Fate::Deferred { next, trouble },
            None => Fate::Failed(trouble),
        },
    };
    app.counts.mailed(match &fate {
        Fate::Taken => Mailed::Taken,
        Fate::Deferred { .. } => Mailed::Deferred,
        Fate::Failed(_) => Mailed::Failed,
    });
    let (id, kind, tries) = (outgoing.id.as_str(), outgoing.kind.as_str(), outgoing.tries);
    match &fate {
        Fate::Taken => tracing::info!(id, kind, tries, "mail_sent"),
        Fate::Deferred { next, trouble } => {
            tracing::warn!(id, kind, tries, next_in = next.since(now), why = %trouble, "mail_deferred");
        }
        Fate::Failed(trouble) => tracing::error!(id, kind, tries, why = %trouble, "mail_failed"),
    }
    if let Fate::Deferred { trouble, .. } | Fate::Failed(trouble) = &fate {
        app.figures.note_mail(now, trouble.to_string());
    }
    match &fate {
        Fate::Deferred { next, .. } => app.store.mail_deferred(outgoing, *next).await.map(drop)?,
        Fate::Taken | Fate::Failed(_) => app.store.mail_done(outgoing).await?,
    }
    Ok(fate)
}

/// Deletes the mail that has died in the queue; answers how much there was.
///
/// # Errors
/// Where the database fails.
pub async fn bury(app: &App, now: Timestamp) -> Result<u64, StoreError> {
    let dead = app.store.sweep_mails(now).await?;
    for Dead { id, kind } in &dead {
        app.counts.mailed(Mailed::Failed);
        tracing::error!(id, kind, why = "it was not delivered in time", "mail_failed");
    }
    Ok(dead.len() as u64)
}

struct Deliverer {
    app: App,
    settings: Mail,
    relay: Relay,
}

impl Deliverer {
    async fn claim(&self, limit: usize) -> Vec<Outgoing> {
        let limit = i64::try_from(limit).unwrap_or(1);
        self.app.store.claim_mails(limit, self.app.now()).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the queue of mail cannot be read; it is tried again in a second");
            Vec::new()
        })
    }

    async fn deliver(&self, outgoing: Outgoing) {
        if let Err(error) = deliver(&self.app, &self.settings, &self.relay, &outgoing).await {
            let (id, kind) = (outgoing.id.as_str(), outgoing.kind.as_str());
            tracing::warn!(id, kind, %error, "mail could not be settled in the queue; it is tried again");
        }
    }
}

/// When to try again: ever later, but before what dies soon is dead. `None` where there is no time left.
fn next_try(tries: i64, now: Timestamp, dies_at: Timestamp) -> Option<Timestamp> {
    let index = usize::try_from(tries.saturating_sub(1)).unwrap_or_default().min(PAUSES.len() - 1);
    let left = dies_at.since(now);
    let shortest = PAUSES.first().copied()?;
    let pause = PAUSES.get(index).copied()?.min((left / 2).max(shortest));
    (pause < left).then(|| now.plus(pause))
}
