//! Whatever moved on a day, its files verify and say what is on the books.

use std::collections::BTreeSet;

use domain::Amounts;
use proptest::prelude::*;

use super::*;
use crate::verify_file;

fn items() -> Vec<Item> {
    sample::movements()
        .iter()
        .flat_map(|moved| moved.amounts.iter().map(|(item, _)| item.clone()).collect::<Vec<_>>())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// A message of a purchase, with an amount for some of the items.
fn moved(number: u8, purchase: u8, counted_minor: i64, amounts: &[Option<i64>]) -> sample::Moved {
    let mut moved = sample::movements().remove(0);
    moved.message = MessageKey::new(u64::from(number) / 2, [number; 16]);
    moved.purchase = MessageKey::new(1, [purchase; 16]);
    moved.counted_minor = counted_minor;
    moved.mti = ["0220", "0420", "0200"][usize::from(number % 3)].to_owned();
    moved.amounts = Amounts::none();
    for (item, amount) in items().into_iter().zip(amounts) {
        moved.amounts.set(item, amount.unwrap_or(0));
    }
    moved
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_files_of_any_day_verify_and_tie(
        day in proptest::collection::vec(
            (any::<u8>(), 0_u8..4, -1_000_000_i64..1_000_000,
             proptest::collection::vec(proptest::option::of(-1_000_000_000_i64..1_000_000_000), 7)),
            0..40,
        )
    ) {
        let messages = day.iter().map(|(n, purchase, counted, amounts)| moved(*n, *purchase, *counted, amounts));
        let day = day_of(messages.flat_map(|moved| rows_of(&moved)).collect());
        let bank = verify_file(&file(&day, "northbank", FIRST)).unwrap();
        for position in day.positions() {
            let code = &sample::partner_codes()[&position.partner];
            let own = verify_file(&file(&day, code, FIRST)).unwrap();
            let batch = &own.batches[0];
            prop_assert!(bank.batches.contains(batch));
            prop_assert_eq!(batch.miles().unwrap_or(0), position.miles);
            prop_assert_eq!(batch.direction, position.direction);
            prop_assert_eq!(batch.transactions, i64::from(position.lines));
            prop_assert_eq!(
                [batch.net_minor, batch.vat_minor, batch.rounding_minor, batch.to_pay_minor],
                [position.net_minor, position.vat_minor, position.rounding_minor, position.to_pay_minor]
            );
        }
    }
}
