//! The tables of a partner.

use store::{Carries, EndpointRow};

use super::Making;
use crate::{
    address::escaped,
    export::{Cell, ExportTable, money, number, text},
    money::code,
    pages::day_address,
    queries::{books::Settled, partner::Edition},
    words::{day::Shows, partners::answered, word},
};

impl Making<'_> {
    pub(super) fn statement(&self, settled: &[Settled]) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.business_date),
            text(w.program),
            number(w.lines),
            number(w.miles),
            money(w.opening),
            money(w.accrued),
            money(w.vat),
            money(w.paid),
            money(w.closing),
            money(w.difference),
            text(w.result),
        ];
        let rows = settled.iter().map(|row| {
            let cell = |minor| Cell::Money(minor, row.currency);
            let shows = if row.difference() == 0 { Shows::Ties } else { Shows::Broken };
            let programs = &self.app.console.programs;
            let program = programs.iter().find(|program| program.id == row.program);
            let code = program.map_or_else(|| row.program.to_string(), |program| program.code.clone());
            vec![
                Cell::link(self.locale.cycle_date(row.date, row.number), self.behind(&code, row)),
                Cell::Text(code),
                Cell::Number(row.lines),
                Cell::Number(row.miles),
                cell(row.opening),
                cell(row.net),
                cell(row.vat),
                cell(row.paid),
                cell(row.closing),
                cell(row.difference()),
                Cell::Word(shows.word(self.locale.0)),
            ]
        });
        ExportTable::new(self.locale, "statement", &self.here, w.statement_caption, columns)
            .or_else(w.no_statement)
            .with(rows)
    }

    /// Staff go to the day; people of the partner have no such page, and go to the lines of their position.
    fn behind(&self, program: &str, row: &Settled) -> String {
        if self.of_staff {
            return day_address(program, row.date, row.number);
        }
        let place = row.number.map(|number| format!("?cycle={number}")).unwrap_or_default();
        let (partner, currency) = (self.app.console.partner(row.partner), code(row.currency));
        format!("/day/{}/{}/positions/{}/{currency}{place}", escaped(program), row.date, escaped(&partner))
    }

    pub(super) fn files(&self, editions: &[Edition]) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.file),
            text(w.business_date),
            text(w.program),
            number(w.sequence),
            number(w.revision),
            number(w.records),
            text("SHA-256"),
            text(w.brought),
            text(w.answer),
            text(w.answered_at),
            text(w.due),
        ];
        let moment = |at: Option<jiff::Timestamp>| {
            at.map_or(Cell::Empty, |at| Cell::Moment(at, self.clock.moment(at)))
        };
        let rows = editions.iter().map(|one| {
            let is_late = one.due_at.is_some_and(|due| due <= self.now);
            vec![
                Cell::Code(one.name.clone()),
                Cell::Date(one.date),
                Cell::text(one.program.as_str()),
                Cell::Number(i64::from(one.sequence)),
                Cell::Number(i64::from(one.revision)),
                Cell::Number(one.records),
                Cell::Code(one.sha256.clone()),
                moment(one.delivered_at),
                Cell::Word(answered(one.outcome.as_deref(), is_late, w, self.locale.0)),
                moment(one.answered_at),
                moment(one.due_at),
            ]
        });
        ExportTable::new(self.locale, "files", &self.here, w.files_caption, columns)
            .or_else(w.no_files)
            .with(rows)
    }

    pub(super) fn ways(&self, ways: &[EndpointRow]) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.way),
            text(w.carries),
            text(w.state),
            number(w.delivered),
            number(w.backlog),
            number(w.attempts),
            text(w.next_attempt),
            text(w.last_error),
        ];
        let rows = ways.iter().map(|way| {
            let state = match way {
                EndpointRow { stopped: Some(_), .. } => word("✗", w.stopped, "bad"),
                EndpointRow { attempts: 1.., .. } => word("!", w.failing, "bad"),
                _ => word("✓", w.active, "good"),
            };
            let carries = if way.carries == Carries::Events { w.events } else { w.carried_files };
            let next = way.next_attempt_at.map_or(Cell::Empty, |at| Cell::Moment(at, self.clock.moment(at)));
            vec![
                Cell::text(way.endpoint.as_str()),
                Cell::text(carries),
                Cell::Word(state),
                Cell::Number(way.delivered),
                Cell::Number(way.backlog),
                Cell::Number(i64::from(way.attempts)),
                next,
                Cell::text(way.stopped.as_deref().unwrap_or(&way.last_error)),
            ]
        });
        ExportTable::new(self.locale, "ways", &self.here, w.ways_caption, columns)
            .or_else(w.no_ways)
            .with(rows)
    }

    pub(super) fn terms(&self, terms: &[[String; 3]]) -> ExportTable {
        let w = self.w;
        let columns = vec![text(w.entry), text(w.value), text(w.program)];
        let row = |[program, name, value]: &[String; 3]| {
            vec![Cell::Code(name.clone()), Cell::text(value.as_str()), Cell::text(program.as_str())]
        };
        ExportTable::new(self.locale, "terms", &self.here, w.terms_caption, columns)
            .or_else(w.no_terms)
            .with(terms.iter().map(row))
    }
}
