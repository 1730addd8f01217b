//! The three APIs: what they refuse, what they keep, and the calls that are placed by them.

use super::{
    SECRET, account,
    server::{Server, field},
};
use serde_json::{Value, json};
use sim::{
    http::{self, Request},
    phone::{
        Account, Api, Callee, Carrier, Ending, Handset,
        api::Fault,
        text::{Fate, Inbound, deliver, report},
    },
    twilio::messages::Mood,
};
use std::time::Duration;

struct Client {
    account: Account,
    api: Api,
    secret: String,
}

impl Client {
    async fn new(carrier: Carrier) -> Self {
        let account = account(carrier);
        let api = Api::listen(&account).await.expect("loopback");
        Self { account, api, secret: SECRET.into() }
    }

    /// The path that the account's things are under.
    fn root(&self) -> String {
        match &self.account {
            Account::Twilio(account) => format!("/2010-04-01/Accounts/{}", account.sid),
            Account::Plivo(account) => format!("/v1/Account/{}", account.auth_id),
            Account::Telnyx(_) => "/v2".into(),
        }
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let authorization = match &self.account {
            Account::Twilio(account) => http::basic(&account.sid, &self.secret),
            Account::Plivo(account) => http::basic(&account.auth_id, &self.secret),
            Account::Telnyx(_) => format!("Bearer {}", self.secret),
        };
        let (kind, body) = match (&self.account, body) {
            (_, Value::Null) => ("text/plain", String::new()),
            (Account::Twilio(_), Value::Object(fields)) => {
                let fields: Vec<(String, String)> = fields
                    .iter()
                    .flat_map(|(name, value)| {
                        match value {
                            Value::Array(all) => all.clone(),
                            one => vec![one.clone()],
                        }
                        .into_iter()
                        .map(|one| (name.clone(), one.as_str().expect("a text").to_owned()))
                    })
                    .collect();
                ("application/x-www-form-urlencoded", http::write_form(&fields))
            }
            _ => ("application/json", body.to_string()),
        };
        let request = Request {
            method: method.into(),
            target: format!("{}{path}", self.root()),
            headers: vec![("Authorization".into(), authorization), ("Content-Type".into(), kind.into())],
            body: body.into(),
        };
        let address = self.api.url().trim_start_matches("http://").parse().expect("an address");
        let response = http::ask(address, &request, Duration::from_secs(5)).await.expect("an answer");
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    fn call(&self) -> (&'static str, Value) {
        match self.account {
            Account::Twilio(_) => (
                "/Calls.json",
                json!({
                    "To": "+14155550123", "From": "+14155550100", "Url": "https://voice.example.com/out",
                    "StatusCallback": "https://voice.example.com/status",
                    "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
                    "MachineDetection": "Enable",
                }),
            ),
            Account::Plivo(_) => (
                "/Call/",
                json!({
                    "to": "14155550123", "from": "14155550100", "answer_url": "https://voice.example.com/out",
                    "answer_method": "POST", "ring_url": "https://voice.example.com/status",
                    "hangup_url": "https://voice.example.com/status", "machine_detection": "true",
                }),
            ),
            Account::Telnyx(_) => (
                "/texml/Accounts/3fa85f55-4571-4bf2-8000-000000000001/Calls",
                json!({
                    "To": "+14155550123", "From": "+14155550100", "Url": "https://voice.example.com/out",
                    "ApplicationSid": "1234567890123456789",
                    "StatusCallback": "https://voice.example.com/status",
                    "StatusCallbackEvent": "initiated ringing answered completed", "MachineDetection": "Enable",
                }),
            ),
        }
    }

    fn text(&self) -> (&'static str, Value) {
        match self.account {
            Account::Twilio(_) => (
                "/Messages.json",
                json!({"To": "+14155550123", "From": "+14155550100", "Body": "Hello",
                    "StatusCallback": "https://voice.example.com/report"}),
            ),
            Account::Plivo(_) => (
                "/Message/",
                json!({"dst": "14155550123", "src": "14155550100", "text": "Hello",
                    "url": "https://voice.example.com/report"}),
            ),
            Account::Telnyx(_) => (
                "/messages",
                json!({"to": "+14155550123", "from": "+14155550100", "text": "Hello",
                    "webhook_url": "https://voice.example.com/report"}),
            ),
        }
    }
}

#[tokio::test]
async fn only_the_account_is_answered_and_nothing_unknown_is_taken() {
    for carrier in Carrier::ALL {
        let mut client = Client::new(carrier).await;
        for (path, body) in [client.call(), client.text()] {
            let mut surplus = body.clone();
            surplus["Surplus"] = "1".into();
            let refused = if carrier == Carrier::Telnyx { 422 } else { 400 };
            assert_eq!(client.ask("POST", path, &surplus).await.0, refused, "{carrier} {path}");
            for name in body.as_object().expect("an object").keys() {
                let mut lacking = body.clone();
                lacking.as_object_mut().expect("it is one").remove(name);
                let needed = matches!(
                    name.to_lowercase().as_str(),
                    "to" | "from" | "url" | "answer_url" | "dst" | "src" | "text" | "body" | "applicationsid"
                ) && body[name] != "https://voice.example.com/report";
                let status = client.ask("POST", path, &lacking).await.0;
                assert_eq!(status >= 400, needed, "{carrier} {path} without {name}: {status}");
            }
        }
        client.secret = "wrong".into();
        let (path, body) = client.call();
        assert_eq!(client.ask("POST", path, &body).await.0, 401, "{carrier}");
    }
}

#[tokio::test]
async fn a_call_that_the_server_places_is_told_answered_and_who_answered_is_known() {
    for carrier in Carrier::ALL {
        let client = Client::new(carrier).await;
        let server = Server::start().await;
        client.api.connect_to(server.address);
        let machine = if carrier == Carrier::Twilio { "machine_start" } else { "machine" };
        client.api.answers([machine]);
        let (path, body) = client.call();
        assert!(client.ask("POST", path, &body).await.0 < 300, "{carrier}");
        let call = client.api.placed().await;
        assert_eq!((call.from.as_str(), call.to.as_str()), ("+14155550100", "+14155550123"), "{carrier}");
        let phone = Handset::dial(&client.account, call);
        let mut told = Vec::new();
        loop {
            let request = server.document("").await;
            if request.target == "/out" {
                let by = field(&request, if carrier == Carrier::Plivo { "Machine" } else { "AnsweredBy" });
                assert_eq!(by, if carrier == Carrier::Plivo { "true" } else { machine }, "{carrier}");
                assert!(field(&request, "Direction").starts_with("outbound"), "{carrier}");
                continue;
            }
            told.push(field(&request, "CallStatus"));
            if told.last().is_some_and(|status| status == "completed") {
                break;
            }
        }
        let expected: &[&str] = if carrier == Carrier::Plivo {
            &["ringing", "completed"]
        } else {
            &["initiated", "ringing", "in-progress", "completed"]
        };
        assert_eq!(told, expected, "{carrier}");
        assert_eq!(phone.ended().await.map(|ended| ended.ending), Ok(Ending::Finished));
    }
}

#[tokio::test]
async fn a_call_that_is_not_taken_is_told_and_never_answered() {
    for carrier in Carrier::ALL {
        let client = Client::new(carrier).await;
        let server = Server::start().await;
        client.api.connect_to(server.address);
        for (callee, word) in
            [(Callee::Busy, "busy"), (Callee::NoAnswer, "no-answer"), (Callee::Unreachable, "failed")]
        {
            client.api.takes([callee]);
            let (path, body) = client.call();
            assert!(client.ask("POST", path, &body).await.0 < 300, "{carrier}");
            let phone = Handset::dial(&client.account, client.api.placed().await);
            let mut told = Vec::new();
            while told.last().is_none_or(|status| status != word) {
                let request = server.document("").await;
                assert_eq!(request.target, "/status", "{carrier}");
                told.push(field(&request, "CallStatus"));
            }
            assert_eq!(told.contains(&"ringing".to_owned()), callee != Callee::Unreachable, "{carrier}");
            assert_eq!(phone.ended().await.map(|ended| ended.ending), Ok(Ending::NotTaken(callee)));
        }
    }
}

#[tokio::test]
async fn a_number_is_pointed_elsewhere_and_both_states_are_kept() {
    for carrier in Carrier::ALL {
        let client = Client::new(carrier).await;
        let (made, bound) = match carrier {
            Carrier::Twilio => {
                let (_, list) =
                    client.ask("GET", "/IncomingPhoneNumbers.json?PageSize=50", &Value::Null).await;
                let sid = list["incoming_phone_numbers"][0]["sid"].as_str().expect("a name").to_owned();
                let path = format!("/IncomingPhoneNumbers/{sid}.json");
                let bad = json!({"VoiceUrl": "voice.example.com"});
                assert_eq!(client.ask("POST", &path, &bad).await.0, 400);
                let good = json!({"VoiceUrl": "https://voice.example.com/in", "VoiceMethod": "POST"});
                let (status, shown) = client.ask("POST", &path, &good).await;
                assert_eq!(
                    (status, shown["voice_url"].as_str()),
                    (200, Some("https://voice.example.com/in"))
                );
                (String::new(), client.api.numbers()[0].get("voice_url").to_owned())
            }
            Carrier::Plivo => {
                let app = json!({"app_name": "Ours", "answer_url": "https://voice.example.com/in"});
                let (status, made) = client.ask("POST", "/Application/", &app).await;
                assert_eq!(status, 201);
                let id = made["app_id"].as_str().expect("a name").to_owned();
                assert_eq!(client.ask("POST", "/Number/14155550100/", &json!({"app_id": "1"})).await.0, 400);
                assert_eq!(client.ask("POST", "/Number/14155550100/", &json!({"app_id": id})).await.0, 202);
                let (_, list) = client.ask("GET", "/Number/?limit=20&offset=0", &Value::Null).await;
                let bound = list["objects"][0]["application"].as_str().expect("it is bound").to_owned();
                assert!(bound.ends_with(&format!("/Application/{id}/")));
                (client.api.applications()[0].get("answer_url").to_owned(), bound)
            }
            Carrier::Telnyx => {
                let app = json!({"friendly_name": "Ours", "voice_url": "https://voice.example.com/in", "voice_method": "post"});
                let (status, made) = client.ask("POST", "/texml_applications", &app).await;
                assert_eq!(status, 201);
                let id = made["data"]["id"].as_str().expect("a name").to_owned();
                let number = client.api.numbers()[0].id.clone();
                let path = format!("/phone_numbers/{number}");
                assert_eq!(client.ask("PATCH", &path, &json!({"connection_id": "1"})).await.0, 422);
                assert_eq!(client.ask("PATCH", &path, &json!({"connection_id": id})).await.0, 200);
                (id, client.api.numbers()[0].get("connection_id").to_owned())
            }
        };
        let changes = client.api.changes();
        let last = changes.last().expect("there were some");
        assert!(last.before.is_some() && last.before.as_ref() != Some(&last.after), "{carrier}");
        assert!(!bound.is_empty(), "{carrier} {made}");
    }
}

#[tokio::test]
async fn a_call_that_is_over_is_answered_as_the_company_answers_it() {
    for carrier in Carrier::ALL {
        let client = Client::new(carrier).await;
        let id = sim::phone::Sids::of(carrier, 7).call;
        let mut orders = client.api.orders(&id);
        let (method, path, body, done, over) = match carrier {
            Carrier::Twilio => {
                ("POST", format!("/Calls/{id}.json"), json!({"Status": "completed"}), 200, 404)
            }
            Carrier::Plivo => ("DELETE", format!("/Call/{id}/"), Value::Null, 204, 404),
            Carrier::Telnyx => {
                ("POST", format!("/calls/{}/actions/hangup", id.replace(':', "%3A")), json!({}), 200, 422)
            }
        };
        assert_eq!(client.ask(method, &path, &body).await.0, done, "{carrier}");
        assert_eq!(orders.recv().await, Some(sim::phone::Order::Complete), "{carrier}");
        drop(orders);
        let (status, error) = client.ask(method, &path, &body).await;
        assert_eq!(status, over, "{carrier}");
        if carrier == Carrier::Telnyx {
            assert_eq!(error["errors"][0]["code"], "90018");
        }
    }
}

#[tokio::test]
async fn texts_go_both_ways_and_are_reported() {
    for carrier in Carrier::ALL {
        let client = Client::new(carrier).await;
        let server = Server::start().await;
        let (path, body) = client.text();
        assert!(client.ask("POST", path, &body).await.0 < 300, "{carrier}");
        client.api.feels([Mood::Busy]);
        assert_eq!(client.ask("POST", path, &body).await.0, 429, "{carrier}");
        client.api.stop("+14155550123");
        assert_eq!(client.ask("POST", path, &body).await.0, 400, "{carrier}");
        client.api.fail([Fault::Status(503)]);
        assert_eq!(client.ask("POST", path, &body).await.0, 503, "{carrier}");
        let sent = client.api.texts();
        assert_eq!((sent.len(), sent[0].to.as_str(), sent[0].body.as_str()), (1, "+14155550123", "Hello"));
        let (reported, request) = tokio::join!(
            report(&client.account, &sent[0], Fate::Delivered, server.address),
            server.answer("application/xml", "<Response/>"),
        );
        reported.expect("it was taken");
        assert_eq!(request.target, "/report");
        assert!(String::from_utf8_lossy(&request.body).contains("delivered"), "{carrier}");
        let inbound = Inbound::local(&client.account, server.address, "+14155550123", "Two o'clock?");
        let (delivered, request) = tokio::join!(
            deliver(&client.account, &inbound),
            server.answer("application/xml", "<Response/>"),
        );
        delivered.expect("it was taken");
        assert_eq!(request.target, format!("/phone/{carrier}/sms"));
        let (header, words) = match carrier {
            Carrier::Twilio => ("x-twilio-signature", field(&request, "Body")),
            Carrier::Plivo => ("x-plivo-signature-v2", field(&request, "Text")),
            Carrier::Telnyx => {
                let event: Value = serde_json::from_slice(&request.body).expect("JSON");
                assert_eq!(event["data"]["event_type"], "message.received");
                (
                    "telnyx-signature-ed25519",
                    event["data"]["payload"]["text"].as_str().expect("a text").to_owned(),
                )
            }
        };
        assert!(request.header(header).is_some(), "{carrier}");
        assert_eq!(words, "Two o'clock?", "{carrier}");
    }
}
