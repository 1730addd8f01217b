//! The tools of one call that are under way. They run beside it, and to their end even where it is over.

use crate::{app::App, clock, later};
use call::{Answer, Input, Standing, ToolCall, ToolCallId};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tool::{Errand, Hands, Progress};

/// How long tools may go on after their call.
pub const LONGEST: Duration = Duration::from_secs(2 * 60);
/// More news of progress than a call looks at between two frames.
const NEWS: usize = 64;

pub struct Errands {
    hands: Arc<Hands>,
    running: JoinSet<(ToolCallId, Answer)>,
    /// What stops those that change nothing.
    stops: BTreeMap<ToolCallId, CancellationToken>,
    /// Who brings the caller, after the call, the answers that they were promised.
    promised: BTreeMap<ToolCallId, oneshot::Sender<Answer>>,
    progress: mpsc::Sender<(ToolCallId, u8)>,
    news: mpsc::Receiver<(ToolCallId, u8)>,
}

impl Errands {
    pub fn new(hands: Hands) -> Self {
        let (progress, news) = mpsc::channel(NEWS);
        Self {
            hands: Arc::new(hands),
            running: JoinSet::new(),
            stops: BTreeMap::new(),
            promised: BTreeMap::new(),
            progress,
            news,
        }
    }

    /// Uses a tool.
    pub fn begin(&mut self, errand: Errand, wanted: ToolCall, standing: Standing) {
        let stop = CancellationToken::new();
        if self.hands.only_reads(&wanted.name) {
            self.stops.insert(wanted.id.clone(), stop.clone());
        }
        let progress = self.progress(wanted.id.clone());
        self.running.spawn(run(self.hands.clone(), errand, wanted, standing, progress, stop));
    }

    /// Says whether the engine's service may use a tool by itself.
    pub fn judge(&mut self, errand: Errand, wanted: ToolCall, standing: Standing) {
        let hands = self.hands.clone();
        self.running.spawn(async move {
            let answer = hands.may(&wanted, &errand.at(clock::now_ms()), &standing);
            (wanted.id, answer)
        });
    }

    /// The conversation goes on in this language.
    pub fn speak(&self, tag: &str) {
        self.hands.speak(tag);
    }

    /// A tool has said this to the engine's service, which used it by itself.
    pub fn heed(&self, answer: &Answer) {
        self.hands.learn(answer);
    }

    /// Nobody waits for this tool: it is stopped if it changes nothing.
    pub fn unwanted(&mut self, id: &ToolCallId) {
        if let Some(stop) = self.stops.remove(id) {
            stop.cancel();
        }
    }

    /// The caller was promised the answer of this tool for later.
    pub fn promise(&mut self, app: &Arc<App>, errand: &Errand, id: ToolCallId) {
        let answer = later::promise(app, errand, &id);
        self.promised.insert(id, answer);
    }

    /// What the call is to be told next; none where nothing is under way. May be dropped and asked again.
    pub async fn next(&mut self) -> Option<Input> {
        loop {
            tokio::select! {
                biased;
                // A panic is answered where it happens.
                finished = self.running.join_next() => if let Ok((id, answer)) = finished? {
                    return Some(self.finished(id, answer));
                },
                Some((id, percent)) = self.news.recv() => return Some(Input::Progress(id, percent)),
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    fn finished(&mut self, id: ToolCallId, answer: Answer) -> Input {
        self.stops.remove(&id);
        if let Some(promised) = self.promised.remove(&id) {
            // Where nobody is there to bring it, the caller is told that it came to nothing.
            let _brought = promised.send(answer.clone());
        }
        Input::Tool(id, answer)
    }

    fn progress(&self, id: ToolCallId) -> Progress {
        let news = self.progress.clone();
        Arc::new(move |percent| {
            // Who has not looked yet will see the next.
            let _told = news.try_send((id.clone(), percent));
        })
    }
}

/// Hands on what comes of the tools of a call that is over, until the last has ended. What hangs is given up.
pub async fn see_out(mut errands: Errands, mut tell: impl FnMut(Input)) {
    let seeing_out = async {
        while let Some(input) = errands.next().await {
            tell(input);
        }
    };
    let _hung = timeout(LONGEST, seeing_out).await;
}

async fn run(
    hands: Arc<Hands>,
    errand: Errand,
    wanted: ToolCall,
    standing: Standing,
    progress: Progress,
    stop: CancellationToken,
) -> (ToolCallId, Answer) {
    let id = wanted.id.clone();
    let errand = errand.at(clock::now_ms());
    let running = hands.run_reporting(&wanted, &errand, &standing, Some(progress));
    let answer = stop.run_until_cancelled(running).await;
    (id, answer.unwrap_or_else(|| Answer::failed("Nobody waits for that any more.")))
}
