//! Engines that send what was not agreed: the call goes on, and the caller hears what they should and nothing else.

use super::{
    heard::{melody, stretches},
    rig::Rig,
    stand::{Does, Kind, Line, Part, Seen, Stand, Turn},
};
use crate::house::{speech::speech, waiting::ms};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sim::twilio::Handset;
use sound::g711;
use tokio::task::JoinSet;

const GREETING: u32 = 300;
const ANSWER: u32 = 500;
const SECOND: u32 = 700;
/// What must not be heard.
const STRAY: u32 = 1_100;
const BRIDGING: u32 = 1_300;
const TONES: [u32; 5] = [GREETING, ANSWER, SECOND, STRAY, BRIDGING];
const MEGABYTE: usize = 1_000_000;

fn greets(turns: impl IntoIterator<Item = Does>) -> Part {
    let turn = |does| Turn { heard: "What is free on Monday?".into(), does };
    let first = Line::tone("Thanks for calling Acme.", GREETING, 1_800);
    Part { key: None, first, told: vec![], turns: turns.into_iter().map(turn).collect() }
}

fn answers() -> Does {
    Does::Says(Line::tone("Ten is free.", ANSWER, 1_000))
}

fn answers_again() -> Does {
    Does::Says(Line::tone("And eleven.", SECOND, 1_000))
}

/// One call: what the engine does in it, and what is heard of that.
struct Case {
    name: &'static str,
    part: Part,
    mischief: fn(Kind, &Seen),
    heard: &'static [u32],
}

fn cases(kind: Kind) -> Vec<Case> {
    let tools = [
        ("find_free_slots", "{\"from\": "),
        ("find_free_slots", "[1, 2]"),
        ("find_free_slots", ""),
        ("read_minds", "{}"),
        ("", "{}"),
        ("list_appointments", "{\"surprise\": true}"),
        ("create_calendar_event", "{}"),
        ("create_calendar_event", "{\"datetime_start\": 7}"),
        ("cancel_appointment", "null"),
        ("list_appointments", "{}"),
    ];
    let nothing = |_: Kind, _: &Seen| {};
    let long = |said: &str| said.repeat(MEGABYTE / said.len());
    let mut talkative = greets([Does::Says(Line::tone(&long("ä"), ANSWER, 1_000)), answers_again()]);
    talkative.turns[0].heard = long("very ");
    vec![
        Case {
            name: "garbage, and names that nobody has heard of",
            part: greets([answers(), answers_again()]),
            mischief: |kind, session| {
                garbage(session);
                for event in strays(kind) {
                    session.sends(&event);
                }
            },
            heard: &[GREETING, ANSWER, SECOND],
        },
        Case {
            name: "ten tools at once, with arguments that are none",
            part: greets([Does::UsesAll(tools.into(), Line::tone("So.", ANSWER, 1_000)), answers_again()]),
            mischief: nothing,
            heard: &[GREETING, ANSWER, SECOND],
        },
        Case {
            name: "a transcript of a megabyte, of either side",
            part: talkative,
            mischief: nothing,
            heard: &[GREETING, ANSWER, SECOND],
        },
        Case {
            name: "sound behind its end",
            part: greets([answers(), answers_again()]),
            mischief: late_sound,
            // Deepgram may say something without a word about it before: it cannot be told from that.
            heard: match kind {
                Kind::Deepgram => &[GREETING, STRAY, ANSWER, STRAY, SECOND],
                Kind::OpenAi | Kind::Live | Kind::Local => &[GREETING, ANSWER, SECOND],
            },
        },
        Case {
            name: "a close without a word",
            part: greets([answers()]),
            mischief: |_, session| session.closes(),
            heard: &[GREETING, BRIDGING, SECOND, ANSWER],
        },
    ]
}

fn garbage(session: &Seen) {
    for text in ["{\"type\":", "[1,2,3]", "", "null", "\"type\"", "{}", "{\"type\": 7}"] {
        session.sends_text(text);
    }
    session.sends_text(&"x".repeat(MEGABYTE));
    session.sends(&json!({"type": "no.such.event", "event_id": "e"}));
    session.sends(&json!({"type": "error", "event_id": "e", "error": "a word"}));
}

/// What would mean something, had it anything to do with this call.
fn strays(kind: Kind) -> Vec<Value> {
    match kind {
        Kind::OpenAi => {
            let of = |mut event: Value| {
                event["event_id"] = "e".into();
                event["response_id"] = "resp_nobody".into();
                event["item_id"] = "item_nobody".into();
                event["output_index"] = 0.into();
                event["content_index"] = 0.into();
                event
            };
            let response = json!({"id": "resp_nobody", "object": "realtime.response", "status": "completed", "output": []});
            vec![
                of(json!({"type": "response.output_audio.done"})),
                of(
                    json!({"type": "response.output_audio_transcript.done", "transcript": "Nobody says this."}),
                ),
                json!({"type": "response.done", "event_id": "e", "response": response}),
                json!({"type": "input_audio_buffer.speech_stopped", "event_id": "e", "item_id": "item_never", "audio_end_ms": 5}),
                json!({"type": "conversation.item.truncated", "event_id": "e", "item_id": "item_never", "content_index": 0,
                    "audio_end_ms": 99_999_999}),
                json!({"type": "response.created", "event_id": "e", "response": {"id": null}}),
            ]
        }
        Kind::Live => vec![
            json!({"type": "session.output_transcript.delta", "delta": "", "start_ms": 1e12, "end_ms": -5}),
            json!({"type": "session.input_transcript.delta", "delta": "", "start_ms": 9, "end_ms": 1}),
            json!({"type": "session.delegation.created", "offset_ms": -3, "delegation": {}}),
            json!({"type": "response.event", "delegation_id": "item_nobody", "event": {"type": "response.completed",
                "response": {"id": "resp_nobody", "status": "completed", "output": []}}}),
            json!({"type": "session.thinking.appended", "client_event_id": "append-99", "start_ms": 0, "end_ms": 0}),
            json!({"type": "session.started", "client_event_id": "start", "session": {}}),
            json!({"type": "session.output_audio.delta", "delta": "%%%"}),
        ],
        Kind::Deepgram => vec![
            json!({"type": "AgentAudioDone"}),
            json!({"type": "AgentAudioDone"}),
            json!({"type": "FunctionCallCancelled", "functions": [{"id": "fc_99", "name": "nobody"}]}),
            json!({"type": "SettingsApplied"}),
            json!({"type": "Welcome", "request_id": "again"}),
            json!({"type": "InjectionRefused", "message": "Nobody asked."}),
            json!({"type": "ConversationText", "role": "nobody", "content": "Nobody says this."}),
            json!({"type": "FunctionCallRequest", "functions": []}),
        ],
        Kind::Local => Vec::new(),
    }
}

/// A tone that belongs to nothing, as JSON carries it.
fn stray() -> String {
    BASE64_STANDARD.encode(stray_sound())
}

fn stray_sound() -> Vec<u8> {
    g711::samples_to_ulaw(&Line::tone("", STRAY, 400).samples)
}

/// More sound of what has been said to its end.
fn late_sound(kind: Kind, session: &Seen) {
    match kind {
        Kind::OpenAi => {
            let mut done =
                session.events(false, "response.output_audio.done").pop().expect("something was said");
            done["type"] = "response.output_audio.delta".into();
            done["delta"] = stray().into();
            session.sends(&done);
        }
        Kind::Deepgram => session.sends_binary(stray_sound()),
        Kind::Live | Kind::Local => {}
    }
}

/// The caller speaks, and the engine can tell where that ends.
async fn speaks(call: &Handset) {
    call.say(&speech(ms(1_200)));
    call.said().await;
}

async fn held(kind: Kind, case: &Case, call: &Handset, session: &Seen) -> String {
    let mut so_far = 1_800;
    let mut hears = async |more: u64| {
        so_far += more;
        assert!(call.hear_for(0, ms(so_far - 80)).await, "{kind:?}, {}", case.name);
        call.wait(ms(400)).await;
    };
    let stray = if case.heard.contains(&STRAY) { 400 } else { 0 };
    call.wait(ms(400)).await;
    (case.mischief)(kind, session);
    if case.heard.contains(&BRIDGING) {
        hears(900 + 1_000).await;
    } else {
        hears(stray).await;
        speaks(call).await;
        hears(1_000).await;
        (case.mischief)(kind, session);
        hears(stray).await;
    }
    speaks(call).await;
    hears(1_000).await;
    let heard = stretches(call, 0..call.position(), &TONES);
    let order: Vec<_> = heard.iter().map(|stretch| stretch.hertz).collect();
    let wanted: Vec<_> = case.heard.iter().copied().map(Some).collect();
    assert_eq!(order, wanted, "{kind:?}, {}: {:?}", case.name, melody(&heard));
    assert_eq!(session.complaints(), (vec![], vec![]), "{kind:?}, {}", case.name);
    format!("{:12} {:50} {:?}", kind.name(), case.name, melody(&heard))
}

/// All cases in one house, side by side.
async fn naughty(kind: Kind) -> Vec<String> {
    let next = if kind == Kind::Deepgram { Kind::OpenAi } else { Kind::Deepgram };
    let takes_over = Part {
        first: Line::tone("I am sorry, we were interrupted for a moment.", BRIDGING, 900),
        told: vec![Line::tone("How can I help?", SECOND, 1_000)],
        ..greets([answers()])
    };
    let (one, other) = (Stand::open(kind, &greets([])).await, Stand::open(next, &takes_over).await);
    let rig = Rig::open(&[&one, &other], &[]).await;
    let mut calls = Vec::new();
    for case in cases(kind) {
        one.plays(&case.part);
        let known = one.sessions().len();
        let call = rig.dial();
        assert!(call.hear_for(0, ms(1_720)).await, "{kind:?}, {}", case.name);
        let session = one.sessions().get(known).cloned().expect("it has greeted");
        calls.push((case, call, session));
    }
    let mut held_all = JoinSet::new();
    for (case, call, session) in calls {
        held_all.spawn(async move {
            let line = held(kind, &case, &call, &session).await;
            call.hang_up();
            assert_eq!(
                call.ended().await.expect("the call is put through").errors,
                [],
                "{kind:?}, {}",
                case.name
            );
            line
        });
    }
    let mut lines = Vec::new();
    while let Some(line) = held_all.join_next().await {
        // What was wrong has been printed.
        lines.push(line.unwrap_or_else(|_| "wrong".into()));
    }
    for call in rig.store.calls(10, i64::MAX).await.expect("read") {
        for note in rig.store.notes(&call.id).await.expect("read") {
            assert!(note.json.len() < 100_000, "{kind:?}: a note of {} bytes", note.json.len());
        }
    }
    let (log, _folder) = rig.house.stop().await;
    assert!(!log.contains("panicked"), "{log}");
    lines
}

async fn holds(kind: Kind) {
    let lines = naughty(kind).await;
    println!("{}", lines.join("\n"));
    assert!(!lines.iter().any(|line| line == "wrong"), "{kind:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_outlasts_what_openai_should_not_send() {
    holds(Kind::OpenAi).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_outlasts_what_openai_live_should_not_send() {
    holds(Kind::Live).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_outlasts_what_deepgram_should_not_send() {
    holds(Kind::Deepgram).await;
}
