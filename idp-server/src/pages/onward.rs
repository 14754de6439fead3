//! Where a sign-in leads to. The address of a web app is never in the browser's hands: it holds a sealed request, and
//! this asks what the pages may know of it.

use twolatch_core::client::ClientId;
use twolatch_core::login::web::Goal;
use twolatch_core::step::Assurance;
use twolatch_core::store::StoreError;
use twolatch_core::store::browser::Attempt;

use super::device::confirm::Waiting;
use crate::forward::leaving::Leaving;
use crate::oidc::authorize::continuation;
use crate::state::App;
use crate::text::Language;
use crate::web::parcel::Parcel;
use crate::web::path::Links;

/// What the sign-in pages may know of the web app behind them.
#[derive(Debug, Clone)]
pub struct Onward {
    /// The sealed request.
    pub sealed: String,
    /// What the person signs in to.
    pub client: String,
    /// Its id.
    pub client_id: Option<ClientId>,
    /// Whom the web app expects.
    pub hint: Option<String>,
    /// Where the last redirect goes, for `form-action`.
    pub origin: String,
    /// What the web app asks for at the least, where policy asks for less.
    pub least: Assurance,
    /// The language that the web app asks for.
    pub language: Option<Language>,
    /// Whether the web app is told of whoever turns back.
    pub hears: bool,
    /// Whether the person may have no account yet.
    pub create: bool,
}

/// Where a browser that has signed in goes on with a sealed request: to a web app, to one behind a proxy, or to what it
/// answers to a device.
#[must_use]
pub fn link(app: &App, sealed: &str) -> String {
    let links = Links::of(&app.config);
    match () {
        () if Leaving::open(app, sealed, app.now()).is_some() => links.forward_enter(sealed),
        () if Waiting::open(app, sealed, app.now()).is_some() => links.device_confirm_of(sealed),
        () => links.resume(sealed),
    }
}

impl From<Onward> for Goal {
    fn from(onward: Onward) -> Self {
        Self { continue_to: Some(onward.sealed), client: onward.client_id, least: onward.least }
    }
}

impl Onward {
    /// What the sealed request in the query of `/login` says. Nothing else in a query has a meaning there.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of_query(app: &App, query: &str) -> Result<Option<Self>, StoreError> {
        match query.split('&').find_map(|pair| pair.strip_prefix("continue=")) {
            Some(sealed) => Self::open(app, sealed).await,
            None => Ok(None),
        }
    }

    /// What the sealed request of a sign-in under way says.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of_attempt(app: &App, attempt: &Attempt) -> Result<Option<Self>, StoreError> {
        match &attempt.continue_to {
            Some(sealed) => Self::open(app, sealed).await,
            None => Ok(None),
        }
    }

    /// What a sealed request says; `None` for one that is damaged, too old, or not wanted any more.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn open(app: &App, sealed: &str) -> Result<Option<Self>, StoreError> {
        if let Some(leaving) = Leaving::open(app, sealed, app.now()) {
            let client = leaving.client(app).await?;
            return Ok(client.map(|client| Self {
                sealed: sealed.to_owned(),
                client: client.name,
                client_id: Some(client.id),
                hint: None,
                origin: leaving.host.origin(),
                least: Assurance::Password,
                language: None,
                hears: false,
                create: false,
            }));
        }
        if let Some(waiting) = Waiting::open(app, sealed, app.now()) {
            let found = waiting.find(app, app.now()).await?;
            return Ok(found.map(|(_, client)| Self {
                sealed: sealed.to_owned(),
                client: client.name,
                client_id: Some(client.id),
                hint: None,
                origin: String::new(),
                least: Assurance::Password,
                language: None,
                hears: false,
                create: false,
            }));
        }
        let continuation = continuation(app, sealed).await?;
        Ok(continuation.map(|continuation| Self {
            sealed: sealed.to_owned(),
            client: continuation.client_name,
            client_id: Some(continuation.client),
            hint: continuation.login_hint,
            origin: continuation.origin,
            least: continuation.acr.unwrap_or(Assurance::Password),
            language: continuation.language,
            hears: true,
            create: continuation.create,
        }))
    }

    /// An example, for tests.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            sealed: "k.sealed".to_owned(),
            client: "Wiki <script>".to_owned(),
            client_id: "wiki".parse().ok(),
            hint: None,
            origin: "https://wiki.example.org".to_owned(),
            least: Assurance::Password,
            language: None,
            hears: true,
            create: true,
        }
    }
}
