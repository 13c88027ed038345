//! The tie-out as it is shown: a group of lines for each partner.

use domain::Currency;

use crate::{
    ConsoleState, money,
    tie_out::{Line, Measure, Side, Verdict},
    words::Word,
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
    pub(super) verdict: Word,
    pub(super) verdict_code: &'static str,
}

/// One number, or why there is none.
pub(super) struct Cell {
    /// For `data-` attributes: the number in minor units or miles, or nothing.
    pub(super) value: String,
    pub(super) text: String,
    pub(super) kind: CellKind,
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

pub(super) fn view(console: &ConsoleState, currency: Currency, lines: &[Line]) -> TieOut {
    let mut groups: Vec<Group> = Vec::new();
    for line in lines {
        let partner = console.partner(line.partner);
        let shown = shown(currency, line);
        match groups.last_mut() {
            Some(group) if group.partner == partner => group.lines.push(shown),
            _ => groups.push(Group { partner, lines: vec![shown] }),
        }
    }
    let broken = lines.iter().filter(|line| line.verdict() == Verdict::Broken).count();
    let is_final = lines.iter().all(|line| line.verdict() != Verdict::SoFar);
    let count = lines.len();
    let (verdict, summary) = match (broken, is_final) {
        (0, true) => (Verdict::Ties, format!("All {count} lines tie: transactions = ledger = files.")),
        (0, false) => (
            Verdict::SoFar,
            format!("All {count} lines tie so far: transactions = ledger. The files are still to come."),
        ),
        _ => (Verdict::Broken, format!("{broken} of {count} lines do not tie.")),
    };
    let (word, verdict_code) = words(verdict);
    TieOut { dashes: dashes(lines), groups, verdict: word, verdict_code, summary }
}

fn dashes(lines: &[Line]) -> &'static str {
    let any = |side: Side| lines.iter().any(|line| line.files == side);
    if any(Side::NotClosed) {
        "A dash: no number yet, the day is not closed; or this side does not state the measure."
    } else if any(Side::NotPublished) {
        "A dash: no number yet, the files are not published; or this side does not state the measure."
    } else {
        "A dash: this side does not state the measure."
    }
}

fn words(verdict: Verdict) -> (Word, &'static str) {
    match verdict {
        Verdict::Ties => (Word::TIES, "ties"),
        Verdict::SoFar => (Word::SO_FAR, "so-far"),
        Verdict::Broken => (Word::BROKEN, "broken"),
    }
}

fn shown(currency: Currency, line: &Line) -> Shown {
    let (verdict, verdict_code) = words(line.verdict());
    let name = match line.measure {
        Measure::Miles => "Miles",
        Measure::Turnover => "Turnover",
        Measure::Discount => "Discount",
        Measure::DiscountShare => "Discount, settled share",
        Measure::Net(_) => "Net",
        Measure::Vat(_) => "VAT",
        Measure::ToPay(_) => "To pay",
    };
    let label = match measure_currency(line.measure, currency) {
        Some(currency) => format!("{name}, {}", money::code(currency)),
        None => name.to_owned(),
    };
    let cell = |side: &Side, unstated: &str| cell(line.measure, currency, side, unstated);
    Shown {
        measure: line.measure.name(),
        label,
        transactions: cell(&line.transactions, "not told by message"),
        ledger: cell(&line.ledger, ""),
        files: cell(&line.files, "not stated in a file"),
        difference: line.difference(),
        difference_text: match line.difference() {
            0 => "0".to_owned(),
            difference => number_text(line.measure, currency, difference),
        },
        verdict,
        verdict_code,
    }
}

fn cell(measure: Measure, currency: Currency, side: &Side, unstated: &str) -> Cell {
    let without = |kind, text: &str| Cell { value: String::new(), text: text.to_owned(), kind };
    match side {
        Side::Is(number) => Cell {
            value: number.to_string(),
            text: number_text(measure, currency, *number),
            kind: CellKind::Number,
        },
        Side::NotStated => without(CellKind::Dash, unstated),
        Side::NotClosed => without(CellKind::Dash, "not closed yet"),
        Side::NotPublished => without(CellKind::Dash, "not published yet"),
        Side::Missing => without(CellKind::Words, "missing"),
        Side::Disagree(stated) => {
            let one = |(receiver, number): &(String, i64)| {
                format!("{receiver}: {}", number_text(measure, currency, *number))
            };
            without(
                CellKind::Words,
                &format!("the files disagree: {}", stated.iter().map(one).collect::<Vec<_>>().join("; ")),
            )
        }
    }
}

/// The number in miles or in the currency that the line names.
fn number_text(measure: Measure, currency: Currency, number: i64) -> String {
    measure_currency(measure, currency)
        .map_or_else(|| money::number(number), |currency| money::amount(number, currency))
}

/// The currency of a line; miles have none.
fn measure_currency(measure: Measure, currency: Currency) -> Option<Currency> {
    match measure {
        Measure::Miles => None,
        Measure::Turnover | Measure::Discount | Measure::DiscountShare => Some(currency),
        Measure::Net(currency) | Measure::Vat(currency) | Measure::ToPay(currency) => Some(currency),
    }
}
