//! Messages as they may be shown: bytes and values masked by the dialect's own rule, in whichever encoding.
//!
//! Everything that leaves a script goes through here, so that no card number gets into evidence.

use iso8583::{
    BitmapEncoding, Class, Dialect, Encoding, MtiEncoding, Shown, Side, Value, dialects, mask_private,
    mask_text,
};

/// Digits of a card number that stay visible.
const KEPT: usize = 4;
/// Of a value that is shorter, they would be too many.
const PAN_MIN: usize = 12;

/// A byte of a message; `None` is masked.
pub type MaskedByte = Option<u8>;

/// A message that may be shown to anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownMessage {
    /// One line: the message type and what tells it apart.
    pub summary: String,
    /// The bytes behind the frame length, or as they were sent if there is no frame.
    pub bytes: Vec<MaskedByte>,
    /// The data elements.
    pub fields: Vec<ShownField>,
    /// Why it could not be decoded further, if so.
    pub problem: Option<String>,
}

/// A data element that may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownField {
    /// Where its value begins.
    pub offset: usize,
    /// `MTI`, `DE37`.
    pub element: String,
    /// What the dialect calls it.
    pub name: String,
    /// Its value, masked.
    pub value: String,
}

/// A value as it may be shown, of a data element as 1987 has it.
#[must_use]
pub fn masked_value(de: u8, value: &str) -> String {
    let spec = dialects::iso87_ascii().field(de);
    match spec.map(|spec| (spec.shown, spec.format.class)) {
        Some((Shown::Open, _)) => value.to_owned(),
        Some((Shown::Private, class)) => mask_private(class, value).into_owned(),
        Some((Shown::Pan, _)) if value.len() >= PAN_MIN => {
            format!("****{}", value.get(value.len() - KEPT..).unwrap_or_default())
        }
        Some((Shown::Pan, _)) => "****".to_owned(),
        _ => "[dropped]".to_owned(),
    }
}

/// The bytes of a message with card data masked. What could not be decoded is masked whole: nobody knows what it is.
#[must_use]
pub fn masked_bytes(dialect: &Dialect, bytes: &[u8]) -> Vec<MaskedByte> {
    let mut masked: Vec<MaskedByte> = bytes.iter().copied().map(Some).collect();
    let (message, error) = dialect.decode_partial(bytes);
    let mut known = 0;
    if let Some(message) = &message {
        // Header, message type and first bitmap are never card data if the type can be read.
        known = head(dialect);
        for (de, value) in message.values() {
            let range = message.range(de).unwrap_or_default();
            known = known.max(range.end);
            if let Some(bytes) = masked.get_mut(range) {
                hide(bytes, &value);
            }
        }
    }
    if error.is_some() {
        masked.iter_mut().skip(known.max(mti_bytes(dialect))).for_each(|byte| *byte = None);
        // With a wrong bitmap a card number may stand where another element is read.
        hide_rows(&mut masked, bytes, 2, packed);
        hide_rows(&mut masked, bytes, 1, character);
    }
    masked
}

/// Masks what reads as a card number, whichever elements it is taken for; `read` makes so many characters of a byte.
fn hide_rows(masked: &mut [MaskedByte], bytes: &[u8], per_byte: usize, read: fn(u8) -> [char; 2]) {
    let text: String = bytes.iter().flat_map(|byte| read(*byte).into_iter().take(per_byte)).collect();
    let shown: Vec<char> = mask_text(&text).chars().collect();
    for (byte, characters) in masked.iter_mut().zip(shown.chunks(per_byte)) {
        if characters.contains(&'*') {
            *byte = None;
        }
    }
}

fn packed(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 15].map(|nibble| char::from_digit(u32::from(nibble), 16).unwrap_or('x'))
}

/// A digit as ASCII or EBCDIC writes it; nothing else counts.
fn character(byte: u8) -> [char; 2] {
    let digit = match byte {
        b'0'..=b'9' | 0xF0..=0xF9 => char::from(b'0' + (byte & 15)),
        b' ' | b'-' => char::from(byte),
        _ => 'x',
    };
    [digit; 2]
}

fn head(dialect: &Dialect) -> usize {
    let bitmap = if dialect.bitmap_encoding() == BitmapEncoding::Binary { 8 } else { 16 };
    dialect.header().length() + mti_bytes(dialect) + bitmap
}

fn mti_bytes(dialect: &Dialect) -> usize {
    if dialect.mti_encoding() == MtiEncoding::Bcd { 2 } else { 4 }
}

/// Masks the bytes of a value.
fn hide(bytes: &mut [MaskedByte], value: &Value<'_>) {
    let spec = value.spec();
    let text = value.text();
    let kept = match spec.shown {
        Shown::Open => return,
        // A masked digit is an asterisk where there was none.
        Shown::Private => {
            let shown = mask_private(spec.format.class, &text);
            text.chars().zip(shown.chars()).map(|(one, other)| one == other).collect()
        }
        Shown::Pan if text.len() >= PAN_MIN => {
            let hidden = text.chars().count().saturating_sub(KEPT);
            (0..text.chars().count()).map(|at| at >= hidden).collect()
        }
        _ => Vec::new(),
    };
    let at = places(value, kept.len(), bytes.len());
    let hidden = |byte: usize| match &at {
        // A byte stays if all characters that stand in it do.
        Some(at) => kept.iter().enumerate().any(|(character, kept)| !kept && at(character) == byte),
        None => true,
    };
    let all = kept.is_empty();
    for (index, byte) in bytes.iter_mut().enumerate() {
        if all || hidden(index) {
            *byte = None;
        }
    }
}

/// In which byte a character of the text stands; `None` where a text says nothing of single bytes.
fn places(value: &Value<'_>, characters: usize, bytes: usize) -> Option<impl Fn(usize) -> usize + use<>> {
    let (per_byte, first) = match (value.spec().encoding, value.spec().format.class) {
        // Bytes may be anything, a card number in another encoding too.
        (_, Class::Binary) | (Encoding::Binary | Encoding::Hex | Encoding::EbcdicHex(_), _) => return None,
        (Encoding::Bcd { .. }, Class::SignedNumeric) => return None,
        (Encoding::Bcd { pad, .. }, _) => {
            let odd = bytes * 2 > characters;
            (2, usize::from(odd && pad == Side::Left))
        }
        _ => (1, 0),
    };
    Some(move |character: usize| (character + first) / per_byte)
}

impl ShownMessage {
    /// Shows the bytes of one message.
    #[must_use]
    pub fn of(dialect: &Dialect, bytes: &[u8]) -> Self {
        let (message, error) = dialect.decode_partial(bytes);
        let head = ShownField {
            offset: dialect.header().length(),
            element: "MTI".to_owned(),
            name: "message type indicator".to_owned(),
            value: message.as_ref().map_or_else(|| "????".to_owned(), |message| message.mti().to_string()),
        };
        let mut fields = vec![head];
        let masked = masked_bytes(dialect, bytes);
        if let Some(message) = &message {
            fields.extend(message.values().map(|(de, value)| {
                let range = message.range(de).unwrap_or_default();
                let open = value.spec().shown == Shown::Open;
                let hidden = open && masked.get(range.clone()).unwrap_or_default().contains(&None);
                ShownField {
                    offset: range.start,
                    element: format!("DE{de}"),
                    name: value.spec().name.clone(),
                    value: if hidden { "[dropped]".to_owned() } else { shown(&value) },
                }
            }));
        }
        Self {
            summary: summary(&fields),
            bytes: masked,
            fields,
            problem: error.map(|error| error.to_string()),
        }
    }

    /// Shows bytes that are not one message in a frame.
    pub(super) fn bare(bytes: &[u8], what: &str) -> Self {
        let masked = bytes.iter().enumerate().map(|(at, byte)| (at < 2).then_some(*byte)).collect();
        Self {
            summary: what.to_owned(),
            bytes: masked,
            fields: Vec::new(),
            problem: Some("sent as it is, without the frame length of the contract".to_owned()),
        }
    }
}

/// The value as the dialect lets it be shown; of binary data that may hold anything, nothing.
fn shown(value: &Value<'_>) -> String {
    match (value.spec().shown, places(value, 0, 0)) {
        (Shown::Private, None) => "[dropped]".to_owned(),
        _ => value.masked(),
    }
}

/// What people look at first.
const IN_SUMMARY: [&str; 11] =
    ["DE2", "DE39", "DE4", "DE49", "DE24", "DE70", "DE11", "DE37", "DE56", "DE90", "DE48"];

fn summary(fields: &[ShownField]) -> String {
    let value = |element: &str| fields.iter().find(|field| field.element == element);
    let shown = IN_SUMMARY.iter().filter_map(|element| value(element));
    let mti = value("MTI").map_or("", |field| field.value.as_str());
    shown.fold(mti.to_owned(), |line, field| format!("{line} {}={}", field.element, field.value.trim_end()))
}

#[cfg(test)]
mod tests {
    use iso8583::{Builder, Mti, dialects};

    use super::{masked_bytes, masked_value};

    /// The length of a card number, without a right check digit, as some cards' numbers are.
    const UNCHECKED: &str = "4929127456785231";

    #[test]
    fn in_free_text_no_check_digit_is_asked_for() {
        assert_eq!(masked_value(43, UNCHECKED), "************5231");
        assert_eq!(masked_value(37, "492912745678"), "492912745678");
        let dialect = dialects::iso87_ascii();
        let message = Builder::new(Mti::new("0110")).set(43, format!("CARD {UNCHECKED:<35}"));
        let bytes = message.encode(dialect).unwrap();
        let shown = masked_bytes(dialect, &bytes);
        assert_eq!(shown.iter().filter(|byte| byte.is_none()).count(), 12);
        let text: String = shown.iter().flatten().map(|byte| char::from(*byte)).collect();
        assert!(text.contains("CARD 5231"), "{text}");
    }
}
