use crate::{clock, december_first, haircut, span, stand_in::StandIn};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tool::calendar::{
    caldav::{Account, CalDav, Login},
    remote::{Calendar, Trouble, Written},
};

/// Waits for half a second at most.
fn calendar(server: &StandIn) -> CalDav {
    let address = format!("{}/c/", server.address);
    let login = Login { address: address.clone(), user: "alice".into(), password: "secret".into() };
    let account = Account::patient(&login, clock(), Duration::from_millis(500)).expect("a login");
    account.calendar(&address, crate::berlin()).expect("a calendar")
}

fn is_unknown<T: std::fmt::Debug>(answer: &Result<T, Trouble>) {
    assert!(matches!(answer, Err(Trouble::Unreachable(_))), "{answer:?}");
}

#[tokio::test]
async fn what_cannot_be_believed_is_unknown_and_never_free() {
    let fine = "<multistatus xmlns=\"DAV:\"></multistatus>";
    let listed = |inside: &str| {
        format!(
            "<multistatus xmlns=\"DAV:\"><response><href>/c/a.ics</href>{inside}</response></multistatus>"
        )
    };
    let data = |text: &str| {
        listed(&format!(
            "<propstat><prop><getetag>\"1\"</getetag><calendar-data xmlns=\"urn:ietf:params:xml:ns:caldav\">{text}</calendar-data></prop><status>HTTP/1.1 200 OK</status></propstat>"
        ))
    };
    let event = |inside: &str| {
        data(&format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20261201T090000Z\n{inside}\nEND:VEVENT\nEND:VCALENDAR"
        ))
    };
    let wrong = [
        String::new(),
        "OK".into(),
        "<html><body>Sign in</body></html>".into(),
        fine[..30].into(),
        format!("{fine}<extra>"),
        format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{fine}"),
        listed("<propstat><prop/><status>HTTP/1.1 200 OK</status></propstat>"),
        listed("<status>HTTP/1.1 507 Insufficient Storage</status>"),
        listed("<status>fine</status>"),
        data(""),
        data("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20261201T090000Z"),
        data("garbage"),
        data("&unknown;"),
        event("DTEND:20261301T090000Z"),
        event("DTEND:20261130T090000Z"),
        event("DURATION:-PT1H"),
        event("DURATION:PT1H\nRRULE:FREQ=SECONDLY"),
        event("DURATION:PT1H\nRRULE:FREQ=DAILY;BYHOUR=99"),
        event("DURATION:PT1H\nRRULE:FREQ=YEARLY;UNTIL=soon"),
        "<a>".repeat(100_000),
        format!("<multistatus xmlns=\"DAV:\">{}</multistatus>", "<a>".repeat(1000) + &"</a>".repeat(1000)),
    ];
    for body in wrong {
        let sent = body.clone();
        let server = StandIn::start(move |_, _| StandIn::answer("207 Multi-Status", "", &sent)).await;
        let answer = calendar(&server).busy(december_first(), None).await;
        assert!(matches!(answer, Err(Trouble::Unreachable(_))), "{answer:?} to {body:.200}");
    }
    let (fine_body, event_body) = (fine.to_owned(), event("DURATION:PT1H"));
    let server = StandIn::start(move |_, _| StandIn::answer("207 Multi-Status", "", &fine_body)).await;
    assert_eq!(calendar(&server).busy(december_first(), None).await, Ok(vec![]));
    let server = StandIn::start(move |_, _| StandIn::answer("207 Multi-Status", "", &event_body)).await;
    assert_eq!(calendar(&server).busy(december_first(), None).await.map(|taken| taken.len()), Ok(1));
}

#[tokio::test]
async fn half_an_answer_none_and_failing_ones_are_unknown() {
    let half = "HTTP/1.1 207 Multi-Status\r\nContent-Length: 5000\r\n\r\n<multistatus xmlns=\"DAV:\"/>";
    let answers = [
        half.to_owned(),
        String::new(),
        "garbage\r\n\r\n".into(),
        StandIn::answer("500 Oops", "", ""),
        StandIn::answer("503 Busy", "", ""),
        StandIn::answer("429 Slow down", "", ""),
        StandIn::answer("302 Found", "Location: /c/\r\n", ""),
    ];
    for answer in answers {
        let server = StandIn::start(move |_, _| answer.clone()).await;
        let calendar = calendar(&server);
        is_unknown(&calendar.busy(december_first(), None).await);
        is_unknown(&calendar.events(december_first()).await);
        is_unknown(&calendar.put(&haircut()).await);
        is_unknown(&calendar.remove("vc7f3a90c2").await);
        is_unknown(&calendar.test().await);
    }
    let nobody = { StandIn::start(|_, _| String::new()).await.address };
    let login = Login { address: nobody.clone(), user: "alice".into(), password: "secret".into() };
    let account = Account::new(&login, clock()).expect("a login");
    is_unknown(&account.calendars().await);
    let gone = account.calendar(&nobody, crate::berlin()).expect("a calendar");
    is_unknown(&gone.put(&haircut()).await);
}

#[tokio::test]
async fn a_write_without_an_answer_is_made_once_more_under_the_same_condition() {
    let body = std::sync::Mutex::new(String::new());
    let tries = AtomicUsize::new(0);
    let server = StandIn::start(move |request, _| match request.method.as_str() {
        "PUT" => {
            *body.lock().expect("the body") = request.body.clone();
            // The first one arrives, but its answer does not.
            if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                String::new()
            } else {
                StandIn::answer("412 There", "", "")
            }
        }
        "GET" => StandIn::answer("200 OK", "ETag: \"7\"\r\n", &body.lock().expect("the body")),
        _ => StandIn::answer("404 Not Found", "", ""),
    })
    .await;
    let written = calendar(&server).put(&haircut()).await;
    assert_eq!(written, Ok(Written::Done { etag: Some("\"7\"".into()) }));
    let puts: Vec<_> = server.requests().into_iter().filter(|request| request.method == "PUT").collect();
    assert_eq!(puts.len(), 2);
    assert!(puts.iter().all(|put| put.head.to_lowercase().contains("if-none-match: *")));
    assert_eq!(puts[0].body, puts[1].body);
}

#[tokio::test]
async fn moving_starts_anew_when_somebody_else_was_faster_but_not_forever() {
    let object = crate::radicale::event(
        "vc7f3a90c2@earpiece",
        "DTSTART:20261201T090000Z\nDTEND:20261201T093000Z\nSEQUENCE:4\nSUMMARY:X",
    );
    for (conflicts, works) in [(2, true), (1_000, false)] {
        let (object, tries) = (object.clone(), AtomicUsize::new(0));
        let server = StandIn::start(move |request, _| {
            let so_far = tries.load(Ordering::SeqCst);
            match request.method.as_str() {
                "GET" => StandIn::answer("200 OK", &format!("ETag: \"v{so_far}\"\r\n"), &object),
                _ if tries.fetch_add(1, Ordering::SeqCst) < conflicts => {
                    StandIn::answer("412 Changed", "", "")
                }
                _ => StandIn::answer("204 No Content", "ETag: \"new\"\r\n", ""),
            }
        })
        .await;
        let later = span("2026-12-03T16:00", "2026-12-03T16:45");
        let moved = calendar(&server).shift("vc7f3a90c2", later, "Europe/Berlin").await;
        if works {
            assert_eq!(moved, Ok(Written::Done { etag: Some("\"new\"".into()) }));
        } else {
            assert!(matches!(moved, Err(Trouble::Refused(_))), "{moved:?}");
        }
        let puts: Vec<_> = server.requests().into_iter().filter(|request| request.method == "PUT").collect();
        assert_eq!(puts.len(), 3);
        assert!(
            puts[1].head.to_lowercase().contains("if-match: \"v1\"") && puts[1].body.contains("SEQUENCE:5")
        );
    }
}

#[tokio::test]
async fn a_calendar_that_shows_only_that_time_is_taken_is_asked_for_that() {
    let told = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VFREEBUSY\r\nFREEBUSY;FBTYPE=BUSY:20261201T080000Z/20261201T081500Z,\r\n 20261201T090000Z/PT30M\r\nFREEBUSY;FBTYPE=BUSY-TENTATIVE:20261201T100000Z/20261201T110000Z\r\nFREEBUSY;FBTYPE=FREE:20261201T120000Z/20261201T130000Z\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n";
    let server = StandIn::start(move |request, _| {
        if request.body.contains("free-busy-query") {
            StandIn::answer("200 OK", "Content-Type: text/calendar\r\n", told)
        } else {
            StandIn::answer("403 Forbidden", "", "")
        }
    })
    .await;
    let taken = calendar(&server).busy(december_first(), None).await.expect("what is taken");
    let expected = [
        span("2026-12-01T09:00", "2026-12-01T09:15"),
        span("2026-12-01T10:00", "2026-12-01T10:30"),
        span("2026-12-01T11:00", "2026-12-01T12:00"),
    ];
    assert_eq!(taken, expected);
    let shut = StandIn::start(|_, _| StandIn::answer("403 Forbidden", "", "")).await;
    assert!(matches!(calendar(&shut).busy(december_first(), None).await, Err(Trouble::Revoked(_))));
    assert!(matches!(calendar(&shut).put(&haircut()).await, Err(Trouble::Revoked(_))));
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let condition =
        "<error xmlns=\"DAV:\"><valid-calendar-data xmlns=\"urn:ietf:params:xml:ns:caldav\"/></error>";
    let cases = [
        ("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "", "Revoked"),
        ("401 Unauthorized", "WWW-Authenticate: Digest realm=\"x\"\r\n", "", "Revoked"),
        ("403 Forbidden", "", condition, "Refused"),
        ("400 Bad Request", "", "", "Refused"),
        ("507 Full", "", "", "Refused"),
        ("423 Locked", "", "", "Unreachable"),
    ];
    for (status, headers, body, expected) in cases {
        let server = StandIn::start(move |_, _| StandIn::answer(status, headers, body)).await;
        let trouble = calendar(&server).put(&haircut()).await.expect_err(status);
        assert!(format!("{trouble:?}").starts_with(expected), "{status}: {trouble:?}");
        assert!(!trouble.to_string().contains("secret"));
    }
}
