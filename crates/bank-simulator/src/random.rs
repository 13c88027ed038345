//! A small deterministic source of numbers. It is the same on every machine and in every version of this crate.

/// SplitMix64 (Steele, Lea, Flood 2014): a counter that grows by the golden ratio and a mixing function. Good enough
/// to vary traffic, of no use for secrets.
#[derive(Clone, Debug)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// Starts from a seed; every seed is as good as another.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number of the row.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, or 0 if that is 0: the high half of a 128-bit product. What it is off by is below
    /// `bound` / 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.next_u64()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// Whether something comes about that happens `per_mille` times in a thousand.
    pub fn happens(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of `items`, each as often as its weight says; `None` if there is no weight at all.
    pub fn weighted<'a, T>(&mut self, items: &'a [T], weight: impl Fn(&T) -> u32) -> Option<&'a T> {
        let total: u64 = items.iter().map(|item| u64::from(weight(item))).sum();
        if total == 0 {
            return None;
        }
        let mut left = self.below(total);
        items.iter().find(|item| {
            let weight = u64::from(weight(item));
            let here = left < weight;
            left = left.saturating_sub(weight);
            here
        })
    }
}

#[cfg(test)]
mod tests {
    use super::SplitMix64;

    #[test]
    fn the_numbers_are_those_published_for_this_generator() {
        let mut random = SplitMix64::new(1_234_567);
        let row: Vec<u64> = (0..5).map(|_| random.next_u64()).collect();
        assert_eq!(
            row,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
        assert_eq!(SplitMix64::new(0).next_u64(), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        let mut random = SplitMix64::new(7);
        let tens: Vec<u64> = (0..1000).map(|_| random.below(10)).collect();
        assert!((0..10).all(|number| tens.contains(&number)) && tens.iter().all(|number| *number < 10));
        assert_eq!(random.below(0), 0);
        assert!((0..1000).all(|_| (3..=5).contains(&random.between(3, 5))));
    }

    #[test]
    fn weights_are_kept() {
        let mut random = SplitMix64::new(7);
        let items = [("never", 0_u32), ("one", 1), ("three", 3)];
        let mut seen = [0; 3];
        for _ in 0..4000 {
            let (name, _) = random.weighted(&items, |item| item.1).unwrap();
            seen[items.iter().position(|item| item.0 == *name).unwrap()] += 1;
        }
        assert_eq!(seen[0], 0);
        assert!((900..1100).contains(&seen[1]), "{seen:?}");
        assert!(random.weighted(&items[..1], |item| item.1).is_none());
    }
}
