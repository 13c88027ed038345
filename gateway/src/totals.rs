//! Totals with the bank: 0500 and 0520 (of 1993: 1500 and 1520) are answered from the messages of the bank's own window.
//!
//! The window is that of DE15, else the one that the bank's cut-over closed last. Our settlement cycle has no part in
//! it. What the bank said, what we counted and what came of it is kept, and answers the repeat.

mod count;
mod elements;

use std::{sync::Arc, time::Instant};

use domain::{Content, Currency, MessageKey};
use iso8583::{Builder, Message, Mti, Version};
use jiff::{Timestamp, civil::Date};
use store::{BankTotals, Pool, StoreError, WindowGroup};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::count::{NoTotals, Totals, currency_of, first_difference};
use crate::{
    Gateway, Link, ResponseCode, answer, measures,
    translate::{
        Refusal, currency, institutions_agreed, malformed, message_key, missing, transmission_time,
        window_date,
    },
    versions,
};

/// Windows that the process counts at once: a count may take seconds, and the pool has other users.
static COUNTING: Semaphore = Semaphore::const_new(2);

/// DE66 in balance, out of balance, and received but not balanced.
const IN_BALANCE: i16 = 1;
const OUT_OF_BALANCE: i16 = 2;
const NOT_BALANCED: i16 = 9;
/// The second digit of their message types.
const CLASS: u8 = 5;

/// Whether the message type is one of reconciliation that is served.
pub(crate) fn serves(mti: Mti) -> bool {
    matches!(versions::canonical(mti.without_repeat()).as_str(), "0500" | "0520")
}

/// DE39 of an answer: 1993 says there what 1987 says in DE66.
fn code(version: Version, kept: &BankTotals) -> &'static str {
    match (version, kept.balance) {
        (Version::V1987, _) => ResponseCode::Taken.digits(),
        (_, IN_BALANCE) => "500",
        (_, OUT_OF_BALANCE) => "501",
        // Totals not available, or not reconciled and provided.
        _ if kept.counted.is_empty() => "503",
        _ => "504",
    }
}

/// When the message was sent, also as it says it: DE7; of 1993, which may leave that out, DE12 in the bank's zone.
fn sent(message: &Message<'_>, link: &Link, received_at: Timestamp) -> Result<(String, Timestamp), Refusal> {
    if let Some(told) = text(message, 7) {
        let at = transmission_time(&told, received_at).ok_or_else(|| malformed("DE7"))?;
        return Ok((told, at));
    }
    if message.dialect().version() == Version::V1987 {
        return Err(missing("DE7"));
    }
    let told = text(message, 12).ok_or_else(|| missing("DE12"))?;
    let local = versions::local_time_1993(&told).ok_or_else(|| malformed("DE12"))?;
    let at = local.to_zoned(link.time_zone.clone()).map_err(|_| malformed("DE12"))?;
    Ok((told, at.timestamp()))
}

fn text(message: &Message<'_>, de: u8) -> Option<String> {
    message.text(de).map(|value| value.to_string())
}

/// A reconciliation message, read.
pub(crate) struct Asked {
    mti: Mti,
    version: Version,
    /// The fields of the reply that come back as sent.
    reply: Builder,
    key: MessageKey,
    key_text: String,
    content: Content,
    stan: String,
    transmitted: String,
    received_at: Timestamp,
    bank_date: Date,
    /// In which element the reply tells the window: where the bank named it.
    date_element: u8,
    currency: Option<Currency>,
    stated: Vec<(u8, String)>,
}

impl Asked {
    /// Reads the message; what the link contract forbids is refused.
    pub(crate) fn read(message: &Message<'_>, link: &Link, received_at: Timestamp) -> Result<Self, Refusal> {
        institutions_agreed(message, link)?;
        let (transmitted, sent_at) = sent(message, link, received_at)?;
        let stan = text(message, 11).ok_or_else(|| missing("DE11"))?;
        let (date_element, asked_date) = window_date(message, received_at, &link.time_zone)?;
        let currency = text(message, 50).map(|code| currency(&code, "DE50")).transpose()?;
        let acquirer = text(message, 32).unwrap_or_default();
        let first_mti = message.mti().without_repeat();
        let key_text = [
            link.code.as_str(),
            first_mti.as_str(),
            &sent_at.to_string(),
            &stan,
            acquirer.trim_start_matches('0'),
        ]
        .join("|");
        Ok(Self {
            mti: message.mti(),
            version: message.dialect().version(),
            reply: answer::totals(message),
            key: message_key(sent_at, &key_text),
            key_text,
            content: elements::content(message),
            stan,
            transmitted,
            received_at,
            bank_date: asked_date.unwrap_or_else(|| link.closed_date(received_at)),
            date_element,
            currency,
            stated: elements::stated(message),
        })
    }

    /// Counts the groups of the window, compares, and says what is to be kept.
    fn judge(&self, link: &Link, groups: &[WindowGroup]) -> BankTotals {
        let counted = currency_of(groups, self.currency, self.version).and_then(|currency| {
            let totals = Totals::count(groups, currency, self.version)?;
            Ok((currency, totals.elements(self.version)?))
        });
        let (currency, ours, missing) = match counted {
            Ok((currency, mut ours)) => {
                // What the bank's dialect has no room for is neither told nor compared.
                ours.retain(|(de, value)| link.wire.has_room_for(*de, value));
                (currency, ours, None)
            }
            Err(why) => (self.currency, Vec::new(), Some(why)),
        };
        let missing = missing.or(self.stated.is_empty().then_some(NoTotals::NothingStated));
        let differs = first_difference(&self.stated, &ours);
        let differs = differs.and_then(|de| elements::name(self.version, de));
        let (balance, reason) = match (missing, differs) {
            (Some(why), _) => (NOT_BALANCED, why.reason()),
            (None, Some(_)) => (OUT_OF_BALANCE, "out_of_balance"),
            (None, None) => (IN_BALANCE, "in_balance"),
        };
        BankTotals {
            bank: link.bank,
            key: self.key,
            key_text: self.key_text.clone(),
            content: self.content.to_text(),
            mti: self.mti.as_str().to_owned(),
            stan: self.stan.clone(),
            transmitted: self.transmitted.clone(),
            received_at: self.received_at,
            bank_date: self.bank_date,
            currency,
            stated: written(&self.stated),
            counted: written(&ours),
            balance,
            reason: reason.to_owned(),
            differs_at: differs.filter(|_| balance == OUT_OF_BALANCE).unwrap_or_default().to_owned(),
        }
    }

    /// The reply from what is kept under the key.
    fn reply(self, kept: &BankTotals) -> (&'static str, Builder) {
        if let Some(field) = self.content.first_difference(&kept.content) {
            let reason = format!("altered_repeat:{field}");
            let code = ResponseCode::AlteredRepeat.of_version(self.version, CLASS);
            return ("altered_repeat", answer::without_result(self.reply, code, &reason, None));
        }
        let date = versions::date_as_sent(self.version, kept.bank_date);
        let mut reply = self.reply.set(self.date_element, date);
        if self.version == Version::V1987 {
            reply = reply.set(66, kept.balance.to_string());
        }
        if let Some(currency) = kept.currency {
            reply = reply.set(50, currency.to_string());
        }
        for (de, value) in read_back(&kept.counted) {
            reply = reply.set(de, value);
        }
        let at = Some(kept.differs_at.as_str()).filter(|at| !at.is_empty());
        let result = match kept.balance {
            IN_BALANCE => "in_balance",
            OUT_OF_BALANCE => "out_of_balance",
            _ => "not_balanced",
        };
        (result, answer::without_result(reply, code(self.version, kept), &kept.reason, at))
    }
}

/// `DE74=0000000001|DE75=...`; the values are digits, with a letter before those of DE97.
fn written(elements: &[(u8, String)]) -> String {
    elements.iter().map(|(de, value)| format!("DE{de}={value}")).collect::<Vec<_>>().join("|")
}

fn read_back(counted: &str) -> impl Iterator<Item = (u8, &str)> {
    counted.split('|').filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        Some((name.strip_prefix("DE")?.parse().ok()?, value))
    })
}

/// What came of a reconciliation message: for the metric, and for the bank. An advice that could not be answered
/// durably gets no reply.
pub(crate) struct Told {
    pub(crate) result: &'static str,
    pub(crate) reply: Option<Builder>,
}

/// Answers from what is kept under the key, else counts and keeps.
///
/// `place` is the message's place in flight: it is held until the database is done, which may be after the answer.
pub(crate) async fn tell(
    gateway: Arc<Gateway>,
    link: Arc<Link>,
    asked: Asked,
    place: OwnedSemaphorePermit,
    received: Instant,
) -> Told {
    let (advice, version) = (asked.mti.function() == 2, asked.version);
    let trouble = Trouble { advice, version, reply: asked.reply.clone() };
    let Ok(turn) = Arc::clone(&link.window.totals).try_acquire_owned() else {
        return trouble.told(ResponseCode::Malfunction, "too_many_totals_at_once");
    };
    let deadline = received + gateway.limits.totals_max;
    // A task of its own: its database future is never dropped, only no longer waited for.
    let kept = tokio::spawn(async move {
        let kept = kept(&gateway.pool, &link, &asked).await;
        drop((turn, place));
        kept.map(|kept| (link, asked, kept))
    });
    match tokio::time::timeout_at(deadline.into(), kept).await {
        Ok(Ok(Ok((link, asked, kept)))) => {
            if kept.balance != IN_BALANCE {
                let (date, reason, at) = (kept.bank_date, &kept.reason, &kept.differs_at);
                tracing::warn!(link = link.code, %date, reason, at, "totals that the bank sent do not balance");
            }
            let (result, reply) = asked.reply(&kept);
            Told { result, reply: Some(reply) }
        }
        Ok(Ok(Err(error))) => {
            tracing::warn!(%error, "the totals of a bank could not be counted");
            trouble.told(ResponseCode::Unavailable, "unavailable")
        }
        Ok(Err(_)) => trouble.told(ResponseCode::Unavailable, "unavailable"),
        Err(_) => trouble.told(ResponseCode::Malfunction, "not_in_time"),
    }
}

async fn kept(pool: &Pool, link: &Link, asked: &Asked) -> Result<BankTotals, StoreError> {
    // It is never closed.
    let _counting = COUNTING.acquire().await;
    if let Some(kept) = store::bank_totals(pool, link.bank, asked.key).await? {
        return Ok(kept);
    }
    let groups = store::window_groups(pool, link.bank, asked.bank_date).await?;
    store::keep_bank_totals(pool, &asked.judge(link, &groups)).await
}

/// A request hears of trouble, an advice does not: the bank repeats it.
struct Trouble {
    advice: bool,
    version: Version,
    reply: Builder,
}

impl Trouble {
    fn told(self, code: ResponseCode, reason: &'static str) -> Told {
        if self.advice {
            return Told { result: "unanswered_advice", reply: None };
        }
        let code = code.of_version(self.version, CLASS);
        Told { result: reason, reply: Some(answer::without_result(self.reply, code, reason, None)) }
    }
}

/// Counts what became of a reconciliation message. Its time is not among those of financial messages: it reads a day.
pub(crate) fn measure(link: &Link, mti: Mti, told: &Told) {
    measures::message(&link.code, mti.as_str(), told.result);
}
