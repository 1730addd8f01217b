//! What is said, and what of it is remembered.

use crate::rig::{Rig, brief, ms};
use call::{EngineCommand, EngineEvent, Manner, Usage};
use engine::{Brief, Said, local::llm::Message};

#[test]
fn sentences_leave_as_they_are_complete_and_in_one_item() {
    let mut rig = Rig::asked_about("what can you do for me");
    rig.text("I can book. And ");
    assert_eq!(rig.asked.len(), 1, "the first is spoken while the second is thought");
    assert_eq!(rig.speak(), "I can book.");
    rig.text("I can cancel");
    rig.text(" things.");
    assert_eq!(rig.asked, [], "it may go on");
    rig.done();
    assert_eq!(rig.speak(), "And I can cancel things.");
    assert_eq!(rig.kinds(), ["voice", "assistant", "done"]);
    let usage = Usage { text_tokens_in: 10, text_tokens_out: 3, ..Usage::default() };
    assert_eq!(rig.events.last(), Some(&EngineEvent::Done(usage)));
}

#[test]
fn the_model_knows_who_it_is_what_was_said_and_what_it_may_do() {
    let rig = Rig::asked_about("what can you do for me");
    let (_, ask) = &rig.asks[0];
    let Message::System(told) = &ask.messages[0] else { panic!("instructions come first") };
    assert!(told.starts_with("You are the assistant of Ada.") && told.contains("spoken aloud"), "{told}");
    assert!(told.contains("en-US"));
    assert_eq!(
        rig.conversation(),
        ["C [The caller is on the line.]", "A Good day. How can I help you?", "C what can you do for me"]
    );
    assert_eq!(ask.tools.len(), 3);
}

#[test]
fn nothing_but_words_reaches_the_callers_ear() {
    for (text, said) in [
        ("<think>They want me to lie. I will.</think>Of course.", "Of course."),
        ("**Sure.** Here is [our page](http://x.example/):\n- one\n- two", "Sure. Here is our page: one two"),
        ("{\"say\": \"Hello.\"}", "Hello."),
        ("Fine. {\"internal\": {\"score\": 1}} [They sound angry.] Bye now.", "Fine. Bye now."),
        ("```python\nprint('hi')\n``` Done.", "Done."),
    ] {
        let mut rig = Rig::asked_about("what can you do for me");
        rig.answers(text);
        assert_eq!(rig.speak(), said);
        assert_eq!(rig.troubles(), Vec::<&str>::new());
    }
}

#[test]
fn only_what_was_heard_before_an_interruption_is_remembered() {
    let mut rig = Rig::asked_about("what can you do for me");
    rig.answers("First one sentence is here. The second sentence was half heard only.");
    rig.speak();
    rig.quiet(1_500);
    let item = rig.item();
    rig.loud(800);
    rig.quiet(200);
    rig.recognise("what about my dog");
    rig.quiet(1_300);
    // The words are known: the call says how much of it was heard, before the model is asked.
    assert_eq!(
        rig.conversation()[2..],
        [
            "C what can you do for me",
            "A First one sentence is here. The second sentence—",
            "C what about my dog"
        ]
    );
    rig.tell(EngineCommand::Cancel);
    rig.tell(EngineCommand::Truncate(item, ms(400)));
    rig.answers("Nice.");
    rig.speak();
    rig.quiet(2_000);
    rig.says("is that all you can say");
    assert_eq!(rig.conversation()[3], "A First one—");
}

#[test]
fn what_the_call_says_was_heard_is_in_the_very_next_question() {
    let mut rig = Rig::asked_about("what can you do for me");
    rig.answers("First one sentence is here. The second sentence was half heard only.");
    rig.speak();
    rig.quiet(1_500);
    let item = rig.item();
    rig.loud(1_200);
    rig.tell(EngineCommand::Cancel);
    rig.tell(EngineCommand::Delete(item));
    rig.quiet(200);
    rig.recognise("what about my dog");
    rig.quiet(1_300);
    assert_eq!(rig.conversation()[2..], ["C what can you do for me\nwhat about my dog"]);
}

#[test]
fn who_goes_on_before_the_answer_is_answered_once() {
    let mut rig = Rig::asked_about("i would like to book something");
    rig.text("Which day");
    rig.says("on tuesday at ten please");
    assert_eq!(rig.forgotten, [1], "the model stops");
    assert_eq!(rig.conversation()[2..], ["C i would like to book something\non tuesday at ten please"]);
    rig.answers("At ten.");
    assert_eq!(rig.speak(), "At ten.");
}

#[test]
fn late_pieces_of_a_forgotten_thought_are_nothing() {
    let mut rig = Rig::asked_about("i would like to book something");
    let old = rig.thought();
    rig.says("no wait please");
    let late = |rig: &mut Rig| {
        let delta = engine::local::llm::Delta::Text("Old news. ".into());
        let input = engine::local::cascade::CascadeInput::Thought { thought: old, result: Ok(delta) };
        rig.cascade.handle(rig.now, input);
        while rig.cascade.poll().is_some() {}
    };
    late(&mut rig);
    rig.answers("Yes?");
    assert_eq!(rig.speak(), "Yes?");
}

#[test]
fn instructions_keys_and_very_words_have_their_place() {
    let mut rig = Rig::greeted();
    rig.tell(EngineCommand::Prompt("Nobody has spoken for a while.".into()));
    assert_eq!(rig.conversation().last().map(String::as_str), Some("C [Nobody has spoken for a while.]"));
    rig.answers("Are you there?");
    rig.speak();
    rig.quiet(2_000);
    rig.tell(EngineCommand::Say("One moment, please. It is 10.30 a.m. now.".into()));
    assert_eq!(rig.speak(), "One moment, please. It is 10.30 a.m. now.");
    for key in ['1', '2'] {
        rig.tell(EngineCommand::Key(key));
    }
    let before = rig.asks.len();
    rig.wait(ms(2_000));
    assert_eq!(rig.asks.len(), before + 1, "once for both");
    let told = rig.conversation();
    let last = &told[told.len() - 2..];
    assert_eq!(
        last,
        ["A Are you there? One moment, please. It is 10.30 a.m. now.", "C [The caller pressed: 1 2]"]
    );
}

#[test]
fn a_conversation_goes_on_where_it_was() {
    let so_far = vec![Said::Assistant("Hello.".into()), Said::Caller("I am [Ada].".into())];
    let mut rig = Rig::with(Brief { so_far, ..brief() });
    assert!(rig.asked.is_empty() && rig.asks.is_empty(), "nobody is greeted twice");
    rig.tell(EngineCommand::Prompt("Go on with the conversation.".into()));
    assert_eq!(
        rig.conversation(),
        ["C [The caller is on the line.]", "A Hello.", "C I am Ada.\n[Go on with the conversation.]"]
    );
}

#[test]
fn who_is_not_greeted_in_english_is_greeted_by_the_model() {
    let mut rig = Rig::with(Brief { greeting: String::new(), language: "de-DE".into(), ..brief() });
    assert!(rig.asked.is_empty());
    rig.answers("Guten Tag!");
    assert_eq!(rig.speak(), "Guten Tag!");
}

#[test]
fn a_line_that_takes_turns_is_answered_each_time() {
    let mut rig = Rig::with(Brief { manner: Manner::Turns, ..brief() });
    rig.speak();
    rig.events.clear();
    rig.loud(500);
    rig.quiet(500);
    rig.tell(EngineCommand::Respond);
    rig.recognise("what can you do");
    rig.answers("A lot.");
    assert_eq!(rig.speak(), "A lot.");
    rig.quiet(500);
    rig.tell(EngineCommand::Respond);
    assert!(rig.conversation().last().expect("a note").contains("could not be understood"));
    rig.answers("Pardon?");
    assert_eq!(rig.speak(), "Pardon?");
    assert_eq!(rig.kinds().last(), Some(&"done"));
}

#[test]
fn a_transcript_of_a_megabyte_is_cut() {
    let mut rig = Rig::asked_about(&"word ".repeat(200_000));
    let size: usize = rig.conversation().iter().map(String::len).sum();
    assert!(size < 10_000, "{size}");
    rig.answers("I see.");
    assert_eq!(rig.speak(), "I see.");
}
