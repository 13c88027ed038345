//! `describe`: what a message says.

use std::fmt::Write as _;

use clap::Args;
use iso8583::describe::{Description, Fit, Show, all_to_json, hexdump};

use super::message_input::{Opened, WireArgs, read, write_out};
use crate::cli::AnswerIsNo;

/// So many of the reasons for a dialect are told.
const REASONS: usize = 12;

/// Tells what a message says. Masked unless asked for otherwise: safe to paste into a ticket.
#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// Hexadecimal text (also a hex dump with offsets), the name of a file with that or with the bytes themselves, or
    /// `-` for standard input, which is also read if nothing is given.
    input: Option<String>,
    #[command(flatten)]
    wire: WireArgs,
    /// As JSON, from which `encode` writes the message again: an object, of several messages an array of them.
    #[arg(long, conflicts_with = "hexdump")]
    json: bool,
    /// The bytes with their offsets, a line for each data element.
    #[arg(long)]
    hexdump: bool,
    /// Shows card numbers and secrets. Only on a screen of those who may see them.
    #[arg(long)]
    unmasked: bool,
}

/// Runs the command.
pub fn describe(args: &DescribeArgs) -> anyhow::Result<()> {
    let show = if args.unmasked { Show::Unmasked } else { Show::Masked };
    if args.unmasked {
        eprintln!(
            "cobrand: WARNING: card numbers and secrets are shown; keep this out of tickets, chats and logs"
        );
    }
    let opened = args.wire.open(read(args.input.as_deref())?)?;
    let failed = (1_usize..)
        .zip(opened.messages())
        .find_map(|(number, bytes)| Some((number, opened.dialect.decode_partial(bytes).1?)));
    let text = if args.json {
        opened.notes.iter().for_each(|note| eprintln!("cobrand: {note}"));
        match opened.messages.is_empty() {
            true => String::new(),
            false => all_to_json(&opened.dialect, opened.messages(), show),
        }
    } else {
        for_people(&opened, args, show)
    };
    write_out(text.as_bytes())?;
    if let Some(cut) = opened.cut() {
        return Err(AnswerIsNo(cut).into());
    }
    match failed {
        None if opened.messages.is_empty() => Err(AnswerIsNo(no_message()).into()),
        None => opened.left_over().map_or(Ok(()), |rest| Err(AnswerIsNo(rest).into())),
        Some((number, error)) => {
            let which = opened.which(number);
            Err(AnswerIsNo(format!("{which}{error}. {}", next_step(args))).into())
        }
    }
}

fn for_people(opened: &Opened, args: &DescribeArgs, show: Show) -> String {
    let mut text = introduction(opened, args.wire.is_auto());
    let of = opened.messages.len();
    for ((number, range), bytes) in (1_usize..).zip(&opened.messages).zip(opened.messages()) {
        if of > 1 {
            let _ = writeln!(text, "\nmessage {number} of {of}, from byte {}", range.start);
        }
        if args.hexdump {
            text.push_str(&hexdump(&opened.dialect, bytes, show));
        } else {
            text.push_str(&Description::of(&opened.dialect, bytes, show).to_string());
        }
    }
    text
}

fn no_message() -> String {
    "there is no whole message in these bytes; capture more of them, or try --framing none".to_owned()
}

fn next_step(args: &DescribeArgs) -> &'static str {
    if args.wire.is_auto() {
        return "Next: write a dialect file (name, extends, [wire] with mti, bitmap, digits, lengths as it looks) and \
                give it with --dialect FILE.toml; --hexdump shows the place";
    }
    "Next: the same with --dialect auto, which tells what fits"
}

/// What was found out, before the messages.
fn introduction(opened: &Opened, explain: bool) -> String {
    let mut text = String::new();
    for note in &opened.notes {
        let _ = writeln!(text, "{note}");
    }
    let framing = opened.framing.map_or_else(|| "none".to_owned(), |framing| framing.to_string());
    let header = opened.dialect.header();
    let _ = writeln!(text, "framing {framing}, header {header}, dialect {}", opened.dialect.name());
    if explain {
        text.push_str(&explanation(opened));
    }
    text.push('\n');
    text
}

/// Why this dialect and not another.
pub(super) fn explanation(opened: &Opened) -> String {
    let mut text = String::new();
    let detection = &opened.detection;
    match detection.fits.split_first() {
        Some((best, others)) => {
            best.why.iter().take(REASONS).for_each(|why| text.push_str(&format!("  {why}\n")));
            also(best, &mut text);
            if !others.is_empty() {
                text.push_str("these fit as well, less likely:\n");
            }
            for fit in others {
                let (framing, header) = (fit.framing_name(), &fit.header);
                let against = fit.why.iter().find(|why| why.starts_with('-'));
                let against = against.map(|why| format!(" ({why})")).unwrap_or_default();
                let _ =
                    writeln!(text, "  {}: framing {framing}, header {header}{against}", fit.dialect.name());
            }
        }
        None => {
            if let Some(misfit) = detection.nearest() {
                misfit.looks_like.iter().for_each(|what| text.push_str(&format!("  {what}\n")));
            }
            text.push_str("no dialect fits:\n");
        }
    }
    if !detection.fits.is_empty() && !detection.misfits.is_empty() {
        text.push_str("these do not fit:\n");
    }
    for misfit in &detection.misfits {
        let (framing, header) = (misfit.framing_name(), &misfit.header);
        let _ = writeln!(
            text,
            "  {}: framing {framing}, header {header}: {}",
            misfit.dialect.name(),
            misfit.why_not
        );
    }
    text
}

fn also(best: &Fit, text: &mut String) {
    for (framing, header) in &best.also {
        let framing = framing.map_or_else(|| "none".to_owned(), |framing| framing.to_string());
        let _ = writeln!(
            text,
            "  . framing {framing} with header {header} reads the same bytes too, less likely"
        );
    }
}
