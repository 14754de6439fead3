//! New recovery codes and key, once signed in. They travel sealed in the form; those before are good until the new ones
//! are confirmed to be kept.

use super::Logins;
use super::recover::{NewSet, put_in_force};
use super::setup;
use super::web::Fault;
use crate::audit::Record;
use crate::reason::Reason;
use crate::store::Session;
use crate::store::sessions::renew_session;
use crate::time::Timestamp;

/// What a draft is sealed for.
const COLUMN: &str = "kept";

impl Logins {
    /// Makes codes or key as policy wants them, and their sealed draft. Nothing is stored.
    ///
    /// # Errors
    /// [`Fault::Unconfirmed`]; [`Reason::NotAllowed`] where there is no second factor that they could stand in for.
    pub async fn begin_recovery(&self, session: &Session, now: Timestamp) -> Result<(NewSet, String), Fault> {
        let person = self.owner(session, now).await?;
        if self.ways_of(&person, now).await?.method.is_none() {
            return Err(Fault::Refused(Reason::NotAllowed));
        }
        let kept = self.policy(now).await?.rules.recovery;
        let set = NewSet::new(self.store.entropy(), kept, now)?;
        let draft = self.seal_draft(session, COLUMN, &set)?;
        Ok((set, draft))
    }

    /// The codes and key in a draft.
    ///
    /// # Errors
    /// [`Fault::Over`] where it is none of this session, or too old.
    pub fn recovery_in(&self, session: &Session, draft: &str, now: Timestamp) -> Result<NewSet, Fault> {
        let set: NewSet = self.open_draft(session, COLUMN, draft)?;
        if now.since(set.began) < setup::LIFE { Ok(set) } else { Err(Fault::Over) }
    }

    /// Puts the codes and key in a draft in force: their owner says that they are kept. Answers the session's new token.
    ///
    /// # Errors
    /// [`Fault::Over`] where the draft is none of this session, or too old.
    pub async fn keep_recovery(
        &self,
        session: &Session,
        draft: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let set = self.recovery_in(session, draft, now)?;
        let person = self.own(session).await?;
        let about = Record { factor: None, ..self.about(&person, source, now) };
        let hashed = self.hash_set(&set).await?;
        let (token, renewal) = self.renewal(session, now)?;
        let store = self.store.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let user = put_in_force(connection, &store, &person.user, hashed, about).await?;
                    renew_session(connection, &store, &renewal, user.security_version).await
                })
            })
            .await?;
        Ok(token)
    }
}
