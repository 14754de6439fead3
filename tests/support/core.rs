//! The core without servers: a store on either engine, the login service over it, and a time that stands still.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;
use twolatch_core::api_token::{ApiToken, Scope};
use twolatch_core::crypto::SystemEntropy;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::crypto::password::{Cost, Hasher};
use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::id::Id;
use twolatch_core::login::Logins;
use twolatch_core::login::answers::Approval;
use twolatch_core::login::api_tokens::{Shown, Wanted};
use twolatch_core::login::host::Peer;
use twolatch_core::login::manage::Actor;
use twolatch_core::policy::{Level, Rules};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::{Location, Store};
use twolatch_core::time::{Clock, Timestamp};
use twolatch_core::user::{User, UserName};
use twolatch_core::wire::{Answer, Begin, Evidence, Outcome, Qr, VERSION};

use super::database::{Database, Engine};

/// The moment at which tests happen, in the middle of a step.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_800_000_010);

/// Root, as sshd and sudo are.
pub(crate) const ROOT: Peer = Peer { uid: 0 };

/// A store and the service over it.
pub(crate) struct Core {
    pub(crate) logins: Logins,
    database: Database,
    folder: TempDir,
}

impl Core {
    /// A new system, where everybody is asked. Nothing where the engine is missing.
    pub(crate) async fn new(engine: Engine) -> Option<Self> {
        let database = Database::new(engine)?;
        Some(Self::with(database, tempfile::tempdir().unwrap()).await)
    }

    /// A new system on SQLite, with its files in this folder.
    pub(crate) async fn in_folder(folder: &Path) -> Self {
        Self::with(Database::new(Engine::Sqlite).unwrap(), tempfile::tempdir_in(folder).unwrap()).await
    }

    async fn with(database: Database, folder: TempDir) -> Self {
        drop(KeyRing::create(&folder.path().join("keys"), &SystemEntropy::new()).unwrap());
        let store = open(&database, &folder).await;
        let entropy = SystemEntropy::new();
        let cost = Cost { memory_kib: 19 * 1024, passes: 1, lanes: 1 };
        let logins = Logins {
            store,
            hasher: Hasher::new(cost, 2, &entropy).unwrap(),
            locked: false,
            mail: false,
            approval: Approval::default(),
            organisation: "Example".into(),
            host: "test".into(),
        };
        logins.set_rules(Rules::initial(Level::Required), 0, "test".to_owned(), &actor(NOW)).await.unwrap();
        Self { logins, database, folder }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.logins.store
    }

    /// Another server on the same database: nothing lives only in a process.
    pub(crate) async fn second_server(&self) -> Logins {
        Logins { store: open(&self.database, &self.folder).await, ..self.logins.clone() }
    }

    /// A new member, who can set up for a week.
    pub(crate) async fn member(&self, name: &str) -> User {
        let id = Id::random(self.store().entropy()).unwrap();
        let user = User::new(id, name.parse().unwrap(), NOW.plus(7 * 86_400), NOW);
        self.logins.add_user(user, None, false, &actor(NOW)).await.unwrap()
    }

    /// A new member with an authenticator.
    pub(crate) async fn enrolled(&self, name: &str) -> Totp {
        self.member(name).await;
        self.give_totp(name).await
    }

    /// Gives somebody an authenticator.
    pub(crate) async fn give_totp(&self, name: &str) -> Totp {
        let secret = Totp::random(self.store().entropy()).unwrap().base32();
        let totp = Totp::from_base32(&secret, Algorithm::Sha1, 6, 30).unwrap();
        self.logins.provision_totp(&parsed(name), totp.clone(), None, &actor(NOW)).await.unwrap();
        // What the tests count are letters about what they do themselves.
        self.tamper("DELETE FROM mails WHERE kind = 'notice'").await;
        totp
    }

    /// All bytes of the database's files; SQLite only.
    pub(crate) fn file_bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let of_database =
            |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("twolatch.db");
        files.filter(of_database).flat_map(|path| std::fs::read(path).unwrap()).collect()
    }

    /// Runs a statement as somebody who can write the database, but has no key.
    pub(crate) async fn tamper(&self, text: &'static str) -> u64 {
        sqlx::raw_sql(text).execute(self.store().pool()).await.unwrap().rows_affected()
    }

    pub(crate) async fn number(&self, text: &'static str) -> i64 {
        sqlx::query_scalar(text).fetch_one(self.store().pool()).await.unwrap()
    }
}

async fn open(database: &Database, folder: &TempDir) -> Store {
    let location = match database.url() {
        Some(url) => url.parse().unwrap(),
        None => Location::file(&folder.path().join("twolatch.db")),
    };
    let keys = KeyRing::load(&folder.path().join("keys")).unwrap();
    Store::open(location, keys, Arc::new(SystemEntropy::new())).await.unwrap()
}

/// A clock that stands until it is set.
pub(crate) struct StandingClock(AtomicI64);

impl StandingClock {
    pub(crate) fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.unix()))
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.unix(), Ordering::Relaxed);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) fn actor(now: Timestamp) -> Actor {
    Actor::command_line("test".to_owned(), now)
}

pub(crate) fn parsed(name: &str) -> UserName {
    name.parse().unwrap()
}

/// The start of an SSH login behind a password.
pub(crate) fn ssh(user: &str) -> Begin {
    Begin {
        version: VERSION,
        nonce: "0".repeat(32),
        user: user.to_owned(),
        service: "sshd".to_owned(),
        tty: Some("ssh".to_owned()),
        rhost: Some("192.0.2.1".to_owned()),
        caller: 0,
        evidence: Evidence::Stack,
        key: None,
        qr: Qr::Utf8,
    }
}

/// What is typed at a prompt.
pub(crate) fn typed(begin: &Begin, attempt: &str, text: &str) -> Answer {
    Answer {
        version: VERSION,
        nonce: "1".repeat(32),
        user: begin.user.clone(),
        service: begin.service.clone(),
        attempt: attempt.to_owned(),
        typed: Secret::new(text.to_owned()),
    }
}

/// The sealed attempt of a prompt.
#[track_caller]
pub(crate) fn attempt(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ask { attempt, .. } => attempt.clone(),
        other => panic!("a prompt was expected: {other:?}"),
    }
}

/// What is shown above a prompt.
#[track_caller]
pub(crate) fn notice(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Ask { notice, .. } => notice.as_deref().unwrap_or_default(),
        other => panic!("a prompt was expected: {other:?}"),
    }
}

/// The recovery codes, or the key, that a text shows.
pub(crate) fn recovery_codes(text: &str) -> Vec<String> {
    let is_one = |word: &&str| {
        [20, 38].contains(&word.len()) && word.split('-').all(|part| part.len() > 2) && word.contains('-')
    };
    text.split_whitespace().filter(is_one).map(str::to_owned).collect()
}

/// A whole login with one code.
pub(crate) async fn log_in(logins: &Logins, begin: &Begin, code: &str, now: Timestamp) -> Outcome {
    let prompt = logins.begin(ROOT, begin, now).await.unwrap();
    let Outcome::Ask { attempt, .. } = &prompt else { return prompt };
    logins.answer(ROOT, &typed(begin, attempt, code), now).await.unwrap()
}

/// The code of an authenticator at a moment, moved by steps.
pub(crate) fn code_at(totp: &Totp, now: Timestamp, offset: i64) -> String {
    totp.code_of(totp.step_at(now) + offset).unwrap().expose().to_owned()
}

/// A code that no step near this moment has.
pub(crate) fn wrong_code(totp: &Totp, now: Timestamp) -> String {
    let near: Vec<String> = (-4..=4).map(|offset| code_at(totp, now, offset)).collect();
    (0..100).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap()
}

/// Why a login did not go on.
pub(crate) fn reason(outcome: &Outcome) -> Option<Reason> {
    match outcome {
        Outcome::Ask { reason, .. } => *reason,
        Outcome::Refused { reason, .. } => Some(*reason),
        Outcome::Granted | Outcome::NotAsked => None,
    }
}

/// Runs a test on both engines.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(core) = crate::support::core::Core::new(crate::support::database::Engine::Sqlite).await {
                    super::$name(core).await;
                }
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(core) = crate::support::core::Core::new(crate::support::database::Engine::Postgres).await {
                    super::$name(core).await;
                }
            })*
        }
    };
}
pub(crate) use on_both;

/// A program that acts in somebody's name, with its token.
pub(crate) async fn program(logins: &Logins, name: &str, scope: Scope, days: u16) -> (Id<ApiToken>, Actor) {
    let wanted = Wanted { note: "a script".to_owned(), scopes: [scope].into(), days };
    let (token, shown) = logins.add_api_token(&parsed(name), wanted, &actor(NOW)).await.unwrap();
    let caller = logins.api_caller(shown.expose(), "192.0.2.1", NOW).await.unwrap();
    let Shown::Good(caller) = caller else { panic!("{caller:?}") };
    (token.id, caller.actor(NOW))
}
