//! Writing all that was weighed, many people to a statement.

use sqlx::AnyConnection;

use super::{Change, Progress};
use crate::audit::{Event, Record};
use crate::factor::Factor;
use crate::letter::Notice;
use crate::login::actor::{Actor, allow};
use crate::login::moved::{HOLD, hold};
use crate::login::notices::tell_all;
use crate::store::addresses::formerly_elsewhere;
use crate::store::audit::record_all;
use crate::store::audit::search::removed_since;
use crate::store::factors::insert_factors;
use crate::store::mails::room_at_will;
use crate::store::recovery::{Scratch, insert_scratch};
use crate::store::users::{hold_admins, insert_users, update_members};
use crate::store::{Store, Written};
use crate::user::User;

/// People written at a time.
const CHUNK: usize = 200;

/// Writes all of them; answers how many are not told by mail.
pub(super) async fn write_all(
    connection: &mut AnyConnection,
    store: &Store,
    by: &Actor,
    mut changes: Vec<Change>,
    progress: Progress,
) -> Written<usize> {
    allow(connection, store, by).await?;
    if changes.iter().any(|change| change.before.is_none()) {
        // As where people are added: whoever removes somebody at this moment has finished.
        hold_admins(connection).await?;
        let removed = removed_since(connection, by.now.plus(-HOLD)).await?;
        for change in changes.iter_mut().filter(|change| change.before.is_none()) {
            if removed.contains(&change.user.name.key()) {
                hold(&mut change.user, &by.name, by.now);
            }
        }
    }
    let elsewhere = formerly_elsewhere(connection, by.now).await?;
    let (mut room, mut untold, mut done) = (room_at_will(connection).await?, 0, 0);
    for some in changes.chunks(CHUNK) {
        write(connection, store, some, by).await?;
        let mut records: Vec<Record> = some.iter().flat_map(|change| records_of(change, by)).collect();
        let mut told: Vec<&User> = some.iter().map(|change| &change.user).collect();
        told.retain(|user| user.email.is_some() || elsewhere.contains(user.id.as_str()));
        // A flood of these must not keep other letters from being sent.
        let left_out = told.split_off(told.len().min(usize::try_from(room).unwrap_or_default()));
        room -= i64::try_from(told.len()).unwrap_or(i64::MAX);
        untold += left_out.len();
        let dropped = |user: &&User| Record::new(by.now, Event::MailDropped).about(&user.name).saying("notice");
        records.extend(left_out.iter().map(dropped));
        let about = Record::new(by.now, Event::FactorAdded).by(&by.name);
        tell_all(connection, store, &told, Notice::AuthenticatorAdded, &about).await?;
        while !records.is_empty() {
            let rest = records.split_off(records.len().min(CHUNK));
            record_all(connection, store, records).await?;
            records = rest;
        }
        done += some.len();
        progress(done);
    }
    Ok(untold)
}

async fn write(connection: &mut AnyConnection, store: &Store, some: &[Change], by: &Actor) -> Written<()> {
    let new: Vec<&User> = some.iter().filter(|change| change.before.is_none()).map(|change| &change.user).collect();
    insert_users(connection, store, &new).await?;
    let known: Vec<(&User, i64)> =
        some.iter().filter_map(|change| change.before.map(|before| (&change.user, before))).collect();
    update_members(connection, store, &known).await?;
    let factors: Vec<&Factor> = some.iter().flat_map(|change| &change.factors).collect();
    for factors in factors.chunks(CHUNK) {
        insert_factors(connection, store, factors).await?;
    }
    let scratch: Vec<&Scratch> = some.iter().filter_map(|change| change.scratch.as_ref()).collect();
    insert_scratch(connection, store, &scratch, by.now).await
}

fn records_of(change: &Change, by: &Actor) -> Vec<Record> {
    let about = |event| by.record(event).about(&change.user.name);
    let mut records = Vec::new();
    if change.before.is_none() {
        records.push(about(Event::UserAdded).saying(format!("imported, role {}", change.user.role)));
    }
    for factor in &change.factors {
        let weak = if factor.totp.is_weak() { ", weak secret" } else { "" };
        records.push(about(Event::FactorAdded).saying(format!("imported{weak}")));
    }
    if let Some(scratch) = &change.scratch {
        records.push(about(Event::RecoveryMade).saying(format!("imported, {} scratch codes", scratch.codes.len())));
    }
    records
}
