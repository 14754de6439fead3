//! What is asked of sshd, and what is not.

use std::fs;

use super::{Questions, questions};

/// What is asked of a configuration with these lines.
fn of(lines: &str, names: &[String]) -> Questions {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("sshd_config");
    fs::write(&config, lines).unwrap();
    questions(&config, names)
}

fn names(count: usize) -> Vec<String> {
    let others = (1..count).map(|number| format!("person{number}"));
    others.chain(["root".to_owned()]).collect()
}

fn untried(questions: &Questions) -> Vec<&str> {
    questions.untried.iter().map(|finding| finding.found.as_str()).collect()
}

#[test]
fn nothing_is_asked_about_anybody_where_nothing_is_told_apart() {
    let questions = of("UsePAM yes\n", &names(3));
    assert!(questions.general.is_none() && questions.asked.is_empty() && questions.untried.is_empty());
    let questions = of("Match LocalPort 22\n", &[]);
    assert_eq!(questions.general.as_deref(), Some("lport=23"), "a port that no line names");
    assert!(questions.asked.is_empty());
}

#[test]
fn one_stands_for_all_where_only_places_are_named() {
    let questions = of("Match Address 10.0.0.0/8\nMatch LocalPort 2222 RDomain inner\n", &names(99));
    assert!(untried(&questions).is_empty(), "{questions:?}");
    let connections: Vec<&str> = questions.asked.iter().map(|one| one.connection.as_str()).collect();
    let expected = [
        "user=root,host=192.0.2.1,addr=192.0.2.1,laddr=192.0.2.2,lport=22",
        "user=root,host=127.0.0.1,addr=127.0.0.1,laddr=127.0.0.1,lport=22",
        "user=root,host=10.0.0.1,addr=10.0.0.1,laddr=192.0.2.2,lport=22",
        "user=root,host=192.0.2.1,addr=192.0.2.1,laddr=192.0.2.2,lport=2222,rdomain=inner",
    ];
    assert_eq!(connections[..4], expected);
    assert_eq!(connections.len(), 3 * 2 * 2, "each address at each port in each domain, once");
    assert!(questions.asked.iter().all(|one| one.whom.starts_with("everybody from ")));
    let others = vec!["alice".to_owned(), "bob".to_owned()];
    let questions = of("Match Address 10.0.0.0/8\n", &others);
    assert!(questions.asked.iter().all(|one| one.connection.starts_with("user=alice,")));
}

#[test]
fn who_is_named_is_looked_at_first_and_who_is_not_looked_at_is_told() {
    let questions = of("Match User person98\n", &names(99));
    let first: Vec<&str> = questions.asked.iter().take(3).map(|one| one.whom.as_str()).collect();
    assert_eq!(first, ["root from 192.0.2.1", "person98 from 192.0.2.1", "person1 from 192.0.2.1"]);
    assert_eq!(questions.asked.len(), 64 * 2);
    assert_eq!(untried(&questions), ["`Match` tells people apart: 64 of 99 accounts are looked at"]);
    assert!(untried(&of("Match User person98\n", &names(64))).is_empty());
}

#[test]
fn what_is_too_much_or_unknown_is_told() {
    let lines = |text: &str| -> String {
        let line = |number: u8| text.replace('N', &number.to_string());
        (1..=100).map(line).collect()
    };
    let questions = of(&lines("Match Address 10.N.0.0/16 User root\n"), &names(10));
    assert_eq!(questions.asked.len(), 128);
    assert!(untried(&questions)[0].contains("128"), "{:?}", untried(&questions));
    let questions = of(&lines("Match Address 10.N.0.0/16 LocalPort N\n"), &names(10));
    assert_eq!(questions.asked.len(), 128, "nor is more than that put together");
    let questions = of("Match Address 10.0.0.0/8 Invalid-User\n", &names(1));
    assert_eq!(untried(&questions), ["`Match Invalid-User`: not tried"]);
    assert!(questions.untried[0].place.as_ref().unwrap().ends_with("sshd_config:1"));
}
