//! What the database says, compared with what is known from outside; and what must not work any more.

use std::collections::BTreeSet;

use twolatch_core::factor::totp::Totp;
use twolatch_core::factor::{Kind, Proof};
use twolatch_core::login::devices::Recognised;
use twolatch_core::login::web::Goal;
use twolatch_core::secret::Secret;
use twolatch_core::step::{Assurance, Step};
use twolatch_core::wire::Outcome;

use super::host::Login;
use super::{PASSWORDS, Walk};
use crate::support::core::{ROOT, code_at, parsed, typed};

/// Kinds of what is buried.
pub(super) const KINDS: u64 = 8;

/// What was ended, reset, removed, replaced or used.
#[derive(Default)]
pub(super) struct Buried {
    tabs: Vec<String>,
    prompts: Vec<Login>,
    sessions: Vec<String>,
    devices: Vec<String>,
    apps: Vec<Totp>,
    codes: Vec<Secret>,
    pub(super) not_me: Vec<String>,
    pub(super) invites: Vec<String>,
    pub(super) recovery_links: Vec<String>,
}

impl Walk<'_> {
    /// Everything of this person's that is spent, as the database has it.
    async fn spent_now(&self) -> BTreeSet<String> {
        let text = "SELECT 'app ' || id || ' ' || last_step FROM factors WHERE user_id = $1 AND last_step > 0 \
             UNION ALL SELECT 'mail ' || id FROM email_codes WHERE user_id = $1 AND used_at IS NOT NULL \
             UNION ALL SELECT 'recovery ' || id || ' ' || hash FROM recovery_codes \
             WHERE user_id = $1 AND used_at IS NOT NULL \
             UNION ALL SELECT 'ending ' || instance || ' ' || seq FROM audit WHERE at >= $2 AND user_name = $3 \
             AND result = 'ok' AND event IN ('factors_reset', 'recovery_approved', 'disowned')";
        let all = sqlx::query_scalar(text).bind(&self.id).bind(self.looked_at.unix()).bind(&self.name);
        all.fetch_all(self.logins.store.pool()).await.unwrap().into_iter().collect()
    }

    /// Something of this kind was taken just now: it must have been spent by that, for the first time.
    pub(super) async fn took(&mut self, kind: &str) {
        let now = self.spent_now().await;
        let fresh: Vec<_> = now.difference(&self.spent).filter(|one| one.starts_with(kind)).cloned().collect();
        assert_eq!(fresh.len(), 1, "walk {}: {kind} was taken, and spent {fresh:?}", self.number);
        self.spent.extend(now);
    }

    /// Looks at everything that can be seen, and asserts what must hold of it at any moment.
    pub(super) async fn compare(&mut self) {
        let person = self.logins.named(&parsed(&self.name)).await.unwrap();
        let spent = self.spent_now().await;
        for one in spent.iter().filter(|one| one.starts_with("app ")) {
            let (app, step) = one.rsplit_once(' ').unwrap();
            let step: i64 = step.parse().unwrap();
            let back = self.spent.iter().filter_map(|before| before.strip_prefix(app)?.trim().parse().ok());
            let latest = back.max().unwrap_or(0);
            assert!(step >= latest, "walk {}: mono: {one} after {latest}", self.number);
        }
        let ended = spent.iter().any(|one| one.starts_with("ending ") && !self.spent.contains(one));
        self.spent.extend(spent);
        self.looked_at = self.now;

        // What is gone is gone for good.
        let ids: Vec<String> = person.factors.iter().map(|factor| factor.id.to_string()).collect();
        let gone: Vec<String> = self.apps.keys().filter(|id| !ids.contains(id)).cloned().collect();
        self.buried.apps.extend(gone.iter().filter_map(|id| self.apps.remove(id)));
        self.apps.extend(person.factors.iter().map(|factor| (factor.id.to_string(), factor.totp.clone())));
        let set = person.user.recovery.as_ref().map(ToString::to_string);
        if set != self.set {
            if let Some(void) = self.set.take().and_then(|id| self.sets.remove(&id)) {
                self.buried.codes.extend(void);
            }
            // One that was typed back at a prompt: nobody has told its id.
            if let (Some(id), Some(shown)) = (&set, self.unstored.take())
                && !self.sets.contains_key(id)
            {
                self.sets.insert(id.clone(), shown);
            }
            self.set = set;
        }
        if ended {
            self.bury();
        }

        // Nobody is in with a password alone, nor an administrator for a remembered browser.
        for row in self.logins.store.sessions_of(&person.user, self.now).await.unwrap() {
            assert!(self.is_enough(&row.proofs), "walk {}: a session with {:?}", self.number, row.proofs);
        }
        if let Some(number) = self.pick(self.tabs.len())
            && let Ok(current) = self.logins.current(&self.tabs[number].clone(), self.now).await
            && current.step == Step::Granted(Assurance::Password)
        {
            let proofs = &current.attempt.proofs;
            assert!(self.is_enough(proofs), "walk {}: a sign-in with {proofs:?}", self.number);
        }
    }

    pub(super) fn is_enough(&self, proofs: &[Proof]) -> bool {
        let remembered = proofs.iter().any(|proof| proof.kind == Kind::Device);
        proofs.iter().any(|proof| proof.kind.is_second_factor()) || remembered && !self.admin
    }

    /// Everything that was begun has been ended.
    fn bury(&mut self) {
        self.buried.tabs.append(&mut self.tabs);
        self.buried.prompts.append(&mut self.prompts);
        self.buried.sessions.append(&mut self.sessions);
        self.buried.devices.append(&mut self.devices);
    }

    /// The same at once: what is begun from now on is not ended by that.
    pub(super) async fn bury_now(&mut self) {
        let spent = self.spent_now().await;
        self.spent.extend(spent);
        self.bury();
    }

    /// Tries something that must not work any more.
    pub(super) async fn try_what_is_buried(&mut self, kind: u64) {
        let (walk, now) = (self.number, self.now);
        match kind {
            0 => {
                for cookie in &self.buried.sessions {
                    let session = self.logins.store.session(cookie, now).await.unwrap();
                    assert!(session.is_none(), "walk {walk}: a session that was ended");
                }
            }
            1 => {
                for tab in &self.buried.tabs {
                    assert!(self.logins.current(tab, now).await.is_err(), "walk {walk}: a sign-in that was ended");
                }
            }
            2 => self.try_buried_prompt().await,
            3 => {
                let Some(number) = self.pick(self.buried.devices.len()) else { return };
                let cookie = self.buried.devices[number].clone();
                let Some(tab) = self.enter().await else { return };
                let Ok(current) = self.logins.current(&tab, now).await else { return };
                let known = self.logins.recognise(&current, &cookie, &self.source, now).await.unwrap();
                assert!(!matches!(known, Recognised::Yes { .. }), "walk {walk}: a browser that was forgotten");
            }
            4 => {
                let Some(number) = self.pick(self.buried.apps.len()) else { return };
                let code = code_at(&self.buried.apps[number], now, 0);
                if self.apps.values().any(|app| (-3..=3).any(|offset| code_at(app, now, offset) == code)) {
                    return;
                }
                let Some(tab) = self.enter().await else { return };
                let Ok(current) = self.logins.current(&tab, now).await else { return };
                let taken = self.logins.enter_code(current, Secret::new(code), &self.source, now).await;
                assert!(taken.is_err(), "walk {walk}: an app that was removed");
            }
            5 => {
                let Some(number) = self.pick(self.buried.codes.len()) else { return };
                let code = self.buried.codes[number].clone();
                let Some(tab) = self.enter().await else { return };
                let Ok(current) = self.logins.current(&tab, now).await else { return };
                let taken = self.logins.enter_recovery(current, code, &self.source, now).await;
                assert!(taken.is_err(), "walk {walk}: a recovery code that was replaced");
            }
            6 => {
                for link in &self.buried.not_me {
                    assert!(
                        self.logins.disown(link, &self.source, now).await.is_err(),
                        "walk {walk}: a link is used once"
                    );
                }
                for link in &self.buried.recovery_links {
                    for tab in self.tabs.iter().chain(&self.buried.tabs) {
                        let used = self.logins.use_admin_link(link, Some(tab), &self.source, now).await;
                        assert!(used.is_err(), "walk {walk}: a link that was used or stopped");
                    }
                }
            }
            _ => {
                for link in self.buried.invites.clone() {
                    let password = Secret::new(PASSWORDS[0].to_owned());
                    let used = self.logins.use_invite(&link, None, password, &self.source, now).await;
                    assert!(used.is_err(), "walk {walk}: an invitation that was used");
                }
            }
        }
    }

    /// A prompt from before everything was ended takes nothing, however right it is.
    async fn try_buried_prompt(&mut self) {
        let Some(number) = self.pick(self.buried.prompts.len()) else { return };
        let mut lines: Vec<String> = self.apps.values().map(|app| code_at(app, self.now, 0)).collect();
        let login = &self.buried.prompts[number];
        lines.extend(login.kept.iter().cloned());
        lines.extend(self.mailed.iter().map(|code| code.expose().to_owned()));
        let Outcome::Ask { attempt, .. } = &login.shown else { return };
        for line in lines {
            let answer = typed(&login.begin, attempt, &line);
            let outcome = self.logins.answer(ROOT, &answer, self.now).await.unwrap();
            assert_ne!(outcome, Outcome::Granted, "walk {}: a prompt from before the end of everything", self.number);
        }
    }

    /// A sign-in whose password was right; nothing where too many were wrong lately.
    pub(super) async fn enter(&mut self) -> Option<String> {
        for _ in 0..PASSWORDS.len() {
            let password = Secret::new(PASSWORDS[self.password].to_owned());
            if let Ok(tab) = self.logins.enter(&self.name, password, &self.source, Goal::default(), self.now).await {
                return Some(tab);
            }
            // It was changed at a server that was killed before it could say so.
            self.password = 1 - self.password;
        }
        None
    }
}
