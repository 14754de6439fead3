//! A search, asked of one person as they were read under the mark. What a search reads is columns and indexes as they stand:
//! whoever can write the database has put there who they like.

use super::Search;
use crate::factor::Kind;
use crate::policy::Policy;
use crate::time::Timestamp;
use crate::user::{Email, User};

impl Search {
    /// Whether somebody still matches, as far as their own row says: who has to wait is in none.
    #[must_use]
    pub fn is_of(&self, user: &User, policy: &Policy, now: Timestamp) -> bool {
        let begins = |text: &String| {
            let start = text.to_ascii_lowercase();
            user.name.key().starts_with(&start)
                || user.email.as_ref().map(Email::key).is_some_and(|key| key.starts_with(&start))
        };
        let is_set_up = || Kind::METHODS.into_iter().any(|kind| user.has(kind));
        self.text.as_ref().is_none_or(begins)
            && self.status.is_none_or(|word| policy.status(user, now).word() == word)
            && self.role.is_none_or(|role| user.role == role)
            && self.group.as_ref().is_none_or(|group| user.groups.contains(group))
            && self.method.is_none_or(|kind| user.has(kind))
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&user.id))
            && self.set_up.is_none_or(|set_up| is_set_up() == set_up)
            && self.disabled.is_none_or(|disabled| user.disabled_at.is_some() == disabled)
            && self.besides.as_ref().is_none_or(|id| user.id != *id)
            && self.created_until.is_none_or(|until| user.created_at <= until)
    }
}
