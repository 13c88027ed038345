//! Tests of cases: what is allowed where, what follows, and that nothing goes past zero.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use domain::{AdjustedItem, MoneyError, ProgramId, case::*};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, date},
};
use proptest::prelude::*;

const TODAY: Date = date(2026, 10, 12);

fn opened() -> Timestamp {
    "2026-10-12T06:00:00Z".parse().unwrap()
}

fn after_hours(hours: i64) -> Timestamp {
    opened() + SignedDuration::from_hours(hours)
}

/// Of a partner's line: 90 are missing, nobody has it.
fn standing(state: CaseState, left: i64) -> CaseStanding {
    CaseStanding {
        state,
        resolution: (state == CaseState::Resolved).then_some(Resolution::WrittenOff),
        is_assigned: state == CaseState::Assigned,
        class: "amount".to_owned(),
        unit: "RUB".to_owned(),
        difference: left,
        left,
        cured: 0,
        has_file: true,
        proposed_by: None,
    }
}

fn proposed(kind: CaseProposalKind, amount: i64) -> Proposed {
    let wait_until = (kind == CaseProposalKind::WaitUntil).then_some(date(2026, 10, 20));
    Proposed { kind, amount, wait_until, has_reference: kind == CaseProposalKind::Match }
}

#[test]
fn every_word_is_read_as_it_is_written() {
    fn check<T: Copy + PartialEq + std::fmt::Debug>(
        all: &[T],
        name: impl Fn(T) -> &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) {
        all.iter().for_each(|one| assert_eq!(parse(name(*one)), Some(*one)));
        assert_eq!(parse("something else"), None);
    }
    check(&CaseState::ALL, CaseState::name, CaseState::parse);
    check(&Resolution::ALL, Resolution::name, Resolution::parse);
    check(&CaseProposalKind::ALL, CaseProposalKind::name, CaseProposalKind::parse);
    check(&CaseBookingKind::ALL, CaseBookingKind::name, CaseBookingKind::parse);
    check(&WriteOffAccount::ALL, WriteOffAccount::name, WriteOffAccount::parse);
    check(&Severity::ALL, Severity::name, Severity::parse);
    check(&AgeBucket::ALL, AgeBucket::name, AgeBucket::parse);
    check(&AttachmentType::ALL, AttachmentType::name, AttachmentType::parse);
}

#[test]
fn a_break_allows_what_its_class_and_its_amount_allow() {
    use CaseProposalKind::{Adjust, Explain, KeepApart, Match, SendBack, WaitUntil, WriteOff};
    let check = |class: &str, unit: &str, left: i64, has_file: bool, allowed: &[CaseProposalKind]| {
        let case = CaseStanding {
            class: class.to_owned(),
            unit: unit.to_owned(),
            has_file,
            ..standing(CaseState::Open, left)
        };
        assert_eq!(case.kinds(), allowed, "{class} {unit} {left} {has_file}");
    };
    check("amount", "RUB", 90, true, &[Match, WriteOff, Adjust, SendBack, WaitUntil]);
    check("amount", "RUB", -90, true, &[Match, WriteOff, Adjust, SendBack, WaitUntil]);
    check("missing_ours", "RUB", 90, false, &[Match, WriteOff, SendBack, WaitUntil]);
    check("miles_rate", "MILES", -5, true, &[Match, WriteOff, Adjust, SendBack, WaitUntil]);
    check("reference", "RUB", 0, true, &[Match, SendBack, WaitUntil, Explain]);
    check("ambiguous", "", 0, true, &[Match, SendBack, WaitUntil, Explain]);
    check("suggested", "", 0, true, &[Match, SendBack, WaitUntil, KeepApart]);
    check("altered_file", "", 0, true, &[SendBack, WaitUntil, Explain]);
    check("missing", "", 0, false, &[SendBack, WaitUntil, Explain]);
    check("totals", "RUB", 7, true, &[Match, WriteOff, Adjust, SendBack, WaitUntil]);

    let resolved = standing(CaseState::Resolved, 0);
    assert_eq!(resolved.kinds(), []);
    let waits = CaseStanding { proposed_by: Some("ann".to_owned()), ..standing(CaseState::Assigned, 90) };
    assert_eq!(waits.kinds(), [], "one proposal at a time");
}

#[test]
fn what_is_proposed_brings_what_is_left_towards_zero() {
    use CaseProposalKind::{Adjust, Explain, Match, SendBack, WaitUntil, WriteOff};
    let check = |left: i64, kind: CaseProposalKind, amount: i64, refusal: Option<CaseRefusal>| {
        let found = standing(CaseState::Open, left).propose(&proposed(kind, amount), TODAY);
        assert_eq!(found.err(), refusal, "{kind:?} {amount} of {left}");
    };
    let past = Some(CaseRefusal::PastWhatIsLeft);
    for kind in [Match, WriteOff, Adjust] {
        check(90, kind, 90, None);
        check(90, kind, 1, None);
        check(90, kind, 91, past);
        check(90, kind, 0, past);
        check(90, kind, -1, past);
        check(-90, kind, -90, None);
        check(-90, kind, 90, past);
        check(i64::MIN, kind, i64::MIN, None);
        check(i64::MAX, kind, i64::MIN, past);
    }
    check(90, SendBack, 0, None);
    check(90, SendBack, 1, past);
    check(90, WaitUntil, 0, None);
    check(90, Explain, 0, Some(CaseRefusal::NotAllowed(Explain)));
    check(0, Explain, 0, None);
    check(0, Explain, 1, past);
    check(0, Match, 0, None);
    check(0, Match, 1, past);
    check(0, WriteOff, 0, Some(CaseRefusal::NotAllowed(WriteOff)));
}

#[test]
fn a_proposal_is_made_where_one_can_be_decided() {
    let write_off = proposed(CaseProposalKind::WriteOff, 90);
    let check = |case: &CaseStanding, refusal| assert_eq!(case.propose(&write_off, TODAY).err(), refusal);
    for state in [CaseState::Open, CaseState::Assigned, CaseState::PendingExternal] {
        check(&standing(state, 90), None);
    }
    check(&standing(CaseState::Resolved, 90), Some(CaseRefusal::Resolved));
    let undecided = CaseStanding { proposed_by: Some("ann".to_owned()), ..standing(CaseState::Open, 90) };
    check(&undecided, Some(CaseRefusal::Undecided));

    let unnamed = Proposed { has_reference: false, ..proposed(CaseProposalKind::Match, 90) };
    let found = standing(CaseState::Open, 90).propose(&unnamed, TODAY);
    assert_eq!(found, Err(CaseRefusal::NoReference));
}

#[test]
fn a_case_waits_for_a_day_that_comes() {
    let check = |kind: CaseProposalKind, wait_until: Option<Date>, fits: bool| {
        let proposed = Proposed { wait_until, ..proposed(kind, 0) };
        let wanted = if fits { Ok(()) } else { Err(CaseRefusal::WaitDate) };
        let left = if kind == CaseProposalKind::Explain { 0 } else { 90 };
        let found = standing(CaseState::Open, left).propose(&proposed, TODAY);
        assert_eq!(found, wanted, "{kind:?} {wait_until:?}");
    };
    for (kind, without) in [
        (CaseProposalKind::WaitUntil, false),
        (CaseProposalKind::SendBack, true),
        (CaseProposalKind::Explain, true),
    ] {
        let waits = kind != CaseProposalKind::Explain;
        check(kind, None, without);
        check(kind, Some(date(2026, 10, 13)), waits);
        check(kind, Some(date(2027, 10, 13)), waits);
        check(kind, Some(date(2027, 10, 14)), false);
        check(kind, Some(TODAY), false);
        check(kind, Some(date(2026, 10, 11)), false);
    }
    let until = date(2026, 10, 14);
    for (state, is_assigned, today, stands) in [
        (CaseState::PendingExternal, true, until, Some(CaseState::Assigned)),
        (CaseState::PendingExternal, false, until, Some(CaseState::Open)),
        (CaseState::PendingExternal, false, date(2026, 10, 15), Some(CaseState::Open)),
        (CaseState::PendingExternal, false, date(2026, 10, 13), None),
        (CaseState::Assigned, true, until, None),
        (CaseState::Resolved, true, until, None),
    ] {
        let case = CaseStanding { is_assigned, ..standing(state, 90) };
        assert_eq!(case.ripen(until, today), stands, "{state:?} {today}");
    }
}

#[test]
fn four_eyes_see_every_decision() {
    let decide = |proposer: Option<&str>, approves: bool, by: &str, state: CaseState| {
        let proposed_by = proposer.map(str::to_owned);
        let case = CaseStanding { proposed_by, ..standing(state, 90) };
        case.decide(&proposed(CaseProposalKind::WriteOff, 90), approves, by).err()
    };
    assert_eq!(decide(Some("ann"), true, "bob", CaseState::Open), None);
    assert_eq!(decide(Some("ann"), true, "ann", CaseState::Open), Some(CaseRefusal::SamePerson));
    assert_eq!(decide(Some("root"), true, "root", CaseState::Open), Some(CaseRefusal::SamePerson));
    assert_eq!(decide(Some("ann"), false, "ann", CaseState::Open), None);
    assert_eq!(decide(None, true, "bob", CaseState::Open), Some(CaseRefusal::NothingProposed));
    assert_eq!(decide(Some("ann"), true, "bob", CaseState::Resolved), Some(CaseRefusal::Resolved));
    assert_eq!(
        decide(Some("ann"), false, "bob", CaseState::Resolved),
        None,
        "cured meanwhile: it can be refused"
    );

    let take_back = |proposer: Option<&str>, by: &str| {
        let proposed_by = proposer.map(str::to_owned);
        CaseStanding { proposed_by, ..standing(CaseState::Open, 90) }.take_back(by).err()
    };
    assert_eq!(take_back(Some("ann"), "ann"), None);
    assert_eq!(take_back(Some("ann"), "bob"), Some(CaseRefusal::NotTheProposer));
    assert_eq!(take_back(None, "bob"), Some(CaseRefusal::NothingProposed));
}

#[test]
fn an_approval_books_what_was_proposed_and_resolves_what_has_nothing_left() {
    use CaseProposalKind::{Adjust, Explain, Match, SendBack, WaitUntil, WriteOff};
    let check =
        |kind: CaseProposalKind, left: i64, amount: i64, state: CaseState, resolution: Option<Resolution>| {
            let case =
                CaseStanding { proposed_by: Some("ann".to_owned()), ..standing(CaseState::Assigned, left) };
            let after = case.decide(&proposed(kind, amount), true, "bob").unwrap();
            let booking = Some((kind.booking(), amount));
            assert_eq!(
                after,
                AfterStep { state, resolution, booking, left: left - amount },
                "{kind:?} {amount} of {left}"
            );
        };
    check(WriteOff, 90, 90, CaseState::Resolved, Some(Resolution::WrittenOff));
    check(WriteOff, 90, 30, CaseState::Assigned, None);
    check(Adjust, -90, -90, CaseState::Resolved, Some(Resolution::Adjusted));
    check(Adjust, -90, -89, CaseState::Assigned, None);
    check(Match, 90, 90, CaseState::Resolved, Some(Resolution::Matched));
    check(Match, 0, 0, CaseState::Resolved, Some(Resolution::Matched));
    check(Explain, 0, 0, CaseState::Resolved, Some(Resolution::Explained));
    check(SendBack, 90, 0, CaseState::PendingExternal, None);
    check(WaitUntil, 90, 0, CaseState::PendingExternal, None);
    check(WaitUntil, 0, 0, CaseState::PendingExternal, None);

    // What a comparison has changed meanwhile is not approved blindly.
    let less = CaseStanding { proposed_by: Some("ann".to_owned()), ..standing(CaseState::Open, 60) };
    let found = less.decide(&proposed(WriteOff, 90), true, "bob");
    assert_eq!(found, Err(CaseRefusal::PastWhatIsLeft));
    let refused = less.decide(&proposed(WriteOff, 90), false, "bob").unwrap();
    assert_eq!((refused.state, refused.booking, refused.left), (CaseState::Open, None, 60));
}

#[test]
fn a_case_is_given_to_people_while_something_is_left_to_be_done() {
    let check = |state: CaseState, to_somebody: bool, wanted: Result<CaseState, CaseRefusal>| {
        assert_eq!(standing(state, 90).assign(to_somebody), wanted, "{state:?} {to_somebody}");
    };
    check(CaseState::Open, true, Ok(CaseState::Assigned));
    check(CaseState::Open, false, Ok(CaseState::Open));
    check(CaseState::Assigned, true, Ok(CaseState::Assigned));
    check(CaseState::Assigned, false, Ok(CaseState::Open));
    check(CaseState::PendingExternal, true, Ok(CaseState::PendingExternal));
    check(CaseState::PendingExternal, false, Ok(CaseState::PendingExternal));
    check(CaseState::Resolved, true, Err(CaseRefusal::Resolved));
}

#[test]
fn a_cured_break_resolves_its_case_and_one_that_comes_back_opens_it_again() {
    let open = standing(CaseState::Assigned, 60);
    let cured = open.cure().unwrap();
    let booking = Some((CaseBookingKind::Cured, 60));
    let resolution = Some(Resolution::Cured);
    assert_eq!(cured, AfterStep { state: CaseState::Resolved, resolution, booking, left: 0 });
    assert_eq!(standing(CaseState::Resolved, 0).cure(), None, "what people decided stays");

    let check = |case: CaseStanding, difference: i64, wanted: Option<(CaseState, Option<i64>, i64)>| {
        let found = case.found_again(difference).unwrap();
        let told = found.map(|after| (after.state, after.booking.map(|(_, amount)| amount), after.left));
        assert_eq!(told, wanted, "{case:?} {difference}");
    };
    let cured = |is_assigned: bool, difference: i64, cured: i64| CaseStanding {
        resolution: Some(Resolution::Cured),
        is_assigned,
        difference,
        cured,
        ..standing(CaseState::Resolved, 0)
    };
    // 90, of which 30 were written off, and 60 cured.
    check(cured(true, 90, 60), 90, Some((CaseState::Assigned, Some(-60), 60)));
    check(cured(false, 90, 60), 90, Some((CaseState::Open, Some(-60), 60)));
    check(cured(false, 90, 60), 100, Some((CaseState::Open, Some(-60), 70)));
    check(cured(false, 90, 60), 20, Some((CaseState::Open, Some(-60), -10)));
    check(cured(false, 0, 0), 0, Some((CaseState::Open, Some(0), 0)));
    // Written off as a whole: the same difference is no news, another one is.
    let written_off = CaseStanding { difference: 90, ..standing(CaseState::Resolved, 0) };
    check(written_off.clone(), 90, None);
    check(written_off, 100, Some((CaseState::Open, None, 10)));
    // Not resolved: its difference is what it is now.
    check(standing(CaseState::PendingExternal, 90), 90, None);
    check(standing(CaseState::PendingExternal, 90), 60, Some((CaseState::PendingExternal, None, 60)));
    assert!(standing(CaseState::Open, i64::MAX).found_again(i64::MIN).is_err());
}

#[test]
fn severity_is_the_worst_of_amount_class_and_age() {
    let exact = |program: Option<u16>, unit: Option<&str>, medium: i64| AmountThresholds {
        program: program.map(|number| ProgramId(i32::from(number))),
        unit: unit.map(str::to_owned),
        medium,
        high: medium * 10,
        critical: medium * 100,
    };
    let rules = CaseRules {
        amounts: vec![exact(None, None, 100), exact(None, Some("MILES"), 7), exact(Some(2), None, 1_000)],
        ..CaseRules::default()
    };
    let check = |program: i32, class: &str, unit: &str, difference: i64, severity: Severity| {
        let found = rules.at_first(Some(ProgramId(program)), class, unit, difference);
        assert_eq!(found, severity, "{program} {class} {unit} {difference}");
    };
    check(1, "amount", "RUB", 99, Severity::Low);
    check(1, "amount", "RUB", -100, Severity::Medium);
    check(1, "amount", "RUB", 1_000, Severity::High);
    check(1, "amount", "RUB", i64::MIN, Severity::Critical);
    check(1, "amount", "MILES", 7, Severity::Medium);
    check(2, "amount", "MILES", 7, Severity::Low);
    check(2, "amount", "RUB", 1_000, Severity::Medium);
    check(1, "reference", "", 0, Severity::Low);
    check(1, "signature", "", 0, Severity::Critical);
    check(1, "sequence_gap", "", 0, Severity::High);
    check(1, "totals", "RUB", 1, Severity::High);
    check(1, "totals", "RUB", 10_000, Severity::Critical);
    let none = CaseRules { amounts: Vec::new(), ..CaseRules::default() };
    assert_eq!(none.by_amount(None, "RUB", i64::MAX), Severity::Low);

    for (hours, severity) in [
        (-5, Severity::Low),
        (23, Severity::Low),
        (24, Severity::Medium),
        (72, Severity::High),
        (119, Severity::High),
        (120, Severity::Critical),
    ] {
        assert_eq!(rules.by_age(opened(), after_hours(hours)), severity, "{hours}");
    }
    for (severity, hours) in
        [(Severity::Low, 168), (Severity::Medium, 120), (Severity::High, 72), (Severity::Critical, 24)]
    {
        assert_eq!(rules.due_at(severity, opened()), after_hours(hours), "{severity:?}");
    }
    assert_eq!(rules.due_at(Severity::Low, Timestamp::MAX), Timestamp::MAX);
}

#[test]
fn what_is_said_of_classes_is_said_of_classes_that_there_are() {
    let rules = CaseRules::default();
    let known = |class: &String| domain::reconciliation::BreakClass::parse(class).is_some();
    assert!(rules.classes.keys().all(known), "{:?}", rules.classes);
}

#[test]
fn thresholds_that_contradict_themselves_are_refused() {
    let check = |change: fn(&mut CaseRules), fault: Option<CaseRulesFault>| {
        let mut rules = CaseRules::default();
        change(&mut rules);
        assert_eq!(rules.fault(), fault, "{rules:?}");
    };
    check(|_| {}, None);
    check(|rules| rules.amounts.clear(), None);
    check(|rules| rules.amounts[0].medium = 0, Some(CaseRulesFault::Amounts));
    check(|rules| rules.amounts[0].high = 1, Some(CaseRulesFault::Amounts));
    check(|rules| rules.amounts[0].critical = 1, Some(CaseRulesFault::Amounts));
    check(|rules| rules.amounts.push(rules.amounts[0].clone()), Some(CaseRulesFault::Twice));
    check(|rules| rules.age_hours = [0, 72, 120], Some(CaseRulesFault::Ages));
    check(|rules| rules.age_hours = [24, 20, 120], Some(CaseRulesFault::Ages));
    check(|rules| rules.age_hours = [24, 72, 70], Some(CaseRulesFault::Ages));
    check(|rules| rules.due_hours = [24, 72, 70, 20], Some(CaseRulesFault::DueHours));
    check(|rules| rules.due_hours = [24, 24, 24, 0], Some(CaseRulesFault::DueHours));
    check(|rules| rules.due_hours = [24, 24, 24, 24], None);
}

#[test]
fn every_age_is_in_one_bucket() {
    for (days, bucket) in [
        (0, AgeBucket::UpTo1),
        (1, AgeBucket::UpTo1),
        (2, AgeBucket::Days2To3),
        (3, AgeBucket::Days2To3),
        (4, AgeBucket::Days4To7),
        (7, AgeBucket::Days4To7),
        (8, AgeBucket::Days8To30),
        (30, AgeBucket::Days8To30),
        (31, AgeBucket::Over30),
        (900, AgeBucket::Over30),
    ] {
        let first = after_hours(days * 24);
        let last = first + SignedDuration::from_secs(86_399);
        for now in [first, last] {
            assert_eq!(case_age_days(opened(), now), days);
            assert_eq!(AgeBucket::of(opened(), now), bucket, "{days}");
        }
    }
    assert_eq!(AgeBucket::of(opened(), after_hours(-24)), AgeBucket::UpTo1);
    let days: Vec<_> = AgeBucket::ALL.map(AgeBucket::days).to_vec();
    days.windows(2).for_each(|two| assert_eq!(two[0].1.map(|last| last + 1), Some(two[1].0)));
}

#[test]
fn miles_and_money_are_written_off_apart() {
    for (class, unit, account) in [
        ("amount", "RUB", WriteOffAccount::Differences),
        ("vat_rounding", "RUB", WriteOffAccount::Rounding),
        ("fee", "USD", WriteOffAccount::Fees),
        ("fx", "USD", WriteOffAccount::Exchange),
        ("fee", MILES_UNIT, WriteOffAccount::Miles),
    ] {
        assert_eq!(WriteOffAccount::usual(class, unit), account, "{class} {unit}");
        assert!(account.takes(unit));
    }
    assert!(!WriteOffAccount::Miles.takes("RUB") && !WriteOffAccount::Rounding.takes(MILES_UNIT));
}

#[test]
fn an_adjustment_comes_to_what_it_settles() {
    let item = |quantity, net_minor, vat_minor| AdjustedItem { basis: None, quantity, net_minor, vat_minor };
    for (unit, amount, currency, item, fits) in [
        ("RUB", 120, "RUB", item(0, 100, 20), true),
        ("RUB", -120, "RUB", item(7, -100, -20), true),
        ("RUB", 120, "RUB", item(0, 120, 20), false),
        ("RUB", 120, "USD", item(0, 120, 0), false),
        ("RUB", 120, "RUB", item(0, i64::MAX, 20), false),
        (MILES_UNIT, 7, "RUB", item(7, 430, 86), true),
        (MILES_UNIT, 7, "RUB", item(8, 430, 86), false),
    ] {
        assert_eq!(adjustment_fits(unit, amount, currency, &item), fits, "{unit} {amount} {item:?}");
    }
}

#[test]
fn what_staff_write_says_something_and_holds_no_card_number() {
    let check =
        |text: &str, wanted: Result<(), CaseRefusal>| assert_eq!(check_case_text(text), wanted, "{text:?}");
    check("asked the bank, they look", Ok(()));
    check("спросили банк", Ok(()));
    check(" \n", Err(CaseRefusal::SaysNothing));
    check("card 4111 1111 1111 1111", Err(CaseRefusal::CardNumber));
    check("a\0b", Err(CaseRefusal::Unreadable));
    check(&"я".repeat(CASE_TEXT_MAX), Ok(()));
    check(&"я".repeat(CASE_TEXT_MAX + 1), Err(CaseRefusal::TooLong));
}

#[test]
fn attachments_are_what_their_names_say() {
    let check = |name: &str, bytes: &[u8], wanted: Result<AttachmentType, CaseRefusal>| {
        assert_eq!(check_attachment(name, bytes), wanted, "{name:?}");
    };
    check("letter.txt", b"we agree", Ok(AttachmentType::Text));
    check("Выписка.CSV", b"1;2", Ok(AttachmentType::Csv));
    check("a.json", b"{}", Ok(AttachmentType::Json));
    check("a.xml", b"<a/>", Ok(AttachmentType::Xml));
    check("a.pdf", b"%PDF-1.7 4111111111111111", Ok(AttachmentType::Pdf));
    check("a.png", b"\x89PNG\r\n\x1a\n.", Ok(AttachmentType::Png));
    check("a.jpeg", b"\xff\xd8\xff.", Ok(AttachmentType::Jpeg));
    check("a.xlsx", b"PK\x03\x04.", Ok(AttachmentType::Xlsx));
    // In a code page of one byte digits are what they are in ASCII.
    check("a.txt", b"\xea\xe0\xf0\xf2\xe0", Ok(AttachmentType::Text));
    check("a.txt", b"\xea\xe0\xf0\xf2\xe0 4111 1111 1111 1111", Err(CaseRefusal::CardNumber));
    check(
        "a.txt",
        "card".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().as_slice(),
        Err(CaseRefusal::Unreadable),
    );
    check("4111-1111-1111-1111.txt", b"x", Err(CaseRefusal::CardNumber));
    check("a.pdf", b"<html>", Err(CaseRefusal::AttachmentType));
    check("a.svg", b"<svg/>", Err(CaseRefusal::AttachmentType));
    check("a.html", b"<p>", Err(CaseRefusal::AttachmentType));
    check("noend", b"x", Err(CaseRefusal::AttachmentType));
    for name in ["", " ", ".txt", "../a.txt", "a\\b.txt", "a\n.txt", "a\".txt"] {
        check(name, b"x", Err(CaseRefusal::AttachmentName));
    }
    check("a.txt", b"", Err(CaseRefusal::SaysNothing));
    check(
        "a.pdf",
        &[b"%PDF-".to_vec(), vec![b'x'; ATTACHMENT_BYTES_MAX]].concat(),
        Err(CaseRefusal::TooLong),
    );
    check(&format!("{}.txt", "a".repeat(ATTACHMENT_NAME_MAX)), b"x", Err(CaseRefusal::TooLong));
}

#[test]
fn refusals_have_names_of_their_own() {
    let all = [
        CaseRefusal::NotFound,
        CaseRefusal::Outdated,
        CaseRefusal::Resolved,
        CaseRefusal::Undecided,
        CaseRefusal::NothingProposed,
        CaseRefusal::SamePerson,
        CaseRefusal::NotTheProposer,
        CaseRefusal::NotAllowed(CaseProposalKind::Adjust),
        CaseRefusal::PastWhatIsLeft,
        CaseRefusal::WaitDate,
        CaseRefusal::NoReference,
        CaseRefusal::AdjustmentDiffers,
        CaseRefusal::CorrectedAlready,
        CaseRefusal::Account,
        CaseRefusal::NoSuchPerson,
        CaseRefusal::SaysNothing,
        CaseRefusal::TooLong,
        CaseRefusal::CardNumber,
        CaseRefusal::Unreadable,
        CaseRefusal::AttachmentName,
        CaseRefusal::AttachmentType,
        CaseRefusal::AttachedAlready,
    ];
    let names: std::collections::BTreeSet<_> = all.iter().map(|refusal| refusal.name()).collect();
    assert_eq!(names.len(), all.len());
}

/// What happens to a case in a random life.
#[derive(Debug, Clone)]
enum Happens {
    Approved(CaseProposalKind, i64),
    Refused(CaseProposalKind, i64),
    Cured,
    FoundAgain(i64),
    Assigned(bool),
    Ripens,
}

fn happens() -> impl Strategy<Value = Happens> {
    let kind = proptest::sample::select(CaseProposalKind::ALL.to_vec());
    let amount = -150_i64..150;
    prop_oneof![
        4 => (kind.clone(), amount.clone()).prop_map(|(kind, amount)| Happens::Approved(kind, amount)),
        1 => (kind, amount.clone()).prop_map(|(kind, amount)| Happens::Refused(kind, amount)),
        2 => Just(Happens::Cured),
        2 => amount.prop_map(Happens::FoundAgain),
        1 => any::<bool>().prop_map(Happens::Assigned),
        1 => Just(Happens::Ripens),
    ]
}

fn follow(case: &mut CaseStanding, amounts: &mut CaseAmounts, after: AfterStep) {
    match after.booking {
        Some((CaseBookingKind::WriteOff, amount)) => amounts.written_off += amount,
        Some((CaseBookingKind::Adjust, amount)) => amounts.adjusted += amount,
        Some((CaseBookingKind::Match, amount)) => amounts.matched += amount,
        Some((CaseBookingKind::Cured, amount)) => amounts.cured += amount,
        Some((CaseBookingKind::Nothing, amount)) => assert_eq!(amount, 0),
        None => {}
    }
    (case.state, case.resolution, case.left) = (after.state, after.resolution, after.left);
    case.cured = amounts.cured;
}

fn live(case: &mut CaseStanding, amounts: &mut CaseAmounts, step: &Happens) {
    match *step {
        Happens::Approved(kind, amount) | Happens::Refused(kind, amount) => {
            let proposed = proposed(kind, amount);
            if case.propose(&proposed, TODAY).is_err() {
                return;
            }
            let before = case.left;
            case.proposed_by = Some("ann".to_owned());
            assert_eq!(case.decide(&proposed, true, "ann"), Err(CaseRefusal::SamePerson));
            let approves = matches!(step, Happens::Approved(..));
            let after = case.decide(&proposed, approves, "bob").unwrap();
            case.proposed_by = None;
            follow(case, amounts, after);
            let towards_zero = case.left.unsigned_abs() <= before.unsigned_abs()
                && (case.left == 0 || case.left.signum() == before.signum());
            assert!(towards_zero, "{before} -> {}", case.left);
        }
        Happens::Cured => {
            if let Some(after) = case.cure() {
                follow(case, amounts, after);
            }
        }
        Happens::FoundAgain(difference) => {
            if let Some(after) = case.found_again(difference).unwrap() {
                amounts.difference = difference;
                case.difference = difference;
                follow(case, amounts, after);
            }
        }
        Happens::Assigned(to_somebody) => {
            if let Ok(state) = case.assign(to_somebody) {
                (case.state, case.is_assigned) = (state, to_somebody);
            }
        }
        Happens::Ripens => {
            if let Some(state) = case.ripen(TODAY, TODAY) {
                case.state = state;
            }
        }
    }
}

proptest! {
    /// Whatever happens: difference = left + written off + adjusted + matched + cured, only what has nothing left is
    /// resolved, and nothing that is counted disappears without a booking.
    #[test]
    fn the_sums_of_a_case_hold_through_its_whole_life(
        difference in -100_i64..100,
        steps in proptest::collection::vec(happens(), 0..40),
    ) {
        let mut case = standing(CaseState::Open, difference);
        let mut amounts = CaseAmounts { difference, ..CaseAmounts::default() };
        for step in &steps {
            live(&mut case, &mut amounts, step);
            prop_assert_eq!(amounts.left().unwrap(), case.left);
            prop_assert_eq!(case.state == CaseState::Resolved, case.resolution.is_some());
            prop_assert!(case.state != CaseState::Resolved || case.left == 0, "{:?}", case);
            prop_assert!(case.state != CaseState::Assigned || case.is_assigned);
            prop_assert!(case.state != CaseState::Open || !case.is_assigned);
        }
    }

    /// What is allowed can be proposed with what is left, and what is not allowed cannot.
    #[test]
    fn what_is_allowed_can_be_done(left in any::<i64>(), has_file in any::<bool>(), counted in any::<bool>()) {
        let left = if counted { left } else { 0 };
        let unit = if counted { "RUB" } else { "" }.to_owned();
        let case = CaseStanding { unit, has_file, ..standing(CaseState::Open, left) };
        for kind in CaseProposalKind::ALL {
            let amount = if kind.booking() == CaseBookingKind::Nothing { 0 } else { left };
            let done = case.propose(&proposed(kind, amount), TODAY);
            prop_assert_eq!(done.is_ok(), case.kinds().contains(&kind), "{:?}", kind);
        }
    }
}

#[test]
fn sums_that_do_not_fit_are_told() {
    let too_much = CaseAmounts { difference: i64::MIN, written_off: 1, ..CaseAmounts::default() };
    assert_eq!(too_much.left(), Err(MoneyError::Overflow));
    let some = CaseAmounts { difference: 100, written_off: 10, adjusted: 20, matched: 30, cured: -5 };
    assert_eq!(some.left(), Ok(45));
}
