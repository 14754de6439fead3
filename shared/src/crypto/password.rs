//! Passwords: which are accepted, and Argon2id with bounded cost and concurrency. It must not know whose they are.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use thiserror::Error;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use self::memory::Memory;
use super::{Entropy, NoEntropy};
use crate::secret::Secret;

mod memory;
#[cfg(test)]
mod tests;

/// The shortest password in front of a second factor, in characters.
pub const LEAST: usize = 8;

/// The shortest one that may be all that is asked for, in characters (PW-1).
pub const LEAST_ALONE: usize = 15;

/// The longest password, in bytes. A longer one is refused, never cut.
pub const MAX_BYTES: usize = 256;

/// Guesses below which a password counts as common (the blocklist holds some 30,000 passwords, names and words).
const COMMON_BELOW: u64 = 100_000;

/// Waiting hashes for each running one, before new ones are turned away.
const QUEUE_PER_CORE: usize = 16;

/// Why a password is not accepted, in words for the person who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weak {
    /// Fewer than so many characters.
    #[error("The password is too short: it needs at least {0} characters.")]
    Short(usize),
    /// More than [`MAX_BYTES`].
    #[error("The password is too long: it may have {MAX_BYTES} bytes.")]
    Long,
    /// It holds a control character.
    #[error("The password holds a character that cannot be typed.")]
    Control,
    /// It is the one that was to be replaced.
    #[error("This is the password that you have now. Choose another one.")]
    Same,
    /// It is among the first that anyone would try.
    #[error("The password is too easy to guess. Take several words that do not belong together.")]
    Common,
}

/// Whether a password of at least so many characters may be chosen. `context` is what an attacker knows: name, address,
/// organisation.
///
/// Text is taken as it is, without Unicode normalisation: what the browser sends when the password is set is what it
/// sends when it is checked (ASVS 6.2.8).
///
/// # Errors
/// Says what is wrong with it.
pub fn acceptable(password: &Secret, least: usize, context: &[&str]) -> Result<(), Weak> {
    let text = password.expose();
    if text.chars().count() < least {
        return Err(Weak::Short(least));
    }
    if text.len() > MAX_BYTES {
        return Err(Weak::Long);
    }
    if text.chars().any(char::is_control) {
        return Err(Weak::Control);
    }
    if zxcvbn::zxcvbn(text, context).guesses() < COMMON_BELOW {
        return Err(Weak::Common);
    }
    Ok(())
}

/// What one hash costs. Stored hashes that ask for more than the bounds are refused (PW-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}

impl Cost {
    const MOST: Self = Self { memory_kib: 128 * 1024, passes: 10, lanes: 4 };

    /// Whether it lies between the least that protects and the most that a server should spend.
    #[must_use]
    pub const fn is_within_bounds(self) -> bool {
        self.memory_kib >= 7 * 1024
            && self.memory_kib <= Self::MOST.memory_kib
            && self.passes >= 1
            && self.passes <= Self::MOST.passes
            && self.lanes >= 1
            && self.lanes <= Self::MOST.lanes
            && self.memory_kib as u64 * self.passes as u64 >= 19 * 1024
    }

    fn params(self) -> Result<Params, HashError> {
        Params::new(self.memory_kib, self.passes, self.lanes, None).map_err(|_| HashError::Params)
    }
}

/// Why no hash was made or checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HashError {
    /// Too many are waiting.
    #[error("busy: too many passwords are being checked; try again in a moment")]
    Busy,
    /// The stored hash is malformed or asks for more than is allowed.
    #[error("hash_params: the stored hash is malformed or asks for more than is allowed; set a new password")]
    Params,
    /// No randomness for a salt.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// A checked password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// It is the right one.
    pub right: bool,
    /// The stored hash has another cost than the configured one.
    pub outdated: bool,
}

/// Hashes passwords: as many at a time as there are cores, with a bounded queue.
#[derive(Clone)]
pub struct Hasher {
    cost: Cost,
    decoy: Arc<str>,
    memory: Memory,
    queue: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Hasher {
    /// A hasher of one cost for that many cores.
    ///
    /// # Errors
    /// Where the cost is out of bounds or there is no randomness.
    pub fn new(cost: Cost, cores: usize, entropy: &dyn Entropy) -> Result<Self, HashError> {
        if !cost.is_within_bounds() {
            return Err(HashError::Params);
        }
        let cores = cores.max(1);
        // Every check of an unknown user is made against this. Nobody has its password: the output is not a hash.
        let mut salt = [0; 16];
        entropy.fill(&mut salt)?;
        let (salt, output) = (data_encoding::BASE64_NOPAD.encode(&salt), data_encoding::BASE64_NOPAD.encode(&[0; 32]));
        let decoy = format!("$argon2id$v=19$m={},t={},p={}${salt}${output}", cost.memory_kib, cost.passes, cost.lanes);
        Ok(Self {
            cost,
            decoy: decoy.into(),
            memory: Memory::new(cost.params()?.block_count()),
            queue: Arc::new(Semaphore::new(cores * (1 + QUEUE_PER_CORE))),
            running: Arc::new(Semaphore::new(cores)),
        })
    }

    /// The PHC string of a password.
    ///
    /// # Errors
    /// Where too many wait or there is no randomness.
    pub async fn hash(&self, password: Secret, entropy: &dyn Entropy) -> Result<Secret, HashError> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt)?;
        let (params, memory) = (self.cost.params()?, self.memory.clone());
        self.run(move || {
            let mut out = Zeroizing::new([0; Params::DEFAULT_OUTPUT_LEN]);
            memory.hash(&argon2id(params.clone()), password.expose().as_bytes(), &salt, out.as_mut())?;
            let hash = PasswordHash {
                algorithm: Algorithm::Argon2id.ident(),
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(&params).map_err(|_| HashError::Params)?,
                salt: Some(Salt::new(&salt).map_err(|_| HashError::Params)?),
                hash: Some(Output::new(out.as_ref()).map_err(|_| HashError::Params)?),
            };
            Ok(Secret::new(hash.to_string()))
        })
        .await
    }

    /// Checks a password against a stored PHC string; `None` costs the same and is never right.
    ///
    /// # Errors
    /// Where too many wait or the stored string is not acceptable.
    pub async fn check(&self, password: Secret, stored: Option<Secret>) -> Result<Checked, HashError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| Secret::new(self.decoy.to_string()));
        let (cost, memory) = (self.cost, self.memory.clone());
        self.run(move || {
            let hash = PasswordHash::new(stored.expose()).map_err(|_| HashError::Params)?;
            let found = cost_of(&hash)?;
            // Text longer than any password may be costs no hash of its own length.
            let text = password.expose().as_bytes();
            let text = text.get(..MAX_BYTES + 1).unwrap_or(text);
            let params = Params::try_from(&hash).map_err(|_| HashError::Params)?;
            let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return Err(HashError::Params) };
            let mut out = Zeroizing::new(vec![0; expected.len()]);
            memory.hash(&argon2id(params), text, &salt, &mut out)?;
            let right: bool = out.ct_eq(expected.as_bytes()).into();
            Ok(Checked { right: right && known, outdated: found != cost })
        })
        .await
    }

    /// Runs a hash on a thread of its own. The permits go with it: a dropped request frees none of them early (PW-5).
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| HashError::Busy)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| HashError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((place, turn));
            result
        });
        done.await.map_err(|_| HashError::Busy)?
    }
}

fn argon2id(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn cost_of(hash: &PasswordHash) -> Result<Cost, HashError> {
    if hash.algorithm.as_str() != "argon2id" || hash.version != Some(Version::V0x13.into()) {
        return Err(HashError::Params);
    }
    let number = |name: &str| hash.params.get_decimal(name).ok_or(HashError::Params);
    let cost = Cost { memory_kib: number("m")?, passes: number("t")?, lanes: number("p")? };
    let most = Cost::MOST;
    let small = cost.memory_kib <= most.memory_kib && cost.passes <= most.passes && cost.lanes <= most.lanes;
    if small { Ok(cost) } else { Err(HashError::Params) }
}
