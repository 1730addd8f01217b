//! The owner's tools after a PIN, with every engine: before it none of them is on the wire, after it they are, and one is used.

use crate::{
    KEY, OWNER, add, answers, folder, good,
    house::{
        AUTH_TOKEN, House,
        waiting::{PATIENCE, ms, noted, until},
    },
    speech, spoke,
};
use serde_json::Value;
use sim::{
    deepgram::{self, Deepgram},
    live::{self, Live},
    mind::{self, Minds, Rule, Thought},
    openai::{self, OpenAi},
    phone, speech,
    twilio::{Account, Dial, Handset},
};
use store::Store;

const PIN: &str = "271828";
const TOOL: &str = "todo_add_task";

/// A house in which the owner's number alone entitles to nothing of theirs.
async fn locked(variables: &[(&str, &str)]) -> (House, Store) {
    let mut all =
        vec![("OWNER_NUMBERS", OWNER), ("OWNER_PIN", PIN), ("TIME_ZONE", "UTC"), ("GREETING", "Hello.")];
    all.extend(variables);
    let house = House::open_in(folder(), &all).await;
    let store = house.store().await;
    good(&store, TOOL).await;
    (house, store)
}

fn dial(house: &House) -> Handset {
    let dial = Dial { from: OWNER.into(), ..Dial::local(house.address) };
    Handset::dial(&Account::new(AUTH_TOKEN), dial)
}

async fn types_the_pin(call: &Handset, store: &Store) {
    for key in format!("*{PIN}#").chars() {
        call.press(key);
        call.wait(ms(40)).await;
    }
    noted(store, "trust_raised", 1).await;
}

fn names(events: &[Value]) -> bool {
    events.iter().any(|event| event.to_string().contains(TOOL))
}

/// The tool was used, for the owner.
async fn added(store: &Store, uses: usize) {
    let all = answers(store, uses).await;
    let (name, ok, said) = &all[uses - 1];
    assert!(*ok && name == TOOL && said.contains("Added buy milk"), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_is_offered_the_owners_tools_after_the_pin() {
    use openai::{Hearing, Order, Reply, Script};
    let (name, arguments) = add();
    let tool = || Reply::tool(name, &arguments);
    let tone = || Reply::tone(ms(300));
    let script = Script {
        // It knows the name of the tool, and tries it before it may.
        replies: [tone(), tool(), tone(), tone(), tool()].into(),
        otherwise: tone(),
        understood: ["Add buy milk to my list.", "Now add buy milk."].map(str::to_owned).into(),
        hearing: Hearing::Scripted,
        ..Script::default()
    };
    let service = OpenAi::listen(script).await.expect("a free port");
    let url = service.url();
    let (house, store) =
        locked(&[("ENGINE", "openai"), ("OPENAI_API_KEY", "sk-test"), ("OPENAI_REALTIME_URL", &url)]).await;
    let call = dial(&house);
    let greeted = spoke(&call, 0).await;
    // An engine may have been tried before the call.
    let heard = || service.sessions().into_iter().rev().find(|session| session.heard_bytes() > 0);
    let session = until(async || heard()).await;
    let offered = || names(&session.events(true, "session.update"));
    session.order(Order::SpeechStarts);
    session.order(Order::SpeechStops);
    let refused = answers(&store, 1).await;
    assert!(!refused[0].1 && refused[0].2.contains("not allowed"), "{refused:?}");
    assert!(!offered(), "{:?}", session.events(true, "session.update"));
    let refused = spoke(&call, greeted).await;
    types_the_pin(&call, &store).await;
    until(async || offered().then_some(())).await;
    spoke(&call, refused).await;
    session.order(Order::SpeechStarts);
    session.order(Order::SpeechStops);
    added(&store, 2).await;
    assert_eq!(session.mistakes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_live_is_offered_the_owners_tools_after_the_pin() {
    use live::{Reply, Script, Speech, Tool};
    let (name, arguments) = add();
    let does = vec![vec![Tool::new(name, &arguments)]];
    let script = Script {
        answers: [Reply::HandsOver(does, Speech::tone("That is added.", 500.0, ms(900)))].into(),
        understood: ["Add buy milk to my list.".to_owned()].into(),
        ..Script::default()
    };
    let service = Live::listen(script).await.expect("a free port");
    let url = service.url();
    let (house, store) = locked(&[
        ("ENGINE", "openai-live"),
        ("OPENAI_API_KEY", "sk-a-key-of-no-account"),
        ("OPENAI_LIVE_URL", &url),
    ])
    .await;
    let call = dial(&house);
    let greeted = spoke(&call, 0).await;
    // An engine may have been tried before the call.
    let heard = || service.sessions().into_iter().rev().find(|session| session.heard_bytes() > 0);
    let session = until(async || heard()).await;
    let offered =
        || names(&session.events(true, "session.start")) || names(&session.events(true, "session.update"));
    assert!(!offered());
    types_the_pin(&call, &store).await;
    until(async || offered().then_some(())).await;
    let told = spoke(&call, greeted + 1_600).await;
    call.wait(ms(300)).await;
    call.say(&speech());
    added(&store, 1).await;
    spoke(&call, told + 1_600).await;
    assert_eq!(session.mistakes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn deepgram_is_offered_the_owners_tools_after_the_pin() {
    use deepgram::{Hearing, Order, Reply, Script};
    let (name, arguments) = add();
    let script = Script {
        key: Some(KEY.into()),
        replies: [
            Reply::says("Now I know you.", ms(500)),
            Reply::tool(name, &arguments),
            Reply::says("That is added.", ms(500)),
        ]
        .into(),
        understood: ["Add buy milk to my list.".to_owned()].into(),
        hearing: Hearing::Scripted,
        ..Script::default()
    };
    let service = Deepgram::listen(script).await.expect("a free port");
    let url = service.url();
    let (house, store) =
        locked(&[("ENGINE", "deepgram"), ("DEEPGRAM_API_KEY", KEY), ("DEEPGRAM_AGENT_URL", &url)]).await;
    let call = dial(&house);
    let greeted = spoke(&call, 0).await;
    // An engine may have been tried before the call.
    let heard = || service.sessions().into_iter().rev().find(|session| session.heard_bytes() > 0);
    let session = until(async || heard()).await;
    assert!(!names(&session.events(true, "Settings")));
    types_the_pin(&call, &store).await;
    until(async || names(&session.events(true, "UpdateThink")).then_some(())).await;
    spoke(&call, greeted).await;
    session.order(Order::SpeechStarts);
    call.wait(ms(300)).await;
    session.order(Order::SpeechStops);
    added(&store, 1).await;
    assert_eq!(session.mistakes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_of_ones_own_is_offered_the_owners_tools_after_the_pin() {
    let (name, arguments) = add();
    let script = mind::Script {
        rules: vec![
            Rule::said("what can you do", Thought::says("Not much yet.")),
            Rule::said("add buy milk", Thought::wants(name, arguments)),
            Rule::answered("added buy milk", Thought::says("That is added.")),
        ],
        otherwise: Thought::says("Now I know you."),
        ..mind::Script::default()
    };
    let minds = Minds::listen(script).await.expect("a free port");
    let ear = speech::Speech::listen(speech::Script::default()).await.expect("a free port");
    let (ollama, hear) = (minds.url(), ear.openai_url());
    let (house, store) = locked(&[
        ("HEAR", "openai"),
        ("HEAR_URL", &hear),
        ("HEAR_API_KEY", "a-key-of-the-test"),
        ("THINK", "ollama"),
        ("OLLAMA_HOST", &ollama),
        ("OLLAMA_MODEL", "test-model"),
    ])
    .await;
    let call = phone::Handset::dial(
        phone::Account::new(phone::Carrier::Twilio, AUTH_TOKEN),
        phone::Dial { from: OWNER.into(), ..phone::Dial::local_of(phone::Carrier::Twilio, house.address) },
    );
    let says = async |from: usize, words: &str| {
        let heard = call.listen(from, ms(1_200), PATIENCE).await;
        assert!(matches!(heard, phone::handset::Listened::Spoke(_)), "{heard:?} before {words:?}");
        let from = call.position();
        ear.set_script(speech::Script { words: words.into(), ..speech::Script::default() });
        call.say(&speech());
        call.said().await;
        from
    };
    let offered = || names(&minds.asked());
    says(0, "What can you do?").await;
    let answered = call.position();
    until(async || (!minds.asked().is_empty()).then_some(())).await;
    assert!(call.hear_for(answered, ms(300)).await, "an answer");
    assert!(!offered());
    let before = call.position();
    types_the_pin(&call, &store).await;
    until(async || offered().then_some(())).await;
    says(before, "Add buy milk to my list.").await;
    added(&store, 1).await;
    assert_eq!((minds.mistakes(), ear.mistakes()), (Vec::new(), Vec::new()));
}
