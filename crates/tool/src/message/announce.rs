//! Which jobs a change of an appointment queues.

use super::{
    Occasion,
    job::{self, Author, REMIND},
    reply::BY_TEXT,
};
use crate::calendar::books::{Announced, Changed, Job};
use store::What;

/// What [`Books`](crate::calendar::Books) queue with a change: one announcement. The reminders of where the appointment
/// stood are given up.
pub fn announce(changed: &Changed<'_>) -> Announced {
    let occasion = match changed.what {
        What::Booked => Occasion::Booked,
        What::Moved => Occasion::Moved,
        What::Cancelled => Occasion::Cancelled,
    };
    let after = changed.after;
    let by = if changed.by.reason == BY_TEXT {
        Author::Texter
    } else if !after.caller.is_empty() && changed.by.who == after.caller {
        Author::Caller
    } else {
        Author::Other
    };
    let planned = job::announcement(&after.id, occasion, after.starts_ms, changed.by.at_ms, by);
    Announced {
        forget: vec![format!("{REMIND}:{}:", after.id)],
        queue: vec![Job {
            kind: planned.kind.to_owned(),
            key: planned.key,
            payload: planned.payload,
            due_ms: planned.due_ms,
        }],
    }
}
