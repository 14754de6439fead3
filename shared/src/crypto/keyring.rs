//! The key ring: master keys in a file outside the database, and the keys derived from each, one for each purpose.
//! It must not know what is sealed with them.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM_SIV, LessSafeKey, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use data_encoding::BASE64;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Entropy, NoEntropy, random_text};

mod edit;
#[cfg(test)]
mod tests;

/// Bytes of a master key.
const KEY_BYTES: usize = 32;

/// A ring of a thousand keys is not one.
const MAX_FILE: u64 = 64 * 1024;

/// What stands between id and key of one that opens and waits to seal.
const NEXT: &str = "next";

/// The same of one that is retired: it has only what checks audit records and hashes.
const CHECKS: &str = "checks";

/// All keys: the first seals, the others only open.
pub struct KeyRing {
    keys: Vec<Key>,
}

/// What one master key gives.
pub(super) struct Key {
    pub(super) id: String,
    is_next: bool,
    /// Nothing where it is retired.
    pub(super) opens: Option<Opens>,
    pub(super) audit: hmac::Key,
    pub(super) token: hmac::Key,
}

/// What opens and marks rows.
pub(super) struct Opens {
    pub(super) seal: LessSafeKey,
    pub(super) row: hmac::Key,
}

/// What a key of the ring is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// What is new is sealed with it.
    Seals,
    /// It opens what it has sealed.
    Opens,
    /// It will seal.
    Next,
    /// It only checks audit records and hashes.
    Retired,
}

impl State {
    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seals => "seals",
            Self::Opens => "opens",
            Self::Next => "next",
            Self::Retired => "retired",
        }
    }
}

/// Why there is no key ring. The server does not start; no login is judged, none is counted.
#[derive(Debug, Error)]
pub enum KeyError {
    /// There is no such file.
    #[error(
        "key_missing: there is no key ring at {0}; restore it from your backup, or run `twolatch init` for a new system"
    )]
    Missing(PathBuf),
    /// It could not be read.
    #[error("key_unreadable: {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is no plain file of an acceptable owner.
    #[error("key_unsafe: {path} {fault}")]
    Unsafe {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// A line is not `id:base64`.
    #[error("key_malformed: {path}, line {line}: expected `id:key`, the key as base64 of {KEY_BYTES} bytes")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// A key is too short or too long.
    #[error("key_short: {path}, line {line}: a key has {KEY_BYTES} bytes, this one {bytes}")]
    Length {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Its length.
        bytes: usize,
    },
    /// There is no key in the file.
    #[error("key_empty: {0} holds no key, or does not begin with one that seals")]
    Empty(PathBuf),
    /// Two keys have one id.
    #[error("key_twice: {path}: the key id `{id}` is there twice")]
    Twice {
        /// The file.
        path: PathBuf,
        /// The id.
        id: String,
    },
    /// Two ids have one key.
    #[error(
        "key_same: {path}, line {line}: the key `{id}` is another one's under a second id; remove this line, or make a key \
         of its own for it"
    )]
    Same {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The second id.
        id: String,
    },
    /// No randomness for a new key.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl KeyRing {
    /// Reads the ring: a plain file that only its owner can read, the owner being root or this process.
    ///
    /// # Errors
    /// Says which of its rules the file breaks.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let unreadable = |error| KeyError::Unreadable { path: path.to_owned(), error };
        let file = open(path)?;
        let about = file.metadata().map_err(unreadable)?;
        if let Some(fault) = fault_of(&about) {
            return Err(KeyError::Unsafe { path: path.to_owned(), fault });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MAX_FILE).read_to_string(&mut text).map_err(unreadable)?;
        Self::parse(path, &text)
    }

    /// Writes a new ring with one key; never over an existing file.
    ///
    /// # Errors
    /// Where the file cannot be made or the kernel gives no randomness.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, KeyError> {
        let unreadable = |error| KeyError::Unreadable { path: path.to_owned(), error };
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        entropy.fill(key.as_mut())?;
        let id = random_text::<5>(entropy)?;
        let line = Zeroizing::new(format!("{id}:{}\n", BASE64.encode(key.as_ref())));
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(unreadable)?;
        file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(unreadable)?;
        Self::parse(path, &line)
    }

    /// The ids, the sealing key's first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// The ids of those that open, the sealing key's first.
    pub fn opening(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter(|key| key.opens.is_some()).map(|key| key.id.as_str())
    }

    /// All keys, and what each is for.
    pub fn states(&self) -> impl Iterator<Item = (&str, State)> {
        let state = |(index, key): (usize, &Key)| match key {
            Key { opens: None, .. } => State::Retired,
            Key { is_next: true, .. } => State::Next,
            _ if index == 0 => State::Seals,
            _ => State::Opens,
        };
        self.keys.iter().enumerate().map(move |(index, key)| (key.id.as_str(), state((index, key))))
    }

    pub(super) fn current(&self) -> Option<&Key> {
        self.keys.first()
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<Key> = Vec::new();
        let mut masters: Vec<Zeroizing<Vec<u8>>> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let malformed = || KeyError::Malformed { path: path.to_owned(), line: index + 1 };
            let (id, key) = line.trim().split_once(':').ok_or_else(malformed)?;
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(malformed());
            }
            let (kind, key) = key.split_once(':').map_or(("", key), |(kind, key)| (kind, key));
            let bytes = match kind {
                "" | NEXT => KEY_BYTES,
                CHECKS => 2 * KEY_BYTES,
                _ => return Err(malformed()),
            };
            let key = Zeroizing::new(BASE64.decode(key.as_bytes()).map_err(|_| malformed())?);
            if key.len() != bytes {
                return Err(KeyError::Length { path: path.to_owned(), line: index + 1, bytes: key.len() });
            }
            if keys.iter().any(|other| other.id == id) {
                return Err(KeyError::Twice { path: path.to_owned(), id: id.to_owned() });
            }
            // Who replaces a key that has leaked must not go on with the same one.
            if masters.contains(&key) {
                return Err(KeyError::Same { path: path.to_owned(), line: index + 1, id: id.to_owned() });
            }
            let made = if kind == CHECKS { Key::retired(id, &key) } else { Key::derive(id, &key, kind == NEXT) };
            keys.push(made.ok_or_else(malformed)?);
            masters.push(key);
        }
        if keys.first().is_none_or(|key| key.opens.is_none() || key.is_next) {
            return Err(KeyError::Empty(path.to_owned()));
        }
        Ok(Self { keys })
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Key {
    fn derive(id: &str, master: &[u8], is_next: bool) -> Option<Self> {
        let seal = UnboundKey::new(&AES_256_GCM_SIV, purpose(master, "seal")?.as_ref()).ok()?;
        let opens = Opens { seal: LessSafeKey::new(seal), row: mac(purpose(master, "row")?.as_ref()) };
        let whole = Self::retired(id, checks_of(master)?.as_ref())?;
        Some(Self { is_next, opens: Some(opens), ..whole })
    }

    fn retired(id: &str, checks: &[u8]) -> Option<Self> {
        let (audit, token) = checks.split_at_checked(KEY_BYTES)?;
        Some(Self { id: id.to_owned(), is_next: false, opens: None, audit: mac(audit), token: mac(token) })
    }
}

/// What is left of a master key that is retired.
fn checks_of(master: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut checks = Zeroizing::new(Vec::with_capacity(2 * KEY_BYTES));
    checks.extend_from_slice(purpose(master, "audit")?.as_ref());
    checks.extend_from_slice(purpose(master, "token")?.as_ref());
    Some(checks)
}

fn purpose(master: &[u8], name: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"twolatch").extract(master);
    let info = [name.as_bytes()];
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    root.expand(&info, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(key.as_mut())).ok()?;
    Some(key)
}

fn mac(key: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key)
}

fn open(path: &Path) -> Result<File, KeyError> {
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK; // a FIFO or a link must not hold us up
    File::options().read(true).custom_flags(flags.bits()).open(path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            KeyError::Missing(path.to_owned())
        } else if error.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32) {
            KeyError::Unsafe { path: path.to_owned(), fault: "is a symbolic link; name the file itself".to_owned() }
        } else {
            KeyError::Unreadable { path: path.to_owned(), error }
        }
    })
}

fn fault_of(about: &std::fs::Metadata) -> Option<String> {
    let me = nix::unistd::geteuid().as_raw();
    // systemd lets the server read a credential of root's by an access list, which shows as the mode of the group.
    let credential = (about.uid(), about.gid(), about.mode() & 0o777) == (0, 0, 0o440);
    if !about.is_file() {
        Some("is not a plain file".to_owned())
    } else if about.mode() & 0o077 != 0 && !credential {
        Some(format!("can be read by others (mode {:o}); run `chmod 600` on it", about.mode() & 0o777))
    } else if ![0, me].contains(&about.uid()) && me != 0 {
        Some(format!("belongs to uid {}; it must belong to root or to uid {me}", about.uid()))
    } else {
        None
    }
}
