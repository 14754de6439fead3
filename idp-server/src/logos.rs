//! Pictures of web apps, for beside their names: fetched from where an application says that its logo is, drawn anew, and
//! kept for a while. Whoever asks for one, and however often, an address is called once in that time. It must not know where
//! they are shown.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::BASE64;
use tokio::sync::{Semaphore, watch};
use twolatch_core::client::{Client, ClientId, RedirectUri};
use twolatch_core::crypto::token_hash;
use twolatch_core::time::Timestamp;

use self::picture::drawn;
use crate::fetch::{Fetcher, PAUSE, Unfetched};

mod picture;
#[cfg(test)]
mod tests;

/// For so many seconds a picture is shown as it was.
const LIFE: i64 = 86_400;

/// After so many seconds one that could not be had is asked for again.
const AGAIN: i64 = 600;

/// So many pictures are kept at the most, each of a few KiB. The oldest goes first, and is not fetched again before its life
/// is over.
const MOST: usize = 256;

/// So many are drawn at once: each takes memory.
const AT_ONCE: usize = 2;

/// The pictures; cheap to clone.
#[derive(Clone)]
pub struct Logos(Arc<Inner>);

struct Inner {
    /// With seats of its own: a picture takes nobody's keys away.
    fetcher: Fetcher,
    known: Mutex<BTreeMap<ClientId, Known>>,
    pens: Semaphore,
}

/// A picture as it is shown.
#[derive(Debug)]
pub struct Logo {
    /// A PNG.
    pub png: Vec<u8>,
    /// What no other picture has.
    pub version: String,
}

/// What is known of an application's picture.
struct Known {
    uri: RedirectUri,
    since: Timestamp,
    found: watch::Receiver<Found>,
}

enum Found {
    /// It is being fetched.
    Wanted,
    /// There is none, or none that can be shown.
    Nothing,
    /// There was one, and no room for it.
    Gone,
    /// Here it is.
    Here(Arc<Logo>),
}

impl Logos {
    /// Without any, and with what fetches them and nothing else.
    #[must_use]
    pub fn new(fetcher: Fetcher) -> Self {
        Self(Arc::new(Inner { fetcher, known: Mutex::default(), pens: Semaphore::new(AT_ONCE) }))
    }

    /// The picture of an application, if there is one within so much time. Where none is known yet it is fetched, however
    /// long somebody waits for it.
    pub async fn of(&self, client: &Client, now: Timestamp, patience: Duration) -> Option<Arc<Logo>> {
        let uri = client.settings.logo_uri.as_ref()?;
        let mut found = self.wanted(&client.id, uri, now)?;
        let found = found.wait_for(|found| !matches!(found, Found::Wanted));
        match &*tokio::time::timeout(patience, found).await.ok()?.ok()? {
            Found::Here(logo) => Some(Arc::clone(logo)),
            _ => None,
        }
    }

    fn wanted(&self, id: &ClientId, uri: &RedirectUri, now: Timestamp) -> Option<watch::Receiver<Found>> {
        let mut all = self.known();
        if let Some(known) = all.get(id) {
            let is_same = known.uri == *uri;
            // What an application says can change as often as it likes.
            let life = if is_same { known.life() } else { PAUSE };
            if (0..life).contains(&now.since(known.since)) {
                return is_same.then(|| known.found.clone());
            }
        }
        all.retain(|_, known| (0..LIFE).contains(&now.since(known.since)));
        // What it takes the place of throws nobody else out.
        all.remove(id);
        let kept = || all.values().filter(|known| matches!(*known.found.borrow(), Found::Here(_)));
        if kept().count() >= MOST {
            let oldest = kept().map(|known| known.since).min();
            for known in all.values_mut().filter(|known| Some(known.since) == oldest) {
                known.found = watch::channel(Found::Gone).1;
            }
        }
        let (tell, found) = watch::channel(Found::Wanted);
        all.insert(id.clone(), Known { uri: uri.clone(), since: now, found: found.clone() });
        drop(all);
        // In a task of its own: whoever waits for it may go away, and the next must not begin again.
        let (logos, id, uri) = (self.clone(), id.clone(), uri.clone());
        tokio::spawn(async move { tell.send_replace(logos.found(&id, &uri).await) });
        Some(found)
    }

    /// Fetches and draws a picture.
    async fn found(&self, id: &ClientId, uri: &RedirectUri) -> Found {
        let drawn = match self.0.fetcher.fetch(uri.as_str()).await {
            Ok(document) => self.draw(document).await,
            Err(why) => {
                if why == Unfetched::Busy {
                    // Nobody was called, and this can be asked for again at once.
                    self.known().remove(id);
                }
                Err(why.to_string())
            }
        };
        match drawn {
            Ok(png) => Found::Here(Arc::new(Logo { version: token_hash(&BASE64.encode(&png)), png })),
            Err(why) => {
                tracing::info!(client = %id, %uri, %why, "the application's logo cannot be shown");
                Found::Nothing
            }
        }
    }

    async fn draw(&self, document: Vec<u8>) -> Result<Vec<u8>, String> {
        let _pen = self.0.pens.acquire().await.map_err(|error| error.to_string())?;
        let work = tokio::task::spawn_blocking(move || drawn(&document));
        // A fault in there is no picture.
        let done = work.await.map_err(|fault| fault.to_string())?;
        done.map_err(|error| error.to_string())
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<ClientId, Known>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn life(&self) -> i64 {
        match *self.found.borrow() {
            Found::Here(_) | Found::Gone => LIFE,
            Found::Wanted | Found::Nothing => AGAIN,
        }
    }
}
