//! `multipart/form-data`, read as strictly as RFC 7578 has it.

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub name: String,
    pub file_name: Option<String>,
    pub kind: Option<String>,
    pub body: Vec<u8>,
}

/// The parts, in their order.
pub(super) fn read(content_type: &str, body: &[u8]) -> Result<Vec<Part>, String> {
    let rest = content_type.strip_prefix("multipart/form-data;").ok_or("the body is no form")?;
    let boundary = rest.trim().strip_prefix("boundary=").ok_or("the form has no boundary")?.trim_matches('"');
    if boundary.is_empty() || boundary.len() > 70 {
        return Err("the boundary has 1 to 70 characters".into());
    }
    let first = format!("--{boundary}\r\n");
    let between = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(first.as_bytes()).ok_or("the form does not begin with its boundary")?;
    let mut parts = Vec::new();
    loop {
        let end = find(rest, between.as_bytes()).ok_or("a part does not end")?;
        parts.push(part(&rest[..end])?);
        rest = &rest[end + between.len()..];
        match rest {
            b"--" | b"--\r\n" => return Ok(parts),
            _ => rest = rest.strip_prefix(b"\r\n").ok_or("after a boundary comes a line's end")?,
        }
    }
}

fn part(bytes: &[u8]) -> Result<Part, String> {
    let end = find(bytes, b"\r\n\r\n").ok_or("a part has no empty line after its headers")?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "a part's headers are not text")?;
    let (mut name, mut file_name, mut kind) = (None, None, None);
    for line in head.split("\r\n") {
        let (header, value) = line.split_once(':').ok_or("a header has no colon")?;
        match header.to_ascii_lowercase().as_str() {
            "content-disposition" => {
                let mut fields = value.trim().split("; ");
                if fields.next() != Some("form-data") {
                    return Err("a part is no form-data".into());
                }
                for field in fields {
                    let (key, value) = field.split_once('=').ok_or("a field has no value")?;
                    let value = value
                        .strip_prefix('"')
                        .and_then(|v| v.strip_suffix('"'))
                        .ok_or("a value has no quotes")?;
                    match key {
                        "name" => name = Some(value.to_owned()),
                        "filename" => file_name = Some(value.to_owned()),
                        _ => return Err(format!("a part has no field {key}")),
                    }
                }
            }
            "content-type" => kind = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let name = name.ok_or("a part has no name")?;
    Ok(Part { name, file_name, kind, body: bytes[end + 4..].to_vec() })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
