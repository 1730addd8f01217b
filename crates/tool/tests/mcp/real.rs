//! The protocol's own servers, of both eras and by every way they are reached.

use crate::rig::{Hosted, Kept, LONG, data, npm, object, settings, tasks, web};
use serde_json::json;
use tokio::{sync::mpsc, time::timeout};
use tool::{
    Class,
    mcp::{self, Choice, Form, State},
};

/// Adds, lists and completes a task.
async fn keeps_a_list(kept: &Kept) {
    let known = kept.good().await;
    assert_eq!(kept.names(), ["todo_add_task", "todo_list_tasks", "todo_complete_task"]);
    let tools = mcp::tools(&kept.server, &known);
    assert!(tools.iter().all(|tool| tool.is_foreign() && tool.trust() == tool::Trust::Owner));
    assert_eq!(tools[1].class(), Class::Reads);
    let added = kept.call("todo_add_task", json!({"content": "buy milk"})).await;
    assert_eq!((added.ok, added.say.as_str()), (true, "Added buy milk, due today."), "{added:?}");
    let listed = kept.call("todo_list_tasks", json!({"due": "today"})).await;
    assert_eq!(data(&listed)["result"][0]["content"], "buy milk", "{listed:?}");
    let done = kept.call("todo_complete_task", json!({"content": "buy milk"})).await;
    assert!(done.ok, "{done:?}");
    assert_eq!(data(&kept.call("todo_list_tasks", json!({})).await)["result"], json!([]));
    let missing = kept.call("todo_complete_task", json!({"content": "nothing"})).await;
    assert!(!missing.ok, "{missing:?}");
}

#[tokio::test]
async fn a_server_of_the_modern_era_is_spoken_with_on_its_standard_input() {
    let kept = Kept::new(tasks("mcp2"));
    keeps_a_list(&kept).await;
    assert!(kept.server.known().borrow().status.title.contains("2026-07-28"));
}

#[tokio::test]
async fn a_server_of_the_era_before_is_spoken_with_on_its_standard_input() {
    let kept = Kept::new(tasks("mcp1"));
    keeps_a_list(&kept).await;
    assert!(kept.server.known().borrow().status.title.contains("2025-11-25"));
}

#[tokio::test]
async fn a_server_of_the_modern_era_is_spoken_with_by_http() {
    let hosted = Hosted::tasks("mcp2").await;
    keeps_a_list(&Kept::new(settings("todo", web(&hosted.at("/mcp"), Form::Any)))).await;
}

#[tokio::test]
async fn a_server_of_the_era_before_is_spoken_with_by_http_and_sends_us_on_within_itself() {
    let hosted = Hosted::tasks("mcp1").await;
    keeps_a_list(&Kept::new(settings("todo", web(&hosted.at("/mcp/"), Form::Streamable)))).await;
}

#[tokio::test]
async fn a_server_that_only_knows_the_event_stream_of_2024_is_found_out() {
    let hosted = Hosted::everything("sse").await;
    let kept = Kept::new(settings("all", web(&hosted.at("/sse"), Form::Any)));
    kept.good().await;
    let answer = kept.call("all_echo", json!({"message": "hello"})).await;
    assert!(answer.ok && answer.say.contains("hello"), "{answer:?}");
}

#[tokio::test]
async fn everything_that_a_server_can_answer_with_is_understood() {
    let kept = Kept::new(settings("all", npm("server-everything", &["stdio"])));
    kept.good().await;
    let task = kept.call("all_simulate-research-query", json!({"topic": "tea"})).await;
    assert!(!task.ok, "what only runs as a task was run: {task:?}");
    let sum = kept.call("all_get-sum", json!({"a": 2, "b": 40})).await;
    assert!(sum.ok && sum.say.contains("42"), "{sum:?}");
    let wrong = kept.call("all_get-sum", json!({"a": "two"})).await;
    assert!(!wrong.ok, "{wrong:?}");
    let weather = kept.call("all_get-structured-content", json!({"location": "Chicago"})).await;
    assert!(data(&weather)["temperature"].is_number(), "{weather:?}");
    let image = kept.call("all_get-tiny-image", json!({})).await;
    assert!(image.say.contains("[an image]") && image.say.len() < 1_000, "{image:?}");
    let links = kept.call("all_get-resource-links", json!({"count": 2})).await;
    assert!(links.ok && links.say.contains("://"), "{links:?}");
}

#[tokio::test]
async fn a_long_tool_is_told_of_while_it_works_and_given_up_when_nobody_waits() {
    let kept = Kept::new(settings("all", npm("server-everything", &["stdio"])));
    kept.good().await;
    let (telling, mut told) = mpsc::channel(8);
    let progress: tool::Progress = std::sync::Arc::new(move |percent| {
        let _full = telling.try_send(percent);
    });
    let long = object(&json!({"duration": 1, "steps": 2}));
    let answer = kept.server.call("trigger-long-running-operation", long, false, Some(progress)).await;
    answer.expect("it ends");
    let mut percents = Vec::new();
    // The queue is closed with the request.
    while let Some(percent) = timeout(LONG, told.recv()).await.expect("it is closed") {
        percents.push(percent);
    }
    assert!(percents.contains(&50) && percents.is_sorted(), "{percents:?}");
    let endless = object(&json!({"duration": 600, "steps": 600}));
    let waiting = kept.server.call("trigger-long-running-operation", endless, false, None);
    tokio::select! {
        answer = waiting => panic!("{answer:?}"),
        () = tokio::time::sleep(std::time::Duration::from_millis(300)) => {}
    }
    let after = kept.call("all_echo", json!({"message": "still there"})).await;
    assert!(after.ok, "{after:?}");
}

#[tokio::test]
async fn a_server_that_was_started_again_is_used_as_if_it_had_not_been() {
    let hosted = Hosted::everything("streamableHttp").await;
    let port = hosted.port;
    let kept = Kept::new(settings("all", web(&hosted.at("/mcp"), Form::Any)));
    kept.good().await;
    assert!(kept.call("all_echo", json!({"message": "before"})).await.ok);
    drop(hosted);
    let gone = kept.call("all_echo", json!({"message": "meanwhile"})).await;
    assert!(!gone.ok && gone.say.contains("all "), "{gone:?}");
    let _again = Hosted::everything_at(port, "streamableHttp").await;
    kept.server.connect_again();
    kept.good().await;
    let after = kept.call("all_echo", json!({"message": "after"})).await;
    assert!(after.ok && after.say.contains("after"), "{after:?}");
}

#[tokio::test]
async fn memory_and_files_are_kept_by_the_servers_made_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path");
    let mut memory = settings("memory", npm("server-memory", &[]));
    if let mcp::Way::Program(program) = &mut memory.way {
        let file = mcp::Secret::new(format!("{path}/memory.json"));
        program.environment.insert("MEMORY_FILE_PATH".into(), file);
    }
    let memory = Kept::new(memory);
    let mut files = settings("files", npm("server-filesystem", &[path]));
    files.choice = Choice { only: vec!["read_text_file".into(), "list_directory".into()], never: Vec::new() };
    let files = Kept::new(files);
    memory.good().await;
    files.good().await;
    let task = json!({"entities": [{"name": "milk", "entityType": "task", "observations": ["due today"]}]});
    assert!(memory.call("memory_create_entities", task).await.ok);
    let found = memory.call("memory_search_nodes", json!({"query": "milk"})).await;
    assert!(found.data.contains("due today"), "{found:?}");
    let listed = files.call("files_list_directory", json!({"path": path})).await;
    assert!(listed.say.contains("memory.json"), "{listed:?}");
    assert_eq!(files.names().len(), 2);
    let outside = files.call("files_read_text_file", json!({"path": "/etc/passwd"})).await;
    assert!(!outside.ok, "{outside:?}");
}

#[tokio::test]
async fn what_a_server_offered_last_is_known_before_it_is_connected_and_while_it_is_not() {
    let kept = Kept::new(tasks("mcp2"));
    let listing = kept.good().await.listing;
    drop(kept);
    let nowhere = settings("todo", web("http://127.0.0.1:9/mcp", Form::Any));
    let server = mcp::Server::new(nowhere, crate::rig::reach(), None, listing.clone());
    assert_eq!(mcp::tools(&server, &server.known().borrow()).len(), 3);
    let kept = Kept::with(server);
    let known = kept.until(|known| known.status.state == State::Trouble).await;
    assert_eq!(known.listing, listing);
    assert!(known.status.why.starts_with("it cannot be reached"), "{}", known.status.why);
    let answer = kept.call("todo_add_task", json!({"content": "x"})).await;
    assert!(!answer.ok && answer.say.contains("todo cannot be reached"), "{answer:?}");
}
