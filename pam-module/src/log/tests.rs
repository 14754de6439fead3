use twolatch_core::reason::Reason;

use super::{Door, line, value};

fn door(user: &str) -> Door {
    Door { user: user.into(), service: "sshd".into(), tty: Some("ssh".into()), rhost: Some("2001:db8::1%eth0".into()) }
}

#[test]
fn a_refusal_names_the_reason_and_the_next_step() {
    assert_eq!(
        line(&door("alice"), "refused", Some(Reason::Replay), ""),
        "twolatch(sshd): user=alice tty=ssh rhost=2001:db8::1%eth0 refused reason=replay: the person waits for the next code"
    );
    assert!(
        line(&door("alice"), "refused", Some(Reason::NoAnswer), "a\nb").contains("reason=no_answer (a\\nb): check")
    );
    assert_eq!(line(&Door::default(), "granted", None, ""), "twolatch(\"\"): user=\"\" granted");
}

#[test]
fn p16_p17_a_name_cannot_forge_a_line_or_another_name() {
    let forged = line(&door("bob granted\nuser=root"), "refused", Some(Reason::Wrong), "");
    assert!(forged.contains(r#"user="bob granted\nuser=root" "#), "{forged}");
    assert_eq!(value("аlice"), r#""\u{430}lice""#);
    assert_eq!(value("a\"b\\"), r#""a\"b\\""#);
    assert_eq!(value("\x1b[2J"), r#""\u{1b}[2J""#);
    assert!(value(&"x".repeat(10_000)).len() < 140);
    assert!(line(&door(&"\u{1F600}".repeat(10_000)), "x", None, "").is_ascii());
}
