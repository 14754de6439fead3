//! What people who have lost their second factor ask of administrators, and the answers. Of each person one can wait. It
//! must not know what an answer brings about.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::api_token::Giver;
use crate::door::Door;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

/// For how long a request waits, in seconds.
pub const LIFE: i64 = 7 * 86_400;

/// An old request is kept for so many seconds behind its end.
const KEPT: i64 = 90 * 86_400;

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its id.
    pub id: Id<Self>,
    /// Whose.
    pub user: Id<User>,
    /// Why it was filed.
    pub why: Why,
    /// Where it was asked.
    pub door: Door,
    /// From where: an address, a terminal.
    pub source: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it waits.
    pub expires_at: Timestamp,
    /// Where two administrators have to approve: the first approval.
    pub agreed: Option<Agreed>,
    /// What an administrator has answered.
    pub answer: Option<Answer>,
}

/// Who has approved a request first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// As it is recorded.
    pub by: String,
    /// Who that is; nobody where it was the command line.
    pub giver: Option<Giver>,
    /// When.
    pub at: Timestamp,
}

/// Why a request was filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Everything is lost that could be shown.
    Lost,
    /// A letter told of something that its reader did not do.
    Disowned,
}

/// What an administrator has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether it was approved.
    pub approved: bool,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What there is to say.
    pub note: Option<String>,
}

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has answered.
    Waiting,
    /// It was approved.
    Approved,
    /// It was dismissed.
    Dismissed,
    /// Nobody has answered in time.
    Expired,
}

impl Why {
    /// The word for it, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Disowned => "disowned",
        }
    }
}

impl Request {
    /// How it stands at a moment.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        match &self.answer {
            Some(answer) if answer.approved => State::Approved,
            Some(_) => State::Dismissed,
            None if now < self.expires_at => State::Waiting,
            None => State::Expired,
        }
    }
}

use Column::{Number, Text};

const TABLE: &str = "recovery_requests";

const REQUEST: [Column; 15] =
    [Text, Text, Text, Text, Text, Number, Number, Text, Text, Text, Number, Text, Number, Text, Text];

macro_rules! request {
    ($end:literal) => {
        concat!(
            "SELECT id, user_id, why, door, source, created_at, expires_at, agreed_by, agreed_id, agreed_token, ",
            "agreed_at, answer, answered_at, answered_by, note, mac ",
            "FROM recovery_requests ",
            $end
        )
    };
}

impl Store {
    /// Somebody's latest request.
    ///
    /// # Errors
    /// Where the database fails, or the row is not as it was written.
    pub async fn latest_request(&self, user: &Id<User>) -> Result<Option<Request>, StoreError> {
        // One that waits is never older than one that was answered in the same second.
        let text = request!(
            "WHERE user_id = $1 ORDER BY created_at DESC, CASE WHEN waiting IS NULL THEN 1 ELSE 0 END, id LIMIT 1"
        );
        let row = sqlx::query(text).bind(user.as_str()).fetch_optional(self.pool()).await?;
        row.as_ref().map(|row| read(self, row)).transpose()
    }

    /// The requests that wait, the oldest first, up to `limit`.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn waiting_requests(&self, limit: i64, now: Timestamp) -> Result<Vec<Request>, StoreError> {
        let rows =
            sqlx::query(request!("WHERE waiting IS NOT NULL AND expires_at > $1 ORDER BY created_at, id LIMIT $2"))
                .bind(now.unix())
                .bind(limit)
                .fetch_all(self.pool())
                .await?;
        let all: Result<Vec<Request>, StoreError> = rows.iter().map(|row| read(self, row)).collect();
        Ok(all?.into_iter().filter(|request| request.state(now) == State::Waiting).collect())
    }

    /// How many requests wait, counted up to `most`. No row is read.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn count_waiting_requests(&self, most: i64, now: Timestamp) -> Result<i64, StoreError> {
        let text = "SELECT COUNT(*) FROM (SELECT id FROM recovery_requests WHERE waiting IS NOT NULL \
                    AND expires_at > $1 LIMIT $2) AS some_of_them";
        Ok(sqlx::query_scalar(text).bind(now.unix()).bind(most).fetch_one(self.pool()).await?)
    }

    /// Deletes requests that ended long ago, a few hundred at a time. Answers how many there were.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep_requests(&self, now: Timestamp) -> Written<u64> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM recovery_requests WHERE id IN \
                     (SELECT id FROM recovery_requests WHERE expires_at <= $1 LIMIT 500)",
                )
                .bind(now.plus(-KEPT).unix())
                .execute(connection)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

/// Writes a new request down; `false` where that person has one that waits.
///
/// # Errors
/// Where the database fails.
pub async fn insert_request(connection: &mut AnyConnection, store: &Store, request: &Request) -> Written<bool> {
    sqlx::query("UPDATE recovery_requests SET waiting = NULL WHERE waiting = $1 AND expires_at <= $2")
        .bind(request.user.as_str())
        .bind(request.created_at.unix())
        .execute(&mut *connection)
        .await?;
    let done = sqlx::query(
        "INSERT INTO recovery_requests (id, user_id, why, door, source, created_at, expires_at, mac, waiting) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $2) ON CONFLICT (waiting) DO NOTHING",
    )
    .bind(request.id.as_str())
    .bind(request.user.as_str())
    .bind(request.why.as_str())
    .bind(request.door.as_str())
    .bind(&request.source)
    .bind(request.created_at.unix())
    .bind(request.expires_at.unix())
    .bind(mark(store, request))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes the answer of a request down, once, while it waits.
///
/// # Errors
/// [`StoreError::Conflict`] where it does not wait any more.
pub async fn answer_request(
    connection: &mut AnyConnection,
    store: &Store,
    request: &Request,
    answer: &Answer,
) -> Written<()> {
    let [by, id, token] = first(request);
    let answered = Request { answer: Some(answer.clone()), ..request.clone() };
    let done = sqlx::query(
        "UPDATE recovery_requests SET answer = $2, answered_at = $3, answered_by = $4, note = $5, mac = $6, \
         waiting = NULL WHERE id = $1 AND answered_at IS NULL AND expires_at > $3 AND COALESCE(agreed_by, '') = $7 \
         AND COALESCE(agreed_id, '') = $8 AND COALESCE(agreed_token, '') = $9",
    )
    .bind(request.id.as_str())
    .bind(word(answer))
    .bind(answer.at.unix())
    .bind(&answer.by)
    .bind(&answer.note)
    .bind(mark(store, &answered))
    .bind(by)
    .bind(id)
    .bind(token)
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Writes down who approves a request first, where two have to, once, while it waits; in place of whoever is first in
/// `request`.
///
/// # Errors
/// [`StoreError::Conflict`] where it does not wait any more, or somebody else was faster.
pub async fn agree_to_request(
    connection: &mut AnyConnection,
    store: &Store,
    request: &Request,
    agreed: &Agreed,
) -> Written<()> {
    let [by, id, token] = first(request);
    let marked = Request { agreed: Some(agreed.clone()), ..request.clone() };
    let done = sqlx::query(
        "UPDATE recovery_requests SET agreed_by = $2, agreed_at = $3, mac = $4, agreed_id = $5, agreed_token = $6 \
         WHERE id = $1 AND answered_at IS NULL AND expires_at > $3 AND COALESCE(agreed_by, '') = $7 \
         AND COALESCE(agreed_id, '') = $8 AND COALESCE(agreed_token, '') = $9",
    )
    .bind(request.id.as_str())
    .bind(&agreed.by)
    .bind(agreed.at.unix())
    .bind(mark(store, &marked))
    .bind(agreed.giver.as_ref().map(|giver| giver.id.as_str()))
    .bind(agreed.giver.as_ref().and_then(|giver| giver.token.as_ref()).map(Id::as_str))
    .bind(by)
    .bind(id)
    .bind(token)
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// Who is first in a request, as it is compared with who is stored.
fn first(request: &Request) -> [&str; 3] {
    let agreed = request.agreed.as_ref();
    let giver = agreed.and_then(|agreed| agreed.giver.as_ref());
    let token = giver.and_then(|giver| giver.token.as_ref());
    [
        agreed.map_or("", |agreed| agreed.by.as_str()),
        giver.map_or("", |giver| giver.id.as_str()),
        token.map_or("", Id::as_str),
    ]
}

const fn word(answer: &Answer) -> &'static str {
    if answer.approved { "approved" } else { "dismissed" }
}

fn read(store: &Store, row: &AnyRow) -> Result<Request, StoreError> {
    let values = Values::read(store, TABLE, row, 0, &REQUEST)?;
    let agreed = match values.maybe(7) {
        Some(by) => Some(Agreed {
            by: by.to_owned(),
            giver: values.maybe(8).map(|id| Giver {
                id: Id::from_stored(id.to_owned()),
                token: values.maybe(9).map(|token| Id::from_stored(token.to_owned())),
            }),
            at: values.time(10)?,
        }),
        None => None,
    };
    let answer = match values.maybe(11) {
        Some(word) => Some(Answer {
            approved: word == "approved",
            at: values.time(12)?,
            by: values.text(13)?.to_owned(),
            note: values.maybe(14).map(str::to_owned),
        }),
        None => None,
    };
    Ok(Request {
        id: Id::from_stored(values.text(0)?.to_owned()),
        user: Id::from_stored(values.text(1)?.to_owned()),
        why: values.parsed(2, |word| [Why::Lost, Why::Disowned].into_iter().find(|why| why.as_str() == word))?,
        door: values.parsed(3, |text| text.parse().ok())?,
        source: values.text(4)?.to_owned(),
        created_at: values.time(5)?,
        expires_at: values.time(6)?,
        agreed,
        answer,
    })
}

fn mark(store: &Store, request: &Request) -> String {
    let (agreed, answer) = (request.agreed.as_ref(), request.answer.as_ref());
    let giver = agreed.and_then(|agreed| agreed.giver.as_ref());
    let values = vec![
        Some(request.id.to_string()),
        Some(request.user.to_string()),
        Some(request.why.as_str().to_owned()),
        Some(request.door.to_string()),
        Some(request.source.clone()),
        moment(Some(request.created_at)),
        moment(Some(request.expires_at)),
        agreed.map(|agreed| agreed.by.clone()),
        giver.map(|giver| giver.id.to_string()),
        giver.and_then(|giver| giver.token.as_ref()).map(ToString::to_string),
        moment(agreed.map(|agreed| agreed.at)),
        answer.map(|answer| word(answer).to_owned()),
        moment(answer.map(|answer| answer.at)),
        answer.map(|answer| answer.by.clone()),
        answer.and_then(|answer| answer.note.clone()),
    ];
    Values::of(TABLE, values).mark(store)
}
