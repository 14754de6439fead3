//! What people and machines do over SSH beside a shell: scp, sftp, rsync, git, Ansible, `ControlMaster`, an editor's burst of
//! connections. The programs are the real ones.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::database::Engine;
use crate::support::machine::First;
use crate::support::pty::Pty;
use crate::support::run;
use crate::support::sshd::{Methods, Sshd};
use crate::support::syslog;
use crate::support::wait::until;
use crate::support::world::{Login, Person, World};

/// So that sshd has files to offer, and takes as many connections at once as an editor opens.
const FILES: &str = "Subsystem sftp internal-sftp\nMaxStartups 100";

/// A tool and what it is told, to fetch from somebody's home. Each leaves something in the folder.
type Tool = fn(&Remote<'_>) -> Vec<String>;

const TOOLS: [(&str, Tool); 4] = [
    ("scp", |remote| remote.with_options(&[], &[&remote.of("notes"), remote.folder()])),
    ("sftp", |remote| remote.with_options(&[], &[&remote.of("notes"), remote.folder()])),
    ("rsync", |remote| vec!["-a".into(), "-e".into(), remote.shell(), remote.of("notes"), remote.folder().into()]),
    ("git", |remote| {
        let (shell, url) = (format!("core.sshCommand={}", remote.shell()), remote.of("project"));
        vec!["-c".into(), shell, "clone".into(), url, format!("{}/project", remote.folder())]
    }),
];

/// Somebody's home behind sshd, and a folder here.
struct Remote<'a> {
    name: &'a str,
    options: Vec<String>,
    folder: PathBuf,
}

impl<'a> Remote<'a> {
    fn new(sshd: &Sshd, name: &'a str, key: Option<&PathBuf>, own: &[&str], folder: &Path) -> Self {
        let folder = folder.join(crate::support::new_id());
        fs::create_dir(&folder).unwrap();
        Self { name, options: sshd.options(key, own), folder }
    }

    fn of(&self, path: &str) -> String {
        format!("{}@127.0.0.1:{path}", self.name)
    }

    fn folder(&self) -> &str {
        self.folder.to_str().unwrap()
    }

    fn with_options(&self, more: &[&str], what: &[&str]) -> Vec<String> {
        let words = more.iter().chain(what).map(|word| (*word).to_owned());
        self.options.iter().cloned().chain(words).collect()
    }

    fn shell(&self) -> String {
        format!("ssh {}", self.options.join(" "))
    }

    /// What a tool has fetched.
    fn has_fetched(&self) -> bool {
        let read = |path: &str| fs::read_to_string(self.folder.join(path)).unwrap_or_default();
        read("notes").contains("of the home") || read("project/notes").contains("of the home")
    }
}

/// Puts into a home what is fetched.
fn furnish(name: &str) {
    let home = format!("/home/{name}");
    let script = format!(
        "cd {home} && echo of the home >notes && git init -q project && cd project && cp ../notes . && git add notes && \
         git -c user.name=x -c user.email=x@example.org commit -qm x"
    );
    run("su", &[name, "-s", "/bin/sh", "-c", &script], "");
}

fn machine(methods: Methods, more: &str) -> Option<(World, Sshd, tempfile::TempDir)> {
    let world = World::new(Engine::Sqlite, &["sshd"], First::Stack)?;
    // root goes to su without a word here; our line would ask.
    fs::write(
        "/etc/pam.d/su",
        "auth sufficient pam_rootok.so\naccount required pam_permit.so\nsession required pam_permit.so\n",
    )
    .unwrap();
    let sshd = Sshd::start_with(methods, &format!("{FILES}\n{more}"));
    let folder = tempfile::tempdir().unwrap();
    Some((world, sshd, folder))
}

/// Runs a tool as a machine does: nobody is there.
fn alone(program: &str, arguments: &[String]) -> Output {
    Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn each_tool_asks_at_a_terminal_and_a_wrong_code_fetches_nothing() {
    let Some((world, sshd, folder)) = machine(Methods::KeyboardInteractive, "") else { return };
    for (program, tool) in TOOLS {
        let person = world.enrolled();
        furnish(person.name());
        let remote = Remote::new(&sshd, person.name(), None, &[], folder.path());
        let arguments = tool(&remote);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let refused =
            Login::new(Pty::spawn(program, &arguments)).answer(&person.account.password, &[&person.wrong_code()]);
        assert!(!refused.status.success() && !remote.has_fetched(), "{program}: {}", refused.screen);
        let ended = Login::new(Pty::spawn(program, &arguments)).answer(&person.account.password, &[&person.code()]);
        assert!(ended.status.success() && remote.has_fetched(), "{program}: {}", ended.screen);
    }
}

#[test]
fn whoever_cannot_be_asked_is_refused_at_once_and_nothing_is_counted() {
    let Some((world, sshd, folder)) = machine(Methods::KeyboardInteractive, "") else { return };
    let person = world.enrolled();
    for (program, tool) in TOOLS {
        let remote = Remote::new(&sshd, person.name(), None, &["BatchMode=yes"], folder.path());
        let output = alone(program, &tool(&remote));
        assert!(!output.status.success() && !remote.has_fetched(), "{program}: {output:?}");
    }
    assert!(world.verdicts(person.name()).is_empty());
    sshd.login(person.name(), None).answer(&person.account.password, &[&person.code()]).assert_in(person.name());
}

#[test]
fn one_login_with_a_code_carries_every_tool_over_a_controlmaster() {
    let Some((world, sshd, folder)) = machine(Methods::KeyboardInteractive, "") else { return };
    let person = world.enrolled();
    furnish(person.name());
    let control = format!("ControlPath={}/master", folder.path().display());
    let master = Remote::new(&sshd, person.name(), None, &[&control, "ControlMaster=yes"], folder.path());
    let to = format!("{}@127.0.0.1", person.name());
    let arguments = master.with_options(&["-N"], &[&to]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut open = Login::new(Pty::spawn("ssh", &arguments));
    assert!(open.reach_code(&person.account.password), "{}", open.screen());
    open.type_code(&person.code());
    until("the connection to be open", || folder.path().join("master").exists().then_some(()));
    for (program, tool) in TOOLS {
        let remote = Remote::new(&sshd, person.name(), None, &[&control, "BatchMode=yes"], folder.path());
        let output = alone(program, &tool(&remote));
        assert!(output.status.success() && remote.has_fetched(), "{program}: {output:?}");
    }
    let remote = Remote::new(&sshd, person.name(), None, &[&control, "BatchMode=yes"], folder.path());
    assert_pings(&remote);
    assert_eq!(world.verdicts(person.name()), ["ok"], "nobody was asked again");
    assert!(alone("ssh", &remote.with_options(&["-O", "exit"], &[&to])).status.success());
}

/// Ansible's own way to a host: keys only, no prompt, several connections.
fn ansible(remote: &Remote<'_>) -> Output {
    let home = remote.folder();
    Command::new("ansible")
        .args([
            "all",
            "-i",
            "127.0.0.1,",
            "-m",
            "ping",
            "-u",
            remote.name,
            "--ssh-common-args",
            &remote.options.join(" "),
        ])
        .args(["-e", "ansible_python_interpreter=/usr/bin/python3"])
        .env("HOME", home)
        .env("ANSIBLE_HOME", home)
        .env("LC_ALL", "C.UTF-8")
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn assert_pings(remote: &Remote<'_>) {
    let output = ansible(remote);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("pong"), "{output:?}");
}

#[test]
fn machines_that_are_exempt_work_with_a_key_until_it_ends() {
    let more = "Match Address 127.0.0.1\n    AuthenticationMethods publickey";
    let Some((mut world, sshd, folder)) = machine(Methods::Key, more) else { return };
    world.machine.account_line("sshd", world.server.socket());
    let person: Person = world.enrolled();
    furnish(person.name());
    let key = sshd.key_for(person.name());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let exempt = ["policy", "exempt", person.name(), "--door", "ssh", "--network", "127.0.0.1/32", "--days", "1"];
    world.server.run(&[&exempt[..], &["--reason", "backups"]].concat(), "");
    world.restart();
    let remote = || Remote::new(&sshd, person.name(), Some(&key), &["BatchMode=yes"], folder.path());
    for (program, tool) in TOOLS {
        let remote = remote();
        let output = alone(program, &tool(&remote));
        assert!(output.status.success() && remote.has_fetched(), "{program}: {output:?}\n{}", sshd.log());
    }
    assert_pings(&remote());
    let policy = world.server.json(&["policy", "show"]);
    world.server.run(&["policy", "exempt", "--end", policy["exemptions"][0]["id"].as_str().unwrap()], "");
    world.restart();
    for (program, tool) in TOOLS {
        let remote = remote();
        let output = alone(program, &tool(&remote));
        assert!(!output.status.success() && !remote.has_fetched(), "{program}: {output:?}");
    }
    assert!(!ansible(&remote()).status.success());
    syslog::expect_reason(person.name(), "code_missing");
}

/// An editor opens several connections at once and answers each with what was typed once.
#[test]
fn a_burst_of_an_editor_locks_nobody() {
    let Some((world, sshd, _folder)) = machine(Methods::KeyboardInteractive, "") else { return };
    let person = world.enrolled();
    for _ in 0..5 {
        let mut logins: Vec<Login> = (0..4).map(|_| sshd.login(person.name(), None)).collect();
        assert!(logins.iter_mut().all(|login| login.reach_code(&person.account.password)));
        let code = person.code();
        let ends: Vec<_> = logins.into_iter().map(|login| login.answer(&person.account.password, &[&code])).collect();
        assert!(ends.iter().filter(|end| end.is_in(person.name())).count() <= 1);
    }
    let verdicts = world.verdicts(person.name());
    assert!(verdicts.iter().all(|verdict| verdict == "ok" || verdict == "replay"), "{verdicts:?}");
    assert!(verdicts.iter().any(|verdict| verdict == "ok"));
    let listed = world.server.json(&["user", "show", person.name()]);
    assert!(listed["locked_until"].is_null(), "{listed}");
}
