//! A conversation over a standing connection.

use crate::rig::{Parrot, brief, failure, heard, listen, pair, pair_with};
use call::{Chunk, EngineCommand, EngineEvent, Format};
use engine::{
    ApiKey,
    openai::{Config, OpenAi},
    socket::{Patience, Socket},
};
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::{
    Message,
    handshake::server::{Request, Response},
};

#[tokio::test]
async fn what_is_told_leaves_with_the_next_poll_in_order() {
    let (mut socket, mut peer) = pair().await;
    socket.tell(EngineCommand::Say("one".into()));
    socket.tell(EngineCommand::Prompt("two".into()));
    socket.tell(EngineCommand::Say("three".into()));
    let listen = async {
        for expected in [Message::text("one"), Message::binary("two"), Message::text("three")] {
            assert_eq!(peer.next().await.expect("a message").expect("no error"), expected);
        }
        peer.send(Message::text("heard")).await.expect("sent");
    };
    let (event, ()) = tokio::join!(socket.next(), listen);
    assert_eq!(heard(&event), "heard");
}

#[tokio::test]
async fn dropping_next_loses_nothing() {
    let (mut socket, mut peer) = pair().await;
    let speak = async {
        for number in 0..1_000 {
            peer.send(Message::text(number.to_string())).await.expect("sent");
        }
        peer
    };
    let listen = async {
        let mut next = 0;
        while next < 1_000 {
            let event = tokio::select! {
                biased;
                event = socket.next() => Some(event),
                () = tokio::task::yield_now() => None,
            };
            if let Some(event) = event {
                assert_eq!(heard(&event), next.to_string());
                next += 1;
            }
        }
    };
    tokio::join!(speak, listen);
}

#[tokio::test]
async fn a_large_message_is_read_whole() {
    let (mut socket, mut peer) = pair().await;
    let large = "x".repeat(15 << 20);
    let (event, sent) = tokio::join!(socket.next(), peer.send(Message::text(large.clone())));
    sent.expect("sent");
    assert!(heard(&event) == large);
}

#[tokio::test]
async fn a_ping_is_answered() {
    let (mut socket, mut peer) = pair().await;
    let ask = async {
        peer.send(Message::Ping("there?".into())).await.expect("sent");
        let pong = peer.next().await.expect("an answer").expect("no error");
        assert_eq!(pong, Message::Pong("there?".into()));
        peer.send(Message::text("good")).await.expect("sent");
    };
    let (event, ()) = tokio::join!(socket.next(), ask);
    assert_eq!(heard(&event), "good");
}

#[tokio::test]
async fn the_dialect_is_woken_when_it_wants_to_be() {
    let every = Duration::from_millis(5);
    let change = |parrot| Parrot { every: Some(every), ..parrot };
    let (mut socket, _peer) = pair_with(change, Patience::default()).await;
    let early = tokio::time::timeout(every * 10, async {
        for _ in 0..11 {
            assert_eq!(socket.next().await, EngineEvent::CallerPauses);
        }
    });
    assert!(early.await.is_err(), "and not before");
    assert_eq!(socket.next().await, EngineEvent::CallerPauses);
}

#[tokio::test]
async fn a_service_that_never_pauses_does_not_keep_the_dialect_from_its_deadlines() {
    let change = |parrot| Parrot { every: Some(Duration::from_millis(1)), ..parrot };
    let (mut socket, mut peer) = pair_with(change, Patience::default()).await;
    let flood = async {
        loop {
            peer.send(Message::Pong(vec![0; 100].into())).await.expect("sent");
        }
    };
    let woken = async {
        for _ in 0..10 {
            assert_eq!(socket.next().await, EngineEvent::CallerPauses);
        }
    };
    tokio::select! {
        () = flood => unreachable!("it never ends"),
        () = woken => {}
    }
}

#[tokio::test]
async fn the_service_is_told_goodbye() {
    let (socket, mut peer) = pair().await;
    drop(socket);
    assert!(matches!(peer.next().await, Some(Ok(Message::Close(_)))));

    let (mut socket, mut peer) = pair().await;
    socket.tell(EngineCommand::Say("last words".into()));
    socket.tell(EngineCommand::Cancel);
    assert_eq!(failure(socket.next().await).why, "enough");
    assert!(socket.next().now_or_never().is_none(), "nothing follows a failure");
    socket.tell(EngineCommand::Say("too late".into()));
    assert_eq!(peer.next().await.expect("a message").expect("no error"), Message::text("last words"));
    assert!(matches!(peer.next().await, Some(Ok(Message::Close(_)))));
}

async fn next_json(peer: &mut crate::rig::Peer) -> Value {
    let message = peer.next().await.expect("a message").expect("no error");
    serde_json::from_str(message.to_text().expect("text")).expect("JSON")
}

#[tokio::test]
async fn a_session_with_openai_from_the_first_header_to_the_first_word() {
    let (listener, address) = listen().await;
    let config =
        Config { url: format!("ws://{address}/v1/realtime"), ..Config::new(ApiKey::new("sk-of-no-account")) };
    let serve = async {
        let (stream, _) = listener.accept().await.expect("a caller");
        #[expect(clippy::result_large_err, reason = "the library's signature")]
        let check = |request: &Request, response: Response| {
            assert_eq!(request.uri().to_string(), "/v1/realtime?model=gpt-realtime-2.1");
            assert_eq!(request.headers()["authorization"], "Bearer sk-of-no-account");
            assert!(request.headers().get("openai-beta").is_none());
            Ok(response)
        };
        let mut peer = tokio_tungstenite::accept_hdr_async(stream, check).await.expect("a handshake");
        let update = next_json(&mut peer).await;
        let updated = json!({"type": "session.updated", "session": update["session"]});
        peer.send(Message::text(updated.to_string())).await.expect("sent");
        assert_eq!(next_json(&mut peer).await["type"], "response.create");
        for message in [
            json!({"type": "response.created", "response": {"id": "resp_1"}}),
            json!({"type": "response.output_audio.delta", "response_id": "resp_1", "item_id": "item_1", "delta": "VVVVVVVV"}),
        ] {
            peer.send(Message::text(message.to_string())).await.expect("sent");
        }
        assert_eq!(next_json(&mut peer).await["type"], "input_audio_buffer.append");
        peer
    };
    let talk = async {
        let dialect = Box::new(OpenAi::new(config).expect("a session"));
        let mut socket = Socket::open(dialect, brief(), Patience::default()).await.expect("a socket");
        assert_eq!(socket.next().await, EngineEvent::Ready);
        let EngineEvent::Voice(item, chunk) = socket.next().await else { panic!("no voice") };
        assert_eq!((item.0, chunk), (1, Chunk { format: Format::Ulaw, bytes: vec![0x55; 6].into() }));
        socket.tell(EngineCommand::Hear(Chunk { format: Format::Ulaw, bytes: vec![0xFF; 160].into() }));
        assert!(socket.next().now_or_never().is_none());
        socket
    };
    tokio::join!(serve, talk);
}
