//! The header of VisaNet, 22 bytes. Seen in recorded messages; the names of its fields are those of the
//! network.
//!
//! H1 header length, H2 header flag and format, H3 text format, H4 total length (2 bytes, the header
//! included), H5 destination station (3), H6 source station (3), H7 round trip, H8 BASE I flags (2), H9
//! status flags (3), H10 batch number, H11 reserved (3), H12 user information.

use super::{error::HeaderError, part::another};

/// Bytes of the header.
pub(super) const LENGTH: usize = 22;

/// H1 to H3 with the values that are spoken.
const FIXED: [(&str, u8); 3] = [
    ("VisaNet H1 header length", 0x16),
    ("VisaNet H2 header format", 0x01),
    ("VisaNet H3 text format", 0x02),
];
const H4: &str = "VisaNet H4 total length";
const H4_AT: usize = 3;
/// H7 to H12.
const AFTER_STATIONS: usize = 11;

/// H5 and H6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Stations {
    pub(super) destination: [u8; 3],
    pub(super) source: [u8; 3],
}

impl Stations {
    /// Appends a header of our own: everything behind the stations is zero.
    pub(super) fn write(self, offset: usize, total: usize, out: &mut Vec<u8>) -> Result<(), HeaderError> {
        self.write_with(&[0; AFTER_STATIONS], offset, total, out)
    }

    fn write_with(
        self,
        rest: &[u8; AFTER_STATIONS],
        offset: usize,
        total: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), HeaderError> {
        let h4 = u16::try_from(total).map_err(|_| {
            let remedy = "this program must send shorter messages here";
            HeaderError::written(H4, offset + H4_AT, "at most 65535 bytes", format!("{total}"), remedy)
        })?;
        out.extend(FIXED.map(|(_, value)| value));
        out.extend(h4.to_be_bytes());
        out.extend(self.destination);
        out.extend(self.source);
        out.extend(rest);
        Ok(())
    }
}

/// Checks H1 to H4. `total` is the length of header and message together, where that is known.
pub(super) fn check(bytes: &[u8], offset: usize, total: Option<usize>) -> Result<(), HeaderError> {
    for (index, ((part, value), found)) in FIXED.into_iter().zip(bytes).enumerate() {
        if value != *found {
            let expected = format!("0x{value:02X}");
            return Err(HeaderError::received(part, offset + index, expected, another(*found)));
        }
    }
    let (Some(total), &[_, _, _, high, low, ..]) = (total, bytes) else { return Ok(()) };
    let found = usize::from(u16::from_be_bytes([high, low]));
    if found == total {
        return Ok(());
    }
    let expected = format!("{total}, the length of header and message");
    Err(HeaderError::received(H4, offset + H4_AT, expected, format!("{found}")))
}

/// Appends the header of a reply: stations swapped, H4 counted anew, the rest as in the request.
pub(super) fn reply(
    request: &[u8],
    offset: usize,
    total: usize,
    out: &mut Vec<u8>,
) -> Result<(), HeaderError> {
    let Some(&[_, _, _, _, _, d1, d2, d3, s1, s2, s3, ref rest @ ..]) = request.first_chunk::<LENGTH>()
    else {
        return Err(HeaderError::length("VisaNet header", offset, LENGTH, request.len()));
    };
    let stations = Stations { destination: [s1, s2, s3], source: [d1, d2, d3] };
    stations.write_with(rest, offset, total, out)
}
