//! Names and addresses as attackers write them, at the command line: what is refused, and what a terminal is shown.

use crate::support::database::Engine;
use crate::support::server::Server;

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
