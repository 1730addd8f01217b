use crate::{
    calendar, december_first, haircut,
    radicale::{Radicale, event},
    span,
    stand_in::StandIn,
};
use std::fmt::Write;
use tool::calendar::remote::{Calendar, Trouble};

#[tokio::test]
async fn other_peoples_events_are_taken_unless_they_are_free_or_off() {
    let server = Radicale::start().await;
    let at = |hour: u8| {
        format!("DTSTART;TZID=Europe/Berlin:20261201T{hour:02}0000\nDURATION:PT30M\nSUMMARY:At {hour}")
    };
    server.put_event("plain.ics", &at(8)).await;
    server.put_event("tentative.ics", &format!("{}\nSTATUS:TENTATIVE", at(9))).await;
    server.put_event("free.ics", &format!("{}\nTRANSP:TRANSPARENT", at(10))).await;
    server.put_event("off.ics", &format!("{}\nSTATUS:CANCELLED", at(11))).await;
    server.put_event("utc.ics", "DTSTART:20261201T110000Z\nDTEND:20261201T113000Z\nSUMMARY:Noon").await;
    server.put_event("floats.ics", "DTSTART:20261201T130000\nDTEND:20261201T133000\nSUMMARY:Lunch").await;
    server
        .put_event(
            "windows.ics",
            "DTSTART;TZID=W. Europe Standard Time:20261201T140000\nDURATION:PT30M\nSUMMARY:Exchange",
        )
        .await;
    server
        .put_event("before.ics", "DTSTART:20261130T100000Z\nDTEND:20261130T110000Z\nSUMMARY:Yesterday")
        .await;
    let mut taken = calendar(&server.work()).busy(december_first(), None).await.expect("what is taken");
    taken.sort();
    let half_past = |hour: u8| span(&format!("2026-12-01T{hour:02}:00"), &format!("2026-12-01T{hour:02}:30"));
    assert_eq!(taken, [8, 9, 12, 13, 14].map(half_past));
    let events = calendar(&server.work()).events(december_first()).await.expect("events");
    let told: Vec<_> = events.iter().map(|event| (event.summary.as_str(), event.busy)).collect();
    let all = [
        ("At 8", true),
        ("At 9", true),
        ("At 10", false),
        ("Noon", true),
        ("Lunch", true),
        ("Exchange", true),
    ];
    assert_eq!(told, all);
    assert_eq!((events[0].id.as_str(), events[0].zone.as_str()), ("plain", "Europe/Berlin"));
}

#[tokio::test]
async fn a_series_in_another_zone_keeps_its_hour_there_across_clock_changes() {
    let server = Radicale::start().await;
    let lines = "DTSTART;TZID=America/New_York:20260105T090000\nDTEND;TZID=America/New_York:20260105T100000\nRRULE:FREQ=WEEKLY;BYDAY=MO\nEXDATE;TZID=America/New_York:20261019T090000\nSUMMARY:Standup";
    let moved = "BEGIN:VEVENT\nUID:standup\nDTSTAMP:20261120T120000Z\nRECURRENCE-ID;TZID=America/New_York:20261102T090000\nDTSTART;TZID=America/New_York:20261103T170000\nDTEND;TZID=America/New_York:20261103T173000\nSUMMARY:Standup, moved\nEND:VEVENT\nEND:VCALENDAR";
    server.put("standup.ics", &event("standup.ics", lines).replace("END:VCALENDAR", moved)).await;
    let autumn = span("2026-10-11T00:00", "2026-11-11T00:00");
    let mut taken = calendar(&server.work()).busy(autumn, None).await.expect("what is taken");
    taken.sort();
    // Berlin leaves summer time on October 25, New York on November 1.
    let expected = [
        span("2026-10-12T15:00", "2026-10-12T16:00"),
        span("2026-10-26T14:00", "2026-10-26T15:00"),
        span("2026-11-03T23:00", "2026-11-03T23:30"),
        span("2026-11-09T15:00", "2026-11-09T16:00"),
    ];
    assert_eq!(taken, expected);
    let events = calendar(&server.work()).events(autumn).await.expect("events");
    assert_eq!(events[0].id, "standup#20261012T130000Z");
}

#[tokio::test]
async fn a_whole_day_is_the_owners_day_wherever_the_server_is() {
    let server = Radicale::start().await;
    server
        .put_event("holiday.ics", "DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261203\nSUMMARY:Away")
        .await;
    let away = span("2026-12-01T00:00", "2026-12-03T00:00");
    for range in [
        span("2026-12-01T00:00", "2026-12-01T00:15"),
        span("2026-12-02T23:30", "2026-12-03T08:00"),
        december_first(),
    ] {
        assert_eq!(calendar(&server.work()).busy(range, None).await.expect("what is taken"), [away]);
    }
    let evening_before = span("2026-11-30T12:00", "2026-12-01T00:00");
    assert_eq!(calendar(&server.work()).busy(evening_before, None).await.expect("what is taken"), []);
    let auckland = jiff::tz::TimeZone::get("Pacific/Auckland").expect("a zone");
    let theirs =
        crate::account(&server.work()).calendar(&server.work(), auckland.clone()).expect("a calendar");
    let taken = theirs.busy(evening_before, None).await.expect("what is taken");
    let midnight =
        |day: i8| jiff::civil::date(2026, 12, day).to_zoned(auckland.clone()).expect("a day").timestamp();
    assert_eq!(taken, [when::Span { from: midnight(1), to: midnight(3) }]);
}

#[tokio::test]
async fn our_own_event_is_left_out_when_it_is_to_be_moved() {
    let server = Radicale::start().await;
    let calendar = calendar(&server.work());
    calendar.put(&haircut()).await.expect("it is written");
    server.put_event("other.ics", "DTSTART:20261201T090000Z\nDTEND:20261201T100000Z\nSUMMARY:Theirs").await;
    assert_eq!(calendar.busy(december_first(), None).await.expect("taken").len(), 2);
    let others = calendar.busy(december_first(), Some("vc7f3a90c2")).await.expect("taken");
    assert_eq!(others, [span("2026-12-01T10:00", "2026-12-01T11:00")]);
}

#[tokio::test]
async fn an_event_that_nobody_can_place_makes_the_calendar_unknown_and_is_named() {
    let server = Radicale::start().await;
    server
        .put_event("odd.ics", "DTSTART;TZID=Nowhere/Land:20261201T100000\nDURATION:PT1H\nSUMMARY:The odd one")
        .await;
    let Err(Trouble::Unreachable(why)) = calendar(&server.work()).busy(december_first(), None).await else {
        panic!("it guessed");
    };
    assert!(why.contains("The odd one") && why.contains("Nowhere/Land"), "{why}");
}

#[tokio::test]
async fn a_busy_month_is_read_from_a_real_server() {
    let server = Radicale::start().await;
    let many: String = (0..300).map(|n| one_of_many(n) + "\n").collect();
    // A PUT on the collection itself replaces all that is in it.
    let all = format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//test//EN\n{many}END:VCALENDAR\n");
    let (status, body) = server.ask("PUT", "/alice/work/", all).await;
    assert_eq!(status, 201, "{body}");
    let december = span("2026-12-01T00:00", "2027-01-01T00:00");
    let taken = calendar(&server.work()).busy(december, None).await.expect("what is taken");
    assert_eq!(taken.len(), 300);
}

/// Radicale would take minutes for as many.
#[tokio::test]
async fn ten_thousand_events_are_read_and_ten_times_as_many_given_up() {
    let december = span("2026-12-01T00:00", "2027-01-01T00:00");
    for (many, readable) in [(10_000, true), (100_000, false)] {
        let mut all = String::from(r#"<multistatus xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">"#);
        for n in 0..many {
            let event = one_of_many(n);
            let _ = write!(
                all,
                "<response><href>/c/e{n}.ics</href><propstat><prop><getetag>\"{n}\"</getetag><c:calendar-data>BEGIN:VCALENDAR\n{event}\nEND:VCALENDAR\n</c:calendar-data></prop><status>HTTP/1.1 200 OK</status></propstat></response>"
            );
        }
        all.push_str("</multistatus>");
        let server = StandIn::start(move |_, _| StandIn::answer("207 Multi-Status", "", &all)).await;
        let taken = calendar(&format!("{}/c/", server.address)).busy(december, None).await;
        match taken {
            Ok(taken) => assert!(readable && taken.len() == many, "{}", taken.len()),
            Err(trouble) => assert!(!readable && matches!(trouble, Trouble::Unreachable(_)), "{trouble:?}"),
        }
    }
}

fn one_of_many(n: usize) -> String {
    let (day, hour, minute) = (1 + n % 28, n / 28 % 24, n / 672 % 60);
    format!(
        "BEGIN:VEVENT\nUID:e{n}\nDTSTAMP:20261120T120000Z\nDTSTART:202612{day:02}T{hour:02}{minute:02}00Z\nDURATION:PT1M\nSUMMARY:Event {n}\nEND:VEVENT"
    )
}

#[tokio::test]
async fn a_series_without_end_over_three_hundred_years_is_given_up() {
    let server = Radicale::start().await;
    server
        .put_event(
            "endless.ics",
            "DTSTART:19700101T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nSUMMARY:Endless",
        )
        .await;
    let calendar = calendar(&server.work());
    let taken = calendar.busy(december_first(), None).await.expect("a day of it");
    assert_eq!(taken, [span("2026-12-01T09:00", "2026-12-01T10:00")]);
    let long = calendar.busy(span("2026-01-01T00:00", "2326-01-01T00:00"), None).await;
    assert!(matches!(&long, Err(Trouble::Unreachable(why)) if why.contains("Endless")), "{long:?}");
}
