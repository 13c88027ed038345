//! Tables of two sides and what must come of them, and properties that hold for any two.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use domain::reconciliation::*;
use jiff::civil::{Date, date};

const RUB: Unit = Unit::Money(*b"RUB");
const EUR: Unit = Unit::Money(*b"EUR");
const DAY: Date = date(2026, 10, 10);

fn rules() -> MatchRules {
    MatchRules {
        ladder: vec![Rung::LineId, Rung::Arn, Rung::RetrievalAndAcceptor],
        tolerances: vec![(EUR, Tolerance { minor: 2, per_mille: 1 })],
        days: 2,
        suggests: true,
        candidates_max: 8,
        apart: Vec::new(),
    }
}

/// `a:line=L1,arn=A,rrn=R amount unit +days net/vat ~fee o=123USD b=base m=miles later`
fn item(text: &str) -> Item {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap();
    let (reference, called) = name.split_once(':').unwrap_or((name, ""));
    let rung = |key: &str| match key {
        "line" => Rung::LineId,
        "arn" => Rung::Arn,
        _ => Rung::RetrievalAndAcceptor,
    };
    let identifiers = called.split(',').filter_map(|pair| pair.split_once('='));
    let mut item = Item {
        reference: reference.to_owned(),
        subject: reference.to_owned(),
        direction: None,
        identifiers: identifiers.map(|(key, value)| (rung(key), value.to_owned())).collect(),
        unit: RUB,
        amount: words.next().unwrap().parse().unwrap(),
        date: DAY,
        parts: Parts::default(),
        due: true,
        of: Whose::default(),
        transaction: None,
    };
    for word in words {
        let number = |text: &str| text.parse::<i64>().unwrap();
        let unit = |text: &str| Unit::parse(text).unwrap();
        match word.split_at(1) {
            ("+", days) => item.date = DAY.saturating_add(jiff::Span::new().days(number(days))),
            ("~", fee) => item.parts.fee = Some(number(fee)),
            ("o", original) => {
                let (amount, currency) = original[1..].split_at(original.len() - 4);
                item.parts.original = Some((unit(currency), number(amount)));
            }
            ("!", means) => item.parts.means = BreakClass::parse(means),
            ("b", base) => item.parts.base = Some(number(&base[1..])),
            ("m", miles) => item.parts.miles = Some(number(&miles[1..])),
            _ if word == "later" => item.due = false,
            _ if word.contains('/') => {
                let (net, vat) = word.split_once('/').unwrap();
                (item.parts.net, item.parts.vat) = (Some(number(net)), Some(number(vat)));
            }
            _ => item.unit = unit(word),
        }
    }
    item
}

fn items(text: &str) -> Vec<Item> {
    text.split(';').filter(|text| !text.trim().is_empty()).map(item).collect()
}

/// `a=b` matched, `a?b` suggested, `a|b class difference`, `.a` expected. The break that asks about a suggestion has its
/// references and its amount of nothing, so it is not told again.
fn told(found: &Comparison) -> String {
    let mut told: Vec<String> = Vec::new();
    for of in &found.matches {
        let sign = if of.confidence == Confidence::Confirmed { "=" } else { "?" };
        told.push(format!("{}{sign}{}", of.our_refs.join("+"), of.their_refs.join("+")));
    }
    let suggested = |of: &&Match| of.confidence == Confidence::Suggested;
    let asked: Vec<&Break> = found.breaks.iter().filter(|of| of.class == BreakClass::Suggested).collect();
    assert_eq!(asked.len(), found.matches.iter().filter(suggested).count());
    for of in found.matches.iter().filter(suggested) {
        let same = |ask: &&&Break| ask.our_refs == of.our_refs && ask.their_refs == of.their_refs;
        let ask = asked.iter().find(same).unwrap();
        assert_eq!((ask.unit, ask.difference, ask.ours, ask.reason), (Unit::Nothing, 0, None, of.reason));
    }
    for of in found.breaks.iter().filter(|of| of.class != BreakClass::Suggested) {
        let (ours, theirs) = (of.our_refs.join("+"), of.their_refs.join("+"));
        told.push(format!("{ours}|{theirs} {} {}", of.class.name(), of.difference));
    }
    told.extend(found.expected.iter().map(|reference| format!(".{reference}")));
    told.join("; ")
}

fn check(ours: &str, theirs: &str, expected: &str) {
    let found = compare(&items(ours), &items(theirs), &rules());
    assert_eq!(told(&found), expected, "ours: {ours}\ntheirs: {theirs}");
}

#[test]
fn identifiers_confirm() {
    check("a:line=1 100", "b:line=1 100", "a=b");
    check("a:line=1 100; c:line=2 50", "d:line=2 50; b:line=1 100", "a=b; c=d");
    check("a:arn=9 100", "b:line=1,arn=9 100", "a=b");
    check("a:rrn=9 100", "b:rrn=9 60; c:rrn=9 40", "a=b+c");
    check("a:rrn=9 60; b:rrn=9 40", "c:rrn=9 100", "a+b=c");
    check("a:rrn=9 60; b:rrn=9 40", "c:rrn=9 70; d:rrn=9 30", "a+b=c+d");
    check("a:line=1 0", "b:line=1 0", "a=b");
}

#[test]
fn what_is_missing_is_said_when_it_is_due() {
    check("a:line=1 100", "", "a| missing_theirs -100");
    check("", "b:line=1 100", "|b missing_ours 100");
    check("a:line=1 100 later", "", ".a");
    check("a:rrn=1 100 later", "b:rrn=1 40", ".a; .b");
    check("a:rrn=1 100 later", "b:rrn=1 40; c:rrn=1 30", ".a; .b; .c");
    check("a:rrn=1 100 later", "b:rrn=1 140", "a|b amount 40");
    check("a:line=1 100", "b:line=2 100", "a| missing_theirs -100; |b missing_ours 100");
}

#[test]
fn what_is_there_again_is_a_duplicate() {
    check("a:line=1 100", "b:line=1 100; c:line=1 100", "a=b; |c duplicate 100");
    check("a:line=1 100", "b:line=1 100; c:line=1 30", "a=b; |c duplicate 30");
    check("a:line=1 100; b:line=1 100", "c:line=1 100", "a=c; b| duplicate -100");
    check("a:rrn=1 100", "b:rrn=1 60; c:rrn=1 40; d:rrn=1 40", "a=b+c; |d duplicate 40");
    check("a:rrn=1 60; b:rrn=1 40", "c:rrn=1 60; d:rrn=1 40; e:rrn=1 40", "a=c; b=d; |e duplicate 40");
}

#[test]
fn parts_that_do_not_add_up_are_a_split() {
    check("a:rrn=1 100", "b:rrn=1 60; c:rrn=1 30", "a|b+c split -10");
    check("a:rrn=1 60; b:rrn=1 50", "c:rrn=1 100", "a+b|c split -10");
    check("a:rrn=1 60; b:rrn=1 50", "c:rrn=1 70; d:rrn=1 30", "a+b|c+d split -10");
    check("a:rrn=1 100", "b:rrn=1 100; c:rrn=1 30", "a=b; |c split 30");
    check("a:line=1 100", "b:line=1 60; c:line=1 30", "a|b+c split -10");
    check("a:rrn=1 60; b:rrn=1 40", "c:rrn=1 60; d:rrn=1 45", "a=c; b|d amount 5");
}

#[test]
fn parts_are_compared_as_one_is() {
    // As far as it is tolerated, and not farther.
    check("a:rrn=1 100 EUR", "b:rrn=1 50 EUR; c:rrn=1 48 EUR", "a=b+c");
    check("a:rrn=1 100 EUR", "b:rrn=1 50 EUR; c:rrn=1 47 EUR", "a|b+c split -3");
    check("a:rrn=1 50 EUR; b:rrn=1 48 EUR", "c:rrn=1 100 EUR", "a+b=c");
    // A part that comes too late is late.
    check("a:rrn=9 100", "b:rrn=9 60; c:rrn=9 40 +3", "a|b+c late 0");
    check("a:rrn=9 60; b:rrn=9 40 +3", "c:rrn=9 100", "a+b|c late 0");
    check("a:rrn=9 100", "b:rrn=9 60; c:rrn=9 40 +2", "a=b+c");
    check("a:rrn=9 60; b:rrn=9 40 +3", "c:rrn=9 70; d:rrn=9 30 +3", "a+b=c+d");
    check("a:rrn=9 100", "b:rrn=9 60; c:rrn=9 40 +3; d:rrn=9 40 +3", "a|b+c late 0; |d duplicate 40");
}

#[test]
fn a_difference_of_value_has_a_class() {
    check("a:line=1 100", "b:line=1 90", "a|b amount -10");
    check("a:line=1 100", "b:line=1 110", "a|b amount 10");
    check("a:line=1 100 EUR", "b:line=1 102 EUR", "a=b");
    check("a:line=1 100 EUR", "b:line=1 103 EUR", "a|b amount 3");
    check("a:line=1 9000 EUR", "b:line=1 9009 EUR", "a=b");
    check("a:line=1 100", "b:line=1 100 EUR", "a|b currency 0");
    check("a:line=1 120 100/20", "b:line=1 121 100/21", "a|b vat_rounding 1");
    check("a:line=1 120 100/20", "b:line=1 122 100/22", "a|b amount 2");
    check("a:line=1 120 100/20", "b:line=1 121 101/20", "a|b amount 1");
    check("a:line=1 120 100/20", "b:line=1 120 99/21", "a|b vat_rounding 1");
    check("a:line=1 120 100/20", "b:line=1 120 90/30", "a|b amount 10");
    check("a:line=1 100 ~0", "b:line=1 93 ~-7", "a|b fee -7");
    check("a:line=1 100", "b:line=1 93 ~-7", "a|b fee -7");
    check("a:line=1 7 ~7", "b:line=1 9 ~9", "a|b fee 2");
    check("a:line=1 100", "b:line=1 92 ~-7", "a|b amount -8");
    check("a:line=1 950 o=10USD", "b:line=1 960 o=10USD", "a|b fx 10");
    check("a:line=1 950 o=10USD", "b:line=1 960 o=11USD", "a|b amount 10");
    check("a:line=1 950 o=10USD", "b:line=1 950 o=10EUR", "a|b currency 0");
    check("a:line=1 950 o=10USD", "b:line=1 950 o=11USD", "a|b amount 1");
    check("a:line=1 950 o=10USD", "b:line=1 960 o=10EUR", "a|b currency 0");
    check("a:line=1 10 USD o=10USD", "b:line=1 960 o=10USD", "a=b");
    check("a:line=1 11 USD o=11USD", "b:line=1 960 o=10USD", "a|b currency 0");
    check("a:line=1 120 100/20", "b:line=1 121", "a|b vat_rounding 1");
    check("a:line=1 120 100/20", "b:line=1 122", "a|b amount 2");
    check("a:line=1 100 100/0", "b:line=1 101", "a|b amount 1");
    check("a:line=1 100 !fee", "b:line=1 110", "a|b fee 10");
    check("a:line=1 100 !fx", "b:line=1 110", "a|b fx 10");
    check("a:line=1 100 !miles_rate", "b:line=1 110", "a|b miles_rate 10");
    check("a:line=1 20 MILES b=1000", "b:line=1 25 MILES b=1000", "a|b miles_rate 5");
    check("a:line=1 20 MILES b=1000", "b:line=1 25 MILES b=1200", "a|b amount 5");
    check("a:line=1 500 b=1000 m=20", "b:line=1 625 b=1000 m=25", "a|b miles_rate 125");
    check("a:line=1 500 b=1000 m=20", "b:line=1 500 b=1000 m=25", "a|b miles_rate 5");
    check("a:line=1 100", "b:line=1 100 +2", "a=b");
    check("a:line=1 100", "b:line=1 100 +3", "a|b late 0");
}

#[test]
fn a_weaker_identifier_does_not_overrule_a_stronger_one() {
    check("a:arn=1,rrn=5 100", "b:arn=2,rrn=5 100", "a|b reference 0");
    check("a:arn=1,rrn=5 100", "b:arn=2,rrn=5 90", "a|b amount -10");
    let two = "a:arn=1,rrn=5 100; c:arn=3,rrn=5 40";
    check(two, "b:arn=2,rrn=5 100", "a| missing_theirs -100; |b missing_ours 100; c| missing_theirs -40");
}

#[test]
fn amount_and_date_only_suggest() {
    check("a 100", "b 100", "a?b");
    check("a:line=1 100", "b 100 +2", "a?b");
    check("a:line=1 100", "b 100 +3", "a| missing_theirs -100; |b missing_ours 100");
    check("a 100", "b 100; c 100", "a|b+c ambiguous 100");
    check("a 100; d 100", "b 100; c 100", "a+d|b+c ambiguous 0");
    check("a 100", "b 60; c 40; d 7", "a?b+c; |d missing_ours 7");
    check("a 60; b 40", "c 100", "a+b?c");
    check(
        "a 100",
        "b 60; c 40; d 30; e 70",
        "a| missing_theirs -100; |b missing_ours 60; |c missing_ours 40; |d missing_ours 30; |e missing_ours 70",
    );
}

#[test]
fn what_two_people_keep_apart_is_not_suggested_again() {
    let apart = |pairs: &[(&str, &str)]| MatchRules {
        apart: pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect(),
        ..rules()
    };
    let check = |ours: &str, theirs: &str, pairs: &[(&str, &str)], expected: &str| {
        let found = compare(&items(ours), &items(theirs), &apart(pairs));
        assert_eq!(told(&found), expected, "{pairs:?}");
    };
    check("a 100", "b 100", &[("a", "b")], "a| missing_theirs -100; |b missing_ours 100");
    check("a 100", "b 100", &[("b", "a")], "a?b");
    // What is left fits in one way only.
    check("a 100", "b 100; c 100", &[("a", "b")], "a?c; |b missing_ours 100");
    check(
        "a 100",
        "b 60; c 40",
        &[("a", "b"), ("a", "c")],
        "a| missing_theirs -100; |b missing_ours 60; |c missing_ours 40",
    );
    // Identifiers are not asked about.
    check("a:line=1 100", "b:line=1 100", &[("a", "b")], "a=b");
}

#[test]
fn the_break_of_a_suggestion_has_both_sides() {
    let found = compare(&items("a:line=1 100"), &items("b:arn=7 100 +2"), &rules());
    let [ask] = found.breaks.as_slice() else { panic!("{found:?}") };
    let field = |name: &str| {
        let found = ask.fields.iter().find(|field| field.field == name).unwrap();
        (found.ours.as_str(), found.theirs.as_str())
    };
    assert_eq!((field("reference"), field("amount")), (("a", "b"), ("100", "100")));
    assert_eq!((field("date"), field("line_id")), (("2026-10-10", "2026-10-12"), ("1", "")));
    assert_eq!((ask.subject.as_str(), ask.timing()), ("b", Timing::Data));
}

#[test]
fn words_are_read_as_they_are_written() {
    for source in Source::ALL {
        assert_eq!(Source::parse(source.name()), Some(source));
    }
    for class in BreakClass::ALL {
        assert_eq!(BreakClass::parse(class.name()), Some(class));
    }
    for reason in Reason::ALL {
        assert_eq!(Reason::parse(reason.name()), Some(reason));
    }
    for rung in Rung::ALL {
        assert_eq!(Rung::parse(rung.name()), Some(rung));
    }
    for timing in Timing::ALL {
        assert_eq!(Timing::parse(timing.name()), Some(timing));
    }
    for shape in Shape::ALL {
        assert_eq!(Shape::parse(shape.name()), Some(shape));
    }
    for confidence in Confidence::ALL {
        assert_eq!(Confidence::parse(confidence.name()), Some(confidence));
    }
    for unit in [Unit::Nothing, Unit::Miles, RUB] {
        assert_eq!(Unit::parse(unit.name()), Some(unit));
    }
    assert_eq!((Unit::parse("rub"), Unit::parse("RUBL"), Source::parse("")), (None, None, None));
}

mod any {
    use proptest::prelude::*;

    use super::*;

    fn any_item(side: &'static str) -> impl Strategy<Value = Item> {
        let rung = prop_oneof![Just(Rung::LineId), Just(Rung::Arn), Just(Rung::RetrievalAndAcceptor)];
        let identifiers = proptest::collection::btree_map(rung, 0_u8..4, 0..3);
        let amount = prop_oneof![-3_i64..7, Just(100_i64), Just(40_i64), Just(60_i64)];
        (identifiers, amount, 0_i64..6, any::<bool>(), 0_u8..2, 0_u16..1_000).prop_map(
            move |(identifiers, amount, days, due, unit, number)| Item {
                reference: format!("{side}{number}"),
                subject: String::new(),
                identifiers: identifiers.into_iter().map(|(rung, value)| (rung, value.to_string())).collect(),
                unit: if unit == 0 { RUB } else { EUR },
                amount,
                direction: None,
                date: DAY.saturating_add(jiff::Span::new().days(days)),
                parts: Parts::default(),
                due,
                of: Whose::default(),
                transaction: None,
            },
        )
    }

    /// References are given once on each side.
    fn side(name: &'static str) -> impl Strategy<Value = Vec<Item>> {
        proptest::collection::vec(any_item(name), 0..9).prop_map(|mut items| {
            items.sort();
            items.dedup_by(|one, other| one.reference == other.reference);
            items
        })
    }

    fn in_all(found: &Comparison) -> Vec<String> {
        let matches = found.matches.iter().flat_map(|of| of.our_refs.iter().chain(&of.their_refs));
        let broken = found.breaks.iter().filter(|of| of.class != BreakClass::Suggested);
        let breaks = broken.flat_map(|of| of.our_refs.iter().chain(&of.their_refs));
        let mut all: Vec<String> = matches.chain(breaks).chain(&found.expected).cloned().collect();
        all.sort();
        all
    }

    fn mirrored(found: &Comparison) -> Vec<String> {
        let turned = |class: BreakClass| match class {
            BreakClass::MissingOurs => BreakClass::MissingTheirs,
            BreakClass::MissingTheirs => BreakClass::MissingOurs,
            class => class,
        };
        let matches = found.matches.iter().map(|of| {
            format!("{:?} {:?} {} {} {}", of.their_refs, of.our_refs, of.rule(), of.theirs, of.ours)
        });
        let breaks = found.breaks.iter().map(|of| {
            let class = turned(of.class).name();
            format!(
                "{:?} {:?} {class} {} {:?} {:?}",
                of.their_refs, of.our_refs, -of.difference, of.theirs, of.ours
            )
        });
        let mut all: Vec<String> = matches.chain(breaks).collect();
        all.sort();
        all
    }

    fn as_it_is(found: &Comparison) -> Vec<String> {
        let matches = found.matches.iter().map(|of| {
            format!("{:?} {:?} {} {} {}", of.our_refs, of.their_refs, of.rule(), of.ours, of.theirs)
        });
        let breaks = found.breaks.iter().map(|of| {
            let class = of.class.name();
            format!(
                "{:?} {:?} {class} {} {:?} {:?}",
                of.our_refs, of.their_refs, of.difference, of.ours, of.theirs
            )
        });
        let mut all: Vec<String> = matches.chain(breaks).collect();
        all.sort();
        all
    }

    proptest! {
        #[test]
        fn every_item_is_in_one_result_and_no_money_is_lost(ours in side("o"), theirs in side("t")) {
            let found = compare(&ours, &theirs, &rules());
            let mut all: Vec<String> = ours.iter().chain(&theirs).map(|item| item.reference.clone()).collect();
            all.sort();
            prop_assert_eq!(in_all(&found), all);
            // What each match and break says is the sum of what is in it.
            let amount = |items: &[Item], refs: &[String]| -> i64 {
                items.iter().filter(|item| refs.contains(&item.reference)).map(|item| item.amount).sum()
            };
            for of in &found.matches {
                prop_assert_eq!(of.ours, amount(&ours, &of.our_refs));
                prop_assert_eq!(of.theirs, amount(&theirs, &of.their_refs));
                prop_assert!(rules().tolerance(of.unit).allows(of.ours.into(), of.theirs.into()));
            }
            for of in found.breaks.iter().filter(|of| of.unit != Unit::Nothing) {
                prop_assert_eq!(of.ours.unwrap_or(0), amount(&ours, &of.our_refs));
                prop_assert_eq!(of.theirs.unwrap_or(0), amount(&theirs, &of.their_refs));
                prop_assert_eq!(of.difference, of.theirs.unwrap_or(0) - of.ours.unwrap_or(0));
            }
        }

        #[test]
        fn confirmed_is_only_what_shares_an_identifier(ours in side("o"), theirs in side("t")) {
            let found = compare(&ours, &theirs, &rules());
            for of in found.matches.iter().filter(|of| of.confidence == Confidence::Confirmed) {
                let rung = of.rung.unwrap();
                let value = |items: &[Item], refs: &[String]| -> Vec<String> {
                    let named = items.iter().filter(|item| refs.contains(&item.reference));
                    let mut values: Vec<String> = named.map(|item| item.identifier(rung).unwrap().to_owned()).collect();
                    values.dedup();
                    values
                };
                prop_assert_eq!(value(&ours, &of.our_refs), value(&theirs, &of.their_refs));
            }
        }

        #[test]
        fn the_order_of_the_input_does_not_matter(ours in side("o"), theirs in side("t")) {
            let backwards = |items: &[Item]| items.iter().rev().cloned().collect::<Vec<Item>>();
            let found = compare(&ours, &theirs, &rules());
            prop_assert_eq!(&compare(&backwards(&ours), &backwards(&theirs), &rules()), &found);
        }

        #[test]
        fn with_the_sides_swapped_it_is_mirrored(ours in side("o"), theirs in side("t")) {
            let found = compare(&ours, &theirs, &rules());
            let swapped = compare(&theirs, &ours, &rules());
            prop_assert_eq!(mirrored(&swapped), as_it_is(&found));
        }

        #[test]
        fn a_side_compared_with_itself_has_no_break(ours in side("o")) {
            let named = |items: &[Item], side: &str| -> Vec<Item> {
                let item = |item: &Item| {
                    let own = (Rung::LineId, item.reference.clone());
                    Item { reference: format!("{side}{}", item.reference), identifiers: vec![own], ..item.clone() }
                };
                items.iter().map(item).collect()
            };
            let found = compare(&named(&ours, "o"), &named(&ours, "t"), &rules());
            prop_assert_eq!((found.matches.len(), found.breaks.len()), (ours.len(), 0));
        }
    }
}
