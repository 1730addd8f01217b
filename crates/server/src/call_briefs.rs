//! What a call came to, in a few lines for the owner: who it was, what they wanted, what was done, what is left to do.
//!
//! The lines are made of the call's notes by rules, so that nothing stands in them that did not happen.

pub mod worded;

use crate::{
    clock,
    pages::{
        self,
        timeline::{Entry, Timeline, Tool, What},
    },
    voicemail,
};
use store::{CallRow, MessageRow};
use tool::message::{
    job::{self, Planned},
    tame,
};

/// How long after its end a call's last notes may be on their way.
const SETTLING_MS: i64 = 2_000;
/// What is quoted of somebody's words, in characters.
const LONGEST_QUOTE: usize = 160;
/// As many words tell what somebody wants; fewer may be a greeting.
const TELLING_WORDS: usize = 4;
/// The most that is listed of one kind.
const MOST: usize = 6;

/// The lines of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    pub who: String,
    pub wanted: String,
    pub done: String,
    /// Empty: nothing is.
    pub left: String,
}

/// What is known of a call when its brief is made.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    pub call: &'a CallRow,
    pub timeline: &'a Timeline,
    /// What was left in it for the owner.
    pub messages: &'a [MessageRow],
    /// What the caller is called; may be empty.
    pub name: &'a str,
}

/// The job that makes the brief of a call which ended then.
pub fn planned(call: &str, ended_ms: i64) -> Planned {
    job::after_call(call, ended_ms, clock::now_ms().max(ended_ms) + SETTLING_MS)
}

/// Whether there is anything to tell: somebody spoke with us, or we tried to speak with somebody.
pub fn is_worth_it(call: &CallRow) -> bool {
    call.outbound || call.answered_ms.is_some()
}

/// Whether all that happened in an ended call is written down.
pub fn is_complete(call: &CallRow, timeline: &Timeline) -> bool {
    let tool_at_work = |entry: &Entry| matches!(&entry.what, What::Tool(tool) if tool.ok.is_none());
    // Of what was cut off nobody writes any more.
    let cut_off = call.ending.as_deref() == Some("crashed");
    let over = call.answered_ms.is_none() || timeline.ended;
    cut_off || over && !timeline.entries.iter().any(tool_at_work)
}

/// The brief of a call.
pub fn lines(known: &Known<'_>) -> Lines {
    Lines { who: who(known), wanted: wanted(known), done: done(known), left: left(known) }
}

fn who(Known { call, name, .. }: &Known<'_>) -> String {
    let number = pages::who(call.other());
    let trust = match call.trust.as_str() {
        "owner" => "you",
        "known" => "known to you",
        _ => "a stranger",
    };
    let named = if name.is_empty() { number } else { format!("{}, {number}", tame(name, 40)) };
    let called = if call.outbound { ", called by us" } else { "" };
    format!("{named} ({trust}{called})")
}

fn wanted(known: &Known<'_>) -> String {
    let Known { call, timeline, .. } = *known;
    let quote = said(timeline).map(|words| format!("\u{201c}{}\u{201d}", tame(words, LONGEST_QUOTE)));
    if call.outbound {
        let about = tame(&call.purpose, LONGEST_QUOTE);
        let ours =
            if about.is_empty() { "We called.".to_owned() } else { format!("We called about: {about}") };
        return match quote {
            Some(quote) => format!("{ours} They said: {quote}"),
            None => ours,
        };
    }
    let wishes = wishes(timeline);
    match (wishes.is_empty(), quote) {
        (false, Some(quote)) => format!("{}: {quote}", capitalised(&wishes.join(", "))),
        (false, None) => format!("{}.", capitalised(&wishes.join(", "))),
        (true, Some(quote)) => quote,
        (true, None) if call.engine == voicemail::ENGINE => "To leave a message.".to_owned(),
        (true, None) => "They said nothing.".to_owned(),
    }
}

/// What the tools that were asked for tell of what the caller wanted.
fn wishes(timeline: &Timeline) -> Vec<&'static str> {
    let asked = |name: &str| tools(timeline).any(|tool| tool.name == name);
    let changes = ["create_calendar_event", "reschedule_appointment", "cancel_appointment"];
    let mut wishes = Vec::new();
    for (name, wish) in changes.into_iter().zip([
        "to book an appointment",
        "to move an appointment",
        "to cancel an appointment",
    ]) {
        if asked(name) {
            wishes.push(wish);
        }
    }
    if wishes.is_empty() {
        if asked("find_free_slots") || asked("check_calendar_availability") {
            wishes.push("to know what is free");
        } else if asked("list_appointments") {
            wishes.push("to hear about their appointments");
        }
    }
    if asked("take_message") {
        wishes.push("to leave a message");
    }
    if asked("transfer") {
        wishes.push("to be put through");
    }
    wishes
}

/// The caller's words that tell most of what they want: the first that are more than a greeting, or else the first.
fn said(timeline: &Timeline) -> Option<&str> {
    let mut words = timeline.entries.iter().filter_map(|entry| match &entry.what {
        What::Caller { text } => Some(text.as_str()).filter(|text| !text.trim().is_empty()),
        What::Assistant { .. } | What::Tool(_) | What::Remark { .. } => None,
    });
    let first = words.next()?;
    let telling = |text: &&str| text.split_whitespace().count() >= TELLING_WORDS;
    Some([first].into_iter().chain(words).find(telling).unwrap_or(first))
}

fn done(Known { call, timeline, messages, .. }: &Known<'_>) -> String {
    let mut done: Vec<String> =
        tools(timeline).filter(|tool| tool.ok == Some(true)).filter_map(accomplished).collect();
    done.dedup();
    for message in *messages {
        done.push(match (message.sound_ms, message.urgent) {
            (1.., _) => format!("Took a voicemail of {} s", (message.sound_ms + 999) / 1_000),
            (_, true) => "Took an urgent message".to_owned(),
            (_, false) => "Took a message".to_owned(),
        });
    }
    if call.ending.as_deref() == Some("transferred") {
        done.push("Put the caller through".to_owned());
    }
    sentences(done, "Nothing.")
}

/// What a tool did, where it did anything that the owner should know of.
fn accomplished(tool: &Tool) -> Option<String> {
    if !tool.effect.is_empty() {
        return Some(tool.effect.clone());
    }
    // Of those of ours an effect tells; of the owner's own, and others', all that is known is that they answered.
    (!OURS.contains(&tool.name.as_str()))
        .then(|| format!("Used {}", tame(&tool.name.replace(['_', '-'], " "), 60)))
}

/// Tools that do nothing, or whose effect tells what they did, or whose result stands elsewhere in the brief.
const OURS: [&str; 12] = [
    "check_calendar_availability",
    "find_free_slots",
    "list_appointments",
    "create_calendar_event",
    "reschedule_appointment",
    "cancel_appointment",
    "take_message",
    "transfer",
    "hang_up",
    "remember",
    "recall",
    "forget",
];

fn left(Known { call, timeline, messages, .. }: &Known<'_>) -> String {
    let mut left = Vec::new();
    for message in messages.iter().filter(|message| message.done_ms.is_none()) {
        left.push(match (message.urgent, message.body.is_empty()) {
            (_, true) => "A voicemail waits for you".to_owned(),
            (true, false) => {
                format!("An urgent message waits for you: {}", tame(&message.body, LONGEST_QUOTE))
            }
            (false, false) => format!("A message waits for you: {}", tame(&message.body, LONGEST_QUOTE)),
        });
    }
    let of: Vec<&Tool> = tools(timeline).collect();
    for (at, tool) in of.iter().enumerate() {
        let name = tame(&tool.name.replace(['_', '-'], " "), 60);
        match tool.ok {
            None => left.push(format!("It is not known whether this was done: {name}")),
            // What worked in the end is done.
            Some(false)
                if !of[at..].iter().any(|later| later.name == tool.name && later.ok == Some(true)) =>
            {
                if !of[at + 1..].iter().any(|later| later.name == tool.name)
                    && !READS.contains(&tool.name.as_str())
                {
                    left.push(format!("Not done, {name}: {}", tame(&tool.say, LONGEST_QUOTE)));
                }
            }
            Some(_) => {}
        }
    }
    left.extend(timeline.entries.iter().filter_map(|entry| match &entry.what {
        What::Remark { text, bad: true } if text.starts_with(FALSE_CLAIM) => Some(text.clone()),
        What::Remark { .. } | What::Caller { .. } | What::Assistant { .. } | What::Tool(_) => None,
    }));
    let (ending, bad) = pages::ending(call.ending.as_deref());
    if bad {
        left.push(format!("The call ended badly: {ending}"));
    } else if call.outbound && call.answered_ms.is_none() {
        left.push(format!("They were not reached: {ending}"));
    }
    sentences(left, "")
}

/// Tools whose refusal leaves nothing undone.
const READS: [&str; 6] =
    ["check_calendar_availability", "find_free_slots", "list_appointments", "remember", "recall", "forget"];
const FALSE_CLAIM: &str = "The assistant said that";

fn tools(timeline: &Timeline) -> impl Iterator<Item = &Tool> {
    timeline.entries.iter().filter_map(|entry| match &entry.what {
        What::Tool(tool) => Some(tool),
        What::Caller { .. } | What::Assistant { .. } | What::Remark { .. } => None,
    })
}

fn sentences(mut said: Vec<String>, nothing: &str) -> String {
    if said.is_empty() {
        return nothing.to_owned();
    }
    let more = said.len().saturating_sub(MOST);
    said.truncate(MOST);
    if more > 0 {
        said.push(format!("And {more} more"));
    }
    let ended =
        said.iter().map(|one| if one.ends_with(['.', '!', '?']) { one.clone() } else { format!("{one}.") });
    ended.collect::<Vec<_>>().join(" ")
}

/// The same with a capital at its beginning.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests;
