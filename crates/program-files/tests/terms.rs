//! Terms of settlement with everything that they may say, and what is refused of it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use domain::settlement::{
    Basis, DayCount, DayKind, Direction, Every, PaymentRule, PrepaidBlocks, PriceTier, Terms,
};
use domain::{Currency, Ratio};
use jiff::civil::{date, time};
use program_files::{ProgramFile, read_program};
use support::{AIRBOREAL, HASH, KOSTA, SKYFUEL, codes, sample};

const PROGRAM: &str = "programs/boreal-gold.toml";

const CALENDAR: &str = r#"
[[calendar]]
name = "northbank"
closed = ["sat", "sun"]
exception = [{ date = 2026-11-04, day = "closed" }, { date = 2026-10-31, day = "value_only" }]
"#;

const AIRLINE: &str = r#"
[[terms]]
partner = "airboreal"
currency = "RUB"
effective = { from = 2026-01-01 }
minimum_payable = "1000.00"
calendar = "northbank"
payment = { after_days = 3, days = "paying" }

[[terms.item]]
basis = "miles_granted"
payer = "bank"
price = "0.615"
tiers = [{ above = "100000", price = "0.60" }, { above = "500000", price = "0.55" }]
minimum_per_month = "50000.00"
prepaid = { reorder_at = 20000 }
vat = { percent = "20", level = "document", mode = "half_up" }
rounding = { mode = "half_up", level = "batch" }

[[terms.item]]
basis = "miles_redeemed"
payer = "partner"
price = "0.40"
rounding = { mode = "half_up", level = "line" }

[[terms.item]]
basis = "new_cards"
payer = "partner"
price = "300.00"
vat = { percent = "20", level = "line", mode = "half_up" }

[[terms.item]]
basis = "fixed_fee"
payer = "partner"
price = "5000.00"
every = "month"
"#;

/// The sample with other terms of the airline.
fn text() -> String {
    let sample = sample(PROGRAM);
    let (before, rest) = sample.split_once("[[terms]]\npartner = \"airboreal\"").unwrap();
    let (_, after) = rest.split_once("# ---").unwrap();
    format!("{before}{CALENDAR}{AIRLINE}\n# ---{after}")
}

fn read(text: &str) -> ProgramFile {
    read_program(text, HASH, &codes()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn of(file: &ProgramFile, partner: domain::PartnerId) -> &Terms {
    file.terms.iter().find(|terms| terms.partner == partner).unwrap()
}

#[test]
fn terms_say_everything_that_is_agreed() {
    let file = read(&text());
    let terms = of(&file, AIRBOREAL);
    let ratio = |upper, lower| Ratio::new(upper, lower).unwrap();
    assert_eq!((terms.minimum_payable, terms.rates.as_deref()), (Some(100_000), None));
    assert_eq!(terms.payment, PaymentRule { after_days: 3, counted: DayCount::Paying });
    assert_eq!(terms.calendar.kind(date(2026, 11, 4)), DayKind::Closed);
    assert_eq!(terms.calendar.kind(date(2026, 10, 31)), DayKind::ValueOnly);
    assert_eq!(terms.calendar.kind(date(2026, 11, 7)), DayKind::Closed);
    assert_eq!(terms.calendar.kind(date(2026, 11, 6)), DayKind::Open);
    let [granted, redeemed] = terms.items.as_slice() else { panic!("{terms:?}") };
    let tiers = [(100_000, (60, 1)), (500_000, (55, 1))]
        .map(|(above, (upper, lower))| PriceTier { above, price: ratio(upper, lower) });
    assert_eq!(granted.tiers, tiers);
    assert_eq!(granted.minimum_minor, Some(5_000_000));
    assert_eq!(granted.prepaid, Some(PrepaidBlocks { reorder_at: 20_000 }));
    assert_eq!((redeemed.basis, redeemed.price), (Basis::MilesRedeemed, ratio(40, 1)));
    let [cards, fee] = terms.charges.as_slice() else { panic!("{terms:?}") };
    assert_eq!((cards.basis, cards.every, cards.price), (Basis::NewCards, Every::Unit, ratio(30_000, 1)));
    assert_eq!((fee.basis, fee.every, fee.price), (Basis::FixedFee, Every::Month, ratio(500_000, 1)));
    assert_eq!((fee.direction, terms.stated()), (Direction::PartnerPaysBank, Direction::BankPaysPartner));
    // Terms of others have none of it.
    let plain = of(&file, SKYFUEL);
    assert_eq!((plain.charges.len(), plain.minimum_payable), (0, None));
    assert_eq!((plain.calendar.kind(date(2026, 11, 7)), plain.payment.after_days), (DayKind::Open, 0));
}

#[test]
fn a_converted_amount_is_rounded_as_the_terms_say_also_at_a_price_of_one() {
    for one in ["", "price = \"1\"\n", "percent = \"100\"\n"] {
        let item = format!("[[terms.item]]\nbasis = \"statement_credit_share\"\npayer = \"partner\"\n{one}");
        let head = "[[terms]]\npartner = \"kosta\"\ncurrency = \"USD\"\nrates = \"cbr\"\n\
                    effective = { from = 2026-01-01 }\n";
        let sample = sample(PROGRAM);
        let (before, rest) = sample.split_once("[[terms]]\npartner = \"kosta\"").unwrap();
        let after = rest.find("[[terms]]").map_or("", |at| &rest[at..]);
        let text = |rounding: &str| format!("{before}{head}\n{item}{rounding}\n{after}");
        let Err(errors) = read_program(&text(""), HASH, &codes()) else { panic!("{one:?} is taken") };
        assert!(errors.to_string().contains("a converted amount has fractions"), "{errors}");
        read(&text("rounding = { mode = \"half_up\", level = \"line\" }\n"));
    }
}

#[test]
fn tiers_with_fractions_say_how_they_are_rounded() {
    let sample = sample(PROGRAM);
    let (before, rest) = sample.split_once("[[terms]]\npartner = \"kosta\"").unwrap();
    let after = rest.find("[[terms]]").map_or("", |at| &rest[at..]);
    let text = |price: &str, rounding: &str| {
        format!(
            "{before}[[terms]]\npartner = \"kosta\"\ncurrency = \"RUB\"\neffective = {{ from = 2026-01-01 }}\n\
             [[terms.item]]\nbasis = \"statement_credit_share\"\npayer = \"partner\"\n\
             tiers = [{{ above = \"1000.00\", price = \"{price}\" }}]\n{rounding}\n{after}"
        )
    };
    let Err(errors) = read_program(&text("0.333", ""), HASH, &codes()) else { panic!("it is taken") };
    assert!(errors.to_string().contains("the key `rounding`"), "{errors}");
    for (price, rounding) in
        [("0.333", "rounding = { mode = \"floor\", level = \"line\" }"), ("1", ""), ("0", "")]
    {
        read(&text(price, rounding));
    }
}

#[test]
fn a_day_may_have_several_cycles() {
    let several = text().replace("cut_off = \"00:00\"", "cut_off = [\"12:00\", \"00:00\"]");
    let file = read(&several);
    assert_eq!((file.cut_off, file.cut_offs.cycles()), (time(0, 0, 0, 0), 2));
    assert_eq!(read(&text()).cut_offs.cycles(), 1);
}

#[test]
fn money_is_converted_where_terms_name_a_rate_table() {
    let dollars = text()
        .replace("partner = \"kosta\"\ncurrency = \"RUB\"", "partner = \"kosta\"\ncurrency = \"USD\"\nrates = \"cbr\"")
        .replace(
            "basis = \"statement_credit_share\"    # kosta's part of the credits that the bank gave\npayer = \"partner\"",
            "basis = \"statement_credit_share\"\npayer = \"partner\"\nrounding = { mode = \"half_even\", level = \"line\" }",
        );
    let file = read(&dollars);
    let terms = of(&file, KOSTA);
    assert_eq!((terms.currency, terms.rates.as_deref()), (Currency(840), Some("cbr")));
}

#[test]
fn what_is_agreed_is_shown_in_words() {
    let (file, codes) = (read(&text()), codes());
    let entries = file.entries(&program_files::Names::new(&file.currency, &codes.partners));
    let terms = entries.iter().find(|entry| entry.id.starts_with("airboreal")).unwrap();
    let field = |name: &str| {
        let found = terms.fields.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    for (name, expected) in [
        ("minimum_payable", "1000.00"),
        ("calendar", "northbank: sat closed, sun closed, 2026-10-31 value_only, 2026-11-04 closed"),
        ("payment", "after 3 paying days"),
        ("miles_granted.tiers", "0.6 for each mile above 100000, 0.55 for each mile above 500000"),
        ("miles_granted.minimum_per_month", "50000.00"),
        ("miles_granted.prepaid.reorder_at", "20000"),
        ("new_cards", "partner pays 300 for each card, vat 20 % half_up on each line"),
        ("fixed_fee", "partner pays 5000 for each month"),
    ] {
        assert_eq!(field(name), expected, "{name}");
    }
}

/// The first error of a text in which one thing was replaced, without its line.
#[track_caller]
fn check(found: &str, replaced: &str, expected: &str) {
    let text = text();
    assert!(text.contains(found), "{found}");
    let errors = read_program(&text.replacen(found, replaced, 1), HASH, &codes()).unwrap_err().to_string();
    let shown: Vec<&str> =
        errors.lines().map(|line| line.split_once(": ").map_or(line, |(_, rest)| rest)).collect();
    assert!(shown.contains(&expected), "{errors}");
}

#[test]
fn what_contradicts_itself_is_refused_with_its_place() {
    check(
        "closed = [\"sat\", \"sun\"]",
        "closed = [\"sat\", \"sun\", \"sat\"]",
        "calendar[0].closed: expected each day of the week once, found \"sat\", which is closed already; delete one of the two",
    );
    check(
        "closed = [\"sat\", \"sun\"]",
        "closed = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\"]\nprocess_only = \"sun\"",
        "calendar[0].name: expected a day in each week for files and one for money, found \"northbank\" without; take a day out of `closed`, `value_only` or `process_only`",
    );
    check(
        "{ date = 2026-10-31, day = \"value_only\" }",
        "{ date = 2026-11-04, day = \"open\" }",
        "calendar[0].exception[1].date: expected each date once in a calendar, found 2026-11-04 again; delete one of the two",
    );
    check(
        "day = \"closed\"",
        "day = \"shut\"",
        "calendar[0].exception[0].day: expected one of `open`, `closed`, `value_only`, `process_only`, found \"shut\"; choose one of these words",
    );
    check(
        "calendar = \"northbank\"",
        "calendar = \"northbnk\"",
        "terms[2].calendar: expected the name of a [[calendar]], found \"northbnk\"; did you mean `northbank`?",
    );
    check(
        "after_days = 3",
        "after_days = 400",
        "terms[2].payment.after_days: expected at most 180 days, found 400; write fewer days",
    );
    check(
        "{ above = \"500000\"",
        "{ above = \"100000\"",
        "terms[2].item[0].tiers[1].above: expected more than the 100000 before it, found \"100000\"; let the tiers rise",
    );
    check(
        "{ above = \"100000\", price = \"0.60\" }",
        "{ above = \"100000\", percent = \"60\" }",
        "terms[2].item[0].tiers[0]: expected `price`, as the item itself has it, found another key or none; write price alone",
    );
    check(
        "{ above = \"100000\"",
        "{ above = \"1000.50\"",
        "terms[2].item[0].tiers[0].above: expected a whole number above zero, found \"1000.50\"; write digits only, such as \"100000\"",
    );
    check(
        "price = \"300.00\"",
        "price = \"300.00\"\nprepaid = { reorder_at = 5 }",
        "terms[2].item[2].prepaid: expected `prepaid` for miles only, found `prepaid` for \"new_cards\"; delete `prepaid`",
    );
    check(
        "price = \"5000.00\"\nevery = \"month\"",
        "price = \"5000.00\"",
        "terms[2].item[3].every: expected the key `every`, found nothing; add every = \"month\", or \"cycle\"",
    );
    check(
        "price = \"5000.00\"",
        "percent = \"1.2\"",
        "terms[2].item[3].percent: expected a price, found `percent`; delete `percent` and write price = \"300.00\"",
    );
    check(
        "price = \"300.00\"",
        "price = \"300.005\"",
        "terms[2].item[2].rounding: expected the key `rounding`, found nothing; add rounding = { mode = \"half_up\", level = \"line\" }",
    );
    check(
        "price = \"300.00\"",
        "price = \"300.005\"\nrounding = { mode = \"half_up\", level = \"batch\" }",
        "terms[2].item[2].rounding.level: expected rounding by line for a fee, found \"batch\"; write level = \"line\": each fee is a row of its own",
    );
    check(
        "minimum_payable = \"1000.00\"",
        "rates = \"cbr\"",
        "terms[2].rates: expected `rates` beside money in another currency than RUB, found \"cbr\" where nothing is converted; delete `rates`",
    );
    check(
        "partner = \"kosta\"\ncurrency = \"RUB\"",
        "partner = \"kosta\"\ncurrency = \"USD\"\nrates = \"cbr\"",
        "terms[1].item[1].rounding: expected the key `rounding`, found nothing; add rounding = { mode = \"half_up\", level = \"line\" }: a converted amount has fractions",
    );
    check(
        "cut_off = \"00:00\"",
        "cut_off = [\"14:00\", \"12:00\", \"00:00\"]",
        "cut_off: expected times in the order in which they end cycles, the last one that of the business date, found [\"14:00\", \"12:00\", \"00:00\"]; write for example [\"12:00\", \"00:00\"]: noon, and midnight, which ends the day",
    );
    check(
        "basis = \"bonus_miles\"",
        "basis = \"miles_redeemed\"",
        "terms[0].item[0].basis: expected a basis of a merchant partner, found \"miles_redeemed\"; use \"bonus_miles\", the miles that this partner pays for",
    );
    // A second set of terms, in dollars, for the same partner and days must not have another calendar.
    check(
        "[[terms.item]]\nbasis = \"fixed_fee\"",
        "[[terms]]\npartner = \"airboreal\"\ncurrency = \"USD\"\n\n[[terms.item]]\nbasis = \"fixed_fee\"",
        "terms[3].calendar: expected the calendar \"northbank\" of the partner's other terms, found of all days; a partner has one file on a day: name one calendar in all its terms of a day",
    );
}

#[test]
fn miles_that_the_partner_keeps_are_not_spent_here() {
    let kept =
        text().replace("currency = \"RUB\"\ntimezone", "currency = \"RUB\"\nledger = \"partner\"\ntimezone");
    let errors = read_program(&kept, HASH, &codes()).unwrap_err().to_string();
    assert!(
        errors.contains("expected a basis of a program with ledger = \"own\", found \"miles_redeemed\""),
        "{errors}"
    );
}
