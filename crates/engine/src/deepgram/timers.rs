//! What one session may be waiting for.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The session should be confirmed by now.
    Confirmed,
    /// The agent should have begun to answer by now.
    Answered,
    /// The agent should have begun to say what it was given by now.
    Said,
    /// What was refused may be asked for again.
    Again,
    /// No more sound has come of what the agent says.
    Quiet,
    /// The service has heard nothing for a while.
    KeepAlive,
    /// The caller is speaking, and no sound comes from the line.
    Silence,
    /// No further key was pressed.
    Keys,
}
