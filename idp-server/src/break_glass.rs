//! The break-glass codes of this host: made, and counted. Taking them is the PAM module's part. It must know no database:
//! they are for when there is none.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use nix::unistd::{Group, User};
use thiserror::Error;
use twolatch_core::break_glass::{BYTES, CODES, GROUP, code_of, file_name, has_folder};
use twolatch_core::crypto::{Entropy, NoEntropy};
use twolatch_core::secret::Secret;
use zeroize::Zeroizing;

/// What nobody but root has.
const OTHERS: u32 = 0o077;

/// Why there are no new codes.
#[derive(Debug, Error)]
pub enum BreakGlassError {
    /// The account could have none.
    #[error("`{0}` is no account of this machine")]
    NoAccount(String),
    /// What is there could have been made by others than root.
    #[error("{0}: it is a link, or belongs to another than root, or others may reach it; remove it as root")]
    Unsafe(PathBuf),
    /// A file or folder fails.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// How.
        error: io::Error,
    },
    /// The kernel gives no randomness.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// Somebody who has codes here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Holder {
    /// The account.
    pub name: String,
    /// Unused codes.
    pub left: usize,
    /// When they were made.
    pub issued_at: Option<i64>,
    /// Whether the account is in the group whose members are asked for them.
    pub in_group: bool,
}

/// Makes new codes for an account of this machine; the earlier ones are void then. Whatever fails, no code of which
/// nobody has been told opens anything longer than until the next try.
///
/// # Errors
/// Where there is no such account, or its files cannot be written safely; the earlier codes are then as they were.
pub fn issue(folder: &Path, name: &str, entropy: &dyn Entropy) -> Result<Vec<Secret>, BreakGlassError> {
    let is_account = has_folder(name) && User::from_name(name).ok().flatten().is_some_and(|user| user.name == name);
    if !is_account {
        return Err(BreakGlassError::NoAccount(name.to_owned()));
    }
    let codes = (0..CODES).map(|_| new_code(entropy)).collect::<Result<Vec<_>, _>>()?;
    // One at a time: of two sets that are written at once none would be whole.
    let whole = make(folder)?;
    whole.lock().map_err(failed(folder))?;
    let own = folder.join(name);
    let opened = make(&own)?;
    let names: HashSet<String> = codes.iter().map(file_name).collect();
    for name in &names {
        let path = own.join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|file| file.sync_all()).map_err(failed(&path))?;
    }
    opened.sync_all().map_err(failed(&own))?;
    for entry in fs::read_dir(&own).map_err(failed(&own))? {
        let entry = entry.map_err(failed(&own))?;
        if !entry.file_name().to_str().is_some_and(|name| names.contains(name)) {
            fs::remove_file(entry.path()).map_err(failed(&entry.path()))?;
        }
    }
    opened.sync_all().and_then(|()| whole.sync_all()).map_err(failed(&own))?;
    Ok(codes)
}

/// Who has codes, by name. Nobody where the folder is missing.
///
/// # Errors
/// Where it cannot be read, or others than root could have made it.
pub fn holders(folder: &Path) -> Result<Vec<Holder>, BreakGlassError> {
    if !fs::exists(folder).map_err(failed(folder))? {
        return Ok(Vec::new());
    }
    check(folder)?;
    let mut holders = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        check(&entry.path())?;
        let codes = fs::read_dir(entry.path()).and_then(|codes| {
            let about = codes.map(|code| code.and_then(|code| code.metadata()));
            about.collect::<io::Result<Vec<Metadata>>>()
        });
        let codes = codes.map_err(failed(&entry.path()))?;
        let issued_at = codes.iter().filter_map(|about| about.modified().ok()).max();
        holders.push(Holder {
            in_group: is_in_group(&name),
            left: codes.len(),
            issued_at: issued_at
                .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
                .and_then(|since| i64::try_from(since.as_secs()).ok()),
            name,
        });
    }
    holders.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(holders)
}

/// Whether an account is asked for its codes.
#[must_use]
pub fn is_in_group(name: &str) -> bool {
    let group = Group::from_name(GROUP).ok().flatten();
    let user = User::from_name(name).ok().flatten();
    group.zip(user).is_some_and(|(group, user)| group.gid == user.gid || group.mem.iter().any(|member| member == name))
}

fn new_code(entropy: &dyn Entropy) -> Result<Secret, NoEntropy> {
    loop {
        let mut bytes = Zeroizing::new([0; BYTES]);
        entropy.fill(bytes.as_mut_slice())?;
        // About one in eight has no check character.
        if let Some(code) = code_of(&bytes) {
            return Ok(code);
        }
    }
}

/// Makes a folder that is root's alone, unless it is there.
fn make(path: &Path) -> Result<File, BreakGlassError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(path)(error)),
        _ => check(path)?,
    }
    File::open(path).map_err(failed(path))
}

/// Who writes to the folder above is root; so nothing changes behind this.
fn check(path: &Path) -> Result<(), BreakGlassError> {
    let about = fs::symlink_metadata(path).map_err(failed(path))?;
    let is_closed = about.is_dir() && about.uid() == 0 && about.mode() & OTHERS == 0;
    if is_closed { Ok(()) } else { Err(BreakGlassError::Unsafe(path.to_owned())) }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> BreakGlassError {
    let path = path.to_owned();
    move |error| BreakGlassError::File { path: path.clone(), error }
}
