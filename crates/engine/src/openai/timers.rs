//! What one session may be waiting for.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The session should be confirmed by now.
    Confirmed,
    /// The response that was asked for should have begun by now.
    Begun,
    /// The response under way should have gone on by now.
    Finished,
    /// The caller's words should be committed by now; they stopped some time ago.
    Committed,
    /// The caller is speaking, and no sound comes from the line.
    Silence,
    /// No further key was pressed.
    Keys,
    /// A transcript has waited long enough for the one before it.
    Words,
    /// The service may be asked again.
    Rested,
    /// What came of a tool that it has used by itself should be known by now.
    Outcome,
}
