//! Our published files beside what their receivers have answered.

use domain::reconciliation::{
    Break, BreakClass, Comparison, Item, MatchRules, Reason, Rung, Source, Whose, classify,
};
use domain::{AnswerOutcome, DisputeCode, FileState, settlement::Basis};
use partner_adapters::transport::NOT_SIGNED;
use store::left_in_inboxes;
use store::reconciliation::{AnsweredFile, DisputedOfFile, answered_files, unread_answers};

use super::ReconcileError;
use super::desk::{Desk, Inputs, Scope, is_there, money, of_file, plain};

pub(super) async fn compare(desk: &mut Desk<'_>) -> Result<(), ReconcileError> {
    for unread in unread_answers(desk.pool, desk.from()).await? {
        let name = format!("{}:unreadable", unread.receiver);
        let scope = Scope { source: Source::Acknowledgement, name, of: unread.of, date: unread.date };
        match unread.is_followed {
            true => desk.can_be_read(&scope).await?,
            false => desk.cannot_read(&scope, &unread.problem).await?,
        }
    }
    not_signed(desk).await?;
    let rules = desk.settings.rules(Source::Acknowledgement, &[Rung::LineId]);
    for file in answered_files(desk.pool, desk.from()).await? {
        // Nobody is to answer, and nobody has.
        if file.due_at.is_none() && file.answers.is_empty() {
            continue;
        }
        let is_due = file.due_at.is_some_and(|due| due <= desk.as_of);
        let mut inputs = Inputs::new();
        inputs.add(format!("{is_due} {file:?}"));
        let (hash, name) = (inputs.hash(), format!("{}:{}:{}", file.receiver, file.sequence, file.revision));
        if desk.has(Source::Acknowledgement, &name, &hash) {
            continue;
        }
        let scope = Scope { source: Source::Acknowledgement, name, of: file.of, date: file.business_date };
        desk.keep(&scope, hash, &of_answers(&file, is_due, &rules), "").await?;
    }
    Ok(())
}

/// Answers and statements that were left in an inbox, because their partner's signature does not hold.
async fn not_signed(desk: &mut Desk<'_>) -> Result<(), ReconcileError> {
    for left in left_in_inboxes(desk.pool, NOT_SIGNED, desk.from()).await? {
        let name = format!("{}:inbox:{}:{}", left.code, left.endpoint, left.name);
        let of = Whose { partner: Some(left.partner), ..Whose::default() };
        let scope = Scope { source: Source::Acknowledgement, name, of, date: left.date };
        let mut inputs = Inputs::new();
        inputs.add("not signed");
        let hash = inputs.hash();
        if left.is_followed {
            desk.can_be_read(&scope).await?;
        } else if !desk.has(scope.source, &scope.name, &hash) {
            let kind = (BreakClass::Signature, Reason::NotSigned);
            let fields = [("way", "", left.endpoint.as_str()), ("file", "", left.name.as_str())];
            let found = of_file(kind, left.name.as_str(), (left.date, of), &fields);
            let found = Comparison { breaks: vec![found], ..Comparison::default() };
            desk.keep(&scope, hash, &found, "").await?;
        }
    }
    Ok(())
}

fn of_answers(file: &AnsweredFile, is_due: bool, rules: &MatchRules) -> Comparison {
    let mut found = Comparison::default();
    let about = |class, reason, fields: &[(&'static str, &str, &str)]| {
        of_file((class, reason), &file.file_id, (file.business_date, file.of), fields)
    };
    for answer in file.answers.iter().filter(|answer| !answer.follows) {
        let (expected, came) = ((answer.number - 1).to_string(), answer.number.to_string());
        let fields = [("number", expected.as_str(), came.as_str())];
        found.breaks.push(about(BreakClass::SequenceGap, Reason::NumberMissing, &fields));
    }
    let undecided = file.disputes.iter().filter(|dispute| !dispute.is_decided).count();
    let undecided = i64::try_from(undecided).unwrap_or(i64::MAX);
    let outcomes = || file.answers.iter().map(|answer| answer.outcome);
    let last = outcomes().next_back().map_or("", AnswerOutcome::name);
    let answered = [("outcome", "acknowledged", last)];
    match FileState::of(outcomes(), undecided) {
        FileState::Acknowledged | FileState::Disputed => {
            found.matches.push(is_there(Rung::FileId, &file.file_id));
        }
        // The next revision stands for it, or is on its way.
        FileState::Replaced => found.expected.push(file.file_id.clone()),
        FileState::Waiting if file.answers.is_empty() && !is_due => found.expected.push(file.file_id.clone()),
        FileState::Waiting if file.answers.is_empty() => {
            found.breaks.push(about(BreakClass::Missing, Reason::NothingCame, &answered));
        }
        FileState::Differing => {
            let (class, reason) = differing(file);
            found.breaks.push(about(class, reason, &answered));
        }
        FileState::Waiting | FileState::Resent => {
            found.breaks.push(about(BreakClass::Nack, Reason::Refused, &answered));
        }
    }
    let open = file.disputes.iter().filter(|dispute| !dispute.is_decided);
    found.breaks.extend(open.map(|dispute| disputed(file, dispute, rules)));
    found
}

/// Whether the receiver has other bytes, or counts otherwise.
fn differing(file: &AnsweredFile) -> (BreakClass, Reason) {
    let mut outcomes = file.answers.iter().rev().map(|answer| answer.outcome);
    match outcomes.find(|outcome| matches!(outcome, AnswerOutcome::TotalsDiffer | AnswerOutcome::OtherBytes))
    {
        Some(AnswerOutcome::OtherBytes) => (BreakClass::AlteredFile, Reason::HashDiffers),
        _ => (BreakClass::Totals, Reason::TotalsDiffer),
    }
}

/// What a receiver says of a line.
fn disputed(file: &AnsweredFile, dispute: &DisputedOfFile, rules: &MatchRules) -> Break {
    let unit = money(dispute.currency);
    let item = |(net, vat): (i64, i64)| -> Item {
        let id = dispute.line_id.clone();
        let amount = net.saturating_add(vat);
        let mut item = plain(id.clone(), id.clone(), (unit, amount), file.business_date);
        item.identifiers.push((Rung::LineId, id));
        (item.parts.net, item.parts.vat, item.parts.lines) = (Some(net), Some(vat), dispute.taxed);
        item.parts.means = means(dispute);
        item
    };
    let ours = item(dispute.ours);
    let of = Whose { partner: Some(dispute.partner), ..file.of };
    let code = [("code", "", dispute.code.name())];
    let counted = |class, has: Option<i64>, have: Option<i64>, difference: i64| Break {
        unit,
        ours: has,
        theirs: have,
        difference,
        ..of_file((class, Reason::LineDisputed), &dispute.line_id, (file.business_date, of), &code)
    };
    match dispute.code {
        DisputeCode::NotFound => {
            counted(BreakClass::MissingTheirs, Some(ours.amount), None, ours.amount.saturating_neg())
        }
        DisputeCode::Duplicate => counted(BreakClass::Duplicate, None, Some(ours.amount), ours.amount),
        DisputeCode::NotOurs => {
            counted(BreakClass::UnknownPartner, Some(ours.amount), None, ours.amount.saturating_neg())
        }
        DisputeCode::Reference | DisputeCode::Member => of_file(
            (BreakClass::Reference, Reason::LineDisputed),
            &dispute.line_id,
            (file.business_date, of),
            &code,
        ),
        _ => {
            let theirs = dispute.theirs.map(item);
            let kind = theirs.as_ref().and_then(|theirs| classify(&ours, theirs, rules));
            let (class, reason) =
                kind.map_or((BreakClass::Amount, Reason::LineDisputed), |kind| (kind.class, kind.reason));
            let have = theirs.as_ref().map(|theirs| theirs.amount);
            let difference = have.map_or(0, |have| have.saturating_sub(ours.amount));
            let mut found = counted(class, Some(ours.amount), have, difference);
            found.reason = reason;
            found
        }
    }
}

/// Of what kind it is if the price of the line is another one.
fn means(dispute: &DisputedOfFile) -> Option<BreakClass> {
    let is_price = matches!(dispute.code, DisputeCode::Price | DisputeCode::Other);
    let bases = || dispute.bases.iter().filter_map(|basis| Basis::parse(basis));
    match () {
        () if dispute.is_charge => Some(BreakClass::Fee),
        () if !is_price => None,
        // It is the price that is disputed, and not the rate by which it was converted.
        () if bases().next().is_some() && bases().all(Basis::is_miles) => Some(BreakClass::MilesRate),
        () if dispute.is_converted => Some(BreakClass::Fx),
        () => None,
    }
}
