//! The figures of a program's health, from what was kept of its cycles.

use std::collections::BTreeMap;

use domain::{Funder, Item};
use jiff::civil::Date;

use crate::{
    ProgramInfo,
    app::App,
    charts::{About, Chart, Series, stacked_bars},
    export::{Cell, ExportTable, money, number, text},
    locale::Locale,
    queries::health::{DayTotal, Lots},
    words::partners::FurtherLabels,
};

/// What they are made with.
pub(super) struct Figures<'a> {
    pub(super) app: &'a App,
    pub(super) program: &'a ProgramInfo,
    pub(super) w: &'static FurtherLabels,
    pub(super) locale: Locale,
    pub(super) here: String,
    pub(super) lots: &'a [Lots],
    pub(super) totals: &'a [DayTotal],
}

/// Of one who pays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cost {
    base: i64,
    bonus: i64,
    discount: i64,
}

/// What became of the miles of a day; against members is negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Accrual {
    earned: i64,
    reversed: i64,
    redeemed: i64,
    expired: i64,
}

/// Of a total that was posted: for members, or negative against them.
fn signed(total: &DayTotal) -> Option<i64> {
    match total.side.as_str() {
        "given" => Some(total.amount),
        "taken" => Some(total.amount.saturating_neg()),
        _ => None,
    }
}

/// Who pays how much of what was given, net of what was taken back.
fn costs(totals: &[DayTotal]) -> BTreeMap<Option<Funder>, Cost> {
    let mut costs: BTreeMap<Option<Funder>, Cost> = BTreeMap::new();
    for total in totals {
        let Some(amount) = signed(total) else { continue };
        match Item::parse(&total.subject) {
            // The bank buys base miles from the co-brand partner.
            Some(Item::Base) => costs.entry(Some(Funder::Bank)).or_default().base += amount,
            Some(Item::Bonus { funder, .. }) => costs.entry(Some(funder)).or_default().bonus += amount,
            Some(Item::Discount { funder, .. }) => costs.entry(Some(funder)).or_default().discount += amount,
            _ => {}
        }
    }
    costs
}

impl Figures<'_> {
    fn table(&self, id: &'static str, caption: &str, columns: Vec<crate::export::Column>) -> ExportTable {
        ExportTable::new(self.locale, id, &self.here, caption, columns)
    }

    /// Bars of miles by month.
    fn months(&self, id: &'static str, title: &str, months: &BTreeMap<(bool, Date), i64>) -> Chart {
        let (w, locale) = (self.w, self.locale);
        let name = |(never, month): &(bool, Date)| match never {
            true => w.never.to_owned(),
            false => locale.month(*month),
        };
        let say = |miles: i64| locale.number(miles);
        let rows = months.iter().map(|(month, miles)| vec![Cell::Text(name(month)), Cell::Number(*miles)]);
        let table_id = if id == "by-age" { "by-age-table" } else { "by-expiry-table" };
        let table = self
            .table(table_id, w.numbers, vec![text(w.month), number(w.miles)])
            .or_else(w.no_lots)
            .with(rows);
        let about = About {
            id,
            title: title.to_owned(),
            about: title.to_owned() + ".",
            places: months.keys().map(name).collect(),
        };
        let values = months.values().map(|miles| Some(*miles)).collect();
        stacked_bars(about, &[Series { name: w.miles.to_owned(), values, say: &say }], table)
    }

    pub(super) fn by_age(&self) -> Chart {
        let mut months = BTreeMap::new();
        for lots in self.lots {
            *months.entry((false, lots.granted)).or_default() += lots.miles;
        }
        self.months("by-age", self.w.by_age, &months)
    }

    pub(super) fn by_expiry(&self) -> Chart {
        let mut months = BTreeMap::new();
        for lots in self.lots {
            let month = (lots.expires.is_none(), lots.expires.unwrap_or(Date::MAX));
            *months.entry(month).or_default() += lots.miles;
        }
        self.months("by-expiry", self.w.by_expiry, &months)
    }

    pub(super) fn accrual(&self) -> Chart {
        let (w, locale) = (self.w, self.locale);
        let mut days: BTreeMap<Date, Accrual> = BTreeMap::new();
        for total in self.totals {
            let Some(amount) = signed(total) else { continue };
            let day = days.entry(total.date).or_default();
            match Item::parse(&total.subject) {
                Some(Item::Base | Item::Bonus { .. }) if amount > 0 => day.earned += amount,
                Some(Item::Base | Item::Bonus { .. }) => day.reversed += amount,
                Some(Item::Redeemed) => day.redeemed += amount,
                Some(Item::Expired) => day.expired += amount,
                _ => {}
            }
        }
        let say = |miles: i64| locale.number(miles);
        let one = |name: &str, of: fn(&Accrual) -> i64| Series {
            name: name.to_owned(),
            values: days.values().map(|day| Some(of(day))).collect(),
            say: &say,
        };
        let series = [
            one(w.earned, |day| day.earned),
            one(w.reversed, |day| day.reversed),
            one(w.redeemed, |day| day.redeemed),
            one(w.expired, |day| day.expired),
        ];
        let columns =
            vec![text(w.day), number(w.earned), number(w.reversed), number(w.redeemed), number(w.expired)];
        let rows = days.iter().map(|(date, day)| {
            let numbers = [day.earned, day.reversed, day.redeemed, day.expired].map(Cell::Number);
            std::iter::once(Cell::Date(*date)).chain(numbers).collect()
        });
        let table = self.table("accrual-table", w.numbers, columns).or_else(w.no_cost).with(rows);
        let about = About {
            id: "accrual",
            title: w.accrual_chart.to_owned(),
            about: w.accrual_about.to_owned(),
            places: days.keys().map(|day| locale.short_date(*day)).collect(),
        };
        stacked_bars(about, &series, table)
    }

    pub(super) fn cost(&self) -> ExportTable {
        let w = self.w;
        let columns = vec![text(w.funder), number(w.base_miles), number(w.bonus_miles), money(w.discounts)];
        let rows = costs(self.totals).into_iter().map(|(funder, cost)| {
            let name = match funder {
                Some(Funder::Partner(partner)) => self.app.console.partner(partner),
                _ => w.the_bank.to_owned(),
            };
            vec![
                Cell::Text(name),
                Cell::Number(cost.base),
                Cell::Number(cost.bonus),
                Cell::Money(cost.discount, self.program.currency),
            ]
        });
        self.table("cost", w.cost_caption, columns).or_else(w.no_cost).with(rows)
    }

    /// Turnover at partners and of all cards, by day.
    fn turnovers(&self) -> BTreeMap<Date, (i64, i64)> {
        let mut days: BTreeMap<Date, (i64, i64)> = BTreeMap::new();
        for total in self.totals {
            let (at_partners, all) = days.entry(total.date).or_default();
            match total.side.as_str() {
                "told" if total.subject.starts_with("turnover:") => *at_partners += total.amount,
                "counted" => *all += total.amount,
                _ => {}
            }
        }
        days
    }

    /// The share of the period; a dash where nothing was counted.
    pub(super) fn share(&self) -> String {
        let (at_partners, all) = self
            .turnovers()
            .values()
            .fold((0_i128, 0_i128), |(at, all), day| (at + i128::from(day.0), all + i128::from(day.1)));
        match hundredths(at_partners, all) {
            Some(share) => self.locale.percent(share),
            None => "–".to_owned(),
        }
    }

    pub(super) fn turnover(&self) -> ExportTable {
        let (w, currency) = (self.w, self.program.currency);
        let columns = vec![text(w.day), money(w.at_partners), money(w.all_turnover), number(w.share_about)];
        let rows = self.turnovers().into_iter().map(|(date, (at_partners, all))| {
            let share = hundredths(i128::from(at_partners), i128::from(all));
            vec![
                Cell::Date(date),
                Cell::Money(at_partners, currency),
                Cell::Money(all, currency),
                share.map_or(Cell::Empty, Cell::Percent),
            ]
        });
        self.table("turnover", w.share, columns).or_else(w.no_cost).with(rows)
    }
}

/// A share in hundredths of a percent, rounded down; `None` of nothing.
fn hundredths(part: i128, all: i128) -> Option<i64> {
    (all > 0).then(|| i64::try_from((part * 10_000).div_euclid(all)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use domain::PartnerId;

    use super::*;

    #[test]
    fn what_is_taken_back_costs_nobody() {
        let total = |side: &str, subject: &str, amount| DayTotal {
            date: jiff::civil::date(2026, 10, 10),
            side: side.to_owned(),
            subject: subject.to_owned(),
            amount,
        };
        let discount = Item::Discount {
            mode: domain::DiscountMode::AtTill,
            funder: Funder::Partner(PartnerId(2)),
            partner: PartnerId(2),
        };
        let stored = discount.to_string();
        let totals = [
            total("given", "base", 100),
            total("taken", "base", 40),
            total("told", "miles", 1_000),
            total("given", &stored, 500),
        ];
        let found = costs(&totals);
        assert_eq!(found[&Some(Funder::Bank)], Cost { base: 60, ..Cost::default() });
        assert_eq!(found[&Some(Funder::Partner(PartnerId(2)))], Cost { discount: 500, ..Cost::default() });
        assert_eq!(hundredths(1, 3), Some(3_333));
        assert_eq!(hundredths(1, 0), None);
    }
}
