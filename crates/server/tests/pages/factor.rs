//! The profile: password, second factor, sessions and picture.

use super::rig::{Browser, PASSWORD};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use hmac::{Hmac, KeyInit, Mac};
use server::clock;
use sha1::Sha1;
use std::io::Cursor;
use store::Role;

const BEN: &str = "ben@example.org";

/// What an app shows: RFC 6238, written down a second time.
fn app_shows(secret: &str, at_s: i64) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = secret
        .bytes()
        .map(|letter| format!("{:05b}", letters.iter().position(|one| *one == letter).expect("base 32")))
        .collect::<Vec<_>>()
        .concat();
    let key: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).expect("bits"), 2).expect("bits"))
        .collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).expect("a key");
    mac.update(&(at_s / 30).to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = (hash[19] & 15) as usize;
    let four = u32::from_be_bytes([hash[at], hash[at + 1], hash[at + 2], hash[at + 3]]) & 0x7fff_ffff;
    format!("{:06}", four % 1_000_000)
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let at = text.find(from).unwrap_or_else(|| panic!("no {from} in {text}")) + from.len();
    &text[at..at + text[at..].find(to).expect("an end")]
}

/// Turns it on: the secret, and the recovery codes.
async fn turned_on(browser: &mut Browser) -> (String, Vec<String>) {
    assert_eq!(
        browser.submit("/profile/factor", &[("proof", "wrong")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let page = browser.submit("/profile/factor", &[("proof", PASSWORD)]).await;
    assert!(
        page.text.contains("<svg class=\"qr\"")
            && page.text.contains("otpauth://totp/Earpiece:ben%40example.org?secret=")
    );
    let secret = between(&page.text, "secret=", "&").to_owned();
    let wrong = browser.submit("/profile/factor/prove", &[("code", "000000")]).await;
    assert!(
        wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains(&format!("secret={secret}"))
    );
    let page = browser
        .submit("/profile/factor/prove", &[("code", &app_shows(&secret, clock::now_ms() / 1_000))])
        .await;
    let codes =
        page.text.split("<li><code>").skip(1).map(|rest| rest.split('<').next().expect("a code").to_owned());
    (secret, codes.collect())
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_is_good_once() {
    let owner = Browser::owner(&[]).await;
    let mut ben = owner.with_user(BEN, Role::Member).await;
    let elsewhere = {
        let mut other = owner.other();
        other.submit("/login", &[("email", BEN), ("password", PASSWORD)]).await;
        other
    };
    let (secret, codes) = turned_on(&mut ben).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(
        elsewhere.clone().get("/calls").await.status,
        StatusCode::SEE_OTHER,
        "other sessions are over"
    );
    assert!(ben.get("/profile").await.text.contains("10 recovery codes are left"));

    let mut browser = owner.other();
    let asked =
        browser.submit("/login", &[("email", BEN), ("password", PASSWORD), ("next", "/messages")]).await;
    assert_eq!(
        (asked.status, asked.header("set-cookie")),
        (StatusCode::OK, ""),
        "the password alone is not enough"
    );
    assert_eq!(browser.get("/calls").await.status, StatusCode::SEE_OTHER);
    let proof = between(&asked.text, "name=\"proof\" value=\"", "\"").to_owned();
    let code = |code: String| [("proof", proof.clone()), ("code", code), ("next", "/messages".to_owned())];
    let mut typed = async |text: String| {
        let fields = code(text);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.submit("/login/code", &fields).await
    };
    let now_s = clock::now_ms() / 1_000;
    let step = now_s / 30;
    let used = typed(app_shows(&secret, (step - 1) * 30)).await;
    assert_eq!(
        used.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "that of the step before the one that proved it is too old"
    );
    let next = typed(app_shows(&secret, (step + 1) * 30)).await;
    assert_eq!((next.status, next.header("location")), (StatusCode::SEE_OTHER, "/messages"));
    assert_eq!(
        typed(app_shows(&secret, (step + 1) * 30)).await.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "it was used"
    );
    assert_eq!(typed(codes[3].to_uppercase()).await.status, StatusCode::SEE_OTHER, "a recovery code");
    assert_eq!(typed(codes[3].clone()).await.status, StatusCode::UNPROCESSABLE_ENTITY, "it was used");

    let forged = [("proof", "someone.1.AAAA"), ("code", codes[4].as_str())];
    assert_eq!(owner.other().submit("/login/code", &forged).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let off = ben.submit("/profile/factor/off", &[("proof", "wrong")]).await;
    assert_eq!(off.status, StatusCode::UNPROCESSABLE_ENTITY, "not without the password");
    let renewed = ben.submit("/profile/factor/codes", &[("proof", PASSWORD)]).await;
    assert!(renewed.text.contains("replace all earlier") && !renewed.text.contains(&codes[5]));
    assert!(ben.submit("/profile/factor/off", &[("proof", PASSWORD)]).await.text.contains("is off"));
    let entered = owner.other().submit("/login", &[("email", BEN), ("password", PASSWORD)]).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_password_is_changed_by_whoever_knows_it_and_ends_other_sessions() {
    let owner = Browser::owner(&[]).await;
    let mut ben = owner.with_user(BEN, Role::Member).await;
    let mut other = owner.other();
    other.submit("/login", &[("email", BEN), ("password", PASSWORD)]).await;
    let new = "a new one, and long";
    let wrong = ben.submit("/profile/password", &[("current", "x"), ("password", new), ("again", new)]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("not your password"));
    let weak = ben
        .submit(
            "/profile/password",
            &[("current", PASSWORD), ("password", "ben@example.org"), ("again", "x")],
        )
        .await;
    assert!(
        weak.status == StatusCode::UNPROCESSABLE_ENTITY && weak.text.contains("your own name or address")
    );
    assert_eq!(other.get("/calls").await.status, StatusCode::OK);
    let set =
        ben.submit("/profile/password", &[("current", PASSWORD), ("password", new), ("again", new)]).await;
    assert!(set.status == StatusCode::OK && set.text.contains("logged out everywhere else"));
    assert_eq!(other.get("/calls").await.status, StatusCode::SEE_OTHER);
    assert_eq!(ben.get("/calls").await.status, StatusCode::OK);
}

#[tokio::test]
async fn name_and_address_are_changed_and_the_address_by_the_password_alone() {
    let owner = Browser::owner(&[]).await;
    let mut ben = owner.with_user(BEN, Role::Member).await;
    owner.with_user("anna@example.org", Role::Member).await;
    let about = |name, email, word| [("name", name), ("email", email), ("current_for_email", word)];
    let done = ben.submit("/profile", &about("<script>alert(1)</script>", BEN, "")).await;
    assert!(done.status == StatusCode::OK && !done.text.contains("<script>alert"));
    let wrong = ben.submit("/profile", &about("Ben", "ben@evil.example", "")).await;
    assert!(
        wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("value=\"ben@evil.example\"")
    );
    let taken = ben.submit("/profile", &about("Ben", "Anna@example.org", PASSWORD)).await;
    assert!(taken.status == StatusCode::UNPROCESSABLE_ENTITY && taken.text.contains("cannot be taken"));
    assert_eq!(
        ben.submit("/profile", &about("Ben", "ben@example.net", PASSWORD)).await.status,
        StatusCode::OK
    );
    assert!(
        ben.store
            .user_by_email("ben@example.net")
            .await
            .expect("read")
            .is_some_and(|user| user.name == "Ben")
    );
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all() {
    let mut owner = Browser::owner(&[]).await;
    let mut ben = owner.with_user(BEN, Role::Member).await;
    let mut other = owner.other();
    let fields = reqwest::Url::parse_with_params("http://x/", [("email", BEN), ("password", PASSWORD)])
        .expect("fields");
    let headers = [
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ];
    let body = Body::from(fields.query().unwrap_or_default().to_owned());
    other.send_with(Method::POST, "/login", &headers, body).await;
    let page = ben.get("/profile").await.text;
    assert!(page.contains("Firefox on Linux") && page.contains("this browser"));
    let (_, list) = page.split_once("<ul class=\"rows\">").expect("a list");
    let path = format!("/profile/sessions/{}/end", between(list, "/profile/sessions/", "/end"));
    assert_eq!(
        owner.post(&path).await.status,
        StatusCode::NOT_FOUND,
        "it is not theirs to end, owner or not"
    );
    assert_eq!(other.get("/calls").await.status, StatusCode::OK);
    assert_eq!(ben.post(&path).await.status, StatusCode::SEE_OTHER);
    assert_eq!(other.get("/calls").await.status, StatusCode::SEE_OTHER);
    assert_eq!(ben.get("/calls").await.status, StatusCode::OK);
    other.submit("/login", &[("email", BEN), ("password", PASSWORD)]).await;
    let kept = ben.clone();
    let all = ben.post("/profile/sessions/end").await;
    assert!(all.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(kept.clone().get("/calls").await.status, StatusCode::SEE_OTHER);
    assert_eq!(other.get("/calls").await.status, StatusCode::SEE_OTHER);
}

async fn upload(browser: &mut Browser, name: &str, kind: &str, file: &[u8]) -> super::rig::Page {
    let mut body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"picture\"; filename=\"{name}\"\r\ncontent-type: {kind}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "multipart/form-data; boundary=x")];
    browser.send_with(Method::POST, "/profile/picture", &headers, Body::from(body)).await
}

#[tokio::test]
async fn a_picture_is_judged_by_its_content_drawn_anew_and_shown_to_its_user_and_owners() {
    let mut owner = Browser::owner(&[]).await;
    let mut ben = owner.with_user(BEN, Role::Member).await;
    let mut carl = owner.with_user("carl@example.org", Role::Member).await;
    assert_eq!(ben.get("/profile/picture").await.status, StatusCode::NOT_FOUND);
    let script =
        upload(&mut ben, "me.png", "image/png", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
            .await;
    assert!(
        script.status == StatusCode::UNPROCESSABLE_ENTITY && script.text.contains("no JPEG, PNG or WebP")
    );
    let large = upload(&mut ben, "me.png", "image/png", &vec![0; 8 * 1024 * 1024 + 128 * 1024]).await;
    assert!(large.status == StatusCode::UNPROCESSABLE_ENTITY && large.text.contains("larger than 8 MB"));
    let mut file = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(900, 600, image::Rgb([20, 120, 90]))
        .write_to(&mut file, image::ImageFormat::Png)
        .expect("a picture");
    assert_eq!(upload(&mut ben, "../../x.html", "text/html", file.get_ref()).await.status, StatusCode::OK);
    let shown = ben.get("/profile/picture").await;
    assert_eq!((shown.status, shown.header("content-type")), (StatusCode::OK, "image/jpeg"));
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    let id = owner.store.user_by_email(BEN).await.expect("read").expect("a user").id;
    assert_eq!(owner.get(&format!("/users/{id}/picture")).await.status, StatusCode::OK);
    assert_eq!(carl.get(&format!("/users/{id}/picture")).await.status, StatusCode::NOT_FOUND);
    ben.post("/profile/picture/remove").await;
    assert_eq!(ben.get("/profile/picture").await.status, StatusCode::NOT_FOUND);
}
