//! Runs of corrections, and the purchases that they compute anew.

use domain::{
    BankId, Birthday, Bucket, BudgetKey, CounterKey, Currency, MapHash, Merchant, MessageKey, ProgramId,
    Purchase, RulesHash, RunId,
};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};
use serde_json::json;
use tokio_postgres::Row;

use crate::{
    FindingRow, Pool, StoreError,
    audit::{self, AuditEntry},
    batch::load::{purchase_from, rules_hash},
    columns::{bucket, currency, message_key},
    error::damaged,
    rows, sql,
};

/// What a run changes of its purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// They follow this version.
    Rerate(RulesHash),
    /// They go to the partner that this merchant map names.
    Reattribution(MapHash),
}

impl Correction {
    /// The stored word, which is the message type of its events as well.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rerate(_) => "rerate",
            Self::Reattribution(_) => "reattribution",
        }
    }
}

/// Which purchases: those of these local dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorrectionScope {
    /// What is changed.
    pub correction: Correction,
    /// Of one program alone.
    pub program: Option<ProgramId>,
    /// The first day.
    pub first: Date,
    /// The day after the last.
    pub end: Date,
}

/// A run as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun<'a> {
    /// Which purchases.
    pub scope: CorrectionScope,
    /// Why.
    pub reason: &'a str,
    /// What the maker was told that it comes to, as JSON.
    pub price: &'a str,
    /// Who asks.
    pub maker: &'a str,
    /// When.
    pub at: Timestamp,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Nobody has approved it.
    Proposed,
    /// It books, or stopped while it did.
    Approved,
    /// All is booked.
    Done,
    /// Somebody said no before anything was booked.
    Rejected,
}

impl RunState {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Done => "done",
            Self::Rejected => "rejected",
        }
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionRun {
    /// Its number.
    pub id: RunId,
    /// Which purchases.
    pub scope: CorrectionScope,
    /// Why.
    pub reason: String,
    /// What the maker was told that it comes to, as JSON.
    pub price: String,
    /// Who asked.
    pub maker: String,
    /// When; the keys of its events begin with it.
    pub made_at: Timestamp,
    /// Who approved or rejected.
    pub checker: Option<String>,
    /// How far it is.
    pub state: RunState,
}

/// Keeps a run that waits for its approval.
pub async fn propose_run(pool: &Pool, run: &NewRun<'_>) -> Result<RunId, StoreError> {
    let text = "INSERT INTO correction_run (kind, program_id, first_date, end_date, rules_hash, map_hash, reason, \
                price, maker, made_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'proposed') \
                RETURNING run_id";
    let CorrectionScope { correction, program, first, end } = &run.scope;
    let (rules, map) = match correction {
        Correction::Rerate(rules) => (Some(rules.0.as_slice()), None),
        Correction::Reattribution(map) => (None, Some(map.0.as_slice())),
    };
    let program = program.map(|program| program.0);
    let name = correction.name();
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let row = transaction
        .query_one(
            text,
            &[&name, &program, first, end, &rules, &map, &run.reason, &run.price, &run.maker, &run.at],
        )
        .await?;
    let id: i64 = row.try_get(0)?;
    let object = id.to_string();
    let is = json!({ "kind": name, "program": program, "first": first.to_string(), "end": end.to_string() });
    let entry =
        AuditEntry::new(run.maker, "correction.propose", "correction", &object).to(is).why(run.reason);
    audit::record(&transaction, &entry).await?;
    transaction.commit().await?;
    Ok(RunId(id))
}

const RUN: &str = "SELECT run_id, kind, program_id, first_date, end_date, rules_hash, map_hash, reason, price, maker, \
                   made_at, checker, state FROM correction_run";

/// The run of this number.
pub async fn correction_run(pool: &Pool, id: RunId) -> Result<CorrectionRun, StoreError> {
    let row = pool.get().await?.query_opt(format!("{RUN} WHERE run_id = $1").as_str(), &[&id.0]).await?;
    let row = row.ok_or_else(|| StoreError::NotFound { what: "run of corrections", name: id.to_string() })?;
    run(&row)
}

/// The last runs, newest first.
pub async fn correction_runs(pool: &Pool, limit: u32) -> Result<Vec<CorrectionRun>, StoreError> {
    let text = format!("{RUN} ORDER BY run_id DESC LIMIT $1");
    pool.get().await?.query(text.as_str(), &[&i64::from(limit)]).await?.iter().map(run).collect()
}

fn run(row: &Row) -> Result<CorrectionRun, StoreError> {
    let (kind, state): (&str, &str) = (row.try_get(1)?, row.try_get(12)?);
    let correction = match kind {
        "rerate" => Correction::Rerate(rules_hash(row, 5)?),
        _ => {
            let bytes: &[u8] = row.try_get(6)?;
            Correction::Reattribution(MapHash(
                bytes.try_into().map_err(|_| damaged("merchant map hash", bytes.len()))?,
            ))
        }
    };
    let states = [RunState::Proposed, RunState::Approved, RunState::Done, RunState::Rejected];
    Ok(CorrectionRun {
        id: RunId(row.try_get(0)?),
        scope: CorrectionScope {
            correction,
            program: row.try_get::<_, Option<i32>>(2)?.map(ProgramId),
            first: row.try_get(3)?,
            end: row.try_get(4)?,
        },
        reason: row.try_get(7)?,
        price: row.try_get(8)?,
        maker: row.try_get(9)?,
        made_at: row.try_get(10)?,
        checker: row.try_get(11)?,
        state: states.into_iter().find(|of| of.name() == state).ok_or_else(|| damaged("run state", state))?,
    })
}

/// Approves a proposed run; false if it was approved before. The database refuses its maker.
pub async fn approve_run(pool: &Pool, id: RunId, checker: &str, at: Timestamp) -> Result<bool, StoreError> {
    decide(pool, id, "approved", checker, at).await
}

/// Rejects a proposed run; false if it was decided before. Its maker may too: that takes it back and books nothing.
pub async fn reject_run(pool: &Pool, id: RunId, checker: &str, at: Timestamp) -> Result<bool, StoreError> {
    decide(pool, id, "rejected", checker, at).await
}

async fn decide(
    pool: &Pool,
    id: RunId,
    state: &str,
    checker: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let text = "UPDATE correction_run SET state = $4, checker = $2, checked_at = $3 \
                WHERE run_id = $1 AND state = 'proposed'";
    if transaction.execute(text, &[&id.0, &checker, &at, &state]).await? == 0 {
        return Ok(false);
    }
    let (object, what) = (id.0.to_string(), if state == "approved" { "approve" } else { "reject" });
    let what = format!("correction.{what}");
    let entry = AuditEntry::new(checker, &what, "correction", &object);
    let entry = entry.from(json!({ "state": "proposed" })).to(json!({ "state": state }));
    audit::record(&transaction, &entry).await?;
    transaction.commit().await?;
    Ok(true)
}

/// All purchases of an approved run were decided.
pub async fn finish_run(pool: &Pool, id: RunId) -> Result<(), StoreError> {
    let text = "UPDATE correction_run SET state = 'done' WHERE run_id = $1 AND state = 'approved'";
    pool.get().await?.execute(text, &[&id.0]).await?;
    Ok(())
}

/// A purchase that a run looks at, with the references of its first message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionPurchase {
    /// Where its rows lie.
    pub bucket: Bucket,
    /// The purchase.
    pub purchase: Purchase,
    /// The bank.
    pub bank: BankId,
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
    /// The merchant, without DE43.
    pub merchant: Merchant,
    /// The last four digits of the card number.
    pub last4: String,
    /// DE49.
    pub currency: Currency,
    /// The cardholder's local date and time.
    pub local: DateTime,
    /// Whether a refund opened the purchase: then another message may have named the merchant.
    pub is_refund: bool,
    /// Why the first message was decided as it was.
    pub explanation: Vec<FindingRow>,
    /// The member's birthday, for a version that asks for it first.
    pub birthday: Option<Birthday>,
    /// The version that new purchases follow: the budgets that are open are its own.
    pub in_force: RulesHash,
}

/// What is read of a purchase; its columns begin as those of [`sql::PURCHASES`].
const PURCHASES: &str = concat!(
    "SELECT p.bucket, p.purchase_key, ",
    sql::purchase_columns!(),
    ", p.bank_id, m.stan, m.transmitted, m.retrieval, m.approval, m.arn, m.acquirer, m.card_acceptor, m.terminal, m.mcc, \
     m.last4, m.currency, m.local_time, m.counted_minor, m.explanation, a.birthday, \
     coalesce(g.rules_hash, p.rules_hash) \
     FROM purchase p JOIN message m ON m.bucket = p.bucket AND m.message_key = p.purchase_key \
     JOIN member_account a ON a.bucket = p.bucket AND a.account_id = p.account_id \
     LEFT JOIN cycle_gate g ON g.bucket = p.bucket AND g.program_id = p.program_id"
);

/// The first column behind those of [`sql::PURCHASES`].
const BESIDE: usize = 2 + sql::PURCHASE_COLUMNS;
/// At most `max` purchases of a run that are not yet as it wants them, behind the last one seen: the oldest of each
/// account first.
pub async fn purchases_to_correct(
    pool: &Pool,
    scope: &CorrectionScope,
    after: Option<(Bucket, MessageKey)>,
    max: u16,
) -> Result<Vec<CorrectionPurchase>, StoreError> {
    let text = format!(
        "{PURCHASES} WHERE (p.bucket, p.purchase_key) > ($1, $2) AND p.purchase_date >= $3 AND p.purchase_date < $4 \
         AND ($5::int IS NULL OR p.program_id = $5) AND ($6::bytea IS NULL OR p.rules_hash <> $6) \
         ORDER BY p.bucket, p.purchase_key LIMIT $7"
    );
    let (from, key) = match after {
        Some((bucket, key)) => (i32::from(bucket.number()), key.as_bytes().to_vec()),
        None => (-1, Vec::new()),
    };
    let program = scope.program.map(|program| program.0);
    let rules = match &scope.correction {
        Correction::Rerate(rules) => Some(rules.0.as_slice()),
        Correction::Reattribution(_) => None,
    };
    let client = pool.get().await?;
    let rows = client
        .query(text.as_str(), &[&from, &key, &scope.first, &scope.end, &program, &rules, &i64::from(max)])
        .await?;
    rows.iter().map(purchase).collect()
}

fn purchase(row: &Row) -> Result<CorrectionPurchase, StoreError> {
    let text = |place: usize| row.try_get::<_, String>(BESIDE + place);
    let mcc = text(9)?;
    let counted: i64 = row.try_get(BESIDE + 13)?;
    Ok(CorrectionPurchase {
        bucket: bucket(row, 0)?,
        purchase: purchase_from(row, message_key(row, 1)?, 2)?,
        bank: BankId(row.try_get(BESIDE)?),
        stan: text(1)?,
        transmitted: text(2)?,
        retrieval: text(3)?,
        approval: text(4)?,
        arn: text(5)?,
        merchant: Merchant {
            acquirer: text(6)?,
            card_acceptor: text(7)?,
            terminal: text(8)?,
            mcc: mcc.parse().ok(),
            ..Merchant::default()
        },
        last4: text(10)?,
        currency: currency(row, BESIDE + 11)?,
        local: row.try_get(BESIDE + 12)?,
        is_refund: counted < 0,
        explanation: rows::explanation(row.try_get(BESIDE + 14)?)?,
        birthday: Birthday::parse(row.try_get(BESIDE + 15)?),
        in_force: rules_hash(row, BESIDE + 16)?,
    })
}

/// What was taken of budgets by now, amount and uses, without a lock: for a look that books nothing.
pub async fn budgets_now(pool: &Pool, keys: &[BudgetKey]) -> Result<Vec<(BudgetKey, i64, i64)>, StoreError> {
    let programs: Vec<i32> = keys.iter().map(|key| key.program.0).collect();
    let rules: Vec<&str> = keys.iter().map(|key| key.rule.as_str()).collect();
    let periods: Vec<&str> = keys.iter().map(|key| key.period.as_str()).collect();
    let text = "SELECT b.program_id, b.rule, b.period, sum(b.used_amount)::bigint, sum(b.used_uses)::bigint \
                FROM unnest($1::int[], $2::text[], $3::text[]) u(program, rule, period) \
                JOIN campaign_budget_slice b ON b.program_id = u.program AND b.rule = u.rule AND b.period = u.period \
                GROUP BY 1, 2, 3";
    let rows = pool.get().await?.query(text, &[&programs, &rules, &periods]).await?;
    let used = |row: &Row| {
        let key =
            BudgetKey { program: ProgramId(row.try_get(0)?), rule: row.try_get(1)?, period: row.try_get(2)? };
        Ok((key, row.try_get(3)?, row.try_get(4)?))
    };
    rows.iter().map(used).collect()
}

/// Counters of caps and limits as they stand, without a lock: for a look that books nothing.
pub async fn counters_now(pool: &Pool, keys: &[CounterKey]) -> Result<Vec<(CounterKey, i64)>, StoreError> {
    let buckets: Vec<i32> = keys.iter().map(|key| i32::from(key.bucket.number())).collect();
    let accounts: Vec<i64> = keys.iter().map(|key| key.account.0).collect();
    let programs: Vec<i32> = keys.iter().map(|key| key.program.0).collect();
    let periods: Vec<&str> = keys.iter().map(|key| key.period.as_str()).collect();
    let rules: Vec<&str> = keys.iter().map(|key| key.rule.as_str()).collect();
    let client = pool.get().await?;
    let rows =
        client.query(sql::COUNTERS, &[&buckets, &buckets, &accounts, &programs, &periods, &rules]).await?;
    let counter = |row: &Row| {
        let key = CounterKey {
            bucket: bucket(row, 0)?,
            account: domain::AccountId(row.try_get(1)?),
            program: ProgramId(row.try_get(2)?),
            period: row.try_get(3)?,
            rule: row.try_get(5)?,
        };
        Ok((key, row.try_get(4)?))
    };
    rows.iter().map(counter).collect()
}
