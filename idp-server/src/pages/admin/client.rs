//! `/admin/client/{id}`: one application, as administrators and supervisors see it. Never its secret; whatever changes
//! something is on a page of its own.

use askama::Template;
use axum::extract::{Path, State};
use twolatch_core::client::{
    AppHost, AuthMethod, Client, ClientId, GrantType, RedirectUri, ScopeName, SigningAlg, TokenFormat, Trust,
};
use twolatch_core::time::Timestamp;
use twolatch_core::user::GroupName;
use twolatch_core::user::profile::ClaimName;

use self::usage::Usage;
use super::super::said::Said;
use super::super::{Answer, Detour, show as show_page};
use super::{Console, Here, clients, entered};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::Kind as Failed;
use crate::web::frame::Frame;
use crate::web::path::clients::{ADMIN_CLIENT, ClientAct, of};

pub mod act;
pub(super) mod said;
pub mod secret;
pub mod test;
mod usage;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_client.html")]
pub struct ClientPage {
    frame: Frame,
    console: Console,
    said: Said,
    name: String,
    id: String,
    disabled: Option<Timestamp>,
    former: Option<Timestamp>,
    /// What everybody wants to know of it, then what its makers do.
    lists: (Vec<Entry>, Vec<Entry>),
    usage: Usage,
    acts: Vec<(ClientAct, Text)>,
}

/// Something that is known of it.
#[derive(Debug)]
struct Entry {
    label: Text,
    value: Value,
}

#[derive(Debug)]
enum Value {
    /// In words.
    Words(Text),
    /// As it is configured.
    Codes(Vec<String>),
    /// A moment.
    At(Timestamp),
}

/// The application of an address.
pub(super) async fn found(app: &App, id: &str) -> Result<Client, Detour> {
    let none = || Failed::NoPage.because(format!("there is no client {id:?}"));
    let known: ClientId = id.parse().map_err(|_| none())?;
    Ok(app.store.client(&known).await?.ok_or_else(none)?)
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, Path(id): Path<String>, browser: Browser) -> Answer {
    let entered = entered(&app, &browser, &of(ADMIN_CLIENT, &id)).await?;
    let client = found(&app, &id).await?;
    let said = Said::from(browser.notice(&app));
    let usage = Usage::of(&app, &client, browser.now).await?;
    let page =
        |frame: Frame| ClientPage { usage, ..ClientPage::of(frame, entered.console, said, &client, browser.now) };
    Ok(show_page(&app, &browser, None, page)?)
}

impl ClientPage {
    fn of(frame: Frame, console: Console, said: Said, client: &Client, now: Timestamp) -> Self {
        Self {
            acts: if console.may_change { acts(client) } else { Vec::new() },
            console: console.at(Here::Applications),
            said,
            name: client.name.clone(),
            id: client.id.to_string(),
            disabled: client.disabled_at,
            former: client.former.as_ref().map(|(_, until)| *until).filter(|until| now < *until),
            lists: (known(client), details(client)),
            usage: Usage::default(),
            frame,
        }
    }

    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let at = Timestamp::from_unix(1_772_611_200);
        let page = |client: &Client, console| Self::of(frame.clone(), console, Said::default(), client, at);
        let console = || Console::sample(Here::Applications);
        let Some(client) = sample(at) else { return Vec::new() };
        let mut busy = client.clone();
        "<b>".clone_into(&mut busy.name);
        busy.disabled_at = Some(at);
        busy.former = Some(("mark".to_owned(), at.plus(3600)));
        busy.logout_uri = "https://wiki.example.org/told".parse().ok();
        busy.settings.groups = "staff".parse().into_iter().collect();
        busy.settings.post_logout_redirect_uris = "https://wiki.example.org/bye".parse().into_iter().collect();
        busy.settings.logo_uri = "https://wiki.example.org/logo.png".parse().ok();
        busy.settings.scopes = "jobs:read".parse().into_iter().collect();
        busy.settings.access_tokens = TokenFormat::Jwt;
        busy.pkce_waived_at = Some(at);
        let busy = Self { usage: Usage::sample(at), ..page(&busy, console()) };
        vec![page(&client, console()), busy, page(&client, console().looking())]
    }
}

/// An application, for tests.
fn sample(at: Timestamp) -> Option<Client> {
    let mut client = Client::new("wiki".parse().ok()?, "Wiki".to_owned(), at);
    client.secret = Some("mark".to_owned());
    client.redirect_uris = "https://wiki.example.org/callback".parse().into_iter().collect();
    Some(client)
}

/// What everybody wants to know.
fn known(client: &Client) -> Vec<Entry> {
    let settings = &client.settings;
    let groups = if settings.groups.is_empty() {
        Value::Words(t("client-everybody"))
    } else {
        Value::Codes(texts(settings.groups.iter().map(GroupName::as_str)))
    };
    let mut all = vec![
        entry(t("client-kind"), Value::Words(clients::kind(client))),
        entry(t("client-id"), Value::Codes(vec![client.id.to_string()])),
        entry(t("client-trust"), Value::Words(trust(settings.trust))),
        entry(t("client-groups"), groups),
    ];
    let hosts: Vec<String> = settings.hosts.iter().map(AppHost::origin).collect();
    put(&mut all, t("client-hosts"), hosts);
    put(&mut all, t("client-redirect-uris"), texts(client.redirect_uris.iter().map(RedirectUri::as_str)));
    let after = settings.post_logout_redirect_uris.iter().map(RedirectUri::as_str);
    put(&mut all, t("client-after-logout"), texts(after));
    put(&mut all, t("client-logout-uri"), texts(client.logout_uri.iter().map(RedirectUri::as_str)));
    put(&mut all, t("client-logo"), texts(settings.logo_uri.iter().map(RedirectUri::as_str)));
    all.push(entry(t("client-created"), Value::At(client.created_at)));
    all
}

/// What its makers want to know.
fn details(client: &Client) -> Vec<Entry> {
    let settings = &client.settings;
    let method = match client.auth_method {
        AuthMethod::ClientSecretBasic => t("client-proves-basic"),
        AuthMethod::ClientSecretPost => t("client-proves-post"),
        AuthMethod::PrivateKeyJwt => t("client-proves-key"),
        AuthMethod::None => t("client-proves-none"),
    };
    let pkce = if client.requires_pkce() { t("client-pkce-required") } else { t("client-pkce-waived") };
    let mut all = vec![
        entry(t("client-proves"), Value::Words(method)),
        entry(t("client-pkce"), Value::Words(pkce)),
        entry(t("client-alg"), Value::Codes(vec![client.alg.to_string()])),
    ];
    put(&mut all, t("client-grants"), texts(settings.grants.iter().copied().map(GrantType::as_str)));
    put(&mut all, t("client-scopes"), texts(settings.scopes.iter().map(ScopeName::as_str)));
    put(&mut all, t("client-introspects"), texts(settings.introspects.iter().map(ScopeName::as_str)));
    put(&mut all, t("client-claims"), texts(settings.claims.iter().map(ClaimName::as_str)));
    put(&mut all, t("client-demands"), texts(settings.demands.iter().map(|demand| demand.as_str())));
    let name = |kid: &Option<String>| kid.clone().unwrap_or_default();
    let keys = settings.keys.iter().map(|key| format!("{} {}", key.kind(), name(&key.kid))).collect();
    put(&mut all, t("client-keys"), keys);
    if settings.access_tokens == TokenFormat::Jwt {
        all.push(entry(t("client-access-tokens"), Value::Words(t("client-access-jwt"))));
    }
    put(&mut all, t("client-audiences"), settings.audiences.clone());
    put(&mut all, t("client-userinfo"), texts(settings.userinfo_alg.iter().map(|alg: &SigningAlg| alg.as_str())));
    all
}

/// Whose it is.
pub(super) const fn trust(trust: Trust) -> Text {
    match trust {
        Trust::FirstParty => t("client-trust-first"),
        Trust::ThirdParty => t("client-trust-third"),
        Trust::Unverified => t("client-trust-unverified"),
    }
}

const fn entry(label: Text, value: Value) -> Entry {
    Entry { label, value }
}

/// Puts what there is any of.
fn put(all: &mut Vec<Entry>, label: Text, codes: Vec<String>) {
    if !codes.is_empty() {
        all.push(entry(label, Value::Codes(codes)));
    }
}

fn texts<'a>(all: impl Iterator<Item = &'a str>) -> Vec<String> {
    all.map(str::to_owned).collect()
}

/// What there is to do.
fn acts(client: &Client) -> Vec<(ClientAct, Text)> {
    let (is_open, asks) = (client.disabled_at.is_none(), client.may(GrantType::AuthorizationCode));
    let all = [
        (ClientAct::Name, t("client-do-name"), true),
        (ClientAct::RedirectUris, t("client-do-redirect-uris"), asks),
        (ClientAct::AfterLogout, t("client-do-after-logout"), asks),
        (ClientAct::LogoutUri, t("client-do-logout-uri"), asks),
        (ClientAct::LogoUri, t("client-do-logo"), asks),
        (ClientAct::Trust, t("client-do-trust"), asks),
        (ClientAct::Groups, t("client-do-groups"), true),
        (ClientAct::Hosts, t("client-do-hosts"), !client.settings.hosts.is_empty()),
        (ClientAct::Secret, t("client-do-secret"), client.secret.is_some()),
        (ClientAct::Disable, t("client-do-disable"), is_open),
        (ClientAct::Enable, t("client-do-enable"), !is_open),
        (ClientAct::Delete, t("client-do-delete"), true),
    ];
    all.into_iter().filter(|(_, _, is_there)| *is_there).map(|(act, text, _)| (act, text)).collect()
}
