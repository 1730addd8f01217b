//! The houses of this process: the first owner's, which is the installation itself, and one for every other user.
//!
//! ```text
//!   a request ─► door.rs: whose is it? ─► Houses ─► the house, opened when it is first needed ─► its own router
//!                                           ▲
//!                        keeper.rs: opens those that have something to do, closes those that nobody needs
//! ```
//!
//! A house is an [`App`] with a database of its own, so that what a query, a page or a tool can reach is one user's. What is
//! told there is in no other, whatever mistake is made: there is no condition in a query that could be forgotten.

mod door;
mod keeper;

pub use door::enter;
pub use keeper::keep;

use crate::{app::App, clock, router, secret, serve};
use axum::Router;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use store::{HouseRow, Store, StoreError, UserRow};
use tokio::time::timeout;

/// How long a house may take to open.
const OPENING: Duration = Duration::from_secs(20);
/// How long one is left alone that could not be opened.
const PAUSE: Duration = Duration::from_secs(2);
/// How many are open at once.
const MOST: usize = 256;

/// All of them.
pub struct Houses {
    first: Arc<House>,
    /// Whose that is; empty until the first owner comes.
    first_row: OnceLock<HouseRow>,
    /// By user. None is ever taken out, so that no house is opened twice.
    others: Mutex<BTreeMap<String, Arc<Slot>>>,
}

/// A house that is open.
pub struct House {
    pub app: Arc<App>,
    router: Router,
    /// When it was last needed, in milliseconds since 1970.
    used_ms: AtomicI64,
}

struct Slot {
    row: HouseRow,
    /// When it was last open, in milliseconds since 1970.
    open_ms: AtomicI64,
    /// Locked while it is opened or closed: who comes meanwhile waits.
    state: tokio::sync::Mutex<State>,
}

enum State {
    Closed,
    Open(Arc<House>),
    /// It could not be opened.
    Failed(Instant),
}

/// Why nobody is let into a house.
#[derive(Debug, thiserror::Error)]
pub enum NoHouse {
    #[error("there is no such house")]
    Nowhere,
    /// It may be well again in a moment. The log says why.
    #[error("it cannot be opened at this moment")]
    NotNow,
    #[error("the accounts cannot be read: {0}")]
    Store(#[from] StoreError),
}

impl Houses {
    /// The first owner's house is this one.
    pub fn new(first: Arc<App>) -> Arc<Self> {
        let first = Arc::new(House::of(first));
        Arc::new(Self { first, first_row: OnceLock::new(), others: Mutex::default() })
    }

    /// The first owner's.
    pub fn first(&self) -> &Arc<App> {
        &self.first.app
    }

    /// Which house is this user's; they are given one where they have none yet.
    pub async fn home(&self, user: &UserRow) -> Result<HouseRow, StoreError> {
        if let Some(row) = self.first_row.get().filter(|row| row.user_id == user.id) {
            return Ok(row.clone());
        }
        if let Some(slot) = self.slots().get(&user.id) {
            return Ok(slot.row.clone());
        }
        let row = self.accounts().house_of(&user.id, &new_name(), clock::now_ms()).await?;
        if row.name.is_empty() {
            return Ok(self.first_row.get_or_init(|| row).clone());
        }
        Ok(row)
    }

    /// The house of this row, open.
    pub async fn at(&self, row: &HouseRow) -> Result<Arc<House>, NoHouse> {
        if row.name.is_empty() {
            return Ok(self.first.clone());
        }
        let slot = self.slot(row);
        let mut state = slot.state.lock().await;
        match &*state {
            State::Open(house) => return Ok(house.clone()),
            State::Failed(at) if clock::now().saturating_duration_since(*at) < PAUSE => {
                return Err(NoHouse::NotNow);
            }
            State::Closed | State::Failed(_) => {}
        }
        if self.first().draining.is_cancelled() || self.open_ones().len() >= MOST {
            return Err(NoHouse::NotNow);
        }
        let opened = timeout(OPENING, serve::open_beside(self.first(), row)).await;
        let opened = opened.unwrap_or_else(|_| Err(anyhow::anyhow!("it took too long")));
        match opened {
            Ok(app) => {
                tracing::info!(user = row.user_id, house = row.name, "a user's house was opened");
                let house = Arc::new(House::of(app));
                *state = State::Open(house.clone());
                Ok(house)
            }
            Err(error) => {
                tracing::error!(
                    user = row.user_id,
                    house = row.name,
                    "a user's house cannot be opened: {error:#}"
                );
                *state = State::Failed(clock::now());
                Err(NoHouse::NotNow)
            }
        }
    }

    /// The house that is called so in addresses, open.
    pub async fn named(&self, name: &str) -> Result<Arc<House>, NoHouse> {
        if !is_name(name) {
            return Err(NoHouse::Nowhere);
        }
        let known = self.slots().values().find(|slot| slot.row.name == name).map(|slot| slot.row.clone());
        let row = match known {
            // Whoever lived there may have been removed meanwhile: then it is closed, and not opened again.
            Some(row) if self.opened(&row.user_id).is_some() => row,
            Some(_) | None => self.accounts().house_named(name).await?.ok_or(NoHouse::Nowhere)?,
        };
        self.at(&row).await
    }

    /// All that are open, the first owner's first.
    pub fn all(&self) -> Vec<Arc<App>> {
        let others = self.open_ones().into_iter().map(|(_, house)| house.app.clone());
        std::iter::once(self.first().clone()).chain(others).collect()
    }

    fn slot(&self, row: &HouseRow) -> Arc<Slot> {
        self.slots().entry(row.user_id.clone()).or_insert_with(|| Slot::of(row)).clone()
    }

    fn accounts(&self) -> &Store {
        self.first().whose.accounts()
    }

    /// This user's house, if it is open.
    fn opened(&self, user: &str) -> Option<Arc<House>> {
        let slot = self.slots().get(user)?.clone();
        slot.open()
    }

    /// Those that are open, by user.
    fn open_ones(&self) -> Vec<(String, Arc<House>)> {
        let slots = self.slots();
        slots.iter().filter_map(|(user, slot)| Some((user.clone(), slot.open()?))).collect()
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<Slot>>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl House {
    fn of(app: Arc<App>) -> Self {
        let router = router::house(&app);
        Self { app, router, used_ms: AtomicI64::new(clock::now_ms()) }
    }

    fn use_it(&self) {
        self.used_ms.store(clock::now_ms(), Ordering::Relaxed);
    }
}

impl Slot {
    fn of(row: &HouseRow) -> Arc<Self> {
        let open_ms = AtomicI64::new(keeper::taken_for_open_ms(clock::now_ms()));
        Arc::new(Self { row: row.clone(), open_ms, state: tokio::sync::Mutex::new(State::Closed) })
    }

    /// The house, if it is open and nobody is opening or closing it.
    fn open(&self) -> Option<Arc<House>> {
        match &*self.state.try_lock().ok()? {
            State::Open(house) => Some(house.clone()),
            State::Closed | State::Failed(_) => None,
        }
    }
}

/// Of which a name is made: 60 bits that nobody guesses, and that can be read out.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const LENGTH: usize = 12;

fn new_name() -> String {
    secret::random::<LENGTH>()
        .map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]))
        .iter()
        .collect()
}

fn is_name(name: &str) -> bool {
    name.len() == LENGTH && name.bytes().all(|byte| LETTERS.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_and_nothing_else_is() {
        let (one, other) = (new_name(), new_name());
        assert!(is_name(&one) && is_name(&other) && one != other);
        for none in
            ["", "abc", "abcdefghijkl", "ABCDEFGHJKMN", "../../../etc", "abcdefghijkm\n", "äbcdefghijk"]
        {
            assert!(!is_name(none), "{none:?}");
        }
    }
}
