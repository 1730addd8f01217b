//! The owner's consent: found out, given, renewed, and refused where it would go elsewhere.

use crate::rig::{Hosted, Kept, LONG, reach, settings, web};
use serde_json::json;
use std::sync::{Arc, Mutex};
use tool::mcp::{
    Form, Listing, Server, State,
    oauth::{self, Grant, Wallet},
};

const BACK: &str = "http://127.0.0.1:5050/servers/callback";

/// A server that wants a login, ours that is to use it, and what was kept.
async fn guarded(way: &str) -> (Hosted, Kept, Arc<Wallet>, Arc<Mutex<Vec<Grant>>>) {
    let hosted = Hosted::printing(&["fixtures/mcp/oauth.py", way]).await;
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = {
        let kept = kept.clone();
        move |grant: Grant| -> futures_util::future::BoxFuture<'static, Result<(), String>> {
            kept.lock().expect("nobody panicked").push(grant);
            Box::pin(async { Ok(()) })
        }
    };
    let reach = reach();
    let wallet = Arc::new(Wallet::new(reach.http.clone(), reach.now_ms.clone(), Box::new(keep), None));
    let set = settings("tasks", web(&hosted.at("/mcp"), Form::Streamable));
    let server = Kept::with(Server::new(set, reach, Some(wallet.clone()), Listing::default()));
    server.until(|known| known.status.state == State::SignIn).await;
    (hosted, server, wallet, kept)
}

/// The owner goes and comes back.
async fn consents(hosted: &Hosted, wallet: &Wallet) -> Result<(), oauth::Unusable> {
    let http = reach().http;
    let issuer = oauth::discover(&http, &hosted.at("/mcp"), &wallet.challenge()).await?;
    let started = oauth::start(&http, issuer, None, BACK, &[7; 64]).await?;
    let there =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let sent = there.get(&started.url).send().await.expect("it answers");
    let back = sent.headers()["location"].to_str().expect("an address").to_owned();
    let query = back.strip_prefix(BACK).and_then(|rest| rest.strip_prefix('?')).expect("it comes back here");
    assert!(oauth::returned(&started.asked, &query.replace("state=", "state=x")).is_err());
    assert!(oauth::returned(&started.asked, &query.replace("iss=", "iss=x")).is_err());
    assert!(oauth::returned(&started.asked, "error=access_denied").is_err());
    let code = oauth::returned(&started.asked, query)?;
    wallet.put(oauth::finish(&http, &started.asked, &code, 0).await?).await.map_err(oauth::Unusable)
}

#[tokio::test]
async fn a_server_is_used_once_the_owner_has_consented() {
    let (hosted, kept, wallet, grants) = guarded("good").await;
    assert!(!kept.server.known().borrow().status.why.is_empty());
    consents(&hosted, &wallet).await.expect("it comes about");
    kept.server.connect_again();
    kept.good().await;
    let answer = kept.call("tasks_whoami", json!({})).await;
    assert_eq!((answer.ok, answer.say.as_str()), (true, "the owner"), "{answer:?}");
    assert_eq!(grants.lock().expect("nobody panicked").len(), 1);
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_once_and_kept_before_it_is_used() {
    let (hosted, kept, wallet, grants) = guarded("short").await;
    consents(&hosted, &wallet).await.expect("it comes about");
    kept.server.connect_again();
    kept.good().await;
    let calls = (0..4).map(|_| kept.call("tasks_whoami", json!({})));
    let answers = tokio::time::timeout(LONG, futures_util::future::join_all(calls)).await.expect("answered");
    assert!(answers.iter().all(|answer| answer.ok), "{answers:?}");
    assert!(grants.lock().expect("nobody panicked").len() >= 2);
}

#[tokio::test]
async fn nobody_is_asked_elsewhere_who_a_server_is() {
    for (way, why) in [
        ("elsewhere", "ask elsewhere"),
        ("other", "says that it is another"),
        ("false", "somebody else"),
        ("moved", ""),
    ] {
        let (hosted, _kept, wallet, grants) = guarded(way).await;
        let refused = oauth::discover(&reach().http, &hosted.at("/mcp"), &wallet.challenge()).await;
        match (way, refused) {
            // Who sends us away has published nothing: the server itself is asked, as of old.
            ("moved", found) => assert!(found.is_ok_and(|issuer| issuer.issuer.starts_with(&hosted.at("")))),
            (_, refused) => {
                let refused = refused.expect_err(way);
                assert!(refused.0.contains(why), "{way}: {refused}");
            }
        }
        assert!(grants.lock().expect("nobody panicked").is_empty());
    }
}
