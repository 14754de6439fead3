//! Names and addresses as attackers write them, at the command line: what is refused, and what a terminal is shown. And
//! that nobody begins anew where there is an administrator, nor removes the last one, and that `serve` ends when asked to.

use nix::sys::signal::Signal;

use crate::support::database::Engine;
use crate::support::server::{Process, Server};
use crate::support::wait::until;

fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    Server::init(Engine::Sqlite, folder.path()).unwrap()
}

#[test]
fn w_14_no_name_steers_a_terminal() {
    const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;evil\u{7}\u{9b}31mPhone\r";
    let server = server();
    server.run(&["user", "add", "alice"], "");
    server.run(
        &["factor", "add-totp", "alice", "--secret-stdin", "--label", HOSTILE],
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n",
    );
    server.run(&["policy", "exempt", "alice", "--door", "ssh", "--days", "3", "--reason", HOSTILE], "");
    let lines: [&[&str]; 7] = [
        &["factor", "list", "alice"],
        &["factor", "list", "alice", "--json"],
        &["client", "add", "--name", HOSTILE, "--id", "x", "--redirect-uri", "https://a.example/"],
        &["policy", "show"],
        &["policy", "explain", "alice"],
        &["audit", "list"],
        &["audit", "list", "--json"],
    ];
    for line in lines {
        let output = server.try_run(line, "");
        for said in [output.stdout, output.stderr] {
            let said = String::from_utf8(said).unwrap();
            assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "twolatch {line:?}: {said:?}");
        }
    }
}

#[test]
fn w_23_what_is_no_name_and_no_address_is_refused() {
    let server = server();
    let long = |length: usize| format!("{}@example.org", "a".repeat(length - "@example.org".len()));
    let hosts = |length: usize| format!("a@{}.example.org", ["b"; 160].join(".").split_at(length - 14).0);
    for address in [long(255), long(320), hosts(255), hosts(319), "a@b.example, c@d.example".to_owned()] {
        let output = server.try_run(&["user", "add", "alice", "--email", &address], "");
        assert!(!output.status.success(), "{address}");
    }
    for name in ["bob@example.org", "bob@example.org@example.org", "@"] {
        assert!(!server.try_run(&["user", "add", name], "").status.success(), "{name}");
    }
    assert_eq!(server.json(&["user", "list"]).as_array().unwrap().len(), 0);
}

#[test]
fn sec_10_a_second_init_makes_nothing_and_no_link_where_there_is_an_administrator() {
    let server = server();
    assert_eq!(server.json(&["user", "list"]).as_array().unwrap().len(), 0);
    let keys = std::fs::read(server.keys_path()).unwrap();
    let output = server.try_run(&["init"], "");
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("is there already"));
    assert_eq!(std::fs::read(server.keys_path()).unwrap(), keys);
    assert!(server.json(&["init", "--new-link"])["setup_link"].is_string());
    server.run(&["user", "add", "root-admin", "--role", "admin"], "");
    assert!(server.json(&["init", "--new-link"])["setup_link"].is_null());
}

#[test]
fn w_13_templates_in_names_are_shown_as_they_are() {
    const TEMPLATE: &str = "{{7*7}}${7*7}{% raw %}<%= 7 %>#{7*7}%s%n";
    let server = server();
    server.run(&["user", "add", "alice"], "");
    server.run(
        &["factor", "add-totp", "alice", "--secret-stdin", "--label", TEMPLATE],
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n",
    );
    server.run(&["policy", "exempt", "alice", "--door", "ssh", "--days", "3", "--reason", TEMPLATE], "");
    server.run(&["client", "add", "--name", TEMPLATE, "--id", "x", "--redirect-uri", "https://a.example/"], "");
    let lines: [&[&str]; 4] =
        [&["factor", "list", "alice"], &["policy", "show"], &["client", "list"], &["client", "show", "x"]];
    for line in lines {
        assert!(server.run(line, "").contains(TEMPLATE), "twolatch {line:?}");
    }
}

#[test]
fn w29_the_last_administrator_stays_one() {
    let server = server();
    server.run(&["user", "add", "root-admin", "--role", "admin"], "");
    let lines: [&[&str]; 4] = [
        &["user", "set", "root-admin", "--role", "member"],
        &["user", "set", "root-admin", "--role", "supervisor"],
        &["user", "disable", "root-admin"],
        &["user", "delete", "root-admin"],
    ];
    for line in lines {
        assert!(!server.try_run(line, "").status.success(), "twolatch {line:?}");
    }
    let user = server.json(&["user", "show", "root-admin"]);
    assert_eq!(user["role"], "admin", "{user}");
    let table = server.run(&["user", "export"], "");
    assert!(!table.contains("argon2") && table.contains("root-admin"));
}

#[test]
fn who_stops_a_server_that_is_still_starting_lets_it_end_well() {
    let server = server();
    let mut process = Process(server.command(&["serve"]).spawn().unwrap());
    // It listens long before it is ready.
    until("its socket", || server.socket().exists().then_some(()));
    process.signal(Signal::SIGTERM);
    let status = until("the server to stop", || process.0.try_wait().unwrap());
    assert!(status.success(), "{status}");
}
