//! Administrators who make changes themselves: each must still be one in the transaction that makes it.

use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::login::Logins;
use twolatch_core::login::manage::{Acting, Actor, ManageError};
use twolatch_core::policy::{Level, Rules};
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{Role, User};

use crate::support::core::{Core, NOW, actor, on_both, parsed};
use crate::support::rounds;

on_both!(who_is_no_administrator_any_more_changes_nothing, t9_two_administrators_who_demote_each_other_leave_one,);

/// An administrator as the console knows them.
pub(crate) fn acting(user: &User, now: Timestamp) -> Actor {
    let acting = Acting {
        id: user.id.clone(),
        security_version: user.security_version,
        source: "192.0.2.1".to_owned(),
        token: None,
    };
    Actor { name: user.name.to_string(), now, acting: Some(acting) }
}

pub(crate) async fn admin(core: &Core, name: &str) -> User {
    core.member(name).await;
    let edit = |user: &mut User| user.role = Role::Admin;
    core.logins.change_user(&parsed(name), "role".to_owned(), &actor(NOW), edit).await.unwrap()
}

/// A change of somebody.
type Edit = fn(&mut User);

fn is_refused<T>(done: &Result<T, ManageError>) -> bool {
    matches!(done, Err(ManageError::Store(StoreError::NotAllowed)))
}

async fn who_is_no_administrator_any_more_changes_nothing(core: Core) {
    let (victim, root) = (parsed("victim"), actor(NOW));
    core.member("victim").await;
    let cases: [(&str, Edit); 4] = [
        ("demoted", |user| user.role = Role::Supervisor),
        ("disabled", |user| user.disabled_at = Some(NOW)),
        ("restricted", |user| user.restricted_until = Some(NOW.plus(1))),
        ("changed", |user| user.email_verified_at = None),
    ];
    admin(&core, "stays").await;
    for (name, change) in cases {
        let before = admin(&core, name).await;
        let by = acting(&before, NOW);
        core.logins.unlock(&victim, &by).await.unwrap();
        let after = core.logins.change_user(&before.name, "test".to_owned(), &root, change).await.unwrap();
        // A session from before such a change is over; here even one that is looked at behind it has no power.
        let by = if name == "changed" { by } else { acting(&after, NOW) };
        let logins = &core.logins;
        let secret = Totp::random(core.store().entropy()).unwrap().base32();
        let totp = Totp::from_base32(&secret, Algorithm::Sha1, 6, 30).unwrap();
        assert!(is_refused(&logins.unlock(&victim, &by).await), "{name}: unlock");
        assert!(is_refused(&logins.reset_factors(&victim, &by).await), "{name}: reset");
        assert!(is_refused(&logins.provision_totp(&victim, totp, None, &by).await), "{name}: authenticator");
        assert!(is_refused(&logins.delete_user(&victim, &by).await), "{name}: delete");
        assert!(is_refused(&logins.invite(&victim, &by).await), "{name}: invite");
        let version = logins.policy(NOW).await.unwrap().version;
        let rules = Rules::initial(Level::Off);
        assert!(is_refused(&logins.set_rules(rules, version, String::new(), &by).await), "{name}: rules");
        assert!(is_refused(&logins.end_exemption("none", &by).await), "{name}: exemption");
        let role = |user: &mut User| user.role = Role::Admin;
        assert!(is_refused(&logins.change_user(&victim, String::new(), &by, role).await), "{name}: role");
    }
    assert_eq!(core.logins.named(&victim).await.unwrap().user.role, Role::Member);
    let recorded = core.store().latest_audit(100).await.unwrap();
    let unlocked: Vec<_> = recorded.iter().filter(|record| record.event == "unlocked").collect();
    assert_eq!(unlocked.len(), cases.len(), "only what was done is recorded");
    assert!(unlocked.iter().all(|record| record.source.as_deref() == Some("192.0.2.1")), "with where it came from");
}

async fn t9_two_administrators_who_demote_each_other_leave_one(core: Core) {
    let servers = [core.logins.clone(), core.second_server().await];
    for round in 0..rounds() {
        let (one, other) = (format!("one{round}"), format!("other{round}"));
        let users = [admin(&core, &one).await, admin(&core, &other).await];
        let demote = |server: Logins, by: Actor, whom: User| async move {
            server.change_user(&whom.name, "role".to_owned(), &by, |user| user.role = Role::Member).await
        };
        let [first, second] = users.clone();
        let left = tokio::spawn(demote(servers[0].clone(), acting(&first, NOW), second.clone()));
        let right = tokio::spawn(demote(servers[1].clone(), acting(&second, NOW), first.clone()));
        let done = [left.await.unwrap(), right.await.unwrap()];
        let won = done.iter().filter(|done| done.is_ok()).count();
        let refused = done.iter().filter(|done| done.is_err()).all(is_refused);
        assert!(won == 1 && refused, "round {round}");
        assert_eq!(core.store().count_admins().await.unwrap(), 1, "round {round}");
        let edit = |user: &mut User| user.role = Role::Member;
        for user in users {
            drop(core.logins.change_user(&user.name, "role".to_owned(), &actor(NOW), edit).await);
        }
        core.tamper("DELETE FROM users").await;
    }
}
