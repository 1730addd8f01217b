//! A page in a browser, used as people use it: by what its elements are called, with mouse and keyboard.

use super::{
    cdp::{Cdp, Event},
    chromium::Chromium,
};
use crate::house::waiting::{PATIENCE, within};
use serde_json::{Value, json};
use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

/// How wide and high a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u32, pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// A tab in a window of its own, which shares no cookie with others. What goes wrong in it fails the test that closes it.
pub struct Tab {
    cdp: Cdp,
    session: String,
    /// Its cookies and permissions.
    window: String,
    loaded: watch::Receiver<u64>,
    troubles: Arc<Mutex<Vec<String>>>,
    _watch: JoinSet<()>,
    /// Outlives the tab.
    _browser: Arc<Chromium>,
}

impl Tab {
    pub async fn open(browser: &Arc<Chromium>) -> Self {
        let cdp = Cdp::connect(browser).await;
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let window = cdp.call(None, "Target.createBrowserContext", json!({"disposeOnDetach": true})).await;
        let window = text(&window["browserContextId"]);
        let new = json!({"url": "about:blank", "browserContextId": window});
        let target = text(&cdp.call(None, "Target.createTarget", new).await["targetId"]);
        let attach = json!({"targetId": target, "flatten": true});
        let session = text(&cdp.call(None, "Target.attachToTarget", attach).await["sessionId"]);
        let (loads, loaded) = watch::channel(0);
        let troubles = Arc::<Mutex<Vec<String>>>::default();
        let mut watch = JoinSet::new();
        watch.spawn(watch_over(cdp.clone(), session.clone(), cdp.listen(&session), loads, troubles.clone()));
        let tab = Self { cdp, session, window, loaded, troubles, _watch: watch, _browser: browser.clone() };
        for domain in ["Page", "Runtime", "Log", "Network", "DOM", "Accessibility"] {
            tab.call(&format!("{domain}.enable"), json!({})).await;
        }
        tab.look(Size(1280, 900), Theme::Light).await;
        tab
    }

    /// Has the browser keep this cookie, `name=value`, for the server at this address.
    pub async fn keep_cookie(&self, url: &str, cookie: &str) {
        let (name, value) = cookie.split_once('=').expect("a pair");
        self.call("Network.setCookie", json!({"url": url, "name": name, "value": value})).await;
    }

    pub async fn go(&self, url: &str) {
        self.until_loaded(async || {
            let answer = self.call("Page.navigate", json!({"url": url})).await;
            assert!(answer["errorText"].is_null(), "{url}: {answer}");
        })
        .await;
    }

    /// Does this, and waits until the page that it leads to is there.
    pub async fn until_loaded(&self, act: impl AsyncFnOnce()) {
        let mut loaded = self.loaded.clone();
        let before = *loaded.borrow_and_update();
        act().await;
        let came = tokio::time::timeout(PATIENCE, loaded.wait_for(|loads| *loads > before)).await;
        came.expect("it is loaded in time").expect("the tab is there");
    }

    /// Presses what has this role and this name: a button, a link.
    pub async fn click(&self, role: &str, name: &str) {
        let node = self.find(role, name).await;
        self.call("DOM.scrollIntoViewIfNeeded", json!({"backendNodeId": node})).await;
        let quads = self.call("DOM.getContentQuads", json!({"backendNodeId": node})).await;
        let quad = quads["quads"][0].as_array().expect("it is seen").iter().filter_map(Value::as_f64);
        let quad: Vec<f64> = quad.collect();
        let (x, y) = (f64::midpoint(quad[0], quad[4]), f64::midpoint(quad[1], quad[5]));
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Writes into the field that is called so, over what is there.
    pub async fn write(&self, name: &str, text: &str) {
        let node = self.find("textbox", name).await;
        self.call("DOM.focus", json!({"backendNodeId": node})).await;
        self.run("document.activeElement.select()").await;
        self.call("Input.insertText", json!({"text": text})).await;
    }

    /// Presses a key, by what it writes: `a`, `5`, `\r`.
    pub async fn press(&self, key: char) {
        let name = if key == '\r' { "Enter".to_owned() } else { key.to_string() };
        let down = json!({"type": "keyDown", "text": key.to_string(), "key": name});
        self.call("Input.dispatchKeyEvent", down).await;
        self.call("Input.dispatchKeyEvent", json!({"type": "keyUp", "key": name})).await;
    }

    /// Waits until this is to be read.
    pub async fn reads(&self, text: &str) {
        let shows = format!("document.body.innerText.includes({})", json!(text));
        if within(PATIENCE, async || self.holds(&shows).await).await.is_none() {
            let page = self.run("document.body.innerText").await;
            panic!("{text:?} is not to be read. Troubles: {:?}. The page: {page}", self.troubles());
        }
    }

    /// Waits until this expression of JavaScript is true.
    pub async fn until(&self, expression: &str) {
        let came = within(PATIENCE, async || self.holds(expression).await).await;
        assert!(came.is_some(), "it never came to be that {expression}. Troubles: {:?}", self.troubles());
    }

    /// Whether this expression of JavaScript comes to be true.
    pub async fn comes_to(&self, expression: &str) -> bool {
        within(PATIENCE, async || self.holds(expression).await).await.is_some()
    }

    /// Chooses this file in the field that the expression of JavaScript gives.
    pub async fn choose(&self, field: &str, file: &str) {
        let found = self.call("Runtime.evaluate", json!({"expression": field})).await;
        let files = json!({"files": [file], "objectId": found["result"]["objectId"]});
        self.call("DOM.setFileInputFiles", files).await;
    }

    /// The value of this expression of JavaScript; of a promise that which it comes to.
    pub async fn run(&self, expression: &str) -> Value {
        self.try_run(expression).await.unwrap_or_else(|why| panic!("{why}"))
    }

    /// As on a screen of this size, and in this theme.
    pub async fn look(&self, Size(width, height): Size, theme: Theme) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let theme = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let calm = json!({"name": "prefers-reduced-motion", "value": "reduce"});
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": theme}, calm]});
        self.call("Emulation.setEmulatedMedia", features).await;
    }

    /// What is to be seen now, as PNG in base64.
    pub async fn picture(&self) -> String {
        let shot = self.call("Page.captureScreenshot", json!({"format": "png"})).await;
        shot["data"].as_str().expect("a picture").to_owned()
    }

    /// What has gone wrong so far: errors, refused code, requests that failed.
    pub fn troubles(&self) -> Vec<String> {
        lock(&self.troubles).clone()
    }

    /// The same, which is forgotten with it.
    pub fn take_troubles(&self) -> Vec<String> {
        mem::take(&mut *lock(&self.troubles))
    }

    /// Closes it. Nothing may have gone wrong.
    pub async fn close(self) {
        let troubles = self.troubles();
        assert!(troubles.is_empty(), "{troubles:#?}");
        let window = json!({"browserContextId": self.window});
        self.cdp.call(None, "Target.disposeBrowserContext", window).await;
    }

    pub async fn call(&self, method: &str, params: Value) -> Value {
        self.cdp.call(Some(&self.session), method, params).await
    }

    /// Waits for what has this role and this name.
    async fn find(&self, role: &str, name: &str) -> u64 {
        let found = within(PATIENCE, async || {
            let whole = json!({"expression": "document"});
            let document = self.cdp.try_call(Some(&self.session), "Runtime.evaluate", whole).await.ok()?;
            let wanted =
                json!({"objectId": document["result"]["objectId"], "role": role, "accessibleName": name});
            let nodes =
                self.cdp.try_call(Some(&self.session), "Accessibility.queryAXTree", wanted).await.ok()?;
            let mut nodes = nodes["nodes"].as_array()?.iter().filter(|node| node["ignored"] == false);
            nodes.next()?["backendDOMNodeId"].as_u64()
        });
        match found.await {
            Some(node) => node,
            None => panic!("no {role} is called {name:?}: {}", self.run("document.body.innerText").await),
        }
    }

    async fn holds(&self, expression: &str) -> Option<()> {
        // While one page gives way to another there is nobody to ask.
        self.try_run(expression).await.is_ok_and(|value| value == true).then_some(())
    }

    async fn try_run(&self, expression: &str) -> Result<Value, String> {
        let wish = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut answer = self.cdp.try_call(Some(&self.session), "Runtime.evaluate", wish).await?;
        match answer.get("exceptionDetails") {
            Some(thrown) => Err(thrown["exception"]["description"].as_str().unwrap_or("thrown").to_owned()),
            None => Ok(answer["result"]["value"].take()),
        }
    }
}

/// Keeps count of the pages that came, and of what went wrong on them.
async fn watch_over(
    cdp: Cdp,
    session: String,
    mut events: mpsc::Receiver<Event>,
    loads: watch::Sender<u64>,
    troubles: Arc<Mutex<Vec<String>>>,
) {
    while let Some(Event { method, params }) = events.recv().await {
        match method.as_str() {
            "Page.loadEventFired" => loads.send_modify(|loads| *loads += 1),
            // A question that is asked before something is done: yes.
            "Page.javascriptDialogOpening" => {
                let yes = json!({"accept": true});
                let _gone = cdp.try_call(Some(&session), "Page.handleJavaScriptDialog", yes).await;
            }
            other => lock(&troubles).extend(trouble(other, &params)),
        }
    }
}

/// What went wrong, where something did.
fn trouble(method: &str, params: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match method {
        "Runtime.exceptionThrown" => {
            let details = &params["exceptionDetails"];
            Some(format!("thrown: {} {}", details["text"], details["exception"]["description"]))
        }
        "Runtime.consoleAPICalled"
            if ["error", "warning", "assert"].contains(&text(&params["type"]).as_str()) =>
        {
            Some(format!("console: {}", params["args"]))
        }
        "Log.entryAdded" if ["error", "warning"].contains(&text(&params["entry"]["level"]).as_str()) => {
            let entry = &params["entry"];
            Some(format!("{}: {} {}", text(&entry["source"]), text(&entry["text"]), text(&entry["url"])))
        }
        "Network.loadingFailed" if params["canceled"] != true => {
            Some(format!("not loaded: {} {}", text(&params["errorText"]), text(&params["blockedReason"])))
        }
        _ => None,
    }
}

fn lock(troubles: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    troubles.lock().unwrap_or_else(PoisonError::into_inner)
}
