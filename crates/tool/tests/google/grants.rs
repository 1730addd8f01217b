//! A grant is kept fresh, by one renewal at a time, and its end is said.

use super::{Bench, berlin, granted, reach, token_file};
use sim::google::{Fault, Method, World};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tool::calendar::{
    google::{Account, Google, SCOPES, Upload},
    remote::{Calendar, Trouble},
};

#[tokio::test]
async fn a_token_is_renewed_before_it_expires_and_only_once() {
    let bench = Bench::new().await;
    bench.primary().busy(berlin("08:00", "18:00"), None).await.expect("busy");
    assert_eq!(bench.sim.count(Method::Token), 0, "it was fresh");
    bench.sim.pass(Duration::from_secs(3_599 - 200));
    let mut asking = JoinSet::new();
    for _ in 0..10 {
        let calendar = bench.primary();
        asking.spawn(async move { calendar.busy(berlin("08:00", "18:00"), None).await });
    }
    while let Some(asked) = asking.join_next().await {
        asked.expect("no panic").expect("busy");
    }
    assert_eq!(bench.sim.count(Method::Token), 1, "the others waited for it");
    assert_eq!(bench.kept.lock().expect("no panic").len(), 1, "and it was stored once");
    bench.no_mistakes();
}

#[tokio::test]
async fn a_token_that_google_no_longer_takes_is_renewed_once() {
    let bench = Bench::new().await;
    bench.sim.expire_tokens();
    let mut asking = JoinSet::new();
    for _ in 0..5 {
        let calendar = bench.primary();
        asking.spawn(async move { calendar.events(berlin("08:00", "18:00")).await });
    }
    while let Some(asked) = asking.join_next().await {
        asked.expect("no panic").expect("events");
    }
    assert_eq!(bench.sim.count(Method::Token), 1);
    bench.sim.fail(Method::EventsList, 2, Fault::Error(401, "authError".into()));
    let Err(Trouble::Revoked(why)) = bench.primary().events(berlin("08:00", "18:00")).await else {
        panic!("a token that was given a moment ago is not accepted")
    };
    assert!(why.contains("Connect the calendar again"), "{why}");
    assert_eq!(bench.sim.count(Method::Token), 2, "renewed once");
}

#[tokio::test]
async fn a_new_refresh_token_is_kept() {
    let bench = Bench::with(|world| world.habits.new_refresh_tokens = true, |_| {}).await;
    for _ in 0..3 {
        bench.sim.expire_tokens();
        bench.primary().events(berlin("08:00", "18:00")).await.expect("renewed by the newest");
    }
    let kept = bench.kept.lock().expect("no panic").last().expect("stored").clone();
    assert_eq!(bench.kept.lock().expect("no panic").len(), 3);
    let restarted = Bench::of(bench.sim.clone(), reach(&bench.sim), kept);
    bench.sim.expire_tokens();
    restarted.primary().events(berlin("08:00", "18:00")).await.expect("what was stored goes on working");
}

#[tokio::test]
async fn a_grant_that_could_not_be_stored_is_offered_again() {
    let sim = sim::google::Google::listen(World::default()).await.expect("a port");
    let offered = Arc::new(std::sync::Mutex::new(0));
    let count = offered.clone();
    let keep = move |_| {
        let mut count = count.lock().expect("no panic");
        *count += 1;
        let stored = if *count < 3 { Err("the disk is full".to_owned()) } else { Ok(()) };
        Box::pin(async move { stored }) as _
    };
    let account = Arc::new(Account::new(reach(&sim), super::token_grant(&sim, &SCOPES), Box::new(keep)));
    sim.expire_tokens();
    let calendar = Google::new(account, "primary").expect("an id");
    for _ in 0..5 {
        calendar.events(berlin("08:00", "18:00")).await.expect("storing is not the caller's trouble");
    }
    assert_eq!(*offered.lock().expect("no panic"), 3);
}

#[tokio::test]
async fn a_revoked_grant_is_said_with_what_to_do() {
    let bench = Bench::new().await;
    bench.sim.revoke_grants();
    let Err(Trouble::Revoked(why)) = bench.primary().busy(berlin("08:00", "18:00"), None).await else {
        panic!("it is revoked")
    };
    assert!(why.contains("invalid_grant") && why.contains("Connect the calendar again"), "{why}");
    assert!(why.contains("7 days") && why.contains("Testing"), "{why}");
    let Err(Trouble::Revoked(_)) = bench.primary().put(&super::haircut()).await else {
        panic!("nothing was written, for certain")
    };
}

#[tokio::test]
async fn a_client_that_google_no_longer_knows_is_said() {
    let sim = sim::google::Google::listen(World::default()).await.expect("a port");
    let mut file = token_file(&sim, &SCOPES);
    file["client_secret"] = "another".into();
    file["expiry"] = "2020-01-01T00:00:00Z".into();
    let grant = granted(Upload::read(file.to_string().as_bytes(), None).expect("a token"));
    let reach = reach(&sim);
    let bench = Bench::of(sim, reach, grant);
    let Err(Trouble::Revoked(why)) = bench.primary().busy(berlin("08:00", "18:00"), None).await else {
        panic!("the secret is wrong")
    };
    assert!(why.contains("credentials.json") && !why.contains("another"), "{why}");
}

#[tokio::test]
async fn a_sign_in_that_is_out_of_order_is_tried_again_and_revokes_nothing() {
    let bench = Bench::new().await;
    for fault in [
        Fault::Error(503, "backendError".into()),
        Fault::Html(502),
        Fault::Html(400),
        Fault::DropBefore,
        Fault::HalfBody,
        Fault::Nonsense("{\"access_token\":7}".into()),
        Fault::Nonsense("<html>".into()),
    ] {
        bench.sim.expire_tokens();
        bench.sim.fail(Method::Token, 1, fault.clone());
        bench
            .primary()
            .events(berlin("08:00", "18:00"))
            .await
            .unwrap_or_else(|why| panic!("{fault:?}: {why}"));
        bench.sim.expire_tokens();
        bench.sim.fail(Method::Token, 9, fault.clone());
        let trouble = bench.primary().events(berlin("08:00", "18:00")).await.expect_err("all tries");
        assert!(matches!(trouble, Trouble::Unreachable(_)), "{fault:?}: {trouble:?}");
        bench.sim.heal();
    }
    bench.no_mistakes();
}
