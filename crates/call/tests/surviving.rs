//! An engine fails, or its session ends: the call goes on.

mod sim;
use call::*;
use sim::*;

fn with_spares(spares: u32) -> Sim {
    Sim::new(Policy { spares, messages: true, ..Policy::default() })
}

fn answer(say: &str) -> Answer {
    Answer::said(say)
}

fn booked() -> Answer {
    let agreed = Agreed { id: "a1".into(), starts: "2026-11-24T10:00".into() };
    Answer { effect: Effect::Booked(agreed), ..answer("Booked for Tuesday at ten.") }
}

fn id(id: &str) -> ToolCallId {
    ToolCallId(id.into())
}

fn caller(text: &str) -> Past {
    Past::Caller(text.into())
}

fn assistant(text: &str) -> Past {
    Past::Assistant(text.into())
}

/// The caller says this, and it is understood.
fn hear(sim: &mut Sim, turn: u32, text: &str) {
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(ms(600));
    sim.caller_says(turn, text);
    sim.engine(EngineEvent::CallerPauses);
}

/// The assistant says this, and it is heard to its end.
fn say(sim: &mut Sim, item: u32, text: &str) {
    sim.speak(item, secs(2));
    sim.assistant_says(item, text);
    sim.done();
    sim.pass(secs(2));
}

fn handovers(sim: &Sim) -> Vec<&Handover> {
    let handed = sim.log.iter().filter_map(|(_, output)| match output {
        Output::Reopen(handover) => Some(handover),
        _ => None,
    });
    handed.collect()
}

/// What the engine was told to say, to do and to answer since the last one came.
fn told_since(sim: &Sim, came: impl Fn(&Output) -> bool) -> Vec<&EngineCommand> {
    let from = sim.log.iter().rposition(|(_, output)| came(output)).expect("another came");
    let told = sim.log[from..].iter().filter_map(|(_, output)| match output {
        Output::Engine(EngineCommand::Hear(_)) => None,
        Output::Engine(command) => Some(command),
        _ => None,
    });
    told.collect()
}

fn came(output: &Output) -> bool {
    matches!(output, Output::Reopen(_))
}

fn bridges(sim: &Sim) -> usize {
    sim.said(
        |output| matches!(output, Output::Engine(EngineCommand::Say(words)) if words.contains("interrupted")),
    )
    .len()
}

#[test]
fn an_engine_that_fails_in_mid_word_is_relieved_with_the_conversation_so_far_and_one_bridging_sentence() {
    let mut sim = with_spares(1);
    say(&mut sim, 1, "Hello, how can I help?");
    hear(&mut sim, 1, "I need an appointment on friday");
    sim.speak(2, ms(900));
    sim.engine(EngineEvent::AssistantSaid(
        ItemId(2),
        Transcript { text: "Gladly, on Friday the fourth at ten in the morning.".into(), partial: true },
    ));
    sim.pass(ms(400));
    sim.fails();
    let so_far = vec![
        assistant("Hello, how can I help?"),
        caller("I need an appointment on friday"),
        // Nobody says more in the second that was heard of it.
        assistant("Gladly, on F"),
    ];
    assert_eq!(handovers(&sim), [&Handover { so_far, unheard: false }]);
    let told = told_since(&sim, came);
    assert!(
        matches!(told[..], [EngineCommand::Say(words), EngineCommand::Prompt(_)] if words.contains("interrupted")),
        "{told:?}"
    );
    // What had been sent is heard, then the other engine, which counts from the beginning.
    sim.pass(ms(700));
    assert_eq!(sim.heard(2), ms(900));
    sim.speak(0, ms(1_000));
    sim.assistant_says(0, "I am sorry, we were interrupted for a moment.");
    sim.done();
    sim.pass(secs(2));
    assert_eq!(sim.heard(3), ms(1_000), "its first item is the call's fourth");
    assert_eq!(sim.call.ending(), None);
    // A barge-in reaches the engine in its own numbers.
    sim.speak(1, secs(5));
    sim.pass(secs(1));
    let outputs = sim.engine(EngineEvent::CallerSpeaks);
    assert!(outputs.iter().any(is_clear));
    sim.caller_says(1, "at ten please");
    assert!(sim.engine_was_told().contains(&&EngineCommand::Truncate(ItemId(4), secs(1))));
    assert_eq!(bridges(&sim), 1);
}

#[test]
fn the_next_engine_is_told_only_what_was_heard() {
    let mut sim = with_spares(1);
    sim.speak(1, secs(10));
    sim.assistant_says(
        1,
        "We are open on Monday, on Tuesday, on Wednesday, on Thursday and, in summer, on Friday.",
    );
    sim.done();
    sim.pass(secs(2));
    hear(&mut sim, 1, "wednesday is fine");
    sim.fails();
    let handed = handovers(&sim);
    let [Past::Assistant(heard), Past::Caller(words)] = &handed[0].so_far[..] else { panic!("{handed:?}") };
    assert!(heard.starts_with("We are open") && heard.len() < 30, "{heard}");
    assert_eq!(words, "wednesday is fine");
}

#[test]
fn what_the_caller_says_during_the_switch_is_heard_by_the_next_engine() {
    let mut sim = with_spares(1);
    say(&mut sim, 1, "On which day?");
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(ms(500));
    sim.fails();
    assert!(handovers(&sim)[0].unheard);
    assert!(told_since(&sim, came).is_empty(), "nobody speaks over the caller");
    sim.engine(EngineEvent::Ready);
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(1, "on friday at ten");
    sim.engine(EngineEvent::CallerPauses);
    let told = told_since(&sim, came);
    assert!(matches!(told[..], [EngineCommand::Say(_), EngineCommand::Respond]), "{told:?}");
}

#[test]
fn words_that_are_not_known_yet_are_heard_again() {
    let mut sim = with_spares(1);
    say(&mut sim, 1, "On which day?");
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(ms(900));
    sim.engine(EngineEvent::CallerPauses);
    sim.fails();
    assert!(handovers(&sim)[0].unheard);
    // The next engine hears nothing in it: it goes on all the same.
    sim.engine(EngineEvent::Ready);
    sim.pass(secs(3));
    let told = told_since(&sim, came);
    assert!(matches!(told[..], [EngineCommand::Say(_), EngineCommand::Prompt(_)]), "{told:?}");
}

#[test]
fn a_wish_under_way_is_not_lost_and_not_run_twice() {
    let mut sim = with_spares(1);
    say(&mut sim, 1, "Shall I book it?");
    hear(&mut sim, 1, "yes");
    sim.wants("c1", "create_calendar_event");
    sim.fails();
    assert_eq!(sim.said(|output| matches!(output, Output::Tool(..))).len(), 1);
    sim.give(Input::Tool(id("c1"), booked()));
    let told = told_since(&sim, came);
    let news = told.iter().filter(|told| {
        matches!(told, EngineCommand::Prompt(words) if words.contains("Booked for Tuesday at ten.") && words.contains("do not use it again"))
    });
    assert_eq!(news.count(), 1, "{told:?}");
    assert!(!told.iter().any(|told| matches!(told, EngineCommand::Answer(..))), "nobody there asked for it");
    // The next engine's names of uses are its own.
    sim.done();
    assert_eq!(
        sim.wants("c1", "list_appointments")
            .iter()
            .filter(|output| matches!(output, Output::Tool(..)))
            .count(),
        1
    );
    sim.give(Input::Tool(id("1/c1"), answer("One.")));
    assert_eq!(sim.engine_was_told().last(), Some(&&EngineCommand::Answer(id("1/c1"), answer("One."))),);
}

#[test]
fn the_next_engine_is_told_what_was_done() {
    let mut sim = with_spares(1);
    say(&mut sim, 1, "Shall I book it?");
    hear(&mut sim, 1, "yes");
    sim.wants("c1", "create_calendar_event");
    sim.done();
    sim.give(Input::Tool(id("c1"), booked()));
    sim.fails();
    let name = "create_calendar_event".to_owned();
    let tool = Past::Tool { name, said: "Booked for Tuesday at ten.".into(), changed: true };
    assert_eq!(handovers(&sim)[0].so_far.last(), Some(&tool));
}

#[test]
fn a_hung_tool_of_an_engine_that_is_gone_is_told_as_failed() {
    let mut sim = with_spares(1);
    hear(&mut sim, 1, "what is free");
    sim.wants("c1", "calendar");
    sim.fails();
    sim.done();
    sim.pass(secs(20));
    let told = told_since(&sim, came);
    assert!(
        told.iter()
            .any(|told| matches!(told, EngineCommand::Prompt(words) if words.contains("takes too long"))),
        "{told:?}"
    );
}

#[test]
fn an_engine_that_fails_before_anything_was_said_is_relieved_by_one_that_greets() {
    let mut sim = with_spares(1);
    sim.fails();
    assert_eq!(handovers(&sim), [&Handover::default()]);
    assert_eq!(bridges(&sim), 0);
    say(&mut sim, 0, "Hello!");
    assert_eq!(sim.call.ending(), None);
}

#[test]
fn engines_fail_one_after_the_other_until_somebody_takes_a_message() {
    let mut sim = with_spares(2);
    say(&mut sim, 1, "Hello!");
    for _ in 0..3 {
        sim.fails();
        sim.pass(secs(1));
    }
    assert_eq!(handovers(&sim).len(), 2);
    assert_eq!(sim.said(|output| *output == Output::TakeMessage).len(), 1);
    assert_eq!(sim.call.ending(), None);
    // Nobody is left after that.
    sim.fails();
    sim.pass(secs(11));
    assert_eq!(sim.call.ending(), Some(Ending::EngineFailed));
}

#[test]
fn a_cough_that_was_over_when_the_engine_failed_does_not_cost_the_sentence() {
    let mut sim = with_spares(1);
    sim.speak(1, secs(3));
    sim.done();
    sim.pass(secs(1));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(ms(200));
    sim.engine(EngineEvent::CallerPauses);
    sim.fails();
    sim.pass(secs(3));
    assert_eq!(sim.heard(1), secs(3));
}

#[test]
fn a_caller_who_is_recorded_hears_of_the_switch_before_the_answer() {
    let mut sim = Sim::of(Manner::Turns, Policy { spares: 1, ..Policy::default() });
    say(&mut sim, 1, "On which day?");
    sim.fails();
    assert!(told_since(&sim, came).is_empty());
    sim.engine(EngineEvent::Ready);
    sim.give(Input::Line(LineEvent::TurnOver));
    let told = told_since(&sim, came);
    assert!(matches!(told[..], [EngineCommand::Say(_), EngineCommand::Respond]), "{told:?}");
}

#[test]
fn a_turn_that_was_recorded_is_answered_by_the_next_engine() {
    let mut sim = Sim::of(Manner::Turns, Policy { spares: 1, ..Policy::default() });
    say(&mut sim, 1, "On which day?");
    sim.engine(EngineEvent::CallerSpeaks);
    sim.give(Input::Line(LineEvent::TurnOver));
    sim.fails();
    assert!(handovers(&sim)[0].unheard);
    let told = told_since(&sim, came);
    assert!(matches!(told[..], [EngineCommand::Say(_), EngineCommand::Respond]), "{told:?}");
}

/// An hour's session in which the two talk, with a pause now and then.
fn talk(sim: &mut Sim, turns: u32) {
    for turn in 1..=turns {
        hear(sim, turn, "and then");
        say(sim, turn, "I see.");
        sim.pass(secs(3));
    }
}

fn renewals(sim: &Sim) -> usize {
    sim.said(|output| matches!(output, Output::Swap { .. })).len()
}

#[test]
fn a_session_is_rolled_over_before_it_ends_in_a_pause_unheard() {
    let longest_call = secs(3 * 3_600);
    let mut sim = Sim::new(Policy { longest_call, ..Policy::default() });
    sim.give(Input::Expires(sim.now + secs(3_600)));
    talk(&mut sim, 589);
    assert_eq!(sim.now - sim.began, ms(589 * 5_600));
    assert!(sim.said(|output| matches!(output, Output::Renew(_))).is_empty(), "five minutes are enough");
    hear(&mut sim, 590, "still here");
    // The next one is asked for while the last words sound, and takes over when they were heard.
    sim.speak(590, secs(4));
    sim.assistant_says(590, "I am listening.");
    sim.done();
    sim.pass(ms(1_500));
    let asked = sim.said(|output| matches!(output, Output::Renew(_)));
    let [Output::Renew(handover)] = asked[..] else { panic!("{asked:?}") };
    assert_eq!(handover.so_far.last(), Some(&assistant("I am listening.")));
    sim.give(Input::Renewed(Ok(())));
    sim.pass(secs(2));
    assert_eq!(renewals(&sim), 0, "not while the assistant is heard");
    sim.pass(secs(2));
    assert_eq!(renewals(&sim), 1);
    let told = told_since(&sim, |output| matches!(output, Output::Swap { .. }));
    assert!(told.is_empty(), "nobody hears of it: {told:?}");
    sim.give(Input::Expires(sim.now + secs(3_600)));
    talk(&mut sim, 80);
    assert_eq!(sim.call.ending(), None);
    assert!(sim.now - sim.began > secs(61 * 60));
    assert_eq!(renewals(&sim), 1);
}

#[test]
fn a_caller_who_speaks_before_the_new_session_is_there_has_it_opened_anew_with_what_they_said() {
    let mut sim =
        Sim::new(Policy { longest_call: secs(2 * 3_600), silence: secs(3_600), ..Policy::default() });
    sim.give(Input::Expires(sim.now + secs(3_600)));
    sim.pass(secs(3_301));
    hear(&mut sim, 1, "are you there");
    sim.give(Input::Renewed(Ok(())));
    say(&mut sim, 1, "Yes.");
    assert_eq!(renewals(&sim), 0, "it does not know what was said");
    sim.give(Input::Renewed(Ok(())));
    assert_eq!(renewals(&sim), 1);
    let asked = sim.said(|output| matches!(output, Output::Renew(_)));
    let [Output::Renew(first), Output::Renew(second)] = asked[..] else { panic!("{asked:?}") };
    assert!(first.so_far.is_empty());
    assert_eq!(second.so_far, [caller("are you there"), assistant("Yes.")]);
}

#[test]
fn a_tool_under_way_puts_the_roll_over_off() {
    let mut sim =
        Sim::new(Policy { longest_call: secs(2 * 3_600), silence: secs(3_600), ..Policy::default() });
    sim.give(Input::Expires(sim.now + secs(3_600)));
    sim.pass(secs(3_299));
    hear(&mut sim, 1, "book it");
    sim.wants("c1", "create_calendar_event");
    sim.done();
    sim.pass(secs(5));
    assert!(sim.said(|output| matches!(output, Output::Renew(_))).is_empty());
    sim.give(Input::Tool(id("c1"), booked()));
    say(&mut sim, 1, "It is booked.");
    sim.give(Input::Renewed(Ok(())));
    assert_eq!(renewals(&sim), 1);
}

#[test]
fn where_no_pause_comes_the_session_is_rolled_over_all_the_same_and_hears_what_the_caller_says() {
    let policy = Policy {
        longest_call: secs(2 * 3_600),
        monologue: secs(3_600),
        silence: secs(3_600),
        ..Policy::default()
    };
    let mut sim = Sim::new(policy);
    sim.give(Input::Expires(sim.now + secs(3_600)));
    sim.pass(secs(3_290));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(secs(250));
    let asked = sim.said(|output| matches!(output, Output::Renew(_)));
    assert!(matches!(asked[..], [Output::Renew(handover)] if handover.unheard), "{asked:?}");
    sim.give(Input::Renewed(Ok(())));
    assert_eq!(sim.said(|output| *output == Output::Swap { unheard: true }).len(), 1);
    // It notices that the caller speaks, and the conversation goes on.
    sim.engine(EngineEvent::CallerSpeaks);
    sim.caller_says(1, "and that was that");
    sim.engine(EngineEvent::CallerPauses);
    let told = told_since(&sim, |output| matches!(output, Output::Swap { .. }));
    assert_eq!(told, [&EngineCommand::Respond], "and no word about it");
}

#[test]
fn an_assistant_that_speaks_on_and_on_is_rolled_over_at_the_last_moment_with_a_word_about_it() {
    let policy = Policy { longest_call: secs(2 * 3_600), silence: secs(3_600), ..Policy::default() };
    let mut sim = Sim::new(policy);
    sim.give(Input::Expires(sim.now + secs(3_600)));
    for _ in 0..3_599 {
        sim.speak(1, secs(1));
        sim.pass(secs(1));
        if sim.said(|output| matches!(output, Output::Renew(_))).len() == 1 {
            sim.give(Input::Renewed(Ok(())));
        }
    }
    assert_eq!(renewals(&sim), 1);
    assert_eq!(bridges(&sim), 1);
}

#[test]
fn a_new_session_that_cannot_be_opened_is_tried_again_later() {
    let mut sim =
        Sim::new(Policy { longest_call: secs(2 * 3_600), silence: secs(3_600), ..Policy::default() });
    sim.give(Input::Expires(sim.now + secs(3_600)));
    sim.pass(secs(3_301));
    sim.give(Input::Renewed(Err("the service is full".into())));
    let asked = |sim: &Sim| sim.said(|output| matches!(output, Output::Renew(_))).len();
    sim.give(Input::Line(LineEvent::Audio(sound(ms(20)))));
    assert_eq!(asked(&sim), 1, "not at once");
    sim.pass(secs(11));
    sim.give(Input::Line(LineEvent::Audio(sound(ms(20)))));
    assert_eq!(asked(&sim), 2);
    sim.give(Input::Renewed(Ok(())));
    assert_eq!(renewals(&sim), 1);
}

#[test]
fn when_no_more_may_be_spent_the_call_ends_politely() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(3));
    sim.done();
    sim.give(Input::Spent);
    let goodbye = Policy::default().cost_goodbye;
    assert_eq!(sim.engine_was_told(), [&EngineCommand::Say(goodbye)]);
    sim.speak(2, secs(2));
    sim.done();
    sim.pass(ms(4_900));
    assert_eq!(sim.call.ending(), None, "both are heard");
    sim.pass(ms(200));
    assert_eq!(sim.call.ending(), Some(Ending::TooDear));
}

#[test]
fn a_call_that_its_owner_ends_is_ended_with_a_goodbye_that_is_heard() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(3));
    sim.done();
    sim.give(Input::Excused);
    assert_eq!(sim.engine_was_told(), [&EngineCommand::Say(Policy::default().longest_goodbye)]);
    sim.speak(2, secs(2));
    sim.done();
    sim.pass(ms(4_900));
    assert_eq!(sim.call.ending(), None, "both are heard");
    sim.pass(ms(200));
    assert_eq!(sim.call.ending(), Some(Ending::Dismissed));
}

#[test]
fn a_call_that_its_owner_ends_twice_ends_at_once() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(3));
    sim.done();
    sim.give(Input::Excused);
    assert_eq!(sim.call.ending(), None);
    sim.give(Input::Excused);
    assert_eq!(sim.call.ending(), Some(Ending::Dismissed));
}

#[test]
fn a_cough_does_not_kill_a_sentence_of_an_engine_that_falls_silent_by_itself() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(3));
    sim.pass(secs(1));
    sim.engine(EngineEvent::CallerSpeaks);
    // It has cancelled what it was saying, and has nothing more to say.
    sim.done();
    sim.pass(ms(300));
    sim.engine(EngineEvent::CallerPauses);
    sim.pass(ms(1_300));
    sim.pass(secs(3));
    assert_eq!(sim.heard(1), secs(3), "what had been sent is heard to its end");
    assert!(sim.engine_was_told().is_empty(), "{:?}", sim.engine_was_told());
}

#[test]
fn what_an_engine_says_by_itself_to_a_cough_is_heard_after_what_was_resumed() {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(2));
    sim.pass(secs(1));
    sim.engine(EngineEvent::CallerSpeaks);
    sim.done();
    sim.engine(EngineEvent::CallerPauses);
    sim.speak(2, secs(1));
    sim.done();
    sim.pass(secs(5));
    assert_eq!((sim.heard(1), sim.heard(2)), (secs(2), secs(1)));
    assert_eq!(sim.played_items().last(), Some(ItemId(2)));
}
