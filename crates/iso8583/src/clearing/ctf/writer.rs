//! Writes CTF files, for tests and a simulator. Only the fields that are read are written; the others are blanks,
//! or zeros where they are numbers. So these files are no proof of what a network accepts.

use std::io::Write;

use zeroize::Zeroizing;

use super::{
    Amount, Authorization, FileHeader, Format, RECORD, RecordEnd, Spacing, Tally, Transaction, fields,
    fields::Field,
};
use crate::{
    Pan,
    clearing::{TextEncoding, source::count},
};

/// Numbers that are not read: filled with zeros, as first position and length.
const ZEROS: [(usize, usize); 5] = [(50, 8), (137, 5), (150, 1), (162, 2), (164, 4)];

/// Why something cannot be written. Never carries a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A value does not fit into its field. Nothing of the transaction was written.
    #[error("{field}: expected {expected}, found something else; the caller must correct it")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// What fits.
        expected: &'static str,
    },
    /// The sink fails.
    #[error("expected to write on, found that this fails; the operator must look after the storage")]
    Sink(#[from] std::io::Error),
}

/// Writes a file. [`Writer::finish`] must be called, or the file has no trailer.
pub struct Writer<W> {
    sink: W,
    format: Format,
    header: FileHeader,
    batch: Tally,
    file: Tally,
    batches: u64,
}

impl<W: Write> Writer<W> {
    /// Starts a file with its header.
    ///
    /// # Errors
    ///
    /// When the header does not fit, or those of the sink.
    pub fn new(sink: W, format: Format, header: FileHeader) -> Result<Self, WriteError> {
        let mut line = Line::new(*b"90", b'0');
        // The header has neither qualifier nor component number: its first field starts there.
        line.text(fields::CENTER, &header.center)?;
        line.digits(fields::PROCESSING_DATE, &header.processing_date)?;
        line.text(fields::TEST_OPTION, if header.test { "TEST" } else { "" })?;
        line.text(fields::FILE_ID, &header.file_id)?;
        let (batch, file) = (Tally::default(), Tally::default());
        let mut writer = Self { sink, format, header, batch, file, batches: 0 };
        writer.write(&[line])?;
        Ok(writer)
    }

    /// Appends a draft; its `record` and `components` are not looked at.
    ///
    /// # Errors
    ///
    /// When a value does not fit, or those of the sink.
    pub fn transaction(&mut self, transaction: &Transaction) -> Result<(), WriteError> {
        let lines = lines(transaction)?;
        self.write(&lines)?;
        self.batch.add_draft(transaction, count(lines.len()));
        self.file.add_draft(transaction, count(lines.len()));
        Ok(())
    }

    /// Ends the batch with its trailer.
    ///
    /// # Errors
    ///
    /// When a sum has too many digits, or those of the sink.
    pub fn end_batch(&mut self) -> Result<(), WriteError> {
        let batches = self.batches.saturating_add(1);
        let line = self.trailer(*b"91", batches, &self.batch)?;
        self.write(&[line])?;
        self.batches = batches;
        self.batch = Tally::default();
        Ok(())
    }

    /// Ends the batch, when one is begun, and the file, and gives the sink back, flushed.
    ///
    /// # Errors
    ///
    /// When a sum has too many digits, or those of the sink.
    pub fn finish(mut self) -> Result<W, WriteError> {
        if self.batch.transactions > 0 {
            self.end_batch()?;
        }
        let line = self.trailer(*b"92", self.batches, &self.file)?;
        self.write(&[line])?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn trailer(&self, code: [u8; 2], batch: u64, tally: &Tally) -> Result<Line, WriteError> {
        let mut line = Line::new(code, b'0');
        // In trailers these two stand two positions further than in the header.
        line.text(Field(fields::CENTER.0, 5, 6), &self.header.center)?;
        line.digits(Field(fields::PROCESSING_DATE.0, 11, 5), &self.header.processing_date)?;
        line.number(fields::TRAILER_DESTINATION, tally.destination)?;
        line.number(fields::TRAILER_MONETARY, tally.monetary)?;
        line.number(fields::TRAILER_BATCH, batch)?;
        line.number(fields::TRAILER_RECORDS, tally.records)?;
        line.number(fields::TRAILER_TRANSACTIONS, tally.transactions)?;
        line.number(fields::TRAILER_SOURCE, tally.source)?;
        Ok(line)
    }

    fn write(&mut self, lines: &[Line]) -> Result<(), WriteError> {
        for line in lines {
            let (code, rest) = line.bytes.split_at(2);
            self.write_text(code)?;
            if self.format.spacing == Spacing::Itf {
                self.write_text(b"  ")?;
            }
            self.write_text(rest)?;
            match (self.format.end, self.format.text) {
                (RecordEnd::Nothing, _) => {}
                (RecordEnd::Line, TextEncoding::Ascii) => self.sink.write_all(b"\n")?,
                (RecordEnd::Line, TextEncoding::Ebcdic) => self.sink.write_all(&[0x25])?,
            }
        }
        Ok(())
    }

    fn write_text(&mut self, latin_1: &[u8]) -> std::io::Result<()> {
        let bytes: Zeroizing<Vec<u8>> =
            Zeroizing::new(latin_1.iter().map(|byte| self.format.text.encode(*byte)).collect());
        self.sink.write_all(&bytes)
    }
}

/// One record, its text as ISO 8859-1.
struct Line {
    bytes: Zeroizing<[u8; RECORD]>,
}

impl Line {
    fn new(code: [u8; 2], component: u8) -> Self {
        let mut line = Self { bytes: Zeroizing::new([b' '; RECORD]) };
        line.put(fields::CODE, &code);
        line.put(Field("qualifier", 3, 1), b"0");
        line.put(fields::COMPONENT, &[component]);
        line
    }

    /// Puts bytes at the start of a field and blanks behind them; what is too long was refused before.
    fn put(&mut self, field: Field, bytes: &[u8]) {
        let places = self.bytes.get_mut(field.range()).unwrap_or_default();
        for (to, from) in places.iter_mut().zip(bytes.iter().chain(std::iter::repeat(&b' '))) {
            *to = *from;
        }
    }

    fn text(&mut self, field: Field, text: &str) -> Result<(), WriteError> {
        let bytes: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(character).ok()).collect();
        let printable = |byte: &u8| !matches!(byte, 0..=0x1f | 0x7f..=0x9f);
        let fits = |bytes: &Vec<u8>| bytes.len() <= field.2 && bytes.iter().all(printable);
        let wrong =
            WriteError::Field { field: field.0, expected: "text of ISO 8859-1 that fits into the field" };
        self.put(field, &bytes.filter(fits).ok_or(wrong)?);
        Ok(())
    }

    fn digits(&mut self, field: Field, digits: &str) -> Result<(), WriteError> {
        if digits.len() != field.2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(WriteError::Field { field: field.0, expected: "as many digits as the field has" });
        }
        self.put(field, digits.as_bytes());
        Ok(())
    }

    fn number(&mut self, field: Field, number: impl Into<u64>) -> Result<(), WriteError> {
        self.digits(field, &format!("{:0width$}", number.into(), width = field.2))
    }

    fn amount(&mut self, amount: Field, currency: Field, value: Option<Amount>) -> Result<(), WriteError> {
        if value.is_some_and(|value| value.currency == 0) {
            return Err(WriteError::Field {
                field: currency.0,
                expected: "a currency other than 000, which says none",
            });
        }
        let value = value.unwrap_or(Amount { minor: 0, currency: 0 });
        self.number(amount, value.minor)?;
        self.number(currency, value.currency)
    }

    fn pan(&mut self, pan: &Pan) -> Result<(), WriteError> {
        let (account, extension) =
            pan.expose().split_at_checked(fields::ACCOUNT.2).unwrap_or((pan.expose(), ""));
        if extension == "000" {
            let expected = "other digits than 000, which say that there is no extension";
            return Err(WriteError::Field { field: fields::EXTENSION.0, expected });
        }
        self.put(fields::ACCOUNT, account.as_bytes());
        self.put(fields::EXTENSION, if extension.is_empty() { b"000" } else { extension.as_bytes() });
        Ok(())
    }
}

/// The records of a draft.
fn lines(transaction: &Transaction) -> Result<Vec<Line>, WriteError> {
    let code = transaction.code.digits();
    let mut lines = vec![draft(transaction)?];
    if transaction.card_acceptor.is_some() || transaction.terminal.is_some() {
        let mut line = Line::new(code, b'1');
        line.text(fields::CARD_ACCEPTOR, transaction.card_acceptor.as_deref().unwrap_or_default())?;
        line.text(fields::TERMINAL, transaction.terminal.as_deref().unwrap_or_default())?;
        lines.push(line);
    }
    if let Some(authorization) = &transaction.authorization {
        lines.push(linked(code, authorization)?);
    }
    if transaction.has_chip_data {
        lines.push(Line::new(code, b'7'));
    }
    Ok(lines)
}

fn draft(transaction: &Transaction) -> Result<Line, WriteError> {
    let mut line = Line::new(transaction.code.digits(), b'0');
    for (first, length) in ZEROS {
        line.number(Field("zeros", first, length), 0_u8)?;
    }
    line.pan(&transaction.pan)?;
    line.digits(fields::ACQUIRER_REFERENCE, &transaction.acquirer_reference)?;
    line.number(fields::PURCHASE_MONTH, transaction.purchase_date.0)?;
    line.number(fields::PURCHASE_DAY, transaction.purchase_date.1)?;
    line.amount(fields::DESTINATION, fields::DESTINATION_CURRENCY, transaction.destination)?;
    line.amount(fields::SOURCE, fields::SOURCE_CURRENCY, Some(transaction.source))?;
    line.text(fields::MERCHANT_NAME, &transaction.merchant_name)?;
    line.text(fields::MERCHANT_CITY, &transaction.merchant_city)?;
    line.text(fields::MERCHANT_COUNTRY, &transaction.merchant_country)?;
    line.number(fields::MCC, transaction.mcc)?;
    line.number(fields::USAGE, transaction.usage)?;
    line.number(fields::REASON, transaction.reason)?;
    line.text(fields::AUTHORIZATION_CODE, &transaction.authorization_code)?;
    Ok(line)
}

fn linked(code: [u8; 2], authorization: &Authorization) -> Result<Line, WriteError> {
    let mut line = Line::new(code, b'5');
    line.digits(fields::TRANSACTION_IDENTIFIER, &authorization.transaction_identifier)?;
    line.amount(fields::AUTHORIZED, fields::AUTHORIZED_CURRENCY, authorization.amount)?;
    line.number(fields::SEQUENCE, authorization.sequence)?;
    line.number(fields::COUNT, authorization.count)?;
    Ok(line)
}
