//! T-8 column by column: whatever is under a row's mark, and changed by another hand, ends in a refusal and never in less
//! being asked. The columns are those that the database has: a new one is under the mark, or named here with its reason.

#![expect(clippy::disallowed_methods, reason = "the columns are those that the database names")]

use sqlx::{AssertSqlSafe, Row};
use twolatch_core::id::Id;
use twolatch_core::policy::{Exemption, Level, Subject};
use twolatch_core::reason::Reason;
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, ROOT, actor, code_at, log_in, on_both, ssh};

on_both!(t8_every_column_of_a_person_is_under_a_mark, t8_every_column_of_the_policy_is_under_a_mark,);

/// Not under the mark, because every login changes them: what is asked for first and when, and what is spent. None makes
/// a verdict more lenient: the replay floor and the budgets stand beside them.
const UNMARKED: [(&str, &str); 4] =
    [("users", "last_method"), ("users", "last_login_at"), ("factors", "last_step"), ("factors", "last_used_at")];

/// By these a row is found; another value in them makes it somebody else's, or nobody's.
const KEYS: [(&str, &str); 3] = [("users", "id"), ("users", "name_key"), ("factors", "user_id")];

/// Columns of a table, each with whether it is a number and whether it is empty in the row that `of` finds.
async fn columns(core: &Core, table: &str, of: &str) -> Vec<(String, bool, bool)> {
    let pool = core.store().pool();
    let listed = if core.store().location().is_sqlite() {
        format!("SELECT name, type FROM pragma_table_info('{table}')")
    } else {
        format!(
            "SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_name = '{table}'"
        )
    };
    let mut columns = Vec::new();
    for row in sqlx::query(AssertSqlSafe(listed)).fetch_all(pool).await.unwrap() {
        let (name, kind): (String, String) = (row.get(0), row.get(1));
        let text = format!("SELECT COUNT(*) FROM {table} WHERE {of} AND {name} IS NULL");
        let empty: i64 = sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(pool).await.unwrap();
        columns.push((name, kind.eq_ignore_ascii_case("bigint"), empty > 0));
    }
    assert!(columns.len() > 5, "{table}");
    columns
}

async fn set(core: &Core, table: &str, of: &str, column: &str, value: &str) {
    let text = format!("UPDATE {table} SET {column} = {value} WHERE {of}");
    let done = sqlx::query(AssertSqlSafe(text)).execute(core.store().pool()).await.unwrap();
    assert_eq!(done.rows_affected(), 1, "{table}.{column}");
}

/// Another value for a column, and how it becomes the one before again.
fn values(column: &str, is_number: bool, is_empty: bool) -> (String, String) {
    match (is_number, is_empty) {
        (true, true) => ("1".to_owned(), "NULL".to_owned()),
        (false, true) => ("'x'".to_owned(), "NULL".to_owned()),
        (true, false) => (format!("{column} + 1"), format!("{column} - 1")),
        (false, false) => (format!("{column} || 'x'"), format!("SUBSTR({column}, 1, LENGTH({column}) - 1)")),
    }
}

async fn t8_every_column_of_a_person_is_under_a_mark(core: Core) {
    let totp = core.enrolled("alice").await;
    let of_alice = "user_id = (SELECT id FROM users WHERE name = 'alice')";
    for (table, of) in [("users", "name_key = 'alice'"), ("factors", of_alice)] {
        for (column, is_number, is_empty) in columns(&core, table, of).await {
            let place = (table, column.as_str());
            if UNMARKED.contains(&place) || KEYS.contains(&place) {
                continue;
            }
            let (other, back) = values(&column, is_number, is_empty);
            set(&core, table, of, &column, &other).await;
            let outcome = core.logins.begin(ROOT, &ssh("alice"), NOW).await;
            let refused = outcome.map_err(|error| error.reason());
            assert_eq!(refused, Err(Reason::RowMac), "{table}.{column} was changed to {other}");
            set(&core, table, of, &column, &back).await;
        }
    }
    let outcome = log_in(&core.logins, &ssh("alice"), &code_at(&totp, NOW, 0), NOW).await;
    assert_eq!(outcome, Outcome::Granted, "all is as it was");
}

async fn t8_every_column_of_the_policy_is_under_a_mark(core: Core) {
    let bob = core.member("bob").await;
    core.enrolled("alice").await;
    let exemption = Exemption {
        id: Id::from_stored("e1".to_owned()),
        subject: Subject::User(bob.id),
        door: None,
        level: Level::Off,
        until: NOW.plus(86_400),
        reason: "a device that cannot".to_owned(),
        author: "root".to_owned(),
        at: NOW,
    };
    core.logins.exempt(exemption, &actor(NOW)).await.unwrap();
    for (table, of) in [("policies", "version > 0"), ("exemptions", "author LIKE 'root%'")] {
        for (column, is_number, is_empty) in columns(&core, table, of).await {
            let (other, back) = values(&column, is_number, is_empty);
            set(&core, table, of, &column, &other).await;
            // A server that has read nothing yet.
            let outcome = core.second_server().await.begin(ROOT, &ssh("alice"), NOW).await;
            let refused = outcome.map_err(|error| error.reason());
            assert_eq!(refused, Err(Reason::RowMac), "{table}.{column} was changed to {other}");
            set(&core, table, of, &column, &back).await;
        }
    }
    let outcome = core.second_server().await.begin(ROOT, &ssh("alice"), NOW).await;
    assert!(outcome.is_ok(), "all is as it was: {outcome:?}");
}
