//! Calls by webhooks: each brings what the caller said, and is answered with what they are played next.

use super::{Refused, Signed, document};
use crate::{
    app::App,
    carriers,
    config::{Config, Hear},
    line::turns::{Addresses, Ear, Heard, TurnsLine, Visit},
    sentences,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use call::Manner;
use carrier::{Carrier, Next, Prompt, Recorded, Reply, Turn};
use serde::Deserialize;
use sound::{
    g711::{samples_to_ulaw, ulaw_to_samples},
    level::is_silent,
    mp3,
    wav::Wav,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

/// A carrier gives up on a webhook after 10 s or more; within this it is answered, if only with "one moment".
const WITHIN: Duration = Duration::from_secs(6);
/// How long a recording may take to be fetched, and how large it may be: two minutes of stereo PCM at 8 kHz.
const FETCHED_WITHIN: Duration = Duration::from_secs(15);
const LARGEST: usize = 4 * 1024 * 1024;
/// No recording is heard for longer.
const LONGEST: Duration = Duration::from_secs(2 * 60);
/// How often a recording that is not there yet is asked for again.
const LOOKS: u32 = 5;
const LOOK_AGAIN: Duration = Duration::from_millis(400);
/// A recording in which no tenth of a second is louder, in dBFS, holds no words: some carriers post one of silence.
const NOTHING_SAID: f32 = -42.0;
const A_WHILE: usize = 800;
/// How long a number takes turns for which no stream opened.
const WITHOUT_STREAMS: Duration = Duration::from_secs(60 * 60);
/// Where the parameter says that the carrier was asked to come again, and how often.
const AGAIN: &str = "again";

/// The calls that are carried by webhooks.
#[derive(Default)]
pub struct Turns {
    under_way: Mutex<BTreeMap<String, UnderWay>>,
    /// Carriers and numbers of ours for which no stream opened, and when.
    without_streams: Mutex<BTreeMap<(&'static str, String), Instant>>,
}

struct UnderWay {
    visits: mpsc::Sender<Visit>,
    /// The address of its webhooks.
    next: String,
    ear: Ear,
    /// The last recording that was told of: carriers tell twice.
    recording: String,
    /// How often in a row the caller was listened to and nothing came.
    silences: u32,
}

impl Turns {
    /// How a call is best carried where nobody has decided: by a stream, unless none opened of late and the recordings
    /// that turns are made of can be fetched.
    pub(super) fn manner(&self, config: &Config, carrier: &dyn Carrier, to: &str, now: Instant) -> Manner {
        let without = self.without_streams.lock().unwrap_or_else(PoisonError::into_inner);
        let since = without.get(&(carrier.name(), to.to_owned()));
        let refused = since.is_some_and(|since| now.saturating_duration_since(*since) < WITHOUT_STREAMS);
        if refused && can_be_heard(config, carrier) { Manner::Turns } else { Manner::Duplex }
    }

    pub(super) fn no_stream_opened(&self, carrier: &dyn Carrier, to: &str, now: Instant) {
        let mut without = self.without_streams.lock().unwrap_or_else(PoisonError::into_inner);
        without.retain(|_, since| now.saturating_duration_since(*since) < WITHOUT_STREAMS);
        without.insert((carrier.name(), to.to_owned()), now);
    }

    /// Whether a call is carried by webhooks here.
    pub(super) fn is_under_way(&self, call: &str) -> bool {
        self.lock().contains_key(call)
    }

    fn visits(&self, call: &str) -> Option<(mpsc::Sender<Visit>, Way)> {
        let under_way = self.lock();
        let call = under_way.get(call)?;
        Some((
            call.visits.clone(),
            Way { next: call.next.clone(), listen: call.ear.listen(call.next.clone()) },
        ))
    }

    /// Tells a call that its caller has hung up, where it is carried by webhooks. A message that was being left is waited
    /// for: the carrier tells of its recording by another webhook.
    pub(super) fn gone(&self, app: &App, call: &str) {
        let leaves_message = self.lock().get(call).is_some_and(|call| call.ear.voicemail);
        let Some((visits, _way)) = self.visits(call) else { return };
        let (answer, _nobody_waits) = oneshot::channel();
        let visit = Visit { heard: Heard::Gone, answer };
        if leaves_message {
            app.tasks.spawn(async move {
                tokio::time::sleep(FETCHED_WITHIN).await;
                let _over = visits.send(visit).await;
            });
        } else {
            let _over = visits.try_send(visit);
        }
    }

    /// Whether a recording was told of for the first time.
    fn is_news(&self, call: &str, recorded: &Recorded) -> bool {
        let name = if recorded.id.is_empty() { &recorded.url } else { &recorded.id };
        let mut under_way = self.lock();
        let Some(call) = under_way.get_mut(call) else { return false };
        let news = call.recording != *name;
        call.recording.clone_from(name);
        news
    }

    /// Whether a caller who said nothing is to be listened to once more, before they are asked whether they are there:
    /// what a carrier takes for the end of a turn is too short for somebody who has to think.
    fn thinks(&self, call: &str, heard: &Heard, patience: Duration) -> bool {
        let silent = match heard {
            Heard::Sound(sound) => {
                sound.chunks(A_WHILE).all(|a_while| is_silent(&ulaw_to_samples(a_while), NOTHING_SAID))
            }
            Heard::Ended(_) | Heard::Words(_) | Heard::Keys(_) => false,
            Heard::Nothing | Heard::Last(_) | Heard::Gone => return false,
        };
        let mut under_way = self.lock();
        let Some(call) = under_way.get_mut(call).filter(|call| !call.ear.voicemail) else { return false };
        call.silences = if silent { call.silences + 1 } else { 0 };
        let thinks = silent && call.ear.silence() * (call.silences + 1) <= patience;
        if !thinks {
            call.silences = 0;
        }
        thinks
    }

    /// A line for the call of this id, until it is [closed](Self::close).
    pub(super) fn open(&self, app: &App, id: &str, addresses: Addresses, ear: Ear) -> TurnsLine {
        let (visits, inbox) = mpsc::channel(8);
        let (next, recording) = (addresses.next.clone(), String::new());
        let under_way = UnderWay { visits, next, ear: ear.clone(), recording, silences: 0 };
        self.lock().insert(id.to_owned(), under_way);
        TurnsLine::new(inbox, addresses, ear, app.clips.clone())
    }

    pub(super) fn close(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, UnderWay>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether somebody can be heard by turns: what the carrier recorded can be fetched, or it understands them itself.
pub(super) fn can_be_heard(config: &Config, carrier: &dyn Carrier) -> bool {
    config.calls.hear == Hear::Gather || carriers::Account::of(config, carrier).is_some()
}

/// Where a call goes on.
struct Way {
    /// The address of its webhooks.
    next: String,
    /// How the caller is listened to.
    listen: Next,
}

/// Which call a webhook is about.
#[derive(Deserialize)]
pub struct Which {
    call: String,
}

/// `POST /phone/{carrier}/process-voice/{call}`, and Twilio's `/phone/process-voice/{call}`: the caller has had their turn.
pub async fn turn(
    State(app): State<Arc<App>>,
    Path(Which { call }): Path<Which>,
    signed: Signed,
) -> Result<Response, Refused> {
    let (carrier, request) = (signed.carrier, signed.as_request());
    let again = again(request.target);
    let turn = carrier.read_turn(&request)?;
    let Some((visits, way)) = app.turns.visits(&call) else {
        tracing::info!(call, "a webhook of a call that is over, or was never here");
        return Ok(document(carrier, &Reply::Turn(Vec::new(), Next::HangUp)));
    };
    let reply = if again > 0 {
        visited(&app, &call, visits, async { Heard::Nothing }, way, again).await
    } else {
        let hearing = heard(app.clone(), carrier, call.clone(), turn);
        visited(&app, &call, visits, hearing, way, again).await
    };
    Ok(document(carrier, &reply))
}

/// The first answer of a call: the greeting, or that it is coming.
pub(super) async fn begin(app: &Arc<App>, id: &str) -> Reply {
    let Some((visits, way)) = app.turns.visits(id) else { return Reply::Turn(Vec::new(), Next::HangUp) };
    visited(app, id, visits, async { Heard::Nothing }, way, 0).await
}

/// Brings what was heard to the call, and waits for what it says to it, but not for longer than the carrier does.
async fn visited(
    app: &Arc<App>,
    call: &str,
    visits: mpsc::Sender<Visit>,
    hearing: impl Future<Output = Heard> + Send + 'static,
    way: Way,
    again: u32,
) -> Reply {
    let (answer, answered) = oneshot::channel();
    let Way { next, listen } = way;
    let (host, id) = (app.clone(), call.to_owned());
    app.tasks.spawn(async move {
        let heard = hearing.await;
        if host.turns.thinks(&id, &heard, host.config.get().policy.silence) {
            let _gone = answer.send(Reply::Turn(Vec::new(), listen));
            return;
        }
        let _over = visits.send(Visit { heard, answer }).await;
    });
    match tokio::time::timeout(WITHIN, answered).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(_)) => Reply::Turn(Vec::new(), Next::HangUp),
        Err(_) => {
            let config = app.config.get();
            let spoken = app.turns.lock().get(call).map(|call| call.ear.language.get());
            let language = spoken.unwrap_or_else(|| config.assistant.language.clone());
            let words = sentences::filler(&config, &language);
            let prompt = if again == 0 {
                Prompt::Say { words, language }
            } else {
                Prompt::Wait(Duration::from_secs(1))
            };
            Reply::Turn(vec![prompt], Next::Redirect(format!("{next}?{AGAIN}={}", again + 1)))
        }
    }
}

/// How often the carrier was asked to come again.
fn again(target: &str) -> u32 {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let value = query.split('&').find_map(|pair| pair.strip_prefix(AGAIN)?.strip_prefix('='));
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}

async fn heard(app: Arc<App>, carrier: &'static dyn Carrier, call: String, turn: Turn) -> Heard {
    if turn.over {
        let leaves_message = app.turns.lock().get(&call).is_some_and(|call| call.ear.voicemail);
        let Some(recorded) = turn.recorded.filter(|_| leaves_message) else { return Heard::Gone };
        return fetched(&app, carrier, &recorded.url).await.map_or(Heard::Gone, Heard::Last);
    }
    let hash = turn.gathered.digits == "#" && turn.recorded.is_some();
    if !turn.gathered.digits.is_empty() && !hash {
        return Heard::Keys(turn.gathered.digits);
    }
    if !turn.gathered.speech.trim().is_empty() {
        return Heard::Words(turn.gathered.speech);
    }
    let Some(recorded) = turn.recorded else { return Heard::Sound(Vec::new()) };
    if !app.turns.is_news(&call, &recorded) {
        return Heard::Nothing;
    }
    match fetched(&app, carrier, &recorded.url).await {
        Ok(sound) if hash => Heard::Ended(sound),
        Ok(sound) => Heard::Sound(sound),
        Err(why) => {
            tracing::warn!(call, why, "a recording could not be heard");
            Heard::Sound(Vec::new())
        }
    }
}

/// What was recorded, in µ-law.
async fn fetched(app: &App, carrier: &dyn Carrier, url: &str) -> Result<Vec<u8>, String> {
    let fetching = async {
        for look in 0.. {
            match fetch(app, carrier, url).await? {
                Some(file) => return decoded(&file),
                None if look < LOOKS => tokio::time::sleep(LOOK_AGAIN).await,
                None => return Err("it is not where the carrier says that it is".into()),
            }
        }
        unreachable!("every look returns or is followed by another")
    };
    tokio::time::timeout(FETCHED_WITHIN, fetching).await.unwrap_or_else(|_| Err("it took too long".into()))
}

/// The file; none where it is not there yet. One redirect is followed, to where the carrier's recordings are.
async fn fetch(app: &App, carrier: &dyn Carrier, url: &str) -> Result<Option<axum::body::Bytes>, String> {
    let config = app.config.get();
    let account = carriers::Account::of(&config, carrier)
        .ok_or_else(|| format!("{}'s account is not set", carriers::title(carrier)))?;
    let mut url = url.to_owned();
    for _ in 0..2 {
        let request = account.fetch(carrier, &url)?;
        let request = reqwest::Request::try_from(request).map_err(|_| "its address is none")?;
        let answer = carriers::fetched(app, request, LARGEST)
            .await
            .map_err(|error| error.without_url().to_string())?;
        match answer {
            carriers::Fetched::File(file) => return Ok(Some(file)),
            carriers::Fetched::Elsewhere(to) => url = to,
            carriers::Fetched::NotYet => return Ok(None),
            carriers::Fetched::Refused(status) => return Err(format!("the carrier answered {status}")),
            carriers::Fetched::TooLarge => return Err("it is too large".into()),
        }
    }
    Err("it is redirected again and again".into())
}

/// A recording as µ-law at 8 kHz. Both sides of a stereo file are heard.
fn decoded(file: &[u8]) -> Result<Vec<u8>, String> {
    let wav = if file.starts_with(b"RIFF") {
        Wav::read(file).map_err(|error| format!("it is no WAV file that can be read: {error}"))?
    } else {
        mp3::read(file, LONGEST).ok_or("it is neither WAV nor MP3")?
    };
    Ok(samples_to_ulaw(&wav.to_mono(8_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_often_the_carrier_came_again_is_read_from_the_address() {
        let cases = [
            ("/p/c", 0),
            ("/p/c?again=2", 2),
            ("/p/c?a=b&again=3", 3),
            ("/p/c?again=x", 0),
            ("/p?xagain=1", 0),
        ];
        for (target, times) in cases {
            assert_eq!(again(target), times, "{target}");
        }
    }

    #[test]
    fn a_recording_is_heard_whatever_its_rate() {
        let tone: Vec<i16> = (0..16_000).map(|n| if n % 40 < 20 { 8_000 } else { -8_000 }).collect();
        let sound = decoded(&Wav::mono(16_000, tone).write()).expect("a WAV");
        assert_eq!(sound.len(), 8_000);
        assert!(decoded(b"<html>not found</html>").is_err());
        assert!(decoded(b"").is_err());
    }
}
