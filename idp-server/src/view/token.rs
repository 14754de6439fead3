//! Tokens of programs, as they are told. What is shown at the API is told once, when it is made.

use std::collections::HashMap;

use serde::Serialize;
use twolatch_core::api_token::{ApiToken, Scope};
use twolatch_core::id::Id;
use twolatch_core::secret::Secret;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;

use crate::state::App;

/// So many are listed.
pub const MOST: i64 = 1000;

/// A token.
#[derive(Debug, Serialize)]
pub struct Told {
    /// What it is called.
    pub id: String,
    /// In whose name it acts.
    pub user: String,
    /// What it is for.
    pub note: String,
    /// What it may.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// About when it was used last.
    pub last_used_at: Option<Timestamp>,
}

/// A token that was made just now.
#[derive(Debug, Serialize)]
pub struct Made {
    #[serde(flatten)]
    told: Told,
    token: String,
}

impl Told {
    fn of(token: ApiToken, user: String) -> Self {
        Self {
            id: token.id.to_string(),
            user,
            note: token.note,
            scopes: token.scopes.into_iter().collect(),
            created_at: token.created_at,
            created_by: token.created_by,
            expires_at: token.expires_at,
            last_used_at: token.used_at,
        }
    }
}

impl Made {
    /// A token, with what is shown at the API.
    #[must_use]
    pub fn of(token: ApiToken, user: String, shown: &Secret) -> Self {
        Self { told: Told::of(token, user), token: shown.expose().to_owned() }
    }
}

/// All tokens that are worth something, by what they are for.
///
/// # Errors
/// Where the database fails, or a row is not as it was written.
pub async fn all(app: &App) -> Result<Vec<Told>, StoreError> {
    let mut people: HashMap<Id<User>, Option<User>> = HashMap::new();
    let mut all = Vec::new();
    for token in app.store.api_tokens(MOST, app.now()).await? {
        if !people.contains_key(&token.user) {
            let user = app.store.person(&token.user).await?.map(|person| person.user);
            people.insert(token.user.clone(), user);
        }
        let user = people.get(&token.user).and_then(Option::as_ref);
        // Whatever has changed since: nobody gets in with it.
        let user = user.filter(|user| user.security_version == token.security_version && user.disabled_at.is_none());
        if let Some(name) = user.map(|user| user.name.to_string()) {
            all.push(Told::of(token, name));
        }
    }
    Ok(all)
}
