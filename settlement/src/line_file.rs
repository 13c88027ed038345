//! A published settlement file as its own index: lines are sorted, so that one is found by halving, not by reading all.
//!
//! Batches are sorted by partner, currency and cycle, lines of transactions within a batch by message, and all lines by
//! the number at the end of their id (docs/settlement-file.md). A search reads some twenty places of a file, however long
//! it is. Nothing here verifies the file: whoever shows a line compares the file's hash with the books first.

mod record;

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use domain::MessageKey;

pub use record::{BatchPlace, FileLine, LineId, LineParty};
use record::{Order, Stands};

/// No record of ours is longer.
const RECORD_BYTES_MAX: usize = 64 * 1024;
/// So much is read at a place; a record is far shorter.
const BLOCK: usize = 4 * 1024;
/// So many lines of one message are looked at: one for each purchase that it touches.
const SAME_MESSAGE_MAX: usize = 64;

/// A published file, open for searches.
#[derive(Debug)]
pub struct LineFile {
    file: File,
    bytes: u64,
}

/// A record without its end, and where the next one begins.
struct RecordRead {
    text: String,
    next: u64,
}

impl LineFile {
    /// Opens a file; nothing is read yet.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes })
    }

    /// The lines of a message in one batch: one for each purchase that it moved something of.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn of_message(&mut self, batch: &BatchPlace, message: MessageKey) -> io::Result<Vec<FileLine>> {
        let key = message.to_string();
        let from = self.first(&Stands::message(batch, &key))?;
        let mut lines = self.collect(batch, from, SAME_MESSAGE_MAX)?;
        lines.retain(|line| line.message == key);
        Ok(lines)
    }

    /// At most `limit` lines of a batch, beginning with this number.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn page(&mut self, batch: &BatchPlace, number: u64, limit: usize) -> io::Result<Vec<FileLine>> {
        let from = self.first(&Stands::number(batch, number))?;
        self.collect(batch, from, limit)
    }

    /// The line with this id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn line(&mut self, batch: &BatchPlace, number: u64) -> io::Result<Option<FileLine>> {
        Ok(self.page(batch, number, 1)?.into_iter().find(|line| line.id.number == number))
    }

    /// What the lines of a batch are of, in the order of their quantities; nothing if the batch is not in the file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn items(&mut self, batch: &BatchPlace) -> io::Result<Option<Vec<String>>> {
        let from = self.first(&Stands::batch(batch))?;
        let Some(read) = self.record_at(from)? else { return Ok(None) };
        Ok(record::items_of(&read.text, batch))
    }

    /// The records from a place on, as long as they are lines of this batch.
    fn collect(&mut self, batch: &BatchPlace, mut at: u64, limit: usize) -> io::Result<Vec<FileLine>> {
        let mut lines = Vec::new();
        while lines.len() < limit {
            let Some(read) = self.record_at(at)? else { break };
            at = read.next;
            match record::line_of(&read.text) {
                Some(line) if line.id.batch == *batch => lines.push(line),
                // The header of the batch stands before its lines.
                _ if record::items_of(&read.text, batch).is_some() => {}
                _ => break,
            }
        }
        Ok(lines)
    }

    /// Where the first record begins that does not stand before `wanted`.
    fn first(&mut self, wanted: &Stands) -> io::Result<u64> {
        // Every record that begins before `low` stands before it. The one at `found` does not, and between `high` and it
        // none begins.
        let (mut low, mut high, mut found) = (0, self.bytes, self.bytes);
        while low < high {
            let middle = low + (high - low) / 2;
            let begins = if middle == 0 { 0 } else { self.after_line_feed(middle - 1)? };
            if begins >= high {
                high = middle;
                continue;
            }
            let Some((order, next)) = self.stands_at(begins)? else { return Err(no_record(begins)) };
            if order.is_before(wanted) {
                low = next;
            } else {
                (high, found) = (begins, begins);
            }
        }
        Ok(found)
    }

    /// Where the record at a place stands, and where the next begins. The trailer of a batch does not say of which: what
    /// follows it stands for it.
    fn stands_at(&mut self, at: u64) -> io::Result<Option<(Order, u64)>> {
        let Some(read) = self.record_at(at)? else { return Ok(None) };
        let order = match record::order_of(&read.text) {
            Order::Unknown => match self.record_at(read.next)?.map(|read| record::order_of(&read.text)) {
                Some(Order::At(stands)) => Order::At(stands.just_before()),
                Some(Order::Last) => Order::Last,
                _ => return Err(no_record(at)),
            },
            order => order,
        };
        Ok(Some((order, read.next)))
    }

    /// The place behind the first line feed at or after `at`.
    fn after_line_feed(&mut self, mut at: u64) -> io::Result<u64> {
        loop {
            let block = self.block(at)?;
            if block.is_empty() {
                return Ok(self.bytes);
            }
            match block.iter().position(|byte| *byte == b'\n') {
                Some(found) => return Ok(at + length(found) + 1),
                None => at += length(block.len()),
            }
        }
    }

    /// The record that begins here, without its end; `None` at the end of the file.
    fn record_at(&mut self, at: u64) -> io::Result<Option<RecordRead>> {
        let mut bytes = Vec::new();
        let mut from = at;
        loop {
            let block = self.block(from)?;
            if block.is_empty() {
                return Ok(None);
            }
            let end = block.iter().position(|byte| *byte == b'\n');
            bytes.extend_from_slice(block.get(..end.unwrap_or(block.len())).unwrap_or_default());
            if end.is_some() {
                let next = at + length(bytes.len()) + 1;
                let text = String::from_utf8(bytes).map_err(|_| no_record(at))?;
                return Ok(Some(RecordRead { text, next }));
            }
            if bytes.len() > RECORD_BYTES_MAX {
                return Err(no_record(at));
            }
            from = at + length(bytes.len());
        }
    }

    fn block(&mut self, at: u64) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(at))?;
        let mut block = Vec::with_capacity(BLOCK);
        (&mut self.file).take(length(BLOCK)).read_to_end(&mut block)?;
        Ok(block)
    }
}

fn length(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

fn no_record(at: u64) -> io::Error {
    let text =
        format!("at byte {at} there is no record of a settlement file; verify it: cobrand file verify");
    io::Error::new(io::ErrorKind::InvalidData, text)
}
