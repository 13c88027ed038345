//! Messages as people give them to the command line: hexadecimal text, a file, standard input; framed or not, in a
//! dialect that is named or to be found.

use std::{
    io::{Read as _, Write as _},
    ops::Range,
    path::Path,
};

use anyhow::Context;
use clap::Args;
use iso8583::{
    Dialect, FindingProblem,
    describe::{Detection, HexText, HexTextError, Known, detect, text_of},
    dialects,
    framing::{self, Frame, Framing},
    header::Header,
};

use super::left_over::LeftOver;
use crate::{assembly::link_wire::read_dialect, cli::WrongUse};

/// The word that stands for trying all dialects.
pub(super) const AUTO: &str = "auto";
/// The greatest input in bytes: a day of messages belongs into a file of the bank, not here.
const MAX_INPUT: u64 = 16 * 1024 * 1024;

/// Of fewer words nobody can tell what they are for the most part.
const LEAST_WORDS: usize = 8;
/// The least score of a text that was given as hexadecimal digits and is taken for the message itself: the message type
/// is of its dialect, and something more speaks for it.
const LEAST_SCORE: i32 = 15;

/// How messages are written.
#[derive(Debug, Default, Args)]
pub(super) struct WireArgs {
    /// A built-in dialect, a dialect file (a name that ends with .toml), or `auto`: tries all built-in ones and tells
    /// why the others fail. May be given several times. Without it the dialect is found without a word.
    #[arg(long)]
    pub(super) dialect: Vec<String>,
    /// How messages are told apart, such as binary-2 or ascii-4, or `none`; found if absent.
    #[arg(long)]
    framing: Option<String>,
    /// What stands in front of the message type, such as tpdu, visanet or none; found if absent.
    #[arg(long)]
    header: Option<String>,
}

/// Bytes that were given, and what was done to read them.
pub(super) struct Given {
    pub(super) bytes: Vec<u8>,
    /// The text itself, where it may also be the message.
    as_text: Option<Vec<u8>>,
    /// What was left out.
    pub(super) notes: Vec<String>,
}

/// Messages and the dialect they are in.
pub(super) struct Opened {
    pub(super) bytes: Vec<u8>,
    pub(super) framing: Option<Framing>,
    /// With the header of these messages.
    pub(super) dialect: Dialect,
    pub(super) messages: Vec<Range<usize>>,
    pub(super) notes: Vec<String>,
    pub(super) detection: Detection,
}

impl Opened {
    /// The bytes of each message.
    pub(super) fn messages(&self) -> impl Iterator<Item = &[u8]> {
        self.messages.iter().map(|range| self.bytes.get(range.clone()).unwrap_or_default())
    }

    /// Says how many bytes stand behind the last whole message, if any do.
    pub(super) fn left_over(&self) -> Option<String> {
        let rest = LeftOver::of(&self.bytes, self.framing?, &self.messages)?;
        Some(format!("{rest}: they were left out. Next: capture more of them, or try --framing none"))
    }
}

fn wrong(text: impl Into<String>) -> anyhow::Error {
    WrongUse(text.into()).into()
}

/// Reads what was given: nothing or `-` is standard input, the name of a file is that file, anything else is
/// hexadecimal text.
pub(super) fn read(input: Option<&str>) -> anyhow::Result<Given> {
    match input {
        None | Some("-") => {
            let mut bytes = Vec::new();
            std::io::stdin().take(MAX_INPUT).read_to_end(&mut bytes).context("cannot read standard input")?;
            understand(bytes)
        }
        Some(path) if Path::new(path).is_file() => {
            let file = std::fs::File::open(path).with_context(|| format!("cannot read {path}"))?;
            let mut bytes = Vec::new();
            file.take(MAX_INPUT).read_to_end(&mut bytes).with_context(|| format!("cannot read {path}"))?;
            understand(bytes)
        }
        Some(text) => match HexText::parse(text) {
            Ok(_) => understand(text.as_bytes().to_vec()),
            Err(error) if is_mostly_hex(text) => Err(not_understood(&error)),
            Err(_) if starts_like_text(text.as_bytes()) => Ok(as_message(text.as_bytes())),
            Err(error) => Err(wrong(format!(
                "the input is neither a file nor hexadecimal text: {error}. Paste hexadecimal digits in quotes, \
                 name a file, or pipe the bytes: cobrand describe - < capture.bin"
            ))),
        },
    }
}

/// Hexadecimal text becomes what it stands for; all else is taken as it is.
fn understand(bytes: Vec<u8>) -> anyhow::Result<Given> {
    let text = text_of(&bytes);
    let printable =
        |text: &&str| text.chars().all(|character| !character.is_control() || character.is_whitespace());
    match text.as_deref().filter(printable).map(|text| (text, HexText::parse(text))) {
        Some((text, Ok(hex))) => {
            let as_text = starts_like_text(text.as_bytes()).then(|| text.trim_end().as_bytes().to_vec());
            let notes = hex.removed.iter().map(|what| format!("left out of the text: {what}"));
            Ok(Given { notes: notes.collect(), bytes: hex.bytes, as_text })
        }
        Some((_, Err(HexTextError::Empty))) => {
            Err(wrong("the input is empty; give hexadecimal text, a file, or bytes on standard input"))
        }
        Some((text, Err(error))) if is_mostly_hex(text) => Err(not_understood(&error)),
        Some((text, Err(_))) if starts_like_text(text.as_bytes()) => Ok(as_message(text.as_bytes())),
        Some((
            _,
            Err(
                error @ (HexTextError::Dump { .. }
                | HexTextError::Repeat { .. }
                | HexTextError::Odd { .. }
                | HexTextError::Form { .. }),
            ),
        )) => Err(wrong(format!("the text cannot be read as hexadecimal digits: {error}"))),
        _ if bytes.is_empty() => Err(wrong("the input is empty")),
        _ => Ok(Given { bytes, as_text: None, notes: Vec::new() }),
    }
}

/// Whether most words of a text are whole bytes in hexadecimal digits. A message in plain text is one long word, or a
/// few.
fn is_mostly_hex(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_hex = |word: &&&str| {
        let digits = word.trim_start_matches("0x").trim_matches([',', ':', ';', '|']);
        matches!(digits.len(), 2 | 4 | 8 | 16 | 32) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let hex = words.iter().filter(is_hex).count();
    words.len() >= LEAST_WORDS && hex * 10 > words.len() * 6
}

fn not_understood(error: &HexTextError) -> anyhow::Error {
    wrong(format!(
        "most of the text is hexadecimal digits, but not all of it can be read: {error}. What is read: digits with or \
         without blanks, commas, colons, 0x and \\x; dumps of hexdump -C, xxd, od -A x -t x1, tcpdump -X and Wireshark with \
         their offsets; C arrays; quoted mail; log lines such as `payload=…`"
    ))
}

fn as_message(text: &[u8]) -> Given {
    let notes = vec!["the text is the message itself, not hexadecimal digits".to_owned()];
    Given { bytes: text.trim_ascii_end().to_vec(), as_text: None, notes }
}

/// Whether a text may be a message in plain text: a message type, also behind a frame length of four digits.
fn starts_like_text(text: &[u8]) -> bool {
    let mti = |at: usize| {
        text.get(at..at + 4).is_some_and(|mti| {
            mti.iter().all(u8::is_ascii_digit) && mti.first().is_some_and(|version| *version <= b'2')
        })
    };
    let bitmap =
        |at: usize| text.get(at..at + 16).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    mti(0) && bitmap(4) || mti(4) && bitmap(8)
}

impl WireArgs {
    /// The same, with one dialect.
    pub(super) fn with_dialect(&self, dialect: &str) -> Self {
        Self { dialect: vec![dialect.to_owned()], framing: self.framing.clone(), header: self.header.clone() }
    }

    /// Whether it was asked for all dialects, so that the others are to be explained.
    pub(super) fn is_auto(&self) -> bool {
        self.dialect.iter().any(|name| name == AUTO)
    }

    fn candidates(&self) -> anyhow::Result<Vec<Dialect>> {
        let mut found: Vec<Dialect> = Vec::new();
        for name in self.dialect.iter().filter(|name| *name != AUTO) {
            found.push(load_dialect(name)?);
        }
        if self.dialect.is_empty() || self.is_auto() {
            found.extend(dialects::all().cloned());
        }
        Ok(found)
    }

    /// Splits what was given into messages and finds their dialect; of what fits nowhere, the likeliest.
    pub(super) fn open(&self, given: Given) -> anyhow::Result<Opened> {
        let Given { bytes, as_text, notes } = given;
        let opened = self.open_bytes(bytes, notes)?;
        let Some(text) = as_text.filter(|_| opened.detection.fits.is_empty()) else { return Ok(opened) };
        let note = "the text is the message itself, not hexadecimal digits: as those it does not decode";
        let other = self.open_bytes(text, vec![note.to_owned()])?;
        // Digits of a message that was cut decode as text by chance, with the card number anywhere.
        Ok(if is_plausible(&other) { other } else { opened })
    }

    fn open_bytes(&self, bytes: Vec<u8>, notes: Vec<String>) -> anyhow::Result<Opened> {
        let candidates = self.candidates()?;
        let header = self.header.as_deref().map(str::parse::<Header>).transpose();
        let header = header.map_err(|error| wrong(format!("--header: {error}")))?;
        let framing = self.framing()?;
        let Some(framing) = framing else {
            let known = Known { is_one_message: false, header };
            return opened(bytes, detect_all(&known, &candidates), None, notes);
        };
        let messages = match framing {
            Some(framing) => split(framing, &bytes)?,
            None => std::iter::once(0..bytes.len()).collect(),
        };
        let known = Known { is_one_message: true, header };
        opened(bytes, detect_all(&known, &candidates), Some((framing, messages)), notes)
    }

    /// `None` if not given, else `Some(None)` for no framing.
    fn framing(&self) -> anyhow::Result<Option<Option<Framing>>> {
        match self.framing.as_deref() {
            None => Ok(None),
            Some("none") => Ok(Some(None)),
            Some(name) => match name.parse() {
                Ok(framing) => Ok(Some(Some(framing))),
                Err(error) => Err(wrong(format!("--framing: {error}, or `none`"))),
            },
        }
    }
}

/// Whether messages that were decoded say what messages of their dialect say.
fn is_plausible(opened: &Opened) -> bool {
    let lacking =
        |problem: &FindingProblem| matches!(problem, FindingProblem::UnknownType | FindingProblem::Missing);
    let is_fine = |range: &Range<usize>| {
        let bytes = opened.bytes.get(range.clone()).unwrap_or_default();
        opened.dialect.decode(bytes).is_ok_and(|message| {
            let (mti, version) = (message.mti(), opened.dialect.version().digit());
            mti.version() == version
                && matches!(mti.class(), 1..=8)
                && !opened.dialect.check(&message).iter().any(|finding| lacking(&finding.problem))
        })
    };
    let scored = opened.detection.fits.first().is_some_and(|fit| fit.score >= LEAST_SCORE);
    scored && opened.messages.iter().all(is_fine)
}

fn detect_all<'a>(known: &'a Known, candidates: &'a [Dialect]) -> impl Fn(&[u8]) -> Detection + 'a {
    move |bytes| detect(bytes, known, candidates)
}

type Frames = (Option<Framing>, Vec<Range<usize>>);

fn opened(
    bytes: Vec<u8>,
    detect: impl Fn(&[u8]) -> Detection,
    frames: Option<Frames>,
    notes: Vec<String>,
) -> anyhow::Result<Opened> {
    let looked_at = match &frames {
        Some((_, messages)) => messages.first().cloned().unwrap_or_default(),
        None => 0..bytes.len(),
    };
    let detection = detect(bytes.get(looked_at).unwrap_or_default());
    let (dialect, found) = match (detection.fits.first(), detection.nearest()) {
        (Some(fit), _) => (fit.dialect.clone(), (fit.framing, fit.messages.clone())),
        (None, Some(misfit)) => (misfit.dialect.clone(), (misfit.framing, misfit.messages.clone())),
        (None, None) => return Err(wrong("no dialect to try; leave --dialect out to try all built-in ones")),
    };
    let (framing, messages) = frames.unwrap_or(found);
    Ok(Opened { bytes, framing, dialect, messages, notes, detection })
}

/// Writes to standard output. That nobody reads on, as behind `| head`, is no error.
pub(super) fn write_out(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

/// A built-in dialect, or a file.
pub(super) fn load_dialect(name: &str) -> anyhow::Result<Dialect> {
    read_dialect(name)
        .map_err(|problem| wrong(format!("--dialect: {problem}; `--dialect auto` tries all built-in ones")))
}

/// The whole messages of a capture.
fn split(framing: Framing, bytes: &[u8]) -> anyhow::Result<Vec<Range<usize>>> {
    let (mut messages, mut at) = (Vec::new(), 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match framing.next(rest, iso8583::MAX_MESSAGE) {
            Ok(Some(frame)) => {
                if let Frame::Message(range) = &frame {
                    messages.push(at + range.start..at + range.end);
                }
                at += frame.consumed();
            }
            Ok(None) if messages.is_empty() => {
                let others = framings_that_fit(bytes);
                return Err(wrong(format!("the bytes are no whole frame of {framing}; {others}")));
            }
            Ok(None) => break,
            Err(error) => {
                return Err(wrong(format!("byte {at}: {error}; {}", framings_that_fit(bytes))));
            }
        }
    }
    Ok(messages)
}

fn framings_that_fit(bytes: &[u8]) -> String {
    let names = framing::candidates(bytes)
        .into_iter()
        .take(3)
        .map(|found| found.framing.map_or_else(|| "none".to_owned(), |framing| framing.to_string()));
    let names: Vec<String> = names.collect();
    match names.as_slice() {
        [] => "no framing fits them; try --framing none".to_owned(),
        names => format!("what fits them: --framing {}", names.join(" or ")),
    }
}
