//! The part of a page that shows a new authenticator: QR code and key. Both are secrets; they stand in no address and
//! no log.

use twolatch_core::login::setup::Pending;
use twolatch_core::qr;
use twolatch_core::secret::Secret;
use twolatch_core::user::User;

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
