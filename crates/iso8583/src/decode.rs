//! Strict decoding: from received bytes to a [`Message`] that borrows them.

use crate::{
    bitmap::{BitmapCount, Bitmaps},
    decode_error::{DecodeError, DecodeProblem},
    dialect::{Dialect, MtiEncoding, Table},
    field_spec::IndicatorEncoding,
    message::Message,
    mti::Mti,
    place::Place,
    reader::Reader,
};

/// The greatest message in bytes; longer input is refused unread. Positions fit into 16 bits.
pub const MAX_MESSAGE: usize = 65_535;

impl Dialect {
    /// Decodes one whole message (without its frame length), borrowing from it. Allocates nothing.
    ///
    /// What is inside a data element is not looked at; see [`Message::parts`] and [`Dialect::check`].
    ///
    /// # Errors
    ///
    /// The first place where the bytes are not what the dialect says.
    #[inline]
    pub fn decode<'a>(&'a self, bytes: &'a [u8]) -> Result<Message<'a>, DecodeError> {
        let mut message = Message::empty(self, bytes);
        read(self, &mut message)?;
        Ok(message)
    }

    /// Decodes as far as the bytes are right: the data elements before the error, and the error.
    ///
    /// The message is `None` when not even the MTI can be read, or when the input is longer than
    /// [`MAX_MESSAGE`]. A message with an error serves only to tell the sender which of its messages is wrong.
    #[must_use]
    pub fn decode_partial<'a>(&'a self, bytes: &'a [u8]) -> (Option<Message<'a>>, Option<DecodeError>) {
        let mut message = Message::empty(self, bytes);
        match read(self, &mut message) {
            Ok(()) => (Some(message), None),
            Err(error) => {
                let readable = !matches!(error.place(), Place::Message | Place::Header | Place::Mti);
                message.set_partial();
                (readable.then_some(message), Some(error))
            }
        }
    }
}

fn read<'a>(dialect: &'a Dialect, message: &mut Message<'a>) -> Result<(), DecodeError> {
    let bytes = message.bytes();
    if bytes.len() > MAX_MESSAGE {
        let problem = DecodeProblem::TooLarge { bytes: bytes.len() };
        return Err(DecodeError::new(Place::Message, MAX_MESSAGE, problem));
    }
    let header = dialect.header().split(bytes).map_err(|error| {
        DecodeError::new(Place::Header, error.offset, DecodeProblem::Header(Box::new(error)))
    })?;
    message.set_header(header);
    let mut reader = Reader::new(bytes, header);
    message.set_mti(mti(dialect.table().mti, &mut reader)?);
    let announced = bitmaps(dialect.table(), &mut reader)?;
    for de in announced.iter() {
        if let Err(error) = field(dialect, message, &mut reader, de) {
            // Up to here the message is right, and it stays like that.
            let mut right = announced;
            right.truncate(de);
            message.set_bitmaps(right);
            return Err(error);
        }
    }
    message.set_bitmaps(announced);
    match reader.left() {
        0 => Ok(()),
        bytes => Err(DecodeError::new(Place::End, reader.at(), DecodeProblem::Trailing { bytes })),
    }
}

#[inline]
fn field<'a>(
    dialect: &'a Dialect,
    message: &mut Message<'a>,
    reader: &mut Reader<'a>,
    de: u8,
) -> Result<(), DecodeError> {
    let Some(element) = dialect.element(de) else {
        return Err(DecodeError::new(Place::Field(de), reader.at(), DecodeProblem::Undefined));
    };
    let found = element.plan.read(reader, de, &element.spec)?;
    message.put(de, found);
    Ok(())
}

fn mti(encoding: MtiEncoding, reader: &mut Reader<'_>) -> Result<Mti, DecodeError> {
    let start = reader.at();
    let not_a_digit = |at: usize, byte: u8, encoding| {
        DecodeError::new(Place::Mti, start + at, DecodeProblem::NotADigit { byte, encoding })
    };
    match encoding {
        MtiEncoding::Ascii | MtiEncoding::Ebcdic(_) => {
            let digits = reader.take(Place::Mti, 4)?;
            let ebcdic = matches!(encoding, MtiEncoding::Ebcdic(_));
            // All code pages write digits alike, 0xF0 to 0xF9; ASCII digits are 0x30 to 0x39.
            let (zero, written) =
                if ebcdic { (0xF0, IndicatorEncoding::Ebcdic) } else { (b'0', IndicatorEncoding::Ascii) };
            let mut mti = [0; 4];
            for (at, (to, byte)) in mti.iter_mut().zip(digits).enumerate() {
                let digit = byte.wrapping_sub(zero);
                if digit > 9 {
                    return Err(not_a_digit(at, *byte, written));
                }
                *to = b'0' + digit;
            }
            Mti::parse(&mti).ok_or_else(|| not_a_digit(0, 0, written))
        }
        MtiEncoding::Bcd => {
            let packed = reader.take(Place::Mti, 2)?;
            let mut mti = [0; 4];
            for (at, (to, byte)) in mti.as_chunks_mut::<2>().0.iter_mut().zip(packed).enumerate() {
                if byte >> 4 > 9 || byte & 0x0F > 9 {
                    return Err(not_a_digit(at, *byte, IndicatorEncoding::Bcd));
                }
                *to = [b'0' + (byte >> 4), b'0' + (byte & 0x0F)];
            }
            Mti::parse(&mti).ok_or_else(|| not_a_digit(0, 0, IndicatorEncoding::Bcd))
        }
    }
}

fn bitmaps(table: &Table, reader: &mut Reader<'_>) -> Result<Bitmaps, DecodeError> {
    let mut bitmaps = Bitmaps::default();
    for index in 0..3_u8 {
        let place = Place::Bitmap(index + 1);
        let start = reader.at();
        let written = reader.take(place, table.bitmap.bytes())?;
        let first_bit = bitmaps.read(index, table.bitmap, written).map_err(|wrong| {
            DecodeError::new(place, start + wrong.at, DecodeProblem::NotHexadecimal { byte: wrong.byte })
        })?;
        let more = match (table.bitmaps, index) {
            (BitmapCount::Fixed(count), _) => {
                // Some senders set it, some do not; it says nothing.
                if first_bit && index == 0 {
                    bitmaps.keep_first_bit();
                }
                index + 1 < count
            }
            (BitmapCount::AlwaysTwo, 0) => {
                if !first_bit {
                    let (expected, found) = ("bit 1 set: there are always two bitmaps", "it not set");
                    let problem = DecodeProblem::Structure { expected, found };
                    return Err(DecodeError::new(place, start, problem));
                }
                true
            }
            (BitmapCount::Expanding { .. }, 0) => first_bit,
            (BitmapCount::Expanding { third: true }, 1) => first_bit,
            _ => false,
        };
        let continuation = match (table.bitmaps, index) {
            (BitmapCount::Fixed(_), _) | (_, 2) => false,
            (_, 0) => true,
            (BitmapCount::Expanding { third }, _) => third,
            (BitmapCount::AlwaysTwo, _) => false,
        };
        if continuation {
            bitmaps.take_continuation(index);
        }
        if !more {
            break;
        }
    }
    Ok(bitmaps)
}
