use twolatch_core::time::Timestamp;

use super::*;

const ADDRESS: &str = "https://app.example.org";

fn made(preset: Preset, address: &str) -> Result<Client, RedirectError> {
    let mut client = Client::new("app".parse().unwrap(), "App".to_owned(), Timestamp::from_unix(0));
    preset.shape(&mut client, Some(address)).map(|()| client)
}

fn told<'a>() -> Told<'a> {
    Told { issuer: "https://id.example.org/auth", id: "app", secret: Some("s3cr{id}t"), address: ADDRESS, random: "r" }
}

#[test]
fn every_preset_by_name_is_whole() {
    let words: Vec<&str> = Preset::all().map(|preset| preset.word).collect();
    assert!(words.iter().all(|word| Preset::find(word).is_some_and(|preset| preset.word == *word)));
    assert!(Preset::find("none").is_none());
    for preset in Preset::all().filter(|preset| matches!(preset.kind, Kind::Named(_))) {
        for address in [ADDRESS, "https://app.example.org/", " https://app.example.org/sub/path// "] {
            let client = made(preset, address).unwrap();
            assert!(client.check("id.example.org", []).is_ok(), "{}", preset.word);
            let root = address.trim().trim_end_matches('/');
            assert!(
                client.redirect_uris.iter().all(|uri| uri.as_str().starts_with(root)),
                "{:?}",
                client.redirect_uris
            );
        }
        let Lines { text, .. } = preset.lines(told()).unwrap();
        // What is filled in is not filled in once more.
        assert!(text.contains("s3cr{id}t") && text.contains("app") && text.contains("https://id.example.org/auth"));
        let text = text.replace("s3cr{id}t", "");
        for mark in ["{issuer}", "{id}", "{secret}", "{address}", "{random}"] {
            assert!(!text.contains(mark), "{}: {mark}", preset.word);
        }
        assert!(text.ends_with('\n') && text.lines().all(|line| line.len() <= 120), "{}", preset.word);
        // What an application returns to is registered.
        let said = text.split(['"', ' ', '\n']).filter(|word| word.contains("callback"));
        let registered = made(preset, ADDRESS).unwrap().redirect_uris;
        assert!(said.into_iter().all(|uri| registered.iter().any(|known| known.as_str() == uri)), "{}", preset.word);
    }
}

#[test]
fn an_address_can_stand_in_any_file() {
    let grafana = Preset::find("grafana").unwrap();
    for (text, error) in [
        ("", RedirectError::Scheme),
        ("app.example.org", RedirectError::Scheme),
        ("http://app.example.org", RedirectError::PlainHttp),
        ("org.example.app:/", RedirectError::Scheme),
        ("https://App.example.org", RedirectError::Host),
        ("https://app.example.org/'$(id)'", RedirectError::Character('\'')),
        ("https://app.example.org/\nx", RedirectError::Character('\n')),
        ("https://app.example.org?x", RedirectError::Character('?')),
    ] {
        assert_eq!(made(grafana, text).unwrap_err(), error, "{text}");
    }
}

#[test]
fn lines_are_filled_in_once() {
    assert_eq!(fill("{id} { {unknown} {secret}", told()), "app { {unknown} s3cr{id}t");
}
