use std::fmt::Write as _;

use proptest::prelude::*;
use twolatch_core::time::Timestamp;

use super::{Found, google, migration, oath, table, uris};

/// In the second step of 1970, whose codes RFC 6238 prints.
const NOW: Timestamp = Timestamp::from_unix(59);

/// What the golden files have as secrets, in every form: none of it may be shown.
const SECRETS: [&str; 5] = ["GEZDGNBV", "31323334", "10000001", "94287082", "Hello"];

/// All that was read, without what is secret: the code of a moment stands for the secret.
fn shown(found: &[Found]) -> String {
    let mut shown = String::new();
    for one in found {
        match one {
            Ok(entry) => {
                let totp = &entry.totp;
                let bits = totp.secret.len() * 8;
                writeln!(shown, "{}: {:?} {:?}: {totp:?}, {bits} bits", entry.line, entry.owner, entry.label).unwrap();
                if totp.check().is_ok() {
                    writeln!(shown, "    shows {} at 59 s", totp.code_of(totp.step_at(NOW)).unwrap().expose()).unwrap();
                }
                if entry.last_step != 0 || !entry.scratch.is_empty() {
                    let scratch = entry.scratch.len();
                    writeln!(shown, "    used up to step {}, {scratch} scratch codes", entry.last_step).unwrap();
                }
                for note in &entry.notes {
                    writeln!(shown, "    {note}").unwrap();
                }
            }
            Err(fault) => writeln!(shown, "{}: {:?} NOT: {}", fault.line, fault.owner, fault.text).unwrap(),
        }
    }
    shown
}

#[test]
fn golden_files_are_read_as_they_always_were() {
    let google_files = [
        ("full", include_str!("golden/google_full")),
        ("plain", include_str!("golden/google_plain")),
        ("hotp", include_str!("golden/google_hotp")),
        ("neither", include_str!("golden/google_neither")),
        ("old_and_odd", include_str!("golden/google_old_and_odd")),
        ("step_10", include_str!("golden/google_step_10")),
        ("far_clock", include_str!("golden/google_far_clock")),
        ("future", include_str!("golden/google_future")),
        ("bad_number", include_str!("golden/google_bad_number")),
        ("none", include_str!("golden/google_none")),
        ("empty", ""),
    ];
    let mut of_google = String::new();
    for (name, text) in google_files {
        writeln!(of_google, "{name}\n{}", shown(&[google::read(text, NOW)])).unwrap();
    }
    let all = [
        ("google", of_google),
        ("oath", shown(&oath::read(include_str!("golden/users.oath"), NOW))),
        ("uris", shown(&uris::read(include_str!("golden/uris.txt")))),
        ("table", shown(&table::read(include_str!("golden/table.csv")))),
    ];
    for (name, shown) in all {
        for line in shown.lines().filter(|line| !line.contains("shows")) {
            assert!(!SECRETS.iter().any(|secret| line.to_uppercase().contains(&secret.to_uppercase())), "{line}");
        }
        insta::assert_snapshot!(name, shown);
    }
}

#[test]
fn a_table_that_does_not_begin_with_its_columns_shows_nothing_of_it() {
    for text in ["alice,GEZDGNBVGY3TQOJQ\n", "name,name,secret\n", "name\nalice\n", "secret\nAA\n", "name,secret\n\"a"]
    {
        let found = shown(&table::read(text));
        assert!(found.contains("NOT") && !found.contains("GEZD"), "{found}");
    }
    assert!(table::read("").is_empty());
}

#[test]
fn numbers_of_an_export_that_make_no_sense_are_refused() {
    for bytes in [
        &[0xff; 11][..],                    // a number without an end
        &[0x0a, 0x7f],                      // longer than what follows
        &[0x0b],                            // a group
        &[0x0d, 1, 2],                      // four bytes, of which two are there
        &[0x0a, 0x00, 0x18, 0xff, 0x7f],    // 16383 parts
        &[0x0a, 0x00, 0x18, 0x01, 0x20, 1], // the second of one
        &[],
    ] {
        assert!(migration::read(&data_encoding::BASE64.encode(bytes)).is_none(), "{bytes:?}");
    }
}

#[test]
fn an_export_and_an_uri_name_an_issuer_alike() {
    let account = [
        &[0x0a, 16][..],
        b"a secret of 16 B",
        &[0x12, 5],
        b"alice",
        &[0x1a, 9],
        b" Example ",
        &[0x20, 1, 0x28, 1, 0x30, 2], // SHA-1, 6 digits, TOTP
    ]
    .concat();
    let export = [&[0x0a, u8::try_from(account.len()).unwrap()][..], &account, &[0x18, 1]].concat();
    let data = data_encoding::BASE64URL.encode(&export);
    let uri = format!(
        "otpauth://totp/alice?issuer=%20Example%20&secret={}",
        data_encoding::BASE32.encode(b"a secret of 16 B")
    );
    for text in [format!("otpauth-migration://offline?data={data}"), uri.trim_end_matches('=').to_owned()] {
        let found: Vec<_> = uris::read(&text).into_iter().map(|one| one.expect("an account").label).collect();
        assert_eq!(found, [Some("Example".to_owned())], "{text}");
    }
}

/// Lines such as these files have, and such as they never have.
fn lines() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("HOTP/T30/6".to_owned()),
        Just("\" TIME_SKEW ".to_owned()),
        Just("\" STEP_SIZE ".to_owned()),
        Just("\" DISALLOW_REUSE ".to_owned()),
        Just("\" TOTP_AUTH\n".to_owned()),
        Just("otpauth://totp/".to_owned()),
        Just("?secret=".to_owned()),
        Just("&period=".to_owned()),
        Just("&digits=".to_owned()),
        Just("otpauth-migration://offline?data=".to_owned()),
        Just("GEZDGNBVGY3TQOJQGEZDGNBVGY".to_owned()),
        Just("name,secret\n".to_owned()),
        Just("\n".to_owned()),
        Just("9223372036854775807".to_owned()),
        Just("-9223372036854775808".to_owned()),
        any::<String>(),
        "[0-9]{1,12}",
        "[ \t,%&=:/\"-]{1,3}",
    ];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

/// Whatever stands in a file, it is read to its end, and all that is found can be judged.
fn can_be_judged(found: &[Found]) {
    for entry in found.iter().flatten() {
        if entry.totp.check().is_ok() {
            let _ = entry.totp.code_of(entry.totp.step_at(NOW) + entry.totp.drift);
        }
    }
}

proptest! {
    #[test]
    fn no_text_stops_any_reader(text in lines()) {
        can_be_judged(&[google::read(&text, NOW)]);
        can_be_judged(&oath::read(&text, NOW));
        can_be_judged(&uris::read(&text));
        can_be_judged(&table::read(&text));
    }

    #[test]
    fn no_bytes_stop_the_reader_of_exports(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = migration::read(&data_encoding::BASE64.encode(&bytes));
    }

    #[test]
    fn a_file_that_was_cut_or_changed_stops_no_reader(at in 0_usize..900, byte in any::<u8>()) {
        for text in [include_str!("golden/uris.txt"), include_str!("golden/users.oath"), include_str!("golden/google_full")] {
            let mut bytes = text.as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            for some in [&bytes[..], &bytes[..at]] {
                let text = String::from_utf8_lossy(some);
                can_be_judged(&[google::read(&text, NOW)]);
                can_be_judged(&oath::read(&text, NOW));
                can_be_judged(&uris::read(&text));
            }
        }
    }

    #[test]
    fn every_secret_is_read_back(secret in proptest::collection::vec(any::<u8>(), 10..64)) {
        let base32 = data_encoding::BASE32_NOPAD.encode(&secret);
        let hex = data_encoding::HEXUPPER.encode(&secret);
        let of = |found: Found| found.unwrap().totp.secret.to_vec();
        prop_assert_eq!(&of(google::read(&format!("{base32}\n\" TOTP_AUTH\n"), NOW)), &secret);
        prop_assert_eq!(&of(oath::read(&format!("HOTP/T30 alice - {hex}"), NOW).remove(0)), &secret);
        let uri = format!("otpauth://totp/a?secret={}", base32.to_lowercase());
        prop_assert_eq!(&of(uris::read(&uri).remove(0)), &secret);
        prop_assert_eq!(&of(table::read(&format!("secret,name\n{base32}==,a\n")).remove(0)), &secret);
    }
}
