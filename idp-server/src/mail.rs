//! Mail: plain text, to one person, over TLS. It must not know why something is sent, and logs neither address nor text.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use thiserror::Error;
use twolatch_core::user::Email;

use crate::config::Mail;

/// Why a message was not taken by the mail server.
#[derive(Debug, Error)]
pub enum MailError {
    /// An address or a header cannot be written.
    #[error("mail_failed: {0}; check `[mail] from` and the person's address")]
    Message(String),
    /// The mail server.
    #[error("mail_failed: {0}; check `[mail] url` and that the mail server runs")]
    Server(String),
}

/// Hands a message to the mail server.
///
/// # Errors
/// Why it was not taken. Nothing is tried again.
pub async fn send(mail: &Mail, to: &Email, subject: &str, text: String) -> Result<(), MailError> {
    let wrong = |error: &dyn std::fmt::Display| MailError::Message(error.to_string());
    let message = Message::builder()
        .from(mail.from.parse::<Mailbox>().map_err(|error| wrong(&error))?)
        .to(Mailbox::new(None, to.as_str().parse().map_err(|error| wrong(&error))?))
        .subject(subject)
        .header(ContentType::TEXT_PLAIN)
        .body(text)
        .map_err(|error| wrong(&error))?;
    let down = |error: lettre::transport::smtp::Error| MailError::Server(error.to_string());
    let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(mail.url.expose()).map_err(down)?.build();
    server.send(message).await.map_err(down)?;
    Ok(())
}
