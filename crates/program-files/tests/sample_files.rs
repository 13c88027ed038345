//! The samples in the documentation are read, pass their own tests and do not survive being cut.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use domain::settlement::{Basis, RoundingLevel};
use domain::{DiscountMode, EarnRounding, Funder, Merchant};
use jiff::civil::date;
use program_files::{program_header, read_merchants, read_program};
use support::{AIRBOREAL, HASH, KOSTA, NORTHBANK, SKYFUEL, boreal_gold, codes, sample};

const PROGRAM: &str = "programs/boreal-gold.toml";
const CAMPAIGNS: &str = "programs/boreal-campaigns.toml";

#[test]
fn the_header_names_all_codes() {
    let header = program_header(&sample(PROGRAM)).unwrap();
    assert_eq!((header.code.as_str(), header.bank.as_str()), ("boreal-gold", "northbank"));
    assert_eq!(header.cobrand_partner, "airboreal");
    assert_eq!(header.partners_named.into_iter().collect::<Vec<_>>(), ["airboreal", "kosta", "skyfuel"]);
    assert_eq!((header.currency.code.as_str(), header.timezone.as_str()), ("RUB", "Europe/Moscow"));
}

#[test]
fn the_sample_says_what_it_means() {
    let file = boreal_gold();
    let program = &file.program;
    assert_eq!((program.bank, program.cobrand_partner, program.hash), (NORTHBANK, AIRBOREAL, HASH));
    assert_eq!((program.base[0].miles, program.base[0].per_minor), (1, 6_000));
    assert_eq!(program.base[0].rounding, EarnRounding::EachFullStep);
    assert_eq!(program.bonuses[0].funder, Funder::Partner(SKYFUEL));
    assert_eq!(program.bonuses[0].when.partners, [SKYFUEL]);
    let modes: Vec<DiscountMode> = program.discounts.iter().map(|discount| discount.mode).collect();
    assert_eq!(modes, [DiscountMode::AtTill, DiscountMode::StatementCredit]);
    let kosta = &program.discounts[1];
    assert_eq!((kosta.amount_min, kosta.discount_max), (Some(100_000), Some(50_000)));
    assert_eq!(program.caps[0].miles_max, 1_500);
    assert!(program.excludes(Some(4829)) && !program.excludes(Some(5411)));
    assert_eq!((file.timezone.as_str(), file.cut_off.to_string()), ("Europe/Moscow", "00:00:00".to_owned()));
    let miles = file.terms.iter().find(|terms| terms.partner == AIRBOREAL).unwrap();
    assert_eq!((miles.items[0].basis, miles.items[0].level), (Basis::MilesGranted, RoundingLevel::Batch));
    assert_eq!((miles.items[0].price.numerator(), miles.items[0].price.denominator()), (615, 10));
}

#[test]
fn the_sample_passes_its_own_tests() {
    let results = boreal_gold().run_tests();
    assert_eq!(results.len(), 10);
    for result in results {
        assert!(result.passed, "line {}: {}: {} / {}", result.line, result.name, result.expected, result.got);
    }
}

#[test]
fn the_sample_of_campaigns_passes_its_tests_and_nothing_is_noticed_in_it() {
    let mut codes = codes();
    codes.programs.insert("boreal-campaigns".to_owned(), domain::ProgramId(8));
    let file = read_program(&sample(CAMPAIGNS), HASH, &codes).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(file.notices, []);
    for result in file.run_tests() {
        assert!(result.passed, "line {}: {}: {} / {}", result.line, result.name, result.expected, result.got);
    }
}

#[test]
fn a_wrong_expectation_fails_and_tells_both_sides() {
    let text = sample(PROGRAM).replace("bonus_miles = 120, discount = \"223.50\"", "bonus_miles = 119");
    let file = read_program(&text, HASH, &codes()).unwrap();
    let failed: Vec<_> = file.run_tests().into_iter().filter(|result| !result.passed).collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].expected.starts_with("base_miles 120, bonus_miles 119, merchant_share 111.75"));
    assert!(failed[0].got.starts_with("base_miles 120, bonus_miles 120, merchant_share 111.75"));
}

#[test]
fn a_wrong_reason_or_rule_fails() {
    let edits = [
        ("skipped = [\"weekend-fuel: weekday\"]", "skipped = [\"weekend-fuel: mcc\"]"),
        ("applied = [\"base\"], skipped", "applied = [], skipped"),
        ("skipped = [\"weekend-fuel: partner\"]", "skipped = [\"base\"]"),
        ("skipped = [\"weekend-fuel: partner\"]", "skipped = [\"exclusions\"]"),
    ];
    for (good, bad) in edits {
        let text = sample(PROGRAM);
        assert!(text.contains(good), "{good}");
        let file = read_program(&text.replace(good, bad), HASH, &codes()).unwrap();
        assert_eq!(file.run_tests().iter().filter(|result| !result.passed).count(), 1, "{bad}");
    }
}

#[test]
fn the_commented_bin_range_is_right() {
    let text = sample(PROGRAM)
        .replace("# [[auto_enroll]]", "[[auto_enroll]]")
        .replace("# bin_from", "bin_from")
        .replace("# bin_to", "bin_to");
    let file = read_program(&text, HASH, &codes()).unwrap();
    assert!(file.auto_enroll[0].contains("4111114999999999"));
    assert!(!file.auto_enroll[0].contains("4111115000000000"));
    assert!(boreal_gold().auto_enroll.is_empty());
}

/// Half a program file must never be taken for a whole one, wherever it was cut.
#[test]
fn no_beginning_of_the_rules_is_a_program() {
    let text = sample(PROGRAM);
    let rules_end =
        text.find("\n# ---------------------------------------------------------------- tests").unwrap();
    let last_line = text[..rules_end].trim_end();
    for end in 0..last_line.len() {
        if let Some(part) = text.get(..end) {
            let read = read_program(part, HASH, &codes());
            assert!(read.is_err(), "accepted up to byte {end}: ...{}", &part[part.len() - 60..]);
        }
    }
    assert!(read_program(last_line, HASH, &codes()).is_ok());
}

/// Whatever one byte is changed to, the file is read or refused, and never more.
#[test]
fn a_damaged_file_is_refused_in_words() {
    let text = sample(PROGRAM);
    let damages = ["", "\"", "0", "}", "\n", "=", "я"];
    for (offset, old) in text.char_indices().step_by(41) {
        for new in damages {
            let damaged = format!("{}{new}{}", &text[..offset], &text[offset + old.len_utf8()..]);
            if let Err(errors) = read_program(&damaged, HASH, &codes()) {
                assert!(errors.iter().all(|error| error.line > 0 && !error.advice.is_empty()), "{errors}");
            }
        }
    }
}

#[test]
fn windows_line_ends_change_nothing() {
    let text = sample(PROGRAM).replace('\n', "\r\n");
    assert_eq!(read_program(&text, HASH, &codes()).unwrap(), boreal_gold());
    let merchants = sample("merchants.csv");
    let marked = format!("\u{feff}{}", merchants.replace('\n', "\r\n"));
    assert_eq!(read_merchants(&marked, &codes()).unwrap(), read_merchants(&merchants, &codes()).unwrap());
}

#[test]
fn the_sample_map_finds_partners() {
    let map = read_merchants(&sample("merchants.csv"), &codes()).unwrap();
    assert_eq!(map.len(), 5);
    let merchant = |acquirer: &str, card_acceptor: &str, terminal: &str| Merchant {
        acquirer: acquirer.to_owned(),
        card_acceptor: card_acceptor.to_owned(),
        terminal: terminal.to_owned(),
        ..Merchant::default()
    };
    for (found, partner) in [
        (merchant("00000400001", "KOSTA0000000001", "T1"), Some(KOSTA)),
        (merchant("400002", "SHOPPINGMALL001", "KOSTA001"), Some(KOSTA)),
        (merchant("400002", "SHOPPINGMALL001", "BAKER001"), None),
        (merchant("400003", "SKYFUEL00000002", ""), Some(SKYFUEL)),
        (merchant("400001", "SKYFUEL00000002", ""), None),
    ] {
        let row = map.lookup(&found, date(2026, 10, 10));
        assert_eq!(row.partner(), partner, "{found:?}");
    }
}

/// A text that says nothing about stacking is read as it was before files could.
#[test]
fn stacking_is_as_it_always_was_unless_declared() {
    use domain::{Stacking, Stackings};
    let usual = Stackings { bonuses: Stacking::Sum, discounts: Stacking::First };
    assert_eq!(boreal_gold().program.stacking, usual);
    let declared = |words: &str| {
        let text = sample(PROGRAM).replace("\n[[base]]", &format!("\nstacking = {words}\n\n[[base]]"));
        read_program(&text, HASH, &codes()).unwrap().program.stacking
    };
    assert_eq!(declared("{}"), usual);
    assert_eq!(declared("{ bonus = \"best\" }"), Stackings { bonuses: Stacking::Best, ..usual });
    assert_eq!(declared("{ discount = \"sum\" }"), Stackings { discounts: Stacking::Sum, ..usual });
}
