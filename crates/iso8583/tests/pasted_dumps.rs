//! What people paste, one file for each form in `tests/pasted`: all of them are the same message, or an error that
//! names the line. The card number is a published test number.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{fs, path::PathBuf};

use iso8583::describe::{HexText, HexTextError, text_of};
use proptest::prelude::*;

fn pasted() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pasted")
}

fn message() -> Vec<u8> {
    fs::read(pasted().join("message.bin")).unwrap()
}

#[test]
fn every_form_is_the_same_message() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(pasted()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "txt"));
    assert!(files.len() > 35, "{files:?}");
    let (bytes, mut wrong) = (message(), Vec::new());
    for file in files {
        let text = text_of(&fs::read(&file).unwrap()).unwrap();
        match HexText::parse(&text) {
            Ok(read) if read.bytes == bytes => {}
            Ok(read) => wrong.push(format!("{}: {} other bytes", file.display(), read.bytes.len())),
            Err(error) => wrong.push(format!("{}: {error}", file.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn wrong(text: &str) -> HexTextError {
    match HexText::parse(text) {
        Ok(read) => panic!("{text:?} was read as {} bytes", read.bytes.len()),
        Err(error) => error,
    }
}

/// What cannot be read wholly, or could mean two things: the line, and what the error says.
#[test]
fn nothing_is_left_out_without_a_word() {
    let table: &[(&str, usize, &str)] = &[
        // Two-byte words in the order of the machine.
        ("0000000 5300 3130 3037 3232\n0000008", 1, "hexdump -C"),
        ("0000000    5300    3130\n0000004\n", 1, "hexdump -C"),
        ("00000000: 30313030 37323230  00100227", 1, "reverse order"),
        // Octal bytes and words.
        ("0000000 060 061 060 060\n0000004", 1, "groups of 3 digits"),
        ("0000000 030460 030060\n0000004", 1, "groups of 6 digits"),
        // A dump with a line left out, cut in a line, from its middle, or with something behind the bytes.
        ("0000  30 31\n0002  32 33\n0006  34", 2, "expected 4 bytes"),
        ("00000000  30 31 32 33\n00000010  34\n", 1, "expected 16 bytes"),
        ("00000010: 3031 3233\n00000014: 3435\n", 1, "from its beginning"),
        ("0000  30 31 32 33 oops\n0004  34", 1, "text column"),
        ("0000  30 31 32 33\n0004  34 35   not these\n", 2, "text column"),
        ("0000  30 31\n0002  32 33 34\n", 2, "expected 2 bytes"),
        ("000000 30 31 32 33", 1, "may be an offset or bytes"),
        // What a star stands for, where offsets of seven digits count in tens or in sixteens.
        (&format!("0000000 {}\n*\n0000160 41\n", ["30"; 16].join(" ")), 1, "octal, decimal or hexadecimal"),
        // Half bytes.
        ("30 31 3\n", 1, "two hexadecimal digits"),
        ("0x30, 0x31\n3 0x32", 2, "two hexadecimal digits"),
        ("3 0 3 1", 1, "two hexadecimal digits"),
        // C.
        ("{ 0x30, /* 0x31,\n 0x32 }", 1, "does not end"),
        ("char a[3] = { 0x30,\n 0x31 };", 2, "says 3 bytes, and 2"),
        ("char a[] = { 0x30 };\nunsigned int a_len = 2;", 2, "says 2 bytes, and 1"),
        ("char a[] = { 0x30, 48 };", 1, "between the braces"),
        ("char a[] = { 0x30, // x\n 0x3031 };", 2, "another number"),
        ("char a[] = { 0x30, // x\n 0x31 0x32 };", 2, "without a comma"),
        ("char a[] = { 0x30, // x\n 0x31,", 1, "not closed"),
        // Mail and logs.
        ("> 30 31\n32 33\n> 34 35", 2, "does not"),
        ("12:00:00 a payload=30313233 raw=34353637", 1, "two values"),
        ("12:00:00 INFO length: 59 30 31 32 33", 1, "payload="),
        ("12:00:00 INFO sent 30 31 32 33", 1, "payload="),
        ("12:00:00 payload=30313233\n12:00:01 connected", 2, "payload="),
        ("12:00:00 payload=30313233 30zz", 1, "payload="),
        ("12:00:00 payload=303132\n", 1, "payload="),
        ("2026-10-09 30 31\n32 33", 1, "a dump with offsets (line 1"),
    ];
    for (text, line, problem) in table {
        let error = wrong(text);
        let told = error.to_string();
        assert!(told.contains(&format!("line {line}")) && told.contains(problem), "{text:?}: {told}");
    }
}

/// The samples of tcpdump, changed.
#[test]
fn packets_that_do_not_fit_together_are_named() {
    let sample = |name: &str| fs::read_to_string(pasted().join(name)).unwrap();
    let (two, one) = (sample("tcpdump-x.txt"), sample("tcpdump-bare.txt"));
    let packets: Vec<&str> = two.split("09:00:00").collect();
    let tls = one.replace("0053 3031 3030", "1603 0131 3030");
    let table = [
        // Their order does not count, but what is between them does.
        (format!("09:00:00{}09:00:00{}", packets[3], packets[2]), ""),
        // Other addresses, as people change them before they paste.
        (one.replace("0a14 0007", "0a00 0001"), ""),
        (
            format!(
                "09:00:00{}09:00:00{}",
                packets[2],
                packets[3].replace("fff0", "fff1").replace("002c", "002d")
            ),
            "missing",
        ),
        (format!("09:00:00.1 IP\n{}", one.replace("4500 0089", "9500 0089")), "headers of IP"),
        (one.replace("4000 4006", "4000 4011"), "found IP protocol 17"),
        (tls, "TLS"),
        (one.lines().take(8).collect::<Vec<_>>().join("\n"), "capture with -s 0"),
        (format!("{}\nwhat is this\n", two), "neither a line with an offset"),
        (packets[1].to_owned(), "no bytes of a message"),
    ];
    for (text, problem) in table {
        match HexText::parse(&text) {
            Ok(read) => assert!(problem.is_empty() && read.bytes == message(), "{text}"),
            Err(error) => {
                assert!(!problem.is_empty() && error.to_string().contains(problem), "{problem}: {error}")
            }
        }
    }
}

proptest! {
    #[test]
    fn no_text_stops_a_reader(text in "([0-9a-f]{4,8}:?  ?([0-9a-f]{2,4} ){0,8} ?[|>]?[a-z.*]{0,9}\n){0,4}[>*{}/0x=, a-f0-9\n]{0,60}") {
        let _ = HexText::parse(&text);
    }

    #[test]
    fn packets_cut_anywhere_do_not_stop_a_reader(cut in 0_usize..140, at in 0_usize..140, byte in any::<u8>()) {
        let text = fs::read_to_string(pasted().join("wireshark-hex-stream-of-packet.txt")).unwrap();
        let mut bytes = hex::decode(text.trim()).unwrap();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        let _ = HexText::parse(&hex::encode(bytes.get(..cut).unwrap_or_default()));
    }

    #[test]
    fn dumps_of_any_width_are_read_whole(bytes in proptest::collection::vec(any::<u8>(), 1..90), width in 1_usize..40) {
        let line = |(number, chunk): (usize, &[u8])| {
            let digits: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            let shown = |byte: &u8| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' };
            let text: String = chunk.iter().map(shown).collect();
            (format!("{:08x}: {:<w$}  {text}\n", number * width, digits.join(" "), w = width * 3),
             format!("{:06x} {}\n", number * width, digits.join(" ")))
        };
        let lines: Vec<(String, String)> = bytes.chunks(width).enumerate().map(line).collect();
        let with_text: String = lines.iter().map(|(line, _)| line.as_str()).collect();
        prop_assert_eq!(&HexText::parse(&with_text).unwrap().bytes, &bytes, "{}", with_text);
        let od: String = lines.iter().map(|(_, line)| line.as_str()).collect();
        let od = format!("{od}{:06x}\n", bytes.len());
        prop_assert_eq!(&HexText::parse(&od).unwrap().bytes, &bytes, "{}", od);
    }
}
