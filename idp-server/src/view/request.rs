//! Recovery requests, as they are told.

use serde::Serialize;
use twolatch_core::door::Door;
use twolatch_core::store::requests::Request;
use twolatch_core::user::User;
use utoipa::ToSchema;

use super::words;
use crate::state::App;

/// A request that waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Request)]
pub struct Row {
    /// What an answer names.
    id: String,
    name: String,
    /// What the person says.
    why: &'static str,
    /// Where they asked.
    #[schema(schema_with = words::door)]
    door: Door,
    source: String,
    created_at: i64,
    expires_at: i64,
    /// From when on it can be approved.
    approvable_at: i64,
    /// The first of two administrators.
    approved_first_by: Option<String>,
}

impl Row {
    /// Somebody's request.
    #[must_use]
    pub fn of(app: &App, request: Request, user: &User) -> Self {
        Self {
            id: request.id.to_string(),
            name: user.name.to_string(),
            approvable_at: app.logins.approvable_at(&request).unix(),
            approved_first_by: request.agreed.map(|agreed| agreed.by),
            why: request.why.as_str(),
            door: request.door,
            source: request.source,
            created_at: request.created_at.unix(),
            expires_at: request.expires_at.unix(),
        }
    }
}
