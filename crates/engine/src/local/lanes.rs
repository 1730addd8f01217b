//! Speech that is made beside one another and heard one after the other.

use super::{Speech, SpeechStream};
use futures_util::StreamExt as _;
use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll},
};

/// Streams of speech in the order in which they are heard, each with what its maker knows it by.
pub(super) struct Lanes<T> {
    lanes: VecDeque<Lane<T>>,
}

struct Lane<T> {
    name: T,
    speech: SpeechStream,
    /// What came before its turn.
    made: VecDeque<Speech>,
    samples: usize,
    ended: bool,
}

/// What is made of a lane before its turn: half a minute. It goes on when its turn comes.
const AHEAD: usize = 30 * 8_000;

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self { lanes: VecDeque::new() }
    }
}

impl<T: Copy> Lanes<T> {
    pub(super) fn len(&self) -> usize {
        self.lanes.len()
    }

    /// Heard after all that was there before.
    pub(super) fn push(&mut self, name: T, speech: SpeechStream) {
        let lane = Lane { name, speech, made: VecDeque::new(), samples: 0, ended: false };
        self.lanes.push_back(lane);
    }

    pub(super) fn drop_those(&mut self, which: impl Fn(&T) -> bool) {
        self.lanes.retain(|lane| !which(&lane.name));
    }

    /// The next piece of what is heard now; none: that lane is complete, or has failed, and gone. Without lanes it waits for ever.
    /// Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> (T, Option<Speech>) {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(T, Option<Speech>)> {
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            lane.run(cx, at == 0);
        }
        let Some(lane) = self.lanes.front_mut() else { return Poll::Pending };
        let name = lane.name;
        if let Some(speech) = lane.made.pop_front() {
            lane.samples -= speech.as_ref().map_or(0, |speech| speech.len());
            return Poll::Ready((name, Some(speech)));
        }
        if !lane.ended {
            return Poll::Pending;
        }
        self.lanes.pop_front();
        Poll::Ready((name, None))
    }
}

impl<T> Lane<T> {
    fn run(&mut self, cx: &mut Context<'_>, heard: bool) {
        while !self.ended && (self.samples < AHEAD || (heard && self.made.is_empty())) {
            match self.speech.poll_next_unpin(cx) {
                Poll::Ready(Some(speech)) => {
                    self.ended = speech.is_err();
                    self.samples += speech.as_ref().map_or(0, |speech| speech.len());
                    self.made.push_back(speech);
                }
                Poll::Ready(None) => self.ended = true,
                Poll::Pending => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt as _, stream};
    use std::sync::Arc;
    use tokio::sync::mpsc;

    fn heard(mut speech: mpsc::Receiver<Speech>) -> SpeechStream {
        stream::poll_fn(move |cx| speech.poll_recv(cx)).boxed()
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is what a stream yields")]
    fn piece(length: usize) -> Speech {
        Ok(Arc::from(vec![0; length]))
    }

    #[test]
    fn they_are_heard_in_order_while_they_are_made_at_once() {
        let (first, speech) = mpsc::channel(4);
        let mut lanes = Lanes::default();
        lanes.push(1, heard(speech));
        lanes.push(2, stream::iter([piece(2), piece(3)]).boxed());
        assert!(lanes.next().now_or_never().is_none(), "the second does not overtake");
        first.try_send(piece(1)).expect("it listens");
        assert_eq!(
            lanes.next().now_or_never(),
            Some((1, Some(piece(1)))),
            "a piece is heard before its sentence ends"
        );
        drop(first);
        let rest: Vec<_> = std::iter::from_fn(|| lanes.next().now_or_never()).collect();
        assert_eq!(rest, [(1, None), (2, Some(piece(2))), (2, Some(piece(3))), (2, None)]);
    }

    #[test]
    fn a_voice_without_end_is_not_gathered_before_its_turn() {
        let (first, speech) = mpsc::channel::<Speech>(1);
        let mut lanes = Lanes::default();
        lanes.push(1, heard(speech));
        lanes.push(2, stream::repeat_with(|| piece(8_000)).boxed());
        assert!(lanes.next().now_or_never().is_none());
        assert_eq!(lanes.lanes[1].samples, AHEAD);
        drop(first);
        assert_eq!(lanes.next().now_or_never(), Some((1, None)));
        for _ in 0..100 {
            assert_eq!(lanes.next().now_or_never(), Some((2, Some(piece(8_000)))));
        }
        assert!(lanes.lanes[0].samples <= AHEAD);
    }

    #[test]
    fn nothing_comes_after_an_error() {
        let mut lanes = Lanes::default();
        lanes.push(1, stream::iter([piece(1), Err("hoarse".into()), piece(2)]).boxed());
        let all: Vec<_> = std::iter::from_fn(|| lanes.next().now_or_never()).collect();
        assert_eq!(all, [(1, Some(piece(1))), (1, Some(Err("hoarse".into()))), (1, None)]);
    }
}
