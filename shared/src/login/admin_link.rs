//! The link with which an administrator who has lost every second factor removes them, once: behind the own password, by
//! the own mailbox, and only in the browser that asked. All administrators are told at once and can stop it; afterwards
//! the account leaves what matters to others for a day.

use super::Logins;
use super::goal::begun;
use super::notices::{alarm, tell};
use super::reset::{remove_factors, without_factors};
use super::web::{Current, Fault, Goal};
use crate::audit::{Event, Record};
use crate::factor::{Kind, Proof};
use crate::letter::{Letter, Mail, Notice};
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::browser::{Attempt, finish_attempt, insert_attempt};
use crate::store::budgets::{Budget, Charge, charge};
use crate::store::links::{Link, Purpose, end_links, insert_link, use_link};
use crate::store::mails::queue;
use crate::store::{Person, StoreError};
use crate::time::Timestamp;
use crate::user::{Role, User};

/// How long the link works, in seconds; as long as the sign-in that it belongs to.
pub const LIFE: i64 = super::setup::LIFE;

/// For so many seconds the account leaves what matters to others.
pub const RESTRICTED_FOR: i64 = 86_400;

/// Whoever had to wait comes back within so many seconds, and whoever is told can stop it for as long.
const DAY: i64 = 86_400;

/// What has become of asking for a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It is mailed; the browser goes on with this.
    Mailed(String),
    /// Not before that moment, and then to who asks again.
    NotBefore(Timestamp),
}

impl Logins {
    /// How many hours pass before the person of a sign-in can have a link; `None` for who cannot.
    ///
    /// # Errors
    /// Where policy cannot be read.
    pub async fn admin_link_hours(&self, current: &Current, now: Timestamp) -> Result<Option<u16>, StoreError> {
        let user = &current.person.user;
        if !self.mail || user.role != Role::Admin || user.verified_email().is_none() || !current.may_ask() {
            return Ok(None);
        }
        if user.email_held(now).is_some() {
            return Ok(None);
        }
        Ok(self.policy(now).await?.rules.admin_link.hours())
    }

    /// Mails a link to the administrator of a sign-in that does not get on, or begins the wait for one.
    ///
    /// # Errors
    /// [`Fault::Over`] for who cannot have one, [`Reason::Wait`] where there were three in the last hour.
    pub async fn ask_admin_link(&self, current: Current, source: &str, now: Timestamp) -> Result<Asked, Fault> {
        let hours = self.admin_link_hours(&current, now).await?.ok_or(Fault::Over)?;
        let waited = self.store.pending_link(&current.person.user.id, Purpose::AdminWait, now).await?;
        let ready_at = waited.as_ref().map(|link| link.expires_at.plus(-DAY));
        match ready_at {
            Some(ready_at) if hours > 0 && now < ready_at => Ok(Asked::NotBefore(ready_at)),
            None if hours > 0 => self.begin_wait(current, i64::from(hours) * 3600, source, now).await,
            _ => self.mail_admin_link(current, waited.is_some(), source, now).await,
        }
    }

    async fn begin_wait(&self, current: Current, wait: i64, source: &str, now: Timestamp) -> Result<Asked, Fault> {
        let about = Record { event: Event::LinkMade, factor: None, ..self.about(&current.person, source, now) };
        let about = about.saying("admin link, to wait for");
        let user = current.person.user;
        let (ready_at, expires_at) = (now.plus(wait), now.plus(wait + DAY));
        let (nobodys, stop) = (self.token()?, self.token()?);
        let store = self.store.clone();
        let begun = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    if charge(connection, &Budget::of_admin_link(user.id.as_str()), now).await? != Charge::Taken {
                        return Ok(false);
                    }
                    let link = |purpose| Link { purpose, user: Some(user.id.clone()), credentials: None, expires_at };
                    // Nobody has this one's token: it only says since when is waited.
                    insert_link(connection, &store, &nobodys, &link(Purpose::AdminWait), now).await?;
                    insert_link(connection, &store, &stop, &link(Purpose::Stop), now).await?;
                    let stop = Secret::new(stop);
                    alarm(connection, &store, user.name.as_str(), Notice::AdminLinkAsked, Some(&stop), now).await?;
                    record(connection, &store, about).await?;
                    Ok(true)
                })
            })
            .await?;
        if begun { Ok(Asked::NotBefore(ready_at)) } else { Err(Fault::Refused(Reason::Wait)) }
    }

    async fn mail_admin_link(
        &self,
        current: Current,
        waited: bool,
        source: &str,
        now: Timestamp,
    ) -> Result<Asked, Fault> {
        let about = Record { event: Event::LinkMade, factor: None, ..self.about(&current.person, source, now) };
        let about = about.saying("admin link");
        let Current { attempt, person, .. } = current;
        let user = person.user;
        let (token, stop, browser) = (self.token()?, self.token()?, self.token()?);
        // The sign-in begins anew, so that it lives as long as the link.
        let fresh = renewed(&attempt, &browser, attempt.proofs.clone(), &user, now);
        let id = Some(user.id.clone());
        let bound = Some(bound_to(&fresh.id_hash, &user));
        let link =
            Link { purpose: Purpose::AdminReset, user: id.clone(), credentials: bound, expires_at: now.plus(LIFE) };
        let stopping = Link { purpose: Purpose::Stop, user: id, credentials: None, expires_at: now.plus(DAY) };
        let letter = Letter::RecoveryLink { token: Secret::new(token.clone()), minutes: LIFE / 60 };
        let mail = Mail::to(&user, letter).ok_or(Fault::Over)?;
        let store = self.store.clone();
        let mailed = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    if charge(connection, &Budget::of_admin_link(user.id.as_str()), now).await? != Charge::Taken {
                        return Ok(false);
                    }
                    // Stopped, or used by another request, in this very moment.
                    if waited && end_links(connection, Purpose::AdminWait, Some(&user.id), now).await? != 1 {
                        return Err(StoreError::Conflict);
                    }
                    finish_attempt(connection, &attempt).await?;
                    insert_attempt(connection, &store, &fresh).await?;
                    insert_link(connection, &store, &token, &link, now).await?;
                    insert_link(connection, &store, &stop, &stopping, now).await?;
                    queue(connection, &store, &mail, now.plus(LIFE), now).await?;
                    let stop = Secret::new(stop);
                    alarm(connection, &store, user.name.as_str(), Notice::AdminLinkAsked, Some(&stop), now).await?;
                    record(connection, &store, about).await?;
                    Ok(true)
                })
            })
            .await?;
        if mailed { Ok(Asked::Mailed(browser)) } else { Err(Fault::Refused(Reason::Wait)) }
    }

    /// Whose link it is, seen from the browser that holds this sign-in. Looking uses nothing.
    ///
    /// # Errors
    /// [`Fault::Over`] where it was used, stopped, replaced or has expired; [`Reason::NotAllowed`] in another browser.
    pub async fn open_admin_link(&self, token: &str, browser: Option<&str>, now: Timestamp) -> Result<Current, Fault> {
        let link = self.store.link(token, now).await?.filter(|link| link.purpose == Purpose::AdminReset);
        let link = link.ok_or(Fault::Over)?;
        let elsewhere = || Fault::Refused(Reason::NotAllowed);
        let current = match self.current(browser.ok_or_else(elsewhere)?, now).await {
            Err(Fault::Over) => return Err(elsewhere()),
            current => current?,
        };
        let user = &current.person.user;
        if link.user.as_ref() != Some(&user.id) || link.credentials != Some(bound_to(&current.attempt.id_hash, user)) {
            return Err(elsewhere());
        }
        if self.admin_link_hours(&current, now).await?.is_none() {
            return Err(Fault::Over);
        }
        Ok(current)
    }

    /// Uses the link: all second factors go and everything ends; answers what the browser goes on to set-up with.
    ///
    /// # Errors
    /// As for looking.
    pub async fn use_admin_link(
        &self,
        token: &str,
        browser: Option<&str>,
        source: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let current = self.open_admin_link(token, browser, now).await?;
        let about = Record { factor: None, ..self.about(&current.person, source, now) };
        let Current { attempt, person, .. } = current;
        let setup_until = self.policy(now).await?.rules.setup_until(now);
        let user = without_factors(person.user.clone(), setup_until);
        let user = User { restricted_until: Some(now.plus(RESTRICTED_FOR)), ..user };
        let goes_on = self.token()?;
        // The password was shown, and the link that was mailed; nothing else counts any more.
        let mut shown = attempt.proofs.clone();
        shown.retain(|proof| proof.kind == Kind::Password);
        shown.push(Proof { kind: Kind::Mailbox, at: now });
        let fresh = renewed(&attempt, &goes_on, shown, &user, now);
        let (store, token) = (self.store.clone(), token.to_owned());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    if !use_link(connection, &token, now).await? {
                        return Err(StoreError::Conflict);
                    }
                    let detail = format!("{} removed", person.factors.len());
                    remove_factors(connection, &store, &[(person, user.clone())], now).await?;
                    insert_attempt(connection, &store, &fresh).await?;
                    tell(connection, &store, &user, Notice::FactorsReset, &about).await?;
                    alarm(connection, &store, user.name.as_str(), Notice::FactorsReset, None, now).await?;
                    let used = Record { event: Event::LinkUsed, ..about.clone() }.saying("admin link");
                    record(connection, &store, used).await?;
                    record(connection, &store, Record { event: Event::FactorsReset, ..about }.saying(detail)).await
                })
            })
            .await?;
        Ok(goes_on)
    }

    /// Whose link an administrator can stop. Looking uses nothing.
    ///
    /// # Errors
    /// [`Fault::Over`] where it was used, has expired, or never was.
    pub async fn open_stop(&self, token: &str, now: Timestamp) -> Result<Person, Fault> {
        let link = self.store.link(token, now).await?.filter(|link| link.purpose == Purpose::Stop);
        let id = link.and_then(|link| link.user).ok_or(Fault::Over)?;
        self.store.person(&id).await?.ok_or(Fault::Over)
    }

    /// Stops it: the link and the wait for one end. `false` where the link had been used.
    ///
    /// # Errors
    /// As for looking.
    pub async fn stop_admin_link(&self, token: &str, source: &str, now: Timestamp) -> Result<bool, Fault> {
        let person = self.open_stop(token, now).await?;
        let about = Record { event: Event::LinkStopped, factor: None, ..self.about(&person, source, now) };
        let (store, token, user) = (self.store.clone(), token.to_owned(), person.user);
        let stopped = self
            .store
            .write(move |connection| {
                Box::pin(async move {
                    if !use_link(connection, &token, now).await? {
                        return Err(StoreError::Conflict);
                    }
                    let mut ended = 0;
                    for purpose in [Purpose::AdminReset, Purpose::AdminWait] {
                        ended += end_links(connection, purpose, Some(&user.id), now).await?;
                    }
                    let refused = (ended == 0).then_some(Reason::AttemptExpired);
                    record(connection, &store, Record { refused, ..about }).await?;
                    Ok(ended > 0)
                })
            })
            .await?;
        Ok(stopped)
    }
}

/// A sign-in as the one before, in the same browser, from now on.
fn renewed(attempt: &Attempt, token: &str, proofs: Vec<Proof>, user: &User, now: Timestamp) -> Attempt {
    let Attempt { continue_to, client, least, .. } = attempt.clone();
    let goal = Goal { continue_to, client, least };
    Attempt { proofs, ..begun(token, user, goal, now) }
}

/// The sign-in that a link belongs to, and what its person had then.
fn bound_to(attempt: &str, user: &User) -> String {
    format!("{attempt} {}", user.credentials())
}
