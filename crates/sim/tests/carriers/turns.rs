//! Calls in turns through the three companies: record, fetch, play.

use super::{
    account, dial, loud,
    server::{Server, field, fields},
};
use sim::{
    clock,
    http::{self, Request},
    phone::{
        Account, Api, Callee, Carrier, Dial, Ending, Habit, Handset, Mode, Order, Status, handset::Listened,
        shelf::Lapse,
    },
};
use sound::wav::Wav;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

fn record(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Twilio => "<Record action=\"/recorded\" timeout=\"1\" playBeep=\"true\"/>",
        Carrier::Plivo => {
            "<Record action=\"https://voice.example.com/recorded\" timeout=\"1\" fileFormat=\"wav\" \
             recordChannelType=\"mono\" finishOnKey=\"#\"/>"
        }
        Carrier::Telnyx => "<Record action=\"/recorded\" timeout=\"1\" channels=\"single\"/>",
    }
}

/// Fetches a recording as a server of this account would.
async fn fetched(account: &Account, url: &str, authorised: bool) -> http::Response {
    let rest = url.strip_prefix("http://").expect("stand-ins have no TLS");
    let (host, target) = rest.split_at(rest.find('/').expect("a path"));
    let basic = match account {
        Account::Twilio(account) => Some(http::basic(&account.sid, &account.auth_token)),
        Account::Plivo(account) => Some(http::basic(&account.auth_id, &account.auth_token)),
        Account::Telnyx(_) => None,
    };
    let headers =
        basic.filter(|_| authorised).into_iter().map(|basic| ("Authorization".to_owned(), basic)).collect();
    let request = Request { method: "GET".into(), target: target.into(), headers, body: Vec::new() };
    http::ask(host.parse().expect("an address"), &request, PATIENCE).await.expect("an answer")
}

#[tokio::test]
async fn a_turn_is_recorded_fetched_and_answered_by_our_own_sound() {
    for carrier in Carrier::ALL {
        let server = Server::start().await;
        let api = Api::listen(account(carrier)).await.expect("loopback");
        let call = api.wire(Dial { mode: Mode::Turns, ..dial(carrier, &server) });
        let phone = Handset::dial(account(carrier), call);
        let ring = server.document(record(carrier)).await;
        assert_eq!(ring.target, "/incoming");
        assert!(phone.recorded(1).await, "{carrier}");
        phone.say(&loud(500));
        let recorded = server.document("<Play>https://voice.example.com/answer.wav</Play><Hangup/>").await;
        assert_eq!(recorded.target, "/recorded");
        let url = field(&recorded, if carrier == Carrier::Plivo { "RecordUrl" } else { "RecordingUrl" });
        let answer = Wav::mono(8_000, sound::g711::ulaw_to_samples(&loud(300)));
        let played = server.answer("audio/wav", answer.write()).await;
        assert_eq!(played.target, "/answer.wav");
        let ended = phone.ended().await.expect("a call");
        assert_eq!((ended.ending, ended.recordings), (Ending::Finished, 1), "{carrier}");
        let file = fetched(&account(carrier), &url, true).await;
        assert_eq!(file.status, 200, "{carrier}");
        let wav = Wav::read(&file.body).expect("a WAV");
        let said = wav.channel(0);
        let loud = said.iter().filter(|sample| sample.unsigned_abs() > 1_000).count();
        assert!((3_900..=4_100).contains(&loud), "{carrier}: {loud} samples of {}", said.len());
        if carrier != Carrier::Telnyx {
            assert_eq!(fetched(&account(carrier), &url, false).await.status, 401, "{carrier}");
        }
        assert!(!api.shelf().fetched().is_empty());
    }
}

#[tokio::test]
async fn the_caller_hears_what_is_played_and_said_in_turns() {
    for carrier in Carrier::ALL {
        let server = Server::start().await;
        let phone = Handset::dial(account(carrier), dial(carrier, &server));
        server.document(&format!("<Play>https://voice.example.com/a.wav</Play>{}", record(carrier))).await;
        let tone = Wav::mono(
            16_000,
            sound::resample::resample(&sound::g711::ulaw_to_samples(&loud(400)), 8_000, 16_000),
        );
        server.answer("audio/x-wav", tone.write()).await;
        assert!(phone.connected().await);
        let Listened::Spoke(heard) = phone.listen(0, Duration::from_millis(20), PATIENCE).await else {
            panic!("{carrier}: nothing was heard")
        };
        assert!(heard.len() >= 3_000, "{carrier}: {heard:?}");
        assert!(phone.recorded(1).await);
        phone.hang_up();
        if carrier != Carrier::Twilio {
            // To Twilio a recording of silence is none.
            assert_eq!(server.document("").await.target, "/recorded");
        }
        phone.ended().await.expect("a call");
    }
}

#[tokio::test]
async fn a_recording_ends_by_a_key_and_a_hang_up_is_told() {
    for carrier in Carrier::ALL {
        let server = Server::start().await;
        let phone = Handset::dial(account(carrier), dial(carrier, &server));
        server.document(record(carrier)).await;
        assert!(phone.recorded(1).await);
        phone.say(&loud(200));
        phone.said().await;
        phone.press('#');
        let told = server.document(record(carrier)).await;
        assert_eq!(field(&told, "Digits"), "#", "{carrier}");
        assert!(phone.recorded(2).await);
        phone.say(&loud(200));
        phone.said().await;
        phone.hang_up();
        let told = server.document("").await;
        assert_eq!(field(&told, "Digits"), "hangup", "{carrier}");
        assert_eq!(phone.ended().await.map(|ended| ended.ending), Ok(Ending::CallerHungUp), "{carrier}");
    }
}

#[tokio::test]
async fn a_question_is_answered_by_keys_or_by_words() {
    for carrier in Carrier::ALL {
        let gather = match carrier {
            Carrier::Twilio | Carrier::Telnyx => {
                "<Gather input=\"dtmf speech\" action=\"/g\" numDigits=\"4\" timeout=\"3\" speechTimeout=\"1\"><Say>Hm?</Say></Gather>"
            }
            Carrier::Plivo => {
                "<GetInput inputType=\"dtmf speech\" action=\"https://voice.example.com/g\" numDigits=\"4\" \
                 speechEndTimeout=\"2\"><Speak>Hm?</Speak></GetInput>"
            }
        };
        let server = Server::start().await;
        let phone = Handset::dial(account(carrier), dial(carrier, &server));
        server.document(gather).await;
        assert!(phone.connected().await);
        for key in "1234".chars() {
            phone.press(key);
        }
        let told = server.document(gather).await;
        assert_eq!(field(&told, "Digits"), "1234", "{carrier}");
        let next = phone.position();
        phone.listen(next, Duration::from_millis(100), Duration::from_millis(500)).await;
        phone.say_in_words(&loud(300), "two o'clock");
        let told = server.document("").await;
        let words = field(&told, if carrier == Carrier::Plivo { "Speech" } else { "SpeechResult" });
        assert_eq!(words, "two o'clock", "{carrier}");
        phone.ended().await.expect("a call");
    }
}

#[tokio::test]
async fn a_webhook_that_takes_longer_than_the_company_waits_fails_the_call() {
    let waited = |carrier, code, least: u64| async move {
        let server = Server::start().await;
        let phone = Handset::dial(account(carrier), dial(carrier, &server));
        let _kept = server.ignore().await;
        let since = clock::now();
        let failed = phone.ended().await.expect_err("it is not answered");
        assert_eq!((failed.code, failed.status), (code, None), "{carrier}");
        let waited = since.elapsed();
        assert!(
            waited >= Duration::from_secs(least) && waited < Duration::from_secs(20),
            "{carrier}: {waited:?}"
        );
    };
    tokio::join!(
        waited(Carrier::Twilio, 11_200, 14),
        waited(Carrier::Plivo, 7_011, 14),
        waited(Carrier::Telnyx, 11_200, 9),
    );
}

#[tokio::test]
async fn a_transfer_says_whom_and_goes_on_where_nobody_takes_it() {
    for carrier in Carrier::ALL {
        let document =
            "<Dial action=\"https://voice.example.com/dialled\"><Number>14155550123</Number></Dial>";
        let status = if carrier == Carrier::Plivo { "DialStatus" } else { "DialCallStatus" };
        let server = Server::start().await;
        let phone = Handset::dial(account(carrier), dial(carrier, &server));
        server.document(document).await;
        assert_eq!(field(&server.document("").await, status), "completed", "{carrier}");
        let ending = phone.ended().await.map(|ended| ended.ending);
        assert_eq!(ending, Ok(Ending::Transferred(vec!["14155550123".into()])), "{carrier}");

        let busy = Dial { callee: Callee::Busy, ..dial(carrier, &server) };
        let phone = Handset::dial(account(carrier), busy);
        server.document(document).await;
        assert_eq!(field(&server.document("<Hangup/><Hangup/>").await, status), "busy", "{carrier}");
        phone.ended().await.expect("a call");
    }
}

#[tokio::test]
async fn an_order_breaks_into_a_recording() {
    for carrier in Carrier::ALL {
        let server = Server::start().await;
        let (sender, orders) = tokio::sync::mpsc::channel(1);
        let phone = Handset::dial(account(carrier), Dial { orders: Some(orders), ..dial(carrier, &server) });
        server.document(record(carrier)).await;
        assert!(phone.recorded(1).await);
        sender.send(Order::Complete).await.expect("the call listens");
        assert_eq!(phone.ended().await.map(|ended| ended.ending), Ok(Ending::Completed), "{carrier}");
    }
}

#[tokio::test]
async fn how_a_call_goes_is_told_as_unreliably_as_is_wished() {
    for carrier in Carrier::ALL {
        for habit in [Habit::Once, Habit::Twice, Habit::Backwards] {
            let server = Server::start().await;
            let status = Status {
                events: vec!["answered".into(), "completed".into()],
                habit,
                ..Status::completed("https://voice.example.com/status")
            };
            let phone =
                Handset::dial(account(carrier), Dial { status: Some(status), ..dial(carrier, &server) });
            server.document("<Redirect>https://voice.example.com/on</Redirect>").await;
            let mut told = Vec::new();
            let expected = if habit == Habit::Twice { 4 } else { 2 };
            while told.len() < expected {
                let request = server.document("").await;
                if request.target == "/status" {
                    told.push(field(&request, "CallStatus"));
                }
            }
            let wanted: &[&str] = match habit {
                Habit::Once => &["in-progress", "completed"],
                Habit::Twice => &["in-progress", "in-progress", "completed", "completed"],
                Habit::Backwards => &["completed", "in-progress"],
            };
            assert_eq!(told, wanted, "{carrier} {habit:?}");
            phone.ended().await.expect("a call");
        }
    }
}

#[tokio::test]
async fn a_recording_may_be_late_elsewhere_or_no_sound_at_all() {
    let server = Server::start().await;
    let plivo = account(Carrier::Plivo);
    let api = Api::listen(&plivo).await.expect("loopback");
    let phone = Handset::dial(&plivo, api.wire(dial(Carrier::Plivo, &server)));
    server
        .document("<Record action=\"https://voice.example.com/r\" timeout=\"1\" finishOnKey=\"#\" playBeep=\"false\"/>")
        .await;
    assert!(phone.recorded(1).await);
    phone.press('#');
    let told = server.document("").await;
    assert!(fields(&told).iter().any(|(name, _)| name == "RecordingDurationMs"));
    let url = field(&told, "RecordUrl");
    api.shelf().lapse([
        Lapse::NotYet,
        Lapse::Elsewhere("http://127.0.0.1:1/".into()),
        Lapse::Instead("text/html", b"<html>".to_vec()),
    ]);
    assert_eq!(fetched(&plivo, &url, true).await.status, 404);
    assert_eq!(fetched(&plivo, &url, true).await.status, 302);
    assert_eq!(fetched(&plivo, &url, true).await.body, b"<html>");
    let file = fetched(&plivo, &url, true).await;
    assert_eq!(
        file.header("content-type"),
        Some("audio/mpeg"),
        "which is what Plivo gives where none is asked for"
    );
    assert!(file.body.len() > 1_000 && file.body[0] == 0xff, "{} bytes", file.body.len());
    phone.ended().await.expect("a call");
}
