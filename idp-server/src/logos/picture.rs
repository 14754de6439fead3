//! A picture from elsewhere, drawn anew: nothing of what was fetched is passed on but how it looks. What it is, its first
//! bytes say, and nobody else. It must not know where it came from.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};
use thiserror::Error;

#[cfg(test)]
mod tests;

/// How wide and how high it is at the most: twice as much as it is shown, for fine screens.
const EDGE: u32 = 96;

/// How wide and how high it may come.
const COMES: u32 = 1024;

/// How much memory a decoder may take for it, in bytes: twice what 16 bits for each of four colours take.
const MEMORY: u64 = 16 * 1024 * 1024;

/// Why there is no picture.
#[derive(Debug, Error)]
pub(super) enum NoPicture {
    /// Something else, SVG and HTML among it.
    #[error("neither PNG nor JPEG, WebP or GIF")]
    Kind,
    /// Larger than it says, or in parts that say different things.
    #[error("a WebP that moves, is damaged or is larger than {COMES} x {COMES} pixels")]
    Parts,
    /// It cannot be read, or is too large.
    #[error(transparent)]
    Image(#[from] ImageError),
}

/// Draws it.
///
/// # Errors
/// Why it cannot be.
pub(super) fn drawn(document: &[u8]) -> Result<Vec<u8>, NoPicture> {
    let kind = image::guess_format(document).map_err(|_| NoPicture::Kind)?;
    match kind {
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Gif => {}
        ImageFormat::WebP if is_plain_webp(document) => {}
        ImageFormat::WebP => return Err(NoPicture::Parts),
        _ => return Err(NoPicture::Kind),
    }
    let mut reader = ImageReader::with_format(Cursor::new(document), kind);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (Some(COMES), Some(COMES), Some(MEMORY));
    reader.limits(limits);
    let mut picture = DynamicImage::ImageRgba8(reader.decode()?.into_rgba8());
    if picture.width() > EDGE || picture.height() > EDGE {
        picture = picture.resize(EDGE, EDGE, FilterType::Triangle);
    }
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

/// Whether a WebP stands still, and no part of it is larger than may be: the decoder makes room for a lossy part by what that
/// says of itself, before it compares this with what the whole says.
fn is_plain_webp(document: &[u8]) -> bool {
    let Some(mut rest) = document.get(12..) else { return false };
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, size @ ..] = *head;
        let size = usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX);
        let Some(part) = after.get(..size) else { return false };
        let is_fine = match &[a, b, c, d] {
            b"ANIM" | b"ANMF" => false,
            b"VP8 " => part.get(6..10).is_some_and(|sizes| {
                let is_small =
                    |pair: &[u8]| pair.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte)) & 0x3fff <= COMES;
                sizes.chunks(2).all(is_small)
            }),
            _ => true,
        };
        if !is_fine {
            return false;
        }
        rest = after.get(size + size % 2..).unwrap_or_default();
    }
    true
}
