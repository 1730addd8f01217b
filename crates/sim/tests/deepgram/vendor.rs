//! Deepgram's own Python package as the client.

use super::python::finds_nothing_wrong;
use sim::deepgram::{Deepgram, Hearing, Item, Reply, Script, Sound, Voice};
use std::time::Duration;

#[tokio::test]
async fn deepgrams_own_package_finds_nothing_wrong() {
    let voice = |sound, ms| Voice { speed: 0.0, ..Voice::new(sound, Duration::from_millis(ms)) };
    let tool = |n: u32| Item::Tool {
        name: "lookup_order".into(),
        arguments: format!("{{\"order_number\":\"{n}\"}}"),
    };
    let said = voice(Sound::Tone { hertz: 300.0 }, 400);
    let answer = Item::Voice(Voice { transcript: "Your order ships today.".into(), ..said });
    let script = Script {
        key: Some("the-key".into()),
        voice: voice(Sound::Tone { hertz: 440.0 }, 200),
        replies: [Reply::of(vec![tool(1), tool(2)]), Reply::of(vec![answer])].into(),
        understood: ["Where is my order?".into()].into(),
        hearing: Hearing::Energy,
        ..Script::default()
    };
    let service = Deepgram::listen(script).await.expect("loopback");
    let given = serde_json::json!({"host": service.host(), "key": "the-key"});
    finds_nothing_wrong("deepgram", &[], &given.to_string()).await;
    assert_eq!(service.refused(), [401]);
    let session = service.session(1).await;
    assert_eq!(session.mistakes(), Vec::<String>::new());
    assert_eq!(session.events(true, "FunctionCallResponse").len(), 2);
}
