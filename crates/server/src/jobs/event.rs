//! What happened, for every program that wants to be told of it.
//!
//! Done twice it tells nobody twice: an event is queued once for each program.

use super::Outcome;
use crate::{
    app::App,
    told::{self, time},
    webhooks::{self, DELIVER, DELIVERIES, Event, Kind},
};
use serde_json::{Value, json};
use store::{JobRow, NewWebhookDelivery, StoreError};

/// What is told, and whom it is about.
struct Told {
    number: String,
    data: Value,
}

/// Queues one delivery for each program.
pub(super) async fn tell(app: &App, job: &JobRow) -> Outcome {
    let Ok(event) = serde_json::from_str::<Event>(&job.payload) else {
        return Outcome::Never("what it was about cannot be read any more".into());
    };
    match queue(app, job, &event).await {
        Ok(()) => Outcome::Done,
        Err(error) => error.into(),
    }
}

async fn queue(app: &App, job: &JobRow, event: &Event) -> Result<(), StoreError> {
    let wanted = app.store.webhooks().await?;
    let wanted: Vec<_> = wanted.iter().filter(|row| row.told && webhooks::wants(row, event.kind)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    // Who is forgotten is not told of.
    let Some(Told { number, data }) = told(app, event).await? else { return Ok(()) };
    let at = time(event.at_ms, &app.config.get().calendar.zone);
    let body = json!({"type": event.kind.name(), "timestamp": at, "data": data}).to_string();
    let event_id = webhooks::event_id(&job.id);
    for row in wanted {
        let new = NewWebhookDelivery {
            webhook_id: &row.id,
            event_id: &event_id,
            kind: event.kind.name(),
            number: &number,
            body: &body,
            now_ms: crate::clock::now_ms(),
        };
        app.store.webhook_told(&new, DELIVER, DELIVERIES).await?;
    }
    app.bell.ring();
    Ok(())
}

async fn told(app: &App, event: &Event) -> Result<Option<Told>, StoreError> {
    let zone = app.config.get().calendar.zone.clone();
    Ok(match event.kind {
        Kind::CallStarted | Kind::CallEnded => {
            let Some(row) = app.store.call(&event.about).await? else { return Ok(None) };
            let brief = app.store.brief(&row.id).await?;
            let number = row.other().to_owned();
            Some(Told { number, data: json!({"call": told::Call::of(&row, brief, &zone)}) })
        }
        Kind::AppointmentBooked | Kind::AppointmentMoved | Kind::AppointmentCancelled => {
            let Some(mut row) = app.store.appointment(&event.about).await? else { return Ok(None) };
            // Where it was put by this change, should it have been moved again since.
            if let Some((starts_ms, ends_ms)) = event.span {
                (row.starts_ms, row.ends_ms) = (starts_ms, ends_ms);
            }
            let number = if row.caller.is_empty() { &row.contact } else { &row.caller };
            let mut data = json!({"appointment": told::Appointment::of(&row, &zone)});
            if let Some((from, to)) = event.was {
                data["was"] = json!({"starts": time(from, &zone), "ends": time(to, &zone)});
            }
            Some(Told { number: number.clone(), data })
        }
        Kind::MessageTaken => app.store.message(&event.about).await?.map(|row| Told {
            number: row.caller.clone(),
            data: json!({"message": told::Message::of(&row, &zone)}),
        }),
        Kind::TextReceived => app.store.text_by_id(&event.about).await?.map(|row| Told {
            number: row.number.clone(),
            data: json!({"text": told::Text::of(&row, &zone)}),
        }),
    })
}
