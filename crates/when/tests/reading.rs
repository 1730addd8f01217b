//! What people say, and which days and times it means.

use jiff::{
    ToSpan, Zoned,
    civil::{Date, Weekday, date},
};
use when::{Clock, Day, Doubt, Hours, Part, Piece, Unclear, moment, pieces, read};

/// Friday, 20 November 2026, 14:30 in Berlin.
fn friday() -> Zoned {
    "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment")
}

fn at(text: &str) -> Zoned {
    text.parse().expect("a moment")
}

#[test]
fn days_are_read_as_people_mean_them() {
    let table: &[(&str, &[Date])] = &[
        ("today", &[date(2026, 11, 20)]),
        ("tomorrow", &[date(2026, 11, 21)]),
        ("the day after tomorrow", &[date(2026, 11, 22)]),
        ("day after tomorrow please", &[date(2026, 11, 22)]),
        ("tonight", &[date(2026, 11, 20)]),
        ("monday", &[date(2026, 11, 23)]),
        ("on Tuesday", &[date(2026, 11, 24)]),
        ("this tuesday", &[date(2026, 11, 24)]),
        ("next tuesday", &[date(2026, 11, 24)]),
        ("this coming monday", &[date(2026, 11, 23)]),
        ("next saturday", &[date(2026, 11, 28), date(2026, 11, 21)]),
        ("friday", &[date(2026, 11, 27), date(2026, 11, 20)]),
        ("this friday", &[date(2026, 11, 20)]),
        ("next friday", &[date(2026, 11, 27)]),
        ("tuesday next week", &[date(2026, 11, 24)]),
        ("yesterday", &[date(2026, 11, 19)]),
        ("the day before yesterday", &[date(2026, 11, 18)]),
        ("last friday", &[date(2026, 11, 13)]),
        ("last monday", &[date(2026, 11, 16)]),
        ("the last friday in november", &[date(2026, 11, 27)]),
        ("tuesday after next", &[date(2026, 12, 1)]),
        ("tuesday the week after next", &[date(2026, 12, 1)]),
        ("in three weeks on thursday", &[date(2026, 12, 10)]),
        ("thursday in three weeks", &[date(2026, 12, 10)]),
        ("in a couple of weeks", &[date(2026, 12, 4)]),
        ("next week on wednesday", &[date(2026, 11, 25)]),
        ("wednesday of next week", &[date(2026, 11, 25)]),
        ("a week from monday", &[date(2026, 11, 30)]),
        ("a week from tomorrow", &[date(2026, 11, 28)]),
        ("two weeks from today", &[date(2026, 12, 4)]),
        ("in three days", &[date(2026, 11, 23)]),
        ("in a week", &[date(2026, 11, 27)]),
        ("in a fortnight", &[date(2026, 12, 4)]),
        ("in two months", &[date(2027, 1, 20)]),
        ("tomorrow week", &[date(2026, 11, 28)]),
        ("a week tomorrow", &[date(2026, 11, 28)]),
        ("a week on tuesday", &[date(2026, 12, 1)]),
        ("tuesday week", &[date(2026, 12, 1)]),
        ("a week tuesday", &[date(2026, 12, 1)]),
        ("two weeks today", &[date(2026, 12, 4)]),
        ("a fortnight on monday", &[date(2026, 12, 7)]),
        ("12/11", &[date(2026, 12, 11), date(2027, 11, 12)]),
        ("the 31st", &[date(2026, 12, 31)]),
        ("the thirty first", &[date(2026, 12, 31)]),
        ("the twentieth", &[date(2026, 11, 20), date(2026, 12, 20)]),
        ("the 3rd of december", &[date(2026, 12, 3)]),
        ("december third", &[date(2026, 12, 3)]),
        ("December 3", &[date(2026, 12, 3)]),
        ("3 December 2027", &[date(2027, 12, 3)]),
        ("twenty first of june", &[date(2027, 6, 21)]),
        ("november twenty-fourth", &[date(2026, 11, 24)]),
        ("november twenty fourth twenty twenty six", &[date(2026, 11, 24)]),
        ("january fifth two thousand twenty seven", &[date(2027, 1, 5)]),
        ("november 3", &[date(2027, 11, 3)]),
        ("tuesday the twenty fourth", &[date(2026, 11, 24)]),
        ("Tuesday, November 24th", &[date(2026, 11, 24)]),
        ("monday the twenty fourth", &[date(2026, 11, 24), date(2026, 11, 23)]),
        ("thursday the 24th", &[date(2026, 12, 24)]),
        ("the first monday in january", &[date(2027, 1, 4)]),
        ("2026-11-24", &[date(2026, 11, 24)]),
        ("11/24", &[date(2026, 11, 24)]),
        ("24/11/2026", &[date(2026, 11, 24)]),
        ("24.11.2026", &[date(2026, 11, 24)]),
        ("2028-02-29", &[date(2028, 2, 29)]),
    ];
    for (text, dates) in table {
        let said = read(text, &friday());
        assert_eq!(said.day, Some(Day::Dates(dates.to_vec())), "{text}");
        assert_eq!(said.nonsense, None, "{text}");
    }
}

#[test]
fn spans_of_days_stay_spans() {
    let table = [
        ("next week", date(2026, 11, 23), date(2026, 11, 29)),
        ("this week", date(2026, 11, 20), date(2026, 11, 22)),
        ("the week after next", date(2026, 11, 30), date(2026, 12, 6)),
        ("this weekend", date(2026, 11, 21), date(2026, 11, 22)),
        ("next month", date(2026, 12, 1), date(2026, 12, 31)),
        ("in december", date(2026, 12, 1), date(2026, 12, 31)),
        ("in november", date(2026, 11, 20), date(2026, 11, 30)),
        ("the next three days", date(2026, 11, 20), date(2026, 11, 23)),
    ];
    for (text, from, to) in table {
        assert_eq!(read(text, &friday()).day, Some(Day::Span(from, to)), "{text}");
    }
}

#[test]
fn times_are_read_with_every_half_of_the_day_that_is_possible() {
    let table: &[(&str, &[&str])] = &[
        ("at ten", &["10:00", "22:00"]),
        ("ten o'clock", &["10:00", "22:00"]),
        ("10", &["10:00", "22:00"]),
        ("at three", &["15:00", "03:00"]),
        ("half past four", &["16:30", "04:30"]),
        ("half four", &["16:30", "04:30"]),
        ("quarter past ten", &["10:15", "22:15"]),
        ("a quarter to six", &["17:45", "05:45"]),
        ("quarter to one", &["12:45", "00:45"]),
        ("twenty past two", &["14:20", "02:20"]),
        ("ten to nine", &["08:50", "20:50"]),
        ("two thirty", &["14:30", "02:30"]),
        ("two oh five", &["14:05", "02:05"]),
        ("eleven forty five", &["11:45", "23:45"]),
        ("two thirty p m", &["14:30"]),
        ("at 4pm", &["16:00"]),
        ("4:30 p.m.", &["16:30"]),
        ("4.30pm", &["16:30"]),
        ("10:30", &["10:30", "22:30"]),
        ("09:30", &["09:30"]),
        ("14:00", &["14:00"]),
        ("fourteen hundred", &["14:00"]),
        ("noon", &["12:00"]),
        ("twelve", &["12:00", "00:00"]),
        ("twelve a m", &["00:00"]),
        ("half past twelve p m", &["12:30"]),
        ("ten in the morning", &["10:00"]),
        ("in the evening at eight", &["20:00"]),
        ("half past four in the afternoon", &["16:30"]),
        ("make it eleven", &["11:00", "23:00"]),
        ("eleven please", &["11:00", "23:00"]),
        ("let's say one", &["13:00", "01:00"]),
    ];
    for (text, times) in table {
        let times = times.iter().map(|time| time.parse().expect("a time")).collect();
        assert_eq!(read(text, &friday()).clock, Some(Clock::Times(times)), "{text}");
    }
}

#[test]
fn words_that_count_things_are_no_times() {
    for text in
        ["this one", "that one please", "for two people", "two appointments", "in two weeks", "the first one"]
    {
        assert_eq!(read(text, &friday()).clock, None, "{text}");
    }
    assert_eq!(read("the first one", &friday()).day, None);
    assert_eq!(read("may i book", &friday()).day, None);
}

#[test]
fn parts_of_the_day_are_kept_until_a_time_is_known() {
    let said = read("tomorrow morning", &friday());
    assert_eq!(said.clock, Some(Clock::Part(Part::Morning)));
    assert_eq!(said.resolve(&friday(), None), Err(Unclear::NoTime));
    let said = said.then(&read("at nine", &friday()));
    assert_eq!(said.resolve(&friday(), None).map(|m| m.at), Ok(at("2026-11-21T09:00+01:00[Europe/Berlin]")));
    let between = read("between two and four on monday", &friday()).clock;
    assert!(
        matches!(between, Some(Clock::Part(Part::Between(from, to))) if from.hour() == 14 && to.hour() == 16)
    );
    let after = read("after three", &friday()).clock;
    assert!(matches!(after, Some(Clock::Part(part)) if part.holds("15:00".parse().expect("a time"))));
}

#[test]
fn a_sentence_keeps_its_order_and_its_other_words() {
    let found = pieces("Move it from Tuesday at ten to Wednesday at eleven, please.", &friday());
    let shape: Vec<String> = found
        .iter()
        .map(|piece| match piece {
            Piece::Word(word) => word.clone(),
            Piece::Day(_) => "DAY".into(),
            Piece::Clock(_) => "CLOCK".into(),
            Piece::Exact(_) | Piece::Nonsense(_) | Piece::Note(_) => "?".into(),
        })
        .collect();
    assert_eq!(
        shape.join(" "),
        "move it from on DAY at CLOCK to DAY at CLOCK please".replace("from on", "from")
    );
    let two = pieces("change it from ten to eleven", &friday());
    assert_eq!(two.iter().filter(|piece| matches!(piece, Piece::Clock(_))).count(), 2);
}

#[test]
fn moments_are_resolved_in_the_zone_of_now() {
    let hours = Hours::default();
    let table = [
        ("next tuesday at ten", "2026-11-24T10:00+01:00[Europe/Berlin]"),
        (
            "I'd like to book an appointment next tuesday at half past two, please",
            "2026-11-24T14:30+01:00[Europe/Berlin]",
        ),
        ("tomorrow at three thirty p m", "2026-11-21T15:30+01:00[Europe/Berlin]"),
        ("monday at quarter past four in the afternoon", "2026-11-23T16:15+01:00[Europe/Berlin]"),
        ("the twenty fifth of november at eleven", "2026-11-25T11:00+01:00[Europe/Berlin]"),
        ("friday at ten", "2026-11-27T10:00+01:00[Europe/Berlin]"),
        ("in two hours", "2026-11-20T16:30+01:00[Europe/Berlin]"),
        ("in an hour and a half", "2026-11-20T16:00+01:00[Europe/Berlin]"),
        ("2026-11-24T10:00", "2026-11-24T10:00+01:00[Europe/Berlin]"),
        ("2026-11-24T10:00:00+01:00", "2026-11-24T10:00+01:00[Europe/Berlin]"),
        ("2026-11-24T10:00:00Z", "2026-11-24T11:00+01:00[Europe/Berlin]"),
        ("2026-11-24T04:00:00-05:00", "2026-11-24T10:00+01:00[Europe/Berlin]"),
        ("2026-11-24 10:00", "2026-11-24T10:00+01:00[Europe/Berlin]"),
        ("2026-11-24 3:00", "2026-11-24T03:00+01:00[Europe/Berlin]"),
    ];
    for (text, wanted) in table {
        assert_eq!(moment(text, &friday(), Some(&hours)).map(|m| m.at), Ok(at(wanted)), "{text}");
    }
}

#[test]
fn doubt_is_reported_and_what_hours_decide_is_said() {
    let hours = Hours::default();
    let decided = moment("tuesday at half past four", &friday(), Some(&hours)).expect("one of both");
    assert_eq!(decided.at.time().hour(), 16);
    assert_eq!(
        decided.remark(&friday(), when::Style::Spoken).as_deref(),
        Some("I take that as half past four in the afternoon, when we are open.")
    );
    let unsure = moment("tuesday at half past four", &friday(), None);
    assert!(matches!(&unsure, Err(Unclear::Either(both, Doubt::HalfOfDay)) if both.len() == 2), "{unsure:?}");
    let long = Hours::weekly("mon-sun 07:00-22:00").expect("hours");
    let unsure = moment("tuesday at nine", &friday(), Some(&long)).expect_err("both are open");
    assert_eq!(
        unsure.say(&friday(), Some(&long), when::Style::Spoken),
        "Do you mean nine in the morning or nine at night?"
    );
    assert!(matches!(moment("tuesday at five", &friday(), Some(&hours)), Err(Unclear::Closed(_))));
    assert!(moment("tuesday at five p m", &friday(), Some(&hours)).is_ok(), "clear, if closed");
    let monday = at("2026-11-23T09:00+01:00[Europe/Berlin]");
    let unsure = moment("next friday at ten a m", &monday, Some(&hours)).expect_err("two fridays");
    assert_eq!(
        unsure.say(&monday, None, when::Style::Plain),
        "Do you mean Friday, December 4 or Friday, November 27?"
    );
    assert_eq!(moment("at ten", &friday(), Some(&hours)), Err(Unclear::NoDay));
    assert_eq!(moment("tuesday", &friday(), Some(&hours)), Err(Unclear::NoTime));
    assert_eq!(moment("next week at ten", &friday(), Some(&hours)), Err(Unclear::NoDay));
    assert_eq!(moment("", &friday(), None), Err(Unclear::NoDay));
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    for (text, why) in [
        ("november 31st at ten", "November has only 30 days."),
        ("february 29 2027 at ten", "There is no February twenty-ninth in 2027."),
        ("2026-13-01", "There is no date 2026-13-01."),
        ("2026-02-30T10:00", "There is no date 2026-02-30."),
    ] {
        assert_eq!(moment(text, &friday(), None), Err(Unclear::Impossible(why.into())), "{text}");
    }
}

#[test]
fn what_may_be_taken_two_ways_is_asked_or_said() {
    let hours = Hours::default();
    let asked = |text: &str| {
        let unclear = moment(text, &friday(), Some(&hours)).expect_err(text);
        unclear.say(&friday(), Some(&hours), when::Style::Spoken)
    };
    let remarked = |text: &str| {
        let found = moment(text, &friday(), Some(&hours)).expect(text);
        found.remark(&friday(), when::Style::Spoken).unwrap_or_default()
    };
    let always = moment("monday at midnight", &friday(), None).expect_err("two of them");
    assert_eq!(
        always.say(&friday(), None, when::Style::Spoken),
        "Do you mean the night from Sunday to Monday, November twenty-third or the night from Monday to Tuesday, \
         November twenty-fourth?"
    );
    assert_eq!(
        asked("monday at midnight"),
        "We are closed at that time. That day we are open from nine in the morning to five in the afternoon."
    );
    assert_eq!(asked("monday at 25:00"), "There is no time 25:00.");
    assert_eq!(asked("monday at 25"), "There is no time 25.");
    assert_eq!(asked("monday at 10:75"), "There is no time 10:75.");
    assert_eq!(
        asked("monday at 24:00"),
        "There is no twenty-four o'clock. Please name the day that begins at that midnight."
    );
    assert_eq!(
        remarked("the 31st at noon"),
        "November has only 30 days, so I take that as Thursday, December thirty-first."
    );
    assert_eq!(remarked("the 30th at noon"), "");
    assert_eq!(
        remarked("tuesday at half four"),
        "I take half four as half past four. I take that as half past four in the afternoon, when we are open."
    );
    assert_eq!(remarked("tuesday at half past four p m"), "");
    assert_eq!(
        asked("12/1/2027 at noon"),
        "Do you mean Wednesday, December first, twenty twenty-seven or Tuesday, January twelfth, twenty twenty-seven?"
    );
    for foreign in ["monday at ten UTC", "monday at 10 a m eastern time", "2026-11-23T10:00 America/New_York"]
    {
        assert_eq!(
            asked(foreign),
            "I take times in our own time zone only. What time is that with us?",
            "{foreign}"
        );
    }
    assert_eq!(remarked("monday at noon CET"), "");
    assert_eq!(remarked("2026-11-23T10:00 Europe/Berlin"), "");
}

#[test]
fn moments_of_machines_are_taken_with_their_offset_and_zone_or_refused() {
    let at = |text: &str| moment(text, &friday(), None);
    for (text, wanted) in [
        ("2026-11-24T10:00:00+01:00[Europe/Berlin]", "2026-11-24T10:00+01:00[Europe/Berlin]"),
        ("2026-11-24T10:00[Europe/Berlin]", "2026-11-24T10:00+01:00[Europe/Berlin]"),
        ("2026-11-24T10:00[America/New_York]", "2026-11-24T16:00+01:00[Europe/Berlin]"),
        ("2026-11-24T09:00Z[Europe/Berlin]", "2026-11-24T10:00+01:00[Europe/Berlin]"),
        ("2026-11-24T10:00:00+01:00[!Europe/Berlin][u-ca=gregory].", "2026-11-24T10:00+01:00[Europe/Berlin]"),
        ("2026-11-24T10:00:00.500+01:00", "2026-11-24T10:00:00.5+01:00[Europe/Berlin]"),
        ("2026-11-24T04:00:00-0500", "2026-11-24T10:00+01:00[Europe/Berlin]"),
    ] {
        assert_eq!(at(text).map(|found| found.at), Ok(self::at(wanted)), "{text}");
    }
    let said = at("2026-11-24T09:00:00Z").expect("an instant").remark(&friday(), when::Style::Spoken);
    assert_eq!(
        said.as_deref(),
        Some("In our time zone that is Tuesday, November twenty-fourth, at ten in the morning.")
    );
    let said = at("2026-11-24T10:00:00+01:00").expect("an instant").remark(&friday(), when::Style::Spoken);
    assert_eq!(said, None);
    for (text, why) in [
        ("2026-11-24T10:00[Mars/Olympus]", "I know no time zone mars/olympus."),
        ("2026-11-24T10:00+01:00[CEST]", "I know no time zone cest."),
        (
            "2026-11-24T10:00+05:00[Europe/Berlin]",
            "The offset of that time and its time zone contradict each other.",
        ),
        ("2026-03-29T02:30[Europe/Berlin]", "The clocks skip 02:30 in that time zone."),
        ("2026-11-24T10:00[!u-ca=hebrew]", "I know no other calendar than our own."),
        ("2026-11-24T24:00", "There is no time 24:00."),
        ("2026-11-24T25:00:00Z", "There is no time 25:00."),
        ("2026-11-31", "There is no date 2026-11-31."),
        ("2026-02-29T10:00+01:00", "There is no date 2026-02-29."),
    ] {
        assert_eq!(at(text), Err(Unclear::Impossible(why.into())), "{text}");
    }
}

#[test]
fn a_skipped_time_is_refused_and_a_repeated_one_is_the_first() {
    let march = at("2026-03-20T12:00+01:00[Europe/Berlin]");
    let skipped = moment("march 29 2026 at 2:30 a m", &march, None).expect_err("it does not exist");
    assert_eq!(
        skipped.say(&march, None, when::Style::Plain),
        "The clocks are turned forward that night, so 2:30 AM does not exist on Sunday, March 29. The times around it are \
         1:30 AM and 3:30 AM. Which time do you mean?"
    );
    let october = at("2026-10-20T12:00+02:00[Europe/Berlin]");
    let twice = moment("october 25 at 2:30 a m", &october, None).expect("the first");
    assert_eq!(twice.at, at("2026-10-25T02:30+02:00[Europe/Berlin]"));
    assert!(twice.remark(&october, when::Style::Plain).is_some_and(|remark| remark.contains("comes twice")));
}

#[test]
fn weekdays_agree_with_counting_day_by_day() {
    let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let mut today = date(2026, 1, 1);
    for _ in 0..800 {
        let now = today.at(8, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).expect("a moment");
        for (index, name) in names.iter().enumerate() {
            let weekday = Weekday::from_monday_zero_offset(index as i8).expect("a weekday");
            let mut coming = today;
            while coming.weekday() != weekday {
                coming = coming.tomorrow().expect("a day");
            }
            let in_a_week = coming + 7.days();
            let bare = if coming == today { vec![in_a_week, coming] } else { vec![coming] };
            assert_eq!(read(name, &now).day, Some(Day::Dates(bare)), "{name} on {today}");
            let mut monday = today + 1.day();
            while monday.weekday() != Weekday::Monday {
                monday = monday.tomorrow().expect("a day");
            }
            let of_next_week =
                (0..7).map(|n| monday + n.days()).find(|day| day.weekday() == weekday).expect("one");
            let text = format!("{name} next week");
            assert_eq!(read(&text, &now).day, Some(Day::Dates(vec![of_next_week])), "{text} on {today}");
            let Some(Day::Dates(next)) = read(&format!("next {name}"), &now).day else { panic!("{name}") };
            assert!(next.contains(&of_next_week) || next == [in_a_week], "next {name} on {today}: {next:?}");
            assert!(next.iter().all(|day| *day > today && day.weekday() == weekday));
        }
        today = today.tomorrow().expect("a day");
    }
}

#[test]
fn no_text_is_too_strange_to_read() {
    let words = [
        "the",
        "next",
        "monday",
        "24th",
        "2026-11-24",
        "2026-99-99t",
        "half",
        "past",
        "to",
        "quarter",
        "in",
        "a",
        "ten",
        "thirty",
        "of",
        "may",
        "november",
        "99999999999",
        "9/9/9",
        "4.",
        "4:",
        ":",
        "'",
        "p",
        "m",
        "week",
        "from",
        "between",
        "and",
        "é",
        "😀",
        "12:99",
        "31.12.",
        "first",
        "two",
        "thousand",
        "years",
        "0",
        "25",
        "-",
        "10-11",
        "10-",
        "99999999 weeks",
        "midnight",
        "24:00",
        "2026-11-24t10:00[",
        "2026-11-24t10:00+99:99[europe/berlin]",
        "2026-11-24té",
        "tuesday",
        "fortnight",
        "12/11",
        "utc",
        "31st",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let text: Vec<&str> = (0..random.usize(0..9)).map(|_| words[random.usize(0..words.len())]).collect();
        let text = text.join(" ");
        let said = read(&text, &friday());
        if let Ok(found) = said.resolve(&friday(), Some(&Hours::default())) {
            assert_eq!(found.at.time_zone(), friday().time_zone(), "{text}");
        }
    }
}
