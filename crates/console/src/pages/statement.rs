//! The statement of a day as a PDF to be printed: a page of summary, and an annex with every total, break and file.
//! Somebody of a partner gets what is that partner's, and nothing else.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse, Response},
};
use domain::{Currency, PartnerId, settlement::Direction};
use settlement::printed::{Block, Printed, PrintedColumn, pdf};
use store::{Approval, BreakBrief, BreaksLeft, CycleState, FileRow, PositionRow};

use super::{DayCycle, PageError, Values, clock::Clock, cycle, zone};
use crate::{
    ProgramInfo,
    access::signed_in::SignedIn,
    app::App,
    day_books,
    files::{self, Found},
    locale::Locale,
    masking::mask_card_numbers,
    money,
    tie_out::{Files, Line, Measure, Side, Verdict},
    words::{self, StatementWords, Word},
};

/// So many positions, and lines that do not tie, stand on the first page.
const SUMMARY_ROWS: usize = 15;
/// So many breaks are itemised.
const BREAKS_MAX: i64 = 500;

/// Everything that is printed.
struct Day<'a> {
    program: &'a ProgramInfo,
    of: DayCycle,
    positions: Vec<PositionRow>,
    lines: Vec<Line>,
    files: Vec<(FileRow, Option<bool>)>,
    breaks: Vec<BreakBrief>,
    /// What all of them come to, also those that are not itemised.
    left: Vec<BreaksLeft>,
    approval: Approval,
}

/// Writes the statement of the day that the address names.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path((code, date)): Path<(String, String)>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let day = read(&app, &who, &code, &date, &values).await?;
    let document = Writer { app: &app, who: &who, day: &day, w: StatementWords::of(who.language) }.document();
    let name = format!("statement-{}-{}.pdf", day.program.code, day.of.cycle.business_date);
    let written = tokio::task::spawn_blocking(move || pdf(&document)).await;
    let bytes = match written {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(PageError::broken("a statement cannot be written", &error)),
        Err(error) => return Err(PageError::broken("the writing of a statement broke off", &error)),
    };
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '-' }).collect();
    let disposition = format!("inline; filename=\"{plain}\"");
    let headers =
        [(header::CONTENT_TYPE, "application/pdf"), (header::CONTENT_DISPOSITION, disposition.as_str())];
    Ok((headers, bytes).into_response())
}

async fn read<'a>(
    app: &'a Arc<App>,
    who: &SignedIn,
    code: &str,
    date: &str,
    values: &BTreeMap<String, String>,
) -> Result<Day<'a>, PageError> {
    let (program, of) = cycle(app, code, date, values).await?;
    let pool = &app.console.pool;
    let own = who.partner.as_ref().map(|partner| partner.id);
    let mut positions = store::positions_of(pool, of.cycle.id).await?;
    // A partner that has nothing to do with the program does not learn that the day exists, nor what a day that nobody has
    // approved yet came to.
    if let Some(own) = own
        && (!of.cycle.state.is_approved() || !positions.iter().any(|row| row.partner == own))
    {
        return Err(PageError::NotFound);
    }
    let rows = store::files_of(pool, of.cycle.id).await?;
    let (mut files, mut stated) = (Vec::new(), BTreeMap::new());
    for row in rows {
        let found = if row.published { Some(files::look_at(&app.console, &row).await) } else { None };
        let verified = found.as_ref().map(|found| matches!(found, Found::Verified(_)));
        if let Some(found) = found {
            let totals = match found {
                Found::Verified(totals) => Some(day_books::of_cycle(&totals, of.cycle.sequence)),
                _ => None,
            };
            stated.insert(row.receiver.clone(), totals);
        }
        files.push((row, verified));
    }
    let lines = lines(app, program, &of, &positions, stated).await?;
    let date = of.cycle.business_date;
    let breaks = store::breaks_carried(pool, program.id, date, own, BREAKS_MAX).await?;
    let left = store::breaks_left(pool, program.id, date, own).await?;
    let mut day = Day {
        program,
        lines,
        files,
        breaks,
        left,
        approval: store::approval_of(pool, of.cycle.id).await?,
        positions: std::mem::take(&mut positions),
        of,
    };
    if let Some(partner) = &who.partner {
        day.positions.retain(|row| row.partner == partner.id);
        day.lines.retain(|line| line.partner == partner.id);
        day.files.retain(|(row, _)| row.receiver == partner.code);
    }
    Ok(day)
}

async fn lines(
    app: &App,
    program: &ProgramInfo,
    of: &DayCycle,
    positions: &[PositionRow],
    stated: BTreeMap<String, Option<Vec<crate::FileTotals>>>,
) -> Result<Vec<Line>, PageError> {
    let files = match of.cycle.state {
        CycleState::Prepared | CycleState::Open => Files::NotClosed,
        _ if stated.is_empty() => Files::NotPublished,
        _ => Files::Published(stated.into_iter().collect()),
    };
    let pool = &app.console.pool;
    // As they were counted at the close; of a cycle that was not, now.
    let kept = store::kept_numbers(pool, of.cycle.id).await?.filter(|_| of.cycle.state.is_cut());
    let numbers = match kept {
        Some(kept) => kept,
        None => store::count_numbers(pool, of.cycle.id).await?,
    };
    day_books::lines(&app.console, (program, &of.cycle), &numbers.totals, positions, &files).await
}

struct Writer<'a> {
    app: &'a App,
    who: &'a SignedIn,
    day: &'a Day<'a>,
    w: &'static StatementWords,
}

impl Writer<'_> {
    fn locale(&self) -> Locale {
        Locale(self.who.language)
    }

    fn document(&self) -> Printed {
        let (w, day) = (self.w, self.day);
        let date = day.of.cycle.business_date;
        let mut blocks = vec![Block::Facts(self.facts()), Block::Heading(w.summary.to_owned())];
        blocks.extend(self.summary());
        blocks.push(Block::NewPage);
        blocks.push(Block::Heading(format!("{}: {}", w.annex, w.totals)));
        blocks.push(self.totals(&day.lines.iter().collect::<Vec<_>>()));
        blocks.push(Block::Heading(format!("{}: {}", w.annex, w.positions)));
        blocks.push(self.positions(day.positions.len()));
        blocks.push(Block::Heading(format!("{}: {}", w.annex, w.breaks)));
        blocks.extend(self.breaks());
        blocks.push(Block::Heading(format!("{}: {}", w.annex, w.files)));
        blocks.extend(self.files());
        let place = zone(day.program, date);
        let partner = self.who.partner.as_ref().map(|partner| format!(" · {}", partner.code));
        let document = Printed {
            title: format!("{} · {} · {}", w.title, day.program.code, self.locale().long_date(date)),
            document_id: format!(
                "statement-{}-{}-{}{}",
                day.program.code,
                date,
                day.of.cycle.sequence,
                partner.as_deref().unwrap_or_default()
            ),
            date,
            footer: format!("{} · {} {date} · {place}", self.app.console.environment, day.program.code),
            page_of: w.page_of.to_owned(),
            blocks,
        };
        masked(document)
    }

    fn facts(&self) -> Vec<(String, String)> {
        let (w, day) = (self.w, self.day);
        let (program, cycle) = (day.program, &day.of.cycle);
        let clock = Clock::of(&program.time_zone).spoken(self.who.language);
        let now = (self.app.console.now)();
        let person = |name: &Option<String>, nobody: &str| match name.as_deref() {
            None => nobody.to_owned(),
            Some("") => w.by_scheduler.to_owned(),
            Some(name) => name.to_owned(),
        };
        let approver = if day.approval.two_people { w.nobody_yet } else { w.not_needed };
        let mut facts = vec![
            (w.environment, self.app.console.environment.clone()),
            (w.bank, program.bank_code.clone()),
            (w.program, program.code.clone()),
        ];
        facts.extend(self.who.partner.as_ref().map(|partner| (w.partner, partner.code.clone())));
        facts.extend([
            (w.business_date, self.locale().long_date(cycle.business_date)),
            (w.zone, zone(program, cycle.business_date)),
            (w.cut_off, day.of.cut_off(program)),
        ]);
        facts.extend(day.of.number().map(|number| (w.cycle, number.to_string())));
        facts.push((w.state, words::cycle_state(cycle.state.name(), self.who.language).to_owned()));
        // Who of the bank's staff worked on it is the bank's own matter.
        if self.who.partner.is_none() {
            facts.push((w.prepared_by, person(&day.approval.computed_by, w.nobody_yet)));
            facts.push((w.approved_by, person(&day.approval.approved_by, approver)));
        }
        facts.push((w.as_of, format!("{} {}", clock.moment(now).text, clock.label([now].into_iter()))));
        facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// What fits a page: whether it ties, who pays, what is open.
    fn summary(&self) -> Vec<Block> {
        let (w, day) = (self.w, self.day);
        let broken: Vec<&Line> = day.lines.iter().filter(|line| line.verdict() == Verdict::Broken).collect();
        let is_final = day.lines.iter().all(|line| line.verdict() != Verdict::SoFar);
        let mut blocks = Vec::new();
        match (broken.len(), is_final) {
            (0, true) => blocks.push(Block::Text(w.all_tie.to_owned())),
            (0, false) => blocks.push(Block::Text(w.so_far.to_owned())),
            (count, _) => {
                blocks.push(Block::Text(format!("{} {count}", w.broken)));
                blocks.push(self.totals(broken.get(..SUMMARY_ROWS.min(count)).unwrap_or_default()));
            }
        }
        blocks.push(Block::Heading(w.positions.to_owned()));
        match day.positions.len() {
            0 => blocks.push(Block::Text(w.no_positions.to_owned())),
            count => {
                blocks.push(self.positions(SUMMARY_ROWS));
                if count > SUMMARY_ROWS {
                    blocks.push(Block::Text(w.further.to_owned()));
                }
            }
        }
        blocks.push(Block::Heading(w.breaks.to_owned()));
        if day.left.is_empty() {
            blocks.push(Block::Text(w.no_breaks.to_owned()));
            return blocks;
        }
        let count = day.left.iter().map(|left| left.breaks).sum();
        blocks.push(Block::Text(format!("{} {}", w.breaks_count, self.locale().number(count))));
        let fact = |left: &BreaksLeft| {
            let size = self.amount(&left.unit, left.size);
            (self.locale().number(left.breaks), format!("{}: {size}", w.left))
        };
        blocks.push(Block::Facts(day.left.iter().map(fact).collect()));
        blocks
    }

    fn amount(&self, unit: &str, amount: i64) -> String {
        match (unit, money::from_code(unit)) {
            ("", _) => "-".to_owned(),
            ("MILES", _) => self.locale().miles(amount),
            (_, Some(currency)) => self.locale().money(amount, currency),
            (other, None) => format!("{} {other}", self.locale().number(amount)),
        }
    }

    fn totals(&self, lines: &[&Line]) -> Block {
        let w = self.w;
        let columns = vec![
            column(w.partner, 14, false),
            column(w.measure, 24, false),
            column(w.transactions, 14, true),
            column(w.ledger, 14, true),
            column(w.files_side, 14, true),
            column(w.difference, 10, true),
            column(w.result, 10, false),
        ];
        let row = |line: &&Line| {
            let currency = match line.measure {
                Measure::Miles => None,
                Measure::Net(currency) | Measure::Vat(currency) | Measure::ToPay(currency) => Some(currency),
                _ => Some(self.day.program.currency),
            };
            let number = |number: i64| match currency {
                Some(currency) => self.locale().amount(number, currency),
                None => self.locale().number(number),
            };
            let side = |side: &Side| match side {
                Side::Is(value) => number(*value),
                Side::NotStated | Side::NotClosed | Side::NotPublished => "-".to_owned(),
                Side::Missing => w.missing.to_owned(),
                Side::Disagree(_) => w.disagree.to_owned(),
            };
            let name = words::measure(line.measure, self.who.language);
            let unit = currency.map(|currency| format!(", {}", money::code(currency))).unwrap_or_default();
            vec![
                self.partner(line.partner),
                format!("{name}{unit}"),
                side(&line.transactions),
                side(&line.ledger),
                side(&line.files),
                number(line.difference()),
                words::tie_verdict(line.verdict(), self.who.language).to_owned(),
            ]
        };
        Block::Table { columns, rows: lines.iter().map(row).collect() }
    }

    fn partner(&self, id: PartnerId) -> String {
        self.app.console.partner(id)
    }

    fn positions(&self, limit: usize) -> Block {
        let w = self.w;
        let columns = vec![
            column(w.partner, 20, false),
            column(w.direction, 20, false),
            column(w.lines, 10, true),
            column(w.net, 16, true),
            column(w.vat, 16, true),
            column(w.to_pay, 18, true),
        ];
        let row = |row: &PositionRow| {
            let money = |minor: i64, currency: Currency| self.locale().money(minor, currency);
            vec![
                self.partner(row.partner),
                match row.direction {
                    Direction::BankPaysPartner => w.bank_pays.to_owned(),
                    Direction::PartnerPaysBank => w.partner_pays.to_owned(),
                },
                self.locale().number(i64::from(row.lines)),
                money(row.net_minor, row.currency),
                money(row.vat_minor, row.currency),
                money(row.to_pay_minor, row.currency),
            ]
        };
        Block::Table { columns, rows: self.day.positions.iter().take(limit).map(row).collect() }
    }

    fn breaks(&self) -> Vec<Block> {
        let w = self.w;
        if self.day.breaks.is_empty() {
            return vec![Block::Text(w.no_breaks.to_owned())];
        }
        let columns = vec![
            column("#", 8, false),
            column(w.date, 11, false),
            column(w.class, 18, false),
            column(w.partner, 14, false),
            column(w.about, 25, false),
            column(w.left, 14, true),
            column(w.severity, 10, false),
        ];
        let row = |one: &BreakBrief| {
            vec![
                one.id.to_string(),
                self.locale().date(one.business_date),
                words::class(&one.class, self.who.language).0.to_owned(),
                one.partner.clone().unwrap_or_default(),
                one.subject.clone(),
                self.amount(&one.unit, one.left),
                Word::severity(one.severity, self.who.language).text.to_owned(),
            ]
        };
        let mut blocks = vec![Block::Table { columns, rows: self.day.breaks.iter().map(row).collect() }];
        let all: i64 = self.day.left.iter().map(|left| left.breaks).sum();
        if i64::try_from(self.day.breaks.len()).is_ok_and(|listed| listed < all) {
            blocks.push(Block::Text(w.more_breaks.to_owned()));
        }
        blocks
    }

    /// Each file with all digits of its hash: whoever has the file can compare.
    fn files(&self) -> Vec<Block> {
        let w = self.w;
        if self.day.files.is_empty() {
            return vec![Block::Text(w.no_files.to_owned())];
        }
        let mut blocks = Vec::new();
        for (row, verified) in &self.day.files {
            let state = match (row.published, verified) {
                (false, _) => w.not_published.to_owned(),
                (true, Some(true)) => format!("{}, {}", w.published, w.verified),
                (true, _) => format!("{}, {}", w.published, w.wrong),
            };
            let facts = [
                (w.receiver, row.receiver.clone()),
                (w.file, row.file_name.clone()),
                (w.sequence, format!("{} / {}", row.sequence, row.revision)),
                (w.records, self.locale().number(i64::from(row.records))),
                ("SHA-256", hex::encode(row.sha256)),
                (w.state, state),
            ];
            blocks.push(Block::Facts(facts.map(|(name, value)| (name.to_owned(), value)).to_vec()));
            blocks.push(Block::Text(" ".to_owned()));
        }
        blocks
    }
}

fn column(name: &str, share: u8, right: bool) -> PrintedColumn {
    PrintedColumn { name: name.to_owned(), share, right }
}

/// Nothing that looks like a card number leaves the console, on paper neither.
fn masked(document: Printed) -> Printed {
    let block = |block| match block {
        Block::Text(text) => Block::Text(mask_card_numbers(&text)),
        Block::Facts(facts) => {
            let one = |(name, value): (String, String)| {
                // A hash is no card number, whatever digits it has.
                let value = if value.len() == 64 { value } else { mask_card_numbers(&value) };
                (name, value)
            };
            Block::Facts(facts.into_iter().map(one).collect())
        }
        Block::Table { columns, rows } => {
            let row = |row: Vec<String>| row.iter().map(|text| mask_card_numbers(text)).collect();
            Block::Table { columns, rows: rows.into_iter().map(row).collect() }
        }
        other => other,
    };
    Printed { blocks: document.blocks.into_iter().map(block).collect(), ..document }
}
