//! Bonuses and discounts that meet in one purchase: which of them hold, and what stays true whichever do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod support;

use domain::{
    AwardInput, BonusRule, Condition, DiscountMode, DiscountRule, DiscountTier, Effective, Event, Funder,
    MonthDays, PartnerId, Phase, Program, Ratio, Reduction, Rounding, Rules, Stacking, Stackings, Till,
    Verdict, award,
};
use jiff::civil::Weekday;
use proptest::prelude::*;
use support::{
    audit::{Positions, audit, positions},
    shell::Store,
    world::{self, KOSTA, SKYFUEL},
};

fn ratio(numerator: u64, denominator: u64) -> Ratio {
    Ratio::new(numerator, denominator).unwrap()
}

fn ratio_of(upper: &str, lower: &str) -> Ratio {
    ratio(upper.parse().unwrap(), lower.parse().unwrap())
}

fn bonus(id: &str, times: (u64, u64), when: Condition) -> BonusRule {
    let (rounding, funder) = (Rounding::Floor, Funder::Bank);
    let times_base = ratio(times.0, times.1);
    BonusRule {
        id: id.into(),
        effective: Effective::default(),
        when,
        times_base,
        rounding,
        funder,
        limit: None,
        budget: None,
    }
}

fn discount(id: &str, mode: DiscountMode, percent: u64, share: u64) -> DiscountRule {
    DiscountRule {
        id: id.into(),
        effective: Effective::default(),
        partner: KOSTA,
        when: Condition::default(),
        mode,
        tiers: DiscountTier::of_all(Reduction::Percent(ratio(percent, 100))),
        rounding: Rounding::Floor,
        amount_min: None,
        discount_max: None,
        merchant_share: ratio(share, 100),
        partner_shares: vec![],
        limit: None,
        budget: None,
    }
}

fn program(stacking: Stacking, bonuses: Vec<BonusRule>, discounts: Vec<DiscountRule>) -> Program {
    let stacking = Stackings { bonuses: stacking, discounts: stacking };
    Program { bonuses, discounts, stacking, ..world::boreal_gold_uncapped() }
}

/// A cleared purchase at kosta on Saturday, 10 October 2026.
fn cleared(minor: u64) -> AwardInput {
    AwardInput {
        net_minor: minor,
        partner: Some(KOSTA),
        mcc: Some(5411),
        date: world::SATURDAY,
        is_purchase: true,
        tier: 0,
        may_offer_till: false,
        till: None,
        cleared_minor: minor,
        granted_elsewhere: 0,
        granted_here: 0,
        time: None,
        miles_minor: 0,
        birthday: None,
    }
}

/// What became of every rule but the base rate, and bonus miles and discount.
fn said(program: &Program, input: &AwardInput) -> String {
    let awarded = award(program, input).unwrap();
    let rules = awarded.explanation.0.iter().filter(|finding| finding.rule != "base");
    let rules: Vec<String> = rules
        .map(|finding| match finding.verdict {
            Verdict::Applied => finding.rule.clone(),
            Verdict::Skipped => format!("({} {})", finding.rule, finding.reason),
        })
        .collect();
    format!("{}: {} {}", rules.join(" "), awarded.amounts.bonus_miles(), awarded.amounts.discount_minor())
}

#[test]
fn bonuses_stack_as_declared() {
    let bonuses = || {
        let all = Condition::default();
        vec![
            bonus("half", (1, 2), all.clone()),
            bonus("twice", (2, 1), all.clone()),
            bonus("too", (2, 1), all),
        ]
    };
    for (stacking, expected) in [
        (Stacking::Sum, "half twice too: 45 0"),
        (Stacking::First, "(twice another_came_first) (too another_came_first) half: 5 0"),
        (Stacking::Best, "(half another_gives_more) (too another_gives_more) twice: 20 0"),
    ] {
        assert_eq!(said(&program(stacking, bonuses(), vec![]), &cleared(60_000)), expected);
    }
}

#[test]
fn discounts_stack_as_declared_and_never_exceed_the_amount() {
    let credit = DiscountMode::StatementCredit;
    let small = || vec![discount("five", credit, 5, 50), discount("seven", credit, 7, 50)];
    let large = || vec![discount("eighty", credit, 80, 50), discount("thirty", credit, 30, 50)];
    for (stacking, rules, expected) in [
        (Stacking::Sum, small(), "five seven: 0 1200"),
        (Stacking::First, small(), "five (seven another_came_first): 0 500"),
        (Stacking::Best, small(), "(five another_gives_more) seven: 0 700"),
        (Stacking::Sum, large(), "eighty thirty: 0 10000"),
    ] {
        assert_eq!(said(&program(stacking, vec![], rules), &cleared(10_000)), expected);
    }
}

#[test]
fn conditions_are_decided_from_the_purchase() {
    let range = |first, last| domain::MccRange { first, last };
    let held = Condition {
        except_mcc: vec![range(5812, 5814)],
        month_days: vec![MonthDays { first: 1, last: 5 }, MonthDays { first: 10, last: 10 }],
        amount_from: Some(60_000),
        amount_below: Some(60_001),
        ..Condition::default()
    };
    let look = |when: Condition, minor| {
        said(&program(Stacking::Sum, vec![bonus("b", (1, 1), when)], vec![]), &cleared(minor))
    };
    assert_eq!(look(held.clone(), 60_000), "b: 10 0");
    assert_eq!(look(held.clone(), 59_999), "(b amount_too_small): 0 0");
    assert_eq!(look(held.clone(), 60_001), "(b amount_too_large): 0 0");
    let day = Condition { month_days: vec![MonthDays { first: 11, last: 31 }], ..held.clone() };
    assert_eq!(look(day, 60_000), "(b month_day): 0 0");
    let groceries = Condition { except_mcc: vec![range(5411, 5411)], ..held };
    assert_eq!(look(groceries, 60_000), "(b mcc_excepted): 0 0");
}

/// An offer for 1,000.00 stays valid when the reduced amount is below what the rule asks for.
#[test]
fn the_condition_of_an_offer_looks_at_the_amount_before_it() {
    let when = Condition { amount_from: Some(100_000), ..Condition::default() };
    let rule = DiscountRule { when, ..discount("till", DiscountMode::AtTill, 3, 50) };
    // Without the offer this one would come first for the reduced amount.
    let when = Condition { amount_below: Some(100_000), ..Condition::default() };
    let other = DiscountRule { when, ..discount("small", DiscountMode::StatementCredit, 9, 50) };
    let program = program(Stacking::First, vec![], vec![other, rule]);
    let till = Some(Till { original_minor: 100_000, discount_minor: 3_000 });
    let input = AwardInput { till, ..cleared(97_000) };
    assert_eq!(said(&program, &input), "(small another_came_first) till: 0 3000");
}

/// Two rules of unequal shares make one offer; each bears its part of what was given, also after a refund.
#[test]
fn parts_of_an_offer_are_borne_as_they_made_it() {
    let till = DiscountMode::AtTill;
    let rules = vec![discount("a", till, 1, 100), discount("b", till, 2, 0)];
    let program = program(Stacking::Sum, vec![], rules);
    let till = Some(Till { original_minor: 10_000, discount_minor: 300 });
    for (net, whole, merchant) in [(9_700, 300, 100), (4_850, 150, 50), (100, 3, 1), (0, 0, 0)] {
        let input = AwardInput { till, net_minor: net, cleared_minor: 9_700, ..cleared(0) };
        let amounts = award(&program, &input).unwrap().amounts;
        let item = domain::Item::Discount {
            mode: DiscountMode::AtTill,
            funder: Funder::Partner(KOSTA),
            partner: KOSTA,
        };
        assert_eq!((amounts.discount_minor(), amounts.amount(&item)), (whole, merchant), "{net}");
    }
}

/// What is booked and what is still pending come to the estimate together, even if the best rule of a part has other
/// payers than the best rule of the whole.
#[test]
fn a_part_that_another_rule_pays_does_not_enlarge_the_estimate() {
    let credit = DiscountMode::StatementCredit;
    let when = Condition { amount_from: Some(5_000), ..Condition::default() };
    let large = DiscountRule { when, ..discount("large", credit, 20, 100) };
    let program = program(Stacking::Best, vec![], vec![discount("small", credit, 10, 0), large]);
    let ask = at(world::message(1, world::AUTHORIZATION, 10_000), "KOSTA", 1);
    let clear = at(world::message(2, world::CLEARING, 4_000), "KOSTA", 1);
    let (store, _) = live(&program, &[ask, clear]);
    let purchase = store.purchases.values().next().unwrap();
    let (booked, pending) = (purchase.booked.discount_minor(), purchase.pending.discount_minor());
    assert_eq!((booked, pending), (400, 1_600));
}

// --- properties ----------------------------------------------------------------------------------------------

fn stacking() -> impl Strategy<Value = Stacking> {
    proptest::sample::select(Stacking::ALL.to_vec())
}

fn rounding() -> impl Strategy<Value = Rounding> {
    proptest::sample::select(vec![Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven])
}

fn condition() -> impl Strategy<Value = Condition> {
    let amount = || prop::option::weighted(0.3, 1_u64..2_000_000);
    let weekday =
        prop::option::weighted(0.2, proptest::sample::select(vec![Weekday::Saturday, Weekday::Monday]));
    (amount(), amount(), weekday, any::<bool>()).prop_map(|(amount_from, amount_below, weekday, fuel)| {
        let partners = if fuel { vec![SKYFUEL] } else { vec![] };
        let weekdays = weekday.into_iter().collect();
        Condition { partners, weekdays, amount_from, amount_below, ..Condition::default() }
    })
}

fn any_bonus() -> impl Strategy<Value = BonusRule> {
    let funder = prop_oneof![Just(Funder::Bank), Just(Funder::Partner(SKYFUEL))];
    (1_u64..4, 1_u64..4, rounding(), condition(), funder).prop_map(|(up, low, rounding, when, funder)| {
        BonusRule { rounding, funder, ..bonus("", (up, low), when) }
    })
}

fn any_discount() -> impl Strategy<Value = DiscountRule> {
    let mode = proptest::sample::select(vec![DiscountMode::StatementCredit, DiscountMode::AtTill]);
    let limits = (prop::option::of(1_u64..200_000), prop::option::of(1_u64..50_000));
    let partner = proptest::sample::select(vec![KOSTA, SKYFUEL]);
    (mode, 1_u64..60, 0_u64..=100, rounding(), limits, condition(), partner).prop_map(
        |(mode, percent, share, rounding, (amount_min, discount_max), when, partner): (
            _,
            _,
            _,
            _,
            _,
            _,
            PartnerId,
        )| {
            let when = Condition { partners: vec![], ..when };
            DiscountRule {
                rounding,
                amount_min,
                discount_max,
                when,
                partner,
                ..discount("", mode, percent, share)
            }
        },
    )
}

fn any_program() -> impl Strategy<Value = Program> {
    let rules = (
        prop::collection::vec(any_bonus(), 0..4),
        prop::collection::vec(any_discount(), 0..5),
        any::<bool>(),
    );
    (stacking(), stacking(), rules).prop_map(|(bonuses, discounts, (bonus, discount, capped))| {
        let mut program = if capped { world::boreal_gold() } else { world::boreal_gold_uncapped() };
        program.stacking = Stackings { bonuses, discounts };
        program.bonuses = bonus;
        program.discounts = discount;
        let ids = program.bonuses.iter_mut().map(|rule| &mut rule.id);
        let ids = ids.chain(program.discounts.iter_mut().map(|rule| &mut rule.id));
        ids.enumerate().for_each(|(number, id)| *id = format!("rule-{number}"));
        program
    })
}

fn at(mut event: Event, place: &str, purchase: usize) -> Event {
    event.merchant = world::merchant(place);
    event.references.retrieval = Some(format!("P{purchase}"));
    event.content = world::content(&event);
    event
}

fn place() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["KOSTA", "SKYFUEL", "NOWHERE"])
}

fn parts(whole: u64, cuts: &[u64]) -> Vec<u64> {
    let mut cuts: Vec<u64> = cuts.iter().map(|cut| cut % (whole + 1)).chain([0, whole]).collect();
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| pair[1] - pair[0]).filter(|part| *part > 0).collect()
}

/// Sends events one by one, auditing after each. The audit's shares are those of one rule alone: left out.
fn live(program: &Program, events: &[Event]) -> (Store, Positions) {
    let rules = world::rules_of(program.clone());
    let audited: Rules = world::rules_of(Program { discounts: vec![], ..program.clone() });
    let mut store = Store::new();
    for event in events {
        store.run(&rules, std::slice::from_ref(event));
        audit(&store, &audited);
        for purchase in store.purchases.values() {
            let (booked, pending) = (&purchase.booked, &purchase.pending);
            let asked = purchase.till.map_or(0, |till| till.original_minor);
            let most = purchase.cleared_minor.max(purchase.held_minor).max(asked);
            let given = booked.discount_minor() + pending.discount_minor();
            assert!(u64::try_from(given).unwrap() <= most, "a discount of {given} on {most}");
        }
    }
    let positions = positions(store.transfers.values());
    (store, positions)
}

/// What a till pays after an authorization of `amount`.
fn price(program: &Program, place: &str, amount: u64) -> u64 {
    let mut store = Store::new();
    let ask = at(world::message(1, world::AUTHORIZATION, amount), place, 1);
    let outcome = store.run(&world::rules_of(program.clone()), &[ask]).remove(0);
    outcome.reply.till.map_or(amount, |(reduced, _)| reduced)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_clearing_in_parts_is_worth_the_whole(
        program in any_program(), place in place(), amount in 1_u64..3_000_000, asked in any::<bool>(),
        cuts in prop::collection::vec(any::<u64>(), 0..4),
    ) {
        let price = if asked { price(&program, place, amount) } else { amount };
        let life = |amounts: Vec<u64>| {
            let ask = asked.then(|| at(world::message(1, world::AUTHORIZATION, amount), place, 1));
            let clearings = (2..).zip(amounts).map(|(id, part)| at(world::message(id, world::CLEARING, part), place, 1));
            live(&program, &ask.into_iter().chain(clearings).collect::<Vec<_>>()).1
        };
        prop_assert_eq!(life(parts(price, &cuts)), life(parts(price, &[])));
    }

    #[test]
    fn a_refund_of_everything_leaves_nothing(
        program in any_program(), place in place(), amount in 1_u64..3_000_000, asked in any::<bool>(),
        cuts in prop::collection::vec(any::<u64>(), 0..3), refunds in prop::collection::vec(any::<u64>(), 0..3),
    ) {
        let price = if asked { price(&program, place, amount) } else { amount };
        let ask = asked.then(|| at(world::message(1, world::AUTHORIZATION, amount), place, 1));
        let clearings = (2..).zip(parts(price, &cuts))
            .map(|(id, part)| at(world::message(id, world::CLEARING, part), place, 1));
        let refunds = (20..).zip(parts(price, &refunds)).map(|(id, part)| at(world::refund(id, part), place, 1));
        let events: Vec<Event> = ask.into_iter().chain(clearings).chain(refunds).collect();
        prop_assert_eq!(live(&program, &events).1, Positions::new());
    }

    #[test]
    fn the_cap_holds_in_any_order_with_every_stacking(
        program in any_program(), places in prop::collection::vec(place(), 3),
        messages in prop::collection::vec((1_u64..9_000_000, 0_usize..3, 0..4_u8), 1..12).prop_shuffle(),
    ) {
        let program = Program { caps: world::boreal_gold().caps, ..program };
        let events: Vec<Event> = (1..).zip(&messages).map(|(id, (amount, purchase, kind))| {
            let event = match kind {
                0 => world::refund(id, *amount),
                1 => world::message(id, world::AUTHORIZATION, *amount),
                _ => world::message(id, world::CLEARING, *amount),
            };
            at(event, places[*purchase], *purchase)
        }).collect();
        // The audit compares every counter with the cap.
        let (store, after) = live(&program, &events);
        let granted: i64 = after.iter()
            .filter(|((account, unit, phase), _)| {
                matches!(account, domain::LedgerAccount::Member(_))
                    && matches!(unit, domain::Unit::Miles(_)) && *phase == Phase::Posted
            })
            .map(|(_, miles)| *miles)
            .sum();
        prop_assert!(granted <= i64::try_from(world::CAP_MILES).unwrap());
        prop_assert_eq!(store.counters.values().sum::<i64>(), granted);
    }

    /// `best` gives at least what each rule alone would, `sum` at least what `best` gives.
    #[test]
    fn stackings_are_ordered(program in any_program(), minor in 0_u64..3_000_000, partner in prop::option::of(
        proptest::sample::select(vec![KOSTA, SKYFUEL]),
    )) {
        let input = AwardInput { partner, may_offer_till: true, cleared_minor: 0, ..cleared(minor) };
        let of = |program: &Program, stacking| {
            let stacking = Stackings { bonuses: stacking, discounts: stacking };
            let amounts = award(&Program { stacking, ..program.clone() }, &input).unwrap().amounts;
            (amounts.bonus_miles(), amounts.discount_minor())
        };
        let (sum, first, best) =
            (of(&program, Stacking::Sum), of(&program, Stacking::First), of(&program, Stacking::Best));
        prop_assert!(first.0 <= best.0 && best.0 <= sum.0, "miles {first:?} {best:?} {sum:?}");
        prop_assert!(first.1 <= best.1 && best.1 <= sum.1, "discounts {first:?} {best:?} {sum:?}");
        prop_assert!(sum.1 <= i64::try_from(minor).unwrap());
        for rule in &program.discounts {
            let alone = of(&Program { discounts: vec![rule.clone()], ..program.clone() }, Stacking::Sum);
            prop_assert!(alone.1 <= best.1, "{} alone gives {alone:?}", rule.id);
        }
    }

    /// Whoever has only the explanation can compute again what was booked.
    #[test]
    fn the_arithmetic_of_an_explanation_gives_what_is_booked(
        program in any_program(), minor in 0_u64..20_000_000, elsewhere in 0_i64..2_000, here in 0_i64..200,
        offered in any::<bool>(),
    ) {
        let granted = AwardInput { granted_elsewhere: elsewhere, granted_here: here, ..cleared(minor) };
        let awarded = award(&program, &AwardInput { may_offer_till: offered, ..granted }).unwrap();
        let (mut asked, mut allowed, mut bonus, mut discount) = (0, i64::MAX, 0, 0);
        for finding in &awarded.explanation.0 {
            let text = |name| finding.values.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str());
            let number = |name| text(name).map(|text| text.parse::<i64>().unwrap());
            let product = |of, ratio: &str| {
                let (upper, lower) = ratio.split_once('/').unwrap();
                let rounding = [Rounding::Floor, Rounding::HalfUp, Rounding::HalfEven]
                    .into_iter().find(|rounding| Some(rounding.name()) == text("rounding")).unwrap_or(Rounding::Floor);
                ratio_of(upper, lower).of(number(of).unwrap(), rounding).unwrap()
            };
            match finding.reason {
                "base_rate" => {
                    asked += number("miles").unwrap();
                    prop_assert_eq!(number("miles"), Some(product("amount_minor", text("miles_per").unwrap())));
                }
                "bonus" => {
                    asked += number("miles").unwrap();
                    bonus += number("granted").unwrap();
                    prop_assert_eq!(number("miles"), Some(product("base_miles", text("times_base").unwrap())));
                }
                "cap_truncates" | "below_cap" => {
                    let room = number("miles_max").unwrap() - number("granted_elsewhere").unwrap();
                    let room = room.max(number("granted_here").unwrap()).max(0);
                    prop_assert_eq!(number("allowed"), Some(number("asked").unwrap().min(room)));
                    allowed = allowed.min(room);
                }
                "statement_credit" | "at_till" if finding.verdict == Verdict::Applied => {
                    let full = product("amount_minor", text("percent").unwrap());
                    prop_assert_eq!(number("before_maximum"), Some(full));
                    let bounds = [number("discount_max"), number("left_minor"), number("amount_minor")];
                    let given = bounds.into_iter().flatten().fold(full, i64::min);
                    prop_assert_eq!(number("discount_minor"), Some(given));
                    discount += given;
                }
                _ => {}
            }
        }
        prop_assert_eq!(awarded.amounts.miles(), asked.min(allowed));
        prop_assert_eq!(awarded.amounts.bonus_miles(), bonus);
        prop_assert_eq!(awarded.amounts.discount_minor(), discount);
    }
}
