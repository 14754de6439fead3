//! The parameters of a request, decoded without losing a byte. It must not know what any of them means.

use openidconnect::url::form_urlencoded;
use thiserror::Error;

#[cfg(test)]
mod tests;

/// Decoded parameters, in the order they came.
#[derive(Debug, Clone, Default)]
pub struct Params(Vec<(String, String)>);

/// Why parameters cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a parameter is not UTF-8 text")]
pub struct NotText;

impl Params {
    /// Reads a query or a form (`application/x-www-form-urlencoded`). Unlike lenient parsers, which put a replacement
    /// character there, it refuses what is not UTF-8: `state` has to go back byte for byte.
    ///
    /// # Errors
    /// [`NotText`]
    pub fn parse(text: &[u8]) -> Result<Self, NotText> {
        text.split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let mut halves = pair.splitn(2, |byte| *byte == b'=');
                let name = decode(halves.next().unwrap_or_default())?;
                Ok((name, decode(halves.next().unwrap_or_default())?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The value of a parameter. One without a value counts as omitted (RFC 6749, 3.1).
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, value)| other == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is there more than once.
    #[must_use]
    pub fn is_repeated(&self, name: &str) -> bool {
        self.0.iter().filter(|(other, _)| other == name).count() > 1
    }

    /// A parameter that is there more than once, which no request may have (RFC 6749, 3.1).
    #[must_use]
    pub fn repeated(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.windows(2).find_map(|pair| match pair {
            [one, other] if one == other => Some(*one),
            _ => None,
        })
    }

    /// All of them but those with these names.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect())
    }

    /// The same with another value for a name, or with one.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut with = self.without(&[name]);
        with.0.push((name.to_owned(), value.to_owned()));
        with
    }

    /// The parameters as a query.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

/// Names and values as a query or form.
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Undoes form encoding. A `%` that begins no code stands for itself.
///
/// # Errors
/// [`NotText`]
pub fn decode(text: &[u8]) -> Result<String, NotText> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).map_err(|_| NotText)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
