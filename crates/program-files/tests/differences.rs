//! Two versions of a program: what is told of each edit, in words and in purchases.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{DiscountMode, Funder, Item};
use program_files::{Names, RulesDiff, What, diff, read_program};
use support::{HASH, KOSTA, boreal_gold, codes, sample};

fn edited(edits: &[(&str, &str)]) -> RulesDiff {
    let mut text = sample("programs/boreal-gold.toml");
    for (good, bad) in edits {
        assert!(text.contains(good), "the sample has no {good}");
        text = text.replacen(good, bad, 1);
    }
    let codes = codes();
    let (old, new) = (boreal_gold(), read_program(&text, HASH, &codes).unwrap());
    diff(&old, &new, &Names::new(&old.currency, &codes.partners).with_tiers(new.program.tiers.as_ref()))
}

/// `kind id: field old -> new` for each change.
fn words(found: &RulesDiff) -> Vec<String> {
    let mut lines = Vec::new();
    for change in &found.changes {
        let name = format!("{} {}", change.kind, change.id);
        match &change.what {
            What::Added(fields) => lines.push(format!("+ {name} ({})", fields.len())),
            What::Removed(fields) => lines.push(format!("- {name} ({})", fields.len())),
            What::Changed(fields) => lines.extend(fields.iter().map(|changed| {
                let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
                format!("{name}: {} {} -> {}", changed.field, side(&changed.old), side(&changed.new))
            })),
        }
    }
    lines
}

const RULES_END: &str = "# ---------------------------------------------------------------- members";
const NEW_BONUS: &str = "[[bonus]]\nid = \"large\"\nwhen = { amount_from = \"5000.00\", amount_below = \"9000.00\" }\n\
                         times_base = \"1/2\"\nrounding = \"floor\"\nfunded_by = \"bank\"\n";

#[test]
fn every_edit_is_told_in_words() {
    for (edits, expected) in [
        (vec![("percent = \"5\"", "percent = \"6.5\"")], vec!["discount kosta-5-percent: percent 5 -> 6.5"]),
        (
            vec![(
                "percent = \"5\"",
                "tiers = [{ from = \"1000.00\", percent = \"5\" }, { from = \"9000.00\", amount = \"450.00\" }]",
            )],
            vec![
                "discount kosta-5-percent: tiers none -> 5 % from 1000.00, 450.00 from 9000.00",
                "discount kosta-5-percent: percent 5 -> none",
            ],
        ),
        (
            vec![(
                "funding = { merchant = \"60%\" }",
                "funding = { merchant = \"60%\" }\nlimit = { per_member = { uses = 3, amount = \"1000.00\" }, window = \"day\" }\n\
                 budget = { amount = \"5000.00\", window = \"campaign\" }",
            )],
            vec![
                "discount kosta-5-percent: limit.per_member none -> 3 uses, 1000.00 in day",
                "discount kosta-5-percent: budget none -> 5000.00 in campaign",
            ],
        ),
        (
            vec![("\"sat\", \"sun\"", "\"fri\", \"sat\""), ("times_base = \"1/1\"", "times_base = \"3/2\"")],
            vec![
                "bonus weekend-fuel: when.weekday sat, sun -> fri, sat",
                "bonus weekend-fuel: times_base 1/1 -> 3/2",
            ],
        ),
        (
            vec![("at_most = \"500.00\"\n", ""), ("miles_max = 1500", "miles_max = 2000")],
            vec![
                "cap monthly-cap: miles_max 1500 -> 2000",
                "discount kosta-5-percent: at_most 500.00 -> none",
            ],
        ),
        (
            vec![("exclude = {", "stacking = { bonus = \"best\" }\nexclude = {"), ("00:00", "01:30")],
            vec![
                "program boreal-gold: cut_off 00:00 -> 01:30",
                "program boreal-gold: stacking.bonus sum -> best",
            ],
        ),
        (
            vec![("\"sun\"] }", "\"sun\"], birthday = { days_before = 3, leap_day = \"march_1\" } }")],
            vec!["bonus weekend-fuel: when.birthday none -> 3 days before, 0 after, 29 February as march_1"],
        ),
        (vec![(RULES_END, NEW_BONUS)], vec!["+ bonus large (5)"]),
        (
            vec![
                ("id = \"kosta-5-percent\"", "id = \"kosta\""),
                ("kosta-5-percent", "kosta"),
                ("kosta-5-percent", "kosta"),
            ],
            vec!["+ discount kosta (8)", "- discount kosta-5-percent (8)"],
        ),
        (
            vec![("price = \"0.615\"", "price = \"0.62\"")],
            vec![
                "terms airboreal from 2026-01-01: miles_granted bank pays 0.615 for each mile, vat 20 % half_up on each \
                 document, rounded half_up on each batch -> bank pays 0.62 for each mile, vat 20 % half_up on each \
                 document, rounded half_up on each batch",
            ],
        ),
        (vec![("# The program of one bank", "# A program")], vec![]),
    ] {
        assert_eq!(words(&edited(&edits)), expected);
    }
}

#[test]
fn the_same_rules_in_other_words_do_not_differ() {
    let found = edited(&[("# The program of one bank", "# A program")]);
    assert!(found.is_empty() && found.looked_at > 100, "{found:?}");
}

/// A name reaches nobody.
#[test]
fn another_name_changes_no_purchase() {
    let found = edited(&[
        ("id = \"monthly-cap\"", "id = \"cap\""),
        ("\"monthly-cap: below", "\"cap: below"),
        ("\"monthly-cap\"]", "\"cap\"]"),
        ("\"monthly-cap\"]", "\"cap\"]"),
    ]);
    assert_eq!((words(&found).len(), found.differing), (2, 0));
}

#[test]
fn bounds_are_found_from_both_sides() {
    // The new bonus begins at 5,000.00 and ends below 9,000.00: nothing in the tests is near it.
    let found = edited(&[(RULES_END, NEW_BONUS)]);
    let amounts: Vec<u64> = found.examples.iter().map(|example| example.given.input.net_minor).collect();
    assert!(amounts.contains(&500_000), "{amounts:?}");
    assert!(found.examples.iter().all(|example| (500_000..900_000).contains(&example.given.input.net_minor)));
}

#[test]
fn what_is_worth_something_else_is_shown_with_both_sides() {
    let found = edited(&[("percent = \"5\"", "percent = \"6\"")]);
    let tests: Vec<&str> = found.examples.iter().filter_map(|example| example.test.as_deref()).collect();
    assert_eq!(tests, ["1,000 RUB is enough"], "at the maximum nothing changes");
    let example = &found.examples[0];
    let bank = Item::Discount { mode: DiscountMode::StatementCredit, funder: Funder::Bank, partner: KOSTA };
    assert_eq!((example.old.amount(&bank), example.new.amount(&bank)), (2_000, 2_400));
    assert!(found.examples.len() <= 3, "one of each kind: {:?}", found.examples);
}

/// Who pays counts, even if the member gets the same.
#[test]
fn another_payer_is_a_difference() {
    let found = edited(&[("funded_by = \"skyfuel\"", "funded_by = \"bank\"")]);
    assert!(found.differing > 0);
    let example = found.examples.last().unwrap();
    assert_eq!(example.old.miles(), example.new.miles());
}
