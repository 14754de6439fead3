//! What the link in a letter does for who did not do what the letter tells. It only locks: whoever has the mailbox alone
//! ends sessions with it, and never gets further than an administrator's desk.

use super::Logins;
use super::notices::alarm;
use super::web::Fault;
use crate::audit::{Event, Record};
use crate::door::Door;
use crate::letter::Notice;
use crate::store::StoreError;
use crate::store::addresses::FORMER_LIFE;
use crate::store::audit::record;
use crate::store::ending::end_everything;
use crate::store::links::{Purpose, use_link};
use crate::store::requests::{Answer, State, Why, answer_request, insert_request};
use crate::store::users::update_user;
use crate::time::Timestamp;
use crate::user::User;

impl Logins {
    /// Whose link it is. Looking uses nothing.
    ///
    /// # Errors
    /// [`Fault::Over`] where it was used, has expired, or never was.
    pub async fn open_not_me(&self, token: &str, now: Timestamp) -> Result<User, Fault> {
        let link = self.store.link(token, now).await?.filter(|link| link.purpose == Purpose::NotMe);
        let id = link.and_then(|link| link.user).ok_or(Fault::Over)?;
        Ok(self.store.person(&id).await?.ok_or(Fault::Over)?.user)
    }

    /// Uses the link: ends all sessions, sign-ins and devices of its person, files a request for them in place of one that
    /// waits, and tells all administrators.
    ///
    /// # Errors
    /// [`Fault::Over`] where it was used, has expired, or never was.
    pub async fn disown(&self, token: &str, source: &str, now: Timestamp) -> Result<(), Fault> {
        let user = self.open_not_me(token, now).await?;
        let request = self.request(&user, Why::Disowned, Door::Web, source, now)?;
        // What somebody else may have asked for in their name is not what an administrator must answer.
        let former = self
            .request_of(&user, now)
            .await?
            .filter(|(former, state)| *state == State::Waiting && former.why == Why::Lost);
        let withdrawn = Answer { approved: false, at: now, by: user.name.to_string(), note: None };
        let about = Record {
            door: Some(Door::Web),
            host: Some(self.host.to_string()),
            source: Some(source.to_owned()),
            ..Record::new(now, Event::Disowned)
        }
        .about(&user.name);
        let (store, token) = (self.store.clone(), token.to_owned());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    // As it was read above, or not at all: then the link is still good.
                    let expected = user.security_version;
                    // A new address that its owner does not know is not theirs when three days have passed, either.
                    let held = user.email_held(now).map(|_| now.plus(FORMER_LIFE));
                    let changed = User {
                        security_version: expected + 1,
                        email_held_until: held.or(user.email_held_until),
                        ..user
                    };
                    update_user(connection, &store, &changed, expected).await?;
                    if !use_link(connection, &token, now).await? {
                        return Err(StoreError::Conflict);
                    }
                    end_everything(connection, &store, std::slice::from_ref(&changed.id), now).await?;
                    if let Some((former, _)) = &former {
                        answer_request(connection, &store, former, &withdrawn).await?;
                    }
                    insert_request(connection, &store, &request).await?;
                    alarm(connection, &store, changed.name.as_str(), Notice::Disowned, None, now).await?;
                    record(connection, &store, about).await
                })
            })
            .await?;
        Ok(())
    }
}
