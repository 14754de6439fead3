//! Remembering a browser, so that it is asked for the second factor less often. It is never a proof: it skips a question
//! where policy lets it, after the right password only.

use super::Logins;
use super::notices::tell;
use super::web::{Current, Fault};
use crate::audit::{Event, Record};
use crate::crypto::{random_text, token_hash};
use crate::door::Door;
use crate::factor::{Kind, Proof};
use crate::id::Id;
use crate::letter::Notice;
use crate::secret;
use crate::store::Session;
use crate::store::StoreError;
use crate::store::audit::record;
use crate::store::browser::update_attempt;
use crate::store::devices::{Device, delete_device, insert_device, turn_device};
use crate::time::Timestamp;

/// A browser's name for itself is cut to this many characters.
const MAX_NAME: usize = 120;

/// What the cookie of a browser is worth in a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognised {
    /// The browser is remembered.
    Yes {
        /// What it gets instead of the cookie that it showed.
        cookie: String,
        /// For how many seconds more that is kept.
        left: i64,
    },
    /// Not here and now; at another sign-in it may be.
    NotHere,
    /// Never again.
    No,
}

impl Logins {
    /// Looks, in a sign-in whose password was right, whether the browser is remembered. Whoever shows a cookie from before
    /// the last use has a copy: that ends the device, and its owner is told.
    ///
    /// # Errors
    /// Where the database fails, or another request was faster.
    pub async fn recognise(
        &self,
        current: &Current,
        cookie: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<Recognised, Fault> {
        let user = &current.person.user;
        let Some((id, shown)) = cookie.split_once('.') else { return Ok(Recognised::No) };
        let Some(mut device) = self.store.device(id, now).await? else { return Ok(Recognised::No) };
        if device.user != user.id {
            return Ok(Recognised::NotHere);
        }
        if device.credentials != user.credentials() {
            return Ok(Recognised::No);
        }
        let hash = token_hash(shown);
        let is = |stored: &str| secret::same(stored.as_bytes(), hash.as_bytes());
        let about = Record { factor: Some(Kind::Device), ..self.about(&current.person, source, now) };
        if device.former_hash.as_deref().is_some_and(is) {
            self.forget_copied(current, device, about).await?;
            return Ok(Recognised::No);
        }
        if !is(&device.secret_hash) {
            return Ok(Recognised::No);
        }
        let life = self.policy(now).await?.terms(user, current.attempt.place()).device_life();
        if !(0..life).contains(&now.since(device.created_at)) {
            return Ok(Recognised::NotHere);
        }
        let next = random_text::<20>(self.store.entropy()).map_err(StoreError::from)?;
        let (cookie, left) = (format!("{id}.{next}"), device.expires_at.since(now));
        source.clone_into(&mut device.place);
        device.former_hash = Some(std::mem::replace(&mut device.secret_hash, token_hash(&next)));
        device.used_at = now;
        let mut attempt = current.attempt.clone();
        attempt.proofs.push(Proof { kind: Kind::Device, at: now });
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    turn_device(connection, &store, &device).await?;
                    update_attempt(connection, &store, &attempt).await?;
                    record(connection, &store, Record { event: Event::DeviceUsed, ..about }).await
                })
            })
            .await?;
        Ok(Recognised::Yes { cookie, left })
    }

    /// Remembers the browser of a sign-in that has just shown a second factor; answers its cookie and for how many
    /// seconds it is kept. `None` where policy remembers nobody here.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn remember(
        &self,
        current: &Current,
        name: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<Option<(String, i64)>, Fault> {
        let user = current.person.user.clone();
        let life = self.policy(now).await?.terms(&user, current.attempt.place()).device_life();
        if life == 0 || !current.attempt.proofs.iter().any(|proof| proof.kind.is_second_factor()) {
            return Ok(None);
        }
        let entropy = self.store.entropy();
        let secret = random_text::<20>(entropy).map_err(StoreError::from)?;
        let device = Device {
            id: Id::random(entropy).map_err(StoreError::from)?,
            user: user.id.clone(),
            credentials: user.credentials(),
            name: name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect(),
            place: source.to_owned(),
            created_at: now,
            expires_at: now.plus(life),
            secret_hash: token_hash(&secret),
            former_hash: None,
            used_at: now,
        };
        let cookie = format!("{}.{secret}", device.id);
        let about = Record { event: Event::DeviceRemembered, factor: None, ..self.about(&current.person, source, now) };
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    insert_device(connection, &store, &device).await?;
                    tell(connection, &store, &user, Notice::DeviceRemembered, &about).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(Some((cookie, life)))
    }

    /// Forgets one of the own devices.
    ///
    /// # Errors
    /// [`Fault::Over`] where there is none with this id.
    pub async fn forget_device(&self, session: &Session, id: &str, now: Timestamp) -> Result<(), Fault> {
        let about =
            Record { door: Some(Door::Web), ..Record::new(now, Event::DeviceForgotten) }.about(&session.user.name);
        let (store, id, user) = (self.store.clone(), id.to_owned(), session.user.id.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    if !delete_device(connection, &id, &user).await? {
                        return Err(StoreError::Conflict);
                    }
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(())
    }

    async fn forget_copied(&self, current: &Current, device: Device, about: Record) -> Result<(), StoreError> {
        let (store, user) = (self.store.clone(), current.person.user.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    if delete_device(connection, device.id.as_str(), &device.user).await? {
                        tell(connection, &store, &user, Notice::DeviceReused, &about).await?;
                        record(connection, &store, Record { event: Event::DeviceCopied, ..about }).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
