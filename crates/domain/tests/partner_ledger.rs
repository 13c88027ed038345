//! What follows from a partner's answers to the lines of miles that it keeps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use domain::{
    HeldReason, LineKind, LineState, MemberAtPartner, Next, PartnerVerdict, Plan, PurchaseLine, RejectCode,
    after, plan,
};
use proptest::prelude::*;

/// A line, the partner's answer, and what must come of it: the state, what is done, the state then.
fn check(table: &str) {
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (asked, expected) = row.split_once(" -> ").expect("an arrow");
        let words: Vec<&str> = asked.split_whitespace().collect();
        let kind = match words[0] {
            "accrual" => LineKind::Grant,
            "reversal" => LineKind::ClawBack,
            word => panic!("no kind {word}"),
        };
        let verdict = match words[1..] {
            ["accepted"] => PartnerVerdict::Accepted,
            ["rejected", code] => PartnerVerdict::Rejected(RejectCode::parse(code).expect("a code")),
            _ => panic!("no answer {words:?}"),
        };
        let found = match after(kind, verdict) {
            None => "makes no sense".to_owned(),
            Some(Next::Done) => LineState::Accepted.name().to_owned(),
            Some(next) => {
                let does = match next {
                    Next::Done => unreachable!("handled above"),
                    Next::CorrectMember => "correct the member",
                    Next::Reverse => "take the miles from the mirror",
                    Next::WriteOff => "book the cost to the funder",
                };
                format!("{}, {does}, then {}", next.state().name(), next.done().name())
            }
        };
        assert_eq!(found, expected.split_whitespace().collect::<Vec<_>>().join(" "), "{row}");
    }
}

#[test]
fn every_answer_to_every_kind_of_line() {
    check(
        "accrual  accepted                -> accepted
         accrual  rejected unknown_member -> rejected, correct the member, then resent
         accrual  rejected name_mismatch  -> rejected, correct the member, then resent
         accrual  rejected too_late       -> rejected, take the miles from the mirror, then reversed
         accrual  rejected refused        -> rejected, take the miles from the mirror, then reversed
         accrual  rejected balance_spent  -> makes no sense
         reversal accepted                -> accepted
         reversal rejected unknown_member -> rejected, correct the member, then resent
         reversal rejected name_mismatch  -> rejected, correct the member, then resent
         reversal rejected too_late       -> rejected, book the cost to the funder, then written_off
         reversal rejected refused        -> rejected, book the cost to the funder, then written_off
         reversal rejected balance_spent  -> rejected, book the cost to the funder, then written_off",
    );
}

/// The lines of a purchase as `miles state`, with `taken` and `absorbed` where they are not zero, and what becomes of
/// those that are held.
fn check_plan(member: &str, table: &str) {
    let member = MemberAtPartner { has_number: member != "no number", was_refused: member == "refused" };
    let rows: Vec<(&str, &str)> =
        table.lines().map(|row| row.trim().split_once(" -> ").expect(row)).collect();
    let line = |row: &str| {
        let words: Vec<&str> = row.split_whitespace().collect();
        let number = |name: &str| {
            let place = words.iter().position(|word| *word == name);
            place.map_or(0, |place| words[place + 1].parse().unwrap())
        };
        PurchaseLine {
            miles: words[0].parse().unwrap(),
            state: LineState::parse(words[1]).expect("a state"),
            taken: number("taken"),
            absorbed: number("absorbed"),
        }
    };
    let lines: Vec<PurchaseLine> = rows.iter().map(|(row, _)| line(row)).collect();
    let found: Vec<String> = plan(&lines, member)
        .iter()
        .zip(&lines)
        .map(|(plan, line)| match plan {
            None => "stays".to_owned(),
            Some(Plan::Send { absorbed }) => format!("send {}", line.miles + absorbed),
            Some(Plan::Drop) => "drop".to_owned(),
            Some(Plan::Hold(reason)) => format!("hold {}", reason.name()),
        })
        .collect();
    let expected: Vec<&str> = rows.iter().map(|(_, expected)| *expected).collect();
    assert_eq!(found, expected, "{table}");
}

#[test]
fn a_line_goes_out_when_the_partner_can_book_it() {
    check_plan("known", "100 held -> send 100\n-40 held -> hold original_not_answered");
    check_plan("known", "100 sent -> stays\n-40 held -> hold original_not_answered");
    check_plan("known", "100 rejected -> stays\n-40 held -> hold original_not_answered");
    check_plan("known", "100 accepted -> stays\n-40 held -> send -40\n-10 held -> send -10");
    check_plan("known", "100 resent -> stays\n100 held -> send 100\n-40 held -> hold original_not_answered");
    check_plan("known", "-5 held -> send -5");
    check_plan("no number", "100 held -> hold no_member_number\n-40 held -> hold original_not_answered");
    check_plan("refused", "100 accepted -> stays\n-40 held -> hold member_to_be_corrected");
}

#[test]
fn what_the_partner_never_gave_is_not_asked_back() {
    // Refused when refunds had taken 40 of it already.
    check_plan("known", "100 reversed taken 60 -> stays\n-40 held -> drop");
    check_plan("no number", "100 reversed taken 60 -> stays\n-40 held -> drop");
    check_plan("known", "60 accepted -> stays\n40 reversed taken 20 -> stays\n-80 held -> send -60");
    check_plan(
        "known",
        "60 accepted -> stays\n40 reversed taken 10 -> stays\n-20 held -> drop\n-70 held -> send -60",
    );
    check_plan(
        "known",
        "60 accepted -> stays\n40 reversed taken 20 -> stays\n-30 sent absorbed 20 -> stays\n-50 held -> send -50",
    );
    // The line in place of another is lowered as that one was.
    check_plan(
        "known",
        "60 accepted -> stays\n40 reversed taken 20 -> stays\n-80 resent absorbed 20 -> stays\n\
         -80 held absorbed 20 -> send -60",
    );
}

#[test]
fn the_words_are_read_back() {
    for state in LineState::ALL {
        assert_eq!(LineState::parse(state.name()), Some(state));
    }
    for code in RejectCode::ALL {
        assert_eq!(RejectCode::parse(code.name()), Some(code));
    }
    for reason in HeldReason::ALL {
        assert_eq!(HeldReason::parse(reason.name()), Some(reason));
    }
    assert_eq!((LineState::parse("lost"), RejectCode::parse(""), HeldReason::parse("")), (None, None, None));
}

/// One purchase, its mirror, and a partner that books exactly what it accepts.
#[derive(Debug, Default)]
struct Story {
    lines: Vec<PurchaseLine>,
    /// What rules granted less what refunds took: the purchase's booked miles.
    booked: i64,
    refused: i64,
    written_off: i64,
    at_partner: i64,
    lowest_at_partner: i64,
    has_number: bool,
    member_refused: bool,
}

impl Story {
    fn mirror(&self) -> i64 {
        self.booked - self.refused + self.written_off
    }

    /// A message of the bank brings the purchase to so many miles. As the core does it: miles that were refused are taken
    /// back first, those that the funder bore go back to it first. What moves besides is a line.
    fn moves(&mut self, to: i64) {
        let change = to - self.booked;
        let refused = (-change).min(self.refused).max(0);
        let back = change.min(self.written_off).max(0);
        self.booked = to;
        self.refused -= refused;
        self.written_off -= back;
        let miles = change + refused - back;
        if miles != 0 {
            self.lines.push(PurchaseLine { miles, state: LineState::Held, taken: 0, absorbed: 0 });
        }
    }

    fn sends(&mut self) {
        let member = MemberAtPartner { has_number: self.has_number, was_refused: self.member_refused };
        let plans = plan(&self.lines, member);
        for (line, plan) in self.lines.iter_mut().zip(plans) {
            match plan {
                Some(Plan::Send { absorbed }) => {
                    assert!(line.miles + absorbed != 0, "a line of nothing");
                    (line.state, line.absorbed) = (LineState::Sent, absorbed);
                }
                Some(Plan::Drop) => (line.state, line.absorbed) = (LineState::Reversed, -line.miles),
                Some(Plan::Hold(_)) | None => {}
            }
        }
    }

    fn answers(&mut self, chosen: usize, verdict: PartnerVerdict) {
        let sent: Vec<usize> =
            (0..self.lines.len()).filter(|at| self.lines[*at].state == LineState::Sent).collect();
        let Some(at) = sent.get(chosen % sent.len().max(1)).copied() else { return };
        let line = self.lines[at];
        let Some(next) = after(LineKind::of(line.miles), verdict) else { return };
        let mut state = next.state();
        match next {
            Next::Done => self.at_partner += line.told(),
            Next::CorrectMember => self.member_refused = true,
            Next::Reverse => {
                let taken = line.miles.min(self.mirror()).max(0);
                self.refused += taken;
                self.lines[at].taken = taken;
                state = next.done();
            }
            Next::WriteOff => {
                self.written_off -= line.told();
                state = next.done();
            }
        }
        self.lines[at].state = state;
        self.lowest_at_partner = self.lowest_at_partner.min(self.at_partner);
    }

    /// The member has another number: what the partner did not know goes out again, once.
    fn corrects(&mut self) {
        (self.has_number, self.member_refused) = (true, false);
        let again: Vec<PurchaseLine> =
            self.lines.iter().filter(|line| line.state == LineState::Rejected).copied().collect();
        for line in self.lines.iter_mut().filter(|line| line.state == LineState::Rejected) {
            line.state = LineState::Resent;
        }
        let held = again.into_iter().map(|line| PurchaseLine { state: LineState::Held, ..line });
        self.lines.extend(held);
    }

    /// Miles of lines that nobody knows the end of, less what no line need ask back.
    fn waiting(&self) -> i64 {
        let of = |wanted: &dyn Fn(&PurchaseLine) -> i64| -> i64 { self.lines.iter().map(wanted).sum() };
        let open = of(&|line| if line.state.is_open() { line.told() } else { 0 });
        let never_given = of(&|line| {
            let reversed = line.state == LineState::Reversed && line.miles > 0;
            if reversed { line.miles - line.taken } else { 0 }
        });
        let absorbed = of(&|line| if line.state == LineState::Resent { 0 } else { line.absorbed });
        open + never_given - absorbed
    }

    fn agrees(&self) {
        assert_eq!(self.at_partner, self.mirror() - self.waiting(), "{self:#?}");
        assert!(self.lowest_at_partner >= 0, "more was taken back than given: {self:#?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Moves(i64),
    Sends,
    Answers(usize, PartnerVerdict),
    Corrects,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let verdict = prop_oneof![
        3 => Just(PartnerVerdict::Accepted),
        3 => prop::sample::select(RejectCode::ALL.to_vec()).prop_map(PartnerVerdict::Rejected),
    ];
    let step = prop_oneof![
        3 => (0_i64..200).prop_map(Step::Moves),
        3 => Just(Step::Sends),
        4 => (0_usize..8, verdict).prop_map(|(line, verdict)| Step::Answers(line, verdict)),
        1 => Just(Step::Corrects),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_partner_has_what_the_mirror_has_less_what_waits(steps in steps(), has_number in any::<bool>()) {
        let mut story = Story { has_number, ..Story::default() };
        for step in steps {
            match step {
                Step::Moves(to) => story.moves(to),
                Step::Sends => story.sends(),
                Step::Answers(line, verdict) => story.answers(line, verdict),
                Step::Corrects => story.corrects(),
            }
            story.agrees();
        }
        // The member is put right, and the partner takes whatever comes: nothing waits for ever.
        story.corrects();
        for _ in 0..4 {
            story.sends();
            while story.lines.iter().any(|line| line.state == LineState::Sent) {
                story.answers(0, PartnerVerdict::Accepted);
            }
        }
        story.agrees();
        prop_assert_eq!(story.waiting(), 0);
        prop_assert_eq!(story.at_partner, story.mirror());
    }
}
