//! One batch of what is done to many people.

use sqlx::AnyConnection;

use crate::api_token::Scope;
use crate::audit::{Event, Record};
use crate::factor::Kind;
use crate::id::Id;
use crate::letter::Notice;
use crate::login::Logins;
use crate::login::actor::{Actor, allow};
use crate::login::inviting::Handing;
use crate::login::manage::ManageError;
use crate::login::notices::tell_all;
use crate::login::reset::{remove_factors, without_factors};
use crate::login::roster::tell_of_admin;
use crate::policy::{Level, Policy, Status};
use crate::store::api_tokens::api_token_in;
use crate::store::audit::{record, record_all};
use crate::store::budgets::{clear_all, hold_all};
use crate::store::ending::end_begun;
use crate::store::jobs::{Action, Job, LEASE, Stage, Trouble, insert_failure, update_job};
use crate::store::people::people_held;
use crate::store::users::{hold_admins, person_in, update_members};
use crate::store::{Person, Store, StoreError, Written};
use crate::user::{Role, User};

/// What becomes of a batch.
#[derive(Default)]
struct Outcome {
    done: i64,
    /// Names and why it could not be done.
    troubles: Vec<(String, Trouble)>,
}

/// Does it to these people, given by id and name key, and writes down how far the job is. Whoever has changed since they
/// were chosen is looked at once more: it is done only to whom it still concerns.
pub(super) async fn batch(
    connection: &mut AnyConnection,
    logins: &Logins,
    policy: &Policy,
    actor: &Actor,
    mut job: Job,
    next: Vec<(Id<User>, String)>,
) -> Written<Job> {
    let store = &logins.store;
    allow(connection, store, actor).await?;
    let Some((_, last)) = next.last() else {
        job.work.stage = Stage::Done;
        update_job(connection, store, &mut job, None).await?;
        return Ok(job);
    };
    // Before anybody's row, as where administrators change each other.
    hold_admins(connection).await?;
    job.work.after.clone_from(last);
    let (mut people, unreadable) = read(connection, store, next).await?;
    // They were found by what is under no mark, as the index of groups.
    people.retain(|person| job.work.whom.is_of(&person.user, policy, actor.now));
    let spared = spared(connection, store, actor, &mut people).await?;
    let mut outcome = match job.work.action {
        Action::RequestRegistration => register(connection, logins, policy, actor, &job, people).await?,
        Action::Disable => disable(connection, logins, policy, actor, people).await?,
        Action::Enable => enable(connection, logins, policy, actor, people).await?,
        Action::Unlock => unlock(connection, store, actor, &people).await?,
        Action::EndSessions => end_sessions(connection, store, actor, people).await?,
        Action::SetMethods => set_methods(connection, logins, policy, actor, &job, people).await?,
        Action::Invite => invite(connection, logins, policy, actor, people).await?,
    };
    outcome.troubles.extend(spared.into_iter().map(|name| (name, Trouble::Scope)));
    outcome.troubles.extend(unreadable.into_iter().map(|name| (name, Trouble::RowMac)));
    for (name, why) in &outcome.troubles {
        insert_failure(connection, &job.id, name, *why).await?;
    }
    job.work.done += outcome.done;
    job.work.failed += i64::try_from(outcome.troubles.len()).unwrap_or(i64::MAX);
    update_job(connection, store, &mut job, Some(actor.now.plus(LEASE))).await?;
    Ok(job)
}

/// Those who can be read, and the name keys of those whose rows are not as they were written.
async fn read(
    connection: &mut AnyConnection,
    store: &Store,
    next: Vec<(Id<User>, String)>,
) -> Written<(Vec<Person>, Vec<String>)> {
    let ids: Vec<Id<User>> = next.iter().map(|(id, _)| id.clone()).collect();
    // In the order in which a verdict takes them: budget, user, what is spent.
    hold_all(connection, &ids).await?;
    match people_held(connection, store, &ids).await {
        Ok(people) => return Ok((people, Vec::new())),
        Err(StoreError::Row { .. } | StoreError::Value { .. }) => {} // one of them: the others are read alone
        Err(error) => return Err(error),
    }
    let (mut people, mut unreadable) = (Vec::new(), Vec::new());
    for (id, name_key) in next {
        match person_in(connection, store, &id).await {
            Ok(found) => people.extend(found),
            Err(StoreError::Row { .. } | StoreError::Value { .. }) => unreadable.push(name_key),
            Err(error) => return Err(error),
        }
    }
    Ok((people, unreadable))
}

/// Takes administrators out whom a program may not touch, by name: whoever has become one since it was begun.
async fn spared(
    connection: &mut AnyConnection,
    store: &Store,
    actor: &Actor,
    people: &mut Vec<Person>,
) -> Written<Vec<String>> {
    let Some(id) = actor.acting.as_ref().and_then(|by| by.token.as_ref()) else { return Ok(Vec::new()) };
    let token = api_token_in(connection, store, id).await?.ok_or(StoreError::NotAllowed)?;
    if token.scopes.contains(&Scope::AdminsWrite) {
        return Ok(Vec::new());
    }
    let admins = people.extract_if(.., |person| person.user.role == Role::Admin);
    Ok(admins.map(|person| person.user.name.to_string()).collect())
}

/// Set-up comes at the next login. Whoever would not be asked then gets a rule of their own.
async fn register(
    connection: &mut AnyConnection,
    logins: &Logins,
    policy: &Policy,
    actor: &Actor,
    job: &Job,
    people: Vec<Person>,
) -> Written<Outcome> {
    let (store, now, mut outcome) = (&logins.store, actor.now, Outcome::default());
    let mut changed = Vec::with_capacity(people.len());
    for person in people {
        let wanted = if is_set_up(&person.user) { job.work.resets } else { job.work.asks };
        if person.user.disabled_at.is_some() || !wanted {
            continue;
        }
        if is_set_up(&person.user) && logins.needs_request(actor) {
            outcome.troubles.push((person.user.name.to_string(), Trouble::NeedsRequest));
            continue;
        }
        let mut user = without_factors(person.user.clone(), policy.rules.setup_until(now));
        if policy.status(&user, now) != Status::Pending {
            user.level = Some(Level::Required);
        }
        if policy.status(&user, now) == Status::Pending {
            changed.push((person, user));
        } else {
            outcome.troubles.push((user.name.to_string(), Trouble::Exempt));
        }
    }
    if changed.is_empty() {
        return Ok(outcome);
    }
    remove_factors(connection, store, &changed, now).await?;
    let reset: Vec<&User> =
        changed.iter().filter(|(before, _)| is_set_up(&before.user)).map(|(_, user)| user).collect();
    tell_all(connection, store, &reset, Notice::FactorsReset, &Record::new(now, Event::FactorsReset)).await?;
    let records = changed.iter().map(|(before, user)| {
        let about = if is_set_up(&before.user) {
            actor.record(Event::FactorsReset).saying(format!("{} removed", before.factors.len()))
        } else {
            actor.record(Event::RegistrationRequested)
        };
        about.about(&user.name)
    });
    record_all(connection, store, records.collect()).await?;
    outcome.done = count(&changed);
    Ok(outcome)
}

fn is_set_up(user: &User) -> bool {
    Kind::METHODS.into_iter().any(|kind| user.has(kind))
}

async fn disable(
    connection: &mut AnyConnection,
    logins: &Logins,
    policy: &Policy,
    actor: &Actor,
    mut people: Vec<Person>,
) -> Written<Outcome> {
    people.retain(|person| person.user.disabled_at.is_none());
    let about = actor.record(Event::UserChanged).saying("disabled");
    let disabled = |user| User { disabled_at: Some(actor.now), ..user };
    change(connection, logins, policy, actor, (people, disabled, about)).await
}

async fn enable(
    connection: &mut AnyConnection,
    logins: &Logins,
    policy: &Policy,
    actor: &Actor,
    mut people: Vec<Person>,
) -> Written<Outcome> {
    people.retain(|person| person.user.disabled_at.is_some());
    let about = actor.record(Event::UserChanged).saying("enabled");
    change(connection, logins, policy, actor, (people, |user| User { disabled_at: None, ..user }, about)).await
}

/// Who has this rule already keeps it.
async fn set_methods(
    connection: &mut AnyConnection,
    logins: &Logins,
    policy: &Policy,
    actor: &Actor,
    job: &Job,
    mut people: Vec<Person>,
) -> Written<Outcome> {
    let methods = &job.work.methods;
    people.retain(|person| person.user.methods != *methods);
    let words = methods.as_ref().map(|kinds| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(","));
    let about = actor.record(Event::UserChanged).saying(format!("methods {}", words.as_deref().unwrap_or("none")));
    let set = |user| User { methods: methods.clone(), ..user };
    change(connection, logins, policy, actor, (people, set, about)).await
}

/// Changes people in a way that may make administrators, or keep them out: the last one is left as they are, and new ones
/// are told of. So administrators are changed one after the other, and all others at once.
async fn change(
    connection: &mut AnyConnection,
    logins: &Logins,
    policy: &Policy,
    actor: &Actor,
    (people, changed, about): (Vec<Person>, impl Fn(User) -> User, Record),
) -> Written<Outcome> {
    let (store, mut outcome, mut others) = (&logins.store, Outcome::default(), Vec::new());
    for Person { user, .. } in people {
        let after = changed(user.clone());
        if !user.is_active_admin() && !after.is_active_admin() {
            others.push(after);
            continue;
        }
        match logins.keep_an_admin(connection, policy, &user, Some(&after), actor.now).await {
            Ok(()) => {
                if !user.is_active_admin() {
                    tell_of_admin(connection, store, &after, actor).await?;
                }
                write(connection, store, vec![after], &about).await?;
                outcome.done += 1;
            }
            Err(StoreError::LastAdmin) => outcome.troubles.push((user.name.to_string(), Trouble::LastAdmin)),
            Err(error) => return Err(error),
        }
    }
    outcome.done += count(&others);
    write(connection, store, others, &about).await?;
    Ok(outcome)
}

/// Writes people whose `security_version` is still that of before, each with a record.
async fn write(connection: &mut AnyConnection, store: &Store, people: Vec<User>, about: &Record) -> Written<()> {
    let records = people.iter().map(|user| about.clone().about(&user.name)).collect();
    let changed: Vec<_> =
        people.into_iter().map(|user| User { security_version: user.security_version + 1, ..user }).collect();
    let changed: Vec<_> = changed.iter().map(|user| (user, user.security_version - 1)).collect();
    update_members(connection, store, &changed).await?;
    let ids: Vec<Id<User>> = changed.iter().map(|(user, _)| user.id.clone()).collect();
    end_begun(connection, store, &ids, about.at).await?;
    record_all(connection, store, records).await
}

async fn unlock(connection: &mut AnyConnection, store: &Store, actor: &Actor, people: &[Person]) -> Written<Outcome> {
    clear_all(connection, &ids(people)).await?;
    let about = actor.record(Event::Unlocked);
    record_all(connection, store, people.iter().map(|person| about.clone().about(&person.user.name)).collect()).await?;
    Ok(Outcome { done: count(people), troubles: Vec::new() })
}

async fn end_sessions(
    connection: &mut AnyConnection,
    store: &Store,
    actor: &Actor,
    people: Vec<Person>,
) -> Written<Outcome> {
    let (done, about) = (count(&people), actor.record(Event::SessionEnded).saying("all"));
    write(connection, store, people.into_iter().map(|person| person.user).collect(), &about).await?;
    Ok(Outcome { done, troubles: Vec::new() })
}

/// Who has a password by now needs no link.
async fn invite(
    connection: &mut AnyConnection,
    logins: &Logins,
    policy: &Policy,
    actor: &Actor,
    people: Vec<Person>,
) -> Written<Outcome> {
    let (until, mut outcome) = (policy.rules.setup_until(actor.now), Outcome::default());
    for Person { user, .. } in people {
        if user.password.is_some() || user.disabled_at.is_some() {
            continue;
        }
        let name = user.name.clone();
        match logins.invitation(user, Handing::Queued, until, actor.now) {
            Ok(invitation) => {
                invitation.write(connection, &logins.store, actor.now).await?;
                record(connection, &logins.store, actor.record(Event::LinkMade).about(&name).saying("invite")).await?;
                outcome.done += 1;
            }
            Err(ManageError::NoAddress(_)) => outcome.troubles.push((name.to_string(), Trouble::NoAddress)),
            Err(ManageError::Held(..)) => outcome.troubles.push((name.to_string(), Trouble::Held)),
            Err(ManageError::Store(error)) => return Err(error),
            Err(other) => return Err(StoreError::Other(other.to_string())),
        }
    }
    Ok(outcome)
}

fn ids(people: &[Person]) -> Vec<Id<User>> {
    people.iter().map(|person| person.user.id.clone()).collect()
}

fn count<T>(some: &[T]) -> i64 {
    i64::try_from(some.len()).unwrap_or(i64::MAX)
}
