//! Events for a page that watches: what is heard of calls becomes pieces of it. A call never waits for a page: whoever is
//! too slow has missed something, and looks again at what is written.

use crate::{app::App, calls, clock};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::stream;
use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};
use store::StoreError;
use tokio::{
    sync::{OwnedSemaphorePermit, broadcast},
    time::sleep_until,
};

/// After so long a page has to ask anew, which its browser does by itself: whoever has logged out meanwhile may not.
const LONGEST: Duration = Duration::from_secs(5 * 60);
/// How often a line is sent to find out whether anybody is there.
const ALIVE: Duration = Duration::from_secs(15);
/// How long is waited for a database that failed.
const AGAIN: Duration = Duration::from_secs(2);

/// What is made of what is heard.
pub(crate) trait Stream: Send + 'static {
    /// Tells the page how things stand.
    fn begin(&mut self, watch: &mut Watch) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// A note of some call.
    fn heard(&mut self, note: &calls::Live, watch: &mut Watch);
    /// It is time to look again at what is written, or something was missed.
    fn again(&mut self, watch: &mut Watch) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What a stream has to say, and when it wants to look again.
#[derive(Default)]
pub(crate) struct Watch {
    events: VecDeque<Event>,
    look: Option<Instant>,
    over: bool,
}

impl Watch {
    /// Sends a piece of a page in an event of this name.
    pub(crate) fn send(&mut self, name: &str, piece: &impl Template) {
        match piece.render() {
            Ok(html) => self.send_text(name, &html),
            Err(error) => tracing::error!(%error, "a template failed"),
        }
    }

    pub(crate) fn send_text(&mut self, name: &str, html: &str) {
        // A carriage return cannot be told in an event.
        self.events.push_back(Event::default().event(name).data(html.replace('\r', "")));
    }

    /// Has the stream look again after so long, unless it does sooner.
    pub(crate) fn look_again(&mut self, after: Duration) {
        let at = clock::now() + after;
        self.look = Some(self.look.map_or(at, |look| look.min(at)));
    }

    /// Nothing more is to come.
    pub(crate) fn over(&mut self) {
        self.events.push_back(Event::default().event("over").data("-"));
        self.over = true;
    }
}

struct Running<S> {
    app: Arc<App>,
    stream: S,
    watch: Watch,
    notes: broadcast::Receiver<calls::Live>,
    begun: bool,
    until: Instant,
    _place: OwnedSemaphorePermit,
}

/// Answers with a stream of events.
pub(crate) fn streamed(app: &Arc<App>, stream: impl Stream) -> Response {
    let Some(place) = app.calls.place_to_watch() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "Too many pages watch calls.\n").into_response();
    };
    let running = Running {
        app: app.clone(),
        stream,
        watch: Watch::default(),
        notes: app.calls.watch(),
        begun: false,
        until: clock::now() + LONGEST,
        _place: place,
    };
    let events = stream::unfold(running, async |mut running| {
        let event = running.next().await?;
        Some((Ok::<_, Infallible>(event), running))
    });
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE));
    // nginx gathers an answer before it passes it on, unless it is told not to.
    ([("x-accel-buffering", "no")], events).into_response()
}

impl<S: Stream> Running<S> {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.watch.events.pop_front() {
                return Some(event);
            }
            if self.watch.over {
                return None;
            }
            if !self.begun {
                self.begun = true;
                let begun = self.stream.begin(&mut self.watch).await;
                self.mind(begun);
                continue;
            }
            let look = self.watch.look.unwrap_or(self.until).min(self.until);
            tokio::select! {
                () = self.app.draining.cancelled() => return None,
                note = self.notes.recv() => match note {
                    Ok(note) => self.stream.heard(&note, &mut self.watch),
                    Err(broadcast::error::RecvError::Lagged(_)) => self.watch.look_again(Duration::ZERO),
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                () = sleep_until(look.into()) => {
                    if clock::now() >= self.until {
                        return None;
                    }
                    self.watch.look = None;
                    let looked = self.stream.again(&mut self.watch).await;
                    self.mind(looked);
                }
            }
        }
    }

    fn mind(&mut self, looked: Result<(), StoreError>) {
        if let Err(error) = looked {
            tracing::warn!(%error, "a page that watches calls could not be told how things stand");
            self.watch.look_again(AGAIN);
        }
    }
}
