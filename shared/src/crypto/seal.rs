//! Sealing, marking and hashing with the key ring. Ciphertext and marks are bound to the place they stand in, so that
//! none can be moved to another row. It must not know what the places mean.

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use thiserror::Error;
use zeroize::Zeroizing;

use super::keyring::{Key, KeyRing};
use super::{Entropy, NoEntropy, frame};

#[cfg(test)]
mod tests;

/// Where a sealed value stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Table, or another name for the kind of thing.
    pub table: &'a str,
    /// Column.
    pub column: &'a str,
    /// The row's key.
    pub row: &'a str,
    /// Whose it is.
    pub owner: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        frame(&[self.table, self.column, self.row, self.owner].map(|field| Some(field.as_bytes())))
    }
}

/// Why something sealed or marked cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SealError {
    /// It was made with a key that is not in the ring.
    #[error("key_unknown: made with key `{0}`, which is not in the key ring; restore that key")]
    KeyUnknown(String),
    /// It is not what was written, or stands where it was not written.
    #[error("what is stored there was changed or moved by something else than Twolatch")]
    Tampered,
    /// No randomness for a nonce.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl KeyRing {
    /// Seals bytes for one place: `key id`.`base64url(nonce, ciphertext, tag)`, AES-256-GCM-SIV.
    ///
    /// # Errors
    /// Where the kernel gives no randomness.
    pub fn seal(&self, entropy: &dyn Entropy, place: Place<'_>, plain: &[u8]) -> Result<String, SealError> {
        seal_by(self.current().ok_or(SealError::Tampered)?, entropy, place, plain)
    }

    /// Seals with a named key of the ring: only canaries need that.
    ///
    /// # Errors
    /// Where there is no such key or no randomness.
    pub(crate) fn seal_with(
        &self,
        id: &str,
        entropy: &dyn Entropy,
        place: Place<'_>,
        plain: &[u8],
    ) -> Result<String, SealError> {
        seal_by(self.by_id(id).ok_or_else(|| SealError::KeyUnknown(id.to_owned()))?, entropy, place, plain)
    }

    /// Opens what [`KeyRing::seal`] made for the same place.
    ///
    /// # Errors
    /// Where the key is missing or the text is not what was sealed there.
    pub fn open(&self, place: Place<'_>, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (key, body) = self.split(sealed)?;
        let mut body = Zeroizing::new(BASE64URL_NOPAD.decode(body.as_bytes()).map_err(|_| SealError::Tampered)?);
        let (nonce, box_) = body.split_at_mut_checked(NONCE_LEN).ok_or(SealError::Tampered)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Tampered)?;
        let opens = key.opens.as_ref().ok_or_else(|| unknown(&key.id))?;
        let length =
            opens.seal.open_in_place(nonce, Aad::from(place.bytes()), box_).map_err(|_| SealError::Tampered)?.len();
        body.drain(..NONCE_LEN);
        body.truncate(length);
        Ok(body)
    }

    /// The mark over a row: HMAC-SHA-256 over its table and all its columns.
    #[must_use]
    pub fn mark_row(&self, table: &str, columns: &[Option<&str>]) -> String {
        self.mark(|key| Some(&key.opens.as_ref()?.row), table, columns)
    }

    /// Whether a row is as Twolatch wrote it.
    ///
    /// # Errors
    /// Where the key is missing or the mark does not fit.
    pub fn check_row(&self, table: &str, columns: &[Option<&str>], mark: &str) -> Result<(), SealError> {
        self.check(|key| Some(&key.opens.as_ref()?.row), table, columns, mark)
    }

    /// The mark over an audit record or link, by a key of its own.
    #[must_use]
    pub fn mark_audit(&self, table: &str, columns: &[Option<&str>]) -> String {
        self.mark(|key| Some(&key.audit), table, columns)
    }

    /// Whether an audit record is as Twolatch wrote it.
    ///
    /// # Errors
    /// Where the key is missing or the mark does not fit.
    pub fn check_audit(&self, table: &str, columns: &[Option<&str>], mark: &str) -> Result<(), SealError> {
        self.check(|key| Some(&key.audit), table, columns, mark)
    }

    /// The keyed hash under which a machine's secret is stored, or a form's token is made.
    #[must_use]
    pub fn mark_token(&self, purpose: &str, columns: &[Option<&str>]) -> String {
        self.mark(|key| Some(&key.token), purpose, columns)
    }

    /// Whether a token or secret is the one that [`KeyRing::mark_token`] was given.
    ///
    /// # Errors
    /// Where the key is missing or it is another one.
    pub fn check_token(&self, purpose: &str, columns: &[Option<&str>], mark: &str) -> Result<(), SealError> {
        self.check(|key| Some(&key.token), purpose, columns, mark)
    }

    fn mark(&self, purpose: fn(&Key) -> Option<&hmac::Key>, table: &str, columns: &[Option<&str>]) -> String {
        let current = self.current().and_then(|key| Some((&key.id, purpose(key)?)));
        current.map_or_else(String::new, |(id, key)| {
            let tag = hmac::sign(key, &row_bytes(table, columns));
            format!("{id}.{}", BASE64URL_NOPAD.encode(tag.as_ref()))
        })
    }

    fn check(
        &self,
        purpose: fn(&Key) -> Option<&hmac::Key>,
        table: &str,
        columns: &[Option<&str>],
        mark: &str,
    ) -> Result<(), SealError> {
        let (key, tag) = self.split(mark)?;
        let tag = BASE64URL_NOPAD.decode(tag.as_bytes()).map_err(|_| SealError::Tampered)?;
        let key = purpose(key).ok_or_else(|| unknown(&key.id))?;
        hmac::verify(key, &row_bytes(table, columns), &tag).map_err(|_| SealError::Tampered)
    }

    fn split<'t>(&self, text: &'t str) -> Result<(&Key, &'t str), SealError> {
        let (id, body) = text.split_once('.').ok_or(SealError::Tampered)?;
        let key = self.by_id(id).ok_or_else(|| unknown(id))?;
        Ok((key, body))
    }
}

fn unknown(id: &str) -> SealError {
    SealError::KeyUnknown(id.chars().take(16).collect())
}

fn seal_by(key: &Key, entropy: &dyn Entropy, place: Place<'_>, plain: &[u8]) -> Result<String, SealError> {
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce)?;
    let mut body = Vec::with_capacity(NONCE_LEN + plain.len() + 16);
    body.extend_from_slice(plain);
    let opens = key.opens.as_ref().ok_or_else(|| unknown(&key.id))?;
    opens
        .seal
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.bytes()), &mut body)
        .map_err(|_| SealError::Tampered)?;
    body.splice(0..0, nonce);
    Ok(format!("{}.{}", key.id, BASE64URL_NOPAD.encode(&body)))
}

fn row_bytes(table: &str, columns: &[Option<&str>]) -> Vec<u8> {
    let mut fields = Vec::with_capacity(columns.len() + 1);
    fields.push(Some(table.as_bytes()));
    fields.extend(columns.iter().map(|column| column.map(str::as_bytes)));
    frame(&fields)
}
