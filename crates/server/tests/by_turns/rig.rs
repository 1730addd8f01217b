//! A house at one carrier's stand-in, with the engine's stand-in behind it.

use crate::house::{AUTH_TOKEN, House};
use sim::{
    openai::{Hearing, Item, Logged, OpenAi, Reply, Script, Session, Sound, Voice},
    phone::{Account, Api, Carrier, Dial, Handset, Mode, Status},
    telnyx,
};
use sound::g711;
use std::time::Duration;
use store::{CallRow, NoteRow, Store};

pub const PATIENCE: Duration = Duration::from_secs(60);
pub const PIN: &str = "271828";
pub const ANNA: &str = "+14155550199";

pub fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

pub struct Office {
    pub house: House,
    pub service: OpenAi,
    pub account: Account,
    pub api: Api,
}

impl Office {
    /// With a script for the engine, and these variables beside the carrier's account.
    pub async fn open(carrier: Carrier, script: Script, more: &[(&str, &str)]) -> Self {
        let service = OpenAi::listen(script).await.expect("loopback has a free port");
        let account = Account::new(carrier, AUTH_TOKEN);
        let api = Api::listen(&account).await.expect("loopback has a free port");
        let (realtime, url) = (service.url(), api.url());
        let key = telnyx::Account::new(AUTH_TOKEN).public_key();
        let mut variables = vec![
            ("ENGINE", "openai"),
            ("OPENAI_API_KEY", "sk-test"),
            ("OPENAI_REALTIME_URL", realtime.as_str()),
            ("TIME_ZONE", "UTC"),
            ("LOG_LEVEL", "debug"),
            // Webhooks verify by it at every carrier.
            ("PLIVO_AUTH_TOKEN", AUTH_TOKEN),
            ("TELNYX_PUBLIC_KEY", key.as_str()),
        ];
        variables.extend(match carrier {
            Carrier::Twilio => vec![
                ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"),
                ("TWILIO_API_URL", url.as_str()),
            ],
            Carrier::Plivo => {
                vec![("PLIVO_AUTH_ID", "MASIMSIMSIMSIMSIMSIM"), ("PLIVO_API_URL", url.as_str())]
            }
            Carrier::Telnyx => vec![("TELNYX_API_KEY", AUTH_TOKEN), ("TELNYX_API_URL", url.as_str())],
        });
        variables.extend(more);
        // An empty one takes a setting away.
        variables.retain(|(name, value)| {
            !value.is_empty() && !more.iter().any(|(taken, left)| taken == name && left.is_empty())
        });
        let house = House::open(&variables).await;
        Self { house, service, account, api }
    }

    /// A call whose carrier carries it so, and can do what its API is asked.
    pub fn dial(&self, mode: Mode) -> Dial {
        let carrier = self.account.carrier();
        let dial = Dial::local_of(carrier, self.house.address);
        let status = Some(Status::completed(self.house.url(&format!("/phone/{carrier}/status"))));
        self.api.wire(Dial { mode, from: ANNA.into(), status, ..dial })
    }

    pub fn call(&self, mode: Mode) -> Handset {
        Handset::dial(&self.account, self.dial(mode))
    }

    /// The calls so far, the first one first.
    pub async fn calls(&self) -> Vec<CallRow> {
        let mut calls = self.house.store().await.calls(10, i64::MAX).await.expect("the database answers");
        calls.reverse();
        calls
    }

    /// The latest call, once it has ended.
    pub async fn ended(&self) -> CallRow {
        until(async || self.calls().await.pop().filter(|call| call.ending.is_some())).await
    }

    /// The notes of the latest call, once so many of them are of this kind.
    pub async fn noted(&self, kind: &str, count: usize) -> Vec<NoteRow> {
        let store = self.house.store().await;
        until(async || {
            let notes = notes(&store, &self.calls().await.pop()?.id).await;
            (notes.iter().filter(|note| note.kind == kind).count() >= count).then_some(notes)
        })
        .await
    }
}

pub async fn notes(store: &Store, call: &str) -> Vec<NoteRow> {
    store.notes(call).await.expect("the database answers")
}

pub fn scripted(replies: impl IntoIterator<Item = Reply>) -> Script {
    Script {
        replies: replies.into_iter().collect(),
        otherwise: Reply::tone(ms(300)),
        hearing: Hearing::Scripted,
        ..Script::default()
    }
}

/// A goodbye of this length, and the wish to hang up.
pub fn goodbye(length: Duration) -> Reply {
    Reply::of(vec![
        Item::Voice(Voice::new(Sound::Tone { hertz: 300.0 }, length)),
        Item::Tool { name: "hang_up".into(), arguments: "{}".into() },
    ])
}

/// Waits until something is as it should be.
pub async fn until<T, F>(mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(ms(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("it comes to pass")
}

/// Waits until the engine was told something with these words in it.
pub async fn told(session: &Session, words: &str) -> Logged {
    let is = |logged: &Logged| logged.from_client && logged.event.to_string().contains(words);
    session.wait_for(PATIENCE, is).await.unwrap_or_else(|| panic!("it was never told {words:?}"))
}

/// µ-law of somebody who speaks in syllables.
pub fn speech(length: Duration) -> Vec<u8> {
    let frames = length.as_millis() as usize / 20;
    let sample = |frame: usize, n: i16| if frame % 25 < 20 { (n % 20 - 10) * 1_000 } else { 0 };
    let samples: Vec<i16> = (0..frames).flat_map(|frame| (0..160).map(move |n| sample(frame, n))).collect();
    g711::samples_to_ulaw(&samples)
}
