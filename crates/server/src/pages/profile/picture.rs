//! A user's picture: whatever was sent is bounded before it is decoded, judged by its content, and drawn anew, so that
//! nothing of the file itself is ever shown to anybody.

use super::{Said, again, fresh};
use crate::{app::App, audit::Deed, clock, guard::session::User, pages::Failure};
use axum::{
    extract::{Multipart, Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};
use std::{io::Cursor, sync::Arc};
use tokio::sync::Semaphore;

/// How large a file may be, in bytes,
pub(in crate::pages) const LARGEST: usize = 8 * 1024 * 1024;
/// how wide and high what it shows, in pixels,
const WIDEST: u32 = 8_000;
/// and how much memory decoding it may take, in bytes.
const MEMORY: u64 = 160 * 1024 * 1024;
/// The side of what is kept, in pixels.
const SIDE: u32 = 256;
const QUALITY: u8 = 86;
/// How many are decoded at once, on this instance.
static AT_ONCE: Semaphore = Semaphore::const_new(1);

/// `GET /profile/picture`
pub(in crate::pages) async fn own(State(app): State<Arc<App>>, by: User) -> Result<Response, Failure> {
    shown(&app, &by.user.id).await
}

/// `GET /users/{id}/picture`: for owners, who see all users, and for the user.
pub(in crate::pages) async fn of(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    if by.user.id != id && !by.user.is_owner() {
        return Err(Failure::not_found());
    }
    shown(&app, &id).await
}

/// `POST /profile/picture`
pub(in crate::pages) async fn set(
    State(app): State<Arc<App>>,
    by: User,
    mut form: Multipart,
) -> Result<Response, Failure> {
    let wrong = |why: &str| Said { picture: Some(why.to_owned()), ..Said::default() };
    let broken = "The upload broke off, or is larger than 8 MB.";
    let mut file = None;
    loop {
        match form.next_field().await {
            Ok(Some(field)) if field.name() == Some("picture") => match field.bytes().await {
                Ok(bytes) => file = Some(bytes),
                Err(_) => return again(&app, &by, wrong(broken)).await,
            },
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(_) => return again(&app, &by, wrong(broken)).await,
        }
    }
    let Some(file) = file.filter(|file| !file.is_empty()) else {
        return again(&app, &by, wrong("Choose a file first.")).await;
    };
    let place = AT_ONCE.acquire().await.expect("it is never closed");
    let drawn = tokio::task::spawn_blocking(move || drawn_anew(&file)).await;
    drop(place);
    // A decoder that panics is as good as one that refuses.
    let jpeg = match drawn.unwrap_or(Err("This picture cannot be read.")) {
        Ok(jpeg) => jpeg,
        Err(why) => return again(&app, &by, wrong(why)).await,
    };
    app.store.picture_set(&by.user.id, &jpeg, clock::now_ms()).await?;
    app.audit(&by, Deed::ProfileChanged, "picture").await;
    fresh(&app, by, "The new picture is saved.").await
}

/// `POST /profile/picture/remove`
pub(in crate::pages) async fn remove(State(app): State<Arc<App>>, by: User) -> Result<Response, Failure> {
    app.store.picture_removed(&by.user.id).await?;
    app.audit(&by, Deed::ProfileChanged, "picture").await;
    fresh(&app, by, "The picture is removed.").await
}

async fn shown(app: &App, user_id: &str) -> Result<Response, Failure> {
    let jpeg = app.store.picture(user_id).await?.ok_or_else(Failure::not_found)?;
    let about = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=86400")];
    Ok((about, jpeg).into_response())
}

/// A square JPEG of the middle of a picture, the right way up; or why there is none, as a sentence.
fn drawn_anew(file: &[u8]) -> Result<Vec<u8>, &'static str> {
    const UNREADABLE: &str = "This picture cannot be read. Take a JPEG, PNG or WebP file.";
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|_| UNREADABLE)?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) {
        return Err("This is no JPEG, PNG or WebP file.");
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(WIDEST);
    limits.max_image_height = Some(WIDEST);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader
        .into_decoder()
        .map_err(|_| "This picture cannot be read, or is wider or higher than 8,000 pixels.")?;
    if decoder.total_bytes() > MEMORY {
        return Err("This picture has too many pixels. Take a smaller one.");
    }
    let orientation = decoder.orientation();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| UNREADABLE)?;
    if let Ok(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    let small = picture.resize_to_fill(SIDE, SIDE, FilterType::Triangle);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode_image(&on_white(&small))
        .map_err(|_| UNREADABLE)?;
    Ok(jpeg)
}

/// JPEG knows no transparency.
fn on_white(picture: &DynamicImage) -> image::RgbImage {
    let rgba = picture.to_rgba8();
    image::RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        let over = |part: u8| ((u32::from(part) * u32::from(a) + 255 * (255 - u32::from(a))) / 255) as u8;
        image::Rgb([over(r), over(g), over(b)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        let picture =
            DynamicImage::ImageRgb8(image::RgbImage::from_pixel(width, height, image::Rgb([200, 30, 30])));
        picture.write_to(&mut file, format).expect("written");
        file.into_inner()
    }

    #[test]
    fn every_kind_becomes_a_small_square_jpeg() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let drawn = drawn_anew(&encoded(400, 300, format)).expect("a picture");
            let read = image::load_from_memory_with_format(&drawn, ImageFormat::Jpeg).expect("a JPEG");
            assert_eq!((read.width(), read.height()), (256, 256), "{format:?}");
            assert!(drawn.len() < 40_000);
        }
    }

    #[test]
    fn what_is_behind_the_picture_in_its_file_is_gone() {
        let mut file = encoded(40, 30, ImageFormat::Png);
        file.extend_from_slice(b"<script>alert(1)</script>");
        let drawn = drawn_anew(&file).expect("a picture");
        assert!(!String::from_utf8_lossy(&drawn).contains("script"));
    }

    #[test]
    fn what_is_no_picture_or_too_large_a_one_is_refused_with_a_reason() {
        for bad in [
            &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..],
            b"GIF89a",
            b"\xff\xd8\xff\xe0 broken",
            b"%PDF-1.7",
        ] {
            assert!(drawn_anew(bad).is_err(), "{bad:?}");
        }
        // A picture of 60,000 times 60,000 pixels in some bytes: it would take 14 GB.
        let mut bomb = encoded(1, 1, ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert!(drawn_anew(&bomb).is_err());
        assert!(drawn_anew(&encoded(8_001, 1, ImageFormat::Png)).is_err());
    }
}
