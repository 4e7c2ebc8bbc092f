//! Variants of seeds, the same on every run.

/// Bytes that readers stumble over: ends, signs, lengths of DER, marks of text and JSON.
const ODD: [u8; 24] = [
    0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff, 0x30, 0x31, 0x02, 0x06, 0x0c, 0xa0, b'"', b'\\', b'{',
    b'[', b',', b'=', b'\n', b'\r', b' ', b'<',
];

/// Makes them, one after the other.
pub(crate) struct Variants<'a> {
    seeds: &'a [Vec<u8>],
    state: u64,
}

impl<'a> Variants<'a> {
    pub(crate) fn of(seeds: &'a [Vec<u8>]) -> Self {
        Self { seeds, state: 0x9e37_79b9_7f4a_7c15 }
    }

    /// The next variant of a seed: one to four changes.
    pub(crate) fn of_seed(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            self.change(&mut bytes);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let until = (at + 1 + self.below(16)).min(bytes.len());
        match self.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            1 if at < bytes.len() => bytes[at] = ODD[self.below(ODD.len())],
            2 => bytes.insert(at, ODD[self.below(ODD.len())]),
            3 => drop(bytes.drain(at..until.max(at))),
            4 => {
                let again = bytes[at..until.max(at)].to_vec();
                bytes.splice(at..at, again);
            }
            5 => bytes.truncate(at),
            6 => {
                let other = &self.seeds[self.below(self.seeds.len())];
                let from = self.below(other.len() + 1);
                let to = (from + self.below(64)).min(other.len());
                let piece = other[from..to].to_vec();
                bytes.splice(at..until.max(at), piece);
            }
            // A length, one more or one less.
            _ if at < bytes.len() => {
                bytes[at] = bytes[at].wrapping_add(if self.below(2) == 0 { 1 } else { 255 });
            }
            _ => {}
        }
    }

    /// A number below `bound`, which is not zero (splitmix64).
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }
}
