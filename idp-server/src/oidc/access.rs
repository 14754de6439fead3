//! Whether an access token is good for anything at this moment, for whoever asks: the person's own request, or the client
//! that it was issued to. It must not know how it was shown.

use twolatch_core::crypto::token_hash;
use twolatch_core::grant::AccessToken;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;

use crate::state::App;

/// The token and its person, or why it is worth nothing.
///
/// # Errors
/// Where the database fails: then nobody knows.
pub async fn judge(
    app: &App,
    token: &str,
    now: Timestamp,
) -> Result<Result<(AccessToken, User), Worthless>, StoreError> {
    let Some(token) = app.store.access_token(&token_hash(token), now).await? else { return Ok(Err(Worthless::Token)) };
    let Some(person) = app.store.person(&token.user).await? else { return Ok(Err(Worthless::Person)) };
    let user = person.user;
    if user.disabled_at.is_some() || user.security_version != token.security_version {
        return Ok(Err(Worthless::Account));
    }
    Ok(Ok((token, user)))
}

/// Why a token is worth nothing, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Worthless {
    /// It is none, or none any more.
    #[error("not an access token, or one that has expired or is revoked")]
    Token,
    /// Nobody has it.
    #[error("the person is gone")]
    Person,
    /// Its person is not as they were.
    #[error("the account is disabled or has changed since the token was issued")]
    Account,
}
