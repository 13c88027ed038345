//! A dialect as a TOML file: what may stand in it, and how it becomes a [`Dialect`].

mod build;
mod error;
mod merge;
mod names;
mod parts;
mod sense;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::error::DialectError;
use crate::{dialect::Dialect, dialects};

/// A greater file is no dialect.
const MAX_FILE_BYTES: usize = 1024 * 1024;
/// A dialect that extends one that extends one, …: further it cannot be followed by a reader either.
const MAX_EXTENDS: usize = 4;

/// A dialect file. What is not said is taken from the dialect that it extends, else from the defaults named here.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DialectFile {
    /// Its name, for example `bank-a`; not that of a built-in dialect.
    #[schemars(required)]
    pub(crate) name: Option<String>,
    /// What it is, in a few words.
    pub(crate) title: Option<String>,
    /// A built-in dialect from which everything is taken that this file does not say.
    pub(crate) extends: Option<String>,
    /// Version of the standard: 1987, 1993 or 2003.
    pub(crate) version: Option<u16>,
    /// How things are written, unless a field says otherwise.
    #[serde(default)]
    pub(crate) wire: WireFile,
    /// The data elements, by number.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, FieldFile>,
    /// Message types and their data elements, by type: `0100`.
    #[serde(default)]
    pub(crate) messages: BTreeMap<String, MessageFile>,
    /// Where the network's name of the transaction stands, by which a clearing record finds its authorization: lists of
    /// places (`62.2`, `48.2.63`) whose values are the name together. The first list of which all are sent is taken.
    pub(crate) transaction_id: Option<Vec<Vec<String>>>,
}

/// How things are written, unless a field says otherwise.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireFile {
    /// The header before the message type: `none` (default), `tpdu`, `visanet`, `bytes:6`, `literal:ISO`, or several
    /// joined with `+`.
    pub(crate) header: Option<String>,
    /// The message type: `ascii` (default), `bcd`, `ebcdic-037`, `ebcdic-500`, `ebcdic-1047`.
    pub(crate) mti: Option<String>,
    /// Bitmaps: `hex` (default), `binary`, `ebcdic-hex-037`, `ebcdic-hex-500`, `ebcdic-hex-1047`.
    pub(crate) bitmap: Option<String>,
    /// How many bitmaps: `expanding` (default: bit 1 announces a second one), `expanding-3` (bit 65 announces a third
    /// one), `always-2` (two, bit 1 set), `fixed-1`, `fixed-2`, `fixed-3` (bit 1 never set).
    pub(crate) bitmaps: Option<String>,
    /// Text: `ascii` (default), `latin-1`, `ebcdic-037`, `ebcdic-500`, `ebcdic-1047`.
    pub(crate) text: Option<String>,
    /// Digits (`n`): as text, or `bcd`.
    pub(crate) digits: Option<String>,
    /// Signed digits (`x+n`): as digits unless said.
    pub(crate) signed: Option<String>,
    /// Track data (`z`): as digits unless said.
    pub(crate) track: Option<String>,
    /// Binary data (`b`): `binary` (default), `hex`, `ebcdic-hex-037`, `ebcdic-hex-500`, `ebcdic-hex-1047`.
    pub(crate) binary: Option<String>,
    /// Length indicators: `ascii` (default), `ebcdic`, `bcd`, `binary`, `hex`, `ebcdic-hex`.
    pub(crate) lengths: Option<String>,
    /// What length indicators count: `characters` (default; `digits` and `nibbles` are other words for it) or `bytes`.
    /// Binary data are always counted in bytes unless the field itself says otherwise.
    pub(crate) counts: Option<String>,
    /// Where the pad of an odd number of packed digits stands if the length is fixed: `left` (default) or `right`.
    pub(crate) pad: Option<String>,
    /// The same where the length is variable; as `pad` unless said.
    pub(crate) pad_variable: Option<String>,
    /// The pad that is written: `0` (default) or `f`. Both are read; `only-0` and `only-f` read just that one.
    pub(crate) pad_digit: Option<String>,
}

/// One data element, or one part of one.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldFile {
    /// Short English name.
    pub(crate) name: Option<String>,
    /// Characters and length as the standard writes them: `n6`, `n..19`, `ans...999`, `x+n8`, `z..37`, `b64`.
    pub(crate) format: Option<String>,
    /// How it is written: `ascii`, `latin-1`, `ebcdic-037`, `ebcdic-500`, `ebcdic-1047`, `bcd`, `binary`, `hex`,
    /// `ebcdic-hex-037`, `ebcdic-hex-500`, `ebcdic-hex-1047`.
    pub(crate) encoding: Option<String>,
    /// How its length indicator is written: `ascii`, `ebcdic`, `bcd`, `binary`, `hex` (hexadecimal digits in ASCII,
    /// letters in upper case), `ebcdic-hex`.
    pub(crate) lengths: Option<String>,
    /// Bytes of its length indicator, if not as many as its digits need. 0, only of the last part of a positional
    /// value: it has no length indicator and takes what is left.
    pub(crate) length_bytes: Option<u8>,
    /// What its length indicator counts: `characters`, `digits`, `nibbles` or `bytes`.
    pub(crate) counts: Option<String>,
    /// Bytes that its length indicator counts besides the value, mostly its own (default 0).
    pub(crate) counts_also: Option<u8>,
    /// What the sign of `x+n` may be: `credit-debit` (default: `C` or `D`) or `any` letter or digit.
    pub(crate) signs: Option<String>,
    /// Where the pad of an odd number of packed digits stands: `left` or `right`.
    pub(crate) pad: Option<String>,
    /// That pad: `0`, `f`, `only-0`, `only-f`.
    pub(crate) pad_digit: Option<String>,
    /// How much may be shown: `open`, `private` (card numbers inside are masked), `pan` (last four), `secret`.
    pub(crate) shown: Option<String>,
    /// The table that says its codes in words.
    pub(crate) codes: Option<String>,
    /// Takes the data element out of what the extended dialect has.
    #[serde(default)]
    pub(crate) absent: bool,
    /// What is inside.
    pub(crate) inside: Option<Box<InsideFile>>,
}

/// What is inside a data element.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InsideFile {
    /// `positional`, `delimited`, `tagged`, `ber-tlv`, `bitmapped`, or `none` to take the extended dialect's away.
    pub(crate) kind: Option<String>,
    /// Delimited: the character between the parts, for example `|`.
    pub(crate) delimiter: Option<String>,
    /// Tagged: length of a tag in bytes.
    pub(crate) tag_bytes: Option<u8>,
    /// Tagged: how a tag is written: `ascii`, `binary`, `ebcdic-037`, `ebcdic-500`, `ebcdic-1047`; default: as text.
    pub(crate) tag: Option<String>,
    /// Tagged: digits of a part's length (default 3).
    pub(crate) length_digits: Option<u8>,
    /// Tagged: how a part's length is written; default: as text.
    pub(crate) lengths: Option<String>,
    /// Tagged: bytes of a part's length, if not as many as its digits need.
    pub(crate) length_bytes: Option<u8>,
    /// Tagged: what a part's length counts.
    pub(crate) counts: Option<String>,
    /// Tagged: bytes that a part's length counts besides the value: its own, those of the tag (default 0).
    pub(crate) counts_also: Option<u8>,
    /// Tagged: whether the length stands before the tag (default: behind it).
    pub(crate) length_first: Option<bool>,
    /// Bitmapped: bits of the bitmap (default 64).
    pub(crate) bits: Option<u8>,
    /// Bitmapped: how the bitmap is written: `binary` (default), `hex`, `ebcdic-hex-…`.
    pub(crate) bitmap: Option<String>,
    /// Tagged: how parts are read that are not listed.
    pub(crate) other: Option<FieldFile>,
    /// Tagged and BER-TLV: a built-in list of parts, to which `parts` adds: `emv` (chip data), `ipm-pds` (private data
    /// subelements of clearing records).
    pub(crate) parts_from: Option<String>,
    /// The parts: by place from 1, tag or bit.
    #[serde(default)]
    pub(crate) parts: BTreeMap<String, FieldFile>,
}

/// What is agreed for one message type.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageFile {
    /// What it is, in a few words.
    pub(crate) name: Option<String>,
    /// M: data elements that are always there.
    #[serde(default)]
    pub(crate) mandatory: Vec<u8>,
    /// C: data elements that are there under a condition, with the condition.
    #[serde(default)]
    pub(crate) conditional: BTreeMap<String, String>,
    /// O: data elements that are there as the sender likes.
    #[serde(default)]
    pub(crate) optional: Vec<u8>,
    /// ME: always there, with the value of the request.
    #[serde(default)]
    pub(crate) mandatory_echo: Vec<u8>,
    /// CE: there with the value of the request if the request has it.
    #[serde(default)]
    pub(crate) conditional_echo: Vec<u8>,
    /// What a data element is for, by number.
    #[serde(default)]
    pub(crate) notes: BTreeMap<String, String>,
    /// Data elements that are not listed: `accepted` (default) and ignored, or `refused`.
    pub(crate) others: Option<String>,
    /// Takes the message type out of what the extended dialect has.
    #[serde(default)]
    pub(crate) absent: bool,
}

impl Dialect {
    /// Reads a dialect file.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its line, its path (`fields.48.format`) and what may stand there.
    pub fn from_toml(text: &str) -> Result<Self, DialectError> {
        if text.len() > MAX_FILE_BYTES {
            return Err(DialectError::whole(format!("a dialect file has at most {MAX_FILE_BYTES} bytes")));
        }
        let file: DialectFile = toml::from_str(text).map_err(|error| DialectError::syntax(text, &error))?;
        let made = || {
            names::check(&file)?;
            let whole = with_base(file.clone(), 0)?;
            names::check_absent(&file, &whole)?;
            let dialect = build::dialect(&whole)?;
            sense::check(&file, &dialect)?;
            Ok(dialect)
        };
        made().map_err(|error: DialectError| error.located(text))
    }

    /// Reads the file of a built-in dialect.
    pub(crate) fn built_in(text: &str) -> Result<Self, DialectError> {
        let file: DialectFile = toml::from_str(text).map_err(|error| DialectError::syntax(text, &error))?;
        build::dialect(&with_base(file, 0)?)
    }

    /// The JSON Schema of dialect files, for editors.
    #[must_use]
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(DialectFile).to_value()
    }
}

fn with_base(mut file: DialectFile, depth: usize) -> Result<DialectFile, DialectError> {
    let Some(base) = file.extends.take() else { return Ok(file) };
    let source = dialects::source(&base).filter(|_| depth < MAX_EXTENDS).ok_or_else(|| {
        let names: Vec<&str> = dialects::names().collect();
        DialectError::at("extends", format!("one of the built-in dialects {}", names.join(", ")))
    })?;
    let base: DialectFile = toml::from_str(source).map_err(|error| DialectError::syntax(source, &error))?;
    Ok(merge::over(with_base(base, depth + 1)?, file))
}
