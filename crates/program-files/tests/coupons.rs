//! Coupons in a program file: how campaigns are read, tested, told apart and explained.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{Effective, replay::binds_accounts_together};
use jiff::civil::date;
use program_files::{Language, Names, ProgramFile, diff, read_given, read_program};
use support::{HASH, codes, sample};

const COUPONS: &str = r#"
[[coupon]]
id = "spring"
effective = { from = 2026-03-01, to = 2026-11-01 }
uses_max = 2
uses_max_per_member = 3
refund = "gives_back"

[[discount]]
id = "spring-20"
partner = "airboreal"
mode = "statement_credit"
percent = "20"
rounding = "floor"
funding = { merchant = "0%" }
when = { coupon = "spring" }

[[bonus]]
id = "spring-miles"
when = { coupon = "spring", mcc = "5812" }
times_base = "1/1"
rounding = "floor"
funded_by = "bank"

[[test]]
name = "a code gives a discount and miles"
given = { local_date = 2026-10-12, mcc = "5812", partner = "airboreal", amount = "600.00", coupon = "spring" }
expect = { base_miles = 10, bonus_miles = 10, discount = "120.00", bank_share = "120.00" }

[[test]]
name = "without a code there is neither"
given = { local_date = 2026-10-12, mcc = "5812", partner = "airboreal", amount = "600.00" }
expect = { base_miles = 10, bonus_miles = 0, discount = "0.00", skipped = ["spring-20: no_coupon_shown", "spring-miles: no_coupon_shown"] }

[[test]]
name = "nor when the campaign has ended"
given = { local_date = 2026-11-01, mcc = "5812", partner = "airboreal", amount = "600.00", coupon = "spring" }
expect = { discount = "0.00", skipped = ["spring-20: coupon_ended"] }

[[test]]
name = "nor before it begins"
given = { local_date = 2026-02-28, mcc = "5812", partner = "airboreal", amount = "600.00", coupon = "spring" }
expect = { skipped = ["spring-20: coupon_not_yet_valid"] }
"#;

fn read(text: &str) -> ProgramFile {
    read_program(text, HASH, &codes()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn with_coupons() -> String {
    sample("programs/boreal-gold.toml") + COUPONS
}

#[test]
fn a_campaign_is_read_and_the_tests_of_the_file_hold() {
    let file = read(&with_coupons());
    let campaign = &file.program.coupon_campaigns[0];
    let effective = Effective { from: Some(date(2026, 3, 1)), to: Some(date(2026, 11, 1)) };
    assert_eq!((campaign.id.as_str(), campaign.effective), ("spring", effective));
    assert_eq!((campaign.uses_max, campaign.uses_max_per_member), (2, Some(3)));
    assert!(campaign.refund_gives_back);
    assert_eq!(file.program.bonuses.last().unwrap().when.coupon.as_deref(), Some("spring"));
    let failed: Vec<_> = file.run_tests().into_iter().filter(|result| !result.passed).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let plain =
        read(&with_coupons().replace("uses_max = 2\nuses_max_per_member = 3\nrefund = \"gives_back\"\n", ""));
    let campaign = &plain.program.coupon_campaigns[0];
    assert_eq!(
        (campaign.uses_max, campaign.uses_max_per_member, campaign.refund_gives_back),
        (1, None, false)
    );
    // Two members may show one code: a replay takes all accounts in one order.
    assert!(binds_accounts_together(&file.program));
}

#[test]
fn a_version_with_another_campaign_is_told_and_priced() {
    let (old, new) = (read(&with_coupons()), read(&with_coupons().replace("uses_max = 2", "uses_max = 5")));
    let codes = codes();
    let names = Names::new(&old.currency, &codes.partners);
    let found = diff(&old, &new, &names);
    assert_eq!(found.changes.len(), 1, "{:?}", found.changes);
    assert_eq!((found.changes[0].kind, found.changes[0].id.as_str()), ("coupon", "spring"));
    // What a rule gives for a coupon is looked at with one.
    let more = read(
        &with_coupons().replace("percent = \"20\"", "percent = \"25\"").replace("\"120.00\"", "\"150.00\""),
    );
    let found = diff(&old, &more, &names);
    let examples: Vec<String> =
        found.examples.iter().map(|example| names.purchase(&example.given, Language::English)).collect();
    assert!(
        !examples.is_empty() && examples.iter().all(|example| example.contains("coupon spring")),
        "{examples:?}"
    );
    let free = read(
        &with_coupons()
            .replace("when = { coupon = \"spring\" }\n\n[[bonus]]", "\n[[bonus]]")
            .replace("\"spring-20: no_coupon_shown\", ", ""),
    );
    let found = diff(&old, &free, &names);
    assert!(!found.changes.is_empty() && found.differing > 0);
}

#[test]
fn a_coupon_is_explained_in_both_languages() {
    let file = read(&with_coupons());
    let codes = codes();
    let names = Names::new(&file.currency, &codes.partners);
    let given = "local_date = 2026-10-12, mcc = \"5812\", partner = \"airboreal\", amount = \"600.00\"";
    for (coupon, language, words) in [
        ("", Language::English, "the rule demands a coupon, and none was shown"),
        ("", Language::Russian, "по правилу нужен купон"),
        (", coupon = \"autumn\"", Language::English, "the coupon is of another campaign"),
        (", coupon = \"autumn\"", Language::Russian, "это купон другой кампании"),
    ] {
        let given = read_given(&format!("{given}{coupon}"), &codes, &file.currency, None).unwrap();
        let explained = file.explain(&given, language, &names).unwrap().to_string();
        assert!(explained.contains(words), "{explained}");
        assert!(explained.contains("when.coupon = spring"), "{explained}");
    }
}
