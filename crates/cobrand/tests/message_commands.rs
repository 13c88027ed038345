//! `describe`, `encode`, `diff` and `redact` as processes: input, output, exit status, and no card number unasked.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use iso8583::{Builder, Mti, dialects, framing::Framing};

const PAN: &str = "4111111111111111";

fn message() -> Vec<u8> {
    Builder::new(Mti::new("0100"))
        .set(2, PAN)
        .set(3, "000000")
        .set(4, "000000125000")
        .set(7, "1009090000")
        .set(11, "000042")
        .set(14, "3012")
        .set(35, format!("{PAN}=30121010000012345"))
        .set(41, "TERM0001")
        .set(49, "643")
        .set(52, "0123456789ABCDEF")
        .encode(dialects::iso87_ascii())
        .unwrap()
}

fn framed() -> Vec<u8> {
    let mut frame = Vec::new();
    Framing::BINARY_2.write(&mut frame, &message()).unwrap();
    frame
}

fn cobrand(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cobrand"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that needs no input does not read it.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn a_message_is_described_however_it_is_given() {
    let folder = std::env::temp_dir().join(format!("cobrand-describe-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("capture.bin");
    std::fs::write(&file, framed()).unwrap();
    let digits = hex::encode(framed());
    let spaced: Vec<String> = framed().iter().map(|byte| format!("{byte:02X}")).collect();
    let plain = String::from_utf8(message()).unwrap();
    for (args, input) in [
        (vec!["describe", &digits], &b""[..]),
        (vec!["describe", &format!("0x{digits}")], b""),
        (vec!["describe"], spaced.join(" ").as_bytes()),
        (vec!["describe", "-"], &framed()),
        (vec!["describe", file.to_str().unwrap()], b""),
        (vec!["describe", &plain], b""),
        (vec!["describe", "--dialect", "iso87-ascii", "--framing", "binary-2", &digits], b""),
    ] {
        let output = cobrand(&args, input);
        let told = out(&output);
        assert_eq!(status(&output), 0, "{args:?}: {}", error(&output));
        let summary = "0100 authorization request · 1,250.00 RUB · STAN 000042 · TERM0001";
        assert!(told.contains(summary) && told.contains("****1111"), "{args:?}: {told}");
        assert!(!told.contains("411111") && !told.contains("0123456789"), "{told}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn nothing_shows_a_card_number_unless_asked_for() {
    let digits = hex::encode(framed());
    let cut = hex::encode(&framed()[..100]);
    for args in [
        vec!["describe", &digits, "--json"],
        vec!["describe", &digits, "--hexdump"],
        vec!["describe", &digits, "--dialect", "auto"],
        vec!["describe", &cut],
        vec!["describe", &cut, "--hexdump"],
        vec!["describe", &digits, "--framing", "none", "--header", "none", "--hexdump"],
        vec!["diff", &digits, &cut],
        vec!["diff", &digits, &digits, "--all"],
    ] {
        let output = cobrand(&args, b"");
        let told = out(&output) + &error(&output);
        assert!(!told.contains("41111111") && !told.contains("34 31 31 31"), "{args:?}: {told}");
        assert!(!told.contains("30121010") && !told.contains("0123456789"), "{args:?}: {told}");
    }
    let output = cobrand(&["describe", &digits, "--unmasked"], b"");
    assert!(out(&output).contains(PAN));
    assert!(error(&output).contains("WARNING"), "{}", error(&output));
}

#[test]
fn json_goes_back_to_the_same_bytes() {
    let digits = hex::encode(framed());
    let json = cobrand(&["describe", &digits, "--json", "--unmasked"], b"");
    let back = cobrand(&["encode", "--framing", "binary-2"], &json.stdout);
    assert_eq!(out(&back).trim(), digits, "{}", error(&back));
    let raw = cobrand(&["encode", "--raw", "-"], &json.stdout);
    assert_eq!(raw.stdout, message());

    let masked = cobrand(&["describe", &digits, "--json"], b"");
    let refused = cobrand(&["encode"], &masked.stdout);
    assert_eq!(status(&refused), 1);
    assert!(error(&refused).contains("--unmasked"), "{}", error(&refused));

    let twice = br#"{"dialect": "iso87-ascii", "mti": "0800", "fields": {"11": "1", "11": "2"}}"#;
    let refused = cobrand(&["encode"], twice);
    assert!(status(&refused) == 1 && error(&refused).contains("comes twice"), "{}", error(&refused));
}

#[test]
fn redacted_messages_are_described_and_differ_only_in_card_data() {
    let digits = hex::encode(framed());
    let redacted = cobrand(&["redact", &digits], b"");
    assert_eq!(status(&redacted), 0, "{}", error(&redacted));
    let copy = out(&redacted);
    assert!(
        !copy.contains(&hex::encode("30121010000012345")) && !copy.contains(&hex::encode("0123456789ABCDEF"))
    );
    let diff = cobrand(&["diff", &digits, copy.trim()], b"");
    assert_eq!(status(&diff), 1);
    let paths: Vec<String> = out(&diff)
        .lines()
        .filter_map(|line| Some(line.strip_prefix("≠ ")?.split(' ').next()?.to_owned()))
        .collect();
    // The card number is a test number already.
    assert_eq!(paths, ["DE14", "DE35", "DE52"], "{}", out(&diff));
    assert_eq!(status(&cobrand(&["diff", &digits, &digits], b"")), 0);
}

#[test]
fn every_failure_names_the_next_step() {
    let digits = hex::encode(framed());
    let cut = hex::encode(&framed()[..40]);
    for (args, code, advice) in [
        (vec!["describe", "no such thing"], 2, "hexadecimal digits in quotes"),
        (vec!["describe", "303"], 2, "one is missing"),
        (vec!["describe", &digits, "--dialect", "iso87"], 2, "--dialect auto"),
        (vec!["describe", &digits, "--framing", "binary"], 2, "binary-2"),
        (vec!["describe", &digits, "--framing", "binary-4"], 2, "--framing binary-2"),
        (vec!["describe", &cut], 1, "--dialect auto"),
        (vec!["redact", &cut], 1, "--dialect auto"),
        (vec!["diff", &cut, &digits], 1, "--dialect auto"),
        (vec!["encode", "no-such-file"], 2, "--json --unmasked"),
    ] {
        let output = cobrand(&args, b"");
        assert_eq!(status(&output), code, "{args:?}: {}", error(&output));
        assert!(error(&output).contains(advice), "{args:?}: {}", error(&output));
    }
    let empty = cobrand(&["describe"], b"");
    assert_eq!(status(&empty), 2, "{}", error(&empty));
}

#[test]
fn auto_tells_why() {
    let digits = hex::encode(framed());
    let told = out(&cobrand(&["describe", &digits, "--dialect", "auto"], b""));
    assert!(told.contains("+ framing binary-2") && told.contains("+ DE7 is a date and a time"), "{told}");
    let packed = "00200100300000000000000012340000000000000000000000000000000000000000";
    let output = cobrand(&["describe", packed, "--dialect", "iso87-ascii"], b"");
    assert!(status(&output) == 1 && out(&output).contains("not decoded from byte"), "{}", out(&output));
}

#[test]
fn what_is_cut_or_too_much_is_told() {
    let (one, mut two) = (hex::encode(framed()), framed());
    two.extend(framed());
    let diff = cobrand(&["diff", &one, &hex::encode(&two)], b"");
    assert!(status(&diff) == 2 && error(&diff).contains("2 messages"), "{}", error(&diff));
    two.extend(&framed()[..30]);
    for command in ["describe", "redact"] {
        let output = cobrand(&[command, &hex::encode(&two), "--framing", "binary-2"], b"");
        assert!(status(&output) == 1, "{command}: {}", error(&output));
        assert!(error(&output).contains("30 bytes from byte"), "{command}: {}", error(&output));
    }
}

#[test]
fn a_cut_message_in_packed_digits_is_not_taken_for_text() {
    let cut = "009901007020000020000000164929127456785238";
    for args in [vec!["describe", cut], vec!["describe", cut, "--json"], vec!["describe", cut, "--hexdump"]] {
        let output = cobrand(&args, b"");
        assert_eq!(status(&output), 1, "{}", out(&output));
        let told = format!("{}{}", out(&output), error(&output));
        assert!(!told.contains("the text is the message") && !told.contains("4929127456"), "{told}");
        assert!(!told.contains("49 29 12 74 56"), "{told}");
    }
}

#[test]
fn a_paste_that_is_not_understood_is_refused_at_its_place() {
    let paste = "0100 3020 0000 0000 0000 0000 0000 3030 3030 3131 zz 3031";
    let output = cobrand(&["describe", paste], b"");
    assert_eq!(status(&output), 2, "{}", out(&output));
    assert!(
        error(&output).contains("line 1, column 51") && error(&output).contains("xxd"),
        "{}",
        error(&output)
    );
}

#[test]
fn several_messages_go_through_json_and_back() {
    let mut two = framed();
    two.extend(framed());
    let digits = hex::encode(&two);
    let json = cobrand(&["describe", &digits, "--json", "--unmasked"], b"");
    assert!(out(&json).starts_with("[\n") && status(&json) == 0, "{}", out(&json));
    let back = cobrand(&["encode", "--framing", "binary-2", "--raw"], &json.stdout);
    assert_eq!(back.stdout, two, "{}", error(&back));
    let lines = cobrand(&["encode", "--framing", "binary-2"], &json.stdout);
    assert_eq!(out(&lines), format!("{0}\n{0}\n", hex::encode(framed())));

    // One behind the other, as tools write them, and one in each line.
    let one = out(&cobrand(&["describe", &hex::encode(framed()), "--json", "--unmasked"], b""));
    let in_a_line = one.replace('\n', " ");
    for text in [format!("{one}{one}"), format!("{in_a_line}\n{in_a_line}\n")] {
        let back = cobrand(&["encode", "--framing", "binary-2", "--raw"], text.as_bytes());
        assert_eq!(back.stdout, two, "{}", error(&back));
        // Without a length nobody could tell them apart.
        let refused = cobrand(&["encode", "--raw"], text.as_bytes());
        assert!(status(&refused) == 2 && error(&refused).contains("--framing"), "{}", error(&refused));
    }
    let wrong = format!("[{one}, {}]", one.replace("\"0100\"", "\"01\""));
    let refused = cobrand(&["encode"], wrong.as_bytes());
    assert!(status(&refused) == 1 && error(&refused).contains("message 2: mti"), "{}", error(&refused));
    assert!(out(&refused).is_empty());
    let refused = cobrand(&["encode"], b"[]");
    assert_eq!(status(&refused), 1, "{}", error(&refused));
}

#[test]
fn a_document_opens_no_file() {
    let folder = std::env::temp_dir().join(format!("cobrand-encode-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("bank-a.toml");
    std::fs::write(&file, "name = \"bank-a\"\nextends = \"iso87-ascii\"\n").unwrap();
    let path = file.to_str().unwrap();
    let json = format!(r#"{{"dialect": "{path}", "mti": "0800", "fields": {{"11": "000001"}}}}"#);
    let refused = cobrand(&["encode"], json.as_bytes());
    assert_eq!((status(&refused), out(&refused)), (2, String::new()));
    assert!(
        error(&refused).contains("not built in") && error(&refused).contains("--dialect FILE.toml"),
        "{}",
        error(&refused)
    );
    let given = cobrand(&["encode", "--dialect", path], json.as_bytes());
    assert_eq!(status(&given), 0, "{}", error(&given));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The samples of the codec's own test.
#[test]
fn what_people_paste_is_described() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../iso8583/tests/pasted");
    for name in
        ["tcpdump-x.txt", "od-oz.txt", "c-array-comments.txt", "mail.txt", "log-json.txt", "utf-16-le.txt"]
    {
        let file = folder.join(name);
        let piped = cobrand(&["describe"], &std::fs::read(&file).unwrap());
        for output in [cobrand(&["describe", file.to_str().unwrap()], b""), piped] {
            assert_eq!(status(&output), 0, "{name}: {}", error(&output));
            assert!(out(&output).contains("left out of the text: "), "{name}: {}", out(&output));
            assert!(out(&output).contains("STAN 000042 · TERM0001"), "{name}: {}", out(&output));
            assert!(!out(&output).contains("41111111"), "{name}: {}", out(&output));
        }
    }
}

#[test]
fn doctor_tells_what_is_left_over_behind_the_last_frame() {
    let two = [framed(), framed()].concat();
    let length = two.len();
    for (rest, code, told) in [
        (&framed()[..30], 0, "the beginning of a frame"),
        (&framed()[..1], 0, "part of a frame length"),
        (b"\r\n\r\n", 1, "line ends or blanks"),
        (b"\xff\xff\xff\xff\xff", 1, "another protocol"),
        (&message()[..], 1, "a message without a frame length"),
    ] {
        let capture = hex::encode([two.as_slice(), rest].concat());
        let output =
            cobrand(&["doctor", "--to", "127.0.0.1:1", "--framing", "binary-2", "--capture", &capture], b"");
        let text = out(&output) + &error(&output);
        assert_eq!(status(&output), code, "{told}: {text}");
        let place =
            format!("{} byte{} from byte {length} on", rest.len(), if rest.len() == 1 { "" } else { "s" });
        assert!(text.contains(&place) && text.contains(told), "{told}: {text}");
        assert!(text.contains("√ framing binary-2: 2 messages"), "{text}");
    }
    let whole = cobrand(&["doctor", "--to", "127.0.0.1:1", "--capture", &hex::encode(two)], b"");
    assert!(status(&whole) == 0 && !out(&whole).contains("behind them"), "{}", out(&whole));
}

/// A frame of binary-2 whose length bytes say so much more than the message has.
fn says_more(by: usize) -> Vec<u8> {
    let length = u16::try_from(message().len() + by).unwrap().to_be_bytes();
    [length.as_slice(), &message()].concat()
}

#[test]
fn a_frame_length_that_says_too_much_is_no_success() {
    for by in [1, 4, 50, 1000] {
        let capture = hex::encode(says_more(by));
        // 1000 more could be another framing too, unless one is given.
        let told = format!("the capture ends {by} byte");
        for args in [
            vec!["doctor", "--to", "127.0.0.1:1", "--capture", &capture],
            vec!["describe", "--dialect", "auto", &capture],
            vec!["describe", "--framing", "binary-2", &capture],
            vec!["redact", &capture],
        ] {
            let output = cobrand(&args, b"");
            let text = out(&output) + &error(&output);
            let told = if by == 1000 && !args.contains(&"doctor") { "the capture ends " } else { &told };
            assert!(status(&output) == 1 && text.contains(told), "{args:?}: {text}");
            assert!(!text.contains("√ framing binary-2: 1"), "{text}");
        }
    }
    let inclusive = hex::encode(says_more(2));
    let output = cobrand(&["doctor", "--to", "127.0.0.1:1", "--capture", &inclusive], b"");
    assert!(status(&output) == 1, "{}", out(&output));
    assert!(out(&output).contains("has binary-2, the capture is binary-2-inclusive"), "{}", out(&output));
    let output = cobrand(&["describe", "--framing", "binary-2", &inclusive], b"");
    assert!(status(&output) == 1 && error(&output).contains("--framing binary-2-inclusive fits exactly"));
}

#[test]
fn a_capture_that_is_cut_keeps_its_framing() {
    for by in [1, 5, 20] {
        let whole = framed();
        let cut = hex::encode(&whole[..whole.len() - by]);
        let told = format!("the capture ends {by} byte");
        for more in [vec![], vec!["--framing", "binary-2"]] {
            let output = cobrand(&[vec!["describe", &cut], more].concat(), b"");
            assert_eq!(status(&output), 1, "{}", error(&output));
            assert!(out(&output).contains("framing binary-2, "), "{by}: {}", out(&output));
            let text = error(&output);
            assert!(text.contains(&told) && text.contains("before its frame of binary-2 does"), "{text}");
        }
    }
}

#[test]
fn an_end_mark_behind_the_message_does_not_change_the_framing() {
    let mut bytes = Vec::new();
    Framing::ASCII_4.write(&mut bytes, &message()).unwrap();
    bytes.push(3);
    let output = cobrand(&["describe", &hex::encode(&bytes)], b"");
    assert!(out(&output).contains("framing ascii-4, "), "{}", out(&output));
    assert!(status(&output) == 1 && error(&output).contains("end mark, ETX"), "{}", error(&output));
}

#[test]
fn texts_with_stars_go_through_unmasked_json() {
    let texts = [(48, "CARD ************1881 OK"), (48, "[dropped]"), (102, "12*45678901234")];
    for (de, text) in texts {
        let builder = Builder::new(Mti::new("0800")).set(7, "1009090000").set(11, "000042").set(de, text);
        let digits = hex::encode(builder.encode(dialects::iso87_ascii()).unwrap());
        let args =
            ["describe", "--dialect", "iso87-ascii", "--framing", "none", "--json", "--unmasked", &digits];
        let json = cobrand(&args, b"");
        let back = cobrand(&["encode"], &json.stdout);
        assert_eq!(out(&back).trim(), digits, "{}", error(&back));
        let unsaid = out(&json).replace("\"shown\": \"unmasked\",", "");
        assert_eq!(status(&cobrand(&["encode"], unsaid.as_bytes())), 1, "{unsaid}");
        // As an editor on Windows saves it.
        let wide: Vec<u8> = out(&json).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let back = cobrand(&["encode"], &[&[0xff, 0xfe], wide.as_slice()].concat());
        assert_eq!(out(&back).trim(), digits, "{}", error(&back));
    }
}

#[test]
fn lines_of_a_log_tell_messages_apart_or_what_they_were_taken_for() {
    let digits = hex::encode(message());
    let talk = format!("12:00:01 [t-4] >> {digits}\n12:00:02 [t-4] << {digits}\n");
    let output = cobrand(&["describe"], talk.as_bytes());
    assert!(status(&output) == 0 && out(&output).contains("message 2 of 2"), "{}", out(&output));
    let line = format!("2026-10-10 12:00:00 INFO sent {}", hex::encode(framed()));
    let output = cobrand(&["describe"], line.as_bytes());
    let hint = "read as the bytes of a text, not as hexadecimal digits";
    assert!(status(&output) == 1 && out(&output).contains(hint), "{}", out(&output));
}

#[test]
fn exit_statuses_tell_wrong_use_from_bad_files() {
    let folder = std::env::temp_dir().join(format!("cobrand-statuses-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("bad.toml");
    std::fs::write(&file, "name = \"iso87-ascii\"\nextends = \"iso87-ascii\"\n").unwrap();
    let (bad, digits) = (file.to_str().unwrap(), hex::encode(framed()));
    let json = br#"{"dialect": "4012888888881881", "mti": "0800", "fields": {"11": "000001"}}"#;
    for (dialect, code) in [(bad, 78), ("nope", 2)] {
        for args in [
            vec!["describe", &digits],
            vec!["diff", &digits, &digits],
            vec!["redact", &digits],
            vec!["encode"],
            vec!["doctor", "--to", "127.0.0.1:1", "--capture", &digits],
            vec!["spec", "doc"],
        ] {
            let output = cobrand(&[args.as_slice(), &["--dialect", dialect]].concat(), json);
            assert_eq!(status(&output), code, "{args:?} {dialect}: {}", error(&output));
        }
    }
    for args in [
        vec!["certify", "--list", "--case", "NOPE"],
        vec!["doctor", "--to", "127.0.0.1:1", "--framing", "foo"],
        vec!["encode"],
    ] {
        let output = cobrand(&args, json);
        assert_eq!(status(&output), 2, "{args:?}: {}", error(&output));
        assert!(!error(&output).contains("401288888888"), "{}", error(&output));
    }
    let agreed = ["--framing", "binary-2", "--header", "none", "--dialect", "iso87-ascii"];
    let nowhere = ["doctor", "--config", "/nowhere/cobrand.toml", "--capture", &digits];
    let output = cobrand(&[nowhere.as_slice(), &agreed].concat(), b"");
    assert_eq!(status(&output), 0, "{}{}", out(&output), error(&output));
    let key = br#"{"dialect": "iso87-ascii", "mti": "0800", "fields": {"4012888888881881": "x"}}"#;
    let output = cobrand(&["encode"], key);
    assert!(status(&output) == 1 && !error(&output).contains("401288"), "{}", error(&output));
    std::fs::remove_dir_all(&folder).unwrap();
}
