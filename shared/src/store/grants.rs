//! Grants, with their codes and refresh tokens. One guarded UPDATE spends either and decides everything that can make it
//! worthless; only what it refuses is looked at further.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::bound::{AT_ONCE, Bound};
use super::consents::hold_consent;
use super::device_requests::spend_device_request;
use super::logouts::{Ending, queue_logouts};
use super::pushed::spend_pushed;
use super::row::{Column, Values, moment};
use super::visits::end_visits;
use super::{Store, StoreError, Written, audit, tokens};
use crate::audit::{Event, Record};
use crate::door::Door;
use crate::grant::{
    ACCESS_TOKEN_LIFE, Answering, CODE_FAILURES, CODE_LIFE, Grant, Issue, Redeemed, Redemption, Refreshed, Refreshing,
};
use crate::id::Id;
use crate::time::Timestamp;

use Column::{Number, Text};

const TABLE: &str = "grants";

const GRANT: [Column; 19] = [
    Text, Text, Text, Text, Number, Text, Text, Text, Text, Text, Text, Text, Number, Number, Text, Text, Number,
    Number, Text,
];

/// The marked columns and the mark, then what wrong redemptions change.
macro_rules! grant {
    ($end:literal) => {
        concat!(
            "SELECT id, client_id, user_id, sid, offline, place, redirect_uri, challenge, nonce, scope, claims, ",
            "proofs, ",
            "security_version, created_at, code_hash, refresh_hash, expires_at, used_at, jkt, mac, failures FROM grants ",
            $end
        )
    };
}

/// Whoever logs out or is disabled in this very moment is out, and so is a client that goes. `$1` is now; what stands in
/// `$session` does without a living session.
macro_rules! alive {
    ($session:literal) => {
        concat!(
            "expires_at > $1 AND (",
            $session,
            "sid IN (SELECT sid FROM sessions WHERE expires_at > $1)) \
         AND security_version = (SELECT users.security_version FROM users \
         WHERE users.id = grants.user_id AND users.disabled_at IS NULL) \
         AND client_id IN (SELECT id FROM clients WHERE disabled_at IS NULL)"
        )
    };
}

impl Store {
    /// Stores a new grant of the named user. The request that it answers, where that is stored, is used up.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where that was used before, or session or consent have just ended; else why not.
    pub async fn add_grant(&self, grant: Grant, name: String, answering: Answering, by_consent: bool) -> Written<()> {
        let store = self.clone();
        self.write(move |connection| {
            Box::pin(async move {
                match answering {
                    Answering::Browser => {}
                    Answering::Pushed(hash) => spend_pushed(connection, &hash, grant.created_at).await?,
                    Answering::Device => spend_device_request(connection, &grant.code, grant.created_at).await?,
                }
                // Its row is held: whoever ends the session in this moment ends this, too.
                let text = "UPDATE sessions SET seen_at = $2 WHERE sid = $1 AND expires_at > $2";
                let held = sqlx::query(text).bind(&grant.sid).bind(grant.created_at.unix());
                if held.execute(&mut *connection).await?.rows_affected() != 1 {
                    return Err(StoreError::Conflict);
                }
                // And whoever takes the consent back.
                if by_consent {
                    hold_consent(connection, &grant.user, &grant.client, grant.created_at).await?;
                }
                insert(connection, &store, &grant).await?;
                let record = record(grant.created_at, Event::CodeIssued, &name).saying(grant.client);
                audit::record(connection, &store, record).await
            })
        })
        .await
    }

    /// The grant that a code stands for, whatever state it is in: to see whose it is before the code is redeemed.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn grant_of_code(&self, hash: &str) -> Result<Option<Grant>, StoreError> {
        let row = sqlx::query(grant!("WHERE code_hash = $1")).bind(hash).fetch_optional(self.pool()).await?;
        row.as_ref().map(|row| read(self, row)).transpose()
    }

    /// A grant by its id, whatever state it is in.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn grant(&self, id: &Id<Grant>) -> Result<Option<Grant>, StoreError> {
        let row = sqlx::query(grant!("WHERE id = $1")).bind(id.as_str()).fetch_optional(self.pool()).await?;
        row.as_ref().map(|row| read(self, row)).transpose()
    }

    /// Spends a code and stores the access token that it gives, or counts the wrong try, or takes back what an earlier
    /// redemption gave (RFC 6749, 4.1.2): one transaction.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn redeem_code(&self, asked: Redemption) -> Written<Redeemed> {
        let store = self.clone();
        self.write(move |connection| Box::pin(async move { redeem(connection, &store, &asked).await })).await
    }

    /// Puts another refresh token in the place of the one that was sent and stores the access token that it gives, or
    /// takes back everything where it is not the one that is good (RFC 9700, 4.14.2): one transaction.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn refresh(&self, asked: Refreshing) -> Written<Refreshed> {
        let store = self.clone();
        self.write(move |connection| Box::pin(async move { refresh(connection, &store, &asked).await })).await
    }

    /// Deletes grants a few hundred at a time: those that are over, and those whose code nobody has redeemed. Answers how
    /// many there were.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_grants(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let mut swept = 0;
                for (text, since) in [
                    // A second use of a code has to be noticed while anything issued from it can still live.
                    (
                        "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE expires_at <= $1 LIMIT 500)",
                        ACCESS_TOKEN_LIFE,
                    ),
                    (
                        "DELETE FROM grants WHERE id IN \
                         (SELECT id FROM grants WHERE used_at IS NULL AND created_at <= $1 LIMIT 500)",
                        CODE_LIFE,
                    ),
                ] {
                    let done = sqlx::query(text).bind(now.plus(-since).unix()).execute(&mut *connection).await?;
                    swept += done.rows_affected();
                }
                Ok(swept)
            })
        })
        .await
    }
}

async fn insert(connection: &mut AnyConnection, store: &Store, grant: &Grant) -> Written<()> {
    let values = values(grant)?;
    let (claims, proofs) = (values.text(10)?.to_owned(), values.text(11)?.to_owned());
    sqlx::query(
        "INSERT INTO grants (id, client_id, user_id, sid, offline, place, redirect_uri, challenge, nonce, scope, claims, \
         proofs, security_version, created_at, code_hash, refresh_hash, expires_at, used_at, jkt, mac, failures) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, NULL, $18, $19, 0)",
    )
    .bind(grant.id.as_str())
    .bind(grant.client.as_str())
    .bind(grant.user.as_str())
    .bind(&grant.sid)
    .bind(i64::from(grant.offline))
    .bind(&grant.place)
    .bind(&grant.redirect_uri)
    .bind(grant.challenge.as_deref().unwrap_or_default())
    .bind(&grant.nonce)
    .bind(&grant.scope)
    .bind(claims)
    .bind(proofs)
    .bind(grant.security_version)
    .bind(grant.created_at.unix())
    .bind(&grant.code)
    .bind(&grant.refresh)
    .bind(grant.expires_at.unix())
    .bind(&grant.jkt)
    .bind(values.mark(store))
    .execute(connection)
    .await?;
    Ok(())
}

async fn redeem(connection: &mut AnyConnection, store: &Store, asked: &Redemption) -> Written<Redeemed> {
    let by_code = grant!("WHERE code_hash = $1");
    let Some(row) = sqlx::query(by_code).bind(&asked.code).fetch_optional(&mut *connection).await? else {
        return Ok(Redeemed::Unknown);
    };
    let before = read(store, &row)?;
    let grant = Grant { used_at: Some(asked.now), jkt: asked.jkt.clone(), ..before.clone() };
    let grant = if grant.offline { grant.renewed(asked.refresh.clone(), asked.now) } else { grant };
    let spent = sqlx::query(concat!(
        "UPDATE grants SET used_at = $1, refresh_hash = $2, expires_at = $3, mac = $4, jkt = $11 WHERE id = $5 \
         AND client_id = $6 AND redirect_uri = $7 AND challenge = $8 AND used_at IS NULL AND created_at > $9 \
         AND failures < $10 AND (jkt IS NULL OR jkt = $12) AND ",
        alive!("")
    ))
    .bind(asked.now.unix())
    .bind(&grant.refresh)
    .bind(grant.expires_at.unix())
    .bind(values(&grant)?.mark(store))
    .bind(grant.id.as_str())
    .bind(asked.client.as_str())
    .bind(&asked.redirect_uri)
    .bind(asked.challenge.as_deref().unwrap_or_default())
    .bind(asked.now.plus(-CODE_LIFE).unix())
    .bind(CODE_FAILURES)
    .bind(&grant.jkt)
    .bind(&asked.token.jkt)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if spent == 1 {
        tokens::insert_token(connection, store, Issue::of(&grant), asked.token.clone(), asked.now).await?;
        let record = record(asked.now, Event::TokenIssued, &asked.user_name).saying(grant.client.clone());
        audit::record(connection, store, record).await?;
        return Ok(Redeemed::Granted(Box::new(grant)));
    }
    // Somebody may have been faster.
    let Some(row) = sqlx::query(by_code).bind(&asked.code).fetch_optional(&mut *connection).await? else {
        return Ok(Redeemed::Unknown);
    };
    let after = read(store, &row)?;
    // A used code that lies around somewhere is no switch for others to end what came of it.
    let counts = after.client == asked.client || after.code_until() > asked.now;
    if after.used_at.is_some() && !counts {
        return Ok(Redeemed::Dead);
    }
    if after.used_at.is_some() {
        take_back(connection, &before.id).await?;
        let record = record(asked.now, Event::CodeReused, &asked.user_name).saying(asked.client.clone());
        audit::record(connection, store, record).await?;
        return Ok(Redeemed::Reused);
    }
    let failures: i64 = row.try_get("failures")?;
    let fits = before.client == asked.client
        && before.redirect_uri == asked.redirect_uri
        && before.challenge == asked.challenge
        && (before.jkt.is_none() || before.jkt == asked.token.jkt);
    if fits || before.code_until() <= asked.now || failures >= CODE_FAILURES {
        return Ok(Redeemed::Dead);
    }
    sqlx::query("UPDATE grants SET failures = failures + 1 WHERE id = $1 AND used_at IS NULL")
        .bind(before.id.as_str())
        .execute(connection)
        .await?;
    Ok(Redeemed::Mismatch(CODE_FAILURES - failures - 1))
}

async fn refresh(connection: &mut AnyConnection, store: &Store, asked: &Refreshing) -> Written<Refreshed> {
    let by_id = grant!("WHERE id = $1 AND client_id = $2 AND refresh_hash IS NOT NULL");
    let row = sqlx::query(by_id).bind(asked.grant.as_str()).bind(asked.client.as_str());
    let Some(row) = row.fetch_optional(&mut *connection).await? else { return Ok(Refreshed::Dead) };
    let grant = read(store, &row)?.renewed(asked.next.clone(), asked.now);
    let jkt = grant.jkt.clone().or_else(|| asked.jkt.clone());
    let grant = Grant { jkt, ..grant };
    let spent = sqlx::query(concat!(
        "UPDATE grants SET refresh_hash = $2, expires_at = $3, mac = $4, jkt = $8 WHERE id = $5 AND refresh_hash = $6 \
         AND (jkt IS NULL OR jkt = $7) AND ",
        alive!("offline = 1 OR ")
    ))
    .bind(asked.now.unix())
    .bind(&asked.next)
    .bind(grant.expires_at.unix())
    .bind(values(&grant)?.mark(store))
    .bind(grant.id.as_str())
    .bind(&asked.refresh)
    .bind(&asked.token.jkt)
    .bind(&grant.jkt)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if spent == 1 {
        let issue = Issue { scope: asked.scope.clone(), ..Issue::of(&grant) };
        tokens::insert_token(connection, store, issue, asked.token.clone(), asked.now).await?;
        let record = record(asked.now, Event::TokenRefreshed, &asked.user_name).saying(grant.client.clone());
        audit::record(connection, store, record).await?;
        return Ok(Refreshed::Granted(Box::new(grant)));
    }
    let still = "SELECT COUNT(*) FROM grants WHERE id = $1 AND refresh_hash = $2";
    let is_good: i64 =
        sqlx::query_scalar(still).bind(asked.grant.as_str()).bind(&asked.refresh).fetch_one(&mut *connection).await?;
    if is_good == 1 {
        return Ok(Refreshed::Dead);
    }
    take_back(connection, &asked.grant).await?;
    let record = record(asked.now, Event::RefreshReused, &asked.user_name).saying(asked.client.clone());
    audit::record(connection, store, record).await?;
    Ok(Refreshed::Reused)
}

/// Takes back a grant, and every token that came of it with it.
pub(super) async fn take_back(connection: &mut AnyConnection, grant: &Id<Grant>) -> Written<()> {
    for text in ["DELETE FROM grants WHERE id = $1", "DELETE FROM access_tokens WHERE grant_id = $1"] {
        sqlx::query(text).bind(grant.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Takes back all that was given in sessions or to people, and notes which clients have to be told; answers how many grants
/// that were. Grants before tokens, and sessions before both: everywhere, so that no two wait for each other.
pub(super) async fn end_grants(
    connection: &mut AnyConnection,
    store: &Store,
    ending: Ending<'_>,
    now: Timestamp,
) -> Written<usize> {
    let mut bound = Bound::default();
    let text = format!(
        "DELETE FROM grants WHERE {} RETURNING id, client_id, user_id, sid, used_at",
        ending.condition(&mut bound)
    );
    let (mut ids, mut told) = (Vec::new(), BTreeMap::new());
    for row in bound.query(text).fetch_all(&mut *connection).await? {
        let id: String = row.try_get(0)?;
        if row.try_get::<Option<i64>, _>(4)?.is_some() {
            told.insert((row.try_get(1)?, row.try_get(2)?, row.try_get(3)?), id.clone());
        }
        ids.push(id);
    }
    for some in ids.chunks(AT_ONCE) {
        let mut bound = Bound::default();
        let ids = bound.texts(some.iter().map(String::as_str));
        bound.query(format!("DELETE FROM access_tokens WHERE grant_id IN ({ids})")).execute(&mut *connection).await?;
    }
    end_visits(connection, ending).await?;
    queue_logouts(connection, store, told, now).await?;
    Ok(ids.len())
}

fn record(at: Timestamp, event: Event, user_name: &str) -> Record {
    Record { door: Some(Door::Web), ..Record::new(at, event).about(&user_name) }
}

fn values(grant: &Grant) -> Result<Values, StoreError> {
    let json = |text: serde_json::Result<String>| {
        text.map_err(|_| StoreError::Value { table: TABLE, row: grant.id.to_string() })
    };
    let (claims, proofs) = (serde_json::to_string(&grant.claims), serde_json::to_string(&grant.proofs));
    let texts = vec![
        Some(grant.id.to_string()),
        Some(grant.client.to_string()),
        Some(grant.user.to_string()),
        Some(grant.sid.clone()),
        Some(i64::from(grant.offline).to_string()),
        Some(grant.place.clone()),
        Some(grant.redirect_uri.clone()),
        Some(grant.challenge.clone().unwrap_or_default()),
        grant.nonce.clone(),
        Some(grant.scope.clone()),
        Some(json(claims)?),
        Some(json(proofs)?),
        Some(grant.security_version.to_string()),
        moment(Some(grant.created_at)),
        Some(grant.code.clone()),
        grant.refresh.clone(),
        moment(Some(grant.expires_at)),
        moment(grant.used_at),
        grant.jkt.clone(),
    ];
    Ok(Values::of(TABLE, texts))
}

fn read(store: &Store, row: &AnyRow) -> Result<Grant, StoreError> {
    let values = Values::read(store, TABLE, row, 0, &GRANT)?;
    Ok(Grant {
        id: Id::from_stored(values.text(0)?.to_owned()),
        client: values.parsed(1, |text| text.parse().ok())?,
        user: Id::from_stored(values.text(2)?.to_owned()),
        sid: values.text(3)?.to_owned(),
        offline: values.number(4)? == 1,
        place: values.text(5)?.to_owned(),
        redirect_uri: values.text(6)?.to_owned(),
        challenge: values.maybe(7).filter(|challenge| !challenge.is_empty()).map(str::to_owned),
        nonce: values.maybe(8).map(str::to_owned),
        scope: values.text(9)?.to_owned(),
        claims: values.parsed(10, |text| serde_json::from_str(text).ok())?,
        proofs: values.parsed(11, |text| serde_json::from_str(text).ok())?,
        security_version: values.number(12)?,
        created_at: values.time(13)?,
        code: values.text(14)?.to_owned(),
        refresh: values.maybe(15).map(str::to_owned),
        expires_at: values.time(16)?,
        used_at: values.maybe_time(17)?,
        jkt: values.maybe(18).map(str::to_owned),
    })
}
