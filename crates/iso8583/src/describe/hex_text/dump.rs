//! Lines that begin with an offset: `hexdump -C`, `xxd`, `od -t x1`, tcpdump and Wireshark.

mod row;

use self::row::Row;
use super::{
    HexText,
    error::{HexTextError, Stop},
    lines::Line,
    network,
};

const FORM: &str = "a dump with offsets";
/// Bytes that repeated lines may stand for: a star and an offset are quickly written.
const MOST: usize = 16 * 1024 * 1024;
/// Digits of an offset of `od`, which may count in tens, eights or sixteens.
const OD_DIGITS: usize = 7;

/// Lines of one run of offsets from zero.
#[derive(Default)]
struct Section<'t> {
    rows: Vec<Row<'t>>,
}

pub(super) fn read(lines: &[Line<'_>]) -> Result<HexText, Stop> {
    let (rows, has_summaries) = rows(lines)?;
    let sections = sections(rows)?;
    let mut packets = Vec::new();
    for section in &sections {
        let line = section.rows.first().map_or(0, |row| row.line.number);
        packets.push(network::Packet { line, bytes: section.bytes()? });
    }
    if has_summaries || packets.iter().any(|packet| network::is_packet(&packet.bytes)) {
        return Ok(network::payload(&packets)?);
    }
    let mut removed = vec!["offsets and the text column of a dump".to_owned()];
    if packets.len() > 1 {
        removed.push(format!("the beginnings of {} dumps, which are joined in their order", packets.len()));
    }
    let bytes: Vec<u8> = packets.into_iter().flat_map(|packet| packet.bytes).collect();
    if bytes.is_empty() {
        return Err(HexTextError::Empty.into());
    }
    Ok(HexText { bytes, removed, messages: Vec::new() })
}

/// The lines with offsets, and whether tcpdump's summaries stand between them.
fn rows<'t>(lines: &[Line<'t>]) -> Result<(Vec<Row<'t>>, bool), Stop> {
    let (mut rows, mut others): (Vec<Row<'_>>, Vec<Line<'_>>) = (Vec::new(), Vec::new());
    for line in lines {
        if line.text.trim() == "*" {
            let last = rows.last_mut().ok_or(Stop::no(line.number, "no offset in front"))?;
            last.repeats = true;
        } else {
            match Row::of(*line) {
                Some(row) => rows.push(row),
                None => others.push(*line),
            }
        }
    }
    let Some(other) = others.first() else { return Ok((rows, false)) };
    if rows.is_empty() || !rows.iter().all(|row| row.is_prefixed && row.colon) {
        return Err(Stop::no(other.number, "no offset in front"));
    }
    match others.iter().find(|line| !is_summary(line.text)) {
        Some(line) => Err(Stop::form(
            line.number,
            "tcpdump -X",
            "neither a line with an offset nor one about a packet; paste what tcpdump printed, and nothing else",
        )),
        None => Ok((rows, true)),
    }
}

/// What tcpdump prints besides bytes.
fn is_summary(line: &str) -> bool {
    let begins_with_time = line.bytes().take(3).zip(*b"00:").all(|(byte, like)| match like {
        b'0' => byte.is_ascii_digit(),
        _ => byte == like,
    });
    let known = [" > ", "listening on", "reading from", "verbose output", "captured", "received", "dropped"];
    begins_with_time || known.iter().any(|known| line.contains(known))
}

fn sections(rows: Vec<Row<'_>>) -> Result<Vec<Section<'_>>, Stop> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    let first = rows.first().map_or(0, |row| row.line.number);
    let mut latest = None;
    for row in rows {
        // Wireshark indents what the other side of a connection sent; each side counts for itself.
        let indent = |section: &Section<'_>| section.rows.first().map(|row| row.indent);
        let own = sections.iter().rposition(|section| indent(section) == Some(row.indent));
        match own.or(latest).and_then(|at| sections.get_mut(at).map(|section| (at, section))) {
            Some((at, section)) if !row.begins() => {
                section.rows.push(row);
                latest = Some(at);
            }
            _ if row.begins() => {
                latest = Some(sections.len());
                sections.push(Section { rows: vec![row] });
            }
            _ => {
                let mut rest = vec![row];
                rest.extend(sections.into_iter().flat_map(|section| section.rows));
                return Err(not_from_zero(&rest));
            }
        }
    }
    if sections.is_empty() { Err(Stop::no(first, "no offset in front")) } else { Ok(sections) }
}

/// Rows of which the first is not at zero: digits in groups, unless a mark shows that these are offsets.
fn not_from_zero(rows: &[Row<'_>]) -> Stop {
    match rows.first() {
        Some(row) if row.colon || row.offset.len() == OD_DIGITS => Stop::form(
            row.line.number,
            FORM,
            "the offsets do not begin at 0; paste the dump from its beginning",
        ),
        row => Stop::no(row.map_or(0, |row| row.line.number), "the offsets do not begin at 0"),
    }
}

impl Section<'_> {
    fn bytes(&self) -> Result<Vec<u8>, Stop> {
        let Some((first, rest)) = self.rows.split_first() else { return Err(HexTextError::Empty.into()) };
        let marked = first.offset.len() == OD_DIGITS || self.rows.iter().all(|row| row.marked);
        if !marked && rest.is_empty() {
            return Err(first.unmarked());
        }
        let radixes: &[u32] = match (first.colon || first.is_prefixed, first.offset.len()) {
            (true, _) => &[16],
            (false, OD_DIGITS) => &[16, 10, 8],
            // A star is filled by the offset, so it must be sure what that counts in.
            _ if self.rows.iter().any(|row| row.repeats) => &[16],
            _ => &[16, 10, 8],
        };
        let (mut found, mut wrong): (Option<Vec<u8>>, Option<(usize, Stop)>) = (None, None);
        for radix in radixes {
            match (self.read(*radix), &found) {
                (Ok(bytes), Some(other)) if bytes != *other => {
                    let problem = "the offsets behind the `*` may be octal, decimal or hexadecimal; dump it again \
                                   with od -v -A x -t x1";
                    return Err(Stop::form(first.line.number, FORM, problem));
                }
                (Ok(bytes), _) => found = Some(bytes),
                (Err((at, stop)), _) if wrong.as_ref().is_none_or(|(furthest, _)| *furthest < at) => {
                    wrong = Some((at, stop));
                }
                (Err(_), _) => {}
            }
        }
        match (found, wrong) {
            (Some(bytes), _) => Ok(bytes),
            (None, Some((_, stop))) if marked => Err(stop),
            _ => Err(Stop::no(first.line.number, "the offsets do not fit the bytes")),
        }
    }

    /// The bytes with offsets of this base; what stopped it, and at which row.
    fn read(&self, radix: u32) -> Result<Vec<u8>, (usize, Stop)> {
        let (mut bytes, mut widest): (Vec<u8>, Option<usize>) = (Vec::new(), None);
        for (at, row) in self.rows.iter().enumerate() {
            let stop = |stop: Stop| (at, stop);
            let offset = row.offset(radix).ok_or_else(|| stop(row.no_number()))?;
            let next = match self.rows.get(at + 1) {
                Some(next) => {
                    let end = next.offset(radix).ok_or_else(|| stop(next.no_number()))?;
                    Some(
                        end.checked_sub(offset)
                            .filter(|length| *length > 0)
                            .ok_or_else(|| stop(next.no_number()))?,
                    )
                }
                None => None,
            };
            // The last line of `hexdump` and `od` is only an offset.
            if next.is_none() && at > 0 && row.rest.trim().is_empty() {
                break;
            }
            let mut found = row.bytes(next.filter(|_| !row.repeats), widest).map_err(stop)?;
            if row.repeats {
                let repeat = HexTextError::Repeat { line: row.line.number };
                found = repeated(&found, next, MOST - bytes.len().min(MOST))
                    .ok_or_else(|| stop(repeat.into()))?;
            } else {
                widest = widest.max(Some(found.len()));
            }
            bytes.append(&mut found);
        }
        Ok(bytes)
    }
}

/// The bytes of a line up to the next offset; `None` where they do not fill that with whole lines, or are too many.
fn repeated(line: &[u8], next: Option<usize>, most: usize) -> Option<Vec<u8>> {
    let length = next.filter(|length| *length <= most)?;
    let whole = length.checked_rem(line.len()).is_some_and(|rest| rest == 0);
    whole.then(|| line.iter().copied().cycle().take(length).collect())
}
