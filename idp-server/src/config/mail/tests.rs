use super::*;
use crate::config::Config;
use crate::config::tests::GOOD;

fn load(section: &str) -> Result<Mail, String> {
    let config = Config::parse(std::path::Path::new("twolatch.toml"), &format!("{GOOD}[mail]\n{section}"));
    config.map(|config| config.mail.unwrap()).map_err(|error| error.to_string())
}

fn with_url(url: &str) -> Result<Mail, String> {
    load(&format!("from = \"id@example.org\"\nurl = \"{url}\"\n"))
}

#[test]
fn a_url_says_where_and_how() {
    let table = [
        ("smtps://mail.example.org", "mail.example.org", 465, Security::Tls),
        ("smtps://mail.example.org:4650/", "mail.example.org", 4650, Security::Tls),
        ("smtp://mail.example.org?tls=required", "mail.example.org", 587, Security::StartTls),
        ("smtp://127.0.0.1?tls=none", "127.0.0.1", 25, Security::Plain),
        ("smtp://[::1]:2525?tls=none", "::1", 2525, Security::Plain),
        ("smtp://localhost?tls=none", "localhost", 25, Security::Plain),
        ("smtp://127.0.0.1?tls=required", "127.0.0.1", 587, Security::StartTls),
    ];
    for (url, host, port, security) in table {
        let server = with_url(url).unwrap().server;
        assert_eq!((server.host.as_str(), server.port, server.security), (host, port, security), "{url}");
        assert!(server.credentials.is_none(), "{url}");
    }
    let (user, password) = with_url("smtps://id%40example.org:p%2Fss+%25@mail").unwrap().server.credentials.unwrap();
    assert_eq!((user.as_str(), password.expose()), ("id@example.org", "p/ss+%"));
}

#[test]
fn sec11_every_fault_names_key_and_remedy() {
    let from = "from = \"id@example.org\"\n";
    let table = [
        ("plain over a network", format!("{from}url = \"smtp://mail.example.org?tls=none\"")),
        ("nothing said", format!("{from}url = \"smtp://mail.example.org\"")),
        ("if possible", format!("{from}url = \"smtp://mail.example.org?tls=opportunistic\"")),
        ("not said on loopback", format!("{from}url = \"smtp://127.0.0.1:25\"")),
        ("another scheme", format!("{from}url = \"http://mail.example.org\"")),
        ("no password", format!("{from}url = \"smtps://user@mail.example.org\"")),
        ("no url", from.to_owned()),
        ("no such file", format!("{from}url_file = \"/nonexistent/url\"")),
        ("ca without TLS", format!("{from}url = \"smtp://127.0.0.1?tls=none\"\nca = \"/etc/ca.pem\"")),
        ("sender", "from = \"nobody\"\nurl = \"smtps://mail\"".to_owned()),
        ("two lines of sender", "from = \"a\\r\\nBcc: b@c.d <e@f.g>\"\nurl = \"smtps://mail\"".to_owned()),
        ("unknown key", format!("{from}url = \"smtps://mail\"\ntls = false")),
    ];
    let said: Vec<String> =
        table.iter().map(|(name, section)| format!("{name}:\n    {}", load(section).unwrap_err())).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn more_that_is_no_mail_server() {
    for url in [
        "",
        "smtps://",
        "mail.example.org",
        "smtps://mail?tls=none",
        "smtps://mail#x",
        "smtps://mail/ehlo",
        "smtp://localhost.example.org?tls=none",
        "smtp://127.0.0.1.example.org?tls=none",
        "smtp://mail?tls=required&tls=none",
        "smtps://ma%0d%0ail",
        "smtps://u:%ff@mail",
    ] {
        let error = with_url(url).unwrap_err();
        assert!(error.contains("mail.url: "), "{url}: {error}");
    }
    let secret = with_url("smtp://user:hunter2@mail").unwrap_err();
    assert!(!secret.contains("hunter2"), "{secret}");
}
