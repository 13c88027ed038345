//! What bytes of unknown origin are: framing, header and dialect, and why not the others.

use std::{cmp::Reverse, ops::Range};

mod left_over;

use super::plausible;
use crate::{
    decode_error::{DecodeError, DecodeProblem},
    dialect::Dialect,
    framing::{self, Framing},
    header::{self, Header},
};

/// Messages that are decoded; more tell nothing new.
const LOOKED_AT: usize = 16;

/// What bytes may be.
pub struct Detection {
    /// What fits, the likeliest first, one for each dialect.
    pub fits: Vec<Fit>,
    /// The dialects that do not fit, and why, in the order in which they were given.
    pub misfits: Vec<Misfit>,
}

/// A framing, a header and a dialect in which the bytes decode wholly.
pub struct Fit {
    /// `None`: the bytes are one message.
    pub framing: Option<Framing>,
    /// The header before the message type.
    pub header: Header,
    /// The dialect, with that header.
    pub dialect: Dialect,
    /// Where the messages are, without their frame lengths.
    pub messages: Vec<Range<usize>>,
    /// So many bytes of the only frame are not there, although its message is whole: most likely a wrong frame length.
    pub lacking: usize,
    /// Only the order says something.
    pub score: i32,
    /// What speaks for it (`+`) and against it (`-`), in words; without card data.
    pub why: Vec<String>,
    /// Other framings and headers in which the same dialect decodes the bytes, their frames whole.
    pub also: Vec<(Option<Framing>, Header)>,
}

/// A dialect in which the bytes do not decode.
pub struct Misfit {
    /// The dialect, with that header.
    pub dialect: Dialect,
    /// The likeliest framing.
    pub framing: Option<Framing>,
    /// The likeliest header.
    pub header: Header,
    /// Where the messages are, the last of them perhaps cut.
    pub messages: Vec<Range<usize>>,
    /// So many bytes of the only frame are not there.
    pub lacking: usize,
    /// All that is there decodes, and what fails has room in the bytes that are not there.
    pub is_cut: bool,
    /// What the bytes look like, in words.
    pub looks_like: Vec<String>,
    /// How far the bytes were understood: the message, from 0, and the offset in it.
    pub reached: (usize, usize),
    /// Where and why it fails, without card data.
    pub why_not: String,
}

impl Detection {
    /// The dialect that comes nearest where none fits: in which the bytes were understood the furthest.
    #[must_use]
    pub fn nearest(&self) -> Option<&Misfit> {
        // Of equals the first.
        self.misfits.iter().rev().max_by_key(|misfit| (misfit.is_cut, misfit.reached))
    }
}

/// The framing by its name; `none` for no framing.
fn framing_name(framing: Option<Framing>) -> String {
    framing.map_or_else(|| "none".to_owned(), |framing| framing.to_string())
}

impl Fit {
    /// Frames that are whole say more than one that ends before its length says so, and a header that nobody knows may
    /// be a frame length that is wrong.
    fn is_exact(&self) -> bool {
        self.lacking == 0 && (self.framing.is_some() || !is_opaque(&self.header))
    }

    /// The framing by its name; `none` for no framing.
    #[must_use]
    pub fn framing_name(&self) -> String {
        framing_name(self.framing)
    }
}

impl Misfit {
    /// The framing by its name; `none` for no framing.
    #[must_use]
    pub fn framing_name(&self) -> String {
        framing_name(self.framing)
    }
}

fn is_opaque(header: &Header) -> bool {
    header.to_string().starts_with("bytes:")
}

/// Whether a message fails only because so many bytes of it are not there.
#[must_use]
pub fn is_cut(error: &DecodeError, lacking: usize) -> bool {
    match error.problem() {
        DecodeProblem::Truncated { needed, left } => needed.saturating_sub(*left) <= lacking,
        _ => false,
    }
}

/// What is known of bytes beforehand.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// They are one message without a frame length.
    pub is_one_message: bool,
    /// This header is in front of each message.
    pub header: Option<Header>,
}

/// A way to look at the bytes.
struct View {
    framing: Option<Framing>,
    header: Header,
    messages: Vec<Range<usize>>,
    lacking: usize,
    score: i32,
    why: Vec<String>,
}

/// Tries all framings, headers and dialects on `bytes`: one message, or frames as they were captured.
#[must_use]
pub fn detect<'d>(bytes: &[u8], known: &Known, dialects: impl IntoIterator<Item = &'d Dialect>) -> Detection {
    let dialects: Vec<&Dialect> = dialects.into_iter().collect();
    let found = detect_in(bytes, &views(bytes, known), &dialects);
    if !found.fits.is_empty() || known.is_one_message {
        return found;
    }
    // Behind whole frames something may stand that is none.
    let with_rest = left_over::frames(bytes);
    let views: Vec<View> = with_rest.iter().flat_map(|frames| headers_of(frames, bytes, known)).collect();
    let in_part = detect_in(bytes, &views, &dialects);
    if in_part.fits.is_empty() { found } else { in_part }
}

fn detect_in(bytes: &[u8], views: &[View], dialects: &[&Dialect]) -> Detection {
    let (mut fits, mut misfits) = (Vec::new(), Vec::new());
    for dialect in dialects {
        let mut views_of =
            views.iter().map(|view| (view, try_view(bytes, view, dialect))).collect::<Vec<_>>();
        views_of.sort_by_key(|(view, outcome)| {
            Reverse(match outcome {
                Ok(fit) => (2 + u8::from(fit.is_exact()), true, fit.score),
                // Where nothing decodes, a header that nobody knows is the worst guess.
                Err(misfit) => (u8::from(misfit.is_cut), !is_opaque(&view.header), view.score),
            })
        });
        let also = views_of.iter().skip(1).filter(|(_, outcome)| outcome.as_ref().is_ok_and(Fit::is_exact));
        let also = also.take(3).map(|(view, _)| (view.framing, view.header.clone())).collect();
        match views_of.into_iter().next() {
            Some((_, Ok(fit))) => fits.push(Fit { also, ..fit }),
            Some((_, Err(misfit))) => misfits.push(*misfit),
            None => {}
        }
    }
    // A stable sort: of equals that one stays first which was given first.
    fits.sort_by_key(|fit| Reverse((fit.is_exact(), fit.score)));
    Detection { fits, misfits }
}

/// A framing and what it makes of the bytes.
struct Frames {
    framing: Option<Framing>,
    messages: Vec<Range<usize>>,
    lacking: usize,
    score: u8,
    why: String,
}

fn views(bytes: &[u8], known: &Known) -> Vec<View> {
    let candidates = framing::candidates(bytes).into_iter();
    let candidates = candidates.filter(|candidate| !known.is_one_message || candidate.framing.is_none());
    let mut frames: Vec<Frames> = candidates
        .filter_map(|found| {
            // Of a frame that is cut there is no whole message; what is there tells where it stops to be understood.
            let cut = found.partial.filter(|cut| found.messages.is_empty() && !cut.is_empty());
            let (framing, score, mut why) = (found.framing, found.score, found.why);
            let lacking = cut.as_ref().map_or(0, |cut| lacking(framing, bytes, cut));
            if lacking > 0 {
                why.push_str(&format!("; {lacking} bytes of it are not there"));
            }
            let messages: Vec<Range<usize>> = found.messages.into_iter().chain(cut).collect();
            (!messages.is_empty()).then_some(Frames { framing, messages, lacking, score, why })
        })
        .collect();
    if !frames.iter().any(|frames| frames.framing.is_none()) {
        let why = "taken as one message without a frame length".to_owned();
        frames.push(Frames {
            framing: None,
            messages: std::iter::once(0..bytes.len()).collect(),
            lacking: 0,
            score: 0,
            why,
        });
    }
    frames.iter().flat_map(|frames| headers_of(frames, bytes, known)).collect()
}

/// How many bytes of the frame with this message are not there.
fn lacking(framing: Option<Framing>, bytes: &[u8], cut: &Range<usize>) -> usize {
    let frame = |framing: Framing| framing.lacking(bytes.get(cut.start.checked_sub(framing.prefix())?..)?);
    framing.and_then(frame).unwrap_or_default()
}

/// A view for each header that may be in front of the messages.
fn headers_of(frames: &Frames, bytes: &[u8], known: &Known) -> Vec<View> {
    let first = frames.messages.first().and_then(|range| bytes.get(range.clone())).unwrap_or_default();
    let mut headers = match &known.header {
        Some(header) => vec![(header.clone(), 0, "as given".to_owned())],
        None => vec![(Header::NONE, 0, "no header".to_owned())],
    };
    if known.header.is_none() {
        for found in header::candidates(first) {
            headers.retain(|(header, ..)| *header != found.header);
            headers.push((found.header, found.score, found.why));
        }
    }
    let view = |(header, points, words): (Header, u8, String)| View {
        framing: frames.framing,
        why: vec![
            format!("+ framing {}: {}", framing_name(frames.framing), frames.why),
            format!("+ header {header}: {words}"),
        ],
        header,
        messages: frames.messages.clone(),
        lacking: frames.lacking,
        score: i32::from(frames.score) + i32::from(points),
    };
    headers.into_iter().map(view).collect()
}

fn try_view(bytes: &[u8], view: &View, dialect: &Dialect) -> Result<Fit, Box<Misfit>> {
    let dialect = if view.header == *dialect.header() {
        dialect.clone()
    } else {
        dialect.with_header(view.header.clone())
    };
    let (mut points, mut why) = (0, view.why.clone());
    for (at, range) in view.messages.iter().take(LOOKED_AT).enumerate() {
        let message = bytes.get(range.clone()).unwrap_or_default();
        match dialect.decode(message) {
            Ok(message) if at == 0 => {
                let judgement = plausible::judge(&message);
                points = judgement.points;
                why.extend(judgement.why);
            }
            Ok(_) => {}
            Err(error) => {
                let which = if at == 0 { String::new() } else { format!("message {}: ", at + 1) };
                return Err(Box::new(Misfit {
                    dialect: dialect.clone(),
                    framing: view.framing,
                    header: view.header.clone(),
                    messages: view.messages.clone(),
                    lacking: view.lacking,
                    is_cut: is_cut(&error, view.lacking),
                    looks_like: view.why.clone(),
                    reached: (at, error.offset()),
                    why_not: format!("{which}{error}"),
                }));
            }
        }
    }
    Ok(Fit {
        framing: view.framing,
        header: view.header.clone(),
        dialect,
        messages: view.messages.clone(),
        lacking: view.lacking,
        score: view.score + points,
        why,
        also: Vec::new(),
    })
}
