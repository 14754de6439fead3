//! In which language a browser is answered: the one that the person has chosen, else the one that the web app behind the
//! sign-in asks for, else the one that the browser prefers, else the organisation's.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;

use super::cookie::Cookie;
use super::path;
use crate::config::Config;
use crate::text::Language;

#[cfg(test)]
mod tests;

/// The parameter by which any page is asked for in another language.
const PARAMETER: &str = "lang=";

/// What a request says about languages.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    asked: Option<Language>,
    kept: Option<Language>,
    accepted: Option<Language>,
    fallback: Language,
}

/// A language that a page can be read in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its tag.
    pub tag: &'static str,
    /// What it calls itself.
    pub name: String,
    /// The same page in it; none for the language that it is in.
    pub link: Option<String>,
}

impl Offer {
    /// All languages, for the foot of a page that is in this one. Without a path the links stay with the page, whatever
    /// its address; of its query they keep nothing, because a stranger may have written it.
    #[must_use]
    pub fn all(shown: Language) -> Vec<Self> {
        let offer = |language: Language| Self {
            tag: language.tag(),
            name: language.name(),
            link: (language != shown).then(|| format!("?{PARAMETER}{}", language.tag())),
        };
        Language::ALL.into_iter().map(offer).collect()
    }
}

impl Wish {
    /// What a request says.
    #[must_use]
    pub fn of(config: &Config, method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let query = uri.query().filter(|_| method == Method::GET).unwrap_or_default();
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self {
            asked: query.split('&').find_map(|pair| Language::of_tag(pair.strip_prefix(PARAMETER)?)),
            kept: Cookie::Language.read(headers, config.is_https()).and_then(|tag| Language::of_tag(&tag)),
            accepted: accepted.and_then(Language::accepted),
            fallback: config.pages.language,
        }
    }

    /// The same where a web app asks for a language that nobody has chosen.
    #[must_use]
    pub const fn of_app(self, language: Language) -> Self {
        Self { accepted: Some(language), ..self }
    }

    /// The language to answer in, where a web app may have asked for one too.
    #[must_use]
    pub fn language(&self, of_app: Option<Language>) -> Language {
        self.asked.or(self.kept).or(of_app).or(self.accepted).unwrap_or(self.fallback)
    }

    /// Keeps the language for a year, where a person has just chosen it. A web app that sends somebody chooses nothing,
    /// and what is not a page says nothing about whoever asks for it.
    pub fn keep(&self, config: &Config, uri: &Uri, response: &mut Response) {
        let Some(language) = self.asked else { return };
        let kind = response.headers().get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
        let is_page = kind.starts_with(b"text/html");
        let is_onward = response.status() == StatusCode::SEE_OTHER && !is_of_others(config, uri.path());
        if is_page || is_onward {
            Cookie::Language.set(response.headers_mut(), config.is_https(), language.tag());
        }
    }
}

/// Whether others write the query there: web apps, or through a proxy anybody.
fn is_of_others(config: &Config, path: &str) -> bool {
    let ours = path.strip_prefix(path::prefix(config)).unwrap_or_default();
    [path::AUTHORIZE, path::FORWARD].iter().any(|start| ours.starts_with(start))
}
