//! The calendars elsewhere that are connected: asked all at once, each within a bound, and believed only where every
//! one of them has answered.

use super::Unavailable;
use crate::calendar::remote::{Asking, Calendar, Event, Trouble, Written};
use futures_util::future::join_all;
use jiff::SignedDuration;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};
use when::Span;

/// A calendar elsewhere, and what the owner wants it for.
#[derive(Clone)]
pub struct Connected {
    pub calendar: Arc<dyn Calendar>,
    /// What is taken there is not free here.
    pub reads: bool,
    /// What is agreed here is written there. Of several the first is written to.
    pub writes: bool,
}

/// How long a calendar elsewhere may take, before it counts as one that does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    pub reading: Duration,
    pub writing: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { reading: Duration::from_secs(4), writing: Duration::from_secs(8) }
    }
}

/// Google answers no question that spans more than about three months.
const STRETCH: SignedDuration = SignedDuration::from_hours(62 * 24);
/// Somewhat more than two years. Nobody has a use for more, and each stretch is a request.
const MOST_STRETCHES: usize = 12;

/// All of them. The set may be exchanged at any time; a question goes on with the set it began with.
pub(super) struct Elsewhere {
    connected: RwLock<Arc<[Connected]>>,
    /// What each of them last could not do, until it can again.
    troubles: Mutex<BTreeMap<String, Trouble>>,
    patience: Patience,
}

impl Elsewhere {
    pub(super) fn new(patience: Patience) -> Self {
        Self { connected: RwLock::new(Arc::new([])), troubles: Mutex::default(), patience }
    }

    pub(super) fn connect(&self, connected: Vec<Connected>) {
        self.troubles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|name, _| connected.iter().any(|one| one.calendar.name() == name));
        *self.connected.write().unwrap_or_else(PoisonError::into_inner) = connected.into();
    }

    pub(super) fn troubles(&self) -> Vec<(String, Trouble)> {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.iter().map(|(name, trouble)| (name.clone(), trouble.clone())).collect()
    }

    /// The one that is written to.
    pub(super) fn target(&self) -> Option<Arc<dyn Calendar>> {
        self.connected().iter().find(|one| one.writes).map(|one| one.calendar.clone())
    }

    pub(super) fn named(&self, name: &str) -> Option<Arc<dyn Calendar>> {
        self.connected().iter().find(|one| one.calendar.name() == name).map(|one| one.calendar.clone())
    }

    /// What is taken at some time within `range` in any of them, without our event `except`.
    pub(super) async fn busy(&self, range: Span, except: Option<&str>) -> Result<Vec<Span>, Unavailable> {
        let connected = self.connected();
        let all = self.read(&connected, range, |calendar, stretch| calendar.busy(stretch, except)).await?;
        Ok(all.into_iter().flat_map(|(_, spans)| spans).filter(|span| span.overlaps(&range)).collect())
    }

    /// The events at some time within `range`, each with the name of its calendar, in order of start.
    pub(super) async fn events(&self, range: Span) -> Result<Vec<(String, Event)>, Unavailable> {
        let connected = self.connected();
        let all = self.read(&connected, range, |calendar, stretch| calendar.events(stretch)).await?;
        let mut events: Vec<(String, Event)> = all
            .into_iter()
            .flat_map(|(name, events)| events.into_iter().map(move |event| (name.clone(), event)))
            .filter(|(_, event)| event.span.overlaps(&range))
            .collect();
        events.sort_by(|(a, one), (b, other)| (one.span, a, &one.id).cmp(&(other.span, b, &other.id)));
        // Whatever lies across the end of a stretch is in the next one, too.
        events.dedup_by(|(a, one), (b, other)| a == b && one.id == other.id && one.span == other.span);
        Ok(events)
    }

    /// Likewise, of this calendar, whether it is one that is read or not.
    pub(super) async fn events_of(
        &self,
        calendar: &dyn Calendar,
        range: Span,
    ) -> Result<Vec<Event>, Unavailable> {
        let stretches = stretches(range)?;
        let all = join_all(stretches.iter().map(|&stretch| calendar.events(stretch)));
        let all = async { all.await.into_iter().collect::<Result<Vec<Vec<Event>>, Trouble>>() };
        let answer = self.bounded(calendar, self.patience.reading, all).await;
        let events = answer.map_err(|trouble| Unavailable(format!("{}: {trouble}", calendar.name())))?;
        Ok(events.into_iter().flatten().collect())
    }

    pub(super) async fn put(&self, calendar: &dyn Calendar, event: &Event) -> Result<Written, Trouble> {
        self.bounded(calendar, self.patience.writing, calendar.put(event)).await
    }

    pub(super) async fn shift(
        &self,
        calendar: &dyn Calendar,
        id: &str,
        span: Span,
        zone: &str,
    ) -> Result<Written, Trouble> {
        self.bounded(calendar, self.patience.writing, calendar.shift(id, span, zone)).await
    }

    pub(super) async fn remove(&self, calendar: &dyn Calendar, id: &str) -> Result<(), Trouble> {
        self.bounded(calendar, self.patience.writing, calendar.remove(id)).await
    }

    /// What all that are read answer to all stretches of `range`; nothing, unless every answer came.
    async fn read<'c, T>(
        &self,
        connected: &'c [Connected],
        range: Span,
        ask: impl Fn(&'c dyn Calendar, Span) -> Asking<'c, Vec<T>>,
    ) -> Result<Vec<(String, Vec<T>)>, Unavailable> {
        let stretches = stretches(range)?;
        let answers = join_all(connected.iter().filter(|one| one.reads).map(async |one| {
            let calendar = &*one.calendar;
            let all = join_all(stretches.iter().map(|&stretch| ask(calendar, stretch)));
            let all = async { all.await.into_iter().collect::<Result<Vec<Vec<T>>, Trouble>>() };
            let answer = self.bounded(calendar, self.patience.reading, all).await;
            (calendar.name().to_owned(), answer)
        }))
        .await;
        answers
            .into_iter()
            .map(|(name, answer)| match answer {
                Ok(parts) => Ok((name, parts.into_iter().flatten().collect())),
                Err(trouble) => Err(Unavailable(format!("{name}: {trouble}"))),
            })
            .collect()
    }

    /// The answer, or that there was none in time; and a note of what troubles this calendar.
    async fn bounded<T>(
        &self,
        calendar: &dyn Calendar,
        bound: Duration,
        answer: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let late = || Trouble::Unreachable(format!("no answer within {} s", bound.as_secs_f32()));
        let answer = tokio::time::timeout(bound, answer).await.unwrap_or_else(|_| Err(late()));
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        match &answer {
            Ok(_) => troubles.remove(calendar.name()),
            Err(trouble) => troubles.insert(calendar.name().to_owned(), trouble.clone()),
        };
        answer
    }

    fn connected(&self) -> Arc<[Connected]> {
        self.connected.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn stretches(range: Span) -> Result<Vec<Span>, Unavailable> {
    let mut stretches = Vec::new();
    let mut from = range.from;
    while from < range.to {
        if stretches.len() == MOST_STRETCHES {
            return Err(Unavailable(format!("{} to {} is more than can be asked for", range.from, range.to)));
        }
        let to = from.checked_add(STRETCH).map_or(range.to, |end| end.min(range.to));
        stretches.push(Span { from, to });
        from = to;
    }
    Ok(stretches)
}
