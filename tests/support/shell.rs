//! A login at a host's prompt on the core alone, and people with more than an authenticator app.

use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::letter::Letter;
use twolatch_core::login::Logins;
use twolatch_core::login::host::Peer;
use twolatch_core::policy::{Level, RecoveryKept, Rules};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;
use twolatch_core::wire::{Begin, Outcome};

use super::core::{Core, NOW, ROOT, actor, code_at, notice, parsed, reason, recovery_codes, ssh, typed};

/// Somebody at a prompt.
pub(crate) struct Shell {
    logins: Logins,
    peer: Peer,
    begin: Begin,
    /// What was last shown.
    pub(crate) shown: Outcome,
}

impl Shell {
    /// Behind a right password, over SSH.
    pub(crate) async fn open(logins: &Logins, name: &str, now: Timestamp) -> Self {
        Self::at(logins, ROOT, ssh(name), now).await
    }

    pub(crate) async fn at(logins: &Logins, peer: Peer, begin: Begin, now: Timestamp) -> Self {
        let shown = logins.begin(peer, &begin, now).await.unwrap();
        Self { logins: logins.clone(), peer, begin, shown }
    }

    /// Types a line; what then is shown.
    pub(crate) async fn say(&mut self, text: &str, now: Timestamp) -> &Outcome {
        let sealed = self.sealed();
        self.shown = self.say_to(&sealed, text, now).await;
        &self.shown
    }

    /// Types a line at a prompt that was shown before.
    pub(crate) async fn say_to(&self, sealed: &str, text: &str, now: Timestamp) -> Outcome {
        self.logins.answer(self.peer, &typed(&self.begin, sealed, text), now).await.unwrap()
    }

    #[track_caller]
    pub(crate) fn sealed(&self) -> String {
        super::core::attempt(&self.shown)
    }

    #[track_caller]
    pub(crate) fn notice(&self) -> &str {
        notice(&self.shown)
    }

    pub(crate) fn label(&self) -> Option<&str> {
        match &self.shown {
            Outcome::Ask { label, .. } => label.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn reason(&self) -> Option<Reason> {
        reason(&self.shown)
    }
}

/// The authenticator that a prompt shows.
#[track_caller]
pub(crate) fn authenticator(outcome: &Outcome) -> Totp {
    let uri = notice(outcome).split_whitespace().find(|word| word.starts_with("otpauth://")).unwrap();
    let secret = Secret::new(uri.split(['=', '&']).nth(1).unwrap().to_owned());
    Totp::from_base32(&secret, Algorithm::Sha1, 6, 30).unwrap()
}

/// A moment long before the others, at which people set up.
pub(crate) const BEFORE: Timestamp = NOW.plus(-3000);

/// A system that can send mail.
pub(crate) fn with_mail(mut core: Core) -> Core {
    core.logins.mail = true;
    core
}

impl Core {
    /// Changes the rules of a new system.
    pub(crate) async fn rules(&self, change: impl FnOnce(&mut Rules)) {
        let mut rules = Rules::initial(Level::Required);
        change(&mut rules);
        self.logins.set_rules(rules, 1, "test".to_owned(), &actor(BEFORE.plus(-10))).await.unwrap();
    }

    /// Changes the rules that are in force at a moment.
    pub(crate) async fn edit_rules(&self, change: impl FnOnce(&mut Rules), now: Timestamp) {
        let policy = self.logins.policy(now).await.unwrap();
        let mut rules = policy.rules.clone();
        change(&mut rules);
        self.logins.set_rules(rules, policy.version, "test".to_owned(), &actor(now)).await.unwrap();
    }

    /// A new member with an address that nobody has verified.
    pub(crate) async fn addressed(&self, name: &str) -> User {
        self.member(name).await;
        let address = format!("{name}@example.org").parse().unwrap();
        let change = |user: &mut User| user.email = Some(address);
        self.logins.change_user(&parsed(name), String::new(), &actor(BEFORE), change).await.unwrap();
        self.user(name).await
    }

    /// Mails codes to somebody who has an address.
    pub(crate) async fn mail_codes_to(&self, name: &str) {
        let change = |user: &mut User| {
            user.email_verified_at = Some(BEFORE);
            user.email_codes_at = Some(BEFORE);
        };
        self.logins.change_user(&parsed(name), String::new(), &actor(BEFORE), change).await.unwrap();
    }

    /// Somebody who has been through set-up at a prompt, with the app and all that is kept for its loss.
    pub(crate) async fn set_up(&self, name: &str, kept: RecoveryKept) -> (Totp, Vec<String>) {
        if kept != RecoveryKept::Codes && self.logins.policy(BEFORE.plus(-10)).await.unwrap().rules.recovery != kept {
            self.rules(|rules| rules.recovery = kept).await;
        }
        self.member(name).await;
        // Nobody has an address yet, so no mail comes first.
        let mut shell = Shell::open(&self.logins, name, BEFORE).await;
        let totp = authenticator(&shell.shown);
        shell.say(&code_at(&totp, BEFORE, 0), BEFORE).await;
        shell.say(&code_at(&totp, BEFORE, 1), BEFORE.plus(30)).await;
        let codes = recovery_codes(shell.notice());
        assert_eq!(shell.say(&codes[0], BEFORE.plus(30)).await, &Outcome::Granted);
        (totp, codes)
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        self.logins.named(&parsed(name)).await.unwrap().user
    }

    /// The codes that were mailed since this was asked last.
    pub(crate) async fn mailed(&self, now: Timestamp) -> Vec<String> {
        let mails = self.store().claim_mails(100, now).await.unwrap();
        for mail in &mails {
            self.store().mail_done(mail).await.unwrap();
        }
        let code = |letter| match letter {
            Letter::Code { code, .. } | Letter::VerifyAddress { code, .. } => Some(code.expose().to_owned()),
            _ => None,
        };
        mails.into_iter().filter_map(|outgoing| code(outgoing.mail.letter)).collect()
    }

    pub(crate) async fn standing(&self, budget: fn(&str) -> Budget, name: &str, now: Timestamp) -> (i64, Charge) {
        let user = self.user(name).await;
        self.store().standing(&budget(user.id.as_str()), now).await.unwrap()
    }
}

/// Six digits that are not these.
pub(crate) fn other_than(codes: &[String]) -> String {
    (0..100).map(|number| format!("{number:06}")).find(|code| !codes.contains(code)).unwrap()
}
