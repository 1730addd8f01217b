//! The caller speaks up: what is stale, what was heard, and what a cough is.

use crate::rig::{
    Sent, Session, assistant, assistant_said, audio_done, begins, caller_said, dones, sounded, speaks, tool,
    user,
};
use call::{EngineCommand, EngineEvent, ItemId};
use engine::Dialect;
use std::time::Duration;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Item 2 is being said, and the call cancels it; the service goes on.
fn cancelled() -> Session {
    let mut session = Session::ready();
    session.read(&assistant("It is a long story."));
    session.sound(100);
    session.tell(EngineCommand::Cancel);
    session.events();
    session.sent();
    session
}

/// Sound comes no faster than it is heard.
fn at_its_pace(session: &mut Session, length: u64) {
    for _ in 0..length / 20 {
        session.wait(ms(20));
        session.sound(20);
    }
}

/// Item 2 is being said, and the caller speaks up.
fn spoken_over() -> Session {
    let mut session = Session::ready();
    session.line(400, false);
    session.read(&assistant("Your order ships today."));
    session.sound(1_000);
    session.events();
    session.all_sent();
    session.read(&speaks());
    session
}

fn pauses(events: &[EngineEvent]) -> usize {
    events.iter().filter(|event| **event == EngineEvent::CallerPauses).count()
}

#[test]
fn stale_sound_belongs_to_what_the_caller_spoke_over() {
    for sign in [assistant("Which one?"), begins()] {
        let mut session = spoken_over();
        assert_eq!(session.events()[0], EngineEvent::CallerSpeaks);
        session.sound(100);
        session.read(&user("No, the other order."));
        session.sound(100);
        session.read(&sign);
        session.sound(100);
        assert_eq!(sounded(&session.events()), [(2, 200), (3, 100)], "{sign}");
    }
}

#[test]
fn stale_sound_is_dropped_once_the_call_is_certain() {
    let mut session = spoken_over();
    session.read(&user("No, the other order."));
    session.events();
    session.tell(EngineCommand::Cancel);
    session.tell(EngineCommand::Truncate(ItemId(2), ms(500)));
    session.sound(100);
    assert!(session.events().is_empty());
    assert_eq!(session.dialect.tally().late_voice, 800);
    session.tell(EngineCommand::Respond);
    session.reply("Which one?");
    let events = session.events();
    assert_eq!((sounded(&events), dones(&events)), (vec![(3, 100)], 1));
}

#[test]
fn a_turn_that_was_sent_whole_leaves_nothing_stale() {
    let mut session = spoken_over();
    session.read(&audio_done());
    session.read(&user("No, the other order."));
    session.sound(100);
    assert_eq!(sounded(&session.events()), [(3, 100)], "a service that sends sound before words");
}

#[test]
fn what_was_cancelled_is_not_heard_again_however_slowly_it_comes() {
    let mut session = cancelled();
    at_its_pace(&mut session, 3_000);
    session.wait(ms(1_500));
    at_its_pace(&mut session, 500);
    assert!(sounded(&session.events()).is_empty(), "nor after a pause between sentences");
    session.reply("Is there anything else?");
    assert_eq!(sounded(&session.events()), [(3, 100)]);

    let mut session = spoken_over();
    session.wait(ms(1_200));
    session.events();
    session.tell(EngineCommand::Cancel);
    session.sound(100);
    assert!(sounded(&session.events()).is_empty(), "nor what came late of what was spoken over");
    session.read(&user("No, the other order."));
    session.tell(EngineCommand::Respond);
    session.sound(100);
    assert_eq!(sounded(&session.events()), [(3, 100)], "what answers the caller is heard");
}

#[test]
fn what_was_asked_for_after_a_cancel_is_heard_though_no_sign_of_it_comes() {
    let mut session = cancelled();
    session.wait(ms(1_500));
    session.tell(EngineCommand::Say("Goodbye.".into()));
    session.sound(100);
    assert_eq!(sounded(&session.events()), [(3, 100)]);

    let mut session = cancelled();
    session.tell(EngineCommand::Say("Goodbye.".into()));
    at_its_pace(&mut session, 900);
    session.wait(ms(200));
    assert!(sounded(&session.events()).is_empty());
    session.sound(100);
    assert_eq!(sounded(&session.events()), [(3, 100)]);

    let mut session = cancelled();
    session.tell(EngineCommand::Prompt("Say goodbye.".into()));
    session.wait(ms(1_000));
    session.sound(100);
    assert_eq!(sounded(&session.events()), [(3, 100)]);
}

#[test]
fn a_call_that_wants_an_answer_is_not_told_that_there_is_none_while_the_last_one_fades() {
    let mut session = cancelled();
    session.tell(EngineCommand::Respond);
    at_its_pace(&mut session, 2_000);
    assert_eq!(dones(&session.events()), 0);
    session.reply("Is there anything else?");
    assert_eq!(dones(&session.events()), 1);
}

#[test]
fn an_interrupted_turn_may_never_be_said_to_be_over() {
    let mut session = spoken_over();
    session.tell(EngineCommand::Respond);
    session.events();
    session.wait(ms(999));
    assert_eq!(dones(&session.events()), 0);
    session.wait(ms(1));
    assert_eq!(dones(&session.events()), 1);

    let mut session = Session::ready();
    session.read(&assistant("Your order ships today."));
    session.sound(1_000);
    session.wait(Duration::from_secs(3));
    assert_eq!(dones(&session.events()), 0);
    session.wait(Duration::from_secs(1));
    let events = session.events();
    assert!(events.contains(&assistant_said(2, "Your order ships today.")));
    assert_eq!(dones(&events), 1, "nor one that nobody interrupted");
}

#[test]
fn our_own_ear_hears_that_the_caller_has_stopped() {
    let mut session = spoken_over();
    session.line(600, true);
    assert_eq!(pauses(&session.events()), 0);
    session.line(380, false);
    assert_eq!(pauses(&session.events()), 0, "a gap between words");
    session.line(60, false);
    assert_eq!(pauses(&session.events()), 1);
    session.line(400, true);
    assert!(session.events().contains(&EngineEvent::CallerSpeaks), "they go on");
    session.read(&user("Wait. The other order."));
    let events = session.events();
    assert_eq!(events, [caller_said(2, "Wait. The other order."), EngineEvent::CallerPauses]);
}

#[test]
fn a_cough_is_a_pause_without_words_and_what_comes_belongs_to_the_sentence() {
    let mut session = spoken_over();
    session.line(500, false);
    session.sound(300);
    let events = session.events();
    assert_eq!(pauses(&events), 1);
    assert_eq!(sounded(&events), [(2, 300)], "the call may go on with it");
    session.wait(Duration::from_secs(1));
    assert_eq!(dones(&session.events()), 1);
    assert!(session.sent().is_empty(), "nothing is to be forgotten");
}

#[test]
fn noise_long_after_a_turn_is_for_the_service_to_judge() {
    let mut session = spoken_over();
    session.line(500, false);
    session.line(4_000, false);
    session.events();
    session.line(1_000, true);
    assert!(session.events().is_empty());
}

#[test]
fn a_line_that_goes_still_in_the_middle_of_a_turn_is_filled_with_silence() {
    let mut session = spoken_over();
    session.wait(ms(749));
    assert!(session.all_sent().is_empty());
    session.wait(ms(1));
    assert_eq!(session.all_sent(), [Sent::Sound(vec![0xFF; 8_000])]);
    assert_eq!(pauses(&session.events()), 1);
    session.wait(Duration::from_secs(60));
    let sent = session.all_sent().into_iter().filter(|sent| matches!(sent, Sent::Sound(_))).count();
    assert_eq!(sent, 9, "but not for ever");
}

#[test]
fn words_without_a_beginning_begin_a_turn() {
    let mut session = Session::ready();
    session.read(&user("Hello?"));
    assert_eq!(
        session.events(),
        [EngineEvent::CallerSpeaks, caller_said(1, "Hello?"), EngineEvent::CallerPauses]
    );
    session.read(&user("Are you there?"));
    assert!(session.events().contains(&caller_said(2, "Are you there?")));
}

#[test]
fn the_agent_is_told_what_was_not_heard() {
    let mut session = spoken_over();
    session.read(&user("No, the other order."));
    session.tell(EngineCommand::Cancel);
    session.sent();
    session.tell(EngineCommand::Truncate(ItemId(2), ms(500)));
    session.tell(EngineCommand::Truncate(ItemId(2), ms(400)));
    let sent = session.sent();
    assert_eq!(sent.len(), 1, "once");
    assert_eq!(sent[0]["type"], "UpdatePrompt");
    let prompt = sent[0]["prompt"].as_str().expect("text");
    assert!(
        prompt.contains("heard was \"Your order\"") && prompt.contains("not hear \"ships today.\""),
        "{prompt}"
    );
    session.dialect.offer(&[tool("read_mail")], &mut session.out);
    let think = session.sent().remove(0);
    assert!(think["think"]["prompt"].as_str().expect("text").ends_with(prompt), "and it is not lost");
}

#[test]
fn the_agent_is_told_only_once_the_caller_has_finished() {
    let mut session = spoken_over();
    session.line(1_000, true);
    session.tell(EngineCommand::Cancel);
    session.tell(EngineCommand::Truncate(ItemId(2), ms(500)));
    assert!(session.sent().is_empty(), "it would end what the service is hearing");
    session.read(&user("No, the other order."));
    assert_eq!(session.sent_types(), ["UpdatePrompt"]);
}

#[test]
fn of_what_was_heard_whole_nothing_is_told_and_of_what_was_not_heard_all() {
    let mut session = spoken_over();
    session.read(&user("No."));
    session.tell(EngineCommand::Truncate(ItemId(2), ms(1_000)));
    assert!(session.sent().is_empty());

    let mut session = spoken_over();
    session.read(&user("No."));
    session.events();
    session.tell(EngineCommand::Delete(ItemId(2)));
    let sent = session.sent();
    assert!(sent[0]["prompt"].as_str().expect("text").contains("before they heard any of this"), "{sent:?}");
    session.tell(EngineCommand::Delete(ItemId(77)));
    session.tell(EngineCommand::Truncate(ItemId(0), ms(1)));
    assert!(session.all_sent().is_empty() && session.events().is_empty());
}

#[test]
fn the_prompt_does_not_grow_without_end() {
    let mut session = Session::ready();
    let mut told = 0;
    for item in 2..100 {
        session.read(&assistant(&"What a long sentence this is. ".repeat(20)));
        session.sound(1_000);
        session.read(&speaks());
        session.read(&user("Stop."));
        session.tell(EngineCommand::Truncate(ItemId(item), ms(500)));
        told += session.sent().len();
    }
    assert_eq!(told, 24);
}

#[test]
fn what_the_call_cancels_by_itself_is_not_heard_on() {
    let mut session = Session::ready();
    session.read(&assistant("Your order"));
    session.sound(100);
    session.events();
    session.tell(EngineCommand::Cancel);
    session.sound(100);
    session.read(&assistant("ships today."));
    session.sound(100);
    assert!(session.events().is_empty());
    session.read(&audio_done());
    session.events();
    session.reply("Is there anything else?");
    assert_eq!(sounded(&session.events()), [(3, 100)], "the next is heard");

    let mut session = Session::ready();
    session.read(&assistant("Your order"));
    session.sound(100);
    session.tell(EngineCommand::Cancel);
    session.wait(Duration::from_secs(1));
    session.events();
    session.reply("Is there anything else?");
    assert_eq!(sounded(&session.events()), [(3, 100)], "though nobody says that the first is over");
}
