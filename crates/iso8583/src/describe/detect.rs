//! What bytes of unknown origin are: framing, header and dialect, and why not the others.

use std::{cmp::Reverse, ops::Range};

use super::plausible;
use crate::{
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
    /// Only the order says something.
    pub score: i32,
    /// What speaks for it (`+`) and against it (`-`), in words; without card data.
    pub why: Vec<String>,
    /// Other framings and headers in which the same dialect decodes the bytes.
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
        self.misfits.iter().rev().max_by_key(|misfit| misfit.reached)
    }
}

/// The framing by its name; `none` for no framing.
fn framing_name(framing: Option<Framing>) -> String {
    framing.map_or_else(|| "none".to_owned(), |framing| framing.to_string())
}

impl Fit {
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

impl View {
    fn is_opaque(&self) -> bool {
        self.header.to_string().starts_with("bytes:")
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
    score: i32,
    why: Vec<String>,
}

/// Tries all framings, headers and dialects on `bytes`: one message, or frames as they were captured.
#[must_use]
pub fn detect<'d>(bytes: &[u8], known: &Known, dialects: impl IntoIterator<Item = &'d Dialect>) -> Detection {
    let views = views(bytes, known);
    let (mut fits, mut misfits) = (Vec::new(), Vec::new());
    for dialect in dialects {
        let mut views_of =
            views.iter().map(|view| (view, try_view(bytes, view, dialect))).collect::<Vec<_>>();
        views_of.sort_by_key(|(view, outcome)| {
            // Where nothing decodes, a header that nobody knows is the worst guess.
            Reverse(outcome.as_ref().map_or((0, !view.is_opaque(), view.score), |fit| (1, true, fit.score)))
        });
        let also = views_of.iter().skip(1).filter(|(_, outcome)| outcome.is_ok()).take(3);
        let also = also.map(|(view, _)| (view.framing, view.header.clone())).collect();
        match views_of.into_iter().next() {
            Some((_, Ok(fit))) => fits.push(Fit { also, ..fit }),
            Some((_, Err(misfit))) => misfits.push(*misfit),
            None => {}
        }
    }
    // A stable sort: of equals that one stays first which was given first.
    fits.sort_by_key(|fit| Reverse(fit.score));
    Detection { fits, misfits }
}

/// A framing and what it makes of the bytes.
struct Frames {
    framing: Option<Framing>,
    messages: Vec<Range<usize>>,
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
            let messages: Vec<Range<usize>> = found.messages.into_iter().chain(cut).collect();
            let (framing, score, why) = (found.framing, found.score, found.why);
            (!messages.is_empty()).then_some(Frames { framing, messages, score, why })
        })
        .collect();
    if !frames.iter().any(|frames| frames.framing.is_none()) {
        let why = "taken as one message without a frame length".to_owned();
        frames.push(Frames {
            framing: None,
            messages: std::iter::once(0..bytes.len()).collect(),
            score: 0,
            why,
        });
    }
    frames.iter().flat_map(|frames| headers_of(frames, bytes, known)).collect()
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
        score: view.score + points,
        why,
        also: Vec::new(),
    })
}
