//! Reads a CTF file entry by entry.

use std::io::Read;

use zeroize::Zeroizing;

use super::{
    Authorization, CtfError, CtfProblem, Entry, FileHeader, Format, Other, RECORD, RecordEnd, Spacing, Tally,
    Trailer, Transaction, TransactionCode, fields,
    fields::{Field, Record},
};
use crate::clearing::{
    TextEncoding,
    source::{count, fill},
};

const HEADER: [u8; 2] = *b"90";
const BATCH_TRAILER: [u8; 2] = *b"91";
const FILE_TRAILER: [u8; 2] = *b"92";

/// Bytes of the longest record.
const LONGEST: usize = RECORD + 2;

/// Reads entries one by one. Memory does not grow with the file.
pub struct Reader<R> {
    source: R,
    format: Format,
    /// Read already, but part of the next entry.
    ahead: Option<Record>,
    /// Records read.
    records: u64,
    batch: Tally,
    file: Tally,
    batches: u64,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Start,
    Inside,
    Ended,
    Failed(CtfError),
}

impl<R: Read> Reader<R> {
    /// Reads from the start of a file. Reads in small pieces: give it a buffered source.
    pub fn new(source: R, format: Format) -> Self {
        let (batch, file) = (Tally::default(), Tally::default());
        Self { source, format, ahead: None, records: 0, batch, file, batches: 0, state: State::Start }
    }

    /// The next entry; `None` behind the file trailer.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong. It is told again on every further call, so that a file with a mistake never
    /// looks as if it had ended.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, CtfError> {
        let entry = match self.state {
            State::Failed(error) => return Err(error),
            State::Ended => return Ok(None),
            State::Start => self.first_entry(),
            State::Inside => self.further_entry(),
        };
        match entry {
            Ok(entry) => Ok(Some(entry)),
            Err(error) => {
                self.state = State::Failed(error);
                Err(error)
            }
        }
    }

    fn first_entry(&mut self) -> Result<Entry, CtfError> {
        let Some(record) = self.next_record()? else { return Err(self.at_next(1, CtfProblem::NoHeader)) };
        if record.code()? != HEADER {
            return Err(at(&record, fields::CODE, CtfProblem::NoHeader));
        }
        self.state = State::Inside;
        header(&record).map(Entry::Header)
    }

    fn further_entry(&mut self) -> Result<Entry, CtfError> {
        let Some(record) = self.next_record()? else { return Err(self.at_next(1, CtfProblem::NoTrailer)) };
        match record.code()? {
            HEADER => Err(at(&record, fields::CODE, CtfProblem::SecondHeader)),
            BATCH_TRAILER => {
                self.batches = self.batches.saturating_add(1);
                let counted = std::mem::take(&mut self.batch);
                self.trailer(&record, counted).map(Entry::BatchTrailer)
            }
            FILE_TRAILER => {
                let trailer = self.trailer(&record, self.file)?;
                self.check_end()?;
                self.state = State::Ended;
                Ok(Entry::FileTrailer(trailer))
            }
            code => match TransactionCode::of(code) {
                Some(draft) => self.transaction(&record, code, draft),
                None => self.other(&record, code),
            },
        }
    }

    fn trailer(&self, record: &Record, counted: Tally) -> Result<Trailer, CtfError> {
        let stated = Tally {
            destination: record.number(fields::TRAILER_DESTINATION)?,
            monetary: record.number(fields::TRAILER_MONETARY)?,
            records: record.number(fields::TRAILER_RECORDS)?,
            transactions: record.number(fields::TRAILER_TRANSACTIONS)?,
            source: record.number(fields::TRAILER_SOURCE)?,
        };
        let batch = record.number(fields::TRAILER_BATCH)?;
        Ok(Trailer { record: record.number, batch, batches_counted: self.batches, stated, counted })
    }

    fn transaction(
        &mut self,
        record: &Record,
        code: [u8; 2],
        draft: TransactionCode,
    ) -> Result<Entry, CtfError> {
        if record.component()? != b'0' {
            return Err(at(record, fields::COMPONENT, CtfProblem::ComponentOutOfOrder));
        }
        let mut transaction = begin(record, draft)?;
        let mut last = b'0';
        while let Some((component, further)) = self.component_after(code, last)? {
            last = component;
            transaction.components = transaction.components.saturating_add(1);
            add(&mut transaction, component, &further)?;
        }
        let records = count(transaction.components);
        self.batch.add_draft(&transaction, records);
        self.file.add_draft(&transaction, records);
        Ok(Entry::Transaction(Box::new(transaction)))
    }

    fn other(&mut self, record: &Record, code: [u8; 2]) -> Result<Entry, CtfError> {
        let mut components = 1;
        let mut last = record.component()?;
        while let Some((component, _)) = self.component_after(code, last)? {
            last = component;
            components += 1;
        }
        self.batch.add_other(count(components));
        self.file.add_other(count(components));
        Ok(Entry::Other(Other { record: record.number, code, components }))
    }

    /// The next record when it belongs to the transaction at hand: the same code and a greater component number.
    /// As component numbers are one character, a transaction cannot grow without bound.
    fn component_after(&mut self, code: [u8; 2], last: u8) -> Result<Option<(u8, Record)>, CtfError> {
        let Some(record) = self.next_record()? else { return Ok(None) };
        if record.code()? == code {
            let component = record.component()?;
            if component > last {
                return Ok(Some((component, record)));
            }
        }
        self.ahead = Some(record);
        Ok(None)
    }

    fn next_record(&mut self) -> Result<Option<Record>, CtfError> {
        if let Some(record) = self.ahead.take() {
            return Ok(Some(record));
        }
        let expected = self.format.spacing.bytes();
        let mut raw = Zeroizing::new([0; LONGEST]);
        let bytes = raw.get_mut(..expected).unwrap_or_default();
        let found = fill(&mut self.source, bytes).map_err(|error| self.unreadable(&error))?;
        let found = self.until_line_end(bytes.get(..found).unwrap_or_default());
        if found == 0 {
            return Ok(None);
        }
        if found < expected {
            return Err(self.at_next(found.saturating_add(1), CtfProblem::Cut { expected, found }));
        }
        let bytes = self.decoded(bytes);
        self.records = self.records.saturating_add(1);
        let number = self.records;
        self.take_line_end()?;
        Ok(Some(Record { number, bytes }))
    }

    /// A line end inside a record says that the line is too short.
    fn until_line_end(&self, bytes: &[u8]) -> usize {
        if self.format.end == RecordEnd::Nothing {
            return bytes.len();
        }
        // The two more bytes of ITF may be anything.
        let passed_over = if self.format.spacing == Spacing::Itf { 2..4 } else { 0..0 };
        let is_end = |(at, byte): (usize, &u8)| {
            !passed_over.contains(&at) && self.format.without_line_end(std::slice::from_ref(byte)).is_some()
        };
        bytes.iter().enumerate().position(is_end).map_or(bytes.len(), |at| at.max(1))
    }

    fn decoded(&self, raw: &[u8]) -> Zeroizing<[u8; RECORD]> {
        let behind_code = match self.format.spacing {
            Spacing::Ctf => 2,
            Spacing::Itf => 4,
        };
        let code = raw.iter().take(2);
        let rest = raw.iter().skip(behind_code);
        let mut bytes = Zeroizing::new([0; RECORD]);
        for (to, from) in bytes.iter_mut().zip(code.chain(rest)) {
            *to = self.format.text.decode(*from);
        }
        bytes
    }

    /// Reads over a line end; the last line may lack it.
    fn take_line_end(&mut self) -> Result<(), CtfError> {
        if self.format.end == RecordEnd::Nothing {
            return Ok(());
        }
        let mut end = [0; 1];
        let mut found = self.read_byte(&mut end)?;
        if found && end == *b"\r" && self.format.text == TextEncoding::Ascii {
            found = self.read_byte(&mut end)?;
        }
        if found && self.format.without_line_end(&end).is_none() {
            let position = RECORD.saturating_add(1);
            return Err(CtfError { record: self.records, position, problem: CtfProblem::NoLineEnd });
        }
        Ok(())
    }

    fn read_byte(&mut self, byte: &mut [u8; 1]) -> Result<bool, CtfError> {
        fill(&mut self.source, byte).map(|read| read > 0).map_err(|error| self.unreadable(&error))
    }

    /// Behind the file trailer only blanks, line ends and the fill of file systems may stand.
    fn check_end(&mut self) -> Result<(), CtfError> {
        let mut piece = [0; 512];
        loop {
            let found = fill(&mut self.source, &mut piece).map_err(|error| self.unreadable(&error))?;
            let piece = piece.get(..found).unwrap_or_default();
            let text = self.format.text;
            let is_fill = |byte: &u8| matches!(text.decode(*byte), b' ' | b'\r' | b'\n' | 0 | 0x1a | 0x85);
            if let Some(behind) = piece.iter().position(|byte| !is_fill(byte)) {
                return Err(self.at_next(behind.saturating_add(1), CtfProblem::AfterTrailer));
            }
            if found == 0 {
                return Ok(());
            }
        }
    }

    const fn at_next(&self, position: usize, problem: CtfProblem) -> CtfError {
        CtfError { record: self.records.saturating_add(1), position, problem }
    }

    fn unreadable(&self, error: &std::io::Error) -> CtfError {
        self.at_next(1, CtfProblem::Unreadable(error.kind()))
    }
}

const fn at(record: &Record, field: Field, problem: CtfProblem) -> CtfError {
    CtfError { record: record.number, position: field.1, problem }
}

fn header(record: &Record) -> Result<FileHeader, CtfError> {
    let test = match record.text(fields::TEST_OPTION)?.as_str() {
        "TEST" => true,
        "" => false,
        _ => return Err(record.wrong(fields::TEST_OPTION, 0, "TEST or blanks", "another word")),
    };
    Ok(FileHeader {
        center: record.text(fields::CENTER)?,
        processing_date: record.digits(fields::PROCESSING_DATE)?.to_owned(),
        test,
        file_id: record.text(fields::FILE_ID)?,
    })
}

/// A transaction as component 0 tells it.
fn begin(record: &Record, code: TransactionCode) -> Result<Transaction, CtfError> {
    let source = record.amount(fields::SOURCE, fields::SOURCE_CURRENCY)?;
    let source = source.ok_or_else(|| record.wrong(fields::SOURCE_CURRENCY, 0, "a currency", "none"))?;
    let month = record.number_of(fields::PURCHASE_MONTH, 1..=12, "01 to 12")?;
    let day = record.number_of(fields::PURCHASE_DAY, 1..=31, "01 to 31")?;
    Ok(Transaction {
        record: record.number,
        code,
        pan: record.pan()?,
        acquirer_reference: record.digits(fields::ACQUIRER_REFERENCE)?.to_owned(),
        purchase_date: (month, day),
        destination: record.amount(fields::DESTINATION, fields::DESTINATION_CURRENCY)?,
        source,
        merchant_name: record.text(fields::MERCHANT_NAME)?,
        merchant_city: record.text(fields::MERCHANT_CITY)?,
        merchant_country: record.text(fields::MERCHANT_COUNTRY)?,
        mcc: record.number(fields::MCC)?,
        usage: record.number(fields::USAGE)?,
        reason: record.number(fields::REASON)?,
        authorization_code: record.text(fields::AUTHORIZATION_CODE)?,
        card_acceptor: None,
        terminal: None,
        authorization: None,
        has_chip_data: false,
        components: 1,
    })
}

/// Adds what a further component tells.
fn add(transaction: &mut Transaction, component: u8, record: &Record) -> Result<(), CtfError> {
    match component {
        b'1' => {
            transaction.card_acceptor = Some(record.text(fields::CARD_ACCEPTOR)?).filter(|id| !id.is_empty());
            transaction.terminal = Some(record.text(fields::TERMINAL)?).filter(|id| !id.is_empty());
        }
        b'5' => transaction.authorization = Some(authorization(record)?),
        b'7' => transaction.has_chip_data = true,
        _ => {}
    }
    Ok(())
}

fn authorization(record: &Record) -> Result<Authorization, CtfError> {
    Ok(Authorization {
        transaction_identifier: record.digits(fields::TRANSACTION_IDENTIFIER)?.to_owned(),
        amount: record.amount(fields::AUTHORIZED, fields::AUTHORIZED_CURRENCY)?,
        sequence: record.number(fields::SEQUENCE)?,
        count: record.number(fields::COUNT)?,
    })
}
