//! How we come in at a service: its address, and the key that proves who we are.

use crate::ApiKey;
use call::Failure;
use http::{HeaderValue, Request, Uri, header::AUTHORIZATION};

/// A service, in words for its owner, and how it wants the key.
#[derive(Debug)]
pub(crate) struct Service {
    /// Who asks for the key.
    pub name: &'static str,
    /// What is at the address.
    pub interface: &'static str,
    /// The variable that the key is set by.
    pub variable: &'static str,
    /// What stands before the key in `Authorization`.
    pub scheme: &'static str,
}

#[derive(Debug)]
pub(crate) struct Access {
    address: Uri,
    authorization: HeaderValue,
}

impl Access {
    /// Fails lastingly where the address or the key can never be used.
    pub(crate) fn new(service: &Service, key: &ApiKey, address: &str) -> Result<Self, Failure> {
        let Service { name, interface, variable, scheme } = service;
        let lasting = |why| Failure { why, lasting: true };
        if key.expose().is_empty() {
            return Err(lasting(format!("{name} wants a key; set {variable}.")));
        }
        let mut authorization = HeaderValue::try_from(format!("{scheme} {}", key.expose()))
            .map_err(|_| lasting(format!("The key for {name} has characters in it that no key has.")))?;
        authorization.set_sensitive(true);
        let address = address.parse().map_err(|_| {
            lasting(format!("The address of {interface} is none; it should begin with wss://."))
        })?;
        Ok(Self { address, authorization })
    }

    /// The request that opens a connection.
    pub(crate) fn open(&self) -> Request<()> {
        let mut request = Request::new(());
        *request.uri_mut() = self.address.clone();
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        request
    }
}

/// A text as it may stand in the query of an address.
pub(crate) fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            use std::fmt::Write;
            write!(escaped, "%{byte:02X}").expect("a String takes everything");
        }
        escaped
    })
}
