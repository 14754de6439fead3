use super::*;

#[test]
fn ssrf_only_what_is_everybodys_is_fetched_from() {
    for (address, public) in [
        ("8.8.8.8", true),
        ("1.1.1.1", true),
        ("172.32.0.1", true),
        ("192.0.1.1", true),
        ("2606:4700::1111", true),
        ("0.0.0.0", false),
        ("10.1.2.3", false),
        ("100.64.0.1", false),
        ("127.0.0.1", false),
        ("127.255.255.254", false),
        ("169.254.169.254", false),
        ("172.16.0.1", false),
        ("172.31.255.255", false),
        ("192.0.2.1", false),
        ("192.168.1.1", false),
        ("198.18.0.1", false),
        ("203.0.113.9", false),
        ("224.0.0.1", false),
        ("255.255.255.255", false),
        ("::", false),
        ("::1", false),
        ("::ffff:127.0.0.1", false),
        ("::ffff:8.8.8.8", false),
        ("64:ff9b::7f00:1", false),
        ("fe80::1", false),
        ("fc00::1", false),
        ("fd12::1", false),
        ("2001::1", false),
        ("2001:db8::1", false),
        ("2002:7f00:1::", false),
        ("ff02::1", false),
    ] {
        assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
    }
}

#[tokio::test]
async fn ssrf_nothing_is_connected_to_that_is_not_public() {
    let fetcher = Fetcher::new(&Clients::default());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for (address, why) in [
        (format!("https://127.0.0.1:{port}/keys"), Unfetched::Private),
        (format!("https://localhost:{port}/keys"), Unfetched::Private),
        (format!("https://2130706433:{port}/keys"), Unfetched::Private),
        (format!("https://0x7f.1:{port}/keys"), Unfetched::Private),
        (format!("https://[::ffff:127.0.0.1]:{port}/"), Unfetched::Private),
        (format!("http://127.0.0.1:{port}/keys"), Unfetched::Address),
        (format!("https://a@127.0.0.1:{port}/keys"), Unfetched::Address),
        ("file:///etc/passwd".to_owned(), Unfetched::Address),
        ("keys".to_owned(), Unfetched::Address),
    ] {
        assert_eq!(fetcher.fetch(&address).await, Err(why), "{address}");
    }
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
}

#[tokio::test]
async fn what_was_fetched_a_moment_ago_is_not_fetched_again() {
    let fetcher = Fetcher::new(&Clients::default());
    let at = |seconds: i64| Timestamp::from_unix(1_800_000_000 + seconds);
    assert!(fetcher.fetch_again("https://127.0.0.1/", PAUSE, at(0)).await.is_err());
    assert_eq!(fetcher.fetch_again("https://127.0.0.1/", PAUSE, at(59)).await, Ok(None));
    assert!(fetcher.fetch_again("https://127.0.0.1/other", PAUSE, at(59)).await.is_err());
    assert!(fetcher.fetch_again("https://127.0.0.1/", PAUSE, at(60)).await.is_err());
}

#[tokio::test]
async fn no_more_are_fetched_at_once_than_there_are_seats() {
    let fetcher = Fetcher::new(&Clients::default());
    let seats: Vec<_> = (0..AT_ONCE).map(|_| Arc::clone(&fetcher.0.seats).try_acquire_owned().unwrap()).collect();
    assert_eq!(fetcher.fetch("https://127.0.0.1/").await, Err(Unfetched::Busy));
    drop(seats);
    assert_eq!(fetcher.fetch("https://127.0.0.1/").await, Err(Unfetched::Private));
}
