use proptest::prelude::*;

use super::*;
use crate::factor::Factor;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn user(groups: &[&str]) -> User {
    let (id, name) = (Id::from_stored("u1".to_owned()), "alice".parse().unwrap());
    let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
    User { groups, ..User::new(id, name, NOW, NOW) }
}

fn policy(organisation: Level) -> Policy {
    Policy { version: 1, rules: Rules::initial(organisation), exemptions: Vec::new(), locked: false }
}

fn exemption(subject: Subject, door: Option<Door>, level: Level, until: Timestamp) -> Exemption {
    let (reason, author) = ("trip".to_owned(), "root".to_owned());
    Exemption { id: Id::from_stored("e1".to_owned()), subject, door, level, until, reason, author, at: NOW }
}

#[test]
fn the_highest_rule_that_matches_wins() {
    let mut policy = policy(Level::Off);
    policy.rules.groups.insert("ops".parse().unwrap(), Level::Optional);
    policy.rules.doors.insert(Door::Sudo, Level::Required);
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
    policy.exemptions.push(exemption(Subject::User(alice.id.clone()), Some(Door::Ssh), Level::Off, NOW));
    assert_eq!(policy.decide(&alice, Door::Ssh, NOW.plus(-1)).level, Level::Off);
    assert_eq!(policy.decide(&alice, Door::Ssh, NOW).level, Level::Required);
    assert_eq!(policy.decide(&alice, Door::Web, NOW.plus(-1)).level, Level::Required, "another door");
}

#[test]
fn floor_the_lock_stands_above_exemptions_and_rules() {
    let mut policy = policy(Level::Off);
    let alice = user(&[]);
    policy.exemptions.push(exemption(Subject::Role(Role::Member), None, Level::Off, NOW.plus(60)));
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
        assert_eq!(policy(level).status(&user, NOW).as_str(), expected, "{level}");
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
        policy.rules.roles.insert(Role::Member, role);
        for rule in 0..2 {
            let after = policy.decide(&alice, Door::Ssh, NOW).level;
            prop_assert!(after >= before);
            before = after;
            if rule == 0 {
                policy.rules.groups.insert("ops".parse().unwrap(), group);
            } else {
                policy.rules.doors.insert(Door::Ssh, door);
            }
        }
        prop_assert!(policy.decide(&alice, Door::Ssh, NOW).level >= before);
    }
}
