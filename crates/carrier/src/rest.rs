//! Requests to the carriers' APIs, and what of their answers is alike.

use crate::form;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde_json::Value;

/// What a request carries.
pub enum Body {
    Nothing,
    Form(String),
    Json(Value),
}

/// The account's name and secret, as HTTP Basic.
pub fn basic(account: &str, secret: &str) -> HeaderValue {
    sensitive(&format!("Basic {}", BASE64_STANDARD.encode(format!("{account}:{secret}"))))
}

/// A key, as a bearer token. A key that cannot stand in a header becomes an empty one, which is refused.
pub fn bearer(key: &str) -> HeaderValue {
    let fits = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
    sensitive(&format!("Bearer {}", if fits { key } else { "" }))
}

pub fn request(method: Method, uri: &str, login: Option<HeaderValue>, body: Body) -> http::Request<Bytes> {
    let mut request = http::Request::builder().method(method).uri(uri);
    if let Some(login) = login {
        request = request.header(header::AUTHORIZATION, login);
    }
    let (kind, body) = match body {
        Body::Nothing => (None, Bytes::new()),
        Body::Form(text) => (Some("application/x-www-form-urlencoded"), text.into()),
        Body::Json(value) => (Some("application/json"), value.to_string().into()),
    };
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    request
        .header(header::ACCEPT, "application/json")
        .body(body)
        .expect("the API's address was checked when the configuration was read")
}

/// `raw` as one segment of a path.
pub fn segment(raw: &str) -> String {
    let mut text = String::new();
    form::escape(raw, &mut text);
    text
}

/// An answer as JSON; what is none is null.
pub fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// The text at `pointer`, or nothing.
pub fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) | None => String::new(),
    }
}

fn sensitive(text: &str) -> HeaderValue {
    let mut value = HeaderValue::try_from(text).expect("base64 and visible ASCII fit into a header");
    value.set_sensitive(true);
    value
}
