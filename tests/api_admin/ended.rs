//! Tokens that end while something is under way with them: what was admitted, and what was begun.

use twolatch_core::api_token::{ApiToken, Scope};
use twolatch_core::id::Id;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::api_tokens::Wanted;
use twolatch_core::login::bulk::{Choice, MOST_PREVIEWS, Started};
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::store::StoreError;
use twolatch_core::store::jobs::{Action, Job, Stage, Stop, Trouble};
use twolatch_core::store::people::Search;
use twolatch_core::user::{Email, Role, User};

use crate::acting::{acting, admin};
use crate::support::core::{self, Core, NOW, actor, on_both, parsed};

on_both!(
    t9_a_token_that_is_taken_back_ends_what_it_began,
    t9_a_token_that_ends_ends_what_it_began,
    t9_who_becomes_an_administrator_meanwhile_is_spared,
    t9_a_request_that_was_admitted_writes_nothing_with_a_token_that_is_gone,
    of_what_was_looked_at_the_oldest_goes,
    who_makes_a_token_that_writes_is_not_the_only_one_who_knows,
);

/// More than are in one batch.
const PEOPLE: usize = 130;

/// A program of an administrator's.
async fn program(core: &Core, days: u16) -> (Id<ApiToken>, Actor) {
    admin(core, "boss").await;
    core::program(&core.logins, "boss", Scope::UsersWrite, days).await
}

/// A job that it has begun, and that has done one batch.
async fn begun(core: &Core, by: &Actor) -> Job {
    for number in 0..PEOPLE {
        core.member(&format!("p{number}")).await;
    }
    let job = core.logins.preview_job(Action::Disable, Search::default(), by).await.unwrap();
    let started = core.logins.start_job(job.id.as_str(), Choice { asks: true, ..Choice::default() }, true, by).await;
    let Started::Yes(job) = started.unwrap() else { panic!("it has begun") };
    let job = core.logins.go_on(job, NOW).await.unwrap();
    assert!(job.work.stage == Stage::Running && job.work.done > 0, "{job:?}");
    job
}

async fn t9_a_token_that_is_taken_back_ends_what_it_began(core: Core) {
    let (token, by) = program(&core, 90).await;
    let job = begun(&core, &by).await;
    let before = job.work.done;
    core.logins.delete_api_token(token, &actor(NOW)).await.unwrap();
    let job = core.logins.go_on(job, NOW).await.unwrap();
    assert_eq!((job.work.stage, job.work.done), (Stage::Stopped(Stop::NotAllowed), before));
    let disabled = core.number("SELECT COUNT(*) FROM users WHERE disabled_at IS NOT NULL").await;
    assert_eq!(disabled, before, "what was done stays done, and nothing comes after");
}

async fn t9_a_token_that_ends_ends_what_it_began(core: Core) {
    let (_, by) = program(&core, 1).await;
    let job = begun(&core, &by).await;
    let job = core.logins.go_on(job, NOW.plus(86_400)).await.unwrap();
    assert_eq!(job.work.stage, Stage::Stopped(Stop::NotAllowed));
}

async fn t9_who_becomes_an_administrator_meanwhile_is_spared(core: Core) {
    let (_, by) = program(&core, 90).await;
    let mut job = begun(&core, &by).await;
    // The last by name: not yet done.
    let last = parsed("p99");
    core.logins.change_user(&last, String::new(), &actor(NOW), |user| user.role = Role::Admin).await.unwrap();
    while job.work.stage == Stage::Running {
        job = core.logins.go_on(job, NOW).await.unwrap();
    }
    assert_eq!((job.work.stage, job.work.done, job.work.failed), (Stage::Done, 129, 1), "{job:?}");
    let failures = core.store().job_failures(&job.id, 9).await.unwrap();
    assert_eq!(failures, [("p99".to_owned(), Trouble::Scope)]);
    assert!(core.logins.named(&last).await.unwrap().user.disabled_at.is_none());
}

async fn t9_a_request_that_was_admitted_writes_nothing_with_a_token_that_is_gone(core: Core) {
    core.member("alice").await;
    let (token, by) = program(&core, 90).await;
    let disable = |user: &mut User| user.disabled_at = Some(NOW);
    let with = |by: Actor| {
        let logins = core.logins.clone();
        async move { logins.change_user(&parsed("alice"), String::new(), &by, disable).await }
    };
    let late = Actor { now: NOW.plus(90 * 86_400), ..by.clone() };
    let refused = with(late).await;
    assert!(matches!(refused, Err(ManageError::Store(StoreError::NotAllowed))), "it has ended: {refused:?}");
    core.logins.delete_api_token(token, &actor(NOW)).await.unwrap();
    let refused = with(by).await;
    assert!(matches!(refused, Err(ManageError::Store(StoreError::NotAllowed))), "it is gone: {refused:?}");
    assert_eq!(core.number("SELECT COUNT(*) FROM users WHERE disabled_at IS NOT NULL").await, 0);
}

async fn of_what_was_looked_at_the_oldest_goes(core: Core) {
    core.member("alice").await;
    let by = acting(&admin(&core, "boss").await, NOW);
    let other = acting(&admin(&core, "root").await, NOW);
    let look = async |by: &Actor, second: i64| {
        let by = Actor { now: NOW.plus(second), ..by.clone() };
        core.logins.preview_job(Action::EndSessions, Search::default(), &by).await.unwrap().id
    };
    let theirs = look(&other, 0).await;
    let begun = look(&by, 0).await;
    let started = core.logins.start_job(begun.as_str(), Choice::default(), true, &by).await.unwrap();
    assert!(matches!(started, Started::Yes(_)));
    let mut own = Vec::new();
    for second in 1..=MOST_PREVIEWS + 5 {
        own.push(look(&by, second).await);
    }
    assert_eq!(core.number("SELECT COUNT(*) FROM jobs").await, MOST_PREVIEWS + 2);
    for (index, id) in (1..).zip(&own) {
        assert_eq!(core.store().job(id.as_str()).await.unwrap().is_some(), index > 5, "{index}");
    }
    for id in [theirs, begun] {
        assert!(core.store().job(id.as_str()).await.unwrap().is_some(), "what is others', or runs, stays");
    }
}

async fn who_makes_a_token_that_writes_is_not_the_only_one_who_knows(core: Core) {
    for name in ["boss", "root"] {
        admin(&core, name).await;
        let address: Email = format!("{name}@example.org").parse().unwrap();
        let edit = |user: &mut User| (user.email, user.email_verified_at) = (Some(address), Some(NOW));
        core.logins.change_user(&parsed(name), String::new(), &actor(NOW), edit).await.unwrap();
    }
    let told = async |scopes: &[Scope]| {
        let wanted = Wanted { note: "a script".to_owned(), scopes: scopes.iter().copied().collect(), days: 9 };
        core.logins.add_api_token(&parsed("boss"), wanted, &actor(NOW)).await.unwrap();
        let mut told = Vec::new();
        for mail in core.store().claim_mails(100, NOW).await.unwrap() {
            match &mail.mail.letter {
                Letter::Notice { event: Notice::ApiTokenMade, .. } => told.push(format!("{}: own", mail.mail.name)),
                Letter::Alarm { who, event: Notice::ApiTokenMade, .. } => {
                    told.push(format!("{}: of {who}", mail.mail.name));
                }
                _ => {}
            }
            core.store().mail_done(&mail).await.unwrap();
        }
        told.sort();
        told
    };
    assert_eq!(told(&[Scope::UsersRead]).await, ["boss: own"]);
    assert_eq!(told(&[Scope::UsersRead, Scope::UsersWrite]).await, ["boss: of boss", "boss: own", "root: of boss"]);
}
