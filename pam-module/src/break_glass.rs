//! The way in that needs no server: one-time codes of this host, kept as [`twolatch_core::break_glass`] says, for `login` on
//! a terminal of this machine. Whether the server gives no answer is for others to find out.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use pam::module::PamHandle;
use twolatch_core::break_glass::{FOLDER, GROUP, file_name, has_folder, read};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;

use crate::converse::Conversation;
use crate::log::Door;
use crate::login::{Manner, Refusal};
use crate::sys;

#[cfg(test)]
mod tests;

/// The names that the kernel gives to screens, serial lines and the consoles of virtual machines.
const TERMINALS: [&str; 4] = ["tty", "ttyS", "ttyAMA", "hvc"];

/// What is asked first.
const PROMPT: &str = "The login server gives no answer.\nBreak-glass code: ";

/// What is asked after something else was typed.
const AGAIN: &str = "That is no unused break-glass code.\nBreak-glass code: ";

/// A file that is anybody's but root's counts for nothing.
const OTHERS: u32 = 0o077;

/// The unused codes of somebody: their folder, open and found to be root's alone.
pub(crate) struct Codes(File);

/// The codes of whoever logs in here; nothing where nobody is asked for one.
///
/// # Errors
/// [`Refusal`] where there are some, and others than root could have made them.
pub(crate) fn codes(handle: &mut PamHandle, door: &Door) -> Result<Option<Codes>, Refusal> {
    if !is_local(door) || !has_folder(&door.user) || !sys::is_root() || !sys::is_member(handle, &door.user, GROUP) {
        return Ok(None);
    }
    open(Path::new(FOLDER), &door.user)
}

/// Asks until a code was right, which is then spent, or there were enough prompts.
///
/// # Errors
/// [`Refusal`] for everything but a clear yes.
pub(crate) fn ask(conversation: &mut impl Conversation, codes: &Codes, manner: Manner<'_>) -> Result<(), Refusal> {
    for shown in 0..manner.prompts {
        let line = conversation.ask(if shown == 0 { PROMPT } else { AGAIN }, manner.echo)?;
        if let Some(code) = read(&line)
            && codes.spend(&code)?
        {
            return Ok(());
        }
    }
    Err(Refusal { detail: "break-glass".to_owned(), ..Refusal::new(Reason::TooManyPrompts) })
}

/// Whether somebody sits at this machine, and runs `login` there.
fn is_local(door: &Door) -> bool {
    let tty = door.tty.as_deref().unwrap_or_default();
    let tty = tty.strip_prefix("/dev/").unwrap_or(tty);
    let kind = tty.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_terminal = tty == "console" || kind.len() < tty.len() && TERMINALS.contains(&kind);
    door.service == "login" && door.rhost.as_deref().is_none_or(str::is_empty) && is_terminal
}

fn open(folder: &Path, name: &str) -> Result<Option<Codes>, Refusal> {
    let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
    let whole = OpenOptions::new().read(true).custom_flags(flags).open(folder);
    let Some(whole) = found(whole, "the folder")? else { return Ok(None) };
    closed(&whole, "the folder")?;
    let Ok(name) = CString::new(name) else { return Ok(None) };
    let Some(own) = found(sys::open_at(&whole, &name, flags), "the person's folder")? else { return Ok(None) };
    closed(&own, "the person's folder")?;
    Ok(Some(Codes(own)))
}

impl Codes {
    /// Whether this is an unused code. It is spent before this returns, and whoever finds it at the same time does not
    /// spend it a second time.
    fn spend(&self, code: &Secret) -> Result<bool, Refusal> {
        let Ok(name) = CString::new(file_name(code)) else { return Ok(false) };
        // Not for ever, should it be a FIFO.
        let file = sys::open_at(&self.0, &name, libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let Some(file) = found(file, "a code")? else { return Ok(false) };
        let about = closed(&file, "a code")?;
        if !about.is_file() || about.nlink() > 1 {
            return Err(unsafe_path("a code is no file, or has two names"));
        }
        if found(sys::unlink_at(&self.0, &name), "a code")?.is_none() {
            return Ok(false);
        }
        // Not before this is the code spent whatever happens to the machine.
        self.0.sync_all().map_err(|error| failed("the person's folder", &error))?;
        Ok(true)
    }
}

/// What is there; nothing where nothing is.
fn found<T>(result: io::Result<T>, what: &str) -> Result<Option<T>, Refusal> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENOTDIR)) => {
            Err(unsafe_path(&format!("{what} is a link, or something else")))
        }
        Err(error) => Err(failed(what, &error)),
    }
}

fn closed(file: &File, what: &str) -> Result<std::fs::Metadata, Refusal> {
    let about = file.metadata().map_err(|error| failed(what, &error))?;
    if about.uid() == 0 && about.mode() & OTHERS == 0 {
        return Ok(about);
    }
    Err(unsafe_path(&format!("{what} belongs to another than root, or others may reach it")))
}

fn unsafe_path(what: &str) -> Refusal {
    Refusal { detail: format!("break-glass: {what} (below {FOLDER})"), ..Refusal::new(Reason::UnsafePath) }
}

fn failed(what: &str, error: &io::Error) -> Refusal {
    Refusal { detail: format!("break-glass: {what}: {error} (below {FOLDER})"), ..Refusal::new(Reason::StoreIo) }
}
