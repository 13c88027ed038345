//! Packets of a network as tcpdump and Wireshark show them: the headers of Ethernet, IP and TCP (RFC 791, 8200, 9293)
//! are left out, and what a connection carried is put together in its order.

mod headers;

use self::headers::{Direction, Segment};
use super::{HexText, error::HexTextError};

const FORM: &str = "network packets";

/// The bytes of one packet, and the line where they begin.
pub(super) struct Packet {
    pub(super) line: usize,
    pub(super) bytes: Vec<u8>,
}

pub(super) use self::headers::{is_longer_than_its_packet, is_packet};

fn wrong(line: usize, problem: impl Into<String>) -> HexTextError {
    HexTextError::Form { line, form: FORM, problem: problem.into() }
}

/// What one side of a connection sent.
struct Stream {
    direction: Direction,
    segments: Vec<Segment>,
}

/// What the packets carry, each direction of a connection by itself.
pub(super) fn payload(packets: &[Packet]) -> Result<HexText, HexTextError> {
    let mut streams: Vec<Stream> = Vec::new();
    for (number, packet) in (1..).zip(packets) {
        let segment = Segment::of(packet.line, &packet.bytes)
            .map_err(|problem| wrong(packet.line, format!("packet {number}: {problem}")))?;
        let Some(segment) = segment else { continue };
        match streams.iter_mut().find(|stream| stream.direction == segment.direction) {
            Some(stream) => stream.segments.push(segment),
            None => streams.push(Stream { direction: segment.direction.clone(), segments: vec![segment] }),
        }
    }
    let line = packets.first().map_or(1, |packet| packet.line);
    let mut bytes = Vec::new();
    let count = streams.len();
    for stream in streams {
        bytes.append(&mut stream.bytes()?);
    }
    if bytes.is_empty() {
        let problem =
            "the packets carry no bytes of a message, only the connection's own; capture more of them";
        return Err(wrong(line, problem));
    }
    let mut removed =
        vec![format!("offsets, text column, and the network headers of {} packets", packets.len())];
    if count > 1 {
        removed.push(format!(
            "the order between {count} directions or connections: each stands by itself, the first packet's first"
        ));
    }
    Ok(HexText { bytes, removed, messages: Vec::new() })
}

impl Stream {
    /// The bytes in the order of their sequence numbers; what came twice counts once.
    fn bytes(mut self) -> Result<Vec<u8>, HexTextError> {
        let Some(base) = self.segments.first().map(|segment| segment.sequence) else { return Ok(Vec::new()) };
        // Sequence numbers begin again at 0 behind 2^32 - 1: near ones are compared.
        let place = |segment: &Segment| {
            let ahead = segment.sequence.wrapping_sub(base);
            if ahead < 1 << 31 { i64::from(ahead) } else { i64::from(ahead) - (1 << 32) }
        };
        self.segments.sort_by_key(place);
        let (mut bytes, mut start): (Vec<u8>, Option<i64>) = (Vec::new(), None);
        for segment in &self.segments {
            let begin = *start.get_or_insert(place(segment));
            let from = usize::try_from(place(segment) - begin).unwrap_or_default();
            if let Some(missing) = from.checked_sub(bytes.len()).filter(|missing| *missing > 0) {
                let problem =
                    format!("{missing} bytes of the connection are missing in front; paste all its packets");
                return Err(wrong(segment.line, problem));
            }
            let known = bytes.get(from..).unwrap_or_default();
            let (again, new) =
                segment.payload.split_at_checked(known.len()).unwrap_or((&segment.payload, &[]));
            if !known.starts_with(again) {
                let problem =
                    "it has the sequence number of another packet but other bytes; paste one connection only";
                return Err(wrong(segment.line, problem));
            }
            bytes.extend_from_slice(new);
        }
        if let ([0x14..=0x17, 0x03, 0x00..=0x04, ..], Some(segment)) =
            (bytes.as_slice(), self.segments.first())
        {
            let problem = "the connection carries TLS, so its bytes are encrypted; take them where they are in the clear: \
                           from the host's trace, or in front of its TLS proxy";
            return Err(wrong(segment.line, problem));
        }
        Ok(bytes)
    }
}
