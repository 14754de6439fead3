//! Reading what holds other people's secrets, as root: no link is followed that a user may have put there, nothing is waited
//! for, and what others may have read or written is refused.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::unistd::getuid;
use zeroize::Zeroizing;

/// What is not read.
pub(super) const LINK: &str = "is a symbolic link, or behind one; name the file itself";

/// Where google-authenticator looks, unless its `secret=` says otherwise.
pub(super) const SECRET: &str = "${HOME}/.google_authenticator";

/// An account and its home.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) path: PathBuf,
}

/// Reads a file that the administrator has named; `-` is standard input.
///
/// # Errors
/// What is wrong with it.
pub(super) fn named(path: &Path, most: u64, owner: Option<u32>) -> Result<Zeroizing<String>, String> {
    if path.as_os_str() == "-" {
        return text(std::io::stdin(), most);
    }
    let file = File::options().read(true).custom_flags(flags().bits()).open(path);
    checked(file.map_err(|error| of_io(&error))?, most, owner)
}

/// Reads the file of an account, by the pattern of google-authenticator's `secret=`; nothing where there is none.
///
/// # Errors
/// Which file it is, and what is wrong with it.
pub(super) fn of_home(home: &Home, pattern: &str, most: u64) -> (PathBuf, Result<Option<Zeroizing<String>>, String>) {
    let pattern = pattern.replace("${USER}", &home.name);
    let below = ["${HOME}/", "~/"].into_iter().find_map(|start| pattern.strip_prefix(start));
    let Some(below) = below else {
        let path = PathBuf::from(pattern);
        let file = File::options().read(true).custom_flags(flags().bits()).open(&path);
        let read = match file {
            Ok(file) => checked(file, most, Some(home.uid)).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(of_io(&error)),
        };
        return (path, read);
    };
    let path = home.path.join(below);
    let read = match below_home(&home.path, below) {
        Ok(file) => checked(file, most, Some(home.uid)).map(Some),
        Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(None),
        Err(error) => Err(of_io(&error.into())),
    };
    (path, read)
}

/// The home is where the administrator has put it; below it everything is the user's.
fn below_home(home: &Path, below: &str) -> nix::Result<File> {
    let home = File::options().read(true).custom_flags((OFlag::O_PATH | OFlag::O_DIRECTORY).bits()).open(home);
    let home = home.map_err(|error| error.raw_os_error().map_or(Errno::EIO, Errno::from_raw))?;
    let resolve = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS;
    let how = OpenHow::new().flags(flags() | OFlag::O_RDONLY | OFlag::O_CLOEXEC).resolve(resolve);
    openat2(home, below, how).map(File::from)
}

const fn flags() -> OFlag {
    OFlag::O_NOFOLLOW.union(OFlag::O_NONBLOCK)
}

fn checked(file: File, most: u64, owner: Option<u32>) -> Result<Zeroizing<String>, String> {
    let about = file.metadata().map_err(|error| of_io(&error))?;
    let (uid, mode) = (about.uid(), about.mode() & 0o777);
    if !about.is_file() {
        Err("is not a plain file".to_owned())
    } else if ![Some(0), Some(getuid().as_raw()), owner].contains(&Some(uid)) {
        Err(format!("belongs to uid {uid}, and not to the account or to root"))
    } else if about.nlink() != 1 {
        Err("has another name, too (a hard link); whose it is cannot be told".to_owned())
    } else if mode & 0o077 != 0 {
        Err(format!("others may have read or written it (mode {mode:o}); if they have not, run `chmod 600` on it"))
    } else {
        text(file, most)
    }
}

fn text(from: impl Read, most: u64) -> Result<Zeroizing<String>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    from.take(most + 1).read_to_end(&mut bytes).map_err(|error| of_io(&error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        return Err(format!("is larger than {} KiB; is this the right file?", most / 1024));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| "is not UTF-8 text".to_owned())?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn of_io(error: &std::io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ELOOP | Errno::EXDEV) => LINK.to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
