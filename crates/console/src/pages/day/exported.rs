//! The tables of a day as files have them: the same rows and columns as the page.

use store::{FileRow, PositionRow};

use super::{Day, FileView, arrived::Numbers, tie::TieOut};
use crate::{
    export::{Cell, Column, ExportTable, money, number, text},
    queries::books::Settled,
    words::day::{Shows, mti_in},
};

/// All of them.
pub(super) struct Tables {
    pub(super) arrivals: ExportTable,
    pub(super) control: ExportTable,
    pub(super) balances: ExportTable,
    pub(super) positions: ExportTable,
    pub(super) files: ExportTable,
    pub(super) tie: ExportTable,
}

impl Tables {
    /// In the order of the page.
    pub(super) fn all(&self) -> Vec<&ExportTable> {
        vec![&self.arrivals, &self.control, &self.balances, &self.positions, &self.files, &self.tie]
    }
}

impl Day<'_> {
    fn table(&self, id: &'static str, caption: &str, columns: Vec<Column>) -> ExportTable {
        ExportTable::new(self.locale, id, &self.here, caption, columns)
    }

    pub(super) fn arrivals_table(&self, numbers: Option<&Numbers>) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.message_type),
            number(w.messages),
            number(w.of_a_purchase),
            number(w.of_none),
            money(w.counted),
        ];
        let row = |arrival: &store::Arrival| {
            vec![
                Cell::Text(format!("{} {}", arrival.mti, mti_in(&arrival.mti, self.language()))),
                Cell::Number(arrival.messages),
                Cell::Number(arrival.matched),
                Cell::Number(arrival.messages - arrival.matched),
                Cell::Money(arrival.counted_minor, self.program.currency),
            ]
        };
        let arrivals = numbers.iter().flat_map(|numbers| &numbers.arrivals);
        self.table("arrivals-table", w.arrived_caption, columns).with(arrivals.map(row))
    }

    pub(super) fn positions_table(&self, positions: &[PositionRow]) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.partner),
            text(w.direction),
            number(w.lines),
            number(w.miles),
            money(w.net),
            money(w.vat),
            money(w.to_pay),
        ];
        let rows = positions.iter().map(|row| {
            let shown = self.position(row);
            vec![
                Cell::Text(shown.partner),
                Cell::Text(shown.words),
                Cell::Number(i64::from(row.lines)),
                Cell::Number(row.miles),
                Cell::Money(row.net_minor, row.currency),
                Cell::Money(row.vat_minor, row.currency),
                Cell::Money(row.to_pay_minor, row.currency),
            ]
        });
        self.table("positions-table", w.positions_caption, columns).with(rows)
    }

    pub(super) fn files_table(&self, files: &[FileView], rows: &[FileRow]) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.receiver),
            text(w.file),
            number(w.sequence),
            number(w.revision),
            number(w.records),
            text("SHA-256"),
            text(w.published_head),
            text(w.verified),
        ];
        let rows = files.iter().zip(rows).map(|(file, row)| {
            vec![
                Cell::text(file.receiver.as_str()),
                Cell::Code(file.name.clone()),
                Cell::Number(i64::from(file.sequence)),
                Cell::Number(i64::from(file.revision)),
                Cell::Number(i64::from(row.records)),
                Cell::Code(file.sha256.clone()),
                Cell::Word(file.published),
                Cell::Word(file.result),
            ]
        });
        self.table("files-table", w.files_caption, columns).with(rows)
    }

    pub(super) fn tie_table(&self, tie: Option<&TieOut>) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.partner),
            text(w.measure),
            number(w.transactions),
            number(w.ledger),
            number(w.files),
            number(w.difference),
            text(w.result),
        ];
        let groups = tie.iter().flat_map(|tie| &tie.groups);
        let rows = groups.flat_map(|group| {
            group.lines.iter().map(|line| {
                vec![
                    Cell::text(group.partner.as_str()),
                    Cell::text(line.label.as_str()),
                    line.transactions.cell.clone(),
                    line.ledger.cell.clone(),
                    line.files.cell.clone(),
                    line.difference_cell.clone(),
                    Cell::Word(line.verdict),
                ]
            })
        });
        self.table("tie-table", w.tie_caption, columns).with(rows)
    }

    /// From opening to closing; also what was accrued and is not settled yet.
    pub(super) fn balances(&self, settled: &[Settled]) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.partner),
            money(w.opening),
            money(w.earned),
            money(w.adjusted_net),
            money(w.vat),
            money(w.paid),
            money(w.closing),
            money(w.difference),
            text(w.result),
        ];
        let rows = settled.iter().map(|row| {
            let cell = |minor| Cell::Money(minor, row.currency);
            let shows = if row.difference() == 0 { Shows::Ties } else { Shows::Broken };
            let partner = self.app.console.partner(row.partner);
            let joint = if self.here.contains('?') { '&' } else { '?' };
            vec![
                Cell::link(partner.as_str(), format!("{}{joint}partner={partner}#balances", self.here)),
                cell(row.opening),
                cell(row.net - row.adjusted),
                cell(row.adjusted),
                cell(row.vat),
                cell(row.paid),
                cell(row.closing),
                cell(row.difference()),
                Cell::Word(shows.word(self.language())),
            ]
        });
        self.table("balances-table", w.balances_caption, columns).or_else(w.positions_later).with(rows)
    }
}
