//! [`Call`]: the conversation itself.

mod agreeing;
mod claiming;
mod hosting;
mod interrupting;
mod leaving;
mod pinning;
mod relieving;
mod renewing;
mod tongues;
mod wanting;

use crate::{
    Answer, Chunk, Digits, EngineCommand, EngineEvent, Handover, ItemId, LineCommand, LineEvent, Manner,
    Note, PinVerdict, Playout, Policy, Standing, Timer, ToolCall, ToolCallId,
    claim::Claims,
    consent::Consents,
    errand::Errands,
    floor::{Floor, Leave, Taken},
    history::History,
    numbering::Numbering,
    pin::PinPad,
    stages::Stopwatch,
    timer::Timers,
    tongue::Tongue,
};
use std::{collections::VecDeque, time::Instant};

/// Everything that can happen to a call.
#[derive(Debug)]
pub enum Input {
    Line(LineEvent),
    Engine(EngineEvent),
    Tool(ToolCallId, Answer),
    /// So much of a tool's work is done, in percent.
    Progress(ToolCallId, u8),
    /// What came of an [`Output::Pin`].
    Pin(PinVerdict),
    /// Whether the line was connected as a [`LineCommand::Transfer`] asked. Only a stream waits for this.
    Connected(bool),
    /// So many engines are left to go on, should this one fail.
    Spares(u32),
    /// The engine's session ends then, whatever is said.
    Expires(Instant),
    /// What came of an [`Output::Renew`]: a session that is ready, or why there is none.
    Renewed(Result<(), String>),
    /// No more money may be spent on this call.
    Spent,
    /// Its owner wants the call to end, politely: with a goodbye. Told again, at once.
    Excused,
    /// The call is to end now.
    Dismissed,
    /// The deadline of [`Call::deadline`] may have passed.
    Tick,
}

/// Everything a call can ask for.
#[derive(Debug, PartialEq)]
pub enum Output {
    Line(LineCommand),
    Engine(EngineCommand),
    /// Use a tool; and how the caller stands to that.
    Tool(ToolCall, Standing),
    /// Say whether the engine's service may use this tool by itself, by an answer that is `ok` or not; and how the caller
    /// stands to that.
    May(ToolCall, Standing),
    /// Nobody waits for this tool any longer. What changes nothing may be stopped; it is answered all the same.
    Unwanted(ToolCallId),
    /// The caller was promised the answer of this tool for after the call, as [`Policy::later_words`] says.
    Promised(ToolCallId),
    /// See whether this is the PIN, and answer by [`Input::Pin`].
    Pin(Digits),
    /// The engine has failed: the next one is to go on with this. What is said from now on is meant for it.
    Reopen(Handover),
    /// The last engine has failed: somebody is to take a message.
    TakeMessage,
    /// Open a new session with the same engine beside the one there is, and answer by [`Input::Renewed`].
    Renew(Handover),
    /// Go on with the session that was opened. The caller's sound since they began to speak is for it, where `unheard`.
    Swap {
        unheard: bool,
    },
    Note(Note),
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    CallerHungUp,
    AssistantHungUp,
    Transferred,
    Dismissed,
    TooLong,
    Silent,
    /// It would have cost more than it may.
    TooDear,
    EngineFailed,
}

/// One conversation, from answer to hang-up.
///
/// After every [`handle`](Self::handle), call [`poll`](Self::poll) until it returns `None`, then sleep until
/// [`deadline`](Self::deadline). A call without a deadline has ended; a tool that finishes later is still noted.
#[derive(Debug)]
pub struct Call {
    manner: Manner,
    policy: Policy,
    phase: Phase,
    playout: Playout,
    floor: Floor,
    errands: Errands,
    claims: Claims,
    consents: Consents,
    pin: PinPad,
    timers: Timers,
    /// What is to be expected of the engine.
    engine: Expected,
    /// The item that the engine is saying, until `Done`.
    saying: Option<ItemId>,
    /// What is known so far of the words of the item that is being said.
    unfinished: Option<(ItemId, String)>,
    history: History,
    stopwatch: Stopwatch,
    numbering: Numbering,
    tongue: Tongue,
    /// Engines that have not been tried in this call.
    spares: u32,
    relief: relieving::Relief,
    renewal: renewing::Renewal,
    /// The caller was asked whether they are there, and has not made a sound since.
    nudged: bool,
    output: VecDeque<Output>,
}

/// What is to be expected of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Nothing,
    /// A reply is asked for or under way: the engine will say `Done`.
    Reply,
    /// The same, and it was waited for in vain.
    LateReply,
    /// It has failed: nothing more.
    Gone,
}

#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Talking,
    /// The goodbye is on its way to the caller.
    Leaving(Leave),
    /// Somebody else is being connected to the caller, as these uses of a tool wanted.
    Connecting(Vec<ToolCallId>),
    Over(Ending),
}

/// The item that an apology is: none that an engine would name.
const APOLOGY: ItemId = ItemId(u32::MAX);

impl Call {
    pub fn new(now: Instant, manner: Manner, policy: Policy) -> Self {
        let mut timers = Timers::default();
        timers.set(Timer::LongestCall, now + policy.longest_call.saturating_sub(policy.farewell));
        timers.set(Timer::Silence, now + policy.silence);
        Self {
            manner,
            pin: PinPad::new(policy.pin),
            spares: policy.spares,
            relief: relieving::Relief::default(),
            renewal: renewing::Renewal::default(),
            history: History::default(),
            stopwatch: Stopwatch::default(),
            numbering: Numbering::default(),
            tongue: tongues::of(&policy),
            policy,
            phase: Phase::Talking,
            playout: Playout::default(),
            floor: Floor::default(),
            errands: Errands::default(),
            claims: Claims::default(),
            consents: Consents::default(),
            timers,
            engine: Expected::Nothing,
            saying: None,
            unfinished: None,
            nudged: false,
            output: VecDeque::with_capacity(16),
        }
    }

    /// Takes note of what happened. Times must not run backwards.
    pub fn handle(&mut self, now: Instant, input: Input) {
        while let Some(timer) = self.timers.expired(now) {
            self.on_timer(now, timer);
        }
        if self.ending().is_some() {
            if let Input::Tool(id, answer) = input {
                let answer = self.after_the_end(&id, answer);
                self.note_answer(now, &id, &answer);
                self.decide_late_claims();
            }
            return;
        }
        match input {
            Input::Line(event) => self.on_line(now, event),
            Input::Engine(event) => self.on_engine(now, event),
            Input::Tool(id, answer) => self.on_answer(now, id, answer),
            Input::Progress(id, percent) => self.on_progress(now, &id, percent),
            Input::Pin(verdict) => self.on_verdict(verdict),
            Input::Connected(connected) => self.on_connected(now, connected),
            Input::Spares(spares) => self.spares = spares,
            Input::Expires(at) => self.on_expiry_known(now, at),
            Input::Renewed(renewed) => self.on_renewed(now, renewed),
            Input::Spent => self.on_spent(now),
            Input::Excused => self.on_excused(now),
            Input::Dismissed => self.end(now, Ending::Dismissed, Some(LineCommand::HangUp)),
            Input::Tick => {}
        }
        self.renew(now);
    }

    /// What to do next, until there is nothing more to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// When the call wants to be woken, and what for.
    pub fn deadline(&self) -> Option<(Instant, Timer)> {
        self.timers.next()
    }

    /// How the call ended, once it has.
    pub fn ending(&self) -> Option<Ending> {
        match self.phase {
            Phase::Talking | Phase::Leaving(_) | Phase::Connecting(_) => None,
            Phase::Over(ending) => Some(ending),
        }
    }

    fn on_line(&mut self, now: Instant, event: LineEvent) {
        match event {
            LineEvent::Audio(chunk) => self.tell_engine(EngineCommand::Hear(chunk)),
            LineEvent::Words(words) => self.tell_engine(EngineCommand::Read(words)),
            LineEvent::Played(mark) => {
                self.playout.played(now, mark);
                self.settle(now);
            }
            LineEvent::TurnOver => {
                self.stopwatch.start(now);
                self.respond(now);
            }
            LineEvent::Key(key) => self.on_key(now, key),
            LineEvent::Closed => self.on_closed(now),
        }
    }

    fn on_engine(&mut self, now: Instant, event: EngineEvent) {
        if self.is_engine_gone() {
            return;
        }
        match self.numbering.heard(event) {
            EngineEvent::Ready => self.on_ready(now),
            EngineEvent::CallerSpeaks => self.on_caller_speaks(now),
            EngineEvent::CallerPauses => self.on_caller_pauses(now),
            EngineEvent::Took(stages) => self.stopwatch.told(stages),
            EngineEvent::Voice(item, chunk) => self.on_voice(now, item, chunk),
            EngineEvent::CallerSpoke(turn, language) => self.tongue.reported(turn, language),
            EngineEvent::CallerSaid(turn, transcript) => self.on_caller_said(now, turn, transcript),
            EngineEvent::AssistantSaid(item, transcript) => self.on_assistant_said(now, item, transcript),
            EngineEvent::Wants(call) => self.on_wants(now, call),
            EngineEvent::MayUse(call) => self.on_may_use(now, call),
            EngineEvent::Uses(call) => self.on_uses(now, &call),
            EngineEvent::Used(id, answer) => self.on_used(now, &id, &answer),
            EngineEvent::Withdraws(id) => {
                if !self.withdraw_held(now, &id) && self.errands.withdraw(&id) {
                    self.output.push_back(Output::Unwanted(id));
                }
                self.arm_errands();
            }
            EngineEvent::Done(usage) => {
                self.note(Note::Used(usage));
                self.engine = Expected::Nothing;
                self.saying = None;
                self.settle(now);
                self.yield_floor();
            }
            EngineEvent::Charged(usage) => self.note(Note::Used(usage)),
            EngineEvent::Trouble(why) => self.note(Note::Trouble(why)),
            EngineEvent::Failed(failure) => self.on_failure(now, failure),
        }
    }
}

/// What the assistant says and does.
impl Call {
    fn on_voice(&mut self, now: Instant, item: ItemId, chunk: Chunk) {
        if self.floor.is_unwanted(item) || chunk.bytes.is_empty() {
            return;
        }
        self.engine = Expected::Reply;
        self.saying = Some(item);
        match &mut self.floor.taken {
            Some(taken) if !taken.certain => {
                if !taken.hold(item, chunk) {
                    self.note(Note::Trouble(
                        "The engine said more than can be kept while the caller speaks.".into(),
                    ));
                }
            }
            // An engine that decides by itself that the caller has finished takes the floor by speaking.
            Some(_) => {
                self.give_back_floor();
                self.play(now, item, chunk);
                self.tell_answers();
                self.tell_news();
            }
            None => self.play(now, item, chunk),
        }
    }

    fn play(&mut self, now: Instant, item: ItemId, chunk: Chunk) {
        if self.playout.sent_of(item).is_none() && item != APOLOGY {
            self.history.assistant_speaks(item);
            self.note(Note::Sounding(item));
            let answered = self.stopwatch.sounds(now, self.floor.turn, item);
            self.output.extend(answered.map(Output::Note));
        }
        let mark = self.playout.sent(now, item, chunk.clone());
        let ends = self.playout.ends().unwrap_or(now).max(now);
        if self.phase == Phase::Talking {
            self.timers.set(Timer::Silence, ends + self.policy.silence);
        }
        self.bound_farewell(now);
        self.tell_line(LineCommand::Play(chunk));
        if let Some(mark) = mark {
            self.tell_line(LineCommand::Mark(mark));
        }
    }
}

/// What goes out.
impl Call {
    /// Has the engine do something that it will say `Done` to.
    fn speak(&mut self, command: EngineCommand) {
        if !self.is_engine_gone() {
            self.engine = Expected::Reply;
        }
        self.tell_engine(command);
    }

    fn is_replying(&self) -> bool {
        matches!(self.engine, Expected::Reply | Expected::LateReply)
    }

    fn is_engine_gone(&self) -> bool {
        self.engine == Expected::Gone
    }

    fn tell_line(&mut self, command: LineCommand) {
        self.output.push_back(Output::Line(command));
    }

    fn tell_engine(&mut self, command: EngineCommand) {
        if !self.is_engine_gone()
            && let Some(command) = self.numbering.told(command)
        {
            self.output.push_back(Output::Engine(command));
        }
    }

    fn note(&mut self, note: Note) {
        self.output.push_back(Output::Note(note));
    }
}
