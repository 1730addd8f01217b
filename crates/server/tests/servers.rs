//! Tools of other programs through the product: a telephone at one end, an MCP server at the other, and each engine's
//! stand-in between them.

mod house;
mod servers {
    mod confirming;
    mod hosted;
    mod pins;
}

use house::{
    AUTH_TOKEN, House,
    browser::Browser,
    exchange::{Exchange, PUBLIC, company},
    waiting::{self, PATIENCE, ms, until},
};
use serde_json::{Value, json};
use server::config::{Config, McpServer, Sources};
use sim::{
    deepgram::{self, Deepgram},
    live::{self, Live},
    mind::{self, Minds, Thought},
    openai::{self, OpenAi},
    phone::{self, Carrier, Mode},
    twilio::{Account, Dial, Handset, handset::Listened},
};
use sound::g711;
use store::Store;
use tempfile::TempDir;
use tool::{
    Trust,
    mcp::{Approval, Secret, Way},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const OWNER: &str = "+14155550199";
const KEY: &str = "0123456789abcdef0123456789abcdef01234567";

/// A folder with a list of tasks as a server of tools.
fn folder() -> TempDir {
    folder_with("stdio")
}

/// The same, started in this way.
fn folder_with(way: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = way.split(' ').map(|one| format!(", \"{one}\"")).collect::<Vec<_>>().concat();
    let settings = format!(
        "[[mcp]]\nname = \"todo\"\ncommand = \"{ROOT}/scripts/python\"\n\
         arguments = [\"--of\", \"mcp2\", \"{ROOT}/fixtures/mcp/tasks.py\"{arguments}]\n"
    );
    std::fs::write(folder.path().join("earpiece.toml"), settings).expect("settings are written");
    folder
}

/// The product with that list, once it is connected.
async fn opened(variables: &[(&str, &str)]) -> House {
    let mut all = vec![("OWNER_NUMBERS", OWNER), ("TIME_ZONE", "UTC")];
    all.extend(variables);
    let house = House::open_in(folder(), &all).await;
    good(&house.store().await, "todo_add_task").await;
    house
}

/// Once a server is connected that offers this tool.
async fn good(store: &Store, tool: &str) {
    until(async || {
        let rows = store.mcp_servers().await.expect("the database answers");
        rows.iter().any(|row| row.state == "good" && row.listing.contains(tool)).then_some(())
    })
    .await;
}

fn dial(house: &House) -> Dial {
    Dial { from: OWNER.into(), ..Dial::local(house.address) }
}

/// The answers of tools in the last call, once there are so many: name, whether it was done, and what it said.
async fn answers(store: &Store, count: usize) -> Vec<(String, bool, String)> {
    let notes = waiting::noted(store, "tool_answered", count).await;
    let answered = waiting::of_kind(&notes, "tool_answered").map(waiting::read);
    let text = |json: &Value, name: &str| json[name].as_str().unwrap_or_default().to_owned();
    answered.map(|json| (text(&json, "name"), json["ok"] == true, text(&json, "say"))).collect()
}

/// Added, listed, completed.
async fn all_done(store: &Store) {
    let all = answers(store, 3).await;
    let names: Vec<_> = all.iter().map(|(name, ok, _)| (name.as_str(), *ok)).collect();
    assert_eq!(
        names,
        [("todo_add_task", true), ("todo_list_tasks", true), ("todo_complete_task", true)],
        "{all:?}"
    );
    assert!(all[0].2.contains("Added buy milk") && all[2].2.contains("Completed buy milk"), "{all:?}");
}

fn add() -> (&'static str, Value) {
    ("todo_add_task", json!({"content": "buy milk"}))
}

fn list() -> (&'static str, Value) {
    ("todo_list_tasks", json!({"due": "today"}))
}

fn complete() -> (&'static str, Value) {
    ("todo_complete_task", json!({"content": "buy milk"}))
}

const SAID: [&str; 2] = [
    "Add buy milk to my list, and what do I have to do today?",
    "Yes, buy milk is done, please complete it.",
];

async fn spoke(call: &Handset, from: usize) -> usize {
    match call.listen(from, ms(400), PATIENCE).await {
        Listened::Spoke(range) | Listened::Over(Some(range)) => range.end,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_keeps_the_owners_list() {
    use openai::{Hearing, Order, Reply, Script};
    let tool = |(name, arguments): (&str, Value)| Reply::tool(name, &arguments);
    let script = Script {
        replies: [Reply::tone(ms(300)), tool(add()), tool(list()), Reply::tone(ms(300)), tool(complete())]
            .into(),
        understood: SAID.map(str::to_owned).into(),
        hearing: Hearing::Scripted,
        ..Script::default()
    };
    let service = OpenAi::listen(script).await.expect("a free port");
    let url = service.url();
    let house =
        opened(&[("ENGINE", "openai"), ("OPENAI_API_KEY", "sk-test"), ("OPENAI_REALTIME_URL", &url)]).await;
    let store = house.store().await;
    let call = Handset::dial(&Account::new(AUTH_TOKEN), dial(&house));
    let greeted = spoke(&call, 0).await;
    let session = service.session(1).await;
    session.order(Order::SpeechStarts);
    session.order(Order::SpeechStops);
    answers(&store, 2).await;
    spoke(&call, greeted).await;
    session.order(Order::SpeechStarts);
    session.order(Order::SpeechStops);
    all_done(&store).await;
    assert_eq!(session.mistakes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_live_keeps_the_owners_list() {
    use live::{Reply, Script, Speech, Tool};
    let tool = |(name, arguments): (&str, Value)| Tool::new(name, &arguments);
    let script = Script {
        answers: [
            Reply::HandsOver(
                vec![vec![tool(add())], vec![tool(list())]],
                Speech::tone("You have to buy milk.", 500.0, ms(900)),
            ),
            Reply::HandsOver(vec![vec![tool(complete())]], Speech::tone("That is done.", 500.0, ms(900))),
        ]
        .into(),
        understood: SAID.map(str::to_owned).into(),
        ..Script::default()
    };
    let service = Live::listen(script).await.expect("a free port");
    let url = service.url();
    let house = opened(&[
        ("ENGINE", "openai-live"),
        ("OPENAI_API_KEY", "sk-a-key-of-no-account"),
        ("OPENAI_LIVE_URL", &url),
        ("GREETING", "Hello."),
    ])
    .await;
    let store = house.store().await;
    let call = Handset::dial(&Account::new(AUTH_TOKEN), dial(&house));
    let greeted = spoke(&call, 0).await;
    call.say(&speech());
    answers(&store, 2).await;
    spoke(&call, greeted + 1_600).await;
    call.say(&speech());
    all_done(&store).await;
    assert_eq!(service.session(1).await.mistakes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn deepgram_keeps_the_owners_list() {
    use deepgram::{Hearing, Order, Reply, Script};
    let tool = |(name, arguments): (&str, Value)| Reply::tool(name, &arguments);
    let script = Script {
        key: Some(KEY.into()),
        replies: [
            tool(add()),
            tool(list()),
            Reply::says("You have to buy milk.", ms(500)),
            tool(complete()),
            Reply::says("That is done.", ms(500)),
        ]
        .into(),
        understood: SAID.map(str::to_owned).into(),
        hearing: Hearing::Scripted,
        ..Script::default()
    };
    let service = Deepgram::listen(script).await.expect("a free port");
    let url = service.url();
    let house = opened(&[
        ("ENGINE", "deepgram"),
        ("DEEPGRAM_API_KEY", KEY),
        ("DEEPGRAM_AGENT_URL", &url),
        ("GREETING", "Hello."),
    ])
    .await;
    let store = house.store().await;
    let call = Handset::dial(&Account::new(AUTH_TOKEN), dial(&house));
    let greeted = spoke(&call, 0).await;
    let session = service.session(1).await;
    session.order(Order::SpeechStarts);
    call.wait(ms(300)).await;
    session.order(Order::SpeechStops);
    answers(&store, 2).await;
    spoke(&call, greeted).await;
    session.order(Order::SpeechStarts);
    call.wait(ms(300)).await;
    session.order(Order::SpeechStops);
    all_done(&store).await;
    assert_eq!(session.mistakes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_of_ones_own_keeps_the_owners_list() {
    use mind::{Rule, Script};
    let wants = |(name, arguments): (&str, Value)| Thought::wants(name, arguments);
    let script = Script {
        rules: vec![
            Rule::said("add buy milk", wants(add())),
            Rule::answered("added buy milk", wants(list())),
            Rule::said("please complete", wants(complete())),
            Rule::answered("completed", Thought::says("That is done.")),
            Rule::answered("buy milk", Thought::says("You have to buy milk.")),
            Rule::answered("", Thought::says("That did not work.")),
        ],
        ..Script::default()
    };
    let minds = Minds::listen(script).await.expect("a free port");
    let account = phone::Account::new(Carrier::Twilio, AUTH_TOKEN);
    let api = phone::Api::listen(&account).await.expect("a free port");
    let (ollama, twilio) = (minds.url(), api.url());
    let house = opened(&[
        ("CALL_MODE", "turns"),
        ("CALL_HEAR", "gather"),
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"),
        ("TWILIO_API_URL", &twilio),
        ("THINK", "ollama"),
        ("OLLAMA_HOST", &ollama),
        ("OLLAMA_MODEL", "test-model"),
    ])
    .await;
    let store = house.store().await;
    let dial = phone::Dial::local_of(Carrier::Twilio, house.address);
    let status = Some(phone::Status::completed(house.url("/phone/twilio/status")));
    let dial = api.wire(phone::Dial { mode: Mode::Turns, from: OWNER.into(), status, ..dial });
    let call = phone::Handset::dial(&account, dial);
    let mut from = 0;
    for words in SAID {
        assert!(call.hear_for(from, ms(300)).await, "an answer before {words:?}");
        let said = call.listen(from, ms(1_200), PATIENCE).await;
        assert!(matches!(said, phone::handset::Listened::Spoke(_)), "{said:?} before {words:?}");
        from = call.position();
        call.say_in_words(&speech(), words);
        call.said().await;
    }
    all_done(&store).await;
    assert_eq!(minds.mistakes(), Vec::<String>::new());
}

/// µ-law of somebody who speaks in syllables.
fn speech() -> Vec<u8> {
    let sample = |frame: usize, n: i16| if frame % 25 < 20 { (n % 20 - 10) * 1_000 } else { 0 };
    let samples: Vec<i16> = (0..60).flat_map(|frame| (0..160).map(move |n| sample(frame, n))).collect();
    g711::samples_to_ulaw(&samples)
}

/// A telephone company, an engine that asks for a tool that gets on for nine seconds, and then for two not at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_tool_is_told_of_while_it_gets_on_and_its_answer_comes_by_text_where_it_is_given_up() {
    use openai::{Reply, Script};
    let folder = tempfile::tempdir().expect("a folder");
    let settings = format!(
        "[[mcp]]\nname = \"slow\"\ncommand = \"{ROOT}/scripts/python\"\n\
         arguments = [\"--of\", \"mcp1\", \"{ROOT}/fixtures/mcp/slow.py\", \"9\", \"4\"]\n"
    );
    std::fs::write(folder.path().join("earpiece.toml"), settings).expect("settings are written");
    let tool = Reply::tool("slow_look_everything_up", &json!({}));
    let tone = || Reply::tone(ms(300));
    let script = Script { replies: [tool, tone(), tone(), tone(), tone()].into(), ..Script::default() };
    let service = OpenAi::listen(script).await.expect("a free port");
    let url = service.url();
    let more = [
        ("ENGINE", "openai"),
        ("OPENAI_API_KEY", "sk-test"),
        ("OPENAI_REALTIME_URL", &url),
        ("OWNER_NUMBERS", OWNER),
        ("TOOL_PATIENCE_SECONDS", "2"),
    ];
    let exchange = Exchange::open_in(folder, vec![company(Carrier::Twilio).await], &more).await;
    let store = exchange.house.store().await;
    good(&store, "look_everything_up").await;
    let phone::Account::Twilio(account) = exchange.account(Carrier::Twilio) else { unreachable!() };
    let webhook = format!("{PUBLIC}/incoming-call");
    let call = Dial { webhook, from: OWNER.into(), ..Dial::local(exchange.house.address) };
    let call = Handset::dial(account, call);
    let fillers = waiting::noted(&store, "filler", 2).await;
    let fillers: Vec<_> = waiting::of_kind(&fillers, "filler").map(waiting::read).collect();
    assert!(
        fillers[1]["text"].as_str().is_some_and(|words| words.contains("percent is done")),
        "{fillers:?}"
    );
    let answered = answers(&store, 1).await;
    assert!(!answered[0].1 && answered[0].2.contains("I will text you"), "{answered:?}");
    let text = until(async || exchange.api(Carrier::Twilio).texts().into_iter().next()).await;
    assert_eq!((text.to.as_str(), text.body.contains("three letters from Bob")), (OWNER, true), "{text:?}");
    drop(call);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_offered_last_is_there_when_the_server_is_not_and_no_call_waits_for_it() {
    let house = opened(&[]).await;
    let folder = house.kill().await;
    let settings = std::fs::read_to_string(folder.path().join("earpiece.toml")).expect("read");
    // The same server, which now never says a word.
    let mute =
        settings.replace("scripts/python\"", "scripts/python\"\nenvironment = { PATH = \"/nowhere\" }");
    std::fs::write(folder.path().join("earpiece.toml"), mute).expect("written");
    let house = House::open_in(folder, &[("OWNER_NUMBERS", OWNER)]).await;
    let call = Handset::dial(&Account::new(AUTH_TOKEN), dial(&house));
    spoke(&call, 0).await;
    let rows = house.store().await.mcp_servers().await.expect("read");
    assert!(rows[0].listing.contains("todo_add_task"), "{rows:?}");
}

#[tokio::test]
async fn the_owner_sees_how_the_servers_fare_and_tries_them() {
    let house = opened(&[]).await;
    let owner = Browser::of_the_owner(&house).await;
    let page = owner.page(&house, "/servers").await;
    assert!(page.contains("todo_add_task") && page.contains("connected"), "{page}");
    let tried = owner.post(&house.url("/servers/todo/test")).await.text().await.expect("text");
    assert!(tried.contains("todo answers, and offers 3 tools."), "{tried}");
}

/// The servers of this file, or what is wrong.
fn set(text: &str, variables: &[(&str, &str)]) -> Result<Vec<McpServer>, String> {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let sources = Sources {
        file: Some(("earpiece.toml".into(), text.to_owned())),
        environment: environment.collect(),
        ..Sources::default()
    };
    Config::load(&sources).map(|(config, _)| config.mcp).map_err(|error| error.to_string())
}

#[test]
fn servers_are_set_with_secrets_by_reference() {
    let text = "[[mcp]]\nname = 'github'\npreset = 'github'\ntoken = '{secret:PAT}'\ntrust = 'known'\n\
                tools = ['list_issues']\n[[mcp]]\nname = 'notes'\ncommand = 'npx'\narguments = ['-y', 'x']";
    let servers = set(text, &[("PAT", "ghp_1")]).expect("they are understood");
    let Way::Web(web) = &servers[0].settings.way else { panic!("it is on the web") };
    assert_eq!(web.url.expose(), "https://api.githubcopilot.com/mcp/");
    assert_eq!(web.token.as_ref().map(Secret::expose), Some("ghp_1"));
    assert_eq!(servers[0].settings.trust, Trust::Known);
    assert!(!servers[0].may_ask_for_consent() && !servers[1].may_ask_for_consent());
    assert_eq!(servers[1].settings.trust, Trust::Owner);
    assert!(!format!("{servers:?}").contains("ghp_1"), "a secret is never printed");
    let consent = set("[[mcp]]\nname = 'todoist'\npreset = 'todoist'", &[]).expect("it is understood");
    assert!(consent[0].may_ask_for_consent());
}

#[test]
fn zapiers_variables_make_its_server() {
    assert!(set("", &[]).expect("nothing is set").is_empty());
    let servers = set("", &[("ZAPIER_MCP_PASSWORD", "key")]).expect("it is understood");
    let Way::Web(web) = &servers[0].settings.way else { panic!("it is on the web") };
    assert_eq!(web.url.expose(), "https://mcp.zapier.com/api/mcp/mcp");
    assert_eq!(web.token.as_ref().map(Secret::expose), Some("key"));
    let own = "https://mcp.zapier.com/api/mcp/s/secret/mcp";
    let servers = set("", &[("ZAPIER_MCP_URL", own)]).expect("it is understood");
    let Way::Web(web) = &servers[0].settings.way else { panic!("it is on the web") };
    assert_eq!(web.url.expose(), own);
}

#[test]
fn what_is_wrong_with_a_server_is_named() {
    for (text, why) in [
        ("[[mcp]]\nurl = 'https://a.example'", "give `name`"),
        ("[[mcp]]\nname = 'A b'\nurl = 'https://a.example'", "give `name`"),
        ("[[mcp]]\nname = 'a'", "either `url`, `command` or `preset`"),
        ("[[mcp]]\nname = 'a'\nurl = 'https://a.example'\ncommand = 'x'", "either"),
        ("[[mcp]]\nname = 'a'\npreset = 'asana'", "there are zapier, todoist"),
        ("[[mcp]]\nname = 'a'\nurl = 'http://a.example'", "https://"),
        ("[[mcp]]\nname = 'a'\nurl = 'https://a.example'\ntrust = 'stranger'", "strangers never"),
        ("[[mcp]]\nname = 'a'\nurl = 'https://a.example'\ntransport = 'carrier pigeon'", "auto, http or sse"),
        ("[[mcp]]\nname = 'a'\nurl = 'https://a.example'\ntoken = '{secret:NOBODY_SET_THIS}'", "no variable"),
        ("[[mcp]]\nname = 'a'\nurl = 'https://a.example'\ntimeout_seconds = 0", "1 to 600"),
        ("[[mcp]]\nname = 'a'\ncommand = 'x'\nhosted = true", "nobody but this machine"),
        ("[[mcp]]\nname = 'a'\nurl = 'http://localhost:9'\nhosted = true", "that OpenAI can reach"),
        ("[[mcp]]\nname = 'a'\nurl = 'https://10.0.0.1/mcp'\nhosted = true", "that OpenAI can reach"),
        ("[[mcp]]\nname = 'a'\nurl = 'https://tools/mcp'\nhosted = true", "that OpenAI can reach"),
        (
            "[[mcp]]\nname = 'a'\nurl = 'https://a.example'\nhosted = true\nhosted_url = 'http://b.example'",
            "that OpenAI can reach",
        ),
        (
            "[[mcp]]\nname = 'a'\nurl = 'https://a.example'\nhosted = true\nrequire_approval = 'maybe'",
            "changes, always or never",
        ),
        ("[[mcp]]\nname = 'a'\nurl = 'https://a.example'\nrequire_approval = 'never'", "`hosted = true`"),
        (
            "[[mcp]]\nname = 'a'\nurl = 'https://a.example'\nhosted = true\ntoken = 't'\nheaders = {authorization = 'x'}",
            "not both",
        ),
        ("[[mcp]]\nname = 'a'\nurl = 'https://a.example'\nword = 'x'", "word"),
        ("[[mcp]]\nname = 'a'\ncommand = 'x'\n[[mcp]]\nname = 'a'\ncommand = 'y'", "another of this name"),
    ] {
        let problem = set(text, &[]).expect_err(text);
        assert!(problem.contains("earpiece.toml") && problem.contains(why), "{text}: {problem}");
    }
}

#[test]
fn a_server_may_be_handed_over_under_another_address() {
    let hosted = |text: &str, variables: &[(&str, &str)]| {
        let server = set(text, variables).expect("it is understood").remove(0);
        server.settings.hosted.expect("it is hosted")
    };
    let zapier = hosted(
        "[[mcp]]\nname = 'zapier'\npreset = 'zapier'\nhosted = true\nrequire_approval = 'never'",
        &[("ZAPIER_MCP_PASSWORD", "key")],
    );
    assert_eq!(
        (zapier.url.expose(), zapier.approval),
        ("https://mcp.zapier.com/api/mcp/mcp", Approval::Never)
    );
    let own = "[[mcp]]\nname = 'own'\nurl = 'http://localhost:9/mcp'\nhosted = true\nhosted_url = 'https://t.example/mcp'";
    assert_eq!(hosted(own, &[]).url.expose(), "https://t.example/mcp");
    assert_eq!(hosted(own, &[]).approval, Approval::Changes);
}
