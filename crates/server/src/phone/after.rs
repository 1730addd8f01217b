//! What becomes of a call whose stream is over, or never opened, and whose caller is still there: it goes on by turns.
//!
//! ```text
//!   the carrier could not open the stream ─► the token is used up, an engine is dialled anew
//!   the stream broke in mid-call          ─► the call ended as if its caller were gone; it goes on behind what was said
//!   the call ended, and the stream with it ─► hang up
//! ```
//!
//! Whoever uses up the token, stream or webhook, has the call: it is never two conversations.

use super::{
    BUSY, Expected, Refused, Signed, Turned, by_turns, dial, document, dossier, engines_for, first_of, turns,
};
use crate::{
    app::App,
    calls::Awaited,
    clock,
    config::{EngineKind, Mode},
    languages, memory, notes, sentences, voicemail,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use call::{Ending, EngineCommand, Language, Manner};
use carrier::{Carrier, Next, Reply};
use engine::Said;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use store::{CallRow, NoteRow};
use tool::Trust;

/// How long it may take until a call whose stream is over has ended, and everything said in it is written down.
const ENDS: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// What was said is told to the next engine as far as this, the latest.
const MOST_TOLD: usize = 200;

/// `POST /phone/{carrier}/after-stream/{call}`: the stream of a call is over or did not open, as the carrier says.
pub async fn after_stream(
    State(app): State<Arc<App>>,
    Path((_, id)): Path<(String, String)>,
    signed: Signed,
) -> Result<Response, Refused> {
    let carrier = signed.carrier;
    let turn = carrier.read_turn(&signed.as_request())?;
    let row = app.store.call(&id).await?;
    let row = row.filter(|row| row.carrier == carrier.name() && row.carrier_call == turn.call && !turn.over);
    let reply = match row {
        Some(row) => goes_on(&app, carrier, &row, &signed.url).await?,
        None => None,
    };
    let hang_up = || Reply::Turn(Vec::new(), Next::HangUp);
    Ok(document(carrier, &reply.unwrap_or_else(hang_up)))
}

/// What the caller hears next; none: the call is over.
async fn goes_on(
    app: &Arc<App>,
    carrier: &'static dyn Carrier,
    row: &CallRow,
    url: &str,
) -> Result<Option<Reply>, Refused> {
    let ours = row.ours();
    let config = app.config.at(ours);
    if app.turns.is_under_way(&row.id) {
        // Told again.
        return Ok(Some(turns::begin(app, &row.id).await));
    }
    if config.calls.mode_of(ours) != Mode::Auto || !turns::can_be_heard(&config, carrier) {
        return Ok(None);
    }
    let unopened = app.store.token_voided(carrier.name(), &row.carrier_call, clock::now_ms()).await?;
    let cut = if unopened {
        app.turns.no_stream_opened(carrier, ours, clock::now());
        if row.ended_ms.is_some() {
            return Ok(None);
        }
        None
    } else {
        match cut_off(app, row).await? {
            Some(notes) => Some(notes),
            None => return Ok(None),
        }
    };
    tracing::info!(call = %row.id, unopened, "a call goes on by turns, as its stream failed");
    let place = match app.calls.take(&row.id) {
        Some(parked) => Some(parked.place),
        None => app.calls.place(),
    };
    let Some(place) = place else {
        super::write_end(app, &row.id, super::known::TURNED_AWAY).await;
        return Ok(Some(Reply::Say(BUSY.into())));
    };
    let (other, purpose) =
        if row.outbound { (&row.to, Some(row.purpose.as_str())) } else { (&row.from, None) };
    let trust = Trust::named(&row.trust).unwrap_or(Trust::Stranger);
    let engines = engines_for(app, &config, row, other).await;
    let memory = memory::of(app, other, trust).await;
    let mut dossier = dossier(&config, other, trust, Manner::Turns, purpose, memory);
    let brief = &mut dossier.brief;
    let remembers = engines.first().is_some_and(|first| *first != EngineKind::Local);
    if let Some(notes) = &cut {
        brief.so_far = so_far(notes);
        if let Some(language) = spoken(notes) {
            let tags = languages::of(&config, config.assistant.engine, &app.http);
            if let Some(tag) = tags.into_iter().find(|tag| Language::of(tag) == Some(language)) {
                brief.language = tag;
            }
        }
        let anew = || sentences::line_back(&brief.language, false).to_owned();
        brief.greeting = if remembers { String::new() } else { anew() };
    }
    let back = sentences::line_back(&brief.language, true);
    let told = cut.is_some() && remembers && !brief.so_far.is_empty();
    let mut answerer = dial(app, &Expected { id: &row.id, from: other, trust, engines: &engines }, dossier);
    if told {
        answerer.tell(EngineCommand::Say(back.into()));
    }
    let awaited = Awaited { answerer, place, from: other.clone(), trust };
    let base = &app.base(&config, url);
    let before = cut.map(|notes| (began(row), notes));
    let turned = Turned { call: &row.carrier_call, base, engine: first_of(&engines), expected: true, before };
    by_turns(app, carrier, &row.id, awaited, &turned);
    Ok(Some(turns::begin(app, &row.id).await))
}

/// What was noted of a call whose stream failed, once it has ended as one does whose caller is gone; none where it ended in
/// any other way, or somebody else goes on with it. A message that was begun is kept as far as it went.
async fn cut_off(app: &Arc<App>, row: &CallRow) -> Result<Option<Vec<NoteRow>>, Refused> {
    if row.engine == voicemail::ENGINE {
        return Ok(None);
    }
    app.calls.stream_over(&row.id);
    let gone = notes::ending(Ending::CallerHungUp);
    let ended = async {
        loop {
            let notes = app.store.notes(&row.id).await?;
            let row = app.store.call(&row.id).await?;
            let written = notes.iter().any(|note| note.kind == "ended");
            match row.and_then(|row| row.ending) {
                Some(ending) if ending != gone => return Ok(None),
                Some(_) if written => return Ok(Some(notes)),
                Some(_) | None => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    };
    let ended = tokio::time::timeout(ENDS, ended).await.unwrap_or(Ok::<_, Refused>(None))?;
    match ended {
        Some(notes) if app.store.call_goes_on(&row.id, gone).await? => Ok(Some(notes)),
        Some(_) | None => Ok(None),
    }
}

/// The moment from which the notes of a call are counted.
fn began(row: &CallRow) -> std::time::Instant {
    let since_ms = clock::now_ms() - row.answered_ms.unwrap_or(row.started_ms);
    let since = Duration::from_millis(u64::try_from(since_ms).unwrap_or(0));
    clock::now().checked_sub(since).unwrap_or_else(clock::now)
}

/// The language that the caller was followed into, where they were.
fn spoken(notes: &[NoteRow]) -> Option<Language> {
    let last = notes.iter().rfind(|row| row.kind == "language_changed")?;
    let note: Value = serde_json::from_str(&last.json).ok()?;
    Language::of(note["to"].as_str()?)
}

/// The conversation of these notes, as far as it was heard.
fn so_far(notes: &[NoteRow]) -> Vec<Said> {
    let mut lines: Vec<(bool, u64, String)> = Vec::new();
    for row in notes {
        let note: Value = serde_json::from_str(&row.json).unwrap_or_default();
        let number = |name: &str| note[name].as_u64().unwrap_or(0);
        let text = || note["text"].as_str().unwrap_or_default().to_owned();
        match row.kind.as_str() {
            "caller_said" => put(&mut lines, false, number("turn"), text()),
            "assistant_said" => put(&mut lines, true, number("item"), text()),
            "interrupted" => {
                let (heard, sent) = (number("heard_ms"), number("sent_ms").max(1));
                let item = lines.iter_mut().find(|(ours, item, _)| *ours && *item == number("item"));
                if let Some((_, _, text)) = item {
                    let length = text.chars().count() as u64 * heard.min(sent) / sent;
                    *text = text.chars().take(usize::try_from(length).unwrap_or(usize::MAX)).collect();
                }
            }
            _ => {}
        }
    }
    lines.retain(|(_, _, text)| !text.trim().is_empty());
    let told = lines.len().saturating_sub(MOST_TOLD);
    let said = |(ours, _, text)| if ours { Said::Assistant(text) } else { Said::Caller(text) };
    lines.into_iter().skip(told).map(said).collect()
}

/// A later text of the same turn or item replaces the earlier one.
fn put(lines: &mut Vec<(bool, u64, String)>, ours: bool, number: u64, text: String) {
    match lines.iter_mut().find(|(whose, which, _)| (*whose, *which) == (ours, number)) {
        Some((_, _, before)) => *before = text,
        None => lines.push((ours, number, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_told_as_far_as_it_was_heard() {
        let note = |kind: &str, json: &str| NoteRow { at_ms: 0, kind: kind.into(), json: json.into() };
        let notes = [
            note("assistant_said", r#"{"item":1,"text":"Hello."}"#),
            note("caller_said", r#"{"turn":1,"text":"A hair"}"#),
            note("caller_said", r#"{"turn":1,"text":"A haircut, please."}"#),
            note("assistant_said", r#"{"item":2,"text":"Gladly. When?"}"#),
            note("interrupted", r#"{"item":2,"heard_ms":500,"sent_ms":1000}"#),
            note("assistant_said", r#"{"item":3,"text":"Never heard."}"#),
            note("interrupted", r#"{"item":3,"heard_ms":0,"sent_ms":900}"#),
            note("ended", r#"{"ending":"caller_hung_up"}"#),
            note("caller_said", "broken"),
        ];
        assert_eq!(
            so_far(&notes),
            [
                Said::Assistant("Hello.".into()),
                Said::Caller("A haircut, please.".into()),
                Said::Assistant("Gladly".into()),
            ]
        );
    }
}
