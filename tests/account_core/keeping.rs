//! Another address, a new recovery set, sessions, devices and the password.

use tokio::task::JoinSet;
use twolatch_core::crypto::password::{Cost, HashError, Hasher};
use twolatch_core::crypto::{SystemEntropy, token_hash};
use twolatch_core::id::Id;
use twolatch_core::letter::Notice;
use twolatch_core::login::Logins;
use twolatch_core::login::confirm::Shown;
use twolatch_core::login::mailbox::Errand;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::store::Session;
use twolatch_core::store::devices::{Device, insert_device};
use twolatch_core::user::Role;

use super::{OTHER, PASSWORD, code_mailed, mailing, notices, person, refusal, secret};
use crate::support::core::{Core, NOW, actor, on_both, parsed};
use crate::support::tab::{SOURCE, alive, confirmed, session};

on_both!(
    rec10_the_former_address_is_told_for_thirty_days,
    rec8_a_new_set_is_in_force_once_it_is_kept,
    ses7_sessions_and_devices_are_ended_by_their_owner_only,
    ses8_a_new_password_wants_a_second_factor_ends_devices_and_is_told,
    a_busy_moment_and_a_weak_new_password_cost_no_try,
);

async fn rec10_the_former_address_is_told_for_thirty_days(core: Core) {
    let logins = mailing(&core);
    person(&logins, &core, "alice", false).await;
    person(&logins, &core, "bob", false).await;
    core.give_totp("alice").await;
    let new = || Some("alice@example.net".parse().unwrap());
    let member = confirmed(&logins, "alice", NOW).await;
    let mailed = logins.mail_in_session(&member, Errand::NewAddress, new(), SOURCE, NOW).await;
    assert!(matches!(mailed, Err(Fault::Over)), "only administrators change their own");
    let promote = |user: &mut twolatch_core::user::User| user.role = Role::Admin;
    logins.change_user(&parsed("alice"), String::new(), &actor(NOW), promote).await.unwrap();
    let own = confirmed(&logins, "alice", NOW).await;
    for (address, expected) in [("ALICE@example.org", Reason::Malformed), ("Bob@Example.ORG", Reason::NotAllowed)] {
        let to = Some(address.parse().unwrap());
        let refused = logins.mail_in_session(&own, Errand::NewAddress, to, SOURCE, NOW).await;
        assert_eq!(refusal(refused), expected, "w24");
    }
    let sent = logins.mail_in_session(&own, Errand::NewAddress, new(), SOURCE, NOW).await.unwrap();
    let (to, code) = code_mailed(&logins, NOW).await;
    assert_eq!(to, "alice@example.net");
    let token = logins.change_address(&own, &sent.draft, secret(&code), SOURCE, NOW).await.unwrap();
    let both = |event| [("alice@example.net".to_owned(), event), ("alice@example.org".to_owned(), event)];
    assert_eq!(notices(&logins, NOW).await, both(Notice::AddressChanged));
    let session = Session { confirmed_at: Some(NOW), ..alive(&logins, &token, NOW).await.unwrap() };
    assert_eq!(session.user.verified_email().unwrap().as_str(), "alice@example.net");
    logins.change_password(&session, secret(PASSWORD), secret(OTHER), SOURCE, NOW.plus(60)).await.unwrap();
    assert_eq!(notices(&logins, NOW.plus(60)).await, both(Notice::PasswordChanged));
    let later = NOW.plus(30 * 86_400);
    let own = confirmed(&logins, "alice", later).await;
    logins.change_password(&own, secret(OTHER), secret(PASSWORD), SOURCE, later).await.unwrap();
    assert_eq!(notices(&logins, later).await, both(Notice::PasswordChanged)[..1]);
    logins.store.sweep(later).await.unwrap();
    assert_eq!(core.number("SELECT COUNT(*) FROM former_addresses").await, 0);
}

async fn rec8_a_new_set_is_in_force_once_it_is_kept(core: Core) {
    let logins = mailing(&core);
    person(&logins, &core, "alice", false).await;
    let bare = confirmed(&logins, "alice", NOW).await;
    assert_eq!(refusal(logins.begin_recovery(&bare, NOW).await), Reason::NotAllowed, "there is nothing to recover");
    core.give_totp("alice").await;
    let own = confirmed(&logins, "alice", NOW).await;
    let (first, draft) = logins.begin_recovery(&own, NOW).await.unwrap();
    let token = logins.keep_recovery(&own, &draft, SOURCE, NOW).await.unwrap();
    assert_eq!(notices(&logins, NOW).await, [("alice@example.org".to_owned(), Notice::RecoveryCodesMade)]);
    let own = Session { confirmed_at: Some(NOW), ..alive(&logins, &token, NOW).await.unwrap() };
    assert!(logins.ways_to_confirm(&own, NOW).await.unwrap().recovery);
    let (second, draft) = logins.begin_recovery(&own, NOW).await.unwrap();
    // What is only shown changes nothing: a code of the first set still says that it is they.
    let shown = Shown::Recovery(first.codes[3].clone());
    let token = logins.confirm(&own, shown, SOURCE, NOW).await.unwrap();
    assert_eq!(notices(&logins, NOW).await, [("alice@example.org".to_owned(), Notice::RecoveryCodeUsed)]);
    let own = alive(&logins, &token, NOW).await.unwrap();
    assert!(matches!(logins.keep_recovery(&own, &draft, SOURCE, NOW).await, Err(Fault::Over)), "of the cookie before");
    let (third, draft) = logins.begin_recovery(&own, NOW).await.unwrap();
    assert!(matches!(logins.keep_recovery(&own, &draft, SOURCE, NOW.plus(900)).await, Err(Fault::Over)));
    let token = logins.keep_recovery(&own, &draft, SOURCE, NOW).await.unwrap();
    let own = alive(&logins, &token, NOW).await.unwrap();
    for void in [&first.codes[4], &second.codes[4]] {
        assert_eq!(refusal(logins.confirm(&own, Shown::Recovery(void.clone()), SOURCE, NOW).await), Reason::Wrong);
    }
    assert!(logins.confirm(&own, Shown::Recovery(third.codes[4].clone()), SOURCE, NOW).await.is_ok());
}

async fn ses7_sessions_and_devices_are_ended_by_their_owner_only(core: Core) {
    let logins = core.logins.clone();
    core.enrolled("alice").await;
    core.enrolled("eve").await;
    let (token, own) = session(&logins, "alice", NOW).await;
    let (other, _) = session(&logins, "alice", NOW).await;
    let (third, _) = session(&logins, "alice", NOW).await;
    let (eves, eve) = session(&logins, "eve", NOW).await;
    for id in [token_hash(&token).as_str(), "nothing"] {
        assert_eq!(refusal(logins.end_own_session(&eve, id, NOW).await), Reason::Unknown, "w19");
    }
    logins.end_own_session(&own, &token_hash(&other), NOW).await.unwrap();
    assert!(alive(&logins, &other, NOW).await.is_none() && alive(&logins, &third, NOW).await.is_some());
    logins.end_other_sessions(&own, NOW).await.unwrap();
    assert!(alive(&logins, &third, NOW).await.is_none());
    assert!(alive(&logins, &token, NOW).await.is_some() && alive(&logins, &eves, NOW).await.is_some());

    let ids = [device(&logins, "alice").await, device(&logins, "alice").await, device(&logins, "eve").await];
    for id in [ids[2].as_str(), "nothing"] {
        assert!(matches!(logins.forget_device(&own, id, NOW).await, Err(Fault::Over)), "w19");
    }
    logins.forget_device(&own, &ids[0], NOW).await.unwrap();
    assert_eq!(logins.store.devices_of(&own.user, NOW).await.unwrap().len(), 1);
    logins.forget_devices(&own, NOW).await.unwrap();
    assert_eq!(core.number("SELECT COUNT(*) FROM devices").await, 1, "somebody else's stays");
}

/// A remembered device, written down by hand.
async fn device(logins: &Logins, name: &str) -> String {
    let user = logins.named(&parsed(name)).await.unwrap().user;
    let device = Device {
        id: Id::random(logins.store.entropy()).unwrap(),
        credentials: user.credentials(),
        user: user.id,
        name: "Firefox".to_owned(),
        place: SOURCE.to_owned(),
        created_at: NOW,
        expires_at: NOW.plus(86_400),
        secret_hash: "hash".to_owned(),
        former_hash: None,
        used_at: NOW,
    };
    let (id, store) = (device.id.to_string(), logins.store.clone());
    logins.store.write(move |c| Box::pin(async move { insert_device(c, &store, &device).await })).await.unwrap();
    id
}

async fn ses8_a_new_password_wants_a_second_factor_ends_devices_and_is_told(core: Core) {
    let logins = mailing(&core);
    person(&logins, &core, "alice", false).await;
    core.give_totp("alice").await;
    device(&logins, "alice").await;
    let (_, own) = session(&logins, "alice", NOW).await;
    assert_eq!(logins.store.devices_of(&own.user, NOW).await.unwrap().len(), 1);
    let unconfirmed = logins.change_password(&own, secret(PASSWORD), secret(OTHER), SOURCE, NOW).await;
    assert!(matches!(unconfirmed, Err(Fault::Unconfirmed)), "ses8: {unconfirmed:?}");
    let own = Session { confirmed_at: Some(NOW), ..own };
    let token = logins.change_password(&own, secret(PASSWORD), secret(OTHER), SOURCE, NOW).await.unwrap();
    let own = alive(&logins, &token, NOW).await.unwrap();
    assert!(!own.is_confirmed(NOW), "a password is no second factor");
    assert_eq!(logins.store.devices_of(&own.user, NOW).await.unwrap().len(), 0);
    assert_eq!(notices(&logins, NOW).await, [("alice@example.org".to_owned(), Notice::PasswordChanged)]);
}

async fn a_busy_moment_and_a_weak_new_password_cost_no_try(core: Core) {
    let logins = mailing(&core);
    person(&logins, &core, "alice", false).await;
    let own = confirmed(&logins, "alice", NOW).await;
    let slow = Cost { memory_kib: 128 * 1024, passes: 10, lanes: 1 };
    let hasher = Hasher::new(slow, 1, &SystemEntropy::new()).unwrap();
    let busy = Logins { hasher: hasher.clone(), ..logins.clone() };
    let checks = (0..40).map(|_| hasher.clone()).map(|hasher| async move { hasher.check(secret("x"), None).await });
    let mut waiting: JoinSet<_> = checks.collect();
    // Whoever is turned away is so because all places are taken.
    assert!(matches!(waiting.join_next().await.unwrap().unwrap(), Err(HashError::Busy)));
    for _ in 0..6 {
        let changed = busy.change_password(&own, secret(PASSWORD), secret(OTHER), SOURCE, NOW).await;
        assert!(matches!(changed, Err(Fault::Busy)), "{changed:?}");
        let shown = busy.confirm(&own, Shown::Password(secret(PASSWORD)), SOURCE, NOW).await;
        assert!(matches!(shown, Err(Fault::Busy)), "{shown:?}");
    }
    waiting.abort_all();
    for _ in 0..6 {
        let weak = logins.change_password(&own, secret(PASSWORD), secret("short"), SOURCE, NOW).await;
        assert!(matches!(weak, Err(Fault::Weak(_))), "{weak:?}");
    }
    for _ in 0..5 {
        let wrong = logins.change_password(&own, secret("wrong"), secret(OTHER), SOURCE, NOW).await;
        assert_eq!(refusal(wrong), Reason::Password);
    }
    assert_eq!(refusal(logins.change_password(&own, secret("wrong"), secret(OTHER), SOURCE, NOW).await), Reason::Wait);
}
