//! `otpauth` URIs, as QR codes hold them, one to a line; and among them the exports of Google Authenticator.

use percent_encoding::percent_decode_str;
use twolatch_core::factor::totp::{Algorithm, Totp};
use zeroize::Zeroizing;

use super::migration::{self, Account, Export, Part, Refused};
use super::{Entry, Fault, Found, HOTP, base32};

/// Reads all of them.
#[must_use]
pub fn read(text: &str) -> Vec<Found> {
    let (mut found, mut parts) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (scheme, rest) = line.split_once("://").unwrap_or((line, ""));
        match scheme.to_ascii_lowercase().as_str() {
            "otpauth" => found.push(one(number, rest)),
            "otpauth-migration" => match export(rest) {
                Ok((part, entries)) => {
                    found.extend(entries.into_iter().map(|entry| of_export(number, entry)));
                    parts.push((number, part));
                }
                Err(text) => found.push(Err(Fault::new(number, None, text))),
            },
            _ => found.push(Err(Fault::new(number, None, "an otpauth:// or otpauth-migration:// URI is expected"))),
        }
    }
    found.extend(missing(&parts));
    found.sort_by_key(super::line_of);
    found
}

/// One URI behind its scheme: `totp/Issuer:account?secret=…`.
fn one(line: usize, rest: &str) -> Found {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, label) = path.split_once('/').unwrap_or((path, ""));
    let Some(label) = decoded(label) else { return Err(Fault::new(line, None, "the label is not UTF-8")) };
    let (issuer, owner) = owner_of(&label);
    let fault = |text: String| Fault::new(line, Some(owner), text);
    match kind.to_ascii_lowercase().as_str() {
        "totp" => {}
        "hotp" => return Err(fault(HOTP.to_owned())),
        other => return Err(fault(format!("`{}` is not known; totp is", short(other)))),
    }
    let (mut secret, mut algorithm, mut digits, mut period) = (None, Algorithm::Sha1, 6, 30);
    let mut label = issuer.map(str::to_owned);
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(value) = decoded(value) else { return Err(fault(format!("{} is not UTF-8", short(name)))) };
        let malformed = |wanted: &str| fault(format!("{} is {wanted}", short(name)));
        match name.to_ascii_lowercase().as_str() {
            "secret" if secret.is_some() => return Err(malformed("there twice")),
            "secret" => secret = Some(base32::decode(&value).ok_or_else(|| malformed("not base32"))?),
            "algorithm" => {
                let named = Algorithm::named(&value.to_ascii_uppercase().replace('-', ""));
                algorithm = named.ok_or_else(|| malformed("none of SHA1, SHA256, SHA512"))?;
            }
            "digits" => digits = value.parse().map_err(|_| malformed("no number"))?,
            "period" => period = value.parse().map_err(|_| malformed("no number"))?,
            "issuer" if !value.trim().is_empty() => label = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let secret = secret.ok_or_else(|| fault("there is no secret".to_owned()))?;
    let totp = Totp { secret, algorithm, digits, period, drift: 0 };
    Ok(entry(line, owner, label, totp))
}

/// What stands in an export, behind its scheme: `offline?data=…`.
fn export(rest: &str) -> Result<Export, &'static str> {
    const NO_EXPORT: &str = "this is no export of Google Authenticator";
    let query = rest.split_once('?').map(|(_, query)| query).ok_or(NO_EXPORT)?;
    let data = query.split('&').find_map(|pair| pair.strip_prefix("data=")).ok_or(NO_EXPORT)?;
    let data = decoded(data).ok_or(NO_EXPORT)?;
    migration::read(&data).ok_or(NO_EXPORT)
}

fn of_export(line: usize, found: Result<Account, Refused>) -> Found {
    match found {
        Ok(account) => {
            let (issuer, owner) = owner_of(&account.name);
            let label = account.issuer.as_deref().map(str::trim).filter(|issuer| !issuer.is_empty()).or(issuer);
            Ok(entry(line, owner, label.map(str::to_owned), account.totp))
        }
        Err(refused) => Err(Fault::new(line, Some(owner_of(&refused.name).1), refused.why)),
    }
}

fn entry(line: usize, owner: &str, label: Option<String>, totp: Totp) -> Entry {
    let owner = Some(owner.to_owned()).filter(|owner| !owner.is_empty());
    Entry { line, owner, totp, label, last_step: 0, scratch: Vec::new(), notes: Vec::new() }
}

/// An export of many is split: all of its parts must be there.
fn missing(parts: &[(usize, Part)]) -> Vec<Found> {
    let mut missing = Vec::new();
    for (index, (line, part)) in parts.iter().enumerate() {
        let is_first = parts.iter().take(index).all(|(_, other)| other.batch != part.batch);
        for wanted in (0..part.of).filter(|_| is_first) {
            if !parts.iter().any(|(_, other)| other.batch == part.batch && other.number == wanted) {
                let text = format!("part {} of {} of this export is missing", wanted + 1, part.of);
                missing.push(Err(Fault::new(*line, None, text)));
            }
        }
    }
    missing
}

/// Who issued it, and whose it is: `Issuer:account`.
fn owner_of(label: &str) -> (Option<&str>, &str) {
    match label.split_once(':') {
        Some((issuer, owner)) => (Some(issuer.trim()).filter(|issuer| !issuer.is_empty()), owner.trim()),
        None => (None, label.trim()),
    }
}

fn decoded(text: &str) -> Option<Zeroizing<String>> {
    // In one piece from the start: what is moved is not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    bytes.extend(percent_decode_str(text));
    std::str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
}

/// A word of the file, fit to be shown.
fn short(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).take(16).collect()
}
