use super::*;
use crate::config::tests::GOOD;

fn wish(config: &Config, method: &Method, uri: &str, cookie: &str, accepted: &str) -> Wish {
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, format!("__Host-twolatch_language={cookie}").parse().unwrap());
    headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
    Wish::of(config, method, &uri.parse().unwrap(), &headers)
}

fn config() -> Config {
    Config::parse(std::path::Path::new("x"), GOOD).unwrap()
}

#[test]
fn the_nearest_wish_wins() {
    use Language::{En, Id};
    let mut config = config();
    let get = Method::GET;
    for (uri, cookie, app, accepted, wanted) in [
        ("/login?lang=id", "en", Some(En), "en", Id),
        ("/login?lang=de", "id", Some(En), "en", Id),
        ("/login", "de", Some(Id), "en", Id),
        ("/login", "", None, "de, id;q=0.5", Id),
        ("/login", "", None, "de", En),
    ] {
        assert_eq!(wish(&config, &get, uri, cookie, accepted).language(app), wanted, "{uri} {cookie} {accepted}");
    }
    config.pages.language = Id;
    assert_eq!(wish(&config, &get, "/", "", "de").language(None), Id);
    assert_eq!(wish(&config, &Method::POST, "/?lang=en", "", "").language(None), Id, "a form chooses no language");
}

#[test]
fn a_page_is_offered_in_every_other_language() {
    let links: Vec<_> = Offer::all(Language::En).into_iter().map(|offer| (offer.tag, offer.name, offer.link)).collect();
    let indonesian = ("id", "Bahasa Indonesia".to_owned(), Some("?lang=id".to_owned()));
    assert_eq!(links, [("en", "English".to_owned(), None), indonesian]);
}
