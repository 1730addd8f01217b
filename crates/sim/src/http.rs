//! Just enough HTTP/1.1 to stand in for a telephone company's side of it: one request a connection, all bounded.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{fmt::Write as _, io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// A request as it stood on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// An answer as it stood on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

impl Response {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("Content-Type".into(), "application/json".into())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }
}

/// Sends one request to `address` and reads the answer. Fails after `patience`.
pub async fn ask(address: SocketAddr, request: &Request, patience: Duration) -> io::Result<Response> {
    tokio::time::timeout(patience, async {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
        write_headers(&mut head, &request.headers, request.body.len());
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&request.body);
        stream.write_all(&bytes).await?;
        read_response(&mut BufReader::new(stream)).await
    })
    .await
    .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer in {patience:?}"))))
}

/// Reads the request of a new connection.
pub async fn read_request(stream: &mut TcpStream) -> io::Result<Request> {
    let mut stream = BufReader::new(stream);
    let first = line(&mut stream).await?;
    let mut words = first.split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(bad(&format!("{first:?} is no request line")));
    };
    let (method, target) = (method.to_owned(), target.to_owned());
    let headers = headers(&mut stream).await?;
    let length = match header(&headers, "content-length") {
        Some(length) => length.parse().map_err(|_| bad("Content-Length is no number"))?,
        None => 0,
    };
    let body = exactly(&mut stream, length).await?;
    Ok(Request { method, target, headers, body })
}

/// Answers a connection and closes it.
pub async fn write_response(stream: &mut TcpStream, response: &Response) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} -\r\n", response.status);
    write_headers(&mut head, &response.headers, response.body.len());
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&response.body);
    stream.write_all(&bytes).await?;
    stream.shutdown().await
}

/// The `Authorization` of HTTP Basic.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

/// Writes `application/x-www-form-urlencoded`.
pub fn write_form(fields: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        escape(name, &mut text);
        text.push('=');
        escape(value, &mut text);
    }
    text
}

/// Reads `application/x-www-form-urlencoded`.
pub fn read_form(text: &str) -> Result<Vec<(String, String)>, String> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((unescape(name)?, unescape(value)?))
        })
        .collect()
}

const MOST: usize = 1024 * 1024;
const LONGEST_LINE: u64 = 16 * 1024;

async fn read_response(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Response> {
    let first = line(stream).await?;
    let status = first
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| bad(&format!("{first:?} is no status line")))?;
    let headers = headers(stream).await?;
    let body = if header(&headers, "transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
        chunked(stream).await?
    } else if let Some(length) = header(&headers, "content-length") {
        let length = length.parse().map_err(|_| bad("Content-Length is no number"))?;
        exactly(stream, length).await?
    } else {
        let mut body = Vec::new();
        stream.take(MOST as u64).read_to_end(&mut body).await?;
        body
    };
    Ok(Response { status, headers, body })
}

async fn chunked(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(stream).await?;
        let size = size.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16).map_err(|_| bad("a chunk has no size"))?;
        if body.len() + size > MOST {
            return Err(bad("the body is too long"));
        }
        body.extend(exactly(stream, size).await?);
        line(stream).await?;
        if size == 0 {
            return Ok(body);
        }
    }
}

async fn exactly(stream: &mut (impl AsyncBufRead + Unpin), length: usize) -> io::Result<Vec<u8>> {
    if length > MOST {
        return Err(bad("the body is too long"));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

async fn headers(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = line(stream).await?;
        if line.is_empty() {
            return Ok(headers);
        }
        if headers.len() == 100 {
            return Err(bad("there are more than a hundred headers"));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| bad("a header has no colon"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

async fn line(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<String> {
    let mut line = String::new();
    stream.take(LONGEST_LINE).read_line(&mut line).await?;
    match line.strip_suffix("\r\n") {
        Some(whole) => Ok(whole.to_owned()),
        None => Err(bad("the connection ended within a line, or the line is too long")),
    }
}

fn write_headers(head: &mut String, headers: &[(String, String)], length: usize) {
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    // Whoever stands in for a liar says its own.
    if header(headers, "content-length").is_none() {
        let _ = write!(head, "Content-Length: {length}\r\n");
    }
    head.push_str("Connection: close\r\n\r\n");
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

fn unescape(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|b| char::from(b).to_digit(16));
                match (digit(rest.next()), digit(rest.next())) {
                    (Some(high), Some(low)) => (high * 16 + low) as u8,
                    _ => return Err("a % is not followed by two hexadecimal digits".into()),
                }
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| "a field is not UTF-8".into())
}

fn bad(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_comes_back_as_it_was() {
        let fields = vec![
            ("From".to_owned(), "+14155550199".to_owned()),
            ("Name".to_owned(), "Zoë & 50 % = ?".to_owned()),
            ("Empty".to_owned(), String::new()),
        ];
        let text = write_form(&fields);
        assert!(text.starts_with("From=%2B14155550199&Name=Zo%C3%AB+%26+50+%25+%3D+%3F"), "{text}");
        assert_eq!(read_form(&text), Ok(fields));
    }
}
