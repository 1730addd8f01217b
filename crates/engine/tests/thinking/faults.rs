//! A model that is slow, wrong, or gone.

use crate::rig::{Rig, brief, ms};
use call::EngineEvent;
use engine::{
    Brief,
    local::{cascade::Thinking, llm::Delta},
};

const BRIDGE: &str = "I am sorry, something is wrong on my side.";

#[test]
fn a_slow_model_is_excused_once_in_a_turn() {
    let mut rig = Rig::asked_about("what do you have next week then");
    rig.wait(ms(3_000));
    assert_eq!(rig.speak(), "One moment, please.");
    rig.delta(Delta::Busy);
    rig.wait(ms(5_000));
    assert!(rig.asked.is_empty(), "once is enough");
    rig.answers("Monday.");
    assert_eq!(rig.speak(), "Monday.");
}

#[test]
fn a_thought_without_a_beginning_is_not_said_again_once_the_model_is_known_for_it() {
    let mut rig = Rig::asked_about("what do you have next week then");
    rig.answers("They ask for next week.</think>Monday.");
    assert!(rig.speak().ends_with("Monday."));
    rig.quiet(2_000);
    rig.says("and the week after");
    rig.text("They ask for the week after. I have a look. ");
    assert!(rig.asked.is_empty(), "{:?}", rig.asked);
    rig.answers("</think>Tuesday.");
    assert_eq!(rig.speak(), "Tuesday.");
    rig.quiet(2_000);
    rig.says("thank you very much");
    rig.answers("You are welcome.");
    assert_eq!(rig.speak(), "You are welcome.", "where nothing ends, nothing was thought");
}

#[test]
fn nothing_is_said_of_what_a_model_thinks_that_is_known_to_begin_within_a_thought() {
    let how = Thinking { last: true, unopened: true, ..Thinking::default() };
    let mut rig = Rig::thinking(brief(), how);
    rig.speak();
    rig.quiet(2_000);
    rig.says("what do you have next week then");
    rig.text("They ask for next week. I have a look. ");
    assert!(rig.asked.is_empty(), "{:?}", rig.asked);
    rig.answers("</think>Monday.");
    assert_eq!(rig.speak(), "Monday.");
}

#[test]
fn words_that_are_long_in_coming_are_excused_once_in_a_turn() {
    let mut rig = Rig::greeted();
    rig.loud(800);
    rig.quiet(700);
    rig.wait(ms(2_000));
    assert!(rig.asked.is_empty());
    rig.wait(ms(600));
    assert_eq!(rig.speak(), "One moment, please.");
    rig.wait(ms(5_000));
    rig.recognise("what do you have next week then");
    rig.wait(ms(4_000));
    assert!(rig.asked.is_empty(), "once is enough, whatever is slow");
    rig.answers("Monday.");
    assert_eq!(rig.speak(), "Monday.");
    rig.quiet(2_000);
    rig.loud(800);
    rig.quiet(700);
    rig.wait(ms(3_000));
    assert_eq!(rig.speak(), "One moment, please.", "and again in the next");
}

#[test]
fn who_is_told_to_wait_hears_it_to_its_end_when_the_words_come() {
    let mut rig = Rig::greeted();
    rig.loud(800);
    rig.quiet(700);
    rig.wait(ms(3_000));
    let (filler, _) = rig.asked[0].clone();
    let [half, ..] = crate::parts::spoken(filler, rig.sentence);
    rig.cascade.handle(rig.now, half);
    rig.recognise("what do you have next week then");
    rig.text("Monday. ");
    let asked: Vec<&str> = rig.asked.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(asked, ["One moment, please.", "Monday."]);
    assert_eq!(rig.asked[0].0, filler, "it is not begun anew");
}

#[test]
fn who_speaks_on_while_words_are_awaited_is_not_told_to_wait_meanwhile() {
    let mut rig = Rig::greeted();
    rig.loud(800);
    rig.quiet(700);
    rig.loud(3_000);
    rig.wait(ms(100));
    assert!(rig.asked.is_empty());
    rig.quiet(700);
    rig.wait(ms(100));
    assert_eq!(rig.speak(), "One moment, please.");
}

#[test]
fn a_cough_over_a_voice_needs_no_excuse_however_slow_the_ear_is() {
    let mut rig = Rig::asked_about("what do you have next week then");
    rig.answers("On Monday there is ten.");
    rig.speak();
    rig.loud(200);
    rig.quiet(700);
    rig.wait(ms(6_000));
    assert!(rig.asked.is_empty(), "the call has gone on by itself");
}

#[test]
fn a_model_that_fails_is_asked_again_and_then_the_desk_answers() {
    let mut rig = Rig::asked_about("book an appointment on tuesday, the first");
    rig.fails("127.0.0.1 is in trouble (503).", false);
    assert_eq!(rig.troubles(), ["127.0.0.1 is in trouble (503)."]);
    assert_eq!(rig.asks.len(), 2);
    rig.fails("127.0.0.1 is in trouble (503).", false);
    let said = rig.speak();
    assert!(said.starts_with(BRIDGE), "{said}");
    assert!(said.contains("time"), "the desk goes on with what was said last: {said}");
    rig.quiet(15_000);
    rig.unknown.clear();
    rig.loud(800);
    rig.quiet(700);
    rig.recognise("at ten in the morning");
    assert_eq!(rig.wanted()[0].name, "check_calendar_availability");
}

#[test]
fn a_refusal_for_good_is_not_tried_again() {
    let mut rig = Rig::asked_about("what is the weather like today");
    rig.fails("api.openai.com does not accept the key (401).", true);
    assert_eq!(rig.asks.len(), 1);
    assert!(rig.speak().starts_with(BRIDGE));
    assert_eq!(rig.troubles().len(), 1, "the owner is told");
}

#[test]
fn where_another_engine_is_left_it_goes_on_whatever_the_desk_speaks() {
    for language in ["en-US", "de-DE"] {
        let brief = Brief { language: language.into(), ..brief() };
        let mut rig = Rig::thinking(brief, Thinking { last: false, ..Thinking::default() });
        rig.speak();
        rig.says("guten tag");
        rig.fails("no", true);
        assert!(matches!(rig.events.last(), Some(EngineEvent::Failed(failure)) if failure.lasting));
        assert!(rig.asked.is_empty(), "the next one bridges: {:?}", rig.asked);
    }
}

#[test]
fn an_answer_that_breaks_off_is_gone_on_with() {
    let mut rig = Rig::asked_about("what do you have next week then");
    rig.text("On Monday there is ten. On Tue");
    rig.speak();
    rig.fails("ended its answer in the middle", false);
    let told = rig.conversation();
    assert_eq!(told[3], "A On Monday there is ten.");
    assert!(told[4].contains("broke off"), "{told:?}");
    rig.answers("On Tuesday eleven.");
    assert_eq!(rig.speak(), "On Tuesday eleven.");
    assert_eq!(rig.kinds().last(), Some(&"done"));
}

const CUT_SHORT: &str = "The language model's answer was cut short: it became too long.";

#[test]
fn of_an_answer_that_is_cut_short_only_whole_sentences_are_said() {
    let mut rig = Rig::asked_about("what do you have next week then");
    rig.text("On Monday there is ten. On Tuesday there is el");
    rig.is_cut_short();
    assert_eq!(rig.speak(), "On Monday there is ten.");
    assert_eq!(rig.troubles(), [CUT_SHORT], "and the owner is told");
    assert_eq!((rig.asks.len(), rig.kinds().last()), (1, Some(&"done")));
}

#[test]
fn who_is_left_within_a_sentence_that_is_cut_short_hears_its_end() {
    let mut rig = Rig::asked_about("what do you have next week then");
    let long =
        "I have looked at the calendar for next week, and it seems that on Tuesday there is still some";
    rig.text(long);
    assert_eq!(rig.asked.len(), 1, "a long first sentence leaves at a comma");
    rig.is_cut_short();
    assert_eq!(rig.speak(), "I have looked at the calendar for next week");
    assert_eq!(rig.troubles(), [CUT_SHORT]);
    let told = rig.conversation();
    assert_eq!(told[told.len() - 2..], ["A I have looked at the calendar for next week", "C [Go on.]"]);
    rig.answers("there is something free on Tuesday.");
    assert_eq!(rig.speak(), "there is something free on Tuesday.");
    assert_eq!(rig.asks.len(), 2);
}

#[test]
fn an_answer_that_is_cut_short_before_its_first_sentence_ends_is_asked_for_again() {
    let mut rig = Rig::asked_about("what do you have next week then");
    rig.text("On Mon");
    rig.is_cut_short();
    assert!(rig.asked.is_empty());
    assert_eq!(rig.troubles(), [CUT_SHORT]);
    assert!(rig.conversation().last().expect("a note").contains("plain sentences"));
    rig.answers("Monday.");
    assert_eq!(rig.speak(), "Monday.");
}

#[test]
fn a_tool_that_was_wanted_whole_before_the_answer_was_cut_short_is_used() {
    let mut rig = Rig::asked_about("what do you have next week then");
    rig.text("Let me see. It");
    rig.wants("check_calendar_availability", "{}");
    rig.wants("create_calendar_event", "{\"start\": \"2026-1");
    rig.is_cut_short();
    assert_eq!(rig.speak(), "Let me see.");
    let wanted = rig.wanted();
    assert_eq!(wanted.len(), 1, "half a wish is none: {wanted:?}");
    assert_eq!(wanted[0].name, "check_calendar_availability");
}

#[test]
fn a_stream_that_stalls_is_given_up() {
    let mut rig = Rig::asked_about("what do you have next week then");
    rig.text("On Monday");
    rig.wait(ms(9_000));
    assert_eq!(rig.troubles(), ["The language model stopped in the middle of its answer."]);
    assert_eq!(rig.forgotten, [1]);
    assert_eq!(rig.speak(), "One moment, please.");
    rig.wait(ms(25_000));
    assert_eq!(rig.troubles().last(), Some(&"The language model does not begin to answer."));
    let said = rig.speak();
    assert!(said.contains(BRIDGE), "{said}");
}

#[test]
fn thinking_without_end_is_given_up() {
    let mut rig = Rig::asked_about("what do you have next week then");
    for _ in 0..50 {
        rig.delta(Delta::Busy);
        rig.wait(ms(1_000));
    }
    assert!(rig.troubles().contains(&"The language model thinks without end."), "{:?}", rig.troubles());
}

#[test]
fn an_answer_without_a_word_is_asked_for_again() {
    for empty in ["", "<think>hm</think>", "{\"a\":1}", "***", "[note]"] {
        let mut rig = Rig::asked_about("what do you have next week then");
        rig.answers(empty);
        assert!(rig.troubles()[0].contains("nothing that can be spoken"));
        assert!(rig.conversation().last().expect("a note").contains("plain sentences"), "{empty:?}");
        rig.answers("Monday.");
        assert_eq!(rig.speak(), "Monday.");
    }
}

#[test]
fn a_tool_that_answers_after_the_model_is_gone_is_told_to_the_caller() {
    let mut rig = Rig::asked_about("book tuesday at ten please");
    rig.wants("create_calendar_event", "{}");
    rig.done();
    let wanted = rig.wanted();
    rig.says("hurry up please");
    rig.fails("gone", true);
    rig.speak();
    rig.answer(&wanted[0], "It is booked for Tuesday.");
    assert_eq!(rig.speak(), "It is booked for Tuesday.");
}

#[test]
fn an_answer_without_end_is_not_spoken_without_end() {
    let mut rig = Rig::asked_about("tell me everything");
    for _ in 0..5_000 {
        rig.text("And then there was more to say. ");
    }
    rig.done();
    let said = rig.speak();
    assert!(said.len() < 8_000, "{}", said.len());
}

#[test]
fn noise_is_asked_about_but_not_for_ever() {
    let mut rig = Rig::greeted();
    for _ in 0..6 {
        rig.says("");
        if rig.asks.len() > rig.forgotten.len() && !rig.kinds().contains(&"done") {
            rig.answers("Pardon?");
        }
        rig.speak();
        rig.quiet(2_000);
    }
    assert!(rig.asks.len() <= 2, "{}", rig.asks.len());
}

#[test]
fn any_order_of_events_leaves_a_cascade_that_answers() {
    for seed in 0..300 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rig = Rig::greeted();
        for _ in 0..60 {
            match random.u8(0..14) {
                0 => rig.loud(20 * random.u64(1..60)),
                1 | 2 => rig.quiet(20 * random.u64(1..80)),
                3 if !rig.unknown.is_empty() => {
                    rig.recognise(["", "yes", "and", "what is free today"][random.usize(0..4)]);
                }
                4 | 5 if !rig.asks.is_empty() => {
                    rig.text(["Hello. ", "{\"", "<think>", "Dr", "</think>"][random.usize(0..5)]);
                }
                6 if !rig.asks.is_empty() => rig.done(),
                7 if !rig.asks.is_empty() => rig.wants("hang_up", ["{}", "x"][random.usize(0..2)]),
                8 if !rig.asks.is_empty() && random.u8(0..8) == 0 => rig.fails("gone", random.bool()),
                9 => drop(rig.speak()),
                10 => rig.tell(call::EngineCommand::Cancel),
                11 => rig.tell(call::EngineCommand::Key('1')),
                12 => rig.wait(ms(random.u64(1..4_000))),
                13 => {
                    if let Some(call) = rig.wanted().first() {
                        rig.answer(call, "Done.");
                    }
                }
                _ => rig.tell(call::EngineCommand::Respond),
            }
        }
        // Whatever happened: a question is answered, by the model or the desk.
        rig.speak();
        rig.wait(ms(120_000));
        rig.speak();
        rig.quiet(3_000);
        while !rig.unknown.is_empty() {
            rig.recognise("");
        }
        rig.speak();
        rig.quiet(12_000);
        rig.loud(400);
        rig.quiet(2_000);
        rig.recognise("help");
        rig.quiet(1_000);
        rig.wait(ms(120_000));
        assert!(!rig.speak().is_empty(), "seed {seed}: {:?}", rig.kinds());
    }
}
