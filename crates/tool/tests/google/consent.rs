//! The web flow, and service accounts.

use super::{Bench, granted, haircut, reach};
use sim::google::{Consent, World};
use std::{collections::BTreeSet, sync::Arc};
use tool::calendar::{
    google::{
        Account, Client, ClientKind, Google, ROBOT_SCOPE, SCOPES, Secret, Started, Upload, finish, returned,
        start,
    },
    remote::{Calendar, Trouble},
};

const REDIRECT: &str = "https://assist.example/api/settings/google-auth/callback";

fn client() -> Client {
    let sim::google::Client { id, secret, redirects } = sim::google::Client::default();
    Client {
        id,
        secret: Secret::new(secret),
        kind: ClientKind::Web,
        redirects: redirects.into_iter().collect(),
    }
}

fn random() -> [u8; 64] {
    std::array::from_fn(|i| u8::try_from(i * 3 % 251).expect("small"))
}

async fn listen() -> sim::google::Google {
    sim::google::Google::listen(World::default()).await.expect("a port")
}

/// What a page awaits may be awaited by any thread of the server.
fn sendable<T: Send>(future: T) -> T {
    future
}

/// The query with which the owner's browser comes back.
async fn browse(started: &Started) -> String {
    let browser = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a browser");
    let page = browser.get(&started.url).send().await.expect("a page");
    let to = page.headers().get("location").expect("the way back").to_str().expect("text");
    to.strip_prefix(REDIRECT).expect("to us").to_owned()
}

#[tokio::test]
async fn an_owner_who_consents_is_connected() {
    let sim = listen().await;
    sim.change_habits(|habits| habits.expiry_in_words = true);
    let reach = reach(&sim);
    let started = start(&reach, &client(), REDIRECT, &SCOPES, &random()).expect("a flow");
    let query = browse(&started).await;
    let code = returned(&query, &started.state).expect("a code");
    let grant =
        sendable(finish(&reach, &client(), REDIRECT, &code, &started.verifier)).await.expect("a grant");
    assert_eq!(grant.lacks(), Vec::<String>::new());
    let bench = Bench::of(sim, reach.clone(), grant);
    let calendars = sendable(bench.account.calendars()).await.expect("a list");
    sendable(bench.primary().changes(None)).await.expect("everything");
    assert_eq!(calendars.len(), 1);
    assert!(calendars[0].primary && calendars[0].role.may_write());
    assert_eq!(
        (calendars[0].id.as_str(), calendars[0].zone.as_str()),
        ("owner@example.com", "Europe/Berlin")
    );
    bench.no_mistakes();
    let again =
        finish(&reach, &client(), REDIRECT, &code, &started.verifier).await.expect_err("the code is spent");
    assert!(again.0.contains("Begin again"), "{again}");
}

#[tokio::test]
async fn what_the_owner_did_not_tick_is_said() {
    let sim = listen().await;
    let reach = reach(&sim);
    sim.consent(Consent::Only(BTreeSet::from([SCOPES[1].to_owned(), SCOPES[2].to_owned()])));
    let started = start(&reach, &client(), REDIRECT, &SCOPES, &random()).expect("a flow");
    let code = returned(&browse(&started).await, &started.state).expect("a code");
    let why = finish(&reach, &client(), REDIRECT, &code, &started.verifier).await.expect_err("may not write");
    assert!(why.0.contains("View and edit events"), "{why}");
    assert!(!why.0.contains("when you are busy"), "{why}");
}

#[tokio::test]
async fn without_the_list_the_main_calendar_can_be_chosen() {
    let sim = listen().await;
    let reach = reach(&sim);
    sim.consent(Consent::Only(BTreeSet::from([SCOPES[0].to_owned(), SCOPES[1].to_owned()])));
    let started = start(&reach, &client(), REDIRECT, &SCOPES, &random()).expect("a flow");
    let code = returned(&browse(&started).await, &started.state).expect("a code");
    let grant = finish(&reach, &client(), REDIRECT, &code, &started.verifier).await.expect("a grant");
    assert_eq!(grant.lacks().len(), 1);
    let bench = Bench::of(sim, reach, grant);
    let calendars = bench.account.calendars().await.expect("the main one");
    assert_eq!(calendars.iter().map(|calendar| calendar.id.as_str()).collect::<Vec<_>>(), ["primary"]);
    bench.no_mistakes();
}

#[tokio::test]
async fn an_owner_who_says_no_is_told_so() {
    let sim = listen().await;
    let reach = reach(&sim);
    sim.consent(Consent::Deny);
    let started = start(&reach, &client(), REDIRECT, &SCOPES, &random()).expect("a flow");
    let why = returned(&browse(&started).await, &started.state).expect_err("denied");
    assert!(why.0.contains("did not allow"), "{why}");
}

#[test]
fn an_answer_to_another_flow_is_refused() {
    let state = Secret::new("the-state-of-this-session");
    for query in [
        "",
        "?code=c",
        "?code=c&state=",
        "?code=c&state=another",
        "?code=c&state=the-state-of-this-session&state=another",
        "?error=access_denied&state=another",
    ] {
        let why = returned(query, &state).expect_err(query);
        assert!(why.0.contains("Begin again"), "{query}: {why}");
    }
    assert!(returned("?code=c&state=", &Secret::new("")).is_err());
    let code = returned("code=4%2F0AX4&state=the-state-of-this-session&authuser=0", &state).expect("a code");
    assert_eq!(code.expose(), "4/0AX4", "decoded once");
    let why = returned("?state=the-state-of-this-session&error=<script>", &state).expect_err("an error");
    assert!(!why.0.contains('<'), "{why}");
}

#[tokio::test]
async fn an_address_that_google_would_not_return_to_is_refused_before_anybody_is_sent() {
    let sim = listen().await;
    let reach = reach(&sim);
    let desktop =
        Client { kind: ClientKind::Installed, redirects: vec!["http://localhost".into()], ..client() };
    let refused = |client: &Client, redirect: &str, says: &str| {
        let why = start(&reach, client, redirect, &SCOPES, &random()).expect_err(redirect);
        assert!(why.0.contains(says), "{redirect}: {why}");
    };
    refused(&client(), "http://assist.example/callback", "https");
    refused(&client(), "https://assist.example/other", "Authorised redirect URIs");
    refused(&client(), "nonsense", "address to come back to");
    refused(&desktop, "https://assist.example/callback", "Web application");
    assert!(start(&reach, &desktop, "http://127.0.0.1:5050/callback", &SCOPES, &random()).is_ok());
}

#[tokio::test]
async fn a_service_account_signs_for_itself() {
    let sim = listen().await;
    let email = "bot@p.iam.gserviceaccount.com";
    let file = sim.service_account(email).to_string();
    let upload = Upload::read(file.as_bytes(), None).expect("a key");
    assert!(upload.describe().contains(email), "{}", upload.describe());
    let grant = granted(upload);
    assert!(grant.is_robot() && !grant.may_invite());
    sim.share("owner@example.com", email, sim::google::Role::Writer);
    let reach = reach(&sim);
    let bench = Bench::of(sim, reach, grant);
    let shared = bench.calendar("owner@example.com");
    let mut event = haircut();
    event.attendees = vec!["anna@example.com".into()];
    shared.put(&event).await.expect("written, though it may invite nobody");
    assert!(bench.only()["attendees"].is_null());
    assert!(!shared.test().await.expect("a report").invites);
    bench.sim.pass(std::time::Duration::from_secs(4_000));
    shared.busy(event.span, None).await.expect("signed again");
    bench.no_mistakes();
}

#[tokio::test]
async fn a_service_account_acts_for_a_person_only_where_that_is_allowed() {
    let sim = listen().await;
    let reach = reach(&sim);
    let email = "bot@p.iam.gserviceaccount.com";
    let file = sim.service_account(email).to_string();
    let grant = granted(Upload::read(file.as_bytes(), None).expect("a key"));
    assert!(grant.clone().acting_for("nobody").is_err());
    let grant = grant.acting_for("owner@example.com").expect("a person");
    assert!(grant.may_invite());
    let bench = Bench::of(sim, reach, grant);
    let Err(Trouble::Revoked(why)) = bench.primary().events(haircut().span).await else {
        panic!("not allowed")
    };
    assert!(why.contains(ROBOT_SCOPE), "{why}");
    bench.sim.delegate(email, &[ROBOT_SCOPE]);
    let mut event = haircut();
    event.attendees = vec!["anna@example.com".into(), "Bob without an address".into()];
    bench.primary().put(&event).await.expect("written");
    assert_eq!(bench.only()["attendees"][0]["email"], "anna@example.com");
    assert_eq!(bench.only()["attendees"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_grant_given_back_works_no_more() {
    let bench = Bench::new().await;
    bench.account.revoke().await.expect("given back");
    bench.account.revoke().await.expect("twice is once");
    let Err(Trouble::Revoked(_)) = bench.primary().events(haircut().span).await else { panic!("it is gone") };
    let other: Arc<Account> = bench.account.clone();
    other.replace(super::token_grant(&bench.sim, &SCOPES)).await;
    Google::new(other, "primary").expect("an id").test().await.expect("connected again");
    bench.no_mistakes();
}

#[tokio::test]
async fn a_grant_of_unknown_rights_that_may_not_list_gives_the_main_calendar() {
    let sim = listen().await;
    let reach = reach(&sim);
    let mut file = super::token_file(&sim, &SCOPES[..2]);
    file["scopes"] = serde_json::Value::Null;
    let grant = granted(Upload::read(file.to_string().as_bytes(), None).expect("a token"));
    let bench = Bench::of(sim, reach, grant);
    let calendars = bench.account.calendars().await.expect("the main one");
    assert_eq!(calendars.len(), 1);
    assert!(calendars[0].primary && calendars[0].role.may_write());
    bench.sim.revoke_grants();
    assert!(matches!(bench.account.calendars().await, Err(Trouble::Revoked(_))));
}
