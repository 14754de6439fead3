//! Mailed codes at a prompt: sent when they are asked for, sent again by a word, told where to and until when.

use super::{Asked, Attempt, Logins, Sent, Shown, texts};
use crate::audit::{Event, Record};
use crate::factor::Kind;
use crate::login::mailed::{NewCode, Sending, veiled};
use crate::login::web::Fault;
use crate::reason::Reason;
use crate::store::email_codes::{LIFE, MailedFor, RESEND_AFTER, last_sent};
use crate::store::{Person, StoreError};
use crate::time::Timestamp;
use crate::user::User;
use crate::wire::Outcome;

/// What has become of a mail.
enum Mailing {
    Sent(Sent),
    NotBefore(Timestamp),
    /// A hundred codes were wrong.
    Held,
    /// Somebody else has changed the address lately.
    AddressHeld,
    /// The queue is full, or there is no address any more.
    Not,
}

impl Logins {
    /// Asks for a mailed code; mails one unless one is on its way that can still be used. Where none can be mailed, the app
    /// is asked for instead, if there is one.
    pub(super) async fn ask_mailed(
        &self,
        name: &str,
        attempt: Attempt,
        person: &Person,
        before: Option<&str>,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let attempt = Attempt { asked: Asked::Mail, ..attempt };
        self.ask_for_mail(name, attempt, MailedFor::Login, person, before, now).await
    }

    /// The same to see who sets up.
    pub(super) async fn ask_mailbox(
        &self,
        name: &str,
        attempt: Attempt,
        person: &Person,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let before = format!("Before a second factor is set up for {name}, type the code that is mailed to you.");
        let attempt = Attempt { asked: Asked::Mailbox, ..attempt };
        self.ask_for_mail(name, attempt, MailedFor::Address, person, Some(&before), now).await
    }

    async fn ask_for_mail(
        &self,
        name: &str,
        mut attempt: Attempt,
        purpose: MailedFor,
        person: &Person,
        before: Option<&str>,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let line = match usable(&attempt, now) {
            Some(sent) => on_its_way(&attempt, &sent, person, now),
            None => match self.mail_for_host(name, &attempt, purpose, person, now).await? {
                Mailing::Sent(sent) => {
                    let line = on_its_way(&attempt, &sent, person, now);
                    attempt.sent = Some(sent);
                    line
                }
                not => {
                    attempt.sent = None;
                    if matches!(attempt.asked, Asked::Mail) && attempt.methods.contains(&Kind::Totp) {
                        attempt.asked = Asked::App(None);
                    }
                    why_not(&not, now)
                }
            },
        };
        let text = before.map_or_else(|| line.clone(), |before| format!("{before}\n{line}"));
        let shown = Shown::saying(texts::with_ways(text, &attempt));
        self.ask(name, attempt, shown, now)
    }

    /// The word *resend*.
    pub(super) async fn resend_at_host(
        &self,
        name: &str,
        attempt: Attempt,
        person: &Person,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let purpose = if matches!(attempt.asked, Asked::Mailbox) { MailedFor::Address } else { MailedFor::Login };
        let Some(sent) = usable(&attempt, now) else {
            return self.ask_for_mail(name, attempt, purpose, person, None, now).await;
        };
        let last = last_sent(&self.store, &sent.id, &person.user.id).await?;
        let text = match last {
            // It was used at this very moment by another answer to the same prompt.
            None => {
                return self.ask_for_mail(name, Attempt { sent: None, ..attempt }, purpose, person, None, now).await;
            }
            Some(last) if now < last.plus(RESEND_AFTER) => {
                format!("It can be sent again in {}.", texts::until(last.plus(RESEND_AFTER), now))
            }
            Some(_) => {
                let about = self.mailed_record(name, &attempt, now);
                let mailing = match self.resend(person, sent.id.clone(), attempt.door, about, now).await {
                    Ok(Sending::Sent) => Mailing::Sent(sent.clone()),
                    Ok(Sending::NotBefore(moment)) => self.not_before(&person.user, moment, now).await?,
                    Err(StoreError::MailFull) => Mailing::Not,
                    Err(error) => return Err(error),
                };
                match mailing {
                    Mailing::Sent(sent) => format!("It was sent again. {}", on_its_way(&attempt, &sent, person, now)),
                    not => why_not(&not, now),
                }
            }
        };
        let shown = Shown::saying(texts::with_ways(text, &attempt));
        self.ask(name, attempt, shown, now)
    }

    /// What a mailed code that was not right means.
    pub(super) async fn again_mailed(
        &self,
        name: &str,
        mut attempt: Attempt,
        person: &Person,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let budget = crate::store::budgets::Budget::of_email(person.user.id.as_str());
        let (_, standing) = self.store.standing(&budget, now).await?;
        let text = match (reason, standing) {
            (Reason::Wrong | Reason::Wait, crate::store::budgets::Charge::Wait(moment)) => {
                attempt.sent = None;
                format!("Too many wrong codes: none by email is taken for {}.", texts::until(moment, now))
            }
            (_, crate::store::budgets::Charge::Held) => {
                attempt.sent = None;
                texts::MAIL_HELD.to_owned()
            }
            (Reason::CodeExpired | Reason::Replay, _) => {
                attempt.sent = None;
                texts::MAIL_OVER.to_owned()
            }
            _ => texts::WRONG.to_owned(),
        };
        let shown = Shown::saying(texts::with_ways(text, &attempt)).because(reason);
        self.ask(name, attempt, shown, now)
    }

    async fn mail_for_host(
        &self,
        name: &str,
        attempt: &Attempt,
        purpose: MailedFor,
        person: &Person,
        now: Timestamp,
    ) -> Result<Mailing, StoreError> {
        let letter = match NewCode::to(self.store.entropy(), person, purpose, attempt.door, now) {
            Ok(letter) => letter,
            Err(Fault::Store(error)) => return Err(error),
            Err(Fault::Refused(Reason::AddressHeld)) => return Ok(Mailing::AddressHeld),
            Err(_) => return Ok(Mailing::Not),
        };
        let (store, id) = (self.store.clone(), letter.id.clone());
        let about = self.mailed_record(name, attempt, now);
        let sending = self
            .store
            .write(move |connection| Box::pin(async move { letter.send(connection, &store, about).await }))
            .await;
        match sending {
            Ok(Sending::Sent) => Ok(Mailing::Sent(Sent { id, at: now })),
            Ok(Sending::NotBefore(moment)) => self.not_before(&person.user, moment, now).await,
            Err(StoreError::MailFull) => Ok(Mailing::Not),
            Err(error) => Err(error),
        }
    }

    async fn not_before(&self, user: &User, moment: Timestamp, now: Timestamp) -> Result<Mailing, StoreError> {
        let held = self.mail_blocked(user, now).await?.held;
        Ok(if held { Mailing::Held } else { Mailing::NotBefore(moment) })
    }

    fn mailed_record(&self, name: &str, attempt: &Attempt, now: Timestamp) -> Record {
        Record { event: Event::CodeMailed, factor: Some(Kind::EmailCode), ..self.record_of(attempt, name, now) }
    }
}

/// The mail that this login waits for, if its code can still be used.
fn usable(attempt: &Attempt, now: Timestamp) -> Option<Sent> {
    attempt.sent.clone().filter(|sent| (0..LIFE).contains(&now.since(sent.at)))
}

fn on_its_way(attempt: &Attempt, sent: &Sent, person: &Person, now: Timestamp) -> String {
    let to = person.user.email.as_ref().map(veiled).unwrap_or_default();
    // The login may be over before the code is.
    let ends = sent.at.plus(LIFE).min(attempt.ends());
    format!("A code was mailed to {to}; it is good for {}.", texts::until(ends, now))
}

fn why_not(mailing: &Mailing, now: Timestamp) -> String {
    match mailing {
        Mailing::NotBefore(moment) => {
            format!("Too many codes by email: none is mailed for {}.", texts::until(*moment, now))
        }
        Mailing::Held => texts::MAIL_HELD.to_owned(),
        Mailing::AddressHeld => texts::ADDRESS_HELD.to_owned(),
        Mailing::Sent(_) | Mailing::Not => texts::MAIL_FULL.to_owned(),
    }
}
