//! What a web app asks with `/logout` (OpenID Connect RP-Initiated Logout 1.0, 2 and 3): who it is, whose session it means
//! and where the browser goes then. It must not know who is signed in.

use axum::http::StatusCode;
use serde_json::Value;
use twolatch_core::client::{Client, Trust};
use twolatch_core::store::{Session, StoreError};

use super::params::{Params, encode};
use super::sign;
use crate::state::App;
use crate::text::{Language, Text, t};
use crate::web::failure::{Failure, Kind};

/// The longest `state`. It travels in an address.
const MAX_STATE: usize = 1024;

/// What is asked.
#[derive(Debug, Default)]
pub struct Asked {
    /// Who asks, as far as it says.
    pub client: Option<Client>,
    /// The session that it means: it has an ID token of ours.
    pub hint: Option<Hint>,
    /// Where the browser goes then. Only whoever has an ID token of ours can name an address.
    pub to: Option<String>,
    /// The language that the web app asks for.
    pub language: Option<Language>,
}

/// What an ID token of ours says.
#[derive(Debug)]
pub struct Hint {
    client: String,
    subject: String,
    sid: String,
}

impl Hint {
    /// Whether this session is the one.
    #[must_use]
    pub fn is_of(&self, session: &Session) -> bool {
        self.subject == session.user.id.as_str() && self.sid == session.sid
    }

    /// The session, as web apps know it.
    #[must_use]
    pub fn into_sid(self) -> String {
        self.sid
    }
}

/// Reads it.
///
/// # Errors
/// The page for the person where the address or the client is not what it has to be: then nothing is done.
pub async fn read(app: &App, params: &Params) -> Result<Asked, Failure> {
    let refuse =
        |text: Text, detail: &'static str| Failure::new(StatusCode::BAD_REQUEST, t("not-possible"), text, detail);
    if params.repeated().is_some() {
        return Err(Kind::BadForm.because("a parameter is there twice"));
    }
    let hint = match params.value("id_token_hint") {
        Some(token) => read_hint(app, token).await?,
        None => None,
    };
    let named = params.value("client_id");
    if let (Some(hint), Some(named)) = (&hint, named)
        && hint.client != named
    {
        return Err(refuse(t("request-unknown"), "client_id and id_token_hint name two clients"));
    }
    let id = hint.as_ref().map(|hint| hint.client.as_str()).or(named).and_then(|id| id.parse().ok());
    let client = match id {
        Some(id) => app.store.client(&id).await?.filter(|client| client.disabled_at.is_none()),
        None => None,
    };
    let mut to = None;
    if let (Some(client), Some(uri)) = (&client, params.value("post_logout_redirect_uri")) {
        let state = params.value("state");
        if client.post_logout_redirect_uri(uri).is_none() || state.is_some_and(|state| state.len() > MAX_STATE) {
            return Err(refuse(
                t("logout-address"),
                "the post_logout_redirect_uri is not registered, or the state too long",
            ));
        }
        to = hint.as_ref().map(|_| with_state(uri, state));
    }
    let language = params.value("ui_locales").and_then(Language::of_tags);
    // Of others a person is always asked: they end more than their own session with it, and could send people anywhere.
    let ours = client.as_ref().is_none_or(|client| client.settings.trust == Trust::FirstParty);
    Ok(Asked { client, hint: hint.filter(|_| ours), to, language })
}

/// What a token says that we have signed for a client; it may have expired. Any other says nothing.
async fn read_hint(app: &App, token: &str) -> Result<Option<Hint>, StoreError> {
    let Some(claims) = sign::verify(app, token).await? else { return Ok(None) };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let audience = claims.get("aud").and_then(|aud| aud.get(0).unwrap_or(aud).as_str()).map(str::to_owned);
    Ok(match (text("iss"), audience, text("sub"), text("sid")) {
        (Some(iss), Some(client), Some(subject), Some(sid)) if iss == app.config.issuer => {
            Some(Hint { client, subject, sid })
        }
        _ => None,
    })
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    let Some(state) = state else { return uri.to_owned() };
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{}", encode([("state", state)]))
}
