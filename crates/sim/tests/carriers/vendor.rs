//! The companies' own Python packages: their validators judge what the stand-ins sign, their clients talk to the APIs.

use super::{SECRET, account, dial, python::finds_nothing_wrong, server::Server};
use serde_json::{Value, json};
use sim::{
    http::Request,
    phone::{
        Account, Api, Carrier, Dial, Handset,
        text::{Inbound, deliver},
    },
};

fn signed(carrier: Carrier, url: &str, request: &Request) -> Value {
    let headers: serde_json::Map<_, _> =
        request.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone().into())).collect();
    json!({
        "carrier": carrier.name(), "method": request.method, "url": url, "headers": headers,
        "body": String::from_utf8_lossy(&request.body),
    })
}

#[tokio::test]
async fn the_companies_packages_accept_what_we_sign_and_refuse_it_changed() {
    let mut requests = Vec::new();
    for carrier in Carrier::ALL {
        let server = Server::start().await;
        for (address, post) in [
            ("https://voice.example.com/incoming", true),
            ("https://voice.example.com/incoming?b=2&a=1", true),
            ("https://voice.example.com/incoming", false),
            ("https://voice.example.com/incoming?b=2&a=1", false),
            ("https://voice.example.com:8443/incoming", true),
        ] {
            let call = Dial {
                webhook: address.into(),
                post,
                attestation: Some('A'),
                connect_to: Some(server.address),
                ..dial(carrier, &server)
            };
            let phone = Handset::dial(account(carrier), call);
            let request = server.document("<Hangup/>").await;
            let host = request.header("host").expect("a host");
            requests.push(signed(carrier, &format!("https://{host}{}", request.target), &request));
            phone.ended().await.expect("a call");
        }
        let mut inbound = Inbound::local(&account(carrier), server.address, "+14155550123", "Zoë & 50 %");
        inbound.webhook = "https://voice.example.com/sms?a=1".into();
        let account = account(carrier);
        let (delivered, request) =
            tokio::join!(deliver(&account, &inbound), server.answer("application/xml", "<Response/>"));
        delivered.expect("it was taken");
        requests.push(signed(carrier, &inbound.webhook, &request));
    }
    let Account::Telnyx(telnyx) = account(Carrier::Telnyx) else { panic!("it was asked for") };
    let given = json!({"secret": SECRET, "public_key": telnyx.public_key(), "requests": requests});
    finds_nothing_wrong("carriers", &["judge"], &given.to_string()).await;
}

#[tokio::test]
async fn the_companies_clients_talk_to_the_stand_ins() {
    for carrier in Carrier::ALL {
        let account = account(carrier);
        let api = Api::listen(&account).await.expect("loopback");
        let call = sim::phone::Sids::of(carrier, 7).call;
        let mut orders = api.orders(&call);
        let id = match &account {
            Account::Twilio(account) => account.sid.clone(),
            Account::Plivo(account) => account.auth_id.clone(),
            Account::Telnyx(account) => account.organisation.clone(),
        };
        let given = json!({"url": api.url(), "id": id, "secret": SECRET, "call": call});
        finds_nothing_wrong("carriers", &[carrier.name()], &given.to_string()).await;
        let mut ordered = Vec::new();
        while let Ok(order) = orders.try_recv() {
            ordered.push(order);
        }
        assert_eq!(ordered.len(), 2, "{carrier}: it was sent elsewhere, and ended: {ordered:?}");
        assert_eq!(api.placed().await.to, "+14155550123");
        assert_eq!(api.texts().len(), 1, "{carrier}");
        assert!(!api.changes().is_empty(), "{carrier}");
    }
}
