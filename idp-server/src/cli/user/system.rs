//! This machine's accounts: those that a person can log in to.

use std::path::Path;

use nix::unistd::Group;
use twolatch_core::user::{GroupName, UserName};

use crate::cli::CliError;

/// The highest uid that `useradd` gives to a person (`UID_MAX`); `nobody` lies above.
const MAX_UID: u32 = 60_000;

/// A local account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Local {
    pub(in crate::cli) name: String,
    pub(in crate::cli) uid: u32,
    pub(in crate::cli) gid: u32,
    pub(in crate::cli) home: String,
    pub(in crate::cli) shell: String,
}

impl Local {
    /// Whether its shell lets somebody in.
    pub(in crate::cli) fn can_log_in(&self) -> bool {
        let shell = Path::new(&self.shell).file_name().and_then(|name| name.to_str()).unwrap_or("sh");
        !["nologin", "false", "sync", "halt", "shutdown"].contains(&shell)
    }
}

/// All local accounts.
pub(in crate::cli) fn local_accounts() -> Result<Vec<Local>, CliError> {
    let text = std::fs::read_to_string("/etc/passwd")?;
    Ok(text.lines().filter_map(parse_line).collect())
}

/// People's accounts from a uid on; only members of one of these Linux groups, where there are any.
pub(super) fn accounts(min_uid: u32, groups: &[GroupName]) -> Result<Vec<UserName>, CliError> {
    let mut members: Vec<String> = Vec::new();
    let mut primary = Vec::new();
    for name in groups {
        let found = Group::from_name(name.as_str()).map_err(std::io::Error::from)?;
        let group = found.ok_or_else(|| CliError::data(format!("this machine has no group `{name}`")))?;
        members.extend(group.mem);
        primary.push(group.gid.as_raw());
    }
    Ok(local_accounts()?
        .into_iter()
        .filter(|account| (min_uid..=MAX_UID).contains(&account.uid) && account.can_log_in())
        .filter(|account| groups.is_empty() || primary.contains(&account.gid) || members.contains(&account.name))
        .filter_map(|account| account.name.parse().ok())
        .collect())
}

fn parse_line(line: &str) -> Option<Local> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    let home = fields.nth(1)?.to_owned();
    let shell = fields.next()?.to_owned();
    Some(Local { name, uid, gid, home, shell })
}
