//! Why a login was refused, in words that never change: the same code in the journal, the audit and the answer to a
//! host. It must not know how the refusal is shown to the person, who is told as little as possible.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stable reason code with the operator's next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The code is not right.
    Wrong,
    /// What was typed is no code: not judged, not counted.
    Malformed,
    /// A right code whose time step is already spent.
    Replay,
    /// The budget of tries is spent for now; nothing was judged.
    Wait,
    /// One hundred consecutive failures: the authenticator is held.
    Held,
    /// No such account.
    Unknown,
    /// The account is disabled.
    Disabled,
    /// The password is not right.
    Password,
    /// Nothing vouches for a first factor.
    NoEvidence,
    /// A second factor is required, none is set up and set-up is not open here.
    NotEnrolled,
    /// The person must set up, but the window is closed.
    SetupClosed,
    /// The attempt is too old.
    AttemptExpired,
    /// The mailed code is too old; nothing was judged.
    CodeExpired,
    /// Somebody else has changed the address lately: neither link nor code goes there.
    AddressHeld,
    /// The authenticator was not confirmed in time; nothing of it is kept.
    EnrolPendingExpired,
    /// The attempt has had its verdict, or is not of this login.
    AttemptInvalid,
    /// Policy or account changed while the person was typing.
    AttemptOutdated,
    /// Policy asks for no code, and the PAM line has no `nullok`.
    NullokAbsent,
    /// The login was complete without the code that policy asks for.
    CodeMissing,
    /// The host answered the prompt with the password.
    HostCannotPrompt,
    /// sshd has already refused this account and hides it.
    HostRefused,
    /// The peer may not ask this.
    NotAllowed,
    /// Too many prompts in one conversation.
    TooManyPrompts,
    /// The host could not hold a conversation.
    Conversation,
    /// The name of the person changed during the login.
    UserChanged,
    /// The server gave no answer in time.
    NoAnswer,
    /// The answer was not one to this question.
    BadAnswer,
    /// The socket's path, or who listens there, cannot be trusted.
    UnsafePath,
    /// The module's line in the PAM file has an argument it does not know.
    BadArgument,
    /// Module and server speak different versions.
    Version,
    /// Too many requests wait.
    Busy,
    /// The database is locked by another process.
    StoreBusy,
    /// The database takes too long.
    StoreSlow,
    /// The database's disk is full.
    StoreFull,
    /// The database cannot be read or written.
    StoreIo,
    /// The database server cannot be reached.
    StoreDown,
    /// The commit may or may not have happened: denied, and the code may be spent.
    OutcomeUnknown,
    /// A row was changed by something else than Twolatch.
    RowMac,
    /// A row is sealed with a key that this server does not have.
    KeyUnknown,
    /// The clock went back.
    ClockBack,
    /// A stored password hash asks for more than is allowed.
    HashParams,
    /// The kernel gives no randomness.
    NoEntropy,
    /// Anything else that should not happen.
    Internal,
}

impl Reason {
    /// All of them, in their order.
    pub const ALL: [Self; 43] = [
        Self::Wrong,
        Self::Malformed,
        Self::Replay,
        Self::Wait,
        Self::Held,
        Self::Unknown,
        Self::Disabled,
        Self::Password,
        Self::NoEvidence,
        Self::NotEnrolled,
        Self::SetupClosed,
        Self::AttemptExpired,
        Self::CodeExpired,
        Self::AddressHeld,
        Self::EnrolPendingExpired,
        Self::AttemptInvalid,
        Self::AttemptOutdated,
        Self::NullokAbsent,
        Self::CodeMissing,
        Self::HostCannotPrompt,
        Self::HostRefused,
        Self::NotAllowed,
        Self::TooManyPrompts,
        Self::Conversation,
        Self::UserChanged,
        Self::NoAnswer,
        Self::BadAnswer,
        Self::UnsafePath,
        Self::BadArgument,
        Self::Version,
        Self::Busy,
        Self::StoreBusy,
        Self::StoreSlow,
        Self::StoreFull,
        Self::StoreIo,
        Self::StoreDown,
        Self::OutcomeUnknown,
        Self::RowMac,
        Self::KeyUnknown,
        Self::ClockBack,
        Self::HashParams,
        Self::NoEntropy,
        Self::Internal,
    ];

    /// What the operator does about it.
    #[must_use]
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::Wrong => "the person types the code that the app shows now; check the phone's clock",
            Self::Malformed => "the person types the digits that the app shows",
            Self::Replay => "the person waits for the next code",
            Self::Wait => "wait until the delay has passed; `twolatch user show NAME` says until when",
            Self::Held => "run `twolatch user unlock NAME` once you know who has been trying",
            Self::Unknown => "add the account with `twolatch user add NAME`",
            Self::Disabled => "run `twolatch user enable NAME` if the account should work",
            Self::Password => "the person types the Twolatch password, not the Linux one",
            Self::NoEvidence => {
                "put a `requisite` password line before `first=stack`, or ask for a key with `first=key`"
            }
            Self::NotEnrolled => "set up an authenticator on the web, or run `twolatch factor reset NAME`",
            Self::SetupClosed => "open set-up again with `twolatch factor reset NAME`",
            Self::CodeExpired => "the person asks for another mail",
            Self::AddressHeld => {
                "another administrator runs `twolatch user confirm-address NAME`, or the person confirms"
            }
            Self::EnrolPendingExpired => "the person logs in again and sets up anew, within fifteen minutes",
            Self::AttemptExpired | Self::AttemptInvalid | Self::AttemptOutdated => "the person logs in again",
            Self::NullokAbsent => "add `nullok` to the PAM line if people who are not asked may pass",
            Self::CodeMissing => {
                "sshd asked for no code: set `AuthenticationMethods publickey,keyboard-interactive`, or exempt with `twolatch policy exempt`"
            }
            Self::HostCannotPrompt => {
                "set `KbdInteractiveAuthentication yes` and `PasswordAuthentication no` in sshd, or leave Twolatch out of a program that cannot ask twice"
            }
            Self::HostRefused => "sshd refuses this account by its own settings (PermitRootLogin, AllowUsers)",
            Self::NotAllowed => "only root may ask about other accounts",
            Self::TooManyPrompts => "the person logs in again; `prompts=N` sets how often is asked",
            Self::Conversation => "the program that asks could not show the prompt or was closed",
            Self::UserChanged => "another PAM module changed the user name during the login; put it before Twolatch",
            Self::NoAnswer => "check that `twolatch serve` runs and that its socket is the one named by `socket=`",
            Self::BadAnswer => "check what listens on the socket; its answer was not one to the question asked",
            Self::UnsafePath => {
                "the socket and every folder above it must belong to root or to Twolatch's account, and break-glass codes to root alone"
            }
            Self::BadArgument => "correct the line in /etc/pam.d",
            Self::Version => "install the same version of the module and of the server",
            Self::Busy => "the server is overloaded; the person tries again in a moment",
            Self::StoreBusy => "another process holds the database; find it with `fuser` on the database file",
            Self::StoreSlow => "check what keeps the database busy, and its disk",
            Self::StoreFull => "free space on the disk of the database",
            Self::StoreIo => "check the disk and the permissions of the database",
            Self::StoreDown => "check that PostgreSQL runs and accepts connections",
            Self::OutcomeUnknown => "the person types the next code",
            Self::RowMac => "somebody changed the database by hand: put the row back, or restore a backup",
            Self::KeyUnknown => "restore the key that the message names to the key ring",
            Self::ClockBack => "the clock was set back: correct it; if it is right now, run `twolatch clock accept`",
            Self::HashParams => "set a new password for that person",
            Self::NoEntropy => "the kernel's random source failed; restart the machine",
            Self::Internal => "look up the id in the journal and report it",
        }
    }
}

/// A new one is in the list, too: those that are counted are counted by their place in it.
const _: () = assert!(Reason::ALL.len() == Reason::Internal as usize + 1);

impl fmt::Display for Reason {
    /// The code itself, as in messages: `host_cannot_prompt`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
