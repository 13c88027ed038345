//! The rules one by one: caps, members, dates, merchants, currencies.

use bank_simulator::auditor::{AgreedProgram, Rounding, VatLevel, audit};
use jiff::civil::date;

use crate::days::{Change, check, directory, message};

#[test]
fn the_cap_is_one_for_all_cards_of_an_account_and_begins_anew_each_month() {
    let messages = [
        message("0220", "a", 1, 1, 8_400_000),
        message("0220", "a2", 2, 2, 1_200_000),
        message("0220", "a", 3, 3, 60_000),
        message("0220", "a", 4, 4, 60_000).on(date(2026, 11, 1)),
    ];
    let audit = check(&messages);
    assert_eq!(audit.balances["A"].miles, 1_510);
    let miles: Vec<_> = audit.positions["airboreal"].lines.iter().map(|line| line.miles).collect();
    assert_eq!(miles, [1_400, 100, 10]);
}

#[test]
fn room_that_a_refund_frees_is_for_what_comes_after_it() {
    let first = message("0220", "b", 1, 1, 9_000_000);
    let second = message("0220", "b", 2, 2, 600_000);
    let refund = message("0220", "b", 1, 3, 300_000).code("200000").about(&first);
    let third = message("0220", "b", 3, 4, 600_000);
    let more = message("0220", "b", 2, 5, 6_000);
    let audit = check(&[first, second, refund, third, more]);
    let miles: Vec<_> = audit.positions["airboreal"].lines.iter().map(|line| line.miles).collect();
    assert_eq!(miles, [1_500, -50, 50]);
}

#[test]
fn under_the_cap_the_base_comes_first() {
    let fuel = |purchase, amount| message("0220", "b", purchase, purchase, amount).at("skyfuel", "5541");
    let audit = check(&[fuel(1, 6_000_000), fuel(2, 60_000)]);
    assert_eq!((audit.totals.base, audit.totals.bonus), (1_000, 500));
    assert_eq!(audit.positions["skyfuel"].miles, 500);
    assert_eq!(audit.positions["airboreal"].miles, 1_500);
}

#[test]
fn under_the_cap_a_clearing_in_parts_comes_out_as_a_whole_one() {
    let fuel = |stan, amount| message("0220", "b", 1, stan, amount).at("skyfuel", "5541");
    let split = check(&[fuel(1, 4_500_000), fuel(2, 4_500_000)]);
    assert_eq!(split.totals, check(&[fuel(1, 9_000_000)]).totals);
    assert_eq!((split.totals.base, split.totals.bonus), (1_500, 0));
    let miles: Vec<_> = split.positions["skyfuel"].lines.iter().map(|line| line.miles).collect();
    assert_eq!(miles, [750, -750]);
}

#[test]
fn the_bonus_is_for_the_weekend() {
    for (day, bonus) in [(date(2026, 10, 9), 0), (date(2026, 10, 10), 10), (date(2026, 10, 11), 10)] {
        let fuel = message("0220", "b", 1, 1, 60_000).at("skyfuel", "5541").on(day);
        assert_eq!(check(&[fuel]).totals.bonus, bonus, "{day}");
    }
}

#[test]
fn a_card_earns_from_its_enrollment_on() {
    let before = message("0220", "b", 1, 1, 60_000).on(date(2025, 12, 31));
    let audit = check(&[before]);
    assert_eq!(audit.balances["B"].miles, 0);
    assert!(audit.positions["airboreal"].lines.is_empty());
    let first_day = message("0220", "b", 1, 1, 60_000).on(date(2026, 1, 1));
    assert_eq!(check(&[first_day]).balances["B"].miles, 10);
}

#[test]
fn an_excluded_category_has_turnover_and_nothing_else() {
    let excluded = message("0220", "b", 1, 1, 250_000).at("kosta", "7995");
    let audit = check(&[excluded]);
    assert_eq!((audit.balances["B"].miles, audit.balances["B"].discount()), (0, 0));
    assert_eq!(audit.totals.turnover, 250_000);
    assert_eq!(audit.positions["kosta"].to_pay_minor, 3_600);
}

#[test]
fn cash_is_no_turnover() {
    for code in ["010000", "170000"] {
        let cash = message("0220", "b", 1, 1, 250_000).at("kosta", "5411").code(code);
        let audit = check(&[cash]);
        assert_eq!(audit.totals, Default::default());
        assert!(audit.positions["kosta"].lines.is_empty());
    }
}

#[test]
fn an_amount_in_no_currency_of_the_program_is_nothing() {
    let mut foreign = message("0220", "b", 1, 1, 250_000);
    foreign.currency = "840".to_owned();
    assert_eq!(check(&[foreign.clone()]).balances["B"].miles, 0);
    foreign.billing = Some((60_000, "978".to_owned()));
    assert_eq!(check(&[foreign]).balances["B"].miles, 0);
}

#[test]
fn an_offer_that_was_not_agreed_is_named() {
    let fuel = message("0100", "b", 1, 1, 745_000).at("skyfuel", "5541");
    let shop = message("0100", "b", 1, 1, 745_000).at("kosta", "5411");
    assert!(check(&[fuel.clone().offered(722_650)]).disagreements.is_empty());
    let mut open = fuel.clone().offered(722_650);
    open.condition = Some("06".to_owned());
    for wrong in [open, fuel.clone().offered(722_651), shop.offered(722_650), fuel.offered(745_001)] {
        assert_eq!(check(&[wrong]).disagreements.len(), 1);
    }
}

#[test]
fn rounding_and_tax_may_be_agreed_the_other_way_round() {
    let mut program = AgreedProgram::boreal_gold();
    program.co_brand.rounding = Rounding::Line;
    let kosta = program.merchants.iter_mut().find(|terms| terms.partner == "kosta").unwrap();
    kosta.rounding = Rounding::Batch;
    kosta.vat.level = VatLevel::Document;
    let audit = audit(&program, &directory(), &crate::days::worked_day());
    let airboreal = &audit.positions["airboreal"];
    assert_eq!((airboreal.net_minor, airboreal.rounding_minor), (137_147, 0));
    // 1.2 % of 1,484,566 is 17,814.792; the lines are rounded to 17,815 in all; the tax is 20 % of that.
    let kosta = &audit.positions["kosta"];
    assert_eq!([kosta.net_minor, kosta.vat_minor, kosta.rounding_minor], [52_315, 3_563, 0]);
}
