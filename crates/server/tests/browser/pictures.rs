//! Pictures of the main pages for the documentation, of a house in which somebody lives.

use super::{
    chromium::Chromium,
    lived_in::LivedIn,
    tab::{Size, Tab, Theme},
    voice::{spoken, wanted},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use image::{
    ImageEncoder,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};
use std::{fs, path::Path};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/images");
const SIZE: Size = Size(1280, 860);
const PAGES: [(&str, &str); 6] = [
    ("dashboard", "/dashboard"),
    ("calls", "/calls"),
    ("call", "/calls/{call}"),
    ("appointments", "/appointments?from={next}"),
    ("callers", "/callers"),
    ("messages", "/messages"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/screenshots runs it: it writes into docs/images"]
async fn the_main_pages_are_pictured_in_both_themes() {
    let folder = tempfile::tempdir().expect("a folder");
    let microphone = folder.path().join("caller.wav");
    let (day, date) = wanted();
    let wish = format!("I would like to book an appointment on {day} at half past four p m.");
    spoken(&microphone, 4.0, &[(&wish, 11.0), ("Yes, please.", 30.0)]).await;
    let lived_in = LivedIn::open().await;
    let tab = Tab::open(&Chromium::hearing(&microphone)).await;
    tab.keep_cookie(&lived_in.house.url("/"), &lived_in.owner.cookie).await;
    fs::create_dir_all(FOLDER).expect("a folder");
    let next = date.date().to_string();
    for (name, path) in PAGES {
        let path = path.replace("{call}", &lived_in.call).replace("{next}", &next);
        tab.go(&lived_in.house.url(&path)).await;
        keep(&tab, name).await;
    }
    tab.go(&lived_in.house.url("/phone")).await;
    tab.click("button", "Call").await;
    tab.reads("It is booked: ").await;
    keep(&tab, "phone").await;
    tab.click("button", "Hang up").await;
    tab.close().await;
}

/// Pictures what is to be seen now, in both themes.
async fn keep(tab: &Tab, name: &str) {
    for (theme, suffix) in [(Theme::Light, ""), (Theme::Dark, "-dark")] {
        tab.look(SIZE, theme).await;
        let picture = BASE64_STANDARD.decode(tab.picture().await).expect("base64");
        fs::write(Path::new(FOLDER).join(format!("{name}{suffix}.png")), small(&picture)).expect("written");
    }
}

/// The same picture, as small as PNG can make it without loss.
fn small(png: &[u8]) -> Vec<u8> {
    let picture = image::load_from_memory(png).expect("a picture").into_rgb8();
    let mut small = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut small, CompressionType::Best, FilterType::Adaptive);
    let (width, height) = picture.dimensions();
    encoder.write_image(&picture, width, height, image::ExtendedColorType::Rgb8).expect("it can be written");
    small
}
