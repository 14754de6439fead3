//! Set-up at the prompt of a host, with a time that stands still.

use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::policy::RecoveryKept;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::wire::Outcome;

use crate::support::core::{
    Core, NOW, ROOT, actor, attempt, code_at, log_in, notice, on_both, parsed, reason, recovery_codes, ssh, typed,
    wrong_code,
};
use crate::support::shell::Shell;

on_both!(p22_set_up_at_the_prompt, rec8_after_a_reset_set_up_begins_anew);

async fn p22_set_up_at_the_prompt(core: Core) {
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
    assert_eq!(reason(&same), Some(Reason::Wrong), "the first code again is not the next one");
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 0, "a cut-off set-up leaves nothing");
    let after = NOW.plus(30);
    let elsewhere = log_in(&core.logins, &begin, &code_at(&totp, after, 0), after).await;
    assert_eq!(reason(&elsewhere), Some(Reason::Wrong), "what is half set up opens no other login");
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

async fn rec8_after_a_reset_set_up_begins_anew(core: Core) {
    let (totp, codes) = core.set_up("alice", RecoveryKept::Codes).await;
    core.logins.reset_factors(&parsed("alice"), &actor(NOW)).await.unwrap();
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 0);
    assert_eq!(core.number("SELECT COUNT(*) FROM recovery_codes").await, 0);
    for void in [&code_at(&totp, NOW, 0), &codes[2]] {
        let mut shell = Shell::open(&core.logins, "alice", NOW).await;
        assert_eq!(shell.label(), Some("First code: "));
        shell.say(void, NOW).await;
        assert_eq!(shell.label(), Some("First code: "), "{void} is nothing here");
    }
}
