//! What people are told by mail about changes of their own account. It must not know how mail looks or travels.

use sqlx::AnyConnection;

use crate::audit::Record;
use crate::letter::{Letter, Mail, NOTICE_LIFE, Notice};
use crate::store::mails::queue;
use crate::store::{Store, Written};
use crate::user::User;

/// Tells somebody, in the transaction of what it tells. Who has no address is told nothing.
///
/// # Errors
/// Where the database fails.
pub(super) async fn tell(
    connection: &mut AnyConnection,
    store: &Store,
    user: &User,
    event: Notice,
    about: &Record,
) -> Written<()> {
    let place = about.source.clone();
    let letter = Letter::Notice { event, at: about.at, door: about.door, place, not_me: None };
    match Mail::to(user, letter) {
        Some(mail) => queue(connection, store, &mail, about.at.plus(NOTICE_LIFE), about.at).await,
        None => Ok(()),
    }
}
