//! The charts of the morning: how much matched, and how old what is open is.

use jiff::{Span, civil::Date};

use super::{CHART_DAYS, Making, days_before};
use crate::{
    charts::{About, Chart, Series, line_and_bars, stacked_bars},
    export::{Cell, ExportTable, number, text},
    queries::morning::{Aged, Matched},
};

/// In hundredths of a percent.
const WHOLE: i64 = 10_000;
const AGES: [&str; 5] = ["0–1", "2–3", "4–7", "8–30", "> 30"];
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// The share that matched; `None` where nothing was compared. Rounded down: 100 % means all.
fn rate(one: &Matched) -> Option<i64> {
    let all = i128::from(one.matched) + i128::from(one.suggested) + i128::from(one.broken);
    let share = i128::from(one.matched) * i128::from(WHOLE);
    (all > 0).then(|| i64::try_from(share / all).unwrap_or(WHOLE))
}

impl Making<'_> {
    pub(super) fn rate(&self, found: &[Matched], today: Date) -> Chart {
        let (w, locale) = (self.w, self.locale);
        let first = days_before(today, CHART_DAYS - 1);
        let days: Vec<Date> =
            (0..CHART_DAYS).filter_map(|day| first.checked_add(Span::new().days(day)).ok()).collect();
        let of = |day: &Date| found.iter().find(|one| one.date == *day);
        let about = About {
            id: "rate",
            title: w.chart_rate.to_owned(),
            about: w.chart_rate_about.to_owned(),
            places: days.iter().map(|day| locale.short_date(*day)).collect(),
        };
        let rates: Vec<Option<i64>> = days.iter().map(|day| of(day).and_then(rate)).collect();
        let lowest = rates.iter().flatten().min().copied().unwrap_or(0) / 1_000 * 1_000;
        let exceptions = |one: &Matched| one.broken.saturating_add(one.suggested);
        let bars = days.iter().map(|day| of(day).map(exceptions)).collect();
        let columns = vec![
            text(w.business_date),
            number(w.rate),
            number(w.matched),
            number(w.suggested),
            number(w.broken),
        ];
        let rows = found.iter().map(|one| {
            vec![
                Cell::Date(one.date),
                rate(one).map_or(Cell::Empty, Cell::Percent),
                Cell::Number(one.matched),
                Cell::Number(one.suggested),
                Cell::Number(one.broken),
            ]
        });
        let table = ExportTable::new(locale, "rate-table", self.here, w.table_of, columns)
            .or_else(w.no_rate)
            .with(rows);
        let percent = |value: i64| locale.percent(value);
        let count = |value: i64| locale.number(value);
        line_and_bars(
            about,
            &Series { name: w.rate.to_owned(), values: rates, say: &percent },
            (lowest.min(WHOLE - 1_000), WHOLE),
            &Series { name: w.exceptions.to_owned(), values: bars, say: &count },
            table,
        )
    }

    pub(super) fn ages(&self, found: &[Aged]) -> Chart {
        let (w, locale) = (self.w, self.locale);
        let breaks = |bucket: usize, severity: &str| -> i64 {
            let ours = |one: &&Aged| usize::try_from(one.bucket) == Ok(bucket) && one.severity == severity;
            found.iter().filter(ours).map(|one| one.breaks).sum()
        };
        let say = |value: i64| locale.number(value);
        let names = [w.low, w.medium, w.high, w.critical];
        let series: Vec<Series<'_>> = SEVERITIES
            .iter()
            .zip(names)
            .map(|(severity, name)| Series {
                name: name.to_owned(),
                values: (0..AGES.len()).map(|bucket| Some(breaks(bucket, severity))).collect(),
                say: &say,
            })
            .collect();
        let mut columns = vec![text(w.days)];
        columns.extend(names.map(number));
        let row = |(bucket, age): (usize, &&str)| {
            let mut row = vec![Cell::text(*age)];
            row.extend(SEVERITIES.map(|severity| Cell::Number(breaks(bucket, severity))));
            row
        };
        let mut table =
            ExportTable::new(locale, "ages-table", self.here, w.table_of, columns).or_else(w.no_breaks);
        if !found.is_empty() {
            table = table.with(AGES.iter().enumerate().map(row));
        }
        let about = About {
            id: "ages",
            title: w.chart_age.to_owned(),
            about: w.chart_age_about.to_owned(),
            places: AGES.map(str::to_owned).to_vec(),
        };
        stacked_bars(about, &series, table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_all_needs_all() {
        let date = jiff::civil::date(2026, 10, 10);
        let check = |matched, suggested, broken, wanted| {
            assert_eq!(rate(&Matched { date, matched, suggested, broken }), wanted);
        };
        check(0, 0, 0, None);
        check(10, 0, 0, Some(WHOLE));
        check(999_999_999, 0, 1, Some(9_999));
        check(1, 1, 2, Some(2_500));
        check(i64::MAX, i64::MAX, 0, Some(5_000));
    }
}
