//! What somebody who is signed in changes of what they sign in with, at the login service. What a browser shows of it is
//! tested with the pages.

use twolatch_core::factor::Kind;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::Logins;
use twolatch_core::login::authenticators::{Added, Stored};
use twolatch_core::login::confirm::{Shown, Ways};
use twolatch_core::login::mailbox::Errand;
use twolatch_core::login::web::Fault;
use twolatch_core::policy::Level;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::Session;
use twolatch_core::time::Timestamp;
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, actor, code_at, log_in, on_both, parsed, ssh, wrong_code};
use crate::support::tab::{SOURCE, alive, confirmed, session};

mod keeping;

on_both!(
    ses8_what_changes_the_account_wants_a_second_factor_shown_lately,
    rec11_a_code_that_was_shown_to_log_in_confirms_nothing,
    rec11_a_password_alone_confirms_nobody_who_has_a_second_factor,
    whoever_has_less_shows_what_they_have,
    rec8_an_authenticator_is_added_and_everybody_else_is_out,
    the_last_authenticator_stays_where_policy_asks,
    codes_by_mail_are_turned_on_and_off,
);

const PASSWORD: &str = "copper lantern drifts";
const OTHER: &str = "seven quiet harbours";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// A system that can mail.
fn mailing(core: &Core) -> Logins {
    Logins { mail: true, ..core.logins.clone() }
}

/// Somebody with a password, an address, and codes by mail or not.
async fn person(logins: &Logins, core: &Core, name: &str, by_mail: bool) {
    core.member(name).await;
    let address = format!("{name}@example.org").parse().unwrap();
    logins
        .change_user(&parsed(name), String::new(), &actor(NOW), |user| {
            user.email = Some(address);
            user.email_verified_at = Some(NOW);
            user.email_codes_at = by_mail.then_some(NOW);
        })
        .await
        .unwrap();
    logins.reset_password(&parsed(name), secret(PASSWORD), true, &actor(NOW)).await.unwrap();
}

fn refusal<T: std::fmt::Debug>(done: Result<T, Fault>) -> Reason {
    match done {
        Err(Fault::Refused(reason)) => reason,
        other => panic!("a refusal was expected: {other:?}"),
    }
}

/// What waits to be mailed: who is told what. The queue is empty then.
async fn notices(logins: &Logins, now: Timestamp) -> Vec<(String, Notice)> {
    let mut all = Vec::new();
    for mail in logins.store.claim_mails(1000, now).await.unwrap() {
        if let Letter::Notice { event, .. } = &mail.mail.letter {
            all.push((mail.mail.to.to_string(), *event));
        }
        logins.store.mail_done(&mail).await.unwrap();
    }
    all.sort_by(|left, right| left.0.cmp(&right.0));
    all
}

/// The one code that waits to be mailed, and where to.
async fn code_mailed(logins: &Logins, now: Timestamp) -> (String, String) {
    let mut found = None;
    for mail in logins.store.claim_mails(1000, now).await.unwrap() {
        if let Letter::VerifyAddress { code, .. } | Letter::ConfirmChange { code, .. } = &mail.mail.letter {
            found = Some((mail.mail.to.to_string(), code.expose().to_owned()));
        }
        logins.store.mail_done(&mail).await.unwrap();
    }
    found.expect("a code is mailed")
}

async fn ses8_what_changes_the_account_wants_a_second_factor_shown_lately(core: Core) {
    let logins = mailing(&core);
    person(&logins, &core, "alice", true).await;
    let totp = core.give_totp("alice").await;
    let (token, old) = session(&logins, "alice", NOW).await;
    let id = logins.named(&parsed("alice")).await.unwrap().factors[0].id.to_string();
    let closed = async |session: &Session, now: Timestamp| {
        let mail = |errand| logins.mail_in_session(session, errand, None, SOURCE, now);
        [
            logins.begin_authenticator(session, "", now).await.err(),
            logins.rename_authenticator(session, &id, "Phone", SOURCE, now).await.err(),
            logins.remove_authenticator(session, &id, SOURCE, now).await.err(),
            logins.turn_email_codes_off(session, SOURCE, now).await.err(),
            logins.begin_recovery(session, now).await.err(),
            mail(Errand::TurnOn).await.err(),
            mail(Errand::NewAddress).await.err(),
        ]
        .into_iter()
        .all(|fault| matches!(fault, Some(Fault::Unconfirmed)))
    };
    assert!(closed(&old, NOW).await, "being signed in is not enough");
    let code = Shown::App(secret(&code_at(&totp, NOW, 0)));
    let fresh = logins.confirm(&old, code, SOURCE, NOW).await.unwrap();
    assert!(alive(&logins, &token, NOW).await.is_none(), "ses3, t4: a copy of the cookie before is worth nothing");
    let session = alive(&logins, &fresh, NOW).await.unwrap();
    assert_eq!((session.confirmed_at, session.created_at), (Some(NOW), old.created_at));
    assert!(logins.begin_authenticator(&session, "", NOW.plus(299)).await.is_ok());
    assert!(closed(&session, NOW.plus(300)).await, "five minutes later it is asked for again");
    assert!(closed(&session, NOW.plus(-1)).await);
    // The cookie before confirms nothing either.
    let next = Shown::App(secret(&code_at(&totp, NOW.plus(30), 0)));
    assert!(matches!(logins.confirm(&old, next, SOURCE, NOW.plus(30)).await, Err(Fault::Over)));
    let ends = "SELECT MAX(expires_at) - MIN(created_at) FROM sessions";
    assert_eq!(core.number(ends).await, 12 * 3600, "a session lives no longer for that");
}

async fn rec11_a_code_that_was_shown_to_log_in_confirms_nothing(core: Core) {
    let totp = core.enrolled("alice").await;
    let logins = core.logins.clone();
    let code = code_at(&totp, NOW, 0);
    assert!(matches!(log_in(&logins, &ssh("alice"), &code, NOW).await, Outcome::Granted));
    let (_, session) = session(&logins, "alice", NOW).await;
    let show = |code: &str, now: Timestamp| {
        let shown = Shown::App(secret(code));
        let (logins, session) = (logins.clone(), session.clone());
        async move { logins.confirm(&session, shown, SOURCE, now).await }
    };
    assert_eq!(refusal(show(&code, NOW).await), Reason::Replay, "t2");
    // A wrong one costs the same as at any door.
    let later = NOW.plus(60);
    for _ in 0..5 {
        assert_eq!(refusal(show(&wrong_code(&totp, later), later).await), Reason::Wrong);
    }
    assert_eq!(refusal(show(&code_at(&totp, later, 0), later).await), Reason::Wait);
    let password = Shown::Password(secret(PASSWORD));
    assert!(matches!(logins.confirm(&session, password, SOURCE, later).await, Err(Fault::Over)), "not the password");
    let recovery = Shown::Recovery(secret("000000"));
    assert!(matches!(logins.confirm(&session, recovery, SOURCE, later).await, Err(Fault::Over)), "there is no set");
}

async fn rec11_a_password_alone_confirms_nobody_who_has_a_second_factor(core: Core) {
    let logins = mailing(&core);
    person(&logins, &core, "alice", false).await;
    person(&logins, &core, "bob", true).await;
    let totp = core.give_totp("alice").await;
    let only = |kind: Kind| core.edit_rules(move |rules| rules.methods = [kind].into(), NOW);
    let password = || Shown::Password(secret(PASSWORD));
    let (_, alice) = session(&logins, "alice", NOW).await;
    let (_, bob) = session(&logins, "bob", NOW).await;

    only(Kind::EmailCode).await;
    let ways = Ways { method: Some(Kind::Totp), recovery: false, password: false };
    assert_eq!(logins.ways_to_confirm(&alice, NOW).await.unwrap(), ways, "what the rules do not allow any more");
    assert!(matches!(logins.confirm(&alice, password(), SOURCE, NOW).await, Err(Fault::Over)));
    assert!(!logins.has_own_factor(&alice, NOW).await.unwrap(), "it still does not count");
    logins.confirm(&alice, Shown::App(secret(&code_at(&totp, NOW, 0))), SOURCE, NOW).await.unwrap();

    only(Kind::Totp).await;
    assert!(matches!(logins.confirm(&bob, password(), SOURCE, NOW).await, Err(Fault::Over)));
    let sent = logins.mail_in_session(&bob, Errand::Confirm, None, SOURCE, NOW).await.unwrap();
    let (_, code) = code_mailed(&logins, NOW).await;
    let shown = || Shown::Mailed { draft: sent.draft.clone(), code: secret(&code) };

    // Where no mail goes there is nothing to show but what stands in, and that is not the password.
    let mute = &core.logins;
    let nothing = Ways { method: None, recovery: false, password: false };
    assert_eq!(mute.ways_to_confirm(&bob, NOW).await.unwrap(), nothing);
    for shown in [password(), shown()] {
        assert!(matches!(mute.confirm(&bob, shown, SOURCE, NOW).await, Err(Fault::Over)));
    }
    let token = logins.confirm(&bob, shown(), SOURCE, NOW).await.unwrap();
    let bob = alive(&logins, &token, NOW).await.unwrap();
    let (set, draft) = logins.begin_recovery(&bob, NOW).await.unwrap();
    let token = logins.keep_recovery(&bob, &draft, SOURCE, NOW).await.unwrap();
    let bob = alive(&logins, &token, NOW).await.unwrap();
    assert_eq!(mute.ways_to_confirm(&bob, NOW).await.unwrap(), Ways { recovery: true, ..nothing });
    assert!(matches!(mute.confirm(&bob, password(), SOURCE, NOW).await, Err(Fault::Over)));
    mute.confirm(&bob, Shown::Recovery(set.codes[0].clone()), SOURCE, NOW).await.unwrap();
}

async fn whoever_has_less_shows_what_they_have(core: Core) {
    let logins = mailing(&core);
    person(&logins, &core, "alice", false).await;
    person(&logins, &core, "bob", true).await;
    let (_, alice) = session(&logins, "alice", NOW).await;
    assert_eq!(
        logins.ways_to_confirm(&alice, NOW).await.unwrap(),
        Ways { method: None, recovery: false, password: true }
    );
    let wrong = logins.confirm(&alice, Shown::Password(secret(OTHER)), SOURCE, NOW).await;
    assert_eq!(refusal(wrong), Reason::Password);
    let token = logins.confirm(&alice, Shown::Password(secret(PASSWORD)), SOURCE, NOW).await.unwrap();
    assert!(alive(&logins, &token, NOW).await.unwrap().is_confirmed(NOW));

    let (token, bob) = session(&logins, "bob", NOW).await;
    assert_eq!(logins.ways_to_confirm(&bob, NOW).await.unwrap().method, Some(Kind::EmailCode));
    let sent = logins.mail_in_session(&bob, Errand::Confirm, None, SOURCE, NOW).await.unwrap();
    assert_eq!((sent.way.to.as_str(), sent.way.over_at), ("b…@example.org", NOW.plus(300)));
    let (to, code) = code_mailed(&logins, NOW).await;
    assert_eq!(to, "bob@example.org");
    let again = logins.mail_again_in_session(&bob, Errand::Confirm, &sent.draft, SOURCE, NOW.plus(59)).await;
    assert_eq!(refusal(again), Reason::Wait);
    logins.mail_again_in_session(&bob, Errand::Confirm, &sent.draft, SOURCE, NOW.plus(60)).await.unwrap();
    assert_eq!(code_mailed(&logins, NOW.plus(60)).await.1, code, "eml5: the same code");
    // A draft is good for its session and its errand only (eml3).
    let (_, elsewhere) = session(&logins, "bob", NOW).await;
    let shown = || Shown::Mailed { draft: sent.draft.clone(), code: secret(&code) };
    assert!(matches!(logins.confirm(&elsewhere, shown(), SOURCE, NOW).await, Err(Fault::Over)));
    let misused = logins.turn_email_codes_on(&bob, &sent.draft, secret(&code), SOURCE, NOW).await;
    assert!(matches!(misused, Err(Fault::Over)));
    let wrong = Shown::Mailed { draft: sent.draft.clone(), code: secret("000000") };
    if code != "000000" {
        assert_eq!(refusal(logins.confirm(&bob, wrong, SOURCE, NOW).await), Reason::Wrong);
    }
    let fresh = logins.confirm(&bob, shown(), SOURCE, NOW.plus(299)).await.unwrap();
    assert!(alive(&logins, &token, NOW).await.is_none() && alive(&logins, &fresh, NOW).await.is_some());
    // The best that somebody has is asked for.
    core.give_totp("bob").await;
    let (_, bob) = session(&logins, "bob", NOW).await;
    assert_eq!(logins.ways_to_confirm(&bob, NOW).await.unwrap().method, Some(Kind::Totp));
    let mailed = logins.mail_in_session(&bob, Errand::Confirm, None, SOURCE, NOW).await;
    assert!(matches!(mailed, Err(Fault::Over)));
}

async fn rec8_an_authenticator_is_added_and_everybody_else_is_out(core: Core) {
    let logins = mailing(&core);
    person(&logins, &core, "alice", false).await;
    person(&logins, &core, "eve", false).await;
    let old = core.give_totp("alice").await;
    let (elsewhere, _) = session(&logins, "alice", NOW).await;
    let own = confirmed(&logins, "alice", NOW).await;
    let Added::Setup { pending, draft } = logins.begin_authenticator(&own, " Work\nphone ", NOW).await.unwrap() else {
        panic!("a code is wanted");
    };
    let key = Secret::new(pending.key().expose().replace(' ', ""));
    let totp = twolatch_core::factor::totp::Totp::from_base32(&key, old.algorithm, 6, 30).unwrap();
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 1, "nothing is stored, the old one works");
    let first = secret(&code_at(&totp, NOW, -1));
    let eve = confirmed(&logins, "eve", NOW).await;
    let stolen = logins.continue_authenticator(&eve, &draft, &first, SOURCE, NOW).await;
    assert!(matches!(stolen, Err(Fault::Over)), "a draft is its owner's");
    let late = logins.continue_authenticator(&own, &draft, &first, SOURCE, NOW.plus(900)).await;
    assert_eq!(refusal(late), Reason::EnrolPendingExpired);
    let wrong = secret(&wrong_code(&totp, NOW));
    assert_eq!(refusal(logins.continue_authenticator(&own, &draft, &wrong, SOURCE, NOW).await), Reason::Wrong);
    let Added::Setup { draft, .. } = logins.continue_authenticator(&own, &draft, &first, SOURCE, NOW).await.unwrap()
    else {
        panic!("the next code is wanted");
    };
    let next = secret(&code_at(&totp, NOW, 0));
    let Added::Done(Stored { token, turned: false }) =
        logins.continue_authenticator(&own, &draft, &next, SOURCE, NOW).await.unwrap()
    else {
        panic!("it is confirmed");
    };
    let person = logins.named(&parsed("alice")).await.unwrap();
    assert!(person.factors.iter().any(|factor| factor.name == "Workphone"), "{person:?}");
    assert!(person.user.recovery_due_at.is_some(), "a set is due, if not now then at the next sign-in");
    let session = alive(&logins, &token, NOW).await.unwrap();
    assert!(session.is_confirmed(NOW), "the own session goes on");
    assert!(alive(&logins, &elsewhere, NOW).await.is_none(), "ses6: all others are over");
    assert_eq!(notices(&logins, NOW).await, [("alice@example.org".to_owned(), Notice::AuthenticatorAdded)]);
    let again = logins.continue_authenticator(&session, &draft, &next, SOURCE, NOW).await;
    assert!(matches!(again, Err(Fault::Over)), "once");
    assert!(matches!(log_in(&logins, &ssh("alice"), &code_at(&old, NOW, 0), NOW).await, Outcome::Granted));
}

async fn the_last_authenticator_stays_where_policy_asks(core: Core) {
    let logins = mailing(&core);
    person(&logins, &core, "alice", false).await;
    person(&logins, &core, "eve", false).await;
    let totp = core.give_totp("alice").await;
    core.give_totp("eve").await;
    let alices = logins.named(&parsed("alice")).await.unwrap().factors[0].id.to_string();
    let (eve, own) = (confirmed(&logins, "eve", NOW).await, confirmed(&logins, "alice", NOW).await);
    // Somebody else's is the same as none (w19).
    for id in [alices.as_str(), "nothing"] {
        assert_eq!(refusal(logins.own_authenticator(&eve, id).await), Reason::Unknown);
        assert_eq!(refusal(logins.rename_authenticator(&eve, id, "Mine", SOURCE, NOW).await), Reason::Unknown);
        assert_eq!(refusal(logins.remove_authenticator(&eve, id, SOURCE, NOW).await), Reason::Unknown);
    }
    let nameless = logins.rename_authenticator(&own, &alices, " \n ", SOURCE, NOW).await;
    assert_eq!(refusal(nameless), Reason::Malformed);
    logins.rename_authenticator(&own, &alices, &"ä".repeat(41), SOURCE, NOW).await.unwrap();
    let renamed = logins.own_authenticator(&own, &alices).await.unwrap();
    assert_eq!(renamed.name, "ä".repeat(40));
    assert_eq!(refusal(logins.remove_authenticator(&own, &alices, SOURCE, NOW).await), Reason::NotAllowed);
    assert!(matches!(log_in(&logins, &ssh("alice"), &code_at(&totp, NOW, 0), NOW).await, Outcome::Granted));
    core.edit_rules(|rules| rules.organisation = Level::Optional, NOW).await;
    let now = NOW.plus(5);
    let token = logins.remove_authenticator(&own, &alices, SOURCE, now).await.unwrap();
    assert!(alive(&logins, &token, now).await.is_some());
    assert_eq!(logins.named(&parsed("alice")).await.unwrap().factors.len(), 0);
    assert_eq!(notices(&logins, now).await, [("alice@example.org".to_owned(), Notice::AuthenticatorRemoved)]);
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE event = 'factor_removed'").await, 1);
}

async fn codes_by_mail_are_turned_on_and_off(core: Core) {
    let logins = mailing(&core);
    person(&logins, &core, "alice", false).await;
    core.give_totp("alice").await;
    let own = confirmed(&logins, "alice", NOW).await;
    let sent = logins.mail_in_session(&own, Errand::TurnOn, None, SOURCE, NOW).await.unwrap();
    let (to, code) = code_mailed(&logins, NOW).await;
    assert_eq!(to, "alice@example.org");
    assert!(logins.named(&parsed("alice")).await.unwrap().user.email_codes_at.is_none(), "not before it is shown");
    let token = logins.turn_email_codes_on(&own, &sent.draft, secret(&code), SOURCE, NOW).await.unwrap().token;
    assert_eq!(notices(&logins, NOW).await, [("alice@example.org".to_owned(), Notice::EmailCodeOn)]);
    let on = alive(&logins, &token, NOW).await.unwrap();
    assert!(on.user.has(Kind::EmailCode) && on.proofs.iter().any(|proof| proof.kind == Kind::EmailCode));
    let on = Session { confirmed_at: Some(NOW), ..on };
    let twice = logins.mail_in_session(&on, Errand::TurnOn, None, SOURCE, NOW).await;
    assert!(matches!(twice, Err(Fault::Over)), "it is on");
    let token = logins.turn_email_codes_off(&on, SOURCE, NOW).await.unwrap();
    assert_eq!(notices(&logins, NOW).await, [("alice@example.org".to_owned(), Notice::EmailCodeOff)]);
    assert!(alive(&logins, &token, NOW).await.is_some());

    person(&logins, &core, "bob", true).await;
    let bob = confirmed(&logins, "bob", NOW).await;
    assert_eq!(refusal(logins.turn_email_codes_off(&bob, SOURCE, NOW).await), Reason::NotAllowed, "the last one");
}
