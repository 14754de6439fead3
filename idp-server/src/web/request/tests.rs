use super::*;

fn seen(peer: &str, forwarded: &[&str]) -> String {
    let trusted = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
    let mut headers = HeaderMap::new();
    for line in forwarded {
        headers.append("x-forwarded-for", line.parse().unwrap());
    }
    origin(peer.parse().unwrap(), &trusted, &headers).to_string()
}

#[test]
fn sec_4_only_our_proxies_are_believed() {
    for (peer, forwarded, source) in [
        ("192.0.2.9", &[] as &[&str], "192.0.2.9"),
        ("192.0.2.9", &["198.51.100.1"], "192.0.2.9"),
        ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["203.0.113.5, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["203.0.113.5", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["evil"], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1, evil"], "10.0.0.1"),
        ("10.0.0.1", &[], "10.0.0.1"),
    ] {
        assert_eq!(seen(peer, forwarded), source, "{peer} {forwarded:?}");
    }
}
