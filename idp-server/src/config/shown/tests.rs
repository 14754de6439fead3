use std::path::Path;

use super::*;

const WHOLE: &str = r##"organisation = "Example"
issuer = "https://id.example.org"
listen = "127.0.0.1:8443"
socket = "/run/x.sock"
database_url = "postgres://twolatch:hidden@db.example.org/twolatch"
keys = "/etc/twolatch/keys"
trusted_proxies = ["127.0.0.1", "::1"]
[tls]
cert = "/etc/twolatch/cert.pem"
key = "/etc/twolatch/key.pem"
[mail]
from = "Twolatch <id@example.org>"
url = "smtps://user:hidden@mail.example.org"
ca = "/etc/twolatch/ca.pem"
[alerts]
mail = ["security@example.org"]
webhook = "https://hooks.example.org/hidden"
webhook_secret = "hidden hidden hidden"
webhook_ca = "/etc/twolatch/ca.pem"
events = ["factors_reset"]
wrong_codes_per_person = 3
wrong_codes_in_all = 30
[password]
memory_kib = 65536
passes = 1
lanes = 1
[policy]
initial = "required"
lock = "required"
[login]
after_setup = "sign-in"
[pages]
language = "id"
accent = "#0a5c4f"
[api]
password_login = false
"##;

#[test]
fn every_key_is_shown_with_its_line_and_no_secret() {
    let config = Config::parse(Path::new("twolatch.toml"), WHOLE).unwrap();
    let shown: Vec<String> = config
        .settings
        .iter()
        .map(|one| format!("{} = {} ({})", one.key, one.value.as_deref().unwrap_or("-"), one.from))
        .collect();
    let shown = shown.join("\n");
    insta::assert_snapshot!(shown);
    assert!(!shown.contains("hidden") && !format!("{config:?}").contains("hidden"), "{shown}");
    for key in Written::read(WHOLE).0.keys() {
        assert!(config.settings.iter().any(|one| one.key == key), "{key} is not shown");
    }
}

#[test]
fn what_is_not_written_is_the_default_and_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    std::fs::write(&path, "postgres://twolatch:hidden@db.example.org/twolatch\n").unwrap();
    let text = super::super::tests::GOOD
        .replace("database_url = \"sqlite:///var/lib/twolatch/twolatch.db\"", &format!("database_url_file = {path:?}"));
    let config = Config::parse(Path::new("twolatch.toml"), &text).unwrap();
    let of = |key: &str| config.settings.iter().find(|one| one.key == key).unwrap();
    let database = of("database_url");
    assert_eq!(database.from, Source::File { line: 4, name: path.display().to_string() });
    assert!(!database.value.as_ref().unwrap().contains("hidden"), "{database:?}");
    assert_eq!(
        (of("socket").from.to_string(), of("listen").from.to_string()),
        ("default".to_owned(), "line 3".to_owned())
    );
    assert_eq!(of("mail.url").value, None);
}
