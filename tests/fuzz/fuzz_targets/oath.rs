//! The users file of `pam_oath`: a line says one thing at most, and what is taken over is read the same from a line made of
//! it.

#![no_main]

use data_encoding::HEXLOWER;
use idp_server::import::{line_of, oath};
use libfuzzer_sys::fuzz_target;
use twolatch_core::time::Timestamp;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_010);

fuzz_target!(|text: &str| {
    let found = oath::read(text, NOW);
    assert!(found.iter().map(line_of).is_sorted_by(|one, next| one < next), "a line says more than one thing");
    assert!(found.last().is_none_or(|last| line_of(last) <= text.lines().count()));
    for entry in found.into_iter().flatten() {
        let (totp, owner) = (&entry.totp, entry.owner.as_deref().expect("a line names somebody"));
        assert!([30, 60].contains(&totp.period) && (6..=8).contains(&totp.digits), "{totp:?}");
        let secret = HEXLOWER.encode(&totp.secret);
        assert!(secret.len() < 26 || owner.contains(&secret) || !format!("{entry:?}").contains(&secret));
        // A line that begins with a hash is a comment, whatever comes then.
        let line = format!("HOTP/T{}/{} {owner} - {secret}\n", totp.period, totp.digits);
        let again = oath::read(&line, NOW).pop().expect("a line").expect("it was one before");
        assert_eq!(*again.totp.secret, *totp.secret);
        assert_eq!(format!("{:?}", again.totp), format!("{totp:?}"));
        assert_eq!(again.owner.as_deref(), Some(owner));
    }
});
