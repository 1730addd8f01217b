//! What pages load: one stylesheet, one picture, both part of the program.

use axum::{
    extract::RawQuery,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::{fmt::Write, sync::LazyLock};

static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("text/css; charset=utf-8", include_str!("../../assets/style.css")));
static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("image/svg+xml", include_str!("../../assets/icon.svg")));

struct Asset {
    kind: &'static str,
    text: &'static str,
    version: String,
}

impl Asset {
    fn new(kind: &'static str, text: &'static str) -> Self {
        let version = Sha256::digest(text).iter().take(8).fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes everything");
            hex
        });
        Self { kind, text, version }
    }

    /// Asked for by its version it can be kept for ever; else the browser must ask again each time.
    fn answer(&self, asked: Option<&str>, headers: &HeaderMap) -> Response {
        let tag = format!("\"{}\"", self.version);
        let keep =
            if asked == Some(&self.version) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let about = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, keep.to_owned())];
        let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
            return (StatusCode::NOT_MODIFIED, about).into_response();
        }
        (about, [(header::CONTENT_TYPE, self.kind)], self.text).into_response()
    }
}

pub(super) fn style_version() -> &'static str {
    &STYLE.version
}

/// `GET /assets/style.css`
pub(super) async fn style(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    STYLE.answer(query.as_deref(), &headers)
}

/// `GET /assets/icon.svg`
pub(super) async fn icon(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    ICON.answer(query.as_deref(), &headers)
}
