//! Strict decoding: from received bytes to a [`Message`] that borrows them.

use crate::{
    bitmap::{self, Bitmap},
    decode_error::{DecodeError, DecodeProblem, kind_of},
    dialect::Dialect,
    field_spec::{FieldSpec, Length},
    message::{Message, Span},
    mti::Mti,
    place::Place,
};

/// The greatest message in bytes; longer input is refused unread.
pub const MAX_MESSAGE: usize = 8 * 1024;

const MTI_LENGTH: usize = 4;

impl Dialect {
    /// Decodes one whole message (without its frame length), borrowing from it.
    ///
    /// # Errors
    ///
    /// The first place where the bytes are not what the dialect says.
    pub fn decode<'a>(&'a self, bytes: &'a [u8]) -> Result<Message<'a>, DecodeError> {
        let mut reader = Reader { bytes, at: 0 };
        let mut message = Message::empty(self, bytes, reader.mti()?);
        reader.rest(self, &mut message)?;
        Ok(message)
    }

    /// Decodes as far as the bytes are right: the data elements before the error, and the error.
    ///
    /// The message is `None` when not even the MTI can be read, or when the input is longer than
    /// [`MAX_MESSAGE`]. A message with an error serves only to tell the sender which of its messages is wrong.
    #[must_use]
    pub fn decode_partial<'a>(&'a self, bytes: &'a [u8]) -> (Option<Message<'a>>, Option<DecodeError>) {
        let mut reader = Reader { bytes, at: 0 };
        let mti = match reader.mti() {
            Ok(mti) => mti,
            Err(error) => return (None, Some(error)),
        };
        let mut message = Message::empty(self, bytes, mti);
        let error = reader.rest(self, &mut message).err();
        (Some(message), error)
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn mti(&mut self) -> Result<Mti, DecodeError> {
        if self.bytes.len() > MAX_MESSAGE {
            let problem = DecodeProblem::TooLarge { bytes: self.bytes.len() };
            return Err(DecodeError::new(Place::Message, MAX_MESSAGE, problem));
        }
        let digits = self.take(Place::Mti, MTI_LENGTH)?;
        self.decimal(Place::Mti, digits)?;
        Mti::parse(digits).ok_or_else(|| self.truncated(Place::Mti, MTI_LENGTH))
    }

    fn rest(&mut self, dialect: &Dialect, message: &mut Message<'a>) -> Result<(), DecodeError> {
        let mut announced = Bitmap::default();
        self.bitmap(1, &mut announced)?;
        if announced.has_second() {
            self.bitmap(2, &mut announced)?;
        }
        for de in announced.iter() {
            // Up to here the message is right; if this data element is not, it stays like that.
            message.bitmap = announced;
            message.bitmap.truncate(de);
            let span = self.field(de, dialect.field(de))?;
            message.put(de, span);
        }
        message.bitmap = announced;
        match self.left() {
            0 => Ok(()),
            bytes => Err(DecodeError::new(Place::End, self.at, DecodeProblem::Trailing { bytes })),
        }
    }

    fn bitmap(&mut self, number: u8, bitmap: &mut Bitmap) -> Result<(), DecodeError> {
        let place = Place::Bitmap(number);
        let start = self.at;
        let digits = self.take(place, bitmap::DIGITS)?;
        bitmap.read(number == 2, digits).map_err(|at| {
            let byte = digits.get(at).copied().unwrap_or_default();
            DecodeError::new(place, start + at, DecodeProblem::NotHexadecimal { byte })
        })
    }

    fn field(&mut self, de: u8, spec: Option<&FieldSpec>) -> Result<Span, DecodeError> {
        let place = Place::Field(de);
        let spec = spec.ok_or_else(|| DecodeError::new(place, self.at, DecodeProblem::Undefined))?;
        let length = match spec.length {
            Length::Fixed(length) => usize::from(length),
            Length::Variable { digits, max } => self.length(de, digits, max)?,
        };
        let start = self.at;
        let value = self.take(place, length)?;
        if let Some(at) = spec.content.first_wrong(value) {
            let found = kind_of(value.get(at).copied().unwrap_or_default());
            let problem = DecodeProblem::WrongCharacter { content: spec.content, found };
            return Err(DecodeError::new(place, start + at, problem));
        }
        Ok(Span::new(start, self.at))
    }

    fn length(&mut self, de: u8, digits: u8, max: u16) -> Result<usize, DecodeError> {
        let place = Place::FieldLength(de);
        let start = self.at;
        let indicator = self.take(place, usize::from(digits))?;
        let length = self.decimal(place, indicator)?;
        let max = usize::from(max);
        if length > max {
            return Err(DecodeError::new(place, start, DecodeProblem::TooLong { max, length }));
        }
        Ok(length)
    }

    /// The value of the decimal digits that were taken just now.
    fn decimal(&self, place: Place, digits: &[u8]) -> Result<usize, DecodeError> {
        let start = self.at - digits.len();
        digits.iter().enumerate().try_fold(0_usize, |value, (at, &byte)| {
            let wrong = || DecodeError::new(place, start + at, DecodeProblem::NotADigit { byte });
            let digit = char::from(byte).to_digit(10).ok_or_else(wrong)?;
            Ok(value.saturating_mul(10).saturating_add(usize::try_from(digit).unwrap_or_default()))
        })
    }

    fn take(&mut self, place: Place, length: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at + length;
        let taken = self.bytes.get(self.at..end).ok_or_else(|| self.truncated(place, length))?;
        self.at = end;
        Ok(taken)
    }

    fn truncated(&self, place: Place, needed: usize) -> DecodeError {
        DecodeError::new(place, self.at, DecodeProblem::Truncated { needed, left: self.left() })
    }

    const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }
}
