//! What people are told by mail about changes of their own account, and administrators about others'. It must not know
//! how mail looks or travels.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::mailed::veiled;
use crate::audit::Record;
use crate::crypto::random_text;
use crate::id::Id;
use crate::letter::{Letter, Mail, NOT_ME_LIFE, NOTICE_LIFE, Notice};
use crate::secret::Secret;
use crate::store::addresses::{former_addresses, former_addresses_of_all};
use crate::store::budgets::{Budget, HARD_STOP, fails_in};
use crate::store::links::{Link, Purpose, insert_link, insert_links};
use crate::store::mails::{queue, queue_all};
use crate::store::users::{person_in, sound_admins_in};
use crate::store::{Person, Store, Written};
use crate::time::Timestamp;
use crate::user::{Email, User};

/// People mistype; so many wrong codes in a row are somebody else's.
const NOTEWORTHY: i64 = 10;

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
    tell_besides(connection, store, &[user], None, event, about).await
}

/// The same of many, each of the same.
///
/// # Errors
/// Where the database fails.
pub(super) async fn tell_all(
    connection: &mut AnyConnection,
    store: &Store,
    users: &[&User],
    event: Notice,
    about: &Record,
) -> Written<()> {
    tell_besides(connection, store, users, None, event, about).await
}

/// The same, to all addresses but one.
async fn tell_besides(
    connection: &mut AnyConnection,
    store: &Store,
    users: &[&User],
    besides: Option<&Email>,
    event: Notice,
    about: &Record,
) -> Written<()> {
    let (mut mails, mut links) = (Vec::new(), Vec::new());
    for (user, mut addresses) in addresses_of(connection, store, users, about.at).await? {
        addresses.retain(|address| besides.is_none_or(|besides| address.key() != besides.key()));
        if addresses.is_empty() {
            continue;
        }
        let token = random_text::<20>(store.entropy())?;
        let (place, not_me) = (about.source.clone(), Some(Secret::new(token.clone())));
        let letter = Letter::Notice { event, at: about.at, door: about.door, place: place.clone(), not_me };
        // No link at all goes to an address that is held.
        let unlinked = Letter::Notice { event, at: about.at, door: about.door, place, not_me: None };
        let held = user.email.as_ref().filter(|_| user.email_held(about.at).is_some());
        for to in addresses {
            let letter = if held == Some(&to) { unlinked.clone() } else { letter.clone() };
            mails.push(Mail { to, name: user.name.to_string(), language: user.language.clone(), letter });
        }
        let link = Link {
            purpose: Purpose::NotMe,
            user: Some(user.id.clone()),
            credentials: None,
            expires_at: about.at.plus(NOT_ME_LIFE),
        };
        links.push((token, link));
    }
    if queue_all(connection, store, &mails, about.at.plus(NOTICE_LIFE), about.at).await? {
        insert_links(connection, store, &links, about.at).await?;
    }
    Ok(())
}

/// Tells somebody who is removed in this transaction, before they are: no link would outlive that.
///
/// # Errors
/// Where the database fails.
pub(super) async fn tell_removed(
    connection: &mut AnyConnection,
    store: &Store,
    user: &User,
    about: &Record,
) -> Written<()> {
    let (event, place) = (Notice::Removed, about.source.clone());
    let letter = Letter::Notice { event, at: about.at, door: about.door, place, not_me: None };
    let mail = |to| Mail { to, name: user.name.to_string(), language: user.language.clone(), letter: letter.clone() };
    let addresses = addresses_of(connection, store, &[user], about.at).await?;
    let mails: Vec<Mail> = addresses.into_iter().flat_map(|(_, addresses)| addresses).map(mail).collect();
    queue_all(connection, store, &mails, about.at.plus(NOTICE_LIFE), about.at).await.map(drop)
}

/// The address that each has, and those that they had until lately.
async fn addresses_of<'a>(
    connection: &mut AnyConnection,
    store: &Store,
    users: &[&'a User],
    now: Timestamp,
) -> Written<Vec<(&'a User, Vec<Email>)>> {
    let ids: Vec<Id<User>> = users.iter().map(|user| user.id.clone()).collect();
    let mut former: HashMap<Id<User>, Vec<Email>> = HashMap::new();
    for (id, address) in former_addresses_of_all(connection, store, &ids, now).await? {
        former.entry(id).or_default().push(address);
    }
    let of = |user: &'a User| {
        let mut addresses = former.remove(&user.id).unwrap_or_default();
        if let Some(own) = &user.email {
            addresses.retain(|former| former.key() != own.key());
            addresses.insert(0, own.clone());
        }
        (user, addresses)
    };
    Ok(users.iter().copied().map(of).collect())
}

/// Tells of an address that somebody else has changed: the reader of the one before can confirm it.
///
/// # Errors
/// Where the database fails.
pub(super) async fn tell_moved(
    connection: &mut AnyConnection,
    store: &Store,
    user: &User,
    about: &Record,
) -> Written<()> {
    let now = about.at;
    let before = former_addresses(connection, store, &user.id, now).await?.pop();
    let (Some(before), Some(own), Some(until)) = (before, &user.email, user.email_held(now)) else {
        return tell(connection, store, user, Notice::AddressChanged, about).await;
    };
    let (confirm, not_me) = (random_text::<20>(store.entropy())?, random_text::<20>(store.entropy())?);
    let (id, credentials) = (Some(user.id.clone()), Some(own.key()));
    let link = Link { purpose: Purpose::ConfirmAddress, user: id.clone(), credentials, expires_at: until };
    insert_link(connection, store, &confirm, &link, now).await?;
    let link = Link { purpose: Purpose::NotMe, user: id, credentials: None, expires_at: now.plus(NOT_ME_LIFE) };
    insert_link(connection, store, &not_me, &link, now).await?;
    let (confirm, not_me) = (Secret::new(confirm), Secret::new(not_me));
    let letter = Letter::Moved { to: veiled(own), at: now, until, confirm, not_me };
    let (name, language) = (user.name.to_string(), user.language.clone());
    let mail = Mail { to: before, name, language, letter };
    queue(connection, store, &mail, now.plus(NOTICE_LIFE), now).await?;
    tell_besides(connection, store, &[user], Some(&mail.to), Notice::AddressChanged, about).await
}

/// What is to be told of a wrong code that has just been counted: of the tenth in a row behind a right first factor, which
/// somebody else may know, and of the hundredth, which ends in a hold.
///
/// # Errors
/// Where the database fails.
pub(super) async fn warning_in(connection: &mut AnyConnection, budget: &Budget) -> Written<Option<Notice>> {
    Ok(match fails_in(connection, budget).await? {
        NOTEWORTHY if budget.then.holds() => Some(Notice::WrongCodes),
        HARD_STOP if budget.then.holds() => Some(Notice::Held),
        _ => None,
    })
}

/// Tells the person, and of a hold all administrators, too. It comes when the count stands: whatever becomes of the
/// letters, the wrong code was counted.
pub(super) async fn warn(store: &Store, user: &Id<User>, warning: Option<Notice>, about: &Record) {
    let Some(event) = warning else { return };
    let (work, user, about) = (store.clone(), user.clone(), about.clone());
    let told = store
        .write(move |connection| {
            Box::pin(async move {
                let Some(Person { user, .. }) = person_in(connection, &work, &user).await? else { return Ok(()) };
                tell(connection, &work, &user, event, &about).await?;
                if event == Notice::Held {
                    alarm(connection, &work, user.name.as_str(), event, None, about.at).await?;
                }
                Ok(())
            })
        })
        .await;
    if let Err(error) = told {
        tracing::error!(%error, "wrong codes could not be told of");
    }
}

/// Tells all administrators of something about somebody, or that somebody has done, with a token that stops it where there is one.
///
/// # Errors
/// Where the database fails.
pub(super) async fn alarm(
    connection: &mut AnyConnection,
    store: &Store,
    who: &str,
    event: Notice,
    stop: Option<&Secret>,
    now: Timestamp,
) -> Written<()> {
    for admin in sound_admins_in(connection, store).await? {
        let letter = Letter::Alarm { who: who.to_owned(), event, at: now, stop: stop.cloned() };
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
