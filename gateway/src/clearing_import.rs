//! Clearing by file: the same events as online clearing, each file and each presentment once.

use std::io::Read;

use aws_lc_rs::digest::{SHA256, digest};
use domain::{
    Bucket, ClearingSource, Content, Event, EventKind, Merchant, OriginalRef, References, TransactionKind,
};
use iso8583::Pan;
use jiff::{Timestamp, civil::DateTime};
use serde::Deserialize;
use store::{ClearingFileState, MessageRecord};

use crate::{
    CardKeys, Gateway, LaneAnswer, Link,
    enrollment::{at_line, csv_problem},
    router,
    translate::{Translated, currency_code, message_key},
};

/// A file of more records is split by the bank.
const RECORDS_MAX: usize = 2_000_000;
/// A file of more bytes is refused before it is read.
const BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Errors that are listed before reading stops.
const ERRORS_MAX: usize = 20;
/// Records that wait for their COMMIT at once: two full batches.
const IN_FLIGHT_MAX: usize = 512;
/// How often a record is sent again while the database is away.
const ATTEMPTS_MAX: u32 = 20;

/// Why a clearing file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read.
    #[error("the clearing file cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// The bank clears otherwise.
    #[error(
        "{bank} declares {declared} as its clearing source; a file of it is not taken. Change clearing_source or send it online"
    )]
    AnotherSource {
        /// The bank.
        bank: String,
        /// What it declares.
        declared: &'static str,
    },
    /// Lines that cannot be used; nothing of the file was taken.
    #[error("the clearing file was not taken, the bank must mend these lines:\n{}", .0.join("\n"))]
    Lines(Vec<String>),
    /// The same file id came with other bytes.
    #[error("file {0:?} was imported before with other content: a corrected file needs an id of its own")]
    Altered(String),
    /// The same bytes came under another id.
    #[error("these bytes were imported before as {first_id:?}: a file is taken once, whatever it is called")]
    Renamed {
        /// The first id.
        first_id: String,
    },
    /// The database failed.
    #[error("the import stopped: {0}. Run it again: what is stored is not booked twice")]
    Store(#[from] store::StoreError),
    /// Some records were not stored.
    #[error("{unanswered} records were not stored. Run the import again: what is stored is not booked twice")]
    Unanswered {
        /// How many.
        unanswered: usize,
    },
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// Records in the file.
    pub records: usize,
    /// Records that were booked now.
    pub booked: usize,
    /// Records that had been answered before.
    pub repeated: usize,
    /// Records that were taken without anything to book, such as cards of no member.
    pub without_loyalty: usize,
    /// Records put aside for a person.
    pub quarantined: usize,
    /// Whether the whole file had been imported before.
    pub already_imported: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    kind: String,
    pan: String,
    amount_minor: u64,
    currency: String,
    billing_minor: Option<u64>,
    billing_currency: Option<String>,
    local_time: String,
    mcc: Option<u16>,
    acquirer: String,
    card_acceptor: String,
    terminal: String,
    retrieval: String,
    approval: String,
    arn: String,
    clearing_sequence: u16,
    reversal: bool,
}

/// Imports a clearing file of the link's bank.
pub async fn import_clearing(
    file: impl Read,
    file_id: &str,
    sequence: i32,
    link: &Link,
    gateway: &Gateway,
) -> Result<ImportReport, ImportError> {
    if link.clearing_source != ClearingSource::File {
        let declared = link.clearing_source.name();
        return Err(ImportError::AnotherSource { bank: link.code.clone(), declared });
    }
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > BYTES_MAX {
        return Err(ImportError::Lines(vec![format!("the file is larger than {BYTES_MAX} bytes; split it")]));
    }
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest(&SHA256, &bytes).as_ref()).for_each(|(to, from)| *to = *from);
    let records = read(&bytes, file_id, link, &gateway.keys, gateway.clock.now())?;
    let count = i32::try_from(records.len()).unwrap_or(i32::MAX);
    let mut report = ImportReport { records: records.len(), ..ImportReport::default() };
    match store::begin_clearing_file(&gateway.pool, link.bank, file_id, sequence, hash, count).await? {
        ClearingFileState::New | ClearingFileState::Unfinished => {}
        ClearingFileState::Imported => return Ok(ImportReport { already_imported: true, ..report }),
        ClearingFileState::Altered => return Err(ImportError::Altered(file_id.to_owned())),
        ClearingFileState::Renamed { first_id } => return Err(ImportError::Renamed { first_id }),
    }
    let mut waiting = std::collections::VecDeque::new();
    let mut unanswered = 0;
    for translated in records {
        let route = match gateway.router.known(&translated) {
            Some(route) => Some(route),
            None => gateway.router.look_up(&translated).await?,
        };
        let record = router::route(translated, route);
        let waiter = gateway.batcher.submit_patiently(record.clone()).await;
        waiting.push_back((record, waiter));
        if waiting.len() >= IN_FLIGHT_MAX
            && let Some((record, waiter)) = waiting.pop_front()
        {
            settle(gateway, record, waiter, &mut report, &mut unanswered).await;
        }
    }
    while let Some((record, waiter)) = waiting.pop_front() {
        settle(gateway, record, waiter, &mut report, &mut unanswered).await;
    }
    if unanswered > 0 {
        return Err(ImportError::Unanswered { unanswered });
    }
    store::finish_clearing_file(&gateway.pool, link.bank, file_id).await?;
    Ok(report)
}

type Waiter = Option<tokio::sync::oneshot::Receiver<LaneAnswer>>;

async fn settle(
    gateway: &Gateway,
    record: MessageRecord,
    mut waiter: Waiter,
    report: &mut ImportReport,
    unanswered: &mut usize,
) {
    for _ in 0..ATTEMPTS_MAX {
        let answer = match waiter.take() {
            Some(waiter) => waiter.await.unwrap_or(LaneAnswer::Unavailable),
            None => LaneAnswer::Unavailable,
        };
        match answer {
            LaneAnswer::Decided { repeated: true, .. } => report.repeated += 1,
            LaneAnswer::Decided { reply, .. } if reply.result.status == domain::ResultStatus::None => {
                report.without_loyalty += 1;
            }
            LaneAnswer::Decided { .. } => report.booked += 1,
            LaneAnswer::Quarantined => report.quarantined += 1,
            LaneAnswer::Unavailable => {
                waiter = gateway.batcher.submit_patiently(record.clone()).await;
                continue;
            }
        }
        return;
    }
    *unanswered += 1;
}

fn read(
    bytes: &[u8],
    file_id: &str,
    link: &Link,
    keys: &CardKeys,
    received_at: Timestamp,
) -> Result<Vec<Translated>, ImportError> {
    let (mut records, mut errors) = (Vec::new(), Vec::new());
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    for (index, line) in reader.deserialize::<Line>().enumerate() {
        let number = index + 2;
        if index >= RECORDS_MAX {
            errors.push(format!("line {number}: a file holds at most {RECORDS_MAX} records; split it"));
        }
        let record = match line {
            Err(error) => Err(csv_problem(&error)),
            Ok(line) => record(&line, file_id, index + 1, link, keys, received_at),
        };
        match record {
            Ok(record) => records.push(record),
            Err(problem) => errors.push(at_line(number, &problem)),
        }
        if errors.len() >= ERRORS_MAX {
            break;
        }
    }
    if errors.is_empty() { Ok(records) } else { Err(ImportError::Lines(errors)) }
}

fn record(
    line: &Line,
    file_id: &str,
    number: usize,
    link: &Link,
    keys: &CardKeys,
    received_at: Timestamp,
) -> Result<Translated, String> {
    let pan = Pan::parse(&line.pan).ok_or("column pan: expected 12 to 19 digits")?;
    if !link.bins.iter().any(|range| range.contains(&pan)) {
        return Err(format!("column pan: the card is in no BIN range of {}", link.code));
    }
    let transaction = match line.kind.as_str() {
        "purchase" => TransactionKind::Purchase,
        "cash" => TransactionKind::Cash,
        "refund" => TransactionKind::Refund,
        other => return Err(format!("column kind: expected purchase, cash or refund, found {other:?}")),
    };
    let currency_of = |column: &str, code: &str| {
        currency_code(code)
            .ok_or_else(|| format!("column {column}: expected a numeric code of ISO 4217 such as 643"))
    };
    let currency = currency_of("currency", &line.currency)?;
    let billing = match (line.billing_minor, line.billing_currency.as_deref().filter(|code| !code.is_empty()))
    {
        (Some(amount), Some(code)) => Some((amount, currency_of("billing_currency", code)?)),
        (None, None) => None,
        _ => return Err("columns billing_minor and billing_currency: give both or none".to_owned()),
    };
    if line.reversal && line.arn.is_empty() {
        return Err("column reversal: a reversal names its presentment by the column arn".to_owned());
    }
    let local: DateTime = line
        .local_time
        .parse()
        .map_err(|_| "column local_time: expected a time such as 2026-10-10T14:05:00".to_owned())?;
    let at = local
        .to_zoned(link.time_zone.clone())
        .map_err(|_| "column local_time: out of range".to_owned())?
        .timestamp();
    let key_text = format!("file|{}|{file_id}|{number}", link.code);
    let kind_letter = if transaction == TransactionKind::Refund { "refund" } else { "presentment" };
    let has_arn = !line.arn.is_empty();
    if !has_arn && line.retrieval.is_empty() {
        return Err(
            "columns arn and retrieval: give one, else the record cannot be known when it comes again"
                .to_owned(),
        );
    }
    // Without an acquirer reference, everything that a second copy of the record would repeat.
    let reference = match has_arn {
        true => line.arn.clone(),
        false => [
            line.acquirer.as_str(),
            &line.retrieval,
            &line.approval,
            &line.local_time,
            &line.amount_minor.to_string(),
        ]
        .join("/"),
    };
    let presentment = OriginalRef(format!("file:{reference}:{kind_letter}:{}", line.clearing_sequence));
    let unnamed = || OriginalRef(format!("file:{file_id}:{number}"));
    let kind = if line.reversal {
        EventKind::Reversal { remaining_minor: 0 }
    } else {
        EventKind::Clearing { source: ClearingSource::File, approved: true }
    };
    let event = Event {
        key: message_key(at, &key_text),
        bank: link.bank,
        bucket: Bucket::of_token(&[0; 32]),
        member: None,
        kind,
        transaction,
        amount_minor: line.amount_minor,
        currency,
        billing,
        merchant: Merchant {
            acquirer: line.acquirer.clone(),
            card_acceptor: line.card_acceptor.clone(),
            terminal: line.terminal.clone(),
            mcc: line.mcc,
        },
        local,
        references: References {
            own: if line.reversal { unnamed() } else { presentment.clone() },
            names: line.reversal.then(|| presentment.clone()),
            retrieval: (!line.retrieval.is_empty()).then(|| line.retrieval.clone()),
            presentment: Some(format!("{}:{}", presentment.0, line.reversal)),
            arn: (!line.arn.is_empty()).then(|| line.arn.clone()),
            life_cycle: None,
        },
        content: content(line),
        received_at,
    };
    let record = MessageRecord {
        event,
        source: file_id.to_owned(),
        mti: if line.reversal { "file-reversal" } else { "file" }.to_owned(),
        stan: String::new(),
        transmitted: String::new(),
        approval: line.approval.clone(),
        arn: line.arn.clone(),
        last4: pan.last4().to_owned(),
        bank_date: link.bank_date(None, received_at),
        audit_mac: keys.audit_mac(&key_text),
        key_text,
    };
    Ok(Translated::new(keys.tokens(&pan), pan, record))
}

fn content(line: &Line) -> Content {
    Content(vec![
        ("kind", line.kind.clone()),
        ("amount", line.amount_minor.to_string()),
        ("currency", line.currency.clone()),
        ("billing", line.billing_minor.map(|amount| amount.to_string()).unwrap_or_default()),
        ("arn", line.arn.clone()),
        ("reversal", line.reversal.to_string()),
    ])
}
