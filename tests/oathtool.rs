//! OTP-1: our codes against those of another implementation, over 10,000 random seeds and times.

use twolatch_core::crypto::{Entropy, SystemEntropy};
use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::secret::Secret;

use crate::support::{run, skip};

/// Codes that one call prints.
const EACH: i64 = 100;

#[test]
fn otp1_ten_thousand_random_codes_are_those_of_oathtool() {
    if std::process::Command::new("oathtool").arg("--version").output().is_err() {
        return skip("no oathtool: codes are not compared with another implementation");
    }
    let random = |bytes: &mut [u8]| SystemEntropy::new().fill(bytes).unwrap();
    let parameters = [
        (Algorithm::Sha1, "sha1", 6, 30),
        (Algorithm::Sha1, "sha1", 8, 60),
        (Algorithm::Sha256, "sha256", 6, 30),
        (Algorithm::Sha512, "sha512", 8, 30),
    ];
    for (algorithm, name, digits, period) in parameters.into_iter().cycle().take(100) {
        let (mut seed, mut time) = ([0; 20], [0; 4]);
        random(&mut seed);
        random(&mut time);
        let (seed, time) = (data_encoding::BASE32_NOPAD.encode(&seed), i64::from(u32::from_be_bytes(time)));
        let totp = Totp::from_base32(&Secret::new(seed.clone()), algorithm, digits, period).unwrap();
        let (window, now) = ((EACH - 1).to_string(), format!("@{time}"));
        let (digits, step) = (digits.to_string(), format!("{period}s"));
        let kind = format!("--totp={name}");
        let printed = run("oathtool", &[&kind, "-b", "-d", &digits, "-s", &step, "-N", &now, "-w", &window, &seed], "");
        let first = time / i64::from(period);
        let ours: Vec<String> =
            (first..first + EACH).map(|step| totp.code_of(step).unwrap().expose().to_owned()).collect();
        assert_eq!(printed.lines().collect::<Vec<_>>(), ours, "{name} {digits} {step} {seed} {time}");
    }
}
