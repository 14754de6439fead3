//! Rules of machines that are none, as sudo reads them.

use std::fs;
use std::path::Path;

use super::super::{Finding, Verdict};
use super::examine;

/// A machine with these files below it.
fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = root.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    root
}

fn place(root: &Path, finding: &Finding) -> String {
    let place = finding.place.clone().unwrap_or_default();
    place.replace(&format!("{}/", root.display()), "")
}

/// Where somebody gets by.
fn bypasses(files: &[(&str, &str)]) -> Vec<String> {
    let root = machine(files);
    let findings = examine(root.path());
    let bad = findings.iter().filter(|finding| finding.verdict == Verdict::Bypass);
    bad.map(|finding| place(root.path(), finding)).collect()
}

/// What is said last: of the ticket.
fn ticket(rules: &str) -> (Verdict, String) {
    let last = examine(machine(&[("etc/sudoers", rules)]).path()).pop().unwrap();
    (last.verdict, last.found)
}

#[test]
fn each_rule_that_asks_nothing_is_named_at_its_line() {
    for (rules, line) in [
        ("alice ALL=(ALL) NOPASSWD: ALL\n", 1),
        ("alice ALL=(ALL)NOPASSWD:ALL\n", 1),
        ("alice ALL=NOEXEC:NOPASSWD : ALL\n", 1),
        ("root ALL=ALL\n#1000 ALL=(ALL) NOPASSWD: ALL\n", 2),
        ("%#27 ALL=(ALL) NOPASSWD: ALL\n", 1),
        ("alice ALL=(#0) NOPASSWD: ALL # for now\n", 1),
        ("\"bob b\" ALL=(ALL) /bin/ls, NOPASSWD: ALL\n", 1),
        ("# first \\\nalice ALL=(ALL) \\\n  NOPASSWD: \\  \n  ALL\n", 2),
        ("Defaults env_reset, !authenticate\n", 1),
        ("Defaults ! authenticate\n", 1),
        ("Defaults:alice,bob !authenticate\n", 1),
        ("Defaults:#1000 !authenticate\n", 1),
        ("Defaults env_reset,\\\n  !authenticate\n", 1),
        ("Defaults exempt_group=admin\n", 1),
        ("Defaults exempt_group = \"domain admins\"\n", 1),
        ("Defaults pam_service=other_one\n", 1),
        ("Defaults env_reset,pam_login_service = \"other_one\"\n", 1),
    ] {
        assert_eq!(bypasses(&[("etc/sudoers", rules)]), [format!("etc/sudoers:{line}")], "{rules}");
    }
}

#[test]
fn what_is_no_such_rule_is_not_named() {
    for rules in [
        "# NOPASSWD is bad\n",
        "#NOPASSWD: ALL\n",
        "alice ALL=(ALL) ALL # NOPASSWD: ALL\n",
        "alice ALL=(ALL) /bin/echo NOPASSWD\n",
        "alice ALL=(ALL) /bin/echo NOPASSWD\\:\n",
        "alice ALL=(ALL) PASSWD: ALL\n",
        "Defaults badpass_message=\"see # NOPASSWD: and !authenticate\"\n",
        "Defaults authenticate\nDefaults !!authenticate\n",
        "Defaults !exempt_group\n",
        "# Defaults !authenticate\n",
        "#includedirectory /etc/elsewhere\n# include elsewhere\n",
    ] {
        let elsewhere = ("etc/elsewhere", "alice ALL=NOPASSWD: ALL\n");
        assert!(bypasses(&[("etc/sudoers", rules), elsewhere]).is_empty(), "{rules}");
    }
}

#[test]
fn files_are_followed_wherever_they_are() {
    let bad = "alice ALL=(ALL) NOPASSWD: ALL\n";
    for (named, file) in [
        ("@include /opt/rules\n", "opt/rules"),
        ("#include rules\n", "etc/rules"),
        ("@include \"the rules\"\n", "etc/the rules"),
        ("@include the\\ rules # more\n", "etc/the rules"),
        ("#includedir /opt/rules.d\n", "opt/rules.d/one"),
        ("@includedir more.d\n", "etc/more.d/one"),
    ] {
        assert_eq!(bypasses(&[("etc/sudoers", named), (file, bad)]), [format!("{file}:1")], "{named}");
    }
    let deep = [("etc/sudoers", "@include a/b\n"), ("etc/a/b", "@include c\n@include b\n"), ("etc/a/c", bad)];
    assert_eq!(bypasses(&deep), ["etc/a/c:1"], "each file once, and beside the one that names it");
    let folder = [
        ("etc/sudoers", "@includedir /etc/sudoers.d\n"),
        ("etc/sudoers.d/b", bad),
        ("etc/sudoers.d/a~b", bad),
        ("etc/sudoers.d/c.dpkg-old", bad),
        ("etc/sudoers.d/d~", bad),
        ("etc/unnamed.d/e", bad),
    ];
    assert_eq!(bypasses(&folder), ["etc/sudoers.d/a~b:1", "etc/sudoers.d/b:1"]);
}

#[test]
fn files_are_read_up_to_a_number() {
    let names: Vec<String> = (0..200).map(|number| format!("etc/sudoers.d/{number:03}")).collect();
    let bad = names.iter().map(|name| (name.as_str(), "alice ALL=NOPASSWD: ALL\n"));
    let files: Vec<(&str, &str)> = [("etc/sudoers", "@includedir sudoers.d\n")].into_iter().chain(bad).collect();
    assert_eq!(bypasses(&files).len(), 127);
    let findings = examine(machine(&files).path());
    let cut: Vec<&Finding> = findings.iter().filter(|finding| finding.found.contains("more than 128 files")).collect();
    assert!(cut.len() == 1 && cut[0].verdict == Verdict::Note, "{cut:?}");
}

#[test]
fn another_stack_is_judged_by_what_it_asks() {
    let rules = ("etc/sudoers", "Defaults pam_service=door\n");
    let stack = ("etc/pam.d/door", "auth requisite pam_unix.so\nauth required pam_twolatch.so\n");
    for (files, verdict) in [
        (vec![rules, stack], Verdict::Note),
        (vec![rules, ("etc/pam.d/door", "auth required pam_unix.so\n")], Verdict::Bypass),
        (vec![rules], Verdict::Bypass),
        (vec![rules, ("etc/pam.d/other", stack.1)], Verdict::Note),
        (vec![rules, ("etc/pam.d/door", "auth sometimes pam_unix.so\n")], Verdict::LockOut),
    ] {
        let findings = examine(machine(&files).path());
        let of_stack = findings.iter().find(|finding| finding.found.contains("`pam_service=door`")).unwrap();
        assert_eq!(of_stack.verdict, verdict, "{files:?}: {of_stack:?}");
    }
}

#[test]
fn the_ticket_is_told_as_it_is() {
    for (rules, verdict, words) in [
        ("", Verdict::Note, "after 15 minutes"),
        ("Defaults timestamp_timeout=30\n", Verdict::Note, "after 30 minutes"),
        (
            "Defaults timestamp_timeout=30\nDefaults env_reset, timestamp_timeout = 2.5\n",
            Verdict::Note,
            "after 2.5 min",
        ),
        ("Defaults timestamp_timeout=-1\n", Verdict::Note, "never runs out"),
        ("Defaults timestamp_timeout=0\n", Verdict::Well, "each time"),
        ("Defaults !timestamp_timeout\n", Verdict::Well, "each time"),
        ("Defaults:alice timestamp_timeout=-1\n", Verdict::Note, "after 15 minutes"),
    ] {
        let (one, found) = ticket(rules);
        assert!(one == verdict && found.contains(words), "{rules}: {found}");
    }
    let root = machine(&[("etc/sudoers", "\nDefaults:alice timestamp_timeout=-1\n")]);
    let findings = examine(root.path());
    let of_some = findings.iter().find(|finding| finding.found.contains("whom this line is for")).unwrap();
    assert_eq!(place(root.path(), of_some), "etc/sudoers:2");
    assert!(of_some.found.contains("never runs out"));
}
