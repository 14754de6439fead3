//! The file of google-authenticator's PAM module: the secret in the first line, options in lines that begin with `" `, and
//! scratch codes of eight digits.

use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::secret::Secret;
use twolatch_core::time::Timestamp;

use super::{Entry, Fault, HOTP, base32};

/// The module reads no larger file.
pub const MAX_BYTES: u64 = 64 * 1024;

/// Seconds by which a clock may be wrong: what two codes in a row bring into line.
const MOST_SKEW: i64 = 3600;

/// What the options say.
#[derive(Default)]
struct Options {
    totp: bool,
    hotp: bool,
    step: Option<u32>,
    window: Option<i64>,
    skew: i64,
    used: Vec<i64>,
}

/// Reads one person's file.
///
/// # Errors
/// Why it is not taken over.
pub fn read(text: &str, now: Timestamp) -> Result<Entry, Fault> {
    let mut lines = (1..).zip(text.lines());
    let fault = |line, text: String| Fault::new(line, None, text);
    let secret = lines.next().map(|(_, line)| line.trim_end()).unwrap_or_default();
    let Some(secret) = base32::decode_google(secret) else {
        return Err(fault(
            1,
            "this is no file of google-authenticator: its first line is no secret in base32".to_owned(),
        ));
    };
    let (mut options, mut scratch, mut notes) = (Options::default(), Vec::new(), Vec::new());
    for (number, line) in lines {
        let line = line.trim_end();
        if let Some(option) = line.strip_prefix('"') {
            options.take(option).map_err(|text| fault(number, text))?;
        } else if line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit()) {
            scratch.push(Secret::new(line.to_owned()));
        } else if !line.trim().is_empty() {
            notes.push(format!("line {number} is neither an option nor a scratch code, and is left out"));
        }
    }
    if options.hotp {
        return Err(fault(1, HOTP.to_owned()));
    }
    if !options.totp {
        return Err(fault(1, "the file has no TOTP_AUTH: google-authenticator itself takes no code of it".to_owned()));
    }
    let totp =
        Totp { secret, algorithm: Algorithm::Sha1, digits: 6, period: options.step.unwrap_or(30), drift: options.skew };
    totp.check().map_err(|error| fault(1, error.to_string()))?;
    if options.skew.saturating_mul(i64::from(totp.period)).saturating_abs() > MOST_SKEW {
        let text = "TIME_SKEW: the clock of this phone is wrong by more than an hour; set it right, and bring \
                    google-authenticator into line again (or remove the line)";
        return Err(fault(1, text.to_owned()));
    }
    let last_step = options.used.iter().copied().max().unwrap_or_default();
    if last_step > totp.step_at(now) + options.skew + MOST_SKEW / i64::from(totp.period) {
        return Err(fault(1, "DISALLOW_REUSE has a code of the future: was this machine's clock ahead?".to_owned()));
    }
    if let Some(window) = options.window.filter(|window| *window > 3) {
        notes.push(format!("WINDOW_SIZE {window} is not kept: the present code and the one before it are taken"));
    }
    if options.skew != 0 {
        notes.push(format!("the phone's clock is off by {} s: that is kept", options.skew * i64::from(totp.period)));
    }
    Ok(Entry { line: 1, owner: None, totp, label: None, last_step, scratch, notes })
}

impl Options {
    /// Takes a line behind its quotation mark. One that is not known changes nothing, as with the module.
    fn take(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let number = |word: Option<&str>| {
            let number = word.and_then(|word| word.parse::<i64>().ok());
            number.ok_or_else(|| format!("{name} wants a number"))
        };
        match name {
            "TOTP_AUTH" => self.totp = true,
            "HOTP_COUNTER" => self.hotp = true,
            "STEP_SIZE" => self.step = Some(u32::try_from(number(words.next())?).unwrap_or_default()),
            "WINDOW_SIZE" => self.window = Some(number(words.next())?),
            "TIME_SKEW" => self.skew = number(words.next())?,
            "DISALLOW_REUSE" => {
                for word in words {
                    self.used.push(number(Some(word))?);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
