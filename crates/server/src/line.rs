//! The caller's end of a call, whatever carries it.

pub mod stream;

use call::{LineCommand, LineEvent, Manner};
use stream::StreamLine;

/// The caller's end.
pub enum Line {
    Stream(Box<StreamLine>),
}

impl Line {
    pub fn manner(&self) -> Manner {
        match self {
            Line::Stream(_) => Manner::Duplex,
        }
    }

    /// Waits for the next thing the line says, and meanwhile sends what it was told. Safe to cancel.
    pub async fn next(&mut self) -> LineEvent {
        match self {
            Line::Stream(line) => line.next().await,
        }
    }

    pub fn tell(&mut self, command: &LineCommand) {
        match self {
            Line::Stream(line) => line.tell(command),
        }
    }

    /// What was wrong with what the carrier sent, said once a call.
    pub fn trouble(&mut self) -> Option<String> {
        match self {
            Line::Stream(line) => line.trouble(),
        }
    }

    /// Sends what is still to be sent and closes the connection.
    pub async fn close(self) {
        match self {
            Line::Stream(line) => line.close().await,
        }
    }
}
