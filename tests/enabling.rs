//! `twolatch enable` and `disable` on a throw-away machine: what is written is kept once somebody has logged in with a code,
//! and put back where nobody does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::mount::{MsFlags, mount};

use crate::support::database::Engine;
use crate::support::machine::First;
use crate::support::server::FAKETIME;
use crate::support::sshd::{Methods, Sshd};
use crate::support::wait::until;
use crate::support::world::{Person, WHO, World};
use crate::support::{setting, skip};

const SU: &str = "/etc/pam.d/su";
const PENDING: &str = "/var/lib/twolatch-enable";

/// As Debian has it.
const BEFORE: &str = "auth sufficient pam_rootok.so\nauth requisite pam_unix.so\naccount required pam_unix.so\n\
                      session required pam_permit.so\n";

/// A machine with the module where PAM looks for it, the server where the module does, and a su that asks for no code.
fn machine() -> Option<World> {
    let world = World::new(Engine::Sqlite, &["sshd"], First::Stack)?;
    fs::create_dir_all(PENDING).unwrap();
    // What others may do by sudo would be looked at, too.
    for (folder, mode) in [(PENDING, "mode=700"), ("/etc/sudoers.d", "mode=755")] {
        mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::empty(), Some(mode)).unwrap();
    }
    let module = setting("TWOLATCH_PAM_MODULE").unwrap();
    let installed = Path::new("/usr/lib/x86_64-linux-gnu/security/pam_twolatch.so");
    let beside = installed.with_extension(format!("{}", std::process::id()));
    fs::copy(module, &beside).unwrap();
    fs::rename(&beside, installed).unwrap();
    fs::hard_link(world.server.socket(), "/run/twolatch/verify.sock").unwrap();
    fs::write(SU, BEFORE).unwrap();
    Some(world)
}

fn enable(world: &World, arguments: &[&str]) -> Child {
    let mut command = world.server.command(&[&["enable"], arguments].concat());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn su() -> String {
    fs::read_to_string(SU).unwrap()
}

fn is_pending() -> bool {
    fs::read_dir(PENDING).unwrap().next().is_some()
}

/// Whoever looks after it in the background, ended as by a power cut.
fn cut_short(world: &World, mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
    let watch = format!("enable --watch --config {}", world.server.config_path().canonicalize().unwrap().display());
    Command::new("pkill").args(["-9", "-f", &watch]).status().unwrap();
}

fn gets_in(world: &World, person: &Person, code: &str) -> bool {
    let caller = world.machine.account();
    caller.login("su", &[person.name(), "-c", WHO]).answer(&person.account.password, &[code]).is_in(person.name())
}

fn root_is_known(world: &World) {
    world.server.run(&["user", "add", "root", "--shared"], "");
}

#[test]
fn what_somebody_logs_in_through_is_kept() {
    let Some(world) = machine() else { return };
    root_is_known(&world);
    let person = world.enrolled();
    let child = enable(&world, &["su"]);
    until("su to ask", || su().contains("pam_twolatch.so").then_some(()));
    assert!(is_pending());
    assert!(!gets_in(&world, &person, &person.wrong_code()), "it asks");
    assert!(gets_in(&world, &person, &person.code()));
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("+ auth       required     pam_twolatch.so"), "{said}");
    until("nothing to be pending", || (!is_pending()).then_some(()));
    assert!(su().contains("pam_twolatch.so"));
    world.server.run(&["disable", "su"], "");
    assert_eq!(su(), BEFORE);
}

#[test]
fn what_nobody_logs_in_through_is_put_back_also_after_a_power_cut() {
    let Some(world) = machine() else { return };
    if !Path::new(FAKETIME).exists() {
        skip("no libfaketime: no clock is shifted");
        return;
    }
    root_is_known(&world);
    let child = enable(&world, &["su", "--minutes", "5"]);
    until("su to ask", || su().contains("pam_twolatch.so").then_some(()));
    cut_short(&world, child);
    let settle = |shift: &str| {
        let mut command = world.server.command(&["enable", "--settle"]);
        command.env("LD_PRELOAD", FAKETIME).env("FAKETIME", shift).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        assert!(command.status().unwrap().success());
    };
    settle("+4m");
    assert!(is_pending() && su().contains("pam_twolatch.so"), "there is time left");
    settle("+6m");
    assert_eq!(su(), BEFORE);
    assert!(!is_pending());
}

#[test]
fn what_cannot_be_put_back_at_once_is_put_back_when_it_can() {
    let Some(world) = machine() else { return };
    if !Path::new(FAKETIME).exists() {
        skip("no libfaketime: no clock is shifted");
        return;
    }
    root_is_known(&world);
    let child = enable(&world, &["su", "--minutes", "5"]);
    until("su to ask", || su().contains("pam_twolatch.so").then_some(()));
    cut_short(&world, child);
    let remount =
        |flags| mount(None::<&str>, "/etc/pam.d", None::<&str>, MsFlags::MS_REMOUNT | flags, None::<&str>).unwrap();
    remount(MsFlags::MS_RDONLY);
    let said = tempfile::NamedTempFile::new().unwrap();
    let mut watch = world.server.command(&["enable", "--watch"]);
    watch.env("LD_PRELOAD", FAKETIME).env("FAKETIME", "+6m").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let mut watch = watch.stderr(said.reopen().unwrap()).spawn().unwrap();
    until("it to fail", || fs::read_to_string(said.path()).unwrap().contains("trying again").then_some(()));
    remount(MsFlags::empty());
    assert!(watch.wait().unwrap().success());
    assert_eq!(su(), BEFORE);
    assert!(!is_pending());
}

#[test]
fn nothing_is_written_while_root_would_be_refused_or_to_look_at_it() {
    let Some(world) = machine() else { return };
    let output = enable(&world, &["su"]).wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("refused at su: root (twolatch: there is no user"), "{said}");
    root_is_known(&world);
    let admin = world.unknown();
    admin.allow_sudo();
    let output = enable(&world, &["su"]).wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains(&format!("{} (twolatch: there is no user", admin.name)),
        "{said}"
    );
    let output = enable(&world, &["su", "--dry-run", "--without", &admin.name]).wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("+ auth       required     pam_twolatch.so"), "{said}");
    assert_eq!(su(), BEFORE);
    assert!(!is_pending());
}

/// As Debian has it, with the machine's common-auth.
const SSHD_BEFORE: &str = "@include common-auth\naccount required pam_nologin.so\n@include common-account\n\
                           session required pam_permit.so\n";

/// The same machine with an sshd that reads the machine's files and asks for no code.
fn machine_with_sshd(methods: Methods) -> Option<(World, Sshd)> {
    let world = machine()?;
    let files: Vec<(String, Vec<u8>)> = ["sshd_config", "ssh_host_ed25519_key"]
        .map(|name| (name.to_owned(), fs::read(Path::new("/etc/ssh").join(name)).unwrap()))
        .into();
    mount(Some("tmpfs"), "/etc/ssh", Some("tmpfs"), MsFlags::empty(), Some("mode=755")).unwrap();
    fs::create_dir("/etc/ssh/sshd_config.d").unwrap();
    for (name, bytes) in files {
        let path = Path::new("/etc/ssh").join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::write("/etc/pam.d/sshd", SSHD_BEFORE).unwrap();
    root_is_known(&world);
    Some((world, Sshd::of_the_machine(methods)))
}

#[test]
fn sshd_asks_at_once_and_is_as_it_was_without_it() {
    let Some((world, sshd)) = machine_with_sshd(Methods::KeyboardInteractive) else { return };
    let person = world.enrolled();
    let config = || fs::read_to_string("/etc/ssh/sshd_config.d/00-twolatch.conf");
    let child = enable(&world, &["sshd"]);
    until("sshd to ask", || config().ok());
    let account = &person.account;
    until("sshd to have read its files", || (sshd.log().matches("Server listening on").count() > 1).then_some(()));
    assert!(!sshd.login(&account.name, None).answer(&account.password, &[&person.wrong_code()]).is_in(&account.name));
    assert!(is_pending());
    assert!(sshd.login(&account.name, None).answer(&account.password, &[&person.code()]).is_in(&account.name));
    assert!(child.wait_with_output().unwrap().status.success());
    let output = world.server.command(&["doctor", "--json"]).output().unwrap();
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let of_sshd: Vec<_> = findings.as_array().unwrap().iter().filter(|finding| finding["check"] == "sshd").collect();
    let is_well = |finding: &&serde_json::Value| finding["verdict"] == "well" || finding["verdict"] == "note";
    assert!(!of_sshd.is_empty() && of_sshd.iter().all(is_well), "{findings}");
    world.server.run(&["disable", "sshd"], "");
    assert_eq!(fs::read_to_string("/etc/pam.d/sshd").unwrap(), SSHD_BEFORE);
    assert!(config().is_err());
}

#[test]
fn who_is_exempt_comes_by_a_key_alone_until_the_exemption_ends() {
    let Some((world, sshd)) = machine_with_sshd(Methods::Key) else { return };
    let (backup, other) = (world.unknown(), world.enrolled());
    let (key, other_key) = (sshd.key_for(&backup.name), sshd.key_for(other.name()));
    world.server.run(&["user", "add", &backup.name], "");
    let exempt = ["policy", "exempt", &backup.name, "--door", "ssh", "--network", "127.0.0.1/32", "--days", "1"];
    world.server.run(&[&exempt[..], &["--reason", "backups"]].concat(), "");
    let child = enable(&world, &["sshd", "--account-line"]);
    until("sshd to have read its files", || (sshd.log().matches("Server listening on").count() > 1).then_some(()));
    // What a server knows of policy is of this second.
    let gets_in =
        |name: &str, key| sshd.login(name, Some(key)).end_without_code("no password is asked for").is_in(name);
    until("the exemption to be in force", || gets_in(&backup.name, &key).then_some(()));
    assert!(!gets_in(other.name(), &other_key));
    assert!(is_pending(), "nobody has shown a code");
    cut_short(&world, child);
    let output = enable(&world, &["sshd"]).wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("nobody has logged in with a code yet"), "{said}");
    let policy = world.server.json(&["policy", "show"]);
    let id = policy["exemptions"][0]["id"].as_str().unwrap();
    world.server.run(&["policy", "exempt", "--end", id], "");
    until("the exemption to be over", || (!gets_in(&backup.name, &key)).then_some(()));
}
