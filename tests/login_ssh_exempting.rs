//! Exemptions and the account line with a real sshd and the real client.

use crate::support::database::Engine;
use crate::support::machine::First;
use crate::support::on_both_databases;
use crate::support::run;
use crate::support::sshd::{Methods, Sshd};
use crate::support::syslog;
use crate::support::world::{Person, World};

on_both_databases!(
    behind_the_exempt_key_no_code_is_asked_for_and_behind_another_one_is,
    the_account_line_refuses_a_key_alone,
);

fn on(engine: Engine, methods: Methods) -> Option<(World, Sshd)> {
    let world = World::new(engine, &["sshd"], First::Key)?;
    world.machine.pam_stack_with("sshd", First::Key, world.server.socket(), "nullok");
    Some((world, Sshd::start(methods)))
}

fn exempt(world: &mut World, person: &Person, limits: &[&str]) {
    let line = ["policy", "exempt", person.name(), "--door", "ssh", "--days", "3", "--reason", "backups"];
    world.server.run(&[&line[..], limits].concat(), "");
    // What a server knows of policy is of this second; one that has just started knows it all.
    world.restart();
}

fn behind_the_exempt_key_no_code_is_asked_for_and_behind_another_one_is(engine: Engine) {
    let Some((mut world, sshd)) = on(engine, Methods::KeyAndKeyboardInteractive) else { return };
    let person = world.enrolled();
    let exempted = sshd.key_for(person.name());
    let fingerprint = run("ssh-keygen", &["-lf", exempted.with_extension("pub").to_str().unwrap()], "");
    let fingerprint = fingerprint.split(' ').nth(1).unwrap();
    exempt(&mut world, &person, &["--key", fingerprint, "--network", "127.0.0.0/8"]);
    assert!(world.server.run(&["policy", "show"], "").contains(fingerprint));
    sshd.login(person.name(), Some(&exempted)).end_without_code("no password is asked for").assert_in(person.name());
    let told = world.records(|record| record["detail"].as_str().is_some_and(|detail| detail.contains(fingerprint)));
    assert!(told.iter().any(|record| record["user_name"] == person.name()), "{told:?}");

    // Another key of the same person, which opens the same account.
    let other = sshd.key_for(person.name());
    let code = person.code();
    let mut login = sshd.login(person.name(), Some(&other));
    assert!(login.reach_code("no password is asked for"), "no code was asked for:\n{}", login.screen());
    login.answer("no password is asked for", &[&code]).assert_in(person.name());
}

#[test]
fn an_exemption_of_another_network_exempts_nobody() {
    let Some((mut world, sshd)) = on(Engine::Sqlite, Methods::KeyAndKeyboardInteractive) else { return };
    let person = world.enrolled();
    let key = sshd.key_for(person.name());
    exempt(&mut world, &person, &["--network", "10.0.0.0/8"]);
    let mut login = sshd.login(person.name(), Some(&key));
    assert!(login.reach_code("no password is asked for"), "no code was asked for:\n{}", login.screen());
    login.answer("no password is asked for", &[&person.code()]).assert_in(person.name());
}

fn the_account_line_refuses_a_key_alone(engine: Engine) {
    let Some((mut world, sshd)) = on(engine, Methods::Key) else { return };
    world.machine.account_line("sshd", world.server.socket());
    let person = world.enrolled();
    let key = sshd.key_for(person.name());
    let log_in = || sshd.login(person.name(), Some(&key)).end_without_code("no password is asked for");
    log_in().assert_refused();
    syslog::expect_reason(person.name(), "code_missing");
    syslog::expect_reason(person.name(), "AuthenticationMethods");
    assert_eq!(world.verdicts(person.name()), ["code_missing"]);
    // Automation: a dated exemption for where it comes from.
    exempt(&mut world, &person, &["--network", "127.0.0.0/8"]);
    log_in().assert_in(person.name());
    world.server.run(&["user", "disable", person.name()], "");
    log_in().assert_refused();
    // Records of one second are in no order, where several servers have written them.
    assert!(world.verdicts(person.name()).contains(&"disabled".to_owned()));
}

#[test]
fn the_account_line_lets_in_behind_a_code() {
    let Some((world, sshd)) = on(Engine::Sqlite, Methods::KeyAndKeyboardInteractive) else { return };
    world.machine.account_line("sshd", world.server.socket());
    let person = world.enrolled();
    let key = sshd.key_for(person.name());
    let code = person.code();
    sshd.login(person.name(), Some(&key)).answer("no password is asked for", &[&code]).assert_in(person.name());
    syslog::expect_reason(person.name(), "account granted");
    assert_eq!(world.verdicts(person.name()), ["ok"]);
    let account = world.unknown();
    let key = sshd.key_for(&account.name);
    sshd.login(&account.name, Some(&key)).answer("no password is asked for", &["123456"]).assert_refused();
}

#[test]
fn the_account_line_refuses_while_the_server_is_down() {
    let Some((mut world, sshd)) = on(Engine::Sqlite, Methods::Key) else { return };
    world.machine.account_line("sshd", world.server.socket());
    let person = world.enrolled();
    let key = sshd.key_for(person.name());
    world.server.stop();
    sshd.login(person.name(), Some(&key)).end_without_code("no password is asked for").assert_refused();
    syslog::expect_reason(person.name(), "no_answer");
    world.server.start();
}
