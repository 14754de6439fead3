//! Letters as messages: one recipient, a text part and an HTML part. It must not know what they say.

use std::time::{Duration, SystemTime};

use askama::Template;
use lettre::Message;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use twolatch_core::letter::Mail;
use twolatch_core::store::mails::Outgoing;
use twolatch_core::time::Timestamp;

use super::relay::Trouble;
use super::words::{self, Part};
use crate::config::Config;
use crate::config::mail::Mail as Settings;

#[cfg(test)]
mod tests;

/// A letter in words.
#[derive(Debug, Clone)]
struct Written {
    subject: String,
    text: String,
    html: String,
}

#[derive(Debug, Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    language: &'static str,
    subject: &'a str,
    organisation: &'a str,
    parts: &'a [Part],
}

/// What is handed to a mail server: the envelope and the message.
///
/// # Errors
/// [`Trouble::Unwritable`], which does not name the address.
pub fn message(
    outgoing: &Outgoing,
    config: &Config,
    settings: &Settings,
    now: Timestamp,
) -> Result<(Envelope, Vec<u8>), Trouble> {
    let wrong = |error: &dyn std::fmt::Display| Trouble::Unwritable(error.to_string());
    let written = write(&outgoing.mail, config).map_err(|error| wrong(&error))?;
    let to: lettre::Address = outgoing.mail.to.as_str().parse().map_err(|error| wrong(&error))?;
    let from = &settings.from;
    // One name for one letter, however often it is sent: mail programs show it once.
    let id = format!("<{}@{}>", outgoing.id, from.email.domain());
    // No answers by machines.
    let automatic = HeaderName::new_from_ascii("Auto-Submitted".to_owned()).map_err(|error| wrong(&error))?;
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(written.subject)
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(now.unix().try_into().unwrap_or_default()))
        .message_id(Some(id))
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .multipart(MultiPart::alternative_plain_html(written.text, written.html))
        .map_err(|error| wrong(&error))?;
    let envelope = Envelope::new(Some(from.email.clone()), vec![to]).map_err(|error| wrong(&error))?;
    Ok((envelope, message.formatted()))
}

fn write(mail: &Mail, config: &Config) -> Result<Written, askama::Error> {
    let subject = words::plain(&words::subject(mail, config));
    let parts = words::parts(mail, config);
    let text = parts.iter().map(|part| match part {
        Part::Text(said) => said.clone(),
        Part::Code(set_off) | Part::Link(set_off) => format!("    {set_off}"),
    });
    let text = text.collect::<Vec<_>>().join("\n\n") + "\n";
    let (language, organisation) = (words::language(mail, config).tag(), words::plain(&config.organisation));
    let html = Html { language, subject: &subject, organisation: &organisation, parts: &parts }.render()?;
    Ok(Written { subject, text, html })
}
