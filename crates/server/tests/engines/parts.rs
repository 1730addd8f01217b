//! The local engine whose ear, voice or thinker is a service that does not do what was agreed: the next engine goes on, and its
//! owner reads why.

use super::{
    door::{self, Door},
    heard::{melody, stretches},
    rig::{Rig, count, texts},
    stand::{Does, Kind, Line, Part, Stand, Turn},
    together,
};
use crate::house::{
    speech::speech,
    waiting::{PATIENCE, ms},
};
use sim::{
    mind::{self, Minds},
    speech::Fault,
    twilio::handset::Listened,
};
use std::sync::Arc;
use tokio::{sync::Semaphore, task::JoinSet};

const GREETING: u32 = 300;
const BRIDGING: u32 = 700;
const ANSWER: u32 = 1_100;
const TONES: [u32; 3] = [GREETING, BRIDGING, ANSWER];
/// As many houses at a time as a small machine can open.
const AT_A_TIME: usize = 6;

/// What the service does, and what its owner reads.
const FAULTS: [(Option<Fault>, &str); 8] = [
    (Some(Fault::Status(401)), "does not accept the key (401)"),
    (Some(Fault::Status(429)), "(429)"),
    (Some(Fault::Status(503)), "is in trouble (503)"),
    (Some(Fault::Endless), "127.0.0.1"),
    (Some(Fault::WrongFormat), "127.0.0.1"),
    (Some(Fault::OtherJson), "127.0.0.1"),
    (Some(Fault::Cut), "127.0.0.1"),
    // None: its certificate is nobody's.
    (None, "shows a certificate that cannot be trusted"),
];

/// Somebody at this address whose certificate nobody knows, where it is about that.
async fn door(fault: Option<&Fault>, variable: &'static str) -> (Option<Door>, Vec<(&'static str, String)>) {
    if fault.is_some() {
        return (None, Vec::new());
    }
    let door = Door::open(Kind::Local, door::Fault::Certificate).await;
    let url = door.url.replacen("wss:", "https:", 1);
    (Some(door), vec![(variable, url)])
}

fn local(does: Does) -> Part {
    let turn = Turn { heard: "What is free on Monday?".into(), does };
    Part {
        key: None,
        first: Line::tone("Thanks for calling Acme.", GREETING, 1_800),
        told: vec![],
        turns: vec![turn],
    }
}

fn next(first: Line) -> Part {
    Part { key: None, first, told: vec![], turns: vec![] }
}

/// Nobody hears the caller any more: whoever comes hears what they said, and answers it.
async fn deaf(fault: Option<Fault>, why: &str) {
    let answer = Line::tone("Ten is free.", ANSWER, 1_000);
    let one = Stand::open(Kind::Local, &local(Does::Says(answer.clone()))).await;
    let other = Stand::open(Kind::OpenAi, &next(answer)).await;
    let (_door, more) = door(fault.as_ref(), "HEAR_URL").await;
    let more: Vec<_> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let rig = Rig::open(&[&one, &other], &more).await;
    if let Some(fault) = &fault {
        one.fails(fault.clone());
    }
    let call = rig.dial();
    let mut from = 0;
    // The greeting, two excuses, and the answer.
    for turn in 0..4 {
        let heard = call.listen(from, ms(1_500), PATIENCE).await;
        assert!(matches!(heard, Listened::Spoke(_)), "{fault:?}, turn {turn}: {heard:?}");
        if !other.sessions().is_empty() {
            break;
        }
        from = call.position();
        call.say(&speech(ms(1_200)));
        call.said().await;
    }
    let notes = rig.noted(|notes| count(notes, "relieved") == 1).await;
    assert!(call.hear_for(from, ms(900)).await, "{fault:?}: {notes:#?}");
    call.wait(ms(600)).await;
    let heard = stretches(&call, 0..call.position(), &TONES);
    call.hang_up();
    let told = format!("{fault:?}: {:?}\n{notes:#?}", melody(&heard));
    let tones: Vec<_> = heard.iter().filter_map(|stretch| stretch.hertz).collect();
    assert_eq!(tones, [ANSWER], "{told}");
    assert!(texts(&notes, "trouble").iter().any(|trouble| trouble.contains(why)), "{told}");
    assert_eq!(call.ended().await.expect("the call is put through").errors, [], "{told}");
}

/// Nobody can be heard: whoever comes greets, as if nothing had been.
async fn mute(fault: Option<Fault>, why: &str) {
    let one = Stand::open(Kind::Local, &local(Does::BreaksOff(Line::tone("", BRIDGING, 1_000)))).await;
    let other =
        Stand::open(Kind::OpenAi, &next(Line::tone("Thanks for calling Acme.", GREETING, 1_800))).await;
    let (_door, more) = door(fault.as_ref(), "SPEAK_URL").await;
    let more: Vec<_> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let rig = Rig::open(&[&one, &other], &more).await;
    if let Some(fault) = &fault {
        one.fails(fault.clone());
    }
    let call = rig.dial();
    assert!(call.hear_for(0, ms(1_720)).await, "{fault:?}: a greeting");
    call.wait(ms(600)).await;
    let heard = stretches(&call, 0..call.position(), &TONES);
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    let notes = rig.noted(|notes| count(notes, "ended") == 1).await;
    let told = format!("{fault:?}: {:?}\n{notes:#?}", melody(&heard));
    assert_eq!(heard.iter().map(|stretch| stretch.hertz).collect::<Vec<_>>(), [Some(GREETING)], "{told}");
    assert!(texts(&notes, "trouble").iter().any(|trouble| trouble.contains(why)), "{told}");
}

/// Nobody thinks any more: whoever comes is told what the caller said, and answers it. The desk is for where nobody comes.
async fn mindless() {
    let answer = Line::tone("Ten is free.", ANSWER, 1_000);
    let one = Stand::open(Kind::Local, &local(Does::Says(answer.clone()))).await;
    let other = Stand::open(Kind::OpenAi, &next(answer)).await;
    let busy = (0..10).map(|_| mind::Fault::Status(503, "server busy".into())).collect();
    let script = mind::Script { faults: busy, ..mind::Script::default() };
    let minds = Minds::listen(script).await.expect("a free port");
    let url = minds.url();
    let rig = Rig::open(
        &[&one, &other],
        &[("THINK", "ollama"), ("OLLAMA_HOST", &url), ("OLLAMA_MODEL", "test-model")],
    )
    .await;
    let call = rig.dial();
    let heard = call.listen(0, ms(1_500), PATIENCE).await;
    assert!(matches!(heard, Listened::Spoke(_)), "a greeting: {heard:?}");
    let from = call.position();
    call.say(&speech(ms(1_200)));
    call.said().await;
    let notes = rig.noted(|notes| count(notes, "relieved") == 1).await;
    assert!(call.hear_for(from, ms(900)).await, "{notes:#?}");
    call.wait(ms(600)).await;
    let heard = stretches(&call, from..call.position(), &TONES);
    call.hang_up();
    let told = format!("{:?}\n{notes:#?}", melody(&heard));
    let tones: Vec<_> = heard.iter().filter_map(|stretch| stretch.hertz).collect();
    assert_eq!(tones, [ANSWER], "{told}");
    let desk = |said: &&str| said.contains("wrong on my side");
    assert!(!texts(&notes, "assistant_said").iter().any(desk), "{told}");
    assert!(texts(&notes, "trouble").iter().any(|trouble| trouble.contains("server busy")), "{told}");
    assert_eq!(call.ended().await.expect("the call is put through").errors, [], "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_local_engine_that_fails_costs_the_caller_no_more_than_a_sentence() {
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let mut calls = JoinSet::new();
    let own = room.clone();
    calls.spawn(async move {
        let _place = own.acquire().await.expect("it is never closed");
        mindless().await;
    });
    for (fault, why) in FAULTS {
        let (own, same) = (room.clone(), fault.clone());
        calls.spawn(async move {
            let _place = own.acquire().await.expect("it is never closed");
            deaf(same, why).await;
        });
        // One that speaks on and on is heard for some seconds.
        if fault != Some(Fault::Endless) {
            let own = room.clone();
            calls.spawn(async move {
                let _place = own.acquire().await.expect("it is never closed");
                mute(fault, why).await;
            });
        }
    }
    together::all(calls).await;
}
