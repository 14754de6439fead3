//! What every page is set in: the organisation's name and marks, the language, the links, and the form token. It must
//! not know the page.

use openidconnect::url::form_urlencoded::Serializer;
use twolatch_core::time::Timestamp;

use super::language::{Offer, Wish};
use super::path::Links;
use crate::config::Config;
use crate::date::Moment;
use crate::text::{Language, Text, t};

/// The frame of a page.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Whose system this is.
    pub organisation: String,
    /// Addresses.
    pub links: Links,
    /// The token for its forms.
    pub token: String,
    /// What the page is written in.
    pub language: Language,
    /// What else it can be read in.
    pub languages: Vec<Offer>,
    /// The address of the organisation's logo, if it has one.
    pub logo: Option<String>,
    /// The address of the style sheet with the organisation's colour, if it has one.
    pub accent: Option<String>,
}

impl Frame {
    /// The frame for a browser that wants this language; `token` is for its forms.
    #[must_use]
    pub fn of(config: &Config, wish: &Wish, of_app: Option<Language>, token: String) -> Self {
        let (links, language) = (Links::of(config), wish.language(of_app));
        Self {
            organisation: config.organisation.clone(),
            token,
            language,
            languages: Offer::all(language),
            logo: config.pages.logo.as_ref().map(|logo| links.logo(&logo.version)),
            accent: config.pages.accent.map(|accent| links.accent(accent)),
            links,
        }
    }

    /// The same page in another language has to be asked for with this parameter too. Only what has been checked: a
    /// stranger may have written the query of a page.
    #[must_use]
    pub fn keeping(mut self, name: &str, value: &str) -> Self {
        for link in self.languages.iter_mut().filter_map(|offer| offer.link.as_mut()) {
            link.push('&');
            link.push_str(&Serializer::new(String::new()).append_pair(name, value).finish());
        }
        self
    }

    /// The text with this key, in the language of the page.
    #[must_use]
    pub fn t(&self, key: &'static str) -> Text {
        t(key).in_language(self.language)
    }

    /// A text from elsewhere, in the language of the page.
    #[must_use]
    pub fn say(&self, text: &Text) -> Text {
        text.clone().in_language(self.language)
    }

    /// A date.
    #[must_use]
    pub fn day(&self, moment: &Timestamp) -> Moment {
        Moment::day(*moment, self.language)
    }

    /// Date and time.
    #[must_use]
    pub fn minute(&self, moment: &Timestamp) -> Moment {
        Moment::minute(*moment, self.language)
    }

    /// An example, for tests: a name that would do harm if it were not escaped.
    #[must_use]
    pub fn sample(language: Language) -> Self {
        Self {
            organisation: "Example <Org> & 'Co' {{7*7}}".to_owned(),
            token: "k.token".to_owned(),
            language,
            languages: Offer::all(language),
            ..Self::default()
        }
    }

    /// The same, with all that an organisation can have of its own.
    #[must_use]
    pub fn branded(self) -> Self {
        let (logo, accent) = (Some("/static/logo?v=1".to_owned()), Some("/static/accent.css?v=1".to_owned()));
        Self { logo, accent, ..self }
    }
}
