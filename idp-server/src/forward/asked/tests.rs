use super::*;

#[test]
fn what_browsers_ask_for_is_read_as_it_is() {
    for good in [
        "/",
        "/wiki/Main_Page?action=edit&x=%22%0A",
        "/a%2Fb/c%20d/~e/(f)/g;h=1/..i/j..",
        "/q?a={b|c}^`\\'&next=https://evil.example/%2e%2e/100%",
        "/x??",
        "/@evil.example",
        "/.well-known/x",
    ] {
        let target: Target = good.parse().unwrap_or_else(|()| panic!("{good}"));
        assert_eq!(target.as_str(), good);
    }
}

#[test]
fn o04_what_can_be_read_in_two_ways_is_not_read() {
    let long = format!("/{}", "a".repeat(MAX_TARGET));
    for bad in [
        "",
        "x",
        "*",
        "?x",
        "//evil.example",
        "//evil.example/x",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\b",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "@evil.example",
        "/a b",
        "/a\tb",
        "/a\r\nb",
        "/a\0b",
        "/#x",
        "/a#",
        "/<x>",
        "/\"",
        "/../x",
        "/a/../x",
        "/a/./x",
        "/a/..",
        "/..;/x",
        "/a/..;x=1/b",
        "/%2e%2e/x",
        "/%2E./x",
        "/a/%2e%2e%2fb",
        "/a%5c..%5cb",
        "/%00",
        "/a%0d%0ab",
        "/%7f",
        "/%",
        "/%2",
        "/%zz",
        "/a%c3%28",
        "/\u{e4}",
        "/\u{2025}/x",
        &long,
    ] {
        assert!(bad.parse::<Target>().is_err(), "{bad:?}");
    }
}

#[test]
fn only_who_opens_a_page_is_sent_elsewhere() {
    let says = |pairs: &[(&'static str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        is_visit(&pairs.collect())
    };
    let html = ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
    assert!(says(&[html]));
    assert!(says(&[html, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]));
    for other in [
        &[] as &[(&'static str, &str)],
        &[("accept", "*/*")],
        &[("accept", "application/json")],
        &[("accept", "text/htmlx")],
        &[html, ("x-requested-with", "XMLHttpRequest")],
        &[html, ("sec-fetch-mode", "cors")],
        &[html, ("sec-fetch-mode", "no-cors")],
        &[html, ("sec-fetch-mode", "websocket")],
        &[html, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
        &[html, ("sec-purpose", "prefetch")],
        &[html, ("purpose", "prefetch")],
        &[html, ("upgrade", "websocket")],
    ] {
        assert!(!says(other), "{other:?}");
    }
}
