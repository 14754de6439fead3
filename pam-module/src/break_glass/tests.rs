use std::fs::{self, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use twolatch_core::break_glass::{code_of, file_name};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;

use super::{Codes, is_local, open};
use crate::log::Door;
use crate::sys;

fn door(service: &str, tty: Option<&str>, rhost: Option<&str>) -> Door {
    let own = |text: Option<&str>| text.map(str::to_owned);
    Door { user: "alice".into(), service: service.into(), tty: own(tty), rhost: own(rhost) }
}

#[test]
fn only_login_at_this_machine_is_local() {
    for tty in ["tty1", "/dev/tty63", "console", "/dev/console", "ttyS0", "/dev/ttyS1", "hvc0", "ttyAMA0"] {
        assert!(is_local(&door("login", Some(tty), None)), "{tty}");
        assert!(is_local(&door("login", Some(tty), Some(""))), "{tty}");
        assert!(!is_local(&door("login", Some(tty), Some("192.0.2.1"))), "{tty} from afar");
        for service in ["sshd", "remote", "sudo", "su", "", "login2"] {
            assert!(!is_local(&door(service, Some(tty), None)), "{service}");
        }
    }
    for tty in [
        "pts/0",
        "/dev/pts/1",
        "tty",
        "/dev/tty",
        "ssh",
        "",
        ":0",
        "ttyUSB0",
        "tty1/../pts/1",
        "/dev//tty1",
        "pts1",
        "1",
        "console1",
    ] {
        assert!(!is_local(&door("login", Some(tty), None)), "{tty}");
    }
    assert!(!is_local(&door("login", None, None)));
}

struct Host {
    folder: TempDir,
    code: Secret,
}

impl Host {
    /// Alice's one code. Nothing where files cannot be root's.
    fn new() -> Option<Self> {
        if !sys::is_root() {
            eprintln!("skipped: not root, so no file is root's");
            return None;
        }
        let host =
            Self { folder: TempDir::new().unwrap(), code: code_of(&[9; 16]).or_else(|| code_of(&[8; 16])).unwrap() };
        fs::set_permissions(host.folder.path(), Permissions::from_mode(0o700)).unwrap();
        fs::DirBuilder::new().mode(0o700).create(host.own()).unwrap();
        host.write();
        Some(host)
    }

    fn own(&self) -> PathBuf {
        self.folder.path().join("alice")
    }

    fn file(&self) -> PathBuf {
        self.own().join(file_name(&self.code))
    }

    fn write(&self) {
        drop(fs::remove_file(self.file()));
        fs::write(self.file(), "").unwrap();
        fs::set_permissions(self.file(), Permissions::from_mode(0o600)).unwrap();
    }

    fn codes(&self) -> Result<Option<Codes>, Reason> {
        open(self.folder.path(), "alice").map_err(|refusal| refusal.reason)
    }

    fn spend(&self) -> Result<bool, Reason> {
        self.codes()?.unwrap().spend(&self.code).map_err(|refusal| refusal.reason)
    }
}

fn chown(path: &Path, uid: u32) {
    std::os::unix::fs::lchown(path, Some(uid), None).unwrap();
}

#[test]
fn a_code_lets_in_once() {
    let Some(host) = Host::new() else { return };
    let (first, second) = (host.codes().unwrap().unwrap(), host.codes().unwrap().unwrap());
    assert!(!first.spend(&Secret::new("other".into())).unwrap());
    assert_eq!(
        [first.spend(&host.code), second.spend(&host.code), first.spend(&host.code)],
        [Ok(true), Ok(false), Ok(false)]
    );
    assert!(!host.file().exists());
}

#[test]
fn two_at_once_spend_it_once() {
    let Some(host) = Host::new() else { return };
    for _ in 0..50 {
        host.write();
        let taken = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..4).map(|_| scope.spawn(|| host.spend())).collect();
            racers
                .into_iter()
                .filter(|_| true)
                .map(|racer| racer.join().unwrap())
                .filter(|taken| *taken == Ok(true))
                .count()
        });
        assert_eq!(taken, 1);
    }
}

#[test]
fn nobody_has_codes_who_has_no_folder() {
    let Some(host) = Host::new() else { return };
    assert!(open(host.folder.path(), "bob").unwrap().is_none());
    assert!(open(&host.folder.path().join("gone"), "alice").unwrap().is_none());
}

#[test]
fn what_others_could_have_made_counts_for_nothing() {
    let Some(host) = Host::new() else { return };
    let (whole, own, file) = (host.folder.path().to_owned(), host.own(), host.file());
    for (path, good) in [(&whole, 0o700), (&own, 0o700), (&file, 0o600)] {
        for mode in [0o001, 0o010, 0o004, 0o020, 0o040, 0o002] {
            fs::set_permissions(path, Permissions::from_mode(good | mode)).unwrap();
            assert_eq!(host.spend(), Err(Reason::UnsafePath), "{} {mode:o}", path.display());
        }
        fs::set_permissions(path, Permissions::from_mode(good)).unwrap();
        chown(path, 1);
        assert_eq!(host.spend(), Err(Reason::UnsafePath), "{} of another", path.display());
        chown(path, 0);
    }
    assert!(file.exists(), "nothing of this spends it");
    let aside = whole.join("aside");
    fs::hard_link(&file, &aside).unwrap();
    assert_eq!(host.spend(), Err(Reason::UnsafePath), "a second name");
    fs::remove_file(&file).unwrap();
    symlink(&aside, &file).unwrap();
    assert_eq!(host.spend(), Err(Reason::UnsafePath), "a link to a code");
    fs::remove_file(&file).unwrap();
    fs::DirBuilder::new().mode(0o700).create(&file).unwrap();
    assert_eq!(host.spend(), Err(Reason::UnsafePath), "a folder in its place");
    fs::remove_dir(&file).unwrap();
    fs::rename(&aside, &file).unwrap();
    let elsewhere = whole.join("bob");
    fs::rename(&own, &elsewhere).unwrap();
    symlink(&elsewhere, &own).unwrap();
    assert_eq!(host.spend(), Err(Reason::UnsafePath), "a link to the folder");
    fs::remove_file(&own).unwrap();
    fs::rename(&elsewhere, &own).unwrap();
    assert_eq!(host.spend(), Ok(true));
}
