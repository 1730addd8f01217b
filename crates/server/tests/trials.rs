//! The owner is told which engine does not work, and why, before a caller finds out: in the log, on the settings page, and by the
//! probe for machines.

mod house;

use house::{House, browser::Browser, waiting::until};
use sim::{
    mind::{self, Minds},
    speech::{self, Fault, Speech},
};

/// The local engine with an ear, a mind and a voice elsewhere.
struct Office {
    house: House,
    browser: Browser,
    minds: Minds,
    ear: Speech,
    voice: Speech,
}

impl Office {
    async fn open(model: &str) -> Self {
        let script = mind::Script { model: model.into(), ..mind::Script::default() };
        let minds = Minds::listen(script).await.expect("a free port");
        let speech = async || Speech::listen(speech::Script::default()).await.expect("a free port");
        let (ear, voice) = (speech().await, speech().await);
        let key = "a-key-of-the-test";
        let house = House::open(&[
            ("ENGINE", "local"),
            ("HEAR", "openai"),
            ("HEAR_URL", &ear.openai_url()),
            ("HEAR_API_KEY", key),
            ("SPEAK", "openai"),
            ("SPEAK_URL", &voice.openai_url()),
            ("SPEAK_API_KEY", key),
            ("THINK", "ollama"),
            ("OLLAMA_HOST", &minds.url()),
            ("OLLAMA_MODEL", "test-model"),
        ])
        .await;
        let browser = Browser::of_the_owner(&house).await;
        Self { house, browser, minds, ear, voice }
    }

    /// Waits until the probe says this; calls are taken whatever it says.
    async fn probed(&self, wanted: &str) {
        until(async || {
            let answer = reqwest::get(self.house.url("/readyz")).await.expect("it answers");
            assert!(answer.status().is_success(), "calls are taken all the same");
            (answer.text().await.expect("text") == wanted).then_some(())
        })
        .await;
    }

    /// What the settings page says of the engines.
    async fn shown(&self) -> String {
        let page = self.browser.page(&self.house, "/settings").await;
        let list = page.split_once("<ol>").and_then(|(_, rest)| rest.split_once("</ol>"));
        list.expect("engines are listed").0.to_owned()
    }

    /// Presses the button that tests them, and gives what the page says then.
    async fn tested(&self) -> String {
        let answer = self.browser.post(&self.house.url("/settings/engines/test")).await;
        assert_eq!(answer.headers()["location"], "/settings#engines");
        self.shown().await
    }
}

const WELL: &str = "ok\n";
const UNWELL: &str = "ok\nthe engine local does not work\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_missing_is_named_with_what_to_do_before_anybody_calls() {
    let office = Office::open("another-model").await;
    office.probed(UNWELL).await;
    let shown = office.shown().await;
    assert!(shown.contains("<b>local</b>") && shown.contains("cannot think"), "{shown}");
    assert!(shown.contains("run `ollama pull test-model`"), "{shown}");
    assert!(shown.contains("It will not before something is changed here."), "{shown}");
    office.minds.change(|script| script.model = "test-model".into());
    let shown = office.tested().await;
    assert!(!shown.contains("does not work"), "{shown}");
    office.probed(WELL).await;
    let (log, _folder) = office.house.stop().await;
    assert!(log.contains("run `ollama pull test-model`") && log.contains("an engine is well again"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_tries_the_ear_and_the_voice_for_real() {
    let office = Office::open("test-model").await;
    assert!(!office.tested().await.contains("does not work"));
    let (spoken, heard) = (office.voice.asked(), office.ear.asked());
    assert!(spoken.iter().any(|asked| asked.field("input") == Some("Yes.")), "{spoken:?}");
    assert!(heard.iter().any(|asked| asked.sound.len() > 8_000), "what the voice said is what the ear hears");
    for service in [&office.ear, &office.voice] {
        service.set_script(speech::Script { fault: Some(Fault::Status(401)), ..speech::Script::default() });
        let shown = office.tested().await;
        assert!(shown.contains("cannot hear or speak") && shown.contains("(401)"), "{shown}");
        office.probed(UNWELL).await;
        service.set_script(speech::Script::default());
        assert!(!office.tested().await.contains("does not work"));
        office.probed(WELL).await;
    }
    assert_eq!((office.ear.mistakes(), office.voice.mistakes()), (Vec::new(), Vec::new()));
}
