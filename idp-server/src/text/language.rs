//! The languages that there are, and which of them somebody asks for. It must not know how.

use serde::{Deserialize, Serialize};

use super::t;

#[cfg(test)]
mod tests;

/// A language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Indonesian.
    Id,
}

impl Language {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::En, Self::Id];

    /// The tag of BCP 47.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Id => "id",
        }
    }

    /// What it calls itself.
    #[must_use]
    pub fn name(self) -> String {
        t("language-name").in_language(self).plain()
    }

    /// The language of a tag, wherever it is spoken: `id-ID`, `en-GB`.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The first that we have, of tags in the order of preference, as in `ui_locales`.
    #[must_use]
    pub fn of_tags(tags: &str) -> Option<Self> {
        tags.split_ascii_whitespace().find_map(Self::of_tag)
    }

    /// The one that an `Accept-Language` header likes best (RFC 9110, 12.5.4); of equals the first.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let liked = header.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let language = Self::of_tag(parts.next()?)?;
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1000), thousandths)?;
            (weight > 0).then_some((weight, language))
        });
        // The last of equals would win otherwise.
        liked.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, language)| language)
    }
}

/// `0.5` is 500. No number of any other form, of which some would not even have an order.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "0" if digits => format!("{part:0<3}").parse().ok(),
        "1" if digits => Some(1000),
        _ => None,
    }
}
