//! Control totals: what the bank's file, our books and the partner's file say of each partner.

use domain::{Currency, settlement::Direction};
use store::PositionRow;

use super::Day;
use crate::{
    FileTotals,
    export::{Cell, ExportTable, money, text},
    tie_out::Files,
    words::{day::Shows, word},
};

/// A number that each of the three should state.
struct Measured {
    name: &'static str,
    ours: i64,
    of_file: fn(&FileTotals) -> Option<i64>,
    /// Miles and lines have none.
    currency: Option<Currency>,
}

/// What a receiver's file has of a partner in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stated<'a> {
    /// This batch.
    Batch(&'a FileTotals),
    /// It must have a batch and has none, or it cannot be believed: gone, altered, refused.
    Missing,
    /// This receiver has no file of the cycle.
    NoFile,
}

/// A side of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Says(i64),
    /// It does not state this number.
    Silent,
    Missing,
}

impl Stated<'_> {
    fn side(self, of_file: fn(&FileTotals) -> Option<i64>) -> Side {
        match self {
            Self::Batch(batch) => of_file(batch).map_or(Side::Silent, Side::Says),
            Self::Missing => Side::Missing,
            Self::NoFile => Side::Silent,
        }
    }
}

/// Positive is what the bank pays.
fn signed(direction: Direction, minor: i64) -> i64 {
    if direction == Direction::BankPaysPartner { minor } else { minor.saturating_neg() }
}

impl Day<'_> {
    /// Three sides and their difference. A side that does not state a number has an empty cell and takes no part in it; a
    /// file that must state it and does not is missing, and the line does not tie.
    pub(super) fn control(&self, positions: &[PositionRow], files: &Files) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.partner),
            text(w.measure),
            money(w.bank_file),
            money(w.our_books),
            money(w.partner_file),
            money(w.difference),
            text(w.result),
        ];
        let table = ExportTable::new(self.locale, "control-table", &self.here, w.control_caption, columns)
            .or_else(w.control_later);
        let Files::Published(files) = files else { return table };
        let rows = positions.iter().flat_map(|position| {
            let partner = self.app.console.partner(position.partner);
            let bank = stated(files, &self.program.bank_code, &partner, position.currency);
            let own = stated(files, &partner, &partner, position.currency);
            let nowhere = bank == Stated::NoFile && own == Stated::NoFile;
            let [bank, own] = if nowhere { [Stated::Missing; 2] } else { [bank, own] };
            self.measured(position)
                .into_iter()
                .map(move |one| self.line(&partner, &one, bank, own))
                .collect::<Vec<_>>()
        });
        table.with(rows)
    }

    fn measured(&self, position: &PositionRow) -> Vec<Measured> {
        let (w, currency) = (self.w, Some(position.currency));
        let ours = |minor| signed(position.direction, minor);
        vec![
            Measured {
                name: w.lines,
                ours: i64::from(position.lines),
                of_file: |file| Some(file.lines),
                currency: None,
            },
            Measured { name: w.miles, ours: position.miles, of_file: |file| file.miles, currency: None },
            Measured {
                name: w.net,
                ours: ours(position.net_minor),
                of_file: |file| Some(signed(file.direction, file.net_minor)),
                currency,
            },
            Measured {
                name: w.vat,
                ours: ours(position.vat_minor),
                of_file: |file| Some(signed(file.direction, file.vat_minor)),
                currency,
            },
            Measured {
                name: w.to_pay,
                ours: ours(position.to_pay_minor),
                of_file: |file| Some(signed(file.direction, file.to_pay_minor)),
                currency,
            },
        ]
    }

    fn line(&self, partner: &str, one: &Measured, bank: Stated<'_>, own: Stated<'_>) -> Vec<Cell> {
        let cell = |side: Side| match (side, one.currency) {
            (Side::Silent, _) => Cell::Empty,
            (Side::Missing, _) => Cell::Word(word("✗", self.w.missing, "bad")),
            (Side::Says(minor), Some(currency)) => Cell::Money(minor, currency),
            (Side::Says(number), None) => Cell::Number(number),
        };
        let (bank, own) = (bank.side(one.of_file), own.side(one.of_file));
        let sides = [bank, Side::Says(one.ours), own];
        let said = || {
            sides.iter().filter_map(|side| if let Side::Says(number) = side { Some(*number) } else { None })
        };
        let difference = said().min().zip(said().max()).map_or(0, |(low, high)| high.saturating_sub(low));
        let ties = difference == 0 && !sides.contains(&Side::Missing);
        let shows = if ties { Shows::Ties } else { Shows::Broken };
        vec![
            Cell::link(partner, format!("/partners/{partner}")),
            Cell::text(one.name),
            cell(bank),
            cell(Side::Says(one.ours)),
            cell(own),
            cell(Side::Says(difference)),
            Cell::Word(shows.word(self.language())),
        ]
    }
}

/// What the file of a receiver states of a partner in a currency.
fn stated<'a>(
    files: &'a [(String, Option<Vec<FileTotals>>)],
    receiver: &str,
    partner: &str,
    currency: Currency,
) -> Stated<'a> {
    let Some((_, totals)) = files.iter().find(|(name, _)| name == receiver) else { return Stated::NoFile };
    let code = crate::money::code(currency);
    let found = totals.iter().flatten().find(|batch| batch.partner == partner && batch.currency == code);
    found.map_or(Stated::Missing, Stated::Batch)
}
