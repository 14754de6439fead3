//! What a one-time link opens: the making of the first administrator, or an invited person's password. What is missing
//! after that is asked for as at any sign-in. Looking at a link uses nothing.

use sqlx::AnyConnection;

use super::Logins;
use super::goal::begun;
use super::notices::tell;
use super::web::{Fault, Goal};
use crate::audit::{Event, Record};
use crate::crypto::random_text;
use crate::door::Door;
use crate::id::Id;
use crate::letter::Notice;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::browser::insert_attempt;
use crate::store::links::{Purpose, use_link};
use crate::store::users::{admins_in, hold_admins, insert_user, update_user};
use crate::store::{Person, Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::{Role, User, UserName};

/// What a link can be used for now.
#[derive(Debug)]
pub struct Opened {
    /// What it is for.
    pub purpose: Purpose,
    /// For whom; `None` where the first administrator is still to be named.
    pub person: Option<Person>,
}

impl Logins {
    /// What a link can be used for.
    ///
    /// # Errors
    /// [`Fault::Over`] where it was used, has expired, or never was.
    pub async fn open_link(&self, token: &str, now: Timestamp) -> Result<Opened, Fault> {
        let link = self.store.link(token, now).await?.ok_or(Fault::Over)?;
        let person = match (&link.purpose, &link.user) {
            (Purpose::FirstAdmin, _) if self.store.count_admins().await? == 0 => None,
            (Purpose::Invite, Some(id)) => {
                let person = self.store.person(id).await?.filter(|person| {
                    person.user.disabled_at.is_none() && link.credentials == Some(person.user.access())
                });
                Some(person.ok_or(Fault::Over)?)
            }
            _ => return Err(Fault::Over),
        };
        Ok(Opened { purpose: link.purpose, person })
    }

    /// Uses a link: takes name (for the first administrator) and password; answers the token with which the browser goes
    /// on, as behind a right password.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn use_invite(
        &self,
        token: &str,
        name: Option<UserName>,
        password: Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let opened = self.open_link(token, now).await?;
        let mut person = self.addressee(opened, name, now).await?;
        let (expected, had_password) = (person.user.security_version, person.user.password.is_some());
        self.set_password(&mut person, password, now).await?;
        let goes_on = random_text::<20>(self.store.entropy()).map_err(StoreError::from)?;
        let user = person.user;
        let attempt = begun(&goes_on, &user, Goal::default(), now);
        let (store, token, about) = (self.store.clone(), token.to_owned(), self.used(&user, source, now));
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    complete(connection, &store, &token, &user, expected, now).await?;
                    insert_attempt(connection, &store, &attempt).await?;
                    if had_password {
                        tell(connection, &store, &user, Notice::PasswordChanged, &about).await?;
                    }
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(goes_on)
    }

    /// Whom a link is for: the invited person, or a new administrator, who has security version 0 until stored.
    async fn addressee(&self, opened: Opened, name: Option<UserName>, now: Timestamp) -> Result<Person, Fault> {
        if let Some(person) = opened.person {
            return Ok(person);
        }
        let name = name.ok_or(Fault::Refused(Reason::Malformed))?;
        if self.store.person_by_name(&name).await?.is_some() {
            return Err(Fault::Refused(Reason::NotAllowed));
        }
        let setup_until = self.policy(now).await?.rules.setup_until(now);
        let id = Id::random(self.store.entropy()).map_err(StoreError::from)?;
        let user = User { role: Role::Admin, security_version: 0, ..User::new(id, name, setup_until, now) };
        Ok(Person::bare(user))
    }

    fn used(&self, user: &User, source: &str, now: Timestamp) -> Record {
        let (host, source) = (Some(self.host.to_string()), Some(source.to_owned()));
        Record { door: Some(Door::Web), host, source, ..Record::new(now, Event::LinkUsed) }.about(&user.name)
    }
}

impl Store {
    /// How many administrators can log in.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn count_admins(&self) -> Written<i64> {
        let text = "SELECT COUNT(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL";
        Ok(sqlx::query_scalar(text).fetch_one(self.pool()).await?)
    }
}

/// Uses the link, and stores whom it was for: a new person where there was none before, who is the first administrator or
/// none. Two links, or one and another hand, cannot make two at once.
async fn complete(
    connection: &mut AnyConnection,
    store: &Store,
    token: &str,
    user: &User,
    expected: i64,
    now: Timestamp,
) -> Written<()> {
    if !use_link(connection, token, now).await? {
        return Err(StoreError::Conflict);
    }
    if expected == 0 {
        hold_admins(connection).await?;
        if !admins_in(connection, store).await?.is_empty() {
            return Err(StoreError::Conflict);
        }
        insert_user(connection, store, user).await
    } else {
        update_user(connection, store, user, expected).await
    }
}
