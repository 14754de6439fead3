//! Access tokens: never stored themselves, worth something only while what they come of lives.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection};

use super::bound::{Bound, in_eights, rows};
use super::clients::client_held;
use super::gathering::Gathering;
use super::grants::take_back;
use super::noticed::notice;
use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written, audit};
use crate::audit::{Event, Record};
use crate::client::{Client, ClientId};
use crate::crypto::{NoEntropy, token_hash};
use crate::door::Door;
use crate::grant::{API_CLIENT, AccessToken, Grant, Issue, NewToken};
use crate::id::Id;
use crate::time::Timestamp;

use Column::{Number, Text};

use self::texts::{Texts, token_key};

pub mod texts;

const TABLE: &str = "access_tokens";

const TOKEN: [Column; 11] = [Text, Text, Text, Text, Number, Text, Text, Text, Number, Number, Text];

/// What is stored of it: the same, and a mark.
const STORED: [Column; 12] = [Text, Text, Text, Text, Number, Text, Text, Text, Number, Number, Text, Text];

/// For so long one batch of them is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What this process issues access tokens with.
#[derive(Debug, Default)]
pub(super) struct Issuing {
    waiting: Gathering<Asked>,
    texts: Texts,
}

/// What a client asks for itself.
#[derive(Debug)]
struct Asked {
    /// The client, as it was when it was found to be who it says and to be allowed that.
    seen: Arc<Client>,
    own: Own,
}

/// An access token that is to be stored.
#[derive(Debug)]
struct Own {
    issue: Issue,
    token: NewToken,
    now: Timestamp,
}

impl Store {
    /// The text of a new access token, or the `jti` of a signed one: 256 bits that nobody can guess, behind a few that it has
    /// in common with others.
    ///
    /// # Errors
    /// Where the kernel gives no randomness.
    pub fn token_text(&self) -> Result<String, NoEntropy> {
        self.inner.tokens.texts.next(self.entropy())
    }

    /// The access token with this key, if it is good: not expired, not taken back, its client there, its grant too, and
    /// its session not ended. Whether the person has changed meanwhile is the caller's to see.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn access_token(&self, key: &str, now: Timestamp) -> Result<Option<AccessToken>, StoreError> {
        let row = sqlx::query(
            "SELECT t.token_key, t.client_id, t.grant_id, t.user_id, t.security_version, t.sid, t.scope, t.claims, t.created_at, \
             t.expires_at, t.jkt, t.mac FROM access_tokens t LEFT JOIN clients c ON c.id = t.client_id \
             LEFT JOIN grants g ON g.id = t.grant_id LEFT JOIN sessions s ON s.sid = t.sid AND s.expires_at > $2 \
             WHERE t.token_key = $1 AND t.expires_at > $2 AND c.disabled_at IS NULL \
             AND (c.id IS NOT NULL OR t.client_id = $3) AND (t.grant_id IS NULL OR g.id IS NOT NULL) \
             AND (t.sid IS NULL OR s.sid IS NOT NULL)",
        )
        .bind(key)
        .bind(now.unix())
        .bind(API_CLIENT)
        .fetch_optional(self.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let values = Values::read(self, TABLE, &row, 0, &TOKEN)?;
        let person = match (values.maybe(3), values.maybe(4)) {
            (Some(user), Some(_)) => Some((Id::from_stored(user.to_owned()), values.number(4)?)),
            _ => None,
        };
        Ok(Some(AccessToken {
            client: values.parsed(1, |text| text.parse().ok())?,
            person,
            scope: values.text(6)?.to_owned(),
            claims: values.parsed(7, |text| serde_json::from_str(text).ok())?,
            created_at: values.time(8)?,
            expires_at: values.time(9)?,
            jkt: values.maybe(10).map(str::to_owned),
        }))
    }

    /// Stores an access token that a client, as it was seen, has asked for itself, with those of others that are asked for
    /// meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the client is not as it was seen any more; else why it could not be stored.
    pub async fn add_token(&self, seen: Arc<Client>, scope: String, token: NewToken, now: Timestamp) -> Written<()> {
        let issue = Issue { client: seen.id.clone(), person: None, scope, claims: Vec::new() };
        let (told, to_serve) = self.inner.tokens.waiting.put(Asked { seen, own: Own { issue, token, now } })?;
        if to_serve {
            let store = self.clone();
            // In a task of its own: whoever asks may go away.
            tokio::spawn(async move { store.add_own_tokens().await });
        }
        told.await.unwrap_or(Err(StoreError::OutcomeUnknown))
    }

    /// Stores all that wait, those that wait at one time in one transaction: all or none of them.
    async fn add_own_tokens(&self) {
        let _serving = self.inner.tokens.waiting.serving();
        loop {
            let (all, tell): (Vec<Asked>, Vec<_>) = self.inner.tokens.waiting.next().into_iter().unzip();
            if all.is_empty() {
                return;
            }
            let store = self.clone();
            let outcome = self.write(move |connection| {
                Box::pin(async move {
                    let good = unchanged(connection, &store, &all).await?;
                    let all = all.into_iter().zip(&good).filter(|(_, good)| **good);
                    let all: Vec<Own> = all.map(|(asked, _)| asked.own).collect();
                    insert_tokens(connection, &store, &all).await?;
                    let records = all.iter().map(|one| {
                        let record = Record { door: Some(Door::Web), ..Record::new(one.now, Event::TokenIssued) };
                        record.by(&one.issue.client)
                    });
                    audit::record_all(connection, &store, records.collect()).await?;
                    notice(|noticed| noticed.added_only = true);
                    Ok(good)
                })
            });
            // A connection that hangs holds these up, and nobody who comes later.
            let outcome = tokio::time::timeout(PATIENCE, outcome).await.unwrap_or(Err(StoreError::OutcomeUnknown));
            for (index, tell) in tell.into_iter().enumerate() {
                let told = match &outcome {
                    Ok(good) if good.get(index) == Some(&true) => Ok(()),
                    Ok(_) => Err(StoreError::Conflict),
                    Err(error) => Err(error.again()),
                };
                // Whoever has gone away is told nothing; the token stands all the same.
                drop(tell.send(told));
            }
        }
    }

    /// Takes back a client's own token (RFC 7009): an access token alone, or with a refresh token everything that came of
    /// its grant. Nothing happens where it is none, or somebody else's.
    ///
    /// # Errors
    /// Why it could not be taken back.
    pub async fn revoke_token(&self, token: &str, client: ClientId, now: Timestamp) -> Written<bool> {
        let (store, grant) = (self.clone(), Grant::of_refresh_token(token));
        let hash = if grant.is_some() { token_hash(token) } else { token_key(token) };
        // For what nobody issued nothing is written.
        let known = match &grant {
            None => sqlx::query("SELECT 1 FROM access_tokens WHERE token_key = $1").bind(&hash),
            // PostgreSQL takes no NUL.
            Some(grant) if grant.as_str().contains('\0') => return Ok(false),
            Some(grant) => sqlx::query("SELECT 1 FROM grants WHERE id = $1").bind(grant.as_str()),
        };
        if known.fetch_optional(self.pool()).await?.is_none() {
            return Ok(false);
        }
        self.write(move |connection| {
            Box::pin(async move {
                let whose = match &grant {
                    None => delete_token(connection, &hash, &client).await?,
                    Some(grant) => delete_grant(connection, grant, &hash, &client).await?,
                };
                let Some(whose) = whose else { return Ok(false) };
                let record = Record { user: whose.0, door: Some(Door::Web), ..Record::new(now, Event::TokenRevoked) };
                audit::record(connection, &store, record.by(&client)).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Deletes access tokens that have expired, a few hundred at a time. Answers how many there were.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_tokens(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM access_tokens WHERE token_key IN \
                     (SELECT token_key FROM access_tokens WHERE expires_at <= $1 LIMIT 500)",
                )
                .bind(now.unix())
                .execute(connection)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

/// Stores an access token.
///
/// # Errors
/// Where the database fails.
pub async fn insert_token(
    connection: &mut AnyConnection,
    store: &Store,
    issue: Issue,
    token: NewToken,
    now: Timestamp,
) -> Written<()> {
    insert_tokens(connection, store, &[Own { issue, token, now }]).await
}

/// Whose client is as it was seen: one that has gone, is disabled or has another secret meanwhile gets nothing.
async fn unchanged(connection: &mut AnyConnection, store: &Store, all: &[Asked]) -> Written<Vec<bool>> {
    let mut clients: BTreeMap<&ClientId, Option<Client>> = BTreeMap::new();
    for asked in all {
        if let Entry::Vacant(place) = clients.entry(&asked.seen.id) {
            let held = match client_held(connection, store, &asked.seen.id).await {
                // Somebody else has written in that row: the others have nothing to do with it.
                Err(error) if error.is_of_a_row() => None,
                held => held?,
            };
            place.insert(held.map(|(client, _)| client));
        }
    }
    let is_as = |asked: &Asked| clients.get(&asked.seen.id).and_then(Option::as_ref) == Some(asked.seen.as_ref());
    Ok(all.iter().map(is_as).collect())
}

async fn insert_tokens(connection: &mut AnyConnection, store: &Store, all: &[Own]) -> Written<()> {
    for some in in_eights(all) {
        let text = format!(
            "INSERT INTO access_tokens (token_key, client_id, grant_id, user_id, security_version, sid, scope, claims, \
             created_at, expires_at, jkt, mac) VALUES {}",
            rows(store.location(), &STORED, some.len())
        );
        let query = some.iter().fold(Bound::default().query(text), |query, one| one.bind_to(query, store));
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

impl Own {
    fn bind_to<'q>(&self, query: Query<'q, Any, AnyArguments>, store: &Store) -> Query<'q, Any, AnyArguments> {
        let Self { issue, token, now } = self;
        let person = issue.person.as_ref();
        let grant = person.and_then(|person| person.grant.as_ref().map(|grant| grant.as_str().to_owned()));
        let user = person.map(|person| person.user.as_str().to_owned());
        let security_version = person.map(|person| person.security_version);
        let sid = person.and_then(|person| person.sid.clone());
        let claims = serde_json::Value::from(issue.claims.clone()).to_string();
        let values = vec![
            Some(token.key.clone()),
            Some(issue.client.to_string()),
            grant.clone(),
            user.clone(),
            security_version.map(|version| version.to_string()),
            sid.clone(),
            Some(issue.scope.clone()),
            Some(claims.clone()),
            moment(Some(*now)),
            moment(Some(token.expires_at)),
            token.jkt.clone(),
        ];
        query
            .bind(token.key.clone())
            .bind(issue.client.to_string())
            .bind(grant)
            .bind(user)
            .bind(security_version)
            .bind(sid)
            .bind(issue.scope.clone())
            .bind(claims)
            .bind(now.unix())
            .bind(token.expires_at.unix())
            .bind(token.jkt.clone())
            .bind(Values::of(TABLE, values).mark(store))
    }
}

/// The name of the person that something was for, if it was for one.
struct Whose(Option<String>);

async fn delete_token(connection: &mut AnyConnection, key: &str, client: &ClientId) -> Written<Option<Whose>> {
    let name: Option<Option<String>> = sqlx::query_scalar(
        "SELECT u.name FROM access_tokens t LEFT JOIN users u ON u.id = t.user_id \
         WHERE t.token_key = $1 AND t.client_id = $2",
    )
    .bind(key)
    .bind(client.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let done = sqlx::query("DELETE FROM access_tokens WHERE token_key = $1 AND client_id = $2")
        .bind(key)
        .bind(client.as_str())
        .execute(connection)
        .await?;
    Ok(name.filter(|_| done.rows_affected() == 1).map(Whose))
}

async fn delete_grant(
    connection: &mut AnyConnection,
    grant: &Id<Grant>,
    refresh: &str,
    client: &ClientId,
) -> Written<Option<Whose>> {
    let name: Option<Option<String>> = sqlx::query_scalar(
        "SELECT u.name FROM grants g LEFT JOIN users u ON u.id = g.user_id \
         WHERE g.id = $1 AND g.refresh_hash = $2 AND g.client_id = $3",
    )
    .bind(grant.as_str())
    .bind(refresh)
    .bind(client.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    if name.is_some() {
        take_back(connection, grant).await?;
    }
    Ok(name.map(Whose))
}
