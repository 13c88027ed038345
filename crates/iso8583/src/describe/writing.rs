//! How a sender wrote what values do not tell: the number and the case of the bitmaps, unusual pads, the case of
//! hexadecimal text.

use super::{
    Show,
    document::written_like_values,
    document_error::DocumentError,
    json::Json,
    layout::{self, What},
};
use crate::{
    bitmap::{BitmapCount, BitmapEncoding, Bitmaps},
    dialect::Dialect,
    encode::unhex,
    field_spec::{FieldSpec, Shown},
    message::Message,
    plan::Plan,
    reader::Reader,
    value::{Value, hexadecimal},
};

const BITMAPS: &str = "bitmaps";
const BITMAP_CASE: &str = "bitmap_case";
const FIRST_BIT: &str = "first_bit";
const SET: &str = "set";
const AS_SENT: &str = "as_sent";
const LOWER: &str = "lower";

/// The key `wire` of a message in JSON.
#[derive(Default)]
pub(super) struct Writing {
    bitmaps: Option<u8>,
    lower_case: u64,
    first_bit: bool,
    /// Data elements with their length indicators.
    as_sent: Vec<(u8, Vec<u8>)>,
}

/// What must be said of a message besides its values; `None` if nothing.
pub(super) fn to_json(message: &Message<'_>, show: Show) -> Option<Json> {
    let mut members = Vec::new();
    if let Some(count) = unusual_count(message) {
        members.push((BITMAPS.to_owned(), Json::Number(count.into())));
    }
    if message.bitmaps().first_bit() {
        members.push((FIRST_BIT.to_owned(), Json::text(SET)));
    }
    if let Some(case) = bitmap_case(message) {
        members.push((BITMAP_CASE.to_owned(), Json::text(case)));
    }
    let as_sent: Vec<(String, Json)> = message
        .values()
        .filter(|(_, value)| show == Show::Unmasked || value.spec().shown == Shown::Open)
        .filter_map(|(de, _)| {
            let sent = message.bytes().get(layout::whole_field(message, de)?)?;
            let plain = written_like_values(message, de);
            (plain.as_deref() != Some(sent)).then(|| (de.to_string(), Json::text(hexadecimal(sent))))
        })
        .collect();
    if !as_sent.is_empty() {
        members.push((AS_SENT.to_owned(), Json::Object(as_sent)));
    }
    (!members.is_empty()).then_some(Json::Object(members))
}

fn unusual_count(message: &Message<'_>) -> Option<u8> {
    let mut plain = Bitmaps::default();
    message.values().for_each(|(de, _)| plain.set(de));
    plain.settle(message.dialect().bitmap_count(), 0);
    let sent = message.bitmaps().count();
    (sent != plain.count()).then_some(sent)
}

/// `lower` if no digit is an upper-case letter, else the digits as sent if any is a lower-case letter.
fn bitmap_case(message: &Message<'_>) -> Option<String> {
    if message.bitmaps().lower_case() == 0 {
        return None;
    }
    let stretch = layout::of(message).into_iter().find(|stretch| stretch.what == What::Bitmap)?;
    let bytes = message.bytes().get(stretch.range)?;
    let digits: String = match message.dialect().bitmap_encoding() {
        BitmapEncoding::Binary => return None,
        BitmapEncoding::Hex => bytes.iter().map(|byte| char::from(*byte)).collect(),
        BitmapEncoding::EbcdicHex(page) => {
            bytes.iter().map(|byte| char::from(page.decode_byte(*byte))).collect()
        }
    };
    let all_lower = !digits.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if all_lower { LOWER.to_owned() } else { digits })
}

impl Writing {
    pub(super) fn from_json(json: &Json) -> Result<Self, DocumentError> {
        let Json::Object(members) = json else {
            return Err(DocumentError::key("wire", "an object"));
        };
        let mut writing = Self::default();
        for (key, value) in members {
            let path = format!("wire.{key}");
            match (key.as_str(), value) {
                (BITMAPS, Json::Number(count)) => {
                    let count = u8::try_from(*count).ok().filter(|count| (1..=3).contains(count));
                    writing.bitmaps = Some(count.ok_or_else(|| DocumentError::key(path, "1, 2 or 3"))?);
                }
                (BITMAP_CASE, Json::Text(case)) => writing.lower_case = lower_case(case),
                (FIRST_BIT, Json::Text(text)) if text.as_str() == SET => writing.first_bit = true,
                (AS_SENT, Json::Object(fields)) => writing.as_sent = as_sent(fields)?,
                (BITMAPS, _) => return Err(DocumentError::key(path, "1, 2 or 3")),
                (BITMAP_CASE, _) => return Err(DocumentError::key(path, "`lower` or the digits as sent")),
                (FIRST_BIT, _) => return Err(DocumentError::key(path, "`set`, or no such key")),
                (AS_SENT, _) => return Err(DocumentError::key(path, "an object")),
                _ => return Err(DocumentError::key(path, "one of bitmaps, bitmap_case, first_bit, as_sent")),
            }
        }
        Ok(writing)
    }

    /// The bitmaps in this writing.
    pub(super) fn bitmaps(&self, dialect: &Dialect) -> Result<Bitmaps, DocumentError> {
        let most = match dialect.bitmap_count() {
            BitmapCount::Expanding { third: true } | BitmapCount::Fixed(_) => 3,
            BitmapCount::Expanding { third: false } | BitmapCount::AlwaysTwo => 2,
        };
        match self.bitmaps {
            Some(count) if count > most => {
                Err(DocumentError::key("wire.bitmaps", format!("at most {most} in this dialect")))
            }
            count => Ok(Bitmaps::of_writing(count.unwrap_or_default(), self.lower_case, self.first_bit)),
        }
    }

    /// The bytes of a data element as they were sent, its length indicator included.
    pub(super) fn as_sent(&self, de: u8) -> Option<&[u8]> {
        self.as_sent.iter().find(|(other, _)| *other == de).map(|(_, bytes)| bytes.as_slice())
    }

    /// The data elements that are told as they were sent.
    pub(super) fn elements(&self) -> impl Iterator<Item = u8> + '_ {
        self.as_sent.iter().map(|(de, _)| *de)
    }
}

fn lower_case(case: &str) -> u64 {
    if case == LOWER {
        return u64::MAX;
    }
    let lower = case.bytes().take(48).enumerate().filter(|(_, byte)| byte.is_ascii_lowercase());
    lower.fold(0, |bits, (at, _)| bits | 1 << at)
}

fn as_sent(fields: &[(String, Json)]) -> Result<Vec<(u8, Vec<u8>)>, DocumentError> {
    let one = |(key, value): &(String, Json)| {
        let path = format!("wire.as_sent.{key}");
        let de = key.parse().map_err(|_| DocumentError::key(&path, "the number of a data element"))?;
        let bytes = match value {
            Json::Text(text) => unhex(text),
            _ => None,
        };
        Ok((de, bytes.ok_or_else(|| DocumentError::key(path, "hexadecimal digits"))?))
    };
    fields.iter().map(one).collect()
}

/// The value in bytes that were sent with a length indicator, if the data element can be read from them wholly.
pub(super) fn value_of<'a>(spec: &'a FieldSpec, de: u8, sent: &'a [u8]) -> Option<Value<'a>> {
    let mut reader = Reader::new(sent, 0);
    let found = Plan::of(spec).read(&mut reader, de, spec).ok().filter(|_| reader.left() == 0)?;
    Some(Value::new(sent.get(found.start..found.start + found.length)?, found.odd, spec))
}
