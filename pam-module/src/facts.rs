//! What the handle says of a login. It must not know what is made of it.

use std::ffi::CStr;

use pam::constants::PamResultCode;
use pam::items::{AuthTok, RHost, Service, Tty, User};
use pam::module::PamHandle;
use twolatch_core::reason::Reason;
use twolatch_core::wire::Evidence;
use zeroize::Zeroizing;

use crate::authenticator::Subject;
use crate::log::Door;
use crate::login::Refusal;
use crate::options::{First, Options};
use crate::sys;

/// No account's name is longer; what is, is refused without asking anybody.
const MAX_USER: usize = 512;
/// Service, terminal and remote host are for rules and journal; a longer one is cut.
const MAX_ITEM: usize = 256;
/// The longest line about a key that fits into a request; certificates are the longest.
const MAX_KEY: usize = 8 * 1024;

/// `PAM_USER`, for which the host may be asked to prompt.
pub(crate) fn user(handle: &mut PamHandle) -> Result<String, Refusal> {
    match handle.get_user(None) {
        Ok(user) if user.len() <= MAX_USER => Ok(user),
        Err(PamResultCode::PAM_CONV_ERR | PamResultCode::PAM_CONV_AGAIN) => Err(Refusal::new(Reason::Conversation)),
        // No account has a name that is longer or not UTF-8.
        _ => Err(Refusal::new(Reason::Unknown)),
    }
}

/// The line about the key that sshd has checked. Only libpam's environment counts; the process's own is the caller's.
pub(crate) fn key(handle: &mut PamHandle) -> Option<String> {
    let methods = sys::pam_environment(handle, c"SSH_AUTH_INFO_0")?;
    let key = methods.lines().find(|line| line.starts_with("publickey "))?;
    (key.len() <= MAX_KEY).then(|| key.to_owned())
}

pub(crate) fn subject(options: &Options, door: &Door, key: Option<String>) -> Subject {
    Subject {
        user: door.user.clone(),
        service: door.service.clone(),
        tty: door.tty.clone(),
        rhost: door.rhost.clone(),
        caller: sys::caller(),
        evidence: match options.first {
            First::Stack => Evidence::Stack,
            First::Key if key.is_some() => Evidence::Key,
            First::Key => Evidence::None,
        },
        key,
        qr: options.qr,
    }
}

pub(crate) fn door(handle: &PamHandle) -> Door {
    let text = |item: Option<&CStr>| item.map(|text| text.to_string_lossy().chars().take(MAX_ITEM).collect::<String>());
    Door {
        // For the journal only: `user` says whether it is a name at all.
        user: text(handle.get_item::<User>().ok().flatten().map(|item| item.0)).unwrap_or_default(),
        service: text(handle.get_item::<Service>().ok().flatten().map(|item| item.0)).unwrap_or_default(),
        tty: text(handle.get_item::<Tty>().ok().flatten().map(|item| item.0)),
        rhost: text(handle.get_item::<RHost>().ok().flatten().map(|item| item.0)),
    }
}

/// `PAM_AUTHTOK`, only to recognise it.
pub(crate) fn password(handle: &PamHandle) -> Option<Zeroizing<Vec<u8>>> {
    handle.get_item::<AuthTok>().ok().flatten().map(|password| Zeroizing::new(password.as_bytes().to_vec()))
}

/// Whether the handle still names this user. Another module or the host could have changed it while they typed.
pub(crate) fn is_still(handle: &PamHandle, user: &str) -> bool {
    handle.get_item::<User>().ok().flatten().is_some_and(|now| now.0.to_bytes() == user.as_bytes())
}
