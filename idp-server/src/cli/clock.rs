//! `twolatch clock`: the way out after a clock that was wrong.

use std::path::Path;

use clap::Subcommand;

use super::open::{close, open};
use super::{CliError, actor, say};

#[derive(Debug, Subcommand)]
pub(super) enum Clock {
    /// Take the present time for right. Codes of up to this moment stay spent; one that was used while the clock was ahead
    /// can be used again when its time comes.
    Accept,
}

impl Clock {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let app = open(config).await?;
        let Self::Accept = self;
        let actor = actor(app.now());
        app.store.accept_clock(&actor.name, actor.now).await?;
        close(&app).await?;
        say("The present time is taken for right.");
        Ok(())
    }
}
