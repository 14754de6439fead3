use super::*;

#[test]
fn the_example_of_rfc_7636_appendix_b() {
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    assert_eq!(challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), challenge);
    assert!(is_challenge(challenge));
}

#[test]
fn o11_o12_lengths_and_alphabets() {
    for bad in ["", "x", &"a".repeat(42), &"a".repeat(129), &format!("{}+", "a".repeat(43)), &"ä".repeat(43)] {
        assert!(!is_challenge(&challenge_of(bad)), "{bad}");
        assert!(!is_challenge(bad), "{bad}");
    }
    for good in [&"a".repeat(43), &"~._-".repeat(32)] {
        assert!(is_challenge(&challenge_of(good)), "{good}");
    }
    assert!(!is_challenge(&"+".repeat(43)));
    assert!(!is_challenge(&"=".repeat(43)));
}
