use proptest::prelude::*;

use super::{Typed, Word, parse};

fn code(line: &[u8]) -> Option<String> {
    match parse(line) {
        Typed::Code(secret) => Some(secret.expose().to_owned()),
        _ => None,
    }
}

#[test]
fn p03_blanks_hyphens_and_one_cr_are_dropped() {
    for line in ["123456", "123 456", " 123456 ", "123-456", "123456\r"] {
        assert_eq!(code(line.as_bytes()).as_deref(), Some("123456"), "{line:?}");
    }
    assert_eq!(code(b"1234 5678").as_deref(), Some("12345678"));
    assert!(matches!(parse(b"123456\r\r"), Typed::Malformed));
}

#[test]
fn p01_p02_empty_is_told_from_malformed() {
    for line in ["", " ", "   ", "\r"] {
        assert!(matches!(parse(line.as_bytes()), Typed::Empty), "{line:?}");
    }
    for line in ["\t", "\u{a0}", "-"] {
        assert!(matches!(parse(line.as_bytes()), Typed::Malformed), "{line:?}");
    }
}

#[test]
fn p04_p06_p08_only_six_or_eight_ascii_digits_are_a_code() {
    let bad = [
        "12345",
        "1234567",
        "123456789",
        "１２３４５６",
        "١٢٣٤٥٦",
        "१२३४५६",
        "¹²³⁴⁵⁶",
        "+12345",
        "0x1E240",
        "1e5",
        "12345.",
        "１２345 6",
        "123",
        "abcdef",
        "123\x00456",
    ];
    for line in bad {
        assert!(matches!(parse(line.as_bytes()), Typed::Malformed), "{line:?}");
    }
    assert_eq!(code(b"000123").as_deref(), Some("000123"));
}

#[test]
fn p05_long_input_is_malformed() {
    assert!(matches!(parse(&b"1 ".repeat(6)), Typed::Code(_)));
    for length in [129, 512, 10_000_000] {
        assert!(matches!(parse(&vec![b'1'; length]), Typed::Malformed));
    }
    let mut padded = vec![b' '; 122];
    padded.extend_from_slice(b"123456");
    assert!(matches!(parse(&padded), Typed::Code(_)), "128 bytes are read");
}

#[test]
fn p19_the_stand_in_of_sshd_is_recognised_at_any_length() {
    let junk = b"\x08\n\r\x7fINCORRECT\x08\n\r\x7fINCORRECT";
    for length in 4..junk.len() {
        assert!(matches!(parse(&junk[..length]), Typed::Junk), "{length}");
    }
}

proptest! {
    #[test]
    fn never_panics_and_only_digits_come_out(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(digits) = code(&line) {
            prop_assert!(digits.len() == 6 || digits.len() == 8);
            prop_assert!(digits.bytes().all(|b| b.is_ascii_digit()));
        }
    }
}

#[test]
fn p35_recovery_codes_and_words_are_told_from_junk() {
    let code = crate::crockford::with_check("3ABCDEFGHJKMNPQRS").or(crate::crockford::with_check("3ABCDEFGHJKMNPQRT"));
    let code = code.unwrap();
    let (first, rest) = code.expose().split_at(6);
    let typed = format!("{first}-{}", rest.to_lowercase());
    assert!(matches!(parse(typed.as_bytes()), Typed::Recovery(read) if read.expose() == code.expose()));
    let wrong = typed.replacen('b', "c", 1).replacen('B', "C", 1);
    assert!(matches!(parse(wrong.as_bytes()), Typed::Malformed), "the check character tells");
    for word in Word::ALL {
        let typed = format!(" {} ", word.as_str().to_uppercase());
        assert!(matches!(parse(typed.as_bytes()), Typed::Word(read) if read == word), "{word:?}");
    }
    for junk in ["others", "re send", "later123456"] {
        assert!(matches!(parse(junk.as_bytes()), Typed::Malformed), "{junk}");
    }
}
