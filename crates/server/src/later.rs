//! What callers were promised for after the call: the answer of a tool that took longer than they could be kept waiting. It
//! reaches them by text, or the owner by mail.
//!
//! With the promise a message is queued that says that it came to nothing, due when the tool would be given up if the call
//! ended now, and later for as long as the tool is at it; the answer takes its place. So a promise is kept even where this
//! program is killed.

use crate::{app::App, clock, config::Config, errands, insist::insist, jobs};
use call::{Answer, ToolCallId};
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, time::timeout};
use tool::{
    Errand, Trust,
    message::{job, words},
};

/// Somewhat more than a tool may take after its call,
const DUE_MS: i64 = errands::LONGEST.as_millis() as i64 + 60_000;
/// from when it was last known to be at it, which is looked at this often.
const LOOK: Duration = Duration::from_secs(60);

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
        app.tasks.spawn(keep(app.clone(), Promise { way, key }, answered, LOOK));
    }
    answer
}

/// A caller's number can be forged: strangers are texted nothing that they have not agreed to.
fn way(config: &Config, errand: &Errand) -> Option<Way> {
    let number = errand.number().filter(|_| errand.trust >= Trust::Known && jobs::can_text(config));
    let mail = errand.trust == Trust::Owner && jobs::can_mail(config);
    number.map(|number| Way::Text(number.to_owned())).or(mail.then_some(Way::Mail))
}

/// What somebody is told, and under which key.
struct Promise {
    way: Way,
    key: String,
}

async fn keep(app: Arc<App>, promise: Promise, mut answered: oneshot::Receiver<Answer>, look: Duration) {
    let nothing = || promise.planned(None, clock::now_ms() + DUE_MS);
    let first = nothing();
    let queue = || jobs::queue(&app, &first);
    if let Err(error) = insist(&app.draining, "what a caller was promised", queue).await {
        return tracing::error!(%error, "what a caller was promised could not be written down");
    }
    let answer = loop {
        match timeout(look, &mut answered).await {
            Ok(Ok(answer)) => break answer,
            Ok(Err(_)) => return,
            Err(_) => {
                let put_off = app.store.replace_job(&nothing().new_job(clock::now_ms())).await;
                if let Err(error) = put_off {
                    tracing::debug!(%error, "what a caller was promised is not put off");
                }
            }
        }
    };
    let now_ms = clock::now_ms();
    let kept = promise.planned(Some(&answer), now_ms);
    let new = kept.new_job(now_ms);
    let replace = || app.store.replace_job(&new);
    match insist(&app.draining, "what a caller was promised", replace).await {
        Ok(true) => app.bell.ring(),
        Ok(false) => {
            tracing::warn!("what a caller was promised came after they were told that it came to nothing");
        }
        Err(error) => tracing::error!(%error, "what a caller was promised could not be written down"),
    }
}

impl Promise {
    /// `answer`: none where it came to nothing.
    fn planned(&self, answer: Option<&Answer>, at_ms: i64) -> job::Planned {
        let outcome = answer.map(|answer| (answer.ok, answer.say.as_str()));
        match &self.way {
            Way::Text(to) => job::promised_text(&self.key, to, words::promised_text(outcome), at_ms),
            Way::Mail => job::promised_mail(&self.key, &words::promised(outcome), at_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve;
    use store::{JobRow, JobState};

    #[tokio::test]
    async fn a_promise_is_not_broken_while_the_tool_is_at_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = serve::open_in(folder.path(), &[]).await;
        let promise = Promise { way: Way::Text("+15550100100".into()), key: "call:tool".into() };
        let (answer, answered) = oneshot::channel();
        let kept = app.tasks.spawn(keep(app.clone(), promise, answered, Duration::from_millis(10)));
        let first = job_where(&app, |_| true).await;
        let later = job_where(&app, |job| job.due_ms > first.due_ms).await;
        assert!(later.id == first.id && later.due_ms > clock::now_ms());
        answer.send(Answer::said("It is the blue one.")).expect("it is waited for");
        kept.await.expect("no panic");
        let told = job_where(&app, |_| true).await;
        assert!(told.payload.contains("the blue one") && told.due_ms <= clock::now_ms(), "{told:?}");
    }

    async fn job_where(app: &App, fits: impl Fn(&JobRow) -> bool) -> JobRow {
        let looking = async {
            loop {
                let jobs = app.store.jobs(JobState::Waiting, 9).await.expect("read");
                if let Some(job) = jobs.into_iter().find(&fits) {
                    return job;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(90), looking).await.expect("it comes to pass")
    }
}
