//! Requests, links and resets: what is done where somebody is stuck, or where somebody pretends to be.

use twolatch_core::login::admin_link::Asked;
use twolatch_core::secret::Secret;

use super::{PASSWORDS, Walk};
use crate::support::core::{actor, parsed};

impl Walk<'_> {
    pub(super) async fn ask_for_help(&mut self) {
        let (who, by, now) = (parsed(&self.name), actor(self.now), self.now);
        match self.roll(12) {
            0 => drop(self.logins.reset_factors(&who, &by).await.unwrap()),
            1 | 2 => {
                let Some(tab) = self.pick(self.tabs.len()).map(|number| self.tabs[number].clone()) else { return };
                if let Ok(current) = self.logins.current(&tab, now).await {
                    drop(self.logins.ask_for_recovery(&current, &self.source, now).await);
                }
            }
            3 => drop(self.logins.approve_request(&who, "", &by).await),
            4 => drop(self.logins.dismiss_request(&who, "call me", &by).await),
            5 | 6 => self.ask_admin_link().await,
            7 => self.use_admin_link().await,
            8 => self.stop_admin_link().await,
            9 => self.disown().await,
            10 => {
                if let Ok(token) = self.logins.invite(&who, &by).await {
                    self.invites.push(token);
                }
            }
            _ => self.use_invite().await,
        }
    }

    /// The documented way out of everything.
    pub(super) async fn let_an_administrator_help(&mut self) {
        let (who, by) = (parsed(&self.name), actor(self.now));
        if self.logins.approve_request(&who, "", &by).await.is_err() {
            self.logins.reset_factors(&who, &by).await.unwrap();
        }
        self.compare().await;
    }

    async fn ask_admin_link(&mut self) {
        let Some(tab) = self.pick(self.tabs.len()).map(|number| self.tabs[number].clone()) else { return };
        let Ok(current) = self.logins.current(&tab, self.now).await else { return };
        if let Ok(asked) = self.logins.ask_admin_link(current, &self.source, self.now).await {
            assert!(self.admin, "walk {}: a link for a member", self.number);
            if let Asked::Mailed(browser) = asked {
                self.tabs.retain(|one| *one != tab);
                self.tabs.push(browser);
            }
        }
    }

    async fn use_admin_link(&mut self) {
        self.read_mail().await;
        let Some(link) = self.recovery_links.last().cloned() else { return };
        for tab in self.tabs.clone() {
            if let Ok(browser) = self.logins.use_admin_link(&link, Some(&tab), &self.source, self.now).await {
                assert!(self.admin, "walk {}: a member's link", self.number);
                self.bury_now().await;
                self.tabs.push(browser);
                self.buried.recovery_links.append(&mut self.recovery_links);
                return;
            }
        }
    }

    async fn stop_admin_link(&mut self) {
        self.read_mail().await;
        let Some(number) = self.pick(self.stops.len()) else { return };
        let stop = self.stops.swap_remove(number);
        if self.logins.stop_admin_link(&stop, &self.source, self.now).await.is_ok() {
            self.buried.recovery_links.append(&mut self.recovery_links);
        }
    }

    async fn disown(&mut self) {
        self.read_mail().await;
        let Some(number) = self.pick(self.not_me.len()) else { return };
        let link = self.not_me.swap_remove(number);
        if self.logins.disown(&link, &self.source, self.now).await.is_ok() {
            self.buried.not_me.push(link);
        }
    }

    async fn use_invite(&mut self) {
        let Some(link) = self.invites.pop() else { return };
        let password = Secret::new(PASSWORDS[1 - self.password].to_owned());
        if let Ok(tab) = self.logins.use_invite(&link, None, password, &self.source, self.now).await {
            self.password = 1 - self.password;
            self.tabs.push(tab);
            self.buried.invites.push(link);
        }
    }
}
