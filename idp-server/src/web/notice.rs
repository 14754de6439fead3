//! What one page wants the next one to say, once. It travels sealed in a cookie: nobody else can put words into our
//! mouth. It must not carry anything secret.

use serde::{Deserialize, Serialize};
use twolatch_core::crypto::password::Weak;
use twolatch_core::crypto::seal::Place;

use self::client::ClientNotice;
use self::person::PersonNotice;
use self::rules::RulesNotice;
use crate::state::App;

pub mod client;
pub mod person;
pub mod rules;

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// User name or password is not right, or the account cannot be used, or it is too early for another try: all of
    /// these sound alike. With the name, so that it need not be typed again.
    NotRight(String),
    /// The sign-in took too long.
    Over,
    /// The second factor cannot be set up any more.
    SetupClosed,
    /// The code is not right.
    WrongCode,
    /// The code is not right for the authenticator that is being set up.
    WrongNewCode,
    /// The code was used before.
    UsedCode,
    /// What was typed is no code.
    NoCode,
    /// The mailed code is not right.
    WrongEmailCode,
    /// What was typed is no code, and one was mailed.
    NoEmailCode,
    /// The mailed code is too old, or was used.
    EmailCodeOver,
    /// The code is on its way once more.
    MailedAgain,
    /// The code was mailed just now; in so many seconds it can be again.
    MailTooEarly(u32),
    /// Too many codes were mailed; in so many minutes another one can be.
    MailBlocked(u32),
    /// Too many mailed codes were wrong; for so many minutes none is sent or judged.
    EmailBlocked(u32),
    /// No mailed code counts any more: a hundred were wrong.
    EmailHeld,
    /// No code is mailed: somebody else has changed the address lately.
    AddressHeld,
    /// The new address, which an administrator has given, is in force.
    AddressTaken,
    /// The new address was confirmed.
    AddressConfirmed,
    /// The recovery code or key is not right.
    WrongRecovery,
    /// The recovery code or key was used before.
    UsedRecovery,
    /// What was typed is no recovery code and no key.
    NoRecovery,
    /// A recovery code was used; so many are left.
    RecoveryLeft(u32),
    /// Nobody has said that recovery codes or key are kept.
    NotKept,
    /// Everything is set up: sign in with it.
    SetUp,
    /// The new password cannot be taken; why.
    Weak(Weak),
    /// The present password is not right.
    WrongPassword,
    /// The password is set, and there is an authenticator: sign in.
    PasswordSet,
    /// The password was changed.
    PasswordChanged,
    /// Signed out.
    SignedOut,
    /// A recovery request was filed lately; another one is not.
    AskedLately,
    /// The administrator's link is on its way.
    AdminLinkMailed,
    /// An administrator's link can be had at that moment, in seconds since 1970.
    AdminLinkNotBefore(i64),
    /// There were enough links lately.
    AdminLinkLately,
    /// The link of an administrator is stopped.
    LinkStopped,
    /// The link of an administrator had been used before it was stopped.
    LinkNotStopped,
    /// All sessions and devices have ended, because of something that the person did not do.
    Disowned,
    /// No device waits with a code.
    DeviceUnknown,
    /// Too many codes of devices were tried.
    DeviceTooOften,
    /// A device was let in to this app.
    DeviceAllowed(String),
    /// A device was not let in.
    DeviceDenied,
    /// A token of a program was taken back.
    TokenDeleted,
    /// There is no such token.
    TokenGone,
    /// Something about the own account.
    Account(Account),
    /// Something about the rules of policy.
    Rules(RulesNotice),
    /// Something about a person, on a page of the console.
    Person(PersonNotice),
    /// Something about an application, on a page of the console.
    Client(ClientNotice),
}

/// Something to say about the own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// The code from a mail is not right.
    WrongMailed,
    /// The mailed code is too old.
    OldMailed,
    /// The recovery code or key is not right.
    WrongRecovery,
    /// The recovery code was used before.
    UsedRecovery,
    /// The password is not right.
    WrongPassword,
    /// Nothing can be mailed yet.
    MailLater,
    /// The code was sent once more.
    MailedAgain,
    /// What was under way took too long.
    TooLate,
    /// That is no name for an authenticator.
    NoName,
    /// That is no other address.
    NoAddress,
    /// Somebody else has the address.
    TakenAddress,
    /// The last second factor must stay.
    LastOne,
    /// There is no room for another authenticator.
    TooMany,
    /// An authenticator has another name.
    Renamed,
    /// An authenticator was removed.
    Removed,
    /// Codes by mail are on.
    EmailOn,
    /// Codes by mail are off.
    EmailOff,
    /// The address was changed.
    AddressChanged,
    /// Nothing is mailed: somebody else has changed the address lately.
    AddressHeld,
    /// The new address, which somebody else has given, was confirmed.
    AddressConfirmed,
    /// A session was ended.
    SessionEnded,
    /// All other sessions were ended.
    OthersEnded,
    /// An application has nothing any more.
    AppEnded,
    /// A device was forgotten.
    Forgotten,
    /// All devices were forgotten.
    AllForgotten,
}

impl From<Account> for Notice {
    fn from(account: Account) -> Self {
        Self::Account(account)
    }
}

impl Notice {
    /// Seals it for one browser.
    #[must_use]
    pub fn seal(&self, app: &App, flow: &str) -> Option<String> {
        let plain = serde_json::to_vec(self).ok()?;
        app.store.keys().seal(app.entropy(), place(flow), &plain).ok()
    }

    /// Opens what was sealed for the same browser.
    #[must_use]
    pub fn open(app: &App, flow: &str, sealed: &str) -> Option<Self> {
        let plain = app.store.keys().open(place(flow), sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

const fn place(flow: &str) -> Place<'_> {
    Place { table: "cookies", column: "notice", row: flow, owner: "" }
}
