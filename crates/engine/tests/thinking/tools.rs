//! Tools that the model wants.

use crate::rig::Rig;
use call::EngineCommand;

const CHECK: &str = "check_calendar_availability";

#[test]
fn a_tool_is_asked_after_what_is_said_before_it_and_its_answer_is_thought_about() {
    let mut rig = Rig::asked_about("is tuesday at ten free");
    rig.text("Let me see.");
    rig.wants(CHECK, "{\"day\":\"2026-11-24\"}");
    rig.done();
    assert_eq!(rig.wanted(), [], "the sentence comes first");
    assert_eq!(rig.speak(), "Let me see.");
    let wanted = rig.wanted();
    assert_eq!(wanted[0].name, CHECK);
    assert_eq!(wanted[0].arguments, "{\"day\":\"2026-11-24\"}");
    assert_eq!(rig.kinds(), ["voice", "assistant", "done"], "the call may fill the silence");
    rig.answer(&wanted[0], "It is free.");
    assert_eq!(
        rig.conversation()[3..],
        [format!("A Let me see. +{CHECK}"), "T {\"ok\":true,\"say\":\"It is free.\"}".into(),]
    );
    rig.answers("It is free. Shall I book it?");
    assert_eq!(rig.speak(), "It is free. Shall I book it?");
}

#[test]
fn a_goodbye_sounds_before_the_call_is_told_to_hang_up() {
    let mut rig = Rig::asked_about("goodbye");
    rig.wants("hang_up", "{}");
    rig.text("Goodbye.");
    rig.done();
    assert_eq!(rig.wanted(), []);
    rig.speak();
    assert_eq!(rig.wanted()[0].name, "hang_up");
}

#[test]
fn ten_at_once_are_asked_once_each_and_thought_about_when_all_have_answered() {
    let mut rig = Rig::asked_about("what is free next week");
    for day in 0..10 {
        rig.wants(CHECK, &format!("{{\"day\":{day}}}"));
    }
    rig.wants(CHECK, "{\"day\":3}");
    rig.done();
    let wanted = rig.wanted();
    assert_eq!(wanted.len(), 10, "none is run twice");
    let asked = rig.asks.len();
    for call in &wanted {
        assert_eq!(rig.asks.len(), asked);
        rig.answer(call, "Free.");
    }
    assert_eq!(rig.asks.len(), asked + 1);
    let answers = rig.conversation().iter().filter(|line| line.starts_with("T ")).count();
    assert_eq!(answers, 11, "the doubled one is answered, too");
}

#[test]
fn what_cannot_be_done_is_told_to_the_model_and_the_owner() {
    for (name, arguments, told, trouble) in [
        ("launch_rockets", "{}", "There is no such tool.", "launch_rockets"),
        (CHECK, "day = monday", "no JSON object", CHECK),
        (CHECK, "[1]", "no JSON object", CHECK),
    ] {
        let mut rig = Rig::asked_about("is tuesday at ten free");
        rig.wants(name, arguments);
        rig.done();
        assert_eq!(rig.wanted(), [], "nothing is run");
        assert!(rig.troubles()[0].contains(trouble), "{:?}", rig.troubles());
        let conversation = rig.conversation();
        assert!(conversation[4].starts_with("T ") && conversation[4].contains(told), "{conversation:#?}");
        rig.answers("I am sorry.");
        assert_eq!(rig.speak(), "I am sorry.");
    }
}

#[test]
fn a_tool_that_the_model_writes_into_its_text_is_asked_and_not_spoken() {
    let mut rig = Rig::asked_about("is tuesday at ten free");
    rig.answers(&format!("One moment.\n{{\"name\": \"{CHECK}\", \"parameters\": {{\"day\": \"x\"}}}}"));
    assert_eq!(rig.speak(), "One moment.");
    assert_eq!(rig.wanted()[0].arguments, "{\"day\":\"x\"}");
}

#[test]
fn what_the_caller_says_meanwhile_is_answered_and_the_answer_of_the_tool_is_not_lost() {
    let mut rig = Rig::asked_about("book tuesday at ten please");
    rig.wants("create_calendar_event", "{\"start\":\"x\"}");
    rig.done();
    let wanted = rig.wanted();
    rig.says("and how is the weather today please");
    assert!(rig.conversation()[4].contains("under way"), "{:#?}", rig.conversation());
    rig.text("I am still booking.");
    rig.wants("create_calendar_event", "{\"start\":\"x\"}");
    rig.done();
    rig.speak();
    assert_eq!(rig.wanted(), [], "it is not booked twice");
    rig.answer(&wanted[0], "It is booked.");
    let told = rig.conversation();
    assert!(told[4].contains("It is booked."), "{told:#?}");
    assert!(told.last().expect("a note").contains("has answered meanwhile"), "{told:#?}");
    rig.answers("It is booked.");
    assert_eq!(rig.speak(), "It is booked.");
}

#[test]
fn who_interrupts_before_a_tool_is_asked_stops_it() {
    let mut rig = Rig::asked_about("book tuesday at ten please");
    rig.text("I will book it now.");
    rig.wants("create_calendar_event", "{\"start\":\"x\"}");
    rig.done();
    rig.says("no stop please");
    rig.speak();
    assert_eq!(rig.wanted(), []);
    assert!(!rig.conversation().iter().any(|line| line.contains("create_calendar_event")));
}

#[test]
fn thoughts_that_only_lead_to_others_come_to_an_end() {
    let mut rig = Rig::asked_about("is tuesday at ten free");
    for round in 0..20 {
        rig.wants("no_such_tool", &format!("{{\"n\":{round}}}"));
        rig.done();
        if !rig.asked.is_empty() {
            break;
        }
    }
    assert!(rig.speak().starts_with("I am sorry, I cannot do that"));
    assert!(rig.asks.len() < 12);
    assert_eq!(rig.kinds().last(), Some(&"done"));
    rig.says("hello");
    rig.answers("Hello.");
    assert_eq!(rig.speak(), "Hello.", "the caller is answered again");
}

#[test]
fn a_caller_who_is_trusted_with_more_is_offered_more() {
    let mut rig = Rig::asked_about("what is in my mail");
    rig.answers("I may not.");
    rig.speak();
    rig.cascade.offer(&[]);
    rig.tell(EngineCommand::Prompt("The caller typed the right PIN.".into()));
    assert_eq!(rig.asks.last().expect("it is asked").1.tools.len(), 0);
}
