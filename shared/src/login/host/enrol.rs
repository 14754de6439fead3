//! Setting up at a prompt: who reads the mail first, then which method, then its codes. Nothing is stored before the
//! recovery codes are kept, so that a login that is broken off leaves nothing.

use super::{Asked, Attempt, Logins, Made, Shown, granted, refused, texts};
use crate::audit::{Event, Record};
use crate::factor::Kind;
use crate::id::Id;
use crate::login::enrol::put_off_in;
use crate::login::setup::{self, Pending, Progress};
use crate::qr;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::{Person, StoreError};
use crate::time::Timestamp;
use crate::typed::Word;
use crate::user::User;
use crate::wire::{Outcome, Qr};

impl Logins {
    /// Begins to set up, where the host can show that; where it cannot, it can only be put off.
    pub(super) async fn start_enrolment(
        &self,
        name: &str,
        attempt: Attempt,
        person: &Person,
        mailbox_first: bool,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        if attempt.qr == Qr::Off {
            if !attempt.may_put_off {
                return Ok(super::told(Reason::NotEnrolled, texts::NOT_ENROLLED));
            }
            let attempt = Attempt { asked: Asked::Later, ..attempt };
            return self.ask(name, attempt, Shown::saying(texts::ONLY_LATER), now);
        }
        if mailbox_first {
            return self.ask_mailbox(name, attempt, person, now).await;
        }
        self.choose_setup(name, attempt, person, now).await
    }

    /// Asks which method to set up, where there is a choice.
    pub(super) async fn choose_setup(
        &self,
        name: &str,
        attempt: Attempt,
        person: &Person,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        match attempt.methods.as_slice() {
            [] => Ok(refused(Reason::NotEnrolled)),
            [Kind::EmailCode] => self.set_up_mail(name, attempt, person, now).await,
            [_] => self.set_up_app(name, attempt, person, now),
            _ => {
                let text = format!(
                    "Set up a second factor for {} at {}.\nType app for an authenticator app, or email for codes by email.",
                    person.user.name, self.organisation
                );
                let attempt = Attempt { asked: Asked::Choice, ..attempt };
                self.say(name, attempt, &text, now)
            }
        }
    }

    pub(super) async fn word_at_setup(
        &self,
        name: &str,
        attempt: Attempt,
        person: &Person,
        word: Word,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let chosen = matches!(attempt.asked, Asked::Choice | Asked::SetUp(_));
        match word {
            Word::Later if attempt.may_put_off && !matches!(attempt.asked, Asked::Keep(..)) => {
                self.put_off_at_host(name, attempt, now).await
            }
            Word::App if chosen && attempt.methods.contains(&Kind::Totp) => self.set_up_app(name, attempt, person, now),
            Word::Email if chosen && attempt.methods.contains(&Kind::EmailCode) => {
                self.set_up_mail(name, attempt, person, now).await
            }
            Word::Other if chosen && attempt.methods.len() > 1 => self.choose_setup(name, attempt, person, now).await,
            _ => self.say(name, attempt, texts::NOT_HERE, now),
        }
    }

    /// Shows a new authenticator. Each has a secret of its own, which lives in this attempt only.
    fn set_up_app(&self, name: &str, attempt: Attempt, person: &Person, now: Timestamp) -> Result<Outcome, StoreError> {
        let pending = Pending::new(self.store.entropy(), now)?;
        let uri = pending.uri(&self.organisation, &person.user);
        let drawn = qr::for_terminal(&uri, attempt.qr).unwrap_or_default();
        let notice = format!(
            "Set up a second factor for {} at {}. You have {}.\n\n\
             1. Scan this with an authenticator app; any that makes time-based codes will do.\n\n{drawn}\n\n   \
             Or type this key into it: {}\n   {}\n\n2. Then type the code that the app shows.",
            person.user.name,
            self.organisation,
            texts::until(attempt.issued.plus(setup::LIFE), now),
            pending.key().expose(),
            uri.expose(),
        );
        let attempt = Attempt { asked: Asked::SetUp(pending), ..attempt };
        let shown = Shown { drawn: !drawn.is_empty(), ..Shown::saying(texts::with_ways(notice, &attempt)) };
        self.ask(name, attempt, shown, now)
    }

    /// Who has shown a code that was mailed has set up codes by mail.
    async fn set_up_mail(
        &self,
        name: &str,
        attempt: Attempt,
        person: &Person,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        if !attempt.mailbox {
            return self.ask_mailbox(name, attempt, person, now).await;
        }
        self.keep_or_finish(name, attempt, person, Made::Mail, now).await
    }

    pub(super) async fn continue_setup(
        &self,
        name: &str,
        attempt: Attempt,
        user: Id<User>,
        code: &Secret,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Asked::SetUp(pending) = &attempt.asked else { return Ok(refused(Reason::AttemptInvalid)) };
        let codes = self.policy(now).await?.rules.enrol_codes;
        match pending.clone().take(code, codes, now) {
            Progress::Next(pending) => {
                let attempt = Attempt { asked: Asked::SetUp(pending), ..attempt };
                self.ask(name, attempt, Shown::saying(texts::NEXT_CODE), now)
            }
            Progress::Wrong => {
                let shown = Shown::saying(texts::with_ways(texts::WRONG, &attempt)).because(Reason::Wrong);
                self.ask(name, attempt, shown, now)
            }
            Progress::Confirmed(confirmed) => {
                let found = self.store.person(&user).await?;
                let Some(person) = found.filter(|person| person.is_as_it_was(attempt.security_version)) else {
                    return Ok(refused(Reason::AttemptOutdated));
                };
                self.keep_or_finish(name, attempt, &person, Made::App(confirmed.carried()), now).await
            }
        }
    }

    async fn put_off_at_host(&self, name: &str, attempt: Attempt, now: Timestamp) -> Result<Outcome, StoreError> {
        let Some(user) = attempt.subject.clone() else { return Ok(refused(Reason::AttemptInvalid)) };
        let about = Record { event: Event::SetupPutOff, factor: None, ..self.verdict_of(&attempt, name, now) };
        let Some(person) = self.store.person(&user).await? else { return Ok(refused(Reason::AttemptOutdated)) };
        let terms = self.policy(now).await?.terms(&person.user, attempt.door);
        let (store, version) = (self.store.clone(), attempt.security_version);
        let written = self
            .store
            .write_about(Some(user.clone().as_str()), move |connection| {
                Box::pin(async move { put_off_in(connection, &store, &terms, (&user, version), about).await })
            })
            .await;
        granted(written)
    }
}
