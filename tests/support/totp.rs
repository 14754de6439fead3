//! One-time codes from `oathtool`, so that no code of ours judges itself.

use std::fs::File;
use std::io::Read;

use data_encoding::BASE32_NOPAD;

use super::run;

/// A new secret of 160 bits, in base32 as authenticator apps take it.
pub(crate) fn new_secret() -> String {
    let mut bytes = [0; 20];
    File::open("/dev/urandom").unwrap().read_exact(&mut bytes).unwrap();
    BASE32_NOPAD.encode(&bytes)
}

/// The code of the present step.
pub(crate) fn code(secret: &str) -> String {
    codes_from(secret, "now", 0).remove(0)
}

/// A code that no step near the present one has.
pub(crate) fn wrong_code(secret: &str) -> String {
    let near = codes_from(secret, "5 minutes ago", 20);
    (0..1_000_000).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap()
}

/// The codes of the step at `time` (as `date -d` takes it) and of the steps after it.
pub(crate) fn codes_from(secret: &str, time: &str, further: u32) -> Vec<String> {
    let further = further.to_string();
    // The secret goes through standard input: arguments can be seen by everybody.
    run("oathtool", &["--totp", "--base32", "--window", &further, "--now", time, "-"], secret)
        .lines()
        .map(str::to_owned)
        .collect()
}
