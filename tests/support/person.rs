//! A person with an authenticator, who logs in at the server's socket; and what the audit says of them.

use serde_json::Value;

use super::host::{begin, verdict};
use super::server::Server;
use super::totp;

/// Tries that cost no delay.
pub(crate) const FREE_TRIES: usize = 5;

/// Somebody whom no other round of a test knows.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    secret: String,
}

impl Person {
    /// Adds them, by commands beside the server.
    pub(crate) fn add(server: &Server, name: String) -> Self {
        let secret = totp::new_secret();
        server.run(&["user", "add", &name], "");
        server.run(&["factor", "add-totp", &name, "--secret-stdin"], &format!("{secret}\n"));
        Self { name, secret }
    }

    /// What the app shows now.
    pub(crate) fn right_code(&self) -> String {
        totp::code(&self.secret)
    }

    /// What it shows at another moment, as `date -d` takes it.
    pub(crate) fn code_at(&self, time: &str) -> String {
        totp::codes_from(&self.secret, time, 0).remove(0)
    }

    /// What it does not show for a long time.
    pub(crate) fn wrong_code(&self) -> String {
        totp::wrong_code(&self.secret)
    }

    /// A whole login with this code; the server answers.
    pub(crate) fn log_in(&self, server: &Server, code: &str) -> String {
        let attempt = begin(server.socket(), &self.name).expect("the server runs");
        verdict(server.socket(), &self.name, &attempt, code).expect("it answers")
    }

    /// How many wrong codes are judged before the person has to wait.
    pub(crate) fn tries_left(&self, server: &Server) -> usize {
        let code = self.wrong_code();
        for judged in 0..=FREE_TRIES {
            match self.log_in(server, &code).as_str() {
                "wrong" => {}
                "wait" => return judged,
                other => panic!("{}: {other}", self.name),
            }
        }
        panic!("{}: more than {FREE_TRIES} wrong codes are judged", self.name)
    }
}

/// The latest records of the audit, as many as it gives at once.
pub(crate) fn audit(server: &Server) -> Vec<Value> {
    let Value::Array(records) = server.json(&["audit", "list", "--limit", "10000"]) else { panic!("no list") };
    records
}

/// How many codes of a person ended like this.
pub(crate) fn recorded(audit: &[Value], name: &str, result: &str) -> usize {
    audit
        .iter()
        .filter(|record| record["event"] == "code" && record["result"] == result && record["user_name"] == name)
        .count()
}
