//! `/device/confirm`: a person who has just shown who they are says whether a device may sign in as them. What they are shown
//! is what they can know it by: the app, from where and when it asks, and the code that stands on its screen.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use twolatch_core::client::{Client, GrantType, Trust};
use twolatch_core::consent::{Consent, Disclosure};
use twolatch_core::device_grant::{DeviceRequest, NO_REDIRECT, shown};
use twolatch_core::grant::{Answering, Grant};
use twolatch_core::id::Id;
use twolatch_core::policy::Where;
use twolatch_core::store::sessions::SESSION_LIFE;
use twolatch_core::store::{Session, StoreError};
use twolatch_core::time::Timestamp;

use super::super::account::ask_again;
use super::super::account::confirm::Target;
use super::super::{Answer, Detour, disclosure, show as show_page};
use crate::oidc::device::mark_of;
use crate::oidc::gate::may_issue;
use crate::oidc::scope::Scope;
use crate::state::App;
use crate::text::Text;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::parcel::{Parcel, in_query};
use crate::web::path::Links;

/// A code that was typed. It lives in the browser, sealed, while the person signs in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Waiting {
    /// The code.
    pub code: String,
    /// When it was typed: who answers has shown a second factor since.
    pub at: Timestamp,
}

impl Parcel for Waiting {
    const KIND: &'static str = "device_answer";

    const LIFE: i64 = 600;

    fn since(&self) -> Timestamp {
        self.at
    }
}

impl Waiting {
    /// The device that waits with it, and its app, if both are as they should be.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn find(&self, app: &App, now: Timestamp) -> Result<Option<(DeviceRequest, Client)>, StoreError> {
        let Some(request) = app.store.device_request(&mark_of(&app.store, &self.code), now).await? else {
            return Ok(None);
        };
        let client = app.store.client(&request.client).await?;
        let client = client.filter(|client| client.disabled_at.is_none() && client.may(GrantType::DeviceCode));
        Ok(client.map(|client| (request, client)))
    }

    /// Whether somebody has shown since then, or quite lately, that it is them: with a second factor, where they have one.
    fn is_answered_by(&self, session: &Session, now: Timestamp) -> bool {
        let since = |at: Timestamp| at >= self.at;
        session.is_confirmed(now) || session.proofs.iter().any(|proof| proof.kind.is_second_factor() && since(proof.at))
    }
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "device_confirm.html")]
pub struct ConfirmPage {
    frame: Frame,
    client: String,
    name: String,
    code: String,
    place: String,
    since: Timestamp,
    /// What it learns, where it is not the organisation's own.
    learns: Vec<Text>,
    offline: bool,
    sealed: String,
}

impl ConfirmPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |place: &str, offline| Self {
            frame: frame.clone().keeping("request", "k.sealed"),
            client: "Backup <script>".to_owned(),
            name: "alice".to_owned(),
            code: "BCDF-GHJK".to_owned(),
            place: place.to_owned(),
            since: Timestamp::from_unix(1_772_611_200),
            learns: if offline { Vec::new() } else { disclosure::words(&of("openid profile email")) },
            offline,
            sealed: "k.sealed".to_owned(),
        };
        vec![page("192.0.2.7", true), page("", false)]
    }
}

/// What there is to answer, and by whom.
struct Found {
    sealed: String,
    waiting: Waiting,
    request: DeviceRequest,
    client: Client,
    session: Session,
}

/// Asks.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let found = find(&app, &browser, in_query(query.as_deref())).await?;
    let asks = found.client.settings.trust != Trust::FirstParty;
    let page = |frame: Frame| ConfirmPage {
        frame: frame.keeping("request", &found.sealed),
        learns: if asks { disclosure::words(&of(&found.request.scope)) } else { Vec::new() },
        client: found.client.name,
        name: found.session.user.name.to_string(),
        code: shown(&found.waiting.code),
        place: found.request.place,
        since: found.request.created_at,
        offline: Scope::parse(&found.request.scope).contains(&Scope::OfflineAccess),
        sealed: found.sealed,
    };
    Ok(show_page(&app, &browser, None, page)?)
}

/// Takes the answer.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, [sealed, answer]) = form.only(["request", "answer"])?;
    let found = find(&app, &browser, sealed.expose()).await?;
    let notice = match answer.expose() {
        "allow" => allow(&app, &browser, found).await?,
        "deny" => {
            app.store.deny_device(found.request.code, browser.now).await?;
            Notice::DeviceDenied
        }
        _ => return Err(Kind::BadForm.because("the answer is neither yes nor no").into()),
    };
    Ok(browser.go(&Links::of(&app.config).device()).saying(&app, &browser, &notice).into_response())
}

/// Whoever is not known yet, or has shown nothing lately, does that first and comes back.
async fn find(app: &App, browser: &Browser, sealed: &str) -> Result<Found, Detour> {
    let (links, now) = (Links::of(&app.config), browser.now);
    let over = || browser.go(&links.device()).saying(app, browser, &Notice::DeviceUnknown);
    let Some(waiting) = Waiting::open(app, sealed, now) else { return Err(over().into()) };
    let Some((request, client)) = waiting.find(app, now).await? else { return Err(over().into()) };
    let session = match &browser.session {
        // It is judged for the application below.
        Some(token) => app.store.session(token, now).await?,
        None => None,
    };
    let Some(session) = session else { return Err(browser.go(&links.login_continuing(sealed)).into()) };
    if !waiting.is_answered_by(&session, now) {
        return Err(ask_again(app, browser, &Target::device(sealed)));
    }
    if !client.admits(&session.user) {
        let who = format!("{} is in none of the groups that may sign in to {}", session.user.name, client.id);
        return Err(Kind::NotAllowed.because(who).into());
    }
    let at = Where { address: browser.address, ..Where::web(Some(&client.id)) };
    if may_issue(app, &session.user, &session.proofs, at, now).await?.is_none() {
        // Policy asks for more at this app than at this page.
        return Err(browser.go(&links.login_continuing(sealed)).into());
    }
    Ok(Found { sealed: sealed.to_owned(), waiting, request, client, session })
}

/// What a device learns.
fn of(scope: &str) -> Disclosure {
    Disclosure { scopes: scope.split(' ').map(str::to_owned).collect(), claims: Vec::new() }
}

async fn allow(app: &App, browser: &Browser, found: Found) -> Result<Notice, Detour> {
    let Found { request, client, session, .. } = found;
    let now = browser.now;
    let by_consent = client.settings.trust != Trust::FirstParty;
    if by_consent {
        let consent = Consent::new(session.user.id.clone(), client.id.clone(), of(&request.scope), now);
        app.store.give_consent(consent, session.user.name.to_string()).await?;
    }
    let grant = Grant {
        id: Id::random(app.entropy()).map_err(StoreError::from)?,
        client: client.id,
        user: session.user.id.clone(),
        sid: session.sid,
        offline: Scope::parse(&request.scope).contains(&Scope::OfflineAccess),
        place: browser.address.map(|address| address.to_string()).unwrap_or_default(),
        redirect_uri: NO_REDIRECT.to_owned(),
        challenge: None,
        nonce: None,
        scope: request.scope,
        claims: twolatch_core::grant::Wanted::default(),
        proofs: session.proofs,
        security_version: session.user.security_version,
        created_at: now,
        code: request.code,
        refresh: None,
        expires_at: now.plus(SESSION_LIFE),
        used_at: None,
        jkt: None,
    };
    match app.store.add_grant(grant, session.user.name.to_string(), Answering::Device, by_consent).await {
        Ok(()) => Ok(Notice::DeviceAllowed(client.name)),
        Err(StoreError::Conflict) => Ok(Notice::DeviceUnknown),
        Err(error) => Err(error.into()),
    }
}
