//! Twolatch's PAM module: asks for a code and lets the server judge it.
//!
//! The hooks of libpam: options, one call, a PAM code. What is asked and judged lies in the modules, which know nothing
//! of PAM; a module uses those to its left: `options, converse, authenticator <- login, forward <- log <- facts, break_glass <-
//! lib`.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::Duration;

use pam::constants::{PAM_SILENT, PamFlag, PamResultCode};
use pam::module::{PamHandle, PamHooks};
use twolatch_core::reason::Reason;
use twolatch_core::typed::{self, Typed};
use twolatch_core::wire::{Outcome, Qr};

use crate::authenticator::socket::SocketAuthenticator;
use crate::converse::{Conversation, PamConversation};
use crate::forward::{Forwarded, Kept};
use crate::log::Door;
use crate::login::{Manner, Passed, Refusal};
use crate::options::{First, Options, Task};
use crate::sys::Priority;

pub mod authenticator;
mod break_glass;
pub mod converse;
mod facts;
pub mod forward;
mod log;
pub mod login;
pub mod options;
mod sys;
#[cfg(test)]
mod tests;

/// The six symbols that libpam looks up; a panic in any of them ends as `PAM_ABORT`.
mod hooks {
    use super::Twolatch;

    pam::pam_hooks!(Twolatch);
}

/// What the host is asked to wait before it shows a refusal.
const FAIL_DELAY: Duration = Duration::from_secs(2);

struct Twolatch;

impl PamHooks for Twolatch {
    fn sm_authenticate(handle: &mut PamHandle, arguments: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        silence_panics();
        guarded(|| authenticate(handle, &arguments, flags))
    }

    fn acct_mgmt(handle: &mut PamHandle, arguments: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        silence_panics();
        guarded(|| account(handle, &arguments, flags))
    }

    /// `pam_setcred` fails if no module of the stack answers; there is nothing to set.
    fn sm_setcred(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_SUCCESS
    }
}

/// A bug ends as a denial that stops the stack, never as a crash of sshd.
fn guarded(hook: impl FnOnce() -> PamResultCode) -> PamResultCode {
    catch_unwind(AssertUnwindSafe(hook)).unwrap_or_else(|payload| {
        // Dropping a payload runs code of its own, which could panic again.
        std::mem::forget(payload);
        PamResultCode::PAM_ABORT
    })
}

/// What an attempt came to.
enum End {
    /// A factor was right.
    Granted,
    /// No server has judged: a code of this host was right.
    BreakGlass,
    /// `key_used`: a key was.
    KeyUsed,
    /// Policy asks for nothing, and `nullok` takes that for enough.
    NotAsked,
    /// `forward_pass`: password and code are where the next lines find them.
    Forwarded,
    /// `key_used`: no key. Nobody is refused by it, so nobody has to wait.
    NoKey,
    /// Refused.
    Out(Refusal),
}

/// The only place that answers `PAM_SUCCESS` to `pam_authenticate`.
fn authenticate(handle: &mut PamHandle, arguments: &[&CStr], flags: PamFlag) -> PamResultCode {
    let mut door = facts::door(handle);
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(bad) => {
            return refuse(handle, &door, flags, &Refusal { detail: bad.0, ..Refusal::new(Reason::BadArgument) });
        }
    };
    let end = facts::user(handle).and_then(|user| {
        door.user.clone_from(&user);
        let end = attempt(handle, &options, &door, flags)?;
        if facts::is_still(handle, &user) { Ok(end) } else { Err(Refusal::new(Reason::UserChanged)) }
    });
    match end.unwrap_or_else(End::Out) {
        End::Granted => {
            // Where this cannot be noted, the account line takes it that there was no code.
            sys::note_proven(handle, Some(&door.user));
            log::note(handle, Priority::Info, &door, "granted");
            PamResultCode::PAM_SUCCESS
        }
        End::BreakGlass => {
            log::note(handle, Priority::Alert, &door, "granted by a break-glass code, which is spent");
            PamResultCode::PAM_SUCCESS
        }
        End::KeyUsed => {
            log::note(handle, Priority::Info, &door, "a key was used");
            PamResultCode::PAM_SUCCESS
        }
        End::NotAsked => {
            log::note(handle, Priority::Info, &door, "not asked by policy");
            PamResultCode::PAM_IGNORE
        }
        End::Forwarded => PamResultCode::PAM_IGNORE,
        End::NoKey => PamResultCode::PAM_AUTH_ERR,
        End::Out(refusal) => refuse(handle, &door, flags, &refusal),
    }
}

fn attempt(handle: &mut PamHandle, options: &Options, door: &Door, flags: PamFlag) -> Result<End, Refusal> {
    let key = facts::key(handle);
    // An earlier code on this handle is not one of this login.
    if matches!(options.task, Task::Login | Task::Verify) && !sys::note_proven(handle, None) {
        return Err(Refusal::new(Reason::Internal));
    }
    if options.debug {
        let seen = if key.is_some() { "started with a key" } else { "started without a key" };
        log::note(handle, Priority::Debug, door, seen);
    }
    let passed = match options.task {
        Task::KeyUsed => return Ok(if key.is_some() { End::KeyUsed } else { End::NoKey }),
        Task::Forward => return forward(handle, options, door, flags),
        Task::Login => {
            let subject = facts::subject(options, door, key);
            let mut server = SocketAuthenticator::new(&options.socket, options.timeout, &subject);
            let password = facts::password(handle);
            let manner = Manner {
                prompt: &options.prompt,
                echo: options.echo_code,
                prompts: options.prompts,
                password: password.as_deref().map(Vec::as_slice),
            };
            match login::run(&mut PamConversation::new(handle, silent(flags)), &mut server, manner) {
                // Such a code stands in for that of the app, not for the password.
                Err(refusal) if refusal.reason == Reason::NoAnswer && options.first == First::Stack => {
                    return without_server(handle, door, flags, manner, refusal);
                }
                passed => passed?,
            }
        }
        Task::Verify => {
            let forwarded = sys::kept(handle).and_then(Kept::take).ok_or_else(|| Refusal {
                detail: "`verify` found no code of a `forward_pass` line above".to_owned(),
                ..Refusal::new(Reason::BadArgument)
            })?;
            if forwarded.user != door.user {
                return Err(Refusal::new(Reason::UserChanged));
            }
            let mut subject = facts::subject(options, door, key);
            // Nobody can be led through set-up without a prompt.
            subject.qr = Qr::Off;
            let mut server = SocketAuthenticator::new(&options.socket, options.timeout, &subject);
            login::judge(&mut server, &forwarded.code)?
        }
    };
    match passed {
        Passed::Granted => Ok(End::Granted),
        Passed::NotAsked if options.nullok => Ok(End::NotAsked),
        Passed::NotAsked => Err(Refusal::new(Reason::NullokAbsent)),
    }
}

/// No server answers: a code of this host lets in whom it may let in here; all others are refused as before.
fn without_server(
    handle: &mut PamHandle,
    door: &Door,
    flags: PamFlag,
    manner: Manner<'_>,
    refusal: Refusal,
) -> Result<End, Refusal> {
    let Some(codes) = break_glass::codes(handle, door).transpose() else { return Err(refusal) };
    log::refusal(handle, door, refusal.reason, &refusal.detail);
    let codes = codes?;
    break_glass::ask(&mut PamConversation::new(handle, silent(flags)), &codes, manner)?;
    Ok(End::BreakGlass)
}

/// The account line: for sshd, which comes here by every method. It never answers `PAM_SUCCESS`, so that it cannot speak for
/// the lines behind it; and for other services, which may come here by `common-account`, it has no say.
fn account(handle: &mut PamHandle, arguments: &[&CStr], flags: PamFlag) -> PamResultCode {
    let mut door = facts::door(handle);
    if door.service != "sshd" {
        return PamResultCode::PAM_IGNORE;
    }
    let refusal = match let_in(handle, arguments, &mut door) {
        Ok(result) => {
            log::note(handle, Priority::Info, &door, result);
            return PamResultCode::PAM_IGNORE;
        }
        Err(refusal) => refusal,
    };
    log::refusal(handle, &door, refusal.reason, &refusal.detail);
    if let Some(notice) = refusal.notice.as_deref().filter(|notice| !notice.is_empty()) {
        PamConversation::new(handle, silent(flags)).tell(notice);
    }
    match refusal.reason {
        Reason::NoAnswer | Reason::Busy => PamResultCode::PAM_AUTHINFO_UNAVAIL,
        _ => PamResultCode::PAM_PERM_DENIED,
    }
}

/// Asks the server whether the person may come in; what the journal says then.
fn let_in(handle: &mut PamHandle, arguments: &[&CStr], door: &mut Door) -> Result<&'static str, Refusal> {
    let options =
        Options::of_account(arguments).map_err(|bad| Refusal { detail: bad.0, ..Refusal::new(Reason::BadArgument) })?;
    door.user = facts::user(handle)?;
    let proven = sys::is_proven(handle, &door.user);
    let key = facts::key(handle);
    let subject = facts::subject(&options, door, key);
    let outcome = SocketAuthenticator::new(&options.socket, options.timeout, &subject).account(proven)?;
    if !facts::is_still(handle, &door.user) {
        return Err(Refusal::new(Reason::UserChanged));
    }
    match outcome {
        Outcome::Granted if proven => Ok("account granted"),
        Outcome::NotAsked => Ok("account not asked by policy"),
        Outcome::Refused { reason, notice } => Err(Refusal { notice, ..Refusal::new(reason) }),
        Outcome::Granted | Outcome::Ask { .. } => {
            Err(Refusal { detail: "an answer to another question".to_owned(), ..Refusal::new(Reason::BadAnswer) })
        }
    }
}

/// Asks for password and code in one line and hands each to who needs it.
fn forward(handle: &mut PamHandle, options: &Options, door: &Door, flags: PamFlag) -> Result<End, Refusal> {
    // A code of an earlier, broken attempt on this handle must not be judged in this one.
    drop(sys::kept(handle).and_then(Kept::take));
    let line = PamConversation::new(handle, silent(flags)).ask(&options.prompt, false)?;
    if matches!(typed::parse(&line), Typed::Junk) {
        return Err(Refusal::new(Reason::HostRefused));
    }
    let (password, code) = forward::split(&line).ok_or_else(|| Refusal::new(Reason::Malformed))?;
    let kept = Kept::new(Forwarded { user: door.user.clone(), code });
    let handed = password.as_c_str().is_some_and(|password| sys::set_password(handle, password));
    if handed && sys::keep(handle, kept) { Ok(End::Forwarded) } else { Err(Refusal::new(Reason::Internal)) }
}

/// Logs a refusal, tells the person what may be told, and finds its PAM code.
fn refuse(handle: &mut PamHandle, door: &Door, flags: PamFlag, refusal: &Refusal) -> PamResultCode {
    log::refusal(handle, door, refusal.reason, &refusal.detail);
    let unreachable = matches!(refusal.reason, Reason::NoAnswer | Reason::Busy);
    let notice = refusal.notice.as_deref().or(unreachable.then_some("The login server gives no answer. Try again."));
    if let Some(notice) = notice.filter(|notice| !notice.is_empty()) {
        PamConversation::new(handle, silent(flags)).tell(notice);
    }
    sys::fail_delay(handle, FAIL_DELAY);
    match refusal.reason {
        Reason::NoAnswer | Reason::Busy => PamResultCode::PAM_AUTHINFO_UNAVAIL,
        Reason::Conversation => PamResultCode::PAM_CONV_ERR,
        Reason::TooManyPrompts => PamResultCode::PAM_MAXTRIES,
        _ => PamResultCode::PAM_AUTH_ERR,
    }
}

fn silent(flags: PamFlag) -> bool {
    flags & PAM_SILENT != 0
}

/// The standard hook would write the panic's text, and perhaps a secret with it, to the host's terminal.
fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
            log::panic(place.as_deref().unwrap_or("an unknown place"));
        }));
    });
}
