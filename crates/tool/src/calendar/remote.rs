//! A calendar elsewhere: what is taken there is not free here, and what is agreed here is written there.
//!
//! Our own store is the book in which an appointment is agreed; a calendar elsewhere is read before anything is agreed and
//! written before it is said to be done. Every method may take as long as the network does; whoever calls it sets the
//! bound. Every write can be made again without harm, because the one who writes has chosen the id.

use std::pin::Pin;
use when::Span;

/// A remote answer on its way.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send + 'a>>;

/// Why a calendar elsewhere did not do as asked; the text is for the owner and holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It did not answer, or not in a way that can be believed: a write may have been done or not. Reading tells nothing:
    /// what is taken is unknown, never free.
    #[error("{0}")]
    Unreachable(String),
    /// It said no: nothing was written. Trying again would change nothing.
    #[error("{0}")]
    Refused(String),
    /// Our grant is gone: nothing was written, and nothing will be until the owner connects the calendar again.
    #[error("{0}")]
    Revoked(String),
}

/// An event as we write it and read it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Ours: 5 to 64 characters of `0-9a-v`, chosen before the first try. Others': whatever they are called there.
    pub id: String,
    pub span: Span,
    /// IANA name of the zone in which it was agreed; empty where it is unknown.
    pub zone: String,
    pub summary: String,
    pub description: String,
    /// E-mail addresses, and names where there is no address.
    pub attendees: Vec<String>,
    /// It takes time: not cancelled, and not marked as free.
    pub busy: bool,
}

/// What came of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It stands there as asked. The tag names the version that we wrote, where there are versions.
    Done { etag: Option<String> },
    /// There is no such event any more: somebody deleted it there.
    Gone,
}

/// A calendar elsewhere.
pub trait Calendar: Send + Sync {
    /// What records and pages call it; stable and unique, such as `google:primary` or the address of a collection.
    fn name(&self) -> &str;
    /// What is taken within `range`, series expanded, without the event whose id is `except`. May hold spans that reach
    /// beyond `range`, touch or overlap.
    fn busy<'a>(&'a self, range: Span, except: Option<&'a str>) -> Asking<'a, Vec<Span>>;
    /// The events at some time within `range`, series expanded, in order of start, without cancelled ones.
    fn events(&self, range: Span) -> Asking<'_, Vec<Event>>;
    /// Makes this event. Made already by an earlier try: done, and at another time: moved to this one. Where an event of that id was deleted there: gone, and
    /// another id is to be chosen.
    fn put<'a>(&'a self, event: &'a Event) -> Asking<'a, Written>;
    /// Moves our event of this id to `span`, keeping everything else that somebody may have changed there.
    fn shift<'a>(&'a self, id: &'a str, span: Span, zone: &'a str) -> Asking<'a, Written>;
    /// Deletes our event of this id. Deleted already: done.
    fn remove<'a>(&'a self, id: &'a str) -> Asking<'a, ()>;
}
