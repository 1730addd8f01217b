//! Calls that we place and numbers that we connect, through the real process: Twilio's API and its webhooks at the other
//! end.

mod house;

use house::{AUTH_TOKEN, House};
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use server::{clock, pages::welcome};
use sim::{
    http::{Request, Response, read_form, write_form},
    openai::{OpenAi, Script},
    phone::{
        door::{Done, Door},
        status::Outbound,
    },
    twilio::{Account, Dial, Handset, signature},
};
use std::{
    collections::BTreeMap,
    process::Output,
    sync::{Arc, Mutex},
    time::Duration,
};

const PUBLIC: &str = "https://voice.example.com";
const OURS: &str = "+14155550100";
const ANNA: &str = "+14155550199";
const SID: &str = "AC00000000000000000000000000000001";
const NUMBER: &str = "PN00000000000000000000000000000005";
const PATIENCE: Duration = Duration::from_secs(20);

type Number = Arc<Mutex<BTreeMap<String, String>>>;

/// Twilio's API, as far as it is asked here: one number, calls that are taken, a login.
async fn twilio(number: Number) -> Door {
    let answer = move |request: &Request| {
        if request.header("authorization") != Some(&sim::http::basic(SID, AUTH_TOKEN)) {
            return Response::json(401, &json!({"code": 20003, "message": "Authenticate", "status": 401}));
        }
        let root = format!("/2010-04-01/Accounts/{SID}");
        let (path, _query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let path = path.strip_prefix(&root).expect("everything asked is the account's");
        let form = || read_form(std::str::from_utf8(&request.body).expect("text")).expect("a form");
        match (request.method.as_str(), path) {
            ("GET", ".json") => {
                Response::json(200, &json!({"sid": SID, "status": "active", "type": "Trial"}))
            }
            ("GET", "/IncomingPhoneNumbers.json") => {
                let number = number.lock().expect("whole").clone();
                Response::json(200, &json!({"incoming_phone_numbers": [number], "page": 0}))
            }
            ("POST", "/Calls.json") => Response::json(201, &json!({"sid": "CA5", "status": "queued"})),
            ("POST", path) if path == format!("/IncomingPhoneNumbers/{NUMBER}.json") => {
                let names = BTreeMap::from([
                    ("VoiceUrl", "voice_url"),
                    ("StatusCallback", "status_callback"),
                    ("SmsUrl", "sms_url"),
                    ("VoiceApplicationSid", "voice_application_sid"),
                ]);
                let mut number = number.lock().expect("whole");
                for (name, value) in form() {
                    if let Some(name) = names.get(name.as_str()) {
                        number.insert((*name).into(), value);
                    } else {
                        assert!(
                            ["VoiceMethod", "StatusCallbackMethod", "SmsMethod"].contains(&name.as_str()),
                            "{name}"
                        );
                    }
                }
                Response::json(200, &json!({"sid": NUMBER}))
            }
            ("POST", path) if path.starts_with("/Calls/") => Response::json(200, &json!({"sid": "CA5"})),
            _ => Response::json(404, &json!({"code": 20404, "status": 404})),
        }
    };
    Door::open(move |request| Done::Answer(answer(request))).await.expect("loopback")
}

fn number() -> Number {
    let fields = [
        ("sid", NUMBER),
        ("phone_number", OURS),
        ("friendly_name", "Front desk"),
        ("voice_url", "https://old.example.com/voice"),
        ("status_callback", ""),
        ("sms_url", "https://old.example.com/sms"),
        ("voice_application_sid", ""),
    ];
    Arc::new(Mutex::new(fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
}

struct World {
    house: House,
    api: Door,
    number: Number,
    engine: OpenAi,
    http: reqwest::Client,
    cookie: String,
}

impl World {
    async fn new(more: &[(&str, &str)]) -> Self {
        let number = number();
        let api = twilio(number.clone()).await;
        let engine = OpenAi::listen(Script::default()).await.expect("loopback");
        let (url, engine_url) = (api.url(), engine.url());
        let mut variables = vec![
            ("ENGINE", "openai"),
            ("OPENAI_API_KEY", "sk-test"),
            ("OPENAI_REALTIME_URL", engine_url.as_str()),
            ("PUBLIC_URL", PUBLIC),
            ("TWILIO_API_URL", url.as_str()),
            ("TWILIO_ACCOUNT_SID", SID),
            ("TWILIO_PHONE_NUMBER", OURS),
            ("CALL_NUMBERS", ANNA),
        ];
        variables.extend(more);
        let house = House::open(&variables).await;
        let link = welcome::make_link(&house.store().await, clock::now_ms()).await.expect("a link");
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let answer = http.post(house.url(&format!("/welcome/{link}"))).send().await.expect("an answer");
        let set = answer.headers()[header::SET_COOKIE].to_str().expect("ASCII");
        let cookie = set.split(';').next().expect("a pair").to_owned();
        Self { house, api, number, engine, http, cookie }
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.http.request(method, self.house.url(path)).header(header::COOKIE, &self.cookie);
        let answer = request.json(body).send().await.expect("an answer");
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    async fn place(&self, body: &Value) -> (StatusCode, Value) {
        self.ask(reqwest::Method::POST, "/api/v1/calls", body).await
    }

    /// What the API was posted at addresses that end so.
    fn posted(&self, end: &str) -> Vec<Vec<(String, String)>> {
        let log = self.api.log();
        let posts = log.iter().filter(|(one, _)| one.method == "POST" && one.target.ends_with(end));
        posts
            .map(|(one, _)| read_form(std::str::from_utf8(&one.body).expect("text")).expect("a form"))
            .collect()
    }

    /// Posts a webhook as Twilio signs it.
    async fn tell(&self, url: &str, fields: &[(&str, &str)], token: &str) -> (StatusCode, String) {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let path = url.strip_prefix(PUBLIC).expect("our address");
        let request = self.http.post(self.house.url(path)).header("host", "voice.example.com");
        let answer = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-twilio-signature", signature::sign(url, &fields, token))
            .body(write_form(&fields))
            .send()
            .await
            .expect("an answer");
        (answer.status(), answer.text().await.expect("text"))
    }

    async fn ending(&self, id: &str) -> Option<String> {
        self.house.store().await.call(id).await.expect("read").expect("there").ending
    }

    async fn ended(&self, id: &str) -> String {
        let looking = async {
            loop {
                if let Some(ending) = self.ending(id).await {
                    return ending;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.expect("it ends")
    }

    /// A command beside the server, with its settings.
    async fn command(&self, arguments: &[&str]) -> Output {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_earpiece"));
        command.args(arguments).env_clear().env("PATH", std::env::var("PATH").unwrap_or_default());
        command.current_dir(self.house.folder.path()).envs([
            ("DATA_DIR", "data"),
            ("PUBLIC_URL", PUBLIC),
            ("TWILIO_API_URL", &self.api.url()),
            ("TWILIO_ACCOUNT_SID", SID),
            ("TWILIO_AUTH_TOKEN", AUTH_TOKEN),
            ("TWILIO_PHONE_NUMBER", OURS),
            ("CALL_NUMBERS", ANNA),
        ]);
        command.output().await.expect("it runs")
    }
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    form.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
}

#[tokio::test]
async fn nobody_is_called_whom_policy_does_not_allow() {
    let world = World::new(&[]).await;
    let (status, told) = world.place(&json!({"to": "+14155550188"})).await;
    assert_eq!((status, told["ok"].as_bool()), (StatusCode::FORBIDDEN, Some(false)));
    assert!(told["message"].as_str().expect("a sentence").contains("CALL_NUMBERS"), "{told}");
    for bad in [
        json!({"to": "anna"}),
        json!({"to": ANNA, "carrier": "bell"}),
        json!({"to": ANNA, "purpose": "x".repeat(1_001)}),
    ] {
        assert_eq!(world.place(&bad).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    assert_eq!(world.place(&json!({"number": ANNA})).await.0, StatusCode::BAD_REQUEST);
    let anybody = world.http.post(world.house.url("/api/v1/calls")).json(&json!({"to": ANNA}));
    assert_eq!(anybody.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    let refused = world.command(&["dial", "+14155550188"]).await;
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("CALL_NUMBERS"));
    let refused = world.command(&["call", "--to", "+14155550188"]).await;
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("CALL_NUMBERS"));
    assert_eq!(world.api.log().len(), 0, "no carrier was asked");
    assert_eq!(world.house.store().await.calls(10, i64::MAX).await.expect("listed"), []);
}

#[tokio::test]
async fn whom_we_call_is_put_through_and_hears_why() {
    let world = World::new(&[]).await;
    let (status, told) = world.place(&json!({"to": ANNA, "purpose": "Your appointment tomorrow."})).await;
    assert_eq!(status, StatusCode::CREATED, "{told}");
    let id = told["id"].as_str().expect("an id").to_owned();
    let asked = world.posted("/Calls.json").remove(0);
    assert_eq!((field(&asked, "To"), field(&asked, "From")), (ANNA, OURS));
    assert_eq!(field(&asked, "StatusCallback"), format!("{PUBLIC}/phone/twilio/status/{id}"));
    assert_eq!(field(&asked, "AsyncAmdStatusCallback"), format!("{PUBLIC}/phone/twilio/status/{id}"));
    let dial = Dial {
        connect_to: Some(world.house.address),
        from: OURS.into(),
        to: ANNA.into(),
        outbound: Some(Outbound::default()),
        ..Dial::new(field(&asked, "Url"))
    };
    let call = Handset::dial(&Account::new(AUTH_TOKEN), dial);
    assert!(call.connected().await);
    assert!(call.hear_for(0, Duration::from_millis(200)).await, "the assistant speaks first");
    call.hang_up();
    assert_eq!(call.ended().await.expect("put through").errors, []);
    assert_eq!(world.ended(&id).await, "caller_hung_up");
    let store = world.house.store().await;
    let [row] = &store.calls(10, i64::MAX).await.expect("listed")[..] else { panic!("one call") };
    assert!(row.outbound && row.carrier_call.starts_with("CA") && row.to == ANNA);
    assert_eq!(row.purpose, "Your appointment tomorrow.");
    let briefs = world.engine.session(1).await.events(true, "session.update");
    let heard = briefs.iter().any(|brief| brief.to_string().contains("Your appointment tomorrow."));
    assert!(heard, "the engine was told why we call");
}

#[tokio::test]
async fn a_call_that_nobody_took_ends_once_whatever_comes_later_or_from_others() {
    let world = World::new(&[]).await;
    let (_, told) = world.place(&json!({"to": ANNA})).await;
    let id = told["id"].as_str().expect("an id").to_owned();
    let url = format!("{PUBLIC}/phone/twilio/status/{id}");
    let busy = [("CallSid", "CA7"), ("CallStatus", "busy"), ("SequenceNumber", "2")];
    assert_eq!(world.tell(&url, &busy, "a wrong token").await.0, StatusCode::FORBIDDEN);
    assert_eq!(world.ending(&id).await, None, "who cannot prove to be Twilio changes nothing");
    assert_eq!(world.tell(&url, &busy, AUTH_TOKEN).await.0, StatusCode::OK);
    assert_eq!(world.ending(&id).await.as_deref(), Some("callee_busy"));
    for late in ["initiated", "busy", "no-answer", "completed"] {
        let again = [("CallSid", "CA7"), ("CallStatus", late)];
        assert_eq!(world.tell(&url, &again, AUTH_TOKEN).await.0, StatusCode::OK);
    }
    let other = [("CallSid", "CA8"), ("CallStatus", "failed")];
    assert_eq!(
        world.tell(&url, &other, AUTH_TOKEN).await.0,
        StatusCode::OK,
        "a call that is not ours is no error"
    );
    assert_eq!(
        world.tell(&format!("{PUBLIC}/phone/twilio/status"), &other, AUTH_TOKEN).await.0,
        StatusCode::OK
    );
    assert_eq!(world.ending(&id).await.as_deref(), Some("callee_busy"));
    // It is over: whoever answers now is hung up on.
    let ringing = [("CallSid", "CA7"), ("From", OURS), ("To", ANNA), ("Direction", "outbound-api")];
    let (status, document) =
        world.tell(&format!("{PUBLIC}/phone/twilio/outgoing/{id}"), &ringing, AUTH_TOKEN).await;
    assert!(status == StatusCode::OK && document.contains("<Hangup"), "{document}");
    let (status, _) = world.tell(&format!("{PUBLIC}/phone/twilio/outgoing/none"), &ringing, AUTH_TOKEN).await;
    assert_eq!(
        status,
        StatusCode::BAD_REQUEST,
        "nobody rings us by an address of ours that we gave to nobody"
    );
}

#[tokio::test]
async fn a_machine_is_told_the_message_or_hung_up_on() {
    for (setting, end, wants) in
        [("message", "/Calls/CA9.json", "Url"), ("hang_up", "/Calls/CA9.json", "Status")]
    {
        let words = [("CALL_MACHINE", setting), ("CALL_MACHINE_WORDS", "Please call the practice.")];
        let world = World::new(&words).await;
        let (_, told) = world.place(&json!({"to": ANNA})).await;
        let id = told["id"].as_str().expect("an id").to_owned();
        let url = format!("{PUBLIC}/phone/twilio/status/{id}");
        for _ in 0..2 {
            let machine = [("CallSid", "CA9"), ("AnsweredBy", "machine_end_beep")];
            assert_eq!(world.tell(&url, &machine, AUTH_TOKEN).await.0, StatusCode::OK);
        }
        assert_eq!(world.ending(&id).await.as_deref(), Some("machine"));
        let orders = world.posted(end);
        assert_eq!(orders.len(), 1, "it is told once: {orders:?}");
        let order = field(&orders[0], wants);
        assert!(!order.is_empty());
        if setting == "message" {
            let (_, document) =
                world.tell(order, &[("CallSid", "CA9"), ("From", OURS), ("To", ANNA)], AUTH_TOKEN).await;
            assert!(
                document.contains("Please call the practice.") && document.contains("<Hangup"),
                "{document}"
            );
        }
    }
}

#[tokio::test]
async fn a_number_is_connected_and_given_back() {
    let world = World::new(&[]).await;
    let told = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).expect("JSON");
    let dry = world.command(&["connect", "twilio", "--dry-run", "--json"]).await;
    assert!(dry.status.success(), "{dry:?}");
    let would = told(&dry);
    assert_eq!(would["before"]["voice"], "https://old.example.com/voice");
    assert_eq!(would["after"]["voice"], format!("{PUBLIC}/incoming-call"));
    let stands = |name: &str| world.number.lock().expect("whole")[name].clone();
    assert_eq!(stands("voice_url"), "https://old.example.com/voice", "a dry run changes nothing");

    let done = told(&world.command(&["connect", "twilio", "--json"]).await);
    assert_eq!((done["changed"].as_bool(), &done["after"]), (Some(true), &would["after"]));
    assert_eq!(stands("voice_url"), format!("{PUBLIC}/incoming-call"));
    assert_eq!(stands("status_callback"), format!("{PUBLIC}/phone/twilio/status"));
    assert_eq!(stands("sms_url"), format!("{PUBLIC}/phone/twilio/sms"));
    let again = told(&world.command(&["connect", "twilio", "--json"]).await);
    assert_eq!(again["changed"].as_bool(), Some(false));

    let back = world.command(&["connect", "twilio", "--undo"]).await;
    assert!(
        back.status.success() && String::from_utf8_lossy(&back.stdout).contains("was changed"),
        "{back:?}"
    );
    assert_eq!(stands("voice_url"), "https://old.example.com/voice");
    assert_eq!(
        (stands("status_callback"), stands("sms_url")),
        (String::new(), "https://old.example.com/sms".into())
    );
    assert!(
        !world.command(&["connect", "twilio", "--undo"]).await.status.success(),
        "nothing is remembered any more"
    );
    assert!(!world.command(&["connect", "twilio", "--number", "+1999"]).await.status.success());

    let page =
        world.http.post(world.house.url("/carriers/twilio/connect")).header(header::COOKIE, &world.cookie);
    let page = page.form(&[("number", OURS)]).send().await.expect("an answer");
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.expect("text").contains("comes here"));
    assert_eq!(stands("voice_url"), format!("{PUBLIC}/incoming-call"));
}

#[tokio::test]
async fn a_connection_is_tested_and_settings_are_told_without_secrets() {
    let world = World::new(&[]).await;
    let (status, told) = world.ask(reqwest::Method::POST, "/api/phone/test-connection", &Value::Null).await;
    assert_eq!((status, told["ok"].as_bool()), (StatusCode::OK, Some(true)), "{told}");
    assert!(told["tried"].as_str().expect("text").starts_with("GET http://127.0.0.1"), "{told}");
    let (_, told) = world.ask(reqwest::Method::POST, "/api/phone/test-plivo-connection", &Value::Null).await;
    assert_eq!(told["ok"].as_bool(), Some(false));
    assert!(told["to_do"].to_string().contains("PLIVO_AUTH_ID"), "{told}");

    let config = "/api/settings/plivo-config";
    let given =
        json!({"plivo_auth_id": "MA1", "auth_token": "plivos-secret", "phone_number": "+14155550198"});
    let (status, told) = world.ask(reqwest::Method::POST, config, &given).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let (_, told) = world.ask(reqwest::Method::GET, config, &Value::Null).await;
    assert_eq!(told["settings"]["auth_id"]["value"], "MA1");
    assert_eq!(told["settings"]["auth_token"]["value"], "••••");
    assert_eq!(told["settings"]["auth_token"]["from"], "the settings page");
    assert!(!told.to_string().contains("plivos-secret"));
    let (status, _) =
        world.ask(reqwest::Method::POST, config, &json!({"auth_token": "••••", "auth_id": ""})).await;
    assert_eq!(status, StatusCode::OK);
    let (_, told) = world.ask(reqwest::Method::GET, config, &Value::Null).await;
    assert_eq!(
        (&told["settings"]["auth_id"]["set"], &told["settings"]["auth_token"]["set"]),
        (&json!(false), &json!(true))
    );
    let (status, told) =
        world.ask(reqwest::Method::POST, "/api/settings/twilio-config", &json!({"auth_token": "x"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told["message"].as_str().expect("text").contains("TWILIO_AUTH_TOKEN"), "{told}");
    let (status, _) = world.ask(reqwest::Method::POST, config, &json!({"nonsense": "x"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}
