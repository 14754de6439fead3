//! F-1: the server is killed at every system call of a verify. Never is a code accepted twice, never is a success told
//! that was not committed, never is a charge lost that was answered; and the next code always works.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::database::Engine;
use crate::support::host::{begin, verdict};
use crate::support::killer::Killer;
use crate::support::person::{FREE_TRIES, Person, audit, recorded};
use crate::support::server::Server;
use crate::support::{on_both_databases, rounds};

on_both_databases!(f1_p15_killed_at_every_call_of_a_right_code, f1_killed_at_every_call_of_a_wrong_code);

/// A verify has some calls more or fewer each time, by who wakes whom: it has been killed at every one of them when
/// so many rounds in a row came to their answer first.
const SURVIVED: usize = 3;

/// For the same reason the few calls between commit and answer can be missed, now one too early and now one too late.
/// Then so many calls are gone through again.
const AGAIN: usize = 10;

/// More than are ever needed.
const MOST: usize = 400;

/// How often all calls are gone through: once, and ten times where races have two hundred rounds.
fn sweeps() -> usize {
    rounds().div_ceil(20)
}

/// What was shown to a server that was killed meanwhile.
struct Round {
    person: Person,
    nth: usize,
    /// What the host was told, if anything.
    told: Option<String>,
    killed: bool,
    committed: bool,
}

impl Round {
    /// Killed between commit and answer.
    fn is_untold(&self) -> bool {
        self.committed && self.told.is_none()
    }

    fn say(&self) -> String {
        format!("call {}: told {:?}", self.nth, self.told)
    }
}

/// Goes through every call of a verify. `code` is what the person types; `check` asks the server that was started in
/// place of the killed one, and says whether the verdict had been committed.
fn at_every_call(
    server: &mut Server,
    code: fn(&Person) -> String,
    check: fn(&Server, &Round, &str) -> bool,
) -> Vec<Round> {
    let mut rounds: Vec<Round> = Vec::new();
    let mut kinds = BTreeSet::new();
    let (mut nth, mut survived) = (0, 0);
    server.start();
    while survived < SURVIVED {
        assert!(rounds.len() < MOST, "in {MOST} rounds no kill came between commit and answer");
        nth += 1;
        let person = Person::add(server, format!("at{}", rounds.len()));
        let code = code(&person);
        let attempt = begin(server.socket(), &person.name).expect("the server runs");
        let killer = Killer::follow(server.pid(), nth);
        let told = verdict(server.socket(), &person.name, &attempt, &code);
        server.kill();
        let calls = killer.calls();
        kinds.extend(calls.kinds);
        let mut round = Round { person, nth, told, killed: calls.killed_at.is_some(), committed: false };
        // The same server is the one that is killed in the next round: it has judged by then, and is warm.
        server.start();
        round.committed = check(server, &round, &code);
        survived = if round.killed { 0 } else { survived + 1 };
        rounds.push(round);
        if survived == SURVIVED && !rounds.iter().any(Round::is_untold) {
            (nth, survived) = (nth.saturating_sub(SURVIVED + AGAIN), 0);
        }
    }
    server.stop();
    let killed = rounds.iter().filter(|round| round.killed).count();
    let before = rounds.iter().filter(|round| round.killed && !round.committed).count();
    eprintln!("killed {killed} times, at {} kinds of calls, {before} times before the commit", kinds.len());
    assert!(before >= 10, "killed {before} times before the commit");
    assert_eq!(server.json(&["audit", "verify"])["faults"], json!([]));
    rounds
}

fn f1_p15_killed_at_every_call_of_a_right_code(engine: Engine) {
    for _ in 0..sweeps() {
        right_code(engine);
    }
}

fn right_code(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(engine, folder.path()) else { return };
    let rounds = at_every_call(&mut server, Person::right_code, |server, round, code| {
        let (told, say) = (round.told.as_deref(), round.say());
        assert!(matches!(told, None | Some("granted")), "{say}");
        let again = round.person.log_in(server, code);
        match again.as_str() {
            "granted" => assert_eq!(told, None, "{say}: accepted twice"),
            other => assert_eq!(other, "replay", "{say}"),
        }
        assert_eq!(round.person.tries_left(server), FREE_TRIES, "{say}: a right code costs nothing");
        again == "replay"
    });
    let audit = audit(&server);
    for round in &rounds {
        assert_eq!(recorded(&audit, &round.person.name, "ok"), 1, "{}: one success is recorded", round.say());
    }
}

fn f1_killed_at_every_call_of_a_wrong_code(engine: Engine) {
    for _ in 0..sweeps() {
        wrong_code(engine);
    }
}

fn wrong_code(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(engine, folder.path()) else { return };
    let rounds = at_every_call(&mut server, Person::wrong_code, |server, round, _| {
        let (told, say) = (round.told.as_deref(), round.say());
        assert!(matches!(told, None | Some("wrong")), "{say}");
        let left = round.person.tries_left(server);
        assert!(left == FREE_TRIES - 1 || told.is_none() && left == FREE_TRIES, "{say}: {left} tries left");
        left < FREE_TRIES
    });
    let audit = audit(&server);
    for round in &rounds {
        let judged = recorded(&audit, &round.person.name, "wrong");
        assert_eq!(judged, FREE_TRIES, "{}: what was charged is recorded, and nothing else", round.say());
    }
}
