//! Who is told of what (REC-10): every change of what somebody signs in with, at every address that they have or had until
//! lately, with a link for who did not do it.

use std::collections::BTreeMap;

use twolatch_core::door::Door;
use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::Logins;
use twolatch_core::login::mailbox::Errand;
use twolatch_core::login::requests::Filed;
use twolatch_core::login::web::{Fault, Goal};
use twolatch_core::policy::{Level, Rules};
use twolatch_core::secret::Secret;
use twolatch_core::step::Step;
use twolatch_core::user::{Role, User};
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, actor, log_in, on_both, parsed, ssh};
use crate::support::tab::confirmed;

on_both!(
    rec10_what_administrators_change_is_told_to_every_address,
    rec10_a_link_and_a_forced_change_of_password_are_told,
    rec10_an_address_that_is_taken_away_is_told,
    rec10_what_people_change_and_use_themselves_is_told_to_every_address,
    rec9_an_invitation_ends_with_what_it_was_made_for,
    t8_one_changed_administrator_keeps_no_alarm_from_the_others,
);

const PASSWORD: &str = "copper lantern drifts";
const OTHER: &str = "seven quiet harbours";
const SOURCE: &str = "192.0.2.1";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

async fn set(logins: &Logins, edit: impl FnOnce(&mut User) + Send) {
    logins.change_user(&parsed("alice"), String::new(), &actor(NOW), edit).await.unwrap();
}

/// Somebody whose address is another one since lately.
async fn moved(core: &Core) -> Logins {
    let logins = Logins { mail: true, ..core.logins.clone() };
    core.member("alice").await;
    for address in ["old@example.org", "alice@example.org"] {
        set(&logins, |user| {
            user.email = address.parse().ok();
            user.email_verified_at = Some(NOW);
        })
        .await;
    }
    set(&logins, |user| user.email_held_until = None).await;
    let told = told(&logins).await;
    let told: Vec<_> = told.iter().map(|(to, events)| (to.as_str(), events.len())).collect();
    assert_eq!(told, [("alice@example.org, without a link", 1), ("old@example.org", 1)]);
    logins
}

/// What each address was told of; the queue is empty then.
async fn told(logins: &Logins) -> BTreeMap<String, Vec<Notice>> {
    let mut told: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for mail in logins.store.claim_mails(1000, NOW.plus(5)).await.unwrap() {
        let told_of = match &mail.mail.letter {
            Letter::Notice { event, not_me, .. } => Some((*event, not_me.as_ref())),
            Letter::Moved { not_me, .. } => Some((Notice::AddressChanged, Some(not_me))),
            _ => None,
        };
        if let Some((event, not_me)) = told_of {
            let mut to = mail.mail.to.to_string();
            match not_me {
                Some(link) => {
                    let user = logins.open_not_me(link.expose(), NOW.plus(5)).await.unwrap();
                    assert_eq!(user.name.as_str(), "alice");
                }
                None => to += ", without a link",
            }
            told.entry(to).or_default().push(event);
        }
        logins.store.mail_done(&mail).await.unwrap();
    }
    told
}

fn both(event: Notice) -> BTreeMap<String, Vec<Notice>> {
    ["alice@example.org", "old@example.org"].map(|to| (to.to_owned(), vec![event])).into()
}

async fn rec10_what_administrators_change_is_told_to_every_address(core: Core) {
    let logins = moved(&core).await;
    let name = parsed("alice");
    logins.reset_password(&name, secret(PASSWORD), true, &actor(NOW)).await.unwrap();
    assert_eq!(told(&logins).await, BTreeMap::new(), "there was none before");
    logins.reset_password(&name, secret(OTHER), true, &actor(NOW)).await.unwrap();
    assert_eq!(told(&logins).await, both(Notice::PasswordChanged));
    let totp = Totp::from_base32(&secret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"), Algorithm::Sha1, 6, 30).unwrap();
    logins.provision_totp(&name, totp, None, &actor(NOW)).await.unwrap();
    assert_eq!(told(&logins).await, both(Notice::AuthenticatorAdded));
    logins.reset_factors(&name, &actor(NOW)).await.unwrap();
    assert_eq!(told(&logins).await, both(Notice::FactorsReset));
    set(&logins, |user| user.groups = vec!["staff".parse().unwrap()]).await;
    assert_eq!(told(&logins).await, BTreeMap::new(), "that opens nothing");
}

async fn rec10_a_link_and_a_forced_change_of_password_are_told(core: Core) {
    let logins = moved(&core).await;
    let name = parsed("alice");
    let link = logins.invite(&name, &actor(NOW)).await.unwrap();
    logins.use_invite(&link, None, secret(PASSWORD), SOURCE, NOW).await.unwrap();
    assert_eq!(told(&logins).await, BTreeMap::new(), "there was none before");
    let link = logins.invite(&name, &actor(NOW)).await.unwrap();
    logins.use_invite(&link, None, secret(OTHER), SOURCE, NOW).await.unwrap();
    assert_eq!(told(&logins).await, both(Notice::PasswordChanged));
    // One that somebody else has chosen, and that is changed at the next sign-in.
    let policy = logins.policy(NOW).await.unwrap();
    let off = Rules { organisation: Level::Off, ..policy.rules.clone() };
    logins.set_rules(off, policy.version, String::new(), &actor(NOW)).await.unwrap();
    let later = NOW.plus(5); // a policy is read once a second
    logins.reset_password(&name, secret(PASSWORD), false, &actor(later)).await.unwrap();
    drop(told(&logins).await);
    let token = logins.enter("alice", secret(PASSWORD), SOURCE, Goal::default(), later).await.unwrap();
    let current = logins.current(&token, later).await.unwrap();
    assert_eq!(current.step, Step::ChangePassword);
    logins.replace_password(current, secret(OTHER), SOURCE, later).await.unwrap();
    assert_eq!(told(&logins).await, both(Notice::PasswordChanged));
}

async fn rec10_an_address_that_is_taken_away_is_told(core: Core) {
    let logins = moved(&core).await;
    set(&logins, |user| user.email = None).await;
    assert_eq!(told(&logins).await, both(Notice::AddressChanged));
}

async fn rec9_an_invitation_ends_with_what_it_was_made_for(core: Core) {
    let logins = moved(&core).await;
    let name = parsed("alice");
    let changes: [fn(&mut User); 3] = [
        |user| user.email = "right@example.org".parse().ok(),
        |user| user.email_codes_at = Some(NOW),
        |user| user.email = None,
    ];
    for change in changes {
        let link = logins.invite(&name, &actor(NOW)).await.unwrap();
        assert!(logins.open_link(&link, NOW).await.is_ok());
        set(&logins, |user| user.groups = vec!["staff".parse().unwrap()]).await;
        assert!(logins.open_link(&link, NOW).await.is_ok(), "that is none of it");
        set(&logins, change).await;
        assert!(matches!(logins.open_link(&link, NOW).await, Err(Fault::Over)));
        let used = logins.use_invite(&link, None, secret(PASSWORD), SOURCE, NOW).await;
        assert!(matches!(used, Err(Fault::Over)), "{used:?}");
    }
    let link = logins.invite(&name, &actor(NOW)).await.unwrap();
    core.give_totp("alice").await;
    assert!(matches!(logins.open_link(&link, NOW).await, Err(Fault::Over)));
}

async fn t8_one_changed_administrator_keeps_no_alarm_from_the_others(core: Core) {
    for name in ["ada", "ben", "cleo"] {
        core.member(name).await;
        let address = format!("{name}@example.org").parse().unwrap();
        let edit = |user: &mut User| (user.role, user.email) = (Role::Admin, Some(address));
        core.logins.change_user(&parsed(name), String::new(), &actor(NOW), edit).await.unwrap();
    }
    drop(core.store().claim_mails(1000, NOW).await.unwrap());
    core.tamper("UPDATE users SET email = 'eve@example.org', email_key = 'eve@example.org' WHERE name = 'ben'").await;
    core.member("alice").await;
    let alice = core.logins.named(&parsed("alice")).await.unwrap();
    let filed = core.logins.file_request(&alice, Door::Ssh, SOURCE, NOW).await.unwrap();
    assert_eq!(filed, Filed::AskAdministrator);
    let mails = core.store().claim_mails(1000, NOW).await.unwrap();
    let alarms = mails.iter().filter(|mail| matches!(mail.mail.letter, Letter::Alarm { .. }));
    let mut told: Vec<String> = alarms.map(|mail| mail.mail.to.to_string()).collect();
    told.sort();
    assert_eq!(told, ["ada@example.org", "cleo@example.org"]);
}

async fn rec10_what_people_change_and_use_themselves_is_told_to_every_address(core: Core) {
    let logins = moved(&core).await;
    let name = parsed("alice");
    logins.reset_password(&name, secret(PASSWORD), true, &actor(NOW)).await.unwrap();
    core.give_totp("alice").await;
    core.give_totp("alice").await;
    drop(told(&logins).await);
    let own = confirmed(&logins, "alice", NOW).await;
    let (set, draft) = logins.begin_recovery(&own, NOW).await.unwrap();
    logins.keep_recovery(&own, &draft, SOURCE, NOW).await.unwrap();
    assert_eq!(told(&logins).await, both(Notice::RecoveryCodesMade));
    assert_eq!(log_in(&logins, &ssh("alice"), set.codes[0].expose(), NOW).await, Outcome::Granted);
    assert_eq!(told(&logins).await, both(Notice::RecoveryCodeUsed), "at a prompt");
    let own = confirmed(&logins, "alice", NOW).await;
    let sent = logins.mail_in_session(&own, Errand::TurnOn, None, SOURCE, NOW).await.unwrap();
    let code = core.mailed(NOW).await.remove(0);
    logins.turn_email_codes_on(&own, &sent.draft, secret(&code), SOURCE, NOW).await.unwrap();
    assert_eq!(told(&logins).await, both(Notice::EmailCodeOn));
    let own = confirmed(&logins, "alice", NOW).await;
    logins.turn_email_codes_off(&own, SOURCE, NOW).await.unwrap();
    assert_eq!(told(&logins).await, both(Notice::EmailCodeOff));
    let own = confirmed(&logins, "alice", NOW).await;
    let id = logins.named(&name).await.unwrap().factors[0].id.to_string();
    logins.remove_authenticator(&own, &id, SOURCE, NOW).await.unwrap();
    assert_eq!(told(&logins).await, both(Notice::AuthenticatorRemoved));
    let person = logins.named(&name).await.unwrap();
    let _ = logins.file_request(&person, Door::Web, SOURCE, NOW).await.unwrap();
    assert_eq!(told(&logins).await, both(Notice::RecoveryAsked));
    let _ = logins.approve_request(&name, "", &actor(NOW)).await.unwrap();
    assert_eq!(told(&logins).await, both(Notice::RecoveryApproved));
}
