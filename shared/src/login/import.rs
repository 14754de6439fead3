//! What people bring along from other programs: authenticators whose secrets those have made, and scratch codes. It is
//! weighed first, all of it, and nothing is changed; then all of it is taken over in one transaction, or nothing. What
//! somebody has set up here already stays as it is.

use std::sync::Arc;

use thiserror::Error;

use self::scales::Scales;
use self::write::write_all;
use super::Logins;
use super::actor::Actor;
use super::authenticators::MOST;
use super::manage::ManageError;
use crate::factor::Factor;
use crate::factor::totp::{Totp, TotpError};
use crate::secret::Secret;
use crate::store::StoreError;
use crate::store::recovery::Scratch;
use crate::time::Timestamp;
use crate::user::{User, UserName};

mod scales;
mod write;

/// One authenticator that somebody brings along.
#[derive(Debug, Clone)]
pub struct Brought {
    /// Whose.
    pub name: UserName,
    /// How its codes are made.
    pub totp: Totp,
    /// What to call it.
    pub label: Option<String>,
    /// The highest time step that was accepted elsewhere: its code is not good a second time here. 0 where nobody knows.
    pub last_step: i64,
    /// Codes of eight digits that each let in once.
    pub scratch: Vec<Secret>,
}

/// What an administrator insists on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Insisting {
    /// Who is not known is added.
    pub add_people: bool,
    /// It is added beside what somebody has set up.
    pub beside: bool,
    /// Secrets of 80 bits and more are taken, too.
    pub weak: bool,
}

/// What becomes of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is taken over.
    Taken,
    /// It is taken over, and its owner is added.
    WithOwner,
    /// Its owner has it already, or it stands before this one: nothing is to be done.
    There,
    /// It cannot be.
    Refused(Why),
}

/// Why something is not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Why {
    /// Nobody has that name.
    #[error("Twolatch knows nobody of this name; `twolatch user add NAME` or --add-people adds them")]
    Unknown,
    /// The row is not as it was written.
    #[error("row_mac: the person's row is not as Twolatch wrote it")]
    Damaged,
    /// There is another one.
    #[error(
        "something else is set up already, and stays; --beside adds this one to it, `twolatch factor reset NAME` removes \
         what is there"
    )]
    Other,
    /// There are as many as there can be.
    #[error("nobody has more than {MOST} authenticators")]
    Many,
    /// It can be guessed too easily.
    #[error("the secret has {0} bits, and at least 128 are wanted; --allow-weak takes it, and lists show it as weak")]
    Weak(usize),
    /// Not what any code is made with.
    #[error("{0}")]
    Parameters(TotpError),
}

/// What is worth knowing of one that is taken over.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Remark {
    /// Forced.
    #[error("weak: the secret has {0} bits; have a new one set up")]
    Weak(usize),
    /// The same secret is somebody else's, too.
    #[error("the secret is that of {0}, too: one phone opens both accounts")]
    Shared(UserName),
    /// It is taken over, and never asked for.
    #[error("policy has no authenticator apps for this person: it will not be asked for")]
    NotAsked,
    /// There are better ones.
    #[error("the scratch codes are left out: there are recovery codes already")]
    HasRecovery,
}

/// All that is brought along, weighed.
#[derive(Debug)]
pub struct Weighed {
    /// What becomes of each, in order, and what is worth knowing.
    pub each: Vec<(Fate, Vec<Remark>)>,
    changes: Vec<Change>,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Authenticators that were taken over.
    pub authenticators: usize,
    /// People who were added for that.
    pub added: usize,
    /// Scratch codes that are recovery codes now.
    pub scratch: usize,
    /// People with an address who are not told, because too much mail waits; the audit names them.
    pub untold: usize,
}

/// Is told how many people have been written.
pub type Progress = Arc<dyn Fn(usize) + Send + Sync>;

/// Somebody as they will be.
#[derive(Debug)]
struct Change {
    /// As they are, by their security version; nothing for somebody new.
    before: Option<i64>,
    user: User,
    factors: Vec<Factor>,
    scratch: Option<Scratch>,
}

impl Weighed {
    /// How many people would be changed or added.
    #[must_use]
    pub const fn people(&self) -> usize {
        self.changes.len()
    }

    /// What would be done.
    #[must_use]
    pub fn would_do(&self) -> Done {
        let mut done = Done::default();
        for change in &self.changes {
            done.authenticators += change.factors.len();
            done.added += usize::from(change.before.is_none());
            done.scratch += change.scratch.as_ref().map_or(0, |scratch| scratch.codes.len());
        }
        done
    }
}

impl Logins {
    /// Says what would become of each. Nothing is changed.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn weigh(
        &self,
        brought: &[Brought],
        insisting: Insisting,
        now: Timestamp,
    ) -> Result<Weighed, StoreError> {
        let policy = self.policy(now).await?;
        let keys: Vec<String> = brought.iter().map(|one| one.name.key()).collect();
        let known = self.store.people_named(&keys).await?;
        let mut scales = Scales::new(&self.store, &policy, insisting, known, now);
        let mut each = Vec::with_capacity(brought.len());
        for one in brought {
            let mut remarks = Vec::new();
            let fate = match scales.weigh(one, &mut remarks)? {
                Ok(fate) => fate,
                Err(why) => Fate::Refused(why),
            };
            each.push((fate, remarks));
        }
        Ok(Weighed { each, changes: scales.changes() })
    }

    /// Takes over what was weighed and can be: all of it or, where somebody has changed since, nothing.
    ///
    /// # Errors
    /// Why nothing was taken over.
    pub async fn take_over(&self, weighed: Weighed, actor: &Actor, progress: Progress) -> Result<Done, ManageError> {
        let done = weighed.would_do();
        let (store, by, changes) = (self.store.clone(), actor.clone(), weighed.changes);
        let written = self
            .store
            .write(move |connection| {
                Box::pin(async move { write_all(connection, &store, &by, changes, progress).await })
            })
            .await;
        match written {
            Ok(untold) => Ok(Done { untold, ..done }),
            Err(StoreError::Duplicate) => Err(ManageError::TakenMeanwhile),
            Err(error) => Err(error.into()),
        }
    }
}
