//! The caller's end of a call, whatever carries it.

pub mod clips;
pub mod stream;
pub mod transcode;
pub mod turns;
pub mod upgrade;

use call::{LineCommand, LineEvent, Manner};
use stream::{StreamLine, Trouble};
use tokio_util::task::TaskTracker;
use turns::TurnsLine;

/// The caller's end.
pub enum Line {
    Stream(Box<StreamLine>),
    Turns(Box<TurnsLine>),
}

impl Line {
    pub fn manner(&self) -> Manner {
        match self {
            Line::Stream(_) => Manner::Duplex,
            Line::Turns(_) => Manner::Turns,
        }
    }

    /// Waits for the next thing the line says, and meanwhile sends what it was told. Safe to cancel.
    pub async fn next(&mut self) -> LineEvent {
        match self {
            Line::Stream(line) => line.next().await,
            Line::Turns(line) => line.next().await,
        }
    }

    pub fn tell(&mut self, command: &LineCommand) {
        match self {
            Line::Stream(line) => line.tell(command),
            Line::Turns(line) => line.tell(command),
        }
    }

    /// The conversation goes on in this language, BCP 47: a carrier that understands words is to expect it.
    pub fn speak(&self, tag: &str) {
        match self {
            Line::Stream(_) => {}
            Line::Turns(line) => line.speak(tag),
        }
    }

    /// Tells whoever looks on at the other end what was noted, a JSON object of this kind.
    pub fn note(&mut self, kind: &str, note: &str) {
        match self {
            Line::Stream(line) => line.note(kind, note),
            Line::Turns(line) => line.note(kind, note),
        }
    }

    /// What went wrong on the line: the first that the carrier sent and should not, and why the connection broke.
    pub fn trouble(&mut self) -> Option<Trouble> {
        match self {
            Line::Stream(line) => line.trouble(),
            Line::Turns(_) => None,
        }
    }

    /// Sends what is still to be sent and says goodbye. That the other end hears it is waited for as one of these tasks.
    pub async fn close(self, tasks: &TaskTracker) {
        match self {
            Line::Stream(line) => line.close(tasks).await,
            Line::Turns(_) => {}
        }
    }
}
