//! Who comes and goes (T-9): nobody becomes an administrator unseen by the others, and what somebody is added as is on
//! record.

use twolatch_core::id::Id;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::Logins;
use twolatch_core::login::bulk::{Choice, Started};
use twolatch_core::login::manage::Actor;
use twolatch_core::store::audit::Stored;
use twolatch_core::store::jobs::{Action, Stage};
use twolatch_core::store::people::Search;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{Role, User};

use crate::acting::acting;
use crate::support::core::{Core, NOW, actor, on_both, parsed};

on_both!(t9_whoever_becomes_an_administrator_is_told_to_those_there_are, t9_a_record_says_as_what_somebody_is_added,);

/// Two administrators with addresses, and the first of them in the console.
async fn system(core: &Core) -> (Logins, Actor) {
    let logins = Logins { mail: true, ..core.logins.clone() };
    for name in ["ann", "ben"] {
        logins.add_user(new(core, name, Role::Admin), None, false, &actor(NOW)).await.unwrap();
    }
    let told = letters(&logins, NOW).await;
    assert_eq!(alarmed(&told), [("ann@example.org", "ben")], "the first has nobody to tell");
    let ann = acting(&logins.named(&parsed("ann")).await.unwrap().user, NOW);
    (logins, ann)
}

fn new(core: &Core, name: &str, role: Role) -> User {
    let id = Id::random(core.store().entropy()).unwrap();
    let email = format!("{name}@example.org").parse().ok();
    User { role, email, ..User::new(id, parsed(name), NOW.plus(7 * 86_400), NOW) }
}

/// What waits to be mailed, with where to; the queue is empty then.
async fn letters(logins: &Logins, now: Timestamp) -> Vec<(String, Letter)> {
    let mut all = Vec::new();
    for mail in logins.store.claim_mails(1000, now).await.unwrap() {
        all.push((mail.mail.to.to_string(), mail.mail.letter.clone()));
        logins.store.mail_done(&mail).await.unwrap();
    }
    all.sort_by_key(|(to, letter)| (to.clone(), letter.kind()));
    all
}

/// Who is told of whom who became an administrator.
fn alarmed<'a>(sent: &'a [(String, Letter)]) -> Vec<(&'a str, &'a str)> {
    let alarm = |(to, letter): &'a (String, Letter)| match letter {
        Letter::Alarm { who, event: Notice::AdminMade, .. } => Some((to.as_str(), who.as_str())),
        _ => None,
    };
    sent.iter().filter_map(alarm).collect()
}

/// The records of an event, the latest first.
async fn records(core: &Core, event: &str) -> Vec<Stored> {
    let all = core.store().latest_audit(1000).await.unwrap();
    all.into_iter().filter(|record| record.event == event).collect()
}

async fn t9_whoever_becomes_an_administrator_is_told_to_those_there_are(core: Core) {
    let (logins, ann) = system(&core).await;
    let told = async |who: &str| {
        let sent = letters(&logins, NOW).await;
        assert_eq!(alarmed(&sent), [("ann@example.org", who), ("ben@example.org", who)]);
        let made = records(&core, "admin_made").await.remove(0);
        assert_eq!((made.user_name.as_deref(), made.actor.as_deref()), (Some(who), Some("ann")));
    };
    let nothing = |user: &mut User| (user.role, user.email) = (Role::Member, None);
    let set = |name, edit: fn(&mut User)| {
        let (logins, ann) = (logins.clone(), ann.clone());
        async move { logins.change_user(&parsed(name), String::new(), &ann, edit).await.unwrap() }
    };
    logins.add_user(new(&core, "one", Role::Admin), None, false, &ann).await.unwrap();
    told("one").await;
    set("one", nothing).await;
    logins.add_users(vec![new(&core, "zed", Role::Member), new(&core, "two", Role::Admin)], &ann).await.unwrap();
    told("two").await;
    set("two", nothing).await;
    logins.add_user(new(&core, "three", Role::Member), None, false, &ann).await.unwrap();
    set("three", |user| user.role = Role::Admin).await;
    told("three").await;
    // Whoever is one already becomes none by any other change, and nobody by being made less.
    set("three", |user| user.email = None).await;
    set("three", |user| user.disabled_at = Some(NOW)).await;
    assert!(alarmed(&letters(&logins, NOW).await).is_empty());
    set("three", |user| user.disabled_at = None).await;
    told("three").await;
    set("three", |user| user.disabled_at = Some(NOW)).await;
    // One by one or many at once.
    let choice = || Choice { asks: false, resets: false, methods: None };
    let job = logins.preview_job(Action::Enable, Search::default(), &ann).await.unwrap();
    let Started::Yes(mut job) = logins.start_job(job.id.as_str(), choice(), true, &ann).await.unwrap() else {
        panic!()
    };
    while job.work.stage == Stage::Running {
        job = logins.go_on(job, NOW).await.unwrap();
    }
    told("three").await;
}

async fn t9_a_record_says_as_what_somebody_is_added(core: Core) {
    let groups = |user: User| User { groups: vec!["ops".parse().unwrap(), "staff".parse().unwrap()], ..user };
    let add = async |user| drop(core.logins.add_user(user, None, false, &actor(NOW)).await.unwrap());
    add(new(&core, "alice", Role::Member)).await;
    add(groups(new(&core, "bob", Role::Admin))).await;
    core.logins.add_users(vec![groups(new(&core, "carl", Role::Supervisor))], &actor(NOW)).await.unwrap();
    let added = records(&core, "user_added").await;
    let said: Vec<_> =
        added.iter().map(|one| (one.user_name.as_deref().unwrap(), one.detail.as_deref().unwrap())).collect();
    let expected = [
        ("carl", "imported, role supervisor, groups ops;staff"),
        ("bob", "role admin, groups ops;staff"),
        ("alice", "role member"),
    ];
    assert_eq!(said, expected);
}
