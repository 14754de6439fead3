//! Setting up an authenticator: its secret is pending in one login only, and nothing is stored before the codes have
//! proven that the device has it. The old authenticators work until then, and after.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::audit::{Event, Record};
use crate::crypto::{Entropy, NoEntropy};
use crate::factor::Factor;
use crate::factor::totp::{Algorithm, Totp, learned_drift};
use crate::id::Id;
use crate::secret::{self, Secret};
use crate::store::audit::record;
use crate::store::factors::insert_factor;
use crate::store::users::update_user;
use crate::store::{Store, Written};
use crate::time::Timestamp;
use crate::user::User;

/// A pending authenticator dies after so many seconds.
pub const LIFE: i64 = 15 * 60;

/// An authenticator that has not been confirmed. It only ever travels sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending {
    /// Base32.
    #[serde(serialize_with = "secret::reveal")]
    secret: Secret,
    /// The step of the first code, and how far it lay from the present one.
    first: Option<(i64, i64)>,
    /// Since when it is pending.
    began: Timestamp,
}

/// What a code has done to a pending authenticator.
#[derive(Debug)]
#[must_use]
pub enum Progress {
    /// It was the first; the next one is awaited.
    Next(Pending),
    /// It was no code of this authenticator, or not the next one.
    Wrong,
    /// It is confirmed; store it.
    Confirmed(Confirmed),
}

/// A confirmed authenticator that is not stored yet.
#[derive(Debug)]
pub struct Confirmed {
    totp: Totp,
    last_step: i64,
}

/// The same between two prompts. It only ever travels sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Carried {
    /// Base32.
    #[serde(serialize_with = "secret::reveal")]
    secret: Secret,
    drift: i64,
    last_step: i64,
}

impl Carried {
    /// What was carried.
    #[must_use]
    pub fn unpacked(&self) -> Option<Confirmed> {
        let totp = totp_of(&self.secret)?;
        Some(Confirmed { totp: Totp { drift: self.drift, ..totp }, last_step: self.last_step })
    }
}

impl Pending {
    /// A new one.
    ///
    /// # Errors
    /// Where the kernel gives no randomness.
    pub fn new(entropy: &dyn Entropy, now: Timestamp) -> Result<Self, NoEntropy> {
        Ok(Self { secret: Totp::random(entropy)?.base32(), first: None, began: now })
    }

    /// Whether it is too old.
    #[must_use]
    pub const fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.began) >= LIFE
    }

    /// Whether the first code has been shown.
    #[must_use]
    pub const fn has_first(&self) -> bool {
        self.first.is_some()
    }

    /// The key, as a person types it: in groups of four.
    #[must_use]
    pub fn key(&self) -> Secret {
        let mut text = String::with_capacity(self.secret.expose().len() * 5 / 4);
        for (index, character) in self.secret.expose().chars().enumerate() {
            if index > 0 && index % 4 == 0 {
                text.push(' ');
            }
            text.push(character);
        }
        Secret::new(text)
    }

    /// The otpauth URI, for the QR code.
    #[must_use]
    pub fn uri(&self, organisation: &str, user: &User) -> Secret {
        self.totp().map_or_else(Secret::default, |totp| totp.uri(organisation, user.name.as_str()))
    }

    /// Takes a code. With `codes` = 2 two that follow each other are wanted, and the device's drift is learned.
    pub fn take(mut self, code: &Secret, codes: u8, now: Timestamp) -> Progress {
        let Some(totp) = self.totp() else { return Progress::Wrong };
        let present = totp.step_at(now);
        match self.first {
            None => match totp.first_step(code, now) {
                Some(step) if codes == 1 => Progress::Confirmed(Confirmed { totp, last_step: step }),
                Some(step) => {
                    self.first = Some((step, step - present));
                    Progress::Next(self)
                }
                None => Progress::Wrong,
            },
            Some((first, offset)) if totp.is_next(code, first) => {
                let drift = learned_drift(offset, first + 1 - present);
                Progress::Confirmed(Confirmed { totp: Totp { drift, ..totp }, last_step: first + 1 })
            }
            // Who has missed the next code shows a later one, and goes on from that.
            Some((first, _)) => match totp.first_step(code, now).filter(|step| *step > first) {
                Some(step) => {
                    self.first = Some((step, step - present));
                    Progress::Next(self)
                }
                None => Progress::Wrong,
            },
        }
    }

    fn totp(&self) -> Option<Totp> {
        totp_of(&self.secret)
    }
}

/// As every authenticator that is set up here makes its codes.
fn totp_of(secret: &Secret) -> Option<Totp> {
    Totp::from_base32(secret, Algorithm::Sha1, 6, 30).ok()
}

impl Confirmed {
    /// One that somebody else has set up: its owner's device has proven nothing yet.
    #[must_use]
    pub const fn provisioned(totp: Totp) -> Self {
        Self { totp, last_step: 0 }
    }

    /// For keeping it until recovery codes are kept, too.
    #[must_use]
    pub fn carried(&self) -> Carried {
        Carried { secret: self.totp.base32(), drift: self.totp.drift, last_step: self.last_step }
    }

    /// Stores it with its owner's row, in one transaction: the confirming codes are spent. Answers the user as it then
    /// is.
    ///
    /// # Errors
    /// [`crate::store::StoreError::Conflict`] where the user has changed since it was read.
    pub async fn store(
        self,
        connection: &mut AnyConnection,
        store: &Store,
        user: &User,
        name: &str,
        about: Record,
    ) -> Written<User> {
        let now = about.at;
        let factor = Factor {
            id: Id::random(store.entropy())?,
            user: user.id.clone(),
            name: name.to_owned(),
            totp: self.totp,
            created_at: now,
            last_step: self.last_step,
            last_used_at: (self.last_step > 0).then_some(now),
        };
        let mut changed = user.clone();
        changed.authenticators.push(factor.id.clone());
        changed.authenticators.sort_by(|left, right| left.as_str().cmp(right.as_str()));
        changed.security_version += 1;
        update_user(connection, store, &changed, user.security_version).await?;
        insert_factor(connection, store, &factor).await?;
        record(connection, store, Record { event: Event::FactorAdded, ..about }.about(&user.name)).await?;
        Ok(changed)
    }
}

/// The name of a person's next authenticator, where nobody has given one.
#[must_use]
pub fn default_name(user: &User) -> String {
    match user.authenticators.len() {
        0 => "Authenticator".to_owned(),
        count => format!("Authenticator {}", count + 1),
    }
}
