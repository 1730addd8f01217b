//! Calls from the page: by guests, and by those who may not.

use super::{chromium::Chromium, tab::Tab, voice::ZONE};
use crate::house::{
    House,
    browser::Browser,
    waiting::{self, calls, ended, noted},
};
use futures_util::{SinkExt, StreamExt};
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_calls_by_a_link_as_a_stranger_until_it_is_ended() {
    let browser = Chromium::shared();
    let house = House::open(&[("TIME_ZONE", ZONE), ("LOG_LEVEL", "warn")]).await;
    let owner = Browser::of_the_owner(&house).await;
    let store = house.store().await;
    let tab = Tab::open(&browser).await;
    tab.keep_cookie(&house.url("/"), &owner.cookie).await;
    tab.go(&house.url("/phone")).await;
    tab.write("For whom", "   ").await;
    tab.until_loaded(async || tab.click("button", "Make a link").await).await;
    tab.reads("Say for whom it is").await;
    assert!(tab.take_troubles().join("\n").contains("422"));
    tab.write("For whom", "Grandma <b>").await;
    tab.until_loaded(async || tab.click("button", "Make a link").await).await;
    tab.reads("The link for Grandma <b>.").await;
    let link = tab.run("document.querySelector('.told code').textContent").await;
    let link = link.as_str().expect("a link").to_owned();

    let guest = Tab::open(&browser).await;
    guest.go(&link).await;
    guest.click("button", "Call").await;
    guest.reads("Connected").await;
    guest.until("document.querySelectorAll('.story .assistant').length > 0").await;
    guest.click("button", "Mute").await;
    guest.reads("Muted").await;
    guest.press('5').await;
    guest.reads("You pressed 5.").await;
    guest.click("button", "star").await;
    noted(&store, "key_pressed", 2).await;
    guest.click("button", "Hang up").await;
    let call = ended(&store).await;
    assert_eq!((call.trust.as_str(), call.from.as_str()), ("stranger", "browser:Grandma <b>"));

    tab.go(&house.url("/phone")).await;
    tab.until_loaded(async || tab.click("button", "End the link for Grandma <b>").await).await;
    guest.click("button", "Call").await;
    guest.until(r#"document.querySelector('[data-part="call"]').textContent === "Call""#).await;
    guest
        .until(r#"document.querySelector('[data-part="status"]').textContent.includes("could not begin")"#)
        .await;
    assert!(guest.take_troubles().join("\n").contains("403"));
    assert_eq!(calls(&store).await.len(), 1);
    guest.close().await;
    tab.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_makes_no_more_calls_an_hour_than_it_may() {
    let house = House::open(&[("LOG_LEVEL", "error")]).await;
    let owner = Browser::of_the_owner(&house).await;
    let page = owner.send(&house.url("/phone/links"), &[("name", "Ben"), ("hours", "1")]).await;
    let page = page.text().await.expect("text");
    let (_, link) = page.split_once("/talk/").expect("the link is shown");
    let call = house.url(&format!("/talk/{}/call", &link[..43]));
    let ring = async || {
        let request = owner.http.post(&call).header("sec-fetch-site", "same-origin");
        request.send().await.expect("an answer").status()
    };
    for _ in 0..10 {
        assert_eq!(ring().await, StatusCode::OK);
    }
    assert_eq!(ring().await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_opens_for_a_page_of_ours_for_who_began_the_call_and_once() {
    let house = House::open(&[("LOG_LEVEL", "error")]).await;
    let owner = Browser::of_the_owner(&house).await;
    let nobody = owner.http.post(house.url("/phone/call")).header("sec-fetch-site", "same-origin");
    assert_eq!(
        nobody.send().await.expect("an answer").status(),
        StatusCode::FORBIDDEN,
        "who is not logged in"
    );
    let begun: Value = owner.post(&house.url("/phone/call")).await.json().await.expect("JSON");
    let ours = format!("http://{}", house.address);
    for origin in [None, Some("https://evil.example.com"), Some("null")] {
        let refused = open(&house, origin, Some(&owner.cookie)).await.expect_err("it is not a page of ours");
        let Error::Http(answer) = refused else { panic!("{refused}") };
        assert_eq!(answer.status(), 403, "{origin:?}");
    }
    let start = |token: &Value| json!({"event": "start", "call": begun["call"], "token": token}).to_string();
    for (cookie, token, why) in
        [(None, begun["token"].clone(), "log in"), (Some(&owner.cookie), "another".into(), "unknown token")]
    {
        let opened =
            open(&house, Some(&ours), cookie.map(String::as_str)).await.expect("it may introduce itself");
        assert_eq!(answered(opened, start(&token)).await, Err(why.to_owned()));
    }
    let right = open(&house, Some(&ours), Some(&owner.cookie)).await.expect("it is opened");
    assert_eq!(answered(right, start(&begun["token"])).await, Ok(()));
    let again = open(&house, Some(&ours), Some(&owner.cookie)).await.expect("it may introduce itself");
    assert_eq!(answered(again, start(&begun["token"])).await, Err("token used before".to_owned()));
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(house: &House, origin: Option<&str>, cookie: Option<&str>) -> Result<Socket, Error> {
    let mut request = format!("ws://{}/browser/stream", house.address).into_client_request()?;
    for (name, value) in [(header::ORIGIN, origin), (header::COOKIE, cookie)] {
        if let Some(value) = value {
            request.headers_mut().insert(name, value.parse().expect("a header"));
        }
    }
    Ok(connect_async(request).await?.0)
}

/// What becomes of a stream that begins so: it carries something, or is closed with this reason.
async fn answered(mut socket: Socket, start: String) -> Result<(), String> {
    socket.send(Message::text(start)).await.expect("it listens");
    let mut seen = String::new();
    while let Ok(Some(Ok(message))) = tokio::time::timeout(waiting::PATIENCE, socket.next()).await {
        match message {
            Message::Close(frame) => {
                return Err(frame.map_or_else(String::new, |frame| frame.reason.to_string()));
            }
            Message::Text(_) | Message::Binary(_) => return Ok(()),
            other => write!(seen, "{other:?}").expect("a String takes everything"),
        }
    }
    Err(format!("nothing came of it: {seen}"))
}
