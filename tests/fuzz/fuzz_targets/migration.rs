//! The message in an export of Google Authenticator, without the base 64 around it, which no mutation would get right: its
//! numbers are within bounds, and nothing of it is larger than what it came from.

#![no_main]

use data_encoding::BASE64URL_NOPAD;
use idp_server::import::{migration, uris};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let data = BASE64URL_NOPAD.encode(bytes);
    let found = uris::read(&format!("otpauth-migration://offline?data={data}\n"));
    let Some((part, accounts)) = migration::read(&data) else {
        assert!(matches!(found.as_slice(), [Err(_)]), "{found:?}");
        return;
    };
    assert!(part.number < part.of && part.of <= 100, "{part:?}");
    assert!(!accounts.is_empty() && accounts.len() <= bytes.len());
    let names = |name: &str| name.len() <= bytes.len();
    for account in &accounts {
        assert!(account.as_ref().map_or_else(|refused| names(&refused.name), |account| names(&account.name)));
    }
    // All accounts, and a line for each part that is not there.
    let missing = usize::try_from(part.of).unwrap() - 1;
    assert_eq!(found.len(), accounts.len() + missing);
    assert_eq!(found.iter().flatten().count(), accounts.iter().flatten().count());
});
