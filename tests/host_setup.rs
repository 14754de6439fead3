//! Set-up at the prompt of a host, with a time that stands still.

use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::wire::Outcome;

use crate::support::core::{
    Core, NOW, ROOT, actor, attempt, code_at, log_in, notice, on_both, parsed, reason, recovery_codes, ssh, typed,
    wrong_code,
};

on_both!(set_up_at_the_prompt, rec8_a_reset_or_a_race_keeps_set_up_whole);

async fn set_up_at_the_prompt(core: Core) {
    core.member("alice").await;
    let begin = ssh("alice");
    let prompt = core.logins.begin(ROOT, &begin, NOW).await.unwrap();
    let Outcome::Ask { notice: Some(shown), label: Some(label), attempt: sealed, .. } = &prompt else {
        panic!("{prompt:?}")
    };
    assert_eq!(label, "First code: ");
    assert!(shown.starts_with("Set up a second factor for alice at Example. You have 15 minutes.\n"), "{shown}");
    let uri = shown.split_whitespace().find(|word| word.starts_with("otpauth://")).unwrap();
    let secret = uri.split(['=', '&']).nth(1).unwrap();
    let totp = Totp::from_base32(&Secret::new(secret.to_owned()), Algorithm::Sha1, 6, 30).unwrap();
    let say = async |sealed: &str, code: String, now| {
        core.logins.answer(ROOT, &typed(&begin, sealed, &code), now).await.unwrap()
    };
    let wrong = say(sealed, wrong_code(&totp, NOW), NOW).await;
    assert_eq!(reason(&wrong), Some(Reason::Wrong));
    let second = say(&attempt(&wrong), code_at(&totp, NOW, 0), NOW).await;
    assert!(matches!(&second, Outcome::Ask { label: Some(label), .. } if label == "Next code: "), "{second:?}");
    let same = say(&attempt(&second), code_at(&totp, NOW, 0), NOW).await;
    assert_eq!(reason(&same), Some(Reason::Wrong), "p22: the first code again is not the next one");
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 0, "a cut-off set-up leaves nothing");
    let after = NOW.plus(30);
    let keep = say(&attempt(&same), code_at(&totp, after, 0), after).await;
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 0, "nothing is stored before the codes are kept");
    let codes = recovery_codes(notice(&keep));
    assert_eq!(codes.len(), 10, "{keep:?}");
    assert_eq!(say(&attempt(&keep), codes[3].to_lowercase(), after).await, Outcome::Granted);
    assert_eq!(core.number("SELECT COUNT(*) FROM recovery_codes WHERE used_at IS NULL").await, 10);
    let spent = log_in(&core.logins, &begin, &code_at(&totp, after, 0), after).await;
    assert_eq!(reason(&spent), Some(Reason::Replay), "otp7: the confirming codes are spent");
    let late = NOW.plus(60);
    assert_eq!(log_in(&core.logins, &begin, &code_at(&totp, late, 0), late).await, Outcome::Granted);
    let old = core.logins.answer(ROOT, &typed(&begin, sealed, &code_at(&totp, late, 0)), NOW.plus(900)).await.unwrap();
    assert_eq!(reason(&old), Some(Reason::EnrolPendingExpired), "a pending secret dies after 15 minutes");
}

async fn rec8_a_reset_or_a_race_keeps_set_up_whole(core: Core) {
    core.member("alice").await;
    let begin = ssh("alice");
    let mut ready = Vec::new();
    let after = NOW.plus(30);
    for _ in 0..2 {
        let prompt = core.logins.begin(ROOT, &begin, NOW).await.unwrap();
        let Outcome::Ask { notice: Some(shown), .. } = &prompt else { panic!("{prompt:?}") };
        let uri = shown.split_whitespace().find(|word| word.starts_with("otpauth://")).unwrap();
        let secret = Secret::new(uri.split(['=', '&']).nth(1).unwrap().to_owned());
        let algorithm = Algorithm::Sha1;
        let totp = Totp::from_base32(&secret, algorithm, 6, 30).unwrap();
        let answer = typed(&begin, &attempt(&prompt), &code_at(&totp, NOW, 0));
        let second = core.logins.answer(ROOT, &answer, NOW).await.unwrap();
        let answer = typed(&begin, &attempt(&second), &code_at(&totp, after, 0));
        let keep = core.logins.answer(ROOT, &answer, after).await.unwrap();
        ready.push((attempt(&keep), recovery_codes(notice(&keep)).remove(0)));
    }
    let finish = |(sealed, code): &(String, String)| {
        let (logins, answer) = (core.logins.clone(), typed(&begin, sealed, code));
        tokio::spawn(async move { logins.answer(ROOT, &answer, after).await.unwrap() })
    };
    let (first, second) = (finish(&ready[0]), finish(&ready[1]));
    let outcomes = [first.await.unwrap(), second.await.unwrap()];
    let granted = outcomes.iter().filter(|outcome| **outcome == Outcome::Granted).count();
    assert_eq!(granted, 1, "two set-ups of one person: {outcomes:?}");
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 1);
    assert_eq!(core.number("SELECT COUNT(*) FROM recovery_codes").await, 10, "the set of the one that was first");
    core.logins.reset_factors(&parsed("alice"), &actor(after)).await.unwrap();
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 0);
    assert!(matches!(core.logins.begin(ROOT, &begin, after).await.unwrap(), Outcome::Ask { label: Some(_), .. }));
}
