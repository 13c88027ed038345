//! Headers before the MTI: checked, answered in the peer's terms, written, recognised.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use iso8583::header::{Header, MAX_HEADER, candidates};
use proptest::{collection::vec, prelude::*, sample::select};

fn header(name: &str) -> Header {
    name.parse().unwrap()
}

fn bytes(digits: &str) -> Vec<u8> {
    hex::decode(digits.replace(' ', "")).unwrap()
}

/// A header, then an echo request in packed digits, then zeros up to the length.
fn message(header: &str, length: usize) -> Vec<u8> {
    let mut message = bytes(&format!("{header} 0800 8220000000000000 0400000000000000"));
    message.resize(length, 0);
    message
}

/// Laid out as in two recorded messages of VisaNet, 41 and 189 bytes in total; stations and flags are
/// made up.
const VISANET_41: &str = "16 01 02 0029 000000 123456 00 0000 000000 00 000000 00";
const VISANET_189: &str = "16 01 02 00BD 654321 000000 01 8000 010203 04 050607 08";

#[test]
fn headers_are_split_off() {
    for (name, message, length) in [
        ("none", message("", 30), 0),
        ("none", Vec::new(), 0),
        ("tpdu", message("6000000006", 40), 5),
        ("tpdu:6800000000", message("6800000006", 40), 5),
        ("tpdu+bytes:6", message("6000000006 600101010102", 156), 11),
        ("visanet", message(VISANET_41, 41), 22),
        ("visanet", message(VISANET_189, 189), 22),
        ("tpdu+visanet", message(&format!("6000010002 {VISANET_41}"), 46), 27),
        ("literal:ISO", b"ISO0800".to_vec(), 3),
        ("literal:ISO016000050", b"ISO0160000500800".to_vec(), 12),
        ("literal:A++B", b"A+B0800".to_vec(), 3),
        ("bytes:64", vec![0; 64], 64),
    ] {
        assert_eq!(header(name).split(&message), Ok(length), "{name}");
        assert_eq!(header(name).length(), length, "{name}");
    }
}

#[test]
fn every_error_tells_part_offset_expected_and_found() {
    let wrong = |at: usize, byte: u8| {
        let mut message = message(VISANET_41, 41);
        message[at] = byte;
        message
    };
    for (name, message, part, offset, expected, found) in [
        ("tpdu", bytes("41"), "TPDU", 0, "5 bytes", "1 bytes"),
        ("tpdu", b"41112".to_vec(), "TPDU identifier", 0, "0x60", "another byte, a digit"),
        ("tpdu+bytes:6", bytes("6000000006 6001"), "opaque header", 5, "6 bytes", "2 bytes"),
        ("visanet", vec![0x16; 21], "VisaNet header", 0, "22 bytes", "21 bytes"),
        (
            "visanet",
            wrong(0, 0x1a),
            "VisaNet H1 header length",
            0,
            "0x16",
            "another byte, a control character",
        ),
        ("visanet", wrong(1, b'x'), "VisaNet H2 header format", 1, "0x01", "another byte, a letter"),
        ("visanet", wrong(2, 0xff), "VisaNet H3 text format", 2, "0x02", "another byte, a byte above 0x7F"),
        ("visanet", wrong(4, 42), "VisaNet H4 total length", 3, "41, the length of header and message", "42"),
        ("literal:ISO", b"IS".to_vec(), "literal header", 0, "3 bytes", "2 bytes"),
        ("literal:ISO", b"IS40800".to_vec(), "literal header", 2, "`O`", "another byte, a digit"),
        (
            "tpdu+literal:ISO",
            b"\x60\0\0\0\0XSO".to_vec(),
            "literal header",
            5,
            "`I`",
            "another byte, a letter",
        ),
    ] {
        let error = header(name).split(&message).unwrap_err();
        assert_eq!((error.part, error.offset), (part, offset), "{name}");
        assert_eq!((error.expected.as_str(), error.found.as_str()), (expected, found), "{name}");
        let text = error.to_string();
        let start = format!("{part} at byte {offset}: expected {expected}, found {found}; the sender must ");
        assert!(text.starts_with(&start), "{text}");
    }
}

#[test]
fn replies_are_in_the_terms_of_the_peer() {
    for (name, request, message_length, reply) in [
        ("none", "", 100, ""),
        ("tpdu", "6000000006", 100, "6000060000"),
        ("tpdu", "6012345678", 100, "6056781234"),
        ("tpdu+bytes:6", "6000000006 600101010102", 100, "6000060000 600101010102"),
        ("visanet", VISANET_41, 167, "16 01 02 00BD 123456 000000 00 0000 000000 00 000000 00"),
        ("visanet", VISANET_189, 19, "16 01 02 0029 000000 654321 01 8000 010203 04 050607 08"),
        ("literal:ISO", "49534f", 100, "49534f"),
        ("bytes:3", "010203", 100, "010203"),
        (
            "visanet+bytes:2",
            "16 01 02 0029 000000 123456 00 0000 000000 00 000000 00 ABCD",
            17,
            "16 01 02 0029 123456 000000 00 0000 000000 00 000000 00 ABCD",
        ),
    ] {
        let mut out = vec![7];
        header(name).reply(&bytes(request), message_length, &mut out).unwrap();
        assert_eq!(hex::encode(&out[1..]), hex::encode(bytes(reply)), "{name}");
    }
}

#[test]
fn a_refused_header_appends_nothing() {
    let mut out = vec![7];
    for (name, request, length, part) in [
        ("tpdu", "60000000", 1, "TPDU"),
        ("tpdu", "600000000000", 1, "header"),
        ("tpdu", "610000000000", 1, "TPDU identifier"),
        ("tpdu+visanet", &*format!("6000000000 {VISANET_41}"), 65_514, "VisaNet H4 total length"),
        ("visanet", VISANET_41, usize::MAX, "VisaNet H4 total length"),
    ] {
        let error = header(name).reply(&bytes(request), length, &mut out).unwrap_err();
        assert_eq!((error.part, out.as_slice()), (part, &[7][..]), "{name}");
    }
    for (name, length, part) in
        [("tpdu+bytes:6", 1, "opaque header"), ("tpdu+visanet", 65_514, "VisaNet H4 total length")]
    {
        let error = header(name).write_default(length, &mut out).unwrap_err();
        assert_eq!((error.part, out.as_slice()), (part, &[7][..]), "{name}");
    }
    header("tpdu+visanet").write_default(65_513, &mut out).unwrap();
}

#[test]
fn a_sender_of_its_own_writes_what_is_configured() {
    for (name, message_length, expected) in [
        ("none", 19, ""),
        ("tpdu", 19, "6000000000"),
        ("tpdu:6000030001", 19, "6000030001"),
        ("visanet", 19, "16 01 02 0029 000000 000000 00 0000 000000 00 000000 00"),
        ("visanet:654321123456", 19, "16 01 02 0029 654321 123456 00 0000 000000 00 000000 00"),
        ("literal:ISO016000050", 19, "49534f303136303030303530"),
        ("tpdu:6000000006+bytes:6:600101010102", 19, "6000000006 600101010102"),
    ] {
        let mut out = Vec::new();
        header(name).write_default(message_length, &mut out).unwrap();
        assert_eq!(hex::encode(&out), hex::encode(bytes(expected)), "{name}");
        out.resize(out.len() + message_length, 0);
        assert_eq!(header(name).split(&out), Ok(header(name).length()), "{name}");
    }
}

#[test]
fn names_are_read_as_they_are_written() {
    for name in [
        "none",
        "tpdu",
        "tpdu:6800010002",
        "visanet",
        "visanet:ABCDEF012345",
        "literal:ISO",
        "literal: ~:",
        "literal:A+++tpdu",
        "literal:++",
        "bytes:1",
        "bytes:2:0AFF",
        "tpdu+bytes:6+literal:X+visanet",
    ] {
        assert_eq!(header(name).to_string(), name);
    }
    assert_eq!(header("literal:A+++tpdu").split(b"A+\x60\0\0\0\0"), Ok(7));
    assert_eq!(header("tpdu:6000000000"), header("tpdu"));
    assert_eq!(header("none"), Header::default());
}

#[test]
fn wrong_names_are_refused() {
    let long = format!("literal:{}", "x".repeat(MAX_HEADER + 1));
    let joined = format!("literal:{}+tpdu", "x".repeat(MAX_HEADER - 4));
    for (name, expected, near) in [
        ("", "expected `none`, `tpdu`", None),
        ("tdpu", "expected `none`, `tpdu`", None),
        ("tpud", "expected `none`, `tpdu`", None),
        ("tpd", "expected `none`, `tpdu`", Some("tpdu")),
        ("VisaNet", "expected `none`, `tpdu`", Some("visanet")),
        ("literl:ISO", "expected `none`, `tpdu`", Some("literal:")),
        ("byte:6", "expected `none`, `tpdu`", Some("bytes:")),
        ("tpdu+none", "expected `none`, `tpdu`", None),
        ("tpdu+", "expected `none`, `tpdu`", None),
        ("none:", "expected `none`, `tpdu`", None),
        ("tpdu:60", "`tpdu:` and 10 hexadecimal digits", None),
        ("tpdu:60000000zz", "`tpdu:` and 10 hexadecimal digits", None),
        ("visanet:1234", "`visanet:` and 12 hexadecimal digits", None),
        ("literal:", "`literal:` and 1 to 64 printable ASCII characters", None),
        ("literal:\t", "`literal:` and 1 to 64 printable ASCII characters", None),
        ("literal:ü", "`literal:` and 1 to 64 printable ASCII characters", None),
        (&long, "`literal:` and 1 to 64 printable ASCII characters", None),
        (&joined, "a header of at most 64 bytes", None),
        ("bytes:", "`bytes:` and a number from 1 to 64", None),
        ("bytes:0", "`bytes:` and a number from 1 to 64", None),
        ("bytes:65", "`bytes:` and a number from 1 to 64", None),
        ("bytes:+6", "expected `bytes:` and a number", None),
        ("bytes:2:01", "`bytes:2:` and 4 hexadecimal digits", None),
    ] {
        let error = name.parse::<Header>().unwrap_err();
        let text = error.to_string();
        assert!(text.contains(expected), "{name}: {text}");
        if let Some(name) = near {
            assert_eq!(error.nearest.as_deref(), near, "{name}");
            assert!(text.ends_with(&format!("did you mean `{name}`?")), "{text}");
        }
    }
}

#[test]
fn headers_are_recognised() {
    let packed = "0800 2220000000000000 0400000000000000";
    for (message, name, why) in [
        (message("", 30), "none", "no header, then an MTI in packed digits"),
        (message("6000000006", 40), "tpdu", "a TPDU of 5 bytes, then an MTI in packed digits"),
        (message("6000000006 600101010102", 90), "tpdu+bytes:6", "a TPDU and 6 more bytes, then an MTI"),
        (message(VISANET_41, 41), "visanet", "a VisaNet header of 22 bytes, then an MTI"),
        (
            b"ISO0160000500800822000000000000004".to_vec(),
            "literal:ISO+bytes:9",
            "the text ISO and 9 more bytes",
        ),
        (
            b"ISO021520002C00011007230854108E08802".to_vec(),
            "literal:ISO+bytes:13",
            "the text ISO and 13 more",
        ),
        (b"0200822000000000000004".to_vec(), "none", "no header, then an MTI in ASCII digits"),
        (bytes("f1f8f1f4 0230010102000000"), "none", "no header, then an MTI in EBCDIC digits"),
        (bytes(&format!("0102030405060708 {packed}")), "bytes:8", "a header nobody knows, then an MTI"),
        (
            b"A4M040000800822000000000000004".to_vec(),
            "bytes:8",
            "a header nobody knows, then an MTI in ASCII",
        ),
    ] {
        let found = candidates(&message);
        assert_eq!(found[0].header.to_string(), name, "{found:?}");
        assert!(found[0].why.contains(why), "{found:?}");
        assert!(found[0].header.split(&message).is_ok());
    }
    for nothing in [&b""[..], b"hello, world", &[0; 64], b"9999"] {
        assert_eq!(candidates(nothing), []);
    }
}

fn any_header() -> impl Strategy<Value = Header> {
    let part = prop_oneof![
        Just("tpdu".to_owned()),
        Just("visanet".to_owned()),
        "literal:[ -*,-~]{1,8}",
        (1..9).prop_map(|length| format!("bytes:{length}")),
    ];
    vec(part, 0..3).prop_map(|parts| match parts.as_slice() {
        [] => Header::NONE,
        parts => parts.join("+").parse().unwrap(),
    })
}

proptest! {
    #[test]
    fn whatever_bytes_never_stop_the_program(
        header in any_header(),
        bytes in vec(any::<u8>(), 0..=64),
        message_length in any::<usize>(),
    ) {
        if let Ok(length) = header.split(&bytes) {
            prop_assert_eq!(length, header.length());
        }
        let mut out = Vec::new();
        let written = header.reply(&bytes, message_length, &mut out);
        prop_assert_eq!(out.len(), if written.is_ok() { header.length() } else { 0 });
        let before = out.len();
        let written = header.write_default(message_length, &mut out);
        prop_assert_eq!(out.len() - before, if written.is_ok() { header.length() } else { 0 });
        for candidate in candidates(&bytes) {
            prop_assert!(candidate.header.split(&bytes).is_ok() && candidate.score <= 100);
        }
    }

    /// The reply to the reply is the request again, but for the length in it.
    #[test]
    fn a_reply_to_a_reply_is_the_request(
        name in select(vec!["tpdu", "visanet", "tpdu+bytes:6", "visanet+bytes:2", "literal:ISO+tpdu"]),
        rest in vec(any::<u8>(), 64),
        length in 0_usize..100,
    ) {
        let (header, mut request) = (header(name), Vec::new());
        request.extend(match name.split('+').next().unwrap() {
            "tpdu" => vec![0x60],
            "visanet" => vec![0x16, 1, 2, 0, u8::try_from(header.length() + length).unwrap()],
            _ => b"ISO\x60".to_vec(),
        });
        request.extend(&rest[..header.length() - request.len()]);
        let (mut reply, mut again) = (Vec::new(), Vec::new());
        header.reply(&request, length, &mut reply).unwrap();
        header.reply(&reply, length, &mut again).unwrap();
        prop_assert_eq!(again, request);
    }

    #[test]
    fn any_text_is_a_name_or_an_error(text in "\\PC{0,80}|(tpdu|visanet|none|literal:|bytes:|[0-9+:a]){0,6}") {
        if let Ok(header) = text.parse::<Header>() {
            prop_assert!(header.length() <= MAX_HEADER);
            prop_assert_eq!(header.to_string().parse(), Ok(header));
        }
    }
}
