//! How a call or a text that left our hands fares, as its callbacks tell.

use std::time::Duration;

/// What a status callback tells. They come out of order and more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The carrier's name for the call.
    pub call: String,
    /// The carrier's name for our wish to call, where it has another one than for the call.
    pub request: String,
    pub state: Option<CallStatus>,
    pub answered_by: Option<AnsweredBy>,
    /// How long the call was, once it is over.
    pub duration: Option<Duration>,
    /// The callback's place among those of its call, where the carrier counts them.
    pub sequence: Option<u32>,
}

/// Where a call is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallStatus {
    /// Not yet ringing.
    Queued,
    Ringing,
    InProgress,
    /// It was answered, and is over.
    Completed,
    Busy,
    NoAnswer,
    Failed,
    /// We took it back before it was answered.
    Canceled,
}

impl CallStatus {
    /// Whether nothing can come after it.
    pub fn is_final(self) -> bool {
        match self {
            CallStatus::Queued | CallStatus::Ringing | CallStatus::InProgress => false,
            CallStatus::Completed
            | CallStatus::Busy
            | CallStatus::NoAnswer
            | CallStatus::Failed
            | CallStatus::Canceled => true,
        }
    }

    /// The word of the telephone trade, which Twilio, Plivo and Telnyx share.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Some(match word {
            "queued" | "initiated" => CallStatus::Queued,
            "ringing" => CallStatus::Ringing,
            "in-progress" | "answered" => CallStatus::InProgress,
            "completed" => CallStatus::Completed,
            "busy" => CallStatus::Busy,
            "no-answer" | "timeout" => CallStatus::NoAnswer,
            "failed" => CallStatus::Failed,
            "canceled" | "cancel" => CallStatus::Canceled,
            _ => return None,
        })
    }
}

/// Who or what took our call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnsweredBy {
    Human,
    /// A machine, which may still be greeting.
    Machine,
    /// A machine that has finished its greeting: what is said now is recorded.
    MachineReady,
    Fax,
    /// The carrier could not tell.
    Unsure,
}

/// What became of a text of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The carrier's name for the text.
    pub id: String,
    pub state: Delivered,
    /// The carrier's code for what went wrong, where it tells one.
    pub code: String,
}

/// How far a text has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    OnItsWay,
    Arrived,
    Lost,
}
