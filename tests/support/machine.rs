//! The throw-away machine that `tests/machine.sh` makes: accounts and PAM files may be changed here and nowhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use super::pty::Pty;
use super::world::{Login, WHO};
use super::{new_id, run, setting, skip};

/// `tests/machine.sh` leaves this file; without it the machine is a real one.
const MARKER: &str = "/run/throw-away-machine";

/// A view of the throw-away machine that belongs to one test: its own PAM files and its own `/run/twolatch`. Accounts
/// are shared with other tests, so each account has a new name.
#[derive(Debug)]
pub(crate) struct Machine {
    module: PathBuf,
}

/// A Linux account with a password.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) password: String,
}

/// How our module's line learns of the first factor.
#[derive(Debug, Clone, Copy)]
pub(crate) enum First {
    /// A password line stands before ours.
    Stack,
    /// sshd has checked a key.
    Key,
    /// No password line, but ours says that there is one: what a careless administrator writes.
    Claimed,
}

impl Account {
    /// Starts a program that asks, as this account and on a terminal of its own.
    pub(crate) fn login(&self, program: &str, arguments: &[&str]) -> Login {
        Login::new(Pty::spawn("setpriv", &[&self.become_me(), &[program][..], arguments].concat()))
    }

    /// Runs a program as this account, without a terminal, that must succeed; gives what it printed.
    pub(crate) fn run(&self, program: &str, arguments: &[&str], input: &str) -> String {
        run("setpriv", &[&self.become_me(), &[program][..], arguments].concat(), input)
    }

    /// Lets this account use sudo, with one try.
    pub(crate) fn allow_sudo(&self) {
        let rules = format!(
            "{0} ALL=(ALL:ALL) ALL\nDefaults:{0} passwd_tries=1, lecture=never, passprompt=\"Password: \"\n",
            self.name
        );
        let file = PathBuf::from("/etc/sudoers.d").join(&self.name);
        fs::write(&file, rules).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
    }

    /// Runs sudo as this account: it prints `in:root` where it lets in.
    pub(crate) fn sudo(&self) -> Login {
        self.login("sudo", &["bash", "-c", WHO])
    }

    fn become_me(&self) -> [&str; 6] {
        ["--reuid", &self.name, "--regid", &self.name, "--init-groups", "--"]
    }
}

impl Machine {
    /// Nothing, said by [`skip`], where there is no throw-away machine or no module.
    pub(crate) fn enter() -> Option<Self> {
        if !Path::new(MARKER).exists() {
            skip("no throw-away machine: run the tests through tests/machine.sh, as root");
            return None;
        }
        let Some(module) = setting("TWOLATCH_PAM_MODULE").map(PathBuf::from) else {
            skip("no PAM module: build it and name the file in TWOLATCH_PAM_MODULE");
            return None;
        };
        assert!(module.is_absolute() && module.exists(), "TWOLATCH_PAM_MODULE: {}", module.display());

        // Only this thread, and what it starts, sees the mounts that follow.
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        let pam_files: Vec<(PathBuf, Vec<u8>)> = fs::read_dir("/etc/pam.d")
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        for folder in ["/etc/pam.d", "/run/twolatch"] {
            mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::empty(), Some("mode=755")).unwrap();
        }
        for (path, content) in pam_files {
            fs::write(path, content).unwrap();
        }
        Some(Self { module })
    }

    /// Adds an account.
    pub(crate) fn account(&self) -> Account {
        let name = format!("p{}", new_id());
        // One at a time: useradd gives up when another holds its lock for long.
        let useradd = ["/run/lock/accounts", "useradd", "--create-home", "--shell", "/bin/bash", &name];
        run("flock", &useradd, "");
        let account = Account { password: format!("Pw-{name}-of-Linux"), name };
        self.set_password(&account);
        account
    }

    /// The superuser, with a password.
    pub(crate) fn root(&self) -> Account {
        let root = Account { name: "root".into(), password: "Pw-root-of-Linux".into() };
        self.set_password(&root);
        root
    }

    #[expect(clippy::unused_self, reason = "only in the throw-away machine")]
    fn set_password(&self, account: &Account) {
        let line = format!("{}:{}\n", account.name, account.password);
        // A hash that costs little: what Linux passwords are worth is not tested here.
        run("flock", &["/run/lock/accounts", "chpasswd", "--crypt-method", "SHA512"], &line);
    }

    /// Adds our account line to a service's PAM file, before the others.
    pub(crate) fn account_line(&self, service: &str, socket: &Path) {
        let file = Path::new("/etc/pam.d").join(service);
        let line = format!("account required {} socket={}\naccount ", self.module.display(), socket.display());
        fs::write(&file, fs::read_to_string(&file).unwrap().replacen("account ", &line, 1)).unwrap();
    }

    /// Writes a service's PAM file; `OURS` stands for our module, which asks at this socket.
    pub(crate) fn pam_file(&self, service: &str, text: &str, socket: &Path) {
        let ours = format!("{} socket={}", self.module.display(), socket.display());
        fs::write(Path::new("/etc/pam.d").join(service), text.replace("OURS", &ours)).unwrap();
    }

    /// Writes a service's PAM file: the password as `first` says, then our module, asking at this socket.
    pub(crate) fn pam_stack(&self, service: &str, first: First, socket: &Path) {
        self.pam_stack_with(service, first, socket, "");
    }

    /// The same with further arguments of our line.
    pub(crate) fn pam_stack_with(&self, service: &str, first: First, socket: &Path, more: &str) {
        let (password_line, argument) = match first {
            First::Stack => ("auth requisite pam_unix.so nodelay\n", "stack"),
            First::Key => ("", "key"),
            First::Claimed => ("", "stack"),
        };
        let stack = format!(
            "{password_line}\
             auth required {module} first={argument} socket={socket} {more}\n\
             auth required pam_permit.so\n\
             account required pam_unix.so\n\
             session required pam_permit.so\n\
             password required pam_deny.so\n",
            module = self.module.display(),
            socket = socket.display(),
        );
        fs::write(Path::new("/etc/pam.d").join(service), stack).unwrap();
    }
}
