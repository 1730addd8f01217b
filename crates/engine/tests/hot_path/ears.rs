//! A frame that a detector of speech listens to.

use crate::allocations;
use engine::local::{
    Vad,
    vad::{Energy, FRAME, Neural},
};
use std::hint::black_box;

#[test]
fn a_frame_that_is_listened_to_costs_no_allocation() {
    let ears: [Box<dyn Vad>; 2] = [Box::new(Energy::default()), Box::new(Neural::default())];
    for mut ear in ears {
        let mut random = fastrand::Rng::with_seed(1);
        let frames: Vec<[i16; FRAME]> =
            (0..200).map(|_| std::array::from_fn(|_| random.i16(-4_000..4_000))).collect();
        let listen = || {
            for frame in &frames {
                black_box(ear.hear(frame));
            }
        };
        assert_eq!(allocations(listen), 0);
    }
}
