//! The engines' stand-ins behind one face: what is said at one of them, and what was told it.

use serde_json::Value;
use sim::{
    deepgram::{self, Deepgram},
    live::{self, Live},
    openai::{self, Item, OpenAi, Sound, Voice},
    speech::{self, Speech},
};
use std::{f32::consts::TAU, sync::Arc, time::Duration};

const LOCAL_KEY: &str = "a-key-of-the-test";
/// What Deepgram says of a session that is as old as any may be.
const AGED: &str = "MAXIMUM_SESSION_LENGTH_REACHED";

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    OpenAi,
    Live,
    Deepgram,
    Local,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::Live, Self::Deepgram, Self::Local];
    pub const SERVICES: [Self; 3] = [Self::OpenAi, Self::Live, Self::Deepgram];

    /// As `ENGINES` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Live => "openai-live",
            Self::Deepgram => "deepgram",
            Self::Local => "local",
        }
    }
}

/// Something that an engine says.
#[derive(Clone, Debug)]
pub struct Line {
    pub words: String,
    /// At 8 kHz.
    pub samples: Arc<[i16]>,
}

impl Line {
    /// A tone that stands for these words.
    pub fn tone(words: &str, hertz: u32, milliseconds: usize) -> Self {
        let at = |n: usize| ((n as f32 * hertz as f32 / 8_000.0).fract() * TAU).sin() * 8_000.0;
        Self { words: words.into(), samples: (0..milliseconds * 8).map(|n| at(n) as i16).collect() }
    }

    fn voice(&self) -> Voice {
        let length = Duration::from_millis(self.samples.len() as u64 / 8);
        let voice = Voice::new(Sound::Speech(self.samples.clone()), length);
        Voice { transcript: self.words.clone(), ..voice }
    }

    fn speech(&self) -> live::Speech {
        live::Speech { words: self.words.clone(), samples: self.samples.clone() }
    }
}

/// What comes of one turn of the caller's.
#[derive(Clone, Debug)]
pub enum Does {
    Says(Line),
    /// The connection is cut when half of it has been sent.
    BreaksOff(Line),
    /// The session ends because of its age when half of it has been sent.
    Ages(Line),
    /// It uses this tool and then says that.
    Uses(&'static str, Value, Line),
    /// It uses all of these at once, whatever their arguments are, and then says that.
    UsesAll(Vec<(&'static str, &'static str)>, Line),
    /// It says this and hangs up.
    SaysGoodbye(Line),
}

/// One turn of the caller's, as it is understood, and what comes of it.
#[derive(Clone, Debug)]
pub struct Turn {
    pub heard: String,
    pub does: Does,
}

/// What an engine does in every session.
#[derive(Clone, Debug)]
pub struct Part {
    pub key: Option<&'static str>,
    /// What it greets with, or the first that it is told to say.
    pub first: Line,
    /// What else it says when it is told to speak before the caller does.
    pub told: Vec<Line>,
    pub turns: Vec<Turn>,
}

/// One engine, as it is found in the world.
pub struct Stand {
    pub kind: Kind,
    service: Service,
}

enum Service {
    OpenAi(OpenAi),
    Live(Live),
    Deepgram(Deepgram),
    /// Its ear, and its voice where that is to break; else it speaks with Flite.
    Local {
        speech: Speech,
        breaks: bool,
    },
    /// Somebody at this address who is no stand-in.
    Elsewhere(String),
    /// Nobody is there any more.
    Gone,
}

/// One session at a stand.
#[derive(Clone, Debug)]
pub enum Seen {
    OpenAi(openai::Session),
    Live(live::Session),
    Deepgram(deepgram::Session),
}

impl Stand {
    pub async fn open(kind: Kind, part: &Part) -> Self {
        let service = match kind {
            Kind::OpenAi => Service::OpenAi(OpenAi::listen(at_openai(part)).await.expect("loopback")),
            Kind::Live => Service::Live(Live::listen(at_live(part)).await.expect("loopback")),
            Kind::Deepgram => Service::Deepgram(Deepgram::listen(at_deepgram(part)).await.expect("loopback")),
            Kind::Local => {
                let words = part.turns.first().map(|turn| turn.heard.clone()).unwrap_or_default();
                let breaks = part.turns.iter().any(|turn| matches!(turn.does, Does::BreaksOff(_)));
                let script = speech::Script { words, ..speech::Script::default() };
                Service::Local { speech: Speech::listen(script).await.expect("loopback"), breaks }
            }
        };
        Self { kind, service }
    }

    /// Somebody else is where the engine should be.
    pub fn elsewhere(kind: Kind, url: String) -> Self {
        Self { kind, service: Service::Elsewhere(url) }
    }

    /// Sessions to come behave by this.
    pub fn plays(&self, part: &Part) {
        match &self.service {
            Service::OpenAi(service) => service.set_script(at_openai(part)),
            Service::Live(service) => service.set_script(at_live(part)),
            Service::Deepgram(service) => service.set_script(at_deepgram(part)),
            Service::Local { .. } | Service::Elsewhere(_) | Service::Gone => {}
        }
    }

    /// What the product is told of it.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        match &self.service {
            Service::OpenAi(service) => {
                vec![("OPENAI_API_KEY", "sk-test".into()), ("OPENAI_REALTIME_URL", service.url())]
            }
            Service::Live(service) => {
                vec![("OPENAI_API_KEY", "sk-test".into()), ("OPENAI_LIVE_URL", service.url())]
            }
            Service::Deepgram(service) => {
                vec![("DEEPGRAM_API_KEY", "dg-test".into()), ("DEEPGRAM_AGENT_URL", service.url())]
            }
            Service::Local { speech, breaks } => {
                let url = speech.openai_url();
                let own = |name| [(name, "openai".to_owned())].into_iter();
                let mut variables: Vec<_> = own("HEAR").collect();
                variables.extend([("HEAR_API_KEY", LOCAL_KEY.to_owned()), ("HEAR_URL", url.clone())]);
                if *breaks {
                    variables.extend(own("SPEAK"));
                    variables.extend([("SPEAK_API_KEY", LOCAL_KEY.to_owned()), ("SPEAK_URL", url)]);
                }
                variables
            }
            Service::Elsewhere(url) => {
                let (key, address) = match self.kind {
                    Kind::OpenAi => ("OPENAI_API_KEY", "OPENAI_REALTIME_URL"),
                    Kind::Live => ("OPENAI_API_KEY", "OPENAI_LIVE_URL"),
                    Kind::Deepgram => ("DEEPGRAM_API_KEY", "DEEPGRAM_AGENT_URL"),
                    Kind::Local => panic!("the local engine is here"),
                };
                vec![(key, "sk-test".into()), (address, url.clone())]
            }
            Service::Gone => Vec::new(),
        }
    }

    /// Every session so far. The local engine has none.
    pub fn sessions(&self) -> Vec<Seen> {
        match &self.service {
            Service::OpenAi(service) => service.sessions().into_iter().map(Seen::OpenAi).collect(),
            Service::Live(service) => service.sessions().into_iter().map(Seen::Live).collect(),
            Service::Deepgram(service) => service.sessions().into_iter().map(Seen::Deepgram).collect(),
            Service::Local { .. } | Service::Elsewhere(_) | Service::Gone => Vec::new(),
        }
    }

    /// The session in which these words were to be said.
    pub fn told_to_say(&self, words: &str) -> Option<Seen> {
        self.sessions().into_iter().find(|session| session.was_to_say(words))
    }

    /// What the local engine's ear understands from now on.
    pub fn understands(&self, words: &str) {
        if let Service::Local { speech, .. } = &self.service {
            speech.set_script(speech::Script { words: words.into(), ..speech::Script::default() });
        }
    }

    /// The local engine's voice makes half of every sentence of four seconds from now on, and then waits.
    pub fn falters(&self, words: &str) {
        if let Service::Local { speech, .. } = &self.service {
            let (words, otherwise) = (words.into(), speech::Script::default());
            speech.set_script(speech::Script { words, seconds: 4.0, halting: true, ..otherwise });
        }
    }

    /// From now on this is what comes of what the local engine's ear, or voice, is asked.
    pub fn fails(&self, fault: speech::Fault) {
        if let Service::Local { speech, .. } = &self.service {
            speech.set_script(speech::Script { fault: Some(fault), ..speech::Script::default() });
        }
    }

    /// Everything that it consists of is gone.
    pub fn dies(&mut self) {
        self.service = Service::Gone;
    }
}

impl Seen {
    /// The service sends this as it is.
    pub fn sends(&self, event: &Value) {
        self.sends_text(&event.to_string());
    }

    pub fn sends_text(&self, text: &str) {
        match self {
            Self::OpenAi(session) => session.order(openai::Order::SendText(text.into())),
            Self::Live(session) => session.order(live::Order::SendText(text.into())),
            Self::Deepgram(session) => session.order(deepgram::Order::SendText(text.into())),
        }
    }

    pub fn sends_binary(&self, bytes: Vec<u8>) {
        match self {
            Self::OpenAi(session) => session.order(openai::Order::SendBinary(bytes)),
            Self::Live(session) => session.order(live::Order::SendBinary(bytes)),
            Self::Deepgram(session) => session.order(deepgram::Order::SendBinary(bytes)),
        }
    }

    /// The service closes the connection and says nothing.
    pub fn closes(&self) {
        match self {
            Self::OpenAi(session) => session.order(openai::Order::Close(1000, String::new())),
            Self::Live(session) => session.order(live::Order::Close(1000, String::new())),
            Self::Deepgram(session) => session.order(deepgram::Order::Close(1000, String::new())),
        }
    }

    /// The session is as old as any may be.
    pub fn ages(&self) {
        match self {
            Self::OpenAi(session) => session.order(openai::Order::Expire),
            Self::Live(session) => session.order(live::Order::End("expired".into())),
            Self::Deepgram(session) => session.order(deepgram::Order::Fail(AGED.into())),
        }
    }

    /// The caller's sound, as it came.
    pub fn heard(&self) -> Vec<u8> {
        match self {
            Self::OpenAi(session) => session.heard(),
            Self::Live(session) => session.heard(),
            Self::Deepgram(session) => session.heard(),
        }
    }

    /// The events of this type that the service has sent, or was sent.
    pub fn events(&self, from_client: bool, kind: &str) -> Vec<Value> {
        match self {
            Self::OpenAi(session) => session.events(from_client, kind),
            Self::Live(session) => session.events(from_client, kind),
            Self::Deepgram(session) => session.events(from_client, kind),
        }
    }

    /// Waits until it is over.
    pub async fn over(&self) {
        match self {
            Self::OpenAi(session) => session.over().await,
            Self::Live(session) => session.over().await,
            Self::Deepgram(session) => session.over().await,
        };
    }

    /// What the product did there that the service would take and nobody should do, and what it refused.
    pub fn complaints(&self) -> (Vec<String>, Vec<Value>) {
        match self {
            Self::OpenAi(session) => (session.mistakes(), session.errors()),
            Self::Live(session) => (session.mistakes(), session.errors()),
            Self::Deepgram(session) => (session.mistakes(), session.errors()),
        }
    }

    /// The conversation that it was told of: who said what.
    pub fn so_far(&self) -> Vec<(String, String)> {
        let of = |who: &Value, what: &Value| {
            (who.as_str().unwrap_or_default().to_owned(), what.as_str().unwrap_or_default().to_owned())
        };
        let told: Vec<_> = match self {
            Self::OpenAi(session) => {
                let created = session.events(true, "conversation.item.create");
                let items = created.iter().map(|event| &event["item"]);
                items.map(|item| of(&item["role"], &item["content"][0]["text"])).collect()
            }
            Self::Live(session) => {
                let start = session.events(true, "session.start");
                let input = start[0]["session"]["input"].as_array().cloned().unwrap_or_default();
                input.iter().map(|item| of(&item["role"], &item["content"][0]["text"])).collect()
            }
            Self::Deepgram(session) => {
                let settings = session.events(true, "Settings");
                let messages = settings[0]["agent"]["context"]["messages"].as_array().cloned();
                let messages = messages.unwrap_or_default();
                messages.iter().map(|message| of(&message["role"], &message["content"])).collect()
            }
        };
        told.into_iter().filter(|(who, _)| who == "user" || who == "assistant").collect()
    }

    /// Whether the product had these very words said.
    fn was_to_say(&self, words: &str) -> bool {
        let sent = |events: Vec<Value>| events.iter().any(|event| event.to_string().contains(words));
        match self {
            Self::OpenAi(session) => sent(session.events(true, "response.create")),
            Self::Live(session) => sent(session.events(true, "session.commentary.append")),
            Self::Deepgram(session) => sent(session.events(true, "InjectAgentMessage")),
        }
    }
}

fn tool((name, arguments): &(&str, &str)) -> Item {
    Item::Tool { name: (*name).into(), arguments: (*arguments).into() }
}

fn at_openai(part: &Part) -> openai::Script {
    let says = |line: &Line| openai::Reply::of(vec![Item::Voice(line.voice())]);
    let mut replies = vec![says(&part.first)];
    replies.extend(part.told.iter().map(says));
    for turn in &part.turns {
        match &turn.does {
            Does::Says(line) => replies.push(says(line)),
            Does::BreaksOff(line) => {
                // The words come before the sound; all of them, and half of that.
                let (voice, end) = (line.voice(), openai::End::Drops);
                let voice = Voice { length: voice.length / 2, ..voice };
                replies.push(openai::Reply::of(vec![Item::Voice(voice)]).ending(end));
            }
            Does::Ages(line) => {
                let (voice, end) = (line.voice(), openai::End::Expires);
                let voice = Voice { length: voice.length / 2, ..voice };
                replies.push(openai::Reply::of(vec![Item::Voice(voice)]).ending(end));
            }
            Does::Uses(name, arguments, line) => {
                replies.push(openai::Reply::tool(*name, arguments));
                replies.push(says(line));
            }
            Does::UsesAll(tools, line) => {
                replies.push(openai::Reply::of(tools.iter().map(tool).collect()));
                replies.push(says(line));
            }
            Does::SaysGoodbye(line) => {
                let hangs_up = Item::Tool { name: "hang_up".into(), arguments: "{}".into() };
                replies.push(openai::Reply::of(vec![Item::Voice(line.voice()), hangs_up]));
            }
        }
    }
    openai::Script {
        key: part.key.map(str::to_owned),
        replies: replies.into(),
        otherwise: openai::Reply::of(vec![]),
        understood: part.turns.iter().map(|turn| turn.heard.clone()).collect(),
        keep_audio: true,
        ..openai::Script::default()
    }
}

fn at_deepgram(part: &Part) -> deepgram::Script {
    let says = |line: &Line| deepgram::Reply::of(vec![Item::Voice(line.voice())]);
    let mut replies: Vec<_> = part.told.iter().map(says).collect();
    for turn in &part.turns {
        match &turn.does {
            Does::Says(line) => replies.push(says(line)),
            Does::BreaksOff(line) => replies.push(says(line).ending(deepgram::End::Drops)),
            Does::Ages(line) => replies.push(says(line).ending(deepgram::End::Fails(AGED.into()))),
            Does::Uses(name, arguments, line) => {
                replies.push(deepgram::Reply::tool(*name, arguments));
                replies.push(says(line));
            }
            Does::UsesAll(tools, line) => {
                replies.push(deepgram::Reply::of(tools.iter().map(tool).collect()));
                replies.push(says(line));
            }
            Does::SaysGoodbye(line) => {
                let hangs_up = Item::Tool { name: "hang_up".into(), arguments: "{}".into() };
                replies.push(deepgram::Reply::of(vec![Item::Voice(line.voice()), hangs_up]));
            }
        }
    }
    deepgram::Script {
        key: part.key.map(str::to_owned),
        voice: part.first.voice(),
        replies: replies.into(),
        otherwise: deepgram::Reply::of(vec![]),
        understood: part.turns.iter().map(|turn| turn.heard.clone()).collect(),
        otherwise_understood: String::new(),
        keep_audio: true,
        ..deepgram::Script::default()
    }
}

fn at_live(part: &Part) -> live::Script {
    let nothing = || live::Speech { words: String::new(), samples: [].into() };
    let answer = |turn: &Turn| match &turn.does {
        Does::Says(line) => live::Reply::Says(line.speech()),
        Does::BreaksOff(line) => {
            let speech = line.speech();
            let half = speech.length() / 2;
            live::Reply::BreaksOff(speech, half)
        }
        Does::Ages(line) => {
            let speech = line.speech();
            let half = speech.length() / 2;
            live::Reply::Expires(speech, half)
        }
        Does::Uses(name, arguments, line) => {
            live::Reply::HandsOver(vec![vec![live::Tool::new(*name, arguments)]], line.speech())
        }
        Does::UsesAll(tools, line) => {
            let tool = |(name, arguments): &(&str, &str)| live::Tool {
                name: (*name).into(),
                arguments: (*arguments).into(),
            };
            live::Reply::HandsOver(vec![tools.iter().map(tool).collect()], line.speech())
        }
        // Whoever hands that over without a goodbye is told to say one.
        Does::SaysGoodbye(_) => {
            let hangs_up = live::Tool::new("hang_up", &serde_json::json!({}));
            live::Reply::HandsOver(vec![vec![hangs_up]], nothing())
        }
    };
    let goodbye = part.turns.iter().filter_map(|turn| match &turn.does {
        Does::SaysGoodbye(line) => Some(line),
        Does::Says(_) | Does::BreaksOff(_) | Does::Ages(_) | Does::Uses(..) | Does::UsesAll(..) => None,
    });
    live::Script {
        key: part.key.map(str::to_owned),
        says: [&part.first].into_iter().chain(&part.told).chain(goodbye).map(Line::speech).collect(),
        answers: part.turns.iter().map(answer).collect(),
        understood: part.turns.iter().map(|turn| turn.heard.clone()).collect(),
        keep_audio: true,
        ..live::Script::default()
    }
}
