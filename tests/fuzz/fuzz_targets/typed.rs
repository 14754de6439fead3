//! What a person types: codes, words, recovery codes, password and code in one line; names, addresses, networks, keys,
//! dates. What has a meaning has one form, and that form means the same.

#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use idp_server::{date, people_file};
use libfuzzer_sys::fuzz_target;
use pam_twolatch::forward;
use twolatch_core::crockford;
use twolatch_core::policy::{Fingerprint, Level, Network};
use twolatch_core::typed::{MAX_TYPED, Typed, Word, parse};
use twolatch_core::user::{Email, GroupName, Role, UserName};

fuzz_target!(|line: &[u8]| {
    line_at_a_prompt(line);
    line_of_both(line);
    let Ok(text) = std::str::from_utf8(line) else { return };
    if let Some(read) = crockford::read(text) {
        let again = crockford::read(read.expose()).expect("it was one before");
        assert_eq!(again.expose(), read.expose());
        let (body, _) = read.expose().split_at(read.expose().len() - 1);
        assert_eq!(crockford::with_check(body).unwrap().expose(), read.expose());
    }
    same::<UserName>(text);
    same::<GroupName>(text);
    same::<Role>(text);
    same::<Level>(text);
    same::<Network>(text);
    same::<Fingerprint>(text);
    if let Ok(email) = text.parse::<Email>() {
        assert_eq!(email.as_str(), text);
        assert!(text.is_ascii() && text.len() <= 254 && !text.contains(char::is_whitespace));
        assert!(text.parse::<UserName>().is_err(), "a user name cannot be an address");
    }
    if let Ok(groups) = people_file::groups(text) {
        let names: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
        assert_eq!(people_file::groups(&names.join(";")).ok(), Some(groups.clone()));
    }
    let _ = date::read(text);
    let _ = Fingerprint::of_accepted(text);
});

fn line_at_a_prompt(line: &[u8]) {
    let again = |text: &str| match parse(text.as_bytes()) {
        Typed::Code(again) | Typed::Recovery(again) => assert_eq!(again.expose(), text),
        other => panic!("{text} is {other:?}"),
    };
    let typed = parse(line);
    assert!(line.len() <= MAX_TYPED || matches!(typed, Typed::Malformed | Typed::Junk), "more is never looked at");
    match typed {
        Typed::Empty => assert!(line.iter().all(|byte| b" \r".contains(byte))),
        Typed::Code(code) => {
            assert!([6, 8].contains(&code.expose().len()) && code.expose().bytes().all(|byte| byte.is_ascii_digit()));
            again(code.expose());
        }
        Typed::Recovery(code) => {
            assert!([18, 33].contains(&code.expose().len()));
            again(code.expose());
        }
        Typed::Word(word) => assert!(Word::ALL.contains(&word) && line.len() >= word.as_str().len()),
        Typed::Junk => assert_eq!(line.first(), Some(&8)),
        Typed::Malformed => {}
    }
}

/// Nothing of it gets lost, and nothing is added.
fn line_of_both(line: &[u8]) {
    let Some((password, code)) = forward::split(line) else { return };
    let password = password.as_c_str().expect("a password");
    assert!(!password.is_empty());
    let both = [password.to_bytes(), code.expose().as_bytes()].concat();
    assert_eq!(both, line.strip_suffix(b"\r").unwrap_or(line));
}

/// What is read is written so that it is read the same.
fn same<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let written = value.to_string();
        assert!(written.parse::<T>().is_ok_and(|again| again == value), "{text:?} is written as {written:?}");
    }
}
