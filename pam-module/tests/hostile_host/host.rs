//! A PAM application that can misbehave. It must not know what the server says.

use std::collections::VecDeque;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr;
use std::sync::OnceLock;

use tempfile::TempDir;

pub(crate) const SUCCESS: c_int = 0;
pub(crate) const PERM_DENIED: c_int = 6;
pub(crate) const AUTH_ERR: c_int = 7;
pub(crate) const AUTHINFO_UNAVAIL: c_int = 9;
pub(crate) const MAXTRIES: c_int = 11;
pub(crate) const CONV_ERR: c_int = 19;
pub(crate) const CONV_AGAIN: c_int = 30;

const PAM_USER: c_int = 2;
const PAM_CONV: c_int = 5;
const PAM_FAIL_DELAY: c_int = 10;
const PROMPT_ECHO_OFF: c_int = 1;
const PROMPT_ECHO_ON: c_int = 2;

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

type Converse = extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int;

#[repr(C)]
struct Conv {
    converse: Option<Converse>,
    data: *mut c_void,
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conv,
        folder: *const c_char,
        handle: *mut *mut c_void,
    ) -> c_int;
    fn pam_end(handle: *mut c_void, status: c_int) -> c_int;
    fn pam_authenticate(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_set_item(handle: *mut c_void, item: c_int, value: *const c_void) -> c_int;
    fn pam_putenv(handle: *mut c_void, line: *const c_char) -> c_int;
}

/// What the application does at one prompt.
#[derive(Clone)]
pub(crate) enum Act {
    /// Gives these bytes.
    Type(Vec<u8>),
    /// Says yes and gives no array.
    NullArray,
    /// Says yes and gives an array without a line.
    NullLine,
    /// Fails with this code.
    Fail(c_int),
    /// Renames the user, then gives these bytes.
    Rename(&'static CStr, Vec<u8>),
}

/// One application with one handle.
pub(crate) struct Host {
    handle: *mut c_void,
    state: Box<State>,
    _folder: TempDir,
}

struct State {
    handle: *mut c_void,
    acts: VecDeque<Act>,
    prompts: Vec<(c_int, String)>,
    delay: c_uint,
}

impl Host {
    /// Opens a handle for `user`; each line is a control word and the module's arguments.
    pub(crate) fn start(user: &CStr, lines: &[String]) -> Self {
        Self::start_as(c"hostile", user, lines, "")
    }

    /// The same for a service, with arguments of the account line; `pam_permit` stands behind that.
    pub(crate) fn start_sshd(user: &CStr, lines: &[String], account: &str) -> Self {
        Self::start_as(c"sshd", user, lines, &format!("{account}\naccount required pam_permit.so"))
    }

    fn start_as(service: &CStr, user: &CStr, lines: &[String], account: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let module = module();
        let mut stack = String::new();
        for line in lines {
            let (control, arguments) = line.split_once(' ').unwrap_or((line, ""));
            writeln!(stack, "auth {control} {} {arguments}", module.display()).unwrap();
        }
        writeln!(stack, "account required {} {account}", module.display()).unwrap();
        std::fs::write(folder.path().join(service.to_str().unwrap()), stack).unwrap();
        let mut state =
            Box::new(State { handle: ptr::null_mut(), acts: VecDeque::new(), prompts: Vec::new(), delay: 0 });
        let conversation = Conv { converse: Some(converse), data: (&raw mut *state).cast() };
        let path = CString::new(folder.path().to_str().unwrap()).unwrap();
        let mut handle = ptr::null_mut();
        // SAFETY: all strings end in NUL and live during the call; libpam copies them and the conversation.
        let code = unsafe {
            pam_start_confdir(service.as_ptr(), user.as_ptr(), &raw const conversation, path.as_ptr(), &raw mut handle)
        };
        assert_eq!(code, SUCCESS, "pam_start_confdir");
        state.handle = handle;
        // libpam would sleep, and hundreds of refusals would take minutes.
        let delay: extern "C" fn(c_int, c_uint, *mut c_void) = delay;
        // SAFETY: the handle is live; the item is a function of this very type.
        assert_eq!(unsafe { pam_set_item(handle, PAM_FAIL_DELAY, delay as *const c_void) }, SUCCESS);
        Self { handle, state, _folder: folder }
    }

    /// Takes the conversation function away.
    pub(crate) fn without_conversation(self) -> Self {
        let none = Conv { converse: None, data: ptr::null_mut() };
        // SAFETY: the handle is live; libpam copies the structure.
        unsafe { pam_set_item(self.handle, PAM_CONV, (&raw const none).cast()) };
        self
    }

    /// Sets a variable of the PAM environment.
    pub(crate) fn with_variable(self, line: &CStr) -> Self {
        // SAFETY: the handle is live; libpam copies the string, which ends in NUL.
        assert_eq!(unsafe { pam_putenv(self.handle, line.as_ptr()) }, SUCCESS);
        self
    }

    /// Logs in. Every act has to be used.
    pub(crate) fn authenticate(&mut self, acts: &[Act]) -> c_int {
        self.state.acts = acts.iter().cloned().collect();
        // SAFETY: the handle is live and used by this thread only.
        let code = unsafe { pam_authenticate(self.handle, 0) };
        assert_eq!(self.state.acts.len(), 0, "acts were left over; the prompts were {:?}", self.state.prompts);
        code
    }

    pub(crate) fn setcred(&mut self) -> c_int {
        // SAFETY: the handle is live and used by this thread only.
        unsafe { pam_setcred(self.handle, 2) }
    }

    pub(crate) fn account(&mut self) -> c_int {
        // SAFETY: the handle is live and used by this thread only.
        unsafe { pam_acct_mgmt(self.handle, 0) }
    }

    /// The microseconds that the host was asked to wait after the last login.
    pub(crate) fn delay(&self) -> c_uint {
        self.state.delay
    }

    /// The prompts so far, and whether they echo.
    pub(crate) fn prompts(&self) -> Vec<(bool, &str)> {
        self.state.prompts.iter().map(|(style, text)| (*style == PROMPT_ECHO_ON, text.as_str())).collect()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: the handle is live and not used again.
        unsafe { pam_end(self.handle, SUCCESS) };
    }
}

extern "C" fn delay(_: c_int, microseconds: c_uint, data: *mut c_void) {
    // SAFETY: libpam hands back the conversation's pointer, if there is one; the state outlives the handle.
    if let Some(state) = unsafe { data.cast::<State>().as_mut() } {
        state.delay = microseconds;
    }
}

extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    to: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    // SAFETY: libpam hands back the pointer given at the start; the state outlives the handle.
    let state = unsafe { &mut *data.cast::<State>() };
    assert_eq!(count, 1);
    // SAFETY: the module sends one message, whose text ends in NUL.
    let (style, text) = unsafe { ((**messages).style, CStr::from_ptr((**messages).text)) };
    if style != PROMPT_ECHO_OFF && style != PROMPT_ECHO_ON {
        // As rude as it gets for a mere message: yes, and nothing.
        return SUCCESS;
    }
    state.prompts.push((style, text.to_str().unwrap().to_owned()));
    let line = match state.acts.pop_front() {
        Some(Act::Type(line)) => Some(line),
        Some(Act::NullLine) => None,
        Some(Act::NullArray) => return SUCCESS,
        Some(Act::Fail(code)) => return code,
        Some(Act::Rename(user, line)) => {
            // SAFETY: the handle is live; libpam copies the string, which ends in NUL.
            unsafe { pam_set_item(state.handle, PAM_USER, user.as_ptr().cast()) };
            Some(line)
        }
        None => return CONV_ERR,
    };
    // SAFETY: both allocations are made for the module's `free`; the second one has room for the line and a NUL behind it.
    unsafe {
        let response = libc::calloc(1, size_of::<Response>()).cast::<Response>();
        if let Some(line) = line {
            (*response).text = libc::calloc(line.len() + 1, 1).cast();
            // Also what may stand behind a NUL of its own.
            ptr::copy_nonoverlapping(line.as_ptr(), (*response).text.cast(), line.len());
        }
        *to = response;
    }
    SUCCESS
}

/// The module as an administrator gets it. Cargo does not build a cdylib for its tests, and an old one would pass.
fn module() -> &'static Path {
    static MODULE: OnceLock<PathBuf> = OnceLock::new();
    MODULE.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let target = test.ancestors().nth(3).unwrap();
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--offline", "--package", "pam-module"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("CARGO_TARGET_DIR", target)
            .status();
        let module = target.join("debug/libpam_twolatch.so");
        let there = built.is_ok_and(|status| status.success()) && module.exists();
        assert!(there, "no {}: run `cargo build -p pam-module` and see why", module.display());
        module
    })
}
