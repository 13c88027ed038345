//! Axes: round numbers at the side, the places below.

use super::{
    About,
    svg::{Anchor, BOTTOM, Drawing, LEFT, RIGHT, TOP},
};

/// Lines at the side, about so many.
const TICKS: i128 = 4;
/// Names below, at most so many: the others are in the table.
const NAMES_MAX: usize = 10;

/// The numbers between the bottom and the top of a drawing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: i128,
    high: i128,
    step: i128,
}

impl Scale {
    /// Round numbers that hold all of these, and 0.
    pub(super) fn of(values: impl Iterator<Item = i128>) -> Self {
        let (low, high) = values.fold((0, 0), |(low, high), value| (value.min(low), value.max(high)));
        let step = round_step((high - low).max(1));
        let floor = low.div_euclid(step) * step;
        let high = -((-high).div_euclid(step) * step);
        Self { low: floor, high: high.max(floor + step), step }
    }

    /// Between these two, which need not hold 0; what lies outside is drawn at the edge.
    pub(super) fn between(low: i64, high: i64) -> Self {
        let (low, high) = (i128::from(low), i128::from(high).max(i128::from(low) + 1));
        Self { low, high, step: round_step(high - low) }
    }

    /// How high a value stands.
    pub(super) fn y(&self, value: i128) -> i64 {
        let above = (value.clamp(self.low, self.high) - self.low) * i128::from(BOTTOM - TOP);
        BOTTOM - i64::try_from(above / (self.high - self.low)).unwrap_or(0)
    }

    fn ticks(&self) -> impl Iterator<Item = i128> {
        let (low, high, step) = (self.low, self.high, self.step);
        (0..=TICKS * 3).map(move |number| low + number * step).take_while(move |tick| *tick <= high)
    }

    /// Lines across the drawing with their numbers at the left.
    pub(super) fn draw_left(&self, drawing: &mut Drawing, say: &dyn Fn(i64) -> String) {
        for tick in self.ticks() {
            let y = self.y(tick);
            drawing.rule(if tick == 0 { "zero" } else { "grid" }, [LEFT, y, RIGHT, y]);
            drawing.text((LEFT - 6, y + 4), Anchor::End, &say(clamped(tick)));
        }
    }

    /// The numbers alone, at the right.
    pub(super) fn draw_right(&self, drawing: &mut Drawing, say: &dyn Fn(i64) -> String) {
        for tick in self.ticks() {
            drawing.text((RIGHT + 6, self.y(tick) + 4), Anchor::Start, &say(clamped(tick)));
        }
    }
}

/// A sum of several values may be wider than one.
pub(super) fn clamped(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// 1, 2 or 5 times a power of ten.
fn round_step(range: i128) -> i128 {
    let least = (range / TICKS).max(1);
    let mut power = 1_i128;
    loop {
        for step in [power, 2 * power, 5 * power] {
            if step >= least {
                return step;
            }
        }
        power *= 10;
    }
}

/// The left edge and the width of each place.
pub(super) fn places(count: usize) -> Vec<(i64, i64)> {
    let count = i64::try_from(count.max(1)).unwrap_or(1);
    let edge = |place: i64| LEFT + (RIGHT - LEFT) * place / count;
    (0..count).map(|place| (edge(place), edge(place + 1) - edge(place))).collect()
}

/// The names of the places below the drawing; of many only some.
pub(super) fn draw_names(drawing: &mut Drawing, about: &About) {
    let every = about.places.len().div_ceil(NAMES_MAX).max(1);
    for (number, (name, (x, width))) in about.places.iter().zip(places(about.places.len())).enumerate() {
        if number % every == 0 {
            drawing.text((x + width / 2, BOTTOM + 18), Anchor::Middle, name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_every_value() {
        for (values, low, high, step) in [
            (vec![0_i128], 0, 1, 1),
            (vec![3, 17], 0, 20, 5),
            (vec![-3, 17], -5, 20, 5),
            (vec![164_574], 0, 200_000, 50_000),
        ] {
            let scale = Scale::of(values.iter().copied());
            assert_eq!((scale.low, scale.high, scale.step), (low, high, step), "{values:?}");
        }
        let widest = Scale::of([i128::from(i64::MAX) * 6, i128::from(i64::MIN) * 6].into_iter());
        assert_eq!(widest.y(widest.low), BOTTOM);
        assert_eq!(widest.y(widest.high), TOP);
    }
}
