//! What the caller must agree to before it is done, and whether they have: by words of their own, after it was read back.
//!
//! A tool that cannot be undone answers its first use with a question ([`Asked`]). Whatever the assistant makes of that,
//! the use is let through only once the question was heard and the caller has said yes to it. An assistant that does
//! not read it back is helped: the call has it said, word for word.

mod assent;

use crate::{
    Answer, Others, ToolCall, ToolCallId,
    history::{History, Uttered},
};
use assent::Reply;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// A question to the caller on which a use of a tool depends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Stands for this very use: the tool and its arguments.
    pub subject: String,
    /// What is to be read back, ending in the question.
    pub words: String,
    /// What must be heard of it: to whom, what, how much.
    pub telling: Vec<String>,
}

/// How the caller stands to a use of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The [`Asked::subject`] that they said yes to, if they did. It is good for one use.
    pub agreed: Option<String>,
    /// Words of others were read in this call: the assistant may be doing what those want.
    pub swayed: bool,
    /// What the caller has said after the last of those words were read; empty where they have said nothing since.
    pub said: String,
    /// What the assistant had asked them before that, where it was a yes.
    pub yes_to: String,
}

/// What a caller was asked to agree to and has not yet.
#[derive(Debug)]
struct Pending {
    tool: String,
    /// As the assistant wrote them.
    arguments: String,
    asked: Asked,
    /// What was said before this counts for nothing.
    mark: u64,
    /// The call has had it read.
    read: bool,
}

/// The questions of one call.
#[derive(Debug, Default)]
pub(crate) struct Consents {
    pending: Vec<Pending>,
    /// Where the conversation was when words of others were read last.
    swayed: Option<u64>,
    /// Uses that wait for what the caller has said, until when.
    held: Vec<(Instant, ToolCall)>,
}

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It was not read back.
    Unread,
    /// The caller has said nothing since, or nothing that is a yes or a no.
    Open,
    /// They have said something whose words are not known yet.
    Unheard,
    Yes,
    No,
}

/// What became of a question when its tool was wanted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    Agreed,
    Declined,
    Open,
}

/// More questions than anybody keeps in mind.
const QUESTIONS: usize = 8;

impl Consents {
    /// Learns what a tool has answered, at this point of the conversation.
    pub(crate) fn answered(&mut self, tool: &str, arguments: &str, answer: &Answer, mark: u64) {
        match answer.others {
            Others::None => {}
            Others::Within | Others::All => self.swayed = Some(mark),
        }
        let Some(asked) = &answer.asks else { return };
        self.pending.retain(|pending| pending.asked.subject != asked.subject);
        if self.pending.len() == QUESTIONS {
            self.pending.remove(0);
        }
        let (tool, arguments) = (tool.to_owned(), arguments.to_owned());
        self.pending.push(Pending { tool, arguments, asked: Asked::clone(asked), mark, read: false });
    }

    /// Keeps a use of a tool back, where it depends on words of the caller's that are not known yet.
    pub(crate) fn hold(
        &mut self,
        call: &ToolCall,
        history: &History,
        guarded: &BTreeSet<String>,
        until: Instant,
    ) -> bool {
        let waits = guarded.contains(&call.name) && self.is_unheard(&call.name, history);
        if waits {
            self.held.push((until, call.clone()));
        }
        waits
    }

    /// Takes the uses that need not wait any longer.
    pub(crate) fn released(&mut self, now: Instant, history: &History) -> Vec<ToolCall> {
        let held = std::mem::take(&mut self.held);
        let (free, held): (Vec<_>, Vec<_>) = held
            .into_iter()
            .partition(|(until, call)| *until <= now || !self.is_unheard(&call.name, history));
        self.held = held;
        free.into_iter().map(|(_, call)| call).collect()
    }

    /// Forgets a use that waits. Says whether there was one.
    pub(crate) fn withdraw(&mut self, id: &ToolCallId) -> bool {
        let before = self.held.len();
        self.held.retain(|(_, call)| call.id != *id);
        self.held.len() < before
    }

    /// When the next use has waited long enough.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.held.iter().map(|(until, _)| *until).min()
    }

    /// How the caller stands to this use, and what became of the question about it if there was one.
    pub(crate) fn standing(&mut self, call: &ToolCall, history: &History) -> (Standing, Option<Settled>) {
        let same = |pending: &Pending| pending.tool == call.name && pending.arguments == call.arguments;
        let likely = |pending: &Pending| pending.tool == call.name;
        let agreed = |pending: &Pending| likely(pending) && pending.verdict(history) == Verdict::Yes;
        let at = [self.pending.iter().position(same), self.pending.iter().position(agreed)];
        let at = at.into_iter().flatten().next().or_else(|| self.pending.iter().position(likely));
        let settled = at.map(|at| match self.pending[at].verdict(history) {
            Verdict::Yes => Settled::Agreed,
            Verdict::No => Settled::Declined,
            Verdict::Unread | Verdict::Open | Verdict::Unheard => Settled::Open,
        });
        let asked =
            at.filter(|_| settled != Some(Settled::Open)).map(|at| self.pending.remove(at).asked.subject);
        let agreed = asked.filter(|_| settled == Some(Settled::Agreed));
        let (said, yes_to) = self.swayed.map_or_else(Default::default, |mark| last_words(history, mark));
        (Standing { agreed, swayed: self.swayed.is_some(), said, yes_to }, settled)
    }

    /// A question that was not read back although there was time to, which the call is to have said. Once each, and not
    /// where another about the same tool was read back instead.
    pub(crate) fn unread(&mut self, history: &History) -> Option<String> {
        let is_unread = |pending: &Pending| pending.verdict(history) == Verdict::Unread;
        let replaced = |tool: &str| self.pending.iter().any(|other| other.tool == tool && !is_unread(other));
        let unread = |pending: &Pending| !pending.read && is_unread(pending) && !replaced(&pending.tool);
        let at = self.pending.iter().position(unread)?;
        let pending = &mut self.pending[at];
        pending.read = true;
        Some(pending.asked.words.clone())
    }

    fn is_unheard(&self, tool: &str, history: &History) -> bool {
        let question = self
            .pending
            .iter()
            .any(|pending| pending.tool == tool && pending.verdict(history) == Verdict::Unheard);
        let since = |mark| {
            let last = history.since(mark).filter_map(|uttered| match uttered {
                Uttered::Caller(words) => Some(words.is_none()),
                Uttered::Assistant(_) => None,
            });
            last.last() == Some(true)
        };
        question || self.swayed.is_some_and(since)
    }
}

impl Pending {
    fn verdict(&self, history: &History) -> Verdict {
        let (mut heard, mut said, mut unknown) = (String::new(), String::new(), false);
        let mut read = false;
        for uttered in history.since(self.mark) {
            match uttered {
                Uttered::Assistant(words) => {
                    push(&mut heard, words);
                    read = read || self.asked.is_covered_by(&heard);
                }
                Uttered::Caller(Some(words)) if read => push(&mut said, words),
                Uttered::Caller(None) if read => unknown = true,
                Uttered::Caller(_) => {}
            }
        }
        match (read, assent::read(&said, &self.asked.words), unknown) {
            (false, _, _) => Verdict::Unread,
            (true, Reply::No, _) => Verdict::No,
            (true, _, true) => Verdict::Unheard,
            (true, Reply::Yes, false) => Verdict::Yes,
            (true, Reply::Neither, false) => Verdict::Open,
        }
    }
}

impl Asked {
    /// Whether what was heard says what the question says, in whatever words: everything short of it that tells one
    /// use from another, and nearly all of what is long.
    fn is_covered_by(&self, heard: &str) -> bool {
        let heard = assent::words(heard);
        let run: String = heard.concat();
        let telling = |told: &String| {
            let told = assent::words(told);
            let known = told.iter().filter(|word| heard.contains(word)).count();
            told.is_empty()
                || run.contains(&told.concat())
                || known == told.len()
                || told.len() > LONG && known * 5 >= told.len() * 4
        };
        let asks = assent::words(&self.words);
        let common = asks.iter().filter(|word| heard.contains(word)).count();
        self.telling.iter().all(telling) && (!self.telling.is_empty() || common * 2 >= asks.len())
    }
}

/// Of more words than this not every one must be heard.
const LONG: usize = 8;

/// What the caller said since, and what they said yes to with it, if that is what it was.
fn last_words(history: &History, mark: u64) -> (String, String) {
    let (mut asked, mut said) = (String::new(), String::new());
    let mut was_caller = false;
    for uttered in history.since(mark) {
        match uttered {
            Uttered::Caller(words) => {
                if !was_caller {
                    said.clear();
                }
                push(&mut said, words.unwrap_or_default());
                was_caller = true;
            }
            Uttered::Assistant(words) => {
                if was_caller {
                    continue;
                }
                asked.clear();
                asked.push_str(words);
            }
        }
    }
    let question = assent::question(&asked).unwrap_or_default();
    let yes = assent::read(&said, question) == Reply::Yes;
    let yes_to = if yes { question.to_owned() } else { String::new() };
    (said, yes_to)
}

fn push(all: &mut String, words: &str) {
    if !all.is_empty() {
        all.push_str(". ");
    }
    all.push_str(words);
}

/// How long a use waits for the words of the caller's.
pub(crate) const WORDS: Duration = Duration::from_secs(3);
