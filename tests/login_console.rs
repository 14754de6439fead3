//! Logins at the console: the real `login` on a terminal.

use crate::support::database::Engine;
use crate::support::machine::First;
use crate::support::on_both_databases;
use crate::support::pty::Pty;
use crate::support::run;
use crate::support::syslog;
use crate::support::wait::try_until;
use crate::support::world::{Login, Person, World};

on_both_databases!(password_and_code_let_in);

/// A person whose shell says who runs it, and ends.
fn with_person(engine: Engine) -> Option<(World, Person)> {
    let world = World::new(engine, &["login"], First::Stack)?;
    let person = world.enrolled();
    run("flock", &["/run/lock/accounts", "usermod", "--shell", "/usr/bin/id", person.name()], "");
    Some((world, person))
}

fn console(name: &str) -> Login {
    Login(Pty::spawn("login", &[name]))
}

fn password_and_code_let_in(engine: Engine) {
    let Some((_world, person)) = with_person(engine) else { return };
    let code = person.code();
    let ended = console(person.name()).answer(&person.account.password, &[&code]);
    assert!(ended.screen.contains(&format!("({})", person.name())), "not logged in:\n{}", ended.screen);
    syslog::expect_reason(person.name(), "granted");
    syslog::assert_hides_code(person.name(), &code);
}

#[test]
fn a_wrong_code_is_refused() {
    let Some((_world, person)) = with_person(Engine::Sqlite) else { return };
    let wrong = person.wrong_code();
    let mut login = console(person.name());
    for _ in 0..3 {
        assert!(login.reach_code(&person.account.password));
        login.0.type_line(&wrong);
    }
    login.0.expect("incorrect");
    assert!(!login.0.screen().contains("uid="), "logged in:\n{}", login.0.screen());
    syslog::expect_reason(person.name(), "refused");
}

/// Ctrl-D at the prompt ends the login and spends nothing.
#[test]
fn p25_an_end_of_file_is_refused() {
    let Some((_world, person)) = with_person(Engine::Sqlite) else { return };
    let mut login = console(person.name());
    assert!(login.reach_code(&person.account.password));
    login.0.type_keys("\u{4}");
    let refused = try_until(std::time::Duration::from_secs(10), || {
        syslog::lines_about(person.name()).into_iter().find(|line| line.contains("refused"))
    });
    assert!(refused.is_some(), "{}", login.0.screen());
    drop(login);
    let ended = console(person.name()).answer(&person.account.password, &[&person.code()]);
    assert!(ended.screen.contains(&format!("({})", person.name())), "not logged in:\n{}", ended.screen);
}

#[test]
fn the_console_is_refused_while_the_server_is_down() {
    let Some((mut world, person)) = with_person(Engine::Sqlite) else { return };
    world.server.stop();
    let mut login = console(person.name());
    assert!(!matches!(login.0.next_prompt(&["assword: "]), None));
    login.0.type_line(&person.account.password);
    login.0.expect("incorrect");
    syslog::expect_reason(person.name(), "no_answer");
}
