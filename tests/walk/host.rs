//! What is done at prompts of hosts.

use twolatch_core::factor::recovery::grouped;
use twolatch_core::factor::totp::Totp;
use twolatch_core::secret::Secret;
use twolatch_core::wire::{Begin, Outcome, Qr};

use super::Walk;
use crate::support::core::{ROOT, code_at, notice, recovery_codes, ssh, typed};
use crate::support::shell::authenticator;

/// A login between two prompts.
pub(super) struct Login {
    pub(super) begin: Begin,
    pub(super) shown: Outcome,
    /// The authenticator that it shows, and the step of its first code.
    pending: Option<(Totp, i64)>,
    /// The recovery codes or key that it shows.
    pub(super) kept: Vec<String>,
}

impl Walk<'_> {
    /// Begins a login over SSH, or at a door that cannot show a set-up.
    pub(super) async fn open_prompt(&mut self) {
        let begin = match self.roll(4) {
            0 => Begin { service: "sudo".to_owned(), ..ssh(&self.name) },
            1 => Begin { qr: Qr::Ascii, ..ssh(&self.name) },
            _ => ssh(&self.name),
        };
        let begin = Begin { rhost: Some(self.source.clone()), ..begin };
        let shown = self.logins.begin(ROOT, &begin, self.now).await.unwrap();
        assert!(!matches!(shown, Outcome::Granted | Outcome::NotAsked), "walk {}: {shown:?}", self.number);
        let mut login = Login { begin, shown, pending: None, kept: Vec::new() };
        look(&mut login);
        if matches!(login.shown, Outcome::Ask { .. }) {
            self.prompts.push(login);
        }
    }

    pub(super) async fn answer_somewhere(&mut self) {
        let Some(number) = self.pick(self.prompts.len()) else { return self.open_prompt().await };
        let careless = self.roll(4) == 0;
        self.answer(number, careless).await;
    }

    /// Types what a prompt asks for, or something else; whether that led in.
    pub(super) async fn answer(&mut self, number: usize, careless: bool) -> bool {
        let Outcome::Ask { label, attempt, .. } = self.prompts[number].shown.clone() else { return false };
        let label = label.unwrap_or_default();
        let Some((line, kind)) = self.line(number, &label, careless).await else { return false };
        let begin = self.prompts[number].begin.clone();
        let is_last = ["Recovery code: ", "Recovery key: ", "New recovery key: "].contains(&label.as_str());
        if is_last {
            self.unstored = Some(self.prompts[number].kept.iter().map(|code| plain(code)).collect());
        }
        let shown = self.logins.answer(ROOT, &typed(&begin, &attempt, &line), self.now).await.unwrap();
        let granted = shown == Outcome::Granted;
        if granted {
            assert!(!careless && !kind.is_empty(), "walk {}: in by {line:?} at {label:?}", self.number);
            self.took_at_prompt(kind, &label).await;
        }
        let mut login = self.prompts.swap_remove(number);
        if matches!(shown, Outcome::Ask { .. }) {
            login.shown = shown;
            look(&mut login);
            self.prompts.push(login);
        }
        granted
    }

    /// What was taken must be spent, or stored, by now.
    async fn took_at_prompt(&mut self, kind: &str, label: &str) {
        match label {
            "" => self.took(kind).await,
            "New recovery key: " => {
                let (Some(id), Some(kept)) = (self.set.clone(), self.unstored.take()) else { return };
                let set = self.sets.entry(id).or_default();
                // The codes stay; only the key is another one, or none.
                set.retain(|code| code.expose().len() < 30);
                if kind != "later" {
                    set.extend(kept);
                }
            }
            _ => {}
        }
    }

    /// What is typed next, and what kind of proof that is.
    async fn line(&mut self, number: usize, label: &str, careless: bool) -> Option<(String, &'static str)> {
        if careless {
            let lines = ["000000", "other", "app", "email", "resend", "recovery", "nonsense", "later"];
            let number = self.pick(if label == "New recovery key: " { 7 } else { 8 })?;
            return Some((lines[number].to_owned(), ""));
        }
        let word = |word: &str| Some((word.to_owned(), ""));
        match label {
            "" => match self.roll(4) {
                0 => {
                    let code = self.recovery_code()?;
                    Some((grouped(&code).expose().to_owned(), "recovery"))
                }
                1 => {
                    self.read_mail().await;
                    match self.mailed.take() {
                        Some(code) => Some((code.expose().to_owned(), "mail")),
                        None => word("email"),
                    }
                }
                2 => match self.app_code() {
                    Some(code) if self.asks_for_app(number) => Some((code, "app")),
                    Some(_) => word("app"),
                    None => word("resend"),
                },
                _ => word("other"),
            },
            "Code from the mail: " => {
                self.read_mail().await;
                match self.mailed.take() {
                    Some(code) => Some((code.expose().to_owned(), "")),
                    None => word("resend"),
                }
            }
            "app or email: " => word(if self.roll(2) == 0 { "app" } else { "email" }),
            "First code: " => {
                let now = self.now;
                let (app, first) = self.prompts[number].pending.as_mut()?;
                *first = app.step_at(now);
                Some((code_at(app, now, 0), "set-up"))
            }
            "Next code: " => {
                let now = self.now;
                let (app, first) = self.prompts[number].pending.as_ref()?;
                Some((code_at(app, now, *first + 1 - app.step_at(now)), "set-up"))
            }
            "New recovery key: " if self.roll(3) == 0 => Some(("later".to_owned(), "later")),
            "Recovery code: " | "Recovery key: " | "New recovery key: " => {
                let kept = self.prompts[number].kept.clone();
                self.pick(kept.len()).map(|number| (kept[number].clone(), "set-up"))
            }
            _ => word("later"),
        }
    }

    /// Whether the prompt waits for the app, as far as its text says.
    fn asks_for_app(&self, number: usize) -> bool {
        !notice(&self.prompts[number].shown).contains("mailed to")
    }
}

/// Reads what is on the screen.
fn look(login: &mut Login) {
    let Outcome::Ask { label, .. } = &login.shown else { return };
    match label.as_deref() {
        Some("First code: ") if notice(&login.shown).contains("otpauth://") => {
            let app = authenticator(&login.shown);
            login.pending = Some((app, 0));
        }
        Some("Recovery code: " | "Recovery key: " | "New recovery key: ") => {
            let shown = recovery_codes(notice(&login.shown));
            if !shown.is_empty() {
                login.kept = shown;
            }
        }
        _ => {}
    }
}

/// As it is stored.
fn plain(code: &str) -> Secret {
    Secret::new(code.replace('-', ""))
}
