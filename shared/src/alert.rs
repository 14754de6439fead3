//! What administrators want to be told of at once, as data. It must not know how it is told.

use serde::{Deserialize, Serialize};

use crate::audit::Event;

/// Seconds over which wrong codes are counted.
pub const WINDOW: i64 = 3600;

/// What is worth an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Each record of these.
    pub events: Vec<Event>,
    /// So many wrong codes of one person, behind a right first factor, within [`WINDOW`].
    pub wrong_codes_per_person: i64,
    /// So many of all people.
    pub wrong_codes_in_all: i64,
}

/// Something to be told. What is absent is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What makes it this one: the record, or the person and the hour. Who receives it twice can tell by this.
    pub id: String,
    /// When, seconds since 1970.
    pub at: i64,
    /// The event of the record, [`WRONG_CODES`] or [`WRONG_CODES_IN_ALL`].
    pub event: String,
    /// How it ended: `ok` or a reason code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Whom it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub door: Option<String>,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
}

impl Alert {
    /// Whether it is about less that is asked of somebody, or more that somebody may: told before what happens every day,
    /// however much of that there is.
    #[must_use]
    pub fn weighs(&self) -> bool {
        let heavy = [Event::PolicyChanged, Event::Exempted, Event::FactorsReset];
        let says_role =
            || self.detail.iter().flat_map(|detail| detail.split(", ")).any(|part| part.starts_with("role "));
        match self.event.parse::<Event>() {
            Ok(Event::UserChanged) => says_role(),
            Ok(event) => heavy.contains(&event),
            Err(_) => false,
        }
    }
}

/// The event of an alert about one person's wrong codes.
pub const WRONG_CODES: &str = "wrong_codes";

/// The event of an alert about all people's.
pub const WRONG_CODES_IN_ALL: &str = "wrong_codes_in_all";
