//! Who changed what: entries that are added with the change, and the chain of hashes over them.
//!
//! An entry belongs to the transaction of its change, and nobody waits for anybody's place in the chain: [`seal`] chains
//! what has been committed, in a transaction of its own. Neither table loses or changes a row: grants and triggers refuse.

mod chain;
mod list;

use serde_json::Value;
use tokio_postgres::GenericClient;

use crate::StoreError;

pub use chain::{ChainFault, ChainHead, Verified, head, seal, verify, verify_behind};
pub use list::{AuditFilter, AuditRow, entries, entry, words};

/// Who acts where no user is named: somebody who holds the configuration and the database.
pub const OPERATOR: &str = "operator";

/// Who tried to sign in under a name that nobody has.
pub const UNKNOWN: &str = "unknown";

/// Every word of [`AuditEntry::what`] that this crate writes by itself, in order.
pub const WORDS: &[&str] = &[
    "adjustment.approve",
    "adjustment.propose",
    "adjustment.reject",
    "answer.take",
    "api.change",
    "bank_statement.import",
    "case.approve",
    "case.assign",
    "case.attach",
    "case.comment",
    "case.propose",
    "case.reject",
    "case.take_back",
    "clearing.accept",
    "clearing.import",
    "correction.approve",
    "correction.propose",
    "correction.reject",
    "coupon.give_out",
    "coupon.revoke",
    "day.approve",
    "day.close",
    "delivery.enable",
    "delivery.replay",
    "delivery.send_again",
    "handback.take",
    "link.withdraw_cut_over",
    "member.at_partner",
    "member.enroll",
    "merchants.map",
    "miles.adjust",
    "miles.send",
    "prepaid.approve",
    "prepaid.propose",
    "program.approve",
    "program.propose",
    "program.reject",
    "program.withdraw",
    "rates.import",
    "refund.decide",
    "statement.import",
    "user.add",
    "user.drop_second_factor",
    "user.lock",
    "user.password",
    "user.revoke_tokens",
    "user.roles",
    "user.second_factor",
    "user.token",
    "user.unlock",
];

/// Something that a person changed, or tried to.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry<'a> {
    /// The user's name, or [`OPERATOR`].
    pub by: &'a str,
    /// What was done, as a stable word such as `program.approve`.
    pub what: &'a str,
    /// Which kind of object: `user`, `proposal`, `case` ...
    pub object_kind: &'a str,
    /// Its number or name.
    pub object: &'a str,
    /// How it was; `None` where it was not there.
    pub before: Option<Value>,
    /// How it is; `None` where it is not there any more.
    pub after: Option<Value>,
    /// The reason in the person's own words; empty where none was asked.
    pub note: &'a str,
}

impl<'a> AuditEntry<'a> {
    /// An entry without reason or values: [`Self::from`], [`Self::to`] and [`Self::why`] add them.
    pub fn new(by: &'a str, what: &'a str, object_kind: &'a str, object: &'a str) -> Self {
        Self { by, what, object_kind, object, before: None, after: None, note: "" }
    }

    /// How the object was.
    #[must_use]
    pub fn from(self, before: Value) -> Self {
        Self { before: Some(before), ..self }
    }

    /// How the object is.
    #[must_use]
    pub fn to(self, after: Value) -> Self {
        Self { after: Some(after), ..self }
    }

    /// Why, in the person's own words.
    #[must_use]
    pub fn why(self, note: &'a str) -> Self {
        Self { note, ..self }
    }
}

/// By what way a file of a bank or partner came that somebody gave to the command line: an operator, whom the audit names.
/// What an inbox or a listener takes is nobody's deed.
pub const BROUGHT_BY_HAND: &str = "command line";

/// Adds the entry of a file that a person brought, in the transaction that keeps it; of one that came by itself, none.
pub(crate) async fn record_brought(
    client: &impl GenericClient,
    brought_by: &str,
    entry: AuditEntry<'_>,
) -> Result<(), StoreError> {
    match brought_by {
        BROUGHT_BY_HAND => record(client, &AuditEntry { by: OPERATOR, ..entry }).await,
        _ => Ok(()),
    }
}

/// Adds an entry in the transaction of its change. If that is rolled back, nothing was done and nothing is told.
///
/// # Errors
/// The database's; then the change must not be committed.
pub async fn record(client: &impl GenericClient, entry: &AuditEntry<'_>) -> Result<(), StoreError> {
    let text = "INSERT INTO audit_entry (by, what, object_kind, object, before, after, note) \
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let AuditEntry { by, what, object_kind, object, before, after, note } = entry;
    client.execute(text, &[by, what, object_kind, object, before, after, note]).await?;
    Ok(())
}
