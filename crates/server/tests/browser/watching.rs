//! Calls on the page while they go on: words appear and change where they stand, and the call is ended by a button.

use super::{chromium::Chromium, tab::Tab};
use axum::http::header;
use call::{Ending, ItemId, Note, TurnId};
use server::{
    app::App,
    calls::Word,
    clock,
    config::{Live, Sources},
    houses::Houses,
    pages::welcome,
    router,
    scribe::Scribe,
    serve,
};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use store::NewCall;
use tokio::{net::TcpListener, task::JoinSet};

/// The pages of an instance in this very process, so that its calls can be noted from here.
struct Pages {
    app: Arc<App>,
    url: String,
    cookie: String,
    _serving: JoinSet<()>,
    _folder: tempfile::TempDir,
}

impl Pages {
    async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let environment = BTreeMap::from([("DATA_DIR".into(), folder.path().display().to_string())]);
        let (live, warnings) = Live::load(Sources { environment, ..Sources::default() }).expect("settings");
        let app = serve::open(live, &warnings).await.expect("an instance");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let router = router::router(&Houses::new(app.clone()));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
                .await
                .expect("it serves");
        });
        let link = welcome::make_link(&app.store, clock::now_ms()).await.expect("a link");
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let entered = http.post(format!("{url}/welcome/{link}")).send().await.expect("an answer");
        let cookie = entered.headers()[header::SET_COOKIE].to_str().expect("ASCII");
        let cookie = cookie.split(';').next().expect("a pair").to_owned();
        Self { app, url, cookie, _serving: serving, _folder: folder }
    }

    async fn ring(&self) -> String {
        let started_ms = clock::now_ms();
        let id = NewCall::id(started_ms);
        let new = NewCall {
            id: &id,
            carrier: "twilio",
            carrier_call: &id,
            from: "+12125550142",
            to: "+12125550123",
            outbound: false,
            engine: "local",
            trust: "known",
            started_ms,
        };
        self.app.store.call_begun(&new).await.expect("begun");
        self.app.store.call_answered(&id, started_ms).await.expect("answered");
        id
    }
}

fn caller(turn: u32, text: &str) -> Note {
    Note::CallerSaid(TurnId(turn), text.into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_appear_as_they_are_spoken_and_the_owner_ends_the_call() {
    let browser = Chromium::shared();
    let pages = Pages::open().await;
    let tab = Tab::open(&browser).await;
    tab.keep_cookie(&pages.url, &pages.cookie).await;
    tab.go(&format!("{}/dashboard", pages.url)).await;
    tab.reads("Nobody is on the line.").await;
    let id = pages.ring().await;
    let (_presence, mut told) = pages.app.calls.begin(&id);
    let mut scribe = Scribe::begin(&pages.app, &id, clock::now());
    scribe.write(clock::now(), &Note::EngineReady);
    tab.reads("+12125550142").await;
    for (turn, words) in [(1, "Are you open on Saturday?"), (2, "And <b>Sunday</b>?")] {
        scribe.write(clock::now(), &caller(turn, words));
        tab.reads(words).await;
    }

    tab.until_loaded(async || tab.click("link", "+12125550142").await).await;
    tab.reads("And <b>Sunday</b>?").await;
    scribe.write(clock::now(), &Note::AssistantSaid(ItemId(1), "On Saturday we".into()));
    tab.reads("On Saturday we").await;
    scribe.write(clock::now(), &Note::AssistantSaid(ItemId(1), "On Saturday we are open until noon.".into()));
    tab.reads("On Saturday we are open until noon.").await;
    assert_eq!(
        tab.run("document.querySelectorAll('#story > li').length").await,
        3,
        "it changes where it stands"
    );
    tab.until_loaded(async || tab.click("button", "End call").await).await;
    assert_eq!(told.recv().await, Some(Word::Excused));
    tab.reads("The assistant says goodbye").await;
    scribe.write(clock::now(), &Note::Ended(Ending::Dismissed));
    drop(scribe);
    pages.app.store.call_ended(&id, clock::now_ms(), "dismissed").await.expect("ended");
    tab.reads("This call is over: ended by you.").await;
    tab.until_loaded(async || tab.click("link", "See the whole call").await).await;
    tab.reads("On Saturday we are open until noon.").await;
    tab.close().await;
}
