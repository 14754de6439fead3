//! Files that are written while they are sent, a part at a time: people as a table, and records. It must not know who asks.

use twolatch_core::store::audit::{Filter, Position};
use twolatch_core::store::{Store, StoreError};

use crate::people_file;
use crate::state::App;
use crate::trail::Format;
use crate::web::stream::Out;

/// Records read at a time.
const PAGE: i64 = 500;

/// Everybody. Whom it leaves out stands in the file, too.
///
/// # Errors
/// Where the database fails.
pub async fn people(app: &App, out: &Out) -> Result<(), StoreError> {
    let (mut text, mut behind) = (people_file::head(), String::new());
    loop {
        let part = people_file::part(app, &behind).await?;
        text += &part.text;
        let (wanted, Some(next)) = (out.send(std::mem::take(&mut text)).await, part.next) else { return Ok(()) };
        if !wanted {
            return Ok(());
        }
        behind = next;
    }
}

/// The records that are meant, the newest first.
///
/// # Errors
/// Where the database fails.
pub async fn records(store: &Store, filter: &Filter, format: Format, out: &Out) -> Result<(), StoreError> {
    let mut text = format.head();
    let mut from: Option<Position> = None;
    loop {
        let found = store.search_audit(filter, from.as_ref(), PAGE).await?;
        text.extend(found.records.iter().map(|record| format.record(record)));
        from = found.next;
        if !out.send(std::mem::take(&mut text)).await || from.is_none() {
            return Ok(());
        }
    }
}
