//! Writing what a batch has decided: one statement for each table, then COMMIT, in one flight.

/// One column of a statement over `rows`.
macro_rules! column {
    ($rows:expr, $row:pat => $value:expr) => {
        Box::new($rows.iter().map(|$row| $value).collect::<Vec<_>>()) as Box<dyn ToSql + Sync + Send>
    };
}

mod journal;
mod spent;

use std::collections::BTreeMap;

use domain::{
    CounterKey, Coupon, CouponCode, CouponKey, Disposition, Event, Outcome, Phase, PinnedRate, RefundMatch,
    Rules, WorkingSet, authorized_text, offered_text, replay::asks_birthday,
};
use futures_util::future::{join, join_all};
use jiff::civil::Date;
use tokio_postgres::{Client, Statement, types::ToSql};

use super::{BatchError, budgets::Budgets, coupons};
use crate::{MessageRecord, StoreError, error::damaged, redeemed::redeemed_text, replay, rows, sql};

/// The prepared statements of a lane.
pub(super) struct Statements {
    pub(super) lock_accounts: Statement,
    pub(super) seen_messages: Statement,
    pub(super) found_refs: Statement,
    pub(super) purchases: Statement,
    pub(super) counters: Statement,
    pub(super) gates: Statement,
    pub(super) cycle_dates: Statement,
    insert_messages: Statement,
    upsert_purchases: Statement,
    insert_refs: Statement,
    insert_transfers: Statement,
    add_balances: Statement,
    add_counters: Statement,
    set_account_seq: Statement,
    set_standings: Statement,
    insert_outbox: Statement,
    pub(super) open_budgets: Statement,
    pub(super) lock_budgets: Statement,
    pub(super) other_slices: Statement,
    set_budgets: Statement,
    pub(super) lots: Statement,
    pub(super) redemptions: Statement,
    upsert_redemptions: Statement,
    insert_pieces: Statement,
    pub(super) lock_coupons: Statement,
    use_coupons: Statement,
    insert_audit: Statement,
}

impl Statements {
    pub(super) async fn prepare(client: &Client, distributed: bool) -> Result<Self, StoreError> {
        let prepare = async |text: &str| match distributed {
            true => client.prepare(text).await,
            false => client.prepare(&sql::on_one_machine(text)).await,
        };
        Ok(Self {
            lock_accounts: prepare(sql::LOCK_ACCOUNTS).await?,
            seen_messages: prepare(sql::SEEN_MESSAGES).await?,
            found_refs: prepare(sql::FOUND_REFS).await?,
            purchases: prepare(sql::PURCHASES).await?,
            counters: prepare(sql::COUNTERS).await?,
            gates: prepare(sql::GATES).await?,
            cycle_dates: prepare(sql::CYCLE_DATES).await?,
            insert_messages: prepare(sql::INSERT_MESSAGES).await?,
            upsert_purchases: prepare(sql::UPSERT_PURCHASES).await?,
            insert_refs: prepare(sql::INSERT_REFS).await?,
            insert_transfers: prepare(sql::INSERT_TRANSFERS).await?,
            add_balances: prepare(sql::ADD_BALANCES).await?,
            add_counters: prepare(sql::ADD_COUNTERS).await?,
            set_account_seq: prepare(sql::SET_ACCOUNT_SEQ).await?,
            set_standings: prepare(sql::SET_STANDINGS).await?,
            insert_outbox: prepare(sql::INSERT_OUTBOX).await?,
            open_budgets: prepare(sql::OPEN_BUDGETS).await?,
            lock_budgets: prepare(sql::LOCK_BUDGETS).await?,
            other_slices: prepare(sql::OTHER_SLICES).await?,
            set_budgets: prepare(sql::SET_BUDGETS).await?,
            lots: prepare(sql::LOTS).await?,
            redemptions: prepare(sql::REDEMPTIONS).await?,
            upsert_redemptions: prepare(sql::UPSERT_REDEMPTIONS).await?,
            insert_pieces: prepare(sql::INSERT_PIECES).await?,
            lock_coupons: prepare(sql::LOCK_COUPONS).await?,
            use_coupons: prepare(sql::USE_COUPONS).await?,
            insert_audit: prepare(journal::INSERT_AUDIT).await?,
        })
    }
}

/// Columns of one statement, each an array with one entry a row.
type Columns = Vec<Box<dyn ToSql + Sync + Send>>;

pub(super) async fn write(
    client: &Client,
    statements: &Statements,
    batch: &[MessageRecord],
    outcomes: &[Outcome],
    state: &WorkingSet,
    rules: &Rules,
    budgets: Budgets,
) -> Result<(), BatchError> {
    let decided: Vec<(&MessageRecord, &Outcome)> = batch
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| outcome.disposition == Disposition::Decided)
        .collect();
    let mut work: Vec<(&Statement, Columns)> = Vec::new();
    if !decided.is_empty() {
        work.push((&statements.insert_messages, messages(&decided, state, rules)?));
        push(&mut work, &statements.upsert_purchases, purchases(&decided, state)?);
        push(&mut work, &statements.insert_refs, refs(&decided)?);
        push(&mut work, &statements.insert_transfers, transfers(&decided)?);
        push(&mut work, &statements.add_balances, balances(&decided)?);
        push(&mut work, &statements.add_counters, counters(&decided));
        push(&mut work, &statements.set_account_seq, account_seqs(&decided));
        push(&mut work, &statements.set_standings, standings(&decided));
        push(&mut work, &statements.insert_outbox, outbox(&decided));
        push(&mut work, &statements.set_budgets, budgets.after(outcomes));
        push(&mut work, &statements.upsert_redemptions, spent::redemptions(&decided, state));
        push(&mut work, &statements.insert_pieces, spent::pieces(&decided));
        push(&mut work, &statements.use_coupons, coupons::used(outcomes));
        push(&mut work, &statements.insert_audit, journal::entries(&decided));
    }
    let writes = work.iter().map(|(statement, columns)| {
        let parameters: Vec<&(dyn ToSql + Sync)> =
            columns.iter().map(|column| &**column as &(dyn ToSql + Sync)).collect();
        async move { client.execute(*statement, &parameters).await }
    });
    // COMMIT follows the writes in the same flight: after a failed write the server turns it into a rollback.
    let (written, committed) = join(join_all(writes), client.batch_execute("COMMIT")).await;
    for result in written {
        result?;
    }
    committed?;
    Ok(())
}

fn push<'a>(work: &mut Vec<(&'a Statement, Columns)>, statement: &'a Statement, columns: Option<Columns>) {
    work.extend(columns.map(|columns| (statement, columns)));
}

fn minor(amount: u64) -> Result<i64, StoreError> {
    i64::try_from(amount).map_err(|_| damaged("amount, which must fit 63 bits", amount))
}

fn number(bucket: domain::Bucket) -> i32 {
    i32::from(bucket.number())
}

type Decided<'a> = [(&'a MessageRecord, &'a Outcome)];

fn messages(decided: &Decided<'_>, state: &WorkingSet, rules: &Rules) -> Result<Columns, StoreError> {
    let amounts =
        decided.iter().map(|(record, _)| minor(record.event.amount_minor)).collect::<Result<Vec<_>, _>>()?;
    let mcc =
        |record: &MessageRecord| record.event.merchant.mcc.map(|mcc| format!("{mcc:04}")).unwrap_or_default();
    let member = |record: &MessageRecord| record.event.member.map(|member| member.account.0);
    let current = |record: &MessageRecord| {
        let gate = state.gates.get(&record.event.member?.program)?;
        Some(gate.rules.0.to_vec())
    };
    let partner = |outcome: &Outcome| {
        let own = outcome.purchases.iter().find(|purchase| Some(purchase.key) == outcome.purchase)?;
        own.partner.map(|partner| partner.0)
    };
    Ok(vec![
        column!(decided, (_, outcome) => number(outcome.bucket)),
        column!(decided, (_, outcome) => outcome.key.as_bytes().to_vec()),
        column!(decided, (record, _) => record.event.bank.0),
        column!(decided, (record, _) => record.key_text.clone()),
        column!(decided, (record, _) => record.event.content.to_text()),
        column!(decided, (record, _) => record.source.clone()),
        column!(decided, (record, _) => record.mti.clone()),
        column!(decided, (record, _) => record.stan.clone()),
        column!(decided, (record, _) => record.transmitted.clone()),
        column!(decided, (record, _) => record.event.references.retrieval.clone().unwrap_or_default()),
        column!(decided, (record, _) => record.approval.clone()),
        column!(decided, (record, _) => record.arn.clone()),
        column!(decided, (record, _) => record.event.merchant.acquirer.clone()),
        column!(decided, (record, _) => record.event.merchant.card_acceptor.clone()),
        column!(decided, (record, _) => record.event.merchant.terminal.clone()),
        column!(decided, (record, _) => mcc(record)),
        column!(decided, (record, _) => record.last4.clone()),
        Box::new(amounts),
        column!(decided, (record, _) => i32::from(record.event.currency.0)),
        column!(decided, (record, _) => record.event.local),
        column!(decided, (record, _) => record.event.received_at),
        column!(decided, (record, _) => record.bank_date),
        column!(decided, (record, _) => member(record)),
        column!(decided, (_, outcome) => outcome.purchase.map(|key| key.as_bytes().to_vec())),
        column!(decided, (_, outcome) => outcome.counted_minor),
        column!(decided, (_, outcome) => outcome.cycle.map(|(cycle, _)| cycle.0)),
        column!(decided, (_, outcome) => outcome.cycle.map(|(_, date)| date)),
        column!(decided, (_, outcome) => rows::reply_text(&outcome.reply)),
        column!(decided, (_, outcome) => rows::explanation_text(&outcome.explanation)),
        column!(decided, (record, _) => record.audit_mac.to_vec()),
        column!(decided, (record, outcome) => replay::event_text(record, &world(record, outcome, state, rules))),
        column!(decided, (record, _) => current(record)),
        column!(decided, (_, outcome) => partner(outcome)),
    ])
}

/// What the decision of a message looked at beside the message and the rows of its member.
fn world(record: &MessageRecord, outcome: &Outcome, state: &WorkingSet, rules: &Rules) -> replay::World {
    let event = &record.event;
    let account = event.member.and_then(|member| state.accounts.get(&(event.bucket, member.account)));
    let gate = event.member.and_then(|member| state.gates.get(&member.program));
    let asked = gate.is_some_and(|gate| asks_birthday(event, gate.rules, rules));
    let card_blocked = event.card.is_some_and(|card| state.blocked_cards.contains(&(event.bucket, card)));
    replay::World {
        clears_by: rules.banks.get(&event.bank).map(|bank| bank.clearing_source),
        rate: outcome.rate.clone(),
        blocked: card_blocked || account.is_some_and(|account| account.blocked),
        closed_on: account.and_then(|account| account.closed_on),
        coupon: shown(event, state),
        birthday: account.and_then(|account| account.birthday).filter(|_| asked),
    }
}

/// The code that was shown, as it was given out.
fn shown(event: &Event, state: &WorkingSet) -> Option<CouponCode> {
    let (member, coupon) = event.member.zip(event.asked.coupon)?;
    state.coupons.get(&CouponKey { program: member.program, coupon }).cloned()
}

/// The last state of each purchase of the batch: a statement must not touch a row twice.
fn purchases(decided: &Decided<'_>, state: &WorkingSet) -> Result<Option<Columns>, StoreError> {
    let mut touched: BTreeMap<_, domain::BankId> = BTreeMap::new();
    for (record, outcome) in decided {
        touched.extend(
            outcome.purchases.iter().map(|purchase| ((outcome.bucket, purchase.key), record.event.bank)),
        );
    }
    let rows: Vec<_> = touched
        .iter()
        .filter_map(|(key, bank)| state.purchases.get(key).map(|purchase| (key.0, *bank, purchase)))
        .collect();
    let mut amounts: [Vec<i64>; 5] = Default::default();
    let mut tills: [Vec<Option<i64>>; 2] = Default::default();
    for (_, _, purchase) in &rows {
        let [held, cleared, refunded, foreign_cleared, foreign_billed] = &mut amounts;
        held.push(minor(purchase.held_minor)?);
        cleared.push(minor(purchase.cleared_minor)?);
        refunded.push(minor(purchase.refunded_minor)?);
        foreign_cleared.push(minor(purchase.foreign.map_or(0, |foreign| foreign.cleared_minor))?);
        foreign_billed.push(minor(purchase.foreign.map_or(0, |foreign| foreign.billed_minor))?);
        let [original, discount] = &mut tills;
        original.push(purchase.till.map(|till| minor(till.original_minor)).transpose()?);
        discount.push(purchase.till.map(|till| minor(till.discount_minor)).transpose()?);
    }
    let ([held, cleared, refunded, foreign_cleared, foreign_billed], [original, discount]) = (amounts, tills);
    Ok((!rows.is_empty()).then(|| {
        vec![
            column!(rows, (bucket, _, _) => number(*bucket)),
            column!(rows, (_, _, purchase) => purchase.key.as_bytes().to_vec()),
            column!(rows, (_, bank, _) => bank.0),
            column!(rows, (_, _, purchase) => purchase.account.0),
            column!(rows, (_, _, purchase) => purchase.program.0),
            column!(rows, (_, _, purchase) => purchase.rules.0.to_vec()),
            column!(rows, (_, _, purchase) => purchase.partner.map(|partner| partner.0)),
            column!(rows, (_, _, purchase) => purchase.mcc.map(i32::from)),
            column!(rows, (_, _, purchase) => purchase.date),
            column!(rows, (_, _, purchase) => purchase.is_purchase),
            column!(rows, (_, _, purchase) => i32::from(purchase.currency.0)),
            Box::new(held),
            column!(rows, (_, _, purchase) => purchase.hold.name()),
            Box::new(original),
            Box::new(discount),
            Box::new(cleared),
            Box::new(refunded),
            column!(rows, (_, _, purchase) => purchase.booked.to_text()),
            column!(rows, (_, _, purchase) => purchase.pending.to_text()),
            column!(rows, (_, _, purchase) => purchase.charged_back_minor),
            column!(rows, (_, _, purchase) => purchase.foreign.map(|foreign| i32::from(foreign.currency.0))),
            Box::new(foreign_cleared),
            Box::new(foreign_billed),
            column!(rows, (_, _, purchase) => purchase.foreign.map_or(0, |foreign| foreign.charged_back_minor)),
            column!(rows, (_, _, purchase) => purchase.hold_until),
            column!(rows, (_, _, purchase) => i16::from(purchase.tier)),
            column!(rows, (_, _, purchase) => purchase.time),
            column!(rows, (_, _, purchase) => purchase.till_under.map(|under| under.rules.0.to_vec())),
            column!(rows, (_, _, purchase) => purchase.till_under.map(|under| under.partner.0)),
            column!(rows, (_, _, purchase) => offered_text(&purchase.offered)),
            column!(rows, (_, _, purchase) => purchase.claims.to_text()),
            column!(rows, (_, _, purchase) => purchase.fx.as_ref().map(PinnedRate::to_text).unwrap_or_default()),
            column!(rows, (_, _, purchase) => purchase.lot.spent_miles),
            column!(rows, (_, _, purchase) => purchase.lot.expired_miles),
            column!(rows, (_, _, purchase) => purchase.lot.covered_miles),
            column!(rows, (_, _, purchase) => purchase.lot.borne_miles),
            column!(rows, (_, _, purchase) => purchase.lot.vests_on),
            column!(rows, (_, _, purchase) => purchase.lot.expire_on),
            column!(rows, (_, _, purchase) => purchase.open_miles()),
            column!(rows, (_, _, purchase) => redeemed_text(purchase.redeemed.as_ref())),
            column!(rows, (_, _, purchase) => Coupon::to_text(purchase.coupon.as_ref())),
            column!(rows, (_, _, purchase) => purchase.refund_match.map(RefundMatch::to_text)),
            column!(rows, (_, _, purchase) => purchase.birthday.map(|day| day.to_string()).unwrap_or_default()),
            column!(rows, (_, _, purchase) => authorized_text(purchase)),
        ]
    }))
}

fn refs(decided: &Decided<'_>) -> Result<Option<Columns>, StoreError> {
    let rows: Vec<_> = decided
        .iter()
        .flat_map(|(record, outcome)| outcome.refs.iter().map(move |row| (record.event.bank, *outcome, row)))
        .collect();
    let mut amounts: [Vec<i64>; 2] = Default::default();
    for (_, _, row) in &rows {
        let [counted, transaction] = &mut amounts;
        counted.push(minor(row.amount_minor)?);
        transaction.push(minor(row.transaction_minor)?);
    }
    let [counted, transaction] = amounts;
    Ok((!rows.is_empty()).then(|| {
        vec![
            column!(rows, (_, outcome, _) => number(outcome.bucket)),
            column!(rows, (bank, _, _) => bank.0),
            column!(rows, (_, _, row) => row.kind.number()),
            column!(rows, (_, _, row) => row.value.clone()),
            column!(rows, (_, outcome, _) => outcome.key.as_bytes().to_vec()),
            column!(rows, (_, _, row) => row.purchase.map(|key| key.as_bytes().to_vec())),
            Box::new(counted),
            Box::new(transaction),
            column!(rows, (_, _, row) => rows::file_record_text(row.record.as_ref())),
        ]
    }))
}

fn transfers(decided: &Decided<'_>) -> Result<Option<Columns>, StoreError> {
    let rows: Vec<_> = decided
        .iter()
        .flat_map(|(record, outcome)| {
            outcome.transfers.iter().map(move |row| (record.event.bank, *outcome, row))
        })
        .collect();
    let amounts = rows.iter().map(|(_, _, row)| minor(row.amount)).collect::<Result<Vec<_>, _>>()?;
    let phase = |phase| match phase {
        Phase::Posted => 1_i16,
        Phase::Pending => 2,
    };
    Ok((!rows.is_empty()).then(|| {
        vec![
            column!(rows, (_, outcome, _) => number(outcome.bucket)),
            column!(rows, (_, outcome, _) => outcome.key.as_bytes().to_vec()),
            column!(rows, (_, _, row) => row.leg),
            column!(rows, (_, _, row) => phase(row.phase)),
            column!(rows, (bank, _, _) => bank.0),
            column!(rows, (_, _, row) => row.program.0),
            column!(rows, (_, _, row) => row.cycle.0),
            column!(rows, (_, _, row) => row.account.0),
            column!(rows, (_, _, row) => row.purchase.as_bytes().to_vec()),
            column!(rows, (_, _, row) => row.rules.0.to_vec()),
            column!(rows, (_, _, row) => row.item.to_string()),
            column!(rows, (_, _, row) => rows::unit_columns(row.unit).0),
            column!(rows, (_, _, row) => rows::unit_columns(row.unit).1),
            column!(rows, (_, _, row) => rows::side_columns(row.debit).0),
            column!(rows, (_, _, row) => rows::side_columns(row.debit).1),
            column!(rows, (_, _, row) => rows::side_columns(row.credit).0),
            column!(rows, (_, _, row) => rows::side_columns(row.credit).1),
            Box::new(amounts),
        ]
    }))
}

/// The sums of the batch's transfers for each balance.
fn balances(decided: &Decided<'_>) -> Result<Option<Columns>, StoreError> {
    let mut sums: BTreeMap<(i32, i64, i16, i32), (i64, i64)> = BTreeMap::new();
    for (_, outcome) in decided {
        for transfer in &outcome.transfers {
            let (kind, id) = rows::unit_columns(transfer.unit);
            let sum = sums.entry((number(outcome.bucket), transfer.account.0, kind, id)).or_default();
            let moved = match transfer.phase {
                Phase::Posted => &mut sum.0,
                Phase::Pending => &mut sum.1,
            };
            *moved = moved
                .checked_add(transfer.signed_for_member())
                .ok_or_else(|| damaged("sum of a batch, which must fit 63 bits", transfer.amount))?;
        }
    }
    Ok((!sums.is_empty()).then(|| {
        vec![
            column!(sums, (key, _) => key.0),
            column!(sums, (key, _) => key.1),
            column!(sums, (key, _) => key.2),
            column!(sums, (key, _) => key.3),
            column!(sums, (_, sum) => sum.0),
            column!(sums, (_, sum) => sum.1),
        ]
    }))
}

fn counters(decided: &Decided<'_>) -> Option<Columns> {
    let mut sums: BTreeMap<&CounterKey, i64> = BTreeMap::new();
    for (_, outcome) in decided {
        for (key, counted) in &outcome.counted {
            *sums.entry(key).or_default() += counted;
        }
    }
    (!sums.is_empty()).then(|| {
        vec![
            column!(sums, (key, _) => number(key.bucket)),
            column!(sums, (key, _) => key.account.0),
            column!(sums, (key, _) => key.program.0),
            column!(sums, (key, _) => key.period.clone()),
            column!(sums, (_, sum) => *sum),
            column!(sums, (key, _) => key.rule.clone()),
        ]
    })
}

fn account_seqs(decided: &Decided<'_>) -> Option<Columns> {
    let mut last: BTreeMap<(i32, i64), (i64, Option<Date>)> = BTreeMap::new();
    for (record, outcome) in decided {
        for entry in &outcome.outbox {
            let (seq, _) = last.entry((number(outcome.bucket), entry.account.0)).or_default();
            *seq = (*seq).max(entry.account_seq);
        }
        if let (Some(member), Some(used)) = (record.event.member, outcome.active_on) {
            let (_, day) = last.entry((number(outcome.bucket), member.account.0)).or_default();
            *day = (*day).max(Some(used));
        }
    }
    let mut buckets: Vec<i32> = last.keys().map(|key| key.0).collect();
    buckets.dedup();
    (!last.is_empty()).then(|| {
        vec![
            Box::new(buckets) as Box<dyn ToSql + Sync + Send>,
            column!(last, (key, _) => key.0),
            column!(last, (key, _) => key.1),
            column!(last, (_, (seq, _)) => *seq),
            column!(last, (_, (_, used)) => *used),
        ]
    })
}

/// The last standing of each account of the batch.
fn standings(decided: &Decided<'_>) -> Option<Columns> {
    let changed: BTreeMap<(i32, i64), domain::Standing> = decided
        .iter()
        .filter_map(|(_, outcome)| outcome.standing.map(|change| (number(outcome.bucket), change)))
        .map(|(bucket, (account, standing))| ((bucket, account.0), standing))
        .collect();
    (!changed.is_empty()).then(|| {
        let mut buckets: Vec<i32> = changed.keys().map(|(bucket, _)| *bucket).collect();
        buckets.dedup();
        vec![
            Box::new(buckets) as Box<dyn ToSql + Sync + Send>,
            column!(changed, (key, _) => key.0),
            column!(changed, (key, _) => key.1),
            column!(changed, (_, standing) => i16::from(standing.rank)),
            column!(changed, (_, standing) => standing.review_on),
            column!(changed, (_, standing) => standing.year),
            column!(changed, (_, standing) => standing.units),
            column!(changed, (_, standing) => standing.units_before),
        ]
    })
}

fn outbox(decided: &Decided<'_>) -> Option<Columns> {
    let rows: Vec<_> = decided
        .iter()
        .flat_map(|(_, outcome)| outcome.outbox.iter().map(move |row| (*outcome, row)))
        .collect();
    (!rows.is_empty()).then(|| {
        vec![
            column!(rows, (outcome, _) => number(outcome.bucket)),
            column!(rows, (_, row) => row.account.0),
            column!(rows, (_, row) => row.account_seq),
            column!(rows, (outcome, _) => outcome.key.as_bytes().to_vec()),
            column!(rows, (_, row) => row.topic),
            column!(rows, (_, row) => rows::payload_text(row)),
        ]
    })
}
