//! Redirect URIs: what is registered is safe to send a browser to, and what is taken for it leads to the same place. The
//! input is two addresses in two lines.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twolatch_core::client::RedirectUri;
use url::Url;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (registered, asked) = text.split_once('\n').unwrap_or((text, text));
    let Ok(uri) = registered.parse::<RedirectUri>() else { return };
    assert_eq!(uri.as_str(), registered, "never rewritten");
    assert!(uri.accepts(registered));
    let own = match Url::parse(registered) {
        Ok(own) => own,
        // A name that only looks like an encoded one leads nowhere.
        Err(url::ParseError::IdnaError) => return,
        Err(error) => panic!("browsers read what is registered: {error}"),
    };
    assert!(!["javascript", "data", "file", "blob", "about", "vbscript"].contains(&own.scheme()));
    assert!(own.username().is_empty() && own.password().is_none() && own.fragment().is_none());
    if own.scheme() == "http" {
        assert!(["localhost", "127.0.0.1", "[::1]"].contains(&own.host_str().unwrap()));
    }
    if ["http", "https"].contains(&own.scheme()) {
        assert_eq!(Url::parse(RedirectUri::origin(registered)).unwrap().origin(), own.origin());
    }
    if uri.accepts(asked) && asked != registered {
        let other = Url::parse(asked).expect("so is what is taken for it");
        assert_eq!((other.scheme(), own.scheme()), ("http", "http"));
        assert_eq!((other.host_str(), other.path(), other.query()), (own.host_str(), own.path(), own.query()));
        assert!(["127.0.0.1", "[::1]"].contains(&other.host_str().unwrap()));
    }
});
