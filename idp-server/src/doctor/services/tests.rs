//! Services of machines that are none: what is said of their stacks. That it is so, `tests/doctor.rs` shows on a real one.

use std::fs;

use super::super::Verdict;
use super::{examine, has_account_line};

/// A machine with our module and these services.
fn machine(services: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let (pam, modules) = (root.path().join("etc/pam.d"), root.path().join("usr/lib/x86_64-linux-gnu/security"));
    fs::create_dir_all(&pam).unwrap();
    fs::create_dir_all(&modules).unwrap();
    for name in ["unix", "deny", "permit", "twolatch"] {
        fs::write(modules.join(format!("pam_{name}.so")), "").unwrap();
    }
    for (name, text) in services {
        fs::write(pam.join(name), text).unwrap();
    }
    root
}

#[test]
fn an_account_line_closes_where_nothing_leads_past_it() {
    let common = "account [success=1 default=ignore] pam_unix.so\naccount requisite pam_deny.so\naccount required pam_permit.so\n";
    for (stack, closes) in [
        ("account required pam_unix.so\naccount required pam_twolatch.so\n", true),
        ("@include common-account\naccount required pam_twolatch.so\n", true),
        ("account requisite pam_twolatch.so\n@include common-account\n", true),
        ("account sufficient pam_unix.so\naccount required pam_twolatch.so\n", false),
        ("account required pam_unix.so\naccount optional pam_twolatch.so\n", false),
        ("account required pam_unix.so\n", false),
    ] {
        let root = machine(&[("sshd", stack), ("common-account", common)]);
        assert_eq!(has_account_line(root.path(), "sshd"), closes, "{stack}");
    }
}

#[test]
fn common_auth_is_no_place_for_our_line() {
    let root = machine(&[
        ("common-auth", "auth requisite pam_unix.so\nauth required pam_twolatch.so\n"),
        ("cron", "@include common-auth\n"),
        ("sudo", "@include common-auth\n"),
        ("sudo.bak", "auth sufficient pam_permit.so\n"),
    ]);
    let services = examine(root.path());
    let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["cron", "sudo"]);
    let bad = |name: &str| {
        let service = services.iter().find(|service| service.name == name).unwrap();
        service
            .findings
            .iter()
            .any(|finding| finding.verdict == Verdict::LockOut && finding.found.contains("common-auth"))
    };
    assert!(bad("cron") && !bad("sudo"), "{services:?}");
}

#[test]
fn a_door_without_our_line_asks_for_nothing() {
    let root = machine(&[("sudo", "auth required pam_unix.so\n"), ("cron", "auth required pam_unix.so\n")]);
    let services = examine(root.path());
    assert_eq!(services.len(), 1);
    assert_eq!(services[0].findings[0].verdict, Verdict::Note);
}

#[test]
fn services_are_found_wherever_pam_looks_for_them_and_whatever_they_are_called() {
    let asks = "auth requisite pam_unix.so\nauth required pam_twolatch.so\n";
    let root = machine(&[("org.example.door", asks), ("sudo.dpkg-old", asks), ("both", asks)]);
    let vendor = root.path().join("usr/lib/pam.d");
    fs::create_dir_all(&vendor).unwrap();
    fs::write(vendor.join("polkit-1"), asks).unwrap();
    fs::write(vendor.join("both"), "auth required pam_permit.so\n").unwrap();
    let services = examine(root.path());
    let found: Vec<(&str, bool)> = services.iter().map(|service| (service.name.as_str(), service.asks)).collect();
    assert_eq!(found, [("both", true), ("org.example.door", true), ("polkit-1", true)]);
}
