//! What is planted in answers, statements, payments and files is as much as the table says, and touches nothing twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Answer, Class, Edit, Planted, Random, Sheet, Source, answers, payments, plant_absent, plant_answers,
    plant_payments, plant_published, plant_statements, sample, statement, table::TABLE,
};

const PARTNERS: [&str; 3] = ["airboreal", "kosta", "skyfuel"];
const BANKS: [&str; 2] = ["northbank", "southbank"];

fn check(planted: &[Planted], source: Source) {
    let subjects: BTreeSet<&String> = planted.iter().map(|one| &one.must.subject).collect();
    assert_eq!(subjects.len(), planted.len(), "no two faults are about the same");
    for (edit, times, of, class, _) in TABLE {
        let such: Vec<&Planted> = planted.iter().filter(|one| one.edit == edit).collect();
        let is_here = of == source && edit != Edit::StatementNeverComes;
        assert_eq!(such.len(), if is_here { times } else { 0 }, "{edit:?}");
        assert!(such.iter().all(|one| one.must.class == class && one.must.source == source));
    }
}

fn told<T>(of: &[&str], make: impl Fn(&str) -> T) -> BTreeMap<String, T> {
    of.iter().map(|one| ((*one).to_owned(), make(one))).collect()
}

/// Lines that one side has and the other has not, as often as it has them.
fn differing(honest: &BTreeMap<String, Sheet>, edited: &BTreeMap<String, Sheet>) -> (usize, usize) {
    let mut times: BTreeMap<Vec<String>, i64> = BTreeMap::new();
    for (sheets, one) in [(honest, -1), (edited, 1)] {
        for line in sheets.values().flat_map(|sheet| &sheet.lines) {
            *times.entry(line.clone()).or_default() += one;
        }
    }
    let sum = |sign: i64| times.values().map(|times| (times * sign).max(0)).sum::<i64>();
    (usize::try_from(sum(-1)).unwrap(), usize::try_from(sum(1)).unwrap())
}

#[test]
fn each_fault_of_a_statement_is_planted_once() {
    let files = sample::files();
    let honest = told(&PARTNERS, |one| statement(&files, one));
    let mut edited = honest.clone();
    let planted = plant_statements(&mut Random::new(5), &files, &mut edited, &mut BTreeSet::new());
    check(&planted, Source::PartnerStatement);
    let twice = Edit::LineTwice.times();
    let (parts, invented, out) =
        (Edit::LineParts.times(), Edit::LineInvented.times(), Edit::LineLeftOut.times());
    let less = planted.len() - twice - invented;
    assert_eq!(differing(&honest, &edited), (less, less - out + parts + twice + invented));
}

#[test]
fn each_fault_of_the_payments_is_planted_once() {
    let files = sample::files();
    let honest = told(&BANKS, |one| payments(&files, one));
    let mut edited = honest.clone();
    let planted = plant_payments(&mut Random::new(5), &files, &mut edited);
    check(&planted, Source::BankStatement);
    let (less, more) = differing(&honest, &edited);
    let twice = Edit::PaymentTwice.times() + Edit::PaymentInvented.times();
    assert_eq!(less, planted.len() - twice);
    assert_eq!(more, less - Edit::PaymentLeftOut.times() + Edit::PaymentParts.times() + twice);
}

#[test]
fn statements_that_never_come_are_planted() {
    let files = sample::files();
    let mut months = told(&BANKS, |one| statement(&files, one).by("date", "2026-10".len()));
    let planted = plant_absent(&mut months);
    assert!(planted.iter().all(|one| one.must.class == Class::NeverCame) && months.is_empty());
    assert!(planted.iter().any(|one| one.must.subject == "northbank:2026-10"), "{planted:?}");
}

#[test]
fn each_fault_of_an_answer_is_planted_once() {
    let files = sample::files();
    let all: Vec<&str> = PARTNERS.iter().chain(&BANKS).copied().collect();
    let honest: BTreeMap<String, Vec<Answer>> = told(&all, |one| answers(&files, one));
    let (mut edited, mut touched) = (honest.clone(), BTreeSet::new());
    let planted = plant_answers(&mut Random::new(5), &mut edited, &mut touched);
    check(&planted, Source::Acknowledgement);
    let verdicts: usize = edited.values().flatten().map(|answer| answer.lines.len()).sum();
    assert_eq!((verdicts, touched.len()), (34, 34));
    let hashes = honest.values().flatten().zip(edited.values().flatten());
    assert_eq!(hashes.filter(|(one, other)| one.sha256 != other.sha256).count(), Edit::AnswerHash.times());
    for answers in edited.values() {
        assert!(answers.is_sorted_by(|one, next| one.number < next.number));
    }
}

#[test]
fn each_fault_of_our_own_files_is_planted_once() {
    let (mischief, planted) = plant_published(&mut Random::new(5), &sample::files());
    check(&planted, Source::OwnFile);
    assert_eq!(mischief.len(), planted.len());
    assert!(planted.iter().all(|one| [Class::AlteredFile, Class::SequenceGap].contains(&one.must.class)));
}
