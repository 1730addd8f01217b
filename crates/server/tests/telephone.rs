//! The telephone in the terminal rings through any carrier, and says what a server by turns has to be told.

mod house;

use house::{AUTH_TOKEN, browser::Browser, exchange::Exchange};
use sim::phone::Carrier;
use std::process::Output;
use tokio::process::Command;

/// Calls this house from the terminal, with a second of sound.
async fn call(exchange: &Exchange, arguments: &[&str]) -> Output {
    call_to(exchange, &exchange.house.url("/"), arguments).await
}

/// Likewise this address.
async fn call_to(exchange: &Exchange, to: &str, arguments: &[&str]) -> Output {
    let file = exchange.house.folder.path().join("tone.wav");
    let tone: Vec<i16> = (0..8_000).map(|n| if n / 8 % 2 == 0 { 8_000 } else { -8_000 }).collect();
    std::fs::write(&file, sound::wav::Wav::mono(8_000, tone).write()).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_earpiece"));
    command.args(["call", "--to", to, "--wav", &file.display().to_string()]);
    command.args(arguments).env_clear().env("PATH", std::env::var("PATH").unwrap_or_default());
    command.envs(["TWILIO_AUTH_TOKEN", "PLIVO_AUTH_TOKEN", "TELNYX_API_KEY"].map(|name| (name, AUTH_TOKEN)));
    command.kill_on_drop(true).output().await.expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn the_terminals_telephone_rings_through_any_carrier() {
    // Without an address of the public's the server answers at the one that was rung.
    let exchange = Exchange::open(&Carrier::ALL, &[("PUBLIC_URL", "")]).await;
    for carrier in Carrier::ALL {
        let called = call(&exchange, &["--carrier", carrier.name()]).await;
        assert!(called.status.success() && said(&called).contains("Connected."), "{called:?}");
        let calls = exchange.house.store().await.calls(1, i64::MAX).await.expect("the database answers");
        assert_eq!(calls[0].carrier, carrier.name());
        let stranger = call(&exchange, &["--carrier", carrier.name(), "--auth-token", "another"]).await;
        assert!(!stranger.status.success() && said(&stranger).contains("403"), "{stranger:?}");
    }
    let nobody = call(&exchange, &["--carrier", "bell"]).await;
    assert!(!nobody.status.success() && said(&nobody).contains("twilio, plivo and telnyx"), "{nobody:?}");
}

#[tokio::test]
async fn by_turns_it_says_what_the_server_was_not_told() {
    let exchange = Exchange::open(&Carrier::ALL, &[("PUBLIC_URL", ""), ("CALL_MODE", "turns")]).await;
    for (carrier, setting) in [
        (Carrier::Twilio, "TWILIO_API_URL=http://127.0.0.1:"),
        (Carrier::Plivo, "PLIVO_API_URL=http://127.0.0.1:"),
        (Carrier::Telnyx, "TELNYX_API_URL=http://127.0.0.1:"),
    ] {
        let called =
            call(&exchange, &["--carrier", carrier.name(), "--mode", "turns", "--api", "127.0.0.1:0"]).await;
        let said = said(&called);
        assert!(said.contains("Connected.") && said.contains(setting), "{called:?}");
        assert!(!called.status.success() && said.contains("fetched none of what you said"), "{called:?}");
        assert!(!said.contains(AUTH_TOKEN), "secrets are not shown: {said}");
    }
}

#[tokio::test]
async fn it_calls_as_a_page_does_by_a_guests_link() {
    let exchange = Exchange::open(&[Carrier::Twilio], &[("PUBLIC_URL", "")]).await;
    let owner = Browser::of_the_owner(&exchange.house).await;
    let page = owner.send(&exchange.house.url("/phone/links"), &[("name", "Ben"), ("hours", "1")]).await;
    let page = page.text().await.expect("text");
    let (_, link) = page.split_once("/talk/").expect("the link is shown");
    let link = exchange.house.url(&format!("/talk/{}", &link[..43]));
    let called = call_to(&exchange, &link, &["--carrier", "browser"]).await;
    assert!(called.status.success() && said(&called).contains("Connected."), "{called:?}");
    let calls = exchange.house.store().await.calls(1, i64::MAX).await.expect("the database answers");
    assert_eq!((calls[0].carrier.as_str(), calls[0].trust.as_str()), ("browser", "stranger"));
    let ended = call_to(&exchange, &exchange.house.url("/talk/nothing"), &["--carrier", "browser"]).await;
    assert!(!ended.status.success() && said(&ended).contains("could not begin"), "{ended:?}");
    let no_link = call(&exchange, &["--carrier", "browser"]).await;
    assert!(!no_link.status.success() && said(&no_link).contains("a guest's link"), "{no_link:?}");
}
