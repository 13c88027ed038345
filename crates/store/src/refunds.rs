//! Refunds that came without their purchase, the purchases that they may take back, and what staff decided about them.

use domain::{
    AccountId, BankId, Bucket, MatchParts, MemberRef, Merchant, MessageKey, PurchaseAt, RefundCandidate,
    RefundDecisionId, RefundVerdict, refund_candidate_days, refund_candidates, refund_likenesses,
    refund_verdict,
};
use jiff::{
    Timestamp,
    civil::{Date, DateTime, date},
};
use serde_json::json;
use tokio_postgres::{GenericClient, Row, Transaction, error::SqlState};

use crate::{
    AccountPlace, Pool, StoreError,
    audit::{self, AuditEntry},
    batch::load::purchase_from,
    columns::{bucket, message_key, message_key_if_any},
    error::damaged,
    sql,
};

/// A refund with the message that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoneRefund {
    /// Whose it is.
    pub place: AccountPlace,
    /// The purchase that it has opened, and its merchant.
    pub at: PurchaseAt,
    /// When it came.
    pub received_at: Timestamp,
    /// Today in the program's zone.
    pub today: Date,
    /// The last four digits of the card number.
    pub last4: String,
    /// The cardholder's local date and time.
    pub local: DateTime,
    /// DE11.
    pub stan: String,
    /// DE7 as it was sent.
    pub transmitted: String,
    /// DE37.
    pub retrieval: String,
    /// DE38.
    pub approval: String,
    /// The acquirer reference number.
    pub arn: String,
    /// A decision of staff waits to be booked.
    pub is_decided: bool,
}

/// Which refunds are read: those that came within these instants, the first one included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameWithin {
    /// The first instant.
    pub since: Timestamp,
    /// The instant behind the last.
    pub until: Timestamp,
}

/// A decision of staff about a refund, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefundDecision<'a> {
    /// Where its rows lie.
    pub bucket: Bucket,
    /// The refund.
    pub refund: MessageKey,
    /// What it takes back; `None`: it stands alone.
    pub purchase: Option<MessageKey>,
    /// What they have in common.
    pub parts: MatchParts,
    /// Why.
    pub reason: &'a str,
    /// Who.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

/// A decision of staff about a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundDecision {
    /// Its number.
    pub id: RefundDecisionId,
    /// Where its rows lie.
    pub bucket: Bucket,
    /// The refund.
    pub refund: MessageKey,
    /// What it takes back; `None`: it stands alone.
    pub purchase: Option<MessageKey>,
    /// What they had in common.
    pub parts: MatchParts,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What came of it, once it is booked: the code of a reason.
    pub result: Option<String>,
}

/// What is read of a refund; its columns begin as those of [`sql::PURCHASES`].
const LONE: &str = concat!(
    "SELECT p.bucket, p.purchase_key, ",
    sql::purchase_columns!(),
    ", p.bank_id, m.acquirer, m.card_acceptor, m.terminal, m.mcc, m.received_at, \
     ($1::timestamptz AT TIME ZONE g.time_zone)::date, m.last4, \
     EXISTS (SELECT 1 FROM refund_decision d WHERE d.refund_bucket = p.bucket AND d.refund_key = p.purchase_key \
             AND d.booked_at IS NULL), m.local_time, m.stan, m.transmitted, m.retrieval, m.approval, m.arn \
     FROM purchase p JOIN program g ON g.program_id = p.program_id \
     JOIN message m ON m.bucket = p.bucket AND m.message_key = p.purchase_key AND m.counted_minor < 0"
);

/// The first column behind those of [`sql::PURCHASES`].
const BESIDE: usize = 2 + sql::PURCHASE_COLUMNS;

/// At most `max` refunds that stand alone and about which nobody has decided, oldest first, behind the last one seen.
pub async fn lone_refunds(
    pool: &Pool,
    now: Timestamp,
    came: CameWithin,
    after: Option<(Date, Bucket, MessageKey)>,
    max: u16,
) -> Result<Vec<LoneRefund>, StoreError> {
    let text = format!(
        "{LONE} WHERE p.refunded_minor > 0 AND p.cleared_minor = 0 AND p.hold = 'none' AND p.refund_match IS NULL \
         AND (p.purchase_date, p.bucket, p.purchase_key) > ($2, $3, $4) \
         AND m.received_at >= $5 AND m.received_at < $6 \
         ORDER BY p.purchase_date, p.bucket, p.purchase_key LIMIT $7"
    );
    let (day, from, key) = match after {
        Some((day, bucket, key)) => (day, i32::from(bucket.number()), key.as_bytes().to_vec()),
        None => (date(1, 1, 1), -1, Vec::new()),
    };
    let client = pool.get().await?;
    let rows = client
        .query(text.as_str(), &[&now, &day, &from, &key, &came.since, &came.until, &i64::from(max)])
        .await?;
    rows.iter().map(lone_refund_from).collect()
}

/// A refund that has opened a purchase, whatever became of it since; `None` if no refund has this key.
pub async fn lone_refund(
    pool: &Pool,
    now: Timestamp,
    bucket: Bucket,
    key: MessageKey,
) -> Result<Option<LoneRefund>, StoreError> {
    lone_refund_in(&*pool.get().await?, now, bucket, key).await
}

/// The same on somebody's connection or in somebody's transaction.
pub async fn lone_refund_in(
    client: &impl GenericClient,
    now: Timestamp,
    bucket: Bucket,
    key: MessageKey,
) -> Result<Option<LoneRefund>, StoreError> {
    let text = format!("{LONE} WHERE p.bucket = $2 AND p.purchase_key = $3");
    let number = i32::from(bucket.number());
    let row = client.query_opt(text.as_str(), &[&now, &number, &key.as_bytes().as_slice()]).await?;
    row.as_ref().map(lone_refund_from).transpose()
}

fn lone_refund_from(row: &Row) -> Result<LoneRefund, StoreError> {
    let at = purchase_at(row)?;
    let (account, program) = (at.purchase.account, at.purchase.program);
    Ok(LoneRefund {
        place: AccountPlace {
            bucket: bucket(row, 0)?,
            bank: BankId(row.try_get(BESIDE)?),
            member: MemberRef { account, program },
        },
        at,
        received_at: row.try_get(BESIDE + 5)?,
        today: row.try_get(BESIDE + 6)?,
        last4: row.try_get(BESIDE + 7)?,
        is_decided: row.try_get(BESIDE + 8)?,
        local: row.try_get(BESIDE + 9)?,
        stan: row.try_get(BESIDE + 10)?,
        transmitted: row.try_get(BESIDE + 11)?,
        retrieval: row.try_get(BESIDE + 12)?,
        approval: row.try_get(BESIDE + 13)?,
        arn: row.try_get(BESIDE + 14)?,
    })
}

fn purchase_at(row: &Row) -> Result<PurchaseAt, StoreError> {
    let text = |place: usize| row.try_get::<_, String>(BESIDE + place);
    let merchant = Merchant {
        acquirer: text(1)?,
        card_acceptor: text(2)?,
        terminal: text(3)?,
        mcc: text(4)?.parse().ok(),
        ..Merchant::default()
    };
    Ok(PurchaseAt { purchase: purchase_from(row, message_key(row, 1)?, 2)?, merchant })
}

/// So many purchases of one account are looked at, the latest first. Nobody has more in half a year but a test.
const CANDIDATES_MAX: i64 = 1_000;

/// The purchases of the refund's account that it may take back, by their dates.
pub async fn purchases_before_refund(
    client: &impl GenericClient,
    refund: &LoneRefund,
) -> Result<Vec<PurchaseAt>, StoreError> {
    let text = concat!(
        "SELECT p.bucket, p.purchase_key, ",
        sql::purchase_columns!(),
        ", p.bank_id, m.acquirer, m.card_acceptor, m.terminal, m.mcc \
         FROM purchase p JOIN message m ON m.bucket = p.bucket AND m.message_key = p.purchase_key \
         WHERE p.bucket = $1 AND p.account_id = $2 AND p.purchase_date BETWEEN $3 AND $4 AND p.purchase_key <> $5 \
         AND (p.cleared_minor > 0 OR p.hold = 'held') ORDER BY p.purchase_date DESC, p.purchase_key LIMIT $6"
    );
    let (first, last) = refund_candidate_days(&refund.at.purchase);
    let AccountId(account) = refund.place.member.account;
    let number = i32::from(refund.place.bucket.number());
    let own = refund.at.purchase.key.as_bytes().as_slice();
    let rows = client.query(text, &[&number, &account, &first, &last, &own, &CANDIDATES_MAX]).await?;
    rows.iter().map(purchase_at).collect()
}

/// Keeps a decision for the scheduler; `None` if another one about the refund waits already: the transaction must not be
/// committed then.
pub async fn decide_refund(
    transaction: &Transaction<'_>,
    decision: &NewRefundDecision<'_>,
) -> Result<Option<RefundDecisionId>, StoreError> {
    let text = "INSERT INTO refund_decision (refund_bucket, refund_key, purchase_key, parts, reason, decided_by, decided_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING decision_id";
    let number = i32::from(decision.bucket.number());
    let refund = decision.refund.as_bytes().as_slice();
    let purchase = decision.purchase.as_ref().map(|key| key.as_bytes().as_slice());
    let parts = decision.parts.to_text();
    let row = transaction
        .query_one(text, &[&number, &refund, &purchase, &parts, &decision.reason, &decision.by, &decision.at])
        .await;
    let id: i64 = match row {
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => return Ok(None),
        row => row?.try_get(0)?,
    };
    let object = format!("{}/{}", decision.bucket, decision.refund);
    let is = json!({ "decision": id, "purchase": decision.purchase.map(|key| key.to_string()) });
    let entry = AuditEntry::new(decision.by, "refund.decide", "refund", &object).to(is).why(decision.reason);
    audit::record(transaction, &entry).await?;
    Ok(Some(RefundDecisionId(id)))
}

/// What can be said of a refund without a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundLook {
    /// What follows without a person.
    pub verdict: RefundVerdict,
    /// All that a person may choose, the likeliest first, each with its purchase and merchant.
    pub likenesses: Vec<(RefundCandidate, PurchaseAt)>,
}

/// Looks at a refund and the purchases of its account.
pub async fn look_at_refund(pool: &Pool, refund: &LoneRefund) -> Result<RefundLook, StoreError> {
    look_at_refund_in(&*pool.get().await?, refund).await
}

/// The same on somebody's connection or in somebody's transaction.
pub async fn look_at_refund_in(
    client: &impl GenericClient,
    refund: &LoneRefund,
) -> Result<RefundLook, StoreError> {
    let others = purchases_before_refund(client, refund).await?;
    let verdict = refund_verdict(&refund.at, &refund_candidates(&refund.at, &others));
    let with_purchase = |one: RefundCandidate| {
        Some((one, others.iter().find(|other| other.purchase.key == one.purchase)?.clone()))
    };
    let likenesses = refund_likenesses(&refund.at, &others);
    Ok(RefundLook { verdict, likenesses: likenesses.into_iter().filter_map(with_purchase).collect() })
}

const DECISION: &str = "SELECT d.decision_id, d.refund_bucket, d.refund_key, d.purchase_key, d.parts, d.reason, d.decided_by, \
                        d.decided_at, d.result FROM refund_decision d";

fn decision(row: &Row) -> Result<RefundDecision, StoreError> {
    let parts: &str = row.try_get(4)?;
    Ok(RefundDecision {
        id: RefundDecisionId(row.try_get(0)?),
        bucket: bucket(row, 1)?,
        refund: message_key(row, 2)?,
        purchase: message_key_if_any(row, 3)?,
        parts: MatchParts::parse(parts).ok_or_else(|| damaged("parts of a match", parts))?,
        reason: row.try_get(5)?,
        by: row.try_get(6)?,
        at: row.try_get(7)?,
        result: row.try_get(8)?,
    })
}

/// A decision that waits to be booked, with what its event needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRefundDecision {
    /// The decision.
    pub decision: RefundDecision,
    /// The refund that it is about.
    pub refund: LoneRefund,
}

/// At most `max` decisions that wait, behind the last one seen.
pub async fn waiting_refund_decisions(
    pool: &Pool,
    now: Timestamp,
    after: RefundDecisionId,
    max: u16,
) -> Result<Vec<WaitingRefundDecision>, StoreError> {
    let text = format!(
        "{DECISION} WHERE d.booked_at IS NULL AND d.decision_id > $1 ORDER BY d.decision_id LIMIT $2"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&after.0, &i64::from(max)]).await?;
    let mut waiting = Vec::with_capacity(rows.len());
    for row in &rows {
        let decision = decision(row)?;
        let refund = lone_refund(pool, now, decision.bucket, decision.refund).await?;
        let refund = refund.ok_or_else(|| damaged("refund of a decision", decision.refund))?;
        waiting.push(WaitingRefundDecision { decision, refund });
    }
    Ok(waiting)
}

/// Says what came of a decision: the code of a reason.
pub async fn note_refund_decision(
    pool: &Pool,
    id: RefundDecisionId,
    result: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let text =
        "UPDATE refund_decision SET booked_at = $2, result = $3 WHERE decision_id = $1 AND booked_at IS NULL";
    pool.get().await?.execute(text, &[&id.0, &at, &result]).await?;
    Ok(())
}

/// The last decisions, newest first; of one refund if it is named.
pub async fn refund_decisions(
    pool: &Pool,
    refund: Option<(Bucket, MessageKey)>,
    limit: u32,
) -> Result<Vec<RefundDecision>, StoreError> {
    let text = format!(
        "{DECISION} WHERE ($1::int IS NULL OR (d.refund_bucket = $1 AND d.refund_key = $2)) ORDER BY d.decision_id DESC LIMIT $3"
    );
    let number = refund.map(|(bucket, _)| i32::from(bucket.number()));
    let key = refund.map(|(_, key)| key.as_bytes().to_vec());
    let rows = pool.get().await?.query(text.as_str(), &[&number, &key, &i64::from(limit)]).await?;
    rows.iter().map(decision).collect()
}
