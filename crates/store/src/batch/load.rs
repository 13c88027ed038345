//! Reading what a batch needs: accounts under lock first, the gate last.

mod lots;

use domain::{
    AccountId, AccountState, Amounts, BankId, Birthday, Bucket, CardId, Claims, CounterKey, Coupon, CycleId,
    Foreign, FoundRef, Gate, HoldState, Keys, Lot, MessageKey, PartnerId, PinnedRate, ProgramId, Purchase,
    RefKey, RefKind, RefundMatch, RulesHash, SeenMessage, Standing, TierRank, Till, TillUnder, WorkingSet,
    parse_authorized, parse_offered,
};
use futures_util::future::{join, join4};
use jiff::civil::Date;
use tokio_postgres::{Client, Row, types::ToSql};

use super::{BatchError, write::Statements};
use crate::{
    StoreError,
    columns::{bucket, currency, currency_numbered, message_key, message_key_if_any},
    error::damaged,
    redeemed::redeemed,
    rows,
};

fn buckets(keys: &Keys) -> Vec<i32> {
    let mut buckets: Vec<i32> = keys.messages.iter().map(|(bucket, _)| i32::from(bucket.number())).collect();
    buckets.dedup();
    buckets
}

/// BEGIN, lock the accounts, then read what was answered before and the references: one flight.
pub(super) async fn first_round(
    client: &Client,
    sql: &Statements,
    keys: &Keys,
) -> Result<WorkingSet, BatchError> {
    let lanes = buckets(keys);
    let (account_buckets, account_ids): (Vec<i32>, Vec<i64>) =
        keys.accounts.iter().map(|(bucket, account)| (i32::from(bucket.number()), account.0)).unzip();
    let (message_buckets, message_keys): (Vec<i32>, Vec<&[u8]>) = keys
        .messages
        .iter()
        .map(|(bucket, key)| (i32::from(bucket.number()), key.as_bytes().as_slice()))
        .unzip();
    let ref_buckets: Vec<i32> = keys.refs.iter().map(|key| i32::from(key.bucket.number())).collect();
    let ref_banks: Vec<i32> = keys.refs.iter().map(|key| key.bank.0).collect();
    let ref_kinds: Vec<i16> = keys.refs.iter().map(|key| key.kind.number()).collect();
    let ref_values: Vec<&str> = keys.refs.iter().map(|key| key.value.as_str()).collect();

    let (purchase_buckets, purchase_keys): (Vec<i32>, Vec<&[u8]>) = keys
        .purchases
        .iter()
        .map(|(bucket, key)| (i32::from(bucket.number()), key.as_bytes().as_slice()))
        .unzip();

    // Polled together, so that they travel in one flight; the server runs them one after another.
    let accounts: [&(dyn ToSql + Sync); 3] = [&lanes, &account_buckets, &account_ids];
    let messages: [&(dyn ToSql + Sync); 3] = [&lanes, &message_buckets, &message_keys];
    let refs: [&(dyn ToSql + Sync); 5] = [&lanes, &ref_buckets, &ref_banks, &ref_kinds, &ref_values];
    let purchases: [&(dyn ToSql + Sync); 3] = [&lanes, &purchase_buckets, &purchase_keys];
    // Only what is no message of a bank names purchases, or spends miles.
    let named = async {
        let named = async {
            match keys.purchases.is_empty() {
                true => Ok(Vec::new()),
                false => client.query(&sql.purchases, &purchases).await,
            }
        };
        let (named, spent) = join(named, lots::read(client, sql, keys)).await;
        Ok::<_, tokio_postgres::Error>((named?, spent?))
    };
    let reads = join4(
        client.query(&sql.lock_accounts, &accounts),
        client.query(&sql.seen_messages, &messages),
        client.query(&sql.found_refs, &refs),
        named,
    );
    let (begun, (accounts, seen, refs, named)) = join(client.batch_execute("BEGIN"), reads).await;
    begun?;
    let mut state = WorkingSet::default();
    for row in accounts? {
        let (key, account) = account(&row)?;
        for card in row.try_get::<_, Vec<&[u8]>>(13)? {
            let card = card.try_into().map_err(|_| damaged("card token", card.len()))?;
            state.blocked_cards.insert((key.0, CardId(card)));
        }
        state.accounts.insert(key, account);
    }
    for row in seen? {
        let (key, message) = seen_message(&row)?;
        state.seen.insert(key, message);
    }
    for row in refs? {
        found_ref(&row, &mut state)?;
    }
    let (named, spent) = named?;
    spent.add_to(&mut state)?;
    add_purchases(&named, &mut state)?;
    matched_refunds(client, sql, &lanes, &mut state).await?;
    Ok(state)
}

/// Rows as [`sql::PURCHASES`](crate::sql::PURCHASES) has them.
fn add_purchases(rows: &[Row], state: &mut WorkingSet) -> Result<(), BatchError> {
    for row in rows {
        let (bucket, key) = (bucket(row, 0)?, message_key(row, 1)?);
        state.purchases.insert((bucket, key), purchase_from(row, key, 2)?);
    }
    Ok(())
}

/// What purchases that were found lead to: what miles pay of them, and the purchase of which an event named that.
pub(super) async fn spent_round(
    client: &Client,
    sql: &Statements,
    keys: &Keys,
    more: &Keys,
    state: &mut WorkingSet,
) -> Result<(), BatchError> {
    if more.redemptions.is_empty() && more.purchases.is_empty() {
        return Ok(());
    }
    // The lanes' buckets are those of the messages.
    let wanted = Keys {
        messages: keys.messages.clone(),
        redemptions: more.redemptions.difference(&keys.redemptions).copied().collect(),
        ..Keys::default()
    };
    let lanes = buckets(&wanted);
    let (of_buckets, of_keys): (Vec<i32>, Vec<&[u8]>) = more
        .purchases
        .iter()
        .map(|(bucket, key)| (i32::from(bucket.number()), key.as_bytes().as_slice()))
        .unzip();
    let purchases: [&(dyn ToSql + Sync); 3] = [&lanes, &of_buckets, &of_keys];
    let (spent, found) =
        join(lots::read(client, sql, &wanted), client.query(&sql.purchases, &purchases)).await;
    spent?.add_to(state)?;
    add_purchases(&found?, state)?;
    Ok(())
}

/// Reads the purchases in which refunds count that came without them. Hardly ever is there one.
async fn matched_refunds(
    client: &Client,
    sql: &Statements,
    lanes: &Vec<i32>,
    state: &mut WorkingSet,
) -> Result<(), BatchError> {
    let matched = state.purchases.iter().filter_map(|((bucket, _), refund)| {
        Some((i32::from(bucket.number()), refund.refund_match?.purchase()?.as_bytes().to_vec()))
    });
    let (buckets, keys): (Vec<i32>, Vec<Vec<u8>>) = matched.unzip();
    if keys.is_empty() {
        return Ok(());
    }
    add_purchases(&client.query(&sql.purchases, &[lanes, &buckets, &keys]).await?, state)?;
    Ok(())
}

/// Counters, then one gate row of each program in share mode, and the business dates of its cycles.
pub(super) async fn second_round(
    client: &Client,
    sql: &Statements,
    keys: &Keys,
    state: &mut WorkingSet,
) -> Result<(), BatchError> {
    if keys.programs.is_empty() {
        return Ok(());
    }
    let lanes = buckets(keys);
    let counter_buckets: Vec<i32> = keys.counters.iter().map(|key| i32::from(key.bucket.number())).collect();
    let counter_accounts: Vec<i64> = keys.counters.iter().map(|key| key.account.0).collect();
    let counter_programs: Vec<i32> = keys.counters.iter().map(|key| key.program.0).collect();
    let counter_periods: Vec<&str> = keys.counters.iter().map(|key| key.period.as_str()).collect();
    let counter_rules: Vec<&str> = keys.counters.iter().map(|key| key.rule.as_str()).collect();
    let programs: Vec<i32> = keys.programs.iter().map(|program| program.0).collect();
    let first = lanes.first().copied().unwrap_or_default();
    let (counters, gates) = join(
        client.query(
            &sql.counters,
            &[
                &lanes,
                &counter_buckets,
                &counter_accounts,
                &counter_programs,
                &counter_periods,
                &counter_rules,
            ],
        ),
        client.query(&sql.gates, &[&first, &programs]),
    )
    .await;
    for row in counters? {
        let key = CounterKey {
            bucket: bucket(&row, 0)?,
            account: AccountId(row.try_get(1)?),
            program: ProgramId(row.try_get(2)?),
            period: row.try_get(3)?,
            rule: row.try_get(5)?,
        };
        state.counters.insert(key, row.try_get(4)?);
    }
    let gates = gates?;
    let cycles = gates.iter().map(|row| row.try_get(1)).collect::<Result<Vec<i32>, _>>()?;
    let dates = client.query(&sql.cycle_dates, &[&cycles]).await?;
    for row in &gates {
        let cycle: i32 = row.try_get(1)?;
        let date = dates.iter().find(|date| date.try_get(0).ok() == Some(cycle));
        let business_date = date.ok_or_else(|| damaged("business date of cycle", cycle))?.try_get(1)?;
        let gate = Gate { cycle: CycleId(cycle), business_date, rules: rules_hash(row, 2)? };
        state.gates.insert(ProgramId(row.try_get(0)?), gate);
    }
    Ok(())
}

pub(crate) fn rules_hash(row: &Row, column: usize) -> Result<RulesHash, StoreError> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map(RulesHash).map_err(|_| damaged("rules hash", bytes.len()))
}

pub(crate) fn minor(row: &Row, column: usize) -> Result<u64, StoreError> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| damaged("amount", number))
}

fn account(row: &Row) -> Result<((Bucket, AccountId), AccountState), StoreError> {
    let state = AccountState {
        program: ProgramId(row.try_get(2)?),
        enrolled_on: row.try_get(3)?,
        seq: row.try_get(4)?,
        standing: Standing {
            rank: rank(row, 5)?,
            review_on: row.try_get(6)?,
            year: row.try_get(7)?,
            units: row.try_get(8)?,
            units_before: row.try_get(9)?,
        },
        active_on: row.try_get(10)?,
        closed_on: row.try_get(11)?,
        blocked: row.try_get(12)?,
        birthday: Birthday::parse(row.try_get(14)?),
    };
    Ok(((bucket(row, 0)?, AccountId(row.try_get(1)?)), state))
}

fn rank(row: &Row, column: usize) -> Result<TierRank, StoreError> {
    let number: i16 = row.try_get(column)?;
    TierRank::try_from(number).map_err(|_| damaged("tier", number))
}

fn seen_message(row: &Row) -> Result<((Bucket, MessageKey), SeenMessage), StoreError> {
    let account: Option<i64> = row.try_get(2)?;
    let seen = SeenMessage {
        account: account.map(AccountId),
        content: row.try_get(3)?,
        reply: rows::reply(row.try_get(4)?)?,
    };
    Ok(((bucket(row, 0)?, message_key(row, 1)?), seen))
}

fn found_ref(row: &Row, state: &mut WorkingSet) -> Result<(), StoreError> {
    let bucket = bucket(row, 0)?;
    let kind: i16 = row.try_get(2)?;
    let key = RefKey {
        bucket,
        bank: BankId(row.try_get(1)?),
        kind: RefKind::from_number(kind).ok_or_else(|| damaged("reference kind", kind))?,
        value: row.try_get(3)?,
    };
    let purchase = message_key_if_any(row, 5)?;
    let found = FoundRef {
        message: message_key(row, 4)?,
        purchase,
        amount_minor: minor(row, 6)?,
        transaction_minor: minor(row, 7)?,
        record: rows::file_record(row.try_get(8)?)?,
    };
    state.refs.entry(key).or_default().insert(found);
    if let Some(key) = purchase {
        state.purchases.insert((bucket, key), purchase_from(row, key, 9)?);
    }
    Ok(())
}

/// The purchase in the columns from `first` on.
pub(crate) fn purchase_from(row: &Row, key: MessageKey, first: usize) -> Result<Purchase, StoreError> {
    let column = |place: usize| first + place;
    let (hold, booked, pending): (&str, &str, &str) =
        (row.try_get(column(9))?, row.try_get(column(14))?, row.try_get(column(15))?);
    let (original, discount): (Option<i64>, Option<i64>) =
        (row.try_get(column(10))?, row.try_get(column(11))?);
    let till = match (original, discount) {
        (Some(_), Some(_)) => {
            Some(Till { original_minor: minor(row, column(10))?, discount_minor: minor(row, column(11))? })
        }
        _ => None,
    };
    let authorized: &str = row.try_get(column(39))?;
    let (offered, claims): (&str, &str) = (row.try_get(column(26))?, row.try_get(column(27))?);
    let coupon: &str = row.try_get(column(36))?;
    let amounts = |text: &str| Amounts::parse(text).ok_or_else(|| damaged("amounts", text));
    let date: Date = row.try_get(column(5))?;
    Ok(Purchase {
        key,
        account: AccountId(row.try_get(column(0))?),
        program: ProgramId(row.try_get(column(1))?),
        rules: rules_hash(row, column(2))?,
        partner: row.try_get::<_, Option<i32>>(column(3))?.map(PartnerId),
        mcc: row.try_get::<_, Option<i32>>(column(4))?.and_then(|mcc| u16::try_from(mcc).ok()),
        date,
        is_purchase: row.try_get(column(6))?,
        tier: rank(row, column(22))?,
        currency: currency(row, column(7))?,
        held_minor: minor(row, column(8))?,
        hold: HoldState::parse(hold).ok_or_else(|| damaged("hold", hold))?,
        hold_until: row.try_get(column(17))?,
        till,
        cleared_minor: minor(row, column(12))?,
        refunded_minor: minor(row, column(13))?,
        charged_back_minor: row.try_get(column(16))?,
        foreign: foreign(row, first + 18)?,
        booked: amounts(booked)?,
        pending: amounts(pending)?,
        time: row.try_get(column(23))?,
        till_under: till_under(row, first + 24)?,
        offered: parse_offered(offered).ok_or_else(|| damaged("offer at the till", offered))?,
        claims: Claims::parse(claims).ok_or_else(|| damaged("claims on limits", claims))?,
        fx: pinned_rate(row.try_get(column(28))?)?,
        lot: Lot {
            spent_miles: row.try_get(column(29))?,
            expired_miles: row.try_get(column(30))?,
            covered_miles: row.try_get(column(31))?,
            borne_miles: row.try_get(column(32))?,
            vests_on: row.try_get(column(33))?,
            expire_on: row.try_get(column(34))?,
        },
        redeemed: redeemed(row.try_get(column(35))?)?,
        coupon: Coupon::parse(coupon).ok_or_else(|| damaged("coupon of a purchase", coupon))?,
        refund_match: refund_match(row, column(37))?,
        birthday: Birthday::parse(row.try_get(column(38))?),
        authorized: parse_authorized(authorized, key).ok_or_else(|| damaged("authorizations", authorized))?,
    })
}

fn refund_match(row: &Row, column: usize) -> Result<Option<RefundMatch>, StoreError> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(|text| RefundMatch::parse(text).ok_or_else(|| damaged("match of a refund", text))).transpose()
}

fn till_under(row: &Row, first: usize) -> Result<Option<TillUnder>, StoreError> {
    let partner: Option<i32> = row.try_get(first + 1)?;
    let under = |partner| Ok(TillUnder { rules: rules_hash(row, first)?, partner: PartnerId(partner) });
    partner.map(under).transpose()
}

fn pinned_rate(text: &str) -> Result<Option<PinnedRate>, StoreError> {
    let parsed = |text| PinnedRate::parse(text).ok_or_else(|| damaged("pinned rate", text));
    Some(text).filter(|text| !text.is_empty()).map(parsed).transpose()
}

fn foreign(row: &Row, first: usize) -> Result<Option<Foreign>, StoreError> {
    let Some(number) = row.try_get::<_, Option<i32>>(first)? else { return Ok(None) };
    Ok(Some(Foreign {
        currency: currency_numbered(number)?,
        cleared_minor: minor(row, first + 1)?,
        billed_minor: minor(row, first + 2)?,
        charged_back_minor: row.try_get(first + 3)?,
    }))
}
