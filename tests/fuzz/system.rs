//! A server without a listener, with a database of its own, for targets whose inputs want one.

use std::path::Path;
use std::sync::Arc;

use idp_server::config::Config;
use idp_server::config::clients::Clients;
use idp_server::counts::Counts;
use idp_server::fetch::Fetcher;
use idp_server::figures::Counted;
use idp_server::happenings::Happenings;
use idp_server::logos::Logos;
use idp_server::oidc::sign::Keys;
use idp_server::recent::Recent;
use idp_server::state::{App, Parts};
use idp_server::trail::check::Checks;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use twolatch_core::crypto::SystemEntropy;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::crypto::password::{Cost, Hasher};
use twolatch_core::factor::totp::Totp;
use twolatch_core::id::Id;
use twolatch_core::login::Logins;
use twolatch_core::login::answers::Approval;
use twolatch_core::login::manage::Actor;
use twolatch_core::policy::{Level, Rules};
use twolatch_core::store::{Location, Store};
use twolatch_core::time::{Clock, Timestamp};
use twolatch_core::user::User;

/// The moment at which it stands still.
pub const NOW: Timestamp = Timestamp::from_unix(1_800_000_010);

/// The server, and what it runs on.
pub struct System {
    /// Its parts.
    pub app: App,
    /// Where its futures run.
    pub runtime: Runtime,
    _folder: TempDir,
}

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

impl System {
    /// A new one, where everybody is asked: alice has an authenticator, bob has none yet.
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let app = runtime.block_on(app(folder.path()));
        Self { app, runtime, _folder: folder }
    }
}

async fn app(folder: &Path) -> App {
    let entropy = SystemEntropy::new();
    let keys = KeyRing::create(&folder.join("keys"), &entropy).unwrap();
    let store = Store::open(Location::file(&folder.join("twolatch.db")), keys, Arc::new(SystemEntropy::new())).await;
    let store = store.unwrap();
    let cost = Cost { memory_kib: 19 * 1024, passes: 1, lanes: 1 };
    let logins = Logins {
        store: store.clone(),
        hasher: Hasher::new(cost, 2, &entropy).unwrap(),
        locked: false,
        mail: false,
        approval: Approval::default(),
        organisation: "Example".into(),
        host: "fuzz".into(),
    };
    let actor = Actor::command_line("fuzz".to_owned(), NOW);
    logins.set_rules(Rules::initial(Level::Required), 0, "fuzz".to_owned(), &actor).await.unwrap();
    for name in ["alice", "bob"] {
        let user = User::new(Id::random(store.entropy()).unwrap(), name.parse().unwrap(), NOW.plus(7 * 86_400), NOW);
        logins.add_user(user, None, false, &actor).await.unwrap();
    }
    let totp = Totp::random(store.entropy()).unwrap();
    logins.provision_totp(&"alice".parse().unwrap(), totp, None, &actor).await.unwrap();
    let config = "issuer = \"https://id.example.org\"\nlisten = \"127.0.0.1:0\"\nkeys = \"keys\"\n\
                  database_url = \"sqlite://twolatch.db\"\ntrusted_proxies = [\"192.0.2.250\"]\n";
    App::from(Parts {
        store,
        logins,
        config: Arc::new(Config::parse(Path::new("twolatch.toml"), config).unwrap()),
        keys: Keys::default(),
        counts: Counts::default(),
        happenings: Happenings::default(),
        recent: Recent::default(),
        figures: Counted::default(),
        fetcher: Fetcher::new(&Clients::default()),
        checks: Checks::default(),
        logos: Logos::new(Fetcher::new(&Clients::default())),
        clock: Arc::new(StandingClock),
    })
}
