//! Stacks as they are written on Debian and elsewhere, and where they lead.

use std::fs;
use std::path::Path;

use super::walk::{Proofs, Walked, walk};
use super::{Action, Control, Kind, Line, StackError, read};

/// A machine with these files in /etc/pam.d.
fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("etc/pam.d");
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
    root
}

fn lines(files: &[(&str, &str)]) -> Vec<Line> {
    read(machine(files).path(), "sshd", Kind::Auth).unwrap()
}

fn walked(text: &str) -> Walked {
    walk(&lines(&[("sshd", text), ("common-auth", COMMON)]), |line| line.module != "pam_missing.so")
}

/// As Debian has it.
const COMMON: &str = "auth [success=1 default=ignore] pam_unix.so nullok\n\
                      auth requisite pam_deny.so\n\
                      auth required pam_permit.so\n\
                      account required pam_unix.so\n";

fn proofs(walked: &Walked) -> Vec<(bool, bool)> {
    let mut all: Vec<(bool, bool)> = walked.in_by.iter().map(|way| (way.proofs.first, way.proofs.code)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn lines_are_read_as_libpam_reads_them() {
    let lines = lines(&[
        (
            "sshd",
            "# a comment\n-AUTH\t[success=2 user_unknown=ignore \\\n default=die]  pam_x.so a [b c] # d\n@include common-auth\n\
                  auth substack deeper\nsession required pam_y.so\nauth include deeper\n",
        ),
        ("common-auth", COMMON),
        ("deeper", "auth sufficient pam_rootok.so\n"),
    ]);
    let found: Vec<(usize, &str, usize)> =
        lines.iter().map(|line| (line.number, line.module.as_str(), line.depth)).collect();
    assert_eq!(
        found,
        [
            (2, "pam_x.so", 0),
            (1, "pam_unix.so", 0),
            (2, "pam_deny.so", 0),
            (3, "pam_permit.so", 0),
            (5, "deeper", 0),
            (1, "pam_rootok.so", 1),
            (1, "pam_rootok.so", 0),
        ]
    );
    let first = lines.first().unwrap();
    assert!(first.is_quiet && first.has("a") && first.has("[b c]"), "{first:?}");
    let control = &first.control;
    assert_eq!(
        [control.on("success"), control.on("user_unknown"), control.on("auth_err")],
        [Action::Jump(2), Action::Ignore, Action::Die]
    );
}

#[test]
fn what_libpam_would_not_take_is_named() {
    for (text, what) in [
        ("auth\n", "no control"),
        ("auth required\n", "no module"),
        ("auth sometimes pam_unix.so\n", "not a control"),
        ("auth [success] pam_unix.so\n", "not a control"),
        ("author required pam_unix.so\n", "not one of"),
        ("@include sshd\n", "too deep"),
    ] {
        let root = machine(&[("sshd", text)]);
        let error = read(root.path(), "sshd", Kind::Auth).unwrap_err();
        assert!(matches!(error, StackError::Line { .. }) && error.to_string().contains(what), "{text}: {error}");
    }
    let root = machine(&[("sshd", "@include nothing\n")]);
    assert!(matches!(read(root.path(), "sshd", Kind::Auth), Err(StackError::File { .. })));
    assert!(Control::parse("[success=ok").is_none());
}

#[test]
fn a_service_without_a_file_is_other() {
    let root = machine(&[("other", "auth required pam_deny.so\n")]);
    assert_eq!(read(root.path(), "sshd", Kind::Auth).unwrap().len(), 1);
    assert!(read(Path::new("/nowhere"), "sshd", Kind::Auth).unwrap().is_empty());
}

#[test]
fn a_right_stack_lets_in_by_both_alone() {
    for text in [
        "@include common-auth\nauth required pam_twolatch.so\n",
        "auth requisite pam_unix.so nodelay\nauth required pam_twolatch.so\nauth required pam_permit.so\n",
        "auth [success=1 default=ignore] pam_twolatch.so key_used\nauth requisite pam_unix.so\nauth required pam_twolatch.so\n",
        "auth requisite pam_twolatch.so forward_pass\nauth requisite pam_unix.so use_first_pass\nauth required pam_twolatch.so verify\n",
        "auth required pam_twolatch.so first=key\n",
    ] {
        let walked = walked(text);
        assert_eq!(proofs(&walked), [(true, true)], "{text}: {:?}", walked.in_by);
        let is_by_key = text.contains("first=key");
        assert!(is_by_key || walked.asked_by.iter().all(|way| way.proofs.first), "{text}: {:?}", walked.asked_by);
    }
}

#[test]
fn a_wrong_stack_shows_its_way_in() {
    for (text, expected) in [
        // Our answer does not bind.
        ("@include common-auth\nauth optional pam_twolatch.so\n", vec![(true, false), (true, true)]),
        ("@include common-auth\nauth sufficient pam_twolatch.so\n", vec![(true, false), (true, true)]),
        (
            "@include common-auth\nauth [success=1 default=ignore] pam_twolatch.so\nauth required pam_permit.so\n",
            vec![(true, false), (true, true)],
        ),
        // Something in front of us is enough.
        ("auth sufficient pam_unix.so\nauth required pam_twolatch.so\n", vec![(false, true), (true, false)]),
        ("auth [success=done default=die] pam_unix.so\nauth required pam_twolatch.so\n", vec![(true, false)]),
        // A wrong password does not end it: whoever has the code alone is refused in the end, but only in the end.
        ("auth required pam_unix.so\nauth required pam_twolatch.so\n", vec![(true, true)]),
        ("auth required pam_twolatch.so\n", vec![(false, true)]),
        // The module is missing.
        ("@include common-auth\nauth required pam_missing.so\n", vec![]),
        ("@include common-auth\n-auth required pam_missing.so\n", vec![]),
        ("@include common-auth\n-auth sufficient pam_missing.so\n", vec![(true, false)]),
        // Who is not known there is let through.
        (
            "auth requisite pam_sss.so ignore_unknown_user\nauth required pam_twolatch.so\n",
            vec![(false, true), (true, true)],
        ),
        // A jump that leads nowhere, and an action that is not said.
        ("auth [success=9 default=die] pam_unix.so\nauth required pam_permit.so\n", vec![]),
        ("auth required pam_unix.so\nauth [success=ok] pam_twolatch.so\n", vec![(true, true)]),
    ] {
        let walked = walked(text);
        assert_eq!(proofs(&walked), expected, "{text}: {:?}", walked.in_by);
    }
}

#[test]
fn a_substack_ends_by_itself() {
    let files = [
        ("sshd", "auth substack inner\nauth required pam_twolatch.so\n"),
        ("inner", "auth sufficient pam_unix.so\nauth requisite pam_deny.so\n"),
    ];
    let walked = walk(&lines(&files), |_| true);
    assert_eq!(proofs(&walked), [(true, true)], "`sufficient` leaves the substack alone");
    // And so does `requisite`: whoever has no password reaches the code.
    assert!(walked.asked_by.iter().any(|way| !way.proofs.first), "{:?}", walked.asked_by);
}

#[test]
fn root_and_who_is_spared_are_told_apart() {
    let su = walked("auth sufficient pam_rootok.so\n@include common-auth\nauth required pam_twolatch.so nullok\n");
    let of = |proofs: Proofs| su.in_by.iter().any(|way| way.proofs == proofs);
    assert!(of(Proofs { root: true, ..Proofs::default() }), "{:?}", su.in_by);
    assert!(of(Proofs { first: true, spared: true, ..Proofs::default() }), "{:?}", su.in_by);
    assert!(su.asked_by.iter().all(|way| way.proofs.first), "{:?}", su.asked_by);
}
