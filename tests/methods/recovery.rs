//! Recovery codes and key at the login service. What a browser shows of them is tested with the pages.

use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::factor::Kind;
use twolatch_core::factor::recovery::{Form, grouped};
use twolatch_core::login::Logins;
use twolatch_core::login::recover::NewSet;
use twolatch_core::login::web::Fault;
use twolatch_core::policy::RecoveryKept;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::step::{Assurance, Step};
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::time::Timestamp;
use twolatch_core::typed::{Typed, parse};

use super::{PASSWORD, SOURCE, current, entered};
use crate::support::core::{Core, NOW, actor, code_at, on_both, parsed};
use crate::support::tab::Tab;

on_both!(
    rec_codes_and_key_open_once_each,
    rec3_the_number_names_the_row,
    rec5_wrong_recovery_codes_have_their_own_budget,
    rec4_one_recovery_code_used_thirty_times_at_once_opens_once,
    rec8_a_new_set_voids_the_old_one_and_only_once_it_is_kept,
);

/// Somebody with an app who sets it up at a sign-in and keeps a set.
async fn with_set(core: &Core, name: &str, now: Timestamp) -> NewSet {
    core.enrolled(name).await;
    let password = Secret::new(PASSWORD.to_owned());
    core.logins.reset_password(&parsed(name), password, true, &actor(now)).await.unwrap();
    make_set(core, name, now).await
}

/// Makes a set at a sign-in that asks for one.
async fn make_set(core: &Core, name: &str, now: Timestamp) -> NewSet {
    core.logins
        .change_user(&parsed(name), String::new(), &actor(now), |user| user.recovery_due_at = Some(now))
        .await
        .unwrap();
    let token = proven(core, name, now).await;
    let mut asked = current(&core.logins, &token, now).await;
    assert_eq!(asked.step, Step::KeepRecovery);
    let set = core.logins.new_set(&mut asked, now).await.unwrap();
    let again = core.logins.new_set(&mut current(&core.logins, &token, now).await, now).await.unwrap();
    assert_eq!(set.codes.len(), again.codes.len());
    assert!(again.holds(set.codes.first().or(set.key.as_ref()).unwrap()), "it stays the same while it is shown");
    core.logins.keep_set(asked, SOURCE, now).await.unwrap();
    assert_eq!(current(&core.logins, &token, now).await.step, Step::Granted(Assurance::Authenticator));
    set
}

/// A sign-in that has shown a second factor, through a proof written down by hand: its codes are not what is tested.
async fn proven(core: &Core, name: &str, now: Timestamp) -> String {
    use twolatch_core::factor::Proof;
    use twolatch_core::store::browser::{Attempt, insert_attempt};
    let token = random_text::<20>(core.store().entropy()).unwrap();
    let user = core.logins.named(&parsed(name)).await.unwrap().user;
    let attempt = Attempt {
        id_hash: token_hash(&token),
        user: user.id,
        proofs: [Kind::Password, Kind::Totp].map(|kind| Proof { kind, at: now }).to_vec(),
        pending: None,
        mailed: None,
        continue_to: None,
        client: None,
        least: Assurance::Password,
        security_version: user.security_version,
        version: 1,
        created_at: now,
        expires_at: now.plus(900),
    };
    let store = core.store().clone();
    core.store().write(move |c| Box::pin(async move { insert_attempt(c, &store, &attempt).await })).await.unwrap();
    token
}

async fn recover(logins: &Logins, name: &str, typed: &Secret, now: Timestamp) -> Result<Assurance, Option<Reason>> {
    let is_key = Form::of(typed) == Some(Form::Key);
    let token = entered(logins, name, now).await;
    let Typed::Recovery(typed) = parse(grouped(typed).expose().as_bytes()) else { return Err(Some(Reason::Malformed)) };
    match logins.enter_recovery(current(logins, &token, now).await, typed, SOURCE, now).await {
        Ok(()) => match current(logins, &token, now).await.step {
            Step::Granted(assurance) => Ok(assurance),
            // The key's successor is shown at this very sign-in.
            Step::KeepRecovery if is_key => Ok(Assurance::Authenticator),
            other => panic!("{other:?}"),
        },
        Err(Fault::Refused(reason)) => Err(Some(reason)),
        Err(_) => Err(None),
    }
}

async fn rec_codes_and_key_open_once_each(core: Core) {
    core.edit_rules(|rules| rules.recovery = RecoveryKept::Both, NOW).await;
    let later = NOW.plus(5);
    let set = with_set(&core, "alice", later).await;
    let user = core.logins.named(&parsed("alice")).await.unwrap().user;
    let left = async || core.store().recovery_left(user.recovery.as_ref().unwrap(), &user.id).await.unwrap();
    assert_eq!((set.codes.len(), left().await), (10, (10, 1)));
    assert_eq!(core.number("SELECT COUNT(*) FROM recovery_codes WHERE hash NOT LIKE '$argon2id$%'").await, 0, "rec2");
    let key = set.key.clone().unwrap();
    assert_eq!(Form::of(&key), Some(Form::Key));
    for text in [&set.codes[3], &set.codes[0], &key] {
        assert_eq!(recover(&core.logins, "alice", text, later).await, Ok(Assurance::Authenticator));
        assert_eq!(recover(&core.logins, "alice", text, later).await, Err(Some(Reason::Replay)));
    }
    assert_eq!(left().await, (8, 0));
    let bobs = with_set(&core, "bob", later).await;
    assert_eq!(recover(&core.logins, "alice", &bobs.codes[1], later).await, Err(Some(Reason::Wrong)), "p35");
}

async fn rec3_the_number_names_the_row(core: Core) {
    let set = with_set(&core, "alice", NOW).await;
    let broken = core.tamper("UPDATE recovery_codes SET hash = 'nonsense' WHERE id NOT LIKE '%:3'").await;
    assert_eq!(broken, 9);
    assert_eq!(
        recover(&core.logins, "alice", &set.codes[3], NOW).await,
        Ok(Assurance::Authenticator),
        "no other is read"
    );
    let user = core.logins.named(&parsed("alice")).await.unwrap().user;
    let other = core.store().recovery_hash(&format!("{}:4", user.recovery.unwrap()), &user.id).await;
    assert_eq!(other.map_err(|error| error.reason()).unwrap_err(), Reason::RowMac, "the others were really broken");
}

async fn rec5_wrong_recovery_codes_have_their_own_budget(core: Core) {
    let alices = with_set(&core, "alice", NOW).await;
    let bobs = with_set(&core, "bob", NOW).await;
    for number in 0..5 {
        assert_eq!(recover(&core.logins, "alice", &bobs.codes[number], NOW).await, Err(Some(Reason::Wrong)));
    }
    assert_eq!(recover(&core.logins, "alice", &alices.codes[5], NOW).await, Err(Some(Reason::Wait)));
    let user = core.logins.named(&parsed("alice")).await.unwrap().user;
    let budget = Budget::of_recovery(user.id.as_str());
    let standing = async || core.store().standing(&budget, NOW).await.unwrap();
    let (fails, next) = standing().await;
    assert_eq!((fails, next), (5, Charge::Wait(NOW.plus(30))));

    // Held for good after a hundred; an administrator has the way out (NOJAIL).
    core.tamper("UPDATE budgets SET fails = 100 WHERE id LIKE 'recovery:%'").await;
    assert_eq!(standing().await.1, Charge::Held);
    assert_eq!(recover(&core.logins, "alice", &alices.codes[5], NOW).await, Err(Some(Reason::Held)));
    let totp = &core.logins.named(&parsed("alice")).await.unwrap().factors[0].totp;
    let tab = Tab::open(&core.logins, "alice", NOW).await;
    assert_eq!(tab.app(&code_at(totp, NOW, 0), NOW).await, None, "the app goes on");
    assert!(tab.finish(NOW).await.is_some());
    assert_eq!(standing().await, (100, Charge::Held), "and changes nothing of it");
    core.logins.unlock(&parsed("alice"), &actor(NOW)).await.unwrap();
    assert_eq!(recover(&core.logins, "alice", &alices.codes[5], NOW).await, Ok(Assurance::Authenticator));
}

async fn rec4_one_recovery_code_used_thirty_times_at_once_opens_once(core: Core) {
    let second = core.second_server().await;
    let set = with_set(&core, "alice", NOW).await;
    let mut uses = Vec::new();
    for number in 0..30 {
        let logins = if number % 2 == 0 { core.logins.clone() } else { second.clone() };
        let token = entered(&logins, "alice", NOW).await;
        let code = set.codes[7].clone();
        uses.push(tokio::spawn(async move {
            let current = logins.current(&token, NOW).await.unwrap();
            logins.enter_recovery(current, code, SOURCE, NOW).await
        }));
    }
    let (mut opened, mut others) = (0, Vec::new());
    for one in uses {
        match one.await.unwrap() {
            Ok(()) => opened += 1,
            Err(Fault::Refused(reason)) => others.push(reason),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(opened, 1);
    assert!(others.iter().all(|reason| matches!(reason, Reason::Replay | Reason::Wait)), "{others:?}");
}

async fn rec8_a_new_set_voids_the_old_one_and_only_once_it_is_kept(core: Core) {
    let old = with_set(&core, "alice", NOW).await;
    core.logins
        .change_user(&parsed("alice"), String::new(), &actor(NOW), |user| user.recovery_due_at = Some(NOW))
        .await
        .unwrap();
    let token = proven(&core, "alice", NOW).await;
    let mut asked = current(&core.logins, &token, NOW).await;
    let shown = core.logins.new_set(&mut asked, NOW).await.unwrap();
    let unkept = recover_step(&core, &old.codes[1]).await;
    assert_eq!(unkept, Step::KeepRecovery, "what is shown only has changed nothing: the old one opened");
    core.logins.keep_set(asked, SOURCE, NOW).await.unwrap();
    assert_eq!(recover(&core.logins, "alice", &old.codes[2], NOW).await, Err(Some(Reason::Wrong)));
    assert_eq!(recover(&core.logins, "alice", &shown.codes[2], NOW).await, Ok(Assurance::Authenticator));
    let late = proven(&core, "alice", NOW).await;
    core.logins
        .change_user(&parsed("alice"), String::new(), &actor(NOW), |user| user.recovery_due_at = Some(NOW))
        .await
        .unwrap();
    let outdated = core.logins.current(&late, NOW).await;
    assert!(matches!(outdated, Err(Fault::Over)), "a sign-in from before a change is over");
}

async fn recover_step(core: &Core, code: &Secret) -> Step {
    let token = entered(&core.logins, "alice", NOW).await;
    let asked = current(&core.logins, &token, NOW).await;
    core.logins.enter_recovery(asked, code.clone(), SOURCE, NOW).await.unwrap();
    current(&core.logins, &token, NOW).await.step
}
