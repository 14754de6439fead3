//! `/admin/clients/new`: registering an application in two steps: what it is, and what only its owner knows. Then its secret
//! is shown once, with what to type into it.

use askama::Template;
use axum::extract::{RawQuery, State};
use openidconnect::url::form_urlencoded;
use twolatch_core::client::{AppHost, Client, RedirectUri, ScopeName};
use twolatch_core::crypto::random_text;
use twolatch_core::login::clients::NotChanged;
use twolatch_core::secret::Secret;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;

use super::super::client::said;
use super::super::client::secret::created;
use super::super::{Console, Here, changing};
use crate::pages::said::Said;
use crate::pages::{Answer, show as show_page};
use crate::people_file;
use crate::presets::{Kind, Preset};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::Kind as Failed;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::path::clients::ADMIN_CLIENTS_NEW;
use crate::web::path::console::with_query;
use crate::web::path::host;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_client_new.html")]
pub struct NewPage {
    frame: Frame,
    console: Console,
    /// What was chosen.
    preset: Option<Preset>,
    typed: Typed,
    /// The field that is wrong.
    wrong: &'static str,
    said: Said,
}

/// What was typed, to be corrected. A preset asks for some of these.
#[derive(Debug, Clone, Default)]
struct Typed {
    id: String,
    name: String,
    address: String,
    uris: String,
    hosts: String,
    scopes: String,
    groups: String,
}

/// A field and why what stands in it cannot be taken.
type Wrong = (&'static str, Text);

impl NewPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |preset, typed, wrong, said| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Applications),
            preset,
            typed,
            wrong,
            said,
        };
        let typed = || Typed { id: "abcdefgh".to_owned(), name: "<b>".to_owned(), ..Typed::default() };
        let mut all = vec![page(None, Typed::default(), "", Said::default())];
        for word in ["server", "native", "machine", "reverse-proxy", "grafana"] {
            all.push(page(Preset::find(word), typed(), "", Said::default()));
        }
        let wrong = Typed { uris: "http://a.example/".to_owned(), ..typed() };
        all.push(page(Preset::find("spa"), wrong, "uris", Said::error(t("client-uri-missing"))));
        all
    }

    fn title(&self) -> Text {
        self.preset.as_ref().map_or_else(|| self.frame.t("clients-new"), |preset| self.frame.say(&preset.title()))
    }

    fn presets(&self) -> Vec<(String, Text, Text)> {
        let one = |preset: Preset| {
            let link = self.frame.links.admin_clients_new_of(preset.word);
            (link, self.frame.say(&preset.title()), self.frame.say(&preset.hint()))
        };
        Preset::all().map(one).collect()
    }

    fn kind(&self) -> Option<Kind> {
        self.preset.map(|preset| preset.kind)
    }

    /// Whether people sign in to it.
    fn has_people(&self) -> bool {
        !matches!(self.kind(), Some(Kind::Machine))
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.wrong == field
    }
}

/// Asks what it is, or then what only its owner knows.
pub(crate) async fn show(State(app): State<App>, browser: Browser, RawQuery(query): RawQuery) -> Answer {
    let entered = changing(&app, &browser, &with_query(ADMIN_CLIENTS_NEW, query.as_deref())).await?;
    let query = query.unwrap_or_default();
    let chosen = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "preset").map(|(_, word)| word);
    let preset = chosen.and_then(|word| Preset::find(&word));
    let name = preset.map(|preset| preset.name().to_owned()).unwrap_or_default();
    let typed = Typed { id: random_text::<10>(app.entropy())?, name, ..Typed::default() };
    page(&app, &browser, entered.console, preset, typed, None)
}

/// Registers it.
pub(crate) async fn submit(State(app): State<App>, mut form: Form) -> Answer {
    let entered = changing(&app, &form.browser, ADMIN_CLIENTS_NEW).await?;
    let mut field = |name: &str| form.optional(name).map(|value| value.expose().trim().to_owned()).unwrap_or_default();
    let preset = field("preset");
    let typed = Typed {
        id: field("id"),
        name: field("name"),
        address: field("address"),
        uris: field("uris"),
        hosts: field("hosts"),
        scopes: field("scopes"),
        groups: field("groups"),
    };
    let (browser, []) = form.only([])?;
    let preset = Preset::find(&preset).ok_or_else(|| Failed::BadForm.because("there is no such preset"))?;
    let again = |wrong: Wrong| page(&app, &browser, entered.console.clone(), Some(preset), typed.clone(), Some(wrong));
    let client = match read(preset, &typed, browser.now) {
        Ok(client) => client,
        Err(wrong) => return again(wrong),
    };
    match app.logins.add_client(client, host(&app.config), &entered.actor(&browser)).await {
        Ok((client, secret)) => {
            let address = crate::presets::address(&typed.address).unwrap_or_default();
            let secret = secret.unwrap_or_else(|| Secret::new(String::new()));
            Ok(created(&app, &browser, entered.console, (preset, address), client, secret)?)
        }
        Err(NotChanged::Unfit(unfit)) => again((said::place(&unfit), said::unfit(&unfit))),
        Err(NotChanged::Taken(id)) => again(("id", t("client-id-taken").strong("id", id))),
        Err(NotChanged::Store(error)) => Err(error.into()),
        Err(error) => Err(StoreError::Other(error.to_string()).into()),
    }
}

/// The application that was described.
fn read(preset: Preset, typed: &Typed, now: Timestamp) -> Result<Client, Wrong> {
    let id = typed.id.parse().map_err(|_| ("id", t("client-bad-id")))?;
    let mut client = Client::new(id, typed.name.clone(), now);
    let shaped = preset.shape(&mut client, Some(&typed.address));
    shaped.map_err(|error| ("address", said::address(&typed.address, error)))?;
    if matches!(preset.kind, Kind::Server | Kind::Browser | Kind::Native) {
        let uri = |text: &str| text.parse::<RedirectUri>().map_err(|error| ("uris", said::address(text, error)));
        client.redirect_uris = typed.uris.split_whitespace().map(uri).collect::<Result<_, _>>()?;
    }
    if matches!(preset.kind, Kind::Proxy) {
        let host = |text: &str| text.parse::<AppHost>().map_err(|_| ("hosts", t("client-bad-host").with("host", text)));
        client.settings.hosts = typed.hosts.split_whitespace().map(host).collect::<Result<_, _>>()?;
        if client.settings.hosts.is_empty() {
            return Err(("hosts", t("client-host-missing")));
        }
    }
    if matches!(preset.kind, Kind::Machine) {
        let scope = |text: &str| text.parse::<ScopeName>().map_err(|_| ("scopes", t("client-bad-scope")));
        client.settings.scopes = typed.scopes.split_whitespace().map(scope).collect::<Result<_, _>>()?;
    }
    client.settings.groups = people_file::groups(&typed.groups).map_err(|_| ("groups", t("not-bad-group")))?;
    Ok(client)
}

fn page(
    app: &App,
    browser: &Browser,
    console: Console,
    preset: Option<Preset>,
    typed: Typed,
    wrong: Option<Wrong>,
) -> Answer {
    let console = console.at(Here::Applications);
    let (wrong, said) = wrong.map_or(("", Said::default()), |(field, text)| (field, Said::error(text)));
    let page = |frame: Frame| {
        let frame = preset.map_or(frame.clone(), |preset| frame.keeping("preset", preset.word));
        NewPage { frame, console, preset, typed, wrong, said }
    };
    Ok(show_page(app, browser, None, page)?)
}
