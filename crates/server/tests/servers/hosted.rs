//! A server that is handed over: OpenAI uses its tools by itself in the owner's calls, asks before it changes anything, and all
//! of it is written down; everybody else's calls, and those in which OpenAI cannot, use it from here.

use crate::{
    OWNER, ROOT, answers, good,
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
    twilio::{Account, Dial, Handset},
};
use std::{net::TcpListener, process::Stdio};
use store::Store;
use tempfile::TempDir;
use tokio::process::{Child, Command};

const FRIEND: &str = "+14155550177";
const TOKEN: &str = "a-token-that-nobody-is-to-read";
const PUBLIC: &str = "https://tools.example.com/s/a-secret-in-the-path/mcp";
const QUESTION: &str =
    "I would delete a task now. Its content: buy milk. That cannot be undone. Shall I do it?";

/// A list of tasks on the web, which ends with this.
async fn list() -> (Child, u16) {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let mut command = Command::new(format!("{ROOT}/scripts/python"));
    command.args(["--of", "mcp2", &format!("{ROOT}/fixtures/mcp/tasks.py"), "http", &port.to_string()]);
    command.arg("--delete").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.kill_on_drop(true).spawn().expect("it starts");
    until(async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
    (child, port)
}

fn folder(port: u16) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = format!(
        "[[mcp]]\nname = \"todo\"\nurl = \"http://127.0.0.1:{port}/mcp\"\ntrust = \"known\"\n\
         token = \"{TOKEN}\"\nhosted = true\nhosted_url = \"{PUBLIC}\"\n"
    );
    std::fs::write(folder.path().join("earpiece.toml"), settings).expect("settings are written");
    folder
}

fn says(words: &str) -> Reply {
    let voice = Voice::new(Sound::Tone { hertz: 440.0 }, ms(600));
    Reply::of(vec![Item::Voice(Voice { transcript: words.into(), ..voice })])
}

fn scripted(replies: Vec<Reply>, understood: &[&str]) -> Script {
    Script {
        replies: replies.into(),
        otherwise: says("All right."),
        understood: understood.iter().map(|words| (*words).to_owned()).collect(),
        hearing: Hearing::Scripted,
        ..Script::default()
    }
}

fn dial(house: &House, from: &str) -> Handset {
    Handset::dial(&Account::new(AUTH_TOKEN), Dial { from: from.into(), ..Dial::local(house.address) })
}

/// The session of the call that goes on: in others nobody is heard, as where an engine is tried.
async fn newest(service: &OpenAi) -> Session {
    let heard = || service.sessions().into_iter().rev().find(|session| session.heard_bytes() > 0);
    until(async || heard()).await
}

fn speaks(session: &Session) {
    session.order(Order::SpeechStarts);
    session.order(Order::SpeechStops);
}

/// The tools that a session was offered last: the kind of each, and what it is called.
fn offered(session: &Session) -> Vec<(String, String)> {
    let updates = session.events(true, "session.update");
    let tools = updates.iter().rev().find_map(|update| update["session"]["tools"].as_array().cloned());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let named = |tool: &Value| match text(&tool["type"]) {
        kind if kind == "mcp" => (kind, text(&tool["server_label"])),
        kind => (kind, text(&tool["name"])),
    };
    tools.unwrap_or_default().iter().map(named).collect()
}

fn is_function(tools: &[(String, String)]) -> bool {
    tools.iter().any(|(kind, name)| kind == "function" && name == "todo_list_tasks")
}

fn is_hosted(tools: &[(String, String)]) -> bool {
    tools.iter().any(|(kind, name)| kind == "mcp" && name == "todo")
}

/// How the service's questions were answered.
fn approvals(session: &Session) -> Vec<bool> {
    let created = session.events(true, "conversation.item.create");
    let answers = created.iter().filter(|event| event["item"]["type"] == "mcp_approval_response");
    answers.map(|event| event["item"]["approve"] == true).collect()
}

async fn over(call: Handset, store: &Store, session: &Session) {
    call.hang_up();
    waiting::ended(store).await;
    assert_eq!((session.mistakes(), session.errors()), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_handed_over_is_asked_about_noted_and_shown_and_used_from_here_in_all_other_calls() {
    let (_list, port) = list().await;
    let service = OpenAi::listen(Script::default()).await.expect("a free port");
    let url = service.url();
    let variables = [
        ("OWNER_NUMBERS", OWNER),
        ("ALLOWED_NUMBERS", FRIEND),
        ("TIME_ZONE", "UTC"),
        ("ENGINE", "openai"),
        ("OPENAI_API_KEY", "sk-test"),
        ("OPENAI_REALTIME_URL", &url),
        ("LOG_LEVEL", "debug"),
    ];
    let house = House::open_in(folder(port), &variables).await;
    let store = house.store().await;
    good(&store, "todo_delete_task").await;
    let owner = Browser::of_the_owner(&house).await;
    let servers = owner.page(&house, "/servers").await;
    assert!(servers.contains("OpenAI uses it by itself, and asks before it changes anything"), "{servers}");
    assert!(!servers.contains("a-secret-in-the-path"), "{servers}");

    // The owner: read without a question, deleted after a yes.
    let delete = || Reply::hosted("todo", "delete_task", json!({"content": "buy milk"}), "Deleted buy milk.");
    service.set_script(scripted(
        vec![
            says("Hello."),
            Reply::hosted("todo", "list_tasks", json!({}), "Buy milk, due today."),
            says("You have to buy milk."),
            delete(),
            says(QUESTION),
            delete(),
            says("That is deleted."),
        ],
        &["What do I have to do?", "Delete it, please.", "Yes."],
    ));
    let call = dial(&house, OWNER);
    let mut heard = spoke(&call, 0).await;
    let session = newest(&service).await;
    assert!(is_hosted(&offered(&session)) && !is_function(&offered(&session)), "{:?}", offered(&session));
    speaks(&session);
    answers(&store, 1).await;
    heard = spoke(&call, heard).await;
    speaks(&session);
    noted(&store, "consent_asked", 1).await;
    heard = spoke(&call, heard).await;
    speaks(&session);
    let all = answers(&store, 3).await;
    let expected = [("todo_list_tasks", true), ("todo_delete_task", false), ("todo_delete_task", true)];
    let told: Vec<_> = all.iter().map(|(name, ok, _)| (name.as_str(), *ok)).collect();
    assert_eq!(told, expected, "{all:?}");
    assert!(all[0].2.contains("Buy milk, due today") && all[2].2.contains("Deleted"), "{all:?}");
    assert_eq!(approvals(&session), [false, true]);
    noted(&store, "tool_hosted", 3).await;
    spoke(&call, heard).await;
    over(call, &store, &session).await;
    let id = waiting::calls(&store).await.pop().expect("a call").id;
    let page = owner.page(&house, &format!("/calls/{id}")).await;
    assert!(page.contains("by the engine’s service") && page.contains("Deleted buy milk."), "{page}");

    // A friend, who may use it, too: from here.
    service.set_script(scripted(vec![says("Hello.")], &[]));
    let call = dial(&house, FRIEND);
    spoke(&call, 0).await;
    let session = newest(&service).await;
    assert!(is_function(&offered(&session)) && !is_hosted(&offered(&session)), "{:?}", offered(&session));
    over(call, &store, &session).await;

    // OpenAI cannot read the list: the owner's call goes on, and uses it from here.
    let unlistable = ["todo".to_owned()].into();
    let replies = vec![says("Hello."), Reply::tool("todo_list_tasks", &json!({})), says("Nothing.")];
    service.set_script(Script { unlistable, ..scripted(replies, &["What do I have to do?"]) });
    let call = dial(&house, OWNER);
    let heard = spoke(&call, 0).await;
    let session = newest(&service).await;
    until(async || is_function(&offered(&session)).then_some(())).await;
    let troubles = noted(&store, "trouble", 1).await;
    assert!(waiting::of_kind(&troubles, "trouble").any(|note| note.json.contains("what todo offers")));
    speaks(&session);
    let all = answers(&store, 1).await;
    assert!(all[0].1, "{all:?}");
    spoke(&call, heard).await;
    over(call, &store, &session).await;

    let (log, _folder) = house.stop().await;
    assert!(!log.contains(TOKEN) && !log.contains("a-secret-in-the-path"), "{log}");
}
