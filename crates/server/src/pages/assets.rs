//! What pages load: stylesheet, scripts and pictures, all part of the program. To add one: a file in `assets/` and a line
//! in [`FILES`]; templates name it by `{{ frame.asset("style.css") }}`.

use axum::{
    extract::{Path, RawQuery},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::{borrow::Cow, fmt::Write, sync::LazyLock};

const SCRIPT: &str = "text/javascript; charset=utf-8";

static FILES: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    vec![
        Asset::new("style.css", "text/css; charset=utf-8", include_str!("../../assets/style.css")),
        Asset::new(
            "week.css",
            "text/css; charset=utf-8",
            [include_str!("../../assets/week.css"), "\n", &super::appointments::placed()].concat(),
        ),
        Asset::new("call.css", "text/css; charset=utf-8", include_str!("../../assets/call.css")),
        Asset::new("call.js", SCRIPT, include_str!("../../assets/call.js")),
        Asset::new("phone.css", "text/css; charset=utf-8", include_str!("../../assets/phone.css")),
        Asset::new("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
        Asset::new("htmx.js", SCRIPT, include_str!("../../assets/vendor/htmx.js")),
        Asset::new("phone.js", SCRIPT, include_str!("../../assets/phone.js")),
        Asset::new("phone-worklet.js", SCRIPT, include_str!("../../assets/phone-worklet.js")),
        Asset::new("htmx-sse.js", SCRIPT, include_str!("../../assets/vendor/htmx-sse.js")),
    ]
});

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: Cow<'static, str>,
    version: String,
}

impl Asset {
    fn new(name: &'static str, kind: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        let version = Sha256::digest(text.as_bytes()).iter().take(8).fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes everything");
            hex
        });
        Self { name, kind, text, version }
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
        (about, [(header::CONTENT_TYPE, self.kind)], self.text.clone()).into_response()
    }
}

/// Where a page finds this file: the address changes with its content, so that browsers may keep it for ever.
pub(super) fn address(name: &str) -> String {
    let asset = FILES.iter().find(|asset| asset.name == name);
    let version = asset.map(|asset| &*asset.version).expect("a template names a file of ours");
    format!("/assets/{name}?{version}")
}

/// `GET /assets/{file}`
pub(super) async fn file(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, super::Failure> {
    let asset = FILES.iter().find(|asset| asset.name == name).ok_or_else(super::Failure::not_found)?;
    Ok(asset.answer(query.as_deref(), &headers))
}
