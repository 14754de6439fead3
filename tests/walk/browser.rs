//! What is done in tabs.

use twolatch_core::factor::Kind;
use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::letter::Letter;
use twolatch_core::login::devices::Recognised;
use twolatch_core::login::web::{Current, Fault};
use twolatch_core::secret::Secret;
use twolatch_core::step::Step;

use super::{PASSWORDS, Walk};
use crate::support::core::code_at;

impl Walk<'_> {
    /// Types name and password, in a browser that is remembered or not.
    pub(super) async fn open_tab(&mut self) {
        let Some(tab) = self.enter().await else { return };
        self.tabs.push(tab.clone());
        let Some(number) = self.pick(self.devices.len()) else { return };
        if let Ok(current) = self.logins.current(&tab, self.now).await
            && let Ok(Recognised::Yes { cookie, .. }) =
                self.logins.recognise(&current, &self.devices[number].clone(), &self.source, self.now).await
        {
            assert!(!self.admin, "walk {}: an administrator's browser is remembered", self.number);
            self.devices[number] = cookie;
        }
    }

    pub(super) async fn step_somewhere(&mut self) {
        let Some(number) = self.pick(self.tabs.len()) else { return self.open_tab().await };
        let tab = self.tabs[number].clone();
        let careless = self.roll(3) == 0;
        self.step(&tab, careless).await;
    }

    /// Does one thing that a tab waits for, or one that it does not wait for; whether that led in.
    pub(super) async fn step(&mut self, tab: &str, careless: bool) -> bool {
        let Ok(current) = self.logins.current(tab, self.now).await else {
            self.tabs.retain(|one| one != tab);
            return false;
        };
        match current.step.clone() {
            _ if careless => self.stumble(current).await,
            Step::SecondFactor { methods, recovery } => self.second_factor(current, &methods, recovery).await,
            Step::Enrol { methods, .. } => self.enrol(current, &methods).await,
            Step::KeepRecovery => self.keep(current).await,
            Step::ChangePassword => {
                let new = Secret::new(PASSWORDS[1 - self.password].to_owned());
                if self.logins.replace_password(current, new, &self.source, self.now).await.is_ok() {
                    self.password = 1 - self.password;
                }
            }
            Step::Granted(_) => return self.go_in(tab, current).await,
            Step::ProveMailbox { .. } => self.show_mailbox(current).await,
            Step::Password | Step::Refused(_) => self.tabs.retain(|one| one != tab),
        }
        false
    }

    async fn go_in(&mut self, tab: &str, current: Current) -> bool {
        let proofs = current.attempt.proofs.clone();
        assert!(self.is_enough(&proofs), "walk {}: in with {proofs:?}", self.number);
        if self.roll(2) == 0
            && let Ok(Some((cookie, _))) = self.logins.remember(&current, "a browser", &self.source, self.now).await
        {
            let second = proofs.iter().any(|proof| proof.kind.is_second_factor());
            assert!(second && !self.admin, "walk {}: remembered for {proofs:?}", self.number);
            self.devices.push(cookie);
        }
        let Ok((cookie, _)) = self.logins.finish(current, &self.source, self.now).await else { return false };
        self.sessions.push(cookie);
        self.tabs.retain(|one| one != tab);
        true
    }

    /// Sends what the page does not ask for: nothing of it may lead in.
    async fn stumble(&mut self, current: Current) {
        let asks = matches!(current.step, Step::SecondFactor { .. });
        let granted = matches!(current.step, Step::Granted(_));
        let recovers = current.takes_recovery();
        let junk = || Secret::new("000000".to_owned());
        let ended = match self.roll(8) {
            0 => self.logins.enter_code(current, junk(), &self.source, self.now).await,
            1 => self.logins.enter_email_code(current, junk(), &self.source, self.now).await,
            2 => self.logins.enter_address_code(current, junk(), &self.source, self.now).await,
            3 if !asks => self.logins.put_off(current, &self.source, self.now).await,
            4 if current.step != Step::KeepRecovery => self.logins.keep_set(current, &self.source, self.now).await,
            5 if !current.has_mailbox() => self.logins.set_up_email_codes(current, &self.source, self.now).await,
            6 if !recovers => {
                let Some(code) = self.sets.values().next().and_then(|set| set.first().cloned()) else { return };
                self.logins.enter_recovery(current, code, &self.source, self.now).await
            }
            _ if !granted => self.logins.finish(current, &self.source, self.now).await.map(drop),
            _ => return,
        };
        assert!(ended.is_err(), "walk {}: what was not asked for went through", self.number);
    }

    async fn second_factor(&mut self, current: Current, methods: &[Kind], recovery: bool) {
        let sides = if recovery { 3 } else { 2 };
        match self.roll(sides) {
            2 => {
                let Some(code) = self.recovery_code() else { return };
                if self.logins.enter_recovery(current, code, &self.source, self.now).await.is_ok() {
                    self.took("recovery").await;
                }
            }
            1 if methods.contains(&Kind::EmailCode) => self.mailed(current).await,
            _ if methods.contains(&Kind::Totp) => {
                let Some(code) = self.app_code() else { return };
                if self.logins.enter_code(current, Secret::new(code), &self.source, self.now).await.is_ok() {
                    self.took("app").await;
                }
            }
            _ => self.mailed(current).await,
        }
    }

    /// What one of the apps shows now, or has just shown.
    pub(super) fn app_code(&mut self) -> Option<String> {
        let number = self.pick(self.apps.len())?;
        let offset = -i64::try_from(self.roll(2)).unwrap();
        self.apps.values().nth(number).map(|app| code_at(app, self.now, offset))
    }

    /// One of those that are kept, used or not.
    pub(super) fn recovery_code(&mut self) -> Option<Secret> {
        let set = self.sets.get(self.set.as_ref()?)?.clone();
        self.pick(set.len()).map(|number| set[number].clone())
    }

    async fn mailed(&mut self, mut current: Current) {
        if self.logins.mail_code(&mut current, &self.source, self.now).await.is_err() {
            return;
        }
        self.read_mail().await;
        let Some(code) = self.mailed.clone() else { return };
        if self.logins.enter_email_code(current, code, &self.source, self.now).await.is_ok() {
            self.took("mail").await;
        }
    }

    /// Reads all that has come.
    pub(super) async fn read_mail(&mut self) {
        for mail in self.logins.store.claim_mails(100, self.now).await.unwrap() {
            let text = |token: &Secret| token.expose().to_owned();
            match &mail.mail.letter {
                Letter::Code { code, .. } | Letter::VerifyAddress { code, .. } => self.mailed = Some(code.clone()),
                Letter::Notice { not_me: Some(token), .. } => self.not_me.push(text(token)),
                Letter::RecoveryLink { token, .. } => self.recovery_links.push(text(token)),
                Letter::Alarm { stop: Some(token), .. } => self.stops.push(text(token)),
                _ => {}
            }
        }
        let store = self.logins.store.clone();
        let read = store.write(|connection| {
            Box::pin(async move {
                sqlx::query("DELETE FROM mails WHERE tries > 0").execute(connection).await?;
                Ok(())
            })
        });
        read.await.unwrap();
    }

    async fn show_mailbox(&mut self, mut current: Current) {
        if self.logins.mail_again(&mut current, &self.source, self.now).await.is_err() && self.mailed.is_none() {
            return;
        }
        self.read_mail().await;
        let Some(code) = self.mailed.clone() else { return };
        if self.logins.enter_address_code(current, code, &self.source, self.now).await.is_ok() {
            self.took("mail").await;
        }
    }

    async fn enrol(&mut self, mut current: Current, methods: &[Kind]) {
        assert!(current.has_mailbox(), "walk {}: set-up without the mailbox", self.number);
        if methods.contains(&Kind::EmailCode) && self.roll(2) == 0 {
            drop(self.logins.set_up_email_codes(current, &self.source, self.now).await);
            return;
        }
        let Ok(pending) = self.logins.begin_pending(&mut current, self.now).await else { return };
        let secret = Secret::new(pending.key().expose().replace(' ', ""));
        let app = Totp::from_base32(&secret, Algorithm::Sha1, 6, 30).unwrap();
        // The first code, or the one after it.
        let code = code_at(&app, self.now, i64::from(pending.has_first()));
        match self.logins.enter_setup_code(current, &Secret::new(code), &self.source, self.now).await {
            Ok(true) => self.took("app").await,
            Ok(false) | Err(Fault::Refused(_) | Fault::Over) => {}
            Err(other) => panic!("walk {}: {other:?}", self.number),
        }
    }

    async fn keep(&mut self, mut current: Current) {
        let Ok(set) = self.logins.new_set(&mut current, self.now).await else { return };
        // Whether or not it is heard that they are in force, they have been seen.
        self.sets.insert(set.id.to_string(), set.codes.iter().chain(&set.key).cloned().collect());
        drop(self.logins.keep_set(current, &self.source, self.now).await);
    }
}
