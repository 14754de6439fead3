//! What is said to the person and what comes back. It must not know what a line means.
//!
//! sshd holds a plain message back until the next prompt and drops one after the last; sudo silences it. So everything
//! that a person needs to know stands inside a prompt, and [`Conversation::tell`] is only a courtesy.

use pam::constants::{PAM_ERROR_MSG, PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON};
use pam::conv::Conv;
use pam::module::PamHandle;
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// The longest reply that libpam's hosts give (`PAM_MAX_RESP_SIZE`). Of a longer one only the fact is kept.
pub const MAX_LINE: usize = 512;

/// One line as it was typed, wiped when dropped; cut after [`MAX_LINE`] bytes and one, so that it stays too long.
pub type Line = Zeroizing<Vec<u8>>;

/// The host could not ask: nobody is there, or it cannot show a prompt.
#[derive(Debug, PartialEq, Eq)]
pub struct Lost;

/// Someone who can be asked.
pub trait Conversation {
    /// Shows `prompt` and waits for one line.
    ///
    /// # Errors
    /// [`Lost`] if there is no line, not even an empty one.
    fn ask(&mut self, prompt: &str, echo: bool) -> Result<Line, Lost>;

    /// Shows `text` if the host does that; nobody relies on it.
    fn tell(&mut self, text: &str);
}

/// The host's conversation function.
pub struct PamConversation<'a> {
    handle: &'a PamHandle,
    silent: bool,
}

impl<'a> PamConversation<'a> {
    /// `silent`: the host asked for no messages (`PAM_SILENT`).
    #[must_use]
    pub fn new(handle: &'a PamHandle, silent: bool) -> Self {
        Self { handle, silent }
    }
}

impl Conversation for PamConversation<'_> {
    fn ask(&mut self, prompt: &str, echo: bool) -> Result<Line, Lost> {
        let style = if echo { PAM_PROMPT_ECHO_ON } else { PAM_PROMPT_ECHO_OFF };
        let conversation = self.handle.get_item::<Conv>().ok().flatten().ok_or(Lost)?;
        // An answer without a line is the end of input, not an empty line.
        let reply = conversation.send(style, prompt).ok().flatten().ok_or(Lost)?;
        Ok(cut(reply.as_bytes()))
    }

    fn tell(&mut self, text: &str) {
        if self.silent {
            return;
        }
        if let Ok(Some(conversation)) = self.handle.get_item::<Conv>() {
            // Hosts answer a mere message in many ways, also with an error; none of them matters.
            drop(conversation.send(PAM_ERROR_MSG, &printable(text)));
        }
    }
}

fn cut(line: &[u8]) -> Line {
    Zeroizing::new(line.iter().take(MAX_LINE + 1).copied().collect())
}

/// Drops what a terminal would obey: all control characters but the line feed.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().filter(|&c| c == '\n' || !c.is_control()).collect()
}

/// One prompt: the lines above it, then the label.
///
/// OpenSSH's client writes `(user@host) ` before the first line, so a drawing never is the first line.
#[must_use]
pub fn prompt(notice: Option<&str>, label: &str) -> String {
    let label: String = printable(label).chars().filter(|&c| c != '\n').collect();
    let notice = printable(notice.unwrap_or_default());
    let notice = notice.trim_matches('\n');
    if notice.is_empty() {
        return label;
    }
    let first = notice.lines().next().unwrap_or_default();
    let title = if first.chars().any(char::is_alphanumeric) { "" } else { "Twolatch\n" };
    format!("{title}{notice}\n{label}")
}
