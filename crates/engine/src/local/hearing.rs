//! Utterances whose words are looked for.

use super::Heard;
use futures_util::{FutureExt as _, future::BoxFuture};
use std::{future::poll_fn, task::Poll};

/// What was asked of ears, each with the number of its utterance.
#[derive(Default)]
pub(super) struct Hearing {
    asked: Vec<(u32, BoxFuture<'static, Heard>)>,
}

impl Hearing {
    pub(super) fn len(&self) -> usize {
        self.asked.len()
    }

    pub(super) fn push(&mut self, utterance: u32, heard: BoxFuture<'static, Heard>) {
        self.asked.push((utterance, heard));
    }

    /// Nobody wants to know what this was any more.
    pub(super) fn forget(&mut self, utterance: u32) {
        self.asked.retain(|(asked, _)| *asked != utterance);
    }

    /// The next that is known. Where nothing is looked for it waits for ever. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> (u32, Heard) {
        poll_fn(|cx| {
            let ready = self.asked.iter_mut().enumerate().find_map(|(at, (utterance, heard))| {
                match heard.poll_unpin(cx) {
                    Poll::Ready(heard) => Some((at, (*utterance, heard))),
                    Poll::Pending => None,
                }
            });
            let Some((at, known)) = ready else { return Poll::Pending };
            drop(self.asked.remove(at));
            Poll::Ready(known)
        })
        .await
    }
}
