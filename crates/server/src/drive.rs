//! Runs one call: the only place where the conversation meets the world.

use crate::{answerer::Answerer, app::App, clock, line::Line, scribe::Scribe};
use call::{Answer, Call, Ending, Input, Note, Output, Policy, ToolCall, ToolCallId};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tool::Errand;

/// How long tools may go on after their call.
const LONGEST_ERRAND: Duration = Duration::from_secs(2 * 60);

/// What one call is run with.
pub struct Drive {
    pub line: Line,
    pub answerer: Answerer,
    pub errand: Errand,
    pub scribe: Scribe,
    pub dismissed: mpsc::Receiver<()>,
    pub policy: Policy,
}

/// How a call ended, and the line, which may still be told something.
pub struct Driven {
    pub ending: Ending,
    pub line: Line,
    /// Where the caller is to be connected to.
    pub transfer: Option<String>,
}

/// Runs a call to its end. Tools that are under way then are run to theirs.
pub async fn drive(app: &Arc<App>, drive: Drive) -> Driven {
    let Drive { mut line, mut answerer, errand, mut scribe, mut dismissed, policy } = drive;
    let mut call = Call::new(clock::now(), line.manner(), policy);
    let mut errands = JoinSet::new();
    let mut transfer = None;
    let wake = sleep_until(clock::now().into());
    tokio::pin!(wake);
    loop {
        while let Some(output) = call.poll() {
            match output {
                Output::Line(command) => {
                    if let call::LineCommand::Transfer(to) = &command {
                        transfer = Some(to.clone());
                    }
                    line.tell(&command);
                }
                Output::Engine(command) => answerer.tell(command),
                Output::Tool(wanted) => drop(errands.spawn(run(app.clone(), errand.clone(), wanted))),
                Output::Note(note) => scribe.write(clock::now(), &note),
            }
        }
        let Some((deadline, _)) = call.deadline() else { break };
        // Waking early is harmless and spares setting the clock with every frame.
        if Instant::from_std(deadline) < wake.deadline() || wake.is_elapsed() {
            wake.as_mut().reset(deadline.into());
        }
        let input = tokio::select! {
            event = line.next() => Input::Line(event),
            event = answerer.next() => Input::Engine(event),
            Some(Ok((id, answer))) = errands.join_next() => Input::Tool(id, answer),
            Some(()) = dismissed.recv() => Input::Dismissed,
            () = &mut wake => Input::Tick,
        };
        if let Some(why) = line.trouble() {
            scribe.write(clock::now(), &Note::Trouble(format!("The carrier sent what it should not: {why}")));
        }
        call.handle(clock::now(), input);
    }
    let ending = call.ending().expect("a call without a deadline has ended");
    if !errands.is_empty() {
        app.tasks.spawn(finish(call, errands, scribe));
    }
    Driven { ending, line, transfer }
}

async fn run(app: Arc<App>, errand: Errand, wanted: ToolCall) -> (ToolCallId, Answer) {
    let id = wanted.id.clone();
    (id, app.tools.get().run(&wanted, &errand.at(clock::now_ms())).await)
}

/// A booking that was asked for is made and noted even if the caller hangs up meanwhile. What hangs is given up.
async fn finish(mut call: Call, mut errands: JoinSet<(ToolCallId, Answer)>, mut scribe: Scribe) {
    let finishing = async {
        while let Some(finished) = errands.join_next().await {
            let Ok((id, answer)) = finished else { continue };
            call.handle(clock::now(), Input::Tool(id, answer));
            while let Some(output) = call.poll() {
                if let Output::Note(note) = output {
                    scribe.write(clock::now(), &note);
                }
            }
        }
    };
    let _hung = timeout(LONGEST_ERRAND, finishing).await;
}
