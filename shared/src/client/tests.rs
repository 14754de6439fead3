use proptest::prelude::*;

use super::*;

fn uri(text: &str) -> RedirectUri {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn o01_o02_o03_o04_only_the_registered_bytes_are_accepted() {
    let registered = uri("https://app.example.com/callback");
    assert!(registered.accepts("https://app.example.com/callback"));
    let hostile = [
        "https://app.example.com/callback/",
        "https://APP.example.com/callback",
        "https://app.example.com/Callback",
        "HTTPS://app.example.com/callback",
        "https://app.example.com:443/callback",
        "https://app.example.com./callback",
        "https://app.example.com/%63allback",
        "https://app.example.com/callback?x=1",
        "https://app.example.com/callback?",
        "https://app.example.com/callback#x",
        "https://app.example.com/callback#",
        "https://app.example.com/x/../callback",
        "https://app.example.com/x/..;/callback",
        "https://app.example.com//callback",
        "https://app.example.com/./callback",
        "https://äpp.example.com/callback",
        "https://xn--pp-wia.example.com/callback",
        "https://app。example.com/callback",
        "https://app.example.com.evil/callback",
        "https://app.example.comevil/callback",
        "https://evil/?https://app.example.com/callback",
        "https://app.example.com@evil/callback",
        "https://app.example.com@@evil@/callback",
        "https://app.example.com%40evil/callback",
        "https://user:pass@app.example.com/callback",
        "https://evil\\@app.example.com/callback",
        "https:\\\\app.example.com\\callback",
        "https:/app.example.com/callback",
        "https:///app.example.com/callback",
        "//app.example.com/callback",
        "/callback",
        "https://app.example.com/call\tback",
        "https://app.example.com/callback\r\n",
        "https://app.example.com/callback\0",
        " https://app.example.com/callback",
        "https://app.example.com/callback ",
        "http://app.example.com/callback",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "",
    ];
    for text in hostile {
        assert!(!registered.accepts(text), "{text:?}");
    }
}

#[test]
fn o05_the_port_of_a_loopback_literal_is_free_and_nothing_else() {
    for (registered, good) in [
        ("http://127.0.0.1/cb", &["http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb"][..]),
        ("http://127.0.0.1:8080/cb?a=b", &["http://127.0.0.1:9000/cb?a=b", "http://127.0.0.1/cb?a=b"]),
        ("http://[::1]:1/cb", &["http://[::1]:2/cb", "http://[::1]/cb"]),
        ("http://127.0.0.1", &["http://127.0.0.1:80"]),
    ] {
        for text in good {
            assert!(uri(registered).accepts(text), "{registered} {text}");
        }
    }
    for text in [
        "http://localhost:8080/cb",
        "http://127.1:8080/cb",
        "http://0x7f.1/cb",
        "http://2130706433/cb",
        "http://127.0.0.2:8080/cb",
        "http://127.0.0.1.nip.io/cb",
        "http://127.0.0.1:8080.nip.io/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://0.0.0.0/cb",
        "http://[::1]:8080/cb",
        "http://127.0.0.1:8080/other",
        "http://127.0.0.1:8080/cb/",
        "http://127.0.0.1:8080/cb?x",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:+80/cb",
        "http://127.0.0.1:80@evil/cb",
        "http://127.0.0.1@evil/cb",
        "https://127.0.0.1/cb",
        "http://127.0.0.1evil/cb",
    ] {
        assert!(!uri("http://127.0.0.1/cb").accepts(text), "{text}");
    }
    assert!(!uri("http://localhost:1/cb").accepts("http://localhost:2/cb"), "a name is not a literal");
    assert!(!uri("https://127.0.0.1:1/cb").accepts("https://127.0.0.1:2/cb"));
}

#[test]
fn o04_what_can_be_registered() {
    for good in [
        "https://app.example.com/callback",
        "https://app.example.com",
        "https://app.example.com:8443/cb?x=1",
        "https://[2001:db8::1]:8443/cb",
        "http://localhost:3000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:8080/cb",
        "org.example.app:/callback",
        "org.example.app://callback",
    ] {
        assert_eq!(uri(good).as_str(), good);
    }
    for (bad, error) in [
        ("http://app.example.com/cb", RedirectError::PlainHttp),
        ("http://127.0.0.1.nip.io/cb", RedirectError::PlainHttp),
        ("http://localhost.evil/cb", RedirectError::PlainHttp),
        ("https://app.example.com/cb#x", RedirectError::Fragment),
        ("https://*.example.com/cb", RedirectError::Character('*')),
        ("https://app.example.com/*", RedirectError::Character('*')),
        ("https://app.example.com\\@evil/", RedirectError::Character('\\')),
        ("https://app.example.com/a b", RedirectError::Character(' ')),
        ("https://app.example.com/ä", RedirectError::Character('ä')),
        ("https://user@app.example.com/", RedirectError::User),
        ("http://localhost:80@evil/", RedirectError::User),
        ("https://APP.example.com/", RedirectError::Host),
        ("https://app..example.com/", RedirectError::Host),
        ("https:///cb", RedirectError::Host),
        ("https:app.example.com", RedirectError::Host),
        ("https://app.example.com:0/", RedirectError::Host),
        ("https://app.example.com:x/", RedirectError::Host),
        ("https://[::1/cb", RedirectError::Host),
        ("https://0x7f.1/cb", RedirectError::Host),
        ("https://app.127.1/cb", RedirectError::Host),
        ("https://127.0.0.018/cb", RedirectError::Host),
        ("org.example.app://user:x@host/cb", RedirectError::Scheme),
        ("org.example.app://host:x/cb", RedirectError::Scheme),
        ("https://app.example.com/../cb", RedirectError::Dots),
        ("https://app.example.com/..;x/cb", RedirectError::Dots),
        ("https://app.example.com/%2E%2e/cb", RedirectError::Dots),
        ("javascript:alert(1)", RedirectError::Scheme),
        ("JaVaScRiPt:alert(1)", RedirectError::Scheme),
        ("java\tscript:alert(1)", RedirectError::Character('\t')),
        (" javascript:alert(1)", RedirectError::Character(' ')),
        ("data:text/html,x", RedirectError::Scheme),
        ("file:///etc/passwd", RedirectError::Scheme),
        ("myapp:/callback", RedirectError::Scheme),
        ("org.example.app:callback", RedirectError::Scheme),
        ("callback", RedirectError::Scheme),
        ("", RedirectError::Scheme),
    ] {
        assert_eq!(bad.parse::<RedirectUri>(), Err(error), "{bad:?}");
    }
    assert_eq!(format!("https://a/{}", "x".repeat(2048)).parse::<RedirectUri>(), Err(RedirectError::Long));
}

#[test]
fn the_origin_is_what_a_form_may_end_at() {
    for (text, origin) in [
        ("https://app.example.com/cb?x=1", "https://app.example.com"),
        ("https://app.example.com:8443", "https://app.example.com:8443"),
        ("http://[::1]:9/cb", "http://[::1]:9"),
        ("https://app.example.com?x=/", "https://app.example.com"),
        ("org.example.app:/cb", "org.example.app:"),
        ("org.example.app://cb", "org.example.app:"),
    ] {
        assert_eq!(RedirectUri::origin(text), origin);
    }
}

#[test]
fn client_ids_are_never_shaped_like_people() {
    for good in ["demo", "grafana-1", "A.b_c", &"x".repeat(64)] {
        assert!(good.parse::<ClientId>().is_ok(), "{good}");
    }
    for bad in ["", "a b", "a\0", "a/b", "ä", "abcdefghijklmnopqrstuvwxyz", &"x".repeat(65)] {
        assert_eq!(bad.parse::<ClientId>(), Err(ClientError::Id), "{bad}");
    }
}

/// The reference for the property: what may differ is the port, and only there.
fn same_but_for_the_port(registered: &str, asked: &str) -> bool {
    let strip = |text: &str| {
        LITERALS.iter().find_map(|host| {
            let rest = text.strip_prefix(host)?;
            let digits: String =
                rest.strip_prefix(':').unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
            let port: u32 = digits.parse().unwrap_or(0);
            let rest = if (1..=65535).contains(&port) { rest.split_at(digits.len() + 1).1 } else { rest };
            let ended = rest.is_empty() || rest.starts_with('/') || rest.starts_with('?');
            ended.then(|| (*host, rest.to_owned()))
        })
    };
    strip(registered).is_some() && strip(registered) == strip(asked)
}

const LITERALS: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

proptest! {
    #[test]
    fn accepting_is_equality_but_for_a_loopback_port(
        registered in "(https://a\\.example|http://127\\.0\\.0\\.1|http://\\[::1\\]|http://localhost|org\\.example:)(:[1-9][0-9]{0,3})?/[a-c]{0,2}",
        asked in "(https://a\\.example|http://127\\.0\\.0\\.1|http://\\[::1\\]|http://localhost|org\\.example:)(:[0-9@]{0,6})?(/[a-c]{0,2})?[?#]?",
    ) {
        if let Ok(uri) = registered.parse::<RedirectUri>() {
            let expected = registered == asked || same_but_for_the_port(&registered, &asked);
            prop_assert_eq!(uri.accepts(&asked), expected, "{} {}", registered, asked);
            prop_assert!(uri.accepts(&registered));
        }
    }

    #[test]
    fn parsing_never_panics_and_never_rewrites(text in ".*") {
        if let Ok(uri) = text.parse::<RedirectUri>() {
            prop_assert_eq!(uri.as_str(), text.as_str());
            prop_assert!(text.starts_with(RedirectUri::origin(&text)));
        }
    }
}

#[test]
fn a_picture_that_nobody_has_looked_at_goes_with_the_approval() {
    let picture = Some(uri("https://app.example.com/logo.png"));
    let mut own = Settings { trust: Trust::Unverified, logo_uri: picture.clone(), ..Settings::default() };
    own.trust_as(Trust::Unverified);
    assert_eq!(own.logo_uri, picture);
    own.trust_as(Trust::ThirdParty);
    assert_eq!((own.trust, own.logo_uri.clone()), (Trust::ThirdParty, None));
    own.logo_uri.clone_from(&picture);
    own.trust_as(Trust::FirstParty);
    assert_eq!(own.logo_uri, picture, "that one an administrator has named");
}
