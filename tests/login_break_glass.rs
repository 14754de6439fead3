//! The way in that needs no server: the real `login` on what looks like a terminal of the machine. And each condition by
//! itself, of which every single one keeps it shut.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::PathBuf;

use nix::mount::{MsFlags, mount};
use twolatch_core::break_glass::{FOLDER, GROUP, file_name, read};

use crate::support::database::Engine;
use crate::support::machine::First;
use crate::support::pty::{Ended, Pty};
use crate::support::sshd::{Methods, Sshd};
use crate::support::syslog;
use crate::support::world::{CODE_PROMPT, PASSWORD_PROMPT, Person, World};
use crate::support::{on_both_databases, run};

on_both_databases!(new_codes_are_told_once_recorded_and_replace_the_others);

const PROMPT: &str = "Break-glass code: ";

/// `authpriv.alert`, as syslog writes it.
const ALERT: &str = "<81>";

/// A machine where `login` and others ask us, and where no other test's codes are.
fn machine(engine: Engine) -> Option<World> {
    let world = World::new(engine, &["login", "sshd", "su"], First::Stack)?;
    fs::create_dir_all(FOLDER).unwrap();
    mount(Some("tmpfs"), FOLDER, Some("tmpfs"), MsFlags::empty(), Some("mode=700")).unwrap();
    run("flock", &["/run/lock/accounts", "groupadd", "--system", "--force", GROUP], "");
    Some(world)
}

/// Somebody with codes, whose shell says who runs it, and ends.
fn with_codes(world: &World) -> (Person, Vec<String>) {
    let person = world.enrolled();
    let own = ["--shell", "/usr/bin/id", "--append", "--groups", GROUP, person.name()];
    run("flock", &[&["/run/lock/accounts", "usermod"], &own[..]].concat(), "");
    let codes = issue(world, person.name());
    (person, codes)
}

fn issue(world: &World, name: &str) -> Vec<String> {
    let issued = world.server.json(&["break-glass", "issue", name]);
    let codes: Vec<String> =
        issued["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    for code in &codes {
        world.keep_secret(code);
    }
    codes
}

fn left(world: &World, name: &str) -> u64 {
    let holders = world.server.json(&["break-glass", "list"]);
    let own = holders.as_array().unwrap().iter().find(|holder| holder["name"] == name).unwrap();
    own["left"].as_u64().unwrap()
}

fn file_of(person: &Person, code: &str) -> PathBuf {
    PathBuf::from(FOLDER).join(person.name()).join(file_name(&read(code.as_bytes()).unwrap()))
}

/// Types the password, and these where such a code is asked for; how often that was, and how it ended.
fn answer(mut pty: Pty, person: &Person, codes: &[&str]) -> (usize, Ended) {
    let mut asked = 0;
    while let Some(prompt) = pty.next_prompt(&[PASSWORD_PROMPT, CODE_PROMPT, PROMPT]) {
        match prompt {
            PROMPT => {
                pty.type_line(codes[asked.min(codes.len() - 1)]);
                asked += 1;
            }
            // Whatever is typed there must not be taken for what it is here.
            CODE_PROMPT => pty.type_line(codes[0]),
            _ => pty.type_line(&person.account.password),
        }
    }
    (asked, pty.finish())
}

/// What the real `login` on a terminal of this machine comes to.
fn at_console(person: &Person, codes: &[&str]) -> (usize, bool) {
    let (asked, ended) = answer(Pty::spawn_at("/dev/tty63", "login", &[person.name()]), person, codes);
    (asked, ended.screen.contains(&format!("({})", person.name())))
}

/// What any other program comes to that says this of itself.
fn by(person: &Person, service: &str, items: &[&str], codes: &[&str]) -> (usize, bool) {
    let items: Vec<&str> = items.iter().flat_map(|item| ["-I", item]).collect();
    let arguments = [&items[..], &[service, person.name(), "authenticate"]].concat();
    let (asked, ended) = answer(Pty::spawn("pamtester", &arguments), person, codes);
    (asked, ended.status.success())
}

#[test]
fn each_code_lets_in_once_at_the_console_while_no_server_answers() {
    let Some(mut world) = machine(Engine::Sqlite) else { return };
    let (person, codes) = with_codes(&world);
    world.server.stop();
    assert_eq!(at_console(&person, &[&codes[0]]), (1, true));
    syslog::expect_reason(person.name(), "no_answer");
    syslog::expect_reason(person.name(), "granted by a break-glass code");
    let is_alert = |line: &String| line.contains("break-glass code") && line.starts_with(ALERT);
    assert!(syslog::lines_about(person.name()).iter().any(is_alert), "{:?}", syslog::lines_about(person.name()));
    assert_eq!(left(&world, person.name()), 9);
    // A spent one, what is none, then an unused one as somebody reads it off paper.
    let typed = codes[1].to_lowercase().replace('-', " ");
    assert_eq!(at_console(&person, &[&codes[0], "123456", &typed]), (3, true));
    assert_eq!(at_console(&person, &[&codes[0]]), (3, false), "as many prompts as for codes");
    syslog::expect_reason(person.name(), "too_many_prompts");
    // Frozen: the connection is taken, and nothing comes.
    world.server.start();
    world.server.freeze();
    assert_eq!(at_console(&person, &[&codes[2]]), (1, true));
    world.server.thaw();
    assert_eq!(at_console(&person, &[&codes[3]]), (0, false), "the server answers");
    assert_eq!(left(&world, person.name()), 7);
}

#[test]
fn t1_without_the_password_no_code_is_asked_for() {
    let Some(mut world) = machine(Engine::Sqlite) else { return };
    let (mut person, codes) = with_codes(&world);
    world.server.stop();
    person.account.password.push('x');
    assert_eq!(at_console(&person, &[&codes[0]]), (0, false));
    assert_eq!(left(&world, person.name()), 10);
}

#[test]
fn t1_each_condition_keeps_it_shut() {
    const AT: &str = "tty=/dev/tty1";
    let Some(mut world) = machine(Engine::Sqlite) else { return };
    let ((person, codes), (other, others)) = (with_codes(&world), with_codes(&world));
    assert_eq!(by(&person, "login", &[AT], &[&codes[0]]), (0, false), "the server answers");
    world.server.stop();
    for (service, items) in [
        ("login", &["tty=/dev/pts/1"][..]),
        ("login", &["tty=pts/1"]),
        ("login", &["tty=ssh"]),
        ("login", &[]),
        ("login", &[AT, "rhost=127.0.0.1"]),
        ("login", &[AT, "rhost=localhost"]),
        ("sshd", &[AT]),
        ("su", &[AT]),
    ] {
        assert_eq!(by(&person, service, items, &[&codes[0]]), (0, false), "{service} {items:?}");
    }
    assert_eq!(by(&person, "login", &[AT], &[&others[0]]), (3, false), "somebody else's codes");
    run("flock", &["/run/lock/accounts", "gpasswd", "--delete", other.name(), GROUP], "");
    assert_eq!(by(&other, "login", &[AT], &[&others[0]]), (0, false), "not in the group");
    let own = person.account.login("pamtester", &["-I", AT, "login", person.name(), "authenticate"]).pty;
    let (asked, ended) = answer(own, &person, &[&codes[0]]);
    assert_eq!((asked, ended.status.success()), (0, false), "not root");
    world.machine.pam_stack("login", First::Key, world.server.socket());
    assert_eq!(by(&person, "login", &[AT], &[&codes[0]]), (0, false), "no password was asked for");
    world.machine.pam_stack("login", First::Stack, world.server.socket());
    let sshd = Sshd::start(Methods::KeyboardInteractive);
    let (asked, ended) = answer(sshd.login(person.name(), None).pty, &person, &[&codes[0]]);
    ended.assert_refused();
    assert_eq!(asked, 0, "sshd");
    // All of them were kept.
    assert_eq!((left(&world, person.name()), left(&world, other.name())), (10, 10));
    for (code, at) in codes.iter().zip(["tty=tty1", "tty=/dev/ttyS0", "tty=/dev/console", AT]) {
        assert_eq!(by(&person, "login", &[at], &[code]), (1, true), "{at}");
        assert_eq!(by(&person, "login", &[at], &[code]), (3, false), "{at}: spent");
    }
}

#[test]
fn t8_codes_that_others_could_have_made_let_nobody_in() {
    const AT: &str = "tty=/dev/tty1";
    let Some(mut world) = machine(Engine::Sqlite) else { return };
    let (person, codes) = with_codes(&world);
    world.server.stop();
    let (whole, own, file) =
        (PathBuf::from(FOLDER), PathBuf::from(FOLDER).join(person.name()), file_of(&person, &codes[0]));
    let refused = |what: &str| {
        assert!(!by(&person, "login", &[AT], &[&codes[0]]).1, "{what}");
        syslog::expect_reason(person.name(), "unsafe_path");
    };
    for (path, good, bad) in [(&whole, 0o700, 0o701), (&own, 0o700, 0o720), (&file, 0o600, 0o604)] {
        fs::set_permissions(path, Permissions::from_mode(bad)).unwrap();
        refused("others may reach it");
        fs::set_permissions(path, Permissions::from_mode(good)).unwrap();
        chown(path, Some(1), None).unwrap();
        refused("it belongs to another");
        chown(path, Some(0), None).unwrap();
    }
    let aside = whole.join("aside");
    fs::rename(&file, &aside).unwrap();
    symlink(&aside, &file).unwrap();
    refused("a link");
    fs::rename(&aside, &file).unwrap();
    // What cannot be spent lets nobody in.
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    mount(None::<&str>, FOLDER, None::<&str>, flags, None::<&str>).unwrap();
    assert_eq!(by(&person, "login", &[AT], &[&codes[0]]), (1, false), "read-only");
    syslog::expect_reason(person.name(), "store_io");
    mount(None::<&str>, FOLDER, None::<&str>, MsFlags::MS_REMOUNT, None::<&str>).unwrap();
    assert_eq!(by(&person, "login", &[AT], &[&codes[0]]), (1, true), "nothing of that has spent it");
}

fn new_codes_are_told_once_recorded_and_replace_the_others(engine: Engine) {
    let Some(mut world) = machine(engine) else { return };
    let (person, old) = with_codes(&world);
    let name = person.name();
    let said = world.server.run(&["break-glass", "issue", name], "");
    let new: Vec<&str> = said.lines().map(str::trim).filter(|line| read(line.as_bytes()).is_some()).collect();
    assert_eq!(new.len(), 10, "{said}");
    for code in &new {
        world.keep_secret(code);
    }
    assert!(
        new.iter().all(|code| file_of(&person, code).exists())
            && old.iter().all(|code| !file_of(&person, code).exists())
    );
    assert_eq!(fs::metadata(file_of(&person, new[0])).unwrap().permissions().mode() & 0o7777, 0o600);
    assert!(!world.server.run(&["break-glass", "list"], "").contains(new[0]));
    let records = world.records(|record| record["event"] == "break_glass_issued" && record["user_name"] == name);
    assert_eq!(records.len(), 2);
    assert!(records[0]["actor"].as_str().unwrap().contains("root") && !records[0].to_string().contains(new[0]));
    assert_eq!(world.server.try_run(&["break-glass", "issue", "nobody-of-this-name"], "").status.code(), Some(67));
    assert_eq!(world.server.try_run(&["break-glass", "issue", ".."], "").status.code(), Some(67));

    // Whoever cannot be asked is told how to be, and the doctor says who gets in.
    let doctor = || world.server.try_run(&["doctor"], "");
    assert!(String::from_utf8(doctor().stdout).unwrap().contains(&format!("{name} (10 left)")));
    let plain = world.enrolled();
    let said = world.server.run(&["break-glass", "issue", plain.name()], "");
    assert!(said.contains(&format!("usermod --append --groups {GROUP} {}", plain.name())), "{said}");

    // Without a server, and without a database that opens, there are new ones all the same.
    world.server.stop();
    let config = world.server.config_path();
    let kept = fs::read_to_string(&config).unwrap();
    fs::write(&config, kept.replace("keys = ", "keys = \"/nowhere\" #")).unwrap();
    let output = world.server.try_run(&["break-glass", "issue", name, "--json"], "");
    fs::write(&config, kept).unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("not recorded"));
    let issued: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((issued["codes"].as_array().unwrap().len(), left(&world, name)), (10, 10));
    let code = issued["codes"][0].as_str().unwrap();
    assert_eq!(by(&person, "login", &["tty=tty1"], &[new[0], code]), (2, true));
}
