//! Deepgram's own Python package as the client.

use sim::deepgram::{Deepgram, Hearing, Item, Reply, Script, Sound, Voice};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

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
    let mut child = Command::new("scripts/python")
        .arg("crates/sim/tests/deepgram/vendor.py")
        .current_dir(ROOT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("scripts/python runs");
    let mut input = child.stdin.take().expect("it is piped");
    let mut output = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let given = serde_json::json!({"host": service.host(), "key": "the-key"});
    input.write_all(given.to_string().as_bytes()).await.expect("Python reads");
    drop(input);
    let mut holds = false;
    while let Some(line) = output.next_line().await.expect("Python writes lines") {
        holds |= line == "holds";
    }
    let status = child.wait().await.expect("it ends");
    assert!(status.success() && holds, "what Deepgram's package found is above");
    assert_eq!(service.refused(), [401]);
    let session = service.session(1).await;
    assert_eq!(session.mistakes(), Vec::<String>::new());
    assert_eq!(session.events(true, "FunctionCallResponse").len(), 2);
}
