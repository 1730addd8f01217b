//! Streams of the three companies.

use super::{
    account, dial, loud,
    server::{Server, Stream, field},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sim::{
    clock,
    phone::{Carrier, Dial, Ending, Handset, handset::Listened},
    plivo, telnyx,
};
use std::time::Duration;

fn document(carrier: Carrier, server: &Server) -> String {
    let address = server.address;
    match carrier {
        Carrier::Twilio => format!(
            "<Connect><Stream url=\"wss://{address}/media\"><Parameter name=\"token\" value=\"t\"/></Stream></Connect>"
        ),
        Carrier::Plivo => format!(
            "<Stream bidirectional=\"true\" keepCallAlive=\"true\" contentType=\"audio/x-mulaw;rate=8000\" \
             extraHeaders=\"token=t\">wss://{address}/media?a=1</Stream>"
        ),
        Carrier::Telnyx => format!(
            "<Connect><Stream url=\"wss://{address}/media\" bidirectionalMode=\"rtp\" codec=\"PCMU\">\
             <Parameter name=\"token\" value=\"t\"/></Stream></Connect>"
        ),
    }
}

/// The server's words of each company.
struct Spoken {
    carrier: Carrier,
    stream: Stream,
    id: Value,
}

impl Spoken {
    async fn open(carrier: Carrier, server: &Server) -> Self {
        server.document(&document(carrier, server)).await;
        let mut stream = server.stream().await;
        if carrier != Carrier::Plivo {
            assert_eq!(stream.next().await["event"], "connected");
        }
        let start = stream.next().await;
        assert_eq!(start["event"], "start");
        let (token, id) = match carrier {
            Carrier::Twilio => (start["start"]["customParameters"].clone(), start["streamSid"].clone()),
            Carrier::Plivo => (start["extra_headers"].clone(), start["start"]["streamId"].clone()),
            Carrier::Telnyx => (start["start"]["custom_parameters"].clone(), start["stream_id"].clone()),
        };
        let expected = if carrier == Carrier::Plivo { json!("token=t") } else { json!({"token": "t"}) };
        assert_eq!(token, expected);
        Self { carrier, stream, id }
    }

    async fn media(&mut self, ulaw: &[u8]) {
        let payload = BASE64_STANDARD.encode(ulaw);
        let message = match self.carrier {
            Carrier::Twilio => json!({"event": "media", "streamSid": self.id, "media": {"payload": payload}}),
            Carrier::Plivo => json!({"event": "playAudio", "media": {
                "contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": payload,
            }}),
            Carrier::Telnyx => json!({"event": "media", "media": {"payload": payload}}),
        };
        self.stream.send(message).await;
    }

    async fn mark(&mut self, name: &str) {
        let message = match self.carrier {
            Carrier::Twilio => json!({"event": "mark", "streamSid": self.id, "mark": {"name": name}}),
            Carrier::Plivo => json!({"event": "checkpoint", "streamId": self.id, "name": name}),
            Carrier::Telnyx => json!({"event": "mark", "mark": {"name": name}}),
        };
        self.stream.send(message).await;
    }

    async fn clear(&mut self) {
        let message = match self.carrier {
            Carrier::Twilio => json!({"event": "clear", "streamSid": self.id}),
            Carrier::Plivo => json!({"event": "clearAudio", "streamId": self.id}),
            Carrier::Telnyx => json!({"event": "clear"}),
        };
        self.stream.send(message).await;
    }

    fn marked(&self) -> &'static str {
        if self.carrier == Carrier::Plivo { "playedStream" } else { "mark" }
    }
}

fn name(mark: &Value) -> &str {
    mark["name"].as_str().or(mark["mark"]["name"].as_str()).expect("a mark has a name")
}

#[tokio::test]
async fn a_mark_comes_back_when_it_was_truly_played_and_what_a_clear_does_to_the_others_is_each_companys() {
    for carrier in Carrier::ALL {
        let server = Server::start().await;
        let phone = Handset::dial(account(carrier), dial(carrier, &server));
        let mut spoken = Spoken::open(carrier, &server).await;
        let sent = clock::now();
        spoken.media(&loud(200)).await;
        spoken.mark("a").await;
        spoken.media(&loud(5_000)).await;
        spoken.mark("b").await;
        let marked = spoken.marked();
        assert_eq!(name(&spoken.stream.until(marked).await), "a");
        assert!(sent.elapsed() >= Duration::from_millis(200), "{carrier}: it cannot have sounded yet");
        spoken.clear().await;
        phone.press('5');
        let events = spoken.stream.events_until("dtmf").await;
        let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().expect("a text")).collect();
        let expected: &[&str] =
            if carrier == Carrier::Plivo { &["clearedAudio", "dtmf"] } else { &["mark", "dtmf"] };
        assert_eq!(names, expected, "{carrier}");
        phone.hang_up();
        spoken.stream.until("stop").await;
        let heard = phone.position() / 8;
        let ended = phone.ended().await.expect("a call");
        assert_eq!((ended.ending, ended.errors), (Ending::CallerHungUp, vec![]), "{carrier}");
        assert!(
            heard < 5_000 && sent.elapsed() < Duration::from_secs(5),
            "{carrier}: the rest was not waited for"
        );
    }
}

#[tokio::test]
async fn the_caller_is_heard_and_hears_through_every_company() {
    for carrier in Carrier::ALL {
        let server = Server::start().await;
        let phone = Handset::dial(account(carrier), dial(carrier, &server));
        let mut spoken = Spoken::open(carrier, &server).await;
        spoken.media(&loud(300)).await;
        let ears = phone.listen(0, Duration::from_millis(200), Duration::from_secs(3)).await;
        let Listened::Spoke(stretch) = ears else { panic!("{carrier}: it was said aloud") };
        assert!((2_240..=2_560).contains(&stretch.len()), "{carrier}: {stretch:?}");
        phone.say(&loud(100));
        phone.said().await;
        phone.hang_up();
        let mut heard = Vec::new();
        loop {
            let message = spoken.stream.next().await;
            match message["event"].as_str() {
                Some("media") => {
                    let payload = message["media"]["payload"].as_str().expect("a text");
                    heard.extend(BASE64_STANDARD.decode(payload).expect("base64"));
                }
                Some("stop") => break,
                other => panic!("{carrier}: {other:?}"),
            }
        }
        assert!(heard.windows(800).any(|window| window == loud(100)), "{carrier}: {} bytes", heard.len());
        phone.ended().await.expect("a call");
    }
}

#[tokio::test]
async fn telnyx_may_send_media_in_another_order_than_it_numbered_them_and_loses_none() {
    let server = Server::start().await;
    let call = Dial { shuffled: true, ..dial(Carrier::Telnyx, &server) };
    let phone = Handset::dial(account(Carrier::Telnyx), call);
    let mut spoken = Spoken::open(Carrier::Telnyx, &server).await;
    let mut chunks: Vec<u64> = Vec::new();
    while chunks.len() < 30 {
        let media = spoken.stream.until("media").await;
        chunks.push(media["media"]["chunk"].as_str().expect("a text").parse().expect("a number"));
    }
    assert!(!chunks.is_sorted(), "{chunks:?}");
    chunks.sort_unstable();
    assert!(chunks[..28].iter().copied().eq(1..=28), "{chunks:?}");
    phone.hang_up();
    spoken.stream.until("stop").await;
}

#[tokio::test]
async fn what_a_company_would_object_to_is_recorded_and_telnyx_says_so() {
    for carrier in Carrier::ALL {
        let server = Server::start().await;
        let phone = Handset::dial(account(carrier), dial(carrier, &server));
        let mut spoken = Spoken::open(carrier, &server).await;
        spoken.stream.send(json!({"event": "hello"})).await;
        spoken
            .stream
            .send(json!({"event": "media", "streamSid": "other", "media": {"payload": "//8="}}))
            .await;
        if carrier == Carrier::Telnyx {
            let error = spoken.stream.until("error").await;
            assert_eq!(error["payload"]["code"], 100_003);
        }
        spoken.stream.close().await;
        assert_eq!(phone.ended().await.expect("a call").errors.len(), 2, "{carrier}");
    }
}

#[tokio::test]
async fn the_upgrade_is_signed_where_the_company_signs_it() {
    for carrier in Carrier::ALL {
        let server = Server::start().await;
        let phone = Handset::dial(account(carrier), dial(carrier, &server));
        server.document(&document(carrier, &server)).await;
        let upgrade = server.upgrade().await;
        match carrier {
            Carrier::Twilio => assert!(upgrade.header("x-twilio-signature").is_some()),
            Carrier::Plivo => {
                let nonce = upgrade.header("x-plivo-signature-v3-nonce").expect("a nonce");
                let url = format!("https://{}/media?a=1", server.address);
                let expected = plivo::signature::v3(&url, false, &[], nonce, super::SECRET);
                assert_eq!(upgrade.header("x-plivo-signature-v3"), Some(expected.as_str()));
            }
            Carrier::Telnyx => assert!(upgrade.header("telnyx-signature-ed25519").is_none()),
        }
        let failed = phone.ended().await.expect_err("nothing stands behind the stream");
        assert_eq!(failed.status, Some(403), "{carrier}");
    }
}

#[tokio::test]
async fn a_stream_that_is_refused_is_told_and_what_stands_behind_it_is_done() {
    use sim::phone::Mode;
    for carrier in [Carrier::Twilio, Carrier::Telnyx] {
        let server = Server::start().await;
        let phone = Handset::dial(account(carrier), Dial { mode: Mode::Turns, ..dial(carrier, &server) });
        server
            .document(
                "<Connect><Stream url=\"wss://voice.example.com/media\" statusCallback=\"https://voice.example.com/s\"/>\
                 </Connect><Redirect>/instead</Redirect>",
            )
            .await;
        let told = server.document("").await;
        assert_eq!(field(&told, "StreamEvent"), "stream-error");
        let instead = server.document("<Say>Hello.</Say>").await;
        assert_eq!(instead.target, "/instead");
        let ended = phone.ended().await.expect("a call");
        assert!(!ended.streamed && ended.said == ["Hello."]);
    }
    let server = Server::start().await;
    let call = Dial { mode: Mode::Turns, ..dial(Carrier::Plivo, &server) };
    let phone = Handset::dial(account(Carrier::Plivo), call);
    server
        .document(
            "<Stream bidirectional=\"true\" keepCallAlive=\"true\" statusCallbackUrl=\"https://voice.example.com/s\">\
             wss://voice.example.com/media</Stream><Redirect>https://voice.example.com/instead</Redirect>",
        )
        .await;
    assert_eq!(field(&server.document("").await, "Event"), "DroppedStream");
    assert_eq!(server.document("<Speak>Hello.</Speak>").await.target, "/instead");
    assert_eq!(phone.ended().await.expect("a call").said, ["Hello."]);
}

#[tokio::test]
async fn telnyx_signs_the_time_and_the_body_and_a_key_is_the_same_for_the_same_seed() {
    let server = Server::start().await;
    let seeded = telnyx::Account::new("a key").with_seed(std::array::from_fn(|n| n as u8));
    assert_eq!(seeded.public_key(), "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=");
    let phone = Handset::dial(&seeded, dial(Carrier::Telnyx, &server));
    let request = server.document("<Hangup/>").await;
    let time: u64 = request.header("telnyx-timestamp").expect("a time").parse().expect("a number");
    let expected = seeded.key.sign(time, &request.body);
    assert_eq!(request.header("telnyx-signature-ed25519"), Some(expected.as_str()));
    phone.ended().await.expect("a call");
}
