//! What is written to people about a change, which is decided in the same step as the change.

use store::{AppointmentRow, By, Intent, What};

/// Says what is to be done after a change. It is asked just before the change is carried out, and perhaps again, if that
/// fails; nothing it answers is done unless the change is.
pub type Announce = Box<dyn Fn(&Changed<'_>) -> Announced + Send + Sync>;

/// A change of an appointment that is about to be carried out.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    pub what: What,
    /// The change that it undoes.
    pub undoes: Option<&'a str>,
    /// None where the appointment is new.
    pub before: Option<&'a AppointmentRow>,
    pub after: &'a AppointmentRow,
    /// Who wanted it, in which call, and when; `calendar` where the owner made it in a calendar elsewhere.
    pub by: By<'a>,
}

impl<'a> Changed<'a> {
    pub(super) fn by_intent(intent: &'a Intent) -> Self {
        Self {
            what: intent.what,
            undoes: intent.undoes.as_deref(),
            before: intent.before.as_ref(),
            after: &intent.after,
            by: intent.by(),
        }
    }
}

/// What is to be done after a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// Waiting jobs whose key begins with one of these are given up, such as all reminders of an appointment.
    pub forget: Vec<String>,
    /// Jobs to be queued, unless there is one with the same key.
    pub queue: Vec<Job>,
}

/// A job to be queued; see [`store::NewJob`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub kind: String,
    pub key: String,
    /// JSON.
    pub payload: String,
    pub due_ms: i64,
}
