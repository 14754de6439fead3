//! Signing in on a device that has no browser (RFC 8628): the device shows a short code, a person types it elsewhere and says
//! yes. It must know neither HTTP nor SQL.

use crate::client::ClientId;
use crate::crypto::{Entropy, NoEntropy};
use crate::time::Timestamp;

/// How long a device waits for a person, in seconds.
pub const DEVICE_LIFE: i64 = 600;

/// How long it has to wait between two questions at the least, in seconds.
pub const INTERVAL: i64 = 5;

/// What stands in the place of a redirect URI in grants that came of a device's request: no client has such an address.
pub const NO_REDIRECT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Letters that are hard to mistake and make no words (RFC 8628, 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A request that waits for a person.
#[derive(Debug, Clone)]
pub struct DeviceRequest {
    /// What is stored of the device's code.
    pub code: String,
    /// What is stored of the code that a person types.
    pub user_code: String,
    /// Whose.
    pub client: ClientId,
    /// The scopes, as they were understood.
    pub scope: String,
    /// The address that it was asked from; empty where that is unknown.
    pub place: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when somebody can say yes.
    pub expires_at: Timestamp,
}

/// What a device is told while there is no grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Polled {
    /// Nobody has answered.
    Pending,
    /// The same, and it asks too often.
    TooOften,
    /// Somebody has said no.
    Denied,
    /// It has waited too long.
    Over,
    /// There is no such request, or none any more.
    Unknown,
}

/// A code for a person to type: eight letters, 34 bits.
///
/// # Errors
/// Where the kernel gives no randomness.
pub fn user_code(entropy: &dyn Entropy) -> Result<String, NoEntropy> {
    let mut code = String::with_capacity(8);
    while code.len() < 8 {
        let mut byte = [0];
        entropy.fill(&mut byte)?;
        // 240 is a multiple of 20: what is above would make some letters likelier.
        let [byte] = byte;
        if let (true, Some(letter)) = (byte < 240, LETTERS.get(usize::from(byte) % LETTERS.len())) {
            code.push(char::from(*letter));
        }
    }
    Ok(code)
}

/// What somebody has typed, if it can be such a code: in any case, with or without what stands between.
#[must_use]
pub fn typed(text: &str) -> Option<String> {
    let code: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let code = code.to_ascii_uppercase();
    (code.len() == 8 && code.bytes().all(|byte| LETTERS.contains(&byte))).then_some(code)
}

/// The code as it is shown.
#[must_use]
pub fn shown(code: &str) -> String {
    code.split_at_checked(4).map_or_else(|| code.to_owned(), |(one, two)| format!("{one}-{two}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SystemEntropy;

    #[test]
    fn a_code_is_read_as_it_is_shown_and_as_people_type_it() {
        for _ in 0..100 {
            let code = user_code(&SystemEntropy::new()).unwrap();
            assert_eq!(typed(&shown(&code)), Some(code.clone()));
            assert_eq!(typed(&format!(" {} ", shown(&code).to_lowercase().replace('-', " "))), Some(code));
        }
        for bad in ["", "BCDF", "BCDFGHJKL", "AEIOUAEI", "BCDF-GHJ1", "BCDF_GHJK", "ＢCDFGHJ", "BCDFGHJ\u{0}"] {
            assert_eq!(typed(bad), None, "{bad:?}");
        }
    }
}
