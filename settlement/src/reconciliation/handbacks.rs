//! Files of miles beside what a partner that keeps the miles has handed back.

use domain::LineState;
use domain::reconciliation::{
    Break, BreakClass, Comparison, Item, Reason, Rung, Source, Unit, Whose, broken,
};
use store::reconciliation::{HandedFile, HandedLine, handed_files, handed_lines};

use super::ReconcileError;
use super::desk::{Desk, Inputs, Scope, is_there, of_file, plain};

pub(super) async fn compare(desk: &mut Desk<'_>) -> Result<(), ReconcileError> {
    for file in handed_files(desk.pool, desk.from()).await? {
        let is_due = desk.settings.is_due(Source::Handback, file.business_date, desk.as_of);
        let mut inputs = Inputs::new();
        inputs.add(format!("{is_due} {file:?}"));
        let (hash, name) = (inputs.hash(), format!("{}:{}", file.program_code, file.sequence));
        if desk.has(Source::Handback, &name, &hash) {
            continue;
        }
        let lines = handed_lines(desk.pool, file.program, file.sequence).await?;
        let scope = Scope { source: Source::Handback, name, of: file.of, date: file.business_date };
        desk.keep(&scope, hash, &of_file_of_miles(&file, &lines, is_due), "").await?;
    }
    Ok(())
}

fn of_file_of_miles(file: &HandedFile, lines: &[HandedLine], is_due: bool) -> Comparison {
    let mut found = Comparison::default();
    let name = format!("{}-{:06}", file.program_code, file.sequence);
    for number in &file.after_gap {
        let (before, number) = ((number - 1).to_string(), number.to_string());
        let fields = [("number", before.as_str(), number.as_str())];
        let kind = (BreakClass::SequenceGap, Reason::NumberMissing);
        found.breaks.push(of_file(kind, name.as_str(), (file.business_date, file.of), &fields));
    }
    if file.handbacks.is_empty() && is_due {
        let kind = (BreakClass::Missing, Reason::NothingCame);
        let count = lines.len().to_string();
        let fields = [("lines", count.as_str(), "0")];
        found.breaks.push(of_file(kind, name, (file.business_date, file.of), &fields));
        return found;
    }
    for line in lines {
        match line.state {
            LineState::Sent | LineState::Held if is_due => {
                found.breaks.push(not_answered(
                    (BreakClass::MissingTheirs, Reason::NotFoundTheirs),
                    file,
                    line,
                ));
            }
            LineState::Sent | LineState::Held => found.expected.push(line.line_id.clone()),
            // Waits for a person; all others have been answered or dealt with.
            LineState::Rejected => {
                let mut refused = not_answered((BreakClass::Nack, Reason::Refused), file, line);
                let code = line.code.clone().unwrap_or_default();
                let field = "code";
                let ours = String::new();
                refused.fields.push(domain::reconciliation::Field { field, ours, theirs: code });
                found.breaks.push(refused);
            }
            _ => {
                let mut same = is_there(Rung::LineId, line.line_id.as_str());
                (same.unit, same.ours, same.theirs) = (Unit::Miles, line.miles, line.miles);
                found.matches.push(same);
            }
        }
    }
    found
}

/// A line that the partner has not booked.
fn not_answered((class, reason): (BreakClass, Reason), file: &HandedFile, line: &HandedLine) -> Break {
    let id = line.line_id.clone();
    let mut item: Item = plain(id.clone(), id.clone(), (Unit::Miles, line.miles), file.business_date);
    item.identifiers.push((Rung::LineId, id));
    item.of = Whose { cycle: Some(line.cycle), ..file.of };
    item.transaction = Some(line.transaction);
    broken(class, reason, &[&item], &[])
}
