//! Terms of settlement, read from a program file.

use jiff::civil::{Date, Time};
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
}

/// Where something is rounded or taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Line,
    Batch,
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) basis: String,
    pub(crate) bank_pays: bool,
    /// Minor units for each unit of the basis.
    pub(crate) price: Fraction,
    pub(crate) level: Level,
    pub(crate) mode: Mode,
    /// Rate, where and how.
    pub(crate) vat: Option<(Fraction, Level, Mode)>,
}

impl Terms {
    pub(crate) fn hold_on(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date < to)
    }
}

/// Decimals of the major unit; both currencies have as many.
pub(crate) const EXPONENT: u32 = 2;

pub(crate) fn read(file: &'static str) -> Read {
    let table: Table = file.parse().unwrap();
    let word = |key: &str| -> &'static str { table[key].as_str().unwrap().to_owned().leak() };
    let terms = table.get("terms").and_then(Value::as_array).unwrap();
    Read {
        code: word("code"),
        bank: word("bank"),
        currency: word("currency"),
        zone: word("timezone"),
        cut_off: word("cut_off").parse().unwrap(),
        terms: terms.iter().map(|terms| of_partner(terms.as_table().unwrap())).collect(),
    }
}

fn text<'t>(table: &'t Table, key: &str) -> &'t str {
    table[key].as_str().unwrap_or_else(|| panic!("{key} of {table}"))
}

fn of_partner(table: &Table) -> Terms {
    only(table, &["partner", "currency", "effective", "item"]);
    let day = |key: &str| {
        let day = table["effective"].as_table().unwrap().get(key)?;
        Some(day.as_datetime().unwrap().to_string().parse().unwrap())
    };
    Terms {
        partner: text(table, "partner").to_owned(),
        currency: text(table, "currency").to_owned(),
        from: day("from"),
        to: day("to"),
        items: table["item"].as_array().unwrap().iter().map(|one| item(one.as_table().unwrap())).collect(),
    }
}

/// What is not understood here would not be computed.
fn only(table: &Table, known: &[&str]) {
    let unknown: Vec<&String> = table.keys().filter(|key| !known.contains(&key.as_str())).collect();
    assert!(unknown.is_empty(), "terms that are not understood: {unknown:?} of {table}");
}

fn item(table: &Table) -> Item {
    only(table, &["basis", "payer", "price", "percent", "vat", "rounding"]);
    let price = match (table.get("price"), table.get("percent")) {
        (Some(price), None) => {
            Fraction::parse(price.as_str().unwrap()).times(Fraction(10_i128.pow(EXPONENT), 1))
        }
        (None, Some(percent)) => Fraction::parse(percent.as_str().unwrap()).times(Fraction(1, 100)),
        (None, None) => Fraction::ONE,
        _ => panic!("a price and a percentage: {table}"),
    };
    let rounding = table.get("rounding").and_then(Value::as_table);
    Item {
        basis: text(table, "basis").to_owned(),
        bank_pays: match text(table, "payer") {
            "bank" => true,
            "partner" => false,
            other => panic!("a payer {other:?}"),
        },
        price,
        // What is paid one to one needs no rounding.
        level: rounding.map_or(Level::Line, |rounding| level(text(rounding, "level"))),
        mode: rounding.map_or(Mode::Floor, |rounding| Mode::parse(text(rounding, "mode"))),
        vat: table.get("vat").map(|vat| {
            let vat = vat.as_table().unwrap();
            let rate = Fraction::parse(text(vat, "percent")).times(Fraction(1, 100));
            (rate, level(text(vat, "level")), Mode::parse(text(vat, "mode")))
        }),
    }
}

fn level(word: &str) -> Level {
    match word {
        "line" => Level::Line,
        "batch" | "document" => Level::Batch,
        other => panic!("a level {other:?}"),
    }
}
