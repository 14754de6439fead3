//! Logins through a real sshd with the real client. A code works once in 30 seconds, so each case has people of its
//! own and nothing waits for the next code.

use std::fs;
use std::thread;
use std::time::Duration;

use twolatch_core::time::{Clock, SystemClock};

use crate::support::database::Engine;
use crate::support::machine::First;
use crate::support::on_both_databases;
use crate::support::sshd::{Methods, Sshd};
use crate::support::syslog;
use crate::support::wait::{timed, until};
use crate::support::world::{CODE_PROMPT, Login, Person, WHO, World};

on_both_databases!(
    password_and_code_let_in,
    a_wrong_code_is_refused_and_the_right_one_still_works,
    a_used_code_is_refused,
    of_two_logins_with_one_code_one_gets_in,
    a_server_killed_while_the_person_types_spends_nothing,
);

/// Connections that such an sshd has before somebody is in.
const STARTUPS: usize = 10;

/// A machine whose sshd asks for password and code.
fn with_password() -> Option<(World, Sshd)> {
    on(Engine::Sqlite, First::Stack, Methods::KeyboardInteractive)
}

fn on(engine: Engine, first: First, methods: Methods) -> Option<(World, Sshd)> {
    let world = World::new(engine, &["sshd"], first)?;
    Some((world, Sshd::start(methods)))
}

/// A machine whose sshd leaves it to others how often may be tried.
fn without_limits() -> Option<(World, Sshd)> {
    let world = World::new(Engine::Sqlite, &["sshd"], First::Stack)?;
    let more = format!("MaxAuthTries 100\nMaxStartups {STARTUPS}");
    Some((world, Sshd::start_with(Methods::KeyboardInteractive, &more)))
}

fn at_the_code(sshd: &Sshd, person: &Person) -> Login {
    let mut login = sshd.login(person.name(), None);
    assert!(login.reach_code(&person.account.password), "no code was asked for:\n{}", login.screen());
    login
}

fn password_and_code_let_in(engine: Engine) {
    let Some((world, sshd)) = on(engine, First::Stack, Methods::KeyboardInteractive) else { return };
    let person = world.enrolled();
    let code = person.code();
    sshd.login(person.name(), None).answer(&person.account.password, &[&code]).assert_in(person.name());
    syslog::expect_reason(person.name(), "granted");
    syslog::assert_hides_code(person.name(), &code);
    assert_eq!(world.status_of(person.name()), "Activated");
    assert_eq!(world.verdicts(person.name()), ["ok"]);
}

fn a_wrong_code_is_refused_and_the_right_one_still_works(engine: Engine) {
    let Some((world, sshd)) = on(engine, First::Stack, Methods::KeyboardInteractive) else { return };
    let person = world.enrolled();
    let (wrong, password) = (person.wrong_code(), &person.account.password);
    sshd.login(person.name(), None).answer(password, &[&wrong]).assert_refused();
    syslog::expect_reason(person.name(), "refused");
    syslog::assert_hides_code(person.name(), &wrong);
    assert_eq!(world.verdicts(person.name()), ["wrong"; 3]);

    let other = world.enrolled();
    let codes = [other.wrong_code(), other.code()];
    sshd.login(other.name(), None).answer(&other.account.password, &[&codes[0], &codes[1]]).assert_in(other.name());
    assert_eq!(world.verdicts(other.name()), ["wrong", "ok"]);
}

fn a_used_code_is_refused(engine: Engine) {
    let Some((world, sshd)) = on(engine, First::Stack, Methods::KeyboardInteractive) else { return };
    let person = world.enrolled();
    let (code, password) = (person.code(), &person.account.password);
    sshd.login(person.name(), None).answer(password, &[&code]).assert_in(person.name());
    sshd.login(person.name(), None).answer(password, &[&code]).assert_refused();
    assert_eq!(world.verdicts(person.name()), ["ok", "replay", "replay", "replay"]);
}

fn of_two_logins_with_one_code_one_gets_in(engine: Engine) {
    let Some((world, sshd)) = on(engine, First::Stack, Methods::KeyboardInteractive) else { return };
    for _ in 0..5 {
        let person = world.enrolled();
        let mut logins = [at_the_code(&sshd, &person), at_the_code(&sshd, &person)];
        let code = person.code();
        for login in &mut logins {
            login.type_code(&code);
        }
        let ends = logins.map(|login| login.answer(&person.account.password, &[&code]));
        let inside = ends.iter().filter(|end| end.is_in(person.name())).count();
        assert_eq!(inside, 1, "{}\n{}", ends[0].screen, ends[1].screen);
        assert_eq!(world.verdicts(person.name()), ["ok", "replay", "replay", "replay"]);
    }
}

fn a_server_killed_while_the_person_types_spends_nothing(engine: Engine) {
    let Some((mut world, sshd)) = on(engine, First::Stack, Methods::KeyboardInteractive) else { return };
    let person = world.enrolled();
    let login = at_the_code(&sshd, &person);
    world.server.kill();
    let code = person.code();
    login.answer(&person.account.password, &[&code]).assert_refused();
    syslog::expect_reason(person.name(), "no_answer");
    world.server.start();
    sshd.login(person.name(), None).answer(&person.account.password, &[&code]).assert_in(person.name());
    assert_eq!(world.verdicts(person.name()), ["ok"]);
}

#[test]
fn a_wrong_password_is_refused_before_any_code() {
    let Some((world, sshd)) = with_password() else { return };
    let person = world.enrolled();
    sshd.login(person.name(), None).end_without_code("not the password").assert_refused();
}

#[test]
fn p01_empty_lines_are_refused_and_spend_nothing() {
    let Some((world, sshd)) = with_password() else { return };
    let person = world.enrolled();
    sshd.login(person.name(), None).answer(&person.account.password, &[""]).assert_refused();
    syslog::expect_reason(person.name(), "malformed");
    let code = person.code();
    sshd.login(person.name(), None).answer(&person.account.password, &[&code]).assert_in(person.name());
    assert_eq!(world.verdicts(person.name()), ["ok"], "lines that are no codes are not judged");
}

#[test]
fn p03_a_code_may_be_typed_in_two_groups() {
    let Some((world, sshd)) = with_password() else { return };
    let person = world.enrolled();
    let code = person.code();
    let (first, second) = code.split_at(3);
    let grouped = format!("{first} {second}");
    sshd.login(person.name(), None).answer(&person.account.password, &[&grouped]).assert_in(person.name());
}

#[test]
fn p09_the_code_of_another_person_is_refused_and_not_spent() {
    let Some((world, sshd)) = with_password() else { return };
    let (person, other) = (world.enrolled(), world.enrolled());
    let code = other.code();
    sshd.login(person.name(), None).answer(&person.account.password, &[&code]).assert_refused();
    sshd.login(other.name(), None).answer(&other.account.password, &[&code]).assert_in(other.name());
}

#[test]
fn p24_a_client_killed_at_the_prompt_spends_and_leaves_nothing() {
    let Some((world, sshd)) = with_password() else { return };
    let person = world.enrolled();
    drop(at_the_code(&sshd, &person));
    let children = format!("/proc/{0}/task/{0}/children", sshd.pid());
    until("sshd's children to end", || fs::read_to_string(&children).unwrap().is_empty().then_some(()));
    let code = person.code();
    sshd.login(person.name(), None).answer(&person.account.password, &[&code]).assert_in(person.name());
}

#[test]
fn p16_an_account_that_twolatch_does_not_know_is_asked_the_same_and_refused() {
    let Some((world, sshd)) = with_password() else { return };
    let account = world.unknown();
    let mut login = sshd.login(&account.name, None);
    assert!(login.reach_code(&account.password), "no code was asked for:\n{}", login.screen());
    login.answer(&account.password, &["123456"]).assert_refused();
    syslog::expect_reason(&account.name, "refused");
    assert_eq!(world.all_verdicts(), ["unknown"; 3]);
}

#[test]
fn a_disabled_account_is_refused_with_the_right_code() {
    let Some((world, sshd)) = with_password() else { return };
    let person = world.enrolled();
    world.server.run(&["user", "disable", person.name()], "");
    let code = person.code();
    sshd.login(person.name(), None).answer(&person.account.password, &[&code]).assert_refused();
    assert_eq!(world.all_verdicts(), ["disabled"; 3]);
    world.server.run(&["user", "enable", person.name()], "");
    sshd.login(person.name(), None).answer(&person.account.password, &[&code]).assert_in(person.name());
}

#[test]
fn p23_a_locked_person_is_refused_with_the_right_code_until_unlocked() {
    let Some((world, sshd)) = with_password() else { return };
    let person = world.enrolled();
    let (wrong, password) = (person.wrong_code(), &person.account.password);
    sshd.login(person.name(), None).answer(password, &[&wrong]).assert_refused();
    sshd.login(person.name(), None).answer(password, &[&wrong]).assert_refused();
    let code = person.code();
    sshd.login(person.name(), None).answer(password, &[&code]).assert_refused();
    let verdicts = world.verdicts(person.name());
    assert_eq!(verdicts.iter().filter(|verdict| *verdict == "wrong").count(), 5, "{verdicts:?}");
    assert!(!verdicts.contains(&"ok".to_owned()), "{verdicts:?}");
    world.server.run(&["user", "unlock", person.name()], "");
    sshd.login(person.name(), None).answer(password, &[&code]).assert_in(person.name());
}

/// CVE-2015-5600: sshd once asked anew for each device that a client named, however often it named the same one.
#[test]
fn p33_count_thousands_of_devices_in_one_connection_buy_no_more_tries() {
    let Some((world, sshd)) = without_limits() else { return };
    let person = world.enrolled();
    // Ending on a line that is no code, a conversation is not the last one that sshd has in a connection.
    let wrong = person.wrong_code();
    let typed: Vec<&str> = [&wrong, &wrong, ""].into_iter().cycle().take(12).collect();
    let devices = format!("KbdInteractiveDevices={}", vec!["pam"; 10_000].join(","));
    let login = sshd.login_with(person.name(), None, &[&devices, "NumberOfPasswordPrompts=4"]);
    let ended = login.answer(&person.account.password, &typed);
    ended.assert_refused();
    assert_eq!(ended.screen.matches(CODE_PROMPT).count(), typed.len(), "{}", ended.screen);
    assert_eq!(world.verdicts(person.name()), ["wrong", "wrong", "wrong", "wrong", "wrong", "wait"]);
    assert_eq!(world.server.standing(person.name(), SystemClock.now()).0, 5);
}

#[test]
fn p33_count_as_many_connections_as_sshd_takes_buy_no_more_tries() {
    let Some((world, sshd)) = without_limits() else { return };
    let person = world.enrolled();
    let wrong = person.wrong_code();
    let logins: Vec<Login> = (0..STARTUPS).map(|_| at_the_code(&sshd, &person)).collect();
    sshd.login(person.name(), None).end_without_code(&person.account.password).assert_refused();
    thread::scope(|scope| {
        for login in logins {
            scope.spawn(|| login.answer(&person.account.password, &[&wrong]).assert_refused());
        }
    });
    let verdicts = world.verdicts(person.name());
    let (judged, others): (Vec<&String>, Vec<&String>) = verdicts.iter().partition(|verdict| *verdict == "wrong");
    assert_eq!(judged.len(), 5, "{verdicts:?}");
    assert!(!others.is_empty() && others.iter().all(|verdict| *verdict == "wait"), "{verdicts:?}");
    assert_eq!(world.server.standing(person.name(), SystemClock.now()).0, 5);
}

#[test]
fn p20_root_whom_sshd_refuses_is_refused_and_its_code_not_spent() {
    let Some(world) = World::new(Engine::Sqlite, &["sshd", "su"], First::Stack) else { return };
    let sshd = Sshd::start(Methods::KeyboardInteractive);
    let (root, somebody) = (world.enrol(world.machine.root()), world.unknown());
    let (code, password) = (root.code(), &root.account.password);
    // `PermitRootLogin prohibit-password`: whatever root types, sshd hands on something else.
    sshd.login("root", None).answer(password, &[&code]).assert_refused();
    world.machine.pam_stack("sshd", First::Claimed, world.server.socket());
    sshd.login("root", None).answer(password, &[&code]).assert_refused();
    syslog::expect_reason("root", "host_refused");
    let su = somebody.login("su", &["root", "-c", WHO]);
    su.answer(password, &[&code]).assert_in("root");
}

#[test]
fn a_server_that_is_down_is_told_from_a_wrong_code() {
    let Some((mut world, sshd)) = with_password() else { return };
    let person = world.enrolled();
    world.server.stop();
    let code = person.code();
    sshd.login(person.name(), None).answer(&person.account.password, &[&code]).assert_refused();
    syslog::expect_reason(person.name(), "no_answer");
    world.server.start();
    sshd.login(person.name(), None).answer(&person.account.password, &[&code]).assert_in(person.name());
}

#[test]
fn a_server_that_hangs_is_given_up_after_five_seconds() {
    let Some((world, sshd)) = with_password() else { return };
    let person = world.enrolled();
    world.server.freeze();
    let code = person.code();
    let login = || sshd.login(person.name(), None).answer(&person.account.password, &[&code]);
    let (ended, took) = timed(login);
    ended.assert_refused();
    syslog::expect_reason(person.name(), "no_answer");
    // Five seconds, then libpam's delay after a refusal: two seconds, varied by half. The rest is for a busy machine.
    assert!(took < Duration::from_secs(15), "{took:?}");
    world.server.thaw();
    login().assert_in(person.name());
}

#[test]
fn a_key_and_a_code_let_in() {
    let Some((world, sshd)) = on(Engine::Sqlite, First::Key, Methods::KeyAndKeyboardInteractive) else { return };
    let person = world.enrolled();
    let key = sshd.key_for(person.name());
    let code = person.code();
    sshd.login(person.name(), Some(&key)).answer("no password is asked for", &[&code]).assert_in(person.name());
    sshd.login(person.name(), Some(&key)).answer("no password is asked for", &[&code]).assert_refused();
}

#[test]
fn without_the_key_nothing_is_asked() {
    let Some((world, sshd)) = on(Engine::Sqlite, First::Key, Methods::KeyAndKeyboardInteractive) else { return };
    let person = world.enrolled();
    sshd.login(person.name(), None).end_without_code(&person.account.password).assert_refused();
}

#[test]
fn first_key_refuses_where_sshd_asked_for_no_key() {
    let Some((world, sshd)) = on(Engine::Sqlite, First::Key, Methods::KeyboardInteractive) else { return };
    let person = world.enrolled();
    let code = person.code();
    sshd.login(person.name(), None).answer(&person.account.password, &[&code]).assert_refused();
    syslog::expect_reason(person.name(), "refused");
    assert_eq!(world.all_verdicts(), ["no_evidence"; 3]);
}

#[test]
fn the_password_method_is_refused_and_the_log_names_the_setting() {
    let Some((world, sshd)) = on(Engine::Sqlite, First::Stack, Methods::Password) else { return };
    let person = world.enrolled();
    sshd.login(person.name(), None).end_without_code(&person.account.password).assert_refused();
    syslog::expect_reason(person.name(), "host_cannot_prompt");
    syslog::expect_reason(person.name(), "KbdInteractiveAuthentication");
}

/// How sshd is: `publickey` without `AuthenticationMethods` never asks PAM to authenticate, so no module can close
/// this path. It is for the sshd drop-in and for `twolatch doctor` to close it.
#[test]
fn p30_a_key_alone_passes_every_pam_module_by() {
    let Some((world, sshd)) = on(Engine::Sqlite, First::Key, Methods::Key) else { return };
    let person = world.enrolled();
    let key = sshd.key_for(person.name());
    sshd.login(person.name(), Some(&key)).end_without_code(&person.account.password).assert_in(person.name());
}
