//! What pages of the console say about one person, about requests, and about adding people.

use serde::{Deserialize, Serialize};
use twolatch_core::login::manage::ManageError;
use twolatch_core::store::StoreError;

use super::Notice;
use crate::web::failure::Failure;
use crate::web::path::person::Act;

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonNotice {
    /// It is done.
    Done(Act),
    /// The person is removed.
    Removed(String),
    /// The person is added.
    Added,
    /// The person is added, and a link is on its way.
    AddedAndInvited,
    /// So many were added.
    Imported(u32),
    /// The request is approved.
    Approved(String),
    /// It is, by the first of two.
    ApprovedFirst(String),
    /// The request is dismissed.
    Dismissed(String),
    /// Why nothing was changed.
    Not(Refusal),
}

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It is the own account.
    Own,
    /// Nobody else could administer.
    LastAdmin,
    /// Somebody else changed the same just now.
    Meanwhile,
    /// There is no address.
    NoAddress,
    /// The address is held for so many hours.
    Held(u32),
    /// Nothing is held.
    NotHeld,
    /// They have given the address themselves.
    OwnAddress,
    /// Administrators change their own.
    AdminsAddress,
    /// The name or address is somebody's.
    Taken,
    /// No mail can be sent.
    NoMail,
    /// Too much mail waits.
    MailFull,
    /// The configuration does not allow it.
    Locked,
    /// What was typed is no role.
    BadRole,
    /// What was typed is no level.
    BadLevel,
    /// What was typed is no choice of methods.
    BadMethods,
    /// What was typed is no group.
    BadGroup,
    /// What was typed is no address.
    BadAddress,
    /// What was typed is no name.
    BadName,
    /// Nobody waits for an answer.
    NoRequest,
    /// It is the own request.
    OwnRequest,
    /// They have approved already; a second one has to.
    Agreed,
    /// It begins with the person's own request.
    NeedsRequest,
    /// It is too early for so many hours.
    TooEarly(u32),
}

impl From<PersonNotice> for Notice {
    fn from(notice: PersonNotice) -> Self {
        Self::Person(notice)
    }
}

impl From<Refusal> for Notice {
    fn from(refusal: Refusal) -> Self {
        Self::Person(PersonNotice::Not(refusal))
    }
}

impl Refusal {
    /// What a page says of an error; what no page has words for is a failure.
    ///
    /// # Errors
    /// That failure.
    pub fn of(error: ManageError) -> Result<Self, Failure> {
        let hours = |hours: i64| u32::try_from(hours).unwrap_or(u32::MAX);
        Ok(match error {
            ManageError::Taken(_) | ManageError::TakenMeanwhile => Self::Taken,
            ManageError::NoAddress(_) => Self::NoAddress,
            ManageError::Held(_, left) => Self::Held(hours(left)),
            ManageError::NotHeld(_) => Self::NotHeld,
            ManageError::OwnAddress(_) => Self::OwnAddress,
            ManageError::AdminsAddress(_) => Self::AdminsAddress,
            ManageError::NoMail => Self::NoMail,
            ManageError::Locked => Self::Locked,
            ManageError::NoRequest(_) => Self::NoRequest,
            ManageError::OwnRequest => Self::OwnRequest,
            ManageError::Agreed(_) => Self::Agreed,
            ManageError::NeedsRequest(_) => Self::NeedsRequest,
            ManageError::TooEarly(left) => Self::TooEarly(hours(left)),
            ManageError::NoUser(_) | ManageError::Store(StoreError::Conflict) => Self::Meanwhile,
            ManageError::Store(StoreError::LastAdmin) => Self::LastAdmin,
            ManageError::Store(StoreError::MailFull) => Self::MailFull,
            ManageError::Store(error) => return Err(error.into()),
            other => return Err(StoreError::Other(other.to_string()).into()),
        })
    }
}
