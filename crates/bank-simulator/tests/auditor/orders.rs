//! One purchase in every order of its messages: the same net positions each time.

use bank_simulator::auditor::{Audit, AuditedMessage};

use crate::days::{Change, check, message};

fn permutations(messages: &[AuditedMessage]) -> Vec<Vec<AuditedMessage>> {
    if messages.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for place in 0..messages.len() {
        let mut rest = messages.to_vec();
        let first = rest.remove(place);
        for tail in permutations(&rest) {
            all.push(std::iter::once(first.clone()).chain(tail).collect());
        }
    }
    all
}

/// Miles, credit, what the bank pays for miles, what the merchant pays.
fn net(audit: &Audit) -> [i128; 4] {
    let balance = audit.balances.get("B").copied().unwrap_or_default();
    let [miles, kosta] = ["airboreal", "kosta"].map(|partner| audit.positions[partner].to_pay_minor);
    [balance.miles, balance.credit, miles, kosta]
}

#[test]
fn every_order_of_a_purchase_nets_the_same() {
    let at = |message: AuditedMessage| message.at("kosta", "5411");
    let hold = at(message("0100", "b", 1, 1, 250_000));
    let clearing = at(message("0220", "b", 1, 2, 250_000));
    let no_hold = at(message("0400", "b", 1, 3, 250_000)).about(&hold);
    let no_clearing = at(message("0420", "b", 1, 4, 250_000)).about(&clearing);
    let part = at(message("0420", "b", 1, 5, 250_000)).about(&clearing).leaving(150_000);
    let refund = at(message("0220", "b", 1, 6, 100_000)).code("200000").about(&clearing);
    let no_refund = at(message("0420", "b", 1, 7, 100_000)).about(&refund);
    let repeat = at(message("0221", "b", 1, 2, 250_000));
    let table: &[(&[&AuditedMessage], [i128; 4])] = &[
        (&[&hold], [0, 0, 0, 0]),
        (&[&hold, &no_hold], [0, 0, 0, 0]),
        (&[&hold, &clearing], [41, 12_500, 3_026, 11_100]),
        (&[&hold, &no_hold, &clearing], [41, 12_500, 3_026, 11_100]),
        (&[&hold, &clearing, &repeat], [41, 12_500, 3_026, 11_100]),
        (&[&hold, &clearing, &no_clearing], [0, 0, 0, 0]),
        (&[&hold, &clearing, &part], [25, 7_500, 1_846, 6_660]),
        (&[&hold, &clearing, &refund], [25, 7_500, 1_846, 6_660]),
        (&[&hold, &no_hold, &clearing, &refund], [25, 7_500, 1_846, 6_660]),
        (&[&clearing, &part, &refund], [8, 0, 590, 720]),
        (&[&clearing, &refund, &no_refund], [41, 12_500, 3_026, 11_100]),
        (&[&clearing, &no_clearing, &refund, &no_refund], [0, 0, 0, 0]),
        (&[&refund], [0, 0, 0, 0]),
    ];
    for (messages, expected) in table {
        let messages: Vec<_> = messages.iter().copied().cloned().collect();
        for order in permutations(&messages) {
            let names: Vec<_> = order.iter().map(|message| (&message.mti, &message.stan)).collect();
            assert_eq!(net(&check(&order)), *expected, "{names:?}");
        }
    }
}

#[test]
fn references_of_their_own_are_joined_by_de90() {
    let at = |message: AuditedMessage| message.at("kosta", "5411");
    let clearing = at(message("0220", "a", 1, 1, 250_000));
    let refund = at(message("0220", "a2", 2, 2, 100_000)).code("200000").about(&clearing);
    let more = at(message("0220", "a", 2, 3, 50_000)).code("200000");
    let no_refund = message("0420", "a2", 3, 4, 100_000).about(&refund);
    let table: &[(&[&AuditedMessage], i128)] = &[
        (&[&clearing, &refund], 150_000),
        (&[&clearing, &refund, &more], 100_000),
        (&[&clearing, &refund, &more, &no_refund], 200_000),
        // Nothing says what it belongs to.
        (&[&clearing, &more], 250_000),
    ];
    for (messages, turnover) in table {
        let messages: Vec<_> = messages.iter().copied().cloned().collect();
        for order in permutations(&messages) {
            assert_eq!(check(&order).totals.turnover, *turnover);
        }
    }
}

#[test]
fn messages_without_a_retrieval_reference_stand_alone() {
    let mut blank = [1, 2].map(|stan| message("0220", "b", 0, stan, 9_000));
    blank.iter_mut().for_each(|message| message.retrieval = "            ".to_owned());
    // Together 18,000 would be three miles.
    assert_eq!(check(&blank).balances["B"].miles, 2);
}

#[test]
fn the_date_is_that_of_the_purchase_and_not_of_its_refund() {
    let fuel = |stan, amount| message("0220", "b", 1, stan, amount).at("skyfuel", "5541");
    let clearing = fuel(1, 120_000);
    let refund = fuel(2, 60_000).code("200000").on(jiff::civil::date(2026, 10, 12));
    for order in permutations(&[clearing, refund]) {
        assert_eq!(check(&order).totals.bonus, 10);
    }
}

#[test]
fn lines_follow_the_order_and_their_sum_does_not() {
    let clearing = message("0220", "b", 1, 1, 250_000);
    let refund = message("0220", "b", 2, 2, 100_000).code("200000").about(&clearing);
    let miles = |order: &[AuditedMessage]| {
        let audit = check(order);
        audit.positions["airboreal"]
            .lines
            .iter()
            .map(|line| (line.retrieval.clone(), line.miles))
            .collect::<Vec<_>>()
    };
    let [first, second] = ["000000000001", "000000000002"].map(str::to_owned);
    assert_eq!(miles(&[clearing.clone(), refund.clone()]), [(first.clone(), 41), (second, -16)]);
    assert_eq!(miles(&[refund, clearing]), [(first, 25)]);
}

#[test]
fn a_discount_at_the_till_needs_exactly_its_net_amount() {
    let at = |message: AuditedMessage| message.at("skyfuel", "5541");
    let hold = at(message("0100", "a", 1, 1, 745_000)).offered(722_650);
    let net = at(message("0220", "a", 1, 2, 722_650));
    let half = at(message("0220", "a", 1, 3, 361_325));
    let other_half = at(message("0220", "a", 1, 4, 361_325));
    let gross = at(message("0220", "a", 1, 5, 745_000));
    let other = at(message("0220", "a", 1, 6, 700_000));
    let refund = at(message("0220", "a", 1, 7, 100_000)).code("200000");
    let no_net = at(message("0400", "a", 1, 8, 722_650)).about(&net);
    // Discount, and the bank's share of it.
    let table: &[(&[&AuditedMessage], [i128; 2])] = &[
        (&[&hold], [0, 0]),
        (&[&hold, &net], [22_350, 11_175]),
        (&[&hold, &half], [0, 0]),
        (&[&hold, &half, &other_half], [22_350, 11_175]),
        (&[&hold, &gross], [0, 0]),
        (&[&hold, &other], [0, 0]),
        (&[&net], [0, 0]),
        // 22,350 × 622,650 / 722,650 = 19,257.18…; the merchant bears 9,628 of 19,257.
        (&[&hold, &net, &refund], [19_257, 9_629]),
        (&[&hold, &net, &no_net], [0, 0]),
        (&[&hold, &net, &no_net, &gross], [0, 0]),
    ];
    for (messages, [discount, bank_share]) in table {
        let messages: Vec<_> = messages.iter().copied().cloned().collect();
        for order in permutations(&messages) {
            let audit = check(&order);
            assert_eq!(audit.totals.discount, *discount);
            let shares: i128 = audit.positions["skyfuel"].lines.iter().map(|line| line.share).sum();
            assert_eq!(shares, -bank_share);
        }
    }
}
