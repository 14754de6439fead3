//! All tables, and what of them a backup holds.

use sqlx::{AnyConnection, Row};

use super::row::Column;
use super::{Location, StoreError};

/// What becomes of a table's rows in a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    /// They are those of the backup.
    Replaced,
    /// Nothing is taken away: those of the backup that are missing are added.
    Added,
    /// Those that are there are newer, and stay; without any they are those of the backup.
    Newest,
}

/// What a backup holds, tables that others refer to first. Signing keys are not among it: one that was taken out of use
/// since, as it had leaked, must not sign again, and a server without any makes new ones.
pub(super) const KEPT: [(&str, Keeping); 16] = [
    ("canaries", Keeping::Added),
    ("users", Keeping::Replaced),
    ("memberships", Keeping::Replaced),
    ("factors", Keeping::Replaced),
    ("recovery_codes", Keeping::Replaced),
    ("former_addresses", Keeping::Replaced),
    ("recovery_requests", Keeping::Replaced),
    ("policies", Keeping::Replaced),
    ("exemptions", Keeping::Replaced),
    ("clients", Keeping::Replaced),
    ("profiles", Keeping::Replaced),
    ("policy_versions", Keeping::Added),
    ("audit", Keeping::Added),
    ("audit_links", Keeping::Added),
    ("budgets", Keeping::Newest),
    ("spent_jtis", Keeping::Newest),
];

/// What is in no backup, and over with a restore: whatever was begun, given out or waits. Those that refer to others come
/// first.
pub(super) const PASSING: [&str; 19] = [
    "attempts",
    "sessions",
    "links",
    "api_tokens",
    "initial_tokens",
    "consents",
    "grants",
    "access_tokens",
    "visits",
    "logouts",
    "happenings",
    "pushed_requests",
    "device_requests",
    "mails",
    "alerts",
    "email_codes",
    "devices",
    "job_failures",
    "jobs",
];

/// The columns of a table, as the database has them.
pub(super) async fn columns(
    location: &Location,
    connection: &mut AnyConnection,
    table: &str,
) -> Result<Vec<(String, Column)>, StoreError> {
    let text = if location.is_sqlite() {
        "SELECT name, type FROM pragma_table_info($1) ORDER BY cid"
    } else {
        "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position"
    };
    let rows = sqlx::query(text).bind(table.to_owned()).fetch_all(connection).await?;
    let column = |row: &sqlx::any::AnyRow| {
        let (name, kind): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        // It becomes a part of statements.
        let is_ours = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let kind = match kind.to_ascii_lowercase().as_str() {
            "text" => Some(Column::Text),
            "bigint" => Some(Column::Number),
            _ => None,
        };
        let unknown =
            || StoreError::Schema(format!("the table {table} has a column that Twolatch did not make: {name}"));
        kind.filter(|_| is_ours).map(|kind| (name.clone(), kind)).ok_or_else(unknown)
    };
    rows.iter().map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::{KEPT, PASSING};

    /// A table that nobody has thought about would be forgotten by every backup.
    #[test]
    fn every_table_is_kept_or_passes() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
        let mut made = Vec::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let names = text.lines().filter_map(|line| line.strip_prefix("CREATE TABLE "));
            made.extend(names.map(|rest| rest.trim_end_matches(" (").to_owned()));
        }
        made.retain(|name| !["meta", "servers", "signing_keys"].contains(&name.as_str()));
        made.sort();
        let mut known: Vec<String> = KEPT.iter().map(|(name, _)| *name).chain(PASSING).map(str::to_owned).collect();
        known.sort();
        assert_eq!(made, known);
    }
}
