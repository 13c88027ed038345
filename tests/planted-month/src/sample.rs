//! Published files of a month, made up, for the tests of what is planted in answers, statements and payments.

use jiff::{ToSpan, civil::Date};

use crate::{
    month::FIRST,
    published::{Batch, Item, Line, Published},
};

/// Lines of each batch.
const LINES: i64 = 8;

fn item(name: &str, quantity: i64, net: i64, vat: i64) -> (String, Item) {
    (name.to_owned(), Item { quantity, net, vat })
}

fn lines(payout: &str, partner: &str, day: i64) -> Vec<Line> {
    let line = |number: i64| {
        let some = 700 + day * 11 + number * 97;
        let (record, items) = match (partner, number) {
            (_, 0) => ("CH", vec![item("fixed_fee", 1, some, some / 5)]),
            ("airboreal", _) => ("TX", vec![item("miles_granted", some / 3, some, 0)]),
            ("skyfuel", 1..4) => ("TX", vec![item("bonus_miles", some, some, some / 5)]),
            _ => ("TX", vec![item("bonus_miles", 0, 0, 0), item("turnover", some * 90, some, some / 5)]),
        };
        let total = items.iter().map(|(_, item)| item.net + item.vat).sum();
        Line { id: format!("{payout}-{:06}", number + 1), record: record.to_owned(), items, total }
    };
    (0..LINES).map(line).collect()
}

fn batch(program: &str, (partner, currency): (&str, &str), day: i64) -> Batch {
    let payout = format!("{program}-{:06}-{partner}-{currency}", day + 1);
    let date: Date = FIRST + day.days();
    let lines = lines(&payout, partner, day);
    let to_pay = lines.iter().map(|line| line.total).sum();
    let (stated, currency) = ("bank_pays_partner".to_owned(), currency.to_owned());
    let direction = stated.clone();
    Batch { payout, currency, stated, date, paid_on: date + 1.day(), lines, direction, to_pay }
}

fn file(receiver: &str, of: (&str, &str, i64), batches: Vec<Batch>) -> Published {
    let (sender, program, day) = of;
    let place = if program == "volga" { 1 } else { 2 };
    Published {
        name: format!("{receiver}_{program}_{day}"),
        environment: "TEST".to_owned(),
        sender: sender.to_owned(),
        receiver: receiver.to_owned(),
        id: format!("{receiver}-{program}-{:06}-0", day + 1),
        program: program.to_owned(),
        sequence: i32::try_from(day * 2 + place).unwrap(),
        revision: 0,
        sha256: format!("{receiver}{program}{day}"),
        records: 20,
        totals: String::new(),
        batches,
    }
}

/// Of two programs.
pub(crate) fn files() -> Vec<Published> {
    let mut files = Vec::new();
    for (day, (bank, program, own)) in
        (0..36).flat_map(|day| [(day, ("northbank", "volga", "RUB")), (day, ("southbank", "spree", "EUR"))])
    {
        let partners = [("airboreal", own), ("skyfuel", own), ("kosta", "EUR")];
        let batches: Vec<Batch> = partners.iter().map(|partner| batch(program, *partner, day)).collect();
        for (batch, (partner, _)) in batches.iter().zip(partners) {
            files.push(file(partner, (bank, program, day), vec![batch.clone()]));
        }
        files.push(file(bank, (bank, program, day), batches));
    }
    files
}
