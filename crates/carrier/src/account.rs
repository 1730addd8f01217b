//! What a carrier's account holds: its numbers, and where their calls are sent.

use serde::{Deserialize, Serialize};

/// A number of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Number {
    /// The carrier's name for it.
    pub id: String,
    /// E.164.
    pub number: String,
    /// The application that its calls go to, by the carrier's name; at Twilio, where a number has addresses of its
    /// own, the number itself. Empty: none.
    pub application: String,
}

/// What calls of one or more numbers are sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Application {
    /// The carrier's name for it.
    pub id: String,
    /// Ours.
    pub name: String,
    pub hooks: Hooks,
}

/// Addresses that the carrier calls. Empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    /// Someone rings.
    pub voice: String,
    /// A call changes.
    pub status: String,
    /// A text comes in. Telnyx has no such address with an application: it belongs to a messaging profile there.
    pub text: String,
    pub by_get: ByGet,
}

/// Which of these addresses are called by GET; the others by POST, as ours are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByGet {
    pub voice: bool,
    pub status: bool,
    pub text: bool,
}

impl ByGet {
    /// From the carrier's words for the three methods, in any case.
    pub(crate) fn of(voice: &str, status: &str, text: &str) -> Self {
        let [voice, status, text] = [voice, status, text].map(|method| method.eq_ignore_ascii_case("GET"));
        Self { voice, status, text }
    }
}

/// `GET` or `POST`.
pub(crate) fn method(by_get: bool) -> &'static str {
    if by_get { "GET" } else { "POST" }
}
