use super::*;
use crate::config::clients::Clients;

fn client(id: &str, logo: &str) -> Client {
    let at = Timestamp::from_unix(0);
    let mut client = Client::new(id.parse().unwrap(), "A".to_owned(), at);
    client.settings.logo_uri = Some(logo.parse().unwrap());
    client
}

/// Puts a picture there as if it had been fetched.
fn put(logos: &Logos, id: &str, uri: &str, since: Timestamp) {
    let logo = Logo { png: vec![1], version: "v".to_owned() };
    let found = watch::channel(Found::Here(Arc::new(logo))).1;
    let known = Known { uri: uri.parse().unwrap(), since, found };
    logos.known().insert(id.parse().unwrap(), known);
}

#[tokio::test]
async fn o39_a_picture_is_shown_for_a_day_and_never_for_another_address() {
    let logos = Logos::new(Fetcher::new(&Clients::default()));
    let at = |seconds: i64| Timestamp::from_unix(1_800_000_000 + seconds);
    let there = async |uri: &str, now| logos.of(&client("a", uri), now, Duration::from_secs(5)).await.is_some();
    let (one, two) = ("https://127.0.0.1/one.png", "https://127.0.0.1/two.png");
    put(&logos, "a", one, at(0));
    assert!(there(one, at(0)).await && there(one, at(86_399)).await);
    assert!(!there(two, at(1)).await, "the old picture is none of the new address");
    put(&logos, "a", one, at(0));
    assert!(!there(one, at(86_400)).await, "it is old, and there is no other one");
}

#[tokio::test]
async fn o39_what_could_not_be_had_is_not_asked_for_again_at_once() {
    let logos = Logos::new(Fetcher::new(&Clients::default()));
    let at = |seconds: i64| Timestamp::from_unix(1_800_000_000 + seconds);
    let since = async |uri: &str, now| {
        assert!(logos.of(&client("a", uri), now, Duration::from_secs(5)).await.is_none());
        logos.known().values().map(|known| known.since).collect::<Vec<_>>()
    };
    let (one, two) = ("https://127.0.0.1/one.png", "https://127.0.0.1/two.png");
    assert_eq!(since(one, at(0)).await, [at(0)]);
    assert_eq!(since(one, at(599)).await, [at(0)]);
    assert_eq!(since(one, at(600)).await, [at(600)]);
    // An application that names one address after the other waits as well.
    assert_eq!(since(two, at(659)).await, [at(600)]);
    assert_eq!(since(two, at(660)).await, [at(660)]);
    assert_eq!(since(one, at(719)).await, [at(660)]);
}

#[tokio::test]
async fn o39_there_is_room_for_so_many_and_no_more() {
    let logos = Logos::new(Fetcher::new(&Clients::default()));
    let at = |seconds: i64| Timestamp::from_unix(1_800_000_000 + seconds);
    for (number, second) in (0..MOST).zip(0..) {
        put(&logos, &format!("c{number}"), "https://127.0.0.1/", at(second));
    }
    let now = at(1000);
    let there =
        async |id: &str| logos.of(&client(id, "https://127.0.0.1/"), now, Duration::from_secs(5)).await.is_some();
    assert!(there("c0").await);
    assert!(!there("new").await, "it is private");
    assert!(!there("c0").await && there("c1").await, "the oldest has gone");
    let known = logos.known();
    assert_eq!(known[&"c0".parse().unwrap()].since, at(0), "and is not fetched again");
    assert!(known[&"c0".parse().unwrap()].life() == LIFE && known.len() == MOST + 1);
}
