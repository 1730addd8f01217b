//! Tools that the service uses by itself: of which servers, whether it may, and which it is using.

use super::request;
use crate::{ApiKey, HostedServer, ToolSpec};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    sync::Arc,
    time::Instant,
};

/// Lists, and uses that are over, of which is known that they are.
const REMEMBERED: usize = 64;

/// What configured a session. It may hold secrets, and is not printed.
pub(super) struct Configured(pub Value);

impl fmt::Debug for Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Configured(••••)")
    }
}

#[derive(Debug, Default)]
pub(super) struct Hosted {
    /// All that was offered last, hosted or not.
    offered: Vec<ToolSpec>,
    /// Servers that the service cannot use: their tools are offered like all others.
    given_up: BTreeSet<String>,
    /// Whose list each item of that kind is.
    lists: BTreeMap<String, String>,
    uses: Vec<Use>,
    /// Items of uses that are over.
    over: VecDeque<String>,
}

/// One use of a tool.
#[derive(Debug)]
pub(super) struct Use {
    /// What the call knows it by: the question about it where there was one, else its item.
    pub id: String,
    /// The service's item; empty where there is none yet.
    item: String,
    label: String,
    tool: String,
    pub arguments: String,
    pub state: State,
}

/// How far a use is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The service asked whether it may.
    Asked,
    /// It may, or need not ask.
    May,
    /// It is at it.
    Begun,
    /// It said whether that went well, and will say any moment what came of it; at the latest then.
    Over { well: bool, due: Instant },
}

/// What the service says of a use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub item: &'a str,
    /// The question about it; empty where there was none, or the service does not say.
    pub question: &'a str,
    pub label: &'a str,
    pub tool: &'a str,
    pub arguments: &'a str,
}

impl Hosted {
    /// From now on these are all the tools.
    pub(super) fn offer(&mut self, tools: &[ToolSpec]) {
        self.offered = tools.to_vec();
    }

    /// The tools as the service is told of them.
    pub(super) fn tools(&self) -> Vec<Value> {
        let mut servers = BTreeMap::<&str, (&Arc<HostedServer>, Vec<&str>, Vec<&str>)>::new();
        let mut all = Vec::new();
        for spec in &self.offered {
            let hosted = spec.hosted.as_ref().filter(|hosted| !self.given_up.contains(&hosted.server.label));
            let Some(hosted) = hosted else {
                all.push(request::function(spec));
                continue;
            };
            let (_, free, asked) =
                servers.entry(&hosted.server.label).or_insert((&hosted.server, Vec::new(), Vec::new()));
            if hosted.asks { asked } else { free }.push(&hosted.tool);
        }
        all.extend(servers.into_values().map(|(server, free, asked)| request::server(server, &free, &asked)));
        all
    }

    /// Whether there is a server whose tools the service uses by itself.
    pub(super) fn is_any(&self) -> bool {
        !self.labels().is_empty()
    }

    /// Those servers.
    fn labels(&self) -> BTreeSet<&str> {
        let hosted = self.offered.iter().filter_map(|spec| spec.hosted.as_ref());
        let labels = hosted.map(|hosted| hosted.server.label.as_str());
        labels.filter(|label| !self.given_up.contains(*label)).collect()
    }

    /// This item is the list of that server.
    pub(super) fn lists(&mut self, item: &str, label: &str) {
        if self.lists.len() < REMEMBERED {
            self.lists.insert(item.to_owned(), label.to_owned());
        }
    }

    /// The list in this item could not be read: gives the servers whose tools are to be offered like all others from now on.
    pub(super) fn give_up(&mut self, item: &str) -> Vec<String> {
        let labels = self.labels();
        let meant = self.lists.get(item).filter(|label| labels.contains(label.as_str()));
        let gone: Vec<String> = match meant {
            Some(label) => vec![label.clone()],
            // One that is not known was given up before, or nobody has said whose it is.
            None if self.lists.contains_key(item) => Vec::new(),
            None => labels.into_iter().map(str::to_owned).collect(),
        };
        self.given_up.extend(gone.iter().cloned());
        gone
    }

    /// No server's tools are used by the service from now on. Says whether any were.
    pub(super) fn give_all_up(&mut self) -> bool {
        let labels: Vec<String> = self.labels().into_iter().map(str::to_owned).collect();
        let any = !labels.is_empty();
        self.given_up.extend(labels);
        any
    }

    /// What the call knows a tool of a server by.
    pub(super) fn name(&self, label: &str, tool: &str) -> String {
        let named = self.offered.iter().find(|spec| {
            spec.hosted.as_ref().is_some_and(|hosted| hosted.server.label == label && hosted.tool == tool)
        });
        named.map_or_else(|| format!("{label}_{tool}"), |spec| spec.name.clone())
    }

    /// The service asks whether it may use this.
    pub(super) fn asks(&mut self, question: &str, told: Told<'_>) {
        self.uses.push(Use::new(question, "", told, State::Asked));
    }

    /// The use that this item is, where it is known.
    pub(super) fn find(&mut self, told: Told<'_>) -> Option<&mut Use> {
        let same = |one: &Use| {
            let alike = one.label == told.label && one.tool == told.tool && one.arguments == told.arguments;
            one.item.is_empty() && (one.id == told.question || told.question.is_empty() && alike)
        };
        let at = self.uses.iter().position(|one| one.item == told.item);
        let at = at.or_else(|| self.uses.iter().position(same))?;
        let found = &mut self.uses[at];
        told.item.clone_into(&mut found.item);
        if !told.arguments.is_empty() {
            told.arguments.clone_into(&mut found.arguments);
        }
        Some(found)
    }

    /// A use that nobody was asked about.
    pub(super) fn appear(&mut self, told: Told<'_>) {
        self.uses.push(Use::new(told.item, told.item, told, State::May));
    }

    /// What it is told in the end.
    pub(super) fn argues(&mut self, item: &str, arguments: &str) {
        if let Some(one) = self.uses.iter_mut().find(|one| one.item == item && !arguments.is_empty()) {
            arguments.clone_into(&mut one.arguments);
        }
    }

    /// Those items are over, and what is said of them again is known.
    pub(super) fn is_over(&self, item: &str) -> bool {
        self.over.iter().any(|over| over == item)
    }

    pub(super) fn of_item(&mut self, item: &str) -> Option<&mut Use> {
        self.uses.iter_mut().find(|one| one.item == item)
    }

    /// By what the call knows it by.
    pub(super) fn named(&mut self, id: &str) -> Option<&mut Use> {
        self.uses.iter_mut().find(|one| one.id == id)
    }

    /// Forgets a use: it is over, or will never be.
    pub(super) fn close(&mut self, id: &str) {
        if let Some(at) = self.uses.iter().position(|one| one.id == id) {
            let item = self.uses.remove(at).item;
            if self.over.len() == REMEMBERED {
                self.over.pop_front();
            }
            self.over.push_back(item);
        }
    }

    /// What each use is of which the outcome should be known by now, with whether it went well.
    pub(super) fn due(&self, now: Instant) -> Vec<(String, bool)> {
        let due = |one: &Use| match one.state {
            State::Over { well, due } if due <= now => Some((one.id.clone(), well)),
            State::Over { .. } | State::Asked | State::May | State::Begun => None,
        };
        self.uses.iter().filter_map(due).collect()
    }

    /// When the next outcome should be known.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = self.uses.iter().filter_map(|one| match one.state {
            State::Over { due, .. } => Some(due),
            State::Asked | State::May | State::Begun => None,
        });
        due.min()
    }

    /// A text of the service's without what it was entrusted with.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let servers = self.offered.iter().filter_map(|spec| spec.hosted.as_ref());
        let mut clean = text.to_owned();
        for server in servers.map(|hosted| &hosted.server) {
            let headers = server.headers.iter().map(|(_, value)| value);
            let secrets = [&server.url].into_iter().chain(&server.token).chain(headers);
            for secret in secrets.map(ApiKey::expose).filter(|secret| !secret.is_empty()) {
                clean = clean.replace(secret, "••••");
            }
        }
        clean
    }
}

impl Use {
    fn new(id: &str, item: &str, told: Told<'_>, state: State) -> Self {
        Self {
            id: id.to_owned(),
            item: item.to_owned(),
            label: told.label.to_owned(),
            tool: told.tool.to_owned(),
            arguments: told.arguments.to_owned(),
            state,
        }
    }

    /// Whose tool it is, and which.
    pub(super) fn whose(&self) -> (&str, &str) {
        (&self.label, &self.tool)
    }
}
