//! Any bytes as frames and as headers.

#![no_main]

use iso8583::{
    framing::{self, Frame, Framing},
    header::{self, Header},
};
use libfuzzer_sys::fuzz_target;

const HEADERS: [&str; 7] =
    ["none", "tpdu", "visanet", "bytes:6", "literal:ISO026000070", "tpdu+bytes:2:0102", "literal:ISO+tpdu"];

fuzz_target!(|bytes: &[u8]| {
    for framing in Framing::forms() {
        frames(framing, bytes);
        frames(framing.with_keep_alive(true), bytes);
        let _ = framing::why_not(Some(framing), bytes);
    }
    for candidate in framing::candidates(bytes) {
        assert!(
            candidate
                .messages
                .iter()
                .chain(&candidate.partial)
                .all(|range| bytes.get(range.clone()).is_some())
        );
        let _ = format!("{candidate:?}");
    }
    let _ = (framing::why_not(None, bytes), framing::refusals(bytes));
    for candidate in header::candidates(bytes) {
        let _ = format!("{candidate:?}");
    }
    for name in HEADERS {
        let header: Header = name.parse().unwrap();
        let mut reply = Vec::new();
        match header.split(bytes) {
            Ok(length) => {
                let _ = header.reply(&bytes[..length], 100, &mut reply);
                assert!(reply.is_empty() || reply.len() == length);
            }
            Err(error) => assert!(!format!("{error} {error:?}").is_empty()),
        }
        let _ = header.write_default(bytes.len(), &mut reply);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(framing) = text.parse::<Framing>() {
            assert_eq!(framing.to_string().parse(), Ok(framing));
        }
        if let Ok(header) = text.parse::<Header>() {
            assert_eq!(header.to_string().parse(), Ok(header));
        }
    }
});

/// Reads frame by frame, as a link does, and writes each again.
fn frames(framing: Framing, bytes: &[u8]) {
    let mut at = 0;
    for _ in 0..64 {
        let rest = &bytes[at..];
        let Ok(Some(frame)) = framing.next(rest, 4096) else { return };
        assert!(frame.consumed() > 0 && frame.consumed() <= rest.len());
        let mut again = Vec::new();
        match &frame {
            Frame::Message(range) => {
                framing
                    .write(&mut again, &rest[range.clone()])
                    .expect("a message that was read can be written");
                let next = framing.next(&again, 4096);
                assert_eq!(next, Ok(Some(Frame::Message(framing.prefix()..again.len()))), "{framing}");
            }
            Frame::KeepAlive(range) => {
                framing
                    .echo_keep_alive(&mut again, &rest[range.clone()])
                    .expect("a keep-alive can be answered");
            }
        }
        at += frame.consumed();
    }
}
