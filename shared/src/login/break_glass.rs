//! What the audit says of codes that need no server: that they were made. Where they are kept and taken it must not know.

use super::Logins;
use super::actor::{Actor, allow};
use crate::audit::Event;
use crate::store::StoreError;
use crate::store::audit::record;

impl Logins {
    /// Records that an account of this machine has new break-glass codes.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn break_glass_issued(&self, name: &str, actor: &Actor) -> Result<(), StoreError> {
        let mut about = actor.record(Event::BreakGlassIssued).about(&name);
        about.host = Some(self.host.to_string());
        let (store, actor) = (self.store.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    allow(connection, &store, &actor).await?;
                    record(connection, &store, about).await
                })
            })
            .await
    }
}
