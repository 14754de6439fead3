//! Logins that come in through PAM. What lies between two prompts travels sealed; what a prompt asks for is part of it.
//!
//! Nothing is written before a verdict, but for mail that was asked for. Each sealed attempt has an id that the record of
//! its verdict carries, so that it gets one verdict, however often it is sent. An older one of the same login is worth no
//! more than when it was new: codes are spent by one guarded statement each, and what a set-up stores is guarded by the
//! person's security version.

use serde::{Deserialize, Serialize};

use super::Logins;
use super::recover::NewSet;
use super::setup::{self, Carried, Pending};
use crate::audit::{Event, Record};
use crate::crypto::random_text;
use crate::crypto::seal::Place;
use crate::door::Door;
use crate::factor::{Factor, Kind};
use crate::id::Id;
use crate::reason::Reason;
use crate::store::StoreError;
use crate::store::email_codes::EmailCode;
use crate::store::users::note_login;
use crate::time::Timestamp;
use crate::user::User;
use crate::wire::{Answer, Begin, Outcome, Qr};

mod account;
mod answer;
mod begin;
mod enrol;
mod keep;
mod mail;
mod recovery;
mod seen;
mod texts;

/// A login is over after so many seconds; a set-up after [`setup::LIFE`].
const LIFE: i64 = 5 * 60;

/// Prompts in one login, whatever the host would still ask.
const MOST_PROMPTS: u8 = 20;

/// Who asks, as the kernel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The uid at the other end of the socket.
    pub uid: u32,
}

/// What speaks for the first factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Vouched {
    /// Root, for what it has checked.
    Host,
    /// An unprivileged account, for itself.
    Own,
    /// Nothing.
    Nobody,
}

/// What the prompt asks for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asked {
    /// A code of the app; where the last one was one of a step far from now, perhaps the one that follows it.
    App(Option<Far>),
    /// The code that was mailed.
    Mail,
    /// The code that was mailed to see who sets up.
    Mailbox,
    /// Which method to set up.
    Choice,
    /// Codes of an authenticator that is not confirmed.
    SetUp(Pending),
    /// One of these codes or the key, to see that they are kept; then all of this is stored.
    Keep(Made, NewSet),
    /// The key in place of the one that has just let this person in.
    NewKey(NewSet),
    /// Nothing but to put set-up off: it cannot be shown here.
    Later,
}

/// A code that was right at a moment far from now.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Far {
    factor: Id<Factor>,
    step: i64,
}

/// What was set up in this login and is not stored yet.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Made {
    /// An authenticator.
    App(Carried),
    /// Codes by mail.
    Mail,
}

/// A code on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sent {
    id: Id<EmailCode>,
    at: Timestamp,
}

/// A login between two prompts.
#[derive(Debug, Serialize, Deserialize)]
struct Attempt {
    id: String,
    /// Whose code is asked for; nobody's where the login cannot succeed, for the reason beside.
    subject: Option<Id<User>>,
    decoy: Option<Reason>,
    /// Their name, where it is not the account's.
    subject_name: Option<String>,
    uid: u32,
    service: String,
    door: Door,
    source: String,
    vouched: Vouched,
    qr: Qr,
    policy_version: i64,
    security_version: i64,
    issued: Timestamp,
    prompt: u8,
    asked: Asked,
    /// What can be asked for, or set up: the methods that words choose from.
    methods: Vec<Kind>,
    /// Whether there are recovery codes or a key.
    recovery: bool,
    may_put_off: bool,
    /// The mail that this login waits for, for whatever purpose `asked` says.
    sent: Option<Sent>,
    /// Whether the code that was mailed to see who sets up was right.
    mailbox: bool,
}

impl Attempt {
    /// Whether it has as long as a set-up.
    const fn is_long(&self) -> bool {
        !matches!(self.asked, Asked::App(_) | Asked::Mail)
    }

    /// Whether nothing is set up, and something is to be.
    const fn is_setup(&self) -> bool {
        matches!(self.asked, Asked::Mailbox | Asked::Choice | Asked::SetUp(_) | Asked::Keep(..) | Asked::Later)
    }

    const fn ends(&self) -> Timestamp {
        self.issued.plus(if self.is_long() { setup::LIFE } else { LIFE })
    }

    /// Whether root vouches for a first factor, and this can succeed.
    const fn is_vouched(&self) -> bool {
        matches!(self.vouched, Vouched::Host) && self.subject.is_some()
    }
}

/// What is shown with a prompt.
#[derive(Debug, Default)]
struct Shown {
    notice: Option<String>,
    /// Whether the notice draws a QR code.
    drawn: bool,
    reason: Option<Reason>,
}

impl Shown {
    fn saying(notice: impl Into<String>) -> Self {
        Self { notice: Some(notice.into()), ..Self::default() }
    }

    fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason), ..self }
    }
}

impl Logins {
    /// Shows the prompt that the attempt asks for. Every prompt is a new attempt.
    fn ask(&self, name: &str, attempt: Attempt, shown: Shown, now: Timestamp) -> Result<Outcome, StoreError> {
        let attempt = Attempt {
            // Time first: the audit's index grows at one end.
            id: format!("{:x}-{}", now.unix(), random_text::<16>(self.store.entropy())?),
            prompt: attempt.prompt + 1,
            ..attempt
        };
        let uid = attempt.uid.to_string();
        let plain = serde_json::to_vec(&attempt).map(zeroize::Zeroizing::new);
        let plain = plain.map_err(|error| StoreError::Other(error.to_string()))?;
        let sealed = self.store.keys().seal(self.store.entropy(), place(name, &uid), &plain);
        let sealed = sealed.map_err(|error| StoreError::Other(error.to_string()))?;
        let Shown { notice, drawn, reason } = shown;
        let notice = notice.map(|notice| if attempt.qr == Qr::Ascii { notice.replace('…', "...") } else { notice });
        let label = texts::label(&attempt).map(str::to_owned);
        Ok(Outcome::Ask { attempt: sealed, notice, drawn, label, reason })
    }

    /// The attempt in an answer, if it was made for this peer, account and service.
    fn unseal(&self, peer: Peer, answer: &Answer) -> Option<Attempt> {
        let uid = peer.uid.to_string();
        let plain = self.store.keys().open(place(&answer.user, &uid), &answer.attempt).ok()?;
        let attempt: Attempt = serde_json::from_slice(&plain).ok()?;
        (attempt.uid == peer.uid && attempt.service == answer.service).then_some(attempt)
    }

    /// What is recorded of an attempt. A name that nobody has may be a password typed in the wrong place: it is left out.
    fn record_of(&self, attempt: &Attempt, name: &str, now: Timestamp) -> Record {
        Record {
            user: (attempt.decoy != Some(Reason::Unknown)).then(|| name.to_owned()),
            actor: attempt.subject_name.clone(),
            door: Some(attempt.door),
            host: Some(self.host.to_string()),
            source: Some(attempt.source.clone()),
            factor: Some(Kind::Totp),
            // Services that share a door with another one, which the door alone does not tell apart.
            detail: ["sudo-i", "su-l"].contains(&attempt.service.as_str()).then(|| attempt.service.clone()),
            ..Record::new(now, Event::Code)
        }
    }

    /// The same for the one verdict that this attempt gets.
    fn verdict_of(&self, attempt: &Attempt, name: &str, now: Timestamp) -> Record {
        Record { attempt: Some(attempt.id.clone()), ..self.record_of(attempt, name, now) }
    }

    /// Notes a login that no authenticator notes. It is not worth failing one for, and not part of the verdict, which holds
    /// the user's row against changes.
    async fn note_login(&self, user: &Id<User>, now: Timestamp) {
        let user = user.clone();
        drop(self.store.write(move |c| Box::pin(async move { note_login(c, &user, now).await })).await);
    }
}

const fn refused(reason: Reason) -> Outcome {
    Outcome::Refused { reason, notice: None }
}

fn told(reason: Reason, notice: impl Into<String>) -> Outcome {
    Outcome::Refused { reason, notice: Some(notice.into()) }
}

/// How a transaction ended that would have let somebody in.
fn granted(written: Result<(), StoreError>) -> Result<Outcome, StoreError> {
    match written {
        Ok(()) => Ok(Outcome::Granted),
        Err(StoreError::Conflict) => Ok(refused(Reason::AttemptOutdated)),
        Err(StoreError::Duplicate) => Ok(refused(Reason::AttemptInvalid)),
        Err(error) => Err(error),
    }
}

const fn place<'a>(name: &'a str, uid: &'a str) -> Place<'a> {
    Place { table: "attempt", column: "", row: name, owner: uid }
}

/// Where somebody comes from, as far as the host knows: an address, a terminal, or the account that asks.
fn source_of(peer: Peer, begin: &Begin) -> String {
    let named = [begin.rhost.as_deref(), begin.tty.as_deref()].into_iter().flatten().find(|name| !name.is_empty());
    match named {
        Some(name) if peer.uid == 0 => name.chars().take(128).collect(),
        _ => format!("uid {}", if peer.uid == 0 { begin.caller } else { peer.uid }),
    }
}
