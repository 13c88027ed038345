//! Totals with the bank: 0500 and 0520 are answered from the messages of the bank's own window.
//!
//! The window is that of DE15, else the one that the bank's cut-over closed last. Our settlement cycle has no part in
//! it. What the bank said, what we counted and what came of it is kept, and answers the repeat.

mod count;

use std::{sync::Arc, time::Instant};

use domain::{Content, Currency, MessageKey};
use iso8583::{Builder, Message, Mti};
use jiff::{Timestamp, civil::Date};
use store::{BankTotals, Pool, StoreError, WindowGroup};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::count::{NoTotals, Totals, currency_of, first_difference};
use crate::{
    Gateway, Link, ResponseCode, answer, measures,
    translate::{
        Refusal, currency, institutions_agreed, malformed, message_key, missing, settlement_date,
        transmission_time,
    },
};

/// Windows that the process counts at once: a count may take seconds, and the pool has other users.
static COUNTING: Semaphore = Semaphore::const_new(2);

/// The elements that hold totals.
const TOTALS: [(u8, &str); 17] = [
    (74, "DE74"),
    (75, "DE75"),
    (76, "DE76"),
    (77, "DE77"),
    (78, "DE78"),
    (79, "DE79"),
    (80, "DE80"),
    (81, "DE81"),
    (82, "DE82"),
    (83, "DE83"),
    (84, "DE84"),
    (85, "DE85"),
    (86, "DE86"),
    (87, "DE87"),
    (88, "DE88"),
    (89, "DE89"),
    (97, "DE97"),
];

/// DE66 in balance, out of balance, and received but not balanced.
const IN_BALANCE: i16 = 1;
const OUT_OF_BALANCE: i16 = 2;
const NOT_BALANCED: i16 = 9;

/// Whether the message type is one of reconciliation that is served.
pub(crate) fn serves(mti: Mti) -> bool {
    matches!(mti.without_repeat().as_str(), "0500" | "0520")
}

fn text(message: &Message<'_>, de: u8) -> Option<String> {
    message.text(de).map(|value| value.to_string())
}

/// A reconciliation message, read.
pub(crate) struct Asked {
    mti: Mti,
    /// The fields of the reply that come back as sent.
    reply: Builder,
    key: MessageKey,
    key_text: String,
    content: Content,
    stan: String,
    transmitted: String,
    received_at: Timestamp,
    bank_date: Date,
    currency: Option<Currency>,
    stated: Vec<(u8, String)>,
}

impl Asked {
    /// Reads the message; what the link contract forbids is refused.
    pub(crate) fn read(message: &Message<'_>, link: &Link, received_at: Timestamp) -> Result<Self, Refusal> {
        institutions_agreed(message, link)?;
        let transmitted = text(message, 7).ok_or_else(|| missing("DE7"))?;
        let sent_at = transmission_time(&transmitted, received_at).ok_or_else(|| malformed("DE7"))?;
        let stan = text(message, 11).ok_or_else(|| missing("DE11"))?;
        let asked_date = settlement_date(message, received_at, &link.time_zone)?;
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
            reply: answer::totals(message),
            key: message_key(sent_at, &key_text),
            key_text,
            content: content(message),
            stan,
            transmitted,
            received_at,
            bank_date: asked_date.unwrap_or_else(|| link.closed_date(received_at)),
            currency,
            stated: TOTALS.iter().filter_map(|(de, _)| Some((*de, text(message, *de)?))).collect(),
        })
    }

    /// Counts the groups of the window, compares, and says what is to be kept.
    fn judge(&self, link: &Link, groups: &[WindowGroup]) -> BankTotals {
        let counted = currency_of(groups, self.currency)
            .and_then(|currency| Ok((currency, Totals::count(groups, currency)?.elements()?)));
        let (currency, ours, missing) = match counted {
            Ok((currency, ours)) => (currency, ours, None),
            Err(why) => (self.currency, Vec::new(), Some(why)),
        };
        let missing = missing.or(self.stated.is_empty().then_some(NoTotals::NothingStated));
        let differs = first_difference(&self.stated, &ours).and_then(name);
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
            return (
                "altered_repeat",
                answer::no_result(self.reply, ResponseCode::AlteredRepeat, &reason, None),
            );
        }
        let mut reply = self.reply.set(15, kept.bank_date.strftime("%m%d").to_string());
        reply = reply.set(66, kept.balance.to_string());
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
        (result, answer::no_result(reply, ResponseCode::Taken, &kept.reason, at))
    }
}

fn name(de: u8) -> Option<&'static str> {
    TOTALS.iter().find(|(other, _)| *other == de).map(|(_, name)| *name)
}

/// The fields that a true repeat carries unchanged.
fn content(message: &Message<'_>) -> Content {
    const BESIDE: [(u8, &str); 4] = [(15, "DE15"), (33, "DE33"), (50, "DE50"), (99, "DE99")];
    let present = |(de, name): &(u8, &'static str)| Some((*name, text(message, *de)?.trim_end().to_owned()));
    Content(BESIDE.iter().chain(&TOTALS).filter_map(present).collect())
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
    let trouble = Trouble { advice: asked.mti.function() == 2, reply: asked.reply.clone() };
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
    reply: Builder,
}

impl Trouble {
    fn told(self, code: ResponseCode, reason: &'static str) -> Told {
        match self.advice {
            true => Told { result: "unanswered_advice", reply: None },
            false => Told { result: reason, reply: Some(answer::no_result(self.reply, code, reason, None)) },
        }
    }
}

/// Counts what became of a reconciliation message. Its time is not among those of financial messages: it reads a day.
pub(crate) fn measure(link: &Link, mti: Mti, told: &Told) {
    measures::message(&link.code, mti.as_str(), told.result);
}
