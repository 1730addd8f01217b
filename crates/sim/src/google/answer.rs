//! What the service answers: JSON, Google's error envelope, or a page.

use crate::http;
use serde_json::{Value, json};
use std::{fmt::Write as _, io};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

/// An answer before it is sent.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Why a request is not carried out, in Google's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: u16,
    pub domain: &'static str,
    pub reason: &'static str,
    pub message: String,
    pub location: Option<(&'static str, String)>,
    pub scope_of: Option<&'static str>,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        let kind = ("Content-Type".into(), "application/json; charset=UTF-8".into());
        let mut headers = vec![kind, ("Cache-Control".into(), "no-cache, no-store, max-age=0".into())];
        if let Some(etag) = body["etag"].as_str() {
            headers.push(("ETag".into(), etag.into()));
        }
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub fn page(status: u16, title: &str) -> Self {
        let body =
            format!("<!DOCTYPE html><html><title>Error {status} ({title})</title><p>{title}</p></html>");
        let headers = vec![("Content-Type".into(), "text/html; charset=UTF-8".into())];
        Self { status, headers, body: body.into_bytes() }
    }

    pub fn lost_page() -> Self {
        Self::page(404, "Not Found")
    }

    pub fn redirect(to: &str) -> Self {
        Self { status: 302, headers: vec![("Location".into(), to.into())], body: Vec::new() }
    }

    pub fn error(status: u16, domain: &'static str, reason: &str, message: &str) -> Self {
        let error = json!({"domain": domain, "reason": reason, "message": message});
        Self::json(status, &json!({"error": {"errors": [error], "code": status, "message": message}}))
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn garbled(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self
    }

    pub async fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        let mut bytes = self.head();
        bytes.extend_from_slice(&self.body);
        stream.write_all(&bytes).await?;
        stream.shutdown().await
    }

    /// The head, which promises the whole body, and half of it; half of the head where there is no body.
    pub async fn write_half(&self, stream: &mut TcpStream) -> io::Result<()> {
        let mut bytes = self.head();
        bytes.truncate(if self.body.is_empty() { bytes.len() / 2 } else { bytes.len() });
        bytes.extend_from_slice(&self.body[..self.body.len() / 2]);
        stream.write_all(&bytes).await?;
        stream.shutdown().await
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, phrase(self.status));
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if self.status != 204 && self.status != 304 {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.len());
        }
        head.push_str("Connection: close\r\n\r\n");
        head.into_bytes()
    }
}

impl Refusal {
    pub fn new(status: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { status, domain: "global", reason, message: message.into(), location: None, scope_of: None }
    }

    /// 400 with the reason `invalid`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid", message)
    }

    /// 400 with the reason `required`.
    pub fn required(message: impl Into<String>) -> Self {
        Self::new(400, "required", message)
    }

    /// 404: there is no such thing, or it is none of the asker's business.
    pub fn not_found() -> Self {
        Self::new(404, "notFound", "Not Found")
    }

    /// What Google overlooks and no client should send.
    pub fn strict(message: impl Into<String>) -> Self {
        Self::new(400, "badRequest", message)
    }

    pub fn at(self, kind: &'static str, name: &str) -> Self {
        Self { location: Some((kind, name.to_owned())), ..self }
    }

    /// No client that is right meets it: not a matter of tokens, quotas, or what others did.
    pub fn is_a_mistake(&self) -> bool {
        self.status == 400
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let Refusal { status, domain, reason, message, location, scope_of } = refusal;
        let mut error = json!({"domain": domain, "reason": reason, "message": message});
        if let Some((kind, name)) = location {
            error["locationType"] = kind.into();
            error["location"] = name.into();
        }
        let mut envelope = json!({"error": {"errors": [error], "code": status, "message": message}});
        if let Some(method) = scope_of {
            envelope["error"]["status"] = "PERMISSION_DENIED".into();
            envelope["error"]["details"] = json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                "domain": "googleapis.com",
                "metadata": {"service": "calendar-json.googleapis.com", "method": method},
            }]);
        }
        let answer = Self::json(status, &envelope);
        match status {
            401 => answer.with(
                "WWW-Authenticate",
                "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"",
            ),
            _ => answer,
        }
    }
}

/// A parameter of a path or query, decoded; a `+` is a plus in a path.
pub(super) fn decode_segment(segment: &str) -> Result<String, String> {
    let escaped = segment.replace('+', "%2B");
    let pair = format!("s={escaped}").replace('&', "%26");
    let fields = http::read_form(&pair)?;
    Ok(fields.into_iter().next().map(|(_, value)| value).unwrap_or_default())
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition Failed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}
