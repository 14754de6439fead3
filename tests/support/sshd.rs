//! A real sshd on a port of the loopback interface, and the real client.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::pty::Pty;
use super::server::Process;
use super::wait::until;
use super::world::{Login, WHO};
use super::{free_port, new_id, run};

/// How one may log in: what goes into `sshd_config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Methods {
    KeyboardInteractive,
    KeyAndKeyboardInteractive,
    Password,
    Key,
}

/// sshd with its keys. It ends with this.
#[derive(Debug)]
pub(crate) struct Sshd {
    process: Process,
    folder: TempDir,
    port: u16,
    methods: Methods,
}

impl Sshd {
    pub(crate) fn start(methods: Methods) -> Self {
        Self::start_with(methods, "")
    }

    /// With further lines in `sshd_config`.
    pub(crate) fn start_with(methods: Methods, more: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("twolatch-sshd.").tempdir().unwrap();
        // sshd reads the list of keys as the person who logs in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = free_port();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &path("host_key")], "");
        fs::create_dir(path("keys")).unwrap();
        let (keyboard_interactive, password) = match methods {
            Methods::KeyboardInteractive | Methods::KeyAndKeyboardInteractive => ("yes", "no"),
            Methods::Password => ("no", "yes"),
            Methods::Key => ("no", "no"),
        };
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nPidFile none\nAuthorizedKeysFile {}/%u\nStrictModes no\n\
             LogLevel VERBOSE\nUsePAM yes\nUseDNS no\nPrintMotd no\nPermitRootLogin prohibit-password\n\
             PubkeyAuthentication yes\nKbdInteractiveAuthentication {keyboard_interactive}\n\
             PasswordAuthentication {password}\nAuthenticationMethods {}\n{more}\n",
            path("host_key"),
            path("keys"),
            methods.names(),
        );
        fs::write(path("config"), config).unwrap();
        let config = path("config");
        Self::run(folder, port, methods, &config)
    }

    /// With the files of the machine, which says nothing of how one may log in, as Debian has it: nothing but a port and where
    /// keys are is added in front.
    pub(crate) fn of_the_machine(methods: Methods) -> Self {
        let folder = tempfile::Builder::new().prefix("twolatch-sshd.").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (port, config) = (free_port(), Path::new("/etc/ssh/sshd_config"));
        let folder_name = folder.path().to_str().unwrap();
        fs::create_dir(folder.path().join("keys")).unwrap();
        let first = format!(
            "ListenAddress 127.0.0.1:{port}\nAuthorizedKeysFile {folder_name}/keys/%u\nStrictModes no\nLogLevel VERBOSE\n\
             PidFile {folder_name}/pid\n"
        );
        fs::write(config, first + &fs::read_to_string(config).unwrap()).unwrap();
        Self::run(folder, port, methods, config.to_str().unwrap())
    }

    fn run(folder: TempDir, port: u16, methods: Methods, config: &str) -> Self {
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let log = fs::File::create(path("log")).unwrap();
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f", config])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut sshd = Self { process: Process(child), folder, port, methods };
        until("sshd to listen", || {
            let ended = sshd.process.0.try_wait().unwrap();
            assert!(ended.is_none(), "sshd ended ({ended:?}):\n{}", sshd.log());
            sshd.log().contains("Server listening on").then_some(())
        });
        sshd
    }

    /// Makes one more key that opens this account, and gives the file of its private half.
    pub(crate) fn key_for(&self, name: &str) -> PathBuf {
        let private = self.folder.path().join(format!("key-{}-of-{name}", new_id()));
        run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", private.to_str().unwrap()], "");
        let authorized = self.folder.path().join("keys").join(name);
        let others = fs::read_to_string(&authorized).unwrap_or_default();
        fs::write(authorized, others + &fs::read_to_string(private.with_extension("pub")).unwrap()).unwrap();
        private
    }

    /// Starts `ssh` for this account, with a key if there is one.
    pub(crate) fn login(&self, name: &str, key: Option<&PathBuf>) -> Login {
        self.login_with(name, key, &[])
    }

    /// The same with options of the client that win over the usual ones.
    pub(crate) fn login_with(&self, name: &str, key: Option<&PathBuf>, own: &[&str]) -> Login {
        let (options, to) = (self.options(key, own), format!("{name}@127.0.0.1"));
        let mut arguments: Vec<&str> = options.iter().map(String::as_str).collect();
        arguments.extend([to.as_str(), WHO]);
        Login::new(Pty::spawn("ssh", &arguments))
    }

    /// What `ssh`, `scp` and `sftp` are told so that they come here as the usual client does, or with options that win.
    pub(crate) fn options(&self, key: Option<&PathBuf>, own: &[&str]) -> Vec<String> {
        let (port, preferred) = (self.port, self.methods.names());
        let identity = key.map_or_else(|| "none".into(), |path| path.display().to_string());
        let usual = [
            format!("Port={port}"),
            "StrictHostKeyChecking=no".into(),
            "UserKnownHostsFile=/dev/null".into(),
            "LogLevel=ERROR".into(),
            "IdentitiesOnly=yes".into(),
            "NumberOfPasswordPrompts=1".into(),
            format!("IdentityFile={identity}"),
            format!("PreferredAuthentications={preferred}"),
        ];
        // The first value that the client is given counts.
        let all = own.iter().map(|option| (*option).to_owned()).chain(usual);
        ["-F".to_owned(), "/dev/null".to_owned()]
            .into_iter()
            .chain(all.flat_map(|option| ["-o".into(), option]))
            .collect()
    }

    /// Its configuration.
    pub(crate) fn config_path(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Everything that sshd has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The process that listens; each connection is a child of it.
    pub(crate) fn pid(&self) -> u32 {
        self.process.0.id()
    }
}

impl Methods {
    fn names(self) -> &'static str {
        match self {
            Self::KeyboardInteractive => "keyboard-interactive",
            Self::KeyAndKeyboardInteractive => "publickey,keyboard-interactive",
            Self::Password => "password",
            Self::Key => "publickey",
        }
    }
}
