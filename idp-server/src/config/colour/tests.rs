use proptest::prelude::*;

use super::*;

#[test]
fn contrast_is_that_of_the_standard() {
    for (one, other, wanted) in [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#1c6059", "#ffffff", 7.33),
        ("#ff0000", "#00ff00", 2.91),
        ("#abcdef", "#abcdef", 1.0),
    ] {
        let (one, other): (Colour, Colour) = (one.parse().unwrap(), other.parse().unwrap());
        assert!((one.contrast(other) - wanted).abs() < 0.01, "{one} {other} {}", one.contrast(other));
        assert!((one.contrast(other) - other.contrast(one)).abs() < 1e-9);
    }
}

#[test]
fn only_six_digits_are_a_colour() {
    for bad in ["", "#", "1c6059", "#1c605", "#1c60599", "#+1c605", "#1c605g", "#äöü", "red", "#1c6059;"] {
        assert!(bad.parse::<Colour>().is_err(), "{bad}");
    }
    assert_eq!("#1C6059".parse::<Colour>().unwrap().to_string(), "#1c6059");
}

proptest! {
    #[test]
    fn any_colour_becomes_legible(parts: [u8; 3], grounds: [u8; 3]) {
        let (colour, ground) = (Colour(parts), Colour(grounds));
        let towards = if ground.contrast(Colour::BLACK) > ground.contrast(Colour::WHITE) { Colour::BLACK } else { Colour::WHITE };
        prop_assert!(colour.legible(towards, &[ground], 4.5).contrast(ground) >= 4.5);
        prop_assert_eq!(colour.legible(towards, &[], 4.5), colour);
    }
}
