//! A speech worker: the child process in which the C libraries live, and the messages that it is fed.
//!
//! A message is a head and a body: the length of the head, then that of the body (4 bytes each, little-endian), then JSON, then samples (signed
//! 16-bit little-endian, 8 kHz). One request at a time; each has one answer.

use super::{
    Hypothesis,
    flite::Flite,
    stt::{Ear, LONGEST_GRAMMAR, LONGEST_UTTERANCE},
    tts, whisper,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io::{self, BufReader, Read, Write};

/// The argument with which a program that is started again becomes a speech worker.
pub const ARGUMENT: &str = "speech-worker";

/// Serves one parent: reads requests from the standard input and writes answers to the standard output, until the
/// input ends. Blocks. Nothing else may read or write either.
pub fn run() -> io::Result<()> {
    let (mut input, mut output) = (BufReader::new(io::stdin().lock()), io::stdout().lock());
    let mut worker = Worker::default();
    while let Some((request, samples)) = read(&mut input)? {
        let (answer, samples) = worker.answer(request, &samples);
        output.write_all(&message(&answer, &samples))?;
        output.flush()?;
    }
    Ok(())
}

/// What a worker is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    Speak {
        text: String,
        voice: String,
        stretch: f32,
    },
    /// The body is the utterance.
    Recognise {
        grammar: String,
        most: usize,
    },
    /// The body is the utterance.
    Transcribe(whisper::Ear),
    /// Which of these words have no pronunciation?
    Unknown(Vec<String>),
    /// Which libraries and models are missing?
    Check {
        ear: bool,
        voice: bool,
    },
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The body is the speech.
    Spoken,
    Recognised(Vec<(String, f32)>),
    Transcribed(whisper::Transcript),
    Unknown(Vec<String>),
    /// A sentence for each thing that is missing.
    Missing(Vec<String>),
    Refused(String),
}

/// The longest head: a grammar, escaped.
pub(super) const LONGEST_HEAD: usize = 2 * LONGEST_GRAMMAR;
/// The longest body: an utterance, or the speech of a long sentence at its slowest.
pub(super) const LONGEST_BODY: usize = 16 * LONGEST_UTTERANCE;

/// Writes down one message.
pub(super) fn message(head: &impl Serialize, samples: &[i16]) -> Vec<u8> {
    let head = serde_json::to_vec(head).expect("requests and answers are plain data");
    let mut message = Vec::with_capacity(8 + head.len() + samples.len() * 2);
    message.extend((head.len() as u32).to_le_bytes());
    message.extend((samples.len() as u32 * 2).to_le_bytes());
    message.extend(head);
    message.extend(sound::samples_to_pcm(samples));
    message
}

/// The lengths of head and body, unless one is more than may be.
pub(super) fn lengths(bytes: [u8; 8]) -> io::Result<(usize, usize)> {
    let both = u64::from_le_bytes(bytes);
    let (head, body) = (both as u32 as usize, (both >> 32) as usize);
    if head > LONGEST_HEAD || body > LONGEST_BODY {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a message of a speech worker is too long"));
    }
    Ok((head, body))
}

/// Reads one message; none where the input has ended between two.
fn read<T: DeserializeOwned>(input: &mut impl Read) -> io::Result<Option<(T, Vec<i16>)>> {
    let mut bytes = [0; 8];
    if let Err(error) = input.read_exact(&mut bytes) {
        return if error.kind() == io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let (head, body) = lengths(bytes)?;
    let mut bytes = vec![0; head + body];
    input.read_exact(&mut bytes)?;
    Ok(Some((serde_json::from_slice(&bytes[..head])?, sound::pcm_to_samples(&bytes[head..]))))
}

/// The libraries, each opened when it is first wanted.
#[derive(Default)]
struct Worker {
    ear: Option<Ear>,
    voice: Option<Flite>,
    #[cfg(feature = "whisper")]
    whisper: Option<whisper::Decoder>,
}

impl Worker {
    fn answer(&mut self, request: Request, samples: &[i16]) -> (Answer, Vec<i16>) {
        let answer = match request {
            Request::Speak { text, voice, stretch } => {
                match self.voice().and_then(|flite| tts::speak(flite, &text, &voice, stretch)) {
                    Ok(speech) if speech.len() * 2 <= LONGEST_BODY => return (Answer::Spoken, speech),
                    Ok(_) => Answer::Refused("the speech is too long".into()),
                    Err(why) => Answer::Refused(why),
                }
            }
            Request::Recognise { grammar, most } => {
                match self.ear().and_then(|ear| ear.recognise(samples, &grammar, most)) {
                    Ok(heard) => Answer::Recognised(
                        heard
                            .into_iter()
                            .map(|Hypothesis { text, confidence, .. }| (text, confidence))
                            .collect(),
                    ),
                    Err(why) => Answer::Refused(why),
                }
            }
            Request::Transcribe(ear) => match self.transcribe(samples, &ear) {
                Ok(transcript) => Answer::Transcribed(transcript),
                Err(why) => Answer::Refused(why),
            },
            Request::Unknown(words) => match self.ear() {
                Ok(ear) => {
                    Answer::Unknown(ear.unknown(words.iter().map(String::as_str)).into_iter().collect())
                }
                Err(why) => Answer::Refused(why),
            },
            Request::Check { ear, voice } => {
                let voice = voice.then(|| {
                    self.voice().and_then(|flite| tts::speak(flite, "yes", tts::DEFAULT_VOICE, 1.0)).err()
                });
                let ear = ear.then(|| self.ear().err());
                Answer::Missing([voice, ear].into_iter().flatten().flatten().collect())
            }
        };
        (answer, Vec::new())
    }

    fn ear(&mut self) -> Result<&mut Ear, String> {
        open(&mut self.ear, Ear::open)
    }

    #[cfg(feature = "whisper")]
    fn transcribe(&mut self, samples: &[i16], ear: &whisper::Ear) -> Result<whisper::Transcript, String> {
        if samples.len() > LONGEST_UTTERANCE {
            return Err(format!("an utterance of {} s is too long", samples.len() / 8_000));
        }
        // One model at a time: another one takes its place.
        if self.whisper.as_ref().is_some_and(|decoder| !decoder.has(ear)) {
            self.whisper = None;
        }
        let decoder = open(&mut self.whisper, || whisper::Decoder::open(ear.model.clone()))?;
        decoder.transcribe(samples, ear)
    }

    #[cfg(not(feature = "whisper"))]
    #[expect(clippy::unused_self, reason = "where Whisper is built in it is kept here")]
    fn transcribe(&mut self, _: &[i16], _: &whisper::Ear) -> Result<whisper::Transcript, String> {
        Err(whisper::INSTALL.into())
    }

    fn voice(&mut self) -> Result<&mut Flite, String> {
        open(&mut self.voice, Flite::open)
    }
}

fn open<T>(place: &mut Option<T>, how: impl FnOnce() -> Result<T, String>) -> Result<&mut T, String> {
    match place {
        Some(there) => Ok(there),
        None => Ok(place.insert(how()?)),
    }
}
