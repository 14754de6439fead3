//! One line in the journal for each login. It must know no secret: nothing that was typed gets here.

use std::ffi::CString;
use std::fmt::Write;

use pam::module::PamHandle;
use twolatch_core::reason::Reason;

use crate::sys::{self, Priority};

#[cfg(test)]
mod tests;

/// A value longer than this is cut.
const MAX_VALUE: usize = 128;

/// Who and where, as far as it is known.
#[derive(Debug, Default, Clone)]
pub(crate) struct Door {
    /// `PAM_USER`.
    pub(crate) user: String,
    /// `PAM_SERVICE`.
    pub(crate) service: String,
    /// `PAM_TTY`.
    pub(crate) tty: Option<String>,
    /// `PAM_RHOST`.
    pub(crate) rhost: Option<String>,
}

/// A login that ended well, or a step on the way.
pub(crate) fn note(handle: &PamHandle, priority: Priority, door: &Door, result: &str) {
    write(handle, priority, &line(door, result, None, ""));
}

/// A login that was refused.
pub(crate) fn refusal(handle: &PamHandle, door: &Door, reason: Reason, detail: &str) {
    write(handle, priority(reason), &line(door, "refused", Some(reason), detail));
}

/// A panic. Its text could hold a secret, so only the place is told.
pub(crate) fn panic(place: &str) {
    if let Ok(line) = CString::new(format!("twolatch: internal error at {}", value(place))) {
        sys::log_plain(Priority::Critical, &line);
    }
}

fn write(handle: &PamHandle, priority: Priority, line: &str) {
    if let Ok(line) = CString::new(line) {
        sys::log(handle, priority, &line);
    }
}

/// `twolatch(sshd): user=alice rhost=203.0.113.7 refused reason=wrong: what the operator does about it`
fn line(door: &Door, result: &str, reason: Option<Reason>, detail: &str) -> String {
    let mut line = format!("twolatch({}): user={}", value(&door.service), value(&door.user));
    // Writing to a string cannot fail.
    for (name, text) in [("tty", &door.tty), ("rhost", &door.rhost)] {
        if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
            let _ = write!(line, " {name}={}", value(text));
        }
    }
    let _ = write!(line, " {result}");
    if let Some(reason) = reason {
        let _ = write!(line, " reason={reason}");
        if !detail.is_empty() {
            let _ = write!(line, " ({})", escaped(detail));
        }
        let _ = write!(line, ": {}", reason.next_step());
    }
    line
}

/// A value that cannot be taken for two, nor for another: quoted unless it is plain.
fn value(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@:/+%".contains(&byte);
    if !text.is_empty() && text.len() <= MAX_VALUE && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("\"{}\"", escaped(text))
}

/// ASCII that can be printed; the rest as escapes, so that letters that look alike do not read alike.
fn escaped(text: &str) -> String {
    let mut cut: String = text.chars().take(MAX_VALUE).flat_map(char::escape_default).collect();
    if text.chars().nth(MAX_VALUE).is_some() {
        cut.push_str("...");
    }
    cut
}

/// What the admin must act on stands out from what people mistype.
fn priority(reason: Reason) -> Priority {
    match reason {
        Reason::NoAnswer
        | Reason::BadAnswer
        | Reason::UnsafePath
        | Reason::BadArgument
        | Reason::Version
        | Reason::NoEntropy
        | Reason::Internal => Priority::Error,
        _ => Priority::Notice,
    }
}
