//! `/authorize/consent`: whether an application that is not the organisation's own may learn something, who asks, and for
//! whom.

use std::time::Duration;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use twolatch_core::client::{Client, RedirectUri, Trust};
use twolatch_core::consent::Disclosure;
use twolatch_core::store::Session;

use super::onward::Onward;
use super::{Answer, Detour, disclosure, show as show_page};
use crate::oidc::authorize::{AuthorizationRequest, consent, resume};
use crate::oidc::scope::Scope;
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::{Failure, Kind};
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::parcel::in_query;
use crate::web::path::Links;

/// How long the page waits for a picture that was not fetched lately.
const PATIENCE: Duration = Duration::from_millis(800);

/// The page.
#[derive(Debug, Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    frame: Frame,
    client: String,
    id: String,
    /// There is a picture of it.
    logo: bool,
    /// Where the answer goes.
    origin: String,
    /// Nobody here knows whose it is.
    unverified: bool,
    name: String,
    learns: Vec<Text>,
    sealed: String,
}

impl ConsentPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |unverified, scopes: &str, claims: &[&str]| Self {
            frame: frame.clone().keeping("request", "k.sealed"),
            client: "Wiki <script>".to_owned(),
            id: "wiki".to_owned(),
            logo: unverified,
            origin: shown("https://wiki.example.org"),
            unverified,
            name: "alice".to_owned(),
            learns: disclosure::words(&Disclosure {
                scopes: scopes.split(' ').map(str::to_owned).collect(),
                claims: claims.iter().map(|claim| (*claim).to_owned()).collect(),
            }),
            sealed: "k.sealed".to_owned(),
        };
        let all = Scope::join(&Scope::ALL);
        vec![page(false, &all, &["department", "shoe_size"]), page(true, "openid profile", &[])]
    }
}

/// As people know addresses.
fn shown(origin: &str) -> String {
    origin.strip_prefix("https://").unwrap_or(origin).to_owned()
}

/// What there is to answer, and by whom.
struct Found {
    sealed: String,
    request: AuthorizationRequest,
    client: Client,
    session: Session,
}

/// Asks.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let found = find(&app, &browser, in_query(query.as_deref())).await?;
    let onward = Onward::open(&app, &found.sealed).await?;
    // Nobody waits long for what nobody needs.
    let logo = app.logos.of(&found.client, browser.now, PATIENCE).await.is_some();
    let page = |frame: Frame| ConsentPage {
        logo,
        id: found.client.id.to_string(),
        frame: frame.keeping("request", &found.sealed),
        origin: shown(RedirectUri::origin(&found.request.redirect_uri)),
        unverified: found.client.settings.trust == Trust::Unverified,
        learns: disclosure::words(&found.request.disclosure()),
        client: found.client.name,
        name: found.session.user.name.to_string(),
        sealed: found.sealed,
    };
    Ok(show_page(&app, &browser, onward.as_ref(), page)?)
}

/// Takes the answer.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, [sealed, answer]) = form.only(["request", "answer"])?;
    let found = find(&app, &browser, sealed.expose()).await?;
    let links = Links::of(&app.config);
    let to = match answer.expose() {
        "allow" => {
            let request = consent::give(&app, found.request, &found.client, &found.session).await?;
            let sealed = resume::seal(&app, &request);
            links.resume(&sealed.map_err(|error| Kind::Internal.because(error.logged(&app)))?)
        }
        "deny" => {
            let answered = resume::denied(&app, &found.request, &found.client, &browser.wish);
            return Ok(answered.ok_or_else(|| Kind::NoPage.because("the address is registered no more"))?);
        }
        _ => return Err(Kind::BadForm.because("the answer is neither yes nor no").into()),
    };
    Ok(browser.go(&to).into_response())
}

/// Whoever has to sign in first, or further, does that and comes back.
async fn find(app: &App, browser: &Browser, sealed: &str) -> Result<Found, Detour> {
    let stale = || {
        let detail = "the sealed request is damaged, older than an hour or not wanted any more";
        Failure::new(axum::http::StatusCode::BAD_REQUEST, t("not-possible"), t("request-stale"), detail)
    };
    let (request, client) = resume::asked(app, sealed).await?.ok_or_else(stale)?;
    let session = match &browser.session {
        Some(token) => app.store.session(token, browser.now).await?,
        None => None,
    };
    let onwards = || browser.go(&Links::of(&app.config).resume(sealed));
    let session = session.ok_or_else(onwards)?;
    if !consent::is_due(app, &request, &client, &session, browser.address).await? {
        return Err(onwards().into());
    }
    Ok(Found { sealed: sealed.to_owned(), request, client, session })
}
