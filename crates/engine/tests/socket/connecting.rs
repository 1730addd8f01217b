//! From an address to a connection, or to a reason why there is none.

use crate::rig::{Parrot, brief, listen};
use call::Failure;
use engine::socket::{Patience, Socket};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A call may move from thread to thread, and its engine with it.
const _: () = {
    const fn moves<T: Send>() {}
    moves::<Socket>();
};

/// What becomes of a connection whose service answers with these bytes.
async fn answered(answer: &[u8]) -> Failure {
    let (listener, address) = listen().await;
    let serve = async {
        let (mut stream, _) = listener.accept().await.expect("a caller");
        let mut request = vec![0; 4096];
        let read = stream.read(&mut request).await.expect("a request");
        assert!(
            String::from_utf8_lossy(&request[..read])
                .contains("authorization: Bearer sk-secret-of-no-account")
        );
        stream.write_all(answer).await.expect("an answer");
        stream.shutdown().await.expect("the end");
        // Until the other side has closed, too.
        let _ = stream.read(&mut request).await;
    };
    let (socket, ()) =
        tokio::join!(Socket::open(Box::new(Parrot::at(&address)), brief(), Patience::default()), serve);
    socket.expect_err("a refusal")
}

async fn refused(status: &str, body: &str) -> Failure {
    let length = body.len();
    answered(format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}").as_bytes()).await
}

#[tokio::test]
async fn a_refusal_is_told_in_plain_words() {
    for (status, lasting, words) in [
        ("401 Unauthorized", true, "does not accept the key"),
        ("402 Payment Required", true, "no credit left"),
        ("403 Forbidden", true, "forbids"),
        ("404 Not Found", true, "does not know this address or model"),
        ("429 Too Many Requests", false, "no more sessions"),
        ("500 Internal Server Error", false, "in trouble"),
        ("503 Service Unavailable", false, "in trouble"),
        ("302 Found", true, "another address"),
        ("200 OK", true, "refused"),
    ] {
        let failure = refused(status, "").await;
        assert!(failure.lasting == lasting && failure.why.contains(words), "{status}: {failure:?}");
        assert!(failure.why.contains("127.0.0.1") && failure.why.contains(&status[..3]), "{failure:?}");
    }
}

#[tokio::test]
async fn what_the_service_says_is_repeated_but_never_the_key() {
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-secret-of-no-account.\u001b[31m","code":"invalid_api_key"}}"#;
    let failure = refused("401 Unauthorized", body).await;
    assert!(failure.why.contains("Incorrect API key provided"), "{failure:?}");
    assert!(!failure.why.contains("sk-secret") && !failure.why.contains('\u{1b}'), "{failure:?}");
    let spent =
        refused("429 Too Many Requests", r#"{"error":{"message":"You exceeded your current quota."}}"#).await;
    assert!(spent.lasting, "a quota does not mend itself");
    let deepgram = r#"{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials: sk-secret-of-no-account."}"#;
    let failure = refused("401 Unauthorized", deepgram).await;
    assert!(failure.why.contains("Invalid credentials") && !failure.why.contains("sk-secret"), "{failure:?}");
    let named = b"HTTP/1.1 429 Too Many Requests\r\ndg-error: Too many: sk-secret-of-no-account\r\n\r\n";
    let failure = answered(named).await;
    assert!(failure.why.contains("Too many: ••••") && !failure.lasting, "{failure:?}");
    let odd = refused("401 Unauthorized", "<html>").await;
    assert!(odd.lasting && !odd.why.contains("html"));
}

#[tokio::test]
async fn nobody_there_is_told() {
    let (listener, address) = listen().await;
    drop(listener);
    let failure =
        Socket::open(Box::new(Parrot::at(&address)), brief(), Patience::default()).await.expect_err("nobody");
    assert!(!failure.lasting && failure.why.contains("cannot be reached"), "{failure:?}");
}

#[tokio::test]
async fn a_service_that_stalls_at_the_handshake_is_given_up() {
    let (listener, address) = listen().await;
    let patience = Patience { connect: Duration::from_millis(50), ..Patience::default() };
    let failure = Socket::open(Box::new(Parrot::at(&address)), brief(), patience).await.expect_err("a stall");
    assert!(!failure.lasting && failure.why.contains("did not answer within"), "{failure:?}");
    drop(listener);
}

#[tokio::test]
async fn garbage_instead_of_a_handshake_is_told() {
    for garbage in [
        &b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..],
        b"\0\x01\x02\xff\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"",
    ] {
        let failure = answered(garbage).await;
        assert!(failure.why.contains("127.0.0.1"), "{failure:?}");
    }
}

#[tokio::test]
async fn without_tls_only_this_machine_is_called() {
    for (url, allowed) in [
        ("ws://example.com/talk", false),
        ("ws://192.168.1.10/talk", false),
        ("ws://localhost.example.com/talk", false),
        ("ws://127.0.0.1.example.com/talk", false),
        ("http://127.0.0.1/talk", false),
        ("/talk", false),
        ("ws://127.0.0.1:1/talk", true),
        ("ws://127.8.8.8:1/talk", true),
        ("ws://localhost:1/talk", true),
        ("ws://[::1]:1/talk", true),
    ] {
        let parrot = Box::new(Parrot { url: url.into(), every: None, due: None, heard: 0, untold: None });
        let failure =
            Socket::open(parrot, brief(), Patience::default()).await.expect_err("nobody listens there");
        assert_eq!(!failure.lasting, allowed, "{url}: {failure:?}");
    }
}

#[tokio::test]
async fn a_service_without_tls_is_not_taken_for_one_with() {
    let (listener, address) = listen().await;
    let serve = async {
        let (mut stream, _) = listener.accept().await.expect("a caller");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("an answer");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(!String::from_utf8_lossy(&rest).contains("sk-secret"), "the key does not leave in the clear");
    };
    let parrot = Box::new(Parrot {
        url: format!("wss://{address}/talk"),
        every: None,
        due: None,
        heard: 0,
        untold: None,
    });
    let (socket, ()) = tokio::join!(Socket::open(parrot, brief(), Patience::default()), serve);
    assert!(socket.expect_err("no TLS").why.contains("127.0.0.1"));
}
