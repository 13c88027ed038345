//! Published files with what their receivers have answered.

use std::collections::BTreeMap;

use domain::reconciliation::Whose;
use domain::settlement::Direction;
use domain::{AnswerOutcome, BankId, CycleId, DisputeCode, PartnerId, ProgramId};
use jiff::{Timestamp, civil::Date};
use tokio_postgres::Row;

use crate::acknowledgements::disputes::DISPUTE_STATE;
use crate::{Pool, StoreError, error::damaged};

/// A published edition and what was answered to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredFile {
    /// The receiver.
    pub receiver: String,
    /// Whose it is.
    pub of: Whose,
    /// The id in its header.
    pub file_id: String,
    /// Its place among the receiver's files.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// The business date.
    pub business_date: Date,
    /// Until when it must be answered; `None`: its receiver need not.
    pub due_at: Option<Timestamp>,
    /// Answers that count, in the order in which they came.
    pub answers: Vec<CountedAnswer>,
    /// Lines that are disputed.
    pub disputes: Vec<DisputedOfFile>,
}

/// An answer that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedAnswer {
    /// The receiver's number.
    pub number: i32,
    /// What it came to.
    pub outcome: AnswerOutcome,
    /// Whether the number before it has come.
    pub follows: bool,
}

/// A disputed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputedOfFile {
    /// Our id of the line.
    pub line_id: String,
    /// What is wrong with it.
    pub code: DisputeCode,
    /// Net and tax that the receiver has.
    pub theirs: Option<(i64, i64)>,
    /// Net and tax of ours.
    pub ours: (i64, i64),
    /// How many items have a tax.
    pub taxed: u32,
    /// The words of the items that are not nothing; empty for what is no item.
    pub bases: Vec<String>,
    /// Whether it is a charge.
    pub is_charge: bool,
    /// ISO 4217, numeric.
    pub currency: u16,
    /// Whether that is another one than the program's.
    pub is_converted: bool,
    /// In which direction the amounts are stated.
    pub stated: Direction,
    /// The partner.
    pub partner: PartnerId,
    /// Whether two people have decided.
    pub is_decided: bool,
}

/// Editions of business dates from `from` on.
pub async fn answered_files(pool: &Pool, from: Date) -> Result<Vec<AnsweredFile>, StoreError> {
    let client = pool.get().await?;
    let text = "SELECT f.receiver, p.program_id, p.bank_id, c.cycle_id, f.sequence, f.revision, c.business_date, e.due_at, \
                (SELECT partner_id FROM partner WHERE code = f.receiver), \
                f.receiver || '-' || p.code || '-' || lpad(c.sequence::text, greatest(6, length(c.sequence::text)), '0') \
                || '-' || f.revision \
                FROM settlement_file f JOIN settlement_cycle c USING (cycle_id) JOIN program p USING (program_id) \
                LEFT JOIN settlement_expected e ON e.receiver = f.receiver AND e.file_sequence = f.sequence \
                AND e.revision = f.revision WHERE f.published AND c.business_date >= $1 \
                ORDER BY f.receiver, f.sequence, f.revision";
    let rows = client.query(text, &[&from]).await?;
    let mut files = rows.iter().map(file).collect::<Result<Vec<_>, _>>()?;
    let places: BTreeMap<(String, i32, i32), usize> = (files.iter().enumerate())
        .map(|(place, file)| ((file.receiver.clone(), file.sequence, file.revision), place))
        .collect();
    let text = "SELECT receiver, file_sequence, revision, number, outcome, number = 1 OR EXISTS (SELECT FROM \
                settlement_answer b WHERE b.receiver = a.receiver AND b.number = a.number - 1) FROM settlement_answer a \
                WHERE number IS NOT NULL AND file_sequence IS NOT NULL ORDER BY answer_id";
    for row in client.query(text, &[]).await? {
        let key = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if let Some(file) = places.get(&key).and_then(|place| files.get_mut(*place)) {
            file.answers.push(answer(&row)?);
        }
    }
    let text = format!(
        "SELECT d.receiver, d.file_sequence, d.revision, d.line_id, d.code, d.their_net_minor, d.their_vat_minor, \
         d.partner_id, d.currency, d.stated, {DISPUTE_STATE}, d.record LIKE 'CH|%', d.currency <> p.currency, \
         coalesce(i.net, 0)::bigint, coalesce(i.vat, 0)::bigint, coalesce(i.taxed, 0)::int, coalesce(i.bases, '{{}}') \
         FROM settlement_dispute d JOIN program p USING (program_id) LEFT JOIN LATERAL (SELECT sum(net_minor) AS net, \
         sum(vat_minor) AS vat, count(*) FILTER (WHERE vat_minor <> 0) AS taxed, \
         array_agg(coalesce(basis, '')) FILTER (WHERE net_minor <> 0 OR vat_minor <> 0) AS bases \
         FROM settlement_dispute_item i WHERE i.dispute_id = d.dispute_id) i ON true ORDER BY d.dispute_id"
    );
    for row in client.query(text.as_str(), &[]).await? {
        let key = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if let Some(file) = places.get(&key).and_then(|place| files.get_mut(*place)) {
            file.disputes.push(dispute(&row)?);
        }
    }
    Ok(files)
}

fn file(row: &Row) -> Result<AnsweredFile, StoreError> {
    let partner: Option<i32> = row.try_get(8)?;
    Ok(AnsweredFile {
        receiver: row.try_get(0)?,
        of: Whose {
            program: Some(ProgramId(row.try_get(1)?)),
            bank: Some(BankId(row.try_get(2)?)),
            partner: partner.map(PartnerId),
            cycle: Some(CycleId(row.try_get(3)?)),
        },
        file_id: row.try_get(9)?,
        sequence: row.try_get(4)?,
        revision: row.try_get(5)?,
        business_date: row.try_get(6)?,
        due_at: row.try_get(7)?,
        answers: Vec::new(),
        disputes: Vec::new(),
    })
}

fn answer(row: &Row) -> Result<CountedAnswer, StoreError> {
    let outcome: &str = row.try_get(4)?;
    Ok(CountedAnswer {
        number: row.try_get(3)?,
        outcome: AnswerOutcome::parse(outcome).ok_or_else(|| damaged("outcome of an answer", outcome))?,
        follows: row.try_get(5)?,
    })
}

fn dispute(row: &Row) -> Result<DisputedOfFile, StoreError> {
    let (code, stated, state): (&str, &str, &str) = (row.try_get(4)?, row.try_get(9)?, row.try_get(10)?);
    let (net, vat): (Option<i64>, Option<i64>) = (row.try_get(5)?, row.try_get(6)?);
    let (currency, taxed): (i32, i32) = (row.try_get(8)?, row.try_get(15)?);
    Ok(DisputedOfFile {
        line_id: row.try_get(3)?,
        code: DisputeCode::parse(code).ok_or_else(|| damaged("code of a dispute", code))?,
        theirs: net.zip(vat),
        ours: (row.try_get(13)?, row.try_get(14)?),
        taxed: u32::try_from(taxed).unwrap_or(0),
        bases: row.try_get(16)?,
        is_charge: row.try_get(11)?,
        currency: u16::try_from(currency).map_err(|_| damaged("currency", currency))?,
        is_converted: row.try_get(12)?,
        stated: Direction::parse(stated).ok_or_else(|| damaged("direction", stated))?,
        partner: PartnerId(row.try_get(7)?),
        is_decided: !["open", "proposed"].contains(&state),
    })
}

/// The last answer of a receiver that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadAnswer {
    /// Who sent it.
    pub receiver: String,
    /// Whose it is.
    pub of: Whose,
    /// When it came.
    pub date: Date,
    /// What is wrong with it.
    pub problem: String,
    /// Whether one that counts came after it.
    pub is_followed: bool,
}

/// Answers that could not be read, that came since `from`: the last one of each receiver.
pub async fn unread_answers(pool: &Pool, from: Date) -> Result<Vec<UnreadAnswer>, StoreError> {
    let text = "SELECT DISTINCT ON (a.receiver) a.receiver, (SELECT partner_id FROM partner WHERE code = a.receiver), \
                a.received_at::date, a.problem, EXISTS (SELECT FROM settlement_answer l WHERE l.receiver = a.receiver \
                AND l.number IS NOT NULL AND l.answer_id > a.answer_id) FROM settlement_answer a \
                WHERE a.number IS NULL AND a.outcome = 'unreadable' AND a.received_at >= $1::date \
                ORDER BY a.receiver, a.answer_id DESC";
    let rows = pool.get().await?.query(text, &[&from]).await?;
    let unread = |row: &Row| {
        let partner: Option<i32> = row.try_get(1)?;
        Ok(UnreadAnswer {
            receiver: row.try_get(0)?,
            of: Whose { partner: partner.map(PartnerId), ..Whose::default() },
            date: row.try_get(2)?,
            problem: row.try_get(3)?,
            is_followed: row.try_get(4)?,
        })
    };
    rows.iter().map(unread).collect()
}
