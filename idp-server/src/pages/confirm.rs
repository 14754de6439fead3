//! The page behind a mailed link: what the link does, and one button that does it. Looking changes nothing, for mail
//! scanners look too.

use askama::Template;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;

use super::Detour;
use crate::text::Text;
use crate::web::failure::Kind;
use crate::web::frame::Frame;

/// The page.
#[derive(Debug, Template)]
#[template(path = "confirm.html")]
pub struct ConfirmPage {
    /// Its frame.
    pub frame: Frame,
    /// Where its form goes.
    pub link: String,
    /// Its heading.
    pub title: Text,
    /// Whom it concerns.
    pub lead: Text,
    /// What happens.
    pub points: Vec<Text>,
    /// What stands on the button.
    pub submit: Text,
}

/// Used, expired, replaced, never made: all are over.
pub(super) fn over(fault: Fault) -> Detour {
    match fault {
        Fault::Over => Kind::LinkOver.because("the link is over").into(),
        Fault::Refused(Reason::NotAllowed) => Kind::OtherBrowser.because("the link is of another sign-in").into(),
        other => other.into(),
    }
}
