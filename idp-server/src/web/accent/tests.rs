use proptest::prelude::*;

use super::*;

/// The value of a property, in the light and in the dark.
fn values(sheet: &str, property: &str) -> [Colour; 2] {
    let all: Vec<_> = sheet
        .split(&format!("{property}: "))
        .skip(1)
        .map(|rest| rest.split(';').next().unwrap().parse().unwrap())
        .collect();
    all.try_into().unwrap_or_else(|all| panic!("{property}: {all:?}"))
}

proptest! {
    #[test]
    fn everything_can_be_read_whatever_the_colour(red: u8, green: u8, blue: u8) {
        let accent = Colour::new(red, green, blue);
        let sheet = stylesheet(accent);
        for line in ["--accent", "--accent-strong"] {
            for (shade, grounds) in values(&sheet, line).into_iter().zip([LIGHT, DARK]) {
                for ground in grounds {
                    prop_assert!(shade.contrast(ground) >= LEAST, "{line} {shade} on {ground}");
                }
            }
        }
        for button in ["--button", "--button-strong"] {
            for (button, text) in values(&sheet, button).into_iter().zip(values(&sheet, "--on-button")) {
                prop_assert!(text.contrast(button) >= LEAST, "{text} on {button}");
            }
        }
        prop_assert_eq!(values(&sheet, "--button"), [accent; 2]);
    }
}

#[test]
fn the_style_sheet_has_the_grounds_and_uses_the_values() {
    let style = concat!(include_str!("../../../static/style.css"), include_str!("../../../static/parts.css"));
    let [paper, sheet] = [values(style, "--paper"), values(style, "--sheet")];
    assert_eq!([[paper[0], sheet[0]], [paper[1], sheet[1]]], [LIGHT, DARK]);
    for property in ["accent", "accent-strong", "button", "button-strong", "on-button"] {
        assert!(style.contains(&format!("var(--{property})")), "{property}");
    }
}
