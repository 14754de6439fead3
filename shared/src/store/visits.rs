//! People at applications behind a proxy: tickets and cookies by their hashes, worth something only while the session that
//! they hang on lives.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::bound::Bound;
use super::logouts::Ending;
use super::row::{Column, Values, moment};
use super::sessions::SESSION_LIFE;
use super::{Session, Store, StoreError, Written, audit};
use crate::audit::{Event, Record};
use crate::client::{AppHost, Client};
use crate::door::Door;
use crate::id::Id;
use crate::time::Timestamp;
use crate::visit::{Arrival, Ticket, Visit};

use Column::{Number, Text};

const TABLE: &str = "visits";

const VISIT: [Column; 10] = [Text, Text, Text, Text, Text, Number, Text, Text, Number, Number];

macro_rules! columns {
    () => {
        "token_hash, client_id, host, user_id, sid, policy, nonce_hash, return_to, created_at, expires_at, mac"
    };
}

impl Store {
    /// The application at a host, if people may sign in to it. Where two have it nobody knows whose rules count.
    ///
    /// # Errors
    /// Where the database fails, or a client is not as it was written.
    pub async fn client_of_host(&self, host: &AppHost) -> Result<Option<Client>, StoreError> {
        // In a host nothing stands for anything but itself, in JSON and in a pattern.
        let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM clients WHERE settings LIKE $1 ORDER BY id")
            .bind(format!("%\"{host}\"%"))
            .fetch_all(self.pool())
            .await?;
        let mut found = Vec::new();
        for id in ids {
            let known = id.parse().map_err(|_| StoreError::Value { table: "clients", row: id })?;
            found.extend(self.client(&known).await?.filter(|client| client.settings.hosts.contains(host)));
        }
        let client = found.pop().filter(|client| client.disabled_at.is_none());
        Ok(client.filter(|_| found.is_empty()))
    }

    /// Stores a ticket of the named user.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the session has just ended; else why it could not be stored.
    pub async fn add_ticket(&self, visit: Visit, user_name: String) -> Written<()> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                // Its row is held: whoever ends the session in this moment ends this, too.
                let text = "UPDATE sessions SET seen_at = $2 WHERE sid = $1 AND expires_at > $2";
                let held = sqlx::query(text).bind(&visit.sid).bind(visit.created_at.unix());
                if held.execute(&mut *connection).await?.rows_affected() != 1 {
                    return Err(StoreError::Conflict);
                }
                insert(connection, &store, &visit).await?;
                let record = Record::new(visit.created_at, Event::TicketIssued).about(&user_name);
                let record = record.saying(format!("{} {}", visit.client, visit.host));
                audit::record(connection, &store, Record { door: Some(Door::Web), ..record }).await
            })
        })
        .await
    }

    /// Changes a ticket for a cookie; nothing where there is no such ticket for this host and this browser, or none any
    /// more. Answers where the browser goes on.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn change_ticket(&self, ticket: Ticket) -> Written<Option<String>> {
        // For what nobody issued nothing is written: strangers come here, too.
        let known = "SELECT 1 FROM visits WHERE token_hash = $1 AND host = $2 AND nonce_hash IS NOT NULL";
        let known = sqlx::query(known).bind(&ticket.token).bind(ticket.host.as_str());
        if known.fetch_optional(self.pool()).await?.is_none() {
            return Ok(None);
        }
        let store = self.clone();
        self.write(move |connection| Box::pin(async move { change(connection, &store, ticket).await })).await
    }

    /// Who a cookie lets in at a host, with the session that it hangs on: neither is over. What policy says is the caller's
    /// to see.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn visit(
        &self,
        cookie: &str,
        host: &AppHost,
        now: Timestamp,
    ) -> Result<Option<(Visit, Session)>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM visits WHERE token_hash = $1 AND host = $2 AND expires_at > $3 AND nonce_hash IS NULL"
        ))
        .bind(cookie)
        .bind(host.as_str())
        .bind(now.unix())
        .fetch_optional(self.pool())
        .await?;
        let Some(visit) = row.map(|row| read(self, &row)).transpose()? else { return Ok(None) };
        let session = self.session_called(&visit.sid, now).await?;
        Ok(session.filter(|session| session.user.id == visit.user).map(|session| (visit, session)))
    }

    /// Deletes tickets and cookies that are over, a few hundred at a time; answers how many.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_visits(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let text = "DELETE FROM visits WHERE token_hash IN \
                            (SELECT token_hash FROM visits WHERE expires_at <= $1 LIMIT 500)";
                Ok(sqlx::query(text).bind(now.unix()).execute(connection).await?.rows_affected())
            })
        })
        .await
    }
}

/// Ends what hangs on sessions that end.
///
/// # Errors
/// Where the database fails.
pub(super) async fn end_visits(connection: &mut AnyConnection, ending: Ending<'_>) -> Written<()> {
    let mut bound = Bound::default();
    let text = format!("DELETE FROM visits WHERE {}", ending.condition(&mut bound));
    bound.query(text).execute(connection).await?;
    Ok(())
}

async fn change(connection: &mut AnyConnection, store: &Store, ticket: Ticket) -> Written<Option<String>> {
    // Sessions first, as whoever ends one does: two transactions that wait for each other would both fail.
    let text = "UPDATE sessions SET seen_at = $3 WHERE expires_at > $3 AND sid IN (SELECT sid FROM visits \
                WHERE token_hash = $1 AND host = $2 AND nonce_hash IS NOT NULL AND expires_at > $3)";
    let held = sqlx::query(text)
        .bind(&ticket.token)
        .bind(ticket.host.as_str())
        .bind(ticket.now.unix())
        .execute(&mut *connection)
        .await?;
    if held.rows_affected() != 1 {
        return Ok(None);
    }
    let spent = sqlx::query(concat!(
        "DELETE FROM visits WHERE token_hash = $1 AND host = $2 AND nonce_hash IS NOT NULL AND expires_at > $3 RETURNING ",
        columns!()
    ))
    .bind(&ticket.token)
    .bind(ticket.host.as_str())
    .bind(ticket.now.unix())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(visit) = spent.map(|row| read(store, &row)).transpose()? else { return Ok(None) };
    // In another browser it is spent all the same: it has gone where it should not have.
    let Some(arrival) = visit.arrival.filter(|arrival| arrival.nonce == ticket.nonce) else { return Ok(None) };
    let (created_at, expires_at) = (ticket.now, ticket.now.plus(SESSION_LIFE));
    let visit = Visit { token: ticket.cookie, arrival: None, created_at, expires_at, ..visit };
    insert(connection, store, &visit).await?;
    Ok(Some(arrival.return_to))
}

async fn insert(connection: &mut AnyConnection, store: &Store, visit: &Visit) -> Written<()> {
    let nonce = visit.arrival.as_ref().map(|arrival| arrival.nonce.clone());
    let return_to = visit.arrival.as_ref().map(|arrival| arrival.return_to.clone());
    let values = vec![
        Some(visit.token.clone()),
        Some(visit.client.to_string()),
        Some(visit.host.to_string()),
        Some(visit.user.to_string()),
        Some(visit.sid.clone()),
        Some(visit.policy.to_string()),
        nonce.clone(),
        return_to.clone(),
        moment(Some(visit.created_at)),
        moment(Some(visit.expires_at)),
    ];
    sqlx::query(concat!("INSERT INTO visits (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"))
        .bind(&visit.token)
        .bind(visit.client.as_str())
        .bind(visit.host.as_str())
        .bind(visit.user.as_str())
        .bind(&visit.sid)
        .bind(visit.policy)
        .bind(nonce)
        .bind(return_to)
        .bind(visit.created_at.unix())
        .bind(visit.expires_at.unix())
        .bind(Values::of(TABLE, values).mark(store))
        .execute(connection)
        .await?;
    Ok(())
}

fn read(store: &Store, row: &AnyRow) -> Result<Visit, StoreError> {
    let values = Values::read(store, TABLE, row, 0, &VISIT)?;
    Ok(Visit {
        token: values.text(0)?.to_owned(),
        client: values.parsed(1, |text| text.parse().ok())?,
        host: values.parsed(2, |text| text.parse().ok())?,
        user: Id::from_stored(values.text(3)?.to_owned()),
        sid: values.text(4)?.to_owned(),
        policy: values.number(5)?,
        arrival: match (values.maybe(6), values.maybe(7)) {
            (Some(nonce), Some(return_to)) => {
                Some(Arrival { nonce: nonce.to_owned(), return_to: return_to.to_owned() })
            }
            _ => None,
        },
        created_at: values.time(8)?,
        expires_at: values.time(9)?,
    })
}
