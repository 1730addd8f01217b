//! The owner at the pages.

use super::House;
use reqwest::{Method, StatusCode, header, redirect::Policy};
use serde_json::Value;
use server::{clock, pages::welcome};
use sim::google::{Google, World};

/// The owner's browser.
pub struct Browser {
    pub http: reqwest::Client,
    pub cookie: String,
}

impl Browser {
    pub async fn of_the_owner(house: &House) -> Self {
        let link = welcome::make_link(&house.store().await, clock::now_ms()).await.expect("a link");
        let http = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
        let answer = http.post(house.url(&format!("/welcome/{link}"))).send().await.expect("an answer");
        let set = answer.headers()[header::SET_COOKIE].to_str().expect("ASCII");
        Self { http, cookie: set.split(';').next().expect("a pair").to_owned() }
    }

    pub async fn post(&self, url: &str) -> reqwest::Response {
        let request = self.http.post(url).header(header::COOKIE, &self.cookie);
        request.header("sec-fetch-site", "same-origin").send().await.expect("an answer")
    }

    /// Sends a form.
    pub async fn send(&self, url: &str, form: &[(&str, &str)]) -> reqwest::Response {
        let request = self.http.post(url).header(header::COOKIE, &self.cookie).form(form);
        request.header("sec-fetch-site", "same-origin").send().await.expect("an answer")
    }

    pub async fn page(&self, house: &House, path: &str) -> String {
        let request = self.http.get(house.url(path)).header(header::COOKIE, &self.cookie);
        request.send().await.expect("an answer").text().await.expect("text")
    }

    /// Connects the calendar at Google, on its consent page.
    pub async fn connects_google(&self, house: &House, google: &Google) {
        google.register(&house.url("/calendars/google/callback"));
        let sent = self.post(&house.url("/calendars/google/start")).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER, "{}", sent.text().await.expect("text"));
        let there = sent.headers()[header::LOCATION].to_str().expect("an address").to_owned();
        let agreed = self.http.get(there).send().await.expect("Google's answer");
        let back = agreed.headers()[header::LOCATION].to_str().expect("an address").to_owned();
        let request = self.http.get(back).header(header::COOKIE, &self.cookie);
        let done = request.send().await.expect("an answer");
        assert_eq!(done.status(), StatusCode::SEE_OTHER, "{}", done.text().await.expect("text"));
    }

    /// Asks the calendar. None: nobody answered.
    pub async fn ask(
        &self,
        house: &House,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Option<(StatusCode, Value)> {
        let request =
            self.http.request(method, house.url(path)).header(header::COOKIE, &self.cookie).json(body);
        let answer = request.send().await.ok()?;
        Some((answer.status(), answer.json().await.ok()?))
    }
}

/// What a house needs whose owner may connect the calendar there.
pub fn settings_of_google(google: &Google) -> [(&'static str, String); 4] {
    let client = World::default().client;
    [
        ("GOOGLE_API_URL", google.url()),
        ("GOOGLE_OAUTH_URL", google.url()),
        ("GOOGLE_CLIENT_ID", client.id),
        ("GOOGLE_CLIENT_SECRET", client.secret),
    ]
}
