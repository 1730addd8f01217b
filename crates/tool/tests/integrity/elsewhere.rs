//! A calendar elsewhere as a model: it keeps events as the seam says, is strict about what it is given, and fails in
//! every way that a real one does.

use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::{pending, poll_fn},
    sync::{Mutex, MutexGuard},
    task::Poll,
};
use tool::calendar::remote::{Asking, Calendar, Event, Trouble, Written};
use when::Span;

/// What may be asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    Busy,
    Events,
    Put,
    Shift,
    Remove,
}

/// What becomes of one question.
#[derive(Clone, Debug)]
pub enum Fault {
    /// All is well, this time.
    Fine,
    /// Not done, and it says that it cannot be reached.
    Down,
    /// Not done, and no answer ever comes.
    Silent,
    /// Done, and the answer is lost.
    Lost,
    /// Done, and no answer ever comes.
    DoneThenSilent,
    Refused,
    Revoked,
    /// Somebody else's event comes to stand there just before it is done.
    After(Event),
}

pub struct Elsewhere {
    name: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    events: BTreeMap<String, Event>,
    deleted: BTreeSet<String>,
    faults: BTreeMap<Ask, VecDeque<Fault>>,
    always: Option<Fault>,
    asked: Vec<(Ask, String)>,
    /// At how many more of its steps (before or after something is done) the process that asks goes on.
    steps_left: Option<u32>,
    longest: Option<jiff::SignedDuration>,
}

impl Elsewhere {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), state: Mutex::default() }
    }

    /// The next question of this kind comes to this; further calls queue up.
    pub fn once(&self, ask: Ask, fault: Fault) {
        self.state().faults.entry(ask).or_default().push_back(fault);
    }

    /// Every question that nothing else is queued for comes to this; none: all is well again.
    pub fn always(&self, fault: Option<Fault>) {
        self.state().always = fault;
    }

    /// Nobody learns anything beyond `steps`, as if the one who asks had died there. A question has two: before it is
    /// done, and after.
    pub fn die_after(&self, steps: Option<u32>) {
        self.state().steps_left = steps;
    }

    /// Whether the step at which the one who asks dies was come to.
    pub fn is_dead(&self) -> bool {
        self.state().steps_left == Some(0)
    }

    /// The owner, or somebody else, writes here.
    pub fn write(&self, event: Event) {
        let mut state = self.state();
        state.deleted.remove(&event.id);
        state.events.insert(event.id.clone(), event);
    }

    /// Somebody deletes here.
    pub fn delete(&self, id: &str) {
        let mut state = self.state();
        assert!(state.events.remove(id).is_some(), "no event {id} to delete");
        state.deleted.insert(id.to_owned());
    }

    /// Everything that stands here, in order of start.
    pub fn all(&self) -> Vec<Event> {
        let mut events: Vec<Event> = self.state().events.values().cloned().collect();
        events.sort_by_key(|event| event.span);
        events
    }

    /// How often this was asked.
    pub fn asked(&self, ask: Ask) -> usize {
        self.state().asked.iter().filter(|(asked, _)| *asked == ask).count()
    }

    /// The longest range that was ever asked for.
    pub fn longest(&self) -> jiff::SignedDuration {
        self.state().longest.unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it is locked")
    }

    /// One step of whoever asks: others get a turn, and where it dies it goes no further.
    async fn step(&self) {
        let mut yielded = false;
        poll_fn(|cx| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        let dead = {
            let mut state = self.state();
            match &mut state.steps_left {
                None => false,
                Some(0) => true,
                Some(left) => {
                    *left -= 1;
                    *left == 0
                }
            }
        };
        if dead {
            pending::<()>().await;
        }
    }

    async fn ask<T>(
        &self,
        ask: Ask,
        about: String,
        done: impl FnOnce(&mut State) -> Result<T, Trouble> + Send,
    ) -> Result<T, Trouble> {
        let fault = {
            let mut state = self.state();
            state.asked.push((ask, about));
            let queued = state.faults.get_mut(&ask).and_then(VecDeque::pop_front);
            queued.or_else(|| state.always.clone()).unwrap_or(Fault::Fine)
        };
        self.step().await;
        let unreachable = || Trouble::Unreachable(format!("{} does not answer", self.name));
        let answer = match &fault {
            Fault::Down => return Err(unreachable()),
            Fault::Silent => pending().await,
            Fault::Refused => return Err(Trouble::Refused(format!("{} refuses", self.name))),
            Fault::Revoked => return Err(Trouble::Revoked(format!("the grant of {} is gone", self.name))),
            Fault::After(event) => {
                self.write(event.clone());
                done(&mut self.state())
            }
            Fault::Fine | Fault::Lost | Fault::DoneThenSilent => done(&mut self.state()),
        };
        self.step().await;
        match fault {
            Fault::Lost => Err(unreachable()),
            Fault::DoneThenSilent => pending().await,
            Fault::Fine | Fault::Down | Fault::Silent | Fault::Refused | Fault::Revoked | Fault::After(_) => {
                answer
            }
        }
    }
}

impl State {
    fn look(&mut self, range: Span) -> Vec<Event> {
        assert!(range.from < range.to, "an empty range is asked for: {range:?}");
        let length = range.to.duration_since(range.from);
        self.longest = self.longest.max(Some(length));
        let mut found: Vec<Event> =
            self.events.values().filter(|event| event.span.overlaps(&range)).cloned().collect();
        found.sort_by_key(|event| event.span);
        found
    }
}

impl Calendar for Elsewhere {
    fn name(&self) -> &str {
        &self.name
    }

    fn busy<'a>(&'a self, range: Span, except: Option<&'a str>) -> Asking<'a, Vec<Span>> {
        Box::pin(self.ask(Ask::Busy, String::new(), move |state| {
            let found = state.look(range);
            Ok(found
                .iter()
                .filter(|event| event.busy && Some(event.id.as_str()) != except)
                .map(|event| event.span)
                .collect())
        }))
    }

    fn events(&self, range: Span) -> Asking<'_, Vec<Event>> {
        Box::pin(self.ask(Ask::Events, String::new(), move |state| Ok(state.look(range))))
    }

    fn put<'a>(&'a self, event: &'a Event) -> Asking<'a, Written> {
        assert_ours(&event.id);
        assert!(event.span.from < event.span.to && event.busy, "no event to put: {event:?}");
        Box::pin(self.ask(Ask::Put, event.id.clone(), |state| {
            if state.deleted.contains(&event.id) {
                return Ok(Written::Gone);
            }
            state.events.entry(event.id.clone()).or_insert_with(|| event.clone());
            Ok(Written::Done { etag: None })
        }))
    }

    fn shift<'a>(&'a self, id: &'a str, span: Span, _: &'a str) -> Asking<'a, Written> {
        assert_ours(id);
        Box::pin(self.ask(Ask::Shift, id.to_owned(), move |state| match state.events.get_mut(id) {
            Some(event) => {
                event.span = span;
                Ok(Written::Done { etag: None })
            }
            None => Ok(Written::Gone),
        }))
    }

    fn remove<'a>(&'a self, id: &'a str) -> Asking<'a, ()> {
        assert_ours(id);
        Box::pin(self.ask(Ask::Remove, id.to_owned(), |state| {
            state.events.remove(id);
            state.deleted.insert(id.to_owned());
            Ok(())
        }))
    }
}

fn assert_ours(id: &str) {
    let fits = (5..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte));
    assert!(fits, "no id of ours: {id}");
}

/// An event that somebody else made.
pub fn theirs(id: &str, from: &str, to: &str) -> Event {
    let at = |local| Timestamp::from_millisecond(crate::rig::milliseconds(local)).expect("a moment in range");
    Event {
        id: id.to_owned(),
        span: Span { from: at(from), to: at(to) },
        zone: "Europe/Berlin".into(),
        summary: "Dentist".into(),
        description: String::new(),
        attendees: Vec::new(),
        busy: true,
    }
}
