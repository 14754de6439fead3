//! Sealing and marking anew what former keys have sealed and marked: a few rows in each transaction, from wherever the last
//! run has stopped. A row is of its old key or of the new one, whole; both open it.
//!
//! The audit is not: its marks are what its links and the journal's heads were made over. Nor are keyed hashes, of which
//! nobody has the text any more. A key that is retired goes on checking both, and nothing else.

use sqlx::{AnyConnection, Row};

use super::bound::Bound;
use super::factors::factor_place;
use super::keys::place as signing_place;
use super::row::{Column, Values};
use super::tables::columns;
use super::users::password_place;
use super::{Store, StoreError, Written};
use crate::crypto::seal::Place;

/// Rows of one transaction: logins wait for no more than those.
const BATCH: i64 = 200;

/// Tables whose rows are marked anew.
const MARKED: [&str; 21] = [
    "users",
    "factors",
    "policies",
    "policy_versions",
    "exemptions",
    "clients",
    "profiles",
    "recovery_codes",
    "former_addresses",
    "recovery_requests",
    "jobs",
    "alerts",
    "sessions",
    "links",
    "api_tokens",
    "devices",
    "initial_tokens",
    "consents",
    "grants",
    "access_tokens",
    "visits",
];

/// All that a key has sealed or marked. What is not marked anew above lives for minutes or, mail, for days.
const NEEDING: [(&str, &str); 31] = [
    ("users", "mac"),
    ("users", "password"),
    ("factors", "mac"),
    ("factors", "secret"),
    ("policies", "mac"),
    ("policy_versions", "mac"),
    ("exemptions", "mac"),
    ("clients", "mac"),
    ("profiles", "mac"),
    ("recovery_codes", "mac"),
    ("former_addresses", "mac"),
    ("recovery_requests", "mac"),
    ("jobs", "mac"),
    ("alerts", "mac"),
    ("sessions", "mac"),
    ("links", "mac"),
    ("api_tokens", "mac"),
    ("devices", "mac"),
    ("initial_tokens", "mac"),
    ("consents", "mac"),
    ("grants", "mac"),
    ("access_tokens", "mac"),
    ("visits", "mac"),
    ("signing_keys", "private"),
    ("pushed_requests", "mac"),
    ("device_requests", "mac"),
    ("logouts", "mac"),
    ("attempts", "mac"),
    ("attempts", "pending"),
    ("email_codes", "sealed"),
    ("mails", "sealed"),
];

/// What a run has done.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// Rows.
    pub rows: u64,
    /// Rows that are not as they were written: they stay as they are. Table and key.
    pub damaged: Vec<String>,
}

/// One batch: how many rows, and where the next begins.
struct Batch {
    rows: u64,
    damaged: Vec<String>,
    last: Option<String>,
}

impl Store {
    /// Seals and marks everything by the key that seals now, where it is not yet. `progress` is told of rows.
    ///
    /// # Errors
    /// Where the database fails: the next run goes on.
    pub async fn reseal(&self, progress: &mut (dyn FnMut(u64) + Send)) -> Result<Resealed, StoreError> {
        let mut all = Resealed::default();
        for table in MARKED {
            let columns = columns(self.location(), &mut *self.pool().acquire().await?, table).await?;
            let marked = columns.iter().position(|(name, _)| name == "mac").unwrap_or(columns.len());
            let columns: Vec<(String, Column)> = columns.into_iter().take(marked).collect();
            let mut after = None;
            loop {
                let (store, kinds, from) = (self.clone(), columns.clone(), after.clone());
                let batch = self
                    .write(move |connection| {
                        Box::pin(async move { marked_anew(connection, &store, table, &kinds, from).await })
                    })
                    .await?;
                all.rows += batch.rows;
                all.damaged.extend(batch.damaged);
                progress(all.rows);
                after = batch.last;
                if after.is_none() {
                    break;
                }
            }
        }
        let store = self.clone();
        all.rows +=
            self.write(move |connection| Box::pin(async move { sealed_anew(connection, &store).await })).await?;
        progress(all.rows);
        Ok(all)
    }

    /// How many values need a key still: table, column and number.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn needing(&self, id: &str) -> Result<Vec<(&'static str, &'static str, i64)>, StoreError> {
        needing(&mut *self.pool().acquire().await?, id).await
    }
}

/// The same in a transaction.
///
/// # Errors
/// Where the database fails.
pub(crate) async fn needing(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Vec<(&'static str, &'static str, i64)>, StoreError> {
    let mut found = Vec::new();
    for (table, column) in NEEDING {
        let mut bound = Bound::default();
        let start = bound.text(format!("{id}."));
        let text = format!("SELECT COUNT(*) FROM {table} WHERE substr({column}, 1, length({start})) = {start}");
        let count: i64 = bound.query(text).fetch_one(&mut *connection).await?.try_get(0)?;
        if count > 0 {
            found.push((table, column, count));
        }
    }
    Ok(found)
}

/// The next rows of a table behind a key.
async fn marked_anew(
    connection: &mut AnyConnection,
    store: &Store,
    table: &'static str,
    columns: &[(String, Column)],
    after: Option<String>,
) -> Written<Batch> {
    let mut batch = Batch { rows: 0, damaged: Vec::new(), last: None };
    let keys = store.keys();
    let (Some(current), Some((key, kind))) = (keys.ids().next(), columns.first()) else { return Ok(batch) };
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let kinds: Vec<Column> = columns.iter().map(|(_, kind)| *kind).collect();
    let mut bound = Bound::default();
    let start = bound.text(format!("{current}."));
    let behind = match (&after, kind) {
        (None, _) => String::new(),
        (Some(after), Column::Text) => format!(" AND {key} > {}", bound.text(after)),
        (Some(after), Column::Number) => format!(" AND {key} > {}", bound.number(after.parse().unwrap_or(i64::MAX))),
    };
    let limit = bound.number(BATCH);
    let sealed = match sealed_column(table) {
        // A mark by the new key over what the former one has sealed: the ring changed in between.
        Some(name) => format!(" OR {name} IS NOT NULL AND substr({name}, 1, length({start})) <> {start}"),
        None => String::new(),
    };
    let text = format!(
        "SELECT {}, mac FROM {table} WHERE (substr(mac, 1, length({start})) <> {start}{sealed}){behind} \
         ORDER BY {key} LIMIT {limit}",
        names.join(", ")
    );
    let rows = bound.query(text).fetch_all(&mut *connection).await?;
    for row in &rows {
        let old: String = row.try_get(columns.len())?;
        let id = match kind {
            Column::Text => row.try_get::<String, _>(0)?,
            Column::Number => row.try_get::<i64, _>(0)?.to_string(),
        };
        match Values::read(store, table, row, 0, &kinds).and_then(|values| sealed_in(store, table, &names, values)) {
            Ok(values) => {
                let mut bound = Bound::default();
                let mut set = vec![format!("mac = {}", bound.text(values.mark(store)))];
                let sealed = sealed_column(table).and_then(|name| Some((name, position(&names, name)?)));
                if let Some((name, text)) = sealed.and_then(|(name, index)| Some((name, values.maybe(index)?))) {
                    set.push(format!("{name} = {}", bound.text(text)));
                }
                let id = match kind {
                    Column::Text => bound.text(&*id),
                    Column::Number => bound.number(id.parse().unwrap_or_default()),
                };
                let old = bound.text(old);
                // Who has changed it meanwhile has marked it, too.
                let text = format!("UPDATE {table} SET {} WHERE {key} = {id} AND mac = {old}", set.join(", "));
                batch.rows += bound.query(text).execute(&mut *connection).await?.rows_affected();
            }
            Err(error) if error.is_of_a_row() => batch.damaged.push(format!("{table} {id}")),
            Err(error) => return Err(error),
        }
        batch.last = Some(id);
    }
    if i64::try_from(rows.len()).unwrap_or(BATCH) < BATCH {
        batch.last = None;
    }
    Ok(batch)
}

/// The values of a row with what is sealed in it sealed anew.
fn sealed_in(store: &Store, table: &'static str, names: &[&str], values: Values) -> Result<Values, StoreError> {
    let Some(column) = sealed_column(table) else { return Ok(values) };
    let index = position(names, column).ok_or_else(|| values.unreadable())?;
    let id = values.text(0)?.to_owned();
    let place = if table == "users" { password_place(&id) } else { factor_place(&id, values.text(1)?) };
    let Some(old) = values.maybe(index) else { return Ok(values) };
    let new = again(store, place, old).map_err(|error| StoreError::Row { table, row: id.clone(), error })?;
    Ok(values.with(index, new))
}

/// What is sealed in the rows of a marked table.
fn sealed_column(table: &str) -> Option<&'static str> {
    match table {
        "users" => Some("password"),
        "factors" => Some("secret"),
        _ => None,
    }
}

fn position(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|other| *other == name)
}

/// Signing keys, which have no mark: the seal is bound to their id and algorithm.
async fn sealed_anew(connection: &mut AnyConnection, store: &Store) -> Written<u64> {
    let keys = store.keys();
    let current = keys.ids().next().unwrap_or_default();
    let rows = sqlx::query("SELECT kid, alg, private FROM signing_keys").fetch_all(&mut *connection).await?;
    let mut done = 0;
    for row in rows {
        let (kid, alg, old): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if old.split('.').next() == Some(current) {
            continue;
        }
        let alg = alg.parse().map_err(|_| StoreError::Value { table: "signing_keys", row: kid.clone() })?;
        let new = again(store, signing_place(&kid, alg), &old);
        let new = new.map_err(|error| StoreError::Row { table: "signing_keys", row: kid.clone(), error })?;
        sqlx::query("UPDATE signing_keys SET private = $2 WHERE kid = $1 AND private = $3")
            .bind(kid)
            .bind(new)
            .bind(old)
            .execute(&mut *connection)
            .await?;
        done += 1;
    }
    Ok(done)
}

fn again(store: &Store, place: Place<'_>, sealed: &str) -> Result<String, crate::crypto::seal::SealError> {
    let keys = store.keys();
    let plain = keys.open(place, sealed)?;
    keys.seal(store.entropy(), place, &plain)
}
