//! Codes that are mailed to somebody who is signed in: to show that it is they, to turn codes by mail on and off, to take
//! another address. Which code is on its way travels sealed in the form, for this session and errand.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Logins;
use super::address::with_email_codes;
use super::authenticators::Stored;
use super::mailed::{NewCode, OnItsWay, Sending, veiled};
use super::notices::tell;
use super::switch::Turn;
use super::verdict::{Question, Way};
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::crypto::seal::Place;
use crate::door::Door;
use crate::factor::{Kind, Proof};
use crate::id::Id;
use crate::letter::Notice;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::addresses::insert_former;
use crate::store::audit::record;
use crate::store::budgets::Budget;
use crate::store::email_codes::{EmailCode, LIFE, MailedFor, RESEND_AFTER, last_sent};
use crate::store::sessions::{Renewal, renew_session};
use crate::store::users::update_user;
use crate::store::{Person, Session, StoreError};
use crate::time::Timestamp;
use crate::user::{Email, Role, User};

/// What a code is mailed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// To show that it is still the owner of the session.
    Confirm,
    /// To turn codes by mail on.
    TurnOn,
    /// To take another address.
    NewAddress,
}

impl Errand {
    const fn purpose(self) -> MailedFor {
        match self {
            Self::Confirm => MailedFor::Confirm,
            Self::TurnOn | Self::NewAddress => MailedFor::Address,
        }
    }

    /// What a draft is sealed for.
    const fn column(self) -> &'static str {
        match self {
            Self::Confirm => "mailed_confirm",
            Self::TurnOn => "mailed_turn_on",
            Self::NewAddress => "mailed_new_address",
        }
    }
}

/// A code that was mailed: what the form carries, and what its page says.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The code on its way, sealed.
    pub draft: String,
    /// Where to, and until when.
    pub way: OnItsWay,
}

/// A code on its way. It only ever travels sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Mailed {
    pub(super) id: Id<EmailCode>,
    made: Timestamp,
    address: Email,
    turn: Option<Turn>,
}

impl Logins {
    /// Mails a code to somebody who is signed in; to their own address unless another one is to be shown.
    ///
    /// # Errors
    /// [`Reason::Wait`] where three were sent, or shown wrong, in the last five minutes; [`Reason::NotAllowed`] where the
    /// address is another account's, [`Reason::Malformed`] where it is theirs already.
    pub async fn mail_in_session(
        &self,
        session: &Session,
        errand: Errand,
        to: Option<Email>,
        source: &str,
        now: Timestamp,
    ) -> Result<Sent, Fault> {
        self.mail_and(session, errand, to, None, source, now).await
    }

    pub(super) async fn mail_and(
        &self,
        session: &Session,
        errand: Errand,
        to: Option<Email>,
        turn: Option<Turn>,
        source: &str,
        now: Timestamp,
    ) -> Result<Sent, Fault> {
        let mut person = self.for_errand(session, errand, now).await?;
        if let (Errand::NewAddress, Some(to)) = (errand, to) {
            if person.user.email.as_ref().is_some_and(|own| own.key() == to.key()) {
                return Err(Fault::Refused(Reason::Malformed));
            }
            if self.store.is_address_taken(&to).await? {
                return Err(Fault::Refused(Reason::NotAllowed));
            }
            person.user.email = Some(to);
            person.user.email_held_until = None;
        }
        let letter = NewCode::to(self.store.entropy(), &person, errand.purpose(), Door::Web, now)?;
        let address = person.user.email.clone().ok_or(Fault::Over)?;
        let mailed = Mailed { id: letter.id.clone(), made: now, address, turn };
        let (store, about) = (self.store.clone(), self.about(&person, source, now));
        let sending = self
            .store
            .write(move |connection| Box::pin(async move { letter.send(connection, &store, about).await }))
            .await?;
        match sending {
            Sending::Sent => {
                Ok(Sent { draft: self.seal_draft(session, errand.column(), &mailed)?, way: way(&mailed, now) })
            }
            Sending::NotBefore(_) => Err(Fault::Refused(Reason::Wait)),
        }
    }

    /// Sends a code once more: the same one, and no longer good for that.
    ///
    /// # Errors
    /// [`Reason::Wait`] where it is too early; [`Fault::Over`] where the code is too old.
    pub async fn mail_again_in_session(
        &self,
        session: &Session,
        errand: Errand,
        draft: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let person = self.own(session).await?;
        let mailed = self.open_mailed(session, errand, draft)?;
        if now.since(mailed.made) >= LIFE {
            return Err(Fault::Over);
        }
        let about = self.about(&person, source, now);
        match self.resend(&person, mailed.id, Door::Web, about, now).await? {
            Sending::Sent => Ok(()),
            Sending::NotBefore(_) => Err(Fault::Refused(Reason::Wait)),
        }
    }

    /// How a mailed code stands, for showing its page again.
    ///
    /// # Errors
    /// [`Fault::Over`] where it is none of this session.
    pub async fn way_of_mailed(&self, session: &Session, errand: Errand, draft: &str) -> Result<OnItsWay, Fault> {
        let mailed = self.open_mailed(session, errand, draft)?;
        let sent = last_sent(&self.store, &mailed.id, &session.user.id).await?;
        Ok(way(&mailed, sent.unwrap_or(mailed.made)))
    }

    /// Turns codes by mail on, with the code that was mailed for that.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn turn_email_codes_on(
        &self,
        session: &Session,
        draft: &str,
        code: Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<Stored, Fault> {
        let person = self.own(session).await?;
        let mut mailed = self.open_mailed(session, Errand::TurnOn, draft)?;
        let change = self.turning(mailed.turn.take(), session, source, now).await?;
        let (logins, turned) = (self.clone(), change.is_some());
        let question = self.about_mailed(&person, mailed, code, source, now);
        let expected = person.user.security_version;
        let about = Record { event: Event::EmailCodesOn, factor: Some(Kind::EmailCode), ..question.about.clone() };
        let user = with_email_codes(person.user, now);
        let (token, renewal) = self.renewal(session, now)?;
        let renewal = Renewal { proof: Some(Proof { kind: Kind::EmailCode, at: now }), ..renewal };
        let store = self.store.clone();
        self.judge_and(question, move |connection| {
            Box::pin(async move {
                Self::before_turn(connection, change.as_ref()).await?;
                update_user(connection, &store, &user, expected).await?;
                tell(connection, &store, &user, Notice::EmailCodeOn, &about).await?;
                logins.turn_with(connection, change, &user).await?;
                renew_session(connection, &store, &renewal, user.security_version).await?;
                record(connection, &store, about).await
            })
        })
        .await?;
        if turned {
            self.store.outdate_policy();
        }
        Ok(Stored { token, turned })
    }

    /// Turns codes by mail off; answers the session's new token.
    ///
    /// # Errors
    /// [`Reason::NotAllowed`] where policy wants a second factor and this is the last one.
    pub async fn turn_email_codes_off(&self, session: &Session, source: &str, now: Timestamp) -> Result<String, Fault> {
        let person = self.owner(session, now).await?;
        if person.user.email_codes_at.is_none() {
            return Err(Fault::Over);
        }
        if !self.may_lose(&person.user, Kind::EmailCode, now).await? {
            return Err(Fault::Refused(Reason::NotAllowed));
        }
        let about = self.about(&person, source, now);
        let about = Record { event: Event::EmailCodesOff, factor: Some(Kind::EmailCode), ..about };
        let expected = person.user.security_version;
        let mut user = person.user;
        user.email_codes_at = None;
        user.security_version += 1;
        let (token, renewal) = self.renewal(session, now)?;
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    update_user(connection, &store, &user, expected).await?;
                    tell(connection, &store, &user, Notice::EmailCodeOff, &about).await?;
                    renew_session(connection, &store, &renewal, user.security_version).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(token)
    }

    /// Takes another address of an administrator's own, with the code that was mailed there; answers the session's new
    /// token. Notices still go to the one before for a while.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn change_address(
        &self,
        session: &Session,
        draft: &str,
        code: Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let person = self.own(session).await?;
        if !may_move(&person.user, now) {
            return Err(Fault::Refused(Reason::NotAllowed));
        }
        let mailed = self.open_mailed(session, Errand::NewAddress, draft)?;
        let (address, expected) = (mailed.address.clone(), person.user.security_version);
        let question = self.about_mailed(&person, mailed, code, source, now);
        let about = Record { event: Event::AddressChanged, factor: None, ..question.about.clone() };
        let mut user = person.user;
        let former = user.email.replace(address);
        user.email_verified_at = Some(now);
        (user.email_held_until, user.email_held_by) = (None, None);
        user.security_version += 1;
        let (token, renewal) = self.renewal(session, now)?;
        let store = self.store.clone();
        self.judge_and(question, move |connection| {
            Box::pin(async move {
                update_user(connection, &store, &user, expected).await?;
                if let Some(former) = former {
                    insert_former(connection, &store, &user.id, &former, now).await?;
                }
                tell(connection, &store, &user, Notice::AddressChanged, &about).await?;
                renew_session(connection, &store, &renewal, user.security_version).await?;
                record(connection, &store, about).await
            })
        })
        .await?;
        Ok(token)
    }

    /// The owner of a session, if a code may be mailed to them for that.
    async fn for_errand(&self, session: &Session, errand: Errand, now: Timestamp) -> Result<Person, Fault> {
        let (person, allowed) = match errand {
            Errand::Confirm => {
                let person = self.own(session).await?;
                let ways = self.ways_of(&person, now).await?;
                (person, ways.method == Some(Kind::EmailCode))
            }
            Errand::TurnOn => {
                let person = self.owner(session, now).await?;
                let terms = self.policy(now).await?.terms_of(&person.user);
                let allowed = self.mail && terms.methods.contains(&Kind::EmailCode);
                let is_off = person.user.email_codes_at.is_none();
                (person, allowed && is_off)
            }
            Errand::NewAddress => {
                let person = self.owner(session, now).await?;
                let allowed = self.mail && may_move(&person.user, now);
                (person, allowed)
            }
        };
        if allowed { Ok(person) } else { Err(Fault::Over) }
    }

    fn about_mailed(&self, person: &Person, mailed: Mailed, code: Secret, source: &str, now: Timestamp) -> Question {
        Question {
            user: person.user.id.clone(),
            security_version: person.user.security_version,
            way: Way::Mailed(mailed.id, MailedFor::Address),
            budget: Budget::of_email(person.user.id.as_str()),
            code,
            about: self.about(person, source, now),
        }
    }

    pub(super) fn open_mailed(&self, session: &Session, errand: Errand, draft: &str) -> Result<Mailed, Fault> {
        self.open_draft(session, errand.column(), draft)
    }

    /// Seals what is pending in a session, for this session and user.
    pub(super) fn seal_draft<D: Serialize>(
        &self,
        session: &Session,
        column: &'static str,
        draft: &D,
    ) -> Result<String, StoreError> {
        let plain = serde_json::to_vec(draft).map(zeroize::Zeroizing::new);
        let plain = plain.map_err(|error| StoreError::Other(error.to_string()))?;
        let sealed = self.store.keys().seal(self.store.entropy(), draft_place(session, column), &plain);
        sealed.map_err(|error| StoreError::Other(error.to_string()))
    }

    /// Opens what was sealed for the same session, user and column.
    pub(super) fn open_draft<D: DeserializeOwned>(
        &self,
        session: &Session,
        column: &'static str,
        sealed: &str,
    ) -> Result<D, Fault> {
        let plain = self.store.keys().open(draft_place(session, column), sealed).map_err(|_| Fault::Over)?;
        serde_json::from_slice(&plain).map_err(|_| Fault::Over)
    }
}

/// Whether somebody may change the own address: an administrator, unless they came in by a mailed link lately.
fn may_move(user: &User, now: Timestamp) -> bool {
    user.role == Role::Admin && !user.is_restricted(now)
}

fn way(mailed: &Mailed, sent: Timestamp) -> OnItsWay {
    OnItsWay { to: veiled(&mailed.address), again_at: sent.plus(RESEND_AFTER), over_at: mailed.made.plus(LIFE) }
}

fn draft_place<'a>(session: &'a Session, column: &'static str) -> Place<'a> {
    Place { table: "sessions", column, row: session.id_hash.as_str(), owner: session.user.id.as_str() }
}
