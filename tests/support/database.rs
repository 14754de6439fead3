//! An empty database for each test, on either engine.

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
        let name = format!("twolatch_{}", new_id());
        run("psql", &["-qX", "-d", &maintenance, "-c", &format!("CREATE DATABASE {name}")], "");
        let url = maintenance.replacen("/postgres?", &format!("/{name}?"), 1);
        assert_ne!(url, maintenance, "the address must name the database `postgres` before its `?`");
        Some(Self::Postgres { url, name, maintenance })
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
            run("psql", &["-qX", "-d", maintenance, "-c", &format!("DROP DATABASE {name} WITH (FORCE)")], "");
        }
    }
}
