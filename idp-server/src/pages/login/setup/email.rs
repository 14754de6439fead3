//! `/login/setup/email`: a code that was mailed shows that it is the person who sets up. Nothing is mailed before that is
//! asked for: whoever only knows the password fills nobody's mailbox.

use axum::extract::State;
use axum::response::IntoResponse;
use twolatch_core::login::web::{Current, Fault};
use twolatch_core::typed::{self, Typed};

use crate::pages::Answer;
use crate::pages::login::email::{refused, send_for, show_for};
use crate::pages::login::{go_on, reach, start_again};
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::form::Form;
use crate::web::notice::Notice;
use crate::web::path::Links;

/// Offers to mail a code; asks for it once it is on its way.
pub(crate) async fn show(State(app): State<App>, browser: Browser) -> Answer {
    let current = reach(&app, &browser, Current::wants_mailbox).await?;
    show_for(&app, &browser, &current, true).await
}

/// Mails it.
pub(crate) async fn send(State(app): State<App>, form: Form) -> Answer {
    let (browser, []) = form.only([])?;
    let current = reach(&app, &browser, Current::wants_mailbox).await?;
    send_for(&app, &browser, current, &Links::of(&app.config).login_setup_email()).await
}

/// Takes it.
pub(crate) async fn submit(State(app): State<App>, form: Form) -> Answer {
    let (browser, [code]) = form.only(["code"])?;
    let current = reach(&app, &browser, Current::wants_mailbox).await?;
    let again =
        |notice: Notice| browser.go(&Links::of(&app.config).login_setup_email()).saying(&app, &browser, &notice);
    let Typed::Code(code) = typed::parse(code.expose().as_bytes()) else {
        return Ok(again(Notice::NoEmailCode).into_response());
    };
    let user = current.person.user.clone();
    let left = match app.logins.enter_address_code(current, code, &browser.source, browser.now).await {
        Ok(()) => go_on(&app, &browser).await?,
        Err(Fault::Refused(reason)) => again(refused(&app, &browser, &user, reason).await?),
        Err(Fault::Over) => start_again(&app, &browser),
        Err(fault) => return Err(fault.into()),
    };
    Ok(left.into_response())
}
