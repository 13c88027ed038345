//! From a bank's message to an event without card data.

mod asked;

pub use asked::coupon_id;

use domain::{
    Bucket, CardId, Currency, Event, EventKind, MemberRef, Merchant, MessageKey, OriginalRef, References,
    TransactionKind,
};
use iso8583::{Message, Mti, Pan, Version};
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use store::{CardToken, MessageRecord};

use crate::{
    CardKeys, Link, ResponseCode,
    hash::{array, sha256},
    merchant_name::name_and_place,
    versions,
};

/// A message without its card: what the card's route is still needed for.
pub(crate) struct Translated {
    /// The tokens of the card, the current key's first.
    pub(crate) tokens: Vec<CardToken>,
    /// The card number, for automatic enrollment by its range; wiped on drop.
    pub(crate) pan: Pan,
    record: MessageRecord,
}

impl Translated {
    pub(crate) fn new(tokens: Vec<CardToken>, pan: Pan, record: MessageRecord) -> Self {
        Self { tokens, pan, record }
    }

    /// The bank that sent it.
    pub(crate) fn bank(&self) -> domain::BankId {
        self.record.event.bank
    }

    /// When it reached the gateway.
    pub(crate) fn received_at(&self) -> Timestamp {
        self.record.event.received_at
    }

    /// Completes the event with where the card's rows lie.
    pub(crate) fn routed(self, bucket: Bucket, member: Option<(MemberRef, CardId)>) -> MessageRecord {
        let mut record = self.record;
        record.event.bucket = bucket;
        record.event.member = member.map(|(member, _)| member);
        record.event.card = member.map(|(_, card)| card);
        record
    }

    pub(crate) fn fallback_bucket(&self) -> Bucket {
        // There is always a current key: `CardKeys` refuses to be empty.
        self.tokens.first().map_or(record_bucket(&self.record), |token| Bucket::of_token(&token.mac))
    }
}

fn record_bucket(record: &MessageRecord) -> Bucket {
    record.event.bucket
}

/// Why a well-formed message is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ResponseCode,
    /// A stable code for metrics and DE48.
    pub(crate) reason: &'static str,
    /// The data element at fault.
    pub(crate) at: Option<&'static str>,
}

fn refuse(code: ResponseCode, reason: &'static str, at: Option<&'static str>) -> Refusal {
    Refusal { code, reason, at }
}

pub(crate) fn missing(at: &'static str) -> Refusal {
    refuse(ResponseCode::FormatError, "field_missing", Some(at))
}

pub(crate) fn malformed(at: &'static str) -> Refusal {
    refuse(ResponseCode::FormatError, "field_malformed", Some(at))
}

/// Translates a financial message of a link.
pub(crate) fn translate(
    message: &Message<'_>,
    link: &Link,
    keys: &CardKeys,
    received_at: Timestamp,
) -> Result<Translated, Refusal> {
    let kind = kind(message, link)?;
    let pan = match message.pan() {
        Some(pan) => pan,
        None if message.text(2).is_some_and(|text| !text.is_empty()) => return Err(malformed("DE2")),
        None => return Err(missing("DE2")),
    };
    permitted(message, link, &pan)?;
    let reversal = matches!(kind, EventKind::Reversal { .. });
    let amount_minor = match message.amount(4).map_err(|_| malformed("DE4"))? {
        Some(amount) if reversal => message.original_amount().unwrap_or(amount),
        Some(amount) => amount,
        None if reversal => 0,
        None => return Err(missing("DE4")),
    };
    let currency = match message.text(49) {
        Some(text) => currency(&text, "DE49")?,
        None if reversal => Currency(0),
        None => return Err(missing("DE49")),
    };
    let billing = billing(message)?;
    let transmitted = message.text(7).ok_or_else(|| missing("DE7"))?;
    let sent_at = transmission_time(&transmitted, received_at).ok_or_else(|| malformed("DE7"))?;
    let stan = message.text(11).ok_or_else(|| missing("DE11"))?;
    let transaction = transaction_kind(message.text(3).as_deref(), reversal)?;
    let merchant = merchant(message)?;
    let asked = asked::read(message, kind)?;
    // Without its version: a repeat may come over a link of another one.
    let own_mti = versions::canonical(message.mti().without_repeat());
    let own = OriginalRef::new(
        own_mti.as_str(),
        &stan,
        &versions::origin_time(message, &transmitted),
        &merchant.acquirer,
    );
    let text = |de: u8| message.text(de).unwrap_or_default();
    let key_text = [
        link.code.as_str(),
        own_mti.as_str(),
        &sent_at.to_string(),
        &stan,
        // DE32 is n..11: its leading zeros do not count, here as in every reference.
        merchant.acquirer.trim_start_matches('0'),
        &text(37),
        &text(41),
    ]
    .join("|");
    let event = Event {
        key: message_key(sent_at, &key_text),
        bank: link.bank,
        // Both are completed when the card's route is known.
        bucket: Bucket::of_token(&[0; 32]),
        member: None,
        kind,
        transaction,
        amount_minor,
        currency,
        billing,
        local: local_time(message, link, sent_at)?,
        references: References {
            own,
            names: names(message, &merchant.acquirer)?,
            retrieval: message.text(37).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            record: None,
            arn: None,
            life_cycle: message.transaction_id(),
        },
        merchant,
        content: asked::content(versions::content(message), asked),
        received_at,
        card: None,
        asked,
    };
    let settlement_date = settlement_date(message, received_at, &link.time_zone)?;
    let record = MessageRecord {
        event,
        key_text,
        source: "online".to_owned(),
        mti: versions::canonical(message.mti()).as_str().to_owned(),
        stan: stan.into_owned(),
        transmitted: transmitted.into_owned(),
        approval: text(38).trim().to_owned(),
        arn: String::new(),
        last4: pan.last4().to_owned(),
        bank_date: link.bank_date(settlement_date, received_at),
        audit_mac: keys.audit_mac(&audit_text(message)),
    };
    Ok(Translated::new(keys.tokens(&pan), pan, record))
}

fn is_1987(message: &Message<'_>) -> bool {
    message.dialect().version() == Version::V1987
}

fn kind(message: &Message<'_>, link: &Link) -> Result<EventKind, Refusal> {
    use domain::ClearingSource::{Advice, SingleMessage};
    let approved = approved(message.text(39).as_deref());
    Ok(match versions::canonical(message.mti().without_repeat()).as_str() {
        "0200" if link.clearing_source == SingleMessage => {
            EventKind::Clearing { source: SingleMessage, approved: true }
        }
        "0100" | "0200" => {
            EventKind::Authorization { preauthorization: versions::is_preauthorization(message) }
        }
        "0120" => EventKind::AuthorizationAdvice { approved },
        "0220" => EventKind::Clearing { source: Advice, approved },
        "0400" | "0420" => EventKind::Reversal { remaining_minor: remaining_minor(message)? },
        _ => return Err(refuse(ResponseCode::Invalid, "message_type_not_served", None)),
    })
}

/// What a reversal leaves of its original, in minor units of DE4: nothing if it does not say. One of 1993 that calls
/// itself partial must say both what was and what remains: else nobody knows how much it takes back.
fn remaining_minor(message: &Message<'_>) -> Result<u64, Refusal> {
    let partial = versions::is_partial_reversal(message);
    if partial && message.original_amount().is_none() {
        return Err(missing("DE30"));
    }
    match message.replacement_amount() {
        Ok(None) if partial => Err(missing("DE4")),
        Ok(remaining) => Ok(remaining.unwrap_or(0)),
        Err(_) => Err(malformed(if is_1987(message) { "DE95" } else { "DE4" })),
    }
}

/// Whether the issuer approved, as an advice tells in DE39; an advice without it reports what was done.
pub(crate) fn approved(response: Option<&str>) -> bool {
    response.is_none_or(versions::is_approval)
}

fn permitted(message: &Message<'_>, link: &Link, pan: &Pan) -> Result<(), Refusal> {
    if !link.bins.iter().any(|range| range.contains(pan)) {
        return Err(refuse(ResponseCode::NotPermitted, "card_of_another_bank", Some("DE2")));
    }
    institutions_agreed(message, link)
}

/// Whether DE33 and DE100 are as agreed, where values are agreed.
pub(crate) fn institutions_agreed(message: &Message<'_>, link: &Link) -> Result<(), Refusal> {
    let agreed = |de: u8, allowed: &std::collections::BTreeSet<String>| {
        allowed.is_empty() || message.text(de).is_none_or(|value| allowed.contains(value.as_ref()))
    };
    if !agreed(33, &link.forwarders) {
        return Err(refuse(ResponseCode::NotPermitted, "forwarder_not_agreed", Some("DE33")));
    }
    if !agreed(100, &link.receivers) {
        return Err(refuse(ResponseCode::NotPermitted, "receiver_not_agreed", Some("DE100")));
    }
    Ok(())
}

/// The currency with this numeric code of ISO 4217.
pub(crate) fn currency_code(text: &str) -> Option<Currency> {
    let number: u16 = text.parse().ok()?;
    iso_currency::Currency::from_numeric(number).map(|currency| Currency(currency.numeric()))
}

pub(crate) fn currency(text: &str, at: &'static str) -> Result<Currency, Refusal> {
    currency_code(text).ok_or_else(|| refuse(ResponseCode::Invalid, "unknown_currency", Some(at)))
}

fn billing(message: &Message<'_>) -> Result<Option<(u64, Currency)>, Refusal> {
    match (message.amount(6).map_err(|_| malformed("DE6"))?, message.text(51)) {
        // Zeros in a field that is always sent: not billed otherwise.
        (Some(0), _) => Ok(None),
        (Some(amount), Some(text)) => Ok(Some((amount, currency(&text, "DE51")?))),
        (Some(_), None) => Err(missing("DE51")),
        _ => Ok(None),
    }
}

/// Positions 1-2 of DE3: 00 goods, 09 goods with cash back, 01 and 17 cash, 20 refund.
pub(crate) fn transaction_kind(code: Option<&str>, reversal: bool) -> Result<TransactionKind, Refusal> {
    match code.and_then(|code| code.get(..2)) {
        Some("00" | "09") => Ok(TransactionKind::Purchase),
        Some("01" | "17") => Ok(TransactionKind::Cash),
        Some("20") => Ok(TransactionKind::Refund),
        Some(_) => Ok(TransactionKind::Other),
        None if reversal => Ok(TransactionKind::Other),
        None => Err(missing("DE3")),
    }
}

fn merchant(message: &Message<'_>) -> Result<Merchant, Refusal> {
    let text = |de: u8| message.text(de).unwrap_or_default().trim_end().to_owned();
    let mcc = message.merchant_category().map(|mcc| mcc.parse()).transpose();
    let mcc = mcc.map_err(|_| malformed(if is_1987(message) { "DE18" } else { "DE26" }))?;
    let name_and_place = name_and_place(message);
    Ok(Merchant { acquirer: text(32), card_acceptor: text(42), terminal: text(41), mcc, name_and_place })
}

/// The message that DE90 names; a DE90 without a STAN or a time names none.
fn names(message: &Message<'_>, acquirer: &str) -> Result<Option<OriginalRef>, Refusal> {
    let at = versions::original_element(message.dialect().version());
    let Some(original) = message.original_data().map_err(|_| malformed(at))? else { return Ok(None) };
    let known = |digits: &str| digits.bytes().any(|digit| digit != b'0');
    if !known(&original.stan) || !known(&original.transmission) {
        return Ok(None);
    }
    let mti = Mti::parse(original.mti.as_str().as_bytes()).ok_or_else(|| malformed(at))?.without_repeat();
    let mti = versions::canonical(mti);
    // Many banks leave the acquirer of DE90 zero: it is that of the message itself.
    let named = if known(&original.acquirer) { &original.acquirer } else { acquirer };
    Ok(Some(OriginalRef::new(mti.as_str(), &original.stan, &original.transmission, named)))
}

/// DE7 is MMDDhhmmss in UTC without a year: the year nearest to the receipt is meant.
pub(crate) fn transmission_time(text: &str, received_at: Timestamp) -> Option<Timestamp> {
    let two = |at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
    let (month, day, hour, minute, second) = (two(0)?, two(2)?, two(4)?, two(6)?, two(8)?);
    let time = Time::new(hour, minute, second, 0).ok()?;
    let year = received_at.to_zoned(TimeZone::UTC).year();
    [year - 1, year, year + 1]
        .into_iter()
        .filter_map(|year| Date::new(year, month, day).ok())
        .filter_map(|date| date.to_datetime(time).to_zoned(TimeZone::UTC).ok())
        .map(|zoned| zoned.timestamp())
        .min_by_key(|at| at.duration_since(received_at).abs())
}

/// A month and day with the year that brings it nearest to `near`.
fn nearest_date(text: &str, near: Date) -> Option<Date> {
    let (month, day) = (text.get(..2)?.parse().ok()?, text.get(2..4)?.parse().ok()?);
    [near.year() - 1, near.year(), near.year() + 1]
        .into_iter()
        .filter_map(|year| Date::new(year, month, day).ok())
        .min_by_key(|date| near.until(*date).map_or(i32::MAX, |span| span.get_days().abs()))
}

/// DE13 and DE12; without them DE7 in the bank's zone.
fn local_time(message: &Message<'_>, link: &Link, sent_at: Timestamp) -> Result<DateTime, Refusal> {
    let sent = sent_at.to_zoned(link.time_zone.clone()).datetime();
    if !is_1987(message) {
        // Later messages name this one by its DE12.
        let local = message.text(12).ok_or_else(|| missing("DE12"))?;
        return versions::local_time_1993(&local).ok_or_else(|| malformed("DE12"));
    }
    let date = match message.text(13) {
        Some(text) => nearest_date(&text, sent.date()).ok_or_else(|| malformed("DE13"))?,
        None => sent.date(),
    };
    let time = match message.text(12) {
        Some(text) => time_of_day(&text).ok_or_else(|| malformed("DE12"))?,
        None => sent.time(),
    };
    Ok(date.to_datetime(time))
}

fn time_of_day(text: &str) -> Option<Time> {
    let two = |at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
    Time::new(two(0)?, two(2)?, two(4)?, 0).ok()
}

/// The window that a message names in DE15, the settlement date.
fn settlement_date(
    message: &Message<'_>,
    received_at: Timestamp,
    zone: &TimeZone,
) -> Result<Option<Date>, Refusal> {
    let today = received_at.to_zoned(zone.clone()).date();
    let date = |text: &str| match is_1987(message) {
        true => nearest_date(text, today),
        false => versions::date_1993(text),
    };
    message.text(15).map(|text| date(&text).ok_or_else(|| malformed("DE15"))).transpose()
}

/// The window that totals or a cut-over name, and the element that does: DE15, or the reconciliation date DE28 of 1993.
pub(crate) fn window_date(
    message: &Message<'_>,
    received_at: Timestamp,
    zone: &TimeZone,
) -> Result<(u8, Option<Date>), Refusal> {
    match message.text(28).filter(|_| !is_1987(message)) {
        Some(text) => {
            let date = versions::date_1993(&text).ok_or_else(|| malformed("DE28"))?;
            Ok((28, Some(date)))
        }
        None => Ok((15, settlement_date(message, received_at, zone)?)),
    }
}

/// Time first, then sixteen bytes of a hash over the canonical text.
pub(crate) fn message_key(at: Timestamp, text: &str) -> MessageKey {
    let hash = sha256(text.as_bytes());
    MessageKey::new(u64::try_from(at.as_second()).unwrap_or(0), array(&hash))
}

/// Everything but card data, for the keyed audit hash.
fn audit_text(message: &Message<'_>) -> String {
    const SENSITIVE: [u8; 13] = [2, 14, 20, 34, 35, 36, 45, 48, 52, 53, 55, 64, 128];
    let open = message.fields().filter(|(de, _)| !SENSITIVE.contains(de));
    open.fold(message.mti().as_str().to_owned(), |text, (de, value)| format!("{text}|{de}={value}"))
}

#[cfg(test)]
mod tests {
    use iso8583::{Builder, Dialect, dialects};
    use zeroize::Zeroizing;

    use super::*;

    /// Ten in the morning of 2026-10-10, UTC.
    const RECEIVED: Timestamp = Timestamp::constant(1_791_626_400, 0);

    /// The same presentment as either version writes it.
    fn presentment(mti: &'static str) -> Builder {
        let alike = Builder::new(Mti::new(mti))
            .set(2, "4111111111111111")
            .set(3, "000000")
            .set(4, "000000060000")
            .set(7, "1010090000")
            .set(11, "000001")
            .set(32, "400001")
            .set(37, "000000000001")
            .set(38, "123456")
            .set(41, "GROCER01")
            .set(42, "GROCER000000001")
            .set(49, "643");
        match mti.starts_with('0') {
            true => alike.set(12, "120000").set(13, "1010").set(18, "5411").set(25, "00").set(39, "00"),
            false => alike.set(12, "261010120000").set(24, "200").set(26, "5411").set(39, "000"),
        }
    }

    /// A partial reversal of it: 600.00 of which 200.00 remain.
    fn reversal(mti: &'static str) -> Builder {
        let alike = presentment(mti).remove(39).set(11, "000002");
        match mti.starts_with('0') {
            true => alike
                .set(90, format!("02200000011010090000{:0>11}{:011}", 400_001, 0))
                .set(95, format!("{:012}{:030}", 20_000, 0)),
            false => alike
                .set(4, "000000020000")
                .set(24, "401")
                .set(30, format!("{:012}{:012}", 60_000, 0))
                .set(56, "122000000126101012000006400001"),
        }
    }

    fn read(message: &Builder, dialect: &Dialect) -> Result<MessageRecord, Refusal> {
        let keys = CardKeys::from_hex(&[(1, Zeroizing::new("01".repeat(32)))]).unwrap();
        let bytes = message.encode(dialect).unwrap();
        let message = dialect.decode(&bytes).unwrap();
        Ok(translate(&message, &Link::for_tests(), &keys, RECEIVED)?.record)
    }

    fn record(message: &Builder, dialect: &Dialect) -> MessageRecord {
        read(message, dialect).unwrap()
    }

    fn of_1987(message: &Builder) -> MessageRecord {
        record(message, dialects::iso87_ascii())
    }

    fn of_1993(message: &Builder) -> MessageRecord {
        record(message, dialects::named("iso93-ascii").unwrap())
    }

    #[test]
    fn the_keys_of_stored_messages_stay_what_they_are() {
        let stored = of_1987(&presentment("0221"));
        let text = "northbank|0220|2026-10-10T09:00:00Z|000001|400001|000000000001|GROCER01";
        assert_eq!(stored.key_text, text);
        assert_eq!(stored.event.key.to_string(), "000000006ac9fe90e6b97446a5a0f28efbdc2ba2e50e95bd");
    }

    #[test]
    fn the_network_s_name_is_the_one_that_a_clearing_record_has() {
        let part = |id: &str, text: &str| (id.to_owned(), iso8583::Written::text(text));
        let mastercard = presentment("0100").remove(39).set(15, "1010");
        let mastercard = mastercard.set_parts(63, vec![part("1", "MCC"), part("2", "1A2B3C   ")]);
        let visa = presentment("0100").remove(39).set_parts(62, vec![part("2", "016325112100001")]);
        for (message, dialect, cleared) in
            [(mastercard, "mastercard-like", "MCC1A2B3C1010  "), (visa, "visa-base1-like", "016325112100001")]
        {
            let record = record(&message, dialects::named(dialect).unwrap());
            let found = record.event.references.life_cycle;
            assert_eq!(found, iso8583::transaction_id(cleared), "{dialect}");
            assert!(found.is_some(), "{dialect}");
        }
        assert_eq!(of_1987(&presentment("0220")).event.references.life_cycle, None);
    }

    #[test]
    fn a_message_is_the_same_in_either_version() {
        for (of_1987, of_1993) in [
            (of_1987(&presentment("0220")), of_1993(&presentment("1221"))),
            (of_1987(&presentment("0100")), of_1993(&presentment("1101"))),
            (of_1987(&reversal("0420")), of_1993(&reversal("1420"))),
        ] {
            assert_eq!(of_1987.key_text, of_1993.key_text);
            assert_eq!(of_1987.event.key, of_1993.event.key);
            let (old, new) = (&of_1987.event.content, &of_1993.event.content);
            assert_eq!(old.first_difference(&new.to_text()), None, "{old:?} {new:?}");
            assert_eq!(new.first_difference(&old.to_text()), None, "{old:?} {new:?}");
        }
    }

    #[test]
    fn what_differs_is_named_between_versions_too() {
        let stored = of_1987(&presentment("0220")).event.content.to_text();
        for (de, value, difference) in [
            (3, "200000", "DE3"),
            (4, "000000060001", "DE4"),
            (12, "261010120001", "DE12"),
            (12, "261011120000", "DE13"),
            (26, "5412", "DE18"),
            (38, "123457", "DE38"),
            (42, "GROCER000000002", "DE42"),
            (49, "840", "DE49"),
        ] {
            let other = of_1993(&presentment("1221").set(de, value)).event.content;
            assert_eq!(other.first_difference(&stored).as_deref(), Some(difference), "DE{de}");
        }
        // Within a version what has no counterpart in the other one is compared as well.
        let stored = of_1993(&presentment("1220")).event.content.to_text();
        for (de, value, difference) in [(24, "201", "DE24"), (39, "100", "DE39"), (26, "5412", "DE18")] {
            let other = of_1993(&presentment("1221").set(de, value)).event.content;
            assert_eq!(other.first_difference(&stored).as_deref(), Some(difference), "DE{de}");
        }
    }

    #[test]
    fn a_reversal_of_1993_is_stored_as_totals_count_it() {
        let content = of_1993(&reversal("1420")).event.content.to_text();
        for part in ["|DE4=000000060000", "|DE90=02200000012610101200", "|DE95=000000020000"] {
            assert!(content.contains(part), "{content}");
        }
        let full = of_1993(&reversal("1420").set(24, "400")).event.content.to_text();
        assert!(full.contains("|DE4=000000060000") && !full.contains("DE95"), "{full}");
    }

    #[test]
    fn a_partial_reversal_of_1993_says_what_was_and_what_remains() {
        let partial = || reversal("1420");
        let zeros = format!("{:024}", 0);
        for (what, message, expected) in [
            ("both", partial(), Ok(20_000)),
            ("nothing remains", partial().set(4, "000000000000"), Ok(0)),
            ("no DE30", partial().remove(30), Err(missing("DE30"))),
            ("DE30 of zeros", partial().set(30, zeros.as_str()), Err(missing("DE30"))),
            ("no DE4", partial().remove(4), Err(missing("DE4"))),
            ("all of it", partial().set(24, "400"), Ok(0)),
            ("all of it, without DE30", partial().set(24, "400").remove(30), Ok(0)),
            ("all of it, DE30 of zeros", partial().set(24, "400").set(30, zeros.as_str()), Ok(0)),
        ] {
            let remaining = read(&message, dialects::named("iso93-ascii").unwrap()).map(|record| {
                let EventKind::Reversal { remaining_minor } = record.event.kind else { panic!("{what}") };
                remaining_minor
            });
            assert_eq!(remaining, expected, "{what}");
        }
    }
}
