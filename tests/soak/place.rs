//! Where it happens: a server on a disk or a database of its own, which can be taken away, a mail server, and people.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use idp_server::config::Config;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::Uid;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use twolatch_core::crypto::SystemEntropy;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::store::Store;

use crate::mail::smtp::Post;
use crate::support::database::{Database, Engine};
use crate::support::server::{Process, Server};
use crate::support::site::PASSWORD;
use crate::support::{run, setting, skip, totp};

/// People at the socket.
pub(crate) const AT_HOSTS: usize = 120;

/// People who sign in with a browser, and as many with a program.
pub(crate) const AT_WEB: usize = 8;

/// The disk of a server on SQLite.
const DISK: &str = "size=192m,mode=755";

/// Somebody with an authenticator.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) secret: String,
}

/// All of it.
pub(crate) struct Place {
    pub(crate) server: Server,
    pub(crate) people: Vec<Person>,
    /// Gone, where mail is.
    pub(crate) mail: Option<Process>,
    pub(crate) post: Post,
    /// Whether its disk is small, and full at will.
    pub(crate) small_disk: bool,
    pub(crate) cluster: Option<Cluster>,
    observer: (Runtime, Store),
    _folder: TempDir,
}

impl Place {
    pub(crate) fn new(engine: Engine) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let post = Post::new(folder.path())?;
        let (cluster, database) = match engine {
            Engine::Sqlite => (None, Database::Sqlite),
            Engine::Postgres => {
                let cluster = Cluster::start()?;
                let database = Database::at(cluster.url.clone());
                (Some(cluster), database)
            }
        };
        let mut small_disk = false;
        let server = Server::init_on(database, folder.path(), |data| {
            small_disk = engine == Engine::Sqlite && mount_disk(data);
        });
        let config = fs::read_to_string(server.config_path()).unwrap();
        let mail = format!("\n[mail]\nfrom = \"id@example.org\"\nurl = \"smtp://127.0.0.1:{}?tls=none\"\n", post.port);
        fs::write(server.config_path(), config + &mail).unwrap();
        let people = people(&server);
        let mut place = Self {
            observer: observer(&server),
            server,
            people,
            mail: None,
            post,
            small_disk,
            cluster,
            _folder: folder,
        };
        place.open_mail();
        place.server.start();
        Some(place)
    }

    /// The mail server, from now on.
    pub(crate) fn open_mail(&mut self) {
        self.mail = Some(self.post.open("good", &[]));
    }

    /// Keeps others from writing for so long.
    pub(crate) fn lock(&self, long: Duration) {
        let (runtime, store) = &self.observer;
        let lock = if self.cluster.is_some() { "BEGIN; LOCK TABLE audit IN EXCLUSIVE MODE" } else { "BEGIN IMMEDIATE" };
        runtime.block_on(async {
            let mut connection = store.pool().acquire().await.unwrap();
            // Not where somebody writes just now and does not end in time.
            if sqlx::raw_sql(lock).execute(&mut *connection).await.is_ok() {
                tokio::time::sleep(long).await;
            }
            let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
        });
    }

    /// What is recorded of somebody, and the last time step of theirs, for whoever looks for a fault.
    pub(crate) fn records(&self, name: &str) -> Vec<String> {
        let (runtime, store) = &self.observer;
        let query = "SELECT CAST(at AS TEXT) || ' ' || event || ' ' || result || ' ' || COALESCE(source, '') || ' ' || \
            COALESCE(detail, '') FROM audit WHERE user_name = $1 UNION ALL SELECT 'last step ' || CAST(f.last_step AS TEXT) \
            FROM factors f JOIN users u ON u.id = f.user_id WHERE u.name = $1";
        runtime
            .block_on(async { sqlx::query_scalar(query).bind(name).fetch_all(store.pool()).await.unwrap_or_default() })
    }

    /// How many codes of somebody were accepted, by what another process finds in the database.
    pub(crate) fn accepted(&self, name: &str) -> i64 {
        let (runtime, store) = &self.observer;
        let query = "SELECT COUNT(*) FROM audit WHERE event = 'code' AND result = 'ok' AND user_name = $1";
        runtime.block_on(async {
            let mut last = None;
            for _ in 0..10 {
                match sqlx::query_scalar(query).bind(name).fetch_one(store.pool()).await {
                    Ok(count) => return count,
                    Err(error) => last = Some(error),
                }
            }
            panic!("the database gives no answer: {last:?}")
        })
    }
}

/// A small file system for the data, which only root has in the throw-away machine.
fn mount_disk(data: &Path) -> bool {
    if !Uid::effective().is_root() || !Path::new("/run/throw-away-machine").exists() {
        skip("no throw-away machine: the disk is never full");
        return false;
    }
    fs::create_dir(data).unwrap();
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    mount(Some("tmpfs"), data, Some("tmpfs"), MsFlags::empty(), Some(DISK)).unwrap();
    true
}

fn people(server: &Server) -> Vec<Person> {
    let mut table = "name,secret\n".to_owned();
    let people: Vec<Person> = (0..AT_HOSTS + 2 * AT_WEB)
        .map(|number| Person { name: format!("p{number}"), secret: totp::new_secret() })
        .collect();
    for person in &people {
        writeln!(table, "{},{}", person.name, person.secret).unwrap();
    }
    server.run(&["import", "csv", "-", "--add-people"], &table);
    for person in people.iter().skip(AT_HOSTS) {
        server.run(&["user", "set", &person.name, "--password-stdin", "--keep"], &format!("{PASSWORD}\n"));
    }
    server.run(&["user", "add", "invited", "--email", "invited@example.org"], "");
    people
}

/// Another process's view of the database, as far as one process can have it: a pool of its own.
fn observer(server: &Server) -> (Runtime, Store) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let store = runtime.block_on(async {
        let config = Config::load(&server.config_path()).unwrap();
        let keys = KeyRing::load(&config.keys).unwrap();
        Store::open(config.database, keys, Arc::new(SystemEntropy::new())).await.unwrap()
    });
    (runtime, store)
}

/// A PostgreSQL that no other test uses.
pub(crate) struct Cluster {
    url: String,
    folder: PathBuf,
    // Ends with its standard input.
    script: Child,
}

impl Cluster {
    fn start() -> Option<Self> {
        if setting("TWOLATCH_TEST_POSTGRES").is_none() {
            skip("no PostgreSQL: run the tests through tests/postgres.sh");
            return None;
        }
        let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/postgres.sh"))
            .args(["sh", "-c", "echo \"$TWOLATCH_TEST_POSTGRES\"; cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(script.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        let folder = PathBuf::from(url.split_once("host=").expect("a folder").1);
        Some(Self { url, folder, script })
    }

    /// Stops it as if its power had gone.
    pub(crate) fn stop(&self) {
        self.control(&["-m", "immediate", "stop"]);
    }

    /// Starts it again, as `tests/postgres.sh` has.
    pub(crate) fn start_again(&self) {
        let port = self.url.split_once("localhost:").unwrap().1.split_once('/').unwrap().0;
        let folder = self.folder.display();
        let options = format!(
            "-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=200"
        );
        self.control(&["-l", &format!("{folder}/log"), "-o", &options, "start"]);
    }

    fn control(&self, words: &[&str]) {
        let programs =
            fs::read_dir("/usr/lib/postgresql").unwrap().map(|entry| entry.unwrap().path().join("bin/pg_ctl"));
        let (program, data) = (programs.max().expect("a version"), self.folder.join("data"));
        let line = [&[program.to_str().unwrap(), "-s", "-w", "-D", data.to_str().unwrap()][..], words].concat();
        if Uid::effective().is_root() {
            run("setpriv", &[&["--reuid=postgres", "--regid=postgres", "--init-groups", "--"][..], &line].concat(), "");
        } else {
            run(line[0], &line[1..], "");
        }
    }

    /// The processes of it, the first of which has started the others.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let text = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let first: i32 = text.lines().next().unwrap().parse().unwrap();
        let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
        [first].into_iter().chain(children.split_whitespace().map(|pid| pid.parse().unwrap())).collect()
    }

    /// Ends every connection to it.
    pub(crate) fn cut(&self) {
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
        run("psql", &["-qX", "-d", &self.url, "-c", cut], "");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}
