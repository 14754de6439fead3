//! The OpenID Connect provider in this process, with a clock that moves when told to, and the people, clients and
//! browsers that visit it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use data_encoding::BASE64;
use idp_server::config::Config;
use idp_server::counts::Counts;
use idp_server::fetch::Fetcher;
use idp_server::figures::Counted;
use idp_server::happenings::Happenings;
use idp_server::logos::Logos;
use idp_server::oidc::sign;
use idp_server::recent::Recent;
use idp_server::router::routes;
use idp_server::state::{App, Parts};
use idp_server::trail::check::Checks;
use idp_server::web::cookie::Cookie;
use openidconnect::url::form_urlencoded;
use tower::ServiceExt;
use twolatch_core::client::{AuthMethod, Client, Settings, SigningAlg};
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::factor::{Kind, Proof};
use twolatch_core::id::Id;
use twolatch_core::login::Logins;
use twolatch_core::policy::{Level, Rules};
use twolatch_core::store::sessions::{delete_session, insert_session};
use twolatch_core::time::{Clock, Timestamp};
use twolatch_core::user::User;

use super::core::{Core, NOW, StandingClock, actor};
use super::site;

pub(crate) use self::answer::{Answer, payload};

mod answer;
pub(crate) mod tab;

pub(crate) const ISSUER: &str = "https://id.example.org";
pub(crate) const CALLBACK: &str = "https://app.example.com/callback";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A password and a code.
pub(crate) const BOTH: [Kind; 2] = [Kind::Password, Kind::Totp];

/// The provider under test.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) app: App,
    router: Router,
    clock: Arc<StandingClock>,
    core: Arc<Core>,
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

impl Provider {
    /// The provider over a new system.
    pub(crate) async fn over(core: Core) -> Self {
        Self::at(core, ISSUER).await
    }

    /// The provider over a new system, under its own address.
    pub(crate) async fn at(core: Core, issuer: &str) -> Self {
        Self::configured(core, |config| issuer.clone_into(&mut config.issuer)).await
    }

    /// The provider over a new system, with its configuration changed as the test needs it.
    pub(crate) async fn configured(core: Core, edit: impl FnOnce(&mut Config)) -> Self {
        let mut config = site::config();
        edit(&mut config);
        let clock = Arc::new(StandingClock::at(NOW));
        sign::create_missing(core.store(), NOW).await.unwrap();
        let app = app(core.logins.clone(), Arc::new(config), Arc::<StandingClock>::clone(&clock));
        Self { router: routes(app.clone()), app, clock, core: Arc::new(core) }
    }

    /// Another server on the same database, at the same time.
    pub(crate) async fn second_server(&self) -> Self {
        let clock = Arc::<StandingClock>::clone(&self.clock);
        let app = app(self.core.second_server().await, Arc::clone(&self.app.config), clock);
        Self { router: routes(app.clone()), app, ..self.clone() }
    }

    /// The same server with another configuration.
    pub(crate) fn reconfigured(&self, config: Config) -> Self {
        let app = app(self.app.logins.clone(), Arc::new(config), Arc::<StandingClock>::clone(&self.clock));
        Self { router: routes(app.clone()), app, ..self.clone() }
    }

    /// The cookie of a session.
    pub(crate) fn cookie(&self, token: &str) -> String {
        format!("{}={token}", Cookie::Session.name(self.app.config.is_https()))
    }

    /// All routes.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.set(self.now().plus(seconds));
    }

    /// Puts a level for everybody in force. What is cached of the last one is a second old from then on.
    pub(crate) async fn set_level(&self, level: Level) {
        let (rules, version) = (Rules::initial(level), self.app.logins.policy(self.now()).await.unwrap().version);
        self.app.logins.set_rules(rules, version, "test".to_owned(), &actor(self.now())).await.unwrap();
        self.advance(1);
    }

    /// Runs a statement as somebody who can write the database, but has no key.
    pub(crate) async fn tamper(&self, text: &'static str) -> u64 {
        self.core.tamper(text).await
    }

    /// A number from the database.
    pub(crate) async fn number(&self, text: &'static str) -> i64 {
        self.core.number(text).await
    }

    /// Registers a confidential client with one address, changed as the test needs it.
    pub(crate) async fn client(&self, edit: impl FnOnce(&mut Client)) -> Registered {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let id = format!("app-{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let secret = random_text::<32>(self.app.entropy()).unwrap();
        let mut client = Client {
            id: id.parse().unwrap(),
            name: "An <application>".to_owned(),
            secret: Some(self.app.store.client_secret_mark(&id, &secret)),
            redirect_uris: vec![CALLBACK.parse().unwrap()],
            auth_method: AuthMethod::ClientSecretBasic,
            alg: SigningAlg::Rs256,
            former: None,
            logout_uri: None,
            settings: Settings::default(),
            pkce_waived_at: None,
            disabled_at: None,
            created_at: self.now(),
        };
        edit(&mut client);
        let registered = Registered { id: client.id.to_string(), secret, method: client.auth_method };
        self.app.store.add_client(client, "test".to_owned()).await.unwrap();
        registered
    }

    /// Changes a client as administrators do.
    pub(crate) async fn edit(&self, client: &Registered, edit: impl FnOnce(&mut Client) + Send + 'static) {
        let (id, said) = (client.id.parse().unwrap(), "is changed".to_owned());
        let changed = self.app.store.change_client(id, said, "test".to_owned(), self.now(), edit).await;
        changed.unwrap().unwrap();
    }

    /// Adds a person with everything that tokens tell.
    pub(crate) async fn person(&self, name: &str) -> User {
        let id = Id::random(self.app.entropy()).unwrap();
        let mut user = User::new(id, name.parse().unwrap(), self.now().plus(86_400), self.now());
        user.email = Some(format!("{name}@example.org").parse().unwrap());
        user.email_verified_at = Some(self.now());
        user.groups = vec!["staff".parse().unwrap(), "wheel".parse().unwrap()];
        self.app.logins.add_user(user, None, false, &actor(self.now())).await.unwrap()
    }

    /// Changes a person as administrators do.
    pub(crate) async fn change(&self, user: &User, edit: impl FnOnce(&mut User) + Send) {
        let actor = actor(self.now());
        self.app.logins.change_user(&user.name, "test".to_owned(), &actor, edit).await.unwrap();
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
            Box::pin(async move { insert_session(connection, &store, &sent, &whose, &proofs, "192.0.2.1", now).await })
        });
        write.await.unwrap();
        Browser { token, user }
    }

    pub(crate) async fn sign_out(&self, browser: &Browser) {
        let (hash, now, store) = (token_hash(&browser.token), self.now(), self.app.store.clone());
        let write = self
            .app
            .store
            .write(move |connection| Box::pin(async move { delete_session(connection, &store, &hash, now).await }));
        write.await.unwrap();
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let origin = request.headers().get(header::ORIGIN).cloned();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let answer =
            Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.into()).unwrap() };
        let allowed = answer.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        let is_asked = |allowed| allowed == "*" || Some(allowed) == origin.as_ref();
        assert!(allowed.is_none_or(|allowed| origin.is_some() && is_asked(allowed)), "who did not ask may not read");
        answer
    }

    /// Follows a link: with the browser's session, where there is one.
    pub(crate) async fn visit(&self, browser: Option<&Browser>, path: &str) -> Answer {
        let mut request = Request::get(path);
        if let Some(browser) = browser {
            request = request.header(header::COOKIE, self.cookie(&browser.token));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A picture, which is no text.
    pub(crate) async fn picture(&self, path: &str, known: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = Request::get(path).header(header::IF_NONE_MATCH, known).body(Body::empty()).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        (parts.status, parts.headers, to_bytes(body, 1 << 20).await.unwrap().to_vec())
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
        self.ask("/token", client, params).await
    }

    /// The same at any endpoint that clients call themselves.
    pub(crate) async fn ask(&self, endpoint: &str, client: &Registered, params: &[(&str, &str)]) -> Answer {
        let mut params = params.to_vec();
        let mut request = Request::post(endpoint).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        match client.method {
            AuthMethod::ClientSecretBasic => {
                let credentials = BASE64.encode(format!("{}:{}", client.id, client.secret).as_bytes());
                request = request.header(header::AUTHORIZATION, format!("Basic {credentials}"));
            }
            AuthMethod::ClientSecretPost => {
                params.extend([("client_id", client.id.as_str()), ("client_secret", client.secret.as_str())]);
            }
            AuthMethod::None => params.push(("client_id", client.id.as_str())),
            AuthMethod::PrivateKeyJwt => {} // what it has signed is among the parameters
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

fn app(logins: Logins, config: Arc<Config>, clock: Arc<StandingClock>) -> App {
    App::from(Parts {
        store: logins.store.clone(),
        logins,
        keys: sign::Keys::default(),
        figures: Counted::default(),
        counts: Counts::default(),
        fetcher: Fetcher::new(&config.clients),
        happenings: Happenings::default(),
        recent: Recent::default(),
        checks: Checks::default(),
        logos: Logos::new(Fetcher::new(&config.clients)),
        config,
        clock,
    })
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

/// A text without its last bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.len() - bytes).unwrap()
}
