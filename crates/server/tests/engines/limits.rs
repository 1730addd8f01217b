//! Sessions that end because of their age while somebody speaks, at the only engine there is: it goes on in another one.

use super::{
    heard::{melody, stretches},
    rig::{Rig, count, texts},
    stand::{Does, Kind, Line, Part, Seen, Stand, Turn},
    together,
};
use crate::house::{
    speech::speech,
    waiting::{PATIENCE, ms},
};
use sim::{
    deepgram,
    live::{self, Live},
    twilio::Handset,
};
use sound::{g711, level};
use tokio::task::JoinSet;

const BRIDGE: &str = "I am sorry, we were interrupted for a moment.";
const GREETING: u32 = 300;
const BROKEN: u32 = 500;
const BRIDGING: u32 = 700;
const GOING_ON: u32 = 900;
const ANSWER: u32 = 1_100;
const TONES: [u32; 5] = [GREETING, BROKEN, BRIDGING, GOING_ON, ANSWER];
const WISH: &str = "What is free on Monday?";

fn greets(turns: Vec<Turn>) -> Part {
    let first = Line::tone("Thanks for calling Acme.", GREETING, 1_800);
    Part { key: None, first, told: vec![], turns }
}

fn answers(heard: &str) -> Turn {
    Turn { heard: heard.into(), does: Does::Says(Line::tone("Ten is free.", ANSWER, 1_000)) }
}

fn bridge() -> Line {
    Line::tone(BRIDGE, BRIDGING, 900)
}

async fn hears(call: &Handset, milliseconds: u64) {
    assert!(call.hear_for(0, ms(milliseconds - 80)).await, "{milliseconds}");
    call.wait(ms(400)).await;
}

/// What the owner reads and callers feel of it: it was age, and the engine is as well as before.
async fn is_well(rig: &Rig, call: Handset, one: &Stand, told: &str) -> Vec<serde_json::Value> {
    let readiness = reqwest::get(rig.house.url("/readyz")).await.expect("it answers");
    let readiness = readiness.text().await.expect("text");
    assert!(!readiness.contains(&format!("engine {} ", one.kind.name())), "{readiness}");
    call.hang_up();
    let notes = rig.noted(|notes| count(notes, "ended") == 1).await;
    let told = format!("{told}\n{notes:#?}");
    assert_eq!(count(&notes, "relieved"), 1, "{told}");
    let troubles = texts(&notes, "trouble");
    assert!(matches!(troubles[..], [why] if why.contains("as long as any may")), "{told}");
    for session in one.sessions() {
        assert_eq!(session.complaints().0, Vec::<String>::new(), "{told}");
    }
    assert_eq!(call.ended().await.expect("the call is put through").errors, [], "{told}");
    notes
}

/// The assistant speaks when the session ends.
async fn aged_in_an_answer(kind: Kind) -> String {
    let broken = Line::tone("Let me have a look at the calendar of that very day.", BROKEN, 4_000);
    let ages = Turn { heard: WISH.into(), does: Does::Ages(broken) };
    let one = Stand::open(kind, &greets(vec![ages])).await;
    let rig = Rig::open(&[&one], &[]).await;
    let call = rig.dial();
    hears(&call, 1_800).await;
    one.plays(&Part {
        key: None,
        first: bridge(),
        told: vec![Line::tone("Ten is free.", GOING_ON, 1_200)],
        turns: vec![answers("Thank you.")],
    });
    call.say(&speech(ms(1_200)));
    call.said().await;
    hears(&call, 1_800 + 2_000 + 900 + 1_200).await;
    call.say(&speech(ms(1_200)));
    call.said().await;
    hears(&call, 1_800 + 2_000 + 900 + 1_200 + 1_000).await;
    let heard = stretches(&call, 0..call.position(), &TONES);
    let told = format!("{kind:?}: {:?}", melody(&heard));
    let order: Vec<_> = heard.iter().map(|stretch| stretch.hertz).collect();
    assert_eq!(order, TONES.map(Some), "{told}");
    for (stretch, whole) in heard.iter().zip([1_800, 2_000, 900, 1_200, 1_000]) {
        assert!(stretch.sounded.abs_diff(ms(whole)) <= ms(160), "{stretch:?}: {told}");
    }
    let so_far = one.told_to_say(BRIDGE).expect("these very words").so_far();
    let [(_, greeting), (_, wish), (_, broken)] = &so_far[..] else { panic!("{so_far:?}: {told}") };
    assert_eq!((greeting.as_str(), wish.as_str()), ("Thanks for calling Acme.", WISH), "{told}");
    assert!(broken.starts_with("Let me have") && broken.len() < 40, "{so_far:?}: {told}");
    let notes = is_well(&rig, call, &one, &told).await;
    let bridges = texts(&notes, "assistant_said").iter().filter(|said| said.contains(BRIDGE)).count();
    assert_eq!(bridges, 1, "{told}");
    format!("{:12} speaks   {:?}", kind.name(), melody(&heard))
}

/// The caller speaks when the session ends.
async fn aged_in_a_wish(kind: Kind) -> String {
    let one = Stand::open(kind, &greets(vec![])).await;
    let rig = Rig::open(&[&one], &[]).await;
    let call = rig.dial();
    hears(&call, 1_800).await;
    let old =
        one.sessions().into_iter().rfind(|session| !session.heard().is_empty()).expect("it has greeted");
    one.plays(&Part { key: None, first: bridge(), told: vec![], turns: vec![answers(WISH)] });
    let wish = speech(ms(3_000));
    call.say(&wish);
    call.wait(ms(1_500)).await;
    old.ages();
    call.said().await;
    hears(&call, 1_800 + 900 + 1_000).await;
    let heard = stretches(&call, 0..call.position(), &TONES);
    let told = format!("{kind:?}: {:?}", melody(&heard));
    let order: Vec<_> = heard.iter().map(|stretch| stretch.hertz).collect();
    // A model that answers by itself may do so before it says what it is told to.
    let wanted = if kind == Kind::Live { [GREETING, ANSWER, BRIDGING] } else { [GREETING, BRIDGING, ANSWER] };
    assert_eq!(order, wanted.map(Some), "{told}");
    for stretch in &heard {
        let whole = [(GREETING, 1_800), (BRIDGING, 900), (ANSWER, 1_000)].into_iter();
        let whole =
            whole.filter(|(hertz, _)| Some(*hertz) == stretch.hertz).map(|(_, whole)| ms(whole)).sum();
        assert!(stretch.sounded.abs_diff(whole) <= ms(160), "{stretch:?}: {told}");
    }
    let sessions = one.sessions();
    let new = sessions.iter().rfind(|session| !session.heard().is_empty()).expect("it has answered");
    // Silence before it is cut anywhere, so that it may lie across one block more; a frame is two.
    let (came, said) = (voiced(&new.heard()), voiced(&wish));
    assert!(came.abs_diff(said) <= 1, "all that the caller said, and once: {came} {said} {told}");
    is_well(&rig, call, &one, &told).await;
    format!("{:12} listens  {:?}", kind.name(), melody(&heard))
}

/// From the first loud sound of this to the last, by halves of frames: how long that is.
fn voiced(ulaw: &[u8]) -> usize {
    let loud = |block: &&[u8]| !level::is_silent(&g711::ulaw_to_samples(block), -45.0);
    let blocks = || ulaw.chunks_exact(80).enumerate();
    let first = blocks().find(|(_, block)| loud(block)).map_or(0, |(at, _)| at);
    let last = blocks().rfind(|(_, block)| loud(block)).map_or(0, |(at, _)| at);
    last - first
}

/// One whose service says how long it lasts, and does not last as long as others do.
async fn renewed_when_its_service_says() -> String {
    let tone = |words, hertz| live::Speech::tone(words, hertz as f32, ms(1_000));
    let script = |words: &str| live::Script {
        says: [tone("Thanks for calling Acme.", GREETING)].into(),
        answers: [live::Reply::Says(tone("Ten is free.", ANSWER))].into(),
        understood: [words.to_owned()].into(),
        longest: ms(16_000),
        ..live::Script::default()
    };
    let service = Live::listen(script(WISH)).await.expect("loopback");
    let rig = Rig::open(&[&Stand::elsewhere(Kind::Live, service.url())], &[]).await;
    let call = rig.dial();
    hears(&call, 1_000).await;
    let notes = rig.noted(|notes| count(notes, "renewed") == 1).await;
    assert_eq!((count(&notes, "relieved"), texts(&notes, "trouble")), (0, vec![]));
    let heard = |session: &live::Session| session.heard_bytes() > 0;
    let new = service.sessions().into_iter().rfind(heard).expect("it hears the caller");
    assert!(new.hears(4_000, PATIENCE).await);
    let heard = goes_on(call, 1_000).await;
    for session in service.sessions() {
        assert_eq!((session.mistakes(), session.errors()), (vec![], vec![]));
    }
    format!("{:12} in time  {heard:?}", Kind::Live.name())
}

/// The caller says something after a greeting of so many milliseconds, is answered, and has heard nothing else.
async fn goes_on(call: Handset, greeting: u64) -> Vec<(u32, u64)> {
    call.say(&speech(ms(1_200)));
    call.said().await;
    hears(&call, greeting + 1_000).await;
    let heard = stretches(&call, 0..call.position(), &TONES);
    let order: Vec<_> = heard.iter().map(|stretch| stretch.hertz).collect();
    assert_eq!(order, [Some(GREETING), Some(ANSWER)], "{:?}", melody(&heard));
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    melody(&heard)
}

/// One whose service warns that it is about to end.
async fn renewed_on_a_warning() -> String {
    let one = Stand::open(Kind::Deepgram, &greets(vec![answers(WISH)])).await;
    let rig = Rig::open(&[&one], &[]).await;
    let call = rig.dial();
    hears(&call, 1_800).await;
    let used = || {
        one.sessions().into_iter().rfind(|session| !session.heard().is_empty()).map(|session| match session {
            Seen::Deepgram(session) => session,
            other => panic!("{other:?}"),
        })
    };
    let old = used().expect("it has greeted");
    old.order(deepgram::Order::Warn("MAXIMUM_SESSION_LENGTH_APPROACHING".into()));
    let notes = rig.noted(|notes| count(notes, "renewed") == 1).await;
    assert_eq!(count(&notes, "relieved"), 0, "{notes:#?}");
    let troubles = texts(&notes, "trouble");
    assert!(matches!(troubles[..], [why] if why.contains("warns")), "{troubles:?}");
    old.over().await;
    let new = used().expect("it hears the caller");
    assert!(new.number > old.number && new.hears(4_000, PATIENCE).await);
    let heard = goes_on(call, 1_800).await;
    for session in one.sessions() {
        assert_eq!(session.complaints().0, Vec::<String>::new());
    }
    format!("{:12} warned   {heard:?}", Kind::Deepgram.name())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_in_mid_sentence_is_followed_by_another_and_nothing_is_lost_or_heard_twice() {
    let mut calls = JoinSet::new();
    for kind in Kind::SERVICES {
        calls.spawn(aged_in_an_answer(kind));
        calls.spawn(aged_in_a_wish(kind));
    }
    calls.spawn(renewed_when_its_service_says());
    calls.spawn(renewed_on_a_warning());
    together::tabled(calls).await;
}
