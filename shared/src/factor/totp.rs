//! Time-based one-time codes, RFC 6238. It must not know what has been accepted before: the store does.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use totp_rs::{Algorithm as RsAlgorithm, Builder};
use zeroize::Zeroizing;

use crate::crypto::{Entropy, NoEntropy};
use crate::secret::{self, Secret};
use crate::time::Timestamp;

#[cfg(test)]
mod tests;

/// Bytes of a secret that we make (RFC 4226, section 4, R6).
const SECRET_BYTES: usize = 20;

/// Bytes of the shortest secret that is taken (OTP-2).
const MIN_SECRET_BYTES: usize = 16;

/// Bytes of the shortest one that an administrator may insist on: 80 bits, which older programs have made.
const LEAST_SECRET_BYTES: usize = 10;

/// Bytes of the longest one: as much as is read of base32. Whoever logs in waits for a hash over it.
const MAX_SECRET_BYTES: usize = 640;

/// Steps to either side in which set-up looks for the first code, to learn how the device's clock stands.
const SETUP_REACH: i64 = 2;

/// Seconds to either side in which the code of a device is looked for whose clock is wrong.
const FAR_REACH: i64 = 3600;

/// How an authenticator makes its codes.
#[derive(Clone)]
pub struct Totp {
    /// The shared secret.
    pub secret: Zeroizing<Vec<u8>>,
    /// The hash.
    pub algorithm: Algorithm,
    /// 6 or 8.
    pub digits: u8,
    /// Seconds of a step, 30 or 60.
    pub period: u32,
    /// Steps by which the device's clock was ahead when it was set up or last brought into line.
    pub drift: i64,
}

/// The hash of the HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// What every app knows.
    #[serde(rename = "SHA1")]
    Sha1,
    /// SHA-256.
    #[serde(rename = "SHA256")]
    Sha256,
    /// SHA-512.
    #[serde(rename = "SHA512")]
    Sha512,
}

impl Algorithm {
    /// As in an otpauth URI.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512].into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

/// Why these are no parameters of an authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TotpError {
    /// Not base32.
    #[error("the secret is not base32 (letters A to Z and digits 2 to 7)")]
    Base32,
    /// Too short.
    #[error("the secret is too short: at least {MIN_SECRET_BYTES} bytes, that is 26 characters of base32")]
    Short,
    /// So short that nobody can insist.
    #[error("the secret has {0} bits; fewer than 80 can be guessed")]
    Hopeless(usize),
    /// Far too long.
    #[error("the secret is longer than {MAX_SECRET_BYTES} bytes, which no app makes")]
    Long,
    /// Neither 6 nor 8.
    #[error("a code has 6 or 8 digits")]
    Digits,
    /// Neither 30 nor 60.
    #[error("a code lives for 30 or 60 seconds")]
    Period,
    /// No randomness for a new secret.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Totp {
    /// A new one: 160 random bits, SHA-1, six digits, 30 seconds, which every app understands.
    ///
    /// # Errors
    /// Where the kernel gives no randomness.
    pub fn random(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
        entropy.fill(&mut secret)?;
        Ok(Self { secret, algorithm: Algorithm::Sha1, digits: 6, period: 30, drift: 0 })
    }

    /// One whose secret somebody else has made.
    ///
    /// # Errors
    /// Says which parameter is out of bounds.
    pub fn from_base32(text: &Secret, algorithm: Algorithm, digits: u8, period: u32) -> Result<Self, TotpError> {
        let plain: Zeroizing<String> = Zeroizing::new(
            text.expose()
                .chars()
                .filter(|c| !c.is_ascii_whitespace() && *c != '-' && *c != '=')
                .collect::<String>()
                .to_ascii_uppercase(),
        );
        let secret =
            Zeroizing::new(data_encoding::BASE32_NOPAD.decode(plain.as_bytes()).map_err(|_| TotpError::Base32)?);
        let totp = Self { secret, algorithm, digits, period, drift: 0 };
        if totp.is_weak() { Err(TotpError::Short) } else { totp.check().map(|()| totp) }
    }

    /// Whether its secret is shorter than any that is taken without insisting.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.secret.len() < MIN_SECRET_BYTES
    }

    /// Whether all parameters are within bounds; a weak secret may be.
    ///
    /// # Errors
    /// Says which is not.
    pub fn check(&self) -> Result<(), TotpError> {
        if self.secret.len() < LEAST_SECRET_BYTES {
            Err(TotpError::Hopeless(self.secret.len() * 8))
        } else if self.secret.len() > MAX_SECRET_BYTES {
            Err(TotpError::Long)
        } else if ![6, 8].contains(&self.digits) {
            Err(TotpError::Digits)
        } else if ![30, 60].contains(&self.period) {
            Err(TotpError::Period)
        } else {
            Ok(())
        }
    }

    /// The number of the step that holds a moment.
    #[must_use]
    pub fn step_at(&self, now: Timestamp) -> i64 {
        now.unix().div_euclid(i64::from(self.period))
    }

    /// The step whose code this is, among those that may be shown now: this one and the one before; where set-up has
    /// learned that the device runs ahead or behind, the three around where it should be (`security.md` OTP-4, P-10).
    #[must_use]
    pub fn matching_step(&self, code: &Secret, now: Timestamp) -> Option<i64> {
        let reach = if self.drift == 0 { -1..=0 } else { self.drift - 1..=self.drift + 1 };
        self.search(code, self.step_at(now), reach)
    }

    /// The step of a first code at set-up, where the device's clock is not yet known.
    #[must_use]
    pub fn first_step(&self, code: &Secret, now: Timestamp) -> Option<i64> {
        self.search(code, self.step_at(now), -SETUP_REACH..=SETUP_REACH)
    }

    /// The step of a code from a device whose clock is wrong by up to an hour; the nearest one. It proves nothing.
    #[must_use]
    pub fn far_step(&self, code: &Secret, now: Timestamp) -> Option<i64> {
        // From the rim inwards: what is found last is the nearest.
        let reach = (0..=self.far_reach()).rev().flat_map(|far| [far, -far]);
        self.search(code, self.step_at(now), reach)
    }

    /// Whether a step is one that a device whose clock is wrong may show now.
    #[must_use]
    pub fn is_within_far_reach(&self, step: i64, now: Timestamp) -> bool {
        (step - self.step_at(now)).abs() <= self.far_reach()
    }

    fn far_reach(&self) -> i64 {
        FAR_REACH / i64::from(self.period.max(1))
    }

    /// Whether this is the code that follows the one of `first`.
    #[must_use]
    pub fn is_next(&self, code: &Secret, first: i64) -> bool {
        self.search(code, first, 1..=1).is_some()
    }

    /// Compares with every candidate, so that the time taken says nothing.
    fn search(&self, code: &Secret, around: i64, reach: impl Iterator<Item = i64>) -> Option<i64> {
        let mut found = None;
        for step in reach.map(|offset| around + offset) {
            let is_it = self
                .code_of(step)
                .is_some_and(|right| secret::same(right.expose().as_bytes(), code.expose().as_bytes()));
            if is_it {
                found = Some(step);
            }
        }
        found
    }

    /// The code of a step; `None` before 1970.
    #[must_use]
    pub fn code_of(&self, step: i64) -> Option<Secret> {
        let time = u64::try_from(step).ok()?.checked_mul(u64::from(self.period))?;
        Some(Secret::new(self.generator("", "").generate(time).to_string()))
    }

    /// The secret as base32, for typing it into an app.
    #[must_use]
    pub fn base32(&self) -> Secret {
        Secret::new(data_encoding::BASE32_NOPAD.encode(&self.secret))
    }

    /// The otpauth URI that a QR code carries. A colon would split the label, so it is left out of both names.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> Secret {
        let uri = self.generator(&issuer.replace(':', " "), &account.replace(':', " ")).to_url();
        Secret::new(uri.unwrap_or_default())
    }

    fn generator(&self, issuer: &str, account: &str) -> totp_rs::Totp {
        let algorithm = match self.algorithm {
            Algorithm::Sha1 => RsAlgorithm::SHA1,
            Algorithm::Sha256 => RsAlgorithm::SHA256,
            Algorithm::Sha512 => RsAlgorithm::SHA512,
        };
        // `check` has been passed by whoever made this value; the builder's own checks would only repeat it.
        Builder::new()
            .with_algorithm(algorithm)
            .with_digits(self.digits)
            .with_skew(0)
            .with_step_duration(u64::from(self.period))
            .with_secret(totp_rs::Secret::new(self.secret.as_slice().into()))
            .with_account_name(account)
            .with_issuer(Some(issuer).filter(|issuer| !issuer.is_empty()))
            .build_noncompliant()
    }
}

impl std::fmt::Debug for Totp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Totp({}, {} digits, {} s, drift {})", self.algorithm.as_str(), self.digits, self.period, self.drift)
    }
}

/// The drift that two confirming codes show: the smaller of the two distances, since people are late but never early.
#[must_use]
pub const fn learned_drift(first: i64, second: i64) -> i64 {
    if first.abs() <= second.abs() { first } else { second }
}
