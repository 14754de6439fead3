//! What people are told by mail about changes of their own account, and administrators about others'. It must not know
//! how mail looks or travels.

use sqlx::AnyConnection;

use crate::audit::Record;
use crate::crypto::random_text;
use crate::letter::{Letter, Mail, NOT_ME_LIFE, NOTICE_LIFE, Notice};
use crate::secret::Secret;
use crate::store::addresses::former_addresses;
use crate::store::links::{Link, Purpose, insert_link};
use crate::store::mails::queue;
use crate::store::users::admins_in;
use crate::store::{Store, Written};
use crate::time::Timestamp;
use crate::user::User;

/// Tells somebody, in the transaction of what it tells, with a link for who did not do it: at the address that they have,
/// and at those that they had until lately. Who has no address is told nothing.
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
    let Some(address) = &user.email else { return Ok(()) };
    let token = random_text::<20>(store.entropy())?;
    let link = Link {
        purpose: Purpose::NotMe,
        user: Some(user.id.clone()),
        credentials: None,
        expires_at: about.at.plus(NOT_ME_LIFE),
    };
    insert_link(connection, store, &token, &link, about.at).await?;
    let (place, not_me) = (about.source.clone(), Some(Secret::new(token)));
    let letter = Letter::Notice { event, at: about.at, door: about.door, place, not_me };
    let (name, language) = (user.name.to_string(), user.language.clone());
    let mut mail = Mail { to: address.clone(), name, language, letter };
    let end = about.at.plus(NOTICE_LIFE);
    queue(connection, store, &mail, end, about.at).await?;
    for former in former_addresses(connection, store, &user.id, about.at).await? {
        if former.key() != address.key() {
            mail.to = former;
            queue(connection, store, &mail, end, about.at).await?;
        }
    }
    Ok(())
}

/// Tells all administrators of something about somebody, with a token that stops it where there is one.
///
/// # Errors
/// Where the database fails.
pub(super) async fn alarm(
    connection: &mut AnyConnection,
    store: &Store,
    about: &User,
    event: Notice,
    stop: Option<&Secret>,
    now: Timestamp,
) -> Written<()> {
    for admin in admins_in(connection, store).await? {
        let letter = Letter::Alarm { who: about.name.to_string(), event, at: now, stop: stop.cloned() };
        post(connection, store, &admin.user, letter, now).await?;
    }
    Ok(())
}

/// Sends a letter that nobody waits for.
///
/// # Errors
/// Where the database fails.
pub(super) async fn post(
    connection: &mut AnyConnection,
    store: &Store,
    user: &User,
    letter: Letter,
    now: Timestamp,
) -> Written<()> {
    match Mail::to(user, letter) {
        Some(mail) => queue(connection, store, &mail, now.plus(NOTICE_LIFE), now).await,
        None => Ok(()),
    }
}
