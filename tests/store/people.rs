//! The contract of finding people: what a search says of all rows at once is what policy says of each.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use twolatch_core::door::Door;
use twolatch_core::factor::Kind;
use twolatch_core::id::Id;
use twolatch_core::policy::{Exemption, Level, Policy, Rule, Rules, StatusWord, Subject, Within};
use twolatch_core::store::budgets::{Budget, Charge, HARD_STOP, charge};
use twolatch_core::store::exemptions::{delete_exemption, insert_exemption};
use twolatch_core::store::people::{Damaged, Found, Part, Search, Sort, next};
use twolatch_core::store::policies::insert_policy;
use twolatch_core::store::users::{insert_user, note_login};
use twolatch_core::time::Timestamp;
use twolatch_core::user::{GroupName, Role, User};

use super::{Work, write};
use crate::support::core::{Core, NOW, on_both, parsed};

on_both!(
    a_search_finds_who_stands_so_under_any_policy,
    people_are_found_by_text_role_group_and_method,
    people_are_sorted_and_paged,
    whoever_has_to_wait_is_found,
    t8_who_is_found_is_read_under_the_mark,
);

const GROUPS: [&str; 2] = ["ops", "sales"];

fn level() -> impl Strategy<Value = Level> {
    prop::sample::select(Level::ALL.to_vec())
}

fn group() -> impl Strategy<Value = GroupName> {
    prop::sample::select(GROUPS.map(|name| name.parse().unwrap()).to_vec())
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

/// Somebody: role, groups, own level and methods, disabled, an authenticator, mailed codes, and whether the address is
/// verified.
type Traits = (Role, Vec<GroupName>, (Option<Level>, Option<BTreeSet<Kind>>), bool, bool, bool, bool);

fn methods() -> impl Strategy<Value = BTreeSet<Kind>> {
    prop::sample::subsequence(Kind::METHODS.to_vec(), 1..=2).prop_map(|kinds| kinds.into_iter().collect())
}

fn traits() -> impl Strategy<Value = Traits> {
    let groups = prop::collection::btree_set(group(), 0..=2).prop_map(|groups| groups.into_iter().collect());
    let rarely = || prop::bool::weighted(0.2);
    let own = (prop::option::of(level()), prop::option::weighted(0.2, methods()));
    (role(), groups, own, rarely(), any::<bool>(), any::<bool>(), any::<bool>())
}

async fn add(core: &Core, number: usize, traits: Traits) -> User {
    let (role, groups, (level, methods), disabled, app, mail, verified) = traits;
    let id = Id::random(core.store().entropy()).unwrap();
    let mut user = User::new(id, parsed(&format!("user{number:02}")), NOW, NOW.plus(i64::try_from(number).unwrap()));
    user.email = Some(format!("{number:02}@example.org").parse().unwrap());
    (user.role, user.groups, user.level, user.methods) = (role, groups, level, methods);
    user.disabled_at = disabled.then_some(NOW);
    user.email_codes_at = mail.then_some(NOW);
    user.email_verified_at = verified.then_some(NOW);
    let (store, stored) = (core.store().clone(), user.clone());
    write(&core.logins, Box::new(move |c| Box::pin(async move { insert_user(c, &store, &stored).await })))
        .await
        .unwrap();
    if app {
        core.give_totp(user.name.as_str()).await;
    }
    core.logins.named(&user.name).await.unwrap().user
}

/// An exemption of the user at this place, of a group or of a role.
type Exempt = (u8, prop::sample::Index, GroupName, Role, Within, Level, bool);

fn exempt() -> impl Strategy<Value = Exempt> {
    (0..3_u8, any::<prop::sample::Index>(), group(), role(), within(), level(), any::<bool>())
}

/// Some look at more than door and application.
fn within() -> impl Strategy<Value = Within> {
    let door = prop::option::of(prop::sample::select(Door::ALL.to_vec()));
    let client = prop::option::weighted(0.2, prop::sample::select(vec!["wiki", "blog"]));
    (door, client, prop::sample::select(vec!["", "", "", "host", "service", "network", "key"])).prop_map(
        |(door, client, more)| Within {
            door,
            client: client.map(|client| client.parse().unwrap()),
            service: (more == "service").then(|| "sshd".parse().unwrap()),
            host: (more == "host").then(|| "web1".parse().unwrap()),
            network: (more == "network").then(|| "10.0.0.0/8".parse().unwrap()),
            key: (more == "key").then(|| "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU".parse().unwrap()),
        },
    )
}

fn rule() -> impl Strategy<Value = Rule> {
    let parts = (prop::option::weighted(0.8, level()), prop::option::weighted(0.3, methods()));
    parts.prop_map(|(level, methods)| Rule { level, methods, ..Rule::default() })
}

fn rules() -> impl Strategy<Value = Rules> {
    (
        level(),
        prop::collection::btree_map(role(), rule(), 0..=2),
        prop::collection::btree_map(group(), rule(), 0..=2),
        prop::collection::btree_map(prop::sample::select(Door::ALL.to_vec()), rule(), 0..=2),
        prop::collection::btree_map(Just("wiki".parse().unwrap()), rule(), 0..=1),
        methods(),
    )
        .prop_map(|(organisation, roles, groups, doors, clients, methods)| Rules {
            roles,
            groups,
            doors,
            clients,
            methods,
            ..Rules::initial(organisation)
        })
}

async fn names(core: &Core, search: &Search, policy: &Policy, now: Timestamp) -> Vec<String> {
    let found = core.store().find_people(search, policy, Part::after("", 1000), now).await.unwrap();
    let counted = core.store().count_people(search, policy, now).await.unwrap();
    assert_eq!(counted, i64::try_from(found.len()).unwrap());
    found.into_iter().map(|found| found.unwrap().person.user.name.to_string()).collect()
}

async fn a_search_finds_who_stands_so_under_any_policy(core: Core) {
    let mut runner = TestRunner::deterministic();
    let mut some = |count| prop::collection::vec(traits(), count).new_tree(&mut runner).unwrap().current();
    let mut people = Vec::new();
    for (number, traits) in some(24).into_iter().enumerate() {
        people.push(add(&core, number, traits).await);
    }
    for round in 0..40_i64 {
        let then = NOW.plus(round * 100 + 1);
        let (rules, exemptions) =
            (rules(), prop::collection::vec(exempt(), 0..4)).new_tree(&mut runner).unwrap().current();
        replace(&core, &people, rules, exemptions, then).await;
        by_status(&core, &core.store().policy(false, then).await.unwrap(), then).await;
        for locked in [false, true] {
            let policy = Policy { locked, ..core.store().policy(false, then).await.unwrap().as_ref().clone() };
            for now in [then, then.plus(5)] {
                for word in StatusWord::ALL {
                    let expected: Vec<String> = people
                        .iter()
                        .filter(|user| policy.status(user, now).word() == word)
                        .map(|user| user.name.to_string())
                        .collect();
                    let search = Search { status: Some(word), ..Search::default() };
                    assert_eq!(names(&core, &search, &policy, now).await, expected, "{word:?} {policy:?}");
                }
            }
        }
    }
}

/// Sorted by how they stand, and then by name.
async fn by_status(core: &Core, policy: &Policy, now: Timestamp) {
    for descending in [false, true] {
        let part = Part { sort: Sort::Status, descending, after: "", skip: 0, limit: 1000 };
        let found = sound(core.store().find_people(&Search::default(), policy, part, now).await.unwrap());
        let rank = |found: &Found| {
            let rank =
                StatusWord::ALL.into_iter().position(|word| word == policy.status(&found.person.user, now).word());
            rank.map_or(0, |rank| if descending { StatusWord::ALL.len() - rank } else { rank })
        };
        assert!(found.iter().is_sorted_by_key(|found| (rank(found), found.person.user.name.to_string())), "{policy:?}");
    }
}

/// Puts rules and exemptions in the place of what was there, whatever becomes of administrators. Some exemptions end after
/// five seconds.
async fn replace(core: &Core, people: &[User], rules: Rules, exemptions: Vec<Exempt>, now: Timestamp) {
    let store = core.store().clone();
    let version = store.policy_versions(1).await.unwrap()[0].version;
    let former = store.policy(false, now.plus(-1)).await.unwrap();
    let made = exemptions.into_iter().map(|(kind, who, group, role, within, level, short)| {
        let subject = match kind {
            0 => Subject::User(who.get(people).id.clone()),
            1 => Subject::Group(group),
            _ => Subject::Role(role),
        };
        let id = Id::random(core.store().entropy()).unwrap();
        let until = now.plus(if short { 5 } else { 3600 });
        let (reason, author) = ("test".to_owned(), "test".to_owned());
        Exemption { id, subject, within, level, until, reason, author, at: now }
    });
    let made: Vec<Exemption> = made.collect();
    let work: Work<()> = Box::new(move |c| {
        Box::pin(async move {
            for old in &former.exemptions {
                delete_exemption(c, old.id.as_str()).await?;
            }
            for exemption in &made {
                insert_exemption(c, &store, exemption).await?;
            }
            insert_policy(c, &store, &rules, version, "test", now).await
        })
    });
    write(&core.logins, work).await.unwrap();
}

async fn people_are_found_by_text_role_group_and_method(core: Core) {
    let policy = core.logins.policy(NOW).await.unwrap();
    let ops = || vec!["ops".parse().unwrap()];
    let people = [
        add(&core, 1, (Role::Admin, ops(), (None, None), false, true, false, true)).await,
        add(&core, 2, (Role::Member, ops(), (None, None), false, false, true, true)).await,
        add(&core, 3, (Role::Member, Vec::new(), (None, None), true, false, true, false)).await,
    ];
    let table = [
        (Search { text: Some("USER0".to_owned()), ..Search::default() }, vec!["user01", "user02", "user03"]),
        (Search { text: Some("02@Ex".to_owned()), ..Search::default() }, vec!["user02"]),
        (Search { text: Some("er02".to_owned()), ..Search::default() }, vec![]),
        (Search { text: Some("user_2".to_owned()), ..Search::default() }, vec![]),
        (Search { role: Some(Role::Member), ..Search::default() }, vec!["user02", "user03"]),
        (Search { group: Some("ops".parse().unwrap()), ..Search::default() }, vec!["user01", "user02"]),
        (Search { method: Some(Kind::Totp), ..Search::default() }, vec!["user01"]),
        (Search { method: Some(Kind::EmailCode), ..Search::default() }, vec!["user02"]),
        (Search { set_up: Some(false), ..Search::default() }, vec!["user03"]),
        (Search { set_up: Some(true), ..Search::default() }, vec!["user01", "user02"]),
        (Search { disabled: Some(false), ..Search::default() }, vec!["user01", "user02"]),
        (Search { disabled: Some(true), ..Search::default() }, vec!["user03"]),
        (Search { created_until: Some(NOW.plus(2)), ..Search::default() }, vec!["user01", "user02"]),
        (Search { ids: Some(Vec::new()), ..Search::default() }, vec![]),
        (Search { group: Some("ops".parse().unwrap()), role: Some(Role::Admin), ..Search::default() }, vec!["user01"]),
    ];
    for (search, expected) in table {
        assert_eq!(names(&core, &search, &policy, NOW).await, expected, "{search:?}");
        let of: Vec<&str> =
            people.iter().filter(|one| search.is_of(one, &policy, NOW)).map(|one| one.name.as_str()).collect();
        assert_eq!(of, expected, "asked of the rows, one by one: {search:?}");
    }
    let second = core.logins.named(&parsed("user02")).await.unwrap().user.id;
    let besides = Search { besides: Some(second.clone()), ..Search::default() };
    assert_eq!(names(&core, &besides, &policy, NOW).await, ["user01", "user03"]);
    let only = Search { ids: Some(vec![second.clone()]), ..Search::default() };
    assert_eq!(names(&core, &only, &policy, NOW).await, ["user02"]);
    assert!(core.store().find_person(&second, &policy, NOW).await.unwrap().is_some());
    assert!(core.store().find_person(&Id::from_stored("x".to_owned()), &policy, NOW).await.unwrap().is_none());
}

async fn people_are_sorted_and_paged(core: Core) {
    let policy = core.logins.policy(NOW).await.unwrap();
    for (number, role, groups) in [(1, Role::Member, ""), (2, Role::Admin, "sales"), (3, Role::Supervisor, "ops sales")]
    {
        let groups = groups.split_whitespace().map(|group| group.parse().unwrap()).collect();
        add(&core, number, (role, groups, (Some(Level::Required), None), number == 3, number == 1, number < 3, true))
            .await;
    }
    let seen = core.logins.named(&parsed("user03")).await.unwrap().user.id;
    write(&core.logins, Box::new(move |c| Box::pin(async move { note_login(c, &seen, NOW.plus(9)).await })))
        .await
        .unwrap();
    core.tamper("UPDATE factors SET last_used_at = 1800000012").await;
    let sorted = async |sort, descending, skip, limit| -> Vec<Found> {
        let part = Part { sort, descending, after: "", skip, limit };
        sound(core.store().find_people(&Search::default(), &policy, part, NOW).await.unwrap())
    };
    let order = async |sort, descending| -> Vec<String> {
        let found = sorted(sort, descending, 0, 10).await;
        found.into_iter().map(|found| found.person.user.name.as_str().replace("user0", "")).collect()
    };
    assert_eq!(order(Sort::Name, false).await, ["1", "2", "3"]);
    assert_eq!(order(Sort::Name, true).await, ["3", "2", "1"]);
    assert_eq!(order(Sort::Role, false).await, ["2", "1", "3"]);
    assert_eq!(order(Sort::Methods, false).await, ["1", "2", "3"]);
    assert_eq!(order(Sort::Methods, true).await, ["3", "2", "1"]);
    assert_eq!(order(Sort::Group, false).await, ["3", "2", "1"]);
    assert_eq!(order(Sort::Group, true).await, ["1", "2", "3"]);
    let two = Budget::of_totp(core.logins.named(&parsed("user02")).await.unwrap().user.id.as_str());
    for _ in 0..6 {
        let two = two.clone();
        write(&core.logins, Box::new(move |c| Box::pin(async move { charge(c, &two, NOW).await.map(drop) })))
            .await
            .unwrap();
    }
    assert_eq!(order(Sort::Locked, false).await, ["2", "1", "3"]);
    assert_eq!(order(Sort::Locked, true).await, ["1", "3", "2"]);
    assert_eq!(order(Sort::Created, true).await, ["3", "2", "1"]);
    assert_eq!(order(Sort::LastLogin, false).await, ["2", "1", "3"]);
    assert_eq!(order(Sort::LastLogin, true).await, ["3", "1", "2"]);
    let last: Vec<_> = sorted(Sort::Name, false, 0, 3).await.iter().map(|found| found.person.last_login()).collect();
    assert_eq!(last, [Some(NOW.plus(2)), None, Some(NOW.plus(9))]);
    let page = sorted(Sort::Name, false, 1, 1).await;
    assert_eq!((page.len(), page[0].person.user.name.as_str()), (1, "user02"));
    let rest = Part::after("user01", 1);
    let rest = sound(core.store().find_people(&Search::default(), &policy, rest, NOW).await.unwrap());
    assert_eq!((rest.len(), rest[0].person.user.name.as_str()), (1, "user02"));
}

async fn whoever_has_to_wait_is_found(core: Core) {
    let policy = core.logins.policy(NOW).await.unwrap();
    core.member("free").await;
    let locked = Search { locked: true, ..Search::default() };
    for name in ["app", "mail", "kept"] {
        let id = core.member(name).await.id;
        let budget = match name {
            "app" => Budget::of_totp(id.as_str()),
            "mail" => Budget::of_email(id.as_str()),
            _ => Budget::of_recovery(id.as_str()),
        };
        for _ in 0..5 {
            let budget = budget.clone();
            write(&core.logins, Box::new(move |c| Box::pin(async move { charge(c, &budget, NOW).await.map(drop) })))
                .await
                .unwrap();
        }
    }
    // What is charged for letters, and by strangers, locks nobody.
    let free = core.logins.named(&parsed("free")).await.unwrap().user.id;
    for _ in 0..4 {
        let budget = Budget::of_mail(free.as_str());
        write(&core.logins, Box::new(move |c| Box::pin(async move { charge(c, &budget, NOW).await.map(drop) })))
            .await
            .unwrap();
    }
    assert_eq!(names(&core, &locked, &policy, NOW).await, ["app", "kept", "mail"]);
    let found = core.store().find_people(&locked, &policy, Part::after("", 9), NOW).await.unwrap();
    let standings: Vec<Charge> = sound(found).into_iter().map(|found| found.standing).collect();
    assert_eq!(standings, [30, 30, 300].map(|seconds| Charge::Wait(NOW.plus(seconds))));
    assert_eq!(names(&core, &locked, &policy, NOW.plus(31)).await, ["mail"], "over by then");
    assert_eq!(HARD_STOP, 100);
    core.tamper("UPDATE budgets SET fails = 100, next_at = 0 WHERE id LIKE 'email:%'").await;
    let held = core.store().find_people(&locked, &policy, Part::after("", 9), NOW.plus(9_999)).await.unwrap();
    let held = sound(held);
    assert_eq!((held.len(), held[0].standing), (1, Charge::Held));
    let of_free = core.store().find_person(&free, &policy, NOW).await.unwrap().unwrap();
    assert_eq!(of_free.standing, Charge::Taken);
}

async fn t8_who_is_found_is_read_under_the_mark(core: Core) {
    let policy = core.logins.policy(NOW).await.unwrap();
    for name in ["Alice", "bob", "carol"] {
        core.member(name).await;
    }
    core.give_totp("carol").await;
    core.tamper("UPDATE users SET role = 'admin' WHERE name_key = 'alice'").await;
    core.tamper("UPDATE factors SET digits = 8").await;
    let find =
        async |search: &Search| core.store().find_people(search, &policy, Part::after("", 9), NOW).await.unwrap();
    let all = find(&Search::default()).await;
    let names = |found: &[Result<Found, Damaged>]| -> Vec<Result<String, String>> {
        let name = |found: &Found| found.person.user.name.to_string();
        found.iter().map(|found| found.as_ref().map(name).map_err(|damaged| damaged.name.clone())).collect()
    };
    let damaged = |name: &str| Err(name.to_owned());
    let expected = [damaged("alice"), Ok("bob".to_owned()), damaged("carol")];
    assert_eq!(names(&all), expected, "in their places, and nothing of their rows is told");
    let admins = find(&Search { role: Some(Role::Admin), ..Search::default() }).await;
    assert_eq!(names(&admins), [damaged("alice")], "found by what is not believed, and still nothing is");
    let Err(Damaged { id, .. }) = &admins[0] else { panic!("{admins:?}") };
    let error = core.store().find_person(id, &policy, NOW).await.unwrap_err();
    assert!(error.to_string().contains("row_mac: users"), "{error}");
    assert_eq!(next(&all, 3).as_deref(), Some("carol"), "a part ends with them, too");
    assert_eq!(next(&all, 4), None);
    // Of whom nothing is known a preview says that.
    let preview = core.logins.preview(&policy.rules, NOW).await.unwrap();
    assert_eq!((preview.people, preview.unreadable.names.join(" ").as_str()), (3, "alice carol"));
    assert!(!preview.is_empty());
    // So are they whose mark names a key that is not there.
    core.tamper("UPDATE users SET mac = 'x' || mac WHERE name_key = 'bob'").await;
    let bob = find(&Search { text: Some("bob".to_owned()), ..Search::default() }).await;
    assert_eq!(names(&bob), [damaged("bob")]);
}

/// Those who were found, where no row is damaged.
fn sound(found: Vec<Result<Found, Damaged>>) -> Vec<Found> {
    found.into_iter().map(Result::unwrap).collect()
}
