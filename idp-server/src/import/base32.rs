//! Base 32 as authenticator apps read it: whatever the case, with blanks and hyphens between, with or without padding; bits
//! that fill no byte are left out. It must not know what is written in it.

use zeroize::Zeroizing;

/// No secret is longer.
const MOST: usize = 1024;

/// The bytes; nothing where another character occurs, or nothing is there.
#[must_use]
pub fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    read(text, |character| character)
}

/// The same with the digits that google-authenticator takes for the letters that they look like.
#[must_use]
pub fn decode_google(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    read(text, |character| match character {
        '0' => 'O',
        '1' => 'L',
        '8' => 'B',
        other => other,
    })
}

fn read(text: &str, alike: fn(char) -> char) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim().trim_end_matches('=');
    if text.len() > MOST {
        return None;
    }
    // As long as it can get: what is moved is not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut bits, mut count) = (0_u32, 0_u32);
    for character in text.chars().filter(|character| !character.is_ascii_whitespace() && *character != '-') {
        let value = match alike(character).to_ascii_uppercase() {
            letter @ 'A'..='Z' => u32::from(letter) - u32::from('A'),
            digit @ '2'..='7' => u32::from(digit) - u32::from('2') + 26,
            _ => return None,
        };
        bits = (bits << 5 | value) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}
