//! The calls there are: those whose stream is awaited and those in progress.

use crate::answerer::Answerer;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast, mpsc};
use tool::Trust;

/// Which calls there are. What is locked here is held for a look-up, never while anything is awaited.
pub struct Calls {
    /// What all houses of the process share.
    machine: Machine,
    /// This house's own room within.
    room: Arc<Semaphore>,
    most: usize,
    awaited: Mutex<BTreeMap<String, Awaited>>,
    in_progress: Mutex<BTreeMap<String, InProgress>>,
    live: broadcast::Sender<Live>,
    watched: Notify,
}

/// How many calls the machine takes, whosesoever they are.
#[derive(Clone)]
struct Machine {
    room: Arc<Semaphore>,
    most: usize,
    introductions: Arc<Semaphore>,
    rung: Arc<AtomicU64>,
    watchers: Arc<Semaphore>,
}

/// A call's place among those that may be in progress, in its house and on the machine.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "it is held, not read")] [OwnedSemaphorePermit; 2]);

/// A call that was let in and whose stream has not opened yet. Dropping it hangs up on the engine.
pub struct Awaited {
    pub answerer: Answerer,
    /// Its place among those that may be in progress.
    pub place: Place,
    /// The caller's number, as the carrier says it.
    pub from: String,
    pub trust: Trust,
}

/// A call that goes on.
struct InProgress {
    tell: mpsc::Sender<Word>,
}

/// What a call in progress is told from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It is to end, politely; told again, at once.
    Excused,
    /// It is to end now.
    Dismissed,
    /// The carrier says that its stream is over, whether or not that was noticed here.
    StreamOver,
}

/// A note of some call, as it is written.
#[derive(Clone, Debug)]
pub struct Live {
    pub call: Arc<str>,
    /// Empty: something was noted that is not told here, and is read in the store.
    pub json: Arc<str>,
    /// It is a call of this instance.
    pub here: bool,
}

/// Notes that whoever watches may be behind. Whoever is further behind has missed some.
const BEHIND: usize = 1_024;

/// Streams that may be opening beside one for each call, so that those which are not let in take nobody's place.
const SPARE_INTRODUCTIONS: usize = 64;
/// Pages that may watch calls at a time.
const MOST_WATCHERS: usize = 64;

impl Calls {
    /// Room for `most` calls.
    pub fn new(most: usize) -> Self {
        let machine = Machine {
            room: Arc::new(Semaphore::new(most)),
            most,
            introductions: Arc::new(Semaphore::new(most + SPARE_INTRODUCTIONS)),
            rung: Arc::default(),
            watchers: Arc::new(Semaphore::new(MOST_WATCHERS)),
        };
        Self::at(machine, most)
    }

    /// Room for `most` calls of another house, as long as the machine has room.
    pub fn beside(&self, most: usize) -> Self {
        Self::at(self.machine.clone(), most)
    }

    fn at(machine: Machine, most: usize) -> Self {
        Self {
            machine,
            room: Arc::new(Semaphore::new(most)),
            most,
            awaited: Mutex::default(),
            in_progress: Mutex::default(),
            live: broadcast::channel(BEHIND).0,
            watched: Notify::new(),
        }
    }

    /// A place for one more call, if there is one.
    pub fn place(&self) -> Option<Place> {
        let in_the_house = self.room.clone().try_acquire_owned().ok()?;
        let on_the_machine = self.machine.room.clone().try_acquire_owned().ok()?;
        Some(Place([in_the_house, on_the_machine]))
    }

    /// A place for one more stream that has not said yet which call it carries.
    pub fn place_to_introduce(&self) -> Option<OwnedSemaphorePermit> {
        self.machine.introductions.clone().try_acquire_owned().ok()
    }

    /// Calls of this house in progress or about to be.
    pub fn count(&self) -> usize {
        self.most - self.room.available_permits()
    }

    /// Likewise, of all houses.
    pub fn count_everywhere(&self) -> usize {
        self.machine.most - self.machine.room.available_permits()
    }

    /// Keeps a call until its stream opens.
    pub fn expect(&self, id: &str, awaited: Awaited) {
        self.machine.rung.fetch_add(1, Ordering::Relaxed);
        lock(&self.awaited).insert(id.to_owned(), awaited);
    }

    /// How many calls were expected so far, in all houses.
    pub fn rung(&self) -> u64 {
        self.machine.rung.load(Ordering::Relaxed)
    }

    /// Takes the call whose stream has opened, or for which it is too late.
    pub fn take(&self, id: &str) -> Option<Awaited> {
        lock(&self.awaited).remove(id)
    }

    /// Whether a call's stream has still to open.
    pub fn is_expected(&self, id: &str) -> bool {
        lock(&self.awaited).contains_key(id)
    }

    /// Notes that a call goes on, until what is returned is dropped.
    pub fn begin(self: &Calls, id: &str) -> (Presence<'_>, mpsc::Receiver<Word>) {
        let (tell, told) = mpsc::channel(2);
        lock(&self.in_progress).insert(id.to_owned(), InProgress { tell });
        (Presence { calls: self, id: id.to_owned() }, told)
    }

    /// Whether a call goes on here.
    pub fn is_in_progress(&self, id: &str) -> bool {
        lock(&self.in_progress).contains_key(id)
    }

    /// Has a call in progress end with a goodbye. Says whether there was one.
    pub fn excuse(&self, id: &str) -> bool {
        lock(&self.in_progress).get(id).is_some_and(|call| call.tell.try_send(Word::Excused).is_ok())
    }

    /// Ends a call in progress. Says whether there was one.
    pub fn dismiss(&self, id: &str) -> bool {
        lock(&self.in_progress).get(id).is_some_and(|call| call.tell.try_send(Word::Dismissed).is_ok())
    }

    /// Tells a call in progress that its stream is over.
    pub fn stream_over(&self, id: &str) {
        if let Some(call) = lock(&self.in_progress).get(id) {
            let _already = call.tell.try_send(Word::StreamOver);
        }
    }

    /// Ends every call in progress.
    pub fn dismiss_all(&self) {
        for call in lock(&self.in_progress).values() {
            let _already = call.tell.try_send(Word::Dismissed);
        }
    }

    /// Tells whoever watches.
    pub fn publish(&self, note: impl FnOnce() -> Live) {
        if self.live.receiver_count() > 0 {
            let _nobody = self.live.send(note());
        }
    }

    /// A place for one more who watches, if there is one.
    pub fn place_to_watch(&self) -> Option<OwnedSemaphorePermit> {
        self.machine.watchers.clone().try_acquire_owned().ok()
    }

    /// Every note of every call from now on.
    pub fn watch(&self) -> broadcast::Receiver<Live> {
        let notes = self.live.subscribe();
        self.watched.notify_one();
        notes
    }

    /// The same for whoever only passes them on: nobody is told that they watch.
    pub fn overhear(&self) -> broadcast::Receiver<Live> {
        self.live.subscribe()
    }

    /// How many watch or overhear.
    pub fn watchers(&self) -> usize {
        self.live.receiver_count()
    }

    /// Waits until one more watches.
    pub async fn watched(&self) {
        self.watched.notified().await;
    }
}

/// That a call is in progress.
pub struct Presence<'a> {
    calls: &'a Calls,
    id: String,
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        lock(&self.calls.in_progress).remove(&self.id);
    }
}

/// What is kept here is whole between statements, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
