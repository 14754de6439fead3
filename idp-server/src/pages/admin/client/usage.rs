//! How an application is used, what went wrong with it lately and what to do, and what it was told of sign-outs.

use twolatch_core::client::{Client, Happening};
use twolatch_core::store::StoreError;
use twolatch_core::store::happenings::Counted;
use twolatch_core::store::logouts::Logout;
use twolatch_core::time::Timestamp;

use crate::happenings::{advice, said};
use crate::pages::admin::words::number;
use crate::state::App;
use crate::text::{Text, t};

/// So many sign-outs are shown; the command line has more.
const LOGOUTS: usize = 10;

/// What a page shows of it.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// How often it did what it is for.
    pub(super) uses: Vec<Count>,
    /// What went wrong.
    pub(super) troubles: Vec<Count>,
    /// What it was told of sign-outs.
    pub(super) told: Vec<Told>,
}

/// How often something happened.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) what: Text,
    /// What to do about it.
    pub(super) advice: Option<Text>,
    pub(super) day: u32,
    pub(super) month: u32,
    pub(super) last: Timestamp,
}

/// A sign-out that it was told of, or could not be told of.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) at: Timestamp,
    pub(super) became: Text,
    pub(super) tries: i64,
    pub(super) trouble: String,
}

impl From<Counted> for Count {
    fn from(counted: Counted) -> Self {
        let (what, advice) = (said(counted.what), advice(counted.what));
        Self { what, advice, day: number(counted.day), month: number(counted.month), last: counted.last }
    }
}

impl From<Logout> for Told {
    fn from(logout: Logout) -> Self {
        let became = match (logout.told_at, logout.next_at) {
            (Some(_), _) => t("client-told-taken"),
            (None, Some(_)) => t("client-told-waits"),
            (None, None) => t("client-told-given-up"),
        };
        Self { at: logout.at, became, tries: logout.tries, trouble: logout.trouble.unwrap_or_default() }
    }
}

impl Usage {
    pub(super) async fn of(app: &App, client: &Client, now: Timestamp) -> Result<Self, StoreError> {
        let counted = app.store.happenings_of(&client.id, now).await?;
        let (troubles, uses): (Vec<_>, Vec<_>) = counted.into_iter().partition(|one| one.what.is_trouble());
        let told = match app.store.logouts_of(&client.id).await {
            Err(error) if error.is_of_a_row() => {
                tracing::error!(%error, "what an application was told of sign-outs cannot be listed");
                Vec::new()
            }
            told => told?,
        };
        Ok(Self {
            uses: uses.into_iter().map(Count::from).collect(),
            troubles: troubles.into_iter().map(Count::from).collect(),
            told: told.into_iter().take(LOGOUTS).map(Told::from).collect(),
        })
    }

    /// An example, for tests.
    pub(super) fn sample(at: Timestamp) -> Self {
        let count = |what, day, month| Count::from(Counted { what, day, month, last: at });
        let told = |became, tries, trouble: &str| Told { at, became, tries, trouble: trouble.to_owned() };
        Self {
            uses: vec![count(Happening::SignedIn, 3, 40)],
            troubles: Happening::ALL
                .into_iter()
                .filter(|what| what.is_trouble())
                .map(|what| count(what, 1, 2))
                .collect(),
            told: vec![told(t("client-told-taken"), 1, ""), told(t("client-told-given-up"), 9, "answers <500>")],
        }
    }
}
