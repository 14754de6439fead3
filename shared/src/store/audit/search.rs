//! Looking for records, newest first, page by page. A page costs the same however many records there are: at most
//! [`REACH`] of them are looked at, and where that is not enough the answer says where to go on.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::Stored;
use crate::audit::Event;
use crate::client::ClientId;
use crate::door::Door;
use crate::reason::Reason;
use crate::store::bound::Bound;
use crate::store::{Store, StoreError, Written};
use crate::time::Timestamp;

/// Records looked at for one page, where an index does not lead to those that are meant.
pub const REACH: i64 = 50_000;

/// Which records are meant. What is absent means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Whom they concern.
    pub person: Option<String>,
    /// What happened.
    pub event: Option<Event>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// Where.
    pub door: Option<Door>,
    /// For which client.
    pub client: Option<ClientId>,
    /// From this moment on.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Well.
    Well,
    /// In a refusal, whatever its reason.
    Refused,
    /// In a refusal for this reason.
    For(Reason),
}

/// A place between two records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    at: i64,
    instance: String,
    seq: i64,
}

/// A page of records.
#[derive(Debug, Clone)]
pub struct Found {
    /// The records, newest first.
    pub records: Vec<Stored>,
    /// Where to go on: absent where nothing older is meant.
    pub next: Option<Position>,
}

impl Position {
    /// The moment of the last record that was looked at.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        Timestamp::from_unix(self.at)
    }

    fn of(record: &Stored) -> Self {
        Self { at: record.at, instance: record.instance.clone(), seq: record.seq }
    }
}

/// As it stands in an address.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at, self.seq, self.instance)
    }
}

impl FromStr for Position {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let mut parts = text.splitn(3, '.');
        let (Some(at), Some(seq), Some(instance)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Unknown("a place is moment.number.instance, as the address of a page says it"));
        };
        let number = |text: &str| text.parse().map_err(|_| Unknown("a place begins with two numbers"));
        Ok(Self { at: number(at)?, seq: number(seq)?, instance: instance.to_owned() })
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Well => f.write_str("ok"),
            Self::Refused => f.write_str("refused"),
            Self::For(reason) => reason.fmt(f),
        }
    }
}

impl FromStr for Ending {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        match text {
            "ok" => Ok(Self::Well),
            "refused" => Ok(Self::Refused),
            word => Reason::deserialize(Value::from(word)).map(Self::For).map_err(|_| {
                Unknown("a result is ok, refused, or the code of a reason as records have it (wrong, replay, …)")
            }),
        }
    }
}

/// What cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{0}")]
pub struct Unknown(&'static str);

impl Store {
    /// The records that a filter means, newest first, from a place on.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn search_audit(
        &self,
        filter: &Filter,
        from: Option<&Position>,
        limit: i64,
    ) -> Result<Found, StoreError> {
        let mut bound = Bound::default();
        let led = led(filter, from, &mut bound);
        let rest = rest(filter, &mut bound);
        let text = if rest.is_empty() {
            format!("{COLUMNS} FROM audit WHERE {led} {ORDER} LIMIT {}", bound.number(limit + 1))
        } else {
            let (reach, limit) = (bound.number(REACH), bound.number(limit + 1));
            format!(
                "{COLUMNS} FROM (SELECT * FROM audit WHERE {led} {ORDER} LIMIT {reach}) AS near \
                 WHERE {rest} {ORDER} LIMIT {limit}"
            )
        };
        let rows = bound.query(text).fetch_all(self.pool()).await?;
        let mut records: Vec<Stored> = rows.iter().map(Stored::read).collect::<Result<_, _>>()?;
        let more = i64::try_from(records.len()).is_ok_and(|found| found > limit);
        if more {
            records.pop();
        }
        let next = if more {
            records.last().map(Position::of)
        } else if rest.is_empty() {
            None
        } else {
            self.end_of_reach(filter, from).await?
        };
        Ok(Found { records, next })
    }

    /// The last record that a page has looked at, where older ones are left.
    async fn end_of_reach(&self, filter: &Filter, from: Option<&Position>) -> Result<Option<Position>, StoreError> {
        let mut bound = Bound::default();
        let led = led(filter, from, &mut bound);
        let offset = bound.number(REACH - 1);
        let text = format!("{COLUMNS} FROM audit WHERE {led} {ORDER} LIMIT 1 OFFSET {offset}");
        let row: Option<AnyRow> = bound.query(text).fetch_optional(self.pool()).await?;
        Ok(row.as_ref().map(Stored::read).transpose()?.as_ref().map(Position::of))
    }
}

/// The keys of the names ([`crate::user::UserName::key`]) under which somebody was removed later than this, inside a
/// transaction. The marks are not looked at: a record that is no record of ours can only make somebody wait.
///
/// # Errors
/// Where the database fails.
pub async fn removed_since(connection: &mut AnyConnection, since: Timestamp) -> Written<BTreeSet<String>> {
    let text = "SELECT user_name FROM audit WHERE event = 'user_deleted' AND at > $1 AND user_name IS NOT NULL";
    let names: Vec<String> = sqlx::query_scalar(text).bind(since.unix()).fetch_all(connection).await?;
    Ok(names.into_iter().map(|name| name.to_ascii_lowercase()).collect())
}

const COLUMNS: &str = "SELECT instance, seq, at, event, result, user_name, actor, door, host, source, factor, detail, \
     attempt, mac";

const ORDER: &str = "ORDER BY at DESC, instance DESC, seq DESC";

/// What an index leads to: the person, or else the event, and the time.
fn led(filter: &Filter, from: Option<&Position>, bound: &mut Bound) -> String {
    let until = filter.until.map_or(i64::MAX, |until| until.unix().saturating_sub(1));
    let until = from.map_or(until, |from| from.at.min(until));
    let since = filter.since.map_or(0, Timestamp::unix);
    let mut asked = vec![format!("at <= {} AND at >= {}", bound.number(until), bound.number(since))];
    if let Some(from) = from {
        let (at, instance, seq) = (bound.number(from.at), bound.text(&from.instance), bound.number(from.seq));
        asked.push(format!("(at < {at} OR (instance, seq) < ({instance}, {seq}))"));
    }
    match (&filter.person, filter.event) {
        (Some(person), _) => asked.push(format!("user_name = {}", bound.text(person))),
        (None, Some(event)) => asked.push(format!("event = {}", bound.text(event.name()))),
        (None, None) => {}
    }
    asked.join(" AND ")
}

/// What is asked of each record that is reached.
fn rest(filter: &Filter, bound: &mut Bound) -> String {
    let mut asked = Vec::new();
    if let (Some(_), Some(event)) = (&filter.person, filter.event) {
        asked.push(format!("event = {}", bound.text(event.name())));
    }
    match filter.ending {
        None => {}
        Some(Ending::Refused) => asked.push("result <> 'ok'".to_owned()),
        Some(ending) => asked.push(format!("result = {}", bound.text(ending.to_string()))),
    }
    if let Some(door) = filter.door {
        asked.push(format!("door = {}", bound.text(door.as_str())));
    }
    if let Some(client) = &filter.client {
        // The detail of these is the client's id, and perhaps more behind a space.
        let (whole, start) = (bound.text(client.as_str()), bound.text(format!("{} ", client.as_str())));
        let length = bound.number(i64::try_from(client.as_str().len() + 1).unwrap_or(i64::MAX));
        asked.push(format!(
            "event IN ('client_added', 'client_changed', 'client_deleted', 'consent_given', 'consent_withdrawn', \
             'code_issued', 'token_issued', 'code_reused', 'token_refreshed', 'refresh_reused', 'ticket_issued') \
             AND (detail = {whole} OR substr(detail, 1, CAST({length} AS INTEGER)) = {start})"
        ));
    }
    asked.join(" AND ")
}
