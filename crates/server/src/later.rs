//! What callers were promised for after the call: the answer of a tool that took longer than they could be kept waiting. It
//! reaches them by text, or the owner by mail.
//!
//! With the promise a message is queued that says that it came to nothing, due when the tool is given up; the answer takes its
//! place. So a promise is kept even where this program is killed.

use crate::{app::App, clock, config::Config, errands, insist::insist, jobs};
use call::{Answer, ToolCallId};
use std::sync::Arc;
use store::NewJob;
use tokio::sync::oneshot;
use tool::{
    Errand, Trust,
    message::{job, words},
};

/// A little more than a tool may take.
const DUE_MS: i64 = errands::LONGEST.as_millis() as i64 + 60_000;

/// How somebody can be told.
enum Way {
    Text(String),
    Mail,
}

/// What a caller is told of a tool that takes too long; empty where they cannot be told its answer later.
pub fn words(config: &Config, errand: &Errand) -> &'static str {
    match way(config, errand) {
        Some(Way::Text(_)) => {
            "That takes longer than it should. It goes on, and I will text you when it is done."
        }
        Some(Way::Mail) => {
            "That takes longer than it should. It goes on, and I will mail you when it is done."
        }
        None => "",
    }
}

/// Promises the answer of a tool: whoever has it puts it into what is returned. Dropped, it came to nothing.
pub fn promise(app: &Arc<App>, errand: &Errand, id: &ToolCallId) -> oneshot::Sender<Answer> {
    let (answer, answered) = oneshot::channel();
    if let Some(way) = way(&app.config.get(), errand) {
        let key = format!("{}:{}", errand.call_id, id.0);
        app.tasks.spawn(keep(app.clone(), way, key, answered));
    }
    answer
}

/// A caller's number can be forged: strangers are texted nothing that they have not agreed to.
fn way(config: &Config, errand: &Errand) -> Option<Way> {
    let number = errand.number().filter(|_| errand.trust >= Trust::Known && jobs::can_text(config));
    let mail = errand.trust == Trust::Owner && jobs::can_mail(config);
    number.map(|number| Way::Text(number.to_owned())).or(mail.then_some(Way::Mail))
}

async fn keep(app: Arc<App>, way: Way, key: String, answered: oneshot::Receiver<Answer>) {
    let nothing = planned(&way, &key, None, clock::now_ms() + DUE_MS);
    let queue = || jobs::queue(&app, &nothing);
    if let Err(error) = insist(&app.draining, "what a caller was promised", queue).await {
        return tracing::error!(%error, "what a caller was promised could not be written down");
    }
    let Ok(answer) = answered.await else { return };
    let now_ms = clock::now_ms();
    let kept = planned(&way, &key, Some(&answer), now_ms);
    let new = NewJob { kind: kept.kind, key: &kept.key, payload: &kept.payload, due_ms: kept.due_ms, now_ms };
    let replace = || app.store.replace_job(&new);
    match insist(&app.draining, "what a caller was promised", replace).await {
        Ok(true) => app.bell.ring(),
        Ok(false) => {
            tracing::warn!("what a caller was promised came after they were told that it came to nothing");
        }
        Err(error) => tracing::error!(%error, "what a caller was promised could not be written down"),
    }
}

/// `answer`: none where it came to nothing.
fn planned(way: &Way, key: &str, answer: Option<&Answer>, at_ms: i64) -> job::Planned {
    let outcome = answer.map(|answer| (answer.ok, answer.say.as_str()));
    match way {
        Way::Text(to) => job::promised_text(key, to, words::promised_text(outcome), at_ms),
        Way::Mail => job::promised_mail(key, &words::promised(outcome), at_ms),
    }
}
