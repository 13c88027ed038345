//! Clearing files: each is taken once, whatever it is called when it comes again, and in the order of its series.

mod series;

use domain::BankId;
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use tokio_postgres::{Row, Transaction, types::ToSql};

use crate::{
    Pool, StoreError,
    audit::{self, AuditEntry},
};

/// The class of the advisory locks under which the files of one bank are looked at one after the other.
const LOCK_CLASS: i32 = 0x636c_6561;

/// What stands for a file: its content under its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingFileKey {
    /// The bank that sent it.
    pub bank: BankId,
    /// Its id.
    pub file_id: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// A file as it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingArrival {
    /// What stands for it.
    pub key: ClearingFileKey,
    /// As it is called; never with a card number.
    pub name: String,
    /// `csv`, `ipm` or `ctf`.
    pub format: String,
    /// Files of one series are numbered one after the other; empty if it is in none.
    pub series: String,
    /// The date that begins the series again.
    pub series_date: Option<Date>,
    /// Its number.
    pub sequence: Option<i32>,
    /// When it came.
    pub received_at: Timestamp,
    /// Whether an operator says that it is another file than the one with the same bytes.
    pub accept_same_content: bool,
}

/// What is known of a file that is about to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClearingFileState {
    /// Nothing of it is booked: it is now written down as received.
    New,
    /// It was checked, and its records were not all answered: they are safe to send again.
    Unfinished,
    /// Taken before.
    Taken,
    /// The same id came with other bytes.
    Altered,
    /// The same bytes came under another id.
    Renamed {
        /// The id under which they came first.
        first_id: String,
    },
    /// Another file of its series has its number.
    NumberTaken {
        /// The id of that file.
        first_id: String,
    },
    /// Files before it are missing.
    Gap {
        /// The number that is next.
        expected: i32,
    },
    /// As new; it comes late, and the number before it has not come either.
    Late {
        /// The number that has not come.
        missing: i32,
    },
}

/// Why a file was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingFileReason {
    /// A stable code.
    pub code: String,
    /// In words, without card numbers.
    pub told: String,
    /// The record at fault, if it is one.
    pub record: Option<u64>,
}

/// What an operator accepted nevertheless.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClearingFileConsent {
    /// The codes, such as `gap:6-8 totals`; empty if nothing had to be accepted.
    pub codes: String,
    /// Who accepted.
    pub by: String,
}

/// What is in a file that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClearingFileCounts {
    /// Records, without those that only frame the file.
    pub records: u64,
    /// Of them fees, which move no loyalty.
    pub fees: u64,
    /// Of them records that tell nothing of a purchase.
    pub passed_over: u64,
}

/// What became of the records of a file beside those that were booked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClearingFileOutcome {
    /// Records that were put aside for a person.
    pub put_aside: u64,
    /// Records that had come before.
    pub already_known: u64,
    /// Of them records that differ from the one that was taken.
    pub differing: u64,
    /// In words, without card numbers; empty if nobody has to look.
    pub told: String,
}

/// A file in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearingFileRow {
    /// The code of the bank.
    pub bank: String,
    /// Its id.
    pub file_id: String,
    /// Its number in its series.
    pub sequence: Option<i32>,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// As it was called.
    pub name: String,
    /// `csv`, `ipm` or `ctf`.
    pub format: String,
    /// `received`, `checked`, `taken` or `quarantined`.
    pub state: String,
    /// Records in it, without those that only frame it.
    pub records: i64,
    /// Of them fees, which move no loyalty.
    pub fees: i64,
    /// Of them records that tell nothing of a purchase.
    pub passed_over: i64,
    /// Of them records that were put aside while the others were booked.
    pub put_aside: i64,
    /// Of them records that had come before.
    pub already_known: i64,
    /// Of these, records that differ from the one that was taken.
    pub differing: i64,
    /// Why it was put aside.
    pub reason: String,
    /// The same in words, or what a person has to look at.
    pub told: String,
    /// What an operator accepted.
    pub accepted: String,
    /// Who accepted.
    pub accepted_by: String,
    /// When it came last.
    pub received_at: Timestamp,
}

/// Writes a file down before anything of it is read, or says what is known of it. `accept_gap`: files before it may
/// be missing.
pub async fn receive_clearing_file(
    pool: &Pool,
    arrival: &ClearingArrival,
    accept_gap: bool,
) -> Result<ClearingFileState, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let bank = arrival.key.bank.0;
    transaction.execute("SELECT pg_advisory_xact_lock($1, $2)", &[&LOCK_CLASS, &bank]).await?;
    let state = seen(&transaction, arrival, accept_gap).await?;
    if !matches!(state, ClearingFileState::Unfinished | ClearingFileState::Taken) {
        write_down(&transaction, arrival).await?;
    }
    transaction.commit().await?;
    Ok(state)
}

async fn seen(
    transaction: &Transaction<'_>,
    arrival: &ClearingArrival,
    accept_gap: bool,
) -> Result<ClearingFileState, StoreError> {
    match known(transaction, &arrival.key).await? {
        Some(ClearingFileState::Renamed { .. }) if arrival.accept_same_content => {
            in_series(transaction, arrival, accept_gap).await
        }
        Some(state) => Ok(state),
        None => in_series(transaction, arrival, accept_gap).await,
    }
}

/// What files that are booked, or being booked, say of this one.
async fn known(
    transaction: &Transaction<'_>,
    key: &ClearingFileKey,
) -> Result<Option<ClearingFileState>, StoreError> {
    let text = "SELECT file_id, sha256, state FROM clearing_file WHERE bank_id = $1 AND (file_id = $2 OR sha256 = $3) \
                AND state IN ('checked', 'taken') ORDER BY (file_id = $2) DESC LIMIT 1";
    let hash = key.sha256.as_slice();
    let Some(row) = transaction.query_opt(text, &[&key.bank.0, &key.file_id, &hash]).await? else {
        return Ok(None);
    };
    let (file_id, sha256, state): (String, Vec<u8>, String) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    Ok(Some(match (file_id == key.file_id, sha256 == hash, state.as_str()) {
        (true, true, "taken") => ClearingFileState::Taken,
        (true, true, _) => ClearingFileState::Unfinished,
        (true, false, _) => ClearingFileState::Altered,
        (false, ..) => ClearingFileState::Renamed { first_id: file_id },
    }))
}

async fn in_series(
    transaction: &Transaction<'_>,
    arrival: &ClearingArrival,
    accept_gap: bool,
) -> Result<ClearingFileState, StoreError> {
    let (Some(sequence), false) = (arrival.sequence, arrival.series.is_empty()) else {
        return Ok(ClearingFileState::New);
    };
    let bank = arrival.key.bank.0;
    let same = "SELECT file_id FROM clearing_file WHERE bank_id = $1 AND series = $2 AND sequence = $3 \
                AND series_date IS NOT DISTINCT FROM $4 AND state IN ('checked', 'taken') LIMIT 1";
    let same =
        transaction.query_opt(same, &[&bank, &arrival.series, &sequence, &arrival.series_date]).await?;
    if let Some(row) = same {
        return Ok(ClearingFileState::NumberTaken { first_id: row.try_get(0)? });
    }
    let last = "SELECT series_date, sequence FROM clearing_file WHERE bank_id = $1 AND series = $2 \
                AND sequence IS NOT NULL AND state IN ('checked', 'taken') \
                ORDER BY series_date DESC NULLS LAST, sequence DESC LIMIT 1";
    let last = transaction.query_opt(last, &[&bank, &arrival.series]).await?;
    let last = last.map(|row| Ok::<_, StoreError>((row.try_get(0)?, row.try_get(1)?))).transpose()?;
    if let Some(expected) = series::gap(last, (arrival.series_date, sequence)).filter(|_| !accept_gap) {
        return Ok(ClearingFileState::Gap { expected });
    }
    late(transaction, arrival, sequence).await
}

/// A mistyped number behind an accepted gap makes every file that follows a late one: what is missing before such a
/// file is told nevertheless.
async fn late(
    transaction: &Transaction<'_>,
    arrival: &ClearingArrival,
    sequence: i32,
) -> Result<ClearingFileState, StoreError> {
    let text = "SELECT max(sequence) FILTER (WHERE sequence < $4), count(*) FILTER (WHERE sequence > $4) \
                FROM clearing_file WHERE bank_id = $1 AND series = $2 AND series_date IS NOT DISTINCT FROM $3 \
                AND state IN ('checked', 'taken')";
    let parameters: [&(dyn ToSql + Sync); 4] =
        [&arrival.key.bank.0, &arrival.series, &arrival.series_date, &sequence];
    let row = transaction.query_one(text, &parameters).await?;
    let (before, behind): (Option<i32>, i64) = (row.try_get(0)?, row.try_get(1)?);
    let due = before.map(|before| before.saturating_add(1));
    Ok(match due.filter(|due| behind > 0 && *due < sequence) {
        Some(missing) => ClearingFileState::Late { missing },
        None => ClearingFileState::New,
    })
}

/// Also a file that came before and was put aside is received again; one that is booked stays as it is.
async fn write_down(transaction: &Transaction<'_>, arrival: &ClearingArrival) -> Result<(), StoreError> {
    let text = "INSERT INTO clearing_file (bank_id, file_id, sha256, sequence, records, state, name, format, series, \
                series_date, received_at) VALUES ($1, $2, $3, $4, 0, 'received', $5, $6, $7, $8, $9) \
                ON CONFLICT (bank_id, file_id, sha256) DO UPDATE SET state = 'received', name = excluded.name, \
                sequence = excluded.sequence, series = excluded.series, series_date = excluded.series_date, \
                reason = '', told = '', at_record = NULL, \
                received_at = excluded.received_at WHERE clearing_file.state IN ('received', 'quarantined')";
    let ClearingArrival { key, name, format, series, series_date, sequence, received_at, .. } = arrival;
    let (bank, hash) = (key.bank.0, key.sha256.as_slice());
    transaction
        .execute(
            text,
            &[&bank, &key.file_id, &hash, sequence, name, format, series, series_date, received_at],
        )
        .await?;
    Ok(())
}

/// Writes down that all of a file can be read, before the first of its records is sent. What other imports did since
/// the file was received counts: the answer is `New` if this one may go on, else what is known of the file now;
/// `Unfinished` if another import of the same file is under way.
pub async fn check_clearing_file(
    pool: &Pool,
    arrival: &ClearingArrival,
    counts: ClearingFileCounts,
    consent: &ClearingFileConsent,
) -> Result<ClearingFileState, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let bank = arrival.key.bank.0;
    transaction.execute("SELECT pg_advisory_xact_lock($1, $2)", &[&LOCK_CLASS, &bank]).await?;
    // A gap was told or accepted when the file came; it can only have become smaller.
    let state = match seen(&transaction, arrival, true).await? {
        ClearingFileState::New | ClearingFileState::Late { .. } => {
            match mark_checked(&transaction, &arrival.key, counts, consent).await? {
                1 => {
                    imported(&transaction, arrival, counts, consent).await?;
                    accepted(&transaction, &arrival.key, consent).await?;
                    ClearingFileState::New
                }
                _ => ClearingFileState::Unfinished,
            }
        }
        other => other,
    };
    transaction.commit().await?;
    Ok(state)
}

/// Leaves the entry of whoever has imported a file.
async fn imported(
    transaction: &Transaction<'_>,
    arrival: &ClearingArrival,
    counts: ClearingFileCounts,
    consent: &ClearingFileConsent,
) -> Result<(), StoreError> {
    if consent.by.is_empty() {
        return Ok(());
    }
    let is = json!({ "bank": arrival.key.bank.0, "name": arrival.name, "sha256": hex::encode(arrival.key.sha256),
                     "records": counts.records });
    let entry = AuditEntry::new(&consent.by, "clearing.import", "clearing_file", &arrival.key.file_id).to(is);
    audit::record(transaction, &entry).await
}

/// Leaves the entry of whoever has accepted what is wrong with a file.
async fn accepted(
    transaction: &Transaction<'_>,
    key: &ClearingFileKey,
    consent: &ClearingFileConsent,
) -> Result<(), StoreError> {
    if consent.codes.is_empty() || consent.by.is_empty() {
        return Ok(());
    }
    let is = json!({ "bank": key.bank.0, "accepted": consent.codes });
    let entry = AuditEntry::new(&consent.by, "clearing.accept", "clearing_file", &key.file_id).to(is);
    audit::record(transaction, &entry).await
}

async fn mark_checked(
    transaction: &Transaction<'_>,
    key: &ClearingFileKey,
    counts: ClearingFileCounts,
    consent: &ClearingFileConsent,
) -> Result<u64, StoreError> {
    let text = "UPDATE clearing_file SET state = 'checked', records = $4, fees = $5, passed_over = $6, accepted = $7, \
                accepted_by = $8 WHERE bank_id = $1 AND file_id = $2 AND sha256 = $3 AND state = 'received'";
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (records, fees, passed) = (number(counts.records), number(counts.fees), number(counts.passed_over));
    let hash = key.sha256.as_slice();
    let parameters: [&(dyn ToSql + Sync); 8] =
        [&key.bank.0, &key.file_id, &hash, &records, &fees, &passed, &consent.codes, &consent.by];
    Ok(transaction.execute(text, &parameters).await?)
}

/// Marks a file as taken if every record has been answered. With records put aside it stays `checked`: another import
/// of it sends them again. `false`: it was neither checked nor taken.
pub async fn finish_clearing_file(
    pool: &Pool,
    key: &ClearingFileKey,
    outcome: &ClearingFileOutcome,
) -> Result<bool, StoreError> {
    let text = "UPDATE clearing_file SET state = CASE WHEN $4::bigint = 0 THEN 'taken' ELSE state END, \
                put_aside = $4, already_known = $5, differing = $6, told = $7 \
                WHERE bank_id = $1 AND file_id = $2 AND sha256 = $3 AND state IN ('checked', 'taken')";
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let counts = [outcome.put_aside, outcome.already_known, outcome.differing].map(number);
    let [put_aside, already_known, differing] = &counts;
    let hash = key.sha256.as_slice();
    let parameters: [&(dyn ToSql + Sync); 7] =
        [&key.bank.0, &key.file_id, &hash, put_aside, already_known, differing, &outcome.told];
    Ok(pool.get().await?.execute(text, &parameters).await? > 0)
}

/// Puts a file aside of which nothing is booked. `false`: something is, by another import.
pub async fn quarantine_clearing_file(
    pool: &Pool,
    key: &ClearingFileKey,
    reason: &ClearingFileReason,
) -> Result<bool, StoreError> {
    let text = "UPDATE clearing_file SET state = 'quarantined', reason = $4, told = $5, at_record = $6 WHERE bank_id = $1 AND file_id = $2 AND sha256 = $3 AND state = 'received'";
    let record = reason.record.and_then(|record| i64::try_from(record).ok());
    let hash = key.sha256.as_slice();
    let client = pool.get().await?;
    let parameters: [&(dyn ToSql + Sync); 6] =
        [&key.bank.0, &key.file_id, &hash, &reason.code, &reason.told, &record];
    Ok(client.execute(text, &parameters).await? > 0)
}

/// The files that came last, the newest first, at most `limit`.
pub async fn clearing_files(pool: &Pool, limit: u32) -> Result<Vec<ClearingFileRow>, StoreError> {
    let text = "SELECT b.code, f.file_id, f.sequence, f.sha256, f.name, f.format, f.state, f.records, f.fees, \
                f.passed_over, f.reason, f.told, f.accepted, f.accepted_by, f.received_at, f.put_aside, f.already_known, f.differing FROM clearing_file f JOIN bank b USING (bank_id) \
                ORDER BY f.received_at DESC, b.code, f.file_id LIMIT $1";
    let rows = pool.get().await?.query(text, &[&i64::from(limit)]).await?;
    rows.iter().map(listed).collect()
}

fn listed(row: &Row) -> Result<ClearingFileRow, StoreError> {
    Ok(ClearingFileRow {
        bank: row.try_get(0)?,
        file_id: row.try_get(1)?,
        sequence: row.try_get(2)?,
        sha256: row.try_get(3)?,
        name: row.try_get(4)?,
        format: row.try_get(5)?,
        state: row.try_get(6)?,
        records: row.try_get(7)?,
        fees: row.try_get(8)?,
        passed_over: row.try_get(9)?,
        reason: row.try_get(10)?,
        told: row.try_get(11)?,
        accepted: row.try_get(12)?,
        accepted_by: row.try_get(13)?,
        received_at: row.try_get(14)?,
        put_aside: row.try_get(15)?,
        already_known: row.try_get(16)?,
        differing: row.try_get(17)?,
    })
}
