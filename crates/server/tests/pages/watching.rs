//! What the dashboard and the page of a call in progress promise to whoever watches, and to the call.

use super::{
    rig::{Browser, Events, a_call_from},
    waiting,
};
use axum::http::StatusCode;
use call::{Ending, ItemId, Note, TurnId};
use server::{calls::Word, clock, scribe::Scribe, watching};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::time::Duration;
use store::{NewCall, NewCredential, NewMessage, Store};

const CALLER: &str = "+15550100100";

async fn a_call_that_goes_on(store: &Store, from: &str) -> String {
    let now_ms = clock::now_ms();
    let id = NewCall::id(now_ms);
    let new = NewCall {
        id: &id,
        carrier: "twilio",
        carrier_call: &format!("CA{id}"),
        from,
        to: "+15550100199",
        outbound: false,
        engine: "local",
        trust: "known",
        started_ms: now_ms,
    };
    store.call_begun(&new).await.expect("begun");
    store.call_answered(&id, now_ms).await.expect("answered");
    id
}

fn caller(turn: u32, text: &str) -> Note {
    Note::CallerSaid(TurnId(turn), text.into())
}

/// Waits for an event that says this, and gives back what it is called.
async fn until(events: &mut Events, text: &str) -> String {
    loop {
        let (name, html) = events.next().await.expect("an event");
        if html.contains(text) {
            return name;
        }
    }
}

#[tokio::test]
async fn words_are_on_the_page_soon_after_they_were_noted() {
    let mut browser = Browser::owner(&[]).await;
    let id = a_call_that_goes_on(&browser.store, CALLER).await;
    let mut scribe = Scribe::begin(&browser.app, &id, clock::now());
    scribe.write(clock::now(), &Note::AssistantSaid(ItemId(1), "Good morning".into()));
    let page = browser.get(&format!("/calls/{id}/live")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains(CALLER) && page.text.contains("It is not recorded."), "{}", page.text);
    let mut events = browser.events(&format!("/calls/{id}/live/notes")).await;
    let (first, _) = events.next().await.expect("how things stand");
    assert_eq!(first, "story");
    // What was noted just before and was not written yet.
    until(&mut events, "Good morning").await;
    let mut waits = Vec::new();
    for n in 1..=40 {
        let words = format!("word number {n} <b>");
        let noted = clock::now();
        scribe.write(noted, &caller(n, &words));
        let name = until(&mut events, &words.replace("<b>", "&#60;b&#62;")).await;
        assert_eq!(name, "line");
        waits.push(clock::now() - noted);
    }
    waits.sort_unstable();
    println!("from the note to the event: median {:?}, most {:?}", waits[20], waits[39]);
    assert!(waits[20] < Duration::from_millis(200), "{waits:?}");
    scribe.write(clock::now(), &Note::Ended(Ending::CallerHungUp));
    drop(scribe);
    browser.store.call_ended(&id, clock::now_ms(), "caller_hung_up").await.expect("ended");
    assert_eq!(until(&mut events, "caller hung up.").await, "line");
    assert_eq!(until(&mut events, &format!("href=\"/calls/{id}\"")).await, "state");
    assert_eq!(events.next().await.expect("the last").0, "over");
    assert_eq!(events.next().await, None);
    assert_eq!(browser.get(&format!("/calls/{id}/live")).await.header("location"), format!("/calls/{id}"));
}

#[tokio::test]
async fn whoever_watches_too_slowly_keeps_nobody_waiting_and_reads_it_all_in_the_end() {
    let browser = Browser::owner(&[]).await;
    let id = a_call_that_goes_on(&browser.store, CALLER).await;
    let mut events = browser.events(&format!("/calls/{id}/live/notes")).await;
    events.next().await.expect("how things stand");
    let mut scribe = Scribe::begin(&browser.app, &id, clock::now());
    for n in 1..=3_000 {
        scribe.write(clock::now(), &caller(n, &format!("word number {n}.")));
    }
    drop(scribe);
    let written = async || browser.store.notes(&id).await.expect("read").len() == 3_000;
    waiting::until(async || written().await.then_some(())).await;
    let all = async {
        loop {
            let (name, html) = events.next().await.expect("an event");
            if name == "story" && html.contains("word number 1.") && html.contains("word number 3000.") {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), all).await.expect("it is told anew");
}

#[tokio::test]
async fn calls_appear_on_the_dashboard_with_their_last_words_and_go_when_they_end() {
    let mut browser = Browser::owner(&[]).await;
    assert!(browser.get("/dashboard").await.text.contains("Nobody is on the line"));
    let mut events = browser.events("/dashboard/live").await;
    let (name, none) = events.next().await.expect("how things stand");
    assert!(name == "calls" && none.contains("Nobody is on the line"), "{none}");
    let id = a_call_that_goes_on(&browser.store, "<script>").await;
    let mut scribe = Scribe::begin(&browser.app, &id, clock::now());
    scribe.write(clock::now(), &Note::EngineReady);
    let (name, list) = events.next().await.expect("it appears");
    assert!(name == "calls" && list.contains("&#60;script&#62;") && !list.contains("<script"), "{list}");
    assert!(list.contains(&format!("sse-swap=\"words-{id}\"")), "{list}");
    scribe.write(clock::now(), &caller(1, "Are you open?"));
    let (name, words) = events.next().await.expect("it is said");
    assert_eq!((name, words), (format!("words-{id}"), "<b>Caller</b> Are you open?".to_owned()));
    let page = browser.get("/dashboard").await.text;
    assert!(page.contains(&format!("href=\"/calls/{id}/live\"")), "{page}");
    assert!(!page.contains("&#60;b&#62;"), "what is markup of ours is not shown: {page}");
    browser.store.call_ended(&id, clock::now_ms(), "silent").await.expect("ended");
    scribe.write(clock::now(), &Note::Ended(Ending::Silent));
    assert_eq!(until(&mut events, "Nobody is on the line").await, "calls");
}

#[tokio::test]
async fn the_owner_ends_a_call_with_a_goodbye() {
    let mut browser = Browser::owner(&[]).await;
    let id = a_call_that_goes_on(&browser.store, CALLER).await;
    let app = browser.app.clone();
    let (_presence, mut told) = app.calls.begin(&id);
    let ended = browser.post(&format!("/calls/{id}/end")).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert_eq!(told.recv().await, Some(Word::Excused));
    let page = browser.get(ended.header("location")).await;
    assert!(page.text.contains("says goodbye") && page.text.contains("Hang up now"), "{}", page.text);
    assert_eq!(browser.post("/calls/nothing/end").await.status, StatusCode::NOT_FOUND);
    browser.cookie = None;
    assert_ne!(browser.post(&format!("/calls/{id}/end")).await.status, StatusCode::SEE_OTHER);
    for path in [format!("/calls/{id}/live"), format!("/calls/{id}/live/notes"), "/dashboard/live".into()] {
        assert_ne!(browser.get(&path).await.status, StatusCode::OK, "{path}");
    }
    assert!(told.try_recv().is_err(), "nobody else ends it");
}

#[tokio::test]
async fn no_more_pages_watch_than_there_is_room_for() {
    let mut browser = Browser::owner(&[]).await;
    let places: Vec<_> = std::iter::from_fn(|| browser.app.calls.place_to_watch()).take(1_000).collect();
    assert!(places.len() < 1_000);
    assert_eq!(browser.get("/dashboard/live").await.status, StatusCode::SERVICE_UNAVAILABLE);
    drop(places);
    assert!(browser.events("/dashboard/live").await.next().await.is_some());
}

#[tokio::test]
async fn what_needs_attention_is_told_with_the_way_there() {
    let mut browser = Browser::owner(&[]).await;
    assert!(browser.get("/dashboard").await.text.contains("All is well"));
    let message = NewMessage {
        call_id: None,
        caller: CALLER,
        body: "The roof <b>leaks",
        urgent: true,
        taken_ms: clock::now_ms(),
    };
    let id = browser.store.message_taken(&message).await.expect("taken");
    let failure = call::Failure { why: "The model is no longer offered.".into(), lasting: true };
    browser.app.engines.failed(server::config::EngineKind::OpenAi, &failure);
    let page = browser.get("/dashboard").await.text;
    for expected in [
        "Urgent message from +15550100100",
        "The roof &#60;b&#62;leaks",
        "href=\"/messages\"",
        "The engine openai does not work",
        "The model is no longer offered.",
        "href=\"/settings#engines\"",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    browser.store.message_done(&id, Some(1)).await.expect("done");
    assert!(!browser.get("/dashboard").await.text.contains("The roof"));
}

#[tokio::test]
async fn what_ends_soon_is_told_ahead() {
    let settings = [("OPENAI_API_KEY", "sk-test"), ("OPENAI_MODEL", "gpt-realtime"), ("TIME_ZONE", "UTC")];
    let mut browser = Browser::owner(&settings).await;
    let now_ms = clock::now_ms();
    for (name, days) in [("anna@gmail.com", Some(2)), ("ben@gmail.com", Some(6)), ("carla@gmail.com", None)] {
        let client = serde_json::json!({"id": "c", "secret": "s", "kind": "web", "redirects": []});
        let grant = serde_json::json!({
            "v": 1, "by": {"client": client, "refresh": "r"}, "access": null, "scopes": null,
            "ends_ms": days.map(|days: i64| now_ms + days * 86_400_000),
        });
        let sealed = browser.app.vault.seal("google", &grant.to_string());
        let new = NewCredential { kind: "google", name, sealed: &sealed, now_ms };
        browser.store.keep_credential(&new).await.expect("kept");
    }
    let page = browser.get("/dashboard").await.text;
    for expected in [
        "Google lets us into anna@gmail.com until",
        "href=\"/calendars\"",
        "OpenAI shuts gpt-realtime down on 20 January 2027",
        "Set gpt-realtime-2.1 instead",
        "href=\"/settings/openai\"",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    assert!(!page.contains("ben@gmail.com") && !page.contains("carla@gmail.com"), "{page}");
}

#[tokio::test]
async fn a_request_that_was_refused_is_explained() {
    let settings = [("TWILIO_AUTH_TOKEN", "secret-of-twilio"), ("PUBLIC_URL", "https://voice.example.com")];
    let mut browser = Browser::owner(&settings).await;
    for _ in 0..3 {
        let refused =
            browser.knocks("/incoming-call", &[("x-twilio-signature", "bm8=")], "CallSid=CA1").await;
        assert_eq!(refused, StatusCode::FORBIDDEN);
    }
    let dashboard = browser.get("/dashboard").await.text;
    assert!(
        dashboard.contains("Requests of Twilio were refused") && dashboard.contains("3 times."),
        "{dashboard}"
    );
    let page = browser.get("/refusals").await.text;
    for expected in [
        "Twilio: ",
        "3 times",
        "<code>https://voice.example.com/incoming-call</code>",
        "earpiece explain twilio",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    assert!(!page.contains("secret-of-twilio"));
    assert_eq!(browser.post("/refusals/forget").await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/refusals").await.text.contains("None was refused"));
}

#[tokio::test]
async fn figures_are_what_the_calls_were() {
    let mut browser = Browser::owner(&[("TIME_ZONE", "America/New_York"), ("CURRENCY", "EUR")]).await;
    let now_ms = clock::now_ms();
    let answered = |ms| Note::Answered {
        turn: TurnId(1),
        item: ItemId(1),
        after: Duration::from_millis(ms),
        stages: call::Stages::default(),
    };
    let notes = [(1, answered(800)), (2, answered(800)), (3, answered(6_000))];
    let id = a_call_from(&browser.store, CALLER, now_ms - 60_000, &notes).await;
    browser.store.call_cost(&id, 1_250_000).await.expect("cost");
    a_call_from(&browser.store, CALLER, now_ms - 20 * 86_400_000, &[]).await;
    let stats = async |browser: &mut Browser, days: &str| {
        let page = browser.get(&format!("/dashboard/stats?days={days}")).await;
        assert_eq!(page.status, StatusCode::OK);
        serde_json::from_str::<serde_json::Value>(&page.text).expect("JSON")
    };
    let week = stats(&mut browser, "7").await;
    assert_eq!((&week["total"]["calls"], &week["total"]["minutes"]), (&1.into(), &1.into()), "{week}");
    assert_eq!(week["total"]["cost"], 1.25);
    assert_eq!(week["parts"].as_array().expect("days").len(), 7);
    let half = week["total"]["answer_ms"]["p50"].as_i64().expect("a time");
    let most = week["total"]["answer_ms"]["p95"].as_i64().expect("a time");
    assert!((760..840).contains(&half) && (760..6_300).contains(&most), "{week}");
    assert_eq!(stats(&mut browser, "30").await["total"]["calls"], 2);
    assert_eq!(stats(&mut browser, "90").await["parts"].as_array().expect("weeks").len(), 13);
    assert_eq!(stats(&mut browser, "1000000000000").await["days"], 30, "what is usual");
    let page = browser.get("/dashboard?days=7").await.text;
    assert!(page.contains("Calls a day") && page.contains("<rect class=\"bar\""), "{page}");
    browser.cookie = None;
    let refused = browser.get("/dashboard/stats").await;
    assert_eq!(
        (refused.status, refused.header("content-type")),
        (StatusCode::UNAUTHORIZED, "application/json")
    );
}

/// Runs with the address of an empty database of its own in the throw-away cluster.
async fn on_postgres<F: Future<Output = ()>>(run: impl FnOnce(String) -> F) {
    let cluster = std::env::var("TEST_POSTGRES_URL").expect(
        "TEST_POSTGRES_URL names no Postgres server to test with: run `scripts/with-postgres cargo test -p server`, \
         which starts one and stops it (Debian, Ubuntu: apt-get install postgresql)",
    );
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let mut admin = PgConnection::connect(&cluster).await.expect("the server of TEST_POSTGRES_URL answers");
    let make = format!("CREATE DATABASE {name} TEMPLATE template0");
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut admin).await.expect("a database");
    let (server, _) = cluster.rsplit_once('/').expect("TEST_POSTGRES_URL ends in /database");
    run(format!("{server}/{name}")).await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut admin).await.expect("it is dropped");
}

#[tokio::test]
async fn a_call_is_watched_and_ended_from_another_instance() {
    on_postgres(|url| async move {
        let settings =
            [("DATABASE_URL", url.as_str()), ("SECRET_KEY", "the same on both instances, of course")];
        let (there, mut here) = (Browser::new(&settings).await, Browser::owner(&settings).await);
        for app in [&there.app, &here.app] {
            app.tasks.spawn(watching::relay(app.clone()));
        }
        let id = a_call_that_goes_on(&there.store, CALLER).await;
        let (_presence, mut told) = there.app.calls.begin(&id);
        let mut scribe = Scribe::begin(&there.app, &id, clock::now());
        let mut events = here.events(&format!("/calls/{id}/live/notes")).await;
        assert_eq!(events.next().await.expect("how things stand").0, "story");
        // Word that somebody watches is on its way until the first is heard as it is said.
        let mut n = 0;
        let heard = async {
            loop {
                n += 1;
                scribe.write(clock::now(), &caller(1, &format!("again {n}")));
                let wait = tokio::time::timeout(Duration::from_millis(100), events.next()).await;
                if wait.is_ok_and(|event| event.expect("an event").0 == "line") {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), heard).await.expect("it is heard there");
        let mut waits = Vec::new();
        for n in 2..=21 {
            let noted = clock::now();
            scribe.write(noted, &caller(n, &format!("word number {n}.")));
            until(&mut events, &format!("word number {n}.")).await;
            waits.push(clock::now() - noted);
        }
        waits.sort_unstable();
        println!(
            "from the note to the event at another instance: median {:?}, most {:?}",
            waits[10], waits[19]
        );
        assert!(waits[10] < Duration::from_millis(200), "{waits:?}");
        let huge = "so many words ".repeat(2_000);
        scribe.write(clock::now(), &caller(22, &huge));
        until(&mut events, &huge).await;
        for end in [format!("/calls/{id}/end"), format!("/api/v1/calls/{id}/end")] {
            let told_to = here.post(&end).await.status;
            assert!([StatusCode::SEE_OTHER, StatusCode::ACCEPTED].contains(&told_to), "{end}: {told_to}");
        }
        let word = tokio::time::timeout(Duration::from_secs(60), told.recv()).await.expect("it is told");
        assert_eq!(word, Some(Word::Excused));
        let word =
            tokio::time::timeout(Duration::from_secs(60), told.recv()).await.expect("again, by a program");
        assert_eq!(word, Some(Word::Excused));
        drop(scribe);
        for browser in [&there, &here] {
            browser.app.draining.cancel();
            browser.app.tasks.close();
            browser.app.tasks.wait().await;
        }
    })
    .await;
}
