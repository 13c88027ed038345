//! The statement as a PDF: what is paid, and the first lines of it. The file is the record; this is a view.

mod font;
mod page;
pub mod printed;
mod words;

use std::error::Error;
use std::io::Write;

use self::font::Typeface;
use self::page::{Paper, Sheet};
use self::words::Words;
use super::amount::major;
use super::error::RenderError;
use super::movement::{Batch, Movement, Step, Summary, walk};
use super::settings::FileSettings;
use crate::canonical::Record;

/// Positions on the page are tenths of a point from the left edge of the text.
const COLUMNS: [(usize, i32, i32); 8] = [
    // Which word heads it, where it begins, how wide it is; the last three are aligned to the right.
    (0, 0, 400),
    (1, 400, 900),
    (2, 1_300, 600),
    (3, 1_900, 1_400),
    (4, 3_300, 2_100),
    (5, 5_400, 750),
    (6, 6_150, 700),
    (7, 6_850, 850),
];
const FIRST_NUMBER: usize = 5;

/// Writes the document.
pub(crate) fn write<E>(
    settings: &FileSettings,
    summary: &Summary,
    records: impl Iterator<Item = Result<Record, E>>,
    out: &mut dyn Write,
) -> Result<(), RenderError>
where
    E: Error + Send + Sync + 'static,
{
    let typeface = Typeface::built_in()?;
    let words = words::of(settings.statement.language);
    let mut statement =
        Statement { sheet: Sheet::new(&typeface, Paper::Landscape), words, settings, summary };
    statement.head();
    summary.batches.iter().for_each(|batch| statement.payment(batch));
    statement.lines(records)?;
    let footer = format!(
        "{} · {} · {}",
        super::environment_words(summary.header.environment),
        summary.file_id(),
        words.zone.replace("{}", &summary.header.zone)
    );
    let bytes = statement.sheet.finish(
        &footer,
        &format!("{} {{}}/{{}}", words.page),
        &summary.file_id(),
        summary.header.business_date,
    )?;
    out.write_all(&bytes)?;
    out.flush()?;
    Ok(())
}

struct Statement<'a> {
    sheet: Sheet<'a>,
    words: &'static Words,
    settings: &'a FileSettings,
    summary: &'a Summary,
}

impl Statement<'_> {
    fn name<'n>(&'n self, code: &'n str) -> &'n str {
        self.settings.parties.get(code).map_or(code, |party| party.name.as_str())
    }

    fn head(&mut self) {
        let (words, header) = (self.words, &self.summary.header);
        let receiver = self.name(&header.receiver).to_owned();
        let sender = self.name(&header.sender).to_owned();
        self.sheet.line(160, &format!("{} · {receiver}", words.title));
        if header.environment == crate::canonical::Environment::Test {
            self.sheet.line(120, words.test);
        }
        let facts = [
            (words.sender, sender),
            (words.program, header.program.clone()),
            (words.business_date, header.business_date.to_string()),
            (words.cut_off, header.cut_off.clone()),
            (words.file, format!("{} ({})", self.summary.file_id(), header.file_name())),
            (words.sequence, format!("{} / {}", header.sequence, header.revision)),
            (words.hash, self.summary.trailer.sha256.clone()),
        ];
        self.sheet.space(60);
        for (word, fact) in facts {
            self.sheet.cells(80, &[(0, 1_400, false, word), (1_400, 6_300, false, &fact)]);
        }
        if self.summary.batches.is_empty() {
            self.sheet.space(100);
            self.sheet.line(90, words.nothing);
        }
    }

    /// What one batch comes to.
    fn payment(&mut self, batch: &Batch) {
        let (words, header) = (self.words, &batch.header);
        let money = |minor: i64| format!("{} {}", major(minor, header.exponent, '.'), header.currency);
        self.sheet.space(120);
        self.sheet.rule();
        self.sheet.line(100, &format!("{} · {}", self.name(&header.partner), batch.payout_id()));
        let who = match batch.payment_minor {
            0 => words.nobody_pays,
            minor if minor > 0 => words.bank_pays,
            _ => words.partner_pays,
        };
        let sums = [
            (words.opening, money(batch.opening_minor)),
            (words.net, money(batch.net_minor)),
            (words.vat, money(batch.vat_minor)),
            (words.closing, money(batch.closing_minor)),
            (who, money(batch.payment_minor)),
            (words.payment_date, header.payment_date.to_string()),
            (words.movements, batch.movements.to_string()),
        ];
        for (word, sum) in sums {
            self.sheet.cells(80, &[(0, 3_000, false, word), (3_000, 1_500, true, &sum)]);
        }
    }

    fn lines<E>(&mut self, records: impl Iterator<Item = Result<Record, E>>) -> Result<(), RenderError>
    where
        E: Error + Send + Sync + 'static,
    {
        let shown_max = u64::from(self.settings.statement.lines);
        let mut shown = 0;
        walk(self.summary, records, |step| {
            match step {
                Step::Open(batch) if shown < shown_max => self.heading(batch),
                Step::Movement(batch, movement) if shown < shown_max => {
                    shown += 1;
                    self.movement(batch, &movement);
                }
                _ => {}
            }
            Ok(())
        })?;
        let further = self.summary.movements().saturating_sub(shown);
        if further > 0 {
            let file = self.summary.header.file_name();
            let text = self.words.further.replacen("{}", &further.to_string(), 1).replacen("{}", &file, 1);
            self.sheet.space(60);
            self.sheet.line(80, &text);
        }
        Ok(())
    }

    fn heading(&mut self, batch: &Batch) {
        self.sheet.space(120);
        self.sheet.line(90, &format!("{}, {}", batch.payout_id(), batch.header.currency));
        let cells = COLUMNS.map(|(word, from, width)| {
            (from, width, word >= FIRST_NUMBER, self.words.columns.get(word).copied().unwrap_or_default())
        });
        self.sheet.cells(65, &cells);
        self.sheet.rule();
    }

    fn movement(&mut self, batch: &Batch, movement: &Movement) {
        let kind = self.words.kind(movement.kind);
        let known = movement.references.as_ref();
        let reference = known.map_or_else(String::new, |known| {
            [&known.retrieval, &known.arn]
                .into_iter()
                .filter(|text| !text.is_empty())
                .cloned()
                .collect::<Vec<_>>()
                .join(" ")
        });
        let member = known.map_or("", |known| known.member_number.as_str());
        let about: Vec<&str> = [member, &movement.charged, &movement.reason, &movement.original]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        let number = movement.line_id.rsplit('-').next().unwrap_or_default();
        let sum = |of: fn(&super::movement::Part) -> i64| {
            movement.parts.iter().map(|part| i128::from(of(part))).sum::<i128>()
        };
        let money = |minor: i128| {
            i64::try_from(minor)
                .map_or_else(|_| minor.to_string(), |minor| major(minor, batch.header.exponent, '.'))
        };
        let texts = [
            number.to_owned(),
            kind.to_owned(),
            movement.date.to_string(),
            reference,
            about.join(" · "),
            money(sum(|part| part.net_minor)),
            money(sum(|part| part.vat_minor)),
            money(movement.amount_minor.into()),
        ];
        let mut cells = Vec::with_capacity(texts.len());
        for ((word, from, width), text) in COLUMNS.iter().zip(&texts) {
            cells.push((*from, *width, *word >= FIRST_NUMBER, text.as_str()));
        }
        self.sheet.cells(65, &cells);
    }
}
