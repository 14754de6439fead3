//! What libpam and the kernel offer and no safe crate wraps: the only unsafe code of the module. It must not decide
//! anything.
#![expect(unsafe_code, reason = "calls into libpam and libc")]

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::fs::File;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use pam::module::PamHandle;

use crate::forward::Kept;

/// libpam shares these names among all modules of a handle.
const KEPT: &str = "twolatch_forwarded_code";
const PROVEN: &str = "twolatch_proven";
const PAM_AUTHTOK: c_int = 6;
/// The first descriptor that is not one of the standard three.
const FIRST_FREE: c_int = 3;

/// Whose code was right.
struct Proven(Option<String>);

/// How grave a line of the journal is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Priority {
    /// Somebody got in by the way that no server sees.
    Alert = libc::LOG_ALERT as isize,
    /// A bug.
    Critical = libc::LOG_CRIT as isize,
    /// Something is broken or set up wrongly.
    Error = libc::LOG_ERR as isize,
    /// A person was refused.
    Notice = libc::LOG_NOTICE as isize,
    /// A person got in.
    Info = libc::LOG_INFO as isize,
    /// Only with `debug`.
    Debug = libc::LOG_DEBUG as isize,
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_syslog(handle: *const PamHandle, priority: c_int, format: *const c_char, ...);
    fn pam_fail_delay(handle: *mut PamHandle, microseconds: c_uint) -> c_int;
    fn pam_getenv(handle: *mut PamHandle, name: *const c_char) -> *const c_char;
    fn pam_set_item(handle: *mut PamHandle, item: c_int, value: *const c_void) -> c_int;
    fn pam_modutil_user_in_group_nam_nam(handle: *mut PamHandle, user: *const c_char, group: *const c_char) -> c_int;
}

/// One line to syslog, with the service in front.
pub(crate) fn log(handle: &PamHandle, priority: Priority, line: &CStr) {
    // SAFETY: the handle is the live one of this call; the format takes one string, which ends in NUL.
    unsafe { pam_syslog(handle, priority as c_int, c"%s".as_ptr(), line.as_ptr()) }
}

/// One line to syslog where there is no handle.
pub(crate) fn log_plain(priority: Priority, line: &CStr) {
    // SAFETY: the format takes one string, which ends in NUL.
    unsafe { libc::syslog(libc::LOG_AUTHPRIV | priority as c_int, c"%s".as_ptr(), line.as_ptr()) }
}

/// Asks the host to wait before it shows the refusal. The module itself never sleeps.
pub(crate) fn fail_delay(handle: &mut PamHandle, delay: Duration) {
    let microseconds = c_uint::try_from(delay.as_micros()).unwrap_or(c_uint::MAX);
    // SAFETY: the handle is the live one of this call. Whether the host heeds the delay is its own affair.
    let _ = unsafe { pam_fail_delay(handle, microseconds) };
}

/// A variable of the *PAM* environment, which only the host and its modules can set.
pub(crate) fn pam_environment(handle: &mut PamHandle, name: &CStr) -> Option<String> {
    // SAFETY: the handle is the live one of this call, and the name ends in NUL.
    let value = unsafe { pam_getenv(handle, name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: libpam returns a string that ends in NUL and lives until the variable is set again; it is copied here.
    unsafe { CStr::from_ptr(value) }.to_str().ok().map(str::to_owned)
}

/// Makes `password` the one that the next module takes (`use_first_pass`). False if libpam refuses.
pub(crate) fn set_password(handle: &mut PamHandle, password: &CStr) -> bool {
    // SAFETY: the handle is the live one of this call; libpam copies the string, which ends in NUL.
    unsafe { pam_set_item(handle, PAM_AUTHTOK, password.as_ptr().cast()) == 0 }
}

/// Puts something into the place of the kept code. False if libpam refuses.
pub(crate) fn keep(handle: &mut PamHandle, kept: Kept) -> bool {
    handle.set_data(KEPT, Box::new(kept)).is_ok()
}

/// The place of the kept code, if a `forward_pass` line was reached.
pub(crate) fn kept(handle: &PamHandle) -> Option<&Kept> {
    // SAFETY: this name is ours, and only `keep` stores under it, always a `Kept`.
    unsafe { handle.get_data::<Kept>(KEPT) }.ok()
}

/// Notes for the account line whose code was right on this handle, or that nobody's was. False if libpam refuses.
pub(crate) fn note_proven(handle: &mut PamHandle, user: Option<&str>) -> bool {
    handle.set_data(PROVEN, Box::new(Proven(user.map(str::to_owned)))).is_ok()
}

/// Whether a code of this user was right on this handle.
pub(crate) fn is_proven(handle: &PamHandle, user: &str) -> bool {
    // SAFETY: this name is ours, and only `note_proven` stores under it, always a `Proven`.
    unsafe { handle.get_data::<Proven>(PROVEN) }.is_ok_and(|proven| proven.0.as_deref() == Some(user))
}

/// Whether this process acts as root.
pub(crate) fn is_root() -> bool {
    // SAFETY: always succeeds, touches no memory.
    unsafe { libc::geteuid() == 0 }
}

/// The real uid: under su, who called it.
pub(crate) fn caller() -> u32 {
    // SAFETY: always succeeds, touches no memory.
    unsafe { libc::getuid() }
}

/// Whether an account is in a Unix group: its own, or one that it is added to.
pub(crate) fn is_member(handle: &mut PamHandle, user: &str, group: &str) -> bool {
    let (Ok(user), Ok(group)) = (CString::new(user), CString::new(group)) else { return false };
    // SAFETY: the handle is the live one of this call; both strings end in NUL.
    unsafe { pam_modutil_user_in_group_nam_nam(handle, user.as_ptr(), group.as_ptr()) == 1 }
}

/// Opens what lies in a folder, to be read; no child inherits it.
pub(crate) fn open_at(folder: &File, name: &CStr, flags: c_int) -> io::Result<File> {
    // SAFETY: the descriptor is open; the name ends in NUL.
    let number = unsafe { libc::openat(folder.as_raw_fd(), name.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC | flags) };
    if number < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just gave this descriptor to us alone.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(number) }))
}

/// Removes a file of a folder.
pub(crate) fn unlink_at(folder: &File, name: &CStr) -> io::Result<()> {
    // SAFETY: the descriptor is open; the name ends in NUL.
    let result = unsafe { libc::unlinkat(folder.as_raw_fd(), name.as_ptr(), 0) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// 128 random bits from the kernel; an error rather than a wait while it has none.
pub(crate) fn random() -> io::Result<[u8; 16]> {
    let mut bytes = [0_u8; 16];
    loop {
        // SAFETY: the buffer is valid for writes of its own length.
        let count = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), libc::GRND_NONBLOCK) };
        if usize::try_from(count) == Ok(bytes.len()) {
            return Ok(bytes);
        }
        let error = io::Error::last_os_error();
        if count >= 0 || error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Connects within what `left` leaves; the standard library would wait for ever while the queue is full.
pub(crate) fn connect(path: &Path, left: impl Fn() -> io::Result<Duration>) -> io::Result<UnixStream> {
    let (address, length) = address(path)?;
    let stream = UnixStream::from(socket()?);
    loop {
        // The kernel heeds the send timeout here, too.
        stream.set_write_timeout(Some(left()?))?;
        // SAFETY: the address is initialised and at least `length` bytes long; the descriptor is open.
        let result = unsafe { libc::connect(stream.as_raw_fd(), (&raw const address).cast(), length) };
        if result == 0 {
            return Ok(stream);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// A socket that no child inherits and that never takes the place of a closed standard stream of the host.
fn socket() -> io::Result<OwnedFd> {
    // SAFETY: a plain system call.
    let number = unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    if number < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just gave this descriptor to us alone.
    let first = unsafe { OwnedFd::from_raw_fd(number) };
    if number >= FIRST_FREE {
        return Ok(first);
    }
    // SAFETY: the descriptor is open.
    let number = unsafe { libc::fcntl(first.as_raw_fd(), libc::F_DUPFD_CLOEXEC, FIRST_FREE) };
    if number < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just gave this descriptor to us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

fn address(path: &Path) -> io::Result<(libc::sockaddr_un, libc::socklen_t)> {
    // SAFETY: all zeroes is a valid address without a path.
    let mut address: libc::sockaddr_un = unsafe { mem::zeroed() };
    let path = CString::new(path.as_os_str().as_bytes())?;
    let bytes = path.as_bytes_with_nul();
    if bytes.len() > address.sun_path.len() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path is too long for a socket"));
    }
    address.sun_family = libc::sa_family_t::try_from(libc::AF_UNIX).unwrap_or_default();
    for (to, from) in address.sun_path.iter_mut().zip(bytes) {
        *to = c_char::from_ne_bytes([*from]);
    }
    let length = mem::offset_of!(libc::sockaddr_un, sun_path) + bytes.len();
    Ok((address, libc::socklen_t::try_from(length).unwrap_or_default()))
}

/// Writes without SIGPIPE, whose disposition belongs to the host.
pub(crate) fn send(stream: &UnixStream, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the buffer is valid for reads of its own length; the descriptor is open.
    let count = unsafe { libc::send(stream.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// Who called `listen` on the other end.
pub(crate) fn peer_uid(stream: &UnixStream) -> io::Result<u32> {
    let mut peer = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut length = libc::socklen_t::try_from(size_of::<libc::ucred>()).unwrap_or_default();
    // SAFETY: `peer` is valid for writes of `length` bytes; the descriptor is open.
    let result = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut length,
        )
    };
    if result == 0 && usize::try_from(length) == Ok(size_of::<libc::ucred>()) {
        Ok(peer.uid)
    } else {
        Err(io::Error::last_os_error())
    }
}
