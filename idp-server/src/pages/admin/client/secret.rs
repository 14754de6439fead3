//! A new secret of an application, shown once: it is in no address, no cookie and no log.

use askama::Template;
use axum::response::Response;
use twolatch_core::client::Client;
use twolatch_core::secret::Secret;
use twolatch_core::time::Timestamp;

use crate::pages::admin::{Console, Here};
use crate::pages::show;
use crate::state::App;
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
    secret: Secret,
    /// Until when the one before is good, too.
    former: Option<Timestamp>,
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
            former,
        };
        vec![page(Some(Timestamp::from_unix(1_772_611_200))), page(None)]
    }
}

/// Shows the secret that an application has now.
pub(super) fn shown(
    app: &App,
    browser: &Browser,
    console: Console,
    client: Client,
    secret: Secret,
) -> Result<Response, Failure> {
    show(app, browser, None, |frame| SecretPage {
        frame,
        console: console.at(Here::Applications),
        name: client.name,
        id: client.id.to_string(),
        secret,
        former: client.former.map(|(_, until)| until),
    })
}
