//! What differs between the telephone companies when a call is carried: how they sign, what they call things, and
//! which documents they take.

use super::{
    Account, Dial,
    dialect::Dialect,
    verb::{RecordVerb, StreamVerb, Verb},
};
use std::time::Duration;

/// What a request to the server is about.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// Somebody rings, or somebody who was rung has answered.
    Ringing,
    /// The call goes on elsewhere.
    Redirected,
    /// A recording ended: what now?
    Recorded(&'a Recorded),
    /// The file of a recording is ready.
    Ready(&'a Recorded),
    /// Keys or words came: what now?
    Gathered(&'a Gathered),
    /// A dialled leg is over, with the company's word for how: what now?
    Dialled { status: &'a str },
    /// `stream-started`, `stream-stopped` or `stream-error` in Twilio's words.
    Streamed { event: &'a str, name: &'a str, error: &'a str },
    /// `initiated`, `ringing`, `answered`, `completed`.
    Progress { event: &'static str, sequence: u32, seconds: u64 },
    /// Who or what answered.
    Machine { by: &'a str, milliseconds: u32 },
}

/// A recording as the server is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub id: String,
    pub url: String,
    pub lasted: Duration,
    /// When it began, in milliseconds since 1970.
    pub began: u64,
    /// The key that ended it, or `hangup`.
    pub digits: String,
    pub channels: u16,
}

/// What the caller entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    pub digits: Option<String>,
    pub words: Option<String>,
}

/// A company's numbers for what a server does wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codes {
    pub unreachable: u32,
    pub media_type: u32,
    pub document: u32,
    pub upgrade: u32,
    pub broken: u32,
    pub slow: u32,
    pub sound: u32,
}

/// One company. All of it is pure.
pub(crate) trait Company: Send + Sync {
    fn codes(&self) -> Codes;
    /// What a webhook is given altogether.
    fn patience(&self) -> Duration;
    fn agent(&self) -> &'static str;
    /// What is posted or asked, in the order of the wire.
    fn fields(&self, dial: &Dial, about: &About<'_>) -> Vec<(String, String)>;
    /// The headers that prove a request to be the company's. For a GET, `url` has the query and `fields` are none.
    fn sign(&self, url: &str, post: bool, fields: &[(String, String)], body: &str) -> Vec<(String, String)>;
    /// The headers of the upgrade of a stream.
    fn sign_upgrade(&self, url: &str) -> Vec<(String, String)>;
    /// The name of a recording, its path (with a query where the company's links have one), and whether only the
    /// account may fetch it.
    fn shelf_place(&self, dial: &Dial, verb: &RecordVerb, seed: u64) -> (String, String, bool);
    fn takes(&self, media_type: &str) -> bool;
    fn read(&self, document: &str) -> Result<Vec<Verb>, String>;
    /// How the company speaks on this stream.
    fn dialect(&self, dial: &Dial, verb: &StreamVerb) -> Box<dyn Dialect>;
}

impl Account {
    pub(crate) fn company(&self) -> Box<dyn Company> {
        match self {
            Self::Twilio(account) => Box::new(account.clone()),
            Self::Plivo(account) => Box::new(account.clone()),
            Self::Telnyx(account) => Box::new(account.clone()),
        }
    }
}

pub(crate) fn owned(fields: Vec<(&str, String)>) -> Vec<(String, String)> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
