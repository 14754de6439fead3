//! What all pages that ask for a second factor have in common: who is asked, for what, and what else could be done.

use twolatch_core::login::web::Current;
use twolatch_core::step::{Assurance, Step};

use crate::pages::Detour;
use crate::pages::onward::Onward;
use crate::state::App;
use crate::web::browser::Browser;
use crate::web::path::Links;

/// The field of the tick that has a browser remembered.
pub(super) const REMEMBER: &str = "remember";

/// Who is asked, and what else could be done.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The person's name.
    pub name: String,
    /// The web app behind the sign-in.
    pub onward: Option<Onward>,
    /// Whether there is another way.
    pub others: bool,
    /// For how many days this browser can be remembered, if it can.
    pub remember: Option<u32>,
}

impl Asked {
    /// Of a sign-in under way.
    ///
    /// # Errors
    /// Where the database fails.
    pub(super) async fn of(app: &App, browser: &Browser, current: &Current) -> Result<Self, Detour> {
        let user = &current.person.user;
        let others = match &current.step {
            Step::SecondFactor { methods, recovery } => methods.len() + usize::from(*recovery) > 1,
            _ => false,
        };
        let days = app.logins.policy(browser.now).await?.terms(user, current.attempt.place()).device_days;
        // A new password would make the browser forgotten at once; and who wants more is not content with it.
        let is_asked = matches!(current.step, Step::SecondFactor { .. });
        let counts = is_asked && current.attempt.least == Assurance::Password && user.must_change_at.is_none();
        Ok(Self {
            name: user.name.to_string(),
            onward: Onward::of_attempt(app, &current.attempt).await?,
            others,
            remember: Some(u32::from(days)).filter(|days| *days > 0 && counts),
        })
    }

    /// Where somebody else signs in.
    #[must_use]
    pub fn from_the_start(&self, links: &Links) -> String {
        match &self.onward {
            Some(onward) => links.login_continuing(&onward.sealed),
            None => links.login(),
        }
    }

    /// An example, for tests.
    #[must_use]
    pub fn sample() -> Self {
        let onward = Some(Onward::sample());
        Self { name: "alice".to_owned(), onward, others: true, remember: Some(14) }
    }

    /// The same where there is nothing else.
    #[must_use]
    pub fn bare() -> Self {
        Self { onward: None, others: false, remember: None, ..Self::sample() }
    }
}
