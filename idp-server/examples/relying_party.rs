//! A small web application that signs people in through an OpenID Connect provider, as any application would: with a
//! client library and the address of the provider. It knows nothing of Twolatch.
//!
//! ```text
//! twolatch client add --name Demo --id demo --redirect-uri http://127.0.0.1:8090/callback
//! cargo run --example relying_party -- --issuer http://localhost:8443 --client-id demo --client-secret …
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use clap::Parser;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AuthenticationContextClass, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse, reqwest,
};
use serde::Deserialize;

/// Sign-ins that may be under way at once.
const MAX_PENDING: usize = 1000;

/// Signs people in and shows who they are.
#[derive(Debug, Parser)]
struct Arguments {
    /// The provider.
    #[arg(long)]
    issuer: String,
    /// What this application is called there.
    #[arg(long)]
    client_id: String,
    /// Its secret; none for a public client.
    #[arg(long)]
    client_secret: Option<String>,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Where the provider sends people back; `http://LISTEN/callback` if absent.
    #[arg(long)]
    redirect_uri: Option<String>,
    /// An `acr` to ask for, such as `urn:twolatch:acr:3`.
    #[arg(long)]
    acr: Option<String>,
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

struct Application {
    client: Client,
    http: reqwest::Client,
    issuer: String,
    acr: Option<String>,
    /// By `state`, which the browser also has in a cookie: an answer counts only where the question was asked.
    pending: Mutex<HashMap<String, Pending>>,
    /// By cookie.
    sessions: Mutex<HashMap<String, Visitor>>,
}

struct Pending {
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// Who has signed in, as the ID token and the user info say.
#[derive(Debug, Clone, Default)]
struct Visitor {
    subject: String,
    name: String,
    email: String,
    acr: String,
    amr: String,
    auth_time: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
    let address = listener.local_addr()?;
    let application = Application::new(arguments, address).await?;
    let router = Router::new()
        .route("/", get(home))
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/logout", post(logout))
        .with_state(Arc::new(application));
    writeln!(std::io::stdout(), "listening on http://{address}")?;
    Ok(axum::serve(listener, router).await?)
}

impl Application {
    /// Learns everything about the provider from its address.
    async fn new(arguments: Arguments, address: SocketAddr) -> Result<Self, Box<dyn Error>> {
        // A client library that follows redirects can be sent to places that only this machine reaches.
        let http = reqwest::ClientBuilder::new().redirect(reqwest::redirect::Policy::none()).build()?;
        let issuer = IssuerUrl::new(arguments.issuer.clone())?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await?;
        let callback = arguments.redirect_uri.unwrap_or_else(|| format!("http://{address}/callback"));
        let secret = arguments.client_secret.map(ClientSecret::new);
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(arguments.client_id), secret)
            .set_redirect_uri(RedirectUrl::new(callback)?);
        Ok(Self {
            client,
            http,
            issuer: arguments.issuer,
            acr: arguments.acr,
            pending: Mutex::default(),
            sessions: Mutex::default(),
        })
    }

    /// Redeems a code and checks everything that comes of it.
    async fn redeem(&self, code: String, pending: Pending) -> Result<Visitor, Box<dyn Error + Send + Sync>> {
        let exchange = self.client.exchange_code(AuthorizationCode::new(code))?;
        let tokens = exchange.set_pkce_verifier(pending.verifier).request_async(&self.http).await?;
        let id_token = tokens.id_token().ok_or("the provider sent no ID token")?;
        let claims = id_token.claims(&self.client.id_token_verifier(), &pending.nonce)?;
        let request = self.client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?;
        let info: CoreUserInfoClaims = request.request_async(&self.http).await?;
        let amr: Vec<&str> = claims.auth_method_refs().into_iter().flatten().map(|method| method.as_str()).collect();
        Ok(Visitor {
            subject: claims.subject().to_string(),
            name: info.preferred_username().map(|name| name.to_string()).unwrap_or_default(),
            email: info.email().map(|email| email.to_string()).unwrap_or_default(),
            acr: claims.auth_context_ref().map(|acr| acr.to_string()).unwrap_or_default(),
            amr: amr.join(" "),
            auth_time: claims.auth_time().map(|time| time.to_rfc3339()).unwrap_or_default(),
        })
    }
}

async fn home(State(application): State<Arc<Application>>, headers: HeaderMap) -> Response {
    let sessions = lock(&application.sessions);
    page(cookie(&headers, "session").and_then(|session| sessions.get(session)).cloned(), None)
}

async fn login(State(application): State<Arc<Application>>) -> Response {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = application
        .client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge);
    if let Some(acr) = &application.acr {
        request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
    }
    let (url, state, nonce) = request.url();
    let mut pending = lock(&application.pending);
    if pending.len() >= MAX_PENDING {
        pending.clear();
    }
    pending.insert(state.secret().clone(), Pending { nonce, verifier });
    let keep = format!("state={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600", state.secret());
    ([(header::SET_COOKIE, keep)], Redirect::to(url.as_str())).into_response()
}

/// What comes back (RFC 6749, 4.1.2; RFC 9207).
#[derive(Debug, Deserialize)]
struct Returned {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

async fn callback(
    State(application): State<Arc<Application>>,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Response {
    let state = returned.state.filter(|state| cookie(&headers, "state") == Some(state));
    let pending = state.and_then(|state| lock(&application.pending).remove(&state));
    let Some(pending) = pending else { return page(None, Some("This sign-in was not started here.")) };
    if returned.iss.is_some_and(|iss| iss != application.issuer) {
        return page(None, Some("Another provider has answered."));
    }
    if let Some(error) = returned.error {
        return page(None, Some(&format!("The provider refused: {error}")));
    }
    match application.redeem(returned.code.unwrap_or_default(), pending).await {
        Ok(visitor) => {
            let session = CsrfToken::new_random().secret().clone();
            let keep = format!("session={session}; Path=/; HttpOnly; SameSite=Lax");
            lock(&application.sessions).insert(session, visitor);
            ([(header::SET_COOKIE, keep)], Redirect::to("/")).into_response()
        }
        Err(error) => page(None, Some(&format!("The sign-in failed: {error}"))),
    }
}

async fn logout(State(application): State<Arc<Application>>, headers: HeaderMap) -> Redirect {
    if let Some(session) = cookie(&headers, "session") {
        lock(&application.sessions).remove(session);
    }
    Redirect::to("/")
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A relying party</title></head><body><main>
<h1>A relying party</h1>
{% if let Some(fault) = fault %}<p role="alert" id="fault">{{ fault }}</p>{% endif %}
{% if let Some(visitor) = visitor %}
<p>Signed in as <strong id="name">{{ visitor.name }}</strong>.</p>
<dl>
<dt>sub</dt><dd id="sub">{{ visitor.subject }}</dd>
<dt>email</dt><dd id="email">{{ visitor.email }}</dd>
<dt>acr</dt><dd id="acr">{{ visitor.acr }}</dd>
<dt>amr</dt><dd id="amr">{{ visitor.amr }}</dd>
<dt>auth_time</dt><dd id="auth_time">{{ visitor.auth_time }}</dd>
</dl>
<form method="post" action="/logout"><button>Sign out here</button></form>
{% else %}
<p><a id="login" href="/login">Sign in</a></p>
{% endif %}
</main></body></html>
"#
)]
struct Page<'a> {
    visitor: Option<Visitor>,
    fault: Option<&'a str>,
}

fn page(visitor: Option<Visitor>, fault: Option<&str>) -> Response {
    let status = if fault.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    match (Page { visitor, fault }).render() {
        Ok(text) => (status, [(header::CACHE_CONTROL, "no-store")], Html(text)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers.get(header::COOKIE)?.to_str().ok()?.split("; ");
    pairs.filter_map(|pair| pair.split_once('=')).find(|(other, _)| *other == name).map(|(_, value)| value)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
