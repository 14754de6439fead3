//! What was switched and is not settled yet: it stands in a folder of root's until somebody has logged in with a code, or
//! the files are put back. It must not know how that is found out.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use twolatch_core::time::Timestamp;

use super::{Edit, is_marked, with_ours_of};

/// Where it stands, below `/`.
const FOLDER: &str = "var/lib/twolatch-enable";

/// A service that was switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Which.
    pub service: String,
    /// Its files as they were, and as they are now.
    pub edits: Vec<Edit>,
    /// Since when.
    pub since: Timestamp,
    /// A login with a code by then keeps it.
    pub until: Timestamp,
}

/// What stands in the folder.
#[derive(Debug, Default)]
pub struct Notes {
    /// Everything that is not settled.
    pub pending: Vec<Pending>,
    /// Files that are not as they were written: the others count all the same.
    pub broken: Vec<PathBuf>,
}

impl Notes {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.broken.is_empty()
    }
}

impl Pending {
    /// Everything that is not settled below `root`, which is `/`.
    ///
    /// # Errors
    /// Where the folder or a file in it cannot be read.
    pub fn all(root: &Path) -> io::Result<Notes> {
        let mut notes = Notes::default();
        let folder = match fs::read_dir(root.join(FOLDER)) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(notes),
            Err(error) => return Err(error),
        };
        for entry in folder {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            match fs::read(&path).map(|text| serde_json::from_slice(&text)) {
                Ok(Ok(pending)) => notes.pending.push(pending),
                Ok(Err(_)) => notes.broken.push(path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {} // settled just now
                Err(error) => return Err(error),
            }
        }
        Ok(notes)
    }

    /// Writes down how to go back. It is done first: whatever happens then, there is a way back.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn announce(&self, root: &Path) -> io::Result<()> {
        write_whole(&file_of(root, &self.service), &serde_json::to_vec(self)?, None)
    }

    /// Writes the files.
    ///
    /// # Errors
    /// Where one cannot be written; [`Pending::undo`] puts back those that were.
    pub fn apply(&self) -> io::Result<()> {
        self.edits.iter().try_for_each(write)
    }

    /// Puts the files back. What somebody has changed meanwhile stays, but for our lines, which are again those from before.
    ///
    /// # Errors
    /// Where something cannot be read or written; it can be tried again.
    pub fn undo(&self) -> io::Result<()> {
        for edit in &self.edits {
            let now = match fs::read(&edit.path) {
                Ok(text) => Some(text),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            let is = |text: &Option<String>| now.as_deref() == text.as_deref().map(str::as_bytes);
            match &now {
                _ if is(&edit.before) => {} // not written yet, or put back
                _ if is(&edit.after) => write(&Edit { after: edit.before.clone(), ..edit.clone() })?,
                Some(text) if is_marked(text) => {
                    let before = edit.before.as_deref().unwrap_or_default().as_bytes();
                    put(&edit.path, &with_ours_of(text, before))?;
                }
                _ => {} // nothing of ours is there
            }
        }
        Ok(())
    }

    /// Whether our lines are in its files.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub fn stands(&self) -> io::Result<bool> {
        let Some(edit) = self.edits.first() else { return Ok(false) };
        Ok(Some(fs::read_to_string(&edit.path)?) == edit.after)
    }
}

/// Keeps everybody else from switching, settling and putting back until it is dropped. Makes the folder.
///
/// # Errors
/// Where the folder cannot be made or opened.
pub fn hold(root: &Path) -> io::Result<File> {
    let folder = root.join(FOLDER);
    if !folder.is_dir() {
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
    }
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}

/// Where the note of a service stands.
#[must_use]
pub fn file_of(root: &Path, service: &str) -> PathBuf {
    root.join(FOLDER).join(format!("{service}.json"))
}

/// There is no note of a service any more, if there was one.
///
/// # Errors
/// Where it cannot be removed.
pub fn forget(root: &Path, service: &str) -> io::Result<()> {
    let file = file_of(root, service);
    if !file.exists() {
        return Ok(());
    }
    remove(&file)?;
    File::open(root.join(FOLDER))?.sync_all()
}

/// Writes a file as it would be; each is whole at any moment.
///
/// # Errors
/// Where it cannot be written.
pub fn write(edit: &Edit) -> io::Result<()> {
    match &edit.after {
        Some(text) => put(&edit.path, text.as_bytes()),
        None => remove(&edit.path),
    }
}

fn put(path: &Path, text: &[u8]) -> io::Result<()> {
    write_whole(path, text, fs::metadata(path).ok().as_ref())
}

/// Somebody else may have done it just before.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// In a file beside it, which then takes its name: owner and mode stay, and a power cut leaves the one or the other.
fn write_whole(path: &Path, text: &[u8], like: Option<&fs::Metadata>) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    // PAM takes every file in its folder for a service: this one is named as none is.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.twolatch~"));
    drop(fs::remove_file(&beside));
    let mode = like.map_or(0o644, |like| like.mode() & 0o7777);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    if let Some(like) = like {
        chown(&beside, Some(like.uid()), Some(like.gid()))?;
    }
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}
