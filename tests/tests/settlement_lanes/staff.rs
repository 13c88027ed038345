//! What receivers answer to their files, and what two people of the staff adjust, through what their commands call.

use std::{collections::BTreeMap, path::Path};

use domain::{
    AdjustedItem, AnswerOutcome, AnswerVerdict, Currency, DisputeCode, LineAnswer, correction,
    settlement::{Basis, Direction},
};
use partner_adapters::Acknowledgement;
use second_settlement::{Adjustment, Answer, Disputed, Fate, Given, Month, Turn};
use settlement::{Brought, ProgramSetup};
use store::{AdjustmentDecision, AdjustmentStep, DisputeRow, NewAdjustment};

use super::Lanes;
use crate::support_answers::answer_to;

/// More than wait at any time.
const DISPUTES_MAX: u32 = 100_000;

/// Of so many proposals that are approved, the proposer tries to do it himself.
const OWN_EVERY: i64 = 8;

fn minor(amount: i128) -> i64 {
    i64::try_from(amount).unwrap()
}

fn item(given: &Given) -> AdjustedItem {
    AdjustedItem {
        basis: given.basis.as_deref().map(|basis| Basis::parse(basis).unwrap()),
        quantity: minor(given.quantity),
        net_minor: minor(given.net),
        vat_minor: minor(given.vat),
    }
}

fn line(disputed: &Disputed) -> LineAnswer {
    LineAnswer {
        line: disputed.line.clone(),
        code: DisputeCode::parse(disputed.code).unwrap(),
        theirs: disputed.theirs.map(|(net, vat)| (minor(net), minor(vat))),
        reference: String::new(),
    }
}

impl Lanes {
    /// What anna proposes, and what becomes of it.
    pub(super) async fn adjust(&self, month: &Month, (program, turn): (usize, Turn)) {
        let setup = self.setup(month, program);
        for adjustment in month.adjustments(program, turn) {
            let id = self.propose(setup, adjustment).await;
            let again = match adjustment.fate {
                Fate::Waits => continue,
                Fate::Rejected => {
                    self.decide(id, false).await;
                    continue;
                }
                Fate::Approved => id,
                Fate::ApprovedTheSecondTime => {
                    self.decide(id, false).await;
                    self.propose(setup, adjustment).await
                }
            };
            self.decide(again, true).await;
        }
    }

    fn setup(&self, month: &Month, program: usize) -> &ProgramSetup {
        &self.world.assembly.program(month.programs[program].code).unwrap().setup
    }

    async fn propose(&self, setup: &ProgramSetup, adjustment: &Adjustment) -> i64 {
        let pool = &self.world.assembly.pool;
        let (mut dispute, mut items) = (None, adjustment.items.iter().map(item).collect::<Vec<_>>());
        if adjustment.disputed {
            let disputes = store::disputes(pool, true, DISPUTES_MAX).await.unwrap();
            let of_line = |row: &DisputeRow| row.line == adjustment.original;
            let row = disputes.into_iter().find(of_line).expect("the line is disputed");
            // What the command adds if no amounts are said.
            if !items.is_empty() {
                items = correction(&row.ours, row.code, row.theirs).unwrap();
            }
            dispute = Some(row.id);
        }
        let (partner, _) = setup.partner_codes.iter().find(|(_, code)| **code == adjustment.partner).unwrap();
        let new = NewAdjustment {
            dispute,
            program: setup.id,
            partner: *partner,
            currency: Currency(if adjustment.currency == "EUR" { 978 } else { 643 }),
            stated: if adjustment.bank_pays {
                Direction::BankPaysPartner
            } else {
                Direction::PartnerPaysBank
            },
            original: &adjustment.original,
            items: &items,
            reason: &adjustment.reason,
            by: "anna",
            at: self.gateway.clock.now(),
        };
        match store::propose_adjustment(pool, &new).await.unwrap() {
            AdjustmentStep::Done(id) => id,
            other => panic!("{adjustment:?}: {other:?}"),
        }
    }

    async fn decide(&self, proposal: i64, approves: bool) {
        let (pool, at) = (&self.world.assembly.pool, self.gateway.clock.now());
        let mut decision = AdjustmentDecision { proposal, approves, reason: "seen", by: "anna", at };
        if approves && proposal % OWN_EVERY == 0 {
            let own = store::decide_adjustment(pool, &decision).await.unwrap();
            assert_eq!(own, AdjustmentStep::SamePerson);
        }
        decision.by = "boris";
        let done = store::decide_adjustment(pool, &decision).await.unwrap();
        assert!(matches!(done, AdjustmentStep::Done(_)), "{done:?}");
    }

    /// Brings what a receiver answers to its file, and does what follows. Whether another edition must have been published.
    pub(crate) async fn answer(
        &mut self,
        month: &Month,
        (program, turn): (usize, impl Into<Turn>),
        (receiver, file): (&str, &Path),
    ) -> bool {
        let turn = turn.into();
        let Some(answer) = month.answer(program, turn, receiver) else { return false };
        let number = self.answers.entry(receiver.to_owned()).or_default();
        *number += 1;
        let verdict = match answer {
            Answer::Layout => AnswerVerdict::Layout,
            Answer::Content(lines) => AnswerVerdict::Content(lines.iter().map(line).collect()),
        };
        let outcome = match answer {
            Answer::Layout => AnswerOutcome::NewRevision,
            Answer::Content(_) => AnswerOutcome::Disputed,
        };
        let said = acknowledgement(file, month.programs[program].bank, *number, verdict);
        let (pool, out) = (&self.world.assembly.pool, &self.world.assembly.config.settlement.out);
        let now = self.gateway.clock.now();
        let brought = Brought { receiver: Some(receiver), by: "test", at: now };
        let setups: Vec<&ProgramSetup> =
            (0..month.programs.len()).map(|program| self.setup(month, program)).collect();
        let taken = settlement::take_answer(pool, &setups, out, brought, said.to_text().as_bytes()).await;
        assert_eq!(taken.unwrap().outcome, outcome, "{}", file.display());
        let setup = setups[program];
        let cycles = store::cycles(pool, setup.id).await.unwrap();
        let mut of_date = cycles.iter().filter(|cycle| cycle.business_date == turn.date);
        let cycle = of_date.nth(usize::try_from(turn.number).unwrap() - 1).unwrap();
        let of_cycle = BTreeMap::from([(cycle.id, setup.clone())]);
        assert!(settlement::asked_again(pool).await.unwrap().is_empty());
        settlement::make_revisions(pool, &of_cycle, out, now).await.unwrap();
        *answer == Answer::Layout
    }
}

/// By what the file itself says of its place.
fn acknowledgement(file: &Path, bank: &str, number: i32, verdict: AnswerVerdict) -> Acknowledgement {
    let text = std::fs::read_to_string(file).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split('|').collect();
    let mut said = answer_to(file, number, verdict);
    (said.sender, said.receiver) = (header[4].to_owned(), bank.to_owned());
    said.answer.file_id = header[5].to_owned();
    said.answer.sequence = header[11].parse().unwrap();
    said.answer.revision = header[12].parse().unwrap();
    said
}
