//! The page on which something is done to somebody or something: it says what follows before it is done, and asks for what is
//! needed. It must not know what that is.

use askama::Template;

use super::{Console, Here};
use crate::pages::said::Said;
use crate::text::Text;
use crate::web::frame::Frame;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_act.html")]
pub struct ActPage {
    pub(super) frame: Frame,
    pub(super) console: Console,
    /// Where its form goes.
    pub(super) to: String,
    /// Where values are replaced: what they are made from.
    pub(super) version: Option<String>,
    pub(super) title: Text,
    /// What follows.
    pub(super) points: Vec<Text>,
    pub(super) asked: Field,
    pub(super) submit: Text,
    pub(super) destroys: bool,
    /// Where one turns back to.
    pub(super) back: (String, Text),
    pub(super) said: Said,
}

/// What is to be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Nothing,
    /// One of these words.
    Choice(Text, Vec<Choice>),
    /// A text, with a hint.
    Line(Text, String, Text),
    /// A text of several lines, with a hint.
    Lines(Text, String, Text),
    /// A mail address.
    Address(Text),
}

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) word: &'static str,
    pub(super) text: Text,
    pub(super) is_now: bool,
}
