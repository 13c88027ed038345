//! The parts of a header: checking, answering and writing each.

use super::{error::HeaderError, visanet, visanet::Stations};
use crate::characters::kind_of;

/// Bytes of a TPDU: identifier, destination, source.
pub(super) const TPDU: usize = 5;
/// What a TPDU is when nothing else is configured: identifier 0x60 (transaction), addresses zero.
pub(super) const USUAL_TPDU: [u8; TPDU] = [0x60, 0, 0, 0, 0];

/// One part of a header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// What a sender of its own writes.
    Tpdu([u8; TPDU]),
    /// The stations a sender of its own writes.
    VisaNet(Stations),
    /// Printable ASCII.
    Literal(String),
    /// So many bytes, and what a sender of its own writes.
    Opaque(usize, Option<Vec<u8>>),
}

impl Part {
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Tpdu(_) => TPDU,
            Self::VisaNet(_) => visanet::LENGTH,
            Self::Literal(text) => text.len(),
            Self::Opaque(length, _) => *length,
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Tpdu(_) => "TPDU",
            Self::VisaNet(_) => "VisaNet header",
            Self::Literal(_) => "literal header",
            Self::Opaque(..) => "opaque header",
        }
    }

    /// Checks the part at the start of `bytes`, which is at `offset` of the header. `total` is the length
    /// from here to the end of the message, where that is known.
    pub(super) fn check(&self, bytes: &[u8], offset: usize, total: Option<usize>) -> Result<(), HeaderError> {
        let Some(bytes) = bytes.get(..self.length()) else {
            return Err(HeaderError::length(self.name(), offset, self.length(), bytes.len()));
        };
        match self {
            Self::Tpdu([id, ..]) => match bytes.first() {
                Some(found) if found != id => {
                    let expected = format!("0x{id:02X}");
                    Err(HeaderError::received("TPDU identifier", offset, expected, another(*found)))
                }
                _ => Ok(()),
            },
            Self::VisaNet(_) => visanet::check(bytes, offset, total),
            Self::Literal(text) => {
                let wrong = text.bytes().zip(bytes).enumerate().find(|(_, (want, found))| want != *found);
                let Some((index, (want, found))) = wrong else { return Ok(()) };
                let expected = format!("`{}`", char::from(want));
                Err(HeaderError::received("literal header", offset + index, expected, another(*found)))
            }
            Self::Opaque(..) => Ok(()),
        }
    }

    /// Appends the answer to the part at the start of `request`, which was checked; `total` is the length of
    /// the reply from here to its end.
    pub(super) fn reply(
        &self,
        request: &[u8],
        offset: usize,
        total: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), HeaderError> {
        let request = request.get(..self.length()).unwrap_or_default();
        match (self, request) {
            (Self::Tpdu(_), &[id, d1, d2, s1, s2]) => out.extend([id, s1, s2, d1, d2]),
            (Self::VisaNet(_), request) => visanet::reply(request, offset, total, out)?,
            (_, request) => out.extend_from_slice(request),
        }
        Ok(())
    }

    /// Appends the part for a message that answers nothing; `total` is the length from here to its end.
    pub(super) fn write_default(
        &self,
        offset: usize,
        total: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), HeaderError> {
        match self {
            Self::Tpdu(bytes) => out.extend_from_slice(bytes),
            Self::VisaNet(stations) => stations.write(offset, total, out)?,
            Self::Literal(text) => out.extend_from_slice(text.as_bytes()),
            Self::Opaque(_, Some(bytes)) => out.extend_from_slice(bytes),
            Self::Opaque(length, None) => {
                let expected = format!("{length} bytes in the configuration");
                let remedy = "write them behind `bytes:N:` in hexadecimal digits";
                return Err(HeaderError::written("opaque header", offset, expected, "none", remedy));
            }
        }
        Ok(())
    }
}

/// The kind of a byte that is another one than expected.
pub(super) fn another(byte: u8) -> String {
    format!("another byte, {}", kind_of(byte))
}
