//! Which headers fit a message of unknown origin.

use std::cmp::Reverse;

use super::{
    Header,
    opening::{Opening, opening},
    part::{Part, USUAL_TPDU},
    visanet::Stations,
};

/// Opaque headers longer than this are not looked for.
const LONGEST_OPAQUE: usize = 32;
/// More candidates help nobody.
const MOST: usize = 8;
/// Points for every degree of certainty of what follows the header.
const PER_CERTAINTY: u8 = 25;

/// A header that fits, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// The header.
    pub header: Header,
    /// 0 to 100; only the order says something.
    pub score: u8,
    /// Why it fits, in words; without any byte of the message.
    pub why: String,
}

/// The headers that fit the start of `message` (the whole message of a frame), the likeliest first, at most
/// 8. Empty when nothing looks like the start of a message.
#[must_use]
pub fn candidates(message: &[u8]) -> Vec<Candidate> {
    let mut found = known(message, true);
    let lengths: Vec<usize> = found.iter().map(|candidate| candidate.header.length()).collect();
    let opaque = (1..=LONGEST_OPAQUE).filter(|length| !lengths.contains(length));
    found.extend(opaque.filter_map(|length| unknown(message, length)));
    found.sort_by_key(|candidate| Reverse(candidate.score));
    found.truncate(MOST);
    found
}

/// How well a message starts, for whoever looks for frames.
pub(crate) struct Guess {
    pub(crate) visanet: bool,
    pub(crate) score: u8,
    pub(crate) why: String,
}

/// The likeliest of the headers that have a shape of their own; `whole` says whether the end of the message
/// is there.
pub(crate) fn best_guess(message: &[u8], whole: bool) -> Option<Guess> {
    let mut found = known(message, whole);
    found.sort_by_key(|candidate| Reverse(candidate.score));
    let best = found.into_iter().next()?;
    let visanet = best.header.is_visanet();
    Some(Guess { visanet, score: best.score, why: best.why })
}

fn known(message: &[u8], whole: bool) -> Vec<Candidate> {
    shapes()
        .into_iter()
        .filter_map(|(header, points, words)| {
            let length = header.check(message, whole).ok()?;
            let opening = opening(message.get(length..)?);
            // Three bytes and a length that agree are enough by themselves; one byte is not.
            let sure_by_itself = header.is_visanet();
            if opening.is_none() && !sure_by_itself {
                return None;
            }
            Some(candidate(header, points, words, opening.as_ref()))
        })
        .collect()
}

/// Headers with a shape of their own: how much that shape says, and in words.
fn shapes() -> Vec<(Header, u8, &'static str)> {
    let tpdu = || Part::Tpdu(USUAL_TPDU);
    let iso = || Part::Literal("ISO".to_owned());
    let row = |parts: Vec<Part>| Header { parts };
    vec![
        (Header::NONE, 20, "no header"),
        (row(vec![Part::VisaNet(Stations::default())]), 25, "a VisaNet header of 22 bytes"),
        (row(vec![iso()]), 20, "the text ISO"),
        (row(vec![iso(), Part::Opaque(9, None)]), 20, "the text ISO and 9 more bytes"),
        (row(vec![iso(), Part::Opaque(13, None)]), 20, "the text ISO and 13 more bytes"),
        (row(vec![tpdu()]), 15, "a TPDU of 5 bytes"),
        (row(vec![tpdu(), Part::Opaque(6, None)]), 15, "a TPDU and 6 more bytes"),
    ]
}

fn unknown(message: &[u8], length: usize) -> Option<Candidate> {
    let opening = opening(message.get(length..)?).filter(|opening| opening.certainty >= 2)?;
    let header = Header { parts: vec![Part::Opaque(length, None)] };
    // The longer the header, the likelier that a value merely looks like an MTI.
    let points = u8::try_from(LONGEST_OPAQUE - length).unwrap_or_default() / 4;
    Some(candidate(header, points, "a header nobody knows", Some(&opening)))
}

fn candidate(header: Header, points: u8, words: &str, opening: Option<&Opening>) -> Candidate {
    let certainty = opening.map_or(0, |opening| opening.certainty);
    let then = match opening {
        Some(opening) => format!("an MTI in {}", opening.written),
        None => "nothing that looks like an MTI".to_owned(),
    };
    let score = certainty.saturating_mul(PER_CERTAINTY).saturating_add(points).min(100);
    Candidate { why: format!("{words}, then {then}"), header, score }
}
