//! The audit entries of what staff do with miles: they are committed with the booking.

use domain::{EventKind, MessageKey, MilesEvent, ResultStatus};
use serde_json::{Value, json};
use tokio_postgres::types::ToSql;

use super::{Columns, Decided, number};

/// An entry for each of the rows; the trigger of the table sees to its seal.
pub(super) const INSERT_AUDIT: &str = "\
INSERT INTO audit_entry (by, what, object_kind, object, after, note) \
SELECT u.by, u.what, 'member', u.object, u.after, u.note \
FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[]) u(by, what, object, after, note)";

/// The source of events that staff ask for. What members and programs of banks ask for names them elsewhere.
const STAFF: &str = "staff";

/// Of each booking that staff asked for: who, what, of which member, how many miles, why. A refusal books nothing.
pub(super) fn entries(decided: &Decided<'_>) -> Option<Columns> {
    let rows: Vec<_> = decided
        .iter()
        .filter(|(record, outcome)| {
            record.source == STAFF && outcome.reply.result.status != ResultStatus::None
        })
        .filter_map(|(record, outcome)| {
            let EventKind::Miles(asked) = &record.event.kind else { return None };
            let said = |name: &str| {
                let found = record.event.content.0.iter().find(|(field, _)| *field == name);
                found.map(|(_, value)| value.clone())
            };
            let account = record.event.member?.account;
            let object = format!("{}/{}", number(outcome.bucket), account.0);
            let (what, is) = told(asked, said("funder"), outcome.key)?;
            Some((said("by")?, what, object, is, said("reason").unwrap_or_default()))
        })
        .collect();
    (!rows.is_empty()).then(|| {
        vec![
            column!(rows, (by, ..) => by.clone()),
            column!(rows, (_, what, ..) => *what),
            column!(rows, (_, _, object, ..) => object.clone()),
            column!(rows, (_, _, _, is, _) => is.clone()),
            column!(rows, (.., note) => note.clone()),
        ]
    })
}

/// The word of the journal, and what it says of the booking. Of other events nothing: no member of staff asks for them.
fn told(asked: &MilesEvent, funder: Option<String>, message: MessageKey) -> Option<(&'static str, Value)> {
    let message = message.to_string();
    match asked {
        MilesEvent::Adjust { miles, .. } => {
            Some(("miles.adjust", json!({ "miles": miles, "funder": funder, "message": message })))
        }
        MilesEvent::Send { miles, to_bucket, to } => {
            let to = format!("{}/{}", number(*to_bucket), to.0);
            Some(("miles.send", json!({ "miles": miles, "to": to, "message": message })))
        }
        _ => None,
    }
}
