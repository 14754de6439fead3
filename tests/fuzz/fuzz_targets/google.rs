//! The file of google-authenticator: what is taken over is within bounds, and is read the same from a file made of it.

#![no_main]

use std::fmt::Write;

use idp_server::import::{Entry, google};
use libfuzzer_sys::fuzz_target;
use twolatch_core::time::Timestamp;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_010);

fuzz_target!(|text: &str| {
    // No sentence of ours, which the fuzzer comes upon in time, has a word as long as a secret.
    let is_long = |line: &&str| line.len() >= 26 && line.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let secret = text.lines().next().map(str::trim).filter(is_long).unwrap_or("\0");
    match google::read(text, NOW) {
        Ok(entry) => {
            assert_eq!(entry.totp.check(), Ok(()));
            assert!(!format!("{entry:?}").contains(secret), "a secret is shown");
            let again = google::read(&file_of(&entry), NOW).expect("it was one before");
            assert_eq!(*again.totp.secret, *entry.totp.secret);
            assert_eq!(format!("{:?}", again.totp), format!("{:?}", entry.totp));
            assert_eq!(again.last_step, entry.last_step);
            let scratch = |entry: &Entry| entry.scratch.iter().map(|code| code.expose().to_owned()).collect::<Vec<_>>();
            assert_eq!(scratch(&again), scratch(&entry));
        }
        Err(fault) => assert!(!fault.text.contains(secret), "a secret is shown"),
    }
});

fn file_of(entry: &Entry) -> String {
    let mut text = format!("{}\n\" TOTP_AUTH\n", entry.totp.base32().expose());
    writeln!(text, "\" STEP_SIZE {}\n\" TIME_SKEW {}", entry.totp.period, entry.totp.drift).unwrap();
    writeln!(text, "\" DISALLOW_REUSE {}", entry.last_step).unwrap();
    for code in &entry.scratch {
        writeln!(text, "{}", code.expose()).unwrap();
    }
    text
}
