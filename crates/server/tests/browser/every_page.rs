//! Every page, at three widths and in both themes: nothing goes wrong in it, everybody can use it, and none is wider than
//! its screen.

use super::{
    axe::{self, Look},
    chromium::Chromium,
    lived_in::LivedIn,
    tab::{Size, Tab, Theme},
};
use crate::house::{House, waiting};
use server::{clock, guard::token, pages::welcome};
use std::collections::BTreeSet;
use store::{NewInvite, Role};

const SIZES: [Size; 3] = [Size(360, 740), Size(768, 1024), Size(1280, 900)];
/// What is got there is no page, or leads away from here.
const NO_PAGES: &[&str] = &[
    "/calls/{id}/live/notes",
    "/dashboard/live",
    "/dashboard/stats",
    "/calendars/google/callback",
    "/servers/callback",
    "/feeds/{file}",
    "/assets/{file}",
    "/messages/{id}/voicemail.wav",
    "/users/settings",
    "/calls/{id}/export",
    "/calls/{id}/recording.wav",
    "/profile/picture",
    "/users/{id}/picture",
    // Those are for strangers.
    "/login",
    "/register",
    "/register/{token}",
    "/reset/{token}",
    "/welcome/{token}",
];

/// The addresses of all pages: those that are registered, each with something to show.
fn pages(lived_in: &LivedIn) -> Vec<String> {
    let registered = include_str!("../../src/pages.rs").lines().filter_map(|line| {
        let (path, handlers) = line.trim().strip_prefix(".route(\"")?.split_once("\", ")?;
        handlers.starts_with("get(").then_some(path)
    });
    let about = |path: &str| match path {
        "/calls/{id}" => format!("/calls/{}", lived_in.call),
        "/calls/{id}/live" => format!("/calls/{}/live", lived_in.now),
        "/callers/{number}" => format!("/callers/{}", lived_in.caller),
        "/appointments/{id}" => format!("/appointments/{}", lived_in.appointment),
        "/callers/{number}/forget" => format!("/callers/{}/forget", lived_in.caller),
        "/assistants/{which}" => "/assistants/default".to_owned(),
        "/tools/{name}" => "/tools/take_message".to_owned(),
        "/tools/{name}/edit" => format!("/tools/{}/edit", lived_in.tool),
        "/settings/{section}" => "/settings/twilio".to_owned(),
        "/webhooks/{id}" => format!("/webhooks/{}", lived_in.webhook),
        "/talk/{token}" => format!("/talk/{}", lived_in.guest),
        path if !path.contains('{') => path.to_owned(),
        path => panic!("{path} is new: say here with what it is opened, or that it is no page"),
    };
    let pages: BTreeSet<_> = registered.filter(|path| !NO_PAGES.contains(path)).map(about).collect();
    assert!(pages.len() > 10, "pages.rs is written otherwise now: {pages:?}");
    pages.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_sound_and_open_to_everybody_at_any_width_and_in_both_themes() {
    let browser = Chromium::shared();
    let lived_in = LivedIn::open().await;
    let tab = Tab::open(&browser).await;
    tab.keep_cookie(&lived_in.house.url("/"), &lived_in.owner.cookie).await;
    let mut wrong = Vec::new();
    for page in pages(&lived_in) {
        let found = look_at(&tab, &lived_in.house.url(&page)).await;
        wrong.extend(found.into_iter().map(|what| format!("{page} {what}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    tab.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stranger_sees_is_sound_and_open_to_everybody_too() {
    let browser = Chromium::shared();
    let house = House::open(&[
        ("LOG_LEVEL", "warn"),
        ("REGISTRATION", "open"),
        ("SMTP_HOST", "127.0.0.1"),
        ("EMAIL_FROM", "a@example.org"),
    ])
    .await;
    let tab = Tab::open(&browser).await;
    let store = house.store().await;
    let link = welcome::make_link(&store, clock::now_ms()).await.expect("a link");
    let mut wrong = look_at(&tab, &house.url("/")).await;
    wrong.extend(look_at(&tab, &house.url(&format!("/welcome/{link}"))).await);
    let owner = store.create_user(Some("anna@example.org"), "Anna", "owner", 0).await.expect("made");
    store.reset_made(&token::hash("reset"), &owner.id, 0, i64::MAX).await.expect("made");
    let invite = NewInvite {
        id: "1",
        hash: &token::hash("invite"),
        email: "",
        role: Role::Member,
        by_whom: "Anna",
        now_ms: 0,
        expires_ms: i64::MAX,
    };
    store.invited(&invite).await.expect("made");
    for page in
        [&format!("/welcome/{link}"), "/login", "/register", "/forgot", "/reset/reset", "/register/invite"]
    {
        wrong.extend(look_at(&tab, &house.url(page)).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    tab.close().await;
}

/// What is wrong with this page, in every look, with all that can be unfolded.
async fn look_at(tab: &Tab, url: &str) -> Vec<String> {
    tab.look(SIZES[0], Theme::Light).await;
    tab.go(url).await;
    let mut wrong = tab.take_troubles();
    tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })").await;
    for size in SIZES {
        let Size(width, _) = size;
        for theme in [Theme::Light, Theme::Dark] {
            tab.look(size, theme).await;
            let look = if theme == Theme::Light { Look::All } else { Look::Colours };
            let found = axe::violations(tab, look).await;
            wrong.extend(found.into_iter().map(|what| format!("({width} px, {theme:?}) {what}")));
        }
        let wide = tab.run("document.documentElement.scrollWidth").await;
        if wide.as_u64().is_none_or(|wide| wide > u64::from(width)) {
            wrong.push(format!("({width} px) is {wide} px wide"));
        }
    }
    wrong.extend(tab.take_troubles());
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_page_is_found() {
    let browser = Chromium::shared();
    let house = House::open(&[("LOG_LEVEL", "warn")]).await;
    let tab = Tab::open(&browser).await;
    tab.go(&house.url("/")).await;
    tab.run("document.body.insertAdjacentHTML('beforeend', '<img src=/nowhere.png><p style=\"color: #777\">Faint.</p>')").await;
    tab.run("console.error('wrong')").await;
    let found = axe::violations(&tab, Look::All).await.join("\n");
    assert!(found.contains("image-alt"), "{found}");
    waiting::until(async || {
        let all = tab.troubles().join("\n");
        ["wrong", "Content Security Policy", "404"].iter().all(|what| all.contains(what)).then_some(())
    })
    .await;
}
