//! Units of machines that are none.

use std::fs;

use super::{examine, of_machine};

#[test]
fn a_sandbox_without_unix_sockets_is_named_where_it_stays_so() {
    let cases: [(&[&str], Option<usize>); 7] = [
        (&["NoNewPrivileges=yes\n"], None),
        (&["RestrictAddressFamilies=AF_UNIX AF_NETLINK\n"], None),
        (&["RestrictAddressFamilies=AF_NETLINK\n"], Some(0)),
        (&["RestrictAddressFamilies=AF_NETLINK\n", "RestrictAddressFamilies=AF_UNIX\n"], None),
        (&["RestrictAddressFamilies=AF_UNIX\n", "RestrictAddressFamilies=~AF_UNIX\n"], Some(1)),
        (&["RestrictAddressFamilies=AF_UNIX\n", "RestrictAddressFamilies=AF_NETLINK\n"], None),
        (&["RestrictAddressFamilies=AF_NETLINK\n", "RestrictAddressFamilies=\n"], None),
    ];
    for (files, expected) in cases {
        let root = tempfile::tempdir().unwrap();
        let unit = root.path().join("usr/lib/systemd/system/polkit-agent-helper@.service");
        let over = root.path().join("etc/systemd/system/polkit-agent-helper@.service.d");
        fs::create_dir_all(unit.parent().unwrap()).unwrap();
        fs::create_dir_all(&over).unwrap();
        let places = [unit, over.join("local.conf")];
        for (place, text) in places.iter().zip(files) {
            fs::write(place, format!("[Service]\n{text}")).unwrap();
        }
        let named = examine(root.path(), "polkit-1", &[]).pop().and_then(|finding| finding.place);
        assert_eq!(named, expected.map(|index| places[index].display().to_string()), "{files:?}");
    }
}

#[test]
fn selinux_is_named_where_it_enforces() {
    let root = tempfile::tempdir().unwrap();
    assert!(of_machine(root.path()).is_none());
    fs::create_dir_all(root.path().join("sys/fs/selinux")).unwrap();
    for (text, is_named) in [("0", false), ("1\n", true)] {
        fs::write(root.path().join("sys/fs/selinux/enforce"), text).unwrap();
        assert_eq!(of_machine(root.path()).is_some(), is_named);
    }
}
