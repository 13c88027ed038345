//! Which framings fit bytes of unknown origin, and why the others do not.

use std::{cmp::Reverse, ops::Range};

use super::{Frame, FrameError, Framing, form::Form};
use crate::header::{Guess, best_guess};

/// Bytes of a message that a host sends in practice. A greater length is more likely another framing.
const LIKELY_MAX: usize = 8 * 1024;
/// Messages whose start is looked at; more tell nothing new.
const LOOKED_AT: usize = 16;
/// Bytes of a cut message from which its start can be judged.
const JUDGED_FROM: usize = 32;

/// A framing that fits, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// The framing; `None` is no framing at all, the bytes are one message.
    pub framing: Option<Framing>,
    /// Where the whole messages are.
    pub messages: Vec<Range<usize>>,
    /// How many keep-alives are between them.
    pub keep_alives: usize,
    /// What is there of a last message that is cut; empty when only (a part of) its length is there.
    pub partial: Option<Range<usize>>,
    /// 0 to 100; only the order says something.
    pub score: u8,
    /// Why it fits, in words; without any byte of the messages.
    pub why: String,
}

/// A framing that does not fit, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The framing; `None` is no framing at all.
    pub framing: Option<Framing>,
    /// Why it does not fit, in words; without any byte of the messages besides a length.
    pub why_not: String,
}

/// The framings into which `bytes`, the first bytes of a capture, split exactly, or that begin with a
/// plausible frame that is cut; the likeliest first. No framing at all is among them when the bytes start
/// like a message.
#[must_use]
pub fn candidates(bytes: &[u8]) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = all().filter_map(|framing| judge(framing, bytes).ok()).collect();
    found.sort_by_key(|candidate| Reverse(candidate.score));
    found
}

/// Why a framing (`None`: no framing at all) does not fit `bytes`; `None` when it does.
#[must_use]
pub fn why_not(framing: Option<Framing>, bytes: &[u8]) -> Option<String> {
    judge(framing, bytes).err()
}

/// Every framing that is not among the [`candidates`], and why.
#[must_use]
pub fn refusals(bytes: &[u8]) -> Vec<Refusal> {
    all().filter_map(|framing| Some(Refusal { framing, why_not: why_not(framing, bytes)? })).collect()
}

fn all() -> impl Iterator<Item = Option<Framing>> {
    Framing::forms().into_iter().map(Some).chain([None])
}

fn judge(framing: Option<Framing>, bytes: &[u8]) -> Result<Candidate, String> {
    if bytes.is_empty() {
        return Err("there are no bytes".to_owned());
    }
    match framing {
        Some(framing) => framed(framing, bytes),
        None => unframed(bytes),
    }
}

fn unframed(bytes: &[u8]) -> Result<Candidate, String> {
    if bytes.len() > LIKELY_MAX {
        return Err(format!("{} bytes are more than the {LIKELY_MAX} of the greatest message", bytes.len()));
    }
    let guess = best_guess(bytes, true)
        .ok_or("the bytes do not start with an MTI, nor with a known header and an MTI")?;
    let message = 0..bytes.len();
    Ok(Candidate {
        framing: None,
        messages: vec![message],
        keep_alives: 0,
        partial: None,
        score: 20 + start_points(guess.score),
        why: format!("the bytes start like a message: {}", guess.why),
    })
}

/// Up to 40 points for how messages start.
const fn start_points(score: u8) -> u8 {
    score / 5 * 2
}

/// The frames in some bytes, as far as they go.
struct Walk {
    messages: Vec<Range<usize>>,
    keep_alives: usize,
    end: End,
}

enum End {
    Exact,
    /// A frame starts here and is cut.
    Cut(usize),
    /// What is here is no frame.
    Wrong(usize, FrameError),
}

fn walk(framing: Framing, bytes: &[u8]) -> Walk {
    let (mut messages, mut keep_alives, mut at) = (Vec::new(), 0, 0);
    let end = loop {
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.is_empty() {
            break End::Exact;
        }
        match framing.next(rest, LIKELY_MAX) {
            Err(error) => break End::Wrong(at, error),
            Ok(None) => break End::Cut(at),
            Ok(Some(frame)) => {
                let start = at;
                at += frame.consumed();
                match frame {
                    Frame::Message(range) => messages.push(start + range.start..at),
                    Frame::KeepAlive(_) => keep_alives += 1,
                }
            }
        }
    };
    Walk { messages, keep_alives, end }
}

fn framed(framing: Framing, bytes: &[u8]) -> Result<Candidate, String> {
    // A capture of a quiet link may have keep-alives where nobody expects them.
    let tolerant = framing.with_keep_alive(true);
    let Walk { messages, keep_alives, end } = walk(tolerant, bytes);
    let framing = if keep_alives > 0 { tolerant } else { framing };
    let partial = match end {
        End::Exact => None,
        End::Cut(at) => Some((at + framing.prefix()).min(bytes.len())..bytes.len()),
        End::Wrong(at, error) => return Err(wrong(at, error)),
    };
    let start = Start::of(&messages, partial.as_ref(), bytes)?;
    let score = score(framing, &messages, keep_alives, partial.is_some(), &start);
    let why = words(&messages, keep_alives, partial.as_ref(), bytes, &start);
    Ok(Candidate { framing: Some(framing), messages, keep_alives, partial, score, why })
}

fn wrong(at: usize, error: FrameError) -> String {
    if at == 0 { error.to_string() } else { format!("after whole frames up to byte {at}: {error}") }
}

/// How the messages start: the worst of them counts.
struct Start {
    points: u8,
    visanet: bool,
    why: Option<String>,
}

impl Start {
    /// A frame that is cut proves nothing by its length, so there a start that is no message refuses the
    /// framing.
    fn of(messages: &[Range<usize>], partial: Option<&Range<usize>>, bytes: &[u8]) -> Result<Self, String> {
        let part = |range: &Range<usize>| bytes.get(range.clone()).unwrap_or_default();
        let whole = messages.iter().take(LOOKED_AT).map(|range| best_guess(part(range), true));
        let mut guesses: Vec<Option<Guess>> = whole.collect();
        if let (Some(cut), true) = (partial, guesses.is_empty()) {
            let guess = best_guess(part(cut), false);
            if guess.is_none() && cut.len() >= JUDGED_FROM {
                return Err(
                    "the first frame is longer than the bytes, and no message starts in it".to_owned()
                );
            }
            guesses.push(guess);
        } else if partial.is_some() && guesses.iter().all(Option::is_none) {
            return Err("the last frame is cut, and no message starts in those before it".to_owned());
        }
        let worst = guesses.iter().map(|guess| guess.as_ref().map_or(0, |guess| guess.score)).min();
        let first = guesses.into_iter().next().flatten();
        Ok(Self {
            points: start_points(worst.unwrap_or_default()),
            visanet: first.as_ref().is_some_and(|guess| guess.visanet),
            why: first.map(|guess| guess.why),
        })
    }
}

fn score(framing: Framing, messages: &[Range<usize>], keep_alives: usize, cut: bool, start: &Start) -> u8 {
    if messages.is_empty() && keep_alives > 0 {
        // Zeros are keep-alives in every form.
        return 1;
    }
    let ends = match (cut, messages.is_empty()) {
        (false, _) => 50,
        (true, false) => 25,
        (true, true) => 15,
    };
    let unexpected = keep_alives > 0 && !Framing::of(framing.form).keep_alive;
    (ends + start.points + specific(framing.form, start.visanet)).saturating_sub(15 * u8::from(unexpected))
}

/// Points for a form that other bytes seldom have by chance.
const fn specific(form: Form, visanet: bool) -> u8 {
    match form {
        Form::Ascii4 | Form::Hex4 => 10,
        // The two look the same without a heartbeat; what is inside tells them apart.
        Form::Vmli => {
            if visanet {
                10
            } else {
                4
            }
        }
        Form::Cs => 5,
        Form::Bcd2 => 3,
        Form::Binary4 => 2,
        Form::Binary2 => 1,
        Form::Binary2Little => 0,
    }
}

fn words(
    messages: &[Range<usize>],
    keep_alives: usize,
    partial: Option<&Range<usize>>,
    bytes: &[u8],
    start: &Start,
) -> String {
    let mut words = counted(messages.len(), "whole message");
    if let (Some(least), Some(most)) =
        (messages.iter().map(Range::len).min(), messages.iter().map(Range::len).max())
    {
        let lengths = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        words.push_str(&format!(" of {lengths} bytes"));
    }
    if keep_alives > 0 {
        words.push_str(&format!(" and {}", counted(keep_alives, "keep-alive")));
    }
    match partial {
        None => {
            let fill = if messages.len() + keep_alives == 1 { "fills" } else { "fill" };
            words.push_str(&format!(" {fill} the {} bytes exactly", bytes.len()));
        }
        Some(cut) if cut.is_empty() => words.push_str(", then a part of a frame length"),
        Some(cut) => words.push_str(&format!(", then a frame that is cut after {} bytes", cut.len())),
    }
    match &start.why {
        Some(why) => words.push_str(&format!("; the first starts with {why}")),
        None => words.push_str("; no start of a message is recognised"),
    }
    words
}

fn counted(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
