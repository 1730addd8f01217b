//! Planning a change: looking whether it can be, and taking its time, is one step that two callers cannot both make.

use crate::{
    AppointmentRow, ChangeRow, Gap, Intent, Span, Store, StoreError, Tx, What,
    appointments::{lock, locked, same},
    changes::{change, latest_change},
    holds::{Asking, taken},
    intents::{IntentRow, IntentState, columns, from_json, json},
    new_id, on_tx,
};

/// An appointment to be made.
#[derive(Clone, Debug)]
pub struct NewAppointment<'a> {
    pub calendar: &'a str,
    pub starts_ms: i64,
    pub ends_ms: i64,
    /// How much must be free around it.
    pub gap: Gap,
    /// IANA name of the zone in which it was agreed.
    pub zone: &'a str,
    /// Which kind of appointment it is, as the owner names them; may be empty.
    pub kind: &'a str,
    pub summary: &'a str,
    pub description: &'a str,
    /// JSON array of strings.
    pub attendees: &'a str,
    /// The caller's number, empty where it is withheld.
    pub caller: &'a str,
    /// The e-mail address or number that confirmations go to; may be empty.
    pub contact: &'a str,
    /// Names the request: the same key again is the same appointment, as long as that stands where it was booked.
    pub key: &'a str,
}

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Plan<'a> {
    Book(&'a NewAppointment<'a>),
    Move {
        id: &'a str,
        to: Span,
        gap: Gap,
    },
    Cancel {
        id: &'a str,
    },
    /// Makes the appointment be what it was before this change, which is a change, too.
    Undo {
        change_id: &'a str,
    },
}

/// What came of planning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// The time is taken, nothing is done yet: the intent is the asker's to carry out or to drop, until its lease runs out.
    /// Also where an earlier try at the very same was left behind: then this is that one.
    Planned(Intent),
    /// It is so already, by the same request, by the same caller for the same time, or because it is cancelled, moved or
    /// undone; nothing is to be done.
    Same(AppointmentRow),
    /// The same is being done, or something else is being done to the same appointment: ask again when that is
    /// [decided](Store::outcome).
    Underway(Intent),
    /// Something else is there, is about to be there, or another call is about to book it.
    Taken(Span),
    /// It was changed again since what is to be undone, or since whoever asks has [seen](By::seen) it. This is how it stands.
    Changed(AppointmentRow),
    /// There is no such appointment or change, or it is cancelled and cannot be moved.
    Gone,
}

/// Who changes an appointment, and when.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The caller's number, a user's name, or whatever says who it was.
    pub who: &'a str,
    pub call_id: Option<&'a str>,
    /// The second of the call.
    pub second: Option<i64>,
    pub at_ms: i64,
    /// In the words of whoever wanted it; may be empty.
    pub reason: &'a str,
    /// The last change of the appointment that they have seen; none: however it stands, it is changed. It has no part in
    /// booking.
    pub seen: Option<&'a str>,
}

impl Store {
    /// Plans a change: if it can be, its time is taken for everybody else from here on, and the intent is the asker's until
    /// `lease_until_ms`.
    ///
    /// `elsewhere` names the calendar that new events are written to. An appointment whose event is in a calendar elsewhere
    /// already keeps it there.
    pub async fn plan(
        &self,
        plan: &Plan<'_>,
        by: &By<'_>,
        elsewhere: Option<&str>,
        lease_until_ms: i64,
    ) -> Result<Planned, StoreError> {
        let mut tx = self.begin().await?;
        let wanted = match *plan {
            Plan::Book(new) => {
                lock(&mut tx, new.calendar).await?;
                Wanted::booking(new, by, elsewhere)
            }
            Plan::Move { id, to, gap } => match locked(&mut tx, id).await? {
                Some(row) if row.status != "booked" => return Ok(Planned::Gone),
                Some(row) if row.span() == to => return Ok(Planned::Same(row)),
                Some(row) => Wanted::moving(row, to, gap, elsewhere),
                None => return Ok(Planned::Gone),
            },
            Plan::Cancel { id } => match locked(&mut tx, id).await? {
                Some(row) if row.status != "booked" => return Ok(Planned::Same(row)),
                Some(row) => Wanted::cancelling(row),
                None => return Ok(Planned::Gone),
            },
            Plan::Undo { change_id } => match undoing(&mut tx, change_id, elsewhere).await? {
                Ok(wanted) => wanted,
                Err(planned) => return Ok(planned),
            },
        };
        if let (Some(before), Some(seen)) = (&wanted.before, by.seen) {
            let latest = latest_change(&mut tx, &before.id).await?;
            if latest.is_some_and(|latest| latest.id != seen) {
                return Ok(Planned::Changed(before.clone()));
            }
        }
        if wanted.before.is_none()
            && let Some(row) = same(&mut tx, &wanted.after, &wanted.key).await?
        {
            return Ok(Planned::Same(row));
        }
        if let Some(intent) = wanted.underway(&mut tx).await? {
            if !wanted.is(&intent) || intent.lease_until_ms > by.at_ms {
                return Ok(Planned::Underway(intent));
            }
            let Some(intent) = taken_over(&mut tx, &intent, lease_until_ms).await? else {
                return Ok(Planned::Underway(intent));
            };
            tx.commit().await?;
            return Ok(Planned::Planned(intent));
        }
        if wanted.what != What::Cancelled {
            let moving = wanted.before.as_ref().map(|before| before.id.as_str());
            let asking = Asking { now_ms: by.at_ms, call_id: by.call_id, moving };
            let (span, gap) = (wanted.after.span(), wanted.after.gap());
            if let Some(taken) = taken(&mut tx, &wanted.after.calendar, span, gap, &asking).await? {
                return Ok(Planned::Taken(taken));
            }
        }
        let intent = wanted.kept(&mut tx, by, lease_until_ms).await?;
        tx.commit().await?;
        Ok(Planned::Planned(intent))
    }
}

/// A change that may be, if nothing stands in its way.
struct Wanted {
    what: What,
    before: Option<AppointmentRow>,
    after: AppointmentRow,
    undoes: Option<String>,
    key: String,
}

impl Wanted {
    fn booking(new: &NewAppointment<'_>, by: &By<'_>, elsewhere: Option<&str>) -> Self {
        let gap = new.gap.bounded();
        let after = AppointmentRow {
            id: new_id(by.at_ms),
            calendar: new.calendar.to_owned(),
            starts_ms: new.starts_ms,
            ends_ms: new.ends_ms,
            zone: new.zone.to_owned(),
            summary: new.summary.to_owned(),
            description: new.description.to_owned(),
            attendees: new.attendees.to_owned(),
            caller: new.caller.to_owned(),
            call_id: by.call_id.map(str::to_owned),
            status: "booked".to_owned(),
            created_ms: by.at_ms,
            kind: new.kind.to_owned(),
            contact: new.contact.to_owned(),
            before_ms: gap.before_ms,
            after_ms: gap.after_ms,
            elsewhere: elsewhere.map(str::to_owned),
            generation: i64::from(elsewhere.is_some()),
        };
        Self { what: What::Booked, before: None, after, undoes: None, key: new.key.to_owned() }
    }

    fn moving(before: AppointmentRow, to: Span, gap: Gap, elsewhere: Option<&str>) -> Self {
        let gap = gap.bounded();
        let mut after = AppointmentRow {
            starts_ms: to.starts_ms,
            ends_ms: to.ends_ms,
            before_ms: gap.before_ms,
            after_ms: gap.after_ms,
            ..before.clone()
        };
        if before.elsewhere.is_none() && elsewhere.is_some() {
            after.elsewhere = elsewhere.map(str::to_owned);
            after.generation += 1;
        }
        // The request that booked it may be made again for the time that is free then, hence the key is given up.
        let key = before.id.clone();
        Self { what: What::Moved, before: Some(before), after, undoes: None, key }
    }

    fn cancelling(before: AppointmentRow) -> Self {
        let after = AppointmentRow { status: "cancelled".to_owned(), ..before.clone() };
        let key = before.id.clone();
        Self { what: What::Cancelled, before: Some(before), after, undoes: None, key }
    }

    fn restoring(before: AppointmentRow, as_was: &AppointmentRow, elsewhere: Option<&str>) -> Self {
        let after = AppointmentRow {
            starts_ms: as_was.starts_ms,
            ends_ms: as_was.ends_ms,
            before_ms: as_was.before_ms,
            after_ms: as_was.after_ms,
            status: "booked".to_owned(),
            elsewhere: elsewhere.map(str::to_owned),
            generation: before.generation + i64::from(elsewhere.is_some()),
            ..before.clone()
        };
        let key = before.id.clone();
        Self { what: What::Booked, before: Some(before), after, undoes: None, key }
    }

    /// What is being done to this appointment or, where there is none yet, to make the same one.
    async fn underway(&self, tx: &mut Tx) -> Result<Option<Intent>, sqlx::Error> {
        let row: Option<IntentRow> = on_tx!(tx, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM intents WHERE calendar = $1 AND state <> 'removing' \
             AND (appointment_id = $2 OR ($3 = 1 AND before_json IS NULL \
                 AND (request_key = $4 OR (caller <> '' AND caller = $5 AND starts_ms = $6 AND ends_ms = $7)))) \
             ORDER BY id LIMIT 1",
        ))
        .bind(&self.after.calendar)
        .bind(&self.after.id)
        .bind(i64::from(self.before.is_none()))
        .bind(&self.key)
        .bind(&self.after.caller)
        .bind(self.after.starts_ms)
        .bind(self.after.ends_ms)
        .fetch_optional(db)
        .await)?;
        row.map(Intent::try_from).transpose()
    }

    /// Whether that intent does just this, so that it can be gone on with.
    fn is(&self, intent: &Intent) -> bool {
        intent.state == IntentState::Planned
            && intent.what == self.what
            && intent.undoes == self.undoes
            && intent.after.span() == self.after.span()
    }

    async fn kept(self, tx: &mut Tx, by: &By<'_>, lease_until_ms: i64) -> Result<Intent, sqlx::Error> {
        let intent = Intent {
            id: new_id(by.at_ms),
            what: self.what,
            state: IntentState::Planned,
            undoes: self.undoes,
            before: self.before,
            after: self.after,
            who: by.who.to_owned(),
            call_id: by.call_id.map(str::to_owned),
            second: by.second,
            at_ms: by.at_ms,
            reason: by.reason.to_owned(),
            key: self.key,
            attempts: 0,
            why: String::new(),
            lease_until_ms,
            claim: 1,
        };
        on_tx!(tx, db => sqlx::query(
            "INSERT INTO intents (id, calendar, appointment_id, what, state, undoes, request_key, caller, starts_ms, \
             ends_ms, before_ms, after_ms, before_json, after_json, who, call_id, second, at_ms, reason, claim, \
             lease_until_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
        )
        .bind(&intent.id)
        .bind(&intent.after.calendar)
        .bind(&intent.after.id)
        .bind(intent.what.name())
        .bind(intent.state.name())
        .bind(&intent.undoes)
        .bind(&intent.key)
        .bind(&intent.after.caller)
        .bind(intent.after.starts_ms)
        .bind(intent.after.ends_ms)
        .bind(intent.after.before_ms)
        .bind(intent.after.after_ms)
        .bind(intent.before.as_ref().map(json))
        .bind(json(&intent.after))
        .bind(&intent.who)
        .bind(&intent.call_id)
        .bind(intent.second)
        .bind(intent.at_ms)
        .bind(&intent.reason)
        .bind(intent.claim)
        .bind(intent.lease_until_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(intent)
    }
}

/// What undoing this change comes to, or why it cannot be.
async fn undoing(
    tx: &mut Tx,
    change_id: &str,
    elsewhere: Option<&str>,
) -> Result<Result<Wanted, Planned>, sqlx::Error> {
    let Some(undone) = change(tx, change_id).await? else { return Ok(Err(Planned::Gone)) };
    let Some(row) = locked(tx, &undone.appointment_id).await? else { return Ok(Err(Planned::Gone)) };
    let left = from_json(&undone.after_json)?;
    if (row.span(), &row.status) != (left.span(), &left.status) {
        let latest: Option<ChangeRow> = latest_change(tx, &row.id).await?;
        let done = latest.is_some_and(|latest| latest.undoes.as_deref() == Some(change_id));
        return Ok(Err(if done { Planned::Same(row) } else { Planned::Changed(row) }));
    }
    let before = undone.before_json.as_deref().map(from_json).transpose()?;
    let wanted = match (What::named(&undone.what), before) {
        (Some(What::Moved), Some(was)) => Wanted::moving(row, was.span(), was.gap(), elsewhere),
        (Some(What::Cancelled), Some(was)) => Wanted::restoring(row, &was, elsewhere),
        (Some(What::Booked), _) => Wanted::cancelling(row),
        (Some(What::Moved | What::Cancelled) | None, _) => {
            return Err(sqlx::Error::Decode(
                format!("the change {change_id} tells nothing to go back to").into(),
            ));
        }
    };
    Ok(Ok(Wanted { undoes: Some(change_id.to_owned()), ..wanted }))
}

/// The intent in the asker's hands, unless another instance has claimed it since it was read.
async fn taken_over(
    tx: &mut Tx,
    intent: &Intent,
    lease_until_ms: i64,
) -> Result<Option<Intent>, sqlx::Error> {
    let row: Option<IntentRow> = on_tx!(tx, db => sqlx::query_as(concat!(
        "UPDATE intents SET claim = claim + 1, lease_until_ms = $3 WHERE id = $1 AND claim = $2 RETURNING ", columns!(),
    ))
    .bind(&intent.id)
    .bind(intent.claim)
    .bind(lease_until_ms)
    .fetch_optional(db)
    .await)?;
    row.map(Intent::try_from).transpose()
}
