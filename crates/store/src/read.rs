//! Read models: what staff look at, and the ledger's own check. Always on the primary.

use domain::{BankId, CycleId, MessageKey, Reply};
use jiff::{Timestamp, civil::Date, civil::DateTime};
use tokio_postgres::Row;

use crate::{
    Pool, StoreError,
    columns::{message_key, message_key_if_any},
    coupons,
    rows::{self, FindingRow, MEMBER_SIDE},
};

/// Whether the ledger agrees with itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LedgerCheck {
    /// Balance rows that differ from the sum of their transfers, or miss.
    pub balances_off: i64,
    /// Counters that differ from the miles granted in their period.
    pub counters_off: i64,
    /// Transfers whose bank, program, cycle, account, purchase or message does not exist.
    pub orphans: i64,
    /// Members whose units of a calendar year differ from those of their purchases.
    pub standings_off: i64,
    /// Transfers.
    pub transfers: i64,
    /// Members' limits that differ from what their purchases have of the rule.
    pub limits_off: i64,
    /// Budgets that differ from what purchases have of the rule.
    pub budgets_off: i64,
    /// Lots whose open or expired miles differ from the sum of their transfers, which make up the balance.
    pub lots_off: i64,
    /// Codes, and members' counters of campaigns, that differ from the purchases that have a coupon.
    pub coupons_off: i64,
}

/// What each purchase has of each rule with a limit or a budget.
const CLAIMS: &str = "SELECT p.bucket, p.account_id, p.program_id, split_part(c, '=', 1) AS rule, \
    split_part(split_part(c, '=', 2), '/', 1)::bigint + split_part(split_part(c, '=', 2), '/', 2)::bigint AS amount, \
    split_part(split_part(c, '=', 2), '/', 3) AS marks \
    FROM purchase p CROSS JOIN regexp_split_to_table(p.claims, ';') c WHERE p.claims <> ''";

/// Compares every balance row with the sum of its transfers, and every counter with the miles granted.
pub async fn ledger_check(pool: &Pool) -> Result<LedgerCheck, StoreError> {
    let balances = "SELECT count(*) FROM (SELECT bucket, account_id, unit_kind, unit_id, \
        sum(CASE WHEN phase <> 1 THEN 0 WHEN credit_kind = 1 THEN amount ELSE -amount END)::bigint AS posted, \
        sum(CASE WHEN phase <> 2 THEN 0 WHEN credit_kind = 1 THEN amount ELSE -amount END)::bigint AS pending \
        FROM transfer GROUP BY 1, 2, 3, 4) s \
        FULL JOIN member_balance b USING (bucket, account_id, unit_kind, unit_id) \
        WHERE s.posted IS DISTINCT FROM b.posted OR s.pending IS DISTINCT FROM b.pending";
    let counters = "SELECT count(*) FROM (SELECT t.bucket, t.account_id, t.program_id, \
        to_char(p.purchase_date, 'YYYY-MM') AS period, \
        sum(CASE WHEN t.credit_kind = 1 THEN t.amount ELSE -t.amount END)::bigint AS miles \
        FROM transfer t JOIN purchase p ON p.bucket = t.bucket AND p.purchase_key = t.purchase_key \
        WHERE t.phase = 1 AND (t.item = 'base' OR t.item LIKE 'bonus:%') GROUP BY 1, 2, 3, 4) s \
        FULL JOIN (SELECT * FROM member_counter WHERE rule = 'miles_granted') c \
        USING (bucket, account_id, program_id, period) WHERE s.miles IS DISTINCT FROM c.value";
    let standings = "WITH units AS (SELECT t.bucket, t.account_id, \
        extract(year FROM p.purchase_date)::int AS year, \
        sum(CASE WHEN t.credit_kind = 1 THEN t.amount ELSE -t.amount END)::bigint AS units \
        FROM transfer t JOIN purchase p ON p.bucket = t.bucket AND p.purchase_key = t.purchase_key \
        WHERE t.phase = 1 AND t.unit_kind = 4 GROUP BY 1, 2, 3) \
        SELECT count(*) FROM member_account a \
        LEFT JOIN units n ON (n.bucket, n.account_id, n.year) = (a.bucket, a.account_id, a.qualifying_year) \
        LEFT JOIN units b ON (b.bucket, b.account_id, b.year) = (a.bucket, a.account_id, a.qualifying_year - 1) \
        WHERE a.qualifying_units <> coalesce(n.units, 0) OR a.qualifying_units_before <> coalesce(b.units, 0)";
    // What purchases have of rules with a limit or a budget, as `rule=posted/held/marks`.
    let limits = format!(
        "WITH claim AS ({CLAIMS}) SELECT (SELECT count(*) FROM \
        (SELECT bucket, account_id, program_id, rule, sum(amount)::bigint AS amount, \
        sum(CASE WHEN amount > 0 THEN 1 ELSE 0 END)::bigint AS uses FROM claim WHERE marks LIKE '%l%' GROUP BY 1, 2, 3, 4) s \
        FULL JOIN (SELECT bucket, account_id, program_id, split_part(rule, ':', 2) AS rule, \
        sum(CASE WHEN rule LIKE 'amount:%' THEN value ELSE 0 END)::bigint AS amount, \
        sum(CASE WHEN rule LIKE 'uses:%' THEN value ELSE 0 END)::bigint AS uses \
        FROM member_counter WHERE rule <> 'miles_granted' GROUP BY 1, 2, 3, 4) c \
        USING (bucket, account_id, program_id, rule) \
        WHERE coalesce(s.amount, 0) <> coalesce(c.amount, 0) OR coalesce(s.uses, 0) <> coalesce(c.uses, 0)), \
        (SELECT count(*) FROM \
        (SELECT program_id, rule, sum(amount)::bigint AS amount, \
        sum(CASE WHEN amount > 0 THEN 1 ELSE 0 END)::bigint AS uses FROM claim WHERE marks LIKE '%b%' GROUP BY 1, 2) s \
        FULL JOIN (SELECT program_id, rule, sum(used_amount)::bigint AS amount, sum(used_uses)::bigint AS uses \
        FROM campaign_budget_slice GROUP BY 1, 2) c USING (program_id, rule) \
        WHERE coalesce(s.amount, 0) <> coalesce(c.amount, 0) OR coalesce(s.uses, 0) <> coalesce(c.uses, 0))"
    );
    // The message path has no foreign keys to the small tables; this is what keeps them honest.
    let orphans = "SELECT count(*) FROM transfer t \
        LEFT JOIN bank b ON b.bank_id = t.bank_id LEFT JOIN program p ON p.program_id = t.program_id \
        LEFT JOIN settlement_cycle c ON c.cycle_id = t.cycle_id AND c.program_id = t.program_id \
        LEFT JOIN member_account a ON a.bucket = t.bucket AND a.account_id = t.account_id \
        LEFT JOIN purchase u ON u.bucket = t.bucket AND u.purchase_key = t.purchase_key \
        LEFT JOIN message m ON m.bucket = t.bucket AND m.message_key = t.message_key \
        WHERE b.bank_id IS NULL OR p.program_id IS NULL OR c.cycle_id IS NULL OR a.account_id IS NULL \
        OR u.purchase_key IS NULL OR m.message_key IS NULL";
    let lots = "SELECT count(*) FROM (SELECT bucket, purchase_key, \
        sum(CASE WHEN credit_kind = 1 THEN amount ELSE -amount END)::bigint AS open, \
        coalesce(sum(CASE WHEN credit_kind = 1 THEN -amount ELSE amount END) \
        FILTER (WHERE item IN ('expired', 'refused')), 0)::bigint AS expired \
        FROM transfer WHERE phase = 1 AND unit_kind = 1 GROUP BY 1, 2) s \
        FULL JOIN (SELECT * FROM purchase WHERE open_miles IS NOT NULL) p USING (bucket, purchase_key) \
        WHERE p.open_miles IS NOT NULL AND (coalesce(s.open, 0) <> p.open_miles \
        OR coalesce(s.expired, 0) <> p.expired_miles)";
    let client = pool.get().await?;
    let limits = client.query_one(&limits, &[]).await?;
    Ok(LedgerCheck {
        limits_off: limits.try_get(0)?,
        budgets_off: limits.try_get(1)?,
        lots_off: client.query_one(lots, &[]).await?.try_get(0)?,
        coupons_off: client.query_one(coupons::USES_OFF, &[]).await?.try_get(0)?,
        orphans: client.query_one(orphans, &[]).await?.try_get(0)?,
        standings_off: client.query_one(standings, &[]).await?.try_get(0)?,
        balances_off: client.query_one(balances, &[]).await?.try_get(0)?,
        counters_off: client.query_one(counters, &[]).await?.try_get(0)?,
        transfers: client.query_one("SELECT count(*) FROM transfer", &[]).await?.try_get(0)?,
    })
}

/// How many messages of one type arrived on a business date, and what became of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The message type.
    pub mti: String,
    /// Their number.
    pub messages: i64,
    /// How many of them belong to a purchase.
    pub matched: i64,
    /// The sum of what they counted with, signed, in minor units.
    pub counted_minor: i64,
}

pub(crate) const ARRIVALS: &str = "SELECT mti, count(*), count(purchase_key), coalesce(sum(counted_minor), 0)::bigint \
                                   FROM message WHERE cycle_id = $1 GROUP BY mti ORDER BY mti";

/// What arrived for a program on a business date.
pub async fn day_arrivals(pool: &Pool, cycle: CycleId) -> Result<Vec<Arrival>, StoreError> {
    let rows = pool.get().await?.query(ARRIVALS, &[&cycle.0]).await?;
    rows.iter().map(arrival).collect()
}

pub(crate) fn arrival(row: &Row) -> Result<Arrival, StoreError> {
    Ok(Arrival {
        mti: row.try_get(0)?,
        messages: row.try_get(1)?,
        matched: row.try_get(2)?,
        counted_minor: row.try_get(3)?,
    })
}

/// A transfer as staff see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferView {
    /// Its place in the message.
    pub leg: i16,
    /// Posted, or pending.
    pub posted: bool,
    /// What moved.
    pub item: String,
    /// How much, positive if the member received.
    pub amount: i64,
    /// The cycle.
    pub cycle: CycleId,
}

/// A message with everything that is known of it; no card data but the last four digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageView {
    /// Where it lies.
    pub bucket: i32,
    /// Its key.
    pub key: MessageKey,
    /// The purchase it belongs to.
    pub purchase: Option<MessageKey>,
    /// The message type.
    pub mti: String,
    /// `online` or a file id.
    pub source: String,
    /// DE11.
    pub stan: String,
    /// DE7.
    pub transmitted: String,
    /// DE37.
    pub retrieval: String,
    /// DE32.
    pub acquirer: String,
    /// DE42.
    pub card_acceptor: String,
    /// DE41.
    pub terminal: String,
    /// DE18.
    pub mcc: String,
    /// The last four digits.
    pub last4: String,
    /// DE4.
    pub amount_minor: i64,
    /// DE49.
    pub currency: i32,
    /// DE12 and DE13.
    pub local_time: DateTime,
    /// When it reached us.
    pub received_at: Timestamp,
    /// The business date of its cycle.
    pub business_date: Option<Date>,
    /// What the bank was told.
    pub reply: Reply,
    /// Why.
    pub explanation: Vec<FindingRow>,
    /// The movements.
    pub transfers: Vec<TransferView>,
}

const VIEW: &str = "SELECT bucket, message_key, purchase_key, mti, source, stan, transmitted, retrieval, acquirer, \
    card_acceptor, terminal, mcc, last4, amount_minor, currency, local_time, received_at, business_date, reply, \
    explanation FROM message";

fn view(row: &Row) -> Result<MessageView, StoreError> {
    Ok(MessageView {
        bucket: row.try_get(0)?,
        key: message_key(row, 1)?,
        purchase: message_key_if_any(row, 2)?,
        mti: row.try_get(3)?,
        source: row.try_get(4)?,
        stan: row.try_get(5)?,
        transmitted: row.try_get(6)?,
        retrieval: row.try_get(7)?,
        acquirer: row.try_get(8)?,
        card_acceptor: row.try_get(9)?,
        terminal: row.try_get(10)?,
        mcc: row.try_get(11)?,
        last4: row.try_get(12)?,
        amount_minor: row.try_get(13)?,
        currency: row.try_get(14)?,
        local_time: row.try_get(15)?,
        received_at: row.try_get(16)?,
        business_date: row.try_get(17)?,
        reply: rows::reply(row.try_get(18)?)?,
        explanation: rows::explanation(row.try_get(19)?)?,
        transfers: Vec::new(),
    })
}

/// One message with its transfers; `None` if there is none with this key.
pub async fn message_view(
    pool: &Pool,
    bucket: i32,
    key: MessageKey,
) -> Result<Option<MessageView>, StoreError> {
    let client = pool.get().await?;
    let text = format!("{VIEW} WHERE bucket = $1 AND message_key = $2");
    let bytes = key.as_bytes().as_slice();
    let Some(row) = client.query_opt(text.as_str(), &[&bucket, &bytes]).await? else { return Ok(None) };
    let mut message = view(&row)?;
    let text = "SELECT leg, phase, item, amount, credit_kind, cycle_id FROM transfer \
                WHERE bucket = $1 AND message_key = $2 ORDER BY leg";
    for row in client.query(text, &[&bucket, &bytes]).await? {
        let (phase, amount, credit): (i16, i64, i16) = (row.try_get(1)?, row.try_get(3)?, row.try_get(4)?);
        message.transfers.push(TransferView {
            leg: row.try_get(0)?,
            posted: phase == 1,
            item: row.try_get(2)?,
            amount: if credit == MEMBER_SIDE { amount } else { -amount },
            cycle: CycleId(row.try_get(5)?),
        });
    }
    Ok(Some(message))
}

/// Messages found by DE37, or all of a purchase; newest last, at most `limit`.
pub async fn find_messages(pool: &Pool, retrieval: &str, limit: i64) -> Result<Vec<MessageView>, StoreError> {
    let text = format!("{VIEW} WHERE retrieval = $1 ORDER BY message_key LIMIT $2");
    let rows = pool.get().await?.query(text.as_str(), &[&retrieval, &limit]).await?;
    rows.iter().map(view).collect()
}

/// Keeps a message that could not be taken, masked, for a person to look at.
pub async fn quarantine(
    pool: &Pool,
    key: &[u8],
    bank: BankId,
    received_at: Timestamp,
    reason: &str,
    masked: &str,
) -> Result<(), StoreError> {
    let text = "INSERT INTO quarantine (quarantine_key, bank_id, received_at, reason, masked) \
                VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    pool.get().await?.execute(text, &[&key, &bank.0, &received_at, &reason, &masked]).await?;
    Ok(())
}

/// How many messages wait in quarantine.
pub async fn quarantined_count(pool: &Pool) -> Result<i64, StoreError> {
    Ok(pool.get().await?.query_one("SELECT count(*) FROM quarantine", &[]).await?.try_get(0)?)
}

/// A balance of a member account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BalanceRow {
    /// The account.
    pub account: domain::AccountId,
    /// The unit: 1 miles, 2 money, 3 turnover.
    pub unit_kind: i16,
    /// The program or the currency.
    pub unit_id: i32,
    /// Final.
    pub posted: i64,
    /// Provisional.
    pub pending: i64,
}

/// Every balance, by account and unit.
pub async fn balances(pool: &Pool) -> Result<Vec<BalanceRow>, StoreError> {
    let text = "SELECT account_id, unit_kind, unit_id, posted, pending FROM member_balance \
                ORDER BY account_id, unit_kind, unit_id";
    let rows = pool.get().await?.query(text, &[]).await?;
    let balance = |row: &Row| {
        Ok(BalanceRow {
            account: domain::AccountId(row.try_get(0)?),
            unit_kind: row.try_get(1)?,
            unit_id: row.try_get(2)?,
            posted: row.try_get(3)?,
            pending: row.try_get(4)?,
        })
    };
    rows.iter().map(balance).collect()
}
