//! `/api/v1/…`: all that the console does, for programs. Each operation is written down where it is done; what is written
//! there is served as the description (`OpenAPI`), and decides which token may ask for it.

use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Document, Server};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::admit::{Gate, Operations};
use self::shape::ErrorShape;
use super::refusal::Refusal;
use crate::state::App;

mod admit;
mod asked;
mod clients;
mod jobs;
pub mod operation;
mod policy;
mod reports;
mod requests;
mod shape;
mod table;
mod users;

/// Where all of it is.
pub const API: &str = "/api/v1";

/// Where its description is.
pub const DESCRIPTION: &str = "/openapi.json";

/// The name of what operations ask for in the description.
const TOKEN: &str = "token";

#[derive(OpenApi)]
#[openapi(
    components(schemas(ErrorShape)),
    info(
        title = "Twolatch admin API",
        description = "All that administrators and supervisors do in the console, for programs. A token is made in the console or \
                   by `twolatch token add`; it acts in the name of one person and may never do more than they may at that \
                   moment. Moments are seconds since 1970. What replaces values takes `If-Match` with the `ETag` of what it \
                   was made from. Every error has `error`, a word for programs, and `detail`, for people."
    )
)]
struct Described;

fn router() -> OpenApiRouter<App> {
    let parts = [
        users::router(),
        table::router(),
        jobs::router(),
        requests::router(),
        policy::router(),
        clients::router(),
        reports::router(),
    ];
    let all = OpenApiRouter::with_openapi(Described::openapi()).routes(routes!(description));
    parts.into_iter().fold(all, OpenApiRouter::merge)
}

/// The description for a server at an address.
#[must_use]
pub fn document(issuer: &str) -> Document {
    let mut document = router().into_openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document.servers = Some(vec![Server::new(format!("{issuer}{API}"))]);
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token, as it was shown once."));
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme(TOKEN, SecurityScheme::Http(scheme.build()));
    document
}

/// Its routes, below [`API`].
pub fn routes(app: &App) -> Router<App> {
    let document = document(&app.config.issuer);
    let text: Arc<str> = document.to_json().unwrap_or_default().into();
    let operations = Operations::of(&document);
    let gate = Gate { app: app.clone(), operations: Arc::new(operations) };
    let (routes, _) = router().split_for_parts();
    routes
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(from_fn_with_state(gate, admit::layer))
        .layer(Extension(Description(text)))
}

/// What is served.
#[derive(Clone)]
struct Description(Arc<str>);

/// This description
///
/// Open to everybody: it holds nothing of the organisation but the address that it is asked at.
#[utoipa::path(get, path = DESCRIPTION, tag = "description", responses((status = OK, description = "OpenAPI 3.1.")))]
async fn description(Extension(Description(text)): Extension<Description>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text.to_string()).into_response()
}

async fn nothing() -> Refusal {
    Refusal::missing("there is no such thing in the API; openapi.json lists what there is")
}
