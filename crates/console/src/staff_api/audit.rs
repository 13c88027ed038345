//! Who changed what, and whether the chain over it holds.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::audit::{AuditFilter, AuditRow, ChainHead};

use super::{
    call::{Answer, Call},
    problems::Problem,
};

/// An entry.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// Its number.
    entry: i64,
    /// When, by the clock of the database.
    at: String,
    /// Who: a user's name, or `operator`.
    by: String,
    /// What, as a stable word such as `program.approve`.
    what: String,
    /// On which kind of object.
    object_kind: String,
    /// On which.
    object: String,
    /// How it was.
    before: Option<Value>,
    /// How it is.
    after: Option<Value>,
    /// Why.
    note: String,
    /// Its place in the chain, as soon as it is sealed.
    place: Option<i64>,
    /// The hash at that place, hexadecimal.
    hash: Option<String>,
}

/// A page of entries.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Entries {
    /// The newest first.
    entries: Vec<Entry>,
    /// `after` of the next page; none on the last.
    next: Option<String>,
}

/// Whether the chain holds.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Verification {
    /// Whether every entry is as it was sealed, and none is missing.
    holds: bool,
    /// The first fault, in words.
    fault: Option<String>,
    /// The place of the chain's end. Keep it with the hash: it shows later that nothing was cut or written anew.
    place: i64,
    /// The hash there, hexadecimal.
    hash: String,
    /// Entries that wait for their seal.
    waiting: i64,
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let limit = call.limit()?;
    let instant = "an instant such as 2026-10-10T09:00:00Z";
    let (from, until): (Option<Timestamp>, Option<Timestamp>) =
        (call.read("from", instant)?, call.read("until", instant)?);
    // No entry is older, and PostgreSQL does not know every instant that is written so.
    let known = |at: Option<Timestamp>| at.map(|at| at.max(Timestamp::UNIX_EPOCH));
    let (from, until) = (known(from), known(until));
    let filter = AuditFilter {
        by: call.asked("by"),
        what: call.asked("what"),
        object_kind: call.asked("object_kind"),
        object: call.asked("object"),
        from,
        until,
        before_entry: call.after_number()?,
    };
    let mut rows = store::audit::entries(call.pool(), &filter, u32::from(limit) + 1).await?;
    let next = call.cut(&mut rows, limit, |row| vec![row.entry.to_string()]);
    Answer::ok(&Entries { entries: rows.into_iter().map(entry).collect(), next })
}

fn entry(row: AuditRow) -> Entry {
    let AuditRow { entry, at, by, what, object_kind, object, before, after, note, seal } = row;
    let (place, hash) = seal.unzip();
    let (at, hash) = (at.to_string(), hash.map(hex::encode));
    Entry { entry, at, by, what, object_kind, object, before, after, note, place, hash }
}

pub(super) async fn verify(call: Call) -> Result<Answer, Problem> {
    let place: Option<i64> = call.read("place", "a place of the chain")?;
    let hash = call.asked("hash").map(|text| {
        let bytes = hex::decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.ok_or_else(|| Problem::parameter("hash", "expected 64 hexadecimal digits"))
    });
    let known = match (place, hash.transpose()?) {
        (None, None) => None,
        (Some(place), Some(hash)) => Some(ChainHead { place, hash }),
        _ => return Err(Problem::parameter("place", "expected place and hash together, as they were kept")),
    };
    let Ok(_turn) = call.app.staff_api.verifying.try_acquire() else { return Err(Problem::busy()) };
    let found = match (call.asked("what"), known) {
        (Some(_), Some(known)) => store::audit::verify_behind(call.pool(), &known).await?,
        (Some(_), None) => return Err(Problem::parameter("what", "expected place and hash with it")),
        (None, known) => store::audit::verify(call.pool(), known.as_ref()).await?,
    };
    Answer::ok(&Verification {
        holds: found.fault.is_none(),
        fault: found.fault.map(|fault| fault.to_string()),
        place: found.head.place,
        hash: hex::encode(found.head.hash),
        waiting: found.waiting,
    })
}
