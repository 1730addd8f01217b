//! Events, ranges, pages, synchronisation, series, free/busy.

use super::*;
use sim::google::{FreeBusyFault, Role};

const DAY: &str = "2026-12-01";

fn freebusy(items: &[&str]) -> Value {
    let items: Vec<_> = items.iter().map(|id| json!({"id": id})).collect();
    json!({"timeMin": "2026-12-01T00:00:00Z", "timeMax": "2026-12-08T00:00:00Z", "items": items})
}

#[tokio::test]
async fn overlapping_events_are_taken_and_a_used_id_is_not() {
    let client = Client::new().await;
    assert_eq!(client.insert(&event("first", DAY, 9, 10)).await.0, 200);
    assert_eq!(client.insert(&event("second", DAY, 9, 10)).await.0, 200);
    let (status, answer) = client.insert(&event("first", DAY, 12, 13)).await;
    assert_eq!(status, 409);
    assert_eq!(answer["error"]["errors"][0]["reason"], "duplicate");
    assert_eq!(answer["error"]["message"], "The requested identifier already exists.");
    assert_eq!(client.google.stands("primary").len(), 2);
}

#[tokio::test]
async fn a_deleted_event_keeps_its_id_and_is_deleted_once() {
    let client = Client::new().await;
    client.insert(&event("first", DAY, 9, 10)).await;
    let path = "calendars/primary/events/first";
    assert_eq!(client.ask("DELETE", path, None).await, (204, Value::Null));
    assert_eq!(client.refused("DELETE", path, None).await, (410, "deleted".into()));
    assert_eq!(client.insert(&event("first", DAY, 9, 10)).await.0, 409);
    assert_eq!(client.get(path).await["status"], "cancelled");
    assert_eq!(client.refused("GET", "calendars/primary/events/other", None).await, (404, "notFound".into()));
    assert!(client.google.stands("primary").is_empty());
}

#[tokio::test]
async fn a_deleted_event_is_revived_only_where_the_habit_is_so() {
    let client = Client::new().await;
    client.insert(&event("first", DAY, 9, 10)).await;
    client.google.take_out("primary", "first");
    let path = "calendars/primary/events/first";
    let summary = json!({"summary": "x"});
    assert_eq!(client.ask("PATCH", path, Some(&summary)).await.1["status"], "cancelled");
    let confirm = json!({"status": "confirmed"});
    assert_eq!(client.refused("PATCH", path, Some(&confirm)).await, (403, "forbidden".into()));
    let whole = event("first", DAY, 9, 10);
    assert_eq!(client.refused("PUT", path, Some(&whole)).await, (403, "forbidden".into()));
    client.google.change_habits(|habits| habits.revives = true);
    assert_eq!(client.ask("PUT", path, Some(&whole)).await.1["status"], "confirmed");
}

#[tokio::test]
async fn a_patch_keeps_what_it_does_not_name_and_an_update_resets_it() {
    let client = Client::new().await;
    let mut made = event("first", DAY, 9, 10);
    made["attendees"] = json!([{"email": "anna@example.com"}, {"email": "eve@example.com"}]);
    made["location"] = "Here".into();
    client.insert(&made).await;
    let path = "calendars/primary/events/first";
    let change = json!({"attendees": [{"email": "zoe@example.com"}], "summary": null});
    let (_, patched) = client.ask("PATCH", path, Some(&change)).await;
    assert_eq!(patched["attendees"].as_array().map(Vec::len), Some(1), "lists are replaced whole");
    assert_eq!((&patched["location"], &patched["summary"]), (&json!("Here"), &Value::Null));
    let (_, updated) = client.ask("PUT", path, Some(&event("first", DAY, 9, 10))).await;
    assert!(updated["attendees"].is_null() && updated["location"].is_null(), "{updated}");
    assert_eq!(updated["created"], patched["created"]);
    let day = json!({"start": {"date": "2026-12-01"}});
    assert_eq!(client.refused("PATCH", path, Some(&day)).await, (400, "invalid".into()));
}

#[tokio::test]
async fn a_version_that_is_gone_is_not_overwritten() {
    let client = Client::new().await;
    let old =
        client.insert(&event("first", DAY, 9, 10)).await.1["etag"].as_str().expect("a version").to_owned();
    assert!(old.starts_with('"') && old.ends_with('"'));
    let path = "calendars/primary/events/first";
    client.google.change("primary", "first", &json!({"summary": "by hand"}));
    let change = json!({"summary": "by us"});
    for (verb, body) in [("PATCH", Some(&change)), ("DELETE", None)] {
        assert_eq!(client.send(verb, path, &[("If-Match", &old)], body).await.status, 412);
    }
    let now = client.get(path).await;
    let etag = now["etag"].as_str().expect("a version");
    let answer = client.send("GET", path, &[("If-None-Match", etag)], None).await;
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    let answer = client.send("PATCH", path, &[("If-Match", etag)], Some(&change)).await;
    assert_eq!(answer.status, 200);
    assert_ne!(answer.header("etag"), Some(etag), "a write makes another version");
}

#[tokio::test]
async fn an_event_that_is_not_whole_is_refused() {
    let client = Client::new().await;
    let with = |change: Value| {
        let mut body = event("first", DAY, 9, 10);
        for (name, value) in change.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body
    };
    let wrong = [
        (with(json!({"id": "four"})), "invalid"),
        (with(json!({"id": "with-hyphen"})), "invalid"),
        (with(json!({"id": "UPPERCASE"})), "invalid"),
        (with(json!({"id": "wxyz0"})), "invalid"),
        (with(json!({"id": "a".repeat(1025)})), "invalid"),
        (with(json!({"iCalUID": "x@example.com"})), "badRequest"),
        (with(json!({"summary": 7})), "invalid"),
        (with(json!({"sumary": "x"})), "invalid"),
        (with(json!({"end": null})), "required"),
        (with(json!({"start": {"dateTime": "2026-12-01T09:00:00"}})), "required"),
        (with(json!({"start": {"dateTime": "2026-12-01 09:00:00Z"}})), "invalid"),
        (with(json!({"start": {"dateTime": "2026-12-01T09:00:00", "timeZone": "Mars/Base"}})), "invalid"),
        (with(json!({"start": {"date": "2026-12-01"}})), "invalid"),
        (with(json!({"end": {"dateTime": "2026-12-01T08:00:00Z"}})), "timeRangeEmpty"),
        (with(json!({"status": "cancelled"})), "invalid"),
        (with(json!({"status": "maybe"})), "invalid"),
        (with(json!({"attendees": [{"displayName": "Anna"}]})), "required"),
        (with(json!({"attendees": [{"email": "Anna"}]})), "invalid"),
        (with(json!({"recurrence": ["RRULE:FREQ=WEEKLY"]})), "required"),
        (with(json!({"recurrence": ["DTSTART:20261201T090000Z"]})), "invalid"),
        (
            with(json!({"reminders": {"useDefault": false, "overrides": [{"method": "fax", "minutes": 1}]}})),
            "invalid",
        ),
    ];
    for (body, reason) in wrong {
        let (status, answer) = client.insert(&body).await;
        assert_eq!((status, &answer["error"]["errors"][0]["reason"]), (400, &json!(reason)), "{body}");
    }
    assert!(client.google.stands("primary").is_empty());
    let answer =
        client.send("POST", "calendars/primary/events", &[("Content-Type", "text/plain")], None).await;
    assert_eq!(answer.status, 400);
    assert_eq!(client.google.mistakes().len(), 22);
}

#[tokio::test]
async fn a_path_or_query_that_google_does_not_know_is_refused() {
    let client = Client::new().await;
    for path in [
        "calendars/primary/events?maxResult=3",
        "calendars/primary/events?maxResults=none",
        "calendars/primary/events?singleEvents=1",
        "calendars/primary/events?orderBy=start",
        "calendars/primary/events?orderBy=startTime",
        "calendars/primary/events?timeMin=2026-12-01T00:00:00",
        "calendars/primary/events?timeMin=2026-12-01T00:00:00+01:00",
        "calendars/primary/events?timeMin=2026-12-02T00:00:00Z&timeMax=2026-12-01T00:00:00Z",
        "calendars/primary/events?pageToken=mine",
        "calendars/primary/events?fields=items(idd)",
    ] {
        assert_eq!(client.ask("GET", path, None).await.0, 400, "{path}");
    }
    let long = json!({"timeMin": "2026-12-01T00:00:00Z", "timeMax": "2027-12-01T00:00:00Z", "items": []});
    assert_eq!(client.refused("POST", "freeBusy", Some(&long)).await, (400, "timeRangeTooLong".into()));
    assert_eq!(client.send("POST", "calendars/primary", &[], None).await.status, 404);
    assert_eq!(client.send("GET", "calendars/nobody@example.com/events", &[], None).await.status, 404);
    assert_eq!(client.google.mistakes().len(), 12);
}

#[tokio::test]
async fn a_range_excludes_what_only_touches_it() {
    let client = Client::new().await;
    for (id, from, to) in
        [("before", 8, 9), ("tofirst", 8, 10), ("inside", 9, 10), ("tolast", 10, 12), ("after", 11, 12)]
    {
        client.google.put_in("primary", &event(id, DAY, from, to));
    }
    client.google.put_in(
        "primary",
        &json!({"id": "allofit", "start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}),
    );
    let range = "timeMin=2026-12-01T09:00:00Z&timeMax=2026-12-01T11:00:00Z";
    let list =
        client.get(&format!("calendars/primary/events?singleEvents=true&orderBy=startTime&{range}")).await;
    assert_eq!(ids(&list), ["allofit", "tofirst", "inside", "tolast"]);
    assert_eq!(list["items"][1]["start"]["dateTime"], "2026-12-01T09:00:00+01:00", "in the calendar's zone");
    let list = client
        .get(&format!("calendars/primary/events?timeZone=UTC&fields=items(id,start/dateTime)&{range}"))
        .await;
    assert_eq!(list["items"][2], json!({"id": "tofirst", "start": {"dateTime": "2026-12-01T08:00:00Z"}}));
}

#[tokio::test]
async fn a_list_is_read_page_by_page_and_goes_on_from_its_token() {
    let client = Client::new().await;
    for id in ["event1", "event2", "event3"] {
        client.insert(&event(id, DAY, 9, 10)).await;
    }
    client.google.change_habits(|habits| (habits.page, habits.empty_first_page) = (2, true));
    let base = "calendars/primary/events?maxResults=10";
    let (mut path, mut seen, mut sizes) = (base.to_owned(), Vec::new(), Vec::new());
    let token = loop {
        let page = client.get(&path).await;
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        sizes.push(ids(&page).len());
        match (page["nextPageToken"].as_str(), page["nextSyncToken"].as_str()) {
            (Some(next), None) => path = format!("{base}&pageToken={next}"),
            (None, Some(token)) => break token.to_owned(),
            other => panic!("a page has one token: {other:?}"),
        }
    };
    assert_eq!((seen, sizes), (vec!["event1".into(), "event2".into(), "event3".into()], vec![0, 2, 1]));
    client.google.change_habits(|habits| habits.empty_first_page = false);
    client.google.take_out("primary", "event2");
    client.google.change("primary", "event3", &json!({"summary": "x"}));
    let sync = format!("calendars/primary/events?syncToken={token}");
    let changed = client.get(&sync).await;
    assert_eq!(ids(&changed), ["event2", "event3"]);
    assert_eq!(changed["items"][0]["status"], "cancelled");
    assert!(changed["items"][0]["start"].is_null(), "of a deleted event only the id is promised");
    assert_eq!(client.refused("GET", &format!("{sync}&showDeleted=false"), None).await.0, 400);
    assert_eq!(client.refused("GET", &format!("{sync}&singleEvents=true"), None).await.0, 400);
    client.google.forget_syncs();
    assert_eq!(client.refused("GET", &sync, None).await, (410, "fullSyncRequired".into()));
    let all = client.get("calendars/primary/events?showDeleted=true").await;
    assert_eq!(ids(&all), ["event1", "event2"], "the habit of two a page still holds");
}

#[tokio::test]
async fn what_is_looked_for_is_found_by_property_uid_and_word() {
    let client = Client::new().await;
    let mut made = event("first", DAY, 9, 10);
    made["extendedProperties"] =
        json!({"private": {"call": "c1", "x".repeat(45): "dropped", "long": "y".repeat(2000)}});
    let (_, made) = client.insert(&made).await;
    assert_eq!(made["extendedProperties"]["private"].as_object().map(serde_json::Map::len), Some(2));
    assert_eq!(made["extendedProperties"]["private"]["long"].as_str().map(str::len), Some(1024));
    client.insert(&event("second", DAY, 9, 10)).await;
    for query in ["privateExtendedProperty=call%3Dc1", "iCalUID=first%40google.com", "q=FIRST"] {
        assert_eq!(
            ids(&client.get(&format!("calendars/primary/events?{query}")).await),
            ["first"],
            "{query}"
        );
    }
    let none = client.get("calendars/primary/events?privateExtendedProperty=call%3Dc2").await;
    assert!(ids(&none).is_empty());
    assert!(none["nextSyncToken"].is_null(), "a search cannot be followed");
}

#[tokio::test]
async fn a_series_keeps_its_hour_over_the_change_of_clocks() {
    let client = Client::new().await;
    let time = |text: &str| json!({"dateTime": text, "timeZone": "Europe/Berlin"});
    let rules = [
        (
            "counted",
            "RRULE:FREQ=DAILY;COUNT=3",
            vec!["27T09:00:00+01:00", "28T09:00:00+02:00", "29T09:00:00+02:00"],
        ),
        ("until", "RRULE:FREQ=DAILY;UNTIL=20270328T070000Z", vec!["27T09:00:00+01:00", "28T09:00:00+02:00"]),
        (
            "sabbath",
            "RRULE:FREQ=WEEKLY;BYDAY=SA,MO;COUNT=3",
            vec!["27T09:00:00+01:00", "29T09:00:00+02:00", "03T09:00:00+02:00"],
        ),
        ("apart", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2", vec!["27T09:00:00+01:00", "29T09:00:00+02:00"]),
    ];
    for (id, rule, expected) in rules {
        let lines = if id == "apart" {
            json!([rule, "EXDATE;TZID=Europe/Berlin:20270329T090000"])
        } else {
            json!([rule])
        };
        let expected = if id == "apart" { expected[..1].to_vec() } else { expected };
        let body = json!({"id": id, "start": time("2027-03-27T09:00:00"), "end": time("2027-03-27T10:00:00"), "recurrence": lines});
        let id = client.google.put_in("primary", &body);
        let list = client
            .get("calendars/primary/events?singleEvents=true&orderBy=startTime&timeMax=2027-05-01T00:00:00Z")
            .await;
        let starts: Vec<_> =
            list["items"].as_array().expect("a list").iter().map(|one| &one["start"]["dateTime"]).collect();
        assert_eq!(starts.len(), expected.len(), "{id}: {starts:?}");
        for (start, end) in starts.iter().zip(expected) {
            assert!(start.as_str().is_some_and(|start| start.ends_with(end)), "{id}: {starts:?}");
        }
        assert_eq!(ids(&client.get("calendars/primary/events").await), [id.as_str()], "unexpanded it is one");
        client.google.take_out("primary", &id);
    }
}

#[tokio::test]
async fn freebusy_joins_what_is_taken_and_leaves_out_what_is_free() {
    let client = Client::new().await;
    client.google.add_calendar(
        "team@group.calendar.google.com",
        "Team",
        "America/New_York",
        Role::FreeBusyReader,
    );
    for (id, from, to, change) in [
        ("first", 9, 10, json!({})),
        ("touching", 10, 11, json!({})),
        ("free0", 13, 14, json!({"transparency": "transparent"})),
        (
            "declined",
            15,
            16,
            json!({"attendees": [{"email": "owner@example.com", "responseStatus": "declined"}]}),
        ),
    ] {
        let mut body = event(id, DAY, from, to);
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        client.google.put_in("primary", &body);
    }
    let series = json!({"start": {"date": "2026-11-03"}, "end": {"date": "2026-11-04"}, "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=TH"]});
    client.google.put_in("team@group.calendar.google.com", &series);
    let asked = freebusy(&["primary", "team@group.calendar.google.com", "nobody@example.com"]);
    let (_, answer) = client.ask("POST", "freeBusy", Some(&asked)).await;
    let calendars = &answer["calendars"];
    assert_eq!(
        calendars["primary"]["busy"],
        json!([{"start": "2026-12-01T09:00:00Z", "end": "2026-12-01T11:00:00Z"}])
    );
    let busy = json!([{"start": "2026-12-03T05:00:00Z", "end": "2026-12-04T05:00:00Z"}]);
    assert_eq!(
        calendars["team@group.calendar.google.com"]["busy"], busy,
        "a day begins in the calendar's zone"
    );
    assert_eq!(calendars["nobody@example.com"]["errors"][0]["reason"], "notFound");
    let list = "calendars/team%40group.calendar.google.com/events";
    assert_eq!(client.refused("GET", list, None).await, (403, "requiredAccessLevel".into()));
}

#[tokio::test]
async fn a_calendar_that_fails_is_said_inside_a_good_answer() {
    let client = Client::new().await;
    let ask =
        async || client.ask("POST", "freeBusy", Some(&freebusy(&["primary"]))).await.1["calendars"].clone();
    client.google.fail_freebusy("primary", Some(FreeBusyFault::Error("internalError".into())));
    let error = json!([{"domain": "global", "reason": "internalError"}]);
    assert_eq!(ask().await, json!({"primary": {"errors": error, "busy": []}}));
    client.google.fail_freebusy("primary", Some(FreeBusyFault::ErrorAlone("internalError".into())));
    assert_eq!(ask().await, json!({"primary": {"errors": error}}));
    client.google.fail_freebusy("primary", Some(FreeBusyFault::Missing));
    assert_eq!(ask().await, json!({}));
    client.google.fail_freebusy("primary", None);
    assert_eq!(ask().await, json!({"primary": {"busy": []}}));
}

#[tokio::test]
async fn calendars_are_told_apart_by_what_one_may_do_there() {
    let client = Client::new().await;
    client.google.add_calendar(
        "de.german#holiday@group.v.calendar.google.com",
        "Holidays",
        "Europe/Berlin",
        Role::Reader,
    );
    client.google.add_calendar("salon@group.calendar.google.com", "Salon", "Europe/London", Role::Writer);
    assert_eq!(ids(&client.get("users/me/calendarList").await).len(), 3);
    let writable = client.get("users/me/calendarList?minAccessRole=writer").await;
    assert_eq!(ids(&writable), ["owner@example.com", "salon@group.calendar.google.com"]);
    assert_eq!(writable["items"][0]["primary"], true);
    client.google.change_habits(|habits| habits.page = 1);
    let first = client.get("users/me/calendarList").await;
    let next = first["nextPageToken"].as_str().expect("there are more");
    assert_eq!(ids(&client.get(&format!("users/me/calendarList?pageToken={next}")).await).len(), 1);
    let holidays = "calendars/de.german%23holiday%40group.v.calendar.google.com";
    assert_eq!(client.get(holidays).await["summary"], "Holidays");
    let (status, reason) =
        client.refused("POST", &format!("{holidays}/events"), Some(&event("first", DAY, 9, 10))).await;
    assert_eq!((status, reason.as_str()), (403, "requiredAccessLevel"));
    assert_eq!(client.get("users/me/settings/timezone").await["value"], "Europe/Berlin");
}
