use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use twolatch_core::reason::Reason;

use super::check;

/// Somebody who is neither root nor the service.
const MALLORY: u32 = 4_200_000;
const SERVICE: u32 = 4_200_001;

/// A folder that is right, with a socket in it. Its owners cannot be set without root: then the tests have no meaning.
struct Place {
    _keep: TempDir,
    folder: PathBuf,
    socket: PathBuf,
}

fn place() -> Option<Place> {
    let keep = TempDir::new().unwrap();
    fs::set_permissions(keep.path(), Permissions::from_mode(0o755)).unwrap();
    chown(keep.path(), Some(0), None).ok()?;
    let folder = keep.path().canonicalize().unwrap().join("twolatch");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    let socket = folder.join("verify.sock");
    drop(UnixListener::bind(&socket).unwrap());
    fs::set_permissions(&socket, Permissions::from_mode(0o666)).unwrap();
    Some(Place { _keep: keep, folder, socket })
}

fn refused(path: &Path) -> bool {
    check(path).unwrap_err().reason == Reason::UnsafePath
}

#[test]
fn p29_a_socket_of_root_or_of_the_service_is_safe() {
    let Some(place) = place() else { return };
    assert_eq!(check(&place.socket).unwrap().owner, 0);
    chown(&place.folder, Some(SERVICE), None).unwrap();
    assert_eq!(check(&place.socket).unwrap().owner, SERVICE);
    chown(&place.socket, Some(SERVICE), None).unwrap();
    assert_eq!(check(&place.socket).unwrap().path, place.socket);
}

#[test]
fn p29_another_owner_is_refused() {
    let Some(place) = place() else { return };
    chown(&place.socket, Some(MALLORY), None).unwrap();
    assert!(refused(&place.socket));

    let Some(place) = self::place() else { return };
    let inner = place.folder.join("inner");
    fs::create_dir(&inner).unwrap();
    let socket = inner.join("s");
    drop(UnixListener::bind(&socket).unwrap());
    assert!(check(&socket).is_ok());
    chown(&place.folder, Some(MALLORY), None).unwrap();
    assert!(refused(&socket), "who owns a folder above could move the one below");
}

#[test]
fn p29_what_others_can_write_is_refused_unless_sticky() {
    for mode in [0o775, 0o757, 0o777] {
        let Some(place) = place() else { return };
        fs::set_permissions(&place.folder, Permissions::from_mode(mode)).unwrap();
        assert!(refused(&place.socket), "{mode:o}");
        fs::set_permissions(&place.folder, Permissions::from_mode(mode | 0o1000)).unwrap();
        assert!(check(&place.socket).is_ok(), "{mode:o}");
        chown(&place.socket, Some(MALLORY), None).unwrap();
        assert!(refused(&place.socket), "{mode:o}");
    }
}

#[test]
fn p29_links_are_followed_only_if_root_made_them() {
    let Some(place) = place() else { return };
    let top = place.folder.parent().unwrap();
    for (name, target) in [("absolute", place.folder.clone()), ("relative", "./x/../twolatch".into())] {
        fs::create_dir_all(top.join("x")).unwrap();
        symlink(target, top.join(name)).unwrap();
        assert_eq!(check(&top.join(name).join("verify.sock")).unwrap().path, place.socket);
        lchown(top.join(name), Some(MALLORY), None).unwrap();
        assert!(refused(&top.join(name).join("verify.sock")), "{name}");
    }
    symlink("loop", top.join("loop")).unwrap();
    assert!(refused(&top.join("loop/verify.sock")));
    symlink(&place.socket, place.folder.join("link")).unwrap();
    lchown(place.folder.join("link"), Some(SERVICE), None).unwrap();
    assert!(refused(&place.folder.join("link")));
}

#[test]
fn p29_only_a_socket_is_a_socket_and_nothing_blocks() {
    let Some(place) = place() else { return };
    let fifo = place.folder.join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    fs::write(place.folder.join("file"), "").unwrap();
    for other in [fifo, place.folder.join("file"), place.folder.clone(), "/dev/null".into(), "/proc/self/exe".into()] {
        assert!(refused(&other), "{}", other.display());
    }
    assert!(refused(&place.socket.join("below")));
    assert!(refused(Path::new("/")) && refused(Path::new("/..")));
    assert_eq!(check(&place.folder.join("absent")).unwrap_err().reason, Reason::NoAnswer);
}
