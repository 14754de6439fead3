//! What has to be known when a browser comes back, and travels with it meanwhile: sealed, for a while. Nothing that stands in
//! an address says where it goes. It must not know what is in a parcel.

use serde::Serialize;
use serde::de::DeserializeOwned;
use twolatch_core::crypto::seal::Place;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;

use crate::state::App;

/// Something that a browser carries and cannot read.
pub trait Parcel: Serialize + DeserializeOwned {
    /// No kind opens as another.
    const KIND: &'static str;

    /// How long a person may take with it, in seconds.
    const LIFE: i64;

    /// When it was made.
    fn since(&self) -> Timestamp;

    /// Seals it for the way through the browser.
    ///
    /// # Errors
    /// Where it cannot be sealed.
    fn seal(&self, app: &App) -> Result<String, StoreError> {
        let json = serde_json::to_vec(self).map_err(|error| StoreError::Other(error.to_string()))?;
        let sealed = app.store.keys().seal(app.entropy(), place::<Self>(), &json);
        sealed.map_err(|error| StoreError::Other(error.to_string()))
    }

    /// Opens one that is not too old. One from the future was sealed by another clock, and is not trusted further than a
    /// minute.
    #[must_use]
    fn open(app: &App, sealed: &str, now: Timestamp) -> Option<Self> {
        let json = app.store.keys().open(place::<Self>(), sealed).ok()?;
        let parcel: Self = serde_json::from_slice(&json).ok()?;
        (-60..Self::LIFE).contains(&now.since(parcel.since())).then_some(parcel)
    }
}

/// The sealed text in the query of a page; empty where there is none. Its characters all stand for themselves.
#[must_use]
pub fn in_query(query: Option<&str>) -> &str {
    query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("request=")).unwrap_or_default()
}

const fn place<P: Parcel>() -> Place<'static> {
    Place { table: P::KIND, column: "", row: "", owner: "" }
}
