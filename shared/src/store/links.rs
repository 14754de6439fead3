//! One-time links: looking at one uses nothing, the change it leads to uses it once.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::bound::{Bound, rows};
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::crypto::token_hash;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

/// What a one-time link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To make the first administrator.
    FirstAdmin,
    /// To set a password.
    Invite,
    /// To end all that was begun, by who did not do what a letter tells.
    NotMe,
    /// To remove the own second factors, for an administrator.
    AdminReset,
    /// Used by nobody: it says since when an administrator waits for a link of the kind above.
    AdminWait,
    /// To stop that, for any administrator.
    Stop,
    /// To show that a new address is read, which an administrator gives.
    NewAddress,
    /// To confirm such an address, for who reads the one before.
    ConfirmAddress,
}

impl Purpose {
    /// All of them.
    const ALL: [Self; 8] = [
        Self::FirstAdmin,
        Self::Invite,
        Self::NotMe,
        Self::AdminReset,
        Self::AdminWait,
        Self::Stop,
        Self::NewAddress,
        Self::ConfirmAddress,
    ];

    /// Whether a newer link makes older ones worthless. Those in letters that tell of different things stand side by
    /// side.
    const fn replaces_older(self) -> bool {
        !matches!(self, Self::NotMe)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::FirstAdmin => "first_admin",
            Self::Invite => "invite",
            Self::NotMe => "not_me",
            Self::AdminReset => "admin_reset",
            Self::AdminWait => "admin_wait",
            Self::Stop => "stop",
            Self::NewAddress => "new_address",
            Self::ConfirmAddress => "confirm_address",
        }
    }
}

/// A one-time link that has not been used and is not too old.
#[derive(Debug, Clone)]
pub struct Link {
    /// What it is for.
    pub purpose: Purpose,
    /// For whom; nobody for the first administrator.
    pub user: Option<Id<User>>,
    /// [`User::access`] of the person when it was made; for [`Purpose::AdminReset`] the sign-in and
    /// [`User::credentials`]; for [`Purpose::NewAddress`] what is offered, for [`Purpose::ConfirmAddress`] the address.
    pub credentials: Option<String>,
    /// Until when.
    pub expires_at: Timestamp,
}

use Column::{Number, Text};

const LINK: [Column; 6] = [Text, Text, Text, Text, Number, Number];

impl Store {
    /// The one-time link that a token stands for, if it can still be used. Looking does not use it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn link(&self, token: &str, now: Timestamp) -> Result<Option<Link>, StoreError> {
        let row = sqlx::query(
            "SELECT token_hash, purpose, user_id, credentials, created_at, expires_at, mac FROM links \
             WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2",
        )
        .bind(token_hash(token))
        .bind(now.unix())
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(|row| read(self, row)).transpose()
    }

    /// Somebody's link of this purpose that can still be used; the latest, where there are several.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn pending_link(
        &self,
        user: &Id<User>,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<Link>, StoreError> {
        let row = sqlx::query(
            "SELECT token_hash, purpose, user_id, credentials, created_at, expires_at, mac FROM links \
             WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 ORDER BY created_at DESC LIMIT 1",
        )
        .bind(user.as_str())
        .bind(purpose.as_str())
        .bind(now.unix())
        .fetch_optional(self.pool())
        .await?;
        row.as_ref().map(|row| read(self, row)).transpose()
    }
}

fn read(store: &Store, row: &AnyRow) -> Result<Link, StoreError> {
    let values = Values::read(store, "links", row, 0, &LINK)?;
    Ok(Link {
        purpose: values.parsed(1, |text| Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == text))?,
        user: values.maybe(2).map(|id| Id::from_stored(id.to_owned())),
        credentials: values.maybe(3).map(str::to_owned),
        expires_at: values.time(5)?,
    })
}

/// Writes a new one-time link down; older ones of the same purpose and person die, where they are to.
///
/// # Errors
/// Where the database fails.
pub async fn insert_link(
    connection: &mut AnyConnection,
    store: &Store,
    token: &str,
    link: &Link,
    now: Timestamp,
) -> Written<()> {
    if link.purpose.replaces_older() {
        end_links(connection, link.purpose, link.user.as_ref(), now).await?;
    }
    insert_links(connection, store, &[(token.to_owned(), link.clone())], now).await
}

/// Writes links down, each with its token, that end no older ones.
///
/// # Errors
/// Where the database fails.
pub async fn insert_links(
    connection: &mut AnyConnection,
    store: &Store,
    links: &[(String, Link)],
    now: Timestamp,
) -> Written<()> {
    if links.is_empty() {
        return Ok(());
    }
    let columns = [LINK.as_slice(), &[Text]].concat();
    let text = format!(
        "INSERT INTO links (token_hash, purpose, user_id, credentials, created_at, expires_at, mac) VALUES {}",
        rows(store.location(), &columns, links.len())
    );
    let mut query = Bound::default().query(text);
    for (token, link) in links {
        let hash = token_hash(token);
        let values = vec![
            Some(hash.clone()),
            Some(link.purpose.as_str().to_owned()),
            link.user.as_ref().map(ToString::to_string),
            link.credentials.clone(),
            moment(Some(now)),
            moment(Some(link.expires_at)),
        ];
        query = query
            .bind(hash)
            .bind(link.purpose.as_str())
            .bind(link.user.as_ref().map(ToString::to_string))
            .bind(link.credentials.clone())
            .bind(now.unix())
            .bind(link.expires_at.unix())
            .bind(Values::of("links", values).mark(store));
    }
    query.execute(connection).await?;
    Ok(())
}

/// Ends all links of a purpose that a person has; answers how many could still be used. Those for nobody, which are for
/// the first administrator, end too.
///
/// # Errors
/// Where the database fails.
pub async fn end_links(
    connection: &mut AnyConnection,
    purpose: Purpose,
    user: Option<&Id<User>>,
    now: Timestamp,
) -> Written<u64> {
    let alive = sqlx::query(
        "UPDATE links SET used_at = $3 WHERE purpose = $1 AND used_at IS NULL AND expires_at > $3 \
         AND (user_id = $2 OR user_id IS NULL)",
    )
    .bind(purpose.as_str())
    .bind(user.map(Id::as_str))
    .bind(now.unix())
    .execute(connection)
    .await?;
    Ok(alive.rows_affected())
}

/// Uses a one-time link, once: `false` if it was used or is too old.
///
/// # Errors
/// Where the database fails.
pub async fn use_link(connection: &mut AnyConnection, token: &str, now: Timestamp) -> Written<bool> {
    let done =
        sqlx::query("UPDATE links SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2")
            .bind(token_hash(token))
            .bind(now.unix())
            .execute(connection)
            .await?;
    Ok(done.rows_affected() == 1)
}
