//! Twilio's side of the wire: how it signs, what it posts, which TwiML it takes, its media stream and its API.
//!
//! ```text
//!   phone.rs ── company.rs (signature.rs, markup.rs) ── message.rs, on a stream
//!   rest.rs: the API, by which the server places, ends and redirects calls     messages.rs: texts, both ways
//! ```
//!
//! Whatever Twilio would object to is objected to: TwiML by an error of the call, a message of the stream by a
//! [`ProtocolError`], which a test asserts to be none.

mod company;
pub mod markup;
pub mod message;
pub mod messages;
pub mod rest;
pub mod signature;

pub use crate::phone::{
    Act, Answered, Dial, Ended, Ending, Event, FRAME, Failed, Handset, Network, Order, Party, ProtocolError,
    Sids, Speech, Times, call, handset, playout, ring, telephone,
};

/// Whose number is rung: the account that signs.
#[derive(Clone, Debug)]
pub struct Account {
    /// `AC` and 32 hexadecimal digits.
    pub sid: String,
    /// The secret that the server knows, too.
    pub auth_token: String,
}

impl Account {
    /// An account with this secret and an invented name.
    pub fn new(auth_token: impl Into<String>) -> Self {
        Self { sid: format!("AC{:032x}", 1), auth_token: auth_token.into() }
    }

    /// What the API's visitors show.
    pub(crate) fn basic(&self) -> String {
        crate::http::basic(&self.sid, &self.auth_token)
    }
}
