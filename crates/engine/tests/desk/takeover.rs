//! A desk that goes on where somebody else was.

use crate::conversation::Conversation;
use when::Hours;

const GO_ON: &str = "You have just taken over this conversation. Go on from where it was.";

#[test]
fn a_desk_that_takes_over_goes_on_with_what_the_caller_wanted() {
    let said = ["Hi there.", "I'd like to book an appointment next Tuesday at 10.", "Yes, please."];
    let mut call = Conversation::take_over(Hours::default(), Some(&said));
    assert_eq!(call.heard, "", "it does not greet");
    assert!(call.own().is_empty(), "and a yes to somebody else books nothing");
    let reply = call.prompt(GO_ON);
    assert_eq!(reply, "That is Tuesday, November twenty-fourth, at ten in the morning. Shall I book it?");
    call.say("yes");
    assert_eq!(call.own(), ["11-24 10:00"]);
}

#[test]
fn a_desk_that_takes_over_asks_what_is_missing_or_what_is_wanted() {
    let mut call =
        Conversation::take_over(Hours::default(), Some(&["I need an appointment", "on wednesday"]));
    assert_eq!(call.prompt(GO_ON), "Wednesday, November twenty-fifth. What time would you like?");
    let mut call = Conversation::take_over(Hours::default(), Some(&["good morning", "goodbye"]));
    assert_eq!(call.prompt(GO_ON), "How can I help you?");
    assert!(!call.calendar.hung_up);
    let mut call = Conversation::take_over(Hours::default(), Some(&[]));
    assert_eq!(call.say("book an appointment"), "Which day would you like?", "it may be spoken to first");
}

#[test]
fn a_desk_that_takes_over_tells_what_a_tool_has_done_and_does_not_do_it_again() {
    let said = ["book an appointment next tuesday at ten", "yes"];
    let mut call = Conversation::take_over(Hours::default(), Some(&said));
    let news = "The tool create_calendar_event, which was asked for before you came into this conversation, has answered. \
                Tell the caller: Your appointment is booked.";
    assert_eq!(call.prompt(news), "Your appointment is booked. Is there anything else I can do for you?");
    assert!(call.own().is_empty());
    // What was only looked up it looks up by itself.
    let mut call = Conversation::take_over(Hours::default(), Some(&said));
    let news = "The tool check_calendar_availability, which was asked for before you came into this conversation, has \
                answered. Tell the caller: That is free.";
    assert_eq!(
        call.prompt(news),
        "That is Tuesday, November twenty-fourth, at ten in the morning. Shall I book it?"
    );
}
