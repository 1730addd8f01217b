//! The speech workers of this process: started when they are needed, fed one request at a time, replaced when they
//! crash or hang.

use super::{
    Heard, Hypothesis, Speech, Stt, Tts, flite,
    remembered::Memory,
    tts::Spoken,
    whisper,
    worker::{self, Answer, Request},
};
use futures_util::{FutureExt, future::BoxFuture};
use std::{
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::{Semaphore, oneshot},
    time::{sleep, timeout},
};

/// A bounded pool of speech workers. Requests wait in a queue for the next worker that is free.
///
/// What goes wrong is a sentence for the owner: a missing library with the package to install, a worker that crashed
/// or hung (the next request gets another one). All of it must be called within a Tokio runtime.
#[derive(Clone, Debug)]
pub struct Workers {
    pool: Arc<Pool>,
    /// Those that have Whisper's model loaded, and keep a voice waiting for nobody.
    whispers: Arc<Pool>,
    spoken: Arc<Spoken>,
    memory: Memory,
}

/// How workers are run.
#[derive(Clone, Debug)]
pub struct Staff {
    /// The program, and what makes it a worker.
    pub executable: PathBuf,
    pub arguments: Vec<String>,
    /// At most so many run at once.
    pub size: usize,
    /// A worker that takes longer for one request is taken for hung.
    pub patience: Duration,
    /// The same for one that hears by Whisper, whose first request loads the model.
    pub whisper_patience: Duration,
    /// How long such a one may go on with what nobody waits for any more: the next caller need not wait until the model is
    /// loaded anew, nor for much longer than that takes.
    pub whisper_grace: Duration,
}

impl Workers {
    /// Workers that are this program started again with the argument [`worker::ARGUMENT`]: as many as there are cores,
    /// but no more than two.
    pub fn new(executable: impl Into<PathBuf>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with(Staff {
            executable: executable.into(),
            arguments: vec![worker::ARGUMENT.into()],
            size: cores.min(2),
            patience: Duration::from_secs(20),
            whisper_patience: Duration::from_secs(60),
            whisper_grace: Duration::from_secs(5),
        })
    }

    pub fn with(staff: Staff) -> Self {
        // Whisper takes all cores by itself.
        let whispers = Staff { size: 1, patience: staff.whisper_patience, ..staff.clone() };
        let (grace, whisper_grace) = (staff.patience, staff.whisper_grace);
        Self {
            pool: Pool::new(staff, grace),
            whispers: Pool::new(whispers, whisper_grace),
            spoken: Arc::default(),
            memory: Memory::default(),
        }
    }

    /// Speaks one sentence of at most 1 000 bytes: samples of 8 kHz. `voice` is one of [`flite::VOICES`];
    /// `stretch`, one of [`flite::STRETCH`], above 1 is slower.
    pub async fn speak(&self, text: &str, voice: &str, stretch: f32) -> Result<Vec<i16>, String> {
        if !flite::STRETCH.contains(&stretch) {
            return Err(format!("speech cannot be stretched by {stretch}"));
        }
        let request = Request::Speak { text: text.to_owned(), voice: voice.to_owned(), stretch };
        match self.pool.clone().ask(request, Vec::new()).await? {
            (Answer::Spoken, samples) => Ok(samples),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Recognises one utterance (8 kHz, at most 30 s) with a JSGF grammar: at most `most` hypotheses, best first. A
    /// grammar with words that have no pronunciation is refused; [`unknown`](Self::unknown) tells them beforehand.
    pub async fn recognise(
        &self,
        samples: Vec<i16>,
        grammar: &str,
        most: usize,
    ) -> Result<Vec<Hypothesis>, String> {
        let request = Request::Recognise { grammar: grammar.to_owned(), most };
        match self.pool.clone().ask(request, samples).await? {
            (Answer::Recognised(heard), _) => Ok(heard
                .into_iter()
                .map(|(text, confidence)| Hypothesis { text, confidence, language: None })
                .collect()),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Writes down one utterance (8 kHz, at most 30 s) by Whisper. Utterances queue for one worker. What nobody waits for any
    /// longer is not begun; what was begun has [`Staff::whisper_grace`] to end, and takes its worker along where it does not.
    pub(super) async fn transcribe(
        &self,
        ear: whisper::Ear,
        samples: Vec<i16>,
    ) -> Result<whisper::Transcript, String> {
        match self.whispers.clone().ask(Request::Transcribe(ear), samples).await? {
            (Answer::Transcribed(transcript), _) => Ok(transcript),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// What voices of all parts remember.
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Those of these words that the recogniser has no pronunciation for.
    pub async fn unknown(&self, words: Vec<String>) -> Result<Vec<String>, String> {
        match self.pool.clone().ask(Request::Unknown(words), Vec::new()).await? {
            (Answer::Unknown(words), _) => Ok(words),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// What is missing for hearing and speaking, with what to do about it; empty where nothing is.
    pub async fn check(&self) -> Result<Vec<String>, String> {
        self.lacking(true, true).await
    }

    /// The same of PocketSphinx alone, or of Flite.
    pub(super) async fn lacking(&self, ear: bool, voice: bool) -> Result<Vec<String>, String> {
        if !ear && !voice {
            return Ok(Vec::new());
        }
        match self.pool.clone().ask(Request::Check { ear, voice }, Vec::new()).await? {
            (Answer::Missing(missing), _) => Ok(missing),
            (other, _) => Err(unexpected(&other)),
        }
    }
}

/// Hypotheses that a conversation is offered.
const MOST: usize = 5;

/// A language model answers to anything, and this ear knows only what the desk waits for.
const ANY_WORDS: &str = "PocketSphinx hears only what the desk waits for; where a language model thinks, set HEAR to whisper, openai \
                         or deepgram";

impl Stt for Workers {
    fn recognise(&self, samples: Vec<i16>, grammar: Arc<str>) -> BoxFuture<'static, Heard> {
        let workers = self.clone();
        async move {
            if grammar.is_empty() {
                return Err(ANY_WORDS.into());
            }
            Workers::recognise(&workers, samples, &grammar, MOST).await
        }
        .boxed()
    }
}

impl Tts for Workers {
    fn speak(&self, text: &str, voice: &str) -> BoxFuture<'static, Speech> {
        let speech = self.spoken.get(text, voice, || {
            let pool = self.pool.clone();
            let (text, voice) = (text.to_owned(), voice.to_owned());
            let speak = async move {
                match pool.ask(Request::Speak { text, voice, stretch: 1.0 }, Vec::new()).await? {
                    (Answer::Spoken, samples) => Ok(Arc::from(samples)),
                    (other, _) => Err(unexpected(&other)),
                }
            };
            speak.boxed()
        });
        speech.boxed()
    }
}

#[derive(Debug)]
struct Pool {
    staff: Staff,
    /// What nobody waits for any more may go on for so long, once it was begun.
    grace: Duration,
    free: Arc<Semaphore>,
    idle: Mutex<Vec<Worker>>,
}

#[derive(Debug)]
struct Worker {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

type Answered = Result<(Answer, Vec<i16>), String>;

impl Pool {
    fn new(staff: Staff, grace: Duration) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(staff.size.max(1)));
        Arc::new(Self { staff, grace, free, idle: Mutex::default() })
    }

    /// Asks the next free worker. Whoever stops waiting for the answer leaves the queue, and harms nobody.
    async fn ask(self: Arc<Self>, request: Request, samples: Vec<i16>) -> Answered {
        let (mut answer, answered) = oneshot::channel();
        let message = worker::message(&request, &samples);
        drop(samples);
        #[expect(
            clippy::disallowed_methods,
            reason = "a request outlives the call that asked, so that its worker is neither killed nor left half read; \
                      patience bounds it"
        )]
        tokio::spawn(async move {
            let _turn = tokio::select! {
                biased;
                () = answer.closed() => return,
                turn = self.free.acquire() => turn,
            };
            let unwanted = async {
                answer.closed().await;
                sleep(self.grace).await;
            };
            let served = tokio::select! {
                served = self.serve(&message) => served,
                () = unwanted => return tracing::debug!("a speech worker is ended: nobody waits for what it does"),
            };
            let _ = answer.send(served);
        });
        match answered.await {
            Ok(Ok((Answer::Refused(why), _))) => Err(why),
            Ok(answered) => answered,
            Err(_) => Err("a speech worker's task broke off".into()),
        }
    }

    async fn serve(&self, message: &[u8]) -> Answered {
        let mut worker = self.take()?;
        match timeout(self.staff.patience, worker.exchange(message)).await {
            Ok(Ok(answered)) => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
                Ok(answered)
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "a speech worker crashed and is replaced");
                Err(format!("a speech worker crashed ({error}); the next request gets another one"))
            }
            Err(_) => {
                let patience = self.staff.patience;
                tracing::warn!(?patience, "a speech worker hung and is replaced");
                Err(format!(
                    "a speech worker gave no answer within {patience:?}; the next request gets another one"
                ))
            }
        }
    }

    /// An idle worker that still lives, or a new one.
    fn take(&self) -> Result<Worker, String> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut worker) = idle.pop() {
            if matches!(worker.child.try_wait(), Ok(None)) {
                return Ok(worker);
            }
        }
        drop(idle);
        Worker::start(&self.staff)
    }
}

impl Worker {
    fn start(staff: &Staff) -> Result<Self, String> {
        let mut child = Command::new(&staff.executable)
            .args(&staff.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What a terminal tells the whole group, to stop, is told to us alone: calls that finish need their workers.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|why| {
                format!("a speech worker does not start ({}: {why})", staff.executable.display())
            })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("a speech worker has no input or output".into());
        };
        Ok(Self { child, input, output })
    }

    async fn exchange(&mut self, message: &[u8]) -> std::io::Result<(Answer, Vec<i16>)> {
        self.input.write_all(message).await?;
        self.input.flush().await?;
        let mut bytes = [0; 8];
        self.output.read_exact(&mut bytes).await?;
        let (head, body) = worker::lengths(bytes)?;
        let mut bytes = vec![0; head + body];
        self.output.read_exact(&mut bytes).await?;
        Ok((serde_json::from_slice(&bytes[..head])?, sound::pcm_to_samples(&bytes[head..])))
    }
}

fn unexpected(answer: &Answer) -> String {
    format!("a speech worker answered something else: {answer:?}")
}
