//! The web server in this process, on a clock that moves only when told to, and browsers that keep cookies, follow
//! forms and tell of themselves what real ones tell.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use idp_server::config::Config;
use idp_server::config::clients::Clients;
use idp_server::counts::Counts;
use idp_server::fetch::Fetcher;
use idp_server::figures::Counted;
use idp_server::happenings::Happenings;
use idp_server::listen::web::Remote;
use idp_server::logos::Logos;
use idp_server::oidc::sign::Keys;
use idp_server::recent::Recent;
use idp_server::router::routes;
use idp_server::state::{App, Parts};
use idp_server::trail::check::Checks;
use openidconnect::url::form_urlencoded;
use tower::ServiceExt;
use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::letter::Letter;
use twolatch_core::login::Logins;
use twolatch_core::login::answers::Approval;
use twolatch_core::secret::Secret;
use twolatch_core::time::{Clock, Timestamp};

use super::core::{Core, NOW, StandingClock, actor, parsed};
use super::database::Engine;

pub(crate) const ISSUER: &str = "https://id.example.org";

/// A password that may be chosen.
pub(crate) const PASSWORD: &str = "copper lantern drifts";

/// Where browsers are.
pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// A configuration of which nothing outside this process is used.
pub(crate) fn config() -> Config {
    config_with("")
}

/// The same, with these lines behind it.
pub(crate) fn config_with(more: &str) -> Config {
    let text = format!(
        "organisation = \"Example\"\nissuer = \"{ISSUER}\"\nlisten = \"127.0.0.1:0\"\nkeys = \"keys\"\n\
         database_url = \"sqlite://twolatch.db\"\ntrusted_proxies = [\"192.0.2.250\"]\n{more}"
    );
    Config::parse(Path::new("twolatch.toml"), &text).unwrap()
}

/// The server.
pub(crate) struct Site {
    pub(crate) core: Core,
    pub(crate) app: App,
    clock: Arc<StandingClock>,
    router: Router,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A browser.
#[derive(Debug, Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// One that can mail.
    pub(crate) async fn mailing() -> Self {
        Self::made(|_| {}, true).await
    }

    /// With a configuration changed as the test needs it.
    pub(crate) async fn with(edit: impl FnOnce(&mut Config)) -> Self {
        Self::made(edit, false).await
    }

    async fn made(edit: impl FnOnce(&mut Config), mail: bool) -> Self {
        let mut core = Core::new(Engine::Sqlite).await.expect("SQLite is always there");
        core.logins.mail = mail;
        let mut config = Config { organisation: "Example <b>Org</b>".to_owned(), ..config() };
        edit(&mut config);
        let clock = Arc::new(StandingClock::at(NOW));
        let app = App::from(Parts {
            store: core.store().clone(),
            logins: Logins { mail: mail || config.mail.is_some(), ..core.logins.clone() },
            config: Arc::new(config),
            keys: Keys::default(),
            figures: Counted::default(),
            counts: Counts::default(),
            fetcher: Fetcher::new(&Clients::default()),
            happenings: Happenings::default(),
            recent: Recent::default(),
            checks: Checks::default(),
            logos: Logos::new(Fetcher::new(&Clients::default())),
            clock: Arc::<StandingClock>::clone(&clock),
        });
        Self { router: routes(app.clone()), core, app, clock }
    }

    /// The same, where the configuration lets nobody be below `required`.
    pub(crate) fn locked(mut self) -> Self {
        self.reconfigure(|logins| logins.locked = true);
        self
    }

    /// With another configuration of what the approval of a request takes.
    pub(crate) fn approval(&mut self, approval: Approval) {
        self.reconfigure(|logins| logins.approval = approval);
    }

    fn reconfigure(&mut self, edit: impl FnOnce(&mut Logins)) {
        let mut parts = Parts::clone(&self.app);
        edit(&mut parts.logins);
        self.app = parts.into();
        self.router = routes(self.app.clone());
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.set(self.now().plus(seconds));
    }

    /// Somebody with a password and an authenticator.
    pub(crate) async fn enrolled(&self, name: &str) -> Totp {
        let totp = self.core.enrolled(name).await;
        let password = Secret::new(PASSWORD.to_owned());
        self.app.logins.reset_password(&parsed(name), password, true, &actor(self.now())).await.unwrap();
        totp
    }

    /// Somebody with a password only.
    pub(crate) async fn member(&self, name: &str, keep: bool) {
        self.core.member(name).await;
        let password = Secret::new(PASSWORD.to_owned());
        self.app.logins.reset_password(&parsed(name), password, keep, &actor(self.now())).await.unwrap();
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Page {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        Page { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// Opens an address.
    pub(crate) async fn get(&self, browser: &mut Browser, to: &str) -> Page {
        let page = self.send(browser.request(Method::GET, to, Body::empty())).await;
        browser.keep(&page);
        page
    }

    /// Opens an address and goes on wherever it leads.
    pub(crate) async fn open(&self, browser: &mut Browser, to: &str) -> Page {
        let mut page = self.get(browser, to).await;
        for _ in 0..5 {
            let Some(to) = page.location() else { break };
            page = self.get(browser, &to).await;
        }
        page
    }

    /// Sends a page's form with these fields filled in, and stays with the answer.
    pub(crate) async fn post(&self, browser: &mut Browser, page: &Page, fields: &[(&str, &str)]) -> Page {
        let (action, hidden) = page.form();
        let all = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(fields.iter().copied());
        let page = self.send(browser.form(&action, &encode(all))).await;
        browser.keep(&page);
        page
    }

    /// Sends a page's form, and goes on wherever the answer leads.
    pub(crate) async fn submit(&self, browser: &mut Browser, page: &Page, fields: &[(&str, &str)]) -> Page {
        let page = self.post(browser, page, fields).await;
        match page.location() {
            Some(to) => self.open(browser, &to).await,
            None => page,
        }
    }

    /// Sends the form of a page that goes to this address, and stays with the answer.
    pub(crate) async fn post_to(&self, browser: &mut Browser, page: &Page, to: &str, fields: &[(&str, &str)]) -> Page {
        let hidden = page.hidden_of(to);
        let all = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(fields.iter().copied());
        let page = self.send(browser.form(to, &encode(all))).await;
        browser.keep(&page);
        page
    }

    /// The same, and goes on wherever the answer leads.
    pub(crate) async fn submit_to(
        &self,
        browser: &mut Browser,
        page: &Page,
        to: &str,
        fields: &[(&str, &str)],
    ) -> Page {
        let page = self.post_to(browser, page, to, fields).await;
        match page.location() {
            Some(to) => self.open(browser, &to).await,
            None => page,
        }
    }

    /// Types name and password, and goes on wherever that leads.
    pub(crate) async fn enter(&self, browser: &mut Browser, name: &str) -> Page {
        let page = self.open(browser, "/login").await;
        self.submit(browser, &page, &[("username", name), ("password", PASSWORD)]).await
    }

    /// Goes from the choice of a second factor to setting up an app.
    pub(crate) async fn choose_app(&self, browser: &mut Browser, page: &Page) -> Page {
        assert_eq!(page.title(), "Choose a second factor", "{page:?}");
        let page = self.submit(browser, page, &[("method", "app")]).await;
        assert_eq!(page.title(), "Set up your authenticator", "{page:?}");
        page
    }

    /// The same, and types its two codes; answers the app, and the page behind that.
    pub(crate) async fn set_up_app(&self, browser: &mut Browser, page: &Page) -> (Totp, Page) {
        let page = self.choose_app(browser, page).await;
        let totp = page.authenticator();
        let code = |offset| super::core::code_at(&totp, self.now(), offset);
        let page = self.submit(browser, &page, &[("code", &code(-1))]).await;
        let page = self.submit(browser, &page, &[("code", &code(0))]).await;
        (totp, page)
    }

    /// The codes in the queue of mail, the earliest first; the queue is empty then.
    pub(crate) async fn codes_mailed(&self) -> Vec<String> {
        let mut codes = Vec::new();
        for mail in self.app.store.claim_mails(1000, self.now()).await.unwrap() {
            if let Letter::Code { code, .. } | Letter::VerifyAddress { code, .. } = &mail.mail.letter {
                codes.push(code.expose().to_owned());
            }
            self.app.store.mail_done(&mail).await.unwrap();
        }
        codes
    }

    /// Signs somebody in, to the account page.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, name: &str, totp: &Totp) -> Page {
        self.advance(60);
        let page = self.open(browser, "/login").await;
        let page = self.submit(browser, &page, &[("username", name), ("password", PASSWORD)]).await;
        assert_eq!(page.title(), "Enter your code", "{page:?}");
        let page = self.submit(browser, &page, &[("code", &self.code(totp))]).await;
        assert_eq!(page.title(), "Your account", "{page:?}");
        page
    }

    /// The code that an authenticator shows now.
    pub(crate) fn code(&self, totp: &Totp) -> String {
        super::core::code_at(totp, self.now(), 0)
    }

    /// How many rows a table has.
    pub(crate) async fn number(&self, text: &'static str) -> i64 {
        self.core.number(text).await
    }
}

impl Browser {
    /// What it sends with each request.
    pub(crate) fn request(&self, method: Method, to: &str, body: Body) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(to).header(header::HOST, "id.example.org");
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        request.extension(Remote(ADDRESS)).body(body).unwrap()
    }

    /// A form of our own pages.
    pub(crate) fn form(&self, to: &str, body: &str) -> Request<Body> {
        let mut request = self.request(Method::POST, to, Body::from(body.to_owned()));
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        headers.insert(header::ORIGIN, ISSUER.parse().unwrap());
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        request
    }

    /// Keeps and drops cookies as told.
    pub(crate) fn keep(&mut self, page: &Page) {
        for line in page.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Page {
    /// Where it sends the browser.
    pub(crate) fn location(&self) -> Option<String> {
        self.headers.get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned())
    }

    /// What stands in its only heading.
    pub(crate) fn title(&self) -> String {
        between(&self.body, "<h1>", "</h1>").unwrap_or_default().to_owned()
    }

    /// What it says about the last try.
    pub(crate) fn said(&self) -> Option<&str> {
        let (_, rest) = self.body.split_once("<p class=\"said")?;
        between(rest, ">", "</p>")
    }

    /// The action and the hidden fields of its form: on the account page, of signing out.
    pub(crate) fn form(&self) -> (String, Vec<(String, String)>) {
        let form = between(&self.body, "<form", "</form>").unwrap_or_else(|| panic!("no form: {self:?}"));
        let action = between(form, "action=\"", "\"").unwrap().to_owned();
        (action, hidden_in(form))
    }

    /// The hidden fields of its first form that goes to this address.
    pub(crate) fn hidden_of(&self, action: &str) -> Vec<(String, String)> {
        let goes = format!("action=\"{action}\"");
        let form = self.body.split("<form").skip(1).find(|form| form.split('>').next().unwrap().contains(&goes));
        let form = form.unwrap_or_else(|| panic!("no form to {action}: {self:?}"));
        hidden_in(form.split("</form>").next().unwrap())
    }

    /// The authenticator that it shows for setting up.
    pub(crate) fn authenticator(&self) -> Totp {
        let key = between(&self.body, "<code id=\"key\">", "</code>").unwrap().replace(' ', "");
        Totp::from_base32(&Secret::new(key), Algorithm::Sha1, 6, 30).unwrap()
    }
}

fn hidden_in(form: &str) -> Vec<(String, String)> {
    let fields = form.split("<input type=\"hidden\" ").skip(1).map(|field| {
        let part = |name: &str| between(field, &format!("{name}=\""), "\"").unwrap().to_owned();
        (part("name"), part("value").replace("&#38;", "&").replace("&#34;", "\""))
    });
    fields.collect()
}

pub(crate) fn encode<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}
