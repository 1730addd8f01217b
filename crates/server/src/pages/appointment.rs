//! One appointment: what it is, everything that was done to it, what was sent about it, and what can be done now.

mod history;
mod sent;

use super::{
    Failure, Frame,
    appointments::wish::{self, When, Wrong},
    shown, shown_again, times,
};
use crate::{api::calendar::owners, app::App, audit::Deed, brief, clock, guard::session::User, jobs};
use askama::Template;
use axum::{
    extract::{Form, Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::{Zoned, tz::TimeZone};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use store::AppointmentRow;
use tool::{
    calendar::{Unavailable, Undoing, books::Changing, line},
    message::{
        Occasion, Reach, Way,
        job::{Announcement, Author},
    },
};

/// As much as is kept of why an appointment was cancelled, in characters.
const LONGEST_REASON: usize = 300;
/// As many letters and texts as are shown.
const MOST: u32 = 50;
const CHANGED: &str = "It was changed by somebody else since you opened this page, so nothing was done. This is how it \
                       stands now.";

#[derive(Template)]
#[template(path = "appointment.html")]
struct AppointmentPage {
    frame: Frame,
    id: String,
    summary: String,
    when: String,
    zone: String,
    /// What is to be known of the clock that day.
    remark: Option<String>,
    facts: Vec<(&'static str, String)>,
    caller: String,
    call: Option<String>,
    /// It stands and is still to come.
    ahead: bool,
    cancelled: bool,
    over: bool,
    /// The last change that this page knows of.
    seen: String,
    changes: Vec<history::Line>,
    letters: Vec<sent::Line>,
    ways: Vec<sent::Offer>,
    /// Why nothing can be sent.
    no_way: Option<&'static str>,
    /// Names what is sent from this page.
    now_ms: i64,
    form: When,
    wrong: Wrong,
    /// What went wrong with anything but moving it.
    told: Option<String>,
}

/// What the form that cancels one says.
#[derive(Default, Deserialize)]
pub(super) struct Cancelling {
    /// The last change that its page knew of.
    #[serde(default)]
    seen: String,
    #[serde(default)]
    reason: String,
}

/// What the form that moves one says.
#[derive(Deserialize)]
pub(super) struct Move {
    #[serde(default)]
    seen: String,
    #[serde(flatten)]
    when: When,
}

/// What is to be sent again.
#[derive(Deserialize)]
pub(super) struct Send {
    /// `text` or `mail`.
    way: String,
    /// When the page was made: sent twice from one page it is one letter.
    at: i64,
}

/// `GET /appointments/{id}`
pub(super) async fn appointment(
    State(app): State<Arc<App>>,
    _: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    Ok(shown(&page(&app, &id).await?))
}

/// `POST /appointments/{id}/move`
pub(super) async fn shift(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
    Form(Move { seen, when }): Form<Move>,
) -> Result<Response, Failure> {
    let row = app.store.appointment(&id).await?.ok_or_else(Failure::not_found)?;
    let mut when = when.chosen();
    let wrong = match moved(&app, &row, &seen, &when).await {
        Ok(Changing::Done(_)) => {
            app.audit(&by, Deed::AppointmentChanged, &format!("moved {id}")).await;
            return Ok(Redirect::to(&format!("/appointments/{id}")).into_response());
        }
        Ok(Changing::Changed) => return refused(&app, &id, CHANGED.to_owned()).await,
        Ok(Changing::Gone | Changing::Taken) => {
            return refused(&app, &id, "It is cancelled, and cannot be moved.".to_owned()).await;
        }
        Err(wrong) => *wrong,
    };
    when.anyway.clear();
    let page = AppointmentPage { form: when, wrong, ..page(&app, &id).await? };
    Ok(shown_again(&page))
}

/// Never [`Changing::Taken`]: that is told with what there is instead.
async fn moved(app: &App, row: &AppointmentRow, seen: &str, when: &When) -> Result<Changing, Box<Wrong>> {
    let now = brief::now(app);
    let rules = wish::rules(&app.config.get(), &row.kind);
    let length = Duration::from_millis(u64::try_from(row.ends_ms - row.starts_ms).unwrap_or(0));
    let meant = when.meant(&rules, length, &now)?;
    match app.books.move_as_seen(&row.id, meant.slot, seen, &owners(clock::now_ms())).await {
        Ok(Changing::Taken) => Err(meant.taken(app, Some(&row.id), &now).await),
        Ok(changing) => Ok(changing),
        Err(Unavailable(why)) => {
            let why = format!("It could not be moved now, and stands as it did: {why}.");
            Err(Box::new(Wrong { why, ..Wrong::default() }))
        }
    }
}

/// `POST /appointments/{id}/undo/{change}`
pub(super) async fn undo(
    State(app): State<Arc<App>>,
    by: User,
    Path((id, change)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let undone = app.books.undo(&change, "", &owners(clock::now_ms())).await;
    let wrong = match undone {
        Ok(Undoing::Undone(_)) => {
            app.audit(&by, Deed::AppointmentChanged, &format!("undid a change of {id}")).await;
            return Ok(Redirect::to(&format!("/appointments/{id}")).into_response());
        }
        Ok(Undoing::Taken) => "This cannot be undone: something else is there now.".to_owned(),
        Ok(Undoing::Changed) => "This cannot be undone: the appointment was changed again since.".to_owned(),
        Ok(Undoing::Gone) => return Err(Failure::not_found()),
        Err(Unavailable(why)) => format!("This could not be undone now, and nothing was changed: {why}"),
    };
    refused(&app, &id, wrong).await
}

/// `POST /appointments/{id}/cancel`
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
    Form(Cancelling { seen, reason }): Form<Cancelling>,
) -> Result<Response, Failure> {
    let reason: String = line(&reason).chars().take(LONGEST_REASON).collect();
    match app.books.cancel_as_seen(&id, &reason, &seen, &owners(clock::now_ms())).await {
        Ok(Changing::Done(_)) => {
            app.audit(&by, Deed::AppointmentChanged, &format!("cancelled {id}")).await;
            Ok(Redirect::to(&format!("/appointments/{id}")).into_response())
        }
        Ok(Changing::Changed) => refused(&app, &id, CHANGED.to_owned()).await,
        Ok(Changing::Gone | Changing::Taken) => Err(Failure::not_found()),
        Err(Unavailable(why)) => refused(&app, &id, format!("It could not be cancelled now: {why}")).await,
    }
}

/// `POST /appointments/{id}/confirm`: sends the confirmation again.
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
    Form(Send { way, at }): Form<Send>,
) -> Result<Response, Failure> {
    let row = app.store.appointment(&id).await?.ok_or_else(Failure::not_found)?;
    let way = match way.as_str() {
        "text" => Way::Text,
        "mail" => Way::Mail,
        _ => return Err(Failure::bad_request("A confirmation goes by text or by mail.")),
    };
    let now_ms = clock::now_ms();
    if row.status != "booked" || row.starts_ms <= now_ms {
        return refused(&app, &id, "Only what is still to come is confirmed.".to_owned()).await;
    }
    if !sent::offers(&app.config.get(), &reach(&row)).iter().any(|offer| offer.way == way) {
        return refused(&app, &id, "It cannot be sent that way.".to_owned()).await;
    }
    let again = Announcement {
        appointment: id.clone(),
        occasion: Occasion::Booked.name().to_owned(),
        starts_ms: row.starts_ms,
        at_ms: at,
        by: Author::Other,
    };
    jobs::queue(&app, &again.by(way, now_ms)).await?;
    app.audit(&by, Deed::AppointmentChanged, &format!("confirmed {id} again")).await;
    Ok(Redirect::to(&format!("/appointments/{id}#sent")).into_response())
}

async fn refused(app: &App, id: &str, why: String) -> Result<Response, Failure> {
    let page = AppointmentPage { told: Some(why), ..page(app, id).await? };
    Ok((StatusCode::CONFLICT, shown(&page)).into_response())
}

async fn page(app: &App, id: &str) -> Result<AppointmentPage, Failure> {
    let row = app.store.appointment(id).await?.ok_or_else(Failure::not_found)?;
    let changes = app.store.appointment_changes(id).await?;
    let letters = app.store.jobs_about(id, MOST).await?;
    let (config, now_ms) = (app.config.get(), clock::now_ms());
    let zone = &config.calendar.zone;
    let starts = times::zoned(row.starts_ms, zone);
    let standing = row.status == "booked";
    let ahead = standing && row.starts_ms > now_ms;
    let ways = sent::offers(&config, &reach(&row));
    Ok(AppointmentPage {
        frame: Frame::inside("appointments"),
        when: history::span(row.starts_ms, row.ends_ms, zone),
        zone: times::zone_name(zone).to_owned(),
        remark: twice(&starts),
        ahead,
        cancelled: !standing,
        over: standing && row.ends_ms <= now_ms,
        facts: facts(&row, zone),
        caller: row.caller.clone(),
        call: row.call_id.clone(),
        seen: changes.last().map(|change| change.id.clone()).unwrap_or_default(),
        no_way: ways.is_empty().then(|| sent::why_not(&config, &reach(&row))),
        letters: letters.into_iter().map(|job| sent::line(&job, zone)).collect(),
        ways,
        now_ms,
        form: When {
            date: starts.date().to_string(),
            time: times::clock(&starts),
            minutes: ((row.ends_ms - row.starts_ms) / 60_000).to_string(),
            ..When::default()
        },
        wrong: Wrong::default(),
        id: row.id,
        summary: row.summary,
        changes: history::lines(changes, zone),
        told: None,
    })
}

fn reach(row: &AppointmentRow) -> Reach {
    let attendees: Vec<String> = serde_json::from_str(&row.attendees).unwrap_or_default();
    Reach::of(&row.contact, &attendees, &row.caller)
}

/// What is to be said of a time that the clock shows twice that day.
fn twice(starts: &Zoned) -> Option<String> {
    let ambiguous = starts.time_zone().to_ambiguous_zoned(starts.datetime());
    let (first, last) = (ambiguous.clone().earlier().ok()?, ambiguous.later().ok()?);
    let which = if *starts == first { "first" } else { "second" };
    (first != last && first.datetime() == last.datetime()).then(|| {
        format!(
            "The clock shows {} twice that day, as it is turned back; this is the {which}.",
            times::clock(starts)
        )
    })
}

fn facts(row: &AppointmentRow, zone: &TimeZone) -> Vec<(&'static str, String)> {
    let attendees: Vec<String> = serde_json::from_str(&row.attendees).unwrap_or_default();
    let elsewhere = zone.iana_name() != Some(row.zone.as_str());
    let facts = [
        ("Kind", row.kind.clone()),
        ("Attendees", attendees.join(", ")),
        ("Confirmed to", row.contact.clone()),
        ("Notes", row.description.clone()),
        ("Also written to", row.elsewhere.clone().unwrap_or_default()),
        ("Agreed in", if elsewhere { row.zone.clone() } else { String::new() }),
    ];
    facts.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}
