//! Addresses that administrators give (REC-10, T-9): shown to be read before they are in force, told to the one before, and
//! for three days good for nothing that opens the account.

use twolatch_core::api_token::Scope;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::Logins;
use twolatch_core::login::manage::{Acting, Actor, ManageError};
use twolatch_core::login::moved::HOLD;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::StoreError;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{Email, Role, User};

use crate::support::core::{Core, NOW, actor, on_both, parsed, program};
use crate::support::site::PASSWORD;
use crate::support::tab::{SOURCE, Tab, confirmed, refusal};

on_both!(
    rec10_a_new_address_is_read_before_it_is_in_force_and_the_old_one_is_told,
    t9_nothing_that_opens_the_account_goes_to_a_moved_address,
    t9_a_second_administrator_confirms_a_moved_address_and_the_first_does_not,
    rec9_the_reader_of_the_address_before_confirms_once,
    the_person_confirms_a_moved_address,
    t9_whoever_moves_an_address_twice_does_not_confirm_it_either,
    an_offer_is_worth_nothing_once_something_else_was_done,
    t9_an_offer_does_not_outlive_what_its_giver_may,
    t9_an_offer_of_a_program_does_not_outlive_its_token,
    sec_8_of_two_who_open_one_offer_one_takes_it,
    t8_a_hold_that_is_lifted_by_hand_denies,
);

const OLD: &str = "old@example.org";
const NEW: &str = "new@example.org";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

/// Alice, with codes by mail and an address; and two administrators.
async fn alice(core: &Core) -> (Logins, [Actor; 2]) {
    let logins = Logins { mail: true, ..core.logins.clone() };
    core.member("alice").await;
    set(&logins, "alice", |user| {
        user.email = Some(email(OLD));
        user.email_verified_at = Some(NOW);
        user.email_codes_at = Some(NOW);
    })
    .await;
    logins.reset_password(&parsed("alice"), secret(PASSWORD), true, &actor(NOW)).await.unwrap();
    let mut admins = Vec::new();
    for name in ["ann", "ben"] {
        core.member(name).await;
        core.give_password(name).await;
        set(&logins, name, |user| user.role = Role::Admin).await;
        admins.push(acting(&logins, name, NOW).await);
    }
    letters(&logins, NOW).await;
    (logins, admins.try_into().unwrap())
}

async fn set(logins: &Logins, name: &str, edit: impl FnOnce(&mut User) + Send) {
    logins.change_user(&parsed(name), String::new(), &actor(NOW), edit).await.unwrap();
}

/// An administrator in the console.
async fn acting(logins: &Logins, name: &str, now: Timestamp) -> Actor {
    let user = logins.named(&parsed(name)).await.unwrap().user;
    let acting =
        Acting { id: user.id, security_version: user.security_version, source: SOURCE.to_owned(), token: None };
    Actor { name: name.to_owned(), now, acting: Some(acting) }
}

/// What waits to be mailed, with where to; the queue is empty then.
async fn letters(logins: &Logins, now: Timestamp) -> Vec<(String, Letter)> {
    let mut all = Vec::new();
    for mail in logins.store.claim_mails(100, now).await.unwrap() {
        all.push((mail.mail.to.to_string(), mail.mail.letter.clone()));
        logins.store.mail_done(&mail).await.unwrap();
    }
    all.sort_by_key(|(to, letter)| (to.clone(), letter.kind()));
    all
}

/// The link that went to a new address.
async fn offered(logins: &Logins, by: &Actor, to: &str) -> String {
    logins.offer_address(&parsed("alice"), email(to), by).await.unwrap();
    let sent = letters(logins, by.now).await;
    let [(address, Letter::NewAddress { token, .. })] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(address, to);
    token.expose().to_owned()
}

/// Gives Alice the new address; the link that confirms it is answered.
async fn moved(logins: &Logins, by: &Actor) -> String {
    let token = offered(logins, by, NEW).await;
    logins.take_offer(&token, SOURCE, by.now).await.unwrap();
    confirmation(&letters(logins, by.now).await).0
}

/// The links of the letter to the old address: what confirms, and what is for who does not know of it.
fn confirmation(sent: &[(String, Letter)]) -> (String, String) {
    let found = sent.iter().find_map(|(to, letter)| match letter {
        Letter::Moved { confirm, not_me, .. } => {
            assert_eq!(to, OLD);
            Some((confirm.expose().to_owned(), not_me.expose().to_owned()))
        }
        _ => None,
    });
    found.expect("the old address is told")
}

async fn user(logins: &Logins) -> User {
    logins.named(&parsed("alice")).await.unwrap().user
}

async fn is_held(logins: &Logins, now: Timestamp) -> bool {
    user(logins).await.email_held(now).is_some()
}

async fn rec10_a_new_address_is_read_before_it_is_in_force_and_the_old_one_is_told(core: Core) {
    let (logins, [ann, _]) = alice(&core).await;
    let token = offered(&logins, &ann, NEW).await;
    assert_eq!(user(&logins).await.email, Some(email(OLD)), "nobody has read it yet");
    let pending = logins.offered_address(&user(&logins).await, NOW).await.unwrap().unwrap().0;
    assert_eq!((pending.to, pending.by.as_str()), (email(NEW), "ann"));
    for _ in 0..20 {
        assert!(logins.open_offer(&token, NOW).await.is_ok(), "rec9: looking uses nothing");
    }
    let later = NOW.plus(60);
    logins.take_offer(&token, SOURCE, later).await.unwrap();
    let now = user(&logins).await;
    assert_eq!((now.email, now.email_verified_at), (Some(email(NEW)), Some(later)));
    let sent = letters(&logins, later).await;
    let kinds: Vec<_> = sent.iter().map(|(to, letter)| (to.as_str(), letter.kind())).collect();
    assert_eq!(kinds, [(NEW, "notice"), (OLD, "moved")], "one letter to each");
    let Letter::Notice { event: Notice::AddressChanged, not_me: None, .. } = &sent[0].1 else {
        panic!("no link goes to the new one: {sent:?}")
    };
    let (_, not_me) = confirmation(&sent);
    assert!(matches!(logins.take_offer(&token, SOURCE, later).await, Err(Fault::Over)), "once");
    // Whoever does not know of it locks the account, and the address stays good for nothing.
    logins.disown(&not_me, SOURCE, later).await.unwrap();
    assert!(is_held(&logins, later.plus(29 * 86_400)).await);
    let recorded = core.store().latest_audit(3).await.unwrap();
    let changed = recorded.iter().find(|record| record.event == "address_changed").unwrap();
    assert_eq!((changed.actor.as_deref(), changed.user_name.as_deref()), (Some("ann"), Some("alice")));
}

async fn t9_nothing_that_opens_the_account_goes_to_a_moved_address(core: Core) {
    let (logins, [ann, ben]) = alice(&core).await;
    moved(&logins, &ann).await;
    let root = |now| Actor::command_line("root (command line)".to_owned(), now);
    for now in [NOW, NOW.plus(HOLD - 1)] {
        for by in [&ann, &ben, &root(now)] {
            let by = Actor { now, ..by.clone() };
            let invited = logins.invite_by_post(&parsed("alice"), &by).await;
            assert!(matches!(invited, Err(ManageError::Held(..))), "{invited:?}");
            let invited = logins.invite_by_mail(&parsed("alice"), &by).await;
            assert!(matches!(invited, Err(ManageError::Held(..))), "{invited:?}");
        }
        let mut current = Tab::open(&logins, "alice", now).await.current(now).await.unwrap();
        let mailed = logins.mail_code(&mut current, SOURCE, now).await;
        assert_eq!(refusal(mailed), Some(Reason::AddressHeld), "a code at sign-in");
        assert!(letters(&logins, now).await.is_empty());
    }
    // Set-up begins with a mailed code, so it does not begin.
    let now = NOW.plus(HOLD - 1);
    logins.reset_factors(&parsed("alice"), &Actor { now, ..acting(&logins, "ann", now).await }).await.unwrap();
    let told = letters(&logins, now).await;
    let links = |(to, letter): &(String, Letter)| to == NEW && matches!(letter, Letter::Notice { not_me: Some(_), .. });
    assert!(!told.iter().any(links), "{told:?}");
    let mut current = Tab::open(&logins, "alice", now).await.current(now).await.unwrap();
    assert!(current.wants_mailbox());
    assert_eq!(refusal(logins.mail_again(&mut current, SOURCE, now).await), Some(Reason::AddressHeld));
    let over = NOW.plus(HOLD);
    assert!(logins.mail_again(&mut current, SOURCE, over).await.is_ok(), "three days later it does");
    logins.invite_by_post(&parsed("alice"), &root(over)).await.unwrap();
}

async fn t9_a_second_administrator_confirms_a_moved_address_and_the_first_does_not(core: Core) {
    let (logins, [ann, ben]) = alice(&core).await;
    moved(&logins, &ann).await;
    let own = logins.confirm_address(&parsed("alice"), &ann).await;
    assert!(matches!(own, Err(ManageError::OwnAddress(_))), "{own:?}");
    let shouting = Actor::command_line("ANN".to_owned(), NOW);
    let own = logins.confirm_address(&parsed("alice"), &shouting).await;
    assert!(matches!(own, Err(ManageError::OwnAddress(_))), "{own:?}");
    logins.confirm_address(&parsed("alice"), &ben).await.unwrap();
    assert!(!is_held(&logins, NOW).await);
    let told: Vec<_> = letters(&logins, NOW).await.into_iter().map(|(to, letter)| (to, letter.kind())).collect();
    assert_eq!(told, [(NEW.to_owned(), "notice"), (OLD.to_owned(), "notice")]);
    logins.invite_by_post(&parsed("alice"), &ann).await.unwrap();
    let again = logins.confirm_address(&parsed("alice"), &ben).await;
    assert!(matches!(again, Err(ManageError::NotHeld(_))), "{again:?}");
    // The same by the command line: root changes, an administrator confirms.
    set(&logins, "alice", |user| user.email = Some(email("third@example.org"))).await;
    assert!(is_held(&logins, NOW).await);
    assert!(logins.confirm_address(&parsed("alice"), &actor(NOW)).await.is_err());
    logins.confirm_address(&parsed("alice"), &ann).await.unwrap();
    // Administrators change their own; theirs is not changed from the console.
    let admins = logins.offer_address(&parsed("ben"), email(NEW), &ann).await;
    assert!(matches!(admins, Err(ManageError::AdminsAddress(_))), "{admins:?}");
}

async fn rec9_the_reader_of_the_address_before_confirms_once(core: Core) {
    let (logins, [ann, _]) = alice(&core).await;
    let link = moved(&logins, &ann).await;
    for _ in 0..20 {
        assert_eq!(logins.open_confirmation(&link, NOW).await.unwrap().name.as_str(), "alice");
    }
    assert!(matches!(logins.open_offer(&link, NOW).await, Err(Fault::Over)), "for nothing else");
    assert!(matches!(logins.open_not_me(&link, NOW).await, Err(Fault::Over)), "for nothing else");
    assert!(matches!(logins.open_confirmation(&link, NOW.plus(HOLD)).await, Err(Fault::Over)), "too late");
    logins.confirm_by_link(&link, SOURCE, NOW).await.unwrap();
    assert!(!is_held(&logins, NOW).await);
    assert!(matches!(logins.confirm_by_link(&link, SOURCE, NOW).await, Err(Fault::Over)));
}

async fn the_person_confirms_a_moved_address(core: Core) {
    let (logins, [ann, _]) = alice(&core).await;
    moved(&logins, &ann).await;
    let session = confirmed(&logins, "alice", NOW).await;
    let late = logins.confirm_own_address(&session, SOURCE, NOW.plus(300)).await;
    assert!(matches!(late, Err(Fault::Unconfirmed)), "ses8: {late:?}");
    logins.confirm_own_address(&session, SOURCE, NOW).await.unwrap();
    assert!(!is_held(&logins, NOW).await);
    assert!(matches!(logins.confirm_own_address(&session, SOURCE, NOW).await, Err(Fault::Over)));
}

async fn t9_whoever_moves_an_address_twice_does_not_confirm_it_either(core: Core) {
    let (logins, [ann, _]) = alice(&core).await;
    let first = moved(&logins, &ann).await;
    // From an address of the administrator's own to another one: neither is ever a former address of Alice.
    let token = offered(&logins, &ann, "third@example.org").await;
    logins.take_offer(&token, SOURCE, NOW).await.unwrap();
    let sent = letters(&logins, NOW).await;
    let (second, _) = confirmation(&sent);
    assert!(sent.iter().all(|(to, _)| to != NEW), "{sent:?}");
    assert!(matches!(logins.open_confirmation(&first, NOW).await, Err(Fault::Over)), "that was about another one");
    logins.confirm_by_link(&second, SOURCE, NOW).await.unwrap();
}

async fn an_offer_is_worth_nothing_once_something_else_was_done(core: Core) {
    let (logins, [ann, _]) = alice(&core).await;
    let first = offered(&logins, &ann, NEW).await;
    let second = offered(&logins, &ann, "third@example.org").await;
    assert!(matches!(logins.open_offer(&first, NOW).await, Err(Fault::Over)), "a newer one replaces it");
    assert!(matches!(logins.open_offer(&second, NOW.plus(86_400)).await, Err(Fault::Over)), "a day later");
    // Somebody else takes the address meanwhile.
    core.member("carl").await;
    set(&logins, "carl", |user| user.email = Some(email("third@example.org"))).await;
    assert!(matches!(logins.take_offer(&second, SOURCE, NOW).await, Err(Fault::Over)));
    let taken = logins.offer_address(&parsed("alice"), email("THIRD@example.org"), &ann).await;
    assert!(matches!(taken, Err(ManageError::Taken(_))), "{taken:?}");
    // The address from which it was to move is another one, or the account is closed.
    let third = offered(&logins, &ann, NEW).await;
    set(&logins, "alice", |user| user.email = Some(email("fourth@example.org"))).await;
    assert!(matches!(logins.open_offer(&third, NOW).await, Err(Fault::Over)));
    letters(&logins, NOW).await;
    let fourth = offered(&logins, &ann, NEW).await;
    set(&logins, "alice", |user| user.disabled_at = Some(NOW)).await;
    assert!(matches!(logins.open_offer(&fourth, NOW).await, Err(Fault::Over)));
}

/// A change of somebody.
type Edit = fn(&mut User);

async fn t9_an_offer_does_not_outlive_what_its_giver_may(core: Core) {
    let (logins, _) = alice(&core).await;
    let ends: [(&str, &str, Edit, Edit); 4] = [
        ("demoted", "ann", |user| user.role = Role::Supervisor, |user| user.role = Role::Admin),
        ("disabled", "ann", |user| user.disabled_at = Some(NOW), |user| user.disabled_at = None),
        ("restricted", "ann", |user| user.restricted_until = Some(NOW.plus(1)), |user| user.restricted_until = None),
        ("promoted", "alice", |user| user.role = Role::Admin, |user| user.role = Role::Member),
    ];
    for (what, who, end, again) in ends {
        let ann = acting(&logins, "ann", NOW).await;
        let token = offered(&logins, &ann, NEW).await;
        set(&logins, who, end).await;
        assert!(matches!(logins.open_offer(&token, NOW).await, Err(Fault::Over)), "{who} is {what}");
        assert!(matches!(logins.take_offer(&token, SOURCE, NOW).await, Err(Fault::Over)), "{who} is {what}");
        assert!(logins.offered_address(&user(&logins).await, NOW).await.unwrap().is_none(), "{who} is {what}");
        assert_eq!(user(&logins).await.email, Some(email(OLD)), "{who} is {what}");
        set(&logins, who, again).await;
        letters(&logins, NOW).await;
    }
    // An administrator who goes at the very moment has either given it before or not at all.
    let token = offered(&logins, &acting(&logins, "ann", NOW).await, NEW).await;
    let demoted = set(&logins, "ann", |user| user.role = Role::Member);
    let ((), taken) = tokio::join!(demoted, logins.take_offer(&token, SOURCE, NOW));
    assert_eq!(taken.is_ok(), user(&logins).await.email == Some(email(NEW)));
    // What the command line gives stands.
    letters(&logins, NOW).await;
    let token = offered(&logins, &actor(NOW), "third@example.org").await;
    logins.take_offer(&token, SOURCE, NOW).await.unwrap();
}

async fn t9_an_offer_of_a_program_does_not_outlive_its_token(core: Core) {
    let (logins, _) = alice(&core).await;
    let (token, script) = program(&logins, "ann", Scope::UsersWrite, 1).await;
    let lost = offered(&logins, &script, NEW).await;
    assert!(logins.open_offer(&lost, NOW).await.is_ok());
    logins.delete_api_token(token, &actor(NOW)).await.unwrap();
    assert!(matches!(logins.open_offer(&lost, NOW).await, Err(Fault::Over)));
    assert!(matches!(logins.take_offer(&lost, SOURCE, NOW).await, Err(Fault::Over)));
    assert_eq!(user(&logins).await.email, Some(email(OLD)));
    letters(&logins, NOW).await;
    // A token that goes at the very moment was either there or not.
    let (token, script) = program(&logins, "ann", Scope::UsersWrite, 1).await;
    let raced = offered(&logins, &script, NEW).await;
    let by = actor(NOW);
    let (gone, taken) = tokio::join!(logins.delete_api_token(token, &by), logins.take_offer(&raced, SOURCE, NOW));
    gone.unwrap();
    assert_eq!(taken.is_ok(), user(&logins).await.email == Some(email(NEW)));
    letters(&logins, NOW).await;
    // Nor does it outlive what the token was made for: a person as they were.
    let (_, script) = program(&logins, "ben", Scope::UsersWrite, 1).await;
    let stale = offered(&logins, &script, "third@example.org").await;
    set(&logins, "ben", |user| user.security_version += 1).await;
    assert!(matches!(logins.take_offer(&stale, SOURCE, NOW).await, Err(Fault::Over)));
}

async fn sec_8_of_two_who_open_one_offer_one_takes_it(core: Core) {
    let (logins, [ann, _]) = alice(&core).await;
    let second = Logins { mail: true, ..core.second_server().await };
    let token = offered(&logins, &ann, NEW).await;
    let tries = [&logins, &second].map(|server| {
        let (server, token) = (server.clone(), token.clone());
        tokio::spawn(async move { server.take_offer(&token, SOURCE, NOW).await })
    });
    let mut taken = 0;
    for one in tries {
        match one.await.unwrap() {
            Ok(()) => taken += 1,
            Err(fault) => assert!(matches!(fault, Fault::Over), "{fault:?}"),
        }
    }
    assert_eq!(taken, 1);
    let sent = letters(&logins, NOW).await;
    assert_eq!(sent.iter().filter(|(_, letter)| letter.kind() == "moved").count(), 1);
}

async fn t8_a_hold_that_is_lifted_by_hand_denies(core: Core) {
    let (logins, [ann, _]) = alice(&core).await;
    moved(&logins, &ann).await;
    for text in [
        "UPDATE users SET email_held_until = NULL WHERE name = 'alice'",
        "UPDATE users SET email_held_until = 1 WHERE name = 'alice'",
        "UPDATE users SET email_held_by = 'ben' WHERE name = 'alice'",
    ] {
        let before = user(&logins).await;
        core.tamper(text).await;
        let invited = logins.invite_by_post(&parsed("alice"), &actor(NOW)).await;
        let Err(ManageError::Store(error @ StoreError::Row { .. })) = invited else { panic!("{text}: {invited:?}") };
        assert_eq!(error.reason(), Reason::RowMac, "{text}");
        restore(&core, &before).await;
    }
}

/// Writes the columns as they were.
async fn restore(core: &Core, before: &User) {
    let text = "UPDATE users SET email_held_until = $1, email_held_by = $2 WHERE name = 'alice'";
    let query = sqlx::query(text).bind(before.email_held_until.map(Timestamp::unix)).bind(before.email_held_by.clone());
    query.execute(core.store().pool()).await.unwrap();
}
