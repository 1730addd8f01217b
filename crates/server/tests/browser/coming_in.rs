//! Coming in, and what becomes of what is typed.

use super::{chromium::Chromium, tab::Tab};
use crate::house::{House, browser};
use server::{clock, pages::welcome};

const PASSWORD: &str = "correct horse battery";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_the_link_of_the_terminal_becomes_the_owner_once_and_comes_back_by_password() {
    let browser = Chromium::shared();
    let house = House::open(&[("LOG_LEVEL", "warn")]).await;
    let link = welcome::make_link(&house.store().await, clock::now_ms()).await.expect("a link");
    let link = house.url(&format!("/welcome/{link}"));
    let tab = Tab::open(&browser).await;
    tab.go(&link).await;
    tab.write("Name", "Anna").await;
    tab.write("E-mail address", "anna@example.org").await;
    tab.write("Password", "password123").await;
    tab.write("The same again", "password123").await;
    tab.until_loaded(async || tab.click("button", "Become the owner").await).await;
    tab.reads("one of those that are tried first").await;
    let refused = tab.take_troubles().join("\n");
    assert!(refused.contains("422"), "{refused}");
    tab.write("Password", PASSWORD).await;
    tab.write("The same again", PASSWORD).await;
    tab.until_loaded(async || tab.click("button", "Become the owner").await).await;
    tab.go(&house.url("/calls")).await;
    tab.reads("Nobody has called yet.").await;
    let leave = "document.querySelector('form[action=\"/logout\"]').requestSubmit()";
    tab.until_loaded(async || {
        tab.run(leave).await;
    })
    .await;
    tab.go(&house.url("/messages")).await;
    tab.write("E-mail address", "anna@example.org").await;
    tab.write("Password", PASSWORD).await;
    tab.until_loaded(async || tab.press('\r').await).await;
    tab.until("location.pathname === '/messages'").await;
    tab.close().await;

    let other = Tab::open(&browser).await;
    other.go(&link).await;
    other.reads("This link was used already").await;
    let refused = other.take_troubles().join("\n");
    assert!(refused.contains("403"), "{refused}");
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_written_and_sent_by_keyboard_and_one_that_is_none_is_refused_with_the_reason() {
    let browser = Chromium::shared();
    let house = House::open(&[("LOG_LEVEL", "warn")]).await;
    let owner = browser::Browser::of_the_owner(&house).await;
    let tab = Tab::open(&browser).await;
    tab.keep_cookie(&house.url("/"), &owner.cookie).await;
    tab.go(&house.url("/callers")).await;
    tab.write("Number", "+12125550142").await;
    tab.until_loaded(async || tab.press('\r').await).await;
    tab.reads("blocked").await;

    tab.go(&house.url("/callers")).await;
    tab.write("Number", "the plumber").await;
    tab.until_loaded(async || tab.click("button", "Make it a VIP").await).await;
    tab.until("document.body.innerText.includes('number')").await;
    let refused = tab.take_troubles().join("\n");
    assert!(refused.contains("400") || refused.contains("422"), "{refused}");
    tab.close().await;
}
