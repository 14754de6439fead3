//! The export of Google Authenticator: a message of protocol buffers in base 64. Of that format no more is read here than
//! the message needs: numbers, and bytes with their length.

use data_encoding::BASE64_NOPAD;
use twolatch_core::factor::totp::{Algorithm, Totp};
use zeroize::Zeroizing;

use super::HOTP;

/// No export has more parts.
const MOST_PARTS: u64 = 100;

/// Which part of an export this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The export.
    pub batch: u64,
    /// Its part, counted from 0.
    pub number: u64,
    /// How many there are.
    pub of: u64,
}

/// One account in it.
#[derive(Debug)]
pub struct Account {
    /// Whose.
    pub name: String,
    /// Who issued it.
    pub issuer: Option<String>,
    /// How its codes are made.
    pub totp: Totp,
}

/// One that is not taken over.
#[derive(Debug)]
pub struct Refused {
    /// Whose.
    pub name: String,
    /// Why.
    pub why: &'static str,
}

/// A part, and what is in it.
pub type Export = (Part, Vec<Result<Account, Refused>>);

/// A field of a message.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Reads the text behind `data=`; nothing where it is no such message.
#[must_use]
pub fn read(data: &str) -> Option<Export> {
    let plain: Zeroizing<String> = Zeroizing::new(
        data.trim_end_matches('=')
            .chars()
            .map(|character| match character {
                // As programs write it that have read it from an address.
                '-' | ' ' => '+',
                '_' => '/',
                other => other,
            })
            .collect(),
    );
    let bytes = Zeroizing::new(BASE64_NOPAD.decode(plain.as_bytes()).ok()?);
    let (mut accounts, mut part) = (Vec::new(), Part { batch: 0, number: 0, of: 1 });
    for field in fields(&bytes)? {
        match field {
            (1, Value::Bytes(account)) => accounts.push(account_in(account)?),
            (3, Value::Number(of)) => part.of = of.max(1),
            (4, Value::Number(number)) => part.number = number,
            (5, Value::Number(batch)) => part.batch = batch,
            _ => {}
        }
    }
    (part.of <= MOST_PARTS && part.number < part.of && !accounts.is_empty()).then_some((part, accounts))
}

fn account_in(bytes: &[u8]) -> Option<Result<Account, Refused>> {
    let (mut secret, mut name, mut issuer) = (None, String::new(), None);
    let (mut algorithm, mut digits, mut kind) = (0, 0, 0);
    for field in fields(bytes)? {
        match field {
            (1, Value::Bytes(bytes)) => secret = Some(Zeroizing::new(bytes.to_vec())),
            (2, Value::Bytes(bytes)) => std::str::from_utf8(bytes).ok()?.clone_into(&mut name),
            (3, Value::Bytes(bytes)) => issuer = Some(std::str::from_utf8(bytes).ok()?.to_owned()),
            (4, Value::Number(number)) => algorithm = number,
            (5, Value::Number(number)) => digits = number,
            (6, Value::Number(number)) => kind = number,
            _ => {}
        }
    }
    // What is not said is what every app does.
    let algorithm = match algorithm {
        0 | 1 => Some(Algorithm::Sha1),
        2 => Some(Algorithm::Sha256),
        3 => Some(Algorithm::Sha512),
        _ => None,
    };
    let digits = match digits {
        0 | 1 => Some(6),
        2 => Some(8),
        _ => None,
    };
    let refused = |why| Some(Err(Refused { name: name.clone(), why }));
    match (kind, algorithm, digits, secret) {
        (1, ..) => refused(HOTP),
        (0 | 2, Some(algorithm), Some(digits), Some(secret)) => {
            let totp = Totp { secret, algorithm, digits, period: 30, drift: 0 };
            Some(Ok(Account { name, issuer, totp }))
        }
        (0 | 2, Some(_), Some(_), None) => refused("there is no secret"),
        (0 | 2, None, ..) => refused("its hash is none of SHA1, SHA256, SHA512"),
        (0 | 2, ..) => refused("its codes have neither six nor eight digits"),
        _ => refused("its type is not known"),
    }
}

/// All fields of a message, by number; nothing where it ends too early, or has what no message here has.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Value<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let (tag, rest) = number(bytes)?;
        let (value, rest) = match tag & 7 {
            0 => {
                let (value, rest) = number(rest)?;
                (Some(Value::Number(value)), rest)
            }
            2 => {
                let (length, rest) = number(rest)?;
                let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (Some(Value::Bytes(value)), rest)
            }
            1 => (None, rest.get(8..)?),
            5 => (None, rest.get(4..)?),
            _ => return None,
        };
        fields.extend(value.map(|value| (tag >> 3, value)));
        bytes = rest;
    }
    Some(fields)
}

/// A number in groups of seven bits, the lowest first.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (index * 7).min(63);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}
