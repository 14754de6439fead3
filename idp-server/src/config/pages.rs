//! `[pages]`: what the organisation's pages look like.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use twolatch_core::crypto::token_hash;

use super::colour::Colour;
use crate::text::Language;

/// The largest logo, in bytes.
const MAX_LOGO: u64 = 256 * 1024;

/// What pages look like.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    /// The language for whoever asks for none that we have.
    pub language: Language,
    /// The organisation's logo.
    pub logo: Option<Logo>,
    /// The colour of buttons and links.
    pub accent: Option<Colour>,
}

/// The organisation's logo, as it was when the configuration was read.
#[derive(Debug, Clone)]
pub struct Logo {
    /// The file.
    pub bytes: Arc<[u8]>,
    /// Its type.
    pub kind: &'static str,
    /// What changes whenever it changes.
    pub version: String,
}

/// `[pages]` as written.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPages {
    /// See [`Pages::language`].
    pub language: Option<Language>,
    /// A file: SVG, PNG, WebP or JPEG.
    pub logo: Option<PathBuf>,
    /// See [`Pages::accent`].
    pub accent: Option<String>,
}

impl Pages {
    /// Checks what is written, and reads the logo.
    ///
    /// # Errors
    /// Names the key, and what is expected there.
    pub fn check(raw: RawPages) -> Result<Self, (&'static str, String)> {
        Ok(Self {
            language: raw.language.unwrap_or_default(),
            logo: raw.logo.map(|path| Logo::read(&path)).transpose().map_err(|fault| ("pages.logo", fault))?,
            accent: raw
                .accent
                .map(|text| text.parse())
                .transpose()
                .map_err(|fault: &str| ("pages.accent", fault.to_owned()))?,
        })
    }
}

impl Logo {
    fn read(path: &Path) -> Result<Self, String> {
        let name = path.display();
        let unreadable = |error| format!("{name}: {error}; name a file that the server may read, or leave the key out");
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(MAX_LOGO + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_LOGO {
            return Err(format!("{name}: larger than 256 KiB; make it smaller, it is shown 48 pixels high"));
        }
        let kind = kind(&bytes).ok_or_else(|| format!("{name}: neither SVG nor PNG, WebP or JPEG"))?;
        let version = token_hash(&String::from_utf8_lossy(&bytes)).chars().take(16).collect();
        Ok(Self { bytes: bytes.into(), kind, version })
    }
}

/// The type of a picture, by what it begins with; a name may say anything.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => is_svg(bytes).then_some("image/svg+xml"),
    }
}

/// Whether the first element of a text is `<svg>`; what XML allows before it is passed over.
fn is_svg(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = if rest.starts_with("<?") {
            "?>"
        } else if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<!DOCTYPE svg") {
            ">"
        } else {
            return rest.strip_prefix("<svg").is_some_and(|rest| rest.starts_with([' ', '>', '\n', '\r', '\t']));
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
}
