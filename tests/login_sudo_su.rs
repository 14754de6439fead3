//! sudo, su and a program without privileges. Whose factor: sudo asks for the caller's, su for the target's.

use std::fs;
use std::path::PathBuf;

use crate::support::database::Engine;
use crate::support::machine::{Account, First};
use crate::support::on_both_databases;
use crate::support::pty::Pty;
use crate::support::sshd::{Methods, Sshd};
use crate::support::syslog;
use crate::support::world::{Login, Person, WHO, World};

on_both_databases!(sudo_asks_the_caller, su_asks_the_target);

/// A machine whose sudo and su ask for password and code.
fn with_sudo(engine: Engine) -> Option<World> {
    World::new(engine, &["sudo", "su", "sshd"], First::Stack)
}

fn sudoer(world: &World) -> Person {
    let person = world.enrolled();
    person.account.allow_sudo();
    person
}

fn su(caller: &Account, target: &str) -> Login {
    caller.login("su", &[target, "-c", WHO])
}

fn sudo_asks_the_caller(engine: Engine) {
    let Some(world) = with_sudo(engine) else { return };
    let person = sudoer(&world);
    let code = person.code();
    person.account.sudo().answer(&person.account.password, &[&code]).assert_in("root");
    syslog::expect_reason(person.name(), "granted");
    syslog::assert_hides_code(person.name(), &code);
}

fn su_asks_the_target(engine: Engine) {
    let Some(world) = with_sudo(engine) else { return };
    let (caller, target) = (world.enrolled(), world.enrolled());
    let (callers, targets) = (caller.code(), target.code());
    let password = &target.account.password;
    su(&caller.account, target.name()).answer(password, &[&callers]).assert_refused();
    su(&caller.account, target.name()).answer(password, &[&targets]).assert_in(target.name());
    // The caller's code was shown to the wrong account and is not spent.
    su(&target.account, caller.name()).answer(&caller.account.password, &[&callers]).assert_in(caller.name());
}

#[test]
fn sudo_refuses_a_wrong_code() {
    let Some(world) = with_sudo(Engine::Sqlite) else { return };
    let person = sudoer(&world);
    person.account.sudo().answer(&person.account.password, &[&person.wrong_code()]).assert_refused();
    syslog::expect_reason(person.name(), "refused");
}

#[test]
fn sudo_refuses_an_account_that_twolatch_does_not_know() {
    let Some(world) = with_sudo(Engine::Sqlite) else { return };
    let account = world.unknown();
    account.allow_sudo();
    account.sudo().answer(&account.password, &["123456"]).assert_refused();
    syslog::expect_reason(&account.name, "refused");
}

#[test]
fn p12_a_code_used_for_ssh_does_not_work_for_sudo_and_su() {
    let Some(world) = with_sudo(Engine::Sqlite) else { return };
    let sshd = Sshd::start(Methods::KeyboardInteractive);
    let person = sudoer(&world);
    let (code, password) = (person.code(), &person.account.password);
    sshd.login(person.name(), None).answer(password, &[&code]).assert_in(person.name());
    person.account.sudo().answer(password, &[&code]).assert_refused();
    su(&world.unknown(), person.name()).answer(password, &[&code]).assert_refused();
}

#[test]
fn sudo_n_asks_nothing_and_is_refused() {
    let Some(world) = with_sudo(Engine::Sqlite) else { return };
    let person = sudoer(&world);
    person
        .account
        .login("sudo", &["-n", "bash", "-c", WHO])
        .end_without_code(&person.account.password)
        .assert_refused();
    // The same where sudo does go to PAM, and ours is the first line that asks.
    let file = PathBuf::from("/etc/sudoers.d").join(person.name());
    let rules = fs::read_to_string(&file).unwrap() + &format!("Defaults:{} noninteractive_auth\n", person.name());
    fs::write(&file, rules).unwrap();
    world.machine.pam_stack("sudo", First::Claimed, world.server.socket());
    person
        .account
        .login("sudo", &["-n", "bash", "-c", WHO])
        .end_without_code(&person.account.password)
        .assert_refused();
    syslog::expect_reason(person.name(), "conversation");
}

#[test]
fn sudo_reads_password_and_code_from_a_pipe() {
    let Some(world) = with_sudo(Engine::Sqlite) else { return };
    let person = sudoer(&world);
    let (code, password) = (person.code(), &person.account.password);
    let arguments = ["-k", "-S", "-p", "", "bash", "-c", WHO];
    let printed = person.account.run("sudo", &arguments, &format!("{password}\n{code}\n"));
    // Standard output is the user's: nothing of ours is in it.
    assert_eq!(printed, "in:root\n");
}

#[test]
fn sudo_is_refused_while_the_server_is_down() {
    let Some(mut world) = with_sudo(Engine::Sqlite) else { return };
    let person = sudoer(&world);
    world.server.stop();
    person.account.sudo().answer(&person.account.password, &[&person.code()]).assert_refused();
    syslog::expect_reason(person.name(), "no_answer");
}

#[test]
fn p27_the_callers_environment_changes_nothing() {
    let Some(world) = with_sudo(Engine::Sqlite) else { return };
    let (caller, target) = (world.enrolled(), world.enrolled());
    let hostile = [
        "HTTP_PROXY=http://127.0.0.1:9",
        "HTTPS_PROXY=http://127.0.0.1:9",
        "PGHOST=/nowhere",
        "PGOPTIONS=-c default_transaction_read_only=on",
        "HOME=/nowhere",
        "TMPDIR=/nowhere",
        "RUST_LOG=trace",
        "RUST_BACKTRACE=full",
        "TZ=Pacific/Kiritimati",
        "TWOLATCH_CONFIG=/nowhere",
        "LANG=xx_XX.UTF-16",
    ];
    let mut arguments = hostile.to_vec();
    arguments.extend(["su", target.name(), "-c", WHO]);
    let login = || caller.account.login("env", &arguments);
    login().answer(&target.account.password, &[&target.wrong_code()]).assert_refused();
    login().answer(&target.account.password, &[&target.code()]).assert_in(target.name());
}

/// A screen locker runs as the person whose screen it is.
#[test]
fn without_privileges_one_may_prove_ones_own_code_only() {
    let Some(world) = World::new(Engine::Sqlite, &["locker"], First::Claimed) else { return };
    let (person, other) = (world.enrolled(), world.enrolled());
    let code = other.code();
    let locker = |caller: &Person, who: &str| caller.account.login("pamtester", &["locker", who, "authenticate"]);
    let ended = locker(&person, other.name()).answer("", &[&code]);
    assert!(!ended.status.success(), "{}", ended.screen);
    syslog::expect_reason(other.name(), "not_allowed");
    let ended = locker(&other, other.name()).answer("", &[&code]);
    assert!(ended.status.success(), "{}", ended.screen);
    let ended = locker(&other, other.name()).answer("", &[&code]);
    assert!(!ended.status.success(), "{}", ended.screen);
}

/// How polkit asks since version 127: as root, without a network, without homes, with nothing that can be written.
#[test]
fn a_sandbox_that_has_nothing_but_unix_sockets_is_enough() {
    const SANDBOX: &str = "for folder in / /etc /run; do mount -o remount,bind,ro $folder || exit 9; done; \
                           for folder in /home /root; do mount -t tmpfs -o ro tmpfs $folder || exit 9; done; \
                           touch /etc/x /run/x 2>/dev/null && exit 9; \
                           exec setpriv --no-new-privs pamtester polkit-1 \"$1\" authenticate";
    let Some(world) = World::new(Engine::Sqlite, &["polkit-1"], First::Stack) else { return };
    let person = world.enrolled();
    let arguments = ["--net", "--mount", "sh", "-c", SANDBOX, "sh", person.name()];
    let ask = || Login::new(Pty::spawn("unshare", &arguments));
    let ended = ask().answer(&person.account.password, &[&person.wrong_code()]);
    assert!(!ended.status.success() && ended.status.code() != Some(9), "{}", ended.screen);
    let ended = ask().answer(&person.account.password, &[&person.code()]);
    assert!(ended.status.success(), "{}", ended.screen);
}
