//! Exemptions at hosts: each holds where every limit of it is met by what root has told, and nowhere else.

use twolatch_core::door::Door;
use twolatch_core::id::Id;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::Logins;
use twolatch_core::login::host::Peer;
use twolatch_core::login::manage::ManageError;
use twolatch_core::policy::{Exemption, Level, Subject, Within};
use twolatch_core::reason::Reason;
use twolatch_core::time::Timestamp;
use twolatch_core::user::Role;
use twolatch_core::wire::{Account, Begin, Evidence, Outcome};

use crate::support::core::{Core, NOW, ROOT, actor, attempt, code_at, on_both, parsed, reason, ssh, typed, wrong_code};

on_both!(
    each_limit_needs_its_fact,
    a_key_counts_where_sshd_has_accepted_it,
    an_address_counts_where_sshd_has_accepted_the_connection,
    nobody_without_privileges_tells_anything,
    limits_come_back_from_the_database_as_they_were,
    limits_that_shut_each_other_out_are_refused,
    who_is_exempt_here_is_asked_there,
    administrators_are_told_of_a_limited_one_too,
    the_account_line_asks_what_policy_asks,
);

/// Two keys, as sshd tells of them, and their fingerprints.
pub(crate) const KEY: &str =
    "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
pub(crate) const FINGERPRINT: &str = "SHA256:RXm/ruZ0eTzRXKwi1AQEDynB0VgHQ2ac9KPSFdf/YnA";
pub(crate) const OTHER: &str =
    "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC";

/// Everything that one by ssh can look at; hosts of these tests are called `test`.
fn all() -> Within {
    Within {
        service: "sshd".parse().ok(),
        host: "Test".parse().ok(),
        network: "192.0.2.0/24".parse().ok(),
        key: FINGERPRINT.parse().ok(),
        ..Door::Ssh.into()
    }
}

pub(crate) async fn exempt(logins: &Logins, name: &str, within: Within, now: Timestamp) -> Result<(), ManageError> {
    let user = logins.named(&parsed(name)).await.unwrap().user;
    let exemption = Exemption {
        id: Id::random(logins.store.entropy()).unwrap(),
        subject: Subject::User(user.id),
        within,
        level: Level::Off,
        until: now.plus(86_400),
        reason: "a trip".to_owned(),
        author: "root".to_owned(),
        at: now,
    };
    logins.exempt(exemption, &actor(now)).await
}

/// Somebody with an app, exempt within these limits.
async fn exempted(core: &Core, name: &str, within: Within) {
    core.enrolled(name).await;
    exempt(&core.logins, name, within, NOW).await.unwrap();
}

async fn is_asked(logins: &Logins, peer: Peer, begin: &Begin) -> bool {
    match logins.begin(peer, begin, NOW.plus(1)).await.unwrap() {
        Outcome::NotAsked => false,
        Outcome::Ask { .. } => true,
        other => panic!("{other:?}"),
    }
}

fn with_key(name: &str, key: &str) -> Begin {
    Begin { key: Some(key.to_owned()), ..ssh(name) }
}

async fn each_limit_needs_its_fact(core: Core) {
    exempted(&core, "alice", all()).await;
    let met = with_key("alice", KEY);
    assert!(!is_asked(&core.logins, ROOT, &met).await);
    for (what, begin) in [
        ("no key", ssh("alice")),
        ("another key", with_key("alice", OTHER)),
        ("another network", Begin { rhost: Some("198.51.100.1".to_owned()), ..met.clone() }),
        ("no address", Begin { rhost: None, ..met.clone() }),
        ("another service", Begin { service: "sudo".to_owned(), ..met.clone() }),
        ("another door of a service that is not known", Begin { service: "sshd2".to_owned(), ..met.clone() }),
    ] {
        assert!(is_asked(&core.logins, ROOT, &begin).await, "{what}");
    }
    for host in ["other", ""] {
        let elsewhere = Logins { host: host.into(), ..core.logins.clone() };
        assert!(is_asked(&elsewhere, ROOT, &met).await, "host {host:?}");
    }
    let locked = Logins { locked: true, ..core.logins.clone() };
    assert!(is_asked(&locked, ROOT, &met).await, "the lock stands above an exemption");
    core.enrolled("bob").await;
    assert!(is_asked(&core.logins, ROOT, &with_key("bob", KEY)).await, "another person with the same key");
}

async fn a_key_counts_where_sshd_has_accepted_it(core: Core) {
    exempted(&core, "alice", Within { key: FINGERPRINT.parse().ok(), ..Within::default() }).await;
    let met = with_key("alice", KEY);
    assert!(!is_asked(&core.logins, ROOT, &met).await);
    assert!(!is_asked(&core.logins, ROOT, &Begin { evidence: Evidence::Key, ..met.clone() }).await);
    let prompt =
        core.logins.begin(ROOT, &Begin { evidence: Evidence::None, ..met.clone() }, NOW.plus(1)).await.unwrap();
    assert!(matches!(prompt, Outcome::Ask { .. }), "without a first factor a key exempts nobody: {prompt:?}");
    // The environment of su and sudo is the caller's to choose, as far as anybody there can tell.
    for service in ["sudo", "sudo-i", "su", "su-l", "login", "swaylock", "SSHD", "sshd ", "xsshd"] {
        let begin = Begin { service: service.to_owned(), ..met.clone() };
        assert!(is_asked(&core.logins, ROOT, &begin).await, "{service}");
    }
    let key = KEY.strip_prefix("publickey ").unwrap();
    for line in [
        key.to_owned(),
        format!("hostbased {key}"),
        format!("password\n{KEY}"),
        format!("{KEY} x"),
        KEY.replace("ssh-ed25519 ", "ssh-ed25519-cert-v01@openssh.com "),
        KEY.replace("ssh-ed25519 ", "ssh-rsa "),
        String::new(),
    ] {
        assert!(is_asked(&core.logins, ROOT, &with_key("alice", &line)).await, "{line:?}");
    }
}

async fn an_address_counts_where_sshd_has_accepted_the_connection(core: Core) {
    exempted(&core, "alice", Within { network: "192.0.2.0/24".parse().ok(), ..Within::default() }).await;
    let from = |rhost: &str| Begin { rhost: Some(rhost.to_owned()), ..ssh("alice") };
    for rhost in ["192.0.2.1", "192.0.2.255", "::ffff:192.0.2.1"] {
        assert!(!is_asked(&core.logins, ROOT, &from(rhost)).await, "{rhost}");
    }
    for rhost in [
        "",
        "192.0.3.1",
        "host-192-0-2-1.example.org",
        "192.0.2.1.example.org",
        "192.0.2",
        "192.0.2.1 ",
        "192.0.2.01",
        "0xc0000201",
        "192.0.2.1:22",
        "192.0.2.1/24",
        "::192.0.2.1",
        "fe80::1%eth0",
        "UNKNOWN",
    ] {
        assert!(is_asked(&core.logins, ROOT, &from(rhost)).await, "{rhost:?}");
    }
    for service in ["sudo", "su", "login", "vsftpd"] {
        let begin = Begin { service: service.to_owned(), ..from("192.0.2.1") };
        assert!(is_asked(&core.logins, ROOT, &begin).await, "{service}");
    }
}

async fn nobody_without_privileges_tells_anything(core: Core) {
    let me = Peer { uid: 65_534 };
    let name = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(me.uid)).unwrap().map(|user| user.name);
    let Some(name) = name else { return };
    exempted(&core, &name, Within { service: "sshd".parse().ok(), ..Within::default() }).await;
    exempt(&core.logins, &name, Within { key: FINGERPRINT.parse().ok(), ..Within::default() }, NOW.plus(2))
        .await
        .unwrap();
    exempt(&core.logins, &name, Within { network: "192.0.2.0/24".parse().ok(), ..Within::default() }, NOW.plus(4))
        .await
        .unwrap();
    let logins = core.second_server().await;
    assert!(!is_asked(&logins, ROOT, &with_key(&name, KEY)).await);
    assert!(is_asked(&logins, me, &with_key(&name, KEY)).await, "what an account says of itself is no fact");
}

async fn limits_come_back_from_the_database_as_they_were(core: Core) {
    core.enrolled("alice").await;
    let web = Within { client: "wiki".parse().ok(), network: "2001:db8::/32".parse().ok(), ..Door::Web.into() };
    for (number, within) in (0..).zip([all(), web, Within::default()]) {
        exempt(&core.logins, "alice", within.clone(), NOW.plus(number)).await.unwrap();
        let policy = core.second_server().await.policy(NOW.plus(10)).await.unwrap();
        assert_eq!(policy.exemptions.last().map(|one| &one.within), Some(&within));
    }
}

async fn limits_that_shut_each_other_out_are_refused(core: Core) {
    core.enrolled("alice").await;
    let before = core.logins.policy(NOW).await.unwrap().version;
    for within in [
        Within { client: "wiki".parse().ok(), ..all() },
        Within { network: "192.0.2.0/24".parse().ok(), ..Door::Su.into() },
        Within { key: FINGERPRINT.parse().ok(), ..Door::Sudo.into() },
        Within { host: "test".parse().ok(), ..Door::Web.into() },
    ] {
        let refused = exempt(&core.logins, "alice", within, NOW).await;
        assert!(matches!(refused, Err(ManageError::NeverHolds)), "{refused:?}");
    }
    assert_eq!(core.logins.policy(NOW.plus(2)).await.unwrap().version, before);
}

/// What is shown in one login is worth nothing in the next, which may come from somewhere else.
async fn who_is_exempt_here_is_asked_there(core: Core) {
    let totp = core.enrolled("alice").await;
    exempt(&core.logins, "alice", Within { network: "192.0.2.0/24".parse().ok(), ..Within::default() }, NOW)
        .await
        .unwrap();
    let away = Begin { rhost: Some("198.51.100.1".to_owned()), ..ssh("alice") };
    let prompt = core.logins.begin(ROOT, &away, NOW.plus(1)).await.unwrap();
    let wrong =
        core.logins.answer(ROOT, &typed(&away, &attempt(&prompt), &wrong_code(&totp, NOW)), NOW.plus(1)).await.unwrap();
    assert_eq!(reason(&wrong), Some(Reason::Wrong), "a prompt is answered with a code, wherever the next login is");
    assert!(!is_asked(&core.logins, ROOT, &ssh("alice")).await);
    let code = code_at(&totp, NOW.plus(2), 0);
    let answer = typed(&away, &attempt(&wrong), &code);
    assert_eq!(core.logins.answer(ROOT, &answer, NOW.plus(2)).await.unwrap(), Outcome::Granted);
}

async fn administrators_are_told_of_a_limited_one_too(core: Core) {
    core.enrolled("root").await;
    core.give_password("root").await;
    let edit = |user: &mut twolatch_core::user::User| {
        user.role = Role::Admin;
        user.email = "root@example.org".parse().ok();
    };
    core.logins.change_user(&parsed("root"), String::new(), &actor(NOW), edit).await.unwrap();
    drop(core.store().claim_mails(100, NOW).await.unwrap());
    exempt(&core.logins, "root", all(), NOW).await.unwrap();
    let letters = core.store().claim_mails(100, NOW).await.unwrap();
    let is_alarm = |letter: &Letter| matches!(letter, Letter::Alarm { event: Notice::Lowered, .. });
    assert!(letters.iter().any(|mail| is_alarm(&mail.mail.letter)), "{letters:?}");
}

async fn the_account_line_asks_what_policy_asks(core: Core) {
    core.enrolled("alice").await;
    core.member("fresh").await;
    let ask = |name: &str, proven, rhost: Option<&str>| Account {
        version: 1,
        nonce: "0".repeat(32),
        user: name.to_owned(),
        service: "sshd".to_owned(),
        rhost: rhost.map(str::to_owned),
        key: None,
        proven,
    };
    let answer = async |peer, asked: Account, now| core.logins.account(peer, &asked, now).await.unwrap();
    let (near, far) = (Some("192.0.2.1"), Some("198.51.100.1"));
    for name in ["alice", "fresh"] {
        let missing = answer(ROOT, ask(name, false, near), NOW).await;
        assert_eq!(reason(&missing), Some(Reason::CodeMissing), "{name}");
    }
    assert_eq!(answer(ROOT, ask("alice", true, near), NOW).await, Outcome::Granted);
    for name in ["nobody-here", "ALICE", "alice\0", ""] {
        for proven in [true, false] {
            assert_eq!(reason(&answer(ROOT, ask(name, proven, near), NOW).await), Some(Reason::Unknown), "{name:?}");
        }
    }
    let unprivileged = answer(Peer { uid: 65_534 }, ask("alice", true, near), NOW).await;
    assert_eq!(reason(&unprivileged), Some(Reason::NotAllowed));

    exempt(&core.logins, "alice", Within { network: "192.0.2.0/24".parse().ok(), ..Door::Ssh.into() }, NOW)
        .await
        .unwrap();
    let now = NOW.plus(2);
    assert_eq!(answer(ROOT, ask("alice", false, near), now).await, Outcome::NotAsked);
    assert_eq!(reason(&answer(ROOT, ask("alice", false, far), now).await), Some(Reason::CodeMissing));
    assert_eq!(reason(&answer(ROOT, ask("alice", false, None), now).await), Some(Reason::CodeMissing));
    let locked = Logins { locked: true, ..core.logins.clone() };
    let refused = locked.account(ROOT, &ask("alice", false, near), now).await.unwrap();
    assert_eq!(reason(&refused), Some(Reason::CodeMissing));
    let disable = |user: &mut twolatch_core::user::User| user.disabled_at = Some(now);
    core.logins.change_user(&parsed("alice"), String::new(), &actor(now), disable).await.unwrap();
    for proven in [true, false] {
        assert_eq!(reason(&answer(ROOT, ask("alice", proven, near), now.plus(1)).await), Some(Reason::Disabled));
    }
    // Where set-up or a code is a choice, whoever has something is still asked for it.
    core.enrolled("carl").await;
    let rules = twolatch_core::policy::Rules::initial(Level::Optional);
    let version = core.logins.policy(now.plus(2)).await.unwrap().version;
    core.logins.set_rules(rules, version, String::new(), &actor(now.plus(2))).await.unwrap();
    let then = now.plus(4);
    assert_eq!(reason(&answer(ROOT, ask("carl", false, near), then).await), Some(Reason::CodeMissing));
    assert_eq!(answer(ROOT, ask("fresh", false, near), then).await, Outcome::NotAsked);
}
