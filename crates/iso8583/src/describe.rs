//! Messages for people and tools: tables, JSON, hex dumps, differences, redacted copies, and what bytes of unknown
//! origin may be.
//!
//! Everything in here is masked unless [`Show::Unmasked`] is asked for.

mod amount;
mod check_digit;
mod description;
mod detect;
mod diff;
mod document;
mod document_error;
mod hex_text;
mod hexdump;
mod json;
mod layout;
pub(crate) mod plausible;
mod redact;
mod summary;
mod table;
mod writing;

use std::{
    fmt::{self, Write as _},
    iter,
};

pub use self::{
    description::{Description, Row},
    detect::{Detection, Fit, Known, Misfit, detect, is_cut},
    diff::{Difference, Relation, diff},
    document::{Document, all_to_json, to_json},
    document_error::DocumentError,
    hex_text::{HexText, HexTextError, text_of},
    hexdump::hexdump,
    redact::redact,
};
use crate::{hidden, message::Message};

/// How much of a message is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Show {
    /// Card data is masked as the dialect says: safe to paste into a ticket.
    Masked,
    /// All of it, card numbers and secrets too: only on the screen of somebody who may see them.
    Unmasked,
}

impl Message<'_> {
    /// A table for people: offset, data element, name and masked value, one line each.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut table = format!("{}\n", self.dialect().name());
        let mti = self.mti();
        let head = iter::once((0, "MTI".to_owned(), "message type indicator", mti.to_string()));
        let doubted = hidden::doubted(self);
        let fields = self.values().filter_map(|(de, value)| {
            let shown = hidden::text_of(self, de, Show::Masked, doubted.as_deref());
            Some((self.offset(de)?, format!("DE{de}"), value.spec().name.as_str(), shown))
        });
        for (offset, element, name, value) in head.chain(fields) {
            // Writing into a String cannot fail.
            let _ = writeln!(table, "{offset:>5}  {element:<5}  {name:<36}  {value}");
        }
        table
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({}", self.mti())?;
        let doubted = hidden::doubted(self);
        for (de, _) in self.values() {
            write!(f, ", DE{de}: {:?}", hidden::text_of(self, de, Show::Masked, doubted.as_deref()))?;
        }
        f.write_str(")")
    }
}
