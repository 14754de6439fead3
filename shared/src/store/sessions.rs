//! Sessions of browsers.

use sqlx::Row;

use super::{Store, StoreError};
use crate::factor::Proof;
use crate::id::Id;
use crate::policy::{Level, Policy, Rules};
use crate::time::Timestamp;
use crate::user::{Role, User};

/// A live session.
#[derive(Debug, Clone)]
pub struct Session {
    /// What is stored of its id.
    pub id_hash: String,
    /// Whose it is.
    pub user: User,
    /// What was shown when it began.
    pub proofs: Vec<Proof>,
    /// When that was.
    pub created_at: Timestamp,
}

impl Store {
    /// Stand-in.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn session(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(
            "SELECT user_id, proofs, security_version, created_at FROM sessions WHERE id_hash = $1 AND expires_at > $2",
        )
        .bind(hash)
        .bind(now.unix())
        .fetch_optional(self.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let proofs: String = row.try_get("proofs")?;
        let Some(user) = self.user(&Id::from_stored(row.try_get("user_id")?)).await? else { return Ok(None) };
        if user.security_version != row.try_get::<i64, _>("security_version")? || user.disabled_at.is_some() {
            return Ok(None);
        }
        Ok(Some(Session {
            id_hash: hash.to_owned(),
            user,
            proofs: serde_json::from_str(&proofs).unwrap_or_default(),
            created_at: Timestamp::from_unix(row.try_get("created_at")?),
        }))
    }

    /// Stand-in.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn user(&self, id: &Id<User>) -> Result<Option<User>, StoreError> {
        let row = sqlx::query(
            "SELECT name, email, email_verified_at, disabled_at, groups, authenticators, security_version FROM users WHERE id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(self.pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let fault = || StoreError::Value { table: "users", row: id.to_string() };
        let moment = |at: Option<i64>| at.map(Timestamp::from_unix);
        Ok(Some(User {
            id: id.clone(),
            name: row.try_get::<String, _>("name")?.parse().map_err(|_| fault())?,
            email: row
                .try_get::<Option<String>, _>("email")?
                .map(|email| email.parse())
                .transpose()
                .map_err(|_| fault())?,
            email_verified_at: moment(row.try_get("email_verified_at")?),
            role: Role::Member,
            groups: serde_json::from_str(&row.try_get::<String, _>("groups")?).map_err(|_| fault())?,
            level: None,
            shared_at: None,
            disabled_at: moment(row.try_get("disabled_at")?),
            password: None,
            must_change_at: None,
            setup_until: Timestamp::from_unix(0),
            authenticators: serde_json::from_str(&row.try_get::<String, _>("authenticators")?).map_err(|_| fault())?,
            security_version: row.try_get("security_version")?,
            created_at: Timestamp::from_unix(0),
        }))
    }

    /// Stand-in.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn policy(&self, locked: bool) -> Result<Policy, StoreError> {
        let row = sqlx::query("SELECT document FROM policies ORDER BY version DESC LIMIT 1")
            .fetch_optional(self.pool())
            .await?;
        let rules = row.map(|row| row.try_get::<String, _>("document")).transpose()?;
        let rules =
            rules.and_then(|rules| serde_json::from_str(&rules).ok()).unwrap_or(Rules::initial(Level::Required));
        Ok(Policy { version: 0, rules, exemptions: Vec::new(), locked })
    }
}
