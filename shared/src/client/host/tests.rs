use super::*;

#[test]
fn a_host_is_what_browsers_send() {
    for good in
        ["app.example.org", "wiki", "10.0.0.1", "app.example.org:8443", "a-b.example.org:1", "xn--pp-wia.example"]
    {
        let host: AppHost = good.parse().unwrap_or_else(|error| panic!("{good}: {error}"));
        assert_eq!(host.as_str(), good);
        assert_eq!(host.origin(), format!("https://{good}"));
        assert_eq!(serde_json::from_str::<AppHost>(&serde_json::to_string(&host).unwrap()).unwrap(), host);
    }
}

#[test]
fn w04_no_other_way_to_write_a_host_is_one() {
    let long = format!("{}.example.org", "a".repeat(64));
    let longer = vec!["a".repeat(60); 5].join(".");
    let hostile = [
        "",
        ".",
        "App.example.org",
        "app.example.org.",
        ".app.example.org",
        "app..example.org",
        "-app.example.org",
        "app-.example.org",
        "app.example.org:",
        "app.example.org:0",
        "app.example.org:443",
        "app.example.org:08443",
        "app.example.org:65536",
        "app.example.org:+1",
        "app.example.org:1:2",
        "https://app.example.org",
        "app.example.org/",
        "app.example.org/x",
        "app.example.org?x",
        "app.example.org#x",
        "user@app.example.org",
        "app.example.org\\.evil",
        "app example.org",
        " app.example.org",
        "app.example.org ",
        "app.example.org\t",
        "app.example.org\r\nX: y",
        "app.example.org\0",
        "app_1.example.org",
        "*.example.org",
        "app%2eexample.org",
        "app\u{3002}example.org",
        "\u{e4}pp.example.org",
        "[::1]",
        "::1",
        "a.example.org,b.example.org",
        "\"",
        "%",
        &long,
        &longer,
    ];
    for text in hostile {
        assert!(text.parse::<AppHost>().is_err(), "{text:?}");
    }
}
