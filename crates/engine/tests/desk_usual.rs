//! What the desk asks somebody whose last appointment it was reminded of.

use engine::local::{
    Hypothesis,
    desk::{Desk, DeskOutput, DeskSetup},
};
use jiff::Zoned;
use std::time::Duration;
use when::{Hours, Kind};

fn desk(usual: &str) -> (Desk, Zoned) {
    let now: Zoned = "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment");
    let kind = |name: &str| Kind::new(name, Duration::from_secs(30 * 60));
    let mut desk = Desk::new(DeskSetup {
        now: now.clone(),
        hours: Hours { kinds: vec![kind("haircut"), kind("shave"), kind("eye test")], ..Hours::default() },
        greeting: String::new(),
        business: String::new(),
        caller: "Anna".into(),
        so_far: None,
    });
    desk.remind_of(usual);
    said(&mut desk);
    (desk, now)
}

fn said(desk: &mut Desk) -> String {
    let mut said = Vec::new();
    while let Some(output) = desk.poll() {
        if let DeskOutput::Say(sentence) = output {
            said.push(sentence);
        }
    }
    said.join(" ")
}

fn say(desk: &mut Desk, now: &Zoned, words: &str) -> String {
    desk.hear(now, &[Hypothesis { text: words.into(), confidence: 0.9, language: None }]);
    said(desk)
}

#[test]
fn whoever_had_a_shave_last_is_asked_whether_it_is_one_again_and_yes_is_enough() {
    let (mut desk, now) = desk("shave");
    let asked = say(&mut desk, &now, "i would like an appointment next tuesday at ten");
    assert!(asked.contains("a shave again"), "{asked}");
    assert!(desk.grammar(&now).contains("<yes>"), "so that a yes can be heard");
    // The calendar is asked about the time with that kind.
    desk.hear(&now, &[Hypothesis { text: "yes please".into(), confidence: 0.9, language: None }]);
    let mut wanted = None;
    while let Some(output) = desk.poll() {
        if let DeskOutput::Wants(call) = output {
            wanted = Some(call);
        }
    }
    let wanted = wanted.expect("a tool");
    assert!(wanted.arguments.contains("shave"), "{wanted:?}");
}

#[test]
fn a_yes_that_says_more_is_enough_for_the_same_as_last_time() {
    for words in ["Yes, the same as last time", "yes the same as the last time", "yeah, I guess so"] {
        let (mut desk, now) = desk("shave");
        say(&mut desk, &now, "i need an appointment");
        assert_eq!(say(&mut desk, &now, words), "Which day would you like?", "{words}");
        desk.hear(&now, &[Hypothesis { text: "tuesday at ten".into(), confidence: 0.9, language: None }]);
        let mut wanted = None;
        while let Some(output) = desk.poll() {
            if let DeskOutput::Wants(call) = output {
                wanted = Some(call);
            }
        }
        assert!(wanted.is_some_and(|call| call.arguments.contains("shave")), "{words}");
    }
    for words in ["yes, something else", "yes but a different one"] {
        let (mut desk, now) = desk("shave");
        say(&mut desk, &now, "i need an appointment");
        let asked = say(&mut desk, &now, words);
        assert!(asked.contains("shave again"), "{words}: {asked}");
    }
}

#[test]
fn another_kind_than_last_time_is_heard_as_well() {
    let (mut desk, now) = desk("shave");
    say(&mut desk, &now, "i need an appointment");
    let asked = say(&mut desk, &now, "no a haircut next tuesday at ten");
    assert!(!asked.contains("again"), "{asked}");
}

#[test]
fn a_kind_that_the_office_does_not_have_any_more_is_passed_over() {
    let (mut desk, now) = desk("perm");
    let asked = say(&mut desk, &now, "i need an appointment");
    assert!(asked.contains("What is it for") && !asked.contains("again"), "{asked}");
    let again = say(&mut desk, &now, "yes");
    assert!(!again.contains("Which day"), "a yes says nothing about what it is for: {again}");
}
