//! ISO 8583 messages as bytes, without any input or output: framing, decoding, encoding, masked description.
//!
//! A [`Dialect`] is a table of data: which data element has which length, which characters and how much of
//! it may be shown. [`Dialect::decode`] borrows from the received bytes; [`Builder`] makes new messages and
//! refuses what the dialect does not allow. Nothing in here prints a card number: `Debug`, [`Message::describe`]
//! and every error are safe to log.

#![forbid(unsafe_code)]

mod additional_amount;
mod bitmap;
mod builder;
mod characters;
pub mod clearing;
mod code_page;
pub mod codes;
mod decode;
mod decode_error;
pub mod describe;
mod dialect;
mod dialect_file;
pub mod dialects;
mod document;
mod doubt;
mod element_mask;
mod encode;
mod encode_error;
mod field_error;
mod field_spec;
mod format;
pub mod framing;
pub mod header;
mod hidden;
pub mod mac;
mod mask;
mod message;
mod mti;
mod number_across;
mod original_data;
mod pan;
mod place;
mod plan;
mod presence;
mod reader;
mod structure;
pub mod tagged;
mod transaction_id;
mod value;
mod views;

pub use crate::{
    additional_amount::AdditionalAmount,
    bitmap::{BitmapCount, BitmapEncoding, MAX_DE},
    builder::Builder,
    code_page::{CodePage, UnknownCodePage},
    decode::MAX_MESSAGE,
    decode_error::{DecodeError, DecodeProblem},
    dialect::{Dialect, MtiEncoding, Version},
    dialect_file::DialectError,
    document::document,
    encode_error::{EncodeError, EncodeProblem},
    field_error::FieldError,
    field_spec::{
        Counts, Encoding, FieldSpec, Indicator, IndicatorEncoding, Letters, PadDigit, Shown, Side, Signs,
    },
    format::{Class, Format, FormatError, Length},
    mask::{mask_private, mask_text},
    message::Message,
    mti::Mti,
    original_data::OriginalData,
    pan::Pan,
    place::Place,
    presence::{Finding, FindingProblem, MessageSpec, Presence, Usage},
    structure::{Bitmapped, Delimited, Part, Structure, TagEncoding, Tagged, Written},
    transaction_id::transaction_id,
    value::Value,
};
