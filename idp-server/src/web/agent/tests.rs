use super::*;

#[test]
fn w_14_browsers_are_named_and_strangers_cut() {
    let table: [(&str, &str); 7] = [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/141.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari, macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/141.0 Safari/604.1", "Chrome, iPhone"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "?"),
    ];
    for (said, name) in table {
        let headers = HeaderMap::from_iter([(header::USER_AGENT, said.parse().unwrap())]);
        assert_eq!(named(&headers), name, "{said}");
    }
    let long = HeaderMap::from_iter([(header::USER_AGENT, "<script>".repeat(20).parse().unwrap())]);
    assert_eq!(named(&long).len(), 60);
    assert_eq!(named(&HeaderMap::new()), "?");
}
