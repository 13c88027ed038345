//! A published file as it lies in the folder, read once from begin to end with little memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Component, Path, PathBuf},
};

use aws_lc_rs::digest::{Context, SHA256};
use domain::{
    AdjustedItem, Currency, FileTotal,
    settlement::{Basis, Direction},
};

/// No record of ours is longer.
const RECORD_MAX: u64 = 64 * 1024;

/// A line of a file with what it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentLine {
    /// The partner's code, of the batch.
    pub partner: String,
    /// The currency of the batch.
    pub currency: Currency,
    /// The direction in which the batch states its amounts.
    pub stated: Direction,
    /// What the line comes to, item by item.
    pub items: Vec<AdjustedItem>,
    /// The record, without its end.
    pub record: String,
}

/// What was looked for in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SentBytes {
    pub(super) records: i64,
    /// Sorted.
    pub(super) totals: Vec<FileTotal>,
    /// The lines that were asked for, by their ids.
    pub(super) lines: BTreeMap<String, SentLine>,
}

/// The batch that is being read.
#[derive(Default)]
struct Batch {
    partner: String,
    currency: Option<Currency>,
    stated: Option<Direction>,
    items: Vec<Basis>,
}

/// The name of a published file in its folder; `None` if it is no plain name.
pub(crate) fn path_of(folder: &Path, name: &str) -> Option<PathBuf> {
    let plain = Path::new(name).components().map(|part| matches!(part, Component::Normal(_))).eq([true]);
    plain.then(|| folder.join(name))
}

/// Reads a file that must have this hash; `None` if it is gone, changed, or not a file of ours.
pub(super) fn read(path: &Path, sha256: &[u8; 32], wanted: &BTreeSet<String>) -> Option<SentBytes> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "a published settlement file cannot be opened");
            return None;
        }
    };
    read_from(BufReader::with_capacity(1 << 16, file), sha256, wanted)
}

pub(super) fn read_from(
    mut from: impl BufRead,
    sha256: &[u8; 32],
    wanted: &BTreeSet<String>,
) -> Option<SentBytes> {
    let (mut hash, mut found, mut batch) = (Context::new(&SHA256), SentBytes::default(), Batch::default());
    let mut record = Vec::new();
    let mut is_complete = false;
    loop {
        record.clear();
        let length = from.by_ref().take(RECORD_MAX).read_until(b'\n', &mut record).ok()?;
        if length == 0 {
            break;
        }
        hash.update(&record);
        let text = std::str::from_utf8(record.strip_suffix(b"\n")?).ok()?;
        is_complete = look_at(text, &mut batch, &mut found, wanted)?;
    }
    (is_complete && hash.finish().as_ref() == sha256).then_some(found)
}

/// Takes from a record what is wanted; whether it is the trailer of the file.
fn look_at(
    record: &str,
    batch: &mut Batch,
    found: &mut SentBytes,
    wanted: &BTreeSet<String>,
) -> Option<bool> {
    let (kind, rest) = record.split_once('|')?;
    match kind {
        "BH" => *batch = Batch::of(record)?,
        "FT" => {
            let fields: Vec<&str> = record.split('|').collect();
            found.records = fields.get(1)?.parse().ok()?;
            found.totals = totals(fields.get(3)?)?;
            return Some(true);
        }
        _ => {
            let id = rest.split('|').next().unwrap_or_default();
            if wanted.contains(id)
                && let Some(line) = batch.line(kind, record)
            {
                found.lines.insert(id.to_owned(), line);
            }
        }
    }
    Some(false)
}

fn totals(text: &str) -> Option<Vec<FileTotal>> {
    let one = |part: &str| {
        let mut fields = part.split(':');
        let (currency, direction, amount) = (fields.next()?, fields.next()?, fields.next()?);
        let (direction, to_pay_minor) = (Direction::parse(direction)?, amount.parse().ok()?);
        Some(FileTotal { currency: currency.to_owned(), direction, to_pay_minor })
    };
    let mut totals = text.split(';').filter(|part| !part.is_empty()).map(one).collect::<Option<Vec<_>>>()?;
    totals.sort();
    Some(totals)
}

impl Batch {
    fn of(record: &str) -> Option<Self> {
        let fields: Vec<&str> = record.split('|').collect();
        // Terms may price nothing of a transaction.
        let items = fields.last()?.split(',').filter(|item| !item.is_empty());
        let items = items.map(Basis::parse).collect::<Option<Vec<_>>>()?;
        Some(Self {
            partner: (*fields.get(1)?).to_owned(),
            currency: iso_currency::Currency::from_code(fields.get(3)?).map(|code| Currency(code.numeric())),
            stated: Direction::parse(fields.get(5)?),
            items,
        })
    }

    /// The amounts stand at the end of a record, whatever the layout version has before them.
    fn line(&self, kind: &str, record: &str) -> Option<SentLine> {
        let fields: Vec<&str> = record.split('|').collect();
        let number = |from_end: usize| -> Option<i64> {
            fields.get(fields.len().checked_sub(from_end)?)?.parse().ok()
        };
        let basis = |field: usize| fields.get(field).copied().and_then(Basis::parse);
        let items = match kind {
            "TX" | "AJ" => {
                let count = self.items.len();
                let item = |(place, basis): (usize, &Basis)| {
                    let first = 1 + 3 * (count - place);
                    Some(AdjustedItem {
                        basis: Some(*basis),
                        quantity: number(first)?,
                        net_minor: number(first - 1)?,
                        vat_minor: number(first - 2)?,
                    })
                };
                self.items.iter().enumerate().map(item).collect::<Option<Vec<_>>>()?
            }
            "CH" => vec![AdjustedItem {
                basis: basis(2),
                quantity: number(4)?,
                net_minor: number(3)?,
                vat_minor: number(2)?,
            }],
            "PP" => {
                vec![AdjustedItem {
                    basis: basis(2),
                    quantity: 0,
                    net_minor: number(3)?,
                    vat_minor: number(2)?,
                }]
            }
            "RD" => vec![AdjustedItem { basis: None, quantity: 0, net_minor: number(1)?, vat_minor: 0 }],
            "VD" => vec![AdjustedItem { basis: None, quantity: 0, net_minor: 0, vat_minor: number(1)? }],
            _ => return None,
        };
        Some(SentLine {
            partner: self.partner.clone(),
            currency: self.currency?,
            stated: self.stated?,
            items,
            record: record.to_owned(),
        })
    }
}

/// A line of a published file of these bytes, by its id.
pub fn line_in_file(path: &Path, sha256: &[u8; 32], line: &str) -> Option<SentLine> {
    read(path, sha256, &BTreeSet::from([line.to_owned()]))?.lines.remove(line)
}
