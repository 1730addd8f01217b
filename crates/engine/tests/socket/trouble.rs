//! What a service can do to us in the middle of a word.

use crate::rig::{Parrot, failure, heard, pair, pair_with};
use call::{EngineCommand, EngineEvent};
use engine::socket::Patience;
use futures_util::{FutureExt, SinkExt, StreamExt};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

#[tokio::test]
async fn a_close_in_mid_word_tells_its_code_and_reason() {
    let (mut socket, mut peer) = pair().await;
    let close = async {
        peer.send(Message::text("Your or")).await.expect("sent");
        let frame = CloseFrame { code: CloseCode::from(4000), reason: "beta_api_shape_disabled".into() };
        peer.close(Some(frame)).await.expect("closed");
        while peer.next().await.is_some() {}
    };
    let listen = async {
        assert_eq!(heard(&socket.next().await), "Your or");
        assert_eq!(failure(socket.next().await).why, "Some(4000) beta_api_shape_disabled");
        assert!(socket.next().now_or_never().is_none());
        drop(socket);
    };
    tokio::join!(close, listen);
}

#[tokio::test]
async fn the_reason_survives_that_nobody_reads_us_any_more() {
    let (mut socket, mut peer) = pair().await;
    let frame = CloseFrame { code: CloseCode::Away, reason: "60 minutes".into() };
    peer.close(Some(frame)).await.expect("closed");
    drop(peer);
    for _ in 0..100 {
        socket.tell(EngineCommand::Say("Are you there?".into()));
    }
    assert_eq!(failure(socket.next().await).why, "Some(1001) 60 minutes");
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_a_failure() {
    let (mut socket, peer) = pair().await;
    drop(peer);
    assert!(!failure(socket.next().await).lasting);
    assert!(socket.next().now_or_never().is_none());
}

#[tokio::test]
async fn what_was_said_is_told_however_the_connection_breaks() {
    let hasty =
        Patience { quiet: Duration::from_millis(20), gone: Duration::from_millis(60), ..Patience::default() };
    for (how, patience) in
        [("broke", Patience::default()), ("no WebSocket", Patience::default()), ("not been heard", hasty)]
    {
        let (mut socket, mut peer) =
            pair_with(|parrot| Parrot { untold: Some("Friday at ten."), ..parrot }, patience).await;
        let peer = match how {
            "broke" => {
                peer.get_ref().set_zero_linger().expect("an option of every connection");
                drop(peer);
                None
            }
            "no WebSocket" => {
                peer.get_mut().write_all(&[0xFF; 64]).await.expect("written");
                Some(peer)
            }
            _ => Some(peer),
        };
        assert_eq!(heard(&socket.next().await), "Friday at ten.", "{how}");
        let failed = failure(socket.next().await);
        assert!(!failed.lasting && failed.why.contains(how), "{failed:?}");
        assert!(socket.next().now_or_never().is_none(), "{how}");
        drop(peer);
    }
}

#[tokio::test]
async fn the_first_reason_is_the_only_one() {
    let (mut socket, peer) = pair().await;
    socket.tell(EngineCommand::Cancel);
    socket.tell(EngineCommand::Say("x".repeat(3 << 20)));
    let failed = failure(socket.next().await);
    assert!(failed.lasting && failed.why == "enough", "{failed:?}");
    assert!(socket.next().now_or_never().is_none());
    drop(peer);
}

#[tokio::test]
async fn a_binary_message_is_mentioned_once() {
    let (mut socket, mut peer) = pair().await;
    let speak = async {
        for _ in 0..3 {
            peer.send(Message::binary(vec![1, 2, 3])).await.expect("sent");
        }
        peer.send(Message::text("words")).await.expect("sent");
    };
    let listen = async {
        assert!(matches!(socket.next().await, EngineEvent::Trouble(why) if why.contains("binary")));
        assert_eq!(heard(&socket.next().await), "words");
    };
    tokio::join!(speak, listen);
}

#[tokio::test]
async fn what_is_no_frame_is_a_failure() {
    for garbage in [
        &[0xFF; 64][..],
        &[0x81, 0x02, 0xC3, 0x28],
        &[0x81, 0xFE, 0x00, 0x01, 0, 0, 0, 0, b'x'],
        &[0x83, 0x00],
    ] {
        let (mut socket, mut peer) = pair().await;
        peer.get_mut().write_all(garbage).await.expect("written");
        let failure = failure(socket.next().await);
        assert!(!failure.lasting && failure.why.contains("no WebSocket message"), "{garbage:?}: {failure:?}");
    }
}

#[tokio::test]
async fn a_message_beyond_all_bounds_is_a_failure() {
    let (mut socket, mut peer) = pair().await;
    let header = [0x81, 127, 0, 0, 0, 0, 0x01, 0x00, 0x00, 0x01];
    peer.get_mut().write_all(&header).await.expect("a header that announces 16 MiB and a byte");
    let failure = failure(socket.next().await);
    assert!(failure.why.contains("too large"), "{failure:?}");
}

#[tokio::test]
async fn a_service_that_does_not_listen_is_given_up_before_memory_is() {
    let (mut socket, peer) = pair().await;
    let words = "x".repeat(64 * 1024);
    let mut told = 0;
    let failed = loop {
        socket.tell(EngineCommand::Say(words.clone()));
        told += words.len();
        if let Some(event) = socket.next().now_or_never() {
            break failure(event);
        }
        assert!(told < 256 << 20, "the network's own buffers are not that large");
    };
    assert!(failed.why.contains("does not take what we send"), "{failed:?}");
    drop(peer);
}

#[tokio::test]
async fn what_a_slow_network_holds_up_comes_whole_and_in_order() {
    let (mut socket, mut peer) = pair().await;
    let mut told = 0;
    while socket.waiting() < 1 << 20 {
        socket.tell(EngineCommand::Say(format!("{told} {}", "x".repeat(64 * 1024))));
        told += 1;
        assert!(socket.next().now_or_never().is_none());
    }
    let read = async {
        for number in 0..told {
            let message = peer.next().await.expect("a message").expect("no error");
            let text = message.to_text().expect("text");
            assert_eq!(text.split(' ').next(), Some(number.to_string().as_str()));
            assert!(text.len() > 64 * 1024);
        }
        peer.send(Message::text("all of it")).await.expect("sent");
    };
    let (event, ()) = tokio::join!(socket.next(), read);
    assert_eq!(heard(&event), "all of it");
}

#[tokio::test]
async fn a_quiet_service_is_asked_whether_it_is_there() {
    let patience =
        Patience { quiet: Duration::from_millis(20), gone: Duration::from_secs(60), ..Patience::default() };
    let (mut socket, mut peer) = pair_with(|parrot| parrot, patience).await;
    let answer = async {
        for _ in 0..3 {
            assert!(matches!(peer.next().await, Some(Ok(Message::Ping(_)))));
            peer.flush().await.expect("the answer leaves");
        }
        peer.send(Message::text("still here")).await.expect("sent");
    };
    let (event, ()) = tokio::join!(socket.next(), answer);
    assert_eq!(heard(&event), "still here");
}

#[tokio::test]
async fn a_service_that_is_never_heard_is_gone() {
    let patience =
        Patience { quiet: Duration::from_millis(20), gone: Duration::from_millis(60), ..Patience::default() };
    let (mut socket, peer) = pair_with(|parrot| parrot, patience).await;
    let failed = failure(socket.next().await);
    assert!(!failed.lasting && failed.why.contains("has not been heard"), "{failed:?}");
    drop(peer);
}
