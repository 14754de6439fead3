//! Who comes and goes (T-9): nobody becomes an administrator unseen by the others, and what somebody is added as is on
//! record.

use twolatch_core::id::Id;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::Logins;
use twolatch_core::login::bulk::{Choice, Started};
use twolatch_core::login::manage::{Actor, ManageError};
use twolatch_core::login::moved::HOLD;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::audit::Stored;
use twolatch_core::store::jobs::{Action, Stage};
use twolatch_core::store::people::Search;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{Role, User};

use crate::acting::acting;
use crate::support::core::{Core, NOW, actor, on_both, parsed};
use crate::support::site::PASSWORD;
use crate::support::tab::{SOURCE, Tab, refusal};

on_both!(
    t9_whoever_becomes_an_administrator_is_told_to_those_there_are,
    t9_a_record_says_as_what_somebody_is_added,
    t9_whoever_is_removed_is_told_at_every_address,
    t9_to_remove_and_add_again_opens_nothing_for_three_days,
    t9_an_address_that_comes_later_is_held_as_long,
);

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

async fn t9_whoever_is_removed_is_told_at_every_address(core: Core) {
    let (logins, ann) = system(&core).await;
    logins.add_user(new(&core, "alice", Role::Member), None, false, &ann).await.unwrap();
    let email = "new@example.org".parse().ok();
    logins.change_user(&parsed("alice"), String::new(), &ann, |user| user.email = email).await.unwrap();
    letters(&logins, NOW).await;
    logins.delete_user(&parsed("alice"), &ann).await.unwrap();
    let sent = letters(&logins, NOW).await;
    let told: Vec<_> = sent.iter().map(|(to, letter)| (to.as_str(), letter.kind())).collect();
    assert_eq!(told, [("alice@example.org", "notice"), ("new@example.org", "notice")]);
    let is_it = |letter: &Letter| matches!(letter, Letter::Notice { event: Notice::Removed, not_me: None, .. });
    assert!(sent.iter().all(|(_, letter)| is_it(letter)), "nothing is left that a link could stop: {sent:?}");
    let again = logins.delete_user(&parsed("alice"), &ann).await;
    assert!(matches!(again, Err(ManageError::NoUser(_))), "{again:?}");
    assert!(letters(&logins, NOW).await.is_empty());
}

async fn t9_to_remove_and_add_again_opens_nothing_for_three_days(core: Core) {
    let (logins, ann) = system(&core).await;
    let at = |by: &Actor, now| Actor { now, ..by.clone() };
    let ben = acting(&logins.named(&parsed("ben")).await.unwrap().user, NOW);
    for name in ["alice", "bob", "carl"] {
        logins.add_user(new(&core, name, Role::Member), None, false, &ann).await.unwrap();
        logins.delete_user(&parsed(name), &ann).await.unwrap();
    }
    // By case alone no account is told apart from another, and it does not matter how many are added.
    let last = NOW.plus(HOLD - 1);
    let added = logins.add_user(new(&core, "ALICE", Role::Member), None, false, &at(&ann, last)).await.unwrap();
    assert_eq!((added.email_held_until, added.email_held_by.as_deref()), (Some(last.plus(HOLD)), Some("ann")));
    logins.add_users(vec![new(&core, "dora", Role::Member), new(&core, "bob", Role::Member)], &ann).await.unwrap();
    logins.add_user(new(&core, "carl", Role::Member), None, false, &at(&ann, NOW.plus(HOLD))).await.unwrap();
    letters(&logins, last).await;
    for (name, is_held) in [("alice", true), ("bob", true), ("carl", false), ("dora", false)] {
        let user = logins.named(&parsed(name)).await.unwrap().user;
        assert_eq!(user.email_held(NOW.plus(HOLD - 1)).is_some(), is_held, "{name}");
    }
    for (by, now) in [(&ann, last), (&ben, last), (&ann, last.plus(HOLD - 1)), (&actor(last), last)] {
        let invited = logins.invite_by_post(&parsed("alice"), &at(by, now)).await;
        assert!(matches!(invited, Err(ManageError::Held(..))), "{invited:?}");
    }
    // Set-up begins with a mailed code, so it does not begin; nor is an address recovered from.
    let secret = Secret::new(PASSWORD.to_owned());
    logins.reset_password(&parsed("alice"), secret, true, &actor(last)).await.unwrap();
    letters(&logins, last).await;
    let mut current = Tab::open(&logins, "alice", last).await.current(last).await.unwrap();
    assert!(current.wants_mailbox());
    assert_eq!(refusal(logins.mail_again(&mut current, SOURCE, last).await), Some(Reason::AddressHeld));
    assert!(letters(&logins, last).await.is_empty());
    let own = logins.confirm_address(&parsed("alice"), &at(&ann, last)).await;
    assert!(matches!(own, Err(ManageError::OwnAddress(_))), "{own:?}");
    logins.confirm_address(&parsed("alice"), &at(&ben, last)).await.unwrap();
    logins.invite_by_post(&parsed("alice"), &at(&ann, last)).await.unwrap();
    logins.invite_by_post(&parsed("bob"), &at(&ann, NOW.plus(HOLD))).await.unwrap();
}

async fn t9_an_address_that_comes_later_is_held_as_long(core: Core) {
    let (logins, ann) = system(&core).await;
    let ben = acting(&logins.named(&parsed("ben")).await.unwrap().user, NOW);
    logins.add_user(new(&core, "alice", Role::Member), None, false, &ann).await.unwrap();
    logins.delete_user(&parsed("alice"), &ann).await.unwrap();
    let bare = User { email: None, ..new(&core, "alice", Role::Member) };
    logins.add_user(bare, None, false, &ann).await.unwrap();
    let nothing = logins.confirm_address(&parsed("alice"), &ben).await;
    assert!(matches!(nothing, Err(ManageError::NotHeld(_))), "there is none to be looked at: {nothing:?}");
    letters(&logins, NOW).await;
    logins.offer_address(&parsed("alice"), "other@example.org".parse().unwrap(), &ann).await.unwrap();
    let sent = letters(&logins, NOW).await;
    let [(_, Letter::NewAddress { token, .. })] = sent.as_slice() else { panic!("{sent:?}") };
    logins.take_offer(token.expose(), SOURCE, NOW).await.unwrap();
    let invited = logins.invite_by_post(&parsed("alice"), &ann).await;
    assert!(matches!(invited, Err(ManageError::Held(..))), "{invited:?}");
    logins.confirm_address(&parsed("alice"), &ben).await.unwrap();
    logins.invite_by_post(&parsed("alice"), &ann).await.unwrap();
}
