//! Codes by mail: when one is sent, sent again and judged. It must not know how mail travels.

use sqlx::AnyConnection;

use super::Logins;
use super::verdict::{Question, Way, judge_and};
use super::web::{Current, Fault};
use crate::audit::{Event, Record};
use crate::crypto::Entropy;
use crate::door::Door;
use crate::factor::{Kind, Proof};
use crate::id::Id;
use crate::letter::{Letter, Mail};
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::browser::{Attempt, update_attempt};
use crate::store::budgets::{Budget, Charge, charge};
use crate::store::email_codes::{
    EmailCode, LIFE, MailedFor, RESEND_AFTER, email_code_in, insert_email_code, last_sent, send_again,
};
use crate::store::mails::queue;
use crate::store::{Boxed, Person, Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::{Email, User};

/// A code that was sent, or was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Sending {
    Sent,
    /// Three were sent, or shown wrong, lately: not before that moment.
    NotBefore(Timestamp),
}

/// What a page says about a code on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnItsWay {
    /// Where to, as far as it may be shown: `a…@example.org`.
    pub to: String,
    /// When it can be sent again.
    pub again_at: Timestamp,
    /// When it is over.
    pub over_at: Timestamp,
}

/// Until when codes by mail are blocked for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocked {
    /// None is sent before: three were, in a few minutes.
    pub sending: Option<Timestamp>,
    /// None is sent or judged before: three were shown wrong.
    pub all: Option<Timestamp>,
    /// None is sent or judged until somebody lifts the hold: a hundred were.
    pub held: bool,
}

impl Logins {
    /// Mails a code for a sign-in under way, unless one is on its way that can still be used.
    ///
    /// # Errors
    /// [`Reason::Wait`] where three were sent, or shown wrong, in the last five minutes.
    pub async fn mail_code(&self, current: &mut Current, source: &str, now: Timestamp) -> Result<(), Fault> {
        if !current.asks_for(Kind::EmailCode) {
            return Err(Fault::Over);
        }
        if let Some((_, made)) = &current.attempt.mailed
            && now.since(*made) < LIFE
        {
            return Ok(());
        }
        let about = self.about(&current.person, source, now);
        self.mail_new(current, MailedFor::Login, about, now).await
    }

    /// Sends the code of a sign-in once more, or the one that shows who reads the mail: the same one, and no longer good
    /// for that. Where none is on its way, a new one.
    ///
    /// # Errors
    /// [`Reason::Wait`] where it is too early.
    pub async fn mail_again(&self, current: &mut Current, source: &str, now: Timestamp) -> Result<(), Fault> {
        let purpose = match () {
            () if current.asks_for(Kind::EmailCode) => MailedFor::Login,
            () if current.wants_mailbox() => MailedFor::Address,
            () => return Err(Fault::Over),
        };
        let about = self.about(&current.person, source, now);
        match current.attempt.mailed.clone() {
            Some((id, made)) if now.since(made) < LIFE => {
                match self.resend(&current.person, id, Door::Web, about, now).await? {
                    Sending::Sent => Ok(()),
                    Sending::NotBefore(_) => Err(Fault::Refused(Reason::Wait)),
                }
            }
            _ => self.mail_new(current, purpose, about, now).await,
        }
    }

    /// Until when codes by mail are blocked for somebody, if they are.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn mail_blocked(&self, user: &User, now: Timestamp) -> Result<Blocked, StoreError> {
        let until = |charge: Charge| match charge {
            Charge::Wait(moment) => Some(moment),
            Charge::Taken | Charge::Held => None,
        };
        let id = user.id.as_str();
        let (_, sending) = self.store.standing(&Budget::of_mail(id), now).await?;
        let (_, all) = self.store.standing(&Budget::of_email(id), now).await?;
        Ok(Blocked { sending: until(sending), all: until(all), held: all == Charge::Held })
    }

    /// Takes a mailed code.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn enter_email_code(
        &self,
        current: Current,
        code: Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if !current.asks_for(Kind::EmailCode) {
            return Err(Fault::Over);
        }
        let about = self.about(&current.person, source, now);
        let first = current.asked_first();
        let Current { mut attempt, person, .. } = current;
        let Some((mailed, _)) = attempt.mailed.take() else { return Err(Fault::Refused(Reason::CodeExpired)) };
        let question = Question {
            user: person.user.id.clone(),
            security_version: attempt.security_version,
            way: Way::Mailed(mailed, MailedFor::Login),
            budget: Budget::of_email(person.user.id.as_str()),
            code,
            about,
        };
        attempt.proofs.push(Proof { kind: Kind::EmailCode, at: now });
        self.judge_for(attempt, question).await?;
        self.note_method(&person.user.id, first, Kind::EmailCode).await;
        Ok(())
    }

    /// How a mailed code of a sign-in stands.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn on_its_way(&self, current: &Current) -> Result<Option<OnItsWay>, StoreError> {
        let Some((id, made)) = &current.attempt.mailed else { return Ok(None) };
        let Some(sent) = last_sent(&self.store, id, &current.person.user.id).await? else { return Ok(None) };
        let Some(address) = &current.person.user.email else { return Ok(None) };
        Ok(Some(OnItsWay { to: veiled(address), again_at: sent.plus(RESEND_AFTER), over_at: made.plus(LIFE) }))
    }

    /// Judges a code, and moves a sign-in on in the same transaction where it is right.
    pub(super) async fn judge_for(&self, attempt: Attempt, question: Question) -> Result<(), Fault> {
        let store = self.store.clone();
        self.judge_and(question, move |connection| {
            Box::pin(async move { update_attempt(connection, &store, &attempt).await })
        })
        .await
    }

    /// Judges a code; what a right one changes is done in the same transaction.
    pub(super) async fn judge_and<W>(&self, question: Question, also: W) -> Result<(), Fault>
    where
        W: for<'c> FnOnce(&'c mut AnyConnection) -> Boxed<'c, Written<()>> + Send + 'static,
    {
        judge_and(&self.store, question, also).await?.taken()
    }

    pub(super) async fn mail_new(
        &self,
        current: &mut Current,
        purpose: MailedFor,
        about: Record,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let letter = NewCode::to(self.store.entropy(), &current.person, purpose, Door::Web, now)?;
        let (id, store) = (letter.id.clone(), self.store.clone());
        current.attempt.mailed = Some((id, now));
        let attempt = current.attempt.clone();
        let sending = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    let sending = letter.send(connection, &store, about).await?;
                    if sending == Sending::Sent {
                        update_attempt(connection, &store, &attempt).await?;
                    }
                    Ok(sending)
                })
            })
            .await?;
        match sending {
            Sending::Sent => {
                current.attempt.version += 1;
                Ok(())
            }
            Sending::NotBefore(_) => Err(Fault::Refused(Reason::Wait)),
        }
    }

    /// Mails the same code again.
    pub(super) async fn resend(
        &self,
        person: &Person,
        id: Id<EmailCode>,
        door: Door,
        about: Record,
        now: Timestamp,
    ) -> Result<Sending, StoreError> {
        let (store, user, language) = (self.store.clone(), person.user.id.clone(), person.user.language.clone());
        let name = person.user.name.to_string();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    if let Some(moment) = not_before(connection, &user, now).await? {
                        return Ok(Sending::NotBefore(moment));
                    }
                    let code = email_code_in(connection, &store, &id, &user).await?;
                    let Some(code) = code.filter(|code| !code.is_over(now)) else {
                        return Err(StoreError::Conflict);
                    };
                    if !send_again(connection, &id, now).await? {
                        return Err(StoreError::Conflict);
                    }
                    let over_at = code.created_at.plus(LIFE);
                    let minutes = (over_at.since(now) + 59) / 60;
                    let letter = letter(code.purpose, code.code, door, minutes);
                    queue(connection, &store, &Mail { to: code.address, name, language, letter }, over_at, now).await?;
                    record(connection, &store, Record { event: Event::CodeMailed, ..about }).await?;
                    Ok(Sending::Sent)
                })
            })
            .await
            .or_else(|error| match error {
                // Too early, or over meanwhile: the page that says so is the same.
                StoreError::Conflict => Ok(Sending::NotBefore(now.plus(RESEND_AFTER))),
                other => Err(other),
            })
    }
}

/// A code that is about to be mailed.
pub(super) struct NewCode {
    pub(super) id: Id<EmailCode>,
    user: User,
    code: EmailCode,
    door: Door,
}

impl NewCode {
    /// For somebody with an address.
    pub(super) fn to(
        entropy: &dyn Entropy,
        person: &Person,
        purpose: MailedFor,
        door: Door,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let user = person.user.clone();
        let Some(address) = user.email.clone() else { return Err(Fault::Over) };
        if user.email_held(now).is_some() {
            return Err(Fault::Refused(Reason::AddressHeld));
        }
        let code = EmailCode { purpose, address, code: six_digits(entropy)?, created_at: now };
        Ok(Self { id: Id::random(entropy).map_err(StoreError::from)?, user, code, door })
    }

    /// Charges, writes the code down and queues its mail; nothing of it where too many were sent lately.
    pub(super) async fn send(self, connection: &mut AnyConnection, store: &Store, about: Record) -> Written<Sending> {
        let now = self.code.created_at;
        if let Some(moment) = not_before(connection, &self.user.id, now).await? {
            return Ok(Sending::NotBefore(moment));
        }
        insert_email_code(connection, store, &self.id, &self.user.id, &self.code).await?;
        let (code, minutes) = (self.code.code, LIFE / 60);
        let letter = letter(self.code.purpose, code, self.door, minutes);
        let (name, language) = (self.user.name.to_string(), self.user.language);
        let mail = Mail { to: self.code.address, name, language, letter };
        queue(connection, store, &mail, now.plus(LIFE), now).await?;
        record(connection, store, Record { event: Event::CodeMailed, factor: Some(Kind::EmailCode), ..about }).await?;
        Ok(Sending::Sent)
    }
}

/// How a code is written of.
const fn letter(purpose: MailedFor, code: Secret, door: Door, minutes: i64) -> Letter {
    match purpose {
        MailedFor::Login => Letter::Code { code, door, minutes },
        MailedFor::Address => Letter::VerifyAddress { code, minutes },
        MailedFor::Confirm => Letter::ConfirmChange { code, minutes },
    }
}

/// Charges a mail; the moment before which none is sent, where that is so. Wrong codes block sending too.
async fn not_before(connection: &mut AnyConnection, user: &Id<User>, now: Timestamp) -> Written<Option<Timestamp>> {
    let shown = Budget::of_email(user.as_str());
    match crate::store::budgets::standing_in(connection, &shown, now).await? {
        Charge::Taken => {}
        Charge::Wait(moment) => return Ok(Some(moment)),
        Charge::Held => return Ok(Some(now.plus(LIFE))),
    }
    match charge(connection, &Budget::of_mail(user.as_str()), now).await? {
        Charge::Taken => Ok(None),
        Charge::Wait(moment) => Ok(Some(moment)),
        Charge::Held => Ok(Some(now.plus(LIFE))),
    }
}

/// Six digits, each as likely as any other.
fn six_digits(entropy: &dyn Entropy) -> Result<Secret, StoreError> {
    // The numbers from this one on would make the first of them more likely than the rest.
    const LIMIT: u32 = u32::MAX - u32::MAX % 1_000_000;
    loop {
        let mut bytes = [0; 4];
        entropy.fill(&mut bytes)?;
        let number = u32::from_le_bytes(bytes);
        if number < LIMIT {
            return Ok(Secret::new(format!("{:06}", number % 1_000_000)));
        }
    }
}

/// As much of an address as its owner needs to know it: `a…@example.org`.
#[must_use]
pub fn veiled(address: &Email) -> String {
    let (local, domain) = address.as_str().split_once('@').unwrap_or_default();
    format!("{}…@{domain}", local.chars().next().unwrap_or_default())
}
