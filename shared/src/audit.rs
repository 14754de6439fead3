//! What is recorded: a closed list of events, one record for each decision. It must hold no secret: records are made
//! of names, reason codes and numbers only.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::door::Door;
use crate::factor::Kind;
use crate::reason::Reason;
use crate::time::Timestamp;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A code was judged, or would have been.
    Code,
    /// A password was judged, or would have been.
    Password,
    /// An authenticator was confirmed.
    FactorAdded,
    /// An authenticator got another name.
    FactorRenamed,
    /// An authenticator was removed by its owner.
    FactorRemoved,
    /// Codes by mail were turned on.
    EmailCodesOn,
    /// Codes by mail were turned off.
    EmailCodesOff,
    /// A mail address was changed: the own one, or by its new reader.
    AddressChanged,
    /// A new address, which somebody else had given, was confirmed.
    AddressConfirmed,
    /// A person's authenticators were removed.
    FactorsReset,
    /// Set-up was asked of somebody who had nothing set up.
    RegistrationRequested,
    /// Something was begun that is done to many people, each with a record of its own; the detail says what.
    BulkStarted,
    /// Recovery codes or a key were made.
    RecoveryMade,
    /// A browser was remembered.
    DeviceRemembered,
    /// A remembered browser was not asked for a second factor.
    DeviceUsed,
    /// A remembered browser was forgotten by its owner.
    DeviceForgotten,
    /// A secret was shown that a remembered browser has no more: the device is forgotten.
    DeviceCopied,
    /// Set-up was put off.
    SetupPutOff,
    /// A code was mailed.
    CodeMailed,
    /// A user was added.
    UserAdded,
    /// A user was changed; the detail says what.
    UserChanged,
    /// A user was removed.
    UserDeleted,
    /// Somebody became an administrator, by whichever change.
    AdminMade,
    /// The own password was changed.
    PasswordChanged,
    /// The hold on an authenticator was lifted.
    Unlocked,
    /// A one-time link was made.
    LinkMade,
    /// A one-time link was used.
    LinkUsed,
    /// The link of an administrator was stopped by another.
    LinkStopped,
    /// Somebody who has lost the second factor asked for recovery.
    RecoveryAsked,
    /// The first of two administrators approved that.
    RecoveryAgreed,
    /// That was approved.
    RecoveryApproved,
    /// That was dismissed.
    RecoveryDismissed,
    /// Somebody said that what a letter told was not their doing: all that was begun has ended.
    Disowned,
    /// A rule was changed.
    PolicyChanged,
    /// An exemption was made.
    Exempted,
    /// A browser session began.
    SessionStarted,
    /// A browser session was ended by its owner.
    SessionEnded,
    /// A client was registered.
    ClientAdded,
    /// Nobody can sign in to a client any more, or everybody can again.
    ClientChanged,
    /// A client was removed.
    ClientDeleted,
    /// A token was made that lets somebody else register clients.
    InitialTokenMade,
    /// It was taken back.
    InitialTokenDeleted,
    /// A token was made that lets programs act in somebody's name.
    ApiTokenMade,
    /// It was taken back.
    ApiTokenDeleted,
    /// Somebody has let an application of somebody else's learn something of them.
    ConsentGiven,
    /// Somebody has taken that back, or whatever else an application had of them.
    ConsentWithdrawn,
    /// An authorization code was issued.
    CodeIssued,
    /// A ticket to an application behind a proxy was issued; the detail says where it is.
    TicketIssued,
    /// Tokens were issued for a code.
    TokenIssued,
    /// A client gave a token back.
    TokenRevoked,
    /// A code was shown a second time: everything issued from it is revoked.
    CodeReused,
    /// Tokens were issued for a refresh token.
    TokenRefreshed,
    /// A refresh token was shown a second time: everything issued from its grant is revoked.
    RefreshReused,
    /// A notice was left out, because the queue of mail is full.
    MailDropped,
    /// The clock stepped back; the floor was raised.
    ClockBack,
    /// An administrator took the clock for right.
    ClockAccepted,
    /// The database was written into a file.
    BackedUp,
    /// The database was replaced by a file's.
    Restored,
    /// A key was made, or is used from then on; the detail says which.
    KeyAdded,
    /// A key was taken out of use.
    KeyRetired,
    /// Somebody got new break-glass codes on a host; the earlier ones are void.
    BreakGlassIssued,
}

impl Event {
    /// As stored: the same word as in JSON.
    #[must_use]
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl FromStr for Event {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, UnknownEvent> {
        Self::deserialize(serde_json::Value::from(text)).map_err(|_| UnknownEvent)
    }
}

/// Not the name of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is one that records have, as `code`, `factors_reset` or `policy_changed`")]
pub struct UnknownEvent;

/// One record.
#[derive(Debug, Clone)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// How it ended; `None` is well.
    pub refused: Option<Reason>,
    /// Whom it concerns, as named in the request: perhaps nobody.
    pub user: Option<String>,
    /// Who did it, where that is not the user.
    pub actor: Option<String>,
    /// Where.
    pub door: Option<Door>,
    /// On which machine.
    pub host: Option<String>,
    /// From where: an address, a terminal, a uid.
    pub source: Option<String>,
    /// With what.
    pub factor: Option<Kind>,
    /// What else there is to say; never a secret.
    pub detail: Option<String>,
    /// The attempt that this is the verdict of: a second record for it cannot be written.
    pub attempt: Option<String>,
}

impl Record {
    /// A record of something that went well, with nothing else filled in.
    #[must_use]
    pub const fn new(at: Timestamp, event: Event) -> Self {
        Self {
            at,
            event,
            refused: None,
            user: None,
            actor: None,
            door: None,
            host: None,
            source: None,
            factor: None,
            detail: None,
            attempt: None,
        }
    }

    /// The same, about somebody.
    #[must_use]
    pub fn about(mut self, user: &impl ToString) -> Self {
        self.user = Some(user.to_string());
        self
    }

    /// The same, done by somebody else.
    #[must_use]
    pub fn by(mut self, actor: &impl ToString) -> Self {
        self.actor = Some(actor.to_string());
        self
    }

    /// The same, with more to say.
    #[must_use]
    pub fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}
