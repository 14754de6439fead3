//! Whom a command is about, where that is not said by name.

use clap::Args;
use twolatch_core::factor::Kind;
use twolatch_core::policy::StatusWord;
use twolatch_core::store::people::Search;
use twolatch_core::user::{GroupName, Role};

#[derive(Debug, Default, PartialEq, Eq, Args)]
pub(in crate::cli) struct Who {
    /// Only those whose name or address begins so.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only those whose second factor is pending, activated or disabled.
    #[arg(long, value_name = "STATUS")]
    second_factor: Option<StatusWord>,
    /// Only those of this role.
    #[arg(long)]
    role: Option<Role>,
    /// Only those in this group.
    #[arg(long)]
    group: Option<GroupName>,
    /// Only those who have set this up: `totp` or `email_code`.
    #[arg(long, value_parser = method)]
    method: Option<Kind>,
    /// Only those who have to wait, or are held, after wrong codes.
    #[arg(long)]
    locked: bool,
}

impl Who {
    pub(super) fn search(&self) -> Search {
        Search {
            text: self.search.clone(),
            status: self.second_factor,
            role: self.role,
            group: self.group.clone(),
            method: self.method,
            locked: self.locked,
            ..Search::default()
        }
    }
}

fn method(text: &str) -> Result<Kind, &'static str> {
    Kind::METHODS.into_iter().find(|kind| kind.as_str() == text).ok_or("a method is totp or email_code")
}
