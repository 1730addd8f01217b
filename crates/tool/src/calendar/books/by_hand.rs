//! Changes by somebody who looks at an appointment: nothing is done to one that is not as they see it.

use super::{
    Books, Unavailable,
    rows::{by, entry, gap, milliseconds},
    steps::{Came, Standing},
};
use crate::{
    Errand,
    calendar::{Entry, Slot},
};
use store::{By, Plan};

/// What came of changing what somebody looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changing {
    /// It is so, by this or an earlier try.
    Done(Entry),
    /// Something else is there.
    Taken,
    /// It was changed since they looked.
    Changed,
    /// There is no such appointment, or it is cancelled and cannot be moved.
    Gone,
}

impl Books {
    /// Moves an appointment whose last change is still `seen`.
    pub async fn move_as_seen(
        &self,
        id: &str,
        slot: Slot,
        seen: &str,
        errand: &Errand,
    ) -> Result<Changing, Unavailable> {
        let (starts_ms, ends_ms) = milliseconds(slot.span);
        let to = store::Span { starts_ms, ends_ms };
        self.change_as_seen(&Plan::Move { id, to, gap: gap(slot) }, "", seen, errand).await
    }

    /// Cancels an appointment whose last change is still `seen`.
    pub async fn cancel_as_seen(
        &self,
        id: &str,
        reason: &str,
        seen: &str,
        errand: &Errand,
    ) -> Result<Changing, Unavailable> {
        self.change_as_seen(&Plan::Cancel { id }, reason, seen, errand).await
    }

    async fn change_as_seen(
        &self,
        plan: &Plan<'_>,
        reason: &str,
        seen: &str,
        errand: &Errand,
    ) -> Result<Changing, Unavailable> {
        let by = By { seen: Some(seen), ..by(errand, reason) };
        Ok(match self.change(plan, &by, Standing::Read).await? {
            Came::Done(row) | Came::Same(row) => Changing::Done(entry(row)?),
            Came::Taken => Changing::Taken,
            Came::Changed => Changing::Changed,
            Came::Gone | Came::Unread => Changing::Gone,
        })
    }
}
