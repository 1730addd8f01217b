//! [`Call`]: the conversation itself.

use crate::{
    Answer, Chunk, Cut, EngineCommand, EngineEvent, Failure, ItemId, LineCommand, LineEvent, Manner, Note,
    Playout, Policy, Timer, ToolCall, ToolCallId, Transcript, TurnId,
    errand::{Errands, Finished},
    floor::{Floor, Leave, Taken},
    timer::Timers,
};
use std::{collections::VecDeque, time::Instant};

/// Everything that can happen to a call.
#[derive(Debug)]
pub enum Input {
    Line(LineEvent),
    Engine(EngineEvent),
    Tool(ToolCallId, Answer),
    /// Someone at the dashboard wants the call to end.
    Dismissed,
    /// The deadline of [`Call::deadline`] may have passed.
    Tick,
}

/// Everything a call can ask for.
#[derive(Debug, PartialEq)]
pub enum Output {
    Line(LineCommand),
    Engine(EngineCommand),
    Tool(ToolCall),
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
    EngineFailed,
}

/// One conversation, from answer to hang-up.
///
/// After every [`handle`](Self::handle), call [`poll`](Self::poll) until it returns `None`, then sleep until
/// [`deadline`](Self::deadline). A call without a deadline has ended.
#[derive(Debug)]
pub struct Call {
    manner: Manner,
    policy: Policy,
    phase: Phase,
    playout: Playout,
    floor: Floor,
    errands: Errands,
    timers: Timers,
    /// A reply is asked for or under way: the engine will say `Done`.
    replying: bool,
    /// The item that the engine is saying, until `Done`.
    saying: Option<ItemId>,
    /// What is known so far of the words of the item that is being said.
    unfinished: Option<(ItemId, String)>,
    /// The caller was asked whether they are there, and has not made a sound since.
    nudged: bool,
    engine_gone: bool,
    output: VecDeque<Output>,
}

#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Talking,
    /// The goodbye is on its way to the caller.
    Leaving(Leave),
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
            policy,
            phase: Phase::Talking,
            playout: Playout::default(),
            floor: Floor::default(),
            errands: Errands::default(),
            timers,
            replying: false,
            saying: None,
            unfinished: None,
            nudged: false,
            engine_gone: false,
            output: VecDeque::with_capacity(16),
        }
    }

    /// Takes note of what happened. Times must not run backwards.
    pub fn handle(&mut self, now: Instant, input: Input) {
        while let Some(timer) = self.timers.expired(now) {
            self.on_timer(now, timer);
        }
        if self.ending().is_some() {
            return;
        }
        match input {
            Input::Line(event) => self.on_line(now, event),
            Input::Engine(event) => self.on_engine(now, event),
            Input::Tool(id, answer) => self.on_answer(now, id, answer),
            Input::Dismissed => self.end(Ending::Dismissed, Some(LineCommand::HangUp)),
            Input::Tick => {}
        }
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
            Phase::Talking | Phase::Leaving(_) => None,
            Phase::Over(ending) => Some(ending),
        }
    }

    fn on_line(&mut self, now: Instant, event: LineEvent) {
        match event {
            LineEvent::Audio(chunk) => self.tell_engine(EngineCommand::Hear(chunk)),
            LineEvent::Played(mark) => {
                self.playout.played(now, mark);
                self.settle(now);
            }
            LineEvent::TurnOver => self.respond(now),
            LineEvent::Key(key) => {
                self.nudged = false;
                self.timers.set(Timer::Silence, now + self.policy.silence);
                self.note(Note::KeyPressed);
                self.tell_engine(EngineCommand::Key(key));
            }
            LineEvent::Closed => self.end(Ending::CallerHungUp, None),
        }
    }

    fn on_engine(&mut self, now: Instant, event: EngineEvent) {
        if self.engine_gone {
            return;
        }
        match event {
            EngineEvent::Ready => self.note(Note::EngineReady),
            EngineEvent::CallerSpeaks => self.on_caller_speaks(now),
            EngineEvent::CallerPauses => self.on_caller_pauses(now),
            EngineEvent::Voice(item, chunk) => self.on_voice(now, item, chunk),
            EngineEvent::CallerSaid(turn, transcript) => self.on_caller_said(now, turn, transcript),
            EngineEvent::AssistantSaid(item, transcript) => self.on_assistant_said(item, transcript),
            EngineEvent::Wants(call) => self.on_wants(now, call),
            EngineEvent::Withdraws(id) => {
                self.errands.withdraw(&id);
                self.arm_errands();
            }
            EngineEvent::Done(usage) => {
                self.note(Note::Used(usage));
                self.replying = false;
                self.saying = None;
                self.settle(now);
                self.yield_floor();
            }
            EngineEvent::Trouble(why) => self.note(Note::Trouble(why)),
            EngineEvent::Failed(failure) => self.on_failure(now, failure),
        }
    }
}

/// Who has the floor.
impl Call {
    fn on_caller_speaks(&mut self, now: Instant) {
        self.floor.turn.0 += 1;
        self.note(Note::CallerSpoke(self.floor.turn));
        self.nudged = false;
        self.timers.stop(Timer::Silence);
        if self.manner == Manner::Turns {
            return;
        }
        match &mut self.floor.taken {
            Some(taken) => taken.paused = false,
            None => self.take_floor(now),
        }
        if self.floor.is_in_doubt() {
            self.timers.set(Timer::Doubt, now + self.policy.doubt);
        }
    }

    /// Silences the assistant, and keeps what it was saying.
    fn take_floor(&mut self, now: Instant) {
        let leave = self.stay();
        if self.playout.is_awaited() {
            self.tell_line(LineCommand::Clear);
        }
        let (mut cuts, held) = self.playout.cut(now);
        // What is being said ends here even where all of it that was sent was heard.
        if cuts.is_empty()
            && let Some(item) = self.saying
        {
            let sent = self.playout.sent_of(item).unwrap_or_default();
            cuts.push(Cut { item, heard: sent, sent });
        }
        self.floor.taken = Some(Taken::new(self.floor.turn, cuts, held, leave));
    }

    /// Stops leaving, if that is what the call was doing and may stop.
    fn stay(&mut self) -> Option<Leave> {
        match std::mem::replace(&mut self.phase, Phase::Talking) {
            Phase::Leaving(leave)
                if leave.ending != Ending::TooLong && leave.ending != Ending::EngineFailed =>
            {
                self.timers.stop(Timer::Farewell);
                Some(leave)
            }
            phase => {
                self.phase = phase;
                None
            }
        }
    }

    fn on_caller_pauses(&mut self, now: Instant) {
        self.timers.set(Timer::Silence, now + self.policy.silence);
        if self.manner == Manner::Turns {
            return;
        }
        let replying = self.replying;
        let Some(taken) = &mut self.floor.taken else { return };
        if !taken.certain && (replying || taken.has_cut_anything()) {
            taken.paused = true;
            self.timers.set(Timer::Doubt, now + self.policy.no_words);
            return;
        }
        self.note(Note::CallerPaused(self.floor.turn));
        self.give_back_floor();
        self.respond(now);
    }

    fn on_caller_said(&mut self, now: Instant, turn: TurnId, transcript: Transcript) {
        let words = !transcript.text.trim().is_empty();
        if words && self.manner == Manner::Duplex {
            self.believe_words(now, turn);
        }
        if words && !transcript.partial {
            self.note(Note::CallerSaid(turn, transcript.text));
        }
    }

    /// There were words in this turn: whoever doubted it knows better now.
    fn believe_words(&mut self, now: Instant, turn: TurnId) {
        if self.floor.taken.is_none() && self.floor.misjudged == Some(turn) {
            self.take_floor(now);
            self.floor.taken.iter_mut().for_each(|taken| taken.paused = true);
        }
        if self.floor.taken.as_ref().is_some_and(|taken| !taken.certain && turn >= taken.turn) {
            self.be_certain(now);
        }
    }

    /// The caller means it: the engine forgets what they did not hear.
    fn be_certain(&mut self, now: Instant) {
        self.timers.stop(Timer::Doubt);
        self.floor.misjudged = None;
        let Some(taken) = &mut self.floor.taken else { return };
        taken.certain = true;
        let (cuts, paused) = (taken.forget(), taken.paused);
        if let Some(asked_by) = taken.leave.take().and_then(|leave| leave.asked_by) {
            self.errands.keep(
                asked_by,
                Answer::failed("The caller is still there and has spoken. Stay on the line."),
            );
        }
        if self.replying {
            self.replying = false;
            self.tell_engine(EngineCommand::Cancel);
        }
        self.saying = None;
        self.floor.cut_off = self.floor.cut_off.max(cuts.last().map(|cut| cut.item));
        for Cut { item, heard, sent } in cuts {
            let forget = if heard.is_zero() {
                EngineCommand::Delete(item)
            } else {
                EngineCommand::Truncate(item, heard)
            };
            self.tell_engine(forget);
            self.note(Note::Interrupted { item, heard, sent });
        }
        if paused {
            self.note(Note::CallerPaused(self.floor.turn));
            self.give_back_floor();
            self.respond(now);
        }
    }

    /// It was a cough: the assistant goes on from where it was cut.
    fn go_on(&mut self, now: Instant) {
        let Some(taken) = self.floor.taken.take() else { return };
        if !taken.has_cut_anything() {
            return self.respond(now);
        }
        self.floor.misjudged = Some(taken.turn);
        self.note(Note::FalseInterruption);
        for (item, chunk) in taken.held {
            self.play(now, item, chunk);
        }
        for (id, answer) in self.errands.kept() {
            self.answer_engine(id, answer);
        }
        if let Some(leave) = taken.leave {
            self.phase = Phase::Leaving(leave);
            self.bound_farewell(now);
        }
        self.settle(now);
    }

    fn give_back_floor(&mut self) {
        self.floor.taken = None;
        self.timers.stop(Timer::Doubt);
    }

    /// Asks for a reply to all that was said and found out meanwhile.
    fn respond(&mut self, now: Instant) {
        self.timers.set(Timer::Silence, now + self.policy.silence);
        for (id, answer) in self.errands.kept() {
            self.answer_engine(id, answer);
        }
        self.replying = true;
        self.tell_engine(EngineCommand::Respond);
    }

    /// Where the ends take turns, the assistant having spoken, it is the caller's.
    fn yield_floor(&mut self) {
        let done = !self.replying && !self.errands.is_any_awaited();
        if self.manner == Manner::Turns && done && self.phase == Phase::Talking {
            self.tell_line(LineCommand::Listen);
        }
    }
}

/// What the assistant says and does.
impl Call {
    fn on_voice(&mut self, now: Instant, item: ItemId, chunk: Chunk) {
        if self.floor.is_unwanted(item) || chunk.bytes.is_empty() {
            return;
        }
        self.replying = true;
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
            }
            None => self.play(now, item, chunk),
        }
    }

    fn on_assistant_said(&mut self, item: ItemId, transcript: Transcript) {
        if transcript.partial {
            self.unfinished = Some((item, transcript.text));
        } else {
            self.unfinished.take_if(|(unfinished, _)| *unfinished <= item);
            self.note(Note::AssistantSaid(item, transcript.text));
        }
    }

    fn play(&mut self, now: Instant, item: ItemId, chunk: Chunk) {
        if self.playout.sent_of(item).is_none() {
            self.note(Note::Sounding(item));
        }
        let mark = self.playout.sent(now, item, chunk.clone());
        let ends = self.playout.ends().unwrap_or(now).max(now);
        if self.phase == Phase::Talking {
            self.timers.set(Timer::Silence, ends + self.policy.silence);
        }
        self.bound_farewell(now);
        self.tell_line(LineCommand::Play(chunk, mark));
    }

    fn on_wants(&mut self, now: Instant, call: ToolCall) {
        self.replying = true;
        if !self.errands.is_new(&call.id) {
            return self.note(Note::Trouble(format!("The engine asked again for one use of {}.", call.name)));
        }
        // Two tools are not errands but decisions about the call itself.
        match call.name.as_str() {
            "hang_up" => self.leave(now, Ending::AssistantHungUp, LineCommand::HangUp, Some(call.id)),
            "transfer" => match call.text_argument("to") {
                Some(to) => self.leave(now, Ending::Transferred, LineCommand::Transfer(to), Some(call.id)),
                None => self.answer_engine(call.id, Answer::failed("Say to which number the call is to go.")),
            },
            _ => self.begin_errand(now, call),
        }
    }

    fn begin_errand(&mut self, now: Instant, call: ToolCall) {
        if !self.errands.begin(now, &call, self.policy.tool_patience) {
            let answer = Answer::failed("That is too much at once. Do one thing after the other.");
            return self.answer_engine(call.id, answer);
        }
        let (id, name, arguments) = (call.id.clone(), call.name.clone(), call.arguments.clone());
        self.note(Note::ToolAsked { id, name, arguments });
        if !self.timers.is_set(Timer::Filler) && !self.errands.filled {
            self.timers.set(Timer::Filler, now + self.policy.filler);
        }
        self.arm_errands();
        self.output.push_back(Output::Tool(call));
    }

    fn on_answer(&mut self, now: Instant, id: ToolCallId, answer: Answer) {
        let Some((name, took, finished)) = self.errands.finish(now, &id, &answer) else { return };
        let (ok, say, effect) = (answer.ok, answer.say.clone(), answer.effect.clone());
        self.note(Note::ToolAnswered { id: id.clone(), name: name.clone(), ok, say, effect, took });
        match finished {
            Finished::Awaited => self.deliver(id, answer),
            Finished::TooLate => {
                let news = format!(
                    "What {name} was asked for has been done after all. Tell the caller: {}",
                    answer.say
                );
                self.replying = true;
                self.tell_engine(EngineCommand::Prompt(news));
            }
            Finished::Forgotten => {}
        }
        self.arm_errands();
    }

    /// Gives the answer to the engine once the caller is not speaking.
    fn deliver(&mut self, id: ToolCallId, answer: Answer) {
        if self.floor.taken.is_some() {
            self.errands.keep(id, answer);
        } else {
            self.answer_engine(id, answer);
        }
    }

    fn answer_engine(&mut self, id: ToolCallId, answer: Answer) {
        self.replying = true;
        self.tell_engine(EngineCommand::Answer(id, answer));
    }

    fn on_failure(&mut self, now: Instant, failure: Failure) {
        self.note(Note::Trouble(failure.why));
        self.engine_gone = true;
        self.replying = false;
        self.timers.stop(Timer::Doubt);
        let taken = self.floor.taken.take();
        if let Some(leave) = taken.and_then(|taken| taken.leave) {
            self.phase = Phase::Leaving(leave);
        }
        if self.phase != Phase::Talking {
            return self.settle(now);
        }
        if let Some(apology) = self.policy.apology.clone() {
            self.play(now, APOLOGY, apology);
        }
        self.leave(now, Ending::EngineFailed, LineCommand::HangUp, None);
    }
}

/// Time, and the end.
impl Call {
    fn on_timer(&mut self, now: Instant, timer: Timer) {
        self.note(Note::Woke(timer));
        match timer {
            Timer::LongestCall => {
                self.speak(EngineCommand::Say(self.policy.longest_goodbye.clone()));
                self.leave(now, Ending::TooLong, LineCommand::HangUp, None);
            }
            Timer::Silence if self.errands.is_any_awaited() => {
                self.timers.set(Timer::Silence, now + self.policy.silence);
            }
            Timer::Silence if self.nudged => {
                self.speak(EngineCommand::Say(self.policy.silence_goodbye.clone()));
                self.leave(now, Ending::Silent, LineCommand::HangUp, None);
            }
            Timer::Silence => {
                self.nudged = true;
                self.timers.set(Timer::Silence, now + self.policy.silence);
                self.note(Note::AskedIfThere);
                self.speak(EngineCommand::Prompt(self.policy.silence_prompt.clone()));
            }
            Timer::Doubt => match &self.floor.taken {
                Some(taken) if taken.paused => self.go_on(now),
                Some(_) => self.be_certain(now),
                None => {}
            },
            Timer::Filler => self.fill(now),
            Timer::Tool => {
                while let Some((id, name, took)) = self.errands.give_up(now) {
                    let answer = Answer::failed(
                        "That takes too long just now. Apologise, and offer to take a message.",
                    );
                    let (say, effect) = (answer.say.clone(), answer.effect.clone());
                    self.note(Note::ToolAnswered { id: id.clone(), name, ok: false, say, effect, took });
                    self.deliver(id, answer);
                }
                self.arm_errands();
            }
            Timer::Farewell => self.hang_up(),
        }
    }

    /// Tells the caller to wait, once, if they hear nothing else.
    fn fill(&mut self, now: Instant) {
        let busy = self.replying || self.floor.taken.is_some() || self.playout.is_sounding(now);
        if busy || self.phase != Phase::Talking {
            return self.timers.set(Timer::Filler, now + self.policy.filler);
        }
        self.errands.filled = true;
        self.note(Note::Filler(self.policy.filler_words.clone()));
        self.speak(EngineCommand::Say(self.policy.filler_words.clone()));
    }

    fn speak(&mut self, command: EngineCommand) {
        self.replying = true;
        self.tell_engine(command);
    }

    /// Ends the call once the caller has heard the goodbye.
    fn leave(&mut self, now: Instant, ending: Ending, command: LineCommand, asked_by: Option<ToolCallId>) {
        let leave = Leave { ending, command, asked_by };
        let final_word = matches!(ending, Ending::TooLong | Ending::EngineFailed);
        match (&mut self.phase, &mut self.floor.taken) {
            (Phase::Talking, Some(taken)) if !final_word => taken.leave = Some(leave),
            (Phase::Talking, _) => self.phase = Phase::Leaving(leave),
            (Phase::Leaving(old), _) if final_word => *old = leave,
            (Phase::Leaving(_) | Phase::Over(_), _) => return,
        }
        self.bound_farewell(now);
        self.settle(now);
    }

    /// A goodbye may take as long as it sounds and a little longer, but not beyond the longest call.
    fn bound_farewell(&mut self, now: Instant) {
        let Phase::Leaving(leave) = &self.phase else { return };
        self.timers.stop(Timer::Silence);
        let sounds_until = self.playout.ends().unwrap_or(now).max(now);
        match leave.ending {
            Ending::TooLong if self.timers.is_set(Timer::Farewell) => {}
            Ending::TooLong => self.timers.set(Timer::Farewell, now + self.policy.farewell),
            _ => self.timers.set(Timer::Farewell, sounds_until + self.policy.farewell),
        }
    }

    /// Looks whether anything of ours is left to be heard, and what that means.
    fn settle(&mut self, now: Instant) {
        let heard_out = match self.manner {
            Manner::Duplex => !self.playout.is_awaited(),
            // A line that takes turns plays all of it before it does what we say next.
            Manner::Turns => true,
        };
        if self.replying || !heard_out {
            return;
        }
        match &self.phase {
            Phase::Leaving(_) => self.hang_up(),
            Phase::Talking if self.floor.taken.is_none() => {
                self.timers.set(Timer::Silence, now + self.policy.silence);
            }
            Phase::Talking | Phase::Over(_) => {}
        }
    }

    fn hang_up(&mut self) {
        let Phase::Leaving(leave) = &self.phase else { return };
        let Leave { ending, command, asked_by: _ } = leave.clone();
        self.end(ending, Some(command));
    }

    fn end(&mut self, ending: Ending, command: Option<LineCommand>) {
        if let Some(command) = command {
            self.tell_line(command);
        }
        if let Some((item, text)) = self.unfinished.take() {
            self.note(Note::AssistantSaid(item, text));
        }
        self.note(Note::Ended(ending));
        self.phase = Phase::Over(ending);
        self.timers.stop_all();
    }

    fn arm_errands(&mut self) {
        match self.errands.due() {
            Some(due) => self.timers.set(Timer::Tool, due),
            None => self.timers.stop(Timer::Tool),
        }
        if !self.errands.is_any_awaited() {
            self.errands.filled = false;
            self.timers.stop(Timer::Filler);
        }
    }

    fn tell_line(&mut self, command: LineCommand) {
        self.output.push_back(Output::Line(command));
    }

    fn tell_engine(&mut self, command: EngineCommand) {
        if !self.engine_gone {
            self.output.push_back(Output::Engine(command));
        }
    }

    fn note(&mut self, note: Note) {
        self.output.push_back(Output::Note(note));
    }
}
