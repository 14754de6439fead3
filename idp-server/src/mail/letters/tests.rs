use std::path::Path;

use twolatch_core::alert::{Alert, WRONG_CODES, WRONG_CODES_IN_ALL};
use twolatch_core::door::Door;
use twolatch_core::id::Id;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::secret::Secret;

use super::*;
use crate::config::tests::GOOD;

const AT: Timestamp = Timestamp::from_unix(1_800_000_010);

fn config(organisation: &str) -> Config {
    let text = format!("{GOOD}[mail]\nfrom = \"Twolatch <id@example.org>\"\nurl = \"smtps://mail.example.org\"\n");
    let config = Config::parse(Path::new("twolatch.toml"), &text).unwrap();
    Config { organisation: organisation.to_owned(), ..config }
}

fn mail(letter: Letter) -> Mail {
    Mail { to: "alice@example.org".parse().unwrap(), name: "alice".to_owned(), language: None, letter }
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// One of each kind, and each notice.
fn samples() -> Vec<Letter> {
    let token = || Some(secret("token"));
    let mut all = vec![
        Letter::Code { code: secret("012345"), door: Door::Ssh, minutes: 5 },
        Letter::VerifyAddress { code: secret("012345"), minutes: 1 },
        Letter::Invite { token: secret("token"), until: AT },
        Letter::RecoveryLink { token: secret("token"), minutes: 30 },
        Letter::Alarm { who: "bob".to_owned(), event: Notice::RecoveryAsked, at: AT, stop: token() },
        Letter::Alarm { who: "bob".to_owned(), event: Notice::Held, at: AT, stop: None },
        Letter::Decision { approved: true, note: Some("see you at the desk".to_owned()) },
        Letter::Decision { approved: false, note: None },
        Letter::ConfirmChange { code: secret("012345"), minutes: 5 },
        Letter::Alerts { alerts: alerts(), more: vec![("link_made".to_owned(), 11), ("code_reused".to_owned(), 1)] },
    ];
    all.extend(Notice::ALL.into_iter().enumerate().map(|(index, event)| Letter::Notice {
        event,
        at: AT,
        door: Door::ALL.get(index).copied(),
        place: (index % 2 == 0).then(|| "192.0.2.1".to_owned()),
        not_me: token().filter(|_| index % 2 == 0),
    }));
    all
}

fn alerts() -> Vec<Alert> {
    let nothing = Alert {
        id: "x:1".to_owned(),
        at: AT.unix(),
        event: "factors_reset".to_owned(),
        result: None,
        person: None,
        actor: None,
        door: None,
        source: None,
        detail: None,
        count: None,
    };
    let some = |text: &str| Some(text.to_owned());
    vec![
        Alert {
            result: some("ok"),
            person: some("bob"),
            actor: some("alice"),
            detail: some("2 removed"),
            ..nothing.clone()
        },
        Alert { event: WRONG_CODES.to_owned(), person: some("bob"), count: Some(5), ..nothing.clone() },
        Alert { event: WRONG_CODES_IN_ALL.to_owned(), count: Some(50), ..nothing },
    ]
}

fn sent(outgoing: &Outgoing, config: &Config) -> (Envelope, String) {
    let (envelope, message) = message(outgoing, config, config.mail.as_ref().unwrap(), AT).unwrap();
    (envelope, String::from_utf8(message).unwrap())
}

fn outgoing(mail: Mail) -> Outgoing {
    let kind = mail.letter.kind().to_owned();
    Outgoing { id: Id::from_stored("row".to_owned()), kind, dies_at: AT, tries: 1, mail }
}

fn every_letter(language: Option<&str>, config: &Config) -> String {
    let all = samples().into_iter().map(|letter| {
        let mail = Mail { language: language.map(str::to_owned), ..mail(letter) };
        let written = write(&mail, config).unwrap();
        format!("Subject: {}\n\n{}", written.subject, written.text)
    });
    all.collect::<Vec<_>>().join("\n----\n")
}

#[test]
fn every_letter_as_text() {
    insta::assert_snapshot!(every_letter(None, &config("Example")));
}

#[test]
fn every_letter_in_indonesian() {
    let all = every_letter(Some("id-ID"), &config("Example"));
    insta::assert_snapshot!(all);
    assert_eq!(
        every_letter(Some("de"), &config("Example")),
        every_letter(None, &config("Example")),
        "none that we have"
    );
    let mut indonesian = config("Example");
    indonesian.pages.language = crate::text::Language::Id;
    assert_eq!(every_letter(None, &indonesian), all, "the organisation's, for who has chosen none");
    assert!(every_letter(Some("en"), &indonesian).contains("Hello alice,"));
}

#[test]
fn one_letter_as_html() {
    let written = write(&mail(samples().remove(2)), &config("Example")).unwrap();
    insta::assert_snapshot!(written.html);
}

#[test]
fn a_message_has_one_recipient_and_one_name() {
    let (envelope, message) = sent(&outgoing(mail(samples().remove(0))), &config("Example"));
    assert_eq!(envelope.to().len(), 1);
    assert_eq!(envelope.to()[0].to_string(), "alice@example.org");
    assert_eq!(envelope.from().unwrap().to_string(), "id@example.org");
    let (head, _) = message.split_once("\r\n\r\n").unwrap();
    let names: Vec<&str> =
        head.lines().filter(|line| !line.starts_with(' ')).map(|line| line.split(':').next().unwrap()).collect();
    let expected = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];
    assert_eq!(names, expected, "{head}");
    assert!(head.contains("Message-ID: <row@example.org>"), "{head}");
    assert!(head.contains("Date: Fri, 15 Jan 2027 08:00:10 +0000"), "{head}");
    assert!(!head.contains("012345"), "no code in a subject");
}

#[test]
fn w09_w13_text_of_others_is_shown_and_does_nothing() {
    let hostile = [
        "a\r\nBcc: eve@example.org",
        "a\r\n\r\n<html>",
        "a\u{2028}Bcc: eve@example.org",
        "\u{202e}gpj.exe",
        "{{7*7}} ${7*7} {% raw %} <%= 7*7 %> #{7*7} %s%n",
        "<img src=x onerror=alert(1)>",
        "\"><script>alert(1)</script>",
        "=?utf-8?q?=0d=0aBcc:_eve?=",
        "\0\u{1b}[2J\u{7f}\u{85}",
        &"ä".repeat(64),
    ];
    for text in hostile {
        let config = config(text);
        let place = Some(text.to_owned());
        for letter in [
            Letter::Alarm { who: text.to_owned(), event: Notice::RecoveryAsked, at: AT, stop: Some(secret(text)) },
            Letter::Notice { event: Notice::PasswordChanged, at: AT, door: None, place, not_me: Some(secret(text)) },
            Letter::Decision { approved: true, note: Some(text.to_owned()) },
        ] {
            let mail = Mail { name: text.to_owned(), ..mail(letter) };
            let written = write(&mail, &config).unwrap();
            assert!(!written.subject.contains(char::is_control), "{text:?}: {}", written.subject);
            assert!(!written.text.contains(['\r', '\0', '\u{1b}', '\u{2028}', '\u{202e}', '\u{85}']), "{text:?}");
            assert!(!written.text.lines().any(|line| line.starts_with("Bcc")), "{text:?}: {}", written.text);
            for tag in ["<img", "<script", "<html>", "<%="] {
                assert!(!written.html.contains(tag), "{text:?}: {}", written.html);
            }
            assert!(!written.html.contains("49") && !written.text.contains("49"), "{text:?}: nothing is computed");
            let (envelope, message) = sent(&outgoing(mail), &config);
            assert_eq!(envelope.to().len(), 1);
            let (head, _) = message.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("\r\nContent-Type: multipart/alternative"), "{text:?}: {head}");
            let headers = head.lines().filter(|line| !line.starts_with([' ', '\t'])).count();
            assert_eq!(headers, 8, "{text:?}: {head}");
        }
    }
}
