//! Numbers that look random and are the same for the same seed (SplitMix64).

#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to and without `end`.
    pub(crate) fn below(&mut self, end: i128) -> i128 {
        i128::from(self.next()) % end.max(1)
    }

    /// Both ends inclusive.
    pub(crate) fn between(&mut self, first: i128, last: i128) -> i128 {
        first + self.below(last - first + 1)
    }

    pub(crate) fn percent(&mut self, chance: i128) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(i128::try_from(of.len()).unwrap())).unwrap()]
    }
}
