//! What a monitoring system reads: as many series whatever strangers call themselves, numbers that agree with the audit,
//! and a word of what is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::thread;

use serde_json::json;

use crate::support::database::Engine;
use crate::support::host::begin_with;
use crate::support::person::{Person, audit};
use crate::support::server::Server;
use crate::support::visitor::Visitor;
use crate::support::wait::until;
use crate::support::{free_port, on_both_databases, run, setting};

on_both_databases!(
    sec_6_what_strangers_say_makes_no_series_and_is_in_none,
    the_numbers_agree_with_the_audit_while_people_log_in,
);

/// Each series, with its value as it is written.
type Series = BTreeMap<String, String>;

/// A server that runs, and the address of its other listener.
fn server(engine: Engine, sockets: &Path) -> Option<(Server, String)> {
    let mut server = Server::init(engine, sockets)?;
    let port = free_port();
    let config = fs::read_to_string(server.config_path()).unwrap();
    fs::write(server.config_path(), format!("{config}\n[metrics]\nlisten = \"127.0.0.1:{port}\"\n")).unwrap();
    server.start();
    Some((server, format!("http://127.0.0.1:{port}")))
}

fn get(address: &str, path: &str) -> (u16, String) {
    let answer = reqwest::blocking::get(format!("{address}{path}")).unwrap();
    (answer.status().as_u16(), answer.text().unwrap())
}

/// Every line of the answer, read as strictly as Prometheus does.
fn scrape(address: &str) -> Series {
    let (status, text) = get(address, "/metrics");
    assert_eq!(status, 200);
    let mut series = Series::new();
    let mut kinds = BTreeSet::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.split(' ');
            if words.next() == Some("TYPE") {
                assert!(kinds.insert(words.next().unwrap().to_owned()), "{line}: twice");
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let metric = name.split('{').next().unwrap();
        let is_declared = kinds.iter().any(|kind| metric.strip_prefix(kind.as_str()).is_some());
        assert!(is_declared && !name.contains(['\u{1b}', '\\']), "{line}");
        value.parse::<f64>().unwrap();
        assert!(series.insert(name.to_owned(), value.to_owned()).is_none(), "{line}: twice");
    }
    series
}

fn number(series: &Series, name: &str) -> u64 {
    series[name].parse().unwrap()
}

fn codes(series: &Series, door: &str, result: &str, reason: &str) -> u64 {
    number(series, &format!("twolatch_codes_total{{door=\"{door}\",result=\"{result}\",reason=\"{reason}\"}}"))
}

fn sec_6_what_strangers_say_makes_no_series_and_is_in_none(engine: Engine) {
    const HOSTILE: [&str; 5] =
        ["evil\"} 1\ntwolatch_codes_total 9", "evil\u{1b}[2J", "evil\\", "../evil", "evil,door=\"ssh\""];
    let sockets = tempfile::tempdir().unwrap();
    let Some((mut server, address)) = server(engine, sockets.path()) else { return };
    let before = scrape(&address);
    assert!(before.len() > 300, "all that there can be is there from the start: {}", before.len());
    let client = Visitor::client();
    let person = Person::add(&server, "alice".to_owned());
    for number in 0..20 {
        for hostile in HOSTILE {
            let name = format!("{hostile}{number}");
            let told = json!({ "user": name, "service": name, "tty": name, "rhost": name, "key": format!("publickey {name}") });
            begin_with(server.socket(), &name, &told).unwrap();
            begin_with(server.socket(), "alice", &json!({ "service": name, "version": number + 7 })).unwrap();
        }
        let mut visitor = Visitor::new(&client, &server);
        let page = visitor.get("/login");
        visitor.post(&page, &[("username", HOSTILE[number % HOSTILE.len()]), ("password", "evil")]);
        visitor.get("/evil");
        let service = ["sshd", "login", "sudo", "su", "evil"][number % 5];
        begin_with(server.socket(), "alice", &json!({ "service": service }));
    }
    assert_eq!(person.log_in(&server, &person.wrong_code()), "wrong");
    assert_eq!(person.log_in(&server, &person.right_code()), "granted");
    let after = scrape(&address);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(!after.keys().any(|name| name.contains("evil") || name.contains("alice")));
    let number = |name| number(&after, name);
    assert_eq!((codes(&after, "ssh", "granted", ""), codes(&after, "ssh", "refused", "wrong")), (1, 1));
    assert!(number("twolatch_passwords_total{result=\"refused\"}") >= 5);
    assert_eq!(number("twolatch_host_answers_total{result=\"refused\",reason=\"version\"}"), 100);
    assert_eq!(number("twolatch_verdict_seconds_count"), number("twolatch_verdict_seconds_bucket{le=\"+Inf\"}"));
    let standing = ["twolatch_database_up", "twolatch_held_budgets", "twolatch_mail_queue"].map(number);
    assert_eq!(standing, [1, 0, 0]);
    // Only there: what is told here is for who watches, not for the web.
    assert_eq!(get(&server.issuer(), "/metrics").0, 404);
    assert_eq!(get(&address, "/login").0, 404);
    server.stop();
}

fn the_numbers_agree_with_the_audit_while_people_log_in(engine: Engine) {
    let sockets = tempfile::tempdir().unwrap();
    let Some((mut server, address)) = server(engine, sockets.path()) else { return };
    let people: Vec<Person> = (0..12).map(|number| Person::add(&server, format!("user{number}"))).collect();
    thread::scope(|scope| {
        let logins: Vec<_> = people
            .chunks(4)
            .map(|people| {
                let server = &server;
                scope.spawn(move || {
                    for person in people {
                        let code = person.right_code();
                        assert_eq!(person.log_in(server, &person.wrong_code()), "wrong");
                        assert_eq!(person.log_in(server, &code), "granted");
                        assert_eq!(person.log_in(server, &code), "replay");
                    }
                })
            })
            .collect();
        let mut last = scrape(&address);
        while !logins.iter().all(thread::ScopedJoinHandle::is_finished) {
            let now = scrape(&address);
            let mut counters = now.keys().filter(|name| name.contains("_total"));
            let goes_back = |name: &&String| number(&now, name) < number(&last, name);
            assert_eq!(counters.find(goes_back), None, "a counter went back");
            last = now;
        }
    });
    let (series, records) = (scrape(&address), audit(&server));
    for (result, reason, word) in
        [("granted", "", "ok"), ("refused", "wrong", "wrong"), ("refused", "replay", "replay")]
    {
        let recorded = records.iter().filter(|record| record["event"] == "code" && record["result"] == word).count();
        assert_eq!((codes(&series, "ssh", result, reason), recorded), (12, 12), "{word}");
    }
    assert_eq!(number(&series, "twolatch_verdict_seconds_count"), 36);
    server.stop();
}

#[test]
fn f7_a_database_that_is_gone_is_seen_and_its_return_too() {
    let sockets = tempfile::tempdir().unwrap();
    let Some((mut server, address)) = server(Engine::Postgres, sockets.path()) else { return };
    assert_eq!(get(&address, "/readyz"), (200, "ready\n".to_owned()));
    let before = scrape(&address);
    let name = server.database_name().unwrap();
    let psql = |text: &str| run("psql", &["-qX", "-d", &setting("TWOLATCH_TEST_POSTGRES").unwrap(), "-c", text], "");
    psql(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    psql(&format!("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"));
    let (status, said) =
        until("the server to notice", || Some(get(&address, "/readyz")).filter(|(status, _)| *status != 200));
    assert!(status == 503 && said.starts_with("store_"), "{status} {said}");
    assert_eq!(get(&address, "/healthz"), (200, "ok\n".to_owned()), "the process lives");
    let gone = until("old numbers to be over", || {
        Some(scrape(&address)).filter(|series| series["twolatch_database_up"] == "0")
    });
    assert_eq!(gone["twolatch_mail_queue"], "NaN", "what is not known is not 0");
    assert_eq!(before.keys().collect::<Vec<_>>(), gone.keys().collect::<Vec<_>>());
    psql(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    until("it to heal", || (get(&address, "/readyz").0 == 200).then_some(()));
    server.stop();
}

#[test]
fn nobody_outside_reads_them_unless_that_is_said() {
    let sockets = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(Engine::Sqlite, sockets.path()) else { return };
    let config = fs::read_to_string(server.config_path()).unwrap();
    let port = free_port();
    let with = |section: &str| fs::write(server.config_path(), format!("{config}\n[metrics]\n{section}\n")).unwrap();
    with(&format!("listen = \"0.0.0.0:{port}\""));
    let output = server.try_run(&["serve"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(78) && said.contains("metrics.listen"), "{said}");
    let taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    with(&format!("listen = \"127.0.0.1:{port}\""));
    let output = server.try_run(&["serve"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(69) && said.contains("[metrics] listen"), "{said}");
    drop(taken);
    with(&format!("listen = \"0.0.0.0:{port}\"\nopen = true"));
    server.start();
    assert_eq!(get(&format!("http://127.0.0.1:{port}"), "/healthz").0, 200);
    server.stop();
}
