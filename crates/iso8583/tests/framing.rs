//! Every form of frame: read, written, refused, recognised; bytes of others, and whatever bytes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::single_range_in_vec_init)]

use iso8583::framing::{Frame, FrameError, Framing, candidates, refusals, why_not};
use proptest::{collection::vec, prelude::*, sample::select};

fn framing(name: &str) -> Framing {
    name.parse().unwrap()
}

/// Every framing that has a name without a number.
fn framings() -> Vec<Framing> {
    Framing::forms()
        .into_iter()
        .flat_map(|form| [form.with_keep_alive(false), form.with_keep_alive(true)])
        .collect()
}

/// What a framing says about bytes, in short.
fn told(name: &str, bytes: &[u8], max: usize) -> String {
    match framing(name).next(bytes, max) {
        Ok(None) => "more".into(),
        Ok(Some(Frame::Message(range))) => format!("message {range:?}"),
        Ok(Some(Frame::KeepAlive(range))) => format!("keep-alive {range:?}"),
        Err(FrameError::Empty) => "empty".into(),
        Err(FrameError::TooLong { length, max }) => format!("{length} > {max}"),
        Err(FrameError::SmallerThanItself { length, least }) => format!("{length} < {least}"),
        Err(FrameError::WrongByte { offset, found, .. }) => format!("at {offset} {found}"),
        Err(error) => panic!("{error}"),
    }
}

/// The bytes behind a length of 3 are always `abc`, and then what is not looked at.
#[test]
fn every_form_is_read() {
    let check = |name: &str, length: &[u8], expected: &str| {
        let bytes = [length, b"abcX"].concat();
        assert_eq!(told(name, &bytes, 5), expected, "{name} {length:x?}");
    };
    for (name, length, expected) in [
        ("binary-2", &b"\0\x03"[..], "message 2..5"),
        ("binary-2", b"\0\0", "empty"),
        ("binary-2", b"\0\x06", "6 > 5"),
        ("binary-2", b"\xff\xff", "65535 > 5"),
        ("binary-2-inclusive", b"\0\x05", "message 2..5"),
        ("binary-2-inclusive", b"\0\x08", "6 > 5"),
        ("binary-2-inclusive", b"\0\x02", "empty"),
        ("binary-2-inclusive", b"\0\x01", "1 < 2"),
        ("binary-2-inclusive", b"\0\0", "0 < 2"),
        ("binary-2-keep-alive", b"\0\0", "keep-alive 0..2"),
        ("binary-2-keep-alive", b"\0\x03", "message 2..5"),
        ("binary-2-inclusive-keep-alive", b"\0\x02", "keep-alive 0..2"),
        ("binary-2-inclusive-keep-alive", b"\0\0", "keep-alive 0..2"),
        ("binary-2-inclusive-keep-alive", b"\0\x01", "1 < 2"),
        ("binary-2:2", b"\0\x03", "3 > 2"),
        ("binary-2-little", b"\x03\0", "message 2..5"),
        ("binary-2-little", b"\0\x03", "768 > 5"),
        ("binary-2-little-inclusive", b"\x05\0", "message 2..5"),
        ("binary-4", b"\0\0\0\x03", "message 4..7"),
        ("binary-4", b"\xff\xff\xff\xff", "4294967295 > 5"),
        ("binary-4", b"\0\0\0\0", "empty"),
        ("binary-4-inclusive", b"\0\0\0\x07", "message 4..7"),
        ("binary-4-inclusive", b"\0\0\0\x03", "3 < 4"),
        ("ascii-4", b"0003", "message 4..7"),
        ("ascii-4", b"0000", "empty"),
        ("ascii-4", b"9999", "9999 > 5"),
        ("ascii-4", b"00A3", "at 2 a letter"),
        ("ascii-4", b"+003", "at 0 a punctuation mark"),
        ("ascii-4", b"\0\0\0\x03", "at 0 a control character"),
        ("ascii-4-inclusive", b"0007", "message 4..7"),
        ("ascii-4-inclusive", b"0003", "3 < 4"),
        ("ascii-4-keep-alive", b"0000", "keep-alive 0..4"),
        ("bcd-2", b"\x00\x03", "message 2..5"),
        ("bcd-2", b"\x99\x99", "9999 > 5"),
        ("bcd-2", b"\x00\x0a", "at 1 a nibble above 9"),
        ("bcd-2", b"\xa0\x00", "at 0 a nibble above 9"),
        ("bcd-2-inclusive", b"\x00\x05", "message 2..5"),
        ("hex-4", b"0003", "message 4..7"),
        ("hex-4", b"00fF", "255 > 5"),
        ("hex-4", b"000g", "at 3 a letter"),
        ("hex-4-inclusive", b"0007", "message 4..7"),
        ("vmli", b"\0\x03\0\0", "message 4..7"),
        ("vmli", b"\0\x03\0\x01", "message 4..7"),
        ("vmli", b"\0\x03\0\x20", "keep-alive 0..7"),
        ("vmli", b"\0\0\0\x20", "keep-alive 0..4"),
        ("vmli", b"\0\0\0\0", "keep-alive 0..4"),
        ("vmli", b"\0\x03\x01\0", "at 2 a control character"),
        ("vmli", b"\x08\x01\0\0", "2049 > 5"),
        ("vmli-no-keep-alive", b"\0\0\0\0", "empty"),
        ("vmli-no-keep-alive", b"\0\0\0\x20", "keep-alive 0..4"),
        ("cs", b"\0\x03\0\0", "message 4..7"),
        ("cs", b"\0\0\0\0", "keep-alive 0..4"),
        ("cs", b"\0\x03\0\x01", "at 3 a control character"),
        ("cs-inclusive", b"\0\x07\0\0", "message 4..7"),
        ("cs-no-keep-alive", b"\0\0\0\0", "empty"),
    ] {
        check(name, length, expected);
    }
}

#[test]
fn the_agreed_greatest_message_holds_as_well() {
    for (name, bytes, expected) in [
        ("vmli", &b"\x08\0"[..], "more"),
        ("vmli", b"\x08\x01", "2049 > 2048"),
        ("vmli:4096", b"\x08\x01", "more"),
        ("vmli:4096", b"\x10\x01", "4097 > 4096"),
        ("ascii-4", b"9999", "more"),
        ("ascii-4-inclusive", b"9999", "more"),
        ("binary-4:100", b"\0\0\0\x65", "101 > 100"),
    ] {
        assert_eq!(told(name, bytes, usize::MAX), expected, "{name}");
    }
    for (name, longest) in [
        ("binary-2", 65_535),
        ("binary-2-inclusive", 65_533),
        ("ascii-4", 9999),
        ("ascii-4-inclusive", 9995),
        ("bcd-2", 9999),
        ("bcd-2-inclusive", 9997),
        ("hex-4", 65_535),
        ("vmli", 2048),
        ("cs-inclusive", 65_531),
        ("ascii-4:20000", 9999),
        ("binary-4", 4_294_967_295),
    ] {
        assert_eq!(framing(name).longest(), longest, "{name}");
    }
}

#[test]
fn every_form_is_written_and_cut_anywhere_waits_for_more() {
    for (name, prefix) in [
        ("binary-2", &b"\x01\x02"[..]),
        ("binary-2-inclusive", b"\x01\x04"),
        ("binary-2-little", b"\x02\x01"),
        ("binary-2-little-inclusive", b"\x04\x01"),
        ("binary-4", b"\0\0\x01\x02"),
        ("binary-4-inclusive", b"\0\0\x01\x06"),
        ("ascii-4", b"0258"),
        ("ascii-4-inclusive", b"0262"),
        ("bcd-2", b"\x02\x58"),
        ("bcd-2-inclusive", b"\x02\x60"),
        ("hex-4", b"0102"),
        ("hex-4-inclusive", b"0106"),
        ("vmli", b"\x01\x02\0\0"),
        ("vmli-inclusive", b"\x01\x06\0\0"),
        ("cs", b"\x01\x02\0\0"),
        ("cs-inclusive", b"\x01\x06\0\0"),
    ] {
        let framing = framing(name);
        let mut out = Vec::new();
        framing.write(&mut out, &[b'm'; 258]).unwrap();
        assert_eq!(&out[..prefix.len()], prefix, "{name}");
        assert_eq!(framing.prefix(), prefix.len(), "{name}");
        for cut in 0..out.len() {
            assert_eq!(framing.next(&out[..cut], 258), Ok(None), "{name} cut at {cut}");
        }
        assert_eq!(framing.next(&out, 258), Ok(Some(Frame::Message(prefix.len()..out.len()))), "{name}");
    }
    let mut out = Vec::new();
    Framing::HEX_4.write(&mut out, &[0; 0xabc]).unwrap();
    assert_eq!(&out[..4], b"0ABC");
    assert_eq!(Framing::HEX_4.next(b"0aBc", 0xabc), Ok(None));
}

#[test]
fn what_cannot_be_written_is_refused_and_nothing_is_appended() {
    for framing in framings().into_iter().filter(|framing| framing.longest() < 100_000) {
        let mut out = vec![1];
        let (length, max) = (framing.longest() + 1, framing.longest());
        assert_eq!(framing.write(&mut out, b""), Err(FrameError::Empty), "{framing}");
        let refused = framing.write(&mut out, &vec![0; length]);
        assert_eq!(refused, Err(FrameError::TooLong { length, max }), "{framing}");
        assert_eq!(out, [1], "{framing}");
        framing.write(&mut out, &vec![0; max]).unwrap();
        let frame = framing.next(&out[1..], usize::MAX).unwrap().unwrap();
        assert_eq!(frame, Frame::Message(framing.prefix()..framing.prefix() + max), "{framing}");
    }
}

#[test]
fn keep_alives_are_written_and_sent_back_as_they_came() {
    for (name, own) in [
        ("binary-2-keep-alive", &b"\0\0"[..]),
        ("binary-2-inclusive-keep-alive", b"\0\x02"),
        ("ascii-4-keep-alive", b"0000"),
        ("hex-4-inclusive-keep-alive", b"0004"),
        ("bcd-2-keep-alive", b"\0\0"),
        ("vmli", b"\0\0\0\x20"),
        ("vmli-no-keep-alive", b"\0\0\0\x20"),
        ("cs", b"\0\0\0\0"),
    ] {
        let framing = framing(name);
        let mut out = Vec::new();
        framing.write_keep_alive(&mut out).unwrap();
        assert_eq!(out, own, "{name}");
        assert_eq!(framing.next(&out, 100), Ok(Some(Frame::KeepAlive(0..own.len()))), "{name}");
    }
    let (mut out, heartbeat) = (Vec::new(), b"\0\x03\0\x21abc");
    Framing::VMLI.echo_keep_alive(&mut out, heartbeat).unwrap();
    assert_eq!(out, heartbeat);
    for (name, received) in [
        ("vmli", &b"\0\x03\0\0abc"[..]),
        ("vmli", b"\0\0\0\x20more"),
        ("vmli", b"\0\0\0"),
        ("cs", b"\0\x01\0\0a"),
    ] {
        let mut out = Vec::new();
        assert_eq!(framing(name).echo_keep_alive(&mut out, received), Err(FrameError::NoKeepAlive));
        assert!(out.is_empty());
    }
    assert_eq!(Framing::ASCII_4.write_keep_alive(&mut Vec::new()), Err(FrameError::NoKeepAlive));
    assert_eq!(Framing::ASCII_4.echo_keep_alive(&mut Vec::new(), b"0000"), Err(FrameError::Empty));
}

#[test]
fn names_are_read_as_they_are_written() {
    for framing in framings() {
        assert_eq!(framing.to_string().parse(), Ok(framing));
        let bounded = framing.with_longest(1234);
        assert_eq!(bounded.to_string().parse(), Ok(bounded));
    }
    assert_eq!(Framing::names().len(), 16);
    assert_eq!(Framing::default().to_string(), "binary-2");
    assert_eq!(framing("binary-2-no-keep-alive"), Framing::BINARY_2);
    assert_eq!(framing("cs-keep-alive"), Framing::CS);
    assert_eq!(framing("vmli:2048"), Framing::VMLI);
    for (wrong, near) in [
        ("binary2", Some("binary-2")),
        ("BINARY_2", Some("binary-2")),
        ("ascii-4-inclusiv", Some("ascii-4-inclusive")),
        ("ascii-4-keepalive", Some("ascii-4-keep-alive")),
        ("vml", Some("vmli")),
        ("protobuf", None),
        ("", None),
        ("vmli:", None),
        ("vmli:0", None),
        ("vmli:-1", None),
        ("vmli:99999999999999999999999", None),
    ] {
        let error = wrong.parse::<Framing>().unwrap_err();
        if !wrong.contains(':') {
            assert_eq!(error.nearest.as_deref(), near, "{wrong}");
        }
        let text = error.to_string();
        assert!(Framing::names().iter().all(|name| text.contains(&format!("`{name}`"))), "{text}");
    }
    let text = "bcd2".parse::<Framing>().unwrap_err().to_string();
    assert!(text.ends_with("found `bcd2`; did you mean `bcd-2`?"), "{text}");
}

#[test]
fn errors_say_where_and_what() {
    let text = Framing::ASCII_4.next(b"08A0", 100).unwrap_err().to_string();
    assert!(text.starts_with("frame length at byte 2: expected an ASCII digit, found a letter; "), "{text}");
    let text = Framing::BCD_2.next(b"\x1a", 100).unwrap_err().to_string();
    assert!(text.contains("byte 0: expected two packed digits, found a nibble above 9"), "{text}");
    let text = framing("hex-4-inclusive").next(b"0003", 100).unwrap_err().to_string();
    assert!(text.contains("expected at least 4, as the length counts itself, found 3"), "{text}");
}

/// Frames that others made: 4 ASCII digits (the network management message in the description of PayEx),
/// packed digits (juks/iso-8583-socket-queue issue 52), and the heartbeat in the tests of moov-io/iso8583.
const PAYEX: &str = "30303530\
    3138323002300101000000003039313031353238343133383239313030393039313031353238343138333130353130303331";
const PACKED: &str = "0036\
    600010000008002038010000800000920000000019082906070200683337313030303133";
const HEARTBEAT: &str = "000f0020";

#[test]
fn frames_of_others_are_read() {
    let bytes = hex::decode(PAYEX).unwrap();
    assert_eq!(told("ascii-4", &bytes, 100), "message 4..54");
    assert_eq!(bytes.len(), 54);
    let bytes = hex::decode(PACKED).unwrap();
    assert_eq!(told("bcd-2", &bytes, 100), "message 2..38");
    assert_eq!(bytes.len(), 38);
    let bytes = [hex::decode(HEARTBEAT).unwrap(), vec![0; 15]].concat();
    assert_eq!(told("vmli", &bytes, 100), "keep-alive 0..19");
}

/// What the likeliest candidate says: its name and the ranges of its messages.
fn likeliest(bytes: &[u8]) -> (String, Vec<std::ops::Range<usize>>) {
    let first = candidates(bytes).into_iter().next().unwrap();
    (first.framing.map_or("no framing".into(), |framing| framing.to_string()), first.messages)
}

fn framed(framing: Framing, messages: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    messages.iter().for_each(|message| framing.write(&mut out, message).unwrap());
    out
}

#[test]
fn the_framing_of_a_capture_is_found() {
    let (payex, packed) = (hex::decode(PAYEX).unwrap(), hex::decode(PACKED).unwrap());
    assert_eq!(likeliest(&payex), ("ascii-4".into(), vec![4..54]));
    assert_eq!(likeliest(&packed), ("bcd-2".into(), vec![2..38]));
    let (text, tpdu) = (&payex[4..], &packed[2..]);
    assert_eq!(likeliest(text), ("no framing".into(), Vec::from([0..50])));
    assert_eq!(likeliest(tpdu), ("no framing".into(), Vec::from([0..36])));
    let long = [&b"02003220000000808000"[..], &[b'0'; 300]].concat();
    let visanet =
        [&hex::decode("160102002900000000000000000000000000000000000800").unwrap()[..], &[0x22; 17]];
    let visanet = visanet.concat();
    for (framing, messages) in
        [(Framing::VMLI, [&visanet[..], &visanet, &visanet]), (Framing::CS, [text, tpdu, text])]
    {
        assert_eq!(likeliest(&framed(framing, &messages)).0, framing.to_string());
    }
    for framing in Framing::forms() {
        let bytes = framed(framing, &[&long, tpdu, text]);
        let (name, messages) = likeliest(&bytes);
        // Without a heartbeat and a VisaNet header these two look the same.
        assert_eq!(name.replace("vmli", "cs"), framing.to_string().replace("vmli", "cs"));
        let found: Vec<&[u8]> = messages.iter().map(|range| &bytes[range.clone()]).collect();
        assert_eq!(found, [&long[..], tpdu, text], "{framing}");

        let cut = &bytes[..bytes.len() - 7];
        let candidate = candidates(cut).into_iter().find(|found| found.framing == Some(framing)).unwrap();
        assert_eq!(candidate.messages.len(), 2, "{framing}");
        assert_eq!(candidate.partial.map(|range| range.len()), Some(43), "{framing}");
        let first = &bytes[..60];
        let candidate = candidates(first).into_iter().find(|found| found.framing == Some(framing)).unwrap();
        assert_eq!(
            (candidate.messages.len(), candidate.partial),
            (0, Some(framing.prefix()..60)),
            "{framing}"
        );
    }
}

#[test]
fn keep_alives_nobody_expects_are_seen() {
    let mut bytes = framed(Framing::BINARY_2, &[&hex::decode(PAYEX).unwrap()[4..]]);
    bytes.extend([0, 0]);
    let found = candidates(&bytes).into_iter().next().unwrap();
    assert_eq!(found.framing.unwrap().to_string(), "binary-2-keep-alive");
    assert_eq!((found.keep_alives, found.messages), (1, Vec::from([2..52])));
    let zeros = candidates(&[0; 4]);
    assert!(zeros.iter().all(|candidate| candidate.score <= 1), "{zeros:?}");
}

#[test]
fn why_framings_fit_or_not_is_said_in_words() {
    let payex = hex::decode(PAYEX).unwrap();
    let found = candidates(&payex);
    let expected = "1 whole message of 50 bytes fills the 54 bytes exactly; the first starts with no header, \
                    then an MTI in ASCII digits";
    assert_eq!(found[0].why, expected);
    for (framing, expected) in [
        (Some(Framing::BINARY_2), "expected at most 8192 bytes, found 12336"),
        (Some(Framing::VMLI), "expected at most 2048 bytes, found 12336"),
        (Some(Framing::BCD_2), "the first frame is longer than the bytes, and no message starts in it"),
        (None, "the bytes do not start with an MTI"),
    ] {
        let text = why_not(framing, &payex).unwrap_or_default();
        assert!(text.contains(expected), "{framing:?}: {text}");
    }
    assert_eq!(why_not(Some(Framing::ASCII_4), &payex), None);
    let text = why_not(Some(Framing::ASCII_4), &[&payex[..], b"00x"].concat()).unwrap();
    assert!(text.starts_with("after whole frames up to byte 54: frame length at byte 2: "), "{text}");
    assert_eq!(found.len() + refusals(&payex).len(), Framing::names().len() + 1);
    assert!(candidates(&[]).is_empty());
    assert_eq!(refusals(&[]).len(), Framing::names().len() + 1);
    assert!(why_not(None, &[b'0'; 9000]).unwrap().contains("more than the 8192"));
}

fn any_framing() -> impl Strategy<Value = Framing> {
    (select(framings()), prop_oneof![Just(None), (1_usize..5000).prop_map(Some)])
        .prop_map(|(framing, longest)| longest.map_or(framing, |longest| framing.with_longest(longest)))
}

proptest! {
    #[test]
    fn messages_come_out_as_they_went_in(
        framing in select(framings()),
        messages in vec(vec(any::<u8>(), 1..300), 0..6),
    ) {
        let mut stream = Vec::new();
        for message in &messages {
            framing.write(&mut stream, message).unwrap();
        }
        let (mut rest, mut found) = (&stream[..], Vec::new());
        while let Some(frame) = framing.next(rest, 300).unwrap() {
            let Frame::Message(range) = &frame else { panic!("{framing}: {frame:?}") };
            found.push(rest[range.clone()].to_vec());
            rest = &rest[frame.consumed()..];
        }
        prop_assert_eq!(found, messages);
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn whatever_bytes_never_stop_the_program(
        framing in any_framing(),
        bytes in vec(any::<u8>(), 0..=64),
        max in any::<usize>(),
    ) {
        if let Ok(Some(frame)) = framing.next(&bytes, max) {
            prop_assert!(frame.consumed() > 0 && frame.consumed() <= bytes.len());
        }
        let mut out = Vec::new();
        if framing.echo_keep_alive(&mut out, &bytes).is_ok() {
            prop_assert_eq!(&out, &bytes);
        }
        for candidate in candidates(&bytes) {
            prop_assert!(candidate.messages.iter().all(|range| bytes.get(range.clone()).is_some()));
            prop_assert!(candidate.score <= 100);
            prop_assert_eq!(why_not(candidate.framing, &bytes), None);
        }
        prop_assert!(refusals(&bytes).iter().all(|refusal| !refusal.why_not.is_empty()));
    }

    /// Telling of an error early or late does not change it: what a prefix refuses, the whole refuses.
    #[test]
    fn what_is_refused_stays_refused(framing in any_framing(), bytes in vec(any::<u8>(), 0..=64)) {
        let whole = framing.next(&bytes, 48);
        for cut in 0..bytes.len() {
            if let Err(error) = framing.next(&bytes[..cut], 48) {
                prop_assert_eq!(&whole, &Err(error));
            }
        }
    }

    #[test]
    fn any_text_is_a_name_or_an_error(text in "\\PC{0,40}|[a-z0-9:-]{0,30}") {
        if let Ok(framing) = text.parse::<Framing>() {
            prop_assert_eq!(framing.to_string().parse(), Ok(framing));
        }
    }
}
