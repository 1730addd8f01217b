//! A caller whose engine does at once what a test wants: a signed webhook, a media stream, and OpenAI's side of the wire.
#![allow(dead_code, reason = "each test file uses its part")]

use crate::house::{AUTH_TOKEN, House};
use serde_json::Value;
use sim::{
    openai::{Hearing, Item, Logged, OpenAi, Order, Reply, Script, Session},
    twilio::{Account, Dial, Handset},
};
use std::{collections::BTreeSet, time::Duration};

pub const PATIENCE: Duration = Duration::from_secs(30);

/// The service, whose engine greets shortly and says little.
pub async fn service() -> OpenAi {
    let short = || Reply::tone(Duration::from_millis(100));
    let script = Script {
        replies: [short()].into(),
        otherwise: short(),
        hearing: Hearing::Scripted,
        ..Script::default()
    };
    OpenAi::listen(script).await.expect("loopback has a free port")
}

/// A house that asks this service, with these variables beside.
pub async fn house(service: &OpenAi, more: &[(&str, &str)]) -> House {
    let url = service.url();
    let mut variables =
        vec![("ENGINE", "openai"), ("OPENAI_API_KEY", "sk-test"), ("OPENAI_REALTIME_URL", url.as_str())];
    variables.extend(more);
    House::open(&variables).await
}

/// Open day and night.
pub const ALWAYS: [(&str, &str); 7] = [
    ("HOURS_MON", "00:00-24:00"),
    ("HOURS_TUE", "00:00-24:00"),
    ("HOURS_WED", "00:00-24:00"),
    ("HOURS_THU", "00:00-24:00"),
    ("HOURS_FRI", "00:00-24:00"),
    ("HOURS_SAT", "00:00-24:00"),
    ("HOURS_SUN", "00:00-24:00"),
];

/// A call under way.
pub struct Phone {
    pub call: Handset,
    pub session: Session,
    /// Names of the responses and tool uses that are over.
    over: BTreeSet<String>,
}

impl Phone {
    /// Rings, is put through and hears the greeting. Nobody else may ring meanwhile.
    pub async fn ring(house: &House, service: &OpenAi, from: &str) -> Self {
        Self::dial(service, Dial { from: from.into(), ..Dial::local(house.address) }).await
    }

    pub async fn dial(service: &OpenAi, dial: Dial) -> Self {
        let next = u32::try_from(service.sessions().len()).expect("few calls") + 1;
        let call = Handset::dial(&Account::new(AUTH_TOKEN), dial);
        assert!(call.connected().await, "the call is put through");
        Self::of(call, service.session(next).await).await
    }

    /// A call that is put through, once it is greeted.
    pub async fn of(call: Handset, session: Session) -> Self {
        let mut phone = Self { call, session, over: BTreeSet::new() };
        phone.response_done().await;
        phone
    }

    /// The engine uses a tool; what it is told back, once it has answered the caller.
    pub async fn uses(&mut self, tool: &str, arguments: &Value) -> Value {
        self.order(vec![Item::Tool { name: tool.into(), arguments: arguments.to_string() }]);
        let told = self.told().await;
        // That of the tool, and what is said of it.
        self.response_done().await;
        self.response_done().await;
        told
    }

    /// The engine begins a response of its own.
    pub fn order(&self, items: Vec<Item>) {
        self.session.order(Order::Respond(Reply::of(items)));
    }

    /// What the engine is told of a tool that it used.
    pub async fn told(&mut self) -> Value {
        let output = |logged: &Logged| {
            let item = &logged.event["item"];
            let told = logged.from_client && item["type"] == "function_call_output";
            told.then(|| item["call_id"].as_str().expect("a name").to_owned())
        };
        let logged = self.next(output).await;
        let text = logged.event["item"]["output"].as_str().expect("text");
        serde_json::from_str(text).expect("JSON")
    }

    pub async fn response_done(&mut self) {
        let done = |logged: &Logged| {
            let id = logged.event["response"]["id"].as_str();
            id.filter(|_| logged.event["type"] == "response.done").map(str::to_owned)
        };
        self.next(done).await;
    }

    /// The next event that this gives a new name.
    async fn next(&mut self, name: impl Fn(&Logged) -> Option<String>) -> Logged {
        let is_new = |logged: &Logged| name(logged).is_some_and(|name| !self.over.contains(&name));
        let found = self.session.wait_for(PATIENCE, is_new).await;
        let found = found.unwrap_or_else(|| panic!("nothing came: {:#?}", self.session.log()));
        self.over.extend(name(&found));
        found
    }

    /// Hangs up. Neither side of the wire has anything to object to.
    pub async fn hang_up(self) {
        self.call.hang_up();
        assert_eq!(self.call.ended().await.expect("the call was put through").errors, []);
        assert_eq!(self.session.mistakes(), Vec::<String>::new());
    }
}

/// Whether an answer can be said: one short breath, without anything that only a machine reads.
pub fn sayable(told: &Value) -> &str {
    let say = told["say"].as_str().unwrap_or_else(|| panic!("nothing to say: {told}"));
    assert!(!say.is_empty() && say.len() <= 320 && !say.contains(['\n', '{', '_']), "{say:?}");
    assert!(say.ends_with(['.', '?']), "{say:?}");
    say
}
