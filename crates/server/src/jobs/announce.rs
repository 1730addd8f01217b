//! Who is told of a change, and by which ways.
//!
//! Done twice it queues the same jobs again, whose keys exist.

use super::{Outcome, queue, we_have};
use crate::{app::App, brief, clock};
use jiff::Timestamp;
use store::{AppointmentRow, JobRow};
use tool::message::{
    Occasion, Reach, Way,
    job::{Announcement, Author},
    reminder_due,
};

/// An announcement whose appointment is as it says.
pub(super) struct Told {
    pub announcement: Announcement,
    pub occasion: Occasion,
    pub row: AppointmentRow,
    pub reach: Reach,
}

/// Reads the job, and the appointment that it is about. Where that was changed again, another job tells of it; where it
/// is over nobody needs to know: then there is nothing to do.
pub(super) async fn told(app: &App, job: &JobRow) -> Result<Told, Outcome> {
    let damaged = || Outcome::Never("what it was about cannot be read any more".into());
    let announcement: Announcement = serde_json::from_str(&job.payload).map_err(|_| damaged())?;
    let occasion = announcement.occasion().ok_or_else(damaged)?;
    let row = app.store.appointment(&announcement.appointment).await?.ok_or(Outcome::Done)?;
    let stands = row.status == "booked";
    let as_told = row.starts_ms == announcement.starts_ms && stands == (occasion != Occasion::Cancelled);
    if !as_told || row.starts_ms <= clock::now_ms() {
        tracing::debug!(job = job.id, "nobody is told: the appointment was changed again, or is over");
        return Err(Outcome::Done);
    }
    let attendees: Vec<String> = serde_json::from_str(&row.attendees).unwrap_or_default();
    let reach = Reach::of(&row.contact, &attendees, &row.caller);
    Ok(Told { announcement, occasion, row, reach })
}

/// Queues the confirmations of a change, and the reminder of where the appointment stands now.
pub(super) async fn announce(app: &App, job: &JobRow) -> Outcome {
    let told = match told(app, job).await {
        Ok(told) => told,
        Err(outcome) => return outcome,
    };
    if told.reach == Reach::default() {
        return Outcome::Done;
    }
    let config = app.config.get();
    let ways = config.messages.confirmations.ways(&we_have(&config), &told.reach);
    let ways = ways.into_iter().filter(|way| *way != Way::Text || told.announcement.by != Author::Texter);
    if let Err(error) = queue_all(app, &told, ways).await {
        return error.into();
    }
    match told.occasion {
        Occasion::Cancelled | Occasion::Reminder => Outcome::Done,
        Occasion::Booked | Occasion::Moved => {
            let at = |ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
            let starts = at(told.row.starts_ms).to_zoned(config.calendar.zone.clone());
            let (before, quiet) = (config.messages.reminder, config.messages.quiet);
            let due = reminder_due(&starts, at(told.announcement.at_ms), before, quiet);
            match due {
                Some(due) => match queue(app, &told.announcement.reminder(due.as_millisecond())).await {
                    Ok(()) => Outcome::Done,
                    Err(error) => error.into(),
                },
                None => Outcome::Done,
            }
        }
    }
}

/// Queues the reminder by its ways, now that it is due.
pub(super) async fn remind(app: &App, job: &JobRow) -> Outcome {
    let told = match told(app, job).await {
        Ok(told) => told,
        Err(outcome) => return outcome,
    };
    let config = app.config.get();
    let ways = config.messages.confirmations.ways(&we_have(&config), &told.reach);
    match queue_all(app, &told, ways.into_iter()).await {
        Ok(()) => Outcome::Done,
        Err(error) => error.into(),
    }
}

async fn queue_all(app: &App, told: &Told, ways: impl Iterator<Item = Way>) -> Result<(), store::StoreError> {
    for way in ways {
        queue(app, &told.announcement.by(way, clock::now_ms())).await?;
    }
    Ok(())
}

/// The appointment in the words of messages.
pub(super) fn about<'a>(
    told: &'a Told,
    config: &'a crate::config::Config,
    now: &'a jiff::Zoned,
    sequence: u32,
) -> tool::message::About<'a> {
    let at = |ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    tool::message::About {
        id: &told.row.id,
        sequence,
        span: when::Span { from: at(told.row.starts_ms), to: at(told.row.ends_ms) },
        now,
        summary: &told.row.summary,
        business: &config.assistant.business,
        number: super::text::sender(config).map(|(_, number)| number),
    }
}

/// Now, where the owner is.
pub(super) fn now(app: &App) -> jiff::Zoned {
    brief::now(app)
}
