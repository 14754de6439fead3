//! How often something may be tried: charged before anything is judged, exact over all servers and restarts.

use std::net::Ipv6Addr;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::bound::Bound;
use super::{Store, StoreError, Written};
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

/// After this many consecutive failures an authenticator is held.
pub const HARD_STOP: i64 = 100;

/// How the ids of all begin that one person can be asked for; that person's follows.
pub(super) const OF_A_PERSON: [&str; 3] = ["totp:", "email:", "recovery:"];

/// What is charged for a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Its key.
    pub id: String,
    /// Tries without delay.
    pub free: i64,
    /// What the failures behind those cost.
    pub then: Then,
}

/// What failures cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// A growing delay, and a hold at the hundredth failure in a row. Nothing is forgotten by waiting.
    Hold,
    /// A growing delay; one failure is forgotten in so many seconds.
    Grow(i64),
    /// A delay that does not grow, in seconds, so that nobody is kept out by others at the same place; one failure is
    /// forgotten in each second.
    Flat(i64),
    /// Nothing for so many seconds behind the last free one; then, or after as long a pause, all is forgotten.
    Block(i64),
    /// Nothing for so many seconds behind each run of as many as are free, and a hold at the hundredth failure in a row.
    /// Nothing is forgotten by waiting.
    Pause(i64),
}

impl Then {
    /// Whether a hundred failures in a row end in a hold.
    pub(crate) const fn holds(self) -> bool {
        matches!(self, Self::Hold | Self::Pause(_))
    }
}

/// Tries that are not judged are noted once in so many seconds: strangers must not fill the audit.
const NOTED_EVERY: i64 = 30;

impl Budget {
    /// One person's authenticator apps, over all doors.
    #[must_use]
    pub fn of_totp(user: &str) -> Self {
        Self { id: format!("totp:{user}"), free: 5, then: Then::Hold }
    }

    /// Mailed codes that one person has shown, over all doors.
    #[must_use]
    pub fn of_email(user: &str) -> Self {
        Self { id: format!("email:{user}"), free: 3, then: Then::Pause(300) }
    }

    /// Codes that are mailed to one person.
    #[must_use]
    pub fn of_mail(user: &str) -> Self {
        Self { id: format!("mail:{user}"), free: 3, then: Then::Block(300) }
    }

    /// One person's recovery codes and key, over all doors.
    #[must_use]
    pub fn of_recovery(user: &str) -> Self {
        Self { id: format!("recovery:{user}"), free: 5, then: Then::Hold }
    }

    /// What one person asks of administrators: once an hour.
    #[must_use]
    pub fn of_request(user: &str) -> Self {
        Self { id: format!("request:{user}"), free: 1, then: Then::Block(3600) }
    }

    /// Links that one administrator has mailed to the own mailbox.
    #[must_use]
    pub fn of_admin_link(user: &str) -> Self {
        Self { id: format!("admin_link:{user}"), free: 3, then: Then::Block(3600) }
    }

    /// One person's codes as shown by one unprivileged local account: delays that account only.
    #[must_use]
    pub fn of_peer(user: &str, uid: u32) -> Self {
        Self { id: format!("peer:{user}:{uid}"), free: 5, then: Then::Grow(3600) }
    }

    /// Passwords for one name from one source. What was typed as a name may be a password: `name` is a keyed hash, or an
    /// id.
    #[must_use]
    pub fn of_password(name: &str, source: &str) -> Self {
        Self { id: format!("password:{name}:{}", place_of(source)), free: 5, then: Then::Grow(720) }
    }

    /// Everything that a stranger at one source tries.
    #[must_use]
    pub fn of_source(door: &str, source: &str) -> Self {
        Self { id: format!("source:{door}:{}", place_of(source)), free: 300, then: Then::Flat(5) }
    }
}

/// One IPv6 network is one place: whoever has one address there has them all.
fn place_of(source: &str) -> String {
    match source.parse::<Ipv6Addr>() {
        Ok(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Err(_) => source.to_owned(),
    }
}

/// Whether a try may be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Charge {
    /// It may, and counts as a failure until it is given back.
    Taken,
    /// Not before that moment.
    Wait(Timestamp),
    /// Not until somebody lifts the hold.
    Held,
}

/// Longer than any clock runs.
const NEVER: i64 = 1 << 60;

/// What is left of the failures at `$2`, where one is forgotten in `$5` seconds; a clock that was set back forgets none.
macro_rules! left {
    () => {
        "(budgets.fails - CASE WHEN $2 > budgets.changed_at THEN ($2 - budgets.changed_at) / $5 ELSE 0 END)"
    };
}

/// Takes one try: one guarded statement, so that parallel guesses cannot share it. After the free ones comes a delay of
/// 30 s, doubled by each failure up to an hour.
///
/// # Errors
/// Where the database fails.
pub async fn charge(connection: &mut AnyConnection, budget: &Budget, now: Timestamp) -> Written<Charge> {
    let (stop, leak, flat) = match budget.then {
        Then::Hold => (HARD_STOP, NEVER, 0),
        Then::Grow(leak) => (NEVER, leak, 0),
        Then::Flat(delay) => (NEVER, 1, delay),
        Then::Block(seconds) => return charge_block(connection, budget, seconds, now).await,
        Then::Pause(seconds) => return charge_pause(connection, budget, seconds, now).await,
    };
    let taken = sqlx::query(concat!(
        "INSERT INTO budgets (id, fails, next_at, changed_at, noted_at) VALUES ($1, 1, 0, $2, 0) ",
        "ON CONFLICT (id) DO UPDATE SET fails = CASE WHEN ",
        left!(),
        " > 0 THEN 1 + ",
        left!(),
        " ELSE 1 END, changed_at = CASE WHEN ",
        left!(),
        " > 0 THEN budgets.changed_at + (budgets.fails - ",
        left!(),
        ") * $5 ELSE $2 END, next_at = CASE WHEN ",
        left!(),
        " + 1 < $3 THEN 0 WHEN $6 > 0 THEN $2 + $6 ELSE $2 + CASE ",
        left!(),
        " - $3 WHEN -1 THEN 30 WHEN 0 THEN 60 WHEN 1 THEN 120 WHEN 2 THEN 240 WHEN 3 THEN 480 WHEN 4 THEN 960 \
          WHEN 5 THEN 1920 ELSE 3600 END END WHERE budgets.next_at <= $2 AND budgets.fails < $4",
    ))
    .bind(&budget.id)
    .bind(now.unix())
    .bind(budget.free)
    .bind(stop)
    .bind(leak)
    .bind(flat)
    .execute(&mut *connection)
    .await?;
    if taken.rows_affected() == 1 {
        return Ok(Charge::Taken);
    }
    not_taken(connection, budget, now).await
}

/// The same where a run of tries ends in a pause.
async fn charge_block(
    connection: &mut AnyConnection,
    budget: &Budget,
    seconds: i64,
    now: Timestamp,
) -> Written<Charge> {
    // `next_at` is set by the last free try: where it has passed, this one is the first again.
    let taken = sqlx::query(
        "INSERT INTO budgets (id, fails, next_at, changed_at, noted_at) \
         VALUES ($1, 1, CASE WHEN $3 <= 1 THEN $2 + $4 ELSE 0 END, $2, 0) \
         ON CONFLICT (id) DO UPDATE SET \
         fails = CASE WHEN budgets.next_at > 0 OR budgets.changed_at <= $2 - $4 THEN 1 ELSE budgets.fails + 1 END, \
         next_at = CASE WHEN budgets.next_at = 0 AND budgets.changed_at > $2 - $4 AND budgets.fails + 1 >= $3 \
         THEN $2 + $4 ELSE 0 END, \
         changed_at = $2 \
         WHERE budgets.next_at <= $2",
    )
    .bind(&budget.id)
    .bind(now.unix())
    .bind(budget.free)
    .bind(seconds)
    .execute(&mut *connection)
    .await?;
    if taken.rows_affected() == 1 {
        return Ok(Charge::Taken);
    }
    not_taken(connection, budget, now).await
}

/// The same where nothing is forgotten.
async fn charge_pause(
    connection: &mut AnyConnection,
    budget: &Budget,
    seconds: i64,
    now: Timestamp,
) -> Written<Charge> {
    let taken = sqlx::query(
        "INSERT INTO budgets (id, fails, next_at, changed_at, noted_at) VALUES ($1, 1, 0, $2, 0) \
         ON CONFLICT (id) DO UPDATE SET fails = budgets.fails + 1, changed_at = $2, \
         next_at = CASE WHEN (budgets.fails + 1) % $3 = 0 THEN $2 + $4 ELSE 0 END \
         WHERE budgets.next_at <= $2 AND budgets.fails < $5",
    )
    .bind(&budget.id)
    .bind(now.unix())
    .bind(budget.free)
    .bind(seconds)
    .bind(HARD_STOP)
    .execute(&mut *connection)
    .await?;
    if taken.rows_affected() == 1 { Ok(Charge::Taken) } else { not_taken(connection, budget, now).await }
}

/// Why a try was not taken. What ended meanwhile is not taken either: it was not charged.
async fn not_taken(connection: &mut AnyConnection, budget: &Budget, now: Timestamp) -> Written<Charge> {
    Ok(match standing_in(connection, budget, now).await? {
        Charge::Taken => Charge::Wait(now),
        why => why,
    })
}

/// How many failures in a row there are, inside a transaction.
///
/// # Errors
/// Where the database fails.
pub async fn fails_in(connection: &mut AnyConnection, budget: &Budget) -> Written<i64> {
    let fails = sqlx::query_scalar("SELECT fails FROM budgets WHERE id = $1")
        .bind(&budget.id)
        .fetch_optional(connection)
        .await?;
    Ok(fails.unwrap_or(0))
}

/// Whether a try that was not judged is to be recorded: the first in a while is.
///
/// # Errors
/// Where the database fails.
pub async fn is_noteworthy(connection: &mut AnyConnection, budget: &Budget, now: Timestamp) -> Written<bool> {
    let done = sqlx::query("UPDATE budgets SET noted_at = $2 WHERE id = $1 AND noted_at <= $3")
        .bind(&budget.id)
        .bind(now.unix())
        .bind(now.plus(-NOTED_EVERY).unix())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a try back that was taken in an earlier transaction. What others have failed meanwhile, and the delay for it,
/// stays.
///
/// # Errors
/// Where the database fails.
pub async fn refund(connection: &mut AnyConnection, budget: &Budget) -> Written<()> {
    sqlx::query("UPDATE budgets SET fails = fails - 1 WHERE id = $1 AND fails > 0")
        .bind(&budget.id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives back the try that was taken in this transaction: what was shown was right but spent. It was only taken because
/// nothing had to be waited for.
///
/// # Errors
/// Where the database fails.
pub async fn give_back(connection: &mut AnyConnection, budget: &Budget) -> Written<()> {
    sqlx::query("UPDATE budgets SET fails = fails - 1, next_at = 0 WHERE id = $1 AND fails > 0")
        .bind(&budget.id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a run of failures: what was shown was right.
///
/// # Errors
/// Where the database fails.
pub async fn clear(connection: &mut AnyConnection, budget: &Budget) -> Written<()> {
    sqlx::query("UPDATE budgets SET fails = 0, next_at = 0 WHERE id = $1").bind(&budget.id).execute(connection).await?;
    Ok(())
}

/// Ends the runs of failures of all that people can be asked for.
///
/// # Errors
/// Where the database fails.
pub async fn clear_all(connection: &mut AnyConnection, users: &[Id<User>]) -> Written<()> {
    set_all(connection, "fails = 0, next_at = 0", users).await
}

/// [`hold`] for all that people can be asked for.
///
/// # Errors
/// Where the database fails.
pub async fn hold_all(connection: &mut AnyConnection, users: &[Id<User>]) -> Written<()> {
    set_all(connection, "fails = fails", users).await
}

/// Kind by kind: whoever takes several takes them in one order.
async fn set_all(connection: &mut AnyConnection, what: &'static str, users: &[Id<User>]) -> Written<()> {
    for start in OF_A_PERSON {
        let mut bound = Bound::default();
        let ids = bound.texts(users.iter().map(|user| format!("{start}{user}")));
        bound.query(format!("UPDATE budgets SET {what} WHERE id IN ({ids})")).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Counts a try that was not judged. It is written, like a verdict: nobody can tell by the clock that none was made
/// (T-12).
///
/// # Errors
/// Where the database fails.
pub async fn refuse(connection: &mut AnyConnection, budget: &Budget) -> Written<()> {
    sqlx::query("UPDATE budgets SET refused = refused + 1 WHERE id = $1").bind(&budget.id).execute(connection).await?;
    Ok(())
}

/// Makes others who charge this budget wait for the end of this transaction. What a verdict locks, it locks in one
/// order: budget, user, what is spent.
///
/// # Errors
/// Where the database fails.
pub async fn hold(connection: &mut AnyConnection, budget: &Budget) -> Written<()> {
    sqlx::query("UPDATE budgets SET fails = fails WHERE id = $1").bind(&budget.id).execute(connection).await?;
    Ok(())
}

/// What a try would meet, inside a transaction.
///
/// # Errors
/// Where the database fails.
pub async fn standing_in(connection: &mut AnyConnection, budget: &Budget, now: Timestamp) -> Written<Charge> {
    let row = sqlx::query("SELECT fails, next_at FROM budgets WHERE id = $1")
        .bind(&budget.id)
        .fetch_optional(connection)
        .await?;
    Ok(standing_of(row.as_ref(), budget, now)?.1)
}

fn standing_of(row: Option<&AnyRow>, budget: &Budget, now: Timestamp) -> Written<(i64, Charge)> {
    let Some(row) = row else { return Ok((0, Charge::Taken)) };
    let (fails, next_at): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    let charge = if budget.then.holds() && fails >= HARD_STOP {
        Charge::Held
    } else if next_at > now.unix() {
        Charge::Wait(Timestamp::from_unix(next_at))
    } else {
        Charge::Taken
    };
    Ok((fails, charge))
}

impl Store {
    /// How a budget stands at a moment: failures so far, and what a try would meet.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn standing(&self, budget: &Budget, now: Timestamp) -> Result<(i64, Charge), StoreError> {
        let row = sqlx::query("SELECT fails, next_at FROM budgets WHERE id = $1")
            .bind(&budget.id)
            .fetch_optional(self.pool())
            .await?;
        standing_of(row.as_ref(), budget, now)
    }
}
