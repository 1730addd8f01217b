//! What is a yes to "Shall I book it?", and what is none.

use crate::{
    calendar::Deed,
    conversation::{Conversation, at},
};

const READ_BACK: &str = "That is Tuesday, November twenty-fourth, at ten in the morning. Shall I book it?";

/// A caller who has been asked whether Tuesday at ten shall be booked.
fn asked() -> Conversation {
    let mut call = Conversation::begin();
    assert_eq!(call.say("book an appointment on tuesday at ten"), READ_BACK);
    call
}

#[test]
fn what_is_no_yes_for_certain_books_nothing_and_loses_nothing() {
    for said in [
        "Where exactly are you located?",
        "where exactly are you located",
        "When exactly is that?",
        "when exactly is that",
        "What is the correct address?",
        "Could you confirm the price first?",
        "could you confirm the price first",
        "Should I confirm by email?",
        "should i confirm by email",
        "Let me confirm with my wife first",
        "Let me make sure first",
        "Okay, let me think about it",
        "Let me check if that's okay with my boss",
        "great but I need to check first",
        "Would it be all right if I bring my dog?",
        "would it be all right if i bring my dog",
        "hmm okay maybe",
        "yes if you have parking",
        "right, is that with Doctor Smith?",
        "right is that with doctor smith",
        "okay is that with you",
        "Yes?",
        "I'm not sure",
        "okay, one second",
        "one moment please",
        "no problem",
        "No, that's fine.",
        "sure, what does it cost",
        "okay I'll make sure",
        "right now",
        "okay so",
        "yes and",
        "sure, just one thing",
        "hang on",
        "what day is that",
    ] {
        let mut call = asked();
        let reply = call.say(said).to_owned();
        assert!(call.calendar.deeds.is_empty(), "{said}: {:?}", call.calendar.deeds);
        assert!(reply.ends_with(READ_BACK) && reply != READ_BACK, "{said}: {reply}");
        call.say("yes");
        assert_eq!(call.own(), ["11-24 10:00"], "{said}");
    }
}

#[test]
fn a_yes_is_a_yes_in_whatever_words() {
    for said in [
        "yes",
        "Yes.",
        "Yes, please!",
        "yeah",
        "yep, go ahead",
        "Um, yes.",
        "well, okay then",
        "oh yes that's right",
        "that is correct",
        "Correct",
        "exactly",
        "absolutely",
        "sure, book it",
        "book it please",
        "please do",
        "please book it",
        "okay do it",
        "Sounds good to me.",
        "sounds great thanks",
        "that works for me",
        "that would be great",
        "Perfect, thank you very much",
        "great",
        "fine",
        "that's fine",
        "all right",
        "why not",
        "of course",
        "uh huh",
        "yes I would",
        "yes you can",
        "yes I am sure",
        "yes tuesday at ten",
        "yes tuesday at ten is fine",
        "yes, ten is good",
        "yes that's right tuesday the twenty fourth at ten in the morning",
        "I'll take it",
        "let's do that",
        "I confirm",
        "yes but no text message",
        "Yes, but please don't text me",
    ] {
        let mut call = asked();
        let reply = call.say(said).to_owned();
        let unwritten = reply.starts_with("All right, nothing in writing.");
        if unwritten {
            call.say("yes");
        }
        assert_eq!(call.own(), ["11-24 10:00"], "{said}: {reply}");
    }
}

#[test]
fn a_no_is_a_no() {
    for said in ["no", "No, that's wrong.", "that's not right", "not good", "nope", "don't", "no good"] {
        let mut call = asked();
        let reply = call.say(said).to_owned();
        assert!(call.own().is_empty() && reply.contains("What should I change"), "{said}: {reply}");
    }
    for said in ["no thanks", "No, thank you.", "no, I don't want it anymore", "I don't want it"] {
        let mut call = asked();
        let reply = call.say(said).to_owned();
        assert!(call.own().is_empty() && reply.starts_with("All right, nothing has"), "{said}: {reply}");
    }
}

#[test]
fn another_time_beside_a_yes_is_read_back() {
    for said in ["yes eleven", "yes but at eleven", "okay, eleven please"] {
        let mut call = asked();
        let reply = call.say(said).to_owned();
        assert!(
            call.own().is_empty() && reply.contains("at eleven in the morning. Shall"),
            "{said}: {reply}"
        );
    }
}

#[test]
fn cancelling_moving_and_sending_take_a_yes_for_certain() {
    let mut call = Conversation::begin();
    call.calendar.own.insert(at("2026-11-24T10:00"), "Ada".into());
    call.say("cancel my appointment");
    assert!(call.say("let me confirm with my wife first").starts_with("Nothing has been cancelled yet"));
    assert!(call.say("cancel it").starts_with("Your appointment is cancelled."));
    call.calendar.own.insert(at("2026-11-24T10:00"), "Ada".into());
    call.say("move my appointment to wednesday at eleven");
    assert!(call.say("what exactly does that mean").starts_with("Nothing has been moved yet"));
    assert!(call.say("yes move it please").starts_with("Your appointment is moved."));
    call.say("can I talk to a person");
    call.say("The report is ready");
    assert!(call.say("is that all right").starts_with("I have not passed it on yet"));
    assert!(call.say("yes send it").starts_with("I will pass it on."));
    assert_eq!(call.calendar.deeds.last(), Some(&Deed::Noted("The report is ready".into())));
}

#[test]
fn a_yes_with_a_farewell_is_done_before_the_goodbye() {
    for said in ["Yes thanks, bye", "Yes, that's all, thank you", "Perfect, see you then", "okay goodbye"] {
        let mut call = asked();
        let reply = call.say(said).to_owned();
        assert_eq!(call.own(), ["11-24 10:00"], "{said}");
        assert_eq!(reply, "Your appointment is booked. Thank you for calling. Goodbye!", "{said}");
        assert!(call.calendar.hung_up, "{said}");
    }
}

#[test]
fn a_farewell_to_a_question_is_asked_about_once() {
    let mut call = asked();
    assert_eq!(call.say("goodbye"), "Shall I book it before you go?");
    assert!(!call.calendar.hung_up);
    assert!(call.say("yes please").starts_with("Your appointment is booked."));
    let mut call = asked();
    assert_eq!(call.say("that's all, thank you"), "Shall I book it before you go?");
    assert!(call.say("bye").starts_with("Nothing has been booked."));
    assert!(call.calendar.hung_up && call.own().is_empty());
    let mut call = asked();
    assert!(call.say("no, bye").starts_with("Nothing has been booked."));
}

#[test]
fn a_yes_that_says_more_is_enough_where_it_does_nothing_yet() {
    for said in [
        "Yes, I have another question.",
        "yeah there is something else",
        "Well, yes, I need to ask something",
    ] {
        let mut call = asked();
        call.say("yes");
        assert_eq!(call.say(said), "What can I do for you?", "{said}");
    }
    for said in ["Yeah, I guess so", "Sure, I could do that", "um yes I think so"] {
        let mut call = Conversation::begin();
        while !call.heard.contains("leave a message instead?") {
            call.say("flurb");
        }
        assert!(call.say(said).starts_with("What is your message?"), "{said}: {}", call.heard);
    }
    for said in ["Yes, that one suits me best", "yes I would like to book that one"] {
        let mut call = Conversation::begin();
        let mut slots = call.say("what is free on tuesday").matches(" in the ").count();
        while slots > 1 {
            call.say("not the first one");
            slots = call.heard.matches(" in the ").count();
        }
        assert!(call.heard.ends_with("Which would you like?"), "{}", call.heard);
        assert!(call.say(said).ends_with("Shall I book it?"), "{said}: {}", call.heard);
        assert!(call.own().is_empty(), "{said}");
    }
}

#[test]
fn what_begins_with_a_yes_and_takes_it_back_is_none_anywhere() {
    for said in
        ["yes but not now", "yes, maybe", "Yes, let me think about it", "yes?", "yes, what was that about"]
    {
        let mut call = Conversation::begin();
        while !call.heard.contains("leave a message instead?") {
            call.say("flurb");
        }
        assert!(!call.say(said).contains("What is your message?"), "{said}: {}", call.heard);
    }
}
