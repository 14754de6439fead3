//! F-13: a clock that is wrong, and a server that does not know it. Time is shifted from outside; the binary has no switch
//! for it.

use crate::support::database::Engine;
use crate::support::host::{answer, begin};
use crate::support::server::{FAKETIME, Server};
use crate::support::{skip, totp};

fn enrolled(server: &Server, name: &str) -> String {
    let secret = totp::new_secret();
    server.run(&["user", "add", name], "");
    server.run(&["factor", "add-totp", name, "--secret-stdin"], &format!("{secret}\n"));
    secret
}

fn log_in(server: &Server, name: &str, code: &str) -> Option<String> {
    answer(server.socket(), name, &begin(server.socket(), name)?, code)
}

#[test]
fn f13_a_clock_that_was_an_hour_ahead_keeps_nobody_out() {
    let Some((mut server, _folder)) = server() else { return };
    let (alice, bob) = (enrolled(&server, "alice"), enrolled(&server, "bob"));
    server.shift_clock(Some("+1h"));
    server.start();
    let early = totp::codes_from(&alice, "1 hour", 0).remove(0);
    assert_eq!(log_in(&server, "alice", &early).as_deref(), Some("granted"), "the shift works");
    server.stop();
    server.shift_clock(None);
    server.start();
    assert_eq!(log_in(&server, "bob", &totp::code(&bob)).as_deref(), Some("granted"));
    assert_eq!(log_in(&server, "alice", &totp::code(&alice)).as_deref(), Some("ask"), "her later step was taken");
    server.run(&["clock", "accept"], "");
    server.stop();
}

#[test]
fn f13_a_clock_set_back_an_hour_makes_no_old_code_good() {
    let Some((mut server, _folder)) = server() else { return };
    let alice = enrolled(&server, "alice");
    server.start();
    server.stop();
    server.shift_clock(Some("-1h"));
    server.start();
    let old = totp::codes_from(&alice, "1 hour ago", 0).remove(0);
    assert_eq!(log_in(&server, "alice", &old).as_deref(), Some("ask"), "a code that was shown and never used");
    assert!(server.log().contains("reason=clock_back"), "{}", server.log());
    server.stop();
    server.shift_clock(None);
    server.start();
    let records = server.json(&["audit", "list"]);
    assert!(records.as_array().unwrap().iter().any(|record| record["event"] == "clock_back"), "{records}");
}

fn server() -> Option<(Server, tempfile::TempDir)> {
    if !std::path::Path::new(FAKETIME).exists() {
        skip("no libfaketime: no clock is shifted");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    Some((Server::init(Engine::Sqlite, folder.path())?, folder))
}
