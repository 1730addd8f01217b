//! A call carried by webhooks: what the caller is played, how they are heard, and what came of it.

use std::time::Duration;

/// Something the caller is played before it is their turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// The carrier's own voice says this. The language is a tag such as `de-DE`, or empty for the carrier's default.
    Say { words: String, language: String },
    /// The recording at this address of ours.
    Play(String),
    /// Silence, of at least a second.
    Wait(Duration),
}

/// What happens after the prompts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Record the caller and post the recording to `to`, which is asked what comes next. Where nothing was recorded
    /// `to` is asked, too.
    Record {
        to: String,
        bounds: Bounds,
        beep: bool,
    },
    /// Have the carrier understand the caller's words or keys while the prompts play, and post them to `to`, which
    /// is asked what comes next. Where nothing was said `to` is asked, too.
    Gather {
        to: String,
        bounds: Bounds,
        input: GatherInput,
        language: String,
    },
    /// Ask this address of ours what comes next.
    Redirect(String),
    /// Connect the caller to this number or SIP address.
    Dial(Dial),
    /// Nothing: whoever has heard a [`Dial::briefing`] is connected.
    Through,
    HangUp,
}

/// When the caller's turn is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// At the latest after this long; where the carrier is to understand something, where nothing came for this long.
    /// Carriers count in seconds.
    pub longest: Duration,
    /// After this much silence; carriers count in seconds.
    pub silence: Duration,
    /// At any of these keys; at the first of them alone where the carrier is to understand something. Empty: no key
    /// ends it.
    pub finish: &'static str,
}

/// What a carrier is to understand by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatherInput {
    /// At most so many keys.
    Keys(u32),
    Speech,
    /// Whichever comes first.
    Both(u32),
}

impl GatherInput {
    /// The word that all carriers have for it, and how many keys.
    pub(crate) fn words(self) -> (&'static str, Option<u32>) {
        match self {
            Self::Keys(keys) => ("dtmf", Some(keys)),
            Self::Speech => ("speech", None),
            Self::Both(keys) => ("dtmf speech", Some(keys)),
        }
    }
}

/// Connects the caller to somebody else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dial {
    /// A number, a `sip:` address, or at Twilio a `client:` name.
    pub to: String,
    /// The number of ours that they see calling. Empty: what the carrier shows by itself.
    pub caller_id: String,
    /// How long it may ring. Zero: as long as the carrier lets it.
    pub rings: Duration,
    /// The address of ours that is asked what comes next once the connection is over. Empty: the call is over, too.
    pub then: String,
    /// The address of ours that is asked, by POST, what whoever takes the call hears before they are connected, while the
    /// caller hears it ring. Empty: they are connected at once. Telnyx briefs numbers only.
    pub briefing: String,
}

/// What a webhook between two turns tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    /// The carrier's name for the call.
    pub call: String,
    /// What was recorded, if anything was and it can be fetched.
    pub recorded: Option<Recorded>,
    pub gathered: Gathered,
    /// The caller hung up meanwhile.
    pub over: bool,
}

/// A recording that the carrier keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The carrier's name for it, where it tells one.
    pub id: String,
    /// Where it says that it is. Not to be believed: see [`Carrier::fetch`](crate::Carrier::fetch).
    pub url: String,
    /// How long it sounds, where that is known already.
    pub duration: Option<Duration>,
}

/// What the carrier understood by itself; empty where it understood nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathered {
    /// Keys in the order of pressing. May be a PIN: never to be written down.
    pub digits: String,
    pub speech: String,
    /// From 0 to 1, where the carrier says.
    pub confidence: Option<f32>,
}

/// Whole seconds, at least one, as documents count.
pub(crate) fn seconds(time: Duration) -> String {
    time.as_secs_f64().ceil().max(1.0).to_string()
}
