use super::*;

#[test]
fn o20_a_value_survives_the_way_there_and_back() {
    for value in ["x", "\"><script>", "a\r\nb", "a b+c%20", "ä\u{1f512}", "\u{1}\u{7f}", "&=;", "100%"] {
        let text = encode([("state", value)]);
        assert!(text.is_ascii() && !text.contains(['\r', '\n', '"', '<', ' ']), "{text}");
        assert_eq!(Params::parse(text.as_bytes()).unwrap().value("state"), Some(value));
    }
    assert_eq!(decode(b"%zz%4"), Ok("%zz%4".to_owned()));
    assert_eq!(Params::parse(b"state=%ff").err(), Some(NotText));
}

#[test]
fn repetition_is_seen_whatever_the_values_are() {
    for (text, repeated) in [
        ("a=1&b=2", None),
        ("a=1&b=2&a=1", Some("a")),
        ("a=1&a=", Some("a")),
        ("%61=1&a=2", Some("a")),
        ("a&a", Some("a")),
        ("", None),
        ("&&", None),
    ] {
        assert_eq!(Params::parse(text.as_bytes()).unwrap().repeated(), repeated, "{text}");
    }
}

#[test]
fn a_parameter_without_a_value_counts_as_omitted() {
    let params = Params::parse(b"a=&b&c=1").unwrap();
    assert_eq!((params.value("a"), params.value("b"), params.value("c")), (None, None, Some("1")));
}
