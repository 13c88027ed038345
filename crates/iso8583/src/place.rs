//! Where in a message something is wrong.

use std::fmt;

/// A place in a message; `Display` gives its path, for example `DE48 length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// The message as a whole.
    Message,
    /// The header before the message type.
    Header,
    /// The message type indicator.
    Mti,
    /// The first, second or third bitmap.
    Bitmap(u8),
    /// The length indicator of a data element.
    FieldLength(u8),
    /// The value of a data element.
    Field(u8),
    /// Behind the last data element.
    End,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message => f.write_str("message"),
            Self::Header => f.write_str("header"),
            Self::Mti => f.write_str("MTI"),
            Self::Bitmap(number) => write!(f, "bitmap {number}"),
            Self::FieldLength(de) => write!(f, "DE{de} length"),
            Self::Field(de) => write!(f, "DE{de}"),
            Self::End => f.write_str("end of message"),
        }
    }
}
