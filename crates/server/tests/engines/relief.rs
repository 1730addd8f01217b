//! One engine is killed in mid-word, and the next of the list goes on: every ordered pair of them.

use super::{
    heard::{made_out, melody, stretches},
    rig::{Rig, a_weekday, count, texts},
    stand::{Does, Kind, Line, Part, Stand, Turn},
    together,
};
use crate::house::{
    speech::speech,
    waiting::{PATIENCE, ms},
};
use engine::local::Workers;
use sim::twilio::{Handset, handset::Listened};
use tokio::task::JoinSet;

const BRIDGE: &str = "I am sorry, we were interrupted for a moment.";
/// What the first says of half a sentence.
const GREETING: u32 = 300;
const BROKEN: u32 = 500;
/// And the second.
const BRIDGING: u32 = 700;
const GOING_ON: u32 = 900;
const ANSWER: u32 = 1_100;
/// What the stand-in of a speaking service sounds like.
const VOICE: u32 = 440;
const TONES: [u32; 5] = [GREETING, BROKEN, BRIDGING, GOING_ON, ANSWER];

fn wish() -> String {
    format!("I would like to book an appointment on {} at ten.", a_weekday().strftime("%B %-d"))
}

/// Greets, and is cut off in the middle of what it says next.
fn breaks_off() -> Part {
    let broken = Line::tone("Let me have a look at the calendar of that very day for you.", BROKEN, 4_000);
    Part {
        key: None,
        first: Line::tone("Thanks for calling Acme.", GREETING, 1_800),
        told: vec![],
        turns: vec![Turn { heard: wish(), does: Does::BreaksOff(broken) }],
    }
}

/// Bridges, goes on, and answers the caller's next turn.
fn takes_over() -> Part {
    Part {
        key: None,
        first: Line::tone(BRIDGE, BRIDGING, 900),
        told: vec![Line::tone("Ten is free. Shall I book it?", GOING_ON, 1_200)],
        turns: vec![Turn {
            heard: "Yes, please.".into(),
            does: Does::Says(Line::tone("You are welcome.", ANSWER, 1_000)),
        }],
    }
}

/// The caller speaks, and has been understood.
async fn speaks(call: &Handset) {
    call.say(&speech(ms(1_200)));
    call.said().await;
}

/// Waits until the caller has heard so many milliseconds in all.
async fn hears(call: &Handset, milliseconds: u64) {
    assert!(call.hear_for(0, ms(milliseconds - 80)).await, "{milliseconds}");
    call.wait(ms(400)).await;
}

/// Waits until a voice has finished.
async fn listened(call: &Handset, from: usize) {
    let heard = call.listen(from, ms(2_500), PATIENCE).await;
    assert!(matches!(heard, Listened::Spoke(_)), "{heard:?}");
}

async fn relieved(first: Kind, second: Kind) -> String {
    let workers = Workers::new(env!("CARGO_BIN_EXE_earpiece"));
    let (one, other) = (Stand::open(first, &breaks_off()).await, Stand::open(second, &takes_over()).await);
    let rig = Rig::open(&[&one, &other], &[]).await;
    other.understands("Yes, please.");
    let call = rig.dial();
    // Whoever waits for so much, and not for silence, is not misled where the machine stutters.
    hears(&call, 1_800).await;
    speaks(&call).await;
    let switched = call.position();
    if second == Kind::Local {
        rig.noted(|notes| {
            texts(notes, "assistant_said").iter().any(|said| said.contains("Shall I book it?"))
        })
        .await;
        listened(&call, switched).await;
        speaks(&call).await;
        rig.noted(|notes| texts(notes, "assistant_said").iter().any(|said| said.contains("It is booked")))
            .await;
        listened(&call, call.position()).await;
    } else {
        hears(&call, 1_800 + 2_000 + 900 + 1_200).await;
        speaks(&call).await;
        hears(&call, 1_800 + 2_000 + 900 + 1_200 + 1_000).await;
    }
    let heard = stretches(&call, 0..call.position(), &TONES);
    call.hang_up();
    let notes = rig.noted(|notes| count(notes, "ended") == 1).await;
    let told = format!("{first:?}, then {second:?}: {:?}\n{notes:#?}", melody(&heard));
    assert_eq!(count(&notes, "relieved"), 1, "{told}");
    assert_eq!(
        texts(&notes, "assistant_said").iter().filter(|said| said.contains(BRIDGE)).count(),
        1,
        "{told}"
    );
    for session in one.sessions().into_iter().chain(other.sessions()) {
        assert_eq!(session.complaints(), (vec![], vec![]), "{told}");
    }
    let order: Vec<_> = heard.iter().map(|stretch| stretch.hertz).collect();
    for (stretch, whole) in
        heard.iter().zip([1_800, 2_000, 900, 1_200, 1_000]).filter(|(s, _)| s.hertz.is_some())
    {
        assert!(stretch.sounded.abs_diff(ms(whole)) <= ms(160), "{stretch:?}: {told}");
    }
    if second == Kind::Local {
        assert_eq!(
            order,
            [GREETING, BROKEN, 0, 0].map(|hertz| Some(hertz).filter(|hertz| *hertz > 0)),
            "{told}"
        );
        let [.., switched, answered] = &heard[..] else { panic!("{told}") };
        let said = texts(&notes, "assistant_said");
        let [.., bridge, asked, done] = said[..] else { panic!("{told}") };
        let right = format!("{bridge} {asked}");
        let twice = format!("{bridge} {bridge} {asked}");
        let again = format!("{bridge} Thanks for calling Acme. {asked}");
        let choices = [right.as_str(), twice.as_str(), again.as_str(), bridge, asked, done];
        assert_eq!(made_out(&workers, &call, switched, &choices).await, Some(right.as_str()), "{told}");
        assert_eq!(made_out(&workers, &call, answered, &choices).await, Some(done), "{told}");
        assert!(asked.contains("Shall I book it?") && done.contains("It is booked"), "{told}");
        let booked = rig.store.appointments_between("main", 0, i64::MAX).await.expect("read");
        assert_eq!(booked.len(), 1, "{told}");
    } else {
        assert_eq!(order, TONES.map(Some), "{told}");
        let session = other.told_to_say(BRIDGE).expect("these very words");
        let so_far = session.so_far();
        let said = |who: &str, what: &str| (who.to_owned(), what.to_owned());
        assert_eq!(
            so_far[..2],
            [said("assistant", "Thanks for calling Acme."), said("user", &wish())],
            "{told}"
        );
        // Of the four seconds two came, which is no more than half of the words.
        let [(who, broken)] = &so_far[2..] else { panic!("{so_far:?}") };
        assert!(
            who == "assistant" && broken.starts_with("Let me have") && broken.len() < 40,
            "{so_far:?}: {told}"
        );
    }
    assert_eq!(call.ended().await.expect("the call is put through").errors, [], "{told}");
    rig.well(first).await;
    let next = rig.dial();
    assert!(next.hear_for(0, ms(1_000)).await);
    let greeted = stretches(&next, 0..next.position(), &TONES);
    assert_eq!(greeted.first().and_then(|stretch| stretch.hertz), Some(GREETING), "{first:?} {second:?}");
    next.hang_up();
    format!("{:12} then {:12} {:?}", first.name(), second.name(), melody(&heard))
}

/// The local engine, whose voice and ear are taken from it in mid-word.
async fn local_relieved(second: Kind) -> String {
    let (mut one, other) =
        (Stand::open(Kind::Local, &breaks_off()).await, Stand::open(second, &takes_over()).await);
    let rig = Rig::open(&[&one, &other], &[]).await;
    let call = rig.dial();
    hears(&call, 1_000).await;
    one.falters(&wish());
    speaks(&call).await;
    let broken = call.position();
    assert!(call.hear_for(broken, ms(1_900)).await, "half of a sentence");
    one.dies();
    assert!(call.hear_for(broken, ms(2_000 + 900 + 1_200 - 100)).await);
    call.wait(ms(400)).await;
    speaks(&call).await;
    assert!(call.hear_for(broken, ms(2_000 + 900 + 1_200 + 1_000 - 100)).await);
    call.wait(ms(400)).await;
    let heard = stretches(&call, 0..call.position(), &[VOICE, BRIDGING, GOING_ON, ANSWER]);
    call.hang_up();
    let notes = rig.noted(|notes| count(notes, "ended") == 1).await;
    let told = format!("local, then {second:?}: {:?}\n{notes:#?}", melody(&heard));
    let order: Vec<_> = heard.iter().map(|stretch| stretch.hertz).collect();
    assert_eq!(order, [VOICE, VOICE, BRIDGING, GOING_ON, ANSWER].map(Some), "{told}");
    for (stretch, whole) in heard[1..].iter().zip([2_000, 900, 1_200, 1_000]) {
        assert!(stretch.sounded.abs_diff(ms(whole)) <= ms(160), "{stretch:?}: {told}");
    }
    let so_far = other.told_to_say(BRIDGE).expect("these very words").so_far();
    let [(_, greeting), (_, asked), (who, broken)] = &so_far[..] else { panic!("{so_far:?}: {told}") };
    // It writes down what it has heard as it looks for it: in small letters, numbers in words.
    assert!(
        greeting.starts_with("Thanks for calling Acme.") && asked.contains("book an appointment"),
        "{so_far:?}"
    );
    assert!(who == "assistant" && broken.starts_with("That is") && broken.len() < 40, "{so_far:?}");
    assert_eq!(call.ended().await.expect("the call is put through").errors, [], "{told}");
    format!("{:12} then {:12} {:?}", "local", second.name(), melody(&heard))
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_engine_is_killed_in_mid_word_whichever_is_next_goes_on_after_one_sentence_about_it() {
    let mut calls = JoinSet::new();
    for first in Kind::SERVICES {
        for second in Kind::ALL.into_iter().filter(|second| *second != first) {
            calls.spawn(relieved(first, second));
        }
    }
    for second in Kind::SERVICES {
        calls.spawn(local_relieved(second));
    }
    together::tabled(calls).await;
}
