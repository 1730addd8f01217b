//! Which public addresses a request may have been sent to.

use carrier::{
    Request,
    address::{candidates, origin, stream_address},
};

fn found(target: &str, headers: &[(&str, &str)], public: Option<&str>, trusted: bool) -> Vec<String> {
    let headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    candidates(&Request { method: "POST", target, headers: &headers, body: b"" }, public, trusted)
}

const UPGRADE: (&str, &str) = ("Upgrade", "WebSocket");

#[test]
fn a_told_address_is_the_only_one() {
    let headers = [("Host", "10.0.0.1:5050"), ("X-Forwarded-Host", "evil.example.com")];
    for public in [
        "https://voice.example.com",
        "https://voice.example.com/",
        " voice.example.com ",
        "wss://voice.example.com/?x#y",
    ] {
        assert_eq!(
            found("/v?a=1", &headers, Some(public), true)[0],
            "https://voice.example.com/v?a=1",
            "{public}"
        );
        let all = found("/v", &headers, Some(public), true);
        assert_eq!(all, ["https://voice.example.com/v"], "{public}");
    }
    assert_eq!(
        found("/v", &[], Some("http://voice.example.com:8080"), false),
        ["http://voice.example.com:8080/v"]
    );
}

#[test]
fn a_told_path_is_put_before_the_target_unless_it_is_there() {
    assert_eq!(found("/v", &[], Some("https://h/phone/"), false), ["https://h/phone/v"]);
    assert_eq!(
        found("/phone/v", &[], Some("https://h/phone"), false),
        ["https://h/phone/v", "https://h/phone/phone/v"]
    );
}

#[test]
fn a_told_user_is_left_out_first() {
    assert_eq!(
        found("/v", &[], Some("https://u:p@h:8443"), false),
        ["https://h:8443/v", "https://u:p@h:8443/v"]
    );
}

#[test]
fn without_a_told_address_the_host_is_tried_with_and_without_tls() {
    let headers = [("host", "abc.ngrok.app")];
    assert_eq!(found("/v", &headers, None, false), ["https://abc.ngrok.app/v", "http://abc.ngrok.app/v"]);
    assert_eq!(found("/v", &headers, Some("  "), false).len(), 2);
}

#[test]
fn forwarded_headers_count_only_from_a_trusted_proxy() {
    let headers = [
        ("Host", "127.0.0.1:5050"),
        ("X-Forwarded-Host", "voice.example.com, inner"),
        ("X-Forwarded-Proto", "https,http"),
        ("X-Forwarded-Port", "8443"),
    ];
    let near = ["https://127.0.0.1:5050/v", "http://127.0.0.1:5050/v"];
    assert_eq!(found("/v", &headers, None, false), near);
    let all = found("/v", &headers, None, true);
    assert!(all.contains(&"https://voice.example.com/v".to_owned()), "{all:?}");
    assert!(all.contains(&"https://voice.example.com:8443/v".to_owned()), "{all:?}");
    assert!(near.iter().all(|near| all.contains(&(*near).to_owned())), "{all:?}");
    let plain = found("/v", &[("host", "h"), ("x-forwarded-proto", "http")], None, true);
    assert_eq!(plain, ["http://h/v", "https://h/v"]);
}

#[test]
fn a_stream_is_tried_with_and_without_its_slash_and_without_a_query() {
    let headers = [("Host", "h"), UPGRADE];
    assert_eq!(found("/s", &headers, Some("https://h"), false), ["wss://h/s", "wss://h/s/"]);
    assert_eq!(found("/s/", &headers, Some("https://h"), false), ["wss://h/s/", "wss://h/s"]);
    assert_eq!(found("/s?a", &headers, Some("h"), false), ["wss://h/s?a", "wss://h/s", "wss://h/s/"]);
    assert_eq!(found("/s", &headers, None, false), ["wss://h/s", "wss://h/s/", "ws://h/s", "ws://h/s/"]);
}

#[test]
fn a_query_is_tried_in_the_spellings_of_twilios_node_library() {
    let all = found("/v?who=O'Brien%20x&e", &[], Some("h"), false);
    assert_eq!(
        all,
        [
            "https://h/v?who=O'Brien%20x&e",
            "https://h/v?who=O%27Brien%20x&e",
            "https://h/v?who=O'Brien%20x&e="
        ]
    );
    assert_eq!(found("/v?a=1&b=%2B", &[], Some("h"), false).len(), 1);
}

#[test]
fn a_host_that_is_none_is_not_tried() {
    let long = "h".repeat(300);
    for host in ["", "h/../x", "a b", "u@h", "h?x", "h#x", "ü", &long] {
        assert_eq!(found("/v", &[("Host", host)], None, false), [""; 0], "{host}");
    }
    assert_eq!(found("/v", &[], None, true), [""; 0]);
    assert_eq!(found("/v", &[("Host", "[2001:db8::1]:80")], None, false)[0], "https://[2001:db8::1]:80/v");
}

#[test]
fn the_stream_is_where_the_webhook_was() {
    assert_eq!(stream_address("https://h:8443/phone/", "/media-stream"), "wss://h:8443/phone/media-stream");
    assert_eq!(stream_address("voice.example.com", "/s"), "wss://voice.example.com/s");
    assert_eq!(stream_address("http://localhost:5050", "/s"), "ws://localhost:5050/s");
    assert_eq!(stream_address(origin("http://h:1/v?x=//y"), "/s"), "ws://h:1/s");
}
