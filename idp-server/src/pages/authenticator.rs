//! The page that shows a new authenticator and asks for codes of it: at sign-in and behind a one-time link. QR code and
//! key are secrets; they stand in no address and no log.

use askama::Template;
use twolatch_core::login::setup::Pending;
use twolatch_core::qr;
use twolatch_core::secret::Secret;
use twolatch_core::user::User;

use super::said::Said;
use crate::web::frame::Frame;
use crate::web::notice::Notice;

/// The page.
#[derive(Debug, Template)]
#[template(path = "authenticator.html")]
pub struct AuthenticatorPage {
    /// Its frame.
    pub frame: Frame,
    /// Where its form goes.
    pub action: String,
    /// What its form carries, where nothing else remembers it.
    pub draft: Option<String>,
    /// What is set up.
    pub new: Authenticator,
    /// What is said about the last try.
    pub said: Said,
}

impl AuthenticatorPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame, action: &str, draft: Option<&str>) -> Vec<Self> {
        let page = |has_first: bool, said: Option<Notice>| Self {
            frame: frame.clone(),
            action: action.to_owned(),
            draft: draft.map(str::to_owned),
            new: Authenticator::sample(has_first),
            said: said.into(),
        };
        vec![
            page(false, None),
            page(true, None),
            page(false, Some(Notice::WrongNewCode)),
            page(true, Some(Notice::WrongNewCode)),
        ]
    }
}

/// An authenticator that is being set up, as it is shown.
#[derive(Debug, Clone, Default)]
pub struct Authenticator {
    /// The QR code as an SVG element; empty where it cannot be drawn.
    pub qr: Secret,
    /// The key in groups of four.
    pub key: Secret,
    /// Under which name the app lists it.
    pub account: String,
    /// The first code was right; the next one is awaited.
    pub has_first: bool,
}

impl Authenticator {
    /// What is shown of a pending authenticator.
    #[must_use]
    pub fn of(pending: &Pending, organisation: &str, user: &User) -> Self {
        Self {
            qr: qr::for_page(&pending.uri(organisation, user)).map(Secret::new).unwrap_or_default(),
            key: pending.key(),
            account: user.name.to_string(),
            has_first: pending.has_first(),
        }
    }

    /// An example, for tests.
    #[must_use]
    pub fn sample(has_first: bool) -> Self {
        Self {
            qr: Secret::new("<svg width=\"41\" height=\"41\" viewBox=\"0 0 41 41\"></svg>".to_owned()),
            key: Secret::new("JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP".to_owned()),
            account: "alice".to_owned(),
            has_first,
        }
    }
}
