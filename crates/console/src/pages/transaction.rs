//! The page of one message as a trace: from the bank's message to the settlement line, its file and the receiver's answer;
//! behind it the masked message, the reply, why, and what moved.

mod trace;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use domain::{Currency, DiscountMode, Item, MessageKey, Reply, ReplyCode};
use program_files::Language;
use store::{FindingRow, MessageView, TransferView, message_view};

use super::{
    Frame, PageError, Values,
    clock::{Clock, Moment},
    day_address, find, html,
    transactions::list_address,
};
use crate::{
    ProgramInfo,
    access::signed_in::SignedIn,
    app::App,
    effect::{self, currency},
    export::{self, ExportTable},
    locale::Locale,
    money,
    queries::{self, Chosen, Further, Listed},
    words::{self, TraceWords, Word, field_name, message_type},
};

/// So many other messages of the same DE37 are shown.
const OTHERS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "transaction.html")]
struct TransactionPage {
    frame: Frame,
    w: &'static TraceWords,
    bucket: i32,
    key: String,
    mti: String,
    meaning: String,
    amount: String,
    day: Option<DayLink>,
    retrieval: String,
    trace: Vec<trace::Step>,
    trace_times: String,
    groups: [Group; 2],
    reply: Vec<Field>,
    result: Word,
    findings: Vec<FindingView>,
    transfers: Vec<TransferRow>,
    others: ExportTable,
}

/// Some of the fields, so that they stand beside each other where there is room.
struct Group {
    caption: &'static str,
    fields: Vec<Field>,
}

struct DayLink {
    program: String,
    date: String,
    href: String,
    transactions: String,
    long_date: String,
}

/// A line of a table of names and values.
struct Field {
    code: &'static str,
    name: &'static str,
    value: String,
    /// The value is this instant.
    moment: Option<Moment>,
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
    note: Option<&'static str>,
}

/// Shows the message that the address names, or the table of the others as a file.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    Path((bucket, key)): Path<(String, String)>,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    let bucket: i32 = bucket.parse().map_err(|_| PageError::NotFound)?;
    let key = MessageKey::parse(&key).ok_or(PageError::NotFound)?;
    let pool = &app.console.pool;
    let message = message_view(pool, bucket, key).await?.ok_or(PageError::NotFound)?;
    let further = queries::further(pool, bucket, key).await?.ok_or(PageError::NotFound)?;
    let program = app.console.programs.iter().find(|program| Some(program.id) == further.program);
    let listed =
        queries::messages(pool, Chosen::One { bucket, key }).await?.pop().ok_or(PageError::NotFound)?;
    let others = others(&app, &message).await?;
    // A message of no program is shown by the clock of its bank.
    let of_bank = || app.console.programs.iter().filter(|program| program.bank_code == further.bank);
    let clock = match program {
        Some(program) => Clock::of(&program.time_zone),
        None => Clock::of_all(of_bank().map(|program| program.time_zone.as_str())),
    };
    let clock = clock.spoken(who.language);
    let steps = trace::steps(&app, &who, &clock, &message, &listed).await?;
    let frame = Frame::of(&app, &who).await?;
    let seen = Seen { message, further, listed, program, others, clock };
    let page = page(&app, &who, frame, steps, &seen);
    match export::respond(&values, &format!("message-{}", page.key), &[&page.others])? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &page),
    }
}

/// Everything that was read for the page.
struct Seen<'a> {
    message: MessageView,
    further: Further,
    listed: Listed,
    program: Option<&'a ProgramInfo>,
    others: Vec<Listed>,
    clock: Clock,
}

fn page(
    app: &App,
    who: &SignedIn,
    frame: Frame,
    (trace, trace_times): (Vec<trace::Step>, String),
    seen: &Seen<'_>,
) -> TransactionPage {
    let Seen { message, further, listed, program, .. } = seen;
    let (w, locale) = (TraceWords::of(who.language), Locale(who.language));
    let booked_in = program.map_or_else(|| currency(message.currency), |program| program.currency);
    let finding = |finding: &FindingRow| finding_view(app, who.language, booked_in, message.bucket, finding);
    let (minor, shown_in) = effect::signed(listed);
    TransactionPage {
        frame,
        w,
        bucket: message.bucket,
        key: message.key.to_string(),
        mti: message.mti.clone(),
        meaning: message_type(&message.mti, effect::is_refund(listed), who.language),
        amount: locale.money(minor, shown_in),
        day: program.zip(message.business_date).map(|(program, date)| DayLink {
            program: program.code.clone(),
            date: date.to_string(),
            href: day_address(&program.code, date, further.cycle_number),
            transactions: list_address(&program.code, date, further.cycle_number),
            long_date: locale.long_date(date),
        }),
        retrieval: message.retrieval.clone(),
        trace,
        trace_times,
        groups: groups(who, seen, booked_in),
        reply: reply(who.language, &message.reply, booked_in),
        result: Word::told(message.reply.result.status.name(), who.language),
        findings: message.explanation.iter().map(finding).collect(),
        transfers: message
            .transfers
            .iter()
            .map(|transfer| transfer_row(app, who.language, booked_in, transfer, &message.reply))
            .collect(),
        others: others_table(who, seen),
    }
}

/// The fields of the message. The card number is known by its last four digits only.
fn groups(who: &SignedIn, seen: &Seen<'_>, booked_in: Currency) -> [Group; 2] {
    let Seen { message, further, listed, clock, .. } = seen;
    let (w, locale, language) = (TraceWords::of(who.language), Locale(who.language), who.language);
    let paid_in = currency(message.currency);
    let card =
        if message.last4.is_empty() { String::new() } else { format!("•••• {}", message.last4) };
    let row = |code, name, value: &str| Field {
        code,
        name: field_name(name, language),
        value: value.to_owned(),
        moment: None,
    };
    let reached = Moment {
        text: format!(
            "{} {}",
            clock.moment(message.received_at).text,
            clock.label([message.received_at].into_iter())
        ),
        ..clock.moment(message.received_at)
    };
    let taken_back = effect::taken_back(listed).map(|minor| locale.money(minor, booked_in));
    let payment = vec![
        row("DE2", "Card number, masked", &card),
        row("DE3", "Processing code", &processing_code(&listed.content, language)),
        row("DE4", "Amount, transaction", &locale.money(message.amount_minor, paid_in)),
        row("DE49", "Currency, transaction", &format!("{} ({})", money::code(paid_in), paid_in)),
        row(
            "DE12, DE13",
            "Date and time at the merchant",
            &message.local_time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        ),
        row("DE18", "Merchant category", &message.mcc),
        row("DE32", "Acquiring institution", &message.acquirer),
        row("DE41", "Card acceptor terminal", &message.terminal),
        row("DE42", "Card acceptor", &message.card_acceptor),
    ];
    let online = language.choose("the online link", "онлайн-канал");
    let origin = vec![
        row("DE7", "Transmission, as sent (MMDDhhmmss, UTC)", &message.transmitted),
        row("DE11", "System trace audit number", &message.stan),
        row("DE37", "Retrieval reference number", &message.retrieval),
        row("DE38", "Authorization identification response", &further.approval),
        row("ARN", "Acquirer reference number", &further.arn),
        row("", "Bank", &further.bank),
        row("", "Business day of the bank", &locale.date(further.bank_date)),
        row("", "Came by", if message.source == "online" { online } else { &message.source }),
        Field { moment: Some(reached.clone()), ..row("", "Reached us", &reached.text) },
        row("", "Took back", &taken_back.unwrap_or_default()),
        row("", "Counted in turnover with", &locale.money(further.counted_minor, booked_in)),
    ];
    let said =
        |fields: Vec<Field>| fields.into_iter().filter(|field| !field.value.trim().is_empty()).collect();
    [
        Group { caption: w.fields_payment, fields: said(payment) },
        Group { caption: w.fields_origin, fields: said(origin) },
    ]
}

/// `200000 (refund)`.
fn processing_code(content: &str, language: Language) -> String {
    let code = effect::processing_code(content).unwrap_or_default();
    let (english, russian) = match code.get(..2) {
        Some("00") => ("purchase", "покупка"),
        Some("01" | "17") => ("cash", "наличные"),
        Some("09") => ("purchase with cash", "покупка с выдачей наличных"),
        Some("20") => ("refund", "возврат"),
        _ => return code.to_owned(),
    };
    format!("{code} ({})", language.choose(english, russian))
}

fn reply(language: Language, reply: &Reply, booked_in: Currency) -> Vec<Field> {
    let (result, locale) = (&reply.result, Locale(language));
    let answer = match reply.code {
        ReplyCode::Taken => language.choose(
            "taken (by the link contract this approves nothing)",
            "принято (по договору о канале это ничего не одобряет)",
        ),
        ReplyCode::AlteredRepeat => language.choose(
            "refused: a repeat that differs from the first message",
            "отказано: повтор отличается от первого сообщения",
        ),
        ReplyCode::Malfunction => {
            language.choose("our malfunction: nothing was booked", "наша неисправность: ничего не проведено")
        }
    };
    let row = |name, value: String| Field { code: "", name: field_name(name, language), value, moment: None };
    let mut rows = vec![
        row("Answer", answer.to_owned()),
        row("Reason", words::reason(&result.reason, language)),
        row("Base miles", locale.number(result.base_miles)),
        row("Bonus miles", locale.number(result.bonus_miles)),
        row("Discount", locale.money(result.discount_minor, booked_in)),
    ];
    if let Some(mode) = result.discount_mode {
        let how = match mode {
            DiscountMode::StatementCredit => {
                language.choose("credited to the statement by the bank", "банк зачтёт в выписке")
            }
            DiscountMode::AtTill => language.choose("given at the till", "на кассе"),
        };
        rows.push(row("The discount is", how.to_owned()));
    }
    if let Some((reduced, original)) = reply.till {
        let amount = |minor: u64| locale.money(i64::try_from(minor).unwrap_or(i64::MAX), booked_in);
        rows.push(row("Amount in the reply (DE4)", amount(reduced)));
        rows.push(row("Original amount in the reply (DE54)", amount(original)));
    }
    if let Some(paid) = reply.miles {
        let miles = i64::try_from(paid.reserved).unwrap_or(i64::MAX);
        rows.push(row("Miles reserved to pay with (DE48 RM)", locale.number(miles)));
    }
    rows
}

fn finding_view(
    app: &App,
    language: Language,
    booked_in: Currency,
    bucket: i32,
    finding: &FindingRow,
) -> FindingView {
    let value = |(name, value): &(String, String)| {
        let mut shown = words::shown(&app.console, booked_in, language, (name, value));
        // All messages of a purchase lie in one bucket.
        shown.message = shown.message.map(|key| format!("/t/{bucket}/{key}"));
        shown
    };
    FindingView {
        rule: finding.rule.clone(),
        verdict: Word::verdict(finding.verdict == "applied", language),
        reason: words::reason(&finding.reason, language),
        code: finding.reason.clone(),
        values: finding.values.iter().map(value).collect(),
    }
}

fn transfer_row(
    app: &App,
    language: Language,
    booked_in: Currency,
    transfer: &TransferView,
    reply: &Reply,
) -> TransferRow {
    let locale = Locale(language);
    let is_miles = Item::parse(&transfer.item).is_some_and(|item| item.is_miles());
    TransferRow {
        leg: transfer.leg,
        phase: Word::phase(transfer.posted, language),
        item: words::item(&app.console, &transfer.item),
        amount: if is_miles {
            locale.miles(transfer.amount)
        } else {
            locale.money(transfer.amount, booked_in)
        },
        value: transfer.amount,
        note: words::pending(transfer.posted, transfer.amount, reply.result.status),
    }
}

async fn others(app: &App, message: &MessageView) -> Result<Vec<Listed>, PageError> {
    if message.retrieval.trim().is_empty() {
        return Ok(Vec::new());
    }
    let limit = i64::try_from(OTHERS_MAX + 1).unwrap_or(i64::MAX);
    let chosen = Chosen::WithRetrieval { retrieval: &message.retrieval, limit };
    let mut others = queries::messages(&app.console.pool, chosen).await?;
    others.retain(|other| (other.bucket, other.key) != (message.bucket, message.key));
    others.truncate(OTHERS_MAX);
    Ok(others)
}

fn others_table(who: &SignedIn, seen: &Seen<'_>) -> ExportTable {
    let Seen { message, others, clock, .. } = seen;
    let w = TraceWords::of(who.language);
    let times = clock.label(others.iter().map(|other| other.received_at));
    let caption = format!("{} {} {times}", w.others_caption, w.times_in);
    let here = format!("/t/{}/{}", message.bucket, message.key);
    let mut columns = find::columns(w);
    columns.push(export::text(w.purchase));
    let row = |other: &Listed| {
        let mut row = find::row(who, clock, other);
        let is_same = other.purchase.is_some() && other.purchase == message.purchase;
        row.push(export::Cell::text(if is_same { w.same_purchase } else { w.other_purchase }));
        row
    };
    ExportTable::new(Locale(who.language), "others", &here, caption, columns)
        .or_else(w.none)
        .with(others.iter().map(row))
}
