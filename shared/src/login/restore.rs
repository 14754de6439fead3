//! A backup in place of the database: all of it, or nothing. What has been spent, ended or taken away since the backup
//! was made must not live again, and where nobody can say what that is, everything that could be is taken for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use sqlx::AnyConnection;
use thiserror::Error;

use self::since::{Change, Verdict, changes, compare, ended};
use super::Logins;
use super::actor::{Actor, allow};
use super::moved::HOLD;
use crate::audit::{Event, Record};
use crate::client::Client;
use crate::crypto::keyring::State;
use crate::store::audit::{record, record_all};
use crate::store::backup::{Backup, BackupError, be_alone};
use crate::store::canaries::open_all;
use crate::store::clients::replace;
use crate::store::policies::{latest_version, renew_policy};
use crate::store::reseal::needing;
use crate::store::restored::{
    Inventory, end_exemptions, forget_requests, inventory, is_unused, raise_floor, spend_codes, spend_steps,
    steps_ahead,
};
use crate::store::users::{hold_admins, update_members};
use crate::store::{Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::User;

pub mod since;

/// People who are written back by one statement.
const AT_ONCE: usize = 200;

/// Why nothing was restored.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// There is something already.
    #[error(
        "the database is in use; --replace puts the backup in its place, and ends all that was begun since (make a backup \
         of it first)"
    )]
    InUse,
    /// The file.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

/// What a restore has done.
#[derive(Debug, Serialize)]
pub struct Restored {
    /// When the backup was made.
    pub made_at: i64,
    /// Rows that were read from it.
    pub rows: u64,
    /// People in the database now.
    pub people: usize,
    /// No code from before this moment is accepted.
    pub floor: i64,
    /// Whether the database from before could be asked what has changed since the backup.
    pub compared: bool,
    /// Recovery codes and keys that were taken for used.
    pub codes_spent: usize,
    /// People who cannot log in until an administrator enables them.
    pub held: usize,
    /// What is different from the database before.
    pub changes: Vec<Change>,
}

/// Is told how many rows are done.
pub type Progress = Arc<Mutex<dyn FnMut(u64) + Send>>;

impl Logins {
    /// Puts a backup in place of the database.
    ///
    /// # Errors
    /// Why it was not: the database is then as it was.
    pub async fn restore(
        &self,
        backup: Backup,
        replace: bool,
        actor: &Actor,
        progress: Progress,
    ) -> Result<Restored, RestoreError> {
        if !replace && !is_unused(&self.store).await.map_err(BackupError::from)? {
            return Err(RestoreError::InUse);
        }
        let (store, by) = (self.store.clone(), actor.clone());
        // What is wrong with the file is told as it is.
        let fault = Arc::new(Mutex::new(None));
        let told = Arc::clone(&fault);
        let restored = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    let done = put_in_place(connection, &store, backup, &by, progress).await;
                    done.map_err(|error| match error {
                        BackupError::Store(error) => error,
                        other => {
                            let error = StoreError::Other(other.to_string());
                            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(other);
                            error
                        }
                    })
                })
            })
            .await;
        let fault = fault.lock().unwrap_or_else(PoisonError::into_inner).take();
        restored.map_err(|error| RestoreError::Backup(fault.unwrap_or(BackupError::Store(error))))
    }
}

async fn put_in_place(
    connection: &mut AnyConnection,
    store: &Store,
    backup: Backup,
    actor: &Actor,
    progress: Progress,
) -> Result<Restored, BackupError> {
    allow(connection, store, actor).await?;
    be_alone(connection, store).await?;
    hold_admins(connection).await?;
    let before = inventory(connection, store).await?;
    let ahead = steps_ahead(connection, actor.now).await?;
    // A system that was only set up knows nothing that a backup does not.
    let before = Some(before).filter(|before| !before.people.is_empty() || !before.damaged.is_empty());
    let version = latest_version(connection).await?;
    let (head, rows) = (backup.head.clone(), backup.rows);
    let mut say = move |rows| {
        let mut told = progress.lock().unwrap_or_else(PoisonError::into_inner);
        told(rows);
    };
    backup.load(connection, store, before.is_none(), &mut say).await?;
    open_all(connection, &store.keys()).await?;
    must_open(connection, store).await?;
    forget_requests(connection).await?;
    let after = inventory(connection, store).await?;

    let spent = spent(before.as_ref(), &after);
    spend_codes(connection, &spent, actor.now).await?;
    let whose: BTreeSet<&str> =
        spent.iter().filter_map(|id| after.codes.get(id)).map(|code| code.user.as_str()).collect();
    let verdicts = compare(before.as_ref(), &after);
    write_people(connection, store, before.as_ref(), &after, &verdicts, &whose, actor).await?;
    if let Some(before) = &before {
        end_exemptions(connection, &ended(before, &after)).await?;
        write_clients(connection, store, before, &after, actor.now).await?;
    }
    renew_policy(connection, store, version, &actor.name, actor.now).await?;
    let floor = raise_floor(connection, head.replay_floor, head.time_high, actor.now).await?;
    spend_steps(connection, floor, &ahead).await?;

    let held: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.held).collect();
    let records = held.iter().map(|verdict| {
        actor
            .record(Event::UserChanged)
            .about(&verdict.name)
            .saying("disabled by a restore, until somebody enables them")
    });
    let records: Vec<Record> = records.collect();
    for some in records.chunks(AT_ONCE) {
        record_all(connection, store, some.to_vec()).await?;
    }
    let said = format!(
        "backup of {}, {} people, {} disabled, {} recovery codes spent",
        head.made_at,
        after.people.len(),
        held.len(),
        spent.len()
    );
    record(connection, store, actor.record(Event::Restored).saying(said)).await?;
    Ok(Restored {
        made_at: head.made_at,
        rows,
        people: after.people.len() + after.damaged.len(),
        floor: floor.unix(),
        compared: before.is_some(),
        codes_spent: spent.len(),
        held: held.len(),
        changes: changes(before.as_ref(), &after, verdicts),
    })
}

/// A key that was retired since opens nothing of the backup.
async fn must_open(connection: &mut AnyConnection, store: &Store) -> Written<()> {
    let keys = store.keys();
    for (id, _) in keys.states().filter(|(_, state)| *state == State::Retired) {
        if !needing(connection, id).await?.is_empty() {
            return Err(StoreError::Keys(format!(
                "the backup is sealed with key `{id}`, which was retired since: put the key ring of that time in place, \
                 restore, and rotate again"
            )));
        }
    }
    Ok(())
}

/// The recovery codes and keys of the backup that nobody knows to be unused still.
fn spent(before: Option<&Inventory>, after: &Inventory) -> Vec<String> {
    // The very same: a key that was used has given its id to the next one.
    let is_unused = |id: &String, code| before.is_some_and(|before| before.codes.get(id) == Some(code));
    let open = after.codes.iter().filter(|(_, code)| !code.used);
    open.filter(|(id, code)| !is_unused(id, code)).map(|(id, _)| id.clone()).collect()
}

/// Clients that were removed come back without letting anybody in; those that were changed stay as they are now.
async fn write_clients(
    connection: &mut AnyConnection,
    store: &Store,
    before: &Inventory,
    after: &Inventory,
    now: Timestamp,
) -> Written<()> {
    for (id, is) in &after.clients {
        match before.clients.get(id) {
            None => {
                let held = Client { disabled_at: is.disabled_at.or(Some(now)), ..is.clone() };
                replace(connection, store, &held).await?;
            }
            Some(was) if was != is => replace(connection, store, was).await?,
            Some(_) => {}
        }
    }
    Ok(())
}

/// Nothing that was begun or given out before fits anybody any more.
async fn write_people(
    connection: &mut AnyConnection,
    store: &Store,
    before: Option<&Inventory>,
    after: &Inventory,
    verdicts: &[Verdict],
    without_codes: &BTreeSet<&str>,
    actor: &Actor,
) -> Written<()> {
    let now = actor.now;
    let verdicts: BTreeMap<&str, &Verdict> = verdicts.iter().map(|verdict| (verdict.id.as_str(), verdict)).collect();
    let mut changed: Vec<(User, i64)> = Vec::with_capacity(AT_ONCE);
    for (id, person) in &after.people {
        let mut user = person.user.clone();
        let was = before.and_then(|before| before.people.get(id)).map(|person| &person.user);
        let expected = user.security_version;
        // Nobody has been changed as often as seconds have passed: what is sealed for any former version is void.
        let highest = expected.max(was.map_or(0, |was| was.security_version)).max(now.unix());
        user.security_version = highest + 1;
        if let Some(was) = was {
            user.restricted_until = user.restricted_until.max(was.restricted_until);
            if was.email == user.email && was.email_held_until > user.email_held_until {
                (user.email_held_until, user.email_held_by) = (was.email_held_until, was.email_held_by.clone());
            }
        }
        if without_codes.contains(id.as_str()) {
            user.recovery_due_at = user.recovery_due_at.or(Some(now));
        }
        if let Some(verdict) = verdicts.get(id.as_str()) {
            if verdict.held {
                user.disabled_at = user.disabled_at.or(Some(now));
            }
            if verdict.password {
                user.must_change_at = user.must_change_at.or(Some(now));
            }
            if verdict.address {
                user.email_held_until = user.email_held_until.max(Some(now.plus(HOLD)));
                user.email_held_by = Some(actor.name.clone());
            }
        }
        changed.push((user, expected));
        if changed.len() == AT_ONCE {
            write_back(connection, store, &mut changed).await?;
        }
    }
    write_back(connection, store, &mut changed).await
}

async fn write_back(connection: &mut AnyConnection, store: &Store, changed: &mut Vec<(User, i64)>) -> Written<()> {
    let some: Vec<(&User, i64)> = changed.iter().map(|(user, expected)| (user, *expected)).collect();
    update_members(connection, store, &some).await?;
    changed.clear();
    Ok(())
}
