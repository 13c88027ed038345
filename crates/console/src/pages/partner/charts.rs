//! The charts of a partner: how fast it answers, and what was accrued against what was settled.

use std::collections::BTreeMap;

use domain::Currency;
use jiff::{Span, civil::Date};

use super::Making;
use crate::{
    charts::{About, Chart, Series, lines},
    export::{Cell, ExportTable, money, number, text},
    queries::{books::Settled, partner::Edition},
};

/// The value below or at which so many percent of them lie; of a sorted row that is not empty.
fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let place = (sorted.len() * percent).div_ceil(100);
    sorted.get(place.saturating_sub(1)).copied()
}

/// The Monday of a date's week.
fn week(date: Date) -> Date {
    let days = i64::from(date.weekday().to_monday_zero_offset());
    date.checked_sub(Span::new().days(days)).unwrap_or(date)
}

impl Making<'_> {
    pub(super) fn answers(&self, editions: &[Edition]) -> Chart {
        let (w, locale) = (self.w, self.locale);
        let mut weeks: BTreeMap<Date, Vec<i64>> = BTreeMap::new();
        for one in editions {
            let (Some(delivered), Some(answered)) = (one.delivered_at, one.answered_at) else { continue };
            let minutes = (answered.as_second() - delivered.as_second()).max(0) / 60;
            weeks.entry(week(one.date)).or_default().push(minutes);
        }
        weeks.values_mut().for_each(|minutes| minutes.sort_unstable());
        let of = |percent: usize| weeks.values().map(|minutes| percentile(minutes, percent)).collect();
        let say = |minutes: i64| locale.span(minutes * 60);
        let about = About {
            id: "answers",
            title: w.ack_chart.to_owned(),
            about: w.ack_about.to_owned(),
            places: weeks.keys().map(|week| locale.short_date(*week)).collect(),
        };
        let columns = vec![text(w.week), number(w.median), number(w.high), number(w.answers)];
        let rows = weeks.iter().map(|(week, minutes)| {
            let cell = |percent| percentile(minutes, percent).map_or(Cell::Empty, Cell::Number);
            let count = i64::try_from(minutes.len()).unwrap_or(i64::MAX);
            vec![Cell::Date(*week), cell(50), cell(95), Cell::Number(count)]
        });
        let table = ExportTable::new(locale, "answers-table", &self.here, w.numbers, columns)
            .or_else(w.no_answers)
            .with(rows);
        let series = [
            Series { name: "p50".to_owned(), values: of(50), say: &say },
            Series { name: "p95".to_owned(), values: of(95), say: &say },
        ];
        lines(about, &series, table)
    }

    /// In the currency with most rows: amounts of different ones are never drawn together.
    pub(super) fn accrued(&self, settled: &[Settled]) -> Option<Chart> {
        let mut currencies: BTreeMap<u16, usize> = BTreeMap::new();
        for row in settled {
            *currencies.entry(row.currency.0).or_default() += 1;
        }
        let currency =
            currencies.iter().max_by_key(|(_, rows)| **rows).map(|(number, _)| Currency(*number))?;
        let mut days: BTreeMap<Date, (i64, i64)> = BTreeMap::new();
        for row in settled.iter().filter(|row| row.currency == currency) {
            let (accrued, paid) = days.entry(row.date).or_default();
            *accrued = accrued.saturating_add(row.movements());
            *paid = paid.saturating_add(row.paid);
        }
        let (w, locale) = (self.w, self.locale);
        let about = About {
            id: "accrued",
            title: w.accrued_chart.to_owned(),
            about: format!("{} {}.", w.accrued_about, crate::money::code(currency)),
            places: days.keys().map(|day| locale.short_date(*day)).collect(),
        };
        let columns = vec![text(w.business_date), money(w.accrued), money(w.paid)];
        let rows = days.iter().map(|(day, (accrued, paid))| {
            vec![Cell::Date(*day), Cell::Money(*accrued, currency), Cell::Money(*paid, currency)]
        });
        let table = ExportTable::new(locale, "accrued-table", &self.here, w.numbers, columns).with(rows);
        let say = |minor: i64| locale.amount(minor, currency);
        let series = [
            Series {
                name: w.accrued.to_owned(),
                values: days.values().map(|(accrued, _)| Some(*accrued)).collect(),
                say: &say,
            },
            Series {
                name: w.paid.to_owned(),
                values: days.values().map(|(_, paid)| Some(*paid)).collect(),
                say: &say,
            },
        ];
        Some(lines(about, &series, table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let check = |values: &[i64], percent, wanted| assert_eq!(percentile(values, percent), wanted);
        check(&[], 50, None);
        check(&[7], 95, Some(7));
        check(&[1, 2, 3, 4], 50, Some(2));
        check(&[1, 2, 3, 4], 95, Some(4));
        check(&(1..=100).collect::<Vec<_>>(), 95, Some(95));
        assert_eq!(week(jiff::civil::date(2026, 10, 10)), jiff::civil::date(2026, 10, 5));
    }
}
