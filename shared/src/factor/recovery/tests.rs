use std::collections::BTreeSet;

use super::*;
use crate::crypto::SystemEntropy;

#[test]
fn rec1_a_set_has_ten_numbered_codes_of_eighty_bits() {
    let entropy = SystemEntropy::new();
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let codes = new_codes(&entropy).unwrap();
        for (number, code) in (0_u8..).zip(&codes) {
            assert_eq!(code.expose().len(), CODE_LENGTH);
            assert_eq!(Form::of(code), Some(Form::Code(number)));
            assert_eq!(crockford::read(grouped(code).expose()).unwrap().expose(), code.expose());
            assert!(seen.insert(code.expose().chars().skip(1).collect::<String>()), "one came twice");
        }
        assert_eq!(codes.len(), 10);
    }
}

#[test]
fn rec1_the_key_has_160_bits() {
    let key = new_key(&SystemEntropy::new()).unwrap();
    assert_eq!((key.expose().len(), Form::of(&key)), (KEY_LENGTH, Some(Form::Key)));
    assert_eq!(grouped(&key).expose().len(), KEY_LENGTH + 5);
    assert_eq!(crockford::read(&grouped(&key).expose().to_lowercase()).unwrap().expose(), key.expose());
}
