//! The canonical family of settlement records, layout version 2: what every other format is rendered from.
//!
//! All amounts are minor units of the batch's currency, signed in the batch's *stated direction*: that of the first
//! item of its terms, known before the first line. What goes the other way is negative, and so may the whole batch be;
//! the trailer says who pays in the end. The layout is described in `docs/settlement-file.md`, whose tables come from
//! [`RECORD_TYPES`].

mod batch;
mod error;
mod fields;
mod layout;
mod reader;
mod record;
mod sums;
#[cfg(test)]
mod tests;
mod text;
mod writer;

// The public interface is:
pub use error::ReadError;
pub use layout::{FieldType, RECORD_TYPES, RecordType, is_code};
pub use reader::Reader;
pub use record::{
    Adjustment, BatchHeader, BatchTrailer, CarryForward, Charge, DocumentVat, Environment, FileHeader,
    FileTrailer, Kind, LAYOUT_VERSION, LineItem, Prepaid, Record, References, Role, Rounding, Total,
    Transaction,
};
pub use sums::SumOverflow;
pub use writer::{BatchWriter, BatchWritten, WriteError, Writer, Written};
