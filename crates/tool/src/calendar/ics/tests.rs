use super::*;
use crate::calendar::remote::Event;
use jiff::{SignedDuration, civil::DateTime, tz::TimeZone};
use std::time::Duration;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone")
}

fn utc(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn span(from: &str, to: &str) -> Span {
    Span { from: utc(from), to: utc(to) }
}

fn now() -> Timestamp {
    utc("2026-11-20T12:00:00Z")
}

fn appointment() -> Appointment {
    Appointment {
        id: "0198".into(),
        span: span("2026-12-01T09:00:00Z", "2026-12-01T09:30:00Z"),
        zone: "Europe/Berlin".into(),
        summary: "Haircut".into(),
        description:
            "First line\r\nsecond; with, marks \\ and ünïcödé that is rather long so that it has to be folded"
                .into(),
        place: String::new(),
        organizer: Some(Person { name: "Salon; \"Rosa\"".into(), mail: "rosa@example.com".into() }),
        attendees: vec![Person { name: String::new(), mail: "anna@example.com".into() }],
        cancelled: false,
        sequence: 2,
        changed: utc("2026-11-20T11:00:00Z"),
    }
}

fn calendar(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nSUMMARY:A\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
}

fn starts(text: &str, range: Span) -> Vec<String> {
    let read = occurrences(text, range, &zone("Europe/Berlin"), "").expect("readable");
    read.iter().map(|one| one.span.from.to_string()).collect()
}

fn unfolded(text: &str) -> Vec<String> {
    text.replace("\r\n ", "").lines().map(str::to_owned).collect()
}

fn has(text: &str, line: &str) -> bool {
    unfolded(text).iter().any(|there| there == line)
}

#[test]
fn an_invitation_is_what_another_reader_of_the_format_takes_it_for() {
    let file = mail(&appointment(), now());
    assert_eq!(file.content_type, "text/calendar; charset=utf-8; method=REQUEST");
    for line in [
        "METHOD:REQUEST",
        "UID:0198@earpiece",
        "SEQUENCE:2",
        "DTSTART;TZID=Europe/Berlin:20261201T100000",
        "ORGANIZER;CN=\"Salon; Rosa\":mailto:rosa@example.com",
        "ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:anna@example.com",
        "STATUS:CONFIRMED",
    ] {
        assert!(has(&file.text, line), "{line} in {}", file.text);
    }
    assert!(file.text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{}", file.text);
    let other: icalendar::Calendar = file.text.parse().expect("icalendar reads it");
    let event = other.events().next().expect("an event");
    let start = icalendar::Component::get_start(event).expect("a start");
    assert!(format!("{start:?}").contains("2026-12-01T10:00:00"), "{start:?}");
    let description = icalendar::Component::get_description(event).expect("a description");
    assert!(description.contains("ünïcödé that is rather long"), "{description}");
}

#[test]
fn a_cancellation_is_about_the_same_event_and_comes_after() {
    let off = Appointment { cancelled: true, sequence: 3, ..appointment() };
    let file = mail(&off, now());
    assert_eq!(file.content_type, "text/calendar; charset=utf-8; method=CANCEL");
    for line in ["METHOD:CANCEL", "UID:0198@earpiece", "SEQUENCE:3", "STATUS:CANCELLED"] {
        assert!(has(&file.text, line), "{line} in {}", file.text);
    }
    let range = span("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z");
    assert_eq!(occurrences(&file.text, range, &TimeZone::UTC, ""), Ok(vec![]));
}

#[test]
fn without_an_organizers_address_the_file_only_tells() {
    for organizer in [None, Some(Person { name: "Rosa".into(), mail: "by phone".into() })] {
        let file = mail(&Appointment { organizer, ..appointment() }, now());
        assert_eq!(file.content_type, "text/calendar; charset=utf-8; method=PUBLISH");
        assert!(has(&file.text, "METHOD:PUBLISH") && !file.text.contains("ORGANIZER"), "{}", file.text);
    }
}

#[test]
fn words_from_callers_never_become_lines() {
    let nasty = "x\r\nATTACH:file:///etc/passwd\nEND:VEVENT\u{2028}\u{85}\u{0}\u{1b}[31m";
    let hostile = Appointment {
        summary: nasty.into(),
        description: nasty.into(),
        place: nasty.into(),
        zone: nasty.into(),
        organizer: Some(Person { name: nasty.into(), mail: "rosa@example.com".into() }),
        attendees: vec![
            Person { name: nasty.into(), mail: nasty.into() },
            Person { name: nasty.into(), mail: "a@b\r\nATTACH:x".into() },
            Person { name: nasty.into(), mail: "anna@example.com".into() },
        ],
        ..appointment()
    };
    for text in [
        mail(&hostile, now()).text,
        feed(nasty, std::slice::from_ref(&hostile), Duration::from_secs(3600), now()),
    ] {
        let lines = unfolded(&text);
        assert!(!lines.iter().any(|line| line.starts_with("ATTACH")), "{text}");
        assert_eq!(lines.iter().filter(|line| *line == "END:VEVENT").count(), 1, "{text}");
        assert_eq!(lines.iter().filter(|line| line.starts_with("ATTENDEE")).count(), 1, "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\r' && c != '\n'), "{text:?}");
        let range = span("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z");
        let read = occurrences(&text, range, &TimeZone::UTC, "").expect("readable");
        assert_eq!(read[0].summary, "x\nATTACH:file:///etc/passwd\nEND:VEVENT\n\n[31m");
    }
}

#[test]
fn a_feed_says_how_often_to_ask_and_holds_each_zone_once() {
    let abroad = Appointment { id: "0199".into(), zone: "America/New_York".into(), ..appointment() };
    let off = Appointment { id: "0200".into(), cancelled: true, ..appointment() };
    let odd = Appointment { id: "0201".into(), zone: "Mars/Olympus".into(), ..appointment() };
    let text = feed("Rosa's", &[appointment(), abroad, off, odd], Duration::from_secs(3600), now());
    for line in ["REFRESH-INTERVAL;VALUE=DURATION:PT60M", "X-PUBLISHED-TTL:PT60M", "X-WR-CALNAME:Rosa's"] {
        assert!(has(&text, line), "{line} in {text}");
    }
    assert_eq!(text.matches("BEGIN:VTIMEZONE").count(), 2);
    assert!(has(&text, "DTSTART:20261201T090000Z"), "an unknown zone is written in UTC: {text}");
    let range = span("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z");
    let read = occurrences(&text, range, &TimeZone::UTC, "").expect("readable");
    assert_eq!(read.len(), 3, "the cancelled one takes no time");
    assert!(read.iter().all(|one| one.span == appointment().span));
    let empty = feed("", &[], Duration::ZERO, now());
    assert_eq!(occurrences(&empty, range, &TimeZone::UTC, ""), Ok(vec![]));
}

/// Reads our `VTIMEZONE` as a program that knows no zones by name would.
#[test]
fn the_zone_that_we_write_is_right_for_who_knows_no_names() {
    let zones = [
        "Europe/Berlin",
        "Europe/London",
        "Europe/Dublin",
        "America/New_York",
        "America/Sao_Paulo",
        "Australia/Sydney",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Africa/Casablanca",
        "Asia/Jerusalem",
        "Pacific/Auckland",
        "America/St_Johns",
        "Africa/Cairo",
        "America/Santiago",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for name in zones {
        for _ in 0..40 {
            let from =
                utc("2026-01-01T00:00:00Z") + SignedDuration::from_mins(random.i64(0..3 * 365 * 24 * 60));
            let taken = Span { from, to: from + SignedDuration::from_mins(45) };
            let event = Event {
                id: "abcde".into(),
                span: taken,
                zone: name.into(),
                summary: String::new(),
                description: String::new(),
                attendees: Vec::new(),
                busy: true,
            };
            let ours = object(&event, now());
            let nameless = ours
                .replace(&format!("TZID={name}:"), "TZID=Here:")
                .replace(&format!("TZID:{name}"), "TZID:Here");
            for text in [ours, nameless] {
                let range = Span {
                    from: from - SignedDuration::from_hours(48),
                    to: from + SignedDuration::from_hours(48),
                };
                let read = occurrences(&text, range, &zone("Asia/Tokyo"), "").expect("readable");
                assert_eq!(read.iter().map(|one| one.span).collect::<Vec<_>>(), [taken], "{name} {text}");
            }
        }
    }
}

#[test]
fn every_monday_at_nine_is_nine_on_both_sides_of_every_clock_change() {
    let mut random = fastrand::Rng::with_seed(11);
    for name in ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "America/Santiago"]
    {
        let text = calendar(&format!(
            "DTSTART;TZID={name}:20200106T090000\nDTEND;TZID={name}:20200106T100000\nRRULE:FREQ=WEEKLY;BYDAY=MO"
        ));
        for _ in 0..40 {
            let from = utc("2026-01-01T00:00:00Z") + SignedDuration::from_hours(random.i64(0..3 * 365 * 24));
            let range = Span { from, to: from + SignedDuration::from_hours(24 * 70) };
            let read = occurrences(&text, range, &TimeZone::UTC, "").expect("readable");
            // The other way of computing: every day of the range, asked whether it is a Monday.
            let mut day = from.to_zoned(zone(name)).date().yesterday().expect("a day");
            let mut expected = Vec::new();
            while day <= range.to.to_zoned(zone(name)).date() {
                let start =
                    day.at(9, 0, 0, 0).to_zoned(zone(name)).expect("nine is never skipped").timestamp();
                let one = Span { from: start, to: start + SignedDuration::from_hours(1) };
                if day.weekday() == jiff::civil::Weekday::Monday && one.overlaps(&range) {
                    expected.push(one);
                }
                day = day.tomorrow().expect("a day");
            }
            assert_eq!(read.iter().map(|one| one.span).collect::<Vec<_>>(), expected, "{name} {range:?}");
        }
    }
}

#[test]
fn rules_are_worked_out() {
    let year = span("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let on =
        |rule: &str, start: &str| starts(&calendar(&format!("DTSTART:{start}\nDURATION:PT1H\n{rule}")), year);
    assert_eq!(
        on("RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "20260130T100000Z"),
        ["2026-01-30T10:00:00Z", "2026-02-27T10:00:00Z", "2026-03-27T10:00:00Z"]
    );
    assert_eq!(
        on("RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;UNTIL=20260331", "20260130T100000Z"),
        ["2026-01-30T10:00:00Z", "2026-02-27T10:00:00Z", "2026-03-31T10:00:00Z"]
    );
    assert_eq!(
        on("RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20260105T100000Z", "20260101T100000Z"),
        ["2026-01-01T10:00:00Z", "2026-01-03T10:00:00Z", "2026-01-05T10:00:00Z"]
    );
    assert_eq!(on("RRULE:FREQ=MONTHLY", "20000131T100000Z").len(), 7, "the 31st is in seven months");
    assert_eq!(on("RRULE:FREQ=YEARLY", "19500501T100000Z"), ["2026-05-01T10:00:00Z"]);
    assert_eq!(on("RRULE:FREQ=YEARLY;COUNT=100", "19500501T100000Z"), ["2026-05-01T10:00:00Z"]);
    assert_eq!(on("RRULE:FREQ=YEARLY", "19560229T100000Z"), Vec::<String>::new(), "2026 is no leap year");
    assert_eq!(on("RRULE:FREQ=WEEKLY;COUNT=3", "20250101T100000Z"), Vec::<String>::new());
    assert_eq!(on("RRULE:FREQ=HOURLY;INTERVAL=5000", "20200101T000000Z").len(), 2);
    assert_eq!(on("RRULE:FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY=TU,SU", "19970805T090000Z").len(), 34);
    let changed = "RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE:20260108T100000Z\nEXDATE;VALUE=DATE:20260115\nRDATE:20260301T080000Z\nRDATE;VALUE=PERIOD:20260302T080000Z/PT2H,20260303T080000Z/20260303T090000Z";
    assert_eq!(
        on(changed, "20260101T100000Z"),
        [
            "2026-01-01T10:00:00Z",
            "2026-01-22T10:00:00Z",
            "2026-03-01T08:00:00Z",
            "2026-03-02T08:00:00Z",
            "2026-03-03T08:00:00Z"
        ]
    );
}

#[test]
fn a_changed_time_of_a_series_stands_instead_of_the_one_it_was() {
    let series = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART;TZID=Europe/Berlin:20261201T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\nEND:VEVENT\n";
    let other = |lines: &str| format!("{series}BEGIN:VEVENT\nUID:a\n{lines}\nEND:VEVENT\nEND:VCALENDAR");
    let week = span("2026-12-01T00:00:00Z", "2026-12-08T00:00:00Z");
    let hours = |text: &str| starts(text, week).iter().map(|at| at[8..13].to_owned()).collect::<Vec<_>>();
    let moved = other("RECURRENCE-ID:20261202T080000Z\nDTSTART:20261202T150000Z\nDURATION:PT1H");
    assert_eq!(hours(&moved), ["01T08", "02T15", "03T08", "04T08", "05T08"]);
    let off = other("RECURRENCE-ID;TZID=Europe/Berlin:20261202T090000\nSTATUS:CANCELLED");
    assert_eq!(hours(&off), ["01T08", "03T08", "04T08", "05T08"]);
    let from_then_on =
        other("RECURRENCE-ID;RANGE=THISANDFUTURE:20261203T080000Z\nDTSTART:20261203T100000Z\nDURATION:PT1H");
    assert_eq!(hours(&from_then_on), ["01T08", "02T08", "03T10", "04T10", "05T10"]);
    let alone = calendar("RECURRENCE-ID:20261202T080000Z\nDTSTART:20261202T150000Z\nDURATION:PT1H");
    assert_eq!(hours(&alone), ["02T15"], "invited to one time of a series");
}

#[test]
fn zones_are_known_by_any_of_their_names() {
    let range = span("2026-06-30T00:00:00Z", "2026-07-03T00:00:00Z");
    for name in [
        "Europe/Berlin",
        "W. Europe Standard Time",
        "/mozilla.org/20050126_1/Europe/Berlin",
        "\"Europe/Berlin\"",
    ] {
        let text = calendar(&format!("DTSTART;TZID={name}:20260701T100000\nDURATION:PT1H"));
        assert_eq!(starts(&text, range), ["2026-07-01T08:00:00Z"], "{name}");
    }
    for (windows, _) in windows::ZONES {
        let iana = windows::iana(&windows.to_uppercase()).expect("whatever its case");
        assert!(TimeZone::get(iana).is_ok(), "{iana}");
    }
    // As Outlook writes it: from the year 1601 on.
    let custom = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Customized Time Zone\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:a\nDTSTART;TZID=Customized Time Zone:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=1MO\nEND:VEVENT\nEND:VCALENDAR";
    let year = span("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let read = starts(custom, year);
    let mondays: Vec<String> = [5, 2, 2, 6, 4, 1, 6, 3, 7, 5, 2, 7]
        .iter()
        .zip(1..)
        .map(|(day, month)| {
            let at = jiff::civil::date(2026, month, *day).at(9, 0, 0, 0).to_zoned(zone("Europe/Berlin"));
            at.expect("a time").timestamp().to_string()
        })
        .collect();
    assert_eq!(read, mondays);
    let unknown = calendar("DTSTART;TZID=Nowhere:20260701T100000\nDURATION:PT1H");
    assert!(occurrences(&unknown, range, &TimeZone::UTC, "").expect_err("unknown").0.contains("Nowhere"));
}

#[test]
fn who_declined_is_free_and_who_may_come_is_not() {
    let range = span("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z");
    let invited = calendar(
        "DTSTART:20261201T090000Z\nDURATION:PT1H\nATTENDEE;PARTSTAT=DECLINED:MAILTO:Rosa@example.com",
    );
    let busy = |me: &str| occurrences(&invited, range, &TimeZone::UTC, me).expect("readable")[0].busy;
    assert!(!busy("rosa@example.com") && busy("anna@example.com") && busy(""));
    let moment = calendar("DTSTART:20261201T090000Z");
    assert!(
        !occurrences(&moment, range, &TimeZone::UTC, "").expect("readable")[0].busy,
        "a moment takes no time"
    );
}

#[test]
fn a_move_changes_the_times_and_nothing_else() {
    let old = "BEGIN:VCALENDAR\r\nX-A;B=\"c:d\",\"e\";F=g,h:i\r\nBEGIN:VEVENT\r\nUID:abcde@earpiece\r\nX-LONG:äääääääääääääääääääääääääääääääääääääääää\r\n ää\r\nDTSTART;VALUE=DATE:20261201\r\nDURATION:P1D\r\nSEQUENCE:7\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let to = span("2026-12-02T09:00:00Z", "2026-12-02T10:00:00Z");
    let change = |old: &str| moved(old, "abcde@earpiece", to, "Europe/Berlin", &zone("Europe/Berlin"), now());
    let Ok(Moved::Text(new)) = change(old) else { panic!("not moved") };
    for line in [
        "X-A;B=\"c:d\",\"e\";F=g,h:i",
        "SEQUENCE:8",
        "TRIGGER:-PT5M",
        "DTEND;TZID=Europe/Berlin:20261202T110000",
    ] {
        assert!(has(&new, line), "{line} in {new}");
    }
    assert!(
        new.contains("X-LONG:ä") && !new.contains("DURATION") && has(&new, "LAST-MODIFIED:20261120T120000Z"),
        "{new}"
    );
    assert_eq!(change(&new), Ok(Moved::Same));
    assert_eq!(change(&new.replace("abcde@", "other@")), Ok(Moved::Other));
    assert_eq!(change(&new.replace("SEQUENCE:8", "RRULE:FREQ=DAILY")), Ok(Moved::Series));
}

#[test]
fn garbage_is_refused_and_breaks_nothing() {
    let range = span("2026-12-01T00:00:00Z", "2026-12-31T00:00:00Z");
    let deep = "BEGIN:A\n".repeat(100_000);
    let long = format!("BEGIN:VCALENDAR\nX:{}\nEND:VCALENDAR", "a\n a".repeat(1_000_000));
    for text in [
        "",
        "x",
        "BEGIN:VCALENDAR",
        "END:VCALENDAR",
        "BEGIN:A\nEND:B",
        "BEGIN:VCALENDAR\nX\nEND:VCALENDAR",
        &deep,
        &long,
    ] {
        assert!(occurrences(text, range, &TimeZone::UTC, "").is_err(), "{text:.40}");
        assert!(free_busy(text).is_err());
    }
    // Whatever is done to a calendar, reading it ends, and without a panic.
    let good = calendar(
        "DTSTART;TZID=Europe/Berlin:20261130T090000\nDTEND;TZID=Europe/Berlin:20261130T091500\nRRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,-1FR;BYMONTHDAY=1,-31;BYHOUR=9,23;BYSETPOS=-1,1;COUNT=50;WKST=SU\nEXDATE:20261201T080000Z\nRDATE;VALUE=PERIOD:20261204T080000Z/PT1H",
    );
    let words = [
        "YEARLY",
        "WEEKLY",
        "DAILY",
        "HOURLY",
        "-366",
        "53",
        "0",
        "99999",
        "2",
        "BYWEEKNO",
        "BYYEARDAY",
        "BYMONTH",
        "UNTIL",
        "1MO",
        "SA",
        ";",
        ",",
        "=",
        ":",
        "\n",
        "T",
        "Z",
        "P",
        "9",
    ];
    let mut random = fastrand::Rng::with_seed(23);
    for _ in 0..300 {
        let mut text = good.clone();
        for _ in 0..random.usize(1..5) {
            let at = random.usize(0..text.len());
            let to = (at + random.usize(0..6)).min(text.len());
            text.replace_range(at..to, random.choice(words).expect("a word"));
        }
        let _ = occurrences(&text, range, &TimeZone::UTC, "");
        let _ = moved(&text, "a", range, "Europe/Berlin", &TimeZone::UTC, now());
    }
}

#[test]
fn the_cost_of_a_hostile_rule_is_bounded() {
    let range = span("2026-12-01T00:00:00Z", "2026-12-31T00:00:00Z");
    for rule in [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;COUNT=4000000000",
        "FREQ=MINUTELY",
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20",
    ] {
        let _ = occurrences(
            &calendar(&format!("DTSTART:19700101T000000Z\nDURATION:PT1H\nRRULE:{rule}")),
            range,
            &TimeZone::UTC,
            "",
        );
    }
}

#[test]
fn civil_times_are_read_exactly() {
    let local: DateTime = "2026-12-01T10:00:59".parse().expect("a time");
    assert_eq!(times::at("20261201T100060"), Ok(times::At::Local(local)), "a leap second");
    for wrong in [
        "2026-12-01",
        "20261301",
        "20260229",
        "20261201T2500",
        "20261201T100000+01",
        "20261201 100000",
        "٢٠٢٦١٢٠١",
        "+2261201",
    ] {
        assert!(times::at(wrong).is_err(), "{wrong}");
    }
}
