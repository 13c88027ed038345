//! `redact`: copies without card data.

use clap::Args;

use super::message_input::{WireArgs, read, write_out};
use crate::cli::AnswerIsNo;

/// Copies messages with test numbers in place of card numbers and zeros in place of secrets. They can still be
/// decoded; there is no way back.
#[derive(Debug, Args)]
pub struct RedactArgs {
    /// Messages, as `describe` takes them.
    input: Option<String>,
    #[command(flatten)]
    wire: WireArgs,
    /// Writes the bytes themselves in place of hexadecimal digits.
    #[arg(long)]
    raw: bool,
}

/// Runs the command.
pub fn redact(args: &RedactArgs) -> anyhow::Result<()> {
    let opened = args.wire.open(read(args.input.as_deref())?)?;
    let mut out = Vec::new();
    // What stands between the messages are frame lengths; they stay right, for no length changes. What follows the
    // last whole message is left out: nobody knows what is in it.
    let mut at = 0;
    for (number, range) in (1_usize..).zip(&opened.messages) {
        let message = opened.dialect.decode(opened.bytes.get(range.clone()).unwrap_or_default());
        let message = message.map_err(|error| {
            let (which, why) = (opened.which(number), "so nobody knows where its card data is");
            AnswerIsNo(format!(
                "{which}a message does not decode, {why}: {error}. Next: cobrand describe --dialect auto"
            ))
        })?;
        out.extend_from_slice(opened.bytes.get(at..range.start).unwrap_or_default());
        out.append(&mut iso8583::describe::redact(&message));
        at = range.end;
    }
    if args.raw {
        write_out(&out)?;
    } else {
        write_out(format!("{}\n", hex::encode(out)).as_bytes())?;
    }
    opened.cut().or_else(|| opened.left_over()).map_or(Ok(()), |rest| Err(AnswerIsNo(rest).into()))
}
