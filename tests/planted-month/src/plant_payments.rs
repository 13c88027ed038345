//! Plants faults in the banks' statements of the account that settlement is paid by.

use std::collections::BTreeMap;

use jiff::ToSpan;

use crate::{
    csv::Sheet,
    plant_clearing::other_or_near,
    published::{Batch, Published},
    random::Random,
    table::{Edit, Planted},
    told::of_payment,
};

/// A late payment comes so many days after its date.
const LATE_DAYS: i64 = 10;

const OF_PAYMENTS: [Edit; 6] = [
    Edit::PaymentLate,
    Edit::PaymentLeftOut,
    Edit::PaymentTwice,
    Edit::PaymentAmount,
    Edit::PaymentCurrency,
    Edit::PaymentParts,
];

/// Edits the statements of all banks.
///
/// # Panics
/// If the month is too short.
pub fn plant_payments(
    random: &mut Random,
    files: &[Published],
    statements: &mut BTreeMap<String, Sheet>,
) -> Vec<Planted> {
    let mut planted = Vec::new();
    let of_banks = files.iter().filter(|file| !file.is_partner_s());
    let mut free: Vec<(&str, &Batch)> = of_banks
        .flat_map(|file| file.batches.iter().map(move |batch| (file.receiver.as_str(), batch)))
        .filter(|(_, batch)| batch.to_pay >= 1_000)
        .collect();
    let last = free.iter().map(|(_, batch)| batch.paid_on).max().unwrap();
    for edit in OF_PAYMENTS {
        for _ in 0..edit.times() {
            let early = |(_, batch): &(&str, &Batch)| batch.paid_on + LATE_DAYS.days() <= last;
            let (mut fitting, others): (Vec<_>, Vec<_>) = free.into_iter().partition(early);
            let (bank, batch) = random.take(&mut fitting, &format!("{edit:?}"));
            free = others.into_iter().chain(fitting).collect();
            planted.push(edit_payment(random, edit, statements.get_mut(bank).unwrap(), batch));
        }
    }
    for number in 0..Edit::PaymentInvented.times() {
        let (bank, batch) = random.take(&mut free, "an invented payment");
        let sheet = statements.get_mut(bank).unwrap();
        let (at, amount) = (sheet.lines.len(), random.between(50_00, 9_000_00));
        let reference = format!("TRANSFER-{:06}", 7_000 + number);
        sheet.lines.push(of_payment(batch));
        sheet.set(at, "reference", &reference);
        sheet.set(at, "amount_minor", amount);
        planted.push(Edit::PaymentInvented.must(reference, &batch.currency, (0, amount)));
    }
    planted
}

fn edit_payment(random: &mut Random, edit: Edit, sheet: &mut Sheet, batch: &Batch) -> Planted {
    let (at, ours) = (sheet.only("reference", &batch.payout), batch.to_pay);
    let theirs = match edit {
        Edit::PaymentLeftOut => {
            sheet.lines.remove(at);
            0
        }
        Edit::PaymentTwice => {
            let again = sheet.lines.len();
            sheet.lines.push(sheet.lines[at].clone());
            sheet.set(again, "date", batch.paid_on + 2.days());
            ours
        }
        Edit::PaymentAmount => {
            let theirs = other_or_near(random, ours);
            sheet.set(at, "amount_minor", theirs);
            theirs
        }
        Edit::PaymentCurrency => {
            sheet.set(at, "currency", "USD");
            ours
        }
        Edit::PaymentParts => {
            let parts = (ours * 2 / 5, ours * 7 / 20);
            sheet.set(at, "amount_minor", parts.0);
            sheet.lines.push(sheet.lines[at].clone());
            sheet.set(sheet.lines.len() - 1, "amount_minor", parts.1);
            parts.0 + parts.1
        }
        Edit::PaymentLate => {
            sheet.set(at, "date", batch.paid_on + LATE_DAYS.days());
            ours
        }
        other => panic!("{other:?} is not done to a payment"),
    };
    edit.must(&batch.payout, &batch.currency, (ours, theirs))
}
