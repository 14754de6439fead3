//! `/admin/settings/configuration`: the configuration in force, with where each value comes from: the same as
//! `twolatch config show`. It is changed in its file only.

use askama::Template;
use axum::extract::State;

use super::super::{Answer, show as show_page};
use super::{Console, Here, entered};
use crate::config::shown::{SET, Setting, Source};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::frame::Frame;
use crate::web::path::console::ADMIN_CONFIGURATION;

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_configuration.html")]
pub struct ConfigurationPage {
    frame: Frame,
    console: Console,
    /// The configuration file.
    file: String,
    settings: Vec<Setting>,
}

/// Where a value comes from, in words.
fn source(from: &Source) -> Text {
    match from {
        Source::Line(line) => t("configuration-line").with("line", line),
        Source::File { line, name } => t("configuration-file").with("line", line).with("file", name),
        Source::Default => t("configuration-default"),
    }
}

/// What is in force, in words.
fn value(value: Option<&str>) -> Text {
    match value {
        Some(SET) => t("configuration-set"),
        Some(value) => t("configuration-value").with("value", value),
        None => t("configuration-none"),
    }
}

impl ConfigurationPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let some = |text: &str| Some(text.to_owned());
        let file = Source::File { line: 9, name: "/etc/twolatch/webhook-secret".to_owned() };
        vec![Self {
            frame: frame.clone(),
            console: Console::sample(Here::Configuration),
            file: "/etc/twolatch/twolatch.toml".to_owned(),
            settings: vec![
                Setting { key: "organisation", value: some("<b>"), from: Source::Line(1) },
                Setting { key: "tls.cert", value: None, from: Source::Default },
                Setting { key: "alerts.webhook_secret", value: some(SET), from: file },
            ],
        }]
    }
}

/// Shows it.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let console = entered(&app, &browser, ADMIN_CONFIGURATION).await?.console.at(Here::Configuration);
    let (file, settings) = (app.config.path.display().to_string(), app.config.settings.clone());
    Ok(show_page(&app, &browser, None, |frame| ConfigurationPage { frame, console, file, settings })?)
}
