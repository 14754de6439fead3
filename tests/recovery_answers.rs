//! What the approval of a recovery request takes: a second administrator, time, and what the person is told (REC-10, REC-12,
//! T-9).

use twolatch_core::api_token::Scope;
use twolatch_core::door::Door;
use twolatch_core::letter::Letter;
use twolatch_core::login::Logins;
use twolatch_core::login::answers::{Approval, Approved};
use twolatch_core::login::bulk::{Choice, Started};
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::store::StoreError;
use twolatch_core::store::jobs::{Action, Stage, Trouble};
use twolatch_core::store::people::Search;
use twolatch_core::store::requests::{Agreed, State};
use twolatch_core::time::Timestamp;
use twolatch_core::user::{Role, User};

use crate::support::core::{Core, NOW, actor, on_both, parsed, program};

on_both!(
    t9_where_two_have_to_approve_one_alone_changes_nothing,
    sec_8_of_two_who_approve_first_at_once_one_is_the_first,
    t9_nobody_in_the_console_goes_round_the_approval,
    t9_a_request_waits_as_long_as_the_configuration_says,
    rec_10_an_approval_carries_a_note,
    t9_the_first_approval_counts_while_its_giver_may_approve,
    t9_the_first_approval_of_a_program_counts_while_it_has_its_token,
    t9_t8_the_first_approval_of_a_program_goes_no_further_than_its_token,
    t8_who_approved_first_cannot_be_changed_by_hand,
);

/// Somebody with an app and an address asks for help; this is what an approval takes there.
async fn asking(core: &Core, approval: Approval) -> Logins {
    let logins = Logins { approval, ..core.logins.clone() };
    core.enrolled("alice").await;
    let edit = |user: &mut User| user.email = Some("alice@example.org".parse().unwrap());
    logins.change_user(&parsed("alice"), String::new(), &actor(NOW), edit).await.unwrap();
    let person = logins.named(&parsed("alice")).await.unwrap();
    let _ = logins.file_request(&person, Door::Web, "192.0.2.1", NOW).await.unwrap();
    for name in ["ann", "ben"] {
        core.member(name).await;
        let promote = |user: &mut User| user.role = Role::Admin;
        logins.change_user(&parsed(name), String::new(), &actor(NOW), promote).await.unwrap();
    }
    logins
}

async fn by(logins: &Logins, name: &str, now: Timestamp) -> Actor {
    let user = logins.named(&parsed(name)).await.unwrap().user;
    let acting = twolatch_core::login::manage::Acting {
        id: user.id,
        security_version: user.security_version,
        source: "192.0.2.1".to_owned(),
        token: None,
    };
    Actor { name: name.to_owned(), now, acting: Some(acting) }
}

async fn approve(logins: &Logins, by: &Actor) -> Result<Approved, ManageError> {
    logins.approve_request(&parsed("alice"), "", by).await
}

async fn has_app(logins: &Logins) -> bool {
    !logins.named(&parsed("alice")).await.unwrap().factors.is_empty()
}

async fn t9_where_two_have_to_approve_one_alone_changes_nothing(core: Core) {
    let logins = asking(&core, Approval { by_two: true, after_hours: 0 }).await;
    let (ann, ben) = (by(&logins, "ann", NOW).await, by(&logins, "ben", NOW).await);
    assert!(matches!(approve(&logins, &ann).await, Ok(Approved::First)));
    assert!(has_app(&logins).await);
    let waiting = logins.requests(10, NOW).await.unwrap();
    let giver = ann.giver();
    assert_eq!(waiting[0].0.agreed, Some(Agreed { by: "ann".to_owned(), giver, at: NOW }));
    assert_eq!(waiting[0].0.state(NOW), State::Waiting);
    assert!(matches!(approve(&logins, &ann).await, Err(ManageError::Agreed(_))), "twice by one is still one");
    let shouting = Actor::command_line("ANN".to_owned(), NOW);
    assert!(matches!(approve(&logins, &shouting).await, Err(ManageError::Agreed(_))));
    assert!(has_app(&logins).await);
    assert!(matches!(approve(&logins, &ben).await, Ok(Approved::Done)));
    assert!(!has_app(&logins).await);
    let recorded = core.store().latest_audit(10).await.unwrap();
    let of = |event: &str| recorded.iter().find(|record| record.event == event).unwrap().actor.clone();
    assert_eq!(of("recovery_agreed").as_deref(), Some("ann"));
    assert_eq!(of("recovery_approved").as_deref(), Some("ben"));
}

async fn t9_nobody_in_the_console_goes_round_the_approval(core: Core) {
    let name = parsed("alice");
    let strict = asking(&core, Approval { by_two: true, after_hours: 0 }).await;
    for approval in [strict.approval, Approval { by_two: false, after_hours: 1 }] {
        let logins = Logins { approval, ..strict.clone() };
        let ann = by(&logins, "ann", NOW).await;
        let refused = logins.reset_factors(&name, &ann).await;
        assert!(matches!(refused, Err(ManageError::NeedsRequest(_))), "{refused:?}");
        let whom = Search { text: Some("alice".to_owned()), ..Search::default() };
        let job = logins.preview_job(Action::RequestRegistration, whom, &ann).await.unwrap();
        let choice = Choice { asks: true, resets: true, methods: None };
        let Started::Yes(mut job) = logins.start_job(job.id.as_str(), choice, true, &ann).await.unwrap() else {
            panic!("it is on its way");
        };
        while job.work.stage == Stage::Running {
            job = logins.go_on(job, NOW).await.unwrap();
        }
        let failures = core.store().job_failures(&job.id, 9).await.unwrap();
        assert_eq!(failures, [("alice".to_owned(), Trouble::NeedsRequest)]);
        assert!(has_app(&logins).await);
    }
    strict.reset_factors(&name, &actor(NOW)).await.unwrap();
    assert!(!has_app(&strict).await, "whoever runs the machine may");
}

async fn sec_8_of_two_who_approve_first_at_once_one_is_the_first(core: Core) {
    let logins = asking(&core, Approval { by_two: true, after_hours: 0 }).await;
    let second = Logins { store: core.second_server().await.store, ..logins.clone() };
    let tries = [("ann", &logins), ("ben", &second)].map(|(name, server)| {
        let server = server.clone();
        tokio::spawn(async move {
            let by = by(&server, name, NOW).await;
            approve(&server, &by).await
        })
    });
    let mut done = Vec::new();
    for one in tries {
        done.push(one.await.unwrap());
    }
    let first = done.iter().filter(|done| matches!(done, Ok(Approved::First))).count();
    let reset = done.iter().filter(|done| matches!(done, Ok(Approved::Done))).count();
    assert_eq!(first, 1, "{done:?}");
    assert_eq!(reset == 1, !has_app(&logins).await, "either the second came behind the first, or too early");
    let conflicts = done.iter().filter(|done| matches!(done, Err(ManageError::Store(StoreError::Conflict)))).count();
    assert_eq!(first + reset + conflicts, 2, "{done:?}");
}

async fn t9_a_request_waits_as_long_as_the_configuration_says(core: Core) {
    let logins = asking(&core, Approval { by_two: false, after_hours: 24 }).await;
    for (now, hours) in [(NOW, 24), (NOW.plus(86_399), 1)] {
        let early = approve(&logins, &by(&logins, "ann", now).await).await;
        assert!(matches!(early, Err(ManageError::TooEarly(left)) if left == hours), "{early:?}");
    }
    assert!(has_app(&logins).await);
    let now = NOW.plus(86_400);
    assert!(matches!(approve(&logins, &by(&logins, "ann", now).await).await, Ok(Approved::Done)));
    // Nobody waits to be refused.
    let logins = Logins { approval: Approval { by_two: true, after_hours: 24 }, ..logins };
    let person = logins.named(&parsed("alice")).await.unwrap();
    let _ = logins.file_request(&person, Door::Web, "192.0.2.1", now).await.unwrap();
    logins.dismiss_request(&parsed("alice"), "", &by(&logins, "ann", now).await).await.unwrap();
}

async fn rec_10_an_approval_carries_a_note(core: Core) {
    let logins = asking(&core, Approval::default()).await;
    let name = parsed("alice");
    let _ = logins.approve_request(&name, " See you\nat the desk ", &actor(NOW)).await.unwrap();
    let sent = core.store().claim_mails(100, NOW).await.unwrap();
    let note = sent.iter().find_map(|mail| match &mail.mail.letter {
        Letter::Decision { approved: true, note } => note.clone(),
        _ => None,
    });
    assert_eq!(note.as_deref(), Some("See you at the desk"));
    let user = logins.named(&name).await.unwrap().user;
    let (request, state) = logins.request_of(&user, NOW).await.unwrap().unwrap();
    assert_eq!(state, State::Approved);
    assert_eq!(request.answer.unwrap().note.as_deref(), Some("See you at the desk"));
}

async fn t8_who_approved_first_cannot_be_changed_by_hand(core: Core) {
    let logins = asking(&core, Approval { by_two: true, after_hours: 0 }).await;
    let ann = by(&logins, "ann", NOW).await;
    for text in [
        "UPDATE recovery_requests SET agreed_by = 'ben'",
        "UPDATE recovery_requests SET agreed_at = 1",
        "UPDATE recovery_requests SET agreed_id = 'x'",
        "UPDATE recovery_requests SET agreed_token = 'x'",
    ] {
        core.tamper(text).await;
        let refused = approve(&logins, &ann).await;
        assert!(matches!(refused, Err(ManageError::Store(StoreError::Row { .. }))), "{text}: {refused:?}");
        core.tamper(
            "UPDATE recovery_requests SET agreed_by = NULL, agreed_at = NULL, agreed_id = NULL, agreed_token = NULL",
        )
        .await;
    }
    assert!(matches!(approve(&logins, &ann).await, Ok(Approved::First)));
    // Whoever could make it the command line's would have it count for ever.
    assert_eq!(core.tamper("UPDATE recovery_requests SET agreed_id = NULL").await, 1);
    assert!(approve(&logins, &by(&logins, "ben", NOW).await).await.is_err(), "nor is it the command line's");
    core.tamper("UPDATE recovery_requests SET agreed_by = NULL, agreed_at = NULL").await;
    assert!(approve(&logins, &ann).await.is_err(), "nor taken away");
}

/// A change of somebody.
type Edit = fn(&mut User);

async fn t9_the_first_approval_counts_while_its_giver_may_approve(core: Core) {
    let logins = asking(&core, Approval { by_two: true, after_hours: 0 }).await;
    core.member("carl").await;
    let set = async |name: &str, edit: Edit| {
        logins.change_user(&parsed(name), String::new(), &actor(NOW), edit).await.unwrap();
    };
    set("carl", |user| user.role = Role::Admin).await;
    let first = async || logins.requests(10, NOW).await.unwrap()[0].0.agreed.clone().map(|agreed| agreed.by);
    let mut giver = "ann";
    let ends: [(&str, Edit, Edit); 3] = [
        ("demoted", |user| user.role = Role::Member, |user| user.role = Role::Admin),
        ("disabled", |user| user.disabled_at = Some(NOW), |user| user.disabled_at = None),
        ("restricted", |user| user.restricted_until = Some(NOW.plus(1)), |user| user.restricted_until = None),
    ];
    for (what, end, again) in ends {
        let other = if giver == "ann" { "ben" } else { "ann" };
        if first().await.is_none() {
            assert!(matches!(approve(&logins, &by(&logins, giver, NOW).await).await, Ok(Approved::First)), "{what}");
        }
        assert_eq!(first().await.as_deref(), Some(giver));
        set(giver, end).await;
        assert_eq!(first().await, None, "{what}");
        assert!(matches!(approve(&logins, &by(&logins, other, NOW).await).await, Ok(Approved::First)), "{what}");
        assert!(has_app(&logins).await, "{what}");
        assert_eq!(first().await.as_deref(), Some(other));
        set(giver, again).await;
        giver = other;
    }
    let agreed = core.store().latest_audit(100).await.unwrap();
    let agreed = agreed.into_iter().find(|record| record.event == "recovery_agreed").unwrap();
    assert_eq!(agreed.detail.as_deref(), Some("in place of ann"));
    // Another one by the same name is somebody else.
    logins.delete_user(&parsed(giver), &actor(NOW)).await.unwrap();
    core.member(giver).await;
    set(giver, |user| user.role = Role::Admin).await;
    assert_eq!(first().await, None);
    assert!(matches!(approve(&logins, &by(&logins, "carl", NOW).await).await, Ok(Approved::First)));
    assert!(matches!(approve(&logins, &by(&logins, "ann", NOW).await).await, Ok(Approved::Done)));
    assert!(!has_app(&logins).await);
}

async fn t9_the_first_approval_of_a_program_counts_while_it_has_its_token(core: Core) {
    let logins = asking(&core, Approval { by_two: true, after_hours: 0 }).await;
    let (token, script) = program(&logins, "ann", Scope::RequestsWrite, 1).await;
    assert!(matches!(approve(&logins, &script).await, Ok(Approved::First)));
    let ann = by(&logins, "ann", NOW).await;
    assert!(matches!(approve(&logins, &ann).await, Err(ManageError::Agreed(_))), "a person and their program are one");
    logins.delete_api_token(token, &actor(NOW)).await.unwrap();
    let ben = by(&logins, "ben", NOW).await;
    assert!(matches!(approve(&logins, &ben).await, Ok(Approved::First)));
    assert!(has_app(&logins).await);
    assert!(matches!(approve(&logins, &ann).await, Ok(Approved::Done)));
    assert!(!has_app(&logins).await);
}

async fn t9_t8_the_first_approval_of_a_program_goes_no_further_than_its_token(core: Core) {
    let logins = asking(&core, Approval { by_two: true, after_hours: 0 }).await;
    let (_, script) = program(&logins, "ann", Scope::RequestsWrite, 1).await;
    assert!(matches!(approve(&logins, &script).await, Ok(Approved::First)));
    let ben = by(&logins, "ben", NOW).await;
    // That the token ends later is not for the database to say.
    assert_eq!(core.tamper("UPDATE api_tokens SET expires_at = expires_at + 1").await, 1);
    assert!(approve(&logins, &ben).await.is_err());
    assert_eq!(core.tamper("UPDATE api_tokens SET expires_at = expires_at - 1").await, 1);
    let promote = |user: &mut User| user.role = Role::Admin;
    logins.change_user(&parsed("alice"), String::new(), &actor(NOW), promote).await.unwrap();
    assert!(matches!(approve(&logins, &ben).await, Ok(Approved::First)), "the token is not for administrators");
    assert!(has_app(&logins).await);
}
