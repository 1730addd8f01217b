//! Talking to an assistant in writing before it is saved: its own words and tools, with a book that is nobody's.
//!
//! The tools are those of a call, but what they do they do to a database in memory that is gone with the conversation:
//! nothing is booked, nobody is told. Tools of other programs, which act in the world, are not there.

use crate::{
    app::App,
    brief::{self, Dossier},
    clock,
    config::{Config, EngineKind},
    cost::{self, Micros},
    drafts, hands,
    memory::Memory,
    saved, settings,
    webhooks::Listeners,
};
use call::{Answer, Failure, Handover, Manner, ToolCall, ToolCallId, Usage, Written};
use engine::{
    ToolSpec,
    local::{
        Hypothesis,
        desk::{Desk, DeskOutput},
        llm::{Ask, Delta, Llm, Message},
    },
};
use futures_util::StreamExt;
use jiff::Zoned;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::{Store, StoreError};
use tool::{Errand, Hands, Toolbox, Tools, Trust, calendar::Books};

/// Conversations that are kept; the one that was not used longest goes.
const MOST: usize = 16;
/// Words of one turn, in characters, and turns.
pub const LONGEST: usize = 1_000;
const TURNS: usize = 200;
/// Tools that are used on one turn, or thoughts that a model has on it.
const ROUNDS: usize = 8;
/// How long a model may think.
const THOUGHT: Duration = Duration::from_secs(60);
/// Whoever tries it calls from here: a number that nobody has.
const NUMBER: &str = "+15550100100";
const NOTHING: &str = "I have nothing to say to that. What can I do for you?";
const SPENT: &str = "As much was spent today as may be: the model is not asked before tomorrow.";

/// The conversations there are, by the id of their draft and how far the one who tries it is trusted.
#[derive(Default)]
pub struct Tries {
    kept: Mutex<Vec<(String, Arc<tokio::sync::Mutex<Conversation>>)>>,
    spent: Mutex<Spent>,
}

/// What they cost on the last day on which they cost anything.
#[derive(Default)]
struct Spent {
    last_ms: i64,
    day: Micros,
}

/// One conversation.
pub struct Conversation {
    config: Arc<Config>,
    hands: Hands,
    /// What the caller has agreed to, as a call judges it.
    written: Written,
    trust: Trust,
    thinker: Thinker,
    told: Vec<Told>,
    /// They have said goodbye.
    over: bool,
}

/// What was said and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Caller(String),
    Assistant(String),
    /// A tool was used.
    Tool {
        name: String,
        say: String,
        ok: bool,
    },
    /// Why nothing came.
    Trouble(String),
}

enum Thinker {
    Desk(Box<Desk>),
    Model { llm: Arc<dyn Llm>, messages: Vec<Message>, specs: Arc<[ToolSpec]> },
}

impl Tries {
    /// The conversation with this draft; begun where there is none. None: the draft is not kept any more.
    pub async fn with(
        &self,
        app: &App,
        draft: &str,
        trust: Trust,
    ) -> Result<Option<Arc<tokio::sync::Mutex<Conversation>>>, StoreError> {
        let Some(config) = drafts::config(app, draft).await? else { return Ok(None) };
        let key = format!("{draft} {}", trust.name());
        if let Some(known) = self.known(&key) {
            return Ok(Some(known));
        }
        let new = Arc::new(tokio::sync::Mutex::new(Conversation::open(app, config, trust).await?));
        let mut kept = self.kept();
        if let Some((_, known)) = kept.iter().find(|(other, _)| *other == key) {
            return Ok(Some(known.clone()));
        }
        kept.push((key, new.clone()));
        if kept.len() > MOST {
            kept.remove(0);
        }
        Ok(Some(new))
    }

    /// What they have cost since then, which is when a day began.
    pub fn spent_since(&self, began_ms: i64) -> Micros {
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.last_ms >= began_ms { spent.day } else { 0 }
    }

    fn spend(&self, cost: Micros, began_ms: i64, now_ms: i64) {
        let day = self.spent_since(began_ms) + cost;
        *self.spent.lock().unwrap_or_else(PoisonError::into_inner) = Spent { last_ms: now_ms, day };
    }

    fn known(&self, key: &str) -> Option<Arc<tokio::sync::Mutex<Conversation>>> {
        let mut kept = self.kept();
        let place = kept.iter().position(|(other, _)| other == key)?;
        let used = kept.remove(place);
        let known = used.1.clone();
        kept.push(used);
        Some(known)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<(String, Arc<tokio::sync::Mutex<Conversation>>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Conversation {
    async fn open(app: &App, config: Arc<Config>, trust: Trust) -> Result<Self, StoreError> {
        let tools = tools(app, &config).await?;
        let language = [config.assistant.language.clone()];
        let (thinker, mut told) = match settings::think(&config, &language, true) {
            Ok(None) => (Thinker::Desk(Box::new(desk(&config))), Vec::new()),
            Ok(Some((llm, _))) => {
                let greeting = config.assistant.greeting.clone();
                let told = (!greeting.is_empty()).then_some(Told::Assistant(greeting));
                let specs = brief::tools(&tools, trust).into();
                (Thinker::Model { llm, messages: begun(&config, trust), specs }, told.into_iter().collect())
            }
            Err(failure) => (Thinker::Desk(Box::new(desk(&config))), vec![failed(&failure)]),
        };
        let hands = Hands::new(tools, &config.assistant.language);
        let written = Written::default();
        let mut conversation = Self { config, hands, written, trust, thinker, told: Vec::new(), over: false };
        if let Thinker::Desk(desk) = &mut conversation.thinker {
            drained(desk, &mut told);
        }
        for one in told {
            conversation.tell(one);
        }
        Ok(conversation)
    }

    pub fn told(&self) -> &[Told] {
        &self.told
    }

    /// They have said goodbye: nothing is answered any more.
    pub fn is_over(&self) -> bool {
        self.over || self.told.len() >= TURNS
    }

    /// Who answers: `the desk` or a model's service.
    pub fn thinker(&self) -> &'static str {
        match &self.thinker {
            Thinker::Desk(_) => "the desk, which needs no model,",
            Thinker::Model { .. } => "the language model that is set",
        }
    }

    /// Says something to the assistant, and has it answer.
    pub async fn say(&mut self, app: &App, words: &str) {
        let words: String = words.trim().chars().take(LONGEST).collect();
        if words.is_empty() || self.is_over() {
            return;
        }
        self.tell(Told::Caller(words.clone()));
        let before = self.told.len();
        match &self.thinker {
            Thinker::Desk(_) => self.ask_desk(words).await,
            Thinker::Model { .. } => self.ask_model(app, words).await,
        }
        if let Some(question) = self.written.unread().filter(|_| !self.over) {
            if let Thinker::Model { messages, .. } = &mut self.thinker {
                answered(messages, &question, Vec::new());
            }
            self.tell(Told::Assistant(question));
        }
        if self.told.len() == before {
            self.tell(Told::Assistant(NOTHING.to_owned()));
        }
    }

    fn tell(&mut self, told: Told) {
        match &told {
            Told::Caller(words) => self.written.caller_said(words),
            Told::Assistant(words) => self.written.assistant_said(words),
            Told::Tool { .. } | Told::Trouble(_) => {}
        }
        self.told.push(told);
    }

    async fn ask_desk(&mut self, words: String) {
        let now = self.now();
        let Thinker::Desk(desk) = &mut self.thinker else { return };
        desk.hear(&now, &[Hypothesis { text: words, confidence: 1.0, language: None }]);
        let mut said = Vec::new();
        let mut wanted = drained(desk, &mut said);
        for _ in 0..ROUNDS {
            said.drain(..).for_each(|one| self.tell(one));
            let Some(call) = wanted.take() else { break };
            let answer = self.used(&call).await;
            if self.over {
                break;
            }
            let now = self.now();
            let Thinker::Desk(desk) = &mut self.thinker else { return };
            desk.answer(&now, &call.id, &answer);
            wanted = drained(desk, &mut said);
        }
        said.drain(..).for_each(|one| self.tell(one));
    }

    async fn ask_model(&mut self, app: &App, words: String) {
        let mut next = Some(Message::Caller(words));
        for _ in 0..ROUNDS {
            if cost::is_spent(app, NUMBER).await {
                return self.tell(Told::Trouble(SPENT.to_owned()));
            }
            let Thinker::Model { llm, messages, specs } = &mut self.thinker else { return };
            messages.extend(next.take());
            let ask = Ask { messages: messages.clone(), tools: specs.clone() };
            let thought = tokio::time::timeout(THOUGHT, thought(&**llm, ask)).await;
            let Thought { text, wants, usage } = match thought {
                Ok(Ok(thought)) => thought,
                Ok(Err(failure)) => return self.tell(failed(&failure)),
                Err(_) => {
                    let why = format!("The model has not answered within {} seconds.", THOUGHT.as_secs());
                    return self.tell(Told::Trouble(why));
                }
            };
            let price = self.config.cost.prices.of(EngineKind::Local.name());
            app.tries.spend(price.of(usage), cost::day_began_ms(app), clock::now_ms());
            let count = messages.len();
            let call = |(at, (name, arguments)): (usize, (String, String))| ToolCall {
                id: ToolCallId(format!("try-{count}-{at}")),
                name,
                arguments,
            };
            let wants: Vec<ToolCall> = wants.into_iter().enumerate().map(call).collect();
            answered(messages, &text, wants.clone());
            if !text.trim().is_empty() {
                self.tell(Told::Assistant(text.trim().to_owned()));
            }
            for call in &wants {
                let answer = self.used(call).await.told();
                let Thinker::Model { messages, .. } = &mut self.thinker else { return };
                let text = [answer.say, answer.data].join("\n").trim().to_owned();
                messages.push(Message::Answer { id: call.id.clone(), name: call.name.clone(), text });
            }
            if wants.is_empty() || self.over {
                return;
            }
        }
    }

    /// Uses a tool. What a call decides itself is only told.
    async fn used(&mut self, call: &ToolCall) -> Answer {
        if call.name == "hang_up" {
            self.over = true;
            self.told.push(Told::Tool {
                name: call.name.clone(),
                say: "The call would end here.".into(),
                ok: true,
            });
            return Answer::said("Done.");
        }
        let answer = if call.name == "transfer" {
            self.over = true;
            Answer::said("The caller would be put through here.")
        } else {
            let now_ms = clock::now_ms();
            let errand = Errand {
                call_id: "try".into(),
                caller: NUMBER.into(),
                trust: self.trust,
                now_ms,
                began_ms: now_ms,
            };
            let mut standing = self.written.standing(call);
            // The desk obeys nothing that it reads.
            standing.swayed &= matches!(self.thinker, Thinker::Model { .. });
            self.hands.run(call, &errand, &standing).await
        };
        self.written.answered(call, &answer);
        let say = match &answer.asks {
            Some(asked) => format!("Not yet: the caller is asked first. “{}”", asked.words),
            None => answer.say.clone(),
        };
        self.told.push(Told::Tool { name: call.name.clone(), say, ok: answer.ok });
        answer
    }

    fn now(&self) -> Zoned {
        brief::now_of(&self.config)
    }
}

/// Those of the assistant that are our own, on a database in memory.
async fn tools(app: &App, config: &Config) -> Result<Arc<Tools>, StoreError> {
    let store = Store::open("sqlite::memory:").await?;
    let books = Arc::new(Books::new(store.clone()));
    let listeners = Arc::new(Listeners::open(&store).await?);
    let own = saved::tools(config, &store, &books, &Arc::default(), &listeners);
    let toolbox = Toolbox::new(Tools::new(Vec::new()));
    let rulings: BTreeMap<_, _> = hands::rulings(&app.store).await?;
    toolbox.rule(rulings);
    Ok(toolbox.with_own(&own, &config.assistant.without_tools))
}

fn desk(config: &Arc<Config>) -> Desk {
    let brief = brief::of(config, NUMBER, Trust::Stranger, Manner::Duplex);
    let dossier = Dossier::of(config.clone(), brief, Memory::default());
    Desk::new(brief::desk(&dossier, &Handover::default())).in_writing()
}

fn begun(config: &Config, trust: Trust) -> Vec<Message> {
    let brief = brief::of(config, NUMBER, trust, Manner::Duplex);
    let greeting = brief.greeting.clone();
    let mut messages = vec![Message::System(brief.instructions)];
    if !greeting.is_empty() {
        // Many templates want the caller to be the first to speak.
        messages.push(Message::Caller("[The caller is on the line.]".into()));
        answered(&mut messages, &greeting, Vec::new());
    }
    messages
}

/// Adds what the assistant says and wants; what it said just before is the same answer.
fn answered(messages: &mut Vec<Message>, words: &str, wants: Vec<ToolCall>) {
    match messages.last_mut() {
        Some(Message::Assistant { text, wants: earlier }) if earlier.is_empty() => {
            let both = format!("{text} {words}");
            both.trim().clone_into(text);
            *earlier = wants;
        }
        Some(_) | None => messages.push(Message::Assistant { text: words.to_owned(), wants }),
    }
}

/// What a model says and wants.
#[derive(Default)]
struct Thought {
    text: String,
    /// By name, with what it is to do.
    wants: Vec<(String, String)>,
    usage: Usage,
}

async fn thought(llm: &dyn Llm, ask: Ask) -> Result<Thought, Failure> {
    let mut thought = Thought::default();
    let mut stream = llm.think(ask);
    while let Some(delta) = stream.next().await {
        match delta? {
            Delta::Text(piece) => thought.text.push_str(&piece),
            Delta::Busy => {}
            Delta::Wants { name, arguments } => thought.wants.push((name, arguments)),
            Delta::Done { usage, .. } => {
                thought.usage = usage;
                break;
            }
        }
    }
    thought.wants.truncate(ROUNDS);
    Ok(thought)
}

/// Takes what the desk says, and the last tool that it wants.
fn drained(desk: &mut Desk, told: &mut Vec<Told>) -> Option<ToolCall> {
    let mut wanted = None;
    let mut said = Vec::new();
    while let Some(output) = desk.poll() {
        match output {
            DeskOutput::Say(sentence) => said.push(sentence),
            DeskOutput::Wants(call) => wanted = Some(call),
        }
    }
    if !said.is_empty() {
        told.push(Told::Assistant(said.join(" ")));
    }
    wanted
}

fn failed(failure: &Failure) -> Told {
    Told::Trouble(failure.why.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spent_on_an_earlier_day_counts_no_more() {
        let tries = Tries::default();
        tries.spend(30, 1_000, 1_500);
        tries.spend(12, 1_000, 1_600);
        assert_eq!((tries.spent_since(1_000), tries.spent_since(2_000)), (42, 0));
        tries.spend(5, 2_000, 2_001);
        assert_eq!(tries.spent_since(2_000), 5);
    }
}
