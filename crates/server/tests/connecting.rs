//! Numbers that are connected and given back, and connections that are tested, through the real process and every
//! carrier's API.

mod house;

use house::exchange::{Exchange, OURS, PUBLIC};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim::phone::{Carrier, api::Thing};
use std::process::Output;

const OLD: &str = "https://old.example.com";

fn told(output: &Output) -> Value {
    let read = serde_json::from_slice(&output.stdout);
    read.unwrap_or_else(|_| panic!("{output:?} is no JSON"))
}

/// What the company calls each address, its method, and what else belongs to it and is not ours to change.
struct Names {
    voice: &'static str,
    voice_method: &'static str,
    status: &'static str,
    text: Option<&'static str>,
    fallback: &'static str,
    get: &'static str,
    post: &'static str,
}

fn names(carrier: Carrier) -> Names {
    match carrier {
        Carrier::Twilio => Names {
            voice: "voice_url",
            voice_method: "voice_method",
            status: "status_callback",
            text: Some("sms_url"),
            fallback: "voice_fallback_url",
            get: "GET",
            post: "POST",
        },
        Carrier::Plivo => Names {
            voice: "answer_url",
            voice_method: "answer_method",
            status: "hangup_url",
            text: Some("message_url"),
            fallback: "fallback_answer_url",
            get: "GET",
            post: "POST",
        },
        Carrier::Telnyx => Names {
            voice: "voice_url",
            voice_method: "voice_method",
            status: "status_callback",
            text: None,
            fallback: "voice_fallback_url",
            get: "get",
            post: "post",
        },
    }
}

/// The number's addresses as they stood before: by GET, with a fallback.
fn settled(exchange: &Exchange, carrier: Carrier) {
    let (api, names) = (exchange.api(carrier), names(carrier));
    let (voice, fallback) = (format!("{OLD}/voice"), format!("{OLD}/fallback"));
    let mut set: Vec<(&str, Value)> = vec![
        (names.voice, voice.into()),
        (names.voice_method, names.get.into()),
        (names.status, format!("{OLD}/status").into()),
        (names.fallback, fallback.into()),
    ];
    set.extend(names.text.map(|text| (text, format!("{OLD}/text").into())));
    let number = api.numbers()[0].id.clone();
    match carrier {
        Carrier::Twilio => api.console(&number, &set),
        Carrier::Plivo => {
            set.push(("app_name", "Theirs".into()));
            let made = api.console_makes(&set);
            let bound = format!("/v1/Account/MASIMSIMSIMSIMSIMSIM/Application/{made}/");
            api.console(&number, &[("application", bound.into())]);
        }
        Carrier::Telnyx => {
            let application = api.applications()[0].id.clone();
            api.console(&application, &set);
            api.console(&number, &[("connection_id", application.into())]);
        }
    }
}

/// What the number's calls are sent to: its own settings, or its application's.
fn stands(exchange: &Exchange, carrier: Carrier) -> Thing {
    let api = exchange.api(carrier);
    let number = api.numbers().remove(0);
    let application = match carrier {
        Carrier::Twilio => return number,
        Carrier::Plivo => {
            number.get("application").trim_end_matches('/').rsplit('/').next().map(str::to_owned)
        }
        Carrier::Telnyx => Some(number.get("connection_id").to_owned()),
    };
    let bound = |one: &Thing| Some(&one.id) == application.as_ref();
    api.applications().into_iter().find(bound).expect("it is bound to one")
}

#[tokio::test]
async fn a_number_is_connected_and_given_back_as_it_was() {
    let exchange = Exchange::open(&Carrier::ALL, &[]).await;
    for carrier in Carrier::ALL {
        settled(&exchange, carrier);
        let (api, names, name) = (exchange.api(carrier), names(carrier), carrier.name());
        let before = (api.numbers(), api.applications());

        let listed = told(&exchange.command(&["connect", name, "--list", "--json"]).await);
        assert_eq!(listed["numbers"][0]["number"], OURS, "{listed}");
        assert_eq!(listed["numbers"][0]["now"]["voice"], format!("{OLD}/voice"), "{listed}");
        assert_eq!(listed["numbers"][0]["now"]["by_get"]["voice"], true, "{listed}");
        let would = told(&exchange.command(&["connect", name, "--dry-run", "--json"]).await);
        assert_eq!(would["before"]["voice"], format!("{OLD}/voice"), "{would}");
        let voice = match carrier {
            Carrier::Twilio => format!("{PUBLIC}/incoming-call"),
            Carrier::Plivo | Carrier::Telnyx => format!("{PUBLIC}/phone/{name}/incoming-call"),
        };
        assert_eq!(would["after"]["voice"], voice);
        assert_eq!((api.numbers(), api.applications()), before, "{carrier}: a dry run changes nothing");

        let done = told(&exchange.command(&["connect", name, "--json"]).await);
        assert_eq!(
            (done["changed"].as_bool(), &done["after"]["voice"]),
            (Some(true), &would["after"]["voice"])
        );
        let now = stands(&exchange, carrier);
        assert_eq!((now.get(names.voice), now.get(names.voice_method)), (voice.as_str(), names.post));
        assert_eq!(now.get(names.status), format!("{PUBLIC}/phone/{name}/status"));
        if let Some(text) = names.text {
            assert_eq!(now.get(text), format!("{PUBLIC}/phone/{name}/sms"));
        }
        let kept = before.0.iter().chain(&before.1).any(|thing| thing.id == now.id);
        let fallback = if kept { format!("{OLD}/fallback") } else { String::new() };
        assert_eq!(now.get(names.fallback), fallback, "{carrier}: what is not ours stays");
        let again = told(&exchange.command(&["connect", name, "--json"]).await);
        assert_eq!(again["changed"].as_bool(), Some(false), "{again}");
        let listed = exchange.command(&["connect", name, "--list"]).await;
        let shown = String::from_utf8_lossy(&listed.stdout).into_owned();
        assert!(shown.contains("whose calls come here") && shown.contains(&voice), "{shown}");

        let back = exchange.command(&["connect", name, "--undo"]).await;
        let shown = String::from_utf8_lossy(&back.stdout).into_owned();
        assert!(back.status.success() && shown.contains("was changed"), "{back:?}");
        assert!(shown.contains(&format!("{OLD}/voice by GET")) && !shown.contains("Note:"), "{shown}");
        assert_eq!(api.numbers(), before.0, "{carrier}");
        for application in &before.1 {
            assert!(api.applications().contains(application), "{carrier}: {application:?}");
        }
        let nothing = exchange.command(&["connect", name, "--undo"]).await;
        assert!(!nothing.status.success(), "{carrier}: nothing is remembered any more");
        assert!(!exchange.command(&["connect", name, "--number", "+1999"]).await.status.success());

        let (status, page) =
            exchange.page(&format!("/carriers/{name}/connect"), Some(&[("number", OURS)])).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("comes here"), "{page}");
        assert_eq!(stands(&exchange, carrier).get(names.voice), voice);
        let (status, page) =
            exchange.page(&format!("/carriers/{name}/undo"), Some(&[("number", OURS)])).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        assert_eq!(api.numbers(), before.0, "{carrier}");
    }
}

#[tokio::test]
async fn what_was_written_over_twice_is_still_remembered_as_it_was_first() {
    let exchange = Exchange::open(&[Carrier::Twilio, Carrier::Plivo], &[]).await;
    // At Twilio the number's addresses are hidden by an application; at Plivo ours is there already, and was changed.
    settled(&exchange, Carrier::Twilio);
    let twilio = exchange.api(Carrier::Twilio);
    let number = twilio.numbers()[0].id.clone();
    twilio.console(&number, &[("voice_application_sid", "AP00000000000000000000000000000009".into())]);
    let plivo = exchange.api(Carrier::Plivo);
    let made = plivo.console_makes(&[
        ("app_name", "Earpiece".into()),
        ("answer_url", format!("{OLD}/answer").into()),
        ("answer_method", "GET".into()),
        ("fallback_answer_url", format!("{OLD}/fallback").into()),
    ]);
    for carrier in [Carrier::Twilio, Carrier::Plivo] {
        let (api, name) = (exchange.api(carrier), carrier.name());
        let before = (api.numbers(), api.applications());
        for _ in 0..2 {
            let done = exchange.command(&["connect", name, "--json"]).await;
            assert!(done.status.success(), "{done:?}");
            // Somebody sends them elsewhere meanwhile.
            let voice = ("voice_url", json!("https://elsewhere.example.com/"));
            let answer = ("answer_url", json!("https://elsewhere.example.com/"));
            match carrier {
                Carrier::Twilio => api.console(&number, &[voice]),
                Carrier::Plivo | Carrier::Telnyx => api.console(&made, &[answer]),
            }
        }
        let back = told(&exchange.command(&["connect", name, "--undo", "--json"]).await);
        assert_eq!(back["changed"], true, "{back}");
        if carrier == Carrier::Twilio {
            assert_eq!(api.numbers(), before.0);
            continue;
        }
        assert_eq!(api.numbers(), before.0);
        let application = api.applications().into_iter().find(|one| one.id == made).expect("it is there");
        assert_eq!(application.get("answer_url"), format!("{OLD}/answer"));
        assert_eq!(application.get("answer_method"), "GET");
        assert_eq!(application.get("fallback_answer_url"), format!("{OLD}/fallback"));
        // It had no addresses for these, and Plivo takes no empty ones: the owner is told.
        assert!(back["notes"].to_string().contains("takes no empty address"), "{back}");
    }
}

#[tokio::test]
async fn a_connection_is_tested_at_every_carrier() {
    let exchange = Exchange::open(&Carrier::ALL, &[]).await;
    for (carrier, path) in [
        (Carrier::Twilio, "/api/phone/test-connection"),
        (Carrier::Plivo, "/api/phone/test-plivo-connection"),
        (Carrier::Telnyx, "/api/phone/test-telnyx-connection"),
    ] {
        let (status, told) = exchange.ask(Method::POST, path, &Value::Null).await;
        assert_eq!((status, told["ok"].as_bool()), (StatusCode::OK, Some(true)), "{told}");
        assert!(told["tried"].as_str().expect("text").starts_with("GET http://127.0.0.1"), "{told}");
        exchange.api(carrier).fail([sim::phone::api::Fault::Status(401)]);
        let (_, told) = exchange.ask(Method::POST, path, &Value::Null).await;
        assert_eq!(told["ok"].as_bool(), Some(false), "{told}");
        assert!(exchange.api(carrier).changes().is_empty(), "{carrier}: testing changes nothing");
    }
}

#[tokio::test]
async fn settings_of_a_carrier_are_told_without_secrets() {
    let exchange = Exchange::open(&[Carrier::Twilio], &[]).await;
    let (_, told) = exchange.ask(Method::POST, "/api/phone/test-plivo-connection", &Value::Null).await;
    assert_eq!(told["ok"].as_bool(), Some(false));
    assert!(told["to_do"].to_string().contains("PLIVO_AUTH_ID"), "{told}");

    let config = "/api/settings/plivo-config";
    let given =
        json!({"plivo_auth_id": "MA1", "auth_token": "plivos-secret", "phone_number": "+14155550198"});
    let (status, told) = exchange.ask(Method::POST, config, &given).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let (_, told) = exchange.ask(Method::GET, config, &Value::Null).await;
    assert_eq!(told["settings"]["auth_id"]["value"], "MA1");
    assert_eq!(told["settings"]["auth_token"]["value"], "••••");
    assert_eq!(told["settings"]["auth_token"]["from"], "the settings page");
    assert!(!told.to_string().contains("plivos-secret"));
    let kept = json!({"auth_token": "••••", "auth_id": ""});
    assert_eq!(exchange.ask(Method::POST, config, &kept).await.0, StatusCode::OK);
    let (_, told) = exchange.ask(Method::GET, config, &Value::Null).await;
    assert_eq!(
        (&told["settings"]["auth_id"]["set"], &told["settings"]["auth_token"]["set"]),
        (&json!(false), &json!(true))
    );
    let twilio = "/api/settings/twilio-config";
    let (status, told) = exchange.ask(Method::POST, twilio, &json!({"auth_token": "x"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told["message"].as_str().expect("text").contains("TWILIO_AUTH_TOKEN"), "{told}");
    let (status, _) = exchange.ask(Method::POST, config, &json!({"nonsense": "x"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}
