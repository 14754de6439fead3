//! What a typed line does: a code is judged, a word chooses. Who has shown no first factor, or cannot get in, is answered
//! as somebody is who has the app and nothing else.

use super::{Asked, Attempt, Far, LIFE, Logins, MOST_PROMPTS, Peer, Shown, Vouched, refused, texts};
use crate::factor::recovery::looks_like_scratch;
use crate::factor::totp::{Algorithm, Totp};
use crate::factor::{Factor, Kind};
use crate::id::Id;
use crate::login::recover::may_be_scratch;
use crate::login::verdict::{Question, Verdict, Way, judge, refuse};
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::StoreError;
use crate::store::budgets::Budget;
use crate::store::email_codes::MailedFor;
use crate::time::Timestamp;
use crate::typed::{Typed, Word, parse};
use crate::user::User;
use crate::wire::{Answer, Outcome};

/// Of a clock that is off by more steps than these, the person is told nothing; two codes in a row are taken all the same.
const TOLD: i64 = 20;

impl Logins {
    /// Takes a line that the person typed.
    ///
    /// # Errors
    /// Where the database fails: the login is refused with the error's reason.
    pub async fn answer(&self, peer: Peer, answer: &Answer, now: Timestamp) -> Result<Outcome, StoreError> {
        let Some(attempt) = self.unseal(peer, answer) else { return Ok(refused(Reason::AttemptInvalid)) };
        if now >= attempt.ends() || now < attempt.issued.plus(-LIFE) {
            let over = if attempt.is_setup() { Reason::EnrolPendingExpired } else { Reason::AttemptExpired };
            return Ok(refused(over));
        }
        if attempt.prompt >= MOST_PROMPTS {
            return Ok(refused(Reason::TooManyPrompts));
        }
        let name = &answer.user;
        let typed = match parse(answer.typed.expose().as_bytes()) {
            Typed::Junk => return Ok(refused(Reason::HostRefused)),
            Typed::Empty | Typed::Malformed => return self.no_code(name, attempt, now),
            typed => typed,
        };
        if self.policy(now).await?.version != attempt.policy_version {
            return Ok(refused(Reason::AttemptOutdated));
        }
        match typed {
            Typed::Word(word) => self.word(name, attempt, word, now).await,
            Typed::Recovery(text) => self.recovery_typed(name, attempt, text, now).await,
            Typed::Code(code) => self.code(name, attempt, code, now).await,
            Typed::Empty | Typed::Malformed | Typed::Junk => self.no_code(name, attempt, now),
        }
    }

    /// What was typed means nothing here: not judged, not counted.
    pub(super) fn no_code(&self, name: &str, attempt: Attempt, now: Timestamp) -> Result<Outcome, StoreError> {
        let text = match attempt.asked {
            Asked::App(_) | Asked::SetUp(_) => texts::NOT_A_CODE,
            Asked::Mail | Asked::Mailbox => "A code is made of digits. Type the one from the mail.",
            Asked::Keep(..) | Asked::NewKey(_) => texts::NOT_OF_SET,
            Asked::Choice | Asked::Later => texts::NOT_HERE,
        };
        let shown = Shown::saying(texts::with_ways(text, &attempt)).because(Reason::Malformed);
        self.ask(name, attempt, shown, now)
    }

    /// The same question, with a sentence above it.
    pub(super) fn say(&self, name: &str, attempt: Attempt, text: &str, now: Timestamp) -> Result<Outcome, StoreError> {
        let shown = Shown::saying(texts::with_ways(text, &attempt));
        self.ask(name, attempt, shown, now)
    }

    async fn word(&self, name: &str, attempt: Attempt, word: Word, now: Timestamp) -> Result<Outcome, StoreError> {
        let at_code = matches!(attempt.asked, Asked::App(_) | Asked::Mail);
        // Looked up for those who cannot get in, too, for the time it takes.
        let id = attempt.subject.clone().unwrap_or_else(|| Id::from_stored(String::new()));
        let person = self.store.person(&id).await?.filter(|person| person.is_as_it_was(attempt.security_version));
        if person.is_none() && attempt.subject.is_some() {
            return Ok(refused(Reason::AttemptOutdated));
        }
        match (word, person) {
            (Word::Recovery, person) if attempt.vouched != Vouched::Own => {
                self.ask_for_help(name, attempt, person, now).await
            }
            (Word::Other, Some(person)) if at_code && attempt.methods.len() > 1 => {
                let now_asked = if matches!(attempt.asked, Asked::Mail) { Kind::EmailCode } else { Kind::Totp };
                match attempt.methods.iter().copied().find(|kind| *kind != now_asked) {
                    Some(Kind::EmailCode) => self.ask_mailed(name, attempt, &person, None, now).await,
                    _ => self.ask_app(name, attempt, now),
                }
            }
            (Word::Other, _) if at_code => self.say(name, attempt, texts::NO_OTHER, now),
            (Word::App, _) if at_code && attempt.methods.contains(&Kind::Totp) => self.ask_app(name, attempt, now),
            (Word::Email, Some(person)) if at_code && attempt.methods.contains(&Kind::EmailCode) => {
                self.ask_mailed(name, attempt, &person, None, now).await
            }
            (Word::Resend, Some(person)) if matches!(attempt.asked, Asked::Mail | Asked::Mailbox) => {
                self.resend_at_host(name, attempt, &person, now).await
            }
            (Word::Later, Some(_)) if matches!(attempt.asked, Asked::NewKey(_)) => {
                self.go_on_without_key(name, attempt, now).await
            }
            (word, Some(person)) if attempt.is_setup() => self.word_at_setup(name, attempt, &person, word, now).await,
            _ => self.say(name, attempt, texts::NOT_HERE, now),
        }
    }

    fn ask_app(&self, name: &str, attempt: Attempt, now: Timestamp) -> Result<Outcome, StoreError> {
        let attempt = Attempt { asked: Asked::App(None), ..attempt };
        self.say(name, attempt, "Type the code that your authenticator app shows.", now)
    }

    async fn code(&self, name: &str, attempt: Attempt, code: Secret, now: Timestamp) -> Result<Outcome, StoreError> {
        let Some(user) = attempt.subject.clone() else {
            return self.refuse_decoy(name, attempt, &code, now).await;
        };
        if matches!(attempt.asked, Asked::App(_) | Asked::Mail)
            && looks_like_scratch(&code)
            && self.store.person(&user).await?.is_some_and(|person| may_be_scratch(&person, &code))
        {
            return self.recovery_typed(name, attempt, code, now).await;
        }
        match &attempt.asked {
            Asked::App(far) => {
                let way = match far {
                    Some(Far { factor, step }) => Way::AppAfter(factor.clone(), *step),
                    None => Way::App,
                };
                self.judge_app(name, attempt, user, way, code, now).await
            }
            Asked::Mail | Asked::Mailbox => self.judge_mailed(name, attempt, user, code, now).await,
            Asked::SetUp(_) => self.continue_setup(name, attempt, user, &code, now).await,
            Asked::Choice | Asked::Keep(..) | Asked::NewKey(_) | Asked::Later => self.no_code(name, attempt, now),
        }
    }

    async fn judge_app(
        &self,
        name: &str,
        attempt: Attempt,
        user: Id<User>,
        way: Way,
        code: Secret,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let budget = match attempt.vouched {
            Vouched::Own => Budget::of_peer(user.as_str(), attempt.uid),
            Vouched::Host | Vouched::Nobody => Budget::of_totp(user.as_str()),
        };
        let about = self.verdict_of(&attempt, name, now);
        let security_version = attempt.security_version;
        let question = Question { user: user.clone(), security_version, way, budget, code: code.clone(), about };
        match judge(&self.store, question).await {
            Ok(Verdict::Right) => {
                self.note_method(&user, attempt.methods.first().copied(), Kind::Totp).await;
                Ok(Outcome::Granted)
            }
            Ok(Verdict::Refused(reason @ (Reason::AttemptOutdated | Reason::Disabled))) => Ok(refused(reason)),
            Ok(Verdict::Refused(reason)) => self.again_app(name, attempt, &user, &code, reason, now).await,
            Err(StoreError::Duplicate) => Ok(refused(Reason::AttemptInvalid)),
            Err(error) => Err(error),
        }
    }

    /// Why a code of the app was refused. What was wrong is told only to somebody for whom root has vouched.
    async fn again_app(
        &self,
        name: &str,
        attempt: Attempt,
        user: &Id<User>,
        code: &Secret,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        if attempt.vouched != Vouched::Host {
            let shown = Shown::saying(texts::WRONG).because(Reason::Wrong);
            return self.ask(name, Attempt { asked: Asked::App(None), ..attempt }, shown, now);
        }
        let mut far = None;
        let mut text = texts::WRONG.to_owned();
        if matches!(reason, Reason::Wrong | Reason::Replay) {
            // The verdict stands, whatever becomes of the hint.
            let person = self.store.person(user).await.ok().flatten();
            let factors = person.map(|person| person.factors).unwrap_or_default();
            if reason == Reason::Replay {
                text = texts::replayed(next_code_in(&factors, code, now));
            } else if let Some((found, seconds)) = far_off(&factors, code, now) {
                if let Some(seconds) = seconds {
                    text = texts::clock_off(seconds);
                }
                far = Some(found);
            }
        }
        let attempt = Attempt { asked: Asked::App(far), ..attempt };
        let shown = Shown::saying(texts::with_ways(text, &attempt)).because(reason);
        self.ask(name, attempt, shown, now)
    }

    /// Refuses who cannot get in, with as much work as for who can.
    async fn refuse_decoy(
        &self,
        name: &str,
        attempt: Attempt,
        code: &Secret,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let reason = attempt.decoy.unwrap_or(Reason::Unknown);
        let budget = Budget::of_source(attempt.door.as_str(), &attempt.source);
        let about = self.verdict_of(&attempt, name, now);
        match refuse(&self.store, budget, reason, about).await {
            Ok(reason) => {
                drop(self.store.person(&Id::from_stored(String::new())).await);
                let nobodys =
                    Totp { secret: vec![0; 20].into(), algorithm: Algorithm::Sha1, digits: 6, period: 30, drift: 0 };
                let _ = nobodys.far_step(code, now); // only for the time it takes
                self.ask(name, attempt, Shown::saying(texts::WRONG).because(reason), now)
            }
            Err(StoreError::Duplicate) => Ok(refused(Reason::AttemptInvalid)),
            Err(error) => Err(error),
        }
    }

    async fn judge_mailed(
        &self,
        name: &str,
        mut attempt: Attempt,
        user: Id<User>,
        code: Secret,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Some(sent) = attempt.sent.clone() else { return self.say(name, attempt, texts::NO_MAIL, now) };
        let Some(person) = self.store.person(&user).await? else { return Ok(refused(Reason::AttemptOutdated)) };
        let mailbox = matches!(attempt.asked, Asked::Mailbox);
        let purpose = if mailbox { MailedFor::Address } else { MailedFor::Login };
        let question = Question {
            security_version: attempt.security_version,
            way: Way::Mailed(sent.id, purpose),
            budget: Budget::of_email(user.as_str()),
            user,
            code,
            about: self.verdict_of(&attempt, name, now),
        };
        match judge(&self.store, question).await {
            Ok(Verdict::Right) if mailbox => {
                attempt.mailbox = true;
                attempt.sent = None;
                self.choose_setup(name, attempt, &person, now).await
            }
            Ok(Verdict::Right) => {
                self.note_method(&person.user.id, attempt.methods.first().copied(), Kind::EmailCode).await;
                self.note_login(&person.user.id, now).await;
                Ok(Outcome::Granted)
            }
            Ok(Verdict::Refused(reason @ (Reason::AttemptOutdated | Reason::Disabled))) => Ok(refused(reason)),
            Ok(Verdict::Refused(reason)) => self.again_mailed(name, attempt, &person, reason, now).await,
            Err(StoreError::Duplicate) => Ok(refused(Reason::AttemptInvalid)),
            Err(error) => Err(error),
        }
    }
}

/// In how many seconds a device whose code is spent shows one that is not.
fn next_code_in(factors: &[Factor], code: &Secret, now: Timestamp) -> i64 {
    let spent =
        factors.iter().find(|factor| factor.totp.matching_step(code, now).is_some_and(|step| step <= factor.last_step));
    spent.map_or(0, |factor| {
        let shown_from = (factor.last_step + 1 - factor.totp.drift).saturating_mul(i64::from(factor.totp.period));
        Timestamp::from_unix(shown_from).since(now).max(0)
    })
}

/// The step of a code from a device whose clock is wrong, and by how many seconds where that is told.
fn far_off(factors: &[Factor], code: &Secret, now: Timestamp) -> Option<(Far, Option<i64>)> {
    factors.iter().find_map(|factor| {
        let step = factor.totp.far_step(code, now).filter(|step| *step > factor.last_step)?;
        let off = step - factor.totp.step_at(now);
        let seconds = (off.abs() <= TOLD).then(|| off.saturating_mul(i64::from(factor.totp.period)));
        Some((Far { factor: factor.id.clone(), step }, seconds))
    })
}
