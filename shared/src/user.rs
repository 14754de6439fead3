//! People and accounts: their names, roles and state. It must know neither how they are stored nor how they log in.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::factor::recovery::Set;
use crate::factor::{Factor, Kind};
use crate::id::Id;
use crate::policy::Level;
use crate::secret::Secret;
use crate::time::Timestamp;

pub mod profile;
#[cfg(test)]
mod tests;

/// An account: a person's, or one that several share.
#[derive(Debug, Clone)]
pub struct User {
    /// Never reused, and the `sub` of tokens.
    pub id: Id<Self>,
    /// As Linux knows it.
    pub name: UserName,
    /// Where mail goes, and what may be typed in place of the name once it is verified.
    pub email: Option<Email>,
    /// Since when the address is known to be theirs.
    pub email_verified_at: Option<Timestamp>,
    /// What they may do in Twolatch itself.
    pub role: Role,
    /// Sorted, each once.
    pub groups: Vec<GroupName>,
    /// A rule of policy for this person alone.
    pub level: Option<Level>,
    /// Nothing else may this person set up and be asked for.
    pub methods: Option<BTreeSet<Kind>>,
    /// Since when this account is several people's (root, a service): su then asks for the caller's code.
    pub shared_at: Option<Timestamp>,
    /// Since when nobody can log in with it.
    pub disabled_at: Option<Timestamp>,
    /// The PHC string of the web password.
    pub password: Option<Secret>,
    /// Since when the password must be changed at the next web sign-in.
    pub must_change_at: Option<Timestamp>,
    /// Until when a first authenticator can be set up at a login.
    pub setup_until: Timestamp,
    /// The ids of all confirmed authenticators, sorted: one that vanishes from the database is missed.
    pub authenticators: Vec<Id<Factor>>,
    /// Since when codes are mailed to the verified address.
    pub email_codes_at: Option<Timestamp>,
    /// The recovery codes and key in force: those of any other set are void.
    pub recovery: Option<Id<Set>>,
    /// Since when a set was to be kept and nobody has confirmed that it is.
    pub recovery_due_at: Option<Timestamp>,
    /// How often set-up was put off.
    pub skipped: i64,
    /// In which language mail is written: `en`, `id`.
    pub language: Option<String>,
    /// Raised by every change of what logins depend on.
    pub security_version: i64,
    /// Since when there is this account.
    pub created_at: Timestamp,
    /// Until when this administrator changes neither policy, roles, addresses, clients nor anybody else's factors.
    pub restricted_until: Option<Timestamp>,
    /// Until when neither link nor code goes to the address, which somebody else has put in place of another one; that of
    /// somebody without an address is for the one that they get.
    pub email_held_until: Option<Timestamp>,
    /// Who did that: they do not confirm it.
    pub email_held_by: Option<String>,
}

impl User {
    /// A new member with nothing set up.
    #[must_use]
    pub const fn new(id: Id<Self>, name: UserName, setup_until: Timestamp, now: Timestamp) -> Self {
        Self {
            id,
            name,
            email: None,
            email_verified_at: None,
            role: Role::Member,
            groups: Vec::new(),
            level: None,
            methods: None,
            shared_at: None,
            disabled_at: None,
            password: None,
            must_change_at: None,
            setup_until,
            authenticators: Vec::new(),
            email_codes_at: None,
            recovery: None,
            recovery_due_at: None,
            skipped: 0,
            language: None,
            security_version: 1,
            created_at: now,
            restricted_until: None,
            email_held_until: None,
            email_held_by: None,
        }
    }

    /// Whether a kind of second factor is set up.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        match kind {
            Kind::Password => self.password.is_some(),
            Kind::Totp => !self.authenticators.is_empty(),
            Kind::EmailCode => self.email_codes_at.is_some() && self.verified_email().is_some(),
            Kind::RecoveryCode | Kind::RecoveryKey => self.recovery.is_some(),
            Kind::Device | Kind::Later | Kind::Mailbox => false,
        }
    }

    /// The address, if it is known to be theirs.
    #[must_use]
    pub const fn verified_email(&self) -> Option<&Email> {
        match (&self.email, self.email_verified_at) {
            (Some(email), Some(_)) => Some(email),
            _ => None,
        }
    }

    /// A fingerprint of password and authenticators: what a browser is remembered with.
    #[must_use]
    pub fn credentials(&self) -> String {
        let password = self.password.as_ref().map(|password| password.expose().as_bytes());
        let mut fields = vec![password];
        fields.extend(self.authenticators.iter().map(|id| Some(id.as_str().as_bytes())));
        crate::crypto::token_hash_of(&crate::crypto::frame(&fields))
    }

    /// A fingerprint of all that one signs in with, and of where codes and letters go: what somebody was invited with.
    #[must_use]
    pub fn access(&self) -> String {
        let (credentials, address) = (self.credentials(), self.email.as_ref().map(Email::key));
        let codes = self.email_codes_at.map(|since| since.unix().to_string());
        let fields =
            [Some(credentials.as_bytes()), address.as_deref().map(str::as_bytes), codes.as_deref().map(str::as_bytes)];
        crate::crypto::token_hash_of(&crate::crypto::frame(&fields))
    }

    /// Whether this administrator came in by a mailed link lately, and must leave what matters to others.
    #[must_use]
    pub fn is_restricted(&self, now: Timestamp) -> bool {
        self.restricted_until.is_some_and(|until| now < until)
    }

    /// Until when neither link nor code goes to the address, where there is one and that is so.
    #[must_use]
    pub fn email_held(&self, now: Timestamp) -> Option<Timestamp> {
        self.email_held_until.filter(|until| now < *until && self.email.is_some())
    }

    /// Whether this is an administrator who may do now what matters to others.
    #[must_use]
    pub fn governs(&self, now: Timestamp) -> bool {
        self.is_active_admin() && !self.is_restricted(now)
    }

    /// Whether this is an administrator who can log in.
    #[must_use]
    pub fn is_active_admin(&self) -> bool {
        self.role == Role::Admin && self.disabled_at.is_none()
    }
}

/// What somebody may do in Twolatch itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Sees, changes nothing.
    Supervisor,
    /// Manages the own account.
    Member,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Supervisor, Self::Member];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Member => "member",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(NameError::Role)
    }
}

/// A user name: what `useradd` accepts, so never an address, a number or a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct UserName(String);

impl UserName {
    /// The name, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one form under which names are told apart: two accounts never differ by case alone.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for UserName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let body = text.strip_suffix('$').unwrap_or(text); // machine accounts
        if is_name(body) && text.len() <= 32 { Ok(Self(text.to_owned())) } else { Err(NameError::User) }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A group's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupName(String);

impl GroupName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GroupName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if is_name(text) && text.len() <= 64 { Ok(Self(text.to_owned())) } else { Err(NameError::Group) }
    }
}

impl TryFrom<String> for GroupName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<GroupName> for String {
    fn from(name: GroupName) -> Self {
        name.0
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A letter or `_`, then letters, digits, `_`, `.` and `-`, all ASCII.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        && !text.ends_with('.')
}

/// One mail address, of the plain kind that every mail server takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// The address as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one form under which addresses are told apart.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for Email {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (local, domain) = text.rsplit_once('@').ok_or(NameError::Email)?;
        let local_fits = (1..=64).contains(&local.len())
            && local.split('.').all(|part| {
                !part.is_empty()
                    && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte))
            })
            && !local.starts_with('-');
        let domain_fits = domain.contains('.')
            && domain.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            });
        if local_fits && domain_fits && text.len() <= 254 { Ok(Self(text.to_owned())) } else { Err(NameError::Email) }
    }
}

impl TryFrom<String> for Email {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(address: Email) -> Self {
        address.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What is wrong with a name, for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// Not a user name.
    #[error(
        "a user name starts with a letter or _, goes on with letters, digits, _ . or -, and has at most 32 characters"
    )]
    User,
    /// Not a group name.
    #[error(
        "a group name starts with a letter or _, goes on with letters, digits, _ . or -, and has at most 64 characters"
    )]
    Group,
    /// Not an address.
    #[error("a mail address looks like name@example.org")]
    Email,
    /// Not a role.
    #[error("a role is one of admin, supervisor, member")]
    Role,
}
