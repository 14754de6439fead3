use proptest::prelude::*;

use super::*;

fn any_text() -> impl Strategy<Value = String> {
    proptest::collection::vec(0_u8..32, 1..40)
        .prop_map(|values| values.into_iter().map(|value: u8| digit(value.into())).collect::<String>())
        .prop_filter_map("has a check digit", |body| with_check(&body).map(|text| text.expose().to_owned()))
}

#[test]
fn p35_case_blanks_and_look_alikes_are_mapped() {
    let text = ["1ABC0", "1ABD0", "1ABE0", "1ABF0"].into_iter().find_map(with_check).unwrap();
    let text = text.expose();
    let (first, rest) = text.split_at(4);
    let typed = format!(" {}-{}", first.replace('1', "l ").to_lowercase(), rest.replace('0', "o"));
    assert_eq!(read(&typed).unwrap().expose(), text);
    for bad in ["", "-", "U", "1ABC", "１２", "1ABC0*", "\u{0}"] {
        assert!(read(bad).is_none() || bad == "0", "{bad:?}");
    }
}

proptest! {
    #[test]
    fn rec1_every_text_is_read_back(text in any_text()) {
        let read = read(&text).unwrap();
        prop_assert_eq!(read.expose(), text.as_str());
    }

    #[test]
    fn rec1_one_wrong_character_is_told(text in any_text(), position: prop::sample::Index, other in 0_u8..32) {
        let position = position.index(text.len());
        let mut wrong: Vec<char> = text.chars().collect();
        prop_assume!(wrong[position] != digit(other.into()));
        wrong[position] = digit(other.into());
        prop_assert!(read(&wrong.into_iter().collect::<String>()).is_none());
    }

    #[test]
    fn rec1_two_characters_swapped_are_told(text in any_text(), position: prop::sample::Index) {
        prop_assume!(text.len() > 2);
        let position = position.index(text.len() - 2);
        let mut wrong: Vec<char> = text.chars().collect();
        prop_assume!(wrong[position] != wrong[position + 1]);
        wrong.swap(position, position + 1);
        prop_assert!(read(&wrong.into_iter().collect::<String>()).is_none());
    }

    #[test]
    fn rec1_garbage_never_panics(typed in "\\PC{0,60}") {
        let _ = read(&typed);
    }
}
