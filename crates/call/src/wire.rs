//! Messages on their way to a WebSocket, written into one buffer that is used again and again.

use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;

/// One WebSocket message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8.
    Text(Bytes),
    Binary(Bytes),
}

impl Message {
    /// The payload, text or not.
    pub fn bytes(&self) -> &Bytes {
        match self {
            Message::Text(bytes) | Message::Binary(bytes) => bytes,
        }
    }
}

/// Finished messages, oldest first. Once the buffer has grown to what a call needs, and as long as what was taken
/// out is dropped before the buffer comes round again, adding a message allocates nothing.
#[derive(Debug)]
pub struct Wire {
    buffer: BytesMut,
    ready: VecDeque<Message>,
    waiting: usize,
}

const BLOCK: usize = 4 * 1024;

impl Default for Wire {
    fn default() -> Self {
        Self { buffer: BytesMut::with_capacity(BLOCK), ready: VecDeque::with_capacity(16), waiting: 0 }
    }
}

impl Wire {
    /// Adds the text message that `write` writes. `size` is a guess at its length that saves growing.
    pub fn text(&mut self, size: usize, write: impl FnOnce(&mut BytesMut)) {
        let bytes = self.written(size, write);
        debug_assert!(std::str::from_utf8(&bytes).is_ok(), "a text message is UTF-8");
        self.waiting += bytes.len();
        self.ready.push_back(Message::Text(bytes));
    }

    /// Adds the binary message that `write` writes.
    pub fn binary(&mut self, size: usize, write: impl FnOnce(&mut BytesMut)) {
        let bytes = self.written(size, write);
        self.waiting += bytes.len();
        self.ready.push_back(Message::Binary(bytes));
    }

    /// Takes the oldest message.
    pub fn pop(&mut self) -> Option<Message> {
        let message = self.ready.pop_front()?;
        self.waiting -= message.bytes().len();
        Some(message)
    }

    /// Throws away what waits and is not to be kept.
    pub fn retain(&mut self, keep: impl FnMut(&Message) -> bool) {
        self.ready.retain(keep);
        self.waiting = self.ready.iter().map(|message| message.bytes().len()).sum();
    }

    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// How many bytes wait to be taken: what a slow network holds up.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    fn written(&mut self, size: usize, write: impl FnOnce(&mut BytesMut)) -> Bytes {
        if self.buffer.capacity() < size {
            self.buffer.reserve(size.max(BLOCK));
        }
        write(&mut self.buffer);
        self.buffer.split().freeze()
    }
}
