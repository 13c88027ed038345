//! The payout CSV, columns `payout/1`: one row for each priced item of each movement (docs/payout-csv.md).

use std::error::Error;
use std::io::Write;

use csv::{Terminator, Writer, WriterBuilder};

use super::amount::major;
use super::error::RenderError;
use super::movement::{Batch, Movement, Part, Step, Summary, walk};
use super::spreadsheet_text::neutral;
use crate::canonical::{Record, References};

/// The version of the columns. A new version has another word here, and columns are found by their names.
pub(crate) const VERSION: &str = "payout/1";

/// The columns; those with dates carry the zone in their name.
const COLUMNS: [(&str, bool); 42] = [
    ("columns", false),
    ("environment", false),
    ("file_id", false),
    ("file_sequence", false),
    ("file_revision", false),
    ("payout_id", false),
    ("row", false),
    ("row_type", false),
    ("partner", false),
    ("program", false),
    ("business_date", true),
    ("cycle", false),
    ("payment_date", true),
    ("line_id", false),
    ("item", false),
    ("transaction_date", true),
    ("late_days", false),
    ("message", false),
    ("purchase", false),
    ("message_type", false),
    ("retrieval_reference", false),
    ("approval_code", false),
    ("stan", false),
    ("transmission_utc", false),
    ("arn", false),
    ("network_id", false),
    ("acquirer", false),
    ("card_acceptor", false),
    ("terminal", false),
    ("member_number", false),
    ("charged", false),
    ("reason", false),
    ("original", false),
    ("rules", false),
    ("quantity", false),
    ("quantity_unit", false),
    ("currency", false),
    ("net", false),
    ("vat", false),
    ("amount", false),
    ("payout_amount", false),
    ("rows", false),
];

/// The names of the columns in a file whose dates are in `zone`.
pub(crate) fn column_names(zone: &str) -> Vec<String> {
    let name = |(name, dated): &(&str, bool)| match dated {
        true => format!("{name} ({zone})"),
        false => (*name).to_owned(),
    };
    COLUMNS.iter().map(name).collect()
}

/// Writes the file.
pub(crate) fn write<E>(
    summary: &Summary,
    records: impl Iterator<Item = Result<Record, E>>,
    out: &mut dyn Write,
) -> Result<(), RenderError>
where
    E: Error + Send + Sync + 'static,
{
    let mut rows = Rows {
        csv: WriterBuilder::new().terminator(Terminator::CRLF).flexible(false).from_writer(out),
        summary,
        file_id: summary.file_id(),
        number: 0,
    };
    rows.csv.write_record(column_names(&summary.header.zone)).map_err(csv_error)?;
    walk(summary, records, |step| match step {
        Step::Open(_) => Ok(()),
        Step::Movement(batch, movement) => {
            movement.shown_parts().try_for_each(|part| rows.item(batch, &movement, part))
        }
        Step::Close(batch) => rows.payout(batch),
    })?;
    rows.file()?;
    rows.csv.flush()?;
    Ok(())
}

fn csv_error(error: csv::Error) -> RenderError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => RenderError::Io(error),
        other => RenderError::Writer { format: "payout-csv", reason: format!("{other:?}") },
    }
}

struct Rows<'a> {
    csv: Writer<&'a mut dyn Write>,
    summary: &'a Summary,
    file_id: String,
    number: u64,
}

/// The cells of one row, in the order of [`COLUMNS`].
struct Row(Vec<String>);

impl Row {
    fn text(&mut self, text: &str) {
        self.0.push(neutral(text).into_owned());
    }

    fn number(&mut self, number: impl ToString) {
        self.0.push(number.to_string());
    }

    fn maybe<T: ToString>(&mut self, number: Option<T>) {
        self.0.push(number.map(|number| number.to_string()).unwrap_or_default());
    }

    fn empty(&mut self, cells: usize) {
        self.0.extend(std::iter::repeat_n(String::new(), cells));
    }
}

impl Rows<'_> {
    /// The cells of the file that stand on every row.
    fn begin(&mut self, payout_id: &str, row_type: &str) -> Row {
        self.number += 1;
        let header = &self.summary.header;
        let mut row = Row(Vec::with_capacity(COLUMNS.len()));
        row.text(VERSION);
        row.text(header.environment.name());
        row.text(&self.file_id);
        row.number(header.sequence);
        row.number(header.revision);
        row.text(payout_id);
        row.number(self.number);
        row.text(row_type);
        row
    }

    fn of_batch(&mut self, batch: &Batch, row_type: &str) -> Row {
        let mut row = self.begin(&batch.payout_id(), row_type);
        row.text(&batch.header.partner);
        row.text(&batch.header.program);
        row.number(batch.header.business_date);
        row.number(batch.header.cycle_sequence);
        row.number(batch.header.payment_date);
        row
    }

    fn item(&mut self, batch: &Batch, movement: &Movement, part: &Part) -> Result<(), RenderError> {
        let exponent = batch.header.exponent;
        let mut row = self.of_batch(batch, movement.kind.name());
        row.text(&movement.line_id);
        row.text(part.name);
        row.number(movement.date);
        row.maybe(movement.late_days);
        references(&mut row, movement.references.as_ref());
        row.text(&movement.charged);
        row.text(&movement.reason);
        row.text(&movement.original);
        row.text(movement.references.as_ref().map(|known| known.rules.as_str()).unwrap_or_default());
        row.maybe(part.quantity);
        row.text(part.unit);
        row.text(&batch.header.currency);
        row.number(major(part.net_minor, exponent, '.'));
        row.number(major(part.vat_minor, exponent, '.'));
        row.number(major(part.amount_minor, exponent, '.'));
        row.empty(2);
        self.write(row)
    }

    /// What the rows above add up to.
    fn payout(&mut self, batch: &Batch) -> Result<(), RenderError> {
        let exponent = batch.header.exponent;
        let mut row = self.of_batch(batch, "payout");
        row.empty(23);
        row.text(&batch.header.currency);
        row.empty(3);
        row.number(major(batch.payment_minor, exponent, '.'));
        row.number(batch.shown_parts);
        self.write(row)
    }

    /// The last row: how many there are in all, this one included.
    fn file(&mut self) -> Result<(), RenderError> {
        let mut row = self.begin("", "file");
        let header = &self.summary.header;
        row.empty(1);
        row.text(&header.program);
        row.number(header.business_date);
        row.number(header.cycle_sequence);
        row.empty(COLUMNS.len() - 13);
        row.number(self.number);
        self.write(row)
    }

    fn write(&mut self, row: Row) -> Result<(), RenderError> {
        self.csv.write_record(&row.0).map_err(csv_error)
    }
}

fn references(row: &mut Row, references: Option<&References>) {
    let Some(known) = references else { return row.empty(13) };
    for text in [
        &known.message,
        &known.purchase,
        &known.mti,
        &known.retrieval,
        &known.approval,
        &known.stan,
        &known.transmitted,
        &known.arn,
        &known.network_id,
        &known.acquirer,
        &known.card_acceptor,
        &known.terminal,
        &known.member_number,
    ] {
        row.text(text);
    }
}
