//! From opening to closing as a drawing: of a partner's money, and of the members' miles.

use domain::Item;

use super::Day;
use crate::{
    charts::{About, Chart, Step, waterfall},
    export::{Cell, ExportTable, money, number, text},
    pages::PageError,
    queries::books::{self, ItemTotal, Settled},
};

/// What members hold after movements: what the waterfall closes with, debts among it.
pub(crate) fn members_hold(totals: &[ItemTotal]) -> i64 {
    Miles::of(totals).sum()
}

/// What became of members' miles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Miles {
    earned: i64,
    reversed: i64,
    adjusted: i64,
    spent: i64,
    expired: i64,
    other: i64,
}

impl Miles {
    fn of(totals: &[ItemTotal]) -> Self {
        let mut miles = Self::default();
        for total in totals {
            let signed = if total.given { total.amount } else { total.amount.saturating_neg() };
            match Item::parse(&total.item) {
                Some(Item::Base | Item::Bonus { .. }) if total.given => miles.earned += signed,
                Some(Item::Base | Item::Bonus { .. }) => miles.reversed += signed,
                Some(Item::Adjusted { .. } | Item::Moved) => miles.adjusted += signed,
                Some(Item::Redeemed) => miles.spent += signed,
                Some(Item::Expired) => miles.expired += signed,
                Some(item) if item.is_miles() => miles.other += signed,
                _ => {}
            }
        }
        miles
    }

    fn sum(&self) -> i64 {
        self.earned + self.reversed + self.adjusted + self.spent + self.expired + self.other
    }
}

impl Day<'_> {
    /// Of the partner that the address names, or of the one with the largest movements.
    pub(super) fn waterfall(&self, settled: &[Settled], partner: Option<&String>) -> Option<Chart> {
        let named =
            |row: &&Settled| partner.is_some_and(|code| *code == self.app.console.partner(row.partner));
        let largest = || settled.iter().max_by_key(|row| row.movements().unsigned_abs());
        let row = settled.iter().find(named).or_else(largest)?;
        let w = self.w;
        let steps = [
            (w.opening, Step::Level(row.opening)),
            (w.earned, Step::Change(row.net - row.adjusted)),
            (w.adjusted_net, Step::Change(row.adjusted)),
            (w.vat, Step::Change(row.vat)),
            (w.paid, Step::Change(row.paid.saturating_neg())),
            (w.closing, Step::Level(row.closing)),
        ];
        let rows = steps.iter().map(|(name, step)| {
            let (Step::Level(value) | Step::Change(value)) = step;
            vec![Cell::text(*name), Cell::Money(*value, row.currency)]
        });
        let columns = vec![text(w.step), money(w.amount)];
        let table =
            ExportTable::new(self.locale, "waterfall-table", &self.here, w.chart_numbers, columns).with(rows);
        let about = About {
            id: "waterfall",
            title: format!("{}: {}", w.waterfall, self.app.console.partner(row.partner)),
            about: w.waterfall_about.to_owned(),
            places: steps.iter().map(|(name, _)| (*name).to_owned()).collect(),
        };
        let levels: Vec<Step> = steps.iter().map(|(_, step)| *step).collect();
        Some(waterfall(about, &levels, &|minor| self.locale.money(minor, row.currency), table))
    }

    /// Of the members' miles; only if every cycle up to this one has been counted.
    pub(super) async fn miles(&self) -> Result<Option<Chart>, PageError> {
        let (pool, sequence) = (&self.app.console.pool, self.cycle.sequence);
        let (before, uncounted) = books::posted(pool, self.program.id, (0, sequence - 1)).await?;
        let (of_cycle, not_this) = books::posted(pool, self.program.id, (sequence, sequence)).await?;
        if uncounted > 0 || not_this > 0 {
            return Ok(None);
        }
        let (opening, miles, w) = (members_hold(&before), Miles::of(&of_cycle), self.w);
        let steps = [
            (w.opening, Step::Level(opening)),
            (w.miles_earned, Step::Change(miles.earned)),
            (w.miles_reversed, Step::Change(miles.reversed)),
            (w.adjusted, Step::Change(miles.adjusted)),
            (w.miles_spent, Step::Change(miles.spent)),
            (w.miles_expired, Step::Change(miles.expired)),
            (w.miles_other, Step::Change(miles.other)),
            (w.closing, Step::Level(opening + miles.sum())),
        ];
        let rows = steps.iter().map(|(name, step)| {
            let (Step::Level(value) | Step::Change(value)) = step;
            vec![Cell::text(*name), Cell::Number(*value)]
        });
        let columns = vec![text(w.step), number(w.miles)];
        let table =
            ExportTable::new(self.locale, "miles-table", &self.here, w.chart_numbers, columns).with(rows);
        let about = About {
            id: "miles",
            title: w.miles_waterfall.to_owned(),
            about: w.miles_about.to_owned(),
            places: steps.iter().map(|(name, _)| (*name).to_owned()).collect(),
        };
        let levels: Vec<Step> = steps.iter().map(|(_, step)| *step).collect();
        Ok(Some(waterfall(about, &levels, &|miles| self.locale.number(miles), table)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_is_told_from_what_is_given() {
        let total = |given, item: &str, amount| ItemTotal { given, item: item.to_owned(), amount };
        let totals = [
            total(true, "base", 100),
            total(false, "base", 30),
            total(true, "bonus:partner-2:x2", 5),
            total(false, "expired", 7),
            total(true, "turnover:2", 9_999),
        ];
        let miles = Miles::of(&totals);
        assert_eq!((miles.reversed, miles.expired, miles.other), (-30, -7, 0));
        assert_eq!(miles.sum(), miles.earned - 37);
        assert!(miles.earned >= 100);
    }
}
