//! What the pages tell of calls, and of the appointments that were made in them.

use super::rig::{Browser, a_call, a_call_from};
use axum::http::StatusCode;
use call::{Agreed, Effect, Ending, ItemId, Note, ToolCallId, TurnId};
use std::time::Duration;
use store::{By, Followup, NewAppointment, Plan, Planned};

#[tokio::test]
async fn what_callers_and_engines_say_is_shown_as_they_say_it_and_never_run() {
    let mut browser = Browser::owner(&[]).await;
    let evil = "<script>alert(1)</script>\"'&";
    let say = |text: &str| text.to_owned();
    let id = a_call_from(
        &browser.store,
        evil,
        1_795_000_000_000,
        &[
            (0, Note::CallerSaid(TurnId(1), say(evil))),
            (1, Note::AssistantSaid(ItemId(1), say(evil))),
            (2, Note::ToolAsked { id: ToolCallId("c".into()), name: say(evil), arguments: say(evil) }),
            (3, Note::Trouble(say(evil))),
        ],
    )
    .await;
    for path in ["/calls".to_owned(), format!("/calls/{id}")] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("&#60;script&#62;alert(1)") && !page.text.contains("<script>"), "{path}");
    }
    let nowhere = browser.get("/calls/%3Cscript%3E").await;
    assert!(nowhere.status == StatusCode::NOT_FOUND && !nowhere.text.contains("script"));
}

#[tokio::test]
async fn a_call_is_told_with_what_was_not_heard_and_what_was_done() {
    let mut browser = Browser::owner(&[("TIME_ZONE", "America/New_York")]).await;
    let tool = || ToolCallId("c".into());
    let booked = Effect::Booked(Agreed { id: "a".into(), starts: "2026-11-24T10:30".into() });
    let id = a_call(
        &browser.store,
        &[
            (0, Note::EngineReady),
            (10, Note::Sounding(ItemId(1))),
            (20, Note::AssistantSaid(ItemId(1), "Hello, what can I do for you today".into())),
            (1_500, Note::CallerSpoke(TurnId(1))),
            (
                2_000,
                Note::Interrupted {
                    item: ItemId(1),
                    heard: Duration::from_millis(1_000),
                    sent: Duration::from_millis(2_000),
                },
            ),
            (2_100, Note::CallerSaid(TurnId(1), "Book me in on Tuesday".into())),
            (2_200, Note::ToolAsked { id: tool(), name: "book_appointment".into(), arguments: "{}".into() }),
            (
                2_300,
                Note::ToolAnswered {
                    id: tool(),
                    name: "book_appointment".into(),
                    ok: true,
                    say: "It is booked.".into(),
                    effect: booked,
                    took: Duration::from_millis(12),
                },
            ),
            (65_000, Note::Ended(Ending::AssistantHungUp)),
        ],
    )
    .await;
    let page = browser.get(&format!("/calls/{id}")).await.text;
    for expected in [
        "Wednesday, 18 November 2026",
        "06:06",
        "1:05",
        "Hello, what can <del>",
        "I do for you today</del>",
        "Book me in on Tuesday",
        "Booked: Tuesday, 24 November 2026, 10:30",
        "The call ended: said goodbye.",
        "<dt>Interruptions</dt><dd>1</dd>",
        "Everything that was noted (9)",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    let list = browser.get("/calls").await.text;
    assert!(list.contains(&format!("href=\"/calls/{id}\"")) && list.contains("said goodbye"));
}

#[tokio::test]
async fn older_calls_are_a_page_away_and_none_is_missed() {
    let mut browser = Browser::owner(&[]).await;
    for minute in 0..120 {
        a_call_from(&browser.store, &format!("+1555{minute:07}"), 1_700_000_000_000 + minute * 60_000, &[])
            .await;
    }
    let mut path = "/calls".to_owned();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let page = browser.get(&path).await.text;
        seen.extend(page.split("+1555").skip(1).map(|rest| rest[..7].to_owned()));
        let older = page.split('"').find(|part| part.starts_with("/calls?before="));
        path = older.unwrap_or("/nowhere").to_owned();
    }
    let expected: Vec<_> = (0..120).rev().map(|minute| format!("{minute:07}")).collect();
    assert_eq!((seen, path.as_str()), (expected, "/nowhere"));
}

#[tokio::test]
async fn appointments_are_told_by_day_in_the_owners_zone() {
    let mut browser = Browser::owner(&[("TIME_ZONE", "America/New_York")]).await;
    let starts_ms = 1_795_534_200_000; // 2026-11-24T10:30 in New York
    let new = NewAppointment {
        calendar: "main",
        starts_ms,
        ends_ms: starts_ms + 1_800_000,
        gap: store::Gap::NONE,
        zone: "America/New_York",
        kind: "",
        summary: "Check-up <b>",
        description: "",
        attendees: "[]",
        caller: "+15550100100",
        contact: "",
        key: "k",
    };
    let by = By {
        who: "+15550100100",
        call_id: Some("call-1"),
        second: Some(40),
        at_ms: starts_ms - 1,
        reason: "",
        seen: None,
    };
    let planned = browser.store.plan(&Plan::Book(&new), &by, None, starts_ms).await.expect("asked");
    let Planned::Planned(intent) = planned else { panic!("not planned: {planned:?}") };
    browser.store.carry_out(&intent, &Followup::default()).await.expect("booked");
    let page = browser.get("/appointments?from=2026-11-24").await.text;
    for expected in [
        "Tuesday, 24 November 2026",
        "datetime=\"2026-11-24T10:30:00-05:00\"",
        "Check-up &#60;b&#62;",
        "America/New_York",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    assert!(browser.get("/appointments?from=2026-11-29").await.text.contains("Check-up"), "the same week");
    assert!(!browser.get("/appointments?from=2026-11-30").await.text.contains("Check-up"), "the next one");
    for wrong in ["tomorrow", "9999-12-31", "-9999-01-01"] {
        let page = browser.get(&format!("/appointments?from={wrong}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}
