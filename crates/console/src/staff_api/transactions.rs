//! Messages of the bank: those of a day, those that a reference names, and all that is known of one.

use domain::MessageKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::MessageView;

use super::{
    call::{Answer, Call},
    days,
    problems::Problem,
    values::{Money, Quantity},
};
use crate::{
    effect, explained,
    queries::{self, Chosen, Listed},
};

/// A message in a list.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Transaction {
    /// Its key, 48 hexadecimal digits: a reference that names it alone.
    key: String,
    /// Where its rows lie.
    bucket: i32,
    /// The message type, or `file` for a record of a clearing file.
    mti: String,
    /// When it reached us.
    received_at: String,
    /// DE37.
    retrieval: String,
    /// The last four digits of the card number.
    last4: String,
    /// DE4 in the currency of DE49.
    amount: Money,
    /// With how much it counted, signed, in the currency of the program; none without a program.
    counted: Option<Money>,
    /// What the bank was told: `booked`, `provisional`, `reversed`, `none`.
    status: String,
    /// The code of the reason.
    reason: String,
    /// The key of the purchase that it belongs to.
    purchase: Option<String>,
}

/// A page of messages.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Transactions {
    /// In the order of their keys, which begin with their time.
    transactions: Vec<Transaction>,
    /// `after` of the next page; none on the last.
    next: Option<String>,
}

/// Something that moved.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Moved {
    /// Its place in the message.
    leg: i16,
    /// `posted` or `pending`.
    phase: String,
    /// What moved, such as `base` or `turnover:3`.
    item: String,
    /// How much: miles, or minor units of the program's currency for turnover and discounts.
    amount: i64,
}

/// A message with everything that is known of it; no card data but the last four digits.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TransactionShown {
    /// As in a list.
    listed: Transaction,
    /// The program's code.
    program: Option<String>,
    /// The bank's code.
    bank: String,
    /// `online`, or the id of the clearing file that brought it.
    source: String,
    /// The business date of its cycle.
    business_date: Option<String>,
    /// The bank's own business date.
    bank_date: String,
    /// The cardholder's local date and time, DE12 and DE13.
    local_time: String,
    /// DE11.
    stan: String,
    /// DE7.
    transmitted: String,
    /// DE38.
    approval: String,
    /// The acquirer reference number.
    arn: String,
    /// DE32.
    acquirer: String,
    /// DE42.
    card_acceptor: String,
    /// DE41.
    terminal: String,
    /// DE18.
    mcc: String,
    /// The bank was told of so many base miles.
    base_miles: Quantity,
    /// And of so many bonus miles.
    bonus_miles: Quantity,
    /// What moved.
    transfers: Vec<Moved>,
    /// Where it is explained.
    explanation: String,
}

/// The messages that a reference names.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TransactionsShown {
    /// The oldest first.
    transactions: Vec<TransactionShown>,
}

pub(super) async fn of_day(call: Call) -> Result<Answer, Problem> {
    let (_, of) = days::cycle(&call).await?;
    let limit = call.limit()?;
    let mti = call.asked("mti").unwrap_or_default();
    let (key, bucket) = match call.after::<2>()? {
        None => (Vec::new(), -1),
        Some([bucket, key]) => {
            let wrong = || Problem::parameter("after", "expected what the page before named as next");
            let key = MessageKey::parse(&key).ok_or_else(wrong)?;
            (key.as_bytes().to_vec(), bucket.parse().map_err(|_| wrong())?)
        }
    };
    let chosen =
        Chosen::OfCycle { cycle: of.cycle.id, after: (&key, bucket), mti, limit: i64::from(limit) + 1 };
    let mut rows = queries::messages(call.pool(), chosen).await?;
    let next = call.cut(&mut rows, limit, |row| vec![row.bucket.to_string(), row.key.to_string()]);
    Answer::ok(&Transactions { transactions: rows.iter().map(listed).collect(), next })
}

pub(super) async fn find(call: Call) -> Result<Answer, Problem> {
    let reference = call.asked("reference");
    let reference =
        reference.ok_or_else(|| Problem::parameter("reference", "expected a reference to look for"))?;
    let mut found = Vec::new();
    for (bucket, key) in explained::keys(call.pool(), reference).await? {
        found.extend(queries::messages(call.pool(), Chosen::One { bucket, key }).await?);
    }
    Answer::ok(&Transactions { transactions: found.iter().map(listed).collect(), next: None })
}

pub(super) async fn show(call: Call) -> Result<Answer, Problem> {
    let mut transactions = Vec::new();
    for (bucket, key) in explained::keys(call.pool(), call.part("reference")).await? {
        let Some(message) = store::message_view(call.pool(), bucket, key).await? else { continue };
        transactions.extend(shown(&call, message).await?);
    }
    if transactions.is_empty() {
        return Err(Problem::not_found("transaction"));
    }
    Answer::ok(&TransactionsShown { transactions })
}

fn listed(row: &Listed) -> Transaction {
    Transaction {
        key: row.key.to_string(),
        bucket: row.bucket,
        mti: row.mti.clone(),
        received_at: row.received_at.to_string(),
        retrieval: row.retrieval.clone(),
        last4: row.last4.clone(),
        amount: Money::new(row.amount_minor, effect::currency(row.currency)),
        counted: row.booked_in.map(|currency| Money::new(row.counted_minor, effect::currency(currency))),
        status: row.status.clone(),
        reason: row.reason.clone(),
        purchase: row.purchase.map(|key| key.to_string()),
    }
}

async fn shown(call: &Call, message: MessageView) -> Result<Option<TransactionShown>, Problem> {
    let (bucket, key) = (message.bucket, message.key);
    let rows = queries::messages(call.pool(), Chosen::One { bucket, key }).await?;
    let further = queries::further(call.pool(), bucket, key).await?;
    let (Some(row), Some(further)) = (rows.first(), further) else { return Ok(None) };
    let program = call.console().programs.iter().find(|program| Some(program.id) == further.program);
    let miles = |amount: i64| Quantity { unit: "MILES".to_owned(), amount };
    let result = &message.reply.result;
    Ok(Some(TransactionShown {
        listed: listed(row),
        program: program.map(|program| program.code.clone()),
        bank: further.bank,
        source: message.source,
        business_date: message.business_date.map(|date| date.to_string()),
        bank_date: further.bank_date.to_string(),
        local_time: message.local_time.to_string(),
        stan: message.stan,
        transmitted: message.transmitted,
        approval: further.approval,
        arn: further.arn,
        acquirer: message.acquirer,
        card_acceptor: message.card_acceptor,
        terminal: message.terminal,
        mcc: message.mcc,
        base_miles: miles(result.base_miles),
        bonus_miles: miles(result.bonus_miles),
        transfers: message
            .transfers
            .iter()
            .map(|transfer| Moved {
                leg: transfer.leg,
                phase: if transfer.posted { "posted" } else { "pending" }.to_owned(),
                item: transfer.item.clone(),
                amount: transfer.amount,
            })
            .collect(),
        explanation: format!("/api/v1/transactions/{key}/explanation"),
    }))
}
