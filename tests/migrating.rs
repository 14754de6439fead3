//! F-17: whoever brings the tables up to date is killed, has company, or has no disk: the schema is the old one or the new
//! one. And a schema says which programs it serves.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use sqlx::AnyPool;
use tokio::runtime::Runtime;

use crate::support::database::Engine;
use crate::support::killer::Killer;
use crate::support::server::Server;
use crate::support::strace::Strace;
use crate::support::{on_both_databases, setting, skip};

on_both_databases!(
    f17_a_migration_that_is_killed_has_made_all_or_nothing,
    f17_servers_that_start_at_once_migrate_once,
    f17_a_schema_serves_its_own_programs_and_those_that_it_names,
);

/// A database as its owner sees it, without any program of ours.
pub(crate) struct Bare {
    runtime: Runtime,
    pool: AnyPool,
    /// The name on `PostgreSQL`.
    postgres: Option<String>,
    file: PathBuf,
}

impl Bare {
    pub(crate) fn of(server: &Server) -> Self {
        sqlx::any::install_default_drivers();
        let runtime = Runtime::new().unwrap();
        let file = server.config_path().parent().unwrap().join("data/twolatch.db");
        let file = if file.exists() { file } else { server.config_path().parent().unwrap().join("twolatch.db") };
        let postgres = server.database_name().map(str::to_owned);
        let url = match &postgres {
            None => format!("sqlite://{}?mode=rwc", file.display()),
            Some(name) => address(name),
        };
        let pool = runtime.block_on(AnyPool::connect(&url)).unwrap();
        Self { runtime, pool, postgres, file }
    }

    #[expect(clippy::disallowed_methods, reason = "statements of tests, put together here")]
    pub(crate) fn execute(&self, text: String) {
        let text = sqlx::AssertSqlSafe(text);
        self.runtime.block_on(sqlx::raw_sql(text).execute(&self.pool)).unwrap();
    }

    #[expect(clippy::disallowed_methods, reason = "statements of tests, put together here")]
    fn number(&self, text: &str) -> i64 {
        self.runtime.block_on(sqlx::query_scalar(sqlx::AssertSqlSafe(text.to_owned())).fetch_one(&self.pool)).unwrap()
    }

    /// How many tables there are.
    fn tables(&self) -> i64 {
        self.number(if self.postgres.is_some() {
            "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'"
        } else {
            "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"
        })
    }

    /// Nothing is left.
    fn empty(&mut self) {
        if self.postgres.is_some() {
            self.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public".to_owned());
            return;
        }
        self.runtime.block_on(self.pool.close());
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.file.display()));
        }
        let url = format!("sqlite://{}?mode=rwc", self.file.display());
        self.pool = self.runtime.block_on(AnyPool::connect(&url)).unwrap();
        self.execute("PRAGMA journal_mode = WAL".to_owned());
    }

    /// The newest schema of these programs.
    fn newest(&self) -> i64 {
        self.number("SELECT MAX(version) FROM schema_versions")
    }
}

fn address(name: &str) -> String {
    setting("TWOLATCH_TEST_POSTGRES").unwrap().replacen("/postgres?", &format!("/{name}?"), 1)
}

/// A command that opens the database, and so migrates it.
fn opening(server: &Server) -> Command {
    let mut command = server.command(&["client", "list"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn f17_a_migration_that_is_killed_has_made_all_or_nothing(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::init(engine, folder.path()) else { return };
    let mut bare = Bare::of(&server);
    let (whole, newest) = (bare.tables(), bare.newest());
    let (mut nth, mut killed, mut before, mut after) = (40, 0, 0, 0);
    loop {
        bare.empty();
        let mut child = opening(&server).spawn().unwrap();
        let calls = Killer::follow(child.id(), nth).calls();
        let _ = child.wait();
        let tables = bare.tables();
        assert!(tables == 0 || tables == whole && bare.newest() == newest, "call {nth}: {tables} of {whole} tables");
        if calls.killed_at.is_none() {
            assert_eq!(tables, whole);
            break;
        }
        killed += 1;
        *(if tables == 0 { &mut before } else { &mut after }) += 1;
        nth += 1 + nth / 30;
        assert!(killed < 400);
    }
    eprintln!("killed {killed} times, {before} before and {after} after the commit");
    assert!(before > 5 && after > 0, "killed {killed} times, {before} before the commit");
    server.run(&["client", "list"], "");
}

fn f17_servers_that_start_at_once_migrate_once(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::init(engine, folder.path()) else { return };
    let mut bare = Bare::of(&server);
    let (whole, newest) = (bare.tables(), bare.newest());
    for _ in 0..3 {
        bare.empty();
        let children: Vec<_> = (0..6).map(|_| opening(&server).spawn().unwrap()).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        assert_eq!((bare.tables(), bare.newest()), (whole, newest));
    }
}

#[test]
fn f17_a_disk_that_is_full_leaves_the_old_schema() {
    if !Strace::is_here() {
        return skip("no strace: no disk is full");
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::init(Engine::Sqlite, folder.path()) else { return };
    let mut bare = Bare::of(&server);
    let whole = bare.tables();
    let (mut nth, mut refused) = (1, 0);
    loop {
        bare.empty();
        let command = opening(&server);
        let inject = format!("inject=pwrite64:error=ENOSPC:when={nth}+");
        let mut traced = Command::new("strace");
        traced.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", &inject]);
        traced.arg(command.get_program()).args(command.get_args());
        let output = traced.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let tables = bare.tables();
        assert!(tables == 0 || tables == whole, "write {nth}: {tables} of {whole} tables\n{said}");
        if output.status.success() {
            break;
        }
        assert!(said.contains("store_full") || said.contains("store_io"), "write {nth}: {said}");
        refused += 1;
        nth += 1 + nth / 8;
        assert!(refused < 200);
    }
    assert!(refused > 5, "refused {refused} times");
    server.run(&["client", "list"], "");
}

fn f17_a_schema_serves_its_own_programs_and_those_that_it_names(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(engine, folder.path()) else { return };
    let bare = Bare::of(&server);
    let known = bare.newest();
    assert_eq!(
        bare.number("SELECT serves_from FROM meta"),
        known,
        "a schema serves older programs only where it says so"
    );
    // The next schema has one table more, and leaves this program working.
    bare.execute(format!(
        "CREATE TABLE later (id TEXT NOT NULL PRIMARY KEY); INSERT INTO schema_versions (version, checksum) \
         VALUES ({}, 'of another program')",
        known + 1
    ));
    server.start();
    server.run(&["user", "add", "alice"], "");
    server.stop();
    let said = server.try_run(&["backup", folder.path().join("backup").to_str().unwrap()], "");
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("use the newer program for backups"), "{said}");
    // The one after it does not.
    bare.execute(format!(
        "INSERT INTO schema_versions (version, checksum) VALUES ({}, 'of another program'); \
         UPDATE meta SET serves_from = {}",
        known + 2,
        known + 1
    ));
    let output = server.try_run(&["serve"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{said}");
    for part in [&format!("has schema {}", known + 2), &format!("knows schema {known}"), "install the version"] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(bare.number("SELECT COUNT(*) FROM users"), 1, "nothing is touched");
    // Nor is one of another text under the same number.
    bare.execute(format!("DELETE FROM schema_versions WHERE version > {known}; UPDATE meta SET serves_from = {known}"));
    bare.execute(format!("UPDATE schema_versions SET checksum = 'x' WHERE version = {known}"));
    assert_eq!(server.try_run(&["client", "list"], "").status.code(), Some(78));
}
