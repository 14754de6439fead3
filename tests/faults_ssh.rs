//! F-3 to F-6, F-13, F-18, F-19 as people at a real sshd meet them: they are refused, the log says why, and they get in as
//! soon as that is over, without a restart of anything that was well.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;

use crate::support::database::{Engine, Holder};
use crate::support::machine::First;
use crate::support::server::FAKETIME;
use crate::support::sshd::{Methods, Sshd};
use crate::support::strace::Strace;
use crate::support::syslog;
use crate::support::wait::timed;
use crate::support::world::{Person, World};
use crate::support::{on_both_databases, run, setting, skip, totp};

on_both_databases!(
    f18_a_module_of_another_version_is_refused_and_counts_nothing,
    f19_a_module_that_is_replaced_under_logins_gives_no_wrong_verdict,
);

fn machine(engine: Engine) -> Option<(World, Sshd)> {
    let world = World::new(engine, &["sshd"], First::Stack)?;
    Some((world, Sshd::start(Methods::KeyboardInteractive)))
}

fn refused(sshd: &Sshd, person: &Person, code: &str, reason: &str) {
    sshd.login(person.name(), None).answer(&person.account.password, &[code]).assert_refused();
    syslog::expect_reason(person.name(), &format!("reason={reason}"));
}

fn let_in(sshd: &Sshd, person: &Person, code: &str) {
    sshd.login(person.name(), None).answer(&person.account.password, &[code]).assert_in(person.name());
}

#[test]
fn f3_f4_a_disk_that_is_full_or_read_only_refuses_until_it_is_not() {
    let Some((world, sshd)) = machine(Engine::Sqlite) else { return };
    if !Strace::is_here() {
        return skip("no strace: no system call of the server fails");
    }
    for (error, reason) in [("ENOSPC", "store_full"), ("EROFS", "store_io")] {
        let person = world.enrolled();
        let strace = Strace::fail(world.server.pid(), "pwrite64", error, "1+");
        refused(&sshd, &person, &person.code(), reason);
        assert!(strace.end() > 0, "nothing was written");
        let_in(&sshd, &person, &person.code());
        assert_eq!(world.verdicts(person.name()), ["ok"], "what was refused was not counted");
    }
}

#[test]
fn f5_a_locked_database_refuses_in_time() {
    let Some((world, sshd)) = machine(Engine::Sqlite) else { return };
    let person = world.enrolled();
    let file = world.server.config_path().with_file_name("data").join("twolatch.db");
    let holder = Holder::of(&file);
    let ((), took) = timed(|| refused(&sshd, &person, &person.code(), "store_busy"));
    assert!(took.as_secs() < 15, "{took:?}");
    drop(holder);
    let_in(&sshd, &person, &person.code());
}

#[test]
fn f6_a_slow_database_refuses_in_time() {
    let Some((world, sshd)) = machine(Engine::Postgres) else { return };
    let person = world.enrolled();
    let url = setting("TWOLATCH_TEST_POSTGRES").unwrap();
    let name = world.server.database_name().unwrap();
    let url = url.replacen("/postgres?", &format!("/{name}?"), 1);
    let psql = |text: &str| run("psql", &["-qX", "-d", &url, "-c", text], "");
    psql(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'; \
         CREATE TRIGGER wait BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION wait()",
    );
    let ((), took) = timed(|| refused(&sshd, &person, &person.code(), "store_slow"));
    assert!(took.as_secs() < 15, "{took:?}");
    psql("DROP TRIGGER wait ON audit");
    let_in(&sshd, &person, &person.code());
    assert_eq!(world.verdicts(person.name()), ["ok"]);
}

#[test]
fn f13_a_clock_set_back_or_ahead_refuses_until_it_is_right() {
    let Some((mut world, sshd)) = machine(Engine::Sqlite) else { return };
    if !Path::new(FAKETIME).exists() {
        return skip("no libfaketime: no clock is shifted");
    }
    let (person, other) = (world.enrolled(), world.enrolled());
    let with_clock = |world: &mut World, shift: Option<&str>| {
        world.server.stop();
        world.server.shift_clock(shift);
        world.server.start();
    };
    with_clock(&mut world, Some("+1h"));
    refused(&sshd, &person, &person.code(), "too_many_prompts");
    with_clock(&mut world, None);
    let_in(&sshd, &other, &other.code());
    let (person, other) = (world.enrolled(), world.enrolled());
    with_clock(&mut world, Some("-1h"));
    refused(&sshd, &person, &person.code(), "too_many_prompts");
    let old = totp::codes_from(person.secret(), "1 hour ago", 0).remove(0);
    sshd.login(person.name(), None).answer(&person.account.password, &[&old]).assert_refused();
    syslog::expect_reason(person.name(), "clock_back");
    // What could have been shown before the step is spent: a minute later all is well.
    with_clock(&mut world, Some("+90s"));
    let_in(&sshd, &other, &totp::codes_from(other.secret(), "90 seconds", 0).remove(0));
}

/// Stands between module and server, and speaks another version to one of them.
fn other_version(of: &Path, at: &Path, in_request: bool) {
    let (server, listener) = (of.to_owned(), UnixListener::bind(at).unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut module, mut server) = (stream.unwrap(), UnixStream::connect(&server).unwrap());
            let request = message(&mut module);
            let other = |text: &str| text.replacen("\"version\":1", "\"version\":2", 1);
            // Another version says other things besides.
            let request = if in_request { other(&request).replacen("\"caller\":", "\"kaller\":", 1) } else { request };
            server.write_all(request.as_bytes()).unwrap();
            let reply = message(&mut server);
            let reply = if in_request { reply } else { other(&reply) };
            let _ = module.write_all(reply.as_bytes());
        }
    });
}

/// One HTTP message of a known length.
fn message(from: &mut UnixStream) -> String {
    let (mut text, mut bytes) = (String::new(), [0; 4096]);
    loop {
        let length = from.read(&mut bytes).unwrap();
        text.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let declared =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            declared == Some(body.len())
        });
        if whole || length == 0 {
            return text;
        }
    }
}

fn f18_a_module_of_another_version_is_refused_and_counts_nothing(engine: Engine) {
    let Some((world, sshd)) = machine(engine) else { return };
    let person = world.enrolled();
    let code = person.code();
    for in_request in [true, false] {
        let between = PathBuf::from(format!("/run/twolatch/between-{in_request}.sock"));
        other_version(world.server.socket(), &between, in_request);
        world.machine.pam_stack("sshd", First::Stack, &between);
        refused(&sshd, &person, &code, "version");
    }
    let told = syslog::lines_about(person.name()).join("\n");
    assert!(told.contains("install the same version of the module and of the server"), "{told}");
    assert!(told.contains("the server speaks version 2, the module 1"), "{told}");
    // The same version on both sides, as after an upgrade: nothing was counted, and the code is good.
    world.machine.pam_stack("sshd", First::Stack, world.server.socket());
    let_in(&sshd, &person, &code);
    assert_eq!(world.verdicts(person.name()), ["ok"]);
}

fn f19_a_module_that_is_replaced_under_logins_gives_no_wrong_verdict(engine: Engine) {
    let Some((world, sshd)) = machine(engine) else { return };
    let original = PathBuf::from(setting("TWOLATCH_PAM_MODULE").unwrap());
    let installed = PathBuf::from("/run/twolatch/pam_twolatch.so");
    let install = || {
        let new = installed.with_extension("new");
        fs::copy(&original, &new).unwrap();
        fs::rename(&new, &installed).unwrap();
    };
    install();
    let stack = format!(
        "auth requisite pam_unix.so nodelay\nauth required {} socket={}\naccount required pam_unix.so\n\
         session required pam_permit.so\n",
        installed.display(),
        world.server.socket().display()
    );
    fs::write("/etc/pam.d/sshd", stack).unwrap();
    let people: Vec<Person> = (0..6).map(|_| world.enrolled()).collect();
    // All at the prompt with the old module loaded, then each with a newer one than the last.
    let mut waiting: Vec<_> = people.iter().map(|person| (person, sshd.login(person.name(), None))).collect();
    for (person, login) in &mut waiting {
        assert!(login.reach_code(&person.account.password), "{}", login.screen());
    }
    for (number, (person, login)) in waiting.into_iter().enumerate() {
        install();
        let (code, wrong) = (person.code(), person.wrong_code());
        let ended = login.answer(&person.account.password, &[if number % 2 == 0 { &code } else { &wrong }]);
        assert_eq!(ended.is_in(person.name()), number % 2 == 0, "{}", ended.screen);
        if number % 2 == 1 {
            install();
            let_in(&sshd, person, &code);
        }
    }
    // For a moment there is none: nobody gets in, and sshd is well.
    let person = world.enrolled();
    fs::rename(&installed, installed.with_extension("away")).unwrap();
    let ended = sshd.login(person.name(), None).end_without_code(&person.account.password);
    ended.assert_refused();
    install();
    let_in(&sshd, &person, &person.code());
    assert!(!sshd.log().contains("dumped") && !sshd.log().contains("signal 11"), "{}", sshd.log());
}
