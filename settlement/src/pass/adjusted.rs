//! What staff have adjusted: its amounts are given, and it stands among the lines by the keys of what it corrects.

use std::cmp::Reverse;

use domain::settlement::Direction;
use domain::{AdjustedItem, Currency, PartnerId};
use jiff::civil::Date;
use partner_adapters::canonical::References;
use store::AdjustmentRow;

/// Digits of a key, and of the short version of rules.
const KEY_DIGITS: usize = 48;
const RULES_DIGITS: usize = 8;

/// An adjustment as a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Adjusted {
    id: i64,
    pub(super) reason: String,
    pub(super) original: String,
    pub(super) references: References,
    /// In which direction its amounts are positive.
    pub(super) stated: Direction,
    pub(super) items: Vec<AdjustedItem>,
}

impl Adjusted {
    fn of(row: &AdjustmentRow, date: Date) -> Self {
        let read = row.record.as_deref().and_then(references_of);
        Self {
            id: row.id,
            reason: row.reason.clone(),
            original: row.original.clone(),
            references: read.unwrap_or_else(|| no_references(date)),
            stated: row.stated,
            items: row.items.clone(),
        }
    }

    fn key(&self) -> (&str, &str) {
        (&self.references.message, &self.references.purchase)
    }

    /// Whether it stands before a line with these references. Digits of one length are sorted as their keys.
    pub(super) fn stands_before(&self, line: &References) -> bool {
        self.key() <= (line.message.as_str(), line.purchase.as_str())
    }
}

/// The adjustments of one batch, the first one last.
pub(super) fn of_batch(rows: &[AdjustmentRow], batch: (PartnerId, Currency), date: Date) -> Vec<Adjusted> {
    let of_batch = rows.iter().filter(|row| (row.partner, row.currency) == batch);
    let mut adjusted: Vec<Adjusted> = of_batch.map(|row| Adjusted::of(row, date)).collect();
    adjusted.sort_by(|left, right| Reverse((left.key(), left.id)).cmp(&Reverse((right.key(), right.id))));
    adjusted
}

/// Of a line that has nothing to be found by: keys of zeros stand before all others.
pub(super) fn no_references(date: Date) -> References {
    let zeros = |digits| "0".repeat(digits);
    References {
        message: zeros(KEY_DIGITS),
        purchase: zeros(KEY_DIGITS),
        mti: String::new(),
        retrieval: String::new(),
        approval: String::new(),
        stan: String::new(),
        transmitted: String::new(),
        arn: String::new(),
        network_id: String::new(),
        acquirer: String::new(),
        card_acceptor: String::new(),
        terminal: String::new(),
        member_number: String::new(),
        local_date: date,
        rules: zeros(RULES_DIGITS),
    }
}

/// The references of a line of an earlier file; `None` if it has none, or cannot be read.
fn references_of(record: &str) -> Option<References> {
    let fields: Vec<&str> = record.split('|').collect();
    let is_digits = |text: &&str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let at = |place: usize| fields.get(place).copied();
    // The message key comes after the kind in layout 2 and before it in layout 1; AJ has reason and original before it.
    let (message, next) = match (at(0)?, at(2)?) {
        ("TX", first) if is_digits(&first, KEY_DIGITS) => (2, 5),
        ("TX", _) => (3, 5),
        ("AJ", _) => (4, 6),
        _ => return None,
    };
    let key = |place: usize| at(place).filter(|text| is_digits(text, KEY_DIGITS)).map(str::to_owned);
    let text = |place: usize| at(next + place).map(str::to_owned);
    Some(References {
        message: key(message)?,
        purchase: key(message + 1)?,
        mti: text(0)?,
        retrieval: text(1)?,
        approval: text(2)?,
        stan: text(3)?,
        transmitted: text(4)?,
        arn: text(5)?,
        network_id: text(6)?,
        acquirer: text(7)?,
        card_acceptor: text(8)?,
        terminal: text(9)?,
        member_number: text(10)?,
        local_date: text(11)?.parse().ok()?,
        rules: text(12).filter(|text| is_digits(&text.as_str(), RULES_DIGITS))?,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const MESSAGE: &str = "000000006ac9fea450322e31000000000000000000000000";
    const PURCHASE: &str = "000000006ac9fe9050320000000000000000000000000000";
    const REST: &str = "0220|628300000020|A1B2C3|000020|1010000020||N1|123456|MERCHANT-1|TERM0001|AB-A|2026-10-09|07070707|722650|0|120|1|2|3";

    #[test]
    fn the_references_of_a_line_are_read_from_each_layout() {
        let expected = References {
            mti: "0220".to_owned(),
            retrieval: "628300000020".to_owned(),
            approval: "A1B2C3".to_owned(),
            stan: "000020".to_owned(),
            transmitted: "1010000020".to_owned(),
            network_id: "N1".to_owned(),
            acquirer: "123456".to_owned(),
            card_acceptor: "MERCHANT-1".to_owned(),
            terminal: "TERM0001".to_owned(),
            member_number: "AB-A".to_owned(),
            message: MESSAGE.to_owned(),
            purchase: PURCHASE.to_owned(),
            rules: "07070707".to_owned(),
            ..no_references(date(2026, 10, 9))
        };
        for (record, readable) in [
            (format!("TX|id|purchase|{MESSAGE}|{PURCHASE}|{REST}"), true),
            (format!("TX|id|{MESSAGE}|{PURCHASE}|purchase|{REST}"), true),
            (format!("AJ|id|rerate||{MESSAGE}|{PURCHASE}|{REST}"), true),
            (format!("CH|id|{MESSAGE}|{PURCHASE}|purchase|{REST}"), false),
            (format!("TX|id|purchase|{MESSAGE}|short|{REST}"), false),
            (format!("TX|id|purchase|{MESSAGE}|{PURCHASE}|{}", REST.replace("2026-10-09", "soon")), false),
            ("TX".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(references_of(&record), readable.then(|| expected.clone()), "{record}");
        }
    }

    #[test]
    fn adjustments_stand_by_the_keys_of_what_they_correct() {
        let batch = (PartnerId(1), Currency(643));
        let row = |id, record: Option<String>, partner| AdjustmentRow {
            id,
            partner: PartnerId(partner),
            currency: batch.1,
            stated: Direction::PartnerPaysBank,
            reason: "agreed".to_owned(),
            original: format!("line {id}"),
            record,
            items: Vec::new(),
        };
        let of_purchase = Some(format!("TX|id|purchase|{MESSAGE}|{PURCHASE}|{REST}"));
        let rows = [
            row(1, of_purchase.clone(), 1),
            row(2, None, 1),
            row(3, of_purchase.clone(), 1),
            row(4, of_purchase, 2),
            row(5, Some("VD|id|7".to_owned()), 1),
        ];
        let mut adjusted = of_batch(&rows, batch, date(2026, 10, 10));
        let line = References { message: MESSAGE.to_owned(), ..no_references(date(2026, 10, 10)) };
        let before = |adjusted: &Adjusted| (adjusted.id, adjusted.stands_before(&line));
        let next = std::iter::from_fn(|| adjusted.pop().as_ref().map(before));
        assert_eq!(next.collect::<Vec<_>>(), [(2, true), (5, true), (1, false), (3, false)]);
    }
}
