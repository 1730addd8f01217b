//! Kinds of appointments.

use crate::conversation::{Conversation, at};
use when::{Hours, Kind};

fn salon() -> Conversation {
    let kinds = Kind::read_all("haircut 45m; colour 2h; eye test 15m").expect("kinds");
    Conversation::begin_with(Hours { kinds, ..Hours::default() })
}

#[test]
fn what_it_is_for_is_asked_where_nobody_said_it() {
    let mut call = salon();
    assert_eq!(
        call.say("I'd like an appointment next Tuesday at ten"),
        "What is it for: a haircut, a colour, or an eye test?"
    );
    assert_eq!(
        call.say("a colour please"),
        "That is a colour, on Tuesday, November twenty-fourth, at ten in the morning. Shall I book it?"
    );
    call.say("yes");
    assert_eq!(call.calendar.own.get(&at("2026-11-24T10:00")).map(String::as_str), Some("colour"));
    assert!(
        call.say("book an appointment").ends_with("What is it for: a haircut, a colour, or an eye test?")
    );
    assert_eq!(call.say("the third one"), "Which day would you like?");
    call.say("tuesday at quarter past nine");
    call.say("yes");
    assert_eq!(call.own(), ["11-24 09:15", "11-24 10:00"], "an eye test fits before it");
}

#[test]
fn a_kind_is_booked_by_its_name_alone() {
    let mut call = salon();
    assert_eq!(call.say("I'd like a haircut"), "Which day would you like?");
    assert_eq!(call.say("tuesday"), "Tuesday, November twenty-fourth. What time would you like?");
    assert!(call.say("half past four").contains("we are open from nine"), "it would not be over at five");
    assert!(
        call.say("four").contains("That is a haircut, on Tuesday, November twenty-fourth, at four in the")
    );
    assert!(
        call.say("no, an eye test")
            .contains("That is an eye test, on Tuesday, November twenty-fourth, at four")
    );
    call.say("yes please");
    assert_eq!(call.calendar.own.get(&at("2026-11-24T16:00")).map(String::as_str), Some("eye test"));
    assert!(call.say("a haircut and a colour on wednesday").contains("What is it for"));
}

#[test]
fn only_one_kind_is_never_asked_for() {
    let kinds = Kind::read_all("consultation 1h").expect("a kind");
    let mut call = Conversation::begin_with(Hours { kinds, ..Hours::default() });
    let reply = call.say("an appointment on tuesday at ten");
    assert!(reply.starts_with("That is a consultation, on Tuesday"), "{reply}");
    call.say("yes");
    assert_eq!(call.own(), ["11-24 10:00"]);
}

#[test]
fn an_appointment_is_found_by_its_kind_and_stays_as_long_as_it_is() {
    let mut call = salon();
    call.calendar.own.insert(at("2026-11-24T10:00"), "haircut".into());
    call.calendar.own.insert(at("2026-11-25T10:00"), "colour".into());
    call.calendar.own.insert(at("2026-11-26T10:00"), "haircut".into());
    assert_eq!(
        call.say("cancel my colour"),
        "Your colour is on Wednesday, November twenty-fifth, at ten in the morning. Shall I cancel it?"
    );
    call.say("no");
    assert_eq!(
        call.say("move my haircut"),
        "You have appointments on Tuesday, November twenty-fourth, at ten in the morning, for a haircut; and on Thursday, \
         November twenty-sixth, at ten in the morning, for a haircut. Which one shall I move?"
    );
    assert!(call.say("the one on thursday").contains("Which day would you like instead?"));
    // The colour takes until noon; a quarter past eleven would be free for nobody.
    assert!(call.say("wednesday at eleven").contains("is not free"));
    call.say("wednesday at noon");
    assert!(call.heard.contains("I will move your haircut from Thursday"), "{}", call.heard);
    call.say("yes");
    assert_eq!(call.own(), ["11-24 10:00", "11-25 10:00", "11-25 12:00"]);
    assert!(
        call.say("cancel my eye test").starts_with("I see no appointment for an eye test of yours then.")
    );
}

#[test]
fn what_can_be_said_about_kinds_is_in_the_grammar_only_where_there_are_kinds() {
    let grammar = |call: &Conversation| call.desk.grammar(&call.now);
    let plain = Conversation::begin();
    assert!(!grammar(&plain).contains("<kind>"), "{}", grammar(&plain));
    let mut call = salon();
    assert!(grammar(&call).contains("<kind> = colour | eye test | haircut;"), "{}", grammar(&call));
    call.say("book an appointment");
    assert!(grammar(&call).contains("[a | an | the] <kind> [<point>]"));
}
