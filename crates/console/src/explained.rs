//! Why a stored message was worth what it was: the data that the decision left, in words of both languages. One form for the
//! API and the command line.

use std::collections::BTreeMap;

use domain::{BUCKETS, MessageKey, PartnerId, ResultStatus};
use program_files::{InBoth, Language, NamedCurrency, Names, value_name, value_words};
use serde_json::{Value, json};
use store::{FindingRow, MessageView, Pool, StoreError, TransferView, find_messages, message_view};

use crate::{ProgramInfo, effect, money, queries, words};

/// So many messages of one reference are explained.
const MESSAGES_MAX: i64 = 50;
/// DE37 has at most so many characters.
const RETRIEVAL_CHARS_MAX: usize = 12;

/// A value that the decision looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ExplainedValue {
    name: String,
    stored: String,
    label: InBoth,
    words: InBoth,
}

/// One step of the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ExplainedStep {
    rule: String,
    applied: bool,
    reason: String,
    words: InBoth,
    values: Vec<ExplainedValue>,
}

/// A stored message and why it was worth what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedMessage {
    message: MessageView,
    program: Option<String>,
    version: Option<String>,
    steps: Vec<ExplainedStep>,
}

/// The messages that a reference names: a key of 48 hexadecimal digits, or a retrieval reference number (DE37).
pub async fn explained(
    pool: &Pool,
    programs: &[ProgramInfo],
    partners: &BTreeMap<PartnerId, String>,
    reference: &str,
) -> Result<Vec<ExplainedMessage>, StoreError> {
    let mut told = Vec::new();
    for (bucket, key) in keys(pool, reference).await? {
        let Some(message) = message_view(pool, bucket, key).await? else { continue };
        told.push(explain(pool, programs, partners, message).await?);
    }
    Ok(told)
}

pub(crate) async fn keys(pool: &Pool, reference: &str) -> Result<Vec<(i32, MessageKey)>, StoreError> {
    if let Some(key) = MessageKey::parse(reference) {
        let buckets: Vec<i32> = (0..i32::from(BUCKETS)).collect();
        let text = "SELECT bucket FROM message WHERE bucket = ANY($1) AND message_key = $2";
        let client = pool.get().await?;
        let rows = client.query(text, &[&buckets, &key.as_bytes().as_slice()]).await?;
        return rows.iter().map(|row| Ok((row.try_get(0)?, key))).collect();
    }
    if reference.is_empty() || reference.chars().count() > RETRIEVAL_CHARS_MAX || reference.contains('\0') {
        return Ok(Vec::new());
    }
    let found = find_messages(pool, reference, MESSAGES_MAX).await?;
    Ok(found.iter().map(|message| (message.bucket, message.key)).collect())
}

async fn explain(
    pool: &Pool,
    programs: &[ProgramInfo],
    partners: &BTreeMap<PartnerId, String>,
    message: MessageView,
) -> Result<ExplainedMessage, StoreError> {
    let further = queries::further(pool, message.bucket, message.key).await?;
    let of = further.and_then(|further| further.program);
    let program = programs.iter().find(|program| Some(program.id) == of);
    let currency = program.map_or_else(|| effect::currency(message.currency), |program| program.currency);
    // A currency that ISO 4217 does not know has no decimals that could be shown.
    let named = NamedCurrency::from_code(&money::code(currency));
    let named = named.unwrap_or(NamedCurrency { code: currency.to_string(), number: currency, exponent: 0 });
    let partners = partners.iter().map(|(id, code)| (code.clone(), *id)).collect();
    let names = Names::new(&named, &partners);
    let version = match message.purchase {
        Some(purchase) => queries::version_of_purchase(pool, message.bucket, purchase).await?,
        None => None,
    };
    Ok(ExplainedMessage {
        steps: message.explanation.iter().map(|finding| step(finding, &names)).collect(),
        program: program.map(|program| program.code.clone()),
        version,
        message,
    })
}

fn both(text: impl Fn(Language) -> String) -> InBoth {
    InBoth { en: text(Language::English), ru: text(Language::Russian) }
}

fn step(finding: &FindingRow, names: &Names<'_>) -> ExplainedStep {
    let value = |(name, stored): &(String, String)| ExplainedValue {
        name: name.clone(),
        stored: stored.clone(),
        label: both(|language| value_name(name, language).unwrap_or(name).to_owned()),
        words: both(|language| value_words(name, stored, language, names)),
    };
    ExplainedStep {
        rule: finding.rule.clone(),
        applied: finding.verdict == "applied",
        reason: finding.reason.clone(),
        words: both(|language| words::reason(&finding.reason, language)),
        values: finding.values.iter().map(value).collect(),
    }
}

fn in_json(text: &InBoth) -> Value {
    json!({ "en": text.en, "ru": text.ru })
}

impl ExplainedMessage {
    /// The answer of the API; amounts are minor units.
    pub fn to_json(&self) -> Value {
        let Self { message, program, version, steps } = self;
        let result = &message.reply.result;
        let value = |value: &ExplainedValue| json!({ "name": value.name, "stored": value.stored, "label": in_json(&value.label), "words": in_json(&value.words) });
        let step = |step: &ExplainedStep| {
            json!({
                "rule": step.rule,
                "verdict": if step.applied { "applied" } else { "skipped" },
                "reason": step.reason,
                "words": in_json(&step.words),
                "values": step.values.iter().map(value).collect::<Vec<_>>(),
            })
        };
        let transfer = |transfer: &TransferView| json!({ "item": transfer.item, "phase": if transfer.posted { "posted" } else { "pending" }, "amount": transfer.amount });
        json!({
            "key": message.key.to_string(),
            "bucket": message.bucket,
            "retrieval": message.retrieval,
            "mti": message.mti,
            "received_at": message.received_at.to_string(),
            "business_date": message.business_date.map(|date| date.to_string()),
            "program": program,
            "rules_version": version,
            "amount_minor": message.amount_minor,
            "currency": message.currency,
            "result": {
                "status": result.status.name(),
                "reason": result.reason,
                "words": in_json(&both(|language| words::reason(&result.reason, language))),
                "base_miles": result.base_miles,
                "bonus_miles": result.bonus_miles,
                "discount_minor": result.discount_minor,
                "miles_reserved": message.reply.miles.map(|paid| paid.reserved),
                "remains_minor": message.reply.miles.map(|paid| paid.remains_minor),
            },
            "steps": steps.iter().map(step).collect::<Vec<_>>(),
            "transfers": message.transfers.iter().map(transfer).collect::<Vec<_>>(),
        })
    }

    /// The same as a text of several lines.
    pub fn to_text(&self, language: Language) -> String {
        let Self { message, program, version, steps } = self;
        let say = |english, russian| language.choose(english, russian);
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| say("none", "нет").to_owned());
        let mut text = format!(
            "{} {}  DE37 {}  {} {}  {} {}\n",
            message.mti,
            message.key,
            message.retrieval,
            say("program", "программа"),
            or_none(program),
            say("rules", "правила"),
            version.as_deref().map_or_else(|| or_none(&None), |version| version.chars().take(8).collect()),
        );
        for step in steps {
            let mark = words::Word::verdict(step.applied, language).text;
            text.push_str(&format!("  {mark:12}  {}  {}\n", step.rule, step.words.text(language)));
            let values: Vec<String> = step
                .values
                .iter()
                .map(|value| format!("{} {}", value.label.text(language), value.words.text(language)))
                .collect();
            if !values.is_empty() {
                text.push_str(&format!("                {}\n", values.join("; ")));
            }
        }
        let result = &message.reply.result;
        let status = match result.status {
            ResultStatus::None => say("nothing", "ничего"),
            ResultStatus::Provisional => say("provisional", "предварительно"),
            ResultStatus::Booked => say("booked", "учтено"),
            ResultStatus::Reversed => say("reversed", "возвращено"),
        };
        let miles = (result.base_miles, result.bonus_miles);
        text.push_str(&format!(
            "  {}: {status}, {}; {} {}, {} {}, {} {}",
            say("Result", "Итог"),
            words::reason(&result.reason, language),
            say("base miles", "базовых миль"),
            miles.0,
            say("bonus miles", "бонусных миль"),
            miles.1,
            say("discount in minor units", "скидка в минорных единицах"),
            result.discount_minor,
        ));
        if let Some(paid) = message.reply.miles {
            let (reserved, remains) = (
                say("miles reserved", "отложено миль"),
                say("remains to be paid in minor units", "остаётся оплатить в минорных единицах"),
            );
            text.push_str(&format!(", {reserved} {}, {remains} {}", paid.reserved, paid.remains_minor));
        }
        text
    }
}
