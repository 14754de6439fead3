//! `/admin/client/{id}/test`: what somebody would get who signed in to an application now. No token is made.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use openidconnect::url::form_urlencoded;
use serde_json::Value;

use super::super::{Console, Here, changing, words};
use super::found;
use crate::oidc::foresee::{End, Foreseen, foresee};
use crate::oidc::scope::Scope;
use crate::pages::said::Said;
use crate::pages::{Answer, show as show_page};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::Kind as Failed;
use crate::web::frame::Frame;
use crate::web::path::clients::{ADMIN_CLIENT_TEST, of};
use crate::web::path::console::with_query;

/// What an application may ask for beside `openid`, and whether it is ticked before somebody chooses.
const SCOPES: [(Scope, bool); 6] = [
    (Scope::Profile, true),
    (Scope::Email, true),
    (Scope::Groups, true),
    (Scope::Address, false),
    (Scope::Phone, false),
    (Scope::OfflineAccess, false),
];

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin_client_test.html")]
pub struct TestPage {
    frame: Frame,
    console: Console,
    name: String,
    id: String,
    person: String,
    scopes: Vec<(&'static str, bool)>,
    outcome: Option<Outcome>,
    said: Said,
}

/// What would happen.
#[derive(Debug)]
struct Outcome {
    end: Text,
    gets_in: bool,
    asked: Text,
    because: Text,
    acr: Option<&'static str>,
    /// What is told where, as JSON or as headers.
    told: Vec<(Text, String)>,
}

impl From<Foreseen> for Outcome {
    fn from(foreseen: Foreseen) -> Self {
        let gets_in = matches!(foreseen.end, End::In | End::InAfterSetUp);
        let pretty = |value: Value| format!("{value:#}");
        let headers: Vec<String> = foreseen.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let all = [
            (t("client-test-headers"), Some(headers.join("\n")).filter(|text| !text.is_empty())),
            (t("client-test-id-token"), foreseen.id_token.map(pretty)),
            (t("client-test-userinfo"), foreseen.userinfo.map(pretty)),
            (t("client-test-access"), foreseen.access_token.map(pretty)),
        ];
        Self {
            end: end(foreseen.end),
            gets_in,
            asked: words::asked(foreseen.explained.asked),
            because: words::because(&foreseen.explained.decision.because),
            acr: gets_in.then(|| foreseen.assurance.acr()),
            told: all.into_iter().filter_map(|(label, text)| Some((label, text?))).collect(),
        }
    }
}

/// How a sign-in would end.
const fn end(end: End) -> Text {
    match end {
        End::In => t("client-test-in"),
        End::InAfterSetUp => t("client-test-set-up"),
        End::Refused => t("client-test-refused"),
        End::Groups => t("client-test-groups"),
        End::Disabled => t("client-test-disabled"),
        End::NoSignIn => t("client-test-nobody"),
    }
}

impl TestPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let page = |person: &str, outcome, said| Self {
            frame: frame.clone(),
            console: Console::sample(Here::Applications),
            name: "Wiki <b>".to_owned(),
            id: "wiki".to_owned(),
            person: person.to_owned(),
            scopes: SCOPES.map(|(scope, ticked)| (scope.as_str(), ticked)).into(),
            outcome,
            said,
        };
        let outcome = |how, gets_in: bool| Outcome {
            end: end(how),
            gets_in,
            asked: t("asked-code"),
            because: t("because-organisation"),
            acr: gets_in.then_some("urn:twolatch:acr:3"),
            told: if gets_in {
                vec![(t("client-test-id-token"), "{ \"sub\": \"<b>\" }".to_owned())]
            } else {
                Vec::new()
            },
        };
        vec![
            page("", None, Said::default()),
            page("alice", Some(outcome(End::In, true)), Said::default()),
            page("bob", Some(outcome(End::Groups, false)), Said::default()),
            page("<b>", None, Said::error(t("why-nobody").with("name", "<b>"))),
        ]
    }
}

/// Shows it.
pub(crate) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Answer {
    let back = with_query(&of(ADMIN_CLIENT_TEST, &id), query.as_deref());
    let entered = changing(&app, &browser, &back).await?;
    let client = found(&app, &id).await?;
    let query = query.unwrap_or_default();
    let asked: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let person = asked.iter().find(|(name, _)| name == "person").map(|(_, value)| value.trim().to_owned());
    let ticked = |scope: Scope| asked.iter().any(|(name, value)| name == scope.as_str() && value == "yes");
    let scopes = SCOPES.map(|(scope, usual)| (scope, if person.is_some() { ticked(scope) } else { usual }));
    let chosen: Vec<Scope> = scopes.iter().filter(|(_, is_ticked)| *is_ticked).map(|(scope, _)| *scope).collect();
    let (mut outcome, mut said) = (None, Said::default());
    if let Some(name) = &person {
        let somebody = match name.parse() {
            Ok(name) => app.store.person_by_name(&name).await?,
            Err(_) => None,
        };
        match somebody {
            Some(somebody) => {
                let foreseen = foresee(&app, &client, &somebody, &chosen, browser.now).await;
                let foreseen = foreseen.map_err(|error| Failed::Internal.because(error.logged(&app)))?;
                outcome = Some(Outcome::from(foreseen));
            }
            None => said = Said::error(t("why-nobody").with("name", name)),
        }
    }
    let page = |frame: Frame| {
        let mut frame = frame;
        if let Some(person) = &person {
            frame = chosen
                .iter()
                .fold(frame.keeping("person", person), |frame, scope| frame.keeping(scope.as_str(), "yes"));
        }
        TestPage {
            frame,
            console: entered.console.at(Here::Applications),
            name: client.name,
            id: client.id.to_string(),
            person: person.clone().unwrap_or_default(),
            scopes: scopes.map(|(scope, is_ticked)| (scope.as_str(), is_ticked)).into(),
            outcome,
            said,
        }
    };
    Ok(show_page(&app, &browser, None, page)?)
}
