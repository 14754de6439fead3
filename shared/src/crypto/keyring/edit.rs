//! Changing the file of a key ring: the new one is whole on the disk before it takes the place of the old one. It must not
//! know when a key may be changed.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::{CHECKS, KEY_BYTES, KeyError, KeyRing, MAX_FILE, NEXT, checks_of};
use crate::crypto::{Entropy, random_text};

type Lines = Vec<Zeroizing<String>>;

impl KeyRing {
    /// Adds a key that opens, and waits to seal. Answers its id.
    ///
    /// # Errors
    /// Where the file cannot be written or the kernel gives no randomness.
    pub fn add_next(path: &Path, entropy: &dyn Entropy) -> Result<String, KeyError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        entropy.fill(key.as_mut())?;
        let id = random_text::<5>(entropy)?;
        let line = Zeroizing::new(format!("{id}:{NEXT}:{}", BASE64.encode(key.as_ref())));
        rewrite(path, |lines| lines.push(line))?;
        Ok(id)
    }

    /// Has the waiting key seal from now on; the others open.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn promote(path: &Path, id: &str) -> Result<(), KeyError> {
        let start = format!("{id}:{NEXT}:");
        rewrite(path, |lines| {
            if let Some(position) = lines.iter().position(|line| line.starts_with(&start)) {
                let line = lines.remove(position);
                let key = line.strip_prefix(&start).unwrap_or_default();
                lines.insert(0, Zeroizing::new(format!("{id}:{key}")));
            }
        })
    }

    /// Keeps of a key only what checks audit records and hashes; it opens and seals nothing any more.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn retire(path: &Path, id: &str) -> Result<(), KeyError> {
        let start = format!("{id}:");
        rewrite(path, |lines| {
            for line in lines.iter_mut() {
                let key = line.strip_prefix(&start).and_then(|key| BASE64.decode(key.as_bytes()).ok());
                if let Some(checks) = key.map(Zeroizing::new).and_then(|key| checks_of(&key)) {
                    *line = Zeroizing::new(format!("{id}:{CHECKS}:{}", BASE64.encode(checks.as_ref())));
                }
            }
        })
    }
}

/// One at a time: of two that change the file at once, none may lose the other's key.
fn rewrite(path: &Path, change: impl FnOnce(&mut Lines)) -> Result<(), KeyError> {
    let unreadable = |error| KeyError::Unreadable { path: path.to_owned(), error };
    let folder = File::open(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")));
    let folder = folder.map_err(unreadable)?;
    folder.lock().map_err(unreadable)?;
    drop(KeyRing::load(path)?);
    let old = super::open(path)?;
    let about = old.metadata().map_err(unreadable)?;
    let mut text = Zeroizing::new(String::new());
    old.take(MAX_FILE).read_to_string(&mut text).map_err(unreadable)?;
    let mut lines: Lines = text.lines().map(|line| Zeroizing::new(line.trim().to_owned())).collect();
    change(&mut lines);

    let mut part = path.as_os_str().to_owned();
    part.push(".new");
    let part = Path::new(&part);
    // One that was killed has left its own.
    drop(std::fs::remove_file(part));
    let mut new = File::options().write(true).create_new(true).mode(0o600).open(part).map_err(unreadable)?;
    let written = lines
        .iter()
        .try_for_each(|line| new.write_all(line.as_bytes()).and_then(|()| new.write_all(b"\n")))
        .and_then(|()| std::os::unix::fs::fchown(&new, Some(about.uid()), Some(about.gid())))
        .and_then(|()| new.sync_all());
    let whole = written.map_err(unreadable).and_then(|()| KeyRing::load(part).map(drop));
    let done = whole.and_then(|()| std::fs::rename(part, path).and_then(|()| folder.sync_all()).map_err(unreadable));
    if done.is_err() {
        drop(std::fs::remove_file(part));
    }
    done
}
