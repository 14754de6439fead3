//! A browser on its way from an application to sign in and back. What has to be known then travels with it, sealed for an
//! hour; nothing in an address says where it goes.

use serde::{Deserialize, Serialize};
use twolatch_core::client::{AppHost, Client, ClientId};
use twolatch_core::crypto::token_hash;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;

use super::asked::Target;
use crate::state::App;
use crate::web::parcel::Parcel;

/// The longest page that one comes back to: sealed it has to fit into an address. From a longer one it is the first page.
const MAX_TARGET: usize = 2048;

/// Where a browser has left.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Leaving {
    /// Which application.
    pub client: ClientId,
    /// At which of its hosts.
    pub host: AppHost,
    /// Path and query of the page that was asked for.
    pub return_to: String,
    /// What is stored of what the browser was given.
    pub nonce: String,
    /// When.
    pub at: Timestamp,
}

impl Parcel for Leaving {
    const KIND: &'static str = "forward_request";

    const LIFE: i64 = 3600;

    fn since(&self) -> Timestamp {
        self.at
    }
}

impl Leaving {
    /// A browser that leaves now.
    #[must_use]
    pub fn new(client: &Client, host: AppHost, target: &Target, nonce: &str, at: Timestamp) -> Self {
        let return_to = Some(target.as_str()).filter(|target| target.len() <= MAX_TARGET).unwrap_or("/").to_owned();
        Self { client: client.id.clone(), host, return_to, nonce: token_hash(nonce), at }
    }

    /// The application, if it still is at that host and people may sign in to it.
    ///
    /// # Errors
    /// Where the database fails, or the client's row is not as it was written.
    pub async fn client(&self, app: &App) -> Result<Option<Client>, StoreError> {
        let client = app.store.client_of_host(&self.host).await?;
        Ok(client.filter(|client| client.id == self.client))
    }
}
