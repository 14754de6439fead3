//! Twolatch's PAM module: asks for a code and lets the server judge it.
//!
//! The hooks of libpam: options, one call, a PAM code. What is asked and judged lies in the modules, which know nothing
//! of PAM; a module uses those to its left: `options, converse, authenticator <- login, forward <- log <- lib`.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::Duration;

use pam::constants::{PAM_SILENT, PamFlag, PamResultCode};
use pam::items::{AuthTok, RHost, Service, Tty, User};
use pam::module::{PamHandle, PamHooks};
use twolatch_core::reason::Reason;
use twolatch_core::wire::{Evidence, Qr};
use zeroize::Zeroizing;

use crate::authenticator::Subject;
use crate::authenticator::socket::SocketAuthenticator;
use crate::converse::{Conversation, PamConversation};
use crate::forward::{Forwarded, Kept};
use crate::log::Door;
use crate::login::{Manner, Passed, Refusal};
use crate::options::{First, Options, Task};
use crate::sys::Priority;

pub mod authenticator;
pub mod converse;
pub mod forward;
mod log;
pub mod login;
pub mod options;
mod sys;

/// The six symbols that libpam looks up; a panic in any of them ends as `PAM_ABORT`.
mod hooks {
    use super::Twolatch;

    pam::pam_hooks!(Twolatch);
}

/// No account's name is longer; what is, is refused without asking anybody.
const MAX_USER: usize = 512;
/// Service, terminal and remote host are for rules and journal; a longer one is cut.
const MAX_ITEM: usize = 256;
/// The longest line about a key that fits into a request; certificates are the longest.
const MAX_KEY: usize = 8 * 1024;
/// What the host is asked to wait before it shows a refusal.
const FAIL_DELAY: Duration = Duration::from_secs(2);

struct Twolatch;

impl PamHooks for Twolatch {
    fn sm_authenticate(handle: &mut PamHandle, arguments: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        silence_panics();
        let caught = catch_unwind(AssertUnwindSafe(|| authenticate(handle, &arguments, flags)));
        caught.unwrap_or_else(|payload| {
            // Dropping a payload runs foreign code, which could panic again.
            std::mem::forget(payload);
            PamResultCode::PAM_ABORT
        })
    }

    /// `pam_setcred` fails if no module of the stack answers; there is nothing to set.
    fn sm_setcred(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_SUCCESS
    }
}

/// What an attempt came to.
enum End {
    /// A factor was right, or, for `key_used`, a key was.
    In(&'static str),
    /// The line has no opinion.
    Pass(&'static str),
    /// `key_used`: no key. Nobody is refused by it, so nobody has to wait.
    NoKey,
    /// Refused.
    Out(Refusal),
}

/// The only place that answers `PAM_SUCCESS` to `pam_authenticate`.
fn authenticate(handle: &mut PamHandle, arguments: &[&CStr], flags: PamFlag) -> PamResultCode {
    let mut door = door(handle);
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(bad) => {
            return refuse(handle, &door, flags, &Refusal { detail: bad.0, ..Refusal::new(Reason::BadArgument) });
        }
    };
    let end = user(handle).and_then(|user| {
        door.user.clone_from(&user);
        let end = attempt(handle, &options, &door, flags)?;
        // Another module or the host could have changed the name while the person was typing.
        if handle.get_item::<User>().ok().flatten().map(|user| user.0.to_bytes()) == Some(user.as_bytes()) {
            Ok(end)
        } else {
            Err(Refusal::new(Reason::UserChanged))
        }
    });
    match end.unwrap_or_else(End::Out) {
        End::In(result) => {
            log::note(handle, Priority::Info, &door, result);
            PamResultCode::PAM_SUCCESS
        }
        End::Pass(result) => {
            log::note(handle, if options.debug { Priority::Info } else { Priority::Debug }, &door, result);
            PamResultCode::PAM_IGNORE
        }
        End::NoKey => PamResultCode::PAM_AUTH_ERR,
        End::Out(refusal) => refuse(handle, &door, flags, &refusal),
    }
}

fn attempt(handle: &mut PamHandle, options: &Options, door: &Door, flags: PamFlag) -> Result<End, Refusal> {
    let key = key(handle);
    if options.debug {
        let seen = if key.is_some() { "started with a key" } else { "started without a key" };
        log::note(handle, Priority::Debug, door, seen);
    }
    let passed = match options.task {
        Task::KeyUsed => return Ok(if key.is_some() { End::In("a key was used") } else { End::NoKey }),
        Task::Forward => return forward(handle, options, door, flags),
        Task::Login => {
            let subject = subject(options, door, key);
            let mut server = SocketAuthenticator::new(&options.socket, options.timeout, &subject);
            let password = password(handle);
            let manner = Manner {
                prompt: &options.prompt,
                echo: options.echo_code,
                prompts: options.prompts,
                password: password.as_deref().map(Vec::as_slice),
            };
            login::run(&mut PamConversation::new(handle, silent(flags)), &mut server, manner)?
        }
        Task::Verify => {
            let forwarded = sys::kept(handle).and_then(Kept::take).ok_or_else(|| Refusal {
                detail: "`verify` found no code of a `forward_pass` line above".to_owned(),
                ..Refusal::new(Reason::BadArgument)
            })?;
            if forwarded.user != door.user {
                return Err(Refusal::new(Reason::UserChanged));
            }
            let mut subject = subject(options, door, key);
            // Nobody can be led through set-up without a prompt.
            subject.qr = Qr::Off;
            let mut server = SocketAuthenticator::new(&options.socket, options.timeout, &subject);
            login::judge(&mut server, &forwarded.code)?
        }
    };
    match passed {
        Passed::Granted => Ok(End::In("granted")),
        Passed::NotAsked if options.nullok => Ok(End::Pass("not asked by policy")),
        Passed::NotAsked => Err(Refusal::new(Reason::NullokAbsent)),
    }
}

/// Asks for password and code in one line and hands each to who needs it.
fn forward(handle: &mut PamHandle, options: &Options, door: &Door, flags: PamFlag) -> Result<End, Refusal> {
    // A code of an earlier, broken attempt on this handle must not be judged in this one.
    drop(sys::kept(handle).and_then(Kept::take));
    let line = PamConversation::new(handle, silent(flags)).ask(&options.prompt, false)?;
    if matches!(twolatch_core::typed::parse(&line), twolatch_core::typed::Typed::Junk) {
        return Err(Refusal::new(Reason::HostRefused));
    }
    let (password, code) = forward::split(&line).ok_or_else(|| Refusal::new(Reason::Malformed))?;
    let kept = Kept::new(Forwarded { user: door.user.clone(), code });
    let handed = password.as_c_str().is_some_and(|password| sys::set_password(handle, password));
    if handed && sys::keep(handle, kept) {
        Ok(End::Pass("password handed on, code kept"))
    } else {
        Err(Refusal::new(Reason::Internal))
    }
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

/// `PAM_USER`, for which the host may be asked to prompt.
fn user(handle: &mut PamHandle) -> Result<String, Refusal> {
    match handle.get_user(None) {
        Ok(user) if user.len() <= MAX_USER => Ok(user),
        Err(PamResultCode::PAM_CONV_ERR | PamResultCode::PAM_CONV_AGAIN) => Err(Refusal::new(Reason::Conversation)),
        // No account has a name that is longer or not UTF-8.
        _ => Err(Refusal::new(Reason::Unknown)),
    }
}

/// The line about the key that sshd has checked. Only libpam's environment counts; the process's own is the caller's.
fn key(handle: &mut PamHandle) -> Option<String> {
    let methods = sys::pam_environment(handle, c"SSH_AUTH_INFO_0")?;
    let key = methods.lines().find(|line| line.starts_with("publickey "))?;
    (key.len() <= MAX_KEY).then(|| key.to_owned())
}

fn subject(options: &Options, door: &Door, key: Option<String>) -> Subject {
    Subject {
        user: door.user.clone(),
        service: door.service.clone(),
        tty: door.tty.clone(),
        rhost: door.rhost.clone(),
        caller: sys::caller(),
        evidence: match options.first {
            First::Stack => Evidence::Stack,
            First::Key => key.map_or(Evidence::None, Evidence::Key),
        },
        qr: options.qr,
    }
}

fn door(handle: &PamHandle) -> Door {
    let text = |item: Option<&CStr>| item.map(|text| text.to_string_lossy().chars().take(MAX_ITEM).collect::<String>());
    Door {
        user: String::new(),
        service: text(handle.get_item::<Service>().ok().flatten().map(|item| item.0)).unwrap_or_default(),
        tty: text(handle.get_item::<Tty>().ok().flatten().map(|item| item.0)),
        rhost: text(handle.get_item::<RHost>().ok().flatten().map(|item| item.0)),
    }
}

/// `PAM_AUTHTOK`, only to recognise it.
fn password(handle: &PamHandle) -> Option<Zeroizing<Vec<u8>>> {
    handle.get_item::<AuthTok>().ok().flatten().map(|password| Zeroizing::new(password.as_bytes().to_vec()))
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
