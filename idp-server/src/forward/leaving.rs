//! A browser on its way from an application to sign in and back. What has to be known then travels with it, sealed for an
//! hour; nothing in an address says where it goes.

use serde::{Deserialize, Serialize};
use twolatch_core::client::{AppHost, Client, ClientId};
use twolatch_core::crypto::seal::Place;
use twolatch_core::crypto::token_hash;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;

use super::asked::Target;
use crate::state::App;
use crate::web::failure::{Failure, Kind};

/// How long a person may take to sign in, in seconds.
const LIFE: i64 = 3600;

/// The longest page that one comes back to: sealed it has to fit into an address. From a longer one it is the first page.
const MAX_TARGET: usize = 2048;

const PLACE: Place<'static> = Place { table: "forward_request", column: "", row: "", owner: "" };

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

impl Leaving {
    /// A browser that leaves now.
    #[must_use]
    pub fn new(client: &Client, host: AppHost, target: &Target, nonce: &str, at: Timestamp) -> Self {
        let return_to = Some(target.as_str()).filter(|target| target.len() <= MAX_TARGET).unwrap_or("/").to_owned();
        Self { client: client.id.clone(), host, return_to, nonce: token_hash(nonce), at }
    }

    /// Seals it for the way through the browser.
    ///
    /// # Errors
    /// Where it cannot be sealed.
    pub fn seal(&self, app: &App) -> Result<String, Failure> {
        let json = serde_json::to_vec(self).map_err(|error| Kind::Internal.because(error.to_string()))?;
        let sealed = app.store.keys().seal(app.entropy(), PLACE, &json);
        sealed.map_err(|error| Kind::Internal.because(error.to_string()))
    }

    /// Opens one that is not too old. One from the future was sealed by another clock, and is not trusted further than a
    /// minute.
    #[must_use]
    pub fn open(app: &App, sealed: &str, now: Timestamp) -> Option<Self> {
        let json = app.store.keys().open(PLACE, sealed).ok()?;
        let leaving: Self = serde_json::from_slice(&json).ok()?;
        (-60..LIFE).contains(&now.since(leaving.at)).then_some(leaving)
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
