//! F-16: other keys in the place of those that seal and sign, while everything goes on; whoever does it is killed, and some
//! server does not have the new key yet.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::migrating::Bare;
use crate::support::database::Engine;
use crate::support::host::{begin, verdict};
use crate::support::killer::Killer;
use crate::support::on_both_databases;
use crate::support::person::Person;
use crate::support::server::Server;

on_both_databases!(
    f16_a_rotation_that_is_killed_goes_on_and_every_row_opens,
    f16_no_key_seals_before_every_server_has_it,
    f16_a_damaged_row_keeps_no_key_from_being_replaced,
);

/// People, so that a rotation has several batches.
const PEOPLE: usize = 450;

/// The sealing keys in a state.
fn sealing(server: &Server, state: &str) -> Vec<(String, i64)> {
    let keys = server.json(&["key", "list"]);
    let keys = keys["sealing"].as_array().unwrap().iter().filter(|key| key["state"] == state);
    keys.map(|key| (key["id"].as_str().unwrap().to_owned(), key["needed_by"].as_i64().unwrap())).collect()
}

/// All that a command can read opens, or the command fails.
fn assert_opens(server: &Server) {
    assert_eq!(server.json(&["user", "list"]).as_array().unwrap().len(), PEOPLE + 1);
    server.run(&["factor", "list", "alice"], "");
    server.run(&["policy", "show"], "");
    server.run(&["client", "list"], "");
    assert_eq!(server.json(&["audit", "verify"])["faults"], json!([]));
}

fn f16_a_rotation_that_is_killed_goes_on_and_every_row_opens(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(engine, folder.path()) else { return };
    let names: Vec<String> = (0..PEOPLE).map(|number| format!("user{number:04}")).collect();
    let add: Vec<&str> = ["user", "add"].into_iter().chain(names.iter().map(String::as_str)).collect();
    server.run(&add, "");
    let alice = Person::add(&server, "alice".to_owned());
    server.run(&["client", "add", "--name", "App", "--id", "app", "--redirect-uri", "https://app.example.com/"], "");
    server.run(&["policy", "exempt", "alice", "--door", "sudo", "--days", "3", "--reason", "test"], "");
    server.start();

    let (mut nth, mut killed, mut refused) = (150, 0, 0);
    loop {
        let mut command = server.command(&["key", "rotate", "sealing"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let calls = Killer::follow(child.id(), nth).calls();
        let _ = child.wait();
        if calls.killed_at.is_none() {
            break;
        }
        killed += 1;
        assert_opens(&server);
        // What was sealed so far, by whichever key, stays sealed by a key of the ring; the old one cannot go.
        if let Some((id, needed)) = sealing(&server, "opens").into_iter().find(|(_, needed)| *needed > 0) {
            let output = server.try_run(&["key", "retire", &id], "");
            assert!(!output.status.success(), "{id} is needed by {needed}");
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.contains("is needed still by") || said.contains("does not have"), "{said}");
            refused += 1;
        }
        nth += nth / 4;
        assert!(nth < 100_000, "killed {killed} times");
    }
    assert!(killed >= 5 && refused >= 1, "killed {killed} times, {refused} refused");
    server.run(&["key", "rotate", "sealing"], "");
    assert_opens(&server);
    let former = sealing(&server, "opens");
    assert!(!former.is_empty());
    for (id, needed) in former {
        assert_eq!(needed, 0, "{id}");
        let output = server.try_run(&["key", "retire", &id], "");
        assert_eq!(output.status.code(), Some(75), "somebody may still seal by it");
        long_ago(&server);
        server.run(&["key", "retire", &id], "");
    }
    assert!(sealing(&server, "opens").is_empty() && !sealing(&server, "retired").is_empty());
    assert_opens(&server);
    assert_eq!(fs::metadata(server.keys_path()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(alice.log_in(&server, &alice.right_code()), "granted", "{}", server.log());
    server.stop();
    server.start();
    assert_ne!(alice.log_in(&server, &alice.right_code()), "key_unknown");
    server.stop();
}

/// Nobody has changed the key ring for long.
fn long_ago(server: &Server) {
    let ring = fs::File::options().append(true).open(server.keys_path()).unwrap();
    ring.set_modified(std::time::UNIX_EPOCH).unwrap();
}

/// A second server whose key ring is its own file.
fn with_own_ring(first: &Server, folder: &std::path::Path) -> (Server, PathBuf) {
    let second = first.beside(folder);
    let ring = second.keys_path();
    copy_ring(first, &ring);
    let config = fs::read_to_string(second.config_path()).unwrap();
    let (from, to) = (first.keys_path(), ring.to_str().unwrap());
    fs::write(second.config_path(), config.replace(from.to_str().unwrap(), to)).unwrap();
    (second, ring)
}

fn copy_ring(from: &Server, to: &std::path::Path) {
    copy_ring_as(from, to, 0o600);
}

fn copy_ring_as(from: &Server, to: &std::path::Path, mode: u32) {
    let part = to.with_extension("part");
    fs::copy(from.keys_path(), &part).unwrap();
    fs::set_permissions(&part, fs::Permissions::from_mode(mode)).unwrap();
    fs::rename(part, to).unwrap();
}

fn f16_no_key_seals_before_every_server_has_it(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut first) = Server::init(engine, folder.path()) else { return };
    let (mut second, ring) = with_own_ring(&first, folder.path());
    let people: Vec<Person> = (0..4).map(|number| Person::add(&first, format!("user{number}"))).collect();
    first.start();
    second.start();
    let log_in = |server: &Server, person: &Person| {
        let attempt = begin(server.socket(), &person.name).expect("it serves");
        verdict(server.socket(), &person.name, &attempt, &person.right_code()).unwrap()
    };
    let old = sealing(&first, "seals")[0].0.clone();
    // Neither before it has the new key, nor before it seals by it: each time everything stays as it was.
    for (round, person) in people.iter().take(2).enumerate() {
        let output = first.try_run(&["key", "rotate", "sealing"], "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(75), "{said}");
        assert!(said.contains("does not have key"), "{said}");
        let output = first.try_run(&["key", "retire", &old], "");
        assert!(!output.status.success(), "a server seals by it");
        if round == 0 {
            // What only waits is not needed to start.
            second.stop();
            second.start();
        }
        let server = if round == 0 { &second } else { &first };
        assert_eq!(log_in(server, person), "granted", "{}", server.log());
        copy_ring_as(&first, &ring, 0o644);
        crate::support::wait::until("its log", || second.log().contains("chmod 600").then_some(()));
        fs::set_permissions(&ring, fs::Permissions::from_mode(0o600)).unwrap();
    }
    first.run(&["key", "rotate", "sealing"], "");
    assert_eq!(sealing(&first, "opens"), [(old.clone(), 0)]);
    assert_eq!(log_in(&second, &people[2]), "granted", "{}", second.log());
    assert_eq!(log_in(&first, &people[3]), "granted", "{}", first.log());
    // One with a ring that does not fit goes on with the one that it has.
    fs::write(&ring, "broken\n").unwrap();
    let before = second.log().matches("is not used").count();
    crate::support::wait::until("its log", || (second.log().matches("is not used").count() > before).then_some(()));
    assert!(["granted", "replay"].contains(&log_in(&second, &people[0]).as_str()), "{}", second.log());
    second.stop();
    // A key that is gone from the ring is told, and counts against nobody.
    long_ago(&first);
    first.run(&["key", "retire", &old], "");
    let keys: Vec<Value> = first.json(&["key", "list"])["sealing"].as_array().unwrap().clone();
    assert!(keys.iter().any(|key| key["id"] == old.as_str() && key["state"] == "retired"), "{keys:?}");
    assert_eq!(first.json(&["audit", "verify"])["faults"], json!([]));
    first.stop();
}

fn f16_a_damaged_row_keeps_no_key_from_being_replaced(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::init(engine, folder.path()) else { return };
    server.run(&["user", "add", "alice", "bob"], "");
    Bare::of(&server).execute("UPDATE users SET role = 'admin' WHERE name = 'alice'".to_owned());
    let rotate = || {
        let output = server.try_run(&["key", "rotate", "sealing", "--json"], "");
        let done: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert_eq!(done["damaged"].as_array().map(Vec::len), Some(1), "{output:?}");
        done["key"].as_str().unwrap().to_owned()
    };
    let old = sealing(&server, "seals")[0].0.clone();
    let new = rotate();
    assert_ne!(new, old);
    // It holds the next one up neither, nor for good the end of its own.
    assert_ne!(rotate(), new, "another key");
    long_ago(&server);
    let said = String::from_utf8(server.try_run(&["key", "retire", &old], "").stderr).unwrap();
    assert!(said.contains("--give-up-damaged"), "{said}");
    server.run(&["key", "retire", &old, "--give-up-damaged"], "");
    assert_eq!(server.json(&["user", "show", "bob"])["name"], "bob");
}
