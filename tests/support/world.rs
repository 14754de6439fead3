//! A throw-away machine whose logins ask a server of their own, or two, and the people who log in.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::thread;

use serde_json::Value;

use super::database::Engine;
use super::machine::{Account, First, Machine};
use super::pty::{Ended, Pty};
use super::server::Server;
use super::site::PASSWORD;
use super::{syslog, totp};

/// The command that proves a login: what it prints is never typed.
pub(crate) const WHO: &str = "echo in:$(id -un)";

/// A machine and its server, which runs.
#[derive(Debug)]
pub(crate) struct World {
    // Dropped first: its database is that of the other.
    second: Option<Server>,
    pub(crate) server: Server,
    pub(crate) machine: Machine,
    secrets: RefCell<Vec<String>>,
}

/// A Linux account with an authenticator app.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) account: Account,
    secret: String,
}

impl World {
    /// A machine where these services ask our module. Nothing where the machine or the engine is missing.
    pub(crate) fn new(engine: Engine, services: &[&str], first: First) -> Option<Self> {
        Self::configured(engine, services, first, "")
    }

    /// The same with mail, which no mail server takes: it is read in the queue.
    pub(crate) fn with_mail(engine: Engine, services: &[&str], first: First) -> Option<Self> {
        let mail = "\n[mail]\nfrom = \"Twolatch <id@example.org>\"\nurl = \"smtp://127.0.0.1:9?tls=none\"\n";
        Self::configured(engine, services, first, mail)
    }

    fn configured(engine: Engine, services: &[&str], first: First, more: &str) -> Option<Self> {
        let machine = Machine::enter()?;
        let mut server = Server::init(engine, Path::new("/run/twolatch"))?;
        let config = fs::read_to_string(server.config_path()).unwrap();
        fs::write(server.config_path(), config + more).unwrap();
        for service in services {
            machine.pam_stack(service, first, server.socket());
        }
        server.start();
        Some(Self { second: None, server, machine, secrets: RefCell::default() })
    }

    /// Starts a second server on the same database.
    pub(crate) fn add_server(&mut self) {
        let mut second = self.server.beside(Path::new("/run/twolatch"));
        second.start();
        self.second = Some(second);
    }

    /// The servers that run: one or two.
    pub(crate) fn servers(&self) -> Vec<&Server> {
        [&self.server].into_iter().chain(&self.second).collect()
    }

    /// Stops all servers, then starts them again.
    pub(crate) fn restart(&mut self) {
        let mut servers: Vec<&mut Server> = [&mut self.server].into_iter().chain(&mut self.second).collect();
        for server in &mut servers {
            server.stop();
        }
        for server in servers {
            server.start();
        }
    }

    /// A new person, known to Twolatch and set up.
    pub(crate) fn enrolled(&self) -> Person {
        self.enrol(self.unknown())
    }

    /// A new person whom every door asks: set up, with a password for the web, and allowed to use sudo.
    pub(crate) fn enrolled_everywhere(&self) -> Person {
        let person = self.enrolled();
        person.account.allow_sudo();
        self.server.run(&["user", "set", person.name(), "--password-stdin", "--keep"], &format!("{PASSWORD}\n"));
        person
    }

    /// A new person whom Twolatch does not know.
    pub(crate) fn unknown(&self) -> Account {
        let account = self.machine.account();
        self.keep_secret(&account.password);
        account
    }

    /// From now on no log may show this.
    pub(crate) fn keep_secret(&self, secret: &str) {
        self.secrets.borrow_mut().push(secret.to_owned());
    }

    /// How the codes of somebody were judged, the earliest first: `ok` or a reason.
    pub(crate) fn verdicts(&self, name: &str) -> Vec<String> {
        self.verdicts_where(|record| record["user_name"] == name)
    }

    /// The same for everybody, also where the audit does not keep the name that was typed.
    pub(crate) fn all_verdicts(&self) -> Vec<String> {
        self.verdicts_where(|_| true)
    }

    fn verdicts_where(&self, wanted: impl Fn(&Value) -> bool) -> Vec<String> {
        let records = self.records(|record| record["event"] == "code" && wanted(record));
        records.iter().map(|record| record["result"].as_str().unwrap().to_owned()).collect()
    }

    /// Records of the audit, the earliest first.
    pub(crate) fn records(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let records = self.server.json(&["audit", "list", "--limit", "10000"]);
        records.as_array().unwrap().iter().rev().filter(|record| wanted(record)).cloned().collect()
    }

    /// What `user list` says of somebody's second factor.
    pub(crate) fn status_of(&self, name: &str) -> String {
        let list = self.server.json(&["user", "list"]);
        let row = list.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
        row["second_factor"].as_str().unwrap().to_owned()
    }

    /// Makes an account known to Twolatch, with an authenticator app.
    pub(crate) fn enrol(&self, account: Account) -> Person {
        let secret = totp::new_secret();
        self.server.run(&["user", "add", &account.name], "");
        self.server.run(&["factor", "add-totp", &account.name, "--secret-stdin"], &format!("{secret}\n"));
        self.keep_secret(&account.password);
        self.keep_secret(&secret);
        Person { account, secret }
    }
}

impl Drop for World {
    /// Whatever was tested: nothing secret is in any log, and the audit is whole.
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let secrets = self.secrets.borrow();
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        syslog::assert_hides(&secrets);
        for server in self.servers() {
            let log = server.log();
            assert!(!secrets.iter().any(|secret| log.contains(secret)), "the server's log shows a secret:\n{log}");
        }
        self.server.run(&["audit", "verify"], "");
    }
}

impl Person {
    pub(crate) fn name(&self) -> &str {
        &self.account.name
    }

    /// What the app makes its codes of.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// What the app shows now.
    pub(crate) fn code(&self) -> String {
        totp::code(&self.secret)
    }

    /// What the app shows at no time near now.
    pub(crate) fn wrong_code(&self) -> String {
        totp::wrong_code(&self.secret)
    }
}

/// A program that asks for passwords and codes, and somebody who answers.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) pty: Pty,
    /// The program waits for a code now.
    at_code: bool,
}

/// How our module asks.
pub(crate) const CODE_PROMPT: &str = "Verification code: ";

/// How the programs ask for the Linux password.
pub(crate) const PASSWORD_PROMPT: &str = "assword: ";

impl Login {
    pub(crate) fn new(pty: Pty) -> Self {
        Self { pty, at_code: false }
    }

    /// Types the password and goes on until the code is asked for. False if the program ends before that.
    pub(crate) fn reach_code(&mut self, password: &str) -> bool {
        while !self.at_code {
            match self.pty.next_prompt(&[PASSWORD_PROMPT, CODE_PROMPT]) {
                Some(PASSWORD_PROMPT) => self.pty.type_line(password),
                Some(_) => self.at_code = true,
                None => return false,
            }
        }
        true
    }

    /// Types a line where a code is asked for.
    pub(crate) fn type_code(&mut self, code: &str) {
        self.type_keys(&format!("{code}\n"));
    }

    /// Types exactly this where a code is asked for; `\u{4}` is Ctrl-D.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        assert!(self.at_code, "no code is asked for:\n{}", self.screen());
        self.at_code = false;
        self.pty.type_keys(keys);
    }

    /// Types one of these codes at each prompt for one, the last of them as often as it is asked for, until the
    /// program ends.
    pub(crate) fn answer(mut self, password: &str, codes: &[&str]) -> Ended {
        let mut asked = 0;
        while self.reach_code(password) {
            self.type_code(codes[asked.min(codes.len() - 1)]);
            asked += 1;
        }
        self.pty.finish()
    }

    /// Types the password; no code must be asked for.
    pub(crate) fn end_without_code(mut self, password: &str) -> Ended {
        assert!(!self.reach_code(password), "a code was asked for:\n{}", self.screen());
        self.pty.finish()
    }

    pub(crate) fn screen(&self) -> String {
        self.pty.screen()
    }
}

impl Ended {
    /// It let this person in and did what it was asked for.
    pub(crate) fn assert_in(&self, name: &str) {
        assert!(self.is_in(name), "not logged in: {}\n{}", self.status, self.screen);
    }

    /// It did not.
    pub(crate) fn assert_refused(&self) {
        assert!(!self.status.success() && !self.screen.contains("in:"), "logged in:\n{}", self.screen);
    }

    pub(crate) fn is_in(&self, name: &str) -> bool {
        self.status.success() && self.screen.contains(&format!("in:{name}"))
    }
}
