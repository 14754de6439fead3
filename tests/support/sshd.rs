//! A real sshd on a port of the loopback interface, and the real client.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
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

        let log = fs::File::create(path("log")).unwrap();
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f", &path("config")])
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
        let (port, to) = (self.port.to_string(), format!("{name}@127.0.0.1"));
        let preferred = format!("PreferredAuthentications={}", self.methods.names());
        let identity = key.map_or_else(|| "none".into(), |path| path.display().to_string());
        let identity = format!("IdentityFile={identity}");
        let mut arguments = vec!["-F", "/dev/null", "-p", &port];
        let options = [
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
            "IdentitiesOnly=yes",
            "NumberOfPasswordPrompts=1",
            &identity,
            &preferred,
        ];
        // The first value that the client is given counts.
        arguments.extend(own.iter().chain(&options).flat_map(|option| ["-o", option]));
        arguments.extend([to.as_str(), WHO]);
        Login::new(Pty::spawn("ssh", &arguments))
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
