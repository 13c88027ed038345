//! Whole frames with something behind them that is none: line ends, an end mark, another protocol.

use super::Frames;
use crate::{
    decode::MAX_MESSAGE,
    framing::{Frame, Framing},
};

/// Less than a framing that fits has: it is asked last, and the message inside has to decode.
const SCORE: u8 = 10;

/// The framings in which the bytes begin with whole frames, as far as those go.
pub(super) fn frames(bytes: &[u8]) -> Vec<Frames> {
    Framing::forms().into_iter().filter_map(|framing| of(framing, bytes)).collect()
}

fn of(framing: Framing, bytes: &[u8]) -> Option<Frames> {
    let (mut messages, mut at) = (Vec::new(), 0);
    while let Ok(Some(frame)) = framing.next(bytes.get(at..)?, MAX_MESSAGE) {
        if let Frame::Message(range) = &frame {
            messages.push(at + range.start..at + range.end);
        }
        at += frame.consumed();
    }
    let (whole, rest) = (messages.len(), bytes.len().checked_sub(at)?);
    let counted = if whole == 1 { "1 whole message".to_owned() } else { format!("{whole} whole messages") };
    let why = format!("{counted}, and behind that {rest} bytes that are no frame");
    let framing = Some(framing);
    (whole > 0).then_some(Frames { framing, messages, lacking: 0, score: SCORE, why })
}
