use proptest::prelude::*;

use super::{MAX_LINE, cut, printable, prompt};

#[test]
fn p05_a_long_line_is_never_copied_whole_and_stays_too_long() {
    assert_eq!(cut(b"123456").as_slice(), b"123456");
    assert_eq!(cut(&vec![b'1'; 100_000]).len(), MAX_LINE + 1);
}

#[test]
fn a_terminal_obeys_nothing_that_the_server_sends() {
    assert_eq!(printable("a\x1b[2Jb\x07\u{9b}c\r\nd\0\x7f"), "a[2Jbc\nd");
    assert_eq!(printable("█▀ ü 語"), "█▀ ü 語");
}

#[test]
fn notice_and_label_are_one_prompt() {
    assert_eq!(prompt(None, "Code: "), "Code: ");
    assert_eq!(prompt(Some(""), "Code: "), "Code: ");
    assert_eq!(prompt(Some("Wrong.\n"), "Code: "), "Wrong.\nCode: ");
    assert_eq!(prompt(Some("One.\nTwo."), "First\ncode: "), "One.\nTwo.\nFirstcode: ");
}

#[test]
fn the_first_line_is_text_and_never_a_drawing() {
    assert_eq!(prompt(Some("█▀▀█\n█  █"), "Code: "), "Twolatch\n█▀▀█\n█  █\nCode: ");
    assert_eq!(prompt(Some("\nScan this:\n██"), "Code: "), "Scan this:\n██\nCode: ");
}

proptest! {
    #[test]
    fn no_control_character_gets_through(notice in any::<String>(), label in any::<String>()) {
        let text = prompt(Some(&notice), &label);
        prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    }
}
