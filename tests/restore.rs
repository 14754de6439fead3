//! T-17: whoever restores an old backup gives nothing back that was spent, ended or taken away since. And what a backup is:
//! whole, marked, never beside its keys, and for either engine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::database::{Database, Engine};
use crate::support::host::{begin, verdict};
use crate::support::killer::Killer;
use crate::support::person::Person;
use crate::support::provider::cut;
use crate::support::server::{FAKETIME, Server};
use crate::support::site::PASSWORD;
use crate::support::visitor::Visitor;
use crate::support::{on_both_databases, run, setting, skip, totp};

on_both_databases!(
    t17_nothing_that_was_spent_or_ended_since_a_backup_lives_again,
    t17_where_nobody_can_say_what_was_spent_everything_is,
    t17_what_is_no_whole_backup_of_this_key_ring_changes_nothing,
    t17_a_restore_that_is_killed_has_done_all_or_nothing,
);

/// A server, and a folder for backups.
struct Place {
    server: Server,
    folder: TempDir,
}

impl Place {
    fn new(engine: Engine) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        Some(Self { server: Server::init(engine, folder.path())?, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn backup(&self, name: &str) -> PathBuf {
        let file = self.path(name);
        self.server.run(&["backup", text(&file)], "");
        file
    }

    /// Somebody who has brought an authenticator and two scratch codes along.
    fn with_scratch_codes(&self, name: &str, codes: [&str; 2]) -> String {
        let secret = totp::new_secret();
        let file = self.path(name);
        fs::write(&file, format!("{secret}\n\" TOTP_AUTH\n{}\n{}\n", codes[0], codes[1])).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        self.server.run(&["user", "add", name], "");
        self.server.run(&["import", "google", "--user", name, text(&file)], "");
        secret
    }

    fn says(&self, name: &str, code: &str) -> String {
        let attempt = begin(self.server.socket(), name).expect("the server runs");
        verdict(self.server.socket(), name, &attempt, code).expect("it answers")
    }

    fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.server.try_run(arguments, "");
        assert!(!output.status.success(), "twolatch {arguments:?} succeeded");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Everybody and everything that a restore could change.
    fn state(&self) -> Value {
        let list = |words: &[&str]| self.server.json(words);
        json!([list(&["user", "list"]), list(&["policy", "show"]), list(&["client", "list"])])
    }

    /// The database is gone, as if its disk had died.
    fn lose_database(&self) {
        match self.server.database_name() {
            None => {
                let data = self.server.config_path();
                for entry in fs::read_dir(data.parent().unwrap().join("data")).into_iter().flatten() {
                    remove_database(&entry.unwrap().path());
                }
                for entry in fs::read_dir(data.parent().unwrap()).unwrap() {
                    remove_database(&entry.unwrap().path());
                }
            }
            Some(name) => {
                let address = setting("TWOLATCH_TEST_POSTGRES").unwrap();
                let address = address.replacen("/postgres?", &format!("/{name}?"), 1);
                run("psql", &["-qX", "-d", &address, "-c", "DROP SCHEMA public CASCADE; CREATE SCHEMA public"], "");
            }
        }
    }
}

fn remove_database(path: &Path) {
    if path.file_name().unwrap().to_str().unwrap().starts_with("twolatch.db") {
        fs::remove_file(path).unwrap();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What a restore says of somebody.
fn change_of<'v>(done: &'v Value, name: &str) -> &'v Value {
    let changes = done["changes"].as_array().unwrap();
    changes.iter().find(|change| change["name"] == name).unwrap_or_else(|| panic!("nothing of {name}: {done}"))
}

fn t17_nothing_that_was_spent_or_ended_since_a_backup_lives_again(engine: Engine) {
    let Some(mut place) = Place::new(engine) else { return };
    place.server.start();
    let secret = place.with_scratch_codes("alice", ["11223344", "55667788"]);
    let people: Vec<Person> =
        ["bob", "carol", "dave", "erin", "frank"].map(|name| Person::add(&place.server, name.to_owned())).into();
    let [bob, carol, dave, erin, frank] = people.as_slice() else { panic!() };
    place.server.run(&["user", "set", "frank", "--role", "admin"], "");
    place.server.run(&["user", "set", "carol", "--password-stdin", "--keep"], &format!("{PASSWORD}\n"));
    let client = Visitor::client();
    let waiting_since_before = begin(place.server.socket(), "erin").unwrap();
    let shop = ["client", "add", "--name", "Shop", "--id", "shop", "--redirect-uri", "https://shop.example/back"];
    place.server.run(&shop, "");
    let file = place.backup("backup");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    // Since then, everything is used, and much is taken away.
    let code = totp::code(&secret);
    assert_eq!(place.says("alice", &code), "granted");
    assert_eq!(place.says("alice", "11223344"), "granted");
    let mut session = Visitor::new(&client, &place.server);
    let page = session.reach_code("carol");
    session.post(&page, &[("code", &carol.right_code())]);
    assert!(session.has_session());
    assert_eq!(session.get("/account").status, StatusCode::OK);
    let waiting = begin(place.server.socket(), "erin").unwrap();
    let invited = place.server.json(&["user", "invite", "erin"]);
    let link = invited[0]["link"].as_str().unwrap().to_owned();
    let link = &format!("/setup/{}", link.split_once("/setup/").unwrap().1);
    assert_eq!(Visitor::new(&client, &place.server).get(link).status, StatusCode::OK);
    place.server.run(&["user", "disable", "bob"], "");
    place.server.run(&["user", "delete", "dave"], "");
    place.server.run(&["user", "add", "newcomer"], "");
    place.server.run(&["user", "set", "newcomer", "--role", "admin"], "");
    place.server.run(&["user", "set", "frank", "--role", "member"], "");
    place.server.run(&["factor", "reset", "erin"], "");
    place.server.run(&["client", "delete", "shop"], "");
    place.server.run(&shop, "");

    let state = place.state();
    let said = place.refusal(&["restore", text(&file)]);
    assert!(said.contains("--replace"), "{said}");
    assert_eq!(place.state(), state, "nothing is changed unasked");
    let done = place.server.json(&["restore", text(&file), "--replace"]);
    assert_eq!(done["compared"], true, "{done}");
    assert_eq!(done["codes_spent"], 1, "{done}");
    for (name, held, what) in [
        ("bob", true, "disabled since"),
        ("dave", true, "removed since"),
        ("erin", true, "removed since, is back"),
        ("frank", true, "role member since, is admin again"),
        ("newcomer", false, "added since"),
        ("shop", false, "it stays as it is now"),
    ] {
        let change = change_of(&done, name);
        assert_eq!(change["held"], held, "{change}");
        assert!(change["change"].as_str().unwrap().contains(what), "{change}");
    }

    // Nothing of it is good again: at the server that has served all the time, and at one that is started.
    for round in 0..2 {
        let refused = |said: &str| assert_ne!(said, "granted", "round {round}");
        refused(&place.says("alice", &code));
        refused(&place.says("alice", "11223344"));
        refused(&place.says("carol", &carol.right_code()));
        for held in [bob, dave, erin, frank] {
            assert_eq!(place.says(&held.name, &held.right_code()), "disabled", "{}", held.name);
        }
        for attempt in [&waiting, &waiting_since_before] {
            refused(&verdict(place.server.socket(), "erin", attempt, &erin.right_code()).unwrap());
        }
        assert_eq!(session.get("/account").location().as_deref(), Some("/login"));
        assert_ne!(Visitor::new(&client, &place.server).get(link).status, StatusCode::OK);
        place.server.stop();
        place.server.start();
    }
    let audit = place.server.json(&["audit", "list", "--limit", "10000"]);
    let events: Vec<&str> = audit.as_array().unwrap().iter().map(|one| one["event"].as_str().unwrap()).collect();
    for event in ["backed_up", "restored", "user_deleted", "factors_reset"] {
        assert!(events.contains(&event), "{event}: the trail goes on as it was");
    }
    assert_eq!(place.server.json(&["audit", "verify"])["faults"], json!([]));
    assert_eq!(place.says("alice", "55667788"), "granted", "nobody has used that one");

    // People come in again once the floor has passed, and who was held once somebody has looked.
    if !Path::new(FAKETIME).exists() {
        return skip("no libfaketime: nobody waits for the floor to pass");
    }
    place.server.run(&["user", "enable", "frank"], "");
    place.server.stop();
    place.server.shift_clock(Some("+2m"));
    place.server.start();
    let later = |secret: &str| totp::codes_from(secret, "now + 2 minutes", 0).remove(0);
    assert_eq!(place.says("alice", &later(&secret)), "granted", "{}", place.server.log());
    assert_eq!(place.says("frank", &frank.code_at("now + 2 minutes")), "granted");
    place.server.stop();
}

fn t17_where_nobody_can_say_what_was_spent_everything_is(engine: Engine) {
    let Some(mut place) = Place::new(engine) else { return };
    place.server.start();
    let secret = place.with_scratch_codes("alice", ["11223344", "55667788"]);
    let file = place.backup("backup");
    let code = totp::code(&secret);
    assert_eq!(place.says("alice", &code), "granted");
    place.server.stop();
    place.lose_database();
    if engine == Engine::Sqlite {
        let output = place.server.try_run(&["serve"], "");
        assert!(String::from_utf8(output.stderr).unwrap().contains("twolatch restore"), "the way out is named");
    }
    let done = place.server.json(&["restore", text(&file)]);
    assert_eq!((done["compared"].as_bool(), done["codes_spent"].as_u64()), (Some(false), Some(2)), "{done}");
    place.server.start();
    for code in [code.as_str(), "11223344", "55667788"] {
        assert_ne!(place.says("alice", code), "granted", "{code}");
    }
    assert_eq!(place.server.json(&["audit", "verify"])["faults"], json!([]));
    // A backup can be made of that, too, and put back at once.
    let second = place.backup("second");
    place.server.run(&["restore", text(&second), "--replace"], "");
    place.server.stop();
}

fn t17_what_is_no_whole_backup_of_this_key_ring_changes_nothing(engine: Engine) {
    let Some(place) = Place::new(engine) else { return };
    let other = Place::new(engine).unwrap();
    Person::add(&place.server, "alice".to_owned());
    let file = place.backup("backup");
    let state = place.state();
    let whole = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let bad = place.path("bad");
    let cases = [
        ("is missing", lines[..lines.len() - 1].join("\n") + "\n"),
        ("is missing", cut(&whole, 20).to_owned()),
        ("was changed", whole.replace("alice", "mallo")),
        ("was changed", whole.replacen("\"rows\":", "\"rows\":1", 1)),
        ("cannot be read", whole.clone() + "[]\n"),
        ("cannot be read", String::new()),
        ("cannot be read", "PRAGMA x;\n".to_owned()),
        ("schema 999", whole.replacen("\"schema\":", "\"schema\":99", 1).replacen(":998,", ":999,", 1)),
    ];
    for (says, text_of_it) in cases {
        fs::write(&bad, text_of_it).unwrap();
        let said = place.refusal(&["restore", text(&bad), "--replace"]);
        assert!(said.contains(says) || says == "schema 999" && said.contains("has schema 99"), "{says}: {said}");
    }
    let said = other.refusal(&["restore", text(&file), "--replace"]);
    assert!(said.contains("which the key ring does not have"), "{said}");
    assert_eq!(place.state(), state);

    // Never beside the keys, and never over anything.
    let home = place.server.keys_path().parent().unwrap().to_owned();
    let inside = home.join("inside");
    fs::create_dir(&inside).unwrap();
    for target in [home.join("backup"), inside.join("backup")] {
        let said = place.refusal(&["backup", text(&target)]);
        assert!(said.contains("the keys are in") && !target.exists(), "{said}");
    }
    std::os::unix::fs::symlink(&home, place.path("elsewhere")).unwrap();
    assert!(place.refusal(&["backup", text(&place.path("elsewhere").join("backup"))]).contains("the keys are in"));
    assert!(place.refusal(&["backup", text(&file)]).contains("there already"));
    assert_eq!(fs::read_to_string(&file).unwrap(), whole);
    let keys = fs::read_to_string(place.server.keys_path()).unwrap();
    assert!(!whole.contains(keys.trim().split_once(':').unwrap().1), "no key is in it");
}

fn t17_a_restore_that_is_killed_has_done_all_or_nothing(engine: Engine) {
    let Some(place) = Place::new(engine) else { return };
    Person::add(&place.server, "alice".to_owned());
    let file = place.backup("backup");
    Person::add(&place.server, "bob".to_owned());
    let (mut nth, mut killed, mut survived) = (200, 0, 0);
    while survived == 0 && nth < 20_000 {
        let mut command = place.server.command(&["restore", text(&file), "--replace"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let calls = Killer::follow(child.id(), nth).calls();
        let _ = child.wait();
        let users = place.server.json(&["user", "list"]);
        let names: Vec<&str> = users.as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap()).collect();
        if calls.killed_at.is_some() {
            killed += 1;
            assert!(names == ["alice", "bob"] || names == ["alice"], "call {nth}: {names:?}");
            if names == ["alice"] {
                Person::add(&place.server, "bob".to_owned());
            }
        } else {
            survived += 1;
            assert_eq!(names, ["alice"]);
        }
        nth += 97;
    }
    assert!(killed > 3 && survived > 0, "killed {killed} times");
    assert_eq!(place.server.json(&["audit", "verify"])["faults"], json!([]));
}

#[test]
fn a_backup_of_one_engine_is_restored_into_the_other() {
    let Some(mut place) = Place::new(Engine::Sqlite) else { return };
    let Some(postgres) = Database::new(Engine::Postgres) else { return };
    let alice = Person::add(&place.server, "alice".to_owned());
    place.server.run(&["policy", "exempt", "alice", "--door", "sudo", "--days", "3", "--reason", "moving"], "");
    let file = place.backup("backup");
    let config = fs::read_to_string(place.server.config_path()).unwrap();
    let there = config.lines().map(|line| match line.split_once(" = ") {
        Some(("database_url", _)) => format!("database_url = {:?}", postgres.url().unwrap()),
        _ => line.to_owned(),
    });
    fs::write(place.server.config_path(), there.collect::<Vec<_>>().join("\n")).unwrap();
    place.server.run(&["restore", text(&file)], "");
    assert_eq!(place.server.json(&["user", "show", "alice"])["name"], "alice");
    assert!(place.server.run(&["policy", "show"], "").contains("moving"));
    place.server.start();
    assert_ne!(place.says("alice", &alice.right_code()), "wrong", "the authenticator is there");
    // And back.
    let back = place.backup("back");
    place.server.stop();
    fs::write(place.server.config_path(), config).unwrap();
    place.server.run(&["restore", text(&back), "--replace"], "");
    assert_eq!(place.server.json(&["audit", "verify"])["faults"], json!([]));
}
