//! Walks at random through sign-in, set-up and recovery: several tabs, steps out of order, restarts, another door, resets.
//! None may reach what policy forbids, use anything twice, or leave a person outside for good.

use std::collections::BTreeSet;

use twolatch_core::factor::Kind;
use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::letter::Letter;
use twolatch_core::login::Logins;
use twolatch_core::login::recover::NewSet;
use twolatch_core::login::web::{Current, Fault, Goal};
use twolatch_core::secret::Secret;
use twolatch_core::step::{Assurance, Step};
use twolatch_core::time::Timestamp;
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, actor, code_at, log_in, parsed, ssh, wrong_code};
use crate::support::database::Engine;
use crate::support::{rounds, setting};

const PASSWORD: &str = "copper lantern drifts";
const SOURCE: &str = "192.0.2.1";

/// Moves in one walk.
const MOVES: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rec7_w20_random_walks_on_sqlite() {
    walks(Engine::Sqlite, 400).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rec7_w20_random_walks_on_postgres() {
    walks(Engine::Postgres, 100).await;
}

async fn walks(engine: Engine, count: u64) {
    let Some(core) = Core::new(engine).await else { return };
    // A walk that fails is named by its number, and is the same when it is walked again.
    let only = setting("TWOLATCH_WALK").and_then(|number| number.parse().ok());
    let count = count * u64::try_from(rounds()).unwrap().max(20) / 20;
    for number in only.map_or(0..count, |number| number..number + 1) {
        Walk::begin(&core, number).await.go().await;
    }
}

/// One person's way, and what is known of it from outside.
struct Walk<'a> {
    core: &'a Core,
    logins: Logins,
    number: u64,
    name: String,
    now: Timestamp,
    random: u64,
    tabs: Vec<String>,
    /// The authenticators that were confirmed and not reset.
    apps: Vec<Totp>,
    set: Option<NewSet>,
    /// What was accepted: a step of an app, a mailed code, a recovery code.
    accepted: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    async fn begin(core: &'a Core, number: u64) -> Self {
        let name = format!("walker{number}");
        core.member(&name).await;
        let logins = Logins { mail: true, ..core.logins.clone() };
        let (address, password) = (format!("{name}@example.org"), Secret::new(PASSWORD.to_owned()));
        logins
            .change_user(&parsed(&name), String::new(), &actor(NOW), |user| user.email = address.parse().ok())
            .await
            .unwrap();
        logins.reset_password(&parsed(&name), password, !number.is_multiple_of(3), &actor(NOW)).await.unwrap();
        Self {
            core,
            logins,
            number,
            name,
            now: NOW,
            random: number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            tabs: Vec::new(),
            apps: Vec::new(),
            set: None,
            accepted: BTreeSet::new(),
        }
    }

    async fn go(mut self) {
        for _ in 0..MOVES {
            match self.roll(12) {
                0 | 1 => self.open_tab().await,
                2 => self.now = self.now.plus(i64::try_from(self.roll(400)).unwrap()),
                3 => self.restart().await,
                4 => self.other_door().await,
                5 if self.roll(4) == 0 => self.reset().await,
                _ => self.step_somewhere().await,
            }
        }
        self.must_get_in().await;
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % sides
    }

    /// Notes that something was accepted, which must be for the first time.
    fn accept(&mut self, what: String) {
        assert!(!self.accepted.contains(&what), "walk {}: {what} was accepted twice", self.number);
        self.accepted.insert(what);
    }

    async fn open_tab(&mut self) {
        let password = Secret::new(self.password().await);
        if let Ok(token) = self.logins.enter(&self.name, password, SOURCE, Goal::default(), self.now).await {
            self.tabs.push(token);
        }
    }

    /// Somebody else has chosen the first password of some; they choose another on the way.
    async fn password(&self) -> String {
        let user = self.logins.named(&parsed(&self.name)).await.unwrap().user;
        let changed = self.number.is_multiple_of(3) && user.must_change_at.is_none();
        if changed { "seven violet harbours".to_owned() } else { PASSWORD.to_owned() }
    }

    async fn restart(&mut self) {
        self.logins = Logins { mail: true, ..self.core.second_server().await };
    }

    async fn reset(&mut self) {
        self.logins.reset_factors(&parsed(&self.name), &actor(self.now)).await.unwrap();
        self.apps.clear();
        self.set = None;
    }

    /// A login over SSH, where nothing is set up.
    async fn other_door(&mut self) {
        let begin = twolatch_core::wire::Begin { qr: twolatch_core::wire::Qr::Off, ..ssh(&self.name) };
        let Some(app) = self.apps.first().cloned() else { return };
        let code = if self.roll(3) == 0 { wrong_code(&app, self.now) } else { code_at(&app, self.now, 0) };
        if log_in(&self.logins, &begin, &code, self.now).await == Outcome::Granted {
            self.accept_step(&code);
        }
    }

    fn accept_step(&mut self, code: &str) {
        let now = self.now;
        let found = self.apps.iter().find_map(|app| {
            (-2..=2)
                .find(|offset| code_at(app, now, *offset) == code)
                .map(|offset| format!("{} {}", app.base32().expose(), app.step_at(now) + offset))
        });
        let what = found.unwrap_or_else(|| panic!("walk {}: {code} is no code of any app", self.number));
        self.accept(what);
    }

    async fn step_somewhere(&mut self) {
        if self.tabs.is_empty() {
            return self.open_tab().await;
        }
        let sides = u64::try_from(self.tabs.len()).unwrap();
        let number = usize::try_from(self.roll(sides)).unwrap();
        let tab = self.tabs[number].clone();
        let careless = self.roll(3) == 0;
        self.step(&tab, careless).await;
    }

    /// Does one thing that a tab waits for, or one that it does not wait for.
    async fn step(&mut self, tab: &str, careless: bool) -> bool {
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
                let new = Secret::new("seven violet harbours".to_owned());
                drop(self.logins.replace_password(current, new, SOURCE, self.now).await);
            }
            Step::Granted(assurance) => {
                assert!(assurance > Assurance::Password, "walk {}: in with a password alone", self.number);
                if self.logins.finish(current, SOURCE, self.now).await.is_ok() {
                    self.tabs.retain(|one| one != tab);
                    return true;
                }
            }
            Step::ProveMailbox { .. } => self.show_mailbox(current).await,
            Step::Password | Step::Refused(_) => self.tabs.retain(|one| one != tab),
        }
        false
    }

    /// Sends what the page does not ask for: nothing of it may lead in.
    async fn stumble(&mut self, current: Current) {
        let asks = matches!(current.step, Step::SecondFactor { .. });
        let granted = matches!(current.step, Step::Granted(_));
        let junk = || Secret::new("000000".to_owned());
        let ended = match self.roll(7) {
            0 => self.logins.enter_code(current, junk(), SOURCE, self.now).await,
            1 => self.logins.enter_email_code(current, junk(), SOURCE, self.now).await,
            2 => self.logins.enter_address_code(current, junk(), SOURCE, self.now).await,
            3 if !asks => self.logins.put_off(current, SOURCE, self.now).await,
            4 if current.step != Step::KeepRecovery => self.logins.keep_set(current, SOURCE, self.now).await,
            5 if !current.has_mailbox() => self.logins.set_up_email_codes(current, SOURCE, self.now).await,
            _ if !granted => self.logins.finish(current, SOURCE, self.now).await.map(drop),
            _ => return,
        };
        assert!(ended.is_err(), "walk {}: what was not asked for went through", self.number);
    }

    async fn second_factor(&mut self, current: Current, methods: &[Kind], recovery: bool) {
        let sides = if recovery { 3 } else { 2 };
        match self.roll(sides) {
            2 => {
                let Some(set) = &self.set else { return };
                let codes = set.codes.clone();
                let code = codes[usize::try_from(self.roll(10)).unwrap()].clone();
                if self.logins.enter_recovery(current, code.clone(), SOURCE, self.now).await.is_ok() {
                    self.accept(code.expose().to_owned());
                }
            }
            1 if methods.contains(&Kind::EmailCode) => self.mailed(current).await,
            _ if methods.contains(&Kind::Totp) => {
                let app = self.apps[0].clone();
                let code = code_at(&app, self.now, -i64::try_from(self.roll(2)).unwrap());
                if self.logins.enter_code(current, Secret::new(code.clone()), SOURCE, self.now).await.is_ok() {
                    self.accept_step(&code);
                }
            }
            _ => self.mailed(current).await,
        }
    }

    async fn mailed(&mut self, mut current: Current) {
        if self.logins.mail_code(&mut current, SOURCE, self.now).await.is_err() {
            return;
        }
        let Some(code) = self.last_mail().await else { return };
        let id = current.attempt.mailed.as_ref().map(|(id, _)| id.to_string()).unwrap_or_default();
        if self.logins.enter_email_code(current, code, SOURCE, self.now).await.is_ok() {
            self.accept(id);
        }
    }

    /// The code in the mail that came last; all mail is taken.
    async fn last_mail(&self) -> Option<Secret> {
        let mut last = None;
        for mail in self.logins.store.claim_mails(100, self.now).await.unwrap() {
            if let Letter::Code { code, .. } | Letter::VerifyAddress { code, .. } = &mail.mail.letter {
                last = Some(code.clone());
            }
            self.logins.store.mail_done(&mail).await.unwrap();
        }
        last
    }

    async fn show_mailbox(&mut self, mut current: Current) {
        if self.logins.mail_again(&mut current, SOURCE, self.now).await.is_ok()
            && let Some(code) = self.last_mail().await
        {
            let id = current.attempt.mailed.as_ref().map(|(id, _)| id.to_string()).unwrap_or_default();
            if self.logins.enter_address_code(current, code, SOURCE, self.now).await.is_ok() {
                self.accept(id);
            }
        }
    }

    async fn enrol(&mut self, mut current: Current, methods: &[Kind]) {
        assert!(current.has_mailbox(), "walk {}: set-up without the mailbox", self.number);
        if methods.contains(&Kind::EmailCode) && self.roll(2) == 0 {
            drop(self.logins.set_up_email_codes(current, SOURCE, self.now).await);
            return;
        }
        let Ok(pending) = self.logins.begin_pending(&mut current, self.now).await else { return };
        let secret = Secret::new(pending.key().expose().replace(' ', ""));
        let app = Totp::from_base32(&secret, Algorithm::Sha1, 6, 30).unwrap();
        // The first code, or the one after it.
        let offset = i64::from(pending.has_first());
        let code = code_at(&app, self.now, offset);
        match self.logins.enter_setup_code(current, &Secret::new(code.clone()), SOURCE, self.now).await {
            Ok(true) => {
                self.apps.push(app.clone());
                self.accept(format!("{} {}", app.base32().expose(), app.step_at(self.now) + offset));
                self.accept(format!("{} {}", app.base32().expose(), app.step_at(self.now) + offset - 1));
            }
            Ok(false) | Err(Fault::Refused(_) | Fault::Over) => {}
            Err(other) => panic!("walk {}: {other:?}", self.number),
        }
    }

    async fn keep(&mut self, mut current: Current) {
        let Ok(set) = self.logins.new_set(&mut current, self.now).await else { return };
        if self.logins.keep_set(current, SOURCE, self.now).await.is_ok() {
            self.set = Some(set);
        }
    }

    /// Whatever happened: with some patience, and at the worst a reset, everybody gets in.
    async fn must_get_in(&mut self) {
        self.tabs.clear();
        for patience in 0..60 {
            if patience == 45 {
                self.reset().await;
            }
            self.now = self.now.plus(90);
            if self.tabs.is_empty() {
                self.open_tab().await;
            }
            let Some(tab) = self.tabs.first().cloned() else { continue };
            if self.step(&tab, false).await {
                return;
            }
        }
        panic!("walk {}: {} cannot get in any more", self.number, self.name);
    }
}
