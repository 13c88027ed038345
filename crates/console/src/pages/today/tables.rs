//! The tables of the morning.

use domain::PartnerId;
use jiff::Timestamp;

use super::Making;
use crate::{
    export::{Cell, ExportTable, money, number, text},
    money as code,
    pages::{day_address, waiting::WaitingTables},
    queries::{
        Limited,
        books::Settled,
        morning::{ClearingFiles, Compared, Failed, OpenBreak, SideBreaks},
        waiting::Waiting,
    },
    words::{
        Word,
        today::{COMPARED, break_class, compared_source},
        word,
    },
};

impl Making<'_> {
    fn table(&self, id: &'static str, caption: &str, columns: Vec<crate::export::Column>) -> ExportTable {
        ExportTable::new(self.locale, id, self.here, caption, columns)
    }

    fn moment(&self, at: Timestamp) -> Cell {
        Cell::Moment(at, self.clock.moment(at))
    }

    /// A row for each source with each bank or partner; a source of which nothing was compared is not left out.
    pub(super) fn inputs(&self, found: &[Compared]) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.source),
            text(w.with),
            text(w.state),
            number(w.inputs),
            number(w.matched),
            number(w.suggested),
            number(w.expected),
            number(w.broken),
            text(w.business_date),
            text(w.compared_at),
        ];
        let none = |source: &str| {
            let nothing = Cell::Word(word("–", w.no_comparison, "plain"));
            let mut row = vec![Cell::Text(compared_source(source, self.locale.0)), Cell::Empty, nothing];
            row.resize(10, Cell::Empty);
            vec![row]
        };
        let rows = COMPARED.iter().flat_map(|source| {
            let of_source: Vec<&Compared> = found.iter().filter(|one| one.source == *source).collect();
            match of_source.is_empty() {
                true => none(source),
                false => of_source.into_iter().map(|one| self.input(one)).collect(),
            }
        });
        self.table("inputs", w.inputs_caption, columns).with(rows)
    }

    fn input(&self, one: &Compared) -> Vec<Cell> {
        let state = match one {
            Compared { unreadable: 1.., .. } => word("✗", self.w.unreadable, "bad"),
            Compared { broken: 1.., .. } => word("!", self.w.with_breaks, "bad"),
            _ => word("✓", self.w.all_read, "good"),
        };
        vec![
            Cell::link(compared_source(&one.source, self.locale.0), format!("/breaks?source={}", one.source)),
            Cell::text(one.with.as_str()),
            Cell::Word(state),
            Cell::Number(one.inputs),
            Cell::Number(one.matched),
            Cell::Number(one.suggested),
            Cell::Number(one.expected),
            Cell::Number(one.broken),
            Cell::Date(one.last_date),
            self.moment(one.compared_at),
        ]
    }

    pub(super) fn missing(&self, found: &Limited<OpenBreak>) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.break_no),
            text(w.source),
            text(w.with),
            text(w.subject),
            text(w.business_date),
            text(w.kind),
            text(w.late_since),
        ];
        let row = |one: &OpenBreak| {
            vec![
                Cell::link(one.id.to_string(), format!("/breaks/{}", one.id)),
                Cell::Text(compared_source(&one.source, self.locale.0)),
                Cell::text(one.with.as_str()),
                Cell::Code(one.subject.clone()),
                Cell::Date(one.date),
                Cell::Text(break_class(&one.class, self.locale.0)),
                self.moment(one.opened_at),
            ]
        };
        self.table("missing", &self.locale.limited(w.missing_caption, found.rows.len(), found.all), columns)
            .or_else(w.nothing_missing)
            .with(found.rows.iter().map(row))
    }

    pub(super) fn files(&self, found: &[ClearingFiles]) -> ExportTable {
        let w = self.w;
        let columns =
            vec![text(w.bank), number(w.files), number(w.records), number(w.put_aside), text(w.last_at)];
        let row = |one: &ClearingFiles| {
            vec![
                Cell::text(one.bank.as_str()),
                Cell::Number(one.files),
                Cell::Number(one.records),
                Cell::Number(one.put_aside),
                self.moment(one.last_at),
            ]
        };
        self.table("files", w.files_caption, columns).or_else(w.no_files).with(found.iter().map(row))
    }

    pub(super) fn ties(&self, settled: &[Settled], sides: &[SideBreaks]) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.partner),
            text(w.program),
            text(w.business_date),
            money(w.opening),
            money(w.movements),
            money(w.paid),
            money(w.closing),
            money(w.difference),
            text(w.books),
            text(w.bank_side),
            text(w.partner_side),
        ];
        let rows = settled.iter().map(|row| {
            let cell = |minor: i64| Cell::Money(minor, row.currency);
            let program = self.program(row.program);
            let partner = self.app.console.partner(row.partner);
            let day = day_address(&program, row.date, row.number);
            vec![
                Cell::link(partner.as_str(), format!("/partners/{partner}")),
                Cell::text(program),
                Cell::link(self.locale.cycle_date(row.date, row.number), day),
                cell(row.opening),
                cell(row.movements()),
                cell(row.paid),
                cell(row.closing),
                cell(row.difference()),
                Cell::Word(w.verdict(row.difference() == 0)),
                self.side(sides, row, None),
                self.side(sides, row, Some(row.partner)),
            ]
        });
        self.table("ties-table", w.ties_caption, columns).or_else(w.no_ties).with(rows)
    }

    /// What is open against the bank, or against this partner.
    fn side(&self, sides: &[SideBreaks], row: &Settled, partner: Option<PartnerId>) -> Cell {
        let programs = &self.app.console.programs;
        let bank =
            programs.iter().find(|program| program.id == row.program).map(|program| &program.bank_code);
        let ours = |side: &&SideBreaks| {
            // What is of no program is of every program of its bank, and of no other bank's.
            let program = match (side.program, &side.of_bank) {
                (Some(program), _) => program == row.program,
                (None, of_bank) => of_bank.is_none() || of_bank.as_ref() == bank,
            };
            let of = side.partner.is_none_or(|other| other == row.partner);
            program && of && (partner.is_none() || side.partner.is_some())
        };
        let open: i64 = sides
            .iter()
            .filter(ours)
            .map(|side| if partner.is_some() { side.others } else { side.bank })
            .sum();
        match open {
            0 => Cell::Word(self.w.verdict(true)),
            open => {
                let words = self.locale.count(open, &crate::words::today::BREAKS);
                Cell::link(format!("✗ {words}"), "/breaks")
            }
        }
    }

    fn program(&self, id: domain::ProgramId) -> String {
        let found = self.app.console.programs.iter().find(|program| program.id == id);
        found.map_or_else(|| id.to_string(), |program| program.code.clone())
    }

    pub(super) fn breaks(&self, id: &'static str, caption: &str, found: &[OpenBreak]) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.break_no),
            text(w.kind),
            text(w.source),
            text(w.with),
            text(w.subject),
            money(w.unit_left),
            text(w.age),
            text(w.severity),
            text(w.state),
        ];
        let row = |one: &OpenBreak| {
            let age = self.now.as_second() - one.opened_at.as_second();
            vec![
                Cell::link(one.id.to_string(), format!("/breaks/{}", one.id)),
                Cell::Text(break_class(&one.class, self.locale.0)),
                Cell::Text(compared_source(&one.source, self.locale.0)),
                Cell::text(one.with.as_str()),
                Cell::Code(one.subject.clone()),
                counted(one.left, &one.unit),
                Cell::Text(self.locale.span(age)),
                Cell::Word(w.severity(&one.severity)),
                Cell::Word(w.case_state(&one.state)),
            ]
        };
        self.table(id, caption, columns).or_else(w.no_breaks).with(found.iter().map(row))
    }

    pub(super) fn waiting(&self, found: &Limited<Waiting>) -> ExportTable {
        let rows: Vec<_> = found.rows.iter().collect();
        let (app, language, clock) = (self.app, self.locale.0, &self.clock);
        let tables = WaitingTables { app, language, clock, here: self.here };
        tables.table(("waiting-table", self.w.waiting_caption, self.w.nothing_waits), &rows, found.all)
    }

    pub(super) fn failed(&self, found: &Limited<Failed>) -> ExportTable {
        let w = self.w;
        let columns =
            vec![text(w.partner), text(w.kind), text(w.what), text(w.why), number(w.attempts), text(w.since)];
        let row = |one: &Failed| {
            let kind = match one.kind.as_str() {
                "way" => w.f_way,
                "answer" => w.f_answer,
                _ => w.f_inbox,
            };
            vec![
                Cell::link(one.partner.as_str(), format!("/partners/{}", one.partner)),
                Cell::Word(Word { icon: "✗", text: kind, tone: "bad" }),
                Cell::Code(one.what.clone()),
                Cell::text(one.why.as_str()),
                Cell::Number(one.attempts),
                one.since.map_or(Cell::Empty, |since| self.moment(since)),
            ]
        };
        self.table(
            "failed-table",
            &self.locale.limited(w.failed_caption, found.rows.len(), found.all),
            columns,
        )
        .or_else(w.nothing_failed)
        .with(found.rows.iter().map(row))
    }

    pub(super) fn stale(&self, found: &Limited<OpenBreak>) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.break_no),
            text(w.source),
            text(w.with),
            text(w.subject),
            money(w.unit_left),
            text(w.wait_until),
            text(w.age),
        ];
        let row = |one: &OpenBreak| {
            let age = self.now.as_second() - one.opened_at.as_second();
            vec![
                Cell::link(one.id.to_string(), format!("/breaks/{}", one.id)),
                Cell::Text(compared_source(&one.source, self.locale.0)),
                Cell::text(one.with.as_str()),
                Cell::Code(one.subject.clone()),
                counted(one.left, &one.unit),
                one.wait_until.map_or(Cell::Empty, Cell::Date),
                Cell::Text(self.locale.span(age)),
            ]
        };
        self.table("stale-table", &self.locale.limited(w.stale_caption, found.rows.len(), found.all), columns)
            .or_else(w.nothing_stale)
            .with(found.rows.iter().map(row))
    }
}

/// What is left of a break, in its unit.
fn counted(left: i64, unit: &str) -> Cell {
    match unit {
        "" => Cell::Empty,
        unit => match code::from_code(unit) {
            Some(currency) => Cell::Money(left, currency),
            None => Cell::Miles(left),
        },
    }
}
