//! Texts that come in: `C` cancels, STOP and START are honoured, the assistant answers everything else.
//!
//! The carrier tells of a text again when it did not hear our answer. What a text did is found out from what stands, and
//! what it was answered is remembered, so that telling again does nothing new and hears the same. What becomes of texts
//! of ours is told here, too.

mod talk;

pub use talk::Talks;

use crate::{
    app::App,
    carriers, clock,
    config::Config,
    guard::{allowlist, standing},
    jobs::text::{START, STOP},
    phone::{Refused, Signed},
    webhooks::{self, Event, Kind},
};
use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use carrier::{Ask, Carrier, Delivered, Delivery, Text, Word};
use jiff::{Timestamp, Zoned};
use std::{collections::BTreeSet, sync::Arc};
use store::{AppointmentRow, CallerMark, Direction, NewText, StoreError, TextRow, Texted};
use tool::{
    Errand, Trust,
    message::{About, Occasion, plainer, reply, reply::Wanted, tame, words},
};

/// What of a text is kept, in characters.
const LONGEST_KEPT: usize = 1_600;
/// How many texts are looked through for what they were about.
const LOOKED_THROUGH: u32 = 500;
/// The most appointments that are listed in one text.
const MOST_LISTED: usize = 4;
/// How often somebody who writes to us is told that nobody answers: machines answer, too.
const THANKS_MS: i64 = 12 * 60 * 60 * 1_000;
const THANKED: &str = "thanked";
/// What the keys of answers begin with.
const ANSWERS: &str = "answer:";
const A_DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const ANSWERED: &str = "answered";

/// `POST /phone/{carrier}/sms`: a text came in.
pub async fn incoming_text(State(app): State<Arc<App>>, signed: Signed) -> Result<Response, Refused> {
    let carrier = signed.carrier;
    let text = match carrier.read_text(&signed.as_request()) {
        Ok(text) => text,
        // Telnyx' messaging profile has one address for both, and anybody may set another's so.
        Err(garbled) => match carrier.read_delivery(&signed.as_request()) {
            Ok(delivery) => return told(&app, carrier, "", &delivery).await,
            Err(_) => return Err(garbled.into()),
        },
    };
    let mut answer = answer(&app, carrier, &text).await?;
    if let Some(row) = answer.take_if(|_| !carrier.texts_back()) {
        let base = app.base(&app.config.get(), &signed.url);
        send_back(&app, carrier, &text, &row, &base).await?;
    }
    Ok(document(&carrier.answer_text(answer.map(|row| row.body).as_deref())))
}

/// `POST /phone/{carrier}/sms/status/{text}`: what became of a text of ours.
pub async fn delivery(
    State(app): State<Arc<App>>,
    Path((_, text)): Path<(String, String)>,
    signed: Signed,
) -> Result<Response, Refused> {
    let delivery = signed.carrier.read_delivery(&signed.as_request())?;
    told(&app, signed.carrier, &text, &delivery).await
}

/// Keeps what became of a text. Whose it is not, and what was told before, is no error: the carrier would only tell again.
async fn told(
    app: &App,
    carrier: &dyn Carrier,
    text: &str,
    delivery: &Delivery,
) -> Result<Response, Refused> {
    let far = match delivery.state {
        Delivered::OnItsWay => store::Delivery::OnItsWay,
        Delivered::Arrived => store::Delivery::Arrived,
        Delivered::Lost => store::Delivery::Lost,
    };
    let Delivery { id, code, .. } = delivery;
    if app.store.text_delivery(text, id, far, code, clock::now_ms()).await? {
        match far {
            store::Delivery::Lost => tracing::warn!(text = id, code, "a text did not arrive"),
            other => tracing::info!(text = id, delivery = other.name(), "a carrier tells of a text"),
        }
    }
    Ok(document(&carrier.answer_text(None)))
}

/// Sends an answer for which the webhook's own has no room, once.
async fn send_back(
    app: &App,
    carrier: &dyn Carrier,
    text: &Text,
    answer: &TextRow,
    base: &str,
) -> Result<(), StoreError> {
    if answer.carrier_id.is_some() {
        return Ok(());
    }
    let ask = Ask::Text {
        from: text.to.clone(),
        to: text.from.clone(),
        body: answer.body.clone(),
        report: carriers::report(base, carrier, &answer.id),
    };
    let texted =
        carriers::asked(app, carrier, &ask).await.map(|(status, body)| carrier.texted(status, &body));
    let why = match texted {
        Ok(carrier::Texted::Taken { id }) => {
            return app.store.text_sent(&answer.key, &id, &answer.status).await.map(drop);
        }
        Ok(carrier::Texted::OptedOut) => "the number has said STOP".to_owned(),
        Ok(carrier::Texted::Never(why) | carrier::Texted::Later(why) | carrier::Texted::Unknown(why))
        | Err(why) => why,
    };
    tracing::warn!(text = text.id, why, "a text could not be answered");
    Ok(())
}

fn document(document: &carrier::Document) -> Response {
    ([(header::CONTENT_TYPE, document.content_type)], document.body.clone()).into_response()
}

/// An answer, and how it is kept.
struct Said {
    words: String,
    status: &'static str,
}

/// Does what the text asks for; says what it is answered, if anything.
async fn answer(app: &App, carrier: &dyn Carrier, text: &Text) -> Result<Option<TextRow>, StoreError> {
    // The assistant of the number that they texted answers, as it does on the telephone.
    let config = &app.config.at(&text.to);
    let blocked = standing::is_blocked(app, &text.from).await?;
    if blocked || !allowlist::admits(&config.callers, &text.from) {
        tracing::info!(
            text = text.id,
            "a text from a number that is not on the list, or blocked, was not heeded"
        );
        return Ok(None);
    }
    let wanted = reply::read(&text.body);
    let key = format!("{}:{}", carrier.name(), text.id);
    let kept = keep(app, text, &wanted, &key).await?;
    let answer_key = format!("{ANSWERS}{key}");
    let _turn = app.talks.turn(&text.from).await;
    let earlier = app.store.texts_with(&text.from, LOOKED_THROUGH).await?;
    if let Some(answered) = earlier.iter().find(|row| row.key == answer_key) {
        return Ok(Some(answered.clone()));
    }
    let said = match wanted {
        // The carrier itself answers these.
        Wanted::Stop | Wanted::Start | Wanted::Help => None,
        Wanted::Cancel { code } => cancel(app, config, &kept, &code, &earlier).await?,
        Wanted::Words if config.messages.answers == 0 => thanks(config, &earlier),
        Wanted::Words => talk(app, config, &kept, &earlier).await?,
    };
    let Some(said) = said else { return Ok(None) };
    if app.store.text_stopped(&text.from).await? {
        return Ok(None);
    }
    let new = NewText {
        key: &answer_key,
        direction: Direction::Out,
        number: &text.from,
        body: &said.words,
        carrier_id: None,
        status: said.status,
        at_ms: clock::now_ms(),
        appointment_id: None,
    };
    // Of two that are told of the text at once both answer what the first one wrote.
    Ok(Some(match app.store.text(&new).await? {
        Texted::New(row) | Texted::Again(row) => row,
    }))
}

/// Keeps the text, once. What it says of STOP and START counts from then on.
async fn keep(app: &App, text: &Text, wanted: &Wanted, key: &str) -> Result<TextRow, StoreError> {
    // The carrier's word counts: it has stopped or started already.
    let status = match (text.word, wanted) {
        (Some(Word::Stop), _) | (None, Wanted::Stop) => STOP,
        (Some(Word::Start), _) | (None, Wanted::Start) => START,
        (Some(Word::Help) | None, _) => "received",
    };
    let body: String = text.body.chars().take(LONGEST_KEPT).collect();
    let new = NewText {
        key,
        direction: Direction::In,
        number: &text.from,
        body: &body,
        carrier_id: Some(&text.id),
        status,
        at_ms: clock::now_ms(),
        appointment_id: None,
    };
    let told = |row: &TextRow| {
        let planned = webhooks::job_of(app, &Event::new(Kind::TextReceived, &row.id, row.at_ms))?;
        Some((planned.kind, planned.key, planned.payload))
    };
    Ok(match app.store.text_told(&new, told).await? {
        Texted::New(row) => {
            app.bell.ring();
            tracing::info!(text = text.id, status, "a text came in");
            // Who never called has a page, too.
            app.store.mark_caller(&text.from, CallerMark::default(), row.at_ms).await?;
            row
        }
        Texted::Again(row) => row,
    })
}

/// Cancels the appointment that the text means, where that is certain.
async fn cancel(
    app: &App,
    config: &Arc<Config>,
    text: &TextRow,
    code: &str,
    earlier: &[TextRow],
) -> Result<Option<Said>, StoreError> {
    let now_ms = clock::now_ms();
    let said = |words: String| Some(Said { words: plainer(&words), status: ANSWERED });
    let meant = if let Some(id) = &text.appointment_id {
        // It was decided when the text was first told of.
        app.store.appointment(id).await?.into_iter().collect()
    } else {
        let mut upcoming = upcoming(app, earlier, now_ms).await?;
        upcoming.retain(|row| reply::code(&row.id).starts_with(code));
        upcoming
    };
    let [row] = meant.as_slice() else {
        let upcoming = upcoming(app, earlier, now_ms).await?;
        if !upcoming.is_empty() {
            return Ok(said(which(app, &upcoming)));
        }
        // Who asks in words may mean one that no text of ours was about: the assistant knows all of theirs.
        let in_words = code.is_empty() && text.body.to_lowercase().contains("cancel");
        if in_words
            && config.messages.answers > 0
            && let Some(said) = talk(app, config, text, earlier).await?
        {
            return Ok(Some(said));
        }
        return Ok(said(call_us(config, "There is no coming appointment that we texted to this number.")));
    };
    app.store.text_about(&text.id, &row.id).await?;
    let errand = Errand {
        call_id: String::new(),
        caller: text.number.clone(),
        trust: Trust::Stranger,
        now_ms,
        began_ms: now_ms,
    };
    if let Err(unavailable) = app.books.cancel(&row.id, reply::BY_TEXT, &errand).await {
        tracing::warn!(text = text.id, why = unavailable.0, "an appointment could not be cancelled by text");
        return Ok(said(call_us(
            config,
            "That could not be cancelled just now. Please text C again in some minutes.",
        )));
    }
    let stands = app.store.appointment(&row.id).await?.is_some_and(|row| row.status == "booked");
    if stands {
        // It was moved in this very moment, or brought back.
        return Ok(said(call_us(config, "That appointment was just changed, and is not cancelled.")));
    }
    tracing::info!(text = text.id, appointment = row.id, "an appointment was cancelled by text");
    let now = now(app);
    let about = About {
        id: &row.id,
        sequence: 0,
        span: when::Span { from: at(row.starts_ms), to: at(row.ends_ms) },
        now: &now,
        summary: &row.summary,
        business: &config.assistant.business,
        number: None,
    };
    Ok(said(words::text(Occasion::Cancelled, &about)))
}

/// The coming appointments that this number was texted about, in order of start.
async fn upcoming(app: &App, earlier: &[TextRow], now_ms: i64) -> Result<Vec<AppointmentRow>, StoreError> {
    let texted = earlier.iter().filter(|row| row.direction == Direction::Out);
    let ids: BTreeSet<&str> = texted.filter_map(|row| row.appointment_id.as_deref()).collect();
    let mut rows = Vec::new();
    for id in ids {
        rows.extend(app.store.appointment(id).await?);
    }
    rows.retain(|row| row.status == "booked" && row.starts_ms > now_ms);
    rows.sort_by(|a, b| (a.starts_ms, &a.id).cmp(&(b.starts_ms, &b.id)));
    Ok(rows)
}

fn which(app: &App, upcoming: &[AppointmentRow]) -> String {
    let now = now(app);
    let ids: Vec<&str> = upcoming.iter().map(|row| row.id.as_str()).collect();
    let listed = upcoming.iter().zip(reply::codes(&ids)).take(MOST_LISTED).map(|(row, code)| {
        let starts = at(row.starts_ms).to_zoned(now.time_zone().clone());
        format!("C{code} for {}", words::short(&starts))
    });
    format!("Which one? Reply {}.", listed.collect::<Vec<_>>().join(", "))
}

/// The assistant's answer, as long as there were not too many of late.
async fn talk(
    app: &App,
    config: &Arc<Config>,
    text: &TextRow,
    earlier: &[TextRow],
) -> Result<Option<Said>, StoreError> {
    if app.store.text_stopped(&text.number).await? {
        return Ok(None);
    }
    let since_ms = clock::now_ms() - A_DAY_MS;
    let ours = |row: &&TextRow| {
        row.direction == Direction::Out && row.key.starts_with(ANSWERS) && row.at_ms > since_ms
    };
    let (lately, most) = (earlier.iter().filter(ours).count(), config.messages.answers as usize);
    let said = |words: &str| Some(Said { words: plainer(words), status: ANSWERED });
    if lately >= most {
        tracing::info!(text = text.id, "a text was not answered: there were too many of late");
        return Ok(None);
    }
    if lately + 1 == most {
        return Ok(said(&call_us(config, "That is all that can be answered by text for now.")));
    }
    talk::answer(app, config, text).await.map(|words| said(&words))
}

/// Tells somebody who writes to us how to reach somebody, once in a while.
fn thanks(config: &Config, earlier: &[TextRow]) -> Option<Said> {
    let since_ms = clock::now_ms() - THANKS_MS;
    let lately = earlier.iter().any(|row| row.status == THANKED && row.at_ms > since_ms);
    let words = call_us(config, "Thank you, we have got your text. Nobody answers texts here.");
    (!lately).then(|| Said { words: plainer(&words), status: THANKED })
}

/// These words, and how to reach somebody.
fn call_us(config: &Config, words: &str) -> String {
    let business = tame(&config.assistant.business, 40);
    let who = if business.is_empty() { String::new() } else { format!("{business}: ") };
    let call = match &config.twilio.phone_number {
        Some(number) => format!(" Please call {}.", number.as_str()),
        None => " Please call us.".to_owned(),
    };
    format!("{who}{words}{call}")
}

fn now(app: &App) -> Zoned {
    crate::brief::now(app)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}
