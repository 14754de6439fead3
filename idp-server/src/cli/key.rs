//! `twolatch key`: the keys that seal the database and those that sign tokens, and others in their place while everything
//! goes on.

use std::io::{IsTerminal, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;
use twolatch_core::audit::{Event, Record};
use twolatch_core::crypto::keyring::{KeyRing, State};
use twolatch_core::store::audit::record;
use twolatch_core::store::ring::Serving;
use twolatch_core::time::Timestamp;

use super::open::{Rights, close, open_beside};
use super::{CliError, actor, say, say_json};
use crate::config::Config;
use crate::date;
use crate::oidc::sign::{self, OVERLAP};
use crate::state::App;

/// How often, and how far apart, it is looked whether all servers have a key: they look at the key ring every second.
const TRIES: u32 = 24;
const PAUSE: Duration = Duration::from_millis(250);

/// Seconds after a change of the key ring. A command that began before it seals by the old one as long as it runs, and none
/// takes as long.
const SETTLED: i64 = 900;

#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// The keys, what each is for, and how much needs it.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make new keys and go over to them. Run again, it goes on where it has stopped.
    Rotate {
        /// `sealing`: the key ring, and all that it has sealed; `signing`: the keys of ID tokens.
        which: Which,
        /// Signing keys that others may have: the new ones sign at once, and nothing that the old have signed is good.
        #[arg(long)]
        leaked: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a sealing key out of use that nothing needs any more. Backups from before cannot be restored without it.
    Retire {
        /// The key.
        id: String,
        /// Also where damaged rows are sealed with it: nothing opens those any more.
        #[arg(long)]
        give_up_damaged: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Which {
    /// The key ring.
    Sealing,
    /// The keys of ID tokens.
    Signing,
}

#[derive(Debug, Serialize)]
struct Sealing {
    id: String,
    state: State,
    needed_by: i64,
}

#[derive(Debug, Serialize)]
struct Signing {
    kid: String,
    alg: String,
    state: &'static str,
    signs_at: i64,
    retired_at: Option<i64>,
    published_until: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Keys {
    sealing: Vec<Sealing>,
    signing: Vec<Signing>,
    servers: Vec<Serving>,
}

#[derive(Debug, Serialize)]
struct Rotated {
    key: String,
    former: Vec<String>,
    resealed: u64,
    damaged: Vec<String>,
}

/// A system and its key ring's file.
struct Place {
    app: App,
    rights: Rights,
    ring: PathBuf,
}

impl Key {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let config = Config::load(config)?;
        let ring = config.keys.clone();
        let (app, rights) = open_beside(config).await?;
        let place = Place { app, rights, ring };
        let done = match self {
            Self::List { json } => place.list(json).await,
            Self::Rotate { which: Which::Signing, leaked, json } => place.rotate_signing(leaked, json).await,
            Self::Rotate { which: Which::Sealing, leaked: true, .. } => Err(CliError::data(
                "--leaked is about signing keys; a sealing key that others may have is rotated and retired, and what it \
                 has sealed is replaced: passwords and authenticators",
            )),
            Self::Rotate { which: Which::Sealing, json, .. } => place.rotate_sealing(json).await,
            Self::Retire { id, give_up_damaged } => place.retire(&id, give_up_damaged).await,
        };
        close(&place.app).await?;
        done
    }
}

impl Place {
    async fn list(&self, json: bool) -> Result<(), CliError> {
        let now = self.app.now();
        let mut sealing = Vec::new();
        for (id, state) in self.app.store.keys().states() {
            let needed_by = self.app.store.needing(id).await?.iter().map(|(_, _, count)| count).sum();
            sealing.push(Sealing { id: id.to_owned(), state, needed_by });
        }
        let signing = self.app.store.signing_keys().await?.into_iter().map(|key| Signing {
            state: sign::state(&key, now),
            published_until: key.retired_at.map(|at| at.plus(OVERLAP).unix()),
            signs_at: key.signs_at.unix(),
            retired_at: key.retired_at.map(Timestamp::unix),
            alg: key.alg.to_string(),
            kid: key.kid,
        });
        let keys = Keys { sealing, signing: signing.collect(), servers: self.app.store.serving(now).await? };
        if json {
            return say_json(&keys);
        }
        say(format_args!("Sealing keys, in {}:", self.ring.display()));
        for key in &keys.sealing {
            say(format_args!("  {:<18} {:<8} needed by {} values", key.id, key.state.as_str(), key.needed_by));
        }
        say("Signing keys:");
        for key in &keys.signing {
            let until = key.published_until.map(|at| format!(", published until {}", moment(at))).unwrap_or_default();
            let from =
                if key.state == "waits" { format!(", signs from {}", moment(key.signs_at)) } else { String::new() };
            say(format_args!("  {:<18} {:<6} {}{from}{until}", key.kid, key.alg, key.state));
        }
        for server in &keys.servers {
            say(format_args!("Server on {}: {}", server.host, server.keys.join(", ")));
        }
        Ok(())
    }

    async fn rotate_signing(&self, leaked: bool, json: bool) -> Result<(), CliError> {
        let actor = actor(self.app.now());
        let from = sign::rotate(&self.app.store, leaked, &actor).await?;
        let Some(from) = from else {
            return Err(CliError::data(
                "new signing keys are published already, and wait: `twolatch key list` says until when",
            ));
        };
        if json {
            return self.list(true).await;
        }
        say(format_args!("New keys are published, and sign from {} on.", moment(from.unix())));
        if leaked {
            say("Nothing that the old keys have signed is good any more.");
        }
        Ok(())
    }

    /// Adds a key, has it seal once every server has it, and seals everything anew.
    async fn rotate_sealing(&self, json: bool) -> Result<(), CliError> {
        let keys = self.app.store.keys();
        let mut next = keys.states().find(|(_, state)| *state == State::Next).map(|(id, _)| id.to_owned());
        let mut unfinished = false;
        for (id, state) in keys.states() {
            unfinished |= state == State::Opens && !self.app.store.needing(id).await?.iter().all(passes);
        }
        // What a run that was cut short has left is done first; what stays then is damaged, and holds nothing up.
        if next.is_none() && unfinished {
            unfinished = self.app.store.reseal(&mut |_| {}).await?.rows > 0;
        }
        if next.is_none() && !unfinished {
            let id = self.changed(|ring, store| KeyRing::add_next(ring, store.entropy())).await?;
            self.record(Event::KeyAdded, format!("sealing key {id} is in the key ring")).await?;
            next = Some(id);
        }
        if let Some(id) = &next {
            self.all_have(id, false).await?;
            self.changed(|ring, _| KeyRing::promote(ring, id)).await?;
            self.record(Event::KeyAdded, format!("sealing key {id} seals")).await?;
        }
        let current = self.app.store.keys().ids().next().unwrap_or_default().to_owned();
        self.all_have(&current, true).await?;
        let terminal = std::io::stderr().is_terminal();
        let mut progress = |rows: u64| {
            if terminal {
                drop(write!(std::io::stderr(), "\r{rows} rows sealed anew\r"));
            }
        };
        let done = self.app.store.reseal(&mut progress).await?;
        self.record(Event::KeyAdded, format!("{} rows are sealed anew with {current}", done.rows)).await?;
        let opens = |(id, state): (&str, State)| (state == State::Opens).then(|| id.to_owned());
        let former = self.app.store.keys().states().filter_map(opens).collect();
        let rotated = Rotated { key: current, former, resealed: done.rows, damaged: done.damaged };
        if json {
            say_json(&rotated)?;
        } else {
            say(format_args!("Key {} seals; {} rows are sealed anew.", rotated.key, rotated.resealed));
            say("Save the key ring where you keep it, apart from the backups.");
            for id in &rotated.former {
                say(format_args!("`twolatch key retire {id}` takes the former key out of use."));
            }
        }
        CliError::unless_sound(&rotated.damaged)
    }

    async fn retire(&self, id: &str, give_up_damaged: bool) -> Result<(), CliError> {
        let keys = self.app.store.keys();
        match keys.states().find(|(other, _)| *other == id).map(|(_, state)| state) {
            None => return Err(CliError::data(format!("there is no key `{id}`; `twolatch key list` shows all"))),
            Some(State::Seals | State::Next) => {
                let text = format!(
                    "`{id}` is the key that seals, or will; `twolatch key rotate sealing` puts another in its place"
                );
                return Err(CliError::data(text));
            }
            Some(State::Retired) => return Ok(()),
            Some(State::Opens) => {}
        }
        let current = keys.ids().next().unwrap_or_default().to_owned();
        self.all_have(&current, true).await?;
        let mut needing = self.app.store.needing(id).await?;
        if give_up_damaged && self.app.store.reseal(&mut |_| {}).await?.rows == 0 {
            needing.retain(passes);
        }
        if let Some((table, column, count)) = needing.first() {
            let what = if needing.iter().all(passes) {
                "they go by themselves; try again in a quarter of an hour (mail that waits takes up to some days)"
            } else {
                "run `twolatch key rotate sealing` again, which goes on where it has stopped and names what is damaged; \
                 --give-up-damaged goes on without that"
            };
            let all: i64 = needing.iter().map(|(_, _, count)| count).sum();
            return Err(CliError::data(format!(
                "key `{id}` is needed still by {all} values, of them {count} in {table}.{column}: {what}"
            )));
        }
        self.is_settled(id)?;
        self.changed(|ring, _| KeyRing::retire(ring, id)).await?;
        self.record(Event::KeyRetired, format!("sealing key {id}")).await?;
        say(format_args!("Key {id} opens and seals nothing any more; it goes on checking audit records and hashes."));
        Ok(())
    }

    /// Whether nobody is left who could still seal by a former key.
    fn is_settled(&self, id: &str) -> Result<(), CliError> {
        let about = self.rights.as_before(|| std::fs::metadata(&self.ring))??;
        let settled = Timestamp::from_unix(about.mtime()).plus(SETTLED);
        if self.app.now() >= settled {
            return Ok(());
        }
        Err(CliError {
            message: format!(
                "the key ring was changed just before, and a command that has run since before may still seal by `{id}`: try \
                 again after {}",
                moment(settled.unix())
            ),
            status: 75,
        })
    }

    /// Changes the file as whoever ran the command, and goes on with what it then is.
    async fn changed<T>(
        &self,
        change: impl FnOnce(&Path, &twolatch_core::store::Store) -> Result<T, twolatch_core::crypto::keyring::KeyError>,
    ) -> Result<T, CliError> {
        let (done, keys) = self.rights.as_before(|| {
            let done = change(&self.ring, &self.app.store)?;
            Ok::<_, CliError>((done, KeyRing::load(&self.ring)?))
        })??;
        self.app.store.use_keys(keys).await?;
        Ok(done)
    }

    /// Waits until every server that serves has a key, or seals by it.
    async fn all_have(&self, id: &str, seals: bool) -> Result<(), CliError> {
        let has = |server: &Serving| match server.keys.iter().position(|key| key == id) {
            Some(position) => !seals || position == 0,
            None => false,
        };
        for _ in 0..TRIES {
            if self.app.store.serving(self.app.now()).await?.iter().all(has) {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        let serving = self.app.store.serving(self.app.now()).await?;
        let hosts: Vec<&str> =
            serving.iter().filter(|server| !has(server)).map(|server| server.host.as_str()).collect();
        Err(CliError {
            message: format!(
                "the key ring of the server on {} does not have {} yet, and nothing goes on without: copy {} to the other \
                 machines, restart servers that have it as a credential, then run this again (a server that was killed \
                 is forgotten after three minutes)",
                hosts.join(", "),
                if seals { format!("key {id} first") } else { format!("key {id}") },
                self.ring.display()
            ),
            status: 75,
        })
    }

    async fn record(&self, event: Event, detail: String) -> Result<(), CliError> {
        let about: Record = actor(self.app.now()).record(event).saying(detail);
        let store = self.app.store.clone();
        self.app
            .store
            .write(move |connection| Box::pin(async move { record(connection, &store, about).await }))
            .await?;
        Ok(())
    }
}

/// Whether what needs a key is over by itself, and soon.
fn passes((table, _, _): &(&'static str, &'static str, i64)) -> bool {
    ["attempts", "email_codes", "mails"].contains(table)
}

fn moment(at: i64) -> String {
    date::machine(Timestamp::from_unix(at))
}
