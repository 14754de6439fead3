//! `server.py`: a mail server that can be told to misbehave, with certificates made for each test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::certificate::certify;
use crate::support::server::Process;
use crate::support::wait::until;
use crate::support::{free_port, skip};

pub(crate) const PYTHON: &str = "/usr/bin/python3";

/// A folder for a mail server: what it took, what it was told, its certificate and the authority behind that.
pub(crate) struct Post {
    folder: PathBuf,
    pub(crate) port: u16,
}

impl Post {
    /// Nothing, said by [`skip`], where there is no aiosmtpd.
    pub(crate) fn new(folder: &Path) -> Option<Self> {
        let there = Command::new(PYTHON).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        if !there.is_ok_and(|status| status.success()) {
            skip("no aiosmtpd: no mail is sent");
            return None;
        }
        let folder = folder.join("post");
        fs::create_dir_all(&folder).unwrap();
        Some(Self { folder, port: free_port() })
    }

    /// Starts the server in a mode; it ends when what this answers is dropped.
    pub(crate) fn open(&self, mode: &str, more: &[&str]) -> Process {
        if more.contains(&"--tls") && !self.path("cert.pem").exists() {
            self.certify("IP:127.0.0.1");
        }
        let mut command = Command::new(PYTHON);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/mail/server.py"));
        command.arg(&self.folder).arg(self.port.to_string()).arg(mode).args(more);
        let process = Process(command.stdout(Stdio::null()).spawn().unwrap());
        let connected = || std::net::TcpStream::connect(("127.0.0.1", self.port)).ok();
        drop(until("the mail server", connected));
        process
    }

    /// Makes a certificate for this name, by an authority of its own.
    pub(crate) fn certify(&self, name: &str) {
        self.certify_for(name, 30);
    }

    /// The same, for so many days from now.
    pub(super) fn certify_for(&self, name: &str, days: i32) {
        certify(&self.folder, name, days);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Lets mode `slow` go on.
    pub(super) fn go(&self) {
        fs::write(self.path("go"), "").unwrap();
    }

    /// The mails that it took.
    pub(super) fn taken(&self) -> Vec<String> {
        let folder = self.path("taken");
        let count = fs::read_dir(&folder).map_or(0, Iterator::count);
        (0..count).filter_map(|number| fs::read_to_string(folder.join(number.to_string())).ok()).collect()
    }

    /// Waits until it has taken as many.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<String> {
        until("the mail", || Some(self.taken()).filter(|taken| taken.len() >= count))
    }

    /// How often it was told something that begins like this.
    pub(super) fn told(&self, start: &str) -> usize {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        log.lines().filter(|line| line.starts_with(start)).count()
    }
}
