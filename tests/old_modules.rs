//! Moving over with the modules that were there before: after the import the old one and ours accept the same phone, so that
//! machines move one by one.

use std::fs;

use crate::support::database::Engine;
use crate::support::machine::{Account, First};
use crate::support::on_both_databases;
use crate::support::pty::Ended;
use crate::support::skip;
use crate::support::sshd::{Methods, Sshd};
use crate::support::totp;
use crate::support::world::{PASSWORD_PROMPT, World};

on_both_databases!(
    google_authenticator_and_twolatch_accept_the_same_phone,
    pam_oath_and_twolatch_accept_the_same_phone,
);

/// A machine and its sshd; nothing where the old module is missing.
fn with_old_module(engine: Engine, module: &str) -> Option<(World, Sshd)> {
    let world = World::new(engine, &[], First::Stack)?;
    let found = ["/lib", "/usr/lib"].iter().any(|lib| {
        fs::read_dir(lib)
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| entry.path().join("security").join(module).exists())
    });
    if !found {
        skip(&format!("no {module}: moving over from it is not tried"));
        return None;
    }
    Some((world, Sshd::start(Methods::KeyboardInteractive)))
}

/// Has sshd ask the old module, behind the password.
fn ask_old(line: &str) {
    let stack = format!(
        "auth requisite pam_unix.so nodelay\nauth required {line}\naccount required pam_unix.so\n\
         session required pam_permit.so\npassword required pam_deny.so\n"
    );
    fs::write("/etc/pam.d/sshd", stack).unwrap();
}

fn log_in(sshd: &Sshd, account: &Account, prompt: &str, code: &str) -> Ended {
    let mut pty = sshd.login(&account.name, None).pty;
    while let Some(asked) = pty.next_prompt(&[PASSWORD_PROMPT, prompt]) {
        pty.type_line(if asked == PASSWORD_PROMPT { &account.password } else { code });
    }
    pty.finish()
}

fn google_authenticator_and_twolatch_accept_the_same_phone(engine: Engine) {
    const PROMPT: &str = "Verification code: ";
    let Some((world, sshd)) = with_old_module(engine, "pam_google_authenticator.so") else { return };
    let (account, other) = (world.unknown(), world.unknown());
    let secret = google_authenticator(&account);
    let others = google_authenticator(&other);
    let scratch = fs::read_to_string(file_of(&account)).unwrap();
    let scratch: Vec<&str> = scratch.lines().filter(|line| line.len() == 8).collect();
    for one in [&secret, &others, &scratch[0].to_owned()] {
        world.keep_secret(one);
    }
    ask_old("pam_google_authenticator.so");
    // This one logs in just before the import.
    let used = totp::code(&others);
    log_in(&sshd, &other, PROMPT, &used).assert_in(&other.name);

    let mine = |name: &str| {
        let said = world.server.json(&["import", "google", "--homes", "--add-people", "--leave-out", "--dry-run"]);
        let rows = said["lines"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["name"] == name).unwrap()["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(mine(&account.name), "taken_with_owner");
    for person in [&account, &other] {
        world.server.run(&["import", "google", "--user", &person.name, "--add-people"], "");
    }
    assert_eq!(mine(&account.name), "there");
    assert_eq!(world.status_of(&account.name), "Activated");

    let code = totp::code(&secret);
    log_in(&sshd, &account, PROMPT, &code).assert_in(&account.name);
    world.machine.pam_stack("sshd", First::Stack, world.server.socket());
    log_in(&sshd, &account, PROMPT, &code).assert_in(&account.name);
    log_in(&sshd, &account, PROMPT, scratch[0]).assert_in(&account.name);
    assert_eq!(world.verdicts(&account.name), ["ok", "ok"]);
    // What the old module has taken before the import is spent here, too.
    log_in(&sshd, &other, PROMPT, &used).assert_refused();
    assert!(world.verdicts(&other.name).iter().all(|verdict| verdict == "replay"));
    // And the old one goes on.
    ask_old("pam_google_authenticator.so");
    log_in(&sshd, &account, PROMPT, scratch[1]).assert_in(&account.name);
}

fn file_of(account: &Account) -> String {
    format!("/home/{}/.google_authenticator", account.name)
}

/// Sets somebody up as google-authenticator's own program does; answers the secret.
fn google_authenticator(account: &Account) -> String {
    let file = file_of(account);
    let options = ["-t", "-d", "-f", "-C", "-q", "-Q", "NONE", "-r", "3", "-R", "30", "-w", "17", "-s", &file];
    account.run("google-authenticator", &options, "");
    fs::read_to_string(&file).unwrap().lines().next().unwrap().to_owned()
}

fn pam_oath_and_twolatch_accept_the_same_phone(engine: Engine) {
    let Some((world, sshd)) = with_old_module(engine, "pam_oath.so") else { return };
    let (account, other) = (world.unknown(), world.unknown());
    let secrets = [totp::new_secret(), totp::new_secret()];
    let hex = |secret: &String| {
        data_encoding::HEXLOWER.encode(&data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap())
    };
    let users = tempfile::tempdir().unwrap();
    let file = users.path().join("users.oath");
    let file = file.to_str().unwrap();
    let line = |account: &Account, secret| format!("HOTP/T30/6 {} - {}\n", account.name, hex(secret));
    fs::write(file, line(&account, &secrets[0]) + &line(&other, &secrets[1])).unwrap();
    crate::support::run("chmod", &["600", file], "");
    for secret in &secrets {
        world.keep_secret(secret);
        world.keep_secret(&hex(secret));
    }
    let old = format!("pam_oath.so usersfile={file} window=20 digits=6");
    let prompt = |account: &Account| format!("One-time password (OATH) for `{}': ", account.name);
    ask_old(&old);
    let used = totp::code(&secrets[1]);
    log_in(&sshd, &other, &prompt(&other), &used).assert_in(&other.name);
    world.server.run(&["import", "oath", file, "--add-people"], "");

    let code = totp::code(&secrets[0]);
    log_in(&sshd, &account, &prompt(&account), &code).assert_in(&account.name);
    world.machine.pam_stack("sshd", First::Stack, world.server.socket());
    log_in(&sshd, &account, "Verification code: ", &code).assert_in(&account.name);
    log_in(&sshd, &other, "Verification code: ", &used).assert_refused();
    assert!(world.verdicts(&other.name).iter().all(|verdict| verdict == "replay"));
}
