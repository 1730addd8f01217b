//! Callers who think better of it, rule something out, or ask something else in between.

use crate::conversation::{Conversation, at};
use when::Hours;

#[test]
fn a_change_of_mind_keeps_what_is_wanted_now() {
    for said in [
        "I changed my mind, can we do eleven instead",
        "never mind ten, let's do eleven",
        "forget it, make it eleven",
    ] {
        let mut call = Conversation::begin();
        call.say("book an appointment on tuesday at ten");
        let reply = call.say(said).to_owned();
        assert!(
            reply.contains("That is Tuesday, November twenty-fourth, at eleven in the morning."),
            "{reply}"
        );
    }
    let mut call = Conversation::begin();
    call.say("book an appointment on tuesday at ten");
    let reply = call.say("I changed my mind, can we do the 10th at eleven instead").to_owned();
    assert!(reply.contains("That is Thursday, December tenth, at eleven in the morning."), "{reply}");
    assert!(call.say("I changed my mind").starts_with("All right, nothing has been booked."));
}

#[test]
fn what_was_just_booked_can_be_moved_in_two_words() {
    let mut call = Conversation::begin();
    call.say("book an appointment on tuesday at ten");
    call.say("yes");
    let reply = call.say("make it eleven").to_owned();
    assert!(
        reply.starts_with("I will move your appointment from Tuesday, November twenty-fourth, at ten in the")
    );
    assert!(reply.ends_with("to Tuesday, November twenty-fourth, at eleven in the morning. Is that right?"));
    assert_eq!(call.own(), ["11-24 10:00"]);
    call.say("yes");
    assert_eq!(call.own(), ["11-24 11:00"]);
    call.say("actually, wednesday at nine would be better");
    call.say("yes");
    assert_eq!(call.own(), ["11-25 09:00"]);
}

#[test]
fn words_that_stand_in_many_sentences_do_not_swallow_them() {
    for said in [
        "Excuse me, I'd like to book an appointment for Tuesday at ten",
        "I'd like to come again on Tuesday at ten",
        "Can I stop by Tuesday at ten?",
        "Can somebody fit me in Tuesday at ten?",
        "I need an appointment for someone else on Tuesday at ten",
        "I'd like to see you on Tuesday at ten",
        "I'd like to talk to the doctor on Tuesday at ten",
    ] {
        let mut call = Conversation::begin();
        let reply = call.say(said).to_owned();
        assert!(
            reply.contains("Tuesday, November twenty-fourth, at ten in the morning. Shall I book it?"),
            "{reply}"
        );
    }
    let mut call = Conversation::begin();
    call.say("book an appointment on tuesday at ten");
    for said in ["excuse me?", "come again?", "pardon", "can you repeat that please"] {
        assert!(call.say(said).ends_with("at ten in the morning. Shall I book it?"), "{said}");
    }
    assert!(call.say("stop it").starts_with("All right, nothing has been booked."));
    for said in
        ["can I speak to someone please", "a real person please", "please call me back tomorrow at ten"]
    {
        assert!(call.say(said).contains("What is your message?"), "{said}");
        call.say("never mind");
    }
}

#[test]
fn a_person_is_asked_for_in_many_words() {
    for said in [
        "Transfer me to a person",
        "Could you connect me with a person, please",
        "I need a person",
        "I want a person, it's about my appointment on Tuesday at ten",
        "get me a person",
        "A person, please.",
        "somebody please",
        "Someone, please!",
        "put me through to someone",
        "can you transfer me to somebody",
        "get me somebody",
    ] {
        let mut call = Conversation::begin();
        assert!(call.say(said).contains("What is your message?"), "{said}: {}", call.heard);
    }
    for said in [
        "Can somebody please fit me in Tuesday at ten?",
        "I need an appointment for someone else please, on Tuesday at ten",
        "An appointment for one person please, Tuesday at ten",
        "Could someone please book me in for Tuesday at ten",
    ] {
        let mut call = Conversation::begin();
        assert!(
            call.say(said).ends_with("at ten in the morning. Shall I book it?"),
            "{said}: {}",
            call.heard
        );
    }
    let mut call = Conversation::begin();
    assert!(call.say("can somebody please help me").contains("For example, say:"), "{}", call.heard);
}

#[test]
fn what_is_ruled_out_is_not_proposed() {
    for said in ["not monday", "I can't do Monday", "Monday is no good", "I can't make Monday"] {
        let mut call = Conversation::begin();
        call.say("book an appointment");
        assert!(call.say(said).ends_with("Which day would you like?"), "{said}: {}", call.heard);
        let mut call = Conversation::begin();
        let offer = call.say("do you have anything next week").to_owned();
        assert!(offer.contains("Monday") && offer.contains("Tuesday"), "{offer}");
        let rest = call.say(said).to_owned();
        assert!(rest.ends_with("Which would you like?") && !rest.contains("Monday"), "{said}: {rest}");
    }
    let mut call = Conversation::begin();
    call.say("do you have anything next week");
    let rest = call.say("not the first one").to_owned();
    assert!(rest.starts_with("All right. On Tuesday") && rest.ends_with("Which would you like?"), "{rest}");
    assert!(
        call.say("the tuesday one").contains("at nine in the morning. Shall I book it?"),
        "{}",
        call.heard
    );
    let mut call = Conversation::begin();
    call.say("book an appointment");
    let offer = call.say("any day except monday").to_owned();
    assert!(offer.ends_with("Which would you like?") && !offer.contains("Monday"), "{offer}");
    assert!(call.say("none of those").ends_with("Which would you like?") && !call.heard.contains("Monday"));
    let mut call = Conversation::begin();
    let offer = call.say("an appointment not before eleven on tuesday").to_owned();
    assert!(offer.contains("I have eleven in the morning"), "{offer}");
    let mut call = Conversation::begin();
    call.say("book an appointment on monday");
    assert!(call.say("not monday, tuesday").starts_with("Tuesday, November twenty-fourth. What time"));
    assert!(call.say("not tuesday").starts_with("Which day would you like instead?"));
}

#[test]
fn of_two_parts_of_the_day_only_the_first_is_ruled_out() {
    for said in
        ["Not in the morning, in the afternoon", "I can't do Tuesday morning, the afternoon would be good"]
    {
        let mut call = Conversation::begin();
        call.say("book an appointment on tuesday");
        let offer = call.say(said).to_owned();
        assert!(offer.starts_with("On Tuesday, November twenty-fourth I have"), "{said}: {offer}");
        assert!(offer.contains("in the afternoon") && !offer.contains("in the morning"), "{said}: {offer}");
    }
    let mut call = Conversation::begin();
    call.say("book an appointment on tuesday");
    call.say("not ten in the morning");
    assert!(call.say("in the morning").contains("nine in the morning"), "{}", call.heard);
    assert!(!call.heard.contains(", ten in the morning"), "{}", call.heard);
}

#[test]
fn what_was_ruled_out_can_be_had_again() {
    let mut call = Conversation::begin();
    call.say("book an appointment on tuesday");
    assert!(call.say("not in the morning").contains("What time would you like?"), "{}", call.heard);
    let offer = call.say("all right, the morning is fine then").to_owned();
    assert!(offer.starts_with("On Tuesday, November twenty-fourth I have nine in the morning"), "{offer}");
    let mut call = Conversation::begin();
    call.say("book an appointment");
    call.say("I can't do Tuesday morning");
    let offer = call.say("wednesday morning").to_owned();
    assert!(offer.starts_with("On Wednesday, November twenty-fifth I have nine in the morning"), "{offer}");
    let offer = call.say("tuesday morning is fine after all").to_owned();
    assert!(offer.starts_with("On Tuesday, November twenty-fourth I have nine in the morning"), "{offer}");
}

#[test]
fn of_two_days_the_one_is_ruled_out_of_which_that_is_said() {
    let tuesday = "Tuesday, November twenty-fourth. What time would you like?";
    for said in [
        "How about Tuesday? I can't do Monday.",
        "how about tuesday i can't do monday",
        "How about Tuesday? I can't make Monday.",
        "Tuesday please, I'm busy on Monday",
        "tuesday would be good i am busy monday",
        "On Monday I can't come, Tuesday would work",
        "monday i can't come tuesday would work",
        "Monday I can't, Tuesday please",
        "monday i'm busy tuesday please",
        "Monday is not possible, Tuesday is",
        "monday is not possible tuesday is",
    ] {
        let mut call = Conversation::begin();
        call.say("book an appointment");
        assert_eq!(call.say(said), tuesday, "{said}");
    }
    for said in ["I'm busy on Monday", "ten is not possible on Monday", "Monday I can't", "Monday? I can't."]
    {
        let mut call = Conversation::begin();
        call.say("book an appointment");
        assert_eq!(call.say(said), "All right. Which day would you like?", "{said}");
    }
    let mut call = Conversation::begin();
    call.say("book an appointment");
    let offer = call.say("How about Tuesday? I can't do the morning.").to_owned();
    assert!(offer.starts_with("Tuesday, November twenty-fourth. What time would"), "{offer}");
}

#[test]
fn what_is_ruled_out_at_the_read_back_is_asked_for_anew() {
    let cases = [
        ("not tuesday", "Which day would you like instead?"),
        ("Tuesday is no good", "Which day would you like instead?"),
        ("not at ten", "What time would you like instead?"),
        ("ten doesn't work", "What time would you like instead?"),
    ];
    for (said, reply) in cases {
        let mut call = Conversation::begin();
        call.say("book an appointment on tuesday at ten");
        assert_eq!(call.say(said), reply, "{said}");
    }
    for said in ["not ten, eleven", "eleven, not ten", "no, eleven, not twelve"] {
        let mut call = Conversation::begin();
        call.say("book an appointment on tuesday at ten");
        assert!(call.say(said).contains("at eleven in the morning. Shall I"), "{said}: {}", call.heard);
    }
    let mut call = Conversation::begin();
    call.say("book an appointment on tuesday at ten");
    assert!(
        call.say("ten, not eleven").contains("at ten in the morning. Shall I book it?"),
        "{}",
        call.heard
    );
    assert!(call.say("one moment").contains("at ten in the morning. Shall I book it?"), "{}", call.heard);
}

#[test]
fn later_and_earlier_are_counted_from_what_was_read_back() {
    let cases = [
        ("an hour later", "Tuesday, November twenty-fourth, at eleven in the morning."),
        (
            "thirty minutes earlier please",
            "Tuesday, November twenty-fourth, at half past nine in the morning.",
        ),
        ("push it back an hour", "Tuesday, November twenty-fourth, at eleven in the morning."),
        ("push it back by a week", "Tuesday, December first, at ten in the morning."),
        ("half an hour later", "Tuesday, November twenty-fourth, at half past ten in the morning."),
        ("forty five minutes later", "Tuesday, November twenty-fourth, at quarter to eleven in the morning."),
        ("fifty minutes later", "Tuesday, November twenty-fourth, at ten fifty in the morning."),
    ];
    for (said, read_back) in cases {
        let mut call = Conversation::begin();
        call.say("book an appointment on tuesday at ten");
        assert!(call.say(said).contains(read_back), "{said}: {}", call.heard);
        let mut call = Conversation::begin();
        call.calendar.own.insert(at("2026-11-24T10:00"), "Ada".into());
        call.say("move my appointment");
        assert!(call.say(said).contains(&format!("to {read_back}")), "{said}: {}", call.heard);
    }
    let mut call = Conversation::begin();
    call.calendar.own.insert(at("2026-11-24T10:00"), "Ada".into());
    assert!(call.say("push my appointment back by a week").contains("to Tuesday, December first, at ten in"));
}

#[test]
fn what_is_named_counts_before_minutes_and_hours_that_are_named_beside_it() {
    let friday = "to Friday, November twenty-seventh, at two in the afternoon. Is that right?";
    let cases = [
        ("Push my thirty minute appointment to Friday at two", friday),
        ("postpone my one hour appointment to Friday at two", friday),
        ("push it back by two days, to Friday at two", friday),
        ("push it to two weeks from now at two", "to Friday, December fourth, at two in the afternoon."),
        ("move my Wednesday one an hour later", "at eleven in the morning. Is that right?"),
        ("push back my appointment an hour on Wednesday", "at eleven in the morning. Is that right?"),
        ("Push my appointment an hour, please", "at eleven in the morning. Is that right?"),
        (
            "postpone my appointment by two days if you can",
            "to Friday, November twenty-seventh, at ten in the",
        ),
        ("push my thirty minute appointment", "Which day would you like instead?"),
        ("I have to move my appointment, I'm tied up for two days", "Which day would you like instead?"),
    ];
    for (said, reply) in cases {
        let mut call = Conversation::begin();
        call.calendar.own.insert(at("2026-11-25T10:00"), "Ada".into());
        assert!(call.say(said).contains(reply), "{said}: {}", call.heard);
    }
    let mut call = Conversation::begin();
    call.calendar.own.insert(at("2026-11-25T10:00"), "Ada".into());
    call.say("move my appointment");
    assert!(
        call.say("I'm tied up for two days, Friday at ten please")
            .contains("to Friday, November twenty-seventh"),
        "{}",
        call.heard
    );
}

#[test]
fn a_day_that_is_past_is_said_to_be() {
    let mut call = Conversation::begin();
    assert!(
        call.say("book an appointment for last friday at ten").contains("is already over."),
        "{}",
        call.heard
    );
    assert!(call.say("yesterday at ten").contains("is already over."), "{}", call.heard);
}

#[test]
fn a_day_that_is_past_and_spoken_of_in_passing_is_not_the_one_that_is_wanted() {
    for said in [
        "An appointment on Friday at ten please, as we said yesterday",
        "I was there yesterday afternoon and would like an appointment on Friday at ten",
        "last Tuesday was too early, can I have an appointment on Friday at ten",
        "book an appointment not like last Wednesday, Friday at ten",
    ] {
        let mut call = Conversation::begin();
        let reply = call.say(said).to_owned();
        assert_eq!(
            reply, "That is Friday, November twenty-seventh, at ten in the morning. Shall I book it?",
            "{said}"
        );
        assert!(
            call.say("at eleven, as I said yesterday, on friday")
                .contains("November twenty-seventh, at eleven")
        );
    }
    for said in [
        "I called yesterday, can I speak to the doctor?",
        "I called yesterday morning, can I speak to the doctor?",
        "I was there last Friday and have a message for the doctor",
    ] {
        let mut call = Conversation::begin();
        assert!(call.say(said).contains("What is your message?"), "{said}: {}", call.heard);
    }
    let mut call = Conversation::begin();
    assert_eq!(call.say("I rang last Friday about an appointment"), "Which day would you like?");
    for said in ["yesterday", "last Friday please", "I'd like yesterday morning"] {
        assert!(call.say(said).contains("is already over. Which other day"), "{said}: {}", call.heard);
    }
    let mut call = Conversation::begin();
    assert!(
        call.say("can I see the doctor on monday this week").contains("is already over."),
        "{}",
        call.heard
    );
    let mut call = Conversation::begin();
    call.say("book an appointment on friday at ten");
    for said in ["yes, as we said yesterday", "yes, like last Friday"] {
        assert!(call.say(said).starts_with("Nothing has been booked yet"), "{said}: {}", call.heard);
    }
    let mut call = Conversation::begin();
    assert!(call.say("book an appointment for yesterday").contains("is already over."), "{}", call.heard);
    let mut call = Conversation::begin();
    for day in ["2026-11-19T10:00", "2026-11-19T11:00", "2026-11-25T10:00"] {
        call.calendar.own.insert(at(day), "Ada".into());
    }
    let told = call.say("what appointments did I have yesterday").to_owned();
    assert!(told.starts_with("You have 2 appointments."), "{told}");
}

#[test]
fn a_weekday_corrects_a_date_within_its_week() {
    let mut call = Conversation::begin();
    call.say("book an appointment on december 2 at ten");
    let reply = call.say("sorry I meant Thursday").to_owned();
    assert!(reply.contains("That is Thursday, December third, at ten in the morning."), "{reply}");
    assert!(call.say("no, next thursday").contains("November twenty-sixth"), "{}", call.heard);
}

#[test]
fn not_before_ten_in_the_morning_is_ten_or_later() {
    let mut call = Conversation::begin();
    let offer = call.say("an appointment on tuesday, not before ten in the morning").to_owned();
    assert!(offer.contains("ten in the morning") && !offer.contains("nine"), "{offer}");
}

#[test]
fn to_delay_and_to_bring_forward_are_to_move() {
    for said in ["please delay my appointment", "can you bring my appointment forward"] {
        let mut call = Conversation::begin();
        call.calendar.own.insert(at("2026-11-24T10:00"), "Ada".into());
        assert!(call.say(said).contains("instead"), "{said}: {}", call.heard);
    }
}

#[test]
fn what_the_caller_has_is_told_and_nothing_is_lost() {
    let mut call = Conversation::begin();
    call.calendar.own.insert(at("2026-11-25T09:00"), "Ada".into());
    call.say("book an appointment on tuesday at ten");
    let told = call.say("what appointments do i have");
    assert!(told.starts_with("You have 1 appointments.") && told.ends_with("Shall I book it?"), "{told}");
    call.say("yes");
    assert_eq!(call.own(), ["11-24 10:00", "11-25 09:00"]);
}

#[test]
fn opening_hours_are_told_and_nothing_is_lost() {
    let mut call = Conversation::begin();
    let open = "We are open from Monday to Friday, from nine in the morning to five in the afternoon.";
    assert_eq!(call.say("when are you open?"), format!("{open} How can I help you?"));
    assert!(call.say("are you open on Sunday").starts_with("We are closed on Sunday"), "{}", call.heard);
    assert!(call.say("are you open on Monday").starts_with("On Monday we are open from nine"));
    call.say("book an appointment on tuesday at ten");
    for said in ["when are you open", "do I have to pay?", "do I need to bring anything"] {
        assert!(
            call.say(said).ends_with("at ten in the morning. Shall I book it?"),
            "{said}: {}",
            call.heard
        );
    }
    call.say("yes");
    assert_eq!(call.own(), ["11-24 10:00"]);
}

#[test]
fn a_half_of_the_day_and_an_early_hour_are_answers() {
    let mut call = Conversation::begin_with(Hours::weekly("mon-sun 07:00-22:00").expect("hours"));
    assert_eq!(call.say("book monday at nine"), "Do you mean nine in the morning or nine at night?");
    assert!(call.say("am").contains("at nine in the morning. Shall I book it?"), "{}", call.heard);
    call.say("no");
    call.say("tuesday at nine");
    assert!(call.say("p.m. please").contains("at nine at night. Shall I book it?"), "{}", call.heard);
    let mut call = Conversation::begin();
    call.say("book an appointment");
    let offer = call.say("as early as possible on Wednesday").to_owned();
    assert!(offer.starts_with("On Wednesday, November twenty-fifth I have nine in the morning"), "{offer}");
    let offer = call.say("around lunchtime on thursday").to_owned();
    assert!(offer.starts_with("On Thursday, November twenty-sixth I have noon"), "{offer}");
}
