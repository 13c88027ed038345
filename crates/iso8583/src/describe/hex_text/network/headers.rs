//! The headers of one packet.

/// Addresses and ports of a sender and a receiver.
pub(super) type Direction = (Vec<u8>, Vec<u8>);

/// The part of a connection that one packet carries.
pub(super) struct Segment {
    pub(super) line: usize,
    pub(super) direction: Direction,
    /// Of its first byte.
    pub(super) sequence: u32,
    pub(super) payload: Vec<u8>,
}

/// What IP says of a packet.
struct Ip<'b> {
    addresses: (&'b [u8], &'b [u8]),
    protocol: u8,
    is_fragment: bool,
    /// Bytes of the whole packet, by its header; `None` where the machine left it to the network card.
    total: Option<usize>,
    header: usize,
    bytes: &'b [u8],
}

/// TCP in the numbers of IANA.
const TCP: u8 = 6;

fn byte(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at).map(|byte| usize::from(*byte))
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    Some(byte(bytes, at)? << 8 | byte(bytes, at + 1)?)
}

/// Where IP may begin: alone; behind Ethernet, with and without a VLAN; behind Linux' two headers of the device `any`;
/// behind the four bytes of a BSD loopback.
fn ip(bytes: &[u8]) -> Option<Ip<'_>> {
    let type_at = |at: usize| matches!(number(bytes, at), Some(0x0800 | 0x86dd));
    let family = matches!(bytes, [0, 0, 0, 2 | 24 | 28 | 30, ..] | [2 | 24 | 28 | 30, 0, 0, 0, ..]);
    let places = [
        (true, 0),
        (type_at(12), 14),
        (number(bytes, 12) == Some(0x8100) && type_at(16), 18),
        (type_at(14), 16),
        (type_at(0), 20),
        (family, 4),
    ];
    places.into_iter().filter(|(there, _)| *there).find_map(|(_, at)| {
        let bytes = bytes.get(at..)?;
        ip4(bytes).or_else(|| ip6(bytes, at > 0))
    })
}

fn ip4(bytes: &[u8]) -> Option<Ip<'_>> {
    let first = byte(bytes, 0)?;
    let (header, total) = ((first & 15) * 4, number(bytes, 2)?);
    let words = bytes.get(..header)?.as_chunks::<2>().0;
    let sum: usize = words.iter().map(|pair| usize::from(u16::from_be_bytes(*pair))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    // Windows leaves the checksum to the network card, and people change addresses before they paste.
    let is_right = (folded & 0xffff) + (folded >> 16) == 0xffff || total == bytes.len();
    if first >> 4 != 4 || header < 20 || !is_right || total != 0 && total < header {
        return None;
    }
    Some(Ip {
        addresses: (bytes.get(12..16)?, bytes.get(16..20)?),
        protocol: *bytes.get(9)?,
        // More fragments, or one behind the first.
        is_fragment: number(bytes, 6)? & 0x3fff != 0,
        total: (total != 0).then_some(total),
        header,
        bytes,
    })
}

fn ip6(bytes: &[u8], is_named: bool) -> Option<Ip<'_>> {
    let total = number(bytes, 4)? + 40;
    if byte(bytes, 0)? >> 4 != 6 || !is_named && (total != bytes.len() || *bytes.get(6)? != TCP) {
        return None;
    }
    Some(Ip {
        addresses: (bytes.get(8..24)?, bytes.get(24..40)?),
        protocol: *bytes.get(6)?,
        is_fragment: false,
        total: Some(total),
        header: 40,
        bytes,
    })
}

/// Whether bytes begin with the headers of a packet; a message does not by chance.
pub(in super::super) fn is_packet(bytes: &[u8]) -> bool {
    ip(bytes).is_some()
}

/// Whether something follows behind the packet: more than what Ethernet fills up.
pub(in super::super) fn is_longer_than_its_packet(bytes: &[u8]) -> bool {
    const LEAST_ON_ETHERNET: usize = 60;
    ip(bytes).is_some_and(|ip| {
        bytes.len() > LEAST_ON_ETHERNET && ip.total.is_some_and(|total| total < ip.bytes.len())
    })
}

impl Segment {
    /// `None` where a packet carries nothing.
    pub(super) fn of(line: usize, bytes: &[u8]) -> Result<Option<Self>, String> {
        let ip =
            ip(bytes).ok_or("expected headers of IP in front; paste all packets from their first byte on")?;
        if ip.protocol != TCP {
            return Err(format!("expected TCP, found IP protocol {}; leave it out", ip.protocol));
        }
        if ip.is_fragment {
            return Err(
                "it is a fragment, and those are not put together; capture behind the firewall".to_owned()
            );
        }
        let total = ip.total.unwrap_or(ip.bytes.len());
        let whole = ip.bytes.get(..total).ok_or_else(|| {
            format!("it has {total} bytes, and only {} are here; capture with -s 0", ip.bytes.len())
        })?;
        let tcp = whole.get(ip.header..).unwrap_or_default();
        let cut = "its TCP header is cut; capture with -s 0";
        let header = (byte(tcp, 12).ok_or(cut)? >> 4) * 4;
        let payload = tcp.get(header..).filter(|_| header >= 20).ok_or(cut)?;
        let [_, _, _, _, a, b, c, d, ..] = tcp else { return Err(cut.to_owned()) };
        let sequence = u32::from_be_bytes([*a, *b, *c, *d]);
        let begins = tcp.get(13).is_some_and(|flags| flags & 2 != 0);
        let end =
            |address: &[u8], port: usize| [address, tcp.get(port..port + 2).unwrap_or_default()].concat();
        let direction = (end(ip.addresses.0, 0), end(ip.addresses.1, 2));
        let sequence = sequence.wrapping_add(u32::from(begins));
        let segment = Self { line, direction, sequence, payload: payload.to_vec() };
        Ok((!payload.is_empty()).then_some(segment))
    }
}
