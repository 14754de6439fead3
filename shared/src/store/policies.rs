//! Policy and exemptions. One policy is in force; what it was before is kept in another table, under another mark: a row
//! that is copied from there is none.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::policy::{Policy, Rules};
use crate::time::Timestamp;

use Column::{Number, Text};

/// A version of the rules, as it was put in force.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyVersion {
    /// Which.
    pub version: i64,
    /// The rules.
    pub rules: Rules,
    /// Who put them in force.
    pub author: String,
    /// When.
    pub at: Timestamp,
}

const VERSION: [Column; 4] = [Number, Text, Text, Number];
const RULES: [Column; 5] = [Number, Text, Text, Text, Number];

/// The policy that was last read, and when.
pub(super) type Cache = Mutex<Option<(Timestamp, Arc<Policy>)>>;

impl Store {
    /// The policy in force, read at most a second ago. `locked` comes from the configuration.
    ///
    /// # Errors
    /// Where the database fails, or the policy is missing or not as it was written: then nothing is decided.
    pub async fn policy(&self, locked: bool, now: Timestamp) -> Result<Arc<Policy>, StoreError> {
        let cached = self.inner.policy.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, policy)) = &cached
            && *at == now
            && policy.locked == locked
        {
            return Ok(Arc::clone(policy));
        }
        let version = self.newest_policy().await?;
        let policy = match cached {
            Some((_, policy)) if policy.version > version => return Err(no_policy(version)),
            Some((_, policy)) if policy.version == version && policy.locked == locked => policy,
            _ => Arc::new(self.read_newest(version, locked).await?),
        };
        *self.inner.policy.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&policy)));
        Ok(policy)
    }

    /// Has the policy read anew: this server has just put another one in force.
    pub(crate) fn outdate_policy(&self) {
        let mut cached = self.inner.policy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, _)) = cached.as_mut() {
            *at = Timestamp::from_unix(i64::MIN);
        }
    }

    /// Whether there is any policy: a new database has none.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn has_policy(&self) -> Result<bool, StoreError> {
        let versions: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM policies").fetch_one(self.pool()).await?;
        Ok(versions > 0)
    }

    /// The latest versions of the rules, the one in force first.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn policy_versions(&self, limit: i64) -> Result<Vec<PolicyVersion>, StoreError> {
        let text = "SELECT version, document, author, at, mac FROM policy_versions ORDER BY version DESC LIMIT $1";
        let rows = sqlx::query(text).bind(limit).fetch_all(self.pool()).await?;
        rows.iter().map(|row| self.read_version(row)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn policy_version(&self, version: i64) -> Result<Option<PolicyVersion>, StoreError> {
        let text = "SELECT version, document, author, at, mac FROM policy_versions WHERE version = $1";
        let row = sqlx::query(text).bind(version).fetch_optional(self.pool()).await?;
        row.map(|row| self.read_version(&row)).transpose()
    }

    fn read_version(&self, row: &AnyRow) -> Result<PolicyVersion, StoreError> {
        let values = Values::read(self, "policy_versions", row, 0, &VERSION)?;
        Ok(PolicyVersion {
            version: values.number(0)?,
            rules: values.parsed(1, |text| serde_json::from_str(text).ok())?,
            author: values.text(2)?.to_owned(),
            at: values.time(3)?,
        })
    }

    async fn newest_policy(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM policies").fetch_one(self.pool()).await?)
    }

    /// Rules and exemptions are read one after the other: where somebody puts the next version in force between them they do
    /// not fit, and that one is read. Where nobody does they were changed by hand.
    async fn read_newest(&self, mut version: i64, locked: bool) -> Result<Policy, StoreError> {
        loop {
            match self.read_policy(version, locked).await {
                Err(error @ StoreError::Value { .. }) => {
                    let newest = self.newest_policy().await?;
                    if newest <= version {
                        return Err(error);
                    }
                    version = newest;
                }
                read => return read,
            }
        }
    }

    async fn read_policy(&self, version: i64, locked: bool) -> Result<Policy, StoreError> {
        let row = sqlx::query("SELECT version, document, exemptions, author, at, mac FROM policies WHERE version = $1")
            .bind(version)
            .fetch_optional(self.pool())
            .await?
            .ok_or_else(|| no_policy(version))?;
        let policy = Values::read(self, "policies", &row, 0, &RULES)?;
        let rules = policy.parsed(1, |text| serde_json::from_str(text).ok())?;
        let listed: Vec<String> = policy.parsed(2, |text| serde_json::from_str(text).ok())?;
        let exemptions = self.read_exemptions().await?;
        let mut found: Vec<&str> = exemptions.iter().map(|exemption| exemption.id.as_str()).collect();
        found.sort_unstable();
        if listed != found {
            return Err(policy.unreadable());
        }
        Ok(Policy { version, rules, exemptions, locked })
    }
}

/// Puts rules in force as the version after `expected`, which must be the present one (0 for none). The exemptions that
/// are there at this moment belong to it.
///
/// # Errors
/// [`StoreError::Conflict`] where somebody else was faster.
pub async fn insert_policy(
    connection: &mut AnyConnection,
    store: &Store,
    rules: &Rules,
    expected: i64,
    author: &str,
    now: Timestamp,
) -> Written<()> {
    let version = expected + 1;
    if expected > 0 {
        let gone =
            sqlx::query("DELETE FROM policies WHERE version = $1").bind(expected).execute(&mut *connection).await?;
        if gone.rows_affected() != 1 {
            return Err(StoreError::Conflict);
        }
    }
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT id FROM exemptions ORDER BY id").fetch_all(&mut *connection).await?;
    let document = serde_json::to_string(rules).map_err(|_| no_policy(version))?;
    let exemptions = serde_json::to_string(&ids).map_err(|_| no_policy(version))?;
    archive(&mut *connection, store, version, &document, author, now).await?;
    let values = vec![
        Some(version.to_string()),
        Some(document.clone()),
        Some(exemptions.clone()),
        Some(author.to_owned()),
        moment(Some(now)),
    ];
    let done = sqlx::query(
        "INSERT INTO policies (version, document, exemptions, author, at, mac) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (version) DO NOTHING",
    )
    .bind(version)
    .bind(document)
    .bind(exemptions)
    .bind(author)
    .bind(now.unix())
    .bind(Values::of("policies", values).mark(store))
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Puts the rules that are there in force once more, as a version that nobody has seen: a server takes none that is older
/// than what it knows.
///
/// # Errors
/// Where the database fails, or the rules are not as they were written.
pub async fn renew_policy(
    connection: &mut AnyConnection,
    store: &Store,
    seen: i64,
    author: &str,
    now: Timestamp,
) -> Written<()> {
    let text = "SELECT version, document, exemptions, author, at, mac FROM policies ORDER BY version DESC LIMIT 1";
    let row = sqlx::query(text).fetch_optional(&mut *connection).await?.ok_or_else(|| no_policy(0))?;
    let values = Values::read(store, "policies", &row, 0, &RULES)?;
    let rules = values.parsed(1, |text| serde_json::from_str(text).ok())?;
    let (version, newest) = (values.number(0)?, latest_version(connection).await?.max(seen));
    sqlx::query("UPDATE policies SET version = $2 WHERE version = $1")
        .bind(version)
        .bind(newest)
        .execute(&mut *connection)
        .await?;
    insert_policy(connection, store, &rules, newest, author, now).await
}

/// The latest version that there was.
///
/// # Errors
/// Where the database fails.
pub async fn latest_version(connection: &mut AnyConnection) -> Written<i64> {
    let text = "SELECT COALESCE(MAX(version), 0) FROM (SELECT version FROM policies UNION ALL \
                SELECT version FROM policy_versions) AS seen";
    Ok(sqlx::query_scalar(text).fetch_one(connection).await?)
}

/// Keeps a version for those who look back.
async fn archive(
    connection: &mut AnyConnection,
    store: &Store,
    version: i64,
    document: &str,
    author: &str,
    now: Timestamp,
) -> Written<()> {
    let values = vec![Some(version.to_string()), Some(document.to_owned()), Some(author.to_owned()), moment(Some(now))];
    sqlx::query(
        "INSERT INTO policy_versions (version, document, author, at, mac) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (version) DO NOTHING",
    )
    .bind(version)
    .bind(document)
    .bind(author)
    .bind(now.unix())
    .bind(Values::of("policy_versions", values).mark(store))
    .execute(connection)
    .await?;
    Ok(())
}

/// No policy, or an older one than before: nothing is decided.
fn no_policy(version: i64) -> StoreError {
    StoreError::Value { table: "policies", row: version.to_string() }
}
