//! The guard that runs at Twilio, `twilio/allowlist-function.js`, in Twilio's own runtime of Functions.

use super::{
    SECRET, account, dial,
    program::{ROOT, start},
    server::{Server, field},
};
use serde_json::{Value, json};
use sim::{
    http::{self, Request, Response},
    phone::{Carrier, Dial, Handset},
};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Child,
};

const ANNA: &str = "+14155550199";
const BERT: &str = "+4930123456";
const WEBHOOK: &str = "https://voice.example.com/incoming-call?a=1&b=2";
const REJECT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Reject/></Response>";
const REDIRECT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Redirect method=\"POST\">\
    https://voice.example.com/incoming-call?a=1&amp;b=2</Redirect></Response>";

/// The runtime, which ends with this.
struct Runtime {
    addresses: Vec<SocketAddr>,
    _child: Child,
}

impl Runtime {
    async fn start(environments: &[Value]) -> Self {
        let (mut child, mut input) = start("scripts/node", &["crates/sim/tests/carriers/function.js"]);
        let brief =
            json!({"file": format!("{ROOT}/twilio/allowlist-function.js"), "environments": environments});
        input.write_all(brief.to_string().as_bytes()).await.expect("Node reads");
        drop(input);
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        output.read_line(&mut line).await.expect("Node writes");
        let ports: Vec<u16> =
            serde_json::from_str(&line).expect("the runtime listens; its own words are above");
        let addresses = ports.into_iter().map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect();
        Self { addresses, _child: child }
    }
}

async fn ask(function: SocketAddr, method: &str, fields: &[(&str, &str)]) -> Response {
    let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let form = http::write_form(&fields);
    let (target, body) = match method {
        "GET" => (format!("/allowlist?{form}"), String::new()),
        _ => ("/allowlist".into(), form),
    };
    let headers = [("Host", "functions.example.com"), ("Content-Type", "application/x-www-form-urlencoded")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let request = Request { method: method.into(), target, headers: headers.into(), body: body.into() };
    http::ask(function, &request, Duration::from_secs(60)).await.expect("the runtime answers")
}

/// What a caller with this number gets.
async fn answer(function: SocketAddr, from: &str) -> String {
    let response = ask(function, "POST", &[("CallSid", "CA1"), ("From", from), ("To", "+14155550100")]).await;
    let words = String::from_utf8_lossy(&response.body).into_owned();
    assert_eq!(response.status, 200, "{response:?}");
    assert!(response.header("content-type").is_some_and(|kind| kind.starts_with("text/xml")), "{words}");
    words
}

#[tokio::test]
async fn who_is_on_the_list_is_sent_on_and_nobody_else() {
    let lists =
        [format!("[\"{ANNA}\", \"{BERT}\"]"), format!("{ANNA}, {BERT}"), format!(" {ANNA},{BERT},\n")];
    let environments =
        lists.map(|list| json!({"ALLOWED_NUMBERS": list, "WEBHOOK_URL": format!(" {WEBHOOK} ")}));
    let runtime = Runtime::start(&environments).await;
    for &function in &runtime.addresses {
        for allowed in [ANNA, BERT] {
            assert_eq!(answer(function, allowed).await, REDIRECT);
        }
        let strangers =
            ["", "+1415555019", "+141555501999", "14155550199", " +14155550199", "anonymous", "client:anna"];
        for stranger in strangers {
            assert_eq!(answer(function, stranger).await, REJECT, "{stranger:?}");
        }
        let nobody = ask(function, "POST", &[("CallSid", "CA1")]).await;
        assert_eq!(String::from_utf8_lossy(&nobody.body), REJECT);
        let two = ask(function, "POST", &[("From", ANNA), ("From", "+15005550006")]).await;
        assert_eq!(String::from_utf8_lossy(&two.body), REJECT, "who it is, is in doubt");
        let got = ask(function, "GET", &[("From", ANNA)]).await;
        assert_eq!(String::from_utf8_lossy(&got.body), REDIRECT);
    }
}

#[tokio::test]
async fn a_setting_that_is_missing_or_malformed_opens_no_door() {
    let mut environments = vec![json!({}), json!({"WEBHOOK_URL": WEBHOOK}), json!({"ALLOWED_NUMBERS": ANNA})];
    let list = format!("[\"{ANNA}\"");
    let number = format!("[{}]", &ANNA[1..]);
    let nested = format!("[[\"{ANNA}\"]]");
    let object = format!("{{\"{ANNA}\": true}}");
    let spelled = format!("{ANNA}, +49 30 123");
    let lists = [
        "",
        " ",
        ",",
        "[]",
        "[null]",
        "*",
        "+",
        &list,
        &number,
        &nested,
        &object,
        &spelled,
        "anonymous",
        "null",
    ];
    environments.extend(lists.map(|list| json!({"ALLOWED_NUMBERS": list, "WEBHOOK_URL": WEBHOOK})));
    for address in ["", "voice.example.com", "http://voice.example.com/incoming-call", "javascript:alert(1)"]
    {
        environments.push(json!({"ALLOWED_NUMBERS": ANNA, "WEBHOOK_URL": address}));
    }
    let runtime = Runtime::start(&environments).await;
    for (&function, environment) in runtime.addresses.iter().zip(&environments) {
        for from in [ANNA, "", "null", "*", "anonymous"] {
            assert_eq!(answer(function, from).await, REJECT, "{from:?} with {environment}");
        }
    }
}

#[tokio::test]
async fn a_call_that_is_let_through_comes_to_the_server_with_a_signature_of_its_address() {
    let environment = json!({"ALLOWED_NUMBERS": ANNA, "WEBHOOK_URL": WEBHOOK});
    let runtime = Runtime::start(&[environment]).await;
    let document = answer(runtime.addresses[0], ANNA).await;
    let server = Server::start().await;
    let call = Dial { from: ANNA.into(), ..dial(Carrier::Twilio, &server) };
    let phone = Handset::dial(account(Carrier::Twilio), call);
    server.answer("text/xml", document).await;
    let sent_on = server.document("<Hangup/>").await;
    assert_eq!((sent_on.method.as_str(), sent_on.target.as_str()), ("POST", "/incoming-call?a=1&b=2"));
    assert_eq!(field(&sent_on, "From"), ANNA);
    let fields = http::read_form(&String::from_utf8_lossy(&sent_on.body)).expect("a form");
    let signature = sim::twilio::signature::sign(WEBHOOK, &fields, SECRET);
    assert_eq!(sent_on.header("x-twilio-signature"), Some(signature.as_str()));
    phone.ended().await.expect("a call");
}
