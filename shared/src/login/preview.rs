//! What rules would change for whom, before they are put in force. It must not change anything.

use serde::Serialize;
use utoipa::ToSchema;

use super::Logins;
use crate::door::Door;
use crate::policy::{Policy, Rules, Status};
use crate::store::people::{Found, Part, Search, next};
use crate::store::{Person, StoreError};
use crate::time::Timestamp;

/// People read at a time.
const PAGE: i64 = 500;

/// So many are named of each kind.
const NAMED: usize = 10;

/// Whose state would change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PolicyPreview)]
pub struct Preview {
    /// How many people there are.
    pub people: u64,
    /// Who would have to set up at the next login.
    pub set_up: Changed,
    /// Who has something set up and would be asked for it from now on.
    pub asked: Changed,
    /// Who would not be asked any more.
    pub excused: Changed,
    /// Who would be refused on the web: an administrator has to reopen their set-up, or reset it.
    pub refused: Changed,
    /// Of whom nothing can be said: their rows are not as they were written. They are refused under any rules.
    pub unreadable: Changed,
}

/// People whose state would change in one way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PreviewPart)]
pub struct Changed {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub names: Vec<String>,
}

impl Changed {
    fn add(&mut self, person: &Person) {
        self.add_named(person.user.name.as_str());
    }

    fn add_named(&mut self, name: &str) {
        self.count += 1;
        if self.names.len() < NAMED {
            self.names.push(name.to_owned());
        }
    }
}

impl Preview {
    /// Whether nobody's state would change, and there is nobody of whom that cannot be said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.set_up.count + self.asked.count + self.excused.count + self.refused.count + self.unreadable.count == 0
    }
}

impl Logins {
    /// Whose state other rules would change. Reads everybody, a page at a time.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn preview(&self, rules: &Rules, now: Timestamp) -> Result<Preview, StoreError> {
        let before = self.policy(now).await?;
        let after = Policy { rules: rules.clone(), ..Policy::clone(&before) };
        let mut preview = Preview::default();
        let mut last = String::new();
        loop {
            let found = self.store.find_people(&Search::default(), &before, Part::after(&last, PAGE), now).await?;
            for found in &found {
                preview.people += 1;
                let person = match found {
                    Ok(Found { person, .. }) => person,
                    Err(damaged) => {
                        preview.unreadable.add_named(&damaged.name);
                        continue;
                    }
                };
                let is_refused = |policy| self.explain(policy, person, Door::Web, now).asked.is_refused();
                if is_refused(&after) && !is_refused(&before) {
                    preview.refused.add(person);
                }
                match (before.status(&person.user, now), after.status(&person.user, now)) {
                    (Status::Pending, Status::Pending)
                    | (Status::Activated, Status::Activated)
                    | (Status::Disabled(_), Status::Disabled(_)) => {}
                    (_, Status::Pending) => preview.set_up.add(person),
                    (_, Status::Activated) => preview.asked.add(person),
                    (_, Status::Disabled(_)) => preview.excused.add(person),
                }
            }
            match next(&found, PAGE) {
                Some(behind) => last = behind,
                None => return Ok(preview),
            }
        }
    }
}
