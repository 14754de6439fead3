//! The files of Debian 12 and others, with our lines and without them.

use std::fs;
use std::path::Path;

use twolatch_core::time::Timestamp;

use super::automation::{self, Automation};
use super::pending::{Pending, file_of, forget, hold};
use super::{Edit, Wanted, WiringError, disabling, enabled, enabling};

const COMMON: &str = "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\tpam_deny.so\n\
                      auth\trequired\tpam_permit.so\n";
const SSHD: &str = "# PAM configuration\n@include common-auth\naccount required pam_nologin.so\n@include common-account\n\
                    session required pam_permit.so\n";

/// A machine with our module and these services.
fn machine(services: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let (pam, modules) = (root.path().join("etc/pam.d"), root.path().join("lib/x86_64-linux-gnu/security"));
    for folder in [&pam, &modules, &root.path().join("etc/ssh/sshd_config.d")] {
        fs::create_dir_all(folder).unwrap();
    }
    for name in ["unix", "deny", "permit", "twolatch", "rootok", "group", "nologin", "faildelay"] {
        fs::write(modules.join(format!("pam_{name}.so")), "").unwrap();
    }
    let common = [("common-auth", COMMON), ("common-account", "account required pam_unix.so\n")];
    for (name, text) in common.iter().chain(services) {
        fs::write(pam.join(name), text).unwrap();
    }
    root
}

fn write(edits: &[Edit]) {
    for edit in edits {
        match &edit.after {
            Some(text) => fs::write(&edit.path, text).unwrap(),
            None => fs::remove_file(&edit.path).unwrap(),
        }
    }
}

fn text(root: &Path, service: &str) -> String {
    fs::read_to_string(root.join("etc/pam.d").join(service)).unwrap()
}

#[test]
fn what_is_switched_on_and_off_again_is_as_it_was() {
    let root = machine(&[("sshd", SSHD), ("su", "auth sufficient pam_rootok.so\n@include common-auth\n")]);
    for (service, files) in [("sshd", 2), ("su", 1)] {
        let before = text(root.path(), service);
        let edits = enabling(root.path(), service, &Wanted::default()).unwrap();
        assert_eq!(edits.len(), files);
        write(&edits);
        let after = text(root.path(), service);
        let behind = after.split_once("@include common-auth\n").unwrap().1;
        assert!(behind.starts_with("# Twolatch asks"), "{after}");
        assert!(
            enabling(root.path(), service, &Wanted::default()).unwrap().is_empty(),
            "a second time changes nothing"
        );
        assert_eq!(enabled(root.path()), [service]);
        write(&disabling(root.path(), service).unwrap());
        assert_eq!(text(root.path(), service), before);
        assert!(enabled(root.path()).is_empty());
    }
    assert!(!root.path().join(super::SSHD).exists());
}

#[test]
fn the_account_line_comes_with_it_or_later_and_stays() {
    let root = machine(&[("sshd", SSHD)]);
    let with_line = Wanted { account_line: true, automation: None };
    write(&enabling(root.path(), "sshd", &Wanted::default()).unwrap());
    assert!(!text(root.path(), "sshd").contains("account    required     pam_twolatch.so"));
    for wanted in [&with_line, &Wanted::default()] {
        write(&enabling(root.path(), "sshd", wanted).unwrap());
        let after = text(root.path(), "sshd");
        assert_eq!(after.matches("account    required     pam_twolatch.so\n").count(), 1, "{after}");
    }
    write(&disabling(root.path(), "sshd").unwrap());
    assert_eq!(text(root.path(), "sshd"), SSHD);
}

#[test]
fn who_is_exempt_comes_by_a_key_for_as_long_as_the_account_line_asks() {
    let root = machine(&[("sshd", SSHD)]);
    let one = |user: &str, network: &str| Automation { user: user.parse().unwrap(), network: network.parse().unwrap() };
    let file = automation::file(&[one("backup", "10.20.0.5/32"), one("git", "2001:db8::/32")]);
    let blocks = "Match User backup Address 10.20.0.5/32\n    AuthenticationMethods publickey\n\
                  Match User git Address 2001:db8::/32\n    AuthenticationMethods publickey\n";
    let written = root.path().join(automation::FILE);
    write(&enabling(root.path(), "sshd", &Wanted { account_line: false, automation: file.clone() }).unwrap());
    assert!(!written.exists(), "without the account line nothing would ask whether they are exempt");
    write(&enabling(root.path(), "sshd", &Wanted { account_line: true, automation: file.clone() }).unwrap());
    assert!(fs::read_to_string(&written).unwrap().ends_with(blocks));
    assert!(
        enabling(root.path(), "sshd", &Wanted { account_line: false, automation: file.clone() }).unwrap().is_empty()
    );
    write(&enabling(root.path(), "sshd", &Wanted { account_line: true, automation: automation::file(&[]) }).unwrap());
    assert!(!written.exists(), "nobody is exempt any more");
    write(&enabling(root.path(), "sshd", &Wanted { account_line: true, automation: file }).unwrap());
    write(&disabling(root.path(), "sshd").unwrap());
    assert!(!written.exists());
}

#[test]
fn our_line_stands_where_nothing_leads_past_it() {
    // Behind the last line it would never be reached.
    let root = machine(&[("sudo", "auth requisite pam_unix.so\nauth sufficient pam_permit.so\n")]);
    let edits = enabling(root.path(), "sudo", &Wanted::default()).unwrap();
    let after = edits[0].after.as_ref().unwrap();
    assert!(after.find("pam_twolatch").unwrap() < after.find("sufficient").unwrap(), "{after}");
}

#[test]
fn where_it_cannot_stand_nothing_is_changed() {
    type Expected = fn(&WiringError) -> bool;
    let cases: [(&str, &str, Expected); 5] = [
        ("sudo", "auth sufficient pam_unix.so\n", |error| matches!(error, WiringError::Unfit(_))),
        ("sudo", "account required pam_unix.so\n", |error| matches!(error, WiringError::Unfit(_))),
        ("sudo", "auth sometimes pam_unix.so\n", |error| matches!(error, WiringError::Stack(_))),
        ("sudo", "auth requisite pam_unix.so\nauth required pam_twolatch.so\n", |error| {
            matches!(error, WiringError::Asks(_))
        }),
        ("cron", "@include common-auth\n", |error| matches!(error, WiringError::NoDoor(_))),
    ];
    for (service, stack, expected) in cases {
        let root = machine(&[(service, stack)]);
        let error = enabling(root.path(), service, &Wanted::default()).unwrap_err();
        assert!(expected(&error), "{stack}: {error}");
    }
    let root = machine(&[]);
    assert!(matches!(enabling(root.path(), "sudo", &Wanted::default()), Err(WiringError::NoService(_))));
    fs::remove_file(root.path().join("lib/x86_64-linux-gnu/security/pam_twolatch.so")).unwrap();
    fs::write(root.path().join("etc/pam.d/sudo"), "@include common-auth\n").unwrap();
    let error = enabling(root.path(), "sudo", &Wanted::default()).unwrap_err();
    assert!(error.to_string().contains("is not installed"), "{error}");
}

#[test]
fn what_somebody_else_has_written_stays() {
    let root = machine(&[("sshd", SSHD)]);
    write(&enabling(root.path(), "sshd", &Wanted::default()).unwrap());
    let drop_in = root.path().join(super::SSHD);
    fs::write(&drop_in, "UsePAM yes\n").unwrap();
    let file = root.path().join("etc/pam.d/sshd");
    fs::write(&file, text(root.path(), "sshd") + "session optional pam_group.so\n").unwrap();
    write(&disabling(root.path(), "sshd").unwrap());
    assert_eq!(fs::read_to_string(&drop_in).unwrap(), "UsePAM yes\n");
    assert_eq!(text(root.path(), "sshd"), format!("{SSHD}session optional pam_group.so\n"));
    assert!(matches!(disabling(root.path(), "sshd"), Err(WiringError::NotOurs(_))));
}

#[test]
fn every_byte_that_is_not_ours_stays() {
    let stacks = [
        "auth requisite pam_unix.so\r\naccount required pam_unix.so\r\n",
        "auth requisite pam_unix.so\n# caf\u{e9}\n\n\taccount required pam_unix.so",
        "auth requisite \\\n pam_unix.so\nauth required pam_permit.so\n",
    ];
    for stack in stacks {
        let root = machine(&[("su", stack)]);
        write(&enabling(root.path(), "su", &Wanted::default()).unwrap());
        let after = text(root.path(), "su");
        assert!(after.contains(super::OURS) && after != stack, "{after}");
        write(&disabling(root.path(), "su").unwrap());
        assert_eq!(text(root.path(), "su"), stack);
    }
}

#[test]
fn what_somebody_writes_between_our_lines_or_takes_out_of_them_does_no_harm() {
    let root = machine(&[("su", "auth requisite pam_unix.so\nauth required pam_permit.so\n")]);
    let file = root.path().join("etc/pam.d/su");
    let (begin, ours, end) = (super::BEGIN, super::OURS, super::END);
    for (changed, bare) in [
        (
            format!("auth requisite pam_unix.so\n{begin}\n{ours}\nauth required pam_permit.so\n"),
            "auth requisite pam_unix.so\nauth required pam_permit.so\n",
        ),
        (
            format!("auth requisite pam_unix.so\n{begin}\n{ours}\n# mine\n{end}\n"),
            "auth requisite pam_unix.so\n# mine\n",
        ),
    ] {
        fs::write(&file, changed).unwrap();
        let edits = disabling(root.path(), "su").unwrap();
        let after = edits[0].after.as_ref().unwrap();
        assert!(after.starts_with(bare), "{after}");
        assert!(!after.contains(ours), "{after}");
    }
}

#[test]
fn a_file_that_a_link_leads_to_is_written_itself() {
    let root = machine(&[("common-su", "auth requisite pam_unix.so\n")]);
    let link = root.path().join("etc/pam.d/su");
    std::os::unix::fs::symlink("common-su", &link).unwrap();
    let edits = enabling(root.path(), "su", &Wanted::default()).unwrap();
    assert_eq!(edits[0].path, root.path().canonicalize().unwrap().join("etc/pam.d/common-su"));
}

/// A switch at `su` of that machine, made and noted.
fn switched(root: &Path) -> Pending {
    let edits = enabling(root, "su", &Wanted::default()).unwrap();
    let (since, until) = (Timestamp::from_unix(0), Timestamp::from_unix(600));
    let pending = Pending { service: "su".to_owned(), edits, since, until };
    drop(hold(root).unwrap());
    pending.announce(root).unwrap();
    pending.apply().unwrap();
    pending
}

#[test]
fn our_lines_are_taken_out_of_what_is_no_text() {
    let stack = "auth requisite pam_unix.so\nauth required pam_permit.so\n";
    let root = machine(&[("su", stack)]);
    let pending = switched(root.path());
    let file = root.path().join("etc/pam.d/su");
    let by_hand = b"# caf\xe9\n";
    fs::write(&file, [fs::read(&file).unwrap(), by_hand.to_vec()].concat()).unwrap();
    pending.undo().unwrap();
    assert_eq!(fs::read(&file).unwrap(), [stack.as_bytes(), by_hand].concat());
}

#[test]
fn what_cannot_be_read_is_not_taken_for_settled() {
    let root = machine(&[("su", "auth requisite pam_unix.so\nauth required pam_permit.so\n")]);
    let pending = switched(root.path());
    let file = root.path().join("etc/pam.d/su");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(pending.undo().is_err());
    assert_eq!(Pending::all(root.path()).unwrap().pending, [pending]);
}

#[test]
fn a_broken_note_does_not_hide_the_others() {
    let root = machine(&[("su", "auth requisite pam_unix.so\nauth required pam_permit.so\n")]);
    let pending = switched(root.path());
    let broken = file_of(root.path(), "sudo");
    fs::write(&broken, "{").unwrap();
    let notes = Pending::all(root.path()).unwrap();
    assert_eq!((notes.pending, notes.broken), (vec![pending], vec![broken.clone()]));
    forget(root.path(), "sudo").unwrap();
    forget(root.path(), "sudo").unwrap();
    assert!(!broken.exists());
}

#[test]
fn going_back_from_a_second_switch_leaves_the_first() {
    let root = machine(&[("sshd", SSHD)]);
    write(&enabling(root.path(), "sshd", &Wanted::default()).unwrap());
    let file = root.path().join("etc/pam.d/sshd");
    let first = text(root.path(), "sshd");
    let wanted = Wanted { account_line: true, automation: None };
    let edits = enabling(root.path(), "sshd", &wanted).unwrap();
    let (since, until) = (Timestamp::from_unix(0), Timestamp::from_unix(600));
    let pending = Pending { service: "sshd".to_owned(), edits, since, until };
    // Before anything was written, behind it, and where somebody has changed the file since.
    pending.undo().unwrap();
    assert_eq!(text(root.path(), "sshd"), first);
    pending.apply().unwrap();
    assert!(text(root.path(), "sshd").contains(super::ACCOUNT));
    pending.undo().unwrap();
    assert_eq!(text(root.path(), "sshd"), first);
    pending.apply().unwrap();
    fs::write(&file, text(root.path(), "sshd") + "session optional pam_group.so\n").unwrap();
    pending.undo().unwrap();
    assert_eq!(text(root.path(), "sshd"), first + "session optional pam_group.so\n");
}

#[test]
fn a_line_that_asks_nobody_is_not_in_the_way() {
    let stack = "auth [success=1 default=ignore] pam_twolatch.so key_used\nauth requisite pam_unix.so\n\
                 @include common-account\n";
    let root = machine(&[("sshd", stack)]);
    write(&enabling(root.path(), "sshd", &Wanted::default()).unwrap());
    let after = text(root.path(), "sshd");
    assert!(after.contains(&format!("auth requisite pam_unix.so\n{}\n{}\n", super::BEGIN, super::OURS)), "{after}");
    write(&disabling(root.path(), "sshd").unwrap());
    assert_eq!(text(root.path(), "sshd"), stack);
}
