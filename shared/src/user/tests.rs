use super::*;

#[test]
fn p17_p18_what_is_a_user_name() {
    for good in ["alice", "_apt", "a", "web-1", "first.last", "host$", "A1_b"] {
        assert_eq!(good.parse::<UserName>().map(|name| name.to_string()), Ok(good.to_owned()));
    }
    let bad = [
        "",
        "alice ",
        " alice",
        "al ice",
        "alice.",
        "аlice",
        "alice\u{200b}",
        "alice@realm",
        "al\nice",
        "../alice",
        "alice/../bob",
        "-alice",
        "0",
        "1000",
        "4294967295",
        "+0",
        "alice\0",
        "$",
        "a$b",
        &"a".repeat(33),
    ];
    for text in bad {
        assert_eq!(text.parse::<UserName>(), Err(NameError::User), "{text:?}");
    }
    assert_eq!("Alice".parse::<UserName>().unwrap().key(), "alice");
}

#[test]
fn w23_what_is_a_mail_address() {
    for good in ["a@b.example", "first.last+tag@mail.example.org"] {
        assert!(good.parse::<Email>().is_ok(), "{good}");
    }
    let bad = [
        "",
        "a",
        "a@",
        "@b.c",
        "a@b",
        "a@b.c\r\nBcc: x@y.z",
        "a@b.c, d@e.f",
        "a@b <c@d.e>",
        "\"a b\"@c.d",
        "a@b.c.",
        "a..b@c.d",
        "-oQ/tmp@x.y",
        "a@b@c.d",
        "a@-b.c",
        "ä@b.c",
        "a@bücher.example",
    ];
    for text in bad {
        assert_eq!(text.parse::<Email>(), Err(NameError::Email), "{text:?}");
    }
    assert!(format!("{}@b.c", "a".repeat(65)).parse::<Email>().is_err());
}
