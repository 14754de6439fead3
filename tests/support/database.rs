//! An empty database for each test, on either engine.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use super::{new_id, run, setting, skip};

/// The engine that a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// An empty database. One on PostgreSQL is dropped with this.
#[derive(Debug)]
pub(crate) enum Database {
    /// `twolatch` makes the file itself, in its data folder.
    Sqlite,
    Postgres {
        url: String,
        name: String,
        maintenance: String,
    },
}

impl Database {
    /// Nothing, said by [`skip`], where there is no PostgreSQL (see `tests/postgres.sh`).
    pub(crate) fn new(engine: Engine) -> Option<Self> {
        if engine == Engine::Sqlite {
            return Some(Self::Sqlite);
        }
        let Some(maintenance) = setting("TWOLATCH_TEST_POSTGRES") else {
            skip("no PostgreSQL: run the tests through tests/postgres.sh");
            return None;
        };
        Some(Self::at(maintenance))
    }

    /// One on this PostgreSQL, which the address of its database `postgres` names.
    pub(crate) fn at(maintenance: String) -> Self {
        let name = format!("twolatch_{}", new_id());
        run("psql", &["-qX", "-d", &maintenance, "-c", &format!("CREATE DATABASE {name}")], "");
        let url = maintenance.replacen("/postgres?", &format!("/{name}?"), 1);
        assert_ne!(url, maintenance, "the address must name the database `postgres` before its `?`");
        Self::Postgres { url, name, maintenance }
    }

    /// The address for `--database-url`; `SQLite` needs none.
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { url, .. } => Some(url),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { name, maintenance, .. } = self {
            let drop = ["-qX", "-d", maintenance, "-c", &format!("DROP DATABASE {name} WITH (FORCE)")];
            // A test that fails may have left no server to ask.
            if thread::panicking() {
                let _ = Command::new("psql").args(drop).output();
            } else {
                run("psql", &drop, "");
            }
        }
    }
}

/// Another process that holds an SQLite database locked, until this is dropped.
#[derive(Debug)]
pub(crate) struct Holder(Child);

impl Holder {
    /// Takes the lock.
    pub(crate) fn of(file: &Path) -> Self {
        const HOLD: &str = "import sqlite3, sys; held = sqlite3.connect(sys.argv[1], isolation_level=None); \
            held.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()";
        let mut holder = Command::new("python3")
            .args(["-c", HOLD, file.to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        Self(holder)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
