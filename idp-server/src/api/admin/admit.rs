//! Who comes in: whoever shows a good token that is for the operation, as its description says. Cookies say nothing here,
//! and pages of other sites are not answered.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use twolatch_core::api_token::Scope;
use twolatch_core::login::api_tokens::{Caller, Shown};
use twolatch_core::login::manage::Actor;
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;
use utoipa::openapi::OpenApi as Document;

use super::API;
use super::operation::{self, Operation};
use crate::api::refusal::{Refusal, SCOPE};
use crate::state::App;
use crate::web::{path, request};

/// The operations by path, then method.
#[derive(Debug)]
pub(super) struct Operations(HashMap<String, Vec<Operation>>);

impl Operations {
    pub(super) fn of(document: &Document) -> Self {
        let mut all: HashMap<String, Vec<Operation>> = HashMap::new();
        for operation in operation::all(document) {
            all.entry(operation.path.clone()).or_default().push(operation);
        }
        Self(all)
    }
}

/// What the layer needs.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) app: App,
    pub(super) operations: Arc<Operations>,
}

/// Who asks, and when.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    caller: Arc<Caller>,
    pub(super) now: Timestamp,
}

impl Asking {
    /// As who a change is made.
    pub(super) fn actor(&self) -> Actor {
        self.caller.actor(self.now)
    }

    /// Whether that may be done, too.
    pub(super) fn may(&self, scope: Scope) -> bool {
        self.caller.may(scope, self.now)
    }

    /// Makes sure of that, where an operation needs more than its own scope.
    pub(super) fn needs(&self, scope: Scope) -> Result<(), Refusal> {
        if self.may(scope) { Ok(()) } else { Err(not_for(scope)) }
    }

    /// Whether this is the own account: that is changed by its owner, in the browser.
    pub(super) fn is(&self, user: &User) -> bool {
        self.caller.user.id == user.id
    }
}

impl FromRequestParts<App> for Asking {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        let asking = parts.extensions.get::<Self>().cloned();
        asking.ok_or_else(|| Refusal::not_allowed("this is open to nobody"))
    }
}

/// Lets requests in, and says why where not.
pub(super) async fn layer(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let now = gate.app.now();
    let (mut parts, body) = request.into_parts();
    let source = request::source(&gate.app.config, &parts);
    let admitted = admit(&gate, &mut parts, &source, now).await;
    request = Request::from_parts(parts, body);
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = refusal.told(&gate.app, &source);
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn admit(gate: &Gate, parts: &mut Parts, source: &str, now: Timestamp) -> Result<(), Refusal> {
    let app = &gate.app;
    if parts.headers.get(header::ORIGIN).is_some_and(|origin| origin != path::origin(&app.config)) {
        return Err(Refusal::not_allowed("pages of other sites are not answered; programs send no Origin"));
    }
    let operation = operation_of(gate, parts)?;
    let has_query = parts.uri.query().is_some_and(|query| !query.is_empty());
    if operation.is_some_and(|operation| operation.is_open) {
        return if has_query { Err(nothing_in_query()) } else { Ok(()) };
    }
    let token = request::bearer(&parts.headers);
    let token = token.ok_or_else(|| no_token("there is no token in the Authorization header, or several"))?;
    let caller = match app.logins.api_caller(token, source, now).await? {
        Shown::Good(caller) => caller,
        Shown::Nothing => return Err(no_token("the token is none, or has ended: make another one")),
        Shown::Wait(until) => {
            let detail = "too many tokens that are none came from this address";
            let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "wait", detail);
            return Err(refusal.after(until.since(now)));
        }
    };
    // Whoever is let in may know what there is.
    let Some(operation) = operation else { return Ok(()) };
    let scope = operation.scope.ok_or_else(|| Refusal::not_allowed("this is open to nobody"))?;
    if !caller.token.scopes.contains(&scope) {
        return Err(not_for(scope));
    }
    if !caller.may(scope, now) {
        let detail = "the person whose token this is may not do that now: supervisors look, administrators change, and \
                      those who came in by a mailed link lately wait";
        return Err(Refusal::not_allowed(detail));
    }
    if has_query && !operation.has_query {
        return Err(nothing_in_query());
    }
    parts.extensions.insert(Asking { caller: Arc::from(caller), now });
    Ok(())
}

/// The operation that a request asks for; nothing where there is none at its path.
fn operation_of<'a>(gate: &'a Gate, parts: &Parts) -> Result<Option<&'a Operation>, Refusal> {
    let Some(matched) = parts.extensions.get::<MatchedPath>() else { return Ok(None) };
    let matched = matched.as_str();
    let below = matched.strip_prefix(path::prefix(&gate.app.config)).and_then(|rest| rest.strip_prefix(API));
    let Some(all) = below.and_then(|path| gate.operations.0.get(path)) else { return Ok(None) };
    let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
    let found = all.iter().find(|operation| operation.method == method.as_str());
    let no_method = || {
        let detail = format!("{} is not done there; openapi.json lists what is", parts.method);
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    };
    found.map(Some).ok_or_else(no_method)
}

fn not_for(scope: Scope) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, SCOPE, format!("the token is not for `{scope}`: make one that is"))
}

fn no_token(detail: &'static str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "invalid_token", detail)
}

fn nothing_in_query() -> Refusal {
    Refusal::invalid("nothing is taken from the query here: it ends up in logs")
}
