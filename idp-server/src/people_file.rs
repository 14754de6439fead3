//! People as a table (CSV), to be read and written: `name,email,role,groups,level`. Reading says what is wrong with which
//! line before anything is done; no column holds a secret.

use std::collections::{BTreeMap, BTreeSet};

use twolatch_core::id::Id;
use twolatch_core::policy::Level;
use twolatch_core::store::StoreError;
use twolatch_core::store::people::{self, Search, next};
use twolatch_core::time::Timestamp;
use twolatch_core::user::{Email, GroupName, User, UserName};

use crate::csv::{self, Row};
use crate::state::App;
use crate::text::{Text, t};

/// The columns, in the order in which they are written.
pub const COLUMNS: [&str; 5] = ["name", "email", "role", "groups", "level"];

/// People written at a time.
const PAGE: i64 = 500;

/// No file with more faults than these is of any use.
const MOST_FAULTS: usize = 100;

/// Something wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    /// What.
    pub text: Text,
}

/// A person in a file.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where.
    pub line: usize,
    /// The user as it will be.
    pub user: User,
}

/// Reads people, and looks whether they can be added. Nothing is changed.
///
/// # Errors
/// All that is wrong, by line, up to a hundred faults; or the database fails.
pub async fn read(
    app: &App,
    text: &str,
    vouched: bool,
    now: Timestamp,
) -> Result<Result<Vec<Entry>, Vec<Fault>>, StoreError> {
    let setup_until = app.logins.policy(now).await?.rules.setup_until(now);
    let rows = match csv::read(text) {
        Ok(rows) => rows,
        Err(bad) => return Ok(Err(vec![Fault { line: bad.line, text: t("import-quote") }])),
    };
    let mut rows = rows.into_iter();
    let Some(columns) = rows.next() else {
        return Ok(Err(vec![Fault { line: 1, text: t("import-empty") }]));
    };
    let columns = match columns_in(&columns) {
        Ok(columns) => columns,
        Err(text) => return Ok(Err(vec![Fault { line: columns.line, text }])),
    };
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    for row in rows {
        match entry(app, &columns, &row, setup_until, now)? {
            Ok(mut user) => {
                user.email_verified_at = user.email.as_ref().filter(|_| vouched).map(|_| now);
                entries.push(Entry { line: row.line, user });
            }
            Err(text) => faults.push(Fault { line: row.line, text }),
        }
    }
    faults.extend(twice(&entries));
    faults.extend(taken(app, &entries).await?);
    faults.sort_by_key(|fault| fault.line);
    faults.truncate(MOST_FAULTS);
    if entries.is_empty() && faults.is_empty() {
        faults.push(Fault { line: 1, text: t("import-nobody") });
    }
    Ok(if faults.is_empty() { Ok(entries) } else { Err(faults) })
}

/// A part of all people as a file.
#[derive(Debug)]
pub struct Part {
    /// Its lines.
    pub text: String,
    /// The names of those whose row is not as it was written; in their place stands a line that no import takes.
    pub unreadable: Vec<String>,
    /// Where the next part begins, if there is one.
    pub next: Option<String>,
}

/// The first line of the file.
#[must_use]
pub fn head() -> String {
    csv::line(COLUMNS)
}

/// The part of it behind a name key; behind the empty one is everybody.
///
/// # Errors
/// Where the database fails.
pub async fn part(app: &App, behind: &str) -> Result<Part, StoreError> {
    let now = app.now();
    let policy = app.logins.policy(now).await?;
    let people = app.store.find_people(&Search::default(), &policy, people::Part::after(behind, PAGE), now).await?;
    let mut part = Part { text: String::new(), unreadable: Vec::new(), next: next(&people, PAGE) };
    for found in people {
        match found {
            Ok(found) => part.text += &line(&found.person.user),
            Err(damaged) => {
                part.text += &csv::line([&format!("row_mac: {}", damaged.name), "", "", "", ""]);
                part.unreadable.push(damaged.name);
            }
        }
    }
    Ok(part)
}

fn line(user: &User) -> String {
    let groups = user.groups.iter().map(GroupName::as_str).collect::<Vec<_>>().join(";");
    let (email, level) = (user.email.as_ref().map_or("", Email::as_str), user.level.map_or("", Level::as_str));
    csv::line([user.name.as_str(), email, user.role.as_str(), groups.as_str(), level])
}

/// Which column is where.
fn columns_in(row: &Row) -> Result<Vec<&'static str>, Text> {
    let mut columns = Vec::new();
    for cell in &row.cells {
        let cell = cell.trim();
        let known = COLUMNS.into_iter().find(|column| column.eq_ignore_ascii_case(cell));
        let column = known.ok_or_else(|| t("import-column").with("column", cell).with("known", COLUMNS.join(",")))?;
        if columns.contains(&column) {
            return Err(t("import-column-twice").with("column", column));
        }
        columns.push(column);
    }
    if columns.contains(&"name") { Ok(columns) } else { Err(t("import-no-name").with("known", COLUMNS.join(","))) }
}

fn entry(
    app: &App,
    columns: &[&'static str],
    row: &Row,
    setup_until: Timestamp,
    now: Timestamp,
) -> Result<Result<User, Text>, StoreError> {
    if row.cells.len() != columns.len() {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let text = t("import-cells").number("there", number(row.cells.len()));
        return Ok(Err(text.number("expected", number(columns.len()))));
    }
    let cell = |wanted: &str| {
        let found = columns.iter().zip(&row.cells).find(|(column, _)| **column == wanted);
        found.map(|(_, cell)| cell.trim()).filter(|cell| !cell.is_empty())
    };
    let Some(Ok(name)) = cell("name").map(str::parse::<UserName>) else {
        return Ok(Err(t("import-bad-name").with("name", cell("name").unwrap_or_default())));
    };
    let mut user = User::new(Id::random(app.entropy())?, name, setup_until, now);
    let mut read = || -> Result<(), Text> {
        if let Some(text) = cell("email") {
            user.email = Some(text.parse().map_err(|_| t("import-bad-email").with("email", text))?);
        }
        if let Some(text) = cell("role") {
            user.role = text.parse().map_err(|_| t("import-bad-role").with("role", text))?;
        }
        if let Some(text) = cell("groups") {
            user.groups = groups(text)?;
        }
        if let Some(text) = cell("level") {
            let level: Level = text.parse().map_err(|_| t("import-bad-level").with("level", text))?;
            if app.logins.locked && level < Level::Required {
                return Err(t("import-locked").with("level", text));
            }
            user.level = Some(level);
        }
        Ok(())
    };
    Ok(read().map(|()| user))
}

/// Groups as they are typed: with semicolons, commas or spaces between them.
///
/// # Errors
/// The first that is no group name.
pub fn groups(text: &str) -> Result<Vec<GroupName>, Text> {
    let parts = text.split([';', ',', ' ']).map(str::trim).filter(|part| !part.is_empty());
    let groups: Result<BTreeSet<GroupName>, Text> =
        parts.map(|part| part.parse().map_err(|_| t("import-bad-group").with("group", part))).collect();
    Ok(groups?.into_iter().collect())
}

/// Names and addresses that stand in the file more than once.
fn twice(entries: &[Entry]) -> Vec<Fault> {
    let (mut names, mut addresses, mut faults) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for Entry { line, user } in entries {
        if let Some(first) = names.insert(user.name.key(), *line) {
            let text = t("import-name-twice").with("name", &user.name).with("line", first);
            faults.push(Fault { line: *line, text });
        }
        if let Some(email) = &user.email
            && let Some(first) = addresses.insert(email.key(), *line)
        {
            let text = t("import-email-twice").with("email", email).with("line", first);
            faults.push(Fault { line: *line, text });
        }
    }
    faults
}

/// Names and addresses that somebody has: nobody is changed by a file.
async fn taken(app: &App, entries: &[Entry]) -> Result<Vec<Fault>, StoreError> {
    let names: Vec<String> = entries.iter().map(|entry| entry.user.name.key()).collect();
    let addresses: Vec<String> = entries.iter().filter_map(|entry| entry.user.email.as_ref().map(Email::key)).collect();
    let names = app.store.taken_names(&names).await?;
    let addresses = app.store.taken_addresses(&addresses).await?;
    let mut faults = Vec::new();
    for Entry { line, user } in entries {
        if names.contains(&user.name.key()) {
            faults.push(Fault { line: *line, text: t("import-name-taken").with("name", &user.name) });
        }
        if let Some(email) = user.email.as_ref().filter(|email| addresses.contains(&email.key())) {
            faults.push(Fault { line: *line, text: t("import-email-taken").with("email", email) });
        }
    }
    Ok(faults)
}
