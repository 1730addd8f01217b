//! Servers on the web that behave as none should: bounded, never followed elsewhere, and connected again where that helps.

use crate::rig::{Hosted, Kept, LONG, settings, web};
use serde_json::json;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tool::mcp::{Form, Patience, Secret, State, Way};

/// The server, and ours of it: with a token, and little patience.
async fn hosted(way: &[&str]) -> (Hosted, Kept) {
    let mut arguments = vec!["fixtures/mcp/hostile_web.py"];
    arguments.extend(way);
    let hosted = Hosted::printing(&arguments).await;
    let mut set = settings("odd", web(&hosted.at("/mcp"), Form::Streamable));
    if let Way::Web(web) = &mut set.way {
        web.token = Some(Secret::new("a-token"));
    }
    set.patience = Patience { quiet: Duration::from_secs(3), whole: Duration::from_secs(6) };
    let kept = Kept::new(set);
    (hosted, kept)
}

async fn connected(way: &[&str]) -> (Hosted, Kept) {
    let (hosted, kept) = hosted(way).await;
    kept.good().await;
    (hosted, kept)
}

/// How often the server was asked each thing.
async fn asked(hosted: &Hosted) -> BTreeMap<String, u64> {
    let answer = reqwest::get(hosted.at("/asked")).await.expect("an answer").text().await.expect("text");
    serde_json::from_str(&answer).expect("numbers")
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_failure_within_its_time_and_the_server_still_used() {
    for way in ["html", "empty", "accepted", "endless", "chatters", "mixed"] {
        let (_hosted, kept) = connected(&[way]).await;
        let began = now();
        let answer = kept.call("odd_do", json!({})).await;
        assert!(!answer.ok && answer.say.len() < 1_000, "{way}: {answer:?}");
        assert!(!answer.say.contains("word"), "{way}: no page is read to the caller: {answer:?}");
        assert!(began.elapsed() < LONG / 2, "{way}: {:?}", began.elapsed());
        kept.until(|known| known.status.state == State::Good && !known.listing.tools.is_empty()).await;
        assert!(kept.server.test().await.is_ok(), "{way}");
    }
}

#[tokio::test]
async fn a_page_of_somebody_in_between_is_no_server() {
    let (_hosted, kept) = hosted(&["wall"]).await;
    let known = kept.until(|known| known.status.state == State::Trouble).await;
    assert!(known.status.why.len() < 500 && known.listing.tools.is_empty(), "{known:?}");
}

#[tokio::test]
async fn nobody_is_followed_to_another_host_and_no_token_is_taken_there() {
    let other = Hosted::printing(&["fixtures/mcp/hostile_web.py", "good"]).await;
    let (_hosted, kept) = connected(&["moves", &other.at("/mcp")]).await;
    let answer = kept.call("odd_do", json!({})).await;
    assert!(!answer.ok, "{answer:?}");
    let after = asked(&other).await;
    assert!(after.is_empty(), "{after:?}");
}

#[tokio::test]
async fn a_list_that_is_another_every_time_is_not_read_for_ever() {
    let (hosted, kept) = connected(&["changing"]).await;
    for _ in 0..5 {
        assert!(kept.call("odd_do", json!({})).await.ok);
        assert!(kept.server.test().await.is_ok());
    }
    let listed = asked(&hosted).await["tools/list"];
    assert!((6..=8).contains(&listed), "{listed}: once at first, and once for each test");
    assert_eq!(kept.names().len(), 2);
}

#[tokio::test]
async fn cursors_without_end_are_followed_a_hundred_pages_far() {
    let (hosted, kept) = connected(&["cursors"]).await;
    assert_eq!(kept.names(), ["odd_do"]);
    let listed = asked(&hosted).await["tools/list"];
    assert!(listed <= 200, "{listed}");
}

#[tokio::test]
async fn a_session_that_the_server_has_forgotten_is_begun_anew_and_the_use_is_not_lost() {
    let (hosted, kept) = connected(&["forgets"]).await;
    let first = kept.call("odd_do", json!({})).await;
    let again = kept.call("odd_do", json!({})).await;
    assert!(again.ok, "{first:?} {again:?}");
    let all = asked(&hosted).await;
    assert!(all["tools/call"] <= 3 && all["initialize"] >= 2, "{all:?}");
}

#[tokio::test]
async fn who_is_locked_out_in_the_midst_is_told_so_and_does_not_knock_without_end() {
    let (hosted, kept) = connected(&["locks"]).await;
    let answer = kept.call("odd_do", json!({})).await;
    assert!(!answer.ok && answer.say.contains("does not let me in"), "{answer:?}");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let all = asked(&hosted).await;
    assert!(all["tools/call"] <= 2 && all["initialize"] <= 3, "{all:?}");
}

#[tokio::test]
async fn letters_that_nobody_sees_or_that_do_something_are_left_out() {
    let (_hosted, kept) = connected(&["odd"]).await;
    let known = kept.server.known().borrow().clone();
    let answer = kept.call("odd_do", json!({})).await;
    assert!(answer.ok && answer.say.starts_with("Buy milk"), "{answer:?}");
    let texts = [answer.say, answer.data, known.listing.tools[0].description.clone(), known.status.title];
    for text in texts {
        let odd: Vec<char> = text
            .chars()
            .filter(|letter| {
                letter.is_control()
                    || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{e0000}'..='\u{e007f}')
            })
            .collect();
        assert!(odd.is_empty() && !text.contains("[31m"), "{text:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn now() -> Instant {
    Instant::now()
}
