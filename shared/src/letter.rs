//! What can be mailed, as data: without language, layout or the address of any page. It must not know how mail is sent.

use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::door::Door;
use crate::secret::{self, Secret};
use crate::time::Timestamp;
use crate::user::{Email, User};

/// How long a notice is worth sending, in seconds.
pub const NOTICE_LIFE: i64 = 86_400;

/// How long the link in it works for who did not do what it tells, in seconds.
pub const NOT_ME_LIFE: i64 = 72 * 3600;

/// A letter and whom it is for. It only ever rests sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mail {
    /// The one recipient.
    pub to: Email,
    /// The recipient's user name.
    pub name: String,
    /// The language to write in, as a tag (`de`); the server's own where it is absent.
    pub language: Option<String>,
    /// What to tell.
    pub letter: Letter,
}

impl Mail {
    /// A letter to a user's address; `None` where none is known.
    #[must_use]
    pub fn to(user: &User, letter: Letter) -> Option<Self> {
        let to = user.email.clone()?;
        Some(Self { to, name: user.name.to_string(), language: user.language.clone(), letter })
    }
}

/// What a letter tells. Tokens and codes are secrets: they leave this only into the sealed row and the mail itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// A code for a login.
    Code {
        /// The code.
        #[serde(serialize_with = "secret::reveal")]
        code: Secret,
        /// Where it is asked for.
        door: Door,
        /// How long it is valid.
        minutes: i64,
    },
    /// A code that proves an address.
    VerifyAddress {
        /// The code.
        #[serde(serialize_with = "secret::reveal")]
        code: Secret,
        /// How long it is valid.
        minutes: i64,
    },
    /// A code without which somebody who is signed in changes nothing of what they sign in with.
    ConfirmChange {
        /// The code.
        #[serde(serialize_with = "secret::reveal")]
        code: Secret,
        /// How long it is valid.
        minutes: i64,
    },
    /// Something about the recipient's account has changed.
    Notice {
        /// What.
        event: Notice,
        /// When.
        at: Timestamp,
        /// Where it was done.
        door: Option<Door>,
        /// From where: an address, a machine.
        place: Option<String>,
        /// The token of a link for who did not do this.
        #[serde(serialize_with = "secret::reveal_some")]
        not_me: Option<Secret>,
    },
    /// A link that sets password and second factor.
    Invite {
        /// The link's token.
        #[serde(serialize_with = "secret::reveal")]
        token: Secret,
        /// Until when it works.
        until: Timestamp,
    },
    /// A link that goes on with a recovery.
    RecoveryLink {
        /// The link's token.
        #[serde(serialize_with = "secret::reveal")]
        token: Secret,
        /// How long it works.
        minutes: i64,
    },
    /// A link with which the reader of a new address takes it.
    NewAddress {
        /// The link's token.
        #[serde(serialize_with = "secret::reveal")]
        token: Secret,
        /// Until when it works.
        until: Timestamp,
    },
    /// Somebody else has changed the recipient's address: this goes to the one before.
    Moved {
        /// The new address, as far as it may be shown.
        to: String,
        /// When.
        at: Timestamp,
        /// Until when nothing goes to the new one.
        until: Timestamp,
        /// The token of a link that confirms it.
        #[serde(serialize_with = "secret::reveal")]
        confirm: Secret,
        /// The token of a link for who does not know of it.
        #[serde(serialize_with = "secret::reveal")]
        not_me: Secret,
    },
    /// Something that administrators must know at once.
    Alarm {
        /// Whom it concerns: whose account it is, or who did it.
        who: String,
        /// What.
        event: Notice,
        /// When.
        at: Timestamp,
        /// The token of a link that stops it.
        #[serde(serialize_with = "secret::reveal_some")]
        stop: Option<Secret>,
    },
    /// What has been chosen to be told of at once.
    Alerts {
        /// What has happened.
        alerts: Vec<Alert>,
        /// How much more, by event.
        more: Vec<(String, u32)>,
    },
    /// What an administrator has answered to a recovery request.
    Decision {
        /// Whether it was approved.
        approved: bool,
        /// What the administrator adds.
        note: Option<String>,
    },
}

impl Letter {
    /// The word for it: all that is logged of a letter.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Code { .. } => "code",
            Self::VerifyAddress { .. } => "verify_address",
            Self::ConfirmChange { .. } => "confirm_change",
            Self::Notice { .. } => "notice",
            Self::Invite { .. } => "invite",
            Self::RecoveryLink { .. } => "recovery_link",
            Self::NewAddress { .. } => "new_address",
            Self::Moved { .. } => "moved",
            Self::Alarm { .. } => "alarm",
            Self::Alerts { .. } => "alerts",
            Self::Decision { .. } => "decision",
        }
    }

    /// Whether administrators send this as often as they like, to whom they like.
    #[must_use]
    pub const fn is_sent_at_will(&self) -> bool {
        matches!(self, Self::Invite { .. } | Self::NewAddress { .. })
    }

    /// Whether somebody can go on only with this letter. Such a letter must not be left out silently.
    #[must_use]
    pub const fn is_waited_for(&self) -> bool {
        match self {
            Self::Code { .. }
            | Self::VerifyAddress { .. }
            | Self::ConfirmChange { .. }
            | Self::Invite { .. }
            | Self::NewAddress { .. }
            | Self::RecoveryLink { .. } => true,
            Self::Notice { .. }
            | Self::Moved { .. }
            | Self::Alarm { .. }
            | Self::Alerts { .. }
            | Self::Decision { .. } => false,
        }
    }
}

/// What a person is told about the own account, and administrators about others'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// An authenticator was added.
    AuthenticatorAdded,
    /// An authenticator was removed.
    AuthenticatorRemoved,
    /// Codes by mail were turned on.
    EmailCodeOn,
    /// Codes by mail were turned off.
    EmailCodeOff,
    /// New recovery codes were made.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// The recovery key was used.
    RecoveryKeyUsed,
    /// The password was changed.
    PasswordChanged,
    /// The mail address was changed.
    AddressChanged,
    /// A mail address that somebody else has given was confirmed.
    AddressConfirmed,
    /// A device is remembered from now on.
    DeviceRemembered,
    /// The token of a remembered device was used a second time.
    DeviceReused,
    /// Somebody asked for recovery.
    RecoveryAsked,
    /// A recovery was approved.
    RecoveryApproved,
    /// All second factors were removed by an administrator.
    FactorsReset,
    /// Somebody says that what a letter told was not their doing.
    Disowned,
    /// An administrator has a link mailed that removes the own second factors.
    AdminLinkAsked,
    /// Ten wrong codes in a row were typed behind a right first factor.
    WrongCodes,
    /// A hundred were: that second factor is held.
    Held,
    /// Less is asked of the whole organisation than before.
    Lowered,
    /// Somebody became an administrator.
    AdminMade,
    /// A token was made that lets programs act in the person's name.
    ApiTokenMade,
    /// The account was removed.
    Removed,
}

impl Notice {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::AuthenticatorAdded,
        Self::AuthenticatorRemoved,
        Self::EmailCodeOn,
        Self::EmailCodeOff,
        Self::RecoveryCodesMade,
        Self::RecoveryCodeUsed,
        Self::RecoveryKeyUsed,
        Self::PasswordChanged,
        Self::AddressChanged,
        Self::AddressConfirmed,
        Self::DeviceRemembered,
        Self::DeviceReused,
        Self::RecoveryAsked,
        Self::RecoveryApproved,
        Self::FactorsReset,
        Self::Disowned,
        Self::AdminLinkAsked,
        Self::WrongCodes,
        Self::Held,
        Self::Lowered,
        Self::AdminMade,
        Self::ApiTokenMade,
        Self::Removed,
    ];
}
