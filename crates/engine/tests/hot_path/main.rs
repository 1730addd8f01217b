//! A frame of the caller's, and a piece of the assistant's voice, cost no allocation.

#[path = "../shared/brief.rs"]
mod brief;
mod deepgram;
mod ears;
mod live;
mod openai;

use call::{Chunk, EngineCommand, Format};
use engine::{Dialect, Outbox};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    hint::black_box,
    time::{Duration, Instant},
};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "an allocator is unsafe by its trait; this one counts and hands on")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const FRAMES: u32 = 10_000;

/// How many allocations this costs, of this thread's.
fn allocations(run: impl FnOnce()) -> usize {
    let before = COUNT.with(Cell::get);
    run();
    COUNT.with(Cell::get) - before
}

#[expect(clippy::disallowed_methods, reason = "any moment will do to begin with")]
fn now() -> Instant {
    Instant::now()
}

/// Has a dialect hear this frame over and over, each of which must cost no allocation and leave as a message of so many
/// bytes. What the dialect tells meanwhile is let go.
fn hear_for_nothing(
    dialect: &mut dyn Dialect,
    out: &mut Outbox,
    (format, frame): (Format, Vec<u8>),
    message: usize,
) {
    let chunk = Chunk { format, bytes: frame.into() };
    let (mut sent, mut at) = (0, now());
    let mut hear = |frames: u32| {
        for _ in 0..frames {
            at += Duration::from_millis(20);
            dialect.write(at, EngineCommand::Hear(chunk.clone()), out);
            black_box(dialect.deadline());
            while let Some(message) = out.wire.pop() {
                sent += message.bytes().len();
            }
            out.events.clear();
        }
    };
    hear(100);
    let counted = allocations(|| hear(FRAMES));
    assert_eq!(counted, 0, "in {FRAMES} frames of {format:?}");
    assert_eq!(sent, (FRAMES as usize + 100) * message, "and every one of them is on the wire");
}
