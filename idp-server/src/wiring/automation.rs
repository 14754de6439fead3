//! Who logs in by a key alone because an exemption says so: backups, git, rsync, whatever has nobody to be asked. sshd is
//! told to let them; the account line then asks at each login whether the exemption is in force.

use std::fmt::Write;

use twolatch_core::policy::Network;
use twolatch_core::user::UserName;

use super::Edit;

/// Where sshd reads it.
pub(super) const FILE: &str = "etc/ssh/sshd_config.d/00-twolatch-automation.conf";

/// What stands above it.
const HEAD: &str = "# Who is exempt from a code and logs in by a key alone, as `twolatch policy show` has it: written anew by each\n\
# `twolatch enable sshd`. Write lines of your own into another file.\n";

/// Somebody, and from where they come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Automation {
    /// Who.
    pub user: UserName,
    /// From where.
    pub network: Network,
}

/// The file for them; nothing where there is nobody.
#[must_use]
pub fn file(all: &[Automation]) -> Option<String> {
    let mut text = HEAD.to_owned();
    for Automation { user, network } in all {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "Match User {user} Address {network}\n    AuthenticationMethods publickey");
    }
    (!all.is_empty()).then_some(text)
}

/// Whether nothing else would be written: then nobody is asked otherwise than before, and no login need show that it works.
#[must_use]
pub fn is_alone(edits: &[Edit]) -> bool {
    edits.iter().all(|edit| edit.path.ends_with(FILE))
}
