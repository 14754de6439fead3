//! Second factors besides the app, at the login service: codes by mail, set-up put off, and codes and key in `recovery`.
//! What a browser shows of them is tested with the pages.

use std::collections::BTreeSet;

use twolatch_core::factor::Kind;
use twolatch_core::letter::Letter;
use twolatch_core::login::Logins;
use twolatch_core::login::web::{Current, Fault, Goal};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::step::{Assurance, Step};
use twolatch_core::store::budgets::Budget;
use twolatch_core::time::Timestamp;

use crate::support::core::{Core, NOW, actor, on_both, parsed};

mod recovery;

on_both!(
    eml_a_mailed_code_opens_once_at_its_own_level,
    eml3_a_code_of_one_sign_in_is_no_good_in_another,
    eml4_three_of_five_hundred_parallel_guesses_are_judged,
    eml5_a_resend_sends_the_same_code_and_no_more_than_three,
    eml2_a_code_lives_five_minutes,
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

async fn p21_set_up_is_put_off_as_often_as_policy_grants(core: Core) {
    core.member("alice").await;
    let password = Secret::new(PASSWORD.to_owned());
    core.logins.reset_password(&parsed("alice"), password, true, &actor(NOW)).await.unwrap();
    core.edit_rules(|rules| rules.skips = 2, NOW).await;
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
    core.edit_rules(|rules| rules.skip_until = Some(NOW.plus(100)), now).await;
    let user = core.logins.named(&parsed("alice")).await.unwrap().user;
    let used_up = core.logins.policy(NOW.plus(10)).await.unwrap().terms_of(&user);
    assert!(!used_up.may_put_off(&user, NOW.plus(99)), "used up");
    core.edit_rules(|rules| rules.skips = 0, now).await;
    let endless = core.logins.policy(NOW.plus(11)).await.unwrap().terms_of(&user);
    assert!(endless.may_put_off(&user, NOW.plus(99)) && !endless.may_put_off(&user, NOW.plus(100)));
}
