use image::{GenericImageView, Rgba, RgbaImage};
use proptest::prelude::*;

use super::*;

/// A picture, red and half to be seen through at its upper left.
fn picture(width: u32, height: u32) -> DynamicImage {
    let paint = |x, y| if x < width / 2 && y < height / 2 { Rgba([200, 0, 0, 128]) } else { Rgba([0, 90, 0, 255]) };
    RgbaImage::from_fn(width, height, paint).into()
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut document = Cursor::new(Vec::new());
    picture.write_to(&mut document, format).unwrap();
    document.into_inner()
}

fn all() -> [Vec<u8>; 4] {
    let jpeg = DynamicImage::ImageRgb8(picture(40, 20).into_rgb8());
    let [png, webp, gif] =
        [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif].map(|kind| written(&picture(40, 20), kind));
    [png, webp, gif, written(&jpeg, ImageFormat::Jpeg)]
}

/// A part of a PNG, with a check that is right.
fn chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let checked = [&kind, content].concat();
    let sum = checked.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    });
    [&u32::try_from(content.len()).unwrap().to_be_bytes()[..], &checked, &(!sum).to_be_bytes()].concat()
}

fn webp(parts: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut inner = b"WEBP".to_vec();
    for (kind, content) in parts {
        inner.extend(*kind);
        inner.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        inner.extend(content);
        inner.extend(vec![0; content.len() % 2]);
    }
    [b"RIFF", &u32::try_from(inner.len()).unwrap().to_le_bytes()[..], &inner].concat()
}

/// The beginning of a lossy part of this size.
fn lossy(width: u16, height: u16) -> Vec<u8> {
    [&[0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a][..], &width.to_le_bytes(), &height.to_le_bytes(), &[0; 4000]].concat()
}

#[test]
fn what_is_drawn_is_a_small_png_that_looks_the_same() {
    for document in all() {
        let drawn = drawn(&document).unwrap();
        assert_eq!(image::guess_format(&drawn).unwrap(), ImageFormat::Png);
        let shown = image::load_from_memory(&drawn).unwrap();
        assert_eq!(shown.dimensions(), (40, 20));
        assert!(shown.get_pixel(39, 19).0[1] > 80, "{:?}", shown.get_pixel(39, 19));
    }
    let large = drawn(&written(&picture(1000, 500), ImageFormat::Png)).unwrap();
    let shown = image::load_from_memory(&large).unwrap();
    assert_eq!(shown.dimensions(), (96, 48));
    assert_eq!((shown.get_pixel(2, 2).0, shown.get_pixel(90, 40).0), ([200, 0, 0, 128], [0, 90, 0, 255]));
    let line = drawn(&written(&picture(1024, 1), ImageFormat::Png)).unwrap();
    assert_eq!(image::load_from_memory(&line).unwrap().dimensions(), (96, 1));
}

#[test]
fn o39_svg_html_and_whatever_else_is_no_picture_is_refused() {
    for document in [
        &b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"[..],
        b"<?xml version=\"1.0\"?><svg/>",
        b"<!doctype html><script>alert(1)</script>",
        b"BM\x1e\x00\x00\x00\x00\x00\x00\x00\x1a\x00\x00\x00\x0c\x00\x00\x00\x01\x00\x01\x00\x01\x00\x18\x00\x00\x00\xff\x00",
        b"\x00\x00\x01\x00\x01\x00\x01\x01\x00\x00",
        b"%PDF-1.7",
        b"P6 1 1 255\n\x00\x00\x00",
        b"",
    ] {
        assert!(matches!(drawn(document), Err(NoPicture::Kind)), "{document:?}");
    }
    for document in all() {
        assert!(drawn(&document[..document.len() / 3]).is_err(), "what breaks off");
    }
    for begins in [&b"GIF89a"[..], b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x10\x00\x00\x00WEBP"] {
        assert!(drawn(&[begins, b"<script>alert(1)</script>"].concat()).is_err(), "{begins:?}");
    }
}

#[test]
fn o39_nothing_that_is_hidden_in_a_picture_is_passed_on() {
    let png = written(&picture(40, 20), ImageFormat::Png);
    let (head, rest) = png.split_at(33);
    let said = chunk(*b"tEXt", b"Comment\0<script>alert(1)</script>");
    let hiding = [head, &said, rest, b"<script>alert(1)</script>"].concat();
    assert_eq!(drawn(&hiding).unwrap(), drawn(&png).unwrap());
    let jpeg = all()[3].clone();
    let said = [&[0xff, 0xfe, 0x00, 0x1b][..], b"<script>alert(1)</script>"].concat();
    let hiding = [&jpeg[..2], &said, &jpeg[2..]].concat();
    assert_eq!(drawn(&hiding).unwrap(), drawn(&jpeg).unwrap());
}

#[test]
fn o39_what_is_larger_than_it_looks_is_refused_before_there_is_room_for_it() {
    assert!(drawn(&written(&picture(1025, 1), ImageFormat::Png)).is_err());
    assert!(drawn(&written(&picture(1, 1025), ImageFormat::WebP)).is_err());
    let size = [&30_000_u32.to_be_bytes()[..], &30_000_u32.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    let png = [&b"\x89PNG\r\n\x1a\n"[..], &chunk(*b"IHDR", &size), &chunk(*b"IDAT", &vec![0; 60_000])].concat();
    assert!(drawn(&png).is_err());
    let gif =
        [&b"GIF89a\x10\x00\x10\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00"[..], &[0xff; 4], &[0; 99]]
            .concat();
    assert!(drawn(&gif).is_err(), "a part that is larger than the whole");
    // 16 by 16, it says, and the part in it 16383 by 16383: 400 MB.
    let whole = (b"VP8X", vec![0, 0, 0, 0, 15, 0, 0, 15, 0, 0]);
    for parts in [
        vec![whole.clone(), (b"VP8 ", lossy(16_383, 16_383))],
        vec![whole.clone(), (b"EXIF", vec![0; 3]), (b"VP8 ", lossy(16, 1025))],
        vec![(b"VP8 ", lossy(16_383, 16))],
        vec![(b"VP8 ", vec![0; 4])],
        vec![whole.clone(), (b"ANIM", vec![0; 6]), (b"ANMF", vec![0; 40])],
    ] {
        assert!(matches!(drawn(&webp(&parts)), Err(NoPicture::Parts)));
    }
    assert!(is_plain_webp(&webp(&[whole, (b"VP8 ", lossy(16, 1024))])));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn o39_what_is_damaged_is_small_or_refused(which in 0..4_usize, at in any::<prop::sample::Index>(), with in any::<[u8; 4]>(), cut in any::<prop::sample::Index>()) {
        let mut document = all()[which].clone();
        let at = at.index(document.len());
        for (place, byte) in document[at..].iter_mut().zip(with) {
            *place = byte;
        }
        document.truncate(document.len() - cut.index(document.len()) / 8);
        if let Ok(drawn) = drawn(&document) {
            let shown = image::load_from_memory(&drawn).unwrap();
            prop_assert!(shown.width() <= EDGE && shown.height() <= EDGE);
        }
    }
}
