//! What goes wrong in a session and does not end it: all of it is counted, and as much told as an owner would read.

use crate::Outbox;
use call::{Chunk, EngineEvent, Format};

/// What was passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages of types that we do not know.
    pub unknown: u64,
    /// Messages that are not what their type says, or no JSON at all.
    pub malformed: u64,
    /// Bytes of voice that came after they were unwanted, out of order, or before the session was ready.
    pub late_voice: u64,
    /// Chunks of the caller's sound that came before the session was ready, or in another format than agreed.
    pub unheard: u64,
    /// Bytes of the caller's sound that were cut out of a burst, where the service takes no more than there is time.
    pub cut: u64,
    /// Messages about something going wrong, beyond those that were told.
    pub untold: u64,
}

#[derive(Debug)]
pub(crate) struct Troubles {
    service: &'static str,
    told: u64,
    pub tally: Tally,
}

/// Troubles worth telling, in one session.
const TOLD: u64 = 32;

impl Troubles {
    /// Those with this service.
    pub(crate) fn with(service: &'static str) -> Self {
        Self { service, told: 0, tally: Tally::default() }
    }

    /// A sentence for the owner, who need not read it a thousand times.
    pub(crate) fn tell(&mut self, why: impl Into<String>, out: &mut Outbox) {
        if self.told == TOLD {
            self.tally.untold += 1;
        } else {
            self.told += 1;
            out.events.push_back(EngineEvent::Trouble(why.into()));
        }
    }

    /// The service sent something that cannot be what it meant; worth a word the first time.
    pub(crate) fn malformed(&mut self, what: &str, out: &mut Outbox) {
        self.tally.malformed += 1;
        if self.tally.malformed == 1 {
            self.tell(format!("{} sent {what}.", self.service), out);
        }
    }

    /// Whether this chunk of the caller's can be sent to a service with which this format is agreed, if any is yet.
    pub(crate) fn can_send(&mut self, chunk: &Chunk, agreed: Option<Format>, out: &mut Outbox) -> bool {
        if agreed == Some(chunk.format) {
            return true;
        }
        self.tally.unheard += 1;
        if let Some(agreed) = agreed.filter(|_| self.tally.unheard == 1) {
            self.tell(format!("Sound came as {:?} and not as {agreed:?}.", chunk.format), out);
        }
        false
    }
}
