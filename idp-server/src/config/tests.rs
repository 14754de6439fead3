use super::*;

pub(crate) const GOOD: &str = r#"
issuer = "https://id.example.org"
listen = "127.0.0.1:8443"
database_url = "sqlite:///var/lib/twolatch/twolatch.db"
keys = "/etc/twolatch/keys"
trusted_proxies = ["127.0.0.1"]
"#;

fn load(bytes: &[u8]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twolatch.toml");
    std::fs::write(&path, bytes).unwrap();
    Config::load(&path).map_err(|error| error.to_string().replace(folder.path().to_str().unwrap(), "…"))
}

#[test]
fn a_small_file_is_enough() {
    let config = load(GOOD.as_bytes()).unwrap();
    assert_eq!(config.socket, PathBuf::from("/run/twolatch/verify.sock"));
    assert_eq!(config.initial, Level::Required);
    assert!(config.is_https());
}

#[test]
fn f14_every_fault_names_its_place() {
    let table: &[(&str, &str)] = &[
        ("unknown key", "isuer = \"https://x.example\"\n"),
        ("wrong type", "listen = 8443\n"),
        ("duplicate", "issuer = \"https://other.example\"\n"),
        ("unknown table", "[polcy]\nlock = \"required\"\n"),
        ("unknown level", "[policy]\nlock = \"always\"\n"),
        ("useless lock", "[policy]\nlock = \"optional\"\n"),
        ("cheap hash", "[password]\nmemory_kib = 64\n"),
        ("both URLs", "database_url_file = \"/x\"\n"),
        ("syntax", "[\n"),
    ];
    for (name, line) in table {
        let text = if line.starts_with("listen") {
            GOOD.replace("listen = \"127.0.0.1:8443\"\n", line)
        } else {
            format!("{GOOD}{line}")
        };
        insta::with_settings!({snapshot_suffix => name.replace(' ', "_"), omit_expression => true}, {
            insta::assert_snapshot!("fault", load(text.as_bytes()).unwrap_err());
        });
    }
}

#[test]
fn f14_empty_binary_and_huge_files() {
    assert!(load(b"").unwrap_err().contains("missing field `issuer`"));
    assert!(load(b"\xff\xfe").unwrap_err().contains("not UTF-8"));
    assert!(load(&vec![b'#'; 100_000_000]).unwrap_err().contains("larger than 1 MiB"));
}

#[test]
fn an_http_issuer_only_on_loopback() {
    for good in
        ["https://a.example", "https://a.example/idp", "http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:1"]
    {
        assert_eq!(check_issuer(good), Ok(()), "{good}");
    }
    for bad in [
        "http://a.example",
        "ftp://a",
        "a.example",
        "https://",
        "https://a?b",
        "https://u@a",
        "https://a#b",
        "https://A.example",
        "https://a.example:443",
        "http://127.0.0.1.evil.example",
    ] {
        assert!(check_issuer(bad).is_err(), "{bad}");
    }
}
