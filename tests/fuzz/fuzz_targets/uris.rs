//! `otpauth` URIs, and among them exports of Google Authenticator: what is taken over is read the same from an URI made of
//! it.

#![no_main]

use idp_server::import::{Entry, line_of, uris};
use libfuzzer_sys::fuzz_target;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

fuzz_target!(|text: &str| {
    let found = uris::read(text);
    assert!(found.is_sorted_by_key(line_of));
    assert!(found.last().is_none_or(|last| line_of(last) <= text.lines().count()));
    // What is out of bounds is judged later, and may be longer than an URI can be.
    for entry in found.into_iter().flatten().filter(|entry| entry.totp.check().is_ok()) {
        let again = uris::read(&uri_of(&entry)).pop().expect("an URI").expect("it was one before");
        assert_eq!(*again.totp.secret, *entry.totp.secret);
        assert_eq!(format!("{:?}", again.totp), format!("{:?}", entry.totp));
        assert_eq!((again.owner, again.label), (entry.owner, entry.label));
    }
});

fn uri_of(entry: &Entry) -> String {
    let encoded =
        |text: &Option<String>| utf8_percent_encode(text.as_deref().unwrap_or_default(), NON_ALPHANUMERIC).to_string();
    let totp = &entry.totp;
    format!(
        // The colon: what comes behind it is the owner, with all colons of its own.
        "otpauth://totp/:{}?secret={}&algorithm={}&digits={}&period={}&issuer={}",
        encoded(&entry.owner),
        totp.base32().expose(),
        totp.algorithm.as_str(),
        totp.digits,
        totp.period,
        encoded(&entry.label)
    )
}
