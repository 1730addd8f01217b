use crate::{calendar, december_first, haircut, radicale::Radicale, span};
use tool::calendar::remote::{Calendar, Event, Trouble, Written};

fn done(written: Result<Written, Trouble>) -> Option<String> {
    match written {
        Ok(Written::Done { etag }) => etag,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_event_that_is_put_twice_stands_once_and_reads_back_as_it_was() {
    let server = Radicale::start().await;
    let calendar = calendar(&server.work());
    let first = done(calendar.put(&haircut()).await);
    let second = done(calendar.put(&haircut()).await);
    assert!(first.is_some() && first == second, "{first:?} {second:?}");
    let stored = server.stored();
    assert_eq!(stored.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["vc7f3a90c2.ics"]);
    for line in [
        "UID:vc7f3a90c2@earpiece",
        "DTSTART;TZID=Europe/Berlin:20261201T100000",
        "DTEND;TZID=Europe/Berlin:20261201T103000",
        "SUMMARY:Haircut\\, Anna\\; the long one",
        "BEGIN:VTIMEZONE",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    ] {
        assert!(stored[0].1.lines().any(|stored| stored == line), "{line} in {}", stored[0].1);
    }
    assert_eq!(calendar.events(december_first()).await.expect("events"), [haircut()]);
    let answers = server.answers("PUT");
    assert!(
        answers[0].contains("201 Created") && answers[1].contains("412") && answers.len() == 2,
        "{answers:#?}"
    );
}

#[tokio::test]
async fn an_event_that_somebody_has_moved_before_it_is_put_again_stands_once_where_it_was_agreed() {
    let server = Radicale::start().await;
    let calendar = calendar(&server.work());
    done(calendar.put(&haircut()).await);
    let theirs = server.get("vc7f3a90c2.ics").await.replace("20261201T1", "20261202T1");
    server.put("vc7f3a90c2.ics", &theirs).await;
    done(calendar.put(&haircut()).await);
    assert_eq!(calendar.events(december_first()).await.expect("events"), [haircut()]);
    assert_eq!(server.stored().len(), 1);
}

#[tokio::test]
async fn the_second_of_two_equal_hours_is_that_hour() {
    let server = Radicale::start().await;
    let calendar = calendar(&server.work());
    let at = |text: &str| text.parse().expect("a time");
    let night = when::Span { from: at("2026-10-25T01:30:00Z"), to: at("2026-10-25T02:00:00Z") };
    done(calendar.put(&Event { span: night, ..haircut() }).await);
    let range = span("2026-10-25T00:00", "2026-10-26T00:00");
    assert_eq!(calendar.busy(range, None).await.expect("taken"), [night]);
}

#[tokio::test]
async fn moving_keeps_what_somebody_has_changed_in_the_event() {
    let server = Radicale::start().await;
    let calendar = calendar(&server.work());
    done(calendar.put(&haircut()).await);
    let theirs = server.get("vc7f3a90c2.ics").await
        .replace("SUMMARY:", "X-COLOUR;X-P=\"a;b\":teal\nCATEGORIES:Hair,Salon\nATTACH;FMTTYPE=text/plain:https://example.com/a;b\nSUMMARY:VIP ")
        .replace("END:VEVENT", "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Soon\nTRIGGER:-PT15M\nEND:VALARM\nEND:VEVENT");
    server.put("vc7f3a90c2.ics", &theirs).await;
    let later = span("2026-12-03T16:00", "2026-12-03T16:45");
    let etag = done(calendar.shift("vc7f3a90c2", later, "Europe/Berlin").await);
    assert!(etag.is_some());
    assert_eq!(done(calendar.shift("vc7f3a90c2", later, "Europe/Berlin").await), etag, "moved already");
    let now = server.get("vc7f3a90c2.ics").await;
    for line in [
        "DTSTART;TZID=Europe/Berlin:20261203T160000",
        "DTEND;TZID=Europe/Berlin:20261203T164500",
        "SEQUENCE:1",
        "SUMMARY:VIP Haircut\\, Anna\\; the long one",
        "CATEGORIES:Hair,Salon",
        "TRIGGER:-PT15M",
        "ATTACH;FMTTYPE=text/plain:https://example.com/a;b",
    ] {
        assert!(now.lines().any(|stored| stored == line), "{line} in {now}");
    }
    assert!(now.contains("teal") && now.matches("BEGIN:VTIMEZONE").count() == 1, "{now}");
    assert_eq!(server.stored().len(), 1);
    let answers = server.answers("PUT");
    assert_eq!(answers.len(), 3, "the second move wrote nothing: {answers:#?}");
}

#[tokio::test]
async fn moving_what_is_gone_says_so_and_removing_it_twice_is_done() {
    let server = Radicale::start().await;
    let calendar = calendar(&server.work());
    let later = span("2026-12-03T16:00", "2026-12-03T16:45");
    assert_eq!(calendar.shift("vc7f3a90c2", later, "Europe/Berlin").await, Ok(Written::Gone));
    done(calendar.put(&haircut()).await);
    assert_eq!(calendar.remove("vc7f3a90c2").await, Ok(()));
    assert!(server.stored().is_empty());
    assert_eq!(calendar.remove("vc7f3a90c2").await, Ok(()));
    assert_eq!(calendar.shift("vc7f3a90c2", later, "Europe/Berlin").await, Ok(Written::Gone));
    done(calendar.put(&haircut()).await);
    assert_eq!(server.stored().len(), 1, "there are no gravestones here");
}

#[tokio::test]
async fn our_event_is_found_where_another_program_has_moved_it() {
    let server = Radicale::start().await;
    let calendar = calendar(&server.work());
    done(calendar.put(&haircut()).await);
    let object = server.get("vc7f3a90c2.ics").await;
    assert_eq!(server.ask("DELETE", "/alice/work/vc7f3a90c2.ics", String::new()).await.0, 200);
    server.put("elsewhere.ics", &object).await;
    done(calendar.put(&haircut()).await);
    assert_eq!(server.stored().len(), 1, "the same UID is the same event");
    done(calendar.shift("vc7f3a90c2", span("2026-12-04T09:00", "2026-12-04T09:30"), "Europe/Berlin").await);
    assert!(server.get("elsewhere.ics").await.contains("20261204T090000"));
    assert_eq!(calendar.remove("vc7f3a90c2").await, Ok(()));
    assert!(server.stored().is_empty());
}

#[tokio::test]
async fn what_somebody_else_made_under_our_name_is_not_touched() {
    let server = Radicale::start().await;
    let calendar = calendar(&server.work());
    server
        .put(
            "vc7f3a90c2.ics",
            &crate::radicale::event(
                "theirs.ics",
                "DTSTART:20261201T090000Z\nDTEND:20261201T100000Z\nSUMMARY:Theirs",
            ),
        )
        .await;
    let before = server.stored();
    assert!(matches!(calendar.put(&haircut()).await, Err(Trouble::Refused(_))));
    let later = span("2026-12-03T16:00", "2026-12-03T16:45");
    assert!(matches!(calendar.shift("vc7f3a90c2", later, "Europe/Berlin").await, Err(Trouble::Refused(_))));
    assert_eq!(calendar.remove("vc7f3a90c2").await, Ok(()), "ours is not there");
    assert_eq!(server.stored(), before);
    for id in ["", "../work", "a/b", "a.b", "ä"] {
        assert!(matches!(calendar.remove(id).await, Err(Trouble::Refused(_))), "{id}");
    }
}

#[tokio::test]
async fn an_event_that_was_made_a_series_is_not_moved() {
    let server = Radicale::start().await;
    let calendar = calendar(&server.work());
    done(calendar.put(&haircut()).await);
    let series = server.get("vc7f3a90c2.ics").await.replace("END:VEVENT", "RRULE:FREQ=WEEKLY\nEND:VEVENT");
    server.put("vc7f3a90c2.ics", &series).await;
    let later = span("2026-12-03T16:00", "2026-12-03T16:45");
    assert!(matches!(calendar.shift("vc7f3a90c2", later, "Europe/Berlin").await, Err(Trouble::Refused(_))));
}

#[tokio::test]
async fn words_from_a_caller_stay_words() {
    let server = Radicale::start().await;
    let calendar = calendar(&server.work());
    let nasty = Event {
        summary: "Cut\r\nATTACH:file:///etc/passwd\r\nEND:VEVENT\u{0}\u{7}".into(),
        description: "\\, ; \u{2028}RRULE:FREQ=DAILY\nBEGIN:VALARM".into(),
        attendees: vec!["x\r\nATTENDEE:mailto:evil@example.com".into()],
        ..haircut()
    };
    done(calendar.put(&nasty).await);
    let stored = server.get("vc7f3a90c2.ics").await;
    for name in ["ATTACH", "RRULE:FREQ=DAILY", "ATTENDEE", "BEGIN:VALARM"] {
        assert!(!stored.lines().any(|line| line.starts_with(name)), "{stored}");
    }
    assert_eq!(stored.matches("\nEND:VEVENT").count(), 1);
    let read = calendar.events(december_first()).await.expect("events");
    assert_eq!(read[0].summary, "Cut\nATTACH:file:///etc/passwd\nEND:VEVENT");
    assert_eq!(read[0].description, "\\, ; \nRRULE:FREQ=DAILY\nBEGIN:VALARM");
    assert_eq!(read[0].attendees, ["x\nATTENDEE:mailto:evil@example.com"]);
}
