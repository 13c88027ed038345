//! The tie-out as it is shown: a group of lines for each partner.

use domain::Currency;

use crate::{
    ConsoleState, money,
    tie_out::{Line, Measure, Side, Verdict},
    words::Word,
};

/// The whole table with its verdict.
pub(super) struct TieOut {
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
    pub(super) is_number: bool,
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
    TieOut { groups, verdict: word, verdict_code, summary }
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
    let label = match line.measure {
        Measure::Miles => "Miles".to_owned(),
        Measure::Turnover => "Turnover".to_owned(),
        Measure::Discount => "Discount".to_owned(),
        Measure::DiscountShare => "Discount, settled share".to_owned(),
        Measure::ToPay(currency) => format!("To pay, {}", money::code(currency)),
    };
    let cell = |side: &Side, unstated: &str| cell(line.measure, currency, side, unstated);
    Shown {
        measure: line.measure.name(),
        label,
        transactions: cell(&line.transactions, "not told by message"),
        ledger: cell(&line.ledger, ""),
        files: cell(&line.files, "not stated in a file"),
        difference: line.difference(),
        difference_text: plain(line.measure, currency, line.difference()),
        verdict,
        verdict_code,
    }
}

fn cell(measure: Measure, currency: Currency, side: &Side, unstated: &str) -> Cell {
    let word = |text: &str| Cell { value: String::new(), text: text.to_owned(), is_number: false };
    match side {
        Side::Is(number) => {
            Cell { value: number.to_string(), text: number_text(measure, currency, *number), is_number: true }
        }
        Side::NotStated => word(unstated),
        Side::NotClosed => word("not closed yet"),
        Side::NotPublished => word("not published yet"),
        Side::Missing => word("missing"),
        Side::Disagree(stated) => {
            let one = |(receiver, number): &(String, i64)| {
                format!("{receiver}: {}", number_text(measure, currency, *number))
            };
            word(&format!("the files disagree: {}", stated.iter().map(one).collect::<Vec<_>>().join("; ")))
        }
    }
}

/// What is to be paid is written with who receives it; everything else with its sign.
fn number_text(measure: Measure, currency: Currency, number: i64) -> String {
    match measure {
        Measure::ToPay(_) if number > 0 => format!("{} to the partner", plain(measure, currency, number)),
        Measure::ToPay(_) if number < 0 => {
            format!("{} to the bank", plain(measure, currency, number.saturating_neg()))
        }
        _ => plain(measure, currency, number),
    }
}

fn plain(measure: Measure, currency: Currency, number: i64) -> String {
    match measure {
        Measure::Miles => money::number(number),
        Measure::Turnover | Measure::Discount | Measure::DiscountShare => money::money(number, currency),
        Measure::ToPay(currency) => money::money(number, currency),
    }
}
