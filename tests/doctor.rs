//! `twolatch doctor` on stacks and sshd configurations that have a fault: it names each at its line, and each is shown to
//! be what it is called, by a real su and a real sshd.

use std::fs;

use serde_json::Value;

use crate::support::database::Engine;
use crate::support::machine::First;
use crate::support::setting;
use crate::support::sshd::{Methods, Sshd};
use crate::support::world::{Person, WHO, World};

/// Behind each stack: the account and the session are always there.
const REST: &str = "account required pam_unix.so\nsession required pam_permit.so\n";

/// What the doctor says of a service: how it calls it, with the place.
fn said(world: &World, service: &str, more: &[&str]) -> Vec<(String, String)> {
    let output = world.server.try_run(&[&["doctor", "--json"], more].concat(), "");
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of_service = |finding: &&Value| finding["check"] == service;
    let findings = findings.as_array().unwrap().iter().filter(of_service);
    findings
        .map(|finding| (text(&finding["verdict"]), text(&finding["where"]) + " " + &text(&finding["found"])))
        .collect()
}

fn expect(said: &[(String, String)], verdict: &str, words: &str) {
    assert!(said.iter().any(|(one, text)| one == verdict && text.contains(words)), "{verdict}: {words}: {said:#?}");
}

/// Whether su lets in with this password and code.
fn gets_in(world: &World, person: &Person, password: &str, code: &str) -> bool {
    let caller = world.machine.account();
    caller.login("su", &[person.name(), "-c", WHO]).answer(password, &[code]).is_in(person.name())
}

fn with_stack(world: &World, stack: &str) -> Vec<(String, String)> {
    world.machine.pam_file("su", &format!("{stack}{REST}"), world.server.socket());
    said(world, "su", &[])
}

#[test]
fn a_right_stack_is_well() {
    let Some(world) = World::new(Engine::Sqlite, &["su"], First::Stack) else { return };
    for stack in [
        "auth requisite pam_unix.so\nauth required OURS\n",
        "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\nauth required OURS\n",
        "@include common-auth\nauth required OURS\n",
    ] {
        let said = with_stack(&world, stack);
        assert_eq!(said.iter().map(|(verdict, _)| verdict.as_str()).collect::<Vec<_>>(), ["well"], "{stack}: {said:?}");
        let person = world.enrolled();
        assert!(!gets_in(&world, &person, &person.account.password, &person.wrong_code()), "{stack}");
        assert!(!gets_in(&world, &person, "not the password", &person.code()), "{stack}");
        assert!(gets_in(&world, &person, &person.account.password, &person.code()), "{stack}");
    }
}

#[test]
fn p30_each_way_by_is_named_and_is_one() {
    let Some(world) = World::new(Engine::Sqlite, &["su"], First::Stack) else { return };
    for (stack, words) in [
        ("auth requisite pam_unix.so\nauth optional OURS\n", "su:2 `optional` on our line"),
        ("auth requisite pam_unix.so\nauth sufficient OURS\n", "su:2 `sufficient` on our line"),
        (
            "auth requisite pam_unix.so\nauth [success=1 default=ignore] OURS\nauth optional pam_permit.so\n",
            "su:2 `[success=1 default=ignore]` on our line",
        ),
        (
            "auth requisite pam_unix.so\n-auth sufficient /nowhere/pam_twolatch.so\n",
            "su:2 /nowhere/pam_twolatch.so is not installed",
        ),
        ("auth sufficient pam_unix.so\nauth required OURS\n", "su:1 `sufficient pam_unix.so` leads past the code"),
        (
            "auth [success=2 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required OURS\nauth required pam_permit.so\n",
            "su:1 `[success=2 default=ignore] pam_unix.so` leads past the code",
        ),
    ] {
        expect(&with_stack(&world, stack), "bypass", words);
        let person = world.enrolled();
        assert!(gets_in(&world, &person, &person.account.password, &person.wrong_code()), "no way by: {stack}");
    }
    expect(&with_stack(&world, "auth required OURS\n"), "bypass", "the code alone lets in");
    let person = world.enrolled();
    assert!(gets_in(&world, &person, "never asked for", &person.code()), "the code alone lets in");
}

#[test]
fn p30_each_lock_out_is_named_and_is_one() {
    let Some(world) = World::new(Engine::Sqlite, &["su"], First::Stack) else { return };
    for (stack, words) in [
        (
            "auth requisite pam_unix.so\nauth required /nowhere/pam_twolatch.so\n",
            "su:2 /nowhere/pam_twolatch.so is not installed",
        ),
        (
            "auth requisite pam_unix.so\n-auth required /nowhere/pam_twolatch.so\n",
            "su:2 with `-auth` nothing is logged",
        ),
        ("auth requisite pam_unix.so\nauth sometimes OURS\n", "su:2: not a control"),
        (
            "auth requisite pam_unix.so\nauth required OURS\nauth required pam_deny.so\n",
            "nobody gets in, not even with the right code",
        ),
        (
            "auth [success=9 default=die] pam_unix.so\nauth required OURS\n",
            "nobody gets in, not even with the right code",
        ),
    ] {
        expect(&with_stack(&world, stack), "lock_out", words);
        let person = world.enrolled();
        assert!(!gets_in(&world, &person, &person.account.password, &person.code()), "no lock-out: {stack}");
    }
    // Whoever has no password reaches the code all the same, and spends its owner's tries.
    expect(
        &with_stack(&world, "auth required pam_unix.so\nauth required OURS\n"),
        "lock_out",
        "su:1 strangers reach the code",
    );
    let person = world.enrolled();
    assert!(!gets_in(&world, &person, "not the password", &person.wrong_code()));
    assert!(!world.verdicts(person.name()).is_empty(), "a stranger's code was judged");
}

#[test]
fn what_is_worth_knowing_is_noted() {
    let Some(world) = World::new(Engine::Sqlite, &["su"], First::Stack) else { return };
    let said =
        with_stack(&world, "auth sufficient pam_rootok.so\nauth requisite pam_unix.so\nauth required OURS nullok\n");
    expect(&said, "note", "root is asked for nothing");
    expect(&said, "note", "su:3 `nullok`");
    assert!(said.iter().all(|(verdict, _)| ["note", "well"].contains(&verdict.as_str())), "{said:?}");
}

#[test]
fn p30_what_sshd_offers_is_named_and_is_so() {
    for (methods, verdict, words) in [
        (Methods::KeyboardInteractive, "well", "keyboard-interactive: asked for a code"),
        (Methods::KeyAndKeyboardInteractive, "well", "publickey, then keyboard-interactive: asked for a code"),
        (Methods::Key, "bypass", "publickey: no code"),
        (Methods::Password, "lock_out", "password: refused"),
    ] {
        let first = if methods == Methods::KeyAndKeyboardInteractive { First::Key } else { First::Stack };
        let Some(world) = World::new(Engine::Sqlite, &["sshd"], first) else { return };
        let sshd = Sshd::start(methods);
        let config = sshd.config_path();
        let said = said(&world, "sshd", &["--sshd-config", config.to_str().unwrap()]);
        expect(&said, verdict, words);
        expect(&said, "lock_out", "LoginGraceTime 120");
        let person = world.enrolled();
        let key =
            matches!(methods, Methods::Key | Methods::KeyAndKeyboardInteractive).then(|| sshd.key_for(person.name()));
        let ended = sshd.login(person.name(), key.as_ref()).answer(&person.account.password, &[&person.wrong_code()]);
        assert_eq!(ended.is_in(person.name()), methods == Methods::Key, "{}", ended.screen);
    }
}

#[test]
fn who_can_log_in_today_and_would_be_refused_is_named() {
    let Some(world) = World::new(Engine::Sqlite, &["sshd"], First::Stack) else { return };
    let (unknown, late) = (world.unknown(), world.unknown());
    world.server.run(&["user", "add", &late.name], "");
    world.server.run(&["user", "disable", &late.name], "");
    let output = String::from_utf8(world.server.try_run(&["doctor"], "").stdout).unwrap();
    let line = |word: &str| {
        output.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{word}: {output}")).to_owned()
    };
    assert!(line("unknown to Twolatch").contains(&unknown.name), "{output}");
    assert!(line("would refuse them").contains(&late.name), "{output}");
}

#[test]
fn a_locker_with_one_field_is_named_and_keeps_its_owner_out_until_one_field_is_enough() {
    let Some(world) = World::new(Engine::Sqlite, &["i3lock"], First::Stack) else { return };
    let person = world.enrolled();
    let password = &person.account.password;
    // i3lock answers every prompt with the same text.
    let unlock = |typed: &str| {
        let mut locker = person.account.login("pamtester", &["i3lock", person.name(), "authenticate"]);
        while locker.reach_code(typed) {
            locker.type_code(typed);
        }
        let ended = locker.answer(typed, &[typed]);
        (ended.status.success(), ended.screen)
    };
    expect(&said(&world, "i3lock", &[]), "lock_out", "answers the prompt for the code with the password");
    assert!(!unlock(password).0);
    assert!(!unlock(&format!("{password}{}", person.code())).0);
    let forward = "forward_pass [prompt=Password: ]"; // which asks nobody, so it takes no socket
    let module = setting("TWOLATCH_PAM_MODULE").unwrap();
    let stack = format!(
        "auth required {module} {forward}\nauth requisite pam_unix.so use_first_pass\nauth required OURS verify\n"
    );
    world.machine.pam_file("i3lock", &format!("{stack}{REST}"), world.server.socket());
    let said = said(&world, "i3lock", &[]);
    assert!(said.iter().all(|(verdict, _)| verdict == "well" || verdict == "note"), "{said:?}");
    let (is_in, screen) = unlock(&format!("{password}{}", person.code()));
    assert!(is_in, "{screen}");
}

#[test]
fn p31_a_module_that_cannot_be_loaded_denies_and_is_named_where_it_is_missing() {
    let Some(world) = World::new(Engine::Sqlite, &["su"], First::Stack) else { return };
    let person = world.enrolled();
    let module = fs::read(setting("TWOLATCH_PAM_MODULE").unwrap()).unwrap();
    let mut of_another_machine = module.clone();
    of_another_machine[18] = 0xb7; // `e_machine` of the ELF header: AArch64
    let (empty, half) = (Vec::new(), module[..module.len() / 2].to_vec());
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in
        [("empty", empty), ("half", half), ("other", of_another_machine), ("text", b"#!/bin/sh\n".to_vec())]
    {
        let file = folder.path().join(format!("pam_{name}.so"));
        fs::write(&file, bytes).unwrap();
        with_stack(&world, &format!("auth requisite pam_unix.so\nauth required {}\n", file.display()));
        assert!(!gets_in(&world, &person, &person.account.password, &person.code()), "{name}");
    }
    let missing = folder.path().join("pam_twolatch.so");
    let said = with_stack(&world, &format!("auth requisite pam_unix.so\nauth required {}\n", missing.display()));
    expect(&said, "lock_out", "is not installed");
    assert!(!gets_in(&world, &person, &person.account.password, &person.code()));
    assert!(world.verdicts(person.name()).is_empty(), "no code was judged");
}
