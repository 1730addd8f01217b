//! What is arranged with the desk, in one sentence or in many.

use crate::{
    calendar::{self, Deed},
    conversation::{Conversation, at},
};
use engine::local::{
    Hypothesis,
    desk::{Desk, DeskOutput, DeskSetup},
};
use when::Hours;

#[test]
fn everything_can_be_said_in_one_sentence() {
    let mut call = Conversation::begin();
    assert_eq!(call.heard, "Good day, this is the practice. How can I help you?");
    let reply = call.say("I'd like to book an appointment next Tuesday at ten.");
    assert_eq!(reply, "That is Tuesday, November twenty-fourth, at ten in the morning. Shall I book it?");
    assert!(call.own().is_empty());
    assert_eq!(
        call.say("yes please"),
        "Your appointment is booked. Is there anything else I can do for you?"
    );
    assert_eq!(call.own(), ["11-24 10:00"]);
    assert_eq!(call.say("no thank you"), "Thank you for calling. Goodbye!");
    assert!(call.calendar.hung_up);
}

#[test]
fn what_is_missing_is_asked_for() {
    let mut call = Conversation::begin();
    assert_eq!(call.say("book an appointment"), "Which day would you like?");
    assert_eq!(call.say("wednesday"), "Wednesday, November twenty-fifth. What time would you like?");
    let reply = call.say("half past four");
    assert_eq!(
        reply,
        "That is Wednesday, November twenty-fifth, at half past four in the afternoon. Shall I book it?"
    );
    call.say("that's right");
    assert_eq!(call.own(), ["11-25 16:30"]);
}

#[test]
fn a_correction_is_understood_wherever_it_comes() {
    let mut call = Conversation::begin();
    call.say("book me in for tuesday");
    assert_eq!(call.say("no, wednesday"), "Wednesday, November twenty-fifth. What time would you like?");
    call.say("at ten");
    assert!(
        call.say("make it eleven").contains("Wednesday, November twenty-fifth, at eleven in the morning.")
    );
    assert!(call.say("no not wednesday").contains("Which day"));
    assert!(call.say("thursday").contains("Thursday, November twenty-sixth, at eleven in the morning."));
    assert!(call.say("yes but at noon").contains("Thursday, November twenty-sixth, at noon."));
    assert!(call.say("no").contains("the day or the time"));
    assert!(call.say("the time").contains("What time"));
    assert!(call.say("quarter past nine").contains("quarter past nine in the morning"));
    call.say("yes");
    assert_eq!(call.own(), ["11-26 09:15"]);
}

#[test]
fn a_taken_time_is_answered_with_others() {
    let mut call = Conversation::begin();
    let taken = calendar::zoned(at("2026-11-24T10:00"), &call.now);
    call.calendar.take(&taken);
    let reply = call.say("an appointment on tuesday at ten please");
    assert_eq!(
        reply,
        "I am sorry, Tuesday, November twenty-fourth, at ten in the morning is not free. On Tuesday, November \
         twenty-fourth I have nine in the morning, half past nine in the morning, or half past ten in the morning. \
         Which would you like?"
    );
    assert!(call.say("the last one").contains("at half past ten in the morning. Shall I book it?"));
    call.say("yes");
    assert_eq!(call.own(), ["11-24 10:30"]);
}

#[test]
fn nothing_is_booked_that_was_not_heard() {
    let mut call = Conversation::begin();
    call.say("book tuesday at ten");
    call.desk.cut(0);
    assert!(call.say("yes").starts_with("Just to be sure. That is Tuesday, November twenty-fourth, at ten"));
    assert!(call.own().is_empty());
    call.desk.cut(2);
    call.say("yes");
    assert_eq!(call.own(), ["11-24 10:00"], "only the question itself was cut off");
}

#[test]
fn a_doubtful_yes_is_asked_for_again() {
    let mut call = Conversation::begin();
    call.say("book tuesday at ten");
    assert!(call.say_surely(&[("yes", 0.4)]).starts_with("Sorry, I did not catch that. That is Tuesday"));
    assert!(call.say_surely(&[("yes", 0.7), ("no", 0.68)]).starts_with("Sorry"));
    assert!(call.own().is_empty());
    call.say("yes");
    assert_eq!(call.own(), ["11-24 10:00"]);
}

#[test]
fn two_readings_that_are_close_are_both_named() {
    let mut call = Conversation::begin();
    call.say("book an appointment");
    let reply = call.say_surely(&[("tuesday at ten", 0.6), ("thursday at ten", 0.58)]);
    assert_eq!(
        reply,
        "Did you say Tuesday, November twenty-fourth, at ten or Thursday, November twenty-sixth, at ten?"
    );
    assert!(call.say("thursday").contains("Thursday, November twenty-sixth, at ten in the morning. Shall I"));
    call.say("yes");
    assert_eq!(call.own(), ["11-26 10:00"]);
}

#[test]
fn of_two_close_readings_the_one_that_can_be_had_is_read_back() {
    let cases = [
        ("at ten a m", "at ten p m"),
        ("at ten p m", "at ten a m"),
        ("at ten a m", "at ten"),
        ("at ten", "at ten a m"),
    ];
    for (first, second) in cases {
        let mut call = Conversation::begin();
        call.say("book an appointment next tuesday");
        let reply = call.say_surely(&[(first, 0.6), (second, 0.58)]);
        assert_eq!(reply, "That is Tuesday, November twenty-fourth, at ten in the morning. Shall I book it?");
        assert!(call.own().is_empty(), "it is read back before it is booked");
    }
}

#[test]
fn patience_ends_in_a_message_and_then_in_a_goodbye() {
    let mut call = Conversation::begin();
    assert!(call.say("flurb").starts_with("Sorry, I did not catch that. How can I help you?"));
    assert!(call.say("flurb").contains("for example: book an appointment next Tuesday at ten"));
    assert!(call.say("flurb").contains("leave a message instead?"));
    call.say("flurb");
    assert!(call.say("flurb").ends_with("Goodbye!"));
    assert!(call.calendar.hung_up);
    assert_eq!(call.say("flurb"), "", "an echo of nothing is not answered for ever");
}

#[test]
fn a_message_is_read_back_and_passed_on() {
    let mut call = Conversation::begin();
    assert!(call.say("can I talk to a person").contains("What is your message?"));
    let reply = call.say("Please tell Doctor Lovelace that the report is ready.");
    assert_eq!(
        reply,
        "Your message is: Please tell Doctor Lovelace that the report is ready. Shall I pass it on?"
    );
    assert!(call.say("yes").starts_with("I will pass it on."));
    assert_eq!(
        call.calendar.deeds,
        [Deed::Noted("Please tell Doctor Lovelace that the report is ready".into())]
    );
}

#[test]
fn an_appointment_is_moved_in_one_sentence_or_in_several() {
    let mut call = Conversation::begin();
    call.calendar.own.insert(at("2026-11-24T10:00"), "Ada".into());
    let reply = call.say("move my appointment to wednesday at eleven");
    assert_eq!(
        reply,
        "I will move your appointment from Tuesday, November twenty-fourth, at ten in the morning, to Wednesday, \
         November twenty-fifth, at eleven in the morning. Is that right?"
    );
    assert!(call.say("yes").starts_with("Your appointment is moved."));
    assert_eq!(call.own(), ["11-25 11:00"]);
    call.calendar.own.insert(at("2026-11-27T09:00"), "Ada".into());
    assert!(call.say("I need to reschedule an appointment").contains("Which one shall I move?"));
    assert!(call.say("the one on friday").contains("Which day would you like instead?"));
    assert!(call.say("monday").contains("What time"));
    assert!(call.say("the same time").contains("to Monday, November twenty-third, at nine in the morning"));
    call.say("correct");
    assert_eq!(call.own(), ["11-23 09:00", "11-25 11:00"]);
}

#[test]
fn an_appointment_is_cancelled_only_after_a_yes() {
    let mut call = Conversation::begin();
    call.calendar.own.insert(at("2026-11-24T10:00"), "Ada".into());
    assert!(call.say("cancel my appointment").ends_with("at ten in the morning. Shall I cancel it?"));
    assert!(call.say("no").starts_with("All right, your appointment stays as it is."));
    call.say("I can't make it on tuesday");
    assert!(call.say("yes cancel it").starts_with("Your appointment is cancelled."));
    assert!(call.own().is_empty());
    assert!(call.say("cancel my appointment").contains("no appointment"));
}

#[test]
fn who_may_not_be_told_names_the_appointment_themselves() {
    let mut call = Conversation::begin();
    call.calendar.secretive = true;
    call.calendar.own.insert(at("2026-11-24T10:00"), "Ada".into());
    assert!(call.say("what do I have next week").starts_with("I may not tell you that."));
    assert_eq!(call.say("cancel my appointment"), "On which day is your appointment?");
    assert_eq!(call.say("tuesday"), "At what time is your appointment?");
    assert!(call.say("ten").ends_with("Shall I cancel it?"));
    call.say("yes");
    assert!(call.own().is_empty());
}

#[test]
fn what_is_free_is_offered_and_can_be_taken() {
    let mut call = Conversation::begin();
    let reply = call.say("what is free on tuesday afternoon");
    assert_eq!(
        reply,
        "On Tuesday, November twenty-fourth I have noon, two in the afternoon, or half past four in the afternoon. \
         Which would you like?"
    );
    assert!(call.say("two").contains("at two in the afternoon. Shall I book it?"));
    call.say("yes");
    assert_eq!(call.own(), ["11-24 14:00"]);
    assert!(call.say("do you have anything next week").contains("Which would you like?"));
    assert!(call.say("never mind").starts_with("All right, nothing has been booked."));
}

#[test]
fn what_cannot_be_is_said_with_what_can() {
    let mut call = Conversation::begin();
    assert!(
        call.say("book sunday at ten")
            .starts_with("We are closed on Sundays. We are open from Monday to Friday.")
    );
    assert!(call.say("tuesday at six p m").contains("On Tuesday we are open from nine in the morning"));
    assert!(call.say("november thirty first").contains("November has only 30 days."));
    assert!(
        call.say("at ten on the thirtieth").contains("Monday, November thirtieth, at ten in the morning.")
    );
    call.say("yes");
    assert_eq!(call.own(), ["11-30 10:00"]);
}

#[test]
fn what_may_be_two_days_is_said_once_before_it_is_booked() {
    let mut call = Conversation::begin();
    let reply = call.say("book an appointment for friday at four");
    assert!(
        reply == "That is Friday, November twenty-seventh, at four in the afternoon. Shall I book it?",
        "{reply}"
    );
    assert!(call.say("no, today").contains("That is Friday, November twentieth, at four in the afternoon."));
    call.say("no, monday the twenty fourth");
    assert_eq!(call.heard, "Do you mean Tuesday, November twenty-fourth or Monday, November twenty-third?");
    assert!(call.say("the second one").contains("Monday, November twenty-third, at four in the afternoon."));
    call.say("yes");
    assert_eq!(call.own(), ["11-23 16:00"]);
}

#[test]
fn both_halves_of_the_day_are_offered_where_both_are_open() {
    let mut call = Conversation::begin_with(Hours::weekly("mon-sun 07:00-22:00").expect("hours"));
    let reply = call.say("book monday at nine");
    assert_eq!(reply, "Do you mean nine in the morning or nine at night?");
    assert!(call.say("in the morning").contains("at nine in the morning. Shall I book it?"));
}

#[test]
fn keys_answer_yes_no_and_which() {
    let mut call = Conversation::begin();
    call.say("what is free on tuesday");
    call.desk.key(&call.now.clone(), '2');
    call.listen();
    assert!(call.heard.contains("Shall I book it?"), "{}", call.heard);
    call.desk.key(&call.now.clone(), '2');
    call.listen();
    assert!(call.heard.contains("What should I change"));
    call.say("tuesday at ten");
    call.desk.key(&call.now.clone(), '1');
    call.listen();
    assert_eq!(call.own(), ["11-24 10:00"]);
}

#[test]
fn silence_is_answered_with_the_same_question() {
    let mut call = Conversation::begin();
    call.say("book tuesday at ten");
    call.desk.prompt(&call.now.clone(), "Nobody has spoken for a while.");
    call.listen();
    assert!(call.heard.starts_with("Are you still there? That is Tuesday"));
    assert!(call.say("say that again").contains("Shall I book it?"));
    call.desk.prompt(&call.now.clone(), "It has been done after all. Tell the caller: It is booked.");
    call.listen();
    assert_eq!(call.heard, "It is booked.");
}

#[test]
fn help_is_given_and_everything_can_be_begun_anew() {
    let mut call = Conversation::begin();
    assert!(call.say("help").contains("For example, say:"));
    call.say("book tuesday at ten");
    assert!(call.say("help").contains("yes, that's right"));
    assert!(call.say("start over").starts_with("All right, let us start over."));
    assert!(call.say("goodbye").ends_with("Goodbye!"));
    assert!(call.own().is_empty());
}

#[test]
fn news_that_was_talked_over_is_told_again() {
    let mut call = Conversation::begin();
    call.say("book tuesday at ten");
    call.say("yes");
    call.desk.cut(0);
    assert_eq!(call.say("no thanks"), "Your appointment is booked. Thank you for calling. Goodbye!");
}

#[test]
fn no_to_what_is_offered_brings_other_times() {
    let mut call = Conversation::begin();
    let taken = calendar::zoned(at("2026-11-24T10:00"), &call.now);
    call.calendar.take(&taken);
    call.say("an appointment on tuesday at ten please");
    let second = call.say("no").to_owned();
    assert!(second.ends_with("Which would you like?") && !second.contains("half past nine"), "{second}");
    assert!(second.matches("On ").count() > 1, "on several days: {second}");
    let third = call.say("no, none of those").to_owned();
    assert!(third.ends_with("Which would you like?") && third != second, "{third}");
    assert!(call.say("no").starts_with("Which day would you like instead?"));
    assert!(
        call.say("monday at ten").contains("That is Monday, November twenty-third, at ten in the morning.")
    );
}

#[test]
fn a_text_message_can_be_declined() {
    let mut call = Conversation::begin();
    call.say("book tuesday at ten");
    assert!(call.say("yes but no text message").starts_with("Your appointment is booked."));
    assert_eq!((call.own(), call.calendar.unconfirmed), (vec!["11-24 10:00".into()], 1));
    call.say("book wednesday at ten");
    assert_eq!(
        call.say("please don't text me"),
        "All right, nothing in writing. That is Wednesday, November twenty-fifth, at ten in the morning. Shall I book it?"
    );
    call.say("yes");
    call.say("book thursday at ten");
    call.say("yes");
    assert_eq!((call.own().len(), call.calendar.unconfirmed), (3, 2), "each time anew");
}

#[test]
fn a_time_that_does_not_exist_is_explained_with_those_around_it() {
    let mut call = Conversation::begin_with(Hours::always());
    let reply = call.say("book march twenty eighth twenty twenty seven at half past two a m");
    assert_eq!(
        reply,
        "The clocks are turned forward that night, so half past two in the morning does not exist on Sunday, March \
         twenty-eighth, twenty twenty-seven. The times around it are half past one in the morning and half past three in \
         the morning. Which time do you mean?"
    );
    assert!(call.say("half past three a m").contains("at half past three in the morning. Shall I book it?"));
    let reply = call.say("no, monday at midnight").to_owned();
    assert!(reply.starts_with("Do you mean the night from Sunday to Monday"), "{reply}");
    assert!(call.say("the second one").contains("That is Tuesday, November twenty-fourth, at midnight."));
}

#[test]
fn in_writing_there_are_no_keys_and_the_desk_does_not_leave_for_what_it_cannot_read() {
    let now: jiff::Zoned = "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment");
    let setup = DeskSetup {
        now: now.clone(),
        hours: Hours::default(),
        greeting: String::new(),
        business: String::new(),
        caller: String::new(),
        so_far: None,
    };
    let mut desk = Desk::new(setup).in_writing();
    let mut said = |words: &str| {
        desk.hear(&now, &[Hypothesis { text: words.into(), confidence: 1.0, language: None }]);
        let mut sentences = Vec::new();
        while let Some(output) = desk.poll() {
            match output {
                DeskOutput::Say(sentence) => sentences.push(sentence),
                DeskOutput::Wants(call) => sentences.push(format!("<{}>", call.name)),
            }
        }
        sentences.join(" ")
    };
    for _ in 0..30 {
        let told = said("colourless green ideas");
        assert!(told.contains("By text I can book, move or cancel") && !told.contains("press"), "{told}");
    }
    assert!(!said("help").contains("press"));
    assert!(said("an appointment please").contains("Which day"));
    assert!(said("colourless green ideas").ends_with("Which day would you like?"));
    assert!(said("goodbye").contains("<hang_up>"));
}
