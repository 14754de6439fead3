//! F-3, F-4, F-7: disk or connection fail at every call of a verify, once or from there on. Nobody is let in without a
//! record, what is charged is what was recorded, and the server heals by itself.

use serde_json::json;

use crate::support::database::Engine;
use crate::support::host::{begin, verdict};
use crate::support::person::{FREE_TRIES, Person, audit, recorded};
use crate::support::server::Server;
use crate::support::strace::Strace;
use crate::support::{on_both_databases, skip};

on_both_databases!(f4_the_store_fails_at_every_call_of_a_right_code, f4_the_store_fails_at_every_call_of_a_wrong_code);

/// A call that fails, how, and the reasons that a login may then be refused with.
#[derive(Debug, Clone, Copy)]
struct Fault {
    call: &'static str,
    how: &'static str,
    /// Whether every later one fails too, until the disk or the connection is well again.
    lasting: bool,
    reasons: &'static [&'static str],
}

/// What a disk does. The bundled SQLite calls fsync, never fdatasync.
const DISK: [Fault; 8] = [
    Fault { call: "pwrite64", how: "error=EIO", lasting: false, reasons: &["store_io"] },
    Fault { call: "pwrite64", how: "error=EIO", lasting: true, reasons: &["store_io"] },
    Fault { call: "pwrite64", how: "error=ENOSPC", lasting: true, reasons: &["store_full"] },
    Fault { call: "fsync", how: "error=EIO", lasting: false, reasons: &["store_io"] },
    Fault { call: "fsync", how: "error=EIO", lasting: true, reasons: &["store_io"] },
    Fault { call: "fsync", how: "error=ENOSPC", lasting: true, reasons: &["store_io", "store_full"] },
    Fault { call: "pread64", how: "error=EIO", lasting: false, reasons: &["store_io"] },
    Fault { call: "pread64", how: "error=EIO", lasting: true, reasons: &["store_io"] },
];

/// What a connection to a database server does. The host's own connection makes the same calls on the same thread; where
/// that one fails, the host is told nothing.
const CONNECTION: [Fault; 5] = [
    Fault { call: "sendto", how: "error=ECONNRESET", lasting: false, reasons: &["store_down", "outcome_unknown"] },
    Fault { call: "sendto", how: "error=ECONNRESET", lasting: true, reasons: &["store_down", "outcome_unknown"] },
    Fault { call: "recvfrom", how: "error=ECONNRESET", lasting: false, reasons: &["store_down", "outcome_unknown"] },
    Fault { call: "recvfrom", how: "error=ECONNRESET", lasting: true, reasons: &["store_down", "outcome_unknown"] },
    // An answer that begins with what is no message; or, where it comes in two parts, a row that is not as it was written.
    Fault {
        call: "recvfrom",
        how: "poke_exit=@arg2=ff",
        lasting: false,
        reasons: &["internal", "outcome_unknown", "row_mac"],
    },
];

/// No verify has as many calls of one kind.
const MOST: usize = 100;

/// A verify has some calls more or fewer each time: every one has failed when so many verifies had none any more.
const SPARED: usize = 2;

/// Somebody who showed a code to a failing server.
struct Round {
    person: Person,
    code: String,
    fault: Fault,
    nth: usize,
    told: Option<String>,
}

impl Round {
    /// What is told while the n-th call fails; and how many calls failed.
    fn run(server: &Server, person: Person, code: String, fault: Fault, nth: usize) -> (Self, usize) {
        let attempt = begin(server.socket(), &person.name).expect("the server runs");
        let when = format!("{nth}{}", if fault.lasting { "+" } else { "" });
        let strace = Strace::inject(server.pid(), fault.call, fault.how, &when);
        let told = verdict(server.socket(), &person.name, &attempt, &code);
        (Self { person, code, fault, nth, told }, strace.end())
    }

    fn is_refused(&self) -> bool {
        self.told.as_deref().is_some_and(|told| self.fault.reasons.contains(&told))
    }

    /// Whether the host cannot know what became of the code.
    fn is_unknown(&self) -> bool {
        matches!(self.told.as_deref(), None | Some("outcome_unknown"))
    }

    fn say(&self) -> String {
        format!("{:?}, call {}: told {:?}", self.fault, self.nth, self.told)
    }
}

/// Goes through every call of each kind. `code` is what the person types, `verdict` what is told when nothing fails;
/// `check` asks the same server, which nobody has restarted, when nothing fails any more.
fn at_every_call(
    engine: Engine,
    verdict: &str,
    code: fn(&Person) -> String,
    check: fn(&Server, &Round),
) -> Option<(Server, Vec<Round>)> {
    if !Strace::is_here() {
        skip("no strace: no system call of the server fails");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::init(engine, folder.path())?;
    server.start();
    let faults: &[Fault] = if engine == Engine::Sqlite { &DISK } else { &CONNECTION };
    let mut rounds = Vec::new();
    for fault in faults {
        let (before, mut spared) = (rounds.len(), 0);
        for nth in 1..MOST {
            let person = Person::add(&server, format!("at{}", rounds.len()));
            let code = code(&person);
            let (round, failed) = Round::run(&server, person, code, *fault, nth);
            let told = round.told.as_deref();
            let hung_up = told.is_none() && engine == Engine::Postgres;
            assert!(round.is_refused() || told == Some(verdict) || hung_up, "{}\n{}", round.say(), server.log());
            check(&server, &round);
            rounds.push(round);
            spared += usize::from(failed == 0);
            if spared == SPARED {
                break;
            }
        }
        assert!(rounds.iter().skip(before).any(Round::is_refused), "{fault:?} has refused nobody");
    }
    server.stop();
    if engine == Engine::Postgres {
        assert!(rounds.iter().any(|one| one.is_refused() && one.is_unknown()), "no commit was left without its answer");
    }
    assert_eq!(server.json(&["audit", "verify"])["faults"], json!([]));
    let refused = rounds.iter().filter(|round| round.is_refused()).count();
    eprintln!("{} codes while calls failed: {refused} refused", rounds.len());
    Some((server, rounds))
}

fn f4_the_store_fails_at_every_call_of_a_right_code(engine: Engine) {
    let done = at_every_call(engine, "granted", Person::right_code, |server, round| {
        let again = round.person.log_in(server, &round.code);
        match again.as_str() {
            "granted" => assert_ne!(round.told.as_deref(), Some("granted"), "{}: accepted twice", round.say()),
            other => {
                assert_eq!(other, "replay", "{}\n{}", round.say(), server.log());
                assert!(!round.is_refused() || round.is_unknown(), "{}: it was committed", round.say());
            }
        }
        assert_eq!(round.person.tries_left(server), FREE_TRIES, "{}: a right code costs nothing", round.say());
    });
    let Some((server, rounds)) = done else { return };
    let audit = audit(&server);
    for round in &rounds {
        assert_eq!(recorded(&audit, &round.person.name, "ok"), 1, "{}: one success is recorded", round.say());
    }
}

fn f4_the_store_fails_at_every_call_of_a_wrong_code(engine: Engine) {
    let done = at_every_call(engine, "wrong", Person::wrong_code, |server, round| {
        let charged = FREE_TRIES - round.person.tries_left(server);
        let expected = usize::from(round.told.as_deref() == Some("wrong"));
        assert!(charged == expected || round.is_unknown() && charged == 1, "{}: {charged} charged", round.say());
    });
    let Some((server, rounds)) = done else { return };
    let audit = audit(&server);
    for round in &rounds {
        let judged = recorded(&audit, &round.person.name, "wrong");
        assert_eq!(judged, FREE_TRIES, "{}: what was charged is recorded, and nothing else", round.say());
    }
}
