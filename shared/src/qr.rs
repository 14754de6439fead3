//! QR codes, for terminals and pages. It must not know what is in them.

use qrcode::render::{svg, unicode};
use qrcode::{EcLevel, QrCode};

use crate::secret::Secret;
use crate::wire::Qr;

/// A QR code as lines of text, for light letters on a dark ground: the light squares are drawn. `None` where none may
/// be drawn or the text does not fit into one.
#[must_use]
pub fn for_terminal(text: &Secret, form: Qr) -> Option<String> {
    let code = encode(text)?;
    match form {
        Qr::Utf8 => Some(
            code.render::<unicode::Dense1x2>()
                .dark_color(unicode::Dense1x2::Light)
                .light_color(unicode::Dense1x2::Dark)
                .build(),
        ),
        Qr::Ascii => Some(code.render::<char>().dark_color(' ').light_color('#').module_dimensions(2, 1).build()),
        Qr::Off => None,
    }
}

/// A QR code as an SVG element, black on white whatever the page's colours.
#[must_use]
pub fn for_page(text: &Secret) -> Option<String> {
    let drawn = encode(text)?.render::<svg::Color<'_>>().min_dimensions(220, 220).build();
    // Inside a page there is no XML prolog.
    drawn.find("<svg").and_then(|start| drawn.get(start..).map(str::to_owned))
}

fn encode(text: &Secret) -> Option<QrCode> {
    QrCode::with_error_correction_level(text.expose(), EcLevel::L).ok()
}
