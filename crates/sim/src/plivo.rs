//! Plivo's side of the wire: how it signs, what it posts, which XML it takes, its audio stream and its API.
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

/// What of a stream's address Plivo signs at its upgrade. Its own two stream packages disagree, and no page says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Upgrade {
    /// `https://` for `wss://`, `http://` for `ws://`, as the Node package reads it.
    #[default]
    Https,
    /// `http://` whatever the scheme, as that package reads it behind a proxy.
    Http,
    /// `http://`, and `/websocket` appended, as the Python package reads it.
    HttpWebsocket,
    /// As it stands in the document.
    Wss,
}

/// Whose number is rung: the account that signs.
#[derive(Clone, Debug)]
pub struct Account {
    /// `MA` and 18 more.
    pub auth_id: String,
    /// The secret that the server knows, too.
    pub auth_token: String,
    pub upgrade: Upgrade,
}

impl Account {
    /// An account with this secret and an invented name.
    pub fn new(auth_token: impl Into<String>) -> Self {
        Self {
            auth_id: "MASIMSIMSIMSIMSIMSIM".into(),
            auth_token: auth_token.into(),
            upgrade: Upgrade::default(),
        }
    }

    pub(crate) fn basic(&self) -> String {
        crate::http::basic(&self.auth_id, &self.auth_token)
    }
}

/// A number as Plivo writes it: without the plus.
pub(crate) fn bare(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}
