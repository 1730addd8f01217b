//! The API as programs find it: webhooks that arrive signed, however often their program fails, and what a stranger to this
//! code asks who has only read its document.

mod house;

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use engine::local::Workers;
use house::{House, waiting::until};
use reqwest::Method;
use serde_json::{Value, json};
use server::{api, clock, command::demo::speech};
use sound::wav::Wav;
use std::{
    collections::VecDeque,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{io::AsyncWriteExt, net::TcpListener, process::Command};

/// Its command.
const SCHEMATHESIS: &str = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())";
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A program that is told of what happens.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    requests: Vec<Value>,
    /// What it answers next; 204 once there is nothing left.
    answers: VecDeque<StatusCode>,
}

impl Ear {
    async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let url = format!("http://{}/in", listener.local_addr().expect("an address"));
        let router = Router::new().route("/in", post(take)).with_state(self.clone());
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answers(&self, all: &[u16]) {
        let all = all.iter().map(|status| StatusCode::from_u16(*status).expect("a status"));
        self.heard().answers.extend(all);
    }

    /// What came, once it is so much.
    async fn requests(&self, count: usize) -> Vec<Value> {
        until(async || {
            let heard = self.heard();
            (heard.requests.len() >= count).then(|| heard.requests.clone())
        })
        .await
    }
}

async fn take(State(ear): State<Ear>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"];
    let headers: serde_json::Map<_, _> = names
        .iter()
        .map(|name| ((*name).to_owned(), headers[*name].to_str().expect("ASCII").into()))
        .collect();
    let body = String::from_utf8(body.to_vec()).expect("text");
    let mut heard = ear.heard();
    heard.requests.push(json!({"headers": headers, "body": body}));
    heard.answers.pop_front().unwrap_or(StatusCode::NO_CONTENT)
}

/// A house, and a program that acts in it.
struct World {
    house: House,
    http: reqwest::Client,
    token: String,
}

impl World {
    async fn open(variables: &[(&str, &str)]) -> Self {
        let house = House::open(variables).await;
        let made = api::make_token(&house.store().await, "", "a program", true, clock::now_ms()).await;
        let token = made.expect("made").0.expose().to_owned();
        Self { house, http: reqwest::Client::new(), token }
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.http.request(method, self.house.url(&format!("/api/v1{path}")));
        let answer = request.bearer_auth(&self.token).json(body).send().await.expect("an answer");
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    /// A webhook that is told of this; its id and secret.
    async fn webhook(&self, url: &str, events: &[&str]) -> (String, String) {
        let wish = json!({"url": url, "events": events});
        let (status, made) = self.ask(Method::POST, "/webhooks", &wish).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let text = |name: &str| made[name].as_str().expect("text").to_owned();
        (text("id"), text("secret"))
    }

    /// The deliveries of a webhook, once they are like this.
    async fn deliveries(&self, webhook: &str, are: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        until(async || {
            let path = format!("/webhooks/{webhook}/deliveries");
            let (_, page) = self.ask(Method::GET, &path, &Value::Null).await;
            let items = page["items"].as_array().cloned().unwrap_or_default();
            are(&items).then_some(items)
        })
        .await
    }
}

/// What another implementation says of these requests: what each tells, or why it is not believed.
async fn verified(secret: &str, requests: &[Value]) -> Vec<Value> {
    let mut child = Command::new("scripts/python")
        .args(["--of", "api", "crates/server/tests/api/verify.py"])
        .current_dir(ROOT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("scripts/python runs");
    let brief = json!({"secret": secret, "requests": requests}).to_string();
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(brief.as_bytes()).await.expect("Python reads");
    drop(input);
    let output = child.wait_with_output().await.expect("it ends");
    assert!(output.status.success(), "what Python found is above");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Ten o'clock on the first workday more than a week ahead.
fn a_workday() -> String {
    let now = jiff::Timestamp::from_millisecond(clock::now_ms()).expect("now");
    let from = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut days = (8..).map(|n| from.checked_add(jiff::Span::new().days(n)).expect("near"));
    let day = days.find(|day| day.weekday().to_monday_zero_offset() < 5).expect("one of them");
    format!("{day}T10:00")
}

#[tokio::test]
async fn events_arrive_signed_in_their_order_and_again_where_the_program_failed() {
    let world = World::open(&[("PRIVATE_WEBHOOKS", "yes"), ("TIME_ZONE", "UTC")]).await;
    let ear = Ear::default();
    let url = ear.listen().await;
    let (id, secret) = world.webhook(&url, &["appointment.booked", "appointment.cancelled"]).await;
    ear.answers(&[503]);
    let wish = json!({"summary": "Ada Lovelace", "starts": a_workday()});
    let (status, booked) = world.ask(Method::POST, "/appointments", &wish).await;
    assert_eq!(status, StatusCode::CREATED, "{booked}");
    let first = ear.requests(2).await;
    assert_eq!(first[0]["headers"]["webhook-id"], first[1]["headers"]["webhook-id"], "the same event");
    assert_eq!(first[0]["body"], first[1]["body"]);
    let path = format!("/appointments/{}", booked["id"].as_str().expect("an id"));
    assert_eq!(world.ask(Method::DELETE, &path, &Value::Null).await.0, StatusCode::NO_CONTENT);
    let mut requests = ear.requests(3).await;
    let told = verified(&secret, &requests).await;
    assert_eq!(told[0]["type"], "appointment.booked", "{told:?}");
    assert_eq!(told[1]["data"]["appointment"]["id"], booked["id"]);
    assert_eq!(told[2]["type"], "appointment.cancelled", "{told:?}");
    assert_eq!(requests[0]["headers"]["content-type"], "application/json");
    // Another secret and a changed body are not believed.
    requests[1]["body"] = requests[1]["body"].as_str().expect("text").replace("Ada", "Eve").into();
    let told = verified(&secret, &requests[1..2]).await;
    assert!(told[0].is_string(), "{told:?}");
    let (other, others_secret) = world.webhook(&url, &["text.received"]).await;
    assert!(verified(&others_secret, &requests[..1]).await[0].is_string());
    // All of it can be read, and sent again.
    let all = world.deliveries(&id, |all| all.iter().all(|one| one["state"] == "delivered")).await;
    assert_eq!(all.iter().map(|one| &one["attempts"]).collect::<Vec<_>>(), [1, 2], "the latest first");
    let again = format!("/webhooks/{id}/deliveries/{}/send", all[0]["id"].as_str().expect("an id"));
    assert_eq!(world.ask(Method::POST, &again, &Value::Null).await.0, StatusCode::ACCEPTED);
    let requests = ear.requests(4).await;
    assert_eq!(requests[3]["headers"]["webhook-id"], requests[2]["headers"]["webhook-id"]);
    let strange = again.replace(&id, &other);
    assert_eq!(world.ask(Method::POST, &strange, &Value::Null).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_program_that_says_it_is_gone_is_told_no_longer() {
    let world = World::open(&[("PRIVATE_WEBHOOKS", "yes")]).await;
    let ear = Ear::default();
    let (id, _) = world.webhook(&ear.listen().await, &[]).await;
    ear.answers(&[410]);
    let path = format!("/webhooks/{id}");
    let test = format!("{path}/test");
    assert_eq!(world.ask(Method::POST, &test, &Value::Null).await.0, StatusCode::ACCEPTED);
    let all = world.deliveries(&id, |all| all[0]["state"] == "failed").await;
    assert_eq!(all[0]["status"], 410);
    let off = until(async || {
        let (_, told) = world.ask(Method::GET, &path, &Value::Null).await;
        (told["enabled"] == false).then_some(told)
    })
    .await;
    assert!(off["why"].as_str().is_some_and(|why| why.contains("410")), "{off}");
    assert_eq!(world.ask(Method::POST, &test, &Value::Null).await.0, StatusCode::CONFLICT);
    let on = json!({"enabled": true});
    assert_eq!(world.ask(Method::PATCH, &path, &on).await.1["enabled"], true);
    assert_eq!(world.ask(Method::POST, &test, &Value::Null).await.0, StatusCode::ACCEPTED);
    ear.requests(2).await;
}

#[tokio::test]
async fn webhooks_lead_nowhere_but_to_the_public_network_and_follow_nobody() {
    let world = World::open(&[]).await;
    let ear = Ear::default();
    let port = ear.listen().await.rsplit(':').next().expect("a port").to_owned();
    for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433"] {
        let (id, _) = world.webhook(&format!("http://{host}:{port}"), &[]).await;
        let test = format!("/webhooks/{id}/test");
        assert_eq!(world.ask(Method::POST, &test, &Value::Null).await.0, StatusCode::ACCEPTED);
        let all = world.deliveries(&id, |all| all[0]["attempts"] == 1).await;
        let why = all[0]["why"].as_str().expect("a sentence");
        assert!(why.contains("private network"), "{host}: {why}");
    }
    assert_eq!(ear.heard().requests.len(), 0, "nobody knocked");
    let house = World::open(&[("PRIVATE_WEBHOOKS", "yes")]).await;
    let away = Ear::default();
    away.answers(&[307]);
    let (id, _) = house.webhook(&away.listen().await, &[]).await;
    house.ask(Method::POST, &format!("/webhooks/{id}/test"), &Value::Null).await;
    let all = house.deliveries(&id, |all| all[0]["attempts"] == 1).await;
    assert!(all[0]["why"].as_str().is_some_and(|why| why.contains("not followed")), "{all:?}");
}

/// The next Tuesday or, where today is one, Thursday: what a caller says of it.
fn a_day() -> &'static str {
    let now =
        jiff::Timestamp::from_millisecond(clock::now_ms()).expect("now").to_zoned(jiff::tz::TimeZone::UTC);
    if now.weekday() == jiff::civil::Weekday::Tuesday { "thursday" } else { "tuesday" }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wav_is_understood_answered_in_words_and_sound_and_gone_on_with() {
    let world = World::open(&[("TIME_ZONE", "UTC"), ("OWNER_NUMBERS", "+14155550111")]).await;
    let voice = speech::voice(&Workers::new(env!("CARGO_BIN_EXE_earpiece")), "rms");
    let say = async |query: &str, words: &str, accept: &str| {
        let said = voice(words.to_owned()).await.expect("Flite speaks");
        // Nobody begins and ends with the file.
        let samples = [vec![0; 3_200], said, vec![0; 4_800]].concat();
        let file = Wav::mono(8_000, samples).write();
        let url = world.house.url(&format!("/api/v1/voice{query}"));
        let request = world.http.post(url).bearer_auth(&world.token).header("accept", accept);
        let answer = request.header("content-type", "audio/wav").body(file).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap_or_default());
        answer
    };
    let wish = format!("I would like to book an appointment on {} at ten a m.", a_day());
    let mut first: Value = say("", &wish, "*/*").await.json().await.expect("JSON");
    assert!(first["greeting"].as_str().is_some_and(|words| !words.is_empty()), "{first}");
    assert!(first["reply"].as_str().is_some_and(|words| !words.is_empty()), "{first}");
    assert_eq!(first["over"], false, "{first}");
    let sound = BASE64_STANDARD.decode(first["audio"].as_str().expect("text")).expect("base64");
    let heard = Wav::read(&sound).expect("a WAV");
    assert!(heard.samples.len() > 8_000 && sound::level::rms(&heard.samples) > 300.0, "it is heard");
    let call = first["conversation"].as_str().expect("an id").to_owned();
    let on = format!("?conversation={call}");
    let store = world.house.store().await;
    first["audio"] = Value::Null;
    let mut told = vec![first];
    // Whoever was not understood says it once more.
    let mut words = [wish.as_str(), wish.as_str()].into_iter();
    while !told.iter().any(|one| one["transcript"].as_str().is_some_and(|said| said.contains(a_day()))) {
        let again = words.next().unwrap_or_else(|| panic!("it is not understood: {told:#?}"));
        let mut answer: Value = say(&on, again, "*/*").await.json().await.expect("JSON");
        answer["audio"] = Value::Null;
        told.push(answer);
    }
    // Who is not sure to have heard a yes asks for it again.
    let mut yeses = ["Yes, please.", "That is correct.", "Yes, please."].into_iter();
    while store.appointments_between("main", 0, i64::MAX).await.expect("read").is_empty() {
        let again = yeses.next().unwrap_or_else(|| panic!("it is not booked: {told:#?}"));
        let mut yes: Value = say(&on, again, "application/json").await.json().await.expect("JSON");
        yes["audio"] = Value::Null;
        told.push(yes);
    }
    let last = told.last().expect("there was a yes");
    assert!(last["reply"].as_str().is_some_and(|words| words.contains("It is booked: ")), "{told:#?}");
    assert!(told[1..].iter().all(|one| one.get("greeting").is_none()), "{told:#?}");
    let (status, transcript) =
        world.ask(Method::GET, &format!("/calls/{call}/transcript"), &Value::Null).await;
    assert!(status == StatusCode::OK && transcript.to_string().contains(a_day()), "{transcript}");
    let row = store.call(&call).await.expect("read").expect("a call of its own");
    assert_eq!((row.carrier.as_str(), row.trust.as_str(), row.ended_ms), ("api", "owner", None));
    assert_eq!(row.from, "+14155550111", "it is a call of the owner's");
    // Another program does not get into it.
    let other = api::make_token(&store, "", "another", true, clock::now_ms()).await.expect("made").0;
    let silence = Wav::mono(8_000, vec![0; 8_000]).write();
    let knock = world.http.post(world.house.url(&format!("/api/v1/voice{on}"))).bearer_auth(other.expose());
    assert_eq!(knock.body(silence).send().await.expect("an answer").status(), StatusCode::NOT_FOUND);
    let alone = say(&on, "Goodbye.", "audio/wav").await;
    assert_eq!(alone.headers()["content-type"], "audio/wav");
    assert_eq!(alone.headers()["conversation"], call.as_str());
    assert!(Wav::read(&alone.bytes().await.expect("bytes")).is_ok());
    // Ended from elsewhere it is over for the program, too.
    let (status, _) = world.ask(Method::POST, &format!("/calls/{call}/end"), &Value::Null).await;
    assert!([StatusCode::ACCEPTED, StatusCode::CONFLICT].contains(&status), "{status}");
    until(async || store.call(&call).await.expect("read").and_then(|row| row.ended_ms)).await;
}

/// What the document allows, what it does not, and what a program does in sequence; with a fixed seed, within a minute or so.
#[tokio::test]
async fn who_has_only_read_the_document_meets_nothing_that_it_does_not_tell() {
    let world = World::open(&[("API_PER_MINUTE", "1000000"), ("TIME_ZONE", "UTC")]).await;
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
                  response_headers_conformance,negative_data_rejection,unsupported_method,ignored_auth,use_after_free,\
                  allow_header_conformance,missing_required_header";
    let token = format!("Authorization:Bearer {}", world.token);
    let output = Command::new(format!("{ROOT}/scripts/python"))
        .args(["--of", "api", "-c", SCHEMATHESIS, "run"])
        .arg(world.house.url("/api/v1/openapi.json"))
        .args(["--checks", checks, "--seed", "7", "--max-time", "40", "--max-examples", "20"])
        .args(["--phases", "examples,coverage,fuzzing,stateful", "--suppress-health-check", "all"])
        .args(["--request-timeout", "60", "--no-color", "--warnings", "off", "--header", &token])
        .current_dir(world.house.folder.path())
        .kill_on_drop(true)
        .output()
        .await
        .expect("scripts/python runs");
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}");
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    // It came in, and got as far as making things.
    let done = world.house.store().await.audit(1, "").await.expect("read");
    assert!(!done.is_empty(), "{told}");
}
