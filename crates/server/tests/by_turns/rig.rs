//! A house at one carrier's stand-in, with the engine's stand-in behind it.

use crate::house::{AUTH_TOKEN, House, waiting};
pub use crate::house::{
    speech::speech,
    waiting::{PATIENCE, ms, until},
};
use sim::{
    openai::{Hearing, Item, Logged, OpenAi, Reply, Script, Session, Sound, Voice},
    phone::{Account, Api, Carrier, Dial, Handset, Mode, Status},
    telnyx,
};
use std::time::Duration;
use store::{CallRow, NoteRow};

pub const PIN: &str = "271828";
pub const ANNA: &str = "+14155550199";

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
        waiting::calls(&self.house.store().await).await
    }

    /// The latest call, once it has ended.
    pub async fn ended(&self) -> CallRow {
        waiting::ended(&self.house.store().await).await
    }

    /// The notes of the latest call, once so many of them are of this kind.
    pub async fn noted(&self, kind: &str, count: usize) -> Vec<NoteRow> {
        waiting::noted(&self.house.store().await, kind, count).await
    }
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

/// Waits until the engine was told something with these words in it.
pub async fn told(session: &Session, words: &str) -> Logged {
    let is = |logged: &Logged| logged.from_client && logged.event.to_string().contains(words);
    session.wait_for(PATIENCE, is).await.unwrap_or_else(|| panic!("it was never told {words:?}"))
}
