//! Tiers in a program file: how they are read, told apart, tested and explained.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{Fall, Qualifying};
use program_files::{Language, Names, ProgramFile, diff, read_given, read_program, steps};
use support::{HASH, codes, sample};

const TIERS: &str = r#"
[tiers]
qualifying = "spend"
per = "100.00"
fall = "to_what_was_earned"

[[tiers.tier]]
id = "silver"
rank = 1
units_from = 500

[[tiers.tier]]
id = "gold"
rank = 5
units_from = 2000

[[bonus]]
id = "gold-extra"
when = { tier = "gold" }
times_base = "1/2"
rounding = "floor"
funded_by = "bank"

[[test]]
name = "gold has half as much again"
given = { local_date = 2026-10-12, mcc = "5411", amount = "600.00", tier = "gold" }
expect = { base_miles = 10, bonus_miles = 5 }

[[test]]
name = "silver has not"
given = { local_date = 2026-10-12, mcc = "5411", amount = "600.00", tier = "silver" }
expect = { base_miles = 10, bonus_miles = 0, skipped = ["gold-extra: tier"] }
"#;

fn read(text: &str) -> ProgramFile {
    read_program(text, HASH, &codes()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn with_tiers() -> String {
    sample("programs/boreal-gold.toml") + TIERS
}

#[test]
fn the_tiers_are_read_and_the_tests_of_the_file_hold() {
    let file = read(&with_tiers());
    let rules = file.program.tiers.as_ref().unwrap();
    assert_eq!((rules.qualifying, rules.fall), (Qualifying::Spend { per_minor: 10_000 }, Fall::ToEarned));
    let tiers: Vec<_> =
        rules.tiers.iter().map(|tier| (tier.id.as_str(), tier.rank, tier.units_from)).collect();
    assert_eq!(tiers, [("silver", 1, 500), ("gold", 5, 2_000)]);
    assert_eq!(file.program.bonuses.last().unwrap().when.tiers, [5]);
    let failed: Vec<_> = file.run_tests().into_iter().filter(|result| !result.passed).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(file.notices, []);
}

#[test]
fn a_version_with_another_threshold_is_told_and_priced() {
    let (old, new) =
        (read(&with_tiers()), read(&with_tiers().replace("units_from = 2000", "units_from = 2500")));
    let codes = codes();
    let found = diff(&old, &new, &Names::new(&old.currency, &codes.partners));
    assert_eq!(found.changes.len(), 1, "{:?}", found.changes);
    assert_eq!((found.changes[0].kind, found.changes[0].id.as_str()), ("tier", "gold"));
    // A rule that holds for another tier changes what members of the two are given.
    let other = read(&with_tiers().replace("when = { tier = \"gold\" }", "when = { tier = \"silver\" }"));
    let names = Names::new(&old.currency, &codes.partners).with_tiers(old.program.tiers.as_ref());
    let found = diff(&old, &other, &names);
    let examples: Vec<String> =
        found.examples.iter().map(|example| names.purchase(&example.given, Language::English)).collect();
    assert!(examples.iter().any(|words| words.contains("tier silver")), "{examples:?}");
    assert!(examples.iter().any(|words| words.contains("tier gold")), "{examples:?}");
}

#[test]
fn a_purchase_of_a_member_of_a_tier_is_explained() {
    let (file, codes) = (read(&with_tiers()), codes());
    let text = "local_date = 2026-10-12, amount = \"1250.00\", tier = \"silver\"";
    let tiers = file.program.tiers.as_ref();
    let given = read_given(text, &codes, &file.currency, tiers).unwrap();
    let worth = given.worth(&file.program).unwrap();
    assert_eq!(worth.awarded.amounts.qualifying_units(), 12);
    let names = Names::new(&file.currency, &codes.partners).with_tiers(tiers);
    for (language, expected) in [
        (Language::English, "the rule is for members of other tiers"),
        (Language::Russian, "правило действует для других уровней участия"),
    ] {
        let steps = steps(&worth.awarded.explanation, language, &names);
        assert!(steps.iter().any(|step| format!("{step:?}").contains(expected)), "{steps:?}");
    }
    let unknown =
        read_given("local_date = 2026-10-12, amount = \"1\", tier = \"golf\"", &codes, &file.currency, tiers);
    let told = unknown.unwrap_err().to_string();
    assert!(
        told.contains(
            "given.tier: expected the id of a tier of this file, found \"golf\"; did you mean `gold`?"
        ),
        "{told}"
    );
}
