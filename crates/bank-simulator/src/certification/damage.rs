//! Cases of bytes that break the dialect or the framing.

use crate::{
    case::Case,
    report::Level,
    script::{Damage, Draft, Expect, NetworkCode, Step},
};

pub(super) fn cases() -> Vec<Case> {
    let refused = [
        ("NEG-01", "A message cut short", Damage::CutShort(2), "DE49@"),
        ("NEG-02", "A bitmap that is none", Damage::BitmapNotHexadecimal, "bitmap 1@"),
        ("NEG-03", "An unknown data element: announced and not there", Damage::Announced(64), "DE64@"),
        (
            "NEG-04",
            "A data element that is there and not announced",
            Damage::Unannounced(49),
            "end of message@",
        ),
        ("NEG-05", "A letter in the amount", Damage::LetterIn(4), "DE4@"),
        ("NEG-06", "A length beyond the greatest", Damage::LengthTooGreat(2), "DE2 length@"),
        ("NEG-07", "Bytes behind the last data element", Damage::Trailing, "end of message@"),
        ("NEG-08", "A character beyond ASCII", Damage::BeyondAscii, "DE49@"),
    ];
    let fatal = [
        ("NEG-09", "A message type that is not digits", Damage::TypeNotDigits),
        ("NEG-10", "An empty frame", Damage::EmptyFrame),
        ("NEG-11", "A frame beyond the greatest", Damage::FrameTooLong),
        ("NEG-12", "A frame cut short", Damage::FrameCutShort),
    ];
    let refused = refused.map(|(id, title, damage, place)| refused_case(id, title, damage, place));
    let fatal = fatal.map(|(id, title, damage)| fatal_case(id, title, damage));
    refused.into_iter().chain(fatal).collect()
}

fn refused_case(id: &'static str, title: &'static str, damage: Damage, place: &'static str) -> Case {
    let step = Step::send_damaged("damaged", Draft::new("0100"), damage);
    let purpose = "What is not the dialect is 30 undecodable, ER tells the place with its offset, and the link goes on.";
    Case::new(id, title, purpose, "DE39: what it means and what to do")
        .step(step.refused("30", &["undecodable"]).expect(Expect::TagBegins("ER", place)))
        .step(Step::send("echo behind it", Draft::network_code(NetworkCode::SignOfLife)).code("00"))
}

fn fatal_case(id: &'static str, title: &'static str, damage: Damage) -> Case {
    let purpose = "It ends the connection without an answer; the bank connects again.";
    Case::new(id, title, purpose, "DE39: what it means and what to do")
        .level(Level::Optional)
        .step(Step::send_fatal("damaged", Draft::new("0100"), damage))
        .step(Step::reconnect("another connection"))
        .step(Step::sign_on())
}
