//! The users file of `pam_oath`: a token to a line, `HOTP/T30/6 user pin secret …`, the secret in hexadecimal. What comes
//! behind that are the last use: counter, code and moment.

use data_encoding::HEXLOWER_PERMISSIVE;
use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::secret::Secret;
use twolatch_core::time::Timestamp;
use zeroize::Zeroizing;

use super::{Entry, Fault, Found, HOTP};

/// Reads all of it.
#[must_use]
pub fn read(text: &str, now: Timestamp) -> Vec<Found> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(number, line)| entry(number, line, now)).collect()
}

fn entry(line: usize, text: &str, now: Timestamp) -> Found {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let [kind, owner, pin, secret, used @ ..] = fields.as_slice() else {
        // What stands where the user is expected may be a secret then.
        return Err(Fault::new(line, None, "a line has at least a type, a user, a PIN and a secret"));
    };
    let fault = |text: &str| Fault::new(line, Some(owner), text);
    let (period, digits) = kind_of(kind).ok_or_else(|| fault("this type of token is not known"))?;
    let period = period.ok_or_else(|| fault(HOTP))?;
    let bytes = HEXLOWER_PERMISSIVE.decode(secret.as_bytes()).map(Zeroizing::new);
    let secret = bytes.map_err(|_| fault("the secret is not hexadecimal"))?;
    let totp = Totp { secret, algorithm: Algorithm::Sha1, digits, period, drift: 0 };
    // The moment beside it has no time zone; whether the code could be shown now is what matters.
    let used = used.get(1).map(|code| Secret::new((*code).to_owned()));
    let last_step = used.and_then(|code| totp.matching_step(&code, now)).unwrap_or_default();
    let mut notes = Vec::new();
    if !["-", "+"].contains(pin) {
        notes.push("the PIN is not kept: the code alone follows the password".to_owned());
    }
    Ok(Entry { line, owner: Some((*owner).to_owned()), totp, label: None, last_step, scratch: Vec::new(), notes })
}

/// The seconds of a step, none for a counter, and the digits of a code.
fn kind_of(text: &str) -> Option<(Option<u32>, u8)> {
    let mut parts = text.split('/');
    if parts.next() != Some("HOTP") {
        return None;
    }
    let period = match parts.next() {
        None | Some("E") => None,
        Some("T30") => Some(30),
        Some("T60") => Some(60),
        Some(_) => return None,
    };
    let digits = match parts.next() {
        None | Some("6") => 6,
        Some("7") => 7,
        Some("8") => 8,
        Some(_) => return None,
    };
    parts.next().is_none().then_some((period, digits))
}
