//! What is found among calls, what one sounded like, and what becomes of it.

use super::rig::{Browser, a_call, a_call_from};
use axum::http::{Method, StatusCode};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use call::{
    Agreed, Chunk, Effect, Format, ItemId, LineCommand, LineEvent, Manner, Note, Stages, ToolCallId, TurnId,
};
use server::{clock, exports, recording::Recorder, retention, vault::Vault};
use std::{collections::BTreeSet, time::Duration};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

async fn worded(browser: &Browser, id: &str, said: &str) {
    let words: BTreeSet<String> = store::words(said).collect();
    browser.store.call_worded(id, &words, 1).await.expect("worded");
}

#[tokio::test]
async fn calls_are_found_by_words_and_filters_and_the_address_holds_the_search() {
    let mut browser = Browser::owner(&[("TIME_ZONE", "America/New_York")]).await;
    let anna = a_call_from(&browser.store, "+15550100100", 1_795_000_000_000, &[]).await;
    let bob = a_call_from(&browser.store, "+15550100177", 1_795_100_000_000, &[]).await;
    worded(&browser, &anna, "I need a haircut on Tuesday").await;
    worded(&browser, &bob, "Where is my order?").await;
    let mut found = async |query: &str| {
        let page = browser.get(&format!("/calls?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        (page.text.contains(&anna), page.text.contains(&bob))
    };
    assert_eq!(found("q=HAIR+tues").await, (true, false));
    assert_eq!(found("q=order").await, (false, true));
    assert_eq!(found("q=order+haircut").await, (false, false));
    assert_eq!(found("number=0100177").await, (false, true));
    assert_eq!(found("from=2026-11-19").await, (false, true));
    assert_eq!(found("to=2026-11-18&q=").await, (true, false));
    assert_eq!(found("ending=assistant_hung_up&carrier=twilio&engine=local&longer=1").await, (true, true));
    assert_eq!(found("longer=2").await, (false, false));
    assert_eq!(found("booked=yes").await, (false, false));
    let page = browser.get("/calls?q=%3Cb%3E&number=%22x").await.text;
    assert!(page.contains("No call fits") && page.contains("value=\"&#60;b&#62;\""), "{page}");
    assert!(page.contains("value=\"&#34;x\"") && page.contains("<details open>"), "what was typed stays");
}

#[tokio::test]
async fn a_call_opens_at_the_second_that_was_asked_for() {
    let mut browser = Browser::owner(&[]).await;
    let said = |turn, words: &str| Note::CallerSaid(TurnId(turn), words.into());
    let notes =
        [(1_000, said(1, "Hello there")), (42_600, said(2, "Tuesday at ten")), (60_000, said(3, "Bye"))];
    let call = a_call(&browser.store, &notes).await;
    for (at, here) in [("?at=42", "Tuesday at ten"), ("?at=59", "Tuesday at ten"), ("?at=4294967295", "Bye")]
    {
        let page = browser.get(&format!("/calls/{call}{at}")).await.text;
        let line = page.split("id=\"here\"").nth(1).expect("a line is marked");
        assert!(line.split("</li>").next().is_some_and(|line| line.contains(here)), "{at}: {line}");
    }
    for nothing in ["", "?at=0"] {
        assert!(!browser.get(&format!("/calls/{call}{nothing}")).await.text.contains("id=\"here\""));
    }
}

#[tokio::test]
async fn a_search_that_cannot_be_understood_is_told_beside_its_field() {
    let mut browser = Browser::owner(&[]).await;
    for (query, field) in [
        ("from=yesterday", "wrong-from"),
        ("to=2026-13-01", "wrong-to"),
        ("longer=many", "wrong-longer"),
        ("q=one+two+three+four+five+six", "wrong-q"),
    ] {
        let page = browser.get(&format!("/calls?{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.text.contains(&format!("id=\"{field}\"")), "{query}");
    }
    assert_eq!(browser.get("/calls?before=yesterday.x").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn older_calls_that_fit_are_a_page_away_with_the_same_search() {
    let mut browser = Browser::owner(&[]).await;
    for minute in 0..60 {
        let from = if minute % 10 == 0 { "+4930111" } else { "+15550100100" };
        a_call_from(&browser.store, from, 1_700_000_000_000 + minute * 60_000, &[]).await;
    }
    let first = browser.get("/calls?number=15550").await.text;
    let older = first.split('"').find(|part| part.contains("before=")).expect("there are more");
    assert!(older.starts_with("/calls?number=15550&"), "{older}");
    let address = older.replace("&#38;", "&").replace("&amp;", "&");
    let second = browser.get(&address).await.text;
    let count = |page: &str| page.matches("+15550100100").count();
    assert_eq!((count(&first), count(&second)), (50, 4));
    assert!(!second.contains("+4930111"));
}

/// A conversation with all that a page has to tell.
fn told() -> Vec<(u64, Note)> {
    let id = || ToolCallId("c".into());
    let booked = Effect::Booked(Agreed { id: "a".into(), starts: "2026-11-24T10:30".into() });
    let ms = Duration::from_millis;
    let some = |n| Some(ms(n));
    let stages =
        Stages { endpoint: some(500), hear: some(120), think: some(40), tools: None, speak: some(80) };
    vec![
        (0, Note::Sounding(ItemId(1))),
        (10, Note::AssistantSaid(ItemId(1), "Hello, what can I do for you today".into())),
        (1_000, Note::CallerSpoke(TurnId(1))),
        (1_000, Note::Interrupted { item: ItemId(1), heard: ms(1_000), sent: ms(2_000) }),
        (1_800, Note::CallerPaused(TurnId(1))),
        (1_900, Note::CallerSaid(TurnId(1), "My name is Anna, my number is 415 555 0100".into())),
        (
            2_000,
            Note::ToolAsked {
                id: id(),
                name: "book_appointment".into(),
                arguments: r#"{"starts":"2026-11-24T10:30","name":"Anna"}"#.into(),
            },
        ),
        (
            2_100,
            Note::ToolAnswered {
                id: id(),
                name: "book_appointment".into(),
                ok: true,
                say: "It is booked, Anna.".into(),
                effect: booked,
                took: ms(12),
            },
        ),
        (2_200, Note::Answered { turn: TurnId(1), item: ItemId(2), after: ms(243), stages }),
        (2_200, Note::Sounding(ItemId(2))),
        (2_250, Note::AssistantSaid(ItemId(2), "It is booked".into())),
    ]
}

fn tone(hertz: f64, ms: u32) -> Chunk {
    let angle = |n: u32| f64::from(n) * hertz * std::f64::consts::TAU / 8_000.0;
    let samples: Vec<i16> = (0..ms * 8).map(|n| (angle(n).sin() * 8_000.0) as i16).collect();
    Chunk { format: Format::Ulaw, bytes: sound::g711::samples_to_ulaw(&samples).into() }
}

/// Records three seconds of this call: the assistant for two, the caller over the last of them.
async fn recorded(browser: &Browser, id: &str) {
    browser.store.recording_begun(id, 1_795_000_000_000).await.expect("begun");
    let began = clock::now();
    let at = |ms: u64| began + Duration::from_millis(ms);
    let recorder = Recorder::of(&browser.app, id, Manner::Duplex, began).await;
    let mut recorder = recorder.expect("its caller was told");
    recorder.sent(at(0), &LineCommand::Play(tone(300.0, 2_000)));
    for ms in (0..3_000).step_by(20) {
        let chunk = if (1_000..2_000).contains(&ms) { tone(500.0, 20) } else { tone(0.0, 20) };
        recorder.came(at(ms + 20), &LineEvent::Audio(chunk));
    }
    drop(recorder);
    browser.app.tasks.close();
    browser.app.tasks.wait().await;
    browser.app.tasks.reopen();
}

#[tokio::test]
async fn a_recording_is_drawn_and_played_from_any_word_and_any_byte() {
    let mut browser = Browser::owner(&[("RECORDING", "all")]).await;
    let id = a_call(&browser.store, &told()).await;
    let without = browser.get(&format!("/calls/{id}")).await.text;
    assert!(without.contains("At a glance") && without.contains("class=\"span caller\""), "{without}");
    assert!(!without.contains("<audio") && without.contains("<path class=\"wave caller\" d=\"\"/>"));
    recorded(&browser, &id).await;

    let page = browser.get(&format!("/calls/{id}")).await.text;
    let address = format!("/calls/{id}/recording.wav");
    for expected in [
        format!("<audio id=\"player\" controls preload=\"none\" src=\"{address}\""),
        format!("href=\"{address}#t=1.00\" data-at=\"1.00\""),
        "<span class=\"w\" data-at=\"0.00\">Hello, </span>".into(),
        "<path class=\"wave assistant\" d=\"M".into(),
        "class=\"mark interruption\"".into(),
        "class=\"mark tool\"".into(),
        "<dt>starts</dt><dd>2026-11-24T10:30</dd>".into(),
        "<rect class=\"endpoint\" x=\"0\" width=\"500\"".into(),
        "This recording is deleted on Friday, 18 December 2026".into(),
    ] {
        assert!(page.contains(&expected), "{expected}\n{page}");
    }

    let whole = browser.bytes(Method::GET, &address, &[]).await;
    assert_eq!((whole.0, whole.1["accept-ranges"].as_bytes()), (StatusCode::OK, &b"bytes"[..]));
    let wav = sound::wav::Wav::read(&whole.2).expect("a WAV");
    assert_eq!((wav.channels, wav.hertz, wav.samples.len()), (2, 8_000, 48_000));
    let (caller, assistant) = (wav.channel(0), wav.channel(1));
    let level = |side: &[i16], from: usize, until: usize| sound::level::rms(&side[from * 8..until * 8]);
    let loud = 8_000.0 / 2f32.sqrt();
    assert!((level(&assistant, 100, 1_900) - loud).abs() < 400.0 && level(&assistant, 2_100, 2_900) < 10.0);
    assert!((level(&caller, 1_100, 1_900) - loud).abs() < 400.0);
    assert!(level(&caller, 100, 900) < 10.0 && level(&caller, 2_100, 2_900) < 10.0);
    for (range, from, until) in [
        ("bytes=0-", 0, whole.2.len()),
        ("bytes=10-101", 10, 102),
        ("bytes=40001-40007", 40_001, 40_008),
        ("bytes=-5", whole.2.len() - 5, whole.2.len()),
    ] {
        let part =
            browser.bytes(Method::GET, &address, &[("range", range), ("accept-encoding", "gzip")]).await;
        assert_eq!(part.0, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(part.1["content-range"], format!("bytes {from}-{}/{}", until - 1, whole.2.len()).as_str());
        assert_eq!(part.2, whole.2[from..until], "{range}");
    }
    let beyond = browser.bytes(Method::GET, &address, &[("range", "bytes=9999999-")]).await;
    assert_eq!(beyond.0, StatusCode::RANGE_NOT_SATISFIABLE);

    let row = browser.store.recording_pieces(&id, 0, i64::MAX).await.expect("read").swap_remove(0);
    assert!(!row.sealed.windows(8).any(|bytes| bytes == &tone(0.0, 1).bytes[..]), "it is sealed");
    let other = Vault::new(&server::secret::Secret::new("another key"));
    assert!(other.open_bytes(&format!("recording {id} 0 0"), &row.sealed).is_err());

    assert_eq!(browser.post(&format!("/calls/{id}/recording/delete")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.bytes(Method::GET, &address, &[]).await.0, StatusCode::NOT_FOUND);
    let page = browser.get(&format!("/calls/{id}")).await.text;
    assert!(page.contains("It is booked") && !page.contains("<audio"));
}

#[tokio::test]
async fn a_process_that_died_left_a_recording_as_far_as_it_came() {
    let mut browser = Browser::owner(&[("RECORDING", "all")]).await;
    let id = a_call(&browser.store, &told()).await;
    recorded(&browser, &id).await;
    // As it stands in the database where nobody has ended it.
    browser.store.recording_ended(&id, 0, &[], "[[200,300]]").await.expect("unended");
    let page = browser.get(&format!("/calls/{id}")).await.text;
    assert!(page.contains("<path class=\"wave caller\" d=\"M") && page.contains("From 0:00 on"), "{page}");
}

#[tokio::test]
async fn a_database_that_does_not_follow_costs_recording_and_not_the_call_and_the_page_says_what_is_missing()
{
    let mut browser = Browser::owner(&[("RECORDING", "all")]).await;
    let id = a_call(&browser.store, &told()).await;
    browser.store.recording_begun(&id, 1_795_000_000_000).await.expect("begun");
    let began = clock::now();
    let recorder = Recorder::of(&browser.app, &id, Manner::Duplex, began).await;
    let mut recorder = recorder.expect("its caller was told");
    // Ten minutes in which nobody gets to write.
    let second = tone(500.0, 1_000);
    for seconds in 1..=600 {
        recorder.came(began + Duration::from_secs(seconds), &LineEvent::Audio(second.clone()));
    }
    drop(recorder);
    browser.app.tasks.close();
    browser.app.tasks.wait().await;
    let page = browser.get(&format!("/calls/{id}")).await.text;
    assert!(page.contains("From 4:00 on, 6:00 are missing"), "{page}");
    let whole = browser.bytes(Method::GET, &format!("/calls/{id}/recording.wav"), &[]).await.2;
    let caller = sound::wav::Wav::read(&whole).expect("a WAV").channel(0);
    assert_eq!(caller.len(), 600 * 8_000, "it is as long as the call all the same");
    let loud = |seconds: usize| sound::level::rms(&caller[seconds * 8_000..(seconds + 1) * 8_000]) > 1_000.0;
    assert!(loud(0) && loud(239) && !loud(240) && !loud(599));
}

#[tokio::test]
async fn nobody_is_recorded_who_was_not_told() {
    let browser = Browser::owner(&[("RECORDING", "all")]).await;
    let id = a_call(&browser.store, &[]).await;
    assert!(Recorder::of(&browser.app, &id, Manner::Duplex, clock::now()).await.is_none());
    let off = Browser::owner(&[]).await;
    let id = a_call(&off.store, &[]).await;
    off.store.recording_begun(&id, 0).await.expect("told, and then it was turned off");
    assert!(Recorder::of(&off.app, &id, Manner::Duplex, clock::now()).await.is_none());
}

#[tokio::test]
async fn an_export_hides_who_somebody_is_and_holds_the_sound_only_where_it_is_asked_for() {
    let mut browser = Browser::owner(&[("RECORDING", "all")]).await;
    let id = a_call(&browser.store, &told()).await;
    recorded(&browser, &id).await;
    let export = browser.get(&format!("/calls/{id}/export")).await;
    assert_eq!(export.header("content-type"), "application/json");
    assert!(
        export.header("content-disposition").starts_with("attachment; filename=\"earpiece-call-2026-11-18-")
    );
    for secret in ["Anna", "anna", "415", "5550100", "\"wav\""] {
        assert!(!export.text.contains(secret), "{secret}: {}", export.text);
    }
    let told: serde_json::Value = serde_json::from_str(&export.text).expect("JSON");
    assert_eq!((&told["v"], &told["call"]["ending"]), (&1.into(), &"assistant_hung_up".into()));
    assert_eq!(told["call"]["from"], "[number of 11 digits]");
    assert_eq!(told["timeline"][0]["text"], "Hello, what can ");
    assert_eq!(told["notes"].as_array().map(Vec::len), Some(11));
    assert_eq!(told["recording"]["seconds"], 3.0);
    assert_eq!(told["notes"][6]["arguments"]["starts"], "2026-11-24T10:30", "times are nobody's");
    let with: serde_json::Value =
        serde_json::from_str(&browser.get(&format!("/calls/{id}/export?audio=1")).await.text).expect("JSON");
    let wav = BASE64_STANDARD.decode(with["recording"]["wav"].as_str().expect("sound")).expect("base64");
    assert_eq!(sound::wav::Wav::read(&wav).expect("a WAV").samples.len(), 48_000);
    let call = browser.store.call(&id).await.expect("asked").expect("there");
    let beside =
        exports::bundle(&browser.store, &browser.app.vault, &call, "USD", false).await.expect("made");
    assert_eq!(beside, export.text, "the command writes the same");
}

#[tokio::test]
async fn what_was_kept_for_long_enough_is_deleted_and_the_page_says_so() {
    let settings = [("RECORDING", "all"), ("KEEP_RECORDINGS_DAYS", "2"), ("KEEP_TRANSCRIPTS_DAYS", "10")];
    let mut browser = Browser::owner(&settings).await;
    let list = browser.get("/calls").await.text;
    let told_of =
        "Recordings are kept for 2 days, transcripts for 10 days, everything else until you delete it.";
    assert!(list.contains(told_of), "{list}");
    let id = a_call(&browser.store, &told()).await;
    recorded(&browser, &id).await;
    let ended_ms = 1_795_000_065_500;
    let has =
        async |path: &str, browser: &Browser| browser.bytes(Method::GET, path, &[]).await.0 == StatusCode::OK;
    let sound = format!("/calls/{id}/recording.wav");
    retention::enforce(&browser.app, ended_ms + DAY_MS).await.expect("enforced");
    assert!(has(&sound, &browser).await);
    retention::enforce(&browser.app, ended_ms + 3 * DAY_MS).await.expect("enforced");
    assert!(!has(&sound, &browser).await);
    assert!(browser.get(&format!("/calls/{id}")).await.text.contains("It is booked"));
    retention::enforce(&browser.app, ended_ms + 11 * DAY_MS).await.expect("enforced");
    let page = browser.get(&format!("/calls/{id}")).await.text;
    assert!(page.contains("What was said is not kept any more.") && !page.contains("It is booked"), "{page}");
}

#[tokio::test]
async fn a_call_is_deleted_by_hand_and_by_nobody_else() {
    let mut browser = Browser::owner(&[("RECORDING", "all")]).await;
    let id = a_call(&browser.store, &told()).await;
    recorded(&browser, &id).await;
    let mut stranger = Browser { cookie: None, ..browser.clone() };
    for path in ["delete", "recording/delete"] {
        let refused = stranger.post(&format!("/calls/{id}/{path}")).await.status;
        assert!(!refused.is_success() && refused != StatusCode::SEE_OTHER, "{path}: {refused}");
    }
    for path in ["recording.wav", "export", "export?audio=1"] {
        let (status, _, body) = stranger.bytes(Method::GET, &format!("/calls/{id}/{path}"), &[]).await;
        assert!(status.is_redirection() && body.is_empty(), "{path}: {status}");
    }
    assert_eq!(browser.post(&format!("/calls/{id}/delete")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(&format!("/calls/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.store.recording_pieces(&id, 0, i64::MAX).await.expect("read"), []);
    assert_eq!(browser.post(&format!("/calls/{id}/delete")).await.status, StatusCode::NOT_FOUND);
}
