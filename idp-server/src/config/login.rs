//! `[login]`: how sign-ins go.

use serde::{Deserialize, Serialize};

/// What comes after a first second factor was set up in a sign-in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterSetup {
    /// The sign-in goes on: the codes that were shown count.
    #[default]
    GoOn,
    /// The person signs in anew, with what was set up.
    SignIn,
}

/// `[login]` as written.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawLogin {
    /// `go-on` if absent.
    pub after_setup: Option<AfterSetup>,
}
