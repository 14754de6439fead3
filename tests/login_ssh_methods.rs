//! Every second factor through a real sshd with the real client: codes by mail, recovery codes, set-up with a choice, and
//! putting it off.

use twolatch_core::time::{Clock, SystemClock};

use crate::support::core::recovery_codes;
use crate::support::database::Engine;
use crate::support::machine::{Account, First};
use crate::support::on_both_databases;
use crate::support::sshd::{Methods, Sshd};
use crate::support::syslog;
use crate::support::totp;
use crate::support::world::{CODE_PROMPT, Login, PASSWORD_PROMPT, World};

on_both_databases!(codes_by_mail_are_set_up_and_then_asked_for, the_app_is_chosen_and_a_recovery_code_stands_in);

const MAILBOX: &str = "Code from the mail: ";
const CHOICE: &str = "app or email: ";
const FIRST: &str = "First code: ";
const NEXT: &str = "Next code: ";
const KEEP: &str = "Recovery code: ";

fn machine(engine: Engine) -> Option<(World, Sshd, Account)> {
    let world = World::with_mail(engine, &["sshd"], First::Stack)?;
    let account = world.unknown();
    world.server.run(&["user", "add", &account.name, "--email", &format!("{}@example.org", account.name)], "");
    Some((world, Sshd::start(Methods::KeyboardInteractive), account))
}

/// Goes on to this prompt.
#[track_caller]
fn reach(login: &mut Login, prompt: &str) {
    let found = login.pty.next_prompt(&[prompt]).map(str::to_owned);
    assert_eq!(found.as_deref(), Some(prompt), "{}", login.screen());
}

/// Types the password and goes on to this prompt.
#[track_caller]
fn open(sshd: &Sshd, account: &Account, prompt: &str) -> Login {
    let mut login = sshd.login(&account.name, None);
    reach(&mut login, PASSWORD_PROMPT);
    login.pty.type_line(&account.password);
    reach(&mut login, prompt);
    login
}

/// The one code that was mailed since this was asked last.
#[track_caller]
fn mailed(world: &World) -> String {
    let mut codes = world.server.mailed_codes(SystemClock.now());
    assert_eq!(codes.len(), 1);
    codes.remove(0)
}

/// Types back one of the codes that are shown, and gives all of them.
#[track_caller]
fn keep(world: &World, mut login: Login, account: &Account) -> Vec<String> {
    let codes = recovery_codes(&login.screen());
    assert_eq!(codes.len(), 10, "{}", login.screen());
    for code in &codes {
        world.keep_secret(code);
        world.keep_secret(&code.replace('-', ""));
    }
    assert_eq!(world.status_of(&account.name), "Pending", "nothing is stored before the codes are kept");
    login.pty.type_line(&codes[0]);
    login.end_without_code("").assert_in(&account.name);
    assert_eq!(world.status_of(&account.name), "Activated");
    codes
}

fn codes_by_mail_are_set_up_and_then_asked_for(engine: Engine) {
    let Some((world, sshd, account)) = machine(engine) else { return };
    let mut login = open(&sshd, &account, MAILBOX);
    login.pty.type_line(&mailed(&world));
    reach(&mut login, CHOICE);
    login.pty.type_line("email");
    reach(&mut login, KEEP);
    keep(&world, login, &account);

    let mut login = open(&sshd, &account, CODE_PROMPT);
    let veiled =
        format!("A code was mailed to {}…@example.org; it is good for 5 minutes.", account.name.get(..1).unwrap());
    assert!(login.screen().contains(&veiled), "{}", login.screen());
    login.pty.type_line("resend");
    reach(&mut login, CODE_PROMPT);
    assert!(login.screen().contains("It can be sent again in "), "{}", login.screen());
    let code = mailed(&world);
    login.pty.type_line(&code);
    login.end_without_code("").assert_in(&account.name);
    syslog::assert_hides_code(&account.name, &code);
    assert_eq!(world.verdicts(&account.name), ["ok", "ok"], "the mailbox and the login");

    let mut login = open(&sshd, &account, CODE_PROMPT);
    login.pty.type_line(&code);
    reach(&mut login, CODE_PROMPT);
    assert!(login.screen().contains("This code is not right."), "eml3: {}", login.screen());
    drop(login);
    assert_eq!(world.verdicts(&account.name), ["ok", "ok", "wrong"]);
}

fn the_app_is_chosen_and_a_recovery_code_stands_in(engine: Engine) {
    let Some((world, sshd, account)) = machine(engine) else { return };
    let mut login = open(&sshd, &account, MAILBOX);
    login.pty.type_line("app");
    reach(&mut login, MAILBOX);
    login.pty.type_line(&mailed(&world));
    reach(&mut login, CHOICE);
    login.pty.type_line("app");
    reach(&mut login, FIRST);
    let screen = login.screen();
    let line =
        screen.lines().find_map(|line| line.split_once("type this key into it: ")).expect("a line with the key").1;
    let key = line.split_whitespace().collect::<String>();
    world.keep_secret(&key);
    let shown = totp::codes_from(&key, "30 seconds ago", 1);
    login.pty.type_line(&shown[0]);
    reach(&mut login, NEXT);
    login.pty.type_line(&shown[1]);
    reach(&mut login, KEEP);
    let codes = keep(&world, login, &account);

    let mut login = open(&sshd, &account, CODE_PROMPT);
    assert!(login.screen().contains("You may also type: a recovery code."), "{}", login.screen());
    login.pty.type_line(&shown[1]);
    reach(&mut login, CODE_PROMPT);
    assert!(login.screen().contains("This code was already used: "), "{}", login.screen());
    login.pty.type_line(&codes[4].to_lowercase());
    login.end_without_code("").assert_in(&account.name);
    let mut login = open(&sshd, &account, CODE_PROMPT);
    login.pty.type_line(&codes[4]);
    reach(&mut login, CODE_PROMPT);
    assert!(login.screen().contains("This recovery code was already used."), "{}", login.screen());
    drop(login);
    assert_eq!(world.verdicts(&account.name), ["ok", "replay", "ok", "replay"]);
}

#[test]
fn later_lets_in_once_where_policy_says_once() {
    let Some(world) = World::new(Engine::Sqlite, &["sshd"], First::Stack) else { return };
    world.server.run(&["policy", "set", "--skips", "1"], "");
    let account = world.unknown();
    world.server.run(&["user", "add", &account.name], "");
    let sshd = Sshd::start(Methods::KeyboardInteractive);
    let mut login = open(&sshd, &account, FIRST);
    assert!(login.screen().contains("later (to put set-up off)"), "{}", login.screen());
    login.pty.type_line("later");
    login.end_without_code("").assert_in(&account.name);
    let mut login = open(&sshd, &account, FIRST);
    login.pty.type_line("later");
    reach(&mut login, FIRST);
    assert!(login.screen().contains("That does nothing here."), "{}", login.screen());
    assert_eq!(world.status_of(&account.name), "Pending");
}

#[test]
fn a_set_up_cut_off_at_its_last_prompt_leaves_nothing() {
    let Some((world, sshd, account)) = machine(Engine::Sqlite) else { return };
    let mut login = open(&sshd, &account, MAILBOX);
    login.pty.type_line(&mailed(&world));
    reach(&mut login, CHOICE);
    login.pty.type_line("email");
    reach(&mut login, KEEP);
    drop(login);
    assert_eq!(world.status_of(&account.name), "Pending");
    open(&sshd, &account, MAILBOX);
}
