//! Tools under way: covered by a filler, told of, given up, and never lost nor run twice.

mod sim;
use call::*;
use sim::*;

/// What the call has said by itself.
fn words(sim: &Sim) -> Vec<&str> {
    let told = sim.engine_was_told().into_iter().filter_map(|command| match command {
        EngineCommand::Say(words) => Some(words.as_str()),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_slow_tool_is_covered_by_a_filler() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "calendar");
    sim.done();
    sim.pass(ms(801));
    let fillers = |sim: &Sim| sim.said(|o| matches!(o, Output::Engine(EngineCommand::Say(_)))).len();
    assert_eq!(fillers(&sim), 1);
    sim.speak(1, ms(900));
    sim.done();
    sim.pass(secs(5));
    assert_eq!(fillers(&sim), 1, "once is enough");
    sim.give(Input::Tool(id("t"), answer("free")));
    assert_eq!(sim.said(is_answer).len(), 1);
}

#[test]
fn a_quick_tool_needs_no_filler() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "calendar");
    sim.done();
    sim.pass(ms(300));
    sim.give(Input::Tool(id("t"), answer("free")));
    sim.done();
    sim.pass(secs(5));
    assert!(sim.said(|o| matches!(o, Output::Engine(EngineCommand::Say(_)))).is_empty());
}

#[test]
fn a_hung_tool_is_answered_as_failed_and_only_once() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "calendar");
    sim.done();
    sim.pass(secs(16));
    sim.give(Input::Tool(id("t"), answer("free")));
    let answers = sim.said(is_answer);
    assert!(
        matches!(&answers[..], [Output::Engine(EngineCommand::Answer(_, answer))] if !answer.ok),
        "{answers:?}"
    );
}

#[test]
fn what_a_tool_did_after_it_was_given_up_is_told() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "create_calendar_event");
    sim.done();
    sim.pass(secs(16));
    sim.give(Input::Tool(id("t"), booked("Booked for Tuesday at ten.")));
    assert_eq!(sim.said(is_answer).len(), 1);
    let told = sim.engine_was_told();
    assert!(
        matches!(told.last(), Some(EngineCommand::Prompt(news)) if news.contains("Booked for Tuesday at ten.")),
        "{told:?}"
    );
}

#[test]
fn a_finished_tool_is_not_lost_to_a_barge_in() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "create_calendar_event");
    sim.done();
    sim.engine(EngineEvent::CallerSpeaks);
    sim.give(Input::Tool(id("t"), booked("Booked.")));
    assert!(sim.said(is_answer).is_empty(), "the assistant does not talk over the caller");
    sim.caller_says(1, "are you still there");
    sim.engine(EngineEvent::CallerPauses);
    let told = sim.engine_was_told();
    assert!(matches!(told[..], [EngineCommand::Answer(..), EngineCommand::Respond]), "{told:?}");
}

#[test]
fn what_a_withdrawn_tool_did_is_told() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "create_calendar_event");
    sim.engine(EngineEvent::Withdraws(id("t")));
    sim.give(Input::Tool(id("t"), booked("Booked.")));
    assert!(matches!(sim.engine_was_told()[..], [EngineCommand::Prompt(_)]));
}

#[test]
fn no_tool_is_run_twice() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "create_calendar_event");
    sim.wants("t", "create_calendar_event");
    sim.give(Input::Tool(id("t"), booked("Booked.")));
    sim.wants("t", "create_calendar_event");
    assert_eq!(sim.said(|o| matches!(o, Output::Tool(..))).len(), 1);
}

#[test]
fn too_many_tools_at_once_are_refused_with_a_sentence() {
    let mut sim = Sim::new(Policy::default());
    for n in 0..20 {
        sim.wants(&n.to_string(), "calendar");
    }
    assert_eq!(sim.said(|o| matches!(o, Output::Tool(..))).len(), 16);
    assert_eq!(sim.said(is_answer).len(), 4);
}

#[test]
fn a_caller_who_waits_is_told_how_much_is_done() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "search_all");
    sim.done();
    sim.pass(ms(801));
    sim.speak(1, ms(900));
    sim.done();
    sim.give(Input::Progress(id("t"), 40));
    sim.pass(secs(9));
    assert_eq!(words(&sim), ["One moment, please.", "I am still at it; about 40 percent is done."]);
}

#[test]
fn progress_is_not_told_twice_nor_where_there_is_none() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "search_all");
    sim.done();
    sim.pass(secs(2));
    sim.done();
    sim.give(Input::Progress(id("t"), 40));
    for _ in 0..4 {
        sim.pass(secs(3));
        sim.done();
    }
    assert_eq!(words(&sim).len(), 2, "{:?}", words(&sim));
    sim.give(Input::Tool(id("t"), answer("found")));
    sim.done();
    sim.give(Input::Progress(id("t"), 90));
    sim.pass(secs(15));
    assert_eq!(words(&sim).len(), 2, "{:?}", words(&sim));
}

#[test]
fn a_tool_that_gets_on_is_waited_for_longer_but_not_for_ever() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "search_all");
    sim.done();
    for tenth in 1..=5 {
        sim.pass(secs(10));
        sim.done();
        sim.give(Input::Progress(id("t"), tenth * 10));
        assert!(sim.said(is_answer).is_empty(), "after {tenth}0 s");
    }
    // One that says the same again does not get on.
    for _ in 0..2 {
        sim.pass(secs(6));
        sim.done();
        sim.give(Input::Progress(id("t"), 50));
    }
    assert_eq!(sim.said(is_answer).len(), 1, "after a minute it is given up");
}

#[test]
fn a_tool_that_is_given_up_is_promised_for_later_where_that_can_be_kept() {
    let later_words = "That takes longer. I will text you what comes of it.".to_owned();
    let mut sim = Sim::new(Policy { later_words: later_words.clone(), ..Policy::default() });
    sim.wants("t", "search_all");
    sim.done();
    sim.pass(secs(16));
    let told = sim.said(is_answer);
    assert!(
        matches!(&told[..], [Output::Engine(EngineCommand::Answer(_, answer))] if answer.say.contains(&later_words)),
        "{told:?}"
    );
    assert_eq!(sim.said(|o| *o == Output::Promised(id("t"))).len(), 1);
    let mut without = Sim::new(Policy::default());
    without.wants("t", "search_all");
    without.done();
    without.pass(secs(16));
    assert!(without.said(|o| matches!(o, Output::Promised(_))).is_empty());
}

#[test]
fn what_the_assistant_withdraws_may_be_stopped() {
    let mut sim = Sim::new(Policy::default());
    sim.wants("t", "search_all");
    assert_eq!(sim.engine(EngineEvent::Withdraws(id("t"))), [Output::Unwanted(id("t"))]);
    sim.give(Input::Tool(id("t"), Answer::failed("Nobody waits for it.")));
    assert!(sim.said(is_answer).is_empty());
    assert_eq!(sim.engine(EngineEvent::Withdraws(id("t"))), [], "it is not under way");
}

#[test]
fn what_was_promised_for_later_is_not_stopped_by_an_assistant_that_withdraws_it() {
    let later_words = "That takes longer. I will text you what comes of it.".to_owned();
    let mut sim = Sim::new(Policy { later_words, ..Policy::default() });
    sim.wants("t", "search_all");
    sim.done();
    sim.pass(secs(16));
    assert_eq!(sim.said(|o| *o == Output::Promised(id("t"))).len(), 1);
    assert_eq!(sim.engine(EngineEvent::Withdraws(id("t"))), []);
    assert!(sim.said(|o| matches!(o, Output::Unwanted(_))).is_empty());
}
