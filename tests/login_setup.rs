//! The first login of somebody who has no authenticator yet: the terminal shows a QR code and asks for two codes.

use crate::support::core::recovery_codes;
use crate::support::database::Engine;
use crate::support::machine::{Account, First};
use crate::support::on_both_databases;
use crate::support::sshd::{Methods, Sshd};
use crate::support::totp;
use crate::support::world::{Login, PASSWORD_PROMPT, World};

on_both_databases!(the_first_login_sets_up_and_spends_its_codes);

const FIRST: &str = "First code: ";
const NEXT: &str = "Next code: ";
const KEEP: &str = "Recovery code: ";

/// Goes on until the key of the new authenticator is on the screen, and reads it off.
fn reach_key(world: &World, login: &mut Login, account: &Account) -> String {
    assert_eq!(login.pty.next_prompt(&[PASSWORD_PROMPT]), Some(PASSWORD_PROMPT));
    login.pty.type_line(&account.password);
    assert_eq!(login.pty.next_prompt(&[FIRST]), Some(FIRST), "{}", login.screen());
    let screen = login.screen();
    let line =
        screen.lines().find_map(|line| line.split_once("type this key into it: ")).expect("a line with the key").1;
    let key = line.split_whitespace().collect::<String>();
    world.keep_secret(&key);
    key
}

fn the_first_login_sets_up_and_spends_its_codes(engine: Engine) {
    let Some(world) = World::new(engine, &["sshd"], First::Stack) else { return };
    let sshd = Sshd::start(Methods::KeyboardInteractive);
    let account = world.unknown();
    world.server.run(&["user", "add", &account.name], "");
    assert_eq!(world.status_of(&account.name), "Pending");

    let mut login = sshd.login(&account.name, None);
    let key = reach_key(&world, &mut login, &account);
    assert!(login.screen().contains('\u{2588}'), "no QR code in half blocks:\n{}", login.screen());
    let codes = totp::codes_from(&key, "30 seconds ago", 1);
    login.pty.type_line(&codes[0]);
    assert_eq!(login.pty.next_prompt(&[NEXT]), Some(NEXT), "{}", login.screen());
    login.pty.type_line(&codes[1]);
    assert_eq!(login.pty.next_prompt(&[KEEP]), Some(KEEP), "{}", login.screen());
    assert_eq!(world.status_of(&account.name), "Pending", "nothing is stored before the codes are kept");
    let kept = recovery_codes(&login.screen());
    for code in &kept {
        world.keep_secret(code);
    }
    assert_eq!(kept.len(), 10, "{}", login.screen());
    login.pty.type_line(&kept[9]);
    login.end_without_code("").assert_in(&account.name);
    assert_eq!(world.status_of(&account.name), "Activated");

    sshd.login(&account.name, None).answer(&account.password, &[&codes[1]]).assert_refused();
    assert_eq!(world.verdicts(&account.name), ["replay"; 3]);
}

#[test]
fn a_set_up_that_is_broken_off_leaves_nothing() {
    let Some(world) = World::new(Engine::Sqlite, &["sshd"], First::Stack) else { return };
    let sshd = Sshd::start(Methods::KeyboardInteractive);
    let account = world.unknown();
    world.server.run(&["user", "add", &account.name], "");
    let mut login = sshd.login(&account.name, None);
    let key = reach_key(&world, &mut login, &account);
    login.pty.type_line(&totp::code(&key));
    assert_eq!(login.pty.next_prompt(&[NEXT]), Some(NEXT), "{}", login.screen());
    drop(login);
    assert_eq!(world.status_of(&account.name), "Pending");
    let mut login = sshd.login(&account.name, None);
    assert_ne!(reach_key(&world, &mut login, &account), key, "each attempt has a key of its own");
}
