//! Google's own Python libraries as the client.

use super::program::start;
use sim::google::{Consent, Fault, Google, Method, World};
use std::path::Path;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

#[tokio::test]
async fn googles_own_libraries_find_nothing_wrong() {
    let google = Google::listen(World::default()).await.expect("a free port");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("google-files");
    std::fs::create_dir_all(&folder).expect("a folder");
    let (mut child, mut input) = start("scripts/python", &["crates/sim/tests/google/vendor.py", "check"]);
    let mut output = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let brief = google.brief(&folder).to_string();
    input.write_all(format!("{brief}\n").as_bytes()).await.expect("Python reads");
    let mut holds = false;
    while let Some(line) = output.next_line().await.expect("Python writes lines") {
        if let Some(wish) = line.strip_prefix("ask ") {
            grant(&google, wish);
            input.write_all(b"done\n").await.expect("Python reads");
        }
        holds |= line == "holds";
    }
    let status = child.wait().await.expect("it ends");
    assert!(status.success() && holds, "what Google's libraries found is above");
    let token = std::fs::read(folder.join("token.json")).expect("the library wrote it");
    let token: serde_json::Value = serde_json::from_slice(&token).expect("it is JSON");
    assert!(token["refresh_token"].is_string() && token["expiry"].is_string(), "{token}");
    assert!(google.stands("primary").is_empty(), "what was made was deleted");
}

fn grant(google: &Google, wish: &str) {
    let (word, rest) = wish.split_once(' ').unwrap_or((wish, ""));
    match (word, rest) {
        ("deny", _) => google.consent(Consent::Deny),
        ("only", scope) => google.consent(Consent::Only([scope.to_owned()].into())),
        ("agree", _) => google.consent(Consent::Agree),
        ("expire", _) => google.expire_tokens(),
        ("rotate", on) => google.change_habits(|habits| habits.new_refresh_tokens = on == "on"),
        ("page", most) => google.change_habits(|habits| habits.page = most.parse().expect("a number")),
        ("forget", _) => google.forget_syncs(),
        ("delegate", scopes) => {
            let scopes: Vec<_> = scopes.split(' ').collect();
            google.delegate("bot@sim.iam.gserviceaccount.com", &scopes);
        }
        ("fail", "user-rate") => google.fail(Method::EventsList, 1, Fault::UserRateLimit),
        ("fail", "rate") => google.fail(Method::EventsList, 1, Fault::RateLimit(Some(1))),
        ("fail", "backend") => google.fail(Method::EventsList, 1, Fault::Error(503, "backendError".into())),
        ("fail", "html") => google.fail(Method::EventsList, 1, Fault::Html(502)),
        ("fail", "quota") => google.fail(Method::EventsList, 1, Fault::Quota),
        ("fail", "lost") => google.fail(Method::EventsInsert, 1, Fault::DropAfter),
        _ => panic!("vendor.py wishes {wish:?}"),
    }
}
