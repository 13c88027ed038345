//! What is held waits, and is released by what is agreed to release it.

use bank_simulator::auditor::{AuditedMessage, Balance};

use crate::days::{Change, check, message};

/// Posted and pending miles, posted and pending discount.
fn balance(messages: &[&AuditedMessage]) -> [i128; 4] {
    let messages: Vec<_> = messages.iter().copied().cloned().collect();
    let balance: Balance = check(&messages).balances["B"];
    [balance.miles, balance.pending_miles, balance.discount(), balance.pending_discount()]
}

#[test]
fn a_hold_waits_until_it_is_cleared_reversed_or_declined() {
    let at = |message: AuditedMessage| message.at("kosta", "5411");
    let hold = at(message("0100", "b", 1, 1, 250_000));
    let single = at(message("0200", "b", 1, 1, 250_000));
    let part = at(message("0220", "b", 1, 2, 100_000));
    let rest = at(message("0220", "b", 1, 3, 150_000));
    let more = at(message("0220", "b", 1, 3, 200_000));
    let reversal = at(message("0400", "b", 1, 4, 250_000)).about(&hold);
    let partial = at(message("0400", "b", 1, 5, 250_000)).about(&hold).leaving(120_000);
    let approved = at(message("0120", "b", 1, 6, 250_000)).issuer_said("00");
    let less = at(message("0120", "b", 1, 7, 120_000)).issuer_said("10");
    let declined = at(message("0120", "b", 1, 8, 250_000)).issuer_said("05");
    let not_cleared = at(message("0220", "b", 1, 9, 250_000)).issuer_said("51");
    let refund = at(message("0220", "b", 1, 10, 100_000)).code("200000");
    let table: &[(&[&AuditedMessage], [i128; 4])] = &[
        (&[&hold], [0, 41, 0, 12_500]),
        (&[&single], [0, 41, 0, 12_500]),
        (&[&approved], [0, 41, 0, 12_500]),
        (&[&hold, &approved], [0, 41, 0, 12_500]),
        (&[&hold, &less], [0, 41, 0, 12_500]),
        (&[&less, &reversal, &hold], [0, 0, 0, 0]),
        (&[&hold, &refund], [0, 25, 0, 7_500]),
        (&[&hold, &partial], [0, 20, 0, 6_000]),
        (&[&hold, &part], [16, 25, 5_000, 7_500]),
        (&[&hold, &part, &rest], [41, 0, 12_500, 0]),
        (&[&hold, &part, &more], [50, 0, 15_000, 0]),
        (&[&hold, &reversal], [0, 0, 0, 0]),
        (&[&hold, &part, &reversal], [16, 0, 5_000, 0]),
        (&[&reversal, &hold], [0, 0, 0, 0]),
        (&[&hold, &declined], [0, 0, 0, 0]),
        (&[&hold, &not_cleared], [0, 0, 0, 0]),
    ];
    for (messages, expected) in table {
        let names: Vec<_> = messages.iter().map(|message| (&message.mti, &message.stan)).collect();
        assert_eq!(balance(messages), *expected, "{names:?}");
    }
}

#[test]
fn an_offer_at_the_till_waits_for_its_clearing() {
    let hold = message("0100", "b", 1, 1, 745_000).at("skyfuel", "5541").offered(722_650);
    let clearing = message("0220", "b", 1, 2, 722_650).at("skyfuel", "5541");
    assert_eq!(balance(&[&hold]), [0, 240, 0, 22_350]);
    assert_eq!(balance(&[&hold, &clearing]), [240, 0, 22_350, 0]);
}

#[test]
fn a_part_of_an_offer_is_held_in_proportion_and_promises_no_discount() {
    let hold = message("0100", "b", 1, 1, 745_000).at("skyfuel", "5541").offered(722_650);
    let half = message("0400", "b", 1, 2, 745_000).about(&hold).leaving(372_500);
    // 361,325 is 60 miles and 60 bonus miles.
    assert_eq!(balance(&[&hold, &half]), [0, 120, 0, 0]);
}

#[test]
fn a_hold_expects_no_more_than_the_cap_leaves() {
    let cleared = message("0220", "b", 1, 1, 8_400_000);
    let hold = message("0100", "b", 2, 2, 20_000_000);
    assert_eq!(balance(&[&cleared, &hold]), [1_400, 100, 0, 0]);
}

#[test]
fn a_reversal_of_a_billed_hold_leaves_a_part_in_proportion() {
    let hold = message("0100", "b", 1, 1, 0).billed(10_000, "840", 950_000);
    let reversal = message("0400", "b", 1, 2, 10_000).about(&hold).leaving(3_333);
    // 950,000 × 3,333 / 10,000 = 316,635.
    assert_eq!(balance(&[&hold, &reversal]), [0, 52, 0, 0]);
}
