use proptest::prelude::*;

use super::*;
use std::collections::BTreeSet;

use crate::factor::{Factor, Kind};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn user(groups: &[&str]) -> User {
    let (id, name) = (Id::from_stored("u1".to_owned()), "alice".parse().unwrap());
    let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
    User { groups, ..User::new(id, name, NOW, NOW) }
}

fn policy(organisation: Level) -> Policy {
    Policy { version: 1, rules: Rules::initial(organisation), exemptions: Vec::new(), locked: false }
}

fn exemption(subject: Subject, within: impl Into<Within>, level: Level, until: Timestamp) -> Exemption {
    let (reason, author) = ("trip".to_owned(), "root".to_owned());
    let (id, within) = (Id::from_stored("e1".to_owned()), within.into());
    Exemption { id, subject, within, level, until, reason, author, at: NOW }
}

#[test]
fn the_highest_rule_that_matches_wins() {
    let mut policy = policy(Level::Off);
    policy.rules.groups.insert("ops".parse().unwrap(), Level::Optional.into());
    policy.rules.doors.insert(Door::Sudo, Level::Required.into());
    let alice = user(&["ops"]);
    assert_eq!(policy.decide(&alice, Door::Web, NOW).because, Because::Group("ops".parse().unwrap()));
    assert_eq!(policy.decide(&alice, Door::Web, NOW).level, Level::Optional);
    assert_eq!(policy.decide(&alice, Door::Sudo, NOW).because, Because::Door(Door::Sudo));
    assert_eq!(policy.decide(&user(&[]), Door::Web, NOW).level, Level::Off);
    let required = User { level: Some(Level::Required), ..user(&[]) };
    assert_eq!(policy.decide(&required, Door::Web, NOW).because, Because::Person);
}

#[test]
fn p21_an_exemption_ends_on_the_second() {
    let mut policy = policy(Level::Required);
    let alice = user(&[]);
    policy.exemptions.push(exemption(Subject::User(alice.id.clone()), Door::Ssh, Level::Off, NOW));
    assert_eq!(policy.decide(&alice, Door::Ssh, NOW.plus(-1)).level, Level::Off);
    assert_eq!(policy.decide(&alice, Door::Ssh, NOW).level, Level::Required);
    assert_eq!(policy.decide(&alice, Door::Web, NOW.plus(-1)).level, Level::Required, "another door");
}

#[test]
fn floor_the_lock_stands_above_exemptions_and_rules() {
    let mut policy = policy(Level::Off);
    let alice = user(&[]);
    policy.exemptions.push(exemption(Subject::Role(Role::Member), Within::default(), Level::Off, NOW.plus(60)));
    policy.locked = true;
    for door in Door::ALL {
        assert_eq!(policy.decide(&alice, door, NOW), Decision { level: Level::Required, because: Because::Lock });
    }
}

#[test]
fn status_is_the_effective_one() {
    let enrolled = User { authenticators: vec![Id::<Factor>::from_stored("f".to_owned())], ..user(&[]) };
    let disabled = User { disabled_at: Some(NOW), ..enrolled.clone() };
    let table = [
        (Level::Required, user(&[]), "Pending"),
        (Level::Optional, user(&[]), "Disabled"),
        (Level::Off, enrolled.clone(), "Disabled"),
        (Level::Optional, enrolled.clone(), "Activated"),
        (Level::Required, enrolled, "Activated"),
        (Level::Required, disabled, "Disabled"),
    ];
    for (level, user, expected) in table {
        assert_eq!(policy(level).status(&user, NOW).word().as_str(), expected, "{level}");
    }
}

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![Just(Level::Off), Just(Level::Optional), Just(Level::Required)]
}

proptest! {
    #[test]
    fn floor_adding_a_rule_never_lowers(organisation in level(), role in level(), group in level(), door in level()) {
        let alice = user(&["ops"]);
        let mut policy = policy(organisation);
        let mut before = policy.decide(&alice, Door::Ssh, NOW).level;
        policy.rules.roles.insert(Role::Member, role.into());
        for rule in 0..2 {
            let after = policy.decide(&alice, Door::Ssh, NOW).level;
            prop_assert!(after >= before);
            before = after;
            if rule == 0 {
                policy.rules.groups.insert("ops".parse().unwrap(), group.into());
            } else {
                policy.rules.doors.insert(Door::Ssh, door.into());
            }
        }
        prop_assert!(policy.decide(&alice, Door::Ssh, NOW).level >= before);
    }
}

fn rule(edit: impl FnOnce(&mut Rule)) -> Rule {
    let mut rule = Rule::default();
    edit(&mut rule);
    rule
}

#[test]
fn an_application_is_a_place_behind_the_web() {
    let mut policy = policy(Level::Optional);
    let wiki = "wiki".parse().unwrap();
    policy.rules.clients.insert("wiki".parse().unwrap(), Level::Required.into());
    let alice = user(&[]);
    let decided = policy.decide(&alice, Where::web(Some(&wiki)), NOW);
    assert_eq!(decided, Decision { level: Level::Required, because: Because::Client(wiki) });
    assert_eq!(policy.decide(&alice, Where::web(Some(&"other".parse().unwrap())), NOW).level, Level::Optional);
    assert_eq!(policy.decide(&alice, Door::Web, NOW).level, Level::Optional);
    assert_eq!(policy.most(&alice, NOW).level, Level::Required);
    assert_eq!(policy.status(&alice, NOW), Status::Pending);
}

#[test]
fn of_all_that_matches_the_strictest_holds() {
    let mut policy = policy(Level::Required);
    policy.rules.skips = 3;
    policy.rules.skip_until = Some(NOW.plus(100));
    policy.rules.groups.insert("ops".parse().unwrap(), rule(|rule| rule.device_days = Some(3)));
    policy.rules.roles.insert(Role::Member, rule(|rule| rule.device_days = Some(20)));
    policy.rules.doors.insert(Door::Web, rule(|rule| (rule.skips, rule.skip_until) = (Some(1), Some(NOW.plus(50)))));
    let alice = user(&["ops"]);
    let (here, anywhere) = (policy.terms(&alice, Door::Web), policy.terms_of(&alice));
    assert_eq!((here.device_days, here.skips, here.skip_until), (3, Some(1), Some(NOW.plus(50))));
    assert_eq!((anywhere.device_days, anywhere.skips, anywhere.skip_until), (3, Some(3), Some(NOW.plus(100))));
    assert!(here.may_put_off(&alice, NOW.plus(49)) && !here.may_put_off(&alice, NOW.plus(50)));
    assert!(!here.may_put_off(&User { skipped: 1, ..alice.clone() }, NOW));
    assert_eq!(policy.terms_of(&User { role: Role::Admin, ..alice.clone() }).device_days, 0);
    policy.locked = true;
    assert!(!policy.terms_of(&alice).may_put_off(&alice, NOW));
}

#[test]
fn methods_are_those_that_all_rules_allow() {
    let only = |kind: Kind| rule(|rule| rule.methods = Some(BTreeSet::from([kind])));
    let mut policy = policy(Level::Required);
    let alice = User { methods: Some(BTreeSet::from([Kind::Totp])), ..user(&["ops"]) };
    assert_eq!(policy.terms_of(&alice).methods, BTreeSet::from([Kind::Totp]));
    policy.rules.doors.insert(Door::Ssh, only(Kind::EmailCode));
    assert!(policy.terms(&alice, Door::Ssh).methods.is_empty(), "nothing is left, and nobody gets in");
    assert_eq!(policy.terms(&user(&[]), Door::Ssh).methods, BTreeSet::from([Kind::EmailCode]));
    let mailed = User {
        email: "a@example.org".parse().ok(),
        email_verified_at: Some(NOW),
        email_codes_at: Some(NOW),
        ..user(&["ops"])
    };
    assert_eq!(policy.status(&mailed, NOW), Status::Activated);
    policy.rules.groups.insert("ops".parse().unwrap(), only(Kind::Totp));
    assert_eq!(policy.status(&mailed, NOW), Status::Pending, "what is set up does not count for this person");
}

#[test]
fn floor_the_lock_refuses_what_goes_lower_than_before() {
    let before = Rules::initial(Level::Required);
    let with = |edit: fn(&mut Rules)| {
        let mut rules = before.clone();
        edit(&mut rules);
        rules
    };
    assert!(with(|rules| rules.organisation = Level::Optional).go_below_required(&before, NOW));
    assert!(with(|rules| rules.skips = 1).go_below_required(&before, NOW));
    assert!(with(|rules| rules.skip_until = Some(NOW.plus(1))).go_below_required(&before, NOW));
    assert!(!with(|rules| rules.skip_until = Some(NOW)).go_below_required(&before, NOW));
    let low = with(|rules| rules.organisation = Level::Off);
    let other = Rules { setup_days: 3, ..low.clone() };
    assert!(!other.go_below_required(&low, NOW), "what was so before the lock can stay");
}

#[test]
fn what_is_other_is_told_setting_by_setting() {
    let before = Rules::initial(Level::Required);
    let mut after = before.clone();
    after.skips = 2;
    after.groups.insert("ops".parse().unwrap(), Rule { device_days: Some(3), ..Level::Required.into() });
    let told = |name: &str, before: &str, after: &str| (name.to_owned(), before.to_owned(), after.to_owned());
    let rule = "device_days 3, level required";
    assert_eq!(before.difference(&after), [told("group ops", "", rule), told("skips", "0", "2")]);
    assert_eq!(after.difference(&before), [told("group ops", rule, ""), told("skips", "2", "0")]);
    assert!(after.difference(&after).is_empty());
}
