//! An appointment made by hand: the same book, the same rules, and never twice.

use super::wish::{self, When, Wrong};
use crate::{
    api::calendar::owners,
    app::App,
    audit::Deed,
    brief, clock,
    config::{Config, Number},
    guard::session::{User, random_token},
    jobs,
    pages::{Frame, shown, shown_again, times},
};
use askama::Template;
use axum::{
    extract::{Form, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::sync::Arc;
use tool::{
    calendar::{Booking, Contact, Unavailable, Wish, line, tidy, title},
    message::mail,
};

/// The longest words about it, and the longest notes, in characters.
const LONGEST_SUMMARY: usize = 200;
const LONGEST_NOTES: usize = 4_000;

/// The form as it was sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::pages) struct Sent {
    #[serde(flatten)]
    when: When,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    email: String,
    /// `text`, `mail` or nothing.
    #[serde(default)]
    confirmation: String,
    #[serde(default)]
    notes: String,
    /// Names this form: sent twice it is one wish.
    #[serde(default)]
    token: String,
}

#[derive(Template)]
#[template(path = "appointment_new.html")]
struct NewPage {
    frame: Frame,
    sent: Sent,
    wrong: Wrong,
    /// What is wrong with one of the other fields: its name and why.
    field: Option<(&'static str, String)>,
    kinds: Vec<(String, u64)>,
    /// How long one is that has no kind, in minutes.
    usual: u64,
    zone: String,
    can_text: bool,
    can_mail: bool,
}

impl NewPage {
    fn why(&self, field: &str) -> Option<&str> {
        match &self.field {
            Some((name, why)) if *name == field => Some(why),
            Some(_) | None => {
                (self.wrong.field == field && !self.wrong.why.is_empty()).then_some(&self.wrong.why)
            }
        }
    }
}

/// Why it is not booked.
enum Unbooked {
    Field(&'static str, String),
    Time(Box<Wrong>),
}

impl From<Box<Wrong>> for Unbooked {
    fn from(wrong: Box<Wrong>) -> Self {
        Self::Time(wrong)
    }
}

/// `GET /appointments/new`, perhaps with `?at=2026-11-24T10:30` and a number.
pub(in crate::pages) async fn blank(
    State(app): State<Arc<App>>,
    _: User,
    Query(mut sent): Query<Sent>,
) -> Response {
    let config = app.config.get();
    sent.when = sent.when.chosen();
    sent.token = random_token();
    if sent.confirmation.is_empty() {
        sent.confirmation = if jobs::can_text(&config) { "text" } else { "" }.into();
    }
    shown(&page(&config, sent, Wrong::default(), None))
}

/// `POST /appointments`
pub(in crate::pages) async fn book(
    State(app): State<Arc<App>>,
    by: User,
    Form(mut sent): Form<Sent>,
) -> Response {
    sent.when = sent.when.chosen();
    match booked(&app, &sent).await {
        Ok(id) => {
            app.audit(&by, Deed::AppointmentChanged, &format!("booked {id}")).await;
            Redirect::to(&format!("/appointments/{id}")).into_response()
        }
        Err(unbooked) => {
            sent.when.anyway.clear();
            let page = match unbooked {
                Unbooked::Field(field, why) => {
                    page(&app.config.get(), sent, Wrong::default(), Some((field, why)))
                }
                Unbooked::Time(wrong) => page(&app.config.get(), sent, *wrong, None),
            };
            shown_again(&page)
        }
    }
}

/// The id of the appointment that the form makes, or has made before.
async fn booked(app: &App, sent: &Sent) -> Result<String, Unbooked> {
    let (config, now) = (app.config.get(), brief::now(app));
    let rules = wish::rules(&config, &sent.kind);
    let summary: String = line(&sent.summary).chars().take(LONGEST_SUMMARY).collect();
    if summary.is_empty() {
        return Err(Unbooked::Field("summary", "Say for whom it is, or what about.".into()));
    }
    let number = match sent.number.trim() {
        "" => String::new(),
        text => {
            let number = Number::parse(text).map_err(|why| Unbooked::Field("number", sentence(&why)))?;
            number.as_str().to_owned()
        }
    };
    let email = match sent.email.trim() {
        "" => None,
        text => Some(
            mail::address(text)
                .ok_or_else(|| Unbooked::Field("email", "An address looks like anna@example.com.".into()))?,
        ),
    };
    let contact = contact(&sent.confirmation, &number, email.as_deref())?;
    let meant = sent.when.meant(&rules, rules.slot, &now)?;
    let wish = Wish {
        slot: meant.slot,
        zone: config.calendar.zone.iana_name().unwrap_or("UTC").to_owned(),
        kind: config.calendar.hours.kind(&sent.kind).map(|kind| kind.name.clone()).unwrap_or_default(),
        summary: title(&config.calendar.hours, &sent.kind, &summary),
        description: tidy(&sent.notes).chars().take(LONGEST_NOTES).collect(),
        attendees: email.into_iter().collect(),
        key: format!("by hand {}", if sent.token.is_empty() { random_token() } else { sent.token.clone() }),
        contact,
    };
    match app.books.book_for(wish, &number, &owners(clock::now_ms())).await {
        Ok(Booking::Booked(entry) | Booking::Same(entry)) => Ok(entry.id),
        Ok(Booking::Taken | Booking::ReadBack) => Err(meant.taken(app, None, &now).await.into()),
        Err(Unavailable(why)) => {
            let why = format!("The calendar could not be asked, and nothing was booked: {why}.");
            Err(Box::new(Wrong { why, ..Wrong::default() }).into())
        }
    }
}

fn contact(confirmation: &str, number: &str, email: Option<&str>) -> Result<Option<Contact>, Unbooked> {
    match (confirmation, number, email) {
        ("text", "", _) => Err(Unbooked::Field(
            "number",
            "A text needs a number. Give one, or choose no confirmation.".into(),
        )),
        ("text", number, _) => Ok(Some(Contact::Sms(number.to_owned()))),
        ("mail", _, None) => Err(Unbooked::Field(
            "email",
            "A mail needs an address. Give one, or choose no confirmation.".into(),
        )),
        ("mail", _, Some(email)) => Ok(Some(Contact::Email(email.to_owned()))),
        (_, _, _) => Ok(None),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn page(config: &Config, sent: Sent, wrong: Wrong, field: Option<(&'static str, String)>) -> NewPage {
    let hours = &config.calendar.hours;
    NewPage {
        frame: Frame::inside("appointments"),
        sent,
        wrong,
        field,
        kinds: hours.kinds.iter().map(|kind| (kind.name.clone(), kind.length.as_secs() / 60)).collect(),
        usual: hours.slot.as_secs() / 60,
        zone: times::zone_name(&config.calendar.zone).to_owned(),
        can_text: jobs::can_text(config),
        can_mail: jobs::can_mail(config),
    }
}
