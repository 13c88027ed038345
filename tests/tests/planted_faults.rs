//! A month of raw inputs, clean and with more than 400 planted faults: reconciliation finds nothing in the one, and in the other each
//! fault as the break that a hand-made table says, and nothing else.
//!
//! `PLANTED_PURCHASES` makes the month longer, `PLANTED_SEED` another one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "the table by class is what this test is for")]

mod planted_lanes;

use std::collections::{BTreeMap, BTreeSet};

use planted_lanes::Lanes;
use planted_month::{
    Answer, BANKS, ClearingPlanter, Month, Planted, Published, Random, Scores, Sheet, answers, payments,
    plant_absent, plant_answers, plant_payments, plant_published, plant_statements, statement,
};

/// The last date of the first of two statements.
const MIDDLE: &str = "2026-10-15";
/// So many of what is wrong are shown.
const SHOWN_MAX: usize = 60;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn seed() -> u64 {
    number("PLANTED_SEED", 20_261_001)
}

/// The month through the lanes, each day closed; what the planter brings is what the banks sent.
async fn happen(month: &mut Month, planter: &mut ClearingPlanter) -> Lanes {
    let mut lanes = Lanes::open(month).await;
    for date in month.dates() {
        lanes.set_noon(date);
        lanes.ask(month, date).await;
        for bank in 0..BANKS.len() {
            for (place, file) in planter.brings(month, bank, date).iter().enumerate() {
                assert_eq!(lanes.import(bank, file, date).await, place == 0, "{}", file.id);
            }
        }
        lanes.close(date).await;
    }
    lanes
}

/// What receivers send back.
struct Told {
    answers: BTreeMap<String, Vec<Answer>>,
    statements: BTreeMap<String, Sheet>,
    payments: BTreeMap<String, Sheet>,
    /// Of the banks, which have a file of their own, for each month.
    monthly: BTreeMap<String, BTreeMap<String, Sheet>>,
}

impl Told {
    fn honestly(files: &[Published]) -> Self {
        let receivers: BTreeSet<&String> = files.iter().map(|file| &file.receiver).collect();
        let is_bank = |receiver: &str| BANKS.iter().any(|bank| bank.code == receiver);
        let (banks, partners): (Vec<&String>, Vec<&String>) =
            receivers.iter().copied().partition(|receiver| is_bank(receiver));
        let all = |of: &[&String], make: fn(&[Published], &str) -> Sheet| -> BTreeMap<String, Sheet> {
            of.iter().map(|receiver| ((*receiver).clone(), make(files, receiver))).collect()
        };
        Self {
            answers: receivers.iter().map(|one| ((*one).clone(), answers(files, one))).collect(),
            statements: all(&partners, statement),
            payments: all(&banks, payments),
            monthly: all(&banks, statement)
                .into_iter()
                .map(|(bank, sheet)| (bank, sheet.by("date", "2026-10".len())))
                .collect(),
        }
    }

    async fn bring(&self, lanes: &Lanes) {
        for (receiver, answers) in &self.answers {
            for answer in answers {
                lanes.answer(receiver, answer).await;
            }
        }
        for (receiver, sheet) in &self.statements {
            for half in sheet.split("date", MIDDLE) {
                lanes.statement(receiver, &half).await;
            }
        }
        for (bank, months) in &self.monthly {
            for sheet in months.values() {
                lanes.statement(bank, sheet).await;
            }
        }
        for (bank, sheet) in &self.payments {
            for half in sheet.split("date", MIDDLE) {
                lanes.payments(bank, &half).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_month_has_no_breaks() {
    let mut month = Month::new(seed(), usize::try_from(number("PLANTED_PURCHASES", 3_000)).unwrap());
    let lanes = Box::pin(happen(&mut month, &mut ClearingPlanter::honest())).await;
    let files = lanes.published();
    let told = Told::honestly(&files);
    told.bring(&lanes).await;
    let payments: usize = told.payments.values().map(|sheet| sheet.lines.len()).sum();
    println!("clean: {:?}, {} files, {payments} payments", month.courses(), files.len());
    let found = lanes.reconcile().await;
    let scores = Scores::new(&[], &found);
    assert_eq!(scores.sums(), [0; 3], "\n{}", scores.told(SHOWN_MAX));
    lanes.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_planted_fault_is_found_as_what_it_is_and_none_is_invented() {
    let mut month = Month::new(seed(), usize::try_from(number("PLANTED_PURCHASES", 3_000)).unwrap());
    let mut planter = ClearingPlanter::new(seed() + 1, &month);
    let lanes = Box::pin(happen(&mut month, &mut planter)).await;
    let mut planted: Vec<Planted> = planter.finish();
    let files = lanes.published();
    let mut told = Told::honestly(&files);
    let (mut random, mut touched) = (Random::new(seed() + 2), BTreeSet::new());
    planted.extend(plant_answers(&mut random, &mut told.answers, &mut touched));
    planted.extend(plant_statements(&mut random, &files, &mut told.statements, &mut touched));
    planted.extend(plant_payments(&mut random, &files, &mut told.payments));
    let (mischief, of_files) = plant_published(&mut random, &files);
    planted.extend(of_files);
    planted.extend(plant_absent(&mut told.monthly));
    told.bring(&lanes).await;
    for (name, what) in mischief {
        let path = lanes.out().join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        match what.done_to(&text) {
            Some(altered) => std::fs::write(&path, altered).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
    }
    let found = lanes.reconcile().await;
    let scores = Scores::new(&planted, &found);
    println!("class            planted   right  invented    recall  precision\n{scores}");
    let all = planted_month::planted();
    assert_eq!(scores.sums(), [all, all, 0], "\n{}", scores.told(SHOWN_MAX));
    lanes.stop().await;
}
