//! Random batches: in every format the movements add up to what is paid.

use partner_adapters::canonical::Record;
use partner_adapters::formats::incoming::{Limits, camt, native, payout_csv};
use partner_adapters::formats::{Format, Layout, Summary};
use proptest::prelude::*;

use crate::worked_day::{self, RandomLine};
use crate::{read, rendered};

fn line() -> impl Strategy<Value = RandomLine> {
    let amount = || -5_000_000_i64..5_000_000;
    let item = move || (-1_000_i64..1_000, amount(), amount());
    (0_u8..3, any::<i32>(), item(), item()).prop_map(|(kind, counted, first, second)| RandomLine {
        kind,
        counted: counted.into(),
        items: [first, second],
    })
}

/// The last field of each detail of a delimited file.
fn details(records: &[Record]) -> i64 {
    let format = Format::Layout(Box::new(Layout::find("delimited").unwrap()));
    let text = String::from_utf8(rendered(&format, records)).unwrap();
    let amount = |line: &str| line.rsplit(';').next().unwrap().parse::<i64>().unwrap();
    text.lines().filter(|line| line.starts_with("D;")).map(amount).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_format_adds_up_to_the_payment(
        lines in proptest::collection::vec(line(), 0..8),
        bank_pays_first: bool,
        opening in -100_000_i64..100_000,
        closing in -100_000_i64..100_000,
        rounding in -3_i64..3,
        tax in -50_000_i64..50_000,
    ) {
        let sum: i64 = lines.iter().flat_map(|line| line.items).map(|(_, net, vat)| net + vat).sum();
        let stated = opening + sum + rounding + tax - closing;
        let paid = if bank_pays_first { stated } else { -stated };
        let records = worked_day::random(&lines, bank_pays_first, opening, closing, rounding, tax);
        let limits = Limits::default();
        let summary = Summary::read(read(&records)).unwrap();
        let statements = [
            native(&summary, read(&records), &limits).unwrap(),
            payout_csv(rendered(&Format::PayoutCsv, &records).as_slice(), &limits).unwrap(),
            camt(rendered(&Format::Camt054, &records).as_slice(), &limits).unwrap(),
        ];
        for statement in &statements {
            prop_assert_eq!(statement.lines.iter().map(|line| line.amount_minor).sum::<i64>(), paid);
        }
        prop_assert_eq!(details(&records), paid);
        // The statement leads from the opening to the closing balance.
        let turned = if bank_pays_first { closing - opening } else { opening - closing };
        let statement = camt(rendered(&Format::Camt053, &records).as_slice(), &limits).unwrap();
        prop_assert_eq!(statement.lines.iter().map(|line| line.amount_minor).sum::<i64>(), turned);
    }
}
