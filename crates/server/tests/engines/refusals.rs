//! Engines that cannot be had: the next of the list greets, and its owner reads why.

use super::{
    door::{Door, Fault},
    heard::{melody, stretches},
    rig::{Rig, count, texts},
    stand::{Kind, Line, Part, Stand},
    together,
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, task::JoinSet};

const GREETING: u32 = 300;
/// As many houses at a time as a small machine can open.
const AT_A_TIME: usize = 6;

/// What the owner reads.
fn words(fault: Fault) -> &'static str {
    match fault {
        Fault::Status(401) => "does not accept the key (401)",
        Fault::Status(429) => "takes no more sessions of this account just now (429)",
        Fault::Status(_) => "is in trouble (503)",
        Fault::Settings => "Invalid value: 'voice'",
        Fault::Format => "as was agreed|format",
        Fault::Wordless => "closed the connection",
        Fault::Certificate => "shows a certificate that cannot be trusted",
        Fault::Silence => "did not answer within",
    }
}

async fn stepped_in(kind: Kind, fault: Fault) {
    let door = Door::open(kind, fault).await;
    let next = if kind == Kind::Deepgram { Kind::OpenAi } else { Kind::Deepgram };
    let greeting = Line::tone("Thanks for calling Acme.", GREETING, 1_800);
    let part = Part { key: None, first: greeting, told: vec![], turns: vec![] };
    let (one, other) = (Stand::elsewhere(kind, door.url.clone()), Stand::open(next, &part).await);
    let rig = Rig::open(&[&one, &other], &[]).await;
    let call = rig.dial();
    assert!(call.hear_for(0, Duration::from_millis(1_720)).await, "{kind:?} {fault:?}: a greeting");
    call.wait(Duration::from_millis(600)).await;
    let heard = stretches(&call, 0..call.position(), &[GREETING]);
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    let notes = rig.noted(|notes| count(notes, "ended") == 1).await;
    let told = format!("{kind:?} {fault:?}: {:?} {notes:#?}", melody(&heard));
    // Not a click, not a word about it.
    assert_eq!(heard.iter().map(|stretch| stretch.hertz).collect::<Vec<_>>(), [Some(GREETING)], "{told}");
    assert_eq!(texts(&notes, "assistant_said"), ["Thanks for calling Acme."], "{told}");
    let troubles = texts(&notes, "trouble");
    let why = troubles.first().expect(&told);
    assert!(words(fault).split('|').any(|words| why.contains(words)), "{told}");
    if (kind, fault) == (Kind::Deepgram, Fault::Format) {
        // Its format is known by what it says, and when it is tried it says nothing.
        return;
    }
    let readiness = reqwest::get(rig.house.url("/readyz")).await.expect("it answers");
    assert!(readiness.text().await.expect("text").contains(&format!("engine {} ", kind.name())), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_cannot_be_had_is_not_heard_of_by_callers_and_its_owner_reads_why() {
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let mut calls = JoinSet::new();
    for kind in Kind::SERVICES {
        for fault in Fault::ALL {
            let room = room.clone();
            calls.spawn(async move {
                let _place = room.acquire().await.expect("it is never closed");
                stepped_in(kind, fault).await;
            });
        }
    }
    together::all(calls).await;
}
