//! The organisation's colour as a style sheet: it gives the values of `static/style.css` that have to do with it, so
//! that everything can be read whatever the colour is (WCAG 2.2, 1.4.3 and 1.4.11).

use crate::config::colour::Colour;

#[cfg(test)]
mod tests;

/// The grounds of a page in `static/style.css`: `--paper` and `--sheet`.
const LIGHT: [Colour; 2] = [Colour::new(0xf4, 0xf3, 0xef), Colour::WHITE];
/// The same in the dark.
const DARK: [Colour; 2] = [Colour::new(0x12, 0x14, 0x16), Colour::new(0x1a, 0x1d, 0x20)];

/// The least contrast of text.
const LEAST: f64 = 4.5;

/// How much of black or white an element takes on under the pointer, in hundredths.
const UNDER_POINTER: u8 = 20;

/// The style sheet. Buttons have the colour as it is; what stands on the page itself, links and focus rings among it, has
/// the nearest shade that can be read there.
#[must_use]
pub fn stylesheet(accent: Colour) -> String {
    let values = |grounds: &[Colour], away: Colour| {
        let line = accent.legible(away, grounds, LEAST);
        let on_button = if accent.contrast(Colour::WHITE) >= LEAST { Colour::WHITE } else { Colour::BLACK };
        let from_text = if on_button == Colour::WHITE { Colour::BLACK } else { Colour::WHITE };
        format!(
            "--accent: {line}; --accent-strong: {}; --button: {accent}; --button-strong: {}; --on-button: {on_button};",
            line.mixed(away, UNDER_POINTER),
            accent.mixed(from_text, UNDER_POINTER),
        )
    };
    format!(
        ":root {{ {} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {} }} }}\n",
        values(&LIGHT, Colour::BLACK),
        values(&DARK, Colour::WHITE),
    )
}
