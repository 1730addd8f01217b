//! Servers that behave as none should: each is bounded, refused or passed over, and none stops the others.

use crate::rig::{Kept, hostile, program, settings};
use serde_json::json;
use std::time::Duration;
use tool::mcp::{MOST_TOOLS, Patience, State};

async fn connected(way: &str) -> Kept {
    let kept = Kept::new(hostile(way));
    kept.good().await;
    kept
}

#[tokio::test]
async fn ten_thousand_tools_are_read_and_no_more_offered_than_engines_take() {
    let kept = connected("many").await;
    let known = kept.server.known().borrow().clone();
    assert_eq!(known.listing.tools.len(), MOST_TOOLS);
    assert!(known.listing.left_out[0].contains("more tools"), "{:?}", known.listing.left_out);
}

#[tokio::test]
async fn a_list_that_goes_round_in_a_circle_ends() {
    assert_eq!(connected("circle").await.names(), ["odd_one"]);
}

#[tokio::test]
async fn odd_names_and_schemas_are_made_fit_or_left_out() {
    let kept = connected("odd").await;
    let names = kept.names();
    let fit = |name: &str| {
        name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    assert!(names.iter().all(|name| fit(name)), "{names:?}");
    assert_eq!(names.len(), 5, "{names:?}");
    let known = kept.server.known().borrow().clone();
    assert_eq!(known.listing.left_out.len(), 2, "{:?}", known.listing.left_out);
    let schemas: String = known.listing.tools.iter().map(|tool| tool.schema.to_string()).collect();
    assert!(!schemas.contains("$ref"), "{schemas}");
    for name in names {
        assert!(kept.call(&name, json!({})).await.ok, "{name}");
    }
}

#[tokio::test]
async fn ten_megabytes_are_cut() {
    let kept = connected("large").await;
    let answer = kept.call("odd_do", json!({})).await;
    assert!(answer.ok && (1_000..20_000).contains(&answer.say.len()), "{}", answer.say.len());
}

#[tokio::test]
async fn a_tool_that_never_answers_is_given_up_and_its_server_still_used() {
    let mut settings = hostile("silent");
    settings.patience = Patience { quiet: Duration::from_millis(300), whole: Duration::from_secs(1) };
    let kept = Kept::new(settings);
    kept.good().await;
    let answer = kept.call("odd_do", json!({})).await;
    assert!(!answer.ok && answer.say.contains("takes too long"), "{answer:?}");
    assert!(kept.server.test().await.is_ok());
}

#[tokio::test]
async fn what_makes_no_sense_between_answers_is_passed_over() {
    for way in ["twice", "unknown", "garbage", "foreign", "asks", "flood"] {
        let kept = connected(way).await;
        for _ in 0..2 {
            let answer = kept.call("odd_do", json!({})).await;
            assert!(answer.ok && answer.say == "done", "{way}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_without_a_shape_is_a_failure() {
    let mut settings = hostile("shapeless");
    settings.patience = Patience { quiet: Duration::from_secs(2), whole: Duration::from_secs(2) };
    let kept = Kept::new(settings);
    kept.good().await;
    let answer = kept.call("odd_do", json!({})).await;
    assert!(!answer.ok, "{answer:?}");
}

#[tokio::test]
async fn a_server_that_dies_is_started_again() {
    let kept = connected("dies").await;
    for _ in 0..2 {
        let answer = kept.call("odd_do", json!({})).await;
        assert!(!answer.ok && answer.say.contains("I do not know whether that was done"), "{answer:?}");
        assert!(kept.server.test().await.is_ok());
    }
}

#[tokio::test]
async fn why_a_program_did_not_start_is_told() {
    let kept = Kept::new(hostile("absent"));
    let known = kept.until(|known| known.status.state == State::Trouble).await;
    assert!(known.status.why.contains("no key was given"), "{}", known.status.why);
    let missing = Kept::new(settings("none", program("no/such/program", &[])));
    let known = missing.until(|known| known.status.state == State::Trouble).await;
    assert!(known.status.why.contains("cannot be started"), "{}", known.status.why);
}

#[tokio::test]
async fn a_program_gets_nothing_of_our_environment_that_is_not_everybodys() {
    let kept = Kept::new(settings("all", crate::rig::npm("server-everything", &["stdio"])));
    kept.good().await;
    let answer = kept.call("all_get-env", json!({})).await;
    let told = format!("{}{}", answer.say, answer.data);
    assert!(told.contains("PATH") && !told.contains("CARGO_MANIFEST_DIR"), "{told}");
}
