//! Calls that are recorded, through the product: what is on the recording is what both sides heard, callers are told before,
//! and neither a restart nor turns change that.

mod house;
use futures_util::{SinkExt, StreamExt};
use house::{
    AUTH_TOKEN, House,
    browser::Browser,
    speech::speech,
    waiting::{self, PATIENCE, ms, until},
};
use reqwest::header;
use serde_json::{Value, json};
use sim::{
    openai::{Hearing, Item, OpenAi, Order, Reply, Script, Sound, Voice},
    phone::{Account, Api, Carrier, Dial, Handset, Mode, Status, handset::Listened},
};
use sound::{level, wav::Wav};
use store::Side;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

const TOLD: &str = "This call is recorded. If you do not want that, please hang up now.";
const STRANGER: &str = "+14155550166";
const OWNER: &str = "+14155550199";

struct Office {
    house: House,
    service: OpenAi,
    api: Api,
    variables: Vec<(String, String)>,
    account: Account,
}

impl Office {
    async fn open(script: Script, more: &[(&str, &str)]) -> Self {
        let service = OpenAi::listen(script).await.expect("loopback has a free port");
        let account = Account::new(Carrier::Twilio, AUTH_TOKEN);
        let api = Api::listen(&account).await.expect("loopback has a free port");
        let variables: Vec<(String, String)> = [
            ("ENGINE", "openai"),
            ("OPENAI_API_KEY", "sk-test"),
            ("OPENAI_REALTIME_URL", &service.url()),
            ("OWNER_NUMBERS", OWNER),
            ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"),
            ("TWILIO_API_URL", &api.url()),
        ]
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
        let house = House::open(&borrowed(&variables)).await;
        Self { house, service, api, variables, account }
    }

    /// What a command beside the server writes.
    async fn command(&self, arguments: &[&str]) -> Vec<u8> {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_earpiece"));
        command.args(arguments).env_clear().env("DATA_DIR", "data").current_dir(self.house.folder.path());
        let done = command.output().await.expect("it runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    }

    fn call(&self, from: &str, mode: Mode) -> Handset {
        let dial = Dial::local_of(Carrier::Twilio, self.house.address);
        let status = Some(Status::completed(self.house.url("/phone/twilio/status")));
        Handset::dial(&self.account, self.api.wire(Dial { mode, from: from.into(), status, ..dial }))
    }
}

fn borrowed(variables: &[(String, String)]) -> Vec<(&str, &str)> {
    variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The latest call's recording, once it can be played, as the page serves it.
async fn played(house: &House) -> Wav {
    let store = house.store().await;
    let call = waiting::ended(&store).await;
    let browser = Browser::of_the_owner(house).await;
    let url = house.url(&format!("/calls/{}/recording.wav", call.id));
    let file = until(async || {
        let row = store.recording(&call.id).await.expect("the database answers");
        row.filter(|row| row.samples > 0)?;
        let request = browser.http.get(&url).header("cookie", &browser.cookie);
        let answer = request.send().await.expect("an answer");
        answer.status().is_success().then_some(answer)
    })
    .await;
    Wav::read(&file.bytes().await.expect("a file")).expect("a WAV")
}

/// How long one is to be heard, in milliseconds, by tenths of a second.
fn loud_ms(side: &[i16]) -> usize {
    side.chunks(800).filter(|while_| !level::is_silent(while_, -38.0)).count() * 100
}

/// How strong a tone is in a sound, of 1.
fn tone(side: &[i16], hertz: f64) -> f64 {
    let (mut re, mut im, mut all) = (0.0, 0.0, 1.0);
    for (n, sample) in side.iter().enumerate() {
        let (sample, angle) = (f64::from(*sample), n as f64 * hertz * std::f64::consts::TAU / 8_000.0);
        re += sample * angle.cos();
        im += sample * angle.sin();
        all += sample * sample;
    }
    (re * re + im * im).sqrt() / (all * side.len() as f64 / 2.0).sqrt()
}

#[tokio::test]
async fn what_was_heard_is_recorded_what_was_cut_is_not_and_the_caller_was_told_before() {
    let long = Voice::new(Sound::Tone { hertz: 300.0 }, ms(6_000));
    let behind = Voice::new(Sound::Tone { hertz: 500.0 }, ms(2_000));
    let script = Script {
        replies: [Reply::of(vec![Item::Voice(long), Item::Voice(behind)])].into(),
        otherwise: Reply::tone(ms(700)),
        hearing: Hearing::Scripted,
        understood: ["wait a moment".to_owned()].into(),
        ..Script::default()
    };
    let office = Office::open(script, &[("RECORDING", "all")]).await;
    let call = office.call(STRANGER, Mode::Stream);
    assert!(call.hear_for(0, ms(1_500)).await);
    let session = office.service.session(1).await;
    session.order(Order::SpeechStarts);
    call.say(&speech(ms(800)));
    call.said().await;
    session.order(Order::SpeechStops);
    let asked =
        |logged: &sim::openai::Logged| logged.from_client && logged.event["type"] == "response.create";
    session.wait_for(PATIENCE, asked).await.expect("the caller is answered");
    call.wait(ms(2_500)).await;
    let truth = call.recording();
    call.hang_up();
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!((ended.said, ended.errors), (vec![TOLD.to_owned()], vec![]));

    let wav = played(&office.house).await;
    for side in [0, 1] {
        let (true_side, side) = (truth.channel(side), wav.channel(side));
        let (expected, found) = (loud_ms(&true_side), loud_ms(&side));
        println!("to be heard: {expected} ms, on the recording: {found} ms");
        assert!(expected >= 700 && expected.abs_diff(found) <= 400, "{expected} ms, recorded {found} ms");
        let loudest = |side: &[i16]| side.chunks(800).map(level::dbfs).fold(level::SILENCE, f32::max);
        assert!((loudest(&true_side) - loudest(&side)).abs() < 2.0, "as loud as it was");
    }
    assert!(wav.samples.len().abs_diff(truth.samples.len()) < 2 * 2 * 8_000, "as long as the call");
    let assistant = wav.channel(1);
    let loud = || assistant.chunks_exact(800).filter(|while_| !level::is_silent(while_, -38.0));
    let greeting = loud().filter(|while_| tone(while_, 300.0) > 0.8).count();
    assert!(greeting >= 12, "the greeting is there, for {greeting} tenths of a second");
    let cut = loud().map(|while_| tone(while_, 500.0)).fold(0.0, f64::max);
    assert!(cut < 0.5, "what was cut before it sounded is not: {cut}");
    // Both sides lie where they were heard: the caller began while the assistant spoke.
    let first = |side: &[i16]| side.chunks(800).position(|while_| !level::is_silent(while_, -38.0));
    let (caller, assistant) = (first(&wav.channel(0)).expect("heard"), first(&assistant).expect("heard"));
    assert!((10..40).contains(&(caller.saturating_sub(assistant))), "{assistant} {caller}");
}

#[tokio::test]
async fn by_turns_both_sides_are_recorded_one_after_the_other() {
    let script = Script { otherwise: Reply::tone(ms(600)), hearing: Hearing::Scripted, ..Script::default() };
    let office = Office::open(script, &[("RECORDING", "all"), ("CALL_MODE", "turns")]).await;
    let call = office.call(STRANGER, Mode::Turns);
    // What they are told, and the greeting behind it.
    assert!(matches!(call.listen(0, ms(1_200), PATIENCE).await, Listened::Spoke(_)));
    let from = call.position();
    call.say(&speech(ms(1_000)));
    call.said().await;
    assert!(call.hear_for(from, ms(400)).await, "it is answered");
    call.hang_up();
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!(ended.said.first().map(String::as_str), Some(TOLD));
    let wav = played(&office.house).await;
    let (caller, assistant) = (wav.channel(0), wav.channel(1));
    let (theirs, ours) = (loud_ms(&caller), loud_ms(&assistant));
    assert!((600..=1_600).contains(&theirs), "the caller spoke for {theirs} ms");
    assert!((1_000..=1_600).contains(&ours), "the assistant spoke for {ours} ms");
    let both = caller.chunks(800).zip(assistant.chunks(800));
    let over = both.filter(|(a, b)| !level::is_silent(a, -38.0) && !level::is_silent(b, -38.0)).count();
    assert!(over <= 2, "nobody spoke over anybody, for {over} tenths of a second");

    let list = office.command(&["calls", "list", "--number", "5550166", "--json"]).await;
    let call: serde_json::Value = serde_json::from_slice(&list).expect("one call, as JSON");
    assert_eq!((&call["number"], &call["ending"]), (&STRANGER.into(), &"caller_hung_up".into()));
    let id = call["id"].as_str().expect("an id");
    let export = office.command(&["calls", "export", id, "--audio"]).await;
    assert!(!String::from_utf8_lossy(&export).contains("4155550166"), "the number is masked");
    let export: serde_json::Value = serde_json::from_slice(&export).expect("JSON");
    assert!(export["recording"]["wav"].as_str().is_some_and(|file| file.len() > 10_000));
}

#[tokio::test]
async fn a_power_cut_leaves_what_was_recorded_until_then() {
    let greeting = Reply::of(vec![Item::Voice(Voice::new(Sound::Tone { hertz: 300.0 }, ms(20_000)))]);
    let script = Script { replies: [greeting].into(), hearing: Hearing::Scripted, ..Script::default() };
    let office = Office::open(script, &[("RECORDING", "owner")]).await;
    let call = office.call(OWNER, Mode::Stream);
    assert!(call.hear_for(0, ms(500)).await);
    let store = office.house.store().await;
    let id = until(async || Some(waiting::calls(&store).await.pop()?.id)).await;
    until(async || {
        let pieces = store.recording_pieces(&id, 0, i64::MAX).await.expect("asked");
        pieces.iter().any(|piece| piece.side == Side::Assistant).then_some(())
    })
    .await;
    drop(store);
    let folder = office.house.kill().await;
    let house = House::open_in(folder, &borrowed(&office.variables)).await;
    let store = house.store().await;
    assert_eq!(waiting::ended(&store).await.ending.as_deref(), Some("crashed"));
    let browser = Browser::of_the_owner(&house).await;
    let page = browser.page(&house, &format!("/calls/{id}")).await;
    assert!(page.contains("<audio") && page.contains("<path class=\"wave assistant\" d=\"M"), "{page}");
    let wav = played(&house).await;
    assert!(loud_ms(&wav.channel(1)) >= 4_000, "{} ms", loud_ms(&wav.channel(1)));
    drop(call);
}

#[tokio::test]
async fn who_is_not_recorded_is_told_nothing() {
    let script = Script { hearing: Hearing::Scripted, ..Script::default() };
    let office = Office::open(script, &[("RECORDING", "owner")]).await;
    let call = office.call(STRANGER, Mode::Stream);
    assert!(call.hear_for(0, ms(200)).await);
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").said, Vec::<String>::new());
    let store = office.house.store().await;
    let id = waiting::ended(&store).await.id;
    assert_eq!(store.recording(&id).await.expect("asked"), None);
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A call from a page, up to what it hears first: its id here, and its stream.
async fn from_a_page(house: &House) -> (String, Socket) {
    let owner = Browser::of_the_owner(house).await;
    let begun: Value = owner.post(&house.url("/phone/call")).await.json().await.expect("JSON");
    let mut request =
        format!("ws://{}/browser/stream", house.address).into_client_request().expect("a request");
    for (name, value) in
        [(header::ORIGIN, format!("http://{}", house.address)), (header::COOKIE, owner.cookie)]
    {
        request.headers_mut().insert(name, value.parse().expect("a header"));
    }
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("it is opened");
    let start = json!({"event": "start", "call": begun["call"], "token": begun["token"]}).to_string();
    socket.send(Message::text(start)).await.expect("it listens");
    (begun["id"].as_str().expect("an id").to_owned(), socket)
}

/// What is heard until the next mark, in bytes of sound, and that mark.
async fn until_a_mark(socket: &mut Socket) -> (usize, String) {
    let mut sound = 0;
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time");
        match message.expect("more").expect("a stream that holds") {
            Message::Binary(bytes) => sound += bytes.len(),
            Message::Text(text) if text.contains("\"mark\"") => return (sound, text.to_string()),
            _ => {}
        }
    }
}

#[tokio::test]
async fn who_calls_from_a_page_is_recorded_once_they_have_heard_that_they_are() {
    let house = House::open(&[("RECORDING", "all"), ("RECORDING_WORDS", "This call is recorded.")]).await;
    let store = house.store().await;
    let (call, mut socket) = from_a_page(&house).await;
    let (sound, mark) = until_a_mark(&mut socket).await;
    // A second of 16 bit at 16 kHz.
    assert!(sound > 32_000, "the sentence: {sound} bytes");
    assert_eq!(store.recording(&call).await.expect("asked"), None, "they have not heard it yet");
    socket.send(Message::text(mark)).await.expect("it listens");
    until(async || store.recording(&call).await.expect("asked")).await;
    let (greeting, _) = until_a_mark(&mut socket).await;
    assert!(greeting > 3_200, "and then they are greeted: {greeting} bytes");
    socket.close(None).await.expect("it closes");
    let ended = waiting::ended(&store).await;
    assert_eq!((ended.id, ended.ending.as_deref()), (call.clone(), Some("caller_hung_up")));
    let kept = async || store.recording(&call).await.expect("asked").filter(|one| one.samples > 0);
    until(kept).await;
}

#[tokio::test]
async fn who_is_not_recorded_hears_no_such_thing_on_a_page() {
    let house = House::open(&[]).await;
    let (call, mut socket) = from_a_page(&house).await;
    until_a_mark(&mut socket).await;
    assert_eq!(house.store().await.recording(&call).await.expect("asked"), None);
}
