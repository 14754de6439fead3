//! Logins that come in through PAM. What lies between two prompts travels sealed; nothing is written before a verdict.

use serde::{Deserialize, Serialize};

use super::Logins;
use super::setup::{self, Pending, Progress};
use super::verdict::{Question, Verdict, Way, judge, refuse};
use crate::audit::{Event, Record};
use crate::crypto::random_text;
use crate::crypto::seal::Place;
use crate::door::Door;
use crate::factor::{Kind, Proof};
use crate::id::Id;
use crate::policy::Level;
use crate::qr;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::step::{Step, next};
use crate::store::budgets::Budget;
use crate::store::{Person, StoreError};
use crate::time::Timestamp;
use crate::typed::{Typed, parse};
use crate::user::{User, UserName};
use crate::wire::{Answer, Begin, Evidence, Outcome, Qr};

/// A login is over after so many seconds; a set-up after [`setup::LIFE`].
const LIFE: i64 = 5 * 60;

/// A directory that has not answered by then is taken to know nobody.
const LOOK_UP: std::time::Duration = std::time::Duration::from_secs(2);

/// Prompts in one login, whatever the host would still ask.
const MOST_PROMPTS: u8 = 12;

/// Who asks, as the kernel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The uid at the other end of the socket.
    pub uid: u32,
}

/// What speaks for the first factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Vouched {
    /// Root, for what it has checked.
    Host,
    /// An unprivileged account, for itself.
    Own,
    /// Nothing.
    Nobody,
}

/// A login between two prompts.
#[derive(Debug, Serialize, Deserialize)]
struct Attempt {
    id: String,
    /// Whose code is asked for; nobody's where the login cannot succeed, for the reason beside.
    subject: Option<Id<User>>,
    decoy: Option<Reason>,
    /// Their name, where it is not the account's.
    subject_name: Option<String>,
    uid: u32,
    service: String,
    door: Door,
    source: String,
    vouched: Vouched,
    policy_version: i64,
    security_version: i64,
    issued: Timestamp,
    prompt: u8,
    setup: Option<Pending>,
}

/// What is shown with a prompt.
#[derive(Debug, Default)]
struct Shown {
    notice: Option<String>,
    /// Whether the notice draws a QR code.
    drawn: bool,
    label: Option<&'static str>,
    reason: Option<Reason>,
}

impl Shown {
    fn saying(notice: impl Into<String>) -> Self {
        Self { notice: Some(notice.into()), ..Self::default() }
    }
}

impl Logins {
    /// Starts a login.
    ///
    /// # Errors
    /// Where the database fails: the login is refused with the error's reason.
    pub async fn begin(&self, peer: Peer, begin: &Begin, now: Timestamp) -> Result<Outcome, StoreError> {
        let root = peer.uid == 0;
        if !root && linux_name(peer.uid).await.as_deref() != Some(begin.user.as_str()) {
            return Ok(refused(Reason::NotAllowed));
        }
        let door = if root {
            Door::of_service(&begin.service, begin.tty.as_deref(), begin.rhost.as_deref())
        } else {
            Door::Other
        };
        let vouched = match (&begin.evidence, root) {
            (_, false) => Vouched::Own,
            (Evidence::None, true) => Vouched::Nobody,
            (Evidence::Stack | Evidence::Key(_), true) => Vouched::Host,
        };
        let policy = self.policy(now).await?;
        let mut attempt = Attempt {
            id: String::new(),
            subject: None,
            decoy: None,
            subject_name: None,
            uid: peer.uid,
            service: begin.service.clone(),
            door,
            source: source_of(peer, begin),
            vouched,
            policy_version: policy.version,
            security_version: 0,
            issued: now,
            prompt: 0,
            setup: None,
        };
        let Some(person) = self.subject(begin, door).await? else {
            return self.decoy(&begin.user, attempt, Reason::Unknown, now);
        };
        if person.user.disabled_at.is_some() {
            return self.decoy(&begin.user, attempt, Reason::Disabled, now);
        }
        if vouched == Vouched::Nobody {
            return self.decoy(&begin.user, attempt, Reason::NoEvidence, now);
        }
        let own = person.user.name.as_str() == begin.user;
        attempt.subject = Some(person.user.id.clone());
        attempt.subject_name = (!own).then(|| person.user.name.to_string());
        attempt.security_version = person.user.security_version;
        let decision = policy.decide(&person.user, door, now);
        let first = [Proof { kind: Kind::Password, at: now }];
        let facts = self.facts(&policy, &person.user, person.last_method, door, now);
        match next(decision.level, &facts, &first, now) {
            Step::SecondFactor { .. } => self.ask(&begin.user, attempt, Shown::default(), now),
            // Under su to a shared account the password that was checked is not the one of the person who would set up.
            Step::Enrol { .. } if vouched == Vouched::Host && begin.qr != Qr::Off && own => {
                self.start_setup(&begin.user, attempt, &person, begin.qr, now)
            }
            Step::Enrol { .. } => Ok(told(
                Reason::NotEnrolled,
                "No second factor is set up for this account. Set it up on the web, or over SSH.",
            )),
            Step::Granted(_) if decision.level < Level::Required => {
                if root {
                    let detail = format!("not asked: {} by {}", decision.level, decision.because);
                    self.note(self.record_of(&attempt, &begin.user, now).saying(detail)).await?;
                }
                Ok(Outcome::NotAsked)
            }
            Step::Refused(reason) => Ok(told(
                reason,
                "Your time to set up a second factor is over. Ask your administrator to open it again.",
            )),
            Step::Password | Step::ChangePassword | Step::KeepRecovery | Step::Granted(_) => {
                Ok(refused(Reason::Internal))
            }
        }
    }

    /// Takes a line that the person typed.
    ///
    /// # Errors
    /// Where the database fails: the login is refused with the error's reason.
    pub async fn answer(&self, peer: Peer, answer: &Answer, now: Timestamp) -> Result<Outcome, StoreError> {
        let Some(attempt) = self.unseal(peer, answer) else { return Ok(refused(Reason::AttemptInvalid)) };
        let over = match &attempt.setup {
            Some(pending) => pending.is_over(now),
            None => now.since(attempt.issued) >= LIFE,
        };
        if over || now < attempt.issued.plus(-LIFE) {
            let setup = attempt.setup.is_some();
            return Ok(refused(if setup { Reason::EnrolPendingExpired } else { Reason::AttemptExpired }));
        }
        if attempt.prompt >= MOST_PROMPTS {
            return Ok(refused(Reason::TooManyPrompts));
        }
        let code = match parse(answer.typed.expose().as_bytes()) {
            Typed::Code(code) => code,
            Typed::Junk => return Ok(refused(Reason::HostRefused)),
            Typed::Empty | Typed::Malformed | Typed::Recovery(_) | Typed::Word(_) => {
                return self.again(&answer.user, attempt, Reason::Malformed, now);
            }
        };
        if self.policy(now).await?.version != attempt.policy_version {
            return Ok(refused(Reason::AttemptOutdated));
        }
        let about = Record { attempt: Some(attempt.id.clone()), ..self.record_of(&attempt, &answer.user, now) };
        let Some(user) = attempt.subject.clone() else {
            let reason = attempt.decoy.unwrap_or(Reason::Unknown);
            let budget = Budget::of_source(attempt.door.as_str(), &attempt.source);
            return match refuse(&self.store, budget, reason, about).await {
                Ok(reason) => self.again(&answer.user, attempt, reason, now),
                Err(StoreError::Duplicate) => Ok(refused(Reason::AttemptInvalid)),
                Err(error) => Err(error),
            };
        };
        if attempt.setup.is_some() {
            return self.continue_setup(&answer.user, attempt, user, &code, about, now).await;
        }
        let budget = match attempt.vouched {
            Vouched::Own => Budget::of_peer(user.as_str(), attempt.uid),
            Vouched::Host | Vouched::Nobody => Budget::of_totp(user.as_str()),
        };
        let security_version = attempt.security_version;
        let question = Question { user, security_version, way: Way::App, budget, code, about };
        match judge(&self.store, question).await {
            Ok(Verdict::Right) => Ok(Outcome::Granted),
            Ok(Verdict::Refused(reason @ (Reason::AttemptOutdated | Reason::Disabled))) => Ok(refused(reason)),
            Ok(Verdict::Refused(reason)) => self.again(&answer.user, attempt, reason, now),
            Err(StoreError::Duplicate) => Ok(refused(Reason::AttemptInvalid)),
            Err(error) => Err(error),
        }
    }

    /// Whose code is asked for: the account's; under su to an account that several people share, the caller's.
    async fn subject(&self, begin: &Begin, door: Door) -> Result<Option<Person>, StoreError> {
        let Some(person) = self.person_exactly(&begin.user).await? else { return Ok(None) };
        if door != Door::Su || person.user.shared_at.is_none() || person.user.disabled_at.is_some() {
            return Ok(Some(person));
        }
        match linux_name(begin.caller).await {
            Some(caller) => self.person_exactly(&caller).await,
            None => Ok(None),
        }
    }

    /// Linux names are compared byte for byte.
    async fn person_exactly(&self, name: &str) -> Result<Option<Person>, StoreError> {
        let Ok(parsed) = name.parse::<UserName>() else { return Ok(None) };
        let found = self.store.person_by_name(&parsed).await?;
        Ok(found.filter(|person| person.user.name == parsed))
    }

    /// Somebody who cannot get in meets the same prompt as somebody who can.
    fn decoy(&self, name: &str, attempt: Attempt, reason: Reason, now: Timestamp) -> Result<Outcome, StoreError> {
        self.ask(name, Attempt { decoy: Some(reason), ..attempt }, Shown::default(), now)
    }

    /// The same question again. What was wrong is told only to somebody for whom root has vouched.
    fn again(&self, name: &str, attempt: Attempt, reason: Reason, now: Timestamp) -> Result<Outcome, StoreError> {
        let notice = match reason {
            Reason::Malformed => "A code is made of digits. Type the one that your app shows.",
            Reason::Replay if attempt.vouched == Vouched::Host => "This code was already used. Wait for the next one.",
            _ => "This code is not right.",
        };
        let shown = if attempt.vouched == Vouched::Own && reason != Reason::Malformed { Reason::Wrong } else { reason };
        let label = attempt.setup.as_ref().map(setup_label);
        self.ask(name, attempt, Shown { label, reason: Some(shown), ..Shown::saying(notice) }, now)
    }

    fn ask(&self, name: &str, attempt: Attempt, shown: Shown, now: Timestamp) -> Result<Outcome, StoreError> {
        let attempt = Attempt {
            // Time first: the audit's index grows at one end.
            id: format!("{:x}-{}", now.unix(), random_text::<16>(self.store.entropy())?),
            prompt: attempt.prompt + 1,
            ..attempt
        };
        let uid = attempt.uid.to_string();
        let plain = serde_json::to_vec(&attempt).map(zeroize::Zeroizing::new);
        let plain = plain.map_err(|error| StoreError::Other(error.to_string()))?;
        let sealed = self.store.keys().seal(self.store.entropy(), place(name, &uid), &plain);
        let attempt = sealed.map_err(|error| StoreError::Other(error.to_string()))?;
        let Shown { notice, drawn, label, reason } = shown;
        Ok(Outcome::Ask { attempt, notice, drawn, label: label.map(str::to_owned), reason })
    }

    /// What is recorded of an attempt. A name that nobody has may be a password typed in the wrong place: it is left out.
    fn record_of(&self, attempt: &Attempt, name: &str, now: Timestamp) -> Record {
        Record {
            user: (attempt.decoy != Some(Reason::Unknown)).then(|| name.to_owned()),
            actor: attempt.subject_name.clone(),
            door: Some(attempt.door),
            host: Some(self.host.to_string()),
            source: Some(attempt.source.clone()),
            factor: Some(Kind::Totp),
            ..Record::new(now, Event::Code)
        }
    }

    /// The attempt in an answer, if it was made for this peer, account and service.
    fn unseal(&self, peer: Peer, answer: &Answer) -> Option<Attempt> {
        let uid = peer.uid.to_string();
        let plain = self.store.keys().open(place(&answer.user, &uid), &answer.attempt).ok()?;
        let attempt: Attempt = serde_json::from_slice(&plain).ok()?;
        (attempt.uid == peer.uid && attempt.service == answer.service).then_some(attempt)
    }

    fn start_setup(
        &self,
        name: &str,
        attempt: Attempt,
        person: &Person,
        form: Qr,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let pending = Pending::new(self.store.entropy(), now)?;
        let uri = pending.uri(&self.organisation, &person.user);
        let drawn = qr::for_terminal(&uri, form).unwrap_or_default();
        let notice = format!(
            "Set up a second factor for {} at {}. You have {} minutes.\n\n\
             1. Scan this with an authenticator app; any that makes time-based codes will do.\n\n{drawn}\n\n   \
             Or type this key into it: {}\n   {}\n\n2. Then type the code that the app shows.",
            person.user.name,
            self.organisation,
            setup::LIFE / 60,
            pending.key().expose(),
            uri.expose(),
        );
        let label = setup_label(&pending);
        let shown = Shown { drawn: !drawn.is_empty(), label: Some(label), ..Shown::saying(notice) };
        self.ask(name, Attempt { setup: Some(pending), ..attempt }, shown, now)
    }

    async fn continue_setup(
        &self,
        name: &str,
        mut attempt: Attempt,
        user: Id<User>,
        code: &Secret,
        about: Record,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Some(pending) = attempt.setup.clone() else { return Ok(refused(Reason::AttemptInvalid)) };
        let codes = self.policy(now).await?.rules.enrol_codes;
        match pending.take(code, codes, now) {
            Progress::Next(pending) => {
                let label = setup_label(&pending);
                attempt.setup = Some(pending);
                let shown = Shown::saying("That is right. Now wait until the app shows another code.");
                self.ask(name, attempt, Shown { label: Some(label), ..shown }, now)
            }
            Progress::Wrong => self.again(name, attempt, Reason::Wrong, now),
            Progress::Confirmed(confirmed) => {
                let store = self.store.clone();
                let version = attempt.security_version;
                let written = self
                    .store
                    .write(move |connection| {
                        Box::pin(async move {
                            let person = crate::store::users::person_in(connection, &store, &user).await?;
                            let open = person.filter(|person| {
                                person.user.security_version == version
                                    && person.user.disabled_at.is_none()
                                    && now < person.user.setup_until.plus(setup::LIFE)
                            });
                            let Some(person) = open else { return Err(StoreError::Conflict) };
                            let named = setup::default_name(&person.user);
                            confirmed.store(connection, &store, &person.user, &named, about).await
                        })
                    })
                    .await;
                match written {
                    Ok(_) => Ok(Outcome::Granted),
                    Err(StoreError::Conflict) => Ok(refused(Reason::AttemptOutdated)),
                    Err(StoreError::Duplicate) => Ok(refused(Reason::AttemptInvalid)),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

const fn setup_label(pending: &Pending) -> &'static str {
    if pending.has_first() { "Next code: " } else { "First code: " }
}

const fn refused(reason: Reason) -> Outcome {
    Outcome::Refused { reason, notice: None }
}

fn told(reason: Reason, notice: &str) -> Outcome {
    Outcome::Refused { reason, notice: Some(notice.to_owned()) }
}

const fn place<'a>(name: &'a str, uid: &'a str) -> Place<'a> {
    Place { table: "attempt", column: "", row: name, owner: uid }
}

/// Where somebody comes from, as far as the host knows: an address, a terminal, or the account that asks.
fn source_of(peer: Peer, begin: &Begin) -> String {
    let named = [begin.rhost.as_deref(), begin.tty.as_deref()].into_iter().flatten().find(|name| !name.is_empty());
    match named {
        Some(name) if peer.uid == 0 => name.chars().take(128).collect(),
        _ => format!("uid {}", if peer.uid == 0 { begin.caller } else { peer.uid }),
    }
}

/// The name of a local account. The look-up may go over a network: it has a thread and a time limit of its own, so that a
/// slow directory holds up nobody else.
async fn linux_name(uid: u32) -> Option<String> {
    let look_up = tokio::task::spawn_blocking(move || nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid)));
    let found = tokio::time::timeout(LOOK_UP, look_up).await.ok()?.ok()?;
    found.ok().flatten().map(|user| user.name)
}
