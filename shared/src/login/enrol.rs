//! Setting up an authenticator in the middle of a sign-in through a browser.

use super::Logins;
use super::setup::{self, Pending, Progress};
use super::web::{Current, Fault};
use crate::crypto::seal::Place;
use crate::factor::{Kind, Proof};
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::StoreError;
use crate::store::browser::{Attempt, update_attempt};
use crate::time::Timestamp;

impl Logins {
    /// The authenticator that is being set up in this sign-in; a new one where there is none yet.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn pending(&self, current: &mut Current, now: Timestamp) -> Result<Pending, Fault> {
        if !current.lets_set_up(Kind::Totp) {
            return Err(Fault::Over);
        }
        if let Some(sealed) = &current.attempt.pending {
            let pending = self.unseal_pending(&current.attempt, sealed)?;
            if !pending.is_over(now) {
                return Ok(pending);
            }
        }
        let pending = Pending::new(self.store.entropy(), now).map_err(StoreError::from)?;
        self.keep_pending(current, &pending).await?;
        Ok(pending)
    }

    /// Takes a code of the authenticator that is being set up. `true` once it is confirmed: the codes then count as
    /// this sign-in's second factor.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn enter_setup_code(
        &self,
        mut current: Current,
        code: &Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let pending = self.pending(&mut current, now).await?;
        let codes = self.policy(now).await?.rules.enrol_codes;
        match pending.take(code, codes, now) {
            Progress::Wrong => Err(Fault::Refused(Reason::Wrong)),
            Progress::Next(pending) => {
                self.keep_pending(&mut current, &pending).await?;
                Ok(false)
            }
            Progress::Confirmed(confirmed) => {
                let about = self.about(&current.person, source, now);
                let Current { mut attempt, person, .. } = current;
                let store = self.store.clone();
                let named = setup::default_name(&person.user);
                self.store
                    .write(move |connection| {
                        Box::pin(async move {
                            let user = confirmed.store(connection, &store, &person.user, &named, about).await?;
                            attempt.proofs.push(Proof { kind: Kind::Totp, at: now });
                            attempt.pending = None;
                            attempt.security_version = user.security_version;
                            update_attempt(connection, &store, &attempt).await
                        })
                    })
                    .await?;
                Ok(true)
            }
        }
    }

    async fn keep_pending(&self, current: &mut Current, pending: &Pending) -> Result<(), Fault> {
        let plain = serde_json::to_vec(pending).map(zeroize::Zeroizing::new);
        let plain = plain.map_err(|error| StoreError::Other(error.to_string()))?;
        let sealed = self.store.keys().seal(self.store.entropy(), pending_place(&current.attempt), &plain);
        current.attempt.pending = Some(sealed.map_err(|error| StoreError::Other(error.to_string()))?);
        let (store, attempt) = (self.store.clone(), current.attempt.clone());
        self.store
            .write(move |connection| Box::pin(async move { update_attempt(connection, &store, &attempt).await }))
            .await?;
        current.attempt.version += 1;
        Ok(())
    }

    fn unseal_pending(&self, attempt: &Attempt, sealed: &str) -> Result<Pending, StoreError> {
        let row = || attempt.id_hash.clone();
        let plain = self.store.keys().open(pending_place(attempt), sealed).map_err(|error| StoreError::Row {
            table: "attempts",
            row: row(),
            error,
        })?;
        serde_json::from_slice(&plain).map_err(|_| StoreError::Value { table: "attempts", row: row() })
    }
}

fn pending_place(attempt: &Attempt) -> Place<'_> {
    Place { table: "attempts", column: "pending", row: attempt.id_hash.as_str(), owner: attempt.user.as_str() }
}
