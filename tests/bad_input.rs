//! What is broken around the server: each has its own message and exit status, denies, and loses nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use sqlx::{ConnectOptions, Connection};
use twolatch_core::reason::Reason;
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, ROOT, code_at, log_in, ssh};
use crate::support::database::{Engine, Holder};
use crate::support::server::Server;
use crate::support::site::PASSWORD;
use crate::support::visitor::Visitor;
use crate::support::{run, skip, totp};

/// Tries to start the server, which must refuse: its exit status and what it said.
fn refused(server: &Server) -> (i32, String) {
    let output = server.try_run(&["serve"], "");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn f14_a_broken_configuration_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    let path = server.config_path();
    let good = fs::read_to_string(&path).unwrap();
    let table: [(&str, Vec<u8>, &str); 6] = [
        ("unknown key", [good.as_bytes(), b"\n[polcy]\nlock = \"required\"\n"].concat(), "unknown field `polcy`"),
        ("wrong type", good.replace("listen = \"127", "listen = 127 # \"").into_bytes(), "invalid type"),
        ("empty", Vec::new(), "missing field `issuer`"),
        ("not UTF-8", vec![0xff, 0xfe, 0x00], "not UTF-8"),
        ("100 MB", vec![b'#'; 100_000_000], "larger than 1 MiB"),
        (
            "plain http for all",
            good.replace("listen = \"127.0.0.1:", "listen = \"0.0.0.0:").into_bytes(),
            "only a loopback address",
        ),
    ];
    for (name, bytes, expected) in table {
        fs::write(&path, bytes).unwrap();
        let (status, said) = refused(&server);
        assert_eq!(status, 78, "{name}: {said}");
        assert!(said.contains(expected), "{name}: {said}");
        assert!(said.contains("twolatch.toml"), "{name} names the file: {said}");
    }
    fs::write(&path, good).unwrap();
    server.run(&["user", "list"], "");
}

#[test]
fn f15_a_key_that_is_missing_wrong_short_or_readable_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    let path = server.keys_path();
    let good = fs::read_to_string(&path).unwrap();
    let id = good.split(':').next().unwrap().to_owned();
    let other = data_encoding::BASE64.encode(&[1; 32]);
    let faults = [
        (Some(format!("{id}:{other}\n")), 0o600, "key_mismatch"),
        (Some(format!("other:{other}\n")), 0o600, "key_mismatch"),
        (Some(format!("{id}:AAAA\n")), 0o600, "key_short"),
        (Some(good.clone()), 0o644, "key_unsafe"),
        (None, 0o600, "key_missing"),
    ];
    for (text, mode, expected) in faults {
        fs::remove_file(&path).unwrap_or_default();
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let (status, said) = refused(&server);
        assert_eq!(status, 78, "{said}");
        assert!(said.contains(expected), "{expected}: {said}");
    }
    fs::write(&path, good).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    server.run(&["user", "list"], "");
}

#[test]
fn a_taken_port_and_a_taken_socket_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    server.start();
    let (status, said) = refused(&server);
    assert_eq!(status, 69, "{said}");
    assert!(said.contains("cannot listen on 127.0.0.1:"), "{said}");
    server.stop();

    fs::remove_file(server.socket()).unwrap();
    let other = UnixListener::bind(server.socket()).unwrap();
    let (status, said) = refused(&server);
    assert_eq!(status, 69, "{said}");
    assert!(said.contains("another server answers there"), "{said}");
    drop(other);
    fs::remove_file(server.socket()).unwrap();
    fs::write(server.socket(), "not a socket").unwrap();
    let (status, said) = refused(&server);
    assert_eq!(status, 69, "{said}");
    assert_eq!(fs::read_to_string(server.socket()).unwrap(), "not a socket", "nothing of somebody else's is removed");
    fs::remove_file(server.socket()).unwrap();
    server.start();
}

#[test]
fn f7_a_database_server_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    let path = server.config_path();
    let good = fs::read_to_string(&path).unwrap();
    let line = good.lines().find(|line| line.starts_with("database_url")).unwrap().to_owned();
    fs::write(&path, good.replace(&line, "database_url = \"postgres://nobody:hunter22@127.0.0.1:1/none\"")).unwrap();
    let (status, said) = refused(&server);
    assert_eq!(status, 69, "{said}");
    assert!(said.contains("store_down"), "{said}");
    assert!(!said.contains("hunter22"), "{said}");
}

#[test]
fn f4_a_database_that_is_gone_or_read_only_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    server.run(&["user", "add", "alice"], "");
    let file = server.config_path().with_file_name("data").join("twolatch.db");
    let kept = file.with_extension("kept");
    fs::rename(&file, &kept).unwrap();
    let (status, said) = refused(&server);
    assert_eq!((status, said.contains("there is no database at")), (74, true), "{said}");
    assert!(!file.exists(), "no empty one is made");
    fs::rename(&kept, &file).unwrap();

    if nix::unistd::geteuid().is_root() {
        let place = file.parent().unwrap().to_str().unwrap();
        run("mount", &["--bind", place, place], "");
        run("mount", &["-o", "remount,bind,ro", place], "");
        let (status, said) = refused(&server);
        run("umount", &[place], "");
        assert_eq!(status, 74, "{said}");
        assert!(said.contains("store_io"), "{said}");
    } else {
        skip("not root: no disk is made read-only");
    }
    server.start();
    assert_eq!(server.json(&["user", "list"])[0]["name"], "alice", "nothing is lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f5_a_locked_database_denies_in_time_and_counts_nothing() {
    let core = Core::new(Engine::Sqlite).await.unwrap();
    let totp = core.enrolled("alice").await;
    let options: sqlx::sqlite::SqliteConnectOptions = core.store().location().to_string().parse().unwrap();
    let mut holder = options.connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut holder).await.unwrap();
    let begin = ssh("alice");
    let prompt = core.logins.begin(ROOT, &begin, NOW).await.unwrap();
    let answer = crate::support::core::typed(&begin, &crate::support::core::attempt(&prompt), &code_at(&totp, NOW, 0));
    let (outcome, took) = {
        let start = crate::support::wait::Stopwatch::start();
        (core.logins.answer(ROOT, &answer, NOW).await, start.elapsed())
    };
    assert_eq!(outcome.map_err(|error| error.reason()), Err(Reason::StoreBusy));
    assert!(took.as_secs() < 5, "{took:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    holder.close().await.unwrap();
    assert_eq!(log_in(&core.logins, &begin, &code_at(&totp, NOW, 0), NOW).await, Outcome::Granted);
}

#[test]
fn f5_who_holds_the_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    let file = server.config_path().with_file_name("data").join("twolatch.db");
    let holder = Holder::of(&file);
    let output = server.try_run(&["user", "add", "alice"], "");
    let pid = holder.pid();
    drop(holder);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(75), "{said}");
    assert!(said.contains(&format!("store_busy holder={pid}")), "{said}");
    server.run(&["user", "add", "alice"], "");
}

#[tokio::test]
async fn f6_a_slow_database_denies_in_time_and_counts_nothing() {
    let Some(core) = Core::new(Engine::Postgres).await else { return };
    let totp = core.enrolled("alice").await;
    core.tamper(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'; \
         CREATE TRIGGER wait BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION wait()",
    )
    .await;
    let begin = ssh("alice");
    let prompt = core.logins.begin(ROOT, &begin, NOW).await.unwrap();
    let answer = crate::support::core::typed(&begin, &crate::support::core::attempt(&prompt), &code_at(&totp, NOW, 0));
    let start = crate::support::wait::Stopwatch::start();
    let outcome = core.logins.answer(ROOT, &answer, NOW).await;
    let took = start.elapsed();
    assert_eq!(outcome.map_err(|error| error.reason()), Err(Reason::StoreSlow));
    assert!(took.as_secs() < 5, "{took:?}");
    core.tamper("DROP TRIGGER wait ON audit").await;
    assert_eq!(log_in(&core.logins, &begin, &code_at(&totp, NOW, 0), NOW).await, Outcome::Granted);
}

#[test]
fn f3_a_full_disk_denies_and_loses_nothing() {
    if !nix::unistd::geteuid().is_root() {
        return skip("not root: no disk is filled");
    }
    let disk = tempfile::tempdir().unwrap();
    let place = disk.path().to_str().unwrap();
    run("mount", &["-t", "tmpfs", "-o", "size=2M", "none", place], "");
    let outcome = std::panic::catch_unwind(|| on_a_small_disk(disk.path()));
    run("umount", &["-l", place], "");
    outcome.unwrap();
}

fn on_a_small_disk(disk: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let core = Core::in_folder(disk).await;
        let totp = core.enrolled("alice").await;
        let begin = ssh("alice");
        let filler = disk.join("filler");
        // As much as fits.
        let _ = fs::write(&filler, vec![0; 4 << 20]);
        let mut reasons = Vec::new();
        for _ in 0..40 {
            match core.logins.begin(ROOT, &begin, NOW).await {
                Ok(Outcome::Ask { attempt, .. }) => {
                    let answer = crate::support::core::typed(&begin, &attempt, "000000");
                    reasons.extend(core.logins.answer(ROOT, &answer, NOW).await.err().map(|error| error.reason()));
                }
                Ok(other) => panic!("{other:?}"),
                Err(error) => reasons.push(error.reason()),
            }
        }
        assert!(reasons.contains(&Reason::StoreFull), "{reasons:?}");
        fs::remove_file(&filler).unwrap();
        let later = NOW.plus(7200);
        let good = log_in(&core.logins, &begin, &code_at(&totp, later, 0), later).await;
        assert_eq!(good, Outcome::Granted, "it works again without a restart");
    });
}

#[test]
fn t14_no_core_file_of_the_server_is_written() {
    let sockets = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(Engine::Sqlite, sockets.path()) else { return };
    server.start();
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(line.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{line}");
}

#[test]
fn sec_5_t14_what_is_secret_stands_in_no_log_and_no_file_beside_the_keys() {
    let sockets = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(Engine::Sqlite, sockets.path()) else { return };
    let secret = totp::new_secret();
    server.run(&["user", "add", "alice", "bob"], "");
    server.run(&["factor", "add-totp", "alice", "--secret-stdin"], &format!("{secret}\n"));
    server.run(&["user", "set", "alice", "--password-stdin", "--keep"], &format!("{PASSWORD}\n"));
    let invited = server.json(&["user", "invite", "bob"])[0]["link"].as_str().unwrap().to_owned();
    let mut secrets = vec![PASSWORD.to_owned(), secret.clone(), invited.rsplit('/').next().unwrap().to_owned()];
    server.start();
    let client = Visitor::client();
    let mut visitor = Visitor::new(&client, &server);
    let page = visitor.reach_code("alice");
    secrets.extend(visitor.cookies());
    let code = totp::code(&secret);
    visitor.post(&page, &[("code", &code)]);
    assert!(visitor.has_session());
    secrets.extend(visitor.cookies());
    visitor.get(invited.strip_prefix(&server.issuer()).unwrap());
    visitor.get(&format!("/login?password={PASSWORD}").replace(' ', "%20"));
    server.stop();
    let audit = server.run(&["audit", "export", "--format", "json"], "");
    let keys = server.keys_path();
    let mut texts = vec![("audit".to_owned(), audit.into_bytes())];
    let home = server.config_path().parent().unwrap().to_owned();
    for folder in [home.clone(), home.join("data")] {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_file() && entry != keys {
                texts.push((entry.display().to_string(), fs::read(entry).unwrap()));
            }
        }
    }
    assert!(
        texts.iter().any(|(name, _)| name.ends_with("twolatch.db"))
            && texts.iter().any(|(name, _)| name.ends_with("server.log"))
    );
    for secret in secrets.iter().filter(|secret| secret.len() >= 16) {
        for (name, bytes) in &texts {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{name}: {secret}");
        }
    }
    let log = server.log();
    assert!(!log.contains(&code) && !log.contains(PASSWORD), "{log}");
}
