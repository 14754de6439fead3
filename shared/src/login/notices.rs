//! What people are told by mail about changes of their own account. It must not know how mail looks or travels.

use sqlx::AnyConnection;

use crate::audit::Record;
use crate::letter::{Letter, Mail, NOTICE_LIFE, Notice};
use crate::store::addresses::former_addresses;
use crate::store::mails::queue;
use crate::store::{Store, Written};
use crate::user::User;

/// Tells somebody, in the transaction of what it tells: at the address that they have, and at those that they had until
/// lately. Who has no address is told nothing.
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
    let Some(mail) = Mail::to(user, letter) else { return Ok(()) };
    let end = about.at.plus(NOTICE_LIFE);
    for former in former_addresses(connection, store, &user.id, about.at).await? {
        if former.key() != mail.to.key() {
            queue(connection, store, &Mail { to: former, ..mail.clone() }, end, about.at).await?;
        }
    }
    queue(connection, store, &mail, end, about.at).await
}
