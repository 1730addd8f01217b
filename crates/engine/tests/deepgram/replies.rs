//! What the agent is asked to say, and when it has finished.

use crate::rig::{
    Session, assistant, assistant_said, audio_done, begins, brief, caller_said, config, dones, failure,
    refused, sounded, speaks, troubles, user, warning,
};
use call::{EngineCommand, EngineEvent};
use serde_json::json;
use std::time::Duration;

fn say(session: &mut Session, words: &str) {
    session.tell(EngineCommand::Say(words.into()));
}

#[test]
fn an_answer_of_several_sentences_is_one_item() {
    let mut session = Session::ready();
    session.turn("Where is my order?");
    session.events();
    session.read(&begins());
    session.read(&assistant("It ships today."));
    session.sound(200);
    session.read(&assistant("Anything else?"));
    session.sound(200);
    session.read(&audio_done());
    let events = session.events();
    assert_eq!(sounded(&events), [(2, 400)]);
    assert!(events.contains(&assistant_said(2, "It ships today. Anything else?")));
    assert_eq!((dones(&events), session.sent().len()), (1, 0));
}

#[test]
fn words_are_told_once_they_sound() {
    let mut session = Session::ready();
    session.read(&assistant("It ships today."));
    assert!(session.events().is_empty());
    session.sound(20);
    assert!(
        matches!(&session.events()[..], [EngineEvent::Voice(..), EngineEvent::AssistantSaid(_, said)] if said.partial)
    );
    session.read(&audio_done());
    session.read(&assistant("Nobody hears this."));
    session.read(&audio_done());
    let events = session.events();
    assert!(events.contains(&assistant_said(2, "It ships today.")));
    assert!(!events.iter().any(|event| format!("{event:?}").contains("Nobody")), "{events:?}");
}

#[test]
fn words_that_never_sound_are_trouble_and_then_a_failure() {
    let mut session = Session::ready();
    session.turn("Hello?");
    session.read(&assistant("Hello."));
    session.events();
    session.wait(Duration::from_secs(15));
    let events = session.events();
    assert_eq!((troubles(&events), dones(&events)), (1, 1));
    session.turn("Hello?");
    session.wait(Duration::from_secs(15));
    assert!(failure(&session.events()).is_some_and(|(_, lasting)| !lasting));
}

#[test]
fn a_pause_without_words_is_waited_for_only_a_moment() {
    let mut session = Session::ready();
    session.read(&speaks());
    session.tell(EngineCommand::Respond);
    session.events();
    session.wait(Duration::from_millis(4_999));
    assert_eq!(dones(&session.events()), 0);
    session.wait(Duration::from_millis(1));
    let events = session.events();
    assert_eq!((dones(&events), troubles(&events)), (1, 0));
}

#[test]
fn thinking_takes_as_long_as_the_service_says_that_it_does() {
    let mut session = Session::ready();
    session.turn("Where is my order?");
    session.events();
    for _ in 0..3 {
        session.wait(Duration::from_secs(14));
        session.read(&warning("SLOW_THINK_REQUEST"));
        session.wait(Duration::from_secs(14));
        session.read(&json!({"type": "AgentThinking", "content": "Hm."}));
    }
    assert_eq!(dones(&session.events()), 0);
    session.reply("It ships today.");
    assert_eq!(dones(&session.events()), 1);
}

#[test]
fn very_words_are_said_after_what_is_being_said() {
    let mut session = Session::ready();
    say(&mut session, "One moment, please.");
    say(&mut session, "I will hang up now. Goodbye.");
    let sent = session.sent();
    assert_eq!(
        sent,
        [json!({"type": "InjectAgentMessage", "message": "One moment, please.", "behavior": "queue"})]
    );
    session.reply("One moment, please.");
    assert_eq!(dones(&session.events()), 0, "there is more to come");
    assert_eq!(session.sent()[0]["message"], "I will hang up now. Goodbye.");
    session.read(&assistant("I will hang up now."));
    session.sound(100);
    session.read(&assistant("Goodbye."));
    session.sound(100);
    session.read(&audio_done());
    let events = session.events();
    assert_eq!((sounded(&events), dones(&events)), (vec![(3, 200)], 1));
}

#[test]
fn very_words_take_the_place_of_what_was_cancelled() {
    let mut session = Session::ready();
    session.read(&assistant("It is a long story."));
    session.sound(100);
    session.tell(EngineCommand::Cancel);
    say(&mut session, "Goodbye.");
    assert_eq!(session.sent()[0]["behavior"], "interrupt");
    session.sound(100);
    session.events();
    session.reply("Goodbye.");
    let events = session.events();
    assert_eq!((sounded(&events), dones(&events)), (vec![(3, 100)], 1));
}

#[test]
fn words_that_are_refused_are_asked_for_again_and_given_up_in_the_end() {
    let mut session = Session::ready();
    say(&mut session, "One moment, please.");
    for refusal in [refused(), warning("INJECT_AGENT_MESSAGE_DURING_USER_SPEECH")] {
        assert_eq!(session.sent_types(), ["InjectAgentMessage"]);
        session.read(&refusal);
        session.read(&refused());
        assert!(session.sent().is_empty() && session.events().is_empty());
        session.wait(Duration::from_secs(1));
    }
    assert_eq!(session.sent_types(), ["InjectAgentMessage"]);
    session.read(&refused());
    let events = session.events();
    assert_eq!((troubles(&events), dones(&events)), (1, 1));
    session.read(&refused());
    assert!(session.events().is_empty(), "nothing of ours");
}

#[test]
fn words_that_are_never_said_are_not_waited_for() {
    let mut session = Session::ready();
    say(&mut session, "One moment, please.");
    session.wait(Duration::from_secs(15));
    let events = session.events();
    assert_eq!((troubles(&events), dones(&events)), (1, 1));
    assert!(failure(&events).is_none());
}

#[test]
fn a_service_that_does_not_repeat_the_words_has_said_them_all_the_same() {
    let mut session = Session::ready();
    say(&mut session, "One moment, please.");
    session.sound(100);
    session.read(&audio_done());
    let events = session.events();
    assert_eq!((sounded(&events), dones(&events)), (vec![(2, 100)], 1));
}

#[test]
fn words_that_follow_all_of_their_sound_are_those_of_what_was_heard() {
    let mut session = Session::ready();
    for item in 2..5 {
        session.turn("Where is my order?");
        session.events();
        session.sound(100);
        session.read(&audio_done());
        let events = session.events();
        assert_eq!((sounded(&events), dones(&events)), (vec![(item, 100)], 1));
        session.read(&assistant("It ships today."));
        assert_eq!(session.events(), [assistant_said(item, "It ships today.")]);
        session.wait(Duration::from_secs(20));
        assert!(session.events().is_empty(), "nothing more is waited for");
    }
    session.turn("Thank you.");
    session.reply("You are welcome.");
    assert!(
        session.events().contains(&assistant_said(5, "You are welcome.")),
        "and others are of what follows"
    );
}

#[test]
fn all_sentences_that_follow_their_sound_are_of_one_answer() {
    let mut session = Session::ready();
    session.turn("Where is my order?");
    session.sound(100);
    session.read(&audio_done());
    session.events();
    for (sentence, so_far) in
        [("It ships today.", "It ships today."), ("Anything else?", "It ships today. Anything else?")]
    {
        session.read(&assistant(sentence));
        assert_eq!(session.events(), [assistant_said(2, so_far)]);
    }
    session.wait(Duration::from_secs(20));
    assert!(session.events().is_empty(), "nothing more is waited for");
    session.read(&assistant("Are you still there?"));
    session.sound(100);
    assert!(sounded(&session.events()).contains(&(3, 100)), "much later it is something else");
}

#[test]
fn words_that_answer_the_caller_are_not_those_of_what_was_said_before() {
    let mut session = Session::ready();
    session.sound(100);
    session.read(&audio_done());
    session.turn("Where is my order?");
    session.reply("It ships today.");
    assert!(session.events().contains(&assistant_said(3, "It ships today.")));
}

#[test]
fn an_instruction_is_answered_and_its_echo_is_not_the_callers() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Prompt("Ask whether the caller is still there.".into()));
    let sent = session.sent();
    let asked = "[Ask whether the caller is still there.]";
    assert_eq!(sent, [json!({"type": "InjectUserMessage", "content": asked})]);
    session.read(&user(asked));
    assert!(session.events().is_empty());
    session.reply("Are you still there?");
    assert_eq!(dones(&session.events()), 1);
    session.read(&user(asked));
    assert_eq!(session.events()[0], EngineEvent::CallerSpeaks, "only once");
}

#[test]
fn an_instruction_that_comes_early_is_kept() {
    let mut session = Session::configured(config(), brief());
    session.sent();
    session.tell(EngineCommand::Prompt("Say that the owner is in.".into()));
    session.tell(EngineCommand::Key('5'));
    assert!(session.all_sent().is_empty());
    session.read(&json!({"type": "SettingsApplied"}));
    let sent = session.sent();
    assert!(sent[0]["content"].as_str().expect("text").contains("key 5"));
    assert_eq!(sent.len(), 1, "the greeting comes first");
    session.reply("Thanks for calling Acme.");
    assert!(session.sent()[0]["content"].as_str().expect("text").contains("owner is in"));
}

#[test]
fn an_instruction_waits_for_what_was_asked_for_before() {
    let mut session = Session::ready();
    say(&mut session, "I am sorry, there was an interruption.");
    session.tell(EngineCommand::Prompt("Go on.".into()));
    session.tell(EngineCommand::Prompt("Mention the weather.".into()));
    assert_eq!(session.sent_types(), ["InjectAgentMessage"]);
    session.read(&assistant("I am sorry, there was an interruption."));
    session.sound(100);
    assert!(session.sent().is_empty(), "it would cut off what is being said");
    session.read(&audio_done());
    assert_eq!(session.sent()[0]["content"], "[Go on.]");
    session.reply("Your order ships today.");
    assert_eq!(dones(&session.events()), 0);
    assert_eq!(session.sent()[0]["content"], "[Mention the weather.]");
    session.reply("It is sunny.");
    assert_eq!(dones(&session.events()), 1);
}

#[test]
fn an_instruction_does_not_cut_off_the_caller() {
    let mut session = Session::ready();
    session.read(&speaks());
    session.tell(EngineCommand::Prompt("Go on.".into()));
    session.wait(Duration::from_millis(500));
    assert!(session.sent().is_empty());
    session.read(&user("Where is my order?"));
    assert!(session.sent().is_empty(), "and they are answered first");
    session.reply("It ships today.");
    assert_eq!(session.sent()[0]["content"], "[Go on.]");
}

#[test]
fn keys_are_told_together_once_no_other_follows() {
    let mut session = Session::ready();
    for key in ['1', 'é', '2', '\n', '#'] {
        session.wait(Duration::from_millis(700));
        session.tell(EngineCommand::Key(key));
    }
    assert!(session.sent().is_empty());
    session.wait(Duration::from_millis(1_500));
    let sent = session.sent();
    assert_eq!(
        sent,
        [json!({"type": "InjectUserMessage", "content": "[The caller pressed the keys 1 2 #.]"})]
    );
    session.reply("Thank you.");
    assert_eq!(dones(&session.events()), 1);
}

#[test]
fn a_done_of_what_was_before_does_not_end_what_was_asked_for_since() {
    let mut session = Session::ready();
    session.reply("It ships today.");
    say(&mut session, "Goodbye.");
    assert_eq!(dones(&session.events()), 0);
    session.reply("Goodbye.");
    assert_eq!(dones(&session.events()), 1);
}

#[test]
fn more_than_can_be_said_is_refused_and_mentioned() {
    let mut session = Session::ready();
    for number in 0..40 {
        say(&mut session, &format!("Number {number}."));
    }
    let events = session.events();
    assert!(troubles(&events) > 0 && session.sent().len() == 1);
}

#[test]
fn what_the_carrier_understood_is_put_to_the_agent_as_the_callers_words() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Read("Where is my order?".into()));
    let sent = session.sent();
    assert_eq!(sent, [json!({"type": "InjectUserMessage", "content": "Where is my order?"})]);
    let events = session.events();
    assert_eq!(events[..2], [EngineEvent::CallerSpeaks, EngineEvent::CallerPauses]);
    assert!(matches!(&events[2], EngineEvent::CallerSaid(turn, said)
        if turn.0 == 1 && said.text == "Where is my order?" && !said.partial));
    // The service repeats what it was given: that is no second turn.
    session.read(&json!({"type": "ConversationText", "role": "user", "content": "Where is my order?"}));
    assert!(!session.events().contains(&EngineEvent::CallerSpeaks));
}

#[test]
fn words_that_the_service_did_not_repeat_may_be_said_later() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Read("Yes.".into()));
    session.reply("Shall I book it?");
    session.events();
    session.wait(Duration::from_secs(3));
    session.turn("Yes.");
    assert!(session.events().contains(&caller_said(2, "Yes.")));
}

#[test]
fn words_that_come_back_behind_a_sentence_that_was_on_its_way_are_not_the_callers() {
    let mut session = Session::ready();
    session.read(&assistant("One moment."));
    session.tell(EngineCommand::Read("Yes.".into()));
    session.events();
    session.read(&assistant("I am looking."));
    session.events();
    session.read(&user("Yes."));
    assert!(session.events().is_empty());
}
