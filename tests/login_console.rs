//! Logins at the console: the real `login` on a terminal.

use crate::support::database::Engine;
use crate::support::machine::First;
use crate::support::on_both_databases;
use crate::support::pty::{Ended, Pty};
use crate::support::run;
use crate::support::syslog;
use crate::support::world::{Login, Person, World};

on_both_databases!(password_and_code_let_in);

/// A person whose shell says who runs it, and ends.
fn with_person(engine: Engine) -> Option<(World, Person)> {
    let world = World::new(engine, &["login"], First::Stack)?;
    let person = world.enrolled();
    run("flock", &["/run/lock/accounts", "usermod", "--shell", "/usr/bin/id", person.name()], "");
    Some((world, person))
}

fn console(person: &Person) -> Login {
    Login::new(Pty::spawn("login", &[person.name()]))
}

fn assert_in(ended: &Ended, person: &Person) {
    assert!(ended.screen.contains(&format!("({})", person.name())), "not logged in:\n{}", ended.screen);
}

fn assert_refused(ended: &Ended) {
    assert!(!ended.screen.contains("uid="), "logged in:\n{}", ended.screen);
}

fn password_and_code_let_in(engine: Engine) {
    let Some((_world, person)) = with_person(engine) else { return };
    let code = person.code();
    assert_in(&console(&person).answer(&person.account.password, &[&code]), &person);
    syslog::expect_reason(person.name(), "granted");
    syslog::assert_hides_code(person.name(), &code);
}

#[test]
fn a_wrong_code_is_refused() {
    let Some((_world, person)) = with_person(Engine::Sqlite) else { return };
    assert_refused(&console(&person).answer(&person.account.password, &[&person.wrong_code()]));
    syslog::expect_reason(person.name(), "refused");
}

#[test]
fn p25_an_end_of_file_is_refused_and_spends_nothing() {
    let Some((_world, person)) = with_person(Engine::Sqlite) else { return };
    let password = &person.account.password;
    let mut login = console(&person);
    assert!(login.reach_code(password), "no code was asked for:\n{}", login.screen());
    login.type_keys("\u{4}");
    assert_refused(&login.end_without_code(password));
    syslog::expect_reason(person.name(), "refused");
    assert_in(&console(&person).answer(password, &[&person.code()]), &person);
}

#[test]
fn the_console_is_refused_while_the_server_is_down() {
    let Some((mut world, person)) = with_person(Engine::Sqlite) else { return };
    world.server.stop();
    assert_refused(&console(&person).end_without_code(&person.account.password));
    syslog::expect_reason(person.name(), "no_answer");
}
