//! Who sees what, and what every answer forbids.

use super::rig::{Browser, a_call};
use axum::http::{Method, StatusCode};
use server::{clock, pages::welcome};

#[tokio::test]
async fn a_visitor_sees_nothing_of_the_owners() {
    let mut browser = Browser::new(&[]).await;
    let id = a_call(&browser.store, &[]).await;
    for path in [
        "/calls",
        "/settings",
        "/users/settings",
        &format!("/calls/{id}"),
        "/calls/nothing",
        "/appointments",
        "/calls?before=x",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
        assert!(page.header("location").starts_with("/login?next=%2F"), "{path}");
        assert!(!page.text.contains("+1555"));
    }
    let home = browser.get("/").await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.text.contains("no owner yet") && !home.text.contains("Log out"));
}

#[tokio::test]
async fn a_session_that_was_made_up_is_none() {
    let mut browser = Browser::owner(&[]).await;
    for cookie in ["earpiece=", "earpiece=x", &format!("earpiece={}", "A".repeat(43)), "earpiece"] {
        browser.cookie = Some(cookie.to_owned());
        assert_eq!(browser.get("/calls").await.status, StatusCode::SEE_OTHER, "{cookie}");
    }
}

#[tokio::test]
async fn a_link_is_asked_about_before_it_is_used_up_and_works_once() {
    let mut browser = Browser::new(&[]).await;
    let link =
        format!("/welcome/{}", welcome::make_link(&browser.store, clock::now_ms()).await.expect("a link"));
    for _ in 0..2 {
        let page = browser.get(&link).await;
        assert!(page.status == StatusCode::OK && page.text.contains("Become the owner"));
        assert_eq!(page.header("set-cookie"), "");
    }
    assert!(!browser.store.owner_exists().await.expect("looked"));
    let entered = browser.post(&link).await;
    assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(browser.get("/").await.header("location"), "/dashboard");
    assert_eq!(browser.get("/calls").await.status, StatusCode::OK);
    browser.cookie = None;
    let again = browser.post(&link).await;
    assert_eq!((again.status, again.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
    assert_eq!(browser.post("/welcome/made-up").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_link_is_too_old_after_a_day_and_brings_the_owner_back_before() {
    let mut browser = Browser::owner(&[]).await;
    let owner = browser.store.owner().await.expect("looked");
    browser.cookie = None;
    let now_ms = clock::now_ms();
    let old = welcome::make_link(&browser.store, now_ms - welcome::GOOD_FOR_MS).await.expect("a link");
    assert_eq!(browser.post(&format!("/welcome/{old}")).await.status, StatusCode::FORBIDDEN);
    let fresh = welcome::make_link(&browser.store, now_ms).await.expect("a link");
    assert!(browser.get(&format!("/welcome/{fresh}")).await.text.contains("Welcome back"));
    assert_eq!(browser.post(&format!("/welcome/{fresh}")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/calls").await.status, StatusCode::OK);
    assert_eq!(browser.store.owner().await.expect("looked"), owner, "there is no second owner");
}

#[tokio::test]
async fn a_guests_link_leads_to_where_the_owner_is_whatever_the_settings_say() {
    for (settings, begins) in [
        (&[][..], "<code>http://127.0.0.1:5050/talk/"),
        (&[("PUBLIC_URL", "https://voice.example.com")][..], "<code>https://voice.example.com/talk/"),
    ] {
        let mut browser = Browser::owner(settings).await;
        let page = browser.submit("/phone/links", &[("name", "Ben"), ("hours", "1")]).await;
        let (_, link) = page.text.split_once(begins).unwrap_or_else(|| panic!("{}", page.text));
        let (token, _) = link.split_once('<').expect("its end");
        let mut guest = browser.other();
        assert_eq!(guest.get(&format!("/talk/{token}")).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn logging_out_ends_the_session_itself() {
    let mut browser = Browser::owner(&[]).await;
    let cookie = browser.cookie.clone();
    let out = browser.post("/logout").await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/login"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    browser.cookie = cookie;
    assert_eq!(browser.get("/calls").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/").await.header("location"), "/login");
}

#[tokio::test]
async fn what_changes_something_must_come_from_a_page_of_ours() {
    let mut browser = Browser::owner(&[("PUBLIC_URL", "https://voice.example.com")]).await;
    let link =
        format!("/welcome/{}", welcome::make_link(&browser.store, clock::now_ms()).await.expect("a link"));
    for path in ["/logout", &link] {
        for foreign in [
            [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
            [("sec-fetch-site", "same-site"), ("origin", "https://other.example.com")],
            [("origin", "https://evil.example"), ("accept", "*/*")],
            [("origin", "null"), ("accept", "*/*")],
        ] {
            let answer = browser.send(Method::POST, path, &foreign).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {foreign:?}");
        }
    }
    assert_eq!(browser.get("/calls").await.status, StatusCode::OK, "still logged in");
    let ours = browser.send(Method::POST, "/logout", &[("origin", "https://voice.example.com")]).await;
    assert_eq!(ours.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/logout").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_cookie_is_as_safe_as_the_connection() {
    let entered = async |settings: &[(&str, &str)], headers: &[(&str, &str)]| {
        let mut browser = Browser::new(settings).await;
        let link = welcome::make_link(&browser.store, clock::now_ms()).await.expect("a link");
        let answer = browser.send(Method::POST, &format!("/welcome/{link}"), headers).await;
        answer.header("set-cookie").to_owned()
    };
    let plain = entered(&[], &[]).await;
    assert!(
        plain.starts_with("earpiece=")
            && plain.contains("HttpOnly; SameSite=Lax")
            && !plain.contains("Secure")
    );
    let secure = entered(&[("TLS_CERT", "c"), ("TLS_KEY", "k")], &[]).await;
    assert!(secure.starts_with("__Host-earpiece=") && secure.ends_with("; HttpOnly; SameSite=Lax; Secure"));
    assert!(secure.contains("; Path=/;") && !secure.contains("Domain"));
    let public = entered(&[("PUBLIC_URL", "https://127.0.0.1:5050/phone")], &[]).await;
    assert!(public.starts_with("__Host-"), "it came to the public address");
    let forged = entered(&[], &[("x-forwarded-proto", "https")]).await;
    assert!(forged.starts_with("earpiece="), "only a proxy that is trusted is believed");
}

#[tokio::test]
async fn every_answer_forbids_what_pages_do_not_need() {
    let mut browser = Browser::owner(&[]).await;
    for path in [
        "/",
        "/calls",
        "/callers",
        "/messages",
        "/appointments",
        "/nowhere",
        "/assets/style.css",
        "/assets/icon.svg",
    ] {
        let page = browser.get(path).await;
        let policy = page.header("content-security-policy").to_owned();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
        for code in [" style=", " onclick", "<style", "javascript:"] {
            assert!(!page.text.contains(code), "{path} holds {code}");
        }
        for script in page.text.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"/assets/"), "{path} holds a script of its own");
        }
        if !path.starts_with("/assets") {
            assert_eq!(page.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn the_stylesheet_is_kept_by_its_version_and_asked_for_again_without() {
    let mut browser = Browser::new(&[]).await;
    let home = browser.get("/").await.text;
    let address = home.split('"').find(|part| part.starts_with("/assets/style.css?")).expect("a link to it");
    let kept = browser.get(address).await;
    assert_eq!(kept.header("content-type"), "text/css; charset=utf-8");
    assert!(kept.header("cache-control").contains("immutable"));
    assert_eq!(browser.get("/assets/style.css?old").await.header("cache-control"), "no-cache");
    let tag = kept.header("etag").to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}")] {
        let same = browser.send(Method::GET, "/assets/style.css", &[("if-none-match", &known)]).await;
        assert_eq!((same.status, same.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
    let other = browser.send(Method::GET, "/assets/style.css", &[("if-none-match", "\"x\"")]).await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn everything_that_the_way_around_names_is_there() {
    let mut browser = Browser::owner(&[]).await;
    let page = browser.get("/calls").await.text;
    let (_, around) = page.split_once("<nav aria-label=\"Pages\">").expect("a way around");
    let (around, _) = around.split_once("</nav>").expect("its end");
    let ways: Vec<_> = around.split("href=\"").skip(1).filter_map(|way| way.split('"').next()).collect();
    assert!(ways.len() > 8, "{ways:?}");
    for way in ways {
        let there = browser.get(way).await;
        assert_eq!(there.status, StatusCode::OK, "{way}");
        let here = format!("href=\"{way}\" aria-current=\"page\"");
        assert!(there.text.contains(&here), "{way} does not say that it is where the visitor is");
    }
}

#[tokio::test]
async fn a_first_visit_loads_less_than_a_hundred_kilobytes() {
    let mut browser = Browser::owner(&[]).await;
    let page = browser.send(Method::GET, "/calls", &[]).await.text;
    let mut loaded: Vec<_> =
        page.split('"').filter(|part| part.starts_with("/assets/")).map(str::to_owned).collect();
    loaded.sort();
    loaded.dedup();
    assert!(loaded.len() >= 4, "{loaded:?}");
    loaded.push("/calls".into());
    let mut sum = 0;
    for address in loaded {
        let size = browser.size(&address).await;
        println!("{address}: {size} bytes");
        sum += size;
    }
    println!("a first visit: {sum} bytes");
    assert!(sum <= 100_000, "{sum} bytes");
}
