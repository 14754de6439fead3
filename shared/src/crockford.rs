//! Crockford's base 32 with his check character: what people copy from paper without mistaking a letter for a digit. It
//! must not know what is written in it.

use crate::secret::Secret;

#[cfg(test)]
mod tests;

/// The digits, by value. `I`, `L`, `O` and `U` are none.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Check values run from 0 to 36; only texts whose check value has a digit are made.
const MODULUS: u32 = 37;

/// Brings what was typed to the one form: upper case, without blanks and hyphens, `O` as 0, `I` and `L` as 1. Nothing
/// where another character occurs, or where the last character is not the check over the ones before.
#[must_use]
pub fn read(typed: &str) -> Option<Secret> {
    let mut text = String::with_capacity(typed.len());
    for character in typed.chars() {
        match character.to_ascii_uppercase() {
            ' ' | '-' => {}
            'O' => text.push('0'),
            'I' | 'L' => text.push('1'),
            other if value(other).is_some() => text.push(other),
            _ => return None,
        }
    }
    let text = Secret::new(text);
    let (body, last) = text.expose().split_at_checked(text.expose().len().checked_sub(1)?)?;
    let holds = value(last.chars().next()?)? == remainder(body)?;
    holds.then(|| text.clone())
}

/// The text with its check character; nothing where that would be none of the digits: take another text then.
#[must_use]
pub fn with_check(body: &str) -> Option<Secret> {
    let check = DIGITS.get(usize::try_from(remainder(body)?).ok()?)?;
    Some(Secret::new(format!("{body}{}", char::from(*check))))
}

/// Bytes as digits, five bits in each; the last is filled up with zeroes.
#[must_use]
pub fn digits(bytes: &[u8]) -> Secret {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(digit(held >> bits));
        }
    }
    if bits > 0 {
        text.push(digit(held << (5 - bits)));
    }
    Secret::new(text)
}

/// The digit of the last five bits.
fn digit(bits: u32) -> char {
    let value = usize::try_from(bits & 31).unwrap_or_default();
    DIGITS.get(value).copied().map_or('0', char::from)
}

fn value(character: char) -> Option<u32> {
    let position = DIGITS.iter().position(|digit| char::from(*digit) == character)?;
    u32::try_from(position).ok()
}

fn remainder(body: &str) -> Option<u32> {
    body.chars().try_fold(0, |sum, character| Some((sum * 32 + value(character)?) % MODULUS))
}
