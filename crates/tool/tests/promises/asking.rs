//! What is asked before it is done: in the language that is spoken, and of an engine's service as of ourselves.

use crate::office::{ben, owner};
use call::{Answer, Others, Standing, ToolCall, ToolCallId};
use serde_json::{Value, json};
use std::sync::Arc;
use tool::{
    Class, Errand, Hands, Running, Shelf, Spec, Tool, Toolbox, Tools, Trust, guessed,
    mcp::{Approval, Choice, Form, Hosted, Hosting, Patience, Secret, Settings, Way, Web},
};

/// A tool of a server that is handed over, or not.
struct Far {
    name: &'static str,
    server: Settings,
}

fn far(name: &'static str, approval: Option<Approval>) -> Arc<dyn Tool> {
    let url = || Secret::new("https://tools.example.com/mcp");
    let minute = std::time::Duration::from_secs(60);
    let server = Settings {
        name: "far".into(),
        way: Way::Web(Web { url: url(), token: None, headers: Vec::new(), form: Form::Any }),
        trust: Trust::Known,
        choice: Choice::default(),
        patience: Patience { quiet: minute, whole: minute },
        hosted: approval.map(|approval| Hosting { url: url(), approval }),
    };
    Arc::new(Far { name, server })
}

impl Tool for Far {
    fn spec(&self) -> Spec {
        let parameters = json!({"type": "object", "properties": {"to": {"type": "string"}}});
        Spec { name: self.name.into(), description: "Far away.".into(), parameters: parameters.into() }
    }

    fn trust(&self) -> Trust {
        self.server.trust
    }

    fn class(&self) -> Class {
        guessed(self.name, tool::Hints::default())
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn hosted(&self) -> Option<Hosted<'_>> {
        let hosting = self.server.hosted.as_ref()?;
        Some(Hosted { server: &self.server, hosting, tool: self.name })
    }

    fn run<'a>(&'a self, _: Value, _: &'a Errand) -> Running<'a> {
        Box::pin(async { panic!("what the service uses is not run here") })
    }
}

fn tools(approval: Approval) -> Arc<Tools> {
    let (shelf, unfit) = Shelf::of([
        far("list_mail", Some(approval)),
        far("add_task", Some(approval)),
        far("send_mail", Some(approval)),
        far("own_mail", None),
    ]);
    assert_eq!(unfit, []);
    let toolbox = Toolbox::new(Tools::new(Vec::new()));
    toolbox.put("far", shelf);
    toolbox.get()
}

fn call(name: &str) -> ToolCall {
    let arguments = json!({"to": "bob@example.com"}).to_string();
    ToolCall { id: ToolCallId("q".into()), name: name.into(), arguments }
}

#[test]
fn a_service_may_what_we_would_do_ourselves_and_for_the_owner_alone() {
    let hands = Hands::new(tools(Approval::Changes), "en");
    let plain = Standing::default();
    let may = |name: &str, standing: &Standing| hands.may(&call(name), &owner(), standing);
    assert!(may("list_mail", &plain).ok && may("add_task", &plain).ok);
    let swayed = Standing { swayed: true, ..Standing::default() };
    assert!(may("list_mail", &swayed).ok);
    assert!(!may("add_task", &swayed).ok, "a mail may want that, and the caller has not asked for it");
    let asked = may("send_mail", &plain);
    let asked = asked.asks.expect("the caller is asked first");
    assert!(asked.words.contains("bob@example.com") && asked.words.contains("cannot be undone"), "{asked:?}");
    let agreed = Standing { agreed: Some(asked.subject), ..Standing::default() };
    assert!(may("send_mail", &agreed).ok);
    for name in ["own_mail", "delete_everything", "hang_up", "more"] {
        assert!(!may(name, &plain).ok, "{name} was not handed over");
    }
    assert!(!hands.may(&call("list_mail"), &ben(), &plain).ok, "the owner's calls alone");
}

#[test]
fn what_is_asked_about_is_as_the_owner_sets_it() {
    for (approval, asks) in [
        (Approval::Changes, [false, true, true]),
        (Approval::Always, [true, true, true]),
        (Approval::Never, [false, false, false]),
    ] {
        let tools = tools(approval);
        let asked = ["list_mail", "add_task", "send_mail"].map(|name| tools.hosted(name).expect("hosted").1);
        assert_eq!(asked, asks, "{approval:?}");
        assert!(tools.hosted("own_mail").is_none());
    }
}

#[test]
fn what_a_service_was_told_is_known_when_something_is_read_back() {
    let hands = Hands::new(tools(Approval::Changes), "en");
    let listed = json!([{"id": "t7", "name": "Buy milk"}]).to_string();
    hands.learn(&Answer { others: Others::All, data: listed, ..Answer::said("") });
    let call = ToolCall { arguments: json!({"to": "x", "task_id": "t7"}).to_string(), ..call("send_mail") };
    let asked = hands.may(&call, &owner(), &Standing::default()).asks.expect("it is asked");
    assert!(asked.words.contains("Buy milk") && !asked.words.contains("t7"), "{asked:?}");
}

#[test]
fn the_question_is_in_the_language_that_is_spoken_now() {
    let hands = Hands::new(tools(Approval::Changes), "en-US");
    let asked = |tag: &str| {
        hands.speak(tag);
        let asked = hands.may(&call("send_mail"), &owner(), &Standing::default()).asks.expect("it is asked");
        asked.words
    };
    for (tag, question) in [
        ("de-AT", "Soll ich das tun?"),
        ("fr", "Dois-je le faire ?"),
        ("es", "¿Lo hago?"),
        ("it", "Devo farlo?"),
        ("pt-BR", "Devo fazê-lo?"),
        ("nl", "Zal ik dat doen?"),
        ("pl", "Czy mam to zrobić?"),
        ("sv", "Ska jag göra det?"),
        ("da", "Skal jeg gøre det?"),
        ("no", "Skal jeg gjøre det?"),
        ("xx", "Shall I do it?"),
    ] {
        let words = asked(tag);
        assert!(words.ends_with(question) && words.contains("bob@example.com"), "{tag}: {words}");
    }
}
