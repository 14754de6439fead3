//! A browser at the pages of the provider in this process: it keeps what forms need.

use axum::http::{Method, StatusCode, header};

use super::{Answer, Browser, ISSUER, Provider, form};

/// A browser that keeps what forms need.
pub(crate) struct Tab<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) browser: Option<&'a Browser>,
    flow: Option<String>,
}

impl<'a> Tab<'a> {
    pub(crate) fn new(provider: &'a Provider, browser: Option<&'a Browser>) -> Self {
        Self { provider, browser, flow: None }
    }

    fn cookies(&self) -> String {
        let session = self.browser.map(|browser| self.provider.cookie(&browser.token));
        session.into_iter().chain(self.flow.clone()).collect::<Vec<_>>().join("; ")
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let answer = self.provider.raw(Method::GET, path, &[("cookie", &self.cookies())], "").await;
        if answer.status == StatusCode::OK && self.flow.is_none() {
            self.flow = Some(answer.header(header::SET_COOKIE).split(';').next().unwrap().to_owned());
        }
        answer
    }

    pub(crate) async fn post(&self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = field(page, "form");
        let fields = [&[("form", token.as_str())], fields].concat();
        let (cookies, body) = (self.cookies(), form(&fields));
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("origin", ISSUER), ("cookie", cookies.as_str())];
        self.provider.raw(Method::POST, path, &headers, &body).await
    }
}

/// What a hidden field of a page holds.
pub(crate) fn field(page: &Answer, name: &str) -> String {
    let rest = page.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{page:?}")).1;
    rest.split_once('"').unwrap().0.to_owned()
}
