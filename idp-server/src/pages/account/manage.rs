//! `/account/authenticator/{id}`: another name for one of the own authenticators, and its removal.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use twolatch_core::factor::Kind;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::time::Timestamp;

use super::super::said::Said;
use super::super::{Answer, show as show_page};
use super::confirm::Target;
use super::{confirmed, failed, renewed};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::{Account, Notice};
use crate::web::path::Links;

/// The page.
#[derive(Debug, Template)]
#[template(path = "account_manage.html")]
pub struct ManagePage {
    frame: Frame,
    id: String,
    name: String,
    added: Timestamp,
    used: Option<Timestamp>,
    removable: bool,
    said: Said,
}

impl ManagePage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |name: &str, removable: bool, said: Option<Notice>| Self {
            frame: frame.clone(),
            id: "abc".to_owned(),
            name: name.to_owned(),
            added: Timestamp::from_unix(1_772_546_709),
            used: removable.then_some(Timestamp::from_unix(1_772_611_200)),
            removable,
            said: said.into(),
        };
        vec![page("<b>Phone", true, None), page("Phone", false, Some(Account::NoName.into()))]
    }
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, Path(id): Path<String>, browser: Browser) -> Answer {
    let session = confirmed(&app, &browser, Target::Security).await?;
    let factor = match app.logins.own_authenticator(&session, &id).await {
        Ok(factor) => factor,
        Err(fault) => return Err(failed(&app, &browser, &Target::Security, fault)),
    };
    let removable = app.logins.may_lose(&session.user, Kind::Totp, browser.now).await?;
    let said = Said::from(browser.notice(&app));
    let (name, added, used) = (factor.name, factor.created_at, factor.last_used_at);
    Ok(show_page(&app, &browser, None, |frame| ManagePage { frame, id, name, added, used, removable, said })?)
}

/// Gives it another name.
pub(crate) async fn rename(State(app): State<App>, Path(id): Path<String>, form: Form) -> Answer {
    let (browser, [name]) = form.only(["name"])?;
    let session = confirmed(&app, &browser, Target::Security).await?;
    let links = Links::of(&app.config);
    let (to, notice) =
        match app.logins.rename_authenticator(&session, &id, name.expose(), &browser.source, browser.now).await {
            Ok(()) => (links.account_security(), Account::Renamed),
            Err(Fault::Refused(Reason::Malformed)) => (links.account_authenticator_own(&id), Account::NoName),
            Err(fault) => return Err(failed(&app, &browser, &Target::Security, fault)),
        };
    Ok(browser.go(&to).saying(&app, &browser, &notice.into()).into_response())
}

/// Removes it.
pub(crate) async fn remove(State(app): State<App>, Path(id): Path<String>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    let session = confirmed(&app, &browser, Target::Security).await?;
    let to = Links::of(&app.config).account_security();
    let left = match app.logins.remove_authenticator(&session, &id, &browser.source, browser.now).await {
        Ok(token) => {
            tracing::info!(user = %session.user.name, source = %browser.source, "authenticator removed");
            renewed(&app, &browser, &to, &token, Some(Account::Removed.into()))?
        }
        Err(Fault::Refused(Reason::NotAllowed)) => browser.go(&to).saying(&app, &browser, &Account::LastOne.into()),
        Err(fault) => return Err(failed(&app, &browser, &Target::Security, fault)),
    };
    Ok(left.into_response())
}
