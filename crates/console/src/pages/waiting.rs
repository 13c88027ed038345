//! The table of what waits for a second person, as the morning and the page of approvals show it: each row leads to where
//! it is decided, on a page or by a command.

use domain::case::CaseProposalKind;
use program_files::Language;

use super::{breaks::amounts, clock::Clock, day_address};
use crate::{
    app::App,
    export::{Cell, Column, ExportTable, money, number, text},
    locale::Locale,
    queries::waiting::{Waiting, WaitingKind},
    words::{
        self,
        waiting::{WaitingLabels, waiting_kind},
    },
};

/// What the tables are made with.
pub(super) struct WaitingTables<'a> {
    pub(super) app: &'a App,
    pub(super) language: Language,
    pub(super) clock: &'a Clock,
    /// The address of the page with its filters.
    pub(super) here: &'a str,
}

impl WaitingTables<'_> {
    /// A table; `all` is how much there is of it where more waits than these rows.
    pub(super) fn table(
        &self,
        (id, caption, empty): (&'static str, &str, &'static str),
        rows: &[&Waiting],
        all: i64,
    ) -> ExportTable {
        let (w, locale) = (WaitingLabels::of(self.language), Locale(self.language));
        let caption = locale.limited(caption, rows.len(), all);
        let caption = match rows.iter().any(|row| row.since.is_some()) {
            true => {
                let times = self.clock.label(rows.iter().filter_map(|row| row.since));
                format!("{caption}; {} {times}", w.times_in)
            }
            false => caption,
        };
        ExportTable::new(locale, id, self.here, caption, columns(w))
            .or_else(empty)
            .with(rows.iter().map(|row| self.row(row)))
    }

    fn row(&self, row: &Waiting) -> Vec<Cell> {
        let [amount, miles] = amounts(&row.unit, row.amount);
        let about = match row.kind {
            WaitingKind::Case => {
                format!("{}: {}", words::class(&row.class, self.language).0, row.about)
            }
            _ => row.about.clone(),
        };
        vec![
            self.what(row),
            Cell::text(waiting_kind(row.kind, self.language)),
            Cell::text(self.proposal(row)),
            Cell::Text(about),
            Cell::text(row.program.clone().unwrap_or_default()),
            Cell::text(row.partner.map(|id| self.app.console.partner(id)).unwrap_or_default()),
            amount,
            miles,
            match row.by.is_empty() {
                true => Cell::text(WaitingLabels::of(self.language).by_scheduler),
                false => Cell::text(row.by.as_str()),
            },
            row.since.map_or(Cell::Empty, |since| Cell::Moment(since, self.clock.moment(since))),
            command(row).map_or(Cell::Empty, Cell::Code),
        ]
    }

    /// Its number or date, which leads to the page on which it stands.
    fn what(&self, row: &Waiting) -> Cell {
        match (row.kind, row.day, &row.program) {
            (WaitingKind::Case, ..) => {
                Cell::link(format!("#{}", row.of), format!("/breaks/{}#four-eyes", row.of))
            }
            (WaitingKind::Program, ..) => Cell::link(row.id.to_string(), format!("/proposals/{}", row.id)),
            (_, Some((date, number)), Some(program)) => {
                let name = Locale(self.language).cycle_date(date, number);
                Cell::link(name, day_address(program, date, number))
            }
            _ => Cell::text(row.id.to_string()),
        }
    }

    fn proposal(&self, row: &Waiting) -> &'static str {
        let w = WaitingLabels::of(self.language);
        match (row.kind, row.detail.as_str()) {
            (WaitingKind::Case, kind) => {
                CaseProposalKind::parse(kind).map_or("", |kind| words::kind(kind, self.language))
            }
            (_, "rerate") => w.rerate,
            (_, "reattribution") => w.reattribution,
            (_, "adjust") => w.adjust,
            (_, "reject") => w.reject,
            _ => "",
        }
    }
}

fn columns(w: &WaitingLabels) -> Vec<Column> {
    vec![
        text(w.what),
        text(w.kind),
        text(w.proposal),
        text(w.about),
        text(w.program),
        text(w.partner),
        money(w.amount),
        number(w.miles),
        text(w.by),
        text(w.since),
        text(w.command),
    ]
}

/// How the command line decides what has no page for it.
fn command(row: &Waiting) -> Option<String> {
    let id = row.id;
    match (row.kind, row.day, &row.program) {
        (WaitingKind::Case | WaitingKind::Program, ..) => None,
        (WaitingKind::Adjustment, ..) => Some(format!("cobrand partner adjust approve {id}")),
        (WaitingKind::Correction, ..) if row.detail == "rerate" => {
            Some(format!("cobrand rules rerate approve {id}"))
        }
        (WaitingKind::Correction, ..) => Some(format!("cobrand merchants reattribute approve {id}")),
        (WaitingKind::Prepaid, ..) => Some(format!("cobrand partner prepaid approve --block {id}")),
        (WaitingKind::Day, Some((date, number)), Some(program)) => {
            let cycle = number.map(|number| format!(" --cycle {number}")).unwrap_or_default();
            Some(format!("cobrand day approve --program {program} {date}{cycle}"))
        }
        (WaitingKind::Day, ..) => None,
    }
}
