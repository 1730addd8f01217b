//! Runs one call: the only place where the conversation meets the world.

use crate::{
    answerer::Answerer,
    app::App,
    calls::Word,
    clock,
    cost::Bill,
    errands::{self, Errands},
    guard::{pin, standing},
    insist::insist,
    later,
    line::Line,
    recording::Recorder,
    scribe::Scribe,
};
use call::{
    Call, Digits, Ending, EngineCommand, EngineEvent, Input, LineCommand, LineEvent, Manner, Note, Output,
    PinVerdict, Policy, ToolCall,
};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tool::{Errand, Hands, Trust};

/// What one call is run with.
pub struct Drive {
    pub line: Line,
    pub answerer: Answerer,
    pub errand: Errand,
    pub scribe: Scribe,
    /// Where the call is recorded.
    pub recorder: Option<Box<Recorder>>,
    /// What the call is told from elsewhere.
    pub told: mpsc::Receiver<Word>,
    pub policy: Policy,
    pub connect: Connect,
}

/// Connects the caller to whom the assistant wants; says whether it came about.
pub type Connect = Box<dyn Fn(Transfer) -> BoxFuture<'static, bool> + Send + Sync>;

/// To whom a caller is to be connected, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// What the assistant calls them.
    pub to: String,
    /// Who is calling and why, as the assistant understood it; may be empty.
    pub reason: String,
}

/// How a call ended, and the line, which may still be told something.
pub struct Driven {
    pub ending: Ending,
    pub line: Line,
    /// To whom a line that takes turns is to connect the caller.
    pub transfer: Option<Transfer>,
}

/// Runs a call to its end. Tools that are under way then are run to theirs.
pub async fn drive(app: &Arc<App>, drive: Drive) -> Driven {
    let Drive { mut line, mut answerer, mut errand, mut scribe, mut recorder, mut told, policy, connect } =
        drive;
    let hands = Hands::new(answerer.tools().clone(), &answerer.config().assistant.language);
    let guarded = hands.tools().guarded();
    let later_words = later::words(answerer.config(), &errand).to_owned();
    let policy = Policy { messages: answerer.takes_messages(), guarded, later_words, ..policy };
    let mut call = Call::new(clock::now(), line.manner(), policy);
    let (mut transfer, mut reason) = (None, String::new());
    let (mut errands, mut pins, mut connecting) = (Errands::new(hands), JoinSet::new(), JoinSet::new());
    let mut bill = Bill::open(app, &errand, line.manner()).await;
    let wake = sleep_until(clock::now().into());
    tokio::pin!(wake);
    loop {
        while let Some(output) = call.poll() {
            match output {
                // While the stream still holds the call.
                Output::Line(LineCommand::Transfer(to)) if line.manner() == Manner::Duplex => {
                    connecting.spawn(connect(Transfer { to, reason: reason.clone() }));
                }
                Output::Line(command) => {
                    if let Some(recorder) = &mut recorder {
                        recorder.sent(clock::now(), &command);
                    }
                    if let LineCommand::Transfer(to) = &command {
                        transfer = Some(Transfer { to: to.clone(), reason: reason.clone() });
                    }
                    line.tell(&command);
                }
                Output::Engine(command) => {
                    if let EngineCommand::Speak(tag) = &command {
                        line.speak(tag);
                        errands.speak(tag);
                    }
                    answerer.tell(command);
                }
                Output::Tool(wanted, mut standing) => {
                    standing.swayed &= !answerer.is_deterministic();
                    errands.begin(errand.clone(), wanted, standing);
                }
                Output::May(wanted, standing) => errands.judge(errand.clone(), wanted, standing),
                Output::Unwanted(id) => errands.unwanted(&id),
                Output::Promised(id) => errands.promise(app, &errand, id),
                Output::Reopen(handover) => answerer.reopen(handover),
                Output::TakeMessage => answerer.take_message(),
                Output::Renew(handover) => answerer.renew(handover),
                Output::Swap { unheard } => answerer.swap(unheard),
                Output::Pin(digits) => {
                    pins.spawn(judged(app.clone(), errand.clone(), digits));
                }
                Output::Note(note) => {
                    if let Note::Used(usage) = &note {
                        bill.used(answerer.engine(), *usage);
                    }
                    scribe.write_shown(clock::now(), &note, &mut line);
                }
            }
        }
        bill.follow(answerer.sessions());
        if bill.is_out(answerer.engine()) {
            call.handle(clock::now(), Input::Spent);
            continue;
        }
        let Some((deadline, _)) = call.deadline() else { break };
        // Waking early is harmless and spares setting the clock with every frame.
        if Instant::from_std(deadline) < wake.deadline() || wake.is_elapsed() {
            wake.as_mut().reset(deadline.into());
        }
        // What comes with every frame is asked first, and the others only where that has nothing. A deadline waits for
        // nobody: the call keeps them with whatever it is told.
        let input = tokio::select! {
            biased;
            event = line.next() => Input::Line(event),
            input = answerer.next() => {
                if let Input::Engine(EngineEvent::Wants(wanted)) = &input
                    && wanted.name == "transfer"
                {
                    reason = argument(wanted, "reason");
                }
                if let Input::Engine(EngineEvent::Used(_, answer)) = &input {
                    errands.heed(answer);
                }
                input
            }
            () = &mut wake => Input::Tick,
            Some(input) = errands.next() => input,
            Some(Ok(verdict)) = pins.join_next() => {
                if verdict == PinVerdict::Right {
                    raise(app, &mut errand, &mut answerer);
                }
                Input::Pin(verdict)
            }
            Some(Ok(connected)) = connecting.join_next() => Input::Connected(connected),
            Some(word) = told.recv() => match word {
                Word::Excused => Input::Excused,
                Word::Dismissed => Input::Dismissed,
                Word::StreamOver => Input::Line(LineEvent::Closed),
            },
            () = bill.next(), if bill.grows_by_itself() => continue,
        };
        if let Some(trouble) = line.trouble() {
            tracing::warn!(call = errand.call_id, "{trouble}");
            scribe.write(clock::now(), &Note::Trouble(trouble.to_string()));
        }
        if let (Some(recorder), Input::Line(event)) = (&mut recorder, &input) {
            recorder.came(clock::now(), event);
        }
        call.handle(clock::now(), input);
    }
    drop(recorder);
    bill.close();
    let ending = call.ending().expect("a call without a deadline has ended");
    if !errands.is_empty() {
        app.tasks.spawn(finish(call, errands, scribe));
    }
    Driven { ending, line, transfer }
}

/// The text argument of this name; empty where there is none.
fn argument(wanted: &ToolCall, name: &str) -> String {
    let arguments: serde_json::Value = serde_json::from_str(&wanted.arguments).unwrap_or_default();
    arguments[name].as_str().unwrap_or_default().to_owned()
}

async fn judged(app: Arc<App>, errand: Errand, digits: Digits) -> PinVerdict {
    let listed = standing::is_listed(&app.config.get().callers, &errand.caller);
    pin::judged(&app, &errand.caller, listed, &digits).await
}

/// From now on the tools of this call run for the owner.
fn raise(app: &Arc<App>, errand: &mut Errand, answerer: &mut Answerer) {
    errand.trust = Trust::Owner;
    answerer.offer(Trust::Owner);
    tracing::info!(call = errand.call_id, "the caller has typed the owner's PIN");
    let (app, id) = (app.clone(), errand.call_id.clone());
    app.tasks.clone().spawn(async move {
        let trusted = || app.store.call_trusted(&id, Trust::Owner.name());
        if let Err(error) = insist(&app.draining, "how far a caller is trusted", trusted).await {
            tracing::error!(call = id, %error, "how far a caller is trusted could not be written down");
        }
    });
}

/// A booking that was asked for is made and noted even if the caller hangs up meanwhile.
async fn finish(mut call: Call, errands: Errands, mut scribe: Scribe) {
    let tell = |input| {
        call.handle(clock::now(), input);
        while let Some(output) = call.poll() {
            if let Output::Note(note) = output {
                scribe.write(clock::now(), &note);
            }
        }
    };
    errands::see_out(errands, tell).await;
}
