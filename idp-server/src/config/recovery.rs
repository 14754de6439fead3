//! `[recovery]`: what the approval of a recovery request takes. It stands here and not in the policy: no administrator in
//! the console makes it easier.

use serde::{Deserialize, Serialize};
use twolatch_core::login::answers::Approval;
use twolatch_core::store::requests::LIFE;

/// `[recovery]` as written.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRecovery {
    /// How many administrators have to approve: 1 or 2; 1 if absent.
    pub approvers: Option<u8>,
    /// How many hours a request waits at the least; none if absent.
    pub wait_hours: Option<u16>,
}

/// Checks the section.
///
/// # Errors
/// The key, and what is expected there.
pub fn check(raw: &RawRecovery) -> Result<Approval, (&'static str, String)> {
    let by_two = match raw.approvers.unwrap_or(1) {
        1 => false,
        2 => true,
        _ => return Err(("recovery.approvers", "1 or 2".to_owned())),
    };
    let after_hours = raw.wait_hours.unwrap_or(0);
    if i64::from(after_hours) * 3600 >= LIFE {
        let most = LIFE / 3600 - 1;
        return Err(("recovery.wait_hours", format!("0 to {most}: a request lives no longer than seven days")));
    }
    Ok(Approval { by_two, after_hours })
}
