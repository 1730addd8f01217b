//! A tool that cannot be undone, on a real server, spoken about on a telephone: it is used once the caller has heard what it
//! would do and has said yes to that, and never else.

use crate::{
    OWNER, answers, dial, folder_with, good,
    house::{
        AUTH_TOKEN, House,
        browser::Browser,
        waiting::{self, ms, noted, until},
    },
    spoke,
};
use serde_json::{Value, json};
use sim::{
    openai::{Hearing, Item, OpenAi, Order, Reply, Script, Session, Sound, Voice},
    twilio::{Account, Handset},
};
use store::Store;

const QUESTION: &str =
    "I would delete a task now. Its content: buy milk. That cannot be undone. Shall I do it?";

/// An owner with two tasks and a model that wants one deleted.
struct Desk {
    service: OpenAi,
    house: House,
    owner: Browser,
    store: Store,
}

/// A call in which the caller has just heard the question.
struct Asked {
    call: Handset,
    session: Session,
    heard: usize,
}

fn says(words: &str) -> Reply {
    let voice = Voice::new(Sound::Tone { hertz: 440.0 }, ms(600));
    Reply::of(vec![Item::Voice(Voice { transcript: words.into(), ..voice })])
}

fn deletes(content: &str) -> Reply {
    Reply::tool("todo_delete_task", &json!({"content": content}))
}

impl Desk {
    async fn open() -> Self {
        let service = OpenAi::listen(Script::default()).await.expect("a free port");
        let url = service.url();
        let variables = [
            ("OWNER_NUMBERS", OWNER),
            ("TIME_ZONE", "UTC"),
            ("ENGINE", "openai"),
            ("OPENAI_API_KEY", "sk-test"),
            ("OPENAI_REALTIME_URL", &url),
        ];
        let house = House::open_in(folder_with("stdio --delete"), &variables).await;
        let store = house.store().await;
        good(&store, "todo_delete_task").await;
        let owner = Browser::of_the_owner(&house).await;
        let desk = Self { service, house, owner, store };
        for content in ["buy milk", "call Bob"] {
            desk.tries("todo_add_task", &json!({"content": content})).await;
        }
        desk
    }

    /// What a tool answers the owner at its page.
    async fn tries(&self, tool: &str, arguments: &Value) -> String {
        let url = self.house.url(&format!("/tools/{tool}/try"));
        let answer = self.owner.send(&url, &[("arguments", &arguments.to_string())]).await;
        answer.text().await.expect("text")
    }

    /// Which of the two tasks the server has.
    async fn tasks(&self) -> [bool; 2] {
        let page = self.tries("todo_list_tasks", &json!({})).await;
        ["buy milk", "call Bob"].map(|content| page.contains(content))
    }

    /// The owner calls, and is asked whether to delete a task; then the model goes on like this, while this is said.
    async fn asks(&self, then: impl IntoIterator<Item = Reply>, answer: &str) -> Asked {
        let replies = [says("Hello."), deletes("buy milk"), says(QUESTION)];
        self.service.set_script(Script {
            replies: replies.into_iter().chain(then).collect(),
            otherwise: says("All right."),
            understood: ["Please delete the task buy milk.", answer].map(str::to_owned).into(),
            hearing: Hearing::Scripted,
            ..Script::default()
        });
        let call = Handset::dial(&Account::new(AUTH_TOKEN), dial(&self.house));
        let greeted = spoke(&call, 0).await;
        // The session of this call: in others nobody is heard, as where an engine is tried.
        let heard = || self.service.sessions().into_iter().rev().find(|session| session.heard_bytes() > 0);
        let session = until(async || heard()).await;
        speaks(&session);
        noted(&self.store, "consent_asked", 1).await;
        let heard = spoke(&call, greeted).await;
        assert!(self.tasks().await[0], "nothing was done yet");
        Asked { call, session, heard }
    }

    async fn ends(&self, asked: Asked) {
        asked.call.hang_up();
        waiting::ended(&self.store).await;
        assert_eq!(asked.session.mistakes(), Vec::<String>::new());
    }
}

fn speaks(session: &Session) {
    session.order(Order::SpeechStarts);
    session.order(Order::SpeechStops);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_undone_is_done_once_after_a_yes_to_it_and_never_else() {
    let desk = Desk::open().await;

    let no = desk.asks([deletes("buy milk")], "No, leave it.").await;
    speaks(&no.session);
    noted(&desk.store, "consent_refused", 1).await;
    assert!(answers(&desk.store, 2).await.iter().all(|(_, ok, _)| !ok), "a no is a no");
    desk.ends(no).await;
    assert_eq!(desk.tasks().await, [true, true]);

    let gone = desk.asks([deletes("buy milk")], "").await;
    desk.ends(gone).await;
    assert_eq!(desk.tasks().await, [true, true], "who hangs up has not agreed");

    let other = desk.asks([deletes("call Bob"), deletes("call Bob")], "Yes.").await;
    speaks(&other.session);
    assert!(answers(&desk.store, 2).await.iter().all(|(_, ok, _)| !ok), "that was not the question");
    desk.ends(other).await;
    assert_eq!(desk.tasks().await, [true, true]);

    let yes = desk.asks([deletes("buy milk"), deletes("buy milk")], "Yes, please.").await;
    speaks(&yes.session);
    let done: Vec<_> = answers(&desk.store, 3).await.iter().map(|(_, ok, _)| *ok).collect();
    assert_eq!(done, [false, true, false], "one yes is good for one use");
    noted(&desk.store, "consent_given", 1).await;
    spoke(&yes.call, yes.heard).await;
    desk.ends(yes).await;
    assert_eq!(desk.tasks().await, [false, true]);
}
