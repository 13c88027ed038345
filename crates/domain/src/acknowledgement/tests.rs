//! Every kind of answer at every state of a file.

use super::*;
use crate::{MoneyError, settlement::Basis};

const OURS: [u8; 32] = [1; 32];

fn totals(to_pay_minor: i64) -> Vec<FileTotal> {
    vec![FileTotal { currency: "RUB".to_owned(), direction: Direction::BankPaysPartner, to_pay_minor }]
}

fn file(state: FileState) -> SentFile {
    SentFile {
        id: "skyfuel-boreal-gold-000007-0".to_owned(),
        sequence: 7,
        revision: 0,
        sha256: OURS,
        records: 5,
        totals: totals(1_095),
        newest_revision: i32::from(state == FileState::Replaced),
        state,
        resends: 0,
    }
}

fn line(number: u32) -> LineAnswer {
    LineAnswer {
        line: format!("boreal-gold-000007-skyfuel-RUB-{number:06}"),
        code: DisputeCode::NotFound,
        theirs: None,
        reference: String::new(),
    }
}

fn answer(verdict: AnswerVerdict) -> FileAnswer {
    FileAnswer {
        number: 3,
        file_id: file(FileState::Waiting).id,
        sequence: 7,
        revision: 0,
        sha256: Some(OURS),
        records: Some(5),
        totals: Some(totals(1_095)),
        verdict,
    }
}

fn earlier(lines: &[LineStanding]) -> EarlierAnswers {
    EarlierAnswers { lines: lines.to_vec(), ..EarlierAnswers::default() }
}

/// Each kind of answer, right and wrong, in the order of the columns below.
fn answers() -> Vec<FileAnswer> {
    let with = |verdict, change: &dyn Fn(&mut FileAnswer)| {
        let mut answer = answer(verdict);
        change(&mut answer);
        answer
    };
    let content = || AnswerVerdict::Content(vec![line(1)]);
    vec![
        answer(AnswerVerdict::Accepted),
        with(AnswerVerdict::Accepted, &|answer| answer.totals = Some(totals(1_094))),
        with(AnswerVerdict::Accepted, &|answer| answer.sha256 = Some([2; 32])),
        with(AnswerVerdict::Transport, &|answer| {
            (answer.sha256, answer.records, answer.totals) = (None, None, None)
        }),
        with(AnswerVerdict::Layout, &|answer| (answer.records, answer.totals) = (None, None)),
        with(AnswerVerdict::Layout, &|answer| answer.sha256 = Some([2; 32])),
        answer(content()),
        with(content(), &|answer| answer.records = Some(4)),
    ]
}

fn effect(decision: &AnswerDecision) -> char {
    match decision.effect {
        AnswerEffect::Nothing => '-',
        AnswerEffect::Resend => 'R',
        AnswerEffect::NewRevision => 'N',
        AnswerEffect::Dispute(_) => 'D',
        AnswerEffect::Alarm => '!',
    }
}

/// A state, and for each answer what it is, what is done, and the state that follows.
type Row = (FileState, [(AnswerOutcome, char, FileState); 8]);

#[test]
fn every_answer_at_every_state() {
    use AnswerOutcome::{
        Acknowledged as Ack, AcknowledgedAgain as Again, Contradiction as Contra, Disputed as Disp,
        NewRevision as Revise, OlderRevision as Older, OtherBytes as Bytes, Resend, TotalsDiffer as Totals,
    };
    // ACK, ACK with other totals, ACK of other bytes, not received, not readable, other bytes not readable, lines, lines with
    // other totals. Each with what is done and with the state that follows.
    let table: [Row; 6] = {
        use FileState::{Acknowledged, Differing, Disputed, Replaced, Resent, Waiting};
        let open = {
            [
                (Ack, '-', Acknowledged),
                (Totals, '!', Differing),
                (Bytes, '!', Differing),
                (Resend, 'R', Resent),
                (Revise, 'N', Replaced),
                (Resend, 'R', Resent),
                (Disp, 'D', Acknowledged),
                (Totals, '!', Differing),
            ]
        };
        let booked = |state, again| {
            [
                (again, '-', Acknowledged),
                (Totals, '!', state),
                (Bytes, '!', state),
                (Resend, 'R', state),
                (Contra, '!', state),
                (Resend, 'R', state),
                (Disp, 'D', Acknowledged),
                (Totals, '!', state),
            ]
        };
        let older = |effect| (Older, effect, Replaced);
        [
            (Waiting, open),
            (Differing, open),
            (Resent, open),
            (Acknowledged, booked(Acknowledged, Again)),
            (Disputed, booked(Disputed, Ack)),
            (Replaced, ['!', '!', '!', '-', '-', '-', '!', '!'].map(older)),
        ]
    };
    let states: Vec<FileState> = table.iter().map(|(state, _)| *state).collect();
    assert!(FileState::ALL.iter().all(|state| states.contains(state)));
    for (state, expected) in table {
        for (at, (answer, expected)) in answers().iter().zip(expected).enumerate() {
            let decision = decide_answer(Some(&file(state)), &earlier(&[LineStanding::Undisputed]), answer);
            let found = (decision.outcome, effect(&decision), state.after(decision.outcome));
            assert_eq!(found, expected, "{state:?}, answer {at}");
        }
    }
}

#[test]
fn the_same_bytes_bring_nothing_and_a_number_is_given_once() {
    let again = EarlierAnswers { same_bytes: true, number_taken: true, lines: Vec::new() };
    let other = EarlierAnswers { number_taken: true, ..EarlierAnswers::default() };
    for state in FileState::ALL {
        for answer in answers() {
            let replayed = decide_answer(Some(&file(state)), &again, &answer);
            assert_eq!(replayed, AnswerDecision::nothing(AnswerOutcome::Replayed));
            let taken = decide_answer(Some(&file(state)), &other, &answer);
            assert_eq!(taken, AnswerDecision::alarm(AnswerOutcome::NumberTaken));
        }
    }
}

#[test]
fn a_file_that_this_receiver_was_not_sent_is_unknown_whoever_has_it() {
    let unknown = AnswerDecision::alarm(AnswerOutcome::UnknownFile);
    for mut answer in answers() {
        assert_eq!(decide_answer(None, &earlier(&[]), &answer), unknown);
        answer.file_id = "kosta-boreal-gold-000007-0".to_owned();
        let file = file(FileState::Waiting);
        assert_eq!(decide_answer(Some(&file), &earlier(&[LineStanding::Undisputed]), &answer), unknown);
    }
}

#[test]
fn what_was_sent_or_made_too_often_waits_for_a_person() {
    let often = SentFile { resends: RESENDS_MAX, ..file(FileState::Resent) };
    let decided = decide_answer(Some(&often), &earlier(&[]), &answer(AnswerVerdict::Transport));
    assert_eq!(decided, AnswerDecision::alarm(AnswerOutcome::TooManyResends));
    let last = SentFile { revision: REVISION_MAX, newest_revision: REVISION_MAX, ..file(FileState::Waiting) };
    let decided = decide_answer(Some(&last), &earlier(&[]), &answer(AnswerVerdict::Layout));
    assert_eq!(decided, AnswerDecision::alarm(AnswerOutcome::TooManyRevisions));
}

#[test]
fn lines_are_disputed_once() {
    use LineStanding::{Decided, Disputed, NotInFile, Undisputed};
    let both = || answer(AnswerVerdict::Content(vec![line(1), line(2)]));
    let check = |standings: &[LineStanding], outcome, disputed: &[u32]| {
        let decision = decide_answer(Some(&file(FileState::Acknowledged)), &earlier(standings), &both());
        let lines: Vec<LineAnswer> = disputed.iter().map(|number| line(*number)).collect();
        let found = match &decision.effect {
            AnswerEffect::Dispute(lines) => lines.clone(),
            _ => Vec::new(),
        };
        assert_eq!((decision.outcome, found), (outcome, lines), "{standings:?}");
    };
    check(&[Undisputed, Undisputed], AnswerOutcome::Disputed, &[1, 2]);
    check(&[Disputed, Undisputed], AnswerOutcome::Disputed, &[2]);
    check(&[Disputed, Disputed], AnswerOutcome::DisputedAgain, &[]);
    check(&[Undisputed, Decided], AnswerOutcome::LinesDecided, &[]);
    check(&[Undisputed, NotInFile], AnswerOutcome::UnknownLines, &[]);
    check(&[Decided, NotInFile], AnswerOutcome::UnknownLines, &[]);
    check(&[Undisputed], AnswerOutcome::UnknownLines, &[]);
}

#[test]
fn answers_make_the_state_of_a_file() {
    use AnswerOutcome::{Acknowledged, Contradiction, Disputed, NewRevision, Replayed, Resend, TotalsDiffer};
    let check = |outcomes: &[AnswerOutcome], undecided, state| {
        assert_eq!(FileState::of(outcomes.iter().copied(), undecided), state, "{outcomes:?}");
    };
    check(&[], 0, FileState::Waiting);
    check(&[Replayed, Contradiction], 0, FileState::Waiting);
    check(&[TotalsDiffer], 0, FileState::Differing);
    check(&[TotalsDiffer, Resend, Acknowledged], 0, FileState::Acknowledged);
    check(&[Acknowledged, TotalsDiffer, Resend], 0, FileState::Acknowledged);
    check(&[NewRevision], 0, FileState::Replaced);
    check(&[Disputed], 2, FileState::Disputed);
    check(&[Disputed, Acknowledged], 1, FileState::Disputed);
    check(&[Disputed], 0, FileState::Acknowledged);
    for outcome in AnswerOutcome::ALL {
        assert_eq!(AnswerOutcome::parse(outcome.name()), Some(outcome));
    }
}

#[test]
fn gaps_are_found_in_both_directions() {
    assert_eq!(missing_numbers(1, vec![]), []);
    assert_eq!(missing_numbers(1, vec![2, 1, 3]), []);
    assert_eq!(missing_numbers(1, vec![7, 3, 4, 3]), [(1, 2), (5, 6)]);
    assert_eq!(missing_numbers(4, vec![5, i32::MAX]), [(4, 4), (6, i32::MAX - 1)]);
    use FileState::{Acknowledged, Disputed, Replaced, Waiting};
    assert_eq!(skipped_files(&[(1, Waiting), (2, Waiting)]), []);
    assert_eq!(skipped_files(&[(1, Waiting), (2, Acknowledged), (3, Waiting)]), [1]);
    assert_eq!(skipped_files(&[(1, Replaced), (2, FileState::Differing), (3, Disputed)]), [2]);
}

fn item(basis: Basis, quantity: i64, net_minor: i64, vat_minor: i64) -> AdjustedItem {
    AdjustedItem { basis: Some(basis), quantity, net_minor, vat_minor }
}

#[test]
fn a_correction_makes_the_line_what_the_receiver_has() {
    let ours = [item(Basis::BonusMiles, 0, 0, 0), item(Basis::TillShare, 11_175, 11_175, 0)];
    let two = [item(Basis::BonusMiles, 120, -8_400, -1_680), item(Basis::TillShare, 11_175, 11_175, 0)];
    let back = [item(Basis::BonusMiles, -120, 8_400, 1_680), item(Basis::TillShare, -11_175, -11_175, 0)];
    for code in DisputeCode::ALL {
        let found = correction(&two, code, Some((2_775, -1_000))).unwrap();
        match code.denies_the_line() {
            true => assert_eq!(found, back),
            false => assert_eq!(found, [item(Basis::BonusMiles, 0, 0, 680)], "{code:?}"),
        }
        assert_eq!(DisputeCode::parse(code.name()), Some(code));
    }
    assert_eq!(
        correction(&ours, DisputeCode::Duplicate, None).unwrap(),
        [item(Basis::TillShare, -11_175, -11_175, 0)]
    );
    let price = |theirs| correction(&ours, DisputeCode::Price, theirs);
    assert_eq!(price(Some((11_000, 5))).unwrap(), [item(Basis::TillShare, 0, -175, 5)]);
    assert_eq!(price(Some((11_175, 0))).unwrap(), []);
    assert_eq!(price(None).unwrap(), []);
    assert_eq!(price(Some((i64::MIN, 0))), Err(MoneyError::Overflow));
    let least = [item(Basis::Turnover, 1, i64::MIN, 0)];
    assert_eq!(correction(&least, DisputeCode::NotOurs, None), Err(MoneyError::Overflow));
    for state in DisputeState::ALL {
        assert_eq!(DisputeState::parse(state.name()), Some(state));
    }
}
