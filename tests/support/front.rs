//! A proxy before an application, as it asks the provider, and a browser before that with what it keeps for that host.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use idp_server::listen::web::Remote;
use twolatch_core::client::{AuthMethod, Client};

use super::provider::{Answer, Browser, ISSUER, Provider, Registered};

/// Of the site's `trusted_proxies`.
pub(crate) const PROXY: &str = "192.0.2.250";

pub(crate) const HOST: &str = "app.example.com";

pub(crate) const HTML: (&str, &str) = ("accept", "text/html,*/*;q=0.8");

/// A proxy at one host of an application.
#[derive(Debug, Clone)]
pub(crate) struct Front {
    pub(crate) host: &'static str,
    pub(crate) peer: IpAddr,
}

impl Front {
    pub(crate) fn new(host: &'static str) -> Self {
        Self { host, peer: PROXY.parse().unwrap() }
    }

    /// What it says of a request.
    pub(crate) fn says<'a>(&self, method: &'a str, target: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("x-forwarded-method", method),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", self.host),
            ("x-forwarded-uri", target),
            ("x-forwarded-for", "198.51.100.7"),
        ]
    }

    /// Sends the provider a request with these headers.
    pub(crate) async fn send(&self, provider: &Provider, uri: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(uri).extension(Remote(self.peer));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        provider.send(request.body(Body::empty()).unwrap()).await
    }

    /// Asks about a page that a browser opens with these cookies.
    pub(crate) async fn open(&self, provider: &Provider, target: &str, cookies: &str) -> Answer {
        let headers = [&self.says("GET", target)[..], &[HTML, ("cookie", cookies)]].concat();
        self.send(provider, "/auth/forward", &headers).await
    }

    /// The status of a page that a browser opens with these cookies.
    pub(crate) async fn status(&self, provider: &Provider, cookies: &str) -> StatusCode {
        self.open(provider, "/", cookies).await.status
    }

    /// A browser comes with a ticket.
    pub(crate) async fn come(&self, provider: &Provider, ticket: &str, cookies: &str) -> Answer {
        let headers = [&self.says("GET", "/")[..], &[("cookie", cookies)]].concat();
        self.send(provider, &format!("/.twolatch/callback?ticket={ticket}"), &headers).await
    }

    /// Begins: what the browser keeps, and the page of the provider that it is sent to.
    pub(crate) async fn begin(&self, provider: &Provider, target: &str) -> (String, String) {
        let answer = self.open(provider, target, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        (kept(&answer), answer.location().strip_prefix(ISSUER).unwrap().to_owned())
    }

    /// Goes on to a ticket: what the browser keeps, and the ticket.
    pub(crate) async fn ticket(&self, provider: &Provider, browser: &Browser, target: &str) -> (String, String) {
        let (nonce, page) = self.begin(provider, target).await;
        let answer = provider.visit(Some(browser), &page).await;
        let ticket = answer.param("ticket").unwrap_or_else(|| panic!("{answer:?}"));
        (nonce, ticket)
    }

    /// Goes through all of it: the cookie by which the browser is let in.
    pub(crate) async fn enter(&self, provider: &Provider, browser: &Browser) -> String {
        let (nonce, ticket) = self.ticket(provider, browser, "/").await;
        let answer = self.come(provider, &ticket, &nonce).await;
        let cookie = kept(&answer);
        assert!(cookie.starts_with("__Host-twolatch_app="), "{answer:?}");
        assert_eq!(self.status(provider, &cookie).await, StatusCode::OK);
        cookie
    }
}

/// An application behind a proxy.
pub(crate) async fn proxied(provider: &Provider, edit: impl FnOnce(&mut Client)) -> Registered {
    provider
        .client(|client| {
            (client.auth_method, client.secret) = (AuthMethod::None, None);
            client.redirect_uris.clear();
            client.settings.grants.clear();
            client.settings.hosts = vec![HOST.parse().unwrap()];
            edit(client);
        })
        .await
}

/// The only cookie that an answer sets, as a browser sends it.
pub(crate) fn kept(answer: &Answer) -> String {
    let mut all = answer.headers.get_all(header::SET_COOKIE).iter();
    let cookie = all.next().unwrap_or_else(|| panic!("no cookie: {answer:?}")).to_str().unwrap();
    assert!(all.next().is_none(), "nginx passes one on: {answer:?}");
    let (pair, rest) = cookie.split_once(';').unwrap();
    assert!(pair.starts_with("__Host-"), "{cookie}");
    for wanted in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(rest.split(';').any(|part| part.trim() == wanted), "{cookie}");
    }
    assert!(!rest.to_ascii_lowercase().contains("domain"), "{cookie}");
    pair.to_owned()
}
