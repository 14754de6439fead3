//! A server's parts over a new database, for the tests beside files.

use std::path::Path;
use std::sync::Arc;

use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::crypto::password::Hasher;
use twolatch_core::crypto::{Entropy, SystemEntropy};
use twolatch_core::login::Logins;
use twolatch_core::store::{Location, Store};
use twolatch_core::time::{Clock, Timestamp};

use crate::config::Config;
use crate::config::clients::Clients;
use crate::counts::Counts;
use crate::fetch::Fetcher;
use crate::figures::Counted;
use crate::happenings::Happenings;
use crate::logos::Logos;
use crate::oidc::sign::Keys;
use crate::recent::Recent;
use crate::state::{App, Parts};
use crate::trail::check::Checks;

/// When nothing else is said.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// A clock that stands still.
struct StoppedClock(Timestamp);

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The same parts at another time.
pub(crate) fn at(app: &App, now: Timestamp) -> App {
    Parts { clock: Arc::new(StoppedClock(now)), ..Parts::clone(app) }.into()
}

/// The parts, and the folder that they live in.
pub(crate) async fn app() -> (tempfile::TempDir, App) {
    let clock = Arc::new(StoppedClock(NOW));
    let folder = tempfile::tempdir().unwrap();
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let keys = KeyRing::create(&folder.path().join("keys"), entropy.as_ref()).unwrap();
    let location = Location::file(&folder.path().join("test.db"));
    let config = Config::parse(Path::new("twolatch.toml"), crate::config::tests::GOOD).unwrap();
    let store = Store::open(location, keys, Arc::clone(&entropy)).await.unwrap();
    let logins = Logins {
        store: store.clone(),
        hasher: Hasher::new(config.password, 1, entropy.as_ref()).unwrap(),
        locked: config.locked,
        mail: false,
        approval: twolatch_core::login::answers::Approval::default(),
        organisation: config.organisation.as_str().into(),
        host: "here".into(),
    };
    let app = App::from(Parts {
        store,
        logins,
        config: Arc::new(config),
        keys: Keys::default(),
        figures: Counted::default(),
        counts: Counts::default(),
        fetcher: Fetcher::new(&Clients::default()),
        happenings: Happenings::default(),
        recent: Recent::default(),
        checks: Checks::default(),
        logos: Logos::new(Fetcher::new(&Clients::default())),
        clock,
    });
    (folder, app)
}
