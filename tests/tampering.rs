//! T-8 column by column: whatever is under a row's mark, and changed by another hand, ends in a refusal and never in less
//! being asked. The columns are those that the database has: a new one is under the mark, or named here with its reason.

#![expect(clippy::disallowed_methods, reason = "the columns are those that the database names")]

use sqlx::{AssertSqlSafe, Row};
use twolatch_core::crypto::token_hash;
use twolatch_core::door::Door;
use twolatch_core::factor::recovery::{Form, Set};
use twolatch_core::id::Id;
use twolatch_core::login::web::Goal;
use twolatch_core::policy::{Exemption, Level, Subject, Within};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::addresses::former_addresses;
use twolatch_core::store::devices::{Device, insert_device};
use twolatch_core::store::jobs::Action;
use twolatch_core::store::people::Search;
use twolatch_core::store::recovery::{insert_recovery, row_of};
use twolatch_core::user::User;
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, ROOT, actor, code_at, log_in, on_both, parsed, ssh};
use crate::support::site::PASSWORD;
use crate::support::tab::session;

on_both!(
    t8_every_column_of_a_person_is_under_a_mark,
    t8_every_column_of_the_policy_is_under_a_mark,
    t8_every_column_of_what_a_sign_in_leaves_is_under_a_mark,
);

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
    assert!(columns.len() > 4, "{table}");
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
        within: Within {
            service: "sshd".parse().ok(),
            host: "web1".parse().ok(),
            network: "10.0.0.0/8".parse().ok(),
            key: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU".parse().ok(),
            ..Door::Ssh.into()
        },
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

/// What is found by these, or only ever makes less of a row.
const NOT_HERE: [(&str, &str); 14] = [
    ("sessions", "id_hash"),
    ("sessions", "seen_at"),
    ("sessions", "console_at"),
    ("attempts", "id_hash"),
    ("links", "token_hash"),
    ("links", "used_at"),
    ("devices", "id"),
    ("recovery_codes", "id"),
    ("recovery_codes", "used_at"),
    ("recovery_requests", "waiting"),
    ("policy_versions", "version"),
    ("jobs", "id"),
    ("jobs", "next_at"),
    ("jobs", "looked_at_by"),
];

/// Reads a row as whoever depends on it does; whether there is one.
async fn read(core: &Core, table: &str, key: &str) -> Result<bool, Reason> {
    let store = core.store().clone();
    let mut found = false;
    for name in ["alice", "mallory"] {
        let id = core.user(name).await.id;
        let one = match table {
            "sessions" => store.session(key, NOW).await.map(|one| one.is_some()),
            "attempts" => store.attempt(key, NOW).await.map(|one| one.is_some()),
            "links" => store.link(key, NOW).await.map(|one| one.is_some()),
            "devices" => store.device(key, NOW).await.map(|one| one.is_some()),
            "recovery_codes" if name == "alice" => store.recovery_hash(key, &id).await.map(|one| one.is_some()),
            "recovery_codes" => Ok(false),
            "recovery_requests" => store.latest_request(&id).await.map(|one| one.is_some()),
            "policy_versions" => store.policy_version(1).await.map(|one| one.is_some()),
            "jobs" => store.job(key).await.map(|one| one.is_some()),
            _ => {
                let of = store.clone();
                let work = store.write(move |c| Box::pin(async move { former_addresses(c, &of, &id, NOW).await }));
                work.await.map(|all| !all.is_empty())
            }
        };
        found |= one.map_err(|error| error.reason())?;
    }
    Ok(found)
}

async fn t8_every_column_of_what_a_sign_in_leaves_is_under_a_mark(core: Core) {
    core.member("mallory").await;
    core.enrolled("alice").await;
    core.give_password("alice").await;
    for address in ["old@example.org", "alice@example.org"] {
        let edit = |user: &mut User| user.email = address.parse().ok();
        core.logins.change_user(&parsed("alice"), String::new(), &actor(NOW), edit).await.unwrap();
    }
    let link = core.logins.invite(&parsed("mallory"), &actor(NOW)).await.unwrap();
    let person = core.logins.named(&parsed("alice")).await.unwrap();
    let _ = core.logins.file_request(&person, Door::Web, "192.0.2.1", NOW).await.unwrap();
    let (store, user) = (core.store().clone(), core.user("alice").await);
    let of_codes: Id<Set> = Id::random(store.entropy()).unwrap();
    let device = Device {
        id: Id::random(store.entropy()).unwrap(),
        user: user.id.clone(),
        credentials: user.credentials(),
        name: "Firefox".to_owned(),
        place: "192.0.2.1".to_owned(),
        created_at: NOW,
        expires_at: NOW.plus(100),
        secret_hash: token_hash("one"),
        former_hash: None,
        used_at: NOW,
    };
    let (code, remembered) = (row_of(&of_codes, Form::Code(0)), device.id.to_string());
    let of = store.clone();
    let work = store.write(move |c| {
        Box::pin(async move {
            insert_device(c, &of, &device).await?;
            let hashes = [(Form::Code(0), Secret::new("hash".to_owned()))];
            insert_recovery(c, &of, &user.id, &of_codes, &hashes, NOW).await
        })
    });
    work.await.unwrap();
    let job = core.logins.preview_job(Action::Disable, Search::default(), &actor(NOW)).await.unwrap().id.to_string();
    let password = Secret::new(PASSWORD.to_owned());
    let tab = core.logins.enter("alice", password, "192.0.2.1", Goal::default(), NOW).await.unwrap();
    let (cookie, _) = session(&core.logins, "alice", NOW).await;
    let one = "1 = 1".to_owned();
    let link_row = format!("token_hash = '{}'", token_hash(&link));
    let tables = [
        ("sessions", cookie, &one),
        ("attempts", tab, &one),
        ("links", link, &link_row),
        ("devices", remembered, &one),
        ("recovery_codes", code, &one),
        ("recovery_requests", String::new(), &one),
        ("former_addresses", String::new(), &one),
        ("policy_versions", String::new(), &one),
        ("jobs", job, &one),
    ];
    for (table, key, of) in tables {
        for (column, is_number, is_empty) in columns(&core, table, of).await {
            if NOT_HERE.contains(&(table, column.as_str())) {
                continue;
            }
            let (whose, other) = if table == "links" { ("mallory", "alice") } else { ("alice", "mallory") };
            let id_of = |name: &str| format!("(SELECT id FROM users WHERE name = '{name}')");
            let (new, back) = if column == "user_id" {
                (id_of(other), id_of(whose)) // a foreign key: it must be somebody's
            } else {
                values(&column, is_number, is_empty)
            };
            set(&core, table, of, &column, &new).await;
            assert_eq!(read(&core, table, &key).await, Err(Reason::RowMac), "{table}.{column} was changed to {new}");
            set(&core, table, of, &column, &back).await;
        }
        assert_eq!(read(&core, table, &key).await, Ok(true), "{table}: all is as it was");
    }
}
