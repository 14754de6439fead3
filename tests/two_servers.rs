//! Two server processes on one PostgreSQL: what is exact in one is exact over both. And connections that are cut heal.

use std::thread;
use std::time::Duration;

use axum::http::StatusCode;

use crate::support::database::Engine;
use crate::support::host::{answer, begin, verdict};
use crate::support::server::Server;
use crate::support::site::PASSWORD;
use crate::support::visitor::Visitor;
use crate::support::wait::Stopwatch;
use crate::support::{rounds, run, setting, totp};

/// Uses of one code in a round.
const USES: usize = 64;

fn enrolled(server: &Server, name: &str) -> String {
    let secret = totp::new_secret();
    server.run(&["user", "add", name], "");
    server.run(&["factor", "add-totp", name, "--secret-stdin"], &format!("{secret}\n"));
    secret
}

/// Shows a code at both servers, all at once.
fn at_both(servers: &[Server; 2], name: &str, code: &str) -> Vec<Option<String>> {
    let attempts: Vec<String> =
        (0..USES).map(|number| begin(servers[number % 2].socket(), name).expect("a prompt")).collect();
    thread::scope(|scope| {
        let uses: Vec<_> = attempts
            .iter()
            .enumerate()
            .map(|(number, attempt)| {
                let server = &servers[number % 2];
                scope.spawn(move || answer(server.socket(), name, attempt, code))
            })
            .collect();
        uses.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn p13_p14_one_code_is_good_once_and_guesses_are_counted_over_two_processes() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut first) = Server::init(Engine::Postgres, folder.path()) else { return };
    let mut second = first.beside(folder.path());
    first.start();
    second.start();
    let mut servers = [first, second];
    for round in 0..rounds().min(50) {
        let name = format!("user{round}");
        let secret = enrolled(&servers[0], &name);
        let ended = at_both(&servers, &name, &totp::code(&secret));
        let granted = ended.iter().filter(|one| one.as_deref() == Some("granted")).count();
        assert_eq!(granted, 1, "round {round}: {ended:?}");
    }
    let secret = enrolled(&servers[0], "guessed");
    at_both(&servers, "guessed", &totp::wrong_code(&secret));
    let judged = servers[0].json(&["audit", "list", "--limit", "1000"]);
    let judged = judged
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["user_name"] == "guessed" && record["result"] == "wrong");
    assert_eq!(judged.count(), 5);
    servers.iter_mut().for_each(Server::stop);
}

#[test]
fn f7_connections_that_are_cut_heal() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(Engine::Postgres, folder.path()) else { return };
    let secrets = [enrolled(&server, "alice"), enrolled(&server, "bob")];
    server.start();
    let log_in = |name: &str, code: &str| answer(server.socket(), name, &begin(server.socket(), name)?, code);
    assert_eq!(log_in("alice", &totp::code(&secrets[0])).as_deref(), Some("granted"));
    let cut = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}'",
        server.database_name().unwrap()
    );
    run("psql", &["-qX", "-d", &setting("TWOLATCH_TEST_POSTGRES").unwrap(), "-c", &cut], "");
    assert_eq!(log_in("bob", &totp::code(&secrets[1])).as_deref(), Some("granted"), "{}", server.log());
    server.stop();
}

#[test]
fn ses6_t4_who_is_disabled_at_one_server_is_refused_by_the_other_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut first) = Server::init(Engine::Postgres, folder.path()) else { return };
    let mut second = first.beside(folder.path());
    first.start();
    second.start();
    let secret = enrolled(&first, "alice");
    first.run(&["user", "set", "alice", "--password-stdin", "--keep"], &format!("{PASSWORD}\n"));
    let client = Visitor::client();
    let mut alice = Visitor::new(&client, &second);
    let page = alice.reach_code("alice");
    alice.post(&page, &[("code", &totp::code(&secret))]);
    assert!(alice.has_session());
    assert_eq!(alice.get("/account").status, StatusCode::OK);
    let mut waiting = Visitor::new(&client, &second);
    let code_page = waiting.reach_code("alice");
    let attempt = begin(second.socket(), "alice").unwrap();
    let code = totp::code(&secret);
    first.run(&["user", "disable", "alice"], "");
    let watch = Stopwatch::start();
    assert_eq!(alice.get("/account").location().as_deref(), Some("/login"));
    let said = verdict(second.socket(), "alice", &attempt, &code).unwrap();
    assert!(["disabled", "attempt_outdated"].contains(&said.as_str()), "{said}");
    waiting.post(&code_page, &[("code", &code)]);
    assert!(!waiting.has_session());
    assert!(watch.elapsed() < Duration::from_secs(1), "{:?}", watch.elapsed());
    let fresh = begin(second.socket(), "alice").unwrap();
    assert_eq!(verdict(second.socket(), "alice", &fresh, &code).as_deref(), Some("disabled"));
    first.stop();
    second.stop();
}
