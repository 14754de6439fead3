//! Requests of people who have lost every second factor. It must not know at which door they are typed.

use super::Logins;
use crate::audit::{Event, Record};
use crate::door::Door;
use crate::store::audit::record;
use crate::store::budgets::{Budget, Charge, charge};
use crate::store::{Person, StoreError};
use crate::time::Timestamp;

/// What has become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Filed {
    /// It is on record; the person asks an administrator.
    AskAdministrator,
    /// There were enough of them lately; this one changes nothing.
    Already,
}

impl Logins {
    /// Files a request of somebody who has shown a first factor.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn file_request(
        &self,
        person: &Person,
        door: Door,
        source: &str,
        now: Timestamp,
    ) -> Result<Filed, StoreError> {
        let about =
            Record { door: Some(door), event: Event::RecoveryAsked, factor: None, ..self.about(person, source, now) };
        let (store, budget) = (self.store.clone(), Budget::of_request(person.user.id.as_str()));
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    if charge(connection, &budget, now).await? != Charge::Taken {
                        return Ok(Filed::Already);
                    }
                    record(connection, &store, about).await?;
                    Ok(Filed::AskAdministrator)
                })
            })
            .await
    }
}
