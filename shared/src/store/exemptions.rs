//! Exemptions. They are part of the policy: its row names all of them, and each has a mark of its own.

use sqlx::AnyConnection;

use super::row::{Column, Values, moment};
use super::{Store, StoreError, Written};
use crate::id::Id;
use crate::policy::{Exemption, Subject, Within};

use Column::{Number, Text};

const EXEMPTION: [Column; 14] =
    [Text, Text, Text, Text, Text, Text, Text, Text, Text, Text, Number, Text, Text, Number];

impl Store {
    /// All of them, ended ones too, in the order in which they were made.
    pub(super) async fn read_exemptions(&self) -> Result<Vec<Exemption>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, subject_kind, subject, door, client, service, host, network, ssh_key, level, until, reason, \
             author, at, mac FROM exemptions ORDER BY at, id",
        )
        .fetch_all(self.pool())
        .await?;
        let mut exemptions = Vec::with_capacity(rows.len());
        for row in &rows {
            let values = Values::read(self, "exemptions", row, 0, &EXEMPTION)?;
            exemptions.push(Exemption {
                id: Id::from_stored(values.text(0)?.to_owned()),
                subject: subject(values.text(1)?, values.text(2)?).ok_or_else(|| values.unreadable())?,
                within: Within {
                    door: values.maybe_parsed(3, |text| text.parse().ok())?,
                    client: values.maybe_parsed(4, |text| text.parse().ok())?,
                    service: values.maybe_parsed(5, |text| text.parse().ok())?,
                    host: values.maybe_parsed(6, |text| text.parse().ok())?,
                    network: values.maybe_parsed(7, |text| text.parse().ok())?,
                    key: values.maybe_parsed(8, |text| text.parse().ok())?,
                },
                level: values.parsed(9, |text| text.parse().ok())?,
                until: values.time(10)?,
                reason: values.text(11)?.to_owned(),
                author: values.text(12)?.to_owned(),
                at: values.time(13)?,
            });
        }
        Ok(exemptions)
    }
}

/// Adds an exemption. The caller also raises the policy's version.
///
/// # Errors
/// Where the database fails.
pub async fn insert_exemption(connection: &mut AnyConnection, store: &Store, exemption: &Exemption) -> Written<()> {
    let (kind, subject) = match &exemption.subject {
        Subject::User(id) => ("user", id.to_string()),
        Subject::Group(name) => ("group", name.to_string()),
        Subject::Role(role) => ("role", role.to_string()),
    };
    let Within { door, client, service, host, network, key } = &exemption.within;
    let within = [
        door.map(|door| door.to_string()),
        client.as_ref().map(ToString::to_string),
        service.as_ref().map(ToString::to_string),
        host.as_ref().map(ToString::to_string),
        network.map(|network| network.to_string()),
        key.as_ref().map(ToString::to_string),
    ];
    let mut values = vec![Some(exemption.id.to_string()), Some(kind.to_owned()), Some(subject.clone())];
    values.extend(within.clone());
    values.extend([
        Some(exemption.level.to_string()),
        moment(Some(exemption.until)),
        Some(exemption.reason.clone()),
        Some(exemption.author.clone()),
        moment(Some(exemption.at)),
    ]);
    let mut query = sqlx::query(
        "INSERT INTO exemptions (id, subject_kind, subject, door, client, service, host, network, ssh_key, level, until, \
         reason, author, at, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(exemption.id.as_str())
    .bind(kind)
    .bind(subject);
    for limit in within {
        query = query.bind(limit);
    }
    query
        .bind(exemption.level.as_str())
        .bind(exemption.until.unix())
        .bind(&exemption.reason)
        .bind(&exemption.author)
        .bind(exemption.at.unix())
        .bind(Values::of("exemptions", values).mark(store))
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes an exemption; `false` if there is none. The caller also raises the policy's version.
///
/// # Errors
/// Where the database fails.
pub async fn delete_exemption(connection: &mut AnyConnection, id: &str) -> Written<bool> {
    let done = sqlx::query("DELETE FROM exemptions WHERE id = $1").bind(id).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

fn subject(kind: &str, name: &str) -> Option<Subject> {
    match kind {
        "user" => Some(Subject::User(Id::from_stored(name.to_owned()))),
        "group" => name.parse().ok().map(Subject::Group),
        "role" => name.parse().ok().map(Subject::Role),
        _ => None,
    }
}
