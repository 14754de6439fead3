//! Asking again before the account is changed. Being signed in is not enough: a code that was shown to sign in is spent,
//! so whoever has relayed one, or has the cookie, has nothing to show here.

use super::Logins;
use super::mailbox::Errand;
use super::verdict::{Question, Way};
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::door::Door;
use crate::factor::Kind;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::step::Assurance;
use crate::store::budgets::{Budget, clear};
use crate::store::email_codes::MailedFor;
use crate::store::sessions::{Renewal, renew_session};
use crate::store::{Person, Session};
use crate::time::Timestamp;

/// With what somebody who is signed in shows that it is still they: the best that they have, whether it counts by the rules
/// or not. Who has a second factor that cannot be shown now, as where no mail is sent, shows no less instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    /// A code of this.
    pub method: Option<Kind>,
    /// A recovery code or the key is taken instead.
    pub recovery: bool,
    /// The password: there is no second factor at all.
    pub password: bool,
}

/// What was shown.
#[derive(Debug, Clone)]
pub enum Shown {
    /// A code of an authenticator app.
    App(Secret),
    /// A code that was mailed for that.
    Mailed {
        /// The code on its way, sealed.
        draft: String,
        /// As typed.
        code: Secret,
    },
    /// A recovery code or the key.
    Recovery(Secret),
    /// The password.
    Password(Secret),
}

impl Logins {
    /// With what the owner of a session can show that it is they.
    ///
    /// # Errors
    /// [`Fault::Over`] where the person has changed since the session was looked at.
    pub async fn ways_to_confirm(&self, session: &Session, now: Timestamp) -> Result<Ways, Fault> {
        let person = self.own(session).await?;
        self.ways_of(&person, now).await
    }

    pub(super) async fn ways_of(&self, person: &Person, now: Timestamp) -> Result<Ways, Fault> {
        let policy = self.policy(now).await?;
        let facts = self.facts(&policy, &person.user, person.last_method, Door::Web, now);
        let best = |kinds: &[Kind]| kinds.iter().copied().max_by_key(|kind| Assurance::by(*kind));
        let bare = !Kind::METHODS.into_iter().any(|kind| person.user.has(kind));
        Ok(Ways {
            // As at a sign-in: what does not count any more is still no less than a password.
            method: best(&facts.methods).or_else(|| best(&facts.others)),
            recovery: !bare && facts.recovery,
            password: bare,
        })
    }

    /// Takes what was shown, by the rules of a sign-in; answers the session's new token. Until five minutes later the
    /// account may be changed.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn confirm(
        &self,
        session: &Session,
        shown: Shown,
        source: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let person = self.own(session).await?;
        let ways = self.ways_of(&person, now).await?;
        let about = self.about(&person, source, now);
        let (token, renewal) = self.renewal(session, now)?;
        let renewal = Renewal { confirmed_at: Some(now), ..renewal };
        let user = person.user.id.clone();
        let (way, budget, code) = match shown {
            Shown::App(code) if ways.method == Some(Kind::Totp) => (Way::App, Budget::of_totp(user.as_str()), code),
            Shown::Mailed { draft, code } if ways.method == Some(Kind::EmailCode) => {
                let on_its_way = self.open_mailed(session, Errand::Confirm, &draft)?;
                (Way::Mailed(on_its_way.id, MailedFor::Confirm), Budget::of_email(user.as_str()), code)
            }
            Shown::Recovery(typed) if ways.recovery => {
                self.confirm_by_recovery(&person, &typed, renewal, about).await?;
                return Ok(token);
            }
            Shown::Password(password) if ways.password => {
                self.confirm_by_password(&person, password, renewal, about).await?;
                return Ok(token);
            }
            _ => return Err(Fault::Over),
        };
        let security_version = session.user.security_version;
        let question = Question { user, security_version, way, budget, code, about };
        let store = self.store.clone();
        self.judge_and(question, move |connection| {
            Box::pin(async move { renew_session(connection, &store, &renewal, security_version).await })
        })
        .await?;
        Ok(token)
    }

    async fn confirm_by_recovery(
        &self,
        person: &Person,
        typed: &Secret,
        renewal: Renewal,
        about: Record,
    ) -> Result<(), Fault> {
        let (store, security_version) = (self.store.clone(), person.user.security_version);
        let verdict = self
            .judge_recovery(person, security_version, typed, about, move |connection| {
                Box::pin(async move { renew_session(connection, &store, &renewal, security_version).await })
            })
            .await?;
        verdict.taken()
    }

    async fn confirm_by_password(
        &self,
        person: &Person,
        password: Secret,
        renewal: Renewal,
        about: Record,
    ) -> Result<(), Fault> {
        let about = Record { event: Event::Password, factor: Some(Kind::Password), ..about };
        let budget = self.check_own_password(person, password, &about).await?;
        let (store, security_version) = (self.store.clone(), person.user.security_version);
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    clear(connection, &budget).await?;
                    renew_session(connection, &store, &renewal, security_version).await?;
                    crate::store::audit::record(connection, &store, about).await
                })
            })
            .await?;
        Ok(())
    }

    /// Checks the password of somebody who is signed in; answers the budget that this has charged, for who takes the
    /// password as right.
    pub(super) async fn check_own_password(
        &self,
        person: &Person,
        typed: Secret,
        about: &Record,
    ) -> Result<Budget, Fault> {
        let budget = Budget::of_password(person.user.id.as_str(), "account");
        if !self.may_try([budget.clone()], about.clone()).await? {
            return Err(Fault::Refused(Reason::Wait));
        }
        match self.hasher.check(typed, person.user.password.clone()).await {
            Ok(checked) if checked.right => Ok(budget),
            Ok(_) => {
                self.note(Record { refused: Some(Reason::Password), ..about.clone() }).await?;
                Err(Fault::Refused(Reason::Password))
            }
            Err(error) => {
                // Nothing was judged, so nothing was tried.
                self.give_back_all([budget]).await?;
                Err(error.into())
            }
        }
    }
}
