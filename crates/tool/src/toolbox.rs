//! All the tools there are, while they change: our own, and shelves of tools that come and go together.

use crate::{Class, Tool, Tools, Trust, tools::Offer};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Tools that come and go together, such as those of one server.
///
/// Making one checks them; to offer it again costs nothing.
#[derive(Clone, Default)]
pub struct Shelf(pub(crate) Vec<Arc<Offer>>);

/// A tool that cannot be offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tool {name} is not offered: {why}")]
pub struct Unfit {
    pub name: String,
    pub why: String,
}

impl Shelf {
    /// These tools, and those among them that cannot be offered. None of them is ever offered to strangers, whatever it
    /// says.
    pub fn of(tools: impl IntoIterator<Item = Arc<dyn Tool>>) -> (Self, Vec<Unfit>) {
        let (mut offers, mut unfit) = (Vec::<Arc<Offer>>::new(), Vec::new());
        for tool in tools {
            match Offer::of(tool, Trust::Known) {
                Ok(offer) if offers.iter().any(|other| other.name() == offer.name()) => {
                    unfit.push(Unfit { name: offer.name().into(), why: "its name is taken".into() });
                }
                Ok(offer) => offers.push(Arc::new(offer)),
                Err(why) => unfit.push(why),
            }
        }
        (Self(offers), unfit)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What the owner says of a tool, against what it says of itself. None: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ruling {
    pub class: Option<Class>,
    /// Who may use it, at least. Strangers may not use what came from elsewhere, whatever is said here.
    pub trust: Option<Trust>,
    /// Nobody may.
    pub off: bool,
}

/// All the tools, as they change. Whoever takes [`get`](Self::get) keeps what there was then: a call takes it when it
/// begins, so that what an engine is told of is what can be run.
pub struct Toolbox(Mutex<Kept>);

struct Kept {
    own: Arc<Tools>,
    shelves: BTreeMap<String, Shelf>,
    rulings: BTreeMap<String, Ruling>,
    now: Arc<Tools>,
}

impl Toolbox {
    /// With our own tools, and no shelf.
    pub fn new(own: Tools) -> Self {
        let own = Arc::new(own);
        let (shelves, rulings) = (BTreeMap::new(), BTreeMap::new());
        Self(Mutex::new(Kept { now: own.clone(), own, shelves, rulings }))
    }

    /// What there is now.
    pub fn get(&self) -> Arc<Tools> {
        self.kept().now.clone()
    }

    /// What there would be now if these were our own tools, and those of these names were not offered.
    pub fn with_own(&self, own: &Tools, without: &[String]) -> Arc<Tools> {
        let kept = self.kept();
        let mut rulings = kept.rulings.clone();
        for name in without {
            rulings.entry(name.clone()).or_default().off = true;
        }
        Arc::new(own.joined(kept.shelves.values(), &rulings))
    }

    /// From now on these are our own tools.
    pub fn set(&self, own: Tools) {
        self.change(|kept| kept.own = Arc::new(own));
    }

    /// From now on these are the tools of this shelf. Of two tools of one name the one is offered that is our own, or
    /// else on the shelf whose name comes first.
    pub fn put(&self, name: &str, shelf: Shelf) {
        self.change(|kept| drop(kept.shelves.insert(name.to_owned(), shelf)));
    }

    /// The shelf is gone.
    pub fn remove(&self, name: &str) {
        self.change(|kept| drop(kept.shelves.remove(name)));
    }

    /// From now on the owner says this of tools, by their names.
    pub fn rule(&self, rulings: BTreeMap<String, Ruling>) {
        self.change(|kept| kept.rulings = rulings);
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) {
        let mut kept = self.kept();
        change(&mut kept);
        kept.now = Arc::new(kept.own.joined(kept.shelves.values(), &kept.rulings));
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
