//! Second factors besides the app, at the login service: codes by mail, recovery codes and key, set-up put off. What a
//! browser shows of them is tested with the pages.

use std::collections::BTreeSet;

use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::factor::Kind;
use twolatch_core::factor::recovery::{Form, grouped};
use twolatch_core::letter::Letter;
use twolatch_core::login::Logins;
use twolatch_core::login::recover::NewSet;
use twolatch_core::login::web::{Current, Fault, Goal};
use twolatch_core::policy::{RecoveryKept, Rules};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::step::{Assurance, Step};
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::time::Timestamp;
use twolatch_core::typed::{Typed, parse};

use crate::support::core::{Core, NOW, actor, on_both, parsed};

on_both!(
    eml_a_mailed_code_opens_once_at_its_own_level,
    eml3_a_code_of_one_sign_in_is_no_good_in_another,
    eml4_three_of_five_hundred_parallel_guesses_are_judged,
    eml5_a_resend_sends_the_same_code_and_no_more_than_three,
    eml2_a_code_lives_five_minutes,
    rec_codes_and_key_open_once_each,
    rec3_rec5_wrong_recovery_codes_have_their_own_budget,
    rec4_one_recovery_code_used_thirty_times_at_once_opens_once,
    rec8_a_new_set_voids_the_old_one_and_only_once_it_is_kept,
    p21_set_up_is_put_off_as_often_as_policy_grants,
);

const PASSWORD: &str = "copper lantern drifts";
const SOURCE: &str = "192.0.2.1";

/// A system that can mail, with somebody in it who has a password and a verified address.
async fn with_mail(core: &Core, name: &str) -> Logins {
    core.member(name).await;
    let logins = Logins { mail: true, ..core.logins.clone() };
    let (address, password) = (format!("{name}@example.org"), Secret::new(PASSWORD.to_owned()));
    logins
        .change_user(&parsed(name), String::new(), &actor(NOW), |user| {
            user.email = Some(address.parse().unwrap());
            user.email_verified_at = Some(NOW);
            user.email_codes_at = Some(NOW);
        })
        .await
        .unwrap();
    logins.reset_password(&parsed(name), password, true, &actor(NOW)).await.unwrap();
    logins
}

/// A sign-in whose password was right.
async fn entered(logins: &Logins, name: &str, now: Timestamp) -> String {
    logins.enter(name, Secret::new(PASSWORD.to_owned()), SOURCE, Goal::default(), now).await.unwrap()
}

async fn current(logins: &Logins, token: &str, now: Timestamp) -> Current {
    logins.current(token, now).await.unwrap()
}

/// The codes in the queue, the earliest first; the queue is empty then.
async fn codes_mailed(logins: &Logins, now: Timestamp) -> Vec<String> {
    let mut codes = Vec::new();
    for mail in logins.store.claim_mails(1000, now).await.unwrap() {
        if let Letter::Code { code, .. } = &mail.mail.letter {
            codes.push(code.expose().to_owned());
        }
        logins.store.mail_done(&mail).await.unwrap();
    }
    codes
}

async fn mail(logins: &Logins, token: &str, now: Timestamp) -> Result<(), Fault> {
    logins.mail_code(&mut current(logins, token, now).await, SOURCE, now).await
}

async fn show(logins: &Logins, token: &str, code: &str, now: Timestamp) -> Result<(), Option<Reason>> {
    let current = logins.current(token, now).await.map_err(|_| None)?;
    match logins.enter_email_code(current, Secret::new(code.to_owned()), SOURCE, now).await {
        Ok(()) => Ok(()),
        Err(Fault::Refused(reason)) => Err(Some(reason)),
        Err(_) => Err(None),
    }
}

fn another(code: &str) -> String {
    if code == "000000" { "000001".to_owned() } else { "000000".to_owned() }
}

async fn eml_a_mailed_code_opens_once_at_its_own_level(core: Core) {
    let logins = with_mail(&core, "alice").await;
    let token = entered(&logins, "alice", NOW).await;
    let asked = Step::SecondFactor { methods: vec![Kind::EmailCode], recovery: false };
    assert_eq!(current(&logins, &token, NOW).await.step, asked);
    mail(&logins, &token, NOW).await.unwrap();
    mail(&logins, &token, NOW).await.unwrap();
    let codes = codes_mailed(&logins, NOW).await;
    assert_eq!(codes.len(), 1, "one that is on its way is not sent again by looking");
    let way = logins.on_its_way(&current(&logins, &token, NOW).await).await.unwrap().unwrap();
    assert_eq!((way.to.as_str(), way.again_at, way.over_at), ("a…@example.org", NOW.plus(60), NOW.plus(300)));
    show(&logins, &token, &codes[0], NOW).await.unwrap();
    assert_eq!(current(&logins, &token, NOW).await.step, Step::Granted(Assurance::EmailCode));
    assert_eq!(show(&logins, &token, &codes[0], NOW).await, Err(None), "it is asked for no more");
    let logged = "SELECT COUNT(*) FROM audit WHERE event = 'code' AND result = 'ok' AND factor = 'email_code'";
    assert_eq!(core.number(logged).await, 1);

    // A client that wants an authenticator is not content with a mailed code.
    core.give_totp("alice").await;
    let goal = Goal { least: Assurance::Authenticator, ..Goal::default() };
    let token = logins.enter("alice", Secret::new(PASSWORD.to_owned()), SOURCE, goal, NOW).await.unwrap();
    let asked = Step::SecondFactor { methods: vec![Kind::Totp], recovery: false };
    assert_eq!(current(&logins, &token, NOW).await.step, asked);
}

async fn eml3_a_code_of_one_sign_in_is_no_good_in_another(core: Core) {
    let logins = with_mail(&core, "alice").await;
    let (one, other) = (entered(&logins, "alice", NOW).await, entered(&logins, "alice", NOW).await);
    mail(&logins, &one, NOW).await.unwrap();
    mail(&logins, &other, NOW).await.unwrap();
    let codes = codes_mailed(&logins, NOW).await;
    assert_eq!(codes.len(), 2);
    let (first, second) = (codes[0].as_str(), codes[1].as_str());
    // In the order of the queue, or the other way round.
    let crossed = match show(&logins, &one, second, NOW).await {
        Ok(()) => (&other, first, second),
        Err(reason) => {
            assert_eq!(reason, Some(Reason::Wrong));
            (&other, second, first)
        }
    };
    assert_eq!(show(&logins, crossed.0, crossed.2, NOW).await, Err(Some(Reason::Wrong)));
    show(&logins, crossed.0, crossed.1, NOW).await.unwrap();
}

async fn eml4_three_of_five_hundred_parallel_guesses_are_judged(core: Core) {
    let logins = with_mail(&core, "alice").await;
    let second = Logins { mail: true, ..core.second_server().await };
    let token = entered(&logins, "alice", NOW).await;
    mail(&logins, &token, NOW).await.unwrap();
    let code = codes_mailed(&logins, NOW).await.remove(0);
    let guesses: Vec<_> = (0..500)
        .map(|number| {
            let (logins, token) = (if number % 2 == 0 { &logins } else { &second }.clone(), token.clone());
            let guess = another(&code);
            tokio::spawn(async move { show(&logins, &token, &guess, NOW).await })
        })
        .collect();
    for guess in guesses {
        assert!(guess.await.unwrap().is_err());
    }
    let judged = "SELECT COUNT(*) FROM audit WHERE event = 'code' AND result = 'wrong'";
    assert_eq!(core.number(judged).await, 3);
    assert_eq!(show(&logins, &token, &code, NOW.plus(299)).await, Err(Some(Reason::Wait)), "blocked for five minutes");
    let other = entered(&logins, "alice", NOW.plus(299)).await;
    assert!(matches!(mail(&logins, &other, NOW.plus(299)).await, Err(Fault::Refused(Reason::Wait))), "so is sending");
    mail(&logins, &other, NOW.plus(300)).await.unwrap();
    let code = codes_mailed(&logins, NOW.plus(300)).await.remove(0);
    show(&logins, &other, &code, NOW.plus(300)).await.unwrap();
}

async fn eml5_a_resend_sends_the_same_code_and_no_more_than_three(core: Core) {
    let logins = with_mail(&core, "alice").await;
    let token = entered(&logins, "alice", NOW).await;
    mail(&logins, &token, NOW).await.unwrap();
    let mut sent = codes_mailed(&logins, NOW).await;
    for second in 1..=299 {
        let now = NOW.plus(second);
        let mut current = current(&logins, &token, now).await;
        drop(logins.mail_again(&mut current, SOURCE, now).await);
        sent.extend(codes_mailed(&logins, now).await);
    }
    assert_eq!(sent.len(), 3, "three mails in five minutes");
    assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), 1, "of one code");
    assert_eq!(show(&logins, &token, &sent[0], NOW.plus(299)).await, Ok(()), "and the first mail's is good");
}

async fn eml2_a_code_lives_five_minutes(core: Core) {
    let logins = with_mail(&core, "alice").await;
    let token = entered(&logins, "alice", NOW).await;
    mail(&logins, &token, NOW).await.unwrap();
    let code = codes_mailed(&logins, NOW).await.remove(0);
    assert_eq!(show(&logins, &token, &code, NOW.plus(300)).await, Err(Some(Reason::CodeExpired)));
    let (fails, _) = logins.store.standing(&budget_of(&core, "alice").await, NOW).await.unwrap();
    assert_eq!(fails, 0, "that was no guess");
    mail(&logins, &token, NOW.plus(300)).await.unwrap();
    let fresh = codes_mailed(&logins, NOW.plus(300)).await.remove(0);
    show(&logins, &token, &fresh, NOW.plus(300)).await.unwrap();
    logins.store.sweep(NOW.plus(900)).await.unwrap();
    assert_eq!(core.number("SELECT COUNT(*) FROM email_codes").await, 0);
}

async fn budget_of(core: &Core, name: &str) -> Budget {
    Budget::of_email(core.logins.named(&parsed(name)).await.unwrap().user.id.as_str())
}

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

async fn set_policy(core: &Core, edit: impl FnOnce(&mut Rules), now: Timestamp) {
    let policy = core.logins.policy(now).await.unwrap();
    let mut rules = policy.rules.clone();
    edit(&mut rules);
    core.logins.set_rules(rules, policy.version, "test".to_owned(), &actor(now)).await.unwrap();
}

async fn rec_codes_and_key_open_once_each(core: Core) {
    set_policy(&core, |rules| rules.recovery = RecoveryKept::Both, NOW).await;
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

async fn rec3_rec5_wrong_recovery_codes_have_their_own_budget(core: Core) {
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

async fn p21_set_up_is_put_off_as_often_as_policy_grants(core: Core) {
    core.member("alice").await;
    let password = Secret::new(PASSWORD.to_owned());
    core.logins.reset_password(&parsed("alice"), password, true, &actor(NOW)).await.unwrap();
    set_policy(&core, |rules| rules.skips = 2, NOW).await;
    let now = NOW.plus(5);
    for left in [2, 1] {
        let token = entered(&core.logins, "alice", now).await;
        let asked = current(&core.logins, &token, now).await;
        assert_eq!(asked.step, Step::Enrol { methods: vec![Kind::Totp], may_put_off: true }, "{left} left");
        core.logins.put_off(asked, SOURCE, now).await.unwrap();
        assert_eq!(current(&core.logins, &token, now).await.step, Step::Granted(Assurance::Password));
        // The last one uses the grant up; this sign-in goes on all the same.
        let after = core.logins.named(&parsed("alice")).await.unwrap().user.skipped;
        assert_eq!(after, 3 - left);
    }
    let token = entered(&core.logins, "alice", now).await;
    let asked = current(&core.logins, &token, now).await;
    assert_eq!(asked.step, Step::Enrol { methods: vec![Kind::Totp], may_put_off: false });
    assert!(matches!(core.logins.put_off(asked, SOURCE, now).await, Err(Fault::Over)));
    set_policy(&core, |rules| rules.skip_until = Some(NOW.plus(100)), now).await;
    let rules = core.logins.policy(NOW.plus(10)).await.unwrap().rules.clone();
    let user = core.logins.named(&parsed("alice")).await.unwrap().user;
    assert!(!rules.may_put_off(&user, NOW.plus(99)), "used up");
    let endless = Rules { skips: 0, ..rules };
    assert!(endless.may_put_off(&user, NOW.plus(99)) && !endless.may_put_off(&user, NOW.plus(100)));
}
