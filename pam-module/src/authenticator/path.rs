//! Whether the way to the socket can be trusted. It must not know what is said over it.
//!
//! Nothing is opened, so no FIFO and no device can block here. Each part is looked at only after the folder that holds
//! it was found to be closed to others: from then on only root or the service's own account could swap it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use twolatch_core::reason::Reason;

use super::Failure;

#[cfg(test)]
mod tests;

/// More links than this in one path are a loop.
const MAX_LINKS: u8 = 8;
const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// A socket whose whole path was found to be safe.
#[derive(Debug, PartialEq, Eq)]
pub struct Safe {
    /// The path without links.
    pub path: PathBuf,
    /// The owner of the folder; besides root the only one who may listen there.
    pub owner: u32,
}

/// Walks from `/` to the socket.
///
/// # Errors
/// [`Reason::UnsafePath`] names the part that others could change, or that is no socket; [`Reason::NoAnswer`] means that
/// a part is missing.
pub fn check(socket: &Path) -> Result<Safe, Failure> {
    let mut rest: VecDeque<OsString> = parts(socket);
    let mut path = PathBuf::from("/");
    let mut folders = vec![look(&path)?];
    let mut links = 0;
    while let Some(part) = rest.pop_front() {
        if part == ".." {
            if folders.len() > 1 {
                folders.pop();
                path.pop();
            }
            continue;
        }
        let Some(folder) = folders.last() else { break };
        let next = path.join(&part);
        let found = look(&next)?;
        let shared = folder.mode() & OTHERS_WRITE != 0;
        if shared && folder.mode() & STICKY == 0 {
            return Err(unsafe_path(&path, "others may write there"));
        }
        // Anybody could have made an entry of a folder such as /tmp.
        if shared && found.uid() != 0 {
            return Err(unsafe_path(&next, "it lies in a folder for all and does not belong to root"));
        }
        if found.file_type().is_symlink() {
            links += 1;
            if found.uid() != 0 || links > MAX_LINKS {
                return Err(unsafe_path(&next, "it is a symbolic link that does not belong to root, or one too many"));
            }
            let target = std::fs::read_link(&next).map_err(|error| missing(&next, &error))?;
            if target.is_absolute() {
                path = PathBuf::from("/");
                folders.truncate(1);
            }
            for part in parts(&target).into_iter().rev() {
                rest.push_front(part);
            }
        } else if found.is_dir() {
            path = next;
            folders.push(found);
        } else if found.file_type().is_socket() && rest.is_empty() {
            return owned(next, &found, &folders);
        } else {
            return Err(unsafe_path(&next, "it is neither a folder nor the socket"));
        }
    }
    Err(unsafe_path(&path, "it is not a socket"))
}

/// Every folder belongs to root or to the owner of the last one, who is the service.
fn owned(path: PathBuf, socket: &Metadata, folders: &[Metadata]) -> Result<Safe, Failure> {
    let owner = folders.last().map_or(0, MetadataExt::uid);
    let foreign = |found: &Metadata| found.uid() != 0 && found.uid() != owner;
    if folders.iter().any(foreign) || foreign(socket) {
        return Err(unsafe_path(&path, "a part of the path belongs to neither root nor the folder's owner"));
    }
    Ok(Safe { path, owner })
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let named = |part: Component<'_>| match part {
        Component::Normal(_) | Component::ParentDir => Some(part.as_os_str().to_owned()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().filter_map(named).collect()
}

fn look(path: &Path) -> Result<Metadata, Failure> {
    std::fs::symlink_metadata(path).map_err(|error| missing(path, &error))
}

fn missing(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Reason::NoAnswer, format_args!("{}: {error}", path.display()))
}

fn unsafe_path(path: &Path, what: &str) -> Failure {
    Failure::new(Reason::UnsafePath, format_args!("{}: {what}", path.display()))
}
