use super::*;

fn read(body: &[u8], name: &str) -> Result<Option<String>, &'static str> {
    Fields::parse(body).map(|mut fields| fields.take(name).map(|value| value.expose().to_owned()))
}

#[test]
fn values_come_as_they_were_typed() {
    for (body, value) in [
        ("a=b", "b"),
        ("x=y&a=two+words", "two words"),
        ("a=%C3%A9%2B%25&x=", "é+%"),
        ("a=&x=1", ""),
        ("a=b=c", "b=c"),
        ("a=%E2%80%AE", "\u{202e}"),
    ] {
        assert_eq!(read(body.as_bytes(), "a"), Ok(Some(value.to_owned())), "{body}");
    }
    assert_eq!(read(b"", "a"), Ok(None));
}

#[test]
fn w_11_w_12_what_no_browser_sends_is_refused() {
    for body in [
        b"a=1&a=1" as &[u8],
        b"a=1&a=2",
        b"a=1&%61=2",
        b"a",
        b"a=%",
        b"a=%4",
        b"a=%zz",
        b"a=%00",
        b"a=\0",
        b"a=%FF",
        b"a=%C0%AF",
        b"a=%ED%A0%80",
        b"a=\xff",
        b"%FF=a",
    ] {
        assert!(read(body, "a").is_err(), "{}", String::from_utf8_lossy(body));
    }
    let many: String = (0..100_000).flat_map(|index| ["f".to_owned(), index.to_string(), "=1&".to_owned()]).collect();
    assert!(read(many.as_bytes(), "a").is_err());
}

#[test]
fn a_list_has_more_fields_than_a_form() {
    let many = |name: &str, count| {
        (0..count).flat_map(|row| [name, &row.to_string(), "=yes&"].map(str::to_owned)).collect::<String>()
    };
    let ticked = |rows: usize| many("pick-", rows);
    let fields = |body: &str| Fields::parse(body.as_bytes()).map(|fields| fields.0.len());
    assert_eq!(fields(&format!("{}scope=all&form=x", ticked(200))), Ok(202));
    assert!(fields(&ticked(201)).is_err());
    assert!(fields("pick-a=yes&pick-a=yes").is_err());
    assert!(fields(&(ticked(3) + &many("f", 17))).is_err(), "no more of the others for that");
}
