//! Files of Google's console and libraries.

use super::granted;
use serde_json::{Value, json};
use tool::calendar::google::{Client, ClientKind, Grant, Secret, Upload};

fn read(file: &Value) -> Result<Upload, String> {
    Upload::read(file.to_string().as_bytes(), None).map_err(|unusable| unusable.0)
}

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/../../fixtures/google/files/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn what_googles_own_library_wrote_is_read() {
    for (name, kind) in
        [("credentials_web.json", ClientKind::Web), ("credentials_installed.json", ClientKind::Installed)]
    {
        let Ok(Upload::Client(client)) = Upload::read(&fixture(name), None) else {
            panic!("{name} is a client")
        };
        assert_eq!(client.kind, kind, "{name}");
        assert_eq!(client.id, "123-abc.apps.googleusercontent.com");
        assert_eq!(client.redirects, ["https://assist.example/api/settings/google-auth/callback"]);
        assert_eq!(Client::unseal(client.seal().expose()).expect("sealed"), client);
    }
    for name in
        ["token.json", "token_refreshed.json", "token_expired.json", "application_default_credentials.json"]
    {
        let upload = Upload::read(&fixture(name), None).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(upload.describe().contains("This is a token"), "{name}: {}", upload.describe());
        let grant = granted(upload);
        assert_eq!(Grant::unseal(grant.seal().expose()).expect("sealed"), grant, "{name}");
    }
    let why = Upload::read(&fixture("token_without_secrets.json"), None).expect_err("it cannot be renewed");
    assert!(why.0.contains("refresh token"), "{why}");
}

#[test]
fn both_kinds_of_client_in_one_file_are_the_web_one() {
    let one = |secret: &str| json!({ "client_id": "i", "client_secret": secret });
    let Ok(Upload::Client(client)) = read(&json!({ "installed": one("a"), "web": one("b") })) else {
        panic!("a client")
    };
    assert_eq!((client.kind, client.secret.expose()), (ClientKind::Web, "b"));
    let said = Upload::Client(client).describe();
    assert!(said.contains("you still have to connect"), "{said}");
}

#[test]
fn a_token_ends_when_its_file_says_in_whichever_way() {
    let until = |members: Value| {
        let mut file = json!({ "token": "t", "refresh_token": "r", "client_id": "i", "client_secret": "s" });
        for (name, value) in members.as_object().expect("members") {
            file[name] = value.clone();
        }
        let sealed = granted(read(&file).expect("a token")).seal();
        let sealed: Value = serde_json::from_str(sealed.expose()).expect("JSON");
        sealed["access"]["until_ms"].as_i64().expect("a time")
    };
    let told = 1_795_207_642_000;
    assert_eq!(until(json!({ "expiry": "2026-11-20T20:47:22Z" })), told);
    assert_eq!(until(json!({ "expiry": "2026-11-20T20:47:22.168010Z" })), told + 168);
    assert_eq!(until(json!({ "expiry": "2026-11-20T20:47:22" })), told);
    assert_eq!(until(json!({ "expiry": "2026-11-20T21:47:22+01:00" })), told);
    assert_eq!(until(json!({ "token_expiry": "2026-11-20T20:47:22Z", "_class": "OAuth2Credentials" })), told);
    assert_eq!(until(json!({ "expiry_date": told })), told);
    for none in [json!({}), json!({ "expiry": null }), json!({ "expiry": "soon" }), json!({ "expiry": 7 })] {
        assert_eq!(until(none), 0, "it has ended");
    }
}

#[test]
fn scopes_are_read_as_a_list_and_as_a_text() {
    let base = json!({ "refresh_token": "r", "client_id": "i", "client_secret": "s" });
    let lacks = |scopes: Value| {
        let mut file = base.clone();
        file["scopes"] = scopes;
        granted(read(&file).expect("a token")).lacks().len()
    };
    let (events, free) = (
        "https://www.googleapis.com/auth/calendar.events",
        "https://www.googleapis.com/auth/calendar.freebusy",
    );
    assert_eq!(lacks(json!(["https://www.googleapis.com/auth/calendar"])), 0);
    assert_eq!(lacks(json!([events, free])), 1, "the list of calendars");
    assert_eq!(lacks(json!(format!("{events} {free}"))), 1);
    assert_eq!(lacks(json!([events])), 2);
    assert_eq!(lacks(json!("https://mail.google.com/")), 3);
    assert_eq!(lacks(Value::Null), 0, "nothing is known");
}

#[test]
fn a_token_without_its_client_takes_the_one_uploaded_before() {
    let file = json!({ "access_token": "t", "refresh_token": "r", "scope": "s", "expiry_date": 1 });
    let why = read(&file).expect_err("no client");
    assert!(why.contains("credentials.json"), "{why}");
    let client = Client {
        id: "i".into(),
        secret: Secret::new("s"),
        kind: ClientKind::Installed,
        redirects: Vec::new(),
    };
    assert!(Upload::read(file.to_string().as_bytes(), Some(&client)).is_ok());
    let mut other = file;
    other["client_id"] = "another".into();
    let why = Upload::read(other.to_string().as_bytes(), Some(&client)).expect_err("another client's");
    assert!(why.0.contains("another client"), "{why}");
}

#[test]
fn why_a_file_cannot_be_used_is_said_in_words() {
    let robot = json!({ "type": "service_account", "client_email": "bot@p.iam.gserviceaccount.com" });
    let mut damaged = robot.clone();
    damaged["private_key"] = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".into();
    for (file, says) in [
        (Vec::new(), "empty"),
        (b"\x80\x04\x95".to_vec(), "pickle"),
        (b"\xff\xfe".to_vec(), "not text"),
        (b"{\"installed\":{\"client_id\"".to_vec(), "only part"),
        (b"[]".to_vec(), "no JSON object"),
        (b"{}".to_vec(), "none of Google"),
        (vec![b' '; 70_000], "too large"),
        (br#"{"web":{"client_id":"i"}}"#.to_vec(), "client_secret"),
        (br#"{"web":{}}"#.to_vec(), "client_id"),
        (br#"{"installed":[]}"#.to_vec(), "nothing in it"),
        (br#"{"client_id":"i","client_secret":"s"}"#.to_vec(), "nor a token"),
        (br#"{"token":"t","client_id":"i","client_secret":"s"}"#.to_vec(), "refresh token"),
        (br#"{"type":"external_account","audience":"a"}"#.to_vec(), "another cloud"),
        (br#"{"type":"impersonated_service_account"}"#.to_vec(), "impersonating"),
        (br#"{"error":"invalid_grant"}"#.to_vec(), "error"),
        (br#"{"refresh_token":"r","universe_domain":"example.cloud"}"#.to_vec(), "another cloud"),
        (robot.to_string().into_bytes(), "private_key"),
        (damaged.to_string().into_bytes(), "damaged"),
    ] {
        let text = String::from_utf8_lossy(&file[..file.len().min(60)]).into_owned();
        let why = Upload::read(&file, None).expect_err(&text);
        assert!(why.0.contains(says), "{text}: {why}");
    }
}

#[test]
fn no_secret_is_ever_printed() {
    let token = json!({ "token": "ya29.hush", "refresh_token": "1//hush", "client_id": "i", "client_secret": "GOCSPX-hush" });
    let grant = granted(read(&token).expect("a token"));
    let client =
        read(&json!({ "web": { "client_id": "i", "client_secret": "GOCSPX-hush" } })).expect("a client");
    for printed in
        [format!("{grant:?}"), format!("{client:?}"), format!("{:?}", grant.seal()), client.describe()]
    {
        assert!(!printed.contains("hush"), "{printed}");
    }
    let why = Grant::unseal(r#"{"v":1,"by":{"refresh":"1//hush"}}"#).expect_err("half").to_string();
    assert!(!why.contains("hush"), "{why}");
    assert!(Grant::unseal("{}").is_err());
    assert!(Client::unseal("[]").is_err());
}

#[test]
fn no_mangled_file_is_more_than_refused() {
    let mut random = fastrand::Rng::with_seed(11);
    for name in ["credentials_web.json", "token.json", "application_default_credentials.json"] {
        let whole = fixture(name);
        for _ in 0..2_000 {
            let mut file = whole.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..file.len());
                match random.u8(..3) {
                    0 => file[at] = random.u8(..),
                    1 => file.truncate(at.max(1)),
                    _ => file.insert(at, *b"{}[]\",:0".get(random.usize(..8)).expect("one of eight")),
                }
            }
            if let Ok(upload) = Upload::read(&file, None) {
                assert!(!upload.describe().is_empty());
            }
        }
    }
}
