//! Going on with what is done to many people at once, beside everything else: logins come first.

use std::time::Duration;

use twolatch_core::store::StoreError;
use twolatch_core::store::Written;
use twolatch_core::store::jobs::Stage;

use crate::listen::Stop;
use crate::state::App;

/// How often it is looked whether there is something to do.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Between two batches those get on who wait behind the first.
const PAUSE: Duration = Duration::from_millis(2);

/// Goes on with jobs until told to stop. What is under way then is somebody's again after its lease.
pub async fn run(app: App, mut stop: Stop) {
    loop {
        match go_on(&app, &stop).await {
            Ok(()) | Err(StoreError::Conflict) => {} // stopped, or another server goes on with it
            Err(error) => tracing::warn!(%error, "what is done to many people waits; it is tried again"),
        }
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Takes a job that is due, and goes on with it to its end.
async fn go_on(app: &App, stop: &Stop) -> Written<()> {
    let Some(mut job) = app.store.claim_job(app.now()).await? else { return Ok(()) };
    let id = job.id.clone();
    tracing::info!(id = id.as_str(), done = job.work.done, "a bulk action goes on");
    while job.work.stage == Stage::Running {
        if *stop.borrow() {
            return Ok(());
        }
        job = app.logins.go_on(job, app.now()).await?;
        tokio::time::sleep(PAUSE).await;
    }
    tracing::info!(id = id.as_str(), done = job.work.done, failed = job.work.failed, "a bulk action has ended");
    Ok(())
}
