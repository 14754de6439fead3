//! The arguments of the module's line in a PAM file. It must know neither PAM nor the server.
//!
//! Whatever is not understood denies the login: a misspelt `nullok` is harmless, a misspelt `first=key` is not.

use std::ffi::CStr;
use std::path::PathBuf;
use std::time::Duration;

use twolatch_core::wire::Qr;

#[cfg(test)]
mod tests;

/// Where the server listens unless `socket=` says otherwise.
pub const DEFAULT_SOCKET: &str = "/run/twolatch/verify.sock";

/// Editors and automation tools look for exactly this text.
pub const DEFAULT_PROMPT: &str = "Verification code: ";

/// What `forward_pass` asks, where one line holds both.
pub const DEFAULT_FORWARD_PROMPT: &str = "Password & verification code: ";

/// The most prompts that one conversation can have, whatever the line says.
pub const MAX_PROMPTS: u8 = 10;

/// The kernel's limit for the path of a Unix socket, without the NUL.
const MAX_SOCKET_PATH: usize = 107;

/// A prompt longer than this is a mistake in the file.
const MAX_PROMPT: usize = 256;

/// What speaks for the first factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// The lines above this one.
    Stack,
    /// The public key that sshd has checked.
    Key,
}

/// What this line of the PAM file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Ask for a code and have it judged.
    Login,
    /// `forward_pass`: ask for password and code in one line, hand the password to the next module, keep the code.
    Forward,
    /// `verify`: have the kept code judged.
    Verify,
    /// `key_used`: only tell the stack whether sshd has checked a public key.
    KeyUsed,
}

/// The arguments, all of them understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What the line is for.
    pub task: Task,
    /// `socket=PATH`.
    pub socket: PathBuf,
    /// `first=stack|key`.
    pub first: First,
    /// `prompt=TEXT`, or the task's own.
    pub prompt: String,
    /// `echo_code`: the code is seen while it is typed.
    pub echo_code: bool,
    /// `qr=utf8|ascii|off`.
    pub qr: Qr,
    /// `prompts=N`.
    pub prompts: u8,
    /// `timeout=S`, for one request.
    pub timeout: Duration,
    /// `nullok`: people whom policy does not ask pass by.
    pub nullok: bool,
    /// `debug`: more lines in the journal.
    pub debug: bool,
}

/// An argument that denies the login, told in words for the journal.
#[derive(Debug, PartialEq, Eq)]
pub struct BadArgument(pub String);

impl Options {
    /// Reads the arguments as libpam hands them over: `[prompt=with blanks]` is one of them.
    ///
    /// # Errors
    /// [`BadArgument`] for one that is unknown, malformed, given twice, or at odds with another.
    pub fn parse(arguments: &[&CStr]) -> Result<Self, BadArgument> {
        let mut options = Self {
            task: Task::Login,
            socket: PathBuf::from(DEFAULT_SOCKET),
            first: First::Stack,
            prompt: String::new(),
            echo_code: false,
            qr: Qr::Utf8,
            prompts: 3,
            timeout: Duration::from_secs(5),
            nullok: false,
            debug: false,
        };
        let mut seen: Vec<&str> = Vec::new();
        for argument in arguments {
            let text = argument.to_str().map_err(|_| BadArgument("an argument is not UTF-8".into()))?;
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (text, None),
            };
            if seen.contains(&name) {
                return Err(BadArgument(format!("`{name}` is given twice")));
            }
            seen.push(name);
            if !options.set(name, value) {
                return Err(BadArgument(format!("`{text}` is not an argument of this module")));
            }
        }
        options.agree(&seen)?;
        if options.prompt.is_empty() {
            let default = if options.task == Task::Forward { DEFAULT_FORWARD_PROMPT } else { DEFAULT_PROMPT };
            default.clone_into(&mut options.prompt);
        }
        Ok(options)
    }

    /// Reads the arguments of an account line: it asks nobody.
    ///
    /// # Errors
    /// [`BadArgument`] for one that means nothing there, or that [`Self::parse`] refuses.
    pub fn of_account(arguments: &[&CStr]) -> Result<Self, BadArgument> {
        let options = Self::parse(arguments)?;
        let name = |argument: &&CStr| argument.to_string_lossy().split('=').next().unwrap_or_default().to_owned();
        match arguments.iter().map(name).find(|name| !["socket", "timeout", "debug"].contains(&name.as_str())) {
            Some(name) => Err(BadArgument(format!("`{name}` does not go with an account line"))),
            None => Ok(options),
        }
    }

    /// Takes one argument over; false for one that means nothing.
    fn set(&mut self, name: &str, value: Option<&str>) -> bool {
        match (name, value) {
            ("socket", Some(path)) if is_socket_path(path) => self.socket = PathBuf::from(path),
            ("first", Some("stack")) => self.first = First::Stack,
            ("first", Some("key")) => self.first = First::Key,
            ("prompt", Some(text)) if is_prompt(text) => text.clone_into(&mut self.prompt),
            ("echo_code", None) => self.echo_code = true,
            ("qr", Some("utf8")) => self.qr = Qr::Utf8,
            ("qr", Some("ascii")) => self.qr = Qr::Ascii,
            ("qr", Some("off")) => self.qr = Qr::Off,
            ("prompts", Some(text)) => return number(text, MAX_PROMPTS).map(|count| self.prompts = count).is_some(),
            ("timeout", Some(text)) => {
                return number(text, 30).map(|s| self.timeout = Duration::from_secs(s.into())).is_some();
            }
            ("nullok", None) => self.nullok = true,
            ("forward_pass", None) => self.task = Task::Forward,
            ("verify", None) => self.task = Task::Verify,
            ("key_used", None) => self.task = Task::KeyUsed,
            ("debug", None) => self.debug = true,
            _ => return false,
        }
        true
    }

    /// An argument that could have no effect is a misunderstanding, and that is found now or by an attacker.
    fn agree(&self, seen: &[&str]) -> Result<(), BadArgument> {
        let (task, allowed): (&str, &[&str]) = match self.task {
            Task::Login => return Ok(()),
            Task::Forward => ("forward_pass", &["forward_pass", "prompt", "debug"]),
            Task::Verify => ("verify", &["verify", "socket", "first", "timeout", "nullok", "debug"]),
            Task::KeyUsed => ("key_used", &["key_used", "debug"]),
        };
        // The task that came last is not the only one: the earlier one is among the names that do not fit.
        match seen.iter().find(|name| !allowed.contains(name)) {
            Some(name) => Err(BadArgument(format!("`{name}` does not go with `{task}`"))),
            None => Ok(()),
        }
    }
}

/// Strictly decimal, from 1 to `most`.
fn number(text: &str, most: u8) -> Option<u8> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|count| (1..=most).contains(count))
}

fn is_socket_path(path: &str) -> bool {
    path.starts_with('/') && path.len() <= MAX_SOCKET_PATH && !path.ends_with('/') && !path.contains("/../")
}

fn is_prompt(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= MAX_PROMPT && !text.chars().any(char::is_control)
}
