//! `/admin/client/{id}/…`: what administrators do to an application, each on a page that says what follows before it is done.
//! What has to be corrected is asked for again as it was typed.

use std::borrow::Cow;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use twolatch_core::client::{AppHost, Client, RedirectUri, Trust};
use twolatch_core::login::clients::{Change, NotChanged, RENEWED};
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;
use twolatch_core::user::GroupName;

use super::super::act::{ActPage, Choice, Field};
use super::super::{Console, Entered, Here, changing};
use super::{ClientAct, found, said, secret};
use crate::pages::said::Said;
use crate::pages::{Answer, Detour, show as show_page};
use crate::people_file;
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::Kind as Failed;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::client::ClientNotice;
use crate::web::path::clients::of;
use crate::web::path::{Links, host};

/// For how many hours a secret that is replaced is good, too.
const KEPT: [(&str, i64); 5] = [("0", 0), ("1", 1), ("24", 24), ("168", 168), ("720", 720)];

/// What an administrator can say of an application: unverified is what has registered itself.
const OURS: [Trust; 2] = [Trust::ThirdParty, Trust::FirstParty];

/// Without another choice.
const USUAL: &str = "24";

/// The route of an act.
pub(crate) fn route(act: ClientAct) -> (&'static str, MethodRouter<App>) {
    let asked = move |state, path, browser| show(act, state, path, browser);
    let done = move |state, path, form| submit(act, state, path, form);
    (act.path(), get(asked).post(done))
}

async fn show(act: ClientAct, State(app): State<App>, Path(id): Path<String>, browser: Browser) -> Answer {
    let (entered, client) = reached(&app, &browser, act, &id).await?;
    let said = Said::from(browser.notice(&app));
    let version = app.store.client_version(&client)?;
    let now = present(act, &client);
    let page = |frame| act_page(frame, entered.console, act, &client, version, now, said);
    Ok(show_page(&app, &browser, None, page)?)
}

async fn submit(act: ClientAct, State(app): State<App>, Path(id): Path<String>, mut form: Form) -> Answer {
    let (entered, client) = reached(&app, &form.browser, act, &id).await?;
    let (value, version) = (form.optional("value"), form.optional("version"));
    let (browser, []) = form.only([])?;
    let value = value.as_ref().map(|value| value.expose().trim()).unwrap_or_default();
    let version = version.map(|version| version.expose().to_owned());
    let version = version.ok_or_else(|| Failed::BadForm.because("no version"))?;
    let (actor, links, ours) = (entered.actor(&browser), Links::of(&app.config), host(&app.config));
    let seen = Some(version.clone());
    let change = |said| Change { id: client.id.clone(), seen: seen.clone(), said: Cow::Borrowed(said) };
    let done = match act {
        ClientAct::Delete => app.logins.delete_client(client.id.clone(), &actor).await,
        ClientAct::Secret => {
            let kept = KEPT.into_iter().find(|(word, _)| *word == value);
            let (_, hours) = kept.ok_or_else(|| Failed::BadForm.because("no such time"))?;
            match app.logins.renew_client_secret(change(RENEWED), hours * 3600, ours, &actor).await {
                Ok((client, new)) => return Ok(secret::renewed(&app, &browser, entered.console, client, new)?),
                Err(error) => Err(error),
            }
        }
        _ => match edit(act, value, browser.now) {
            Ok((said, edit)) => app.logins.change_client(change(said), ours, &actor, edit).await.map(drop),
            Err(wrong) => return again(&app, &browser, entered, act, (&client, version, value), wrong),
        },
    };
    let back = links.admin_client(client.id.as_str());
    let (to, notice) = match done {
        Ok(()) if act == ClientAct::Delete => (links.admin_clients(), ClientNotice::Deleted(client.name)),
        Ok(()) => (back, ClientNotice::Done(act)),
        Err(NotChanged::Unfit(unfit)) => {
            return again(&app, &browser, entered, act, (&client, version, value), said::unfit(&unfit));
        }
        Err(NotChanged::Missing(_)) => (links.admin_clients(), ClientNotice::Meanwhile),
        Err(NotChanged::Store(StoreError::Conflict)) => (back, ClientNotice::Meanwhile),
        Err(NotChanged::Public(_)) => (back, ClientNotice::NoSecret),
        Err(NotChanged::Store(error)) => return Err(error.into()),
        Err(error) => return Err(StoreError::Other(error.to_string()).into()),
    };
    Ok(browser.go(&to).saying(&app, &browser, &notice.into()).into_response())
}

/// Asks again, with what was typed.
fn again(
    app: &App,
    browser: &Browser,
    entered: Entered,
    act: ClientAct,
    (client, version, typed): (&Client, String, &str),
    wrong: Text,
) -> Answer {
    let (typed, said) = (typed.to_owned(), Said::error(wrong));
    let page = |frame| act_page(frame, entered.console, act, client, version, typed, said);
    Ok(show_page(app, browser, None, page)?)
}

/// Who changes something, and what.
async fn reached(app: &App, browser: &Browser, act: ClientAct, id: &str) -> Result<(Entered, Client), Detour> {
    let entered = changing(app, browser, &of(act.path(), id)).await?;
    Ok((entered, found(app, id).await?))
}

type Edit = Box<dyn FnOnce(&mut Client) + Send>;

/// What is changed, and what the record says of it; or what is wrong with what was typed.
fn edit(act: ClientAct, value: &str, now: Timestamp) -> Result<(&'static str, Edit), Text> {
    let uri = |text: &str| {
        let parsed: Result<RedirectUri, _> = text.parse();
        parsed.map_err(|error| said::address(text, error))
    };
    let uris = || value.split_whitespace().map(uri).collect::<Result<Vec<_>, _>>();
    Ok(match act {
        ClientAct::Name => {
            let name = value.to_owned();
            ("has another name", Box::new(move |client| client.name = name))
        }
        ClientAct::RedirectUris => {
            let uris = uris()?;
            ("has other redirect URIs", Box::new(move |client| client.redirect_uris = uris))
        }
        ClientAct::AfterLogout => {
            let uris = uris()?;
            let edit = move |client: &mut Client| client.settings.post_logout_redirect_uris = uris;
            ("has other addresses for after a logout", Box::new(edit))
        }
        ClientAct::LogoutUri => {
            let told = Some(value).filter(|value| !value.is_empty()).map(uri).transpose()?;
            ("is told of logouts elsewhere", Box::new(move |client| client.logout_uri = told))
        }
        ClientAct::LogoUri => {
            let logo = Some(value).filter(|value| !value.is_empty()).map(uri).transpose()?;
            ("has another logo", Box::new(move |client| client.settings.logo_uri = logo))
        }
        ClientAct::Trust => {
            let whose = OURS.into_iter().find(|whose| whose.as_str() == value);
            let whose = whose.ok_or_else(|| t("client-trust-choose"))?;
            ("is trusted otherwise", Box::new(move |client| client.settings.trust_as(whose)))
        }
        ClientAct::Groups => {
            let groups = people_file::groups(value).map_err(|_| t("not-bad-group"))?;
            ("is for other groups", Box::new(move |client| client.settings.groups = groups))
        }
        ClientAct::Hosts => {
            let host = |text: &str| text.parse::<AppHost>().map_err(|_| t("client-bad-host").with("host", text));
            let hosts = value.split_whitespace().map(host).collect::<Result<Vec<_>, _>>()?;
            ("is at other hosts", Box::new(move |client| client.settings.hosts = hosts))
        }
        ClientAct::Enable => ("is enabled", Box::new(|client| client.disabled_at = None)),
        ClientAct::Disable => {
            ("is disabled", Box::new(move |client| client.disabled_at = client.disabled_at.or(Some(now))))
        }
        // Nothing of these is edited.
        ClientAct::Secret | ClientAct::Delete => ("is as it was", Box::new(|_| ())),
    })
}

/// What is there now, as it would be typed.
fn present(act: ClientAct, client: &Client) -> String {
    let lines = |uris: &[RedirectUri]| uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>().join("\n");
    let settings = &client.settings;
    match act {
        ClientAct::Name => client.name.clone(),
        ClientAct::RedirectUris => lines(&client.redirect_uris),
        ClientAct::AfterLogout => lines(&settings.post_logout_redirect_uris),
        ClientAct::LogoutUri => client.logout_uri.as_ref().map(ToString::to_string).unwrap_or_default(),
        ClientAct::LogoUri => settings.logo_uri.as_ref().map(ToString::to_string).unwrap_or_default(),
        ClientAct::Trust => settings.trust.to_string(),
        ClientAct::Groups => settings.groups.iter().map(GroupName::as_str).collect::<Vec<_>>().join(" "),
        ClientAct::Hosts => settings.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        ClientAct::Secret => USUAL.to_owned(),
        ClientAct::Disable | ClientAct::Enable | ClientAct::Delete => String::new(),
    }
}

fn act_page(
    frame: Frame,
    console: Console,
    act: ClientAct,
    client: &Client,
    version: String,
    typed: String,
    said: Said,
) -> ActPage {
    let (title, submit) = said::titles(act);
    let back = t("client-back").with("name", &client.name);
    ActPage {
        console: console.at(Here::Applications),
        to: frame.links.admin_client_act(&act, client.id.as_str()),
        version: Some(version),
        title: title.strong("name", &client.name),
        points: said::points(act),
        asked: field(act, typed),
        submit,
        destroys: matches!(act, ClientAct::Disable | ClientAct::Delete),
        back: (frame.links.admin_client(client.id.as_str()), back),
        said,
        frame,
    }
}

fn field(act: ClientAct, typed: String) -> Field {
    match act {
        ClientAct::Name => Field::Line(t("client-name"), typed, t("client-name-hint")),
        ClientAct::RedirectUris => Field::Lines(t("client-redirect-uris"), typed, t("client-redirect-hint")),
        ClientAct::AfterLogout => Field::Lines(t("client-after-logout"), typed, t("client-after-hint")),
        ClientAct::LogoutUri => Field::Line(t("client-logout-uri"), typed, t("client-logout-hint")),
        ClientAct::LogoUri => Field::Line(t("client-logo"), typed, t("client-logo-hint")),
        ClientAct::Trust => {
            let all = OURS.map(|whose| Choice {
                word: whose.as_str(),
                text: super::trust(whose),
                is_now: whose.as_str() == typed,
            });
            Field::Choice(t("client-trust"), all.into())
        }
        ClientAct::Groups => Field::Line(t("client-groups"), typed, t("client-groups-hint")),
        ClientAct::Hosts => Field::Lines(t("client-hosts"), typed, t("client-hosts-hint")),
        ClientAct::Secret => {
            let all = KEPT.map(|(word, hours)| Choice { word, text: said::kept(hours), is_now: word == typed });
            Field::Choice(t("client-keep"), all.into())
        }
        ClientAct::Disable | ClientAct::Enable | ClientAct::Delete => Field::Nothing,
    }
}

/// Examples, for tests.
#[must_use]
pub fn samples(frame: &Frame) -> Vec<ActPage> {
    let Some(client) = super::sample(Timestamp::from_unix(1_772_611_200)) else { return Vec::new() };
    let page = |act, said| {
        let (console, version) = (Console::sample(Here::Applications), "version".to_owned());
        act_page(frame.clone(), console, act, &client, version, present(act, &client), said)
    };
    let wrong = page(ClientAct::Hosts, Said::error(t("client-bad-host").with("host", "<b>")));
    ClientAct::ALL.map(|act| page(act, Said::default())).into_iter().chain([wrong]).collect()
}
