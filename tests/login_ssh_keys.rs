//! "Key or password, then the code" at a real sshd: `key_used` in front of the password line.

use crate::support::database::Engine;
use crate::support::machine::First;
use crate::support::setting;
use crate::support::sshd::{Methods, Sshd};
use crate::support::world::World;

/// A machine whose sshd asks whoever has shown no key for the password.
fn machine() -> Option<World> {
    let world = World::new(Engine::Sqlite, &["sshd"], First::Stack)?;
    // Which asks nobody, so it takes no socket.
    let key_used = format!("auth [success=1 default=ignore] {} key_used\n", setting("TWOLATCH_PAM_MODULE").unwrap());
    let rest = "auth requisite pam_unix.so nodelay\nauth required OURS\nauth required pam_permit.so\n\
                account required pam_unix.so\nsession required pam_permit.so\n";
    world.machine.pam_file("sshd", &(key_used + rest), world.server.socket());
    Some(world)
}

#[test]
fn behind_a_key_no_password_is_asked_for_but_the_code_is() {
    let Some(world) = machine() else { return };
    let sshd = Sshd::start(Methods::KeyAndKeyboardInteractive);
    let person = world.enrolled();
    let key = sshd.key_for(person.name());
    for (code, is_in) in [(person.wrong_code(), false), (person.code(), true)] {
        // Where a password were asked for, this one would be refused.
        let ended = sshd.login(person.name(), Some(&key)).answer("no password is asked for", &[&code]);
        assert_eq!(ended.is_in(person.name()), is_in, "{}", ended.screen);
        assert!(!ended.screen.contains("assword"), "{}", ended.screen);
    }
}

#[test]
fn without_a_key_the_password_is_asked_for_and_then_the_code() {
    let Some(world) = machine() else { return };
    let sshd = Sshd::start(Methods::KeyboardInteractive);
    let person = world.enrolled();
    assert!(!sshd.login(person.name(), None).reach_code("not the password"));
    sshd.login(person.name(), None).answer(&person.account.password, &[&person.wrong_code()]).assert_refused();
    sshd.login(person.name(), None).answer(&person.account.password, &[&person.code()]).assert_in(person.name());
}
