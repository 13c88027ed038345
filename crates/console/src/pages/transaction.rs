//! The page of one message: its fields, the reply, why, what moved, and its relatives.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use domain::{Currency, DiscountMode, Item, MessageKey, Reply, ReplyCode};
use store::{FindingRow, MessageView, TransferView, find_messages, message_view};

use super::{
    Frame, PageError, find, html, long_date,
    transactions::{ListRow, clock, currency},
};
use crate::{
    ProgramInfo,
    access::signed_in::SignedIn,
    app::App,
    money,
    queries::{self, Further},
    words::{self, Word},
};

/// So many other messages of the same DE37 are shown.
const OTHERS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "transaction.html")]
struct TransactionPage {
    frame: Frame,
    bucket: i32,
    key: String,
    mti: String,
    meaning: &'static str,
    amount: String,
    day: Option<DayLink>,
    retrieval: String,
    fields: Vec<Field>,
    reply: Vec<Field>,
    result: Word,
    findings: Vec<FindingView>,
    transfers: Vec<TransferRow>,
    others: Vec<OtherRow>,
}

struct DayLink {
    program: String,
    date: String,
    long_date: String,
}

/// A line of a table of names and values.
struct Field {
    code: &'static str,
    name: &'static str,
    value: String,
}

struct FindingView {
    rule: String,
    verdict: Word,
    reason: String,
    code: String,
    values: Vec<words::Shown>,
}

struct TransferRow {
    leg: i16,
    phase: Word,
    item: String,
    amount: String,
    value: i64,
}

struct OtherRow {
    row: ListRow,
    is_same_purchase: bool,
}

/// Shows the message that the address names.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path((bucket, key)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let bucket: i32 = bucket.parse().map_err(|_| PageError::NotFound)?;
    let bytes = hex::decode(&key).map_err(|_| PageError::NotFound)?;
    let key = MessageKey::from_bytes(&bytes).ok_or(PageError::NotFound)?;
    let pool = &app.console.pool;
    let message = message_view(pool, bucket, key).await?.ok_or(PageError::NotFound)?;
    let further = queries::further(pool, bucket, key).await?.ok_or(PageError::NotFound)?;
    let program = app.console.programs.iter().find(|program| Some(program.id) == further.program);
    let others = others(&app, &message).await?;
    html(StatusCode::OK, &page(&app, &who, &message, &further, program, others))
}

fn page(
    app: &App,
    who: &SignedIn,
    message: &MessageView,
    further: &Further,
    program: Option<&ProgramInfo>,
    others: Vec<OtherRow>,
) -> TransactionPage {
    let booked_in = program.map_or_else(|| currency(message.currency), |program| program.currency);
    let finding = |finding: &FindingRow| finding_view(app, booked_in, message.bucket, finding);
    TransactionPage {
        frame: Frame::new(app, who),
        bucket: message.bucket,
        key: message.key.to_string(),
        mti: message.mti.clone(),
        meaning: words::mti(&message.mti),
        amount: money::money(message.amount_minor, currency(message.currency)),
        day: program.zip(message.business_date).map(|(program, date)| DayLink {
            program: program.code.clone(),
            date: date.to_string(),
            long_date: long_date(date),
        }),
        retrieval: message.retrieval.clone(),
        fields: fields(message, further, program, booked_in),
        reply: reply(&message.reply, booked_in),
        result: Word::result(message.reply.result.status.name()),
        findings: message.explanation.iter().map(finding).collect(),
        transfers: message.transfers.iter().map(|transfer| transfer_row(app, booked_in, transfer)).collect(),
        others,
    }
}

/// The fields of the message. The card number is known by its last four digits only.
fn fields(
    message: &MessageView,
    further: &Further,
    program: Option<&ProgramInfo>,
    booked_in: Currency,
) -> Vec<Field> {
    let zone = program.map_or("UTC", |program| program.time_zone.as_str());
    let paid_in = currency(message.currency);
    let card =
        if message.last4.is_empty() { String::new() } else { format!("•••• {}", message.last4) };
    let row = |code, name, value: &str| Field { code, name, value: value.to_owned() };
    let all = vec![
        row("DE2", "Card number, masked", &card),
        row("DE4", "Amount, transaction", &money::money(message.amount_minor, paid_in)),
        row("DE7", "Transmission date and time (MMDDhhmmss, UTC)", &message.transmitted),
        row("DE11", "System trace audit number", &message.stan),
        row(
            "DE12, DE13",
            "Local date and time",
            &message.local_time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        ),
        row("DE18", "Merchant category", &message.mcc),
        row("DE32", "Acquiring institution", &message.acquirer),
        row("DE37", "Retrieval reference number", &message.retrieval),
        row("DE38", "Authorization identification response", &further.approval),
        row("DE41", "Card acceptor terminal", &message.terminal),
        row("DE42", "Card acceptor", &message.card_acceptor),
        row("DE49", "Currency, transaction", &format!("{} ({})", money::code(paid_in), paid_in)),
        row("ARN", "Acquirer reference number", &further.arn),
        row("", "Bank", &further.bank),
        row("", "Business day of the bank", &further.bank_date.to_string()),
        row("", "Came by", if message.source == "online" { "the online link" } else { &message.source }),
        row("", "Reached us", &format!("{} {zone}", clock(message.received_at, zone))),
        row("", "Counted in turnover with", &money::money(further.counted_minor, booked_in)),
    ];
    all.into_iter().filter(|field| !field.value.trim().is_empty()).collect()
}

fn reply(reply: &Reply, booked_in: Currency) -> Vec<Field> {
    let result = &reply.result;
    let answer = match reply.code {
        ReplyCode::Taken => "taken (by the link contract this approves nothing)",
        ReplyCode::AlteredRepeat => "refused: a repeat that differs from the first message",
        ReplyCode::Malfunction => "our malfunction: nothing was booked",
    };
    let row = |name, value: String| Field { code: "", name, value };
    let mut rows = vec![
        row("Answer", answer.to_owned()),
        row("Reason", words::reason(&result.reason)),
        row("Base miles", money::number(result.base_miles)),
        row("Bonus miles", money::number(result.bonus_miles)),
        row("Discount", money::money(result.discount_minor, booked_in)),
    ];
    if let Some(mode) = result.discount_mode {
        let how = match mode {
            DiscountMode::StatementCredit => "credited to the statement by the bank",
            DiscountMode::AtTill => "given at the till",
        };
        rows.push(row("The discount is", how.to_owned()));
    }
    if let Some((reduced, original)) = reply.till {
        let amount = |minor: u64| money::money(i64::try_from(minor).unwrap_or(i64::MAX), booked_in);
        rows.push(row("Amount in the reply (DE4)", amount(reduced)));
        rows.push(row("Original amount in the reply (DE54)", amount(original)));
    }
    rows
}

fn finding_view(app: &App, booked_in: Currency, bucket: i32, finding: &FindingRow) -> FindingView {
    let value = |(name, value): &(String, String)| {
        let mut shown = words::shown(&app.console, booked_in, name, value);
        // All messages of a purchase lie in one bucket.
        shown.message = shown.message.map(|key| format!("/t/{bucket}/{key}"));
        shown
    };
    FindingView {
        rule: finding.rule.clone(),
        verdict: if finding.verdict == "applied" { Word::APPLIED } else { Word::SKIPPED },
        reason: words::reason(&finding.reason),
        code: finding.reason.clone(),
        values: finding.values.iter().map(value).collect(),
    }
}

fn transfer_row(app: &App, booked_in: Currency, transfer: &TransferView) -> TransferRow {
    let is_miles = Item::parse(&transfer.item).is_some_and(|item| item.is_miles());
    TransferRow {
        leg: transfer.leg,
        phase: if transfer.posted { Word::POSTED } else { Word::PENDING },
        item: words::item(&app.console, &transfer.item),
        amount: if is_miles {
            format!("{} miles", money::number(transfer.amount))
        } else {
            money::money(transfer.amount, booked_in)
        },
        value: transfer.amount,
    }
}

async fn others(app: &App, message: &MessageView) -> Result<Vec<OtherRow>, PageError> {
    if message.retrieval.trim().is_empty() {
        return Ok(Vec::new());
    }
    let limit = i64::try_from(OTHERS_MAX + 1).unwrap_or(i64::MAX);
    let found = find_messages(&app.console.pool, &message.retrieval, limit).await?;
    let others = found.iter().filter(|other| (other.bucket, other.key) != (message.bucket, message.key));
    let row = |other: &MessageView| OtherRow {
        row: find::list_row(other),
        is_same_purchase: other.purchase.is_some() && other.purchase == message.purchase,
    };
    Ok(others.take(OTHERS_MAX).map(row).collect())
}
