//! What is recorded, and how long what is known of callers is kept.

use store::Kept;

/// `[recording]`
#[derive(Clone, Debug, Default)]
pub struct Recording {
    pub calls: Recorded,
    /// What callers are told before they are recorded.
    pub words: String,
}

/// Which calls are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recorded {
    #[default]
    Off,
    /// Those with the owner.
    Owner,
    All,
}

/// `[retention]`: days, or none for what is kept until somebody deletes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    pub recordings: Option<u32>,
    pub transcripts: Option<u32>,
    pub messages: Option<u32>,
    pub texts: Option<u32>,
    pub calls: Option<u32>,
    pub audit: Option<u32>,
}

impl Retention {
    /// For how many days this is kept.
    pub fn days(&self, kept: Kept) -> Option<u32> {
        match kept {
            Kept::Recordings => self.recordings,
            Kept::Transcripts => self.transcripts,
            Kept::Messages => self.messages,
            Kept::Texts => self.texts,
            Kept::Calls => self.calls,
        }
    }
}
