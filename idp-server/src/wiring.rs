//! Switching our module on at a service, and off again: which files would say what. It reads, and writes nothing; what our
//! own lines are is known by the marks around them, and nothing else is touched.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::doctor::Finding;
use crate::doctor::services::{DOORS, judge};
use crate::stack::walk::asks_for_code;
use crate::stack::{Kind, StackError, find, parse, read};

pub mod automation;
pub mod pending;

/// The marks around our lines in a PAM file.
const BEGIN: &str = "# Twolatch asks for a code here (`twolatch enable`; `twolatch disable` takes these lines out).";
const END: &str = "# End of Twolatch's lines.";

/// Our line.
const OURS: &str = "auth       required     pam_twolatch.so";

/// The line with which whoever comes in by a key alone is refused.
const ACCOUNT: &str = "account    required     pam_twolatch.so";

/// What sshd is told. It takes the first value that it finds, and reads these files by name.
const SSHD: &str = "etc/ssh/sshd_config.d/00-twolatch.conf";

/// What stands in that file.
const SSHD_LINES: &str = "# Twolatch asks for a code (`twolatch enable sshd`; `twolatch disable sshd` removes this file).\n\
UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\n\
AuthenticationMethods keyboard-interactive publickey,keyboard-interactive\nLoginGraceTime 300\n";

/// A file as it is and as it would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Which.
    pub path: PathBuf,
    /// What it says; nothing where it is not there.
    pub before: Option<String>,
    /// What it would say; nothing where it would not be there.
    pub after: Option<String>,
}

/// Why a service cannot be switched.
#[derive(Debug, Error)]
pub enum WiringError {
    /// Not one at which somebody can be asked.
    #[error(
        "{0} is none of sshd, sudo, sudo-i, su, su-l and login: at others nobody may be there to be asked. Whoever knows \
         that somebody is writes the line by hand"
    )]
    NoDoor(String),
    /// This machine has no such service.
    #[error("this machine has no /etc/pam.d/{0}")]
    NoService(String),
    /// It asks already, by lines that somebody else has written.
    #[error("{0} asks for a code already, by a line that `twolatch enable` has not written")]
    Asks(String),
    /// It does not ask by lines of ours.
    #[error("`twolatch enable` has written nothing for {0}")]
    NotOurs(String),
    /// Its stack cannot be read.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// Our line would be passed by, or lock out, wherever it stood.
    #[error("our line cannot stand in this stack: {0}")]
    Unfit(String),
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// What is asked for beside the code.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// A line that refuses whoever comes to sshd by a key alone; it stays where it stands already.
    pub account_line: bool,
    /// What sshd is told of people who come by a key alone and are exempt, for as long as that line asks whether they are.
    pub automation: Option<String>,
}

/// What would make a service ask; nothing where it does already. `root` is `/`.
///
/// # Errors
/// Why nothing would.
pub fn enabling(root: &Path, service: &str, wanted: &Wanted) -> Result<Vec<Edit>, WiringError> {
    let path = file_of(root, service)?;
    let before = text_of(&path)?.unwrap_or_default();
    let bare = text_without_ours(&before);
    if parse(root, &path, &bare, Kind::Auth)?.iter().any(asks_for_code) {
        return Err(WiringError::Asks(service.to_owned()));
    }
    let account_line = wanted.account_line || before.lines().any(|line| line == ACCOUNT);
    let after = with_ours(root, service, &bare, account_line)?;
    let mut edits = vec![Edit { path, before: Some(before), after: Some(after) }];
    if service == "sshd" {
        let automation = wanted.automation.clone().filter(|_| account_line);
        for (file, after) in [(SSHD, Some(SSHD_LINES.to_owned())), (automation::FILE, automation)] {
            let path = root.join(file);
            edits.push(Edit { before: text_of(&path)?, path, after });
        }
    }
    edits.retain(|edit| edit.before != edit.after);
    Ok(edits)
}

/// What would make it ask no more.
///
/// # Errors
/// Why nothing would.
pub fn disabling(root: &Path, service: &str) -> Result<Vec<Edit>, WiringError> {
    let path = file_of(root, service)?;
    let before = text_of(&path)?.unwrap_or_default();
    if !is_marked(before.as_bytes()) {
        return Err(WiringError::NotOurs(service.to_owned()));
    }
    let mut edits = vec![Edit { after: Some(text_without_ours(&before)), path, before: Some(before) }];
    if service == "sshd" {
        let path = root.join(SSHD);
        // Whoever has changed it since keeps what they have written.
        if text_of(&path)?.is_some_and(|text| text == SSHD_LINES) {
            edits.push(Edit { path, before: Some(SSHD_LINES.to_owned()), after: None });
        }
        let path = root.join(automation::FILE);
        if let Some(text) = text_of(&path)? {
            edits.push(Edit { path, before: Some(text), after: None });
        }
    }
    Ok(edits)
}

/// The services that ask by lines of ours.
#[must_use]
pub fn enabled(root: &Path) -> Vec<&'static str> {
    let asks = |service: &&str| {
        let text = find(root, service).and_then(|path| fs::read(path).ok());
        text.is_some_and(|text| is_marked(&text))
    };
    DOORS.into_iter().filter(asks).collect()
}

fn file_of(root: &Path, service: &str) -> Result<PathBuf, WiringError> {
    if !DOORS.contains(&service) {
        return Err(WiringError::NoDoor(service.to_owned()));
    }
    // The file itself where a link leads to it: a link is somebody's, too.
    let path = root.join("etc/pam.d").join(service);
    path.canonicalize().map_err(|_| WiringError::NoService(service.to_owned()))
}

fn text_of(path: &Path) -> Result<Option<String>, WiringError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(WiringError::File { path: path.to_owned(), error }),
    }
}

fn is_marked(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| line.trim_ascii_end() == BEGIN.as_bytes())
}

/// The file with our lines behind the last line for authentication behind which they do their work.
fn with_ours(root: &Path, service: &str, bare: &str, account_line: bool) -> Result<String, WiringError> {
    let lines: Vec<&str> = bare.split_inclusive('\n').collect();
    let ours = if account_line { vec![BEGIN, OURS, ACCOUNT, END] } else { vec![BEGIN, OURS, END] };
    let ours = ours.join("\n") + "\n";
    let mut trouble: Option<String> = None;
    for at in (1..=lines.len()).rev() {
        let (front, back) = lines.split_at(at);
        let front_end = front.last().map_or("", |line| line.trim_end());
        if front_end.ends_with('\\') || !is_for_auth(root, front_end) {
            continue;
        }
        let (mut text, back) = (front.concat(), back.concat());
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text = text + &ours + &back;
        let stack = parse(root, &root.join("etc/pam.d").join(service), &text, Kind::Auth)?;
        match judge(root, service, &stack).into_iter().find(|finding| finding.verdict.is_bad()) {
            None => return Ok(text),
            // What is wrong where it stands last is what somebody has to put right.
            Some(Finding { found, place, .. }) => {
                let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
                trouble.get_or_insert(place + &found);
            }
        }
    }
    Err(WiringError::Unfit(trouble.unwrap_or_else(|| "it asks nobody for anything".to_owned())))
}

/// Whether a line has a say in who somebody is, itself or by what it includes.
fn is_for_auth(root: &Path, line: &str) -> bool {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default().trim_start_matches('-');
    let asks = |name: &str| read(root, name, Kind::Auth).is_ok_and(|lines| !lines.is_empty());
    if first == "@include" { words.next().is_some_and(asks) } else { first.eq_ignore_ascii_case("auth") }
}

fn text_without_ours(text: &str) -> String {
    String::from_utf8_lossy(&without_ours(text.as_bytes())).into_owned()
}

/// The file without our lines.
fn without_ours(text: &[u8]) -> Vec<u8> {
    parts(text).into_iter().filter(|(_, is_ours)| !is_ours).map(|(line, _)| line).collect::<Vec<_>>().concat()
}

/// The file with those of our lines that another one has, in the place of its own.
fn with_ours_of(text: &[u8], other: &[u8]) -> Vec<u8> {
    let mut ours: Vec<&[u8]> = parts(other).into_iter().filter(|(_, is_ours)| *is_ours).map(|(line, _)| line).collect();
    let mut all = Vec::new();
    for (line, is_ours) in parts(text) {
        all.append(&mut if is_ours { std::mem::take(&mut ours) } else { vec![line] });
    }
    all.concat()
}

/// The lines, and which are ours. What somebody has written between ours is not, text or no text; it ends them.
fn parts(text: &[u8]) -> Vec<(&[u8], bool)> {
    let mut inside = false;
    let is_ours = |whole| {
        let line = <[u8]>::trim_ascii_end(whole);
        let ours = line == BEGIN.as_bytes() || (inside && [OURS, ACCOUNT, END].map(str::as_bytes).contains(&line));
        inside = ours && line != END.as_bytes();
        (whole, ours)
    };
    text.split_inclusive(|byte| *byte == b'\n').map(is_ours).collect()
}

#[cfg(test)]
#[path = "wiring/tests.rs"]
mod tests;
