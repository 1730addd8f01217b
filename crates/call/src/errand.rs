//! Errands: tools under way. Each is run once and answered once, whatever becomes of the conversation meanwhile.

use crate::{Answer, Effect, ToolCall, ToolCallId};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// More tools at once than any assistant needs.
const AT_ONCE: usize = 16;
/// More tools in one call than any assistant needs.
const ALTOGETHER: usize = 1_000;

#[derive(Debug)]
struct Errand {
    name: String,
    arguments: String,
    since: Instant,
    due: Instant,
    /// How much of it is done, in percent, as far as it says; and how much the caller was told of.
    progress: u8,
    told: u8,
    /// The assistant no longer waits: it was told that this failed, or withdrew the question.
    given_up: bool,
    /// The engine's service uses it by itself, or is to.
    hosted: Option<Hosted>,
}

/// How far a tool is that the engine's service uses by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hosted {
    /// It was asked whether it may.
    Asked,
    /// It may, and what comes of it is awaited.
    Under,
}

/// What becomes of a finished errand.
#[derive(Debug, PartialEq)]
pub(crate) enum Finished {
    /// The assistant waits for this answer.
    Awaited,
    /// The assistant was told otherwise, and the world has changed all the same.
    TooLate,
    /// The assistant was told otherwise, and may go on believing it.
    Forgotten,
}

/// The tools of one call.
#[derive(Debug, Default)]
pub(crate) struct Errands {
    under_way: BTreeMap<ToolCallId, Errand>,
    asked: BTreeSet<ToolCallId>,
    /// Finished while the caller had the floor.
    waiting: Vec<(ToolCallId, Answer)>,
    /// What was done although the assistant was told otherwise, or no longer wants to be told.
    news: Vec<String>,
    /// The caller was told to wait.
    pub(crate) filled: bool,
}

impl Errands {
    /// Notes that a tool is asked for, and says whether this is the first time.
    pub(crate) fn is_new(&mut self, id: &ToolCallId) -> bool {
        self.asked.len() < ALTOGETHER && self.asked.insert(id.clone())
    }

    /// Begins an errand, unless too many are under way.
    pub(crate) fn begin(&mut self, now: Instant, call: &ToolCall, patience: Duration) -> bool {
        let room = self.under_way.len() < AT_ONCE;
        if room {
            let (name, arguments) = (call.name.clone(), call.arguments.clone());
            let due = now + patience;
            let errand = Errand {
                name,
                arguments,
                since: now,
                due,
                progress: 0,
                told: 0,
                given_up: false,
                hosted: None,
            };
            self.under_way.insert(call.id.clone(), errand);
        }
        room
    }

    /// The engine's service uses this by itself, or wants to know whether it may.
    pub(crate) fn host(&mut self, id: &ToolCallId) {
        if let Some(errand) = self.under_way.get_mut(id) {
            errand.hosted = Some(Hosted::Asked);
        }
    }

    pub(crate) fn is_hosted(&self, id: &ToolCallId) -> bool {
        self.under_way.get(id).is_some_and(|errand| errand.hosted.is_some())
    }

    /// Whether the assistant was told that this failed, and it is not over.
    pub(crate) fn is_given_up(&self, id: &ToolCallId) -> bool {
        self.under_way.get(id).is_some_and(|errand| errand.given_up)
    }

    /// From now on the service is at it, and is waited for until then. Says whether it was not already.
    pub(crate) fn lend(&mut self, id: &ToolCallId, due: Instant) -> bool {
        let Some(errand) = self.under_way.get_mut(id).filter(|errand| errand.hosted.is_some()) else {
            return false;
        };
        errand.due = due;
        errand.hosted.replace(Hosted::Under) != Some(Hosted::Under)
    }

    /// What services were at by themselves.
    pub(crate) fn lent(&self) -> Vec<ToolCallId> {
        let lent = self.under_way.iter().filter(|(_, errand)| errand.hosted == Some(Hosted::Under));
        lent.map(|(id, _)| id.clone()).collect()
    }

    /// What the tool was asked to do; empty where it is not under way.
    pub(crate) fn arguments(&self, id: &ToolCallId) -> String {
        self.under_way.get(id).map(|errand| errand.arguments.clone()).unwrap_or_default()
    }

    /// Its name; empty where it is not under way.
    pub(crate) fn name(&self, id: &ToolCallId) -> String {
        self.under_way.get(id).map(|errand| errand.name.clone()).unwrap_or_default()
    }

    /// Ends an errand, giving its name, how long it took and what to do with the answer; nothing for one that is
    /// not under way.
    pub(crate) fn finish(
        &mut self,
        now: Instant,
        id: &ToolCallId,
        answer: &Answer,
    ) -> Option<(String, Duration, Finished)> {
        let errand = self.under_way.remove(id)?;
        let finished = match (errand.given_up, &answer.effect) {
            (false, _) => Finished::Awaited,
            (true, Effect::None) => Finished::Forgotten,
            (
                true,
                Effect::Booked(_)
                | Effect::Moved(_)
                | Effect::Cancelled(_)
                | Effect::Sent(_)
                | Effect::Changed(_),
            ) => Finished::TooLate,
        };
        Some((errand.name, now.saturating_duration_since(errand.since), finished))
    }

    /// So much of an errand is done. What gets on is waited for longer, but not for longer than `longest` altogether.
    pub(crate) fn progresses(
        &mut self,
        now: Instant,
        id: &ToolCallId,
        percent: u8,
        (patience, longest): (Duration, Duration),
    ) {
        if let Some(errand) = self.under_way.get_mut(id).filter(|errand| percent > errand.progress) {
            errand.progress = percent.min(100);
            errand.due = errand.due.max((now + patience).min(errand.since + longest));
        }
    }

    /// How much is done of what is waited for, where the caller was not told so already.
    pub(crate) fn untold_progress(&mut self) -> Option<u8> {
        let slowest = self
            .under_way
            .values_mut()
            .filter(|errand| !errand.given_up)
            .min_by_key(|errand| errand.progress)?;
        let news = slowest.progress > slowest.told && slowest.progress < 100;
        slowest.told = slowest.progress;
        news.then_some(slowest.progress)
    }

    /// Nobody waits for this any longer. Says whether somebody did, so that it may be stopped: one that was given up may be
    /// promised for later.
    pub(crate) fn withdraw(&mut self, id: &ToolCallId) -> bool {
        let errand = self.under_way.get_mut(id);
        let awaited = errand.is_some_and(|errand| !std::mem::replace(&mut errand.given_up, true));
        let withdrawn = self.waiting.extract_if(.., |(waiting, _)| waiting == id).collect::<Vec<_>>();
        for (_, answer) in withdrawn.iter().filter(|(_, answer)| answer.effect != Effect::None) {
            self.keep_news(answer);
        }
        awaited
    }

    /// Another engine is there. What was answered already it is told with all the rest.
    pub(crate) fn bequeath(&mut self) {
        self.waiting.clear();
    }

    /// Takes one that has used up its time.
    pub(crate) fn give_up(&mut self, now: Instant) -> Option<(ToolCallId, String, Duration)> {
        let late = self.under_way.iter_mut().find(|(_, errand)| !errand.given_up && errand.due <= now)?;
        late.1.given_up = true;
        Some((late.0.clone(), late.1.name.clone(), now.saturating_duration_since(late.1.since)))
    }

    /// When the next one has used up its time.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.under_way.values().filter(|errand| !errand.given_up).map(|errand| errand.due).min()
    }

    /// Whether the assistant waits for any.
    pub(crate) fn is_any_awaited(&self) -> bool {
        !self.waiting.is_empty() || self.under_way.values().any(|errand| !errand.given_up)
    }

    /// Whether any may yet change something, awaited or not.
    pub(crate) fn is_any_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Keeps an answer until the caller has finished speaking.
    pub(crate) fn keep(&mut self, id: ToolCallId, answer: Answer) {
        self.waiting.push((id, answer));
    }

    /// Takes what was kept.
    pub(crate) fn kept(&mut self) -> Vec<(ToolCallId, Answer)> {
        std::mem::take(&mut self.waiting)
    }

    /// Keeps what an answer says has been done, to be told without having been asked for.
    pub(crate) fn keep_news(&mut self, answer: &Answer) {
        self.news.push(format!(
            "What a tool was asked for has been done after all. Tell the caller: {}",
            answer.clone().told().say
        ));
    }

    /// Keeps what came of a tool that an engine before this one had asked for.
    pub(crate) fn keep_inherited(&mut self, name: &str, answer: &Answer) {
        let answer = answer.clone().told();
        let data = if answer.data.is_empty() { String::new() } else { format!(" It says: {}", answer.data) };
        self.news.push(format!(
            "The tool {name}, which was asked for before you came into this conversation, has answered; do not use it \
             again for the same.{data} Go on from there. Tell the caller: {}",
            answer.say
        ));
    }

    /// Keeps an instruction for the assistant until the caller has finished speaking.
    pub(crate) fn keep_word(&mut self, instruction: String) {
        self.news.push(instruction);
    }

    /// Takes the news.
    pub(crate) fn news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.news)
    }
}
