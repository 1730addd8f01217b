//! Consent, tokens, scopes and service accounts.

use super::*;
use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use sim::google::Consent;

const VERIFIER: &str = "0123456789-0123456789.0123456789_0123456789~0123";

/// What an authorisation request says, and may say otherwise.
fn authorisation(google: &Google, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let brief = World::default().client;
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()));
    let scope = format!("{EVENTS} {FREEBUSY}");
    google.register("http://127.0.0.1:5050/callback");
    let mut fields = vec![
        ("response_type", "code"),
        ("client_id", brief.id.as_str()),
        ("redirect_uri", "http://127.0.0.1:5050/callback"),
        ("scope", scope.as_str()),
        ("state", "a state that nobody guesses"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("access_type", "offline"),
        ("prompt", "consent"),
    ];
    for (name, value) in changes {
        fields.retain(|(n, _)| n != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn page(google: &Google, changes: &[(&str, &str)]) -> Response {
    let query = http::write_form(&authorisation(google, changes));
    let target = format!("/o/oauth2/v2/auth?{query}");
    let request = Request { method: "GET".into(), target, ..Request::default() };
    http::ask(google.address(), &request, PATIENCE).await.expect("an answer")
}

/// What the browser brings back.
async fn back(google: &Google, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let page = page(google, changes).await;
    assert_eq!(page.status, 302);
    let to = page.header("location").expect("a redirect");
    let query = to.strip_prefix("http://127.0.0.1:5050/callback?").expect("to our address");
    http::read_form(query).expect("a query")
}

fn get<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

async fn post(
    google: &Google,
    path: &str,
    headers: &[(&str, &str)],
    fields: &[(&str, &str)],
) -> (u16, Value) {
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut all = vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
    all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let body = http::write_form(&fields).into_bytes();
    let request = Request { method: "POST".into(), target: path.into(), headers: all, body };
    let answer = http::ask(google.address(), &request, PATIENCE).await.expect("an answer");
    (answer.status, serde_json::from_slice(&answer.body).expect("JSON"))
}

async fn redeem(google: &Google, code: &str, changes: &[(&str, &str)]) -> (u16, Value) {
    let client = World::default().client;
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", "http://127.0.0.1:5050/callback"),
        ("code_verifier", VERIFIER),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
    ];
    for (name, value) in changes {
        fields.retain(|(n, _)| n != name);
        fields.push((name, value));
    }
    post(google, "/token", &[], &fields).await
}

async fn refresh(google: &Google, token: &str) -> (u16, Value) {
    let client = World::default().client;
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", &client.id),
        ("client_secret", &client.secret),
    ];
    post(google, "/token", &[], &fields).await
}

async fn listens(google: &Google, token: &str) -> u16 {
    let client = Client { google: google.clone(), token: token.to_owned() };
    client.send("GET", "calendars/primary/events", &[], None).await.status
}

async fn google() -> Google {
    Google::listen(World::default()).await.expect("a free port")
}

#[tokio::test]
async fn a_consent_gives_tokens_that_work() {
    let google = google().await;
    let fields = back(&google, &[]).await;
    assert_eq!(get(&fields, "state"), Some("a state that nobody guesses"));
    let code = get(&fields, "code").expect("a code");
    assert!(code.contains('/'), "what has to be decoded once");
    let (status, tokens) = redeem(&google, code, &[]).await;
    assert_eq!((status, &tokens["token_type"], &tokens["expires_in"]), (200, &json!("Bearer"), &json!(3599)));
    assert_eq!(tokens["scope"], format!("{EVENTS} {FREEBUSY}"));
    assert!(tokens["refresh_token"].is_string());
    assert_eq!(listens(&google, tokens["access_token"].as_str().expect("a token")).await, 200);
    assert_eq!(redeem(&google, code, &[]).await.1["error"], "invalid_grant", "a code is used once");
    let again = back(&google, &[("prompt", "")]).await;
    let tokens = redeem(&google, get(&again, "code").expect("a code"), &[]).await.1;
    assert!(
        tokens["refresh_token"].is_null(),
        "given at the first consent, or where consent is asked for again"
    );
    assert!(google.mistakes().is_empty());
}

#[tokio::test]
async fn a_wrong_authorisation_request_sends_nobody_anywhere() {
    let google = google().await;
    let wrong = [
        (("client_id", "somebody"), 401),
        (("redirect_uri", "http://127.0.0.1:5050/callback/"), 400),
        (("redirect_uri", "http://evil.example/"), 400),
        (("response_type", "token"), 400),
        (("scope", ""), 400),
        (("scope", "calendar"), 400),
        (("state", ""), 400),
        (("code_challenge", ""), 400),
        (("code_challenge", "short"), 400),
        (("code_challenge_method", "plain"), 400),
        (("access_type", "always"), 400),
        (("prompt", "please"), 400),
        (("nonsense", "x"), 400),
    ];
    for (change, status) in wrong {
        let page = page(&google, &[change]).await;
        assert_eq!((page.status, page.header("location")), (status, None), "{change:?}");
    }
    assert_eq!(google.mistakes().len(), wrong.len());
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_its_verifier_its_client_and_its_address() {
    let google = google().await;
    let cases = [
        (("code_verifier", "x123456789-0123456789.0123456789_0123456789~0123"), 400, "invalid_grant"),
        (("code_verifier", "short"), 400, "invalid_grant"),
        (("redirect_uri", "https://assist.example/other"), 400, "redirect_uri_mismatch"),
        (("client_secret", "wrong"), 401, "invalid_client"),
        (("client_id", "wrong"), 401, "invalid_client"),
        (("code", "4/mine"), 400, "invalid_grant"),
        (("extra", "x"), 400, "invalid_request"),
    ];
    for (change, status, error) in cases {
        let fields = back(&google, &[]).await;
        let answer = redeem(&google, get(&fields, "code").expect("a code"), &[change]).await;
        assert_eq!((answer.0, &answer.1["error"]), (status, &json!(error)), "{change:?}");
    }
    let fields = back(&google, &[]).await;
    google.pass(Duration::from_mins(11));
    assert_eq!(redeem(&google, get(&fields, "code").expect("a code"), &[]).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_client_says_who_it_is_in_one_way() {
    let google = google().await;
    let token = google.grant(&[EVENTS]).refresh.expect("a token");
    let client = World::default().client;
    let plain = BASE64_STANDARD.encode(format!("{}:{}", client.id, client.secret));
    let escaped = http::write_form(&[(String::new(), client.secret.clone())]);
    let escaped = BASE64_STANDARD.encode(format!("{}:{}", client.id, &escaped[1..]));
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    for pair in [plain.as_str(), escaped.as_str()] {
        let header = format!("Basic {pair}");
        assert_eq!(post(&google, "/token", &[("Authorization", &header)], &fields).await.0, 200);
    }
    let header = format!("Basic {plain}");
    let both = [fields[0], fields[1], ("client_id", &client.id), ("client_secret", &client.secret)];
    assert_eq!(
        post(&google, "/token", &[("Authorization", &header)], &both).await.1["error"],
        "invalid_request"
    );
    assert_eq!(post(&google, "/token", &[], &fields).await.1["error"], "invalid_client");
    assert_eq!(
        post(&google, "/token", &[], &[("grant_type", "password")]).await.1["error"],
        "unsupported_grant_type"
    );
}

#[tokio::test]
async fn the_owner_refuses_or_ticks_less() {
    let google = google().await;
    google.consent(Consent::Deny);
    let fields = back(&google, &[]).await;
    assert_eq!((get(&fields, "error"), get(&fields, "code")), (Some("access_denied"), None));
    google.consent(Consent::Only([FREEBUSY.to_owned()].into()));
    let fields = back(&google, &[]).await;
    assert_eq!(get(&fields, "scope"), Some(FREEBUSY));
    let tokens = redeem(&google, get(&fields, "code").expect("a code"), &[]).await.1;
    assert_eq!(tokens["scope"], FREEBUSY);
    assert_eq!(listens(&google, tokens["access_token"].as_str().expect("a token")).await, 403);
    google.consent(Consent::Agree);
    let fields = back(&google, &[("scope", EVENTS), ("include_granted_scopes", "true")]).await;
    assert_eq!(get(&fields, "scope"), Some(format!("{EVENTS} {FREEBUSY}").as_str()));
}

#[tokio::test]
async fn a_token_dies_of_age_and_a_grant_of_revocation() {
    let google = google().await;
    let tokens = google.grant(&[EVENTS]);
    let kept = tokens.refresh.expect("a token");
    assert_eq!(listens(&google, &tokens.access).await, 200);
    google.pass(Duration::from_secs(3599));
    assert_eq!(listens(&google, &tokens.access).await, 401);
    let fresh = refresh(&google, &kept).await.1;
    assert!(fresh["refresh_token"].is_null(), "the old one goes on");
    let fresh = fresh["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(listens(&google, &fresh).await, 200);
    google.expire_tokens();
    assert_eq!(listens(&google, &fresh).await, 401);
    google.change_habits(|habits| (habits.new_refresh_tokens, habits.expiry_in_words) = (true, true));
    let (_, fresh) = refresh(&google, &kept).await;
    assert_eq!(fresh["expires_in"], "3599");
    assert_eq!(refresh(&google, &kept).await.1["error"], "invalid_grant", "it was replaced");
    let kept = fresh["refresh_token"].as_str().expect("a new one");
    google.revoke_grants();
    let (status, error) = refresh(&google, kept).await;
    assert_eq!((status, &error["error"]), (400, &json!("invalid_grant")));
    assert_eq!(error["error_description"], "Token has been expired or revoked.");
    assert_eq!(listens(&google, fresh["access_token"].as_str().expect("a token")).await, 401);
    let tokens = google.grant(&[EVENTS]);
    assert_eq!(post(&google, "/revoke", &[], &[("token", &tokens.access)]).await.0, 200);
    assert_eq!(post(&google, "/revoke", &[], &[("token", &tokens.access)]).await.0, 400);
    assert_eq!(refresh(&google, &tokens.refresh.expect("a token")).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_method_wants_its_own_scope_and_a_token_at_all() {
    let google = google().await;
    let body = json!({"timeMin": "2026-12-01T00:00:00Z", "timeMax": "2026-12-02T00:00:00Z", "items": []});
    let ask = async |token: &str, verb: &str, path: &str| {
        let client = Client { google: google.clone(), token: token.to_owned() };
        client.refused(verb, path, (verb == "POST").then_some(&body)).await.1
    };
    let insufficient = "insufficientPermissions";
    let events = google.grant(&[EVENTS]).access;
    assert_eq!(ask(&events, "POST", "freeBusy").await, insufficient, "events are not free/busy");
    assert_eq!(ask(&events, "GET", "users/me/calendarList").await, insufficient);
    assert_eq!(ask(&events, "GET", "calendars/primary").await, insufficient);
    assert_eq!(ask(&events, "GET", "users/me/settings/timezone").await, insufficient);
    let freebusy = google.grant(&[FREEBUSY]).access;
    assert_eq!(ask(&freebusy, "POST", "freeBusy").await, "");
    assert_eq!(ask(&freebusy, "GET", "calendars/primary/events").await, insufficient);
    let readonly = google.grant(&["https://www.googleapis.com/auth/calendar.readonly"]).access;
    assert_eq!(ask(&readonly, "DELETE", "calendars/primary/events/first").await, insufficient);
    assert_eq!(ask("ya29.mine", "GET", "calendars/primary").await, "authError");
    let request = Request {
        method: "GET".into(),
        target: "/calendar/v3/calendars/primary".into(),
        ..Request::default()
    };
    let answer = http::ask(google.address(), &request, PATIENCE).await.expect("an answer");
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").is_some());
}

#[tokio::test]
async fn what_a_service_account_signs_is_short_lived_and_for_google() {
    let google = google().await;
    let bot = "bot@sim.iam.gserviceaccount.com";
    let file = google.service_account(bot);
    let pem = file["private_key"].as_str().expect("a key");
    let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(der).expect("it is base64")).expect("a key");
    let now = google.now().as_second();
    let ask = async |change: &[(&str, Value)], spoil: bool| {
        let mut claims = json!({
            "iss": bot, "aud": "https://oauth2.googleapis.com/token", "scope": EVENTS, "iat": now, "exp": now + 3600,
        });
        for (name, value) in change {
            claims[*name] = value.clone();
        }
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": file["private_key_id"]});
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("it signs");
        signature[0] ^= u8::from(spoil);
        let assertion = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        post(&google, "/token", &[], &[("grant_type", grant), ("assertion", &assertion)]).await
    };
    let (status, tokens) = ask(&[], false).await;
    assert_eq!((status, &tokens["refresh_token"]), (200, &Value::Null));
    assert_eq!(listens(&google, tokens["access_token"].as_str().expect("a token")).await, 200);
    let own = format!("{}/token", google.url());
    assert_eq!(ask(&[("aud", json!(own))], false).await.0, 200, "the token address of its own file");
    let wrong = [
        ("aud", json!("https://example.com/token")),
        ("exp", json!(now + 3601)),
        ("exp", json!(now - 1000)),
        ("iat", json!(now + 1000)),
        ("iss", json!("nobody@sim.iam.gserviceaccount.com")),
        ("sub", json!("nobody@example.com")),
    ];
    for change in wrong {
        assert_eq!(ask(std::slice::from_ref(&change), false).await.1["error"], "invalid_grant", "{change:?}");
    }
    assert_eq!(ask(&[], true).await.1["error_description"], "Invalid JWT Signature.");
    assert_eq!(ask(&[("scope", json!(""))], false).await.1["error"], "invalid_scope");
    assert_eq!(ask(&[("sub", json!("owner@example.com"))], false).await.0, 401);
    google.delegate(bot, &[EVENTS]);
    assert_eq!(ask(&[("sub", json!("owner@example.com"))], false).await.0, 200);
}
