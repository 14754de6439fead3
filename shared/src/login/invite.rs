//! What a one-time link opens: the making of the first administrator, or a person's password and first authenticator.
//! Looking at a link uses nothing; what has been typed travels sealed until the last code confirms all of it at once.

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::Logins;
use super::setup::{self, Pending, Progress};
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::crypto::seal::Place;
use crate::crypto::{random_text, token_hash};
use crate::door::Door;
use crate::factor::{Kind, Proof};
use crate::id::Id;
use crate::policy::Level;
use crate::reason::Reason;
use crate::secret::{self, Secret};
use crate::store::audit::record;
use crate::store::links::{Purpose, use_link};
use crate::store::sessions::insert_session;
use crate::store::users::{insert_user, update_user};
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

/// Name and password, and the authenticator that is being set up; it only ever travels sealed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Draft {
    name: String,
    #[serde(serialize_with = "secret::reveal")]
    password: Secret,
    pending: Pending,
}

/// How far a link has led.
#[derive(Debug)]
pub enum Led {
    /// A code is wanted. The sealed draft goes back with it.
    Setup {
        /// The authenticator, for showing it.
        pending: Box<Pending>,
        /// Whose it will be.
        user: Box<User>,
        /// Name, password and authenticator, sealed.
        draft: String,
    },
    /// All is done, and this is the session's token.
    SignedIn(String),
    /// The password is set; the person signs in with it and the authenticator that they have.
    SignIn,
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
                    person.user.disabled_at.is_none() && link.credentials == Some(person.user.credentials())
                });
                Some(person.ok_or(Fault::Over)?)
            }
            _ => return Err(Fault::Over),
        };
        Ok(Opened { purpose: link.purpose, person })
    }

    /// Takes name (for the first administrator) and password.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn begin_link(
        &self,
        token: &str,
        name: Option<UserName>,
        password: Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<Led, Fault> {
        let opened = self.open_link(token, now).await?;
        let mut person = self.addressee(opened, name, now).await?;
        let enrolled = !person.factors.is_empty();
        let decision = self.policy(now).await?.decide(&person.user, Door::Web, now);
        let expected = person.user.security_version;
        self.set_password(&mut person, password).await?;
        if decision.level == Level::Required && !enrolled {
            let pending = Pending::new(self.store.entropy(), now).map_err(StoreError::from)?;
            let password = person.user.password.clone().unwrap_or_default();
            let draft = Draft { name: person.user.name.to_string(), password, pending };
            return self.led(token, draft, person.user);
        }
        let (store, token, now_about) = (self.store.clone(), token.to_owned(), self.used(&person.user, now));
        let session = random_text::<20>(self.store.entropy()).map_err(StoreError::from)?;
        let (cookie, place) = (session.clone(), source.to_owned());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    complete(connection, &store, &token, &person.user, expected, now).await?;
                    if !enrolled {
                        let proofs = [Proof { kind: Kind::Password, at: now }];
                        insert_session(connection, &store, &cookie, &person.user, &proofs, &place, now).await?;
                    }
                    record(connection, &store, now_about).await
                })
            })
            .await?;
        Ok(if enrolled { Led::SignIn } else { Led::SignedIn(session) })
    }

    /// Takes a code of the authenticator in the draft.
    ///
    /// # Errors
    /// Why it does not go on; with [`Reason::Wrong`] the same draft is still good.
    pub async fn continue_link(
        &self,
        token: &str,
        draft: &str,
        code: &Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<Led, Fault> {
        let draft = self.unseal_draft(token, draft)?;
        if draft.pending.is_over(now) {
            return Err(Fault::Over);
        }
        let opened = self.open_link(token, now).await?;
        let mut person = self.addressee(opened, draft.name.parse().ok(), now).await?;
        if !person.factors.is_empty() {
            return Err(Fault::Over);
        }
        let codes = self.policy(now).await?.rules.enrol_codes;
        let confirmed = match draft.pending.clone().take(code, codes, now) {
            Progress::Wrong => return Err(Fault::Refused(Reason::Wrong)),
            Progress::Next(pending) => return self.led(token, Draft { pending, ..draft }, person.user),
            Progress::Confirmed(confirmed) => confirmed,
        };
        let expected = person.user.security_version;
        person.user.password = Some(draft.password);
        person.user.must_change_at = None;
        person.user.security_version += 1;
        let (store, token, about) = (self.store.clone(), token.to_owned(), self.used(&person.user, now));
        let session = random_text::<20>(self.store.entropy()).map_err(StoreError::from)?;
        let (cookie, place) = (session.clone(), source.to_owned());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    complete(connection, &store, &token, &person.user, expected, now).await?;
                    let named = setup::default_name(&person.user);
                    let user = confirmed.store(connection, &store, &person.user, &named, about.clone()).await?;
                    let proofs = [Kind::Password, Kind::Totp].map(|kind| Proof { kind, at: now });
                    insert_session(connection, &store, &cookie, &user, &proofs, &place, now).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(Led::SignedIn(session))
    }

    /// The draft's authenticator and its owner, for showing the page again.
    ///
    /// # Errors
    /// [`Fault::Over`] where the draft or the link is not good any more.
    pub async fn show_link(&self, token: &str, draft: &str, now: Timestamp) -> Result<(Pending, User), Fault> {
        let draft = self.unseal_draft(token, draft)?;
        let opened = self.open_link(token, now).await?;
        let person = self.addressee(opened, draft.name.parse().ok(), now).await?;
        Ok((draft.pending, person.user))
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

    fn led(&self, token: &str, draft: Draft, user: User) -> Result<Led, Fault> {
        let plain = serde_json::to_vec(&draft).map(zeroize::Zeroizing::new);
        let plain = plain.map_err(|error| StoreError::Other(error.to_string()))?;
        let hash = token_hash(token);
        let sealed = self.store.keys().seal(self.store.entropy(), draft_place(&hash), &plain);
        let sealed = sealed.map_err(|error| StoreError::Other(error.to_string()))?;
        Ok(Led::Setup { pending: Box::new(draft.pending), user: Box::new(user), draft: sealed })
    }

    fn unseal_draft(&self, token: &str, sealed: &str) -> Result<Draft, Fault> {
        let hash = token_hash(token);
        let plain = self.store.keys().open(draft_place(&hash), sealed).map_err(|_| Fault::Over)?;
        serde_json::from_slice(&plain).map_err(|_| Fault::Over)
    }

    fn used(&self, user: &User, now: Timestamp) -> Record {
        let host = Some(self.host.to_string());
        Record { door: Some(Door::Web), host, ..Record::new(now, Event::LinkUsed) }.about(&user.name)
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

/// Uses the link, and stores whom it was for: a new person where there was none before.
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
        insert_user(connection, store, user).await
    } else {
        update_user(connection, store, user, expected).await
    }
}

const fn draft_place(hash: &str) -> Place<'_> {
    Place { table: "links", column: "draft", row: hash, owner: "" }
}
