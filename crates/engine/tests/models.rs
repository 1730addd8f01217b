//! What the clients of language models promise, with strict stand-ins at the other end.

use call::{Failure, ToolCall, ToolCallId};
use engine::{
    ApiKey, ToolSpec,
    local::llm::{
        Ask, Delta, Llm, Message,
        chat::{self, Chat},
        ollama::{self, Effort, Ollama},
    },
};
use futures_util::StreamExt as _;
use serde_json::json;
use sim::mind::{Fault, Minds, Rule, Script, Thought};
use std::sync::Arc;

fn by_ollama(minds: &Minds) -> Ollama {
    let settings =
        ollama::Settings { host: minds.url(), model: "test-model".into(), ..ollama::Settings::default() };
    Ollama::new(settings).expect("a client")
}

fn by_chat(minds: &Minds, key: &str) -> Chat {
    let settings = chat::Settings {
        base: format!("{}/v1", minds.url()),
        key: Some(ApiKey::new(key)),
        model: "test-model".into(),
        temperature: None,
    };
    Chat::new(settings).expect("a client")
}

fn ask(messages: Vec<Message>) -> Ask {
    let tool = ToolSpec {
        name: "look".into(),
        description: "Is a day free?".into(),
        parameters: json!({"type": "object", "properties": {"day": {"type": "string"}}}).into(),
        hosted: None,
    };
    Ask { messages, tools: Arc::from([tool]) }
}

/// A conversation of every kind of message.
fn whole() -> Ask {
    let wants =
        ToolCall { id: ToolCallId("mind-1".into()), name: "look".into(), arguments: "{\"day\":1}".into() };
    let broken = ToolCall { id: ToolCallId("mind-2".into()), name: "look".into(), arguments: "oops".into() };
    let answer =
        |id: &str| Message::Answer { id: ToolCallId(id.into()), name: "look".into(), text: "free".into() };
    ask(vec![
        Message::System("Be kind.".into()),
        Message::Caller("Hello.".into()),
        Message::Assistant { text: "Hello!".into(), wants: vec![] },
        Message::Caller("Is it free?".into()),
        Message::Assistant { text: String::new(), wants: vec![wants, broken] },
        answer("mind-1"),
        answer("mind-2"),
    ])
}

async fn thought(llm: &dyn Llm, ask: Ask) -> (Vec<Delta>, Option<Failure>) {
    let (mut deltas, mut failure) = (Vec::new(), None);
    let mut stream = llm.think(ask);
    while let Some(next) = stream.next().await {
        match next {
            Ok(delta) => deltas.push(delta),
            Err(why) => failure = Some(why),
        }
    }
    (deltas, failure)
}

fn text(deltas: &[Delta]) -> String {
    let pieces = deltas.iter().map(|delta| if let Delta::Text(text) = delta { text.as_str() } else { "" });
    pieces.collect()
}

fn hello() -> Ask {
    ask(vec![Message::System(String::new()), Message::Caller("hello".into())])
}

#[tokio::test]
async fn a_conversation_is_told_as_each_service_wants_it_and_its_answer_comes_in_pieces() {
    let script = Script {
        rules: vec![Rule::answered("free", Thought::says("It is free.").after_thinking("So it is."))],
        ..Script::default()
    };
    let minds = Minds::listen(script).await.expect("a free port");
    let (ollama, chat) = (by_ollama(&minds), by_chat(&minds, "a-key-of-the-test"));
    let llms: [&dyn Llm; 2] = [&ollama, &chat];
    for llm in llms {
        let (deltas, failure) = thought(llm, whole()).await;
        assert_eq!(failure, None);
        assert_eq!(text(&deltas), "It is free.");
        assert!(deltas.contains(&Delta::Busy), "what it thinks is a sign of life, and nothing else");
        let Some(Delta::Done { usage, cut: false }) = deltas.last() else { panic!("{deltas:?}") };
        assert!(usage.text_tokens_in == 26 && usage.text_tokens_out > 0);
    }
    assert_eq!(minds.mistakes(), Vec::<String>::new());
    let asked = &minds.asked()[0];
    assert_eq!(asked["think"], false);
    assert!(asked["options"]["num_ctx"].as_u64().expect("a number") >= 8_192);
}

#[tokio::test]
async fn tools_come_whole_from_either() {
    let look = Thought::wants("look", json!({"day": "friday"})).and_wants("look", json!({}));
    let minds = Minds::listen(Script { otherwise: look, ..Script::default() }).await.expect("a free port");
    let (ollama, chat) = (by_ollama(&minds), by_chat(&minds, "a-key-of-the-test"));
    let llms: [&dyn Llm; 2] = [&ollama, &chat];
    for llm in llms {
        let (deltas, _) = thought(llm, hello()).await;
        let wants: Vec<_> = deltas.iter().filter(|delta| matches!(delta, Delta::Wants { .. })).collect();
        let want = |arguments: &str| Delta::Wants { name: "look".into(), arguments: arguments.into() };
        assert_eq!(wants, [&want("{\"day\":\"friday\"}"), &want("{}")]);
    }
}

#[tokio::test]
async fn models_are_told_to_think_as_little_as_they_can() {
    let script = Script { model: "gpt-oss:20b".into(), levels: true, ..Script::default() };
    let minds = Minds::listen(script).await.expect("a free port");
    let settings = ollama::Settings { host: format!("{}/", minds.url()), ..ollama::Settings::default() };
    assert_eq!(settings.effort, Effort::Least);
    let (_, failure) = thought(&Ollama::new(settings).expect("a client"), hello()).await;
    assert_eq!(failure, None);
    assert_eq!(minds.mistakes(), Vec::<String>::new());
    assert_eq!(minds.asked()[0]["think"], "low");
}

#[tokio::test]
async fn a_model_that_cannot_think_is_asked_not_to_whatever_was_wished() {
    for tools in [true, false] {
        let minds = Minds::listen(Script { tools, ..Script::default() }).await.expect("a free port");
        for effort in [Effort::Low, Effort::Medium, Effort::High] {
            let (host, model) = (minds.url(), "test-model".into());
            let settings = ollama::Settings { host, model, effort, ..ollama::Settings::default() };
            let ollama = Ollama::new(settings).expect("a client");
            for _ in 0..2 {
                let (deltas, failure) = thought(&ollama, hello()).await;
                assert_eq!((failure, text(&deltas)), (None, "I see.".into()));
            }
        }
        let asked = minds.asked();
        assert_eq!(asked.len(), 6);
        assert!(asked.iter().all(|asked| asked["think"] == false && asked["format"].is_null() == tools));
        assert_eq!(minds.mistakes(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn whatever_goes_wrong_is_told_in_words_and_whether_it_will_again() {
    let minds = Minds::listen(Script::default()).await.expect("a free port");
    let (ollama, chat) = (by_ollama(&minds), by_chat(&minds, "a-key-of-the-test"));
    let llms: [&dyn Llm; 2] = [&ollama, &chat];
    for llm in llms {
        for (fault, says, lasting) in [
            (Fault::Status(429, "slow down".into()), "(429): slow down", false),
            (Fault::Status(429, "you exceeded your current quota".into()), "quota", true),
            (Fault::Status(503, "server busy".into()), "is in trouble (503): server busy", false),
            (Fault::Status(401, "who are you".into()), "does not accept the key (401): who are you", true),
            (Fault::Status(302, String::new()), "another address", true),
            (Fault::Closes, "broke off its answer", false),
            (Fault::Breaks, "broke off its answer", false),
            (Fault::GivesUp("out of memory".into()), "gave up: out of memory", false),
            (Fault::Garbage("<html>".into()), "sent what is no", false),
            (Fault::Garbage(String::from_utf8_lossy(&[0xff, 0, 10]).into_owned()), "sent what is no", false),
            (Fault::Garbage("x".repeat(300_000)), "too long", false),
        ] {
            minds.change(|script| script.faults.push_back(fault.clone()));
            let (_, failure) = thought(llm, hello()).await;
            let failure = failure.unwrap_or_else(|| panic!("{fault:?} is no failure"));
            assert!(failure.why.contains(says) && failure.why.starts_with("127.0.0.1"), "{failure:?}");
            assert_eq!(failure.lasting, lasting, "{failure:?}");
        }
    }
    let (_, failure) = thought(&by_chat(&minds, "sk-wrong-key-12345"), hello()).await;
    let failure = failure.expect("a refusal");
    assert!(failure.lasting && !failure.why.contains("sk-wrong-key"), "{failure:?}");
}

#[tokio::test]
async fn who_is_not_there_cannot_be_reached() {
    let gone = Minds::listen(Script::default()).await.expect("a free port");
    let llm = by_ollama(&gone);
    drop(gone);
    let (_, failure) = thought(&llm, hello()).await;
    assert!(failure.expect("a failure").why.contains("cannot be reached"));
    assert!(llm.load().await.is_err());
}

#[tokio::test]
async fn dropping_a_thought_stops_the_model() {
    let endless = Thought { pieces: vec!["more ".into(); 100_000], ..Thought::default() };
    let minds = Minds::listen(Script { otherwise: endless, ..Script::default() }).await.expect("a free port");
    let (ollama, chat) = (by_ollama(&minds), by_chat(&minds, "a-key-of-the-test"));
    for (count, llm) in [&ollama as &dyn Llm, &chat].into_iter().enumerate() {
        let mut stream = llm.think(hello());
        stream.next().await.expect("a piece").expect("no fault");
        drop(stream);
        minds.until(|_, broken_off| broken_off == count + 1).await;
    }
}

#[tokio::test]
async fn arguments_that_are_no_json_are_passed_on_as_they_were_written() {
    let script = Script {
        otherwise: Thought::wants("look", json!({})),
        faults: [Fault::Arguments("day = friday".into())].into(),
        ..Script::default()
    };
    let minds = Minds::listen(script).await.expect("a free port");
    let (deltas, failure) = thought(&by_chat(&minds, "a-key-of-the-test"), hello()).await;
    assert_eq!(failure, None);
    assert!(deltas.contains(&Delta::Wants { name: "look".into(), arguments: "day = friday".into() }));
}

#[tokio::test]
async fn a_model_is_loaded_before_anybody_calls_or_its_owner_is_told_why_not() {
    let minds = Minds::listen(Script::default()).await.expect("a free port");
    assert_eq!(by_ollama(&minds).load().await, Ok(()));
    assert_eq!(minds.asked().len(), 0, "nothing is said");
    let settings = ollama::Settings { host: minds.url(), ..ollama::Settings::default() };
    let failure = Ollama::new(settings).expect("a client").load().await.expect_err("there is no such model");
    assert!(failure.lasting && failure.why.contains("model 'gpt-oss:20b' not found"), "{failure:?}");
}

#[tokio::test]
async fn a_model_that_cannot_use_tools_is_held_to_a_schema_and_uses_them_all_the_same() {
    let look = Thought::says("One moment.").and_wants("look", json!({"day": "friday"}));
    let script = Script {
        tools: false,
        rules: vec![Rule::said("look answered: free", Thought::says("It's \"free\", Zoë."))],
        otherwise: look,
        ..Script::default()
    };
    let minds = Minds::listen(script).await.expect("a free port");
    let ollama = by_ollama(&minds);
    let (deltas, failure) = thought(&ollama, hello()).await;
    assert_eq!(failure, None);
    assert_eq!(text(&deltas), "One moment.");
    let wants = Delta::Wants { name: "look".into(), arguments: "{\"day\":\"friday\"}".into() };
    assert!(deltas.contains(&wants), "{deltas:?}");
    assert!(matches!(deltas.last(), Some(Delta::Done { cut: false, .. })));
    let pieces = deltas.iter().filter(|delta| matches!(delta, Delta::Text(_))).count();
    assert!(pieces > 1, "words leave while the rest is written: {deltas:?}");
    let (deltas, failure) = thought(&ollama, whole()).await;
    assert_eq!((failure, text(&deltas)), (None, "It's \"free\", Zoë.".into()));
    assert_eq!(minds.asked().len(), 2, "and is not asked with tools again");
    assert!(minds.asked().iter().all(|asked| asked["tools"].is_null() && asked["format"].is_object()));
    assert_eq!(minds.mistakes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_model_that_does_not_keep_to_the_schema_has_failed() {
    let faults = [Fault::Garbage("{\"message\":{\"content\":\"Hi!\"},\"done\":true}\n".into())];
    let script = Script { tools: false, faults: faults.into(), ..Script::default() };
    let minds = Minds::listen(script).await.expect("a free port");
    let (_, failure) = thought(&by_ollama(&minds), hello()).await;
    let failure = failure.expect("it is no such object");
    assert!(failure.why.contains("wrote what is not the JSON object") && !failure.lasting, "{failure:?}");
}

#[tokio::test]
async fn whether_a_model_is_there_is_found_out_without_asking_it() {
    let minds = Minds::listen(Script::default()).await.expect("a free port");
    assert_eq!(by_ollama(&minds).check().await, Ok(()));
    assert_eq!(by_chat(&minds, "a-key-of-the-test").check().await, Ok(()));
    let failure = by_chat(&minds, "another").check().await.expect_err("the key is wrong");
    assert!(failure.why.contains("does not accept the key (401)") && failure.lasting, "{failure:?}");
    minds.change(|script| script.model = "llama3.2:latest".into());
    let other =
        ollama::Settings { host: minds.url(), model: "llama3.2".into(), ..ollama::Settings::default() };
    assert_eq!(Ollama::new(other).expect("a client").check().await, Ok(()), "as Ollama names it");
    let failure = by_ollama(&minds).check().await.expect_err("there is none");
    assert!(failure.why.contains("run `ollama pull test-model`") && failure.lasting, "{failure:?}");
    let nobody = ollama::Settings { host: "http://127.0.0.1:9".into(), ..ollama::Settings::default() };
    let failure = Ollama::new(nobody).expect("a client").check().await.expect_err("nobody is there");
    assert!(failure.why.contains("cannot be reached") && !failure.lasting, "{failure:?}");
    assert!(minds.asked().is_empty() && minds.mistakes().is_empty());
}
