//! `twolatch user invite`: one-time links, printed or mailed.

use serde::Serialize;
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::user::UserName;

use crate::cli::{CliError, say, say_json};
use crate::date;
use crate::mail::deliver::{Fate, deliver};
use crate::mail::relay::Relay;
use crate::state::App;
use crate::text::Language;
use crate::web::path::{SETUP, mailed};

/// Makes links and prints them.
pub(super) async fn print(app: &App, names: Vec<UserName>, json: bool, actor: &Actor) -> Result<(), CliError> {
    #[derive(Serialize)]
    struct Invited {
        name: String,
        link: String,
    }
    let mut invited = Vec::with_capacity(names.len());
    for name in names {
        let token = app.logins.invite(&name, actor).await?;
        invited.push(Invited { name: name.to_string(), link: mailed(&app.config, SETUP, &token) });
    }
    if json {
        return say_json(&invited);
    }
    for one in invited {
        say(format_args!("{}, once:\n\n    {}\n", one.name, one.link));
    }
    Ok(())
}

/// Makes links and mails each to its user, as the server would; says of each what became of it.
pub(super) async fn mail(app: &App, names: Vec<UserName>, actor: &Actor) -> Result<(), CliError> {
    let settings = app.config.mail.as_ref().ok_or_else(|| {
        CliError::data(format!(
            "{} has no [mail] section; without --mail the links are printed",
            app.config.path.display()
        ))
    })?;
    let relay = Relay::new(settings).map_err(|error| CliError { message: error.to_string(), status: 78 })?;
    let (mut later, mut lost, mut held) = (0, 0, 0);
    for name in names {
        let outgoing = match app.logins.invite_by_mail(&name, actor).await {
            Ok(outgoing) => outgoing,
            // The others are not kept from their mail by it.
            Err(error @ ManageError::Held(..)) => {
                held += 1;
                say(format_args!("{name}: {error}."));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match deliver(app, settings, &relay, &outgoing).await? {
            Fate::Taken => say(format_args!("{name} has mail.")),
            Fate::Deferred { next, trouble } => {
                later += 1;
                let next = date::minute(next, Language::En);
                say(format_args!("{name}: mail_deferred: {trouble}. The server tries again from {next} on."));
            }
            Fate::Failed(trouble) => {
                lost += 1;
                say(format_args!("{name}: mail_failed: {trouble}. It is not tried again."));
            }
        }
    }
    relay.hang_up().await;
    match (later, lost) {
        (0, 0) if held == 0 => Ok(()),
        (0, 0) => Err(CliError::data(format!("nothing is mailed to {held} of the addresses, which are held"))),
        (_, 0) => Err(CliError { message: format!("mail_deferred: {later} of the mails"), status: 75 }),
        _ => Err(CliError { message: format!("mail_failed: {lost} of the mails; check the addresses"), status: 69 }),
    }
}
