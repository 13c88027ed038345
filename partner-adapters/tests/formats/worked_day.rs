//! The worked day as canonical records, and a batch with every kind of line.

use std::collections::BTreeMap;

use domain::settlement::{Basis, Direction};
use jiff::civil::{Date, date};
use partner_adapters::canonical::{
    Adjustment, BatchHeader, BatchTrailer, CarryForward, Charge, DocumentVat, Environment, FileHeader,
    FileTrailer, Kind, LineItem, Prepaid, Record, References, Role, Rounding, Total, Transaction,
};
use partner_adapters::formats::{Clearing, FileSettings, Party};

const DAY: Date = date(2026, 10, 10);
const PAYMENT_DAY: Date = date(2026, 10, 12);
use Direction::{BankPaysPartner, PartnerPaysBank};

/// Names and accounts as a contract would have them.
pub(crate) fn settings() -> FileSettings {
    let party = |name: &str, account: &str| Party {
        name: name.into(),
        account: Some(account.into()),
        clearing: Some(Clearing { system: "RUCBC".into(), member: "044525225".into() }),
        ..Party::default()
    };
    let airboreal = Party {
        name: "Авиакомпания «Бореал» & Ко".into(),
        iban: Some("GB82WEST12345698765432".into()),
        bic: Some("NORTRUMM".into()),
        ..Party::default()
    };
    let parties = BTreeMap::from([
        ("northbank".to_owned(), party("Northbank", "30101810400000000225")),
        ("skyfuel".to_owned(), party("SkyFuel", "40702810900000000001")),
        ("kosta".to_owned(), party("Kosta Market", "40702810900000000002")),
        ("airboreal".to_owned(), airboreal),
    ]);
    FileSettings { parties, ..FileSettings::default() }
}

/// One batch that is being written.
struct BatchOf {
    header: BatchHeader,
    lines: Vec<Record>,
}

impl BatchOf {
    fn new(partner: &str, role: Role, stated: Direction, items: &[Basis]) -> Self {
        let header = BatchHeader {
            partner: partner.into(),
            program: "boreal-gold".into(),
            currency: "RUB".into(),
            exponent: 2,
            stated,
            opening_minor: 0,
            role,
            business_date: DAY,
            cycle_sequence: 1,
            terms: "07070707".into(),
            payment_date: PAYMENT_DAY,
            items: items.to_vec(),
        };
        Self { header, lines: Vec::new() }
    }

    fn next_id(&self) -> String {
        let BatchHeader { partner, currency, .. } = &self.header;
        format!("boreal-gold-000001-{partner}-{currency}-{:06}", self.lines.len() + 1)
    }

    fn references(&self, number: usize) -> References {
        References {
            message: format!("{:048x}", 0x6ac9_fea4_u64 * 7 + number as u64),
            purchase: format!("{:048x}", 0x6ac9_fe90_u64 + number as u64),
            mti: "0220".into(),
            retrieval: format!("6283{number:08}"),
            approval: "A1B2C3".into(),
            stan: format!("{number:06}"),
            transmitted: "1010000020".into(),
            arn: String::new(),
            network_id: String::new(),
            acquirer: "123456".into(),
            card_acceptor: "MERCHANT-1".into(),
            terminal: "TERM0001".into(),
            member_number: "AB-A".into(),
            local_date: DAY,
            rules: "07070707".into(),
        }
    }

    fn line(&mut self, kind: Kind, counted: i64, items: &[(i64, i64, i64)]) {
        let items: Vec<LineItem> = items
            .iter()
            .map(|(quantity, net, vat)| LineItem { quantity: *quantity, net_minor: *net, vat_minor: *vat })
            .collect();
        let transaction = Transaction {
            line_id: self.next_id(),
            kind,
            references: self.references(self.lines.len() + 1),
            counted_minor: counted,
            late_days: 0,
            total_minor: items.iter().map(|item| item.net_minor + item.vat_minor).sum(),
            items,
        };
        self.lines.push(Record::Transaction(transaction));
    }

    fn rounding(&mut self, amount_minor: i64) {
        self.lines.push(Record::Rounding(Rounding { line_id: self.next_id(), amount_minor }));
    }

    fn document_vat(&mut self, amount_minor: i64) {
        self.lines.push(Record::DocumentVat(DocumentVat { line_id: self.next_id(), amount_minor }));
    }

    /// Net and tax of a record.
    fn amounts(record: &Record) -> (i64, i64) {
        let of = |items: &[LineItem]| {
            (items.iter().map(|item| item.net_minor).sum(), items.iter().map(|item| item.vat_minor).sum())
        };
        match record {
            Record::Transaction(line) => of(&line.items),
            Record::Adjustment(line) => of(&line.items),
            Record::Charge(line) => (line.net_minor, line.vat_minor),
            Record::Prepaid(line) => (line.net_minor, line.vat_minor),
            Record::Rounding(line) => (line.amount_minor, 0),
            Record::DocumentVat(line) => (0, line.amount_minor),
            _ => (0, 0),
        }
    }

    fn records(self) -> Vec<Record> {
        let amounts: Vec<(i64, i64)> = self.lines.iter().map(Self::amounts).collect();
        let (net, vat) = amounts.iter().fold((0, 0), |sum, (net, vat)| (sum.0 + net, sum.1 + vat));
        let totals = || amounts.iter().map(|(net, vat)| net + vat);
        let closing = self.lines.iter().find_map(|record| match record {
            Record::CarryForward(line) => Some(line.amount_minor),
            _ => None,
        });
        let closing_minor = closing.unwrap_or(0);
        let paid = self.header.opening_minor + net + vat - closing_minor;
        let other = if self.header.stated == BankPaysPartner { PartnerPaysBank } else { BankPaysPartner };
        let quantities = (0..self.header.items.len())
            .map(|place| {
                let of = |record: &Record| match record {
                    Record::Transaction(line) => line.items[place].quantity,
                    Record::Adjustment(line) => line.items[place].quantity,
                    _ => 0,
                };
                self.lines.iter().map(of).sum()
            })
            .collect();
        let count =
            |kind: fn(&Record) -> bool| self.lines.iter().filter(|record| kind(record)).count() as u64;
        let trailer = BatchTrailer {
            transactions: count(|record| matches!(record, Record::Transaction(_))),
            adjustments: count(|record| matches!(record, Record::Adjustment(_))),
            charges: count(|record| matches!(record, Record::Charge(_))),
            quantities,
            debit_minor: totals().filter(|total| *total > 0).sum(),
            credit_minor: -totals().filter(|total| *total < 0).sum::<i64>(),
            net_minor: net,
            vat_minor: vat,
            rounding_minor: 0,
            closing_minor,
            direction: if paid < 0 { other } else { self.header.stated },
            to_pay_minor: paid.abs(),
        };
        let mut records = vec![Record::BatchHeader(self.header)];
        records.extend(self.lines);
        records.push(Record::BatchTrailer(trailer));
        records
    }
}

fn file(receiver: &str, batches: Vec<BatchOf>) -> Vec<Record> {
    let number_of_batches = batches.len() as u64;
    let mut records = vec![Record::FileHeader(FileHeader {
        environment: Environment::Test,
        sender: "northbank".into(),
        receiver: receiver.into(),
        program: "boreal-gold".into(),
        zone: "Europe/Moscow".into(),
        business_date: DAY,
        cycle_sequence: 1,
        cut_off: "2026-10-11T00:00:00+03:00[Europe/Moscow]".into(),
        sequence: 1,
        revision: 0,
        previous_sha256: None,
    })];
    records.extend(batches.into_iter().flat_map(BatchOf::records));
    let mut totals: Vec<Total> = Vec::new();
    for record in &records {
        let Record::BatchTrailer(trailer) = record else { continue };
        match totals.iter_mut().find(|total| total.direction == trailer.direction) {
            Some(total) => total.to_pay_minor += trailer.to_pay_minor,
            None => totals.push(Total {
                currency: "RUB".into(),
                direction: trailer.direction,
                to_pay_minor: trailer.to_pay_minor,
            }),
        }
    }
    records.push(Record::FileTrailer(FileTrailer {
        records: records.len() as u64 + 1,
        batches: number_of_batches,
        totals,
        hash_total: 0,
        sha256: "5a".repeat(32),
    }));
    records
}

fn airboreal_batch() -> BatchOf {
    let mut batch = BatchOf::new("airboreal", Role::Cobrand, BankPaysPartner, &[Basis::MilesGranted]);
    for (counted, miles, net) in [
        (359_999, 59, 3_629),
        (722_650, 240, 14_760),
        (1_234_567, 205, 12_608),
        (99_999, 16, 984),
        (100_000, 16, 984),
        (150_000, 25, 1_538),
    ] {
        batch.line(Kind::Purchase, counted, &[(miles, net, 0)]);
    }
    batch.line(Kind::Refund, -100_000, &[(-16, -984, 0)]);
    for (counted, miles, net) in
        [(20_000_000, 1_500, 92_250), (45_000, 7, 431), (123_456, 20, 1_230), (950_000, 158, 9_717)]
    {
        batch.line(Kind::Purchase, counted, &[(miles, net, 0)]);
    }
    batch.rounding(-2);
    batch.document_vat(27_429);
    batch
}

fn kosta_batch() -> BatchOf {
    let items = [Basis::Turnover, Basis::StatementCreditShare];
    let mut batch = BatchOf::new("kosta", Role::Merchant, PartnerPaysBank, &items);
    for (turnover, commission, vat, share) in [
        (1_234_567, 14_815, 2_963, 30_000),
        (99_999, 1_200, 240, 0),
        (100_000, 1_200, 240, 3_000),
        (150_000, 1_800, 360, 4_500),
    ] {
        batch.line(Kind::Purchase, turnover, &[(turnover, commission, vat), (share, share, 0)]);
    }
    batch.line(Kind::Refund, -100_000, &[(-100_000, -1_200, -240), (-3_000, -3_000, 0)]);
    batch
}

fn skyfuel_batch() -> BatchOf {
    let items = [Basis::BonusMiles, Basis::TillShare];
    let mut batch = BatchOf::new("skyfuel", Role::Merchant, PartnerPaysBank, &items);
    batch.line(Kind::Purchase, 722_650, &[(120, 8_400, 1_680), (11_175, -11_175, 0)]);
    batch
}

/// The co-brand partner's file: the bank pays 1,645.74.
pub(crate) fn airboreal() -> Vec<Record> {
    file("airboreal", vec![airboreal_batch()])
}

/// The market's file: it pays 558.78.
pub(crate) fn kosta() -> Vec<Record> {
    file("kosta", vec![kosta_batch()])
}

/// The fuel retailer's file: the bank pays 10.95.
pub(crate) fn skyfuel() -> Vec<Record> {
    file("skyfuel", vec![skyfuel_batch()])
}

/// The bank's file with the batches of all.
pub(crate) fn bank() -> Vec<Record> {
    file("northbank", vec![airboreal_batch(), kosta_batch(), skyfuel_batch()])
}

/// The file of a day on which there was no batch.
pub(crate) fn nothing() -> Vec<Record> {
    file("skyfuel", Vec::new())
}

/// A file with all kinds of lines, a balance in and out, formulas, delimiters and Cyrillic letters in its texts.
pub(crate) fn every_kind() -> Vec<Record> {
    let mut batch = skyfuel_batch();
    batch.header.opening_minor = 250;
    let mut adjustment = Adjustment {
        line_id: batch.next_id(),
        reason: "=HYPERLINK(\"http://x\")".into(),
        original: "boreal-gold-000000-skyfuel-RUB-000009".into(),
        references: batch.references(2),
        counted_minor: 0,
        items: vec![LineItem { quantity: -10, net_minor: -700, vat_minor: -140 }, LineItem::default()],
        total_minor: -840,
    };
    adjustment.references.card_acceptor = "Магазин; «Ёлка» & <сын>".into();
    adjustment.references.member_number = "-5".into();
    batch.lines.push(Record::Adjustment(adjustment));
    batch.lines.push(Record::Charge(Charge {
        line_id: batch.next_id(),
        basis: Basis::BonusMiles,
        reference: "2026-10".into(),
        date: DAY,
        quantity: 1,
        net_minor: 5_000,
        vat_minor: 1_000,
        total_minor: 6_000,
    }));
    batch.lines.push(Record::Prepaid(Prepaid {
        line_id: batch.next_id(),
        basis: Basis::BonusMiles,
        opening: 1_000,
        drawn: 50,
        closing: 950,
        net_minor: -3_500,
        vat_minor: -700,
        total_minor: -4_200,
    }));
    batch.rounding(1);
    batch.document_vat(3);
    batch.lines.push(Record::CarryForward(CarryForward { line_id: batch.next_id(), amount_minor: 19 }));
    file("skyfuel", vec![batch])
}

/// A line of a random batch: kind, counted amount, two items of quantity, net and tax.
#[derive(Debug, Clone)]
pub(crate) struct RandomLine {
    pub(crate) kind: u8,
    pub(crate) counted: i64,
    pub(crate) items: [(i64, i64, i64); 2],
}

/// A file with one batch of these lines, and what stands beside them.
pub(crate) fn random(
    lines: &[RandomLine],
    bank_pays_first: bool,
    opening: i64,
    closing: i64,
    rounding: i64,
    tax: i64,
) -> Vec<Record> {
    let stated = if bank_pays_first { BankPaysPartner } else { PartnerPaysBank };
    let items = [Basis::Turnover, Basis::StatementCreditShare];
    let mut batch = BatchOf::new("kosta", Role::Merchant, stated, &items);
    batch.header.opening_minor = opening;
    for line in lines {
        let kind = match line.kind {
            0 => Kind::Purchase,
            1 => Kind::Refund,
            _ => Kind::Reversal,
        };
        batch.line(kind, line.counted, &line.items);
    }
    if rounding != 0 {
        batch.rounding(rounding);
    }
    if tax != 0 {
        batch.document_vat(tax);
    }
    if closing != 0 {
        batch
            .lines
            .push(Record::CarryForward(CarryForward { line_id: batch.next_id(), amount_minor: closing }));
    }
    file("kosta", vec![batch])
}
