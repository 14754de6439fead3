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
        ("unknown language", "[pages]\nlanguage = \"de\"\n"),
        ("accent by name", "[pages]\naccent = \"teal\"\n"),
        ("missing logo", "[pages]\nlogo = \"/none/logo.svg\"\n"),
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
        ["https://a.example", "https://a.example/Idp", "http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:1"]
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
        "httPs://a.example",
        "HTTP://localhost:8080",
        "https://a.example:443",
        "http://127.0.0.1.evil.example",
    ] {
        assert!(check_issuer(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_logo_is_what_it_begins_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logo.png");
    let check = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let text = format!("{GOOD}[pages]\nlogo = {path:?}\n");
        load(text.as_bytes()).map(|config| config.pages.logo.unwrap().kind)
    };
    for (bytes, kind) in [
        (&b"<svg>"[..], "image/svg+xml"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- > -->\n<!DOCTYPE svg PUBLIC 'x'>\n<svg xmlns=''>", "image/svg+xml"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x01\x02\x03\x04WEBPVP8 ", "image/webp"),
    ] {
        assert_eq!(check(bytes), Ok(kind));
    }
    for bytes in [
        &b""[..],
        b"GIF89a",
        b"<html><svg>",
        b"<svgx>",
        b"<!-- ",
        b"\x89PNG",
        b"\xff\xfe<svg>",
        b"RIFF\x01\x02\x03\x04WAVE",
    ] {
        assert!(check(bytes).unwrap_err().contains("neither SVG nor PNG, WebP or JPEG"), "{bytes:?}");
    }
    assert!(check(&vec![b' '; 256 * 1024 + 1]).unwrap_err().contains("larger than 256 KiB"));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let text = format!("{GOOD}[pages]\nlogo = {path:?}\n");
    assert!(load(text.as_bytes()).unwrap_err().contains("pages.logo: "));
}
