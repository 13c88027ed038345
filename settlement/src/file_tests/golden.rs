//! The worked day to the kopeck, an empty day, and the chain of files.

use std::path::Path;

use domain::settlement::{Basis, Direction};
use domain::{CutOffs, CycleOfDay};
use jiff::civil::{Time, time};

use super::*;
use crate::{FileSummary, verify_chain, verify_chain_through, verify_edition, verify_file};

fn verified(bytes: &[u8]) -> FileSummary {
    verify_file(bytes).unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(bytes)))
}

/// Set to accept what is rendered now as the golden files.
const ACCEPT: &str = "COBRAND_ACCEPT_GOLDEN";

#[test]
fn the_worked_day_is_rendered_to_the_byte() {
    let day = worked_day();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/worked-day/golden");
    for receiver in ["airboreal", "kosta", "northbank", "skyfuel"] {
        let (header, rendered) = day.file(receiver, FIRST);
        let path = folder.join(header.file_name());
        if std::env::var_os(ACCEPT).is_some() {
            std::fs::write(&path, &rendered).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap();
        assert_eq!(String::from_utf8(rendered).unwrap(), golden, "{}", path.display());
    }
}

#[test]
fn the_example_in_the_document_is_a_golden_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/settlement-file.md");
    let mut document = std::fs::read_to_string(&path).unwrap();
    let example = String::from_utf8(file(&worked_day(), "skyfuel", FIRST)).unwrap();
    if std::env::var_os(ACCEPT).is_some() {
        let begin = document.find("```text\nFH|").unwrap();
        document.replace_range(begin.., &format!("```text\n{example}```\n"));
        std::fs::write(&path, &document).unwrap();
    }
    assert!(document.contains(&example), "put this into docs/settlement-file.md:\n{example}");
}

/// Partner, direction, transactions, quantities, net, tax, rounding, to pay.
type Totals = (&'static str, Direction, i64, Vec<(Basis, i64)>, [i64; 4]);

fn worked_totals() -> [Totals; 3] {
    use Direction::{BankPaysPartner, PartnerPaysBank};
    let miles = vec![(Basis::MilesGranted, 2_230)];
    let kosta = vec![(Basis::Turnover, 1_484_566), (Basis::StatementCreditShare, 34_500)];
    let skyfuel = vec![(Basis::BonusMiles, 120), (Basis::TillShare, 11_175)];
    [
        ("airboreal", BankPaysPartner, 11, miles, [137_145, 27_429, -2, 164_574]),
        ("kosta", PartnerPaysBank, 5, kosta, [52_315, 3_563, 0, 55_878]),
        ("skyfuel", BankPaysPartner, 1, skyfuel, [2_775, -1_680, 0, 1_095]),
    ]
}

#[test]
fn the_totals_of_the_worked_day_are_those_of_the_separate_calculation() {
    let day = worked_day();
    let bank = verified(&file(&day, "northbank", FIRST));
    assert_eq!(bank.batches.len(), 3);
    for ((partner, direction, transactions, quantities, amounts), in_bank_file) in
        worked_totals().into_iter().zip(&bank.batches)
    {
        let own = verified(&file(&day, partner, FIRST));
        assert_eq!(own.batches.as_slice(), std::slice::from_ref(in_bank_file), "{partner}");
        let batch = &own.batches[0];
        assert_eq!(
            (batch.partner.as_str(), batch.direction, batch.transactions),
            (partner, direction, transactions)
        );
        assert_eq!(batch.quantities, quantities, "{partner}");
        let found = [batch.net_minor, batch.vat_minor, batch.rounding_minor, batch.to_pay_minor];
        assert_eq!(found, amounts, "{partner}");
        assert_eq!(batch.cobrand, partner == "airboreal");
    }
    let totals: Vec<_> = bank.totals.iter().map(|total| (total.direction, total.to_pay_minor)).collect();
    assert_eq!(totals, [(Direction::BankPaysPartner, 165_669), (Direction::PartnerPaysBank, 55_878)]);
}

#[test]
fn every_line_of_the_worked_day_is_there() {
    let totals = |receiver: &str| -> Vec<i64> {
        let bytes = file(&worked_day(), receiver, FIRST);
        let text = String::from_utf8(bytes).unwrap();
        let rows =
            text.lines().filter(|line| ["TX|", "RD|", "VD|"].iter().any(|kind| line.starts_with(kind)));
        rows.map(|line| line.rsplit('|').next().unwrap().parse().unwrap()).collect()
    };
    let lines = [3_629, 14_760, 12_608, 984, 984, 1_538, -984, 92_250, 431, 1_230, 9_717];
    assert_eq!(totals("airboreal"), [&lines[..], &[-2, 27_429]].concat());
    assert_eq!(totals("kosta"), [47_778, 1_440, 4_440, 6_660, -4_440]);
    // Stated in the direction of the first item, bonus miles, which the partner pays.
    assert_eq!(totals("skyfuel"), [-1_095]);
}

#[test]
fn an_empty_day_has_files_that_say_so() {
    let day = day_of(Vec::new());
    let receivers = day.receivers();
    assert_eq!(receivers.iter().collect::<Vec<_>>(), ["airboreal", "kosta", "northbank", "skyfuel"]);
    for receiver in receivers {
        let summary = verified(&file(&day, &receiver, FIRST));
        assert!(!summary.batches.is_empty());
        assert!(summary.batches.iter().all(|batch| (batch.transactions, batch.to_pay_minor) == (0, 0)));
        assert_eq!(summary.hash_total, 0);
    }
}

#[test]
fn the_order_of_the_rows_in_the_database_does_not_matter() {
    let mut rows = movement_rows();
    rows.sort_by_key(|row| row.amount);
    assert_eq!(file(&day_of(rows), "northbank", FIRST), file(&worked_day(), "northbank", FIRST));
}

#[test]
fn files_are_chained_by_the_hash_of_all_bytes() {
    let day = worked_day();
    let first = verified(&file(&day, "kosta", FIRST));
    let hash = |text: &str| -> [u8; 32] { hex::decode(text).unwrap().try_into().unwrap() };
    let next = Place { sequence: 2, revision: 0, previous_sha256: Some(hash(&first.sha256)) };
    let second = verified(&file(&day, "kosta", next));
    verify_chain(&first, &second).unwrap();
    let gap = verified(&file(&day, "kosta", Place { sequence: 3, ..next }));
    assert!(verify_chain(&first, &gap).unwrap_err().to_string().contains("expected 2, found 3"));
    let other = verified(&file(&day, "kosta", Place { previous_sha256: Some([1; 32]), ..next }));
    assert!(verify_chain(&first, &other).is_err());
    assert!(verify_chain(&first, &verified(&file(&day, "skyfuel", next))).is_err());
    assert!(verify_chain(&second, &first).is_err());
}

#[test]
fn a_chain_leads_through_the_edition_that_was_there_and_says_which() {
    let day = worked_day();
    let edition = |revision| verified(&file(&day, "kosta", Place { revision, ..FIRST }));
    let (first, revised) = (edition(0), edition(1));
    let hash = |text: &str| -> [u8; 32] { hex::decode(text).unwrap().try_into().unwrap() };
    let after = |summary: &FileSummary| {
        let previous_sha256 = Some(hash(&summary.sha256));
        verified(&file(&day, "kosta", Place { sequence: 2, revision: 0, previous_sha256 }))
    };
    verify_edition(&first, &revised).unwrap();
    // Booked before the revision was made, and after it.
    let both = [first.clone(), revised.clone()];
    assert_eq!(verify_chain_through(&both, &after(&first)).unwrap(), 0);
    assert_eq!(verify_chain_through(&both, &after(&revised)).unwrap(), 1);
    let alone = verify_chain(&revised, &after(&first)).unwrap_err().to_string();
    assert!(alone.contains("in one of its revisions") && alone.contains(&first.sha256), "{alone}");
    // What is no edition of the same file leads nowhere.
    let other = verified(&file(&day_of(Vec::new()), "kosta", Place { revision: 2, ..FIRST }));
    for wrong in [other, after(&first), verified(&file(&day, "skyfuel", FIRST))] {
        assert!(verify_edition(&first, &wrong).is_err());
        assert!(verify_chain_through(&[first.clone(), wrong], &after(&first)).is_err());
    }
    assert!(verify_chain_through(&[], &first).is_err());
}

#[test]
fn foreign_text_cannot_break_a_record() {
    let mut rows = movement_rows();
    for row in &mut rows {
        row.card_acceptor = "A|B\r\nFT|1\u{2028}".to_owned();
        row.terminal = "=1+1".to_owned();
        row.member_number = "Ёж-1".to_owned();
    }
    let bytes = file(&day_of(rows), "northbank", FIRST);
    assert!(verified(&bytes).batches.iter().all(|batch| batch.transactions > 0));
    assert!(String::from_utf8(bytes).unwrap().contains("|A B  FT 1 |=1+1|Ёж-1|"));
}

#[test]
fn an_instant_is_the_nominal_one_in_the_zone_of_the_program() {
    let mut setup = sample::setup();
    let of = |setup: &ProgramSetup, date, number| {
        let place = setup.cut_offs.in_day(CycleOfDay { date, number }, None);
        setup.cut_off(place).unwrap().to_string()
    };
    let at = |setup: &ProgramSetup, date| of(setup, date, 1);
    assert_eq!(at(&setup, sample::SATURDAY), "2026-10-11T00:00:00+03:00[Europe/Moscow]");
    setup.cut_offs = CutOffs::new(vec![time(12, 0, 0, 0), Time::midnight()]).unwrap();
    assert_eq!(at(&setup, sample::SATURDAY), "2026-10-10T12:00:00+03:00[Europe/Moscow]");
    assert_eq!(of(&setup, sample::SATURDAY, 2), "2026-10-11T00:00:00+03:00[Europe/Moscow]");
    // The clock is put forward at this very moment: there is no 02:30.
    setup.time_zone = "Europe/Berlin".to_owned();
    setup.cut_offs = CutOffs::one(time(2, 30, 0, 0));
    let spring = jiff::civil::date(2026, 3, 28);
    assert_eq!(at(&setup, spring), "2026-03-29T03:30:00+02:00[Europe/Berlin]");
}

#[test]
fn what_nobody_prices_stops_the_close() {
    let refused = |setup: ProgramSetup| Day::of(setup, cycle(), movement_rows()).unwrap_err();
    let mut without_fuel = sample::setup();
    without_fuel.terms.retain(|terms| terms.partner != sample::SKYFUEL);
    assert!(matches!(
        refused(without_fuel),
        CloseError::Unpriced { partner, basis: Basis::TillShare, .. } if partner == "skyfuel"
    ));
    let mut ended = sample::setup();
    ended.terms[1].effective.to = Some(sample::SATURDAY);
    let error = refused(ended).to_string();
    assert!(error.contains("\"airboreal\" has miles_granted on 2026-10-10"), "{error}");
}

#[test]
fn a_setup_that_would_be_ambiguous_in_a_file_is_refused() {
    let refused = |change: fn(&mut ProgramSetup)| {
        let mut setup = sample::setup();
        change(&mut setup);
        match Day::of(setup, cycle(), Vec::new()) {
            Err(CloseError::Setup { problem, .. }) => problem,
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(|setup| setup.bank.1 = "kosta".to_owned()).contains("the bank and a partner"));
    assert!(refused(|setup| setup.code = "gold|2".to_owned()).contains("a-z, 0-9"));
    assert!(refused(|setup| setup.time_zone = "Europe/Moscov".to_owned()).contains("time zone"));
    assert!(refused(|setup| setup.terms.push(setup.terms[0].clone())).contains("two sets of terms"));
    assert!(refused(|setup| setup.terms[0].currency = domain::Currency(999)).contains("ISO 4217"));
    assert!(refused(|setup| setup.partner_codes.clear()).contains("no code"));
}

#[test]
fn corrections_are_lines_of_their_own_and_what_is_late_says_so() {
    let mut rows = movement_rows();
    for row in rows.iter_mut().filter(|row| row.stan == "000010") {
        row.mti = "rerate".to_owned();
    }
    for row in rows.iter_mut().filter(|row| row.stan == "000020") {
        row.local_date = jiff::civil::date(2026, 9, 30);
    }
    let day = day_of(rows);
    let bytes = file(&day, "airboreal", FIRST);
    let batch = &verified(&bytes).batches[0];
    assert_eq!((batch.transactions, batch.adjustments, batch.to_pay_minor), (11, 1, 164_574));
    assert_eq!(day.positions()[0].lines, 11);
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[2].starts_with("AJ|boreal-gold-000001-airboreal-RUB-000001|rerate||000000006ac9fe9a"),
        "{text}"
    );
    assert!(lines[3].contains("|2026-09-30|07070707|722650|10|240|14760|0|"), "{text}");
    assert!(lines[4].contains("|2026-10-10|07070707|1234567|0|205|"), "{text}");
}

#[test]
fn a_file_opens_with_what_the_one_before_it_carried_forward() {
    let mut setup = sample::setup();
    setup.terms.iter_mut().for_each(|terms| terms.minimum_payable = Some(100_000));
    let day = Day::of(setup.clone(), cycle(), movement_rows()).unwrap();
    let first = verified(&file(&day, "skyfuel", FIRST));
    assert_eq!((first.batches[0].closing_minor, first.batches[0].to_pay_minor), (-1_095, 0));
    let next = |balance_minor, stated: Option<Direction>| {
        let mut setup = setup.clone();
        let terms = setup.terms.iter_mut().find(|terms| terms.partner == sample::SKYFUEL).unwrap();
        if let Some(stated) = stated {
            terms.items.retain(|item| item.direction == stated);
        }
        let opening = domain::settlement::BatchOpening { balance_minor, ..Default::default() };
        let stored = store::StoredOpening { opening, rate: None };
        let key = (sample::SKYFUEL, domain::Currency(643));
        let before = Before { openings: vec![(key, stored)], ..nothing_before(cycle()) };
        let cycle =
            store::Cycle { sequence: 2, business_date: sample::SATURDAY.tomorrow().unwrap(), ..cycle() };
        let day = Day::opened(setup, cycle, Vec::new(), &before).unwrap();
        let previous_sha256 = hex::decode(&first.sha256).unwrap().try_into().ok();
        verified(&file(&day, "skyfuel", Place { sequence: 2, revision: 0, previous_sha256 }))
    };
    verify_chain(&first, &next(-1_095, None)).unwrap();
    // The same balance in terms that are stated the other way.
    verify_chain(&first, &next(1_095, Some(Direction::BankPaysPartner))).unwrap();
    for other in [1_095, 0, -1_094] {
        let error = verify_chain(&first, &next(other, None)).unwrap_err().to_string();
        assert!(error.contains("opening balance: expected skyfuel RUB 1095 owed by the bank"), "{error}");
    }
}

#[test]
fn terms_of_fees_alone_give_a_file_that_can_be_verified() {
    let mut setup = sample::setup();
    let terms = setup.terms.iter_mut().find(|terms| terms.partner == sample::KOSTA).unwrap();
    terms.items.clear();
    terms.charges = vec![domain::settlement::TermCharge {
        basis: Basis::FixedFee,
        every: domain::settlement::Every::Cycle,
        direction: Direction::PartnerPaysBank,
        price: domain::Ratio::new(500, 1).unwrap(),
        rounding: domain::Rounding::HalfUp,
        vat: None,
    }];
    let mut rows = movement_rows();
    rows.retain(|row| matches!(row.item, Item::Base | Item::Turnover(_)));
    let day = Day::of(setup, cycle(), rows).unwrap();
    let batch = &verified(&file(&day, "kosta", FIRST)).batches[0];
    assert_eq!((batch.transactions, batch.charges, batch.to_pay_minor), (0, 1, 500));
}

#[test]
fn what_was_carried_forward_opens_the_batch() {
    let opening = domain::settlement::BatchOpening { balance_minor: 2_000, ..Default::default() };
    let key = (sample::SKYFUEL, domain::Currency(643));
    let stored = store::StoredOpening { opening, rate: None };
    let before = Before {
        openings: vec![(key, stored)],
        new_cards: vec!["AB-N".to_owned()],
        ..nothing_before(cycle())
    };
    let day = Day::opened(sample::setup(), cycle(), movement_rows(), &before).unwrap();
    let batch = &verified(&file(&day, "skyfuel", FIRST)).batches[0];
    // The partner owed 20.00 and is owed 10.95.
    assert_eq!((batch.direction, batch.to_pay_minor), (Direction::PartnerPaysBank, 905));
    assert_eq!((batch.opening_minor, batch.net_minor, batch.vat_minor), (2_000, -2_775, 1_680));
    assert_eq!(batch.charges, 0, "its terms say nothing of new cards");
}

#[test]
fn fees_are_rows_of_their_own() {
    use domain::settlement::{Every, RoundingLevel, TermCharge, Vat};
    let fee = |basis, every, price| TermCharge {
        basis,
        every,
        direction: Direction::PartnerPaysBank,
        price: domain::Ratio::new(price, 1).unwrap(),
        rounding: domain::Rounding::HalfUp,
        vat: Some(Vat {
            rate: domain::Ratio::new(20, 100).unwrap(),
            level: RoundingLevel::Line,
            rounding: domain::Rounding::HalfUp,
        }),
    };
    let mut setup = sample::setup();
    setup.terms[1].charges =
        vec![fee(Basis::NewCards, Every::Unit, 500), fee(Basis::FixedFee, Every::Cycle, 1_000)];
    let before = Before { new_cards: vec!["AB-N".to_owned(), "AB-M".to_owned()], ..nothing_before(cycle()) };
    let day = Day::opened(setup, cycle(), movement_rows(), &before).unwrap();
    let bytes = file(&day, "airboreal", FIRST);
    let batch = &verified(&bytes).batches[0];
    // 20.00 of fees with 4.00 of tax are paid the other way.
    assert_eq!((batch.charges, batch.to_pay_minor), (3, 164_574 - 2_400));
    let text = String::from_utf8(bytes).unwrap();
    let fees: Vec<&str> = text.lines().filter(|line| line.starts_with("CH|")).collect();
    assert_eq!(
        fees,
        [
            "CH|boreal-gold-000001-airboreal-RUB-000012|new_cards|AB-N|2026-10-10|1|-500|-100|-600",
            "CH|boreal-gold-000001-airboreal-RUB-000013|new_cards|AB-M|2026-10-10|1|-500|-100|-600",
            "CH|boreal-gold-000001-airboreal-RUB-000014|fixed_fee|2026-10|2026-10-10|1|-1000|-200|-1200",
        ]
    );
}

#[test]
fn a_message_that_moved_two_purchases_has_two_lines() {
    let mut rows = movement_rows();
    let mut other = rows.iter().find(|row| row.item == Item::Base).unwrap().clone();
    other.purchase = domain::MessageKey::new(1, [9; 16]);
    rows.push(other);
    let summary = verified(&file(&day_of(rows), "airboreal", FIRST));
    assert_eq!(summary.batches[0].transactions, 12);
}
