//! A browser that visits a running server over its listener. It stays where an answer leaves it; the test decides where
//! it goes on.

use axum::http::Method;
use reqwest::blocking::{Client, RequestBuilder};
use reqwest::redirect::Policy;

use super::server::Server;
use super::site::{Browser, PASSWORD, Page, encode};

/// A browser and the server that it talks to.
#[derive(Debug)]
pub(crate) struct Visitor {
    client: Client,
    issuer: String,
    browser: Browser,
}

impl Visitor {
    /// Somebody who has no cookies yet. All of them may share one client.
    pub(crate) fn new(client: &Client, server: &Server) -> Self {
        Self::at(client, &server.issuer())
    }

    /// The same, where only the server's address is known.
    pub(crate) fn at(client: &Client, issuer: &str) -> Self {
        Self { client: client.clone(), issuer: issuer.to_owned(), browser: Browser::default() }
    }

    /// What visitors connect with: it follows nothing and keeps no cookies.
    pub(crate) fn client() -> Client {
        Client::builder().redirect(Policy::none()).build().unwrap()
    }

    /// From now on a load balancer leads it to this server.
    pub(crate) fn move_to(&mut self, server: &Server) {
        self.issuer = server.issuer();
    }

    /// Opens a page.
    pub(crate) fn get(&mut self, to: &str) -> Page {
        self.try_get(to).unwrap()
    }

    /// The same, where the server may be gone.
    pub(crate) fn try_get(&mut self, to: &str) -> Option<Page> {
        let request = self.client.get(format!("{}{to}", self.issuer));
        self.send(request)
    }

    /// Goes where it is sent, as browsers do.
    pub(crate) fn follow(&mut self, mut page: Page) -> Page {
        while let Some(to) = page.location() {
            page = self.get(&to);
        }
        page
    }

    /// Sends a page's form with these fields filled in.
    pub(crate) fn post(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        self.try_post(page, fields).unwrap()
    }

    /// The same, where the server may be gone.
    pub(crate) fn try_post(&mut self, page: &Page, fields: &[(&str, &str)]) -> Option<Page> {
        let (action, hidden) = page.form();
        let all = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(fields.iter().copied());
        let request = self.client.request(Method::POST, format!("{}{action}", self.issuer)).body(encode(all));
        self.send(request.header("content-type", "application/x-www-form-urlencoded").header("origin", &self.issuer))
    }

    /// Signs in as far as the page that asks for the code.
    pub(crate) fn reach_code(&mut self, name: &str) -> Page {
        let page = self.get("/login");
        let answer = self.post(&page, &[("username", name), ("password", PASSWORD)]);
        assert_eq!(answer.location().as_deref(), Some("/login/code"), "{answer:?}");
        self.get("/login/code")
    }

    /// Whether somebody is signed in.
    pub(crate) fn has_session(&self) -> bool {
        self.browser.cookies.contains_key("twolatch_session")
    }

    /// Loses a cookie.
    pub(crate) fn forget(&mut self, cookie: &str) {
        self.browser.cookies.remove(cookie);
    }

    /// What its cookies hold.
    pub(crate) fn cookies(&self) -> Vec<String> {
        self.browser.cookies.values().cloned().collect()
    }

    /// The same, as they are sent.
    pub(crate) fn cookie_header(&self) -> String {
        let pairs: Vec<_> = self.browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn send(&mut self, mut request: RequestBuilder) -> Option<Page> {
        if !self.browser.cookies.is_empty() {
            request = request.header("cookie", self.cookie_header());
        }
        let answer = request.send().ok()?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let page = Page { status, headers, body: answer.text().ok()? };
        self.browser.keep(&page);
        Some(page)
    }
}
