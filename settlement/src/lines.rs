//! Movements become lines: one for each message and purchase.

use domain::settlement::Quantities;
use domain::{MessageKey, PartnerId};
use store::MovementRow;

/// The types of events by which staff, or the partner that keeps the miles, correct what was decided.
const ADJUSTMENTS: [&str; 3] = ["rerate", "reattribution", "miles-refused"];

/// What kind of transaction a line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Purchase,
    Refund,
    Reversal,
    Adjustment,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::Reversal => "reversal",
            Self::Adjustment => "adjustment",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let all = [Self::Purchase, Self::Refund, Self::Reversal, Self::Adjustment];
        all.into_iter().find(|kind| kind.name() == text)
    }

    fn of(movement: &MovementRow) -> Self {
        Self::of_message(&movement.mti, movement.counted_minor)
    }

    /// By the type of the message, and the signed amount with which it counted.
    pub(crate) fn of_message(mti: &str, counted_minor: i64) -> Self {
        // The second digit of a message type is its class: 4 is a reversal. A clearing file has a word of its own.
        if mti.chars().nth(1) == Some('4') || mti == "file-reversal" {
            Self::Reversal
        } else if ADJUSTMENTS.contains(&mti) {
            Self::Adjustment
        } else if counted_minor < 0 {
            Self::Refund
        } else {
            Self::Purchase
        }
    }
}

/// All that one message moved for one purchase; never empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Any of the movements: the references are the same in all.
    pub(crate) references: &'a MovementRow,
    pub(crate) kind: Kind,
    movements: &'a [MovementRow],
}

impl Line<'_> {
    /// What it moved as far as one partner is concerned.
    pub(crate) fn quantities(&self, partner: PartnerId, cobrand: bool) -> Quantities {
        let mut quantities = Quantities::default();
        for movement in self.movements {
            quantities.add(&movement.item, movement.amount, partner, cobrand);
        }
        quantities
    }
}

/// Puts movements into the order of the lines of a file.
pub(crate) fn sort(movements: &mut [MovementRow]) {
    movements.sort_by_key(key);
}

/// The lines of sorted movements.
pub(crate) fn lines(sorted: &[MovementRow]) -> Vec<Line<'_>> {
    let groups = sorted.chunk_by(|left, right| key(left) == key(right));
    groups
        .filter_map(|movements| {
            let references = movements.first()?;
            Some(Line { references, kind: Kind::of(references), movements })
        })
        .collect()
}

fn key(movement: &MovementRow) -> (MessageKey, MessageKey, i32) {
    (movement.message, movement.purchase, movement.bucket)
}
