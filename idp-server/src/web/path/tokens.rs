//! Every address of the console that is about tokens of programs, and the links to them.

use super::Links;

/// All of them.
pub const ADMIN_TOKENS: &str = "/admin/tokens";
/// One more.
pub const ADMIN_TOKENS_NEW: &str = "/admin/tokens/new";
/// One less.
pub const ADMIN_TOKENS_DELETE: &str = "/admin/tokens/delete";

impl Links {
    /// All tokens of programs.
    #[must_use]
    pub fn admin_tokens(&self) -> String {
        self.to(ADMIN_TOKENS)
    }

    /// One more.
    #[must_use]
    pub fn admin_tokens_new(&self) -> String {
        self.to(ADMIN_TOKENS_NEW)
    }

    /// One less.
    #[must_use]
    pub fn admin_tokens_delete(&self) -> String {
        self.to(ADMIN_TOKENS_DELETE)
    }
}
