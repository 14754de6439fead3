//! T-17 in every detail that a running server would take long to come to: what people had used, and what had been taken
//! from them or put on them, between a backup and its restore.

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::{Arc, Mutex};

use twolatch_core::client::{AuthMethod, Client, Settings, SigningAlg};
use twolatch_core::id::Id;
use twolatch_core::login::restore::{Restored, since::Change};
use twolatch_core::policy::{Exemption, Level, RecoveryKept, Subject, Within};
use twolatch_core::reason::Reason;
use twolatch_core::store::Store;
use twolatch_core::store::backup::Backup;
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, actor, code_at, on_both, parsed, recovery_codes};
use crate::support::shell::Shell;

on_both!(
    t17_a_recovery_key_that_was_renewed_opens_nothing,
    t17_codes_of_a_phone_that_is_ahead_stay_spent,
    t17_who_had_less_since_is_held,
    t17_what_was_ended_or_changed_since_stays_so,
    t17_what_protects_an_address_is_not_taken_off,
);

async fn backup(core: &Core, now: Timestamp) -> File {
    let mut bytes = Vec::new();
    core.store().write_backup(&mut bytes, now, &mut |_| {}).await.unwrap();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    file.rewind().unwrap();
    file
}

async fn restore(core: &Core, file: File, now: Timestamp) -> Restored {
    let backup = Backup::open(file, &core.store().keys()).unwrap();
    let done = core.logins.restore(backup, true, &actor(now), Arc::new(Mutex::new(|_| {}))).await;
    done.unwrap()
}

async fn change(core: &Core, name: &str, now: Timestamp, edit: impl FnOnce(&mut User) + Send) {
    core.logins.change_user(&parsed(name), String::new(), &actor(now), edit).await.unwrap();
}

#[track_caller]
fn about<'r>(done: &'r Restored, name: &str) -> &'r Change {
    done.changes.iter().find(|change| change.name == name).unwrap_or_else(|| panic!("nothing of {name}: {done:?}"))
}

async fn t17_a_recovery_key_that_was_renewed_opens_nothing(core: Core) {
    let (_, kept) = core.set_up("alice", RecoveryKept::Key).await;
    let file = backup(&core, NOW).await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    shell.say(&kept[0], NOW).await;
    let new = recovery_codes(shell.notice()).remove(0);
    assert_eq!(shell.say(&new, NOW).await, &Outcome::Granted);
    let done = restore(&core, file, NOW.plus(10)).await;
    assert_eq!(done.codes_spent, 1, "{done:?}");
    assert!(core.user("alice").await.recovery_due_at.is_some(), "she is asked to keep another one");
    let later = NOW.plus(600);
    for spent in [&kept[0], &new] {
        let mut shell = Shell::open(&core.logins, "alice", later).await;
        shell.say(spent, later).await;
        assert!(matches!(shell.reason(), Some(Reason::Wrong | Reason::Replay)), "{:?}", shell.shown);
    }
}

async fn t17_codes_of_a_phone_that_is_ahead_stay_spent(core: Core) {
    for (name, knows, start) in [("alice", false, NOW), ("bob", true, NOW.plus(3600))] {
        let totp = core.enrolled(name).await;
        let unlearned = if knows { None } else { Some(backup(&core, start).await) };
        let mut shell = Shell::open(&core.logins, name, start).await;
        for offset in [8, 9] {
            shell.say(&code_at(&totp, start, offset), start).await;
        }
        assert_eq!(shell.shown, Outcome::Granted, "the phone's clock is known to be ahead");
        let file = match unlearned {
            Some(file) => file,
            None => backup(&core, start).await,
        };
        // Both are used; then the backup is restored.
        let spent = [(code_at(&totp, start, 11), start.plus(60)), (code_at(&totp, start, 12), start.plus(90))];
        for (code, now) in &spent {
            let mut shell = Shell::open(&core.logins, name, *now).await;
            assert_eq!(shell.say(code, *now).await, &Outcome::Granted, "{name}");
        }
        restore(&core, file, start.plus(100)).await;
        // By somebody who has seen them: as often as may be, until their own moments are over.
        for now in (100..500).step_by(10).map(|seconds| start.plus(seconds)) {
            let mut shell = Shell::open(&core.logins, name, now).await;
            for (code, _) in &spent {
                if matches!(shell.shown, Outcome::Ask { .. }) {
                    assert_ne!(shell.say(code, now).await, &Outcome::Granted, "{name}, {} s", now.since(start));
                }
            }
        }
    }
}

async fn t17_who_had_less_since_is_held(core: Core) {
    for name in ["grouped", "bare", "old", "kept"] {
        core.member(name).await;
    }
    change(&core, "grouped", NOW, |user| user.groups = vec!["ops".parse().unwrap(), "staff".parse().unwrap()]).await;
    let password = |text: &str| Some(twolatch_core::secret::Secret::new(text.to_owned()));
    for name in ["old", "kept"] {
        change(&core, name, NOW, |user| user.password = password("the one before")).await;
    }
    core.give_totp("kept").await;
    let file = backup(&core, NOW).await;
    change(&core, "grouped", NOW, |user| user.groups.retain(|group| group.as_str() == "staff")).await;
    core.give_totp("bare").await;
    for name in ["old", "kept"] {
        change(&core, name, NOW, |user| user.password = password("the one after")).await;
    }
    let done = restore(&core, file, NOW.plus(10)).await;
    for (name, held, says) in [
        ("grouped", true, "taken out of groups since, is in again: ops"),
        ("bare", true, "set up a second factor since, has none again"),
        ("old", true, "password changed since"),
        ("kept", false, "password changed since"),
    ] {
        let change = about(&done, name);
        assert!(change.held == held && change.change.contains(says), "{change:?}");
        assert_eq!(core.user(name).await.disabled_at.is_some(), held, "{name}");
    }
}

async fn t17_what_was_ended_or_changed_since_stays_so(core: Core) {
    let client = |id: &str, name: &str| Client {
        id: id.parse().unwrap(),
        name: name.to_owned(),
        secret: None,
        redirect_uris: vec!["https://app.example.com/".parse().unwrap()],
        auth_method: AuthMethod::None,
        alg: SigningAlg::Rs256,
        former: None,
        logout_uri: None,
        settings: Settings::default(),
        pkce_waived_at: None,
        disabled_at: None,
        created_at: NOW,
    };
    let store = core.store().clone();
    let alice = core.member("alice").await;
    for id in ["gone", "changed", "same"] {
        store.add_client(client(id, "Before"), "test".to_owned()).await.unwrap();
    }
    let exemption = Exemption {
        id: Id::random(store.entropy()).unwrap(),
        subject: Subject::User(alice.id),
        within: Within::default(),
        level: Level::Off,
        until: NOW.plus(86_400),
        reason: "a trip".to_owned(),
        author: "root".to_owned(),
        at: NOW,
    };
    core.logins.exempt(exemption.clone(), &actor(NOW)).await.unwrap();
    let file = backup(&core, NOW).await;
    core.logins.end_exemption(exemption.id.as_str(), &actor(NOW)).await.unwrap();
    for id in ["gone", "changed"] {
        store.delete_client(id.parse().unwrap(), "test".to_owned(), NOW).await.unwrap();
    }
    store.add_client(client("changed", "After"), "test".to_owned()).await.unwrap();

    let done = restore(&core, file, NOW.plus(10)).await;
    assert!(about(&done, exemption.id.as_str()).change.contains("stays ended"), "{done:?}");
    let policy = core.logins.policy(NOW.plus(20)).await.unwrap();
    assert!(policy.exemptions.is_empty(), "{:?}", policy.exemptions);
    assert!(about(&done, "gone").held && about(&done, "changed").change.contains("as it is now"), "{done:?}");
    let now = async |id: &str| store.client(&id.parse().unwrap()).await.unwrap().unwrap();
    assert!(now("gone").await.disabled_at.is_some(), "nobody signs in to it");
    assert_eq!((now("changed").await.name, now("changed").await.disabled_at), ("After".to_owned(), None));
    assert_eq!(now("same").await, client("same", "Before"));
    assert!(enable(&store, "gone").await);
    assert_eq!(now("gone").await.disabled_at, None);
    assert!(!enable(&store, "none").await);
}

async fn t17_what_protects_an_address_is_not_taken_off(core: Core) {
    core.addressed("alice").await;
    let file = backup(&core, NOW).await;
    let (held, restricted) = (NOW.plus(30 * 86_400), NOW.plus(3 * 86_400));
    change(&core, "alice", NOW, |user| {
        user.email_held_until = Some(held);
        user.email_held_by = Some("admin".to_owned());
        user.restricted_until = Some(restricted);
    })
    .await;
    restore(&core, file, NOW.plus(10)).await;
    let alice = core.user("alice").await;
    assert_eq!((alice.email_held_until, alice.email_held_by.as_deref()), (Some(held), Some("admin")));
    assert_eq!(alice.restricted_until, Some(restricted));
}

async fn enable(store: &Store, id: &str) -> bool {
    let (id, said) = (id.parse().unwrap(), "is enabled".to_owned());
    let changed = store.change_client(id, said, "test".to_owned(), NOW.plus(30), |client| client.disabled_at = None);
    changed.await.unwrap().is_some()
}
