//! Two equal sides with one fault planted in one of them: it is found once, as what it is, and nothing else is.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use domain::reconciliation::{
    BreakClass, Item, MatchRules, Parts, Reason, Rung, Shape, Timing, Tolerance, Unit, Whose, compare,
};
use domain::settlement::Direction;
use domain::{BankId, CycleId, PartnerId, ProgramId};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const RUB: Unit = Unit::Money(*b"RUB");
const DAY: Date = date(2026, 10, 10);

fn rules() -> MatchRules {
    MatchRules {
        ladder: vec![Rung::LineId, Rung::RetrievalAndAcceptor],
        tolerances: Vec::new(),
        days: 3,
        suggests: true,
        apart: Vec::new(),
        candidates_max: 8,
    }
}

fn later(days: i64) -> Date {
    DAY.saturating_add(jiff::Span::new().days(days))
}

/// A line with all its parts: net and tax, converted, with miles.
fn line(side: &str, number: usize, net: i64) -> Item {
    let (vat, base) = (net / 5, net * 3);
    Item {
        reference: format!("{side}{number}"),
        subject: format!("line-{number}"),
        identifiers: vec![(Rung::LineId, format!("line-{number}"))],
        unit: RUB,
        amount: net + vat,
        direction: Some(Direction::BankPaysPartner),
        date: DAY,
        parts: Parts {
            net: Some(net),
            vat: Some(vat),
            fee: None,
            original: None,
            base: Some(base),
            miles: Some(base / 60),
            lines: 1,
            means: None,
            stands_later: false,
        },
        due: true,
        of: Whose {
            program: Some(ProgramId(1)),
            bank: Some(BankId(2)),
            partner: Some(PartnerId(3)),
            cycle: Some(CycleId(4)),
        },
        transaction: None,
    }
}

/// Both sides of a day, without a fault.
fn sides(nets: &[i64]) -> (Vec<Item>, Vec<Item>) {
    let of =
        |side: &'static str| nets.iter().enumerate().map(|(number, net)| line(side, number, *net)).collect();
    (of("o"), of("t"))
}

/// What is done to the line at a place, and what must come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    LeftOutThere,
    LeftOutHere,
    Twice,
    OtherAmount,
    OtherTax,
    OtherTaxByFar,
    OtherCurrency,
    OtherRate,
    OtherFee,
    OtherMiles,
    InParts,
    Late,
}

const FAULTS: [(Fault, BreakClass, Reason); 12] = [
    (Fault::LeftOutThere, BreakClass::MissingTheirs, Reason::NotFoundTheirs),
    (Fault::LeftOutHere, BreakClass::MissingOurs, Reason::NotFoundOurs),
    (Fault::Twice, BreakClass::Duplicate, Reason::NamedAgain),
    (Fault::OtherAmount, BreakClass::Amount, Reason::AmountsDiffer),
    (Fault::OtherTax, BreakClass::VatRounding, Reason::TaxRounded),
    (Fault::OtherTaxByFar, BreakClass::Amount, Reason::TaxDiffers),
    (Fault::OtherCurrency, BreakClass::Currency, Reason::CurrenciesDiffer),
    (Fault::OtherRate, BreakClass::Fx, Reason::RatesDiffer),
    (Fault::OtherFee, BreakClass::Fee, Reason::FeesDiffer),
    (Fault::OtherMiles, BreakClass::MilesRate, Reason::MilesDiffer),
    (Fault::InParts, BreakClass::Split, Reason::PartsDoNotAddUp),
    (Fault::Late, BreakClass::Late, Reason::CameLate),
];

/// Plants a fault; returns the difference that it makes, and in what.
fn plant(fault: Fault, place: usize, ours: &mut Vec<Item>, theirs: &mut Vec<Item>) -> (Unit, i64) {
    let before = ours[place].amount;
    let item = &mut theirs[place];
    match fault {
        Fault::LeftOutThere => {
            theirs.remove(place);
            return (RUB, -before);
        }
        Fault::LeftOutHere => {
            ours.remove(place);
            return (RUB, before);
        }
        Fault::Twice => {
            let again = Item { reference: "again".to_owned(), ..item.clone() };
            theirs.push(again);
            return (RUB, before);
        }
        Fault::OtherAmount => {
            (item.amount, item.parts.net) = (before + 700, item.parts.net.map(|net| net + 700));
        }
        Fault::OtherTax => (item.amount, item.parts.vat) = (before + 1, item.parts.vat.map(|vat| vat + 1)),
        Fault::OtherTaxByFar => {
            (item.amount, item.parts.vat) = (before + 9, item.parts.vat.map(|vat| vat + 9))
        }
        Fault::OtherCurrency => {
            item.unit = Unit::Money(*b"USD");
            return (Unit::Nothing, 0);
        }
        Fault::OtherRate => {
            let original = Some((Unit::Money(*b"USD"), 77));
            (ours[place].parts.original, item.parts.original) = (original, original);
            item.amount = before + 30;
        }
        Fault::OtherFee => (item.amount, item.parts.fee) = (before - 40, Some(-40)),
        Fault::OtherMiles => {
            let miles = item.parts.miles.unwrap();
            item.parts.miles = Some(miles + 5);
            return (Unit::Miles, 5);
        }
        Fault::InParts => {
            let part = Item { reference: "part".to_owned(), amount: before / 3, ..item.clone() };
            item.amount = before / 2;
            theirs.push(part);
            return (RUB, before / 3 + before / 2 - before);
        }
        Fault::Late => {
            item.date = later(4);
            return (Unit::Nothing, 0);
        }
    }
    (RUB, theirs[place].amount - before)
}

proptest! {
    #[test]
    fn a_planted_fault_is_found_once_as_what_it_is(
        nets in proptest::collection::vec(1_000_i64..9_000_000, 1..12),
        place in 0_usize..12,
        kind in 0_usize..FAULTS.len(),
    ) {
        let (mut ours, mut theirs) = sides(&nets);
        let place = place % nets.len();
        let (fault, class, reason) = FAULTS[kind];
        let (unit, difference) = plant(fault, place, &mut ours, &mut theirs);
        let found = compare(&ours, &theirs, &rules());
        prop_assert_eq!(found.breaks.len(), 1, "{:?}: {:?}", fault, found.breaks);
        let one = &found.breaks[0];
        prop_assert_eq!((one.class, one.reason), (class, reason), "{:?}", fault);
        prop_assert_eq!((one.unit, one.difference), (unit, difference), "{:?}", fault);
        prop_assert_eq!(&one.subject, &format!("line-{place}"));
        prop_assert_eq!(one.timing(), class.timing());
        prop_assert_eq!(one.of, ours.first().or(theirs.first()).unwrap().of);
        let pairs = nets.len() - usize::from(fault != Fault::Twice);
        prop_assert_eq!(found.matches.len(), pairs);
        prop_assert!(found.matches.iter().all(|of| of.shape == Shape::OneToOne && of.difference() == 0));
    }

    #[test]
    fn a_tolerance_forgives_as_much_as_it_says(one in -9_999_i64..9_999, apart in -60_i64..60, minor in 0_u32..40, per_mille in 0_u32..30) {
        let other = one + apart;
        let (mut ours, mut theirs) = (line("o", 1, 10), line("t", 1, 10));
        for (item, amount) in [(&mut ours, one), (&mut theirs, other)] {
            (item.amount, item.parts) = (amount, Parts::default());
        }
        let mut rules = rules();
        rules.tolerances = vec![(RUB, Tolerance { minor, per_mille })];
        let found = compare(&[ours], &[theirs], &rules);
        let greater = one.abs().max(other.abs());
        let allowed = apart.abs() <= i64::from(minor) || apart.abs() * 1_000 <= greater * i64::from(per_mille);
        prop_assert_eq!(found.breaks.is_empty(), allowed);
        prop_assert_eq!(found.matches.len(), usize::from(allowed));
    }
}

#[test]
fn fields_stand_side_by_side_and_say_nothing_that_nobody_says() {
    let (ours, mut theirs) = sides(&[1_000]);
    theirs[0].amount += 100;
    theirs[0].parts = Parts::default();
    let found = compare(&ours, &theirs, &rules());
    let fields: Vec<(&str, &str, &str)> = found.breaks[0]
        .fields
        .iter()
        .map(|field| (field.field, field.ours.as_str(), field.theirs.as_str()))
        .collect();
    assert_eq!(
        fields,
        [
            ("reference", "o0", "t0"),
            ("amount", "1200", "1300"),
            ("unit", "RUB", "RUB"),
            ("date", "2026-10-10", "2026-10-10"),
            ("direction", "bank_pays_partner", "bank_pays_partner"),
            ("net", "1000", ""),
            ("vat", "200", ""),
            ("base", "3000", ""),
            ("miles", "50", ""),
            ("line_id", "line-0", "line-0"),
        ]
    );
}

#[test]
fn what_goes_the_other_way_is_not_suggested() {
    let (mut ours, mut theirs) = sides(&[1_000]);
    ours[0].identifiers.clear();
    theirs[0].identifiers.clear();
    assert_eq!(compare(&ours, &theirs, &rules()).matches[0].rule(), "amount_and_date");
    theirs[0].direction = Some(Direction::PartnerPaysBank);
    let found = compare(&ours, &theirs, &rules());
    assert_eq!((found.matches.len(), found.breaks.len()), (0, 2));
    let mut never = rules();
    never.suggests = false;
    theirs[0].direction = ours[0].direction;
    assert_eq!(compare(&ours, &theirs, &never).breaks.len(), 2);
}

#[test]
fn sums_of_many_parts_end() {
    // Twice as many candidates as are looked through: nothing is guessed, and it is over at once.
    let (ours, _) = sides(&[160]);
    let ours = [Item { identifiers: Vec::new(), amount: 160, ..ours[0].clone() }];
    let part = |number: usize| Item { identifiers: Vec::new(), amount: 10, ..line("t", number, 10) };
    let theirs: Vec<Item> = (0..16).map(part).collect();
    let found = compare(&ours, &theirs, &rules());
    assert_eq!((found.matches.len(), found.breaks.len()), (0, 17));
    let some: Vec<Item> = theirs[..8].to_vec();
    let ours = [Item { amount: 80, ..ours[0].clone() }];
    let found = compare(&ours, &some, &rules());
    assert_eq!((found.matches.len(), found.breaks.len()), (1, 1), "what is suggested is asked about");
    assert_eq!((found.matches[0].shape, found.matches[0].reason), (Shape::OneToMany, Reason::SumOfOthers));
}

#[test]
fn a_part_that_has_come_waits_for_the_rest_until_it_is_due() {
    let (mut ours, mut theirs) = sides(&[1_000]);
    let rung = (Rung::RetrievalAndAcceptor, "628300".to_owned());
    for item in ours.iter_mut().chain(&mut theirs) {
        item.identifiers = vec![rung.clone()];
        item.parts = Parts::default();
    }
    theirs[0].amount = 400;
    ours[0].due = false;
    let found = compare(&ours, &theirs, &rules());
    assert_eq!((found.breaks.len(), found.expected.len()), (0, 2));
    ours[0].due = true;
    assert_eq!(compare(&ours, &theirs, &rules()).breaks[0].difference, -800);
    theirs.push(Item { reference: "t1".to_owned(), amount: 800, ..theirs[0].clone() });
    let found = compare(&ours, &theirs, &rules());
    assert_eq!((found.matches[0].shape, found.matches[0].reason), (Shape::OneToMany, Reason::PartsAddUp));
}

#[test]
fn only_time_is_a_matter_of_time() {
    use domain::reconciliation::Timing;
    let timing: Vec<&str> = BreakClass::ALL
        .into_iter()
        .filter(|class| class.timing() == Timing::Timing)
        .map(BreakClass::name)
        .collect();
    assert_eq!(timing, ["missing", "late", "carried_forward"]);
}

#[test]
fn no_two_words_are_the_same() {
    let check = |mut words: Vec<&str>| {
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count, "{words:?}");
        assert!(words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
    };
    check(BreakClass::ALL.map(BreakClass::name).to_vec());
    check(Reason::ALL.map(Reason::name).to_vec());
    check(Rung::ALL.map(Rung::name).to_vec());
    check(domain::reconciliation::Source::ALL.map(domain::reconciliation::Source::name).to_vec());
}

#[test]
fn whose_it_is_comes_from_whoever_knows() {
    let ours = Whose { program: Some(ProgramId(1)), ..Whose::default() };
    let theirs = Whose { program: Some(ProgramId(2)), partner: Some(PartnerId(3)), ..Whose::default() };
    let both = ours.or(theirs);
    assert_eq!((both.program, both.partner, both.bank), (Some(ProgramId(1)), Some(PartnerId(3)), None));
    assert_eq!(Whose::default().or(theirs), theirs);
}

#[test]
fn a_stronger_identifier_that_differs_is_told_and_does_not_hide_an_amount() {
    let (mut ours, mut theirs) = sides(&[1_000]);
    let weak = (Rung::RetrievalAndAcceptor, "628300".to_owned());
    ours[0].identifiers.push(weak.clone());
    theirs[0].identifiers = vec![(Rung::LineId, "another".to_owned()), weak];
    let found = compare(&ours, &theirs, &rules());
    let one = &found.breaks[0];
    assert_eq!((one.class, one.reason), (BreakClass::Reference, Reason::StrongerIdentifierDiffers));
    assert_eq!((one.unit, one.ours, one.theirs, one.difference), (Unit::Nothing, None, None, 0));
    theirs[0].amount += 700;
    theirs[0].parts = Parts::default();
    let found = compare(&ours, &theirs, &rules());
    assert_eq!((found.breaks[0].class, found.breaks[0].difference), (BreakClass::Amount, 700));
}

#[test]
fn what_only_one_side_bills_is_compared_before_it_was_converted() {
    let dollars = Unit::Money(*b"USD");
    let (mut ours, mut theirs) = sides(&[1_000]);
    // We were asked for dollars, and nobody said with what they would be billed.
    (ours[0].unit, ours[0].amount) = (dollars, 77);
    for item in ours.iter_mut().chain(&mut theirs) {
        item.parts = Parts { original: Some((dollars, 77)), ..Parts::default() };
    }
    let found = compare(&ours, &theirs, &rules());
    let same = &found.matches[0];
    assert_eq!((found.breaks.len(), same.unit, same.ours, same.theirs), (0, dollars, 77, 77));
    // Others are asked for than are presented.
    theirs[0].parts.original = Some((dollars, 78));
    let found = compare(&ours, &theirs, &rules());
    assert_eq!((found.matches.len(), found.breaks[0].class), (0, BreakClass::Currency));
}

#[test]
fn what_we_have_again_is_told_as_ours() {
    let (mut ours, theirs) = sides(&[1_000]);
    ours.push(Item { reference: "again".to_owned(), ..ours[0].clone() });
    let found = compare(&ours, &theirs, &rules());
    let one = &found.breaks[0];
    assert_eq!((one.class, one.ours, one.theirs), (BreakClass::Duplicate, Some(1_200), None));
    assert_eq!((one.difference, one.our_refs.len(), one.their_refs.len()), (-1_200, 1, 0));
}

#[test]
fn a_line_of_a_later_statement_is_carried_forward() {
    let (ours, mut theirs) = sides(&[1_000, 2_000]);
    theirs[1].parts.stands_later = true;
    theirs[1].date = DAY.tomorrow().unwrap();
    let found = compare(&ours, &theirs, &rules());
    assert_eq!((found.matches.len(), found.breaks.len()), (1, 1));
    let carried = &found.breaks[0];
    assert_eq!((carried.class, carried.reason), (BreakClass::CarriedForward, Reason::StandsLater));
    assert_eq!((carried.unit, carried.difference, carried.ours), (Unit::Nothing, 0, None));
    assert_eq!(carried.timing(), Timing::Timing, "no data differ");
    // Both sides say so: then it stands where it must.
    let mut ours = ours;
    ours[1].parts.stands_later = true;
    assert!(compare(&ours, &theirs, &rules()).breaks.is_empty());
}

#[test]
fn what_is_late_or_differs_is_told_before_where_it_stands() {
    let check = |change: fn(&mut Item), class: BreakClass| {
        let (ours, mut theirs) = sides(&[1_000]);
        theirs[0].parts.stands_later = true;
        change(&mut theirs[0]);
        let found = compare(&ours, &theirs, &rules());
        assert_eq!(found.breaks.iter().map(|found| found.class).collect::<Vec<_>>(), [class]);
        let swapped = compare(&theirs, &ours, &rules());
        assert_eq!(swapped.breaks.iter().map(|found| found.class).collect::<Vec<_>>(), [class]);
    };
    check(|_| {}, BreakClass::CarriedForward);
    check(|item| item.date = item.date.last_of_year(), BreakClass::Late);
    check(|item| (item.amount, item.parts) = (item.amount + 500, Parts::default()), BreakClass::Amount);
}

#[test]
fn what_nobody_paid_is_missing_wherever_other_lines_stand() {
    let (ours, mut theirs) = sides(&[1_000, 2_000, 3_000]);
    theirs.remove(0);
    theirs.iter_mut().for_each(|item| item.parts.stands_later = true);
    let found = compare(&ours, &theirs, &rules());
    let mut classes: Vec<BreakClass> = found.breaks.iter().map(|found| found.class).collect();
    classes.sort();
    let carried = BreakClass::CarriedForward;
    assert_eq!(classes, [carried, carried, BreakClass::MissingTheirs]);
    assert!(found.matches.is_empty() && found.expected.is_empty());
}
