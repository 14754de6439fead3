//! The contract of what is kept of earlier versions of the rules.

use twolatch_core::id::Id;
use twolatch_core::login::manage::ManageError;
use twolatch_core::policy::{Exemption, Level, Rules, Subject, Within};
use twolatch_core::store::StoreError;
use twolatch_core::user::Role;

use crate::support::core::{Core, NOW, actor, on_both};

on_both!(
    earlier_rules_can_be_put_in_force_again,
    t8_what_is_kept_of_an_earlier_version_is_no_policy,
    t15_a_policy_that_is_changed_while_it_is_read_is_read_whole,
);

/// Version 1 asks everybody, version 2 lets people choose.
async fn two_versions(core: &Core) {
    core.logins.set_rules(Rules::initial(Level::Optional), 1, "test".to_owned(), &actor(NOW.plus(1))).await.unwrap();
}

async fn earlier_rules_can_be_put_in_force_again(core: Core) {
    two_versions(&core).await;
    let versions = core.store().policy_versions(10).await.unwrap();
    let said: Vec<_> = versions.iter().map(|one| (one.version, one.rules.organisation, one.at)).collect();
    assert_eq!(said, [(2, Level::Optional, NOW.plus(1)), (1, Level::Required, NOW)]);
    assert_eq!(core.store().policy_versions(1).await.unwrap().len(), 1);
    assert_eq!(core.store().policy_version(1).await.unwrap().unwrap().author, "test");
    assert!(core.store().policy_version(3).await.unwrap().is_none());

    let by = actor(NOW.plus(2));
    let unknown = core.logins.restore_rules(9, 2, &by).await;
    assert!(matches!(unknown, Err(ManageError::NoVersion(9))), "{unknown:?}");
    let late = core.logins.restore_rules(1, 1, &by).await;
    assert!(matches!(late, Err(ManageError::Store(StoreError::Conflict))), "another one is in force by now: {late:?}");
    core.logins.restore_rules(1, 2, &by).await.unwrap();
    let policy = core.store().policy(false, NOW.plus(3)).await.unwrap();
    assert_eq!((policy.version, policy.rules.organisation), (3, Level::Required));
    let records = core.store().latest_audit(1).await.unwrap();
    assert_eq!(records[0].event, "policy_changed");
    assert_eq!(records[0].detail.as_deref(), Some("the rules of version 1 again"));

    let mut locked = core.logins.clone();
    locked.locked = true;
    let below = locked.restore_rules(2, 3, &by).await;
    assert!(matches!(below, Err(ManageError::Locked)), "the lock holds for what was there before it: {below:?}");
    locked.restore_rules(1, 3, &by).await.unwrap();
}

async fn t8_what_is_kept_of_an_earlier_version_is_no_policy(core: Core) {
    two_versions(&core).await;
    core.tamper("DELETE FROM policies").await;
    let other = core.second_server().await;
    assert!(other.policy(NOW.plus(2)).await.is_err(), "no policy: nothing is decided");
    let copied = core
        .tamper(
            "INSERT INTO policies (version, document, exemptions, author, at, mac) \
             SELECT version, document, '[]', author, at, mac FROM policy_versions",
        )
        .await;
    assert_eq!(copied, 2);
    assert!(core.second_server().await.policy(NOW.plus(3)).await.is_err(), "its mark is for another table");
    core.tamper("UPDATE policy_versions SET document = replace(document, 'required', 'off')").await;
    assert!(core.store().policy_version(1).await.is_err(), "nor can what is kept be changed");
    assert!(core.logins.restore_rules(1, 2, &actor(NOW.plus(4))).await.is_err());
}

async fn t15_a_policy_that_is_changed_while_it_is_read_is_read_whole(core: Core) {
    let other = core.second_server().await;
    let change = tokio::spawn(async move {
        for round in 0..100 {
            let by = actor(NOW.plus(round + 1));
            let exemption = Exemption {
                id: Id::from_stored("only".to_owned()),
                subject: Subject::Role(Role::Member),
                within: Within::default(),
                level: Level::Off,
                until: NOW.plus(9999),
                reason: "test".to_owned(),
                author: "test".to_owned(),
                at: NOW,
            };
            other.exempt(exemption, &by).await.unwrap();
            other.end_exemption("only", &by).await.unwrap();
        }
    });
    let mut second = 0;
    while !change.is_finished() {
        second += 1;
        let policy = core.store().policy(false, NOW.plus(second)).await.unwrap();
        assert_eq!(policy.exemptions.len(), usize::from(policy.version % 2 == 0), "each version has its own");
    }
    change.await.unwrap();
}
