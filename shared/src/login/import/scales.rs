//! Weighing one after the other: what somebody has, what stands before it, and what is insisted on decide.

use std::collections::HashMap;

use super::{Brought, Change, Fate, Insisting, Remark, Why};
use crate::crypto::token_hash_of;
use crate::factor::recovery::{MOST_SCRATCH, is_scratch, looks_like_scratch, new_scratch_set};
use crate::factor::{Factor, Kind};
use crate::id::Id;
use crate::login::authenticators::{MOST, name_of};
use crate::login::setup::default_name;
use crate::policy::Policy;
use crate::secret::{self, Secret};
use crate::store::people::Damaged;
use crate::store::recovery::Scratch;
use crate::store::{Person, Store, StoreError};
use crate::time::Timestamp;
use crate::user::{User, UserName};

/// What somebody's belongings are weighed with.
pub(super) struct Scales<'a> {
    store: &'a Store,
    policy: &'a Policy,
    insisting: Insisting,
    now: Timestamp,
    known: HashMap<String, Result<Person, Damaged>>,
    /// Whose a secret is, by its hash.
    owners: HashMap<String, UserName>,
    /// Whose change is where, by name key.
    places: HashMap<String, usize>,
    changes: Vec<Change>,
}

impl<'a> Scales<'a> {
    pub(super) fn new(
        store: &'a Store,
        policy: &'a Policy,
        insisting: Insisting,
        known: HashMap<String, Result<Person, Damaged>>,
        now: Timestamp,
    ) -> Self {
        let (owners, places) = (HashMap::new(), HashMap::new());
        Self { store, policy, insisting, now, known, owners, places, changes: Vec::new() }
    }

    /// What is to be written, in one order, as where many are changed.
    pub(super) fn changes(self) -> Vec<Change> {
        let mut changes = self.changes;
        changes.sort_by(|left, right| left.user.id.as_str().cmp(right.user.id.as_str()));
        changes
    }
}

impl Scales<'_> {
    pub(super) fn weigh(&mut self, one: &Brought, remarks: &mut Vec<Remark>) -> Result<Result<Fate, Why>, StoreError> {
        let key = one.name.key();
        let person = match self.known.get(&key) {
            Some(Err(_)) => return Ok(Err(Why::Damaged)),
            Some(Ok(person)) => Some(person.clone()),
            None if !self.insisting.add_people => return Ok(Err(Why::Unknown)),
            None => None,
        };
        let is_his = |factor: &Factor| secret::same(&factor.totp.secret, &one.totp.secret);
        let place = self.places.get(&key).copied();
        let mut before = person.iter().flat_map(|person| &person.factors);
        let mut begun = place.and_then(|place| self.changes.get(place)).into_iter().flat_map(|change| &change.factors);
        if before.any(is_his) || begun.any(is_his) {
            return Ok(Ok(Fate::There));
        }
        if let Err(error) = one.totp.check() {
            return Ok(Err(Why::Parameters(error)));
        }
        let bits = one.totp.secret.len() * 8;
        if one.totp.is_weak() && !self.insisting.weak {
            return Ok(Err(Why::Weak(bits)));
        }
        let is_set_up = |person: &Person| Kind::METHODS.into_iter().any(|kind| person.user.has(kind));
        if person.as_ref().is_some_and(is_set_up) && !self.insisting.beside {
            return Ok(Err(Why::Other));
        }
        let begun = place.and_then(|place| self.changes.get(place)).map(|change| &change.user);
        let user = begun.or(person.as_ref().map(|person| &person.user));
        if user.is_some_and(|user| user.authenticators.len() >= MOST) {
            return Ok(Err(Why::Many));
        }
        let place = match place {
            Some(place) => place,
            None => self.begin(one, person)?,
        };
        let Some(change) = self.changes.get_mut(place) else { return Ok(Err(Why::Damaged)) };
        if one.totp.is_weak() {
            remarks.push(Remark::Weak(bits));
        }
        let hash = token_hash_of(&one.totp.secret);
        match self.owners.get(&hash) {
            Some(owner) => remarks.push(Remark::Shared(owner.clone())),
            None => drop(self.owners.insert(hash, one.name.clone())),
        }
        if !self.policy.terms_of(&change.user).methods.contains(&Kind::Totp) {
            remarks.push(Remark::NotAsked);
        }
        change.add(self.store, one, remarks, self.now)?;
        Ok(Ok(if change.before.is_none() { Fate::WithOwner } else { Fate::Taken }))
    }

    /// Somebody to whom something will be added.
    fn begin(&mut self, one: &Brought, person: Option<Person>) -> Result<usize, StoreError> {
        let (before, user) = if let Some(Person { user, .. }) = person {
            let before = user.security_version;
            (Some(before), User { security_version: before + 1, ..user })
        } else {
            let (id, setup_until) = (Id::random(self.store.entropy())?, self.policy.rules.setup_until(self.now));
            (None, User::new(id, one.name.clone(), setup_until, self.now))
        };
        self.places.insert(one.name.key(), self.changes.len());
        self.changes.push(Change { before, user, factors: Vec::new(), scratch: None });
        Ok(self.changes.len() - 1)
    }
}

impl Change {
    fn add(
        &mut self,
        store: &Store,
        one: &Brought,
        remarks: &mut Vec<Remark>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let user = &mut self.user;
        let factor = Factor {
            id: Id::random(store.entropy())?,
            user: user.id.clone(),
            name: one.label.as_deref().and_then(name_of).unwrap_or_else(|| default_name(user)),
            totp: one.totp.clone(),
            created_at: now,
            last_step: one.last_step,
            last_used_at: None,
        };
        user.authenticators.push(factor.id.clone());
        user.authenticators.sort_by(|left, right| left.as_str().cmp(right.as_str()));
        self.factors.push(factor);
        let mut codes: Vec<Secret> = one.scratch.iter().filter(|code| looks_like_scratch(code)).cloned().collect();
        codes.truncate(MOST_SCRATCH);
        if !codes.is_empty() {
            if user.recovery.is_some() {
                remarks.push(Remark::HasRecovery);
            } else {
                let set = new_scratch_set(store.entropy())?;
                user.recovery = Some(set.clone());
                self.scratch = Some(Scratch { user: user.id.clone(), set, codes });
            }
        }
        // Such as are made here are offered at the next sign-in with a browser; they replace those.
        if user.recovery.as_ref().is_none_or(is_scratch) {
            user.recovery_due_at = user.recovery_due_at.or(Some(now));
        }
        Ok(())
    }
}
