use proptest::prelude::*;
use twolatch_core::secret::Secret;

use super::{Forwarded, Kept, split};

fn halves(line: &[u8]) -> Option<(Vec<u8>, String)> {
    let (password, code) = split(line)?;
    Some((password.as_c_str().unwrap().to_bytes().to_vec(), code.expose().to_owned()))
}

#[test]
fn the_last_six_digits_are_the_code() {
    assert_eq!(halves(b"pw123456"), Some((b"pw".to_vec(), "123456".into())));
    assert_eq!(halves(b"pw12345678"), Some((b"pw12".to_vec(), "345678".into())));
    assert_eq!(halves(b" p\xff w 000001\r"), Some((b" p\xff w ".to_vec(), "000001".into())));
}

#[test]
fn a_line_without_both_is_none() {
    for line in ["", "123456", "pw12345", "pw 123 456", "pw123456 ", "password", "pw１２３４５６"] {
        assert_eq!(halves(line.as_bytes()), None, "{line:?}");
    }
    let mut long = vec![b'x'; 507];
    long.extend_from_slice(b"123456");
    assert_eq!(halves(&long), None);
    assert!(halves(&long[1..]).is_some());
}

#[test]
fn a_kept_code_is_taken_once() {
    let kept = Kept::new(Forwarded { user: "alice".into(), code: Secret::new("123456".into()) });
    assert_eq!(kept.take().unwrap().user, "alice");
    assert!(kept.take().is_none());
    assert!(Kept::default().take().is_none());
}

proptest! {
    #[test]
    fn nothing_is_lost(line in proptest::collection::vec(1_u8.., 0..600)) {
        if let Some((mut password, code)) = halves(&line) {
            password.extend_from_slice(code.as_bytes());
            prop_assert_eq!(password.as_slice(), line.strip_suffix(b"\r").unwrap_or(&line));
        }
    }
}
