//! A code that was mailed, as pages tell of it, at sign-in and in the own account: how long it is good, and when it can
//! be sent once more.

use twolatch_core::login::mailed::OnItsWay;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;

use crate::state::App;

/// A code on its way.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// For how many seconds more it is good.
    pub left: u32,
    /// In how many seconds it can be sent again.
    pub again: u32,
}

impl Sent {
    /// How a code stands that was mailed to this person.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of(app: &App, user: &User, way: &OnItsWay, now: Timestamp) -> Result<Self, StoreError> {
        let blocked = app.logins.mail_blocked(user, now).await?;
        let again_at = [Some(way.again_at), blocked.sending, blocked.all].into_iter().flatten().max();
        let left = seconds(way.over_at, now);
        Ok(Self { left, again: again_at.map_or(0, |at| seconds(at, now)).min(left) })
    }

    /// For how many minutes more it is good.
    #[must_use]
    pub const fn minutes(&self) -> u32 {
        self.left.div_ceil(60)
    }

    /// An example, for tests.
    #[must_use]
    pub const fn sample(again: u32) -> Self {
        Self { left: 240 + again, again }
    }
}

fn seconds(until: Timestamp, now: Timestamp) -> u32 {
    u32::try_from(until.since(now)).unwrap_or(0)
}

/// For so many minutes; begun ones count.
#[must_use]
pub fn minutes(until: Timestamp, now: Timestamp) -> u32 {
    seconds(until, now).div_ceil(60).max(1)
}

/// A veiled address as it stands on pages: no line ends within it.
#[must_use]
pub fn unbroken(veiled: &str) -> String {
    veiled.replace('…', "…\u{2060}")
}
