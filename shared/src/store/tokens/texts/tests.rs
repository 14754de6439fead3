use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;

use super::{COMMON, TOGETHER, Texts, token_key};
use crate::crypto::{SystemEntropy, token_hash};

fn many() -> Vec<String> {
    let texts = Texts::default();
    (0..usize::from(TOGETHER) * 3).map(|_| texts.next(&SystemEntropy::new()).unwrap()).collect()
}

fn signed(jti: &str) -> String {
    format!("e30.{}.c2ln", BASE64URL_NOPAD.encode(format!(r#"{{"iss":"x","jti":"{jti}","sub":"y"}}"#).as_bytes()))
}

#[test]
fn a_few_stand_beside_each_other_and_no_two_are_alike() {
    let texts = many();
    assert_eq!(texts.iter().map(|text| text.split_at(COMMON).0).collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(texts.iter().map(|text| text.split_at(COMMON).1).collect::<BTreeSet<_>>().len(), texts.len());
    assert!(texts.iter().all(|text| text.len() == COMMON + 52), "256 bits are each one's own");
}

#[test]
fn a_signed_one_stands_where_its_jti_does() {
    let texts = many();
    for text in &texts {
        assert_eq!(token_key(text).split_at(COMMON).0, text.split_at(COMMON).0);
        assert_eq!(token_key(&signed(text)).split_at(COMMON).0, text.split_at(COMMON).0);
        assert_ne!(token_key(&signed(text)), token_key(text), "the key is of the whole text");
    }
}

#[test]
fn what_is_no_token_has_a_key_that_any_database_takes() {
    for text in
        ["", "short", "a\0b456789", "ünïcödé-and-more", "a.b.c", "..", &signed("a\\u0000b45678"), &signed("short")]
    {
        assert_eq!(token_key(text), token_hash(text), "{text}");
    }
}

proptest! {
    #[test]
    fn no_two_texts_have_one_key(one in ".{0,40}", other in ".{0,40}") {
        prop_assert_eq!(one == other, token_key(&one) == token_key(&other));
        prop_assert!(token_key(&one).is_ascii());
    }
}
