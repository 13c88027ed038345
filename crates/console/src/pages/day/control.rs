//! Control totals: what the bank's file, our books and the partner's file say of each partner.

use domain::{Currency, settlement::Direction};
use store::PositionRow;

use super::Day;
use crate::{
    FileTotals,
    export::{Cell, ExportTable, money, text},
    tie_out::Files,
    words::day::Shows,
};

/// A number that each of the three should state.
struct Measured {
    name: &'static str,
    ours: i64,
    of_file: fn(&FileTotals) -> Option<i64>,
    /// Miles and lines have none.
    currency: Option<Currency>,
}

/// Positive is what the bank pays.
fn signed(direction: Direction, minor: i64) -> i64 {
    if direction == Direction::BankPaysPartner { minor } else { minor.saturating_neg() }
}

impl Day<'_> {
    /// Three sides and their difference; a side that states nothing has an empty cell and takes no part in it.
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

    fn line(
        &self,
        partner: &str,
        one: &Measured,
        bank: Option<&FileTotals>,
        own: Option<&FileTotals>,
    ) -> Vec<Cell> {
        let cell = |number: Option<i64>| match (number, one.currency) {
            (None, _) => Cell::Empty,
            (Some(minor), Some(currency)) => Cell::Money(minor, currency),
            (Some(number), None) => Cell::Number(number),
        };
        let (bank, own) = (bank.and_then(one.of_file), own.and_then(one.of_file));
        let all = [bank, Some(one.ours), own];
        let (low, high) = (all.iter().flatten().min(), all.iter().flatten().max());
        let difference = low.zip(high).map_or(0, |(low, high)| high.saturating_sub(*low));
        let shows = if difference == 0 { Shows::Ties } else { Shows::Broken };
        vec![
            Cell::link(partner, format!("/partners/{partner}")),
            Cell::text(one.name),
            cell(bank),
            cell(Some(one.ours)),
            cell(own),
            cell(Some(difference)),
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
) -> Option<&'a FileTotals> {
    let (_, totals) = files.iter().find(|(name, _)| name == receiver)?;
    let code = crate::money::code(currency);
    totals.as_ref()?.iter().find(|batch| batch.partner == partner && batch.currency == code)
}
