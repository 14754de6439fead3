//! `/admin/user/{name}/…`: what administrators do to somebody, each on a page that says what it ends before it is done. Only
//! their own account is not changed here: it has pages of its own.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use twolatch_core::factor::Kind;
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::policy::Level;
use twolatch_core::store::Person;
use twolatch_core::user::{GroupName, Role, User, UserName};

use super::super::act::{ActPage, Choice, Field};
use super::super::{Console, Entered, Here, changing, words};
use super::found;
use crate::pages::said::Said;
use crate::pages::{Answer, Detour, show as show_page};
use crate::people_file;
use crate::person::{self, Changes, NONE as NO_LEVEL};
use crate::state::App;
use crate::text::{Text, t};
use crate::web::browser::Browser;
use crate::web::failure::Kind as Failed;
use crate::web::form::Form;
use crate::web::frame::Frame;
use crate::web::notice::Notice;
use crate::web::notice::person::{PersonNotice, Refusal};
use crate::web::path::Links;
use crate::web::path::person::{Act, of};

/// Whom it is done to, as far as the page tells.
#[derive(Debug)]
struct Subject {
    name: String,
    version: i64,
    email: String,
    role: Role,
    groups: String,
    level: Option<Level>,
    methods: Option<BTreeSet<Kind>>,
    has_password: bool,
}

impl From<&User> for Subject {
    fn from(user: &User) -> Self {
        Self {
            name: user.name.to_string(),
            version: user.security_version,
            email: user.email.as_ref().map(ToString::to_string).unwrap_or_default(),
            role: user.role,
            groups: user.groups.iter().map(GroupName::as_str).collect::<Vec<_>>().join(" "),
            level: user.level,
            methods: user.methods.clone(),
            has_password: user.password.is_some(),
        }
    }
}

/// What somebody may set up, by the word for it.
fn choices() -> [(&'static str, Option<BTreeSet<Kind>>); 4] {
    [
        ("none", None),
        ("totp", Some(BTreeSet::from([Kind::Totp]))),
        ("email_code", Some(BTreeSet::from([Kind::EmailCode]))),
        ("totp,email_code", Some(BTreeSet::from(Kind::METHODS))),
    ]
}

fn act_page(frame: Frame, console: Console, act: Act, user: &Subject, said: Said) -> ActPage {
    let (title, submit) = titles(act);
    let back = t("person-back").with("name", &user.name);
    ActPage {
        console: console.at(Here::Users),
        to: frame.links.admin_act(&act, &user.name),
        version: replaces(act).then(|| user.version.to_string()),
        title: title.strong("name", &user.name),
        points: points(act, user),
        asked: field(act, user),
        submit,
        destroys: matches!(act, Act::Reset | Act::Disable | Act::Remove | Act::EndSessions | Act::ForgetDevices),
        back: (frame.links.admin_user(&user.name), back),
        said,
        frame,
    }
}

/// Examples, for tests.
#[must_use]
pub fn samples(frame: &Frame) -> Vec<ActPage> {
    let user = Subject {
        name: "alice".to_owned(),
        version: 3,
        email: "alice@example.org".to_owned(),
        role: Role::Member,
        groups: "ops staff".to_owned(),
        level: None,
        methods: None,
        has_password: true,
    };
    let page = |act, said| act_page(frame.clone(), Console::sample(Here::Users), act, &user, said);
    let wrong = page(Act::Groups, Notice::from(Refusal::BadGroup).into());
    Act::ALL.map(|act| page(act, Said::default())).into_iter().chain([wrong]).collect()
}

/// The route of an act.
pub(crate) fn route(act: Act) -> (&'static str, MethodRouter<App>) {
    let asked = move |state, path, browser| show(act, state, path, browser);
    let done = move |state, path, form| submit(act, state, path, form);
    (act.path(), get(asked).post(done))
}

async fn show(act: Act, State(app): State<App>, Path(name): Path<String>, browser: Browser) -> Answer {
    let (entered, person) = reached(&app, &browser, act, &name).await?;
    let said = Said::from(browser.notice(&app));
    let page = |frame| act_page(frame, entered.console, act, &Subject::from(&person.user), said);
    Ok(show_page(&app, &browser, None, page)?)
}

async fn submit(act: Act, State(app): State<App>, Path(name): Path<String>, mut form: Form) -> Answer {
    let (entered, person) = reached(&app, &form.browser, act, &name).await?;
    let (value, version) = (form.optional("value"), form.optional("version"));
    let (browser, []) = form.only([])?;
    let actor = entered.actor(&browser);
    let value = value.as_ref().map(|value| value.expose().trim()).unwrap_or_default();
    let version = version.and_then(|version| version.expose().parse().ok());
    // What replaces nothing does the same whatever was changed meanwhile.
    let seen = match (version, replaces(act)) {
        (Some(version), true) => version,
        (None, true) => return Err(Failed::BadForm.because("no version").into()),
        (_, false) => person.user.security_version,
    };
    let done = match carry_out(&app, act, (&person.user.name, seen), value, &actor).await {
        Ok(()) if act == Act::Remove => Ok(PersonNotice::Removed(person.user.name.to_string())),
        Ok(()) => Ok(PersonNotice::Done(act)),
        Err(Undone::Refused(refusal)) => Err(refusal),
        Err(Undone::Failed(error)) => Err(Refusal::of(error)?),
    };
    let links = Links::of(&app.config);
    let (back, notice) = match done {
        Ok(notice @ PersonNotice::Removed(_)) => (links.admin_users(), Notice::from(notice)),
        Ok(notice) => (links.admin_user(person.user.name.as_str()), notice.into()),
        Err(refusal) if asks_again(refusal) => (links.admin_act(&act, person.user.name.as_str()), refusal.into()),
        Err(refusal) => (links.admin_user(person.user.name.as_str()), refusal.into()),
    };
    Ok(browser.go(&back).saying(&app, &browser, &notice).into_response())
}

/// Whether values take the place of others, which the page has shown.
const fn replaces(act: Act) -> bool {
    matches!(act, Act::Role | Act::Groups | Act::Level | Act::Methods | Act::Address)
}

/// Whether something else could be typed.
const fn asks_again(refusal: Refusal) -> bool {
    matches!(
        refusal,
        Refusal::BadRole
            | Refusal::BadLevel
            | Refusal::BadMethods
            | Refusal::BadGroup
            | Refusal::BadAddress
            | Refusal::Taken
    )
}

/// Who changes something, and whom: never themselves.
async fn reached(app: &App, browser: &Browser, act: Act, name: &str) -> Result<(Entered, Person), Detour> {
    let entered = changing(app, browser, &of(act.path(), name)).await?;
    let person = found(app, name).await?;
    if person.user.id == entered.session.user.id {
        let back = browser.go(&Links::of(&app.config).admin_user(person.user.name.as_str()));
        return Err(back.saying(app, browser, &Refusal::Own.into()).into());
    }
    Ok((entered, person))
}

enum Undone {
    Refused(Refusal),
    Failed(ManageError),
}

impl From<ManageError> for Undone {
    fn from(error: ManageError) -> Self {
        Self::Failed(error)
    }
}

/// Does it to somebody, as they were at a security version where that matters.
async fn carry_out(
    app: &App,
    act: Act,
    (name, seen): (&UserName, i64),
    value: &str,
    actor: &Actor,
) -> Result<(), Undone> {
    let changes = match act {
        Act::Role => {
            let role = value.parse().map_err(|_| Undone::Refused(Refusal::BadRole))?;
            Changes { role: Some(role), ..Changes::default() }
        }
        Act::Groups => {
            let groups = people_file::groups(value).map_err(|_| Undone::Refused(Refusal::BadGroup))?;
            Changes { groups: Some(groups), ..Changes::default() }
        }
        Act::Level => {
            let level = match value {
                NO_LEVEL => None,
                word => Some(word.parse::<Level>().map_err(|_| Undone::Refused(Refusal::BadLevel))?),
            };
            Changes { level: Some(level), ..Changes::default() }
        }
        Act::Methods => {
            let all = choices();
            let chosen =
                all.into_iter().find(|(word, _)| *word == value).ok_or(Undone::Refused(Refusal::BadMethods))?;
            Changes { methods: Some(chosen.1), ..Changes::default() }
        }
        Act::Address => {
            let address = value.parse().map_err(|_| Undone::Refused(Refusal::BadAddress))?;
            return Ok(app.logins.offer_address_seen(name, seen, address, actor).await?);
        }
        act => return Ok(person::act(app, act, name, actor).await?),
    };
    person::change(app, (name, seen), changes, actor).await?;
    Ok(())
}

/// What stands above, and on the button.
const fn titles(act: Act) -> (Text, Text) {
    match act {
        Act::Role => (t("act-role"), t("act-role-submit")),
        Act::Groups => (t("act-groups"), t("act-groups-submit")),
        Act::Level => (t("act-level"), t("act-level-submit")),
        Act::Methods => (t("act-methods"), t("act-methods-submit")),
        Act::Address => (t("act-address"), t("act-address-submit")),
        Act::ConfirmAddress => (t("act-confirm-address"), t("act-confirm-address-submit")),
        Act::Invite => (t("act-invite"), t("act-invite-submit")),
        Act::ReopenSetup => (t("act-reopen-setup"), t("act-reopen-setup-submit")),
        Act::Reset => (t("act-reset"), t("act-reset-submit")),
        Act::Unlock => (t("act-unlock"), t("act-unlock-submit")),
        Act::EndSessions => (t("act-end-sessions"), t("act-end-sessions-submit")),
        Act::ForgetDevices => (t("act-forget-devices"), t("act-forget-devices-submit")),
        Act::Disable => (t("act-disable"), t("act-disable-submit")),
        Act::Enable => (t("act-enable"), t("act-enable-submit")),
        Act::Remove => (t("act-remove"), t("act-remove-submit")),
    }
}

/// What happens.
fn points(act: Act, user: &Subject) -> Vec<Text> {
    let address = |key: Text| key.strong("address", &user.email);
    match act {
        Act::Role => vec![t("act-role-admin"), t("act-role-supervisor"), t("act-signed-out")],
        Act::Groups => vec![t("act-groups-rules"), t("act-signed-out")],
        Act::Level => vec![t("act-level-raises"), t("act-signed-out")],
        Act::Methods => vec![t("act-methods-keeps"), t("act-methods-asks"), t("act-signed-out")],
        Act::Address => vec![t("act-address-link"), t("act-address-told"), t("act-address-held")],
        Act::ConfirmAddress => vec![address(t("act-confirm-address-opens")), t("act-confirm-address-sure")],
        Act::Invite if user.has_password => {
            vec![address(t("act-invite-mailed")), t("act-invite-replaces"), t("act-invite-only")]
        }
        Act::Invite => vec![address(t("act-invite-mailed")), t("act-invite-unseen")],
        Act::ReopenSetup => vec![t("act-reopen-setup-window"), t("act-reopen-setup-keeps")],
        Act::Reset => vec![t("act-reset-goes"), t("act-reset-ends"), t("act-reset-next"), t("act-reset-told")],
        Act::Unlock => vec![t("act-unlock-lifts"), t("act-unlock-sure")],
        Act::EndSessions => vec![t("act-end-sessions-all"), t("act-end-sessions-keeps")],
        Act::ForgetDevices => vec![t("act-forget-devices-all")],
        Act::Disable => vec![t("act-disable-nobody"), t("act-disable-keeps")],
        Act::Enable => vec![t("act-enable-again")],
        Act::Remove => vec![t("act-remove-all"), t("act-remove-audit"), t("act-remove-instead")],
    }
}

fn field(act: Act, user: &Subject) -> Field {
    match act {
        Act::Role => {
            let all = Role::ALL.map(|role| Choice {
                word: role.as_str(),
                text: words::role(role),
                is_now: role == user.role,
            });
            Field::Choice(t("person-role"), all.into())
        }
        Act::Level => {
            let none = Choice { word: NO_LEVEL, text: t("level-none"), is_now: user.level.is_none() };
            let all = Level::ALL.map(|level| Choice {
                word: level.as_str(),
                text: words::level(level),
                is_now: Some(level) == user.level,
            });
            Field::Choice(t("person-level"), std::iter::once(none).chain(all).collect())
        }
        Act::Methods => {
            let all = choices().map(|(word, methods)| Choice {
                word,
                text: super::methods(methods.as_ref()),
                is_now: methods == user.methods,
            });
            Field::Choice(t("person-methods"), all.into())
        }
        Act::Groups => Field::Line(t("person-groups"), user.groups.clone(), t("person-groups-hint")),
        Act::Address => Field::Address(t("act-address-new")),
        _ => Field::Nothing,
    }
}
