//! Becoming a user, coming in, and coming back in.

use super::rig::{Browser, PASSWORD, Page};
use axum::http::{Method, StatusCode};
use server::{clock, guard::token, jobs, pages::welcome};
use sim::smtp::{self, Smtp};
use std::time::Duration;
use store::{NewSession, Role};

const ANNA: &str = "anna@example.org";

fn login<'a>(email: &'a str, password: &'a str) -> [(&'static str, &'a str); 2] {
    [("email", email), ("password", password)]
}

/// The first address on a page, or in a letter, that begins so.
fn link(text: &str, begins: &str) -> String {
    let at = text.find(begins).unwrap_or_else(|| panic!("no {begins} in {text}"));
    let end = text[at..].find(|letter: char| !(letter.is_ascii_alphanumeric() || "/-_.".contains(letter)));
    text[at..end.map_or(text.len(), |end| at + end)].to_owned()
}

fn is_refused(page: &Page) -> bool {
    page.status == StatusCode::UNPROCESSABLE_ENTITY && page.header("set-cookie").is_empty()
}

#[tokio::test]
async fn the_first_owner_gives_name_address_and_password_and_comes_back_with_them() {
    let mut browser = Browser::new(&[]).await;
    let welcome =
        format!("/welcome/{}", welcome::make_link(&browser.store, clock::now_ms()).await.expect("a link"));
    assert!(browser.get("/").await.text.contains("no owner yet"));
    let given = |password, again| {
        [("name", "Anna <Lee>"), ("email", "Anna@Example.org"), ("password", password), ("again", again)]
    };
    let weak = browser.submit(&welcome, &given("password123", "password123")).await;
    assert!(is_refused(&weak) && weak.text.contains("tried first") && weak.text.contains("aria-invalid"));
    assert!(weak.text.contains("Anna &#60;Lee&#62;") && !weak.text.contains("password123"), "{}", weak.text);
    let other = browser.submit(&welcome, &given(PASSWORD, "correct horse batterx")).await;
    assert!(is_refused(&other) && other.text.contains("not the same"));
    assert_eq!(browser.submit(&welcome, &given(PASSWORD, PASSWORD)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/calls").await.status, StatusCode::OK);
    let owner = browser.store.owner().await.expect("looked").expect("an owner");
    assert_eq!((owner.email.as_deref(), owner.name.as_str()), (Some(ANNA), "Anna <Lee>"));
    browser.post("/logout").await;
    let calls = browser.get("/calls?before=7").await;
    assert_eq!(calls.header("location"), "/login?next=%2Fcalls%3Fbefore%3D7");
    let page = browser.get(calls.header("location")).await;
    assert!(page.text.contains("value=\"/calls?before=7\""));
    let fields = [("email", " ANNA@example.org "), ("password", PASSWORD), ("next", "/calls?before=7")];
    let entered = browser.submit("/login", &fields).await;
    assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/calls?before=7"));
    assert_eq!(
        browser.get("/login?next=/messages").await.header("location"),
        "/messages",
        "one is in already"
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike_and_cost_the_same() {
    let browser = Browser::owner(&[]).await;
    browser.with_user(ANNA, Role::Member).await;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..7 {
        let mut texts = Vec::new();
        for (n, email) in [ANNA, "nora@example.org"].into_iter().enumerate() {
            let began = clock::now();
            let page = browser.other().submit("/login", &login(email, "correct horse batterx")).await;
            times[n].push(clock::now().duration_since(began));
            assert!(is_refused(&page));
            texts.push(page.text.replace(email, "…"));
        }
        assert_eq!(texts[0], texts[1]);
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    let (known, unknown) = (median(&mut times[0]), median(&mut times[1]));
    assert!(unknown > known / 4.0 && unknown < known * 4.0, "{known} s and {unknown} s");
}

#[tokio::test]
async fn who_tries_too_often_waits_and_is_told_how_long() {
    let browser = Browser::owner(&[]).await;
    browser.with_user(ANNA, Role::Member).await;
    for _ in 0..10 {
        assert!(is_refused(&browser.other().submit("/login", &login(ANNA, "wrong")).await));
    }
    let page = browser.other().submit("/login", &login(ANNA, PASSWORD)).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "though it is the right one");
    assert!(page.text.contains("Wait ") && page.text.contains(" seconds"));
    let wait: u64 = page.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait));
    let other = browser.other().submit("/login", &login("ben@example.org", "wrong")).await;
    assert!(is_refused(&other), "others may");
}

#[tokio::test]
async fn a_session_that_was_planted_before_the_login_is_worth_nothing_after_it() {
    let browser = Browser::owner(&[]).await;
    browser.with_user(ANNA, Role::Member).await;
    let planted = "A".repeat(43);
    let mut victim = browser.other();
    victim.cookie = Some(format!("earpiece={planted}"));
    assert_eq!(victim.submit("/login", &login(ANNA, PASSWORD)).await.status, StatusCode::SEE_OTHER);
    assert!(!victim.cookie.as_deref().expect("a session").contains(&planted));
    let mut attacker = browser.other();
    attacker.cookie = Some(format!("earpiece={planted}"));
    assert_eq!(attacker.get("/calls").await.status, StatusCode::SEE_OTHER);
    let before = victim.clone();
    victim.submit("/login", &login(ANNA, PASSWORD)).await;
    assert_eq!(
        before.clone().get("/calls").await.status,
        StatusCode::SEE_OTHER,
        "each login ends the session before it"
    );
    assert_eq!(victim.get("/calls").await.status, StatusCode::OK);
}

#[tokio::test]
async fn one_goes_on_to_pages_of_this_house_alone() {
    let browser = Browser::owner(&[]).await;
    browser.with_user(ANNA, Role::Member).await;
    for next in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/login"]
    {
        let fields = [("email", ANNA), ("password", PASSWORD), ("next", next)];
        let entered = browser.other().submit("/login", &fields).await;
        assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/"), "{next}");
    }
}

#[tokio::test]
async fn scripts_are_refused_or_led_to_the_login_where_pages_are_redirected() {
    let mut browser = Browser::new(&[]).await;
    let fetched = browser.send(Method::GET, "/calls", &[("sec-fetch-mode", "cors")]).await;
    assert_eq!(fetched.status, StatusCode::UNAUTHORIZED);
    let headers = [("hx-request", "true"), ("hx-current-url", "http://127.0.0.1:5050/calls?q=1")];
    let htmx = browser.send(Method::GET, "/calls", &headers).await;
    assert_eq!(
        (htmx.status, htmx.header("hx-redirect")),
        (StatusCode::UNAUTHORIZED, "/login?next=%2Fcalls%3Fq%3D1")
    );
    let json = browser.send(Method::GET, "/phone/twilio", &[]).await;
    assert_eq!((json.status, json.header("content-type")), (StatusCode::UNAUTHORIZED, "application/json"));
}

#[tokio::test]
async fn nobody_becomes_a_user_unless_the_owner_says_so() {
    let fields = [("email", ANNA), ("name", "Anna"), ("password", PASSWORD), ("again", PASSWORD)];
    for (setting, status) in [
        ("closed", StatusCode::FORBIDDEN),
        ("invited", StatusCode::FORBIDDEN),
        ("open", StatusCode::SEE_OTHER),
    ] {
        let owner = Browser::owner(&[("REGISTRATION", setting)]).await;
        assert_eq!(owner.other().submit("/register", &fields).await.status, status, "{setting}");
        assert_eq!(owner.other().get("/login").await.text.contains("/register"), setting == "open");
        let users = owner.store.users().await.expect("read");
        assert_eq!(users.len(), if setting == "open" { 2 } else { 1 });
        assert!(users.iter().skip(1).all(|user| user.role == "member"));
        let again = owner.other().submit("/register", &fields).await;
        assert!(again.header("set-cookie").is_empty(), "an address is one user's");
    }
}

#[tokio::test]
async fn an_invitation_makes_one_user_of_the_role_and_address_that_it_was_for() {
    let mut owner = Browser::owner(&[]).await;
    let bad = owner.submit("/users/invite", &[("email", "no address"), ("role", "member")]).await;
    assert!(is_refused(&bad) && bad.text.contains("value=\"no address\""));
    let page = owner.submit("/users/invite", &[("email", "Ben@example.org"), ("role", "member")]).await;
    assert!(
        page.text.contains("ben@example.org") && page.text.contains("Hand over this link"),
        "no mail can be sent"
    );
    let path = link(&page.text, "/register/");
    assert!(!owner.get("/users").await.text.contains(&path), "it is shown once");
    let mut ben = owner.other();
    assert!(ben.get(&path).await.text.contains("Owner invites you"));
    let fields = |password| {
        [("email", "mallory@example.org"), ("name", "Ben"), ("password", password), ("again", password)]
    };
    assert!(is_refused(&ben.submit(&path, &fields("short")).await), "which uses up nothing");
    assert_eq!(ben.submit(&path, &fields(PASSWORD)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(ben.get("/calls").await.status, StatusCode::OK);
    assert_eq!(ben.get("/users").await.status, StatusCode::FORBIDDEN, "a member is no owner");
    let user = ben.store.user_by_email("ben@example.org").await.expect("read").expect("a user");
    assert_eq!((user.name.as_str(), user.role.as_str()), ("Ben", "member"));
    assert_eq!(ben.store.user_by_email("mallory@example.org").await.expect("read"), None);
    assert_eq!(
        owner.other().submit(&path, &fields(PASSWORD)).await.status,
        StatusCode::FORBIDDEN,
        "it works once"
    );
    let page = owner.submit("/users/invite", &[("email", ""), ("role", "owner")]).await;
    let path = link(&page.text, "/register/");
    let id = owner.store.invites(clock::now_ms()).await.expect("read").remove(0).id;
    assert_eq!(owner.post(&format!("/users/invitations/{id}/withdraw")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(owner.other().get(&path).await.status, StatusCode::FORBIDDEN, "it was withdrawn");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_mail_and_nobody_learns_whose_addresses_are_known() {
    let smtp = Smtp::listen(smtp::House::default()).await.expect("loopback");
    let port = smtp.address().port().to_string();
    let owner = Browser::owner(&[
        ("SMTP_HOST", "127.0.0.1"),
        ("SMTP_PORT", &port),
        ("EMAIL_FROM", "office@example.com"),
        ("PUBLIC_URL", "https://voice.example.com"),
        ("REGISTRATION", "open"),
    ])
    .await;
    let mut anna = owner.with_user(ANNA, Role::Member).await;
    let mut running = tokio::task::JoinSet::new();
    running.spawn(jobs::run(owner.app.clone()));
    let mut answers = Vec::new();
    for email in ["nora@example.org", ANNA] {
        let page = owner.other().submit("/forgot", &[("email", email)]).await;
        assert_eq!(page.status, StatusCode::OK);
        answers.push(page.text.replace(email, "…"));
    }
    assert_eq!(answers[0], answers[1]);
    let letters = tokio::time::timeout(Duration::from_secs(90), smtp.taken(1)).await.expect("it is sent");
    assert_eq!(letters[0].to, [ANNA]);
    let path = link(&String::from_utf8_lossy(&letters[0].raw).replace("=\r\n", ""), "/reset/");
    let secret = path.trim_start_matches("/reset/");
    assert!(owner.store.reset(&token::hash(secret), clock::now_ms()).await.expect("looked").is_some());
    let new = "a new one, and long";
    let mut browser = owner.other();
    assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    assert!(
        is_refused(&browser.submit(&path, &[("password", new), ("again", "x")]).await),
        "which uses up nothing"
    );
    assert_eq!(browser.submit(&path, &[("password", new), ("again", new)]).await.status, StatusCode::OK);
    assert_eq!(anna.get("/calls").await.status, StatusCode::SEE_OTHER, "all sessions are over");
    assert_eq!(
        browser.submit(&path, &[("password", new), ("again", new)]).await.status,
        StatusCode::FORBIDDEN
    );
    assert!(is_refused(&browser.submit("/login", &login(ANNA, PASSWORD)).await));
    assert_eq!(browser.submit("/login", &login(ANNA, new)).await.status, StatusCode::SEE_OTHER);

    let page = owner.other().submit("/register", &[("email", "carl@example.org")]).await;
    assert_eq!((page.status, page.header("set-cookie")), (StatusCode::OK, ""));
    let letters = tokio::time::timeout(Duration::from_secs(90), smtp.taken(2)).await.expect("it is sent");
    let path = link(&String::from_utf8_lossy(&letters[1].raw).replace("=\r\n", ""), "/register/");
    let fields = [("name", "Carl"), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(owner.other().submit(&path, &fields).await.status, StatusCode::SEE_OTHER);
    assert!(owner.store.user_by_email("carl@example.org").await.expect("read").is_some());
    let known = owner.other().submit("/register", &[("email", ANNA)]).await;
    assert_eq!(known.text.replace(ANNA, "carl@example.org"), page.text);
    let letters = tokio::time::timeout(Duration::from_secs(90), smtp.taken(3)).await.expect("it is sent");
    assert!(String::from_utf8_lossy(&letters[2].raw).contains("You have an account"));
    assert_eq!(smtp.mistakes(), Vec::<String>::new());
    owner.app.draining.cancel();
    running.join_all().await;
}

#[tokio::test]
async fn a_link_for_a_new_password_is_good_for_its_time_and_no_longer() {
    let owner = Browser::owner(&[]).await;
    let user = owner.store.owner().await.expect("read").expect("an owner");
    let now_ms = clock::now_ms();
    for (secret, expires_ms, status) in
        [("fresh", now_ms + 60_000, StatusCode::OK), ("old", now_ms, StatusCode::FORBIDDEN)]
    {
        owner.store.reset_made(&token::hash(secret), &user.id, now_ms - 1, expires_ms).await.expect("made");
        assert_eq!(owner.other().get(&format!("/reset/{secret}")).await.status, status, "{secret}");
    }
    assert_eq!(owner.other().get("/reset/made-up").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_link_of_the_program_lets_in_whoever_lost_password_and_second_factor() {
    let owner = Browser::owner(&[]).await;
    let ben = owner.with_user("ben@example.org", Role::Member).await;
    let user = owner.store.user_by_email("ben@example.org").await.expect("read").expect("a user");
    let secret = welcome::link_for(&owner.store, Some(&user.id), clock::now_ms()).await.expect("a link");
    let mut browser = owner.other();
    assert!(browser.get(&format!("/welcome/{secret}")).await.text.contains("as ben"));
    let fields = [("password", "another long one"), ("again", "another long one"), ("no_factor", "1")];
    assert_eq!(browser.submit(&format!("/welcome/{secret}"), &fields).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/profile").await.text.contains("ben@example.org"));
    assert_eq!(ben.clone().get("/calls").await.status, StatusCode::SEE_OTHER, "other sessions are over");
    assert_eq!(browser.get("/users").await.status, StatusCode::FORBIDDEN, "the link made no owner of them");
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_and_cannot_come_back() {
    let mut owner = Browser::owner(&[]).await;
    let mut ben = owner.with_user("ben@example.org", Role::Member).await;
    let id = owner.store.user_by_email("ben@example.org").await.expect("read").expect("a user").id;
    assert_eq!(owner.post(&format!("/users/{id}/disable")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(ben.get("/calls").await.status, StatusCode::SEE_OTHER);
    assert!(is_refused(&ben.submit("/login", &login("ben@example.org", PASSWORD)).await));
    let link = welcome::link_for(&owner.store, Some(&id), clock::now_ms()).await.expect("a link");
    assert_eq!(ben.post(&format!("/welcome/{link}")).await.status, StatusCode::FORBIDDEN);
    let session = NewSession {
        hash: &token::hash(&"B".repeat(43)),
        user_id: &id,
        from: "",
        agent: "",
        now_ms: clock::now_ms(),
        idle_ms: 60_000,
        absolute_ms: 60_000,
    };
    owner.store.session_made(&session).await.expect("made");
    ben.cookie = Some(format!("earpiece={}", "B".repeat(43)));
    assert_eq!(
        ben.get("/calls").await.status,
        StatusCode::SEE_OTHER,
        "not even by a session that was made meanwhile"
    );
    owner.post(&format!("/users/{id}/enable")).await;
    ben.cookie = None;
    assert_eq!(ben.submit("/login", &login("ben@example.org", PASSWORD)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_first_owner_stays_while_the_installations_house_is_theirs() {
    let first = Browser::owner(&[]).await;
    let mut second = first.with_user("ben@example.org", Role::Owner).await;
    let owner = first.store.owner().await.expect("read").expect("an owner");
    assert_eq!(first.clone().get("/dashboard").await.status, StatusCode::OK, "they have come in");
    let page = second.get("/users").await.text;
    assert!(page.contains("To hand it on") && !page.contains(&format!("/users/{}/remove", owner.id)));
    for (what, fields) in [("role", &[("role", "member")][..]), ("disable", &[]), ("remove", &[])] {
        let refused = second.submit(&format!("/users/{}/{what}", owner.id), fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
        assert!(refused.text.contains("make a login link for this user"), "{what}: {}", refused.text);
    }
    assert_eq!(first.store.user(&owner.id).await.expect("read"), Some(owner.clone()));
    let link = second.post(&format!("/users/{}/link", owner.id)).await;
    assert_eq!(link.status, StatusCode::OK, "which is what they are told to do: {}", link.text);
    let ben = first.store.user_by_email("ben@example.org").await.expect("read").expect("a user");
    assert_eq!(second.clone().post(&format!("/users/{}/remove", ben.id)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn owners_read_that_a_member_changed_something_and_not_what() {
    let mut owner = Browser::owner(&[]).await;
    let mut ben = owner.with_user("ben@example.org", Role::Member).await;
    for browser in [&mut owner, &mut ben] {
        let made = browser.submit("/programs", &[("name", "Zanzibar"), ("may", "read")]).await;
        assert_eq!(made.status, StatusCode::OK);
    }
    assert_eq!(ben.get("/audit").await.status, StatusCode::FORBIDDEN);
    let log = owner.get("/audit").await.text;
    assert_eq!(log.matches("made a token").count(), 2, "{log}");
    assert_eq!(log.matches("Zanzibar").count(), 1, "{log}");
}

#[tokio::test]
async fn owners_do_not_read_what_was_changed_in_the_first_owners_house_either() {
    let mut owner = Browser::owner(&[]).await;
    let made = owner.submit("/programs", &[("name", "Zanzibar"), ("may", "read")]).await;
    assert_eq!(made.status, StatusCode::OK);
    owner.submit("/users/invite", &[("email", "carl@example.org"), ("role", "member")]).await;
    let mut eve = owner.with_user("eve@example.org", Role::Owner).await;
    for (browser, told) in [(&mut owner, true), (&mut eve, false)] {
        let log = browser.get("/audit").await.text;
        assert!(log.contains("made a token") && log.contains("carl@example.org"), "{log}");
        assert_eq!(log.contains("Zanzibar"), told, "{log}");
    }
}
