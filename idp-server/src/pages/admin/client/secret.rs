//! A new secret of an application, shown once: it is in no address, no cookie and no log. With a new application goes what to
//! type into it.

use askama::Template;
use axum::response::Response;
use twolatch_core::client::Client;
use twolatch_core::crypto::random_text;
use twolatch_core::secret::Secret;
use twolatch_core::time::Timestamp;

use crate::pages::admin::{Console, Here};
use crate::pages::show;
use crate::presets::{Lines, Preset, Told};
use crate::state::App;
use crate::text::Text;
use crate::web::browser::Browser;
use crate::web::failure::Failure;
use crate::web::frame::Frame;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_client_secret.html")]
pub struct SecretPage {
    frame: Frame,
    console: Console,
    name: String,
    id: String,
    /// Empty where it has none.
    secret: Secret,
    /// Whether it is new, or its secret alone.
    is_new: bool,
    /// Until when the one before is good, too.
    former: Option<Timestamp>,
    /// The addresses that it needs.
    endpoints: Vec<(Text, String)>,
    lines: Option<Lines>,
}

impl SecretPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |former| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Applications),
            name: "Wiki <b>".to_owned(),
            id: "wiki".to_owned(),
            secret: Secret::new("abcdefghij".repeat(5)),
            is_new: false,
            former,
            endpoints: Vec::new(),
            lines: None,
        };
        let made = |preset: Preset| {
            let told = Told {
                issuer: "https://id.example.org",
                id: "wiki",
                secret: Some("abcdefghij"),
                address: "https://wiki.example.org",
                random: "random",
            };
            let (endpoints, lines) = (preset.endpoints(told.issuer), preset.lines(told));
            Self { is_new: true, endpoints, lines, ..page(None) }
        };
        let mut all = vec![page(Some(Timestamp::from_unix(1_772_611_200))), page(None)];
        all.extend(["machine", "grafana"].into_iter().filter_map(Preset::find).map(made));
        let proxy = Preset::find("reverse-proxy").map(made);
        all.extend(proxy.map(|page| Self { secret: Secret::new(String::new()), ..page }));
        all
    }
}

impl SecretPage {
    /// With a secret alone.
    fn of(frame: Frame, console: Console, client: Client, secret: Secret) -> Self {
        Self {
            frame,
            console: console.at(Here::Applications),
            name: client.name,
            id: client.id.to_string(),
            secret,
            is_new: false,
            former: client.former.map(|(_, until)| until),
            endpoints: Vec::new(),
            lines: None,
        }
    }
}

/// Shows the secret that an application has now.
pub(super) fn renewed(
    app: &App,
    browser: &Browser,
    console: Console,
    client: Client,
    secret: Secret,
) -> Result<Response, Failure> {
    show(app, browser, None, |frame| SecretPage::of(frame, console, client, secret))
}

/// Shows the secret of a new application, and what to type into it.
pub(in crate::pages::admin) fn created(
    app: &App,
    browser: &Browser,
    console: Console,
    (preset, address): (Preset, &str),
    client: Client,
    secret: Secret,
) -> Result<Response, Failure> {
    let random = random_text::<20>(app.entropy())?;
    let issuer = app.config.issuer.as_str();
    let told = Told { issuer, id: client.id.as_str(), secret: Some(secret.expose()), address, random: &random };
    let (endpoints, lines) = (preset.endpoints(issuer), preset.lines(told));
    let page = |frame| SecretPage { is_new: true, endpoints, lines, ..SecretPage::of(frame, console, client, secret) };
    show(app, browser, None, page)
}
