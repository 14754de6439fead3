//! An OpenID Connect provider in this process, on either database, with a clock that stands still, and the people,
//! clients and browsers that visit it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use data_encoding::BASE64;
use idp_server::config::Config;
use idp_server::oidc::{client_auth, sign};
use idp_server::router::routes;
use idp_server::state::App;
use openidconnect::url::{Url, form_urlencoded};
use serde_json::Value;
use tower::ServiceExt;
use twolatch_core::client::{AuthMethod, Client, SigningAlg};
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::crypto::password::{Cost, Hasher};
use twolatch_core::crypto::{Entropy, SystemEntropy, random_text, token_hash};
use twolatch_core::factor::{Kind, Proof};
use twolatch_core::id::Id;
use twolatch_core::login::Logins;
use twolatch_core::policy::{Level, Rules};
use twolatch_core::store::browser::{delete_session, insert_session};
use twolatch_core::store::policies::insert_policy;
use twolatch_core::store::users::{insert_user, update_user};
use twolatch_core::store::{Location, Store};
use twolatch_core::time::{Clock, Timestamp};
use twolatch_core::user::{Role, User};

pub(crate) const ISSUER: &str = "https://id.example.org";
pub(crate) const CALLBACK: &str = "https://app.example.com/callback";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// When everything begins.
const START: i64 = 1_800_000_000;

/// The engine that a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// Instantiates asynchronous test functions that take a [`Provider`] once for each database.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::provider::Provider::start($crate::provider::Engine::Sqlite, super::$name).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::provider::Provider::start($crate::provider::Engine::Postgres, super::$name).await;
            })+
        }
    };
}
pub(crate) use on_both;

/// A clock that moves only when told to.
pub(crate) struct FixedClock(AtomicI64);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }
}

/// The provider under test. A second one over the same database is its clone with another store.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) app: App,
    router: Router,
    clock: Arc<FixedClock>,
}

/// A registered client and its secret.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) method: AuthMethod,
}

/// A browser in which somebody is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) token: String,
    pub(crate) user: User,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Provider {
    /// Runs a test over a new database, or says why it does not.
    pub(crate) async fn start<F: Future<Output = ()>>(engine: Engine, test: impl FnOnce(Self) -> F) {
        let folder = tempfile::tempdir().unwrap();
        let Some(database) = Database::new(engine, folder.path()) else { return };
        let keys = KeyRing::create(&folder.path().join("keys"), &SystemEntropy::new()).unwrap();
        let provider = Self::over(database.location.clone(), keys).await;
        provider.set_policy(0, Level::Required).await;
        sign::create_missing(&provider.app.store, provider.now()).await.unwrap();
        let store = provider.app.store.clone();
        test(provider).await;
        store.close().await;
    }

    async fn over(location: Location, keys: KeyRing) -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
        let config = Config {
            path: PathBuf::from("twolatch.toml"),
            organisation: "Example".to_owned(),
            issuer: ISSUER.to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            socket: PathBuf::from("verify.sock"),
            database: location.clone(),
            keys: PathBuf::from("keys"),
            tls: None,
            trusted_proxies: Vec::new(),
            password: Cost::default(),
            initial: Level::Required,
            locked: false,
        };
        let clock = Arc::new(FixedClock(AtomicI64::new(START)));
        let store = Store::open(location, keys, entropy.clone()).await.unwrap();
        let logins = Logins {
            store: store.clone(),
            hasher: Hasher::new(config.password, 1, entropy.as_ref()).unwrap(),
            locked: false,
            organisation: "Example".into(),
            host: "here".into(),
        };
        let app = App { store, logins, config: Arc::new(config), clock: Arc::<FixedClock>::clone(&clock) };
        let router = routes(app.clone());
        Self { app, router, clock }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Puts a level for everybody in force, after the version that is.
    pub(crate) async fn set_policy(&self, version: i64, level: Level) {
        let (store, now) = (self.app.store.clone(), self.now());
        let write = self.app.store.write(move |connection| {
            Box::pin(
                async move { insert_policy(connection, &store, &Rules::initial(level), version, "test", now).await },
            )
        });
        write.await.unwrap();
    }

    /// Registers a confidential client with one address, changed as the test needs it.
    pub(crate) async fn client(&self, edit: impl FnOnce(&mut Client)) -> Registered {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let id = format!("app-{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let secret = random_text::<32>(self.app.entropy()).unwrap();
        let mut client = Client {
            id: id.parse().unwrap(),
            name: "An <application>".to_owned(),
            secret: Some(client_auth::mark_of(&self.app.store, &id, &secret)),
            redirect_uris: vec![CALLBACK.parse().unwrap()],
            auth_method: AuthMethod::ClientSecretBasic,
            alg: SigningAlg::Rs256,
            pkce_waived_at: None,
            disabled_at: None,
            created_at: self.now(),
        };
        edit(&mut client);
        let registered = Registered { id: client.id.to_string(), secret, method: client.auth_method };
        self.app.store.add_client(client, "test".to_owned()).await.unwrap();
        registered
    }

    /// Adds a person who owns an authenticator.
    pub(crate) async fn person(&self, name: &str) -> User {
        let entropy = self.app.entropy();
        let user = User {
            id: Id::random(entropy).unwrap(),
            name: name.parse().unwrap(),
            email: Some(format!("{name}@example.org").parse().unwrap()),
            email_verified_at: Some(self.now()),
            role: Role::Member,
            groups: vec!["staff".parse().unwrap(), "wheel".parse().unwrap()],
            level: None,
            shared_at: None,
            disabled_at: None,
            password: None,
            must_change_at: None,
            setup_until: self.now().plus(86_400),
            authenticators: Vec::new(),
            security_version: 1,
            created_at: self.now(),
        };
        let (store, stored) = (self.app.store.clone(), user.clone());
        let write = self
            .app
            .store
            .write(move |connection| Box::pin(async move { insert_user(connection, &store, &stored).await }));
        write.await.unwrap();
        user
    }

    /// Changes a person as administrators do: the security version rises.
    pub(crate) async fn change(&self, user: &User, edit: impl FnOnce(&mut User)) {
        let mut changed = user.clone();
        changed.security_version += 1;
        edit(&mut changed);
        let (store, expected) = (self.app.store.clone(), user.security_version);
        let write = self.app.store.write(move |connection| {
            Box::pin(async move { update_user(connection, &store, &changed, expected).await })
        });
        write.await.unwrap();
    }

    /// A browser in which a new person has just shown these proofs.
    pub(crate) async fn browser(&self, name: &str, kinds: &[Kind]) -> Browser {
        let user = self.person(name).await;
        self.sign_in(user, kinds).await
    }

    /// A browser in which a person has just shown these proofs.
    pub(crate) async fn sign_in(&self, user: User, kinds: &[Kind]) -> Browser {
        let proofs: Vec<Proof> = kinds.iter().map(|kind| Proof { kind: *kind, at: self.now() }).collect();
        let token = random_text::<20>(self.app.entropy()).unwrap();
        let (store, now) = (self.app.store.clone(), self.now());
        let (sent, whose) = (token.clone(), user.clone());
        let write = self.app.store.write(move |connection| {
            Box::pin(async move { insert_session(connection, &store, &sent, &whose, &proofs, now).await })
        });
        write.await.unwrap();
        Browser { token, user }
    }

    pub(crate) async fn sign_out(&self, browser: &Browser) {
        let hash = token_hash(&browser.token);
        let write =
            self.app.store.write(move |connection| Box::pin(async move { delete_session(connection, &hash).await }));
        write.await.unwrap();
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let answer =
            Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.into()).unwrap() };
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "no endpoint allows other origins");
        answer
    }

    /// Follows a link: with the browser's session, where there is one.
    pub(crate) async fn visit(&self, browser: Option<&Browser>, path: &str) -> Answer {
        let mut request = Request::get(path);
        if let Some(browser) = browser {
            request = request.header(header::COOKIE, format!("__Host-session={}", browser.token));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// An authorization request with these parameters.
    pub(crate) async fn authorize(&self, browser: Option<&Browser>, params: &[(&str, &str)]) -> Answer {
        self.visit(browser, &format!("/authorize?{}", form(params))).await
    }

    /// The code that a good request gets.
    pub(crate) async fn code(&self, browser: &Browser, client: &Registered) -> String {
        let answer = self.authorize(Some(browser), &good(client)).await;
        answer.param("code").unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// A token request as the client is registered to make it.
    pub(crate) async fn token(&self, client: &Registered, params: &[(&str, &str)]) -> Answer {
        let mut params = params.to_vec();
        let mut request = Request::post("/token").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        match client.method {
            AuthMethod::ClientSecretBasic => {
                let credentials = BASE64.encode(format!("{}:{}", client.id, client.secret).as_bytes());
                request = request.header(header::AUTHORIZATION, format!("Basic {credentials}"));
            }
            AuthMethod::ClientSecretPost => {
                params.extend([("client_id", client.id.as_str()), ("client_secret", client.secret.as_str())]);
            }
            AuthMethod::None => params.push(("client_id", client.id.as_str())),
        }
        self.send(request.body(Body::from(form(&params))).unwrap()).await
    }

    /// Redeems a code as a good client does.
    pub(crate) async fn redeem(&self, client: &Registered, code: &str) -> Answer {
        self.token(client, &redemption(code)).await
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Answer {
        let request = Request::get("/userinfo").header(header::AUTHORIZATION, format!("Bearer {access_token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A request with everything that the test decides.
    pub(crate) async fn raw(&self, method: Method, uri: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

impl Answer {
    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn location(&self) -> &str {
        self.header(header::LOCATION)
    }

    /// A parameter of the address that the browser is sent to.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        let base = Url::parse(ISSUER).unwrap();
        let url = base.join(self.location()).unwrap();
        let found = url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned());
        found
    }

    /// Asserts an answer to the client's address that is from us and carries this error.
    pub(crate) fn is_error(&self, to: &str, error: &str, state: Option<&str>) {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        assert!(self.location().starts_with(&format!("{to}?")), "{self:?}");
        assert_eq!(self.param("error").as_deref(), Some(error), "{self:?}");
        assert_eq!(self.param("iss").as_deref(), Some(ISSUER), "{self:?}");
        assert_eq!(self.param("state").as_deref(), state, "{self:?}");
        assert_eq!(self.param("code"), None);
    }

    /// Asserts a page for the person that sends nothing anywhere.
    pub(crate) fn is_page(&self) {
        assert_eq!(self.status, StatusCode::BAD_REQUEST, "{self:?}");
        assert!(!self.headers.contains_key(header::LOCATION), "{self:?}");
        assert!(self.header(header::CONTENT_TYPE).starts_with("text/html"), "{self:?}");
        assert!(self.header(header::CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"), "{self:?}");
        assert!(self.body.contains("<h1>"), "{self:?}");
    }

    /// Asserts an error of the token endpoint.
    pub(crate) fn is_refused(&self, error: &str) {
        let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.json()["error"], error, "{self:?}");
        assert_eq!(self.header(header::CACHE_CONTROL), "no-store");
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A text of a JSON answer.
    pub(crate) fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }
}

/// The parameters of a request that is answered with a code.
pub(crate) fn good(client: &Registered) -> Vec<(&str, &str)> {
    vec![
        ("client_id", client.id.as_str()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile email groups"),
        ("state", "a state"),
        ("nonce", "a nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

/// Parameters with one replaced, added, or taken away by an empty value.
pub(crate) fn with<'a>(params: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut params = params.to_vec();
    params.retain(|(other, _)| *other != name);
    if !value.is_empty() {
        params.push((name, value));
    }
    params
}

/// The parameters of a redemption that is answered with tokens.
pub(crate) fn redemption(code: &str) -> Vec<(&str, &str)> {
    vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]
}

pub(crate) fn form(params: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

/// An empty database; one on PostgreSQL is dropped with this.
struct Database {
    location: Location,
    drop: Option<(String, String)>,
}

impl Database {
    #[expect(clippy::disallowed_methods, reason = "where PostgreSQL is, the surroundings say")]
    fn new(engine: Engine, folder: &Path) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if engine == Engine::Sqlite {
            return Some(Self { location: Location::file(&folder.join("test.db")), drop: None });
        }
        let Ok(maintenance) = std::env::var("TWOLATCH_TEST_POSTGRES") else {
            eprintln!("skipped: no PostgreSQL in TWOLATCH_TEST_POSTGRES");
            return None;
        };
        let name = format!("oidc_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        psql(&maintenance, &format!("CREATE DATABASE {name}"));
        let url = maintenance.replacen("/postgres?", &format!("/{name}?"), 1);
        assert_ne!(url, maintenance, "the address must name the database `postgres` before its `?`");
        Some(Self { location: url.parse().unwrap(), drop: Some((maintenance, name)) })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((maintenance, name)) = &self.drop {
            psql(maintenance, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn psql(maintenance: &str, statement: &str) {
    assert!(Command::new("psql").args(["-qX", "-d", maintenance, "-c", statement]).status().unwrap().success());
}
