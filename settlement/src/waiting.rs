//! Batches of days on which their partner takes no files. They wait for its next file, record for record as they stand in the
//! bank's file of their own cycle: that one is published, and the hash of its bytes is on the books.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use partner_adapters::canonical::{BatchHeader, Reader, Record, Writer};
use store::{Cycle, FileRow, Pool};

use crate::pass::refused;
use crate::{CloseError, ProgramSetup, booking};

/// A batch that waits, and the published file that has it.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// The partner's code.
    pub(crate) partner: String,
    /// Three letters of ISO 4217.
    pub(crate) currency: String,
    cycle: Cycle,
    of_bank: FileRow,
    path: PathBuf,
    /// Whether its partner takes files on the day of the file that is made.
    pub(crate) is_due: bool,
}

/// What waits for a file of this cycle or of a later one, by partner, currency and cycle. `published` is the folder of the
/// files that are on the books.
pub(crate) async fn waiting(
    pool: &Pool,
    program: &ProgramSetup,
    cycle: &Cycle,
    published: &Path,
) -> Result<Vec<Waiting>, CloseError> {
    let mut all = Vec::new();
    for (partner, currency, of) in store::waiting_batches(pool, cycle).await? {
        let of = store::cycle_by_id(pool, of).await?;
        let code = program.partner_code(partner)?.to_owned();
        let gone = || CloseError::WaitingGone {
            partner: code.clone(),
            date: of.business_date,
            folder: published.to_owned(),
        };
        let of_bank =
            booking::editions(pool, of.id).await?.into_iter().find(|row| row.receiver == program.bank.1);
        let of_bank = of_bank.ok_or_else(gone)?;
        let letters = crate::setup::currency(currency)
            .ok_or_else(|| program.problem(format!("the currency {currency} is not known")))?;
        all.push(Waiting {
            is_due: program.takes_files(partner, of.business_date, cycle.business_date),
            path: published.join(&of_bank.file_name),
            currency: letters.0.to_owned(),
            partner: code,
            cycle: of,
            of_bank,
        });
    }
    let key = |one: &Waiting| (one.partner.clone(), one.currency.clone(), one.cycle.sequence);
    all.sort_by_key(key);
    Ok(all)
}

impl Waiting {
    /// Writes its records as they were published.
    pub(crate) fn copy(&self, writer: &mut Writer<impl Write>) -> Result<(), CloseError> {
        let file = File::open(&self.path).map_err(|_| self.gone())?;
        let mut reader = Reader::new(BufReader::with_capacity(256 * 1024, file));
        let (mut inside, mut batches) = (false, 0);
        for record in reader.by_ref() {
            let record = record.map_err(|_| self.gone())?;
            if let Record::BatchHeader(header) = &record {
                inside = self.is(header);
                batches += i32::from(inside);
            }
            if inside {
                writer.record(&record).map_err(|error| refused(&self.partner, &self.path, error))?;
            }
            inside &= !matches!(record, Record::BatchTrailer(_));
        }
        let is_published = reader.sha256() == Some(self.of_bank.sha256);
        if is_published && batches == 1 { Ok(()) } else { Err(self.gone()) }
    }

    fn is(&self, header: &BatchHeader) -> bool {
        let own = (self.partner.as_str(), self.currency.as_str(), self.cycle.sequence);
        (header.partner.as_str(), header.currency.as_str(), header.cycle_sequence) == own
    }

    fn gone(&self) -> CloseError {
        CloseError::WaitingGone {
            partner: self.partner.clone(),
            date: self.cycle.business_date,
            folder: self.path.parent().unwrap_or(&self.path).to_owned(),
        }
    }
}
