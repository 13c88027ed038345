//! A published settlement file as its receiver reads it (docs/settlement-file.md): what follows here needs ids, amounts
//! and trailers.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::civil::Date;

/// An item of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Miles or minor units.
    pub quantity: i64,
    /// Minor units.
    pub net: i64,
    /// Minor units.
    pub vat: i64,
}

/// A record that has a line id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The id.
    pub id: String,
    /// The record type.
    pub record: String,
    /// With their names; a charge has one of its own.
    pub items: Vec<(String, Item)>,
    /// Net and tax of all items, or the amount.
    pub total: i64,
}

/// What is settled with a partner in a currency for a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// `{program}-{cycle}-{partner}-{currency}`: what is paid under.
    pub payout: String,
    /// Three letters.
    pub currency: String,
    /// In which direction amounts are positive.
    pub stated: String,
    /// Business date of the cycle.
    pub date: Date,
    /// When it is paid.
    pub paid_on: Date,
    /// In their order, without what is carried forward.
    pub lines: Vec<Line>,
    /// Who pays.
    pub direction: String,
    /// Never negative.
    pub to_pay: i64,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its name.
    pub name: String,
    /// `TEST` or `LIVE`.
    pub environment: String,
    /// The bank.
    pub sender: String,
    /// Whose it is.
    pub receiver: String,
    /// Its id.
    pub id: String,
    /// The program.
    pub program: String,
    /// Among all files to the receiver.
    pub sequence: i32,
    /// 0 unless it could not be read.
    pub revision: i32,
    /// Of all bytes, lower-case hexadecimal.
    pub sha256: String,
    /// All records.
    pub records: usize,
    /// As the trailer writes them.
    pub totals: String,
    /// In their order.
    pub batches: Vec<Batch>,
}

/// Fields of a transaction before its items, and of an adjustment.
const BEFORE_ITEMS: [(&str, usize); 2] = [("TX", 20), ("AJ", 20)];

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no whole number"))
}

impl Published {
    /// Reads a file.
    ///
    /// # Panics
    /// If it is not what the document says.
    #[must_use]
    pub fn read(name: &str, text: &str) -> Self {
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap().split('|').collect();
        assert_eq!(header[..2], ["FH", "2"], "{name}");
        let mut file = Self {
            name: name.to_owned(),
            environment: header[2].to_owned(),
            sender: header[3].to_owned(),
            receiver: header[4].to_owned(),
            id: header[5].to_owned(),
            program: header[6].to_owned(),
            sequence: header[11].parse().unwrap(),
            revision: header[12].parse().unwrap(),
            sha256: hex::encode(digest(&SHA256, text.as_bytes())),
            records: text.lines().count(),
            totals: String::new(),
            batches: Vec::new(),
        };
        let mut items = Vec::new();
        for line in lines {
            let fields: Vec<&str> = line.split('|').collect();
            match fields[0] {
                "BH" => {
                    items = fields[12].split(',').map(str::to_owned).collect();
                    file.batches.push(batch(&fields));
                }
                "BT" => {
                    let last = file.batches.last_mut().unwrap();
                    last.direction = fields[fields.len() - 2].to_owned();
                    last.to_pay = number(fields[fields.len() - 1]);
                }
                "FT" => file.totals = fields[3].to_owned(),
                "CF" => {}
                _ => file.batches.last_mut().unwrap().lines.push(of_fields(&fields, &items)),
            }
        }
        file
    }

    /// Whether it is a partner's: the bank has one of its own.
    #[must_use]
    pub fn is_partner_s(&self) -> bool {
        self.receiver != self.sender
    }
}

fn batch(fields: &[&str]) -> Batch {
    let (partner, program, currency, cycle) = (fields[1], fields[2], fields[3], number(fields[9]));
    Batch {
        payout: format!("{program}-{cycle:06}-{partner}-{currency}"),
        currency: currency.to_owned(),
        stated: fields[5].to_owned(),
        date: fields[8].parse().unwrap(),
        paid_on: fields[11].parse().unwrap(),
        lines: Vec::new(),
        direction: String::new(),
        to_pay: 0,
    }
}

fn of_fields(fields: &[&str], names: &[String]) -> Line {
    let (record, total) = (fields[0], number(fields[fields.len() - 1]));
    let item =
        |three: &[&str]| Item { quantity: number(three[0]), net: number(three[1]), vat: number(three[2]) };
    let before = BEFORE_ITEMS.iter().find(|(name, _)| *name == record).map(|(_, before)| *before);
    let items = match (before, record) {
        (Some(before), _) => {
            let threes = fields[before..fields.len() - 1].chunks(3).map(item);
            names.iter().cloned().zip(threes).collect()
        }
        (None, "CH") => vec![(fields[2].to_owned(), item(&fields[5..8]))],
        (None, "PP") => {
            vec![(fields[2].to_owned(), Item { quantity: 0, net: number(fields[6]), vat: number(fields[7]) })]
        }
        _ => Vec::new(),
    };
    Line { id: fields[1].to_owned(), record: record.to_owned(), items, total }
}

impl Batch {
    /// Whether its terms are in another currency than the program's: volga is in roubles, and so is all it counts.
    pub(crate) fn is_converted(&self) -> bool {
        self.payout.starts_with("volga-") && self.currency != "RUB"
    }
}

impl Line {
    /// Whether all that it counts is miles.
    pub(crate) fn is_of_miles_alone(&self) -> bool {
        let counts = |(name, item): &&(String, Item)| item.net != 0 && name.contains("miles");
        let other = |(name, item): &(String, Item)| (item.net, item.vat) != (0, 0) && !name.contains("miles");
        self.record == "TX" && self.items.iter().any(|item| counts(&item)) && !self.items.iter().any(other)
    }

    /// Whether none of what it counts is miles.
    pub(crate) fn is_without_miles(&self) -> bool {
        let miles = |(name, item): &(String, Item)| (item.net, item.vat) != (0, 0) && name.contains("miles");
        self.record == "TX" && !self.items.iter().any(miles)
    }

    /// Its tax, by line or for the document.
    pub(crate) fn vat(&self) -> i64 {
        match self.record.as_str() {
            "VD" => self.total,
            _ => self.items.iter().map(|(_, item)| item.vat).sum(),
        }
    }

    pub(crate) fn net(&self) -> i64 {
        self.total - self.vat()
    }

    pub(crate) fn miles(&self) -> i64 {
        let miles = self.items.iter().filter(|(name, _)| name.contains("miles"));
        miles.map(|(_, item)| item.quantity).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "\
FH|2|TEST|northbank|skyfuel|skyfuel-boreal-gold-000001-0|boreal-gold|Europe/Moscow|2026-10-10|1|2026-10-11T00:00:00+03:00[Europe/Moscow]|1|0|00
BH|skyfuel|boreal-gold|RUB|2|partner_pays_bank|0|merchant|2026-10-10|1|07070707|2026-10-12|bonus_miles,till_share
TX|boreal-gold-000001-skyfuel-RUB-000001|purchase|1|2|0220|628300000020|A1B2C3|000020|1010000020|||123456|MERCHANT-1|TERM0001|AB-A|2026-10-10|07070707|722650|0|120|8400|1680|11175|-11175|0|-1095
CH|boreal-gold-000001-skyfuel-RUB-000002|fixed_fee|2026-10|2026-10-10|1|4999|1000|5999
BT|1|0|1|120|11175|0|1095|-2775|1680|0|0|bank_pays_partner|1095
FT|6|1|RUB:bank_pays_partner:1095|1095|8fa3
";

    #[test]
    fn the_example_of_the_document_is_read() {
        let file = Published::read("it", EXAMPLE);
        assert_eq!((file.records, file.sequence, file.totals.as_str()), (6, 1, "RUB:bank_pays_partner:1095"));
        let batch = &file.batches[0];
        assert_eq!((batch.payout.as_str(), batch.to_pay), ("boreal-gold-000001-skyfuel-RUB", 1095));
        let line = &batch.lines[0];
        assert_eq!((line.vat(), line.net(), line.total, line.miles()), (1680, -2775, -1095, 120));
        assert!(!line.is_of_miles_alone() && !line.is_without_miles());
        assert_eq!((batch.lines[1].total, batch.lines[1].vat()), (5999, 1000));
    }
}
