//! `/account/apps`: which applications can learn something of somebody without asking again, or go on without them; each can be
//! ended. Being signed in is enough for that.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use twolatch_core::client::{Client, Trust};
use twolatch_core::consent::{Access, CONSENT_LIFE, Disclosure};
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;

use super::super::said::Said;
use super::super::{Answer, disclosure, show as show_page};
use super::signed_in;
use crate::oidc::params::encode;
use crate::state::App;
use crate::text::Text;
use crate::web::browser::Browser;
use crate::web::failure::Kind;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::{Account, Notice};
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "account_apps.html")]
pub struct AppsPage {
    frame: Frame,
    apps: Vec<Shown>,
    said: Said,
}

/// An application in the list.
#[derive(Debug, Clone)]
struct Shown {
    id: String,
    name: String,
    /// There is a picture of it.
    logo: bool,
    learns: Vec<Text>,
    /// When they were asked, and until when that is remembered.
    consented: Option<(Timestamp, Timestamp)>,
    since: Option<Timestamp>,
    offline: bool,
    /// It can be sent somebody to sign in.
    opens: bool,
}

impl Shown {
    fn of(client: &Client, access: Access) -> Self {
        let consent = access.consent;
        Self {
            id: access.client.to_string(),
            opens: client.settings.initiate_login_uri.is_some() && client.settings.trust != Trust::Unverified,
            name: client.shown().to_owned(),
            logo: false,
            learns: consent.as_ref().map(|consent| disclosure::words(&consent.disclosure)).unwrap_or_default(),
            consented: consent.map(|consent| (consent.given_at, consent.expires_at)),
            since: access.since,
            offline: access.offline,
        }
    }
}

impl Shown {
    /// Whether it has anything that could be taken back.
    const fn is_held(&self) -> bool {
        self.consented.is_some() || self.since.is_some()
    }
}

impl AppsPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let now = Timestamp::from_unix(1_772_611_200);
        let learns = disclosure::words(&Disclosure {
            scopes: vec!["openid".to_owned(), "email".to_owned()],
            claims: Vec::new(),
        });
        let bare = Shown {
            id: "wiki".to_owned(),
            name: "Wiki <script>".to_owned(),
            logo: false,
            learns: Vec::new(),
            consented: None,
            since: None,
            offline: false,
            opens: true,
        };
        let asked = Shown {
            learns,
            consented: Some((now, now.plus(CONSENT_LIFE))),
            since: Some(now),
            logo: true,
            ..bare.clone()
        };
        let own = Shown { since: Some(now), offline: true, opens: false, ..bare.clone() };
        let apps = vec![asked, own, bare];
        let page = |apps, said: Option<Notice>| Self { frame: frame.clone(), apps, said: said.into() };
        vec![page(apps, None), page(Vec::new(), Some(Account::AppEnded.into()))]
    }
}

/// Shows them.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = signed_in(&app, &browser).await?;
    let mut apps = Vec::new();
    let mut held = app.store.access_to(&session.user.id, browser.now).await?;
    for client in app.store.clients().await?.into_iter().filter(|client| client.disabled_at.is_none()) {
        let known = held.iter().position(|access| access.client == client.id).map(|index| held.swap_remove(index));
        let access = match known {
            Some(access) => access,
            None if is_offered(&client, &session.user) => Access::none(client.id.clone()),
            None => continue,
        };
        // What nobody has looked at is called by its host, and has no face. Nobody waits for one that is not known yet.
        let has_face = client.settings.trust != Trust::Unverified;
        let logo = has_face && app.logos.of(&client, browser.now, Duration::ZERO).await.is_some();
        apps.push(Shown { logo, ..Shown::of(&client, access) });
    }
    let said = Said::from(browser.notice(&app));
    Ok(show_page(&app, &browser, None, |frame| AppsPage { frame, apps, said })?)
}

/// Whether somebody is shown an application that has nothing of them: they may sign in to it, and somebody here knows whose it is.
fn is_offered(client: &Client, user: &User) -> bool {
    client.settings.initiate_login_uri.is_some() && client.settings.trust != Trust::Unverified && client.admits(user)
}

/// Sends somebody to an application, to sign in there (OpenID Connect Core, 4): from the list alone, as any other page would
/// learn in this way who looks at it.
pub(crate) async fn open(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    browser: Browser,
) -> Answer {
    let session = signed_in(&app, &browser).await?;
    if headers.get("sec-fetch-site").is_none_or(|site| site != "same-origin") {
        return Err(browser.go(&Links::of(&app.config).account_apps()).into());
    }
    let none = || Kind::NoPage.because("no such application can be opened");
    let id = id.parse().map_err(|_| none())?;
    let client = app.store.client(&id).await?.filter(|client| client.disabled_at.is_none()).ok_or_else(none)?;
    let uri =
        client.settings.initiate_login_uri.as_ref().filter(|_| is_offered(&client, &session.user)).ok_or_else(none)?;
    let between = if uri.as_str().contains('?') { '&' } else { '?' };
    // Others learn who it is when they have been let.
    let hint = (client.settings.trust == Trust::FirstParty).then(|| ("login_hint", session.user.name.as_str()));
    let query = encode([("iss", app.config.issuer.as_str())].into_iter().chain(hint));
    Ok(browser.go(&format!("{uri}{between}{query}")).into_response())
}

/// Ends one.
pub(crate) async fn end(State(app): State<App>, form: Form) -> Answer {
    let (browser, [id]) = form.only(["id"])?;
    let session = signed_in(&app, &browser).await?;
    let none = || Kind::NoPage.because("none of the own");
    let client = id.expose().parse().map_err(|_| none())?;
    let (user, name) = (session.user.id.clone(), session.user.name.to_string());
    if !app.store.withdraw_consent(user, client, name, browser.now).await? {
        return Err(none().into());
    }
    let left = browser.go(&Links::of(&app.config).account_apps());
    Ok(left.saying(&app, &browser, &Account::AppEnded.into()).into_response())
}
