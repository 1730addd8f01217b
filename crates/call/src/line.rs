//! The caller's end, whatever carries it: a media stream, a browser, or a recording posted to a webhook.

use crate::Chunk;

/// Names a point in the audio we sent, so the line can say it was reached. Marks of a call only ever grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(pub u32);

/// Whether both ends may speak at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// A media stream: sound flows both ways all the time.
    Duplex,
    /// Webhooks: the caller is recorded, then we are played, then again.
    Turns,
}

/// What the caller's end tells us.
#[derive(Clone, Debug, PartialEq)]
pub enum LineEvent {
    /// The caller made this sound.
    Audio(Chunk),
    /// The caller said this, as the carrier understood it. Only lines that take turns say so.
    Words(String),
    /// The line is done with everything up to this mark: played, or thrown away by a `Clear`.
    Played(Mark),
    /// The caller has finished, and waits. Only lines that take turns say so.
    TurnOver,
    /// The caller pressed a key: `0`–`9`, `*`, `#`, `A`–`D`.
    Key(char),
    /// The caller is gone.
    Closed,
}

/// What the caller's end is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum LineCommand {
    /// Play this after what is already queued.
    Play(Chunk),
    /// Report this mark when everything before it has been played.
    Mark(Mark),
    /// Throw away everything not yet played.
    Clear,
    /// The floor is the caller's. A line that streams need not be told.
    Listen,
    HangUp,
    /// Connect the caller to this number or address, and leave.
    Transfer(String),
}
