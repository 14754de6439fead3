//! `twolatch config`: what is in force, and where each value comes from. It opens neither keys nor database.

use std::path::Path;

use clap::Subcommand;

use super::{CliError, say, say_json};
use crate::config::Config as Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Every value, with the line that it comes from; secrets as `set`.
    Show {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Config {
    pub(super) fn run(self, path: &Path) -> Result<(), CliError> {
        let Self::Show { json } = self;
        let config = Settings::load(path)?;
        if json {
            return say_json(&config.settings);
        }
        say(format_args!("{}", config.path.display()));
        for setting in &config.settings {
            let value = setting.value.as_deref().unwrap_or("-");
            say(format_args!("{:<30} {value:<50} {}", setting.key, setting.from));
        }
        Ok(())
    }
}
