//! `Match` lines as they may be written.

use std::fs;

use super::{Match, address, fits, read};

/// What one line of a file without others names.
fn line(text: &str) -> Match {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("sshd_config");
    fs::write(&config, format!("# Match User nobody\nMatchless x\n{text}\n")).unwrap();
    let mut all = read(&config).all;
    assert_eq!(all.len(), 1, "{text}");
    let one = all.pop().unwrap();
    assert_eq!(one.place, format!("{}:3", config.display()));
    one
}

#[test]
fn lines_are_taken_apart_as_sshd_does() {
    let one = line("  mAtch \"User\" alice,!bob Address 10.0.0.0/8,!10.1.?.* host=*.example.org # All");
    assert_eq!(one.users, ["alice", "bob"]);
    assert_eq!(one.examples.from, ["10.0.0.1", "10.1.1.1"]);
    assert_eq!(one.examples.hosts, ["x.example.org"]);
    assert!(one.tells_people_apart && one.unknown.is_empty());
    let one = line("Match = LocalAddress 192.0.2.0/24 LocalPort 2222 RDomain * Address *");
    assert_eq!(one.examples.to, ["192.0.2.1"]);
    assert_eq!(one.examples.ports, ["2222"]);
    assert_eq!(one.examples.domains, ["x"]);
    assert!(one.examples.from.is_empty() && !one.tells_people_apart, "anywhere is an example of `*`");
    assert!(line("Match Group sudo").tells_people_apart);
    assert!(!line("Match All").tells_people_apart);
    for (text, unknown) in
        [("Match Version 2* Address 10.1.1.1", "Version"), ("Match Invalid-User Address 10.1.1.1", "Invalid-User")]
    {
        let one = line(text);
        assert_eq!((one.unknown, one.examples.from), (vec![unknown.to_owned()], vec!["10.1.1.1".to_owned()]), "{text}");
        assert!(one.tells_people_apart);
    }
}

#[test]
fn each_pattern_has_an_example() {
    for (pattern, example) in [
        ("10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.0/31", "10.0.0.0"),
        ("10.9.8.7/32", "10.9.8.7"),
        ("0.0.0.0/0", "0.0.0.1"),
        ("2001:db8::/32", "2001:db8::1"),
        ("2001:db8::5/128", "2001:db8::5"),
        ("::/0", "::1"),
        ("10.0.0.5", "10.0.0.5"),
        ("10.*", "10.1.1.1"),
        ("10.0.*.2?", "10.0.1.21"),
        ("2001:db8:*", "2001:db8::1"),
        ("nonsense/99", "nonsense/99"),
    ] {
        assert_eq!(address(pattern), example, "{pattern}");
    }
}

#[test]
fn files_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("sshd_config.d")).unwrap();
    fs::create_dir_all(path("more")).unwrap();
    let here = folder.path().display();
    let config = format!("Include {here}/more/?.conf {here}/more/[x].conf\nInclude {here}/sshd_config Match\n");
    fs::write(path("sshd_config"), config).unwrap();
    for (name, user) in [
        ("sshd_config.d/10.conf", "beside"),
        ("sshd_config.d/10.conf.bak", "left"),
        ("more/a.conf", "first"),
        ("more/b.conf", "second"),
        ("more/cc.conf", "left"),
        ("more/.conf", "left"),
    ] {
        fs::write(path(name), format!("Match User {user}\n")).unwrap();
    }
    let matches = read(&path("sshd_config"));
    let users: Vec<String> = matches.all.into_iter().flat_map(|line| line.users).collect();
    assert_eq!(users, ["first", "second", "beside"]);
    assert_eq!(matches.unread, [(format!("{here}/sshd_config:1"), format!("{here}/more/[x].conf"))]);
}

#[test]
fn stars_stand_for_anything() {
    for (pattern, name, is_so) in [
        ("*.conf", "a.conf", true),
        ("*.conf", "a.conf.bak", false),
        ("*", "", true),
        ("a*b*c", "axxbxc", true),
        ("a?c", "ac", false),
        ("", "a", false),
    ] {
        assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), is_so, "{pattern} {name}");
    }
}
