//! What was switched and is not settled yet: it stands in a folder of root's until somebody has logged in with a code, or
//! the files are put back. It must not know how that is found out.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use twolatch_core::time::Timestamp;

use super::{Edit, is_marked, without_ours};

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

impl Pending {
    /// Everything that is not settled below `root`, which is `/`.
    ///
    /// # Errors
    /// Where the folder or a file in it cannot be read.
    pub fn all(root: &Path) -> io::Result<Vec<Self>> {
        let folder = match fs::read_dir(root.join(FOLDER)) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut all = Vec::new();
        for entry in folder {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                all.push(serde_json::from_slice(&fs::read(path)?)?);
            }
        }
        Ok(all)
    }

    /// Writes down how to go back. It is done first: whatever happens then, there is a way back.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn announce(&self, root: &Path) -> io::Result<()> {
        let folder = root.join(FOLDER);
        if !folder.is_dir() {
            fs::create_dir_all(&folder)?;
            fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        }
        write_whole(&self.file(root), &serde_json::to_string(self)?, None)
    }

    /// Writes the files.
    ///
    /// # Errors
    /// Where one cannot be written; [`Pending::undo`] puts back those that were.
    pub fn apply(&self) -> io::Result<()> {
        self.edits.iter().try_for_each(write)
    }

    /// Puts the files back. What somebody has changed meanwhile stays, but for our lines.
    ///
    /// # Errors
    /// Where something cannot be written; it can be tried again.
    pub fn undo(&self, root: &Path) -> io::Result<()> {
        for edit in &self.edits {
            let now = fs::read_to_string(&edit.path).ok();
            let before = if now == edit.after {
                edit.before.clone()
            } else {
                match now {
                    Some(text) if is_marked(&text) => Some(without_ours(&text)),
                    _ => continue, // nothing of ours is there
                }
            };
            write(&Edit { path: edit.path.clone(), before: None, after: before })?;
        }
        self.settle(root)
    }

    /// It stays as it is.
    ///
    /// # Errors
    /// Where the note of it cannot be removed.
    pub fn settle(&self, root: &Path) -> io::Result<()> {
        remove(&self.file(root))?;
        File::open(root.join(FOLDER))?.sync_all()
    }

    /// Whether our lines are in its files.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub fn stands(&self) -> io::Result<bool> {
        let Some(edit) = self.edits.first() else { return Ok(false) };
        Ok(Some(fs::read_to_string(&edit.path)?) == edit.after)
    }

    fn file(&self, root: &Path) -> PathBuf {
        root.join(FOLDER).join(format!("{}.json", self.service))
    }
}

/// Writes a file as it would be; each is whole at any moment.
///
/// # Errors
/// Where it cannot be written.
pub fn write(edit: &Edit) -> io::Result<()> {
    match &edit.after {
        Some(text) => write_whole(&edit.path, text, fs::metadata(&edit.path).ok().as_ref()),
        None => remove(&edit.path),
    }
}

/// Somebody else may have done it just before.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// In a file beside it, which then takes its name: owner and mode stay, and a power cut leaves the one or the other.
fn write_whole(path: &Path, text: &str, like: Option<&fs::Metadata>) -> io::Result<()> {
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
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}
