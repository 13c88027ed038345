//! The sections `[miles]` and `[redemption]`: what they mean, what they leave out, and what is refused in them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{
    ExpiryRule, Funder, HouseholdSpending, MilesLedger, MilesRules, Ratio, RedemptionRules, RoundedTo,
};
use program_files::{Names, ProgramFile, program_header, read_program};
use support::{HASH, KOSTA, codes, sample};

fn with(sections: &str) -> String {
    format!("{}\n{sections}", sample("programs/boreal-gold.toml"))
}

fn read(sections: &str) -> ProgramFile {
    read_program(&with(sections), HASH, &codes()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// What is refused, without the line.
fn refused(sections: &str) -> Vec<String> {
    let Err(errors) = read_program(&with(sections), HASH, &codes()) else { panic!("taken: {sections}") };
    let lines = errors.to_string();
    lines.lines().map(|line| line.split_once(": ").unwrap().1.to_owned()).collect()
}

#[test]
fn the_sample_sections_say_what_they_mean() {
    let program = read(&sample("miles.toml")).program;
    let expected = MilesRules {
        vesting_days: 14,
        vesting_by_partner: vec![(KOSTA, 30)],
        expiry: Some(ExpiryRule::Age { months: 12, rounded_to: RoundedTo::MonthEnd }),
        debts_borne_by: Some(Funder::Bank),
        ledger: MilesLedger::Own,
    };
    assert_eq!(program.miles, expected);
    let redemption = program.redemption.unwrap();
    assert_eq!(redemption.worth(3), Ok(150));
    assert_eq!(redemption.payable(9_999), Ok(4_999));
    assert_eq!((redemption.miles_min, redemption.reserve_minutes), (5, 15));
}

#[test]
fn without_them_miles_stay_and_are_not_spent() {
    let program = read("").program;
    assert_eq!((program.miles, program.redemption), (MilesRules::default(), None));
    let least = read("[redemption]\nvalue = \"0.005\"").program.redemption.unwrap();
    let all = Ratio::new(1, 1).unwrap();
    assert_eq!(
        least,
        RedemptionRules {
            value: least.value,
            miles_min: 1,
            share_max: all,
            reserve_minutes: 30,
            household: HouseholdSpending::Own
        }
    );
    assert_eq!(least.worth(3), Ok(1), "a fraction of a minor unit is not paid");
}

#[test]
fn a_household_spends_apart_unless_the_program_says_otherwise() {
    for (key, expected) in [
        ("", HouseholdSpending::Own),
        ("household = \"own\"", HouseholdSpending::Own),
        ("household = \"pooled\"", HouseholdSpending::Pooled),
    ] {
        let sections = format!("[redemption]\nvalue = \"0.50\"\n{key}");
        assert_eq!(read(&sections).program.redemption.unwrap().household, expected, "{key}");
    }
    // What an approver reads names it.
    let [own, pooled] = ["own", "pooled"].map(|word| {
        let file = read(&format!("[redemption]\nvalue = \"0.50\"\nhousehold = \"{word}\""));
        let head = file.entries(&Names::new(&file.currency, &codes().partners)).remove(0);
        head.fields.into_iter().find(|(name, _)| name == "redemption.household").unwrap().1
    });
    assert_eq!((own.as_str(), pooled.as_str()), ("own", "pooled"));
}

#[test]
fn each_way_to_expire() {
    for (way, expected) in [
        ("after_months = 24", ExpiryRule::Age { months: 24, rounded_to: RoundedTo::Day }),
        (
            "after_months = 24, rounded_to = \"quarter_end\"",
            ExpiryRule::Age { months: 24, rounded_to: RoundedTo::QuarterEnd },
        ),
        ("inactivity_months = 18", ExpiryRule::Inactivity { months: 18 }),
        ("on = \"12-31\", years = 2", ExpiryRule::OnDay { month: 12, day: 31, years: 2 }),
        ("on = \"06-30\"", ExpiryRule::OnDay { month: 6, day: 30, years: 0 }),
    ] {
        let program = read(&format!("[miles]\nexpiry = {{ {way} }}")).program;
        assert_eq!(program.miles.expiry, Some(expected), "{way}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let one_way = "miles.expiry: expected one of `after_months` with `rounded_to`, `inactivity_months`, `on` with \
                   `years`, found other keys; keep the keys of one way in which miles expire";
    for (sections, problem) in [
        ("[miles]\nexpiry = {}", one_way),
        ("[miles]\nexpiry = { after_months = 1, inactivity_months = 1 }", one_way),
        ("[miles]\nexpiry = { inactivity_months = 1, rounded_to = \"day\" }", one_way),
        ("[miles]\nexpiry = { after_months = 1, years = 1 }", one_way),
        (
            "[miles]\nexpiry = { after_months = 0 }",
            "miles.expiry.after_months: expected 1 to 240 months, found 0; correct the number",
        ),
        (
            "[miles]\nexpiry = { on = \"02-29\" }",
            "miles.expiry.on: expected a day of every year, found \"02-29\"; write month and day, such as \"12-31\"",
        ),
        (
            "[miles]\nvesting_days = 400",
            "miles.vesting_days: expected 0 to 366 days, found 400; correct the number",
        ),
        (
            "[miles]\nnegative_balance = \"forbid\"",
            "miles.negative_balance: expected a funder of what the member does not owe, found none; add \
             negative_balance_funder = \"bank\", or a partner",
        ),
        (
            "[miles]\nnegative_balance_funder = \"bank\"",
            "miles.negative_balance_funder: expected no funder of debts that are allowed, found one; delete the \
             funder, or write negative_balance = \"forbid\"",
        ),
        (
            "[redemption]\nvalue = \"0\"",
            "redemption.value: expected a price above zero, found \"0\"; write what a mile pays, or delete the section",
        ),
        (
            "[redemption]\nvalue = \"0.50\"\nreserve_minutes = 0",
            "redemption.reserve_minutes: expected 1 to 43200 minutes, found 0; correct the number",
        ),
        (
            "[redemption]\nvalue = \"0.50\"\nhousehold = \"shared\"",
            "redemption.household: expected one of `own`, `pooled`, found \"shared\"; choose one of these words",
        ),
    ] {
        let found = refused(sections);
        assert!(found.iter().any(|found| found.ends_with(problem)), "{sections}: {found:?}");
    }
}

#[test]
fn what_is_doubtful_is_told() {
    for (sections, told) in [
        ("[miles]\nvesting_days = 14\nexpiry = { after_months = 1 }", None),
        (
            "[miles]\nvesting_days = 60\nexpiry = { after_months = 1 }",
            Some(
                "miles.expiry: expected miles that may be spent before they expire, found such as those of 2027-01-01",
            ),
        ),
        (
            "[miles]\nvesting_by_partner = [{ partner = \"kosta\", days = 30 }]\nexpiry = { on = \"12-31\" }",
            Some("found such as those of 2027-12-02"),
        ),
        ("[redemption]\nvalue = \"0.005\"\nmiles_min = 2", None),
        (
            "[redemption]\nvalue = \"0.005\"",
            Some("expected a least redemption that pays something, found nothing for 1"),
        ),
    ] {
        let notices: Vec<String> = read(sections).notices.iter().map(|notice| notice.in_file("f")).collect();
        match told {
            Some(words) => {
                assert!(notices.len() == 1 && notices[0].contains(words), "{sections}: {notices:?}")
            }
            None => assert!(notices.is_empty(), "{sections}: {notices:?}"),
        }
    }
}

#[test]
fn partners_are_named_in_the_header() {
    let sections = "[miles]\nvesting_by_partner = [{ partner = \"newshop\", days = 3 }]\n\
                    negative_balance = \"forbid\"\nnegative_balance_funder = \"newfund\"";
    let header = program_header(&with(sections)).unwrap();
    for named in ["newshop", "newfund"] {
        assert!(header.partners_named.contains(named), "{named}");
    }
}

/// The sample with a first line more: keys of the whole program stand before its tables.
fn kept_by(ledger: &str, sections: &str) -> String {
    format!("ledger = \"{ledger}\"\n{}", with(sections))
}

const BORNE: &str = "negative_balance = \"forbid\"\nnegative_balance_funder = \"bank\"";

#[test]
fn the_partner_may_keep_the_miles() {
    for (ledger, sections, expected) in [
        ("own", String::new(), MilesRules::default()),
        (
            "partner",
            format!("[miles]\n{BORNE}"),
            MilesRules {
                ledger: MilesLedger::Partner,
                debts_borne_by: Some(Funder::Bank),
                ..MilesRules::default()
            },
        ),
    ] {
        let program = read_program(&kept_by(ledger, &sections), HASH, &codes()).unwrap().program;
        assert_eq!(program.miles, expected, "{ledger}");
    }
}

#[test]
fn what_contradicts_miles_at_the_partner_is_named() {
    let own = "expected nothing under ledger = \"partner\", found a rule; delete it, or write ledger = \"own\": the \
               partner keeps the miles";
    for (sections, place, problem) in [
        (format!("[miles]\nvesting_days = 14\n{BORNE}"), "miles.vesting_days", own),
        (
            format!("[miles]\nvesting_by_partner = [{{ partner = \"kosta\", days = 3 }}]\n{BORNE}"),
            "miles.vesting_by_partner[0]",
            own,
        ),
        (format!("[miles]\nexpiry = {{ after_months = 12 }}\n{BORNE}"), "miles.expiry", own),
        (format!("[miles]\n{BORNE}\n[redemption]\nvalue = \"0.50\""), "redemption", own),
        (
            String::new(),
            "ledger",
            "expected a funder of the miles that the partner does not give back, found none; add [miles] with \
             negative_balance = \"forbid\" and negative_balance_funder",
        ),
    ] {
        let Err(errors) = read_program(&kept_by("partner", &sections), HASH, &codes()) else {
            panic!("taken: {sections}")
        };
        let line = errors.to_string();
        assert!(line.ends_with(&format!("{place}: {problem}")), "{sections}: {line}");
    }
    let Err(errors) = read_program(&kept_by("theirs", ""), HASH, &codes()) else { panic!("taken") };
    assert!(errors.to_string().contains("line 1, column 10"), "{errors}");
}
