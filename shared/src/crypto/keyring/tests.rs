use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::crypto::SystemEntropy;

fn written(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    (folder, path)
}

fn line(id: &str, bytes: usize) -> String {
    format!("{id}:{}\n", BASE64.encode(&vec![7; bytes]))
}

#[test]
fn a_new_ring_is_read_back_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let made = KeyRing::create(&path, &SystemEntropy::new()).unwrap();
    let read = KeyRing::load(&path).unwrap();
    assert_eq!(made.ids().collect::<Vec<_>>(), read.ids().collect::<Vec<_>>());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(KeyRing::create(&path, &SystemEntropy::new()).is_err());
}

#[test]
fn f15_every_fault_has_its_own_message() {
    let good = line("a", 32);
    let table = [
        (good.as_str(), 0o644, "key_unsafe"),
        (good.as_str(), 0o640, "key_unsafe"),
        (&line("a", 16), 0o600, "key_short"),
        ("no colon\n", 0o600, "key_malformed"),
        ("a:not base64!\n", 0o600, "key_malformed"),
        ("", 0o600, "key_empty"),
        ("# only a comment\n", 0o600, "key_empty"),
        (&good.repeat(2), 0o600, "key_twice"),
    ];
    for (text, mode, expected) in table {
        let (_folder, path) = written(text, mode);
        let message = KeyRing::load(&path).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn f15_a_credential_of_systemd_is_read_and_no_other_file_that_a_group_reads() {
    let (_folder, path) = written(&line("a", 32), 0o440);
    let root = nix::unistd::geteuid().is_root();
    assert_eq!(KeyRing::load(&path).is_ok(), root, "root's, and of root's group");
    if root {
        std::os::unix::fs::chown(&path, None, Some(1)).unwrap();
        assert!(KeyRing::load(&path).unwrap_err().to_string().starts_with("key_unsafe"));
    }
}

#[test]
fn f15_missing_link_folder_and_fifo_are_refused_at_once() {
    let (folder, path) = written(&line("a", 32), 0o600);
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    let fifo = folder.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRUSR).unwrap();
    let missing = folder.path().join("missing");
    for (path, expected) in [
        (missing.as_path(), "key_missing"),
        (&link, "key_unsafe"),
        (&fifo, "key_unsafe"),
        (folder.path(), "key_unsafe"),
    ] {
        let message = KeyRing::load(path).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn sec1_one_key_under_two_ids_is_refused() {
    let (_folder, path) = written(&(line("a", 32) + &line("b", 32)), 0o600);
    let message = KeyRing::load(&path).unwrap_err().to_string();
    assert!(message.starts_with("key_same") && message.contains("line 2") && message.contains("`b`"), "{message}");
    let other = format!("b:{}\n", BASE64.encode(&[8; 32]));
    let (_folder, path) = written(&(line("a", 32) + &other), 0o600);
    assert_eq!(KeyRing::load(&path).unwrap().ids().collect::<Vec<_>>(), ["a", "b"]);
}
