//! The one gate before anything is issued: whether what somebody has shown is what policy asks of them at this moment. Every
//! grant goes through it, each time. It must not know what is issued.

use twolatch_core::client::{Client, Happening};
use twolatch_core::factor::Proof;
use twolatch_core::grant::Grant;
use twolatch_core::policy::Where;
use twolatch_core::step::{Assurance, Facts, Step, next};
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;

use super::error::{Code, OauthError};
use crate::state::App;

/// How sure the proofs make, if they are what policy asks of this person, for an application or for the own account and
/// from where they are; `None` if they are not, or the account is disabled.
///
/// # Errors
/// Where policy cannot be read: then nothing is issued.
pub async fn may_issue(
    app: &App,
    user: &User,
    proofs: &[Proof],
    at: Where<'_>,
    now: Timestamp,
) -> Result<Option<Assurance>, StoreError> {
    if user.disabled_at.is_some() {
        return Ok(None);
    }
    let policy = app.logins.policy(now).await?;
    let level = policy.decide(user, at, now).level;
    let facts = app.logins.facts(&policy, user, None, at, now);
    // Whoever has codes to keep meanwhile is asked at the next sign-in.
    let facts = Facts { recovery_due: false, ..facts };
    Ok(match next(level, &facts, proofs, now) {
        Step::Granted(assurance) => Some(assurance),
        _ => None,
    })
}

/// The person of a grant, if the client may still have what it is for.
///
/// # Errors
/// `invalid_grant` where it may not; where the database fails, another.
pub(super) async fn person_of(app: &App, client: &Client, grant: &Grant, now: Timestamp) -> Result<User, OauthError> {
    let refuse = |detail: &'static str| OauthError::new(Code::InvalidGrant, detail).counted(Happening::Person);
    let Some(person) = app.store.person(&grant.user).await? else {
        return Err(refuse("the person that the grant is of is gone"));
    };
    if !client.admits(&person.user) {
        return Err(
            refuse("the person is in none of the groups that may sign in to the client").counted(Happening::Groups)
        );
    }
    // It is the client that asks, from an address of its own; the person's is the one that they were at.
    let at = Where { address: grant.place.parse().ok(), ..Where::web(Some(&client.id)) };
    if may_issue(app, &person.user, &grant.proofs, at, now).await?.is_none() {
        return Err(refuse("policy asks for more than the person has shown, or the account is disabled"));
    }
    Ok(person.user)
}
