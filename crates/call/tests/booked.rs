//! "Booked" is only said when the tool said so.

mod sim;
use call::{Deed::*, *};
use sim::*;

fn id(id: &str) -> ToolCallId {
    ToolCallId(id.into())
}

fn agreed(starts: &str) -> Agreed {
    Agreed { id: "a1".into(), starts: starts.into() }
}

fn done(effect: Effect) -> Answer {
    Answer { effect, ..Answer::said("That is done.") }
}

fn booked() -> Answer {
    done(Effect::Booked(agreed("2026-11-24T10:00")))
}

fn prompts(sim: &Sim) -> Vec<&str> {
    let told = sim.engine_was_told().into_iter();
    told.filter_map(|told| if let EngineCommand::Prompt(words) = told { Some(words.as_str()) } else { None })
        .collect()
}

/// The assistant says this, and it is heard to its end.
fn say(sim: &mut Sim, item: u32, text: &str) {
    sim.speak(item, secs(4));
    sim.assistant_says(item, text);
    sim.done();
    sim.pass(secs(5));
}

fn use_tool(sim: &mut Sim, name: &str, answer: Answer) {
    sim.wants(name, name);
    sim.done();
    sim.give(Input::Tool(id(name), answer));
}

fn claim(deed: Deed) -> FalseClaim {
    FalseClaim { deed, agreed: None, corrected: true }
}

#[test]
fn booked_is_only_said_when_the_tool_said_so() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(4));
    sim.assistant_says(1, "I've booked you in for Tuesday at ten.");
    sim.done();
    sim.pass(ms(3_999));
    assert!(sim.false_claims().is_empty(), "it has not been heard yet");
    sim.pass(ms(1));
    assert_eq!(sim.false_claims(), [claim(Booked)]);
    let told = prompts(&sim);
    assert!(matches!(told[..], [words] if words.contains("Nothing has been booked yet.")), "{told:?}");
    say(&mut sim, 2, "I am sorry, I misspoke. Nothing has been booked yet.");
    sim.pass(secs(10));
    assert_eq!(sim.false_claims().len(), 1);
    assert_eq!(prompts(&sim).len(), 1);
}

#[test]
fn what_a_tool_has_done_may_be_said() {
    let mut sim = Sim::new(Policy::default());
    use_tool(&mut sim, "create_calendar_event", booked());
    say(&mut sim, 1, "You're booked for Tuesday, November twenty-fourth, at ten.");
    say(&mut sim, 2, "Ich habe Sie für Dienstag, den 24. November um 10 Uhr gebucht.");
    say(&mut sim, 3, "Ihr Termin am 24.11. um 10.00 Uhr wurde bestätigt.");
    say(&mut sim, 4, "Su cita el martes 24 de noviembre quedó agendada.");
    use_tool(&mut sim, "reschedule_appointment", done(Effect::Moved(agreed("2026-11-26T14:00"))));
    say(
        &mut sim,
        5,
        "I've moved your Tuesday appointment to Thursday at two, so you're booked for Thursday.",
    );
    use_tool(&mut sim, "cancel_appointment", done(Effect::Cancelled(agreed("2026-11-26T14:00"))));
    say(&mut sim, 6, "Your appointment on Thursday at two is cancelled.");
    use_tool(&mut sim, "send_sms", done(Effect::Sent("+15550100".into())));
    say(&mut sim, 7, "I've sent you a text.");
    assert_eq!(sim.false_claims(), []);
    assert!(prompts(&sim).is_empty());
}

#[test]
fn a_claim_of_another_deed_is_false_all_the_same() {
    let mut sim = Sim::new(Policy::default());
    use_tool(&mut sim, "create_calendar_event", booked());
    say(&mut sim, 1, "I've booked it, and I've sent you a text.");
    assert_eq!(sim.false_claims(), [claim(Sent)]);
}

#[test]
fn what_was_cancelled_is_not_booked() {
    let mut sim = Sim::new(Policy::default());
    use_tool(&mut sim, "create_calendar_event", booked());
    use_tool(&mut sim, "cancel_appointment", done(Effect::Cancelled(agreed("2026-11-24T10:00"))));
    say(&mut sim, 1, "I've booked it.");
    assert_eq!(sim.false_claims(), [claim(Booked)]);
}

#[test]
fn a_claim_waits_for_the_tool_that_is_at_it() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(2));
    sim.assistant_says(1, "I've booked you in for Tuesday at ten.");
    sim.wants("t", "create_calendar_event");
    sim.done();
    sim.pass(secs(5));
    assert!(sim.false_claims().is_empty());
    sim.give(Input::Tool(id("t"), booked()));
    say(&mut sim, 2, "Done.");
    assert_eq!(sim.false_claims(), []);
    assert!(prompts(&sim).is_empty());
}

#[test]
fn a_claim_that_the_tool_then_refuses_is_corrected() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(2));
    sim.assistant_says(1, "I've booked you in for Tuesday at ten.");
    sim.wants("t", "create_calendar_event");
    sim.done();
    sim.pass(secs(5));
    sim.give(Input::Tool(id("t"), Answer::failed("That time is taken.")));
    assert!(prompts(&sim).is_empty(), "the answer comes first");
    say(&mut sim, 2, "One moment.");
    assert_eq!(sim.false_claims(), [claim(Booked)]);
    assert_eq!(prompts(&sim).len(), 1);
}

#[test]
fn an_assistant_that_takes_it_back_by_itself_is_not_told_to() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(2));
    sim.assistant_says(1, "I've booked you in for Tuesday at ten.");
    sim.wants("t", "create_calendar_event");
    sim.done();
    sim.pass(secs(5));
    sim.give(Input::Tool(id("t"), Answer::failed("That time is taken.")));
    say(&mut sim, 2, "I'm sorry, that time is not available after all.");
    assert_eq!(sim.false_claims(), [FalseClaim { deed: Booked, agreed: None, corrected: false }]);
    assert!(prompts(&sim).is_empty());
}

#[test]
fn a_claim_against_the_tools_refusal_is_corrected() {
    let mut sim = Sim::new(Policy::default());
    use_tool(&mut sim, "create_calendar_event", Answer::failed("You have an appointment then already."));
    say(&mut sim, 1, "All right, you're booked for Tuesday at ten.");
    assert_eq!(sim.false_claims(), [claim(Booked)]);
    assert_eq!(prompts(&sim).len(), 1);
}

#[test]
fn a_wrong_weekday_or_hour_is_corrected_to_what_was_agreed() {
    for text in [
        "I've booked you in for Wednesday at ten.",
        "You're booked for Tuesday, November 25th.",
        "I've booked you in for Tuesday at eleven.",
        "Ich habe Sie für Dienstag, den 25. November um 10 Uhr gebucht.",
        "Ihr Termin am 24.10. wurde bestätigt.",
        "Votre rendez-vous du 24 octobre est enregistré.",
    ] {
        let mut sim = Sim::new(Policy::default());
        use_tool(&mut sim, "create_calendar_event", booked());
        say(&mut sim, 1, text);
        let wrong = FalseClaim { deed: Booked, agreed: Some(agreed("2026-11-24T10:00")), corrected: true };
        assert_eq!(sim.false_claims(), [wrong], "{text}");
        let told = prompts(&sim);
        assert!(told[0].contains("The appointment is on Tuesday, 24 November, at 10:00 AM."), "{told:?}");
    }
}

#[test]
fn a_claim_that_was_cut_off_before_it_was_heard_is_none() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(8));
    sim.assistant_says(
        1,
        "Let me tell you about our opening hours first. I've booked you in for Tuesday at ten.",
    );
    sim.done();
    sim.pass(secs(2));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(1, "wait");
    sim.engine(EngineEvent::CallerPauses);
    sim.done();
    sim.pass(secs(10));
    assert_eq!(sim.false_claims(), []);
    assert!(prompts(&sim).is_empty());
}

#[test]
fn a_claim_that_was_heard_before_the_cut_is_corrected_when_the_caller_has_spoken() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(9));
    sim.assistant_says(
        1,
        "I've booked you in for Tuesday. Now let me tell you about everything else that we do here.",
    );
    sim.done();
    sim.pass(secs(6));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(1, "wait");
    sim.pass(secs(1));
    assert!(prompts(&sim).is_empty(), "the caller is speaking");
    sim.engine(EngineEvent::CallerPauses);
    assert_eq!(sim.false_claims(), [claim(Booked)]);
    assert!(matches!(sim.engine_was_told()[..], [.., EngineCommand::Respond, EngineCommand::Prompt(_)]));
}

#[test]
fn an_assistant_is_told_no_more_than_twice() {
    let mut sim = Sim::new(Policy::default());
    for item in 1..=5 {
        say(&mut sim, item, "I've booked you in for Tuesday at ten.");
    }
    assert_eq!(sim.false_claims().len(), 5, "and all of it is noted");
    assert_eq!(prompts(&sim).iter().filter(|words| words.contains("misspoke")).count(), 2);
}

#[test]
fn a_false_claim_is_corrected_before_the_line_drops() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(3));
    sim.assistant_says(1, "You're booked for Tuesday at ten. Goodbye!");
    sim.wants("bye", "hang_up");
    sim.done();
    sim.pass(secs(4));
    assert_eq!(sim.call.ending(), None);
    assert_eq!(prompts(&sim).len(), 1);
    sim.speak(2, secs(2));
    sim.done();
    sim.pass(secs(3));
    assert_eq!(sim.call.ending(), Some(Ending::AssistantHungUp));
    assert_eq!(sim.heard(2), secs(2));
}

#[test]
fn an_engine_that_does_not_correct_itself_does_not_hold_the_line() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(3));
    sim.assistant_says(1, "You're booked for Tuesday at ten. Goodbye!");
    sim.wants("bye", "hang_up");
    sim.done();
    sim.pass(secs(15));
    assert_eq!(sim.call.ending(), Some(Ending::AssistantHungUp));
}

#[test]
fn a_claim_that_a_caller_heard_before_they_hung_up_is_noted() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(4));
    sim.assistant_says(1, "I've booked you in for Tuesday at ten.");
    sim.wants("t", "create_calendar_event");
    sim.done();
    sim.pass(secs(4));
    sim.give(Input::Line(LineEvent::Closed));
    assert_eq!(sim.false_claims(), [], "the tool is still at it");
    sim.give(Input::Tool(id("t"), Answer::failed("That time is taken.")));
    assert_eq!(sim.false_claims(), [FalseClaim { deed: Booked, agreed: None, corrected: false }]);
}

#[test]
fn a_claim_that_nobody_heard_before_they_hung_up_is_none() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(4));
    sim.assistant_says(1, "Thank you, and I've booked you in for Tuesday at ten.");
    sim.pass(ms(500));
    sim.give(Input::Line(LineEvent::Closed));
    assert_eq!(sim.false_claims(), []);
}

#[test]
fn what_is_read_from_a_calendar_that_nobody_read_is_noted() {
    let reading = "You have three appointments tomorrow.";
    let mut sim = Sim::new(Policy::default());
    say(&mut sim, 1, reading);
    assert_eq!(sim.false_claims(), [FalseClaim { deed: Listed, agreed: None, corrected: false }]);
    assert!(prompts(&sim).is_empty());
    let mut sim = Sim::new(Policy::default());
    use_tool(&mut sim, "list_appointments", Answer::said("There are three tomorrow."));
    say(&mut sim, 1, reading);
    say(&mut sim, 2, "Your appointment is booked for Tuesday at ten.");
    assert_eq!(sim.false_claims(), []);
    say(&mut sim, 3, "Your appointment has been moved to Friday.");
    assert_eq!(sim.false_claims(), [claim(Moved)], "a reading moves nothing");
}
