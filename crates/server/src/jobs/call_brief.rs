//! The brief of a call that is over, and the letter with it.
//!
//! Done twice it makes the same brief again; the letter is queued under the call's id, and so sent once.

use super::{Outcome, can_mail, queue};
use crate::{
    app::App,
    call_briefs::{self, Known, Lines, worded},
    clock,
    config::Config,
    pages::timeline::timeline,
    settings,
    webhooks::{self, Event, Kind},
};
use jiff::Timestamp;
use std::{collections::BTreeSet, sync::Arc};
use store::{CallBrief, CallRow, JobRow, MessageRow, NoteRow, StoreError};
use tokio::sync::Semaphore;
use tool::{
    Trust,
    memory::NAME,
    message::{
        job::{self, AfterCall, Planned},
        words,
    },
};

/// How long we wait for what happened in a call to be written down: tools go on for two minutes after it.
const PATIENCE_MS: i64 = 150_000;
/// How often we look.
const AGAIN_MS: i64 = 3_000;
/// Calls that ended without a word to us are looked for as far back as this.
const CATCH_UP_MS: i64 = 2 * 24 * 60 * 60 * 1_000;
const MOST_CAUGHT_UP: u32 = 500;
/// As many calls as are looked at for words at a time.
const MOST_WORDED: u32 = 200;

/// Makes the brief of one call. Who is at the database has the place `at_work`: the briefs of many calls that end at once write
/// much, for which a call that rings would have to wait.
pub(super) async fn make(app: &App, job: &JobRow, at_work: &Semaphore) -> Outcome {
    let Ok(AfterCall { call, ended_ms }) = serde_json::from_str(&job.payload) else {
        return Outcome::Never("what it was about cannot be read any more".into());
    };
    made(app, &call, ended_ms, at_work).await.unwrap_or_else(Outcome::from)
}

/// Notes the words by which a call is found that has had so many notes; some of these may be deleted.
async fn word(app: &App, id: &str, notes: &[NoteRow], count: i64) -> Result<(), StoreError> {
    let said = notes.iter().filter(|note| ["caller_said", "assistant_said"].contains(&note.kind.as_str()));
    let mut words = BTreeSet::new();
    for note in said {
        let note: serde_json::Value = serde_json::from_str(&note.json).unwrap_or_default();
        words.extend(store::words(note["text"].as_str().unwrap_or_default()));
    }
    app.store.call_worded(id, &words, count).await
}

/// Notes the words of calls of which nobody has, until the process drains.
pub(super) async fn catch_up_words(app: Arc<App>) {
    if let Err(error) = catch_up_with(&app).await {
        tracing::warn!(%error, "some calls are not found by their words");
    }
}

async fn catch_up_with(app: &App) -> Result<(), StoreError> {
    loop {
        let calls = app.store.calls_unworded(MOST_WORDED).await?;
        for (id, count) in &calls {
            if app.draining.is_cancelled() {
                return Ok(());
            }
            word(app, id, &app.store.notes(id).await?, *count).await?;
        }
        if calls.len() < MOST_WORDED as usize {
            return Ok(());
        }
    }
}

/// Queues the briefs of calls that were cut off with the process that had them.
pub(super) async fn catch_up(app: &App, now_ms: i64) -> Result<(), StoreError> {
    let since_ms = now_ms - CATCH_UP_MS;
    for call in app.store.calls_unbriefed(since_ms, job::AFTER_CALL, MOST_CAUGHT_UP).await? {
        queue(app, &call_briefs::planned(&call.call_id, call.ended_ms)).await?;
    }
    Ok(())
}

async fn made(app: &App, id: &str, ended_ms: i64, at_work: &Semaphore) -> Result<Outcome, StoreError> {
    let writing = at_work.acquire().await;
    // It was forgotten, or goes on after all: then its next end tells of it.
    let Some(call) = app.store.call(id).await?.filter(|call| call.ended_ms == Some(ended_ms)) else {
        return Ok(Outcome::Done);
    };
    let notes = app.store.notes(id).await?;
    let over = Event::new(Kind::CallEnded, id, ended_ms);
    if !call_briefs::is_worth_it(&call) {
        word(app, id, &notes, call.notes).await?;
        webhooks::happened(app, &over).await?;
        return Ok(Outcome::Done);
    }
    let now_ms = clock::now_ms();
    let timeline = timeline(&notes);
    if !call_briefs::is_complete(&call, &timeline) && now_ms - ended_ms < PATIENCE_MS {
        return Ok(Outcome::NotBefore(now_ms + AGAIN_MS));
    }
    word(app, id, &notes, call.notes).await?;
    let messages = app.store.messages_of_call(id).await?;
    let name = name(app, &call).await?;
    let mut lines =
        call_briefs::lines(&Known { call: &call, timeline: &timeline, messages: &messages, name: &name });
    let config = app.config.get();
    drop(writing);
    if config.owner.briefs_by_model
        && let Ok(Some((llm, _))) = settings::think(&config, &[], true)
        && let Some(wanted) = worded::wanted(llm.as_ref(), &timeline).await
    {
        lines.wanted = wanted;
    }
    let letter = (config.owner.briefs_mailed && can_mail(&config))
        .then(|| letter(&config, &call, &lines, &messages, now_ms));
    let job = letter.as_ref().map(|letter| letter.new_job(now_ms));
    let Lines { who, wanted, done, left } = lines;
    let brief = CallBrief { call_id: call.id, who, wanted, done, left_open: left, made_ms: now_ms };
    let _writing = at_work.acquire().await;
    app.store.brief_made(&brief, job.as_ref()).await?;
    if job.is_some() {
        app.bell.ring();
    }
    webhooks::happened(app, &over).await?;
    Ok(Outcome::Done)
}

/// What the caller is called, as far as they were trusted with it.
async fn name(app: &App, call: &CallRow) -> Result<String, StoreError> {
    let trust = Trust::named(&call.trust).unwrap_or(Trust::Stranger);
    let rows = app.store.memories(call.other(), trust.degree()).await?;
    Ok(rows.into_iter().find(|row| row.topic == NAME).map(|row| row.words).unwrap_or_default())
}

fn letter(config: &Config, call: &CallRow, lines: &Lines, messages: &[MessageRow], now_ms: i64) -> Planned {
    let started = Timestamp::from_millisecond(call.started_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let started = started.to_zoned(config.calendar.zone.clone());
    let link = config.server.public_url.as_deref().map(|base| format!("{base}/calls/{}", call.id));
    let brief = words::CallBrief {
        who: &lines.who,
        when: &started.strftime("%A, %-d %B %Y, %H:%M").to_string(),
        wanted: &lines.wanted,
        done: &lines.done,
        left: &lines.left,
        link: link.as_deref().unwrap_or_default(),
    };
    let with_it = messages.iter().filter(|row| config.briefs_messages() && !row.body.is_empty());
    let told: Vec<String> = with_it.map(|row| row.body.clone()).collect();
    job::brief(&call.id, &words::brief(&brief, &told), now_ms)
}
