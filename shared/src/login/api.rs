//! Sign-ins of programs: the same passwords, codes, budgets and policy as a browser's. What they get in the end is an
//! access token, with a session of its own that ends whenever the person's others do. No browser can go on with one of
//! these, and no program with a browser's.

use super::Logins;
use super::web::{Current, Fault, Goal};
use crate::audit::{Event, Record};
use crate::client::ClientId;
use crate::crypto::random_text;
use crate::factor::Kind;
use crate::grant::{ACCESS_TOKEN_LIFE, API_CLIENT, For, Issue, NewToken};
use crate::secret::Secret;
use crate::step::{Assurance, Facts, Step, next};
use crate::store::StoreError;
use crate::store::audit::record;
use crate::store::browser::finish_attempt;
use crate::store::sessions::{insert_session, sid_of};
use crate::store::tokens::insert_token;
use crate::store::tokens::texts::token_key;
use crate::store::users::note_login;
use crate::time::Timestamp;

/// What a program learns of its person; never more.
const SCOPE: &str = "openid profile";

impl Logins {
    /// Takes name and password of a program's person; answers what the program goes on with.
    ///
    /// # Errors
    /// Why it does not go on.
    pub async fn enter_by_program(
        &self,
        typed_name: &str,
        password: Secret,
        source: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        // Not a sealed request, so nothing that a web app could have asked for.
        let goal =
            Goal { continue_to: Some(API_CLIENT.to_owned()), client: Some(own_client()?), least: Assurance::Password };
        self.enter(typed_name, password, source, goal, now).await
    }

    /// The sign-in of a program, and what it waits for now. What only excuses from a second factor, a remembered device
    /// or set-up put off, does not count here, nor does where the program runs: many people may use it there. Recovery codes
    /// are kept in a browser.
    ///
    /// # Errors
    /// [`Fault::Over`] where there is none.
    pub async fn current_of_program(&self, flow: &str, now: Timestamp) -> Result<Current, Fault> {
        let mut current = self.current(flow, now).await?;
        if current.attempt.continue_to.as_deref() != Some(API_CLIENT) {
            return Err(Fault::Over);
        }
        current.attempt.proofs.retain(|proof| !matches!(proof.kind, Kind::Device | Kind::Later));
        let (user, policy) = (&current.person.user, self.policy(now).await?);
        let at = current.attempt.place();
        let level = policy.decide(user, at, now).level;
        let facts = self.facts(&policy, user, current.person.last_method, at, now);
        let facts = Facts { recovery_due: false, least: current.attempt.least, ..facts };
        current.step = next(level, &facts, &current.attempt.proofs, now);
        Ok(current)
    }

    /// Turns a sign-in that nothing is missing from into an access token.
    ///
    /// # Errors
    /// [`Fault::Over`] where something is missing, or another request was faster.
    pub async fn finish_for_program(&self, current: Current, source: &str, now: Timestamp) -> Result<Secret, Fault> {
        let Step::Granted(assurance) = current.step else { return Err(Fault::Over) };
        let Current { attempt, person, .. } = current;
        let about = Record { event: Event::TokenIssued, factor: None, ..self.about(&person, source, now) };
        let about = about.saying(format!("{API_CLIENT} {}", assurance.acr()));
        let entropy = self.store.entropy();
        let token = self.store.token_text().map_err(StoreError::from)?;
        // Nobody has the cookie of this session.
        let cookie = random_text::<20>(entropy).map_err(StoreError::from)?;
        let whose = For {
            user: person.user.id.clone(),
            security_version: person.user.security_version,
            grant: None,
            sid: Some(sid_of(&cookie)),
        };
        let issue = Issue { client: own_client()?, person: Some(whose), scope: SCOPE.to_owned(), claims: Vec::new() };
        let stored = NewToken { key: token_key(&token), jkt: None, expires_at: now.plus(ACCESS_TOKEN_LIFE) };
        let (store, place) = (self.store.clone(), source.to_owned());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    note_login(connection, &person.user.id, now).await?;
                    finish_attempt(connection, &attempt).await?;
                    insert_session(connection, &store, &cookie, &person.user, &attempt.proofs, &place, now).await?;
                    insert_token(connection, &store, issue, stored, now).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(Secret::new(token))
    }
}

fn own_client() -> Result<ClientId, StoreError> {
    API_CLIENT.parse().map_err(|_| StoreError::Other("the built-in client has no id".to_owned()))
}
