//! Whether somebody whom sshd is about to let in may come in. It is asked by the module's account line, which is reached
//! however they have logged in: by a key alone, too, where no module is asked for a code.

use super::seen::Seen;
use super::{Logins, Peer, refused, texts, told};
use crate::audit::{Event, Record};
use crate::door::Door;
use crate::factor::{Kind, Proof};
use crate::policy::Level;
use crate::reason::Reason;
use crate::step::{Step, next};
use crate::store::StoreError;
use crate::time::Timestamp;
use crate::wire::{Account, Outcome};

impl Logins {
    /// Refuses whoever is disabled or not known, and whoever policy asks for more than was shown in this login.
    ///
    /// # Errors
    /// Where the database fails: the login is refused with the error's reason.
    pub async fn account(&self, peer: Peer, account: &Account, now: Timestamp) -> Result<Outcome, StoreError> {
        if peer.uid != 0 {
            return Ok(refused(Reason::NotAllowed));
        }
        let door = Door::of_service(&account.service, None, account.rhost.as_deref());
        let about = Record {
            user: Some(account.user.clone()),
            door: Some(door),
            host: Some(self.host.to_string()),
            source: account.rhost.as_deref().map(|rhost| rhost.chars().take(128).collect()),
            ..Record::new(now, Event::Code)
        };
        let Some(person) = self.person_exactly(&account.user).await? else {
            // A name that nobody has may be a password typed in the wrong place.
            return self.refuse_account(Reason::Unknown, Record { user: None, ..about }).await;
        };
        if person.user.disabled_at.is_some() {
            return self.refuse_account(Reason::Disabled, about).await;
        }
        if account.proven {
            return Ok(Outcome::Granted);
        }
        let policy = self.policy(now).await?;
        let seen = Seen::of(true, door, account.rhost.as_deref(), account.key.as_deref());
        let decision = policy.decide(&person.user, seen.place(&account.service, &self.host), now);
        let facts = self.facts(&policy, &person.user, person.last_method, door, now);
        let first = [Proof { kind: Kind::Password, at: now }];
        match next(decision.level, &facts, &first, now) {
            Step::Granted(_) if decision.level < Level::Required => {
                self.note(about.saying(seen.not_asked(&decision))).await?;
                Ok(Outcome::NotAsked)
            }
            _ => {
                self.refuse_account(Reason::CodeMissing, about).await?;
                Ok(told(Reason::CodeMissing, texts::CODE_MISSING))
            }
        }
    }

    async fn refuse_account(&self, reason: Reason, about: Record) -> Result<Outcome, StoreError> {
        self.note(Record { refused: Some(reason), ..about }).await?;
        Ok(refused(reason))
    }
}
