use super::super::tests::GOOD;
use super::super::{Config, ConfigError};
use super::*;

const MAIL: &str = "[mail]\nfrom = \"Twolatch <id@example.org>\"\nurl = \"smtps://mail.example.org\"\n";
const SECRET: &str = "webhook_secret = \"0123456789abcdef\"\n";

fn read(section: &str) -> Result<Alerts, ConfigError> {
    let text = format!("{GOOD}{MAIL}[alerts]\n{section}");
    Config::parse(Path::new("twolatch.toml"), &text).map(|config| config.alerts.unwrap())
}

#[test]
fn what_is_usual_is_told_where_nothing_is_chosen() {
    let alerts = read("mail = [\"security@example.org\"]").unwrap();
    assert_eq!(alerts.chosen.events, USUAL);
    assert_eq!((alerts.chosen.wrong_codes_per_person, alerts.chosen.wrong_codes_in_all), (5, 50));
    assert!(alerts.webhook.is_none());
    let text = format!("webhook = \"https://hooks.example.org/x?y\"\nevents = [\"user_added\"]\n{SECRET}");
    let alerts = read(&text).unwrap();
    assert_eq!(alerts.chosen.events, [Event::UserAdded]);
    let webhook = alerts.webhook.unwrap();
    assert_eq!((webhook.url.as_str(), webhook.secret.expose()), ("https://hooks.example.org/x?y", "0123456789abcdef"));
    for text in ["http://127.0.0.1:1/", "http://localhost", "http://[::1]:1/x"] {
        assert!(read(&format!("webhook = \"{text}\"\n{SECRET}")).is_ok(), "{text}");
    }
}

#[test]
fn t9_a_new_administrator_and_a_removed_account_are_usual() {
    let alerts = read("mail = [\"security@example.org\"]").unwrap();
    for event in [Event::AdminMade, Event::UserDeleted] {
        assert!(alerts.chosen.events.contains(&event), "{event:?}");
    }
}

#[test]
fn every_fault_says_what_is_expected() {
    let table = [
        ("", "nobody would be told"),
        ("mail = [\"nobody\"]", "alerts.mail: "),
        ("mail = \"a@example.org\"", ":11:8: "),
        ("mail = [\"a@example.org\"]\nevents = [\"no_such\"]", "unknown variant `no_such`"),
        ("mail = [\"a@example.org\"]\nwrong_codes_in_all = 0", "alerts.wrong_codes_in_all: expected a number"),
        ("webhook = \"https://a.example/\"", "alerts.webhook_secret: what is posted is signed"),
        ("webhook = \"https://a.example/\"\nwebhook_secret = \"short\"", "16 characters or more"),
        ("webhook = \"https://a.example/\"\nwebhook_secret_file = \"/none\"", "alerts.webhook_secret_file: /none: "),
        ("webhook_secret = \"0123456789abcdef\"", "alerts.webhook: missing"),
    ];
    for (section, expected) in table {
        let error = read(section).unwrap_err().to_string();
        assert!(error.contains(expected), "{section:?}: {error}");
    }
    for url in [
        "http://a.example/token",
        "http://127.0.0.1.evil.example/token",
        "https://u:p@a.example/token",
        "https://a.example/token#x",
        "ftp://a.example/token",
        "token",
    ] {
        let error = read(&format!("webhook = \"{url}\"\n{SECRET}")).unwrap_err().to_string();
        assert!(error.contains("alerts.webhook: ") && !error.contains("token"), "{url}: {error}");
    }
    let both = Config::parse(Path::new("x.toml"), &format!("{GOOD}[alerts]\nmail = [\"a@example.org\"]\n"));
    assert!(both.unwrap_err().to_string().contains("there is no [mail] section"));
}
