//! The start of a login: whose factor, at which door, and what is asked first. A person whose method is the app causes no
//! write here.

use super::seen::Seen;
use super::{Asked, Attempt, Logins, Peer, Shown, Vouched, refused, source_of, texts, told};
use crate::door::Door;
use crate::factor::{Kind, Proof};
use crate::policy::{Decision, Level};
use crate::reason::Reason;
use crate::step::{Step, next};
use crate::store::{Person, StoreError};
use crate::time::Timestamp;
use crate::user::UserName;
use crate::wire::{Begin, Evidence, Outcome};

/// A directory that has not answered by then is taken to know nobody.
const LOOK_UP: std::time::Duration = std::time::Duration::from_secs(2);

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
        let vouched = match begin.evidence {
            _ if !root => Vouched::Own,
            Evidence::Stack => Vouched::Host,
            Evidence::Key if begin.key.is_some() => Vouched::Host,
            Evidence::None | Evidence::Key => Vouched::Nobody,
        };
        let policy = self.policy(now).await?;
        // What somebody is shown who has the app and nothing else: everybody who cannot get in is shown that.
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
            qr: begin.qr,
            policy_version: policy.version,
            security_version: 0,
            issued: now,
            prompt: 0,
            asked: Asked::App(None),
            methods: vec![Kind::Totp],
            recovery: false,
            may_put_off: false,
            sent: None,
            mailbox: false,
        };
        let found = self.subject(begin, door).await?;
        let reason = match &found {
            None => Some(Reason::Unknown),
            Some(person) if person.user.disabled_at.is_some() => Some(Reason::Disabled),
            Some(_) if vouched == Vouched::Nobody => Some(Reason::NoEvidence),
            Some(_) => None,
        };
        let (Some(person), None) = (found, reason) else {
            return self.ask(&begin.user, Attempt { decoy: reason, ..attempt }, Shown::default(), now);
        };
        let own = person.user.name.as_str() == begin.user;
        attempt.subject = Some(person.user.id.clone());
        attempt.subject_name = (!own).then(|| person.user.name.to_string());
        attempt.security_version = person.user.security_version;
        let seen = Seen::of(root, door, begin.rhost.as_deref(), begin.key.as_deref());
        let decision = policy.decide(&person.user, seen.place(&begin.service, &self.host), now);
        let first = [Proof { kind: Kind::Password, at: now }];
        let facts = self.facts(&policy, &person.user, person.last_method, door, now);
        let step = next(decision.level, &facts, &first, now);
        match step {
            Step::SecondFactor { methods, recovery } => {
                let attempt = Attempt { methods, recovery, ..attempt };
                self.ask_second_factor(&begin.user, attempt, &person, now).await
            }
            // Under su to a shared account the password that was checked is not the one of the person who would set up.
            Step::Enrol { .. } | Step::ProveMailbox { .. } if vouched != Vouched::Host || !own => {
                Ok(told(Reason::NotEnrolled, texts::NOT_ENROLLED))
            }
            Step::ProveMailbox { may_put_off } => {
                let attempt = Attempt { methods: facts.settable, may_put_off, ..attempt };
                self.start_enrolment(&begin.user, attempt, &person, true, now).await
            }
            Step::Enrol { methods, may_put_off } => {
                let attempt = Attempt { methods, may_put_off, ..attempt };
                self.start_enrolment(&begin.user, attempt, &person, false, now).await
            }
            Step::Granted(_) if decision.level < Level::Required => {
                self.not_asked(&attempt, begin, (decision, seen), now).await
            }
            Step::Refused(reason) => Ok(told(reason, texts::SETUP_CLOSED)),
            Step::Password | Step::ChangePassword | Step::KeepRecovery | Step::Granted(_) => {
                Ok(refused(Reason::Internal))
            }
        }
    }

    async fn ask_second_factor(
        &self,
        name: &str,
        mut attempt: Attempt,
        person: &Person,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        if attempt.vouched == Vouched::Own {
            attempt.methods.retain(|kind| *kind == Kind::Totp);
            attempt.recovery = false;
        }
        match attempt.methods.first() {
            None => Ok(told(Reason::NotEnrolled, texts::NOT_ENROLLED)),
            Some(Kind::EmailCode) => self.ask_mailed(name, attempt, person, None, now).await,
            Some(_) => {
                let shown = Shown { notice: texts::ways(&attempt), ..Shown::default() };
                self.ask(name, attempt, shown, now)
            }
        }
    }

    async fn not_asked(
        &self,
        attempt: &Attempt,
        begin: &Begin,
        (decision, seen): (Decision, Seen),
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        if attempt.uid == 0 {
            let detail = seen.not_asked(&decision);
            self.note(self.record_of(attempt, &begin.user, now).saying(detail)).await?;
        }
        Ok(Outcome::NotAsked)
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
    pub(super) async fn person_exactly(&self, name: &str) -> Result<Option<Person>, StoreError> {
        let Ok(parsed) = name.parse::<UserName>() else { return Ok(None) };
        let found = self.store.person_by_name(&parsed).await?;
        Ok(found.filter(|person| person.user.name == parsed))
    }
}

/// The name of a local account. The look-up may go over a network: it has a thread and a time limit of its own, so that a
/// slow directory holds up nobody else.
async fn linux_name(uid: u32) -> Option<String> {
    let look_up = tokio::task::spawn_blocking(move || nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid)));
    let found = tokio::time::timeout(LOOK_UP, look_up).await.ok()?.ok()?;
    found.ok().flatten().map(|user| user.name)
}
