//! A WebSocket over any stream: what it promises whoever polls it.

use bytes::BufMut as _;
use call::Wire;
use engine::websocket::WebSocket;
use futures_util::{SinkExt as _, StreamExt as _};
use std::{future::poll_fn, task::Poll};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio_tungstenite::{
    WebSocketStream, accept_async,
    tungstenite::{
        Error, Message as Sent,
        client::IntoClientRequest,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

/// Our side as a server's, and a client on the other end of a network that holds so many bytes.
async fn pair(holds: usize) -> (WebSocket<DuplexStream>, WebSocketStream<DuplexStream>) {
    let (ours, theirs) = duplex(holds);
    let client = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
    (WebSocket::accepted(ours, Vec::new(), WebSocketConfig::default().write_buffer_size(16)), client)
}

async fn next(socket: &mut WebSocket<DuplexStream>) -> Option<Result<Sent, Error>> {
    poll_fn(|cx| socket.poll_read(cx)).await
}

#[tokio::test]
async fn what_it_was_told_arrives_in_order_however_little_the_network_takes() {
    let (mut ours, mut client) = pair(64).await;
    let mut wire = Wire::default();
    let said: Vec<String> = (0..50).map(|n| format!("{n:0>100}")).collect();
    for words in &said {
        wire.text(words.len(), |into| into.put_slice(words.as_bytes()));
    }
    let telling = poll_fn(|cx| ours.poll_write(cx, &mut wire));
    let hearing = async {
        let mut heard = Vec::new();
        while heard.len() < said.len() {
            heard.push(
                client.next().await.expect("it goes on").expect("it is whole").into_text().expect("text"),
            );
        }
        heard
    };
    let (told, heard) = tokio::join!(telling, hearing);
    told.expect("the network stands");
    assert_eq!(heard, said);
    assert!(wire.is_empty());
}

#[tokio::test]
async fn a_ping_is_answered_while_nothing_is_said() {
    let (mut ours, mut client) = pair(4096).await;
    client.send(Sent::Ping("here?".into())).await.expect("it is sent");
    assert!(matches!(next(&mut ours).await, Some(Ok(Sent::Ping(_)))));
    // Reading goes on, and finds nothing: that is when the answer leaves.
    let nothing = poll_fn(|cx| Poll::Ready(ours.poll_read(cx).is_pending())).await;
    assert!(nothing);
    assert_eq!(client.next().await.expect("it goes on").expect("it is whole"), Sent::Pong("here?".into()));
}

#[tokio::test]
async fn whoever_waits_is_woken_by_what_comes() {
    let (mut ours, mut client) = pair(4096).await;
    let coming = async {
        tokio::task::yield_now().await;
        client.send(Sent::text("come")).await.expect("it is sent");
    };
    let (came, ()) = tokio::join!(next(&mut ours), coming);
    assert_eq!(came.expect("it goes on").expect("it is whole"), Sent::text("come"));
}

#[tokio::test]
async fn a_goodbye_is_said_once_and_ends_what_is_read() {
    let (mut ours, mut client) = pair(4096).await;
    let why = CloseFrame { code: CloseCode::Policy, reason: "no token".into() };
    poll_fn(|cx| ours.poll_close(cx, Some(why.clone()))).await.expect("it leaves");
    let theirs = async { [client.next().await, client.next().await] };
    let ours = async move {
        while let Some(message) = next(&mut ours).await {
            assert!(matches!(message, Ok(Sent::Close(_))), "{message:?}");
        }
        assert!(next(&mut ours).await.is_none());
    };
    let ([goodbye, after], ()) = tokio::join!(theirs, ours);
    assert_eq!(goodbye.expect("it is said").expect("it is whole"), Sent::Close(Some(why)));
    assert!(after.is_none(), "{after:?}");
}

#[tokio::test]
async fn what_was_read_with_the_request_is_not_lost() {
    let (ours, mut theirs) = duplex(4096);
    let masked_hi = vec![0x81, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2];
    let mut ours = WebSocket::accepted(ours, masked_hi, WebSocketConfig::default());
    assert_eq!(next(&mut ours).await.expect("it is there").expect("it is whole"), Sent::text("hi"));
    theirs.write_all(&[0x81, 0x02, b'h', b'i']).await.expect("it is sent");
    assert!(next(&mut ours).await.expect("it is there").is_err(), "a client must mask");
    assert!(next(&mut ours).await.is_none(), "after an error there is nothing more");
}

#[tokio::test]
async fn a_handshake_stands_however_small_its_pieces() {
    let (ours, theirs) = duplex(7);
    let request = "ws://127.0.0.1/".into_client_request().expect("an address");
    let (ours, theirs) =
        tokio::join!(WebSocket::connect(request, ours, WebSocketConfig::default()), accept_async(theirs));
    let (mut ours, mut theirs) = (ours.expect("they agree"), theirs.expect("they agree"));
    let (sent, came) = tokio::join!(theirs.send(Sent::text("welcome")), next(&mut ours));
    sent.expect("it is sent");
    assert_eq!(came.expect("it goes on").expect("it is whole"), Sent::text("welcome"));
}

#[tokio::test]
async fn a_refusal_is_told_with_its_status() {
    let (ours, mut theirs) = duplex(4096);
    let request = "ws://127.0.0.1/".into_client_request().expect("an address");
    let refusing = async {
        let mut asked = [0; 1024];
        let read = theirs.read(&mut asked).await.expect("it asks");
        assert!(asked[..read].starts_with(b"GET / HTTP/1.1"));
        theirs
            .write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")
            .await
            .expect("it is sent");
    };
    let (connected, ()) =
        tokio::join!(WebSocket::connect(request, ours, WebSocketConfig::default()), refusing);
    match connected {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 401),
        other => panic!("{other:?}"),
    }
}
