//! F-1: whoever does something to many people is killed in the middle of it. The next server goes on, and it is done to
//! each once.

use std::process::Stdio;
use std::sync::Arc;

use idp_server::config::Config;
use tokio::runtime::Runtime;
use twolatch_core::crypto::SystemEntropy;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::store::Store;

use crate::support::database::Engine;
use crate::support::on_both_databases;
use crate::support::server::Server;
use crate::support::wait::until;

on_both_databases!(f1_what_is_done_to_many_goes_on_where_it_was_cut_short);

const PEOPLE: usize = 1500;

/// The database, looked at beside whoever serves it.
struct Look {
    runtime: Runtime,
    store: Store,
}

impl Look {
    fn at(server: &Server) -> Self {
        let runtime = Runtime::new().unwrap();
        let store = runtime.block_on(async {
            let config = Config::load(&server.config_path()).unwrap();
            let keys = KeyRing::load(&config.keys).unwrap();
            Store::open(config.database, keys, Arc::new(SystemEntropy::new())).await.unwrap()
        });
        Self { runtime, store }
    }

    fn number(&self, text: &'static str) -> usize {
        let number: i64 = self.runtime.block_on(sqlx::query_scalar(text).fetch_one(self.store.pool())).unwrap();
        usize::try_from(number).unwrap()
    }

    fn done(&self) -> usize {
        self.number("SELECT COUNT(*) FROM audit WHERE event = 'registration_requested'")
    }

    /// Waits until it was done to more than so many.
    fn until_more_than(&self, count: usize) -> usize {
        until("the next batch", || Some(self.done()).filter(|done| *done > count))
    }
}

fn f1_what_is_done_to_many_goes_on_where_it_was_cut_short(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(engine, folder.path()) else { return };
    let names: Vec<String> = (0..PEOPLE).map(|number| format!("user{number:04}")).collect();
    let add: Vec<&str> = ["user", "add"].into_iter().chain(names.iter().map(String::as_str)).collect();
    server.run(&add, "");
    let look = Look::at(&server);

    let mut begun = server
        .command(&["user", "bulk", "request-registration", "--all"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let by_command = look.until_more_than(0);
    begun.kill().unwrap();
    begun.wait().unwrap();
    server.start();
    let by_first = look.until_more_than(by_command + 50);
    server.kill();
    let cut_short = look.done();
    assert!(cut_short < PEOPLE, "it was cut short twice: {by_command}, {by_first}, {cut_short}");
    server.start();
    look.until_more_than(PEOPLE - 1);
    assert_eq!(look.done(), PEOPLE, "a record for each");
    assert_eq!(
        look.number("SELECT COUNT(DISTINCT user_name) FROM audit WHERE event = 'registration_requested'"),
        PEOPLE
    );
    assert_eq!(look.number("SELECT COUNT(*) FROM job_failures"), 0);
}
