//! Forms that people send, read strictly: what a page of ours would not have sent is refused as a whole, before
//! anything is done. Every value is a secret from its first byte.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use twolatch_core::secret::Secret;
use zeroize::Zeroizing;

use super::browser::Browser;
use super::csrf;
use super::failure::{Failure, Kind};
use crate::state::App;

#[cfg(test)]
mod tests;

/// No form of ours comes near this.
pub const MAX_BODY: usize = 64 * 1024;

/// A body is there within this time.
const BODY_TIME: Duration = Duration::from_secs(10);

/// How fields begin that are there once for each row of a list: which rows are ticked.
pub const PICK: &str = "pick-";

/// Rows are at most so many; other fields are fewer by far.
const MAX_PICKS: usize = 200;
const MAX_FIELDS: usize = 16;

/// The field with the form token.
pub const TOKEN: &str = "form";

/// A form that came from a page of ours.
#[derive(Debug)]
pub struct Form {
    /// The browser that sent it.
    pub browser: Browser,
    fields: Fields,
}

/// Names and values, each name once.
#[derive(Debug)]
struct Fields(Vec<(String, Secret)>);

impl FromRequest<App> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let browser = Browser::from_request_parts(&mut parts, app).await?;
        if !csrf::is_from_here(&app.config, &parts.headers) {
            return Err(Kind::Stale.because("the request comes from another site"));
        }
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        if !is_form || parts.headers.contains_key(header::CONTENT_ENCODING) {
            return Err(
                if kind.is_empty() && parts.headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0") {
                    Kind::Stale.because("an empty request has no form token")
                } else {
                    Kind::NotAForm.because("the body is no URL-encoded form")
                },
            );
        }
        if parts.uri.query().is_some() {
            return Err(Kind::BadForm.because("a form was sent to an address with a query"));
        }
        let body = tokio::time::timeout(BODY_TIME, to_bytes(body, MAX_BODY)).await;
        let body = body.map_err(|_| Kind::Slow.because("the body did not arrive in time"))?;
        let body = body.map_err(|error| Kind::Large.because(error.to_string()))?;
        let mut fields = Fields::parse(&body).map_err(|fault| Kind::BadForm.because(fault))?;
        let token = fields.take(TOKEN);
        if !token.is_some_and(|token| csrf::is_right(app, &browser, token.expose())) {
            return Err(Kind::Stale.because("the form token is missing or of another browser or sign-in"));
        }
        Ok(Self { browser, fields })
    }
}

impl Form {
    /// The values of exactly these fields.
    ///
    /// # Errors
    /// Where one is missing, or another one is there.
    pub fn only<const N: usize>(mut self, names: [&str; N]) -> Result<(Browser, [Secret; N]), Failure> {
        let mut missing = false;
        let values = names.map(|name| {
            let value = self.fields.take(name);
            missing |= value.is_none();
            value.unwrap_or_default()
        });
        if missing || !self.fields.0.is_empty() {
            return Err(Kind::BadForm.because(format!("the fields are not exactly {names:?}")));
        }
        Ok((self.browser, values))
    }

    /// What is ticked of a list: the names of all such fields, without their start.
    #[must_use]
    pub fn picks(&mut self) -> Vec<String> {
        let (picks, others) = std::mem::take(&mut self.fields.0).into_iter().partition(|(name, _)| is_pick(name));
        self.fields.0 = others;
        let picks: Vec<(String, Secret)> = picks;
        picks.iter().filter_map(|(name, _)| name.strip_prefix(PICK)).map(str::to_owned).collect()
    }

    /// The value of a field that need not be there.
    #[must_use]
    pub fn optional(&mut self, name: &str) -> Option<Secret> {
        self.fields.take(name)
    }
}

impl Fields {
    /// Reads a form, refusing what no browser sends: a name twice, broken escapes, text that is not UTF-8, NUL.
    fn parse(body: &[u8]) -> Result<Self, &'static str> {
        let mut fields: Vec<(String, Secret)> = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?.expose().to_owned();
            let value = decode(halves.next().ok_or("a field without a value")?)?;
            let (kind, most) = (is_pick(&name), if is_pick(&name) { MAX_PICKS } else { MAX_FIELDS });
            if fields.iter().filter(|(other, _)| is_pick(other) == kind).count() == most {
                return Err("more fields than any form has");
            }
            if fields.iter().any(|(other, _)| *other == name) {
                return Err("a field is there twice");
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    fn take(&mut self, name: &str) -> Option<Secret> {
        let index = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.swap_remove(index).1)
    }
}

fn is_pick(name: &str) -> bool {
    name.starts_with(PICK)
}

fn decode(text: &[u8]) -> Result<Secret, &'static str> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match (first, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low).ok_or("a broken escape")?
            }
            (b'%', _) => return Err("a broken escape"),
            (byte, _) => *byte,
        });
    }
    if bytes.contains(&0) {
        return Err("a field holds NUL");
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| "a field is not UTF-8")?;
    Ok(Secret::new(text.to_owned()))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
