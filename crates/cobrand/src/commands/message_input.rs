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
    describe::{Detection, HexText, HexTextError, Known, detect, is_cut, text_of},
    dialects,
    framing::{self, Frame, Framing},
    header::Header,
    mask_text,
};

use super::left_over::LeftOver;
use crate::{
    assembly::link_wire::read_dialect,
    cli::{AnswerIsNo, WrongUse},
    config::ConfigError,
};

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
    /// The messages, where the text tells them apart; else empty.
    messages: Vec<Range<usize>>,
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
    /// So many bytes of the only frame are not there.
    lacking: usize,
    pub(super) notes: Vec<String>,
    pub(super) detection: Detection,
}

impl Opened {
    /// The bytes of each message.
    pub(super) fn messages(&self) -> impl Iterator<Item = &[u8]> {
        self.messages.iter().map(|range| self.bytes.get(range.clone()).unwrap_or_default())
    }

    /// Names a message, counted from 1, if there are several.
    pub(super) fn which(&self, number: usize) -> String {
        if self.messages.len() > 1 { format!("message {number}: ") } else { String::new() }
    }

    /// Says how many bytes stand behind the last whole message, if any do.
    pub(super) fn left_over(&self) -> Option<String> {
        let rest = LeftOver::of(&self.bytes, self.framing?, &self.messages)?;
        Some(format!("{rest}: they were left out. Next: capture more of them, or try --framing none"))
    }
}

impl Opened {
    /// Says that the bytes end before their only frame does, where that is what is wrong with them.
    pub(super) fn cut(&self) -> Option<String> {
        let framing = self.framing.filter(|_| self.lacking > 0)?;
        let bytes = if self.lacking == 1 { "1 byte".to_owned() } else { format!("{} bytes", self.lacking) };
        let ends = format!("the capture ends {bytes} before its frame of {framing} does");
        match self.dialect.decode(self.messages().next()?) {
            Ok(_) => {
                let other = self.exact_framings().into_iter().find(|other| *other != framing);
                let next = match other {
                    Some(other) => format!("--framing {other} fits exactly"),
                    None => {
                        "see what the length bytes count; who waits for the rest of the frame waits for ever"
                            .to_owned()
                    }
                };
                Some(format!(
                    "{ends}, though its message is whole: the length bytes say too much. Next: {next}"
                ))
            }
            Err(error) if is_cut(&error, self.lacking) => {
                let name = self.dialect.name();
                Some(format!(
                    "{ends}; up to there it decodes in {name}, then {error}. Next: capture or paste all of it; \
                     if it is whole, --dialect auto tells what else fits"
                ))
            }
            Err(_) => None,
        }
    }

    /// The framings that fit to the last byte and whose first message decodes.
    fn exact_framings(&self) -> Vec<Framing> {
        let decodes = |range: &Range<usize>| {
            self.bytes.get(range.clone()).is_some_and(|message| self.dialect.decode(message).is_ok())
        };
        let whole = framing::candidates(&self.bytes).into_iter().filter(|found| found.partial.is_none());
        whole
            .filter(|found| found.messages.first().is_some_and(decodes))
            .filter_map(|found| found.framing)
            .collect()
    }
}

fn wrong(text: impl Into<String>) -> anyhow::Error {
    WrongUse(text.into()).into()
}

/// Reads what was given: nothing or `-` is standard input, the name of a file is that file, anything else is
/// hexadecimal text.
pub(super) fn read(input: Option<&str>) -> anyhow::Result<Given> {
    match input {
        None | Some("-") => understand(read_all(std::io::stdin(), "standard input")?),
        Some(path) if Path::new(path).is_file() => {
            let file = std::fs::File::open(path).with_context(|| format!("cannot read {path}"))?;
            understand(read_all(file, path)?)
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

/// All bytes; too many are refused, for a part of them would be taken for a message that is cut.
fn read_all(from: impl std::io::Read, name: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_INPUT + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_INPUT) {
        return Err(wrong(format!(
            "{name} has more than {MAX_INPUT} bytes, the most that is read; give a part of it that ends with a message"
        )));
    }
    Ok(bytes)
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
            Ok(Given { notes: notes.collect(), bytes: hex.bytes, as_text, messages: hex.messages })
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
        Some(_) => {
            let note = "read as the bytes of a text, not as hexadecimal digits; where digits are part of a line, paste \
                        them alone, or write payload= in front of them";
            Ok(Given { bytes, as_text: None, messages: Vec::new(), notes: vec![note.to_owned()] })
        }
        None => Ok(Given { bytes, as_text: None, messages: Vec::new(), notes: Vec::new() }),
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
    Given { bytes: text.trim_ascii_end().to_vec(), as_text: None, messages: Vec::new(), notes }
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
        let Given { bytes, as_text, messages, notes } = given;
        if let Some(opened) = self.open_each(&bytes, &messages, &notes)? {
            return Ok(opened);
        }
        let opened = self.open_bytes(bytes, notes)?;
        let Some(text) = as_text.filter(|_| opened.detection.fits.is_empty()) else { return Ok(opened) };
        let note = "the text is the message itself, not hexadecimal digits: as those it does not decode";
        let other = self.open_bytes(text, vec![note.to_owned()])?;
        // Digits of a message that was cut decode as text by chance, with the card number anywhere.
        Ok(if is_plausible(&other) { other } else { opened })
    }

    /// Messages that the text tells apart, where each is whole in the same framing and in the dialect of the first.
    fn open_each(
        &self,
        bytes: &[u8],
        each: &[Range<usize>],
        notes: &[String],
    ) -> anyhow::Result<Option<Opened>> {
        let mut all: Option<Opened> = None;
        for range in each {
            let one = bytes.get(range.clone()).unwrap_or_default().to_vec();
            let one = self.open_bytes(one, notes.to_vec())?;
            let places = one.messages.iter().map(|place| range.start + place.start..range.start + place.end);
            let places: Vec<Range<usize>> = places.collect();
            let dialect = all.as_ref().map_or(&one.dialect, |all| &all.dialect);
            let is_whole = one.lacking == 0 && one.left_over().is_none();
            if !is_whole || !one.messages().all(|message| dialect.decode(message).is_ok()) {
                return Ok(None);
            }
            match &mut all {
                None => all = Some(Opened { bytes: bytes.to_vec(), messages: places, ..one }),
                Some(all) if all.framing == one.framing => all.messages.extend(places),
                Some(_) => return Ok(None),
            }
        }
        Ok(all)
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
        let (messages, lacking) = match framing {
            Some(framing) => split(framing, &bytes)?,
            None => (std::iter::once(0..bytes.len()).collect(), 0),
        };
        let known = Known { is_one_message: true, header };
        opened(bytes, detect_all(&known, &candidates), Some((framing, messages, lacking)), notes)
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

/// With the bytes of the only frame that are not there.
type Frames = (Option<Framing>, Vec<Range<usize>>, usize);

fn opened(
    bytes: Vec<u8>,
    detect: impl Fn(&[u8]) -> Detection,
    frames: Option<Frames>,
    notes: Vec<String>,
) -> anyhow::Result<Opened> {
    let looked_at = match &frames {
        Some((_, messages, _)) => messages.first().cloned().unwrap_or_default(),
        None => 0..bytes.len(),
    };
    let detection = detect(bytes.get(looked_at).unwrap_or_default());
    let (dialect, found) = match (detection.fits.first(), detection.nearest()) {
        (Some(fit), _) => (fit.dialect.clone(), (fit.framing, fit.messages.clone(), fit.lacking)),
        (None, Some(misfit)) => {
            (misfit.dialect.clone(), (misfit.framing, misfit.messages.clone(), misfit.lacking))
        }
        (None, None) => return Err(wrong("no dialect to try; leave --dialect out to try all built-in ones")),
    };
    let (framing, messages, lacking) = frames.unwrap_or(found);
    Ok(Opened { bytes, framing, dialect, messages, lacking, notes, detection })
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
    read_dialect(name).map_err(|problem| {
        if Path::new(name).is_file() {
            return ConfigError::Value { key: "--dialect".to_owned(), problem }.into();
        }
        let problem = mask_text(&problem);
        wrong(format!("--dialect: {problem}; describe --dialect auto tries all built-in ones"))
    })
}

/// The whole messages of a capture, else what is there of its first one, and how many bytes of that are not there.
fn split(framing: Framing, bytes: &[u8]) -> anyhow::Result<(Vec<Range<usize>>, usize)> {
    let (mut messages, mut at) = (Vec::new(), 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match framing.next(rest, iso8583::MAX_MESSAGE) {
            Ok(Some(frame)) => {
                if let Frame::Message(range) = &frame {
                    messages.push(at + range.start..at + range.end);
                }
                at += frame.consumed();
            }
            Ok(None) if messages.is_empty() && rest.len() > framing.prefix() => {
                let start = at + framing.prefix();
                let cut = std::iter::once(start..bytes.len());
                return Ok((cut.collect(), framing.lacking(rest).unwrap_or_default()));
            }
            Ok(None) if messages.is_empty() => {
                let others = framings_that_fit(bytes, framing);
                return Err(AnswerIsNo(format!("the bytes are no whole frame of {framing}; {others}")).into());
            }
            Err(error) if messages.is_empty() => {
                return Err(wrong(format!("byte {at}: {error}; {}", framings_that_fit(bytes, framing))));
            }
            // What was left over is told behind the messages.
            Ok(None) | Err(_) => break,
        }
    }
    Ok((messages, 0))
}

fn framings_that_fit(bytes: &[u8], given: Framing) -> String {
    let found = framing::candidates(bytes).into_iter().filter(|found| found.framing != Some(given));
    let names = found
        .take(3)
        .map(|found| found.framing.map_or_else(|| "none".to_owned(), |framing| framing.to_string()));
    let names: Vec<String> = names.collect();
    match names.as_slice() {
        [] => "no other framing fits them; capture more of them, or try --framing none".to_owned(),
        names => format!("what fits them: --framing {}", names.join(" or ")),
    }
}
