//! Sound that says of every millisecond which one it is, so that whoever receives it knows what of it arrived, what
//! sounded, and when it left.
//!
//! A millisecond of µ-law is eight bytes. The first has its high bit set and begins the cell, the others have not; the
//! lower seven bits of all are a 32-bit name and a 24-bit count of milliseconds, high bits first. As a noise it is
//! ugly; as sound it is loud, so that whoever listens for silence hears speech.

/// Bytes of one cell.
pub const CELL: usize = 8;

/// One millisecond of stamped sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Whose sound it is.
    pub name: u32,
    /// Which millisecond of it, from 0.
    pub ms: u32,
}

impl Stamp {
    /// Its cell.
    pub fn write(self) -> [u8; CELL] {
        let value = u64::from(self.name) << 24 | u64::from(self.ms & 0xff_ffff);
        std::array::from_fn(|i| {
            let seven = (value >> (49 - 7 * i)) as u8 & 0x7f;
            if i == 0 { seven | 0x80 } else { seven }
        })
    }

    /// Reads one cell.
    pub fn read(cell: [u8; CELL]) -> Option<Self> {
        if cell[0] & 0x80 == 0 || cell[1..].iter().any(|byte| byte & 0x80 != 0) {
            return None;
        }
        let value = cell.iter().fold(0u64, |value, byte| value << 7 | u64::from(byte & 0x7f));
        Some(Self { name: (value >> 24) as u32, ms: value as u32 & 0xff_ffff })
    }
}

/// Stamped sound of this name, from its millisecond `from` on, `ms` long.
pub fn write(name: u32, from: u32, ms: u32) -> Vec<u8> {
    (from..from + ms).flat_map(|ms| Stamp { name, ms }.write()).collect()
}

/// The first whole cell in these bytes.
pub fn first(bytes: &[u8]) -> Option<Stamp> {
    bytes.windows(CELL).find_map(|cell| Stamp::read(cell.try_into().expect("a window is as long as a cell")))
}

/// The last whole cell in these bytes.
pub fn last(bytes: &[u8]) -> Option<Stamp> {
    let mut windows = bytes.windows(CELL).rev();
    windows.find_map(|cell| Stamp::read(cell.try_into().expect("a window is as long as a cell")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_found_wherever_the_sound_is_cut() {
        let sound = write(0xdead_beef, 1_000, 40);
        assert_eq!(sound.len(), 320);
        assert_eq!(first(&sound), Some(Stamp { name: 0xdead_beef, ms: 1_000 }));
        assert_eq!(last(&sound), Some(Stamp { name: 0xdead_beef, ms: 1_039 }));
        for cut in 1..8 {
            assert_eq!(first(&sound[cut..]), Some(Stamp { name: 0xdead_beef, ms: 1_001 }));
            assert_eq!(last(&sound[..320 - cut]), Some(Stamp { name: 0xdead_beef, ms: 1_038 }));
        }
    }

    #[test]
    fn silence_and_tones_carry_no_stamp() {
        assert_eq!(first(&[0xff; 160]), None);
        assert_eq!(first(&[0x7f; 160]), None);
    }
}
