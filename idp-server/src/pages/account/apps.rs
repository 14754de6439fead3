//! `/account/apps`: which applications can learn something of somebody without asking again, or go on without them; each can be
//! ended. Being signed in is enough for that.

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::consent::{Access, Consent, Disclosure};
use twolatch_core::time::Timestamp;

use super::super::said::Said;
use super::super::{Answer, disclosure, show as show_page};
use super::signed_in;
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
    learns: Vec<Text>,
    /// When they were asked, and until when that is remembered.
    consented: Option<(Timestamp, Timestamp)>,
    since: Option<Timestamp>,
    offline: bool,
}

impl Shown {
    fn of(name: String, access: Access) -> Self {
        let consent = access.consent;
        Self {
            id: access.client.to_string(),
            name,
            learns: consent.as_ref().map(|consent| disclosure::words(&consent.disclosure)).unwrap_or_default(),
            consented: consent.map(|consent| (consent.given_at, consent.expires_at)),
            since: access.since,
            offline: access.offline,
        }
    }
}

impl AppsPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let now = Timestamp::from_unix(1_772_611_200);
        let (id, whose) = ("wiki".parse().ok(), twolatch_core::id::Id::from_stored("alice".to_owned()));
        let disclosure = Disclosure { scopes: vec!["openid".to_owned(), "email".to_owned()], claims: Vec::new() };
        let access = |consent, offline| id.clone().map(|client| Access { client, consent, since: Some(now), offline });
        let consent = id.clone().map(|client| Consent::new(whose, client, disclosure, now));
        let both = [access(consent, false), access(None, true)].into_iter().flatten();
        let apps = both.map(|access| Shown::of("Wiki <script>".to_owned(), access)).collect();
        let page = |apps, said: Option<Notice>| Self { frame: frame.clone(), apps, said: said.into() };
        vec![page(apps, None), page(Vec::new(), Some(Account::AppEnded.into()))]
    }
}

/// Shows them.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let session = signed_in(&app, &browser).await?;
    let mut apps = Vec::new();
    for access in app.store.access_to(&session.user.id, browser.now).await? {
        // What a client held that is gone is worth nothing.
        if let Some(client) = app.store.client(&access.client).await? {
            apps.push(Shown::of(client.name, access));
        }
    }
    let said = Said::from(browser.notice(&app));
    Ok(show_page(&app, &browser, None, |frame| AppsPage { frame, apps, said })?)
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
