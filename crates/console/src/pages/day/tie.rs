//! The tie-out as it is shown: a group of lines for each partner.

use domain::Currency;

use super::Day;
use crate::{
    export::Cell as Exported,
    locale::Locale,
    money,
    tie_out::{Line, Measure, Side, Verdict},
    words::{
        Word,
        day::{DayLabels, LINES, Shows},
    },
};

/// The whole table with its verdict.
pub(super) struct TieOut {
    /// Why there are dashes.
    pub(super) dashes: &'static str,
    pub(super) groups: Vec<Group>,
    pub(super) verdict: Word,
    pub(super) verdict_code: &'static str,
    pub(super) summary: String,
}

/// The lines of one partner.
pub(super) struct Group {
    pub(super) partner: String,
    pub(super) lines: Vec<Shown>,
}

/// A line.
pub(super) struct Shown {
    pub(super) measure: &'static str,
    pub(super) label: String,
    pub(super) transactions: Cell,
    pub(super) ledger: Cell,
    pub(super) files: Cell,
    pub(super) difference: i64,
    pub(super) difference_text: String,
    pub(super) difference_cell: Exported,
    pub(super) verdict: Word,
    pub(super) verdict_code: &'static str,
}

/// One number, or why there is none.
pub(super) struct Cell {
    /// For `data-` attributes: the number in minor units or miles, or nothing.
    pub(super) value: String,
    pub(super) text: String,
    pub(super) kind: CellKind,
    /// As files have it.
    pub(super) cell: Exported,
}

/// How a number, or its absence, is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    /// The number.
    Number,
    /// A dash: there is nothing to compare here, or not yet. The text says which.
    Dash,
    /// Words: something is wrong.
    Words,
}

pub(super) fn view(day: &Day<'_>, lines: &[Line]) -> TieOut {
    let (currency, told) = (day.program.currency, Told { w: day.w, locale: day.locale });
    let mut groups: Vec<Group> = Vec::new();
    for line in lines {
        let partner = day.app.console.partner(line.partner);
        let shown = told.shown(currency, line);
        match groups.last_mut() {
            Some(group) if group.partner == partner => group.lines.push(shown),
            _ => groups.push(Group { partner, lines: vec![shown] }),
        }
    }
    let broken = lines.iter().filter(|line| line.verdict() == Verdict::Broken).count();
    let is_final = lines.iter().all(|line| line.verdict() != Verdict::SoFar);
    let verdict = match (broken, is_final) {
        (0, true) => Verdict::Ties,
        (0, false) => Verdict::SoFar,
        _ => Verdict::Broken,
    };
    let (word, verdict_code) = told.words(verdict);
    TieOut {
        dashes: told.dashes(lines),
        groups,
        verdict: word,
        verdict_code,
        summary: told.summary(verdict, broken, lines.len()),
    }
}

/// The tie-out in a language.
#[derive(Clone, Copy)]
struct Told {
    w: &'static DayLabels,
    locale: Locale,
}

impl Told {
    fn summary(self, verdict: Verdict, broken: usize, count: usize) -> String {
        let [broken, all] = [broken, count].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        let lines = LINES.form(all, self.locale.0);
        let (english, russian) = match verdict {
            Verdict::Ties => (
                format!("All {all} lines tie: transactions = ledger = files."),
                format!("Сходится всё, {all} {lines}: операции = учёт = файлы."),
            ),
            Verdict::SoFar => (
                format!("All {all} lines tie so far: transactions = ledger. The files are still to come."),
                format!("Пока сходится всё, {all} {lines}: операции = учёт. Файлов ещё нет."),
            ),
            Verdict::Broken => {
                (format!("{broken} of {all} lines do not tie."), format!("Не сходится: {broken} из {all}."))
            }
        };
        self.locale.0.choose(english, russian)
    }

    fn dashes(self, lines: &[Line]) -> &'static str {
        let any = |side: Side| lines.iter().any(|line| line.files == side);
        if any(Side::NotClosed) {
            self.w.dash_not_closed
        } else if any(Side::NotPublished) {
            self.w.dash_not_published
        } else {
            self.w.dash
        }
    }

    fn words(self, verdict: Verdict) -> (Word, &'static str) {
        let (shows, code) = match verdict {
            Verdict::Ties => (Shows::Ties, "ties"),
            Verdict::SoFar => (Shows::SoFar, "so-far"),
            Verdict::Broken => (Shows::Broken, "broken"),
        };
        (shows.word(self.locale.0), code)
    }

    fn shown(self, currency: Currency, line: &Line) -> Shown {
        let (verdict, verdict_code) = self.words(line.verdict());
        let w = self.w;
        let name = match line.measure {
            Measure::Miles => w.miles,
            Measure::Turnover => w.m_turnover,
            Measure::Discount => w.m_discount,
            Measure::DiscountShare => w.m_share,
            Measure::Net(_) => w.net,
            Measure::Vat(_) => w.vat,
            Measure::ToPay(_) => w.to_pay,
        };
        let label = match measure_currency(line.measure, currency) {
            Some(currency) => format!("{name}, {}", money::code(currency)),
            None => name.to_owned(),
        };
        let cell = |side: &Side, unstated: &str| self.cell(line.measure, currency, side, unstated);
        Shown {
            measure: line.measure.name(),
            label,
            transactions: cell(&line.transactions, w.not_told),
            ledger: cell(&line.ledger, ""),
            files: cell(&line.files, w.not_stated),
            difference: line.difference(),
            difference_text: match line.difference() {
                0 => "0".to_owned(),
                difference => self.number_text(line.measure, currency, difference),
            },
            difference_cell: exported(line.measure, currency, line.difference()),
            verdict,
            verdict_code,
        }
    }

    fn cell(self, measure: Measure, currency: Currency, side: &Side, unstated: &str) -> Cell {
        let w = self.w;
        let without = |kind, text: &str| Cell {
            value: String::new(),
            text: text.to_owned(),
            kind,
            cell: Exported::text(text),
        };
        match side {
            Side::Is(number) => Cell {
                value: number.to_string(),
                text: self.number_text(measure, currency, *number),
                kind: CellKind::Number,
                cell: exported(measure, currency, *number),
            },
            Side::NotStated => without(CellKind::Dash, unstated),
            Side::NotClosed => without(CellKind::Dash, w.not_closed),
            Side::NotPublished => without(CellKind::Dash, w.not_published),
            Side::Missing => without(CellKind::Words, w.missing),
            Side::Disagree(stated) => {
                let one = |(receiver, number): &(String, i64)| {
                    format!("{receiver}: {}", self.number_text(measure, currency, *number))
                };
                let all = stated.iter().map(one).collect::<Vec<_>>().join("; ");
                without(CellKind::Words, &format!("{}: {all}", w.disagree))
            }
        }
    }

    /// The number in miles or in the currency that the line names.
    fn number_text(self, measure: Measure, currency: Currency, number: i64) -> String {
        match measure_currency(measure, currency) {
            Some(currency) => self.locale.amount(number, currency),
            None => self.locale.number(number),
        }
    }
}

fn exported(measure: Measure, currency: Currency, number: i64) -> Exported {
    match measure_currency(measure, currency) {
        Some(currency) => Exported::Amount(number, currency),
        None => Exported::Number(number),
    }
}

/// The currency of a line; miles have none.
fn measure_currency(measure: Measure, currency: Currency) -> Option<Currency> {
    match measure {
        Measure::Miles => None,
        Measure::Turnover | Measure::Discount | Measure::DiscountShare => Some(currency),
        Measure::Net(currency) | Measure::Vat(currency) | Measure::ToPay(currency) => Some(currency),
    }
}
