//! Plants faults in what receivers answer to their files.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};

use crate::{
    plant_clearing::other,
    published::{Batch, Line},
    random::Random,
    table::{Edit, Planted},
    told::{Answer, Verdict},
};

const OF_LINES: [Edit; 5] = [
    Edit::AnswerTax,
    Edit::AnswerPrice,
    Edit::AnswerQuantity,
    Edit::AnswerDeniesLine,
    Edit::AnswerHasLineTwice,
];

/// Edits the answers of all receivers, at most one in a file. `touched` has the lines that faults are about.
///
/// # Panics
/// If the month is too short.
pub fn plant_answers(
    random: &mut Random,
    answers: &mut BTreeMap<String, Vec<Answer>>,
    touched: &mut BTreeSet<String>,
) -> Vec<Planted> {
    let mut planted = Vec::new();
    let mut free: Vec<(String, usize)> = answers
        .iter()
        // The first is not skipped, and the last has one behind it.
        .flat_map(|(receiver, all)| (1..all.len() - 1).map(move |place| (receiver.clone(), place)))
        .collect();
    for edit in OF_LINES {
        for _ in 0..edit.times() {
            let answer = |(receiver, place): &(String, usize)| &answers[receiver][*place];
            let (mut fitting, others): (Vec<_>, Vec<_>) =
                free.into_iter().partition(|at| lines(edit, answer(at), touched).next().is_some());
            let at = random.take(&mut fitting, &format!("{edit:?}"));
            free = others.into_iter().chain(fitting).collect();
            free.sort();
            let all: Vec<(Batch, Line)> = lines(edit, answer(&at), touched).collect();
            let (batch, line) = &all[random.below(all.len())];
            touched.insert(line.id.clone());
            let (verdict, must) = dispute(random, edit, (batch, line));
            answers.get_mut(&at.0).unwrap()[at.1].lines.push(verdict);
            planted.push(must);
        }
    }
    for _ in 0..Edit::AnswerHash.times() {
        let (receiver, place) = random.take(&mut free, "a hash of other bytes");
        let answer = &mut answers.get_mut(&receiver).unwrap()[place];
        answer.sha256 = hex::encode(digest(&SHA256, answer.sha256.as_bytes()));
        planted.push(Edit::AnswerHash.must(&answer.file.id, "", (0, 0)));
    }
    for _ in 0..Edit::AnswerNumberSkipped.times() {
        let (receiver, place) = random.take(&mut free, "a number that is skipped");
        // Two gaps are not next to each other.
        free.retain(|(other, at)| *other != receiver || at.abs_diff(place) > 1);
        let later = &mut answers.get_mut(&receiver).unwrap()[place..];
        later.iter_mut().for_each(|answer| answer.number += 1);
        planted.push(Edit::AnswerNumberSkipped.must(&later[0].file.id, "", (0, 0)));
    }
    planted
}

/// The lines that something can be said of.
fn lines<'a>(
    edit: Edit,
    answer: &'a Answer,
    touched: &'a BTreeSet<String>,
) -> impl Iterator<Item = (Batch, Line)> + use<'a> {
    let batches = answer.file.batches.iter().filter(|_| answer.file.is_partner_s());
    let lines = batches.flat_map(|batch| batch.lines.iter().map(move |line| (batch, line)));
    let fits = move |batch: &Batch, line: &Line| match edit {
        _ if batch.is_converted() => false,
        Edit::AnswerTax => line.record == "TX" && line.vat() != 0,
        Edit::AnswerPrice => line.is_of_miles_alone() && line.net().abs() >= 100,
        Edit::AnswerQuantity => line.is_without_miles() && line.net().abs() >= 100,
        _ => line.record == "TX" && line.total.abs() >= 100,
    };
    let free = lines.filter(move |(batch, line)| !touched.contains(&line.id) && fits(batch, line));
    free.map(|(batch, line)| (batch.clone(), line.clone()))
}

fn dispute(random: &mut Random, edit: Edit, (batch, line): (&Batch, &Line)) -> (Verdict, Planted) {
    let (net, vat) = (line.net(), line.vat());
    let (code, theirs) = match edit {
        Edit::AnswerDeniesLine => ("not_found", None),
        Edit::AnswerHasLineTwice => ("duplicate", None),
        Edit::AnswerTax => ("rounding", Some((net, vat + random.pick(&[-1, 1])))),
        Edit::AnswerPrice => ("price", Some((other(random, net), vat))),
        Edit::AnswerQuantity => ("quantity", Some((other(random, net), vat))),
        other => panic!("{other:?} is not said of a line"),
    };
    let their_total = match edit {
        Edit::AnswerDeniesLine => 0,
        _ => theirs.map_or(line.total, |(net, vat)| net + vat),
    };
    let must = edit.must(&line.id, &batch.currency, (line.total, their_total));
    (Verdict { line: line.id.clone(), code, theirs }, must)
}
