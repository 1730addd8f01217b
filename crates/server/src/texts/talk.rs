//! Conversations by text: the local desk in writing, with the tools of whoever texts.
//!
//! What was texted and what tools answered is kept, and the desk is made again from that for every text: so a conversation
//! goes on after a restart, and on any instance. It is forgotten after some hours.

use crate::{app::App, brief, clock, config::Config, guard::standing, hands};
use call::{Answer, Effect, ToolCall, ToolCallId};
use engine::local::{
    Hypothesis,
    desk::{Desk, DeskOutput, DeskSetup},
};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::Arc,
};
use store::{StoreError, TextRow};
use tokio::sync::{Mutex, MutexGuard};
use tool::message::plainer;

/// After so long without a text the next one begins anew,
const IDLE_MS: i64 = 3 * 60 * 60 * 1_000;
/// and after so many texts and answers, too.
const LONGEST: usize = 120;
/// How many tools one text may set going.
const MOST_TOOLS: usize = 12;
/// The longest answer, in characters: some segments.
const LONGEST_ANSWER: usize = 600;
/// What is answered where another text of the same number is being answered elsewhere.
const ONE_BY_ONE: &str = "I was still busy with your text before. Please send that again.";
const NOTHING: &str = "I have nothing to say to that. What can I do for you?";

/// Texts of one number are answered one after the other.
#[derive(Default)]
pub struct Talks {
    turns: [Mutex<()>; 32],
}

impl Talks {
    /// Waits until no other text of this number is being answered here.
    pub async fn turn(&self, number: &str) -> MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(number);
        let place = usize::try_from(hash % self.turns.len() as u64).unwrap_or(0);
        self.turns[place].lock().await
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Story {
    opened_ms: i64,
    steps: Vec<Step>,
    /// They have said goodbye.
    over: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Step {
    /// They texted this; `text` is its key.
    Heard { text: String, words: String, at_ms: i64 },
    /// A tool answered.
    Answered { id: String, ok: bool, say: String, data: String, at_ms: i64 },
}

/// What this text is answered by the assistant with these settings. The same text again does nothing new.
pub(super) async fn answer(app: &App, config: &Arc<Config>, text: &TextRow) -> Result<String, StoreError> {
    let (number, key) = (text.number.as_str(), text.key.as_str());
    let now_ms = clock::now_ms();
    let kept = app.store.text_talk(number).await?;
    let mut version = kept.version;
    let story: Option<Story> = serde_json::from_str(&kept.story).ok();
    let goes_on = |story: &Story| {
        let told = story.is_told(key);
        told || !story.over && now_ms - kept.updated_ms < IDLE_MS && story.steps.len() < LONGEST
    };
    let fresh = || Story { opened_ms: now_ms, steps: Vec::new(), over: false };
    let mut story = story.filter(goes_on).unwrap_or_else(fresh);
    if !story.is_told(key) {
        story.steps.push(Step::Heard { text: key.to_owned(), words: text.body.clone(), at_ms: now_ms });
        if !kept_on(app, number, &mut version, &story).await? {
            return Ok(ONE_BY_ONE.to_owned());
        }
    }
    let tools = hands::of(app, config);
    let (mut desk, mut said, mut wanted) = replayed(config, &story, key);
    for _ in 0..MOST_TOOLS {
        let Some(call) = wanted.take() else { break };
        if call.name == "hang_up" {
            story.over = true;
            kept_on(app, number, &mut version, &story).await?;
            break;
        }
        let trust = standing::trust(config, &app.store, number, None).await?;
        let errand = brief::errand("", number, trust);
        let answer = tools.run(&call, &errand).await;
        let at_ms = clock::now_ms();
        let Answer { ok, say, data, .. } = answer.clone();
        story.steps.push(Step::Answered { id: call.id.0.clone(), ok, say, data, at_ms });
        kept_on(app, number, &mut version, &story).await?;
        desk.answer(&zoned(config, at_ms), &call.id, &answer);
        wanted = drained(&mut desk, &mut said);
    }
    Ok(written(&said))
}

impl Story {
    fn is_told(&self, key: &str) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Heard { text, .. } if text == key))
    }
}

/// Keeps the story as it is now. False: somebody else has gone on with it.
async fn kept_on(app: &App, number: &str, version: &mut i64, story: &Story) -> Result<bool, StoreError> {
    let json = serde_json::to_string(story).expect("texts and numbers are JSON");
    let kept = app.store.text_talk_kept(number, *version, &json, clock::now_ms()).await?;
    *version += i64::from(kept);
    Ok(kept)
}

/// The desk as it is after all of this, what it said since it was told `text`, and the tool that it waits for.
fn replayed(config: &Config, story: &Story, key: &str) -> (Desk, Vec<String>, Option<ToolCall>) {
    let setup = DeskSetup {
        now: zoned(config, story.opened_ms),
        hours: config.calendar.hours.clone(),
        greeting: String::new(),
        business: config.assistant.business.clone(),
        caller: String::new(),
        so_far: None,
    };
    let mut desk = Desk::new(setup).in_writing();
    let mut said = Vec::new();
    drained(&mut desk, &mut said);
    let mut wanted = None;
    for step in &story.steps {
        match step {
            Step::Heard { text, words, at_ms } => {
                if text == key {
                    said.clear();
                }
                let words = Hypothesis { text: words.clone(), confidence: 1.0, language: None };
                desk.hear(&zoned(config, *at_ms), &[words]);
            }
            Step::Answered { id, ok, say, data, at_ms } => {
                let (say, data, effect) = (say.clone(), data.clone(), Effect::None);
                let answer = Answer { ok: *ok, data, effect, ..Answer::said(say) };
                desk.answer(&zoned(config, *at_ms), &ToolCallId(id.clone()), &answer);
            }
        }
        wanted = drained(&mut desk, &mut said);
    }
    (desk, said, wanted)
}

/// Takes what the desk says, and the last tool that it wants.
fn drained(desk: &mut Desk, said: &mut Vec<String>) -> Option<ToolCall> {
    let mut wanted = None;
    while let Some(output) = desk.poll() {
        match output {
            DeskOutput::Say(sentence) => said.push(sentence),
            DeskOutput::Wants(call) => wanted = Some(call),
        }
    }
    wanted
}

/// As many sentences as fit.
fn written(said: &[String]) -> String {
    let mut words = String::new();
    for sentence in said {
        let sentence = plainer(sentence);
        if !words.is_empty() && words.chars().count() + sentence.chars().count() >= LONGEST_ANSWER {
            break;
        }
        words.push_str(if words.is_empty() { "" } else { " " });
        words.extend(sentence.chars().take(LONGEST_ANSWER));
    }
    if words.is_empty() { NOTHING.to_owned() } else { words }
}

fn zoned(config: &Config, ms: i64) -> Zoned {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(config.calendar.zone.clone())
}
