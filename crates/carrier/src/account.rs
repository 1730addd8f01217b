//! What a carrier's account holds: its numbers, and where their calls are sent.

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

/// Our addresses, as the carrier is to call them with POST. Empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    /// Someone rings.
    pub voice: String,
    /// A call changes.
    pub status: String,
    /// A text comes in. Telnyx has no such address with an application: it belongs to a messaging profile there.
    pub text: String,
}
