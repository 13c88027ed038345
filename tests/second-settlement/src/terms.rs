//! Terms of settlement, read from a program file.

use std::collections::BTreeMap;

use jiff::{
    ToSpan,
    civil::{Date, Time, Weekday},
};
use toml::{Table, Value};

use crate::exact::{Fraction, Mode};

/// What a program file says that settlement needs.
pub(crate) struct Read {
    pub(crate) code: &'static str,
    pub(crate) bank: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) zone: &'static str,
    pub(crate) cut_off: Time,
    pub(crate) terms: Vec<Terms>,
}

/// What one partner and the bank owe each other, and when that holds.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) partner: String,
    pub(crate) currency: String,
    from: Option<Date>,
    to: Option<Date>,
    pub(crate) items: Vec<Item>,
    pub(crate) charges: Vec<Item>,
    pub(crate) minimum_payable: Option<i128>,
    pub(crate) calendar: Calendar,
    /// Whether money of the program's currency is converted.
    pub(crate) converts: bool,
    /// Days, and whether only paying ones count.
    pub(crate) payment: (i32, bool),
}

/// Where something is rounded or taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Line,
    Batch,
}

/// How often a charge is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Every {
    Unit,
    Cycle,
    Month,
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) basis: String,
    pub(crate) bank_pays: bool,
    /// Minor units for each unit of the basis.
    pub(crate) price: Fraction,
    /// What the month has above a quantity, and its price.
    pub(crate) tiers: Vec<(i128, Fraction)>,
    pub(crate) level: Level,
    pub(crate) mode: Mode,
    /// Rate, where and how.
    pub(crate) vat: Option<(Fraction, Level, Mode)>,
    pub(crate) minimum: Option<i128>,
    /// Whether blocks of it are bought before.
    pub(crate) prepaid: bool,
    pub(crate) every: Every,
}

/// Days that are not open, by date or by day of the week.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calendar {
    weekly: BTreeMap<i8, String>,
    dates: BTreeMap<Date, String>,
}

impl Terms {
    pub(crate) fn hold_on(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date < to)
    }

    pub(crate) fn bank_pays_stated(&self) -> bool {
        self.items.iter().chain(&self.charges).next().unwrap().bank_pays
    }

    /// When the batches of a business date are paid: counted from the day of their file.
    pub(crate) fn payment_date(&self, date: Date) -> Date {
        let calendar = &self.calendar;
        let file = calendar.next(date, Calendar::processes);
        let (days, paying) = self.payment;
        if !paying {
            return calendar.next(file + days.days(), Calendar::pays);
        }
        // So many paying days after the file, or the first one for none.
        let mut day = file;
        for _ in 0..days {
            day = calendar.next(day.tomorrow().unwrap(), Calendar::pays);
        }
        calendar.next(day, Calendar::pays)
    }
}

impl Terms {
    /// What units cost on a date, in the currency of the terms.
    pub(crate) fn cost(&self, item: &Item, date: Date, before: i128, quantity: i128) -> Fraction {
        let cost = item.cost(before, quantity);
        if self.converts && counts_money(&item.basis) { cost.times(rate(date)) } else { cost }
    }
}

/// What a rouble is worth in euros: another rate on each day.
pub(crate) fn rate(date: Date) -> Fraction {
    Fraction(10_000 + i128::from(date.day()) * 37 + i128::from(date.month()), 1_000_000)
}

impl Item {
    /// What units cost when the month has `before` already: those below zero as the first ones.
    pub(crate) fn cost(&self, before: i128, quantity: i128) -> Fraction {
        let whole = |units: i128| {
            let mut sum = self.price.times(Fraction(units, 1));
            let mut price = self.price;
            for (above, next) in &self.tiers {
                let more = (units - above).max(0);
                // Above it the next price holds in place of the one before.
                sum = sum.plus(next.plus(price.times(Fraction(-1, 1))).times(Fraction(more, 1)));
                price = *next;
            }
            sum
        };
        whole(before + quantity).plus(whole(before).times(Fraction(-1, 1)))
    }

    pub(crate) fn vat_at(&self, level: Level, net: i128) -> i128 {
        match self.vat {
            Some((rate, at, mode)) if at == level => rate.times(Fraction(net, 1)).rounded(mode),
            _ => 0,
        }
    }
}

impl Calendar {
    fn kind(&self, date: Date) -> &str {
        let weekly = self.weekly.get(&date.weekday().to_monday_one_offset());
        self.dates.get(&date).or(weekly).map_or("open", String::as_str)
    }

    /// Whether files go out.
    pub(crate) fn processes(&self, date: Date) -> bool {
        ["open", "process_only"].contains(&self.kind(date))
    }

    fn pays(&self, date: Date) -> bool {
        ["open", "value_only"].contains(&self.kind(date))
    }

    fn next(&self, date: Date, fits: fn(&Self, Date) -> bool) -> Date {
        let mut date = date;
        while !fits(self, date) {
            date = date.tomorrow().unwrap();
        }
        date
    }
}

/// Decimals of the major unit; both currencies have as many.
pub(crate) const EXPONENT: u32 = 2;

pub(crate) fn read(file: &'static str) -> Read {
    let table: Table = file.parse().unwrap();
    let word = |key: &str| -> &'static str { table[key].as_str().unwrap().to_owned().leak() };
    let tables = |key: &str| tables(&table, key);
    let calendars: BTreeMap<&str, Calendar> =
        tables("calendar").iter().map(|table| (text(table, "name"), calendar(table))).collect();
    Read {
        code: word("code"),
        bank: word("bank"),
        currency: word("currency"),
        zone: word("timezone"),
        cut_off: word("cut_off").parse().unwrap(),
        terms: tables("terms").iter().map(|terms| of_partner(terms, &calendars)).collect(),
    }
}

fn text<'t>(table: &'t Table, key: &str) -> &'t str {
    table[key].as_str().unwrap_or_else(|| panic!("{key} of {table}"))
}

fn tables<'t>(table: &'t Table, key: &str) -> Vec<&'t Table> {
    let list = table.get(key).and_then(Value::as_array);
    list.into_iter().flatten().map(|one| one.as_table().unwrap()).collect()
}

fn day(value: &Value) -> Date {
    value.as_datetime().unwrap().to_string().parse().unwrap()
}

/// Minor units.
fn amount(text: &str) -> i128 {
    let minor = Fraction::parse(text).times(Fraction(10_i128.pow(EXPONENT), 1));
    assert_eq!(minor.0 % minor.1, 0, "an amount {text:?}");
    minor.0 / minor.1
}

fn calendar(table: &Table) -> Calendar {
    only(table, &["name", "closed", "value_only", "process_only", "exception"]);
    let mut calendar = Calendar::default();
    for kind in ["closed", "value_only", "process_only"] {
        for weekday in table.get(kind).and_then(Value::as_array).into_iter().flatten() {
            let place = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            let place = place.iter().position(|name| Some(*name) == weekday.as_str()).unwrap();
            let weekday = Weekday::from_monday_zero_offset(i8::try_from(place).unwrap()).unwrap();
            calendar.weekly.insert(weekday.to_monday_one_offset(), kind.to_owned());
        }
    }
    for exception in tables(table, "exception") {
        calendar.dates.insert(day(&exception["date"]), text(exception, "day").to_owned());
    }
    calendar
}

fn of_partner(table: &Table, calendars: &BTreeMap<&str, Calendar>) -> Terms {
    only(
        table,
        &["partner", "currency", "effective", "item", "minimum_payable", "calendar", "payment", "rates"],
    );
    let bound = |key: &str| table["effective"].as_table().unwrap().get(key).map(day);
    let (charges, items) = tables(table, "item")
        .into_iter()
        .map(item)
        .partition(|item| item.every != Every::Unit || item.basis == "new_cards");
    let payment = table.get("payment").map(|payment| {
        let payment = payment.as_table().unwrap();
        only(payment, &["after_days", "days"]);
        let days = payment["after_days"].as_integer().unwrap();
        let paying = payment.get("days").is_some_and(|days| days.as_str() == Some("paying"));
        (i32::try_from(days).unwrap(), paying)
    });
    Terms {
        partner: text(table, "partner").to_owned(),
        currency: text(table, "currency").to_owned(),
        from: bound("from"),
        to: bound("to"),
        items,
        charges,
        minimum_payable: table.get("minimum_payable").map(|least| amount(least.as_str().unwrap())),
        calendar: table
            .get("calendar")
            .map_or_else(Calendar::default, |name| calendars[name.as_str().unwrap()].clone()),
        converts: table.contains_key("rates"),
        payment: payment.unwrap_or_default(),
    }
}

/// What is not understood here would not be computed.
fn only(table: &Table, known: &[&str]) {
    let unknown: Vec<&String> = table.keys().filter(|key| !known.contains(&key.as_str())).collect();
    assert!(unknown.is_empty(), "terms that are not understood: {unknown:?} of {table}");
}

fn price(table: &Table) -> Fraction {
    match (table.get("price"), table.get("percent")) {
        (Some(price), None) => {
            Fraction::parse(price.as_str().unwrap()).times(Fraction(10_i128.pow(EXPONENT), 1))
        }
        (None, Some(percent)) => Fraction::parse(percent.as_str().unwrap()).times(Fraction(1, 100)),
        (None, None) => Fraction::ONE,
        _ => panic!("a price and a percentage: {table}"),
    }
}

fn counts_money(basis: &str) -> bool {
    ["turnover", "statement_credit_share", "till_share"].contains(&basis)
}

fn item(table: &Table) -> Item {
    only(
        table,
        &[
            "basis",
            "payer",
            "price",
            "percent",
            "tiers",
            "every",
            "minimum_per_month",
            "prepaid",
            "vat",
            "rounding",
        ],
    );
    let rounding = table.get("rounding").and_then(Value::as_table);
    let basis = text(table, "basis").to_owned();
    let above = |text: &str| if counts_money(&basis) { amount(text) } else { text.parse().unwrap() };
    Item {
        bank_pays: match text(table, "payer") {
            "bank" => true,
            "partner" => false,
            other => panic!("a payer {other:?}"),
        },
        price: price(table),
        tiers: tables(table, "tiers").iter().map(|tier| (above(text(tier, "above")), price(tier))).collect(),
        // What is paid one to one needs no rounding.
        level: rounding.map_or(Level::Line, |rounding| level(text(rounding, "level"))),
        mode: rounding.map_or(Mode::Floor, |rounding| Mode::parse(text(rounding, "mode"))),
        vat: table.get("vat").map(|vat| {
            let vat = vat.as_table().unwrap();
            let rate = Fraction::parse(text(vat, "percent")).times(Fraction(1, 100));
            (rate, level(text(vat, "level")), Mode::parse(text(vat, "mode")))
        }),
        minimum: table.get("minimum_per_month").map(|least| amount(least.as_str().unwrap())),
        prepaid: table.contains_key("prepaid"),
        every: match table.get("every").map(|every| every.as_str().unwrap()) {
            None => Every::Unit,
            Some("cycle") => Every::Cycle,
            Some("month") => Every::Month,
            Some(other) => panic!("every {other:?}"),
        },
        basis,
    }
}

fn level(word: &str) -> Level {
    match word {
        "line" => Level::Line,
        "batch" | "document" => Level::Batch,
        other => panic!("a level {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn terms(calendar: &str, payment: &str) -> Terms {
        let text = format!(
            "{calendar}\n[[terms]]\npartner = \"skyfuel\"\ncurrency = \"RUB\"\neffective = {{ from = 2026-01-01 }}\n\
             calendar = \"days\"\npayment = {payment}\n[[terms.item]]\nbasis = \"bonus_miles\"\npayer = \"bank\"\n\
             price = \"0.60\"\ntiers = [{{ above = \"1000\", price = \"0.50\" }}, {{ above = \"5000\", price = \"0.425\" }}]\n"
        );
        let table: Table = text.parse().unwrap();
        let days = super::calendar(table["calendar"].as_array().unwrap()[0].as_table().unwrap());
        of_partner(tables(&table, "terms")[0], &[("days", days)].into())
    }

    const DAYS: &str = "[[calendar]]\nname = \"days\"\nclosed = [\"sat\", \"sun\"]\nexception = [\
        { date = 2026-11-04, day = \"closed\" }, { date = 2026-10-31, day = \"open\" }, \
        { date = 2026-11-09, day = \"process_only\" }, { date = 2026-11-14, day = \"value_only\" }]";

    #[test]
    fn a_unit_has_the_price_of_its_place_in_the_month() {
        let terms = terms(DAYS, "{ after_days = 0 }");
        for (before, quantity, expected) in [
            (0, 1_000, 60_000),
            (999, 2, 110),
            (0, 6_000, 60_000 + 200_000 + 42_500),
            (7_000, -3_000, -(85_000 + 50_000)),
            (-10, 20, 1_200),
        ] {
            assert_eq!(
                terms.items[0].cost(before, quantity).rounded(Mode::Floor),
                expected,
                "{before} {quantity}"
            );
        }
    }

    #[test]
    fn a_batch_is_paid_on_a_day_on_which_money_is_paid() {
        for (payment, of, paid) in [
            ("{ after_days = 0 }", (10, 30), (10, 30)),
            ("{ after_days = 0 }", (11, 1), (11, 2)),
            ("{ after_days = 2 }", (11, 2), (11, 5)),
            ("{ after_days = 0 }", (11, 9), (11, 10)),
            ("{ after_days = 2, days = \"paying\" }", (11, 2), (11, 5)),
            ("{ after_days = 1, days = \"paying\" }", (10, 30), (10, 31)),
            ("{ after_days = 1, days = \"paying\" }", (11, 13), (11, 14)),
        ] {
            let day = |(month, day)| date(2026, month, day);
            assert_eq!(terms(DAYS, payment).payment_date(day(of)), day(paid), "{payment} {of:?}");
        }
    }
}
