//! Rules for some people and in some places: what they ask for at sign-in, whom they would change, and what is refused
//! before it locks everybody out.

use std::collections::BTreeSet;

use twolatch_core::door::Door;
use twolatch_core::factor::Kind;
use twolatch_core::id::Id;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::Logins;
use twolatch_core::login::manage::ManageError;
use twolatch_core::login::web::{Fault, Goal};
use twolatch_core::policy::{Exemption, Level, RecoveryKept, Rule, Rules, Subject, Within};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::step::Step;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{Role, User};

use crate::support::core::{Core, NOW, actor, code_at, log_in, on_both, parsed, reason, ssh};
use crate::support::shell::Shell;
use crate::support::site::PASSWORD;
use crate::support::tab::Tab;

on_both!(
    a_rule_for_an_application_asks_there_and_nowhere_else,
    otp_what_does_not_count_is_shown_before_anything_is_set_up,
    where_a_rule_says_so_recovery_codes_are_not_taken,
    no_rule_locks_every_administrator_out,
    nor_does_the_end_of_an_exemption,
    nor_does_one_that_runs_out,
    t9_no_change_of_one_person_locks_every_administrator_out,
    t9_whatever_asks_for_less_is_told_to_every_administrator,
    t9_going_back_in_the_console_leaves_the_switch,
    t11_nor_do_a_rule_and_the_end_of_an_exemption_at_once,
    a_preview_says_whose_state_would_change,
);

const SOURCE: &str = "192.0.2.7";

async fn rules(core: &Core, edit: impl FnOnce(&mut Rules), now: Timestamp) {
    let policy = core.logins.policy(now).await.unwrap();
    let mut rules = policy.rules.clone();
    edit(&mut rules);
    core.logins.set_rules(rules, policy.version, "test".to_owned(), &actor(now)).await.unwrap();
}

async fn password(core: &Core, name: &str) {
    let secret = Secret::new(PASSWORD.to_owned());
    core.logins.reset_password(&parsed(name), secret, true, &actor(NOW)).await.unwrap();
}

/// What a sign-in waits for after name and password.
async fn step(logins: &Logins, name: &str, client: Option<&str>, now: Timestamp) -> (String, Step) {
    let goal = Goal { client: client.map(|client| client.parse().unwrap()), ..Goal::default() };
    let token = logins.enter(name, Secret::new(PASSWORD.to_owned()), SOURCE, goal, now).await.unwrap();
    let step = logins.current(&token, now).await.unwrap().step;
    (token, step)
}

async fn change(core: &Core, name: &str, edit: impl FnOnce(&mut User) + Send) -> Result<User, ManageError> {
    core.logins.change_user(&parsed(name), String::new(), &actor(NOW), edit).await
}

fn exemption(id: &str, subject: Subject) -> Exemption {
    Exemption {
        id: Id::from_stored(id.to_owned()),
        subject,
        within: Within::default(),
        level: Level::Off,
        until: NOW.plus(86_400),
        reason: "no phone".to_owned(),
        author: "root".to_owned(),
        at: NOW,
    }
}

fn only(kind: Kind) -> Rule {
    Rule { methods: Some(BTreeSet::from([kind])), ..Rule::default() }
}

async fn a_rule_for_an_application_asks_there_and_nowhere_else(core: Core) {
    core.enrolled("alice").await;
    password(&core, "alice").await;
    let now = NOW.plus(60);
    rules(
        &core,
        |rules| {
            rules.organisation = Level::Off;
            rules.clients.insert("wiki".parse().unwrap(), Level::Required.into());
        },
        now,
    )
    .await;
    let now = now.plus(2);
    assert!(matches!(step(&core.logins, "alice", None, now).await.1, Step::Granted(_)));
    assert!(matches!(step(&core.logins, "alice", Some("other"), now).await.1, Step::Granted(_)));
    let asked = Step::SecondFactor { methods: vec![Kind::Totp], recovery: false };
    assert_eq!(step(&core.logins, "alice", Some("wiki"), now).await.1, asked);
}

async fn otp_what_does_not_count_is_shown_before_anything_is_set_up(core: Core) {
    let mut core = core;
    core.logins.mail = true;
    let totp = core.enrolled("alice").await;
    password(&core, "alice").await;
    core.logins
        .change_user(&parsed("alice"), String::new(), &actor(NOW), |user| {
            user.email = "alice@example.org".parse().ok();
            user.email_verified_at = Some(NOW);
        })
        .await
        .unwrap();
    let now = NOW.plus(60);
    rules(&core, |rules| drop(rules.clients.insert("wiki".parse().unwrap(), only(Kind::EmailCode))), now).await;
    let now = now.plus(2);
    let (token, asked) = step(&core.logins, "alice", Some("wiki"), now).await;
    assert_eq!(asked, Step::SecondFactor { methods: vec![Kind::Totp], recovery: false }, "not with a password alone");
    let current = core.logins.current(&token, now).await.unwrap();
    core.logins.enter_code(current, Secret::new(code_at(&totp, now, 0)), SOURCE, now).await.unwrap();
    let current = core.logins.current(&token, now).await.unwrap();
    assert_eq!(current.step, Step::Enrol { methods: vec![Kind::EmailCode], may_put_off: false });
    assert!(matches!(core.logins.finish(current, SOURCE, now).await, Err(Fault::Over)), "nothing that counts is shown");
    // At a host nobody is led from one to the other: what counts is set up in a browser.
    let later = now.plus(60);
    rules(&core, |rules| drop(rules.doors.insert("ssh".parse().unwrap(), only(Kind::EmailCode))), later).await;
    let outcome = log_in(&core.logins, &ssh("alice"), &code_at(&totp, later.plus(2), 0), later.plus(2)).await;
    assert_eq!(reason(&outcome), Some(Reason::NotEnrolled), "{outcome:?}");
}

async fn where_a_rule_says_so_recovery_codes_are_not_taken(core: Core) {
    let (_, codes) = core.set_up("alice", RecoveryKept::Codes).await;
    core.give_password("alice").await;
    let no_recovery = || Rule { no_recovery: true, ..Rule::default() };
    rules(&core, |rules| drop(rules.doors.insert(Door::Ssh, no_recovery())), NOW).await;
    let now = NOW.plus(2);
    let mut shell = Shell::open(&core.logins, "alice", now).await;
    assert_eq!(shell.notice(), "", "nothing is offered besides");
    shell.say(&codes[1], now).await;
    assert_eq!(shell.reason(), Some(Reason::Wrong));
    let elsewhere = Tab::open(&core.logins, "alice", now).await;
    assert_eq!(elsewhere.recovery(&codes[1], now).await, None, "a code that was refused there is good elsewhere");
    rules(&core, |rules| drop(rules.roles.insert(Role::Member, no_recovery())), now).await;
    let now = now.plus(2);
    let tab = Tab::open(&core.logins, "alice", now).await;
    let current = tab.current(now).await.unwrap();
    assert!(!current.takes_recovery());
    let refused = core.logins.enter_recovery(current, Secret::new(codes[2].clone()), SOURCE, now).await;
    assert!(matches!(refused, Err(Fault::Over)), "{refused:?}");
    assert!(tab.finish(now).await.is_none());
}

async fn no_rule_locks_every_administrator_out(core: Core) {
    core.enrolled("root-admin").await;
    password(&core, "root-admin").await;
    change(&core, "root-admin", |user| user.role = Role::Admin).await.unwrap();
    let now = NOW.plus(60);
    let policy = core.logins.policy(now).await.unwrap();
    // Nothing can be mailed here, so codes by mail are no way in.
    let mut bad = policy.rules.clone();
    bad.roles.insert(Role::Admin, only(Kind::EmailCode));
    let refused = core.logins.set_rules(bad.clone(), policy.version, String::new(), &actor(now)).await;
    assert!(matches!(refused, Err(ManageError::LocksOut)), "{refused:?}");
    assert_eq!(core.logins.policy(now.plus(1)).await.unwrap().version, policy.version, "nothing is changed");
    let mut good = policy.rules.clone();
    good.roles.insert(Role::Member, only(Kind::EmailCode));
    core.logins.set_rules(good, policy.version, String::new(), &actor(now)).await.unwrap();
}

async fn nor_does_the_end_of_an_exemption(core: Core) {
    let admin = core.member("root-admin").await;
    password(&core, "root-admin").await;
    change(&core, "root-admin", |user| (user.role, user.setup_until) = (Role::Admin, NOW)).await.unwrap();
    core.logins.exempt(exemption("only", Subject::User(admin.id)), &actor(NOW.plus(1))).await.unwrap();
    core.logins.exempt(exemption("other", Subject::Role(Role::Supervisor)), &actor(NOW.plus(2))).await.unwrap();
    let refused = core.logins.end_exemption("only", &actor(NOW.plus(3))).await;
    assert!(matches!(refused, Err(ManageError::LocksOut)), "the time to set up is over: {refused:?}");
    core.logins.end_exemption("other", &actor(NOW.plus(4))).await.unwrap();
    let left = core.logins.policy(NOW.plus(5)).await.unwrap();
    assert_eq!(left.exemptions.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["only"]);
}

async fn t11_nor_do_a_rule_and_the_end_of_an_exemption_at_once(core: Core) {
    let admin = core.member("root-admin").await;
    password(&core, "root-admin").await;
    change(&core, "root-admin", |user| (user.role, user.setup_until) = (Role::Admin, NOW)).await.unwrap();
    let (one, two) = (core.logins.clone(), core.second_server().await);
    for round in 0..20 {
        let now = NOW.plus(10 * round + 1);
        if core.logins.policy(now).await.unwrap().exemptions.is_empty() {
            rules(&core, |rules| rules.organisation = Level::Off, now).await;
            core.logins.exempt(exemption("only", Subject::User(admin.id.clone())), &actor(now.plus(1))).await.unwrap();
        }
        rules(&core, |rules| rules.organisation = Level::Off, now.plus(2)).await;
        // Each alone leaves a way in, the exemption or the rules.
        let then = now.plus(3);
        let before = two.policy(then).await.unwrap();
        let asked = Rules { organisation: Level::Required, ..before.rules.clone() };
        let (author, version) = (actor(then), before.version);
        let _ = tokio::join!(
            async { one.end_exemption("only", &author).await },
            async { two.set_rules(asked, version, String::new(), &author).await },
            // Whoever signs in meanwhile has the policy read anew.
            async {
                for second in 0..20 {
                    one.policy(then.plus(second % 2)).await.unwrap();
                }
            },
        );
        let left = core.logins.policy(now.plus(5)).await.unwrap();
        let gets_in = left.rules.organisation == Level::Off || !left.exemptions.is_empty();
        assert!(gets_in, "round {round}: {left:?}");
        assert_eq!(left.version, version + 1, "one of them, and not both");
    }
}

async fn nor_does_one_that_runs_out(core: Core) {
    core.member("root-admin").await;
    password(&core, "root-admin").await;
    change(&core, "root-admin", |user| user.role = Role::Admin).await.unwrap();
    let long = |id: &str, role| Exemption { until: NOW.plus(30 * 86_400), ..exemption(id, Subject::Role(role)) };
    core.logins.exempt(long("others", Role::Member), &actor(NOW)).await.unwrap();
    let refused = core.logins.exempt(long("own", Role::Admin), &actor(NOW)).await;
    assert!(matches!(refused, Err(ManageError::LocksOut)), "by then the time to set up is over: {refused:?}");
    core.logins.exempt(exemption("short", Subject::Role(Role::Admin)), &actor(NOW)).await.unwrap();
    core.give_totp("root-admin").await;
    core.logins.exempt(long("own", Role::Admin), &actor(NOW)).await.unwrap();
}

/// A change of a person.
type Edit = Box<dyn Fn(&mut User) + Send + Sync>;

async fn t9_no_change_of_one_person_locks_every_administrator_out(core: Core) {
    for name in ["ada", "bea"] {
        core.member(name).await;
        password(&core, name).await;
        // The time to set up is over: who has nothing does not get in.
        change(&core, name, |user| (user.role, user.setup_until) = (Role::Admin, NOW)).await.unwrap();
    }
    core.give_totp("ada").await;
    let by_mail = Some(BTreeSet::from([Kind::EmailCode]));
    let edits: [(&str, Edit); 3] = [
        ("methods", Box::new(move |user| user.methods.clone_from(&by_mail))),
        ("role", Box::new(|user| user.role = Role::Supervisor)),
        ("disabled", Box::new(|user| user.disabled_at = Some(NOW))),
    ];
    for (what, edit) in &edits {
        let refused = change(&core, "ada", edit).await;
        assert!(matches!(refused, Err(ManageError::Store(StoreError::LastAdmin))), "{what}: {refused:?}");
    }
    let refused = core.logins.delete_user(&parsed("ada"), &actor(NOW)).await;
    assert!(matches!(refused, Err(ManageError::Store(StoreError::LastAdmin))), "{refused:?}");
    change(&core, "bea", |user| user.groups = vec!["ops".parse().unwrap()]).await.unwrap();
    core.give_totp("bea").await;
    for (what, edit) in &edits {
        assert!(change(&core, "ada", edit).await.is_ok(), "{what}");
    }
}

/// How many administrators were told since the last time that less is asked.
async fn told(core: &Core, now: Timestamp) -> usize {
    let mails = core.store().claim_mails(100, now).await.unwrap();
    mails.iter().filter(|mail| matches!(mail.mail.letter, Letter::Alarm { event: Notice::Lowered, .. })).count()
}

/// A change of the rules.
type Change = Box<dyn FnOnce(&mut Rules) + Send>;

async fn t9_whatever_asks_for_less_is_told_to_every_administrator(core: Core) {
    for name in ["ada", "bea"] {
        core.member(name).await;
        let address = format!("{name}@example.org").parse().unwrap();
        change(&core, name, |user| (user.role, user.email) = (Role::Admin, Some(address))).await.unwrap();
    }
    drop(core.store().claim_mails(100, NOW).await.unwrap());
    let ops = || "ops".parse().unwrap();
    let edits: [(&str, Change, usize); 10] = [
        ("a rule more", Box::new(|rules| drop(rules.groups.insert("ops".parse().unwrap(), only(Kind::Totp)))), 0),
        ("its methods", Box::new(|rules| rules.groups.values_mut().for_each(|rule| rule.methods = None)), 2),
        ("days", Box::new(|rules| rules.groups.values_mut().for_each(|rule| rule.device_days = Some(1))), 0),
        ("more days", Box::new(|rules| rules.groups.values_mut().for_each(|rule| rule.device_days = Some(2))), 2),
        ("no rule", Box::new(|rules| rules.groups.clear()), 2),
        ("fewer methods", Box::new(|rules| rules.methods = BTreeSet::from([Kind::Totp])), 0),
        ("more methods", Box::new(|rules| rules.methods = BTreeSet::from(Kind::METHODS)), 2),
        ("skips", Box::new(|rules| rules.skips += 1), 2),
        ("a later deadline", Box::new(|rules| rules.skip_until = Some(NOW.plus(9))), 2),
        ("optional", Box::new(|rules| rules.organisation = Level::Optional), 2),
    ];
    let mut now = NOW;
    for (what, edit, expected) in edits {
        now = now.plus(2);
        rules(&core, edit, now).await;
        assert_eq!(told(&core, now).await, expected, "{what}");
    }
    core.logins.exempt(exemption("all", Subject::Group(ops())), &actor(now.plus(2))).await.unwrap();
    assert_eq!(told(&core, now.plus(2)).await, 2, "an exemption of many");
    let one = core.member("carl").await.id;
    core.logins.exempt(exemption("one", Subject::User(one)), &actor(now.plus(4))).await.unwrap();
    assert_eq!(told(&core, now.plus(4)).await, 0);
    let ada = core.logins.named(&parsed("ada")).await.unwrap().user.id;
    core.logins.exempt(exemption("own", Subject::User(ada)), &actor(now.plus(6))).await.unwrap();
    assert_eq!(told(&core, now.plus(6)).await, 2, "an exemption of an administrator");
}

async fn t9_going_back_in_the_console_leaves_the_switch(core: Core) {
    let ada = crate::acting::admin(&core, "ada").await;
    rules(&core, |rules| rules.organisation = Level::Off, NOW.plus(2)).await;
    rules(&core, |rules| (rules.organisation, rules.skips) = (Level::Required, 1), NOW.plus(4)).await;
    let ada = core.logins.named(&ada.name).await.unwrap().user;
    core.logins.restore_rules(2, 3, &crate::acting::acting(&ada, NOW.plus(6))).await.unwrap();
    let policy = core.logins.policy(NOW.plus(8)).await.unwrap();
    assert_eq!((policy.rules.organisation, policy.rules.skips), (Level::Required, 0));
    core.logins.restore_rules(2, 4, &actor(NOW.plus(8))).await.unwrap();
    let policy = core.logins.policy(NOW.plus(10)).await.unwrap();
    assert_eq!(policy.rules.organisation, Level::Off, "whoever runs the machine goes back whole");
}

async fn a_preview_says_whose_state_would_change(core: Core) {
    rules(&core, |rules| rules.organisation = Level::Off, NOW.plus(10)).await;
    for name in ["carol", "dave", "erin"] {
        core.member(name).await;
    }
    core.enrolled("alice").await;
    core.logins.change_user(&parsed("erin"), String::new(), &actor(NOW), |user| user.setup_until = NOW).await.unwrap();
    let now = NOW.plus(60);
    let policy = core.logins.policy(now).await.unwrap();
    let on = Rules { organisation: Level::Required, ..policy.rules.clone() };
    let preview = core.logins.preview(&on, now).await.unwrap();
    let names = |changed: &twolatch_core::login::preview::Changed| {
        changed.names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((preview.people, preview.set_up.count, names(&preview.set_up).as_str()), (4, 3, "carol dave erin"));
    assert_eq!((preview.asked.count, names(&preview.asked).as_str()), (1, "alice"));
    assert_eq!((preview.refused.count, names(&preview.refused).as_str()), (1, "erin"));
    assert_eq!(preview.excused.count, 0);
    assert!(core.logins.preview(&policy.rules, now).await.unwrap().is_empty());
}
