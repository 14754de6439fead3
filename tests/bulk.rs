//! What is done to many people at once: looked at first, done to each once, with a record, on whichever server.

use std::collections::BTreeSet;

use twolatch_core::door::Door;
use twolatch_core::factor::Kind;
use twolatch_core::id::Id;
use twolatch_core::letter::Letter;
use twolatch_core::login::Logins;
use twolatch_core::login::bulk::{Choice, Started};
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::policy::{Exemption, Level, Rules, Status, Subject, Within};
use twolatch_core::store::StoreError;
use twolatch_core::store::budgets::{Budget, Charge, charge};
use twolatch_core::store::jobs::{Action, Counts, Job, LEASE, Stage, Stop, Trouble};
use twolatch_core::store::people::Search;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{Role, User};

use crate::acting::{acting, admin};
use crate::support::core::{Core, NOW, actor, on_both, parsed};

on_both!(
    request_registration_asks_some_and_resets_others,
    an_exemption_is_told_and_not_overruled,
    the_acting_administrator_and_newcomers_are_left_out,
    t9_a_bulk_disable_leaves_an_administrator,
    unlock_and_end_sessions_reach_those_they_concern,
    methods_are_set_and_taken_away,
    links_are_mailed_to_those_who_have_no_password,
    what_concerns_more_people_than_were_shown_is_shown_again,
    another_server_goes_on_where_one_has_died,
    two_servers_at_once_do_it_once,
    who_is_no_administrator_any_more_goes_on_with_nothing,
    a_job_is_stopped,
    t8_a_job_that_was_changed_by_hand_is_not_done,
    t8_whoever_was_put_among_them_by_hand_is_not_meant,
    jobs_are_forgotten,
);

fn both() -> Choice {
    Choice { asks: true, resets: true, methods: None }
}

fn all() -> Search {
    Search::default()
}

async fn preview(core: &Core, action: Action, whom: Search, by: &Actor) -> Job {
    Logins { mail: true, ..core.logins.clone() }.preview_job(action, whom, by).await.unwrap()
}

async fn start(core: &Core, job: &Job, (asks, resets): (bool, bool), by: &Actor) -> Job {
    match core.logins.start_job(job.id.as_str(), Choice { asks, resets, methods: None }, true, by).await.unwrap() {
        Started::Yes(job) => job,
        Started::LookAgain(job) => panic!("{job:?}"),
    }
}

async fn to_its_end(logins: &Logins, mut job: Job, now: Timestamp) -> Job {
    while job.work.stage == Stage::Running {
        job = logins.go_on(job, now).await.unwrap();
    }
    job
}

async fn done(core: &Core, action: Action, whom: Search, by: &Actor) -> Job {
    let job = preview(core, action, whom, by).await;
    let job = start(core, &job, (true, false), by).await;
    to_its_end(&core.logins, job, by.now).await
}

async fn user(core: &Core, name: &str) -> User {
    core.logins.named(&parsed(name)).await.unwrap().user
}

/// Records of an event, by name.
async fn records(core: &Core, event: &str) -> Vec<String> {
    let all = core.store().latest_audit(1000).await.unwrap();
    let mut names: Vec<String> =
        all.into_iter().filter(|record| record.event == event).filter_map(|record| record.user_name).collect();
    names.sort();
    names
}

async fn request_registration_asks_some_and_resets_others(core: Core) {
    core.logins.set_rules(Rules::initial(Level::Optional), 1, "test".to_owned(), &actor(NOW)).await.unwrap();
    for name in ["new1", "new2"] {
        core.member(name).await;
    }
    core.enrolled("has").await;
    core.member("gone").await;
    let off = |user: &mut User| user.disabled_at = Some(NOW);
    core.logins.change_user(&parsed("gone"), String::new(), &actor(NOW), off).await.unwrap();
    let by = actor(NOW.plus(86_400));
    let job = preview(&core, Action::RequestRegistration, all(), &by).await;
    assert_eq!(job.work.counts, Counts { chosen: 4, plain: 2, reset: 1 });
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 1, "nothing is done by looking");

    let job = start(&core, &job, (true, false), &by).await;
    let job = to_its_end(&core.logins, job, by.now).await;
    assert_eq!((job.work.stage, job.work.done, job.work.failed), (Stage::Done, 2, 0));
    let asked = user(&core, "new1").await;
    assert_eq!((asked.level, asked.setup_until), (Some(Level::Required), by.now.plus(7 * 86_400)));
    let policy = core.logins.policy(by.now).await.unwrap();
    assert_eq!(policy.status(&asked, by.now), Status::Pending);
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 1, "those with a factor keep it");
    assert_eq!(records(&core, "registration_requested").await, ["new1", "new2"]);
    assert!(user(&core, "gone").await.level.is_none());

    let again = preview(&core, Action::RequestRegistration, all(), &by).await;
    let again = start(&core, &again, (false, true), &by).await;
    let again = to_its_end(&core.logins, again, by.now).await;
    assert_eq!((again.work.done, again.work.failed), (1, 0));
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 0);
    assert_eq!(records(&core, "factors_reset").await, ["has"]);
    assert_eq!(policy.status(&user(&core, "has").await, by.now), Status::Pending);
    assert_eq!(records(&core, "registration_requested").await.len(), 2, "the others were not ticked");
    let finished = core.logins.start_job(again.id.as_str(), both(), true, &by).await;
    assert!(matches!(finished, Err(ManageError::NoJob)), "{finished:?}");
}

async fn an_exemption_is_told_and_not_overruled(core: Core) {
    let exempt = core.member("alice").await;
    core.member("bob").await;
    let id = Id::random(core.store().entropy()).unwrap();
    let exemption = Exemption {
        id,
        subject: Subject::User(exempt.id.clone()),
        within: Within::default(),
        level: Level::Off,
        until: NOW.plus(3600),
        reason: "trip".to_owned(),
        author: "test".to_owned(),
        at: NOW,
    };
    core.logins.exempt(exemption, &actor(NOW)).await.unwrap();
    let job = done(&core, Action::RequestRegistration, all(), &actor(NOW.plus(1))).await;
    assert_eq!((job.work.done, job.work.failed), (1, 1));
    let failures = core.store().job_failures(&job.id, 9).await.unwrap();
    assert_eq!(failures, [("alice".to_owned(), Trouble::Exempt)]);
    assert_eq!(user(&core, "alice").await.security_version, exempt.security_version, "nothing was changed");
    let policy = core.logins.policy(NOW.plus(1)).await.unwrap();
    assert_eq!(policy.decide(&exempt, Door::Web, NOW.plus(1)).level, Level::Off);
}

async fn the_acting_administrator_and_newcomers_are_left_out(core: Core) {
    let me = admin(&core, "me").await;
    core.give_totp("me").await;
    let by = acting(&user(&core, "me").await, NOW);
    core.enrolled("other").await;
    let job = preview(&core, Action::RequestRegistration, all(), &by).await;
    assert_eq!(job.work.counts, Counts { chosen: 1, plain: 0, reset: 1 });
    let late = User::new(Id::random(core.store().entropy()).unwrap(), parsed("newcomer"), NOW, NOW.plus(1));
    core.logins.add_user(late, None, false, &actor(NOW.plus(1))).await.unwrap();
    let by = Actor { now: NOW.plus(2), ..by };
    let job = start(&core, &job, (true, true), &by).await;
    let job = to_its_end(&core.logins, job, by.now).await;
    assert_eq!((job.work.done, job.work.failed), (1, 0));
    assert_eq!(records(&core, "factors_reset").await, ["other"]);
    let named = Search { ids: Some(vec![me.id.clone()]), ..all() };
    for action in Action::ALL {
        let job = preview(&core, action, named.clone(), &by).await;
        assert_eq!(job.work.counts, Counts::default(), "{action:?}");
        let nobody = core.logins.start_job(job.id.as_str(), both(), true, &by).await;
        assert!(matches!(nobody, Err(ManageError::Nobody)), "{nobody:?}");
    }
}

async fn t9_a_bulk_disable_leaves_an_administrator(core: Core) {
    for name in ["ada", "bea"] {
        admin(&core, name).await;
    }
    core.member("carl").await;
    let job = done(&core, Action::Disable, all(), &actor(NOW)).await;
    assert_eq!((job.work.done, job.work.failed), (2, 1));
    let failures = core.store().job_failures(&job.id, 9).await.unwrap();
    assert_eq!(failures, [("bea".to_owned(), Trouble::LastAdmin)]);
    assert_eq!(core.store().count_admins().await.unwrap(), 1);
    let job = done(&core, Action::Enable, all(), &actor(NOW)).await;
    assert_eq!((job.work.counts.plain, job.work.done), (2, 2));
    assert_eq!(records(&core, "user_changed").await, ["ada", "ada", "ada", "bea", "carl", "carl"]);
    assert!(user(&core, "carl").await.disabled_at.is_none());
}

async fn unlock_and_end_sessions_reach_those_they_concern(core: Core) {
    let held = core.member("held").await;
    core.member("free").await;
    let budget = Budget::of_totp(held.id.as_str());
    for _ in 0..5 {
        let budget = budget.clone();
        core.store().write(move |c| Box::pin(async move { charge(c, &budget, NOW).await.map(drop) })).await.unwrap();
    }
    let job = done(&core, Action::Unlock, all(), &actor(NOW)).await;
    assert_eq!((job.work.counts.plain, job.work.done), (1, 1));
    assert_eq!(core.store().standing(&budget, NOW).await.unwrap(), (0, Charge::Taken));
    assert_eq!(records(&core, "unlocked").await, ["held"]);
    let job = done(&core, Action::EndSessions, all(), &actor(NOW)).await;
    assert_eq!(job.work.done, 2);
    assert_eq!(records(&core, "session_ended").await, ["free", "held"]);
    let after = user(&core, "held").await;
    assert_eq!(after.security_version, held.security_version + 1, "t4: nothing that was begun goes on");
    assert_eq!(after.credentials(), held.credentials(), "remembered devices stay");
}

async fn links_are_mailed_to_those_who_have_no_password(core: Core) {
    for name in ["addressed", "bare", "disabled", "known"] {
        core.member(name).await;
        let address = (name != "bare").then(|| format!("{name}@example.org").parse().unwrap());
        let gone = (name == "disabled").then_some(NOW);
        let edit = |user: &mut User| (user.email, user.disabled_at) = (address, gone);
        core.logins.change_user(&parsed(name), String::new(), &actor(NOW), edit).await.unwrap();
    }
    core.give_password("known").await;
    drop(core.store().claim_mails(100, NOW).await.unwrap());
    let refused = core.logins.preview_job(Action::Invite, all(), &actor(NOW)).await;
    assert!(matches!(refused, Err(ManageError::NoMail)), "{refused:?}");
    let job = done(&core, Action::Invite, all(), &actor(NOW)).await;
    assert_eq!((job.work.counts.plain, job.work.done, job.work.failed), (2, 1, 1));
    let failures = core.store().job_failures(&job.id, 9).await.unwrap();
    assert_eq!(failures, [("bare".to_owned(), Trouble::NoAddress)]);
    let mails = core.store().claim_mails(100, NOW).await.unwrap();
    let invited: Vec<_> = mails.iter().filter(|mail| matches!(mail.mail.letter, Letter::Invite { .. })).collect();
    assert_eq!(invited.iter().map(|mail| mail.mail.name.as_str()).collect::<Vec<_>>(), ["addressed"]);
    assert_eq!(records(&core, "link_made").await, ["addressed"]);
    let ended = core.store().ended_jobs(NOW, 9).await.unwrap();
    assert_eq!(ended.iter().map(|job| job.work.action).collect::<Vec<_>>(), [Action::Invite]);
    assert!(core.store().ended_jobs(NOW.plus(1), 9).await.unwrap().is_empty());
}

async fn methods_are_set_and_taken_away(core: Core) {
    for name in ["alice", "bob"] {
        core.member(name).await;
    }
    let set = async |methods: Option<BTreeSet<Kind>>| {
        let job = preview(&core, Action::SetMethods, all(), &actor(NOW)).await;
        let choice = Choice { methods, ..both() };
        let started = core.logins.start_job(job.id.as_str(), choice, true, &actor(NOW)).await.unwrap();
        let Started::Yes(job) = started else { panic!("{started:?}") };
        to_its_end(&core.logins, job, NOW).await.work.done
    };
    let app = Some(BTreeSet::from([Kind::Totp]));
    assert_eq!(set(app.clone()).await, 2);
    assert_eq!(user(&core, "alice").await.methods, app);
    assert_eq!(set(app).await, 0, "they have it already");
    assert_eq!(set(None).await, 2);
    assert_eq!(user(&core, "bob").await.methods, None);
    assert_eq!(records(&core, "user_changed").await, ["alice", "alice", "bob", "bob"]);
}

async fn what_concerns_more_people_than_were_shown_is_shown_again(core: Core) {
    core.member("alice").await;
    core.enrolled("bob").await;
    let by = actor(NOW);
    let pending = Search { status: Some(twolatch_core::policy::StatusWord::Pending), ..all() };
    let job = preview(&core, Action::Disable, pending, &by).await;
    core.logins.reset_factors(&parsed("bob"), &by).await.unwrap();
    let again = core.logins.start_job(job.id.as_str(), both(), true, &by).await.unwrap();
    let Started::LookAgain(job) = again else { panic!("{again:?}") };
    assert_eq!(job.total(), 2);
    let job = start(&core, &job, (true, false), &by).await;
    assert_eq!(to_its_end(&core.logins, job, NOW).await.work.done, 2);
    let late = preview(&core, Action::Enable, all(), &by).await;
    let late = core.logins.start_job(late.id.as_str(), both(), true, &actor(NOW.plus(3601))).await;
    assert!(matches!(late, Err(ManageError::NoJob)), "{late:?}");
}

/// So many people that it takes several batches.
async fn many(core: &Core) -> usize {
    for number in 0..120 {
        core.member(&format!("user{number:03}")).await;
    }
    120
}

async fn another_server_goes_on_where_one_has_died(core: Core) {
    let people = many(&core).await;
    let by = actor(NOW);
    let job = preview(&core, Action::RequestRegistration, all(), &by).await;
    let Started::Yes(job) = core.logins.start_job(job.id.as_str(), both(), false, &by).await.unwrap() else {
        panic!("{job:?}")
    };
    let claimed = core.store().claim_job(NOW).await.unwrap().unwrap();
    assert_eq!(claimed.id, job.id);
    assert!(core.store().claim_job(NOW.plus(1)).await.unwrap().is_none(), "it is somebody's");
    let half = core.logins.go_on(claimed, NOW.plus(2)).await.unwrap();
    assert!(half.work.stage == Stage::Running && half.work.done > 0);
    assert_eq!(core.store().running_jobs().await.unwrap().len(), 1);

    let second = core.second_server().await;
    let later = NOW.plus(2 + LEASE);
    let found = second.store.claim_job(later).await.unwrap().unwrap();
    assert_eq!(found.work.done, half.work.done);
    let job = to_its_end(&second, found, later).await;
    assert_eq!((job.work.stage, usize::try_from(job.work.done).unwrap()), (Stage::Done, people));
    let names = records(&core, "registration_requested").await;
    let mut once = names.clone();
    once.dedup();
    assert_eq!((names.len(), once.len()), (people, people), "one record for each");
    assert!(core.store().running_jobs().await.unwrap().is_empty());
}

async fn two_servers_at_once_do_it_once(core: Core) {
    let people = many(&core).await;
    let by = actor(NOW);
    let job = preview(&core, Action::RequestRegistration, all(), &by).await;
    let job = start(&core, &job, (true, false), &by).await;
    let run = |logins: Logins, mut job: Job| async move {
        while job.work.stage == Stage::Running {
            match logins.go_on(job, NOW).await {
                Ok(next) => job = next,
                Err(StoreError::Conflict) => return,
                Err(error) => panic!("{error}"),
            }
        }
    };
    let second = core.second_server().await;
    tokio::join!(run(core.logins.clone(), job.clone()), run(second, job.clone()));
    let job = core.store().job(job.id.as_str()).await.unwrap().unwrap();
    let rest = to_its_end(&core.logins, job, NOW).await;
    assert_eq!(usize::try_from(rest.work.done).unwrap(), people);
    assert_eq!(records(&core, "registration_requested").await.len(), people);
}

async fn who_is_no_administrator_any_more_goes_on_with_nothing(core: Core) {
    admin(&core, "stays").await;
    let by = acting(&admin(&core, "leaves").await, NOW);
    core.member("victim").await;
    let job = preview(&core, Action::Disable, all(), &by).await;
    let job = start(&core, &job, (true, false), &by).await;
    let demote = |user: &mut User| user.role = Role::Member;
    core.logins.change_user(&parsed("leaves"), String::new(), &actor(NOW), demote).await.unwrap();
    let job = to_its_end(&core.logins, job, NOW).await;
    assert_eq!((job.work.stage, job.work.done), (Stage::Stopped(Stop::NotAllowed), 0));
    assert!(user(&core, "victim").await.disabled_at.is_none());
    let refused = core.logins.preview_job(Action::Disable, all(), &by).await;
    assert!(matches!(refused, Err(ManageError::Store(StoreError::NotAllowed))), "{refused:?}");
}

async fn a_job_is_stopped(core: Core) {
    many(&core).await;
    let by = actor(NOW);
    let job = preview(&core, Action::Disable, all(), &by).await;
    let job = start(&core, &job, (true, false), &by).await;
    let job = core.logins.go_on(job, NOW).await.unwrap();
    core.logins.stop_job(job.id.as_str(), &by).await.unwrap();
    assert!(matches!(core.logins.go_on(job.clone(), NOW).await, Err(StoreError::Conflict)));
    let job = core.store().job(job.id.as_str()).await.unwrap().unwrap();
    assert_eq!(job.work.stage, Stage::Stopped(Stop::Asked));
    let disabled = core.number("SELECT COUNT(*) FROM users WHERE disabled_at IS NOT NULL").await;
    assert_eq!(disabled, job.work.done, "what was done stays done");
    assert!(matches!(core.logins.stop_job(job.id.as_str(), &by).await, Err(ManageError::NoJob)));
    let late = preview(&core, Action::Enable, all(), &by).await;
    let late = start(&core, &late, (true, false), &by).await;
    let late = core.logins.go_on(late, NOW.plus(86_401)).await.unwrap();
    assert_eq!((late.work.stage, late.work.done), (Stage::Stopped(Stop::Late), 0));
}

async fn t8_a_job_that_was_changed_by_hand_is_not_done(core: Core) {
    core.member("alice").await;
    core.member("bob").await;
    core.tamper("UPDATE users SET level = 'off' WHERE name = 'bob'").await;
    let job = done(&core, Action::RequestRegistration, all(), &actor(NOW)).await;
    assert_eq!((job.work.done, job.work.failed), (1, 1));
    let failures = core.store().job_failures(&job.id, 9).await.unwrap();
    assert_eq!(failures, [("bob".to_owned(), Trouble::RowMac)]);

    let job = preview(&core, Action::Disable, all(), &actor(NOW)).await;
    core.tamper("UPDATE jobs SET document = replace(document, 'preview', 'running'), next_at = 1 WHERE document LIKE '%preview%'").await;
    assert!(core.store().job(job.id.as_str()).await.is_err());
    assert!(core.store().claim_job(NOW).await.is_err());
    assert!(user(&core, "alice").await.disabled_at.is_none());
}

async fn jobs_are_forgotten(core: Core) {
    core.member("alice").await;
    done(&core, Action::Disable, all(), &actor(NOW)).await;
    assert_eq!(core.store().sweep_jobs(NOW.plus(86_400)).await.unwrap(), 0);
    assert_eq!(core.store().sweep_jobs(NOW.plus(30 * 86_400)).await.unwrap(), 1);
    assert_eq!(core.number("SELECT COUNT(*) FROM jobs").await, 0);
}

async fn t8_whoever_was_put_among_them_by_hand_is_not_meant(core: Core) {
    for name in ["leaver", "on-leave", "admin"] {
        core.member(name).await;
        let edit = |user: &mut User| {
            user.disabled_at = Some(NOW);
            user.groups = if name == "on-leave" { vec!["ops".parse().unwrap()] } else { Vec::new() };
        };
        core.logins.change_user(&parsed(name), String::new(), &actor(NOW), edit).await.unwrap();
    }
    core.tamper("INSERT INTO memberships (group_name, user_id) SELECT 'ops', id FROM users WHERE name = 'leaver'")
        .await;
    let whom = Search { group: Some("ops".parse().unwrap()), ..all() };
    let job = done(&core, Action::Enable, whom, &actor(NOW)).await;
    assert_eq!((job.work.counts.chosen, job.work.done, job.work.stage), (2, 1, Stage::Done));
    assert!(user(&core, "on-leave").await.disabled_at.is_none());
    assert!(user(&core, "leaver").await.disabled_at.is_some(), "the index of groups is under no mark");
    assert_eq!(records(&core, "user_changed").await.iter().filter(|name| *name == "leaver").count(), 1);
}
