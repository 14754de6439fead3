use super::*;
use crate::crypto::SystemEntropy;

fn rfc6238(algorithm: Algorithm) -> Totp {
    let seed: &[u8] = b"1234567890123456789012345678901234567890123456789012345678901234";
    let length = match algorithm {
        Algorithm::Sha1 => 20,
        Algorithm::Sha256 => 32,
        Algorithm::Sha512 => 64,
    };
    Totp { secret: Zeroizing::new(seed[..length].to_vec()), algorithm, digits: 8, period: 30, drift: 0 }
}

fn code(totp: &Totp, step: i64) -> Secret {
    totp.code_of(step).unwrap()
}

#[test]
fn otp1_the_vectors_of_rfc_6238_appendix_b() {
    let table = [
        (59, "94287082", "46119246", "90693936"),
        (1_111_111_109, "07081804", "68084774", "25091201"),
        (1_111_111_111, "14050471", "67062674", "99943326"),
        (1_234_567_890, "89005924", "91819424", "93441116"),
        (2_000_000_000, "69279037", "90698825", "38618901"),
        (20_000_000_000, "65353130", "77737706", "47863826"),
    ];
    for (time, sha1, sha256, sha512) in table {
        for (algorithm, expected) in [(Algorithm::Sha1, sha1), (Algorithm::Sha256, sha256), (Algorithm::Sha512, sha512)]
        {
            assert_eq!(code(&rfc6238(algorithm), time / 30).expose(), expected, "{time} {algorithm:?}");
        }
    }
}

#[test]
fn otp1_the_vectors_of_rfc_4226_appendix_d() {
    let expected = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
    let totp = Totp { digits: 6, ..rfc6238(Algorithm::Sha1) };
    for (counter, expected) in (0..).zip(expected) {
        assert_eq!(code(&totp, counter).expose(), expected, "{counter}");
    }
}

#[test]
fn p10_otp4_the_window_is_this_step_and_the_one_before() {
    let totp = Totp { digits: 6, ..rfc6238(Algorithm::Sha1) };
    for second in [0, 1, 29] {
        let now = Timestamp::from_unix(1_700_000_010 + second);
        let t = totp.step_at(now);
        for (offset, accepted) in [(-3, false), (-2, false), (-1, true), (0, true), (1, false), (2, false), (3, false)]
        {
            let found = totp.matching_step(&code(&totp, t + offset), now);
            assert_eq!(found, accepted.then_some(t + offset), "{offset} at second {second}");
        }
    }
}

#[test]
fn otp4_with_a_learned_drift_the_window_moves_and_has_three_steps() {
    for drift in [-2, -1, 1, 2] {
        let totp = Totp { digits: 6, drift, ..rfc6238(Algorithm::Sha1) };
        let now = Timestamp::from_unix(1_700_000_010);
        let t = totp.step_at(now);
        let accepted: Vec<i64> =
            (-5..=5).filter(|offset| totp.matching_step(&code(&totp, t + offset), now).is_some()).collect();
        assert_eq!(accepted, vec![drift - 1, drift, drift + 1]);
    }
}

#[test]
fn setup_wants_two_codes_that_follow_each_other() {
    let totp = Totp { digits: 6, ..rfc6238(Algorithm::Sha1) };
    let now = Timestamp::from_unix(1_700_000_010);
    let t = totp.step_at(now);
    assert_eq!(totp.first_step(&code(&totp, t + 2), now), Some(t + 2));
    assert_eq!(totp.first_step(&code(&totp, t + 3), now), None);
    assert!(totp.is_next(&code(&totp, t + 1), t));
    for wrong in [t - 1, t, t + 2] {
        assert!(!totp.is_next(&code(&totp, wrong), t), "{wrong}");
    }
    assert_eq!([learned_drift(0, 1), learned_drift(2, 1), learned_drift(-1, 0), learned_drift(-2, -2)], [0, 1, 0, -2]);
}

#[test]
fn otp2_otp3_what_is_no_authenticator() {
    let parse = |text: &str, digits, period| {
        Totp::from_base32(&Secret::new(text.to_owned()), Algorithm::Sha1, digits, period).map(|_| ())
    };
    let good = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    assert_eq!(parse(good, 6, 30), Ok(()));
    assert_eq!(parse("jbsw y3dp-ehpk3pxpjbswy3dpehpk3pxp==", 6, 30), Ok(()));
    assert_eq!(parse("JBSWY3DPEHPK3PXP", 6, 30), Err(TotpError::Short), "80 bits");
    assert_eq!(parse("not base32 !", 6, 30), Err(TotpError::Base32));
    assert_eq!(parse(good, 7, 30), Err(TotpError::Digits));
    assert_eq!(parse(good, 6, 300), Err(TotpError::Period));
}

#[test]
fn otp2_a_secret_of_another_program_has_bounds() {
    let with = |length| Totp { secret: Zeroizing::new(vec![7; length]), ..rfc6238(Algorithm::Sha1) }.check();
    assert_eq!(with(9), Err(TotpError::Hopeless(72)));
    assert_eq!((with(10), with(640)), (Ok(()), Ok(())));
    assert_eq!(with(641), Err(TotpError::Long));
}

#[test]
fn a_new_secret_has_160_bits_and_its_uri_says_so() {
    let totp = Totp::random(&SystemEntropy::new()).unwrap();
    assert_eq!(totp.secret.len(), 20);
    let uri = totp.uri("Example: Org", "alice");
    assert!(uri.expose().starts_with("otpauth://totp/Example%20%20Org:alice?secret="), "{}", uri.expose());
    assert!(uri.expose().contains(totp.base32().expose()));
    assert_eq!(format!("{totp:?}"), "Totp(SHA1, 6 digits, 30 s, drift 0)");
}

#[test]
fn otp2_ten_thousand_seeds_have_160_bits_never_repeat_and_are_even() {
    const SEEDS: usize = 10_000;
    /// Of 200,000 bytes.
    const EXPECTED: f64 = 781.25;
    let mut seen = std::collections::HashSet::with_capacity(SEEDS);
    let mut counts = [0_u32; 256];
    for _ in 0..SEEDS {
        let seed = Totp::random(&SystemEntropy::new()).unwrap().secret.to_vec();
        assert_eq!(seed.len(), 20);
        for byte in &seed {
            counts[usize::from(*byte)] += 1;
        }
        assert!(seen.insert(seed), "a seed came twice");
    }
    // Chi squared with 255 degrees of freedom has mean 255 and deviation 22.6: six of them either way are one run in
    // millions.
    let chi: f64 = counts.iter().map(|count| (f64::from(*count) - EXPECTED).powi(2) / EXPECTED).sum();
    assert!((120.0..400.0).contains(&chi), "{chi}");
}
