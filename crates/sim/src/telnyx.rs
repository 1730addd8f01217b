//! Telnyx' side of the wire: how it signs, what it posts, which TeXML it takes, its media stream and its API.
//!
//! ```text
//!   phone.rs ── company.rs (signature.rs, markup.rs) ── message.rs, on a stream
//!   rest.rs: the API, by which the server places, ends and transfers calls, and texts; both ways
//! ```

mod company;
pub mod markup;
pub mod message;
pub(crate) mod rest;
pub mod signature;

pub use signature::Key;

/// Whose number is rung: the account that signs.
#[derive(Clone, Debug)]
pub struct Account {
    /// What the server shows the API.
    pub api_key: String,
    /// What the company signs with; the server knows [`Key::public`].
    pub key: Key,
    /// The organisation, which stands as `AccountSid` in what is posted.
    pub organisation: String,
    /// The TeXML application of the number.
    pub application: String,
}

impl Account {
    /// An account with this API key, a key pair made of it, and invented names.
    pub fn new(api_key: impl Into<String>) -> Self {
        let api_key = api_key.into();
        Self {
            key: Key::of_secret(&api_key),
            api_key,
            organisation: "3fa85f55-4571-4bf2-8000-000000000001".into(),
            application: "1234567890123456789".into(),
        }
    }

    /// The same with a key pair made of this seed.
    #[must_use]
    pub fn with_seed(self, seed: [u8; 32]) -> Self {
        Self { key: Key::new(seed), ..self }
    }

    /// What the server is configured with: base64 of 32 bytes.
    pub fn public_key(&self) -> String {
        self.key.public()
    }
}
